"""Hazards of the cohort: units, references, what can't be fitted, and searched models."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning, InputError
from storiform.model.step import Step
from storiform.model.tables.trial_tables import HAZARDS
from storiform.statistics.cox import fit_cox
from storiform.statistics.firth_cox import fit_firth
from storiform.statistics.hazards import HazardParams, hazards
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.risk_sets import risk_sets

ESTIMATES = ["coefficient", "se", "hazard_ratio", "lower", "upper", "p", "q"]


def estimated(features, clinic, facts=None, **params) -> pd.DataFrame:
    table = HAZARDS.conform(hazards(features, clinic, facts, HazardParams(**params)))
    return table.set_index(["outcome", "model", "term"])


def outcome(clinic, name="os"):
    """Return time and event of an outcome as arrays."""
    events = clinic[f"{name}_event"].to_numpy(dtype=bool)
    return clinic[f"{name}_months"].to_numpy(), events


def facts_of(invented, **columns) -> pd.DataFrame:
    """Return further columns of the clinical table, numbers and categories."""
    parts = []
    for name, values in columns.items():
        is_number = not isinstance(values[0], str)
        rows = pd.DataFrame({"patient": invented.PATIENTS, "variable": name})
        rows["kind"] = "number" if is_number else "category"
        rows["value"] = values if is_number else np.nan
        rows["label"] = None if is_number else values
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def test_a_large_step_is_written_without_an_exponent(invented):
    values = np.random.default_rng(5).normal(0.0, 1683.0, 28)
    row = estimated(invented.feature("x.y", values), invented.clinic()).loc["pfs", "x.y", "x.y"]
    step = float(f"{values.std(ddof=1):.3g}")
    assert step > 1000.0
    assert row["unit_of_term"] == f"1 sd ({step:,.0f} 1/Mb)"


def test_step_makes_a_table_of_the_cohort():
    step = Step.of(hazards)
    assert step.products == (HAZARDS,)
    assert (step.section, step.grain) == ("hazards", "cohort")


def test_number_counts_per_standard_deviation_of_the_patients_in_the_model(invented):
    clinic, values = invented.clinic(), np.arange(28.0) ** 2
    values[3] = np.nan
    clinic.loc[5, "os_months"] = np.nan
    row = estimated(invented.feature("x.y", values), clinic).loc["os", "x.y", "x.y"]
    kept = np.delete(np.arange(28), [3, 5])
    time, event = outcome(clinic)
    sets = risk_sets(time[kept], event[kept])
    fit = fit_cox(sets, values[kept, None] / np.std(values[kept], ddof=1))
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert row["hazard_ratio"] == pytest.approx(np.exp(fit.coefficient[0]), rel=1e-9)
    assert row["se"] == pytest.approx(fit.se[0], rel=1e-9)
    assert row["p"] == pytest.approx(fit.p[0], rel=1e-9)
    assert row["model_p"] == pytest.approx(fit.likelihood_ratio.p, rel=1e-9)
    bounds = np.exp([fit.interval[0][0], fit.interval[1][0]])
    assert [row["lower"], row["upper"]] == pytest.approx(bounds, rel=1e-9)
    assert (row["n"], row["n_missing"], row["events"]) == (26, 2, event[kept].sum())
    assert row["unit_of_term"].startswith("1 sd (2")
    assert row["unit_of_term"].endswith(" 1/Mb)")
    assert row["method"] == "Efron ties"


def test_age_counts_per_ten_years(invented):
    clinic = invented.clinic()
    row = estimated(None, clinic).loc["os", "clinic.age_years", "clinic.age_years"]
    fit = fit_cox(risk_sets(*outcome(clinic)), clinic[["age_years"]].to_numpy() / 10)
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert row["unit_of_term"] == "10 years"


def test_flag_is_yes_against_no(invented):
    clinic = invented.clinic()
    row = estimated(invented.features(), clinic).loc["pfs", "hla_loh.is_lost", :].iloc[0]
    flag = (np.arange(28) % 4 == 0).astype(float)[:, None]
    fit = fit_cox(risk_sets(*outcome(clinic, "pfs")), flag)
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert (row["reference"], row["unit_of_term"]) == ("no", "yes v. no")


def test_category_is_compared_with_the_level_of_most_patients(invented):
    labels = np.array(list("BBBBBBBBBBAAAAAACCCCCCCCCCCC"))
    clinic = invented.clinic()
    clinic.loc[16:20, "os_months"] = np.nan  # C is rarer than B in the model, not in all
    rows = estimated(invented.feature("x.y", labels, "category"), clinic).loc["os", "x.y"]
    assert rows.index.tolist() == ["x.y:A", "x.y:B"]
    assert set(rows["reference"]) == {"C"}
    kept = np.setdiff1d(np.arange(28), np.arange(16, 21))
    time, event = outcome(clinic)
    columns = (labels[kept, None] == ["A", "B"]).astype(float)
    fit = fit_cox(risk_sets(time[kept], event[kept]), columns)
    np.testing.assert_allclose(rows["coefficient"], fit.coefficient, rtol=1e-9)
    assert (rows["model_p"] == fit.likelihood_ratio.p).all()
    assert rows["proportionality_p"].notna().all()
    assert (rows["proportionality_p"] == rows["proportionality_p"].iloc[0]).all()


def test_absent_reference_gives_way_to_the_next(invented):
    labels = np.array(["C"] * 12 + ["A"] * 9 + ["B"] * 7)
    clinic = invented.clinic()
    clinic.loc[:11, ["os_months", "pfs_months"]] = np.nan
    rows = estimated(invented.feature("x.y", labels, "category"), clinic).loc["os", "x.y"]
    assert rows["reference"].tolist() == ["A"]


def test_clinical_columns_and_further_facts_are_modelled(invented):
    facts = facts_of(invented, ldh=np.arange(28.0), ecog=["0", "1"] * 14)
    table = estimated(None, invented.clinic(), facts)
    models = set(table.index.get_level_values("model"))
    assert models == {
        "clinic.age_years", "clinic.sex", "clinic.histology", "patient_facts.ldh",
        "patient_facts.ecog",
    }  # fmt: skip
    assert table.loc[("os", "patient_facts.ecog"), "reference"].tolist() == ["0"]
    assert table.loc["os", "patient_facts.ldh", :].iloc[0]["family"] == "patient_facts"


def test_ties_are_counted_as_asked_for(invented):
    clinic = invented.clinic(os_months=np.arange(28) // 7 + 1.0)
    values = np.random.default_rng(0).normal(size=28)
    for ties in ("efron", "breslow"):
        row = estimated(invented.feature("x.y", values), clinic, ties=ties)
        row = row.loc["os", "x.y", "x.y"]
        sets = risk_sets(*outcome(clinic), ties=ties)
        fit = fit_cox(sets, values[:, None] / values.std(ddof=1))
        assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
        assert row["method"] == f"{ties.capitalize()} ties"


def test_group_without_events_gets_the_penalised_fit_and_says_so(invented):
    clinic, flag = invented.clinic(), np.arange(28) % 5 == 0
    clinic["os_event"] = pd.array(~flag & (np.arange(28) % 3 > 0), dtype="boolean")
    row = estimated(invented.feature("x.y", flag, "flag"), clinic).loc["os", "x.y", "x.y"]
    firth = fit_firth(risk_sets(*outcome(clinic)), flag[:, None].astype(float))
    assert row["coefficient"] == pytest.approx(firth.coefficient[0], rel=1e-9)
    assert row["p"] == pytest.approx(firth.p[0], rel=1e-9)
    assert row["lower"] == pytest.approx(np.exp(firth.interval[0][0]), rel=1e-9)
    assert row["method"] == "Efron ties, Firth's penalty: groups separate"
    assert row["note"] == "groups separate"
    assert np.isnan(row["proportionality_p"])


def test_two_events_are_too_few_for_a_fit_without_penalty(invented):
    event = np.isin(np.arange(28), [4, 20])
    clinic = invented.clinic(os_event=pd.array(event, dtype="boolean"))
    values = np.random.default_rng(1).normal(size=28)
    row = estimated(invented.feature("x.y", values), clinic).loc["os", "x.y", "x.y"]
    assert row["note"] == "fewer than 3 events; few events: 2 per term"
    assert "Firth" in row["method"]
    assert np.isfinite(row["upper"])


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        (np.ones(28), "number", "the feature is constant"),
        (np.zeros(28), "flag", "the feature is constant"),
        (["A"] * 28, "category", "the feature is constant"),
        ([chr(65 + n % 7) for n in range(28)], "category", "too many levels: 7"),
        (np.full(28, np.nan), "number", "no patient with both feature and outcome"),
    ],
)
def test_what_cannot_be_fitted_keeps_its_row_and_the_reason(invented, values, kind, note):
    table = estimated(invented.feature("x.y", values, kind), invented.clinic())
    row = table.loc["os", "x.y", "x.y"]
    assert row["note"] == note
    assert row[ESTIMATES].isna().all()


def test_without_events_nothing_is_estimated(invented):
    clinic = invented.clinic(pfs_event=pd.array([False] * 28, dtype="boolean"))
    rows = estimated(invented.features(), clinic).loc["pfs"]
    assert (rows["note"] == "no event").all()
    assert rows[ESTIMATES].isna().all().all()
    assert rows["n"].max() == 28


def test_level_of_which_nobody_is_at_risk_at_an_event_has_no_estimate(invented):
    clinic = invented.clinic()
    flag = np.arange(28) == 27
    clinic.loc[27, "os_months"] = 0.001
    clinic["os_event"] = pd.array(~flag, dtype="boolean")
    row = estimated(invented.feature("x.y", flag, "flag"), clinic).loc["os", "x.y", "x.y"]
    assert row["note"].startswith("determined by other terms, or alike in all")
    assert np.isnan(row["coefficient"])


def test_q_is_adjusted_within_outcome_and_table_or_all(invented):
    features, clinic = invented.features(), invented.clinic()
    table = estimated(features, clinic)
    rows = table.loc["os"][table.loc["os"]["family"] == "mcp_counter"]
    np.testing.assert_allclose(rows["q"], benjamini_hochberg(rows["p"]), rtol=1e-12)
    assert len(rows) == 2
    everything = estimated(features, clinic, family="all").loc["os"]
    np.testing.assert_allclose(everything["q"], benjamini_hochberg(everything["p"]))


def test_feature_is_also_modelled_within_histologies(invented):
    clinic = invented.clinic()
    values = np.random.default_rng(2).normal(size=28)
    values[:20] += np.arange(20) % 4  # histologies differ
    table = estimated(invented.feature("x.y", values), clinic, histology_adjusted=True)
    row = table.loc["os", "x.y + histology", "x.y"]
    strata = pd.factorize(clinic["histology"], sort=True)[0]
    sets = risk_sets(*outcome(clinic), strata)
    fit = fit_cox(sets, values[:, None] / values.std(ddof=1))
    assert row["coefficient"] == pytest.approx(fit.coefficient[0], rel=1e-9)
    assert row["method"] == "Efron ties, stratified by histology"
    assert row["family"] == "x + histology"
    assert not any("clinic" in m and "+" in m for m in table.index.get_level_values("model"))


def test_multivariable_model_holds_what_is_named_and_has_no_q(invented):
    clinic, features = invented.clinic(), invented.features()
    names = ("mcp_counter.t_cells", "clinic.sex", "clinic.age_years")
    rows = estimated(features, clinic, multivariable=names).loc["os", "multivariable"]
    t_cells = features[features["feature"] == names[0]]["value"].to_numpy()
    columns = np.column_stack([
        clinic["age_years"] / 10, clinic["sex"] == "male", t_cells / t_cells.std(ddof=1),
    ])  # fmt: skip
    fit = fit_cox(risk_sets(*outcome(clinic)), columns.astype(float))
    terms = ["clinic.age_years", "clinic.sex:male", "mcp_counter.t_cells"]
    np.testing.assert_allclose(rows.loc[terms, "coefficient"], fit.coefficient, rtol=1e-9)
    assert len(rows) == 3
    assert rows["q"].isna().all()
    assert (rows["note"] == "few events: 3.7 per term").all()
    roomy = estimated(features, clinic, multivariable=names, events_per_term=3.0)
    assert (roomy.loc["os", "multivariable"]["note"] == "").all()


def test_searched_model_says_that_it_was_searched(invented):
    clinic, features = invented.clinic(), invented.features()
    table = estimated(
        features, clinic, multivariable=("tmb.tmb",), multivariable_p=0.4, most_chosen=1
    )
    alone = table.loc["os"].drop(index="multivariable")
    others = alone.drop(index="tmb.tmb").groupby("model")["model_p"].first()
    rows = table.loc["os", "multivariable"]
    assert rows["note"].str.startswith("chosen by univariable p < 0.4: 1 of 8").all()
    assert set(rows.index.str.partition(":").get_level_values(0)) == {
        "tmb.tmb", others.idxmin(),
    }  # fmt: skip


def test_no_multivariable_model_unless_asked_for(invented):
    for params in ({}, {"multivariable_p": 0.0}):
        table = estimated(invented.features(), invented.clinic(), **params)
        assert "multivariable" not in table.index.get_level_values("model")


def test_unknown_name_in_the_multivariable_model_is_refused_with_near_ones(invented):
    with pytest.raises(InputError, match=r"'tmb\.tbm'.*tmb\.tmb"):
        estimated(invented.features(), invented.clinic(), multivariable=("tmb.tbm",))


def test_name_like_no_other_is_refused_with_what_there_is(invented):
    with pytest.raises(InputError, match=r"clinic\.age_years, clinic\.histology, clinic\.sex"):
        estimated(None, invented.clinic(), multivariable=("zzz",))


def test_infinite_value_is_a_missing_one(invented):
    clinic, facts = invented.clinic(), facts_of(invented, ldh=np.arange(28.0))
    clinic.loc[2, "age_years"] = np.inf
    facts.loc[[3, 4], "value"] = [np.inf, -np.inf]
    table = estimated(None, clinic, facts).loc["os"]
    assert table.loc["clinic.age_years", "n"].tolist() == [27]
    assert table.loc["patient_facts.ldh", "n"].tolist() == [26]


def test_determined_term_is_named_and_the_others_are_fitted(invented):
    facts = facts_of(invented, weight=np.arange(28.0), pounds=np.arange(28.0) * 2.2)
    names = ("patient_facts.weight", "patient_facts.pounds")
    rows = estimated(None, invented.clinic(), facts, multivariable=names)
    rows = rows.loc["os", "multivariable"]
    assert rows.loc[names[1], "note"].startswith("determined by other terms")
    alone = estimated(None, invented.clinic(), facts).loc["os", names[0], names[0]]
    assert rows.loc[names[0], "p"] == pytest.approx(alone["p"], rel=1e-9)


def test_absent_outcome_makes_no_row(invented):
    with pytest.warns(DataWarning, match="os"):
        table = estimated(None, invented.clinic(os_months=np.nan))
    assert set(table.index.get_level_values("outcome")) == {"pfs"}
    nothing = invented.clinic(os_months=np.nan, pfs_months=np.nan)
    with pytest.warns(DataWarning, match="no hazard"):
        empty = hazards(None, nothing, None, HazardParams())
    pd.testing.assert_frame_equal(empty, HAZARDS.empty())


def test_order_of_rows_is_irrelevant(invented):
    features, clinic = invented.features(), invented.clinic()
    facts = facts_of(invented, ldh=np.arange(28.0))
    turned = (frame.sample(frac=1, random_state=1) for frame in (features, clinic, facts))
    pd.testing.assert_frame_equal(
        estimated(features, clinic, facts), estimated(*turned), check_exact=True
    )


def test_a_clinical_column_that_is_a_measurement_too_is_modelled_once(invented):
    ldh, ecog, bulky = np.arange(28.0), ["0", "1", "2", "1"] * 7, ["yes", "no"] * 14
    facts = facts_of(invented, ldh=ldh, ecog=ecog, bulky=bulky, crp=ldh)
    features = pd.concat(
        [
            invented.feature("measurements.ldh", ldh),
            invented.feature("measurements.ecog", ecog, "category"),
            invented.feature("measurements.bulky", np.array(bulky) == "yes", "flag"),
            invented.feature("measurements.crp", ldh[::-1]),
        ],
        ignore_index=True,
    )
    table = estimated(features, invented.clinic(), facts)
    named = {term.split(":")[0] for term in table.index.get_level_values("term")}
    assert {name for name in named if name.startswith("patient_facts")} == {"patient_facts.crp"}
    assert {f"measurements.{name}" for name in ("ldh", "ecog", "bulky", "crp")} <= named
    names = ("patient_facts.ldh", "clinic.age_years")
    table = estimated(features, invented.clinic(), facts, multivariable=names)
    together = table.reset_index().query("model == 'multivariable'")
    assert set(together["term"]) == {"measurements.ldh", "clinic.age_years"}
