"""What the cells of a clinical table mean: responses, events, decimals, units of time."""

import re
from dataclasses import dataclass

from storiform.model.params import DAYS_PER_MONTH

DAYS = {"months": DAYS_PER_MONTH, "days": 1.0, "weeks": 7.0, "years": 365.25}
"""Days of each unit of time."""


@dataclass(frozen=True)
class Response:
    """A best response, as far as the word tells it."""

    code: str | None = None
    responded: bool | None = None
    disease_control: bool | None = None


_CODES = {
    "CR": Response("CR", responded=True, disease_control=True),
    "PR": Response("PR", responded=True, disease_control=True),
    "SD": Response("SD", responded=False, disease_control=True),
    "PD": Response("PD", responded=False, disease_control=False),
    "NE": Response("NE"),
}
_RESPONDER = Response(None, responded=True, disease_control=True)
_NON_RESPONDER = Response(None, responded=False)
_WORDS = {
    "CR": ("cr", "icr", "completeresponse", "complete", "completeremission"),
    "PR": ("pr", "ipr", "partialresponse", "partial", "partialremission"),
    "SD": ("sd", "isd", "stabledisease", "stable"),
    "PD": (
        "pd", "ipd", "icpd", "iupd", "progressivedisease", "progression", "progressed",
        "clinicalprogression", "clinicalprogressivedisease", "diseaseprogression",
    ),
    "NE": (
        "ne", "ine", "notevaluable", "nonevaluable", "inevaluable", "unevaluable",
        "notassessed", "notdone", "unknown", "deathpriortodiseaseassessment", "earlydeath",
        "notevaluated", "notassessable", "mr", "mixedresponse", "mixed",
    ),
}  # fmt: skip
MIXED = frozenset({"mr", "mixedresponse", "mixed"})
"""Words of a response that RECIST does not know: it may be SD or PD."""
_SPELT = {
    spelt: _CODES[code]
    for code, words in _WORDS.items()
    for word in words
    for spelt in (word, f"ir{word}", f"{word}{code.lower()}", f"{code.lower()}{word}")
}  # so that irPR, "Partial Response (PR)" and "PR - partial response" are read
RESPONSES: dict[str, Response] = {
    **_SPELT,
    **dict.fromkeys(("r", "prcr", "crpr", "responder"), _RESPONDER),
    **dict.fromkeys(("nr", "nonresponder", "noresponse", "sdpd", "pdsd"), _NON_RESPONDER),
}
"""Words of a response in lower case, letters and digits alone."""
EXPECTED_RESPONSE = "CR, PR, SD, PD or NE (or R, NR)"

INFINITE = frozenset({"inf", "-inf"})
"""What R writes for the highest or lowest of no values: a missing one, which is told."""
LIMIT_SIGNS = "<>=≤≥ "
"""What stands before the number of a value beyond a limit, as in `< 0.2`."""
EVENTS = {
    "dead": True, "death": True, "died": True, "deceased": True, "progressed": True,
    "progression": True, "event": True, "eventoccurred": True, "relapsed": True,
    "1deceased": True, "noeventoccurred": False,
    "1progression": True, "1progressed": True, "alive": False, "living": False,
    "relapse": True, "recurrence": True, "recurred": True, "recurredprogressed": True,
    "1recurredprogressed": True, "1recurrence": True, "1relapse": True, "1event": True,
    "1dead": True, "1death": True, "progressedordied": True, "progressionordeath": True,
    "norelapse": False, "nonrelapse": False, "norecurrence": False, "notrecurred": False,
    "diseasefree": False, "0diseasefree": False, "noprogression": False,
    "0progressionfree": False, "0norecurrence": False, "0event": False, "0noevent": False,
    "losttofollowup": False, "0notprogressed": False,
    "censored": False, "noevent": False, "progressionfree": False, "notprogressed": False,
    "0living": False, "0alive": False, "0censored": False,
}  # fmt: skip
"""Further words of an event, letters and digits alone."""
_FLAGS = {
    "1": True, "true": True, "t": True, "yes": True, "y": True,
    "0": False, "false": False, "f": False, "no": False, "n": False,
}  # fmt: skip
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


def compact(text: str) -> str:
    """Reduce a word to lower-case letters and digits.

    Examples
    --------
    >>> compact("Partial Response (PR)")
    'partialresponsepr'
    """
    return re.sub(r"[^a-z0-9]", "", text.lower())


def is_bracketed(text: str) -> bool:
    """Tell whether a cell is a reason for having no value, in brackets, as TCGA writes it.

    Examples
    --------
    >>> is_bracketed("[Not Evaluated]"), is_bracketed("PD [irRC]")
    (True, False)
    """
    return text.startswith("[") and text.endswith("]")


def read_flag(text: str, words: dict[str, bool]) -> bool | None:
    """Read a yes or no, with further `words`; None where the text is neither.

    Examples
    --------
    >>> read_flag("1.0", {}), read_flag("Alive", EVENTS), read_flag("2", EVENTS)
    (True, False, None)
    """
    word = compact(text.removesuffix(".0"))
    return words.get(word, _FLAGS.get(word))


def read_decimal(text: str, delimiter: str) -> float | str:
    """Read a number with a decimal point or comma; return what is wrong if it is none.

    A comma before exactly three digits is a decimal comma only where the file is
    separated by semicolons; elsewhere it could be one of thousands.

    Examples
    --------
    >>> read_decimal("5,4", ","), read_decimal("1,234", ";"), read_decimal("1,234", ",")
    (5.4, 1.234, 'a comma of decimals or of thousands')
    """
    bare = text.removesuffix("%").strip()
    if delimiter != ";" and _THOUSANDS.fullmatch(bare):
        return "a comma of decimals or of thousands"
    if not _DECIMAL.fullmatch(bare):
        return "no number"
    return float(bare.replace(",", "."))
