"""What a person may do about jobs that wait, beside the reason that the queue gives."""

from pathlib import Path

import pytest

from storiform.engine.desk import Desk
from storiform.engine.queues import QUEUES, JobState
from storiform.engine.sections import Executor


def desk(tmp_path: Path) -> Desk:
    """Return the book of two jobs on Slurm."""
    executor = Executor(kind="slurm", jobs=2).model_copy(update={"logs": tmp_path})
    book = Desk(executor, "storiform-ab123")
    book.accepted("storiform-ab123-0", "7")
    book.accepted("storiform-ab123-1", "8")
    return book


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("PartitionTimeLimit", "executor.walltime 12:00:00 is above"),
        ("QOSMaxWallDurationPerJobLimit", "executor.walltime 12:00:00 is above"),
        ("AssocMaxWallDurationPerJobLimit", "executor.walltime 12:00:00 is above"),
        ("PartitionDown", "the partition begins no jobs now"),
        ("PartitionInactive", "the partition begins no jobs now"),
        ("BadConstraints", "the partition has no node as asked for"),
        ("QOSMaxCpuPerUserLimit", "a limit of the account or QOS is reached"),
        ("AssocGrpCpuLimit", "a limit of the account or QOS is reached"),
        (
            "QOSNotAllowed",
            "executor.account, or the QOS in executor.directives, may not be used there",
        ),
        ("ReqNodeNotAvail, UnavailableNodes:n[01-04]", "nodes are down or reserved"),
        ("ReqNodeNotAvail, Reserved for maintenance", "nodes are down or reserved"),
        ("JobHeldAdmin", "the job is held"),
    ],
)
def test_reason_for_which_jobs_may_wait_for_ever_comes_with_advice(
    reason: str, advice: str, tmp_path: Path
) -> None:
    book = desk(tmp_path)
    book.states = QUEUES["slurm"].read(f"7|PENDING|{reason}\n8|PENDING|{reason}\n")
    before, _, after = book.says().partition("; ")
    assert before == f"slurm: 2 waiting ({reason})"
    assert after.startswith(advice)
    assert after.count(advice) == 1, "told once, though two jobs wait"


@pytest.mark.parametrize("reason", ["Resources", "Priority", "BeginTime", "Dependency"])
def test_reason_that_passes_by_itself_comes_without_advice(reason: str, tmp_path: Path) -> None:
    book = desk(tmp_path)
    book.states = dict.fromkeys(("7", "8"), JobState("waiting", "PENDING", reason))
    assert book.says() == f"slurm: 2 waiting ({reason})"
    # nor does a job that runs, or one of another queue whose words are its own
    book.states = dict.fromkeys(("7", "8"), JobState("running", "RUNNING", "PartitionDown"))
    assert book.says() == "slurm: 2 running (PartitionDown)"
    book.states = dict.fromkeys(("7", "8"), JobState("waiting", "H", "PartitionDown"))
    book.executor = Executor(kind="pbs").model_copy(update={"logs": tmp_path})
    assert book.says() == "pbs: 2 waiting (PartitionDown)"
