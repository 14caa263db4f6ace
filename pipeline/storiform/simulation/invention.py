"""Invent the genome: lay genes out, draw bases that can be translated, and differences."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import numpy as np

from storiform.simulation.codons import GENETIC_CODE
from storiform.simulation.epitope_sites import with_epitopes
from storiform.simulation.genome import (
    BASES,
    DRIVERS,
    HOMES,
    NONCODING,
    PARTNERS,
    Codes,
    Gene,
    Genome,
)
from storiform.simulation.reference import UNIVERSE_SEED, Reference

GENES = 860
"""Genes of the genome: those of all signatures, the drivers, and others by chance."""
CAPTURED = 330
"""Genes that the exome kit captures, drivers and genes with a home first."""
PAD = 5
"""Bases of intron that a target has on either side of a coding exon."""
_ARMS = ("chr6", "chr9", "chr12")
_MARGIN = 12_000
_OWN = 2_850_000
"""X and Y have genes of their own from here on, behind what they share in man."""
_SNP_EVERY = 140
_INDELS = 90
_INDEL_GAP = 400
_COMMON = 0.05


@dataclass
class _Layout:
    """Genes as they are laid out, contig by contig."""

    rng: np.random.Generator
    ensembl: dict[str, str]
    captured: frozenset[str]
    genes: list[Gene] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)

    def fill(self, contig: str, symbols: Sequence[str]) -> None:
        """Lay genes out in a row; one in thirty overlaps its neighbour by their last exons."""
        is_small = contig == "chrM"
        at = 500 if is_small else _OWN if contig in {"chrX", "chrY"} else _MARGIN
        for symbol in symbols:
            gene = self._gene(contig, symbol, at)
            self.genes.append(gene)
            overlaps = not is_small and self.rng.uniform() < 1 / 30
            gap = int(self.rng.integers(*((50, 200) if is_small else (600, 2200))))
            at = gene.exons[-1][1] + (-40 if overlaps else gap)
        self.lengths[contig] = at + (500 if is_small else _MARGIN)

    def place(self, contig: str, symbol: str, at: int) -> None:
        """Lay one gene out where it is told to be."""
        self.genes.append(self._gene(contig, symbol, at))

    def _gene(self, contig: str, symbol: str, at: int) -> Gene:
        rng = self.rng
        pieces = 1 if contig == "chrM" else int(rng.integers(3, 7))
        sizes = rng.integers(120, 240, size=pieces)
        five, three = int(rng.integers(50, 120)), int(rng.integers(90, 240))
        strand = "+-"[int(rng.integers(0, 2))]
        sizes[0] += five if strand == "+" else three
        sizes[-1] += three if strand == "+" else five
        exons = []
        for size in sizes.tolist():
            exons.append((at, at + size))
            at += size + int(rng.integers(150, 650))
        length = int(sizes.sum())
        coding = (five, five + (length - five - three) // 3 * 3)
        biotype = NONCODING.get(symbol, "protein_coding")
        return Gene(
            symbol, self.ensembl[symbol], biotype, contig, strand, tuple(exons),
            (0, 0) if symbol in NONCODING else coding, symbol in self.captured,
        )  # fmt: skip


@cache
def _codons() -> tuple[Codes, np.ndarray]:
    """Return the codons but stops as bases (61, 3), and their number of G and C."""
    codons = [codon for codon, amino in GENETIC_CODE.items() if amino != "*"]
    table = np.array([[BASES.index(base) for base in codon] for codon in codons])
    return table.astype(np.uint8), np.isin(table, (1, 2)).sum(axis=1)


def invent(reference: Reference) -> Genome:
    """Return the genome, the same for every trial.

    Parameters
    ----------
    reference
        Genes of the bundle with their Ensembl ids, markers and gene sets.
    """
    rng = np.random.default_rng([UNIVERSE_SEED, 6])
    symbols = _symbols(reference, rng)
    known = dict(zip(reference.genes["symbol"], reference.genes["ensembl"], strict=True))
    ensembl = {
        symbol: known.get(symbol) or f"ENSG99{number:09d}"
        for number, symbol in enumerate(sorted(symbols), 1)
    }
    at_home = [gene for genes in HOMES.values() for gene in genes]
    others = [name for name in symbols if name not in set(at_home) | set(DRIVERS)]
    first = [g for g in (*DRIVERS, *at_home) if g not in HOMES["chrM"] and g not in NONCODING]
    chosen = rng.permutation(len(others))[: CAPTURED - len(set(first))]
    captured = frozenset(first) | {others[number] for number in chosen}
    layout = _Layout(rng, ensembl, captured)
    homeless = [name for name in symbols if name not in at_home]
    homeless = [homeless[number] for number in rng.permutation(len(homeless))]
    for number, contig in enumerate(_ARMS):
        mine = homeless[number :: len(_ARMS)]
        half = len(mine) // 2
        layout.fill(contig, [*mine[:half], *HOMES[contig], *mine[half:]])
    for contig in ("chrX", "chrY", "chrM"):
        layout.fill(contig, HOMES[contig])
    return _with_partners(with_epitopes(_with_bases(layout)))


def _with_partners(genome: Genome) -> Genome:
    """Put genes that fuse in sarcomas before all others of two contigs.

    Their bases are drawn apart, so that nothing else of the genome moves.
    """
    rng = np.random.default_rng([UNIVERSE_SEED, 9])
    ids = {symbol: f"ENSG98{number:09d}" for number, symbol in enumerate(sorted(PARTNERS), 1)}
    layout = _Layout(rng, ids, frozenset())
    for number, symbol in enumerate(PARTNERS):
        layout.place(_ARMS[number // 2], symbol, 1000 + number % 2 * _MARGIN // 2)
    bases = genome.bases.copy()
    for gene in layout.genes:
        _write_gene(bases[genome.first(gene.contig) :], gene, rng)
    return replace(genome, bases=bases, genes=(*genome.genes, *layout.genes))


def _symbols(reference: Reference, rng: np.random.Generator) -> list[str]:
    """Return the genes: those that something asks for, then others drawn."""
    held = set(reference.genes["symbol"])
    wanted = {gene for genes in reference.markers.values() for gene in genes}
    wanted |= {gene for genes in reference.sets.values() for gene in genes}
    wanted = {gene for gene in wanted if gene in held}
    wanted |= {gene for genes in HOMES.values() for gene in genes} | set(DRIVERS)
    wanted |= set(NONCODING)
    rest = sorted(held - wanted)
    drawn = rng.permutation(len(rest))[: max(GENES - len(wanted), 0)]
    return sorted(wanted) + [rest[number] for number in sorted(drawn)]


def _with_bases(layout: _Layout) -> Genome:
    rng = layout.rng
    contigs = tuple(layout.lengths)
    firsts = np.cumsum([0, *layout.lengths.values()])
    bases = rng.integers(0, 4, size=int(firsts[-1]), dtype=np.uint8)
    begins = dict(zip(contigs, firsts.tolist(), strict=False))
    for gene in layout.genes:
        _write_gene(bases[begins[gene.contig] :], gene, rng)
    targets = _targets(layout.genes, contigs)
    joined = [
        (begins[contig] + start, begins[contig] + end) for contig, start, end, _ in targets
    ]
    snp_at, snp_alt, snp_frequency = _snps(layout.genes, begins, bases, rng)
    indel_at, indel_size, indel_frequency, inserted = _indels(joined, bases, rng)
    return Genome(
        contigs, firsts, bases, tuple(layout.genes), tuple(targets), snp_at, snp_alt,
        snp_frequency, indel_at, indel_size, indel_frequency, inserted,
    )  # fmt: skip


def _write_gene(bases: Codes, gene: Gene, rng: np.random.Generator) -> None:
    """Write a coding sequence that can be translated, and introns that can be spliced."""
    rich = float(rng.uniform(0.3, 0.7))
    gc = np.where(rng.uniform(size=gene.length) < rich, 1, 0)
    swap = rng.integers(0, 2, size=gene.length)
    bases[gene.transcript] = np.where(gc == 1, 1 + swap, 3 * swap).astype(np.uint8)
    forward = gene.strand == "+"
    if gene.coding[1]:
        table, strong = _codons()
        chance = rich**strong * (1 - rich) ** (3 - strong)
        size = (gene.coding[1] - gene.coding[0]) // 3
        drawn = rng.choice(len(table), size=size, p=chance / chance.sum())
        sequence = table[drawn]
        sequence[0] = [0, 3, 2]
        sequence[-1] = [[3, 0, 0], [3, 0, 2], [3, 2, 0]][int(rng.integers(0, 3))]
        flat = sequence.ravel()
        bases[gene.transcript[slice(*gene.coding)]] = flat if forward else 3 - flat
    for (_, end), (start, _) in pairwise(gene.exons):
        # An intron is GT ... AG along its gene: CT ... AC along the other strand.
        bases[end : end + 2] = (2, 3) if forward else (1, 3)
        bases[start - 2 : start] = (0, 2) if forward else (0, 1)


def _targets(genes: Sequence[Gene], contigs: Sequence[str]) -> list[tuple[str, int, int, str]]:
    rows = [
        (gene.contig, start - PAD, end + PAD, gene.symbol)
        for gene in genes
        if gene.is_captured
        for start, end in gene.coding_pieces
    ]
    return sorted(rows, key=lambda row: (contigs.index(row[0]), row[1]))


def _snps(
    genes: Sequence[Gene], begins: dict[str, int], bases: Codes, rng: np.random.Generator
) -> tuple[np.ndarray, Codes, np.ndarray]:
    """Draw places in exons where people differ, their second allele and its frequency."""
    is_exonic = np.zeros(len(bases), dtype=bool)
    for gene in genes:
        if gene.contig not in {"chrY", "chrM"}:
            is_exonic[begins[gene.contig] + gene.transcript[10:-10]] = True
    exonic = np.flatnonzero(is_exonic)
    places = np.sort(rng.choice(exonic, size=len(exonic) // _SNP_EVERY * 2, replace=False))
    apart = np.flatnonzero(np.diff(places, prepend=-100) > 4)  # noqa: PLR2004  no two in a codon
    places = places[apart]
    alternative = (bases[places] + rng.integers(1, 4, size=len(places))) % 4
    frequency = np.clip(rng.beta(0.9, 1.6, size=len(places)), _COMMON, 0.95)
    return places.astype(np.int64), alternative.astype(np.uint8), frequency


def _indels(
    targets: Sequence[tuple[int, int]], bases: Codes, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Codes]:
    """Draw indels of 1 to 4 bases in targets, each as far left as it can be written."""
    inserted = rng.integers(0, 4, size=(_INDELS * 3, 8), dtype=np.uint8)
    found: list[tuple[int, int, int]] = []
    for number in np.sort(
        rng.choice(len(targets), size=min(_INDELS * 2, len(targets)), replace=False)
    ):
        start, end = targets[number]
        if end - start < 60 or (found and start + 30 - found[-1][0] < _INDEL_GAP):  # noqa: PLR2004  room on both sides
            continue
        at = int(rng.integers(start + 25, end - 25))
        size = int(rng.integers(1, 5)) * (1 if rng.uniform() < 0.5 else -1)  # noqa: PLR2004  half
        if is_leftmost(bases, at, size, inserted[len(found)]):
            found.append((at, size, len(found)))
    rows = np.array(found[:_INDELS], dtype=np.int64)
    frequency = rng.uniform(0.05, 0.5, size=len(rows))
    return rows[:, 0], rows[:, 1].astype(np.int32), frequency, inserted[rows[:, 2]]


def is_leftmost(bases: Codes, at: int, size: int, inserted: Codes) -> bool:
    """Return whether an indel behind the base `at` cannot be written further to the left."""
    last = inserted[size - 1] if size > 0 else bases[at - size]
    return bool(bases[at] != last)
