"""A trial of invented patients for the figures: clinic, features, assessments, doses."""

import numpy as np
import pandas as pd

from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.trial import ASSESSMENTS, DOSES, EXPOSURE

HISTOLOGIES = (
    "Undifferentiated pleomorphic sarcoma", "Leiomyosarcoma", "Alveolar soft part sarcoma",
    "Angiosarcoma", "Synovial sarcoma", "MPNST", "DSRCT", "Dedifferentiated liposarcoma",
    "Clear cell sarcoma", "Endometrial stromal sarcoma", "Malignant glomus tumour",
    "Haemangioendothelioma",
)  # fmt: skip
MONTH = 30.4375


def clinic(n: int, **columns) -> pd.DataFrame:
    """Return the clinic of n patients; one grows by 240 %, one does not change."""
    generator = np.random.default_rng(1)
    responses = generator.choice(
        ["CR", "PR", "SD", "PD", "NE"], n, p=[0.05, 0.25, 0.5, 0.15, 0.05]
    )
    centre = pd.Series(responses).map({"CR": -100, "PR": -50, "SD": -3, "PD": 45, "NE": np.nan})
    change = centre + np.where(responses == "CR", 0.0, generator.normal(0, 12, n))
    change.iloc[:2] = [0.0, 240.0]
    months = generator.exponential(20, n) + 1.0
    table = pd.DataFrame({
        "patient": [f"P{number:03d}" for number in range(1, n + 1)],
        "response": responses,
        "responded": pd.array(np.isin(responses, ["CR", "PR"]), dtype="boolean"),
        "disease_control": pd.array(responses != "PD", dtype="boolean"),
        "best_change_percent": change,
        "pfs_months": months * generator.uniform(0.2, 1.0, n),
        "pfs_event": pd.array(generator.random(n) < 0.7, dtype="boolean"),
        "os_months": months,
        "os_event": pd.array(generator.random(n) < 0.5, dtype="boolean"),
        "histology": [HISTOLOGIES[at] for at in generator.integers(0, 12, n)],
        "sex": generator.choice(["female", "male"], n),
        "age_years": generator.normal(50, 12, n).round(),
        "arm": [""] * n,
    })  # fmt: skip
    return CLINIC.conform(table.assign(**columns), ("patient",))


def feature(patients, name: str, values, kind: str = "number", unit: str = "") -> pd.DataFrame:
    """Return one gathered feature."""
    is_category = kind == "category"
    rows = pd.DataFrame({"patient": list(patients)})
    rows["biopsy"], rows["table"] = rows["patient"] + "-1", name.split(".", maxsplit=1)[0]
    rows["feature"] = name
    rows["value"] = np.nan if is_category else np.asarray(values, dtype=float)
    rows["label"] = values if is_category else None
    return rows.assign(kind=kind, unit_of_measure=unit, description="invented")


def features(patients) -> pd.DataFrame:
    """Return two numbers that go together, one with missing values, a flag and a category."""
    generator = np.random.default_rng(2)
    count = len(patients)
    cells = generator.normal(3, 1, count)
    density = np.exp(cells + generator.normal(0, 0.5, count)) * 10.0
    density[::5] = np.nan
    return pd.concat(
        [
            feature(patients, "mcp_counter.b_lineage", cells),
            feature(patients, "measurements.CD20", density, unit="cells/mm2"),
            feature(patients, "hla_loh.is_lost", np.arange(count) % 4 == 0, "flag"),
            feature(patients, "immune_classes.sic", list("ABCDE" * count)[:count], "category"),
        ],
        ignore_index=True,
    )


def assessment(patient: str, day: float, change: float, **columns) -> dict:
    """Return one assessment; day 0 and before is baseline."""
    responses = {change <= -100.0: "CR", -100.0 < change <= -30.0: "PR", change >= 20.0: "PD"}
    row = {
        "patient": patient, "day": day, "is_baseline": day <= 0.0,
        "sum_mm": 80.0 + 0.8 * change,
        "change_percent": change, "nadir_change_percent": change, "target_response": "SD",
        "non_target_response": "non-CR/non-PD", "has_new_lesion": False,
        "response": responses.get(True, "SD"), "sum_products_mm2": np.nan,
        "ir_change_percent": np.nan, "ir_response": None,
    }  # fmt: skip
    return {**row, **columns}


def assessed(rows: list[dict]) -> pd.DataFrame:
    """Return assessments as the engine hands them to a figure."""
    return ASSESSMENTS.conform(pd.DataFrame(rows), ("patient",))


def assessments(clinical: pd.DataFrame) -> pd.DataFrame:
    """Return assessments every eight weeks; some not measured, some with a new lesion."""
    generator = np.random.default_rng(3)
    rows: list[dict] = []
    for row in clinical.itertuples():
        rows.append(assessment(row.patient, -float(generator.integers(1, 25)), 0.0))
        final = np.nan_to_num(row.best_change_percent, nan=5.0)
        is_new = False
        for visit in range(1, int(generator.integers(1, 9))):
            is_new = is_new or generator.random() < 0.08
            change = max(-100.0, final * min(1.0, visit / 2) + generator.normal(0, 4))
            change = np.nan if generator.random() < 0.08 else change
            rows.append(
                assessment(row.patient, 56.0 * visit, change, has_new_lesion=bool(is_new))
            )
    return assessed(rows)


def dose(patient: str, start: float, end: float, **columns) -> dict:
    """Return a time on the full dose of one drug."""
    row = {
        "patient": patient, "drug": "pazopanib", "start_day": start, "end_day": end,
        "dose": 800.0, "planned_dose": 800.0, "unit": "mg/day", "reason": None,
    }  # fmt: skip
    return {**row, **columns}


def doses(rows: list[dict]) -> pd.DataFrame:
    """Return doses as the engine hands them to a figure."""
    return DOSES.conform(pd.DataFrame(rows), ("patient",))


def treated(patient: str, months: float, **columns) -> dict:
    """Return the exposure of a patient to one drug."""
    row = {
        "patient": patient, "drug": "pazopanib", "start_months": 0.0, "end_months": months,
        "treatment_months": months, "is_ongoing": False, "dose_intensity_percent": 100.0,
        "lowest_dose": 800.0, "unit": "mg/day", "first_reduction_months": np.nan,
        "end_reason": None,
    }  # fmt: skip
    return {**row, **columns}


def exposed(rows: list[dict]) -> pd.DataFrame:
    """Return exposure as the engine hands it to a figure."""
    return EXPOSURE.conform(pd.DataFrame(rows), ("patient",))


def exposure_and_doses(clinical: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two drugs of each patient, one of them reduced after a third of the time."""
    generator = np.random.default_rng(4)
    exposures: list[dict] = []
    given: list[dict] = []
    for row in clinical.itertuples():
        months = float(np.nan_to_num(row.pfs_months, nan=4.0))
        goes_on = bool(generator.random() < 0.2)
        end = np.nan if goes_on else np.floor(months * MONTH)
        reason = None if goes_on else generator.choice(["progression", "adverse event"])
        told = {"is_ongoing": goes_on, "end_reason": reason}
        exposures += [
            treated(row.patient, months, **told),
            treated(row.patient, months, drug="durvalumab", **told),
        ]
        third = np.floor(months * MONTH / 3)
        given += [
            dose(row.patient, 0.0, third),
            dose(row.patient, third + 1, end, dose=generator.choice([0.0, 400.0, 600.0])),
            dose(row.patient, 0.0, end, drug="durvalumab", unit="mg/3 weeks"),
        ]
    return exposed(exposures), doses(given)
