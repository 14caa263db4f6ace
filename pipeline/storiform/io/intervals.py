"""Bases that a BED names."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from storiform.io.contigs import check_within
from storiform.io.lines import lines
from storiform.io.names import counted
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import CHROMOSOMES, Build, canonical_contig
from storiform.model.intervals import Intervals

_NO_BED_LINE = ("#", "track", "browser")
_COLUMN = r"(?: *\t *| +)"
_LINE = re.compile(rf" *(\S+){_COLUMN}([0-9]{{1,10}}){_COLUMN}([0-9]{{1,10}})(?:[ \t]|$)")
"""Contig, start and end, with a tab or blanks between; two tabs would leave one empty."""

_ONE_BASED = ("@HD\t", "@SQ\t")
_FEWEST_NEIGHBOURS = 5
_MANY_TIMES = 10


def read_targets(path: Path) -> Intervals:
    """Read the targets of an exome kit from a BED, merged.

    Raises
    ------
    InputError
        If a line has no interval, or if no contig is a human chromosome.
    """
    return _human(path.name, Intervals.of(_bed(path)))


def inspect_targets(path: Path, build: Build) -> None:
    """Check before a run that targets are of the build; a `DataWarning` tells of doubts.

    In a BED, intervals that adjoin share a bound. Where starts count from 1, so that each
    interval lacks a base, the second starts one behind the end of the first, and an interval
    of one base ends where it starts.

    Raises
    ------
    InputError
        As `read_targets`, or if an interval reaches behind the end of a chromosome.
    """
    rows = list(_bed(path))
    check_within(path.name, _human(path.name, Intervals.of(rows)), build)
    places = np.array([(start, end) for _, start, end in rows], np.int64)
    contigs = np.unique([contig for contig, _, _ in rows], return_inverse=True)[1]
    order = np.lexsort((places[:, 1], places[:, 0], contigs))
    starts, ends, contigs = places[order, 0], places[order, 1], contigs[order]
    gaps = (starts[1:] - ends[:-1])[contigs[1:] == contigs[:-1]]
    ones, zeros = int((gaps == 1).sum()), int((gaps == 0).sum())
    empty = int((starts == ends).sum())
    found = []
    if ones >= max(_FEWEST_NEIGHBOURS, _MANY_TIMES * zeros):
        found.append(f"{ones} intervals that start one base behind the end of another")
    if empty:
        many = "intervals that start where they end"
        found.append(counted(empty, "interval that starts where it ends", many))
    if found:
        expected = "starts that count from 0, as in every BED"
        remedy = "If they count from 1, take 1 off each start."
        message = fault(path.name, " and ".join(found), expected, remedy)
        warnings.warn(message, DataWarning, stacklevel=2)


def _human(name: str, targets: Intervals) -> Intervals:
    """Refuse targets of which none lies on a chromosome."""
    if not set(targets.bounds) & set(CHROMOSOMES):
        names = ", ".join(list(targets.bounds)[:5]) or "none"
        expected = "intervals on chr1 to chr22, chrX or chrY"
        remedy = "Give the file of the genome of the cohort."
        raise InputError(fault(name, f"contigs {names}", expected, remedy))
    return targets


def _bed(path: Path) -> Iterator[tuple[str, int, int]]:
    for number, line in lines(path):
        if not line.strip() or line.startswith(_NO_BED_LINE):
            continue
        match = _LINE.match(line)
        if match is None or int(match[2]) > int(match[3]):
            raise InputError(_faulty(f"{path.name}, line {number}", line))
        yield canonical_contig(match[1]), int(match[2]), int(match[3])


def _faulty(where: str, line: str) -> str:
    expected = "contig, start and end (0-based, start <= end) with a tab between"
    remedy = "Correct the line."
    if line.startswith(_ONE_BASED):
        found = "an interval list of Picard, whose starts count from 1"
        remedy = "Convert it with picard IntervalListToBed."
        return fault(where, found, "a BED", remedy)
    return fault(where, repr(line[:40]), expected, remedy)
