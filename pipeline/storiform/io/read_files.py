"""Opens a file of aligned reads, BAM or CRAM, and checks it before a run."""

import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from storiform.io.bam import BamFile
from storiform.io.bgzf import MAGIC
from storiform.io.contigs import check_build
from storiform.io.record_stream import BATCH_BYTES
from storiform.model.cohort import Assay, Role
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import CHROMOSOMES, Build
from storiform.model.reads import ReadFile, ReadHeader, RecordBatch

_ALIGN = "Align it first, sort it with samtools sort, and give the BAM."
_SAM = ("@HD\t", "@SQ\t", "@RG\t", "@PG\t", "@CO\t")
_SHOWN = 5


class RegionFile(ReadFile, Protocol):
    """A file of reads of which regions can be fetched."""

    is_empty: bool

    def fetch(self, contig: str, start: int, end: int) -> Iterator[RecordBatch]:
        """Iterate over the batches of a region, found by the index."""
        ...

    def check_index(self) -> None:
        """Refuse an index that is missing, damaged, older, or of another file."""
        ...

    def check_whole(self) -> None:
        """Refuse a file that is shorter than its index says."""
        ...


def open_reads(
    path: Path,
    *,
    index: Path | None = None,
    reference: Path | None = None,
    role: Role = "tumour",
    assay: Assay = "exome",
    batch_bytes: int = BATCH_BYTES,
) -> RegionFile:
    """Open a BAM or CRAM.

    Parameters
    ----------
    path
        The file.
    index
        Its BAI, CSI or CRAI; one that lies beside it is found.
    reference
        The FASTA with which a CRAM was written.
    role, assay
        What the reads are, for the header.
    batch_bytes
        Inflated bytes that are decoded at a time; results do not depend on it.

    Raises
    ------
    InputError
        If the file is missing, of another format, incomplete or damaged.
    """
    head = _first_bytes(path)
    if head.startswith(b"CRAM"):
        from storiform.io.cram import CramFile  # noqa: PLC0415  pysam is needed here alone

        return CramFile(
            path,
            index=index,
            reference=reference,
            role=role,
            assay=assay,
            batch_bytes=batch_bytes,
        )
    content = _unzipped(head)
    if not head.startswith(MAGIC) or not content.startswith((b"BAM\x01", head[:2])):
        raise InputError(_other_format(path.name, head))
    return BamFile(path, index=index, role=role, assay=assay, batch_bytes=batch_bytes)


def inspect_reads(
    path: Path, *, index: Path | None, reference: Path | None, build: Build
) -> ReadHeader:
    """Check before a run what can be seen without reading the whole file.

    A file without an index that fits is read by one thread: a `DataWarning`.

    Parameters
    ----------
    path, index, reference
        See `open_reads`.
    build
        The genome build of the cohort.

    Raises
    ------
    InputError
        If the file cannot be read, has no reads, is of another build or of no human
        chromosome, or holds the reads of several samples.
    """
    file = open_reads(path, index=index, reference=reference)
    try:
        header = file.header
        check_reads(path.name, file, build)
        if header.is_sorted:
            _check_index(path.name, file)
        else:
            message = (
                f"{path.name} is not sorted by coordinate: fragments of RNA can be counted by "
                "gene, and no more. Sort it with samtools sort."
            )
            warnings.warn(message, DataWarning, stacklevel=2)
    finally:
        file.close()
    return header


def check_reads(name: str, file: RegionFile, build: Build) -> None:
    """Refuse reads that cannot be all those of one sample of the cohort.

    Raises
    ------
    InputError
        If there are none, if they are of another build, of no human chromosome or of
        several samples, or if the file is shorter than its index says.
    """
    header, where = file.header, f"{name}, header"
    check_build(where, dict(zip(header.contigs, header.lengths, strict=True)), build)
    _check_contigs(where, header)
    _check_samples(where, header)
    if file.is_empty:
        remedy = "Give the BAM with the reads; look why this one holds none."
        raise InputError(fault(name, "no reads", "the reads of a sample", remedy))
    file.check_whole()


def _check_contigs(where: str, header: ReadHeader) -> None:
    if not set(header.contigs) & set(CHROMOSOMES):
        shown = ", ".join(header.contigs[:_SHOWN]) or "none"
        expected = "at least one of chr1 to chr22, chrX, chrY, chrM (or 1 to 22, X, Y, MT)"
        remedy = "Align to a human genome, or rename the contigs with samtools reheader."
        raise InputError(fault(where, f"contigs {shown}", expected, remedy))


def _check_samples(where: str, header: ReadHeader) -> None:
    if len(header.samples) > 1:
        shown = ", ".join(header.samples[:_SHOWN])
        remedy = "Split it with samtools split, or mend the read groups if all are of one."
        found = f"read groups (@RG, SM) of {len(header.samples)} samples: {shown}"
        raise InputError(fault(where, found, "those of one sample", remedy))


def _check_index(name: str, file: RegionFile) -> None:
    try:
        file.check_index()
    except InputError as error:
        message = f"{name} will be read by one thread: {error}"
        warnings.warn(message, DataWarning, stacklevel=3)


def _first_bytes(path: Path) -> bytes:
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(1 << 12)
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror})"
        remedy = "Look at the path and its permissions."
        raise InputError(fault(str(path), found, "a BAM or CRAM", remedy)) from error
    found = "a folder or device" if path.exists() else "no file"
    raise InputError(fault(str(path), found, "a BAM or CRAM", "Correct the path."))


def _other_format(name: str, head: bytes) -> str:
    """Phrase what a file is that is neither BAM nor CRAM."""
    expected, packed = "a BAM or CRAM", ""
    if head.startswith(b"BAM\x01"):
        remedy = "Compress it with samtools view -b."
        return fault(name, "a BAM without BGZF compression", expected, remedy)
    if head.startswith(b"\x1f\x8b"):
        head, packed = _unzipped(head), ", compressed"
    text = head.decode("latin-1")
    if not head:
        found, remedy = "an empty file", "Copy or download it again."
    elif text.startswith("BAM\x01"):
        found, remedy = "a BAM, not in blocks (BGZF)", "Write it anew with samtools view -b."
    elif text.startswith(_SAM):
        found, remedy = "SAM text", "Convert it with samtools view -b, then samtools sort."
    elif text.startswith("@"):
        found, remedy = "FASTQ", _ALIGN
    elif text.startswith(">"):
        found, remedy = "FASTA", _ALIGN
    else:
        found, remedy = f"a file that begins with {head[:8]!r}", "Give a BAM or CRAM."
    return fault(name, found + packed, expected, remedy)


def _unzipped(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 1 << 10)
    except zlib.error:
        return head
