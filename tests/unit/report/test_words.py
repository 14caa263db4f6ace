"""Numbers, citations and methods as a reader finds them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.report.citations import deduplicated, doi_of, references_of
from storiform.report.methods_text import methods, opening, references
from storiform.report.numbers import equation, text_of

DASH, MINUS, TIMES = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


@pytest.mark.parametrize(
    ("value", "column", "written"),
    [
        (None, "x", DASH),
        (float("nan"), "p", DASH),
        (pd.NA, "x", DASH),
        (np.True_, "x", "yes"),
        (False, "x", "no"),
        (np.int64(12345), "x", "12,345"),
        (0.00099, "p", "< 0.001"),
        (0.001, "p", "0.00100"),
        (0.04567, "q", "0.0457"),
        (1.0, "p", "1.00"),
        (7.7, "x", "7.70"),
        (123456.7, "x", "123,457"),
        (-0.9999, "x", f"{MINUS}1.00"),
        (99.96, "x", "100"),
        (-0.5, "x", f"{MINUS}0.500"),
        (0.0000123, "x", f"1.23 {TIMES} 10⁻⁵"),
        (float("inf"), "x", "∞"),
        (0.0, "x", "0"),
        ("chr1", "x", "chr1"),
    ],
)
def test_value_is_written_for_a_reader(value, column, written):
    assert text_of(value, column) == written


def test_equation_never_says_equals_less_than():
    assert equation("p", 1e-9) == "p < 0.001"
    assert equation("q", 0.5) == "q = 0.500"
    assert equation("q", float("nan")) == f"q {DASH}"


def test_references_are_read_off_a_docstring():
    docstring = """Score it.

    References
    ----------
    Becht et al., Genome Biology 17, 218 (2016),
    doi:10.1186/s13059-016-1070-5.
    Barbie et al., Nature 462, 108-112 (2009), doi:10.1038/nature08460.

    Notes
    -----
    Not a reference.
    """
    assert references_of(docstring) == (
        "Becht et al., Genome Biology 17, 218 (2016), doi:10.1186/s13059-016-1070-5.",
        "Barbie et al., Nature 462, 108-112 (2009), doi:10.1038/nature08460.",
    )


def test_bulleted_references_are_read_too():
    docstring = "Do.\n\nReferences\n----------\n.. [1] A (2004).\n.. [2] B,\n   C (2005).\n"
    assert references_of(docstring) == ("A (2004).", "B, C (2005).")
    assert references_of("Do.") == ()
    assert references_of(None) == ()


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("doi:10.1093/biostatistics/kxh008.", "10.1093/biostatistics/kxh008"),
        ("https://doi.org/10.1016/S0140-6736(05)12345-6.", "10.1016/s0140-6736(05)12345-6"),
        ("(doi:10.1038/nature08460)", "10.1038/nature08460"),
        ("A book, 1999.", ""),
    ],
)
def test_doi_is_found_without_the_punctuation_around_it(text, doi):
    assert doi_of(text) == doi


def test_reference_named_twice_is_listed_once_with_its_fuller_text():
    listed = deduplicated(["10.1038/NATURE08460", "Barbie (2009), doi:10.1038/nature08460."])
    assert [reference.text for reference in listed] == [
        "Barbie (2009), doi:10.1038/nature08460."
    ]
    assert listed[0].address == "https://doi.org/10.1038/nature08460"


def test_methods_name_what_was_changed_and_skip_what_did_not_run(trial):
    written = methods(trial.steps)
    assert [method.name for method in written] == ["tmb", "mcp_counter"]
    assert written[0].sentence == (
        "Count the eligible mutations and divide by the megabases: 47 results, with "
        "min_vaf = 0.1 (default 0.05); all other parameters as the defaults."
    )
    assert [p.is_changed for p in written[0].parameters] == [True, False]
    assert written[0].citations == (1,)


def test_step_that_made_nothing_is_not_cited(trial):
    silent = replace(trial.steps[2], references=("Nobody (1900).",))
    assert len(references((trial.steps[0], silent))) == 1


def test_opening_names_versions_in_order():
    assert opening("1.0", {"pandas": "2", "storiform": "1.0", "numpy": "1"}) == (
        "Biopsies were analysed with storiform 1.0, on numpy 1, pandas 2."
    )
