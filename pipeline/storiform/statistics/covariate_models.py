"""Regressions of one outcome on one covariate and on several, whatever the regression."""

import difflib
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import InputError, fault
from storiform.model.params import Fraction, Params
from storiform.model.table import TEXT
from storiform.model.tables.outcomes import FEATURE_COLUMNS
from storiform.statistics.covariates import (
    FACTS,
    HISTOLOGY,
    Covariate,
    Design,
    design_of,
    measured_name,
)
from storiform.statistics.multiplicity import adjust_within

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rows = dict[str, object]

MULTIVARIABLE = "multivariable"
NO_FEATURES = pd.DataFrame(
    {name: pd.Series(dtype=float if name == "value" else TEXT) for name in FEATURE_COLUMNS}
)


class ModelParams(Params):
    """Which covariates are modelled, alone and together."""

    family: Literal["table", "all"] = Field(
        "table",
        description="q is adjusted among the terms of one table, or among all, for each "
        "outcome apart",
    )
    most_levels: int = Field(
        6, ge=2, le=20, description="categories of more levels are not compared"
    )
    histology_adjusted: bool = Field(
        default=False,
        description="whether each feature is also modelled among patients of one histology, "
        "in a model stratified by it",
    )
    multivariable: tuple[str, ...] = Field(
        (),
        description="what stands in the multivariable model: TABLE.COLUMN, clinic.age_years, "
        "patient_facts.COLUMN ...; empty: no such model",
    )
    multivariable_p: Fraction | None = Field(
        None,
        description="likelihood ratio p of the model with it alone below which a covariate "
        "is taken into the multivariable model; the model then says that it was searched",
    )
    most_chosen: int = Field(
        10,
        ge=1,
        le=50,
        description="covariates that multivariable_p may choose, those of the smallest p",
    )


class Model(NamedTuple):
    """Covariates of one model; `stratum` (patients,) divides the patients, if it is given."""

    name: str
    family: str
    covariates: tuple[Covariate, ...]
    stratum: Covariate | None = None
    note: str = ""


class Fitted(NamedTuple):
    """What a fit tells of the model as a whole, and of each column that has an estimate.

    `notes` hold for all of these columns, `lacking` for those without an estimate.
    """

    of_model: Rows
    of_columns: dict[int, Rows]
    notes: tuple[str, ...]
    lacking: str


def chosen_of(model: Model, is_known: Bools) -> Bools:
    """Tell which patients (patients,) have the outcome and all covariates of a model."""
    chosen = is_known.copy()
    for covariate in (*model.covariates, *([model.stratum] if model.stratum else [])):
        chosen &= np.isfinite(covariate.value)
    return chosen


def strata_of(model: Model, chosen: Bools) -> Ints | None:
    """Return the stratum of each chosen patient (n,), None where the model has none."""
    return model.stratum.value[chosen].astype(np.int64) if model.stratum else None


def name_of_stratum(model: Model) -> str:
    """Return by what a model is stratified, behind a comma; empty where it is not."""
    if model.stratum is None:
        return ""
    return f", stratified by {model.stratum.name.split('.', maxsplit=1)[1]}"


def rows_of_model(
    model: Model,
    shared: Rows,
    reason: str,
    designs: list[Design],
    fit: Callable[[Floats, list[range]], Fitted],
) -> list[Rows]:
    """Return a row for each term of a model, or the reason why it has no estimate.

    Parameters
    ----------
    model
        What is in it.
    shared
        What all rows tell; the estimates are still missing.
    reason
        Why nothing can be fitted; empty where something can.
    designs
        The covariates of the model as columns over its patients.
    fit
        Fits columns (n, k), of which it is told which belong to one covariate.
    """
    if reason:
        return [_row(shared, {"term": one.name}, reason) for one in model.covariates]
    rows = [
        _row(shared, {"term": design.terms[0]}, design.note)
        for design in designs
        if design.note
    ]
    usable = [design for design in designs if not design.note]
    if not usable:
        return rows
    ends = np.cumsum([len(design.terms) for design in usable]).tolist()
    groups = [
        range(end - len(design.terms), end) for design, end in zip(usable, ends, strict=True)
    ]
    found = fit(np.column_stack([design.columns for design in usable]), groups)
    shared = shared | found.of_model
    for design, group in zip(usable, groups, strict=True):
        for column, term in zip(group, design.terms, strict=True):
            own = {"term": term, "reference": design.reference, "unit_of_term": design.unit}
            told = found.notes if column in found.of_columns else (found.lacking,)
            rows.append(_row(shared, own | found.of_columns.get(column, {}), *told))
    return rows


def _row(shared: Rows, own: Rows, *notes: str) -> Rows:
    """Return a row with what there is to say of its term."""
    told = [str(shared["note"]), *notes]
    return {**shared, **own, "note": "; ".join(note for note in told if note)}


def designs_of(model: Model, chosen: Bools, most_levels: int) -> list[Design]:
    """Return the covariates of a model as columns over the chosen patients."""
    return [design_of(one, chosen, most_levels) for one in model.covariates]


def rows_of_terms(values: dict[str, Floats]) -> list[Rows]:
    """Return what is told of each column of a model from arrays (k,) by name."""
    number = len(next(iter(values.values())))
    return [
        {name: float(of_columns[column]) for name, of_columns in values.items()}
        for column in range(number)
    ]


def named_covariates(
    covariates: list[Covariate], names: tuple[str, ...], section: str
) -> list[Covariate]:
    """Return the covariates that the configuration names for the multivariable model.

    Raises
    ------
    InputError
        If a name is of none.
    """
    known = {covariate.name: covariate for covariate in covariates}
    names = tuple(
        measured_name(name)
        if name not in known and name.startswith(f"{FACTS}.") and measured_name(name) in known
        else name
        for name in names
    )
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:10]
            message = fault(
                f"{section}.multivariable", f"{name!r}", "a feature or clinical column that "
                "patients of this cohort have", f"Name one of these, or another: "
                f"{', '.join(near)}.",
            )  # fmt: skip
            raise InputError(message)
    return [known[name] for name in dict.fromkeys(names)]


def rows_of_covariates(
    covariates: list[Covariate],
    named: list[Covariate],
    params: ModelParams,
    rows_of: Callable[[Model], list[Rows]],
) -> list[Rows]:
    """Model each covariate alone, each feature within histologies, and several together.

    Parameters
    ----------
    covariates
        All that is modelled.
    named
        Those that the multivariable model holds in any case.
    params
        Which models are made.
    rows_of
        Fits one model of one outcome.
    """
    alone = [row for model in _single_models(covariates, params) for row in rows_of(model)]
    together = _multivariable(covariates, named, alone, params)
    return alone + (rows_of(together) if together is not None else [])


def adjusted_table(rows: list[Rows]) -> pd.DataFrame:
    """Return rows as a table with q; the multivariable model, which is one, has none."""
    table = pd.DataFrame(rows)
    tested = table["p"].where(table["model"] != MULTIVARIABLE)
    table["q"] = adjust_within(tested, table["outcome"] + "/" + table["family"])
    return table.sort_values(["outcome", "model", "term"], ignore_index=True)


def _single_models(covariates: list[Covariate], params: ModelParams) -> list[Model]:
    """Return a model of each covariate, and one of each feature within histologies."""
    strata = [one for one in covariates if one.name == HISTOLOGY and params.histology_adjusted]
    models: list[Model] = []
    for one in covariates:
        family = one.table if params.family == "table" else "all"
        models.append(Model(one.name, family, (one,)))
        models += [
            Model(f"{one.name} + histology", f"{family} + histology", (one,), stratum)
            for stratum in strata
            if one.is_feature
        ]
    return models


def _multivariable(
    covariates: list[Covariate], named: list[Covariate], alone: list[Rows], params: ModelParams
) -> Model | None:
    """Return the model of several covariates, None where none is asked for or chosen."""
    chosen: list[Covariate] = []
    note = ""
    if params.multivariable_p is not None:
        is_named = {one.name for one in named}
        candidates = {one.name: one for one in covariates if one.name not in is_named}
        of_model = {str(row["model"]): float(str(row["model_p"])) for row in alone}
        limit = params.multivariable_p
        below = sorted((of_model[n], n) for n in candidates if of_model[n] < limit)
        chosen = [candidates[name] for _, name in below[: params.most_chosen]]
        note = (
            f"chosen by univariable p < {limit:g}: "
            f"{len(chosen)} of {len(candidates)} covariates"
        )
    if not named and not chosen:
        return None
    return Model(MULTIVARIABLE, MULTIVARIABLE, (*named, *chosen), note=note)
