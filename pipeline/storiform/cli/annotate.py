"""`storiform annotate`."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo
from storiform.cli.streams import STREAM, at_hand

if TYPE_CHECKING:
    from storiform.engine.annotating import Annotating
    from storiform.io.csq_writer import Summary

_FILE = click.Path(path_type=Path, dir_okay=False)
_FILE_ORSTREAM = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_MOST_WORKERS = 8
_MEANINGS = {
    "reference_mismatch": "REF is not what the FASTA has there",
    "unknown_contig": "the FASTA has no such contig",
    "out_of_contig": "the place lies outside the contig",
    "symbolic": "a symbolic allele",
    "star": "the allele *, deleted by another record",
    "breakend": "a breakend",
    "no_alternative": "no alternative allele",
    "any_other": "any other allele, as gVCF has it",
    "empty": "no REF or no ALT",
    "not_bases": "letters other than A, C, G and T",
    "own_error": "on which storiform failed: please report it",
    "damaged_line": "less than eight columns, or no position",
}

_OTHER_GENOME = ("reference_mismatch", "unknown_contig", "out_of_contig")
"""Reasons that tell of another genome, not of alleles that none can annotate."""


@click.command()
@click.argument("vcf", type=_FILE_ORSTREAM)
@click.option("--gtf", type=_FILE, required=True,
              help="Gene annotation, GTF or GFF3 (GENCODE, Ensembl, RefSeq).")  # fmt: skip
@click.option("--fasta", type=_FILE, required=True, help="Genome, with its .fai.")
@click.option("--out", "-o", type=_FILE_ORSTREAM, required=True,
              help="What to write: .vcf.gz (by bgzip, with an index) or .vcf; - is a plain VCF "
                   "to standard output.")  # fmt: skip
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

    VCF may be - for standard input, which is copied into a temporary file first.

    Every alternative allele is annotated on every transcript within 5 kb, and each for
    itself: calls that together change one codon, or mend one another's frame, are put
    together by a run, not here. A record that cannot be annotated stays as it is, and is told
    at the end with its reason.
    """
    import tempfile

    from storiform.engine.cluster import default_workers, prepare_environment

    prepare_environment()  # before numpy is loaded: its threads do not outlive a fork
    from storiform.engine.annotating import Annotating
    from storiform.model.genome import BUILD_ALIASES

    with tempfile.TemporaryDirectory(prefix="storiform-") as folder:
        calls, genes = (at_hand(path, Path(folder)) for path in (vcf, gtf))
        settings = Annotating(
            genes=genes, fasta=fasta, build=BUILD_ALIASES[build.lower()] if build else None,
            speaker_only=pick, overwrite=overwrite,
            workers=workers or min(default_workers(), _MOST_WORKERS),
        )  # fmt: skip
        if out == STREAM:
            summary = _annotate(calls, Path(folder, "annotated.vcf"), settings)
            with Path(folder, "annotated.vcf").open("rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
                sys.stdout.flush()
        else:
            summary = _annotate(calls, out, settings)
    _tell(out, summary)
    if summary.records and not summary.annotated:
        echo("Nothing was annotated.", err=True)
        raise SystemExit(2)


def _annotate(source: Path, target: Path, settings: "Annotating") -> "Summary":
    """Annotate, and tell what is doubtful."""
    import warnings

    from storiform.engine.annotating import annotate_file
    from storiform.model.errors import DataWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        summary = annotate_file(source, target, settings)
    for message in dict.fromkeys(str(w.message) for w in caught):
        echo(f"warning: {message}", err=True)
    return summary


def _tell(out: Path, summary: "Summary") -> None:
    from storiform.io.names import counted

    to_stream = out == STREAM  # where the VCF itself goes
    name = "standard output" if to_stream else str(out)
    alleles = counted(summary.alleles, "allele")
    records = counted(summary.records, "record")
    echo(f"{name}: {records}, {summary.annotated} of {alleles} annotated", err=to_stream)
    for reason, number, places in summary.reasons():
        shown = "; ".join(places) + ("; ..." if number > len(places) else "")
        told = f"  not annotated: {number} {_MEANINGS.get(reason, reason)} ({shown})"
        echo(told, err=to_stream)
    if 0 < 2 * summary.annotated < summary.alleles:
        elsewhere = sum(summary.counts[reason] for reason in _OTHER_GENOME)
        asked = ": are VCF and FASTA of one build?" if 2 * elsewhere > summary.alleles else ""
        told = "warning: fewer than half of the alleles were annotated"
        echo(f"{told}{asked}", err=True)
    if summary.neighbours:
        near = counted(summary.neighbours, "record")
        told = f"  {near} within 2 bp of the one before: judged each alone, not together"
        echo(told, err=to_stream)
    if out.suffix in {".gz", ".bgz"} and not summary.is_indexed:
        because = "a line is damaged" if summary.counts["damaged_line"] else "they are unsorted"
        echo(f"No index of the records was written: {because}.", err=True)
