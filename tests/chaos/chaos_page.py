"""The table of what was tried and what happened, as markdown, between two marks of a page."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaos_bench import Attempt
from chaos_files import Spoilt

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_SIGNS = {
    "traceback": "traceback", "hang": "hang", "wrong": "wrong table",
    "finished": "done again", "left": "left behind", "process": "left behind",
}  # fmt: skip


def write_page(
    page: Path | None, head: str, attempts: Sequence[Attempt], spoilt: Sequence[Spoilt]
) -> str:
    """Return the tables; write them into a page if one is named."""
    text = "\n".join([head, "", *_runs(attempts), *_files(spoilt)]).strip()
    if page is not None:
        old = page.read_text("utf-8")
        before, _, rest = old.partition(BEGIN)
        _, _, after = rest.partition(END)
        page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
    return text


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
    return [*lines, ""]


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
