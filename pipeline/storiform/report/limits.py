"""What the results cannot tell: of this cohort by its numbers, of each step by its nature."""

import math
from dataclasses import dataclass

import pandas as pd

from storiform.model.counting import counted
from storiform.report.findings import OUTCOMES
from storiform.report.methods_text import ran
from storiform.report.numbers import significant
from storiform.report.record import ReportRecord

_BOTH_TAILS, _FOUND = 1.959964, 0.841621
"""Quantiles of the normal distribution for a two-sided p of .05 and a power of .8."""
_DOUBTED_BELOW = 0.05


@dataclass(frozen=True)
class Limit:
    """A limit, and the step that it holds for; of the whole cohort where that is empty."""

    text: str
    step: str = ""


def limits(record: ReportRecord) -> tuple[Limit, ...]:
    """List what the size and the gaps of this cohort leave open, then the limits of each step.

    References
    ----------
    Noether, JASA 82, 645-647 (1987), doi:10.1080/01621459.1987.10478478.
    Schoenfeld, Biometrics 39, 499-503 (1983), doi:10.2307/2531021.
    """
    of_cohort = (*_of_response(record), *_of_survival(record), *_of_doubts(record))
    return (
        *(Limit(text) for text in of_cohort),
        *(
            Limit(step.limits.replace("`", ""), step.name)
            for step in ran(record.steps)
            if step.limits
        ),
    )


def smallest_auc(positive: int, negative: int) -> float:
    """Return the AUC that a rank-sum test finds four times in five, two-sided at .05.

    Examples
    --------
    >>> round(smallest_auc(14, 32), 2)
    0.76
    """
    people = positive + negative
    share = positive / people
    return 0.5 + (_BOTH_TAILS + _FOUND) / math.sqrt(12 * people * share * (1 - share))


def smallest_ratio(events: int) -> float:
    """Return the hazard ratio of two halves that a log-rank test finds four times in five.

    Examples
    --------
    >>> round(smallest_ratio(40), 2)
    2.43
    """
    return math.exp(2 * (_BOTH_TAILS + _FOUND) / math.sqrt(events))


def _of_response(record: ReportRecord) -> list[str]:
    rows = _frame(record, "associations", "outcome", "n", "n_positive")
    told = []
    for outcome, group in rows.groupby("outcome", sort=False):
        row = group.sort_values("n", kind="stable").iloc[-1]
        positive, negative = int(row["n_positive"]), int(row["n"] - row["n_positive"])
        name = OUTCOMES.get(str(outcome), ("", str(outcome)))[1]
        auc = smallest_auc(positive, negative) if positive and negative else math.inf
        lead = (
            f"{name[0].upper()}{name[1:]}: {positive} patients with and {negative} without it"
        )
        if auc < 1:
            told.append(
                f"{lead} show a single feature four times in five, at p < 0.05, if its AUC is "
                f"{significant(auc)} or more (or {significant(1 - auc)} or less); one of many "
                "features must differ more."
            )
        else:
            told.append(f"{lead} are too few for any feature to be found reliably.")
    return told


def _of_survival(record: ReportRecord) -> list[str]:
    rows = _frame(record, "survival", "outcome", "feature", "events")
    whole = rows[rows["feature"] == "all"]
    told = []
    for row in whole.to_dict("records"):
        events = int(row["events"])
        name = OUTCOMES.get(str(row["outcome"]), ("", str(row["outcome"])))[1]
        lead = f"{name[0].upper()}{name[1:]}: {counted(events, 'event')}"
        if events:
            ratio = smallest_ratio(events)
            told.append(
                f"{lead} show a single feature that halves the patients four times in five, at "
                f"p < 0.05, if the hazard ratio is {significant(ratio)} or more (or "
                f"{significant(1 / ratio)} or less)."
            )
        else:
            told.append(f"{lead}: nothing can be said of what goes with it.")
    return told


def _of_doubts(record: ReportRecord) -> list[str]:
    """Count what the rooms themselves doubt."""
    told = []
    for table, column, what in (
        ("copy_number_fit", "is_ambiguous", "another purity and ploidy fit as well"),
        ("immune_classes", "is_ambiguous", "two Sarcoma Immune Classes are nearly as close"),
    ):
        doubts = _frame(record, table, column)[column].dropna().astype(bool)
        if doubts.any():
            biopsies = counted(len(doubts), "biopsy", "biopsies")
            told.append(f"In {int(doubts.sum())} of {biopsies} {what}.")
    chances = _frame(record, "hazards", "proportionality_p")["proportionality_p"].dropna()
    doubted = int((chances < _DOUBTED_BELOW).sum())
    if doubted:
        expected = round(_DOUBTED_BELOW * len(chances))
        told.append(
            f"Of {counted(len(chances), 'term')} in Cox models {doubted} have hazards that are "
            f"hardly proportional (p < {_DOUBTED_BELOW}); by chance about {expected:,} would. "
            "The hazard ratio of such a term is a mean over the time of follow-up."
        )
    return told


def _frame(record: ReportRecord, name: str, *columns: str) -> pd.DataFrame:
    """Return these columns of a table, empty where the run has none such."""
    table = record.table(name)
    if table is None or not set(columns) <= set(table.frame.columns):
        return pd.DataFrame({column: [] for column in columns})
    return table.frame[list(columns)]
