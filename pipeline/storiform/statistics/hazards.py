"""Hazard ratios of everything that was measured: Cox models of one feature and of several."""

import warnings
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.populations import population_field, population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features, PairedFeatures
from storiform.model.tables.trial import PatientFacts
from storiform.model.tables.trial_tables import HAZARDS, Hazards, PopulationMembers
from storiform.statistics.covariate_models import (
    NO_FEATURES,
    ModelParams,
    Rows,
    adjusted_table,
    named_covariates,
    rows_of_covariates,
)
from storiform.statistics.covariates import covariates_of
from storiform.statistics.gathered import outcome_of, patients_of
from storiform.statistics.hazard_models import Outcome, Rules, hazard_rows
from storiform.statistics.paired_features import with_pairs
from storiform.statistics.risk_sets import Ties


class HazardParams(ModelParams):
    """Which Cox models are fitted, and how."""

    population: str = population_field("safety")
    outcomes: tuple[Literal["pfs", "os"], ...] = Field(
        ("pfs", "os"), description="progression-free survival, overall survival"
    )
    ties: Ties = Field("efron", description="how tied events are counted; efron as R does")
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
    members: PopulationMembers | None = None,
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
    members
        Who belongs to which analysis population.

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
    chosen = population_of(members, params.population)
    features = chosen.rows(with_pairs(NO_FEATURES if features is None else features, pairs))
    clinic = chosen.rows(clinic)
    patients = patients_of(features, clinic)
    covariates = covariates_of(features, clinic, facts, patients)
    named = named_covariates(covariates, params.multivariable, "hazards")
    rules = Rules(params.ties, params.most_levels, params.events_per_term)
    rows: list[Rows] = []
    for name in params.outcomes:
        outcome = _outcome(clinic, name, patients)
        if not outcome.is_known.any():
            message = f"no patient has time and event of {name}: no hazard is estimated"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        rows += rows_of_covariates(
            covariates, named, params, partial(hazard_rows, outcome=outcome, rules=rules)
        )
    return adjusted_table(rows).assign(population=chosen.name) if rows else HAZARDS.empty()


def _outcome(clinic: pd.DataFrame, name: str, patients: pd.Index) -> Outcome:
    months = outcome_of(clinic, f"{name}_months", patients)
    events = outcome_of(clinic, f"{name}_event", patients)
    is_known = np.isfinite(months) & ~np.isnan(events)
    return Outcome(name, months, events == 1.0, is_known)
