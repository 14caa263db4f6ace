"""What was found, in sentences: which features go with response and with survival."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from storiform.model.counting import counted
from storiform.model.features import full_name, group_name, table_of
from storiform.report.numbers import amount, equation, interval, is_missing, listed, significant
from storiform.report.record import ReportRecord, ReportTable
from storiform.report.robustness import (
    hazard_ratio,
    multivariable_sentence,
    named_groups,
    reservations,
    survival_reservations,
)

Q_LIMIT = 0.1
SHOWN = 6
OUTCOMES = {
    "responded": ("Response", "response (CR or PR)"),
    "disease_control": ("Disease control", "disease control (CR, PR or SD)"),
    "clinical_benefit": ("Clinical benefit", "clinical benefit (CR, PR or lasting SD)"),
    "pfs": ("Progression-free survival", "progression-free survival"),
    "os": ("Overall survival", "overall survival"),
}
Row = Mapping[Hashable, Any]
_OF_ONE_COUNT = {"tmb", "neoantigen_burden"}
_HEADLINES = {"neoantigen_burden.neoantigen_burden"}
_FIRST = {"high": 0, "true": 0, "low": 1, "false": 1}
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
        *(
            _with_model(record, _of_survival(record, curves[curves["outcome"] == o], o), o)
            for o in _outcomes(curves)
        ),
    )


def usable(table: ReportTable | None, needed: set[str]) -> pd.DataFrame:
    """Return the rows of a table that has these columns, else an empty frame."""
    if table is None or not needed <= set(table.frame.columns):
        return pd.DataFrame(columns=sorted(needed))
    return table.frame


def feature_unit(record: ReportRecord, feature: str) -> str:
    """Return the unit of a feature, empty where it has none."""
    name, _, column = feature.partition(".")
    table = record.table(name)
    return table.columns.get(column, ("", ""))[1] if table else ""


def association_sentence(record: ReportRecord, row: Row, kin: Sequence[Row] = ()) -> str:
    """Write one comparison of two groups with n, effect, p, q, and what speaks against it."""
    outcome = OUTCOMES.get(str(row["outcome"]), ("", str(row["outcome"])))[1]
    name = full_name(str(row["feature"]))
    if row["effect_name"] == "odds_ratio":
        lead = f"{name}{_level(row)} {_shares(row, outcome)}"
        people = f"n = {row['n']}"
    else:
        lead = f"{name}: {_direction(row, outcome)}"
        people = f"n = {row['n']} ({row['n_positive']} with the outcome)"
    parts = [lead, *_effect(record, row), people, *_chances(row)]
    test = "" if is_missing(row.get("test")) else f" ({row['test']})"
    is_found = _number(row, "q") < Q_LIMIT
    against = reservations(record, str(row["outcome"]), str(row["feature"])) if is_found else ""
    return f"{', '.join(parts)}{test}{_beside(kin)}.{against}"


def survival_sentence(
    record: ReportRecord, groups: pd.DataFrame, kin: Sequence[Row] = ()
) -> str:
    """Write one comparison of survival curves: each group's median, then p and q."""
    rows = sorted(
        groups.to_dict("records"), key=lambda row: _FIRST.get(str(row["group"]), len(_FIRST))
    )
    first = rows[0]
    feature = str(first["feature"])
    cutoff = _number(first, "cutoff")
    unit = feature_unit(record, feature)
    cut = "" if is_missing(cutoff) else f", cut at {amount(cutoff)} {unit}".rstrip()
    is_mutation = table_of(feature) == "gene_mutations"
    name = full_name(feature).removesuffix(" mutated") if is_mutation else full_name(feature)
    parts = [_group(row) for row in rows]
    people = f"n = {sum(int(row['n']) for row in rows)}"
    name_of_test = "log-rank" if is_missing(first.get("test")) else first["test"]
    test = f"{people}, {name_of_test} {', '.join(_chances(first))}"
    ratio = hazard_ratio(record, str(first["outcome"]), feature)
    test += f"; {ratio}" if ratio else ""
    doubt = first.get("note")
    test += f" ({named_groups(feature, str(doubt))})" if not is_missing(doubt) and doubt else ""
    is_found = _number(first, "q") < Q_LIMIT
    against = survival_reservations(record, str(first["outcome"]), feature) if is_found else ""
    return f"{name}{cut}: {'; '.join(parts)}; {test}{_beside(kin)}.{against}"


def tested_together(rows: pd.DataFrame) -> pd.Series:
    """Return for each row how many features its q is one of: those tested in its family.

    Parameters
    ----------
    rows
        `outcome, feature, p`, and `family` where it is known; a feature may have many rows.
    """
    keys = ["outcome", "family"] if "family" in rows else ["outcome"]
    tested = rows[rows["p"].notna()].drop_duplicates([*keys, "feature"])
    sizes = tested.groupby(keys).size().rename("tests").reset_index()
    found = rows[keys].merge(sizes, how="left", on=keys)["tests"].fillna(0)
    return pd.Series(found.to_numpy(dtype=int), index=rows.index)


def _of_groups(record: ReportRecord, rows: pd.DataFrame, outcome: str) -> Finding:
    heading, name = OUTCOMES.get(outcome, (outcome, outcome))
    rows = rows.assign(tests=tested_together(rows))
    tested = rows[rows["p"].notna()].sort_values(["p", "feature"], kind="stable")
    if tested.empty:
        verdict = f"No feature could be tested against {name}: {_why_untested(rows)}."
        return Finding(heading, verdict)
    hits = tested[tested["q"] < Q_LIMIT]
    bunches = _bunches((hits if len(hits) else tested).to_dict("records"))
    shown = bunches[:SHOWN] if len(hits) else bunches[:1]
    sentences = [association_sentence(record, bunch[0], bunch[1:]) for bunch in shown]
    if len(hits):
        verdict = _found(hits, len(tested), name)
        return Finding(heading, verdict, _cut(sentences, len(hits) - _members(shown)))
    verdict = f"{_none(len(tested), name)} {_power(tested)}"
    return Finding(heading, verdict, (f"Nearest: {sentences[0]}",))


def _of_survival(record: ReportRecord, rows: pd.DataFrame, outcome: str) -> Finding:
    heading, name = OUTCOMES.get(outcome, (outcome, outcome))
    whole = rows[rows["feature"] == "all"]
    lead = f"{_whole(whole.to_dict('records')[0])} " if len(whole) else ""
    compared = rows[(rows["feature"] != "all") & rows["p"].notna()]
    compared = compared.assign(tests=tested_together(compared))
    ordered = compared.sort_values(["p", "feature"], kind="stable")
    tests = ordered.drop_duplicates("feature")
    tests = tests.assign(n=tests["feature"].map(ordered.groupby("feature")["n"].sum()))
    if tests.empty:
        return Finding(heading, f"{lead}No feature could be compared for {name}.")
    hits = tests[tests["q"] < Q_LIMIT]
    bunches = _bunches((hits if len(hits) else tests).to_dict("records"))
    shown = bunches[:SHOWN] if len(hits) else bunches[:1]
    by_feature = ordered.groupby("feature")
    sentences = [
        survival_sentence(record, by_feature.get_group(bunch[0]["feature"]), bunch[1:])
        for bunch in shown
    ]
    if len(hits):
        verdict = lead + _found(hits, len(tests), name)
        return Finding(heading, verdict, _cut(sentences, len(hits) - _members(shown)))
    return Finding(heading, lead + _none(len(tests), name), (f"Nearest: {sentences[0]}",))


def _with_model(record: ReportRecord, finding: Finding, outcome: str) -> Finding:
    told = multivariable_sentence(record, outcome)
    return replace(finding, sentences=(*finding.sentences, told)) if told else finding


def _bunches(rows: Sequence[Row]) -> list[list[Row]]:
    """Put rows that say nearly the same beside the first of them, which has the smallest p.

    These are the features of `tmb` and of `neoantigen_burden`, which count nearly the same
    calls, and those of one table whose n, p and direction are the same as printed. The burden
    that was declared the first of several leads, whatever its p.
    """
    bunches: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        table = table_of(str(row["feature"]))
        key: tuple[object, ...] = (table, _is_above(row))
        if table not in _OF_ONE_COUNT:
            key = (*key, row["n"], row.get("n_positive"), significant(_number(row, "p")))
        bunches.setdefault(key, []).append(row)
    return [
        sorted(bunch, key=lambda row: row["feature"] not in _HEADLINES)
        for bunch in bunches.values()
    ]


def _members(bunches: Sequence[Sequence[Row]]) -> int:
    return sum(len(bunch) for bunch in bunches)


def _beside(kin: Sequence[Row]) -> str:
    if not kin:
        return ""
    names = [full_name(str(row["feature"])) for row in kin]
    if table_of(str(kin[0]["feature"])) in _OF_ONE_COUNT:
        told = [
            f"{name} ({', '.join(_p_and_q(row))})" for name, row in zip(names, kin, strict=True)
        ]
        return f"; of much the same calls: {listed(told)}"
    further = len(names) - SHOWN
    named = [*names[:SHOWN], *([f"{further} more"] if further > 0 else [])]
    return f"; with the same n and p: {listed(named)}"


def _power(tested: pd.DataFrame) -> str:
    """Say among how many patients was looked, which differs with what each table covers."""
    people, positive = (
        sorted({int(tested[name].min()), int(tested[name].max())})
        for name in ("n", "n_positive")
    )
    if len(people) == len(positive) == 1:
        who = f"With {positive[0]} of {counted(people[0], 'patient')} with the outcome"
        return f"{who}, weaker associations can be missed."
    span, with_it = (" to ".join(map(str, ends)) for ends in (people, positive))
    who = f"A feature was known in {span} patients, {with_it} of them with the outcome"
    return f"{who}: weaker associations can be missed."


def _found(hits: pd.DataFrame, tested: int, name: str) -> str:
    """Say how many features go with an outcome, and among how many each q is one."""
    verb, whose = ("goes", "its family") if len(hits) == 1 else ("go", "their families")
    lead = f"{len(hits)} of {counted(tested, 'feature')} tested"
    told = f"{lead} {verb} with {name} at q < {Q_LIMIT}"
    few, many = int(hits["tests"].min()), int(hits["tests"].max())
    if few == many == tested:
        return f"{told}."
    sizes = f"{few}" if few == many else f"{few} to {many}"
    return f"{told}; q is adjusted within {whose} of {sizes} tested, not for all {tested}."


def _none(tested: int, name: str) -> str:
    if tested == 1:
        return f"The one feature tested does not go with {name} at q < {Q_LIMIT}."
    return f"None of the {tested} features tested goes with {name} at q < {Q_LIMIT}."


def _cut(sentences: list[str], further: int) -> tuple[str, ...]:
    if further <= 0:
        return tuple(sentences)
    return (*sentences, f"And {further} more: see the table of all tests.")


def _effect(record: ReportRecord, row: Row) -> list[str]:
    unit = feature_unit(record, str(row["feature"]))
    high, low = _number(row, "median_positive"), _number(row, "median_negative")
    parts = []
    if row["effect_name"] != "odds_ratio" and not is_missing(high) and not is_missing(low):
        parts.append(f"median {amount(high)} v {amount(low)} {unit}".rstrip())
    effect = _number(row, "effect")
    if not is_missing(effect):
        bounds = interval(_number(row, "effect_lower"), _number(row, "effect_upper"))
        name = "effect" if is_missing(row["effect_name"]) else str(row["effect_name"])
        written = f"{name.replace('_', ' ')} {significant(effect)}"
        parts.append(f"{written} ({bounds})" if bounds else written)
    return parts


def _level(row: Row) -> str:
    """Write what was counted where the name of the feature does not tell."""
    if table_of(str(row["feature"])) == "gene_mutations":
        return ""
    return f" ({row['note']}):" if row.get("kind") == "category" else ": yes"


def _shares(row: Row, outcome: str) -> str:
    """Write how many of those with and without the outcome carry a flag."""
    positive = int(row["n_positive"])
    negative = int(row["n"]) - positive
    shares = _number(row, "median_positive"), _number(row, "median_negative")
    if any(is_missing(share) for share in shares):
        return f"with and without {outcome}"
    carriers = round(shares[0] * positive), round(shares[1] * negative)
    return (
        f"in {carriers[0]} of {positive} with {outcome} v {carriers[1]} of {negative} without"
    )


def _direction(row: Row, outcome: str) -> str:
    above = _is_above(row)
    if above is None:
        return f"different with {outcome}"
    return f"{'higher' if above else 'lower'} with {outcome}"


def _is_above(row: Row) -> bool | None:
    """Tell whether those with the outcome have more; None where no effect tells."""
    effect = _number(row, "effect")
    neutral = 1.0 if row.get("effect_name") == "odds_ratio" else 0.0
    return None if is_missing(effect) or effect == neutral else effect > neutral


def _chances(row: Row) -> list[str]:
    """Write p, and q with the number of tests that it is adjusted for."""
    p, q = _p_and_q(row)
    return [p, f"{q} of {row['tests']} tested"]


def _p_and_q(row: Row) -> list[str]:
    return [equation("p", _number(row, "p")), equation("q", _number(row, "q"))]


def _group(row: Row) -> str:
    median = _number(row, "median_months")
    written = "median not reached" if is_missing(median) else f"median {_months(row)}"
    name = group_name(str(row["feature"]), str(row["group"]))
    return f"{name}, {written} ({row['events']} of {row['n']} with an event)"


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
