"""What is known of a biopsy before its HLA losses are told: counts, purity, segments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.biomarkers.hla.loss_model import GeneCounts, Sample
from storiform.biomarkers.hla.personal_genes import inherited_alleles
from storiform.model.copies import read_alternatives
from storiform.model.hla import CLASS_I
from storiform.model.tables.hla import HLA_GENE_LOH

Floats = NDArray[np.float64]

PLACES: Mapping[str, int] = {"A": 29_928_000, "B": 31_339_000, "C": 31_254_000}
"""Base of chr6 in the middle between where GRCh37 and GRCh38 have the gene, 32 kb apart."""
_ROLES = ("normal", "tumour")
_LOWEST, _HIGHEST = 0.05, 1.0
_WEIGHTS = (0.25, 0.5, 0.25)
_STRANGE = 1.0, 2.0
"""Mismatches a fragment of the tumour has more than the normal's, and how many times these."""
_FEW, _UNEVEN = 5, 5.0
"""Fragments of a stretch that is looked at, and how many times the variance of chance their
mismatches have: errors have about once, another person's reads more than ten times."""
_EACH_HALF = 1.96
_AS_WELL = 5.0
"""By how much, ln, another purity and ploidy that explain the data as well are less likely."""
_PLOIDIES = 3.0, 4.0
"""Looked at beside 2 where no ploidy is known: near this or twice it most tumours are."""


@dataclass(frozen=True, eq=False)
class Gene:
    """The fragments of one gene.

    Parameters
    ----------
    name
        A, B or C.
    alleles
        Names, empty where not known.
    counts
        Fragments of both.
    library
        Pairs of the tumour's library for each of the normal's; NaN where not known.
    reason
        Why the gene cannot be judged; else empty.
    limits
        What weakens a call.
    is_theirs
        Whether the alleles are the patient's; false where the reads tell none of them.
    """

    name: str
    alleles: tuple[str, str]
    counts: GeneCounts
    library: float
    reason: str
    limits: tuple[str, ...]
    is_theirs: bool = True


@dataclass(frozen=True, eq=False)
class Purity:
    """Purity and ploidy as used, NaN where not known; `spread` is how wrong purity may be.

    `others` are further purities and ploidies that may be right as well.
    """

    value: float
    ploidy: float
    spread: float
    limits: tuple[str, ...]
    others: tuple[tuple[float, float], ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is a purity."""
        return not np.isnan(self.value)

    def sample(self, library: float) -> Sample:
        """Return what the model needs to know of the biopsy."""
        steps = np.array([-self.spread, 0.0, self.spread])
        purities = np.clip(self.value + steps, _LOWEST, _HIGHEST)
        return Sample(purities, np.array(_WEIGHTS), self.ploidy, library)

    @property
    def alternatives(self) -> "list[Purity]":
        """Return what else purity and ploidy may be."""
        return [replace(self, value=p, ploidy=ploidy, others=()) for p, ploidy in self.others]


def gather_genes(
    fragments: pd.DataFrame,
    types: pd.DataFrame,
    segments: pd.DataFrame | None,
    fewest_normal: int,
    fewest_tumour: int,
) -> list[Gene]:
    """Return the genes of class I: their alleles, fragments, and why some cannot be judged.

    Parameters
    ----------
    fragments
        The table `hla_fragments`.
    types
        The table `hla_types`.
    segments
        The table `copy_number_segments`, by which libraries are made comparable, or None.
    fewest_normal
        Fragments of each allele in the normal.
    fewest_tumour
        Fragments of a gene that the tumour should have without loss.
    """
    library = _library(fragments) / library_excess(segments)
    genes = []
    for name in CLASS_I:
        own = fragments[fragments["gene"].eq(name)]
        alleles, reason = _alleles(name, types)
        counts = _counts(own, alleles)
        limits = _limits(name, types)
        reason = reason or _lacking(name, own, alleles, fragments)
        reason = reason or _too_few(alleles, counts, library, (fewest_normal, fewest_tumour))
        reason = reason or _strange(fragments)
        genes.append(Gene(name, alleles, counts, library, reason, limits))
    return genes


def _library(fragments: pd.DataFrame) -> float:
    sizes = fragments.groupby("role")["library_fragments"].max()
    normal, tumour = (float(sizes.get(role, 0)) for role in _ROLES)
    return tumour / normal if normal > 0 and tumour > 0 else float("nan")


def library_excess(segments: pd.DataFrame | None) -> float:
    """Return how much larger the tumour's library is than the mean of its copies tells.

    The ploidy is a mean over the genome's length, a library the sum over what was captured. An
    amplicon of thirty copies with many genes, as of MDM2 and CDK4, makes up a tenth of all
    reads and more; without this each other gene would seem to be lost in part. Log ratios are
    centred where copies are as many as the ploidy: their linear mean over bins is the excess.
    1 without segments.
    """
    if segments is None:
        return 1.0
    told = segments.dropna(subset=["bins", "log2"])
    bins = told["bins"].to_numpy(np.float64)
    if bins.sum() <= 0:
        return 1.0
    return float(np.average(np.exp2(told["log2"].to_numpy(np.float64)), weights=bins))


def _alleles(gene: str, types: pd.DataFrame) -> tuple[tuple[str, str], str]:
    """Return the two alleles of a gene in order, and why they cannot be compared."""
    own = types[types["gene"].eq(gene)].sort_values("copy")
    own = own.assign(allele=inherited_alleles(own))
    names = own["allele"].dropna().astype(str).tolist()
    if len(own) == 0:
        return ("", ""), f"HLA-{gene} is not typed"
    if len(names) < len(own):
        told = own.loc[own["allele"].isna(), ["written", "reason"]].fillna("").iloc[0]
        why = ": ".join(part for part in (str(told["written"]), str(told["reason"])) if part)
        padded = [*names, "", ""]
        return (padded[0], padded[1]), f"HLA-{gene} is not typed in full: {why}"
    distinct = sorted(set(names))
    if len(names) == 1:
        return (names[0], ""), f"only one allele of HLA-{gene} is known"
    if len(distinct) == 1:
        return (names[0], names[0]), "homozygous"
    if len(distinct) > 2:  # noqa: PLR2004  a person has two
        return ("", ""), f"{len(distinct)} alleles of HLA-{gene}, a person has two"
    return (distinct[0], distinct[1]), ""


def _limits(gene: str, types: pd.DataFrame) -> tuple[str, ...]:
    own = types.loc[types["gene"].eq(gene), "limits"].fillna("").astype(str)
    return tuple(dict.fromkeys(limit for limit in own if limit))


def _counts(own: pd.DataFrame, alleles: tuple[str, str]) -> GeneCounts:
    sums = own.groupby(["role", "allele"])["fragments"].sum()
    normal, tumour = (
        np.array([float(sums.get((role, allele), 0)) for allele in alleles]) for role in _ROLES
    )
    # The rows of both alleles count the same shared fragments.
    first = own[own["allele"].eq(alleles[0])].groupby("role")["shared"].sum()
    shared = np.array([float(first.get(role, 0)) for role in _ROLES])
    return GeneCounts(normal, tumour, shared)


def _lacking(
    gene: str, own: pd.DataFrame, alleles: tuple[str, str], fragments: pd.DataFrame
) -> str:
    """Say what is missing to compare the alleles: a sample, or a sequence."""
    roles = set(fragments["role"])
    if not roles:
        return "no exome of tumour or normal: RNA tells expression, not copies"
    missing = [role for role in _ROLES if role not in roles]
    if missing:
        return f"no exome of the {missing[0]}: losses are told by comparing both"
    ends = own.groupby("allele")["end"].max()
    unknown = [allele for allele in alleles if not ends.get(allele, 0)]
    if unknown:
        return f"the HLA reference lacks {' and '.join(unknown)}"
    if not own["sites"].sum():
        return f"the two alleles of HLA-{gene} differ nowhere that the HLA reference gives"
    return ""


def _too_few(
    alleles: tuple[str, str], counts: GeneCounts, library: float, fewest: tuple[int, int]
) -> str:
    if counts.normal.sum() == 0:
        return "no fragment in the normal: is the gene captured?"
    side = int(counts.normal.argmin())
    if counts.normal[side] < fewest[0]:
        number = int(counts.normal[side])
        return f"{number} fragments of {alleles[side]} in the normal, {fewest[0]} are needed"
    # What is expected, not what was seen: none may be seen of a gene that is deleted.
    expected = counts.normal.sum() * library
    expected = counts.tumour.sum() if np.isnan(expected) else expected
    if expected < fewest[1]:
        return f"{expected:.0f} fragments expected in the tumour, {fewest[1]} are needed"
    return ""


def _strange(fragments: pd.DataFrame) -> str:
    """Say that the tumour's reads are not of these alleles: of another person.

    Errors, also those of a damaged sample, lie everywhere; the bases in which persons differ
    lie in some stretches.
    """
    sums = fragments.groupby("role")[["fragments", "mismatches"]].sum()
    normal, tumour = (
        float(sums["mismatches"][role]) / max(float(sums["fragments"][role]), 1.0)
        for role in _ROLES
    )
    own = fragments[fragments["role"].eq("tumour") & (fragments["fragments"] >= _FEW)]
    if tumour <= normal + _STRANGE[0] or tumour <= _STRANGE[1] * normal or len(own) <= 1:
        return ""
    expected = own["fragments"].to_numpy(np.float64) * tumour
    away = (own["mismatches"].to_numpy(np.float64) - expected) ** 2 / expected
    if away.sum() / (len(own) - 1) <= _UNEVEN:
        return ""
    return (
        f"{tumour:.1f} mismatches a fragment in the tumour, {normal:.1f} in the normal: "
        "the samples may be of two persons"
    )


def purity_of(
    fit: pd.DataFrame | None, pathology: pd.DataFrame | None, spread: float
) -> Purity:
    """Return the purity of the fit of copy number, else that of the sheet.

    A fit whose interval is wider than the usual spread brings its own. One that is ambiguous
    brings its other solutions; a sheet without ploidy is taken to mean 2, or 3, or 4.
    """
    if fit is not None and len(fit) and pd.notna(fit["purity"].iloc[0]):
        row = fit.iloc[0]
        width = float(row["purity_upper"]) - float(row["purity_lower"])
        own = width / 2.0 / _EACH_HALF * np.sqrt(2.0)
        limits = ("another purity and ploidy fit as well",) if row["is_ambiguous"] else ()
        found = Purity(
            float(row["purity"]), float(row["ploidy"]),
            max(spread, 0.0 if np.isnan(own) else own), limits, _other_solutions(row),
        )  # fmt: skip
        return _with_ploidy(found)
    if pathology is not None and len(pathology) and pd.notna(pathology["purity"].iloc[0]):
        row = pathology.iloc[0]
        ploidy = float("nan") if pd.isna(row["ploidy"]) else float(row["ploidy"])
        limits = ("purity of the sample sheet",)
        return _with_ploidy(Purity(float(row["purity"]), ploidy, spread, limits))
    return Purity(float("nan"), float("nan"), spread, ())


def _with_ploidy(purity: Purity) -> Purity:
    """Return the same, with a ploidy of 2, or others, where none is known."""
    if not np.isnan(purity.ploidy):
        return purity
    others = tuple((purity.value, ploidy) for ploidy in _PLOIDIES)
    limits = (*purity.limits, "ploidy taken to be 2")
    return replace(purity, ploidy=2.0, limits=limits, others=(*purity.others, *others))


def _other_solutions(row: "pd.Series[Any]") -> tuple[tuple[float, float], ...]:
    """Return the purities and ploidies by which an ambiguous fit explains the data as well."""
    found = read_alternatives(row) if row["is_ambiguous"] else []
    return tuple((p, ploidy) for p, ploidy, less in found if less >= -_AS_WELL)


def blank_row(gene: Gene, purity: Purity) -> dict[str, object]:
    """Return the row of `hla_gene_loh` of a gene of which nothing is told."""
    row: dict[str, object] = dict.fromkeys(HLA_GENE_LOH.columns, np.nan)
    counts = np.concatenate([gene.counts.normal, gene.counts.tumour]).astype(np.int64)
    normal_1, normal_2, tumour_1, tumour_2 = counts.tolist()
    return row | {
        "gene": gene.name, "call": "NA", "lost_allele": "", "allele_1": gene.alleles[0],
        "allele_2": gene.alleles[1], "normal_1": normal_1, "normal_2": normal_2,
        "tumour_1": tumour_1, "tumour_2": tumour_2, "purity": purity.value,
        "ploidy": purity.ploidy, "segment_copies": None, "segment_minor_copies": None,
        "is_consistent": None, "is_theirs": gene.is_theirs, "reason": gene.reason,
        "limits": "; ".join(gene.limits),
    }  # fmt: skip


def depth_noise(segments: pd.DataFrame | None) -> float:
    """Return the standard deviation of depth over long stretches, ln; 0 where not known.

    The error of each segment holds that of its bins, which is small where there are many, and
    the noise of long range, which all have: so the least error is hardly more than the latter.
    """
    if segments is None:
        return 0.0
    errors = segments["log2_se"].dropna().to_numpy(np.float64)
    return float(np.log(2.0) * errors.min()) if len(errors) else 0.0


def segment_of(segments: pd.DataFrame | None, gene: str) -> dict[str, object]:
    """Return the copies of the segment at 6p21 that holds a gene, missing without."""
    none: dict[str, object] = {"segment_copies": None, "segment_minor_copies": None}
    if segments is None:
        return none
    place = PLACES[gene]
    own = segments[segments["contig"].eq("chr6")]
    own = own[(own["start"] <= place) & (own["end"] > place)]
    if own.empty:
        return none
    total, minor = own["total"].iloc[0], own["minor"].iloc[0]
    return {
        "segment_copies": None if pd.isna(total) else int(total),
        "segment_minor_copies": None if pd.isna(minor) else int(minor),
    }


def agree(row: Mapping[str, object]) -> bool | None:
    """Tell whether the segment says the same of loss as the call; None where unknown."""
    total, minor = row["segment_copies"], row["segment_minor_copies"]
    call = str(row["call"])
    if call == "NA" or total is None or (minor is None and total != 0):
        return None
    if call == "HOMDEL":
        return total == 0
    is_lost = total != 0 and minor == 0
    if np.isnan(float(row["probability"])):  # type: ignore[arg-type]
        return None
    return is_lost == (call in {"LOH", "LOH?"}) and total != 0
