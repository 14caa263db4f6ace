"""The script of a job: what each queue documents, and what a worker must be told."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from storiform import __version__
from storiform.engine.cluster import slots, threads, with_workers
from storiform.engine.job_script import (
    KEYS,
    job_options,
    lifetime_seconds,
    placed,
    rescue,
    sweep,
)
from storiform.engine.jobs import _JOBS
from storiform.engine.results import Results
from storiform.engine.sections import Executor, StepNeeds, walltime_seconds
from storiform.io.resources import bundled
from storiform.model.errors import RunError

FOLDERS = {"logs": Path("/out/jobs"), "shared": Path("/out/jobs")}
ASKED: Mapping[str, Any] = {
    "queue": "long",
    "account": "abc12",
    "cores": 4,
    "memory_gb": 16.0,
    "walltime": "1-06:30:00",
}


def script(kind: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> str:
    """Return the script of a job of a queue."""
    monkeypatch.setenv("LSF_ENVDIR", "/nowhere")
    executor = Executor(kind=kind, **{**ASKED, **more}).model_copy(update=FOLDERS)  # type: ignore[arg-type]
    options = job_options(executor, "storiform-ab123", "10.0.0.1")
    job: Any = _JOBS[kind]("tls://10.0.0.1:40000", name="storiform-ab123-0", **options)
    text: str = job.job_script()
    return text


def directives(text: str, mark: str) -> list[str]:
    """Return the lines that the queue reads."""
    return [
        line.removeprefix(mark).strip() for line in text.splitlines() if line.startswith(mark)
    ]


def test_slurm_is_asked_as_sbatch_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = directives(script("slurm", monkeypatch, directives=["--qos=high"]), "#SBATCH")
    assert asked == [
        *("-J storiform-ab123", "-e /out/jobs/storiform-ab123-%J.err"),
        *("-o /out/jobs/storiform-ab123-%J.out", "-p long", "-A abc12", "-n 1"),
        *("--cpus-per-task=4", "--mem=15259M", "-t 30:30:00", "--no-requeue", "--qos=high"),
    ]


def test_pbs_is_asked_as_qsub_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = directives(script("pbs", monkeypatch), "#PBS")
    assert asked == [
        *("-N storiform-ab123", "-q long", "-A abc12", "-l select=1:ncpus=4:mem=15259mb"),
        *("-l walltime=30:30:00", "-e /out/jobs/", "-o /out/jobs/", "-r n"),
    ]
    assert len("storiform-ab123") <= 15  # PBS takes no longer name
    torque = script("pbs", monkeypatch, directives=["-l nodes=1:ppn=4,mem=16gb"])
    asked = directives(torque, "#PBS")
    assert "-l nodes=1:ppn=4,mem=16gb" in asked
    assert not any("select=" in line for line in asked)


def test_grid_engine_is_asked_as_qsub_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = directives(script("sge", monkeypatch), "#$")
    assert asked == [
        *("-N storiform-ab123", "-q long", "-P abc12", "-l mem_free=15259M"),
        *("-l h_rt=30:30:00", "-e /out/jobs/", "-o /out/jobs/", "-cwd", "-j y"),
        *("-r n", "-S /bin/bash", "-pe smp 4"),
    ]
    own = script("sge", monkeypatch, directives=["-pe threads 4", "-l h_rss=16G"])
    asked = directives(own, "#$")
    assert asked[-2:] == ["-pe threads 4", "-l h_rss=16G"]
    assert not any("smp" in line or "mem_free" in line for line in asked)


def test_lsf_is_asked_as_bsub_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = directives(script("lsf", monkeypatch), "#BSUB")
    assert asked == [
        *("-J storiform-ab123", "-e /out/jobs/storiform-ab123-0-%J.err"),
        *("-o /out/jobs/storiform-ab123-0-%J.out", "-q long", '-P "abc12"', "-n 4"),
        *('-R "span[hosts=1]"', "-M 16000000", "-W 30:30", "-rn"),
        '-R "rusage[mem=15259MB]"',
    ]


@pytest.mark.parametrize("kind", ["slurm", "pbs", "sge", "lsf"])
def test_worker_leaves_before_the_end_and_does_one_step_at_a_time(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = script(kind, monkeypatch)
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0  # noqa: S607
    command = text.splitlines()[-1]
    assert " -m distributed.cli.dask_worker tls://10.0.0.1:40000 " in command
    life = re.search(r"--lifetime (\d+)s --lifetime-stagger (\d+)s", command)
    assert life
    assert int(life[1]) + int(life[2]) < 30.5 * 3600 - 300
    for words in (
        *("--nthreads 1 ", "--nanny", "--death-timeout 60 ", "--dashboard-address 127.0.0.1:0"),
        *("--memory-limit 14.71GiB", '--local-directory "$STORIFORM_SCRATCH"'),
        '--host "$STORIFORM_HOST"',
    ):
        assert words in command
    assert "umask 077" in text
    assert 'mktemp -d "${TMPDIR:-/tmp}/storiform-XXXXXXXX"' in text


def test_prologue_of_a_job_makes_a_private_scratch_folder_and_removes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = script("slurm", monkeypatch, prologue=["SAID=hello"], scratch=str(tmp_path))
    told = 'echo "$SAID $STORIFORM_HOST"; stat -c %a "$TMPDIR"; ls "${TMPDIR%/*}" | wc -l'
    lines = text.replace("job_start 10.0.0.1", "job_start 127.0.0.1").splitlines()
    before = "\n".join([*lines[:-1], told])
    done = subprocess.run(["bash"], input=before, capture_output=True, text=True, check=True)  # noqa: S607
    assert done.stdout.split() == ["hello", "127.0.0.1", "700", "1"]
    assert list(tmp_path.iterdir()) == []


def test_worker_is_started_inside_an_image_by_its_own_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = script("slurm", monkeypatch, command="apptainer exec /images/storiform.sif")
    start = "apptainer exec /images/storiform.sif python3 -m distributed.cli.dask_worker "
    assert text.splitlines()[-1].startswith(start)
    assert (
        "$(apptainer exec /images/storiform.sif python3 -m storiform.engine.job_start " in text
    )


def test_workers_of_a_job_share_its_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    command = script("slurm", monkeypatch, processes=2).splitlines()[-1]
    assert "--nworkers 2" in command
    assert "--nthreads 1 " in command
    assert "--memory-limit 7.26GiB" in command
    executor = Executor(kind="slurm", jobs=3, cores=8, processes=2)
    assert (slots(executor), threads(executor)) == (6, 4)
    assert with_workers(executor, 9).jobs == 5
    assert with_workers(Executor(), 9).workers == 9


def test_step_whose_worker_died_gets_one_job_with_four_times_the_memory_or_what_is_asked() -> (
    None
):
    executor = Executor(kind="slurm", jobs=9, processes=2, memory_gb=10.0)
    assert (rescue(executor).jobs, rescue(executor).processes) == (1, 1)
    assert rescue(executor).memory_gb == 20.0
    asked = executor.model_copy(update={"rescue_memory_gb": 64.0})
    assert rescue(asked).memory_gb == 64.0
    assert rescue(Executor(kind="slurm")).memory_gb == 32.0


@pytest.mark.parametrize("walltime", [120, 600, 3600, 86_400, 604_800])
def test_any_worker_has_a_minute_to_leave_before_the_walltime(walltime: int) -> None:
    lifetime, stagger = lifetime_seconds(walltime)
    assert lifetime + stagger <= walltime - 60
    assert lifetime - stagger >= walltime / 3


def test_too_short_a_walltime_is_refused_as_the_configuration_is_read() -> None:
    with pytest.raises(ValidationError, match="expected at least 0:02:00"):
        Executor(kind="slurm", walltime="0:01:59")
    with pytest.raises(ValidationError, match="expected at least 0:02:00"):
        StepNeeds(walltime="0:01:59")
    assert Executor(kind="slurm", walltime="0:02:00").walltime == "0:02:00"
    assert walltime_seconds("2-00:00") == 172_800


@pytest.mark.parametrize(
    "field", ["queue", "account", "directives", "prologue", "command", "scratch", "interface"]
)
def test_no_value_breaks_out_of_its_line_of_the_script(field: str) -> None:
    value: Any = "x\nrm -rf ~"
    with pytest.raises(ValidationError):
        Executor(kind="slurm", **{field: value})


@pytest.mark.parametrize("kind", ["local", "slurm", "pbs", "sge", "lsf"])
def test_bundled_file_of_an_executor_says_what_is_the_default(kind: str) -> None:
    from storiform.engine.positions import read_document  # noqa: PLC0415

    given = read_document(bundled(f"configs/{kind}.yaml")).data["executor"]
    executor = Executor.model_validate(given)
    default = Executor(kind=kind)  # type: ignore[arg-type]
    differs = {n for n in given if getattr(executor, n) != getattr(default, n)}
    assert differs <= {"memory_gb"}
    if kind != "local":
        assert executor.memory_gb == 8


def test_old_logs_and_keys_go_from_the_results_folder_alone(tmp_path: Path) -> None:
    results, elsewhere = tmp_path / "results", tmp_path / "elsewhere"
    inside = placed(Executor(kind="slurm"), results, tmp_path)
    outside = placed(Executor(kind="slurm", logs=Path("elsewhere")), results, tmp_path)
    assert (inside.logs, outside.logs) == (results / "jobs", elsewhere)
    for folder in (results / "jobs", elsewhere):
        (folder / f"{KEYS}old").mkdir(parents=True)
        (folder / "mine").mkdir()
        (folder / "storiform-ab123-7.err").write_text("old")
        (folder / "notes.txt").write_text("mine")
    for executor in (inside, outside):
        sweep(executor, results)
    left = sorted(path.name for path in (results / "jobs").iterdir())
    assert left == ["mine", "notes.txt"]
    assert len(list(elsewhere.iterdir())) == 4


def test_a_link_does_not_lead_to_files_of_others(tmp_path: Path) -> None:
    results, mine = tmp_path / "results", tmp_path / "mine"
    mine.mkdir()
    (mine / f"{KEYS}house").mkdir()
    (mine / "storiform-thesis.out").write_text("mine")
    results.mkdir()
    (results / "jobs").symlink_to(mine)
    sweep(placed(Executor(kind="slurm"), results, tmp_path), results)
    assert len(list(mine.iterdir())) == 2
    with pytest.raises(RunError, match="jobs, which is a link"):
        Results(results).refuse_links()


def test_only_keys_and_logs_of_ours_are_swept(tmp_path: Path) -> None:
    jobs = tmp_path / "results" / "jobs"
    for name in ("thesis", f"{KEYS}1"):
        (jobs / name).mkdir(parents=True)
    for name in ("slurm-1.err", "storiform-ab123-1.err"):
        (jobs / name).write_text("")
    executor = placed(Executor(kind="slurm"), tmp_path / "results", tmp_path)
    sweep(executor, tmp_path / "results")
    assert sorted(path.name for path in jobs.iterdir()) == ["slurm-1.err", "thesis"]


@pytest.mark.parametrize("sign", [" ", "&", "$", ";", "(", "'", '"', "`", "|", "*", "\n"])
def test_no_sign_that_a_shell_reads_comes_into_a_script(sign: str, tmp_path: Path) -> None:
    executor = placed(Executor(kind="slurm"), tmp_path / f"R{sign}D", tmp_path)
    with pytest.raises(RunError, match=r"(?s)executor\.logs: found .*expected a path without"):
        job_options(executor, "storiform-ab123", "10.0.0.1")


def test_job_of_another_version_ends_before_its_worker_with_the_reason() -> None:
    words = [sys.executable, "-m", "storiform.engine.job_start", "127.0.0.1"]
    good = subprocess.run([*words, __version__], capture_output=True, text=True, check=False)  # noqa: S603
    assert (good.returncode, good.stdout) == (0, "127.0.0.1\n")
    other = subprocess.run([*words, "9.9"], capture_output=True, text=True, check=False)  # noqa: S603
    assert other.returncode == 1
    assert f"found {__version__}, expected 9.9 as the driver has" in other.stderr
    assert "Traceback" not in other.stderr


def test_import_of_the_queues_leaves_the_answer_to_an_interrupt_alone() -> None:
    code = (
        "import signal; before = signal.getsignal(2); import storiform.engine.jobs as j; "
        "print(signal.getsignal(2) is before)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "True\n"


@pytest.mark.parametrize("kind", ["slurm", "pbs", "sge", "lsf"])
def test_workers_in_jobs_are_never_paused_for_their_memory(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask would pause one above 80 %, and what it holds stays: it would stand still."""
    lines = script(kind, monkeypatch).splitlines()
    for what in ("TARGET", "SPILL", "PAUSE"):
        assert f"export DASK_DISTRIBUTED__WORKER__MEMORY__{what}=False" in lines
