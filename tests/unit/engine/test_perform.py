"""A task on a worker: every failure is an outcome, and what is whole is not made again."""

from pathlib import Path

import pytest

from storiform.engine.results import Results
from storiform.engine.work import Ending, Task, perform
from storiform.model.errors import ContractError, InputError


def task(root: Path) -> Task:
    return Task("flow.py", str(root), "s", "u", "step", "f1", {}, {})


@pytest.mark.parametrize(
    ("error", "ending", "told"),
    [
        (MemoryError(), "memory", "ran out of memory"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (InputError("a.bam: found x, expected y. Z."), "failed", "a.bam: found x"),
        (ContractError("t: found a float"), "contract", "t: found a float"),
        (ZeroDivisionError("division by zero"), "failed", "ZeroDivisionError: division"),
    ],
)
def test_whatever_a_step_does_is_an_outcome(
    error: BaseException, ending: Ending, told: str, tmp_path: Path
) -> None:
    def make(_task: Task, _part: Path) -> None:
        raise error

    outcome = perform(task(tmp_path), make)
    assert outcome.ending == ending
    assert outcome.message.startswith(told)
    assert list((tmp_path / "parts").iterdir()) == []
    failure = Results(tmp_path).failure("s", "u")
    assert failure is not None
    assert failure["ending"] == ending


def test_an_interrupt_is_no_outcome(tmp_path: Path) -> None:
    def make(_task: Task, _part: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(task(tmp_path), make)
    assert list((tmp_path / "parts").iterdir()) == []


def test_what_another_worker_has_finished_is_not_made_again(tmp_path: Path) -> None:
    """As when a worker died after it had published, and its task is sent again."""
    made: list[Path] = []

    def make(_task: Task, part: Path) -> None:
        (part / "t.txt").write_text("x")
        made.append(part)

    given = task(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storiform.engine.work.code_of", lambda _: "")
        assert perform(given, make).ending == "done"
        assert perform(given, make).ending == "done"
        assert len(made) == 1
        (Results(tmp_path).at("s", "u", "f1") / "t.txt").chmod(0o600)
        (Results(tmp_path).at("s", "u", "f1") / "t.txt").write_text("damaged")
        assert perform(given, make).ending == "done"
    assert len(made) == 2
