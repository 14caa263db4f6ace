"""HLA alleles of the sample sheet's column `hla`: the names themselves, or a typer's file."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol

import pandas as pd

from storiform.io.biopsies import Rows
from storiform.io.cells import read_cell
from storiform.io.hla_typers import told_alleles
from storiform.io.lines import lines
from storiform.io.names import counted, listed
from storiform.io.paths import Fault
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError
from storiform.model.hla import (
    MOLECULES,
    NOT_A_NAME,
    REASONS,
    HlaName,
    read_hla_names,
    says_nothing,
)
from storiform.model.tables.proteins import HLA_TYPES

COLUMN = "hla"
_COPIES = 2
_MOST_LINES = 1_000
_ALLELE = re.compile(
    r"(?:HLA[-_])?\b[A-Z]+\d?\*[\w:/]+|hla_[a-z]+\d?(?:_\d+)+[a-z]?", re.IGNORECASE
)
_FILE_NAME = re.compile(r".*\.[A-Za-z]\w+")
_EXPECTED = "names of alleles such as A*02:01;A*24:02;B*07:02"
_MISWRITTEN = frozenset({NOT_A_NAME, "unknown_gene"})
"""Reasons of names that were probably meant for an allele: slips of the pen."""
_MOST_NAMES = 12
_LOOK_ALIKES = str.maketrans(
    dict.fromkeys("\u2217\u204e\u2731\u2733\ufe61\uff0a", "*")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "")
)
"""What word processors put for a star or a hyphen, or hide between letters."""


class Faults(Protocol):
    """Where faults and notes of the sheet go; doubts are notes that matter to the result."""

    notes: list[str]
    doubts: list[str]

    @property
    def path(self) -> Path:
        """The sheet."""
        ...

    def fault(self, line: int, column: str, found: str, expected: str, remedy: str) -> None:
        """Add a fault of one cell."""


def plain_names(text: str) -> str:
    """Write names of alleles with the signs of a keyboard.

    Examples
    --------
    >>> plain_names("A\u221702:01;\u00a0B\uff0a07:02")
    'A*02:01; B*07:02'
    """
    return unicodedata.normalize("NFKC", text.translate(_LOOK_ALIKES))


def read_hla_cell(column: str, text: str, folder: Path) -> Path | str | Fault:
    """Read a cell as `read_cell` does, with look-alikes of signs in names of alleles."""
    value = read_cell(column, text, folder)
    return value if isinstance(value, Path) else read_cell(column, plain_names(text), folder)


def settle_hla(rows: Rows, sheet: Faults) -> Rows:
    """Read the alleles of each patient; a file in the cell is replaced by what it holds.

    Told as a fault: more than two alleles of a gene, two cells of one patient that
    disagree, a file that is not there or without any name. Told as a doubt: what is no name
    of an allele. Told as a note: alleles that are not usable, and cells that say that nothing
    is known (``ND``, ``?``), which are taken as empty.

    Parameters
    ----------
    rows
        Line and sample of each row of the sheet.
    sheet
        Takes the faults and the notes.
    """
    settled: Rows = []
    first: dict[str, tuple[int, tuple[HlaName, ...]]] = {}
    for line, sample in _without_unsaid(rows, sheet):
        text = sample.notes.get(COLUMN, "")
        path = sample.files.get(COLUMN)
        if path is not None:
            text = _alleles_in(path, line, sheet)
            sample = replace(sample, notes={**sample.notes, COLUMN: text})  # noqa: PLW2901
        settled.append((line, sample))
        if not text:
            continue
        names = read_hla_names(text)
        _check(names, text, line, sheet)
        if not sample.patient:
            continue
        line_before, before = first.setdefault(sample.patient, (line, names))
        if _known(before) != _known(names):
            found = f"{_spelt(names)}, but row {line_before} of the same patient has "
            expected = "the alleles of a patient once, or alike"
            sheet.fault(line, COLUMN, found + _spelt(before), expected, "Correct one of them.")
    for patient, (_, names) in first.items():
        _note(patient, names, sheet)
    _doubt({patient: names for patient, (_, names) in first.items()}, sheet)
    return settled


def _without_unsaid(rows: Rows, sheet: Faults) -> Rows:
    """Empty the cells that say that nothing is known, and tell of them."""
    kept: Rows = []
    unsaid: dict[str, dict[str, None]] = {}
    for line, sample in rows:
        text = sample.notes.get(COLUMN, "")
        if text and says_nothing(text):
            unsaid.setdefault(text, {})[sample.patient] = None
            others = {name: note for name, note in sample.notes.items() if name != COLUMN}
            sample = replace(sample, notes=others)  # noqa: PLW2901  the same, its cell empty
        kept.append((line, sample))
    for text, patients in unsaid.items():
        found = f"{text!r} in the column {COLUMN} of {listed(patients)}"
        sheet.notes.append(
            f"{sheet.path.name}: {found}: taken as HLA alleles that are not known"
        )
    return kept


def read_hla_types(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `hla_types` of a patient from the text of the sheet's cell."""
    names = sorted(_reduced(read_hla_names(str(unit.record.get(COLUMN) or ""))))
    copies: Counter[str] = Counter()
    rows: dict[str, list[object]] = {column: [] for column in HLA_TYPES.columns}
    for name in names:
        copies[name.gene] += 1
        found = (name.gene, copies[name.gene], name.allele or None, name.written)
        row = (*found, "sheet", name.reason, float("nan"), "")
        for column, value in zip(rows, row, strict=True):
            rows[column].append(value)
    return HLA_TYPES.conform(pd.DataFrame(rows))


def _alleles_in(path: Path, line: int, sheet: Faults) -> str:
    """Gather the names in the file of a typer, whatever its format."""
    try:
        text = plain_names("\n".join(line for _, line in islice(lines(path), _MOST_LINES)))
    except InputError as error:
        sheet.fault(line, COLUMN, str(error), _EXPECTED, "Correct the path or the file.")
        return ""
    text = told_alleles(text)
    found = _ALLELE.findall(text)
    found = found or [name.written for name in read_hla_names(text) if name.allele]
    if not found:
        remedy = "Name the result of the typing, or write the alleles into the cell."
        sheet.fault(line, COLUMN, f"no allele in {path.name}", _EXPECTED, remedy)
    return ";".join(found)


def _check(names: Sequence[HlaName], text: str, line: int, sheet: Faults) -> None:
    if len(names) == 1 and names[0].reason in _MISWRITTEN and _FILE_NAME.fullmatch(text):
        found, remedy = f"{text}, which is no file", "Correct the path or the alleles."
        sheet.fault(line, COLUMN, found, _EXPECTED, remedy)
        return
    genes: dict[str, set[str]] = {}
    for name in names:
        # A name that is not usable may be one of the others, told less well.
        if name.allele or name.reason in MOLECULES:
            genes.setdefault(name.gene, set()).add(name.allele or name.written.upper())
    for gene, alleles in sorted(genes.items()):
        if len(alleles) > _COPIES:
            found = f"{len(alleles)} alleles of HLA-{gene} ({listed(sorted(alleles))})"
            remedy = "Keep the two that the patient has."
            sheet.fault(line, COLUMN, found, "at most two of a gene", remedy)


def _reduced(names: Sequence[HlaName]) -> list[HlaName]:
    """Keep what differs, and of a gene with one allele two entries where both are given."""
    kept: list[HlaName] = []
    for gene in sorted({name.gene for name in names}):
        own = [name for name in names if name.gene == gene]
        distinct = {_value(name): name for name in reversed(own)}
        is_alike = gene and len(distinct) == 1
        kept += own[:_COPIES] if is_alike else distinct.values()
    return kept


def _value(name: HlaName) -> str:
    return name.allele or name.written.upper()


def _known(names: Sequence[HlaName]) -> frozenset[str]:
    return frozenset(_value(name) for name in names)


def _spelt(names: Sequence[HlaName]) -> str:
    return listed(sorted(_known(names)), most=_MOST_NAMES)


def _note(patient: str, names: Sequence[HlaName], sheet: Faults) -> None:
    reasons = ((name.written, name.reason) for name in names if name.reason)
    unusable = dict.fromkeys(one for one in reasons if one[1] not in _MISWRITTEN)
    if not unusable:
        return
    told = listed(
        [f"{written} ({REASONS[reason]})" for written, reason in unusable], most=_MOST_NAMES
    )
    what = counted(len(unusable), "HLA allele")
    verb, pronoun = ("is", "it") if len(unusable) == 1 else ("are", "them")
    sheet.notes.append(
        f"{sheet.path.name}: {what} of patient {patient} {verb} not usable, and no peptide is "
        f"predicted for {pronoun}: {told}"
    )


def _doubt(patients: Mapping[str, Sequence[HlaName]], sheet: Faults) -> None:
    """Tell what is no name, of all patients in one sentence: it stops no run."""
    told = dict.fromkeys(
        f"{name.written!r} of patient {patient} ({REASONS[name.reason]})"
        for patient, names in patients.items()
        for name in names
        if name.reason in _MISWRITTEN
    )
    if not told:
        return
    doubt = (
        f"{sheet.path.name}, column {COLUMN}: {listed(told, most=_MOST_NAMES)}: left out; the "
        f"burden of neoantigens is a lower bound, and there is none without an allele that can "
        f"be read. Expected {_EXPECTED}"
    )
    sheet.notes.append(doubt)
    sheet.doubts.append(doubt)
