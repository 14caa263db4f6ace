"""Which places tell of copies, and how likely their reads are."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.biomarkers.copy_number.alleles import (
    AlleleModel,
    AllelesParams,
    fitted_model,
    share_log_likelihoods,
    snp_counts,
)
from storiform.model.errors import InputError
from storiform.model.tables.copies import GIVEN_SNPS
from storiform.model.tables.reads import GERMLINE_ALLELES, GERMLINE_SITES

PARAMS = AllelesParams()


def given(*rows):
    """Return counts of a file: normal 1, 2, tumour 1, 2 of each place."""
    counts = np.array(rows, dtype=np.int64).reshape(-1, 4)
    names = ("normal_1", "normal_2", "tumour_1", "tumour_2")
    places = {name: counts[:, at] for at, name in enumerate(names)}
    return GIVEN_SNPS.conform(
        pd.DataFrame(
            {
                "contig": "chr1", "start": np.arange(len(counts)) * 100, **places,
                "is_reference_first": True,
            }
        )
    )  # fmt: skip


def test_places_of_one_allele_in_the_normal_stay_but_are_not_usable():
    found = snp_counts(given((20, 20, 30, 10), (40, 0, 40, 0)), None, None, PARAMS)
    assert found["is_usable"].tolist() == [True, False]


def test_shallow_places_are_not_usable():
    rows = ((7, 7, 30, 30), (10, 10, 4, 3), (8, 7, 4, 4))
    found = snp_counts(given(*rows), None, None, PARAMS)
    assert found["is_usable"].tolist() == [False, False, True]


def test_without_a_normal_both_alleles_must_be_seen_in_the_tumour():
    rows = ((0, 0, 30, 10), (0, 0, 39, 1), (0, 0, 40, 0))
    found = snp_counts(given(*rows), None, None, PARAMS)
    assert found["is_usable"].tolist() == [True, False, False]


def test_a_place_that_one_normal_misses_is_not_taken_for_tumour_only():
    found = snp_counts(given((0, 0, 30, 10), (20, 20, 30, 10)), None, None, PARAMS)
    assert found["is_usable"].tolist() == [False, True]


def sites(**changes):
    """Return places of the normal's pass: two heterozygous, one homozygous."""
    columns = {
        "contig": "chr1", "start": [10, 20, 30],
        "zygosity": ["heterozygous", "heterozygous", "homozygous"], "reference": "",
        "allele_1": ["A", "T", "G"], "allele_2": ["G", "C", "G"], "normal_depth": [40, 40, 40],
        "normal_allele_1_reads": [21, 22, 40], "normal_allele_2_reads": [19, 18, 0],
        "context": "", **changes,
    }  # fmt: skip
    return GERMLINE_SITES.conform(pd.DataFrame(columns))


def bases():
    """Return the bases of the tumour, and of its RNA, at these places."""
    counts = {"a": [30, 1, 0], "c": [1, 12, 0], "g": [8, 0, 50], "t": [0, 25, 0]}
    frame = GERMLINE_ALLELES.conform(
        pd.DataFrame({"contig": "chr1", "start": [10, 20, 30], **counts})
    )
    tumour = frame.assign(patient="P", sample="T", role="tumour", assay="exome")
    return pd.concat([tumour, tumour.assign(sample="R", assay="rna")])


def test_reads_of_the_pass_are_those_of_the_two_germline_alleles():
    found = snp_counts(None, sites(), bases(), PARAMS)
    assert found["start"].tolist() == [10, 20]
    assert found[["tumour_1", "tumour_2"]].to_numpy().tolist() == [[30, 8], [25, 12]]
    assert found[["normal_1", "normal_2"]].to_numpy().tolist() == [[21, 19], [22, 18]]
    assert not found["is_reference_first"].any()


def test_the_allele_of_the_reference_comes_first_where_it_is_known():
    found = snp_counts(None, sites(reference=["G", "T", "A"]), bases(), PARAMS)
    assert found[["tumour_1", "tumour_2"]].to_numpy().tolist() == [[8, 30], [25, 12]]
    assert found[["normal_1", "normal_2"]].to_numpy().tolist() == [[19, 21], [22, 18]]
    assert found["is_reference_first"].all()


def test_without_any_source_there_are_no_places():
    assert snp_counts(None, None, None, PARAMS).empty


def test_negative_reads_are_refused():
    with pytest.raises(InputError, match="negative"):
        snp_counts(given((20, -1, 30, 10)), None, None, PARAMS)


def draw(rng, places, concentration, share):
    """Draw counts of a normal with a bias towards the reference."""
    depth = rng.poisson(80, places) + 20
    both = share * concentration, (1 - share) * concentration
    first = rng.binomial(depth, rng.beta(*both, places))
    counts = np.column_stack([first, depth - first, first, depth - first])
    return snp_counts(given(*counts), None, None, PARAMS)


@pytest.mark.parametrize("concentration", [80.0, 150.0, 400.0])
def test_scatter_and_bias_of_the_normal_are_found(concentration):
    places = draw(np.random.default_rng(3), 6000, concentration, 0.52)
    model = fitted_model(places)
    assert model.concentration == pytest.approx(concentration, rel=0.2)
    assert model.reference_logit == pytest.approx(np.log(0.52 / 0.48), abs=0.02)


def test_few_places_leave_the_usual_scatter():
    assert fitted_model(draw(np.random.default_rng(3), 20, 80.0, 0.5)) == AlleleModel()


def test_likelihood_is_that_of_the_folded_beta_binomial():
    places = snp_counts(given((20, 20, 31, 9), (20, 20, 12, 30)), None, None, PARAMS)
    shares = np.array([0.5, 0.6, 0.75, 0.9])
    model = AlleleModel(120.0, 0.1)
    found = share_log_likelihoods(places, shares, model)
    for row, (first, second) in enumerate([(31, 9), (12, 30)]):
        expected = []
        for share in shares:
            ways = []
            for sign in (1, -1):
                mean = 1 / (1 + np.exp(-(sign * np.log(share / (1 - share)) + 0.1)))
                ways.append(
                    stats.betabinom.pmf(first, first + second, 120 * mean, 120 * (1 - mean))
                )
            expected.append(np.log(0.99 * np.mean(ways) + 0.01 / (first + second + 1)))
        assert np.allclose(found[row], np.array(expected) - expected[0])


def test_very_deep_places_cost_no_more_and_keep_their_share():
    places = snp_counts(given((20, 20, 750_000, 250_000)), None, None, PARAMS)
    shares = np.linspace(0.5, 0.99, 50)
    found = share_log_likelihoods(places, shares, AlleleModel())
    assert shares[found[0].argmax()] == pytest.approx(0.75, abs=0.011)
