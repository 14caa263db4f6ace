"""Bases out of the lines of a FASTA."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.depth import Bytes, Ints


class Layout(NamedTuple):
    """Where the bases of a contig stand, as an index by samtools faidx tells.

    `first` is the byte of the first base; a line has `line_bases` bases and takes
    `line_bytes` bytes.
    """

    first: int
    line_bases: int
    line_bytes: int


def _letters() -> npt.NDArray[np.uint8]:
    letters = np.zeros(256, dtype=np.uint8)
    for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-":
        letters[letter] = ord("N")
    for letter in b"ACGT":
        letters[letter] = letters[letter + 32] = letter
    return letters


LETTERS = _letters()
"""A base as it is read: A, C, G and T in upper case, N for any other letter, 0 for no base."""


@compiled
def gather_bases(text: Bytes, begin: int, layout: Layout, starts: Ints, ends: Ints) -> Bytes:
    """Gather the bases of intervals of one contig, one after another.

    Parameters
    ----------
    text
        Bytes of the file that hold all of these bases.
    begin
        Where in the file `text` begins.
    layout
        Where the contig stands.
    starts, ends
        The intervals.

    Returns
    -------
    numpy.ndarray
        uint8: A, C, G, T, N; 0 where no base stands.
    """
    total = np.int64(0)
    for k in range(len(starts)):
        total += max(ends[k] - starts[k], 0)
    bases = np.empty(total, dtype=np.uint8)
    written = 0
    for k in range(len(starts)):
        place = starts[k]
        while place < ends[k]:
            at = layout.first + place // layout.line_bases * layout.line_bytes - begin
            column = place % layout.line_bases
            run = min(layout.line_bases - column, ends[k] - place)
            for x in range(run):
                bases[written + x] = LETTERS[text[at + column + x]]
            written += run
            place += run
    return bases
