"""Burdens over different bases are told of, once for the cohort."""

import warnings

import pandas as pd
import pytest

from storiform.biomarkers.denominators import TMB_DENOMINATORS, tmb_denominators
from storiform.model.errors import DataWarning


def burdens(*rows: tuple[str, float | None, float]) -> pd.DataFrame:
    """Return burdens of biopsies P01, P02 ...: denominator, rate and megabases."""
    names = [f"P{number + 1:02d}" for number in range(len(rows))]
    frame = pd.DataFrame(rows, columns=["denominator", "tmb", "megabases"])
    return frame.assign(patient=names, biopsy=names)


def listed(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    table = TMB_DENOMINATORS.conform(tmb_denominators(frame))
    return list(table.itertuples(index=False, name=None))


def test_burdens_over_the_same_kind_of_bases_are_listed_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = listed(burdens(("callable_coding", 1.5, 30.0), ("callable_coding", 2.0, 28.5)))
    assert found == [("callable_coding", 2, 28.5, 30.0, "P01;P02")]


def test_reads_of_some_biopsies_alone_are_told_with_numbers_and_what_to_do():
    mixed = [("callable_coding", 2.0, 28.5)] * 3 + [("coding_targets", 1.0, 33.0)] * 7
    told = (
        r"burdens are not comparable: of 10 biopsies 3 over callable_coding, 7 over "
        r"coding_targets\. Name the BAMs of P04, P05, P06, P07, P08 and 2 more in the sample "
        r"sheet, or set tmb\.denominator: coding_targets so that all"
    )
    with pytest.warns(DataWarning, match=told) as caught:
        found = listed(burdens(*mixed))
    assert len(caught) == 1
    assert [row[:2] for row in found] == [("callable_coding", 3), ("coding_targets", 7)]


def test_a_biopsy_without_a_rate_spoils_no_comparison():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = listed(burdens(("callable_targets", 1.5, 30.0), ("targets", None, 0.0)))
    assert found == [("callable_targets", 1, 30.0, 30.0, "P01")]


def test_no_burden_at_all_is_an_empty_table():
    assert listed(burdens()) == []


def test_two_kinds_of_callable_bases_ask_for_the_same_resources():
    kinds = burdens(("callable_targets", 1.5, 30.0), ("callable_coding", 1.0, 20.0))
    with pytest.warns(DataWarning, match="Give the same targets and genes to all"):
        listed(kinds)
