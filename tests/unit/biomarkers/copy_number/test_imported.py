"""Segments of other programs keep their copies; log ratios alone stay log ratios."""

import numpy as np
import pandas as pd
import pytest
from test_fit import fitted

from storiform.biomarkers.copy_number.imported import imported_segments, mean_copies, usual_x
from storiform.model.copies import expected_log2
from storiform.model.tables.copies import GIVEN_FIT, GIVEN_SEGMENTS
from storiform.model.tables.copy_calls import COPY_NUMBER_SEGMENTS

MB = 1_000_000
NO_NUMBER = float("nan")


def given(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Return rows of contig, start, end, log2, total, minor."""
    columns = ["contig", "start", "end", "log2", "total", "minor"]
    table = pd.DataFrame(rows, columns=columns).assign(bins=pd.NA, tool="TOOL")
    return GIVEN_SEGMENTS.conform(table)


def given_fit(purity: float, ploidy: float, wgd: bool | None = None) -> pd.DataFrame:  # noqa: FBT001  a cell
    row = {"tool": ["PURPLE"], "purity": [purity], "ploidy": [ploidy], "wgd": [wgd]}
    return GIVEN_FIT.conform(pd.DataFrame(row))


COPIES = given(
    ("chr1", 0, 60 * MB, NO_NUMBER, 2.02, 0.98),
    ("chr2", 0, 30 * MB, NO_NUMBER, 3.44, 1.0),
    ("chr2", 30 * MB, 60 * MB, NO_NUMBER, -0.1, -0.05),
)
RATIOS = given(
    ("chr1", 0, 60 * MB, 0.0, NO_NUMBER, NO_NUMBER),
    ("chr2", 0, 60 * MB, -0.6, NO_NUMBER, NO_NUMBER),
)


def test_copies_are_rounded_and_what_lies_between_is_subclonal():
    segments = imported_segments(COPIES, 0.6, 2.0, "female")
    segments = COPY_NUMBER_SEGMENTS.conform(segments)
    assert segments["total"].tolist() == [2, 3, 0]
    assert segments["minor"].tolist() == [1, 1, 0]
    assert segments["is_subclonal"].tolist() == [False, True, False]
    assert segments["total_raw"].tolist() == [2.02, 3.44, 0.0]
    expected = expected_log2(0.6, 2.0, [2.02, 3.44], 2)
    assert segments["log2"].tolist()[:2] == pytest.approx(expected.tolist())


def test_a_given_fit_and_copies_make_the_whole_answer():
    found = fitted(None, given_segments=COPIES, given_fit=given_fit(0.6, 2.2, wgd=True))
    assert found.fit["method"] == "given"
    assert (found.fit["purity"], found.fit["ploidy"]) == (0.6, 2.2)
    assert bool(found.fit["wgd"])
    assert found.fit["fraction_altered"] == pytest.approx(0.5)
    assert found.fit["fraction_loh"] == pytest.approx(0.25)
    assert np.isnan(found.fit["purity_lower"])


def test_copies_without_a_fit_give_the_ploidy_and_no_purity():
    found = fitted(None, given_segments=COPIES)
    assert found.fit["method"] == "given"
    assert np.isnan(found.fit["purity"])
    assert found.fit["ploidy"] == pytest.approx((2 * 2.02 + 3.44) / 4)
    assert "no purity" in found.fit["limits"]


def test_log_ratios_without_a_fit_stay_log_ratios():
    found = fitted(None, given_segments=RATIOS)
    assert found.fit["method"] == "thresholds"
    assert np.isnan(found.fit["purity"])
    assert pd.isna(found.fit["wgd"])
    assert np.isnan(found.fit["fraction_altered"])
    assert "no purity" in found.fit["limits"]
    assert found.segments["total"].isna().all()
    assert (2.0 ** found.segments["log2"]).mean() == pytest.approx(1.0)


def test_log_ratios_with_a_fit_become_copies():
    ratios = RATIOS.assign(log2=expected_log2(0.5, 1.5, [2, 1], 2) + 0.3)
    found = fitted(None, given_segments=ratios, given_fit=given_fit(0.5, 1.5))
    assert found.segments["total"].tolist() == [2, 1]
    assert found.segments["minor"].isna().tolist() == [True, False]
    assert found.fit["method"] == "given"


def test_x_and_y_follow_the_sex():
    rows = given(
        ("chr1", 0, 60 * MB, 0.0, NO_NUMBER, NO_NUMBER),
        ("chrX", 0, 150 * MB, 0.0, NO_NUMBER, NO_NUMBER),
        ("chrY", 0, 50 * MB, 0.0, NO_NUMBER, NO_NUMBER),
    )
    male = imported_segments(rows, 0.5, 2.0, "male")
    assert male["total"].tolist() == [2, 1, 1]
    assert male["normal_copies"].tolist() == [2, 1, 1]
    assert imported_segments(rows, 0.5, 2.0, "female")["total"].tolist() == [2, 2]


def test_the_copies_of_x_and_y_need_a_sex_where_only_log_ratios_are_given():
    rows = given(
        ("chr1", 0, 60 * MB, 0.0, NO_NUMBER, NO_NUMBER),
        ("chrX", 0, 150 * MB, 0.0, NO_NUMBER, NO_NUMBER),
    )
    total = imported_segments(rows, 0.5, 2.0, "")["total"]
    assert total.iloc[0] == 2
    assert pd.isna(total.iloc[1])


def test_mean_copies_leave_out_x_and_y_and_what_is_missing():
    table = pd.DataFrame(
        {"contig": ["chr1", "chr2", "chrX"], "start": [0, 0, 0], "end": [10, 30, 100],
         "total_raw": [2.0, NO_NUMBER, 9.0]}
    )  # fmt: skip
    assert mean_copies(table) == 2.0
    assert np.isnan(mean_copies(table.iloc[1:]))


def x_at(level: float, shared: float = 0.0) -> pd.DataFrame:
    """Return log ratios with X at a level, what it shares with Y at another, and a Y at 0."""
    return given(
        ("chr1", 0, 60 * MB, 0.0, NO_NUMBER, NO_NUMBER),
        ("chrX", 10_000, 2_700_000, shared, NO_NUMBER, NO_NUMBER),
        ("chrX", 3 * MB, 100 * MB, level, NO_NUMBER, NO_NUMBER),
        ("chrX", 100 * MB, 110 * MB, level + 3.0, NO_NUMBER, NO_NUMBER),
        ("chrY", 3 * MB, 50 * MB, 0.0, NO_NUMBER, NO_NUMBER),
    )


@pytest.mark.parametrize(
    ("sex", "level", "moved"),
    [("female", 1.0, 0.0), ("female", -1.0, -1.0), ("female", 0.4, 0.4), ("male", -1.0, 0.0),
     ("male", 1.0, 1.0), ("male", -0.4, -0.4), ("", 1.0, 0.0), ("", -1.0, 0.0)],
)  # fmt: skip
def test_x_against_another_number_of_copies_is_moved_and_it_is_said(sex, level, moved):
    table, told = usual_x(x_at(level), sex)
    on_x = table[table["contig"] == "chrX"]["log2"]
    assert on_x.tolist() == pytest.approx([0.0, moved, moved + 3.0])
    assert bool(told) is (moved != level)
    if told:
        against = "one copy" if level > 0 else "two copies"
        assert told == [
            f"X of the given log ratios was against {against}: moved by {moved - level:+.0f}"
        ]
    assert ("chrY" in set(table["contig"])) is (sex == "male")


def test_what_x_shares_with_y_is_moved_where_it_lies_off_as_well():
    table, _ = usual_x(x_at(1.0, shared=0.9), "female")
    assert table["log2"].iloc[1] == pytest.approx(-0.1)
    table, _ = usual_x(x_at(-1.0, shared=0.1), "male")
    assert table["log2"].iloc[1] == pytest.approx(0.1)


def test_nothing_is_moved_without_log_ratios_or_x():
    assert usual_x(COPIES, "female")[1] == []
    assert usual_x(x_at(NO_NUMBER, NO_NUMBER), "male")[1] == []


def test_given_segments_of_a_female_against_one_x_have_two():
    rows = x_at(1.0, shared=1.0).drop(index=3).assign(log2=lambda own: own["log2"] + 0.3)
    found = fitted(None, given_segments=rows, given_fit=given_fit(0.5, 2.0))
    assert found.segments["total"].tolist() == [2, 2, 2]
    assert "was against one copy: moved by -1" in found.fit["limits"]
    copies = rows.assign(total=[2.0, 2.0, 2.0, 0.0])
    found = fitted(None, given_segments=copies, given_fit=given_fit(0.5, 2.0))
    assert found.segments["total"].tolist() == [2, 2, 2]
