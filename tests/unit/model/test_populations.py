"""The population that tests speak of: who belongs to it, and what it is called."""

import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.populations import population_of, population_text

MEMBERS = pd.DataFrame({
    "population": ["recruited"] * 3 + ["safety"] * 2 + ["IHC"],
    "patient": ["A", "B", "C", "A", "B", "B"],
})  # fmt: skip
TABLE = pd.DataFrame({"patient": ["C", "B", "A", "B", "X"], "value": range(5)})


def test_rows_are_those_of_the_members_in_their_order():
    safety = population_of(MEMBERS, "safety")
    assert safety.rows(TABLE)["value"].tolist() == [1, 2, 3]
    assert safety.rows(TABLE).index.tolist() == [0, 1, 2]
    assert [name for name in "ABCX" if name in safety] == ["A", "B"]


def test_all_leaves_nobody_out_not_even_who_is_in_no_population():
    for members, name in ((MEMBERS, "all"), (None, "safety")):
        everyone = population_of(members, name)
        assert everyone.name == "all"
        assert everyone.rows(TABLE) is TABLE
        assert "X" in everyone


def test_a_population_that_nobody_belongs_to_is_empty_and_told_with_those_there_are():
    with pytest.warns(DataWarning, match="no patient belongs to the population rna") as caught:
        assert population_of(MEMBERS, "rna").rows(TABLE).empty
    assert "there are recruited (3), safety (2), IHC (1)" in str(caught[0].message)


def test_a_cohort_without_any_response_is_told_so_by_the_tests_alone():
    assert population_of(MEMBERS, "efficacy").rows(TABLE).empty


def test_a_caption_names_the_population_unless_nobody_is_left_out():
    assert (
        population_text(pd.DataFrame({"population": ["safety"] * 2})) == "; safety population"
    )
    assert population_text(pd.DataFrame({"population": ["all"] * 2})) == ""
    assert population_text(pd.DataFrame({"population": ["a", "all", "b"]}), ", ") == (
        ", a and b population"
    )
