"""The gate fails when a stage does, and what it left out stands at its end."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/storiform" ;;
  *chaos.py*) printf '%s\\n' "$CHAOS_SAYS"; exit "${CHAOS_ENDS:-0}" ;;
esac
exit 0
"""
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
[ "$(basename "$0")" != "${FAILING:-}" ]
"""
SLURM = """#!/bin/sh
echo "slurm $*" >>"$CALLS"
[ "${SLURM_ENDS:-0}" = 0 ] || echo 'SKIPPED: a Slurm can be started by root alone' >&2
exit "${SLURM_ENDS:-0}"
"""


class Gate:
    """A copy of the gate among programs that only note that they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        (folder / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
        tools = "ruff mypy lint-imports mkdocs"
        texts = {f".venv/bin/{name}": TOOL for name in tools.split()}
        texts |= {"bin/make": TOOL, ".venv/bin/python": PYTHON, ".ci/environment": TOOL}
        texts |= {"containers/check.sh": TOOL, "tests/cluster/slurm.sh": SLURM}
        texts |= {f"bin/{name}": TOOL for name in ("samtools", "mosdepth", "featureCounts")}
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)

    def __call__(self, *words: str, **more: str) -> tuple[int, list[str]]:
        """Run it; return its exit code and what it printed."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        environment = {"PATH": path, "CALLS": str(self.calls), "HOME": str(self.folder)} | more
        done = subprocess.run(  # noqa: S603
            [self.folder / ".ci" / "run", *words],
            check=False, capture_output=True, text=True, env=environment,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).splitlines()

    def called(self) -> str:
        """Return what was called."""
        return self.calls.read_text()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def test_all_parts_run_and_the_end_says_so(gate: Gate) -> None:
    code, said = gate()
    assert code == 0
    assert said[-1].startswith("== all stages passed in ")
    called = gate.called()
    for name in ("environment dev", "ruff check", "ruff format --check", "mypy", "lint-imports",
                 "python containers/audit.py", "make --no-print-directory test", "mkdocs build",
                 "demo --out demo --patients 24", "python tests/chaos/chaos.py --seed 7",
                 "slurm .venv/bin/python -m pytest tests/cluster", "check.sh"):  # fmt: skip
        assert name in called, name


@pytest.mark.parametrize(
    "tool", ["ruff", "mypy", "lint-imports", "make", "mkdocs", "environment"]
)
def test_a_failing_tool_fails_the_gate_and_ends_it(gate: Gate, tool: str) -> None:
    code, said = gate("gate", FAILING=tool)
    assert code == 1
    assert " FAILED after " in said[-1]
    assert not any("passed" in line for line in said)
    assert "slurm" not in gate.called()


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("chaos", {"CHAOS_ENDS": "1"}),
        ("cluster", {"SLURM_ENDS": "1"}),
        ("containers", {"FAILING": "check.sh"}),
    ],
)
def test_a_failing_part_fails_alone_and_among_all(
    gate: Gate, part: str, more: dict[str, str]
) -> None:
    for words in ((part,), ()):
        code, said = gate(*words, **more)
        assert code == 1
        assert said[-1].startswith(f"== {part} FAILED after ")


def test_what_this_machine_cannot_do_is_told_at_the_end_and_fails_nothing(gate: Gate) -> None:
    code, said = gate(SLURM_ENDS="77", CHAOS_SAYS="SKIPPED: disk full; no small disks here")
    assert code == 0
    assert said[-4:-1] == [
        "== ABSENT: Slurm; see the line above",
        "== SKIPPED: a Slurm can be started by root alone",
        "== SKIPPED: disk full; no small disks here",
    ]
    assert said[-1].startswith("== passed but for these, in ")


@pytest.mark.parametrize(
    ("minute", "left_out"),
    [(47, []), (48, ["containers"]), (51, ["cluster", "containers"]),
     (55, ["chaos", "cluster", "containers"])],
)  # fmt: skip
def test_parts_that_do_not_fit_into_the_hour_are_left_out_aloud(
    gate: Gate, minute: int, left_out: list[str]
) -> None:
    code, said = gate(SECONDS=str(60 * minute))  # bash goes on counting from there
    assert code == 0
    told = [line.split(";")[0] for line in said if line.startswith("== SKIPPED")]
    assert told == [f"== SKIPPED: {part}" for part in sorted(left_out)]
    for part, program in (
        ("chaos", "chaos.py"),
        ("cluster", "slurm"),
        ("containers", "check.sh"),
    ):
        assert (program in gate.called()) == (part not in left_out)


@pytest.mark.parametrize(
    ("part", "tool", "most"),
    [("chaos", "chaos.py", 1200), ("cluster", "slurm", 1500), ("containers", "check.sh", 3000)],
)
@pytest.mark.parametrize("minute", [0, 46])
def test_a_part_is_given_what_is_left_of_the_hour_and_no_more(
    gate: Gate, part: str, tool: str, most: int, minute: int
) -> None:
    """Alone a part has its own limit; among all, the hour's end is one too."""
    path = gate.folder / "bin" / "timeout"
    path.write_text('#!/bin/sh\necho "timeout $*" >>"$CALLS"\n')
    path.chmod(0o755)
    for words in ((), (part,)):
        gate.calls.unlink(missing_ok=True)
        assert gate(*words, SECONDS=str(60 * minute))[0] == 0
        (line,) = [
            line for line in gate.called().splitlines()
            if line.startswith("timeout ") and tool in line
        ]  # fmt: skip
        seconds = next(int(word) for word in line.split() if word.isdigit() and word != "60")
        left = 3600 - 60 * minute
        if words or left > most:
            assert seconds == most
        else:
            assert left - 60 < seconds <= left


@pytest.mark.parametrize(
    ("second", "ends", "code"), [(3598, 124, 0), (3598, 1, 1), (3000, 124, 1)]
)
def test_a_part_that_the_hour_ends_is_told_as_left_out_and_fails_nothing(
    gate: Gate, second: int, ends: int, code: int
) -> None:
    """On a slow machine; one that fails, or reaches its own limit before, fails."""
    (gate.folder / ".ci" / "run").write_text(
        (gate.folder / ".ci" / "run").read_text().replace("[containers]=13", "[containers]=0")
    )
    check = gate.folder / "containers" / "check.sh"
    check.write_text(f"#!/bin/sh\nsleep 3\nexit {ends}\n")
    limit = gate.folder / "bin" / "timeout"  # none: the part ends as it says
    limit.write_text(
        '#!/bin/sh\nwhile case $1 in [-0-9]*) ;; *) false ;; esac do shift; done\n"$@"\n'
    )
    limit.chmod(0o755)
    ended, said = gate(SECONDS=str(second))
    assert ended == code
    told = [line for line in said if line.startswith("== SKIPPED: containers; the hour ended")]
    assert len(told) == (code == 0)
    assert said[-1].startswith("== passed but for" if code == 0 else "== containers FAILED")


def test_a_stage_that_is_killed_after_the_hour_fails(gate: Gate) -> None:
    """Only what has a limit of its own can be left out: tests that lack memory fail."""
    tool = gate.folder / ".venv" / "bin" / "ruff"
    tool.write_text("#!/bin/sh\nexit 137\n")
    code, said = gate(SECONDS="3600")
    assert code == 1
    assert said[-1].startswith("== ruff check FAILED")


def test_a_process_that_a_stage_left_does_not_hold_the_gate_up(gate: Gate) -> None:
    check = gate.folder / "containers" / "check.sh"
    check.write_text("#!/bin/sh\necho built\nsleep 60 &\nexit 1\n")
    begun = time.monotonic()
    code, said = gate("containers")
    assert time.monotonic() - begun < 30
    assert code == 1
    assert said[-2:] == ["built", said[-1]]
    assert said[-1].startswith("== containers FAILED after ")


def test_an_unknown_part_is_refused_before_anything_is_done(gate: Gate) -> None:
    code, said = gate("cluser")
    assert code == 2
    assert said == ["usage: .ci/run [gate|chaos|cluster|containers]"]
    assert not gate.calls.exists()
