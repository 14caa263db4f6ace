"""Hazard ratios of everything that was measured: Cox models of one feature and of several."""

import difflib
import warnings
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Fraction, Params
from storiform.model.table import TEXT
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import FEATURE_COLUMNS, Features, PairedFeatures
from storiform.model.tables.trial import PatientFacts
from storiform.model.tables.trial_tables import HAZARDS, Hazards
from storiform.statistics.gathered import outcome_of, patients_of
from storiform.statistics.hazard_covariates import HISTOLOGY, Covariate, covariates_of
from storiform.statistics.hazard_models import Model, Outcome, Rows, Rules, hazard_rows
from storiform.statistics.multiplicity import adjust_within
from storiform.statistics.paired_features import with_pairs
from storiform.statistics.risk_sets import Ties

MULTIVARIABLE = "multivariable"

_NO_FEATURES = pd.DataFrame(
    {name: pd.Series(dtype=float if name == "value" else TEXT) for name in FEATURE_COLUMNS}
)


class HazardParams(Params):
    """Which Cox models are fitted, and how."""

    outcomes: tuple[Literal["pfs", "os"], ...] = Field(
        ("pfs", "os"), description="progression-free survival, overall survival"
    )
    ties: Ties = Field("efron", description="how tied events are counted; efron as R does")
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
    events_per_term: float = Field(
        5.0,
        ge=0.0,
        le=50.0,
        description="fewer events per term of a model are noted; below 5 to 10 the intervals "
        "are too narrow and the estimates biased away from none",
    )


def hazards(
    features: Features | None,
    clinic: Clinic,
    facts: PatientFacts | None,
    params: HazardParams,
    pairs: PairedFeatures | None = None,
) -> Hazards:
    """Fit Cox models of each feature and clinical covariate, and of several together.

    A number counts per standard deviation over the patients in the model, age per ten
    years, a flag as yes against no, a category against its most frequent level. Where
    groups separate, or events are fewer than three, the fit is Firth's. What cannot be
    fitted keeps its row: the estimate is missing and `note` says why.

    Parameters
    ----------
    features
        One row per patient and feature; a clinical table alone has none.
    clinic
        One row per patient; an outcome that nobody has makes no row.
    facts
        One row per patient and further column of the clinical table.
    pairs
        Groups by two features at once, modelled like features.

    Returns
    -------
    Hazards
        One row per outcome, model and term.

    Raises
    ------
    InputError
        If `multivariable` names what no patient has.

    Warnings
    --------
    Hazards are taken to be proportional; `proportionality_p` tells where that is doubtful.
    A model of many terms and few events fits chance.

    References
    ----------
    Cox, J. Royal Statistical Society B 34, 187-220 (1972),
    doi:10.1111/j.2517-6161.1972.tb00899.x.
    Heinze, Schemper, Biometrics 57, 114-119 (2001),
    doi:10.1111/j.0006-341X.2001.00114.x.
    Grambsch, Therneau, Biometrika 81, 515-526 (1994), doi:10.1093/biomet/81.3.515.
    """
    features = with_pairs(_NO_FEATURES if features is None else features, pairs)
    patients = patients_of(features, clinic)
    covariates = covariates_of(features, clinic, facts, patients)
    named = _named(covariates, params.multivariable)
    rules = Rules(params.ties, params.most_levels, params.events_per_term)
    rows: list[Rows] = []
    for name in params.outcomes:
        outcome = _outcome(clinic, name, patients)
        if not outcome.is_known.any():
            message = f"no patient has time and event of {name}: no hazard is estimated"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        alone = [
            row
            for model in _single_models(covariates, params)
            for row in hazard_rows(model, outcome, rules)
        ]
        rows += alone
        together = _multivariable(covariates, named, alone, params)
        if together is not None:
            rows += hazard_rows(together, outcome, rules)
    if not rows:
        return HAZARDS.empty()
    table = pd.DataFrame(rows)
    tested = table["p"].where(table["model"] != MULTIVARIABLE)
    table["q"] = adjust_within(tested, table["outcome"] + "/" + table["family"])
    return table.sort_values(["outcome", "model", "term"], ignore_index=True)


def _outcome(clinic: pd.DataFrame, name: str, patients: pd.Index) -> Outcome:
    months = outcome_of(clinic, f"{name}_months", patients)
    events = outcome_of(clinic, f"{name}_event", patients)
    is_known = np.isfinite(months) & ~np.isnan(events)
    return Outcome(name, months, events == 1.0, is_known)


def _single_models(covariates: list[Covariate], params: HazardParams) -> list[Model]:
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


def _named(covariates: list[Covariate], names: tuple[str, ...]) -> list[Covariate]:
    """Return the covariates that the configuration names for the multivariable model."""
    known = {covariate.name: covariate for covariate in covariates}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)[:10]
            message = fault(
                "hazards.multivariable", f"{name!r}", "a feature or clinical column that "
                "patients of this cohort have", f"Name one of these, or another: "
                f"{', '.join(near)}.",
            )  # fmt: skip
            raise InputError(message)
    return [known[name] for name in dict.fromkeys(names)]


def _multivariable(
    covariates: list[Covariate], named: list[Covariate], alone: list[Rows], params: HazardParams
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
