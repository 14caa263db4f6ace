"""Single-base changes of codons by what they do to the protein."""

from functools import cache
from itertools import product

from storiform.model.codons import STANDARD, THREE_LETTERS

_BASES = "TCAG"
GENETIC_CODE = STANDARD.table
"""Codon -> amino acid, one letter, ``*`` for stop (NCBI table 1)."""
THREE = THREE_LETTERS

Change = tuple[str, str, int]
"""Codon, mutated codon, position of the changed base in it."""


@cache
def changes(consequence: str) -> tuple[Change, ...]:
    """Return all single-base changes of one consequence, in a fixed order."""
    found = []
    for codon, place, base in product(GENETIC_CODE, range(3), _BASES):
        mutated = codon[:place] + base + codon[place + 1 :]
        if base != codon[place] and _consequence(codon, mutated) == consequence:
            found.append((codon, mutated, place))
    return tuple(found)


def _consequence(codon: str, mutated: str) -> str:
    before, after = GENETIC_CODE[codon], GENETIC_CODE[mutated]
    if before == after:
        return "stop_retained_variant" if before == "*" else "synonymous_variant"
    if before == "*":
        return "stop_lost"
    if after == "*":
        return "stop_gained"
    return "start_lost" if codon == "ATG" else "missense_variant"
