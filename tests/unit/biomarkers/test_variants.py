"""Every call is kept with every filter that it fails."""

import warnings

import pandas as pd
import pytest

from storiform.biomarkers.variants import FILTERS, VariantParams, variants
from storiform.model.errors import DataWarning, InputError
from storiform.model.intervals import Intervals
from storiform.model.tables.dna import VARIANTS
from storiform.model.tables.proteins import CONSEQUENCES
from storiform.model.tables.reads import RECOUNTS


def failed(calls, params=None, targets=None) -> list[str]:
    marked = variants(calls, targets, params or VariantParams())
    return VARIANTS.conform(marked).sort_values("record")["failed_filters"].tolist()


def test_a_sound_call_is_eligible(make_calls) -> None:
    marked = variants(make_calls({}), None, VariantParams()).iloc[0]
    assert marked["is_eligible"]
    assert marked["failed_filters"] == ""
    assert marked["tumour_vaf"] == 0.4
    assert marked["normal_vaf"] == 0.0
    assert marked["mutation_class"] == "missense"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"set_aside": "symbolic"}, "set_aside"),
        ({"filter": "weak_evidence"}, "not_pass"),
        ({"filter": "PASS;Tier2"}, "not_pass"),
        ({"filter": None}, ""),
        ({"tumour_depth": 13, "tumour_ref_reads": 5, "tumour_alt_reads": 8}, "low_depth"),
        ({"tumour_depth": 14, "tumour_ref_reads": 5, "tumour_alt_reads": 9}, ""),
        ({"normal_depth": 7, "normal_ref_reads": 7}, "low_depth"),
        ({"normal_depth": 8, "normal_ref_reads": 8}, ""),
        ({"tumour_depth": 40, "tumour_ref_reads": 38, "tumour_alt_reads": 2}, "few_alt_reads"),
        ({"tumour_ref_reads": 95, "tumour_alt_reads": 5}, ""),
        ({"tumour_ref_reads": 96, "tumour_alt_reads": 4}, "low_vaf"),
        ({"population_af": 0.0011}, "germline"),
        ({"population_af": 0.001}, ""),
        ({"normal_ref_reads": 48, "normal_alt_reads": 2}, "germline"),
        ({"normal_ref_reads": 49, "normal_alt_reads": 1}, ""),
        ({"normal_depth": 200, "normal_ref_reads": 197, "normal_alt_reads": 3}, ""),
        ({"normal_depth": 100, "normal_ref_reads": 98, "normal_alt_reads": 2}, "germline"),
        ({"normal_depth": 101, "normal_ref_reads": 99, "normal_alt_reads": 2}, ""),
        ({"normal_depth": 10, "normal_ref_reads": 9, "normal_alt_reads": 1}, ""),
        ({"tumour_depth": 40, "tumour_ref_reads": 37, "tumour_alt_reads": 3}, ""),
        ({"filter": "germline"}, "not_pass;germline"),
        ({"filter": "panel_of_normals"}, "not_pass;panel_of_normals"),
        ({"in_panel_of_normals": True}, "panel_of_normals"),
    ],
)
def test_each_filter_has_its_edge(make_calls, change, expected) -> None:
    assert failed(make_calls(change)) == [expected]


BIASED = {"ref": "G", "alt": "T", "tumour_alt_f1r2": 18, "tumour_alt_f2r1": 2}


@pytest.mark.parametrize(
    ("change", "equal", "beyond", "expected"),
    [
        ({}, {"min_tumour_depth": 100}, {"min_tumour_depth": 101}, "low_depth"),
        ({}, {"min_normal_depth": 50}, {"min_normal_depth": 51}, "low_depth"),
        ({}, {"min_alt_reads": 40}, {"min_alt_reads": 41}, "few_alt_reads"),
        ({}, {"min_vaf": 0.4}, {"min_vaf": 0.41}, "low_vaf"),
        (
            {"population_af": 0.0005},
            {"max_population_af": 0.0005},
            {"max_population_af": 0.0004},
            "germline",
        ),
        (
            {"normal_ref_reads": 47, "normal_alt_reads": 3},
            {"germline_normal_vaf": 0.061},
            {"germline_normal_vaf": 0.06},
            "germline",
        ),
        (
            {"normal_ref_reads": 47, "normal_alt_reads": 3},
            {"germline_normal_reads": 4},
            {"germline_normal_reads": 3},
            "germline",
        ),
        (
            BIASED,
            {"artifact_orientation": 0.91},
            {"artifact_orientation": 0.9},
            "oxog_artifact",
        ),
        # P(18 or more of 20) = 211 / 2^20
        (BIASED, {"artifact_p": 2.0e-4}, {"artifact_p": 2.02e-4}, "oxog_artifact"),
    ],
)
def test_each_threshold_is_that_of_the_configuration(
    make_calls, change, equal, beyond, expected
) -> None:
    assert failed(make_calls(change), VariantParams(**equal)) == [""]
    assert failed(make_calls(change), VariantParams(**beyond)) == [expected]


def test_no_read_in_the_normal_is_no_sign_of_a_germline_call(make_calls) -> None:
    params = VariantParams(germline_normal_vaf=0.0, germline_normal_reads=0)
    assert failed(make_calls({}), params) == [""]
    assert failed(make_calls({"normal_alt_reads": 1}), params) == ["germline"]


def test_missing_counts_fail_no_filter(make_calls) -> None:
    names = [name for name in make_calls({}).columns if name.endswith(("reads", "depth", "r1"))]
    with pytest.warns(DataWarning, match="1 call of 1 eligible has no read counts"):
        assert failed(make_calls(dict.fromkeys(names))) == [""]


@pytest.mark.parametrize(
    ("ref", "alt", "f1r2", "f2r1", "expected"),
    [
        ("G", "T", 20, 0, "oxog_artifact"), ("C", "A", 0, 20, "oxog_artifact"),
        ("G", "T", 0, 20, ""), ("G", "T", 12, 8, ""), ("G", "T", 6, 0, ""),
        ("C", "T", 20, 0, "ffpe_artifact"), ("G", "A", 0, 20, "ffpe_artifact"),
        ("C", "T", 0, 20, ""), ("C", "T", None, None, ""), ("A", "T", 20, 0, ""),
        ("G", "T", 18, 2, "oxog_artifact"), ("G", "T", 17, 2, ""),
        ("C", "T", 18, 2, "ffpe_artifact"), ("C", "T", 17, 2, ""),
        ("G", "T", 7, 0, "oxog_artifact"),
    ],
)  # fmt: skip
def test_damage_shows_in_reads_of_one_orientation(
    make_calls, ref, alt, f1r2, f2r1, expected
) -> None:
    change = {"ref": ref, "alt": alt, "tumour_alt_f1r2": f1r2, "tumour_alt_f2r1": f2r1}
    assert failed(make_calls(change)) == [expected]


def test_the_callers_word_on_orientation_names_the_damage(make_calls) -> None:
    found = failed(make_calls({"ref": "C", "alt": "T", "filter": "orientation"}))
    assert found == ["not_pass;ffpe_artifact"]


def test_a_repeated_allele_counts_once_by_its_best_record(make_calls) -> None:
    place = {"start": 99, "end": 100}
    calls = make_calls({**place, "filter": "weak"}, place, {**place, "alt": "A"}, place)
    with pytest.warns(DataWarning, match="1 call repeats an allele of another record"):
        assert failed(calls) == ["duplicate;not_pass", "", "", "duplicate"]


def test_the_parts_of_a_sound_mnv_do_not_count_beside_it(make_calls) -> None:
    mnv = {"start": 99, "end": 101, "ref": "CC", "alt": "TA"}
    first = {"start": 99, "end": 100, "ref": "C", "alt": "T"}
    second = {"start": 100, "end": 101, "ref": "C", "alt": "A"}
    other = {"start": 100, "end": 101, "ref": "C", "alt": "T"}
    found = failed(make_calls(mnv, first, second, other))
    assert found == ["", "part_of_mnv", "part_of_mnv", ""]
    assert failed(make_calls({**mnv, "filter": "weak"}, first)) == ["not_pass", ""]
    deletion = {"start": 99, "end": 101, "ref": "CC", "alt": "C"}
    assert failed(make_calls(deletion, first)) == ["", ""]


def test_calls_without_alleles_are_no_duplicates(make_calls) -> None:
    place = {"start": 99, "end": 100, "ref": None, "alt": None}
    assert failed(make_calls(place, place)) == ["", ""]


def test_a_call_is_on_target_if_a_base_that_it_changes_is(make_calls) -> None:
    targets = Intervals.of([("chr1", 100, 105)])
    calls = make_calls(
        {"start": 99, "end": 100},
        {"start": 100, "end": 101},
        {"start": 99, "end": 101, "ref": "GA", "alt": "G"},
        {"start": 104, "end": 106, "ref": "GA", "alt": "G"},
        {"contig": "chr2", "start": 100, "end": 101},
    )
    assert failed(calls, targets=targets) == ["off_target", "", "", "off_target", "off_target"]


def test_all_failures_are_listed_in_one_order(make_calls) -> None:
    change = {
        "filter": "x", "tumour_depth": 10, "tumour_ref_reads": 10, "tumour_alt_reads": 0,
        "population_af": 0.5, "in_panel_of_normals": True, "set_aside": "star",
    }  # fmt: skip
    names = failed(make_calls(change))[0].split(";")
    assert names == [
        "set_aside", "not_pass", "low_depth", "few_alt_reads", "low_vaf", "germline",
        "panel_of_normals",
    ]  # fmt: skip
    assert [name for name in FILTERS if name in names] == names


def test_more_allele_reads_than_depth_give_no_share_above_one(make_calls) -> None:
    change = {"tumour_depth": 10, "tumour_ref_reads": 5, "tumour_alt_reads": 15}
    assert variants(make_calls(change), None, VariantParams())["tumour_vaf"].iloc[0] == 0.75


def test_other_statuses_pass_when_they_are_accepted(make_calls) -> None:
    params = VariantParams(accepted_filters=("PASS", "Tier1"))
    assert failed(make_calls({"filter": "Tier1"}, {"filter": "Tier5"}), params) == [
        "",
        "not_pass",
    ]


def test_no_calls_make_an_empty_table(make_calls) -> None:
    empty = make_calls()
    assert VARIANTS.conform(variants(empty, None, VariantParams())).empty
    targets = Intervals.of([("chr1", 0, 9)])
    assert VARIANTS.conform(variants(empty, targets, VariantParams())).empty


UNITS = ("patient", "sample", "role", "assay")
KINDS = {"tumour": ("tumour", "exome"), "normal": ("normal", "exome"), "rna": ("tumour", "rna")}
COUNTED = {
    "depth": 90, "ref_reads": 70, "alt_reads": 20, "alt_forward": 8, "alt_reverse": 12,
    "alt_f1r2": 9, "alt_f2r1": 11,
}  # fmt: skip


def recounted(calls, **of_samples):
    """Return recounts of all calls in samples of these kinds, with these counts."""
    rows = [
        {**calls.loc[row, ["contig", "start", "end", "ref", "alt"]].to_dict(), **COUNTED,
         **counts, "patient": "P1", "sample": f"P1-{kind}-{ordinal}", "role": KINDS[kind][0],
         "assay": KINDS[kind][1]}
        for kind, given in of_samples.items()
        for ordinal, counts in enumerate(given if isinstance(given, list) else [given])
        for row in calls.index[calls["alt"].notna()]
    ]  # fmt: skip
    return RECOUNTS.conform(pd.DataFrame(rows, columns=[*UNITS, *RECOUNTS.columns]), UNITS)


def judged(calls, recounts, **params):
    found = variants(calls, None, VariantParams(**params), recounts)
    return VARIANTS.conform(found).sort_values("record", ignore_index=True)


def test_counts_of_the_reads_stand_beside_those_of_the_caller(make_calls) -> None:
    calls = make_calls({}, {"ref": None, "alt": None})
    reads = recounted(calls, tumour={}, normal={"alt_reads": 1}, rna={"depth": 7})
    found = judged(calls, reads)
    row = found.iloc[0]
    assert row["tumour_recounted_depth"] == 90
    assert row["tumour_recounted_ref_reads"] == 70
    assert row["tumour_recounted_alt_reads"] == 20
    assert (row["tumour_alt_forward"], row["tumour_alt_reverse"]) == (8, 12)
    assert row["normal_recounted_alt_reads"] == 1
    assert row["rna_recounted_depth"] == 7
    assert (row["tumour_depth"], row["tumour_alt_reads"], row["tumour_vaf"]) == (100, 40, 0.4)
    assert row["tumour_alt_f1r2"] == 20
    assert (row["rna_depth"], row["rna_alt_reads"]) == (7, 20), "the caller gave none"
    assert pd.isna(found.iloc[1]["tumour_recounted_depth"])


def test_without_reads_nothing_changes(make_calls) -> None:
    calls = make_calls({}, {"tumour_alt_reads": None}, {"filter": "weak"})
    without, empty = judged(calls, None), judged(calls, recounted(calls))
    pd.testing.assert_frame_equal(without, empty)
    for name in calls.columns:
        pd.testing.assert_series_equal(without[name], calls[name])
    added = without[[name for name in without if "recounted" in name]]
    assert added.shape[1] == 9
    assert added.isna().all(axis=None)


def test_counts_of_the_reads_fill_what_the_caller_left_out(make_calls) -> None:
    blank = dict.fromkeys(
        f"{role}_{name}" for role in ("tumour", "normal") for name in ("ref_reads", "alt_reads")
    )
    calls = make_calls({**blank, "tumour_depth": 500, "normal_depth": None})
    row = judged(calls, recounted(calls, tumour={}, normal={"alt_reads": 9})).iloc[0]
    assert (row["tumour_depth"], row["tumour_ref_reads"], row["tumour_alt_reads"]) == (
        90,
        70,
        20,
    )
    assert row["tumour_vaf"] == pytest.approx(20 / 90)
    assert row["normal_depth"] == 90
    assert row["failed_filters"] == "germline"


def test_samples_of_one_kind_are_counted_together(make_calls) -> None:
    calls = make_calls({})
    row = judged(calls, recounted(calls, rna=[{"depth": 10}, {"depth": 5, "alt_reads": 2}]))
    assert row.iloc[0]["rna_recounted_depth"] == 15
    assert row.iloc[0]["rna_recounted_alt_reads"] == 22


@pytest.mark.parametrize(
    ("f1r2", "f2r1", "expected"), [(20, 0, "oxog_artifact"), (10, 10, ""), (0, 20, "")]
)
def test_orientations_of_the_reads_feed_the_filters(make_calls, f1r2, f2r1, expected) -> None:
    mute = {"ref": "G", "alt": "T", "tumour_alt_f1r2": None, "tumour_alt_f2r1": None}
    calls = make_calls(mute)
    counts = {"alt_f1r2": f1r2, "alt_f2r1": f2r1}
    assert judged(calls, recounted(calls, tumour=counts)).iloc[0]["failed_filters"] == expected
    spoken = make_calls({**mute, "tumour_alt_f1r2": 15, "tumour_alt_f2r1": 15})
    found = judged(spoken, recounted(spoken, tumour=counts)).iloc[0]
    assert found["failed_filters"] == "", "the caller's own go first"


@pytest.mark.parametrize(("absent", "is_told"), [(3, False), (4, True)])
def test_reads_that_lack_most_calls_are_not_of_these_calls(make_calls, absent, is_told) -> None:
    calls = make_calls(*[{}] * 6)
    reads = recounted(calls, tumour={})
    reads.loc[: absent - 1, "alt_reads"] = 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        judged(calls, reads)
    said = [str(one.message) for one in caught if one.category is DataWarning]
    assert len(said) == is_told
    if is_told:
        assert said[0].startswith("4 of 6 calls")
        assert said[0].endswith("the BAM is not that of these calls")


def test_a_place_without_reads_says_nothing_of_the_calls(make_calls) -> None:
    calls = make_calls(*[{}] * 6)
    judged(calls, recounted(calls, tumour={"depth": 0, "alt_reads": 0}))


BARE = {
    "gene": "", "gene_id": "", "transcript": "", "consequence": "", "hgvsc": "", "hgvsp": "",
    "annotation": "none",
}  # fmt: skip


def found_here(record: int, consequence: str, reason: str = "") -> pd.DataFrame:
    """Return one row of `consequences`."""
    is_known = bool(consequence)
    row = {
        "record": record, "allele": 0, "gene": "TP53" * is_known, "gene_id": "G1" * is_known,
        "transcript": "T9.1" * is_known, "consequence": consequence,
        "hgvsc": "T9.1:c.1A>G" * is_known, "hgvsp": "P9:p.Arg1Gly" * is_known,
        "not_annotated": reason,
    }  # fmt: skip
    return CONSEQUENCES.conform(pd.DataFrame([row]))


@pytest.mark.parametrize("found", [None, CONSEQUENCES.empty()])
def test_calls_of_which_no_consequence_is_known_are_refused(make_calls, found) -> None:
    wanted = r"2 calls without consequence.*Annotate the calls.*resources\.fasta"
    with pytest.raises(InputError, match=wanted):
        variants(make_calls(BARE, BARE), None, VariantParams(), consequences=found)
    with pytest.raises(InputError, match=r"1 call without consequence.*in the header"):
        variants(make_calls(BARE), None, VariantParams(), consequences=found)


def test_calls_that_could_not_be_annotated_are_refused_with_the_reason(make_calls) -> None:
    found = found_here(0, "", "reference_mismatch")
    with pytest.raises(InputError, match=r"1 call .*\(reference_mismatch 1\).*Name the genome"):
        variants(make_calls(BARE), None, VariantParams(), consequences=found)


def test_consequence_found_here_makes_a_call_count(make_calls) -> None:
    found = found_here(0, "stop_gained")
    marked = variants(make_calls(BARE), None, VariantParams(), consequences=found).iloc[0]
    assert (marked["annotation"], marked["mutation_class"]) == ("storiform", "nonsense")
    assert (marked["transcript"], marked["hgvsp"]) == ("T9.1", "P9:p.Arg1Gly")
    assert marked["is_eligible"]


def test_call_that_could_not_be_annotated_keeps_what_its_file_says(make_calls) -> None:
    found = found_here(0, "", "reference_mismatch")
    marked = variants(make_calls({}), None, VariantParams(), consequences=found).iloc[0]
    assert (marked["annotation"], marked["consequence"]) == ("CSQ", "missense_variant")


def test_some_calls_without_consequence_are_warned_of(make_calls) -> None:
    with pytest.warns(DataWarning, match="1 of 2 calls without consequence"):
        marked = variants(make_calls({}, BARE), None, VariantParams())
    assert list(marked["annotation"]) == ["CSQ", "none"]


def test_calls_outside_genes_that_bcftools_leaves_bare_are_not_warned_of(make_calls) -> None:
    marked = variants(make_calls({"annotation": "BCSQ"}, BARE), None, VariantParams())
    assert list(marked["mutation_class"]) == ["missense", ""]
