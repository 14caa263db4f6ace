"""Calls of HLA loss, and the reasons why there is none."""

import numpy as np
import pandas as pd
import pytest
from lost_alleles import (
    KEPT,
    NAMES,
    NORMAL,
    ONE_LOST,
    PARAMS,
    called,
    fates,
    fit,
    fragments,
    parts,
    segment,
    shown,
    types,
)

from storiform.biomarkers.hla.fates import hla_loh, hla_loss
from storiform.biomarkers.hla.loss import HlaLossParams, hla_gene_loh
from storiform.biomarkers.hla.loss_evidence import PLACES, library_excess
from storiform.model.tables.copies import PATHOLOGY
from storiform.model.tables.copy_calls import COPY_NUMBER_SEGMENTS
from storiform.model.tables.hla import HLA_DISCORDANCES, HLA_GENE_LOH, HLA_LOSS


def test_the_loss_of_a_haplotype_is_called_with_the_lost_alleles():
    found = called(ONE_LOST)
    assert found["call"].tolist() == ["LOH"] * 3
    assert found["lost_allele"].tolist() == [pair[0] for pair in NAMES.values()]
    assert (found["probability"] > 0.99).all()
    assert (found["imbalance_p"] < 0.001).all()
    assert (found["copies_1"] < 0.2).all()
    assert found["copies_2"].between(0.8, 1.2).all()
    assert (found["reason"] == "").all()


def test_what_is_retained_gained_or_deleted_is_no_loss():
    tumour = {"A": shown((1, 1)), "B": shown((4, 1)), "C": shown((0, 0))}
    found = called(tumour)
    assert found["call"].tolist() == ["RETAINED", "IMBALANCE", "HOMDEL"]
    assert (found["lost_allele"] == "").all()
    assert (found.loc[["A", "B"], "probability"] < 0.2).all()


def test_a_loss_that_is_not_quite_sure_is_called_doubtful():
    weak = {"A": shown((0, 1), 0.32, number=220), "B": shown((1, 1)), "C": shown((1, 1))}
    normal = {**NORMAL, "A": (220, 220)}
    found = called(weak, normal, fit=fit(0.32))
    assert found.loc["A", "call"] == "LOH?"
    assert 0.5 <= found.loc["A", "probability"] < 0.8
    assert found.loc["A", "lost_allele"] == "HLA-A*01:01"


def test_a_loss_that_may_as_well_be_a_gain_is_doubtful():
    # Twice as many of one allele, in a library that happens to hold few of all HLA genes.
    shallow = tuple(round(0.73 * number) for number in shown((2, 1), 0.5, number=250))
    given = fragments(dict.fromkeys("ABC", shallow), dict.fromkeys("ABC", (250, 250)))
    strict, loose = (
        HLA_GENE_LOH.conform(
            hla_gene_loh(given, types(), fit(0.5), None, None, None, None, params)
        )
        for params in (
            PARAMS,
            HlaLossParams(max_gain_probability=1.0, max_gain_beside_subclone=1.0),
        )
    )
    assert (loose["probability"] >= PARAMS.min_probability).all()
    assert (loose["call"] == "LOH").all()
    assert (strict["call"] == "LOH?").all()
    assert hla_loss(strict)["has_loss"].isna().all()


def short_of(share, purity, **rules):
    """Return calls of gained genes of 250 fragments an allele, of which a share was read."""
    few = tuple(round(share * number) for number in shown((2, 1), purity, number=250))
    given = fragments(dict.fromkeys("ABC", few), dict.fromkeys("ABC", (250, 250)))
    params = HlaLossParams(**rules)
    found = hla_gene_loh(given, types(), fit(purity), None, None, None, None, params)
    assert (found["probability"] >= PARAMS.min_probability).all()
    return found["call"].tolist()


def test_of_few_fragments_a_gain_must_be_less_probable_for_a_loss():
    assert short_of(0.72, 0.35) == ["LOH?"] * 3
    assert short_of(0.72, 0.35, full_depth_fragments=500) == ["LOH"] * 3
    assert (
        short_of(0.72, 0.35, full_depth_fragments=500, max_gain_probability=0.025)
        == ["LOH?"] * 3
    )


def test_a_gain_must_be_less_probable_for_a_loss_of_some_cells():
    # By its purity no clonal loss is as even as these alleles.
    assert short_of(0.68, 0.7, full_depth_fragments=400) == ["LOH?"] * 3
    wide = {"max_gain_beside_subclone": 0.05, "max_gain_probability": 0.0}
    assert short_of(0.68, 0.7, full_depth_fragments=400, **wide) == ["LOH"] * 3


def test_the_gene_of_a_gained_haplotype_of_which_least_was_read_is_not_called_lost():
    # All HLA genes have less than they should, and HLA-B a little less than that, by chance.
    one, two = (number * np.exp(-0.15) for number in shown((2, 1), 0.25, number=1100))
    few = round(one * np.exp(-0.1)), round(two * np.exp(-0.2))
    tumour = {**dict.fromkeys("AC", (round(one), round(two))), "B": few}
    given = fragments(tumour, dict.fromkeys("ABC", (1100, 1100)))
    # Were it usual that a gene goes its own way, it would pass for lost among its neighbours.
    gains = {"max_gain_probability": 0.06, "max_gain_beside_subclone": 0.06,
             "full_depth_fragments": 1}  # fmt: skip
    loose = HlaLossParams(prior_apart=0.4, prior_lone=0.4, **gains)
    tight, freely = (
        hla_gene_loh(given, types(), fit(0.25), None, None, None, None, params)["call"].tolist()
        for params in (HlaLossParams(**gains), loose)
    )
    assert freely[1] == "LOH"
    assert "LOH" not in tight


def weighed(tumour, own, **rules):
    """Return the row of HLA-A by a prior that expects losses, of genes of 300 fragments."""
    params = HlaLossParams(prior_loss=0.85, prior_deletion=0.001, max_gain_probability=1.0,
                           **rules)  # fmt: skip
    counts = fragments(tumour, dict.fromkeys("ABC", (300, 300)))
    found = hla_gene_loh(counts, own, fit(0.25), None, None, None, None, params)
    return HLA_GENE_LOH.conform(found).set_index("gene").loc["A"]


@pytest.mark.parametrize(("limit", "call"), [(0.05, "LOH?"), (0.25, "LOH")])
def test_what_is_expected_does_not_make_a_loss_of_a_gene_in_balance(limit, call):
    # HLA-A alone: B and C are homozygous, so all genes together are this one.
    alone = types(**{gene: (NAMES[gene][0],) * 2 for gene in "BC"})
    row = weighed({**KEPT, "A": (240, 290)}, alone, max_loss_p=limit)
    assert row["probability"] >= PARAMS.min_probability
    assert 0.05 < row["imbalance_p"] < 0.25
    assert row["call"] == call


@pytest.mark.parametrize(("limit", "call"), [(0.01, "LOH"), (1e-12, "LOH?")])
def test_a_gene_that_is_nearly_in_balance_follows_the_others(limit, call):
    tumour = {"A": (240, 290), "B": shown((0, 1), 0.35, number=300),
              "C": shown((0, 1), 0.35, number=300)}  # fmt: skip
    row = weighed(tumour, types(), max_loss_p=0.05, max_imbalance_p=limit)
    assert row["probability"] >= PARAMS.min_probability
    assert 0.05 < row["imbalance_p"] < 0.3
    assert row["call"] == call


def test_a_gene_in_balance_does_not_follow_the_others():
    tumour = {"A": (255, 290), "B": shown((0, 1), 0.35, number=300),
              "C": shown((0, 1), 0.35, number=300)}  # fmt: skip
    row = weighed(tumour, types())
    assert row["probability"] >= PARAMS.min_probability
    assert row["imbalance_p"] > 0.3
    assert row["call"] == "LOH?"


def test_fragments_of_either_allele_tell_of_depth():
    # Alleles that are alike but for a few bases: the loss shows in how much is left of both.
    normal = {**NORMAL, "A": (50, 50)}
    tumour = {"A": shown((0, 1), 0.4, number=50), "B": shown((1, 1)), "C": shown((1, 1))}
    lost, kept = ({("A", "normal"): 900, ("A", "tumour"): of_a} for of_a in (720, 900))
    chances = [
        called(tumour, normal, fit=fit(0.4), shared=shared).loc["A", "probability"]
        for shared in ({}, lost, kept)
    ]
    assert chances[1] > chances[0] + 0.1
    assert chances[2] < chances[0] - 0.1


def test_a_retained_gene_of_a_tumour_with_little_of_it_says_what_is_not_excluded():
    found = called({gene: shown((1, 1), 0.12) for gene in "ABC"}, fit=fit(0.12))
    assert (found["call"] == "RETAINED").all()
    unsure = found["probability"] + found["homdel_probability"] > 0.2
    assert found.loc[unsure, "limits"].str.contains("cannot be excluded").all()
    few = called(dict.fromkeys("ABC", (25, 25)), dict.fromkeys("ABC", (25, 25)), fit=fit(0.1))
    assert (few["probability"] > 0.02).all()


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"A": ("HLA-A*01:01", "HLA-A*01:01")}, "homozygous"),
        ({"A": ("HLA-A*01:01", None)}, "HLA-A is not typed in full: low_resolution"),
        ({"A": ("HLA-A*01:01",)}, "only one allele of HLA-A is known"),
        ({"A": ()}, "HLA-A is not typed"),
        ({"A": ("HLA-A*01:01", "HLA-A*02:01", "HLA-A*03:01")}, "3 alleles of HLA-A"),
    ],
)
def test_a_gene_without_two_known_alleles_has_its_reason(own, reason):
    found = called(ONE_LOST, own=types(**own))
    assert found["call"].tolist() == ["NA", "LOH", "LOH"]
    assert reason in found.loc["A", "reason"]
    assert found.loc["A", ["probability", "copies_1", "imbalance_p"]].isna().all()


@pytest.mark.parametrize(
    ("tumour", "normal", "further", "reason"),
    [
        (ONE_LOST, None, {}, "no exome of the normal"),
        (None, NORMAL, {}, "no exome of the tumour"),
        (None, None, {}, "RNA"),
        (ONE_LOST, NORMAL, {"end": 0}, "the HLA reference lacks HLA-A*01:01 and HLA-A*02:01"),
        (ONE_LOST, NORMAL, {"sites": 0}, "differ nowhere"),
        (KEPT, dict.fromkeys("ABC", (0, 0)), {}, "is the gene captured?"),
        (KEPT, dict.fromkeys("ABC", (7, 500)), {}, "7 fragments of HLA-A*01:01 in the normal"),
        (KEPT, dict.fromkeys("ABC", (9, 9)), {}, "18 fragments expected in the tumour"),
        (KEPT, NORMAL, {"strange": (1.0, 5.0)}, "two persons"),
    ],
)
def test_what_cannot_be_judged_says_why(tumour, normal, further, reason):
    found = called(tumour, normal, **further)
    assert found["call"].tolist() == ["NA"] * 3
    assert reason in found.loc["A", "reason"]


def test_a_damaged_tumour_is_not_taken_for_another_person():
    assert called(ONE_LOST, strange=(3.0, 3.0))["call"].tolist() == ["LOH"] * 3


def test_no_fragment_in_the_tumour_is_a_deletion_and_no_gap():
    tumour = {**KEPT, "B": (6, 5)}
    found = called(tumour, fit=fit(0.95))
    assert found.loc["B", "call"] == "HOMDEL"


def test_a_gain_beside_an_amplicon_is_no_loss():
    """A tenth of the bins has eight times the mean: the library has 1.4 times the reads."""
    seen = {gene: tuple(round(n / 1.4) for n in shown((1, 2), 0.7, 2.4, 320)) for gene in "ABC"}
    further = {"normal": dict.fromkeys("ABC", (320, 320)), "fit": fit(0.7, 2.4)}
    misled = called(seen, **further)
    assert (misled["probability"] > 0.5).all()
    amplicon = parts((900, 0.6667), (100, 8.0))
    found = called(seen, segments=amplicon, **further)
    assert found["call"].eq("IMBALANCE").all()
    assert (found["probability"] < 0.05).all()


def test_the_library_is_as_large_as_its_bins_tell():
    assert library_excess(None) == 1.0
    assert library_excess(COPY_NUMBER_SEGMENTS.empty()) == 1.0
    assert library_excess(segment(2, 1)) == 1.0
    assert library_excess(parts((300, 1.0), (100, 5.0))) == pytest.approx(2.0)
    unknown = parts((300, 1.0), (100, 5.0)).assign(bins=pd.array([300, None], dtype="Int64"))
    assert library_excess(unknown) == pytest.approx(1.0)


@pytest.mark.parametrize("code", ["null_allele", "not_on_surface"])
def test_a_gene_with_an_allele_that_no_cell_shows_is_judged(code):
    suffix = {"null_allele": "N", "not_on_surface": "S"}[code]
    own = types(A=("HLA-A*01:01", None))
    at = own["allele"].isna()
    own.loc[at, ["written", "reason"]] = [f"A*02:01:01:02{suffix}", code]
    counts = fragments(ONE_LOST, NORMAL)
    counts["allele"] = counts["allele"].replace("HLA-A*02:01", f"HLA-A*02:01{suffix}")
    found = HLA_GENE_LOH.conform(
        hla_gene_loh(counts, own, fit(), None, None, None, None, PARAMS)
    )
    row = found.set_index("gene").loc["A"]
    assert (row["call"], row["lost_allele"]) == ("LOH", "HLA-A*01:01")
    assert row["allele_2"] == f"HLA-A*02:01{suffix}"
    alleles = hla_loh(found, own, PARAMS).set_index("allele")
    assert alleles.loc["HLA-A*01:01", "is_lost"]
    assert f"HLA-A*02:01{suffix}" not in alleles.index


def test_without_purity_only_imbalance_is_told():
    found = called({**KEPT, "A": shown((0, 1))}, fit=None)
    assert found["call"].tolist() == ["IMBALANCE", "RETAINED", "RETAINED"]
    assert found["limits"].str.contains("by imbalance alone").all()
    assert found["probability"].isna().all()
    assert called(KEPT, fit=fit(np.nan))["call"].tolist() == ["RETAINED"] * 3
    few = dict.fromkeys("ABC", (15, 15))
    unsure = called(few, few, fit=None)
    assert unsure["call"].tolist() == ["NA"] * 3
    assert unsure["reason"].str.contains("purity is not known").all()


def test_the_purity_of_the_sheet_stands_in():
    sheet = PATHOLOGY.conform(pd.DataFrame({"purity": [0.6], "ploidy": [np.nan]}))
    found = called(ONE_LOST, fit=None, pathology=sheet)
    assert found["call"].tolist() == ["LOH"] * 3
    assert found["limits"].str.contains("ploidy taken to be 2").all()
    assert called(ONE_LOST, pathology=sheet)["limits"].tolist() == [""] * 3


def test_an_ambiguous_fit_and_unknown_libraries_are_named():
    found = called(ONE_LOST, fit=fit(is_ambiguous=True), library=0)
    assert found["limits"].str.contains("another purity and ploidy").all()
    assert found["limits"].str.contains("depth was not used").all()
    assert found["copies_1"].isna().all()


def test_a_wide_interval_of_purity_weakens_the_copies():
    sure = called(ONE_LOST)
    wide = called(ONE_LOST, fit=fit(purity_lower=0.3, purity_upper=0.9))
    width = [(f["copies_2_high"] - f["copies_2_low"]).iloc[0] for f in (sure, wide)]
    assert width[1] > width[0]


@pytest.mark.parametrize(
    ("tumour", "copies", "expected"),
    [
        (ONE_LOST, (1, 0), True), (ONE_LOST, (2, 1), False), (KEPT, (2, 1), True),
        (KEPT, (2, 0), False), (dict.fromkeys("ABC", shown((0, 0))), (0, 0), True),
        (KEPT, (2, None), None), (KEPT, (None, None), None), (KEPT, (0, None), False),
    ],
)  # fmt: skip
def test_the_segment_is_compared(tumour, copies, expected):
    found = called(tumour, segments=segment(*copies))
    values = found["is_consistent"]
    assert values.isna().all() if expected is None else (values == expected).all()


def test_only_the_segment_that_holds_a_gene_counts():
    between = (PLACES["A"] + PLACES["C"]) // 2
    found = called(KEPT, segments=segment(3, 1, end=between))
    assert found["segment_copies"].tolist() == [3, pd.NA, pd.NA]
    assert called(KEPT, segments=segment(3, 1, contig="chr7"))["segment_copies"].isna().all()


def test_the_lost_allele_is_lost_and_the_other_is_not():
    told = fates(called(ONE_LOST))
    assert told["is_lost"].tolist() == [True, False] * 3
    assert told["probability"].iloc[0] > 0.99
    assert told["probability"].iloc[1] < 0.01


def test_both_alleles_of_a_deletion_are_lost():
    told = fates(called(dict.fromkeys("ABC", shown((0, 0)))))
    # Of values that are all missing, all are true: they must be there.
    assert told["is_lost"].tolist() == [True] * 6


def test_what_is_not_known_of_an_allele_is_missing():
    weak = {"A": shown((0, 1), 0.32, number=220), "B": shown((1, 1)), "C": shown((1, 1))}
    told = fates(called(weak, {**NORMAL, "A": (220, 220)}, fit=fit(0.32)))
    assert pd.isna(told.loc["HLA-A*01:01", "is_lost"])
    assert not told.loc["HLA-A*02:01", "is_lost"]
    unknown = fates(called(KEPT, None))
    assert unknown["is_lost"].isna().all()
    assert unknown["probability"].isna().all()


def test_an_allele_of_both_haplotypes_is_there_unless_its_segment_is_gone():
    own = types(A=("HLA-A*01:01", "HLA-A*01:01"), DRB1=("HLA-DRB1*01:01", "HLA-DRB1*03:01"))
    told = fates(called(KEPT, own=own), own)
    assert told.loc["HLA-A*01:01", "is_lost"] == np.False_
    assert told.loc["HLA-A*01:01", "probability"] == PARAMS.prior_deletion
    assert pd.isna(told.loc["HLA-DRB1*01:01", "is_lost"])
    gone = fates(called(KEPT, own=own, segments=segment(0, 0)), own)
    assert pd.isna(gone.loc["HLA-A*01:01", "is_lost"])


def losses(*calls):
    found = called(KEPT)
    found["call"] = list(calls)
    return HLA_LOSS.conform(hla_loss(found.reset_index())).iloc[0]


def test_a_biopsy_has_a_loss_if_any_gene_has():
    some = losses("LOH", "HOMDEL", "RETAINED")
    assert (some["has_loss"], some["genes_lost"], some["genes_judged"]) == (True, 2, 3)
    none = losses("RETAINED", "IMBALANCE", "NA")
    assert (none["has_loss"], none["genes_lost"], none["genes_judged"]) == (False, 0, 2)
    assert pd.isna(losses("LOH?", "RETAINED", "NA")["has_loss"])
    unknown = losses("NA", "NA", "NA")
    assert pd.isna(unknown["has_loss"])
    assert pd.isna(unknown["genes_lost"])


def test_the_row_of_a_gene_says_that_its_given_alleles_are_anothers():
    doubts = HLA_DISCORDANCES.conform(
        pd.DataFrame(
            {"gene": ["A", "B"], "given": "x;y", "told": "v;w", "agreeing": [0, 1],
             "is_whole": [True, False], "sample": "N", "source": "normal exome",
             "posterior": 1.0}
        )
    )  # fmt: skip
    given = fragments(KEPT, NORMAL)
    rows = hla_gene_loh(given, types(), fit(), None, None, doubts, None, PARAMS)
    assert rows["is_theirs"].tolist() == [False, True, True]
    assert rows["call"].tolist() == ["NA", "RETAINED", "RETAINED"]
