"""Each number of a sample's quality is what its reads add up to; each concern has its edge."""

import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.quality import QualityParams, quality
from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Table
from storiform.model.tables.clinic import STATED_SEX
from storiform.model.tables.reads import (
    CONTAMINATION,
    DEPTH_HISTOGRAM,
    IDENTITY,
    QUALITY,
    READ_STATISTICS,
    TARGET_DEPTH,
)
from storiform.model.tables.rna_quality import RNA_QUALITY

DEFAULTS = {"string": "", "int": 0, "nullable_int": None, "float": None}
NORMAL = {"patient": "P1", "sample": "P1-N", "role": "normal", "assay": "exome"}
TUMOUR = {"patient": "P1", "sample": "P1-T", "role": "tumour", "assay": "exome"}
RNA = {"patient": "P1", "sample": "P1-R", "role": "tumour", "assay": "rna"}
GOOD = {
    "reads": 1000, "mapped": 960, "duplicates": 96, "properly_paired": 950, "paired": 1000,
    "spliced": 0, "on_target": 720, "mitochondrial": 48, "read_length": 100, "insert_size": 250,
}  # fmt: skip


def table(contract: Table, *rows: dict[str, object]) -> pd.DataFrame:
    """Return rows with what they do not give at its least."""
    blank = {name: DEFAULTS.get(column.dtype) for name, column in contract.columns.items()}
    units = () if contract.grain == "cohort" else UNIT_COLUMNS[contract.grain]
    columns = [*units, *(name for name in contract.columns if name not in units)]
    return contract.conform(
        pd.DataFrame([{**blank, **row} for row in rows], columns=columns), units
    )


def statistics(*units: dict[str, object]) -> pd.DataFrame:
    return table(READ_STATISTICS, *({**GOOD, **unit} for unit in units))


def targets(unit, x=1.0, y=0.0, high=1.0, depth=100):
    """Return 40 autosomal targets, half of high GC, and 10 of each sex chromosome."""
    rows = []
    for contig, times, relative in (("chr1", 40, 1.0), ("chrX", 10, x), ("chrY", 10, y)):
        for number in range(times):
            is_high = contig == "chr1" and number % 2
            start = 5_000_000 + 1000 * number
            rows.append(
                {
                    **unit, "contig": contig, "start": start, "end": start + 100,
                    "depth_sum": int(100 * depth * relative * (high if is_high else 1.0)),
                    "called_bases": 100, "gc_bases": 70 if is_high else 30,
                }
            )  # fmt: skip
    return table(TARGET_DEPTH, *rows)


def judged(statistics, **given):
    """Return the quality by sample, and what was warned of."""
    names = (
        "target_depth", "depth_histogram", "rna_quality", "contamination",
        "identity", "stated_sex",
    )  # fmt: skip
    params = QualityParams(**given.pop("params", {}))
    arguments = {name: given.get(name) for name in names}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = QUALITY.conform(quality(statistics, **arguments, params=params))
    assert all(issubclass(one.category, DataWarning) for one in caught)
    return found.set_index("sample"), [str(one.message) for one in caught]


def test_the_step_needs_the_reads_alone():
    step = Step.of(quality)
    needed = [argument.name for argument in step.arguments if not argument.optional]
    assert needed == ["read_statistics", "params"]
    assert (step.grain, step.section) == ("cohort", "quality")


def test_shares_are_those_of_reads_and_of_aligned_reads():
    found, said = judged(statistics(NORMAL))
    row = found.loc["P1-N"]
    assert row["mapped_share"] == 0.96
    assert row["duplicate_share"] == 0.1
    assert row["on_target_share"] == 0.75
    assert row["mitochondrial_share"] == 0.05
    assert (row["read_length"], row["insert_size"]) == (100, 250)
    assert np.isnan(row["mean_depth"])
    assert (row["concerns"], row["sex_found"], said) == ("", "", [])


def test_a_sample_without_aligned_reads_has_no_shares():
    found, _ = judged(statistics({**NORMAL, "reads": 0, "mapped": 0, "on_target": None}))
    assert found[["mapped_share", "duplicate_share", "on_target_share"]].isna().all(axis=None)


def test_depths_are_those_of_all_target_bases():
    bins = [(0, 10), (19, 10), (20, 25), (60, 35), (150, 20)]
    rows = [{**NORMAL, "depth": depth, "bases": bases} for depth, bases in bins]
    found, _ = judged(
        statistics(NORMAL), target_depth=targets(NORMAL, x=0.5, y=0.5),
        depth_histogram=table(DEPTH_HISTOGRAM, *rows),
    )  # fmt: skip
    row = found.loc["P1-N"]
    assert row["mean_depth"] == pytest.approx((40 * 100 + 20 * 50) / 60)
    assert row["median_depth"] == np.median(np.repeat(*zip(*bins, strict=True)))
    assert [row[f"share_{n}x"] for n in (20, 50, 100)] == [0.8, 0.55, 0.2]


@pytest.mark.parametrize(
    "bins", [[(3, 1), (5, 1)], [(3, 2), (5, 1)], [(0, 1)], [(1, 3), (9, 3)]]
)
def test_the_median_is_that_of_the_bases(bins):
    rows = [{**NORMAL, "depth": depth, "bases": bases} for depth, bases in bins]
    found, _ = judged(statistics(NORMAL), depth_histogram=table(DEPTH_HISTOGRAM, *rows))
    expected = np.median(np.repeat(*zip(*bins, strict=True)))
    assert found.loc["P1-N", "median_depth"] == expected


def test_gc_bias_is_the_relative_depth_of_rich_less_that_of_poor_targets():
    found, _ = judged(statistics(NORMAL), target_depth=targets(NORMAL, high=0.5))
    assert found.loc["P1-N", "gc_bias"] == pytest.approx((0.5 - 1.0) / 0.75)


def test_a_target_without_reads_has_the_bases_of_the_other_samples():
    shallow = targets(NORMAL, high=0.0)
    is_empty = shallow["depth_sum"] == 0
    shallow.loc[is_empty, ["called_bases", "gc_bases"]] = 0
    both = pd.concat([shallow, targets(TUMOUR)], ignore_index=True)
    found, _ = judged(statistics(NORMAL, TUMOUR), target_depth=both)
    assert found.loc["P1-N", "gc_bias"] == pytest.approx(-2.0)
    assert found.loc["P1-T", "gc_bias"] == 0.0


@pytest.mark.parametrize(
    ("x", "y", "sex"),
    [
        (1.0, 0.01, "female"), (0.5, 0.5, "male"), (0.5, 0.02, ""), (1.0, 0.1, ""),
        (1.0, 0.5, "male"), (0.75, 0.05, "female"), (0.74, 0.05, ""), (0.5, 0.15, "male"),
    ],
)  # fmt: skip
def test_the_sex_is_told_by_x_and_y(x, y, sex):
    found, _ = judged(statistics(NORMAL), target_depth=targets(NORMAL, x=x, y=y))
    row = found.loc["P1-N"]
    assert row["sex_found"] == sex
    assert (row["x_ratio"], row["y_ratio"]) == (pytest.approx(x), pytest.approx(y))


def test_few_targets_of_y_tell_no_sex():
    found, _ = judged(
        statistics(NORMAL), target_depth=targets(NORMAL), params={"min_sex_targets": 11}
    )
    assert found.loc["P1-N", "sex_found"] == ""
    assert np.isnan(found.loc["P1-N", "y_ratio"])


OF_RNA = {
    "patient": "P1", "biopsy": "P1", "sample": "P1-R", "strandedness_found": "reverse",
    "assigned_share": 0.8, "mitochondrial_share": 0.1, "rrna_share": 0.01,
    "three_prime_bias": 0.55, "genes_detected": 18_000, "sex_found": "female",
}  # fmt: skip


def rna(**change):
    return judged(statistics(RNA), rna_quality=table(RNA_QUALITY, OF_RNA | change))


def test_rna_has_its_own_numbers():
    found, said = rna()
    row = found.loc["P1-R"]
    assert row["assigned_share"] == 0.8
    assert row["mitochondrial_share"] == 0.05, "that of all aligned reads goes first"
    assert (row["strandedness_found"], row["genes_detected"]) == ("reverse", 18_000)
    assert row["sex_found"] == "female"
    assert (row["concerns"], said) == ("", [])


def test_concerns_of_rna_are_handed_on_and_not_warned_of_again():
    words = "39% of the fragments assigned; male by its reads, female in the clinical table"
    stated_sex = table(STATED_SEX, {"patient": "P1", "sex": "female"})
    given = table(RNA_QUALITY, OF_RNA | {"concerns": words, "sex_found": "male"})
    found, said = judged(statistics(RNA), rna_quality=given, stated_sex=stated_sex)
    assert found.loc["P1-R", "concerns"] == words
    assert said == []


def test_the_sex_of_rna_is_compared_with_that_of_the_exome():
    found, said = judged(
        statistics(TUMOUR, RNA), rna_quality=table(RNA_QUALITY, OF_RNA),
        target_depth=targets(TUMOUR, x=0.5, y=0.5),
    )  # fmt: skip
    assert found.loc["P1-R", "concerns"] == "female by its reads, while P1-T of P1 is male"
    assert len(said) == 2


def test_counts_without_reads_are_no_sample():
    found, _ = judged(statistics(RNA), rna_quality=table(RNA_QUALITY, OF_RNA | {"sample": ""}))
    assert np.isnan(found.loc["P1-R", "assigned_share"])


@pytest.mark.parametrize(
    ("change", "concern"),
    [
        ({"mapped": 899, "on_target": 700}, "90% of the reads are aligned"),
        ({"on_target": 383}, "40% of the aligned reads on target"),
        ({"on_target": 384}, ""),
        ({"on_target": None}, ""),
        ({"duplicates": 481}, "50% duplicates"),
        ({"duplicates": 480}, ""),
    ],
)
def test_each_concern_of_an_exome_has_its_edge(change, concern):
    found, said = judged(statistics({**NORMAL, **change}))
    assert (found.loc["P1-N", "concerns"], said) == (concern, [])


def test_a_shallow_exome_is_warned_of():
    found, said = judged(
        statistics(NORMAL), target_depth=targets(NORMAL, x=0.5, y=0.5, depth=12)
    )
    assert found.loc["P1-N", "concerns"] == "mean depth 10"
    assert said == ["sample P1-N: mean depth 10"]


@pytest.mark.parametrize(
    ("share", "concern", "is_warned"),
    [
        (0.01, "", False),
        (0.03, "3.0% of the reads are of another person", False),
        (0.12, "12.0% of the reads are of another person", True),
        (None, "", False),
    ],
)
def test_contamination_is_mentioned_and_if_heavy_warned_of(share, concern, is_warned):
    rows = table(CONTAMINATION, {**NORMAL, "contamination": share})
    found, said = judged(statistics(NORMAL), contamination=rows)
    assert found.loc["P1-N", "concerns"] == concern
    assert bool(said) == is_warned


def test_a_sex_that_contradicts_the_patient_or_the_clinic_is_warned_of():
    depth = pd.concat(
        [targets(NORMAL, y=0.01), targets(TUMOUR, x=0.5, y=0.5)], ignore_index=True
    )
    stated_sex = table(
        STATED_SEX, {"patient": "P1", "sex": "female"}, {"patient": "P2", "sex": "male"}
    )
    found, said = judged(statistics(NORMAL, TUMOUR), target_depth=depth, stated_sex=stated_sex)
    assert found.loc["P1-N", "concerns"] == "female by its reads, while P1-T of P1 is male"
    assert found.loc["P1-T", "concerns"] == (
        "male by its reads, female in the clinical table; "
        "male by its reads, while P1-N of P1 is female"
    )
    assert len(said) == 3


def test_a_swap_is_named_at_both_samples_and_not_warned_of_again():
    swap = {
        "sample_1": "P1-N", "sample_2": "P1-T", "patient_1": "P1", "patient_2": "P1",
        "says": "normal exome P1-N and tumour exome P1-T of P1 are of two persons",
    }  # fmt: skip
    fine = {**swap, "sample_2": "P9-N", "says": ""}
    found, said = judged(statistics(NORMAL, TUMOUR), identity=table(IDENTITY, swap, fine))
    assert list(found["concerns"]) == [swap["says"]] * 2
    assert said == []


def test_what_identity_says_comes_first():
    swap = {
        "sample_1": "P1-N", "sample_2": "P9-N", "patient_1": "P1", "patient_2": "P9",
        "says": "P1-N and P9-N are of one person",
    }  # fmt: skip
    found, said = judged(
        statistics({**NORMAL, "on_target": 300, "spliced": 100}),
        identity=table(IDENTITY, swap),
        contamination=table(CONTAMINATION, {**NORMAL, "contamination": 0.4}),
    )
    assert found.loc["P1-N", "concerns"] == (
        "P1-N and P9-N are of one person; 10% of the reads are spliced: RNA, given as exome?; "
        "31% of the aligned reads on target; 40.0% of the reads are of another person"
    )
    assert len(said) == 2


@pytest.mark.parametrize(
    ("unit", "change", "concern"),
    [
        (NORMAL, {"mapped": 1000, "spliced": 20}, ""),
        (
            NORMAL, {"mapped": 1000, "spliced": 230},
            "23% of the reads are spliced: RNA, given as exome?",
        ),
        (NORMAL, {"mapped": 1000, "spliced": 230, "read_length": 5000}, ""),
        (RNA, {"mapped": 1000, "spliced": 5}, ""),
        (RNA, {"mapped": 1000, "spliced": 4}, "hardly any read is spliced: DNA, given as RNA?"),
        (RNA, {"mapped": 999, "spliced": 0}, ""),
        (RNA, {"mapped": 1000, "spliced": 300}, ""),
        (RNA, {"reads": 0, "mapped": 0, "spliced": 0, "read_length": None}, ""),
    ],
)  # fmt: skip
def test_rna_given_as_exome_and_dna_given_as_rna_are_warned_of(unit, change, concern):
    found, said = judged(statistics({**unit, **change}))
    assert found.loc[unit["sample"], "concerns"] == concern
    assert said == ([f"sample {unit['sample']}: {concern}"] if concern else [])


def test_an_exome_next_to_none_of_which_is_on_target_is_warned_of():
    rows = statistics(
        {**NORMAL, "mapped": 1000, "on_target": 99},
        {**TUMOUR, "mapped": 1000, "on_target": 100},
    )
    found, said = judged(rows)
    assert list(found["concerns"]) == [
        "10% of the aligned reads on target", "10% of the aligned reads on target",
    ]  # fmt: skip
    assert said == ["sample P1-N: 10% of the aligned reads on target"]


def test_where_no_sample_is_on_target_one_warning_says_so():
    missed = [{**unit, "on_target": 0} for unit in (NORMAL, TUMOUR)]
    depth = pd.concat([targets(unit, depth=0) for unit in (NORMAL, TUMOUR)], ignore_index=True)
    found, said = judged(statistics(*missed), target_depth=depth)
    assert len(said) == 1
    assert said[0].startswith("no sample has reads on the targets (exome, 2 of 2 samples)")
    assert set(found["concerns"]) == {"mean depth 0; 0% of the aligned reads on target"}
    _, said = judged(statistics(missed[0], TUMOUR))
    assert said == ["sample P1-N: 0% of the aligned reads on target"]


def test_no_sample_makes_no_row():
    found, said = judged(statistics(), target_depth=table(TARGET_DEPTH))
    assert (len(found), said) == (0, [])
