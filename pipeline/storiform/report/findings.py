"""What was found, in sentences: which features go with response and with survival."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from storiform.report.numbers import counted, equation, interval, is_missing, significant
from storiform.report.record import ReportRecord, ReportTable

Q_LIMIT = 0.1
SHOWN = 6
OUTCOMES = {
    "responded": ("Response", "response (CR or PR)"),
    "disease_control": ("Disease control", "disease control (CR, PR or SD)"),
    "pfs": ("Progression-free survival", "progression-free survival"),
    "os": ("Overall survival", "overall survival"),
}
Row = Mapping[Hashable, Any]
_ASSOCIATION = {"outcome", "feature", "n", "n_positive", "effect", "effect_name", "p", "q"}
_SURVIVAL = {"outcome", "feature", "group", "n", "events", "median_months", "p", "q"}


@dataclass(frozen=True)
class Finding:
    """What one outcome showed: a verdict, and one sentence for each feature found."""

    heading: str
    verdict: str
    sentences: tuple[str, ...] = ()


def findings(record: ReportRecord) -> tuple[Finding, ...]:
    """Write the findings of each outcome that was looked at, response first."""
    tests = usable(record.table("associations"), _ASSOCIATION)
    curves = usable(record.table("survival"), _SURVIVAL)
    return (
        *(_of_groups(record, tests[tests["outcome"] == o], o) for o in _outcomes(tests)),
        *(_of_survival(record, curves[curves["outcome"] == o], o) for o in _outcomes(curves)),
    )


def usable(table: ReportTable | None, needed: set[str]) -> pd.DataFrame:
    """Return the rows of a table that has these columns, else an empty frame."""
    if table is None or not needed <= set(table.frame.columns):
        return pd.DataFrame(columns=sorted(needed))
    return table.frame


def feature_label(record: ReportRecord, feature: str) -> str:
    """Name a feature ``TABLE.COLUMN`` by the description of its column, where it has one."""
    if feature == "all":
        return "whole cohort"
    name, _, column = feature.partition(".")
    table = record.table(name)
    described = table.columns.get(column, ("", ""))[0] if table else ""
    described = described.replace("of this name", column)
    return f"{described} ({feature})" if described else feature


def feature_unit(record: ReportRecord, feature: str) -> str:
    """Return the unit of a feature, empty where it has none."""
    name, _, column = feature.partition(".")
    table = record.table(name)
    return table.columns.get(column, ("", ""))[1] if table else ""


def association_sentence(record: ReportRecord, row: Row) -> str:
    """Write one comparison of two groups with n, effect, p and q."""
    label = feature_label(record, str(row["feature"]))
    outcome = OUTCOMES.get(str(row["outcome"]), ("", str(row["outcome"])))[1]
    parts = [*_effect(record, row), f"n = {row['n']} ({row['n_positive']} with the outcome)"]
    parts += [equation("p", _number(row, "p")), equation("q", _number(row, "q"))]
    test = "" if is_missing(row.get("test")) else f" ({row['test']})"
    direction = _direction(row)
    return f"{_capital(label)} {direction} patients with {outcome}: {', '.join(parts)}{test}."


def survival_sentence(record: ReportRecord, groups: pd.DataFrame) -> str:
    """Write one comparison of survival curves: each group's median, then p and q."""
    rows = groups.to_dict("records")
    first = rows[0]
    label = feature_label(record, str(first["feature"]))
    unit = feature_unit(record, str(first["feature"]))
    cutoff = _number(first, "cutoff")
    cut = "" if is_missing(cutoff) else f", cut at {significant(cutoff)} {unit}".rstrip()
    parts = [_group(row) for row in rows]
    test = f"n = {sum(int(row['n']) for row in rows)}, log-rank "
    test += f"{equation('p', _number(first, 'p'))}, {equation('q', _number(first, 'q'))}"
    return f"{_capital(label)}{cut}: {'; '.join(parts)}; {test}."


def _of_groups(record: ReportRecord, rows: pd.DataFrame, outcome: str) -> Finding:
    heading, name = OUTCOMES.get(outcome, (outcome, outcome))
    tested = rows[rows["p"].notna()].sort_values(["p", "feature"], kind="stable")
    if tested.empty:
        verdict = f"No feature could be tested against {name}: {_why_untested(rows)}."
        return Finding(heading, verdict)
    hits = tested[tested["q"] < Q_LIMIT]
    sentences = [association_sentence(record, row) for row in _top(hits)]
    if not hits.empty:
        return Finding(
            heading, _found(len(hits), len(tested), name), _cut(sentences, len(hits))
        )
    best = association_sentence(record, _top(tested)[0])
    most = _top(tested.sort_values("n", ascending=False, kind="stable"))[0]
    people = f"{most['n_positive']} of {counted(int(most['n']), 'patient')} with the outcome"
    verdict = f"{_none(len(tested), name)} With {people}, weaker associations can be missed."
    return Finding(heading, verdict, (f"Nearest: {best}",))


def _of_survival(record: ReportRecord, rows: pd.DataFrame, outcome: str) -> Finding:
    heading, name = OUTCOMES.get(outcome, (outcome, outcome))
    whole = rows[rows["feature"] == "all"]
    lead = f"{_whole(whole.to_dict('records')[0])} " if len(whole) else ""
    compared = rows[(rows["feature"] != "all") & rows["p"].notna()]
    ordered = compared.sort_values(["p", "feature"], kind="stable")
    tested = list(ordered["feature"].unique())
    if not tested:
        return Finding(heading, f"{lead}No feature could be compared for {name}.")
    hits = list(ordered.loc[ordered["q"] < Q_LIMIT, "feature"].unique())
    shown = hits[:SHOWN] or tested[:1]
    sentences = [survival_sentence(record, ordered[ordered["feature"] == f]) for f in shown]
    if hits:
        verdict = lead + _found(len(hits), len(tested), name)
        return Finding(heading, verdict, _cut(sentences, len(hits)))
    return Finding(heading, lead + _none(len(tested), name), (f"Nearest: {sentences[0]}",))


def _found(hits: int, tested: int, name: str) -> str:
    verb = "goes" if hits == 1 else "go"
    return f"{hits} of {counted(tested, 'feature')} tested {verb} with {name} at q < {Q_LIMIT}."


def _none(tested: int, name: str) -> str:
    if tested == 1:
        return f"The one feature tested does not go with {name} at q < {Q_LIMIT}."
    return f"None of the {tested} features tested goes with {name} at q < {Q_LIMIT}."


def _cut(sentences: list[str], hits: int) -> tuple[str, ...]:
    further = hits - len(sentences)
    if further <= 0:
        return tuple(sentences)
    return (*sentences, f"And {further} more: see the table of all tests.")


def _top(rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return rows.head(SHOWN).to_dict("records")


def _effect(record: ReportRecord, row: Row) -> list[str]:
    unit = feature_unit(record, str(row["feature"]))
    high, low = _number(row, "median_positive"), _number(row, "median_negative")
    parts = []
    is_odds = row["effect_name"] == "odds_ratio"
    if not is_missing(high) and not is_missing(low):
        medians = f"median {significant(high)} v. {significant(low)} {unit}".rstrip()
        parts.append(f"{100 * high:.0f} % v. {100 * low:.0f} %" if is_odds else medians)
    effect = _number(row, "effect")
    if not is_missing(effect):
        bounds = interval(_number(row, "effect_lower"), _number(row, "effect_upper"))
        name = "effect" if is_missing(row["effect_name"]) else str(row["effect_name"])
        written = f"{name.replace('_', ' ')} {significant(effect)}"
        parts.append(f"{written} ({bounds})" if bounds else written)
    return parts


def _direction(row: Row) -> str:
    effect = _number(row, "effect")
    is_odds = row["effect_name"] == "odds_ratio"
    neutral = 1.0 if is_odds else 0.0
    if is_missing(effect) or effect == neutral:
        return "differed between patients without and"
    above, below = ("more frequent", "less frequent") if is_odds else ("higher", "lower")
    return f"was {above if effect > neutral else below} in"


def _group(row: Row) -> str:
    median = _number(row, "median_months")
    written = "median not reached" if is_missing(median) else f"median {_months(row)}"
    return f"{row['group']}, {written} ({row['events']} of {row['n']} with an event)"


def _whole(row: Row) -> str:
    people = f"{counted(int(row['n']), 'patient')}, {counted(int(row['events']), 'event')}"
    is_reached = not is_missing(_number(row, "median_months"))
    median = _months(row) if is_reached else "not reached"
    months, share = _number(row, "landmark_months"), _number(row, "landmark_survival")
    if is_missing(months) or is_missing(share):
        return f"Median {median} ({people})."
    return f"Median {median} ({people}); {100 * share:.0f} % at {months:g} months."


def _months(row: Row) -> str:
    bounds = interval(_number(row, "median_lower"), _number(row, "median_upper"))
    written = f"{significant(_number(row, 'median_months'))} months"
    return f"{written}, {bounds}" if bounds else written


def _why_untested(rows: pd.DataFrame) -> str:
    if rows.empty or rows["n"].max() == 0:
        return "no patient has both a feature and this outcome"
    if (rows["n_positive"] == 0).all() or (rows["n_positive"] == rows["n"]).all():
        return "all patients with features are in the same group"
    return "no feature varies enough between the groups"


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return float("nan") if value is None or value is pd.NA else float(value)


def _outcomes(frame: pd.DataFrame) -> list[str]:
    present = set(frame["outcome"].dropna().astype(str))
    known = [outcome for outcome in OUTCOMES if outcome in present]
    return known + sorted(present - set(known))


def _capital(text: str) -> str:
    first = text.split(" ", 1)[0]
    plain = first.isalpha() and first.islower()
    return text[:1].upper() + text[1:] if plain else text
