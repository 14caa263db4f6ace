"""The oncoprint: response, burden, clinic and alterations, one column for each patient."""

import textwrap
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.feature_strips import ValueStrip, value_strip
from storiform.figures.keys import Key, KeyLine, draw_keys, keys_height
from storiform.figures.oncoprint_tiles import (
    Body,
    SideText,
    body_of,
    draw_tiles,
    side_texts,
    tile_keys,
    width_mm,
    write_below,
    write_rows,
)
from storiform.figures.oncoprint_tracks import (
    LIMIT,
    Changes,
    changes_of,
    draw_changes,
    draw_numbers,
    mark_cells,
    name_track,
    part_columns,
)
from storiform.figures.strips import draw_strip, response_strip
from storiform.figures.style import (
    DOUBLE_MM,
    LETTER_MM,
    RESPONSES,
    TALLEST_MM,
    canvas,
    footnote,
    shortened,
    told_apart,
)
from storiform.model.counting import counted
from storiform.model.errors import NothingToShow
from storiform.model.features import plain_name
from storiform.model.params import Params
from storiform.model.populations import population_text
from storiform.model.table import Picture
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.oncoprint import OncoprintCells, OncoprintRows
from storiform.model.tables.outcomes import Features

Floats = npt.NDArray[np.float64]

ONCOPRINT = Picture(
    "oncoprint",
    caption="Response and alterations, one column for each patient in whom an alteration was "
    "looked for; one biopsy speaks for each, that at baseline. From top to bottom: best change "
    "of the sum of target lesions, coloured by best overall response (dashed: +20 % and -30 %; "
    "a triangle: cut at +100 %; hatched: a complete response without a measured change, drawn "
    "at -100 %); mutations; clinical strips; loss of HLA alleles of class I; known fusions; "
    "recurrently mutated genes by kind of mutation; copy number. A low tile is "
    "a change that its row does not count. Dark grey, crosses: not known. n/N: patients with "
    "the alteration, of those in whom it is known. p: two-sided Fisher's exact test against "
    "the outcome, and in brackets q, both as in the table associations; a dash: not tested.",
    version=3,
)
Oncoprint = Annotated[Figure, ONCOPRINT]

_CHANGE_MM, _NUMBER_MM, _STRIP_MM, _GAP_MM = 20.0, 12.0, 3.2, 2.0
_ROW_MM, _LEAST_ROW_MM = 3.3, 2.6
_TOP_MM, _EDGE_MM, _STEP_MM, _TICKS_MM = 3.0, 3.0, 2.0, 7.5
_LINE_MM, _NAME_MM = 2.9, 2.25
_TRACK_MM, _LETTERS = 32.0, int(DOUBLE_MM / LETTER_MM)
_GAPLESS = 150
_TITLES = {
    "response": "Best response", "pfs_months": "PFS (months)", "os_months": "OS (months)",
}  # fmt: skip


class OncoprintParams(Params):
    """How the oncoprint is drawn."""

    sorted_by: Literal["response", "change", "alterations"] = Field(
        "response",
        description="columns by best response and in it by alterations; by best change; or by "
        "alterations alone",
    )
    burden: str = Field(
        "tmb.mutations_nonsynonymous",
        max_length=100,
        description="feature that the bars show, such as tmb.tmb",
    )
    strips: tuple[str, ...] = Field(
        ("response", "histology", "sex", "pfs_months"),
        max_length=8,
        description="clinical strips: columns of the clinical table, or features as "
        "TABLE.COLUMN; what no patient has is left out",
    )
    most_names: int = Field(
        60,
        ge=0,
        le=100,
        description="patients up to which columns carry names, where these have room",
    )


class _Shown(NamedTuple):
    """The patients from left to right, and what is drawn of them above the tiles."""

    patients: list[str]
    names: list[str]
    changes: Changes
    numbers: Floats
    strips: list[ValueStrip]
    is_censored: npt.NDArray[np.bool_]

    @property
    def gap(self) -> float:
        """Return the room between columns, as a share of one; none between thin ones."""
        return 0.12 if len(self.patients) <= _GAPLESS else 0.0

    @property
    def tracks_mm(self) -> float:
        """Return the height of all that stands above the tiles."""
        has_changes, has_numbers = self.has
        tracks = has_changes * (_CHANGE_MM + _GAP_MM) + has_numbers * (_NUMBER_MM + _GAP_MM)
        return tracks + _STRIP_MM * len(self.strips)

    @property
    def has(self) -> tuple[bool, bool]:
        """Tell whether any change and any number is known."""
        known = (np.isfinite(values).any() for values in (self.changes.heights, self.numbers))
        changes, numbers = (bool(flag) for flag in known)
        return changes, numbers


class _Frame(NamedTuple):
    """Where things stand, in millimetres: the size of the figure, and edges of the columns."""

    height: float
    left: float
    right: float
    row: float
    keys: float
    note: float

    def place(self, figure: Figure, top: float, height: float) -> Axes:
        """Return axes over the columns, `top` millimetres from the top of the figure."""
        return figure.add_axes((
            self.left / DOUBLE_MM, 1.0 - (top + height) / self.height,
            (DOUBLE_MM - self.left - self.right) / DOUBLE_MM, height / self.height,
        ))  # fmt: skip


def oncoprint(
    rows: OncoprintRows,
    cells: OncoprintCells,
    clinic: Clinic,
    features: Features,
    params: OncoprintParams,
) -> Oncoprint:
    """Draw the alterations of all patients below their response and clinic.

    Raises
    ------
    NothingToShow
        If no alteration of any patient is known.
    """
    if rows.empty or cells.empty:
        message = "no alteration of any patient is known"
        raise NothingToShow(message)
    burden = _burden(features, params.burden)
    patients = _ordered(body_of(rows, cells, _patients(cells)), clinic, burden, params)
    shown = _shown(patients, clinic, features, burden, params)
    body = body_of(rows, cells, patients)
    columns = side_texts(body.rows)
    lines = [*(strip.keys for strip in shown.strips), *tile_keys(body)]
    told = textwrap.fill(_told(body, clinic, shown, params.burden), _LETTERS)
    below = keys_height(lines, DOUBLE_MM), _LINE_MM * (told.count("\n") + 1) + 2.0
    left, right = _edges(body, shown, columns)
    if DOUBLE_MM - left - right < _NAME_MM * len(patients):
        shown = shown._replace(names=[])
    frame = _framed(body, shown, (left, right), below)
    figure = canvas(DOUBLE_MM, frame.height)
    figure.set_layout_engine("none")
    at = _draw_tracks(figure, frame, shown, params.burden)
    tiles = frame.place(figure, at, frame.row * body.height)
    draw_tiles(tiles, body, shown.gap)
    write_rows(tiles, body, columns, _STEP_MM)
    for place, name in enumerate(shown.names):
        write_below(tiles, (place, body.height), name)
    keys = (0.0, frame.note / frame.height, 1.0, frame.keys / frame.height)
    draw_keys(figure.add_axes(keys), lines, DOUBLE_MM)
    footnote(figure, told)
    return figure


def _patients(cells: pd.DataFrame) -> list[str]:
    return sorted(set(cells["patient"].astype(str)))


def _burden(features: pd.DataFrame, name: str) -> pd.Series:
    """Return a number of each patient."""
    rows = features[features["feature"] == name].drop_duplicates("patient")
    values = rows["value"].to_numpy(np.float64)
    return pd.Series(values, index=rows["patient"].astype(str), dtype=np.float64)


def _ordered(
    body: Body, clinic: pd.DataFrame, burden: pd.Series, params: OncoprintParams
) -> list[str]:
    """Sort the patients of a body, whose columns are sorted by name.

    By alterations: who has that of the first row stands first, then that of the second; who
    is not known in a row stands behind the others.
    """
    names = body.patients
    clinical = clinic.drop_duplicates("patient").set_index("patient").reindex(names)
    last = {name: place for place, name in enumerate(RESPONSES)}
    response = clinical["response"].map(last).fillna(len(last)).to_numpy(np.float64)
    change = clinical["best_change_percent"].to_numpy(np.float64)
    numbers = np.nan_to_num(burden.reindex(names).to_numpy(np.float64), nan=-1.0)
    rank = np.where(body.counted, 0, np.where(body.states != "", 1, 2))
    keys = [-numbers, *rank[::-1]]  # np.lexsort sorts by the last key first
    if params.sorted_by == "response":
        keys.append(response)
    elif params.sorted_by == "change":
        keys.append(np.where(np.isfinite(change), -np.nan_to_num(change), np.inf))
    return [names[place] for place in np.lexsort(keys).tolist()]


def _shown(
    patients: list[str],
    clinic: pd.DataFrame,
    features: pd.DataFrame,
    burden: pd.Series,
    params: OncoprintParams,
) -> _Shown:
    clinical = clinic.drop_duplicates("patient").set_index("patient").reindex(patients)
    names = told_apart(patients, 16) if len(patients) <= params.most_names else []
    found = [_strip(name, patients, clinic, features) for name in params.strips]
    return _Shown(
        patients,
        names,
        changes_of(clinical),
        burden.reindex(patients).to_numpy(np.float64),
        [strip for strip in found if strip is not None],
        (clinical["pfs_event"] == False).fillna(value=False).to_numpy(bool),  # noqa: E712  NA
    )


def _strip(
    name: str, patients: list[str], clinic: pd.DataFrame, features: pd.DataFrame
) -> ValueStrip | None:
    """Return a strip; the response in the colours of the waterfall, times with their unit."""
    series = pd.Series(patients)
    column = name.removeprefix("clinic.")
    title = _TITLES.get(column)
    if column == "response":
        clinical = clinic.drop_duplicates("patient").set_index("patient")
        strip = response_strip("Best response", clinical["response"].reindex(patients))
        keys = [Key(text, RESPONSES[text]) for text in RESPONSES if text in strip.cells]
        return ValueStrip(strip, KeyLine(strip.name, keys))
    found = value_strip(name, series, clinic, features)
    if found is None or title is None:
        return found
    return ValueStrip(found.strip._replace(name=title), found.keys._replace(title=title))


def _edges(body: Body, shown: _Shown, columns: list[SideText]) -> tuple[float, float]:
    """Return the room that the texts left and right of the columns take, in millimetres."""
    words = [*body.labels, *(strip.strip.name for strip in shown.strips)]
    left = max(max(map(width_mm, words)) + 2.0, _TRACK_MM) + _EDGE_MM
    return left, sum(column.width_mm + _STEP_MM for column in columns) + _EDGE_MM


def _framed(
    body: Body, shown: _Shown, edges: tuple[float, float], below: tuple[float, float]
) -> _Frame:
    """Give the rows what is left of a page; `below` are heights of keys and footnote (mm)."""
    names_mm = max((width_mm(name) for name in shown.names), default=0.0) + 2.0
    around = _TOP_MM + shown.tracks_mm + names_mm + sum(below) + 1.0
    row = min(_ROW_MM, max(_LEAST_ROW_MM, (TALLEST_MM - around) / body.height))
    return _Frame(around + row * body.height, *edges, row, *below)


def _draw_tracks(figure: Figure, frame: _Frame, shown: _Shown, burden: str) -> float:
    """Draw what stands above the tiles; return where they begin (mm)."""
    at = _TOP_MM
    has_changes, has_numbers = shown.has
    if has_changes:
        axes = frame.place(figure, at, _CHANGE_MM)
        draw_changes(axes, shown.changes, shown.gap)
        name_track(axes, "Best change (%)", _TICKS_MM)
        at += _CHANGE_MM + _GAP_MM
    if has_numbers:
        axes = frame.place(figure, at, _NUMBER_MM)
        is_log = draw_numbers(axes, shown.numbers, shown.gap)
        name = _bar_name(burden)
        name_track(axes, f"{name}\n(log above 10)" if is_log else name, _TICKS_MM)
        at += _NUMBER_MM + _GAP_MM
    for strip in shown.strips:
        axes = frame.place(figure, at, 0.9 * _STRIP_MM)
        draw_strip(axes, strip.strip)
        part_columns(axes, len(shown.patients), shown.gap)
        if strip.strip.name == _TITLES["pfs_months"] and shown.gap:
            mark_cells(axes, shown.is_censored)
        at += _STRIP_MM
    return at


def _bar_name(burden: str) -> str:
    return shortened(plain_name(burden), 22)


def _told(body: Body, clinic: pd.DataFrame, shown: _Shown, burden: str) -> str:
    """Write n, who is left out, with whom rows were compared, and what has no room."""
    rows = body.rows
    absent = len(set(clinic["patient"].astype(str)) - set(body.patients))
    lines = [f"n = {counted(len(body.patients), 'patient')}"]
    lines += [f"{absent} of the trial without DNA or RNA left out"] if absent else []
    tested = rows[rows["p"].notna()]
    if not tested.empty:
        least, most = int(tested["n_compared"].min()), int(tested["n_compared"].max())
        sizes = f"{most}" if least == most else f"{least} to {most}"
        outcome = plain_name(str(tested["outcome"].iloc[0])).lower()
        tests = " / ".join(sorted(set(tested["test"].astype(str))))
        whom = population_text(tested, ", ")
        lines.append(f"p: {tests}, {outcome} v. not, n = {sizes}{whom}")
    further = rows.groupby("section", sort=False)["n_further"].max()
    left = [f"{count} of {section}" for section, count in further.items() if count]
    lines += [f"further rows in no figure: {', '.join(left)}"] if left else []
    has_changes, has_numbers = shown.has
    lines += _track_notes(shown.changes.heights, "best change") if has_changes else []
    if has_changes and (assumed := int(shown.changes.assumed.sum())):
        lines.append(f"hatched: {assumed} with CR and no measured change, drawn at -100 %")
    if cut := int((shown.changes.heights > LIMIT).sum()):
        lines.append(f"cut at +100 %: {cut}")
    lines += _track_notes(shown.numbers, _bar_name(burden)) if has_numbers else []
    names = [strip.strip.name for strip in shown.strips]
    if _TITLES["pfs_months"] in names and shown.gap and shown.is_censored.any():
        lines.append("a dot on PFS: without progression at the last visit")
    return shortened("; ".join(lines), 500)


def _track_notes(values: Floats, name: str) -> list[str]:
    count = int((~np.isfinite(values)).sum())
    return [f"{name} not known in {count}"] if count else []
