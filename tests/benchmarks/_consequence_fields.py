"""What an entry of CSQ must say of places, of splice sites and of the transcript itself.

Worked out from the lines of the GTF base by base: which exons, introns and splice sites an
allele touches, where it lies in the RNA, which transcripts are near it and on which side, and
which of them speaks for its gene.
"""

from collections.abc import Iterable

from _consequence_edges import SHORTEST_INTRON, SPLICED, Bounds, introns
from _consequence_truth import PlainTranscript, Truth

_NEARBY = 5000
_DONOR = {
    "splice_donor_variant": (1, 2), "splice_donor_region_variant": (3, 6),
    "splice_donor_5th_base_variant": (5, 5),
}  # fmt: skip
_ACCEPTOR = {
    "splice_acceptor_variant": (1, 2), "splice_polypyrimidine_tract_variant": (3, 17),
}  # fmt: skip
_REGION = "splice_region_variant"


def splice_terms(one: PlainTranscript, allele: Bounds) -> set[str]:
    """Return the terms of splicing of the bases that an allele touches.

    Bases of an intron count from 1 at either end, those of the exon beside it from -1. What
    comes in touches a stretch where it comes between two of its bases; at the very ends of an
    intron and behind its first or before its last two bases it touches the splice region.
    """
    found: set[str] = set()
    for left, right in introns(one.exons):
        if right - left >= SHORTEST_INTRON:
            low, high = allele.start - left, allele.end - left
            if one.strand == "-":
                low, high = right - allele.end, right - allele.start
            found |= _at_intron(low, high, right - left)
    if "splice_donor_5th_base_variant" in found or found & SPLICED:
        found.discard("splice_donor_region_variant")
    is_told = found & SPLICED or any(term.startswith("splice_donor") for term in found)
    return found - {_REGION} if is_told else found


def _at_intron(low: int, high: int, size: int) -> set[str]:
    """Return the terms at one intron, read 5' to 3' with its first base at 0."""

    def meets(first: int, last: int) -> bool:  # bases from 1, last included
        inner = range(first, last) if low == high else range(first - 1, last)
        touched = {low} if low == high else set(range(low, high))
        return not touched.isdisjoint(inner)

    found = {term for term, (a, b) in _DONOR.items() if meets(a, b)}
    found |= {term for term, (a, b) in _ACCEPTOR.items() if meets(size + 1 - b, size + 1 - a)}
    stretches = ((-2, 0), (3, 8), (size - 7, size - 2), (size + 1, size + 3))
    is_put_at_end = low == high and low in {0, 2, size - 2, size}
    if is_put_at_end or any(meets(a, b) for a, b in stretches):
        found.add(_REGION)
    return found


def differs_in_fields(
    entry: dict[str, str], one: PlainTranscript, allele: Bounds, truth: Truth
) -> str:
    """Say which of the fields of places, or which term of splicing, is not as expected."""
    terms = set(entry["Consequence"].split("&"))
    if truth.place == "outside" or terms == {"transcript_ablation"}:
        return ""
    expected = splice_terms(one, allele)
    if {term for term in terms if term.startswith("splice_")} != expected:
        return f"splicing: expected {sorted(expected)}"
    exons, between = _touched(one, allele)
    wanted = {
        "EXON": _numbers(exons, len(one.exons), one.strand),
        "INTRON": _numbers(between, len(one.exons) - 1, one.strand),
    }
    if truth.place != "gap":
        wanted |= _places(one, allele, truth) if exons else {"cDNA_position": ""}
        aside = {"NMD_transcript_variant"} if _is_decayed(one) else set()
        if not one.coding and not exons:
            aside.add("non_coding_transcript_variant")
        own = terms & {"NMD_transcript_variant", "non_coding_transcript_variant"}
        if own != aside:
            return f"terms of the transcript: expected {sorted(aside)}"
    for name, value in wanted.items():
        if entry[name] != value:
            return f"{name}: expected {value or 'nothing'}, found {entry[name] or 'nothing'}"
    return ""


def _is_decayed(one: PlainTranscript) -> bool:
    return one.biotype == "nonsense_mediated_decay"


def _touched(one: PlainTranscript, allele: Bounds) -> tuple[list[int], list[int]]:
    """Return the exons and introns that are touched; what comes in at an end is exonic."""
    start, end, _ = allele
    if start == end:
        exons = [k for k, (a, b) in enumerate(one.exons) if a <= start <= b]
        return exons, [k for k, (a, b) in enumerate(introns(one.exons)) if a < start < b]
    exons, between = (
        [k for k, (a, b) in enumerate(stretches) if start < b and a < end]
        for stretches in (one.exons, introns(one.exons))
    )
    return exons, between


def _numbers(touched: list[int], count: int, strand: str) -> str:
    numbers = sorted(k + 1 if strand == "+" else count - k for k in touched)
    if not numbers:
        return ""
    ends = sorted({numbers[0], numbers[-1]})
    return f"{'-'.join(map(str, ends))}/{count}"


def _places(one: PlainTranscript, allele: Bounds, truth: Truth) -> dict[str, str]:
    """Return the place in the RNA and, outside of whole codons, in the coding sequence."""
    index = one.numbers
    start, end, _ = allele
    if start == end:
        known = [index[p] for p in (start - 1, start) if p in index]
        # At the end of an exon the next base of the RNA is that of another exon.
        is_first = (start in index) == (one.strand == "+")
        first = known[0] - 1 if len(known) == 1 and is_first else min(known)
        ends = [first, first + 1]
    else:
        ends = [index.get(start, -1), index.get(end - 1, -1)]
        ends = ends if one.strand == "+" else ends[::-1]
    found = {"cDNA_position": _written(ends, len(index))}
    if truth.place == "across" and one.coding:
        begin, behind = one.coding_span()
        origin = truth.numbers[0]
        inner = [p - origin if begin <= p < behind else -1 for p in ends]
        found["CDS_position"] = _written(inner, behind - origin)
    return found


def _written(ends: list[int], total: int) -> str:
    if max(ends) < 0:
        return ""
    first, last = (str(p + 1) if p >= 0 else "?" for p in ends)
    return f"{first if first == last else f'{first}-{last}'}/{total}"


def differs_around(
    entries: dict[str, dict[str, str]], transcripts: Iterable[PlainTranscript], allele: Bounds
) -> str:
    """Say how the list of transcripts, or what is said of one of them, is not as expected."""
    near = {_bare(one.name): one for one in transcripts if _is_near(one, allele)}
    if not near:
        found = [entry["Consequence"] for entry in entries.values()]
        return "" if found == ["intergenic_variant"] else "expected intergenic_variant"
    if set(entries) != set(near):
        return f"list: expected {sorted(near)}"
    speakers: dict[str, PlainTranscript] = {}
    for one in near.values():
        speakers[one.gene] = min(speakers.get(one.gene, one), one, key=_order)
    for name, one in near.items():
        wanted = {
            "PICK": "1" * (speakers[one.gene] is one),
            "CANONICAL": "YES" * ("Ensembl_canonical" in one.tags),
            "MANE": "MANE_Select" * ("MANE_Select" in one.tags),
            "BIOTYPE": one.biotype,
            "Gene": _bare(one.gene),
            "STRAND": f"{one.strand}1".removeprefix("+"),
            "FLAGS": "&".join(sorted(one.tags & {"cds_start_NF", "cds_end_NF"}, reverse=True)),
            **_beside(one, allele),
        }
        for field, value in wanted.items():
            found = entries[name][field]
            if (_bare(found) if field == "Gene" else found) != value:
                return f"{field}: expected {value or 'nothing'} of {name}"
    return ""


def _bare(name: str) -> str:
    """Return a name without its version, which an annotation may write apart."""
    return name.partition(".")[0]


def _is_near(one: PlainTranscript, allele: Bounds) -> bool:
    first, last = one.exons[0][0], one.exons[-1][1]
    return first < max(allele.end + _NEARBY, 1) and last > allele.start - _NEARBY


def _order(one: PlainTranscript) -> tuple[object, ...]:
    """Return what to sort by: MANE first, then canonical, then the longest coding sequence."""
    size = one.coding_size
    is_named = "MANE_Select" in one.tags, "Ensembl_canonical" in one.tags
    return (*(not named for named in is_named), not size, -size, one.name)


def _beside(one: PlainTranscript, allele: Bounds) -> dict[str, str]:
    """Return the fields of a transcript that lies to one side; none of one that is hit."""
    first, last = one.exons[0][0], one.exons[-1][1]
    start, end, _ = allele
    is_insertion = start == end
    if first < end and start < last and not (is_insertion and start in {first, last}):
        return {"DISTANCE": ""}
    is_up = (end <= first) == (one.strand == "+")
    # As VEP counts: the least distance of an end to an end, numbered from 1; of what comes in
    # the bases on both sides are the ends.
    away = min(abs(a - b) for a in (start + 1, end) for b in (first + 1, last))
    return {
        "Consequence": f"{'up' if is_up else 'down'}stream_gene_variant",
        "DISTANCE": str(away), "IMPACT": "MODIFIER", "HGVSc": "", "EXON": "", "INTRON": "",
        "cDNA_position": "",
    }  # fmt: skip
