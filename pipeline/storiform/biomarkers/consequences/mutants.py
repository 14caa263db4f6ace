"""The protein of a transcript on which several alleles act together."""

from collections.abc import Sequence
from typing import NamedTuple

from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.codons import STOP, GeneticCode
from storiform.model.shared_ends import shared_start

_PORTION = 180
"""Bases that are translated at once behind a shift of the frame; whole codons."""


class Edit(NamedTuple):
    """Bases [start, end) of the spliced RNA that become `alt`; the strand is the RNA's."""

    start: int
    end: int
    alt: str

    @property
    def gain(self) -> int:
        """How many bases the RNA gains, negative where it loses some."""
        return len(self.alt) - (self.end - self.start)


class Mutant(NamedTuple):
    """A protein after edits.

    Parameters
    ----------
    protein
        Up to and with the first stop; without ``*`` where none is met.
    fault
        Why there is no protein: start_lost, no_protein_sequence; else empty.
    keeps_start
        Edits at the start codon left the coding sequence as it is.
    """

    protein: str
    fault: str = ""
    keeps_start: bool = False


class Difference(NamedTuple):
    """Where two proteins differ: [first, behind) of one became [first, changed) of the other.

    `is_in_frame` tells that behind it both go on with the same residues.
    """

    first: int
    behind: int
    changed: int
    is_in_frame: bool


def edited(spliced: Spliced, edits: Sequence[Edit]) -> Mutant:
    """Translate a transcript with edits.

    Parameters
    ----------
    spliced
        A coding transcript.
    edits
        Sorted, disjoint; those before the coding sequence are ignored.

    Returns
    -------
    Mutant
        A lost stop is read on into the 3' untranslated region; a lost start gives none.
    """
    if not spliced.is_whole:
        return Mutant("", "no_protein_sequence")
    origin = spliced.coding_start
    own = [e for e in edits if (e.start > origin if e.start == e.end else e.end > origin)]
    kept = [edit for edit in own if not _spares_coding(spliced, edit)]
    keeps_start = len(kept) < len(own)
    if not kept:
        return Mutant(spliced.protein, "", keeps_start)
    if any(edit.start < origin for edit in kept):
        return Mutant("", "start_lost" if spliced.begins else "no_protein_sequence")
    text = _apply(spliced, kept)
    is_first = spliced.begins and any(edit.start < origin + 3 for edit in kept)
    if is_first and not _starts_alike(spliced, text[:3]):
        return Mutant("", "start_lost")
    return Mutant(_protein(spliced, text, kept), "", keeps_start)


def _starts_alike(spliced: Spliced, codon: str) -> bool:
    """Tell whether a first codon still brings what the transcript begins with.

    Where the annotation begins with a codon that is no start its residue must stay, as for VEP.
    """
    return codon == spliced.coding[:3] or spliced.code.translate(codon) == spliced.protein[:1]


def _protein(spliced: Spliced, text: str, edits: Sequence[Edit]) -> str:
    """Translate the bases that edits made; what a single one leaves as it was is known."""
    known, edit = spliced.protein, edits[0]
    shift = spliced.padding - spliced.coding_start
    first, behind = (edit.start + shift) // 3, -(-(edit.end + shift) // 3)
    is_within = 0 < first <= behind < len(known)
    if not is_within or len(edits) > 1 or spliced.transcript.selenocysteines:
        return spliced.translated(text, _moved_selenocysteines(spliced, edits))
    if edit.gain % 3:
        return known[:first] + _to_stop(spliced.code, text[3 * first :])
    changed = spliced.code.translate(text[3 * first : 3 * behind + edit.gain])
    stop = changed.find(STOP)
    return known[:first] + (changed + known[behind:] if stop < 0 else changed[: stop + 1])


def _to_stop(code: GeneticCode, bases: str) -> str:
    """Translate to the first stop, in portions: in a shifted frame it comes soon."""
    residues = ""
    for at in range(0, len(bases), _PORTION):
        residues += code.translate_to_stop(bases[at : at + _PORTION])
        if residues.endswith(STOP):
            break
    return residues


def _spares_coding(spliced: Spliced, edit: Edit) -> bool:
    """Tell whether an edit at the start codon leaves the coding sequence whole.

    One A of ``AATG`` may be lost: the start codon is still there.
    """
    origin = spliced.coding_start
    if not spliced.begins or edit.start >= origin + 3:
        return False
    before = spliced.mature[: edit.start] + edit.alt
    return before.endswith(spliced.mature[origin : edit.end])


def _apply(spliced: Spliced, edits: Sequence[Edit]) -> str:
    """Return the bases from the first codon on, with edits, as far as they may be read."""
    gain = sum(edit.gain for edit in edits)
    is_open = not spliced.protein.endswith(STOP)
    stays_within = spliced.transcript.lacks_end or (is_open and gain % 3 == 0)
    limit = spliced.coding_end if stays_within else spliced.length
    parts = ["N" * spliced.padding]
    place = spliced.coding_start
    for edit in edits:
        parts += [spliced.mature[place : edit.start], edit.alt]
        place = edit.end
    parts.append(spliced.mature[place:limit])
    return "".join(parts)


def _moved_selenocysteines(spliced: Spliced, edits: Sequence[Edit]) -> frozenset[int]:
    """Return where the codons of selenocysteine begin after edits."""
    moved = set()
    for place in spliced.selenocysteines:
        at = place - spliced.padding + spliced.coding_start
        moved.add(place + sum(edit.gain for edit in edits if edit.end <= at))
    return frozenset(moved)


def difference(one: str, two: str, gain: int) -> Difference | None:
    """Compare a protein with what edits made of it; None where they are the same.

    What both share is counted from the start first, so that a residue lost from a repeat is
    the last of it, as HGVS asks.

    Parameters
    ----------
    one, two
        Before and after, ``*`` where a stop ends them.
    gain
        Bases that the coding sequence gained.
    """
    if one == two:
        return None
    first = shared_start(one, two)
    if gain % 3 or len(two) - len(one) != gain // 3:
        return Difference(first, len(one), len(two), is_in_frame=False)
    most = min(len(one), len(two)) - first
    tail = shared_start(one[::-1][:most], two[::-1][:most])
    return Difference(first, len(one) - tail, len(two) - tail, is_in_frame=True)
