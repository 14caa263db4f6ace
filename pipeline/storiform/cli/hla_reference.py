"""`storiform hla-reference`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.model.hla_reference import HlaReference

_SHOWN = 3


@click.command("hla-reference")
@click.option("--imgt", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder of your release: A_gen.fasta, A_nuc.fasta, ... or hla_gen.fasta, "
              "hla_nuc.fasta.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              default=Path("hla_reference.npz"), show_default=True,
              help="File to write.")  # fmt: skip
@click.option("--release", default="", help="Such as 3.58.0, where the files do not say it.")
def hla_reference(imgt: Path, out: Path, release: str) -> None:
    """Compile the HLA alleles of a release of IPD-IMGT/HLA, which you have downloaded.

    Typing and HLA loss read the file that this writes; name it in a configuration under
    resources.hla_reference. The sequences' licence lets nobody pass on changed copies: keep
    the file to yourself.
    """
    import warnings
    from datetime import UTC, datetime
    from time import perf_counter

    from storiform.engine.cluster import prepare_environment

    prepare_environment()  # before numba is loaded: kernels compiled once serve the next time
    from storiform.biomarkers.hla.reference import check_compiled, compile_reference
    from storiform.cli.waiting import Waiting
    from storiform.io.hla_reference_file import write_hla_reference
    from storiform.io.imgt import read_imgt
    from storiform.model.errors import DataWarning, InputError, fault

    begun = perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        with Waiting("Compiling") as waiting:
            waiting(f"the sequences of {imgt}")
            reference = compile_reference(read_imgt(imgt, release), waiting)
    for message in dict.fromkeys(str(w.message) for w in caught):
        echo(f"warning: {message}", err=True)
    check_compiled(reference, str(imgt))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_hla_reference(out, reference, f"{datetime.now(UTC):%Y-%m-%d}")
    except OSError as error:
        found, remedy = str(error.strerror or error).lower(), "Name another with --out."
        raise InputError(fault(str(out), found, "a file to write", remedy)) from error
    _tell(reference)
    seconds, megabytes = perf_counter() - begun, out.stat().st_size / 1e6
    echo(
        f"{out}: release {reference.release or 'not told'}, md5 of its sequences "
        f"{reference.md5}; {megabytes:.1f} MB in {seconds:.0f} s. Name it under resources: "
        "hla_reference."
    )


def _tell(reference: "HlaReference") -> None:
    """Print what is in a reference, and what is not."""
    from storiform.io.names import counted, listed

    for gene, exons in reference.exons.items():
        partial = int(reference.imputed_of[gene].any(axis=1).sum())
        whole = sum(name.partition("*")[0] == gene for name in reference.genomic)
        sequences = sum(len(exon.columns) for exon in exons)
        echo(
            f"{gene}: {counted(len(reference.imputed_of[gene]), 'allele')}, {whole} with "
            f"introns, {partial} known in part; {counted(len(exons), 'exon')}, "
            f"{counted(sequences, 'different sequence')}"
        )
    reasons: dict[str, list[str]] = {}
    for name, why in reference.left_out.items():
        reasons.setdefault(why, []).append(name)
    for why, names in sorted(reasons.items()):
        echo(f"  left out: {len(names)} ({listed(names, _SHOWN)}): {why}")
