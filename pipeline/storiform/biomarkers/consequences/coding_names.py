"""Names of changes of a transcript's bases as HGVS has them (c. and n.).

References
----------
den Dunnen et al., Human Mutation 37, 564-569 (2016), doi:10.1002/humu.22981.
"""

from bisect import bisect_right

from storiform.biomarkers.consequences.alleles import Allele
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.codons import reverse_complement
from storiform.model.resources import Sequence


def named_bases(spliced: Spliced, allele: Allele, reference: Sequence) -> str:
    """Name an allele on a transcript, without the name of the transcript.

    Parameters
    ----------
    spliced
        The transcript.
    allele
        Moved as far to the 3' end of the transcript as it can be.
    reference
        The bases of the genome.

    Returns
    -------
    str
        Empty where the allele reaches out of the transcript.
    """
    kind = "c." if spliced.is_coding else "n."
    if allele.start == allele.end:
        name = _inserted(spliced, allele, reference)
        return kind + name if name else ""
    low = position(spliced, allele.start)
    is_single = allele.end - allele.start == 1
    high = low if is_single else position(spliced, allele.end - 1)
    if not low or not high:
        return ""
    first, last = (low, high) if spliced.is_forward else (high, low)
    where = first if first == last else f"{first}_{last}"
    if not allele.alt:
        return f"{kind}{where}del"
    alt = _along(spliced, allele.alt)
    if len(allele.ref) == len(allele.alt) == 1:
        return f"{kind}{where}{_along(spliced, allele.ref)}>{alt}"
    is_turned = len(alt) > 1 and allele.alt == reverse_complement(allele.ref)
    return f"{kind}{where}inv" if is_turned else f"{kind}{where}delins{alt}"


def position(spliced: Spliced, base: int) -> str:
    """Name the place of a base of the genome, empty outside the transcript.

    Bases of introns are counted from the nearer exon, from the one before where both are as
    near.
    """
    if not spliced.start <= base < spliced.end:
        return ""
    exon = bisect_right(spliced.ends, base)
    if base >= spliced.starts[exon]:
        return exonic_name(spliced, spliced.place(base))
    left, right = spliced.ends[exon - 1] - 1, spliced.starts[exon]
    before, after = (left, right) if spliced.is_forward else (right, left)
    down, up = abs(base - before), abs(after - base)
    if down <= up:
        return f"{exonic_name(spliced, spliced.place(before))}+{down}"
    return f"{exonic_name(spliced, spliced.place(after))}-{up}"


def exonic_name(spliced: Spliced, place: int) -> str:
    """Name the place of a base of the RNA, counted from 0."""
    if not spliced.is_coding:
        return str(place + 1)
    if place < spliced.coding_start:
        return str(place - spliced.coding_start)
    if place >= spliced.coding_end:
        return f"*{place - spliced.coding_end + 1}"
    return str(place - spliced.coding_start + spliced.padding + 1)


def _inserted(spliced: Spliced, allele: Allele, reference: Sequence) -> str:
    """Name an insertion, as duplication where the same bases stand before it."""
    size, at = len(allele.alt), allele.start
    if not spliced.start <= at <= spliced.end:
        return ""
    low, high = (at - size, at) if spliced.is_forward else (at, at + size)
    if spliced.start <= low < high <= spliced.end:
        beside = reference.bases(allele.contig, low, high).tobytes().decode("ascii")
        if beside == allele.alt:
            ends = position(spliced, low), position(spliced, high - 1)
            first, last = ends if spliced.is_forward else ends[::-1]
            return f"{first}dup" if size == 1 else f"{first}_{last}dup"
    ends = position(spliced, at - 1), position(spliced, at)
    if not all(ends):
        return ""
    first, last = ends if spliced.is_forward else ends[::-1]
    return f"{first}_{last}ins{_along(spliced, allele.alt)}"


def _along(spliced: Spliced, bases: str) -> str:
    return bases if spliced.is_forward else reverse_complement(bases)
