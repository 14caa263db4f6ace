"""Whether samples are of one person, by the places where people differ."""

import warnings

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.biomarkers.identity.likelihoods import likelihoods
from storiform.biomarkers.identity.places import Counts
from storiform.biomarkers.identity.verdicts import (
    Compared,
    judge,
    says,
    shown_pairs,
    warnings_of,
)
from storiform.model.errors import DataWarning
from storiform.model.genotypes import GenotypeRules, genotypes, samples_of
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.reads import IDENTITY, AlleleSites, CallableIntervals, Identity


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
    So must it be than a mixture: the first's person is another, but the sample holds reads of
    the second's, which show at that person's places in half their share. There all shares of
    the second allele count, those between one and two alleles too.

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
    rules = GenotypeRules(
        params.min_depth, params.two_alleles, params.two_alleles_mixed, params.one_allele
    )
    cohort = genotypes(samples_of(allele_sites, callable_intervals), rules)
    counts = Counts.of(cohort)
    ratios = likelihoods(cohort, counts, rules)
    compared = judge(cohort, counts, ratios, params.min_sites, params.min_log_ratio)
    for message in warnings_of(compared):
        warnings.warn(message, DataWarning, stacklevel=2)
    rows = [_row(compared, *pair) for pair in shown_pairs(compared, params.min_sites)]
    return pd.DataFrame(rows, columns=list(IDENTITY.columns))


def _row(compared: Compared, first: int, second: int) -> dict[str, object]:
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
        "says": says(compared, first, second),
    }
