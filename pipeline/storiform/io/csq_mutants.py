"""The mutant protein of a call, from what VEP wrote of it; several calls on one copy too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storiform.io.csq_entries import DOWNSTREAM, SHIFTED, CsqEntry
from storiform.model.codons import code_of
from storiform.model.protein_changes import Frame

_POSITION = re.compile(r"(\d+)(?:-(\d+))?")
_CODON = 3
_FEW, _MANY = 4, 8


class Edit(NamedTuple):
    """Residues of the germline protein from `start` (0-based), and what takes their place."""

    start: int
    ref: str
    alt: str


@dataclass(frozen=True)
class Mutant:
    """A mutant protein without its stop, or why no peptide comes of it.

    `edit` is set where the change could be made by replacing residues: such changes can be
    made together.
    """

    reason: str = ""
    protein: str = ""
    frame: Frame = "kept"
    edit: Edit | None = None


def mutant_of(entry: CsqEntry) -> Mutant:
    """Make the mutant protein of one call on one transcript.

    Nothing is taken on trust: residues that the germline protein does not have where VEP
    says give `reference_mismatch`, and so does a shifted protein with another beginning.
    """
    germline = entry.wild_type
    if not germline:
        return Mutant("no_protein_sequence")
    if "frameshift_variant" in entry.terms and "start_lost" not in entry.terms:
        return _shifted(entry, germline)
    edit = _edit(entry)
    if isinstance(edit, str):
        return Mutant(edit)
    return edited(germline, (edit,), loses_start="start_lost" in entry.terms)


def edited(germline: str, edits: Sequence[Edit], *, loses_start: bool = False) -> Mutant:
    """Replace residues of a protein; the edits are sorted and do not overlap."""
    protein, place = "", 0
    frame: Frame = "kept"
    only = edits[0] if len(edits) == 1 else None
    for edit in edits:
        if reason := _unfit(germline, edit):
            return Mutant(reason)
        before, stop, _ = edit.alt.partition("*")
        protein += germline[place : edit.start] + before
        place = edit.start + len(edit.ref)
        if stop or "*" in edit.ref:
            # Behind a lost stop the residues are not known: only those of the call are.
            frame = "ended" if stop else "shifted"
            break
    if frame == "kept":
        protein += germline[place:]
    if protein == germline:
        return Mutant("same_protein", protein, frame, only)
    if loses_start:
        return Mutant("start_lost")
    if frame == "ended" and germline.startswith(protein):
        return Mutant("stop_gained", protein, frame, only)
    return Mutant("", protein, frame, only)


def _unfit(germline: str, edit: Edit) -> str:
    """Say why an edit cannot be made, empty where it can."""
    end = edit.start + len(edit.ref)
    if edit.start > len(germline) or f"{germline}*"[edit.start : end] != edit.ref:
        return "reference_mismatch"
    return "unknown_residues" if "X" in edit.ref + edit.alt else ""


def _edit(entry: CsqEntry) -> Edit | str:
    """Read `Protein_position` and `Amino_acids`; else say why there is no edit."""
    residues, position = entry.cells["Amino_acids"], entry.cells["Protein_position"]
    if not residues:
        # At a splice site or over an end of the coding bases VEP tells no residues.
        return "start_lost" if "start_lost" in entry.terms else "no_protein_sequence"
    found = _POSITION.fullmatch(position)
    if found is None:
        return "not_parsed"
    ref, slash, alt = residues.partition("/")
    if not slash:
        alt = ref
    start = int(found.group(1)) - 1
    if ref == "-":  # between two residues, of which the position names the first
        is_between = found.group(2) and int(found.group(2)) == start + 2
        return Edit(start + 1, "", alt) if is_between else "not_parsed"
    return Edit(start, ref, "" if alt == "-" else alt)


def _shifted(entry: CsqEntry, germline: str) -> Mutant:
    found = _POSITION.match(entry.cells["Protein_position"])
    # The residue that the shift begins with; an insertion between two begins behind the first.
    start = int(found.group(1)) - 1 if found is not None else 0
    start += entry.cells["Amino_acids"].startswith("-/")
    protein = entry.cells[SHIFTED].partition("*")[0]
    if not protein:
        tail = entry.cells[DOWNSTREAM].partition("*")[0]
        if not tail:
            is_stop = "stop_gained" in entry.terms
            return Mutant("stop_gained" if is_stop else "no_protein_sequence")
        if found is None or _goes_on(germline, start, tail):
            return Mutant("not_parsed")
        protein = germline[:start] + tail
    if protein[:start] != germline[:start]:
        return Mutant("reference_mismatch")
    if germline.startswith(protein):
        return Mutant("same_protein" if protein == germline else "stop_gained")
    return Mutant("", protein, "shifted")


def _goes_on(germline: str, start: int, tail: str) -> bool:
    """Tell whether a tail is that of the germline behind the first residue of the shift.

    The plugin Downstream writes it for a deletion from the last base of a codon on: it is no
    protein of the call.
    """
    behind = germline[start + 1 : start + 1 + _MANY]
    return len(behind) >= _FEW and tail.startswith(behind)


def changed_codons(entry: CsqEntry) -> tuple[str, str] | None:
    """Return one codon before and after a substitution, None where there is another number."""
    ref, _, alt = entry.cells["Codons"].partition("/")
    is_one = len(ref) == len(alt) == _CODON and entry.cells["Protein_position"].isdigit()
    return (ref, alt) if is_one and ref.upper() != alt.upper() else None


def edit_of_codon(entries: Sequence[CsqEntry]) -> Edit | None:
    """Make one edit of substitutions in one codon, None where these contradict each other."""
    codons = [changed_codons(entry) for entry in entries]
    position = {entry.cells["Protein_position"] for entry in entries}
    if None in codons or len(position) != 1:
        return None
    known = [pair for pair in codons if pair is not None]
    before = {ref.upper() for ref, _ in known}
    if len(before) != 1:
        return None
    ref = before.pop()
    mutated = list(ref)
    for _, alt in known:
        for place, base in enumerate(alt.upper()):
            if base == ref[place]:
                continue
            if mutated[place] != ref[place]:
                return None
            mutated[place] = base
    code = code_of(entries[0].contig)
    return Edit(int(position.pop()) - 1, code.translate(ref), code.translate("".join(mutated)))
