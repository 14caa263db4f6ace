"""Words of sixteen bases, and the sieve of reads that share some."""

import numpy as np
import pytest

from storiform.kernels.hla_words import (
    LENGTH,
    NO_WORD,
    Records,
    Texts,
    WordSet,
    add_words,
    fill_set,
    find_word,
    is_simple,
    list_strandless_words,
    sieve_records,
    write_reads,
)

NIBBLES = {"A": 1, "C": 2, "G": 4, "T": 8, "N": 15}
OTHER = str.maketrans("ACGT", "TGCA")


def number(word: str) -> int:
    """Spell a word as a number of base four."""
    return int("".join(str("ACGT".index(base)) for base in word), 4)


def strandless(text: str) -> list[int]:
    """List the words of a text plainly."""
    words = [text[at : at + LENGTH] for at in range(len(text) - LENGTH + 1)]
    return [
        NO_WORD if "N" in word else min(number(word), number(word[::-1].translate(OTHER)))
        for word in words
    ]


def codes(text: str) -> np.ndarray:
    return np.array(["ACGTN".index(base) for base in text], dtype=np.uint8)


def empty_set(slots: int) -> WordSet:
    return WordSet(np.full(slots, NO_WORD, np.int64), np.full(slots, -1, np.int32))


def record(text: str, name: bytes = b"r", qualities: list[int] | None = None) -> bytes:
    """Write the parts of a BAM record that matter here."""
    fixed = bytearray(36)
    fixed[12] = len(name) + 1
    fixed[20:24] = len(text).to_bytes(4, "little")
    nibbles = [NIBBLES[base] for base in text] + [0] * (len(text) % 2)
    packed = bytes(
        high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True)
    )
    return bytes(fixed) + name + b"\0" + packed + bytes(qualities or [255] * len(text))


def records_of(parts: list[bytes], flags: list[int]) -> Records:
    offsets = np.cumsum([0, *(len(part) for part in parts)])[:-1].astype(np.int64)
    data = np.frombuffer(b"".join(parts), dtype=np.uint8)
    return Records(data, offsets, np.array(flags, dtype=np.uint16))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def drawn(rng: np.random.Generator, length: int) -> str:
    return "".join("ACGT"[k] for k in rng.integers(4, size=length))


def test_words_are_the_smaller_of_both_strands_and_none_has_an_n(rng) -> None:
    text = drawn(rng, 40) + "N" + drawn(rng, 30)
    words = np.empty(len(text) - LENGTH + 1, dtype=np.int64)
    list_strandless_words(codes(text), words)
    assert words.tolist() == strandless(text)
    turned = np.empty(len(words), dtype=np.int64)
    list_strandless_words(codes(text[::-1].translate(OTHER)), turned)
    assert turned[::-1].tolist() == words.tolist()


def test_every_word_of_a_set_is_found_at_its_row_and_no_other(rng) -> None:
    words = np.unique(rng.integers(4**LENGTH, size=500))
    held, others = words[::2], set(words[1::2].tolist())
    filled = empty_set(1024)
    fill_set(held, filled)
    assert [find_word(word, filled) for word in held] == list(range(len(held)))
    assert {find_word(word, filled) for word in others} == {-1}


def test_words_are_added_once_and_simple_ones_never(rng) -> None:
    plain = strandless(drawn(rng, 60))
    simple = [number("A" * 16), number("ACACACACACACACAC"), number("ACGACGACGACGACGA")]
    filled = empty_set(256)
    words = np.array([*plain, *plain, *simple, NO_WORD], dtype=np.int64)
    assert add_words(words, filled, 0) == len(set(plain))
    assert [is_simple(np.int64(word)) for word in simple] == [True] * 3
    assert all(find_word(np.int64(word), filled) == -1 for word in simple)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_read_passes_with_so_many_shared_words_and_not_with_one_fewer(rng, is_turned) -> None:
    gene = drawn(rng, 200)
    filled = empty_set(1024)
    add_words(np.array(strandless(gene), dtype=np.int64), filled, 0)
    reads = []
    for end in (50 + LENGTH + 1, 50 + LENGTH + 2):
        before, behind = gene[49].translate(OTHER), gene[end].translate(OTHER)
        reads.append(drawn(rng, 40) + before + gene[50:end] + behind + drawn(rng, 41))
    shared = [len(set(strandless(read)) & set(strandless(gene))) for read in reads]
    assert shared == [2, 3]
    if is_turned:
        reads = [read[::-1].translate(OTHER) for read in reads]
    is_kept = np.zeros(2, dtype=bool)
    records = records_of([record(read) for read in reads], [0, 0])
    sieve_records(records, np.arange(2), filled, 3, is_kept)
    assert is_kept.tolist() == [False, True]


def test_reads_are_written_as_they_were_sequenced() -> None:
    parts = [
        record("ACGTN", qualities=[1, 2, 3, 4, 94]),
        record("AACG", b"longer", qualities=[10, 20, 30, 40]),
        record("GGT"),
    ]
    records = records_of(parts, [0, 16, 16])
    places = np.array([0, 5, 9, 12], dtype=np.int64)
    texts = Texts(places, np.zeros(12, np.uint8), np.zeros(12, np.uint8))
    write_reads(records, np.arange(3), texts)
    assert texts.bases.tobytes() == b"ACGTNCGTTACC"
    assert texts.qualities.tobytes() == b'"#$%~I?5+\0\0\0'
