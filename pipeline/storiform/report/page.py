"""Tables and figures to one HTML file that needs nothing but a browser."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from storiform.model.counting import counted
from storiform.report import findings, grids, methods_text, regression, tested, trial
from storiform.report import limits as limits_text
from storiform.report.biopsy_list import biopsy_list
from storiform.report.drawing import drawing_of
from storiform.report.expression_findings import expression_findings
from storiform.report.missing import why_absent
from storiform.report.numbers import moment
from storiform.report.record import (
    Problem,
    ProblemKind,
    ReportFigure,
    ReportRecord,
    ReportTable,
    StepRecord,
)
from storiform.report.templates import resource, template

__all__ = ["Problem", "ReportFigure", "ReportRecord", "ReportTable", "StepRecord", "render"]

UNITS_SHOWN = 12
CLINICAL_COLUMNS = ("patient", "response", "pfs_months", "pfs_event", "os_months", "os_event")
_KINDS: dict[ProblemKind, tuple[str, str]] = {
    "failed": ("Failed", "A step ended with an error; only these units lack its result."),
    "blocked": ("Blocked", "A step could not run, since one before it failed."),
    "left_out": ("Left out", "What a step needs was not supplied."),
    "warning": ("Warnings", "A doubtful input or value; the result was made all the same."),
}
_LISTED_APART = {"associations", "survival"}


@dataclass(frozen=True)
class Trouble:
    """One message, and all the units of a step that it holds for."""

    step: str
    message: str
    units: str


@dataclass(frozen=True)
class Incomplete:
    """A biopsy that lacks results, and why."""

    biopsy: str
    reason: str


@dataclass(frozen=True)
class Fact:
    """A number of the cohort, and what it counts."""

    value: str
    label: str


def render(record: ReportRecord) -> str:
    """Write the report of a run as one HTML document.

    Parameters
    ----------
    record
        All that the report prints. Text is escaped; SVG is reduced to what is drawn.

    Returns
    -------
    str
        A document that opens from disk without network. The same record always gives the
        same text.

    Raises
    ------
    ValueError
        If the SVG of a figure cannot be read.
    """
    script = resource("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    tables = [t for t in record.tables if t.name not in _LISTED_APART]
    present = {table.name for table in record.tables}
    return template("template.html.j2").render(
        record=record,
        started=moment(record.started),
        finished=moment(record.finished),
        style=resource("style.css"),
        script=script,
        script_hash=digest,
        findings=(*findings.findings(record), *expression_findings(record)),
        q_limit=findings.Q_LIMIT,
        tested=tested.counted_tests(record),
        facts=(_counts(record), _outcomes(record)),
        notes=_notes(record),
        biopsies=biopsy_list(record),
        incomplete=_incomplete(record),
        not_drawn=_not_drawn(record),
        clinical_columns=CLINICAL_COLUMNS,
        figures=[drawing_of(figure, present) for figure in record.figures],
        associations=grids.associations_grid(record),
        survival=grids.survival_grid(record),
        odds=regression.odds_grid(record),
        trends=regression.trends_grid(record),
        hazards=regression.hazards_grid(record),
        correlations=regression.correlations_grid(record),
        trial=trial.trial_tables(record),
        tables=[grids.grid(table) for table in tables],
        coverage=grids.coverage(record),
        troubles=_troubles(record.problems),
        opening=methods_text.opening(record.version, record.packages),
        methods=methods_text.methods(record.steps),
        limits=limits_text.limits(record),
        references=methods_text.references(record.steps),
        counted=counted,
    )


def _counts(record: ReportRecord) -> list[Fact]:
    return [
        Fact(f"{record.patients:,}", "patient" if record.patients == 1 else "patients"),
        Fact(f"{record.biopsies:,}", "biopsy" if record.biopsies == 1 else "biopsies"),
        Fact(f"{record.samples:,}", "sample" if record.samples == 1 else "samples"),
    ]


def _outcomes(record: ReportRecord) -> list[Fact]:
    """Count each outcome among those in whom it is known, and the others beside them."""
    facts = []
    every = _clinic(record)
    unknown = "not evaluable or not stated"
    for column, label, lacking, population in (
        ("responded", "responded (CR or PR)", unknown, "efficacy"),
        ("disease_control", "with disease control (CR, PR or SD)", unknown, "efficacy"),
        ("pfs_event", "progressed or died", "not stated", "safety"),
        ("os_event", "died", "not stated", "safety"),
    ):
        clinic, people, whom = _of_population(record, every, population)
        known = clinic[column].dropna() if column in clinic else pd.Series([], dtype="bool")
        rest = people - len(known)
        if len(known):
            others = f"; {rest:,} {lacking}" if rest else ""
            told = label + whom + others
            facts.append(Fact(f"{int(known.sum())} of {len(known)}", told))
    return facts


def _of_population(
    record: ReportRecord, clinic: pd.DataFrame, name: str
) -> tuple[pd.DataFrame, int, str]:
    """Return the rows of a population, its size and name; all where none is known."""
    table = record.table("population_members")
    if table is None or len(table.frame) < table.n_rows or "patient" not in clinic:
        return clinic, max(len(clinic), record.patients), ""
    members = table.frame.loc[table.frame["population"] == name, "patient"].astype(str)
    rows = clinic[clinic["patient"].astype(str).isin(set(members))]
    return rows, len(members), f" ({name} population)"


def _notes(record: ReportRecord) -> list[str]:
    """Tell what the histologies are."""
    notes = []
    clinic = _clinic(record)
    if "histology" in clinic and clinic["histology"].notna().any():
        counts = clinic["histology"].value_counts()
        ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        named = ", ".join(f"{name} ({n})" for name, n in ordered[:UNITS_SHOWN])
        further = len(ordered) - UNITS_SHOWN
        more = f" and {further} more" if further > 0 else ""
        notes.append(f"Histology: {named}{more}.")
    return notes


def _incomplete(record: ReportRecord) -> list[Incomplete]:
    """List the biopsies of which a step failed or could not run, with the reasons."""
    found: dict[str, list[str]] = {}
    for problem in record.problems:
        if problem.kind in {"failed", "blocked"} and problem.unit in record.biopsy_pages:
            lead = f"{problem.step} failed: " if problem.kind == "failed" else ""
            reason = f"{lead}{problem.message}"
            # what failed tells more than what it held up
            if problem.kind == "failed" or problem.unit not in found:
                found.setdefault(problem.unit, []).append(reason)
    return [Incomplete(name, "; ".join(found[name])) for name in sorted(found)]


def _not_drawn(record: ReportRecord) -> list[tuple[str, str]]:
    """Name the figures of the cohort that are not there, each with the reason."""
    figures = [step.name for step in record.steps if step.room.startswith("figures.")]
    drawn = {figure.name for figure in record.figures}
    of_all = [problem for problem in record.problems if problem.unit == "cohort"]
    told = {step for problem in of_all for step in problem.step.split(", ")}
    return [
        (name, why_absent(name, [*of_all, *record.problems]))
        for name in figures
        if name in told and name not in drawn
    ]


def _clinic(record: ReportRecord) -> pd.DataFrame:
    table = record.table("clinic")
    return pd.DataFrame() if table is None else table.frame


def _troubles(problems: Iterable[Problem]) -> list[tuple[str, str, list[Trouble]]]:
    grouped: dict[str, dict[tuple[str, str], list[str]]] = {kind: {} for kind in _KINDS}
    for problem in problems:
        key = (problem.step, problem.message)
        grouped[problem.kind].setdefault(key, []).append(problem.unit)
    return [
        (*words, [Trouble(*key, _units(units)) for key, units in grouped[kind].items()])
        for kind, words in _KINDS.items()
        if grouped[kind]
    ]


def _units(units: list[str]) -> str:
    named = [unit for unit in dict.fromkeys(units) if unit]
    further = len(named) - UNITS_SHOWN
    more = f" and {further} more" if further > 0 else ""
    return ", ".join(named[:UNITS_SHOWN]) + more or "cohort"
