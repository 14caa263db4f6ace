"""Quality and main results as MultiQC's custom content: files that it finds by their names.

Each file is JSON whose name ends with ``_mqc.json`` and which says of itself what it shows:
``id``, ``section_name``, ``description``, ``plot_type``, ``headers`` or ``pconfig``, and
``data``, sample by sample.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from storiform.io.store import write_bytes

_PARENT = {
    "parent_id": "storiform",
    "parent_name": "storiform",
    "parent_description": "What in a tumour biopsy goes with response and survival.",
}


@dataclass(frozen=True)
class Measure:
    """A column of a section.

    Parameters
    ----------
    name
        Of the column in the frame; shares become percent.
    title
        Heading.
    description
        What it means, in a sentence.
    digits
        Decimals that are shown.
    unit
        Behind the number, such as ``" %"``.
    factor
        By which the value is multiplied: 100 for a share.
    is_shown
        Whether the column is seen before a reader asks for it.
    """

    name: str
    title: str
    description: str
    digits: int = 1
    unit: str = ""
    factor: float = 1.0
    is_shown: bool = True

    def header(self) -> dict[str, Any]:
        """Return the column's entry under ``headers``."""
        found: dict[str, Any] = {
            "title": self.title, "description": self.description,
            "format": f"{{:,.{self.digits}f}}", "suffix": self.unit,
            "hidden": not self.is_shown, "namespace": "storiform",
        }  # fmt: skip
        if self.unit.strip() == "%":
            found |= {"min": 0, "max": 100}
        return found

    def value(self, cell: Any) -> object:  # noqa: ANN401  a cell of any column
        """Return a cell as JSON has it, None where it is missing."""
        if pd.isna(cell):
            return None
        if isinstance(cell, (bool, np.bool_)):
            return "yes" if cell else "no"
        if isinstance(cell, (int, float, np.integer, np.floating)):
            scaled = float(cell) * self.factor
            return int(scaled) if scaled.is_integer() else scaled
        return str(cell) or None


def write_general(path: Path, rows: pd.DataFrame, measures: Sequence[Measure]) -> None:
    """Write columns of MultiQC's table of general statistics.

    Parameters
    ----------
    path
        The file, ``*_mqc.json``.
    rows
        One row per sample, named by the index; columns by name.
    measures
        The columns to show.
    """
    told = _present(rows, measures)
    headers = [{measure.name: measure.header()} for measure in told]
    content = {"id": path.name.removesuffix("_mqc.json"), "plot_type": "generalstats",
               "headers": headers, "data": _data(rows, told)}  # fmt: skip
    _write(path, content)


def write_section(
    path: Path, title: str, description: str, rows: pd.DataFrame, measures: Sequence[Measure]
) -> None:
    """Write a section with one table; for arguments see `write_general`."""
    told = _present(rows, measures)
    name = path.name.removesuffix("_mqc.json")
    content = {
        **_PARENT, "id": name, "section_name": title, "description": description,
        "plot_type": "table",
        "pconfig": {"id": f"{name}_table", "title": f"storiform: {title}",
                    "namespace": "storiform", "save_file": True},
        "headers": {measure.name: measure.header() for measure in told},
        "data": _data(rows, told),
    }  # fmt: skip
    _write(path, content)


def write_bars(path: Path, title: str, description: str, counts: pd.DataFrame) -> None:
    """Write a section with stacked bars: one row of `counts` per sample, a column a part."""
    name = path.name.removesuffix("_mqc.json")
    data = {
        str(sample): {str(part): int(count) for part, count in row.items()}
        for sample, row in counts.iterrows()
    }
    content = {
        **_PARENT, "id": name, "section_name": title, "description": description,
        "plot_type": "bargraph",
        "pconfig": {"id": f"{name}_plot", "title": f"storiform: {title}", "ylab": "calls"},
        "data": data,
    }  # fmt: skip
    _write(path, content)


def _present(rows: pd.DataFrame, measures: Sequence[Measure]) -> list[Measure]:
    return [m for m in measures if m.name in rows and rows[m.name].notna().any()]


def _data(rows: pd.DataFrame, measures: Sequence[Measure]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for sample, row in rows.iterrows():
        values = {measure.name: measure.value(row[measure.name]) for measure in measures}
        known = {name: value for name, value in values.items() if value is not None}
        if known:
            found[str(sample)] = known
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())
