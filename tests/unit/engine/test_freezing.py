"""Which biopsies of a finished run a cohort of reference is made of."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from storiform.engine import freezing
from storiform.engine.freezing import FinishedRun, finished_run
from storiform.model.cohort import Biopsy, Cohort
from storiform.model.errors import RunError
from storiform.model.tables.rna import SSGSEA, TPM


@pytest.fixture
def finished(monkeypatch) -> FinishedRun:
    """Return a run of three patients, of whom the first has three regions at baseline."""
    regions = [Biopsy(f"P1-{where}", "P1", "pre", where) for where in ("bone", "liver", "lung")]
    later = Biopsy("P1-late", "P1", "on", is_baseline=False)
    cohort = Cohort((), (*regions, later, Biopsy("P2", "P2"), Biopsy("P3", "P3")), ())

    def node(unit: str, state: str = "done") -> SimpleNamespace:
        return SimpleNamespace(step="tpm", unit=unit, state=state, fingerprint="f")

    producers = {("tpm", name): node(name) for name in ("P1-late", "P1-liver", "P1-lung", "P2")}
    producers |= {("tpm", "P3"): node("P3", "failed"), ("ssgsea", "P1-bone"): node("P1-bone")}
    monkeypatch.setattr(freezing, "read_parquet", lambda path, _contract: path.parent.name)
    results = SimpleNamespace(
        at=lambda _step, unit, _fingerprint: Path(unit),
        sound=lambda folder, name: folder / name,
    )
    graph = SimpleNamespace(producers=producers)
    report = SimpleNamespace(cohort=cohort)
    return FinishedRun(SimpleNamespace(graph=graph, report=report, results=results))


def test_one_region_speaks_for_a_patient_with_several_at_baseline(finished):
    assert list(finished.tables(TPM)) == ["P1-liver", "P2"]
    assert list(finished.tables(SSGSEA)) == ["P1-bone"]


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_run_that_did_not_end_is_not_frozen(tmp_path, state):
    (tmp_path / "run.json").write_text(f'{{"state": "{state}", "config": "trial.yaml"}}')
    with pytest.raises(RunError, match=f"a run that is {state}"):
        finished_run(tmp_path)
