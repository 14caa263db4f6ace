"""Reads of HLA genes, without a genome to lie on: exomes, whole genomes and RNA."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.hla import CLASS_I
from storiform.model.tables.hla import HLA_SEQUENCES, HlaSequences
from storiform.simulation.genome import Codes
from storiform.simulation.hla_genes import HlaAllele, HlaFamily
from storiform.simulation.hla_people import HlaPerson, HlaTumour

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PAIRS_PER_DEPTH = 250_000
"""Usable pairs that a whole exome needs for each fold of depth."""
_NEAR, _FADING = 60, 60.0
"""Bases around an exon that are caught as well as it, and over which this then fades."""
_FAINT = 0.25
"""How well decoy genes without known exons are caught, all over."""
_EARLY, _LATE = 0.4, 1.6
"""Errors at the begin and the end of a read, relative to the mean."""
_QUALITY_SD, _READ_SD = 3.0, 1.5
_WORST, _BEST = 2, 41
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)
_NO_CALL = 4


@dataclass(frozen=True)
class HlaLibrary:
    """How a sample is sequenced.

    Parameters
    ----------
    depth
        Mean depth of the exons of a gene with two copies in a genome of ploidy two.
    read_length
        Bases of each mate.
    insert_mean, insert_sd
        Length of fragments, bases; none is shorter than a read.
    error_rate
        Errors of sequencing per base; they rise along the read, and qualities tell their
        chance.
    damage_rate
        Errors per base that stood in the fragment before: alike in both mates and in
        copies, and no quality tells of them.
    duplicate_share
        Copies among all pairs.
    drift_sd
        How much the capture of an allele differs between libraries, standard deviation of
        the log.
    locus_sd
        The same of all HLA genes together, against the rest of the exome.
    assay
        What the fragments are of. RNA is of exons alone.
    levels
        Qualities that the sequencer tells apart; others become the highest level below, and
        errors follow what is told. Empty: all.
    """

    depth: float = 100.0
    read_length: int = 100
    insert_mean: float = 200.0
    insert_sd: float = 40.0
    error_rate: float = 0.003
    damage_rate: float = 0.0002
    duplicate_share: float = 0.05
    drift_sd: float = 0.04
    locus_sd: float = 0.05
    assay: Literal["exome", "genome", "rna"] = "exome"
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class HlaReads:
    """Pairs of reads, in random order.

    Parameters
    ----------
    alleles
        Full names of what was sequenced.
    source
        (n,) index into `alleles` of each pair.
    starts, lengths
        (n,) of the fragment, on the allele's gene, or on its joined exons for RNA.
    is_flipped, is_duplicate
        (n,) whether mate 1 is of the reverse strand; whether it copies another pair.
    names
        (n,) unlike each other.
    bases
        (n, 2, read length) as sequenced, 0 to 3, 4 for N.
    qualities
        The same shape, phred.
    library_fragments
        Usable pairs of the whole sample, of which these are part.
    """

    alleles: tuple[str, ...]
    source: Ints
    starts: Ints
    lengths: Ints
    is_flipped: npt.NDArray[np.bool_]
    is_duplicate: npt.NDArray[np.bool_]
    names: Ints
    bases: Codes
    qualities: Codes
    library_fragments: int

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.source)


def sequence_hla(
    family: HlaFamily,
    person: HlaPerson,
    library: HlaLibrary,
    rng: np.random.Generator,
    tumour: HlaTumour | None = None,
) -> HlaReads:
    """Sequence the HLA genes of a person, decoys included.

    The number of fragments of an allele is Poisson: its mean follows from depth, copies,
    ploidy, and how well the allele is caught.

    Parameters
    ----------
    family
        The alleles.
    person
        Whose sample it is.
    library
        How it is sequenced.
    rng
        Source of chance.
    tumour
        What the sample's tumour cells have; None: there are none.
    """
    locus = float(np.exp(rng.normal(0, library.locus_sd)))
    names: list[str] = []
    columns: list[Ints] = []
    templates: list[Codes] = []
    for allele, copies in _copies(family, person, tumour):
        drift = float(np.exp(rng.normal(0, library.drift_sd)))
        caught = person.capture.get(allele.name, 1.0) * drift * locus
        drawn = _fragments(allele, copies * caught, library, rng)
        number = np.full(len(drawn), len(names))
        columns.append(np.column_stack([number, drawn]))
        names.append(allele.name)
        templates.append(_template(allele, library))
    rows = np.concatenate([np.zeros((0, 3), dtype=np.int64), *columns])
    rows = rows[rng.permutation(len(rows))]
    size = len(rows)
    rows = np.column_stack([rows, rng.random(size) < 0.5, np.arange(size)])  # noqa: PLR2004  either
    copied = rng.integers(0, max(size, 1), size=int(rng.binomial(size, _copied(library))))
    rows = np.concatenate([rows, rows[copied]])
    bases = _bases(rows, templates, library, size, rng)
    qualities = _qualities(bases.shape, library, rng)
    bases = _misread(bases, qualities, rng)
    return HlaReads(
        tuple(names), rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3].astype(bool),
        np.arange(len(rows)) >= size, _names(len(rows), rng), bases, qualities,
        round(library.depth * PAIRS_PER_DEPTH),
    )  # fmt: skip


def sequence_table(reads: HlaReads) -> HlaSequences:
    """Return reads in the form in which the pass over a BAM collects them.

    One row per mate; copies of other pairs are left out.
    """
    kept = ~reads.is_duplicate
    bases = _LETTERS[reads.bases[kept]].reshape(-1, reads.bases.shape[2])
    qualities = (reads.qualities[kept] + np.uint8(33)).reshape(bases.shape)
    table = pd.DataFrame(
        {
            "fragment": np.repeat(reads.names[kept], 2),
            "mate": np.tile([1, 2], int(kept.sum())),
            "bases": _texts(bases),
            "qualities": _texts(qualities),
        }
    )
    return HLA_SEQUENCES.conform(table)


def _texts(rows: Codes) -> npt.NDArray[np.str_]:
    """Return each row of bytes (n, length) as a text."""
    whole = np.ascontiguousarray(rows)
    return whole.view(f"S{whole.shape[1]}").ravel().astype(str)


def _copied(library: HlaLibrary) -> float:
    """Return the copies for each pair that is none."""
    return library.duplicate_share / (1 - library.duplicate_share)


def _names(size: int, rng: np.random.Generator) -> Ints:
    """Draw numbers that are unlike each other."""
    gaps = rng.integers(1, 2**62 // max(size, 1), size=size)
    return rng.permutation(np.cumsum(gaps))


def _copies(
    family: HlaFamily, person: HlaPerson, tumour: HlaTumour | None
) -> Iterator[tuple[HlaAllele, float]]:
    """Iterate over alleles and their copies in the sample, relative to one in two."""
    for genes in (person.genotype, person.decoys):
        for gene, pair in genes.items():
            means, scale = (1.0, 1.0), 1.0
            if tumour is not None:
                means, scale = tumour.mean_copies(gene), tumour.scale
            for name, mean in zip(pair, means, strict=True):
                yield family.alleles[name], mean / scale


def _template(allele: HlaAllele, library: HlaLibrary) -> Codes:
    is_spliced = library.assay == "rna" and len(allele.exons) > 0
    return allele.coding if is_spliced else allele.genomic


def _weights(allele: HlaAllele, library: HlaLibrary) -> Floats:
    """Return how well fragments are caught by their middle, 1 in an exon."""
    size = len(_template(allele, library))
    if library.assay != "exome":
        return np.ones(size)
    if not allele.exons:
        return np.full(size, _FAINT)
    places = np.arange(size)
    away = np.full(size, np.inf)
    for start, end in allele.exons:
        away = np.minimum(away, np.maximum(np.maximum(start - places, places - end + 1), 0))
    return np.asarray(np.exp(-np.maximum(away - _NEAR, 0) / _FADING), dtype=np.float64)


def _fragments(
    allele: HlaAllele, share: float, library: HlaLibrary, rng: np.random.Generator
) -> Ints:
    """Draw begin and length (n, 2) of fragments; those that reach over an end are lost."""
    weights = _weights(allele, library)
    if library.assay == "rna" and allele.gene not in CLASS_I:
        weights *= _FAINT
    total = np.cumsum(weights)
    mean = library.depth / 2 * share * float(total[-1]) / (2 * library.read_length)
    size = int(rng.poisson(mean))
    middles = np.searchsorted(total, rng.random(size) * total[-1])
    drawn = rng.normal(library.insert_mean, library.insert_sd, size=size)
    lengths = np.maximum(np.rint(drawn).astype(np.int64), library.read_length)
    starts = middles - lengths // 2
    kept = (starts >= 0) & (starts + lengths <= len(weights))
    return np.column_stack([starts[kept], lengths[kept]])


def _bases(
    rows: Ints, templates: list[Codes], library: HlaLibrary, size: int,
    rng: np.random.Generator,
) -> Codes:  # fmt: skip
    """Return what stands in the fragments (n, 2, read length), as sequenced without error.

    `rows` are source, begin, length, whether flipped, and the pair that it copies; the first
    `size` copy none.
    """
    length = library.read_length
    joined = np.concatenate([np.zeros(0, dtype=np.uint8), *templates])
    firsts = np.cumsum([0, *(len(template) for template in templates)])
    starts = firsts[rows[:, 0]] + rows[:, 1]
    cycles = np.arange(length)
    left = starts[:, np.newaxis] + cycles
    right = (starts + rows[:, 2])[:, np.newaxis] - 1 - cycles
    places = np.stack([left, right], axis=1)
    bases = joined[places] if len(joined) else np.zeros(places.shape, dtype=np.uint8)
    _damage(bases, places - starts[:, np.newaxis, np.newaxis], rows[:, 4], size, library, rng)
    bases[:, 1] = 3 - bases[:, 1]
    is_flipped = rows[:, 3].astype(bool)
    bases[is_flipped] = bases[is_flipped, ::-1]
    return bases


def _damage(
    bases: Codes, within: Ints, pairs: Ints, size: int, library: HlaLibrary,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Change bases of fragments before they were copied: forward strand, in place."""
    longest = int(within.max(initial=0)) + 1
    steps: Codes = np.zeros(size * longest, dtype=np.uint8)
    count = int(rng.binomial(len(steps), library.damage_rate))
    broken = rng.integers(0, max(len(steps), 1), size=count)
    steps[broken] = rng.integers(1, 4, size=count)
    changed = bases + steps[pairs[:, np.newaxis, np.newaxis] * longest + within]
    bases[:] = changed % 4


def _qualities(shape: tuple[int, ...], library: HlaLibrary, rng: np.random.Generator) -> Codes:
    """Draw qualities whose mean chance of error is the library's, but for its levels."""
    cycles = np.linspace(_EARLY, _LATE, shape[2])
    means = -10 * np.log10(library.error_rate * cycles)
    # The mean of 10^(-q/10) over a normal q is above that of its mean.
    spread = _QUALITY_SD**2 + _READ_SD**2
    means += spread * np.log(10) / 20
    drawn = _QUALITY_SD * rng.standard_normal(shape, dtype=np.float32)
    drawn += _READ_SD * rng.standard_normal((*shape[:2], 1), dtype=np.float32)
    drawn += means.astype(np.float32)
    told = np.asarray(np.clip(np.rint(drawn), _WORST, _BEST), dtype=np.uint8)
    if not library.levels:
        return told
    levels = np.array(sorted(library.levels), dtype=np.uint8)
    rows = np.searchsorted(levels, np.arange(64), side="right") - 1
    lowered: Codes = levels[rows.clip(min=0)][told]
    return lowered


def _misread(bases: Codes, qualities: Codes, rng: np.random.Generator) -> Codes:
    """Return bases with the errors that their qualities foretell."""
    chances = (10.0 ** (-np.arange(64) / 10)).astype(np.float32)
    is_wrong = rng.random(bases.shape, dtype=np.float32) < chances[qualities]
    steps = rng.integers(1, 4, size=int(is_wrong.sum())).astype(np.uint8)
    read = bases.copy()
    read[is_wrong] = (bases[is_wrong] + steps) % 4
    read[qualities <= _WORST] = _NO_CALL
    return read
