"""Which column of a clinical table means what: explicit names, canonical names, aliases."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from storiform.io.clinical_values import DAYS, EVENTS, RESPONSES, compact, read_flag
from storiform.io.names import did_you_mean
from storiform.model.errors import fault

Columns = dict[str, str]
"""Canonical name to the column of the file."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "patient": (
        "patientid", "patientcode", "patientnumber", "subject", "subjectid", "usubjid",
        "participant", "participantid", "caseid", "pid",
    ),
    "response": (
        "bor", "bestresponse", "bestoverallresponse", "recist", "recistresponse",
        "bestrecist", "bestrecistresponse", "overallresponse", "bestoverallresponserecist",
    ),
    "responded": ("responder", "isresponder", "objectiveresponse"),
    "disease_control": ("dcr", "hasdiseasecontrol"),
    "best_change_percent": (
        "bestchange", "bestpercentchange", "percentchange", "bestchangepct",
        "besttumourchange", "besttumorchange", "besttargetlesionchange",
    ),
    "pfs_event": (
        "pfsstatus", "pfsevt", "eventpfs", "eventoccurredpfs", "progressed", "progressionevent",
        "pfssurvivalevent", "pfseventoccurred", "progressionstatus",
    ),
    "os_event": (
        "osstatus", "osevt", "eventos", "eventoccurredos", "vitalstatus", "dead", "death",
        "died", "deceased", "deathevent", "ossurvivalevent", "oseventoccurred",
    ),
    "pfs_censored": ("pfscensor", "pfscnsr", "pfscensoring", "pfscens"),
    "os_censored": ("oscensor", "oscnsr", "oscensoring", "oscens"),
    "histology": ("histologicaltype", "histologicalsubtype", "histologicsubtype",
                  "diagnosis", "histo", "histologytype", "tumourhistology", "tumorhistology"),
    "sex": ("gender",),
    "age_years": ("age", "ageatenrolment", "ageatenrollment", "ageyr", "ageyrs"),
    "arm": ("treatmentarm", "studyarm", "stratum", "armname"),
    "start_date": (
        "firstdosedate", "dateoffirstdose", "treatmentstart", "treatmentstartdate",
        "dateoftreatmentstart", "rfstdtc", "c1d1date",
    ),
}  # fmt: skip
OUTCOMES = ("pfs", "os")
_TIMES = tuple(f"{outcome}_{unit}" for outcome in OUTCOMES for unit in DAYS)
CANONICAL = (*_ALIASES, *_TIMES)
"""Every name that `cohort.columns` may map."""
_OUTCOME = re.compile(
    r"(?:survivaltime|timeto)?(pfs|progressionfreesurvival|os|overallsurvival)(time)?(in)?"
    r"(months?|mos?|days?|d|weeks?|wks?|years?|yrs?)?"
)
_UNIT_COLUMNS = frozenset(
    {"survivalunit", "survivalunits", "survivaltimeunit", "timeunit", "timeunits"}
)
"""Columns that tell the unit of all times of the file."""
_UNITS = {"m": "months", "d": "days", "w": "weeks", "y": "years"}
_GROUPS = (
    ("pfs_event", "pfs_censored"), ("os_event", "os_censored"),
    tuple(name for name in _TIMES if name.startswith("pfs")),
    tuple(name for name in _TIMES if name.startswith("os")),
)  # fmt: skip
"""Names that say the same thing, of which one may be given."""
_MEANING = {compact(word): name for name, words in _ALIASES.items() for word in (name, *words)}
_CODES = frozenset({"CR", "PR", "SD", "PD"})
Cells = Callable[[str], Iterable[str]]
"""The cells of a column that are told."""


def find_columns(
    file: str,
    header: Sequence[str],
    explicit: Mapping[str, str],
    used: Sequence[str] = (),
    cells: Cells = lambda _: (),
) -> tuple[Columns, list[str], list[str]]:
    """Map canonical names to the columns of a file.

    A name of the configuration wins over a column with the canonical name, that over an
    alias; two aliases of one meaning are a fault. Cells decide where a header does not: a
    column `OS` beside a time holds events if each cell tells of one, and a column
    `survival_unit` gives its unit to times that name none.

    Parameters
    ----------
    file
        The name of the file.
    header
        Its columns.
    explicit
        Canonical name to column, as the configuration names them.
    used
        Further columns that are read.
    cells
        The cells of a column that are told.

    Returns
    -------
    tuple[Columns, list[str], list[str]]
        The mapping, the faults, the notes.
    """
    faults: list[str] = []
    columns = _explicit(file, header, explicit, faults)
    free = [name for name in header if name not in columns.values()]
    for group in _groups():
        if set(group) & set(columns):
            continue
        exact = [name for name in free if name in group]
        alike = [name for name in free if meaning(name) in group]
        chosen = exact or alike
        if len(chosen) > 1:
            listed = " and ".join(chosen)
            expected = (
                f"one column for {group[0].rsplit('_', 1)[0] if group in _GROUPS else group[0]}"
            )
            remedy = (
                f"Name one under cohort.columns, such as {meaning(chosen[0])}: {chosen[0]}."
            )
            faults.append(fault(f"{file}, row 1", f"columns {listed}", expected, remedy))
        if chosen:
            columns[meaning(chosen[0])] = chosen[0]
    unit_column = _take_units(free, columns, cells)
    notes = [f"{file}: times are read in the unit of column {unit_column}"] * bool(unit_column)
    notes += _take_events(file, free, columns, cells)
    notes += _tell_richer(file, free, columns, cells)
    faults.extend(_unitless(file, free, columns))
    if "patient" not in columns and "patient" not in explicit:
        remedy = "Add the column, or name it under cohort.columns.patient."
        found = f"columns {', '.join(header)}"
        faults.append(fault(f"{file}, row 1", found, "a column patient", remedy))
    further = [n for n in header if n not in {*columns.values(), *used, unit_column}]
    notes += [f"{file}: columns not used: {', '.join(further)}"] if further else []
    return columns, faults, notes


def meaning(name: str) -> str:
    """Return the canonical name of a column, empty where it has none.

    Examples
    --------
    >>> meaning("PatientID"), meaning("PFS (days)"), meaning("OS"), meaning("Cohort")
    ('patient', 'pfs_days', '', '')
    """
    word = compact(name)
    time = _OUTCOME.fullmatch(word)
    if time and time[4]:
        return f"{_outcome(time[1])}_{_UNITS[time[4][0]]}"
    return _MEANING.get(word, "")


def time_name(columns: Mapping[str, str], outcome: str) -> str:
    """Return the canonical name of an outcome's time, that in months where none is given.

    Examples
    --------
    >>> time_name({"os_days": "OS"}, "os"), time_name({"os_days": "OS"}, "pfs")
    ('os_days', 'pfs_months')
    """
    given = (name for unit in DAYS if (name := f"{outcome}_{unit}") in columns)
    return next(given, f"{outcome}_months")


def clinical_names(header: Iterable[str]) -> list[str]:
    """Name the columns of response, change and times, with or without a unit.

    Examples
    --------
    >>> clinical_names(["patient", "sex", "BOR", "PFS", "os_months", "vcf"])
    ['BOR', 'PFS', 'os_months']
    """
    telling = {"response", "responded", "disease_control", "best_change_percent"}
    return [
        name
        for name in header
        if meaning(name) in telling
        or meaning(name).startswith(("pfs_", "os_"))
        or _OUTCOME.fullmatch(compact(name))
    ]


def _outcome(word: str) -> str:
    return "pfs" if word.startswith("p") else "os"


def _groups() -> Iterable[tuple[str, ...]]:
    grouped = {name for group in _GROUPS for name in group}
    return (*((name,) for name in CANONICAL if name not in grouped), *_GROUPS)


def _explicit(
    file: str, header: Sequence[str], explicit: Mapping[str, str], faults: list[str]
) -> Columns:
    columns: Columns = {}
    for name, column in explicit.items():
        where = f"cohort.columns.{name}"
        if name not in CANONICAL:
            expected = "a name that storiform knows"
            remedy = f"Correct it; {did_you_mean(name, CANONICAL)}"
            faults.append(fault(where, "an unknown name", expected, remedy))
        elif column not in header:
            remedy = f"Correct it; {did_you_mean(column, header)}"
            faults.append(fault(where, repr(column), f"a column of {file}", remedy))
        else:
            columns[name] = column
    for group in _GROUPS:
        if len(given := [name for name in group if name in columns]) > 1:
            listed = " and ".join(given)
            faults.append(fault("cohort.columns", listed, "one of them", "Remove the others."))
    return columns


def _take_units(free: Sequence[str], columns: Columns, cells: Cells) -> str:
    """Give the unit that a column tells to the times without one; return that column."""
    for name in free:
        if compact(name) not in _UNIT_COLUMNS:
            continue
        words = {compact(cell) for cell in cells(name)}
        found = {unit for word in words for unit in DAYS if word in {unit, unit[:-1]}}
        if len(words) != 1 or len(found) != 1:
            continue  # the times stay without a unit, which is a fault
        (unit,) = found
        for outcome, time in _bare(free, columns).items():
            columns[f"{outcome}_{unit}"] = time
        return name
    return ""


def _take_events(file: str, free: Sequence[str], columns: Columns, cells: Cells) -> list[str]:
    """Take a column called as the outcome for its events, where another has the time."""
    notes = []
    for outcome, name in _bare(free, columns, is_timed=True).items():
        told = list(cells(name))
        if not told or f"{outcome}_event" in columns or f"{outcome}_censored" in columns:
            continue
        if all(read_flag(cell, EVENTS) is not None for cell in told):
            columns[f"{outcome}_event"] = name
            notes.append(f"{file}: column {name} is read as the events of {outcome.upper()}")
    return notes


def _bare(free: Sequence[str], columns: Columns, *, is_timed: bool = False) -> dict[str, str]:
    """Return outcome -> column called as it without a unit, whose time is known or not."""
    found: dict[str, str] = {}
    for name in free:
        time = _OUTCOME.fullmatch(compact(name))
        if not time or time[4] or name in columns.values():
            continue
        outcome = _outcome(time[1])
        if is_timed == any(f"{outcome}_{unit}" in columns for unit in DAYS):
            found.setdefault(outcome, name)
    return found


def _tell_richer(file: str, free: Sequence[str], columns: Columns, cells: Cells) -> list[str]:
    """Tell of a column with CR, PR, SD and PD where the one that is read has none of them."""
    chosen = columns.get("response", "")
    if chosen not in free or _codes(cells(chosen)):
        return []
    return [
        f"{file}: column {chosen} tells only who responded, but {name} tells CR, PR, SD or "
        f"PD; to read it, name it under cohort.columns (response: {name})"
        for name in free
        if name != chosen and meaning(name) == "response" and _codes(cells(name))
    ]


def _codes(cells: Iterable[str]) -> bool:
    known = (RESPONSES.get(compact(cell)) for cell in cells)
    return any(response is not None and response.code in _CODES for response in known)


def _unitless(file: str, free: Sequence[str], columns: Columns) -> list[str]:
    """Find times whose column names no unit, where no other column tells the time."""
    faults = []
    for name in free:
        time = _OUTCOME.fullmatch(compact(name))
        if not time or time[4]:
            continue
        outcome = _outcome(time[1])
        if any(f"{outcome}_{unit}" in columns for unit in DAYS) or name in columns.values():
            continue
        expected = "a time with its unit"
        remedy = (
            f"Call it {outcome}_months, {outcome}_days or {outcome}_weeks, or name it so under "
            f"cohort.columns ({outcome}_days: {name})."
        )
        faults.append(fault(f"{file}, row 1", f"column {name}", expected, remedy))
    return faults
