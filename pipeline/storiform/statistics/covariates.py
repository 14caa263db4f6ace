"""What may go with an outcome, as columns of a regression: features and the clinic."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.statistics.gathered import labelled, measured, outcome_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CLINIC, FACTS, MEASURED = "clinic", "patient_facts", "measurements"
HISTOLOGY = "clinic.histology"
_CLINICAL_CATEGORIES = ("sex", "histology", "arm")
_YEARS = 10.0


class Covariate(NamedTuple):
    """A number, flag or category of each patient (patients,), NaN where it is unknown.

    `value` of a category numbers its `levels`. A number is taken per `step`, which is its
    standard deviation where it is NaN.
    """

    name: str
    table: str
    kind: Literal["number", "flag", "category"]
    value: Floats
    levels: tuple[str, ...] = ()
    step: float = float("nan")
    unit: str = ""

    @property
    def is_feature(self) -> bool:
        """Whether a step measured it, other than what the clinic tells of a patient."""
        return self.table not in {CLINIC, FACTS}


class Design(NamedTuple):
    """A covariate as columns (n, k) of a model; none, and why, where it can't be one."""

    columns: Floats
    terms: tuple[str, ...]
    reference: str
    unit: str
    note: str = ""


def covariates_of(
    features: pd.DataFrame, clinic: pd.DataFrame, facts: pd.DataFrame | None, patients: pd.Index
) -> list[Covariate]:
    """Return all covariates of the patients, sorted by name.

    A further column of the clinical table that is a measurement too, by name and values, is
    that measurement alone.

    Parameters
    ----------
    features
        One row per patient and feature.
    clinic
        One row per patient; a column that nobody has is no covariate.
    facts
        One row per patient and further column of the clinical table.
    patients
        The patients of whom values are wanted, in this order.
    """
    found = [*_of_features(features, patients), *_of_clinic(clinic, patients)]
    if facts is not None:
        known = {covariate.name: covariate for covariate in found}
        for fact in _of_facts(facts, patients):
            twin = known.get(measured_name(fact.name))
            if twin is None or not _is_same(fact, twin):
                found.append(fact)
    return sorted(found, key=lambda covariate: covariate.name)


def measured_name(name: str) -> str:
    """Return the name that a further column of the clinical table has as a measurement."""
    return f"{MEASURED}.{name.removeprefix(f'{FACTS}.')}"


def _is_same(fact: Covariate, twin: Covariate) -> bool:
    """Tell whether both have the same values; a flag those of a number or category of two."""
    is_known = np.isfinite(fact.value)
    if not np.array_equal(is_known, np.isfinite(twin.value)):
        return False
    ours, others = fact.value[is_known], twin.value[is_known]
    if twin.kind == "flag":
        pairs = set(zip(ours.tolist(), others.tolist(), strict=True))
        return len(pairs) == len(set(ours.tolist())) == len(set(others.tolist()))
    return (
        fact.kind == twin.kind and fact.levels == twin.levels and bool((ours == others).all())
    )


def _plain(step: float) -> str:
    """Write three digits of a number without an exponent where it can be read so."""
    return f"{float(f'{step:.3g}'):,.10g}"


def design_of(covariate: Covariate, chosen: Bools, most_levels: int) -> Design:
    """Return a covariate as columns over the chosen patients, of whom all have it.

    A category is compared with the level that most patients of the cohort have, of two as
    frequent the first by name; where none of the chosen has it, with the next.
    """
    values = covariate.value[chosen]
    if len(values) == 0 or values.min() == values.max():
        return _without(covariate, "the feature is constant")
    if covariate.kind == "flag":
        return Design(values[:, None], (covariate.name,), "no", "yes v. no")
    if covariate.kind == "number":
        step, unit = covariate.step, f"{covariate.step:g} {covariate.unit}"
        if np.isnan(step):
            step = float(values.std(ddof=1))
            unit = f"1 sd ({f'{_plain(step)} {covariate.unit}'.strip()})"
        return Design(values[:, None] / step, (covariate.name,), "", unit)
    codes = np.unique(values.astype(np.int64))
    if len(codes) > most_levels:
        return _without(covariate, f"too many levels: {len(codes)}")
    everybody = covariate.value[np.isfinite(covariate.value)].astype(np.int64)
    reference = codes[np.bincount(everybody, minlength=len(covariate.levels))[codes].argmax()]
    others = codes[codes != reference]
    terms = tuple(f"{covariate.name}:{covariate.levels[code]}" for code in others)
    columns = (values[:, None] == others).astype(np.float64)
    return Design(columns, terms, covariate.levels[reference], "level v. reference")


def _without(covariate: Covariate, note: str) -> Design:
    return Design(np.empty((0, 0)), (covariate.name,), "", "", note)


def _of_features(features: pd.DataFrame, patients: pd.Index) -> list[Covariate]:
    spread = measured(features, patients)
    once = features.drop_duplicates("feature")
    units = dict(zip(once["feature"].astype(str), once["unit_of_measure"], strict=True))
    found: list[Covariate] = []
    for row, values in zip(spread.known.itertuples(), spread.matrix, strict=True):
        name, table, unit = str(row.name), str(row.table), units[str(row.name)]
        if row.kind == "number":
            unit = unit if isinstance(unit, str) else ""
            found.append(Covariate(name, table, "number", values, unit=unit))
        else:
            flags = np.where(np.isnan(values), np.nan, values != 0.0)
            found.append(Covariate(name, table, "flag", flags))
    for (table, name), labels in labelled(features, patients).items():
        found.append(_category(name, table, labels))
    return found


def _of_clinic(clinic: pd.DataFrame, patients: pd.Index) -> list[Covariate]:
    age = outcome_of(clinic, "age_years", patients)
    age[~np.isfinite(age)] = np.nan
    found = [Covariate("clinic.age_years", CLINIC, "number", age, step=_YEARS, unit="years")]
    names = clinic["patient"].astype(str)
    for column in _CLINICAL_CATEGORIES:
        labels = _labels(clinic[column], names, patients)
        found.append(_category(f"{CLINIC}.{column}", CLINIC, labels))
    return [covariate for covariate in found if np.isfinite(covariate.value).any()]


def _of_facts(facts: pd.DataFrame, patients: pd.Index) -> list[Covariate]:
    found: list[Covariate] = []
    for variable, rows in facts.groupby("variable", sort=True):
        name, whose = f"{FACTS}.{variable}", rows["patient"].astype(str)
        if (rows["kind"] == "number").all():
            values = outcome_of(rows, "value", patients)
            values[~np.isfinite(values)] = np.nan
            found.append(Covariate(name, FACTS, "number", values))
        else:
            labels = rows["label"].astype(object).where(rows["kind"] != "number", rows["value"])
            found.append(_category(name, FACTS, _labels(labels, whose, patients)))
    return found


def _labels(labels: pd.Series, names: pd.Series, patients: pd.Index) -> pd.Series:
    """Return the label of each patient as an object, missing where it is empty."""
    by_patient = pd.Series(labels.to_numpy(dtype=object), index=names.to_numpy(dtype=object))
    by_patient = by_patient[~by_patient.index.duplicated()].reindex(patients)
    return by_patient.where(by_patient.notna() & (by_patient != ""))


def _category(name: str, table: str, labels: pd.Series) -> Covariate:
    known = labels.dropna().astype(str)
    levels = tuple(sorted(known.unique()))
    codes = {level: float(number) for number, level in enumerate(levels)}
    values = np.full(len(labels), np.nan)
    values[labels.notna().to_numpy()] = [codes[label] for label in known]
    return Covariate(name, table, "category", values, levels)
