"""What filters take without being asked is told with its number."""

import warnings

import pytest

from storiform.biomarkers.variants import VariantParams, variants
from storiform.model.errors import DataWarning

IN_NORMAL = {"normal_ref_reads": 40, "normal_alt_reads": 10}
BARE = {"tumour_depth": None, "tumour_ref_reads": None, "tumour_alt_reads": None}


def doubts(calls) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        variants(calls, None, VariantParams())
    return [str(one.message) for one in caught]


def test_calls_that_are_mostly_germline_are_told_with_the_evidence(make_calls) -> None:
    calls = make_calls(*[{}] * 2, *[IN_NORMAL] * 4, *[{"population_af": 0.2}] * 3)
    (told,) = doubts(calls)
    assert told.startswith(
        "7 of 9 calls that pass all else are set aside as germline (population frequency 3, "
        "reads of the normal 4). "
    )
    assert "whether tumour and normal are exchanged" in told
    assert "variants.germline_normal_vaf" in told


@pytest.mark.parametrize(("sound", "germline"), [(6, 5), (0, 4)])
def test_some_germline_calls_among_others_are_not_told(make_calls, sound, germline) -> None:
    assert doubts(make_calls(*[{}] * sound, *[IN_NORMAL] * germline)) == []


def test_germline_calls_that_fail_otherwise_too_are_not_counted(make_calls) -> None:
    weak = {**IN_NORMAL, "filter": "weak_evidence"}
    assert doubts(make_calls({}, *[weak] * 9)) == []


def test_records_that_repeat_an_allele_are_counted(make_calls) -> None:
    place = {"start": 99, "end": 100}
    (told,) = doubts(make_calls(*[place] * 3, {}))
    assert told == "2 calls repeat alleles of other records, and do not count again"
    assert doubts(make_calls(place, {**place, "filter": "weak"})) == []


def test_calls_without_read_counts_are_counted(make_calls) -> None:
    (told,) = doubts(make_calls(BARE, BARE, {}, {**BARE, "filter": "weak"}))
    assert told == (
        "2 calls of 3 eligible have no read counts of the tumour (as with GT alone): depth, "
        "reads and VAF filter none of them"
    )
    assert doubts(make_calls({**BARE, "tumour_depth": 30})) == []


SWAPPED = {
    "tumour_ref_reads": 60, "tumour_alt_reads": 0, "normal_ref_reads": 40,
    "normal_alt_reads": 25,
}  # fmt: skip
LOUD = "are the columns of tumour and normal exchanged?"


def test_columns_that_seem_exchanged_are_told_with_their_calls(make_calls) -> None:
    told = [one for one in doubts(make_calls(*[SWAPPED] * 8, BARE, {})) if LOUD in one]
    sentence = (
        "8 of 9 calls have no read of the alternative allele in the tumour, but have some in "
        f"the normal: {LOUD}"
    )
    assert told == [sentence]


@pytest.mark.parametrize(
    ("lost", "sound", "both"), [(2, 0, 0), (5, 3, 0), (4, 0, 90), (0, 9, 0)]
)
def test_some_alleles_that_the_tumour_lost_are_no_exchange(
    make_calls, lost, sound, both
) -> None:
    germline = {**IN_NORMAL, "population_af": 0.2}
    calls = make_calls(*[SWAPPED] * lost, *[{}] * sound, *[germline] * both)
    assert not [one for one in doubts(calls) if LOUD in one]


def test_reads_of_one_sample_alone_tell_of_no_exchange(make_calls) -> None:
    for other in ({"tumour_alt_reads": None}, {"set_aside": "symbolic", "alt": "<DEL>"}):
        told = doubts(make_calls(*[{**SWAPPED, **other}] * 5))
        assert not [one for one in told if LOUD in one]
