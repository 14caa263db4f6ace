"""What the queues print about jobs, as their manuals show it."""

import pytest

from storiform.engine.queues import QUEUES, JobState

PBS = """\
Job Id: 1234.pbs01
    Job_Name = storiform-ab123
    job_state = Q
    queue = workq
    comment = Not Running: Insufficient amount of resource: ncpus (R: 64 A: 12
\t T: 128)
    Resource_List.walltime = 12:00:00

Job Id: 1235.pbs01
    Job_Name = storiform-ab123
    job_state = R

Job Id: 1236.pbs01
    job_state = F
"""
SGE = """\
job-ID  prior   name       user         state submit/start at     queue                  slots
-----------------------------------------------------------------------------------------------
 301111 0.55500 storiform- ada          r     11/27/2026 03:11:01 all.q@node01               4
 301112 0.00000 storiform- ada          qw    11/27/2026 03:11:02                            4
 301113 0.00000 storiform- ada          Eqw   11/27/2026 03:11:03                            4
 301114 0.55500 storiform- ada          dr    11/27/2026 03:11:04 all.q@node02               4
"""
LSF = """\
51|PEND|-|Job requirements for reserving resource (mem) not satisfied: 3 hosts;
52|RUN|-|-
53|EXIT|TERM_RUNLIMIT: job killed after reaching LSF run time limit|-
54|EXIT|TERM_MEMLIMIT: job killed after reaching LSF memory usage limit|-
55|DONE|-|-
"""
SLURM = "7|PENDING|Resources\n8|RUNNING|None\n9|TIMEOUT|TimeLimit\n10|COMPLETING|OutOfMemory\n"


@pytest.mark.parametrize(
    ("kind", "text", "phases"),
    [
        ("slurm", SLURM, {"7": "waiting", "8": "running", "9": "ended", "10": "ended"}),
        ("pbs", PBS, {"1234": "waiting", "1235": "running", "1236": "ended"}),
        (
            "sge",
            SGE,
            {"301111": "running", "301112": "waiting", "301113": "waiting", "301114": "ended"},
        ),
        (
            "lsf",
            LSF,
            {"51": "waiting", "52": "running", "53": "ended", "54": "ended", "55": "ended"},
        ),
    ],
)
def test_phase_of_each_job_is_read(kind: str, text: str, phases: dict[str, str]) -> None:
    found = QUEUES[kind].read(text)
    assert {job: state.phase for job, state in found.items()} == phases
    assert QUEUES[kind].read("") == {}


def test_reason_of_the_queue_is_kept() -> None:
    assert str(QUEUES["slurm"].read(SLURM)["7"]) == "PENDING (Resources)"
    assert str(QUEUES["slurm"].read(SLURM)["8"]) == "RUNNING"
    assert "ncpus (R: 64 A: 12 T: 128)" in str(QUEUES["pbs"].read(PBS)["1234"])
    assert str(QUEUES["sge"].read(SGE)["301113"]) == "Eqw (see qstat -j)"
    assert "resource (mem)" in str(QUEUES["lsf"].read(LSF)["51"])


@pytest.mark.parametrize(
    ("state", "from_outside", "memory"),
    [
        (JobState("ended", "TIMEOUT", "TimeLimit"), True, False),
        (JobState("ended", "COMPLETING", "TimeLimit"), True, False),
        (JobState("ended", "CANCELLED"), True, False),
        (JobState("ended", "PREEMPTED"), True, False),
        (JobState("ended", "NODE_FAIL"), True, False),
        (JobState("ended", "OUT_OF_MEMORY"), False, True),
        (JobState("ended", "FAILED", "NonZeroExitCode"), False, False),
        (JobState("ended", "gone from the queue"), False, False),
        (JobState("running", "RUNNING"), False, False),
        (QUEUES["sge"].read(SGE)["301114"], True, False),
        (QUEUES["sge"].read(SGE)["301111"], False, False),
        (QUEUES["lsf"].read(LSF)["53"], True, False),
        (QUEUES["lsf"].read(LSF)["54"], False, True),
    ],
)
def test_end_from_outside_is_told_from_one_for_memory_or_by_the_step(
    state: JobState, from_outside: bool, memory: bool  # noqa: FBT001
) -> None:  # fmt: skip
    assert (state.is_ended_by_queue, state.lacked_memory) == (from_outside, memory)


def test_jobs_are_cancelled_all_at_once_and_nothing_without_jobs() -> None:
    ids = ["7", "8"]
    assert QUEUES["pbs"].cancel(ids, "storiform-ab123") == [["qdel", "7", "8"]]
    assert QUEUES["lsf"].cancel(ids, "storiform-ab123") == [["bkill", "7", "8"]]
    assert QUEUES["sge"].cancel([], "storiform-ab123") == []
    (words,) = QUEUES["slurm"].cancel(ids, "storiform-ab123")
    assert words[:4] == ["scancel", "-Q", "-n", "storiform-ab123"]


def test_a_remark_of_bjobs_among_its_jobs_is_no_job() -> None:
    assert QUEUES["lsf"].read(f"Some remark of the site\n{LSF}\n") == QUEUES["lsf"].read(LSF)
