"""Survival and response of the patients who are high in two features at once."""

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.curves import GroupStyle, comparison_text, curve_panel, draw_curves
from storiform.figures.style import (
    DOUBLE_MM,
    FONT,
    INK,
    SMALL,
    THIN,
    Headline,
    canvas,
    footnote,
    headlines,
    p_text,
    shortened,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.features import plain_name
from storiform.model.params import Params
from storiform.model.populations import population_of, population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import (
    Associations,
    PairedFeatures,
    Survival,
    SurvivalCurves,
)
from storiform.model.tables.trial_tables import PopulationMembers

PAIRED_SURVIVAL = Picture(
    "paired_survival",
    caption="Patients who are high in two features at once, against all others: survival, and "
    "response by the four groups. High: at or above the median of the patients who have the "
    "feature. Left: Kaplan-Meier estimates; a tick is a censored patient; medians with 95 % "
    "intervals, NR: not reached; p of the two-sided log-rank test, exact, by random "
    "permutations (Monte Carlo) or chi-squared as written. Right: patients by response; p of "
    "Fisher's exact test, by Freeman and Halton for the four groups, from the table "
    "associations. q: Benjamini-Hochberg within the family that the tables name.",
    version=3,
)
PairedSurvival = Annotated[Figure, PAIRED_SURVIVAL]

_HIGH, _JOINT = "_high", "_and_"
_NAMES = {"true": "both high", "false": "all others"}
_REST = ("high/low", "low/high", "low/low")
_WORDS = {
    "responded": ("Responders", "Non-responders"),
    "disease_control": ("Control", "No control"),
}
_HEADINGS = {"responded": "Response by group", "disease_control": "Disease control by group"}
_ROW_MM, _LINES = 79.0, 11.0
_PLACES = (0.0, 0.50, 0.80, 1.0)


class PairedSurvivalParams(Params):
    """Which pairs of features are drawn, and against what."""

    pairs: int = Field(3, ge=1, le=8, description="pairs drawn, in the order of their names")
    survival: Literal["pfs", "os"] = Field("pfs", description="outcome of the curves")
    outcome: Literal["responded", "disease_control"] = Field(
        "responded", description="outcome of the table of counts"
    )


def paired_survival(  # noqa: PLR0913, PLR0917  a step
    paired_features: PairedFeatures,
    survival: Survival,
    curves: SurvivalCurves,
    clinic: Clinic,
    associations: Associations | None,
    params: PairedSurvivalParams,
    members: PopulationMembers | None = None,
) -> PairedSurvival:
    """Draw survival of the patients high in both features of a pair, and count responders.

    Raises
    ------
    NothingToShow
        If no pair is asked for, or no patient of a pair has time and event.
    """
    rows = survival[(survival["outcome"] == params.survival) & (survival["n"] > 0)]
    flags = paired_features.loc[paired_features["kind"] == "flag", "feature"].astype(str)
    drawn = [name for name in sorted(set(flags)) if (rows["feature"] == name).any()]
    if not drawn:
        message = "no pair of features is asked for (paired_features.pairs), or none has values"
        raise NothingToShow(message)
    further = len(drawn) - params.pairs
    drawn = drawn[: params.pairs]
    figure = canvas(DOUBLE_MM, _ROW_MM * len(drawn) + 6.0)
    grid: Any = figure.add_gridspec(len(drawn), 2, width_ratios=(1.15, 1.0))
    counted = _counted(paired_features, associations, members)
    titles: list[Headline] = []
    for line, feature in enumerate(drawn):
        own = rows[rows["feature"] == feature]
        panel = curve_panel(figure, grid[line, 0], 2)
        draw_curves(panel, own, curves, GroupStyle(names=_NAMES))
        title = f"{_title(feature)}, {params.survival.upper()}"
        titles.append(Headline(panel.curves, title, comparison_text(own, _NAMES)))
        table = figure.add_subplot(grid[line, 1])
        counts = _counts(counted, clinic, feature, params.outcome)
        tests = _tests(associations, feature, params.outcome)
        _draw_counts(table, counts, _WORDS[params.outcome], tests)
        titles.append(Headline(table, _HEADINGS[params.outcome], _sizes(counts)))
    told = [_told(paired_features, name) for name in drawn]
    left = f"; {further} further pairs in the tables alone" if further > 0 else ""
    whom = population_text(rows, "; curves: ")
    if associations is not None:
        whom += population_text(associations, "; counts: ")
    footnote(figure, shortened(f"High: {'; '.join(told)}{left}", 400) + whom)
    headlines(figure, titles)
    return figure


def _counted(
    pairs: pd.DataFrame, associations: pd.DataFrame | None, members: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the pairs of the patients in whom the association was tested."""
    if associations is None or associations.empty:
        return pairs
    return population_of(members, str(associations["population"].iloc[0])).rows(pairs)


class _Count(NamedTuple):
    """Patients of a group with and without the outcome."""

    group: str
    positive: int
    negative: int
    unknown: int

    @property
    def share(self) -> str:
        """Return the share with the outcome, of those in whom it is known."""
        known = self.positive + self.negative
        return f"{100.0 * self.positive / known:.0f} %" if known else "–"  # noqa: RUF001  a dash


def _counts(
    pairs: pd.DataFrame, clinic: pd.DataFrame, feature: str, outcome: str
) -> list[_Count]:
    """Count the patients high in both, all others, and the groups of the others."""
    flag = clinic.drop_duplicates("patient").set_index("patient")[outcome].astype("boolean")
    own = pairs[pairs["feature"] == feature]
    is_high = own["value"].to_numpy(np.float64) == 1.0
    four = pairs[pairs["feature"] == feature.removesuffix(_HIGH)]
    groups = {
        "both high": own.loc[is_high, "patient"],
        "all others": own.loc[~is_high, "patient"],
    }
    groups |= {f"   {name}": four.loc[four["label"] == name, "patient"] for name in _REST}
    made = []
    for name, patients in groups.items():
        values = flag.reindex(patients)
        positive = int(values.fillna(value=False).sum())
        unknown = int(values.isna().sum())
        made.append(_Count(name, positive, len(values) - positive - unknown, unknown))
    return made


def _tests(associations: pd.DataFrame | None, feature: str, outcome: str) -> list[str]:
    """Write the tests of both high against the others, and of the four groups."""
    lines = []
    for name, words in (
        (feature, "both high v. all others"), (feature.removesuffix(_HIGH), "four groups"),
    ):  # fmt: skip
        rows = pd.DataFrame()
        if associations is not None:
            chosen = (associations["feature"] == name) & (associations["outcome"] == outcome)
            rows = associations[chosen & associations["p"].notna()]
        if rows.empty:
            lines.append(f"{words}: not tested")
            continue
        row = rows.iloc[0]
        told = f"{words}: {p_text(float(row['p']))}, {p_text(float(row['q']), 'q')}"
        lines += [told, f"   {row['test']}, n = {int(row['n'])}{_effect(row)}"]
    return lines


def _effect(row: pd.Series) -> str:
    if row["effect_name"] != "odds_ratio" or np.isnan(row["effect"]):
        return ""
    ends = " to ".join(f"{row[name]:.3g}" for name in ("effect_lower", "effect_upper"))
    return f", odds ratio {row['effect']:.3g} ({ends})"


def _draw_counts(
    axes: Axes, counts: list[_Count], words: tuple[str, str], tests: list[str]
) -> None:
    """Write a table of counts, and the tests below it."""
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(_LINES, -0.8)
    axes.set_axis_off()
    _write_line(axes, 0.0, ("Group", *words, "Share"), is_bold=True)
    axes.plot([0.0, 1.0], [0.55, 0.55], color=INK, linewidth=THIN)
    for line, count in enumerate(counts, start=1):
        cells = (count.group, str(count.positive), str(count.negative), count.share)
        _write_line(axes, line + 0.1, cells)
    end = len(counts) + 0.7
    axes.plot([0.0, 1.0], [end, end], color=INK, linewidth=THIN)
    for line, text in enumerate(tests, start=1):
        _write_line(axes, end + line, (text,))


def _write_line(
    axes: Axes, at: float, cells: tuple[str, ...], *, is_bold: bool = False
) -> None:
    for place, text in zip(_PLACES, cells, strict=False):
        axes.text(
            place, at, text, ha="left" if place == 0.0 else "right", va="center_baseline",
            fontsize=SMALL, fontfamily=FONT, color=INK,
            fontweight="bold" if is_bold else "normal",
        )  # fmt: skip


def _sizes(counts: list[_Count]) -> str:
    known = sum(count.positive + count.negative for count in counts[:2])
    unknown = sum(count.unknown for count in counts[:2])
    more = f"; response unknown in {unknown}" if unknown else ""
    return f"n = {counted(known, 'patient')}{more}"


def _title(feature: str) -> str:
    """Write the names of both features of a pair."""
    stem = feature.removesuffix(_HIGH).split(".", 1)[-1]
    return shortened(" and ".join(plain_name(name) for name in stem.split(_JOINT)), 44)


def _told(pairs: pd.DataFrame, feature: str) -> str:
    return str(pairs.loc[pairs["feature"] == feature, "description"].iloc[0])
