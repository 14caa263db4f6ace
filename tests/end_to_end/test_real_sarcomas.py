"""Published sarcomas: outcomes of a trial without biopsies, and counts without outcomes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_inputs import (
    gene_sets,
    gene_table,
    log_tpm,
    marker_means,
    matrix_columns,
    median_survival,
    run_cohort,
    running_sums,
    table,
)

pytestmark = pytest.mark.slow

SARC028 = "sarcoma/SARC028_PFS_data_trial.txt"
RHABDOMYOSARCOMAS = "sarcoma/rms_vs_muscle_counts.csv.gz"
LIPOSARCOMA = "sarcoma/lps_mdm2i_counts.tsv.gz"
SCORES = Path(__file__).with_name("scores_workflow.py")
CLOSE = 1e-9
"""Relative; the order of a sum differs between their code and ours."""


def test_outcomes_without_a_biopsy_give_survival(real_data: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(real_data / SARC028, sep="\t", index_col="SARC-ID")
    columns = {
        "patient": "SARC-ID", "pfs_days": "PFS_days", "pfs_event": "PFS_Survival Event",
        "os_days": "OS_days", "os_event": "OS",
    }  # fmt: skip
    sheet = [{"patient": name, "sample": f"{name}_T", "status": 1} for name in rows.index]
    clinical = str(real_data / SARC028)
    cohort = {"samples": "samples.csv", "clinical": clinical, "columns": columns}
    tables = run_cohort(tmp_path, sheet, {"workflow": "trial", "cohort": cohort})
    found = table(tables, "survival").set_index("outcome")
    assert set(found["feature"]) == {"all"}
    for outcome, column in (("pfs", "PFS_Survival Event"), ("os", "OS")):
        events = rows[column] == "Event occurred"
        expected = median_survival(rows[f"{outcome.upper()}_days"] / 30.4375, events)
        row = found.loc[outcome]
        assert (row["n"], row["events"]) == (143, events.sum())
        assert row["median_months"] == pytest.approx(expected, rel=CLOSE)
    assert (tables.parent / "figures" / "survival_of_all.svg").exists()


@pytest.fixture(scope="module")
def tables(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run tumours, normal muscle and the time course of a cell line as one cohort."""
    names = [name.strip('"') for name in matrix_columns(real_data / RHABDOMYOSARCOMAS)]
    sheet = [
        {"patient": name, "sample": name, "status": 2, "timepoint": "pre",
         "counts": real_data / RHABDOMYOSARCOMAS}
        for name in names
    ] + [
        {"patient": "LPS", "sample": name, "status": 2, "timepoint": name.replace("_", "rep"),
         "counts": real_data / LIPOSARCOMA}
        for name in matrix_columns(real_data / LIPOSARCOMA, "\t")
    ]  # fmt: skip
    config = {"workflow": str(SCORES), "cohort": {"samples": "samples.csv"}}
    return run_cohort(tmp_path_factory.mktemp("sarcomas"), sheet, config)


@pytest.fixture(scope="module")
def logs(real_data: Path) -> pd.DataFrame:
    """Sum the counts of tumours and muscle by current symbol, without storiform."""
    counts = pd.read_csv(real_data / RHABDOMYOSARCOMAS, index_col=0)
    counts.columns = counts.columns.str.strip('"')
    genes = gene_table()
    aliases = genes["aliases"].str.split(",").explode()
    aliases = aliases[(aliases != "") & ~aliases.duplicated(keep=False)]
    current = dict(zip(aliases, genes.loc[aliases.index, "symbol"], strict=True))
    current |= {symbol: symbol for symbol in genes["symbol"]}
    return log_tpm(counts.groupby(lambda name: current.get(name, name)).sum())


def test_sarcoma_counts_give_marker_means(tables: Path, logs: pd.DataFrame) -> None:
    found = table(tables, "mcp_counter").set_index("biopsy").drop(columns="patient")
    assert found.shape == (29, 10)
    found = found.loc[logs.columns]
    expected = marker_means(logs).loc[found.index, found.columns]
    np.testing.assert_allclose(found, expected, rtol=CLOSE)


def test_sarcoma_counts_give_running_sums(tables: Path, logs: pd.DataFrame) -> None:
    found = table(tables, "ssgsea").set_index("biopsy")
    for biopsy in ("RMS2028", "NS134muscle"):
        for name, expected in running_sums(logs[biopsy], gene_sets()).items():
            # of the range of scores: one near 0 is a difference of two large numbers
            close = pytest.approx(expected, rel=CLOSE, abs=CLOSE * 1e4)
            assert found.loc[biopsy, name] == close, name


def test_every_library_is_counted_whole(tables: Path, real_data: Path) -> None:
    sizes = table(tables, "library_sizes")
    expected = pd.read_csv(real_data / LIPOSARCOMA, sep="\t", index_col=0).sum()
    found = sizes[sizes["patient"] == "LPS"]["library_size"]
    assert sorted(found) == sorted(expected)
    of_muscle = pd.read_csv(real_data / RHABDOMYOSARCOMAS, index_col=0)["NS134muscle"].sum()
    assert sizes.set_index("biopsy").loc["NS134muscle", "library_size"] == of_muscle
