"""Protein sequences of a FASTA: UniProt, Ensembl, GENCODE, RefSeq or one's own."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storiform.io.lines import pieces
from storiform.model.errors import InputError, fault

_PIECE = 1 << 24
_LINE_END = ord("\n")
_BASES = b"ACGTUN"
_MOST_BASES = 0.95
_REMEDY = "Name the protein sequences of the species, such as gencode.*.pc_translations.fa.gz."


class ProteinText:
    """Proteins as one text, see `storiform.model.proteome.Proteome`."""

    def __init__(self, text: NDArray[np.uint8], proteins: int) -> None:
        self.text, self._proteins = text, proteins

    def __len__(self) -> int:
        """Return the number of proteins."""
        return self._proteins


def read_proteome(path: Path) -> ProteinText:
    """Read a FASTA of proteins, plain or compressed.

    Raises
    ------
    InputError
        If the file is no FASTA, holds no protein, or holds bases.
    """
    kept: list[bytes] = []
    proteins = 0
    for piece in pieces(path, _PIECE):
        for number, line in enumerate(piece.split(b"\n")):
            if line.startswith(b">"):
                proteins += 1
                kept.append(b"\n")
            elif not proteins and line.strip():
                found = f"{line[:20]!r} before the first header"
                where = f"{path.name}, line {number + 1}"
                raise InputError(fault(where, found, "a FASTA of proteins", _REMEDY))
            else:
                kept.append(line.strip())
    letters = b"".join(kept).upper().replace(b"*", b"\n")
    text = np.frombuffer(letters, dtype=np.uint8)
    counts = np.bincount(text, minlength=256)
    total = int(counts.sum() - counts[_LINE_END])
    if not total:
        raise InputError(fault(path.name, "no residues", "a FASTA of proteins", _REMEDY))
    if counts[list(_BASES)].sum() > _MOST_BASES * total:
        expected = "sequences of proteins"
        raise InputError(fault(path.name, "sequences of bases", expected, _REMEDY))
    return ProteinText(text, proteins)
