"""What the engine costs: patients times twelve steps that do nothing, or sleep.

Run ``python tests/benchmarks/bench_engine.py [PATIENTS] [--sleep SECONDS] [--workers N]``. A
run is timed in a process of its own: wall and CPU seconds of the driver, of the event loop
beside it (Dask's scheduler and client) and of the workers; the most memory of each; tasks in
flight; files written. Then the finished run is planned and run again. Goals on a quiet machine
of 2 cores: 4 ms of wall time a step, 5 s for planning a finished run of 1,000 patients again.
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
from collections.abc import Callable
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


class Stopwatch:
    """Keeps wall and CPU seconds of this process, phase by phase."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"in flight": [0, 0]}
        self.start = self.last = (time.perf_counter(), time.process_time())

    def mark(self, name: str) -> None:
        """End a phase."""
        now = (time.perf_counter(), time.process_time())
        self.told[name] = now[0] - self.last[0]
        self.told[f"{name} cpu"] = now[1] - self.last[1]
        self.last = now

    def before(self, owner: object, name: str, act: Callable[..., None]) -> None:
        """Act before each call of a function, which stays as it is."""
        function = getattr(owner, name)

        def called(*words: Any, **more: Any) -> Any:
            act(*words)
            return function(*words, **more)

        setattr(owner, name, called)

    def after(self, owner: object, name: str, act: Callable[..., None]) -> None:
        """Act after each call of a function, which stays as it is."""
        function = getattr(owner, name)

        def called(*words: Any, **more: Any) -> Any:
            result = function(*words, **more)
            act(*words)
            return result

        setattr(owner, name, called)


def inside(config: Path, workers: int) -> None:
    """Run a configuration in this process and print what it took as JSON."""
    watch = Stopwatch()
    from storiform.engine import driver, run, session  # noqa: PLC0415  its import is a phase

    watch.mark("imported")
    opened = session.open_session(config)
    watch.mark("planned")
    watch.told["memory planned"] = _peak()

    def look(of: driver.Driver, *_: object) -> None:
        flying = of._flying.values()  # noqa: SLF001  nobody else knows what is in flight
        steps = sum(len(flight.nodes) for flight in flying)
        tasks, most = watch.told["in flight"]
        watch.told["in flight"] = [max(tasks, len(flying)), max(most, steps)]

    def driven(*_: object) -> None:
        watch.mark("steps")
        watch.told["threads"] = cpu_of_threads()

    def written_up(*_: object) -> None:
        watch.mark("tables")
        watch.told["memory driven"] = _peak()

    watch.after(driver.Driver, "_send", look)
    watch.before(driver.Driver, "run", lambda *_: watch.mark("started"))
    watch.after(driver.Driver, "run", driven)
    watch.before(run, "_finish", written_up)
    watch.after(run, "_finish", lambda *_: watch.mark("report"))
    meter = Meter()
    meter.start()
    ending = run.run(opened, workers=workers, quiet=True)
    meter.end.set()
    watch.told |= {"counts": ending.counts, "memory": _peak()}
    watch.told["workers"] = list(meter.workers.values())
    sys.stdout.write(json.dumps(watch.told))


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
    own = told["threads"]
    tell(
        f"  a step: {each * told['steps']:.2f} ms wall; CPU "
        f"{each * own['driver']:.2f} ms driver (planning included), "
        f"{each * own.get(LOOP, 0.0):.2f} ms {LOOP}, "
        f"{each * own.get('other', 0.0):.2f} ms other threads, "
        f"{each * sum(of_workers):.2f} ms workers (start and tables included)"
    )
    tell(f"  in flight at most: {told['in flight'][0]} tasks, {told['in flight'][1]} steps")
    held = max((memory for _, memory in told["workers"]), default=0) // 10**6
    tell(
        f"  memory: {told['memory planned']} MB planned, {told['memory driven']} MB driver "
        f"and scheduler, {told['memory']} MB with the report, {held} MB a worker"
    )
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
