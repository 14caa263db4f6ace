"""What the engine costs: patients times twelve steps that do nothing, or sleep.

Run ``python tests/benchmarks/bench_engine.py [PATIENTS] [--sleep SECONDS] [--workers N]``. A run
is timed in a process of its own: wall and CPU seconds of the driver, of the event loop beside it
(Dask's scheduler and client) and of the workers; the most memory of each; tasks in flight; files
written. Then the finished run is planned and run again. Goals on a quiet machine of 2 cores: 4 ms
of wall time a step, 5 s for planning a finished run of 1,000 patients again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

PATIENTS = 1_000
WORKFLOW = Path(__file__).with_name("noop_workflow.py")
STEPS = 12
SAMPLE_SECONDS = 0.5
LOOP = "event loop"


def written(folder: Path, patients: int, sleep: float = 0.0, settings: str = "") -> Path:
    """Write a trial of patients who have a response and nothing else."""
    names = [f"P{number:05d}" for number in range(patients)]
    sheet = ["patient,sample,status"] + [f"{name},{name}_T,1" for name in names]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    clinical = ["patient,response"] + [f"{name},PR" for name in names]
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    config = folder / "noop.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
        f"noop_workflow: {{sleep_seconds: {sleep}}}\n{settings}"
    )
    return config


class Meter(threading.Thread):
    """Looks at this process and its workers now and then, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(name="meter", daemon=True)
        self.end = threading.Event()
        self.workers: dict[int, tuple[float, int]] = {}
        """CPU seconds and most memory (bytes) of each process below this one."""

    def run(self) -> None:
        """Take note of the workers."""
        while not self.end.wait(SAMPLE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    used, held = process.cpu_times(), process.memory_info().rss
                    before = self.workers.get(process.pid, (0.0, 0))
                    self.workers[process.pid] = (used.user + used.system, max(before[1], held))


def cpu_of_threads() -> dict[str, float]:
    """Return the CPU seconds of this process: of the main thread, the loops, and the rest."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    found: Counter[str] = Counter()
    for thread in psutil.Process().threads():
        name = names.get(thread.id, "")
        part = "driver" if name == "MainThread" else LOOP if "loop" in name.lower() else "other"
        found[part] += thread.user_time + thread.system_time
    return dict(found)


def inside(config: Path, workers: int) -> None:
    """Run a configuration in this process and print what it took as JSON."""
    start, used = time.perf_counter(), time.process_time()
    from storiform.engine import driver, run, session  # noqa: PLC0415  its import is a phase

    told: dict[str, Any] = {"imported": time.perf_counter() - start}
    marks = [(time.perf_counter(), time.process_time())]

    def mark(name: str) -> None:
        marks.append((time.perf_counter(), time.process_time()))
        told[name] = marks[-1][0] - marks[-2][0]
        told[f"{name} cpu"] = marks[-1][1] - marks[-2][1]

    opened = session.open_session(config)
    mark("planned")
    told["memory planned"] = _peak()
    most = [0, 0]
    send = driver.Driver._send  # noqa: SLF001  what is in flight is nobody's to see else

    def watched(self: driver.Driver, client: Any, nodes: list[Any]) -> None:  # noqa: ANN401
        send(self, client, nodes)
        flying = self._flying.values()  # noqa: SLF001
        most[0] = max(most[0], len(flying))
        most[1] = max(most[1], sum(len(bundle) for bundle, _ in flying))

    driver.Driver._send = watched  # type: ignore[method-assign]  # noqa: SLF001
    steps = driver.Driver.run

    def timed(self: driver.Driver, client: Any) -> None:  # noqa: ANN401
        mark("started")
        steps(self, client)
        told["threads"] = cpu_of_threads()
        mark("steps")

    driver.Driver.run = timed  # type: ignore[method-assign]
    finish = run._finish  # noqa: SLF001

    def finished(*words: Any, **more: Any) -> None:  # noqa: ANN401
        mark("tables")
        told["memory driven"] = _peak()
        finish(*words, **more)
        mark("report")

    run._finish = finished  # noqa: SLF001
    meter = Meter()
    meter.start()
    ending = run.run(opened, workers=workers, quiet=True)
    meter.end.set()
    told |= {"in flight": most, "counts": ending.counts, "memory": _peak()}
    told["wall"], told["cpu"] = time.perf_counter() - start, time.process_time() - used
    told["workers"] = list(meter.workers.values())
    sys.stdout.write(json.dumps(told))


def _peak() -> int:
    """Return the most memory, in MB, that this process has held."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 // 10**6


def timed(*words: object) -> tuple[float, float]:
    """Return wall and CPU seconds of a command, its workers included."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "storiform", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command
    after = os.times()
    used = after.children_user + after.children_system
    return time.perf_counter() - start, used - before.children_user - before.children_system


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measure(config: Path, patients: int, workers: int) -> None:
    """Run a written trial, plan it again and run it again; print what each took."""
    words = [sys.executable, __file__, "--inside", config, "--workers", workers]
    done = subprocess.run([*map(str, words)], check=True, capture_output=True, text=True)  # noqa: S603
    told = json.loads(done.stdout.splitlines()[-1])
    steps = STEPS * patients
    of_workers = [cpu for cpu, _ in told["workers"]]
    tell(f"{patients:,} patients, {steps:,} steps, {workers} workers: {told['counts']}")
    for phase in ("planned", "started", "steps", "tables", "report"):
        tell(f"  {phase}: {told[phase]:.1f} s wall, {told[f'{phase} cpu']:.1f} s CPU here")
    each = 1e3 / steps
    tell(f"  a step: {each * told['steps']:.2f} ms wall; CPU "
         f"{each * told['threads']['driver']:.2f} ms driver (planning included), "
         f"{each * told['threads'].get(LOOP, 0.0):.2f} ms {LOOP}, "
         f"{each * told['threads'].get('other', 0.0):.2f} ms other threads, "
         f"{each * sum(of_workers):.2f} ms workers (start and tables included)")  # fmt: skip
    tell(f"  in flight at most: {told['in flight'][0]} tasks, {told['in flight'][1]} steps")
    held = max((memory for _, memory in told["workers"]), default=0) // 10**6
    tell(f"  memory: {told['memory planned']} MB planned, {told['memory driven']} MB driver and "
         f"scheduler, {told['memory']} MB with the report, {held} MB a worker")  # fmt: skip
    root = config.parent / "results"
    tell(f"  written: {_counted(root)}")
    for title, command in (("plan again", "plan"), ("second run", "run")):
        wall, cpu = timed(command, config, *(["--quiet"] if command == "run" else []))
        tell(f"  {title}: {wall:.1f} s wall, {cpu:.1f} s CPU")


def _counted(root: Path) -> str:
    """Count the files and folders below a results folder, and their bytes."""
    files = folders = size = 0
    ahead = [root]
    while ahead:
        with os.scandir(ahead.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders += 1
                    ahead.append(Path(entry.path))
                else:
                    files += 1
                    size += entry.stat().st_size
    return f"{files:,} files, {folders:,} folders, {size / 1e6:,.0f} MB"


def main() -> None:
    """Write a trial, run it, plan and run it again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", nargs="?", type=int, default=PATIENTS)
    parser.add_argument("--sleep", type=float, default=0.0, help="seconds of each step")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        inside(chosen.inside, chosen.workers)
        return
    with tempfile.TemporaryDirectory() as folder:
        config = written(Path(folder), chosen.patients, chosen.sleep)
        measure(config, chosen.patients, chosen.workers)


if __name__ == "__main__":
    main()
