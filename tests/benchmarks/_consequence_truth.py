"""What a variant does to a protein, worked out the plain way, with no code of the package.

The genome is a string. A transcript is spliced letter by letter, the variant is put in, and
both are translated by Biopython where it is installed, else by a table typed from NCBI's
genetic codes 1 and 2. A protein change in HGVS is applied to the residues of the reference,
and must give the residues of the mutant.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from _consequence_edges import in_gap, touched_terms, trimmed

# Biopython is no dependency of the package or of its tests: it is asked where somebody has it.
_BIO = import_module("Bio.Seq") if find_spec("Bio") else None
LIBRARY = "Biopython" if _BIO else "table of NCBI"

_BASES = "TCAG"
_TABLES = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
}
_CODONS = [a + b + c for a in _BASES for b in _BASES for c in _BASES]
CODES = {number: dict(zip(_CODONS, table, strict=True)) for number, table in _TABLES.items()}
_STARTS = {1: {"ATG"}, 2: {"ATG", "ATA", "ATT", "ATC", "GTG"}}
_NEAR_STARTS = {1: {"ATG", "CTG", "TTG", "GTG", "ACG"}, 2: _STARTS[2]}
"""Codons that begin a protein where the coding sequence begins with the RNA itself."""
_FLIP = str.maketrans("ACGTN", "TGCAN")


@lru_cache(4096)
def translated(bases: str, code: int) -> str:
    """Return the residues of all whole codons, ``*`` for stops."""
    whole = bases[: len(bases) // 3 * 3]
    if _BIO is not None:
        return str(_BIO.translate(whole, table=code))
    table = CODES[code]
    return "".join([table.get(whole[k : k + 3], "X") for k in range(0, len(whole), 3)])


def to_stop(residues: str) -> str:
    """Return the residues up to and with the first stop."""
    end = residues.find("*")
    return residues if end < 0 else residues[: end + 1]


@dataclass
class PlainTranscript:
    """A transcript as the lines of a GTF tell it, 0-based half-open.

    What is worked out of its exons is kept, so it is asked for when all lines are read.
    """

    name: str
    contig: str
    strand: str
    biotype: str = ""
    exons: list[tuple[int, int]] = field(default_factory=list)
    coding: list[tuple[int, int]] = field(default_factory=list)
    phases: dict[int, int] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    selenocysteines: list[int] = field(default_factory=list)
    gene: str = ""

    @property
    def code(self) -> int:
        """The number of the genetic code."""
        return 2 if self.contig in {"MT", "chrM", "M"} else 1

    @property
    def phase(self) -> int:
        """Bases before the first whole codon."""
        if not self.phases:
            return 0
        first = min(self.phases) if self.strand == "+" else max(self.phases)
        return self.phases[first]

    @cached_property
    def places(self) -> list[int]:
        """The place on the genome of each base of the RNA."""
        places = [p for start, end in self.exons for p in range(start, end)]
        return places[::-1] if self.strand == "-" else places

    @cached_property
    def numbers(self) -> dict[int, int]:
        """The number in the RNA of each place."""
        return {place: number for number, place in enumerate(self.places)}

    @cached_property
    def coding_size(self) -> int:
        """The number of coding bases."""
        return len({p for a, b in self.coding for p in range(a, b)})

    def rna(self, genome: str) -> tuple[str, list[int]]:
        """Return the bases, and the place on the genome of each."""
        bases = "".join(genome[start:end] for start, end in self.exons)
        return (bases.translate(_FLIP)[::-1] if self.strand == "-" else bases), self.places

    def coding_span(self) -> tuple[int, int]:
        """Return where the coding sequence begins and ends in the RNA."""
        return self._span

    @cached_property
    def _span(self) -> tuple[int, int]:
        flags = [any(a <= p < b for a, b in self.coding) for p in self.places]
        return flags.index(True), len(flags) - flags[::-1].index(True)


def plain_transcripts(gtf: str) -> dict[str, PlainTranscript]:
    """Read a GTF line by line."""
    found: dict[str, PlainTranscript] = {}
    for line in gtf.splitlines():
        fields = line.split("\t")
        name = re.search(r'transcript_id "([^"]+)"', line)
        if len(fields) < 9 or name is None:
            continue
        one = found.setdefault(name[1], PlainTranscript(name[1], fields[0], fields[6]))
        start, end = int(fields[3]) - 1, int(fields[4])
        kind = re.search(r'transcript_(?:bio)?type "([^"]+)"', line)
        one.biotype = kind[1] if kind else one.biotype
        gene = re.search(r'gene_id "([^"]+)"', line)
        one.gene = gene[1] if gene else one.gene
        one.tags |= set(re.findall(r'tag "([^"]+)"', line))
        if fields[2] == "exon":
            one.exons.append((start, end))
        elif fields[2] in {"CDS", "stop_codon"}:
            one.coding.append((start, end))
            if fields[2] == "CDS":
                one.phases[start] = int(fields[7])
        elif fields[2] == "Selenocysteine":
            one.selenocysteines.append(start)
    for one in found.values():
        one.exons.sort()
        one.coding.sort()
    return found


class Truth(NamedTuple):
    """What is known of a variant on a transcript; `place` says where it lies.

    `place` is one of intron, 5_prime_UTR, 3_prime_UTR, non_coding, coding, start_lost,
    stop_lost (over the last base of the coding sequence), across (over the end of an exon),
    those of `_consequence_edges.EXPECTED`, and ``left out: WHY``.
    `reference` and `mutant` are the proteins, of a coding change alone; `bases` are the RNA
    before and after, `numbers` where its coding sequence begins (by which HGVS counts) and
    ends, `exon` the bounds of the exon that is changed; `span` and `put` are the bases of the
    RNA that are changed, and what comes in for them, `begin` the first base that codes;
    `terms` are those of a change over the end of an exon. `may_be_unnamed`: there is no
    residue beside the change by which to name it.
    """

    place: str
    reference: str = ""
    mutant: str = ""
    gain: int = 0
    bases: tuple[str, str] = ("", "")
    numbers: tuple[int, int] = (0, 0)
    exon: tuple[int, int] = (0, 0)
    terms: frozenset[str] = frozenset()
    may_be_unnamed: bool = False
    span: tuple[int, int] = (0, 0)
    put: str = ""
    begin: int = 0


class PlainEffects:
    """Works out what variants do to transcripts of one genome."""

    def __init__(self, genome: dict[str, str], transcripts: dict[str, PlainTranscript]) -> None:
        self.genome, self.transcripts = genome, transcripts
        self._known: dict[str, tuple[str, list[int], dict[int, int], tuple[int, int]]] = {}

    def of(self, name: str, start: int, ref: str, alt: str) -> Truth:
        """Return what is known of a variant; `start` is 0-based, as a VCF has its alleles."""
        one = self.transcripts[name]
        allele = trimmed(start, ref, alt)
        if in_gap(self.genome[one.contig], one.exons, allele):
            return Truth("gap")
        where, low, high, bases = self._placed(one, *allele)
        rna, _, _, (begin, end) = self._of(one)
        numbers = (begin - (-one.phase % 3 if one.coding else 0), end)
        if where == "across":
            return Truth(where, numbers=numbers, terms=frozenset(touched_terms(one, allele)))
        if where != "exon":
            return Truth(where, numbers=numbers)
        found = self._inside(one, (low, high), bases)
        return found._replace(
            bases=(rna, rna[:low] + bases + rna[high:]),
            numbers=numbers,
            span=(low, high),
            put=bases,
            begin=begin,
            exon=(
                max((e for e in self._ends(one) if e <= low), default=0),
                min((e for e in self._ends(one) if e >= high), default=len(rna)),
            ),
        )

    def _ends(self, one: PlainTranscript) -> list[int]:
        sizes = [b - a for a, b in (one.exons if one.strand == "+" else one.exons[::-1])]
        return [sum(sizes[: k + 1]) for k in range(len(sizes))]

    def _inside(self, one: PlainTranscript, place: tuple[int, int], bases: str) -> Truth:
        (low, high), (rna, _, _, (begin, end)) = place, self._of(one)
        if not one.coding:
            return Truth("non_coding")
        if low == high and low in {begin, end}:
            return Truth("before_start" if low == begin else "behind_stop")
        if high <= begin:
            return Truth("5_prime_UTR")
        if low >= end:
            return Truth("3_prime_UTR")
        return self._coding(one, rna, (low, high), bases)

    def _of(self, one: PlainTranscript):
        if one.name not in self._known:
            rna, places = one.rna(self.genome[one.contig])
            span = one.coding_span() if one.coding else (0, 0)
            index = {place: number for number, place in enumerate(places)}
            self._known[one.name] = rna, places, index, span
        return self._known[one.name]

    def _placed(self, one, start: int, end: int, alt: str):
        """Return where an allele lies, and its bounds and bases in the RNA if in one exon."""
        first, last = one.exons[0][0], one.exons[-1][1]
        is_insertion = start == end
        if start >= last or end <= first:
            return "outside", 0, 0, ""
        for left, right in one.exons:
            # What comes in at the very end of an exon belongs to it.
            if left <= start and end <= right:
                break
            if not is_insertion and start < right and left < end:
                return "across", 0, 0, ""
        else:
            return "intron", 0, 0, ""
        _, _, index, _ = self._of(one)
        size = end - start
        if one.strand == "+":
            low = index[start] if start in index else index[start - 1] + 1
            return "exon", low, low + size, alt
        if is_insertion:
            low = index[start - 1] if start - 1 in index else index[start] + 1
        else:
            low = index[end - 1]
        return "exon", low, low + size, alt.translate(_FLIP)[::-1]

    def _coding(self, one, rna: str, place: tuple[int, int], bases: str) -> Truth:
        """Return what is known of a variant that touches the coding sequence, in one exon."""
        (low, high), (begin, _) = place, self._of(one)[3]
        changed = rna[:low] + bases + rna[high:]
        first = begin + one.phase
        begins = _begins(one, rna, begin)
        if begins and rna[first : first + 3] not in _STARTS[one.code]:
            return Truth("left out: another start than ATG")
        if not begins and low < first:
            return Truth("open_start")
        if begins and low < first + 3:
            if changed.endswith(rna[first:]):
                return Truth("start_kept")  # it only moves
            if low < first or translated(changed[first : first + 3], one.code) != "M":
                return Truth("start_lost", "M" + self._protein(one, rna[first:])[1:], "")
        return self._read(one, rna, (low, high, first), changed)

    def _read(self, one, rna: str, bounds: tuple[int, int, int], changed: str) -> Truth:
        """Translate a transcript whose start is as it was."""
        low, high, first = bounds
        end = self._of(one)[3][1]
        reference, gain = self._protein(one, rna[first:end]), len(changed) - len(rna)
        is_open = "*" not in reference
        if is_open and end < len(rna):
            return Truth("left out: no stop before the 3' UTR")
        if is_open and high > end - (end - first) % 3:
            return Truth("open_end")
        mutant = self._protein(one, changed[first:])
        if _begins(one, rna, first - one.phase):
            reference, mutant = "M" + reference[1:], "M" + mutant[1:]
        is_before = low < first + 3 and mutant[:1] != reference[:1]
        is_behind = (
            is_open and mutant.startswith(reference) and (gain % 3 or mutant != reference)
        )
        if one.phase:  # the part of a codon before the first whole one counts as a residue
            reference, mutant = f"X{reference}", f"X{mutant}"
        place = "coding"
        if high > end:
            place = "stop_lost" if mutant != reference else "stop_kept"
        return Truth(
            place, reference, mutant, gain, may_be_unnamed=bool(is_before or is_behind)
        )

    @staticmethod
    def _protein(one, bases: str) -> str:
        return to_stop(translated(bases, one.code))


def _begins(one: PlainTranscript, rna: str, begin: int) -> bool:
    """Tell whether a coding sequence that begins at `begin` of the RNA has its start codon."""
    is_whole = one.phase == 0 and "cds_start_NF" not in one.tags
    return is_whole and (begin > 0 or rna[:3] in _NEAR_STARTS[one.code])


def expected_terms(truth: Truth) -> set[str]:
    """Return the terms of which a coding change must bear at least one."""
    one, two, gain = truth.reference, truth.mutant, truth.gain
    if truth.place in {"start_lost", "stop_lost"}:
        return {truth.place}
    if one == two and not (gain % 3 and truth.may_be_unnamed):
        return {"synonymous_variant", "stop_retained_variant", "start_retained_variant"}
    return {"frameshift_variant"} if gain % 3 else _in_frame(one, two, gain)


def _in_frame(one: str, two: str, gain: int) -> set[str]:
    if one[-1:] == "*" and two[: len(one) - 1] == one[:-1]:  # the stop itself, or behind it
        return {"stop_lost", "inframe_insertion", "protein_altering_variant"}
    grown = len(one.rstrip("*")) + gain // 3
    if two.endswith("*") and len(two) <= grown:
        return {"stop_gained"}
    if gain == 0:
        return {"missense_variant", "stop_lost"}
    return {
        "inframe_insertion", "inframe_deletion", "protein_altering_variant", "stop_lost",
    }  # fmt: skip
