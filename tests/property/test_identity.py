"""Pairs are compared over the places that a naive reading of the tables finds."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.biomarkers.identity import IdentityParams, identity
from storiform.model.errors import DataWarning
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS, IDENTITY

UNITS = ("patient", "sample", "role", "assay")
KINDS = {"N": ("normal", "exome"), "T": ("tumour", "exome"), "R": ("tumour", "rna")}
CONTIGS = ("chr1", "chr2", "chrX")


def cohort(seed, patients, places):
    """Return tables of few places, with every odd case often: no cover, third alleles."""
    draws = np.random.default_rng(seed)
    sites, stretches = [], []
    for patient in range(patients):
        for letter, (role, assay) in KINDS.items():
            unit = {
                "patient": f"P{patient}", "sample": f"P{patient}-{letter}", "role": role,
                "assay": assay,
            }  # fmt: skip
            for contig in CONTIGS:
                for number in range(places):
                    start = 100 * number + 50
                    if draws.random() < 0.2:
                        continue
                    depth = int(draws.integers(8, 40))
                    left, right = draws.integers(0, 40, 2)
                    stretches.append(
                        {**unit, "contig": contig, "start": start - left, "end": start + right,
                         "depth_sum": depth * int(left + right), "min_depth": 8}
                    )  # fmt: skip
                    if draws.random() < 0.6:
                        counts = draws.integers(0, 30, 4) * (draws.random(4) < 0.6)
                        counts[:2] += 2
                        sites.append(
                            {**unit, "contig": contig, "start": start, "context": "",
                             **dict(zip("acgt", counts.tolist(), strict=True))}
                        )  # fmt: skip
    sites = pd.DataFrame(sites, columns=[*UNITS, *ALLELE_SITES.columns])
    stretches = pd.DataFrame(stretches, columns=[*UNITS, *CALLABLE_INTERVALS.columns])
    stretches = stretches[stretches["end"] > stretches["start"]]
    return ALLELE_SITES.conform(sites, UNITS), CALLABLE_INTERVALS.conform(stretches, UNITS)


def state(sites, stretches, sample, place, params):
    """Return what a sample shows at a place: two alleles, one, or nothing that can be told."""
    contig, start = place
    for row in sites.itertuples():
        if (row.sample, row.contig, row.start) == (sample, contig, start):
            counts = sorted((row.a, row.c, row.g, row.t))
            share, is_normal = counts[2] / sum(counts), (row.role, row.assay) == KINDS["N"]
            if sum(counts) < params.min_depth:
                return None
            if share >= (params.two_alleles if is_normal else params.two_alleles_mixed):
                return 2
            return 1 if share <= params.one_allele else None
    for row in stretches.itertuples():
        if (row.sample, row.contig) == (sample, contig) and row.start <= start < row.end:
            return 1 if row.depth_sum / (row.end - row.start) >= params.min_depth else None
    return None


def naive(sites, stretches, params):
    """Return sites and shared sites of every pair, by a loop over places."""
    samples = sorted({*sites["sample"], *stretches["sample"]})
    places = {(row.contig, row.start) for row in sites.itertuples() if row.contig != "chrX"}
    states = {
        sample: {place: state(sites, stretches, sample, place, params) for place in places}
        for sample in samples
    }
    found = {}
    for number, one in enumerate(samples):
        for two in samples[number + 1 :]:
            pairs = [(states[one][place], states[two][place]) for place in places]
            compared = [pair for pair in pairs if None not in pair and 2 in pair]
            found[one, two] = (len(compared), sum(pair == (2, 2) for pair in compared))
    return found


def measured(sites, stretches, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return IDENTITY.conform(identity(sites, stretches, IdentityParams(**params)))


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), patients=st.integers(1, 3), places=st.integers(1, 8))
def test_places_and_concordance_are_those_of_a_loop(seed, patients, places):
    sites, stretches = cohort(seed, patients, places)
    params = IdentityParams(min_depth=12)
    expected = naive(sites, stretches, params)
    for row in measured(sites, stretches).itertuples():
        compared, shared = expected[row.sample_1, row.sample_2]
        assert row.sites == compared
        if compared:
            assert row.concordance == pytest.approx(shared / compared)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_and_cuts_of_stretches_change_nothing(seed):
    sites, stretches = cohort(seed, 3, 8)
    expected = measured(sites, stretches, min_sites=1, min_log_ratio=0.5)
    draws = np.random.default_rng(seed)
    mixed = sites.iloc[draws.permutation(len(sites))]
    length = stretches["end"] - stretches["start"]
    even = stretches.assign(depth_sum=20 * length)
    whole = measured(mixed, even, min_sites=1)
    middle = stretches["start"] + length // 2
    left = stretches.assign(end=middle, depth_sum=20 * (middle - stretches["start"]))
    right = stretches.assign(start=middle, depth_sum=20 * (stretches["end"] - middle))
    cut = pd.concat([right, left], ignore_index=True)
    cut = cut[cut["end"] > cut["start"]]
    pd.testing.assert_frame_equal(measured(sites, cut, min_sites=1), whole)
    pd.testing.assert_frame_equal(
        measured(mixed, stretches.iloc[::-1], min_sites=1, min_log_ratio=0.5), expected
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), shift=st.integers(-10, 5_000_000))
def test_a_shift_of_all_places_changes_nothing(seed, shift):
    sites, stretches = cohort(seed, 2, 6)

    expected = measured(sites, stretches, min_sites=1)
    sites["start"] += shift
    stretches[["start", "end"]] += shift
    pd.testing.assert_frame_equal(measured(sites, stretches, min_sites=1), expected)
