"""What a trial's database holds beside the clinical table: doses, adverse events, stains."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.model.params import DAYS_PER_MONTH
from storiform.simulation.enrolment import Enrolment
from storiform.simulation.lesions import Rows, lesions

PAZOPANIB, DURVALUMAB = "pazopanib", "durvalumab"
CHARACTERISTICS = ("ecog", "primary_site", "previous_lines")
SITES = ("extremity", "retroperitoneum", "thorax", "head and neck", "pelvis")
_EVENTS = {
    "Fatigue": 0.43, "Anorexia": 0.36, "Diarrhoea": 0.36, "Hypothyroidism": 0.21,
    "Aspartate aminotransferase increased": 0.30, "Neutropenia": 0.26, "Hypertension": 0.15,
    "Alanine aminotransferase increased": 0.26, "Nausea": 0.15, "Hand-foot syndrome": 0.13,
}  # fmt: skip
"""Share of the patients with each adverse event, about that of the model trial."""
_GRADES = (0.45, 0.30, 0.20, 0.05)
_RELATED = 0.9
_TESTS = {
    "ALT": ("U/L", 24.0, 0.45, None, 40.0),
    "TSH": ("mIU/L", 2.1, 0.5, 0.4, 4.0),
    "Lymphocytes": ("10^9/L", 1.6, 0.3, 1.0, 4.0),
}
"""Unit, median, standard deviation of the logarithm and limits of normal."""
_STAINED = 0.85
_UNTOLD = 90
"""Last day on treatment of whom no progression-free time is told."""


class FollowUp(NamedTuple):
    """Files of a trial by name, and what is true of them."""

    files: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def follow_up(enrolment: Enrolment, clinical: pd.DataFrame, seed: int) -> FollowUp:
    """Draw lesions, doses, adverse events, laboratory values and stains of a trial.

    The densities of CD20 and CD31 follow the latent abundance of B cells and of endothelial
    cells, that of CD8 the CD8 T cells; PD-1 and PD-L1 follow nothing.

    Parameters
    ----------
    enrolment
        Who takes part.
    clinical
        The clinical table.
    seed
        Seed of the trial.

    Returns
    -------
    FollowUp
        Files ``lesions``, ``doses``, ``adverse_events``, ``laboratory`` and ``stains``;
        truths ``responses``, ``exposure`` and ``adverse_events``.
    """
    measured, responses = lesions(clinical, seed)
    doses, exposure = _doses(clinical, np.random.default_rng([seed, 22]))
    events = _alive(_events(clinical, np.random.default_rng([seed, 23])), clinical)
    related = events[events["is_related"] == "yes"]
    worst = related.groupby(["patient", "term"], as_index=False)["grade"].max()
    severe = worst.assign(is_severe=worst["grade"] >= 3)  # noqa: PLR2004  CTCAE
    rates = severe.groupby("term", as_index=False).agg(
        any_grade=("patient", "size"), grade_3_up=("is_severe", "sum")
    )
    files = {
        "lesions": measured,
        "doses": doses,
        "adverse_events": events,
        "laboratory": _alive(
            _laboratory(clinical, np.random.default_rng([seed, 24])), clinical
        ),
        "stains": _stains(enrolment, np.random.default_rng([seed, 25])),
    }
    truth = {"responses": responses, "exposure": exposure, "adverse_events": rates}
    return FollowUp(files, truth)


def described(clinical: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the clinical table with what a table of patient characteristics lists."""
    rng = np.random.default_rng([seed, 26])
    size = len(clinical)
    ecog = rng.choice(("0", "1", "2"), size=size, p=(0.5, 0.4, 0.1))
    lines = rng.choice(("1", "2", "3"), size=size, p=(0.7, 0.2, 0.1))
    return clinical.assign(
        ecog=ecog, primary_site=rng.choice(SITES, size=size), previous_lines=lines
    )


def _deaths(clinical: pd.DataFrame) -> "pd.Series[float]":
    """Return the day of death by patient, infinite of those who live."""
    days = (clinical["os_months"].astype(float) * DAYS_PER_MONTH) // 1.0
    has_died = clinical["os_event"].fillna(value=0).astype(int) == 1
    return days.where(has_died, np.inf).set_axis(clinical["patient"].astype(str))


def _alive(rows: pd.DataFrame, clinical: pd.DataFrame) -> pd.DataFrame:
    """Keep what was drawn of the days on which a patient lived."""
    return rows[rows["day"] <= rows["patient"].map(_deaths(clinical))].reset_index(drop=True)


def _doses(
    clinical: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows: Rows = []
    truth: Rows = []
    deaths = _deaths(clinical)
    for record in clinical.to_dict("records"):
        patient = str(record["patient"])
        is_known = not pd.isna(record["pfs_months"])
        last = int(float(record["pfs_months"]) * DAYS_PER_MONTH) if is_known else _UNTOLD
        last = int(min(last, deaths[patient]))
        is_stopped = not is_known or bool(record["pfs_event"])
        is_ongoing = not is_stopped and bool(rng.uniform() < 0.5)  # noqa: PLR2004  half
        steps = list(_steps(last, rng))
        for start, end, dose in steps:
            is_open = is_ongoing and end == last
            rows.append(
                {
                    "patient": patient, "drug": PAZOPANIB, "start_day": start,
                    "end_day": None if is_open else end, "dose": dose, "planned_dose": 800,
                    "unit": "mg/day", "reason": "" if end < last or is_open else "progression",
                }
            )  # fmt: skip
        rows.append(
            {
                "patient": patient, "drug": DURVALUMAB, "start_day": 0,
                "end_day": None if is_ongoing else last, "dose": 1500, "planned_dose": 1500,
                "unit": "mg/4 weeks", "reason": "" if is_ongoing else "progression",
            }
        )  # fmt: skip
        if not is_ongoing:
            given = sum(dose * (end - start + 1) for start, end, dose in steps)
            reduced = [start for start, _, dose in steps if 0 < dose < 800]  # noqa: PLR2004  planned
            truth.append(
                {
                    "patient": patient,
                    "drug": PAZOPANIB,
                    "dose_intensity_percent": 100.0 * given / (800.0 * (last + 1)),
                    "first_reduction_months": min(reduced, default=np.nan) / DAYS_PER_MONTH,
                }
            )
    return pd.DataFrame(rows).astype({"end_day": "Int64"}), pd.DataFrame(truth)


def _steps(last: int, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """Yield first day, last day and dose: half of the patients are held, then reduced."""
    start, dose = 0, 800
    for lower in (600, 400):
        hold = start + int(rng.integers(20, 120))
        if rng.uniform() < 0.5 or hold + 10 >= last:  # noqa: PLR2004  half
            break
        yield start, hold - 1, dose
        yield hold, hold + 9, 0
        start, dose = hold + 10, lower
    yield start, last, dose


def _events(clinical: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows: Rows = []
    for patient in clinical["patient"].astype(str):
        for term, share in _EVENTS.items():
            if rng.uniform() >= share:
                continue
            is_related = "yes" if rng.uniform() < _RELATED else "no"
            for _ in range(int(rng.integers(1, 3))):
                grade = int(rng.choice((1, 2, 3, 4), p=_GRADES))
                rows.append(
                    {"patient": patient, "term": term, "grade": grade, "is_related": is_related,
                     "day": int(rng.integers(1, 200)),
                     "action": "dose reduced" if grade > 2 else "none"}  # noqa: PLR2004  CTCAE
                )  # fmt: skip
    columns = ["patient", "term", "grade", "is_related", "day", "action"]
    return pd.DataFrame(rows, columns=columns)


def _laboratory(clinical: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows: Rows = []
    for patient in clinical["patient"].astype(str):
        for test, (unit, median, spread, lower, upper) in _TESTS.items():
            own = median * np.exp(spread * rng.normal())
            for visit in range(4):
                value = round(float(own * np.exp(0.2 * rng.normal())), 2)
                rows.append(
                    {"patient": patient, "test": test, "day": 28 * visit, "value": value,
                     "unit": unit, "lower_limit": lower, "upper_limit": upper}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _stains(enrolment: Enrolment, rng: np.random.Generator) -> pd.DataFrame:
    """Draw densities of cells in stained sections of most baseline tumours."""
    baseline = enrolment.baseline()
    rows: Rows = []
    for patient in enrolment.patients:
        latent = baseline[patient].latent
        noise = rng.normal(size=6)
        vessels = 1.0 / (1.0 + np.exp(2.2 - 0.7 * latent["endothelial_cells"] - 0.3 * noise[4]))
        row = {
            "patient": patient,
            "CD3 [cells/mm2]": round(np.exp(5.5 + 0.6 * latent["t_cells"] + 0.5 * noise[0]), 1),
            "CD8 [cells/mm2]": round(
                np.exp(4.8 + 0.6 * latent["cd8_t_cells"] + 0.5 * noise[1]), 1
            ),
            "CD20 [cells/mm2]": round(
                np.exp(3.5 + 0.9 * latent["b_lineage"] + 0.5 * noise[2]), 1
            ),
            "PD-1 [cells/mm2]": round(np.exp(3.0 + 0.8 * noise[3]), 1),
            "CD31 [%]": round(100.0 * vessels, 2),
            "PD-L1 CPS": int(max(0.0, np.floor(np.exp(1.2 * noise[5]) * 2.0 - 1.0))),
        }
        if rng.uniform() < _STAINED:
            rows.append(row)
    return pd.DataFrame(rows)
