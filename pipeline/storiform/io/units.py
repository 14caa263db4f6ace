"""What a reader of outside data is given: `SourceUnit`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storiform.model.cohort import Value
from storiform.model.genome import Build


@dataclass(frozen=True)
class SourceUnit:
    """What a reader is given: one unit's files and names, nothing of the run.

    `files` maps columns of the sample sheet to paths, only those the source asks for;
    `samples` maps role and assay (``tumour_exome``, ``normal_exome``, ``tumour_rna``) to
    the names of the sheet; `record` holds a patient's clinical values; `rows` are those of
    the unit in a file of the whole cohort.
    """

    unit: str
    patient: str
    files: Mapping[str, Path]
    samples: Mapping[str, str]
    build: Build
    record: Mapping[str, Value]
    rows: tuple[Mapping[str, Value], ...] = ()
