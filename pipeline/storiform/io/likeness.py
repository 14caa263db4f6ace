"""Names of patients that two tables write differently, and rows that are no patient."""

import re
from collections.abc import Iterable

from storiform.io.names import bare

_MARKS = re.compile(r"[\W_]+")
_SUMMARIES = frozenset({
    "median", "mean", "average", "avg", "sum", "total", "n", "min", "minimum", "max", "maximum",
    "range", "sd", "se", "std", "iqr", "count", "overall", "mittelwert", "durchschnitt",
    "summe", "gesamt", "anzahl", "moyenne",
})  # fmt: skip


def is_summary(name: str) -> bool:
    """Tell whether a name is that of a row below a table, such as its medians.

    Examples
    --------
    >>> is_summary("Median"), is_summary("Mean:"), is_summary("P7")
    (True, True, False)
    """
    return _MARKS.sub("", name).casefold() in _SUMMARIES


def alike(left: Iterable[str], right: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names that are one but for their writing, sorted; each alone on its side.

    Examples
    --------
    >>> alike(["P1", "P2", "P11"], ["P01", "P-011", "P9"])
    [('P1', 'P01'), ('P11', 'P-011')]
    """
    sides: list[dict[str, list[str]]] = [{}, {}]
    for side, names in zip(sides, (left, right), strict=True):
        for name in names:
            side.setdefault(bare(name), []).append(name)
    ours, theirs = sides
    both = sorted(set(ours) & set(theirs))
    pairs = [(ours[key][0], theirs[key][0]) for key in both
             if len(ours[key]) == len(theirs[key]) == 1]  # fmt: skip
    return sorted(pairs)
