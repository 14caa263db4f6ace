"""Odds of the cohort: units, strata, separation, what can't be fitted, and searched models."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning, InputError
from storiform.model.step import Step
from storiform.model.tables.trial_tables import ODDS
from storiform.statistics.conditional_logistic import fit_conditional
from storiform.statistics.gathered import benefit_of
from storiform.statistics.logistic import fit_logistic
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.odds import OddsParams, odds

ESTIMATES = ["coefficient", "se", "odds_ratio", "lower", "upper", "p", "q", "auc"]
RESPONDED = (np.arange(28) < 9).astype(float)


def estimated(features, clinic, facts=None, **params) -> pd.DataFrame:
    """Fit as R's `glm` does unless told otherwise."""
    chosen = OddsParams(**{"always_penalised": False, **params})
    table = ODDS.conform(odds(features, clinic, facts, chosen))
    return table.set_index(["outcome", "model", "term"])


def scattered(seed=3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=28) + RESPONDED


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(odds)
    assert step.products == (ODDS,)
    assert (step.section, step.grain) == ("odds", "cohort")


def test_number_counts_per_standard_deviation_of_the_patients_in_the_model(invented):
    clinic, values = invented.clinic(), scattered()
    values[3] = np.nan
    clinic.loc[20, "responded"] = pd.NA
    row = estimated(invented.feature("x.y", values), clinic).loc["responded", "x.y", "x.y"]
    kept = np.delete(np.arange(28), [3, 20])
    scaled = values[kept, None] / values[kept].std(ddof=1)
    fit = fit_logistic(scaled, RESPONDED[kept])
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert row["odds_ratio"] == pytest.approx(np.exp(fit.coefficient[0]), rel=1e-9)
    assert row["p"] == pytest.approx(fit.likelihood_ratio.p, rel=1e-6)
    assert row["model_p"] == pytest.approx(fit.likelihood_ratio.p, rel=1e-9)
    bounds = np.exp([fit.around.lower[0], fit.around.upper[0]])
    assert [row["lower"], row["upper"]] == pytest.approx(bounds, rel=1e-9)
    assert (row["n"], row["n_missing"], row["n_positive"]) == (26, 2, 8)
    assert row["unit_of_term"].startswith("1 sd (")
    assert row["method"] == "maximum likelihood"
    pairs = scaled[RESPONDED[kept] == 1.0] - scaled[RESPONDED[kept] == 0.0].T
    assert row["auc"] == pytest.approx((pairs > 0).mean())


def test_flag_has_the_odds_ratio_of_its_table(invented):
    flag = np.isin(np.arange(28), [0, 1, 2, 3, 4, 10, 11, 12])
    row = estimated(invented.feature("x.y", flag, "flag"), invented.clinic())
    row = row.loc["responded", "x.y", "x.y"]
    assert row["odds_ratio"] == pytest.approx(5 * 16 / (3 * 4), rel=1e-6)
    assert (row["reference"], row["unit_of_term"]) == ("no", "yes v. no")


def test_clinical_benefit_is_that_of_the_other_steps(invented):
    clinic, values = invented.clinic(), scattered()
    row = estimated(invented.feature("x.y", values), clinic, benefit_months=9.0)
    row = row.loc["clinical_benefit", "x.y", "x.y"]
    benefit = benefit_of(clinic, pd.Index(invented.PATIENTS), 9.0)
    known = ~np.isnan(benefit)
    assert (row["n"], row["n_positive"]) == (known.sum(), np.nansum(benefit))
    fit = fit_logistic(values[known, None] / values[known].std(ddof=1), benefit[known])
    assert row["p"] == pytest.approx(fit.likelihood_ratio.p, rel=1e-6)


def test_separated_groups_get_the_penalised_fit_and_say_so(invented):
    flag = np.arange(28) < 5
    row = estimated(invented.feature("x.y", flag, "flag"), invented.clinic())
    row = row.loc["responded", "x.y", "x.y"]
    assert row["odds_ratio"] == pytest.approx(5.5 * 19.5 / (0.5 * 4.5), rel=1e-7)
    assert row["method"] == "maximum likelihood, Firth's penalty: groups separate"
    assert row["note"] == "groups separate"
    assert np.isfinite(row["upper"])


def test_every_fit_is_penalised_by_default(invented):
    values = scattered()
    features, clinic = invented.feature("x.y", values), invented.clinic()
    chosen = {"always_penalised": OddsParams().always_penalised}
    row = estimated(features, clinic, **chosen).loc["responded", "x.y", "x.y"]
    fit = fit_logistic(values[:, None] / values.std(ddof=1), RESPONDED, is_penalised=True)
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert (row["method"], row["note"]) == ("maximum likelihood, Firth's penalty", "")


@pytest.mark.parametrize(("few", "which"), [(2, "with"), (26, "without")])
def test_two_patients_are_too_few_for_a_fit_without_penalty(invented, few, which):
    responded = pd.array(np.arange(28) * 11 % 28 < few, dtype="boolean")
    row = estimated(invented.feature("x.y", scattered()), invented.clinic(responded=responded))
    row = row.loc["responded", "x.y", "x.y"]
    assert row["note"].startswith(f"fewer than 3 patients {which} the outcome")
    assert row["note"].endswith("few patients of the rarer outcome: 2 per term")
    assert "Firth" in row["method"]


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        (np.ones(28), "number", "the feature is constant"),
        (["A"] * 28, "category", "the feature is constant"),
        ([chr(65 + n % 7) for n in range(28)], "category", "too many levels: 7"),
        (np.full(28, np.nan), "number", "no patient with both feature and outcome"),
        (np.where(np.arange(28) < 9, np.arange(28.0), np.nan), "number", "all have the outc"),
        (np.where(np.arange(28) < 9, np.nan, np.arange(28.0)), "number", "no patient with the"),
    ],
)
def test_what_cannot_be_fitted_keeps_its_row_and_the_reason(invented, values, kind, note):
    table = estimated(invented.feature("x.y", values, kind), invented.clinic())
    row = table.loc["responded", "x.y", "x.y"]
    assert row["note"].startswith(note)
    assert row[ESTIMATES].isna().all()


def test_feature_is_also_modelled_within_histologies(invented):
    histology = ["A"] * 4 + ["B"] * 5 + ["A"] * 6 + ["B"] * 8 + ["C"] * 5
    clinic, values = invented.clinic(histology=histology), scattered()
    table = estimated(invented.feature("x.y", values), clinic, histology_adjusted=True)
    row = table.loc["responded", "x.y + histology", "x.y"]
    strata = pd.factorize(np.array(histology))[0]
    fit = fit_conditional(values[:, None] / values.std(ddof=1), RESPONDED, strata)
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert row["lower"] == pytest.approx(np.exp(fit.around.lower[0]), rel=1e-9)
    assert row["method"] == "conditional likelihood, stratified by histology"
    assert row["note"] == "patients in strata of one outcome, who tell nothing: 5"
    assert row["family"] == "x + histology"
    won = pairs = 0
    for code in (0, 1):
        a = values[(strata == code) & (RESPONDED == 1.0)]
        b = values[(strata == code) & (RESPONDED == 0.0)]
        won, pairs = won + (a[:, None] > b).sum(), pairs + len(a) * len(b)
    assert row["auc"] == pytest.approx(won / pairs)


def test_feature_that_is_histology_in_other_words_has_no_estimate_within_it(invented):
    flag = np.arange(28) % 4 == 0
    table = estimated(
        invented.feature("x.y", flag, "flag"), invented.clinic(), histology_adjusted=True
    )
    row = table.loc["responded", "x.y + histology", "x.y"]
    assert row["note"] == "determined by other terms, or alike in all who tell something"
    assert row[ESTIMATES].isna().all()


def test_outcome_that_is_histology_in_other_words_has_no_estimate_within_it(invented):
    clinic = invented.clinic(histology=["A"] * 9 + ["B"] * 19)
    table = estimated(invented.feature("x.y", scattered()), clinic, histology_adjusted=True)
    row = table.loc["responded", "x.y + histology", "x.y"]
    assert row["note"] == "no stratum holds patients with the outcome and without"


def test_q_is_adjusted_within_outcome_and_table_or_all(invented):
    features, clinic = invented.features(), invented.clinic()
    rows = estimated(features, clinic).loc["responded"]
    own = rows[rows["family"] == "mcp_counter"]
    np.testing.assert_allclose(own["q"], benjamini_hochberg(own["p"]), rtol=1e-12)
    assert len(own) == 2
    everything = estimated(features, clinic, family="all").loc["responded"]
    np.testing.assert_allclose(everything["q"], benjamini_hochberg(everything["p"]))


def test_multivariable_model_holds_what_is_named_and_has_no_q(invented):
    clinic, features = invented.clinic(), invented.features()
    names = ("mcp_counter.t_cells", "clinic.sex", "clinic.age_years")
    rows = estimated(features, clinic, multivariable=names).loc["responded", "multivariable"]
    t_cells = features[features["feature"] == names[0]]["value"].to_numpy()
    columns = np.column_stack([
        clinic["age_years"] / 10, clinic["sex"] == "male", t_cells / t_cells.std(ddof=1),
    ])  # fmt: skip
    fit = fit_logistic(columns.astype(float), RESPONDED)
    terms = ["clinic.age_years", "clinic.sex:male", "mcp_counter.t_cells"]
    np.testing.assert_allclose(rows.loc[terms, "coefficient"], fit.coefficient, rtol=1e-7)
    np.testing.assert_allclose(rows.loc[terms, "p"], fit.around.p, rtol=1e-6)
    assert rows["model_p"].tolist() == pytest.approx([fit.likelihood_ratio.p] * 3)
    assert rows["q"].isna().all()
    assert (rows["note"] == "few patients of the rarer outcome: 3 per term").all()


def test_unknown_name_in_the_multivariable_model_is_refused_in_its_section(invented):
    with pytest.raises(InputError, match=r"odds\.multivariable.*'tmb\.tbm'.*tmb\.tmb"):
        estimated(invented.features(), invented.clinic(), multivariable=("tmb.tbm",))


def test_absent_outcome_makes_no_row(invented):
    with pytest.warns(DataWarning, match="responded"):
        table = estimated(None, invented.clinic(responded=pd.NA))
    assert set(table.index.get_level_values("outcome")) == {"clinical_benefit"}
    nothing = invented.clinic(responded=pd.NA, response=None)
    with pytest.warns(DataWarning, match="no odds"):
        empty = odds(None, nothing, None, OddsParams())
    pd.testing.assert_frame_equal(empty, ODDS.empty())


def test_benefit_is_not_told_where_nobody_knows_how_long_stable_disease_lasted(invented):
    with pytest.warns(DataWarning, match="clinical_benefit"):
        table = estimated(invented.features(), invented.clinic(pfs_months=np.nan))
    assert set(table.index.get_level_values("outcome")) == {"responded"}


def test_separation_within_histologies_alone_gets_the_penalised_fit(invented):
    histology = np.array((["A"] * 4 + ["B"] * 5) + (["A"] * 9 + ["B"] * 10))
    values = np.where(histology == "A", 0.0, 10.0) + np.where(RESPONDED == 1.0, 4.0, 0.0)
    values += np.arange(28) / 28
    features, clinic = invented.feature("x.y", values), invented.clinic(histology=histology)
    table = estimated(features, clinic, histology_adjusted=True).loc["responded"]
    within = table.loc["x.y + histology", "x.y"]
    assert within["method"].endswith("Firth's penalty: groups separate")
    assert within["note"] == "groups separate"
    assert np.isfinite(within["upper"])
    assert table.loc["x.y", "x.y"]["method"] == "maximum likelihood"


def test_order_of_rows_is_irrelevant(invented):
    features, clinic = invented.features(), invented.clinic()
    turned = (frame.sample(frac=1, random_state=1) for frame in (features, clinic))
    pd.testing.assert_frame_equal(
        estimated(features, clinic), estimated(*turned), check_exact=True
    )
