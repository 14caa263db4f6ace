"""Hazard ratios with their intervals, a row for each term of a Cox regression."""

import math
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field

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
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.trial_tables import Hazards

FOREST = Picture(
    "forest",
    caption="Hazard ratios of Cox regressions with 95 % intervals, on a logarithmic axis: of "
    "models with one term those with the smallest p, then the multivariable model. An arrow "
    "is an interval that leaves the axis. p: two-sided Wald test, of a penalised fit "
    "likelihood ratio; q: Benjamini-Hochberg within the family that the table hazards names. "
    "Hollow, with a dagger: Firth's penalised likelihood, since the groups separate. With a "
    "double dagger: the test of proportional hazards has p below 0.05.",
    version=2,
)
Forest = Annotated[Figure, FOREST]

_OUTCOMES = {"pfs": "Progression-free survival", "os": "Overall survival"}
_MULTIVARIABLE, _STRATIFIED = "multivariable", " + "
_TOP_MM, _BOTTOM_MM = 8.0, 20.0
_LETTERS, _LEVEL, _REFERENCE, _NOTE, _TOLD = 56, 30, 20, 120, 560
_NAMES = {"clinic.age_years": "Age"}
_DOUBTFUL = 0.05
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


class ForestParams(Params):
    """Which hazard ratios are drawn."""

    outcomes: tuple[Literal["pfs", "os"], ...] = Field(
        ("pfs", "os"), min_length=1, max_length=2, description="outcomes, one below the other"
    )
    rows: int = Field(
        12,
        ge=1,
        le=40,
        description="rows of an outcome and kind of model, those with the smallest p",
    )
    limit: float = Field(
        10.0, ge=2.0, le=100.0, description="hazard ratio at which the axis ends at most"
    )


class _Block(NamedTuple):
    """Models of one kind and outcome, the rows that are drawn, and how many there are."""

    title: str
    drawn: pd.DataFrame
    terms: int


def forest_plot(hazards: Hazards, params: ForestParams) -> Forest:
    """Draw the hazard ratios with the smallest p, and those of the multivariable model.

    Raises
    ------
    NothingToShow
        If no model has an estimate.
    """
    blocks = [block for name in params.outcomes for block in _blocks(hazards, name, params)]
    if not blocks:
        message = "no Cox regression has an estimate"
        raise NothingToShow(message)
    rows: list[IntervalRow] = []
    for block in blocks:
        rows.append(IntervalRow((block.title,), is_heading=True))
        rows += [_row(row) for _, row in block.drawn.iterrows()]
    most = int((TALLEST_MM - _TOP_MM - _BOTTOM_MM) / ROW_MM)
    shown = rows[:most]
    drawn = pd.concat([block.drawn for block in blocks])
    ends = _ends(drawn, params.limit)
    plot = IntervalPlot(
        left=("Term", "n (events)"),
        right=("HR (95 % CI)", "p", "q"),
        label="Hazard ratio",
        ends=ends,
        reference=1.0,
        is_log=True,
    )
    figure = canvas(DOUBLE_MM, _TOP_MM + _BOTTOM_MM + ROW_MM * len(shown))
    axes = draw_intervals(figure, shown, plot, (_TOP_MM, _BOTTOM_MM))
    ticks = [tick for tick in _TICKS if ends[0] <= tick <= ends[1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    footnote(figure, _told(hazards, params, blocks, len(rows) - len(shown)))
    return figure


def _blocks(hazards: pd.DataFrame, outcome: str, params: ForestParams) -> list[_Block]:
    """Return the models of one outcome by kind: alone, stratified, all together."""
    own = hazards[(hazards["outcome"] == outcome) & _has_estimate(hazards)]
    is_multiple = own["model"] == _MULTIVARIABLE
    is_stratified = own["model"].str.contains(_STRATIFIED, regex=False).fillna(value=False)
    title = _OUTCOMES[outcome]
    found: list[_Block] = []
    alone = own[~is_multiple & ~is_stratified]
    if len(alone):
        found.append(_Block(f"{title}, one model each", _first(alone, params.rows), len(alone)))
    stratified = own[is_stratified]
    for name, models in stratified.groupby(stratified["model"].map(_stratum), sort=True):
        of_feature = models[
            [str(t).startswith(str(m).split(_STRATIFIED)[0])
             for t, m in zip(models["term"], models["model"], strict=True)]
        ]  # fmt: skip
        if len(of_feature):
            text = f"{title}, stratified by {name}"
            found.append(_Block(text, _first(of_feature, params.rows), len(of_feature)))
    multiple = own[is_multiple]
    if len(multiple):
        text = f"{title}, multivariable model"
        found.append(_Block(text, multiple.sort_values("term", kind="stable"), len(multiple)))
    return found


def _has_estimate(hazards: pd.DataFrame) -> pd.Series:
    return hazards["hazard_ratio"].notna() & np.isfinite(hazards["hazard_ratio"].astype(float))


def _stratum(model: str) -> str:
    return model.split(_STRATIFIED, 1)[1]


def _first(models: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the terms of the models with the smallest p; those of one model stay together."""
    least = models.groupby("model")["p"].transform("min")
    ordered = models.assign(least=least).sort_values(
        ["least", "model", "p", "term"], kind="stable", na_position="last"
    )
    return ordered.head(rows)


def _row(hazard: pd.Series) -> IntervalRow:
    ratio, lower, upper = (float(hazard[name]) for name in ("hazard_ratio", "lower", "upper"))
    is_firth = "firth" in str(hazard["method"]).lower()
    is_doubtful = float(hazard["proportionality_p"]) < _DOUBTFUL
    marks = "†" * is_firth + "‡" * is_doubtful
    name = f"   {shortened(term_name(hazard), _LETTERS)}{marks}"
    p, q = float(hazard["p"]), float(hazard["q"])
    is_apart = not lower <= 1.0 <= upper and not np.isnan(lower + upper)
    colour = INK if not is_apart else VERMILION if ratio > 1.0 else BLUE
    return IntervalRow(
        (name, f"{hazard['n']} ({hazard['events']})"),
        (f"{_digits(ratio)} ({_digits(lower)}–{_digits(upper)})", _short(p), _short(q)),  # noqa: RUF001
        ratio,
        lower,
        upper,
        colour,
        is_firth,
    )


def term_name(hazard: pd.Series) -> str:
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
    feature, _, level = str(hazard["term"]).partition(":")
    reference, unit = _text(hazard["reference"]), _text(hazard["unit_of_term"])
    name = _NAMES.get(feature) or full_name(feature)
    if level:
        versus = f" v. {shortened(reference, _REFERENCE)}" if reference else ""
        return f"{name}: {shortened(level, _LEVEL)}{versus}"
    if not unit:
        return name
    return f"{name}, {unit}" if " v. " in unit else f"{name}, per {unit.removeprefix('per ')}"


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


def _ends(drawn: pd.DataFrame, limit: float) -> tuple[float, float]:
    """Return the ends of the axis: as far as intervals reach, but no further than the limit."""
    bounds = drawn[["hazard_ratio", "lower", "upper"]].to_numpy(np.float64)
    logs = np.abs(np.log(bounds[np.isfinite(bounds) & (bounds > 0.0)]))
    farthest = float(logs.max()) if len(logs) else 0.0
    widest = min(max(farthest * 1.05, math.log(2.0)), math.log(limit))
    return math.exp(-widest), math.exp(widest)


def _told(hazards: pd.DataFrame, params: ForestParams, blocks: list[_Block], cut: int) -> str:
    told = [
        f"{block.title}: {len(block.drawn)} of {block.terms} terms, smallest p first"
        for block in blocks
        if block.terms > len(block.drawn)
    ]
    own = hazards[hazards["outcome"].isin(params.outcomes)]
    if missing := int((~_has_estimate(own)).sum()):
        told.append(f"without an estimate, in the table alone: {missing} of {len(own)} terms")
    multiple = own[(own["model"] == _MULTIVARIABLE) & (own["note"].fillna("") != "")]
    pairs = zip(multiple["outcome"].astype(str), multiple["note"].astype(str), strict=True)
    told += [
        f"multivariable model of {outcome.upper()}: {shortened(note, _NOTE)}"
        for outcome, note in dict.fromkeys(pairs)
    ]
    if cut:
        told.append(f"rows without room: {cut}")
    drawn = pd.concat([block.drawn for block in blocks])
    if drawn["method"].str.contains("Firth", case=False).fillna(value=False).any():
        told.append("†: Firth's penalised likelihood")
    if (drawn["proportionality_p"] < _DOUBTFUL).any():
        told.append("‡: hazards may not be proportional (p < 0.05)")
    least, most = int(drawn["n"].min()), int(drawn["n"].max())
    n = f"n = {least}" if least == most else f"n = {least} to {most}"
    return shortened("; ".join([f"{n} patients", *told]), _TOLD)
