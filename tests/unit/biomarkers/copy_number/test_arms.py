"""Arms are called by most of their length."""

import pandas as pd
import pytest
from small_copies import ARMS, fit, segments

from storiform.biomarkers.copy_number.arms import CopyNumberArmsParams, copy_number_arms
from storiform.model.tables.copy_calls import COPY_NUMBER_ARMS

MB = 1_000_000


def arms(rows: list, ploidy: float | None = 2.0, share: float = 0.8) -> pd.DataFrame:  # type: ignore[type-arg]
    own = segments(rows, ploidy=ploidy or 2.0)
    params = CopyNumberArmsParams(min_share=share)
    found = copy_number_arms(own, fit(0.6, ploidy), ARMS, params)
    return COPY_NUMBER_ARMS.conform(found).set_index(["contig", "arm"])


@pytest.mark.parametrize(("end", "call"), [(39, "mixed"), (41, "gain"), (50, "gain")])
def test_an_arm_is_gained_from_four_fifths_on(end: int, call: str) -> None:
    found = arms([("chr1", 0, end * MB, 3, 1), ("chr1", end * MB, 100 * MB, 2, 1)])
    assert found.loc[("chr1", "p"), "call"] == call
    assert found.loc[("chr1", "p"), "share"] == pytest.approx(end / 50)
    assert found.loc[("chr1", "q"), "call"] == "neutral"
    assert found.loc[("chr1", "p"), "total"] == 3


def test_loss_loh_and_the_x_of_a_male() -> None:
    found = arms(
        [("chr1", 0, 50 * MB, 1, 0), ("chr1", 50 * MB, 100 * MB, 2, 0),
         ("chrX", 0, 150 * MB, 1, None)]
    )  # fmt: skip
    assert found.loc[("chr1", "p"), "call"] == "loss"
    assert found.loc[("chr1", "q"), "call"] == "loh"
    assert found.loc[("chrX", "p"), "call"] == "neutral"
    assert ("chr9", "p") not in found.index, "an arm without bins has no row"


def test_copies_are_compared_with_the_ploidy() -> None:
    found = arms([("chr1", 0, 50 * MB, 3, 1), ("chr1", 50 * MB, 100 * MB, 4, 2)], ploidy=4.0)
    assert found.loc[("chr1", "p"), "call"] == "loss"
    assert found.loc[("chr1", "q"), "call"] == "neutral"


def test_log_ratios_decide_where_copies_are_missing() -> None:
    own = segments([("chr1", 0, 50 * MB, None, None), ("chr1", 50 * MB, 100 * MB, None, None)])
    own["log2"] = [0.4, -0.5]
    found = copy_number_arms(own, fit(None, None), ARMS, CopyNumberArmsParams())
    assert found["call"].tolist() == ["gain", "loss"]
    assert found["total"].isna().all()


def test_x_of_unknown_sex_is_unknown() -> None:
    own = segments([("chr1", 0, 100 * MB, 2, 1), ("chrX", 0, 150 * MB, None, None)])
    own["log2"] = [0.0, -0.9]
    params = CopyNumberArmsParams()
    unknown = copy_number_arms(own, fit(sex=""), ARMS, params)
    assert unknown["call"].tolist() == ["neutral"] * 2 + ["unknown"] * 2
    known = copy_number_arms(own, fit(sex="male"), ARMS, params)
    assert known["call"].tolist() == ["neutral"] * 2 + ["loss"] * 2


@pytest.mark.parametrize(("told", "minor"), [(24, None), (26, 1)])
def test_minor_copies_are_those_of_most_of_the_prevailing_total(
    told: int, minor: int | None
) -> None:
    found = arms(
        [("chr9", 0, 15 * MB, 1, 0), ("chr1", 0, told * MB, 2, 1),
         ("chr1", told * MB, 50 * MB, 2, None), ("chr9", 15 * MB, 45 * MB, 2, None)]
    )  # fmt: skip
    lone = found.loc[("chr9", "p")]
    assert (lone["total"], lone["share"]) == (2, pytest.approx(2 / 3))
    assert pd.isna(lone["minor"]), "that of the third with one copy is not the arm's"
    assert found.loc[("chr1", "p"), "total"] == 2
    if minor is None:
        assert pd.isna(found.loc[("chr1", "p"), "minor"])
    else:
        assert found.loc[("chr1", "p"), "minor"] == minor


def test_no_loh_where_one_copy_is_usual() -> None:
    single = arms([("chr1", 0, 100 * MB, 1, 0)], ploidy=1.2)
    assert set(single["call"]) == {"neutral"}
    doubled = arms([("chrX", 0, 150 * MB, 2, 0)], ploidy=4.0)
    assert set(doubled["call"]) == {"neutral"}, "the X of a doubled male"
