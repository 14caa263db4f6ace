"""Disturb runs and spoil inputs, resume, compare, and write what happened: `make chaos`.

Every trial is a run of the command line of its own. The seed fixes what is tried; when a signal
comes to a process is the machine's affair.
"""

import argparse
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end")]

from chaos_bench import TOO_LATE, Attempt, Bench, is_root  # noqa: E402  found by the lines above
from chaos_clocks import between_runs, second_run, within_run  # noqa: E402
from chaos_disks import disk_full, read_only, rights_count, scratch_full, slow  # noqa: E402
from chaos_files import spoil  # noqa: E402
from chaos_kills import (  # noqa: E402
    kill_all,
    kill_driver,
    kill_nanny,
    kill_scheduler,
    kill_worker,
)
from chaos_outputs import damaged  # noqa: E402
from chaos_page import write_page  # noqa: E402

Trial = Callable[[Bench], Attempt]
_KILLS = ((0.36, kill_driver), (0.36, kill_worker), (0.12, kill_all), (0.10, kill_nanny),
          (0.06, kill_scheduler))  # fmt: skip
_PLACES = ("", "units", "parts", "tables")


def trials(options: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """List what is tried with runs; what this machine cannot do is told and left out."""
    for share, kill in _KILLS:
        yield from [kill] * max(options.kills > 0, round(share * options.kills))
    if is_root():
        for number in range(options.disks):
            yield partial(disk_full, inodes=number % 5 == 1)
        yield from [scratch_full] * max(options.disks > 0, options.disks // 5)
    elif options.disks:
        _say("SKIPPED: disk full: only root may mount a small disk")
    if rights_count(folder):
        yield from [partial(read_only, place=_PLACES[n % 4]) for n in range(options.folders)]
    elif options.folders:
        _say("SKIPPED: folder read-only: this user may write everywhere")
    yield from [damaged] * options.outputs
    yield from [(between_runs, within_run, second_run)[n % 3] for n in range(options.clocks)]
    yield from [partial(slow, is_killed=n % 2 == 1) for n in range(options.slow)]


_STRIKES = 4
"""How often a fault is tried again that came after the end of its run."""


def main() -> int:
    """Run the bench; 1 if anything that must hold was broken."""
    options = _options()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storiform-chaos-") as scratch:
        folder = Path(scratch)
        attempts, idle = disturb(options, folder) if _has_runs(options) else ([], [])
        counts = (options.mutations, options.commands)
        spoilt = spoil(folder / "inputs", options.seed, *counts, _say)
    minutes = (time.monotonic() - begun) / 60
    broken = sum(bool(attempt.breaches) for attempt in attempts)
    broken += sum(row.broken for row in spoilt)
    for kind in idle:
        _say(f"BROKEN: {kind}: never tried, or each run had ended before the fault struck")
    python = platform.python_version()
    head = f"Seed {options.seed}, Python {python}, {platform.system()}, {minutes:.0f} minutes"
    text = write_page(options.page, head, attempts, spoilt)
    sys.stdout.write(f"{text}\n{broken} of all trials broke what must hold.\n")
    return 1 if broken or idle else 0


def kind_of(trial: Trial) -> str:
    """Return what a trial tries, in words of the code."""
    if isinstance(trial, partial):
        told = ", ".join(f"{name}={value}" for name, value in trial.keywords.items())
        return f"{trial.func.__name__} {told}"
    return trial.__name__


def one_of_each_first(wanted: list[Trial]) -> list[Trial]:
    """Put one of each kind before all others, so that none is left out when time is up."""
    kinds = [kind_of(trial) for trial in wanted]
    first = [at for at, kind in enumerate(kinds) if kind not in kinds[:at]]
    rest = sorted({*range(len(wanted))} - {*first})
    return [wanted[at] for at in (*first, *rest)]


def _has_runs(options: argparse.Namespace) -> bool:
    return any(getattr(options, name) for name in COUNTS if name not in _OF_FILES)


def disturb(options: argparse.Namespace, folder: Path) -> tuple[list[Attempt], list[str]]:
    """Return what was tried, and the kinds of which nothing struck a run at work."""
    bench = Bench(folder / "runs", random.Random(options.seed))  # noqa: S311  no secret
    bench.calibrate()
    _say(f"an undisturbed run takes {bench.seconds:.1f} s and has {bench.steps} steps")
    attempts: list[Attempt] = []
    wanted = list(trials(options, folder))
    bench.draws.shuffle(wanted)
    wanted = one_of_each_first(wanted)
    struck: set[str] = set()
    first = time.monotonic()
    for trial in wanted:
        begun = time.monotonic()
        if begun - first > 60 * options.minutes:
            _say(f"time is up: {len(attempts)} of {len(wanted)} disturbed runs were tried")
            break
        for _ in range(_STRIKES):
            attempt = trial(bench)
            if attempt.ending != TOO_LATE or attempt.breaches:
                break
        attempts.append(attempt)
        if attempt.ending != TOO_LATE:
            struck.add(kind_of(trial))
        seconds = time.monotonic() - begun
        _say(f"{attempt.group}: {attempt.what}: {attempt.ending} ({seconds:.0f} s)")
        for breach in attempt.breaches:
            _say(f"  BROKEN: {breach}")
        if not attempt.breaches:
            shutil.rmtree(bench.folder, ignore_errors=True)
    return attempts, sorted({kind_of(trial) for trial in wanted} - struck)


COUNTS = {
    "kills": (50, "kill -9 of driver, worker, nanny, scheduler"),
    "disks": (10, "sizes of a disk that is too small"),
    "folders": (4, "folders that may not be written"),
    "outputs": (12, "results that were cut or changed"),
    "clocks": (9, "changes of the clock"),
    "slow": (4, "runs on a slow file system"),
    "mutations": (1000, "spoilt inputs"),
    "commands": (100, "of these through check and run"),
}


_OF_FILES = ("mutations", "commands")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn")
    for name, (count, told) in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=count, help=f"{told} [{count}]")
    parser.add_argument("--minutes", type=float, default=120.0, help="of disturbed runs [120]")
    parser.add_argument("--page", type=Path, help="page whose table is written anew")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
