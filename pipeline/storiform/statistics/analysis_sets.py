"""Who was recruited, treated and assessed, and with what best response."""

from typing import Literal, NamedTuple

import pandas as pd

from storiform.model.table import TEXT

SetName = Literal["recruited", "safety", "efficacy"]

EVALUABLE = ("CR", "PR", "SD", "PD")
NOT_EVALUABLE = "NE"
FLAGS = {"responded": ("CR", "PR"), "disease_control": ("CR", "PR", "SD")}
"""The flags of the clinic, and the responses that set them."""


class AnalysisSets(NamedTuple):
    """The patients of the three analysis populations of a trial, each part of the last."""

    recruited: pd.Index
    safety: pd.Index
    efficacy: pd.Index

    def members(self, name: SetName) -> pd.Index:
        """Return the sorted names of the patients of one population."""
        return {"recruited": self.recruited, "safety": self.safety}.get(name, self.efficacy)


def analysis_sets(
    clinic: pd.DataFrame, exposure: pd.DataFrame | None, best_response: pd.DataFrame | None
) -> AnalysisSets:
    """Tell who was recruited, who had a dose, and who of these was assessed.

    Parameters
    ----------
    clinic
        One row per patient.
    exposure
        One row per patient and drug; None where no doses are known: then all were treated.
    best_response
        One row per patient whose lesions were measured; None where none were.

    Returns
    -------
    AnalysisSets
        A patient was assessed who has a response other than NE, of whom it is told whether
        there was a response or disease control, or whose lesions were measured after
        baseline: then NE counts among the patients of the response rate.
    """
    recruited = pd.Index(sorted(set(clinic["patient"].astype(str))), dtype=object)
    safety = recruited
    if exposure is not None:
        safety = recruited[recruited.isin(set(exposure["patient"].astype(str)))]
    known = known_responses(clinic, best_response).reindex(safety)
    is_assessed = known["response"].isin(EVALUABLE).to_numpy(dtype=bool)
    is_assessed |= known[["responded", "disease_control"]].notna().any(axis=1).to_numpy()
    is_assessed |= assessments_of(best_response, safety).fillna(0.0).to_numpy() > 0.0
    return AnalysisSets(recruited, safety, safety[is_assessed])


def known_responses(clinic: pd.DataFrame, best_response: pd.DataFrame | None) -> pd.DataFrame:
    """Return what is known of the best overall response, one row per patient.

    The response of the clinical table comes first, then that of the lesions. A table may
    tell no more than whether a patient responded, or had CR or PR, which it is not known.

    Returns
    -------
    pandas.DataFrame
        `response`, missing where it is not told; `responded` and `disease_control`,
        nullable flags that follow from it, else those of the clinical table.
    """
    response = by_patient(clinic, "response").astype(TEXT)
    response = response.where(response.notna() & (response != ""))
    if best_response is not None:
        measured = by_patient(best_response, "response").astype(TEXT)
        response = response.fillna(measured.reindex(response.index))
    known = pd.DataFrame({"response": response})
    for name, counted in FLAGS.items():
        follows = response.isin(counted).astype("boolean").where(response.isin(EVALUABLE))
        stated = by_patient(clinic, name).astype("boolean").where(response.isna())
        known[name] = follows.fillna(stated)
    return known


def assessments_of(best_response: pd.DataFrame | None, patients: pd.Index) -> pd.Series:
    """Return how often each patient was assessed, missing where no lesions are known."""
    if best_response is None:
        return pd.Series(float("nan"), index=patients, dtype="float64")
    return by_patient(best_response, "n_assessments").reindex(patients).astype("float64")


def by_patient(table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of a table of one row a patient, indexed by the patient."""
    names = pd.Index(table["patient"].astype(str), dtype=object)
    is_first = ~names.duplicated()
    return table.loc[is_first, column].set_axis(names[is_first])
