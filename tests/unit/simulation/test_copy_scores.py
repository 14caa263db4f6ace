"""The scores of the copy number bench: the truth scores 1, what is false scores less."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from _copy_bars import calibration, gene_bars
from _copy_cases import exome_cases, gene_cases
from _copy_scores import Share, right_of_altered_bins, right_over_genome, true_call
from scipy.stats import binomtest

from storiform.simulation.karyotypes import draw_karyotype


@pytest.fixture(scope="module")
def planted():
    case = replace(exome_cases(4, 5)[2], scale=0.01)
    karyotype = draw_karyotype(case.plan, np.random.default_rng(3))
    segments = karyotype.segments[["contig", "start", "end"]].assign(
        total=karyotype.total.round().astype(int),
        total_raw=karyotype.total,
        minor=karyotype.minor.round().astype(int),
        is_subclonal=(karyotype.segments["ccf"] < 1),
    )
    return case, karyotype, segments


def test_the_truth_is_right_everywhere_and_one_more_copy_nowhere(planted):
    case, karyotype, segments = planted
    assert right_over_genome(karyotype, segments) == 1.0
    assert right_of_altered_bins(case, karyotype, segments) == 1.0
    more = segments.assign(total=segments["total"] + 3, total_raw=segments["total_raw"] + 3)
    assert right_over_genome(karyotype, more) == 0.0
    withheld = segments.assign(total=pd.array([pd.NA] * len(segments), dtype="Int64"))
    withheld = withheld.assign(total_raw=np.nan)
    assert right_over_genome(karyotype, withheld) == 0.0


def test_calling_all_basic_is_right_of_no_altered_bin(planted):
    case, karyotype, segments = planted
    flat = segments.assign(total=9, total_raw=9.0, is_subclonal=False)
    assert right_of_altered_bins(case, karyotype, flat) == 0.0


@pytest.mark.parametrize(("hits", "of"), [(0, 12), (5, 12), (12, 12), (299, 300)])
def test_intervals_are_those_of_clopper_and_pearson(hits, of):
    wanted = binomtest(hits, of).proportion_ci(0.95, method="exact")
    assert Share(hits, of).interval == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_calls_follow_the_definitions():
    told = [(0, 0), (1, 0), (2, 0), (2, 1), (3, 1), (6, 1), (9, 1), (10, 1)]
    assert [true_call(n, m, 2.1, 2.1) for n, m in told] == [
        "HOMDEL", "HETLOSS", "CNLOH", "NEUTRAL", "GAIN", "GAIN", "AMP", "HIGH_AMP",
    ]  # fmt: skip


def test_a_missed_and_a_false_deletion_miss_their_bars():
    names = [f"c{number}" for number in range(400)]
    truth = ["HOMDEL" if number % 2 else "NEUTRAL" for number in range(400)]
    common = {"purity": 0.6, "ploidy": 2.0, "total": 2.0, "coamplified": False}
    rows = pd.DataFrame({"case": names, "truth": truth, "call": truth, "amplicon": "none"})
    rows = rows.assign(**common, gene="CDKN2A")
    wide = rows.assign(gene="CDK4")

    def met(table):
        bars = gene_bars(pd.concat([table, wide, wide.assign(gene="MDM2")]))
        return [bar.is_met for bar in bars if bar.claim.startswith("CDKN2A deletion: ")][:2]

    assert met(rows) == [True, True]
    half = rows.assign(call=rows["call"].where(rows.index % 8 != 1, "HETLOSS"))
    assert met(half) == [False, True]
    more = rows.assign(call=rows["call"].where(rows.index % 8 != 0, "HOMDEL"))
    assert met(more) == [True, False]


def test_calibration_counts_each_class_of_probability():
    table = calibration(
        pd.Series([0.2, 0.2, 0.97, 0.97, np.nan]), pd.Series([False, True, True, True, True])
    )
    assert table["calls"].tolist() == [2, 2]
    assert table["found"].tolist() == [0.5, 1.0]


def test_cases_hold_what_the_issue_asks_for_and_differ_by_seed():
    cases = exome_cases(64, 5200)
    assert sum(case.plan.kind == "quiet" for case in cases) >= 12
    assert sum(case.plan.is_doubled for case in cases) >= 12
    assert sum(case.is_fixed for case in cases) >= 12
    assert min(case.purity for case in cases) < 0.25
    assert max(case.purity for case in cases) > 0.85
    assert [c.purity for c in cases] != [c.purity for c in exome_cases(64, 5201)]
    genes = gene_cases(700, 5200)
    assert sum(case.plan.amplicon == "both" for case in genes) >= 300
    assert sum(case.plan.amplicon != "both" for case in genes) >= 300
    assert sum(case.plan.deletion == "homozygous" for case in genes) >= 300
    assert sum(case.plan.deletion != "homozygous" for case in genes) >= 300
