"""Trends over best response: the test of each kind of feature, and what has none."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import RESPONSE_TRENDS
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.ordered_groups import trend_of_flags, trend_of_numbers
from storiform.statistics.response_trends import ResponseTrendParams, response_trends

RESPONSE = ["CR"] * 2 + ["PR"] * 7 + ["SD"] * 12 + ["NE"] + ["PD"] * 6
PLACES = np.array([3] * 2 + [2] * 7 + [1] * 12 + [-1] + [0] * 6)


def trends_of(features, clinic, **params) -> pd.DataFrame:
    table = response_trends(features, clinic, ResponseTrendParams(**params))
    return RESPONSE_TRENDS.conform(table).set_index("feature")


def values(seed=4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=28) + 0.8 * PLACES


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(response_trends)
    assert step.products == (RESPONSE_TRENDS,)
    assert (step.section, step.grain) == ("response_trends", "cohort")


def test_number_is_tested_over_the_order_of_those_who_were_evaluable(invented):
    numbers = values()
    numbers[5] = np.nan
    row = trends_of(invented.feature("x.y", numbers), invented.clinic(response=RESPONSE))
    row = row.loc["x.y"]
    known = (PLACES >= 0) & np.isfinite(numbers)
    found = trend_of_numbers(numbers[known], PLACES[known])
    expected = [found.tau, found.lower, found.upper, found.p]
    names = ["effect", "effect_lower", "effect_upper", "p"]
    assert row[names].astype(float).tolist() == pytest.approx(expected, rel=1e-12)
    assert row["effect"] > 0.3
    assert row["effect_lower"] < row["effect"] < row["effect_upper"]
    assert row[["n", "n_missing", "n_cr", "n_pr", "n_sd", "n_pd"]].tolist() == [
        26, 2, 2, 6, 12, 6,
    ]  # fmt: skip
    assert row["median_sd"] == np.median(numbers[9:21])
    plain = kruskal_wallis(numbers[known], PLACES[known]).p
    assert row["kruskal_p"] == pytest.approx(plain, rel=1e-12)
    assert row["test"] == "Jonckheere-Terpstra, exact"


def test_permutations_and_their_seed_are_those_of_the_section(invented):
    tied = np.round(values())
    levels = np.array(list("ABC"))[np.arange(28) % 3]
    features = pd.concat([
        invented.feature("x.tied", tied), invented.feature("x.level", levels, "category"),
    ])  # fmt: skip
    clinic = invented.clinic(response=RESPONSE)
    plain, again = trends_of(features, clinic), trends_of(features, clinic)
    other = trends_of(features, clinic, permutations=1999, seed=7)
    for name in ("x.tied", "x.level"):
        assert plain.loc[name, "p"] == again.loc[name, "p"]
        assert plain.loc[name, "test"].endswith("9,999 permutations")
        assert other.loc[name, "test"].endswith("1,999 permutations")
        hits = other.loc[name, "p"] * 2000
        assert hits == pytest.approx(round(hits), abs=1e-9)
        seeds = {trends_of(features, clinic, seed=s).loc[name, "p"] for s in range(4)}
        assert len(seeds) > 1, "another seed draws other orders"


def test_better_response_is_later_in_the_order(invented):
    clinic = invented.clinic(response=RESPONSE)
    rising = trends_of(invented.feature("x.y", PLACES + np.arange(28) / 100), clinic)
    falling = trends_of(invented.feature("x.y", -PLACES - np.arange(28) / 100), clinic)
    assert rising.loc["x.y", "effect"] > 0.8
    assert falling.loc["x.y", "effect"] == pytest.approx(-rising.loc["x.y", "effect"])
    assert falling.loc["x.y", "p"] == pytest.approx(rising.loc["x.y", "p"])


def test_flag_is_tested_by_its_shares(invented):
    flag = np.isin(np.arange(28), [0, 1, 2, 3, 4, 5, 12, 27])
    row = trends_of(invented.feature("x.y", flag, "flag"), invented.clinic(response=RESPONSE))
    row = row.loc["x.y"]
    known = PLACES >= 0
    found = trend_of_flags(flag[known].astype(float), PLACES[known])
    assert row["p"] == pytest.approx(found.p, rel=1e-12)
    assert row["test"] == "Cochran-Armitage, exact"
    shares = row[["median_pd", "median_sd", "median_pr", "median_cr"]].tolist()
    assert shares == pytest.approx([1 / 6, 1 / 12, 4 / 7, 1.0])


def test_category_of_two_levels_is_a_flag_in_other_words(invented):
    flag = np.isin(np.arange(28), [0, 1, 2, 3, 4, 5, 12, 27])
    labels = np.where(flag, "yes", "no")
    clinic = invented.clinic(response=RESPONSE)
    row = trends_of(invented.feature("x.y", labels, "category"), clinic).loc["x.y"]
    other = trends_of(invented.feature("x.y", flag, "flag"), clinic).loc["x.y"]
    assert (row["kind"], row["note"]) == ("category", "share of yes against no")
    assert row[["p", "effect"]].tolist() == other[["p", "effect"]].tolist()


def test_category_asks_whether_levels_differ_in_response(invented):
    labels = np.array(list("AABBAABBACCCCBCCACCCC") + ["C"] * 7)
    row = trends_of(
        invented.feature("x.y", labels, "category"), invented.clinic(response=RESPONSE)
    ).loc["x.y"]
    known = PLACES >= 0
    plain = kruskal_wallis(PLACES[known].astype(float), labels[known])
    assert row["test"] == "Kruskal-Wallis, 9,999 permutations"
    assert row["p"] == pytest.approx(plain.p, abs=0.01)
    assert row["p"] < 0.05
    assert np.isnan(row["effect"])
    assert row["note"] == "3 levels"


@pytest.mark.parametrize(
    ("feature", "response", "note"),
    [
        (np.ones(28), RESPONSE, "the feature is constant"),
        (np.full(28, np.nan), RESPONSE, "no patient with both feature and best response"),
        (np.arange(28.0), ["SD"] * 27 + ["NE"], "all have SD"),
    ],
)
def test_what_cannot_be_tested_keeps_its_row_and_the_reason(invented, feature, response, note):
    clinic = invented.clinic(response=response)
    row = trends_of(invented.feature("x.y", feature), clinic).loc["x.y"]
    assert row["note"] == note
    assert row[["effect", "p", "q", "kruskal_p"]].isna().all()


def test_q_is_adjusted_within_a_table_or_all(invented):
    clinic = invented.clinic(response=RESPONSE)
    table = trends_of(invented.features(), clinic)
    own = table[table["family"] == "best_response/mcp_counter"]
    np.testing.assert_allclose(own["q"], benjamini_hochberg(own["p"]), rtol=1e-12)
    assert len(own) == 2
    everything = trends_of(invented.features(), clinic, family="all")
    np.testing.assert_allclose(everything["q"], benjamini_hochberg(everything["p"]))


def test_without_a_best_response_nothing_is_tested(invented):
    with pytest.warns(DataWarning, match="no trend"):
        table = trends_of(invented.features(), invented.clinic(response="NE"))
    assert table.empty
