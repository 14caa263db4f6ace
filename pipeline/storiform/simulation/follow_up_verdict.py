"""Judge what a run made of lesions, doses and adverse events against what was planted."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.simulation.follow_up import PAZOPANIB
from storiform.simulation.verdict import COLUMNS, Row, claim_row, every_row, read_table

_CHANGE = 0.2
"""Sums are written to .1 mm: of at least 60 mm this is less than .2 %."""
_TABLES = ("best_response", "exposure", "adverse_event_rates")


def follow_up_verdict(truth_dir: Path, tables_dir: Path) -> pd.DataFrame:
    """Compare the tables of a run with what is true of the trial's own files.

    Parameters
    ----------
    truth_dir
        The folder ``truth`` of a trial that was simulated with its follow-up.
    tables_dir
        The folder ``tables`` of the run's results.

    Returns
    -------
    pandas.DataFrame
        One row per claim, as `storiform.simulation.verdict.verdict` gives them.
    """
    rows: list[Row] = []
    found: dict[str, pd.DataFrame] = {}
    for name in _TABLES:
        path = tables_dir / f"{name}.tsv"
        if path.is_file():
            found[name] = read_table(path)
        else:
            rows.append(claim_row("table exists", name, "a table", "none", 0, holds=False))
    if "best_response" in found:
        rows += _responses(read_table(truth_dir / "responses.tsv"), found["best_response"])
    if "exposure" in found:
        rows += _exposure(read_table(truth_dir / "exposure.tsv"), found["exposure"])
    if "adverse_event_rates" in found:
        planted = read_table(truth_dir / "adverse_events.tsv")
        rows += _events(planted, found["adverse_event_rates"])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _responses(planted: pd.DataFrame, found: pd.DataFrame) -> Iterator[Row]:
    both = planted.merge(found, on="patient", how="left", suffixes=("_planted", ""))
    agrees = both["response"] == both["response_planted"]
    yield every_row("confirmed response as planted", "best_response.response", agrees)
    change = (both["best_change_percent"] - both["best_change_percent_planted"]).abs()
    yield every_row(
        "best change as planted", "best_response.best_change_percent", change < _CHANGE
    )
    agrees = _equal(both, "time_to_response_months")
    yield every_row("first response on its day", "best_response.time_to_response", agrees)
    agrees = both["n_assessments"] == both["n_assessments_planted"]
    yield every_row("assessments counted", "best_response.n_assessments", agrees)


def _exposure(planted: pd.DataFrame, found: pd.DataFrame) -> Iterator[Row]:
    keys = ["patient", "drug"]
    both = planted.merge(found, on=keys, how="left", suffixes=("_planted", ""))
    for name in ("dose_intensity_percent", "first_reduction_months"):
        yield every_row(f"{PAZOPANIB} as planted", f"exposure.{name}", _equal(both, name))


def _events(planted: pd.DataFrame, found: pd.DataFrame) -> Iterator[Row]:
    related = found[found["scope"] == "related"]
    both = planted.merge(related, on="term", how="left", suffixes=("_planted", ""))
    severe = both["grade_3"] + both["grade_4"] + both["grade_5"]
    agrees = both["any_grade"].eq(both["any_grade_planted"]) & severe.eq(both["grade_3_up"])
    yield every_row("patients with each event", "adverse_event_rates", agrees)


def _equal(both: pd.DataFrame, name: str) -> "pd.Series[bool]":
    planted, found = (both[column].to_numpy(float) for column in (f"{name}_planted", name))
    return pd.Series(np.isclose(found, planted, rtol=1e-9, atol=0.0, equal_nan=True))
