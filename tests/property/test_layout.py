"""Reads laid along exons and indels against a twin that walks base by base."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storiform.kernels.layout import ANCHOR, MAX_OPERATIONS, lay_reads

MATCH, INSERTION, DELETION, SKIP, CLIP = range(5)


@st.composite
def laid(draw):
    """Draw exons of one chain, an indel, and reads on them."""
    gaps = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    sizes = [draw(st.integers(1, 60)) for _ in gaps]
    exons, at = [], 100
    for gap, size in zip(gaps, sizes, strict=True):
        at += gap
        exons.append((at, at + size))
        at += size
    total = sum(sizes)
    offset = draw(st.integers(0, total - 1))
    aligned = draw(st.integers(1, 80))
    clips = (draw(st.integers(0, 9)), draw(st.integers(0, 9)))
    event = draw(st.none() | st.tuples(st.integers(100, at), st.integers(-4, 4)))
    event = event if event and event[1] else None
    return exons, offset, aligned, clips, event


def lay(exons, offset, aligned, clips, event):
    found = lay_reads(
        np.array(exons, dtype=np.int64), np.array([0, len(exons)], dtype=np.int32),
        np.zeros(1, dtype=np.int32), np.array([offset], dtype=np.int32),
        np.array([aligned], dtype=np.int32), np.array([clips], dtype=np.int32),
        np.zeros(1, dtype=np.uint8), np.array([0, 1 if event else 0], dtype=np.int32),
        np.array([event[0]] if event else [], dtype=np.int64),
        np.array([event[1]] if event else [], dtype=np.int32),
    )  # fmt: skip
    start, span, size = (int(column[0]) for column in found[:3])
    cigar = [(int(word) & 15, int(word) >> 4) for word in found[3][0, :size]]
    return start, span, cigar, int(found[4][0])


def walk(start, cigar):
    """Return the reference place of each base of the read, None where it has none."""
    bases, place = [], start
    for kind, length in cigar:
        if kind == MATCH:
            bases += range(place, place + length)
        if kind in (INSERTION, CLIP):
            bases += [None] * length
        if kind in (MATCH, DELETION, SKIP):
            place += length
    return bases, place


@given(laid())
def test_a_read_keeps_its_bases_and_stays_on_its_exons(case):
    exons, offset, aligned, clips, event = case
    start, span, cigar, shown = lay(*case)
    bases, end = walk(start, cigar)
    assert len(bases) == aligned + sum(clips)
    assert end == start + span
    assert 0 < len(cigar) <= MAX_OPERATIONS
    chain = [base for first, last in exons for base in range(first, last)]
    placed = [base for base in bases if base is not None]
    assert set(placed) <= set(chain)
    assert placed == sorted(set(placed))
    assert (shown == 0) == any(kind in (INSERTION, DELETION) for kind, _ in cigar)
    if event is None:
        inside = chain[offset : offset + aligned]
        assert placed == inside
        assert bases[: clips[0]] == [None] * clips[0]


@given(laid())
def test_an_indel_is_shown_where_it_is_or_clipped(case):
    _, _, aligned, _, event = case
    start, _, cigar, shown = lay(*case)
    if shown != 0:
        return
    place = start
    for number, (kind, length) in enumerate(cigar):
        if kind in (INSERTION, DELETION):
            assert place == event[0] + 1
            assert length == abs(event[1])
            assert (kind == INSERTION) == (event[1] > 0)
            before = sum(n for k, n in cigar[:number] if k == MATCH)
            after = sum(n for k, n in cigar[number + 1 :] if k in (MATCH, CLIP))
            assert before >= 1
            assert after >= ANCHOR
            assert before + after <= aligned + sum(case[3])
        place += length if kind in (MATCH, DELETION, SKIP) else 0


@given(laid())
def test_the_compiled_kernel_is_its_python(case):
    exons, offset, aligned, clips, event = case
    arguments = (
        np.array(exons, dtype=np.int64), np.array([0, len(exons)], dtype=np.int32),
        np.zeros(1, dtype=np.int32), np.array([offset], dtype=np.int32),
        np.array([aligned], dtype=np.int32), np.array([clips], dtype=np.int32),
        np.zeros(1, dtype=np.uint8), np.array([0, 1 if event else 0], dtype=np.int32),
        np.array([event[0]] if event else [], dtype=np.int64),
        np.array([event[1]] if event else [], dtype=np.int32),
    )  # fmt: skip
    for one, two in zip(lay_reads(*arguments), lay_reads.python(*arguments), strict=True):
        assert np.array_equal(one, two)
