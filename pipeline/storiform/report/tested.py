"""What was tested: the number of tests behind all results, with their sum."""

import pandas as pd

from storiform.report.findings import OUTCOMES
from storiform.report.grids import Cell, Grid, Heading
from storiform.report.numbers import significant
from storiform.report.record import ReportRecord

_KINDS = {
    "associations": "features and response",
    "survival": "features and survival curves",
    "odds": "terms of logistic models",
    "response_trends": "features over best response",
    "hazards": "terms of Cox models",
    "correlations": "pairs of numbers",
    "differential_expression": "genes and response",
    "gsea": "gene sets at an end of all genes",
}
_OUTCOMES = {**OUTCOMES, "best_response": ("Best response", "")}
_COUNTS = ("tested", "untested", "p_below_05", "expected_below_05", "q_below_10")
_NEEDED = {"table", "outcome", "population", *_COUNTS}
_HEADINGS = (
    Heading("tests of"),
    Heading("outcome"),
    Heading("population", "the patients who are tested; all: whoever has the values"),
    Heading("families", "sets of tests among which q is adjusted"),
    Heading("tests", "comparisons with a p value"),
    Heading("without p", "comparisons that could not be made; their notes say why"),
    Heading("p < 0.05"),
    Heading("by chance", "tests with p < 0.05 to expect if nothing went with anything"),
    Heading("q < 0.1"),
)


def counted_tests(record: ReportRecord) -> Grid | None:
    """Show how many tests of each kind and outcome were made, and all of them in the end.

    Families of one kind and outcome are added up; what is in the file stands apart.

    Parameters
    ----------
    record
        All that the report prints; its table `number_of_tests` counts the tests.
    """
    table = record.table("number_of_tests")
    if table is None or table.frame.empty or not set(table.frame.columns) >= _NEEDED:
        return None
    frame = table.frame.assign(outcome=table.frame["outcome"].astype(object).fillna(""))
    sums = frame.groupby(["table", "outcome"], sort=False)[list(_COUNTS)].sum()
    groups = frame.groupby(["table", "outcome"], sort=False)
    sums["families"] = groups.size()
    sums["population"] = groups["population"].first()
    sums = sums.reset_index()
    rows = [
        _row(_KINDS.get(kind, kind), _OUTCOMES.get(outcome, (outcome, ""))[0], one)
        for kind, outcome, one in _ordered(sums)
    ]
    total = sums.sum(numeric_only=True)
    total["population"] = ""
    rows.append(_row("all", "", total))
    note = f"Each family apart: tables/{table.name}.tsv."
    description = (
        "No result is worth more than the number of tests behind it allows: where p < 0.05 "
        "is no more frequent than by chance, the smallest p values are what chance gives. "
        "Features go together, so that chance can bring many at once, or none."
    )
    return Grid("What was tested", description, _HEADINGS, tuple(rows), note, is_whole=True)


def _ordered(sums: pd.DataFrame) -> list[tuple[str, str, pd.Series]]:
    kinds, outcomes = list(_KINDS), list(_OUTCOMES)

    def place(row: tuple[str, str, pd.Series]) -> tuple[int, int, str, str]:
        kind, outcome, _ = row
        ranks = [
            names.index(name) if name in names else len(names)
            for names, name in ((kinds, kind), (outcomes, outcome))
        ]
        return ranks[0], ranks[1], kind, outcome

    rows = [(str(row["table"]), str(row["outcome"]), row) for _, row in sums.iterrows()]
    return sorted(rows, key=place)


def _row(kind: str, outcome: str, counts: pd.Series) -> tuple[Cell, ...]:
    whole = ("families", "tested", "untested", "p_below_05")
    return (
        Cell(kind, kind, is_number=False),
        Cell(outcome, outcome, is_number=False),
        Cell(str(counts["population"]), str(counts["population"]), is_number=False),
        *(_count(counts[name]) for name in whole),
        Cell(significant(float(counts["expected_below_05"])), "", is_number=True),
        _count(counts["q_below_10"]),
    )


def _count(value: object) -> Cell:
    text = f"{int(float(str(value))):,}"
    return Cell(text, text, is_number=True)
