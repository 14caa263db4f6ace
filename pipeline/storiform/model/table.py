"""Contracts of tables: what a step promises and the engine checks.

A `Table` names a frame, the grain that it belongs to, its columns and its key. It is put
on a signature with `typing.Annotated`, so that a reader and mypy see a DataFrame and the
engine sees a contract::

    TumourBurden = Annotated[pd.DataFrame, Table("tmb", grain="biopsy", columns={...})]

A frame of one unit does not carry the unit's names; going up a grain adds them as the
columns of `UNIT_COLUMNS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from storiform.model.errors import ContractError

Grain = Literal["sample", "biopsy", "patient", "cohort"]
Dtype = Literal["string", "int", "nullable_int", "float", "bool", "nullable_bool"]

UNIT_COLUMNS: Mapping[Grain, tuple[str, ...]] = {
    "sample": ("patient", "sample", "role", "assay"),
    "biopsy": ("patient", "biopsy"),
    "patient": ("patient",),
    "cohort": (),
}
"""The key columns that name a unit of each grain."""

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
PANDAS_DTYPES: Mapping[str, object] = {
    "string": TEXT,
    "int": np.dtype("int64"),
    "nullable_int": pd.Int64Dtype(),
    "float": np.dtype("float64"),
    "bool": np.dtype("bool"),
    "nullable_bool": pd.BooleanDtype(),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    dtype
        `string` and `float` may hold missing values; `int` and `bool` may not.
    description
        What the value means, one sentence.
    unit
        The unit of measure, empty where there is none.
    feature
        Whether the column is tested against response and survival.
    """

    dtype: Dtype
    description: str
    unit: str = ""
    feature: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Parameters
    ----------
    name
        Unique in a workflow; the file name under ``OUT/tables``.
    grain
        Whose table it is: of a sample, a biopsy, a patient or the cohort.
    columns
        Name to `Column`, in the order in which they are written.
    key
        The columns whose values together are unique in one unit's frame, and by which
        it is sorted. Empty: exactly one row is expected.
    version
        Raised when the numbers of the step that makes the table change.
    rest
        The contract of all further columns where these are named by the data (gene sets);
        they are sorted by name.
    description
        What one row is.
    is_published
        Whether the table is written to ``OUT/tables``; large ones that only later steps
        read stay in the folders of their units.
    is_long
        Whether each row is a feature of its own: `feature, kind, value, label,
        unit_of_measure`.
    """

    name: str
    grain: Grain
    columns: Mapping[str, Column] = field(hash=False)
    key: tuple[str, ...] = ()
    version: int = 1
    rest: Column | None = None
    description: str = ""
    is_published: bool = True
    is_long: bool = False

    def column(self, name: str) -> Column:
        """Return the contract of a column; ContractError where there is none."""
        if name in self.columns:
            return self.columns[name]
        if self.rest is None:
            message = f"table {self.name}: no column {name!r} in its contract"
            raise ContractError(message)
        return self.rest

    def conform(self, frame: pd.DataFrame, units: tuple[str, ...] = ()) -> pd.DataFrame:
        """Cast, order and sort a frame; refuse one that breaks the contract.

        Parameters
        ----------
        frame
            What the step returned, or a concatenation of such frames.
        units
            Names of the unit columns that stand before the table's own.

        Returns
        -------
        pandas.DataFrame
            A new frame with a plain index, sorted by the unit columns and the key.

        Raises
        ------
        ContractError
            If a column is missing or unknown, cannot be cast, holds missing values where
            none may be, or if the key is not unique.
        """
        names = self._ordered(frame, units)
        cast = {name: self._cast(name, frame[name], units) for name in names}
        result = pd.DataFrame(cast, index=frame.index, copy=False)
        order = [*units, *self.key]
        if len(result) > 1 and not order:
            message = f"table {self.name}: {len(result)} rows where one is expected"
            raise ContractError(message)
        if len(result) > 1 and not _is_in_order(result, order):
            result = result.sort_values(order, kind="stable", ignore_index=True)
            if result.duplicated(order).any():
                row = result.loc[result.duplicated(order), order].iloc[0].to_dict()
                message = f"table {self.name}: key {row} occurs more than once"
                raise ContractError(message)
        result.index = pd.RangeIndex(len(result))
        return result

    def empty(self, units: tuple[str, ...] = ()) -> pd.DataFrame:
        """Build a frame without rows that has the right columns and types."""
        columns = {name: pd.Series([], dtype=TEXT) for name in units}
        for name, column in self.columns.items():
            dtype = PANDAS_DTYPES[column.dtype]
            columns[name] = pd.Series([], dtype=dtype)  # type: ignore[call-overload]
        return pd.DataFrame(columns)

    def features(self, frame: pd.DataFrame) -> list[str]:
        """Return the columns of a frame that are tested against the outcome."""
        return [n for n in frame.columns if self._is_feature(str(n))]

    def _is_feature(self, name: str) -> bool:
        if name in self.columns:
            return self.columns[name].feature
        of_unit = name in UNIT_COLUMNS[self.grain]
        return self.rest is not None and self.rest.feature and not of_unit

    def _ordered(self, frame: pd.DataFrame, units: tuple[str, ...]) -> list[str]:
        present = [str(name) for name in frame.columns]
        known = [*units, *self.columns]
        missing = [name for name in known if name not in present]
        further = sorted(set(present) - set(known))
        if missing or (further and self.rest is None):
            message = f"table {self.name}: missing columns {missing}, unknown {further}"
            raise ContractError(message)
        if len(set(present)) != len(present):
            message = f"table {self.name}: a column name occurs twice"
            raise ContractError(message)
        return [*known, *further]

    def _cast(self, name: str, values: pd.Series, units: tuple[str, ...]) -> pd.Series:
        kind = "string" if name in units else self.column(name).dtype
        dtype = PANDAS_DTYPES[kind]
        if values.dtype == dtype:
            return values
        if fault := _unfit(values, kind):
            message = f"table {self.name}, column {name}: {fault}"
            raise ContractError(message)
        try:
            return values.astype(dtype)  # type: ignore[call-overload,no-any-return]
        except (TypeError, ValueError) as error:
            message = f"table {self.name}, column {name}: not {kind}: {error}"
            raise ContractError(message) from error


def _is_in_order(frame: pd.DataFrame, order: list[str]) -> bool:
    """Tell without sorting whether rows are sorted and differ; no where one is missing."""
    is_tied = np.ones(len(frame) - 1, dtype=bool)
    for name in order:
        values = frame[name]
        if values.isna().any():
            return False
        after, before = values.array[1:], values.array[:-1]
        is_equal = np.asarray(after == before, dtype=bool)
        if (is_tied & ~is_equal & ~np.asarray(after > before, dtype=bool)).any():
            return False
        is_tied &= is_equal
        if not is_tied.any():
            return True
    return False


def _unfit(values: pd.Series, kind: str) -> str:
    """Say why values cannot be of a kind; pandas would cut them or call a blank true."""
    is_missing = values.isna()
    if kind in {"int", "bool"} and is_missing.any():
        return f"not {kind}: a value is missing"
    if kind in {"bool", "nullable_bool"}:
        wrong = values[~is_missing & ~values.isin([True, False])]
        return f"{wrong.iloc[0]!r} is no flag" if len(wrong) else ""
    if kind not in {"int", "nullable_int"} or values.dtype.kind not in "Of":
        return ""
    wrong = values[[isinstance(v, float) and v == v and v % 1 != 0 for v in values]]  # noqa: PLR0124
    return f"{wrong.iloc[0]} is no integer" if len(wrong) else ""


@dataclass(frozen=True)
class Picture:
    """The contract of one figure.

    Parameters
    ----------
    name
        Unique in a workflow; the file name under ``OUT/figures``.
    caption
        What the figure shows, with the tests that it names; printed under it.
    version
        Raised when the drawing of the same numbers changes.
    """

    name: str
    caption: str
    version: int = 1
    grain: Grain = "cohort"


@dataclass(frozen=True)
class Gather:
    """Ask for the tables of a whole workflow in one long frame.

    With ``feature=True`` the frame has one row per unit and feature, with the columns
    `patient, biopsy, table, feature, value, kind, unit_of_measure, description`; `kind` is
    `number`, `flag` or `category`, `value` (float) is NaN for categories, `label` (string)
    holds these. `feature` is ``TABLE.COLUMN``. One biopsy speaks for each patient.
    """

    feature: bool = True


@dataclass(frozen=True)
class Resource:
    """Ask for an outside file that is no sample's: a FASTA, a BED, a gene table."""

    name: str
