"""Feature columns of many tables in one long frame."""

import pandas as pd

from storiform.engine.gather import gather_features
from storiform.model.table import Column, Table
from storiform.model.tables.outcomes import FEATURE_COLUMNS

MIXED = Table(
    "mixed",
    grain="biopsy",
    columns={
        "load": Column("float", "load", "mg", feature=True),
        "is_high": Column("nullable_bool", "high?", feature=True),
        "group": Column("string", "group", feature=True),
        "aside": Column("float", "no feature"),
    },
)
SETS = Table("sets", grain="patient", columns={}, rest=Column("float", "score", feature=True))


def frame(**values: object) -> pd.DataFrame:
    """Return a conforming one-row table."""
    return MIXED.conform(pd.DataFrame({name: [value] for name, value in values.items()}))


def test_each_kind_of_feature_has_its_place() -> None:
    parts = [
        (MIXED, {"patient": "P2", "biopsy": "B2"},
         frame(load=None, is_high=None, group=None, aside=1)),
        (MIXED, {"patient": "P1", "biopsy": "B1"},
         frame(load=2, is_high=True, group="x", aside=1)),
        (SETS, {"patient": "P1"}, SETS.conform(pd.DataFrame({"immune": [0.5]}))),
    ]  # fmt: skip
    found = gather_features(parts)
    assert list(found.columns) == list(FEATURE_COLUMNS)
    rows = {(r.feature, r.patient): r for r in found.itertuples()}
    assert len(rows) == len(found) == 7
    number, flag, word = (rows[f"mixed.{n}", "P1"] for n in ("load", "is_high", "group"))
    assert (number.kind, number.value, number.unit_of_measure) == ("number", 2.0, "mg")
    assert (flag.kind, flag.value) == ("flag", 1.0)
    assert (word.kind, word.label) == ("category", "x")
    assert pd.isna(word.value)
    for name in ("load", "is_high", "group"):
        row = rows[f"mixed.{name}", "P2"]
        assert pd.isna(row.value)
        assert pd.isna(row.label)
    assert number.biopsy == "B1"
    assert rows["sets.immune", "P1"].biopsy == ""  # of a patient: no biopsy speaks by it
    order = list(zip(found["feature"], found["patient"], strict=True))
    assert order == sorted(order)


def test_nothing_to_gather_gives_the_columns() -> None:
    found = gather_features([])
    assert list(found.columns) == list(FEATURE_COLUMNS)
    assert found["value"].dtype == "float64"
