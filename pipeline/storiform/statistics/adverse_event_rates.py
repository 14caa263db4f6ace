"""How many patients had each adverse event, at the highest grade that they had it."""

import re
import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Params
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.trial import AdverseEvents, Exposure
from storiform.model.tables.trial_tables import ADVERSE_EVENT_RATES, AdverseEventRates
from storiform.statistics.analysis_sets import SetName, analysis_sets

Ints = npt.NDArray[np.int64]

ANY = "any"
GRADES = {"grade_1_2": (1, 2), "grade_3": (3,), "grade_4": (4,), "grade_5": (5,)}
SEVERE = 3
_SPELLINGS = (("ae", "e"), ("oe", "e"), ("our", "or"), ("ise", "ize"), ("yse", "yze"),
              ("sulph", "sulf"), ("leuc", "leuk"))  # fmt: skip


class AdverseEventRateParams(Params):
    """Which adverse events are counted, and of whom."""

    population: SetName = Field(
        "safety", description="the patients of whom the shares are; of others none is counted"
    )
    unknown_is_related: bool = Field(
        default=False,
        description="whether an event of which nobody said whether it is related counts as "
        "related",
    )
    terms: dict[str, str] = Field(
        default_factory=dict,
        description="terms that mean the same, WRITTEN: SHOWN, such as AST increased: "
        "Aspartate aminotransferase increased",
    )


def adverse_event_rates(
    adverse_events: AdverseEvents,
    clinic: Clinic,
    exposure: Exposure | None,
    params: AdverseEventRateParams,
) -> AdverseEventRates:
    """Count the patients with each adverse event, once each, at their highest grade.

    Terms that differ in case, spaces, hyphens, or between American and British spelling
    are one term, shown as it was written most often.

    Parameters
    ----------
    adverse_events
        One row per event; a patient without a row had none.
    clinic
        One row per patient.
    exposure
        One row per patient and drug, which tells who was treated.

    Returns
    -------
    AdverseEventRates
        One row per scope and term: first `any` term, then by number of patients, patients
        of grade 3 or more, and name. Nothing is `related` where no file says so.

    References
    ----------
    Ioannidis et al., Ann Intern Med 141, 781-788 (2004),
    doi:10.7326/0003-4819-141-10-200411160-00009.
    """
    patients = analysis_sets(clinic, exposure, None).members(params.population)
    names = adverse_events["patient"].astype(str)
    strangers = sorted(set(names) - set(patients))
    if strangers:
        message = (
            f"adverse events of patients who are not of the {params.population} population "
            f"are not counted: {', '.join(strangers[:5])}"
            + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")  # noqa: PLR2004  named above
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    events = adverse_events[names.isin(patients)]
    events = events.assign(term=_shown(events["term"], params.terms))
    is_related = events["is_related"].astype("boolean").fillna(params.unknown_is_related)
    scopes = {"related": events[is_related.to_numpy(dtype=bool)], "all": events}
    rows = [
        {"scope": scope, "population": params.population, **row}
        for scope, rows in scopes.items()
        for row in _counted(rows, len(patients))
    ]
    return pd.DataFrame(rows) if rows else ADVERSE_EVENT_RATES.empty()


def fold_term(term: str) -> str:
    """Write a term so that its spellings are equal.

    Examples
    --------
    >>> fold_term("Diarrhoea") == fold_term("diarrhea ")
    True
    >>> fold_term("Hand-foot  syndrome"), fold_term("Anaemia")
    ('hand foot syndrome', 'anemia')
    """
    folded = " ".join(re.sub(r"[-_\s]+", " ", term.casefold()).split())
    for british, american in _SPELLINGS:
        folded = folded.replace(british, american)
    return folded


def _shown(terms: pd.Series, same: dict[str, str]) -> pd.Series:
    """Return each term as it is shown: as the user says, else as it stands most often."""
    meant = {fold_term(written): shown for written, shown in same.items()}
    written = terms.astype(str).str.split().str.join(" ")
    written = written.map(lambda term: meant.get(fold_term(term), term))
    folded = written.map(fold_term)
    counts = pd.DataFrame({"folded": folded, "written": written}).value_counts().reset_index()
    counts = counts.sort_values(["count", "written"], ascending=[False, True])
    shown = counts.drop_duplicates("folded").set_index("folded")["written"]
    chosen = {fold_term(name): name for name in meant.values()}
    return folded.map(lambda term: chosen.get(term, shown[term]))


def _counted(events: pd.DataFrame, n: int) -> list[dict[str, object]]:
    if len(events) == 0:
        return []
    highest = events.groupby(["term", "patient"])["grade"].max().reset_index()
    total = events.groupby("patient")["grade"].max().reset_index().assign(term=ANY)
    counts = {
        str(term): rows["grade"].to_numpy(dtype=np.int64)
        for term, rows in highest.groupby("term", sort=True)
    }
    terms = sorted(counts, key=lambda term: _rank(term, counts[term]))
    counts = {ANY: total["grade"].to_numpy(dtype=np.int64)} | {t: counts[t] for t in terms}
    return [
        {"term": term, "order": order, "n": n, **_grades(grades, n)}
        for order, (term, grades) in enumerate(counts.items())
    ]


def _rank(term: str, grades: Ints) -> tuple[int, int, str]:
    return -len(grades), -int((grades >= SEVERE).sum()), term


def _grades(grades: Ints, n: int) -> dict[str, object]:
    counts = {name: int(np.isin(grades, of).sum()) for name, of in GRADES.items()}
    shares = {f"{name}_percent": 100.0 * count / n for name, count in counts.items()}
    return {
        **counts, **shares, "any_grade": len(grades), "any_percent": 100.0 * len(grades) / n,
    }  # fmt: skip
