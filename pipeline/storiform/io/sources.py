"""Which reader fills which table that no step makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from storiform.model.cohort import Assay, Value
from storiform.model.genome import Build
from storiform.model.table import Table
from storiform.model.tables.clinic import CLINIC


@dataclass(frozen=True)
class SourceUnit:
    """What a reader is given: one unit's files and names, nothing of the run.

    `files` maps columns of the sample sheet to paths, only those the source asks for;
    `samples` maps role and assay (``tumour_exome``, ``normal_exome``, ``tumour_rna``) to
    the names of the sheet; `record` holds a patient's clinical values.
    """

    unit: str
    patient: str
    files: Mapping[str, Path]
    samples: Mapping[str, str]
    build: Build
    record: Mapping[str, Value]


@dataclass(frozen=True)
class Source:
    """A reader of outside data.

    `columns` are the columns of the sample sheet that can fill the table; a unit in which
    none of them is given lacks the table. `assay` tells whose row's files are meant; a
    file named on another row of the same biopsy is taken where that row has none.
    """

    table: Table
    columns: tuple[str, ...]
    assay: Assay | None
    read: Callable[[SourceUnit], pd.DataFrame]


def read_clinic(unit: SourceUnit) -> pd.DataFrame:
    """Return a patient's clinical values as the one row of the table `clinic`."""
    return pd.DataFrame({name: [unit.record.get(name)] for name in CLINIC.columns})


SOURCES: tuple[Source, ...] = (Source(CLINIC, (), None, read_clinic),)
