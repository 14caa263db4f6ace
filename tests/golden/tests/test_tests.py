"""The tests of group comparisons give the numbers of R 4.2.2 (tests_golden.R).

R's answers are stored with twelve significant digits; we ask for 1e-9 relative, p values
of the normal approximation and ends of intervals from R's root finder included.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.statistics.fisher import fisher_2x2, fisher_2xc
from storiform.statistics.multiplicity import benjamini_hochberg
from storiform.statistics.proportions import clopper_pearson
from storiform.statistics.rank_null import conditional_p
from storiform.statistics.ranks import RankSums, rank_sum

HERE = Path(__file__).parent
WILCOXON = pd.read_csv(HERE / "wilcoxon.tsv", sep="\t").set_index("case")
FISHER = pd.read_csv(HERE / "fisher.tsv", sep="\t").set_index("case")
RELATIVE = 1e-9


def groups(case: str) -> tuple[np.ndarray, np.ndarray]:
    values = pd.read_csv(HERE / "inputs" / "wilcoxon_cases.tsv", sep="\t")
    values = values[values["case"] == case].dropna()
    return tuple(
        values.loc[values["group"] == name, "value"].to_numpy(dtype=float) for name in "xy"
    )


def compared(case: str) -> RankSums:
    return rank_sum(*groups(case))


@pytest.mark.parametrize("case", WILCOXON.index)
def test_rank_sum_is_that_of_r(case):
    ours, theirs = compared(case), WILCOXON.loc[case]
    assert ours.statistic[0] == theirs["W"]
    assert ours.p[0] == pytest.approx(theirs["p_default"], rel=RELATIVE, nan_ok=True)
    assert ours.is_exact[0] == ("exact" in theirs["method_default"])


@pytest.mark.parametrize("case", WILCOXON.index)
def test_hodges_lehmann_shift_and_interval_are_those_of_r(case):
    ours, theirs = compared(case), WILCOXON.loc[case]
    found = [ours.shift[0], ours.shift_lower[0], ours.shift_upper[0]]
    expected = theirs[["hl_estimate", "hl_lcl", "hl_ucl"]].astype(float).tolist()
    # An end at zero is known to R's own root tolerance only: absolute, in the last digit.
    assert found == pytest.approx(expected, rel=RELATIVE, abs=1e-13, nan_ok=True)


@pytest.mark.parametrize("case", WILCOXON.index)
def test_conditional_p_is_that_of_coin(case):
    expected = WILCOXON.loc[case, "p_permutation_exact_coin"]
    assert conditional_p(*groups(case)) == pytest.approx(expected, rel=RELATIVE, nan_ok=True)


def test_ties_are_counted_exactly_on_request():
    ours = rank_sum(*groups("trial_9v19_ties"), ties="conditional")
    assert ours.p[0] == pytest.approx(0.0109316770186, rel=RELATIVE)
    assert ours.is_exact[0]


@pytest.mark.parametrize("case", FISHER.index[FISHER["odds_ratio"].notna()])
def test_fisher_with_odds_ratio_and_interval_is_that_of_r(case):
    expected = FISHER.loc[case]
    a, c, b, d = (int(cell) for cell in expected["table"].split(","))
    ours = fisher_2x2(a, b, c, d)
    assert ours.p == pytest.approx(expected["p"], rel=RELATIVE)
    found = [ours.odds_ratio, ours.lower, ours.upper]
    assert found == pytest.approx(expected[["odds_ratio", "lcl", "ucl"]].tolist(), rel=RELATIVE)


@pytest.mark.parametrize("case", ["r2x4", "sic5x2"])
def test_fisher_with_more_columns_is_that_of_r(case):
    expected = FISHER.loc[case]
    cells = np.array(expected["table"].split(","), dtype=np.int64)
    shape = (int(expected["nrow"]), int(expected["ncol"]))
    table = cells.reshape(shape, order="F")
    table = table if shape[0] == 2 else table.T
    assert fisher_2xc(table[0], table[1]) == pytest.approx(expected["p"], rel=RELATIVE)


def test_benjamini_hochberg_is_that_of_r():
    theirs = pd.read_csv(HERE / "padjust.tsv", sep="\t")
    ours = benjamini_hochberg(theirs["p"])
    np.testing.assert_allclose(ours, theirs["BH"], rtol=RELATIVE, atol=0)


def test_clopper_pearson_is_that_of_r():
    theirs = pd.read_csv(HERE / "orr_ci.tsv", sep="\t")
    ours = [
        clopper_pearson(int(x), int(n)) for x, n in zip(theirs["x"], theirs["n"], strict=True)
    ]
    np.testing.assert_allclose(ours, theirs[["cp_l", "cp_u"]], rtol=RELATIVE, atol=0)
