"""Survival by Sarcoma Immune Class."""

from typing import Annotated, Any

import pandas as pd
from matplotlib.figure import Figure

from storiform.figures.curves import GroupStyle, comparison_text, curve_panel, draw_curves
from storiform.figures.immune_classes import COLOURS
from storiform.figures.style import (
    DOUBLE_MM,
    Headline,
    canvas,
    footnote,
    headlines,
    p_text,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.populations import population_text
from storiform.model.table import Picture
from storiform.model.tables.outcomes import Survival, SurvivalCurves

CLASS_SURVIVAL = Picture(
    "class_survival",
    caption="Survival by Sarcoma Immune Class, one biopsy for each patient, that at baseline. "
    "Kaplan-Meier estimates; a tick is a censored patient; medians with 95 % intervals, NR: "
    "not reached; below, the patients at risk. p: two-sided log-rank test between all classes, "
    "exact, by random permutations (Monte Carlo) or chi-squared as written; q: "
    "Benjamini-Hochberg within the family that the table names. Class E v. the others: below, "
    "from the same table.",
    version=3,
)
ClassSurvival = Annotated[Figure, CLASS_SURVIVAL]

_CLASS, _CLASS_E = "immune_classes.immune_class", "immune_classes.is_class_e"
_TITLES = {"pfs": "Progression-free survival", "os": "Overall survival"}


def class_survival(survival: Survival, curves: SurvivalCurves) -> ClassSurvival:
    """Draw progression-free and overall survival of the patients of each class.

    Raises
    ------
    NothingToShow
        If no patient with a class has time and event of either outcome.
    """
    rows = survival[(survival["feature"] == _CLASS) & (survival["n"] > 0)]
    outcomes = [name for name in _TITLES if (rows["outcome"] == name).any()]
    if not outcomes:
        message = "no patient with an immune class has time and event of an outcome"
        raise NothingToShow(message)
    lines = int(rows.groupby("outcome").size().max())
    figure = canvas(DOUBLE_MM * len(outcomes) / 2.0, 70.0 + 7.5 * lines)
    grid: Any = figure.add_gridspec(1, len(outcomes))
    titles: list[Headline] = []
    for column, outcome in enumerate(outcomes):
        own = rows[rows["outcome"] == outcome]
        sizes = dict(zip(own["group"].astype(str), own["n"], strict=True))
        names = {group: f"{group} (n = {n})" for group, n in sizes.items()}
        panel = curve_panel(figure, grid[0, column], lines)
        draw_curves(panel, own, curves, GroupStyle(COLOURS, names))
        titles.append(Headline(panel.curves, _TITLES[outcome], comparison_text(own)))
    told = [_class_e(survival, outcome) for outcome in outcomes]
    missing = int(rows["n_missing"].max())
    lost = (
        f"; {counted(missing, 'patient')} without class or outcome left out" if missing else ""
    )
    footnote(figure, f"Class E v. the others: {'; '.join(told)}{lost}{population_text(rows)}")
    headlines(figure, titles)
    return figure


def _class_e(survival: pd.DataFrame, outcome: str) -> str:
    """Write the test of class E against all others."""
    rows = survival[(survival["feature"] == _CLASS_E) & (survival["outcome"] == outcome)]
    if rows.empty or rows["p"].isna().all():
        return f"{outcome.upper()} not compared"
    row = rows.iloc[0]
    sizes = dict(zip(rows["group"].astype(str), rows["n"], strict=True))
    counts = f"{sizes.get('true', 0)} v. {sizes.get('false', 0)} patients"
    return f"{outcome.upper()} {row['test']} {p_text(float(row['p']))} ({counts})"
