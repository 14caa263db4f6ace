"""Genes are called by the copies of their segment, or by their own bins."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from small_copies import ARMS, PLACES, bins, fit, segments

from storiform.biomarkers.copy_number.genes import CopyNumberGenesParams, copy_number_genes
from storiform.model.copies import expected_log2
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.tables.copy_calls import COPY_NUMBER_GENES

MB = 1_000_000
QUIET = [
    ("chr1", 0, 100 * MB, 2, 1), ("chr9", 0, 100 * MB, 2, 1), ("chr12", 0, 130 * MB, 2, 1),
    ("chrX", 0, 150 * MB, 1, None),
]  # fmt: skip


def called(
    rows: list,  # type: ignore[type-arg]
    fitted: pd.DataFrame | None = None,
    log_ratios: pd.DataFrame | None = None,
    genes: GeneModel | None = None,
    changes: dict | None = None,  # type: ignore[type-arg]
    **changed: object,
) -> pd.DataFrame:
    fitted = fit() if fitted is None else fitted
    ploidy = fitted["ploidy"].iloc[0]
    own = segments(rows, ploidy=2.0 if pd.isna(ploidy) else ploidy)
    for (number, column), value in (changes or {}).items():
        contig, start = rows[number][:2]
        own.loc[(own["contig"] == contig) & (own["start"] == start), column] = value
    params = CopyNumberGenesParams(**changed)
    table = copy_number_genes(own, fitted, log_ratios, genes, PLACES, ARMS, params)
    return COPY_NUMBER_GENES.conform(table).set_index("gene")


def with_chr12(copies: int, start: int = 57 * MB, end: int = 59 * MB) -> list:  # type: ignore[type-arg]
    return [
        *QUIET[:2], ("chr12", 0, start, 2, 1), ("chr12", start, end, copies, 1),
        ("chr12", end, 130 * MB, 2, 1), QUIET[3],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("copies", "call"),
    [(2, "NEUTRAL"), (3, "GAIN"), (5, "GAIN"), (6, "AMP"), (9, "AMP"), (10, "HIGH_AMP")],
)
def test_amplification_begins_at_six_copies_and_the_high_tier_at_ten(
    copies: int, call: str
) -> None:
    genes = called(with_chr12(copies))
    assert genes.loc["CDK4", "call"] == call
    assert genes.loc["CDK4", "total"] == copies
    assert genes.loc["MDM2", "call"] == "NEUTRAL"


@pytest.mark.parametrize(
    ("copies", "call"), [(7, "GAIN"), (8, "AMP"), (11, "AMP"), (12, "HIGH_AMP")]
)
def test_amplification_is_four_above_the_ploidy(copies: int, call: str) -> None:
    rows = [(c, s, e, 4, 2) if c != "chrX" else (c, s, e, 2, None) for c, s, e, _, _ in QUIET]
    rows[2:3] = [
        ("chr12", 0, 57 * MB, 4, 2), ("chr12", 57 * MB, 59 * MB, copies, 2),
        ("chr12", 59 * MB, 130 * MB, 4, 2),
    ]  # fmt: skip
    genes = called(rows, fit(0.6, 4.0))
    assert genes.loc["CDK4", "call"] == call
    assert genes.loc["CDKN2A", "call"] == "NEUTRAL", "four copies are usual at ploidy 4"
    assert genes.loc["ATRX", "call"] == "NEUTRAL", "two on the X of a male, at ploidy 4"


def test_amplification_of_a_long_segment_is_a_gain() -> None:
    genes = called(with_chr12(8, 40 * MB, 65 * MB))
    assert genes.loc["CDK4", "call"] == "GAIN"
    assert (
        called(with_chr12(8, 40 * MB, 65 * MB), amplified_max_mb=30.0).loc["CDK4", "call"]
        == "AMP"
    )


@pytest.mark.parametrize(
    ("total", "minor", "call"),
    [
        (1, 0, "HETLOSS"),
        (2, 0, "CNLOH"),
        (3, 0, "GAIN"),
        (2, 1, "NEUTRAL"),
        (2, None, "NEUTRAL"),
    ],
)
def test_loss_and_loss_of_heterozygosity(total: int, minor: int | None, call: str) -> None:
    rows = [QUIET[0], ("chr9", 0, 100 * MB, total, minor), *QUIET[2:]]
    assert called(rows).loc["CDKN2A", "call"] == call


def test_homozygous_deletion_is_short_and_decides_where_it_breaks_a_part_of_the_gene() -> None:
    low, high = 21_990_000, 22_100_000
    rows = [
        QUIET[0], ("chr9", 0, low, 1, 0), ("chr9", low, high, 0, 0),
        ("chr9", high, 100 * MB, 1, 0), *QUIET[2:],
    ]  # fmt: skip
    gene = called(rows).loc["CDKN2A"]
    assert gene["call"] == "HOMDEL"
    assert gene["segment_bases"] == high - low
    long = [QUIET[0], ("chr9", 0, 100 * MB, 0, 0), *QUIET[2:]]
    assert called(long).loc["CDKN2A", "call"] == "HETLOSS", "no cell lives without 9p and 9q"


def gene_bins(log2: float, number: int, seed: int = 3) -> pd.DataFrame:
    """Return 200 bins at the level of one copy on chr9, and the gene's at `log2`."""
    rng = np.random.default_rng(seed)
    usual = float(expected_log2(0.6, 2.0, 1, 2))
    rows = [
        ("chr9", n * 400_000, n * 400_000 + 300, usual + rng.normal(0, 0.2)) for n in range(50)
    ]
    step = (21_995_300 - 21_967_751) // number
    rows += [
        ("chr9", 21_967_751 + n * step, 21_967_751 + n * step + 300, log2 + rng.normal(0, 0.1))
        for n in range(number)
    ]
    rows += [
        ("chr9", n * 400_000, n * 400_000 + 300, usual + rng.normal(0, 0.2))
        for n in range(60, 200)
    ]
    return bins(rows)


def test_short_deletion_is_found_by_the_bins_of_the_gene() -> None:
    rows = [QUIET[0], ("chr9", 0, 100 * MB, 1, 0), *QUIET[2:]]
    gone = float(expected_log2(0.6, 2.0, 0, 2))
    gene = called(rows, log_ratios=gene_bins(gone, 4)).loc["CDKN2A"]
    assert (gene["call"], gene["basis"], gene["total"]) == ("HOMDEL", "gene_bins", 0)
    assert gene["log_likelihood_ratio"] > 4
    assert gene["log2"] == pytest.approx(gone, abs=0.15)
    usual = float(expected_log2(0.6, 2.0, 1, 2))
    kept = called(rows, log_ratios=gene_bins(usual, 4)).loc["CDKN2A"]
    assert (kept["call"], kept["basis"]) == ("HETLOSS", "copies")
    assert kept["log_likelihood_ratio"] < 0
    alone = called(rows, log_ratios=gene_bins(gone, 1)).loc["CDKN2A"]
    assert alone["call"] == "HETLOSS", "one bin is no evidence"


def test_bins_that_are_not_centred_as_the_segments_are() -> None:
    rows = [QUIET[0], ("chr9", 0, 100 * MB, 1, 0), *QUIET[2:]]
    moved = gene_bins(float(expected_log2(0.6, 2.0, 0, 2)), 4)
    moved["log2"] += 0.7
    assert called(rows, log_ratios=moved).loc["CDKN2A", "call"] == "HOMDEL"


def test_deletion_of_an_ambiguous_fit_needs_all_solutions_or_its_log_ratio() -> None:
    rows = [
        QUIET[0], ("chr9", 0, 21 * MB, 2, 1), ("chr9", 21 * MB, 23 * MB, 0, 0),
        ("chr9", 23 * MB, 100 * MB, 2, 1), *QUIET[2:],
    ]  # fmt: skip
    sure = called(rows, fit(0.6, 2.0))
    assert sure.loc["CDKN2A", "call"] == "HOMDEL"
    assert sure.loc["CDKN2A", "probability"] > 0.95
    doubtful = called(rows, fit(0.4, 2.0, is_ambiguous=True, alternatives="0.80/2.00 (-0.1)"))
    assert doubtful.loc["CDKN2A", "call"] == "HOMDEL", "its log ratio is below -1.1"
    assert doubtful.loc["CDKN2A", "basis"] == "log_ratio"
    strict = called(
        rows,
        fit(0.4, 2.0, is_ambiguous=True, alternatives="0.80/2.00 (-0.1)"),
        deleted_log2=-3.0,
    )
    assert strict.loc["CDKN2A", "call"] == "HETLOSS"


def test_without_purity_the_log_ratio_decides_and_says_so() -> None:
    level = {"CDK4": 0.9, "CDKN2A": -1.3}
    rows = [
        ("chr9", 0, 21 * MB, None, None), ("chr9", 21 * MB, 23 * MB, None, None),
        ("chr12", 0, 57 * MB, None, None), ("chr12", 57 * MB, 59 * MB, None, None),
        ("chr12", 59 * MB, 130 * MB, None, None),
    ]  # fmt: skip
    own = segments(rows)
    own["log2"] = [0.05, level["CDK4"], 0.3, 0.0, level["CDKN2A"]]  # chr12 sorts first
    unknown = fit(None, None, method="thresholds")
    params = CopyNumberGenesParams()
    genes = copy_number_genes(own, unknown, None, None, PLACES, ARMS, params).set_index("gene")
    assert genes["call"].to_dict() == {"CDKN2A": "HOMDEL", "CDK4": "AMP", "MDM2": "GAIN"}
    assert set(genes["basis"]) == {"log_ratio"}
    assert genes["probability"].isna().all()
    assert genes["total"].isna().all()


def test_annotation_gives_places_and_further_genes_are_shown_where_focal() -> None:
    pieces = pd.DataFrame(
        {
            "gene_id": ["G1", "G2", "G3"], "contig": ["chr12"] * 3,
            "start": [57_100_000, 80_000_000, 58_000_000],
            "end": [57_110_000, 80_000_500, 58_000_900],
        }
    )  # fmt: skip
    named = pieces.assign(gene=["CDK4", "FAR", "NEAR"], biotype="protein_coding", strand="+")
    model = GeneModel(Intervals.of([]), named.drop(columns=["start", "end"]), pieces)
    genes = called(with_chr12(12), genes=model)
    assert set(genes.index) == {"CDK4", "NEAR"}
    assert genes.loc["CDK4", "start"] == 57_100_000, "the annotation's place, not the list's"
    assert genes.loc["CDK4", "cytoband"] == "12q14.1"


def test_fish_ratio_and_gdc() -> None:
    gene = called(with_chr12(8)).loc["CDK4"]
    assert gene["fish_ratio"] == pytest.approx(4.0), "eight by the two of 12p"
    assert gene["is_amplified_gdc"]
    assert not called(with_chr12(3)).loc["CDK4", "is_amplified_gdc"]


def test_gene_beyond_all_bins_is_unknown() -> None:
    rows = [("chr9", 60 * MB, 100 * MB, 2, 1), *QUIET[2:]]
    gene = called(rows).loc["CDKN2A"]
    assert gene["call"] == "UNKNOWN"
    assert pd.isna(gene["total"])
    near = [("chr9", 22_500_000, 100 * MB, 1, 0), *QUIET[2:]]
    assert called(near).loc["CDKN2A", "call"] == "HETLOSS", "the bins begin half a megabase on"


def test_male_x() -> None:
    rows = [*QUIET[:3], ("chrX", 0, 77 * MB, 1, None), ("chrX", 77 * MB, 78 * MB, 0, None),
            ("chrX", 78 * MB, 150 * MB, 1, None)]  # fmt: skip
    assert called(rows).loc["ATRX", "call"] == "HOMDEL"
    assert called(QUIET).loc["ATRX", "call"] == "NEUTRAL"
    # Two of a doubled male's one X are usual, and no loss of the other allele.
    doubled = [(c, s, e, 4, 2) for c, s, e, _, _ in QUIET[:3]]
    genes = called([*doubled, ("chrX", 0, 150 * MB, 2, 0)], fit(0.6, 4.0))
    assert genes.loc["ATRX", "call"] == "NEUTRAL"


GONE = [
    QUIET[0], ("chr9", 0, 21 * MB, 2, 1), ("chr9", 21 * MB, 23 * MB, 0, 0),
    ("chr9", 23 * MB, 100 * MB, 2, 1), *QUIET[2:],
]  # fmt: skip


@pytest.mark.parametrize("level", [-1.5, -0.5, 0.6])
def test_x_of_unknown_sex_is_unknown(level: float) -> None:
    edges = [0, 77 * MB, 78 * MB, 150 * MB]
    rows = [*QUIET[:3], *(("chrX", a, b, None, None) for a, b in pairwise(edges))]
    changes = {(4, "log2"): level, (4, "normal_copies"): 2}
    away = [("chr1", n * 400_000, n * 400_000 + 300, 0.0) for n in range(200)]
    inside = [
        ("chrX", 77_504_900 + n * 50_000, 77_505_200 + n * 50_000, -2.0) for n in range(5)
    ]
    own = bins([*away, *inside])
    gene = called(rows, fit(sex=""), own, changes=changes).loc["ATRX"]
    assert gene["call"] == "UNKNOWN"
    assert gene[["total", "probability", "log_likelihood_ratio"]].isna().all()
    assert called(rows, fit(), changes=changes).loc["ATRX", "call"] != "UNKNOWN"
    known = called(QUIET, fit(sex="")).loc["ATRX"]
    assert known["call"] != "UNKNOWN", "copies that another program gives stay"


@pytest.mark.parametrize(
    ("purity", "log2", "call"),
    [(0.24, -0.6, "HETLOSS"), (0.26, -0.6, "HOMDEL"), (0.3, -0.38, "HETLOSS"),
     (0.3, -0.42, "HOMDEL")],
)  # fmt: skip
def test_deletion_needs_a_purity_and_a_low_log_ratio(
    purity: float, log2: float, call: str
) -> None:
    gene = called(GONE, fit(purity), changes={(2, "log2"): log2}).loc["CDKN2A"]
    assert gene["call"] == call
    is_doubted = call == "HETLOSS"
    assert gene["basis"] == ("log_ratio" if is_doubted else "copies")
    assert pd.isna(gene["total"]) == is_doubted
    assert pd.isna(gene["probability"]) == is_doubted, "not that of the call it was"


@pytest.mark.parametrize("method", ["given", "fitted"])
def test_only_segments_of_another_program_are_not_doubted(method: str) -> None:
    fitted = fit(0.2, method=method)
    changes = {(2, "log2"): -0.3}
    ours = called(GONE, fitted, changes=changes).loc["CDKN2A"]
    assert ours["call"] == "HETLOSS"
    given = called(GONE, fitted, changes={**changes, (2, "log2_se"): np.nan}).loc["CDKN2A"]
    assert (given["call"], given["total"]) == ("HOMDEL", 0)


def test_basis_is_given_with_another_programs_copies() -> None:
    rows = [("chr9", 0, 100 * MB, 2, 1), ("chr12", 0, 130 * MB, None, None)]
    basis = called(rows, fit(method="given"))["basis"]
    assert (basis["CDKN2A"], basis["CDK4"]) == ("given", "log_ratio")


@pytest.mark.parametrize(("log2", "call"), [(0.38, "GAIN"), (0.42, "AMP")])
def test_amplification_needs_a_log_ratio(log2: float, call: str) -> None:
    genes = called(with_chr12(8), changes={(3, "log2"): log2})
    assert genes.loc["CDK4", "call"] == call
    assert genes.loc["CDK4", "total"] == 8


@pytest.mark.parametrize(("copies", "expected"), [(5.2, 0.0), (5.8, 1.0), (9.0, 1.0)])
def test_probability_of_an_amplification_is_that_of_half_a_copy_less(
    copies: float, expected: float
) -> None:
    log2 = float(expected_log2(0.6, 2.0, copies, 2))
    genes = called(with_chr12(6), changes={(3, "log2"): log2})
    assert genes.loc["CDK4", "probability"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("copies", "expected"), [(0.4, 1.0), (0.6, 0.0)])
def test_probability_of_a_deletion(copies: float, expected: float) -> None:
    log2 = float(expected_log2(0.6, 2.0, copies, 2))
    genes = called(GONE, changes={(2, "log2"): log2})
    assert genes.loc["CDKN2A", "probability"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("ploidy", "copies", "is_it"), [(2, 3, 0), (2, 4, 1), (3, 5, 0), (3, 6, 1)]
)
def test_gdc_amplifies_at_twice_the_ploidy(ploidy: float, copies: int, is_it: int) -> None:
    gene = called(with_chr12(copies), fit(0.6, float(ploidy))).loc["CDK4"]
    assert bool(gene["is_amplified_gdc"]) == bool(is_it)


def test_fish_counts_five_megabases_beyond_the_centromere() -> None:
    rows = [*QUIET[:2], ("chr12", 0, 35 * MB, 2, 1), ("chr12", 35 * MB, 57 * MB, 4, 2),
            ("chr12", 57 * MB, 59 * MB, 8, 1), ("chr12", 59 * MB, 130 * MB, 2, 1)]  # fmt: skip
    assert called(rows).loc["CDK4", "fish_ratio"] == pytest.approx(8 / ((35 * 2 + 5 * 4) / 40))


@pytest.mark.parametrize(
    ("log2", "mb", "call"),
    [(-0.3, 2, "HETLOSS"), (-0.2, 2, "NEUTRAL"), (0.9, 19, "AMP"), (0.9, 21, "GAIN"),
     (-1.3, 9, "HOMDEL"), (-1.3, 11, "HETLOSS")],
)  # fmt: skip
def test_limits_without_a_purity(log2: float, mb: int, call: str) -> None:
    rows = [("chr9", 21 * MB, (21 + mb) * MB, None, None)]
    unknown = fit(None, None, method="thresholds")
    gene = called(rows, unknown, changes={(0, "log2"): log2}).loc["CDKN2A"]
    assert gene["call"] == call


@pytest.mark.parametrize(("number", "call"), [(3, "HETLOSS"), (4, "HOMDEL"), (pd.NA, "HOMDEL")])
def test_deletion_of_the_smaller_part_needs_four_bins_where_they_are_told(
    number: object, call: str
) -> None:
    low, high = 21_990_000, 22_100_000
    rows = [
        QUIET[0], ("chr9", 0, low, 1, 0), ("chr9", low, high, 0, 0),
        ("chr9", high, 100 * MB, 1, 0), *QUIET[2:],
    ]  # fmt: skip
    assert called(rows, changes={(2, "bins"): number}).loc["CDKN2A", "call"] == call


def test_one_copy_of_a_near_haploid_tumour_is_no_loss_of_heterozygosity() -> None:
    rows = [QUIET[0], ("chr9", 0, 100 * MB, 1, 0), *QUIET[2:]]
    assert called(rows, fit(0.6, 1.2)).loc["CDKN2A", "call"] == "NEUTRAL"


@pytest.mark.parametrize(
    ("purity", "expected"),
    [(0.2, ("NEUTRAL", "copies", 2, 1)), (0.3, ("HOMDEL", "gene_bins", 0, 0))],
)
def test_doubted_deletion_of_the_gene_alone_leaves_the_call_of_its_segment(
    purity: float, expected: tuple[object, ...]
) -> None:
    own = gene_bins(float(expected_log2(0.6, 2.0, 1, 2)) - 0.7, 4)
    gene = called(QUIET, fit(purity), own).loc["CDKN2A"]
    assert tuple(gene[["call", "basis", "total", "minor"]]) == expected
    assert gene["log_likelihood_ratio"] > 4
    assert gene["probability"] > 0.8


def test_doubted_deletion_of_the_gene_alone_is_called_by_a_low_log_ratio() -> None:
    rows = [(*row[:3], 2, 1) if row[3] == 0 else row for row in GONE]
    own = gene_bins(float(expected_log2(0.6, 2.0, 1, 2)) - 1.4, 4)
    gene = called(rows, fit(0.2), own).loc["CDKN2A"]
    assert (gene["call"], gene["basis"]) == ("HOMDEL", "log_ratio")
    assert gene[["total", "minor", "probability"]].isna().all()


def test_given_segments_beside_bins() -> None:
    gone = gene_bins(float(expected_log2(0.6, 2.0, 0, 2)), 4)
    rows = [QUIET[0], ("chr9", 0, 100 * MB, 1, 0), *QUIET[2:]]
    rows[1:2] = [("chr9", 0, 30 * MB, 1, 0), ("chr9", 30 * MB, 100 * MB, 1, 0)]
    changes = {(n, "log2_se"): np.nan for n in range(len(rows))} | {(2, "log2"): np.nan}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gene = called(rows, fit(method="given"), gone, changes=changes).loc["CDKN2A"]
    assert (gene["call"], gene["basis"]) == ("HOMDEL", "gene_bins")
