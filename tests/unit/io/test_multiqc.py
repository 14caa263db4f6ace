"""What MultiQC is given: values as JSON has them, no column without a value."""

import json

import numpy as np
import pandas as pd
import pytest

from storiform.io.multiqc import Measure, write_bars, write_general, write_section

ROWS = pd.DataFrame(
    {"share": [0.25, np.nan], "count": [3, 4], "words": ["low purity", ""], "none": np.nan},
    index=["S1", "S2"],
)
MEASURES = (
    Measure("share", "Share", "of all", 1, " %", 100.0),
    Measure("count", "Count", "of reads", 0),
    Measure("words", "Words", "in words"),
    Measure("none", "None", "never there"),
    Measure("absent", "Absent", "no column"),
)


def test_shares_become_percent_and_missing_values_are_left_out(tmp_path) -> None:
    path = tmp_path / "storiform_general_mqc.json"
    write_general(path, ROWS, MEASURES)
    told = json.loads(path.read_text())
    assert told["data"] == {"S1": {"share": 25, "count": 3, "words": "low purity"},
                            "S2": {"count": 4}}  # fmt: skip
    assert [next(iter(header)) for header in told["headers"]] == ["share", "count", "words"]
    (share,) = told["headers"][0].values()
    assert (share["suffix"], share["min"], share["max"]) == (" %", 0, 100)
    assert share["format"].format(1234.56) == "1,234.6"


def test_a_section_says_what_it_shows(tmp_path) -> None:
    path = tmp_path / "storiform_reads_mqc.json"
    write_section(path, "Reads", "Of samples.", ROWS, MEASURES)
    told = json.loads(path.read_text())
    assert (told["id"], told["section_name"], told["plot_type"]) == (
        "storiform_reads", "Reads", "table",
    )  # fmt: skip
    assert told["parent_id"] == "storiform"
    assert told["pconfig"]["id"] != told["id"]
    assert set(told["headers"]) == {"share", "count", "words"}


def test_bars_are_counts_by_part(tmp_path) -> None:
    path = tmp_path / "storiform_mutations_mqc.json"
    write_bars(path, "M", "By class.", pd.DataFrame({"missense": [2.0], "splice": 0.0}, ["B1"]))
    told = json.loads(path.read_text())
    assert (told["plot_type"], told["data"]) == (
        "bargraph",
        {"B1": {"missense": 2, "splice": 0}},
    )


@pytest.mark.parametrize(
    ("cell", "expected"), [(True, "yes"), (np.False_, "no"), (pd.NA, None), (2.5, 2.5)]
)
def test_cells_become_what_json_has(cell, expected) -> None:
    assert Measure("a", "A", "a").value(cell) == expected
