"""What one base for another does to a transcript, by tables in place of whole proteins.

Nine of ten somatic alleles are such. Where the codon alone does not decide (the first, a
stop, one that is not known), nothing is told here and the proteins are compared.
"""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from storiform.biomarkers.consequences.coding_names import exonic_name
from storiform.biomarkers.consequences.protein_names import named_change
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.biomarkers.consequences.splicing import EXON_REGION, intron_terms, joined
from storiform.model.codons import STOP, GeneticCode, code_of, reverse_complement
from storiform.model.transcripts import Transcript

Fields = tuple[Transcript, str, str, str, str, str, str, str, str, str, str, None]
"""Those of `storiform.biomarkers.consequences.effects.Effect`."""

_SPLICE_REACH = 20
"""Bases of an intron from its end behind which nothing is told of splicing, bp."""
_OTHER = {base: reverse_complement(base) for base in "ACGT"}


class _Change(NamedTuple):
    """A codon that becomes another: its term, and texts without the number of the residue."""

    term: str
    before: str
    after: str
    amino_acids: str
    codons: str


def substitution(spliced: Spliced, position: int, ref: str, alt: str) -> Fields | None:
    """Return what a substitution does to a transcript that it lies within.

    Parameters
    ----------
    spliced
        A transcript with its bases.
    position
        Of the base, 0-based.
    ref, alt
        Two bases of the forward strand that differ.

    Returns
    -------
    tuple or None
        None where more than the codon decides.
    """
    if not spliced.is_plain:
        return None
    if not spliced.is_forward:
        ref, alt = _OTHER[ref], _OTHER[alt]
    exon = bisect_right(spliced.ends, position)
    start = spliced.starts[exon]
    if position < start:
        return _intronic(spliced, exon, position, f"{ref}>{alt}")
    along = spliced.before[exon] + position - start
    place = along if spliced.is_forward else spliced.length - 1 - along
    is_near = (position < start + EXON_REGION and exon > 0) or (
        position >= spliced.ends[exon] - EXON_REGION and exon + 1 < len(spliced.ends)
    )
    if spliced.coding_start <= place < spliced.coding_end:
        return _coding(spliced, exon, place, (ref, alt), is_near=is_near)
    if not spliced.is_coding:
        term = "non_coding_transcript_exon_variant"
    else:
        is_up = place < spliced.coding_start
        term = "5_prime_UTR_variant" if is_up else "3_prime_UTR_variant"
    return (
        spliced.transcript, _exonic_terms(term, spliced.is_decayed, is_near),
        f"{spliced.title}{exonic_name(spliced, place)}{ref}>{alt}", "", _number(spliced, exon),
        "", str(place + 1), "", "", "", "", None,
    )  # fmt: skip


def _intronic(spliced: Spliced, exon: int, position: int, change: str) -> Fields:
    """Return the fields of a base of the intron before an exon, by place."""
    low, high = position - spliced.ends[exon - 1], spliced.starts[exon] - 1 - position
    along, count = spliced.before[exon], len(spliced.introns)
    if spliced.is_forward:
        down, up, number = low, high, exon
    else:
        down, up, number = high, low, count - exon + 1
        along = spliced.length - along
    if down <= up:
        where = f"{exonic_name(spliced, along - 1)}+{down + 1}"
    else:
        where = f"{exonic_name(spliced, along)}-{up + 1}"
    terms = _intronic_terms(
        min(down, _SPLICE_REACH), min(up, _SPLICE_REACH), spliced.is_coding, spliced.is_decayed
    )
    return (
        spliced.transcript, terms, f"{spliced.title}{where}{change}", "", "",
        f"{number}/{count}", "", "", "", "", "", None,
    )  # fmt: skip


def _coding(
    spliced: Spliced, exon: int, place: int, bases: tuple[str, str], *, is_near: bool
) -> Fields | None:
    """Return the fields of a coding base."""
    at = place - spliced.coding_start + spliced.padding
    number, frame = divmod(at, 3)
    codon = spliced.coding[at - frame : at - frame + 3]
    ref, alt = bases
    change = _changes_on(spliced.transcript.contig).get((codon, frame, alt))
    if change is None or (number == 0 and spliced.begins):
        return None
    residue = str(number + 1)
    return (
        spliced.transcript, _exonic_terms(change.term, spliced.is_decayed, is_near),
        f"{spliced.title}{at + 1}{ref}>{alt}",
        f"{spliced.protein_title}{change.before}{residue}{change.after}",
        _number(spliced, exon), "", str(place + 1), str(at + 1), residue, change.amino_acids,
        change.codons, None,
    )  # fmt: skip


def _number(spliced: Spliced, exon: int) -> str:
    count = len(spliced.starts)
    return f"{exon + 1 if spliced.is_forward else count - exon}/{count}"


@lru_cache(maxsize=1 << 12)
def _intronic_terms(down: int, up: int, is_coding: bool, is_decayed: bool) -> str:  # noqa: FBT001  of a table
    """Join the terms of a base so far behind the donor and before the acceptor."""
    terms = intron_terms(down, down + 1, 0, down + 1 + up)
    if not is_coding:
        terms.add("non_coding_transcript_variant")
    if is_decayed:
        terms.add("NMD_transcript_variant")
    return joined(terms)


@cache
def _exonic_terms(term: str, is_decayed: bool, is_near: bool) -> str:  # noqa: FBT001  of a table
    """Join the terms of a base of an exon."""
    terms = {term}
    if is_near:
        terms.add("splice_region_variant")
    if is_decayed:
        terms.add("NMD_transcript_variant")
    return joined(terms)


@lru_cache(maxsize=1 << 10)
def _changes_on(contig: str) -> Mapping[tuple[str, int, str], _Change]:
    """Return codon, place in it and new base -> the change; of codons that are no stop."""
    return _changes_of(code_of(contig))


@cache
def _changes_of(code: GeneticCode) -> Mapping[tuple[str, int, str], _Change]:
    found = {}
    for codon, residue in code.table.items():
        for frame in range(3):
            for alt in _OTHER:
                changed = codon[:frame] + alt + codon[frame + 1 :]
                if residue != STOP and changed != codon:
                    found[codon, frame, alt] = _change((codon, changed), frame, code)
    return found


def _change(codons: tuple[str, str], frame: int, code: GeneticCode) -> _Change:
    one, two = (code.table[codon] for codon in codons)
    if one == two:
        term = "synonymous_variant"
    else:
        term = "stop_gained" if two == STOP else "missense_variant"
    before, after = named_change(one, two, 0).split("1")
    marked = (c[:frame].lower() + c[frame] + c[frame + 1 :].lower() for c in codons)
    return _Change(term, before, after, one if one == two else f"{one}/{two}", "/".join(marked))
