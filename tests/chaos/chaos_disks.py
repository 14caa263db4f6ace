"""A disk that is full, folders that may not be written, and a file system that is slow."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos_bench import BLOCK, FAULTS, TOO_LATE, Attempt, Bench, finished
from chaos_kills import killed

_ROOM = "64m"
SLOW_SECONDS = 0.08


def environment(**settings: str) -> dict[str, str]:
    """Return what makes each process of a run import our `sitecustomize`."""
    path = os.pathsep.join([str(FAULTS), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path.rstrip(os.pathsep), **settings}


@contextmanager
def disk(folder: Path, option: str) -> Iterator[Path]:
    """Mount a small disk in memory."""
    folder.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", option, "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607


def _mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)  # noqa: S603, S607


def disk_full(bench: Bench, *, inodes: bool = False) -> Attempt:
    """Let the disk of the results be too small; then make room and go on."""
    share = bench.draws.uniform(0.02, 1.0)
    bench.made += 1
    if inodes:
        option, what = f"size={_ROOM},nr_inodes={max(8, int(share * 160))}", "of the files"
    else:
        option, what = f"size={max(BLOCK, int(share * bench.needed))}", "of the bytes"
    attempt = Attempt("disk full", f"room for {share:.0%} {what}")
    with disk(bench.folder / f"disk{bench.made:04d}", option) as place:
        toy = bench.trial(place / "results")
        ended = bench.start(toy).end()
        attempt.breaches += ended.breaches((0, 1, 2))
        attempt.ending = f"told, exit {ended.code}" if ended.code else "fitted"
        if ended.code and "no space left" not in ended.told.lower():
            attempt.breaches.append(f"not told: {ended.told.strip()[-300:]}")
        if "failed: " in ended.told:  # the disk is at fault, and no step
            attempt.breaches.append(f"a step failed: {ended.told.strip()[-300:]}")
        _mount("-o", f"remount,size={_ROOM},nr_inodes=0", place)
        bench.resume(attempt, toy)
    return attempt


def scratch_full(bench: Bench) -> Attempt:
    """Let the folder of temporary files be full: results are elsewhere."""
    bench.made += 1
    size = bench.draws.choice([BLOCK, 8 * BLOCK])
    attempt = Attempt("disk full", f"{size} bytes for temporary files")
    with disk(bench.folder / f"disk{bench.made:04d}", f"size={size}") as place:
        toy = bench.trial()
        ended = bench.start(toy, TMPDIR=str(place)).end()
        attempt.breaches += ended.breaches((0, 1, 2))
        attempt.ending = f"told, exit {ended.code}" if ended.code else "ended well"
    bench.resume(attempt, toy)
    return attempt


def rights_count(folder: Path) -> bool:
    """Tell whether a run can be kept from writing into a folder, also that of root."""
    tried = folder / "tried"
    tried.mkdir(parents=True, exist_ok=True)
    tried.chmod(0o555)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"open({str(tried / 'x')!r}, 'w')"], check=False,
        env={**os.environ, **environment(CHAOS_OBEY="1")}, capture_output=True,
    )  # fmt: skip
    return b"PermissionError" in done.stderr


def read_only(bench: Bench, place: str) -> Attempt:
    """Take the right to write from a folder: before a run, or in its midst.

    To root nothing is forbidden, so a run of root gives up that right when it starts.
    """
    moment = bench.moment()
    told = "before the run" if place == "" else f"{moment.told}, {place}"
    attempt = Attempt("folder read-only", told)
    toy = bench.trial()
    toy.results.mkdir()
    settings = environment(CHAOS_OBEY="1")
    if place == "":
        toy.results.chmod(0o555)
        ended = bench.start(toy, **settings).end()
    else:
        run = bench.start(toy, **settings)
        run.strike_at(toy, moment)
        _forbid(toy.results / place)
        attempt.struck = finished(toy.results)
        ended = run.end()
    attempt.breaches += ended.breaches((0, 1, 2))
    attempt.ending = f"told, exit {ended.code}" if ended.code else TOO_LATE
    if ended.code and "permission denied" not in ended.told.lower():
        attempt.breaches.append(f"not told: {ended.told.strip()[-300:]}")
    for folder in (toy.results, *toy.results.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o700)
    before = finished(toy.results)
    again = bench.start(toy, **settings).end()
    attempt.breaches += again.breaches((0,))
    bench.judge(attempt, toy, before)
    return attempt


def _forbid(folder: Path) -> None:
    """Take the right to write from a folder and all folders below it."""
    folder.mkdir(exist_ok=True)
    for below in (folder, *folder.rglob("*")):
        try:
            if below.is_dir():
                below.chmod(0o555)
        except FileNotFoundError:  # the run goes on and renames
            continue


def slow(bench: Bench, *, is_killed: bool) -> Attempt:
    """Delay each call that writes, at random up to 80 ms; kill the driver in the midst."""
    settings = environment(CHAOS_SLOW=str(SLOW_SECONDS))
    attempt = Attempt("file system slow", f"up to {1000 * SLOW_SECONDS:.0f} ms a call")
    toy = bench.trial()
    run = bench.start(toy, **settings)
    moment = bench.moment()
    run.strike_at(toy, moment)
    if is_killed:
        attempt.what += f", driver killed {moment.told}"
        killed(attempt, run.kill())
        bench.resume(attempt, toy, **settings)
        return attempt
    before = finished(toy.results)
    attempt.breaches += run.end().breaches((0,))
    attempt.ending = "ended well"
    bench.judge(attempt, toy, before)
    return attempt
