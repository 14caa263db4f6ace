"""RECIST 1.1: the tables of the guideline, and the limits of target lesions."""

import math

import pytest

from storiform.statistics.recist import (
    Limits,
    Measured,
    RecistParams,
    has_grown,
    non_target_response,
    overall_response,
    target_response,
)

PARAMS = RecistParams()


def judged(*sizes: float, baseline: float = 100.0, nadir: float = 100.0) -> str:
    lesions = [Measured(size, is_node=False) for size in sizes]
    return target_response(lesions, Limits(baseline, nadir), PARAMS)


@pytest.mark.parametrize(
    ("target", "non_target", "has_new_lesion", "overall"),
    [
        # Table 1: target (with or without non-target) disease
        ("CR", "CR", False, "CR"),
        ("CR", "", False, "CR"),
        ("CR", "non-CR/non-PD", False, "PR"),
        ("CR", "NE", False, "PR"),
        ("PR", "non-CR/non-PD", False, "PR"),
        ("PR", "NE", False, "PR"),
        ("PR", "CR", False, "PR"),
        ("SD", "non-CR/non-PD", False, "SD"),
        ("SD", "NE", False, "SD"),
        ("NE", "non-CR/non-PD", False, "NE"),
        ("NE", "CR", False, "NE"),
        ("PD", "CR", False, "PD"),
        ("PD", "NE", True, "PD"),
        ("CR", "PD", False, "PD"),
        ("SD", "PD", False, "PD"),
        ("NE", "PD", True, "PD"),
        ("CR", "CR", True, "PD"),
        ("NE", "NE", True, "PD"),
        # Table 2: non-target disease only
        ("", "CR", False, "CR"),
        ("", "non-CR/non-PD", False, "non-CR/non-PD"),
        ("", "NE", False, "NE"),
        ("", "PD", False, "PD"),
        ("", "CR", True, "PD"),
        ("", "", False, "NE"),
    ],
)
def test_tables_1_and_2_of_the_guideline(
    target: str,
    non_target: str,
    has_new_lesion: bool,  # noqa: FBT001  a table of cases
    overall: str,
) -> None:
    assert overall_response(target, non_target, has_new_lesion=has_new_lesion) == overall


@pytest.mark.parametrize(
    ("statuses", "response"),
    [
        ([], ""),
        (["CR", "CR"], "CR"),
        (["CR", "non-CR/non-PD"], "non-CR/non-PD"),
        (["CR", "NE"], "NE"),
        (["NE", "PD", "CR"], "PD"),
    ],
)
def test_non_target_lesions_together(statuses: list[str], response: str) -> None:
    assert non_target_response(statuses) == response


def test_thirty_per_cent_down_is_a_partial_response_to_the_digit() -> None:
    assert judged(63.0, baseline=90.0, nadir=90.0) == "PR"  # .7 * 90 is 62.99999999999999
    assert judged(63.1, baseline=90.0, nadir=90.0) == "SD"


def test_progression_needs_a_fifth_and_five_millimetres() -> None:
    assert judged(24.0, nadir=20.0) == "PR"  # + 20 %, but 4 mm
    assert judged(25.0, nadir=20.0) == "PD"
    assert judged(66.0, nadir=60.0) == "PR"  # 6 mm, but + 10 %
    assert judged(72.0, nadir=60.0) == "PD"  # of the nadir, though 28 % below baseline
    assert judged(5.0, nadir=0.0) == "PD"
    assert not has_grown(4.9, 0.0, PARAMS)


def test_lesion_that_was_not_measured_leaves_only_progression_provable() -> None:
    assert judged(50.0, math.nan) == "NE"
    assert judged(0.0, math.nan) == "NE"
    assert judged(120.0, math.nan) == "PD"


def test_normal_nodes_are_gone_though_their_sum_is_not_zero() -> None:
    lesions = [Measured(9.9, is_node=True), Measured(0.0, is_node=False)]
    assert target_response(lesions, Limits(60.0, 30.0), PARAMS) == "CR"
    lesions = [Measured(10.0, is_node=True), Measured(0.0, is_node=False)]
    assert target_response(lesions, Limits(60.0, 30.0), PARAMS) == "PR"
    assert target_response([Measured(9.9, is_node=False)], Limits(60.0, 30.0), PARAMS) == "PR"


def test_no_target_lesion_has_no_target_response() -> None:
    assert target_response([], Limits(math.nan, math.nan), PARAMS) == ""
