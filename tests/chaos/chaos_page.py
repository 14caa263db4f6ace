"""The table of what was tried and what happened, as markdown, between two marks of a page."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaos_bench import Attempt
from chaos_files import Spoilt

_SIGNS = {
    "traceback": "traceback", "hang": "hang", "wrong": "wrong table",
    "finished": "done again", "left": "left behind", "process": "left behind",
}  # fmt: skip


def write_page(
    page: Path | None, head: str, attempts: Sequence[Attempt], spoilt: Sequence[Spoilt]
) -> str:
    """Return the tables; write those that were measured into a page if one is named."""
    tables = {"runs": _runs(attempts), "files": _files(spoilt)}
    said = {
        name: "\n".join([f"{head}, {tried} tried.", "", *lines])
        for (name, lines), tried in zip(
            tables.items(),
            (len(attempts), sum(row.counts.total() for row in spoilt)),
            strict=True,
        )
        if lines
    }
    if page is not None:
        text = page.read_text("utf-8")
        for name, table in said.items():
            begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
            before, _, rest = text.partition(begin)
            text = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
        page.write_text(text, "utf-8")
    return "\n\n".join(said.values())


def _runs(attempts: Sequence[Attempt]) -> list[str]:
    if not attempts:
        return []
    columns = ("traceback", "hang", "wrong table", "left behind", "other")
    lines = [
        "| Fault | Tried | How it ended | Finished before | Done again | "
        + " | ".join(name.capitalize() for name in columns) + " |",
        "|---|---:|---|---:|---:|" + "---:|" * len(columns),
    ]  # fmt: skip
    for group in dict.fromkeys(attempt.group for attempt in attempts):
        own = [attempt for attempt in attempts if attempt.group == group]
        endings = Counter(attempt.ending for attempt in own)
        ended = ", ".join(f"{ending}: {n}" for ending, n in sorted(endings.items()))
        kept, redone = sum(a.kept for a in own), sum(a.redone for a in own)
        signs = Counter(_sign(breach) for attempt in own for breach in attempt.breaches)
        cells = [str(signs[name]) for name in columns]
        lines.append(
            f"| {group} | {len(own)} | {ended} | {kept} | {redone} | {' | '.join(cells)} |"
        )
    return lines


def _sign(breach: str) -> str:
    return _SIGNS.get(breach.split(":", maxsplit=1)[0].split(maxsplit=1)[0], "other")


def _files(spoilt: Sequence[Spoilt]) -> list[str]:
    if not spoilt:
        return []
    lines = [
        "| Spoilt | How | Tried | Told | Same | Explained by the change | Broken |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    words = ("refused", "same", "explained", "broken")
    total: Counter[str] = Counter()
    for row in spoilt:
        total.update(row.counts)
        cells = " | ".join(str(row.counts[word]) for word in words)
        lines.append(f"| {row.name} | {row.way} | {row.counts.total()} | {cells} |")
    cells = " | ".join(str(total[word]) for word in words)
    return [*lines, f"| **All** | | {total.total()} | {cells} |"]
