"""Names: safe as folders, likely meanings of misspelt ones, and lists of many in a message."""

import difflib
import re
from collections.abc import Iterable

RESERVED = frozenset({"cohort", "tables", "figures"})
"""Names of the results folder that no unit may take."""

LONGEST = 100
_MOST_KNOWN = 60
"""More names than any list of ours has: only a user's own are cut short."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def unsafe(name: str) -> str:
    """Tell what makes a name unfit for a folder, empty where nothing does.

    Examples
    --------
    >>> unsafe("P 1"), unsafe("P-1.pre")
    ("the character ' '", '')
    """
    characters = sorted(set(_UNSAFE.findall(name)))
    if characters:
        plural = "s" if len(characters) > 1 else ""
        return f"the character{plural} {', '.join(map(repr, characters))}"
    if name.startswith((".", "-")):
        return "a leading dot" if name[0] == "." else "a leading hyphen"
    if name.lower() in RESERVED:
        return f"the reserved name {name}"
    return f"{len(name)} characters" if len(name) > LONGEST else ""


def slug(text: str) -> str:
    """Make a part of a name safe: runs of unsafe characters become a hyphen.

    Examples
    --------
    >>> slug("Week 6 (on)")
    'Week-6-on'
    """
    return re.sub(r"-{2,}", "-", _UNSAFE.sub("-", text)).strip("-.")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "value"), counted(0, "error"), counted(2, "biopsy", "biopsies")
    ('1 value', '0 errors', '2 biopsies')
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def listed(names: Iterable[object], most: int = 5) -> str:
    """List the first few of many names, and say how many more there are.

    Examples
    --------
    >>> listed(["P1", "P2", "P3"], most=2)
    'P1, P2 and 1 more'
    """
    every = [str(name) for name in names]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return f"{', '.join(every[:most])}{more}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, empty if none is near.

    For words that people type, such as columns and settings; for ids see `nearest_id`.

    Examples
    --------
    >>> nearest("log_tpm", ["log2_tpm", "tpm"]), nearest("P1", ["P01", "P10", "P12"])
    ('log2_tpm', 'P01')
    """
    known = sorted(known)
    if same := [candidate for candidate in known if bare(candidate) == bare(name)]:
        return same[0]
    lowered = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else ""


def nearest_id(name: str, known: Iterable[str]) -> str:
    """Return the known id that is the same but for its writing or its end, empty if none is.

    Ids that differ in a letter or a number are those of two persons.

    Examples
    --------
    >>> nearest_id("pt94", ["Pt93", "Pt94"]), nearest_id("P10x", ["P10", "P1"])
    ('Pt94', 'P10')
    >>> nearest_id("P07", ["P08", "P070"]), nearest_id("KLM", ["KLN"])
    ('', '')
    """
    known = sorted(known)
    if same := [candidate for candidate in known if bare(candidate) == bare(name)]:
        return same[0]
    lowered = name.lower()
    close = [other for other in known if _numbers(other) == _numbers(name)]
    ends = [o for o in close if o.lower().startswith(lowered) or lowered.startswith(o.lower())]
    return max(ends, key=len) if ends else ""


def nearest_file(name: str, known: Iterable[str]) -> str:
    """Return the file that was probably meant: its name has the same numbers.

    Examples
    --------
    >>> nearest_file("P07_T.vcf", ["P08_T.vcf"]), nearest_file("cals.vcf", ["calls.vcf"])
    ('', 'calls.vcf')
    """
    return nearest(name, [other for other in known if _numbers(other) == _numbers(name)])


def bare(name: str) -> str:
    """Return a name without what spreadsheets change: case, marks and zeros in front.

    Examples
    --------
    >>> bare("P-007"), bare("p7"), bare("S10_02")
    ('p7', 'p7', 's10.2')
    """
    words = re.findall(r"[^\W\d_]+|\d+", name.casefold())
    plain = [word.lstrip("0") or "0" if word.isdecimal() else word for word in words]
    # A point between two numbers, which else would become another one.
    return re.sub(r"(?<=\d) (?=\d)", ".", " ".join(plain)).replace(" ", "")


def _numbers(name: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"[0-9]+", name)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Propose the nearest known name as a question, else list what is known."""
    candidates = sorted(known)
    if meant := nearest(name, candidates):
        return f"did you mean {meant}?"
    return (
        f"known are {listed(candidates, _MOST_KNOWN)}." if candidates else "none is known here."
    )
