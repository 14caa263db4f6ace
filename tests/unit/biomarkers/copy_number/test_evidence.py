"""Evidence of purity: places are given to segments, and reads scatter as they do."""

import numpy as np
import pandas as pd
import pytest
from small_tumours import MB, Piece, genome, tumour

from storiform.biomarkers.copy_number.alleles import AlleleModel
from storiform.biomarkers.copy_number.evidence import (
    SHARES,
    gathered_evidence,
    mutation_evidence,
    normal_copies,
    tumour_model,
)
from storiform.biomarkers.copy_number.places import rows_at
from storiform.biomarkers.copy_number.states import (
    KINDS,
    Copies,
    over_solutions,
    state_rules,
    states_between,
)


def places(shares: list[float], concentration: float, pull: float = 0.5) -> pd.DataFrame:
    """Return 2000 places a share, beta-binomial, with half of the majors each way."""
    rng = np.random.default_rng(4)
    share = np.repeat(shares, 2000)
    share = np.where(rng.random(len(share)) < 0.5, share, 1 - share)
    odds = share / (1 - share) * pull / (1 - pull)
    mean = odds / (1 + odds)
    depth = rng.poisson(150, len(share))
    first = rng.binomial(depth, rng.beta(mean * concentration, (1 - mean) * concentration))
    return pd.DataFrame(
        {"tumour_1": first, "tumour_2": depth - first, "is_reference_first": True}
    )


def test_scatter_of_the_tumour_is_read_off_its_balanced_segments():
    table, row = places([0.5, 0.5, 0.7, 0.9], 70.0), np.repeat(np.arange(4), 2000)
    found = tumour_model(table, row, AlleleModel(200.0, 0.0))
    assert found.concentration == pytest.approx(70.0, rel=0.2)


def test_scatter_is_that_of_the_normal_where_no_segment_is_balanced():
    table, row = places([0.65, 0.8], 150.0), np.repeat(np.arange(2), 2000)
    assert tumour_model(table, row, AlleleModel(180.0, 0.0)).concentration == 180.0


def test_scatter_is_never_less_than_in_the_normal():
    table, row = places([0.5], 900.0), np.zeros(2000, dtype=np.int64)
    assert tumour_model(table, row, AlleleModel(150.0, 0.0)).concentration == 150.0


def test_few_places_change_nothing():
    table = places([0.5], 50.0).iloc[:20]
    model = AlleleModel(150.0, 0.1)
    assert tumour_model(table, np.zeros(20, dtype=np.int64), model) == model


def test_the_pull_of_the_reference_is_the_mean_over_all_places():
    table, row = places([0.5, 0.8], 150.0, pull=0.46), np.repeat(np.arange(2), 2000)
    found = tumour_model(table, row, AlleleModel())
    assert found.reference_logit == pytest.approx(np.log(0.46 / 0.54), abs=0.03)


def test_likeliest_shares_of_a_segment_are_those_of_its_copies():
    planted = tumour(genome((2, 1), (1, 0), (2, 0)), 0.6)
    found = gathered_evidence(planted.raw_segments, planted.snp_counts, "female")
    likeliest = SHARES[found.shares.argmax(axis=1)]
    assert likeliest == pytest.approx([0.5, 1 / 1.4, 0.8], abs=0.04)
    assert found.snps.tolist() == [120, 120, 120]
    assert found.weight == pytest.approx([1 / 3] * 3)


def test_places_outside_of_all_segments_belong_to_none():
    segments = pd.DataFrame({"contig": ["chr1", "chr1"], "start": [10, 50], "end": [30, 70]})
    contigs = np.array(["chr1"] * 5 + ["chr2"], dtype=object)
    at = np.array([9, 10, 30, 69, 70, 20])
    assert rows_at(segments, contigs, at).tolist() == [-1, 0, -1, 1, -1, -1]


def test_normal_copies_follow_sex_and_the_shared_ends_of_x():
    table = pd.DataFrame(
        {"contig": ["chr1", "chrX", "chrX", "chrY"], "start": [0, 10_000, 3 * MB, 3 * MB],
         "end": [MB, 2_700_000, 90 * MB, 50 * MB]}
    )  # fmt: skip
    assert normal_copies(table, "male").tolist() == [2, 2, 1, 1]
    assert normal_copies(table, "female").tolist() == [2, 2, 2, 2]
    assert np.isnan(normal_copies(table, "")).tolist() == [False, True, True, True]


def calls(*rows: tuple[str, int, int, int, bool]) -> pd.DataFrame:
    columns = ["contig", "start", "tumour_alt_reads", "tumour_depth", "is_eligible"]
    return pd.DataFrame(rows, columns=columns)


def test_mutations_are_the_deepest_eligible_ones_on_used_segments():
    planted = tumour(genome((2, 1), (2, 1), (2, 1)), 0.6)
    evidence = gathered_evidence(planted.raw_segments, None, "female")
    table = calls(
        ("chr3", MB, 20, 100, True), ("chr1", MB, 20, 90, True), ("chr2", MB, 9, 95, True),
        ("chr1", 2 * MB, 9, 300, False), ("chr1", 3 * MB, 9, 20, True),
        ("chr9", 1, 9, 99, True),
    )  # fmt: skip
    found = mutation_evidence(evidence, np.array([0, 2]), table, (4, 0.5))
    assert found.segments.tolist() == [0, 1]
    assert found.strays.tolist() == pytest.approx([1 / 91, 1 / 101])
    everything = mutation_evidence(evidence, np.array([0, 2]), table, (100, 0.5))
    assert everything.segments.tolist() == [0, 0, 1]
    assert len(mutation_evidence(evidence, np.array([0]), None, (4, 0.5)).segments) == 0


def test_a_rare_call_is_likelier_to_come_from_a_rarer_allele_than_its_reads_say():
    """Calls with fewer reads are not seen, so those that are seen stand out by chance."""
    planted = tumour(genome((2, 1)), 0.6)
    evidence = gathered_evidence(planted.raw_segments, None, "female")
    rare = calls(*[("chr1", MB + n, 5, 40, True) for n in range(4)])
    found = mutation_evidence(evidence, np.array([0]), rare, (100, 0.5))
    peak = found.likelihoods.prod(axis=0).argmax() / 200
    assert 0.03 < peak < 5 / 40
    common = calls(("chr1", MB, 20, 40, True))
    found = mutation_evidence(evidence, np.array([0]), common, (100, 0.5))
    assert found.likelihoods[0].argmax() / 200 == pytest.approx(0.5, abs=0.01)


def test_priors_of_states_add_up_to_one_in_each_kind_of_genome():
    states, kinds = state_rules(0.05)
    assert np.exp(states.priors).sum(axis=1) == pytest.approx([0.95] * len(KINDS))
    assert np.exp(kinds).sum() == pytest.approx(1.0, abs=0.05)
    total, minor = states_between(0, 10)
    assert states.totals.tolist() == total.tolist()
    assert (2 * minor <= total).all()


def test_loss_of_an_allele_before_a_doubling_counts_as_little_more_than_one_step():
    states, _ = state_rules(0.05)
    at = {pair: row for row, pair in enumerate(zip(states.totals, states.minors, strict=True))}
    for kind, priors in zip(KINDS, states.priors, strict=True):
        off = float(priors[at[2, 0]] - priors[at[3, 1]])
        # By 1.3 steps of .9 against one where genomes are doubled; 2 against 2 elsewhere.
        assert off == pytest.approx(-0.27 if kind.basic == 2 else 0.9 * (3 - 2 - 1 - 1))


def test_copies_that_another_solution_does_not_share_lose_probability():
    flags = np.zeros(2, dtype=bool)
    best = Copies(np.array([2.0, 3.0]), np.array([1.0, np.nan]), np.zeros(2),
                  np.array([0.8, 0.9]), flags)  # fmt: skip
    other = best._replace(total=np.array([4.0, 3.0]), probability=np.array([0.9, 0.6]))
    found = over_solutions(best, [(other, 0.5)])
    assert found.probability == pytest.approx([0.8 / 1.5, (0.9 + 0.5 * 0.6) / 1.5])
    assert over_solutions(best, []).probability == pytest.approx([0.8, 0.9])


def test_segments_without_log_ratios_and_y_of_females_are_left_out():
    pieces = [Piece("chr1", 0, 60 * MB, 2, 1), Piece("chrY", 0, 50 * MB, 0, 0)]
    table = tumour(pieces, 0.6).raw_segments
    assert len(gathered_evidence(table, None, "female").segments) == 1
    assert len(gathered_evidence(table, None, "male").segments) == 2
    table.loc[0, "log2"] = np.nan
    assert gathered_evidence(table, None, "male").segments["contig"].tolist() == ["chrY"]
