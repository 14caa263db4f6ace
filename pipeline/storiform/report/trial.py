"""The tables of a trial paper: who took part, who responded, what it cost them."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from storiform.model.counting import counted
from storiform.report.grids import Cell, Grid, Heading
from storiform.report.numbers import MISSING, is_missing, significant
from storiform.report.record import ReportRecord, ReportTable

Row = Mapping[Hashable, Any]
EVENTS_SHOWN = 40
RECIST = "RECIST 1.1"
_RATES = ("ORR", "DCR", "CR", "PR", "SD", "PD", "NE")
_SCOPES = {"related": "Adverse events put down to treatment", "all": "All adverse events"}


def trial_tables(record: ReportRecord) -> tuple[Grid, ...]:
    """Write the tables of a trial that the run has, in the order of a paper.

    Parameters
    ----------
    record
        All that the report prints.

    Returns
    -------
    tuple[Grid, ...]
        Analysis populations, characteristics, response overall and by subgroup, RECIST
        against irRC, times and doses, adverse events; each only where it has rows.
    """
    makers = {
        "populations": _populations,
        "characteristics": _characteristics,
        "response_rates": _responses,
        "response_concordance": _concordance,
        "trial_times": _times,
        "adverse_event_rates": _events,
    }
    found: list[Grid] = []
    for name, make in makers.items():
        table = record.table(name)
        if table is not None and len(table.frame):
            found += make(table)
    return tuple(found)


def _populations(table: ReportTable) -> Iterator[Grid]:
    headings = tuple(map(Heading, ("population", "patients", "who belongs to it", "left out")))
    rows = tuple(
        (
            _words(row["population"]),
            _count(row["n"]),
            _words(row["definition"]),
            _words(row["reasons"]),
        )
        for row in _rows(table)
    )
    told = "Tables of patients and of tests name the population that they speak of."
    yield Grid("Analysis populations", told, headings, rows, "", is_whole=True)


def _characteristics(table: ReportTable) -> Iterator[Grid]:
    first = table.frame.iloc[0]
    headings = (Heading("variable"), Heading("level"), Heading(f"n = {first['n_total']}"))
    rows = []
    before = ""
    for row in _rows(table):
        name = str(row["variable"])
        shown = "" if name == before else name
        rows.append((_words(shown), _words(row["level"]), _words(row["text"])))
        before = name
    note = f"Population: {first['population']}."
    yield Grid("Patient characteristics", note, headings, tuple(rows), "", is_whole=True)


def _responses(table: ReportTable) -> Iterator[Grid]:
    frame = table.frame
    whole = frame[frame["subgroup"] == "all"]
    order = {measure: place for place, measure in enumerate(_RATES)}
    whole = whole.assign(
        _place=whole["measure"].map(order), _second=whole["criterion"] != RECIST
    )
    whole = whole.sort_values(["_second", "criterion", "_place"], kind="stable")
    headings = tuple(map(Heading, ("criterion", "best response", "patients", "share")))
    headings = (*headings, Heading("95 % interval", "Clopper-Pearson"))
    yield Grid(
        "Best overall response", _population(frame), headings,
        tuple((_words(row["criterion"]), *_rate(row)) for row in _rows(whole)), "",
        is_whole=True,
    )  # fmt: skip
    parts = frame[(frame["subgroup"] != "all") & (frame["measure"] == "ORR")]
    if len(parts):
        headings = tuple(map(Heading, ("criterion", "subgroup", "level", "patients", "ORR")))
        rows = tuple(
            (
                _words(row["criterion"]),
                _words(row["subgroup"]),
                _words(row["level"]),
                *_rate(row)[1:],
            )
            for row in _rows(parts)
        )
        headings = (*headings, Heading("95 % interval", "Clopper-Pearson"))
        yield Grid(
            "Objective response by subgroup", _population(frame), headings, rows, "",
            is_whole=True,
        )  # fmt: skip


def _concordance(table: ReportTable) -> Iterator[Grid]:
    frame = table.frame
    counts = frame.pivot_table(index="recist", columns="irrc", values="n", aggfunc="sum")
    known = [name for name in _RATES if name in counts.index or name in counts.columns]
    counts = counts.reindex(index=known, columns=known).fillna(0).astype(int)
    headings = (
        Heading(RECIST, "one row for each best overall response by RECIST 1.1"),
        *(Heading(f"irRC {name}", "patients") for name in known),
    )
    rows = tuple(
        (_words(name), *(_count(counts.loc[name, other]) for other in known)) for name in known
    )
    alike, total = int(np.trace(counts.to_numpy())), int(counts.to_numpy().sum())
    note = f"The same response by both criteria in {alike} of {counted(total, 'patient')}."
    yield Grid("RECIST 1.1 and irRC", note, headings, rows, "", is_whole=True)


def _times(table: ReportTable) -> Iterator[Grid]:
    names = ("measure", "patients", "median", "range", "mean ± SD", "population")
    rows = []
    for row in _rows(table):
        drug = "" if is_missing(row["drug"]) or not row["drug"] else f", {row['drug']}"
        unit = str(row["unit"])
        median = "not reached" if is_missing(row["median"]) else _amount(row["median"], unit)
        if not is_missing(row["lower"]) or not is_missing(row["upper"]):
            bounds = (_or(row["lower"], "NR"), _or(row["upper"], "NR"))
            median += f" (95 % CI {bounds[0]} to {bounds[1]})"
        spread = "" if is_missing(row["mean"]) else _spread(row)
        ends = "" if is_missing(row["minimum"]) else _ends(row)
        rows.append(
            (
                _words(f"{row['measure']}{drug}"), _count(row["n"]), _words(median),
                _words(ends), _words(spread), _words(row["population"]),
            )
        )  # fmt: skip
    note = "NR: not reached. A median with an interval is that of Kaplan and Meier."
    yield Grid(
        "Times and doses", note, tuple(map(Heading, names)), tuple(rows), "", is_whole=True
    )


def _events(table: ReportTable) -> Iterator[Grid]:
    names = ("event", "grade 1, 2", "grade 3", "grade 4", "grade 5", "any grade")
    for scope, title in _SCOPES.items():
        frame = table.frame[table.frame["scope"] == scope]
        if frame.empty:
            continue
        total = int(frame["n"].iloc[0])
        order = frame.assign(_rest=frame["term"] != "any")
        order = order.sort_values(
            ["_rest", "any_grade", "term"], ascending=[True, False, True], kind="stable"
        )
        rows = tuple(
            (
                _words("Any event" if row["term"] == "any" else row["term"]),
                *(
                    _share(row, name)
                    for name in ("grade_1_2", "grade_3", "grade_4", "grade_5", "any_grade")
                ),
            )
            for row in _rows(order.head(EVENTS_SHOWN))
        )
        note = (
            f"{frame['population'].iloc[0]}, n = {total}; a patient counts once, at the "
            "highest grade (CTCAE)."
        )
        further = len(frame) - len(rows)
        more = f"{counted(further, 'further event')} in the file only." if further > 0 else ""
        yield Grid(title, note, tuple(map(Heading, names)), rows, more, further <= 0)


def _population(frame: pd.DataFrame) -> str:
    return f"Population: {', '.join(dict.fromkeys(frame['population'].astype(str)))}."


def _rate(row: Row) -> tuple[Cell, ...]:
    bounds = ""
    if not is_missing(row["lower_percent"]):
        bounds = f"{row['lower_percent']:.1f} to {row['upper_percent']:.1f} %"
    share = "" if is_missing(row["percent"]) else f"{row['percent']:.1f} %"
    return (
        _words(row["measure"]),
        Cell(f"{row['count']} of {row['n']}", str(row["count"]), is_number=True),
        Cell(share, str(row["percent"]), is_number=True),
        _words(bounds),
    )


def _share(row: Row, name: str) -> Cell:
    number = int(row[name])
    percent = row[f"{'any' if name == 'any_grade' else name}_percent"]
    text = f"{number} ({percent:.1f} %)" if number else MISSING
    return Cell(text, str(number), is_number=True)


def _spread(row: Row) -> str:
    if is_missing(row["sd"]):
        return _amount(row["mean"], str(row["unit"]))
    unit = str(row["unit"])
    return f"{row['mean']:.1f} ± {row['sd']:.1f} {unit}"


def _ends(row: Row) -> str:
    return f"{significant(float(row['minimum']))} to {significant(float(row['maximum']))}"


def _amount(value: object, unit: str) -> str:
    return f"{significant(float(str(value)))} {unit}".rstrip()


def _or(value: object, word: str) -> str:
    return word if is_missing(value) else significant(float(str(value)))


def _words(value: object) -> Cell:
    text = "" if is_missing(value) else str(value)
    return Cell(text, text, is_number=False)


def _count(value: object) -> Cell:
    return Cell(str(value), str(value), is_number=True)


def _rows(table: ReportTable | pd.DataFrame) -> list[Row]:
    frame = table.frame if isinstance(table, ReportTable) else table
    return list(frame.to_dict("records"))
