"""The pages of patients who were run without the rest of the cohort."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path

from storiform import __version__
from storiform.engine.collect import copy_figures, figures
from storiform.engine.pages import biopsy_records, problems_of_biopsies, write_biopsy_page
from storiform.engine.patients import cohort_of, own_units
from storiform.engine.reporting import (
    MEMORY,
    inputs_of,
    provenances,
    step_records,
    times_of,
)
from storiform.engine.results import Results
from storiform.engine.session import Session
from storiform.engine.work import packages
from storiform.io.store import write_bytes
from storiform.model.cohort import COHORT
from storiform.report.record import BiopsyRecord, PatientRecord, Problem

FOLDER = "patients"


def write_patient_pages(
    session: Session, listen: Callable[[str], None] | None = None
) -> list[Path]:
    """Write the pages of the patients of a session, and those of their biopsies.

    The report of the cohort, its tables and the pages of others stay as they are. The next run
    of the whole cohort writes its report anew, with these biopsies' pages.

    Parameters
    ----------
    session
        Results of some patients alone, see `session_of_patients`.
    listen
        Is told what is being written, for a person who waits.

    Returns
    -------
    list of Path
        ``OUT/patients/NAME.html``, one for each patient.
    """
    (session.results.root / MEMORY).unlink(missing_ok=True)
    copy_figures(figures(session.graph, session.results), session.results, is_whole=False)
    return [_write(_part(session, patient), patient, listen) for patient in session.only]


def drop_patient_pages(results: Results) -> None:
    """Delete the pages of patients: a report of the whole cohort has taken their place."""
    for page in (results.root / FOLDER).glob("*.html"):
        page.unlink()


def _part(session: Session, patient: str) -> Session:
    """Return the part of a session that belongs to one patient, with what is of the cohort."""
    cohort = cohort_of(session.report.cohort, [patient])
    own = own_units(cohort, [patient])
    units = {unit for _, unit in own} | {COHORT}
    graph = replace(
        session.graph,
        nodes=[n for n in session.graph.nodes if n.grain == COHORT or (n.grain, n.unit) in own],
        left_out=[gone for gone in session.graph.left_out if gone.unit in units],
    )
    return replace(session, graph=graph, report=replace(session.report, cohort=cohort))


def _write(session: Session, patient: str, listen: Callable[[str], None] | None) -> Path:
    from storiform.report.patient_page import render_patient

    goal = session.results.root / FOLDER / f"{patient}.html"
    goal.parent.mkdir(exist_ok=True)
    home = (f"../{FOLDER}/{goal.name}", f"Back to patient {patient}")
    pages = [replace(page, home=home) for page in biopsy_records(session, listen)]
    for page in pages:
        write_biopsy_page(session, page)
    write_bytes(goal, render_patient(_record(session, patient, pages)).encode())
    return goal


def _record(session: Session, patient: str, pages: list[BiopsyRecord]) -> PatientRecord:
    records = provenances(session)
    started, finished = times_of(records)
    told: dict[Problem, None] = {}
    for problems in problems_of_biopsies(session).values():
        told |= dict.fromkeys(problems)
    reference = session.config.resources.get("cohort_reference")
    return PatientRecord(
        title=session.config.workflow.title,
        version=__version__,
        patient=patient,
        started=started,
        finished=finished,
        biopsies=tuple(pages),
        problems=tuple(told),
        steps=step_records(session, records),
        inputs=inputs_of(session),
        packages=packages() | {"pandas": version_of("pandas")},
        against=reference.stem if reference is not None else "",
    )
