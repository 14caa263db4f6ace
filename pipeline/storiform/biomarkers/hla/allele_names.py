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
    `unexpressed` the penalty of a suffix, `imputed` that of an allele known in part.
    """

    listing: float
    unexpressed: float
    imputed: float


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
    rows = layouts.row_of[gene]
    number = layouts.sequence_of[gene].shape[1]
    members: list[list[int]] = [[] for _ in range(number)]
    for allele in sorted(range(len(alleles)), key=lambda k: (-priors[k], _order(alleles[k]))):
        members[rows[allele]].append(allele)
    return AlleleNames(
        tuple(short[own[0]] for own in members),
        tuple(alleles[own[0]] for own in members),
        tuple(frozenset(short[allele] for allele in own) for own in members),
        np.array([priors[own[0]] for own in members]),
    )


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
