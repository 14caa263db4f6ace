"""`storiform mhc`."""

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("peptides", type=_PATH)
@click.option("--alleles", required=True, help="HLA alleles, such as HLA-A*02:01,B*07:02.")
@click.option("-o", "--out", type=_PATH, required=True, help="Table to write, TSV.")
@click.option("--lengths", default="8-11", show_default=True,
              help="Residues of the windows of a FASTA, one number or two.")  # fmt: skip
@click.option("--model", type=_PATH, help="Outside predictor, or its settings (.yaml).")
def mhc(peptides: Path, alleles: str, out: Path, lengths: str, model: Path | None) -> None:
    """Predict how PEPTIDES (one a line, or a FASTA of proteins) bind to HLA molecules.

    Writes IC50 (nM), percentile rank (%) and presentation (0 to 1) of each peptide and
    allele; empty where the predictor takes the peptide not.
    """
    import numpy as np
    import pandas as pd

    from storiform.io.mhc_model import read_mhc_model
    from storiform.io.peptide_files import read_peptides
    from storiform.io.resources import RESOURCES, bundled
    from storiform.io.store import write_tsv
    from storiform.model.errors import InputError, fault
    from storiform.model.hla import REASONS, read_hla_names

    shortest, _, longest = lengths.partition("-")
    try:
        sizes = range(int(shortest), int(longest or shortest) + 1)
    except ValueError as error:
        message = fault("--lengths", lengths, "one or two numbers", "Write 9 or 8-11.")
        raise InputError(message) from error
    predictor = read_mhc_model(model or bundled(str(RESOURCES["mhc_model"].default)))
    known: list[str] = []
    for name in read_hla_names(alleles):
        if name.reason:
            click.echo(f"warning: {name.written}: {REASONS[name.reason]}", err=True)
        elif predictor.support(name.allele) == "none":
            click.echo(f"warning: {name.allele}: unknown to the predictor", err=True)
        elif name.allele not in known:
            known.append(name.allele)
    if not known:
        remedy = "Name alleles with two fields, such as HLA-A*02:01."
        raise InputError(fault("--alleles", alleles, "an allele that is known", remedy))
    asked = read_peptides(peptides, sizes)
    affinity, rank, presentation = predictor.predict(asked, known)
    table = pd.DataFrame(
        {
            "peptide": np.tile(np.array(asked, dtype=object), len(known)),
            "allele": np.repeat(np.array(known, dtype=object), len(asked)),
            "affinity_nm": affinity.ravel(),
            "rank_percent": rank.ravel(),
            "presentation": presentation.ravel(),
        }
    )
    write_tsv(out, table)
    support = ", ".join(f"{name} {predictor.support(name)}" for name in known)
    click.echo(f"{predictor.name} {predictor.version}; support: {support}")
    click.echo(f"Wrote {len(table)} predictions to {out}")
