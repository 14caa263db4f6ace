"""Results that were cut or changed on the disk, found by the run that meets them."""

import random
from pathlib import Path

from chaos_bench import Attempt, Bench, finished, remains, wrong_tables

_PLACES = ("units/*/*/*/*.parquet", "units/*/*/*/provenance.json", "units/*/*/*/*.pdf",
           "tables/*.tsv", "tables/*.parquet", "run.json", "events.jsonl", "inputs.json",
           "units/*/*/*/*.tsv", "report.html", "figures/*")  # fmt: skip


def damaged(bench: Bench) -> Attempt:
    """Kill a run or let it end, damage some of its files, go on, then go on with `--verify`."""
    attempt = Attempt("results cut or changed", "")
    toy = bench.trial()
    run = bench.start(toy)
    if bench.draws.random() < 0.6:
        moment = bench.moment()
        run.strike_at(toy, moment)
        attempt.breaches += run.kill().breaches((-9, 0))
        attempt.what = f"driver killed {moment.told}; "
    else:
        attempt.breaches += run.end().breaches((0,))
    hit = _damage_some(toy.results, bench.draws)
    attempt.what += ", ".join(f"{how} {name}" for name, how in hit.items()) or "nothing there"
    sound = finished(toy.results)
    ended = bench.start(toy).end()
    attempt.breaches += ended.breaches((0, 1))
    attempt.ending = "ended well" if ended.code == 0 else f"told, exit {ended.code}"
    if ended.code == 1 and "damaged" not in ended.told:
        attempt.breaches.append(f"not told: {ended.told.strip()[-300:]}")
    if ended.code == 0:
        # What was changed in place without another size is found by --verify alone.
        own = {f"wrong result: {Path(name).name}" for name in hit}
        attempt.breaches += [b for b in wrong_tables(toy, bench.calm) if b not in own]
    bench.resume(attempt, toy, "--verify")
    after = finished(toy.results)
    lost = [name for name, number in sound.items() if after.get(name) != number]
    attempt.breaches += [f"finished work made again: {name}" for name in lost]
    attempt.kept, attempt.redone = len(sound), len(lost)
    attempt.breaches += remains(toy.results)
    return attempt


def _damage_some(root: Path, draws: random.Random) -> dict[str, str]:
    hit: dict[str, str] = {}
    for _ in range(draws.randint(1, 3)):
        files = sorted(root.glob(draws.choice(_PLACES)))
        if files:
            file = draws.choice(files)
            hit[str(file.relative_to(root))] = damage(file, draws)
    return hit


def damage(file: Path, draws: random.Random) -> str:
    """Cut a file, flip one bit of it, overwrite a part with zeros, or empty it."""
    content = bytearray(file.read_bytes())
    how = draws.choice(["cut", "flipped", "flipped", "zeroed", "emptied"])
    if not content:
        return "empty"
    at = draws.randrange(len(content))
    if how == "cut":
        del content[at:]
    elif how == "flipped":
        content[at] ^= 1 << draws.randrange(8)
    elif how == "zeroed":
        content[at : at + 512] = bytes(len(content[at : at + 512]))
    else:
        content.clear()
    file.chmod(0o600)
    file.write_bytes(content)
    return how
