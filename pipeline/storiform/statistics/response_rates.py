"""How many patients responded, by which criteria, of all and of subgroups."""

import warnings
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from storiform.model.errors import DataWarning
from storiform.model.params import Params
from storiform.model.table import TEXT
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import BestResponse, Exposure
from storiform.model.tables.trial_tables import (
    RESPONSE_CONCORDANCE,
    RESPONSE_RATES,
    ResponseConcordance,
    ResponseRates,
)
from storiform.statistics.analysis_sets import (
    EVALUABLE,
    FLAGS,
    NOT_EVALUABLE,
    SetName,
    analysis_sets,
    by_patient,
    known_responses,
)
from storiform.statistics.proportions import clopper_pearson

MEASURES = {
    "ORR": frozenset(FLAGS["responded"]),
    "DCR": frozenset(FLAGS["disease_control"]),
    **{response: frozenset({response}) for response in (*EVALUABLE, NOT_EVALUABLE)},
}
RECIST, IRRC = "RECIST 1.1", "irRC"
DIVIDERS = ("histology", "arm", "sex")
MISSING = "missing"


class ResponseRateParams(Params):
    """Of whom the response rates are, and into which groups they are divided."""

    population: SetName = Field(
        "efficacy",
        description="the patients that are counted; of a larger population, those without "
        "a response count as not evaluable",
    )
    subgroups: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="further subgroups, NAME: the histologies that make it, compared with "
        "the rest, such as ASPS: [Alveolar soft part sarcoma]",
    )

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        """Refuse a subgroup that has the name of one that is always there."""
        taken = sorted(set(self.subgroups) & {"all", *DIVIDERS})
        if taken:
            message = f"subgroups: {', '.join(taken)} is there already; choose another name"
            raise ValueError(message)
        return self


class ResponseTables(NamedTuple):
    """Response rates, and how the two criteria agree."""

    rates: ResponseRates
    concordance: ResponseConcordance


def response_rates(
    clinic: Clinic,
    exposure: Exposure | None,
    best_response: BestResponse | None,
    params: ResponseRateParams,
) -> ResponseTables:
    """Count best overall responses and give the exact interval of each share.

    Parameters
    ----------
    clinic
        One row per patient; its response comes before that of the lesions.
    exposure
        One row per patient and drug, which tells who was treated.
    best_response
        One row per patient whose lesions were measured; with irRC where these have two
        diameters: its rates are of the patients that have it.

    Returns
    -------
    ResponseTables
        One row per criterion, subgroup, level and measure: ORR is CR or PR, DCR is CR, PR
        or SD. A measure that is not known of every patient is left out: where a table tells
        no more than who responded, single responses are not. A subgroup of one level is
        left out. `concordance` has one row per pair of
        responses, none without irRC.

    Warnings
    --------
    A subgroup of few patients is known by its interval, not by its rate.

    References
    ----------
    Clopper, Pearson, Biometrika 26, 404-413 (1934), doi:10.1093/biomet/26.4.404.
    Eisenhauer et al., Eur J Cancer 45, 228-247 (2009), doi:10.1016/j.ejca.2008.10.026.
    Wolchok et al., Clin Cancer Res 15, 7412-7420 (2009),
    doi:10.1158/1078-0432.CCR-09-1624.
    """
    sets = analysis_sets(clinic, exposure, best_response)
    patients = sets.members(params.population)
    known = known_responses(clinic, best_response).reindex(patients)
    irrc = _irrc(best_response, patients)
    groups = _groups(clinic, patients, params.subgroups)
    rows = [
        {"criterion": criterion, "population": params.population, **row}
        for criterion, measured in ((RECIST, _by_recist(known)), (IRRC, _by_irrc(irrc)))
        for row in _rates(measured, groups)
    ]
    rates = pd.DataFrame(rows) if rows else RESPONSE_RATES.empty()
    return ResponseTables(rates, _concordance(known, irrc))


def _by_recist(known: pd.DataFrame) -> dict[str, pd.Series]:
    """Return who has each measure, of those measures that are known of everybody.

    A table may tell who responded, but not whether it was a CR: then ORR is known and CR is
    not, and the share of CR among the others would be that of a selection.
    """
    told = known[["response", *FLAGS]].itertuples(index=False)
    possible = [_possible(*(None if pd.isna(cell) else cell for cell in row)) for row in told]
    return {
        measure: pd.Series([bool(found & counted) for found in possible], index=known.index)
        for measure, counted in MEASURES.items()
        if all(found <= counted or not found & counted for found in possible)
    }


def _possible(response: str | None, *flags: bool | None) -> frozenset[str]:
    """Return the responses that a patient can have had: one, or those that the flags leave."""
    if response in EVALUABLE:
        return frozenset({str(response)})
    if all(flag is None for flag in flags):
        return frozenset({NOT_EVALUABLE})
    return frozenset(
        one
        for one in EVALUABLE
        if all(
            flag is None or (one in counted) == flag
            for flag, counted in zip(flags, FLAGS.values(), strict=True)
        )
    )


def _irrc(best_response: pd.DataFrame | None, patients: pd.Index) -> pd.Series:
    """Return the responses by irRC of those who have one, in the words of RECIST."""
    if best_response is None:
        return pd.Series(dtype=TEXT)
    stated = by_patient(best_response, "ir_response").astype(TEXT).reindex(patients)
    known = stated[stated.notna() & (stated != "")].str.removeprefix("ir")
    return known.where(known.isin(EVALUABLE), NOT_EVALUABLE)


def _by_irrc(irrc: pd.Series) -> dict[str, pd.Series]:
    """Return who has each measure, of those who have a response."""
    return {measure: irrc.isin(counted) for measure, counted in MEASURES.items()}


def _groups(
    clinic: pd.DataFrame, patients: pd.Index, subgroups: dict[str, tuple[str, ...]]
) -> dict[str, pd.Series]:
    """Return the level of each patient in each subgroup that divides them."""
    columns: dict[str, pd.Series] = {}
    for name in DIVIDERS:
        levels = by_patient(clinic, name).astype(TEXT).reindex(patients)
        columns[name] = levels.where(levels.notna() & (levels.str.strip() != ""), MISSING)
    histology = columns["histology"]
    folded = histology.map(_folded)
    for name, members in subgroups.items():
        wanted = {_folded(member): member for member in members}
        if strangers := [told for key, told in wanted.items() if key not in set(folded)]:
            message = (
                f"response_rates.subgroups, {name}: no patient of the population has the "
                f"histology {', '.join(strangers)}"
            )
            warnings.warn(message, DataWarning, stacklevel=3)
        level = np.where(folded.isin(set(wanted)), name, f"not {name}")
        level = np.where(histology == MISSING, MISSING, level)
        columns[name] = pd.Series(level, index=patients, dtype=TEXT)
    divided = {name: levels for name, levels in columns.items() if len(set(levels)) > 1}
    return {"all": pd.Series("all", index=patients, dtype=TEXT), **divided}


def _folded(name: str) -> str:
    return " ".join(str(name).casefold().split())


def _rates(
    measured: dict[str, pd.Series], groups: dict[str, pd.Series]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for subgroup, levels in groups.items():
        for level in sorted(set(levels)):
            of_level = levels.index[levels == level]
            for measure, has in measured.items():
                counted = has[has.index.isin(of_level)]
                if len(counted) == 0:
                    continue
                count, n = int(counted.sum()), len(counted)
                lower, upper = clopper_pearson(count, n)
                rows.append({
                    "subgroup": subgroup, "level": level, "measure": measure, "n": n,
                    "count": count, "percent": 100.0 * count / n,
                    "lower_percent": 100.0 * lower, "upper_percent": 100.0 * upper,
                })  # fmt: skip
    return rows


def _concordance(known: pd.DataFrame, irrc: pd.Series) -> pd.DataFrame:
    """Count patients by both criteria, over the responses that either has."""
    recist = known["response"].where(known["response"].isin(EVALUABLE), NOT_EVALUABLE)
    is_half_told = (recist == NOT_EVALUABLE) & known[list(FLAGS)].notna().any(axis=1)
    irrc = irrc[~irrc.index.isin(recist.index[is_half_told])]
    if len(irrc) == 0:
        return RESPONSE_CONCORDANCE.empty()
    both = recist.reindex(irrc.index)
    found = [r for r in (*EVALUABLE, NOT_EVALUABLE) if (both == r).any() or (irrc == r).any()]
    return pd.DataFrame(
        [
            {"recist": one, "irrc": other, "n": int(((both == one) & (irrc == other)).sum())}
            for one in found
            for other in found
        ]
    )
