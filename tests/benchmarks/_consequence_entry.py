"""What every field of an entry of CSQ must be, worked out from the spliced bases.

Terms are compared as whole sets: those of splicing, and those that repeat the biotype, are
left to other comparisons, and no other is forgiven. The rules are the definitions of the
Sequence Ontology as Ensembl applies them: an insertion is in frame where the residues that it
meets stand unchanged at an end of what comes out, a deletion where bases are lost alone, and
else the protein is altered.
"""

import re
from itertools import pairwise

from _consequence_edges import trimmed
from _consequence_truth import PlainTranscript, Truth, to_stop, translated

_FLIP = str.maketrans("ACGT", "TGCA")
_FAR = 1000
_PLACE = r"([-*]?\d+(?:[+-]\d+)?)"
_CHANGE = re.compile(rf"{_PLACE}(?:_{_PLACE})?([ACGT])?(>|delins|del|dup|inv|ins)([ACGT]*)")
_ASIDE = {
    "NMD_transcript_variant", "non_coding_transcript_variant",
    "incomplete_terminal_codon_variant",
}  # fmt: skip
"""Terms that say of the transcript, not of the change."""
_OUTSIDE = {
    "5_prime_UTR": {"5_prime_UTR_variant"},
    "3_prime_UTR": {"3_prime_UTR_variant"},
    "before_start": {"5_prime_UTR_variant"},
    "behind_stop": {"3_prime_UTR_variant"},
    "non_coding": {"non_coding_transcript_exon_variant"},
}
_IN_CODONS = {"coding", "start_lost", "start_kept", "stop_lost", "open_start", "open_end"}
_GRADES = {
    "HIGH": {"transcript_ablation", "splice_acceptor_variant", "splice_donor_variant",
             "stop_gained", "frameshift_variant", "stop_lost", "start_lost"},
    "MODERATE": {"inframe_insertion", "inframe_deletion", "missense_variant",
                 "protein_altering_variant"},
    "LOW": {"splice_region_variant", "splice_donor_region_variant",
            "splice_donor_5th_base_variant", "splice_polypyrimidine_tract_variant",
            "incomplete_terminal_codon_variant", "start_retained_variant",
            "stop_retained_variant", "synonymous_variant"},
}  # fmt: skip
"""Ensembl's impact of terms; all others are modifiers."""


class Codons:
    """The codons that a variant meets: places count from the first base of the frame."""

    def __init__(self, truth: Truth, code: int) -> None:
        rna, (low, high) = truth.bases[0], truth.span
        origin, end = truth.numbers
        self.low, self.high, self._code = low - origin, high - origin, code
        self.is_insertion = low == high
        start = self.low // 3 * 3
        stop = -(-self.high // 3) * 3
        bounds = (origin + start, min(origin + stop, end))
        before = "".join(rna[k] if k >= truth.begin else "n" for k in range(bounds[0], low))
        after = rna[high : bounds[1]].lower()
        self.before, self.after = before.lower(), after
        self.ref, self.alt = rna[low:high], truth.put

    @property
    def written(self) -> str:
        """As CSQ has it: changed bases are capitals."""
        pair = (f"{self.before}{one}{self.after}" or "-" for one in (self.ref, self.alt))
        return "/".join(pair)

    @property
    def residues(self) -> tuple[str, str]:
        """Residues before and after; X for part of a codon."""
        texts = (f"{self.before}{one}{self.after}".upper() for one in (self.ref, self.alt))
        one, two = (
            translated(text.replace("N", "A"), self._code) + "X" * bool(len(text) % 3)
            for text in texts
        )
        if "n" in self.before:
            one, two = "X" + one[1:], "X" + two[1:]
        return one, two

    @property
    def place(self) -> str:
        """The place in the coding sequence, from 1."""
        if self.is_insertion:
            return f"{self.low}-{self.low + 1}"
        return _range(self.low + 1, self.high)

    @property
    def place_of_residues(self) -> str:
        """The place in the protein, from 1."""
        if self.is_insertion and self.low % 3 == 0:
            return f"{self.low // 3}-{self.low // 3 + 1}"
        return _range(self.low // 3 + 1, (max(self.high, self.low + 1) - 1) // 3 + 1)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def misses(
    entry: dict[str, str], truth: Truth, one: PlainTranscript, bases: str, variant
) -> str:
    """Say which field of an entry is not what the bases of its contig say, else empty."""
    terms = set(entry["Consequence"].split("&"))
    if entry["IMPACT"] != _grade(terms):
        return f"IMPACT: expected {_grade(terms)}"
    name = entry["HGVSc"].partition(":")[2]
    wrong = _misnamed(name, truth, one, bases, variant)
    if wrong:
        return f"HGVSc: {wrong}"
    origin, end = truth.numbers
    low, high = truth.span
    if truth.place not in _IN_CODONS or low < max(origin, truth.begin) or high > end:
        return _differs_beside(terms, truth)
    codons = Codons(truth, one.code)
    residues = codons.residues
    shown = "/".join(text or "-" for text in residues)
    expected = {
        "Codons": codons.written,
        "Amino_acids": residues[0] if residues[0] == residues[1] else shown,
        "CDS_position": f"{codons.place}/{end - origin}",
        "Protein_position": codons.place_of_residues,
    }
    for field, value in expected.items():
        found = entry[field] if "/" in value else entry[field].partition("/")[0]
        if found != value:
            return f"{field}: expected {value}, found {entry[field]}"
    return _compared(terms, _exact_terms(truth, codons))


def _grade(terms: set[str]) -> str:
    return next((grade for grade, own in _GRADES.items() if own & terms), "MODIFIER")


def _compared(terms: set[str], expected: set[str]) -> str:
    own = {t for t in terms if not t.startswith("splice_")} - _ASIDE
    return "" if own == expected else f"all terms: expected {sorted(expected)}"


def _differs_beside(terms: set[str], truth: Truth) -> str:
    """Compare the terms of what lies outside of codons, or only partly in them."""
    if truth.place in _OUTSIDE:
        return _compared(terms, _OUTSIDE[truth.place])
    if truth.place == "intron":
        is_site = bool(terms & {"splice_donor_variant", "splice_acceptor_variant"})
        own = {t for t in terms if not t.startswith("splice_")} - _ASIDE
        is_right = own == {"intron_variant"} or (is_site and not own)
        return "" if is_right else "all terms: expected intron_variant alone"
    if truth.place in {"start_lost", "stop_lost", "start_kept", "stop_kept"}:
        side = "5_prime_UTR_variant" if "start" in truth.place else "3_prime_UTR_variant"
        told = truth.place.replace("kept", "retained_variant")
        return _compared(terms, {side, told})
    return ""


def _exact_terms(truth: Truth, codons: Codons) -> set[str]:
    """Return the terms of a change that lies in codons."""
    shifts = {"frameshift_variant"} if (len(codons.alt) - len(codons.ref)) % 3 else set()
    begin, end = truth.numbers
    is_partial = truth.place == "open_end" and codons.high > (end - begin) // 3 * 3
    open_ended = {"coding_sequence_variant"} if is_partial or not shifts else shifts
    known = {
        "open_start": open_ended,
        "open_end": open_ended,
        "start_kept": {"start_retained_variant"},
        "start_lost": {"start_lost"} | shifts,  # where nothing begins, no frame is kept
    }
    return known.get(truth.place) or _terms_of_residues(truth, codons, shifts)


def _terms_of_residues(truth: Truth, codons: Codons, shifts: set[str]) -> set[str]:
    one, two = codons.residues
    if truth.reference == truth.mutant and not (shifts and truth.may_be_unnamed):
        meets_stop = "*" in one or (not one and two[:1] == "*")
        return {"stop_retained_variant" if meets_stop else "synonymous_variant"}
    if shifts:
        return shifts | _stops(one, two)
    stops = {"stop_gained"} if to_stop(two) != two else _stops(one, two)  # before another
    if len(codons.alt) == len(codons.ref):
        return stops or {"missense_variant"}
    lost = len(codons.alt) < len(codons.ref)
    # Residues before a stop are lost or come in, and the stop is written otherwise.
    return stops | _in_frame(codons) or {"inframe_deletion" if lost else "inframe_insertion"}


def _stops(one: str, two: str) -> set[str]:
    """Tell whether a stop is lost or gained; what comes out with a stop has not lost it."""
    if ("*" in one) == ("*" in two):
        return set()
    return {"stop_lost" if "*" in one else "stop_gained"}


def _in_frame(codons: Codons) -> set[str]:
    """Return the term of a change of length that keeps the frame, none where a stop is met."""
    one, two = codons.residues
    made = to_stop(two)
    is_kept = made.startswith(one) or made.endswith(one)
    if len(codons.alt) < len(codons.ref):
        kind = {"protein_altering_variant" if codons.alt else "inframe_deletion"}
    else:
        kind = {"inframe_insertion" if is_kept else "protein_altering_variant"}
    if "*" in {one[:1], two[:1]}:  # of a stop it is not told that the protein is altered
        kind -= {"protein_altering_variant"}
    return kind


def _misnamed(name: str, truth: Truth, one: PlainTranscript, bases: str, variant) -> str:
    """Say where there is no name, or one with places in introns of another change."""
    _, position, ref, alt = variant
    start, end = position - 1, position - 1 + len(ref)
    if truth.place in {"outside", "gap"}:
        return ""
    if not name:
        first, last, _ = trimmed(start, ref, alt)
        is_within = one.exons[0][0] <= first and last <= one.exons[-1][1]
        return "none" * is_within
    if truth.bases[0] and not re.search(r"\d[+-]\d", name):
        return ""  # judged by what it makes of the RNA
    low = max(0, start - _FAR)
    window = bases[low : end + _FAR]
    changed = bases[low:start] + alt + bases[end : end + _FAR]
    wrong = applied_to_genome(name[2:], one, (window, low), truth.numbers) != changed
    if wrong:
        return "another change of the genome"
    if truth.place == "intron" and len(ref) == len(alt) == 1:
        expected = _place_in_intron(one, start, truth.numbers)
        return "" if name[2:].startswith(expected + ref_on(one, ref)) else f"not at {expected}"
    return ""


def ref_on(one: PlainTranscript, bases: str) -> str:
    """Return bases as the transcript has them."""
    return bases if one.strand == "+" else bases.translate(_FLIP)[::-1]


def applied_to_genome(
    change: str, one: PlainTranscript, window: tuple[str, int], numbers: tuple[int, int]
) -> str:
    """Return a window of the genome, changed as a name with places in introns says."""
    match = _CHANGE.fullmatch(change)
    if match is None:
        return f"not understood: {change}"
    first, last, old, form, new = match.groups()
    ends = [_on_genome(one, text, numbers) for text in (first, last or first)]
    (low, high), (text, begin) = sorted(ends), window
    low, high = low - begin, high + 1 - begin
    word, put = text[low:high], ref_on(one, new or "")
    if form == "ins":
        return text[: low + 1] + put + text[high - 1 :] if high - low == 2 else ""
    if form == ">" and word != ref_on(one, old):
        return f"base is {word}"
    made = {"del": "", "dup": word * 2, "inv": word.translate(_FLIP)[::-1]}.get(form, put)
    return text[:low] + made + text[high:]


def _on_genome(one: PlainTranscript, text: str, numbers: tuple[int, int]) -> int:
    """Return the place on the genome of a number of HGVS, as ``-12``, ``*4`` or ``88+5``."""
    match = re.fullmatch(r"([-*]?)(\d+)([+-]\d+)?", text)
    side, number, offset = match[1], int(match[2]), int(match[3] or 0)
    begin, end = one.coding_span() if one.coding else (0, 0)
    if side:
        index = begin - number if side == "-" else end + number - 1
    else:
        index = (numbers[0] if one.coding else 0) + number - 1
    place = one.places[index]
    return place + offset if one.strand == "+" else place - offset


def _place_in_intron(one: PlainTranscript, place: int, numbers: tuple[int, int]) -> str:
    """Return how a base of an intron is counted: from the nearer exon, the 5' one of two."""
    left, right = next((a, b) for (_, a), (b, _) in pairwise(one.exons) if a <= place < b)
    is_plus = one.strand == "+"
    ahead, behind = (left - 1, right) if is_plus else (right, left - 1)
    is_ahead = abs(place - ahead) <= abs(place - behind)
    index = one.places.index(ahead if is_ahead else behind)
    sign = f"+{abs(place - ahead)}" if is_ahead else f"-{abs(place - behind)}"
    return f"{_number(one, index, numbers)}{sign}"


def _number(one: PlainTranscript, index: int, numbers: tuple[int, int]) -> str:
    if not one.coding:
        return str(index + 1)
    begin, end = one.coding_span()
    if index < begin:
        return str(index - begin)
    return f"*{index - end + 1}" if index >= end else str(index - numbers[0] + 1)
