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
