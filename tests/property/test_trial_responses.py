"""Random courses of lesions, judged against the guideline written once more and plainly."""

import itertools
import warnings

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.model.errors import DataWarning
from storiform.model.tables.trial import LESIONS
from storiform.statistics.assessments import assessments
from storiform.statistics.best_response import BestResponseParams, best_response
from storiform.statistics.recist import RecistParams

RANK = ("NE", "PD", "SD", "PR", "CR")

numbers = st.integers(-4, 60).map(lambda size: size if size >= 0 else None)
sizes = st.one_of(numbers, numbers, st.just(0))
courses = st.lists(st.tuples(sizes, sizes), min_size=1, max_size=7)
gaps = st.lists(st.integers(14, 70), min_size=7, max_size=7)


def plain_responses(
    base: tuple, course: list[tuple], new_at: int, *, is_node: bool
) -> list[str]:
    """Judge each assessment from all that came before it, in integers."""
    found: list[str] = []
    sums: list[int] = [sum(base)]
    for number, pair in enumerate(course):
        a, b = pair
        known = [size for size in pair if size is not None]
        gone = len(known) == 2 and a == 0 and (b == 0 or (is_node and b < 10))
        some = any(
            s is not None and s > (9 if is_node and k else 0) for k, s in enumerate(pair)
        )
        low, now = min(sums), sum(known)
        grown = 5 * now >= 6 * low and now - low >= 5
        if number >= new_at:
            response = "PD"
        elif gone:
            response = "CR"
        elif grown or ("CR" in found and some):
            response = "PD"
        elif len(known) < 2:
            response = "NE"
        else:
            response = "PR" if 10 * now <= 7 * sums[0] else "SD"
        if len(known) == 2:
            sums.append(now)
        found.append(response)
    return found


def plain_best(days: list[int], responses: list[str]) -> str:
    """Try all pairs of assessments before the first progression."""
    end = responses.index("PD") if "PD" in responses else len(responses)
    best = "PD" if "PD" in responses else "NE"
    for i in range(end):
        if responses[i] in {"CR", "PR", "SD"} and days[i] >= 42:
            best = max(best, "SD", key=RANK.index)
    for i, j in itertools.combinations(range(end), 2):
        between = set(responses[i : j + 1])
        if days[j] - days[i] < 28 or "NE" in {responses[i], responses[j]}:
            continue
        if between <= {"CR", "NE"}:
            best = "CR"
        elif between <= {"CR", "PR", "NE"}:
            best = max(best, "PR", key=RANK.index)
    return best


def frame(
    base: tuple, days: list[int], course: list[tuple], new_at: int, *, is_node: bool
) -> pd.DataFrame:
    rows = []
    for day, pair in zip([0, *days], [base, *course], strict=False):
        rows += [
            {"lesion": name, "role": "target", "day": day, "diameter_mm": size,
             "is_node": is_node and name == "B"}
            for name, size in zip("AB", pair, strict=True)
        ]  # fmt: skip
    if new_at < len(course):
        rows.append({"lesion": "X", "role": "new", "day": days[new_at]})
    return LESIONS.conform(pd.DataFrame(rows, columns=list(LESIONS.columns)))


@settings(max_examples=300)
@given(
    base=st.tuples(st.integers(15, 60), st.integers(15, 60)),
    course=courses,
    gap=gaps,
    new_at=st.integers(0, 12),
    is_node=st.booleans(),
)
def test_responses_and_the_best_of_them(
    base: tuple, course: list[tuple], gap: list[int], new_at: int, *, is_node: bool
) -> None:
    days = list(np.cumsum(gap)[: len(course)])
    lesions = frame(base, days, course, new_at, is_node=is_node)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        table = assessments(lesions, RecistParams())
    later = table[~table["is_baseline"].astype(bool)]
    expected = plain_responses(base, course, new_at, is_node=is_node)
    assert later["response"].tolist() == expected
    best = best_response(table, None, BestResponseParams()).iloc[0]
    assert best["response"] == plain_best(days, expected)


@settings(max_examples=60)
@given(
    base=st.tuples(st.integers(15, 60), st.integers(15, 60)),
    course=courses,
    gap=gaps,
    seed=st.randoms(use_true_random=False),
)
def test_order_of_rows_and_names_of_lesions_do_not_matter(base, course, gap, seed) -> None:
    days = list(np.cumsum(gap)[: len(course)])
    lesions = frame(base, days, course, 99, is_node=False)
    order = list(range(len(lesions)))
    seed.shuffle(order)
    other = lesions.iloc[order].replace({"lesion": {"A": "zeta", "B": "alpha"}})
    tables = [assessments(rows, RecistParams()) for rows in (lesions, other)]
    pd.testing.assert_frame_equal(*tables, check_dtype=False)
