"""Peptides to predict: a list, one a line, or all windows of the proteins of a FASTA."""

from collections.abc import Sequence
from pathlib import Path

from storiform.io.lines import pieces
from storiform.model.errors import InputError, fault

_PIECE = 1 << 24
_REMEDY = "Write one peptide a line, or a FASTA of proteins."


def read_peptides(path: Path, lengths: Sequence[int]) -> list[str]:
    """Read the distinct peptides of a file, in the order in which they first stand there.

    Parameters
    ----------
    path
        One peptide a line (further columns, empty lines and lines with # are passed over),
        or a FASTA; plain or compressed.
    lengths
        Residues of the windows that are taken of a FASTA; unused for a list.

    Raises
    ------
    InputError
        If the file holds none, or a line of a list is no peptide.
    """
    text = b"".join(pieces(path, _PIECE)).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()]
    if next((line for line in lines if line), "").startswith(">"):
        found = _windows(lines, lengths)
    else:
        found = _listed(path.name, lines)
    if not found:
        raise InputError(fault(path.name, "no peptide", "peptides or proteins", _REMEDY))
    return list(dict.fromkeys(found))


def _listed(name: str, lines: Sequence[str]) -> list[str]:
    found = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        peptide = line.split()[0].upper()
        if not (peptide.isascii() and peptide.isalpha()):
            where = f"{name}, line {number}"
            raise InputError(fault(where, repr(line[:30]), "a peptide", _REMEDY))
        if peptide != "PEPTIDE" or number > 1:
            found.append(peptide)
    return found


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
