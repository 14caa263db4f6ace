"""Cox models give the numbers of R's survival 3.5-3 (survival_golden.R, cox_golden.R).

R's answers are stored with twelve significant digits. We take R's steps and stop where it
stops, so all agree to 1e-10 relative; 1e-9 leaves room for another processor's rounding.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from storiform.statistics.concordance import concordance
from storiform.statistics.cox import CoxFit, fit_cox
from storiform.statistics.kaplan_meier import kaplan_meier
from storiform.statistics.proportional_hazards import proportionality
from storiform.statistics.risk_sets import RiskSets, risk_sets

HERE = Path(__file__).parent
RELATIVE = 1e-9
MODEL = ["dataset", "ties", "formula", "strata"]


def answers(name: str) -> pd.DataFrame:
    """Return a file of R's answers, one row per model and term."""
    table = pd.read_csv(HERE / name, sep="\t")
    if "strata" not in table:
        table["strata"] = ""
    table["strata"] = table["strata"].fillna("")
    return table.drop_duplicates([*MODEL, "term"])


PLAIN, TERMS = answers("coxph.tsv"), answers("cox_terms.tsv")
CASES = [
    pytest.param(rows, id="-".join(model))
    for table in (PLAIN, TERMS)
    for model, rows in table.groupby(MODEL)
]


class Model(NamedTuple):
    """A model of R's, fitted by us."""

    time: np.ndarray
    event: np.ndarray
    stratum: np.ndarray | None
    sets: RiskSets
    columns: np.ndarray
    fit: CoxFit


def fitted(rows: pd.DataFrame) -> Model:
    """Fit the model of R's rows to the same patients."""
    told = rows.iloc[0]
    covariates = told["formula"].split("+")
    needed = ["time", "event", *covariates] + ([told["strata"]] if told["strata"] else [])
    path = HERE / "inputs" / f"surv_{told['dataset']}.tsv"
    patients = pd.read_csv(path, sep="\t", dtype={"group": str}).dropna(subset=needed)
    columns = []
    for term in rows["term"]:
        name = next(name for name in covariates if term.startswith(name))
        level = term[len(name) :]
        columns.append(patients[name] == level if level else patients[name])
    x = np.column_stack(columns).astype(float)
    stratum = pd.factorize(patients[told["strata"]])[0] if told["strata"] else None
    time, event = patients["time"].to_numpy(float), patients["event"].to_numpy() == 1
    sets = risk_sets(time, event, stratum, told["ties"])
    return Model(time, event, stratum, sets, x, fit_cox(sets, x))


def equal(ours, theirs) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=0)


@pytest.mark.parametrize("rows", CASES)
def test_coefficients_errors_and_p_are_those_of_r(rows):
    model = fitted(rows)
    assert (len(model.time), model.event.sum()) == tuple(rows[["n", "nevent"]].iloc[0])
    equal(model.fit.coefficient, rows["coef"])
    equal(model.fit.se, rows["se"])
    equal(model.fit.p, rows["p"])
    assert model.fit.is_converged
    assert not model.fit.is_diverging.any()


@pytest.mark.parametrize("rows", [rows for _, rows in PLAIN.groupby(MODEL)])
def test_ratios_with_their_intervals_are_those_of_r(rows):
    fit = fitted(rows).fit
    equal(np.exp(fit.coefficient), rows["hr"])
    equal(fit.coefficient / fit.se, rows["z"])
    equal(np.exp(fit.interval[0]), rows["lcl"])
    equal(np.exp(fit.interval[1]), rows["ucl"])


@pytest.mark.parametrize("rows", CASES)
def test_likelihoods_and_the_three_tests_are_those_of_r(rows):
    fit, told = fitted(rows).fit, rows.iloc[0]
    equal(fit.log_likelihood_null, told["loglik0"])
    equal(fit.log_likelihood, told["loglik1"])
    equal(fit.likelihood_ratio.p, told["lrt_p"])
    equal(fit.wald.p, told["wald_p"])
    equal(fit.score.p, told["score_p"])
    assert fit.score.df == len(rows)


@pytest.mark.parametrize("rows", CASES)
def test_concordance_and_its_error_are_those_of_r(rows):
    model = fitted(rows)
    score = (model.columns * model.fit.coefficient).sum(axis=1)
    found = concordance(model.time, model.event, score, model.stratum)
    equal(found, rows[["concordance", "concordance_se"]].iloc[0].to_numpy(float))


@pytest.mark.parametrize("rows", CASES)
def test_test_of_proportional_hazards_is_that_of_r(rows):
    model = fitted(rows)
    curve = kaplan_meier(model.time, model.event)
    everything = range(len(rows))
    terms = [everything]
    if "covariate" in rows and rows["covariate"].notna().all():
        terms += [np.flatnonzero(rows["covariate"] == name) for name in rows["covariate"]]
    found = proportionality(model.sets, model.columns, model.fit.coefficient, curve, terms)
    equal(found[0].p, rows["zph_global_p"].iloc[0])
    if len(found) > 1:
        equal([test.statistic for test in found[1:]], rows["zph_chisq"])
        equal([test.p for test in found[1:]], rows["zph_p"])
        assert [test.df for test in found[1:]] == rows["zph_df"].tolist()
