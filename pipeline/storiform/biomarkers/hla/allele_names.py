"""Names of the alleles of one gene, and how likely each is before any read is seen."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.layouts import Layouts
from storiform.biomarkers.hla.mixture import BARRED
from storiform.model.hla_reference import HlaReference

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FIELDS = 2
_HIDDEN, _SUFFIXES = "NSC", "NSCLQA"
"""Suffixes of alleles that no cell shows, and all suffixes."""
_LOOK_ALIKES = frozenset(
    {
        *("A*31:135", "A*33:191", "A*02:783", "B*07:282", "B*40:278"),  # H
        *("A*30:205", "A*30:207", "A*30:225", "A*30:228", "A*01:81", "A*01:237"),  # Y
    }
)
"""Alleles, named by two fields, that reads of the pseudogenes H and Y look like."""


class PriorRules(NamedTuple):
    """What makes an allele likely or not, nats.

    `listing` is the weight of the logarithm of how many alleles have its two fields,
    `unexpressed` the penalty of a suffix, `imputed` that of an allele known in part, `unlisted`
    that of introns that the release does not list.
    """

    listing: float
    unexpressed: float
    imputed: float
    unlisted: float


@dataclass(frozen=True, eq=False)
class AlleleNames:
    """The distinct rows of exons of a gene, by name.

    Parameters
    ----------
    names
        Two fields and suffix of each row, of the likeliest of its alleles: A*02:01, A*24:09N.
    full_names
        All fields of that allele.
    shared
        Names of all alleles of each row, two fields.
    prior
        float64 (rows,), nats.
    """

    names: tuple[str, ...]
    full_names: tuple[str, ...]
    shared: tuple[frozenset[str], ...]
    prior: Floats


def allele_names(
    reference: HlaReference, layouts: Layouts, gene: str, rules: PriorRules
) -> AlleleNames:
    """Name the rows of a gene, and weigh their alleles.

    A release lists an often seen protein under many names that differ in bases alone, so the
    number of these stands in for its frequency.
    """
    alleles = [
        name for name, of in zip(reference.alleles, reference.genes, strict=True) if of == gene
    ]
    short = [two_fields(name) for name in alleles]
    listed = Counter(short)
    is_partial: Flags = np.any(reference.imputed_of[gene], axis=1, keepdims=True)[:, 0]
    priors = np.array(
        [
            rules.listing * np.log(listed[name])
            - rules.unexpressed * full[-1].isalpha()
            - rules.imputed * partial
            + BARRED * (name in _LOOK_ALIKES)
            for full, name, partial in zip(alleles, short, is_partial.tolist(), strict=True)
        ],
        dtype=np.float64,
    )
    members = _members(layouts, gene, alleles, priors, rules.unlisted)
    return AlleleNames(
        tuple(short[own[0][1]] for own in members),
        tuple(alleles[own[0][1]] for own in members),
        tuple(frozenset(short[allele] for _, allele in own) for own in members),
        np.array([own[0][0] for own in members]),
    )


def _members(
    layouts: Layouts, gene: str, alleles: list[str], priors: Floats, unlisted: float
) -> list[list[tuple[float, int]]]:
    """Return prior and number of the alleles of each row, the likeliest first.

    Each allele may also have introns that the release does not list, but one with a suffix
    only if no other has its exons: what silences it may lie in the intron.
    """
    members: list[list[tuple[float, int]]] = [[] for _ in layouts.sequence_of[gene][0]]
    rows, open_rows = layouts.row_of[gene].tolist(), layouts.open_row_of[gene].tolist()
    expressed = {
        row for row, name in zip(open_rows, alleles, strict=True) if name[-1].isdigit()
    }
    for allele, (own, other) in enumerate(zip(rows, open_rows, strict=True)):
        members[own].append((float(priors[allele]), allele))
        if other != own and (alleles[allele][-1].isdigit() or other not in expressed):
            members[other].append((float(priors[allele]) - unlisted, allele))
    for of_row in members:
        of_row.sort(key=lambda each: (-each[0], _order(alleles[each[1]])))
    return members


def two_fields(name: str) -> str:
    """Return the first two fields of a full name, with a suffix that says: not on cells.

    Examples
    --------
    >>> two_fields("A*24:02:01:02L"), two_fields("B*07:02:01:01"), two_fields("A*24:09N")
    ('A*24:02', 'B*07:02', 'A*24:09N')
    """
    suffix = name[-1] if name[-1] in _HIDDEN else ""
    fields = name.rstrip(_SUFFIXES).split(":")
    return ":".join(fields[:_FIELDS]) + suffix


@cache
def _order(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", name))
