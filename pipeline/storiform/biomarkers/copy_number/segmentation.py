"""Change points of copy number, from log ratios and shares of alleles together."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.alleles import fitted_model, share_log_likelihoods
from storiform.biomarkers.copy_number.observations import sorted_bins
from storiform.kernels.segments import (
    best_partition,
    merge_stretches,
    refine_cuts,
    screen_cuts,
)
from storiform.model.params import Params
from storiform.model.tables.copies import (
    RAW_SEGMENTS,
    SNP_COUNTS,
    LogRatios,
    RawSegments,
    SnpCounts,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHARES = np.linspace(0.5, 0.99, 50)
"""Shares of the major allele among which that of a finished segment is chosen."""

_COARSE = np.array([0, 3, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 49])
"""Those of them among which stretches choose while cuts are sought."""

SCALES = np.array([2, 3, 5, 8, 12, 20, 32, 50, 80, 128, 200, 320, 512, 1024], dtype=np.int64)
"""Bins of a window; the steps are small enough that none falls between two scales."""

_WAVE_BLOCK = 64
_FEWEST_BLOCKS = 20
_USUAL_WAVE = 4e-4
_LEAST_WAVE = 1e-4
_SMALLEST_CONTIG = 4


class SegmentationParams(Params):
    """How much a change point must explain."""

    penalty: float = Field(
        2.6, ge=0.5, le=20.0,
        description="twice the log likelihood that a change point must add, in units of "
        "ln(number of bins); from simulated exomes",
    )  # fmt: skip
    screen: float = Field(
        14.0, ge=4.0, le=100.0,
        description="twice the log likelihood ratio at which two neighbouring windows make a "
        "candidate; lower finds no more, and takes longer",
    )  # fmt: skip
    merge: float = Field(
        24.0, ge=0.0, le=200.0,
        description="worth below which a change point is dropped again when the biopsy's own "
        "long-range noise is counted in",
    )  # fmt: skip
    reach: int = Field(
        24, ge=0, le=1000, description="bins by which a change point may move to its best place"
    )


class Track(NamedTuple):
    """Bins sorted by contig and place, with what they and their places are worth.

    `firsts` (contigs + 1,) is the first bin of each contig and the number of bins; `places`
    (bins + 1,) the number of usable places before each bin; `sums` (places + 1, shares)
    cumulative log likelihoods.
    """

    firsts: Ints
    log2: Floats
    weights: Floats
    places: Ints
    sums: Floats


def raw_segments(
    log_ratios: LogRatios, snp_counts: SnpCounts | None, params: SegmentationParams
) -> RawSegments:
    """Cut the genome where log ratio or share of alleles change.

    Candidates are peaks of the likelihood ratio of neighbouring windows at 14 scales; an
    exact dynamic programme chooses among them; each cut moves to its best bin; cuts that
    long-range noise explains are dropped.

    Parameters
    ----------
    log_ratios
        Bins with log2 ratio and its variance.
    snp_counts
        Reads of two alleles, or None.
    params
        What a change point must explain.

    Returns
    -------
    RawSegments
        Stretches that touch: a cut lies halfway between two bins.

    References
    ----------
    Killick et al., Journal of the American Statistical Association 107, 1590-1598 (2012),
    doi:10.1080/01621459.2012.737745.
    """
    known = log_ratios[log_ratios["log2"].notna() & (log_ratios["variance"] > 0)]
    bins = sorted_bins(known)
    if bins.empty:
        return RAW_SEGMENTS.conform(pd.DataFrame(columns=list(RAW_SEGMENTS.columns)))
    places = _usable(snp_counts, bins)
    firsts = contig_firsts(bins)
    before, owner = _places_before(bins, firsts, places)
    places = places[owner >= 0].iloc[np.argsort(owner[owner >= 0], kind="stable")]
    model = fitted_model(places)
    sums = _cumulative(share_log_likelihoods(places, SHARES, model))
    coarse = np.ascontiguousarray(sums[:, _COARSE])
    log2 = bins["log2"].to_numpy(dtype=np.float64)
    weights = 1.0 / bins["variance"].to_numpy(dtype=np.float64)
    track = Track(firsts, log2, weights, before, coarse)
    cuts = segment_track(track, params)
    wave = wave_variance(track, cuts)
    return _segments(bins, track, cuts, (wave, sums))


def segment_track(track: Track, params: SegmentationParams) -> Ints:
    """Return the sorted cuts between bins, all contigs' ends among them; (segments + 1,).

    It runs twice over the last step: long-range noise is measured on the segments of the
    first, and then counted in.
    """
    bins = len(track.log2)
    penalty = params.penalty * np.log(max(bins, 2))
    chosen = [_contig_cuts(track, contig, (penalty, params)) for contig in _contigs(track)]
    cuts, wave = np.zeros(0, dtype=np.int64), _USUAL_WAVE
    for _ in range(2):
        found = [
            _merged(track, contig, inner, np.array([wave, params.merge]))
            for contig, inner in zip(_contigs(track), chosen, strict=True)
        ]
        cuts = np.concatenate([[0], *(one[1:] for one in found)]).astype(np.int64)
        wave = wave_variance(track, cuts)
    return cuts


def segment_means(track: Track, cuts: Ints) -> tuple[Floats, Floats]:
    """Return the weighted mean log ratio of each segment, and the sum of its weights."""
    weight = np.add.reduceat(track.weights, cuts[:-1])
    value = np.add.reduceat(track.weights * track.log2, cuts[:-1])
    return value / weight, weight


def wave_variance(track: Track, cuts: Ints) -> float:
    """Measure the variance of long-range noise: blocks within a segment that should agree.

    Means of neighbouring blocks of 64 bins differ by their bins' noise and by that of long
    range; a robust variance of the differences, less the former, is twice the latter.
    """
    steps, noise = [], []
    weighted = track.weights * track.log2
    for first, last in pairwise(cuts.tolist()):
        pairs = (last - first) // (2 * _WAVE_BLOCK)
        if pairs == 0:
            continue
        stop = first + pairs * 2 * _WAVE_BLOCK
        weights = track.weights[first:stop].reshape(-1, _WAVE_BLOCK).sum(axis=1)
        values = weighted[first:stop].reshape(-1, _WAVE_BLOCK).sum(axis=1)
        means = values / weights
        steps.append(means[::2] - means[1::2])
        noise.append(1.0 / weights[::2] + 1.0 / weights[1::2])
    if sum(map(len, steps)) <= _FEWEST_BLOCKS:
        return _USUAL_WAVE
    spread = 1.4826 * float(np.median(np.abs(np.concatenate(steps))))
    return max((spread**2 - float(np.median(np.concatenate(noise)))) / 2.0, _LEAST_WAVE)


def contig_firsts(bins: pd.DataFrame) -> Ints:
    """Return the first row of each contig of sorted bins, and the number of bins."""
    codes = pd.factorize(bins["contig"])[0]
    changes = np.flatnonzero(np.diff(codes)) + 1
    return np.concatenate([[0], changes, [len(bins)]]).astype(np.int64)


def _contigs(track: Track) -> list[tuple[int, int]]:
    return list(pairwise(track.firsts.tolist()))


class _Sums(NamedTuple):
    weights: Floats
    values: Floats
    sums: Floats
    places: Ints


def _sums_of(track: Track, contig: tuple[int, int]) -> _Sums:
    """Return the cumulative sums of one contig."""
    first, last = contig
    weights = track.weights[first:last]
    values = weights * track.log2[first:last]
    places = track.places[first : last + 1]
    return _Sums(
        np.concatenate([[0.0], np.cumsum(weights)]),
        np.concatenate([[0.0], np.cumsum(values)]),
        track.sums[places[0] : places[-1] + 1],
        places - places[0],
    )


def _contig_cuts(
    track: Track, contig: tuple[int, int], rules: tuple[float, SegmentationParams]
) -> Ints:
    """Return the chosen and refined cuts of a contig, counted from its first bin."""
    first, last = contig
    if last - first < _SMALLEST_CONTIG:
        return np.array([0, last - first], dtype=np.int64)
    penalty, params = rules
    sums = _sums_of(track, contig)
    marked = screen_cuts(*sums, SCALES, params.screen)
    cuts = best_partition(*sums, np.flatnonzero(marked).astype(np.int64), penalty)
    return refine_cuts(*sums, cuts, params.reach)


def _merged(track: Track, contig: tuple[int, int], cuts: Ints, limits: Floats) -> Ints:
    """Return the cuts of a contig that outlast merging, counted over all bins."""
    return merge_stretches(*_sums_of(track, contig), cuts, limits) + contig[0]


def _usable(snp_counts: pd.DataFrame | None, bins: pd.DataFrame) -> pd.DataFrame:
    """Return the usable places on contigs that have bins, sorted."""
    if snp_counts is None:
        return SNP_COUNTS.conform(pd.DataFrame(columns=list(SNP_COUNTS.columns)))
    is_meant = snp_counts["is_usable"] & snp_counts["contig"].isin(bins["contig"].unique())
    return snp_counts[is_meant].sort_values(["contig", "start"], ignore_index=True)


def _places_before(bins: pd.DataFrame, firsts: Ints, places: pd.DataFrame) -> tuple[Ints, Ints]:
    """Give each place to the nearest bin: places before each bin (n + 1,), bin of each."""
    owner = np.full(len(places), -1, dtype=np.int64)
    names = bins["contig"].to_numpy(dtype=object)
    starts, ends = (bins[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    groups = places.groupby("contig", sort=False).indices
    where = places["start"].to_numpy(dtype=np.int64)
    for first, last in pairwise(firsts.tolist()):
        rows = groups.get(names[first])
        if rows is None:
            continue
        edges = _edges(starts[first:last], ends[first:last])
        owner[rows] = first + np.searchsorted(edges, where[rows], side="right")
    counts = np.bincount(owner[owner >= 0], minlength=len(bins))
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), owner


def _edges(starts: Ints, ends: Ints) -> Ints:
    """Return the places halfway between neighbours (n - 1,), in order where bins overlap."""
    return np.asarray(np.minimum((ends[:-1] + starts[1:]) // 2, starts[1:]))


def _cumulative(likelihoods: Floats) -> Floats:
    """Return cumulative sums down the rows, with a row of 0 before them."""
    sums = np.zeros((len(likelihoods) + 1, likelihoods.shape[1]))
    np.cumsum(likelihoods, axis=0, out=sums[1:])
    return sums


def _segments(
    bins: pd.DataFrame, track: Track, cuts: Ints, measured: tuple[float, Floats]
) -> pd.DataFrame:
    """Return the table of segments; a cut within a contig lies halfway between its bins."""
    wave, fine = measured
    first, last = cuts[:-1], cuts[1:]
    mean, weight = segment_means(track, cuts)
    starts, ends = (bins[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    opens, closes = starts[first].copy(), ends[last - 1].copy()
    inner = ~np.isin(first, track.firsts)
    halfway = _edges(starts, ends)[first[inner] - 1]
    opens[inner] = halfway
    closes[np.flatnonzero(inner) - 1] = halfway
    held = track.places[last] - track.places[first]
    likelihoods = fine[track.places[last]] - fine[track.places[first]]
    share = np.where(held > 0, SHARES[likelihoods.argmax(axis=1)], np.nan)
    return RAW_SEGMENTS.conform(
        pd.DataFrame(
            {
                "contig": bins["contig"].to_numpy(dtype=object)[first],
                "start": opens,
                "end": closes,
                "bins": last - first,
                "snps": held,
                "log2": mean,
                "log2_se": 1.0 / np.sqrt(weight),
                "wave_sd": np.full(len(first), np.sqrt(wave)),
                "major_share": share,
            }
        )
    )
