"""The tests of group comparisons give the numbers of R 4.2.2 (tests_golden.R).

R's answers are stored with twelve significant digits; we ask for 1e-9 relative, p values
of the normal approximation and ends of intervals from R's root finder included.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.statistics.boxplot_statistics import box, quartiles
from storiform.statistics.chi_squared import chi_squared, trend_of_shares
from storiform.statistics.correlations import kendall, pearson, spearman
from storiform.statistics.exact_tables import fisher_table
from storiform.statistics.fisher import fisher_2x2, fisher_2xc
from storiform.statistics.kruskal import kruskal_wallis
from storiform.statistics.logistic import fit_logistic, fit_reweighted
from storiform.statistics.multiplicity import adjusted, benjamini_hochberg
from storiform.statistics.proportions import binomial_p, clopper_pearson, wilson
from storiform.statistics.rank_null import conditional_p
from storiform.statistics.ranks import RankSums, normal_p, rank_sum
from storiform.statistics.signed_rank import signed_rank
from storiform.statistics.t_test import welch_t

HERE = Path(__file__).parent
WILCOXON = pd.read_csv(HERE / "wilcoxon.tsv", sep="\t").set_index("case")
FISHER = pd.read_csv(HERE / "fisher.tsv", sep="\t").set_index("case")
RELATIVE = 1e-9


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, sep="\t", dtype={"outliers": str})


def numbers(text: str) -> np.ndarray:
    return np.array(str(text).split(","), dtype=float)


def table_of(row: pd.Series) -> np.ndarray:
    shape = (int(row["nrow"]), int(row["ncol"]))
    return numbers(row["table"]).astype(int).reshape(shape, order="F")


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


@pytest.mark.parametrize("case", WILCOXON.index)
def test_normal_p_with_and_without_correction_is_that_of_r(case):
    expected = WILCOXON.loc[case]
    ours = [normal_p(*groups(case), correction) for correction in (0.5, 0.0)]
    theirs = expected[["p_asym_cc", "p_asym_nocc"]].astype(float).tolist()
    assert ours == pytest.approx(theirs, rel=RELATIVE, nan_ok=True)


@pytest.mark.parametrize("case", WILCOXON.index[WILCOXON["p_exactTRUE"].notna()])
def test_exact_p_at_any_size_is_that_of_r(case):
    ours = conditional_p(*groups(case))
    # With ties R turns back to the normal approximation even when asked for the exact p.
    expected = WILCOXON.loc[case]
    if expected["p_exactTRUE"] != expected["p_asym_cc"] or case == "n1v5":
        assert ours == pytest.approx(expected["p_exactTRUE"], rel=RELATIVE)
    elif expected["nx"] < 50:
        theirs = expected["p_permutation_exact_exactRankTests"]
        assert ours == pytest.approx(theirs, rel=RELATIVE)


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
    sides = [ours.p_greater, ours.p_less]
    assert sides == pytest.approx(expected[["p_greater", "p_less"]].tolist(), rel=RELATIVE)


@pytest.mark.parametrize("case", ["r2x4", "sic5x2"])
def test_fisher_with_more_columns_is_that_of_r(case):
    expected = FISHER.loc[case]
    cells = np.array(expected["table"].split(","), dtype=np.int64)
    shape = (int(expected["nrow"]), int(expected["ncol"]))
    table = cells.reshape(shape, order="F")
    table = table if shape[0] == 2 else table.T
    assert fisher_2xc(table[0], table[1]) == pytest.approx(expected["p"], rel=RELATIVE)


@pytest.mark.parametrize("case", FISHER.index)
def test_tables_of_any_shape_have_the_p_of_r(case):
    table = table_of(FISHER.loc[case])
    assert fisher_table(table).p == pytest.approx(FISHER.loc[case, "p"], rel=RELATIVE)
    for yates, name in ((True, "chisq_p"), (False, "chisq_p_nocorrect")):
        found = chi_squared(table, yates=yates).p
        assert found == pytest.approx(FISHER.loc[case, name], rel=RELATIVE, nan_ok=True)


@pytest.mark.parametrize("row", range(len(read("more_fisher.tsv"))))
def test_larger_tables_have_the_p_of_r(row):
    expected = read("more_fisher.tsv").loc[row]
    table = table_of(expected)
    # R puts fillings together that are equally likely to 1e-7.
    assert fisher_table(table).p == pytest.approx(expected["p"], rel=1e-8)
    assert chi_squared(table).p == pytest.approx(expected["chisq"], rel=RELATIVE)


@pytest.mark.parametrize(
    ("name", "method"),
    [("BH", "benjamini_hochberg"), ("BY", "benjamini_yekutieli"), ("holm", "holm"),
     ("hochberg", "hochberg"), ("hommel", "hommel"), ("bonferroni", "bonferroni")],
)  # fmt: skip
def test_adjusted_p_are_those_of_r(name, method):
    theirs = read("padjust.tsv")
    np.testing.assert_allclose(
        adjusted(theirs["p"], method), theirs[name], rtol=RELATIVE, atol=0
    )


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


def test_wilson_and_binomial_test_are_those_of_r():
    for row in read("orr_ci.tsv").itertuples():
        assert wilson(row.x, row.n) == pytest.approx((row.wilson_l, row.wilson_u), rel=RELATIVE)
        p = binomial_p(row.x, row.n, 0.05, "greater")
        assert p == pytest.approx(row.p_vs_5pct_greater, rel=RELATIVE)
    for row in read("more_binomial.tsv").itertuples():
        found = [binomial_p(row.x, row.n, row.rate, side) for side in SIDES]
        assert found == pytest.approx([row.two_sided, row.greater, row.less], rel=RELATIVE)


SIDES = ("two-sided", "greater", "less")
LUNG = read("inputs/lung_full.tsv")
CORRELATE = {"pearson": pearson, "spearman": spearman, "kendall": kendall}


@pytest.mark.parametrize("row", range(len(read("correlation.tsv"))))
def test_correlations_are_those_of_r(row):
    expected = read("correlation.tsv").loc[row]
    x, y = (LUNG[expected[name]].to_numpy(float) for name in "xy")
    found = CORRELATE[expected["method"]](x, y)
    assert found.n == expected["n"]
    ours = [found.estimate, found.p, found.lower, found.upper]
    theirs = expected[["estimate", "p", "lcl", "ucl"]].astype(float).tolist()
    assert ours == pytest.approx(theirs, rel=RELATIVE, nan_ok=True)


def test_exact_rank_correlations_are_those_of_r():
    values, expected = read("inputs/cor_smalln.tsv"), read("correlation_smalln.tsv")
    for function, row in zip((spearman, kendall), expected.itertuples(), strict=True):
        found = function(values["x"].to_numpy(), values["y"].to_numpy())
        assert [found.estimate, found.p] == pytest.approx([row.est, row.p], rel=RELATIVE)
        assert "exact" in found.method


@pytest.mark.parametrize("row", range(len(read("more_correlation.tsv"))))
def test_rank_correlations_follow_the_rules_of_r_from_few_to_many(row):
    expected = read("more_correlation.tsv").loc[row]
    x, y = numbers(expected["x"]), numbers(expected["y"])
    for name, function in CORRELATE.items():
        found = function(x, y)
        assert found.estimate == pytest.approx(expected[name], rel=RELATIVE, abs=1e-15)
        assert found.p == pytest.approx(expected[f"{name}_p"], rel=1e-8)
    ends = pearson(x, y)[2:4]
    assert ends == pytest.approx(expected[["lcl", "ucl"]].astype(float).tolist(), rel=RELATIVE)


def test_signed_rank_is_that_of_r():
    values, expected = read("inputs/signed_rank.tsv"), read("signed_rank.tsv").loc[0]
    before, after = values["y"].to_numpy(), values["x"].to_numpy()
    found = signed_rank(before, after)
    assert found.statistic == expected["V"]
    assert found.p == pytest.approx(expected["p_exact"], rel=RELATIVE)
    # A patient without change turns R to the normal approximation of the others.
    normal = signed_rank(np.append(before, 1.0), np.append(after, 1.0))
    assert normal.p == pytest.approx(expected["p_asym_cc"], rel=RELATIVE)


@pytest.mark.parametrize("row", range(len(read("more_signed_rank.tsv"))))
def test_signed_rank_with_ties_and_zeros_is_that_of_r(row):
    expected = read("more_signed_rank.tsv").loc[row]
    changes = numbers(expected["changes"])
    found = signed_rank(np.zeros(len(changes)), changes)
    assert found.is_exact == expected["exact"]
    ours = [found.statistic, found.p, found.shift, found.lower, found.upper]
    theirs = expected[["V", "p", "shift", "lcl", "ucl"]].astype(float).tolist()
    if expected["level"] < 0.95:  # R gives a 90 % interval where 95 % is out of reach
        theirs[3:] = [np.nan, np.nan]
    assert ours == pytest.approx(theirs, rel=1e-8, nan_ok=True)


def test_kruskal_wallis_and_welch_are_those_of_r():
    expected = read("kruskal_t.tsv").set_index("test")
    age, sex = LUNG["age"].to_numpy(float), LUNG["sex"].to_numpy()
    known = LUNG["ph.ecog"].notna().to_numpy()
    kruskal = kruskal_wallis(age[known], LUNG["ph.ecog"].to_numpy()[known])
    welch = welch_t(age[sex == 1], age[sex == 2])
    ours = [kruskal.statistic, kruskal.p, welch.statistic, welch.p]
    assert ours == pytest.approx(expected.to_numpy().ravel().tolist(), rel=RELATIVE)


def test_groups_with_ties_are_compared_as_in_r():
    row = read("more_groups.tsv").loc[0]
    values, names = numbers(row["values"]), np.array(row["groups"].split(","))
    kruskal = kruskal_wallis(values, names)
    welch = welch_t(values[names == "a"], values[names == "b"])
    ours = [*kruskal[::2], welch.statistic, welch.degrees, welch.p, welch.lower, welch.upper]
    fields = ["kruskal", "kruskal_p", "t", "df", "t_p", "lcl", "ucl"]
    assert ours == pytest.approx(row[fields].astype(float).tolist(), rel=RELATIVE)


def test_trend_of_shares_is_that_of_r():
    for name in ("prop_trend.tsv", "more_trend.tsv"):
        for row in read(name).itertuples():
            scores = numbers(row.score) if "more" in name else None
            found = trend_of_shares(numbers(row.x), numbers(row.n), scores)
            assert [found.statistic, found.p] == pytest.approx([row.chisq, row.p], rel=RELATIVE)


def test_logistic_regression_is_that_of_r():
    expected = read("logistic.tsv")
    known = LUNG[["age", "sex", "ph.ecog", "status"]].dropna()
    covariates, died = known.iloc[:, :3].to_numpy(float), known["status"].to_numpy() == 2
    design = np.column_stack([np.ones(len(known)), covariates])
    coefficient, se = fit_reweighted(design, died.astype(float))
    reach = 1.959963984540054 * se
    ours = [
        coefficient, se, coefficient / se, stats.norm.sf(np.abs(coefficient / se)) * 2,
        coefficient - reach, coefficient + reach,
    ]  # fmt: skip
    for values, name in zip(ours, expected.columns[1:], strict=True):
        np.testing.assert_allclose(values, expected[name], rtol=RELATIVE, atol=0)
    found = fit_logistic(covariates, died.astype(float))
    np.testing.assert_allclose(found.coefficient, expected["coef"][1:], rtol=RELATIVE)
    np.testing.assert_allclose(found.se, expected["se"][1:], rtol=RELATIVE)
    assert len(known) == 227


def test_box_plots_are_those_of_r():
    for row in read("boxplot_stats.tsv").itertuples():
        values = groups(row.case)[1]
        found = box(values)
        assert quartiles(values) == pytest.approx((row.q25, row.q50, row.q75))
        ours = [found.hinge_low, found.hinge_high, found.whisker_low, found.whisker_high]
        theirs = [row.hinge_l, row.hinge_u, row.whisk_l, row.whisk_u]
        assert ours == pytest.approx(theirs)
        assert len(found.outliers) == row.n_out
    for row in read("more_boxplot.tsv").itertuples():
        found = box(numbers(row.values))
        assert list(found[:5]) == pytest.approx(numbers(row.box).tolist())
        beyond = [] if pd.isna(row.outliers) else sorted(numbers(row.outliers).tolist())
        assert found.outliers.tolist() == beyond
