"""`storiform annotate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from storiform.io.csq_writer import Summary

_FILE = click.Path(path_type=Path, dir_okay=False)
_MOST_WORKERS = 8
_MEANINGS = {
    "reference_mismatch": "REF is not what the FASTA has there",
    "unknown_contig": "the FASTA has no such contig",
    "out_of_contig": "the place lies behind the end of the contig",
    "symbolic": "a symbolic allele",
    "star": "the allele *, deleted by another record",
    "breakend": "a breakend",
    "no_alternative": "no alternative allele",
    "not_bases": "letters other than A, C, G and T",
    "own_error": "on which storiform failed: please report it",
    "damaged_line": "less than eight columns, or no position",
}


@click.command()
@click.argument("vcf", type=_FILE)
@click.option("--gtf", type=_FILE, required=True,
              help="Gene annotation, GTF or GFF3 (GENCODE, Ensembl, RefSeq).")  # fmt: skip
@click.option("--fasta", type=_FILE, required=True, help="Genome, with its .fai.")
@click.option("--out", "-o", type=_FILE, required=True,
              help="What to write: .vcf.gz (by bgzip, with an index) or .vcf.")  # fmt: skip
@click.option("--pick", is_flag=True, help="Keep one transcript for each allele.")
@click.option("--build", type=click.Choice(["GRCh37", "GRCh38"]),
              help="Refuse files of another build.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256),
              help="Processes; as many as cores, up to 8, unless given.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace CSQ that the file carries.")
def annotate(  # noqa: PLR0913, PLR0917  click passes every option
    vcf: Path,
    gtf: Path,
    fasta: Path,
    out: Path,
    pick: bool,  # noqa: FBT001  click passes flags so
    build: str | None,
    workers: int | None,
    overwrite: bool,  # noqa: FBT001  click passes flags so
) -> None:
    """Tell what the variants of VCF (or BCF) do to genes, in the form of VEP's CSQ.

    Every alternative allele is annotated on every transcript within 5 kb. A record that
    cannot be annotated stays as it is, and is told at the end with its reason.
    """
    import warnings

    from storiform.engine.cluster import default_workers, prepare_environment

    prepare_environment()  # before numpy is loaded: its threads do not outlive a fork
    from storiform.engine.annotating import Annotating, annotate_file
    from storiform.model.errors import DataWarning
    from storiform.model.genome import BUILD_ALIASES

    settings = Annotating(
        genes=gtf, fasta=fasta, build=BUILD_ALIASES[build.lower()] if build else None,
        speaker_only=pick, overwrite=overwrite,
        workers=workers or min(default_workers(), _MOST_WORKERS),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        summary = annotate_file(vcf, out, settings)
    for message in dict.fromkeys(str(w.message) for w in caught):
        click.echo(f"warning: {message}", err=True)
    _tell(out, summary)
    if summary.alleles and not summary.annotated:
        click.echo("Nothing was annotated.", err=True)
        raise SystemExit(2)


def _tell(out: Path, summary: "Summary") -> None:
    from storiform.io.names import counted

    alleles = counted(summary.alleles, "allele")
    records = counted(summary.records, "record")
    click.echo(f"{out}: {records}, {summary.annotated} of {alleles} annotated")
    for reason, number, places in summary.reasons():
        shown = "; ".join(places) + ("; ..." if number > len(places) else "")
        click.echo(f"  not annotated: {number} {_MEANINGS.get(reason, reason)} ({shown})")
    if out.suffix in {".gz", ".bgz"} and not summary.is_indexed:
        click.echo("No index was written: the records are not sorted.", err=True)
