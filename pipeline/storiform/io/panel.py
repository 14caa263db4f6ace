"""Panels of normals: storiform's own, and the reference of CNVkit."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.columns import Layout, canonical, read_layout, whole_numbers
from storiform.io.coverage import OFF_TARGET
from storiform.io.store import write_bytes
from storiform.model.errors import DataWarning, InputError, fault

COLUMNS = ("contig", "start", "end", "is_target", "gc", "log2", "spread")
PREFIX = "normal:"
"""Before the name of each normal whose own log2 depth a panel of ours has as a column."""
_DIGITS = 5
_BETWEEN_ONE_AND_TWO = -0.5
_EXPECTED = (
    f"those of storiform ({', '.join(COLUMNS)}) or of CNVkit's reference (chromosome, start, "
    "end, gene, log2, gc, spread)"
)
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def read_panel(path: Path) -> pd.DataFrame:
    """Read a panel of normals, ours or a CNVkit ``reference.cnn``.

    Returns
    -------
    pandas.DataFrame
        `contig, start, end, is_target, gc, log2, spread`, sorted by place; from ours one
        column ``normal:NAME`` for each normal, from CNVkit's `rmask` where it is known. X is
        that of two copies, Y that of one. A column that the file lacks is missing
        throughout. A panel of one normal, or flat, is warned of: it has no spread.

    Raises
    ------
    InputError
        If the file has other columns, or a value is none.
    """
    layout = read_layout(path, ("contig", "chromosome"))
    is_ours = layout.has("contig", "start", "end", "is_target", "log2", "spread")
    is_cnvkit = layout.has("chromosome", "start", "end", "gene", "log2")
    if not is_ours and not (is_cnvkit and layout.column("spread", "gc")):
        remedy = "Make one with storiform panel-of-normals, or with cnvkit.py reference."
        raise layout.strange(_EXPECTED, remedy)
    own = (
        tuple(name for name in layout.names if name.startswith(PREFIX))
        if is_ours
        else ("rmask",)
    )
    values = {name: layout.column(name) for name in ("gc", "log2", "spread")}
    values |= {name: layout.column(name) for name in own}
    numbers = {new: name for new, name in values.items() if name}
    words = {"contig": layout.column("contig", "chromosome")}
    words |= (
        {"kind": layout.column("is_target")} if is_ours else {"kind": layout.column("gene")}
    )
    places = {name: layout.column(name) for name in ("start", "end")}
    rows = layout.read(words, {**places, **numbers})
    for name, column in places.items():
        rows[name] = whole_numbers(layout, rows[name], column)
    for name in numbers:
        rows[name] = rows[name].where(np.isfinite(rows[name]))
    kinds = rows["kind"].astype(object).where(rows["kind"].notna(), "").astype(str)
    kinds = kinds.str.strip().str.lower()
    rows["is_target"] = _flags(layout, kinds) if is_ours else ~kinds.isin(OFF_TARGET)
    missing = [name for name in ("gc", "spread") if name not in rows]
    rows = rows.assign(contig=canonical(rows["contig"]), **dict.fromkeys(missing, np.nan))
    if is_cnvkit:
        rows["log2"] = rows["log2"].where(rows["contig"] != "chrX", _of_two_copies(rows))
    rows = rows.sort_values(["contig", "start", "end"], kind="stable")
    _refuse_repeated(layout, rows)
    if "spread" in numbers:
        _warn_without_spread(path, rows, [name for name in own if name.startswith(PREFIX)])
    return rows[[*COLUMNS, *(name for name in own if name in rows)]].reset_index(drop=True)


def _of_two_copies(rows: pd.DataFrame) -> pd.Series:
    """Return the log ratios with X as of two copies; CNVkit may write it as of one."""
    x = rows[rows["contig"] == "chrX"]
    deciding = x[x["is_target"]] if x["is_target"].any() else x
    return rows["log2"] + float(deciding["log2"].median() < _BETWEEN_ONE_AND_TWO)


def write_panel(path: Path, panel: pd.DataFrame) -> None:
    """Write a panel as TSV, compressed; the same panel makes the same bytes."""
    text = panel.to_csv(
        sep="\t", index=False, lineterminator="\n", float_format=f"%.{_DIGITS}f"
    )
    write_bytes(path, gzip.compress(text.encode(), compresslevel=9, mtime=0))


def _flags(layout: Layout, kinds: pd.Series) -> pd.Series:
    flags = kinds.map(_FLAGS)
    if flags.isna().any():
        line = flags.index[flags.isna()][0]
        raise layout.refused(line, "is_target", repr(kinds[line]), "True or False")
    return flags.astype(bool)


def _warn_without_spread(path: Path, rows: pd.DataFrame, normals: list[str]) -> None:
    """Warn of a panel that cannot tell noisy bins from quiet ones."""
    if rows.empty or len(normals) > 1 or (rows["spread"] > 0).any():
        return
    why = "it is of one normal"
    if not normals and (rows["log2"] == 0).all():
        why = "it is flat (every log2 is 0), so it corrects nothing"
    message = f"{path.name}: no bin has a spread between normals: {why}; noisy bins stay in"
    warnings.warn(message, DataWarning, stacklevel=3)


def _refuse_repeated(layout: Layout, rows: pd.DataFrame) -> None:
    repeated = rows.duplicated(["contig", "start", "end"])
    if repeated.any():
        row = rows[repeated].iloc[0]
        found = f"{row['contig']}:{row['start']}-{row['end']} a second time"
        where = f"{layout.path.name}, line {rows.index[repeated][0]}"
        raise InputError(fault(where, found, "each bin once", "Make the panel again."))
