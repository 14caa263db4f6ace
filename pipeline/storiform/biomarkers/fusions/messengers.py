"""The messenger of a fusion: two transcripts, spliced at the junction, and its protein."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from storiform.model.codons import STOP, code_of, reverse_complement
from storiform.model.resources import Sequence
from storiform.model.shared_ends import shared_start
from storiform.model.tables.proteins import FLANK
from storiform.model.transcripts import Transcript, TranscriptModels

MOST_TRANSCRIPTS = 4
"""Transcripts of either gene that are tried, the best first."""


class Messenger(NamedTuple):
    """One transcript, spliced.

    `bases` run from 5' to 3'; `coding` are the bases [start, end) of them that code, both 0
    where none do; `last_junction` is where the last exon begins.
    """

    transcript: Transcript
    bases: str
    coding: tuple[int, int]
    last_junction: int

    @property
    def protein(self) -> str:
        """The residues up to the stop; a start codon brings methionine."""
        start, end = self.coding
        return translated(self.bases[start + self.transcript.phase : end], self.transcript)


class FusedProtein(NamedTuple):
    """What differs between the protein of a fusion and that of its 5' partner.

    `changed_start` and `changed_end` count from the begin of `mutant`; `stop_to_junction` is
    the way from the end of the stop to the last junction of exons (bp), None without a stop.
    """

    position: int
    wild_type: str
    mutant: str
    changed_start: int
    changed_end: int
    is_in_frame: bool
    stop_to_junction: int | None


def translated(bases: str, transcript: Transcript) -> str:
    """Return the residues up to the first stop, without it."""
    code = code_of(transcript.contig)
    protein = code.translate_to_stop(bases).rstrip(STOP)
    begins = bases[:3] in code.starts and not transcript.lacks_start
    return f"M{protein[1:]}" if begins and protein else protein


def offset_in_exons(transcript: Transcript, place: int) -> int:
    """Return where a base of the contig lies in the spliced transcript, -1 if in no exon."""
    before = 0
    exons = transcript.exons if transcript.is_forward else transcript.exons[::-1]
    for start, end in exons:
        if start <= place < end:
            return before + (place - start if transcript.is_forward else end - 1 - place)
        before += end - start
    return -1


class Splicer:
    """Makes messengers of an annotation and a genome.

    Parameters
    ----------
    transcripts, genome
        Both of one build.
    """

    def __init__(self, transcripts: TranscriptModels, genome: Sequence) -> None:
        self._transcripts, self._genome = transcripts, genome
        self._made = lru_cache(maxsize=256)(self._spliced)

    def at(
        self, gene: str, end: tuple[str, int, str], *, is_five: bool
    ) -> list[tuple[Messenger, int]]:
        """Return the transcripts of a gene that have an exon at one end of a junction.

        Parameters
        ----------
        gene
            Its symbol; where the annotation has another, all genes of the strand are taken.
        end
            Contig, place and strand.
        is_five
            Whether it is the 5' part, for which only transcripts with a start codon before the
            place are taken, up to the stop.

        Returns
        -------
        list
            Messenger, and where the place lies in it. Those of which an exon ends at the place
            are there alone, if there are any; the best of its gene first.
        """
        contig, place, strand = end
        if contig not in self._genome.contigs:
            return []
        own = [
            one
            for one in self._transcripts.overlapping(contig, place, place + 1)
            if one.is_forward == (strand == "+") and offset_in_exons(one, place) >= 0
        ]
        own = [one for one in own if one.gene == gene] or own
        if is_five:
            own = [one for one in own if _codes_before(one, place)]
        exact = [one for one in own if _is_edge(one, place, is_five=is_five)]
        ranked = sorted(exact or own, key=lambda one: one.rank)[:MOST_TRANSCRIPTS]
        return [(self._made(one), offset_in_exons(one, place)) for one in ranked]

    def _spliced(self, transcript: Transcript) -> Messenger:
        starts, ends = (
            np.array(side, np.int64) for side in zip(*transcript.exons, strict=True)
        )
        pieces = self._genome.pieces(transcript.contig, starts, ends)
        bases = pieces.tobytes().decode("ascii")
        bases = bases if transcript.is_forward else reverse_complement(bases)
        first, last = transcript.exons[0], transcript.exons[-1]
        last_exon = last if transcript.is_forward else first
        junction = len(bases) - (last_exon[1] - last_exon[0])
        return Messenger(transcript, bases, _coding(transcript), junction)


def _coding(transcript: Transcript) -> tuple[int, int]:
    if not transcript.coding:
        return 0, 0
    low, high = transcript.coding[0][0], transcript.coding[-1][1] - 1
    ends = offset_in_exons(transcript, low), offset_in_exons(transcript, high)
    return min(ends), max(ends) + 1


def _codes_before(transcript: Transcript, place: int) -> bool:
    if not transcript.coding or transcript.lacks_start:
        return False
    start, end = _coding(transcript)
    return start <= offset_in_exons(transcript, place) < end - 1


def _is_edge(transcript: Transcript, place: int, *, is_five: bool) -> bool:
    """Tell whether an exon ends (5' part) or begins (3' part) at a place."""
    at_right = is_five == transcript.is_forward
    return any(place == (end - 1 if at_right else start) for start, end in transcript.exons)


def fused_protein(
    five: tuple[Messenger, int], three: tuple[Messenger, int]
) -> FusedProtein | None:
    """Translate from the start of one messenger over the junction into the other.

    Parameters
    ----------
    five, three
        Messenger, and its last base, or its first, in the fusion.

    Returns
    -------
    FusedProtein or None
        None where the fusion brings no residue that its 5' partner lacks. In frame, residues
        of the 3' partner's own protein are not changed: new are those over the junction.
    """
    (head, last), (tail, first) = five, three
    start = head.coding[0]
    before = head.bases[start : last + 1]
    bases = before + tail.bases[first:]
    mutant, germline = translated(bases, head.transcript), head.protein
    same = shared_start(germline, mutant)
    if same == len(mutant):
        return None
    native = tail.protein
    kept = shared_start(mutant[::-1], native[::-1]) if native else 0
    is_in_frame = _is_in_frame(len(before), tail, first) and kept > 0
    changed_end = len(mutant) - kept if is_in_frame else len(mutant)
    # Residues at the junction that both partners have are left to the 3' partner: peptides of
    # it alone are then outside, and those of the 5' partner are in `wild_type`.
    changed_start = min(same, changed_end)
    begin = max(changed_start - FLANK, 0)
    stop = 3 * (len(mutant) + 1)
    junction = max(tail.last_junction - first, 0) + len(before)
    return FusedProtein(
        changed_start + 1,
        germline[begin : same + FLANK],
        mutant[begin : changed_end + FLANK if is_in_frame else len(mutant)],
        changed_start - begin,
        changed_end - begin,
        is_in_frame,
        junction - stop if stop <= len(bases) else None,
    )


def _is_in_frame(before: int, tail: Messenger, first: int) -> bool:
    """Tell whether the codons of the 3' partner are read as in its own protein."""
    start, end = tail.coding
    if first >= end:
        return False
    return (before - (first - start - tail.transcript.phase)) % 3 == 0
