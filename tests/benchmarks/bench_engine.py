"""What the engine costs: 12,000 steps that do nothing, and planning them again.

Run ``python tests/benchmarks/bench_engine.py [PATIENTS]``; 3,000 patients have a clinic and
three steps each, 12,000 nodes. Goals on a quiet machine of 2 cores: 4 ms of wall time a
step, 3 CPU seconds for a second run, which does nothing.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENTS = 3_000
WORKFLOW = Path(__file__).with_name("noop_workflow.py")


def written(folder: Path, patients: int) -> Path:
    """Write a trial of patients who have a response and nothing else."""
    names = [f"P{number:05d}" for number in range(patients)]
    sheet = ["patient,sample,status"] + [f"{name},{name}_T,1" for name in names]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    clinical = ["patient,response"] + [f"{name},PR" for name in names]
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    config = folder / "noop.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
    )
    return config


def timed(*words: object) -> tuple[float, float]:
    """Return wall and CPU seconds of a command, its workers included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "storiform", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def main() -> None:
    """Run, plan and run again; print milliseconds a step."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS
    steps = 4 * patients
    with tempfile.TemporaryDirectory() as folder:
        config = written(Path(folder), patients)
        wall, cpu = timed("run", config, "--quiet")
        sys.stdout.write(f"{steps} steps: {wall:.1f} s wall, {cpu:.1f} s CPU\n")
        sys.stdout.write(
            f"  a step: {1e3 * wall / steps:.2f} ms wall, {1e3 * cpu / steps:.2f} ms CPU\n"
        )
        wall, cpu = timed("plan", config)
        sys.stdout.write(f"plan again: {wall:.2f} s wall, {cpu:.2f} s CPU\n")
        wall, cpu = timed("run", config, "--quiet")
        sys.stdout.write(f"second run: {wall:.2f} s wall, {cpu:.2f} s CPU\n")


if __name__ == "__main__":
    main()
