"""Transcripts of a genome: exons, coding bases, and what an annotation says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from storiform.model.table import Resource

Piece = tuple[int, int]
"""Start and end of one interval of a contig, 0-based and half-open, bp."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript of a gene annotation.

    Parameters
    ----------
    name
        Id with its version, as the annotation gives it.
    gene, gene_id
        Symbol (the id where there is none) and id with its version.
    contig
        Canonical name, with the prefix chr.
    is_forward
        Whether it lies on the forward strand.
    exons
        Sorted by place, disjoint.
    coding
        The coding bases by exon, sorted by place, the stop codon included where it is known;
        empty for a transcript that codes for nothing.
    phase
        Bases (0, 1 or 2) before the first whole codon at the 5' end of the coding sequence.
    biotype
        As Ensembl and GENCODE name it, empty where not told.
    protein
        Id of the protein, empty where not told.
    is_mane, is_canonical
        MANE Select; Ensembl canonical.
    lacks_start, lacks_end
        The coding sequence is not known to its first, or to its last, codon
        (``cds_start_NF``, ``cds_end_NF``).
    selenocysteines
        Starts of the codons TGA that code for selenocysteine, bp, the lowest base of each.
    """

    name: str
    gene: str
    gene_id: str
    contig: str
    is_forward: bool
    exons: tuple[Piece, ...]
    coding: tuple[Piece, ...] = ()
    phase: int = 0
    biotype: str = ""
    protein: str = ""
    is_mane: bool = False
    is_canonical: bool = False
    lacks_start: bool = False
    lacks_end: bool = False
    selenocysteines: tuple[int, ...] = field(default=())

    @property
    def start(self) -> int:
        """The first base, 0-based."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """The base after the last."""
        return self.exons[-1][1]

    @property
    def coding_length(self) -> int:
        """The number of coding bases, bp."""
        return sum(end - start for start, end in self.coding)

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str]:
        """What to sort by so that the transcript which speaks for its gene comes first.

        MANE Select, else Ensembl canonical, else the longest coding sequence.
        """
        is_bare = not self.coding
        return not self.is_mane, not self.is_canonical, is_bare, -self.coding_length, self.name


class TranscriptModels(Protocol):
    """All transcripts of an annotation; read only, so that threads may share it."""

    @property
    def contigs(self) -> Sequence[str]:
        """Canonical names of the contigs that hold a transcript."""
        ...

    def overlapping(self, contig: str, start: int, end: int) -> Sequence[Transcript]:
        """Return the transcripts that share a base with [start, end), in the file's order."""
        ...

    def __iter__(self) -> Iterator[Transcript]:
        """Go through all transcripts in the order of the file."""
        ...

    def __len__(self) -> int:
        """Return the number of transcripts."""
        ...


GenomeTranscripts = Annotated[TranscriptModels, Resource("transcript_models")]
"""The transcripts of a user's GTF or GFF3 (``resources.genes``)."""
