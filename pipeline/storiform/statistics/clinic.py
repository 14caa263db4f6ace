"""The outcome of a patient: the clinical table's, and what lesions tell where it is silent."""

import warnings

import numpy as np
import pandas as pd

from storiform.model.errors import DataWarning
from storiform.model.step import needs_one_of
from storiform.model.tables.clinic import CLINIC, Clinic, ClinicalRecord
from storiform.model.tables.trial import BestResponse

_FLAGS = {
    "CR": (True, True), "PR": (True, True), "SD": (False, True), "PD": (False, False),
    "NE": (None, None),
}  # fmt: skip
"""Response -> responded, disease_control."""
_LEAST_DIFFERENCE = 1.0


@needs_one_of("record", "best")
def clinic(record: ClinicalRecord | None, best: BestResponse | None) -> Clinic:
    """Take the outcome of the clinical table; where it states none, that of the lesions.

    Parameters
    ----------
    record
        The patient's row of the clinical table.
    best
        The best response by RECIST 1.1, confirmed.

    Returns
    -------
    Clinic
        One row. What the clinical table states is kept, with a warning where the lesions
        tell otherwise.
    """
    told = dict.fromkeys(CLINIC.columns) if record is None else _first(record)
    if best is None or not len(best):
        return pd.DataFrame([told])
    seen = _first(best)
    _fill_response(told, str(seen["response"]))
    _fill_change(told, seen["best_change_percent"])
    return pd.DataFrame([told])


def _first(frame: pd.DataFrame) -> dict[str, object]:
    return {str(name): frame[name].iloc[0] for name in frame.columns}


def _fill_response(told: dict[str, object], seen: str) -> None:
    responded, control = _FLAGS[seen]
    pairs = (("responded", responded), ("disease_control", control))
    if not _is_missing(told["response"]):
        if told["response"] != seen:
            _warn("response")
        return
    is_stated = [not _is_missing(told[name]) for name, _ in pairs]
    if seen == "NE" and any(is_stated):
        return
    for name, flag in pairs:
        stated = told[name]
        if not _is_missing(stated) and bool(stated) is not flag:
            _warn(name)
            return
    told |= {"response": seen, **dict(pairs)}


def _fill_change(told: dict[str, object], seen: object) -> None:
    stated = told["best_change_percent"]
    if _is_missing(stated):
        told["best_change_percent"] = seen
    elif not _is_missing(seen) and not np.isclose(
        float(str(stated)), float(str(seen)), rtol=0, atol=_LEAST_DIFFERENCE
    ):
        _warn("best change")


def _warn(what: str) -> None:
    """Name both places but no value: warnings stand in logs, values of patients do not."""
    message = (
        f"{what} of the clinical table is not that of the lesions (RECIST 1.1, confirmed; "
        f"table best_response): the clinical table is kept"
    )
    warnings.warn(message, DataWarning, stacklevel=4)


def _is_missing(value: object) -> bool:
    return bool(pd.isna(value))  # type: ignore[call-overload]
