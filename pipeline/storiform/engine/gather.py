"""The feature columns of many tables as one long frame."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from storiform.model.table import TEXT, Column, Table
from storiform.model.tables.outcomes import FEATURE_COLUMNS

Part = tuple[Table, Mapping[str, str], pd.DataFrame]


def gather_features(parts: Sequence[Part]) -> pd.DataFrame:
    """Melt the feature columns of one-row tables into one row per unit and feature.

    Parameters
    ----------
    parts
        Contract, unit names and frame of each unit's table.

    Returns
    -------
    pandas.DataFrame
        The columns of `FEATURE_COLUMNS`, sorted by feature, patient and biopsy; what belongs
        to a patient has no biopsy, for one biopsy alone is named as its patient.
    """
    rows: dict[str, list[object]] = {name: [] for name in FEATURE_COLUMNS}
    for contract, names, frame in parts:
        if contract.is_long:
            _add_long(rows, contract, names, frame)
            continue
        for name in contract.features(frame):
            column = contract.column(name)
            for cell in frame[name]:
                _add(rows, contract, names, name, column, cell)
    gathered = pd.DataFrame(rows, columns=list(FEATURE_COLUMNS))
    for name in FEATURE_COLUMNS:
        gathered[name] = gathered[name].astype("float64" if name == "value" else TEXT)
    order = ["feature", "patient", "biopsy"]
    return gathered.sort_values(order, kind="stable", ignore_index=True)


def _add_long(
    rows: dict[str, list[object]],
    contract: Table,
    names: Mapping[str, str],
    frame: pd.DataFrame,
) -> None:
    """Add a table whose every row is a feature already."""
    for row in frame.itertuples(index=False):
        rows["patient"].append(names["patient"])
        rows["biopsy"].append(names.get("biopsy", ""))
        rows["table"].append(contract.name)
        rows["feature"].append(f"{contract.name}.{row.feature}")
        for name in ("value", "label", "kind", "unit_of_measure"):
            rows[name].append(getattr(row, name))
        rows["description"].append(f"{row.feature}, given by the user")


def _add(
    rows: dict[str, list[object]],
    contract: Table,
    names: Mapping[str, str],
    name: str,
    column: Column,
    cell: object,
) -> None:
    kind = kind_of(column)
    missing = bool(pd.isna(cell))  # type: ignore[call-overload]
    rows["patient"].append(names["patient"])
    rows["biopsy"].append(names.get("biopsy", ""))
    rows["table"].append(contract.name)
    rows["feature"].append(f"{contract.name}.{name}")
    is_number = kind != "category" and not missing
    rows["value"].append(float(cell) if is_number else np.nan)  # type: ignore[arg-type]
    rows["label"].append(str(cell) if kind == "category" and not missing else None)
    rows["kind"].append(kind)
    rows["unit_of_measure"].append(column.unit)
    rows["description"].append(column.description)


def kind_of(column: Column) -> str:
    """Tell how a feature is tested: as a number, a flag or a category."""
    if column.dtype in {"bool", "nullable_bool"}:
        return "flag"
    return "category" if column.dtype == "string" else "number"
