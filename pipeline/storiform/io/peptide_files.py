"""Peptides to predict: a list, one a line, or all windows of the proteins of a FASTA."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from storiform.io.lines import pieces
from storiform.model.errors import InputError, fault

_PIECE = 1 << 24
_SHOWN = 5
_EXPECTED = "peptides or proteins"
_REMEDY = "Write one peptide a line, or a FASTA of proteins."


class PeptideList(NamedTuple):
    """What a file asks for.

    Parameters
    ----------
    peptides
        Each once, in the order in which they first stand there.
    faults
        Lines of a list that are no peptide, each in a sentence; they are passed over.
    further
        Numbers of the lines with more than one column, of which the first is read.
    """

    peptides: list[str]
    faults: tuple[str, ...] = ()
    further: tuple[int, ...] = ()


def read_peptides(path: Path, lengths: Sequence[int]) -> PeptideList:
    """Read the distinct peptides of a file.

    Parameters
    ----------
    path
        One peptide a line (empty lines and lines with # are passed over, and so are further
        columns, which are told of), or a FASTA; plain or compressed.
    lengths
        Residues of the windows that are taken of a FASTA; unused for a list.

    Raises
    ------
    InputError
        If the file holds none.
    """
    text = b"".join(pieces(path, _PIECE)).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()]
    if next((line for line in lines if line), "").startswith(">"):
        found = PeptideList(_windows(lines, lengths))
    else:
        found = _listed(path.name, lines)
    if not found.peptides:
        told = (*found.faults[:_SHOWN], fault(path.name, "no peptide", _EXPECTED, _REMEDY))
        raise InputError("\n".join(told))
    return found._replace(peptides=list(dict.fromkeys(found.peptides)))


def _listed(name: str, lines: Sequence[str]) -> PeptideList:
    found: list[str] = []
    faults: list[str] = []
    further: list[int] = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        cells = line.split()
        peptide = cells[0].upper()
        if peptide == "PEPTIDE" and number == 1:
            continue
        if not (peptide.isascii() and peptide.isalpha()):
            where = f"{name}, line {number}"
            faults.append(fault(where, repr(line[:30]), "a peptide", _REMEDY))
            continue
        found.append(peptide)
        if len(cells) > 1:
            further.append(number)
    return PeptideList(found, tuple(faults), tuple(further))


def _windows(lines: Sequence[str], lengths: Sequence[int]) -> list[str]:
    """Return the windows of all proteins of a FASTA; none runs over a stop."""
    proteins: list[list[str]] = []
    for line in lines:
        if line.startswith(">"):
            proteins.append([])
        else:
            proteins[-1].append(line.upper())
    return [
        part[start : start + length]
        for protein in proteins
        for part in "".join(protein).split("*")
        for length in lengths
        for start in range(len(part) - length + 1)
    ]
