"""Fragments of DNA and of transcripts: where they come from, before they are read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storiform.simulation.genome import Genome
from storiform.simulation.people import NORMAL, OTHER, SUBCLONE, TUMOUR, Sex
from storiform.simulation.reference import UNIVERSE_SEED
from storiform.simulation.tumour_copies import TumourCopies

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SUBCLONE_SHARE = 0.07
"""Share of the tumour's cells that belong to its subclone."""
_SHORTEST, _LONGEST = 60, 420
_DISTINCT = 128.0
"""Bases of a target that a fragment covers, on average."""


@dataclass(frozen=True)
class Chains:
    """What fragments lie on: every contig whole, then the transcript of every gene.

    `exons` (e, 2) are pieces on the joined genome, those of chain c from `first[c]` to
    `first[c + 1]`; `sizes` are bases.
    """

    exons: Int64
    first: Int32
    sizes: Int64

    @classmethod
    def of(cls, genome: Genome) -> "Chains":
        """Return the chains of a genome."""
        pieces = [
            [(int(a), int(b))] for a, b in zip(genome.firsts, genome.firsts[1:], strict=False)
        ]
        for gene in genome.genes:
            begin = genome.first(gene.contig)
            pieces.append([(begin + start, begin + end) for start, end in gene.exons])
        exons = np.array([piece for chain in pieces for piece in chain], dtype=np.int64)
        first = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
        sizes = np.add.reduceat(exons[:, 1] - exons[:, 0], first[:-1])
        return cls(exons, first, sizes)


@dataclass(frozen=True)
class Fragments:
    """Fragments (n,): `chain`, `offset` of the first base on it, `length` in bases.

    `source` is the haplotype, `is_flipped` whether read 1 is the one on the right,
    `is_duplicate` whether it copies an earlier fragment, `hits` the number of places that
    an aligner of RNA finds, 0 of DNA.
    """

    chain: Int32
    offset: Int32
    length: Int32
    source: npt.NDArray[np.uint8]
    is_flipped: Bools
    is_duplicate: Bools
    hits: Int32


@dataclass(frozen=True)
class Mixture:
    """The cells of a sample: share of tumour cells, and of reads of another person.

    `copies` are those of the tumour's genome; None: one of each haplotype.
    """

    purity: float = 0.0
    contamination: float = 0.0
    copies: TumourCopies | None = None


def exome_fragments(
    genome: Genome, chains: Chains, sex: Sex, mixture: Mixture, depth: float,
    rng: np.random.Generator,
) -> Fragments:  # fmt: skip
    """Draw the fragments of an exome library.

    Targets differ by how well they are captured, the same in all libraries, by their GC
    content, differently in each, and by their copies in the tumour's cells. One
    fragment in nine lies anywhere.
    """
    targets = genome.target_array
    weight = target_weights(genome, sex, float(rng.normal(-1.0, 0.4)))
    weight = weight * relative_depth(mixture, targets.mean(axis=1).astype(np.int64))
    spread = (targets[:, 1] - targets[:, 0] + 100) * weight
    total = float(((targets[:, 1] - targets[:, 0]) * weight).sum())
    on_target = int(depth * total / _DISTINCT / 0.86)
    off_target = on_target // 8
    number = rng.choice(len(targets), size=on_target, p=spread / spread.sum())
    length = _lengths(on_target + off_target, 178.0, rng)
    low, high = targets[number, 0] - 50, targets[number, 1] + 50
    middle = low + (rng.uniform(size=on_target) * (high - low)).astype(np.int64)
    start = middle - length[:on_target] // 2
    end_of_arms = int(genome.firsts[3])
    anywhere = rng.integers(2000, end_of_arms - 2000, size=off_target)
    if mixture.copies is not None:
        chance = relative_depth(mixture, anywhere)
        anywhere = rng.choice(anywhere, size=off_target, p=chance / chance.sum())
    start = np.concatenate([start, anywhere])
    chain = np.searchsorted(genome.firsts, start, side="right") - 1
    size = len(start)
    offset = start - genome.firsts[chain]
    offset = np.clip(offset, 0, chains.sizes[chain] - length - 1)
    drawn = Fragments(
        chain.astype(np.int32), offset.astype(np.int32), length,
        _sources(size, mixture, rng, start),
        rng.uniform(size=size) < 0.5,  # noqa: PLR2004  either strand
        np.zeros(size, dtype=bool), np.zeros(size, dtype=np.int32),
    )  # fmt: skip
    return _with_duplicates(drawn, float(rng.uniform(0.06, 0.14)), rng)


def target_weights(genome: Genome, sex: Sex, slope: float) -> npt.NDArray[np.float64]:
    """Return the relative depth of each target: capture, GC content, copies of X and Y.

    `slope` is the change of the logarithm of the depth per unit of GC content.
    """
    targets = genome.target_array
    efficiency = np.random.default_rng([UNIVERSE_SEED, 7]).lognormal(0, 0.28, len(targets))
    strong = np.concatenate([[0], np.cumsum(np.isin(genome.bases, (1, 2)))])
    gc = (strong[targets[:, 1]] - strong[targets[:, 0]]) / (targets[:, 1] - targets[:, 0])
    copies = np.ones(len(targets))
    contigs = np.array([row[0] for row in genome.targets])
    if sex == "male":
        copies[np.isin(contigs, ("chrX", "chrY"))] = 0.5
    else:
        copies[contigs == "chrY"] = 0.0
    return np.asarray(efficiency * np.exp(slope * (gc - 0.5)) * copies, dtype=np.float64)


def rna_fragments(
    genome: Genome, chains: Chains, weights: npt.NDArray[np.float64], mixture: Mixture,
    size: int, rng: np.random.Generator,
) -> Fragments:  # fmt: skip
    """Draw the fragments of a stranded RNA library (dUTP: read 2 runs along the gene).

    Parameters
    ----------
    weights
        (genes,) share of each gene among the fragments of spliced RNA.
    size
        Fragments.

    Returns
    -------
    Fragments
        8 in 100 lie in introns or exons unspliced, 2 in 100 anywhere; towards the 3' end
        of a transcript they grow denser.
    """
    contigs = len(genome.contigs)
    gene = rng.choice(len(weights), size=size, p=weights / weights.sum())
    length = _lengths(size, 185.0, rng)
    is_plus = np.array([g.strand == "+" for g in genome.genes])
    kind = rng.uniform(size=size)
    chain = contigs + gene
    room = chains.sizes[chain]
    length = np.minimum(length, room).astype(np.int32)
    along = rng.uniform(size=size) ** 0.8
    along = np.where(is_plus[gene], along, 1 - along)
    offset = (along * (room - length + 1)).astype(np.int64)
    home = np.array([genome.contigs.index(g.contig) for g in genome.genes])[gene]
    spans = np.array([(g.exons[0][0], g.exons[-1][1]) for g in genome.genes])[gene]
    unspliced = kind < 0.08  # noqa: PLR2004  share
    inside = spans[:, 0] + (rng.uniform(size=size) * (spans[:, 1] - spans[:, 0])).astype(
        np.int64
    )
    anywhere = (rng.uniform(size=size) * chains.sizes[home]).astype(np.int64)
    strays = kind >= 0.98  # noqa: PLR2004  share
    chain = np.where(unspliced | strays, home, chain)
    offset = np.where(unspliced, inside, np.where(strays, anywhere, offset))
    offset = np.clip(offset, 0, chains.sizes[chain] - length - 1)
    hits = np.where(rng.uniform(size=size) < 0.04, 2, 1)  # noqa: PLR2004  share
    wrong = rng.uniform(size=size) < 0.01  # noqa: PLR2004  share on the wrong strand
    return Fragments(
        chain.astype(np.int32), np.maximum(offset, 0).astype(np.int32), length,
        _sources(size, mixture, rng), is_plus[gene] ^ wrong,
        np.zeros(size, dtype=bool), hits.astype(np.int32),
    )  # fmt: skip


def gene_weights(
    genome: Genome, tpm: Mapping[str, float] | npt.NDArray[np.float64], sex: Sex
) -> npt.NDArray[np.float64]:
    """Return the share of each gene among fragments: TPM by length; XIST and Y by sex."""
    values = np.array(
        [tpm[g.symbol] for g in genome.genes] if isinstance(tpm, Mapping) else tpm
    )
    lengths = np.array([g.length for g in genome.genes], dtype=float)
    silent = np.array(
        [g.contig == "chrY" if sex == "female" else g.symbol == "XIST" for g in genome.genes]
    )
    weight = values * lengths * ~silent
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _lengths(size: int, mean: float, rng: np.random.Generator) -> Int32:
    drawn = rng.gamma(11.0, mean / 11.0, size=size)
    return np.clip(drawn, _SHORTEST, _LONGEST).astype(np.int32)


def relative_depth(mixture: Mixture, places: Int64) -> npt.NDArray[np.float64]:
    """Return the depth at places of the joined genome by that without any change of copies."""
    if mixture.copies is None:
        return np.ones(len(places))
    purity = mixture.purity * (1 - mixture.contamination)
    copies = mixture.copies.at(places).sum(axis=1)
    return np.asarray(1 - purity + purity * copies / 2, dtype=np.float64)


def _sources(
    size: int, mixture: Mixture, rng: np.random.Generator, places: Int64 | None = None
) -> npt.NDArray[np.uint8]:
    """Draw the cell and the haplotype that each fragment comes from.

    `places` (n,) on the joined genome tell the copies of each; without them there is one of
    each haplotype.
    """
    cell, side = rng.uniform(size=size), rng.uniform(size=size)
    purity = mixture.purity * (1 - mixture.contamination)
    both = np.ones((size, 2))
    if mixture.copies is not None and places is not None:
        both = mixture.copies.at(places).astype(np.float64)
    total = both.sum(axis=1)
    # Cells give fragments by their copies: what a tumour cell has more, others have less of.
    whole = 1 - purity + purity * total / 2
    of_tumour = purity * total / 2 / whole
    other = mixture.contamination / whole
    rows = np.full(size, NORMAL)
    rows[cell < of_tumour] = TUMOUR
    rows[cell < of_tumour * SUBCLONE_SHARE] = SUBCLONE
    rows[cell > 1 - other] = OTHER
    is_tumour = (rows == TUMOUR) | (rows == SUBCLONE)
    share = np.where(is_tumour, both[:, 1] / np.maximum(total, 1.0), 0.5)
    return (rows + (side < share)).astype(np.uint8)


def _with_duplicates(drawn: Fragments, share: float, rng: np.random.Generator) -> Fragments:
    size = len(drawn.chain)
    copied = rng.integers(0, size, size=int(size * share))
    columns = {
        name: np.concatenate([column, column[copied]]) for name, column in vars(drawn).items()
    }
    columns["is_duplicate"][size:] = True
    return Fragments(**columns)
