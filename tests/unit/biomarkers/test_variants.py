"""Every call is kept with every filter that it fails."""

import pytest

from storiform.biomarkers.variants import FILTERS, VariantParams, variants
from storiform.model.intervals import Intervals
from storiform.model.tables.dna import VARIANTS


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
