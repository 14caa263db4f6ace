"""Headers of files of reads: contigs, order, samples. SAM specification, section 1.3."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from storiform.io.bgzf import DAMAGED, BgzfFile
from storiform.model.cohort import Assay, Role
from storiform.model.errors import InputError, fault
from storiform.model.genome import build_of, canonical_contig
from storiform.model.reads import ReadHeader

_LONGEST_TEXT = 1 << 28
_MOST_CONTIGS = 1 << 24


@dataclass(frozen=True)
class RawHeader:
    """What the begin of a BAM holds.

    `first` is the virtual offset of the first record.
    """

    text: str
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    first: int = 0


def read_raw_header(file: BgzfFile) -> RawHeader:
    """Read the header of a BAM.

    Raises
    ------
    InputError
        If the file is no BAM or its header is damaged.
    """
    head = _Head(file)
    if head.take(4) != b"BAM\x01":
        found = f"content that begins with {bytes(head.content[:4])!r}"
        remedy = "Give a BAM or CRAM; FASTQ must be aligned first."
        raise InputError(fault(file.name, found, "a BAM", remedy))
    text = head.take(head.size(_LONGEST_TEXT)).split(b"\0")[0].decode("utf-8", "replace")
    names: list[str] = []
    lengths: list[int] = []
    for _ in range(head.size(_MOST_CONTIGS)):
        name = head.take(head.size(1 << 16))
        if not name.endswith(b"\0"):
            raise head.damaged("a contig's name that does not end")
        names.append(name[:-1].decode("utf-8", "replace"))
        lengths.append(head.size((1 << 31) - 1))
    return RawHeader(text, tuple(names), tuple(lengths), head.offset())


class _Head:
    """Reads the header piece by piece, inflating no more than is needed."""

    def __init__(self, file: BgzfFile) -> None:
        self.file = file
        self.content = bytearray()
        self._blocks = file.blocks()
        self._block = self._begin = self._at = 0

    def take(self, size: int) -> bytes:
        while len(self.content) < self._at + size:
            self._more()
        self._at += size
        return bytes(self.content[self._at - size : self._at])

    def size(self, most: int) -> int:
        """Read a number that must lie between 0 and `most`."""
        (value,) = struct.unpack("<i", self.take(4))
        if not 0 <= value <= most:
            raise self.damaged(f"a size of {value}")
        return int(value)

    def offset(self) -> int:
        """Return the virtual offset of what follows; that of the file's end if nothing does."""
        try:
            while len(self.content) == self._at:
                self._more()
        except InputError:
            if self._block >= 0:
                raise
            return self.file.size << 16
        return self._block << 16 | self._at - self._begin

    def damaged(self, found: str) -> InputError:
        return InputError(fault(f"{self.file.name}, header", found, "a BAM's header", DAMAGED))

    def _more(self) -> None:
        self._begin = len(self.content)
        self._block, content = next(self._blocks, (-1, bytearray()))
        if self._block < 0:
            raise self.damaged("a truncated header")
        self.content += content


def tags_of(text: str, kind: str) -> Iterator[dict[str, str]]:
    """Iterate over the fields of the lines of one kind, such as ``@RG``, of a header."""
    for line in text.splitlines():
        first, *fields = line.split("\t")
        if first == kind:
            yield {field[:2]: field[3:] for field in fields if field[2:3] == ":"}


def written_order(text: str) -> str:
    """Return the order of records that a header states, empty if none or unknown."""
    order = next(tags_of(text, "@HD"), {}).get("SO", "")
    return "" if order == "unknown" else order


def says_unordered(path: Path) -> bool:
    """Tell whether the header of a BAM states another order than that of coordinates.

    A file that cannot be read says nothing: whoever reads its records tells what is wrong.
    """
    try:
        with BgzfFile(path) as file:
            return written_order(read_raw_header(file).text) in {"queryname", "unsorted"}
    except (InputError, OSError):
        return False


def read_header(raw: RawHeader, name: str, role: Role, assay: Assay) -> ReadHeader:
    """Read what the text of a header says.

    Raises
    ------
    InputError
        If two contigs have one name.
    """
    twice = _repeated(raw.names)
    if twice is not None:
        found, remedy = f"two contigs {twice}", "Write the header anew with samtools reheader."
        raise InputError(fault(f"{name}, header", found, "one of each name", remedy))
    written = set(raw.names)
    canonical = [canonical_contig(contig) for contig in raw.names]
    contigs: dict[str, None] = {}
    for own, contig in zip(raw.names, canonical, strict=True):
        is_taken = contig in contigs or (contig != own and contig in written)
        contigs[own if is_taken else contig] = None
    samples = {tags.get("SM", "") for tags in tags_of(raw.text, "@RG")} - {""}
    return ReadHeader(
        contigs=tuple(contigs),
        lengths=raw.lengths,
        written=raw.names,
        samples=tuple(sorted(samples)),
        is_sorted=written_order(raw.text) in {"", "coordinate"},
        build=build_of(dict(zip(raw.names, raw.lengths, strict=True))),
        role=role,
        assay=assay,
    )


def contig_number(name: str, header: ReadHeader, contig: str) -> int:
    """Return the index of a contig in a header, by its canonical or its written name.

    Raises
    ------
    InputError
        If the header has no such contig.
    """
    for names in (header.contigs, header.written):
        if contig in names:
            return names.index(contig)
    remedy = "Use the BED, GTF and BAM of one genome build."
    raise InputError(fault(f"{name}, header", f"no contig {contig}", "it", remedy))


def _repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
