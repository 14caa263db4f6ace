"""Two-stage designs against a naive twin, and against all designs of a small size."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.model.errors import InputError
from storiform.statistics.simon import assess_design, simon_designs


def chance(k: int, n: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def found_of_interest(design: tuple[int, int, int, int], p: float) -> float:
    """Add up every pair of outcomes of both stages that ends with more than r responders."""
    n1, r1, n, r = design
    return sum(
        chance(x, n1, p) * chance(y, n - n1, p)
        for x in range(r1 + 1, n1 + 1)
        for y in range(n - n1 + 1)
        if x + y > r
    )


@st.composite
def designs(draw):
    n1 = draw(st.integers(1, 15))
    r1 = draw(st.integers(0, n1 - 1))
    n = draw(st.integers(n1 + 1, n1 + 15))
    return n1, r1, n, draw(st.integers(r1, n - 1))


@given(designs(), st.floats(0.01, 0.6), st.floats(0.01, 0.39))
def test_error_and_power_of_a_design_are_those_of_all_outcomes(design, p0, more):
    found = assess_design(design, p0, p0 + more)
    n1, r1, n, _ = design
    stop = sum(chance(x, n1, p0) for x in range(r1 + 1))
    assert found.alpha == pytest.approx(found_of_interest(design, p0), rel=1e-9, abs=1e-14)
    assert found.power == pytest.approx(
        found_of_interest(design, p0 + more), rel=1e-9, abs=1e-14
    )
    assert found.stop_probability == pytest.approx(stop, rel=1e-9)
    assert found.expected_n == pytest.approx(stop * n1 + (1 - stop) * n, rel=1e-9)


def searched(p0: float, p1: float, alpha: float, power: float, max_n: int):
    """Look at every design; the best two are (expected n, n) and (n, expected n)."""
    kept = []
    for n in range(2, max_n + 1):
        for n1 in range(1, n):
            stop = 0.0
            for r1 in range(n1):
                stop += chance(r1, n1, p0)
                for r in range(r1, n):
                    design = (n1, r1, n, r)
                    if found_of_interest(design, p0) > alpha:
                        continue
                    if found_of_interest(design, p1) >= power:
                        kept.append((stop * n1 + (1 - stop) * n, n))
                    break  # a larger r has less power
    if not kept:
        return None
    return min(kept)[0], min((n, expected) for expected, n in kept)


@settings(max_examples=8)
@given(
    st.sampled_from([0.05, 0.1, 0.3, 0.5]), st.sampled_from([0.3, 0.4]),
    st.sampled_from([0.05, 0.1, 0.2]), st.sampled_from([0.6, 0.7, 0.8]),
)  # fmt: skip
def test_designs_are_the_best_of_all(p0, more, alpha, power):
    best = searched(p0, p0 + more, alpha, power, 14)
    if best is None:
        with pytest.raises(InputError, match="none of up to 14 patients"):
            simon_designs(p0, p0 + more, alpha, power, 14)
        return
    found = simon_designs(p0, p0 + more, alpha, power, 14)
    assert found.optimal.expected_n == pytest.approx(best[0], rel=1e-12)
    assert (found.minimax.n, found.minimax.expected_n) == pytest.approx(best[1], rel=1e-12)
    for one in found:
        design = (one.n1, one.r1, one.n, one.r)
        assert one.alpha == pytest.approx(found_of_interest(design, p0), rel=1e-9)
        assert one.power == pytest.approx(found_of_interest(design, p0 + more), rel=1e-9)
