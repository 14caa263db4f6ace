"""The response rate of all patients and of each subgroup, with its exact interval."""

from typing import Annotated, Literal

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
    canvas,
    footnote,
    shortened,
)
from storiform.model.errors import NothingToShow
from storiform.model.features import plain_name
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.trial_tables import ResponseRates

RESPONSE_SUBGROUPS = Picture(
    "response_subgroups",
    caption="Response rate of all patients and of each subgroup, with 95 % Clopper-Pearson "
    "interval; the grey line is the rate of all. Subgroups were not compared: no test.",
)
ResponseSubgroups = Annotated[Figure, RESPONSE_SUBGROUPS]

_MEASURES = {
    "ORR": "Objective response rate (CR or PR)",
    "DCR": "Disease control rate (CR, PR or SD)",
}
_ALL = "all"
_TOP_MM, _BOTTOM_MM = 8.0, 17.0
_LETTERS = 44


class ResponseSubgroupsParams(Params):
    """Which response rates are drawn."""

    measure: Literal["ORR", "DCR"] = Field("ORR", description="the rate")
    criterion: Literal["RECIST 1.1", "irRC"] = Field(
        "RECIST 1.1", description="the criterion of response"
    )
    levels: int = Field(
        12, ge=1, le=30, description="levels drawn of a subgroup, the largest first"
    )


def response_subgroups(
    response_rates: ResponseRates, params: ResponseSubgroupsParams
) -> ResponseSubgroups:
    """Draw the response rate by subgroup, that of all patients on top.

    Raises
    ------
    NothingToShow
        If no patient has a response by the criterion.
    """
    rates = response_rates[
        (response_rates["criterion"] == params.criterion)
        & (response_rates["measure"] == params.measure)
        & (response_rates["n"] > 0)
    ]
    overall = rates[rates["subgroup"] == _ALL]
    if overall.empty:
        message = f"no patient has a response by {params.criterion}"
        raise NothingToShow(message)
    most = int((TALLEST_MM - _TOP_MM - _BOTTOM_MM) / ROW_MM)
    rows, left_out = _rows(rates[rates["subgroup"] != _ALL], params.levels)
    total = overall.iloc[0]
    rows = [_row(total, "All patients", INK), *rows][:most]
    figure = canvas(DOUBLE_MM, _TOP_MM + _BOTTOM_MM + ROW_MM * len(rows))
    plot = IntervalPlot(
        left=("Subgroup", "n/N"),
        right=(f"{params.measure}, % (95 % CI)",),
        label=f"{_MEASURES[params.measure]}, {params.criterion} (%)",
        ends=(0.0, 100.0),
        reference=float(total["percent"]),
    )
    draw_intervals(figure, rows, plot, (_TOP_MM, _BOTTOM_MM))
    told = f"N = {total['n']} patients, {total['population']} population"
    more = f"; smaller levels, in the table alone: {left_out}" if left_out else ""
    footnote(figure, f"{told}{more}; no test")
    return figure


def _rows(rates: pd.DataFrame, levels: int) -> tuple[list[IntervalRow], int]:
    """Return a heading and rows for each subgroup, and how many levels have no row."""
    rows: list[IntervalRow] = []
    left_out = 0
    for subgroup, own in rates.groupby("subgroup", sort=True):
        rows.append(IntervalRow((_title(str(subgroup)),), is_heading=True))
        ordered = own.sort_values(["n", "level"], ascending=[False, True], kind="stable")
        left_out += max(len(ordered) - levels, 0)
        for _, row in ordered.head(levels).iterrows():
            name = str(row["level"]) or "not stated"
            rows.append(_row(row, f"   {shortened(name, _LETTERS)}", BLUE))
    return rows, left_out


def _row(rate: pd.Series, name: str, colour: str) -> IntervalRow:
    lower, upper = float(rate["lower_percent"]), float(rate["upper_percent"])
    ends = "" if np.isnan(lower + upper) else f" ({lower:.1f}–{upper:.1f})"  # noqa: RUF001
    return IntervalRow(
        (name, f"{rate['count']}/{rate['n']}"),
        (f"{rate['percent']:.1f}{ends}",),
        float(rate["percent"]),
        lower,
        upper,
        colour,
    )


def _title(subgroup: str) -> str:
    return shortened(plain_name(subgroup), _LETTERS)
