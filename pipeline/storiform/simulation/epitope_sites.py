"""Where the invented genome holds an epitope but for one base."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from storiform.simulation.coding import effect_of
from storiform.simulation.codons import GENETIC_CODE
from storiform.simulation.epitopes import EPITOPES, Epitope
from storiform.simulation.genome import (
    BASES,
    DRIVERS,
    HOMES,
    Codes,
    EpitopeSite,
    Gene,
    Genome,
)
from storiform.simulation.reference import UNIVERSE_SEED

FLANK = 24
"""Codons on either side in which no two people differ: as far as the longest peptides reach."""
_FROM_ENDS = 12
"""Least number of codons between an epitope and an end of the coding sequence."""
_FROM_EDGES = 12
"""Least number of bases between an epitope and an edge of its exon."""
_TRUNCATING = frozenset({"stop_gained", "start_lost", "stop_lost"})


@dataclass(frozen=True)
class _Room:
    """A gene and the first codons at which an epitope may be written."""

    gene: Gene
    codons: npt.NDArray[np.int64]


def with_epitopes(genome: Genome, epitopes: Sequence[Epitope] = EPITOPES) -> Genome:
    """Write the germline form of each epitope into a gene of its own.

    The genes are captured and lie on autosomes, apart from those of which copies or
    recurrent mutations are claimed. No common allele takes their protein's end away or shifts
    its frame, and none lies within `FLANK` codons of the epitope.

    Parameters
    ----------
    genome
        The genome, the differences between people included.
    epitopes
        What to write.

    Returns
    -------
    Genome
        With `epitopes`: the same for the same arguments.

    Raises
    ------
    ValueError
        If there are not enough such genes.
    """
    rng = np.random.default_rng([UNIVERSE_SEED, 9])
    homes = {symbol for symbols in HOMES.values() for symbol in symbols}
    genes = [
        gene
        for gene in genome.genes
        if gene.is_captured and gene.coding[1] and gene.symbol not in {*homes, *DRIVERS}
    ]
    bases = genome.bases.copy()
    sites: list[EpitopeSite] = []
    order = iter(rng.permutation(len(genes)).tolist())
    for epitope in epitopes:
        room = next(
            (r for number in order if (r := _room(genome, genes[number], epitope))), None
        )
        if room is None:
            message = f"no gene is left for {epitope.peptide}: ask for fewer epitopes"
            raise ValueError(message)
        sites.append(_write(genome, bases, room, epitope, rng))
    return replace(genome, bases=bases, epitopes=tuple(sites))


def _room(genome: Genome, gene: Gene, epitope: Epitope) -> _Room | None:
    """Return where a gene can take the epitope; None where it cannot."""
    if not is_whole_in_all(genome, gene):
        return None
    first = genome.first(gene.contig)
    places = first + gene.transcript[slice(*gene.coding)]
    differs = np.isin(places, genome.snp_at)
    size, codons = len(epitope.peptide), len(places) // 3
    snps_before = np.concatenate([[0], np.cumsum(differs)])
    fitting = [
        codon
        for codon in range(_FROM_ENDS, codons - _FROM_ENDS - size)
        if snps_before[3 * max(codon - FLANK, 0)]
        == snps_before[3 * min(codon + size + FLANK, codons)]
        and _is_inside(first, gene, places[3 * codon : 3 * (codon + size)])
    ]
    return _Room(gene, np.array(fitting, dtype=np.int64)) if fitting else None


def is_whole_in_all(genome: Genome, gene: Gene) -> bool:
    """Return whether no common allele shifts a gene's frame or takes an end of its protein."""
    first = genome.first(gene.contig)
    places = first + gene.transcript[slice(*gene.coding)]
    low, high = int(places.min()), int(places.max())
    if np.any((genome.indel_at >= low - 1) & (genome.indel_at <= high)):
        return False
    for snp in np.flatnonzero(np.isin(genome.snp_at, places)).tolist():
        at = int(genome.snp_at[snp])
        ref, alt = BASES[genome.bases[at]], BASES[genome.snp_alt[snp]]
        if effect_of(genome, gene, at - first, ref, alt).consequence in _TRUNCATING:
            return False
    return True


def _is_inside(first: int, gene: Gene, places: npt.NDArray[np.int64]) -> bool:
    """Return whether places lie in one exon, away from its coding edges."""
    low, high = int(places.min()) - first, int(places.max()) + 1 - first
    return any(
        start + _FROM_EDGES <= low and high <= end - _FROM_EDGES
        for start, end in gene.coding_pieces
    )


def _write(
    genome: Genome, bases: Codes, room: _Room, epitope: Epitope, rng: np.random.Generator
) -> EpitopeSite:
    """Write the germline form into the bases; return what restores the epitope."""
    gene, changed = room.gene, epitope.changed
    codon = int(room.codons[int(rng.integers(len(room.codons)))])
    choices = single_steps(epitope.wild_type[changed], epitope.peptide[changed])
    before, after = choices[int(rng.integers(len(choices)))]
    text = ""
    for place, residue in enumerate(epitope.wild_type):
        options = [word for word, amino in GENETIC_CODE.items() if amino == residue]
        text += before if place == changed else options[int(rng.integers(len(options)))]
    offset = gene.coding[0] + 3 * codon
    places = gene.transcript[offset : offset + len(text)]
    codes = np.array([BASES.index(base) for base in text], dtype=np.uint8)
    is_forward = gene.strand == "+"
    bases[genome.first(gene.contig) + places] = codes if is_forward else 3 - codes
    step = next(n for n in range(3) if before[n] != after[n])
    pair = [BASES.index(word[step]) for word in (before, after)]
    ref, alt = (BASES[code if is_forward else 3 - code] for code in pair)
    return EpitopeSite(epitope, gene, int(places[3 * changed + step]), ref, alt)


def single_steps(before: str, after: str) -> list[tuple[str, str]]:
    """Return all pairs of codons of two residues that differ in one base.

    Examples
    --------
    >>> single_steps("M", "I")
    [('ATG', 'ATT'), ('ATG', 'ATC'), ('ATG', 'ATA')]
    """
    codons = [[w for w, amino in GENETIC_CODE.items() if amino == r] for r in (before, after)]
    return [
        (one, two)
        for one, two in product(*codons)
        if sum(a != b for a, b in zip(one, two, strict=True)) == 1
    ]
