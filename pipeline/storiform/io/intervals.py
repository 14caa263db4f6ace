"""Bases that a BED names."""

from collections.abc import Iterator
from pathlib import Path

from storiform.io.lines import lines
from storiform.model.errors import InputError, fault
from storiform.model.genome import CHROMOSOMES, canonical_contig
from storiform.model.intervals import Intervals

_BED_FIELDS = 3
_NO_BED_LINE = ("#", "track", "browser")


def read_targets(path: Path) -> Intervals:
    """Read the targets of an exome kit from a BED, merged.

    Raises
    ------
    InputError
        If a line has no interval, or if no contig is a human chromosome.
    """
    targets = Intervals.of(_bed(path))
    if not set(targets.bounds) & set(CHROMOSOMES):
        names = ", ".join(list(targets.bounds)[:5]) or "none"
        expected = "intervals on chr1 to chr22, chrX or chrY"
        remedy = "Give the file of the genome of the cohort."
        raise InputError(fault(path.name, f"contigs {names}", expected, remedy))
    return targets


def _bed(path: Path) -> Iterator[tuple[str, int, int]]:
    for number, line in lines(path):
        if not line.strip() or line.startswith(_NO_BED_LINE):
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        numbers = [field.strip() for field in fields[1:_BED_FIELDS]]
        is_sound = len(numbers) == _BED_FIELDS - 1 and all(n.isdigit() for n in numbers)
        if not is_sound or int(numbers[0]) > int(numbers[1]):
            where = f"{path.name}, line {number}"
            expected = "contig, start and end (0-based, start <= end)"
            raise InputError(fault(where, repr(line[:40]), expected, "Correct the line."))
        yield canonical_contig(fields[0].strip()), int(numbers[0]), int(numbers[1])
