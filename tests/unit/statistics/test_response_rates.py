"""Response rates of all and of subgroups, and how two criteria agree."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import RESPONSE_CONCORDANCE, RESPONSE_RATES
from storiform.statistics.response_rates import ResponseRateParams, response_rates

UNTOLD = {
    name: pd.array([None] * 28, dtype="boolean") for name in ("responded", "disease_control")
}
KEY = ["criterion", "subgroup", "level", "measure"]


def counted(clinic, *, exposure=None, best=None, **params) -> pd.DataFrame:
    found = response_rates(clinic, exposure, best, ResponseRateParams(**params)).rates
    return RESPONSE_RATES.conform(found).set_index(KEY)


def by_lesions(patients, ir_response, response="SD", n=3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient": patients,
            "ir_response": ir_response,
            "response": response,
            "n_assessments": n,
        }
    )


def test_step_makes_two_tables_of_the_cohort():
    step = Step.of(response_rates)
    assert step.products == (RESPONSE_RATES, RESPONSE_CONCORDANCE)
    assert (step.section, step.grain) == ("response_rates", "cohort")


def test_shares_of_all_have_exact_intervals(invented):
    table = counted(invented.clinic())
    row = table.loc[("RECIST 1.1", "all", "all", "ORR")]
    assert (row["n"], row["count"], row["population"]) == (28, 9, "efficacy")
    assert row["percent"] == pytest.approx(100 * 9 / 28)
    exact = stats.binomtest(9, 28).proportion_ci(method="exact")
    bounds = (row["lower_percent"], row["upper_percent"])
    assert bounds == pytest.approx((100 * exact.low, 100 * exact.high))
    counts = table.loc[("RECIST 1.1", "all", "all"), "count"].to_dict()
    assert counts == {"ORR": 9, "DCR": 22, "CR": 0, "PR": 9, "SD": 13, "PD": 6, "NE": 0}


def test_levels_of_a_subgroup_add_up_to_all(invented):
    sex = [*(["female", "male"] * 13), "", np.nan]
    table = counted(invented.clinic(sex=sex)).loc["RECIST 1.1", "count"]
    for subgroup in ("histology", "sex"):
        parts = table.loc[subgroup].groupby("measure").sum()
        assert parts.to_dict() == table.loc[("all", "all")].to_dict()
    levels = table.loc["sex"].index.get_level_values("level").unique()
    assert levels.tolist() == ["female", "male", "missing"]


def test_subgroup_of_one_level_is_left_out(invented):
    levels = counted(invented.clinic(sex="male", arm="A")).index.get_level_values("subgroup")
    assert set(levels) == {"all", "histology"}


def test_arm_divides_the_patients(invented):
    table = counted(invented.clinic(arm=["A"] * 9 + ["B"] * 19))
    assert table.loc[("RECIST 1.1", "arm", "A", "ORR"), "percent"] == 100.0
    assert table.loc[("RECIST 1.1", "arm", "B", "ORR"), "count"] == 0


def test_subgroup_of_histologies_is_compared_with_the_rest(invented):
    histology = [
        "Alveolar soft part sarcoma",
        "alveolar  soft part sarcoma",
        *(["LMS"] * 25),
        "",
    ]
    params = {"subgroups": {"ASPS": ("Alveolar Soft Part Sarcoma",)}}
    table = counted(invented.clinic(histology=histology), **params)
    rows = table.xs("ORR", level="measure").loc[("RECIST 1.1", "ASPS")]
    assert rows["n"].to_dict() == {"ASPS": 2, "missing": 1, "not ASPS": 25}
    assert rows["count"].to_dict() == {"ASPS": 2, "missing": 0, "not ASPS": 7}


def test_histology_that_nobody_has_is_told(invented):
    with pytest.warns(DataWarning, match="ASPS: no patient .* Alveolar"):
        counted(invented.clinic(), subgroups={"ASPS": ("UPS", "Alveolar")})


def test_name_that_is_taken_cannot_be_a_subgroup():
    with pytest.raises(ValidationError, match="sex is there already"):
        ResponseRateParams(subgroups={"sex": ("UPS",)})


def test_larger_population_counts_who_was_not_evaluable(invented):
    response = ["PR"] * 14 + ["SD"] * 11 + ["NE", "", np.nan]
    clinic = invented.clinic(response=response, **UNTOLD)
    row = ("RECIST 1.1", "all", "all", "ORR")
    assert counted(clinic).loc[row, "n"] == 25
    table = counted(clinic, population="recruited")
    assert table.loc[row, "percent"] == 50.0
    assert table.loc[("RECIST 1.1", "all", "all", "NE"), "count"] == 3


def test_untreated_patients_are_not_counted(invented):
    exposure = pd.DataFrame({"patient": invented.PATIENTS[:20], "drug": "x"})
    assert set(counted(invented.clinic(), exposure=exposure).xs("all", level="level")["n"]) == {
        20
    }


def flags(*values):
    return pd.array(values, dtype="boolean")


def test_response_told_by_a_flag_alone_counts_in_the_rates(invented):
    """A table of `CR/PR`, SD and PD, as published ones have: which of both is not known."""
    clinic = invented.clinic(
        response=[np.nan] * 9 + ["SD"] * 13 + ["PD"] * 6,
        responded=flags(*([True] * 9), *([False] * 19)),
        disease_control=flags(*([True] * 22), *([False] * 6)),
    )
    rows = counted(clinic).loc[("RECIST 1.1", "all", "all")]
    assert rows["count"].to_dict() == {"ORR": 9, "DCR": 22, "SD": 13, "PD": 6, "NE": 0}
    assert set(rows["n"]) == {28}


def test_table_of_responders_alone_has_no_single_response(invented):
    clinic = invented.clinic(
        response=np.nan, responded=flags(*([True] * 9), *([False] * 15), *([None] * 4)),
        disease_control=flags(*([None] * 28)),
    )  # fmt: skip
    rows = counted(clinic).loc[("RECIST 1.1", "all", "all")]
    assert rows["n"].to_dict() == {"ORR": 24, "NE": 24}
    assert rows.loc["ORR", "count"] == 9


def test_flags_tell_single_responses_where_they_can(invented):
    clinic = invented.clinic(
        response=np.nan, responded=flags(*([False] * 28)),
        disease_control=flags(*([True] * 20), *([False] * 8)),
    )  # fmt: skip
    rows = counted(clinic).loc[("RECIST 1.1", "all", "all")]
    expected = {"ORR": 0, "DCR": 20, "CR": 0, "PR": 0, "SD": 20, "PD": 8, "NE": 0}
    assert rows["count"].to_dict() == expected


def test_no_disease_control_is_no_response(invented):
    clinic = invented.clinic(
        response=np.nan, responded=flags(*([None] * 28)),
        disease_control=flags(*([True] * 20), *([False] * 8)),
    )  # fmt: skip
    rows = counted(clinic).loc[("RECIST 1.1", "all", "all")]
    assert rows["count"].to_dict() == {"DCR": 20, "PD": 8, "NE": 0}
    alone = counted(clinic.iloc[20:]).loc[("RECIST 1.1", "all", "all")]
    assert alone.loc[["ORR", "PD"], "count"].tolist() == [0, 8]


def test_response_that_is_not_evaluable_stays_so_whatever_the_flags(invented):
    clinic = invented.clinic(response="NE", responded=False, disease_control=False)
    rows = counted(clinic, population="recruited").loc[("RECIST 1.1", "all", "all")]
    assert rows.loc[["NE", "PD"], "count"].tolist() == [28, 0]


def test_response_of_the_lesions_counts_where_the_clinic_has_none(invented):
    clinic = invented.clinic(response=["SD"] * 26 + ["", np.nan], **UNTOLD)
    best = by_lesions(invented.PATIENTS[25:], np.nan, response="PR")
    row = counted(clinic, best=best).loc[("RECIST 1.1", "all", "all", "PR")]
    assert (row["count"], row["n"]) == (2, 28)


def test_second_criterion_is_of_those_who_have_it(invented):
    best = by_lesions(invented.PATIENTS[:6], ["irCR", "irPR", "irSD", "irPD", "NE", np.nan])
    table = counted(invented.clinic(), best=best)
    counts = table.loc[("irRC", "all", "all"), "count"].to_dict()
    assert counts == {"ORR": 2, "DCR": 3, "CR": 1, "PR": 1, "SD": 1, "PD": 1, "NE": 1}
    assert set(table.loc[("irRC", "all", "all"), "n"]) == {5}


def test_agreement_of_the_criteria_is_a_square_of_what_occurs(invented):
    """Two with PR by RECIST have SD by irRC, as in the trial."""
    best = by_lesions(invented.PATIENTS[:12], ["irSD"] * 2 + ["irPR"] * 7 + ["irSD"] * 3)
    found = response_rates(invented.clinic(), None, best, ResponseRateParams()).concordance
    table = RESPONSE_CONCORDANCE.conform(found).set_index(["recist", "irrc"])["n"]
    expected = {("PR", "PR"): 7, ("PR", "SD"): 2, ("SD", "PR"): 0, ("SD", "SD"): 3}
    assert table.to_dict() == expected


def test_agreement_leaves_out_whose_recist_response_is_half_told(invented):
    clinic = invented.clinic(response=[np.nan] * 2 + ["PR"] * 26)
    best = by_lesions(invented.PATIENTS[:4], ["irPR"] * 4, response=np.nan)
    found = response_rates(clinic, None, best, ResponseRateParams()).concordance
    assert RESPONSE_CONCORDANCE.conform(found)["n"].tolist() == [2]


def test_without_irrc_there_is_no_agreement(invented):
    found = response_rates(invented.clinic(), None, None, ResponseRateParams())
    pd.testing.assert_frame_equal(found.concordance, RESPONSE_CONCORDANCE.empty())
    assert set(found.rates["criterion"]) == {"RECIST 1.1"}


def test_cohort_without_any_response_has_no_rates(invented):
    found = response_rates(
        invented.clinic(response="", **UNTOLD), None, None, ResponseRateParams()
    )
    pd.testing.assert_frame_equal(found.rates, RESPONSE_RATES.empty())
