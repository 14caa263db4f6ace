"""A clock that is set, by a day to and fro: between two runs, within one, under two."""

import os
import time

from chaos_bench import TOO_LATE, Attempt, Bench, Ended, finished
from chaos_disks import environment
from chaos_kills import killed
from trials import Toy

DAY_SECONDS = 86_400.0


def _clock(toy: Toy, seconds: float) -> dict[str, str]:
    file = toy.config.parent / "clock"
    part = file.with_name("clock.part")
    part.write_text(f"{seconds:.0f}")
    part.replace(file)
    return environment(CHAOS_CLOCK=str(file))


def between_runs(bench: Bench) -> Attempt:
    """Kill a run under one clock, go on under another; inputs get the time of the new one."""
    first, second = (bench.draws.choice([-1, 0, 1]) * DAY_SECONDS for _ in range(2))
    moment = bench.moment()
    told = f"{first / 3600:+.0f} h, driver killed {moment.told}, then {second / 3600:+.0f} h"
    attempt = Attempt("clock set between runs", told)
    toy = bench.trial()
    run = bench.start(toy, **_clock(toy, first))
    run.strike_at(toy, moment)
    killed(attempt, run.kill())
    settings = _clock(toy, second)
    for file in toy.config.parent.iterdir():
        if file.is_file():
            os.utime(file, (time.time() + second, time.time() + second))
    bench.resume(attempt, toy, **settings)
    return attempt


def within_run(bench: Bench) -> Attempt:
    """Set the clock three times while a run goes on."""
    leaps = [bench.draws.choice([-1, 1]) * DAY_SECONDS for _ in range(3)]
    told = ", ".join(f"{leap / 3600:+.0f} h" for leap in leaps)
    attempt = Attempt("clock set within a run", told)
    toy = bench.trial()
    run = bench.start(toy, **_clock(toy, 0.0))
    shares = sorted(bench.draws.random() for _ in leaps)
    is_there = True
    for share, leap in zip(shares, leaps, strict=True):
        is_there = run.wait_for_steps(toy, 1 + int(share * bench.steps * 0.8))
        _clock(toy, leap)
    before = finished(toy.results)
    ended = run.end()
    attempt.breaches += ended.breaches((0,))
    attempt.ending = "ended well" if is_there else TOO_LATE
    bench.judge(attempt, toy, before)
    return attempt


def second_run(bench: Bench) -> Attempt:
    """Set the clock while a run goes on, then start another in the same folder."""
    leap = bench.draws.choice([-1, 1]) * DAY_SECONDS
    attempt = Attempt("clock set, then a second run started", f"{leap / 3600:+.0f} h")
    toy = bench.trial()
    run = bench.start(toy, **_clock(toy, 0.0))
    run.wait_for_steps(toy, 2)
    settings = _clock(toy, leap)
    before = finished(toy.results)
    other = bench.start(toy, **settings).end()
    first = run.end()
    attempt.breaches += other.breaches((2, 0)) + first.breaches((0,))
    attempt.ending = "told" if "no other run" in other.told else "second run went ahead"
    if not _is_refused(other, first):
        attempt.breaches.append(f"two runs in one folder: {other.told.strip()[-200:]}")
    bench.judge(attempt, toy, before)
    return attempt


def _is_refused(other: Ended, first: Ended) -> bool:
    """Tell whether the second run was refused, and the first was not robbed of the folder."""
    return "no other run" in other.told and "heartbeat" not in first.told
