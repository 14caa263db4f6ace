"""Calls of one transcript that lie on one copy and so make one change of its protein."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

from storiform.io.csq_entries import CsqEntry
from storiform.io.csq_mutants import (
    Edit,
    Mutant,
    changed_codons,
    edit_of_codon,
    edited,
    mutant_of,
)
from storiform.model.codons import THREE_LETTERS
from storiform.model.tables.proteins import FLANK

_MOST = 8
"""Calls that are taken together at most."""
_MOST_PARTED = 6
"""Calls of a group of which all parts are made: n of them have up to 2^n - n - 1."""
_CERTAINTY = ("assumed", "genotype", "homozygous")


@dataclass(frozen=True)
class Change:
    """One change of a protein: its calls, how they are known to go together, its protein.

    `beside` are other calls of the same copy. The mutant protein holds these too, and `before`
    is the protein with them alone: that of the germline where there are none.
    """

    entries: tuple[CsqEntry, ...]
    phase: str
    mutant: Mutant
    consequence: str
    hgvsc: str
    hgvsp: str
    before: str
    edits: tuple[Edit, ...] = ()
    beside: tuple[CsqEntry, ...] = ()


def changes_of(entries: Sequence[CsqEntry]) -> list[Change]:
    """Make the changes of one transcript: of each call alone, and of those that go together.

    Two calls go together where the genotypes put them on one copy and their residues lie
    within reach of one peptide, or where they are neighbouring bases and the genotypes do
    not say otherwise. Where they meet in a codon or are neighbours they are one change, else
    one each, with the other beside it. A call on both copies goes with those of each; those
    on both go together without the others too, since one copy may have no other. Which
    calls count is not known here: what remains of a group without some of its calls is made
    as well, for large groups without one of them, and then those that are one change.
    """
    alone = [
        Change(
            (entry,), _alone(entry), mutant_of(entry), *_described(entry), entry.wild_type
        )
        for entry in entries
    ]  # fmt: skip
    groups = _grouped(alone)
    double = [change for change in alone if _is_on_both(change.entries[0])]
    for group in groups:
        for change in double:
            if change not in group and len(group) < _MOST and _fits(change, group):
                group.append(change)
        group.sort(key=_place)
    parts = {
        frozenset(change.entries[0].call for change in part): part
        for group in [*groups, *_grouped(double)]
        for part in _parts(group)
    }
    made = [(part, _joined(part)) for part in parts.values()]
    told = [part for part, joint in made if joint]
    joint = [change for _, own in made for change in own]
    return [*(_told_alone(change, told) for change in alone), *joint]


def _parts(group: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield what goes together of a group where some of its calls do not count."""
    least = 1 if len(group) <= _MOST_PARTED else len(group) - 1
    sizes = range(len(group), least - 1, -1)
    kept = chain.from_iterable(combinations(group, size) for size in sizes)
    remaining = (part for some in kept for part in _grouped(some))
    for part in (*remaining, *_clusters(group)):
        if len(part) > 1:
            yield sorted(part, key=_place)


def _grouped(changes: Iterable[Change]) -> list[list[Change]]:
    """Bring calls together that share a copy and are in reach, each into one group."""
    groups: list[list[Change]] = []
    for change in sorted(changes, key=_turn):
        for group in groups:
            if len(group) < _MOST and _fits(change, group):
                group.append(change)
                break
        else:
            groups.append([change])
    return groups


def _turn(change: Change) -> tuple[bool, tuple[int, int]]:
    """Sort by place; what is synonymous alone is reached only from its own codon: last."""
    edit = change.mutant.edit
    return edit is not None and edit.ref == edit.alt, _place(change)


def _place(change: Change) -> tuple[int, int]:
    return change.entries[0].start, change.entries[0].end


def _is_on_both(entry: CsqEntry) -> bool:
    return entry.phase is not None and not entry.phase.group


def _told_alone(change: Change, groups: Sequence[Sequence[Change]]) -> Change:
    """Say of a call on both copies that it may be alone on one, unless both have others."""
    if not _is_on_both(change.entries[0]):
        return change
    phases = {other.entries[0].phase for group in groups if change in group for other in group}
    placed = {(phase.group, phase.side) for phase in phases if phase and phase.group}
    has_both = len({name for name, _ in placed}) < len(placed)
    return change if has_both else replace(change, phase="homozygous")


def _alone(entry: CsqEntry) -> str:
    _, _, start_ref_alt = entry.call.partition("-")
    *_, ref, alt = start_ref_alt.split("-")
    return "record" if len(ref) > 1 and len(alt) > 1 else "alone"


def _described(entry: CsqEntry) -> tuple[str, str, str]:
    one = entry.consequence
    return one.terms, one.hgvsc, one.hgvsp


def _fits(change: Change, group: Sequence[Change]) -> bool:
    """Tell whether a call goes with one of a group and against none."""
    found = [_phase(other.entries[0], change.entries[0]) for other in group]
    if None in found:
        return False
    single = [n for n, other in enumerate(group) if not _is_on_both(other.entries[0])]
    # That both go with one of both copies does not say that they share a copy.
    is_bridged = single and not _is_on_both(change.entries[0])
    if is_bridged and not any(found[n] for n in single):
        return False
    return any(
        phase and _in_reach(other, change) for phase, other in zip(found, group, strict=True)
    )


def _phase(one: CsqEntry, other: CsqEntry) -> str | None:
    """Say how two calls are known to share a copy: empty if unknown, None if they cannot."""
    if one.start < other.end and other.start < one.end:
        return None
    agrees = one.phase.agrees(other.phase) if one.phase is not None else None
    if agrees is None and other.phase is not None:
        agrees = other.phase.agrees(one.phase)
    if agrees is False:
        return None
    if agrees:
        is_both = _is_on_both(one) or _is_on_both(other)
        return "homozygous" if is_both else "genotype"
    are_neighbours = one.end == other.start or other.end == one.start
    both_substitute = changed_codons(one) is not None and changed_codons(other) is not None
    return "assumed" if are_neighbours and both_substitute else ""


def _in_reach(one: Change, other: Change) -> bool:
    """Tell whether two changes meet in a codon, or both change residues of one peptide."""
    first, second = one.mutant.edit, other.mutant.edit
    if first is None or second is None:
        return False
    if first.start == second.start:
        return edit_of_codon([one.entries[0], other.entries[0]]) is not None
    changes = all(edit.ref != edit.alt for edit in (first, second))
    return changes and abs(first.start - second.start) <= FLANK


def _joined(group: Sequence[Change]) -> list[Change]:
    """Make the changes of calls on one copy; none where they overlap in no way understood."""
    clusters = _clusters(group)
    edits = [_edits(cluster) for cluster in clusters]
    if any(own is None for own in edits):
        return []
    known = [own for own in edits if own is not None]
    together = sorted(edit for own in known for edit in own)
    ends = [edit.start + len(edit.ref) for edit in together]
    if any(end > edit.start for end, edit in zip(ends, together[1:], strict=False)):
        return []
    entries = [change.entries[0] for change in group]
    phases = [
        phase
        for place, one in enumerate(entries)
        for other in entries[place + 1 :]
        if (phase := _phase(one, other))
    ]
    phase = min(phases, key=_CERTAINTY.index)
    return [
        _among(cluster, own, together, (entries, phase))
        for cluster, own in zip(clusters, known, strict=True)
    ]


def _clusters(group: Sequence[Change]) -> list[list[Change]]:
    """Bring calls together that meet in a codon or change neighbouring bases."""
    clusters: list[list[Change]] = []
    for change in sorted(group, key=lambda one: one.entries[0].start):
        last = clusters[-1][-1] if clusters else None
        if last is not None and _meet(last, change):
            clusters[-1].append(change)
        else:
            clusters.append([change])
    return clusters


def _meet(one: Change, other: Change) -> bool:
    first, second = one.mutant.edit, other.mutant.edit
    shares_codon = first is not None and second is not None and first.start == second.start
    return shares_codon or one.entries[0].end == other.entries[0].start


def _edits(cluster: Sequence[Change]) -> list[Edit] | None:
    """Return the residues that a cluster replaces, None where its calls contradict."""
    by_codon: dict[int, list[Change]] = {}
    for change in cluster:
        if change.mutant.edit is not None:
            by_codon.setdefault(change.mutant.edit.start, []).append(change)
    edits = []
    for start, own in by_codon.items():
        one = own[0].mutant.edit
        edit = one if len(own) == 1 else edit_of_codon([change.entries[0] for change in own])
        if edit is None or edit.start != start:
            return None
        if edit.ref != edit.alt:
            edits.append(edit)
    return sorted(edits)


def _among(
    cluster: Sequence[Change],
    own: Sequence[Edit],
    together: Sequence[Edit],
    known: tuple[Sequence[CsqEntry], str],
) -> Change:
    """Make the change of one cluster among all calls of its copy, and their phase."""
    entries = tuple(change.entries[0] for change in cluster)
    others, phase = known
    beside = tuple(entry for entry in others if entry not in entries)
    germline = entries[0].wild_type
    before = edited(germline, [edit for edit in together if edit not in own])
    mutant = _changed(before, edited(germline, together), own)
    told = _described(entries[0])
    if len(entries) > 1:
        codons = len({c.mutant.edit.start for c in cluster if c.mutant.edit is not None})
        alone = edited(germline, own)
        terms = _terms(entries, alone, merges=codons < len(entries))
        told = terms, _hgvsc(entries), _hgvsp(entries, own)
    return Change(entries, phase, mutant, *told, before.protein, tuple(own), beside)


def _changed(before: Mutant, whole: Mutant, own: Sequence[Edit]) -> Mutant:
    """Return the protein of a copy as the change of some of its edits."""
    for one in (whole, before):
        if one.reason and not one.protein:
            return Mutant(one.reason)
    if whole.protein == before.protein:
        return Mutant("same_protein")
    if any("*" in edit.alt for edit in own):
        is_cut_off = before.protein.startswith(whole.protein)
        return Mutant("stop_gained" if is_cut_off else "", whole.protein, "ended")
    is_open = any("*" in edit.ref for edit in own)
    return Mutant("", whole.protein, "shifted" if is_open else "kept")


def _terms(entries: Sequence[CsqEntry], mutant: Mutant, *, merges: bool) -> str:
    """Join the terms; what a codon changed twice does is read off the protein."""
    terms = dict.fromkeys(t for e in entries for t in e.consequence.terms.split("&"))
    if merges:
        of_codon = ("missense_variant", "synonymous_variant", "stop_gained")
        of_protein = {"same_protein": "synonymous_variant", "stop_gained": "stop_gained"}
        told = of_protein.get(mutant.reason, "missense_variant")
        told = "stop_gained" if mutant.frame == "ended" else told
        others = [term for term in terms if term not in of_codon]
        return "&".join([told, *others])
    return "&".join(terms)


def _hgvsc(entries: Sequence[CsqEntry]) -> str:
    """Write all coding changes as alleles of one copy: ``ENST1:c.[1A>G;5C>T]``."""
    written = [entry.consequence.hgvsc.partition(":c.") for entry in entries]
    if not all(change for *_, change in written):
        return ""
    return f"{written[0][0]}:c.[{';'.join(change for *_, change in written)}]"


def _hgvsp(entries: Sequence[CsqEntry], edits: Sequence[Edit]) -> str:
    protein = entries[0].consequence.hgvsp.partition(":p.")[0]
    told = [_substitution(edit) for edit in edits]
    if not protein or not told or not all(told):
        return ""
    return f"{protein}:p.{told[0]}" if len(told) == 1 else f"{protein}:p.[{';'.join(told)}]"


def _substitution(edit: Edit) -> str:
    """Write the substitution of one residue, empty where the edit is another."""
    pair = re.fullmatch(r"(.)/(.)", f"{edit.ref}/{edit.alt}")
    if pair is None:
        return ""
    before, after = (THREE_LETTERS.get(residue, "") for residue in pair.groups())
    return f"{before}{edit.start + 1}{after}" if before and after else ""
