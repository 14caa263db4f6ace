"""Features against response: what is compared, what is left out, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.outcomes import ASSOCIATIONS
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.fisher import fisher_2x2
from storiform.statistics.gathered import benefit_of
from storiform.statistics.ranks import rank_sum

RESPONDED = AssociationParams(outcomes=("responded",))


def compared(features, clinic, params=RESPONDED) -> pd.DataFrame:
    table = ASSOCIATIONS.conform(associations(features, clinic, params))
    return table.set_index("feature")


def test_step_states_what_it_reads_and_makes():
    step = Step.of(associations)
    names = [argument.name for argument in step.arguments]
    assert names == ["features", "clinic", "params", "pairs", "members"]
    assert step.section == "association"
    assert step.products == (ASSOCIATIONS,)


def test_number_is_compared_by_wilcoxon_without_the_missing_patient(invented):
    features = invented.features()
    row = compared(features, invented.clinic()).loc["mcp_counter.b_lineage"]
    values = features.loc[features["feature"] == "mcp_counter.b_lineage", "value"]
    x, y = values[:9].to_numpy(), values[9:].dropna().to_numpy()
    alone = rank_sum(x, y)
    assert (row["n"], row["n_positive"], row["n_missing"]) == (27, 9, 1)
    assert row["p"] == alone.p[0]
    assert row["effect"] == alone.shift[0]
    assert row["median_positive"] == np.median(x)
    assert row["test"] == "Wilcoxon rank sum, exact"


def test_flag_is_compared_by_fisher(invented):
    row = compared(invented.features(), invented.clinic()).loc["hla_loh.is_lost"]
    flags = np.arange(28) % 4 == 0
    expected = fisher_2x2(
        int(flags[:9].sum()), int((~flags[:9]).sum()), int(flags[9:].sum()),
        int((~flags[9:]).sum()),
    )  # fmt: skip
    assert row["p"] == expected.p
    assert row["effect"] == expected.odds_ratio
    assert row["median_positive"] == pytest.approx(flags[:9].mean())


def test_published_fourfold_table_comes_out(invented):
    """Seven of 14 against three of 25 responded: P = .019 in the trial."""
    patients = [f"Q{number:02d}" for number in range(39)]
    high = np.arange(39) < 14
    responded = np.isin(np.arange(39), [*range(7), *range(14, 17)])
    clinic = pd.DataFrame({
        "patient": patients, "responded": pd.array(responded, dtype="boolean"),
    })  # fmt: skip
    features = invented.feature("ihc.b_and_vessel_high", high, "flag", patients)
    row = compared(features, clinic).loc["ihc.b_and_vessel_high"]
    assert row["p"] == pytest.approx(0.019, abs=5e-4)


def test_two_levels_name_the_level_that_is_counted(invented):
    row = compared(invented.features(), invented.clinic()).loc["quality.sex"]
    assert row["note"] == "share and odds of male against female"
    assert row["median_positive"] == pytest.approx(4 / 9)


def test_patient_without_evaluable_response_is_missing(invented):
    clinic = invented.clinic()
    clinic.loc[0, "responded"] = pd.NA
    row = compared(invented.features(), clinic).loc["tmb.tmb"]
    assert (row["n"], row["n_positive"], row["n_missing"]) == (27, 8, 1)


@pytest.mark.parametrize("kind", ["number", "flag", "category"])
@pytest.mark.parametrize(
    ("measured", "note"),
    [
        (slice(0, 9), "no patient without the outcome"),
        (slice(9, 28), "no patient with the outcome"),
        (slice(0, 0), "no patient with both feature and outcome"),
    ],
)
def test_empty_group_keeps_its_row_with_the_reason(invented, kind, measured, note):
    values = np.full(28, None, dtype=object)
    values[measured] = (["a", "b", "c"] * 10)[:28][measured] if kind == "category" else 1.0
    row = compared(invented.feature("x.y", values, kind), invented.clinic()).loc["x.y"]
    assert row["note"] == note
    assert np.isnan(row["p"])
    assert np.isnan(row["q"])


@pytest.mark.parametrize(("kind", "value"), [("number", 3.0), ("flag", 1.0), ("category", "A")])
def test_constant_feature_keeps_its_row_with_the_reason(invented, kind, value):
    feature = invented.feature("x.y", [value] * 28, kind)
    row = compared(feature, invented.clinic()).loc["x.y"]
    assert row["note"] == "the feature is constant"
    assert np.isnan(row["p"])
    assert row["n"] == 28


def test_features_without_p_do_not_weigh_on_the_others(invented):
    clinic = invented.clinic()
    alone = compared(invented.features(), clinic)
    constant = invented.feature("mcp_counter.constant", np.ones(28))
    beside = compared(pd.concat([invented.features(), constant]), clinic)
    assert beside.loc["mcp_counter.b_lineage", "q"] == alone.loc["mcp_counter.b_lineage", "q"]


def test_q_is_adjusted_within_the_declared_family(invented):
    by_table = compared(invented.features(), invented.clinic())
    assert by_table.loc["tmb.tmb", "q"] == by_table.loc["tmb.tmb", "p"]
    assert by_table.loc["tmb.tmb", "family"] == "responded/tmb"
    params = AssociationParams(outcomes=("responded",), family="all")
    among_all = compared(invented.features(), invented.clinic(), params)
    smallest = among_all["p"].min()
    assert among_all.loc[among_all["p"].idxmin(), "q"] == pytest.approx(6 * smallest)


def test_ties_are_exact_on_request(invented):
    params = AssociationParams(outcomes=("responded",), ties="conditional")
    row = compared(invented.features(), invented.clinic(), params).loc["tmb.tmb"]
    assert row["test"] == "Wilcoxon rank sum, exact conditional on ties"


def test_no_evaluable_patient_gives_an_empty_table_and_a_warning(invented):
    clinic = invented.clinic(responded=pd.array([pd.NA] * 28, dtype="boolean"))
    with pytest.warns(DataWarning, match="responded"):
        table = associations(invented.features(), clinic, RESPONDED)
    pd.testing.assert_frame_equal(table, ASSOCIATIONS.empty())


def test_no_feature_gives_an_empty_table(invented):
    table = associations(invented.features().iloc[:0], invented.clinic(), RESPONDED)
    assert ASSOCIATIONS.conform(table).empty


def test_order_of_the_rows_is_irrelevant(invented):
    features, clinic = invented.features(), invented.clinic()
    shuffled = compared(
        features.sample(frac=1, random_state=1), clinic.sample(frac=1, random_state=2)
    )
    pd.testing.assert_frame_equal(shuffled, compared(features, clinic))


def test_clinical_benefit_is_a_response_or_lasting_stable_disease(invented):
    clinic = invented.clinic().iloc[:7].copy()
    clinic["response"] = ["PR", "CR", "SD", "SD", "SD", "PD", "NE"]
    clinic["pfs_months"] = [1.0, 1.0, 6.0, 5.9, 5.9, 9.0, 9.0]
    clinic["pfs_event"] = pd.array([True, True, False, True, False, True, True], "boolean")
    patients = pd.Index(clinic["patient"])
    found = benefit_of(clinic, patients, 6.0)
    assert np.array_equal(found, [1, 1, 1, 0, np.nan, 0, np.nan], equal_nan=True)
    params = AssociationParams(outcomes=("clinical_benefit",))
    features = invented.feature("x.y", np.arange(7.0), patients=list(patients))
    row = compared(features, clinic, params).loc["x.y"]
    assert (row["outcome"], row["n"], row["n_positive"]) == ("clinical_benefit", 5, 3)
