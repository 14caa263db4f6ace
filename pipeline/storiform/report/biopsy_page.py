"""One HTML page for a biopsy: its figures, its values, its rows of the larger tables."""

from typing import NamedTuple

from storiform.report import grids
from storiform.report.course import course
from storiform.report.discordances import discordances
from storiform.report.doubts import doubts
from storiform.report.drawing import drawing_of
from storiform.report.headlines import headlines, in_reading_order
from storiform.report.hla import FIGURE, hla_summary
from storiform.report.missing import absences
from storiform.report.neoantigens import neoantigen_summary
from storiform.report.numbers import MISSING, text_of
from storiform.report.record import BiopsyRecord, ReportTable
from storiform.report.templates import resource, template


class Value(NamedTuple):
    """One value of a table with a single row: its column, what it means, how it reads."""

    name: str
    description: str
    text: str


def render_biopsy(record: BiopsyRecord) -> str:
    """Write the page of one biopsy as one HTML document without script.

    Parameters
    ----------
    record
        What the page prints. Text is escaped; SVG is reduced to what is drawn.

    Raises
    ------
    ValueError
        If the SVG of a figure cannot be read.
    """
    present = {table.name for table in record.tables}
    by_name = {table.name: table for table in record.tables if table.n_rows == 1}
    single = [by_name[name] for name in in_reading_order(list(by_name))]
    several = [table for table in record.tables if table.n_rows > 1]
    return template("biopsy.html.j2").render(
        record=record,
        style=resource("style.css"),
        headlines=headlines(record),
        doubts=doubts(record),
        discordances=discordances(record),
        course=course(record),
        neoantigens=neoantigen_summary(record),
        hla=hla_summary(record),
        hla_figure=FIGURE,
        absences=absences(record.problems),
        figures=[drawing_of(figure, present) for figure in record.figures],
        single=[(table, _values(table)) for table in single],
        grids=[grids.grid(table) for table in several],
        empty=[table.name for table in record.tables if table.n_rows == 0],
    )


def _values(table: ReportTable) -> list[Value]:
    """Show every column: a value that is not here is shown nowhere."""
    found = []
    for name in table.frame.columns:
        description, unit = table.columns.get(str(name), ("", ""))
        text = text_of(
            table.frame[name].iloc[0], str(name)
        )  # a row would turn counts to floats
        shown = f"{text} {unit}" if unit and text != MISSING else text
        found.append(Value(str(name), description, shown))
    return found
