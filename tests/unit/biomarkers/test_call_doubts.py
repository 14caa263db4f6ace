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
