"""What MultiQC is told of a sample, from its results and from its reads."""

import numpy as np
import pandas as pd

from storiform.engine.export_biopsies import rows_together
from storiform.model.tables.reads import QUALITY

READS = QUALITY.empty().set_index("sample")


def test_counts_without_reads_are_joined_in_silence() -> None:
    rows = {"S1": {"tmb": 2.0, "mutations": 1}, "S2": {"library_size": 5, "genes_detected": 3}}
    made = rows_together(pd.DataFrame.from_dict(rows, orient="index"), READS)
    assert made.loc["S1", "tmb"] == 2.0
    assert made.loc["S2", "genes_detected"] == 3
    assert np.isnan(made.loc["S2", "tmb"])


def test_a_result_goes_before_what_the_reads_tell() -> None:
    genes = pd.Series([7, 9], index=["S2", "S3"], dtype="Int64")
    results = pd.DataFrame({"genes_detected": [3.0, np.nan, np.nan]}, index=["S3", "S1", "S2"])
    made = rows_together(results, pd.DataFrame({"genes_detected": genes}))
    assert made["genes_detected"].dropna().to_dict() == {"S2": 7, "S3": 3}
    silent = rows_together(results.assign(genes_detected=np.nan), pd.DataFrame({"x": genes}))
    assert silent["x"].dropna().to_dict() == {"S2": 7, "S3": 9}
    assert rows_together(results.iloc[:0], READS).empty
