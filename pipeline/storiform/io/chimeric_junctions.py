"""STAR's ``Chimeric.out.junction``: the table `chimeric_alignments`.

The old format (before 2.7.2) has no header and 14 columns; the new one has a header, columns
behind these, and comments at the end. STAR names the first base of the intron on either
side, counted from 1; the table has the exonic bases beside them.
"""

import re
from pathlib import Path

import pandas as pd

from storiform.io.contigs import is_place
from storiform.io.lines import lines
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import InputError, fault
from storiform.model.genome import canonical_contig
from storiform.model.tables.fusions import CHIMERIC_ALIGNMENTS

_OLD = (
    "chr_donorA", "brkpt_donorA", "strand_donorA", "chr_acceptorB", "brkpt_acceptorB",
    "strand_acceptorB", "junction_type", "repeat_left_lenA", "repeat_right_lenB", "read_name",
    "start_alnA", "cigar_alnA", "start_alnB", "cigar_alnB",
)  # fmt: skip
_NUMBERS = (1, 4, 6, 7, 8, 10, 12)
_OPERATION = re.compile(r"(-?\d+)([MIDNSHP=Xp])")
_ENDLESS = re.compile(r"\d{10}")
_REMEDY = "Give the file as STAR wrote it."


def read_chimeric_alignments(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `chimeric_alignments` of one biopsy from column `chimeric_junctions`.

    Raises
    ------
    InputError
        If the file is not STAR's, or a row is damaged.
    """
    path = unit.files["chimeric_junctions"]
    told = iter([(n, text) for n, text in lines(path) if text.strip() and text[0] != "#"])
    first = next(told, None)
    if first is None:
        return CHIMERIC_ALIGNMENTS.empty()
    header = tuple(first[1].split("\t"))
    if header[: len(_OLD)] == _OLD:
        many = header.index("num_chim_aln") if "num_chim_aln" in header else -1
    elif len(header) >= len(_OLD) and header[1].isdecimal():
        told, many = iter([first, *told]), -1
    else:
        expected = "the 14 columns of Chimeric.out.junction"
        raise InputError(fault(f"{path.name}, line 1", repr(first[1][:60]), expected, _REMEDY))
    rows = [_row(path, number, text.split("\t"), many) for number, text in told]
    if rows:
        unit.refuse_shared("chimeric_junctions", NAMELESS)
    names = [name for name in CHIMERIC_ALIGNMENTS.columns if name != "row"]
    table = pd.DataFrame(rows, columns=names)
    return CHIMERIC_ALIGNMENTS.conform(table.assign(row=range(len(table))))


def _row(path: Path, number: int, cells: list[str], many: int) -> tuple[object, ...]:
    where = f"{path.name}, line {number}"
    if len(cells) < max(len(_OLD), many + 1):
        expected = f"{len(_OLD)} or more"
        raise InputError(fault(where, f"{len(cells)} cells", expected, _REMEDY))
    try:
        values = [_whole(cells[column]) for column in _NUMBERS]
        alignments = _whole(cells[many]) if many >= 0 else 1
    except ValueError as error:
        raise InputError(fault(where, str(error), "whole numbers", _REMEDY)) from error
    if endless := next(
        (cigar for cigar in (cells[11], cells[13]) if _ENDLESS.search(cigar)), ""
    ):
        raise InputError(fault(where, f"the CIGAR {endless}", "one of a read", _REMEDY))
    donor, acceptor, kind, left, right, start_a, start_b = values
    strands = cells[2], cells[5]
    if not set(strands) <= {"+", "-"}:
        raise InputError(fault(where, f"strands {strands}", "+ or -", _REMEDY))
    forward_a, forward_b = (strand == "+" for strand in strands)
    # The intron's base lies behind the donor and before the acceptor, along the strand.
    place_a = donor - 2 if forward_a else donor
    place_b = acceptor if forward_b else acceptor - 2
    place_a += right if forward_a else -right
    place_b += right if forward_b else -right
    anchors = _anchor(cells[11], last=forward_a), _anchor(cells[13], last=not forward_b)
    outer_a = start_a - 1 if forward_a else start_a - 2 + _covered(cells[11])
    outer_b = start_b - 2 + _covered(cells[13]) if forward_b else start_b - 1
    return (
        cells[9], canonical_contig(cells[0]), place_a, strands[0],
        canonical_contig(cells[3]), place_b, strands[1], kind >= 0, left + right, min(anchors),
        outer_a, outer_b, max(alignments, 1),
    )  # fmt: skip


def _whole(text: str) -> int:
    """Read a whole number, with its sign; ValueError where it is none or beyond all places."""
    if not is_place(text.strip().removeprefix("-")):
        message = repr(text)
        raise ValueError(message)
    return int(text)


def _anchor(cigar: str, *, last: bool) -> int:
    """Return the aligned bases of the read that ends at the junction; p parts it from its mate.

    `last` tells that the junction is at the right end.
    """
    parts: list[int] = [0]
    for length, code in _OPERATION.findall(cigar):
        if code == "p":
            parts.append(0)
        elif code in "M=X":
            parts[-1] += int(length)
    return parts[-1 if last else 0]


def _covered(cigar: str) -> int:
    """Return the bases of the reference from the first aligned one to the last."""
    return sum(int(n) for n, code in _OPERATION.findall(cigar) if code in "MDN=Xp")
