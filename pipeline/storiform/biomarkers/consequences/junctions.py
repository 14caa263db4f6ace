"""How far before the last junction of exons a new stop lies.

References
----------
Nagy and Maquat, Trends in Biochemical Sciences 23, 198-199 (1998),
doi:10.1016/S0968-0004(98)01208-0.
"""

from collections.abc import Sequence

from storiform.biomarkers.consequences.joint_changes import Change
from storiform.biomarkers.consequences.mutants import Edit
from storiform.biomarkers.consequences.spliced import Spliced, is_spliced
from storiform.model.protein_changes import ChangedWindow

_CODON = 3


def bases_to_junction(
    spliced: Spliced, change: Change, germline: Sequence[Edit] = ()
) -> int | None:
    """Return the bases from the end of a change's new stop to the last junction of exons.

    Parameters
    ----------
    spliced
        The transcript with the bases of the patient's germline.
    change
        A change on it, with the residues that it makes.
    germline
        Indels of the germline on the same copy.

    Returns
    -------
    int or None
        Negative where the stop lies behind the junction. None where the change brings no
        stop, where the RNA ends before one, and where the RNA has no junction.
    """
    window, junction = change.window, _last_junction(spliced)
    spans = [spliced.span(one.allele.start, one.allele.end) for one in change.alleles]
    places = [span[0] for span in spans if span is not None]
    if window is None or junction is None or len(places) < len(spans):
        return None
    gains = [len(one.allele.alt) - len(one.allele.ref) for one in change.alleles]
    if not _brings_stop(change, window, sum(gains)):
        return None
    residues = window.protein_position - 1 + len(window.mutant) - window.changed_start
    end = spliced.coding_start - spliced.padding + _CODON * (residues + 1)
    gains += [edit.gain for edit in germline]
    places += [edit.start for edit in germline]
    if end > spliced.length + sum(gains):
        return None
    before = sum(gain for gain, at in zip(gains, places, strict=True) if at < junction)
    return junction + before - end


def _brings_stop(change: Change, window: ChangedWindow, gain: int) -> bool:
    """Tell whether the protein ends at another stop than before.

    What differs reaches to its end, and it has not the residues that its bases gave it.
    """
    if change.is_in_frame is False:
        return True
    gained = len(window.mutant) - len(window.wild_type)
    return window.changed_end == len(window.mutant) and _CODON * gained != gain


def _last_junction(spliced: Spliced) -> int | None:
    """Return the place in the RNA of the first base behind the last intron."""
    introns = [one for one in spliced.introns if is_spliced(one)]
    if not introns:
        return None
    start, end = introns[-1] if spliced.is_forward else introns[0]
    return spliced.place(end) if spliced.is_forward else spliced.place(start - 1)
