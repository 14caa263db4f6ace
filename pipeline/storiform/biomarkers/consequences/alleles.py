"""Alleles of a genome: as short as they can be written, and why some cannot be annotated."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.model.resources import Sequence

_BASES = re.compile(r"[ACGT]*")
_FARTHEST = 1000
"""Bases over which an indel is moved along a repeat, as VEP does; bp."""
_CHUNK = 64
_WINDOW = 2048
"""Bases that are read at once: calls come sorted, and neighbours ask for the same; bp."""


class Allele(NamedTuple):
    """A change of the forward strand: the bases [start, end) become `alt`.

    Parameters
    ----------
    contig
        Canonical name, with the prefix chr.
    start, end
        0-based, half-open, bp; equal where bases are only inserted, before the base `start`.
    ref, alt
        Upper case; either may be empty.
    """

    contig: str
    start: int
    end: int
    ref: str
    alt: str


class Window:
    """A genome of which the bases read last are kept; see `storiform.model.resources.Sequence`.

    Safe between threads.
    """

    def __init__(self, reference: Sequence) -> None:
        self._reference = reference
        self._known = "", 0, 0, np.empty(0, dtype=np.uint8)
        self.contigs = reference.contigs
        """Canonical name of each contig -> its length, bp."""

    def bases(self, contig: str, start: int, end: int) -> NDArray[np.uint8]:
        """Return the bases [start, end) of a contig as ASCII, uint8 (end - start,)."""
        name, low, high, kept = self._known
        if name != contig or start < low or end > high:
            length = self.contigs.get(contig, 0)
            if not 0 <= start <= end <= length:
                return self._reference.bases(contig, start, end)  # which says what is wrong
            low, high = max(0, start - _CHUNK), min(length, max(end, start + _WINDOW))
            kept = self._reference.bases(contig, low, high)
            self._known = contig, low, high, kept
        return kept[start - low : end - low]

    def pieces(
        self, contig: str, starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Return the bases of many intervals of one contig, one after another."""
        return self._reference.pieces(contig, starts, ends)


def shortened(contig: str, start: int, ref: str, alt: str) -> Allele:
    """Return an allele without the bases that reference and alternative share at their ends.

    The shared end is cut first, so that an indel within a repeat stays where it was written:
    at the left.

    Examples
    --------
    >>> shortened("chr1", 9, "CAA", "CA")
    Allele(contig='chr1', start=10, end=11, ref='A', alt='')
    """
    tail, most = 0, min(len(ref), len(alt))
    while tail < most and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    if tail == most and most:
        # A first base that both share anchors an indel: it stays out of the change.
        tail -= ref[0] == alt[0]
    head, most = 0, most - tail
    while head < most and ref[head] == alt[head]:
        head += 1
    kept, became = ref[head : len(ref) - tail], alt[head : len(alt) - tail]
    return Allele(contig, start + head, start + len(ref) - tail, kept, became)


def as_written(start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Return start, reference and alternative of a call, with no bases for the ``-`` of a MAF.

    A MAF gives an insertion the place of the base before it.
    """
    if ref == "-":
        return start + 1, "", alt
    return start, ref, "" if alt == "-" else alt


def refusal(reference: Sequence, contig: str, start: int, ref: str, alt: str) -> str:
    """Say why an allele cannot be annotated, empty where it can.

    Parameters
    ----------
    reference
        The bases of the genome.
    contig, start, ref, alt
        As a VCF has them, `start` 0-based.

    Returns
    -------
    str
        One of the reasons that the column `not_annotated` of `consequences` names.
    """
    if reason := _of_text(ref, alt):
        return reason
    length = reference.contigs.get(contig)
    if length is None:
        return "unknown_contig"
    if start < 0 or start + len(ref) > length:
        return "out_of_contig"
    found = reference.bases(contig, start, start + len(ref)).tobytes().decode("ascii")
    return "" if found == ref.upper() else "reference_mismatch"


def _of_text(ref: str, alt: str) -> str:
    if alt in {"*", "<*>", "<NON_REF>"}:
        return "star"
    if alt == "." or alt.upper() == ref.upper():
        return "no_alternative"
    if alt.startswith("<"):
        return "symbolic"
    if "[" in alt or "]" in alt or alt.startswith(".") or alt.endswith("."):
        return "breakend"
    is_bases = _BASES.fullmatch(alt.upper()) and _BASES.fullmatch(ref.upper())
    return "" if is_bases else "not_bases"


def moved(
    reference: Sequence, allele: Allele, *, to_right: bool, most: int = _FARTHEST
) -> Allele:
    """Return the same change of the genome as far to one side as it can be written.

    Only bases that are purely deleted or purely inserted move.

    Parameters
    ----------
    reference
        The bases of the genome.
    allele
        What is moved.
    to_right
        To which side.
    most
        How far at most, bp.

    References
    ----------
    den Dunnen et al., Human Mutation 37, 564-569 (2016), doi:10.1002/humu.22981.
    """
    word = allele.ref or allele.alt
    if bool(allele.ref) == bool(allele.alt):
        return allele
    steps = min(_steps(reference, allele, word, to_right=to_right), most)
    if not steps:
        return allele
    turn = steps % len(word)
    turned = word[turn:] + word[:turn] if to_right else word[-turn:] + word[:-turn]
    turned = turned if turn else word
    by = steps if to_right else -steps
    ref, alt = (turned, "") if allele.ref else ("", turned)
    return Allele(allele.contig, allele.start + by, allele.end + by, ref, alt)


def _steps(reference: Sequence, allele: Allele, word: str, *, to_right: bool) -> int:
    """Count the bases beside an indel that repeat it, read away from it."""
    bound = reference.contigs[allele.contig] if to_right else 0
    turned, steps = word if to_right else word[::-1], 0
    while steps < _FARTHEST:
        near = allele.end + steps if to_right else allele.start - steps
        size = min(_CHUNK, abs(bound - near))
        first = near if to_right else near - size
        beside = reference.bases(allele.contig, first, first + size).tobytes().decode("ascii")
        beside = beside if to_right else beside[::-1]
        for base in beside:
            if base != turned[steps % len(word)]:
                return steps
            steps += 1
        if size < _CHUNK:
            return steps
    return steps
