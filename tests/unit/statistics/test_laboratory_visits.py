"""Laboratory values by visit, against the same in plain loops."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.trial import LABORATORY
from storiform.model.tables.trial_tables import LABORATORY_VISITS
from storiform.statistics.laboratory_visits import LaboratoryVisitsParams, laboratory_visits


def laboratory(*rows):
    """Return values of ALT: patient, day, value, unit, limits."""
    columns = ["patient", "day", "value", "unit", "lower_limit", "upper_limit"]
    table = pd.DataFrame(list(rows), columns=columns).assign(test="ALT")
    return LABORATORY.conform(table, ("patient",))


def visits(table, **params):
    made = laboratory_visits(table, LaboratoryVisitsParams(**params))
    return LABORATORY_VISITS.conform(made)


def test_last_value_before_the_first_dose_is_visit_zero():
    table = visits(laboratory(
        ("P1", -40.0, 10.0, "U/L", np.nan, np.nan), ("P1", -3.0, 20.0, "U/L", np.nan, np.nan),
        ("P1", 1.0, 99.0, "U/L", np.nan, np.nan),
    ))  # fmt: skip
    assert table["visit"].tolist() == [0, 1]
    assert table["median"].tolist() == [20.0, 99.0]


def test_patient_counts_once_at_a_visit_with_the_nearest_value():
    table = visits(laboratory(
        ("P1", 20.0, 1.0, "U/L", np.nan, np.nan), ("P1", 27.0, 2.0, "U/L", np.nan, np.nan),
        ("P1", 29.0, 3.0, "U/L", np.nan, np.nan), ("P2", 41.0, 7.0, "U/L", np.nan, np.nan),
    ))  # fmt: skip
    assert table[["visit", "n", "median", "day"]].to_numpy().tolist() == [[1, 2, 5.0, 28.0]]


def test_values_beyond_their_own_limits_are_counted():
    table = visits(laboratory(
        ("P1", 0.0, 50.0, "U/L", 10.0, 40.0), ("P2", 0.0, 50.0, "U/L", 10.0, 60.0),
        ("P3", 0.0, 5.0, "U/L", 10.0, np.nan), ("P4", 0.0, 5.0, "U/L", np.nan, np.nan),
    ))  # fmt: skip
    row = table.iloc[0]
    assert (row["n"], row["n_limits"], row["n_below"], row["n_above"]) == (4, 3, 1, 1)


def test_units_are_summarised_alone_and_missing_values_left_out():
    table = visits(laboratory(
        ("P1", 0.0, 5.0, "U/L", np.nan, np.nan), ("P2", 0.0, 90.0, None, np.nan, np.nan),
        ("P3", 0.0, np.nan, "U/L", np.nan, np.nan),
    ))  # fmt: skip
    assert table[["unit", "n", "median"]].to_numpy().tolist() == [["", 1, 90], ["U/L", 1, 5]]


@pytest.mark.parametrize("days", [7.0, 21.0, 28.0])
def test_quartiles_are_those_of_plain_loops(days):
    draw = np.random.default_rng(int(days))
    found = {
        (f"P{p}", float(d)): float(draw.normal(30, 9))
        for p in range(9)
        for d in draw.integers(-30, 120, 7)
    }
    table = visits(
        laboratory(*[(p, d, v, "U/L", np.nan, 35.0) for (p, d), v in found.items()]),
        visit_days=days,
    )
    nearest = {}
    for (patient, day), value in sorted(found.items()):
        visit = 0 if day <= 0 else max(1, int(day / days + 0.5))
        away = abs(day - visit * days)
        if (patient, visit) not in nearest or away <= nearest[patient, visit][0]:
            nearest[patient, visit] = away, value
    for row in table.itertuples():
        own = [value for (_, visit), (_, value) in nearest.items() if visit == row.visit]
        assert row.n == len(own)
        assert row.n_above == sum(value > 35.0 for value in own)
        wanted = np.quantile(own, [0.25, 0.5, 0.75])
        np.testing.assert_allclose(
            [row.lower_quartile, row.median, row.upper_quartile], wanted, rtol=1e-12
        )
    assert set(table["visit"]) == {visit for _, visit in nearest}


def test_no_values_make_an_empty_table():
    assert visits(LABORATORY.conform(LABORATORY.empty().assign(patient=[]), ("patient",))).empty
