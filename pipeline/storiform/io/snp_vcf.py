"""Reads of two alleles in tumour and normal from a VCF, whatever its FILTER says.

Germline sites stand in a somatic caller's VCF under REJECT or germline; all records of one
single-base alternative are taken. The reads come from `AD` and its kin (`allele_counts`).
Where a VCF states the share of the allele too (FA, AF, VAF, FREQ) and the two contradict each
other over many places, the field that agrees with the depth `DP` is believed: files were seen
in which AD was left from another step, and gave a false purity and ploidy.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.allele_counts import Numbers, allele_counts, no_counts
from storiform.io.contigs import check_contigs
from storiform.io.names import counted
from storiform.io.vcf import open_vcf
from storiform.io.vcf_samples import sample_columns
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build, canonical_contig

_SHARES = ("FA", "AF", "VAF", "FREQ")
_BASES = frozenset("ACGTacgt")
_FORMAT = 8
_DEPTH = 20
_APART = 0.1
_MANY = 0.2
_FEW = 20
_LIKE_DEPTH = 0.1
"""From this depth on shares are compared; this far apart they contradict each other; from this
part of at least this many places on it is a fault of the file; and a sum of AD within this
part of DP agrees with it."""


@dataclass
class _Sample:
    """The reads of one column: of each allele by AD, the depth, and the share as stated."""

    ref: list[int] = field(default_factory=list)
    alt: list[int] = field(default_factory=list)
    depth: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    named: str = ""

    def take(self, cells: Mapping[str, str], alleles: tuple[str, list[str], int],
             numbers: Numbers) -> None:  # fmt: skip
        ref, alts, allele = alleles
        known = {name: text for name, text in cells.items() if name != "DP"}
        counts = allele_counts(known, ref, alts, allele, numbers)
        is_known = counts.ref is not None and counts.alt is not None
        self.ref.append(counts.ref or 0 if is_known else -1)
        self.alt.append(counts.alt or 0 if is_known else -1)
        self.depth.append(_number(cells.get("DP", "")))
        name = next((name for name in _SHARES if name in cells), "")
        self.named = self.named or name
        stated = cells.get(name, "").split(",")
        place = allele + (
            len(stated) == len(alts) + 1
        )  # some callers state the reference's too
        self.share.append(_number(stated[place] if place < len(stated) else ""))


@dataclass(frozen=True)
class _Reads:
    """The same as arrays, (n,)."""

    ref: npt.NDArray[np.int64]
    alt: npt.NDArray[np.int64]
    depth: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    named: str


def read_snp_vcf(
    path: Path, samples: Mapping[str, str], build: Build, *, by_name: bool = False
) -> pd.DataFrame:
    """Read the alleles of a tumour and, where the VCF has it, of its normal.

    Parameters
    ----------
    path
        A VCF, plain or compressed, or a BCF.
    samples
        Names of the sample sheet by role and assay, as `SourceUnit.samples`.
    build
        The genome build of the cohort.
    by_name
        Whether only the sheet's name tells the tumour, as in a file of several patients.

    Returns
    -------
    pandas.DataFrame
        One row per place, columns of the table `given_snps`; reads of an absent normal are 0.

    Raises
    ------
    InputError
        If the tumour's column cannot be told, or no record has reads.
    """
    header, records = open_vcf(path, build)
    columns = sample_columns(path.name, header, samples, by_name=by_name)
    if columns.tumour is None:
        expected = "a column for the tumour and one for the normal"
        remedy = "Give the VCF with its genotype columns (FORMAT with AD)."
        raise InputError(fault(f"{path.name}, line #CHROM", "no sample", expected, remedy))
    numbers = Numbers()
    places: list[tuple[str, int]] = []
    tumour, normal = _Sample(), _Sample()
    for number, fields, allele in _single_bases(records, header.fields):
        numbers.place = f"line {number}"
        alleles = (fields[3], fields[4].split(","), allele)
        keys = fields[_FORMAT].split(":")
        places.append((canonical_contig(fields[0]), int(fields[1]) - 1))
        for sample, column in ((tumour, columns.tumour), (normal, columns.normal)):
            text = fields[_FORMAT + 1 + column] if column is not None else ""
            sample.take(dict(zip(keys, text.split(":"), strict=False)), alleles, numbers)
    for name, wrong in sorted(numbers.faults.items()):
        message = no_counts(path.name, name, len(wrong), wrong[0])
        warnings.warn(message, DataWarning, stacklevel=3)
    snps = _table(path, places, tumour, normal)
    check_contigs(path.name, snps.assign(end=snps["start"] + 1), build)
    return snps


def _single_bases(
    records: Iterator[tuple[int, str]], split: Callable[[int, str], list[str]]
) -> Iterator[tuple[int, list[str], int]]:
    """Yield line, fields and which alternative, of records with one single-base alternative."""
    for number, line in records:
        if not line.strip():
            continue
        fields = split(number, line)
        alts = fields[4].split(",")
        bases = [i for i, alt in enumerate(alts) if alt in _BASES]
        others = [a for a in alts if a not in _BASES and not a.startswith("<") and a != "*"]
        if len(bases) == 1 and not others and fields[3] in _BASES:
            yield number, fields, bases[0]


def _table(
    path: Path, places: list[tuple[str, int]], tumour: _Sample, normal: _Sample
) -> pd.DataFrame:
    told = [_believed(path.name, sample, places) for sample in (tumour, normal)]
    snps = pd.DataFrame(
        {
            "contig": [contig for contig, _ in places],
            "start": np.array([start for _, start in places], dtype=np.int64),
            "normal_1": np.maximum(told[1][0], 0), "normal_2": np.maximum(told[1][1], 0),
            "tumour_1": told[0][0], "tumour_2": told[0][1], "is_reference_first": True,
        }
    )  # fmt: skip
    snps = snps[snps["tumour_1"] >= 0]
    if snps.empty:
        found = f"{counted(len(places), 'single-base record')}, none with reads of the tumour"
        remedy = "Give a VCF whose FORMAT has AD (or RO/AO, AU/CU/GU/TU)."
        raise InputError(fault(path.name, found, "records with reads", remedy))
    repeated = snps.duplicated(["contig", "start"])
    if repeated.any():
        message = (
            f"{path.name}: {counted(int(repeated.sum()), 'record')} of a place that stands "
            "there already; the first is taken"
        )
        warnings.warn(message, DataWarning, stacklevel=4)
    return snps[~repeated]


def _believed(
    name: str, sample: _Sample, places: list[tuple[str, int]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the reads of both alleles by the field that the others bear out."""
    reads = _Reads(np.array(sample.ref, dtype=np.int64), np.array(sample.alt, dtype=np.int64),
                   np.array(sample.depth), np.array(sample.share), sample.named)  # fmt: skip
    total = reads.ref + reads.alt
    deep = (reads.ref >= 0) & (total >= _DEPTH) & np.isfinite(reads.share)
    by_reads = reads.alt / np.maximum(total, 1)
    apart = deep & (np.abs(by_reads - reads.share) > _APART)
    if apart.sum() < max(_FEW, _MANY * deep.sum()):
        return reads.ref, reads.alt
    has_depth = deep & (reads.depth > 0)
    ratios = total[has_depth] / reads.depth[has_depth]
    ratio = float(np.median(ratios)) if len(ratios) else float("nan")
    is_reads_true = not abs(ratio - 1.0) > _LIKE_DEPTH
    first = int(np.flatnonzero(apart)[0])
    place = f"{places[first][0]}:{places[first][1] + 1}"
    told = f"the sum of AD is {ratio:.2f} times DP" if len(ratios) else "there is no DP"
    message = (
        f"{name}: AD and {reads.named} contradict each other at {int(apart.sum())} of "
        f"{counted(int(deep.sum()), 'place')} (such as {place}, "
        f"{by_reads[first]:.2f} by AD, {reads.share[first]:.2f} by {reads.named}); {told}, so "
        + ("AD is believed" if is_reads_true else f"{reads.named} and DP are believed")
    )
    warnings.warn(message, DataWarning, stacklevel=5)
    if is_reads_true:
        return reads.ref, reads.alt
    depth, share = np.nan_to_num(reads.depth, nan=-1.0), np.nan_to_num(reads.share, nan=-1.0)
    is_known = (depth >= 0) & (share >= 0) & (share <= 1)
    alt = np.where(is_known, np.rint(depth * share), -1).astype(np.int64)
    return np.where(is_known, np.rint(depth).astype(np.int64) - alt, -1), alt


def _number(text: str) -> float:
    """Read a number or a percentage, NaN where there is none."""
    is_percentage = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        return float("nan")
    return value / 100.0 if is_percentage else value
