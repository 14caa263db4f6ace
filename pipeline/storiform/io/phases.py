"""On which copy of its contig a call lies, as its genotype in the VCF tells."""

import warnings
from collections.abc import Mapping

import pandas as pd

from storiform.io.units import SourceUnit
from storiform.io.vcf import VcfHeader, open_vcf
from storiform.io.vcf_samples import sample_columns
from storiform.model.errors import DataWarning, InputError
from storiform.model.genome import canonical_contig
from storiform.model.tables.proteins import CALL_PHASES

_FORMAT = 8
_SAMPLES = 9
_SIDES = 2
_UNKNOWN = frozenset({"", "."})

Placed = tuple[str, int] | None
"""Phase set and side, 1 or 2; of an allele on both copies the set is empty and the side 0."""


def read_call_phases(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `call_phases` of one biopsy from the VCF of the sample sheet.

    Read are phased genotypes (``|`` with ``PS``; without it all of a contig are one set),
    ``HP``, and GATK's ``PGT`` with ``PID``. Records are counted as in `read_vcf`.
    """
    path = unit.files["vcf"]
    header, records = open_vcf(path, unit.build)
    column = tumour_column(header, unit)
    rows: list[tuple[int, int, str | None, int | None, bool]] = []
    record = 0
    for number, line in records:
        if not line.strip():
            continue
        fields = header.fields(number, line)
        if column is not None:
            cells = sample_cells(fields, column)
            contig = canonical_contig(fields[0])
            for allele in range(fields[4].count(",") + 1):
                placed = placed_of(cells, contig, allele + 1)
                if placed is not None:
                    group, side = placed
                    rows.append((record, allele, group or None, side or None, not side))
        record += 1
    return CALL_PHASES.conform(pd.DataFrame(rows, columns=list(CALL_PHASES.columns)))


def tumour_column(header: VcfHeader, unit: SourceUnit) -> int | None:
    """Return the tumour's column, None where it cannot be told; `read_vcf` tells of that."""
    if not header.columns:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        try:
            name, by_name = unit.files["vcf"].name, "vcf" in unit.shared
            return sample_columns(name, header, unit.samples, by_name=by_name).tumour
        except InputError:
            return None


def sample_cells(fields: list[str], column: int) -> Mapping[str, str]:
    """Return the values of one sample of a record by the names of FORMAT."""
    values = fields[_SAMPLES + column].split(":")
    return dict(zip(fields[_FORMAT].split(":"), values, strict=False))


def placed_of(cells: Mapping[str, str], contig: str, number: int) -> Placed:
    """Return where one allele lies, None where the genotype does not tell.

    Parameters
    ----------
    cells
        Fields of FORMAT with the values of the tumour.
    contig
        Of the record; sets of two contigs are never one.
    number
        Of the allele as genotypes count, from 1.

    Examples
    --------
    >>> placed_of({"GT": "0|1", "PS": "7"}, "chr1", 1), placed_of({"GT": "0/1"}, "chr1", 1)
    (('chr1:7', 2), None)
    >>> placed_of({"GT": "1/1"}, "chr1", 1)
    ('', 0)
    """
    wanted = str(number)
    called = cells.get("GT", "").replace("|", "/").split("/")
    if set(called) == {wanted}:
        return "", 0
    if wanted in called and (of_reads := _by_reads(cells, called, contig, wanted)):
        return of_reads
    for field, group in (("GT", "PS"), ("PGT", "PID")):
        copies = cells.get(field, "").split("|")
        if len(copies) == _SIDES and copies.count(wanted) == 1:
            return f"{contig}:{cells.get(group, '.')}", copies.index(wanted) + 1
    return None


def _by_reads(cells: Mapping[str, str], called: list[str], contig: str, wanted: str) -> Placed:
    """Read ``HP``: for each allele of the genotype a set and a side, as ``1200-2``."""
    named = cells.get("HP", "").split(",")
    if len(named) != len(called) or not _UNKNOWN.isdisjoint(named):
        return None
    group, dash, side = named[called.index(wanted)].rpartition("-")
    if not dash or side not in {"1", "2"}:
        return None
    return f"{contig}:{group}", int(side)
