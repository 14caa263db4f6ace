"""Which rows of a file of many samples are those of a unit."""

import warnings

import pandas as pd

from storiform.io.columns import Layout
from storiform.io.names import listed
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError, fault


def own_rows(layout: Layout, rows: pd.DataFrame, column: str, unit: SourceUnit) -> pd.DataFrame:
    """Keep the rows that bear a name of the unit; one sample alone is taken with a warning.

    Parameters
    ----------
    layout
        The file.
    rows
        Its rows, with the names in `sample`.
    column
        What the file calls that column.
    unit
        Its names are those of its tumour's exome, of its biopsy and of its patient.

    Raises
    ------
    InputError
        If the file holds several samples, none of them the unit's.
    """
    written = rows["sample"].astype(object).where(rows["sample"].notna(), "").astype(str)
    present = written.str.strip()
    names = unit.names
    for name in names:
        if (present == name).any():
            return rows[present == name]
    held = sorted(set(present))
    if len(held) == 1:
        own = next(c for c, path in unit.files.items() if path == layout.path)
        unit.refuse_shared(own, f"one sample, named {held[0] or 'nothing'}")
        message = (
            f"{layout.path.name}: its one sample is named {held[0] or 'nothing'}, not "
            f"{' or '.join(names)}: its rows are taken for it"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
        return rows
    where = f"{layout.path.name}, column {column}"
    remedy = "Correct the name in the file or in the sample sheet."
    raise InputError(fault(where, f"samples {listed(held)}", " or ".join(names), remedy))
