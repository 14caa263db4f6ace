"""Names of patients that two tables write differently, and rows that are no patient."""

import re
from collections.abc import Collection, Iterable
from itertools import takewhile

from storiform.io.names import bare, counted, listed
from storiform.model.errors import fault

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
    >>> is_summary("Median"), is_summary("Mean (SD):"), is_summary("P7"), is_summary("N7")
    (True, True, False, False)
    """
    words = [word for word in _MARKS.split(name.casefold()) if word]
    return bool(words) and _SUMMARIES.issuperset(words)


def faults_of_ids(where: str, ids: Iterable[str], known: Collection[str]) -> list[str]:
    """Tell of ids that are written otherwise elsewhere, and of rows that are no patient.

    Parameters
    ----------
    where
        The file and its column of ids.
    ids
        Those of a table, in the order of its rows.
    known
        Those of the sample sheet.

    Returns
    -------
    list of str
        One fault of each kind. A patient may be called N or SD: only the last rows of a
        table can be its summary, and only those without a sample.
    """
    rows = list(ids)
    faults = []
    folded = {name.casefold() for name in known}
    below = list(takewhile(lambda name: is_summary(name) and name.casefold() not in folded,
                           reversed(rows)))  # fmt: skip
    if below:
        found = f"{listed([repr(name) for name in reversed(below)])} as the last patient"
        remedy = "Remove what stands below the table; if it is a patient, rename it."
        faults.append(fault(where, found, "patients, no medians or sums of them", remedy))
    pairs = [
        (ours, theirs)
        for ours, theirs in alike(set(rows) - set(known), set(known) - set(rows))
        if ours.casefold() != theirs.casefold()  # that is told with the row
    ]
    if pairs:
        shown = listed([f"{ours} ({theirs} there)" for ours, theirs in pairs])
        found = (
            f"{counted(len(pairs), 'id')} written otherwise than in the sample sheet: {shown}"
        )
        remedy = "Write them alike; of two patients whose ids differ so, rename one."
        faults.append(fault(where, found, "one way to write each id", remedy))
    return faults


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
