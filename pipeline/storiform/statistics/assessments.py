"""Assessments of a patient: lesions by day become sums, changes and responses."""

import math
import warnings
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from storiform.model.errors import DataWarning
from storiform.model.tables.trial import ASSESSMENTS, Assessments, Lesions
from storiform.statistics.irrc import Area, burden, ir_response
from storiform.statistics.recist import (
    NON_CR_NON_PD,
    Limits,
    Measured,
    RecistParams,
    is_gone,
    non_target_response,
    overall_response,
    target_response,
)

TARGET, NON_TARGET, NEW = "target", "non-target", "new"
TOO_SMALL = "too small"
_MEASURABLE_MM, _MEASURABLE_NODE_MM = 10.0, 15.0


class _Row(NamedTuple):
    """A lesion on a day; diameters in mm, NaN where there is none."""

    lesion: str
    role: str
    site: str
    day: float
    mm: float
    across: float
    is_node: bool
    status: str


Visit = dict[str, _Row]
"""One assessment: lesion -> its row."""


@dataclass
class _Course:
    """What the assessments so far have shown; sums in mm, burden in mm^2."""

    targets: Visit
    non_targets: frozenset[str]
    baseline: float
    burden: float
    nadir: float = field(init=False)
    smallest: float = field(init=False)
    was_complete: bool = False
    old: frozenset[str] = frozenset()
    """Lesions that are called new though they were there at baseline."""
    new: dict[str, bool] = field(default_factory=dict)
    """New lesions seen so far, and whether each was ever measured."""

    def __post_init__(self) -> None:
        self.nadir, self.smallest = self.baseline, self.burden


def assessments(lesions: Lesions, params: RecistParams) -> Assessments:
    """Judge each assessment of a patient by RECIST 1.1, and by irRC where it can be.

    The baseline is what was last measured of each lesion up to day 0; where nothing was, it
    is the first assessment, with a warning. A target lesion that is not measured leaves the
    sum missing. irRC needs two diameters of all target lesions at baseline.

    Parameters
    ----------
    lesions
        One row per lesion and day.

    Returns
    -------
    Assessments
        One row per assessment from baseline on. `nadir_change_percent` is counted from the
        smallest sum before, baseline included.

    References
    ----------
    Eisenhauer et al., European Journal of Cancer 45, 228-247 (2009),
    doi:10.1016/j.ejca.2008.10.026.
    Wolchok et al., Clinical Cancer Research 15, 7412-7420 (2009),
    doi:10.1158/1078-0432.CCR-09-1624.
    """
    rows = _rows(lesions, params)
    if not rows:
        return ASSESSMENTS.empty()
    day, first, later = _visits(rows, params)
    course = _begin(rows, first, params)
    judged = [_baseline(day, course)]
    judged += [_judge(day, visit, course, params) for day, visit in later]
    return pd.DataFrame(judged, columns=list(ASSESSMENTS.columns))


def _rows(lesions: pd.DataFrame, params: RecistParams) -> list[_Row]:
    nodes = set(lesions.loc[lesions["is_node"].fillna(value=False).astype(bool), "lesion"])
    found = []
    ordered = lesions.sort_values(["day", "lesion"], kind="stable")
    for row in ordered.to_dict("records"):
        status = "" if pd.isna(row["status"]) else str(row["status"])
        mm, across = float(row["diameter_mm"]), float(row["perpendicular_mm"])
        if status == TOO_SMALL and math.isnan(mm):
            mm = across = params.too_small_mm
        site = "" if pd.isna(row["site"]) else str(row["site"])
        name, role, day = str(row["lesion"]), str(row["role"]), float(row["day"])
        found.append(_Row(name, role, site, day, mm, across, name in nodes, status))
    return _with_listed(found)


def _with_listed(rows: list[_Row]) -> list[_Row]:
    """Take a new lesion as seen that is listed without a size or a status on any day.

    Forms ask whether there is a new lesion, not for its size. Where a lesion has a size or a
    status on some days, its empty cells say that it was not measured on the others.
    """
    told = {row.lesion for row in rows if row.status or not math.isnan(row.mm)}
    blank = {row.lesion for row in rows if row.role == NEW} - told
    if blank:
        message = (
            "new lesions without a size or a status on any day are taken as seen on the days "
            f"that list them: {', '.join(sorted(blank))}; leave out those that were not seen"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
    return [row._replace(status=NON_CR_NON_PD) if row.lesion in blank else row for row in rows]


def _visits(
    rows: list[_Row], params: RecistParams
) -> tuple[float, Visit, list[tuple[float, Visit]]]:
    """Part the rows into the baseline and later assessments, each on its first day."""
    before = [row for row in rows if row.day <= 0]
    visits: list[tuple[float, Visit]] = []
    for day, of_day in groupby(rows[len(before) :], key=lambda row: row.day):
        visit = {row.lesion: row for row in of_day}
        is_near = bool(visits) and day - visits[-1][0] <= params.window_days
        if is_near and visits[-1][1].keys().isdisjoint(visit):
            visits[-1][1].update(visit)
        else:
            visits.append((day, visit))
    if not before:
        message = "no lesion was measured before day 0: the first assessment is the baseline"
        warnings.warn(message, DataWarning, stacklevel=3)
        return visits[0][0], visits[0][1], visits[1:]
    first: Visit = {}
    for row in before:
        is_told = row.status not in {"", "NE"} or not math.isnan(row.mm)
        if is_told or row.lesion not in first:
            first[row.lesion] = row
    return max(row.day for row in before), first, visits


def _begin(rows: list[_Row], first: Visit, params: RecistParams) -> _Course:
    targets = {n: r for n, r in first.items() if r.role == TARGET and not math.isnan(r.mm)}
    named = {row.lesion for row in rows if row.role == TARGET}
    _warn_of_targets(targets, sorted(named - set(targets)), params)
    old = frozenset(n for n, row in first.items() if row.role == NEW and _is_seen(row))
    if old:
        message = (
            f"lesions called new were there at baseline: {', '.join(sorted(old))}; ignored"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
    areas = [Area(row.mm, row.across) for row in targets.values()]
    total = sum(row.mm for row in targets.values()) if targets else math.nan
    return _Course(
        targets=targets,
        non_targets=frozenset(row.lesion for row in rows if row.role == NON_TARGET),
        baseline=total,
        burden=burden(areas) if areas else math.nan,
        old=old,
    )


def _warn_of_targets(targets: Visit, unmeasured: list[str], params: RecistParams) -> None:
    """Tell which target lesions the guideline would not have taken; they count all the same."""
    told = []
    if unmeasured:
        names = ", ".join(unmeasured)
        told.append(f"target lesions not measured at baseline are not counted: {names}")
    if len(targets) > params.most_targets:
        most = params.most_targets
        told.append(f"{len(targets)} target lesions, {most} at most by RECIST 1.1: all counted")
    sites = pd.Series([row.site for row in targets.values() if row.site], dtype=object)
    crowded = sites.value_counts()
    for site in sorted(crowded.index[crowded > params.most_per_organ]):
        found = f"{crowded[site]} target lesions of {site}, {params.most_per_organ} at most"
        told.append(f"{found} by RECIST 1.1: all counted")
    small = [
        name
        for name, row in targets.items()
        if row.mm < (_MEASURABLE_NODE_MM if row.is_node else _MEASURABLE_MM)
    ]
    if small:
        names = ", ".join(sorted(small))
        told.append(
            f"target lesions below 10 mm (of nodes 15 mm) at baseline, not measurable by "
            f"RECIST 1.1: {names}; counted"
        )
    for message in told:
        warnings.warn(message, DataWarning, stacklevel=4)


def _baseline(day: float, course: _Course) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(ASSESSMENTS.columns)
    return empty | {
        "day": day, "is_baseline": True, "sum_mm": course.baseline, "has_new_lesion": False,
        "change_percent": _percent(course.baseline, course.baseline),
        "sum_products_mm2": course.burden,
        "ir_change_percent": _percent(course.burden, course.burden),
    }  # fmt: skip


def _judge(
    day: float, visit: Visit, course: _Course, params: RecistParams
) -> dict[str, object]:
    """Judge one assessment, and take what it shows into the course."""
    targets = [_at(visit, row) for row in course.targets.values()]
    total = sum(lesion.mm for lesion in targets) if targets else math.nan
    _see_new(visit, course)
    target = target_response(targets, Limits(course.baseline, course.nadir), params)
    non_target = non_target_response(_status(visit, n, params) for n in course.non_targets)
    response = overall_response(target, non_target, has_new_lesion=bool(course.new))
    if course.was_complete and params.reappearance == "PD":
        is_seen = any(lesion.mm > 0 and not is_gone(lesion, params) for lesion in targets)
        response = "PD" if is_seen or non_target == NON_CR_NON_PD else response
    products, of_irrc = _judge_burden(visit, course, params)
    row: dict[str, object] = {
        "day": day, "is_baseline": False, "sum_mm": total,
        "change_percent": _percent(total, course.baseline),
        "nadir_change_percent": _percent(total, course.nadir),
        "target_response": target or None, "non_target_response": non_target or None,
        "has_new_lesion": bool(course.new), "response": response,
        "sum_products_mm2": products,
        "ir_change_percent": _percent(products, course.burden), "ir_response": of_irrc,
    }  # fmt: skip
    course.was_complete = course.was_complete or response == "CR"
    course.nadir = min(course.nadir, total) if not math.isnan(total) else course.nadir
    if not math.isnan(products):
        course.smallest = min(course.smallest, products)
    return row


def _at(visit: Visit, baseline: _Row) -> Measured:
    row = visit.get(baseline.lesion)
    return Measured(math.nan if row is None else row.mm, baseline.is_node)


def _see_new(visit: Visit, course: _Course) -> None:
    for name, row in visit.items():
        is_new = row.role == NEW and name not in course.old
        is_measured = row.status != TOO_SMALL and not math.isnan(row.mm)
        if is_new and (_is_seen(row) or name in course.new):
            course.new[name] = course.new.get(name, False) or is_measured


def _is_seen(row: _Row) -> bool:
    """Tell whether a row shows its lesion: by a size, or by a status without one."""
    is_shown = bool(row.status) if math.isnan(row.mm) else row.mm > 0.0
    return is_shown and row.status not in {"CR", "NE"}


def _status(visit: Visit, name: str, params: RecistParams) -> str:
    """Return the status of a non-target lesion, by its diameter where none is written."""
    row = visit.get(name)
    if row is None:
        return "NE"
    if row.status and row.status != TOO_SMALL:
        return row.status
    if math.isnan(row.mm):
        return "NE"
    return "CR" if is_gone(Measured(row.mm, row.is_node), params) else NON_CR_NON_PD


def _judge_burden(
    visit: Visit, course: _Course, params: RecistParams
) -> tuple[float, str | None]:
    """Return the burden of irRC and the response, nothing without two diameters at baseline."""
    if math.isnan(course.burden):
        return math.nan, None
    areas = [_area(visit, row, params) for row in course.targets.values()]
    measured_new = [name for name, is_measured in course.new.items() if is_measured]
    for name in measured_new:
        row = visit.get(name)
        mm, across = (math.nan, math.nan) if row is None else (row.mm, row.across)
        gone = mm == 0.0
        areas.append(Area(mm, across, is_gone=gone, is_new=True))
    unseen = [_status(visit, n, params) == "CR" for n in course.non_targets]
    unseen += [_status(visit, n, params) == "CR" for n in course.new if n not in measured_new]
    limits = Limits(course.burden, course.smallest)
    of_irrc = ir_response(areas, limits, params, are_others_gone=all(unseen))
    return burden(areas), of_irrc


def _area(visit: Visit, baseline: _Row, params: RecistParams) -> Area:
    row = visit.get(baseline.lesion)
    if row is None:
        return Area(math.nan, math.nan)
    gone = is_gone(Measured(row.mm, baseline.is_node), params)
    return Area(row.mm, row.across, is_gone=gone)


def _percent(now: float, before: float) -> float:
    return math.nan if not before else 100 * (now - before) / before
