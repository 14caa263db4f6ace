"""Which sample column of a VCF is the tumour and which the normal; never a guess."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from storiform.io.units import GIVEN_TO_OTHERS
from storiform.model.errors import DataWarning, InputError, fault

_TUMOUR_WORDS = frozenset({"tumor", "tumour"})
_PAIR = 2


class Header(Protocol):
    """What the matching reads of a VCF's header."""

    columns: tuple[str, ...]
    facts: dict[str, str]
    column_samples: dict[str, str]


@dataclass(frozen=True)
class Columns:
    """Positions among the sample columns; None where the file has no such sample."""

    tumour: int | None
    normal: int | None


def sample_columns(
    where: str, header: Header, samples: Mapping[str, str], *, by_name: bool = False
) -> Columns:
    """Match by the sheet's names, else the header's lines, else TUMOR and NORMAL, else one.

    Beside the tumour's column, one that is called N is the normal. With `by_name` the
    tumour's is that of the sheet's name or none.

    Raises
    ------
    InputError
        If none of these tells which column is the tumour.
    """
    tumour_name, normal_name = samples.get("tumour_exome"), samples.get("normal_exome")
    if by_name:
        _refuse_unnamed(where, header, tumour_name)
    if not header.columns:
        message = f"{where}: no sample columns, so depths and read counts are missing."
        warnings.warn(message, DataWarning, stacklevel=4)
        return Columns(None, None)
    normal = _match(header, normal_name, "normal_sample", frozenset({"normal"}))
    tumour = _match(header, tumour_name, "tumor_sample", _TUMOUR_WORDS)
    if tumour is None and normal is None and len(header.columns) == 1:
        return Columns(0, None)
    if tumour is None or tumour == normal:
        found = f"the sample columns {', '.join(header.columns)}"
        names = [name for name in (tumour_name, "TUMOR") if name]
        expected = f"one named {' or '.join(names)}, or a line ##tumor_sample"
        remedy = "Rename the sample in the sheet or in the VCF (bcftools reheader -s)."
        raise InputError(fault(f"{where}, line #CHROM", found, expected, remedy))
    if normal is None and len(header.columns) == _PAIR:
        other = 1 - tumour
        normal = other if header.columns[other].lower() == "n" else None
    if normal is None and len(header.columns) > 1:
        message = (  # without names of file and columns: one sentence for a whole cohort
            "VCF with several sample columns of which no column is known to be the normal: "
            "reads of the normal are taken as missing. Name the normal in the sample sheet (a "
            "row of status 0, sample as the column is called), or call its column NORMAL "
            "(bcftools query -l lists the columns, bcftools reheader -s renames them)."
        )
        warnings.warn(message, DataWarning, stacklevel=4)
    return Columns(tumour, normal)


def tell_other_name(header: Header, tumour: int | None, known: Sequence[str]) -> None:
    """Warn of a tumour's column that bears no name of the sample, nor TUMOR.

    Parameters
    ----------
    header
        What the VCF says of its columns.
    tumour
        The position of the column that was taken, None if there is none.
    known
        Names of the sample, its biopsy and its patient; a longer name may hold one of them.
    """
    if tumour is None or not known:
        return
    column = header.columns[tumour]
    told = [_parts(name) for name in (column, header.column_samples.get(column) or "")]
    is_known = any(_parts(name) <= parts for name in known for parts in told)
    if is_known or column.lower() in _TUMOUR_WORDS:
        return
    message = (  # without the names: one sentence for a whole cohort
        "VCF whose tumour bears no name of its sample, biopsy or patient in the sheet; it is "
        "taken by its line ##tumor_sample, or since it is the only column. Make sure that it "
        "is this patient's, and name the sample in the sheet as the VCF does "
        "(bcftools query -l)."
    )
    warnings.warn(message, DataWarning, stacklevel=4)


def _parts(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z0-9]+", name.lower())) - {""}


def _refuse_unnamed(where: str, header: Header, name: str | None) -> None:
    """Refuse a file of several samples of the sheet that does not name one of them."""
    known = [c for c in header.columns if name and name in {c, header.column_samples.get(c)}]
    if len(known) != 1:
        names = ", ".join(header.columns)
        found = f"the sample columns {names}" if names else "no sample columns"
        expected = f"one named {name}: {GIVEN_TO_OTHERS}"
        remedy = "Rename the sample in the VCF (bcftools reheader -s), or correct the path."
        raise InputError(fault(f"{where}, line #CHROM", found, expected, remedy))


def _match(header: Header, name: str | None, line: str, words: frozenset[str]) -> int | None:
    """Return the position of a role's column by the first rule that names exactly one."""
    columns = header.columns
    rules = (
        [column for column in columns if name and column == name],
        [column for column in columns if name and header.column_samples.get(column) == name],
        [column for column in columns if column == header.facts.get(line)],
        [column for column in columns if column.lower() in words],
    )
    for found in rules:
        if len(found) == 1:
            return columns.index(found[0])
    return None
