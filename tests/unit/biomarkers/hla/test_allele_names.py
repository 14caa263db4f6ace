"""How likely an allele is before any read is seen, and what it is called."""

import numpy as np
import pytest
from toy_hla import release, toy_gene

from storiform.biomarkers.hla.allele_names import AlleleNames, PriorRules, allele_names
from storiform.biomarkers.hla.layouts import lay_out
from storiform.biomarkers.hla.mixture import BARRED
from storiform.biomarkers.hla.reference import compile_reference

ROOT = toy_gene(5)
RULES = PriorRules(listing=0.5, unexpressed=6.0, imputed=2.0, unlisted=8.0)


@pytest.fixture(scope="module")
def names() -> AlleleNames:
    """Compile alleles that are listed three times, silenced, given in part, or look alike."""
    whole = {
        "A*01:01:01": ROOT, "A*01:01:02": ROOT.changed(2, 5), "A*01:01:03": ROOT.changed(2, 9),
        "A*02:01": ROOT.changed(3, 11), "A*03:01N": ROOT.changed(3, 21),
        "A*31:135": ROOT.changed(3, 31),
    }  # fmt: skip
    part = ROOT.changed(2, 40)
    coding = {"A*04:01": "".join(part.exons[1:3])}
    reference = compile_reference(release(whole, coding))
    return allele_names(reference, lay_out(reference), "A", RULES)


def prior_of(names: AlleleNames, full_name: str) -> float:
    """Return the prior of an allele with its own introns: the greatest of its rows."""
    rows = [k for k, name in enumerate(names.full_names) if name == full_name]
    return float(max(names.prior[rows]))


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("A*01:01:01", 0.5 * np.log(3)), ("A*01:01:03", 0.5 * np.log(3)), ("A*02:01", 0.0),
        ("A*03:01N", -6.0), ("A*04:01", -2.0), ("A*31:135", BARRED),
    ],
)  # fmt: skip
def test_priors_are_those_of_listing_suffix_gaps_and_look_alikes(names, name, prior) -> None:
    assert prior_of(names, name) == pytest.approx(prior)


def test_introns_that_nobody_listed_cost_what_the_rule_says(names) -> None:
    own = names.prior[[name == "A*01:01:02" for name in names.full_names]]
    listed = 0.5 * np.log(3)
    assert sorted(own) == pytest.approx([listed - 8.0, listed])


def test_alleles_are_named_by_two_fields_and_a_suffix_that_hides_them(names) -> None:
    short = dict(zip(names.full_names, names.names, strict=True))
    assert short["A*01:01:02"] == "A*01:01"
    assert short["A*03:01N"] == "A*03:01N"
