"""A transcript with its bases: from places on the genome to places in the mature RNA."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from operator import sub
from threading import Lock

import numpy as np

from storiform.model.codons import (
    SELENOCYSTEINE,
    STOP,
    UNKNOWN,
    GeneticCode,
    code_of,
    reverse_complement,
)
from storiform.model.resources import Sequence
from storiform.model.transcripts import Transcript, TranscriptModels

_LONG_EXON = 4
"""Exons of as many bases are never touched by a splice site on either side at once, bp."""
_LONG_INTRON = 20
"""Introns of as many bases have their splice sites apart, and within themselves, bp."""
_SHORTEST_INTRON = 13
"""Shorter gaps between exons mend a frame in the annotation and are never spliced, bp."""


class Spliced:
    """One transcript: its exons joined, its coding sequence, its protein.

    Places in the RNA are 0-based from its 5' end. Places in the coding sequence are 0-based
    from its first codon, of which `padding` bases may lie outside a transcript that lacks its
    start.

    Parameters
    ----------
    transcript
        As the annotation has it.
    reference
        The bases of the genome; asked for when they are first needed.
    substitutions
        Bases of the forward strand that differ from those of `reference`, by place on the
        contig.
    """

    def __init__(
        self,
        transcript: Transcript,
        reference: Sequence,
        substitutions: Mapping[int, str] | None = None,
    ) -> None:
        self.transcript = transcript
        self._reference = reference
        self._substitutions = substitutions or {}
        self.is_forward = transcript.is_forward
        self.start, self.end = transcript.start, transcript.end
        self.starts = [start for start, _ in transcript.exons]
        self.ends = [end for _, end in transcript.exons]
        sizes = [end - start for start, end in transcript.exons]
        self.before = [0, *accumulate(sizes)]
        self.length = self.before[-1]
        gaps = zip(self.ends[:-1], self.starts[1:], strict=True)
        self.introns = tuple((left, right) for left, right in gaps)
        self.coding_start, self.coding_end = self._coding_bounds()
        self.is_coding = self.coding_end > self.coding_start
        self.padding = (3 - transcript.phase) % 3 if self.is_coding else 0
        self.is_whole = self.coding_end - self.coding_start == transcript.coding_length
        """The coding pieces are all the exons between their ends: no base is skipped."""

    def _coding_bounds(self) -> tuple[int, int]:
        """Return the first coding base in the RNA, and the base after the last."""
        coding = self.transcript.coding
        if not coding:
            return 0, 0
        ends = self.place(coding[0][0]), self.place(coding[-1][1] - 1)
        first, last = min(ends), max(ends)
        return (first, last + 1) if first >= 0 else (0, 0)

    def exons_of(self, start: int, end: int) -> tuple[int, int]:
        """Return the first exon, by place, that shares a base, and the one after the last."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def place(self, position: int) -> int:
        """Return the place in the RNA of a base of the genome, -1 where it is in no exon."""
        exon = bisect_right(self.ends, position)
        if exon == len(self.starts) or position < self.starts[exon]:
            return -1
        along = self.before[exon] + position - self.starts[exon]
        return along if self.is_forward else self.length - 1 - along

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the places [start, end) in the RNA of bases that lie in one exon.

        An insertion (`start` equals `end`) lies in an exon also at its very edge, within the
        transcript. None where a base is outside, or several exons are touched.
        """
        if start == end:
            return self._gap(start)
        first, behind = self.exons_of(start, end)
        if behind - first != 1 or start < self.starts[first] or end > self.ends[first]:
            return None
        along = self.before[first] + start - self.starts[first]
        size = end - start
        low = along if self.is_forward else self.length - along - size
        return low, low + size

    def _gap(self, position: int) -> tuple[int, int] | None:
        if not self.start < position < self.end:
            return None
        exon = bisect_right(self.ends, position - 1)
        if exon == len(self.starts) or position < self.starts[exon]:
            return None
        along = self.before[exon] + position - self.starts[exon]
        place = along if self.is_forward else self.length - along
        return place, place

    @cached_property
    def is_plain(self) -> bool:
        """Nothing in it asks for more than the bases at hand.

        No intron and no exon is so short that two splice sites are touched at once, the coding
        sequence is whole and no stop is read on.
        """
        is_even = all(right - left >= _LONG_INTRON for left, right in self.introns)
        is_long = all(size >= _LONG_EXON for size in map(sub, self.ends, self.starts))
        is_read = not self.is_coding or self.is_whole
        return is_even and is_long and is_read and not self.transcript.selenocysteines

    @cached_property
    def is_decayed(self) -> bool:
        """The annotation takes it for one that nonsense-mediated decay removes."""
        return self.transcript.biotype == "nonsense_mediated_decay"

    @cached_property
    def title(self) -> str:
        """What HGVS puts before the change of its bases."""
        return f"{self.transcript.name}:{'c.' if self.is_coding else 'n.'}"

    @cached_property
    def protein_title(self) -> str:
        """What HGVS puts before the change of its protein."""
        return f"{self.transcript.protein or self.transcript.name}:"

    @cached_property
    def code(self) -> GeneticCode:
        """The genetic code of its contig."""
        return code_of(self.transcript.contig)

    @cached_property
    def mature(self) -> str:
        """The bases of the spliced RNA, T for U."""
        starts, ends = np.array(self.starts), np.array(self.ends)
        bases = self._reference.pieces(self.transcript.contig, starts, ends)
        text = str(bases.tobytes(), "ascii")
        text = text if self.is_forward else reverse_complement(text)
        return self._substituted(text) if self._substitutions else text

    def _substituted(self, text: str) -> str:
        letters = list(text)
        for position, base in self._substitutions.items():
            place = self.place(position)
            if place >= 0:
                letters[place] = base if self.is_forward else reverse_complement(base)
        return "".join(letters)

    def with_substitutions(self, substitutions: Mapping[int, str]) -> "Spliced":
        """Return the transcript of a person whose bases differ on both copies."""
        return Spliced(self.transcript, self._reference, substitutions)

    @cached_property
    def coding(self) -> str:
        """The coding bases, with N for those before the first known one of its codon."""
        return "N" * self.padding + self.mature[self.coding_start : self.coding_end]

    @cached_property
    def selenocysteines(self) -> frozenset[int]:
        """Places in the coding sequence at which codons of selenocysteine begin."""
        found = set()
        for low in self.transcript.selenocysteines:
            first = self.place(low if self.is_forward else low + 2)
            if first >= 0:
                found.add(first - self.coding_start + self.padding)
        return frozenset(found)

    @cached_property
    def protein(self) -> str:
        """The residues up to and with the first stop; without ``*`` where there is none."""
        return self.translated(self.coding, self.selenocysteines)

    def translated(self, bases: str, selenocysteines: frozenset[int] = frozenset()) -> str:
        """Translate to the first stop; the first codon as this transcript begins.

        Parameters
        ----------
        bases
            From the first codon on.
        selenocysteines
            Places of codons TGA that are read on.
        """
        if not selenocysteines:
            return self._begun(bases, self.code.translate_to_stop(bases))
        residues = list(self.code.translate(bases))
        for place in selenocysteines:
            number, rest = divmod(place, 3)
            if not rest and number < len(residues) and bases[place : place + 3] == "TGA":
                residues[number] = SELENOCYSTEINE
        whole = self._begun(bases, "".join(residues))
        stop = whole.find(STOP)
        return whole if stop < 0 else whole[: stop + 1]

    def _begun(self, bases: str, residues: str) -> str:
        """Put methionine first where the protein begins with this transcript's start codon."""
        is_start = self.begins and bases[:3] == self.coding[:3]
        if not is_start or bases[:3] not in self.code.starts:
            return residues
        return "M" + residues[1:]

    @cached_property
    def begins(self) -> bool:
        """Whether the coding sequence is known from its first codon.

        It is not where the annotation says so, nor where it begins with the RNA itself by a
        codon that starts nothing: files without marks for incomplete ends have such.
        """
        if self.transcript.lacks_start or self.padding:
            return False
        return self.coding_start > 0 or self.coding[:3] in self.code.starts

    @cached_property
    def mending(self) -> tuple[tuple[int, int], ...]:
        """The gaps between exons that mend a frame of the annotation, by place."""
        return tuple(gap for gap in self.introns if not is_spliced(gap))

    def residues(self, first: int, behind: int) -> str:
        """Return the residues of the codons [first, behind) of the reference.

        A stop is ``*`` and does not end them; part of a codon is X.
        """
        if first >= behind:
            return ""
        bases = self.coding[3 * first : 3 * behind]
        found = self.code.translate(bases) + (UNKNOWN if len(bases) % 3 else "")
        if first == 0:
            found = self._begun(bases, found)
        for place in self.selenocysteines:
            number = place // 3 - first
            if 0 <= number < len(found) and found[number] == STOP:
                found = found[:number] + SELENOCYSTEINE + found[number + 1 :]
        return found


Name = tuple[str, str, int]


def name_of(transcript: Transcript) -> Name:
    """Return what tells a transcript from all others: X and Y share names of transcripts."""
    return transcript.name, transcript.contig, transcript.exons[0][0]


class SplicedTranscripts:
    """The transcripts that were last met first, with their bases; safe between threads.

    Parameters
    ----------
    reference
        The bases of the genome.
    kept
        How many are held.
    """

    def __init__(self, reference: Sequence, kept: int = 2000) -> None:
        self.reference, self._kept = reference, kept
        self._known: dict[int, Spliced] = {}
        self._lengths = reference.contigs
        self._lock = Lock()

    def near(
        self, models: TranscriptModels, contig: str, start: int, end: int
    ) -> list[Transcript]:
        """Return the transcripts that share a base with [start, end).

        Those that reach out of the contig belong to another genome and are left out.
        """
        length = self._lengths.get(contig, 0)
        found = models.overlapping(contig, max(start, 0), max(end, 1))
        return [one for one in found if one.exons[-1][1] <= length]

    def of(self, transcript: Transcript) -> Spliced:
        """Return a transcript with its bases."""
        found = self._known.get(id(transcript))
        if found is not None:  # which holds its transcript, so that no other gets the id
            return found
        made = Spliced(transcript, self.reference)
        with self._lock:
            self._known[id(transcript)] = made
            if len(self._known) > self._kept:
                del self._known[next(iter(self._known))]
        return made


def is_spliced(intron: tuple[int, int]) -> bool:
    """Tell an intron from a gap that only mends the frame of an annotation."""
    return intron[1] - intron[0] >= _SHORTEST_INTRON
