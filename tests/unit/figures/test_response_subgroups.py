"""Response rates by subgroup, that of all patients on top."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.response_subgroups import ResponseSubgroupsParams, response_subgroups
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import RESPONSE_RATES
from storiform.statistics.response_rates import ResponseRateParams, response_rates


def rate(subgroup, level, count, n, **columns):
    row = {
        "criterion": "RECIST 1.1", "subgroup": subgroup, "level": level, "measure": "ORR",
        "population": "efficacy", "n": n, "count": count,
        "percent": 100.0 * count / n if n else np.nan, "lower_percent": 1.0,
        "upper_percent": 99.0,
    }  # fmt: skip
    return {**row, **columns}


def conformed(rows):
    return RESPONSE_RATES.conform(pd.DataFrame(rows))


def words_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def points(figure):
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    placed = [(float(line.get_ydata()[0]), float(line.get_xdata()[0])) for line in squares]
    return [percent for _, percent in sorted(placed)]


RATES = [
    rate("histology", "LMS", 1, 10),
    rate("all", "all", 14, 46, lower_percent=17.7, upper_percent=45.8),
    rate("histology", "ASPS", 4, 6),
    rate("histology", "UPS", 9, 30),
    rate("sex", "female", 7, 20),
    rate("sex", "unknown", 0, 0),
]


def test_all_patients_stand_on_top_and_levels_by_size():
    figure = response_subgroups(conformed(RATES), ResponseSubgroupsParams())
    np.testing.assert_allclose(points(figure), [1400 / 46, 30.0, 10.0, 400 / 6, 35.0])
    words = words_of(figure)
    assert words[words.index("All patients") :][:3] == [
        "All patients", "14/46", "30.4 (17.7\N{EN DASH}45.8)",
    ]  # fmt: skip
    levels = [word.strip() for word in words if word.startswith("   ")]
    assert levels == ["UPS", "LMS", "ASPS", "female"]
    assert figure.get_supxlabel() == "N = 46 patients, efficacy population; no test"


def test_grey_line_is_the_rate_of_all():
    figure = response_subgroups(conformed(RATES), ResponseSubgroupsParams())
    vertical = [line for line in figure.axes[0].lines if len(set(line.get_xdata())) == 1]
    assert vertical[0].get_xdata()[0] == pytest.approx(1400 / 46)


def test_small_levels_beyond_the_number_are_told():
    figure = response_subgroups(conformed(RATES), ResponseSubgroupsParams(levels=2))
    assert "smaller levels, in the table alone: 1" in figure.get_supxlabel()
    assert "   ASPS" not in words_of(figure)


def test_interval_that_is_missing_is_open():
    rows = [rate("all", "all", 1, 2, lower_percent=np.nan, upper_percent=np.nan)]
    figure = response_subgroups(conformed(rows), ResponseSubgroupsParams())
    assert "50.0" in words_of(figure)
    assert [line.get_marker() for line in figure.axes[0].lines[1:]] == ["None", "<", ">", "s"]


@pytest.mark.parametrize("count", [8, 46, 500])
def test_rates_of_a_cohort_are_readable(trial, faults_of, count):
    clinic = trial.clinic(count)
    made = response_rates(clinic, None, None, ResponseRateParams())
    table = RESPONSE_RATES.conform(made[0])
    figure = response_subgroups(table, ResponseSubgroupsParams())
    assert faults_of(figure) == []
    assert points(figure)[0] == pytest.approx(
        100.0 * clinic["responded"].fillna(value=False).mean(), abs=10
    )


def test_other_criterion_or_measure_is_asked_for():
    rows = [*RATES, rate("all", "all", 5, 40, criterion="irRC", measure="DCR")]
    params = ResponseSubgroupsParams(criterion="irRC", measure="DCR")
    figure = response_subgroups(conformed(rows), params)
    assert points(figure) == [12.5]
    with pytest.raises(NothingToShow, match="irRC"):
        response_subgroups(conformed(RATES), ResponseSubgroupsParams(criterion="irRC"))
