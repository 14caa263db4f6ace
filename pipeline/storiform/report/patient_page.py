"""One HTML page for a patient whose steps were run without the rest of the cohort."""

from typing import NamedTuple
from urllib.parse import quote

from storiform.model.counting import counted
from storiform.report import methods_text
from storiform.report.course import Course, course
from storiform.report.discordances import discordances
from storiform.report.doubts import doubts
from storiform.report.headlines import Headline, headlines
from storiform.report.missing import Absence, absences
from storiform.report.numbers import moment
from storiform.report.record import BiopsyRecord, PatientRecord
from storiform.report.templates import resource, template


class Told(NamedTuple):
    """What the page of a patient tells of one biopsy, and where the rest stands."""

    name: str
    address: str
    headlines: tuple[Headline, ...]
    discordances: tuple[str, ...]
    warnings: str
    absences: list[Absence]


def render_patient(record: PatientRecord) -> str:
    """Write the page of one patient as one HTML document without script.

    Parameters
    ----------
    record
        What the page prints. Text is escaped.

    Returns
    -------
    str
        A document that opens from disk without network; it links to the pages of biopsies.
    """
    return template("patient.html.j2").render(
        record=record,
        style=resource("style.css"),
        started=moment(record.started),
        finished=moment(record.finished),
        course=_course(record.biopsies),
        biopsies=[_told(biopsy) for biopsy in record.biopsies],
        absences=absences(record.problems),
        opening=methods_text.opening(record.version, record.packages),
        methods=methods_text.methods(record.steps),
        references=methods_text.references(record.steps),
        counted=counted,
    )


def _course(biopsies: tuple[BiopsyRecord, ...]) -> Course | None:
    """Take the course of the patient from any of its biopsies: it is the same in all."""
    return course(biopsies[0]) if biopsies else None


def _told(biopsy: BiopsyRecord) -> Told:
    number = len(doubts(biopsy))
    return Told(
        biopsy.biopsy,
        f"../biopsies/{quote(biopsy.biopsy)}.html",
        headlines(biopsy),
        discordances(biopsy),
        counted(number, "warning") if number else "",
        [one for one in absences(biopsy.problems) if one.kind == "failed"],
    )
