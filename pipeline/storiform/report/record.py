"""What a report is made of: plain values, so that it can be built from any run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

ProblemKind = Literal["failed", "blocked", "left_out", "warning"]


@dataclass(frozen=True)
class ReportTable:
    """One table of the results.

    `columns` maps a column to its description and unit. `frame` holds the first rows at
    least; `n_rows` is the number of rows in the file ``tables/NAME.tsv``; `key` names the
    columns that tell its rows apart, where that is known.
    """

    name: str
    description: str
    frame: pd.DataFrame
    columns: Mapping[str, tuple[str, str]]
    n_rows: int
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportFigure:
    """One figure: its SVG text, and the names of the tables that it was drawn from.

    `png` is the same figure as pixels, which a page shows where the SVG is too large for it;
    `file` is the address of the SVG file, seen from the page.
    """

    name: str
    caption: str
    svg: str
    source_tables: tuple[str, ...] = ()
    png: bytes = b""
    file: str = ""


@dataclass(frozen=True)
class StepRecord:
    """One step: what it does, with which parameters, and how its units ended.

    `params` maps a parameter to its value, its default and its description; `references`
    are DOIs, or whole references that contain one, see `citations.references_of`;
    `limits` is what a result of the step cannot tell.
    `done`, `cached`, `failed`, `blocked` and `left_out` count units.
    """

    name: str
    summary: str
    room: str
    version: int
    params: Mapping[str, tuple[object, object, str]]
    references: tuple[str, ...] = ()
    limits: str = ""
    done: int = 0
    cached: int = 0
    failed: int = 0
    blocked: int = 0
    left_out: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Problem:
    """Something that a reader of the results must know of one unit."""

    unit: str
    step: str
    kind: ProblemKind
    message: str


@dataclass(frozen=True)
class ReportRecord:
    """All that the report prints.

    `started` and `finished` are ISO 8601 times; `inputs` maps the name of an input (no
    folder) to its content id; `packages` maps a package to its version; `biopsy_pages` names
    the biopsies with a page of their own, ``biopsies/NAME.html``.
    """

    title: str
    version: str
    started: str
    finished: str
    patients: int
    biopsies: int
    samples: int
    tables: tuple[ReportTable, ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    problems: tuple[Problem, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    biopsy_pages: tuple[str, ...] = ()

    def table(self, name: str) -> ReportTable | None:
        """Return the table of this name, or None where the run made none."""
        found = [table for table in self.tables if table.name == name]
        return found[0] if found else None


@dataclass(frozen=True)
class BiopsyRecord:
    """All that the page of one biopsy prints: its rows of the biopsies' tables, its figures.

    `not_drawn` names figures that had nothing to show, each with the reason; `problems` are
    those of this biopsy, its patient and the whole cohort: what failed or was left out, and
    the warnings about what its values were made from. `beside` are rows of other tables: those
    of its patient, and those of the whole cohort that tell of this biopsy. `home` is the page
    above it, seen from this one, and what the link to it says.
    """

    title: str
    version: str
    patient: str
    biopsy: str
    tables: tuple[ReportTable, ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    not_drawn: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    beside: tuple[ReportTable, ...] = ()
    home: tuple[str, str] = ("../report.html", "Back to the report of the cohort")


@dataclass(frozen=True)
class PatientRecord:
    """All that the page of one patient prints, whose steps were run without the cohort.

    `biopsies` are the records of the pages of its biopsies, ``../biopsies/NAME.html`` seen from
    this one; `problems` are those of the patient's own units; `steps`, `inputs` and `packages`
    tell of what this patient's results were made by and from; `against` names the cohort of
    reference, if there is one.
    """

    title: str
    version: str
    patient: str
    started: str
    finished: str
    biopsies: tuple[BiopsyRecord, ...] = ()
    problems: tuple[Problem, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    against: str = ""
