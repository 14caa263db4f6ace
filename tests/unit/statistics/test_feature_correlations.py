"""Pairs of numbers over the patients."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import CORRELATIONS
from storiform.statistics.feature_correlations import FeatureCorrelationsParams, correlations


@pytest.fixture
def cohort(invented):
    rng = np.random.default_rng(3)
    b = rng.normal(size=28)
    cd20 = b + rng.normal(size=28)
    cd20[[2, 9]] = np.nan
    return pd.concat(
        [
            invented.feature("mcp_counter.b", b),
            invented.feature("mcp_counter.t", rng.normal(size=28)),
            invented.feature("measurements.CD20", cd20),
            invented.feature("measurements.same", np.ones(28)),
            invented.feature("measurements.flag", np.arange(28) % 2, "flag"),
        ],
        ignore_index=True,
    )


def compared(features, **params) -> pd.DataFrame:
    made = correlations(features, FeatureCorrelationsParams(**params))
    return CORRELATIONS.conform(made).set_index(["x", "y"])


def test_every_score_is_compared_with_every_measurement(cohort):
    table = compared(cohort)
    assert len(table) == 4
    assert set(table["family"]) == {"mcp_counter x measurements"}
    values = cohort.pivot_table(index="patient", columns="feature", values="value")
    both = values[["mcp_counter.b", "measurements.CD20"]].dropna()
    row = table.loc["mcp_counter.b", "measurements.CD20"]
    expected = stats.pearsonr(both.iloc[:, 0], both.iloc[:, 1])
    interval = expected.confidence_interval()
    assert (row["n"], row["n_missing"]) == (26, 2)
    assert row["pearson"] == pytest.approx(expected.statistic, rel=1e-12)
    assert row["pearson_p"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert row["pearson_lower"] == pytest.approx(interval.low, rel=1e-9)
    assert row["pearson_upper"] == pytest.approx(interval.high, rel=1e-9)
    ranked = stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic
    assert row["spearman"] == pytest.approx(ranked, rel=1e-12)
    q = stats.false_discovery_control(table["pearson_p"].dropna())
    assert sorted(table["q"].dropna()) == pytest.approx(sorted(q))


def test_a_constant_is_no_pair_and_says_so(cohort):
    row = compared(cohort).loc["mcp_counter.b", "measurements.same"]
    assert np.isnan(row["pearson_p"])
    assert row["note"] == "one of them is constant"


def test_named_pairs_are_a_family_and_come_once(cohort):
    with pytest.warns(DataWarning, match=r"no number x\.z"):
        table = compared(
            cohort,
            pairs=[("mcp_counter.b", "measurements.CD20"), ("x.z", "mcp_counter.b")],
        )
    assert table.loc["mcp_counter.b", "measurements.CD20"]["family"] == "pairs"
    assert len(table) == 4


def test_a_table_with_itself_gives_each_pair_once(cohort):
    table = compared(cohort, tables=[("mcp_counter", "mcp_counter")])
    assert list(table.index) == [("mcp_counter.b", "mcp_counter.t")]


def test_without_measurements_there_is_an_empty_table(invented):
    assert compared(invented.features()).empty
    assert Step.of(correlations).grain == "cohort"
