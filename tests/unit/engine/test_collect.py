"""Tables of earlier runs do not stay to mislead."""

from pathlib import Path

import pandas as pd

from storiform.engine.collect import drop_stale
from storiform.engine.results import Results
from storiform.io.store import TableWriter, to_arrow


def test_tables_of_steps_that_left_the_workflow_are_deleted(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    with TableWriter(tables, "share", "mark") as writer:
        writer.write(to_arrow(pd.DataFrame({"value": [1.0]}), None))
    (tables / "mine.tsv").write_text("a\n")
    pd.DataFrame({"a": [1]}).to_parquet(tables / "mine.parquet")
    drop_stale([], Results(tmp_path))
    assert sorted(file.name for file in tables.iterdir()) == ["mine.parquet", "mine.tsv"]
