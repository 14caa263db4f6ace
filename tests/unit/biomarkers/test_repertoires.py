"""Clones of receptors: numbers, unevenness, isotypes."""

import math

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.repertoires import RepertoiresParams, clonality_of, repertoires
from storiform.model.tables.immune import GIVEN_CLONOTYPES, ISOTYPES, REPERTOIRES


def clones(*rows, seeks_all=False):
    """Build rows of chain, constant, cdr3, count, and whether they are productive."""
    full = [row if len(row) == 5 else (*row, True) for row in rows]
    frame = pd.DataFrame(full, columns=["chain", "constant", "cdr3", "count", "is_productive"])
    frame["seeks_all"] = seeks_all
    return GIVEN_CLONOTYPES.conform(frame.assign(row=np.arange(len(frame))))


def scored(table, **params):
    return REPERTOIRES.conform(repertoires(table, RepertoiresParams(**params))).iloc[0]


def many(chain, counts, constant=None):
    return [(chain, constant, f"{chain}{n}", count) for n, count in enumerate(counts)]


def test_clonality_is_one_less_the_evenness_of_entropy():
    counts = [100.0, 20, 5, 5, 2, 1, 1, 1, 1, 1, 1]
    row = scored(clones(*many("TRB", counts)))
    shares = [count / sum(counts) for count in counts]
    entropy = -sum(share * math.log(share) for share in shares)
    assert row["tcr_clonality"] == pytest.approx(1 - entropy / math.log(11))
    assert (row["tcr_clonotypes"], row["tcr_reads"]) == (11, 138)
    assert clonality_of(np.ones(7)) == pytest.approx(0)
    assert np.isnan(clonality_of(np.array([5.0])))


def test_a_clone_of_several_isotypes_is_one_clone():
    rows = [
        ("IGH", "IGHM", "TGTGCG", 6),
        ("IGH", "IGHG1", "TGTGCG", 14),
        ("IGH", None, "TGTA", 5),
    ]
    row = scored(clones(*rows), min_clonotypes=2)
    assert (row["bcr_clonotypes"], row["bcr_reads"]) == (2, 25)
    twin = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2)) / math.log(2)
    assert row["bcr_clonality"] == pytest.approx(1 - twin)


def test_shares_of_isotypes_are_of_the_reads_whose_isotype_is_known():
    rows = [
        ("IGH", "IGHG1", "A", 30), ("IGH", "IGHG4", "B", 10), ("IGH", "IGHA2", "C", 40),
        ("IGH", "IGHM", "D", 20), ("IGH", None, "E", 900), ("IGK", "IGKC", "F", 60),
        ("IGL", "IGLC2", "G", 40), ("TRB", "TRBC1", "H", 9),
    ]  # fmt: skip
    row = scored(clones(*rows))
    shares = {name: row[f"{name}_share"] for name in ISOTYPES}
    assert shares == pytest.approx(
        {"ighg": 0.4, "igha": 0.4, "ighm": 0.2, "ighd": 0, "ighe": 0}
    )
    assert row["kappa_share"] == pytest.approx(0.6)


def test_too_little_is_told_and_gives_no_share():
    row = scored(clones(("IGH", "IGHG1", "A", 3), ("TRB", None, "B", 50)))
    assert row[["ighg_share", "kappa_share", "tcr_clonality", "bcr_clonality"]].isna().all()
    assert row["note"] == (
        "too little to tell: 1 clones of TRB, 1 clones of IGH, 3 reads with an isotype, "
        "0 reads of light chains"
    )
    empty = scored(clones())
    assert empty[["tcr_clonotypes", "bcr_clonotypes", "tcr_reads"]].isna().all()
    assert scored(clones(*many("TRB", [1] * 10)))["tcr_clonality"] == pytest.approx(0)


def test_a_chain_that_was_perhaps_not_sought_is_missing_and_not_zero():
    of_t_cells = many("TRB", [9] * 12)
    row = scored(clones(*of_t_cells))
    assert row["tcr_clonotypes"] == 12
    assert row[["bcr_clonotypes", "bcr_reads"]].isna().all()
    assert "no row of IGH" in row["note"]
    sought = scored(clones(*of_t_cells, seeks_all=True))
    assert (sought["bcr_clonotypes"], sought["bcr_reads"]) == (0, 0)
    # rows that cannot be a receptor show that the chain was sought
    useless = scored(clones(*of_t_cells, ("IGH", None, "X", 8, False)))
    assert useless["bcr_clonotypes"] == 0


def test_a_chain_of_unknown_productivity_is_missing_unless_all_are_asked_for():
    rows = [*many("TRB", [9] * 12), ("IGH", None, "X", 8, None)]
    row = scored(clones(*rows))
    assert row[["bcr_clonotypes", "bcr_reads"]].isna().all()
    assert "IGH of unknown productivity" in row["note"]
    assert scored(clones(*rows), productive_only=False)["bcr_clonotypes"] == 1


def test_unproductive_and_rare_clones_are_left_out_as_asked():
    rows = [*many("TRB", [9] * 12), ("TRB", None, "X", 800, False), ("TRB", None, "Y", 1)]
    assert scored(clones(*rows))["tcr_clonotypes"] == 13
    assert scored(clones(*rows), productive_only=False)["tcr_reads"] == 909
    rare = scored(clones(*rows), min_count=2)
    assert (rare["tcr_clonotypes"], rare["tcr_clonality"]) == (12, pytest.approx(0))


def test_rare_clones_have_no_part_in_the_shares_of_isotypes():
    rows = [("IGH", "IGHG1", "A", 30), ("IGH", "IGHM", "B", 10), ("IGK", "IGKC", "C", 20),
            ("IGL", "IGLC1", "D", 20)]  # fmt: skip
    rows += [("IGH", "IGHA1", f"E{n}", 1) for n in range(60)]
    rows += [("IGL", "IGLC1", f"F{n}", 1) for n in range(60)]
    # one clone of two isotypes, each of which alone is rare
    rows += [("IGH", "IGHG1", "X", 1), ("IGH", "IGHM", "X", 1)]
    row = scored(clones(*rows), min_count=2)
    assert row[["ighg_share", "ighm_share", "igha_share"]].tolist() == pytest.approx(
        [31 / 42, 11 / 42, 0]
    )
    assert row["kappa_share"] == pytest.approx(0.5)


def test_the_order_of_rows_is_irrelevant():
    rows = [*many("TRB", range(1, 20)), *many("IGH", range(3, 30), "IGHA1")]
    forward, backward = scored(clones(*rows)), scored(clones(*reversed(rows)))
    assert forward.drop("note").to_list() == pytest.approx(
        backward.drop("note").to_list(), nan_ok=True
    )
