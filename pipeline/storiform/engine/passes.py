"""Which steps learn from one pass over a file of reads, and what that pass depends on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import makers
from storiform.io.bam_header import says_unordered
from storiform.model.cohort import Cohort, Role, Sample
from storiform.model.errors import SheetError, fault
from storiform.model.genome import Build
from storiform.model.step import Step
from storiform.model.table import Table

READER_VERSION = 1
"""Raised when the decoding of reads changes what collectors see."""

FILES = ("bam", "cram")
_INDICES = {"bam": "bai", "cram": "crai"}
_ROLES: tuple[Role, ...] = ("tumour", "normal")


def has_reads(sample: Sample) -> bool:
    """Tell whether the sheet names aligned reads of a sample."""
    return any(column in sample.files for column in FILES)


def is_rna_by_name(sample: Sample) -> bool:
    """Tell whether a sample is RNA whose file says that it is not sorted by coordinate.

    Aligners of RNA write such files, and genes can be counted from them.
    """
    return sample.assay == "rna" and says_unordered(_reads_of(sample))


def _reads_of(sample: Sample) -> Path:
    return next(sample.files[column] for column in FILES if column in sample.files)


def refuse_copies(cohort: Cohort, ids: FileIds) -> None:
    """Refuse two samples whose files of reads are the same, byte for byte.

    Raises
    ------
    SheetError
        If so: one of the two is not the sample that it is said to be.
    """
    owners: dict[str, Sample] = {}
    for sample in cohort.samples:
        if not has_reads(sample):
            continue
        path = _reads_of(sample)
        other = owners.setdefault(ids.of(path), sample)
        if other is not sample:
            twin = f"{_reads_of(other).name} of {other.name}"
            found = f"{path.name} of {sample.name} with the same content as {twin}"
            remedy = "Give each sample its own file."
            raise SheetError(fault("sample sheet", found, "the reads of two samples", remedy))


def scan_recipe(sample: Sample, build: Build, ids: FileIds) -> dict[str, Any]:
    """Return what the fingerprint of a collector covers beside its parameters and tables.

    Never the index, the number of threads or the other collectors of the pass: none of
    them can change what a collector sees.
    """
    column = next(name for name in FILES if name in sample.files)
    return {
        "files": {column: ids.of(sample.files[column])},
        "build": build,
        "reads": {"reader": READER_VERSION, "role": sample.role, "assay": sample.assay},
    }


def scan_payload(sample: Sample, reference: Path | None) -> dict[str, Any]:
    """Return what a worker needs to open the reads of a sample."""
    column = next(name for name in FILES if name in sample.files)
    index = sample.files.get(_INDICES[column])
    return {
        "files": {column: str(sample.files[column])},
        "index": str(index) if index else "",
        "reference": str(reference) if reference else "",
        "role": sample.role,
        "assay": sample.assay,
    }


def pass_numbers(steps: Sequence[Step]) -> dict[tuple[str, Role], int]:
    """Tell in which pass each collector step reads the samples of each role, from 0.

    A file is read once, unless a collector asks for a table that was itself made from the
    reads of a sample of the same role: then it comes in the next pass.

    Parameters
    ----------
    steps
        The steps in the order of their tables.
    """
    made_by = makers(steps)
    deepest: dict[str, dict[Role, int]] = {}
    numbers: dict[tuple[str, Role], int] = {}
    for step in steps:
        before = _before(step, made_by, deepest)
        after = dict(before)
        for role in step.scan.roles if step.scan else ():
            numbers[step.name, role] = before[role]
            after[role] = before[role] + 1
        deepest[step.name] = after
    return numbers


def _before(
    step: Step, made_by: Mapping[str, Step], deepest: Mapping[str, dict[Role, int]]
) -> dict[Role, int]:
    """Return how many passes over each role's reads stand before a step."""
    found = dict.fromkeys(_ROLES, 0)
    for argument in step.arguments:
        if not isinstance(argument.contract, Table):
            continue
        maker = made_by.get(argument.contract.name)
        for role, passes in deepest.get(maker.name if maker else "", {}).items():
            found[role] = max(found[role], passes)
    return found
