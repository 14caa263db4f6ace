"""What one cell of the sample sheet means: a path, a number, a word."""

import re
from pathlib import Path

from storiform.io.paths import Fault, absolute, path_fault, unreadable
from storiform.model.hla import says_nothing

STATUSES = {
    "0": 0, "normal": 0, "germline": 0, "normal_dna": 0, "normal_exome": 0,
    "1": 1, "tumour": 1, "tumor": 1, "tumour_dna": 1, "tumor_dna": 1, "tumour_exome": 1,
    "2": 2, "rna": 2, "tumour_rna": 2, "tumor_rna": 2,
}  # fmt: skip
"""The words of the column `status`."""
SEXES = {
    "female": "female", "f": "female", "xx": "female", "woman": "female",
    "male": "male", "m": "male", "xy": "male", "man": "male",
}  # fmt: skip
CHOICE_COLUMNS = ("hla", "kit")
"""Columns that hold a path or the value itself."""
LIBRARY_COLUMNS = ("strandedness", "batch", "site", "library")
"""Columns of an RNA row that say how its library was made."""
_STRANDS = {
    "unstranded": "unstranded", "none": "unstranded", "no": "unstranded", "0": "unstranded",
    "forward": "forward", "stranded": "forward", "yes": "forward", "1": "forward",
    "fr-secondstrand": "forward", "isf": "forward", "sf": "forward", "fr": "forward",
    "reverse": "reverse", "reversely_stranded": "reverse", "2": "reverse",
    "fr-firststrand": "reverse", "isr": "reverse", "sr": "reverse", "rf": "reverse",
    "iu": "unstranded", "u": "unstranded", "auto": "",
}  # fmt: skip
"""Words of nf-core, featureCounts, HTSeq, TopHat and salmon; auto tells nothing."""
_NUMBERS = {"purity": (0.0, 1.0), "ploidy": (0.5, 12.0)}
_ALL_PERCENT = 100.0
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


def read_number(text: str) -> float | None:
    """Read a number with a decimal point or comma, None if it is none.

    Examples
    --------
    >>> read_number("0,65"), read_number("1.5e2"), read_number("1_0")
    (0.65, 150.0, None)
    """
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def read_cell(column: str, text: str, folder: Path) -> Path | str | Fault:
    """Read a cell of a file or of a note, paths relative to the sheet's folder."""
    if column == "sex":
        sex = SEXES.get(text.lower())
        return sex or Fault(repr(text), "female or male", "Correct it or leave it empty.")
    if column in _NUMBERS:
        return _number(column, text)
    if column == "strandedness":
        strand = _STRANDS.get(text.lower().replace(" ", "_"))
        expected, remedy = "unstranded, forward or reverse", "Correct it or leave it empty."
        return Fault(repr(text), expected, remedy) if strand is None else strand
    if column in LIBRARY_COLUMNS:
        return text
    if column in CHOICE_COLUMNS and not _is_path(text, folder):
        return text
    return _file(text, folder)


def _number(column: str, text: str) -> str | Fault:
    low, high = _NUMBERS[column]
    value = read_number(text)
    if value is None or not low < value <= high:
        expected = f"a number above {low:g} and at most {high:g}"
        percent = read_number(text.removesuffix("%").strip())
        if column == "purity" and percent is not None and high < percent <= _ALL_PERCENT:
            return Fault(repr(text), expected, "Give a share: 0.65 for 65 %.")
        return Fault(repr(text), expected, "Correct it or leave it empty.")
    return repr(value)


def _is_path(text: str, folder: Path) -> bool:
    if "*" in text or ";" in text or says_nothing(text):  # which N/A does
        return False
    looks_like_one = "/" in text or Path(text).suffix in {".bed", ".tsv", ".csv", ".gz"}
    return looks_like_one or not unreadable(absolute(folder, text))


def _file(text: str, folder: Path) -> Path | Fault:
    if "://" in text:
        return Fault(text, "a file on this machine", "Fetch it and give its path.")
    path = absolute(folder, text)
    return path_fault(text, path) or path
