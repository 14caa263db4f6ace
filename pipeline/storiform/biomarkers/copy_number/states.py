"""Whole numbers of copies: which there are, and which a segment has."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.biomarkers.copy_number.evidence import SHARES, Evidence
from storiform.kernels.purity import DEGREES, PEAK, StateRules
from storiform.model.copies import expected_log2, expected_share, raw_copies

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_COPIES = 10
"""Copies up to which a segment helps to find the purity."""

_STEP = 0.9
_LOST = 3.0
_FREE_DENSITY = 0.25
_SURE = 0.5
MODEL_SD = 0.012
_CHOSEN_SD = 0.6
_FEWEST_SNPS = 2
_AROUND = 2


class Kind(NamedTuple):
    """A kind of genome: its basic copies of each allele, the share of altered segments."""

    basic: int
    altered: float
    prior: float


KINDS = (
    Kind(1, 0.03, 0.2),
    Kind(1, 0.15, 0.2),
    Kind(1, 0.5, 0.3),
    Kind(2, 0.1, 0.005),
    Kind(2, 0.6, 0.25),
)
"""Quiet, usual and chaotic genomes, and doubled ones. A quiet genome must be possible, or
closely spaced copies at low purity explain any flat one better."""


class Copies(NamedTuple):
    """Copies of segments, all (s,); `minor` is NaN where nothing tells."""

    total: Floats
    minor: Floats
    raw: Floats
    probability: Floats
    is_subclonal: npt.NDArray[np.bool_]


def state_rules(subclonal_share: float) -> tuple[StateRules, Floats]:
    """Return all states up to `MOST_COPIES` with their priors, and ln priors of the kinds.

    The chance of a state falls by `exp(-.9)` for each copy of an allele away from the basic
    ones; loss of one allele before a doubling counts as little more than one step.
    """
    totals, minors = states_between(0, MOST_COPIES)
    major = totals - minors
    priors = []
    for kind in KINDS:
        away = np.abs(major - kind.basic) + np.abs(minors - kind.basic).astype(np.float64)
        away[(kind.basic == 2) & (major == 2) & (minors == 0)] = 1.3  # noqa: PLR2004  copies
        is_basic = away == 0.0
        likely = np.where(is_basic, 0.0, np.exp(-_STEP * away - _LOST * (totals == 0)))
        likely *= kind.altered / likely.sum()
        priors.append(np.log(np.where(is_basic, 1.0 - kind.altered, likely)))
    states = StateRules(
        totals,
        minors,
        np.log1p(-subclonal_share) + np.array(priors),
        float(np.log(subclonal_share * _FREE_DENSITY)),
        0.3,
        0.02,
    )
    return states, np.log([kind.prior for kind in KINDS])


def states_between(lowest: int, highest: int) -> tuple[Ints, Ints]:
    """Return total and minor copies of all states, by total.

    Examples
    --------
    >>> [copies.tolist() for copies in states_between(1, 2)]
    [[1, 2, 2], [0, 0, 1]]
    """
    pairs = [(n, m) for n in range(lowest, highest + 1) for m in range(n // 2 + 1)]
    return tuple(np.array(pairs, dtype=np.int64).T.reshape(2, -1))  # type: ignore[return-value]


def allele_weights(snps: Ints, most: float) -> Floats:
    """Return by how much the alleles of a segment count: as at most `most` places.

    Beyond these the bias that all places share, not chance, bounds what they tell.
    """
    return np.asarray(np.minimum(1.0, most / np.maximum(snps, 1)))


def called_sd(evidence: Evidence) -> Floats:
    """Return the SD of each segment's log2 ratio, its choice as a segment included.

    A short segment was cut out because it departs, by chance or by bins that share a fault:
    in simulated exomes such departures shrink as .6 by the root of the bins.
    """
    bins = np.maximum(evidence.segments["bins"].to_numpy(dtype=np.float64), 1.0)
    return np.asarray(np.sqrt(evidence.variance + MODEL_SD**2 + _CHOSEN_SD**2 / bins))


def called_copies(
    evidence: Evidence, purity: float, ploidy: float, settings: tuple[float, float]
) -> Copies:
    """Return the likeliest copies of each segment at a purity and ploidy.

    Parameters
    ----------
    evidence
        All segments.
    purity, ploidy
        The fit.
    settings
        Places as which the alleles of a segment count at most, and the share of segments
        beforehand that no whole number explains.

    Returns
    -------
    Copies
        `probability` is of total and minor among all states near the raw copies and the
        subclonal one; NaN copies where the normal ones are not known.
    """
    most, subclonal = settings
    normal = np.nan_to_num(evidence.normal, nan=2.0)
    raw = raw_copies(evidence.log2, purity, ploidy, normal)
    shares = evidence.shares * allele_weights(evidence.snps, most)[:, None]
    sd = called_sd(evidence)
    rows = [
        _called_segment(
            (float(evidence.log2[row]), float(sd[row]), float(normal[row]), float(raw[row])),
            shares[row],
            (purity, ploidy, subclonal),
        )
        for row in range(len(raw))
    ]
    found = np.array(rows, dtype=np.float64).reshape(-1, 4)
    total, minor = found[:, 0], found[:, 1]
    told = (evidence.snps >= _FEWEST_SNPS) | (total < 2) | (normal < 2)  # noqa: PLR2004
    unknown = np.isnan(evidence.normal)
    return Copies(
        np.where(unknown, np.nan, total),
        np.where(unknown, np.nan, np.where(told, np.where(normal < 2, 0.0, minor), np.nan)),  # noqa: PLR2004
        np.where(unknown, np.nan, raw),
        np.where(unknown, np.nan, found[:, 2]),
        np.asarray(~unknown & (found[:, 3] > _SURE)),
    )


def _called_segment(
    segment: tuple[float, float, float, float], shares: Floats, fit: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """Return total, minor, their probability and that of no state."""
    log2, sd, normal, raw = segment
    purity, ploidy, subclonal = fit
    spread = int(np.ceil(3.0 * sd * (raw + normal / purity)))  # copies that 3 SD stand for
    around = min(_AROUND + spread, 12)
    totals, minors = states_between(max(0, round(raw) - around), round(raw) + around)
    if normal < 2:  # noqa: PLR2004  one allele in normal cells: no second one to count
        totals, minors = np.unique(totals), np.zeros(len(np.unique(totals)), dtype=np.int64)
    expected = expected_log2(purity, ploidy, totals, normal)
    # Nothing lies lower than no copies: what does is explained by them as well as can be.
    off = (
        (max(log2, float(expected.min())) - expected) / sd
        if raw <= 0
        else (log2 - expected) / sd
    )
    place = expected_share(purity, totals, minors)
    of_alleles = np.interp(place, SHARES, shares)
    likely = np.log(PEAK / sd) - 3.0 * np.log1p(off**2 / DEGREES) + of_alleles
    basic = 0.5 * ploidy
    away = np.abs(totals - minors - basic) + np.abs(minors - basic)
    prior = -0.5 * np.minimum(away, 4.0)
    prior -= np.log(np.exp(prior).sum())
    likely += prior + np.log1p(-subclonal)
    highest = shares.max()
    free = highest + np.log(np.exp(shares - highest).mean()) + np.log(subclonal * _FREE_DENSITY)
    top = max(float(likely.max()), float(free))
    whole = np.exp(likely - top).sum() + np.exp(free - top)
    best = int(likely.argmax())
    return (
        float(totals[best]),
        float(minors[best]),
        float(np.exp(likely[best] - top) / whole),
        float(np.exp(free - top) / whole),
    )


def over_solutions(best: Copies, others: list[tuple[Copies, float]]) -> Copies:
    """Return the best fit's copies, their probability weighed over all solutions.

    `others` are what further purities and ploidies call, with their likelihood by that of
    the best: copies that they do not share lose by it.
    """
    whole = 1.0 + sum(weight for _, weight in others)
    probability = best.probability.copy()
    for other, weight in others:
        is_same = (other.total == best.total) & (
            (other.minor == best.minor) | np.isnan(best.minor)
        )
        probability += weight * np.where(is_same, other.probability, 0.0)
    return best._replace(probability=probability / whole)


def copies_table(
    evidence: Evidence, copies: Copies, bounds: tuple[Floats, Floats]
) -> pd.DataFrame:
    """Return the columns of `CopyNumberSegments`."""
    segments = evidence.segments
    likeliest = SHARES[evidence.shares.argmax(axis=1)]
    return pd.DataFrame(
        {
            "contig": segments["contig"],
            "start": segments["start"],
            "end": segments["end"],
            "bins": segments["bins"].astype("Int64"),
            "snps": pd.array(evidence.snps, dtype="Int64"),
            "log2": evidence.log2,
            "log2_se": np.sqrt(evidence.variance),
            "major_share": np.where(evidence.snps > 0, likeliest, np.nan),
            "total": pd.array(copies.total, dtype="Float64").astype("Int64"),
            "minor": pd.array(copies.minor, dtype="Float64").astype("Int64"),
            "total_raw": copies.raw,
            "total_lower": bounds[0],
            "total_upper": bounds[1],
            "normal_copies": np.nan_to_num(evidence.normal, nan=2.0).astype(np.int64),
            "probability": copies.probability,
            "is_subclonal": copies.is_subclonal,
        }
    )
