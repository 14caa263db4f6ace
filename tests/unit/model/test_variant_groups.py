"""The peptide that speaks for a variant."""

import pandas as pd

from storiform.model.variant_groups import best_binders, joined_calls


def ranked(*rows):
    """Return neoantigens of (variant_ids, partner_ids) in the order of their rank."""
    frame = pd.DataFrame(rows, columns=["variant_ids", "partner_ids", "is_binder"])
    return frame.assign(priority=range(1, len(frame) + 1))


def told(frame):
    return frame[["priority", "variants"]].to_numpy().tolist()


def test_a_variant_whose_only_binder_needs_another_variant_is_counted():
    assert told(best_binders(ranked(("a", "b", True), ("a", "", True)))) == [[1, 2]]
    assert told(best_binders(ranked(("a", "", True), ("a", "b", True)))) == [[1, 1], [2, 1]]


def test_calls_that_act_together_are_one_variant():
    rows = ranked(("a", "", True), ("a;b", "", True), ("b", None, True), ("c", pd.NA, True))
    assert told(best_binders(rows)) == [[1, 1], [4, 1]]


def test_what_does_not_bind_by_rank_speaks_for_nobody_but_joins_calls():
    rows = ranked(("a;b", "", False), ("b", "", True), ("a", "", True))
    assert told(best_binders(rows)) == [[2, 1]]


def test_the_order_of_rows_is_of_no_matter():
    rows = ranked(("a", "b", True), ("c", "", True), ("b", "", True))
    assert told(best_binders(rows.iloc[::-1])) == told(best_binders(rows)) == [[1, 2], [2, 1]]


def test_no_row_gives_no_row():
    assert best_binders(ranked()).empty
    assert best_binders(ranked(("a", "", False))).empty
    assert joined_calls([]) == {}
