"""The peptide that speaks for a variant."""

import pandas as pd

from storiform.model.variant_groups import best_binders, joined_calls


def ranked(*rows):
    """Return neoantigens of (variant_ids, partner_ids) in the order of their rank."""
    frame = pd.DataFrame(rows, columns=["variant_ids", "partner_ids", "is_binder"])
    return frame.assign(priority=range(1, len(frame) + 1), mhc_class="I")


def told(neoantigens, peptides=None):
    frame = best_binders(neoantigens, neoantigens if peptides is None else peptides)
    return frame[["priority", "variants"]].to_numpy().tolist()


def test_a_variant_whose_only_binder_needs_another_variant_is_counted():
    assert told(ranked(("a", "b", True), ("a", "", True))) == [[1, 2]]
    assert told(ranked(("a", "", True), ("a", "b", True))) == [[1, 1], [2, 1]]


def test_calls_that_act_together_are_one_variant():
    rows = ranked(("a", "", True), ("a;b", "", True), ("b", None, True), ("c", pd.NA, True))
    assert told(rows) == [[1, 1], [4, 1]]


def test_what_does_not_bind_by_rank_speaks_for_nobody_but_joins_calls():
    rows = ranked(("a;b", "", False), ("b", "", True), ("a", "", True))
    assert told(rows) == [[2, 1]]


def test_the_order_of_rows_is_of_no_matter():
    rows = ranked(("a", "b", True), ("c", "", True), ("b", "", True))
    assert told(rows.iloc[::-1]) == told(rows) == [[1, 2], [2, 1]]


def test_no_row_gives_no_row():
    assert told(ranked()) == told(ranked(("a", "", False))) == []
    assert joined_calls([]) == {}


def test_a_peptide_that_binds_nothing_makes_one_variant_of_the_calls_of_two_others():
    rows = ranked(("a", "", True), ("b", "", True))
    assert told(rows) == [[1, 1], [2, 1]]
    assert told(rows, ranked(("a;b", "", False), ("a", "", True), ("b", "", True))) == [[1, 1]]
    partnered = ranked(("c", "a;b", False), ("a", "", True), ("b", "", True))
    assert told(rows, partnered) == [[1, 1]]


def test_what_binds_in_class_ii_alone_speaks_for_nobody():
    rows = ranked(("a", "", True), ("a", "", True), ("b", "", True))
    assert told(rows.assign(mhc_class=["II", "I", "II"])) == [[2, 1]]
