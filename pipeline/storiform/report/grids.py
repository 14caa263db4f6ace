"""Tables as a page shows them: headings, written cells, and what was left in the file."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from numbers import Real

import pandas as pd

from storiform.model.counting import counted
from storiform.model.features import full_name, group_name
from storiform.report.findings import feature_unit, tested_together, usable
from storiform.report.numbers import is_missing, significant, text_of
from storiform.report.record import ReportRecord, ReportTable

ROWS_SHOWN = 200
COLUMNS_SHOWN = 40
EMBEDDED_BELOW = 20_000
TESTS_SHOWN = 1000
KEYS = {
    "patient": "patient, as the sample sheet names it",
    "biopsy": "biopsy of the patient, as the sample sheet names it",
    "sample": "sample, as the sample sheet names it",
    "role": "tumour or normal",
    "assay": "exome or rna",
}
_TESTED = {"outcome", "feature", "n", "n_positive", "effect", "effect_name", "p", "q"}
_TESTS = "features tested in the family, among which q is adjusted"
_COMPARED = {"outcome", "feature", "group", "n", "events", "median_months", "p", "q"}


@dataclass(frozen=True)
class Heading:
    """The head of a column: its name, what it means, its unit."""

    name: str
    description: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """A written value, what its column is sorted by, a small second line, and a link."""

    text: str
    order: str
    is_number: bool
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class Grid:
    """A table on the page; without `rows` it is only described."""

    name: str
    description: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str
    is_whole: bool
    further: int = 0


def grid(table: ReportTable) -> Grid:
    """Show the first rows of a table; only describe one that is too large for a page."""
    names = [str(name) for name in table.frame.columns][:COLUMNS_SHOWN]
    further = table.frame.shape[1] - len(names)
    headings = tuple(_heading(table.columns, name) for name in names)
    if table.n_rows > EMBEDDED_BELOW or (table.n_rows and table.frame.empty):
        note = f"{counted(table.n_rows, 'row')}: too many for this page, see {_file(table)}."
        return Grid(
            table.name, table.description, headings, (), note, is_whole=False, further=further
        )
    shown = table.frame.head(ROWS_SHOWN)
    rows = tuple(
        tuple(cell_of(value, name) for value, name in zip(row, names, strict=True))
        for row in shown[names].itertuples(index=False, name=None)
    )
    is_whole = len(rows) == table.n_rows
    note = _note(table, len(rows), is_whole=is_whole)
    if further:
        note += f" {counted(further, 'further column')} in the file only."
    return Grid(table.name, _plain(table), headings, rows, note, is_whole, further)


def associations_grid(record: ReportRecord) -> Grid | None:
    """Show every group comparison, the smallest p value first, effect and bounds in one."""
    table = record.table("associations")
    if table is None:
        return None
    if not set(table.frame.columns) >= _TESTED:
        return grid(table)
    tests = usable(table, _TESTED)
    tests = tests.assign(tests=_sizes(tests))
    tests = tests.sort_values(["p", "outcome", "feature"], kind="stable")
    columns = {name: table.columns.get(name, ("", ""))[0] for name in table.frame.columns}
    headings = (
        Heading("feature", columns["feature"]),
        Heading("outcome", columns["outcome"]),
        Heading("p", columns["p"]),
        Heading("q", columns["q"]),
        Heading("of tests", _TESTS),
        Heading("effect (95 % CI)", columns["effect"]),
        Heading("n", columns["n"]),
        Heading("with outcome", columns["n_positive"]),
        Heading("median with", columns.get("median_positive", "")),
        Heading("median without", columns.get("median_negative", "")),
        Heading("AUC", columns.get("auc", "")),
        Heading("test", columns.get("test", "")),
        Heading("note", columns.get("note", "")),
    )
    rows = tuple(_test(record, row) for row in tests.head(TESTS_SHOWN).to_dict("records"))
    whole = len(rows) == table.n_rows
    note = _note(table, len(rows), is_whole=whole, how="sorted by p")
    return Grid(table.name, _plain(table), headings, rows, note, whole)


def survival_grid(record: ReportRecord) -> Grid | None:
    """Show each group of each survival comparison, the whole cohort first."""
    table = record.table("survival")
    if table is None:
        return None
    if not set(table.frame.columns) >= _COMPARED:
        return grid(table)
    groups = usable(table, _COMPARED)
    groups = groups.assign(_is_feature=groups["feature"] != "all", tests=_sizes(groups))
    order = ["_is_feature", "p", "outcome", "feature", "group"]
    groups = groups.sort_values(order, kind="stable").head(TESTS_SHOWN)
    columns = {name: table.columns.get(name, ("", ""))[0] for name in table.frame.columns}
    headings = (
        Heading("feature", columns["feature"]),
        Heading("outcome", columns["outcome"]),
        Heading("group", columns["group"]),
        Heading("n", columns["n"]),
        Heading("events", columns["events"]),
        Heading("median (95 % CI)", columns["median_months"], "months"),
        Heading("p", columns["p"]),
        Heading("q", columns["q"]),
        Heading("of tests", _TESTS),
        Heading("cutoff", columns.get("cutoff", "")),
        Heading("test", columns.get("test", "")),
        Heading("note", columns.get("note", "")),
    )
    rows = tuple(_curve(row) for row in groups.to_dict("records"))
    whole = len(rows) == table.n_rows
    note = _note(table, len(rows), is_whole=whole, how="sorted by p")
    return Grid(table.name, _plain(table), headings, rows, note, whole)


def coverage(record: ReportRecord) -> Grid | None:
    """Tell for how many biopsies or patients each table has rows."""
    rows = []
    for table in record.tables:
        frame = table.frame
        if len(frame) != table.n_rows or "patient" not in frame:
            continue
        # A row of a patient may name the biopsy that speaks, without being the biopsy's.
        is_of_biopsies = "biopsy" in frame and (not table.key or "biopsy" in table.key)
        keys = ["patient", "biopsy"] if is_of_biopsies else ["patient"]
        total = record.biopsies if is_of_biopsies else record.patients
        noun = ("biopsy", "biopsies") if is_of_biopsies else ("patient", "patients")
        units = len(frame[keys].drop_duplicates())
        text = f"{units} of {counted(total, *noun)}"
        rows.append((cell_of(table.name, ""), Cell(text, str(units), is_number=False)))
    if not rows:
        return None
    headings = (Heading("table"), Heading("has rows for"))
    return Grid("coverage", "", headings, tuple(rows), "", is_whole=True)


def _test(record: ReportRecord, row: Mapping[Hashable, object]) -> tuple[Cell, ...]:
    effect = row.get("effect")
    bounds = [_float(row.get("effect_lower")), _float(row.get("effect_upper"))]
    text = text_of(effect)
    if not is_missing(effect):
        if not any(is_missing(bound) for bound in bounds):
            text += f" ({significant(bounds[0])} to {significant(bounds[1])})"
        text += f" {_word(row['effect_name'])}".rstrip()
        unit = feature_unit(record, str(row["feature"]))
        if unit and row["effect_name"] == "shift":
            text += f", {unit}"
    rest = ("n", "n_positive", "median_positive", "median_negative", "auc", "test", "note")
    return (
        _named(row["feature"]),
        *(cell_of(row.get(name), name) for name in ("outcome", "p", "q", "tests")),
        Cell(text, _order(effect), is_number=True),
        *(cell_of(row.get(name), name) for name in rest),
    )


def _sizes(rows: pd.DataFrame) -> pd.Series:
    """Return how many tests the q of each row is one of, missing where it has none."""
    return tested_together(rows).astype("Int64").where(rows["p"].notna())


def _curve(row: Mapping[Hashable, object]) -> tuple[Cell, ...]:
    median = row["median_months"]
    text = "not reached" if is_missing(median) else text_of(median)
    bounds = [row.get("median_lower"), row.get("median_upper")]
    if not is_missing(median) and not all(is_missing(bound) for bound in bounds):
        text += f" ({text_of(bounds[0])} to {text_of(bounds[1])})"
    group = group_name(str(row["feature"]), str(row["group"]))
    return (
        _named(row["feature"]),
        cell_of(row["outcome"], "outcome"),
        Cell(group, group, is_number=False),
        *(cell_of(row.get(name), name) for name in ("n", "events")),
        Cell(text, _order(median), is_number=True),
        *(
            cell_of(row.get(name), name)
            for name in ("p", "q", "tests", "cutoff", "test", "note")
        ),
    )


def _word(value: object) -> str:
    return "" if is_missing(value) else str(value).replace("_", " ")


def _plain(table: ReportTable) -> str:
    return table.description.replace("`", "")


def _named(feature: object) -> Cell:
    name = full_name(str(feature))
    return Cell(name, name, is_number=False, detail=str(feature))


def _heading(columns: Mapping[str, tuple[str, str]], name: str) -> Heading:
    description, unit = columns.get(name, (KEYS.get(name, ""), ""))
    return Heading(name, description, unit)


def cell_of(value: object, column: str) -> Cell:
    """Write a value of a table's column."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    text = text_of(value, column)
    return Cell(text, _order(value), is_number=is_number and type(value).__name__ != "bool")


def _order(value: object) -> str:
    if is_missing(value):
        return ""
    return repr(float(value)) if isinstance(value, Real) else str(value)


def _float(value: object) -> float:
    return float(value) if isinstance(value, Real) else float("nan")


def _file(table: ReportTable) -> str:
    return f"tables/{table.name}.tsv"


def _note(table: ReportTable, shown: int, *, is_whole: bool, how: str = "") -> str:
    if table.n_rows == 0:
        return f"No rows. File: {_file(table)}."
    sorted_by = f", {how}" if how else ""
    if is_whole:
        return f"{counted(table.n_rows, 'row')}{sorted_by}. File: {_file(table)}."
    return f"The first {shown} of {table.n_rows:,} rows{sorted_by}. All: {_file(table)}."
