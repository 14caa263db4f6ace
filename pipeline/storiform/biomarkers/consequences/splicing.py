"""What an allele does to the splice sites of a transcript.

The bounds are those of Ensembl's VEP from release 105: 2 bases for donor and acceptor, 3 of
the exon and 8 of the intron for the region, and of the intron the bases 3 to 6 (donor region),
5 (fifth base) and -17 to -3 (polypyrimidine tract).

References
----------
McLaren et al., Genome Biology 17, 122 (2016), doi:10.1186/s13059-016-0974-4.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from typing import NamedTuple

from storiform.biomarkers.consequences.spliced import Spliced, is_spliced
from storiform.model.ontology import RANK

EXON_REGION = 3
"""Bases of an exon from its end that belong to the splice region, bp."""
_REACH = 4
"""Bases of an exon from its end from which nothing of a splice region is touched, bp."""


class IntronHits(NamedTuple):
    """What is hit at the introns of one transcript.

    Parameters
    ----------
    terms
        Sequence Ontology terms of splice sites, with ``intron_variant`` where it holds.
    introns
        The first intron that is touched and the one after the last, by place.
    mends_frame
        A gap is touched that only mends the frame of the annotation.
    """

    terms: tuple[str, ...] = ()
    introns: tuple[int, int] = (0, 0)
    mends_frame: bool = False


_NOTHING = IntronHits()


def joined(terms: Collection[str]) -> str:
    """Join terms by ``&``, the gravest first, each once."""
    if len(terms) == 1:
        return next(iter(terms))
    return "&".join(sorted(set(terms), key=RANK.__getitem__))


def intron_hits(spliced: Spliced, start: int, end: int) -> IntronHits:
    """Return what an allele at [start, end) does to introns; an insertion has no bases."""
    first = max(0, bisect_right(spliced.starts, start - _REACH) - 1)
    behind = min(bisect_left(spliced.ends, end + _REACH), len(spliced.introns))
    if first >= behind:
        return _NOTHING
    terms: set[str] = set()
    touched: list[int] = []
    mends = False
    for number in range(first, behind):
        left, right = spliced.introns[number]
        is_touched = touches(start, end, left, right)
        if is_touched:
            touched.append(number)
        if not is_spliced((left, right)):
            mends = mends or is_touched
        elif spliced.is_forward:
            terms |= intron_terms(start, end, left, right)
        else:
            # Read from the other strand, the donor is again at the lower end.
            terms |= intron_terms(-end, -start, -right, -left)
    introns = (touched[0], touched[-1] + 1) if touched else (0, 0)
    return IntronHits(tuple(terms), introns, mends)


def touches(start: int, end: int, low: int, high: int) -> bool:
    """Tell whether a base of [low, high) changes, or bases come between two of them."""
    if start == end:
        return low < start < high
    return start < high and end > low


def intron_terms(start: int, end: int, donor: int, acceptor: int) -> set[str]:
    """Return the terms of [start, end) at the intron [donor, acceptor), read 5' to 3'."""
    found: set[str] = set()
    is_insertion = start == end
    if touches(start, end, donor, donor + 2):
        found.add("splice_donor_variant")
    if touches(start, end, acceptor - 2, acceptor):
        found.add("splice_acceptor_variant")
    is_essential = bool(found)
    is_inner = is_insertion and start in {donor + 2, acceptor - 2}
    if is_inner or touches(start, end, donor + 2, acceptor - 2):
        found.add("intron_variant")
    if touches(start, end, donor + 4, donor + 5):
        found.add("splice_donor_5th_base_variant")
    elif touches(start, end, donor + 2, donor + 6) and not is_essential:
        found.add("splice_donor_region_variant")
    if touches(start, end, acceptor - 17, acceptor - 2):
        found.add("splice_polypyrimidine_tract_variant")
    is_marked = is_essential or any(term.startswith("splice_donor") for term in found)
    if not is_marked and (is_inner or _is_region(start, end, donor, acceptor)):
        found.add("splice_region_variant")
    return found


def _is_region(start: int, end: int, donor: int, acceptor: int) -> bool:
    """Tell whether the 3 bases of an exon or the bases 3 to 8 of an intron are touched."""
    if start == end and start in {donor, acceptor}:
        return True
    bounds = (
        (donor - EXON_REGION, donor), (donor + 2, donor + 8), (acceptor - 8, acceptor - 2),
        (acceptor, acceptor + EXON_REGION),
    )  # fmt: skip
    return any(touches(start, end, low, high) for low, high in bounds)
