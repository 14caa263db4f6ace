"""Strips of a feature or of a column of the clinic: a number, a flag or a category."""

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from storiform.figures.keys import Key, KeyLine
from storiform.figures.strips import Strip
from storiform.figures.style import INK, PALE, STRIPS, most_frequent
from storiform.model.features import plain_name

NOT_STATED = "not stated"
_FLAGS = {"yes": INK, "no": "#ffffff"}
_CLINIC = "clinic."
_LARGE = 100.0
_TITLES = {"age_years": "Age (years)"}


class ValueStrip(NamedTuple):
    """A strip, and the keys of what its colours mean."""

    strip: Strip
    keys: KeyLine


def value_strip(
    name: str, patients: pd.Series, clinic: pd.DataFrame, features: pd.DataFrame | None
) -> ValueStrip | None:
    """Return the values of a feature as a strip, or nothing where no patient has one.

    Parameters
    ----------
    name
        ``TABLE.COLUMN`` of a feature, or a column of the clinic with or without its table.
    patients
        The patient of each column (n,).
    clinic, features
        Where the values stand; of a feature one biopsy speaks for each patient.
    """
    values = _values(name, patients, clinic, features)
    known = values[values.notna() & (values.astype(str) != "")]
    if known.empty:
        return None
    title = strip_title(name)
    if all(isinstance(value, bool | np.bool_) for value in known):
        return _keyed(title, values.map({True: "yes", False: "no"}), _FLAGS)
    if all(isinstance(value, int | float | np.number) for value in known):
        return _shades(title, values)
    named, colours = most_frequent(known.astype(str).tolist(), STRIPS)
    cells = pd.Series(named, index=known.index).reindex(values.index)
    return _keyed(title, cells, colours)


def strip_title(name: str) -> str:
    """Write the name of a feature, or of a column of the clinic, as a strip carries it.

    Examples
    --------
    >>> strip_title("histology"), strip_title("clinic.age_years"), strip_title("tmb.tmb")
    ('Histology', 'Age (years)', 'TMB')
    """
    column = name.removeprefix(_CLINIC)
    return _TITLES.get(column) or plain_name(column)


def _values(
    name: str, patients: pd.Series, clinic: pd.DataFrame, features: pd.DataFrame | None
) -> pd.Series:
    """Return the value of each patient as an object, missing where there is none."""
    column = name.removeprefix(_CLINIC)
    if column in clinic.columns and column != "patient":
        by_patient = clinic.drop_duplicates("patient").set_index("patient")[column]
    elif features is not None:
        rows = features[features["feature"] == name].drop_duplicates("patient")
        by_patient = rows.set_index("patient")["value"].astype(object)
        is_flag = (rows["kind"] == "flag").any()
        if (rows["kind"] == "category").any():
            by_patient = rows.set_index("patient")["label"]
        elif is_flag:
            by_patient = by_patient.map({1.0: True, 0.0: False})
    else:
        by_patient = pd.Series([], dtype=object)
    values = by_patient.astype(object).reindex(patients.to_numpy())
    return values.reset_index(drop=True)


def _shades(title: str, values: pd.Series) -> ValueStrip:
    """Shade numbers from the lowest, light, to the highest, dark; the ends have a key."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    lowest, highest = float(numbers.min()), float(numbers.max())
    span = (highest - lowest) or 1.0
    shades = mpl.colormaps["viridis_r"]
    cells = numbers.map(_written, na_action="ignore")
    colours = {
        cell: to_hex(shades((value - lowest) / span))
        for value, cell in zip(numbers, cells, strict=True)
        if np.isfinite(value)
    }
    ends = {_written(end): colours[_written(end)] for end in (lowest, highest)}
    return _keyed(title, cells, colours, ends)


def _keyed(
    title: str,
    cells: pd.Series,
    colours: Mapping[str, str],
    shown: Mapping[str, str] | None = None,
) -> ValueStrip:
    """Return a strip with the keys of the values that occur, or of those to be shown."""
    told = [NOT_STATED if pd.isna(cell) else str(cell) for cell in cells]
    present = {name: colour for name, colour in colours.items() if name in set(told)}
    keys = {**(present if shown is None else shown)}
    if NOT_STATED in told:
        keys[NOT_STATED] = PALE
    line = KeyLine(title, [Key(name, colour) for name, colour in keys.items()])
    return ValueStrip(Strip(title, told, {**colours, NOT_STATED: PALE}), line)


def _written(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= _LARGE else f"{value:.3g}"
