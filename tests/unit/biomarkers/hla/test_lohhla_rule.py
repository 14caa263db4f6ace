"""The rule of LOHHLA beside which our calls are shown: it must be fair to it."""

import numpy as np
import pandas as pd
import pytest
from _lohhla_rule import COVERAGE, P_LOOSE, P_PAPER, lohhla_rule

ONE, TWO = "HLA-A*01:01", "HLA-A*02:01"
STRETCH, BASES = 150, 200


def gene(normal, tumour, sites=8, library=(1_000_000, 1_000_000)):
    """Return fragments of one gene: for each role (two alleles, stretches) counts."""
    rows = [
        {"gene": "A", "allele": allele, "role": role, "start": STRETCH * number,
         "end": STRETCH * (number + 1), "sites": sites, "fragments": count, "mismatches": 0,
         "shared": 0, "library_fragments": size}
        for role, counts, size in zip(("normal", "tumour"), (normal, tumour), library,
                                      strict=True)
        for allele, own in zip((ONE, TWO), counts, strict=True)
        for number, count in enumerate(own)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def flat(one, two, stretches=10):
    return np.repeat([[one], [two]], stretches, axis=1)


def test_copies_are_those_of_depth_and_share():
    # Of 100 fragments of a gene 70 are left, 20 of them of the first allele.
    call = lohhla_rule(gene(flat(50, 50), flat(20, 50)), 0.6, 2.0)
    assert call.copies == pytest.approx(((0.4 - 0.4) / 0.6, (1.0 - 0.4) / 0.6))
    assert call.allele == ONE
    assert call.is_lost()
    doubled = lohhla_rule(gene(flat(50, 50), flat(40, 100), library=(1, 2)), 0.6, 2.0)
    assert doubled.copies == pytest.approx(call.copies)


def test_an_uneven_gene_with_copies_of_both_is_not_lost():
    call = lohhla_rule(gene(flat(50, 50), flat(50, 125)), 0.6, 2.0)
    assert call.p < P_PAPER
    assert min(call.copies) > 0.9
    assert not call.is_lost()


def test_a_loose_limit_calls_more():
    rng = np.random.default_rng(8)
    calls = [
        lohhla_rule(gene(flat(40, 40), rng.poisson(flat(31, 40))), 0.3, 2.0) for _ in range(60)
    ]
    strict = sum(call.is_lost() for call in calls)
    assert strict < sum(call.is_lost(P_LOOSE) for call in calls)


def test_each_fragment_counts_once():
    """Of alleles in balance one gene in twenty has a P value below .05, with any sites."""
    rng = np.random.default_rng(17)
    for sites in (2, 20):
        p = [
            lohhla_rule(
                gene(rng.poisson(flat(60, 45)), rng.poisson(flat(60, 45)), sites), 0.6, 2.0
            ).p
            for _ in range(400)
        ]
        assert 0.02 < np.mean(np.array(p) < 0.05) < 0.08


def test_sites_of_little_coverage_in_the_normal_are_left_out():
    deep, shallow = (round(COVERAGE * STRETCH / BASES + extra) for extra in (1, -1))
    normal = np.array([[deep, deep, shallow, deep], [deep, shallow, deep, deep]])
    assert lohhla_rule(gene(normal, normal), 0.6, 2.0).sites == 16
    none = lohhla_rule(gene(flat(shallow, deep), flat(0, deep)), 0.6, 2.0)
    assert (none.sites, none.allele) == (0, "")
    assert not none.is_lost(1.0)
    # The tumour may have none at all.
    assert lohhla_rule(gene(flat(deep, deep), flat(0, deep)), 0.9, 2.0).is_lost()
