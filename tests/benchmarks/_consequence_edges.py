"""What is expected of variants over the ends of exons and of coding sequences.

Their protein is not known, or only whether start and stop are kept: the terms follow from the
bases that are touched, and no change of the protein may be named where none can be told.
"""

from itertools import pairwise
from typing import NamedTuple

SHORTEST_INTRON = 13
_FARTHEST = 1000
SPLICED = {"splice_acceptor_variant", "splice_donor_variant"}


class Bounds(NamedTuple):
    """An allele without shared ends; 0-based, half-open; no bases where some come in."""

    start: int
    end: int
    alt: str


def trimmed(start: int, ref: str, alt: str) -> Bounds:
    """Cut what both alleles share: the end while bases are left, the start, then the end.

    What a caller wrote with an anchor before it stays where it was written.
    """
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return Bounds(start, start + len(ref), alt)


def introns(exons: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what lies between exons."""
    return [(a, b) for (_, a), (b, _) in pairwise(exons)]


def in_gap(bases: str, exons: list[tuple[int, int]], allele: Bounds) -> bool:
    """Tell whether an allele, moved as far as it can be, meets a gap that mends a frame.

    Moved is one base at a time, in a string from which it has been cut or into which it has
    been put.
    """
    gaps = [(a, b) for a, b in introns(exons) if b - a < SHORTEST_INTRON]
    if not gaps or (allele.alt and allele.end > allele.start):
        return any(allele.start < b and a < allele.end for a, b in gaps)
    size = len(allele.alt) or allele.end - allele.start
    low, high = max(0, allele.start - _FARTHEST), allele.end + _FARTHEST
    text, at = bases[low:high], allele.start - low
    if allele.alt:
        text = text[:at] + allele.alt + text[at:]
    first = last = at  # of the stretch that is cut out, or was put in
    while first > 0 and text[first - 1] == text[first - 1 + size]:
        first -= 1
    while last + size < len(text) and text[last] == text[last + size]:
        last += 1
    behind = last if allele.alt else last + size
    return any(low + first < b and a < low + behind for a, b in gaps)


def touched_terms(one, allele: Bounds) -> set[str]:
    """Return the terms of the bases that an allele over the end of an exon touches."""
    found = set()
    if not one.coding:
        found.add("non_coding_transcript_exon_variant")
    else:
        first, last = one.coding[0][0], one.coding[-1][1]
        sides = ("5_prime_UTR_variant", "3_prime_UTR_variant")
        sides = sides if one.strand == "+" else sides[::-1]
        for left, right in one.exons:
            low, high = max(left, allele.start), min(right, allele.end)
            if low < high:
                found |= {sides[0]} if low < first else set()
                found |= {sides[1]} if high > last else set()
                is_coding = low < last and high > first
                found |= {"coding_sequence_variant"} if is_coding else set()
    for left, right in introns(one.exons):
        if right - left >= SHORTEST_INTRON:
            ends = ("splice_donor_variant", "splice_acceptor_variant")
            ends = ends if one.strand == "+" else ends[::-1]
            for name, (a, b) in zip(ends, ((left, left + 2), (right - 2, right)), strict=True):
                found |= {name} if allele.start < b and a < allele.end else set()
    return found


def differs_at_edge(place: str, entry: dict[str, str], expected: set[str]) -> str:
    """Say how an entry of CSQ differs at an end of an exon or of a coding sequence."""
    terms = set(entry["Consequence"].split("&"))
    is_start = place == "start_kept" and entry["HGVSp"].endswith(":p.Met1%3D")
    if entry["HGVSp"] and not is_start:
        return "a protein change where none is known"
    if place == "across":
        is_all = terms == {"transcript_ablation"}
        own = {t for t in terms if not t.startswith("splice_region")}
        kept = {t for t in own if t in SPLICED or "UTR" in t or "coding" in t}
        return "" if is_all or kept == expected else f"terms: expected {sorted(expected)}"
    return "" if terms & expected else f"terms: expected one of {sorted(expected)}"


EXPECTED = {
    "outside": {"upstream_gene_variant", "downstream_gene_variant"},
    "gap": {"coding_sequence_variant", "5_prime_UTR_variant", "3_prime_UTR_variant",
            "non_coding_transcript_exon_variant", "non_coding_transcript_variant"},
    "before_start": {"5_prime_UTR_variant"},
    "behind_stop": {"3_prime_UTR_variant"},
    "start_kept": {"start_retained_variant"},
    "stop_kept": {"stop_retained_variant"},
    "open_start": {"coding_sequence_variant", "frameshift_variant"},
    "open_end": {"coding_sequence_variant", "incomplete_terminal_codon_variant",
                 "frameshift_variant", "3_prime_UTR_variant"},
}  # fmt: skip
"""Place of a variant that changes no known residue -> terms, of which it bears one."""
