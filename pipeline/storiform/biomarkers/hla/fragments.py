"""Fragments of HLA genes: of one allele of a patient, of the other, and of either."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.biomarkers.hla.personal_genes import Pair, Personal, personal_genes
from storiform.biomarkers.hla.placed_reads import read_fragments
from storiform.kernels.hla_losses import Reads
from storiform.kernels.hla_pairs import NEVER, Desk, Scores, score_fragments
from storiform.model.hla_reference import HlaAlleles
from storiform.model.params import Fraction, Params
from storiform.model.tables.hla import HLA_FRAGMENTS, HlaFragments, HlaSequences
from storiform.model.tables.proteins import HlaTypes
from storiform.model.tables.reads import ReadStatistics

Ints = NDArray[np.int64]

_ROLES = ("tumour", "normal")
_TIE = 0.01
_UNKNOWN = 4
_DOUBTFUL = 2.3
"""What a mismatch of a base costs, nats, that is so badly read (below phred 7) that it is
taken for N."""
_FEWEST_MISMATCHES = 1.5


class HlaFragmentsParams(Params):
    """Which fragments count for an allele."""

    max_mismatches: Fraction = Field(
        0.04,
        description="mismatches with the best allele, a base; one and a half may always be",
    )
    min_difference: float = Field(
        1.0,
        ge=0.5,
        le=20.0,
        description="mismatches that a fragment has less with one allele than with the other",
    )
    max_fragment_length: int = Field(
        1_000, ge=100, le=100_000, description="bases from begin to end of a fragment at most"
    )
    stretch: int = Field(
        150, ge=10, le=10_000, description="bases of a gene for which fragments are counted"
    )


def hla_fragments(
    hla_sequences: HlaSequences,
    hla_types: HlaTypes,
    hla_reference: HlaAlleles,
    read_statistics: ReadStatistics,
    params: HlaFragmentsParams,
) -> HlaFragments:
    """Count the fragments that fit one allele of a heterozygous gene better than the other.

    Both mates of a fragment are compared, ungapped, with the patient's alleles and with one
    allele of each related gene. It belongs to the gene that it fits best if no other fits it
    as well, and it counts once, for the allele with which it has at least one mismatch less.
    Those that fit both alleles alike are counted too: of the gene's depth they tell as much.

    Parameters
    ----------
    hla_sequences
        Reads of the biopsy's exomes that look like HLA genes.
    hla_types
        The patient's alleles.
    hla_reference
        Sequences of all known alleles.
    read_statistics
        Reads of each whole sample: depths are compared by those that are not of HLA genes.
    params
        Which fragments count.

    Returns
    -------
    HlaFragments
        By allele, role and stretch of it. An allele that the reference lacks has one row
        with an end of 0; a biopsy without an exome has no row.
    """
    personal = personal_genes(hla_types, hla_reference)
    libraries = _libraries(read_statistics)
    tables = []
    for role, library in libraries.items():
        is_own = hla_sequences["role"].eq(role) & hla_sequences["assay"].ne("rna")
        counted = _counted(hla_sequences[is_own], personal, params)
        # Where HLA genes are much of what was read, their loss shrinks the library too.
        others = max(library - counted.placed, min(library, 1))
        tables += [
            _rows(pair, side, counted, personal, params.stretch).assign(
                role=role, library_fragments=others
            )
            for pair in personal.pairs
            for side in (0, 1)
        ]
    if not tables:
        return HLA_FRAGMENTS.empty()
    return pd.concat(tables, ignore_index=True)[list(HLA_FRAGMENTS.columns)]


def _libraries(read_statistics: pd.DataFrame) -> dict[str, int]:
    """Return the usable pairs of each exome by its role.

    Those on target where that is told of all; reads off target are not of captured DNA.
    """
    exomes = read_statistics[read_statistics["assay"].ne("rna")]
    is_targeted = len(exomes) > 0 and bool(
        exomes["on_target"].astype("Int64").gt(0).fillna(value=False).all()
    )
    libraries: dict[str, int] = {}
    for role in _ROLES:
        own = exomes[exomes["role"].eq(role)]
        if own.empty:
            continue
        mapped = float(own["mapped"].sum())
        unique = 1.0 - float(own["duplicates"].sum()) / max(mapped, 1.0)
        reads = float(own["on_target"].sum()) if is_targeted else mapped
        libraries[role] = round(reads * unique / 2)
    return libraries


class _Counted:
    """What each fragment of a sample is: which sequence it is counted for, where, how well.

    `shared` are, by sequence, the middles of those that fit both alleles alike; `placed` is
    how many lie on any of the sequences, whether they are counted or not.
    """

    def __init__(
        self, rows: Ints, middles: Ints, mismatches: Ints, shared: dict[int, Ints], placed: int
    ) -> None:
        self.rows, self.middles, self.mismatches = rows, middles, mismatches
        self.shared, self.placed = shared, placed


def _counted(
    sequences: pd.DataFrame, personal: Personal, params: HlaFragmentsParams
) -> _Counted:
    """Compare the fragments of a sample with all sequences, and choose one for each."""
    if not any(pair.is_known for pair in personal.pairs):
        none = np.empty(0, dtype=np.int64)
        return _Counted(none, none, none, {}, 0)
    reads = read_fragments(sequences, max(len(sequences), 1))
    reads.codes[reads.costs < _DOUBTFUL] = _UNKNOWN
    scores = _scores(reads, personal, params, fewest=1 if sequences["mate"].eq(0).all() else 2)
    least = scores.losses.min(axis=1)
    lengths = np.diff(reads.places)
    bases = np.add.reduceat(np.append(lengths, 0), reads.fragments[:-1]) if len(least) else 0
    is_near = scores.losses <= least[:, np.newaxis] + _TIE
    is_good = least <= np.maximum(_FEWEST_MISMATCHES, params.max_mismatches * bases)
    chosen = np.full(len(least), -1, dtype=np.int64)
    shared: dict[int, Ints] = {}
    for pair in personal.pairs:
        if not pair.is_known:
            continue
        one, two = pair.rows
        others = np.ones(len(personal.owners), dtype=np.bool_)
        others[[one, two]] = False
        is_own = is_good & (is_near[:, one] | is_near[:, two])
        is_own &= ~is_near[:, others].any(axis=1)
        ahead = _advantage(scores, pair)
        chosen[is_own & (ahead >= params.min_difference)] = one
        chosen[is_own & (ahead <= -params.min_difference)] = two
        # Where an intron is borrowed, one may fit better that may not say so: no shared one.
        apart = np.abs(scores.losses[:, one] - scores.losses[:, two])
        is_shared = is_own & (chosen < 0) & (apart < params.min_difference)
        shared |= {row: scores.middles[is_shared, row] for row in pair.rows}
    kept = np.flatnonzero(chosen >= 0)
    rows = chosen[kept]
    return _Counted(
        rows,
        scores.middles[kept, rows],
        np.rint(scores.losses[kept, rows]).astype(np.int64),
        shared,
        int((least < NEVER).sum()),
    )


def _advantage(scores: Scores, pair: Pair) -> NDArray[np.float64]:
    """Return by how many mismatches fragments fit the first allele better than the second.

    One that lies on one of them alone fits it better if the base in its middle can speak.
    """
    one, two = (scores.losses[:, row] >= NEVER for row in pair.rows)
    ahead: NDArray[np.float64] = (
        scores.trusted[:, pair.rows[1]] - scores.trusted[:, pair.rows[0]]
    )
    for is_alone, side, sign in ((~one & two, 0, 1.0), (one & ~two, 1, -1.0)):
        trusted, rows = pair.trusted[side], np.flatnonzero(is_alone)
        middles = np.clip(scores.middles[rows, pair.rows[side]], 0, len(trusted) - 1)
        ahead[rows] = np.where(trusted[middles], sign * NEVER, 0.0)
    return ahead


def _scores(
    reads: Reads, personal: Personal, params: HlaFragmentsParams, *, fewest: int
) -> Scores:
    shape = len(reads.fragments) - 1, len(personal.owners)
    scores = Scores(np.full(shape, NEVER), np.zeros(shape), np.zeros(shape, dtype=np.int64))
    room = 4, shape[1]
    desk = Desk(np.zeros(room), np.zeros(room), np.zeros(room, dtype=np.int64))
    longest = params.max_fragment_length
    score_fragments(reads, personal.genes, fewest, longest, desk, scores)
    return scores


def _rows(
    pair: Pair, side: int, counted: _Counted, personal: Personal, stretch: int
) -> pd.DataFrame:
    """Count the fragments of one allele by stretches of it."""
    row = pair.rows[side]
    firsts = personal.genes.firsts
    size = int(firsts[row + 1] - firsts[row]) if row >= 0 else 0
    starts = np.arange(0, max(size, 1), stretch)
    is_own = counted.rows == row
    none = np.empty(0, dtype=np.int64)
    within, shared = (
        np.clip(middles, 0, max(size - 1, 0)) // stretch
        for middles in (counted.middles[is_own], counted.shared.get(row, none))
    )
    sites = np.flatnonzero(pair.differs[side]) // stretch
    number = len(starts)
    return pd.DataFrame(
        {
            "gene": pair.gene,
            "allele": pair.alleles[side],
            "start": starts,
            "end": np.minimum(starts + stretch, size),
            "sites": np.bincount(sites, minlength=number),
            "fragments": np.bincount(within, minlength=number),
            "mismatches": np.bincount(
                within, weights=counted.mismatches[is_own], minlength=number
            ).astype(np.int64),
            "shared": np.bincount(shared, minlength=number),
        }
    )
