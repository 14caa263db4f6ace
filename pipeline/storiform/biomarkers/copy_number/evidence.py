"""What a biopsy tells of purity: segments, shares of alleles, and reads of mutations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from storiform.biomarkers.copy_number.alleles import (
    AlleleModel,
    fitted_model,
    share_log_likelihoods,
)
from storiform.biomarkers.copy_number.places import rows_at
from storiform.kernels.purity import MutationEvidence
from storiform.model.copies import PSEUDOAUTOSOMAL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SHARES = np.minimum(np.linspace(0.5, 1.0, 51), 0.995)
"""Shares of the major allele whose likelihood is kept: equal steps from one half to 1."""

_FRACTIONS = np.linspace(0.0, 1.0, 201)
_DEEPEST = 2000
_FEWEST_READS = 4
_RARELY_SEEN = 1e-3
_ENOUGH_PLACES = 2000
_FEWEST_OF_SEGMENT = 40
_BALANCED = 0.05
_LEAST_CONCENTRATION = 35.0


@dataclass(frozen=True)
class Evidence:
    """The segments of a biopsy, sorted, with what was measured on each.

    Parameters
    ----------
    segments
        Rows of `RawSegments`; `log2` is centred on the mean copies.
    normal
        float64 (s,), copies in normal cells; NaN where the sex is not known.
    weight
        float64 (s,), length as a share of the autosomes; 0 on X and Y.
    snps
        int64 (s,), usable places.
    shares
        float64 (s, 51), ln likelihood of their alleles, by `SHARES`; 0 at one half.
    """

    segments: pd.DataFrame
    normal: Floats
    weight: Floats
    snps: Ints
    shares: Floats

    @property
    def log2(self) -> Floats:
        """The centred log2 ratios (s,)."""
        return self.segments["log2"].to_numpy(dtype=np.float64)

    @property
    def variance(self) -> Floats:
        """Variance of the log2 ratios (s,), long-range noise included."""
        own, wave = (self.segments[n].to_numpy(np.float64) for n in ("log2_se", "wave_sd"))
        return np.asarray(own**2 + np.nan_to_num(wave) ** 2)


def gathered_evidence(
    raw_segments: pd.DataFrame, snp_counts: pd.DataFrame | None, sex: str
) -> Evidence:
    """Centre the segments and sum the likelihood of the alleles over each.

    The length-weighted mean of the linear ratio over the autosomes becomes 1: then the
    ploidy of the formula is the mean of the copies.

    Parameters
    ----------
    raw_segments, snp_counts
        Stretches between change points, and reads of two alleles or None.
    sex
        ``female``, ``male`` or empty; Y of a female is left out.
    """
    order = raw_segments.sort_values(["contig", "start"], kind="stable", ignore_index=True)
    segments = order[order["log2"].notna() & ~(order["contig"].eq("chrY") & (sex == "female"))]
    segments = segments.reset_index(drop=True)
    weight = autosome_weights(segments)
    ratio = np.exp2(segments["log2"].to_numpy(dtype=np.float64))
    if weight.sum() > 0:
        segments["log2"] -= float(np.log2(np.average(ratio, weights=weight)))
    snps, shares = _shares(segments, snp_counts)
    return Evidence(segments, normal_copies(segments, sex), weight, snps, shares)


def autosome_weights(segments: pd.DataFrame) -> Floats:
    """Return the length of each segment as a share of the autosomes; 0 on X and Y."""
    length = (segments["end"] - segments["start"]).to_numpy(dtype=np.float64)
    length[segments["contig"].isin(["chrX", "chrY"]).to_numpy()] = 0.0
    return length / length.sum() if length.sum() > 0 else length


def normal_copies(segments: pd.DataFrame, sex: str) -> Floats:
    """Return the copies in normal cells: 2, but 1 on X and Y of a male; NaN if unknown.

    A segment of which most lies where X and Y are alike (in either build) has 2.
    """
    normal = np.full(len(segments), 2.0)
    start, end = (segments[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    for contig in ("chrX", "chrY"):
        on = segments["contig"].eq(contig).to_numpy()
        if sex == "male":
            shared = shared_bases(contig, start, end)
            normal[on & (2 * shared <= end - start)] = 1.0
        elif sex != "female":
            normal[on] = np.nan
    return normal


def shared_bases(contig: str, start: Ints, end: Ints) -> Ints:
    """Return how much of each stretch X and Y share, in the build that says more."""
    most = np.zeros(len(start), dtype=np.int64)
    for places in PSEUDOAUTOSOMAL.values():
        inside = [
            np.minimum(end, to) - np.maximum(start, since) for since, to in places[contig]
        ]
        most = np.maximum(most, np.sum([np.maximum(bases, 0) for bases in inside], axis=0))
    return most


def _shares(segments: pd.DataFrame, snp_counts: pd.DataFrame | None) -> tuple[Ints, Floats]:
    """Return usable places of each segment and the ln likelihood of their alleles."""
    count, total = np.zeros(len(segments), dtype=np.int64), np.zeros((len(segments), 51))
    if snp_counts is None or snp_counts.empty or segments.empty:
        return count, total
    places = snp_counts[snp_counts["is_usable"].to_numpy(dtype=bool)]
    model = fitted_model(places)
    row = rows_at(
        segments, places["contig"].to_numpy(dtype=object), places["start"].to_numpy(np.int64)
    )
    places, row = places[row >= 0], row[row >= 0]
    if places.empty:
        return count, total
    order = np.argsort(row, kind="stable")
    model = tumour_model(places, row, model)
    likely = share_log_likelihoods(places.iloc[order], SHARES, model)
    held, firsts = np.unique(row[order], return_index=True)
    total[held] = np.add.reduceat(likely, firsts, axis=0)
    count[:] = np.bincount(row, minlength=len(segments))
    return count, total


def tumour_model(places: pd.DataFrame, row: Ints, normal: AlleleModel) -> AlleleModel:
    """Return how alleles scatter in the tumour, which often scatters more than the normal.

    Scatter of a tumour fixed in formalin, taken for that of its normal, makes balanced
    segments look unbalanced. It is read off the most balanced segments: with q the expected
    share, n reads and a share that is d from one half, the mean of (share - q)^2 n / (q (1 -
    q)) is 1 + (n - 1) (1 / (a + b + 1) + 4 d^2). The reference's pull is the mean over all
    places, for which allele is the major one is chance.

    Parameters
    ----------
    places, row
        Usable places, and the segment of each.
    normal
        As measured in the normal, which bounds it.
    """
    first = places["tumour_1"].to_numpy(dtype=np.float64)
    depth = np.maximum(first + places["tumour_2"].to_numpy(dtype=np.float64), 1.0)
    known = places["is_reference_first"].to_numpy(dtype=bool)
    pull = normal.reference_logit
    if known.sum() >= _ENOUGH_PLACES:
        pull = float(special.logit(first[known].sum() / depth[known].sum()))
    centre = special.expit(np.where(known, pull, 0.0))
    squares = (first / depth - centre) ** 2 * depth / (centre * (1.0 - centre))
    return AlleleModel(_concentration(squares, depth, row, normal.concentration), pull)


def _concentration(squares: Floats, depth: Floats, row: Ints, normal: float) -> float:
    """Return a + b of the most balanced segments; the normal's where none is balanced.

    These are the ones whose scatter is surely low: by its upper bound, so that chance among
    small segments does not choose.
    """
    count = np.bincount(row).astype(np.float64)
    more = np.maximum(np.bincount(row, depth - 1.0), 1.0)
    excess = np.bincount(row, squares - 1.0) / more
    error = np.bincount(row, squares) / more * np.sqrt(2.0 / np.maximum(count, 1.0))
    large = np.flatnonzero(count >= _FEWEST_OF_SEGMENT)
    if not large.size:
        return normal
    order = large[np.argsort((excess + 2.0 * error)[large], kind="stable")]
    before = np.cumsum(count[order]) - count[order]
    balanced = order[before < _BALANCED * count[order].sum()]
    scatter = float(np.average(excess[balanced], weights=count[balanced]))
    concentration = 1.0 / max(scatter, 1e-6) - 1.0
    return normal if concentration < _LEAST_CONCENTRATION else min(concentration, normal)


def mutation_evidence(
    evidence: Evidence, used: Ints, variants: pd.DataFrame | None, settings: tuple[int, float]
) -> MutationEvidence:
    """Return the reads of eligible somatic calls on the segments that are used.

    Parameters
    ----------
    evidence
        All segments.
    used
        Rows of the segments that take part in the fit.
    variants
        Somatic calls, or None.
    settings
        Most calls that are taken, the deepest first, and the weight of each.
    """
    most, weight = settings
    calls = _deepest(variants, most)
    position = np.full(len(evidence.segments), -1, dtype=np.int64)
    position[used] = np.arange(len(used))
    row = rows_at(
        evidence.segments,
        calls["contig"].to_numpy(dtype=object),
        calls["start"].to_numpy(np.int64),
    )
    segment = np.where(row >= 0, position[row], -1) if len(position) else row
    calls, segment = calls[segment >= 0], segment[segment >= 0]
    order = np.argsort(segment, kind="stable")
    depth = calls["depth"].to_numpy(dtype=np.float64)[order]
    alt = calls["alt"].to_numpy(dtype=np.float64)[order]
    likelihoods = _read_likelihoods(alt, depth)
    below = np.cumsum(likelihoods, axis=1) / np.arange(1, len(_FRACTIONS) + 1)
    return MutationEvidence(
        segment[order], likelihoods, below, 1.0 / (depth + 1.0), float(weight)
    )


def _deepest(variants: pd.DataFrame | None, most: int) -> pd.DataFrame:
    """Return contig, start, alt and depth of the deepest eligible calls, by place.

    Neither which of equal ones are taken nor their order depends on the order of rows.
    """
    columns = ["contig", "start", "alt", "depth"]
    if variants is None or variants.empty:
        return pd.DataFrame({"contig": [], "start": [], "alt": [], "depth": []})
    known = variants["tumour_alt_reads"].notna() & variants["tumour_depth"].notna()
    calls = variants[variants["is_eligible"].astype(bool) & known]
    calls = calls.assign(
        alt=calls["tumour_alt_reads"].astype("int64"),
        depth=calls["tumour_depth"].astype("int64"),
    )[columns]
    calls = calls[calls["depth"] > 0]
    calls["alt"] = np.minimum(calls["alt"], calls["depth"])
    calls = calls.sort_values(columns, ascending=[True, True, False, False])
    calls = calls.drop_duplicates(["contig", "start"])
    order = np.argsort(-calls["depth"].to_numpy(), kind="stable")[:most]
    return calls.iloc[np.sort(order)]


def _read_likelihoods(alt: Floats, depth: Floats) -> Floats:
    """Return the likelihood (m, 201) of the somatic reads, by the share of copies with it.

    Beta-binomial, as reads of alleles scatter; deep places are scaled down. A call is only
    seen with some reads, so this is among all numbers of reads from the fewest on that any
    call has: else rare alleles would seem more frequent than they are.
    """
    bounded = np.minimum(depth, _DEEPEST)
    seen = alt * bounded / np.maximum(depth, 1.0)
    likely = _beta_binomial(seen, bounded)
    fewest = int(min(alt.min(), _FEWEST_READS)) if len(alt) else 0
    missed = sum(_beta_binomial(np.full(len(alt), float(n)), bounded) for n in range(fewest))
    return np.asarray(likely / np.maximum(1.0 - missed, _RARELY_SEEN))


def _beta_binomial(alt: Floats, depth: Floats) -> Floats:
    """Return the chance (m, 201) of that many reads, by the share of copies."""
    fraction = np.clip(_FRACTIONS, 1e-4, 1.0 - 1e-4)[None, :]
    a = fraction * AlleleModel().concentration
    b = (1.0 - fraction) * AlleleModel().concentration
    x, n = alt[:, None], depth[:, None]
    x = np.minimum(x, n)
    ways = special.gammaln(n + 1.0) - special.gammaln(x + 1.0) - special.gammaln(n - x + 1.0)
    return np.asarray(np.exp(ways + special.betaln(x + a, n - x + b) - special.betaln(a, b)))
