"""Losses of HLA that depend on purity, ploidy and noise that may be otherwise."""

import numpy as np
import pandas as pd
import pytest
from lost_alleles import KEPT, called, fates, fit, parts, segment, shown

from storiform.biomarkers.hla.fates import hla_loss
from storiform.biomarkers.hla.loss import _probability
from storiform.biomarkers.hla.loss_evidence import depth_noise
from storiform.model.tables.copies import PATHOLOGY
from storiform.model.tables.copy_calls import COPY_NUMBER_SEGMENTS
from storiform.model.tables.hla import HLA_LOSS

GAINED = dict.fromkeys("ABC", shown((2, 1), 0.6, 3.8))
"""One copy more of an allele: with a ploidy of 2 it would pass for a loss of the other."""


@pytest.mark.parametrize(
    ("alternatives", "is_ambiguous", "call"),
    [
        ("", True, "LOH"), ("0.60/3.80 (-1.2)", True, "LOH?"),
        ("0.60/2.00 (0.0); 0.60/3.80 (-4.9)", True, "LOH?"), ("0.60/3.80 (-5.1)", True, "LOH"),
        ("0.60/3.80 (-1.2)", False, "LOH"), ("0.61/2.05 (-0.3)", True, "LOH"),
    ],
)  # fmt: skip
def test_a_loss_that_another_solution_of_the_fit_denies_is_doubtful(
    alternatives, is_ambiguous, call
):
    found = called(GAINED, fit=fit(alternatives=alternatives, is_ambiguous=is_ambiguous))
    assert found["call"].tolist() == [call] * 3
    assert (found["probability"] > 0.9).all()
    words = "at purity 0.60 and ploidy 3.8 the probability of a loss is 0.04"
    assert found["limits"].str.contains(words).tolist() == [call == "LOH?"] * 3
    told = fates(found)["is_lost"]
    assert told.isna().tolist() == [False, call == "LOH?"] * 3


def test_of_solutions_that_deny_a_loss_the_one_that_denies_it_most_is_named():
    found = called(GAINED, fit=fit(alternatives="0.60/3.00 (-1.0); 0.60/3.80 (-2.0); "
                                   "0.60/2.60 (-3.0)", is_ambiguous=True))  # fmt: skip
    assert found["limits"].str.contains("ploidy 3.8").all()


def test_a_loss_that_only_another_solution_tells_is_named():
    other = {"alternatives": "0.60/2.00 (-1.0)", "is_ambiguous": True}
    found = called(GAINED, fit=fit(0.6, 3.8, **other))
    assert found["call"].tolist() == ["IMBALANCE"] * 3
    words = r"at purity 0.60 and ploidy 2.0 the probability of a loss is 1\.00"
    assert found["limits"].str.contains(words).all()
    # Of several, that by which it is likeliest.
    more = {**other, "alternatives": "0.60/2.05 (-0.5); 0.60/2.00 (-1.0); 0.60/2.06 (-1.5)"}
    assert called(GAINED, fit=fit(0.6, 3.8, **more))["limits"].equals(found["limits"])
    assert not called(KEPT, fit=fit(**other))["limits"].str.contains("purity 0.60").any()


def test_a_loss_by_a_ploidy_that_nobody_told_is_doubtful():
    known, unknown = (
        PATHOLOGY.conform(pd.DataFrame({"purity": [0.6], "ploidy": [ploidy]}))
        for ploidy in (2.0, np.nan)
    )
    calls = [
        called(GAINED, fit=None, pathology=sheet)["call"].tolist() for sheet in (known, unknown)
    ]
    assert calls == [["LOH"] * 3, ["LOH?"] * 3]
    bare = called(GAINED, fit=fit(ploidy=np.nan))
    assert bare["call"].tolist() == ["LOH?"] * 3
    assert bare["limits"].str.contains("ploidy taken to be 2").all()


def noisy(*errors):
    """Return segments far from HLA genes with these standard errors of the log2 ratio."""
    ends = parts(*((400, 1.0) for _ in errors))
    return ends.assign(log2_se=errors)


def test_depth_counts_for_less_where_the_biopsy_is_noisy():
    """A gain in a library that happens to hold few of all HLA genes."""
    shallow = tuple(round(0.7 * number) for number in shown((2, 1), 0.5, number=250))
    given = {"normal": dict.fromkeys("ABC", (250, 250)), "fit": fit(0.5)}
    tumour = dict.fromkeys("ABC", shallow)
    plain, usual, rough = (
        called(tumour, segments=segments, **given)
        for segments in (None, noisy(0.108, 0.4), noisy(0.3, 0.2, np.nan))
    )
    pd.testing.assert_frame_equal(plain, usual)
    assert (plain["probability"] > 0.9).all()
    assert (rough["probability"] < 0.8).all()
    wide, narrow = (f["copies_1_high"] - f["copies_1_low"] for f in (rough, plain))
    assert (wide > 1.3 * narrow).all()
    assert rough["limits"].str.contains("depths of this biopsy are noisy: by 14%").all()
    assert not plain["limits"].str.contains("noisy").any()


def test_the_noise_of_depth_is_the_least_error_of_a_segment():
    assert depth_noise(None) == depth_noise(COPY_NUMBER_SEGMENTS.empty()) == 0.0
    assert depth_noise(noisy(np.nan)) == 0.0
    assert depth_noise(noisy(0.3, 0.2, np.nan)) == pytest.approx(0.2 * np.log(2.0))


@pytest.mark.parametrize(
    ("purity", "pair"),
    [(0.1, (0, 0)), (0.3, (5, 5)), (0.3, (25, 25)), (0.3, (150, 150)), (0.6, (0, 0)),
     (0.6, (60, 60)), (0.9, (5, 5)), (0.6, (90, 0))],
)  # fmt: skip
def test_a_gene_with_less_depth_than_its_normal_cells_give_is_not_judged(purity, pair):
    """A region that another kit does not catch in the tumour, and no deletion."""
    found = called(dict.fromkeys("ABC", pair), fit=fit(purity))
    assert found["call"].tolist() == ["NA"] * 3
    assert found["reason"].str.startswith(f"{sum(pair)} fragments in the tumour, of its").all()
    assert found["reason"].str.contains("is the gene captured in it").all()
    assert fates(found)["is_lost"].isna().all()
    assert hla_loss(found.reset_index())["has_loss"].isna().all()
    # Nor does it say anything of its neighbours.
    alone = called({**KEPT, "A": pair}, fit=fit(purity))
    assert alone["call"].tolist() == ["NA", "RETAINED", "RETAINED"]


@pytest.mark.parametrize("purity", [0.3, 0.6, 0.9, 1.0])
def test_a_deletion_leaves_what_its_normal_cells_give(purity):
    left = dict.fromkeys("ABC", shown((0, 0), purity))
    assert called(left, fit=fit(purity))["call"].tolist() == ["HOMDEL"] * 3
    # Depth that is wrong by three standard deviations is no gap.
    low = {gene: tuple(round(0.72 * number) for number in pair) for gene, pair in left.items()}
    assert called(low, fit=fit(purity))["call"].tolist() == ["HOMDEL"] * 3


def test_a_deletion_by_another_solution_of_the_fit_is_no_gap():
    left = dict.fromkeys("ABC", shown((0, 0), 0.9))
    other = {"alternatives": "0.90/2.00 (-1.0)", "is_ambiguous": True}
    assert called(left, fit=fit(0.5))["call"].tolist() == ["NA"] * 3
    assert called(left, fit=fit(0.5, **other))["call"].tolist() == ["HOMDEL"] * 3


def test_few_expected_fragments_are_counted():
    few = dict.fromkeys("ABC", (12, 12))
    told = [
        called(dict.fromkeys("ABC", pair), few, fit=fit(0.6))["call"].iloc[0]
        for pair in ((0, 0), (1, 1))
    ]
    assert told == ["NA", "HOMDEL"]


def test_an_imbalance_without_a_purity_leaves_it_open_whether_there_is_a_loss():
    uneven = dict.fromkeys("ABC", shown((0, 1)))
    for tumour in (uneven, {**KEPT, "A": uneven["A"]}):
        found = called(tumour, fit=None)
        assert found["call"].eq("IMBALANCE").any()
        row = HLA_LOSS.conform(hla_loss(found.reset_index())).iloc[0]
        assert pd.isna(row["has_loss"])
        assert pd.isna(row["genes_lost"])
        assert row["genes_judged"] == 3
    for further in ({"fit": None}, {"fit": fit(ploidy=3.8)}):
        told = called(KEPT if further["fit"] is None else GAINED, **further)
        row = HLA_LOSS.conform(hla_loss(told.reset_index())).iloc[0]
        assert (row["has_loss"], row["genes_lost"]) == (False, 0)


def test_a_deletion_that_is_not_excluded_is_told_as_well():
    few = dict.fromkeys("ABC", (15, 15))
    row = called(dict.fromkeys("ABC", (4, 4)), few, fit=fit(0.3)).iloc[0]
    assert row["call"] == "RETAINED"
    assert row["probability"] < 0.2 < row["homdel_probability"]
    chance = row["probability"] + row["homdel_probability"]
    assert row["limits"] == f"a loss cannot be excluded: probability {chance:.2f}"


def test_a_loss_beside_a_doubtful_one_is_a_loss():
    found = called(KEPT).assign(call=["LOH", "LOH?", "RETAINED"])
    row = hla_loss(found.reset_index()).iloc[0]
    assert (row["has_loss"], row["genes_lost"], row["genes_judged"]) == (True, 1, 3)


def test_few_reads_of_a_stranger_are_unevenly_wrong_as_well():
    """Their mismatches vary by 32 times what chance gives."""
    few = called(dict.fromkeys("ABC", (20, 20)), strange=(1.0, 5.0), fit=fit(0.99))
    assert few["reason"].str.contains("two persons").all()


@pytest.mark.parametrize(
    ("start", "end", "genes"),
    [(29_900_000, 29_960_000, "A"), (31_300_000, 31_400_000, "B"),
     (31_200_000, 31_280_000, "C")],
)  # fmt: skip
def test_a_segment_holds_the_gene_that_lies_in_it_in_either_build(start, end, genes):
    """GRCh38 has A at 29.94, C at 31.27 and B at 31.35 Mb, GRCh37 32 kb before."""
    found = called(KEPT, segments=segment(3, 1, start, end))
    assert found.index[found["segment_copies"].notna()].tolist() == list(genes)


@pytest.mark.parametrize(
    ("total", "told"), [(-2.2e-16, 0.0), (1.0 + 2.3e-16, 1.0), (0.25, 0.25), (np.nan, np.nan)]
)
def test_rounding_takes_no_probability_beyond_0_and_1(total: float, told: float) -> None:
    np.testing.assert_equal(_probability(total), told)
