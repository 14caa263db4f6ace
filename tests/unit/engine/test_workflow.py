"""Workflows are made of groups of steps of others, in the folder or bundled."""

from pathlib import Path

import pytest

from storiform.engine import workflow
from storiform.engine.workflow import load_workflow
from storiform.model.errors import ConfigError

MINE = "from storiform.biomarkers.tmb import tmb\nREADS = (tmb,)\n"


def names(workflow: str | Path) -> list[str]:
    return [step.name for step in load_workflow(workflow).steps]


def test_dna_and_rna_are_parts_of_the_trial_in_its_order() -> None:
    trial = names("trial")
    for part in ("dna", "rna"):
        others = [name for name in names(part) if name != "survival_of_all"]
        assert len(others) > 10
        assert others == [name for name in trial if name in others]
    of_a_trial = {
        "adverse_event_rates", "characteristics", "class_survival", "exposure",
        "laboratory_course", "laboratory_visits", "oncoprint", "oncoprint_rows",
        "patient_flow", "populations", "response_rates", "response_subgroups",
        "spider_plot", "swimmer_plot", "trial_times", "waterfall",
    }  # fmt: skip
    assert set(names("dna")) | set(names("rna")) | of_a_trial == set(trial)


def test_a_copy_of_a_workflow_alone_takes_the_bundled_groups(tmp_path: Path) -> None:
    copy = tmp_path / "mine.py"
    copy.write_bytes(load_workflow("rna").path.read_bytes())
    assert names(copy) == names("rna")


def test_a_trial_beside_a_workflow_is_taken_before_the_bundled_one(tmp_path: Path) -> None:
    assert "tpm" in names("rna")
    copy = tmp_path / "rna.py"
    imported, _ = load_workflow("rna").path.read_text().split("from .trial import")
    copy.write_text(
        f"{imported}from .trial import READS\n\nSTEPS = (*READS, survival_of_all)\n"
    )
    (tmp_path / "trial.py").write_text(MINE)
    assert names(copy) == ["tmb", "survival_of_all"]
    assert "tpm" in names("rna")


def test_nobody_is_told_to_correct_a_workflow_that_came_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "workflows"
    place.mkdir()
    (place / "broken.py").write_text("from storiform.biomarkers import nowhere\n")
    monkeypatch.setattr(workflow, "bundled", lambda name: tmp_path / name)
    for named in ("broken", place / "broken.py"):
        with pytest.raises(ConfigError) as told:
            load_workflow(named)
        assert "broken.py:1: ImportError: cannot import name 'nowhere'" in str(told.value)
        assert str(told.value).endswith("Install storiform again.")
    (tmp_path / "mine.py").write_text("import nowhere_at_all\n")
    with pytest.raises(ConfigError, match=r"nowhere_at_all'\. Correct the workflow\.$"):
        load_workflow(tmp_path / "mine.py")
