"""Alignments of coding sequences against their naive twins, which try everything."""

from functools import cache
from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storiform.kernels.exon_alignment import (
    GAP_EXTEND,
    GAP_OPEN,
    MISMATCH,
    UNKNOWN,
    UNKNOWN_COST,
    align_banded,
    count_differences,
    place_exons,
)

bases = st.lists(st.integers(0, 3), min_size=0, max_size=14)
few = st.lists(st.sampled_from([0, 1, 4]), min_size=0, max_size=14)
INTRON, NO_DONOR, NO_ACCEPTOR, SHORT = 20, 10, 10, 15


def array(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint8)


def aligned(template: list[int], sequence: list[int], low: int, high: int):
    places = np.full(len(sequence), -999, np.int32)
    cost = align_banded(array(template), array(sequence), low, high, places)
    return cost, places.tolist()


def price(one: int, other: int) -> int:
    if UNKNOWN in {one, other}:
        return UNKNOWN_COST
    return 0 if one == other else MISMATCH


def least_cost(template: list[int], sequence: list[int], low: int, high: int) -> int:
    """Return the least cost of all alignments within the band, by trying each next step."""

    @cache
    def rest(t: int, s: int, state: str) -> float:
        if not low <= t - s <= high:
            return np.inf
        found = [0.0] if s == len(sequence) and state != "deleted" else []
        if s < len(sequence) and t < len(template):
            found.append(price(template[t], sequence[s]) + rest(t + 1, s + 1, "both"))
        if s < len(sequence) and state != "deleted":
            opened = 0 if state == "inserted" else GAP_OPEN
            found.append(opened + GAP_EXTEND + rest(t, s + 1, "inserted"))
        if t < len(template) and state not in {"inserted", "begun"}:
            opened = 0 if state == "deleted" else GAP_OPEN
            found.append(opened + GAP_EXTEND + rest(t + 1, s, "deleted"))
        return min(found, default=np.inf)

    least = min(rest(t, 0, "begun") for t in range(len(template) + 1))
    return -1 if np.isinf(least) else int(least)


def cost_of(template: list[int], sequence: list[int], places: list[int]) -> int:
    """Add up what an alignment costs, from its places."""
    total, before, was_inserted = 0, None, False
    for base, place in zip(sequence, places, strict=True):
        at = -1 - place if place < 0 else place
        if before is not None and at > before:
            total += GAP_OPEN + GAP_EXTEND * (at - before)
        if place < 0:
            total += GAP_EXTEND if was_inserted else GAP_OPEN + GAP_EXTEND
        else:
            total += price(template[place], base)
        before, was_inserted = at + (place >= 0), place < 0
    return total


@given(bases, bases)
def test_the_whole_band_holds_the_cheapest_alignment(template, sequence) -> None:
    low, high = -len(sequence), len(template)
    cost, places = aligned(template, sequence, low, high)
    assert cost == least_cost(template, sequence, low, high)
    assert cost == cost_of(template, sequence, places)


@given(few, few, st.integers(-6, 6), st.integers(0, 5))
def test_a_band_holds_the_cheapest_alignment_within_it(template, sequence, low, width) -> None:
    cost, places = aligned(template, sequence, low, low + width)
    assert cost == least_cost(template, sequence, low, low + width)
    if cost >= 0:
        assert cost == cost_of(template, sequence, places)


@given(st.data())
def test_edited_sequences_are_aligned_at_the_least_cost(data) -> None:
    template = data.draw(st.lists(st.integers(0, 3), min_size=30, max_size=60))
    start = data.draw(st.integers(0, 12))
    cut = data.draw(st.integers(start + 5, len(template) - 8))
    sequence = template[start:cut] + data.draw(bases) + template[cut + 3 :]
    low, high = -len(sequence), len(template)
    cost, places = aligned(template, sequence, low, high)
    assert cost == least_cost(template, sequence, low, high)
    assert cost == cost_of(template, sequence, places)


def intron_cost(gene: list[int], places: tuple[int, ...]) -> int:
    total = 0
    for left, right in pairwise(places):
        if right > left + 1:
            total += INTRON + (SHORT if right - left - 1 < 60 else 0)
            total += 0 if gene[left + 1 : left + 3] == [2, 3] else NO_DONOR
            total += 0 if right > 1 and gene[right - 2 : right] == [0, 2] else NO_ACCEPTOR
    return total


@given(
    st.lists(st.integers(0, 3), min_size=0, max_size=13),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
)
def test_introns_are_the_cheapest_of_all_ways_to_leave_bases_out(gene, coding) -> None:
    ways = [
        intron_cost(gene, chosen)
        for chosen in combinations(range(len(gene)), len(coding))
        if [gene[place] for place in chosen] == coding and UNKNOWN not in coding
    ]
    places = np.zeros(len(coding), np.int32)
    cost = place_exons(array(gene), array(coding), places)
    assert cost == min(ways, default=-1)
    if ways:
        assert [gene[place] for place in places] == coding
        assert intron_cost(gene, tuple(places.tolist())) == cost


@given(st.integers(30, 90), st.integers(30, 90))
def test_introns_of_sixty_bases_stand_before_shorter_ones(first, second) -> None:
    letters = "ACGT"
    exon, tail = "ACGACGTTACA", "TGTGA"
    near = exon + "GT" + "C" * (first - 4) + "AG"
    far = near + tail + "C" * second + "AG"
    gene = [letters.index(letter) for letter in far + tail + "CC"]
    coding = [letters.index(letter) for letter in exon + tail]
    places = np.zeros(len(coding), np.int32)
    place_exons(array(gene), array(coding), places)
    is_near = first >= 60 or len(far) - len(exon) < 60
    assert places[len(exon)] == len(near if is_near else far)
    assert intron_cost(gene, tuple(places.tolist())) == (20 if len(far) > 70 else 35)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**31))
def test_differences_are_those_of_known_columns(n, m, width, seed) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 6, (n, width)).astype(np.uint8)
    others = rng.integers(0, 6, (m, width)).astype(np.uint8)
    spans = np.sort(rng.integers(0, width + 1, (n, 2)), axis=1).astype(np.int32)
    counts = np.zeros((n, m), np.int32)
    count_differences(rows, spans, others, counts)
    for i, (start, end) in enumerate(spans):
        for k in range(m):
            pairs = zip(rows[i, start:end], others[k, start:end], strict=True)
            assert counts[i, k] == sum(a not in {b, UNKNOWN} for a, b in pairs)
