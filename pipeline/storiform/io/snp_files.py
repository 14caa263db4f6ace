"""Reads of two alleles in tumour and normal, as three programs write them.

Formats are told by their columns:

- FACETS' ``snp-pileup``: ``Chromosome, Position`` (from 1), ``Ref, Alt``, and for each file
  ``File1R`` (reads with the reference's allele), ``File1A`` (with the other), ``File1E``
  (errors), ``File1D`` (deletions); File1 is the normal, File2 the tumour.
- Sequenza's ``.seqz``: ``chromosome, position`` (from 1), ``depth.normal, depth.tumor, Af,
  Bf, zygosity.normal, good.reads``; the shares are those of the tumour's good reads, A is the
  more frequent allele. Only places that are heterozygous in the normal are taken, with its
  reads in halves: the file does not say how they part.
- VCF and BCF, see `snp_vcf`.
"""

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.columns import Layout, checked_places, read_layout, whole_numbers
from storiform.io.lines import BROKEN, broken, is_bcf, open_text
from storiform.io.snp_vcf import read_snp_vcf
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build
from storiform.model.tables.copies import GIVEN_SNPS

_EXPECTED = (
    "those of snp-pileup (Chromosome, Position, File1R, File1A, File2R, File2A), of Sequenza "
    "(chromosome, position, depth.normal, Af, Bf, zygosity.normal), or a VCF"
)
_SEQZ = ("chromosome", "position", "depth.normal", "Af", "Bf", "zygosity.normal")
_DEPTH = 30
_ODD = 0.15
_TIMES = 3.0
"""Depth of the places by which a swap is told, the share of them that are odd in the column of
the normal, and how many times that of the other column it is."""
_FEW = 200


def read_snps(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_snps` of one biopsy from column `snps` of the sample sheet.

    Raises
    ------
    InputError
        If the format is not known, a count is none, or a place lies outside the build.
    """
    path = unit.files["snps"]
    if _is_vcf(path):
        snps = read_snp_vcf(path, unit.samples, unit.build, by_name="snps" in unit.shared)
    else:
        unit.refuse_shared("snps", NAMELESS)
        layout = read_layout(path, ("chromosome", "position"))
        if layout.has(*_SEQZ) and layout.column("good.reads", "depth.tumor"):
            return _conforming(path, _seqz(layout, unit.build))
        if not layout.has("chromosome", "position", "File1R", "File1A"):
            remedy = "Give what snp-pileup or sequenza-utils wrote, or a VCF with AD."
            raise layout.strange(_EXPECTED, remedy)
        snps = _pileup(layout, unit)
    warn_if_swapped(path.name, snps)
    return _conforming(path, snps)


def _conforming(path: Path, snps: pd.DataFrame) -> pd.DataFrame:
    if snps.empty:
        expected = "places with reads of the tumour"
        remedy = "Count alleles at common single-base variants in both samples."
        raise InputError(fault(path.name, "none", expected, remedy))
    return GIVEN_SNPS.conform(snps[list(GIVEN_SNPS.columns)])


def _is_vcf(path: Path) -> bool:
    if is_bcf(path):
        return True
    try:
        with open_text(path) as handle:
            return handle.readline().startswith("##fileformat=VCF")
    except BROKEN as error:
        raise InputError(broken(path.name, error)) from error


def _pileup(layout: Layout, unit: SourceUnit) -> pd.DataFrame:
    """Read what snp-pileup wrote; one file alone is the tumour where there is no normal."""
    has_pair = layout.has("File2R", "File2A")
    if not has_pair and "normal_exome" in unit.samples:
        remedy = "Run snp-pileup with the normal's BAM first and the tumour's second."
        raise layout.strange("File1R, File1A of the normal and File2R, File2A", remedy)
    if layout.has("File3R", "File3A"):
        message = f"{layout.path.name}: counts of several tumours; File2 is taken for this one"
        warnings.warn(message, DataWarning, stacklevel=3)
    roles = {"normal": "File1", "tumour": "File2"} if has_pair else {"tumour": "File1"}
    counts = {f"{role}_{number}": layout.column(f"{file}{allele}")
              for role, file in roles.items()
              for number, allele in (("1", "R"), ("2", "A"))}  # fmt: skip
    rows = _rows(layout, unit.build, {}, counts)
    for name, column in counts.items():
        rows[name] = whole_numbers(layout, rows[name], column)
    if not has_pair:
        rows = rows.assign(normal_1=0, normal_2=0)
    has_reads = rows[["normal_1", "normal_2", "tumour_1", "tumour_2"]].sum(axis=1) > 0
    return rows[has_reads].assign(is_reference_first=True)


def _rows(
    layout: Layout, build: Build, words: dict[str, str], numbers: dict[str, str]
) -> pd.DataFrame:
    position = layout.column("position")
    rows = layout.read(
        {"contig": layout.column("chromosome"), **words}, {"start": position, **numbers}
    )
    return checked_places(layout, rows.assign(end=rows["start"]), build, one_based=True)


def _seqz(layout: Layout, build: Build) -> pd.DataFrame:
    reads = layout.column("good.reads", "depth.tumor")
    words = {"zygosity": layout.column("zygosity.normal")}
    numbers = {
        "normal": layout.column("depth.normal"), "reads": reads,
        "first": layout.column("Af"), "second": layout.column("Bf"),
    }  # fmt: skip
    rows = _rows(layout, build, words, numbers)
    zygosity = rows["zygosity"].astype(object).astype(str).str.strip().str.lower()
    strange = ~zygosity.isin({"het", "hom"})
    if strange.any():
        line = rows.index[strange][0]
        found = repr(str(rows.loc[line, "zygosity"]))
        raise layout.refused(line, words["zygosity"], found, "het or hom")
    rows = rows[zygosity == "het"]
    for name in ("first", "second"):
        shares = rows[name]
        wrong = ~((shares >= 0) & (shares <= 1))
        if wrong.any():
            line = rows.index[wrong][0]
            raise layout.refused(line, numbers[name], f"{shares[line]:g}", "a share, 0 to 1")
    tumour = whole_numbers(layout, rows["reads"], reads).to_numpy()
    normal = whole_numbers(layout, rows["normal"], numbers["normal"]).to_numpy()
    second = np.rint(rows["second"].to_numpy() * tumour).astype(np.int64)
    first = np.rint(rows["first"].to_numpy() * tumour).astype(np.int64)
    return rows.assign(
        normal_1=normal - normal // 2, normal_2=normal // 2, tumour_1=first, tumour_2=second,
        is_reference_first=False,
    )  # fmt: skip


def warn_if_swapped(name: str, snps: pd.DataFrame) -> None:
    """Warn where the normal's alleles look like a tumour's and the tumour's like a normal's.

    In normal cells the share of an allele is 0, 1/2 or 1; a normal with many places between
    these, .1 to .25 or .75 to .9, beside a tumour with few was probably taken for it.
    """
    normal, tumour = (
        _shares(snps[f"{role}_1"].to_numpy(), snps[f"{role}_2"].to_numpy())
        for role in ("normal", "tumour")
    )
    odd_normal, odd_tumour = _odd(normal), _odd(tumour)
    if odd_normal > _ODD and odd_normal > _TIMES * odd_tumour:
        message = (
            f"{name}: {odd_normal:.0%} of the places with two alleles have unequal ones in the "
            f"normal and {odd_tumour:.0%} in the tumour: were the two samples swapped?"
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _shares(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    deep = first + second >= _DEPTH
    return np.asarray(first[deep] / (first[deep] + second[deep]), dtype=np.float64)


def _odd(shares: npt.NDArray[np.float64]) -> float:
    folded = np.minimum(shares, 1.0 - shares)
    folded = folded[folded > 0.1]  # noqa: PLR2004  as the docstring of the caller says
    return float((folded < 0.25).mean()) if len(folded) >= _FEW else 0.0  # noqa: PLR2004
