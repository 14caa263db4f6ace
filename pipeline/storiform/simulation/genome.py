"""An invented genome: chromosomes of a megabase or so, with genes of real names.

Nothing of it is human: every base is drawn. Genes stand on the chromosome that is theirs
in man where it matters (6p, 9p, 12q, X, Y, M), all others wherever there was room.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from storiform.simulation.epitopes import Epitope

Codes = npt.NDArray[np.uint8]
"""Bases: 0 A, 1 C, 2 G, 3 T."""
BASES = "ACGT"

HOMES: Mapping[str, tuple[str, ...]] = {
    "chr6": (
        "HLA-F", "HLA-G", "HLA-A", "HLA-E", "HLA-C", "HLA-B", "MICA", "TNF", "HLA-DRA",
        "HLA-DRB1", "HLA-DQA1", "HLA-DQB1", "TAP2", "TAP1", "HLA-DPB1", "TAPBP",
    ),
    "chr9": (
        "JAK2", "CD274", "PDCD1LG2", "IFNB1", "IFNA1", "MTAP", "CDKN2A", "CDKN2B", "DMRTA1",
        "NOTCH1",
    ),
    "chr12": (
        "GLI1", "DDIT3", "CDK4", "TSPAN31", "XRCC6BP1", "WIF1", "HMGA2", "DYRK2", "IFNG",
        "MDM1", "MDM2", "CPM", "NUP107", "FRS2", "YEATS4", "KMT2D",
    ),
    "chrX": ("MED12", "XIST", "ATRX", "AR", "STAG2", "SSX1", "SSX2"),
    "chrY": ("RPS4Y1", "DDX3Y", "UTY", "KDM5D"),
    "chrM": ("MT-RNR1", "MT-RNR2", "MT-ND1", "MT-CO1"),
}  # fmt: skip
"""Genes with a home, in the order of the real chromosome."""

DRIVERS = (
    "TP53", "RB1", "ATRX", "PTEN", "NF1", "PIK3CA", "CIC", "KMT2D", "ARID1A", "SETD2",
    "NOTCH1", "MED12", "STAG2", "DICER1", "KDR", "CDKN2A", "MDM2", "CDK4",
)  # fmt: skip
PARTNERS = ("SS18", "ASPSCR1", "FUS", "TFE3")
"""Genes that fuse in sarcomas, beside those that have a home."""
NONCODING: Mapping[str, str] = {
    "XIST": "lncRNA", "MT-RNR1": "Mt_rRNA", "MT-RNR2": "Mt_rRNA", "RNA5S1": "rRNA",
}  # fmt: skip
"""Genes without a coding sequence, and their biotypes."""


@dataclass(frozen=True)
class Gene:
    """A gene with one transcript; coordinates are 0-based half-open on its contig.

    `coding` is the coding stretch in bases of the transcript from its 5' end, with the stop
    codon; empty (0, 0) for a gene without protein.
    """

    symbol: str
    ensembl: str
    biotype: str
    contig: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    coding: tuple[int, int]
    is_captured: bool

    @property
    def length(self) -> int:
        """Return the bases of its exons."""
        return sum(end - start for start, end in self.exons)

    @cached_property
    def transcript(self) -> npt.NDArray[np.int64]:
        """Return the place on the contig of each base of the transcript, 5' to 3'."""
        bases = np.concatenate([np.arange(start, end) for start, end in self.exons])
        return bases if self.strand == "+" else bases[::-1]

    @property
    def coding_pieces(self) -> list[tuple[int, int]]:
        """Return the coding bases, stop codon included, exon by exon."""
        if self.coding[1] == 0:
            return []
        places = self.transcript[slice(*self.coding)]
        low, high = int(places.min()), int(places.max()) + 1
        clipped = [(max(start, low), min(end, high)) for start, end in self.exons]
        return [(start, end) for start, end in clipped if start < end]


@dataclass(frozen=True)
class EpitopeSite:
    """A base of a gene that a mutation from `ref` to `alt` makes the code of an epitope.

    `start` is on the gene's contig, 0-based; bases are those of the forward strand.
    """

    epitope: Epitope
    gene: Gene
    start: int
    ref: str
    alt: str


@dataclass(frozen=True)
class Genome:
    """The genome, its genes, where people differ, and where an epitope is one base away.

    `bases` are those of all contigs, one after another; `firsts` (contigs + 1,) is where
    each begins. `snp_at`, `snp_alt`, `snp_frequency` are parallel, on joined coordinates,
    sorted; so are `indel_at` (the base before), `indel_size` (+ inserted, - deleted) and
    `indel_frequency`, with the inserted bases in the rows of `inserted`.
    """

    contigs: tuple[str, ...]
    firsts: npt.NDArray[np.int64]
    bases: Codes
    genes: tuple[Gene, ...]
    targets: tuple[tuple[str, int, int, str], ...]
    snp_at: npt.NDArray[np.int64]
    snp_alt: Codes
    snp_frequency: npt.NDArray[np.float64]
    indel_at: npt.NDArray[np.int64]
    indel_size: npt.NDArray[np.int32]
    indel_frequency: npt.NDArray[np.float64]
    inserted: Codes
    epitopes: tuple[EpitopeSite, ...] = ()

    @property
    def lengths(self) -> Mapping[str, int]:
        """Return the lengths of the contigs, bp."""
        return dict(zip(self.contigs, np.diff(self.firsts).tolist(), strict=True))

    def first(self, contig: str) -> int:
        """Return where a contig begins on the joined genome."""
        return int(self.firsts[self.contigs.index(contig)])

    def span(self, contig: str) -> slice:
        """Return the joined coordinates of a contig."""
        number = self.contigs.index(contig)
        return slice(int(self.firsts[number]), int(self.firsts[number + 1]))

    def text(self, contig: str, start: int, end: int) -> str:
        """Return bases as letters."""
        first = self.first(contig)
        return letters(self.bases[first + start : first + end])

    @cached_property
    def target_array(self) -> npt.NDArray[np.int64]:
        """Return (targets, 2) starts and ends on the joined genome."""
        rows = [
            (self.first(c) + start, self.first(c) + end) for c, start, end, _ in self.targets
        ]
        return np.array(rows, dtype=np.int64)


def letters(codes: Codes) -> str:
    """Return bases as letters."""
    return bytes(np.frombuffer(BASES.encode(), dtype=np.uint8)[codes]).decode()
