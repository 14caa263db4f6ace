"""Depth of a sample in bins as CNVkit and PureCN write it: the table `given_coverage`.

Formats are told by their columns:

- CNVkit ``.targetcoverage.cnn``, ``.antitargetcoverage.cnn``: ``chromosome, start, end, gene,
  log2`` and, since 0.8, ``depth``; 0-based. ``log2`` is that of the depth, -20 for none. Bins
  between targets have the gene ``Antitarget``, in old files ``Background``.
- PureCN and GATK3's interval summary: ``Target`` (``chr1:1001-1200``, 1-based),
  ``total_coverage``, ``average_coverage``, ``on_target``; newer files have ``counts``.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.columns import (
    Layout,
    checked_places,
    is_header_alone,
    read_layout,
    warn_of_counting,
    whole_numbers,
)
from storiform.io.names import counted
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build
from storiform.model.tables.copies import GIVEN_COVERAGE

READ_BASES = 100.0
"""Bases of a read by which a depth becomes a number of reads; most are 75 to 150 long."""
OFF_TARGET = frozenset({"antitarget", "background", "off-target", "offtarget"})
"""What bins between the targets have for a gene, in lower case."""
_NO_DEPTH = -15.0
"""A log2 depth of this or less stands for none: CNVkit writes -20."""
_TARGET = r"^\s*(?P<contig>\S+):(?P<start>\d+)-(?P<end>\d+)\s*$"
_EXPECTED = (
    "those of CNVkit (chromosome, start, end, gene, log2, depth) or of PureCN (Target, "
    "total_coverage, average_coverage, on_target)"
)
_MISTAKEN = {
    "spread": ("a CNVkit reference", "Name it under resources.panel_of_normals instead."),
    "weight": ("log ratios of CNVkit (.cnr)", "Move it to the column ratios of the sheet."),
    "probes": ("segments of CNVkit (.cns)", "Move it to the column segments of the sheet."),
}
"""What another file of CNVkit is, by a column that coverages do not have."""


def read_coverage(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_coverage` of one sample, from one file or two.

    Column `coverage` of the sample sheet names the bins on target, or all of them, column
    `off_target_coverage` those between the targets.

    Raises
    ------
    InputError
        If a file has other columns, a value is none, or a place lies outside the build.
    """
    if "tumour_exome" in unit.samples:  # one normal may serve patients without their own
        unit.refuse_shared("coverage", NAMELESS)
        unit.refuse_shared("off_target_coverage", NAMELESS)
    if "coverage" not in unit.files:
        name = unit.files["off_target_coverage"].name
        raise InputError(_no_targets(name, "no file in the column coverage"))
    parts = [_read(unit.files["coverage"], unit.build)]
    if not (parts[0]["depth"] > 0).any():
        name, remedy = unit.files["coverage"].name, "Make it again from the sample's reads."
        raise InputError(fault(name, "no depth above 0", "bins with reads", remedy))
    path = unit.files.get("off_target_coverage")
    if path is not None and not is_header_alone(path):  # CNVkit's of amplicons has no bins
        between = _read(path, unit.build)
        _refuse_swapped(path, between, parts)
        if (between["depth"] > 0).any():
            parts.append(between.assign(is_target=False))
        else:
            message = f"{path.name}: no depth above 0: bins between targets are left out"
            warnings.warn(message, DataWarning, stacklevel=2)
    if not parts[0]["is_target"].any():
        name = unit.files["coverage"].name
        raise InputError(_no_targets(name, "bins between the targets alone"))
    bins = pd.concat(parts, ignore_index=True)
    repeated = bins.duplicated(["contig", "start", "end"])
    if repeated.any():
        message = (
            f"{' and '.join(path.name for path in unit.files.values())}: "
            f"{counted(int(repeated.sum()), 'bin')} of both files; the first file's are taken"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    return GIVEN_COVERAGE.conform(bins[~repeated])


def _read(path: Path, build: Build) -> pd.DataFrame:
    layout = read_layout(path, ("chromosome", "target"))
    return _reader(layout)(layout, build)[list(GIVEN_COVERAGE.columns)]


def _reader(layout: Layout) -> Callable[[Layout, Build], pd.DataFrame]:
    for column, (found, remedy) in _MISTAKEN.items():
        if layout.has("chromosome", "log2", column):
            where = layout.path.name
            raise InputError(fault(where, found, "the depth of one sample (.cnn)", remedy))
    if layout.has("chromosome", "start", "end") and layout.column("depth", "log2"):
        return _cnvkit
    if layout.has("target") and layout.column("average_coverage", "total_coverage"):
        return _purecn
    remedy = "Give the coverage that cnvkit.py coverage or PureCN wrote."
    raise layout.strange(_EXPECTED, remedy)


def _cnvkit(layout: Layout, build: Build) -> pd.DataFrame:
    value = layout.column("depth", "log2")
    words = {"contig": layout.column("chromosome")}
    if gene := layout.column("gene"):
        words["gene"] = gene
    numbers = {name: layout.column(name) for name in ("start", "end")}
    rows = layout.read(words, {**numbers, "value": value})
    bins = checked_places(layout, rows, build, one_based=False)
    warn_of_counting(layout, bins)
    given = bins["value"].to_numpy()
    if value == layout.column("depth"):
        depth = _depths(layout, bins["value"], value)
    else:
        _numbers_throughout(layout, bins["value"], value)
        depth = np.where(given > _NO_DEPTH, np.exp2(given), 0.0)
        if len(given) > 1 and not given.any():
            message = f"{layout.path.name}: every log2 is 0: a flat file, not a sample's depth"
            warnings.warn(message, DataWarning, stacklevel=2)
    genes = bins["gene"].astype(object) if gene else pd.Series("", index=bins.index)
    is_target = ~genes.astype(str).str.strip().str.lower().isin(OFF_TARGET)
    return _with_reads(bins.assign(depth=depth, is_target=is_target, gc=np.nan))


def _purecn(layout: Layout, build: Build) -> pd.DataFrame:
    words = {"target": layout.column("target")}
    if on_target := layout.column("on_target"):
        words["on_target"] = on_target
    asked = {"average": "average_coverage", "total": "total_coverage", "counts": "counts"}
    numbers = {new: layout.column(name) for new, name in asked.items() if layout.column(name)}
    rows = layout.read(words, numbers)
    parts = rows["target"].astype(str).str.extract(_TARGET)
    wrong = parts["contig"].isna()
    if wrong.any():
        line = parts.index[wrong][0]
        found = repr(str(rows.loc[line, "target"]))
        raise layout.refused(line, words["target"], found, "a place such as chr1:1001-1200")
    rows = rows.assign(contig=parts["contig"], start=parts["start"].astype(float),
                       end=parts["end"].astype(float))  # fmt: skip
    bins = checked_places(layout, rows, build, one_based=True)
    length = (bins["end"] - bins["start"]).to_numpy()
    if "average" in numbers:
        depth = _depths(layout, bins["average"], numbers["average"])
    else:
        depth = _depths(layout, bins["total"], numbers["total"]) / length
    is_target = _flags(layout, bins["on_target"], on_target) if on_target else True
    bins = _with_reads(bins.assign(depth=depth, is_target=is_target, gc=np.nan))
    if "counts" in numbers:
        bins["reads"] = whole_numbers(layout, bins["counts"], numbers["counts"]).astype(float)
    return bins


def _depths(layout: Layout, values: pd.Series, column: str) -> np.ndarray:
    _numbers_throughout(layout, values, column)
    negative = values < 0
    if negative.any():
        line = values.index[negative.to_numpy()][0]
        raise layout.refused(line, column, f"{values[line]:g}", "a depth, not below 0")
    return values.to_numpy()


def _numbers_throughout(layout: Layout, values: pd.Series, column: str) -> None:
    missing = ~np.isfinite(values.to_numpy())
    if missing.any():
        raise layout.refused(values.index[missing][0], column, "an empty cell", "a number")


def _flags(layout: Layout, values: pd.Series, column: str) -> pd.Series:
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    flags = values.astype(object).astype(str).str.strip().str.lower().map(words)
    if flags.isna().any():
        line = flags.index[flags.isna()][0]
        raise layout.refused(line, column, repr(str(values[line])), "TRUE or FALSE")
    return flags.astype(bool)


def _with_reads(bins: pd.DataFrame) -> pd.DataFrame:
    return bins.assign(reads=bins["depth"] * (bins["end"] - bins["start"]) / READ_BASES)


def _no_targets(name: str, found: str) -> str:
    remedy = "Name the file of the bins on target in the column coverage."
    return fault(name, found, "the depth of bins on target too", remedy)


def _refuse_swapped(path: Path, between: pd.DataFrame, others: list[pd.DataFrame]) -> None:
    """Refuse a file of bins on target where that of bins between targets is due."""
    if not between["is_target"].all() or not others or others[0]["is_target"].any():
        return
    found = "bins on target, and in the column coverage those between the targets"
    expected = "bins between the targets (gene Antitarget or Background)"
    raise InputError(fault(path.name, found, expected, "Swap the two cells of the sheet."))
