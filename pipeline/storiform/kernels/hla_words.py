"""Words of sixteen bases: sets of them, and reads that share some with HLA genes.

A word is a number of 32 bits, two for each base. Of a word and its reverse complement the
smaller one stands for both where strands are not told apart.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import (
    CODE_OF_NIBBLE,
    FIXED,
    Bytes,
    Int,
    cigar_length,
    name_length,
    read_length,
)

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.int64]

LENGTH = 16
"""Bases of a word."""
NO_WORD = -1
"""Stands for a word with a base that is not known."""
_MASK = (1 << 2 * LENGTH) - 1
_TOP = 2 * (LENGTH - 1)
_STIR = 0x9E3779B97F4A7C15 & 0x7FFFFFFFFFFFFFFF
_SHIFT = 24
_REVERSE = 16
_UNKNOWN_QUALITY = 255
_PHRED = 33
_HIGHEST = 93
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)


class WordSet(NamedTuple):
    """A set of words with open addressing; its size is a power of two.

    `keys` holds the words, `NO_WORD` where there is none; `rows` the number of each word.
    """

    keys: Words
    rows: npt.NDArray[np.int32]


class Records(NamedTuple):
    """Raw records: their bytes, where each begins, and its flag."""

    data: Bytes
    offsets: Ints
    flags: npt.NDArray[np.uint16]


class Texts(NamedTuple):
    """Where the bases and qualities of reads are written, one read after another.

    The k-th read has the bytes [places[k], places[k + 1]) of both.
    """

    places: Ints
    bases: Bytes
    qualities: Bytes


@compiled
def slot_of(word: Int, size: Int) -> Int:
    """Return the slot at which the search for a word begins."""
    return (word * _STIR >> _SHIFT) & (size - 1)


@compiled
def fill_set(words: Words, filled: WordSet) -> None:
    """Put words, each of which occurs once, into a set that is empty.

    Parameters
    ----------
    words
        int64 (n,), none of them `NO_WORD`.
    filled
        Of at least 2 n slots; the row of a word is its place in `words`.
    """
    size = len(filled.keys)
    for row in range(len(words)):
        slot = slot_of(words[row], size)
        while filled.keys[slot] != NO_WORD:
            slot = (slot + 1) & (size - 1)
        filled.keys[slot] = words[row]
        filled.rows[slot] = row


@compiled
def find_word(word: Int, among: WordSet) -> Int:
    """Return the row of a word, -1 where the set lacks it."""
    size = len(among.keys)
    slot = slot_of(word, size)
    while among.keys[slot] != NO_WORD:
        if among.keys[slot] == word:
            return np.int64(among.rows[slot])
        slot = (slot + 1) & (size - 1)
    return np.int64(-1)


@compiled
def list_strandless_words(codes: Bytes, words: Words) -> None:
    """Write the word that begins at each base, or its reverse complement if that is smaller.

    Parameters
    ----------
    codes
        uint8 (n,), 0 to 3 for A, C, G, T; a word with any other is `NO_WORD`.
    words
        int64 (n - 15,), takes the words.
    """
    word, reverse, known = np.int64(0), np.int64(0), 0
    for i in range(len(codes)):
        code = np.int64(codes[i])
        known = known + 1 if code <= 3 else 0  # noqa: PLR2004  T
        word = (word << 2 | code & 3) & _MASK
        reverse = reverse >> 2 | (3 - (code & 3)) << _TOP
        if i >= LENGTH - 1:
            words[i - LENGTH + 1] = min(word, reverse) if known >= LENGTH else NO_WORD


@compiled
def is_simple(word: Int) -> bool:
    """Tell whether a word repeats one, two or three bases: such words are everywhere."""
    for period in range(1, 4):
        kept = 2 * (LENGTH - period)
        if (word ^ word >> 2 * period) & ((1 << kept) - 1) == 0:
            return True
    return False


@compiled
def add_words(words: Words, among: WordSet, number: Int) -> Int:
    """Add words to a set that holds so many; return how many it holds then.

    Simple words are left out. The set must have more slots than words.
    """
    size = len(among.keys)
    for k in range(len(words)):
        word = words[k]
        if word == NO_WORD or is_simple(word):
            continue
        slot = slot_of(word, size)
        while among.keys[slot] != NO_WORD and among.keys[slot] != word:
            slot = (slot + 1) & (size - 1)
        if among.keys[slot] == NO_WORD:
            among.keys[slot] = word
            among.rows[slot] = number
            number += 1
    return number


@compiled
def shares_words(data: Bytes, at: Int, among: WordSet, least: Int) -> bool:
    """Tell whether at least so many words of one record are in a set, on either strand."""
    begin = at + FIXED + name_length(data, at) + 1 + 4 * cigar_length(data, at)
    word, reverse, known, shared = np.int64(0), np.int64(0), 0, 0
    for i in range(read_length(data, at)):
        nibble = data[begin + i // 2] >> (4 if i % 2 == 0 else 0) & 15
        code = np.int64(CODE_OF_NIBBLE[nibble])
        known = known + 1 if code <= 3 else 0  # noqa: PLR2004  T
        word = (word << 2 | code & 3) & _MASK
        reverse = reverse >> 2 | (3 - (code & 3)) << _TOP
        if known >= LENGTH and find_word(min(word, reverse), among) >= 0:
            shared += 1
            if shared >= least:
                return True
    return False


@compiled
def sieve_records(
    records: Records, rows: Ints, among: WordSet, least: Int, is_kept: npt.NDArray[np.bool_]
) -> None:
    """Tell of some records which of them share at least so many words with a set.

    Parameters
    ----------
    records
        The records of a batch.
    rows
        int64 (n,), the records to look at.
    among
        Words without strand, as of `list_strandless_words`.
    least
        Words that a record shares at least.
    is_kept
        bool (n,), takes what is found.
    """
    for k in range(len(rows)):
        is_kept[k] = shares_words(records.data, records.offsets[rows[k]], among, least)


@compiled
def write_reads(records: Records, rows: Ints, texts: Texts) -> None:
    """Write bases and qualities of some records in the direction in which they were read.

    A base is one of the letters A, C, G, T and N; a quality is phred + 33, or 0 where the
    record has none.
    """
    for k in range(len(rows)):
        at, is_reverse = records.offsets[rows[k]], records.flags[rows[k]] & _REVERSE
        length = read_length(records.data, at)
        begin = at + FIXED + name_length(records.data, at) + 1
        begin += 4 * cigar_length(records.data, at)
        for i in range(length):
            nibble = records.data[begin + i // 2] >> (4 if i % 2 == 0 else 0) & 15
            code = CODE_OF_NIBBLE[nibble]
            quality = records.data[begin + (length + 1) // 2 + i]
            place = texts.places[k] + (length - 1 - i if is_reverse else i)
            texts.bases[place] = _LETTERS[_COMPLEMENT[code] if is_reverse else code]
            has_none = quality == _UNKNOWN_QUALITY
            texts.qualities[place] = 0 if has_none else min(quality, _HIGHEST) + _PHRED
