"""The reference genome: a FASTA with its index; it gives bases and decodes CRAM."""

import mmap
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.io.bgzf import BgzfFile
from storiform.kernels.sequence import Layout, gather_bases
from storiform.model.errors import InputError, fault
from storiform.model.genome import canonical_contig

_FIELDS = 5
_LONGEST_NAME = 1 << 14
"""Bytes in which the line with the name of a contig must find room."""
_LOOKED_AT = 1 << 10
"""Bytes behind a contig in which the name of the next one must stand."""
_BLOCKS, _KEPT = 4, 64
"""Blocks of a bgzip file that are inflated together, and how many such groups are kept."""

Place = NDArray[np.int64]


class _Contig(NamedTuple):
    """A line of the index: the name as written, the length (bp), and where bases stand."""

    written: str
    length: int
    layout: Layout


class Fasta:
    """A FASTA that is open, see `storiform.model.resources.Sequence`.

    Parameters
    ----------
    path
        The FASTA, plain or compressed by bgzip; its index ``.fai``, and for a compressed
        one ``.gzi``, lie beside it, as ``samtools faidx`` writes them.

    Raises
    ------
    InputError
        If the file is no FASTA, or an index is missing, damaged or of another file.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._remedy = f"Run: samtools faidx {path.name}"
        with path.open("rb") as file:
            begin = file.read(16)
        is_packed = begin[:2] == b"\x1f\x8b"
        if not (begin[:1] == b">" or is_packed):
            expected = "a FASTA, plain or compressed by bgzip"
            raise InputError(fault(path.name, "no FASTA", expected, "Name the genome's FASTA."))
        if is_packed and begin[12:14] != b"BC":
            expected = "a FASTA, plain or compressed by bgzip"
            remedy = "Unpack it, compress it by bgzip and run: samtools faidx."
            raise InputError(fault(path.name, "a FASTA compressed by gzip", expected, remedy))
        self._known = self._read_index(Path(f"{path}.fai"))
        self._written = {contig.written for contig in self._known.values()}
        self._text = _Packed(path, self._remedy) if is_packed else _Plain(path)
        self._check_index()

    @property
    def contigs(self) -> Mapping[str, int]:
        """Canonical name of each contig -> its length, bp."""
        return {name: contig.length for name, contig in self._known.items()}

    def bases(self, contig: str, start: int, end: int) -> NDArray[np.uint8]:
        """Return the bases [start, end) of a contig: uint8, A, C, G, T or N as ASCII.

        Lower case is read as upper case, and any other letter as N.

        Raises
        ------
        InputError
            If the genome has no such contig or the contig no such bases.
        """
        return self.pieces(contig, np.array([start]), np.array([end]))

    def pieces(self, contig: str, starts: Place, ends: Place) -> NDArray[np.uint8]:
        """Return the bases of many intervals of one contig, one after another.

        Raises
        ------
        InputError
            If the genome has no such contig or the contig no such bases.
        """
        known = self._known.get(contig)
        if known is None:
            expected = f"one of its {len(self._known)} contigs"
            remedy = "Name the FASTA of the cohort's genome."
            raise InputError(fault(self._name, f"no contig {contig}", expected, remedy))
        if len(starts) and (starts.min() < 0 or ends.max() > known.length):
            found = f"bases asked for up to {contig}:{ends.max()}"
            remedy = "Name the FASTA of the cohort's genome."
            raise InputError(fault(self._name, found, f"up to {known.length}", remedy))
        bases = self._text.gather(known.layout, starts, ends)
        if not bases.all():
            raise InputError(self._unfit(known))
        return bases

    def _read_index(self, index: Path) -> dict[str, _Contig]:
        if not index.is_file():
            expected = f"{index.name} beside it"
            raise InputError(fault(self._name, "no index", expected, self._remedy))
        contigs: dict[str, _Contig] = {}
        lines = index.read_text(errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            fields = line.split("\t")
            numbers = [int(field) for field in fields[1:_FIELDS] if field.isdecimal()]
            is_sound = len(numbers) == _FIELDS - 1 and 0 < numbers[2] < numbers[3]
            if not is_sound and numbers[:1] != [0]:
                where = f"{index.name}, line {number}"
                expected = "name, length, offsets"
                raise InputError(fault(where, repr(line[:40]), expected, self._remedy))
            name = canonical_contig(fields[0])
            if name in contigs:
                found = f"{contigs[name].written} and {fields[0]}"
                remedy = "Leave one of them in the FASTA."
                raise InputError(fault(index.name, found, f"one contig {name}", remedy))
            length, first, line_bases, line_bytes = (*numbers, 1, 1, 1)[:4]
            contigs[name] = _Contig(fields[0], length, Layout(first, line_bases, line_bytes))
        if not contigs:
            raise InputError(fault(index.name, "no contig", "those of the FASTA", self._remedy))
        return contigs

    def _check_index(self) -> None:
        """Refuse an index that does not lead to a contig, as one of another file does not.

        Nor may it leave out a contig, or end one before the file does.
        """
        for contig in self._known.values():
            begin = contig.layout.first
            if contig.length == 0:
                if not self._is_empty_at(begin):
                    raise InputError(self._unfit(contig))
                continue
            before = self._text.read(max(0, begin - _LONGEST_NAME), begin)
            at = before.rfind(b"\n", 0, -1) + 1
            line = before[at:].decode(errors="replace")
            is_named = line[:1] == ">" and line[-1:] == "\n"
            is_named = is_named and line[1:].split(maxsplit=1)[:1] == [contig.written]
            last = _byte_of(contig.length - 1, contig.layout)
            base, *behind = self._text.read(last, last + _LOOKED_AT) or b" "
            is_whole = chr(base).strip() and self._leads_on(bytes(behind))
            if not (is_named and is_whole):
                raise InputError(self._unfit(contig))
        first = self._text.read(0, _LOOKED_AT)[1:].split(maxsplit=1)[:1]
        if first and first[0].decode(errors="replace") not in self._written:
            found = f"an index without contig {first[0].decode(errors='replace')[:40]}"
            raise InputError(fault(self._name, found, "its own index", self._remedy))

    def _is_empty_at(self, begin: int) -> bool:
        """Tell whether no base stands where a contig without bases would have them."""
        return self._text.read(begin, begin + _LOOKED_AT).lstrip()[:1] in b">"

    def _leads_on(self, behind: bytes) -> bool:
        """Tell whether a contig ends here: with line ends, then the next one or no more."""
        following = behind.lstrip()
        if not following:
            return True
        name = following[1:].split(maxsplit=1)[:1]
        is_known = not name or name[0].decode(errors="replace") in self._written
        return behind[:1] in b"\r\n" and following[:1] == b">" and is_known

    def _unfit(self, contig: _Contig) -> str:
        found = f"an index that does not lead to contig {contig.written}"
        return fault(self._name, found, "its own index", self._remedy)


def _byte_of(place: int, layout: Layout) -> int:
    """Return the byte of a base of a contig."""
    row, column = divmod(place, layout.line_bases)
    return layout.first + row * layout.line_bytes + column


class _Plain:
    """The bytes of a file that is not compressed."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes = np.frombuffer(self._map, dtype=np.uint8)

    def read(self, begin: int, end: int) -> bytes:
        return self._map[begin:end]

    def gather(self, layout: Layout, starts: Place, ends: Place) -> NDArray[np.uint8]:
        return gather_bases(self._bytes, 0, layout, starts, ends)


class _Packed:
    """The bytes of a file compressed by bgzip, inflated group of blocks by group."""

    def __init__(self, path: Path, remedy: str) -> None:
        with BgzfFile(path) as file:
            file.check_end()
        self._packed_at, self._at = _read_gzi(Path(f"{path}.gzi"), path.name, remedy)
        self._group = lru_cache(maxsize=_KEPT)(partial(_inflate, path, self._packed_at))

    def read(self, begin: int, end: int) -> bytes:
        parts = []
        while begin < end:
            number = (bisect_right(self._at, begin) - 1) // _BLOCKS
            content = self._group(number)
            skip = begin - self._at[number * _BLOCKS]
            part = content[skip : skip + end - begin]
            if not part:
                break
            parts.append(part)
            begin += len(part)
        return b"".join(parts)

    def gather(self, layout: Layout, starts: Place, ends: Place) -> NDArray[np.uint8]:
        found = [np.empty(0, dtype=np.uint8)]
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            if start >= end:
                continue
            first, last = _byte_of(start, layout), _byte_of(end - 1, layout)
            text = np.frombuffer(self.read(first, last + 1), dtype=np.uint8)
            if len(text) <= last - first:
                text = np.zeros(
                    last - first + 1, dtype=np.uint8
                )  # cut off: no base stands there
            piece = np.array([start]), np.array([end])
            found.append(gather_bases(text, first, layout, *piece))
        return np.concatenate(found)


def _read_gzi(index: Path, name: str, remedy: str) -> tuple[list[int], list[int]]:
    """Return where blocks begin in the file and in its content; the first begins at 0."""
    if not index.is_file():
        raise InputError(fault(name, "no index of its blocks", f"{index.name}", remedy))
    raw = index.read_bytes()
    numbers = np.frombuffer(raw[: len(raw) // 8 * 8], dtype="<u8").astype(np.int64)
    pairs = numbers[1:].reshape(-1, 2) if len(numbers) % 2 else numbers[:0].reshape(-1, 2)
    is_sound = len(raw) == 8 + 16 * len(pairs) and len(numbers) and numbers[0] == len(pairs)
    if not is_sound or (np.diff(pairs, axis=0) < 0).any() or (pairs < 0).any():
        raise InputError(fault(index.name, "a damaged index", "one by bgzip -r", remedy))
    return [0, *pairs[:, 0].tolist()], [0, *pairs[:, 1].tolist()]


def _inflate(path: Path, packed_at: list[int], number: int) -> bytes:
    """Inflate a group of blocks."""
    begin, behind = packed_at[number * _BLOCKS], (number + 1) * _BLOCKS
    parts = []
    with BgzfFile(path) as file:
        end = packed_at[behind] if behind < len(packed_at) else file.size
        for place, content in file.blocks(begin << 16):
            if place >= end:
                break
            parts.append(bytes(content))
    return b"".join(parts)


def read_fasta(path: Path) -> Fasta:
    """Open an indexed FASTA.

    Raises
    ------
    InputError
        If the file is no FASTA, or an index is missing, damaged or of another file.
    """
    return Fasta(path)
