"""How many reads of a sample are of another person."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import special

from storiform.model.genotypes import (
    ONE_ALLELE,
    TWO_ALLELES,
    UNKNOWN,
    Codes,
    Flags,
    Floats,
    GenotypeRules,
    Genotypes,
    genotypes,
    samples_of,
)
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.reads import (
    CONTAMINATION,
    AlleleSites,
    CallableIntervals,
    Contamination,
)

_LISTED_READS, _LISTED_SHARE = 2, 0.01
"""From when on a second allele stands in the table of sites."""
_FREQUENCIES = np.linspace(0.005, 0.5, 100)
_HETEROZYGOUS = 2.0 * _FREQUENCIES * (1.0 - _FREQUENCIES)
_ROUNDS = 50
_CLASSES = 12
_DEEPEST = 1000
_RADIX = 1024
_ERRORS = np.array([1e-5, 5e-5, 2e-4, 5e-4, 1e-3, 2e-3])
"""Share of reads with one certain wrong base; a nuisance."""
_STRAYS = np.array([1e-4, 2e-3, 1e-2, 5e-2])
"""Share of places with any share of a second allele, for another reason; a nuisance."""
_BALANCE = 50.0
"""Both parameters of the beta by which the two alleles of a person share the reads."""
_COARSE = np.concatenate([np.arange(0, 0.05, 0.004), np.geomspace(0.05, 0.5, 20)])
_FINE = 41
_INTERVAL = 3.841458820694124 / 2.0
"""Fall of ln of the likelihood at the bounds of 95 %."""


class ContaminationParams(Params):
    """Over which places contamination is measured."""

    min_depth: Depth = Field(12, description="good reads of a place")
    two_alleles: Fraction = Field(
        0.3, description="share of the second allele from which a place has two"
    )
    one_allele: Fraction = Field(
        0.03, description="share of the second allele up to which a normal has one"
    )
    min_sites: int = Field(
        100, ge=1, le=1_000_000, description="places below which nothing is told"
    )


def contamination(
    allele_sites: AlleleSites,
    callable_intervals: CallableIntervals,
    params: ContaminationParams,
) -> Contamination:
    """Estimate for each sample the share of its reads that are of another person.

    Where other patients of the cohort differ and a person has one allele, reads of the other
    allele are of a contaminant or errors. With contamination `c`, a place where the
    contaminant has the other allele once or twice shows it in `c / 2` or `c` of the reads;
    how often it does follows from Hardy and Weinberg and the number of patients with two
    alleles. Places with fewer than two reads or 1 % of the second allele are not in the table
    of sites: of them it is known that they are below that. `c` is the one of the greatest
    likelihood, the interval that of its profile.

    A tumour or RNA is looked at where the patient's normal has one allele; without a normal
    it has no value, since loss of one allele looks like contamination.

    Parameters
    ----------
    allele_sites
        Places with a second allele of all samples.
    callable_intervals
        Callable stretches of all samples.
    params
        Places that count.

    Returns
    -------
    Contamination
        One row per sample; NaN where too few places are left.

    References
    ----------
    Jun et al., American Journal of Human Genetics 91, 839-848 (2012),
    doi:10.1016/j.ajhg.2012.09.004.
    Cibulskis et al., Bioinformatics 27, 2601-2602 (2011), doi:10.1093/bioinformatics/btr446.
    """
    samples = samples_of(allele_sites, callable_intervals)
    rules = GenotypeRules(
        params.min_depth, params.two_alleles, params.two_alleles, params.one_allele
    )
    cohort = genotypes(samples, rules)
    alleles, prior = _alleles(cohort), _frequencies(cohort)
    rows = []
    for number, sample in enumerate(cohort.samples):
        places = _places(cohort, number, alleles, prior, params.min_depth)
        found = (np.nan, np.nan, np.nan)
        if places is not None and places.number >= params.min_sites:
            found = _estimate(places)
        rows.append(
            (
                sample.patient, sample.sample, sample.role, sample.assay, *found,
                0 if places is None else places.number,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CONTAMINATION.columns))


@dataclass(frozen=True, eq=False)
class _Places:
    """Places of one sample that are alike, each kind once.

    `times` (n,) is how often a kind occurs; `depth` and `other` (n,) are its reads and those
    of the other allele; where `is_below`, fewer than `other`. `weights` (n, 4) are the chances
    that the contaminant has the other allele never, once, twice, and of two own alleles.
    """

    number: int
    times: Floats
    depth: Floats
    other: Floats
    is_below: Flags
    weights: Floats


def _alleles(cohort: Genotypes) -> Codes:
    """Return the two bases (places, 2) of the samples that show two alleles."""
    total = np.zeros((cohort.states.shape[1], 4), dtype=np.int64)
    for number, sample in enumerate(cohort.samples):
        has_two = np.flatnonzero(cohort.states[number] == TWO_ALLELES)
        rows = sample.rows_at(cohort.natives_of(number)[has_two])
        total[has_two] += sample.counts[rows]
    return np.argsort(-total, axis=1, kind="stable")[:, :2]


def _frequencies(cohort: Genotypes) -> Floats:
    """Return the weights (grid,) of the frequencies of the rarer allele, over all places.

    They are those of the greatest likelihood, come at by expectation and maximisation from
    1 / f, in a few rounds, so that a small cohort stays near to that. A place is seen only if
    a patient has two alleles.
    """
    is_seen = cohort.with_two > 0
    k, n, times, _ = _kinds(cohort.with_two[is_seen], cohort.told[is_seen])
    prior: Floats = 1.0 / _FREQUENCIES
    if not len(k):
        return prior
    log_chance = _log_chances(k, n)
    # How often a place of this frequency is seen at all, in a cohort of the usual size.
    usual = float(np.average(n[:, 0], weights=times))
    seen = -np.expm1(usual * np.log1p(-_HETEROZYGOUS))
    among_seen = prior * seen
    for _ in range(_ROUNDS):
        weight = np.exp(log_chance - log_chance.max(axis=1, keepdims=True)) * among_seen / seen
        weight /= weight.sum(axis=1, keepdims=True)
        among_seen = times @ weight
        among_seen /= among_seen.sum()
    prior = among_seen / seen
    prior /= prior.sum()
    return prior


def _kinds(with_two: Codes, told: Codes) -> tuple[Floats, Floats, Floats, Codes]:
    """Return each pair of numbers once, (n, 1) both, how often it occurs, and whose it is."""
    most = int(told.max(initial=0)) + 1
    pairs, which, times = np.unique(
        with_two * most + told, return_inverse=True, return_counts=True
    )
    k, n = (pairs // most)[:, None], (pairs % most)[:, None]
    return k.astype(np.float64), n.astype(np.float64), times.astype(np.float64), which


def _log_chances(k: Floats, n: Floats) -> Floats:
    """Return ln of the chance (n, grid) of `k` of `n` patients with two alleles."""
    log_chances: Floats = k * np.log(_HETEROZYGOUS) + (n - k) * np.log1p(-_HETEROZYGOUS)
    return log_chances


def _places(
    cohort: Genotypes, number: int, alleles: Codes, prior: Floats, min_depth: int
) -> _Places | None:
    """Gather the places of a sample at which other patients differ."""
    sample = cohort.samples[number]
    own = cohort.by_patient[sample.patient]
    told = cohort.told - (own != UNKNOWN)
    with_two = cohort.with_two - (own == TWO_ALLELES)
    is_counted = with_two > 0
    is_normal = (sample.role, sample.assay) == ("normal", "exome")
    if not is_normal:
        of_normal = _of_normal(cohort, sample.patient)
        if of_normal is None:
            return None
        is_counted &= of_normal
    native = cohort.natives_of(number)
    rows, depth = sample.rows_at(native), sample.depth_at(native)
    other, counted, is_sound = _other_reads(sample.counts, rows, alleles)
    is_listed = rows >= 0
    depth = np.where(is_listed, counted, np.round(depth))
    is_counted &= (depth >= max(min_depth, 1)) & is_sound
    chosen = np.flatnonzero(is_counted)
    if not len(chosen):
        return None
    is_below = ~is_listed[chosen]
    depth = np.minimum(depth[chosen], _DEEPEST)
    # Depths of unlisted places are means of stretches anyway: sixteen steps a doubling.
    depth = np.where(is_below, np.round(2 ** (np.round(np.log2(depth) * 16) / 16)), depth)
    limit = np.maximum(_LISTED_READS, np.ceil(_LISTED_SHARE * depth))
    seen = np.minimum(other[chosen], depth)
    kinds, weights = _weights(with_two[chosen], told[chosen], prior, is_normal=is_normal)
    counts = np.where(is_below, limit, seen).astype(np.int64)
    code = ((depth.astype(np.int64) * _RADIX + counts) * _RADIX + kinds) * 2 + is_below
    unique, times = np.unique(code, return_counts=True)
    unique, kind_below = unique // (2 * _RADIX), unique % (2 * _RADIX)
    return _Places(
        len(chosen), times.astype(np.float64), (unique // _RADIX).astype(np.float64),
        (unique % _RADIX).astype(np.float64), kind_below % 2 == 1, weights[kind_below // 2],
    )  # fmt: skip


def _of_normal(cohort: Genotypes, patient: str) -> Flags | None:
    """Tell where the patient's normals have one allele; None where there is none."""
    normals = [
        number
        for number, sample in enumerate(cohort.samples)
        if (sample.patient, sample.role, sample.assay) == (patient, "normal", "exome")
    ]
    if not normals:
        return None
    states = cohort.states[normals]
    flags: Flags = (states == ONE_ALLELE).any(axis=0) & ~(states == TWO_ALLELES).any(axis=0)
    return flags


def _other_reads(
    counts: NDArray[np.int32], rows: Codes, alleles: Codes
) -> tuple[Floats, Floats, Flags]:
    """Return reads of the rarer allele and of both (places,), and where these are the alleles.

    A place at which another base than the two prevails is unsound.
    """
    listed = np.flatnonzero(rows >= 0)
    of_place = counts[rows[listed]]
    pair = np.take_along_axis(of_place, alleles[listed], axis=1)
    other, both = np.zeros(len(rows)), np.zeros(len(rows))
    other[listed], both[listed] = pair.min(axis=1), pair.sum(axis=1)
    is_sound = np.ones(len(rows), dtype=bool)
    is_sound[listed] = pair.max(axis=1) == of_place.max(axis=1)
    return other, both, is_sound


def _weights(
    with_two: Codes, told: Codes, prior: Floats, *, is_normal: bool
) -> tuple[Codes, Floats]:
    """Return the class (n,) of each place, and the weights (classes, 4) of what it can show.

    Of `told` other patients `with_two` have two alleles; the frequencies of the rarer allele
    have the weights `prior` before that. The person has, where it is of one allele, the
    commoner or the rarer one.
    """
    k, n, times, which = _kinds(with_two, told)
    f, two = _FREQUENCIES, _HETEROZYGOUS
    log_chance = _log_chances(k, n) + np.log(prior + np.finfo(float).tiny)
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    common, rare = (1.0 - f) ** 2, f**2
    of_frequency = np.stack(
        [common**2 + rare**2, (common + rare) * two, 2 * common * rare, two]
    )
    weights = chance @ of_frequency.T
    if not is_normal:
        weights[:, 3] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    strength = weights[:, 1] + weights[:, 2]
    edges = np.quantile(
        np.repeat(strength, times.astype(int)), np.linspace(0, 1, _CLASSES + 1)[1:-1]
    )
    kind = np.searchsorted(edges, strength, side="right")
    means = np.zeros((_CLASSES, 4))
    np.add.at(means, kind, weights * times[:, None])
    totals = np.bincount(kind, weights=times, minlength=_CLASSES)
    means /= np.maximum(totals, 1.0)[:, None]
    return kind[which], means


def _estimate(places: _Places) -> tuple[float, float, float]:
    """Return the share of the greatest likelihood and the bounds of its profile."""
    profile = _profile(places, _COARSE)
    near = np.flatnonzero(profile >= profile.max() - _INTERVAL)
    first, last = max(int(near[0]) - 1, 0), min(int(near[-1]) + 1, len(_COARSE) - 1)
    shares = np.linspace(_COARSE[first], _COARSE[last], _FINE)
    profile = _profile(places, shares)
    inside = shares[profile >= profile.max() - _INTERVAL]
    return float(shares[np.argmax(profile)]), float(inside[0]), float(inside[-1])


def _profile(places: _Places, shares: Floats) -> Floats:
    """Return ln of the likelihood (shares,), the greatest over both nuisances."""
    own_two = _balanced(places, shares)
    half = places.depth // 2 + 1.0
    stray = np.where(places.is_below, places.other, 1.0) / half
    best = np.full(len(shares), -np.inf)
    for error in _ERRORS:
        likelihood = places.weights[:, 3:] * own_two
        for copies in range(3):
            of_other = shares * copies / 2.0
            p = of_other * (1.0 - 3.0 * error) + (1.0 - of_other) * error
            likelihood = likelihood + places.weights[:, copies : copies + 1] * _chances(
                places, p
            )
        for strays in _STRAYS:
            mixed = (1.0 - strays) * likelihood + strays * stray[:, None]
            best = np.maximum(best, places.times @ np.log(mixed))
    return best


def _chances(places: _Places, p: Floats) -> Floats:
    """Return the binomial chance (n, shares) of the reads of the other allele."""
    chances = np.zeros((len(places.depth), len(p)))
    exact = ~places.is_below
    chances[exact] = np.exp(_log_binomial(places.other[exact], places.depth[exact], p))
    for reads in range(int(places.other[places.is_below].max(initial=0.0))):
        rows = np.flatnonzero(places.is_below & (places.other > reads))
        count = np.full(len(rows), float(reads))
        chances[rows] += np.exp(_log_binomial(count, places.depth[rows], p))
    return chances


def _log_binomial(reads: Floats, depth: Floats, p: Floats) -> Floats:
    ways = special.gammaln(depth + 1) - special.gammaln(reads + 1)
    ways = ways - special.gammaln(depth - reads + 1)
    with_it, without = reads[:, None] * np.log(p), (depth - reads)[:, None] * np.log1p(-p)
    log_chances: Floats = ways[:, None] + with_it + without
    return log_chances


def _balanced(places: _Places, shares: Floats) -> Floats:
    """Return the chance (n, shares) of the rarer of two own alleles, beta-binomial.

    The contaminant shifts the share from a half, down or up by half its own, or not at all.
    """
    chances = np.zeros((len(places.depth), len(shares)))
    if not places.weights[:, 3].any():
        return chances
    rows = np.flatnonzero(~places.is_below)
    depth, has_both = places.depth[rows][:, None], places.weights[rows, 3:]
    for reads in (places.other[rows][:, None], depth - places.other[rows][:, None]):
        ways = special.gammaln(depth + 1) - special.gammaln(reads + 1)
        ways = ways - special.gammaln(depth - reads + 1)
        # The contaminant has two alleles as often as the person, else one of them twice.
        one_twice = 0.5 - has_both / 2.0
        for shift, weight in ((-0.5, one_twice), (0.0, has_both), (0.5, one_twice)):
            a = 2.0 * _BALANCE * (0.5 + shift * shares)
            b = 2.0 * _BALANCE - a
            log_chance = ways + special.betaln(reads + a, depth - reads + b)
            chances[rows] += weight * np.exp(log_chance - special.betaln(a, b))
    return chances
