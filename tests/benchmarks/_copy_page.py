"""The page and the figure of the copy number bench."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from _copy_bars import Bar
from matplotlib.figure import Figure

NAME = "validation-copy-number"
_HEAD = """\
# Validation: copy number

What `python tests/benchmarks/validate_copy_number.py` found with seed {seed}, which was not
looked into before. The exomes are simulated (`storiform.simulation.copies`),
with the noise of public exomes and with truth for every base; other tumours than these, and
real ones, may be harder. `--seed N` takes other exomes.

## Bars

Shares are given with their exact 95 % intervals (Clopper and Pearson). An answer that is
withheld counts as missed. Total copies are right where they are the planted number, from nine
copies up within 15 %; in a subclone where they are those of either group of cells, or are
said to be subclonal with a mean within a half.
"""


def write_page(
    folder: Path, seed: int, bars: Sequence[Bar], tables: Mapping[str, pd.DataFrame],
    levels: Mapping[str, pd.DataFrame],
) -> None:  # fmt: skip
    """Write ``validation-copy-number.md`` and ``images/validation-copy-number.svg``."""
    parts = [_HEAD.format(seed=seed), _table_of_bars(bars)]
    for title, table in tables.items():
        heading = "By kind of tumour" if title == "groups" else title
        parts += [f"\n## {heading}\n", _markdown(table)]
    parts.append("\n## Stated probabilities\n")
    parts.append(
        f"![stated and found probabilities](images/{NAME}.svg)\n\n"
        "Calls by the class of their stated probability, and how many of them were right."
    )
    for name, table in levels.items():
        parts += [f"\n### {name[:1].upper()}{name[1:]}\n", _markdown(table)]
    (folder / f"{NAME}.md").write_text("\n".join(parts) + "\n", "utf-8")
    (folder / "images").mkdir(exist_ok=True)
    mpl.rcParams["svg.hashsalt"] = NAME
    figure = draw_levels(levels)
    figure.savefig(folder / "images" / f"{NAME}.svg", metadata={"Date": None})


def draw_levels(levels: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw found against stated probabilities, with exact 95 % intervals."""
    figure = Figure(figsize=(2.6 * len(levels), 2.8), layout="constrained")
    for number, (name, table) in enumerate(levels.items(), start=1):
        axes = figure.add_subplot(1, len(levels), number)
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
        error = [table["found"] - table["lower"], table["upper"] - table["found"]]
        axes.errorbar(
            table["stated"], table["found"], yerr=error, fmt="o", markersize=3.5,
            color="#1b6ca8", elinewidth=0.9,
        )  # fmt: skip
        axes.set(title=name, xlabel="stated", xlim=(0, 1.02), ylim=(0, 1.02))
        if number == 1:
            axes.set_ylabel("found, 95 % interval")
    return figure


def _table_of_bars(bars: Sequence[Bar]) -> str:
    rows = [
        {
            "claim": bar.claim,
            "found": bar.found,
            "asked": bar.asked,
            "": ("met" if bar.is_met else "**missed**") if bar.asked else "",
        }
        for bar in bars
    ]
    return _markdown(pd.DataFrame(rows))


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|---" * table.shape[1] + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.to_numpy()]
    return "\n".join(lines)
