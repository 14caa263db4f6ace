"""Odds ratios of everything that was measured: logistic models of response."""

import warnings
from functools import partial
from typing import Literal

import numpy as np
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Months
from storiform.model.populations import population_field, population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import Features, PairedFeatures
from storiform.model.tables.trial import PatientFacts
from storiform.model.tables.trial_tables import ODDS, Odds, PopulationMembers
from storiform.statistics.covariate_models import (
    NO_FEATURES,
    ModelParams,
    Rows,
    adjusted_table,
    named_covariates,
    rows_of_covariates,
)
from storiform.statistics.covariates import covariates_of
from storiform.statistics.gathered import patients_of, response_of
from storiform.statistics.odds_models import OddsRules, Responses, odds_rows
from storiform.statistics.paired_features import with_pairs


class OddsParams(ModelParams):
    """Which logistic models are fitted, and how."""

    population: str = population_field("efficacy")
    outcomes: tuple[Literal["responded", "disease_control", "clinical_benefit"], ...] = Field(
        ("responded", "clinical_benefit"),
        description="CR or PR; CR, PR or SD; CR, PR or SD that lasts",
    )
    always_penalised: bool = Field(
        default=True,
        description="whether every fit is Firth's: p that hold their level in small samples, "
        "estimates nearer to none; else (R's glm) only those of groups that separate or are "
        "very small",
    )
    benefit_months: Months = Field(6.0, description="as association.benefit_months")
    patients_per_term: float = Field(
        5.0,
        ge=0.0,
        le=50.0,
        description="fewer patients of the rarer outcome per term of a model are noted; below "
        "5 to 10 the intervals are too narrow and the estimates biased away from none",
    )


def odds(
    features: Features | None,
    clinic: Clinic,
    facts: PatientFacts | None,
    params: OddsParams,
    pairs: PairedFeatures | None = None,
    members: PopulationMembers | None = None,
) -> Odds:
    """Fit logistic models of response on each feature and clinical covariate, and on several.

    A number counts per standard deviation over the patients in the model, age per ten
    years, a flag as yes against no, a category against its most frequent level. Intervals
    and p are of the profile likelihood, with Firth's penalty; without it on request, but
    where groups separate, or fewer than three patients have or lack the outcome. Within
    histologies the likelihood is conditional. What cannot be fitted keeps its row: the
    estimate is missing and `note` says why.

    Parameters
    ----------
    features
        One row per patient and feature; a clinical table alone has none.
    clinic
        One row per patient; an outcome that nobody has stated makes no row.
    facts
        One row per patient and further column of the clinical table.
    pairs
        Groups by two features at once, modelled like features.
    members
        Who belongs to which analysis population.

    Returns
    -------
    Odds
        One row per outcome, model and term.

    Raises
    ------
    InputError
        If `multivariable` names what no patient has.

    Warnings
    --------
    A model of many terms and few patients of the rarer outcome fits chance.

    References
    ----------
    Firth, Biometrika 80, 27-38 (1993), doi:10.1093/biomet/80.1.27.
    Heinze, Schemper, Statistics in Medicine 21, 2409-2419 (2002), doi:10.1002/sim.1047.
    Gail, Lubin, Rubinstein, Biometrika 68, 703-707 (1981), doi:10.1093/biomet/68.3.703.
    """
    chosen = population_of(members, params.population)
    features = chosen.rows(with_pairs(NO_FEATURES if features is None else features, pairs))
    clinic = chosen.rows(clinic)
    patients = patients_of(features, clinic)
    covariates = covariates_of(features, clinic, facts, patients)
    named = named_covariates(covariates, params.multivariable, "odds")
    rules = OddsRules(params.most_levels, params.patients_per_term, params.always_penalised)
    rows: list[Rows] = []
    for name in params.outcomes:
        has = response_of(clinic, name, patients, params.benefit_months)
        if np.isnan(has).all():
            message = f"no patient has the outcome {name} stated: no odds are estimated"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        fit = partial(odds_rows, outcome=Responses(name, has), rules=rules)
        rows += rows_of_covariates(covariates, named, params, fit)
    return adjusted_table(rows).assign(population=chosen.name) if rows else ODDS.empty()
