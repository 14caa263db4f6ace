"""Analysis populations of a trial: how many patients each table speaks of, and why."""

import warnings
from collections.abc import Iterable
from typing import NamedTuple, Self

import pandas as pd
from pydantic import Field, model_validator

from storiform.model.errors import DataWarning
from storiform.model.near import near_names
from storiform.model.params import Params
from storiform.model.populations import EVERYONE, OWN_NAMES
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import FEATURE_COLUMNS, Features
from storiform.model.tables.trial import BestResponse, Exposure
from storiform.model.tables.trial_tables import PopulationMembers, Populations
from storiform.statistics.analysis_sets import (
    NOT_EVALUABLE,
    AnalysisSets,
    analysis_sets,
    assessments_of,
    known_responses,
)


class PopulationParams(Params):
    """Which populations are counted beside those that every trial has."""

    declared: dict[str, str] = Field(
        default_factory=dict,
        description="further populations, NAME: TABLE.COLUMN; to it belong the treated "
        "patients with a value of that feature, such as IHC: measurements.CD20",
    )
    exome_tables: tuple[str, ...] = Field(
        (
            *("tmb", "gene_mutations", "copy_number_fit", "clonal_burden"),
            *("gene_copy_states", "hla_loss", "neoantigen_burden"),
        ),
        description="tables of which a value says that the exome of a patient served",
    )
    rna_tables: tuple[str, ...] = Field(
        (
            *("mcp_counter", "ssgsea", "immune_classes", "checkpoints"),
            *("immunoglobulins", "fusion_burden", "repertoires"),
        ),
        description="tables of which a value says that the RNA of a patient served",
    )

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        """Refuse a declared population that has the name of one of ours."""
        taken = sorted(set(self.declared) & {*OWN_NAMES, EVERYONE})
        if taken:
            message = f"declared: {', '.join(taken)} is a population of its own; choose another"
            raise ValueError(message)
        return self


class PopulationTables(NamedTuple):
    """How many patients each population has, and who they are."""

    populations: Populations
    members: PopulationMembers


class _Population(NamedTuple):
    """A population with what is told of it."""

    name: str
    parent: str
    patients: pd.Index
    definition: str
    reasons: str


def populations(
    clinic: Clinic,
    exposure: Exposure | None,
    best_response: BestResponse | None,
    features: Features | None,
    params: PopulationParams,
) -> PopulationTables:
    """Count the patients that were recruited, treated, assessed, biopsied and sequenced.

    Parameters
    ----------
    clinic
        One row per patient: these were recruited.
    exposure
        One row per patient and drug. Without it all who were recruited count as treated.
    best_response
        One row per patient whose lesions were measured.
    features
        One row per patient and feature; they tell who was biopsied and sequenced.

    Returns
    -------
    PopulationTables
        Each population is part of its `parent`. A population of biopsies that no patient
        of the cohort belongs to is left out.

    References
    ----------
    Schulz, Altman, Moher, BMJ 340, c332 (2010), doi:10.1136/bmj.c332.
    """
    sets = analysis_sets(clinic, exposure, best_response)
    features = _NO_FEATURES if features is None else features
    strangers = sorted(set(features["patient"].astype(str)) - set(sets.recruited))
    if strangers:
        message = (
            f"{len(strangers)} of the patients with biopsies or measurements have no row in "
            f"the clinical table and belong to no population: {_some(strangers)}"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    counted = [
        _recruited(sets),
        _safety(sets, is_known=exposure is not None),
        _efficacy(sets, clinic, best_response),
        *_of_biopsies(sets.safety, features, params),
        *(_declared(name, f, sets.safety, features) for name, f in params.declared.items()),
    ]
    sizes = {population.name: len(population.patients) for population in counted}
    rows = [
        {
            "order": order, "population": one.name, "parent": one.parent,
            "n": len(one.patients), "definition": one.definition, "reasons": one.reasons,
            "n_left_out": sizes.get(one.parent, len(one.patients)) - len(one.patients),
        }
        for order, one in enumerate(counted)
    ]  # fmt: skip
    members = [(one.name, patient) for one in counted for patient in one.patients]
    return PopulationTables(
        pd.DataFrame(rows), pd.DataFrame(members, columns=["population", "patient"])
    )


_NO_FEATURES = pd.DataFrame({name: pd.Series(dtype=object) for name in FEATURE_COLUMNS})


def _recruited(sets: AnalysisSets) -> _Population:
    definition = "patients of the clinical table"
    return _Population("recruited", "", sets.recruited, definition, "")


def _safety(sets: AnalysisSets, *, is_known: bool) -> _Population:
    definition = "at least one dose"
    if not is_known:
        definition = "all who were recruited, as no doses are known"
    reasons = _reasons({"no dose": len(sets.recruited) - len(sets.safety)})
    return _Population("safety", "recruited", sets.safety, definition, reasons)


def _efficacy(
    sets: AnalysisSets, clinic: pd.DataFrame, best_response: pd.DataFrame | None
) -> _Population:
    left_out = sets.safety.difference(sets.efficacy)
    response = known_responses(clinic, best_response)["response"].reindex(left_out)
    unseen = assessments_of(best_response, left_out).to_numpy() == 0.0
    is_not_evaluable = (response == NOT_EVALUABLE).fillna(value=False).to_numpy(dtype=bool)
    counts = {
        "no assessment after baseline": int(unseen.sum()),
        "not evaluable (NE)": int((is_not_evaluable & ~unseen).sum()),
        "no response stated": int((~is_not_evaluable & ~unseen).sum()),
    }
    definition = (
        "of the safety population, a best response other than NE or an assessment of lesions "
        "after baseline"
    )
    if best_response is None:
        definition = "of the safety population, a best response other than NE is stated"
    return _Population("efficacy", "safety", sets.efficacy, definition, _reasons(counts))


def _of_biopsies(
    safety: pd.Index, features: pd.DataFrame, params: PopulationParams
) -> list[_Population]:
    """Return who was biopsied, and of these whose exome and RNA served."""
    tables = features["table"].astype(str)
    sequenced = {"exome": params.exome_tables, "rna": params.rna_tables}
    known = tables.isin([name for names in sequenced.values() for name in names])
    # a table whose biopsies all have their patient's name may be one of patients
    biopsies = features["biopsy"].astype(str)
    is_other = (biopsies != features["patient"].astype(str)) & (biopsies != "")
    biopsied = _present(safety, features[known | tables.isin(set(tables[is_other]))])
    if len(biopsied) == 0:
        return []
    has_value = features["value"].notna() | features["label"].notna()
    reasons = _reasons({"no biopsy": len(safety) - len(biopsied)})
    definition = "of the safety population, a biopsy that was examined"
    found = [_Population("biopsied", "safety", biopsied, definition, reasons)]
    for name, names in sequenced.items():
        served = _present(biopsied, features[has_value & tables.isin(names)])
        word = "RNA" if name == "rna" else name
        reasons = _reasons({f"no {word} result": len(biopsied) - len(served)})
        definition = f"of the biopsied patients, a result of {word}"
        found.append(_Population(name, "biopsied", served, definition, reasons))
    return [population for population in found if len(population.patients)]


def _declared(name: str, feature: str, safety: pd.Index, features: pd.DataFrame) -> _Population:
    names = features["feature"].astype(str)
    rows = features[
        (names == feature) & (features["value"].notna() | features["label"].notna())
    ]
    if not (names == feature).any():
        hint = near_names(feature, names)
        message = f"populations.declared, {name}: no patient has a feature {feature}{hint}"
        warnings.warn(message, DataWarning, stacklevel=3)
    patients = _present(safety, rows)
    definition = f"of the safety population, a value of {feature}"
    reasons = _reasons({f"no value of {feature}": len(safety) - len(patients)})
    return _Population(name, "safety", patients, definition, reasons)


def _present(patients: pd.Index, rows: pd.DataFrame) -> pd.Index:
    return patients[patients.isin(set(rows["patient"].astype(str)))]


def _reasons(counts: dict[str, int]) -> str:
    return "; ".join(f"{reason}: {n}" for reason, n in counts.items() if n)


def _some(names: Iterable[str], most: int = 5) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
