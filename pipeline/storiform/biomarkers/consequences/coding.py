"""What an allele does to the codons and the protein of one transcript."""

from typing import NamedTuple

from storiform.biomarkers.consequences.mutants import (
    Difference,
    Edit,
    Mutant,
    difference,
    edited,
)
from storiform.biomarkers.consequences.protein_names import (
    FrameNames,
    lost_start,
    named_change,
)
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.codons import STOP, UNKNOWN
from storiform.model.shared_ends import shared_start

_OF_PART = ("incomplete_terminal_codon_variant", "coding_sequence_variant")


class CodingEffect(NamedTuple):
    """Terms, and the texts of VEP's fields; empty where there is none.

    `change` is the protein change in HGVS, without the name of the protein.
    """

    terms: tuple[str, ...]
    change: str = ""
    protein_position: str = ""
    amino_acids: str = ""
    codons: str = ""


class _Local(NamedTuple):
    """The codons that an edit touches, before and after; `first` counts from 0."""

    first: int
    codons: tuple[str, str]
    residues: tuple[str, str]
    is_partial: bool

    @property
    def until_stop(self) -> tuple[str, str]:
        """The residues, each up to and with its first stop."""
        one, two = self.residues
        return _to_stop(one), _to_stop(two)


def coding_effect(spliced: Spliced, edit: Edit) -> CodingEffect:
    """Return the effect of one edit that touches the coding sequence and lies in one exon.

    Parameters
    ----------
    spliced
        A coding transcript.
    edit
        At least one of its bases, or both neighbours of an insertion, are coding.
    """
    if not spliced.is_whole:
        return CodingEffect(("coding_sequence_variant",))
    start = edit.start - spliced.coding_start + spliced.padding
    end = edit.end - spliced.coding_start + spliced.padding
    if start < spliced.padding or end > len(spliced.coding):
        return _over_an_end(spliced, edit, start, end)
    local = _local(spliced, start, end, edit.alt)
    if len(edit.alt) == end - start == 1 and not _is_special(spliced, local):
        return _substitution(local)
    return _compared(spliced, edit, local)


def _local(spliced: Spliced, start: int, end: int, alt: str) -> _Local:
    """Return the codons touched by an edit at [start, end) of the coding sequence."""
    coding = spliced.coding
    first, behind = start // 3, -(-end // 3)
    low, high = 3 * first, min(3 * behind, len(coding))
    before, after = coding[low:start], coding[end:high] if high > end else ""
    one = before.lower() + coding[start:end] + after.lower()
    two = before.lower() + alt + after.lower()
    reference = spliced.residues(first, behind)
    if start == end and start % 3 == 0:
        reference = ""
    mutated = _residues(spliced, first, before + alt + after)
    is_partial = 3 * behind > len(coding)
    if len(alt) == end - start:
        mutated = _with_selenocysteine(reference, mutated, one, two)
    return _Local(first, (one, two), (reference, mutated), is_partial)


def _residues(spliced: Spliced, first: int, bases: str) -> str:
    found = spliced.code.translate(bases) + (UNKNOWN if len(bases) % 3 else "")
    is_start = first == 0 and spliced.begins and bases[:3] == spliced.coding[:3]
    return "M" + found[1:] if is_start and bases[:3] in spliced.code.starts else found


def _with_selenocysteine(reference: str, mutated: str, one: str, two: str) -> str:
    """Keep selenocysteine where its codon is as before."""
    if "U" not in reference:
        return mutated
    pairs = enumerate(zip(reference, mutated, strict=True))
    kept = [
        "U" if a == "U" and one[3 * i : 3 * i + 3].upper() == two[3 * i : 3 * i + 3].upper()
        else b
        for i, (a, b) in pairs
    ]  # fmt: skip
    return "".join(kept)


def _is_special(spliced: Spliced, local: _Local) -> bool:
    """Tell whether a substitution asks for more than its own codon."""
    at_start = local.first == 0 and spliced.begins
    is_odd = UNKNOWN in local.residues[0] or local.is_partial
    return at_start or is_odd or local.residues[0] == STOP


def _substitution(local: _Local) -> CodingEffect:
    """Return the effect of one base within one codon that is neither the first nor a stop."""
    before, after = local.residues
    if before == after:
        term = "synonymous_variant"
    else:
        term = "stop_gained" if after == STOP else "missense_variant"
    change = named_change(before, after, local.first)
    return _effect(local, (term,), change)


def _compared(spliced: Spliced, edit: Edit, local: _Local) -> CodingEffect:
    """Return the effect of an edit by the whole protein that it makes."""
    if local.is_partial:
        return _effect(local, _OF_PART, "")
    mutant = edited(spliced, [edit])
    if mutant.fault == "start_lost":
        terms = ("frameshift_variant", "start_lost") if edit.gain % 3 else ("start_lost",)
        return _effect(local, terms, lost_start(spliced.protein))
    if UNKNOWN in local.residues[0]:
        term = "frameshift_variant" if edit.gain % 3 else "coding_sequence_variant"
        return _effect(local, (term,), "")
    if mutant.keeps_start:
        return _effect(local, ("start_retained_variant",), _unchanged(spliced, local))
    if mutant.protein == spliced.protein and local.first < len(mutant.protein):
        return _same_protein(spliced, edit, local)
    change = _named(spliced, mutant, edit, local)
    return _effect(local, _terms(edit, local), change)


def _same_protein(spliced: Spliced, edit: Edit, local: _Local) -> CodingEffect:
    """Return the effect of an edit that leaves the protein as it is."""
    has_stop = spliced.protein.endswith(STOP)
    if edit.gain % 3 and not has_stop:
        # The residues that are read in another frame lie behind the end that is known.
        return _effect(local, ("frameshift_variant",), "")
    last = local.first + max(len(local.residues[0]), 1)
    is_of_stop = has_stop and last >= len(spliced.protein)
    term = "stop_retained_variant" if is_of_stop else "synonymous_variant"
    return _effect(local, (term,), _unchanged(spliced, local))


def _unchanged(spliced: Spliced, local: _Local) -> str:
    place = min(local.first, len(spliced.protein) - 1)
    residues = _to_stop(local.residues[0]) or spliced.protein[place]
    return named_change(residues, residues, place)


def _terms(edit: Edit, local: _Local) -> tuple[str, ...]:
    """Return the terms of an edit that changes the protein."""
    before, after = local.until_stop
    terms = []
    had_stop, has_stop = before.endswith(STOP), after.endswith(STOP)
    is_earlier = edit.gain % 3 == 0 and len(after) < len(before) + edit.gain // 3
    if has_stop and (is_earlier or not had_stop):
        terms.append("stop_gained")
    if had_stop and not has_stop:
        terms.append("stop_lost")
    if edit.gain % 3:
        terms.append("frameshift_variant")
    elif edit.gain:
        terms += _in_frame(edit, local, before, after)
    if not terms:
        # Residues before a stop are lost, or come in, and it is written with another codon.
        changed = "inframe_deletion" if edit.gain < 0 else "inframe_insertion"
        terms.append(changed if edit.gain else "missense_variant")
    return tuple(terms)


def _in_frame(edit: Edit, local: _Local, before: str, after: str) -> list[str]:
    """Return the term of an insertion or deletion of whole codons."""
    if edit.gain > 0:
        is_plain = after.startswith(before) or after.endswith(before)
        term = "inframe_insertion" if is_plain else ""
    else:
        one, two = (codons.upper() for codons in local.codons)
        head = shared_start(one, two)
        tail = shared_start(one[::-1], two[::-1])
        term = "inframe_deletion" if head + tail >= len(two) else ""
    if term:
        return [term]
    is_of_stop = before.startswith(STOP) or after.startswith(STOP)
    return [] if is_of_stop else ["protein_altering_variant"]


def _named(spliced: Spliced, mutant: Mutant, edit: Edit, local: _Local) -> str:
    """Return the protein change in HGVS."""
    one, two = spliced.protein, mutant.protein
    found = difference(one, two, edit.gain)
    if found is None or UNKNOWN in (one[found.first : found.first + 1], two[found.first :][:1]):
        return ""
    names = FrameNames(one, two, is_open=not two.endswith(STOP))
    if edit.gain % 3:
        return names.shifted(found.first)
    loses_stop = one.endswith(STOP) and names.is_open
    if found.is_in_frame and not loses_stop:
        return names.replaced(found)
    return _about_stop(names, found, (one, two), local)


def _about_stop(
    names: FrameNames, found: Difference, proteins: tuple[str, str], local: _Local
) -> str:
    """Name a change that comes with another stop, or leads beyond the old one."""
    before, after = local.until_stop
    if after.endswith(STOP):
        return names.stopped(local.first, before, after)
    return _beyond_stop(names, found.first, proteins)


def _beyond_stop(names: FrameNames, first: int, proteins: tuple[str, str]) -> str:
    """Name a change, from the residue `first` on, that takes the stop out."""
    one, two = proteins
    if two.endswith(STOP) and len(two) <= len(one):
        # The next stop comes no later: nothing is added to the protein.
        tail = shared_start(one[first:][::-1], two[first:][::-1])
        return names.replaced(Difference(first, len(one) - tail, len(two) - tail, True))  # noqa: FBT003  a field
    return names.extended(first) if first == len(one) - 1 else names.extended_from(first)


def _over_an_end(spliced: Spliced, edit: Edit, start: int, end: int) -> CodingEffect:
    """Return the effect of an edit over the first or the last base of the coding sequence."""
    mutant = edited(spliced, [edit])
    is_front = start < spliced.padding
    low = "?" if is_front else str(start // 3 + 1)
    high = "?" if end > len(spliced.coding) else str((end - 1) // 3 + 1)
    where = f"{low}-{high}"
    if is_front and not spliced.begins:
        return CodingEffect(("coding_sequence_variant",), "", where)
    if is_front and mutant.keeps_start:
        return CodingEffect(("start_retained_variant",), "", where)
    if is_front:
        return CodingEffect(("start_lost",), lost_start(spliced.protein), where)
    if spliced.transcript.lacks_end or not spliced.protein.endswith(STOP):
        return CodingEffect(("coding_sequence_variant",), "", where)
    if mutant.protein == spliced.protein:
        return CodingEffect(("stop_retained_variant",), "", where)
    one, two = spliced.protein, mutant.protein
    names = FrameNames(one, two, is_open=not two.endswith(STOP))
    first = shared_start(one, two)
    is_known = UNKNOWN not in two[first : len(one)]
    change = _beyond_stop(names, first, (one, two)) if is_known else ""
    return CodingEffect(("stop_lost",), change, where)


def _effect(local: _Local, terms: tuple[str, ...], change: str) -> CodingEffect:
    one, two = local.residues
    amino = one if one == two else f"{one or '-'}/{two or '-'}"
    codons = "/".join(codon or "-" for codon in local.codons)
    size = max(-(-len(local.codons[0]) // 3), 0)
    if size == 0:
        where = f"{local.first}-{local.first + 1}"
    elif size == 1:
        where = str(local.first + 1)
    else:
        where = f"{local.first + 1}-{local.first + size}"
    return CodingEffect(terms, change, where, amino, codons)


def _to_stop(residues: str) -> str:
    stop = residues.find(STOP)
    return residues if stop < 0 else residues[: stop + 1]
