"""Workers at the end of their memory: none stands still, what was killed runs with more."""

from pathlib import Path

import pytest
from trials import HOARDED, hoarding_trial, starter, storiform

WORKFLOW = Path(__file__).with_name("hungry_workflow.py")


@pytest.mark.slow
def test_workers_that_stay_large_go_on(tmp_path: Path) -> None:
    """Dask would pause each above 80 % of its memory: without end, as what it holds stays."""
    config = hoarding_trial(tmp_path, "workers: 2, memory_gb: 0.8")
    with starter() as begin:
        run = begin("run", config)
        _, said = run.end()
    assert run.returncode == 0, said
    assert "again" not in said
    assert (tmp_path / "results" / "tables" / "sizes.tsv").read_text() == HOARDED


@pytest.mark.slow
def test_step_killed_for_memory_succeeds_alone_with_more(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,a,1\nP2,b,1\n")
    (tmp_path / "clinical.csv").write_text("patient,response\nP1,PR\nP2,PD\n")
    config = tmp_path / "hungry.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
        "executor: {workers: 2, memory_gb: 0.8}\n"
    )
    done = storiform("run", config)
    assert done.returncode == 0, done.stderr
    assert "sizes of P1: runs again alone: its worker died" in done.stderr
    table = (tmp_path / "results" / "tables" / "sizes.tsv").read_text()
    assert table == "patient\tgb\nP1\t1.5\nP2\t0\n"
