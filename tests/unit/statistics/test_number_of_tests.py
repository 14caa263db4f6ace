"""No result without the number of tests behind it."""

import numpy as np
import pandas as pd

from storiform.model.tables.outcomes import ASSOCIATIONS, NUMBER_OF_TESTS, SURVIVAL
from storiform.model.tables.trial_tables import CORRELATIONS, HAZARDS
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.number_of_tests import number_of_tests
from storiform.statistics.odds import OddsParams, odds
from storiform.statistics.response_trends import ResponseTrendParams, response_trends
from storiform.statistics.survival import SurvivalParams, survival


def counted(*tables) -> pd.DataFrame:
    made = NUMBER_OF_TESTS.conform(number_of_tests(*tables))
    return made.set_index(["table", "outcome", "family"])


def test_each_feature_counts_once_in_its_family(invented):
    features, clinic = invented.features(), invented.clinic()
    tests = associations(features, clinic, AssociationParams())
    curves = survival(features, clinic, SurvivalParams()).survival
    table = counted(tests, curves, None, None)
    row = table.loc["associations", "responded", "responded/mcp_counter"]
    own = tests[tests["family"] == "responded/mcp_counter"]
    assert row["tested"] == own["p"].notna().sum() == 2
    assert row["expected_below_05"] == 0.1
    assert row["p_below_05"] == (own["p"] < 0.05).sum()
    of_pfs = curves[(curves["outcome"] == "pfs") & (curves["feature"] != "all")]
    total = table.loc["survival", "pfs"][["tested", "untested"]].sum().sum()
    assert total == of_pfs["feature"].nunique()


def test_tests_without_p_are_counted_apart():
    rows = pd.DataFrame({
        "outcome": ["pfs", "pfs", "pfs"], "model": ["a.b", "a.c", "a.c"],
        "term": ["a.b", "a.c:x", "a.c:y"], "p": [0.01, np.nan, 0.2], "q": [0.03, np.nan, 0.3],
        "family": ["pfs/a"] * 3, "population": "safety",
    })  # fmt: skip
    row = counted(None, None, rows, None).loc["hazards", "pfs", "pfs/a"]
    assert row[["features", "tested", "untested"]].tolist() == [3, 2, 1]
    assert row[["p_below_05", "q_below_10"]].tolist() == [1, 1]


def test_genes_and_gene_sets_are_tests_of_their_contrast():
    genes = pd.DataFrame({
        "contrast": ["responded"] * 3, "gene": ["A", "B", "C"], "p": [0.001, 0.2, np.nan],
        "q": [0.002, 0.2, np.nan], "population": "efficacy",
    })  # fmt: skip
    sets = pd.DataFrame({
        "contrast": ["responded"], "gene_set": ["S"], "p": [0.5], "q": [0.5],
    })  # fmt: skip
    table = counted(None, None, None, None, None, None, genes, sets)
    row = table.loc["differential_expression", "responded", "responded"]
    assert row[["tested", "untested", "p_below_05", "q_below_10"]].tolist() == [2, 1, 1, 1]
    assert table.loc["gsea", "responded", "responded"][["tested", "population"]].tolist() == [
        1, "efficacy",
    ]  # fmt: skip


def test_pairs_of_numbers_are_tests_without_an_outcome():
    rows = pd.DataFrame({
        "x": ["a.b"], "y": ["c.d"], "pearson_p": [0.2], "q": [0.2], "family": ["a x c"],
        "population": ["all"],
    })  # fmt: skip
    assert counted(None, None, None, rows).loc["correlations", "", "a x c"]["tested"] == 1


def test_terms_of_odds_and_trends_over_best_response_count(invented):
    features, clinic = invented.features(), invented.clinic()
    models = odds(features, clinic, None, OddsParams(multivariable=("tmb.tmb",)))
    trends = response_trends(features, clinic, ResponseTrendParams())
    table = counted(None, None, None, None, models, trends)
    own = models[models["outcome"] == "responded"]
    of_table = table.loc["odds", "responded"]
    assert of_table["tested"].sum() == own["p"].notna().sum()
    assert of_table.loc["multivariable", "tested"] == 1
    row = table.loc["response_trends", "best_response", "best_response/mcp_counter"]
    assert row[["features", "tested"]].tolist() == [2, 2]
    scores = trends[trends["feature"].str.startswith("mcp_counter.")]
    assert row["p_below_05"] == (scores["p"] < 0.05).sum() == 1


def test_of_nothing_there_is_an_empty_table():
    assert counted(None, None, None, None).empty
    empty = ASSOCIATIONS.empty(), SURVIVAL.empty(), HAZARDS.empty(), CORRELATIONS.empty()
    assert counted(*empty).empty
