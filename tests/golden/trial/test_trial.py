"""The numbers that the trial's paper prints come out of small tables.

The paper (Cho et al., Nature Communications 15, 685 (2024), doi:10.1038/s41467-024-44875-2)
prints counts and shares, not patients: the patients here are invented so that they have its
counts, and the steps are run on them. The counts behind Fisher's P = .019 are reconstructed:
7 of 14 against 3 of 25 are the only ones that give 50 % against 12 % of 39 patients. The
designs are those of the tables of Simon, Controlled Clinical Trials 10, 1-10 (1989).
Every share of Tables 1 and 2 follows from its count.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.trial import ADVERSE_EVENTS, DOSES
from storiform.model.tables.trial_tables import (
    ADVERSE_EVENT_RATES,
    CHARACTERISTICS,
    POPULATIONS,
    RESPONSE_RATES,
)
from storiform.statistics.adverse_event_rates import AdverseEventRateParams, adverse_event_rates
from storiform.statistics.characteristics import CharacteristicParams, characteristics
from storiform.statistics.exposure import ExposureParams, exposure
from storiform.statistics.fisher import fisher_2x2
from storiform.statistics.populations import PopulationParams, populations
from storiform.statistics.response_rates import ResponseRateParams, response_rates
from storiform.statistics.simon import simon_designs

HERE = Path(__file__).parent
TABLE_1 = pd.read_csv(HERE / "table_1.tsv", sep="\t", dtype={"level": str})
TABLE_2 = pd.read_csv(HERE / "table_2.tsv", sep="\t")
SIMON = pd.read_csv(HERE / "simon.tsv", sep="\t")
CHEMOTHERAPY = "Type of previous chemotherapy received"
ASPS = "Alveolar soft part sarcoma"
PATIENTS = [f"P{number:02d}" for number in range(1, 49)]
TREATED, UNSEEN = PATIENTS[:47], PATIENTS[46]


def spread(variable: str) -> list[str]:
    """Return the level of each patient, or course, of a variable of Table 1."""
    rows = TABLE_1[TABLE_1["variable"] == variable]
    return list(np.repeat(rows["level"], rows["n"]))


def blank_clinic(names: list[str]) -> pd.DataFrame:
    """Return patients of whom the clinical table tells nothing."""
    table = pd.DataFrame(dict.fromkeys(CLINIC.columns), index=range(len(names)))
    return CLINIC.conform(table.assign(patient=names), ("patient",))


def clinic() -> pd.DataFrame:
    """Return 48 patients: 47 treated, of these 46 assessed, with the best responses told."""
    table = blank_clinic(PATIENTS)
    histology = spread("Histologic variant")
    histology.sort(key=lambda name: name != ASPS)  # both with ASPS responded
    response = ["CR"] + ["PR"] * 13 + ["SD"] * 27 + ["PD"] * 5 + ["NE", ""]
    table["histology"], table["response"] = [*histology, "Leiomyosarcoma"], response
    table["sex"] = [*(name.lower() for name in spread("Gender")), "male"]
    # a median of 51 and a range of 22 to 72 are all that is told of age
    table["age_years"] = [22.0, *([40.0] * 22), 51.0, *([60.0] * 22), 72.0, 30.0]
    return table


def doses() -> pd.DataFrame:
    """Return pazopanib of 47 patients: 600 mg in 16, 400 mg in 7, 200 mg in one."""
    lowest = [600] * 16 + [400] * 7 + [200] + [800] * 23
    rows = []
    for patient, low in zip(TREATED, lowest, strict=True):
        for number, dose in enumerate(range(800, low - 1, -200)):
            day = 30.0 * number
            rows.append((patient, "pazopanib", day, day + 29.0, dose, 800.0, "mg/day", None))
    return pd.DataFrame(rows, columns=["patient", *DOSES.columns])


def exposures() -> pd.DataFrame:
    parts = [
        exposure(rows.drop(columns="patient"), None, ExposureParams()).assign(patient=name)
        for name, rows in doses().groupby("patient")
    ]
    return pd.concat(parts, ignore_index=True)


def features() -> pd.DataFrame:
    """Return what was measured: 33 biopsies, 28 of them sequenced, 39 stained."""
    rows = []
    for number, patient in enumerate(TREATED):
        served = float(number) if number < 28 else np.nan
        biopsy = f"{patient}-T"
        if number < 33:
            rows.append((patient, biopsy, "tmb", "tmb.tmb", served))
            rows.append((patient, biopsy, "mcp_counter", "mcp_counter.b_lineage", served))
        if number < 39:
            rows.append((patient, patient, "measurements", "measurements.CD20", 5.0))
    table = pd.DataFrame(rows, columns=["patient", "biopsy", "table", "feature", "value"])
    return table.assign(label=None, kind="number", unit_of_measure="", description="")


def rates() -> pd.DataFrame:
    params = ResponseRateParams(subgroups={"ASPS": (ASPS,)})
    found = response_rates(clinic(), exposures(), None, params).rates
    return RESPONSE_RATES.conform(found).set_index(["subgroup", "level", "measure"])


@pytest.mark.parametrize(
    ("measure", "count", "percent"),
    [("ORR", 14, 30.4), ("DCR", 41, 89.1), ("CR", 1, 2.2), ("PR", 13, 28.3), ("SD", 27, 58.7)],
)
def test_response_rates_are_those_of_the_paper(measure, count, percent):
    row = rates().loc[("all", "all", measure)]
    assert (row["population"], row["n"], row["count"]) == ("efficacy", 46, count)
    assert f"{row['percent']:.1f}" == f"{percent}"


def test_response_without_alveolar_soft_part_sarcoma_is_that_of_the_paper():
    row = rates().loc[("ASPS", "not ASPS", "ORR")]
    assert (row["n"], f"{row['percent']:.1f}") == (44, "27.3")


def test_response_of_high_b_cells_and_vessels_is_that_of_the_paper():
    """The counts are reconstructed, see the head of this file."""
    assert (7 / 14, 3 / 25) == (0.50, 0.12)
    assert fisher_2x2(7, 7, 3, 22).p == pytest.approx(0.019, abs=5e-4)


def test_populations_are_those_of_the_paper():
    params = PopulationParams(declared={"IHC": "measurements.CD20"})
    found = populations(clinic(), exposures(), None, features(), params)
    table = POPULATIONS.conform(found.populations)
    sizes = dict(zip(table["population"], table["n"], strict=True))
    assert sizes == {
        "recruited": 48, "safety": 47, "efficacy": 46, "biopsied": 33, "exome": 28, "rna": 28,
        "IHC": 39,
    }  # fmt: skip


def test_lowest_doses_of_pazopanib_are_those_of_the_paper():
    table = exposures()
    shares = 100.0 * table["lowest_dose"].value_counts() / len(table)
    printed = {600.0: "34.0", 400.0: "14.9", 200.0: "2.1"}
    assert {dose: f"{shares[dose]:.1f}" for dose in printed} == printed
    assert f"{100.0 * table['first_reduction_months'].notna().mean():.1f}" == "51.1"


def described(variable: str, names: list[str], levels: list[str]) -> pd.DataFrame:
    """Run the step on one variable of Table 1 alone."""
    facts = pd.DataFrame(
        {"patient": names, "variable": variable, "kind": "category", "value": np.nan,
         "label": levels}
    )  # fmt: skip
    found = characteristics(blank_clinic(names), facts, None, None, CharacteristicParams())
    return CHARACTERISTICS.conform(found)


@pytest.mark.parametrize("variable", TABLE_1["variable"].unique())
def test_shares_of_table_1_are_those_of_the_paper(variable):
    """The 54 previous treatments are courses, not patients; each stands as one unit here."""
    levels = spread(variable)
    found = described(variable, [f"U{number:02d}" for number in range(len(levels))], levels)
    expected = TABLE_1[TABLE_1["variable"] == variable]
    told = expected["n"].astype(str) + " (" + expected["printed_percent"].map("{:.1f}%)".format)
    assert dict(zip(found["level"], found["text"], strict=True)) == dict(
        zip(expected["level"], told, strict=True)
    )
    assert found["n"].is_monotonic_decreasing
    assert set(found["n_total"]) == set(expected["total"])


def test_table_1_of_the_treated_patients_is_that_of_the_paper():
    table = characteristics(clinic(), None, exposures(), None, CharacteristicParams())
    found = CHARACTERISTICS.conform(table).set_index(["variable", "level"])["text"]
    assert found["age", "median (range)"] == "51 (22-72)"
    assert found["sex", "male"] == "22 (46.8%)"
    assert found["histology", "Leiomyosarcoma"] == "12 (25.5%)"
    assert found["histology", ASPS] == "2 (4.3%)"


def adverse_events() -> pd.DataFrame:
    """Return the events of Table 2, each of as many patients as it says."""
    rows = []
    for _, event in TABLE_2.iterrows():
        grades = [1] * event["grade_1_2"] + [3] * event["grade_3"] + [4] * event["grade_4"]
        for patient, grade in zip(TREATED, grades, strict=False):
            rows.append((patient, len(rows), event["term"], grade, True, None, 1.0, None))
    return pd.DataFrame(rows, columns=["patient", *ADVERSE_EVENTS.columns])


def test_shares_of_table_2_are_those_of_the_paper():
    params = AdverseEventRateParams()
    table = adverse_event_rates(adverse_events(), clinic(), exposures(), params)
    found = ADVERSE_EVENT_RATES.conform(table)
    related = found[(found["scope"] == "related") & (found["term"] != "any")]
    assert len(related) == len(TABLE_2) == 31
    assert (related["n"] == 47).all()
    assert related["any_grade"].tolist() == TABLE_2["all"].tolist()
    by_term = related.set_index("term").loc[TABLE_2["term"]].reset_index()
    for ours in ("grade_1_2", "grade_3", "grade_4", "any"):
        name = "all" if ours == "any" else ours
        counts = by_term["any_grade" if ours == "any" else ours]
        assert counts.tolist() == TABLE_2[name].tolist()
        printed = TABLE_2[f"{name}_percent"]
        has = printed.notna()
        assert has.sum() >= 3
        shares = by_term[f"{ours}_percent"].map("{:.1f}".format)
        assert shares[has].tolist() == printed[has].map("{:.1f}".format).tolist()


@pytest.mark.parametrize(("p0", "p1", "alpha", "power"), sorted(
    set(map(tuple, SIMON[["p0", "p1", "alpha", "power"]].to_numpy()))
))  # fmt: skip
def test_two_stage_designs_are_those_of_simon(p0, p1, alpha, power):
    found = simon_designs(p0, p1, alpha, power)
    chosen = (SIMON["p0"] == p0) & (SIMON["p1"] == p1)
    chosen &= (SIMON["alpha"] == alpha) & (SIMON["power"] == power)
    rows = SIMON[chosen].set_index("design")
    assert len(rows) == 2
    for name, one in found._asdict().items():
        row = rows.loc[name]
        assert (one.r1, one.n1, one.r, one.n) == tuple(row[["r1", "n1", "r", "n"]])
        assert one.expected_n == pytest.approx(row["expected_n"], abs=0.0501)
