"""What of a spoilt text may be read otherwise: only what its changed lines say.

The readers of the package are not asked: lines are compared with lines, and rows with the
lines that name them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

Row = tuple[str, str]
ABSENT = frozenset({"", "<NA>", "nan", "None", "none", "False"})
"""What stands in a cell of a column that the file does not have."""
NEAR = 2
"""Bases by which the start of a call differs from what is written, bp: by the base from which
is counted, and by the base before a deletion."""


def changed_lines(old: bytes, new: bytes) -> str:
    """Return the lines that one has and the other has not, whatever their order."""
    before, after = Counter(old.splitlines()), Counter(new.splitlines())
    lines = [*(before - after).elements(), *(after - before).elements()]
    return b"\n".join(lines).decode("utf-8", "replace")


def header_changed(old: bytes, new: bytes, mark: bytes) -> bool:
    """Tell whether lines that begin with a mark, or the first line, were changed."""
    return _heads(old, mark) != _heads(new, mark)


def _heads(content: bytes, mark: bytes) -> list[bytes]:
    lines = content.splitlines()
    return [line for number, line in enumerate(lines) if not number or line[:1] == mark]


def differing(sound: Iterable[Row], rows: Iterable[Row]) -> list[Row]:
    """Return the rows of which one has more than the other."""
    counts = Counter(sound)
    counts.subtract(rows)
    return [row for row, number in counts.items() if number]


def is_named(name: str, part: str) -> bool:
    """Tell whether lines name a row: a word of theirs, or a number beside its place."""
    if not name:
        return False
    if name.isdecimal():
        return any(abs(int(n) - int(name)) <= NEAR for n in re.findall(r"[0-9]{1,12}", part))
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", part) is not None


def unexplained(
    old: bytes, new: bytes, mark: bytes, sound: Sequence[Row], rows: Sequence[Row], doubt: str
) -> str:
    """Say which row differs though no changed line names it, empty if there is none.

    Under a changed header all rows may lack cells, or have others that stand in their own
    line; they may be gone only where a doubt was raised.
    """
    part = changed_lines(old, new)
    strange = [row for row in differing(sound, rows) if not is_named(row[0], part)]
    if strange and header_changed(old, new, mark):
        strange = _beyond_header(strange, set(sound), new, doubt)
    return f"no changed line names {strange[0]}"[:400] if strange else ""


def _beyond_header(
    strange: Sequence[Row], sound: set[Row], new: bytes, doubt: str
) -> list[Row]:
    """Return the rows that no change of the header alone accounts for."""
    lines = new.decode("utf-8", "replace").splitlines()
    before: dict[str, list[Row]] = defaultdict(list)
    for row in strange:
        if row in sound:
            before[row[0]].append(row)
    found = []
    for name, content in (row for row in strange if row not in sound):
        own = "\n".join(line for line in lines if is_named(name, line))
        twin = next((r for r in before[name] if _may_become(r[1], content, own)), None)
        if twin is None:
            found.append((name, content))
        else:
            before[name].remove(twin)
    lost = [row for rows in before.values() for row in rows]
    return found if doubt else found + lost


def _may_become(old: str, new: str, line: str) -> bool:
    before, after = _cells(old), _cells(new)
    words = set(re.split(r"[\t,;:|/ =]", line))
    return all(
        value == before.get(name) or value in ABSENT or value in words
        for name, value in after.items()
    )


def _cells(content: str) -> dict[str, str]:
    return {name: value for name, _, value in (c.partition("=") for c in content.split("\t"))}
