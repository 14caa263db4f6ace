"""Logistic and Cox models, trends and correlations as the report shows them."""

from collections.abc import Hashable, Mapping
from typing import Any

from storiform.model.features import full_name
from storiform.report.grids import Cell, Grid, Heading
from storiform.report.numbers import is_missing, significant, text_of
from storiform.report.record import ReportRecord, ReportTable
from storiform.report.robustness import MULTIVARIABLE, term_name

Row = Mapping[Hashable, Any]
Title = tuple[str, str]
SHOWN = 1000


def hazards_grid(record: ReportRecord) -> Grid | None:
    """Show every term of the Cox models, multivariable first, then the smallest p first."""
    return _models_grid(
        record, "hazards", ("hazard ratio (95 % CI)", "hazard_ratio"), (
            ("events", "events"), ("p of proportionality", "proportionality_p"),
        ),
    )  # fmt: skip


def odds_grid(record: ReportRecord) -> Grid | None:
    """Show every term of the logistic models, as those of the Cox models."""
    return _models_grid(
        record, "odds", ("odds ratio (95 % CI)", "odds_ratio"), (
            ("with the outcome", "n_positive"), ("AUC", "auc"),
        ),
    )  # fmt: skip


def _models_grid(
    record: ReportRecord, name: str, ratio: tuple[str, str], further: tuple[Title, ...]
) -> Grid | None:
    table = record.table(name)
    if table is None or table.frame.empty:
        return None
    ordered = table.frame.assign(_rest=table.frame["model"] != MULTIVARIABLE)
    ordered = ordered.sort_values(["_rest", "p", "outcome", "term"], kind="stable")
    titles = (
        ("term", "term"), ("model", "model"), ("outcome", "outcome"), ratio,
        ("per", "unit_of_term"), ("p", "p"), ("q", "q"), ("n", "n"), *further,
        ("method", "method"), ("note", "note"),
    )  # fmt: skip
    names = (ratio[1], *(column for _, column in further))
    rows = tuple(_model(row, names) for row in ordered.head(SHOWN).to_dict("records"))
    return _grid(table, _headings(table, titles), rows)


def trends_grid(record: ReportRecord) -> Grid | None:
    """Show every feature over best response, the smallest p first."""
    table = record.table("response_trends")
    if table is None or table.frame.empty:
        return None
    ordered = table.frame.sort_values(["p", "feature"], kind="stable")
    titles = (
        ("feature", "feature"), ("tau-b (95 % CI)", "effect"), ("p", "p"), ("q", "q"),
        ("PD", "median_pd"), ("SD", "median_sd"), ("PR", "median_pr"), ("CR", "median_cr"),
        ("p of Kruskal-Wallis", "kruskal_p"), ("n", "n"), ("test", "test"), ("note", "note"),
    )  # fmt: skip
    rows = tuple(_trend(row) for row in ordered.head(SHOWN).to_dict("records"))
    return _grid(table, _headings(table, titles), rows)


def _headings(table: ReportTable, titles: tuple[Title, ...]) -> tuple[Heading, ...]:
    told = {name: words[0] for name, words in table.columns.items()}
    return tuple(Heading(title, told.get(name, "")) for title, name in titles)


def correlations_grid(record: ReportRecord) -> Grid | None:
    """Show every pair of numbers that was compared, the smallest p first."""
    table = record.table("correlations")
    if table is None or table.frame.empty:
        return None
    ordered = table.frame.sort_values(["pearson_p", "x", "y"], kind="stable")
    titles = (
        ("x", "x"), ("y", "y"), ("Pearson (95 % CI)", "pearson"), ("p", "pearson_p"),
        ("q", "q"), ("Spearman", "spearman"), ("p of Spearman", "spearman_p"), ("n", "n"),
        ("note", "note"),
    )  # fmt: skip
    rows = tuple(_pair(row) for row in ordered.head(SHOWN).to_dict("records"))
    return _grid(table, _headings(table, titles), rows)


def _grid(
    table: ReportTable, headings: tuple[Heading, ...], rows: tuple[tuple[Cell, ...], ...]
) -> Grid:
    whole = len(rows) == table.n_rows
    shown = f"{len(rows)} rows" if whole else f"The first {len(rows)} of {table.n_rows:,} rows"
    note = f"{shown}, sorted by p. File: tables/{table.name}.tsv."
    description = table.description.replace("`", "")
    return Grid(table.name, description, headings, rows, note, whole)


def _model(row: Row, names: tuple[str, ...]) -> tuple[Cell, ...]:
    """Return the cells of a term, of its ratio and of the two columns of its kind of model."""
    ratio, counted, last = names
    term, model = str(row["term"]), str(row["model"])
    is_alone = model in {term.partition(":")[0], term}
    return (
        Cell(term_name(row), term, is_number=False, detail=term),
        _word("alone" if is_alone else model),
        _word(row["outcome"]),
        _estimate(row[ratio], row["lower"], row["upper"]),
        _word(row["unit_of_term"]),
        _value(row["p"], "p"),
        _value(row["q"], "q"),
        _value(row["n"]),
        _value(row[counted]),
        _value(row[last], "p" if last.endswith("_p") else ""),
        _word(row["method"]),
        _word(row["note"]),
    )


def _trend(row: Row) -> tuple[Cell, ...]:
    feature = str(row["feature"])
    return (
        Cell(full_name(feature), feature, is_number=False, detail=feature),
        _estimate(row["effect"], row["effect_lower"], row["effect_upper"]),
        _value(row["p"], "p"),
        _value(row["q"], "q"),
        *(_value(row[f"median_{name}"]) for name in ("pd", "sd", "pr", "cr")),
        _value(row["kruskal_p"], "p"),
        _value(row["n"]),
        _word(row["test"]),
        _word(row["note"]),
    )


def _pair(row: Row) -> tuple[Cell, ...]:
    return (
        *(
            Cell(full_name(str(row[name])), str(row[name]), is_number=False, detail=row[name])
            for name in ("x", "y")
        ),
        _estimate(row["pearson"], row["pearson_lower"], row["pearson_upper"]),
        _value(row["pearson_p"], "p"),
        _value(row["q"], "q"),
        _value(row["spearman"]),
        _value(row["spearman_p"], "p"),
        _value(row["n"]),
        _word(row["note"]),
    )


def _estimate(value: object, lower: object, upper: object) -> Cell:
    text = text_of(value)
    if not is_missing(value) and not is_missing(lower) and not is_missing(upper):
        text += f" ({significant(float(str(lower)))} to {significant(float(str(upper)))})"
    return Cell(text, "" if is_missing(value) else repr(float(str(value))), is_number=True)


def _value(value: object, column: str = "") -> Cell:
    order = "" if is_missing(value) else repr(float(str(value)))
    return Cell(text_of(value, column), order, is_number=True)


def _word(value: object) -> Cell:
    text = "" if is_missing(value) else str(value)
    return Cell(text, text, is_number=False)
