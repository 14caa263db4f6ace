"""Which of many peptides occur in a text of proteins: exact, in one pass over the text."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import Bytes, Ints

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
"""The residues that a peptide may consist of; any other letter is part of none."""
PREFIX = 8
"""Residues of a peptide that are looked up, and so its least length; the rest is compared."""

_BITS = 5
_MASK = np.int64((1 << (_BITS * PREFIX)) - 1)
_SPREAD = np.int64(0x1E3779B97F4A7C15)
_SPARSE = 64
"""Bits of the marks for each prefix: 1 in 64 strangers passes them."""
_FEWEST, _MOST = 10, 30
_LAST_BIT = 63

Bools = npt.NDArray[np.bool_]


class PeptideIndex(NamedTuple):
    """Peptides in the order of the alphabet, by their first eight residues.

    `letters` holds all residues one after another (ASCII), `starts` (n + 1,) where each
    peptide begins. `prefixes` (m,) are the first eight residues, five bits each, each
    prefix once; `first` (m + 1,) is the first peptide with it. `marks` has a bit set for
    the hash, of `mark_bits` bits, of each prefix: most of a text is passed over by it.
    """

    letters: Bytes
    starts: Ints
    prefixes: Ints
    first: Ints
    marks: Bytes
    mark_bits: int


def _codes() -> Bytes:
    codes = np.zeros(256, dtype=np.uint8)
    codes[np.frombuffer(RESIDUES.encode(), dtype=np.uint8)] = np.arange(1, len(RESIDUES) + 1)
    return codes


CODES = _codes()
"""Letter -> 1 to 20, 0 for what is no residue."""


def index_peptides(peptides: Sequence[str]) -> PeptideIndex:
    """Index peptides of at least eight residues, sorted and each of them once.

    Raises
    ------
    ValueError
        If a peptide is shorter, holds another letter than `RESIDUES`, or is out of order.
    """
    if any(one >= other for one, other in pairwise(peptides)):
        message = "peptides are not sorted, or one occurs twice"
        raise ValueError(message)
    letters = np.frombuffer("".join(peptides).encode("ascii", "replace"), dtype=np.uint8)
    lengths = np.array([len(peptide) for peptide in peptides], dtype=np.int64)
    if (lengths < PREFIX).any() or not CODES[letters].all():
        message = f"a peptide has fewer than {PREFIX} residues, or a letter that is none"
        raise ValueError(message)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    packed = np.zeros(len(peptides), dtype=np.int64)
    for place in range(PREFIX):
        packed = (packed << _BITS) | CODES[letters[starts[:-1] + place]]
    prefixes, first = np.unique(packed, return_index=True)
    bits = int(np.clip(np.ceil(np.log2(max(len(prefixes), 1) * _SPARSE)), _FEWEST, _MOST))
    marks = np.zeros(1 << (bits - 3), dtype=np.uint8)
    with np.errstate(over="ignore"):
        hashes = (prefixes * _SPREAD) >> np.int64(_LAST_BIT - bits) & np.int64((1 << bits) - 1)
    np.bitwise_or.at(marks, hashes >> 3, (1 << (hashes & 7)).astype(np.uint8))
    return PeptideIndex(
        letters, starts, prefixes, np.append(first, len(peptides)).astype(np.int64), marks, bits
    )


@compiled
def match_prefix(
    text: Bytes, at: int, index: PeptideIndex, group: int | np.signedinteger, found: Bools
) -> None:
    """Set `found` of the peptides of one prefix that go on as the text does.

    Parameters
    ----------
    text
        Letters, ASCII.
    at
        Where in it the prefix begins.
    index
        The peptides.
    group
        Number of the prefix.
    found
        bool (n,), one of each peptide.
    """
    for peptide in range(index.first[group], index.first[group + 1]):
        begin, end = index.starts[peptide], index.starts[peptide + 1]
        if found[peptide] or at + (end - begin) > len(text):
            continue
        place = begin + PREFIX
        while place < end and index.letters[place] == text[at + place - begin]:
            place += 1
        if place == end:
            found[peptide] = True


@compiled
def find_peptides(text: Bytes, index: PeptideIndex, found: Bools) -> None:
    """Set `found` of all peptides that occur in a text of proteins.

    Parameters
    ----------
    text
        Proteins, upper-case ASCII; a letter that is no residue (a line end, X) parts them.
    index
        The peptides.
    found
        bool (n,), one of each peptide; what is set stays set.
    """
    bits = np.int64(index.mark_bits)
    shift, low = np.int64(_LAST_BIT) - bits, (np.int64(1) << bits) - np.int64(1)
    key, run = np.int64(0), 0
    for at in range(len(text)):
        code = CODES[text[at]]
        if code == 0:
            key, run = np.int64(0), 0
            continue
        key = ((key << np.int64(_BITS)) | np.int64(code)) & _MASK
        run += 1
        if run < PREFIX:
            continue
        spread = ((key * _SPREAD) >> shift) & low
        if (index.marks[spread >> 3] >> (spread & 7)) & 1 == 0:
            continue
        group = np.searchsorted(index.prefixes, key)
        if group < len(index.prefixes) and index.prefixes[group] == key:
            match_prefix(text, at - PREFIX + 1, index, group, found)


def find_occurring(candidates: Iterable[str], texts: Iterable[Bytes]) -> frozenset[str]:
    """Return those of many peptides, of eight residues or more, that proteins hold.

    Parameters
    ----------
    candidates
        Peptides of the twenty residues.
    texts
        Proteins, upper-case ASCII, with a line end between two.
    """
    sought = sorted(set(candidates))
    index = index_peptides(sought)
    is_found = np.zeros(len(sought), dtype=bool)
    if sought:
        for text in texts:
            find_peptides(text, index, is_found)
    return frozenset(sought[place] for place in np.flatnonzero(is_found))
