"""Ratios with their intervals, a row for each term of a regression: hazards and odds."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from storiform.figures.intervals import ROW_MM, IntervalPlot, IntervalRow, draw_intervals
from storiform.figures.style import (
    BLUE,
    DOUBLE_MM,
    INK,
    TALLEST_MM,
    VERMILION,
    canvas,
    footnote,
    p_text,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import full_name
from storiform.model.populations import population_text

_MULTIVARIABLE, _STRATIFIED = "multivariable", " + "
_TOP_MM, _BOTTOM_MM = 8.0, 20.0
_LETTERS, _LEVEL, _REFERENCE, _NOTE, _TOLD = 56, 30, 20, 120, 560
_DOUBTFUL = 0.05
_PENALTY = "Firth's penalty"
_FORCED = f"{_PENALTY}: "
"""How the method of a fit names a penalty, and one that the data asked for."""
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


class Ratios(NamedTuple):
    """What kind of ratios a table holds.

    Parameters
    ----------
    column, label, short
        Column of the ratio, its name on the axis and above the numbers.
    cases, counted
        Column of the patients with the outcome, and what they are called.
    outcomes
        Titles of the outcomes that are drawn, one below the other.
    regression
        What makes them.
    is_better_above
        Whether ratios above 1 are the good ones, which are blue.
    """

    column: str
    label: str
    short: str
    cases: str
    counted: str
    outcomes: dict[str, str]
    regression: str
    is_better_above: bool = False


class _Block(NamedTuple):
    """Models of one kind and outcome, the rows that are drawn, and how many there are."""

    title: str
    drawn: pd.DataFrame
    terms: int


def draw_ratios(models: pd.DataFrame, kind: Ratios, rows: int, limit: float) -> Figure:
    """Draw the ratios with the smallest p, and those of the multivariable model.

    Parameters
    ----------
    models
        One row per outcome, model and term.
    kind
        What they are.
    rows
        Rows of an outcome and kind of model, those with the smallest p.
    limit
        Ratio at which the axis ends at most.

    Raises
    ------
    NothingToShow
        If no model has an estimate.
    """
    blocks = [block for name in kind.outcomes for block in _blocks(models, name, kind, rows)]
    if not blocks:
        message = f"no {kind.regression} has an estimate"
        raise NothingToShow(message)
    most = int((TALLEST_MM - _TOP_MM - _BOTTOM_MM) / ROW_MM)
    every = _rows(blocks, kind, is_whole=True)
    if len(every) > most:
        every = _rows(blocks, kind, is_whole=False)
    shown = every[:most]
    drawn = pd.concat([block.drawn for block in blocks])
    ends = _ends(drawn, kind, limit)
    plot = IntervalPlot(
        left=("Term", f"n ({kind.counted})"),
        right=(f"{kind.short} (95 % CI)", "p", "q"),
        label=kind.label,
        ends=ends,
        reference=1.0,
        is_log=True,
    )
    figure = canvas(DOUBLE_MM, _TOP_MM + _BOTTOM_MM + ROW_MM * len(shown))
    axes = draw_intervals(figure, shown, plot, (_TOP_MM, _BOTTOM_MM))
    ticks = [tick for tick in _TICKS if ends[0] <= tick <= ends[1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    footnote(figure, _told(models, kind, blocks, len(every) - len(shown)))
    return figure


def _blocks(table: pd.DataFrame, outcome: str, kind: Ratios, rows: int) -> list[_Block]:
    """Return the models of one outcome by kind: alone, stratified, all together."""
    own = table[(table["outcome"] == outcome) & _has_estimate(table, kind)]
    is_multiple = own["model"] == _MULTIVARIABLE
    is_stratified = own["model"].str.contains(_STRATIFIED, regex=False).fillna(value=False)
    title = kind.outcomes[outcome]
    found: list[_Block] = []
    alone = own[~is_multiple & ~is_stratified]
    if len(alone):
        found.append(_Block(f"{title}, one model each", _first(alone, rows), len(alone)))
    stratified = own[is_stratified]
    for name, models in stratified.groupby(stratified["model"].map(_stratum), sort=True):
        of_feature = models[
            [str(t).startswith(str(m).split(_STRATIFIED)[0])
             for t, m in zip(models["term"], models["model"], strict=True)]
        ]  # fmt: skip
        if len(of_feature):
            text = f"{title}, stratified by {name}"
            found.append(_Block(text, _first(of_feature, rows), len(of_feature)))
    multiple = own[is_multiple]
    if len(multiple):
        text = f"{title}, multivariable model"
        found.append(_Block(text, multiple.sort_values("term", kind="stable"), len(multiple)))
    return found


def _has_estimate(models: pd.DataFrame, kind: Ratios) -> pd.Series:
    return models[kind.column].notna() & np.isfinite(models[kind.column].astype(float))


def _stratum(model: str) -> str:
    return model.split(_STRATIFIED, 1)[1]


def _first(models: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the terms of the models with the smallest p; those of one model stay together."""
    least = models.groupby("model")["p"].transform("min")
    ordered = models.assign(least=least).sort_values(
        ["least", "model", "p", "term"], kind="stable", na_position="last"
    )
    return ordered.head(rows)


def _rows(blocks: list[_Block], kind: Ratios, *, is_whole: bool) -> list[IntervalRow]:
    """Return a row for each title and term, and one more for what a long name has no room for.

    Without `is_whole` names are cut, so that each takes one row.
    """
    rows: list[IntervalRow] = []
    for block in blocks:
        rows.append(IntervalRow((block.title,), is_heading=True))
        for _, model in block.drawn.iterrows():
            first, *further = term_lines(model) if is_whole else [term_name(model)]
            rows.append(_row(model, kind, first))
            rows += [IntervalRow((f"      {shortened(text, _LETTERS)}",)) for text in further]
    return rows


def _row(model: pd.Series, kind: Ratios, term: str) -> IntervalRow:
    ratio, lower, upper = (float(model[name]) for name in (kind.column, "lower", "upper"))
    is_forced = _FORCED in str(model["method"])
    marks = "†" * is_forced + "‡" * _is_doubtful(model)
    name = f"   {shortened(term, _LETTERS)}{marks}"
    p, q = float(model["p"]), float(model["q"])
    is_apart = not lower <= 1.0 <= upper and not np.isnan(lower + upper)
    is_good = (ratio > 1.0) == kind.is_better_above
    colour = INK if not is_apart else BLUE if is_good else VERMILION
    return IntervalRow(
        (name, f"{model['n']} ({model[kind.cases]})"),
        (f"{_digits(ratio)} ({_digits(lower)}–{_digits(upper)})", _short(p), _short(q)),  # noqa: RUF001
        ratio,
        lower,
        upper,
        colour,
        is_forced,
    )


def _is_doubtful(model: pd.Series) -> bool:
    """Tell whether hazards may not be proportional; odds have no such test."""
    return float(model.get("proportionality_p", np.nan)) < _DOUBTFUL


def term_name(model: pd.Series) -> str:
    """Write what a term compares: a level with its reference, or a number per step.

    Examples
    --------
    >>> row = {"term": "clinic.sex:male", "reference": "female", "unit_of_term": ""}
    >>> term_name(pd.Series(row))
    'Sex: male v. female'
    >>> row = {"term": "tmb.tmb", "reference": "", "unit_of_term": "1 sd"}
    >>> term_name(pd.Series(row))
    'TMB, per 1 sd'
    """
    feature, _, level = str(model["term"]).partition(":")
    reference, unit = _text(model["reference"]), _text(model["unit_of_term"])
    name = full_name(feature)
    if level:
        versus = f" v. {shortened(reference, _REFERENCE)}" if reference else ""
        return f"{name}: {shortened(level, _LEVEL)}{versus}"
    if not unit:
        return name
    return f"{name}, {unit}" if " v. " in unit else f"{name}, per {unit.removeprefix('per ')}"


def term_lines(model: pd.Series) -> list[str]:
    """Write what a term compares, uncut; a reference without room is a second line.

    Examples
    --------
    >>> level = "clinic.histology:Undifferentiated pleomorphic sarcoma"
    >>> row = {"term": level, "reference": "Leiomyosarcoma", "unit_of_term": ""}
    >>> term_lines(pd.Series(row))
    ['Histology: Undifferentiated pleomorphic sarcoma', 'v. Leiomyosarcoma']
    """
    feature, _, level = str(model["term"]).partition(":")
    reference = _text(model["reference"])
    if not level:
        return [term_name(model)]
    name, versus = f"{full_name(feature)}: {level}", f"v. {reference}" if reference else ""
    one = f"{name} {versus}".rstrip()
    return [one] if len(one) <= _LETTERS or not versus else [name, versus]


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _digits(value: float) -> str:
    """Write a ratio with three digits, at most two of them behind the point."""
    if np.isnan(value):
        return "?"
    if not np.isfinite(value) or value >= 1000.0:  # noqa: PLR2004  no reader needs more
        return ">1000" if np.isfinite(value) else "∞"
    digits = 2 if value < 10.0 else 1 if value < 100.0 else 0  # noqa: PLR2004
    return "<0.01" if 0.0 < value < 0.005 else f"{value:.{digits}f}"  # noqa: PLR2004


def _short(p: float) -> str:
    return "" if np.isnan(p) else p_text(p).removeprefix("p ").removeprefix("= ")


def _ends(drawn: pd.DataFrame, kind: Ratios, limit: float) -> tuple[float, float]:
    """Return the ends of the axis: as far as intervals reach, but no further than the limit."""
    bounds = drawn[[kind.column, "lower", "upper"]].to_numpy(np.float64)
    logs = np.abs(np.log(bounds[np.isfinite(bounds) & (bounds > 0.0)]))
    farthest = float(logs.max()) if len(logs) else 0.0
    widest = min(max(farthest * 1.05, math.log(2.0)), math.log(limit))
    return math.exp(-widest), math.exp(widest)


def _told(models: pd.DataFrame, kind: Ratios, blocks: list[_Block], cut: int) -> str:
    told = [
        f"{block.title}: {len(block.drawn)} of {block.terms} terms, smallest p first"
        for block in blocks
        if block.terms > len(block.drawn)
    ]
    own = models[models["outcome"].isin(list(kind.outcomes))]
    if missing := int((~_has_estimate(own, kind)).sum()):
        verb = "has" if missing == 1 else "have"
        told.append(f"{missing} of {len(own)} terms {verb} no estimate: see the table")
    multiple = own[(own["model"] == _MULTIVARIABLE) & (own["note"].fillna("") != "")]
    pairs = zip(multiple["outcome"].astype(str), multiple["note"].astype(str), strict=True)
    told += [
        f"multivariable model of {_abbreviated(outcome)}: {shortened(note, _NOTE)}"
        for outcome, note in dict.fromkeys(pairs)
    ]
    if cut:
        told.append(f"rows without room: {cut}")
    drawn = pd.concat([block.drawn for block in blocks])
    methods = drawn["method"].astype(str)
    if methods.str.endswith(_PENALTY).any():
        told.append("all fits with Firth's penalty")
    if methods.str.contains(_FORCED, regex=False).any():
        told.append("†: groups separate or are very small, Firth's penalty")
    if any(_is_doubtful(row) for _, row in drawn.iterrows()):
        told.append("‡: hazards may not be proportional (p < 0.05)")
    least, most = int(drawn["n"].min()), int(drawn["n"].max())
    n = f"n = {least}" if least == most else f"n = {least} to {most}"
    whom = f"{n} patients{population_text(models)}"
    return shortened("; ".join([whom, *told]), _TOLD)


def _abbreviated(outcome: str) -> str:
    return outcome.replace("_", " ") if len(outcome) > len("pfs") else outcome.upper()
