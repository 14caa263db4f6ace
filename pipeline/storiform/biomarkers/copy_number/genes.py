"""Amplified, gained, lost and deleted genes, each with the evidence."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.deletions import (
    Runs,
    gene_runs,
    no_runs,
    weighed_ratios,
)
from storiform.biomarkers.copy_number.places import (
    Pairs,
    are_unsexed,
    fish_ratios,
    gene_spans,
    overlaps,
    with_nearest,
)
from storiform.biomarkers.copy_number.solutions import Solution, solutions
from storiform.model.copies import ChromosomeArms, GenePlaces, raw_copies
from storiform.model.intervals import Genes
from storiform.model.params import Params
from storiform.model.tables.copies import LogRatios
from storiform.model.tables.copy_calls import (
    CopyNumberFit,
    CopyNumberGenes,
    CopyNumberSegments,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MB = 1_000_000
_FOCAL = ("HIGH_AMP", "AMP", "HOMDEL")
_LIMIT = 0.9


class CopyNumberGenesParams(Params):
    """When a gene is amplified, gained, lost or deleted."""

    amplified_copies: float = Field(
        6.0, ge=3.0, le=100.0, description="fewest copies of an amplification"
    )
    amplified_above_ploidy: float = Field(
        4.0, ge=1.0, le=50.0, description="and as many more than the ploidy"
    )
    high_copies: float = Field(10.0, ge=3.0, le=200.0, description="fewest of the high tier")
    high_times_ploidy: float = Field(
        3.0, ge=1.0, le=50.0, description="and as many times the ploidy"
    )
    amplified_max_mb: float = Field(
        20.0, gt=0.0, le=300.0, description="longest segment of an amplification; longer: gain"
    )
    deleted_max_mb: float = Field(
        10.0, gt=0.0, le=300.0, description="longest segment of a homozygous deletion"
    )
    gene_log_likelihood_ratio: float = Field(
        4.0,
        ge=0.0,
        le=1000.0,
        description="ln of the likelihood ratio of no copies against the best other number, "
        "over the bins of a listed gene and up to six beside it, above which it is deleted",
    )
    min_gene_bins: int = Field(
        2, ge=1, le=1000, description="bins that a gene must have to be tested by itself"
    )
    amplified_min_log2: float = Field(
        0.4,
        ge=0.0,
        le=10.0,
        description="log ratio below which no number of copies is an amplification: eight at "
        "ploidy 4 and purity 0.2 have 0.42",
    )
    deleted_max_log2: float = Field(
        -0.4,
        ge=-20.0,
        le=0.0,
        description="log ratio above which nothing is homozygously deleted: no copy has -0.51 "
        "at ploidy 2 and purity 0.3",
    )
    deleted_min_purity: float = Field(
        0.25,
        ge=0.0,
        le=1.0,
        description="purity below which no copy and one copy are not told apart: deletions are "
        "called by the log ratio alone",
    )
    min_deleted_bins: int = Field(
        4,
        ge=1,
        le=1000,
        description="bins of a deletion that decides although it is the smaller part of the "
        "gene",
    )
    amplified_log2: float = Field(
        0.85,
        ge=0.1,
        le=10.0,
        description="the same without a purity; 0.85 is six copies at ploidy 2, purity 0.4",
    )
    deleted_log2: float = Field(
        -1.1, ge=-20.0, le=-0.1, description="homozygous deletion without a purity"
    )
    gained_log2: float = Field(0.2, ge=0.01, le=5.0, description="gain without a purity")
    lost_log2: float = Field(-0.25, ge=-5.0, le=-0.01, description="loss without a purity")


class _Evidence(NamedTuple):
    """What is known of each gene, parallel to the genes; `segment` is -1 where none is near."""

    segment: Ints
    bins: Ints
    log2: Floats
    runs: Runs


def copy_number_genes(  # noqa: PLR0913, PLR0917  a step asks for what it reads
    copy_number_segments: CopyNumberSegments,
    copy_number_fit: CopyNumberFit,
    log_ratios: LogRatios | None,
    genes: Genes | None,
    gene_places: GenePlaces,
    chromosome_arms: ChromosomeArms,
    params: CopyNumberGenesParams,
) -> CopyNumberGenes:
    """Call each gene by the copies of its segment, a short deletion by the gene's own bins.

    The segment with the largest part of the gene decides; a deletion of a smaller part of it
    decides all the same, for it breaks the gene. AMP: at least
    ``max(6, ploidy + 4)`` copies on a segment up to 20 Mb; HIGH_AMP: ``max(10, 3 ploidy)``.
    HOMDEL: no copy, up to 10 Mb, or by the bins of a listed gene alone. HETLOSS: fewer copies
    than the rounded ploidy. CNLOH: no minor allele, copies as usual. GAIN: more copies than
    usual. On the X of a male half the ploidy is usual. Without a purity the log ratio alone
    decides (`basis` log_ratio). On X and Y of unknown sex it tells nothing: UNKNOWN.

    `probability` is the share of the fit's solutions, weighted by their likelihood, and of
    the segment's interval, in which a focal call holds; the posterior of the segment's copies
    else. Below a purity of .25, above a log ratio of -.4, and where the solutions do not
    agree, a deletion is called by its log ratio alone and has no `probability`; one of the
    gene's bins alone that its log ratio does not call gives way to the call of the segment.
    Below a log ratio of .4 nothing is amplified. Segments of another program are not doubted.

    Parameters
    ----------
    copy_number_segments
        Segments with their copies.
    copy_number_fit
        Purity and ploidy.
    log_ratios
        Bins; without them (segments of another program) no gene is tested by itself.
    genes
        The annotation: all genes and their places.
    gene_places
        Genes that are reported whatever their call.
    chromosome_arms
        Arms, for the copies around the centromere.
    params
        Thresholds.

    References
    ----------
    Mermel et al., Genome Biology 12, R41 (2011), doi:10.1186/gb-2011-12-4-r41.
    """
    segments = copy_number_segments.sort_values(["contig", "start"], ignore_index=True)
    spans = gene_spans(genes, gene_places)
    spans = spans[spans["contig"].isin(set(segments["contig"]))].reset_index(drop=True)
    pairs = with_nearest(overlaps(spans, segments), spans, segments)
    evidence = _evidence(spans, segments, pairs, log_ratios, params)
    fit = copy_number_fit.iloc[0]
    called = _called(spans, segments, evidence, fit, params)
    called["fish_ratio"] = fish_ratios(called, chromosome_arms, segments)
    is_shown = spans["is_listed"].to_numpy() | called["call"].isin(_FOCAL).to_numpy()
    return called[is_shown].reset_index(drop=True)


def _evidence(
    spans: pd.DataFrame, segments: pd.DataFrame, pairs: Pairs,
    log_ratios: pd.DataFrame | None, params: CopyNumberGenesParams,
) -> _Evidence:  # fmt: skip
    """Choose the segment of each gene, and average the gene's own bins."""
    count = len(spans)
    segment = np.full(count, -1, dtype=np.int64)
    total = segments["total"].astype("float64").to_numpy()
    log2 = segments["log2"].to_numpy(np.float64)
    is_gone = np.where(np.isnan(total), log2 < params.deleted_log2, total == 0)
    # Another program may not tell the bins of its segments: they are no fewer for that.
    bins_of = segments["bins"].astype("float64").fillna(np.inf).to_numpy()
    is_gone = (is_gone & (bins_of >= params.min_deleted_bins))[pairs.row]
    order = np.lexsort((-pairs.bases, ~is_gone, pairs.gene))
    gene, first = np.unique(pairs.gene[order], return_index=True)
    segment[gene] = pairs.row[order][first]
    nothing = np.full(count, np.nan)
    if log_ratios is None or log_ratios.empty:
        empty = np.zeros(count, dtype=np.int64)
        return _Evidence(segment, empty, nothing, no_runs(count))
    bins = log_ratios[log_ratios["is_target"]] if log_ratios["is_target"].any() else log_ratios
    bins = bins.sort_values(["contig", "start"], ignore_index=True)
    values = bins["log2"].to_numpy(np.float64) - _shift(bins, segments)
    runs = gene_runs(overlaps(spans, bins), count, bins, values)
    return _Evidence(segment, runs.bins, runs.means, runs)


def _shift(bins: pd.DataFrame, segments: pd.DataFrame) -> float:
    """Return what the fit took off the log ratios of the bins when it centred them."""
    inside = overlaps(bins, segments)
    if not len(inside.gene):
        return 0.0
    log2 = segments["log2"].to_numpy(np.float64)[inside.row]
    away = bins["log2"].to_numpy(np.float64)[inside.gene] - log2
    known = away[~np.isnan(away)]
    return float(np.median(known)) if len(known) else 0.0


def _called(
    spans: pd.DataFrame,
    segments: pd.DataFrame,
    evidence: _Evidence,
    fit: pd.Series,
    params: CopyNumberGenesParams,
) -> pd.DataFrame:
    own = segments.iloc[np.maximum(evidence.segment, 0)].reset_index(drop=True)
    is_placed = evidence.segment >= 0
    total, minor = (
        np.where(is_placed, own[name].astype("float64").to_numpy(), np.nan).astype(np.float64)
        for name in ("total", "minor")
    )
    length = (own["end"] - own["start"]).to_numpy(np.int64)
    ploidy = float(fit["ploidy"]) if pd.notna(fit["ploidy"]) else 2.0
    has_own = evidence.bins >= params.min_gene_bins
    log2 = np.where(has_own, evidence.log2, own["log2"].to_numpy(np.float64))
    by_ratio = _by_log_ratio(log2, length, params)
    normal = own["normal_copies"].to_numpy(np.float64)
    by_copies = _by_copies(total, minor, normal, ploidy, length, params)
    call = np.where(np.isnan(total), by_ratio, by_copies)
    basis = np.where(np.isnan(total), "log_ratio", "copies").astype(object)
    if fit["method"] == "given":
        basis[~np.isnan(total)] = "given"
    is_unknown = ~is_placed | are_unsexed(own, fit["sex"])
    errors, found = segments["log2_se"].to_numpy(np.float64), solutions(fit)
    ratio, by_gene = weighed_ratios(evidence.runs, own, errors, found, params.min_gene_bins)
    is_deleted = spans["is_listed"].to_numpy() & ~is_unknown & (call != "HOMDEL")
    is_deleted &= np.nan_to_num(ratio, nan=-np.inf) > params.gene_log_likelihood_ratio
    level = own["log2"].to_numpy(np.float64)
    is_doubted = _doubted((call, basis), level, own, by_gene, fit, params)
    trial = np.full_like(call, "HOMDEL"), np.full_like(call, "gene_bins")
    is_weak = _doubted(trial, evidence.log2, own, by_gene, fit, params)
    by_level = is_doubted & (call == "HOMDEL")
    by_level |= is_deleted & is_weak & (by_ratio == "HOMDEL")
    call[is_doubted] = "GAIN"
    call[by_level] = np.where(by_ratio == "HOMDEL", "HOMDEL", "HETLOSS")[by_level]
    basis[by_level], total[by_level], minor[by_level] = "log_ratio", np.nan, np.nan
    # A doubted deletion of the gene alone leaves it the call and the copies of its segment.
    is_deleted &= ~is_weak
    call[is_deleted], basis[is_deleted], total[is_deleted] = "HOMDEL", "gene_bins", 0.0
    minor[is_deleted] = np.where(np.isnan(minor[is_deleted]), np.nan, 0.0)
    probability = _probability(call, own, by_gene, found, params)
    probability[by_level | is_unknown] = np.nan
    call[is_unknown], ratio[is_unknown] = "UNKNOWN", np.nan
    table = spans[["gene", "contig", "start", "end", "cytoband"]].copy()
    table["bins"], table["call"], table["basis"] = evidence.bins, call, basis
    table["log_likelihood_ratio"], table["probability"] = ratio, probability
    table["total"] = pd.array(total, dtype="Float64").astype("Int64")
    table["minor"] = pd.array(minor, dtype="Float64").astype("Int64")
    table["log2"] = np.where(is_placed, log2, np.nan)
    return _with_segment(table, own, is_placed, ploidy)


def _with_segment(
    table: pd.DataFrame, own: pd.DataFrame, is_placed: npt.NDArray[np.bool_], ploidy: float
) -> pd.DataFrame:
    """Add what the segment tells beside the call, and what GDC makes of the copies."""
    for column in ("total_raw", "total_lower", "total_upper"):
        table[column] = own[column].where(is_placed).to_numpy(np.float64)
    table["segment_bases"] = np.where(is_placed, own["end"] - own["start"], 0)
    table["is_amplified_gdc"] = (table["total"] >= 2.0 * ploidy).astype("boolean")
    return table


def _doubted(
    calls: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]],
    level: Floats,
    own: pd.DataFrame,
    by_gene: Floats,
    fit: pd.Series,
    params: CopyNumberGenesParams,
) -> npt.NDArray[np.bool_]:
    """Tell which focal calls the data are too weak for, whatever the copies say.

    `calls` are the calls and their basis, `level` the log ratios that they stand on. The
    segments of another program, which have no error, are not ours to doubt.
    """
    call, basis = calls
    is_open = (basis != "log_ratio") & own["log2_se"].notna().to_numpy()
    is_deleted = (call == "HOMDEL") & is_open
    is_low = pd.notna(fit["purity"]) and float(fit["purity"]) < params.deleted_min_purity
    weak = is_deleted & (is_low | ~(level <= params.deleted_max_log2))
    if fit["is_ambiguous"]:
        probability = _probability(call, own, by_gene, solutions(fit), params)
        weak |= is_deleted & ~(probability >= _LIMIT)
    is_amplified = np.isin(call, ("AMP", "HIGH_AMP")) & is_open
    return np.asarray(weak | (is_amplified & ~(level >= params.amplified_min_log2)))


def _by_copies(
    total: Floats,
    minor: Floats,
    normal: Floats,
    ploidy: float,
    length: Ints,
    params: CopyNumberGenesParams,
) -> npt.NDArray[np.object_]:
    """Call by whole copies; usual is the ploidy, or half of it on the X of a male."""
    base = np.maximum(np.round(ploidy * normal / 2.0), 1.0)
    amplified = max(params.amplified_copies, ploidy + params.amplified_above_ploidy)
    high = max(params.high_copies, params.high_times_ploidy * ploidy)
    is_focal = length <= params.amplified_max_mb * _MB
    call = np.full(len(total), "NEUTRAL", dtype=object)
    # Of one copy in normal cells there is no second allele to lose.
    call[(minor == 0) & (total >= np.maximum(base, 2.0)) & (normal > 1)] = "CNLOH"
    call[total > base] = "GAIN"
    call[total < base] = "HETLOSS"
    call[(total >= amplified) & is_focal] = "AMP"
    call[(total >= high) & (total >= amplified) & is_focal] = "HIGH_AMP"
    call[(total == 0) & (length <= params.deleted_max_mb * _MB)] = "HOMDEL"
    call[np.isnan(total)] = "UNKNOWN"
    return call


def _by_log_ratio(
    log2: Floats, length: Ints, params: CopyNumberGenesParams
) -> npt.NDArray[np.object_]:
    call = np.full(len(log2), "NEUTRAL", dtype=object)
    call[log2 >= params.gained_log2] = "GAIN"
    call[log2 <= params.lost_log2] = "HETLOSS"
    is_short = length <= params.amplified_max_mb * _MB
    call[(log2 >= params.amplified_log2) & is_short] = "AMP"
    call[(log2 <= params.deleted_log2) & (length <= params.deleted_max_mb * _MB)] = "HOMDEL"
    call[np.isnan(log2)] = "UNKNOWN"
    return call


def _probability(
    call: npt.NDArray[np.object_],
    own: pd.DataFrame,
    by_gene: Floats,
    found: list[Solution],
    params: CopyNumberGenesParams,
) -> Floats:
    """Return how much of the solutions' weight holds each call."""
    if not found:
        return np.full(len(call), np.nan)
    probability = own["probability"].to_numpy(np.float64).copy()
    log2 = own["log2"].to_numpy(np.float64)
    error = np.maximum(np.nan_to_num(own["log2_se"].to_numpy(np.float64), nan=0.1), 0.01)
    normal = np.maximum(own["normal_copies"].to_numpy(np.float64), 1.0)
    points = np.array([-1.5, -0.75, 0.0, 0.75, 1.5])
    masses = np.exp(-0.5 * points**2) / np.exp(-0.5 * points**2).sum()
    amplified, deleted = np.zeros(len(call)), np.zeros(len(call))
    for one in found:
        least = max(params.amplified_copies, one.ploidy + params.amplified_above_ploidy) - 0.5
        for point, mass in zip(points, masses, strict=True):
            copies = raw_copies(log2 + point * error, one.purity, one.ploidy, normal)
            amplified += one.weight * mass * (copies >= least)
            deleted += one.weight * mass * (copies < 0.5)  # noqa: PLR2004  rounds to none
    is_high = np.isin(call, ("AMP", "HIGH_AMP"))
    probability[is_high] = amplified[is_high]
    is_gone = call == "HOMDEL"
    probability[is_gone] = np.maximum(deleted, by_gene)[is_gone]
    return probability
