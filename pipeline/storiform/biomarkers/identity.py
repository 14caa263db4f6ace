"""Whether samples are of one person, by the places where people differ."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import special

from storiform.model.errors import DataWarning
from storiform.model.genotypes import (
    ONE_ALLELE,
    TWO_ALLELES,
    UNKNOWN,
    GenotypeRules,
    Genotypes,
    SampleSites,
    genotypes,
    samples_of,
)
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.reads import IDENTITY, AlleleSites, CallableIntervals, Identity

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PRIOR_PATIENTS = 4.0
_PRIOR_SHARE = 0.3
"""Two strangers share about three tenths of their places with two alleles."""
_BINS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4])
_SITES_AT_ONCE = 8192
_PAIRS_AT_ONCE = 2048

_LOST: Mapping[str, tuple[float, ...]] = {
    "normal": (0.005, 0.02, 0.06),
    "tumour": (
        0.005, 0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.985, 0.995,
        0.999,
    ),
    "rna": (0.01, 0.05, 0.12, 0.2, 0.3, 0.45, 0.6, 0.75),
}  # fmt: skip
"""Shares of the person's places with two alleles that show one: chance, loss, silencing."""
_GAINED: Mapping[float, float] = {0.002: 1.0, 0.01: 1.0, 0.03: 1e-2, 0.1: 1e-4}
"""Places with two alleles that are not the person's, by those that are; with their weight.

Mutations, editing of RNA, misplaced reads. An exome shows two alleles at some 800 places per
megabase, so that a tenth are 80 mutations per megabase.
"""
_SIBLINGS = 0.5
"""Of the places that strangers would not share, the part that siblings do."""
_BEYOND_DOUBT = 3.0
"""Times the evidence that must speak for siblings, who are half alike, against one person."""
_FEWEST_PATIENTS = 5
_SPREAD = 0.25
_FLOOR = 1e-4
"""How well the cohort foretells what a sample lost: spread of its ln, least weight."""
_COINCIDENCE = 0.005
"""The same at places where other patients differ, which mutations hit by chance alone."""


class IdentityParams(Params):
    """When two samples are of one person."""

    min_depth: Depth = Field(
        12, description="good reads; with 12, one allele of two is missed in 0.6 %"
    )
    two_alleles: Fraction = Field(
        0.3, description="share of the second allele from which a normal has two"
    )
    two_alleles_mixed: Fraction = Field(
        0.15, description="the same in tumours and RNA, where one allele can prevail"
    )
    one_allele: Fraction = Field(
        0.03, description="share of the second allele up to which there is one"
    )
    min_sites: int = Field(
        20,
        ge=1,
        le=100_000,
        description="places with two alleles, in each of a pair, below which none is decided",
    )
    min_log_ratio: float = Field(
        10.0,
        ge=0.0,
        le=1e6,
        description="ln of the likelihood ratio, one person or two, from which it decides",
    )


def identity(
    allele_sites: AlleleSites, callable_intervals: CallableIntervals, params: IdentityParams
) -> Identity:
    """Compare every pair of samples over the places that are callable in both.

    Places count at which at least one of the two shows two alleles. Each is of three kinds:
    two alleles in both, in the first alone, in the second alone. In units of the places at
    which the first's person has two alleles, their rates are ``h a1 a2``,
    ``a1 (1 - h a2) + f1`` and ``a2 (1 - h a1) + f2``, with `h` the share that a second person
    has too (1 if it is the same one), `a` the share that a sample shows of its person's
    (a tumour loses alleles, RNA is silent on one), and `f` places that are not its person's.
    The likelihoods are those of the three counts, averaged over grids of `a` and `f` that
    depend on the kind of sample. So loss in a tumour speaks for nobody, while two alleles in
    the tumour and one in the normal speak against one person.

    `h` comes from the cohort, place by place: of n patients of whom k have two alleles,
    (k - 1) / (n - 1), with four invented patients who share three tenths added. Siblings are
    a third hypothesis, with an `h` half way to 1: one person must be likelier than them too.

    Parameters
    ----------
    allele_sites
        Places with a second allele of all samples.
    callable_intervals
        Callable stretches of all samples.
    params
        Genotypes and verdicts.

    Returns
    -------
    Identity
        All pairs of one patient, all pairs of two patients that are found the same, and for
        each sample its nearest of another patient.

    References
    ----------
    Bergmann et al., Bioinformatics 32, 3196-3198 (2016), doi:10.1093/bioinformatics/btw389.
    """
    samples = samples_of(allele_sites, callable_intervals)
    rules = GenotypeRules(
        params.min_depth, params.two_alleles, params.two_alleles_mixed, params.one_allele
    )
    compared = _compare(genotypes(samples, rules), params)
    rows = [_row(compared, first, second) for first, second in _shown(compared, params)]
    for row in rows:
        if row["says"]:
            warnings.warn(str(row["says"]), DataWarning, stacklevel=2)
    return pd.DataFrame(rows, columns=list(IDENTITY.columns))


@dataclass(frozen=True, eq=False)
class _Compared:
    """All pairs: matrices (n, n) that are symmetric; `found` is +1 same, -1 different."""

    samples: tuple[SampleSites, ...]
    sites: Floats
    shared: Floats
    log_ratio: Floats
    found: NDArray[np.int8]
    is_own: Flags


def _compare(of: Genotypes, params: IdentityParams) -> _Compared:
    counts = _counts(of)
    shared, first_alone = counts.both.sum(axis=0), counts.first_alone.sum(axis=0)
    sites = shared + first_alone + first_alone.T
    log_ratio, to_siblings = _log_ratios(of, counts)
    patients = np.array([sample.patient for sample in of.samples], dtype=object)
    found = np.zeros(sites.shape, dtype=np.int8)
    found[np.minimum(log_ratio, to_siblings) >= params.min_log_ratio] = 1
    found[log_ratio <= -params.min_log_ratio] = -1
    found[to_siblings <= -_BEYOND_DOUBT * params.min_log_ratio] = -1
    # A sample with next to no place of two alleles, as after loss of all, says nothing.
    fewest = np.minimum(shared + first_alone, shared + first_alone.T)
    found[fewest < params.min_sites] = 0
    own = patients[:, None] == patients[None, :]
    return _Compared(of.samples, sites, shared, log_ratio, found, own)


@dataclass(frozen=True, eq=False)
class _Counts:
    """Places by kind and bin: (bins, n, n) with two alleles in both, in the first alone.

    The first bin holds places at which at most one patient has two alleles. `shares` (bins,)
    are the mean `h`, `private` the part of a patient's places that is in the first bin.
    """

    both: Floats
    first_alone: Floats
    shares: Floats
    private: float


def _counts(of: Genotypes) -> _Counts:
    """Count the places of every pair by how many patients differ there."""
    share = (of.with_two + _PRIOR_PATIENTS * _PRIOR_SHARE - 1.0) / (
        of.told + _PRIOR_PATIENTS - 1.0
    )
    share = np.clip(share, 1e-3, 0.999)
    is_private = of.with_two <= 1
    bins = np.where(is_private, 0, 1 + np.searchsorted(_BINS, share, side="right"))
    size = len(of.samples)
    both = np.zeros((len(_BINS) + 2, size, size))
    first_alone = np.zeros_like(both)
    shares = np.full(len(both), 0.5)
    for number in range(len(both)):
        members = np.flatnonzero(bins == number)
        if len(members):
            shares[number] = share[members].mean()
        for first in range(0, len(members), _SITES_AT_ONCE):
            states = of.states[:, members[first : first + _SITES_AT_ONCE]]
            has_two = (states == TWO_ALLELES).astype(np.float32)
            has_one = (states == ONE_ALLELE).astype(np.float32)
            both[number] += has_two @ has_two.T
            first_alone[number] += has_two @ has_one.T
    own = of.with_two[is_private].sum() + 1.0
    return _Counts(both, first_alone, shares, own / (of.with_two.sum() + 1.0))


def _log_ratios(of: Genotypes, counts: _Counts) -> Floats:
    """Return ln of the likelihood ratio (2, n, n) of one person against strangers, siblings."""
    kinds = np.array([_kind(sample) for sample in of.samples], dtype=object)
    seen_share = _seen_shares(of)
    ratios = np.zeros((2, *counts.both.shape[1:]))
    upper = np.triu(np.ones(ratios.shape[1:], dtype=bool), 1)
    h = counts.shares
    kin = h + (1.0 - h) * _SIBLINGS
    for kind_1, kind_2 in product(_LOST, _LOST):
        of_kinds = upper & (kinds[:, None] == kind_1) & (kinds[None, :] == kind_2)
        rows, columns = np.nonzero(of_kinds)
        if not len(rows):
            continue
        tables = [
            _log_rates(kind_1, kind_2, shares, counts.private)
            for shares in (np.ones_like(h), h, kin)
        ]
        prior = _log_prior(kind_1, kind_2, seen_share)
        for first in range(0, len(rows), _PAIRS_AT_ONCE):
            i, j = (x[first : first + _PAIRS_AT_ONCE] for x in (rows, columns))
            alone_1, alone_2 = counts.first_alone[:, i, j], counts.first_alone[:, j, i]
            seen = np.concatenate([counts.both[:, i, j], alone_1, alone_2]).T
            weight = prior(i, j)
            one, two, two_kin = (
                special.logsumexp(seen @ table + weight, axis=1) for table in tables
            )
            ratios[:, i, j] = one - two, one - two_kin
    return ratios + ratios.transpose(0, 2, 1)


def _seen_shares(of: Genotypes) -> Floats:
    """Return for each sample (n,) its places with two alleles by what the cohort foretells.

    NaN where the cohort is too small to tell.
    """
    shares = np.full(len(of.samples), np.nan)
    for number, sample in enumerate(of.samples):
        own = of.by_patient[sample.patient]
        told = of.told - (own != UNKNOWN)
        with_two = of.with_two - (own == TWO_ALLELES)
        states = of.states[number]
        is_counted = (told >= _FEWEST_PATIENTS - 1) & (states != UNKNOWN) & (of.with_two > 0)
        expected = (with_two[is_counted] / told[is_counted]).sum()
        if expected > 0:
            shares[number] = (states[is_counted] == TWO_ALLELES).sum() / expected
    return shares


def _log_prior(
    kind_1: str, kind_2: str, seen_share: Floats
) -> Callable[[NDArray[np.intp], NDArray[np.intp]], Floats]:
    """Return what gives pairs their ln of the weight (pairs, grid) of losses and gains."""

    def weights(kind: str) -> Floats:
        kept = 1.0 - np.array(_LOST[kind])
        share = np.clip(seen_share, kept.min(), kept.max())[:, None]
        weight = np.exp(-0.5 * ((np.log(kept) - np.log(share)) / _SPREAD) ** 2) + _FLOOR
        return np.where(np.isnan(share), 0.0, np.log(weight))

    of_1, of_2 = weights(kind_1), weights(kind_2)
    sizes = (len(_LOST[kind_1]), len(_GAINED), len(_LOST[kind_2]), len(_GAINED))
    lost_1, gained_1, lost_2, gained_2 = np.unravel_index(np.arange(np.prod(sizes)), sizes)
    gained = np.log(np.array(list(_GAINED.values())))
    of_both = gained[gained_1] + gained[gained_2]
    return lambda i, j: of_1[i][:, lost_1] + of_2[j][:, lost_2] + of_both


def _log_rates(kind_1: str, kind_2: str, shares: Floats, private: float) -> Floats:
    """Return ln of the shares (3 bins, grid) of the three kinds of places, bin by bin."""
    grid = product(_LOST[kind_1], _GAINED, _LOST[kind_2], _GAINED)
    lost_1, gained_1, lost_2, gained_2 = np.array(list(grid)).T
    seen_1, seen_2 = 1.0 - lost_1, 1.0 - lost_2
    # What a sample gains falls on places of nobody else: all of it into the first bin.
    is_private = (np.arange(len(shares)) == 0)[:, None]
    gained_1 = np.where(is_private, gained_1 / private, _COINCIDENCE)
    gained_2 = np.where(is_private, gained_2 / private, _COINCIDENCE)
    h = shares[:, None]
    rates = np.stack(
        [
            h * seen_1 * seen_2,
            seen_1 * (1.0 - h * seen_2) + gained_1,
            seen_2 * (1.0 - h * seen_1) + gained_2,
        ]
    )
    log_rates: Floats = np.log(rates / rates.sum(axis=0))
    return log_rates.reshape(3 * len(shares), -1)


def _kind(sample: SampleSites) -> str:
    return "rna" if sample.assay == "rna" else sample.role


def _shown(compared: _Compared, params: IdentityParams) -> list[tuple[int, int]]:
    """Return the pairs that make a row, sorted."""
    own, strange = compared.is_own, ~compared.is_own
    shown = own | (strange & (compared.found > 0))
    per_site = compared.log_ratio / np.maximum(compared.sites, 1.0)
    for number in range(len(own)):
        others = strange[number] & (compared.sites[number] > 0)
        enough = others & (compared.sites[number] >= params.min_sites)
        others = enough if enough.any() else others
        if others.any():
            nearest = int(np.argmax(np.where(others, per_site[number], -np.inf)))
            shown[number, nearest] = shown[nearest, number] = True
    rows, columns = np.nonzero(np.triu(shown, 1))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _row(compared: _Compared, first: int, second: int) -> dict[str, object]:
    one, two = compared.samples[first], compared.samples[second]
    sites = int(compared.sites[first, second])
    found = int(compared.found[first, second])
    return {
        "sample_1": one.sample,
        "sample_2": two.sample,
        "patient_1": one.patient,
        "patient_2": two.patient,
        "kind_1": one.kind,
        "kind_2": two.kind,
        "sites": sites,
        "concordance": compared.shared[first, second] / sites if sites else np.nan,
        "log_likelihood_ratio": compared.log_ratio[first, second],
        "expected": "same" if compared.is_own[first, second] else "different",
        "found": {1: "same", -1: "different"}.get(found, "undecided"),
        "says": _says(compared, first, second),
    }


def _says(compared: _Compared, first: int, second: int) -> str:
    """Say in words what is wrong with a pair; nothing where nothing is."""
    one, two = compared.samples[first], compared.samples[second]
    found, is_own = int(compared.found[first, second]), bool(compared.is_own[first, second])
    if is_own and found < 0:
        said = f"{one.kind} {one.sample} and {two.kind} {two.sample} of {one.patient} are of "
        kin = ", as alike as siblings" if compared.log_ratio[first, second] > 0 else ""
        return "; ".join([f"{said}two persons{kin}", *_matches(compared, first, second)])
    if not is_own and found > 0:
        why = "one person under two names, a swap, or much of one in the other"
        return f"{_match(one, two)}: {why}"
    return ""


def _matches(compared: _Compared, *numbers: int) -> Iterator[str]:
    """Name for each sample the one of another patient that it matches best, if any."""
    for number in numbers:
        ratios = np.where(
            ~compared.is_own[number] & (compared.found[number] > 0),
            compared.log_ratio[number],
            -np.inf,
        )
        best = int(np.argmax(ratios))
        if np.isfinite(ratios[best]):
            yield _match(compared.samples[number], compared.samples[best])


def _match(one: SampleSites, two: SampleSites) -> str:
    return (
        f"{one.kind} {one.sample} of {one.patient} matches {two.kind} {two.sample} "
        f"of {two.patient}"
    )
