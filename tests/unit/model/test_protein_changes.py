"""Which changes count, and what of a protein is kept about one."""

import pandas as pd
import pytest

from storiform.model.protein_changes import (
    acting_changes,
    changed_window,
    eligible_ids,
    variant_id,
)
from storiform.model.tables.proteins import FLANK


def called(*calls: tuple[int, str, str, bool]) -> pd.DataFrame:
    rows = [("chr1", start, start + len(ref), ref, alt, ok) for start, ref, alt, ok in calls]
    return pd.DataFrame(rows, columns=["contig", "start", "end", "ref", "alt", "is_eligible"])


def changed(*rows: tuple[str, str], source: str = "CSQ") -> pd.DataFrame:
    told = pd.DataFrame(rows, columns=["variant_ids", "transcript"])
    return told.assign(beside_ids="", phase="alone", source=source)


A, B = "chr1-10-11-A-T", "chr1-11-12-C-G"


def test_only_changes_of_eligible_calls_act() -> None:
    variants = called((10, "A", "T", True), (11, "C", "G", False))
    assert eligible_ids(variants) == {A}
    acting = acting_changes(changed((A, "T1"), (B, "T1"), (f"{A};{B}", "T1")), variants)
    assert acting["variant_ids"].to_list() == [A]


def test_calls_that_act_together_do_not_act_alone_on_that_transcript() -> None:
    variants = called((10, "A", "T", True), (11, "C", "G", True))
    changes = changed((A, "T1"), (B, "T1"), (f"{A};{B}", "T1"), (A, "T2"))
    acting = acting_changes(changes, variants)
    told = acting[["variant_ids", "transcript"]].itertuples(index=False, name=None)
    assert list(told) == [(f"{A};{B}", "T1"), (A, "T2")]


def test_changes_of_both_copies_stay_where_copies_are_known() -> None:
    variants = called((10, "A", "T", True), (11, "C", "G", True))
    changes = changed((A, "T1"), (f"{A};{B}", "T1"), source="storiform")
    assert acting_changes(changes, variants).equals(changes)


def test_call_of_both_copies_acts_without_the_call_that_one_copy_has() -> None:
    variants = called((10, "A", "T", True), (11, "C", "G", True))
    changes = changed((A, "T1"), (B, "T1"), (f"{A};{B}", "T1"))
    changes["phase"] = ["homozygous", "alone", "homozygous"]
    acting = acting_changes(changes, variants)
    assert acting["variant_ids"].to_list() == [A, f"{A};{B}"]
    changes["phase"] = "homozygous"
    acting = acting_changes(changes, variants)
    assert acting["variant_ids"].to_list() == [f"{A};{B}"]


def test_no_change_and_no_call_are_no_fault() -> None:
    assert acting_changes(changed(), called()).empty
    assert acting_changes(changed((A, "T1")), called()).empty


def test_id_names_a_call_as_the_contract_says() -> None:
    assert variant_id("chr1", 10, 11, "A", "T") == A


GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQ"


@pytest.mark.parametrize(
    ("mutant", "frame", "expected"),
    [
        (GERMLINE[:30] + "W" + GERMLINE[31:], "kept", (31, 24, 25)),
        (GERMLINE[:30] + GERMLINE[33:], "kept", (31, 24, 24)),
        (GERMLINE[:30] + "WW" + GERMLINE[30:], "kept", (31, 24, 26)),
        (GERMLINE[:30] + "WCWCWCWC", "shifted", (31, 24, 32)),
        (GERMLINE[:30] + "WC", "ended", (31, 24, 26)),
        (f"{GERMLINE}WCW", "shifted", (len(GERMLINE) + 1, 24, 27)),
        (f"W{GERMLINE[1:]}", "kept", (1, 0, 1)),
    ],
    ids=[
        "missense",
        "deletion",
        "insertion",
        "frameshift",
        "mnv_with_stop",
        "stop_lost",
        "first",
    ],
)
def test_window_holds_the_change_with_its_flanks(
    mutant: str, frame: str, expected: tuple[int, int, int]
) -> None:
    window = changed_window(GERMLINE, mutant, frame)
    position, start, end = expected
    assert (window.protein_position, window.changed_start, window.changed_end) == expected
    begin = position - 1 - start
    assert mutant[begin:].startswith(window.mutant)
    assert GERMLINE[begin:].startswith(window.wild_type)
    assert window.mutant[:start] == window.wild_type[:start]
    behind = len(window.mutant) - end
    if frame == "kept":
        assert behind == FLANK
        assert window.mutant[end:] == window.wild_type[-FLANK:]
    else:
        assert behind == 0


def test_protein_that_is_alike_or_only_cut_off_has_no_window() -> None:
    assert changed_window(GERMLINE, GERMLINE, "kept") is None
    assert changed_window(GERMLINE, GERMLINE[:20], "ended") is None
    assert changed_window(GERMLINE, GERMLINE[:20], "shifted") is None


def test_repeated_residue_is_placed_behind_its_like() -> None:
    window = changed_window("MLLLKR", "MLLLLLKR", "kept")
    assert (window.changed_start, window.changed_end) == (4, 6)
