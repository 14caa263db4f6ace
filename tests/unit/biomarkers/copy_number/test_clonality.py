"""The share of cells with a mutation, from reads drawn with known shares."""

import numpy as np
import pandas as pd
import pytest
from small_copies import fit, segments

from storiform.biomarkers.copy_number.clonality import (
    CopyNumberClonalityParams,
    clonal_burden,
    clonality,
)
from storiform.model.tables.copy_calls import CLONAL_BURDEN, CLONALITY, COPY_NUMBER_SEGMENTS

MB = 1_000_000
PURITY = 0.6
ROWS = [
    ("chr1", 0, 50 * MB, 2, 1), ("chr1", 50 * MB, 100 * MB, 4, 1), ("chr9", 0, 50 * MB, 1, 0),
    ("chr9", 50 * MB, 100 * MB, 0, 0),
]  # fmt: skip


def calls(places: list[tuple[str, int]], alt: list[int], depth: int = 300) -> pd.DataFrame:
    frame = pd.DataFrame(places, columns=["contig", "start"])
    return frame.assign(
        end=frame["start"] + 1, ref="C", alt="T", gene="G", is_nonsynonymous=True,
        is_eligible=True, tumour_depth=depth, tumour_alt_reads=alt,
    )  # fmt: skip


def found(variants: pd.DataFrame, purity: float | None = PURITY) -> pd.DataFrame:
    table = clonality(variants, segments(ROWS), fit(purity), CopyNumberClonalityParams())
    return CLONALITY.conform(table)


def share(copies: int, total: int, fraction: float = 1.0) -> float:
    return PURITY * copies * fraction / (PURITY * total + 2 * (1 - PURITY))


@pytest.mark.parametrize(
    ("place", "total", "copies"),
    [
        (("chr1", 10), 2, 1),
        (("chr1", 60 * MB), 4, 3),
        (("chr1", 60 * MB), 4, 1),
        (("chr9", 5), 1, 1),
    ],
)
def test_clonal_call_at_any_copies(place: tuple[str, int], total: int, copies: int) -> None:
    row = found(calls([place], [round(300 * share(copies, total))])).iloc[0]
    assert row["is_clonal"]
    assert row["multiplicity"] == copies
    assert row["ccf"] == pytest.approx(1.0, abs=0.05)
    assert row["total"] == total


def test_subclonal_call_and_its_bounds() -> None:
    row = found(calls([("chr1", 10)], [round(300 * share(1, 2, 0.4))])).iloc[0]
    assert not row["is_clonal"]
    assert row["ccf"] == pytest.approx(0.4, abs=0.03)
    assert row["ccf_lower"] < 0.4 < row["ccf_upper"] < 0.7
    assert row["probability_clonal"] < 0.01


def test_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    truth = rng.uniform(0.1, 0.9, 400)
    precision = CopyNumberClonalityParams().precision
    shares = [share(1, 2, fraction) for fraction in truth]
    drawn = [rng.beta(s * precision, (1 - s) * precision) for s in shares]
    alt = rng.binomial(150, drawn).tolist()
    variants = calls([("chr1", 1000 * n) for n in range(400)], alt, depth=150)
    table = found(variants)
    of_one = table["multiplicity"] == 1
    inside = (table["ccf_lower"] <= truth) & (truth <= table["ccf_upper"])
    assert 0.92 <= inside[of_one].mean() <= 0.99


def test_clonal_calls_are_told_from_subclonal_ones() -> None:
    rng = np.random.default_rng(12)
    fractions = np.where(np.arange(300) < 200, 1.0, rng.uniform(0.15, 0.5, 300))
    alt = rng.binomial(120, [share(1, 2, f) for f in fractions]).tolist()
    table = found(calls([("chr1", 1000 * n) for n in range(300)], alt, depth=120))
    is_clonal = table["is_clonal"].to_numpy(bool)
    assert is_clonal[:200].mean() > 0.95
    assert is_clonal[200:].mean() < 0.1


def test_where_it_cannot_be_told_it_is_missing() -> None:
    lost = found(calls([("chr9", 60 * MB), ("chr12", 5)], [20, 20]))
    assert lost["is_clonal"].isna().all()
    assert lost["ccf"].isna().all()
    assert lost.loc[lost["contig"] == "chr9", "total"].tolist() == [0]
    assert found(calls([("chr1", 5)], [20]), purity=None)["is_clonal"].isna().all()


def test_calls_that_are_not_eligible_are_left_out() -> None:
    variants = calls([("chr1", 5), ("chr1", 9)], [20, 20]).assign(is_eligible=[True, False])
    assert found(variants)["start"].tolist() == [5]
    assert found(variants.iloc[:0]).empty


def test_without_segments_every_call_is_unplaced() -> None:
    empty = COPY_NUMBER_SEGMENTS.empty()
    params = CopyNumberClonalityParams()
    for purity in (PURITY, None):
        table = clonality(calls([("chr1", 5)], [20]), empty, fit(purity), params)
        table = CLONALITY.conform(table)
        assert table["tumour_depth"].tolist() == [300]
        assert table["is_clonal"].isna().all()
        assert table["total"].isna().all()
    assert CLONALITY.conform(clonality(calls([], []), empty, fit(), params)).empty


def test_calls_without_read_counts_stay_and_count_as_unplaced() -> None:
    variants = calls([("chr1", 5), ("chr1", 9), ("chr1", 12)], [90, 90, 90])
    variants["tumour_depth"] = pd.array([300, None, 300], dtype="Int64")
    variants["tumour_alt_reads"] = pd.array([90, 90, None], dtype="Int64")
    table = found(variants)
    assert table["is_clonal"].isna().tolist() == [False, True, True]
    assert table["tumour_depth"].isna().tolist() == [False, True, False]
    assert table[["ccf", "multiplicity"]].isna().all(axis=1).tolist() == [False, True, True]
    row = clonal_burden(table.iloc[1:], pd.DataFrame({"megabases": [2.0]})).iloc[0]
    assert row["mutations_unplaced"] == 2
    assert np.isnan(row["tmb_clonal"])


def test_a_subclonal_call_is_on_one_copy() -> None:
    row = found(calls([("chr1", 60 * MB)], [round(300 * share(1, 4, 0.5))])).iloc[0]
    assert not row["is_clonal"]
    assert row["multiplicity"] == 1
    assert row["ccf"] == pytest.approx(0.5, abs=0.05)


def placed(total: int, minor: int | None, alt: int, normal: int = 2) -> pd.Series:
    own = segments([("chr1", 0, MB, total, minor)]).assign(normal_copies=normal)
    table = clonality(calls([("chr1", 5)], [alt]), own, fit(), CopyNumberClonalityParams())
    return CLONALITY.conform(table).iloc[0]


def test_copies_with_the_call_are_at_most_those_of_the_major_allele() -> None:
    alt = round(300 * share(3, 4))
    assert placed(4, 1, alt)["multiplicity"] == 3
    assert placed(4, 2, alt)["multiplicity"] == 2
    assert placed(4, 2, alt)["ccf"] == 1.0


def test_where_the_minor_allele_is_not_known_all_copies_may_carry_the_call() -> None:
    row = placed(4, None, round(300 * share(4, 4)))
    assert row["multiplicity"] == 4
    assert pd.isna(row["minor"])
    assert row["ccf"] == pytest.approx(1.0, abs=0.05)


def test_copies_of_normal_cells_dilute_the_call() -> None:
    half = round(300 * PURITY / (PURITY + (1 - PURITY)) / 2)
    man, woman = placed(1, 0, half, normal=1), placed(1, 0, half, normal=2)
    assert man["ccf"] == pytest.approx(0.5, abs=0.01)
    assert woman["ccf"] == pytest.approx(0.5 * (2 - PURITY), abs=0.01)
    assert not man["is_clonal"]


def burden(flags: list[bool | None], megabases: float = 2.0, *, silent: int = 0) -> pd.Series:
    """Return the burden of calls; the last `silent` ones are synonymous."""
    table = pd.DataFrame({"is_clonal": pd.array(flags, dtype="boolean")})
    table["is_nonsynonymous"] = np.arange(len(flags)) < len(flags) - silent
    tmb = pd.DataFrame({"megabases": [megabases]})
    return CLONAL_BURDEN.conform(clonal_burden(table, tmb)).iloc[0]


def test_burden_of_clonal_calls() -> None:
    row = burden([True, True, False, None])
    assert (row["mutations_clonal"], row["mutations_subclonal"]) == (2, 1)
    assert row["mutations_unplaced"] == 1
    assert (row["tmb_clonal"], row["tmb_subclonal"]) == (1.0, 0.5)


def test_burden_is_missing_where_no_call_can_be_told_and_zero_without_calls() -> None:
    assert np.isnan(burden([None, None])["tmb_clonal"])
    assert burden([])["tmb_clonal"] == 0.0
    assert np.isnan(burden([True], megabases=0.0)["tmb_clonal"])


def test_burden_counts_no_synonymous_calls() -> None:
    row = burden([True, False, None, True, False, None], silent=3)
    counts = row[["mutations_clonal", "mutations_subclonal", "mutations_unplaced"]]
    assert counts.tolist() == [1, 1, 1]
    assert (row["tmb_clonal"], row["tmb_subclonal"]) == (0.5, 0.5)
