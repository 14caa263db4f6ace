"""An invented genome with an invented annotation, real pieces, and variants of every class."""

import gzip
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from _consequence_truth import CODES, PlainTranscript, plain_transcripts

_FLIP = str.maketrans("ACGTN", "TGCAN")
_STOPS = {1: ("TAA", "TAG", "TGA"), 2: ("TAA", "TAG", "AGA", "AGG")}
Variant = tuple[str, int, str, str]
"""Contig, position (1-based), REF and ALT."""


@dataclass
class Genome:
    """Bases by contig, and the annotation of them as the text of a GTF."""

    bases: dict[str, str]
    gtf: str

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write a FASTA with its index, and the GTF; return both paths."""
        folder.mkdir(parents=True, exist_ok=True)
        fasta, gtf = folder / "genome.fa", folder / "genes.gtf"
        at, index = 0, []
        with fasta.open("w") as out:
            for name, bases in self.bases.items():
                at += len(f">{name}\n")
                index.append(f"{name}\t{len(bases)}\t{at}\t60\t61\n")
                rows = [bases[k : k + 60] + "\n" for k in range(0, len(bases), 60)]
                out.write(f">{name}\n" + "".join(rows))
                at += sum(map(len, rows))
        Path(f"{fasta}.fai").write_text("".join(index))
        gtf.write_text(self.gtf)
        return fasta, gtf


def invented(seed: int, genes: int = 60) -> Genome:
    """Make genes on both strands of two contigs and of chrM, with several transcripts each."""
    draw = random.Random(seed)  # noqa: S311  a simulation
    bases: dict[str, str] = {}
    rows: list[str] = []
    for contig, number in (("chr1", genes), ("chr2", genes), ("chrM", max(4, genes // 10))):
        parts, at = [], 0
        for gene in range(number):
            gap = draw.randint(300, 1500)
            parts.append(_letters(draw, gap))
            made = _Gene(draw, f"{contig}G{gene}", contig, at + gap)
            parts.append(made.bases)
            rows += made.rows
            at += gap + len(made.bases)
        parts.append(_letters(draw, 6000))
        bases[contig] = "".join(parts)
    return Genome(bases, "".join(rows))


def _letters(draw: random.Random, size: int) -> str:
    return "".join(draw.choices("ACGT", k=size))


class _Gene:
    """Exons with an open frame, in several transcripts: whole, short of a start, of an end."""

    def __init__(self, draw: random.Random, name: str, contig: str, at: int) -> None:
        self.draw, self.name, self.contig = draw, name, contig
        self.code = 2 if contig == "chrM" else 1
        self.strand = draw.choice("+-")
        count = 1 if self.code == 2 else draw.randint(1, 9)
        sizes = [
            draw.choice((draw.randint(20, 60), draw.randint(80, 300))) for _ in range(count)
        ]
        utrs = draw.randint(0, 80), draw.randint(0, 150)
        coding = max(60, sum(sizes) // 3 * 3)
        rna = _letters(draw, utrs[0]) + self._frame(coding) + _letters(draw, utrs[1])
        sizes[0] += utrs[0]
        sizes[-1] += len(rna) - sum(sizes)
        introns = [draw.randint(60, 500) for _ in range(count - 1)]
        text, cut, exons = "", 0, []
        for number, size in enumerate(sizes):
            exons.append((len(text), len(text) + size))
            text += rna[cut : cut + size]
            cut += size
            if number < count - 1:
                text += "GT" + _letters(draw, introns[number] - 4) + "AG"
        self.bases = text if self.strand == "+" else text.translate(_FLIP)[::-1]
        self._exons, self._at = exons, at
        self.rows: list[str] = []
        self._span = utrs[0], utrs[0] + coding
        self._transcripts()

    def _frame(self, size: int) -> str:
        table = CODES[self.code]
        codons = [c for c in table if c not in _STOPS[self.code]]
        inner = self.draw.choices(codons, k=size // 3 - 2)
        for k in range(3, len(inner), 17):  # repeats, so that indels have several places
            inner[k - 1] = inner[k]
        return "ATG" + "".join(inner) + self.draw.choice(_STOPS[self.code][:2])

    def _transcripts(self) -> None:
        begin, end = self._span
        # Of three genes one has a canonical transcript, one a MANE one, and one neither.
        turn = self._at % 3
        marks = ('tag "Ensembl_canonical"; ' * (turn == 1), 'tag "MANE_Select"; ' * (turn == 2))
        self._transcript("a", self._exons, (begin, end, 0), marks[0])
        if len(self._exons) > 2:
            first, last = len(self._exons) // 2, len(self._exons) // 2 + 1
            before = sum(b - a for a, b in self._exons[:first])
            if begin + 3 < before < end - 9:
                tag = 'tag "cds_start_NF"; '
                span = (0, end - before, before - begin)
                self._transcript("b", self._exons[first:], span, tag)
            behind = sum(b - a for a, b in self._exons[:last])
            if begin + 6 < behind < end - 3:
                tag = 'tag "cds_end_NF"; '
                self._transcript("c", self._exons[:last], (begin, behind, 0), tag)
            self._transcript("d", self._exons[::2], (0, 0, 0), marks[1])

    def _transcript(self, letter: str, exons, span: tuple[int, int, int], tag: str) -> None:
        """Add the lines of a transcript.

        ``span`` is where its RNA begins and ends to code, and how many coding bases of the
        gene come before.
        """
        begin, end, skipped = span
        name = f"{self.name}{letter}"
        kind = "protein_coding" if end else "lncRNA"
        told = (
            f'gene_id "{self.name}"; transcript_id "{name}"; gene_name "N{self.name}"; '
            f'gene_type "protein_coding"; transcript_type "{kind}"; {tag}'
        )
        stop = end if "cds_end_NF" in tag else end - 3
        self._row("transcript", exons[0][0], exons[-1][1], ".", told)
        at = 0
        for left, right in exons:
            size = right - left
            self._row("exon", left, right, ".", told)
            low, high = max(begin, at), min(stop, at + size)
            if low < high:
                phase = -(low - begin + skipped) % 3
                self._row("CDS", left + low - at, left + high - at, str(phase), told)
            low, high = max(stop, at), min(end, at + size)
            if low < high:
                self._row("stop_codon", left + low - at, left + high - at, "0", told)
            at += size

    def _row(self, feature: str, start: int, end: int, phase: str, told: str) -> None:
        if self.strand == "-":
            start, end = len(self.bases) - end, len(self.bases) - start
        place = f"{self._at + start + 1}\t{self._at + end}"
        self.rows.append(
            f"{self.contig}\tx\t{feature}\t{place}\t.\t{self.strand}\t{phase}\t{told}\n"
        )


def real_piece(fasta: Path, gtf: Path, contig: str, start: int) -> Genome:
    """Return a real piece of a contig, moved to begin at 0, with the genes that it holds whole.

    Parameters
    ----------
    fasta
        The bases of the piece, with or without a line of its name, compressed by gzip.
    gtf
        The annotation of the contig.
    contig, start
        Its name in the GTF, and where the piece begins (0-based).
    """
    with gzip.open(fasta, "rt") as lines:
        bases = "".join(line.strip() for line in lines if line[:1] != ">").upper()
    rows = []
    with gzip.open(gtf, "rt") as lines:
        for line in lines:
            fields = line.split("\t")
            if fields[0] != contig or len(fields) < 9:
                continue
            left, right = int(fields[3]) - start, int(fields[4]) - start
            if left >= 1 and right <= len(bases):
                fields[3:5] = [str(left), str(right)]
                rows.append("\t".join(fields))
    return Genome({contig: bases}, _whole("".join(rows)))


def _whole(gtf: str) -> str:
    """Leave out transcripts of which the edge of a piece cut exons off."""
    spans = {}
    for line in gtf.splitlines():
        fields = line.split("\t")
        name = re.search(r'transcript_id "([^"]+)"', line)
        if name and fields[2] == "transcript":
            spans[name[1]] = (int(fields[3]) - 1, int(fields[4]))
    found = plain_transcripts(gtf)
    kept = {
        name for name, one in found.items()
        if one.exons and spans.get(name) == (one.exons[0][0], one.exons[-1][1])
    }  # fmt: skip
    return "".join(
        line + "\n" for line in gtf.splitlines()
        if (m := re.search(r'transcript_id "([^"]+)"', line)) is None or m[1] in kept
    )  # fmt: skip


def of_transcripts(gtf: Path, cdna: Path, seed: int = 1) -> Genome:
    """Build a genome around known spliced sequences: they fill the exons, the rest is invented.

    Genes are moved to contigs of their own, since they are far apart; those of the
    mitochondrion stay together on MT.
    """
    draw = random.Random(seed)  # noqa: S311  a simulation
    sequences = _fasta(cdna)
    with gzip.open(gtf, "rt") as lines:
        text = "".join(line for line in lines if not line.startswith("#"))
    blocks = _blocks(plain_transcripts(text))
    bases: dict[str, list[str]] = {}
    for name, (_, low, high) in blocks.items():
        bases[name] = list(_letters(draw, high - low))
    rows, known = [], set()
    for one in plain_transcripts(text).values():
        name, low = _block_of(blocks, one)
        sequence = sequences.get(one.name)
        if sequence is None or len(sequence) != sum(b - a for a, b in one.exons):
            continue
        known.add(one.name)
        _, places = one.rna(_Silent())
        letters = (
            sequence if one.strand == "+" else sequence.translate(str.maketrans("ACGT", "TGCA"))
        )
        for place, letter in zip(places, letters, strict=True):
            bases[name][place - low] = letter
    for line in text.splitlines():
        fields = line.split("\t")
        found = re.search(r'transcript_id "([^"]+)"', line)
        if found is None or found[1] not in known:
            continue
        name, low = _block(blocks, fields[0], int(fields[3]))
        fields[0], fields[3], fields[4] = (
            name,
            str(int(fields[3]) - low),
            str(int(fields[4]) - low),
        )
        rows.append("\t".join(fields) + "\n")
    return Genome({n: "".join(b) for n, b in bases.items()}, "".join(rows))


class _Silent(str):
    """A genome of which nobody reads the bases."""

    __slots__ = ()

    def __getitem__(self, key):
        return "N" * (key.stop - key.start)


def _blocks(transcripts: dict[str, PlainTranscript]) -> dict[str, tuple[str, int, int]]:
    """Return stretches of contigs with genes: their new names, contigs and bounds."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for one in transcripts.values():
        spans.setdefault(one.contig, []).append((one.exons[0][0], one.exons[-1][1]))
    blocks = {}
    for contig, found in spans.items():
        merged: list[list[int]] = []
        for low, high in sorted(found):
            if merged and low - merged[-1][1] < 12_000:
                merged[-1][1] = max(merged[-1][1], high)
            else:
                merged.append([low, high])
        for number, (low, high) in enumerate(merged):
            name = "MT" if contig == "MT" else f"L{contig}_{number}"
            blocks[name] = (contig, max(0, low - 6000), high + 6000)
    return blocks


def _block(blocks, contig: str, place: int) -> tuple[str, int]:
    for name, (own, low, high) in blocks.items():
        if own == contig and low <= place <= high:
            return name, low
    raise LookupError(contig, place)


def _block_of(blocks, one: PlainTranscript) -> tuple[str, int]:
    return _block(blocks, one.contig, one.exons[0][0] + 1)


def _fasta(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0].split(".")[0]
                found[name] = ""
            else:
                found[name] += line.strip().upper()
    return found


def peptides(path: Path) -> dict[str, str]:
    """Return the known protein of each transcript, by its id without version."""
    found: dict[str, str] = {}
    name = ""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                told = re.search(r"transcript:(\w+)", line)
                name = told[1] if told else line
                found[name] = ""
            else:
                found[name] += line.strip()
    return found


CLASSES = ("snv", "mnv", "insertion", "deletion", "delins", "duplication")
MIXED, EXOME = (6, 2, 2, 3, 2, 1), (90, 1, 3, 5, 0, 1)
"""How often each class is drawn: to test all of them, and as they come in an exome."""


def variants(
    genome: Genome, count: int, seed: int, weights: tuple[int, ...] = MIXED
) -> list[Variant]:
    """Draw variants of every class, most of them where exons and their ends are; sorted."""
    draw = random.Random(seed)  # noqa: S311  a simulation
    found = plain_transcripts(genome.gtf)
    places = _places(found)
    made: set[Variant] = set()
    while len(made) < count:
        kind = draw.choices(CLASSES, weights=weights)[0]
        one = _variant(draw, genome, kind, draw.choice(places))
        if one is not None:
            made.add(one)
    order = {name: number for number, name in enumerate(genome.bases)}
    return sorted(made, key=lambda v: (order[v[0]], *v[1:]))


def _places(found: dict[str, PlainTranscript]) -> list[tuple[str, int, int]]:
    """Return stretches to draw from: exons, ends of exons, of coding sequences, introns."""
    places = []
    for one in found.values():
        for start, end in one.exons:
            places += [(one.contig, start, end)] * 2
            places += [(one.contig, start - 10, start + 6), (one.contig, end - 6, end + 10)]
        for start, end in one.coding:
            places += [(one.contig, start, end)] * 3
        if one.coding:
            first, last = one.coding[0][0], one.coding[-1][1]
            places += [(one.contig, first - 4, first + 6), (one.contig, last - 6, last + 4)] * 2
        places.append((one.contig, one.exons[0][0] - 200, one.exons[-1][1] + 200))
    return places


def _variant(
    draw: random.Random, genome: Genome, kind: str, place: tuple[str, int, int]
) -> Variant | None:
    contig, low, high = place
    bases = genome.bases[contig]
    at = draw.randint(low, max(low, high - 1))
    if not 40 < at < len(bases) - 40:
        return None
    size = draw.choice((1, 1, 2, 3, 3, 4, 6, 9, draw.randint(1, 30)))
    start, ref, alt = at, bases[at], ""
    if kind == "snv":
        alt = draw.choice([b for b in "ACGT" if b != ref])
    elif kind == "mnv":
        ref = bases[at : at + draw.choice((2, 2, 3, 4))]
        alt = "".join(draw.choice([b for b in "ACGT" if b != r]) for r in ref)
    elif kind == "insertion":
        alt = ref + _letters(draw, size)
    elif kind == "duplication":
        alt = ref + bases[at + 1 : at + 1 + size]
    elif kind == "deletion":
        ref, alt = bases[at : at + 1 + size], ref
    else:
        ref, alt = bases[at : at + 1 + size], _letters(draw, draw.randint(1, 6))
    if ref == alt or set(ref + alt) - set("ACGT"):
        return None
    return contig, start + 1, ref, alt


def vcf_lines(genome: Genome, drawn: list[Variant]) -> Iterator[str]:
    """Yield the lines of a VCF without samples."""
    yield "##fileformat=VCFv4.2\n"
    for name, bases in genome.bases.items():
        yield f"##contig=<ID={name},length={len(bases)}>\n"
    yield "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    for contig, position, ref, alt in drawn:
        yield f"{contig}\t{position}\t.\t{ref}\t{alt}\t.\tPASS\t.\n"
