"""Tables that the user provides: one file, parted into the rows of each unit."""

import hashlib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from storiform.io.paths import state_of
from storiform.io.store import read_provided, typed
from storiform.model.cohort import COHORT
from storiform.model.errors import InputError, fault
from storiform.model.table import UNIT_COLUMNS, Grain, Table


def provided_rows(path: Path, table: Table, unit: str) -> pd.DataFrame:
    """Return the rows of one unit of a user's table, without the unit's columns."""
    own = _by_unit(path, table.grain, state_of(path)).get(unit)
    if own is None:
        remedy = "Run again: the file changed after the run began."
        raise InputError(fault(path.name, f"no row of {unit}", "at least one", remedy))
    return typed(own, table, path.name)


def row_ids(path: Path, grain: Grain) -> dict[str, str]:
    """Return a digest of the rows of each unit of a user's table, sorted by unit."""
    parts = _by_unit(path, grain, state_of(path))
    return {unit: _digest(parts[unit]) for unit in sorted(parts)}


def key_column(grain: Grain) -> str:
    """Return the column that tells whose row it is, empty for the cohort."""
    names = UNIT_COLUMNS[grain]
    return names[0] if grain == "patient" else (names[1] if names else "")


@lru_cache(maxsize=8)
def _by_unit(path: Path, grain: Grain, _mark: tuple[object, ...]) -> dict[str, pd.DataFrame]:
    """Read a user's table once in a process, until it changes."""
    frame = read_provided(path)
    column = key_column(grain)
    own = frame.drop(columns=[name for name in UNIT_COLUMNS[grain] if name in frame.columns])
    if not column:
        return {COHORT: own}
    if column not in frame.columns:
        found = f"columns {', '.join(map(str, frame.columns[:8]))}"
        remedy = f"Add the column {column}: it tells whose row it is."
        raise InputError(fault(str(path), found, f"a column {column}", remedy))
    if frame[column].isna().any():
        row = 2 + int(frame[column].isna().argmax())
        remedy = f"Fill in the {column}, or delete the row."
        raise InputError(fault(f"{path}, row {row}", f"no {column}", "whose row it is", remedy))
    return {str(unit): rows for unit, rows in own.groupby(frame[column].astype(str))}


def _digest(rows: pd.DataFrame) -> str:
    text = rows.to_csv(index=False, sep="\t", lineterminator="\n")
    return f"rows:{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"
