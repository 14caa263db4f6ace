"""Which column of a clinical table means what: explicit names, canonical names, aliases."""

import re
from collections.abc import Iterable, Mapping, Sequence

from storiform.io.clinical_values import DAYS, compact
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
    ),
    "os_event": (
        "osstatus", "osevt", "eventos", "eventoccurredos", "vitalstatus", "dead", "death",
        "died", "deceased", "deathevent",
    ),
    "pfs_censored": ("pfscensor", "pfscnsr", "pfscensoring", "pfscens"),
    "os_censored": ("oscensor", "oscnsr", "oscensoring", "oscens"),
    "histology": ("histologicaltype", "histologicalsubtype", "histologicsubtype", "diagnosis"),
    "sex": ("gender",),
    "age_years": ("age", "ageatenrolment", "ageatenrollment", "ageyr", "ageyrs"),
    "arm": ("treatmentarm", "studyarm", "stratum", "armname"),
    "start_date": (
        "firstdosedate", "dateoffirstdose", "treatmentstart", "treatmentstartdate",
        "dateoftreatmentstart", "rfstdtc", "c1d1date",
    ),
}  # fmt: skip
_TIMES = tuple(f"{outcome}_{unit}" for outcome in ("pfs", "os") for unit in DAYS)
CANONICAL = (*_ALIASES, *_TIMES)
"""Every name that `cohort.columns` may map."""
_OUTCOME = re.compile(
    r"(pfs|progressionfreesurvival|os|overallsurvival)(time)?(in)?"
    r"(months?|mos?|days?|d|weeks?|wks?|years?|yrs?)?"
)
_UNITS = {"m": "months", "d": "days", "w": "weeks", "y": "years"}
_GROUPS = (
    ("pfs_event", "pfs_censored"), ("os_event", "os_censored"),
    tuple(name for name in _TIMES if name.startswith("pfs")),
    tuple(name for name in _TIMES if name.startswith("os")),
)  # fmt: skip
"""Names that say the same thing, of which one may be given."""
_MEANING = {compact(word): name for name, words in _ALIASES.items() for word in (name, *words)}


def find_columns(
    file: str, header: Sequence[str], explicit: Mapping[str, str], used: Sequence[str] = ()
) -> tuple[Columns, list[str], list[str]]:
    """Map canonical names to the columns of a file; `used` are further ones that are read.

    A name of the configuration wins over a column with the canonical name, that over an
    alias; two aliases of one meaning are a fault.

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
    faults.extend(_unitless(file, free, columns))
    if "patient" not in columns and "patient" not in explicit:
        remedy = "Add the column, or name it under cohort.columns.patient."
        found = f"columns {', '.join(header)}"
        faults.append(fault(f"{file}, row 1", found, "a column patient", remedy))
    further = [name for name in header if name not in {*columns.values(), *used}]
    notes = [f"{file}: columns not used: {', '.join(further)}"] if further else []
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
