"""Purity and ploidy as other programs write them: the table `given_fit`.

Formats are told by their columns, in any case:

- PURPLE ``.purple.purity.tsv``: ``purity, normFactor, score, diploidProportion, ploidy, gender,
  status, ..., wholeGenomeDuplication``.
- ASCAT ``.purityploidy.txt``: ``AberrantCellFraction, Ploidy``; its metrics and the summaries
  of its releases: ``purity, ploidy, goodness_of_fit, WGD`` with a name in ``name`` or
  ``sample``.
- Sequenza ``_confints_CP.txt``: ``cellularity, ploidy.estimate, ploidy.mean.cn``, of whose
  three rows the second is the estimate between its bounds; ``_alternative_solutions.txt``:
  ``cellularity, ploidy, SLPP``, the best first.
- FACETS: a table ``purity, ploidy, dipLogR`` (facets-suite: also ``sample, wgd``); or the
  text of its ``.out``, with lines such as ``# Purity = 0.62``.
- Any other table ``purity, ploidy``, of which no program is told.
- PureCN ``.csv``: ``Sampleid, Purity, Ploidy, Sex, Contamination, Flagged, Failed, Curated``.
"""

import math
import re
import warnings
from dataclasses import dataclass

import pandas as pd

from storiform.io.columns import Layout, read_layout
from storiform.io.lines import lines
from storiform.io.names import counted
from storiform.io.own_rows import own_rows
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.tables.copies import GIVEN_FIT

_LINE = re.compile(r"^[#\s]*(purity|ploidy)\s*[=:]\s*(\S+)\s*$", re.IGNORECASE)
_HIGHEST_PLOIDY = 12.0
_WGD = {"true": True, "t": True, "1": True, "yes": True, "1.0": True,
        "false": False, "f": False, "0": False, "no": False, "0.0": False}  # fmt: skip
_NAMES = ("name", "sample", "Sampleid", "tumor_id", "sample_id", "ID")


@dataclass(frozen=True)
class Format:
    """The columns of one program: those that tell it, purity, ploidy, and the row to take."""

    tool: str
    signs: tuple[str, ...]
    purity: str
    ploidy: str
    row: int | None = 0


FORMATS = (
    Format("PURPLE", ("purity", "ploidy", "diploidProportion"), "purity", "ploidy", None),
    Format("ASCAT", ("AberrantCellFraction", "Ploidy"), "AberrantCellFraction", "Ploidy", None),
    Format("ASCAT", ("purity", "ploidy", "goodness_of_fit"), "purity", "ploidy", None),
    Format("Sequenza", ("cellularity", "ploidy.estimate"), "cellularity", "ploidy.estimate", 1),
    Format("Sequenza", ("cellularity", "ploidy", "SLPP"), "cellularity", "ploidy"),
    Format("PureCN", ("Sampleid", "Purity", "Ploidy"), "Purity", "Ploidy", None),
    Format("FACETS", ("purity", "ploidy", "dipLogR"), "purity", "ploidy", None),
    Format("table", ("purity", "ploidy"), "purity", "ploidy", None),
)
"""Every table that is known, the more telling first; row None: the one of the sample."""


def read_fit(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_fit` of one biopsy from column `purity_fit` of the sheet.

    A program that found no purity leaves it missing, with a warning.

    Raises
    ------
    InputError
        If the format is not known, the sample is not in the file, or a value is none.
    """
    path = unit.files["purity_fit"]
    told = _told(unit)
    fit: dict[str, object] = {"tool": "FACETS", "wgd": None, **(told or {})}
    if told:
        unit.refuse_shared("purity_fit", "a fit without the name of its sample")
    if told is None:
        layout = read_layout(path, ("purity", "cellularity", "AberrantCellFraction"))
        fit = _of_table(layout, unit)
    table = GIVEN_FIT.conform(pd.DataFrame({name: [value] for name, value in fit.items()}))
    if table[["purity", "ploidy"]].isna().to_numpy().any():
        told_by = "it" if fit["tool"] == "table" else fit["tool"]
        message = f"{path.name}: {told_by} states no purity or no ploidy (NA)"
        warnings.warn(message, DataWarning, stacklevel=2)
    return table


def _told(unit: SourceUnit) -> dict[str, float] | None:
    """Read the lines of FACETS' text; None where it has none."""
    path = unit.files["purity_fit"]
    found: dict[str, float] = {}
    for number, line in lines(path):
        match = _LINE.match(line)
        if match is None:
            continue
        name, text = match[1].lower(), match[2]
        where = f"{path.name}, line {number}"
        found[name] = _checked(where, name, _number(where, text))
    if not found:
        return None
    if missing := {"purity", "ploidy"} - set(found):
        remedy = "Give the file as FACETS wrote it."
        expected = f"a line {' and '.join(sorted(missing))} = ..."
        raise InputError(fault(path.name, f"no {', '.join(missing)}", expected, remedy))
    return found


def _number(where: str, text: str) -> float:
    if text.upper() in {"NA", "NAN", "."}:
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        message = fault(where, repr(text), "a number or NA", "Correct the line.")
        raise InputError(message) from error


def _of_table(layout: Layout, unit: SourceUnit) -> dict[str, object]:
    found = [known for known in FORMATS if layout.has(*known.signs)]
    if not found:
        expected = "purity and ploidy of PURPLE, ASCAT, FACETS, Sequenza or PureCN"
        raise layout.strange(expected, "Give the file in which the program states them.")
    known = found[0]
    numbers = {"purity": layout.column(known.purity), "ploidy": layout.column(known.ploidy)}
    words: dict[str, str] = {}
    if wgd := layout.column("wholeGenomeDuplication", "wgd", "genome_doubled"):
        words["wgd"] = wgd
    sample = layout.column(*_NAMES) if known.row is None else ""
    if sample:
        words["sample"] = sample
    rows = layout.read(words, numbers)
    if sample and (len(rows) > 1 or "purity_fit" in unit.shared):
        rows = own_rows(layout, rows, sample, unit)
    elif not sample:
        unit.refuse_shared("purity_fit", "no column with the name of the sample")
    row = _one(layout, rows, known)
    where = f"{layout.path.name}, line {row.name}, column"
    told = {n: _checked(f"{where} {c}", n, float(row[n])) for n, c in numbers.items()}
    return {"tool": known.tool, **told, "wgd": _flag(row, f"{where} {wgd}")}


def _one(layout: Layout, rows: pd.DataFrame, known: Format) -> pd.Series:
    if known.row is None and len(rows) > 1:
        found = f"{counted(len(rows), 'row')} and no column that tells whose they are"
        remedy = "Name them in a column sample, or give a file of one sample."
        raise InputError(fault(layout.path.name, found, "one row", remedy))
    place = 0 if known.row is None else known.row
    if place >= len(rows):
        found, expected = counted(len(rows), "row"), counted(place + 1, "row") + " or more"
        raise InputError(
            fault(layout.path.name, found, expected, "Give the file as it was written.")
        )
    row: pd.Series = rows.iloc[place]
    return row


def _checked(where: str, name: str, value: float) -> float:
    highest = 1.0 if name == "purity" else _HIGHEST_PLOIDY
    if math.isnan(value) or 0.0 < value <= highest:
        return value
    expected = f"a number above 0 and at most {highest:g}"
    remedy = "Give a share: 0.65 for 65 %." if name == "purity" else "Correct the ploidy."
    raise InputError(fault(where, f"{value:g}", expected, remedy))


def _flag(row: pd.Series, where: str) -> bool | None:
    text = str(row.get("wgd", "")).strip().lower()
    if text in {"", "nan", "na", "<na>"}:
        return None
    if text not in _WGD:
        raise InputError(fault(where, repr(text), "TRUE or FALSE", "Correct the cell."))
    return _WGD[text]
