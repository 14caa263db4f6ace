"""The table of patient characteristics, the first of most papers of a trial."""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Params
from storiform.model.table import TEXT
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import BestResponse, Exposure, PatientFacts
from storiform.model.tables.trial_tables import CHARACTERISTICS, Characteristics
from storiform.statistics.analysis_sets import SetName, analysis_sets, by_patient

MEDIAN, MISSING = "median (range)", "missing"
_OF_CLINIC = {"age": "age_years", "sex": "sex", "histology": "histology", "arm": "arm"}
_TWO_DIGITS = 10.0


class CharacteristicParams(Params):
    """Of whom the table is, and in which order it tells."""

    population: SetName = Field("safety", description="the patients that are described")
    most_values: int = Field(
        5,
        ge=0,
        le=100,
        description="further columns of whole numbers with at most so many values, such as a "
        "performance status, are counted by value; others have median and range",
    )
    order: tuple[str, ...] = Field(
        (),
        description="variables that come first: age, sex, histology, arm and those of "
        "cohort.characteristics; the others follow in this order",
    )


class _Variable(NamedTuple):
    """A variable of the patients (n,): numbers or labels, missing where unknown."""

    known: pd.Series
    is_number: bool


def characteristics(
    clinic: Clinic,
    patient_facts: PatientFacts | None,
    exposure: Exposure | None,
    best_response: BestResponse | None,
    params: CharacteristicParams,
) -> Characteristics:
    """Describe the patients: median and range of numbers, count and share of categories.

    Parameters
    ----------
    clinic
        One row per patient.
    patient_facts
        One row per patient and further variable.
    exposure, best_response
        They tell who was treated and who was assessed.

    Returns
    -------
    Characteristics
        One row per variable and level, categories by frequency, few whole numbers in their
        order, then how many are missing, where any is. A variable that no patient has is
        left out. `percent` is of all patients of the population.

    References
    ----------
    Schulz, Altman, Moher, BMJ 340, c332 (2010), doi:10.1136/bmj.c332.
    """
    sets = analysis_sets(clinic, exposure, best_response)
    patients = sets.members(params.population)
    variables = _of_clinic(clinic, patients)
    if patient_facts is not None:
        further = _of_facts(patient_facts, patients, params.most_values)
        variables |= {name: v for name, v in further.items() if name not in variables}
    variables = {name: v for name, v in variables.items() if v.known.notna().any()}
    if strangers := [name for name in params.order if name not in variables]:
        message = f"characteristics.order: no patient has {', '.join(strangers)}"
        warnings.warn(message, DataWarning, stacklevel=2)
    first = [name for name in dict.fromkeys(params.order) if name in variables]
    names = [*first, *(name for name in variables if name not in first)]
    rows = [
        {"variable": name, "population": params.population, "n_total": len(patients), **row}
        for name in names
        for row in _levels(variables[name])
    ]
    if not rows:
        return CHARACTERISTICS.empty()
    return pd.DataFrame(rows).assign(order=range(len(rows)))


def _of_clinic(clinic: pd.DataFrame, patients: pd.Index) -> dict[str, _Variable]:
    found: dict[str, _Variable] = {}
    for name, column in _OF_CLINIC.items():
        values = by_patient(clinic, column).reindex(patients)
        is_number = name == "age"
        found[name] = _Variable(_number(values) if is_number else _label(values), is_number)
    return found


def _of_facts(
    facts: pd.DataFrame, patients: pd.Index, most_values: int
) -> dict[str, _Variable]:
    found: dict[str, _Variable] = {}
    for name, rows in facts.groupby("variable", sort=True):
        if (rows["kind"] == "number").all():
            numbers = _number(by_patient(rows, "value").reindex(patients))
            values = numbers.dropna()
            is_whole = bool((values == values.round()).all())
            is_number = not is_whole or len(set(values)) > most_values
            found[str(name)] = _Variable(numbers, is_number)
        else:
            labels = by_patient(rows, "label").reindex(patients)
            found[str(name)] = _Variable(_label(labels), is_number=False)
    return found


def _number(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _label(values: pd.Series) -> pd.Series:
    labels = values.astype(TEXT).str.strip()
    return labels.where(labels.notna() & (labels != ""))


def _levels(variable: _Variable) -> list[dict[str, object]]:
    known, n = variable.known.dropna(), len(variable.known)
    if variable.is_number:
        text = range_text(known.to_numpy(dtype=np.float64))
        rows = [{"level": MEDIAN, "n": len(known), "percent": np.nan, "text": text}]
    else:
        rows = [_share(level, count, n) for level, count in _counts(known)]
    if len(known) < n:
        rows.append(_share(MISSING, n - len(known), n))
    return rows


def _counts(known: pd.Series) -> list[tuple[str, int]]:
    """Return levels with their counts: numbers in their order, others by frequency."""
    counts = known.value_counts().sort_index()
    if counts.index.dtype.kind == "f":
        return [(f"{level:.0f}", int(count)) for level, count in counts.items()]
    found = [(str(level), int(count)) for level, count in counts.items()]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _share(level: str, count: int, n: int) -> dict[str, object]:
    percent = 100.0 * count / n
    return {"level": level, "n": count, "percent": percent, "text": share_text(count, n)}


def share_text(count: int, n: int) -> str:
    """Write a count and its share as a table prints it.

    Halves go up, as people round; the binary fraction of a half may lie below it.

    Examples
    --------
    >>> share_text(12, 47), share_text(1, 16), share_text(0, 0)
    ('12 (25.5%)', '1 (6.3%)', '0')
    """
    if n == 0:
        return str(count)
    tenths = (2000 * count + n) // (2 * n)
    return f"{count} ({tenths // 10}.{tenths % 10}%)"


def range_text(values: npt.NDArray[np.float64]) -> str:
    """Write the median and range of numbers (n,) as a table prints them.

    Examples
    --------
    >>> range_text(np.array([22.0, 51.0, 72.0])), range_text(np.array([0.5, 1.25]))
    ('51 (22-72)', '0.88 (0.50-1.25)')
    """
    middle, ends = float(np.median(values)), (float(values.min()), float(values.max()))
    is_whole = bool((values == np.round(values)).all())
    digits = 0 if is_whole else 1 if abs(middle) >= _TWO_DIGITS else 2
    centre = f"{middle:.{digits}f}" if middle == round(middle) or digits else f"{middle:.1f}"
    joint = " to " if ends[0] < 0.0 else "-"
    return f"{centre} ({joint.join(f'{end:.{digits}f}' for end in ends)})"
