"""What was tested, so that no result is read without the number of tests behind it."""

import pandas as pd

from storiform.model.tables.differential import DifferentialExpression, Gsea
from storiform.model.tables.outcomes import (
    NUMBER_OF_TESTS,
    Associations,
    NumberOfTests,
    Survival,
)
from storiform.model.tables.trial_tables import (
    Correlations,
    Hazards,
    Odds,
    ResponseTrends,
)

_P, _Q = 0.05, 0.1


def number_of_tests(  # noqa: PLR0913, PLR0917  a step
    associations: Associations | None,
    survival: Survival | None,
    hazards: Hazards | None,
    correlations: Correlations | None,
    odds: Odds | None = None,
    response_trends: ResponseTrends | None = None,
    differential_expression: DifferentialExpression | None = None,
    gsea: Gsea | None = None,
) -> NumberOfTests:
    """Count the tests of each kind, outcome and family.

    A test of several groups or terms with one p counts once.

    Parameters
    ----------
    associations, survival, hazards, correlations, odds, response_trends, gsea
        The tables of tests that the run made.
    differential_expression
        Tests of each gene; gene sets are of its population.

    Returns
    -------
    NumberOfTests
        One row per table, outcome and family; of the whole cohort, which is not compared,
        there is none.
    """
    parts: list[pd.DataFrame] = []
    if associations is not None:
        parts.append(_tests(associations, "associations", "feature"))
    if survival is not None:
        compared = survival[survival["feature"] != "all"]
        parts.append(_tests(compared, "survival", "feature"))
    for name, models in (("hazards", hazards), ("odds", odds)):
        if models is not None:
            parts.append(_tests(models.assign(test=_terms(models)), name, "test"))
    if response_trends is not None:
        trends = response_trends.assign(outcome="best_response")
        parts.append(_tests(trends, "response_trends", "feature"))
    if correlations is not None:
        pairs = correlations.assign(
            test=correlations["x"] + " " + correlations["y"],
            p=correlations["pearson_p"],
            outcome="",
        )
        parts.append(_tests(pairs, "correlations", "test"))
    parts += _of_genes(differential_expression, gsea)
    filled = [part for part in parts if len(part)]
    if not filled:
        return NUMBER_OF_TESTS.empty()
    tests = pd.concat(filled)
    tests = tests.assign(
        has_p=tests["p"].notna(), is_low=tests["p"] < _P, is_found=tests["q"] < _Q
    )
    counted = tests.groupby(["table", "outcome", "family"], as_index=False).agg(
        features=("p", "size"),
        tested=("has_p", "sum"),
        p_below_05=("is_low", "sum"),
        q_below_10=("is_found", "sum"),
        population=("population", "first"),
    )
    counted["untested"] = counted["features"] - counted["tested"]
    counted["expected_below_05"] = _P * counted["tested"]
    return counted


def _of_genes(genes: pd.DataFrame | None, sets: pd.DataFrame | None) -> list[pd.DataFrame]:
    """Return the tests of genes and of gene sets, each contrast a family."""
    population = "all"
    parts: list[pd.DataFrame] = []
    if genes is not None and len(genes):
        population = str(genes["population"].iloc[0])
        parts.append(_of_contrasts(genes, "differential_expression", "gene", population))
    if sets is not None and len(sets):
        parts.append(_of_contrasts(sets, "gsea", "gene_set", population))
    return parts


def _of_contrasts(frame: pd.DataFrame, table: str, name: str, population: str) -> pd.DataFrame:
    named = frame.assign(
        outcome=frame["contrast"], family=frame["contrast"], population=population
    )
    return _tests(named, table, name)


def _terms(models: pd.DataFrame) -> pd.Series:
    return models["model"].astype(str) + " " + models["term"].astype(str)


def _tests(frame: pd.DataFrame, table: str, name: str) -> pd.DataFrame:
    """Return one row per test of a table."""
    once = frame.drop_duplicates(["outcome", name])
    made = once[["outcome", "family", "population", "p", "q"]].assign(table=table)
    return made.astype({"outcome": object, "family": object}).fillna(
        {"outcome": "", "family": ""}
    )
