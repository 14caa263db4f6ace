"""The changes that the alleles of one copy make of one protein, taken together."""

from collections.abc import Sequence
from typing import NamedTuple

from storiform.biomarkers.consequences.alleles import Allele
from storiform.biomarkers.consequences.coding import coding_effect
from storiform.biomarkers.consequences.coding_names import named_bases
from storiform.biomarkers.consequences.effects import (
    Effect,
    is_coding_span,
    meets_gap,
    transcript_effect,
)
from storiform.biomarkers.consequences.forms import Forms
from storiform.biomarkers.consequences.germline import is_one_base
from storiform.biomarkers.consequences.haplotypes import Copy, SomaticAllele
from storiform.biomarkers.consequences.mutants import Edit, Mutant, edited
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.biomarkers.consequences.splicing import joined
from storiform.model.codons import STOP, UNKNOWN, reverse_complement
from storiform.model.protein_changes import ChangedWindow, Frame, changed_window
from storiform.model.resources import Sequence as Bases
from storiform.model.tables.proteins import FLANK

_CODON = 3
_UNTOLD = frozenset({
    "splice_donor_variant", "splice_acceptor_variant", "coding_sequence_variant",
    "transcript_ablation",
})  # fmt: skip
"""Terms of an allele that no one exon holds, but that must change the protein."""
_KEPT = ("splice_", "NMD_")
"""Terms, by how they begin, that a joint change takes over from its alleles."""


class Change(NamedTuple):
    """One change of a protein.

    Parameters
    ----------
    alleles
        Those that act together, by place.
    phase
        How that is known.
    consequence, hgvsc, hgvsp
        Of all of them together.
    window
        What of the proteins is kept; None where there is none.
    is_in_frame
        Behind the change the protein goes on as before; None where there is no protein.
    reason
        Why no peptide comes of it, else empty.
    """

    alleles: tuple[SomaticAllele, ...]
    phase: str
    consequence: str
    hgvsc: str
    hgvsp: str
    window: ChangedWindow | None
    is_in_frame: bool | None
    reason: str


class _Placed(NamedTuple):
    """An allele, and what it edits in the spliced RNA."""

    somatic: SomaticAllele
    edit: Edit


class _Others(NamedTuple):
    """What a cluster of edits is seen with.

    Parameters
    ----------
    whole
        The protein of the copy with all its alleles.
    rest
        The edits of all other alleles of the copy, sorted.
    germline
        Those among them that the patient was born with.
    """

    whole: Mutant
    rest: Sequence[Edit]
    germline: Sequence[Edit]


def changes_of(spliced: Spliced, copy: Copy, reference: Bases) -> list[Change]:
    """Return the changes that the alleles of one copy make of a coding transcript.

    Alleles that meet in a codon make one change, and so do all between one that shifts the
    frame and the one that mends it, or the end of the protein. Indels of the germline are in
    the protein before and behind each change; names and terms are of the somatic alleles alone.

    Parameters
    ----------
    spliced
        The transcript with the bases of the patient's germline.
    copy
        Alleles that act together.
    reference
        The bases of the genome.
    """
    placed, changes = [], []
    for somatic in (one for one in copy.alleles if not one.is_germline):
        edit = _edit(spliced, somatic.allele, reference)
        if edit is None:
            changes.append(_without_protein(spliced, somatic, reference))
        elif is_coding_span(spliced, edit.start, edit.end):
            placed.append(_Placed(somatic, edit))
    germline = germline_edits(spliced, copy, reference)
    if None in germline.values():
        changes += [_hidden(spliced, one, copy.phase, reference) for one in placed]
        return [change for change in changes if change is not None]
    born = sorted(edit for edit in germline.values() if edit is not None)
    placed.sort(key=lambda one: one.edit)
    whole = edited(spliced, sorted([*born, *(one.edit for one in placed)]))
    read = _read(spliced, placed, born, whole.protein)
    clusters = [*_clusters(spliced, placed[:read], born), *([one] for one in placed[read:])]
    for cluster in clusters:
        rest = sorted([*born, *(one.edit for one in placed if one not in cluster)])
        others = _Others(whole, rest, born)
        changes.append(_change(spliced, cluster, others, copy.phase, reference))
    return [change for change in changes if change is not None]


def germline_edits(spliced: Spliced, copy: Copy, reference: Bases) -> dict[str, Edit | None]:
    """Return what germline alleles of a copy edit in a coding sequence, by their names.

    None stands for one over the edge of an exon, of which no protein is known; those that
    change no coding base are left out, and so are substitutions of one base: the transcript
    has them already.
    """
    found: dict[str, Edit | None] = {}
    for one in copy.germline:
        if is_one_base(one.allele):
            continue
        edit = _edit(spliced, one.allele, reference)
        if edit is None:
            effect = transcript_effect(spliced, Forms(one.allele, reference))
            if not _UNTOLD.isdisjoint(effect.consequence.split("&")):
                found[one.name] = None
        elif is_coding_span(spliced, edit.start, edit.end):
            found[one.name] = edit
    return found


def _hidden(spliced: Spliced, one: _Placed, phase: str, reference: Bases) -> Change:
    """Return the change of an allele on a copy of which the germline protein is not known."""
    effect = transcript_effect(spliced, Forms(one.somatic.allele, reference))
    return _unseen(effect, (one.somatic,), phase, "no_protein_sequence")


def _edit(spliced: Spliced, allele: Allele, reference: Bases) -> Edit | None:
    span = spliced.span(allele.start, allele.end)
    if span is None or meets_gap(spliced, Forms(allele, reference)):
        return None
    alt = allele.alt if spliced.is_forward else reverse_complement(allele.alt)
    return Edit(*span, alt)


def _read(
    spliced: Spliced, placed: Sequence[_Placed], germline: Sequence[Edit], protein: str
) -> int:
    """Return how many edits come before the stop that ends the protein of the copy."""
    reach = 3 * len(protein) if protein.endswith(STOP) else spliced.length * 3
    gain = 0
    for count, one in enumerate(placed):
        if one.edit.start + _shift(spliced, germline, one.edit) + gain >= reach:
            return count
        gain += one.edit.gain
    return len(placed)


def _shift(spliced: Spliced, germline: Sequence[Edit], edit: Edit) -> int:
    """Return what leads from the RNA to the coding sequence of the germline at an edit."""
    gained = sum(one.gain for one in germline if one < edit)
    return spliced.padding - spliced.coding_start + gained


def _clusters(
    spliced: Spliced, placed: Sequence[_Placed], germline: Sequence[Edit]
) -> list[list[_Placed]]:
    """Group edits that meet in a codon, or between which the frame is another."""
    clusters: list[list[_Placed]] = []
    gain, reach = 0, -1
    for one in placed:
        edit, shift = one.edit, _shift(spliced, germline, one.edit)
        if clusters and (gain % 3 or edit.start + shift < reach):
            clusters[-1].append(one)
            gain += edit.gain
        else:
            clusters.append([one])
            gain = edit.gain
        end = edit.end + shift
        # Neighbouring bases are one change also where a codon ends between them.
        reach = max(reach, -(-end // 3) * 3, end + 1)
    return clusters


def _without_protein(
    spliced: Spliced, somatic: SomaticAllele, reference: Bases
) -> Change | None:
    """Return the change of an allele over a splice site, of which no protein is known."""
    effect = transcript_effect(spliced, Forms(somatic.allele, reference))
    if _UNTOLD.isdisjoint(effect.consequence.split("&")):
        return None
    return _unseen(effect, (somatic,), "alone", "no_protein_sequence")


def _unseen(
    effect: Effect, alleles: tuple[SomaticAllele, ...], phase: str, reason: str
) -> Change:
    return Change(
        alleles, phase, effect.consequence, effect.hgvsc, effect.hgvsp, None, None, reason
    )


def _change(
    spliced: Spliced,
    cluster: Sequence[_Placed],
    others: _Others,
    phase: str,
    reference: Bases,
) -> Change:
    """Return the change of one cluster."""
    effect = _effect(spliced, cluster, reference)
    alleles = tuple(one.somatic for one in cluster)
    how = phase if len(cluster) > 1 else _phase_of_one(alleles[0], phase, others.rest)
    whole, rest, germline = others
    without = edited(spliced, rest)
    fault = whole.fault or without.fault
    if fault:
        return _unseen(effect, alleles, how, fault)
    gain = sum(one.edit.gain for one in cluster)
    before, after = without.protein, whole.protein
    frame = _frame(before, after, gain)
    window = changed_window(before.rstrip(STOP), after.rstrip(STOP), frame)
    reason = _reason(before, after, window)
    if window is not None and len(rest) > len(germline):
        window = _beside_germline(spliced, cluster, others, (window, frame))
    is_in_frame = frame != "shifted" if before != after else True
    return Change(
        alleles,
        how,
        effect.consequence,
        effect.hgvsc,
        effect.hgvsp,
        window,
        is_in_frame,
        reason,
    )


def _phase_of_one(somatic: SomaticAllele, phase: str, rest: Sequence[Edit]) -> str:
    """Tell how one call alone is known to be one change."""
    if rest:
        return phase
    return "record" if min(len(somatic.allele.ref), len(somatic.allele.alt)) > 1 else "alone"


def _frame(before: str, after: str, gain: int) -> Frame:
    """Tell how a protein goes on behind a change."""
    if gain % 3:
        return "shifted"
    if len(after) - len(before) == gain // 3 and after.endswith(STOP) == before.endswith(STOP):
        return "kept"
    return "ended" if after.endswith(STOP) and len(after) < len(before) else "shifted"


def _reason(before: str, after: str, window: ChangedWindow | None) -> str:
    """Say why no peptide comes of a change, empty where some may."""
    if before == after:
        return "same_protein"
    if window is None:
        return "stop_gained"
    changed = window.mutant[window.changed_start : window.changed_end]
    return "unknown_residues" if changed and set(changed) == {UNKNOWN} else ""


def _beside_germline(
    spliced: Spliced,
    cluster: Sequence[_Placed],
    others: _Others,
    found: tuple[ChangedWindow, Frame],
) -> ChangedWindow:
    """Put the germline protein, which has none of the copy's somatic alleles, beside it."""
    window, frame = found
    germline = edited(spliced, others.germline).protein.rstrip(STOP)
    edits = [one.edit for one in cluster]
    somatic = [edit for edit in others.rest if edit not in others.germline]
    before = sum(edit.gain for edit in somatic if edit < edits[0])
    if frame == "kept" and not before % _CODON:
        # The place of the change, without the residues that others gained before it.
        first = window.protein_position - 1 - before // _CODON
        gain = sum(edit.gain for edit in edits) // _CODON
        last = first + window.changed_end - window.changed_start - gain
        residues = germline[max(first - FLANK, 0) : last + FLANK]
        return window._replace(protein_position=first + 1, wild_type=residues)
    alone = edited(spliced, sorted([*others.germline, *edits]))
    own = changed_window(germline, alone.protein.rstrip(STOP), frame)
    if own is None:  # by itself the cluster lies behind a stop, which the others take out
        begin = max(window.protein_position - 1 - FLANK, 0)
        return window._replace(wild_type=germline[begin:])
    return window._replace(protein_position=own.protein_position, wild_type=own.wild_type)


def _effect(spliced: Spliced, cluster: Sequence[_Placed], reference: Bases) -> Effect:
    """Return terms and names of a cluster, as if it were one allele."""
    own = [transcript_effect(spliced, Forms(one.somatic.allele, reference)) for one in cluster]
    if len(cluster) == 1:
        return own[0]
    edits = [one.edit for one in cluster]
    merged = _merged(spliced, edits)
    found = coding_effect(spliced, merged)
    kept = {
        term
        for effect in own
        for term in effect.consequence.split("&")
        if term.startswith(_KEPT)
    }
    transcript = spliced.transcript
    protein = transcript.protein or transcript.name
    return Effect(
        transcript,
        joined((*found.terms, *kept)),
        _joint_name(spliced, cluster, own, reference),
        f"{protein}:{found.change}" if found.change else "",
    )


def _merged(spliced: Spliced, edits: Sequence[Edit]) -> Edit:
    """Return one edit that does what several do, with the bases between them."""
    alt, place = "", edits[0].start
    for edit in edits:
        alt += spliced.mature[place : edit.start] + edit.alt
        place = edit.end
    return Edit(edits[0].start, place, alt)


def _joint_name(
    spliced: Spliced, cluster: Sequence[_Placed], own: Sequence[Effect], reference: Bases
) -> str:
    """Name the bases of a cluster: one deletion-insertion within a codon, else a list."""
    alleles = sorted(one.somatic.allele for one in cluster)
    first, behind = alleles[0].start, alleles[-1].end
    is_one_codon = behind - first <= _CODON and not any(one.edit.gain for one in cluster)
    if is_one_codon and spliced.span(first, behind) is not None:
        merged = _merged_allele(alleles, reference)
        return f"{spliced.transcript.name}:{named_bases(spliced, merged, reference)}"
    written = [effect.hgvsc.partition(":")[2] for effect in own]
    if not all(written):
        return ""
    return f"{spliced.transcript.name}:c.[{';'.join(name[2:] for name in written)}]"


def _merged_allele(alleles: Sequence[Allele], reference: Bases) -> Allele:
    contig, start, end = alleles[0].contig, alleles[0].start, alleles[-1].end
    ref = str(reference.bases(contig, start, end).tobytes(), "ascii")
    alt, place = "", start
    for one in alleles:
        alt += ref[place - start : one.start - start] + one.alt
        place = one.end
    return Allele(contig, start, end, ref, alt)
