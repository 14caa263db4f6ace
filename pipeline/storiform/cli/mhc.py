"""`storiform mhc`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo
from storiform.cli.streams import STREAM, at_hand

if TYPE_CHECKING:
    import pandas as pd

    from storiform.io.peptide_files import PeptideList
    from storiform.model.mhc import Predictor

_PATH = click.Path(path_type=Path)
_FILE_OR_STREAM = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_SHOWN, _MOST_LINES = 3, 20


@click.command()
@click.argument("peptides", type=_FILE_OR_STREAM, required=False)
@click.option("--alleles", help="HLA alleles, such as HLA-A*02:01,B*07:02.")
@click.option("-o", "--out", type=_FILE_OR_STREAM,
              help="Table to write, TSV; - is standard output.")  # fmt: skip
@click.option("--lengths", default="8-11", show_default=True,
              help="Residues of the windows of a FASTA, one number or two.")  # fmt: skip
@click.option("--model", type=_PATH, help="Outside predictor, or its settings (.yaml).")
@click.option("--list", "is_list", is_flag=True,
              help="Print the alleles that the predictor knows, and end.")  # fmt: skip
def mhc(
    peptides: Path | None,
    alleles: str | None,
    out: Path | None,
    lengths: str,
    model: Path | None,
    is_list: bool,  # noqa: FBT001  click passes flags so
) -> None:
    """Predict how PEPTIDES (one a line, or a FASTA of proteins) bind to HLA molecules.

    Writes IC50 (nM), percentile rank (%) and presentation (0 to 1) of each peptide and
    allele; empty where the predictor takes the peptide not. PEPTIDES may be - for standard
    input. Lines that are no peptide are told of and passed over, and the command ends with 1.
    With --list alone: allele, support (good, moderate, weak), and the measured
    affinities and eluted ligands from which it was learnt, with tabs between.
    """
    import tempfile

    from storiform.engine.cluster import prepare_environment

    prepare_environment()  # before kernels are compiled
    from storiform.io.mhc_model import read_mhc_model
    from storiform.io.peptide_files import read_peptides
    from storiform.io.resources import RESOURCES, bundled

    predictor = read_mhc_model(model or bundled(str(RESOURCES["mhc_model"].default)))
    if is_list:
        if peptides is not None or alleles is not None or out is not None:
            told = "--list stands alone: it prints every allele that the predictor knows"
            raise click.UsageError(told)
        _list(predictor)
        return
    if peptides is None or alleles is None or out is None:
        told = "PEPTIDES, --alleles and --out are needed, or --list alone"
        raise click.UsageError(told)
    _refuse(peptides, out)
    sizes = _lengths(lengths)
    known = _known(alleles, predictor)
    with tempfile.TemporaryDirectory(prefix="storiform-") as folder:
        read = read_peptides(at_hand(peptides, Path(folder)), sizes)
    asked = read.peptides
    _tell_of_lines(read)
    table = _predicted(asked, known, predictor)
    _write(table, out)
    support = ", ".join(f"{name} {predictor.support(name)}" for name in known)
    told = f"{predictor.name} {predictor.version}; support: {support}"
    echo(told, err=out == STREAM)
    _tell(table, asked, predictor.lengths, out)
    if read.faults:
        raise SystemExit(1)


def _tell_of_lines(read: "PeptideList") -> None:
    """Tell which lines were passed over, and of which only the first column was read."""
    from storiform.io.names import counted, listed

    for message in read.faults[:_MOST_LINES]:
        echo(f"error: {message}", err=True)
    if len(read.faults) > _MOST_LINES:
        further = len(read.faults) - _MOST_LINES
        echo(f"error: {counted(further, 'further line')} without a peptide", err=True)
    if read.further:
        lines = f"line{'s' * (len(read.further) > 1)} {listed(read.further, _SHOWN)}"
        told = f"only the first column is read, and {lines} had more; name alleles by --alleles"
        echo(f"warning: {told}", err=True)


def _list(predictor: "Predictor") -> None:
    """Print the alleles that a predictor knows."""
    from storiform.model.errors import InputError, fault
    from storiform.model.mhc import CountedPredictor

    if not predictor.alleles:
        remedy = "Ask for your alleles with --alleles: those that it does not know are told."
        raise InputError(fault(predictor.name, "no list of alleles", "one", remedy))
    echo("allele\tsupport\taffinities\tligands")
    for allele in predictor.alleles:
        counts: tuple[object, ...] = ("", "")
        if isinstance(predictor, CountedPredictor):
            counts = predictor.learnt_from(allele)
        cells = (allele, predictor.support(allele), *counts)
        echo("\t".join(str(cell) for cell in cells))


def _refuse(peptides: Path, out: Path) -> None:
    """Refuse to write where there is no place, or over what is read."""
    from storiform.model.errors import InputError, fault

    if out == STREAM:
        return
    if not out.absolute().parent.is_dir():
        found, remedy = f"no folder {out.parent}", "Correct the path, or make the folder."
        raise InputError(fault(f"--out {out}", found, "a folder to write into", remedy))
    if out.exists() and peptides.exists() and out.samefile(peptides):
        expected = "another file than the one that is read"
        raise InputError(fault("--out", str(out), expected, "Choose another name."))


def _lengths(written: str) -> range:
    from storiform.model.errors import InputError, fault

    shortest, is_two, longest = written.partition("-")
    try:
        sizes = range(int(shortest), int(longest if is_two else shortest) + 1)
    except ValueError:
        sizes = range(0)
    if not sizes or sizes[0] < 1:
        expected = "one or two numbers, the smaller first"
        raise InputError(fault("--lengths", written, expected, "Write 9 or 8-11."))
    return sizes


def _known(written: str, predictor: "Predictor") -> list[str]:
    """Return the alleles that the predictor knows, and tell of all others."""
    from storiform.io.hla_alleles import plain_names
    from storiform.model.errors import InputError, fault
    from storiform.model.hla import CLASS_I, REASONS, read_hla_names

    known: list[str] = []
    for name in read_hla_names(plain_names(written)):
        if name.reason:
            echo(f"warning: {name.written}: {REASONS[name.reason]}: left out", err=True)
        elif predictor.support(name.allele) == "none":
            mhc_class = "of class II, " if name.gene.startswith("D") else ""
            own = mhc_class or ("" if name.gene in CLASS_I else "no classical gene, ")
            told = f"{name.allele}: {own}unknown to {predictor.name} {predictor.version}"
            echo(f"warning: {told}: left out", err=True)
        elif name.allele not in known:
            known.append(name.allele)
    if not known:
        found = written or "nothing"
        remedy = (
            "Name alleles with two fields, such as HLA-A*02:01; storiform mhc --list prints "
            "those that are known."
        )
        raise InputError(fault("--alleles", found, "an allele that is known", remedy))
    return known


def _predicted(
    asked: Sequence[str], known: Sequence[str], predictor: "Predictor"
) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    affinity, rank, presentation = predictor.predict(asked, known)
    return pd.DataFrame(
        {
            "peptide": np.tile(np.array(asked, dtype=object), len(known)),
            "allele": np.repeat(np.array(known, dtype=object), len(asked)),
            "affinity_nm": affinity.ravel(),
            "rank_percent": rank.ravel(),
            "presentation": presentation.ravel(),
        }
    )


def _write(table: "pd.DataFrame", out: Path) -> None:
    from storiform.io.store import write_tsv

    if out == STREAM:
        table.to_csv(sys.stdout, sep="\t", index=False)
    else:
        write_tsv(out, table)


def _tell(
    table: "pd.DataFrame", asked: Sequence[str], lengths: tuple[int, int], out: Path
) -> None:
    """Tell how much was predicted, and which peptides were not, and why."""
    from storiform.io.names import counted, listed
    from storiform.io.predictors.program import RESIDUES

    done = table[["affinity_nm", "rank_percent", "presentation"]].notna().any(axis=1)
    told = set(table.loc[done, "peptide"])
    shortest, longest = lengths
    left_out: dict[str, list[str]] = {}
    for peptide in asked:
        if peptide in told:
            continue
        if set(peptide) - RESIDUES:
            reason = "with letters other than those of the twenty amino acids"
        elif shortest <= len(peptide) <= longest:
            reason = "of which the predictor tells nothing"
        else:
            reason = f"of other lengths than {shortest} to {longest} residues"
        left_out.setdefault(reason, []).append(peptide)
    for reason, peptides in left_out.items():
        letters = [ascii(peptide)[1:-1] for peptide in peptides[:_SHOWN]]
        rest = peptides[_SHOWN:]
        number, shown = counted(len(peptides), "peptide"), listed([*letters, *rest], _SHOWN)
        echo(f"warning: {number} {reason}, not predicted: {shown}", err=True)
    name = "standard output" if out == STREAM else str(out)
    echo(f"Wrote {counted(int(done.sum()), 'prediction')} to {name}", err=out == STREAM)
    if not told:
        echo("Nothing was predicted.", err=True)
        raise SystemExit(2)
