"""The rows of the oncoprint: who is counted, in how many a row is known, and its test."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.oncoprint import ONCOPRINT_CELLS, ONCOPRINT_ROWS
from storiform.statistics.oncoprint_rows import OncoprintRowsParams, oncoprint_rows

FEATURE_COLUMNS = ["patient", "biopsy", "table", "feature", "value", "label", "kind"]


def flags(feature, values, biopsy="T1"):
    """Return a gathered flag: by patient true, false or not known."""
    table = feature.split(".", maxsplit=1)[0]
    rows = [
        (patient, f"{patient}.{biopsy}", table, feature, value, None, "flag")
        for patient, value in values.items()
    ]
    return pd.DataFrame(rows, columns=FEATURE_COLUMNS).astype({"value": float})


def genes(*rows):
    columns = ["patient", "biopsy", "gene", "mutation_classes"]
    return pd.DataFrame(list(rows), columns=columns)


def calls(*rows):
    return pd.DataFrame(list(rows), columns=["patient", "biopsy", "gene", "call"])


def pairs(*rows):
    columns = ["patient", "biopsy", "is_confident", "known_fusion"]
    return pd.DataFrame(list(rows), columns=columns)


def compared_by(*rows):
    columns = ["outcome", "feature", "test", "n", "p", "q"]
    return pd.DataFrame(list(rows), columns=columns)


def made(features, mutated=None, copies=None, fusions=None, tested=None, **params):
    tables = oncoprint_rows(
        pd.concat(features, ignore_index=True) if features else flags("x.y", {}),
        mutated, copies, fusions, tested, OncoprintRowsParams(**params),
    )  # fmt: skip
    return ONCOPRINT_ROWS.conform(tables.rows), ONCOPRINT_CELLS.conform(tables.cells)


def states(cells, row):
    own = cells[cells["row"] == row]
    return dict(zip(own["patient"], own["state"], strict=True))


def shares(rows):
    counts = zip(rows["altered"], rows["known"], strict=True)
    return dict(zip(rows["row"], counts, strict=True))


def test_patients_in_whom_a_flag_is_missing_are_not_in_its_share():
    values = {"P1": 1.0, "P2": 0.0, "P3": np.nan, "P4": 0.0}
    rows, cells = made([flags("hla_loss.has_loss", values)])
    assert shares(rows) == {"HLA-A, B or C lost": (1, 3)}
    assert rows["percent"].item() == pytest.approx(100 / 3)
    assert states(cells, "HLA-A, B or C lost") == {"P1": "loss", "P2": "none", "P4": "none"}


def test_each_row_has_its_own_number_of_known_patients():
    rows, _ = made([
        flags("hla_loss.has_loss", {"P1": 1.0}),
        flags("gene_mutations.TP53", {"P1": 1.0, "P2": 0.0, "P3": 1.0}),
    ])  # fmt: skip
    assert rows["known"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        ("missense", "missense"), ("frameshift;nonsense", "truncating"), ("splice", "splice"),
        ("inframe", "in-frame"), ("start_lost;stop_lost", "start or stop lost"),
        ("missense;splice", "several kinds"), ("unheard_of", "mutated"),
    ],
)  # fmt: skip
def test_mutations_of_a_gene_are_joined_to_one_kind(classes, kind):
    _, cells = made(
        [flags("gene_mutations.TP53", {"P1": 1.0})], genes(("P1", "P1.T1", "TP53", classes))
    )
    assert states(cells, "TP53") == {"P1": kind}


def test_kind_of_a_mutation_is_that_of_the_biopsy_that_speaks():
    mutated = genes(("P1", "P1.T1", "TP53", "missense"), ("P1", "P1.T2", "TP53", "nonsense"))
    for biopsy, kind in (("T1", "missense"), ("T2", "truncating")):
        _, cells = made([flags("gene_mutations.TP53", {"P1": 1.0}, biopsy)], mutated)
        assert states(cells, "TP53") == {"P1": kind}
        assert cells["biopsy"].tolist() == [f"P1.{biopsy}"]


def test_mutated_gene_without_kinds_is_told_as_mutated():
    _, cells = made([flags("gene_mutations.TP53", {"P1": 1.0, "P2": 0.0})])
    assert states(cells, "TP53") == {"P1": "mutated", "P2": "none"}


def test_genes_stand_by_share_and_those_without_room_are_counted():
    values = {"A": [1, 0, 0, 0], "B": [1, 1, 1, 0], "C": [1, 1, 0, 0], "D": [0, 0, 0, 0]}
    features = [
        flags(f"gene_mutations.{gene}", {f"P{at}": float(v) for at, v in enumerate(own)})
        for gene, own in values.items()
    ]
    rows, _ = made(features, most_genes=2)
    assert rows["row"].tolist() == ["B", "C"]
    assert rows["n_further"].tolist() == [1, 1]  # A; nobody has D


def test_copy_row_counts_its_state_alone_and_tells_the_other_calls():
    values = {"P1": 1.0, "P2": 0.0, "P3": 0.0, "P4": np.nan}
    told = zip(values, ["HIGH_AMP", "GAIN", "NEUTRAL", "UNKNOWN"], strict=True)
    called = calls(*[(patient, f"{patient}.T1", "CDK4", call) for patient, call in told])
    rows, cells = made([flags("gene_copy_states.CDK4_amp", values)], copies=called)
    assert shares(rows) == {"CDK4 amplified": (1, 3)}
    assert states(cells, "CDK4 amplified") == {"P1": "amplified", "P2": "gained", "P3": "none"}
    assert cells["is_counted"].tolist() == [True, False, False]


def test_loss_of_one_copy_and_of_all_stand_in_two_rows():
    anything = {"P1": 1.0, "P2": 1.0, "P3": 0.0}
    called = calls(
        ("P1", "P1.T1", "CDKN2A", "HETLOSS"), ("P2", "P2.T1", "CDKN2A", "HOMDEL"),
        ("P3", "P3.T1", "CDKN2A", "NEUTRAL"),
    )  # fmt: skip
    rows, cells = made(
        [
            flags("gene_copy_states.CDKN2A_any_loss", anything),
            flags("gene_copy_states.CDKN2A_homdel", {**anything, "P1": 0.0}),
        ],
        copies=called,
    )
    assert rows["altered"].tolist() == [2, 1]
    told = states(cells, "CDKN2A lost (one or all copies)")
    assert told == {"P1": "one copy lost", "P2": "homozygously deleted", "P3": "none"}


def test_further_genes_are_shown_for_focal_states_in_enough_patients():
    both, one = {"P1": 1.0, "P2": 1.0}, {"P1": 1.0, "P2": 0.0}
    rows, _ = made([
        flags("gene_copy_states.MYC_amp", both), flags("gene_copy_states.MYC_any_loss", both),
        flags("gene_copy_states.RB1_homdel", one), flags("gene_copy_states.CDK4_homdel", both),
    ])  # fmt: skip
    assert rows["row"].tolist() == ["MYC amplified"]


def test_copy_state_without_calls_is_told_by_its_flag():
    _, cells = made([flags("gene_copy_states.MDM2_amp", {"P1": 1.0, "P2": 0.0})])
    assert states(cells, "MDM2 amplified") == {"P1": "amplified", "P2": "none"}


def test_known_fusions_stand_together_then_one_by_one():
    seen = flags("fusion_burden.has_known_fusion", {"P1": 1.0, "P2": 1.0, "P3": 0.0})
    found = pairs(
        ("P1", "P1.T1", True, "SS18::SSX1"), ("P2", "P2.T1", True, "EWSR1::WT1"),
        ("P3", "P3.T1", False, "EWSR1::FLI1"), ("P3", "P3.T1", True, ""),
        ("P3", "P3.T2", True, "EWSR1::ERG"), ("P9", "P9.T1", True, "EWSR1::ERG"),
    )  # fmt: skip
    rows, cells = made([seen], fusions=found)
    assert rows["row"].tolist() == ["Known fusion", "EWSR1::WT1", "SS18::SSX1"]
    assert rows["feature"].tolist()[1:] == ["", ""]
    assert shares(rows)["SS18::SSX1"] == (1, 3)
    assert states(cells, "SS18::SSX1") == {"P1": "fusion", "P2": "none", "P3": "none"}


def test_tests_are_those_of_the_associations_and_missing_without():
    features = [
        flags("gene_mutations.TP53", {"P1": 1.0, "P2": 0.0}),
        flags("gene_mutations.RB1", {"P1": 1.0, "P2": 0.0}),
    ]
    tested = compared_by(
        ("responded", "gene_mutations.TP53", "Fisher exact", 27, 0.0028, 0.04),
        ("disease_control", "gene_mutations.TP53", "Fisher exact", 27, 0.5, 0.5),
        ("responded", "gene_mutations.RB1", "", 27, np.nan, np.nan),
    )
    rows = made(features, tested=tested)[0].set_index("row")
    assert (rows.loc["TP53", "p"], rows.loc["TP53", "q"]) == (0.0028, 0.04)
    assert (rows.loc["TP53", "n_compared"], rows.loc["TP53", "test"]) == (27, "Fisher exact")
    assert np.isnan(rows.loc["RB1", "p"])
    assert pd.isna(rows.loc["RB1", "n_compared"])
    other = made(features, tested=tested, outcome="disease_control")[0].set_index("row")
    assert other.loc["TP53", "p"] == 0.5


def test_a_cohort_without_mutations_has_no_rows_of_genes():
    rows, cells = made([flags("hla_loss.has_loss", {"P1": 1.0})], genes(), calls())
    assert rows["row"].tolist() == ["HLA-A, B or C lost"]
    assert states(cells, "HLA-A, B or C lost") == {"P1": "loss"}


def test_nothing_known_makes_empty_tables():
    rows, cells = made([])
    assert rows.empty
    assert cells.empty
