"""Lesions whose sizes give the planted best response by RECIST 1.1, confirmed."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.model.params import DAYS_PER_MONTH

_EVERY = 42
"""Days from one assessment to the next."""
_EARLY = (24, 52)
"""Days of two assessments, 28 days apart, before the earliest progression."""
_RESPONSES = ("CR", "PR")
_SITES = ("lung", "liver", "retroperitoneum", "thigh", "pelvis", "chest wall")
_NEW_MM = 12.0

Rows = list[dict[str, object]]


class Course(NamedTuple):
    """What a patient's assessments show: days, sums of diameters, whether one is new."""

    days: list[int]
    sums: list[float]
    has_new: bool
    first_response: int | None


def lesions(clinical: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the lesions of the patients whose response and progression are planted.

    Parameters
    ----------
    clinical
        The clinical table of the trial.
    seed
        Seed of the trial.

    Returns
    -------
    tuple[pandas.DataFrame, pandas.DataFrame]
        One row per lesion and assessment; and what is true of each patient: `response`,
        `best_change_percent`, `time_to_response_months`, `n_assessments`.
    """
    rng = np.random.default_rng([seed, 21])
    rows: Rows = []
    truth: Rows = []
    needed = ["response", "best_change_percent", "pfs_months", "pfs_event"]
    for record in clinical.dropna(subset=needed).to_dict("records"):
        response = str(record["response"])
        if response == "NE":
            continue
        change = float(record["best_change_percent"])
        last = int(float(record["pfs_months"]) * DAYS_PER_MONTH)
        has_event = bool(record["pfs_event"])
        baseline = round(float(rng.uniform(60.0, 150.0)), 1)
        course = _course(response, change, baseline, (last, has_event), rng)
        patient = str(record["patient"])
        rows += _rows(patient, response, baseline, course, rng)
        day = course.first_response
        truth.append(
            {
                "patient": patient,
                "response": response,
                "best_change_percent": change,
                "time_to_response_months": np.nan if day is None else day / DAYS_PER_MONTH,
                "n_assessments": len(course.days),
            }
        )
    return pd.DataFrame(rows), pd.DataFrame(truth)


def _course(
    response: str, change: float, baseline: float, end: tuple[int, bool],
    rng: np.random.Generator,
) -> Course:  # fmt: skip
    last, has_event = end
    best = baseline * (1.0 + change / 100.0)
    if response == "PD":
        return Course([last], [best], has_new=False, first_response=None)
    days = list(range(_EVERY, last, _EVERY))
    is_responder = response in _RESPONSES
    if is_responder and len(days) < 2:  # noqa: PLR2004  a response and its confirmation
        days = list(_EARLY)
    begins = int(rng.integers(0, max(1, min(2, len(days) - 1)))) if is_responder else 0
    # growth after the best, short of progression: +20 % of the smallest sum
    most = best * 1.12 if is_responder else min(baseline * 1.19, best * 1.15)
    drift = np.linspace(0.0, 1.0, num=len(days) + 1)[:-1]
    sums = [float(best + (most - best) * share) for share in drift]
    if is_responder:
        sums = [baseline * 0.85] * begins + [best] * 2 + sums[begins + 2 :]
    sums = sums[: len(days)]
    has_new = False
    if has_event:
        has_new = response == "CR" or bool(rng.uniform() < 0.3)  # noqa: PLR2004  a share
        grown = max(min(sums) * 1.25, min(sums) + 6.0)
        days, sums = [*days, last], [*sums, sums[-1] if has_new else grown]
    first = days[begins] if is_responder else None
    return Course(days, sums, has_new, first)


def _rows(
    patient: str, response: str, baseline: float, course: Course, rng: np.random.Generator
) -> Rows:
    targets = int(rng.integers(1, 4))
    shares = rng.dirichlet(np.full(targets, 6.0))
    ratios = rng.uniform(0.6, 0.95, size=targets)
    sites = rng.choice(_SITES, size=targets, replace=False)
    has_other = bool(rng.uniform() < 0.5)  # noqa: PLR2004  half
    start = -int(rng.integers(1, 22))
    rows: Rows = []
    for day, total in zip([start, *course.days], [baseline, *course.sums], strict=True):
        sizes = np.round(shares * total, 1)
        sizes[-1] = round(total - sizes[:-1].sum(), 1)
        rows += [
            {
                "patient": patient, "lesion": f"T{number + 1}", "role": "target",
                "site": sites[number], "day": day, "diameter_mm": max(0.0, float(size)),
                "perpendicular_mm": round(max(0.0, float(size)) * ratios[number], 1),
            }
            for number, size in enumerate(sizes)
        ]  # fmt: skip
        if has_other:
            is_gone = response == "CR" and total == 0.0
            rows.append(
                {"patient": patient, "lesion": "N1", "role": "non-target", "site": "lymph node",
                 "day": day, "status": "CR" if is_gone else "non-CR/non-PD"}
            )  # fmt: skip
    if course.has_new:
        rows.append(
            {"patient": patient, "lesion": "L1", "role": "new", "site": "bone",
             "day": course.days[-1], "diameter_mm": _NEW_MM, "perpendicular_mm": 10.0}
        )  # fmt: skip
    return rows
