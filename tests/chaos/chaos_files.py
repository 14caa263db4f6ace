"""Spoils so many files of all formats, reads each, and counts what came of them."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos_commands import REACH, Commands
from chaos_inputs import Case, cases
from chaos_judge import in_child, judge, read_case
from chaos_mutations import mutate

from storiform.engine.cluster import prepare_environment

_BESIDE = 10
"""Of so many through the command line, one run is a process of its own."""


@dataclass
class Spoilt:
    """What came of the spoilt files of one format."""

    name: str
    way: str
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def broken(self) -> int:
        """How many broke what must hold."""
        return self.counts["broken"]


Say = Callable[[str], None]


def spoil(folder: Path, seed: int, number: int, by_command: int, say: Say) -> list[Spoilt]:
    """Spoil files: some go through the commands, all others are read as a step reads them."""
    if not number:
        return []
    prepare_environment()
    draws = random.Random(seed)  # noqa: S311  no secret
    made = cases(folder / "sound")
    by_command = min(by_command, number)
    found = [
        _read(case, folder, (number - by_command + k) // len(made), draws, say)
        for k, case in enumerate(made)
    ]
    commands = Commands(folder / "commands", {c.file: c for c in made if c.file in REACH})
    commands.prepare()
    rows = {name: Spoilt(commands.cases[name].name, "check, run") for name in REACH}
    for k in range(by_command):
        name = list(REACH)[k % len(REACH)]
        ending, wrong = commands.try_one(name, draws, beside=k % _BESIDE == 0)
        rows[name].counts[ending] += 1
        if wrong:
            say(f"  BROKEN: {name}: {wrong}")
    say(f"{by_command} files through check and run")
    return [*found, *(row for row in rows.values() if row.counts)]


def _read(case: Case, folder: Path, number: int, draws: random.Random, say: Say) -> Spoilt:
    place = folder / case.name.replace(" ", "_")
    place.mkdir(parents=True)
    for name, content in case.files.items():
        (place / name).write_bytes(content)
    sound = read_case(case, place)  # in this process, so that children have all compiled
    if sound.ending != "rows":
        message = f"the sound {case.name} is refused: {sound.message}"
        raise SystemExit(message)
    row = Spoilt(case.name, "read")
    for _ in range(number):
        content, how = mutate(case.files[case.file], draws, is_text=case.is_text)
        (place / case.file).write_bytes(content)
        reading = in_child(lambda: read_case(case, place))
        ending, wrong = judge(case, sound.rows, content, reading)
        row.counts[ending] += 1
        if wrong:
            say(f"  BROKEN: {case.name}, {how}: {wrong}")
    say(f"{case.name}: {dict(row.counts)}")
    return row
