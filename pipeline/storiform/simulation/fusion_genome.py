"""A small invented genome of many genes, for fusions: contigs, bases, transcripts.

Genes have real symbols only where a rule of the caller asks for them (families of paralogues,
HLA, immunoglobulins, mitochondria); all others are called GENE and a letter or two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from storiform.model.errors import InputError
from storiform.model.transcripts import Transcript

Bytes = npt.NDArray[np.uint8]

_BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
_CONTIGS = ("chr1", "chr2", "chr3", "chr4", "chr5")
_ODD = (
    ("KRT5", "protein_coding"), ("KRT14", "protein_coding"), ("COL1A1", "protein_coding"),
    ("COL3A1", "protein_coding"), ("HLA-A", "protein_coding"), ("HLA-B", "protein_coding"),
    ("IGHG1", "IG_C_gene"), ("IGKC", "IG_C_gene"), ("RNA45SN1", "rRNA"),
)  # fmt: skip
"""Genes that are known for misplaced reads."""
_START, _STOP = b"ATG", b"TAA"


@dataclass(frozen=True)
class FusionGenome:
    """Bases by contig (ASCII), and the transcripts; serves as the annotation and as the genome.

    Both protocols of the model are met: `TranscriptModels` and `Sequence`.
    """

    texts: Mapping[str, Bytes] = field(hash=False)
    transcripts: Sequence[Transcript]

    @property
    def annotation(self) -> "FusionTranscripts":
        """The transcripts as an annotation."""
        return FusionTranscripts(tuple(self.transcripts))

    @property
    def contigs(self) -> Mapping[str, int]:
        """Name of each contig -> its length, bp."""
        return {name: len(text) for name, text in self.texts.items()}

    def bases(self, contig: str, start: int, end: int) -> Bytes:
        """Return the bases [start, end) of a contig."""
        if contig not in self.texts or not 0 <= start <= end <= len(self.texts[contig]):
            message = f"{contig}:{start}-{end} is not in the invented genome"
            raise InputError(message)
        return self.texts[contig][start:end]

    def pieces(
        self, contig: str, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> Bytes:
        """Return the bases of several intervals of a contig, one after another."""
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        parts = [self.bases(contig, start, end) for start, end in spans]
        return np.concatenate([np.zeros(0, dtype=np.uint8), *parts])


@dataclass(frozen=True)
class FusionTranscripts:
    """Transcripts in memory, as `model.transcripts.TranscriptModels` asks."""

    all: tuple[Transcript, ...]

    @property
    def contigs(self) -> Sequence[str]:
        """Names of the contigs that hold a transcript."""
        return tuple(dict.fromkeys(one.contig for one in self.all))

    def overlapping(self, contig: str, start: int, end: int) -> Sequence[Transcript]:
        """Return the transcripts that share a base with [start, end)."""
        return [
            one for one in self.all
            if one.contig == contig and one.start < end and one.end > start
        ]  # fmt: skip

    def __iter__(self) -> Iterator[Transcript]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


def invent_genome(seed: int, genes: int = 300) -> FusionGenome:
    """Draw a genome: genes of 3 to 9 exons on both strands, one after another.

    A third of the genes has a second transcript that skips an exon. Coding sequences begin
    with ATG and end with TAA, and hold no stop in their frame.
    """
    rng = np.random.default_rng([seed, 41])
    symbols = [*_ODD, *((f"GENE{_letters(n)}", "protein_coding") for n in range(genes))]
    order = rng.permutation(len(symbols))
    texts: dict[str, Bytes] = {}
    transcripts: list[Transcript] = []
    for number, contig in enumerate(_CONTIGS):
        own = [symbols[k] for k in order[number :: len(_CONTIGS)].tolist()]
        place, found = 2000, []
        for symbol, biotype in own:
            made = _gene(rng, symbol, biotype, (contig, place))
            found += made
            place = made[0].end + int(rng.integers(800, 30_000))
        text = _BASES[rng.integers(0, 4, place + 2000)]
        for one in found:
            _write_coding(text, one, rng)
        texts[contig] = text
        transcripts += found
    texts["chrM"] = _BASES[rng.integers(0, 4, 6000)]
    for place, symbol in ((500, "MT-CO1"), (2500, "MT-ND1")):
        exon = ((place, place + 1500),)
        transcripts.append(
            Transcript(f"T{symbol}", symbol, f"G{symbol}", "chrM", is_forward=True, exons=exon)
        )
    return FusionGenome(texts, transcripts)


def _letters(number: int) -> str:
    return chr(65 + number // 26 % 26) + chr(65 + number % 26) + chr(65 + number // 676)


def _gene(
    rng: np.random.Generator, symbol: str, biotype: str, home: tuple[str, int]
) -> list[Transcript]:
    """Return one or two transcripts of a gene."""
    contig, place = home
    sizes = rng.integers(90, 260, int(rng.integers(3, 10)))
    exons = []
    for size in sizes.tolist():
        exons.append((place, place + size))
        place += size + int(rng.integers(200, 3000))
    is_forward = bool(rng.random() < 0.5)  # noqa: PLR2004  either strand
    whole = tuple(exons)
    coding = _coding_of(whole, is_forward=is_forward) if biotype == "protein_coding" else ()
    made = [
        Transcript(
            f"T{symbol}.1", symbol, f"G{symbol}", contig, is_forward=is_forward, exons=whole,
            coding=coding, biotype=biotype, is_canonical=True,
        )
    ]  # fmt: skip
    if len(exons) > 4 and rng.random() < 0.3:  # noqa: PLR2004  exons; a third
        left_out = int(rng.integers(1, len(exons) - 1))
        shorter = tuple(exon for n, exon in enumerate(whole) if n != left_out)
        made.append(
            Transcript(
                f"T{symbol}.2", symbol, f"G{symbol}", contig, is_forward=is_forward,
                exons=shorter, biotype="retained_intron",
            )
        )  # fmt: skip
    return made


def _coding_of(
    exons: tuple[tuple[int, int], ...], *, is_forward: bool
) -> tuple[tuple[int, int], ...]:
    """Return the coding pieces: all but 40 bases at the 5' end and about 60 at the 3' end."""
    size = sum(end - start for start, end in exons)
    first, last = 40, size - 60
    last -= (last - first) % 3
    if not is_forward:
        first, last = size - last, size - first
    pieces, before = [], 0
    for start, end in exons:
        low, high = max(first - before, 0), min(last - before, end - start)
        if low < high:
            pieces.append((start + low, start + high))
        before += end - start
    return tuple(pieces)


def places_of(transcript: Transcript) -> npt.NDArray[np.int64]:
    """Return the place of each base of a transcript, 5' to 3'."""
    places = np.concatenate([np.arange(start, end) for start, end in transcript.exons])
    return places if transcript.is_forward else places[::-1]


def _write_coding(text: Bytes, one: Transcript, rng: np.random.Generator) -> None:
    """Write a start, a stop and no stop between into the coding bases of a transcript."""
    if not one.coding:
        return
    places = np.concatenate([np.arange(start, end) for start, end in one.coding])
    codons = rng.integers(1, 4, (len(places) // 3, 3))
    codons[:, 0] = rng.integers(1, 3, len(codons))  # no T begins a codon: there is no stop
    bases = _BASES[codons].ravel()
    bases[:3], bases[-3:] = np.frombuffer(_START, np.uint8), np.frombuffer(_STOP, np.uint8)
    if one.is_forward:
        text[places] = bases
    else:
        pairs = np.zeros(256, dtype=np.uint8)
        pairs[_BASES] = _BASES[::-1]
        text[places[::-1]] = pairs[bases]
