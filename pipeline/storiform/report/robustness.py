"""What else the run knows of a finding: hazard ratios, one patient's weight, histologies."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from storiform.model.counting import counted
from storiform.model.features import full_name, group_name
from storiform.report.numbers import equation, interval, is_missing, probability, significant
from storiform.report.record import ReportRecord

P_LIMIT = 0.05
MULTIVARIABLE = "multivariable"
TERMS_SHOWN = 8
Row = Mapping[Hashable, Any]
_STRATIFIED = " + histology"
_PENALTY = "Firth's penalty: "
_LARGEST = 1000
_FLAG = re.compile(r"\b(?:true|false)\b(?= \()")


def reservations(record: ReportRecord, outcome: str, feature: str) -> str:
    """Say what speaks against a finding of a group comparison, empty where nothing does.

    Parameters
    ----------
    record
        All that the report prints; its table `sensitivity` tests the findings again.
    outcome, feature
        Which finding.

    Returns
    -------
    str
        Sentences that each begin with a space: that p passes 0.05 without one patient, that
        it does so within histologies, or that no histology can tell.
    """
    row = _row_of(record, "sensitivity", outcome=outcome, feature=feature)
    if row is None:
        return ""
    return _of_one_patient(row) + _of_histology(row)


def hazard_ratio(record: ReportRecord, outcome: str, feature: str) -> str:
    """Write the hazard ratio of a feature alone with its interval; empty without a model.

    Where the fit needed a penalty, as of groups that separate, that stands beside it.

    Parameters
    ----------
    record
        All that the report prints; its table `hazards` has the models.
    outcome, feature
        Which comparison of survival.
    """
    row = _row_of(record, "hazards", outcome=outcome, model=feature, term=feature)
    if row is None or is_missing(row["hazard_ratio"]):
        return ""
    unit = str(row["unit_of_term"])
    per = f" per {unit.removeprefix('1 ')}" if unit[:1].isdigit() else f" {unit}"
    bounds = interval(float(row["lower"]), float(row["upper"]))
    told = f"hazard ratio{per.rstrip()} {_size(float(row['hazard_ratio']))}"
    about = "; ".join(filter(None, (bounds, _penalty(row))))
    return f"{told} ({about})" if about else told


def multivariable_sentence(record: ReportRecord, outcome: str) -> str:
    """Write the terms of the multivariable Cox model of an outcome, empty where none is.

    What the table notes of the model (few events, how terms were chosen) stands with its size.

    Parameters
    ----------
    record
        All that the report prints; its table `hazards` has the models.
    outcome
        ``pfs`` or ``os``.
    """
    table = record.table("hazards")
    if table is None or "model" not in table.frame:
        return ""
    rows = table.frame[
        table.frame["model"].eq(MULTIVARIABLE)
        & table.frame["outcome"].astype(object).eq(outcome)
        & table.frame["hazard_ratio"].notna()
    ]
    if rows.empty:
        return ""
    terms = rows.sort_values(["p", "term"], kind="stable").to_dict("records")
    told = [_term(row) for row in terms[:TERMS_SHOWN]]
    further = len(terms) - TERMS_SHOWN
    if further > 0:
        told.append(f"{counted(further, 'more term')}: see Cox models")
    size = f"n = {int(terms[0]['n'])}, {counted(int(terms[0]['events']), 'event')}"
    notes = dict.fromkeys(str(row["note"]) for row in terms if not is_missing(row.get("note")))
    about = "; ".join(filter(None, (size, *notes)))
    return f"Multivariable Cox model ({about}): {'; '.join(told)}."


def named_groups(feature: str, note: str) -> str:
    """Write the groups that a note names as ``true (2)`` by what they are.

    Examples
    --------
    >>> named_groups("gene_mutations.RIT1", "groups of fewer than 3 patients: true (2)")
    'groups of fewer than 3 patients: mutated (2)'
    """
    return _FLAG.sub(lambda found: group_name(feature, found[0]), note)


def survival_reservations(record: ReportRecord, outcome: str, feature: str) -> str:
    """Say what the Cox models have against a finding of survival, empty where nothing.

    Parameters
    ----------
    record
        All that the report prints; its table `hazards` has the models.
    outcome, feature
        Which finding.

    Returns
    -------
    str
        Sentences that each begin with a space: that p passes 0.05 where each histology has a
        baseline of its own, or that hazards are not proportional.
    """
    found = ""
    within = _row_of(
        record, "hazards", outcome=outcome, model=f"{feature}{_STRATIFIED}", term=feature
    )
    if within is not None and _is_lost(within["p"]):
        found += (
            f" Within histologies {_written(within)} (Cox model stratified by them): their "
            "mix may explain it."
        )
    alone = _row_of(record, "hazards", outcome=outcome, model=feature, term=feature)
    if alone is not None and float(alone["proportionality_p"]) < P_LIMIT:
        chance = equation("p", float(alone["proportionality_p"]))
        found += f" Its effect changes over time (test of proportional hazards, {chance})."
    return found


def term_name(row: Row) -> str:
    """Write the term of a model, of a category with the level that it is compared with."""
    feature, _, level = str(row["term"]).partition(":")
    return full_name(feature) + (f": {level} v. {row['reference']}" if level else "")


def _term(row: Row) -> str:
    unit = str(row["unit_of_term"])
    per = f" per {unit.removeprefix('1 ')}" if unit[:1].isdigit() else ""
    is_flag = ":" not in str(row["term"]) and " v. " in unit
    name = f"{term_name(row)}, {unit}" if is_flag else term_name(row)
    bounds = interval(float(row["lower"]), float(row["upper"]))
    inside = ", ".join(part for part in (bounds, equation("p", float(row["p"]))) if part)
    return f"{name}, hazard ratio{per} {_size(float(row['hazard_ratio']))} ({inside})"


def _size(ratio: float) -> str:
    """Write a hazard ratio; beyond a thousandfold its digits are those of no effect."""
    if ratio > _LARGEST:
        return f"above {_LARGEST:,}"
    return significant(ratio) if ratio >= 1 / _LARGEST else f"below {1 / _LARGEST:g}"


def _penalty(row: Row) -> str:
    """Return why the fit of a model needed Firth's penalty, empty where it had none."""
    return str(row.get("method", "")).partition(_PENALTY)[2]


def _of_one_patient(row: Row) -> str:
    if not _is_lost(row["p_largest"]):
        return ""
    without = f"Without patient {row['patient']}, p = {probability(float(row['p_largest']))}"
    rests = ": it rests on one patient" if float(row["p"]) <= P_LIMIT else ""
    return f" {without}{rests}."


def _of_histology(row: Row) -> str:
    if _is_lost(row["p_within_histology"]):
        people = int(row["n_within_histology"])
        kinds = counted(int(row["histologies"]), "histology", "histologies")
        chance = equation("p", float(row["p_within_histology"]))
        told = f"{counted(people, 'patient')} of {kinds} with both outcomes"
        return f" Within histologies {chance} ({told}): their mix may explain it."
    is_judged = is_missing(row["note"]) or not row["note"]
    if is_judged and is_missing(row["p_within_histology"]):
        return (
            " No histology holds patients of both outcomes who differ in it: it cannot be told "
            "apart from histology."
        )
    return ""


def _is_lost(p: object) -> bool:
    return not is_missing(p) and float(str(p)) > P_LIMIT


def _written(row: Row) -> str:
    return f"{equation('p', float(row['p']))}, n = {int(row['n'])}"


def _row_of(record: ReportRecord, name: str, **values: str) -> Row | None:
    table = record.table(name)
    if table is None or not set(values) <= set(table.frame.columns):
        return None
    has = pd.Series(data=True, index=table.frame.index)
    for column, value in values.items():
        has &= table.frame[column].astype(object) == value
    found = table.frame[has]
    return found.to_dict("records")[0] if len(found) else None
