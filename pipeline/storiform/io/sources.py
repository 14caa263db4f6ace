"""Which reader fills which table that no step makes."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from storiform.io.calls import read_calls
from storiform.io.expression import read_counts, read_log2_tpm, read_tpm
from storiform.io.units import SourceUnit
from storiform.model.cohort import Assay
from storiform.model.table import Table
from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.copies import PATHOLOGY
from storiform.model.tables.dna import CALLS
from storiform.model.tables.rna import GIVEN_COUNTS, GIVEN_LOG2_TPM, GIVEN_TPM

__all__ = ("SOURCES", "Source", "SourceUnit", "read_clinic")


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


def read_pathology(unit: SourceUnit) -> pd.DataFrame:
    """Return the purity and ploidy that the sample sheet states, as one row."""
    stated = {name: unit.record.get(name) for name in PATHOLOGY.columns}
    return pd.DataFrame({n: [None if v is None else float(v)] for n, v in stated.items()})


SOURCES: tuple[Source, ...] = (
    Source(CLINIC, (), None, read_clinic),
    Source(PATHOLOGY, (), "exome", read_pathology),
    Source(CALLS, ("vcf", "maf"), "exome", read_calls),
    Source(GIVEN_COUNTS, ("counts",), "rna", read_counts),
    Source(GIVEN_TPM, ("tpm",), "rna", read_tpm),
    Source(GIVEN_LOG2_TPM, ("log2_tpm",), "rna", read_log2_tpm),
)
