"""Lesions by day become assessments: baseline, nadir, nodes, new lesions, irRC."""

import math
from collections.abc import Sequence

import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.tables.trial import ASSESSMENTS, LESIONS
from storiform.statistics.assessments import assessments
from storiform.statistics.recist import RecistParams

Row = dict[str, object]


def seen(lesion: str, day: float, mm: float | None, across: float | None = None, **more) -> Row:
    """Return one row, of a target lesion in an organ of its own unless told otherwise."""
    return {
        "lesion": lesion, "role": "target", "site": f"organ {lesion}", "day": day,
        "diameter_mm": mm, "perpendicular_mm": across, "is_node": None, "status": None, **more,
    }  # fmt: skip


def judged(rows: Sequence[Row], **params: object) -> pd.DataFrame:
    lesions = LESIONS.conform(pd.DataFrame(list(rows), columns=list(LESIONS.columns)))
    return ASSESSMENTS.conform(assessments(lesions, RecistParams(**params)))


def responses(rows: Sequence[Row], column: str = "response", **params: object) -> list[str]:
    later = judged(rows, **params)
    return later.loc[~later["is_baseline"], column].tolist()


def course(*sizes: float | None) -> list[Row]:
    """Return one target lesion at baseline and every 60 days."""
    return [seen("A", 60.0 * number, size) for number, size in enumerate(sizes)]


def test_sums_and_changes() -> None:
    rows = [seen("A", -10, 60), seen("B", -3, 40), seen("A", 56, 40), seen("B", 56, 20),
            seen("A", 112, 45), seen("B", 112, 30)]  # fmt: skip
    found = judged(rows)
    assert found["day"].tolist() == [-3, 56, 112]
    assert found["is_baseline"].tolist() == [True, False, False]
    assert found["sum_mm"].tolist() == [100, 60, 75]
    assert found["change_percent"].tolist() == [0, -40, -25]
    assert found["nadir_change_percent"].tolist()[1:] == [-40, 25]
    assert found["response"].tolist()[1:] == ["PR", "PD"]  # + 25 % and + 15 mm from the nadir


def test_the_last_size_before_the_first_dose_is_the_baseline() -> None:
    rows = [seen("A", -80, 20), seen("A", 0, 50), seen("A", 60, 36)]
    found = judged(rows)
    assert found["day"].tolist() == [0, 60]
    assert responses(rows) == ["SD"]  # 28 % below 50; nearly twice the first size


def test_a_lesion_not_seen_at_the_last_look_before_keeps_its_earlier_size() -> None:
    rows = [seen("A", -20, 50), seen("A", -1, None, status="NE"), seen("A", 60, 30)]
    assert responses(rows) == ["PR"]


def test_without_a_size_before_the_first_dose_the_first_one_is_the_baseline() -> None:
    with pytest.warns(DataWarning, match="before day 0"):
        found = judged([seen("A", 7, 50), seen("A", 60, 30)])
    assert found["is_baseline"].tolist() == [True, False]
    assert found["response"].tolist()[1] == "PR"


def test_lesions_measured_on_days_near_each_other_are_one_assessment() -> None:
    rows = [seen("A", 0, 50), seen("B", 0, 50), seen("A", 56, 30), seen("B", 59, 30)]
    assert judged(rows)["day"].tolist() == [0, 56]
    assert responses(rows) == ["PR"]
    assert responses(rows, window_days=2) == ["NE", "NE"]


def test_a_lesion_seen_twice_in_the_window_makes_two_assessments() -> None:
    rows = [seen("A", 0, 50), seen("B", 0, 50)]
    rows += [seen(n, day, 30) for day in (56, 60) for n in "AB"]
    assert judged(rows)["day"].tolist() == [0, 56, 60]
    assert responses(rows) == ["PR", "PR"]


def test_lesion_not_measured_makes_no_sum_and_no_nadir() -> None:
    rows = [seen("A", 0, 50), seen("B", 0, 50), seen("A", 60, 10)]
    rows += [seen("A", 120, 50), seen("B", 120, 50)]
    found = judged(rows)
    assert math.isnan(found["sum_mm"].iloc[1])
    assert responses(rows) == ["NE", "SD"]  # of a nadir of 10 it would be PD


def test_progression_is_counted_from_the_smallest_sum_of_all_before() -> None:
    assert responses(course(100, 20, 80, 80, 21)) == ["PR", "PD", "PD", "PR"]


def test_too_small_to_measure_is_five_millimetres() -> None:
    rows = [seen("A", 0, 20), seen("A", 60, None, status="too small")]
    assert judged(rows)["sum_mm"].tolist() == [20, 5]
    assert responses(rows) == ["PR"]
    assert judged(rows, too_small_mm=3)["sum_mm"].tolist() == [20, 3]


def test_nodes_are_gone_below_ten_millimetres_and_back_above() -> None:
    rows = [seen("N", day, mm, is_node=True) for day, mm in ((0, 20), (60, 8), (120, 9.5))]
    assert responses(rows) == ["CR", "CR"]
    rows.append(seen("N", 180, 12, is_node=True))
    assert responses(rows) == ["CR", "CR", "PD"]
    assert responses(rows, reappearance="PR") == ["CR", "CR", "PR"]  # 12 of 8: 4 mm are few


def test_disease_after_a_complete_response_is_progression() -> None:
    rows = course(30, 0, 3, 3, 0)
    assert responses(rows) == ["CR", "PD", "PD", "CR"]
    assert responses(rows, reappearance="PR") == ["CR", "PR", "PR", "CR"]


def test_new_lesion_is_progression_from_then_on() -> None:
    rows = [*course(50, 20, 20, 20), seen("X", 120, 12, role="new")]
    assert responses(rows) == ["PR", "PD", "PD"]
    assert judged(rows)["has_new_lesion"].tolist() == [False, False, True, True]


@pytest.mark.parametrize("more", [{"status": "NE"}, {"diameter_mm": 0.0}, {"status": "CR"}])
def test_new_lesion_that_is_not_certain_or_not_there_is_none(more: Row) -> None:
    rows = [*course(50, 20, 20), seen("X", 120, None, role="new") | more]
    assert responses(rows) == ["PR", "PR"]


def test_new_lesion_without_a_size_or_status_is_not_seen_until_it_has_one(
    recwarn: pytest.WarningsRecorder,
) -> None:
    for empty in ((0, 60), (60,)):
        rows = both((50, 40), (50, 40), (50, 40), (50, 40))
        rows += [seen("X", day, None, role="new") for day in empty]
        rows += [seen("X", 120, 12, 10, role="new"), seen("X", 180, None, role="new")]
        assert responses(rows) == ["SD", "PD", "PD"]
        assert responses(rows, "ir_response") == ["irSD", "irSD", "NE"]
        assert judged(rows)["sum_products_mm2"].tolist()[:3] == [2000, 2000, 2120]
    assert not recwarn.list
    rows = [*course(50, 50), seen("X", 60, None, role="new", status="non-CR/non-PD")]
    assert responses(rows) == ["PD"]


def test_new_lesion_listed_without_a_size_or_status_on_any_day_is_seen_and_told() -> None:
    rows = [*course(50, 50, 50), seen("X", 120, None, role="new")]
    with pytest.warns(
        DataWarning, match="are taken as seen on the days that list them: X; leave"
    ):
        assert responses(rows) == ["SD", "PD"]


def test_new_lesion_that_was_there_at_baseline_is_told_and_ignored() -> None:
    rows = [*course(50, 20), *(seen("X", day, 8, role="new") for day in (0, 60))]
    with pytest.warns(DataWarning, match="there at baseline: X"):
        found = judged(rows)
    assert found["response"].tolist()[1] == "PR"


def other(day: float, status: str | None, name: str = "O", **more: object) -> Row:
    return seen(name, day, None, role="non-target", status=status, **more)


@pytest.mark.parametrize(
    ("status", "response"),
    [("CR", "CR"), ("non-CR/non-PD", "PR"), ("NE", "PR"), ("PD", "PD"), (None, "PR")],
)
def test_non_target_lesions_limit_a_complete_response(status: str, response: str) -> None:
    rows = [*course(30, 0), other(0, "non-CR/non-PD"), other(60, status)]
    assert responses(rows) == [response]


def test_non_target_lesion_without_a_row_was_not_evaluated() -> None:
    rows = [*course(30, 0), other(0, "non-CR/non-PD")]
    assert judged(rows)["non_target_response"].tolist()[1] == "NE"


def test_non_target_lesion_without_a_status_is_judged_by_its_size() -> None:
    rows = [*course(30, 0), other(0, None), other(60, None) | {"diameter_mm": 0.0}]
    assert responses(rows) == ["CR"]


def test_non_target_disease_alone_is_neither_stable_nor_progressive() -> None:
    rows = [other(0, "non-CR/non-PD"), other(60, "non-CR/non-PD"), other(120, "PD")]
    assert responses(rows) == ["non-CR/non-PD", "PD"]
    assert judged(rows)["sum_mm"].isna().all()


def test_target_lesions_beyond_the_guideline_are_told_and_counted() -> None:
    rows = [seen(n, day, 20, site="lung") for n in "ABC" for day in (0, 60)]
    with pytest.warns(DataWarning, match="3 target lesions of lung, 2 at most"):
        found = judged(rows)
    assert found["sum_mm"].tolist() == [60, 60]
    rows = [seen(n, day, 20) for n in "ABCDEF" for day in (0, 60)]
    with pytest.warns(DataWarning, match="6 target lesions, 5 at most"):
        judged(rows)


def test_target_lesion_that_could_not_be_measured_at_baseline_is_told_and_left_out() -> None:
    rows = [*course(50, 30), seen("B", 60, 90)]
    with pytest.warns(DataWarning, match="not measured at baseline are not counted: B"):
        found = judged(rows)
    assert found["sum_mm"].tolist() == [50, 30]


def test_small_target_lesions_are_told() -> None:
    with pytest.warns(DataWarning, match="not measurable by RECIST 1.1: A"):
        judged(course(8, 8))
    with pytest.warns(DataWarning, match="not measurable by RECIST 1.1: A"):
        judged([seen("A", day, 14, is_node=True) for day in (0, 60)])


def test_no_lesions_make_no_assessments() -> None:
    assert judged([]).empty


def both(*sizes: tuple[float | None, float | None]) -> list[Row]:
    return [seen("A", 60.0 * n, *size) for n, size in enumerate(sizes)]


def test_irrc_counts_products_of_two_diameters() -> None:
    rows = both((40, 30), (30, 20), (30, 25), (0, 0))
    found = judged(rows)
    assert found["sum_products_mm2"].tolist() == [1200, 600, 750, 0]
    assert found["ir_change_percent"].tolist() == [0, -50, -37.5, -100]
    assert responses(rows, "ir_response") == ["irPR", "irPD", "irCR"]  # 750 is + 25 % of 600


def test_new_lesion_adds_to_the_burden_and_is_no_irpd_by_itself() -> None:
    rows = [*both((40, 30), (20, 20)), seen("X", 60, 10, 10, role="new")]
    assert judged(rows)["sum_products_mm2"].tolist() == [1200, 500]
    assert responses(rows, "ir_response") == ["irPR"]
    assert responses(rows) == ["PD"]
    rows[-1] |= {"diameter_mm": 4.0}  # not measurable, below 5 x 5 mm
    assert judged(rows)["sum_products_mm2"].tolist() == [1200, 400]


def test_new_lesion_that_cannot_be_measured_hinders_only_an_ircr() -> None:
    for status in ("non-CR/non-PD", "too small"):
        rows = [*both((40, 30), (0, 0)), seen("X", 60, None, role="new", status=status)]
        assert responses(rows, "ir_response") == ["irPR"]
        assert judged(rows)["sum_products_mm2"].tolist() == [1200, 0]


def test_new_lesion_once_measured_and_then_not_leaves_the_burden_unknown() -> None:
    rows = [*both((40, 30), (20, 20), (20, 20)), seen("X", 60, 10, 10, role="new")]
    assert responses(rows, "ir_response") == ["irPR", "NE"]


def test_without_a_second_diameter_there_is_no_irrc() -> None:
    found = judged(course(40, 20))
    assert found["ir_response"].isna().all()
    assert found["sum_products_mm2"].isna().all()
    assert responses(both((40, 30), (20, None)), "ir_response") == ["NE"]
    assert responses(both((40, 30), (0, None)), "ir_response") == ["irCR"]


def test_non_target_disease_hinders_an_ircr() -> None:
    rows = [*both((40, 30), (0, 0)), other(60, "non-CR/non-PD")]
    assert responses(rows, "ir_response") == ["irPR"]
