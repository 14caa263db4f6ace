"""A small genome with genes on both strands, and what a naive cell makes of it."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from storiform.model.errors import InputError
from storiform.model.transcripts import Transcript

_FIRST = "TCAG"
_ROWS = {
    "T": "FFLL SSSS YY** CC*W", "C": "LLLL PPPP HHQQ RRRR", "A": "IIIM TTTT NNKK SSRR",
    "G": "VVVV AAAA DDEE GGGG",
}  # fmt: skip
TABLE = {
    one + two + three: residue
    for one, row in _ROWS.items()
    for two, box in zip(_FIRST, row.split(), strict=True)
    for three, residue in zip(_FIRST, box, strict=True)
}
"""The standard code as textbooks draw it; it knows nothing of the package's own table."""
MITOCHONDRIA = {**TABLE, "AGA": "*", "AGG": "*", "ATA": "M", "TGA": "W"}
PAIR = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}


class Genome:
    """Contigs in memory, as `storiform.model.resources.Sequence` asks."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    @property
    def contigs(self) -> dict[str, int]:
        """Return the lengths of the contigs."""
        return {name: len(text) for name, text in self.texts.items()}

    def bases(self, contig: str, start: int, end: int) -> np.ndarray:
        """Return the bases [start, end)."""
        text = self.texts.get(contig, "")
        if not 0 <= start <= end <= len(text):
            raise InputError(f"{contig}:{start}-{end}")
        return np.frombuffer(text[start:end].encode(), dtype=np.uint8)

    def pieces(self, contig: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return the bases of several intervals."""
        parts = [self.bases(contig, *span) for span in zip(starts, ends, strict=True)]
        return np.concatenate([np.empty(0, np.uint8), *parts])


class Models:
    """Transcripts in memory, as `storiform.model.transcripts.TranscriptModels` asks."""

    def __init__(self, *transcripts: Transcript) -> None:
        self.all = transcripts

    @property
    def contigs(self) -> list[str]:
        """Return the contigs that hold a transcript."""
        return list(dict.fromkeys(one.contig for one in self.all))

    def overlapping(self, contig: str, start: int, end: int) -> list[Transcript]:
        """Return the transcripts that share a base with [start, end)."""
        return [t for t in self.all if t.contig == contig and t.start < end and t.end > start]

    def __iter__(self) -> Iterator[Transcript]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


def complement(text: str) -> str:
    return "".join(PAIR[base] for base in reversed(text))


def translate(text: str, table: dict[str, str] = TABLE) -> str:
    """Translate to the first stop, base by base."""
    residues = ""
    for place in range(0, len(text) - 2, 3):
        residues += table.get(text[place : place + 3], "X")
        if residues[-1] == "*":
            break
    return residues


Spans = list[tuple[int, int]]


def placed(rng: np.random.Generator, sizes: list[int], first: int) -> Spans:
    """Lay exons of given sizes out with introns of 30 to 80 bases."""
    spans, at = [], first
    for size in sizes:
        spans.append((at, at + size))
        at += size + int(rng.integers(30, 80))
    return spans


def invented(
    rng: np.random.Generator,
    *,
    is_forward: bool = True,
    codons: int = 60,
    exons: int = 4,
    name: str = "T1",
) -> tuple[str, Transcript]:
    """Return the text of a contig and one coding transcript on it, with both UTRs."""
    stops = [c for c, residue in TABLE.items() if residue == "*"]
    plain = [c for c, residue in TABLE.items() if residue != "*"]
    coding = "ATG" + "".join(rng.choice(plain, codons)) + str(rng.choice(stops))
    five, three = (random_bases(rng, n) for n in (45, 70))
    rna = five + coding + three
    cuts = sorted(rng.choice(np.arange(20, len(rna) - 20), exons - 1, replace=False))
    bounds = [0, *(int(cut) for cut in cuts), len(rna)]
    pieces = [rna[a:b] for a, b in pairwise(bounds)]
    spans = placed(rng, [len(piece) for piece in pieces], 200)
    length = spans[-1][1] + 200
    text = list(random_bases(rng, length))
    for (start, end), piece in zip(spans, pieces, strict=True):
        text[start:end] = piece
    coding_spans = cut_spans(spans, len(five), len(five) + len(coding))
    contig = "".join(text)
    if not is_forward:
        contig = complement(contig)
        spans = [(length - b, length - a) for a, b in reversed(spans)]
        coding_spans = [(length - b, length - a) for a, b in reversed(coding_spans)]
    transcript = Transcript(
        name, "GENE", "G1", "chr1", is_forward, tuple(spans), tuple(coding_spans),
        biotype="protein_coding", protein="P1",
    )  # fmt: skip
    return contig, transcript


def random_bases(rng: np.random.Generator, size: int) -> str:
    return "".join(rng.choice(list("ACGT"), size))


def cut_spans(spans: Spans, start: int, end: int) -> Spans:
    """Return what of spans holds their joined bases [start, end)."""
    found, before = [], 0
    for low, high in spans:
        a, b = max(start - before, 0), min(end - before, high - low)
        if a < b:
            found.append((low + a, low + b))
        before += high - low
    return found


def naive_protein(
    contig: str, transcript: Transcript, changes: list[tuple[int, str, str]]
) -> str:
    """Return the protein of a contig after changes (start, ref, alt) that spare splice sites.

    The genome is changed base by base; every base remembers where it came from, inserted ones
    belong with the base before them. The RNA is read from where the start codon was.
    """
    cells = [[base] for base in contig]
    for start, ref, alt in changes:
        for offset in range(len(ref)):
            cells[start + offset] = [alt[offset]] if offset < len(alt) else []
        cells[start + len(ref) - 1] += list(alt[len(ref) :])
    kept = [base for low, high in transcript.exons for base in range(low, high)]
    if not transcript.is_forward:
        kept.reverse()
    coding = [base for low, high in transcript.coding for base in range(low, high)]
    first = min(coding) if transcript.is_forward else max(coding)
    kept = kept[kept.index(first) :]
    letters: list[str] = []
    for place in kept:
        own = cells[place]
        letters += own if transcript.is_forward else [PAIR[b] for b in reversed(own)]
    table = MITOCHONDRIA if transcript.contig == "chrM" else TABLE
    return translate("".join(letters), table)
