"""Genetic codes: codons to residues, and the names of residues.

References
----------
The Genetic Codes, NCBI Taxonomy, tables 1 and 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

STOP, UNKNOWN, SELENOCYSTEINE = "*", "X", "U"
"""Letters of a stop, of a residue that is not known, and of selenocysteine."""

THREE_LETTERS: Mapping[str, str] = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec",
    "X": "Xaa", "*": "Ter",
}  # fmt: skip
"""Residue, one letter -> its name in HGVS."""

_BASES = "TCAG"
_SIZE = 5
_FEW = 30
"""Bases up to which codons are looked up one by one, which then is faster."""
_DIGITS = np.full(256, 4, dtype=np.uint8)
_DIGITS[np.frombuffer(b"TCAG", dtype=np.uint8)] = np.arange(4, dtype=np.uint8)
_DIGITS[np.frombuffer(b"tcag", dtype=np.uint8)] = np.arange(4, dtype=np.uint8)


@dataclass(frozen=True)
class GeneticCode:
    """Which residue each codon stands for.

    Parameters
    ----------
    number
        Of the table of NCBI.
    residues
        64 letters, ``*`` for stop, of the codons in the order TTT, TTC, TTA, TTG, TCT ...
    starts
        Codons with which an annotated protein may begin; all of them bring methionine there.
    """

    number: int
    residues: str = field(repr=False)
    starts: frozenset[str] = field(repr=False)

    @cached_property
    def table(self) -> Mapping[str, str]:
        """Codon -> residue, one letter."""
        codons = ("".join(codon) for codon in product(_BASES, repeat=3))
        return dict(zip(codons, self.residues, strict=True))

    @cached_property
    def _letters(self) -> NDArray[np.uint8]:
        """Residues by three digits of base 5; a codon with a letter that is no base is X."""
        cube = np.full((_SIZE, _SIZE, _SIZE), ord(UNKNOWN), dtype=np.uint8)
        cube[:4, :4, :4] = np.frombuffer(self.residues.encode(), np.uint8).reshape(4, 4, 4)
        return cube.ravel()

    def translate(self, bases: str) -> str:
        """Return the residues of all whole codons, stops as ``*``.

        Examples
        --------
        >>> STANDARD.translate("ATGTGATNNGG"), MITOCHONDRIAL.translate("ATATGAAGA")
        ('M*X', 'MW*')
        """
        whole = len(bases) // 3 * 3
        if whole <= _FEW:
            codons = (bases[i : i + 3].upper() for i in range(0, whole, 3))
            return "".join(self.table.get(codon, UNKNOWN) for codon in codons)
        digits = _DIGITS[np.frombuffer(bases[:whole].encode("ascii", "replace"), np.uint8)]
        places = digits[0::3] * 25 + digits[1::3] * _SIZE + digits[2::3]
        return str(self._letters[places].tobytes(), "ascii")

    def translate_to_stop(self, bases: str) -> str:
        """Return the residues up to and with the first stop."""
        protein = self.translate(bases)
        stop = protein.find(STOP)
        return protein if stop < 0 else protein[: stop + 1]


STANDARD = GeneticCode(
    1,
    "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    frozenset({"ATG", "CTG", "TTG", "GTG", "ACG"}),
)
"""The standard code; GTG and ACG also begin a few human proteins."""
MITOCHONDRIAL = GeneticCode(
    2,
    "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
    frozenset({"ATG", "ATA", "ATT", "ATC", "GTG"}),
)
"""The code of the mitochondria of vertebrates."""


def code_of(contig: str) -> GeneticCode:
    """Return the genetic code of a contig, named with the prefix chr."""
    return MITOCHONDRIAL if contig == "chrM" else STANDARD


_PAIRS = str.maketrans("ACGTNacgtn", "TGCANtgcan")


def reverse_complement(bases: str) -> str:
    """Return the bases of the other strand, read from its 5' end."""
    return bases.translate(_PAIRS)[::-1]
