"""Who was recruited, treated, assessed, biopsied and sequenced, and why others were not."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.trial_tables import POPULATION_MEMBERS, POPULATIONS
from storiform.statistics.populations import PopulationParams, populations

UNTOLD = {
    name: pd.array([None] * 28, dtype="boolean") for name in ("responded", "disease_control")
}


def counted(clinic, *, exposure=None, best=None, features=None, **params) -> pd.DataFrame:
    found = populations(clinic, exposure, best, features, PopulationParams(**params))
    table = POPULATIONS.conform(found.populations).set_index("population")
    members = POPULATION_MEMBERS.conform(found.members)
    sizes = members["population"].value_counts().reindex(table.index, fill_value=0)
    assert sizes.tolist() == table["n"].tolist()
    return table


def given(patients) -> pd.DataFrame:
    return pd.DataFrame({"patient": patients, "drug": "pazopanib"})


def assessed(patients, n, response="NE") -> pd.DataFrame:
    return pd.DataFrame({"patient": patients, "n_assessments": n, "response": response})


def test_step_makes_two_tables_of_the_cohort():
    step = Step.of(populations)
    assert step.products == (POPULATIONS, POPULATION_MEMBERS)
    assert (step.section, step.grain) == ("populations", "cohort")


def test_each_population_is_part_of_its_parent_and_says_who_is_not(invented):
    response = ["PR"] * 24 + ["NE", "NE", "", "SD"]
    clinic = invented.clinic(**UNTOLD, response=response)
    table = counted(clinic, exposure=given(invented.PATIENTS[:27]))
    assert table["n"].to_dict() == {"recruited": 28, "safety": 27, "efficacy": 24}
    assert table["n_left_out"].tolist() == [0, 1, 3]
    assert table["parent"].tolist() == ["", "recruited", "safety"]
    assert table.loc["safety", "reasons"] == "no dose: 1"
    reasons = "not evaluable (NE): 2; no response stated: 1"
    assert table.loc["efficacy", "reasons"] == reasons


def test_without_doses_all_were_treated_and_the_definition_says_so(invented):
    table = counted(invented.clinic())
    assert table.loc["safety", "n"] == 28
    assert "no doses are known" in table.loc["safety", "definition"]


def test_lesions_tell_who_was_assessed(invented):
    """Who was assessed but not evaluable stays in; who was never assessed does not."""
    clinic = invented.clinic(**UNTOLD, response=["PR"] * 25 + ["NE", "NE", np.nan])
    table = counted(clinic, best=assessed(invented.PATIENTS[25:], [2, 0, 0]))
    assert table.loc["efficacy", "n"] == 26
    assert table.loc["efficacy", "reasons"] == "no assessment after baseline: 2"


def test_response_of_the_lesions_serves_where_the_clinic_has_none(invented):
    clinic = invented.clinic(**UNTOLD, response=["PR"] * 27 + [""])
    table = counted(clinic, best=assessed(invented.PATIENTS[27:], [1], "SD"))
    assert table.loc["efficacy", "n"] == 28


def test_biopsies_are_counted_of_the_treated(invented):
    served = np.where(np.arange(28) < 20, 1.0, np.nan)
    exome = invented.feature("tmb.tmb", served)
    rna = invented.feature("mcp_counter.t_cells", np.ones(10), patients=invented.PATIENTS[:10])
    clinic = invented.clinic()
    features = pd.concat([exome.iloc[:22], rna])
    table = counted(clinic, exposure=given(invented.PATIENTS[1:]), features=features)
    sizes = {"biopsied": 21, "exome": 19, "rna": 9}
    assert table.loc[list(sizes), "n"].to_dict() == sizes
    assert table.loc["biopsied", "reasons"] == "no biopsy: 6"
    assert table.loc["exome", "reasons"] == "no exome result: 2"
    assert table.loc["rna", "parent"] == "biopsied"


def test_assay_that_nobody_has_is_no_population(invented):
    table = counted(invented.clinic(), features=invented.feature("tmb.tmb", np.ones(28)))
    assert "exome" in table.index
    assert "rna" not in table.index


def test_measurement_of_a_patient_is_no_biopsy(invented):
    stain = invented.feature("measurements.CD20", np.ones(28)).assign(biopsy="")
    assert "biopsied" not in counted(invented.clinic(), features=stain).index


def test_other_table_of_biopsies_is_one(invented):
    stain = invented.feature("biopsy_measurements.CD20", np.ones(28))
    assert counted(invented.clinic(), features=stain).loc["biopsied", "n"] == 28


def test_declared_population_has_a_value_of_its_feature(invented):
    values = np.where(np.arange(28) < 20, 5.0, np.nan)
    features = pd.concat(
        [
            invented.feature("measurements.CD20", values),
            invented.feature("measurements.TLS", ["yes"] * 28, "category"),
        ]
    )
    declared = {"IHC": "measurements.CD20", "TLS": "measurements.TLS"}
    table = counted(invented.clinic(), features=features, declared=declared)
    assert table.loc["IHC", "n"] == 20
    assert table.loc["IHC", "reasons"] == "no value of measurements.CD20: 8"
    assert table.loc["TLS", "n"] == 28
    assert table.loc["IHC", "order"] < table.loc["TLS", "order"]


def test_declared_population_is_of_the_treated(invented):
    features = invented.feature("measurements.CD20", np.ones(28))
    table = counted(
        invented.clinic(), exposure=given(invented.PATIENTS[:20]), features=features,
        declared={"IHC": "measurements.CD20"},
    )  # fmt: skip
    assert table.loc["IHC", "n"] == 20


def test_biopsy_may_have_the_name_of_its_patient(invented):
    features = invented.feature("tmb.tmb", np.ones(28)).assign(biopsy=invented.PATIENTS)
    table = counted(invented.clinic(), features=features)
    assert table.loc[["biopsied", "exome"], "n"].tolist() == [28, 28]


def test_declared_feature_that_nobody_has_is_told_with_its_neighbours(invented):
    features = invented.feature("measurements.CD20", np.ones(28))
    with pytest.warns(DataWarning, match=r"IHC: no patient .* did you mean measurements.CD20"):
        table = counted(
            invented.clinic(), features=features, declared={"IHC": "mesurements.CD20"}
        )
    assert table.loc["IHC", "n"] == 0


def test_patients_without_a_clinical_row_are_told(invented):
    clinic = invented.clinic().iloc[2:]
    with pytest.warns(DataWarning, match="2 of the patients .*: P01, P02"):
        table = counted(clinic, features=invented.feature("tmb.tmb", np.ones(28)))
    assert table.loc["exome", "n"] == 26


def test_name_of_an_own_population_cannot_be_declared():
    with pytest.raises(ValidationError, match="safety is a population of its own"):
        PopulationParams(declared={"safety": "x.y"})


def test_order_of_the_patients_changes_nothing(invented):
    features = invented.features()
    table = counted(invented.clinic(), features=features)
    turned = counted(invented.clinic().iloc[::-1], features=features.iloc[::-1])
    pd.testing.assert_frame_equal(table, turned)
