"""The HLA alleles of class I that the reads of one sample tell."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.biomarkers.hla.allele_names import AlleleNames, PriorRules, allele_names
from storiform.biomarkers.hla.evidence import Evidence, evidence
from storiform.biomarkers.hla.layouts import Layouts, lay_out
from storiform.biomarkers.hla.mixture import Candidates, Pairs, Rules, solve
from storiform.biomarkers.hla.placed_reads import TYPED, PlacedReads, place_reads
from storiform.kernels.hla_mixture import weigh_losses
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import HlaAlleles, HlaReference
from storiform.model.params import Fraction, Params
from storiform.model.tables.hla import HLA_CALLS, HlaCalls, HlaSequences

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAY_BE_NEW = "it may be an allele that the release lacks"
"""What is said of a call whose reads have bases that no allele has."""
_SAME = 0.5
"""Nats by which the reads cannot tell two alleles apart."""
_MOST_NAMES = 20


class HlaTypingParams(Params):
    """How the alleles of a sample are told."""

    max_fragments: int = Field(
        40_000, ge=1_000, le=1_000_000, description="fragments that are compared to the exons"
    )
    min_columns: int = Field(
        40, ge=16, le=500, description="bases of exons on which the reads of a fragment lie"
    )
    max_mismatches: Fraction = Field(
        0.04,
        description="mismatches with the best allele, a base; 1.5 are always allowed",
    )
    max_gene_fragments: int = Field(
        2_500, ge=100, le=100_000, description="fragments of a gene from which it is typed"
    )
    min_fragments: int = Field(
        10,
        ge=1,
        le=10_000,
        description="fragments that fit a gene better than all others, below which it is not "
        "typed",
    )
    cap: float = Field(
        12.0,
        ge=2.0,
        le=30.0,
        description="nats by which one fragment may speak against an allele at most",
    )
    heterozygote_penalty: float = Field(
        4.0, ge=0.0, le=100.0, description="nats that a second allele must explain"
    )
    min_minor_share: Fraction = Field(
        0.1, description="share of own fragments that the rarer of two alleles has at least"
    )
    listing_weight: float = Field(
        0.5,
        ge=0.0,
        le=2.0,
        description="weight of the logarithm of how many alleles of the release have the same "
        "two fields, which stands in for how frequent they are",
    )
    unexpressed_penalty: float = Field(
        6.0, ge=0.0, le=100.0, description="nats against alleles with a suffix, such as N"
    )
    imputed_penalty: float = Field(
        2.0, ge=0.0, le=100.0, description="nats against alleles that a release gives in part"
    )
    unlisted_penalty: float = Field(
        8.0,
        ge=0.0,
        le=100.0,
        description="nats against introns that the release does not list for an allele",
    )
    score_scale: float = Field(
        1.0,
        ge=0.1,
        le=1.0,
        description="share of the log likelihood that counts for the posterior: fragments are "
        "not quite independent of each other",
    )
    sure: Fraction = Field(0.9, description="posterior below which a call is named doubtful")


def hla_calls(
    hla_sequences: HlaSequences, hla_reference: HlaAlleles, params: HlaTypingParams
) -> HlaCalls:
    """Tell the alleles of HLA-A, B and C from the reads of a sample.

    Words of sixteen bases place each read on exons; its likelihood under each allele follows
    from mismatches and their qualities. The alleles of all genes are those that together
    explain the fragments best; pseudogenes are always there to explain theirs.

    Parameters
    ----------
    hla_sequences
        Reads that look like HLA genes.
    hla_reference
        All known alleles.
    params
        Thresholds and priors.

    Returns
    -------
    HlaCalls
        Two rows for each gene: its alleles, or why it is not typed.

    References
    ----------
    Szolek et al., Bioinformatics 30, 3310-3316 (2014), doi:10.1093/bioinformatics/btu548.
    Shukla et al., Nature Biotechnology 33, 1152-1158 (2015), doi:10.1038/nbt.3344.
    """
    layouts = lay_out(hla_reference)
    limits = (params.min_columns, params.max_mismatches)
    placed = place_reads(hla_sequences, layouts, params.max_fragments, limits)
    names = _names(hla_reference, layouts, params)
    fair = placed.taken(_fair(placed, params))
    genes = [_candidates(fair, gene, names[gene], params) for gene in range(TYPED)]
    decoys = 0.5 * np.exp(-np.minimum(fair.decoy - fair.best, params.cap))
    rules = Rules(
        params.cap, params.heterozygote_penalty, params.min_minor_share, params.min_fragments
    )
    pairs = solve(genes, decoys, rules)
    calls = {
        gene: _call(found, names[gene], params.score_scale)
        for gene, found in enumerate(pairs)
        if found is not None
    }
    sequences = {
        gene: layouts.sequence_of[CLASS_I[gene]][:, [call.first, call.second]]
        for gene, call in calls.items()
    }
    told = evidence(placed, sequences)
    rows: list[dict[str, object]] = []
    for gene, name in enumerate(CLASS_I):
        fragments = told[gene][0].fragments if gene in calls else _led(placed, gene)
        if gene in calls and fragments >= params.min_fragments:
            rows += _rows(name, calls[gene], told[gene], params)
        else:
            rows += _not_typed(name, fragments)
    return pd.DataFrame(rows, columns=list(HLA_CALLS.columns))


@dataclass(frozen=True, eq=False)
class _Call:
    """The alleles of a gene, and what else they could be; see `HLA_CALLS`."""

    names: AlleleNames
    first: int
    second: int
    posterior: float
    next_best: tuple[str, ...]
    next_posterior: float
    also: tuple[str, str]
    rival: str


def _names(
    reference: HlaReference, layouts: Layouts, params: HlaTypingParams
) -> list[AlleleNames]:
    rules = PriorRules(
        params.listing_weight,
        params.unexpressed_penalty,
        params.imputed_penalty,
        params.unlisted_penalty,
    )
    return [allele_names(reference, layouts, gene, rules) for gene in CLASS_I]


def _fair(placed: PlacedReads, params: HlaTypingParams) -> Ints:
    """Choose the fragments that may tell a gene's alleles, of each gene at most so many."""
    ahead = placed.least[:, :TYPED]
    leader = np.where(placed.decoy < ahead.min(axis=1), TYPED, ahead.argmin(axis=1))
    is_near = ahead.min(axis=1) - placed.best < params.cap
    rows = [
        np.flatnonzero(is_near & (leader == gene))[: params.max_gene_fragments]
        for gene in range(TYPED + 1)
    ]
    return np.sort(np.concatenate(rows))


def _candidates(
    placed: PlacedReads, gene: int, names: AlleleNames, params: HlaTypingParams
) -> Candidates:
    best = placed.best
    is_near = placed.least[:, gene] - best < params.cap
    rows = np.flatnonzero(is_near & (_led(placed, gene) >= params.min_fragments))
    sequences = placed.layouts.sequence_of[CLASS_I[gene]]
    chances = placed.losses(gene, rows, sequences)
    weigh_losses(chances, best[rows], params.cap)
    return Candidates(rows, chances, names.prior)


def _led(placed: PlacedReads, gene: int) -> int:
    """Return how many fragments fit one gene better than any other."""
    others = np.delete(placed.least, gene, axis=1).min(axis=1)
    return int((placed.least[:, gene] < others).sum())


def _call(pairs: Pairs, names: AlleleNames, scale: float) -> _Call:
    """Sum the chances of pairs by the names of their alleles."""
    scores = scale * (pairs.scores - pairs.scores.max())
    weights = np.exp(np.maximum(scores, -60.0))
    weights[~np.isfinite(pairs.scores)] = 0.0
    chances: dict[tuple[str, ...], float] = {}
    for i, j in zip(*np.nonzero(weights > 0.0), strict=True):
        both = tuple(sorted((names.names[pairs.pool[i]], names.names[pairs.pool[j]])))
        chances[both] = chances.get(both, 0.0) + float(weights[i, j])
    total = sum(chances.values())
    own = sorted((pairs.first, pairs.second), key=lambda row: names.names[row])
    best = tuple(names.names[row] for row in own)
    rest = sorted((-chance, both) for both, chance in chances.items() if both != best)
    is_turned = own[0] != pairs.first
    partners = pairs.partners[::-1] if is_turned else pairs.partners
    return _Call(
        names,
        own[0],
        own[1],
        chances[best] / total,
        rest[0][1] if rest else (),
        -rest[0][0] / total if rest else 0.0,
        (_also(names, own[0], partners[0]), _also(names, own[1], partners[1])),
        names.names[pairs.rival] if pairs.rival >= 0 else "",
    )


def _also(names: AlleleNames, own: int, scores: Floats) -> str:
    """Name what the reads cannot tell from an allele in its place."""
    alike = set(names.shared[own])
    for row in np.flatnonzero(scores >= scores[own] - _SAME):
        alike |= names.shared[row]
    alike.discard(names.names[own])
    return ";".join(f"HLA-{name}" for name in sorted(alike)[:_MOST_NAMES])


def _rows(
    gene: str, call: _Call, told: tuple[Evidence, ...], params: HlaTypingParams
) -> list[dict[str, object]]:
    rows = []
    for copy, (row, seen) in enumerate(zip((call.first, call.second), told, strict=True)):
        rows.append(
            {
                "gene": gene,
                "copy": copy + 1,
                "allele": f"HLA-{call.names.names[row]}",
                "full_name": call.names.full_names[row],
                "also_fits": call.also[copy],
                "posterior": call.posterior,
                "second_best": ";".join(f"HLA-{name}" for name in call.next_best),
                "second_posterior": call.next_posterior,
                "fragments": seen.fragments,
                "own_fragments": seen.own_fragments,
                "mismatch_rate": seen.mismatch_rate,
                "limits": _limits(call, seen, params),
                "reason": "",
            }
        )
    return rows


def _limits(call: _Call, seen: Evidence, params: HlaTypingParams) -> str:
    limits = []
    if call.posterior < params.sure:
        limits.append(f"posterior below {params.sure:g}")
    if seen.new_places:
        places = "base" if seen.new_places == 1 else "bases"
        limits.append(
            f"its reads differ from it at {seen.new_places} {places} of its exons: {MAY_BE_NEW}"
        )
    if call.rival:
        limits.append(
            f"a few reads are of HLA-{call.rival}: contamination, or an allele that is "
            "lost or hardly expressed"
        )
    return "; ".join(limits)


def _not_typed(gene: str, fragments: int) -> list[dict[str, object]]:
    noun = "fragment" if fragments == 1 else "fragments"
    told = {
        "gene": gene, "allele": None, "full_name": "", "also_fits": "", "posterior": np.nan,
        "second_best": "", "second_posterior": np.nan, "fragments": fragments,
        "own_fragments": 0, "mismatch_rate": np.nan, "limits": "",
        "reason": f"not typed: {fragments} {noun}",
    }  # fmt: skip
    return [{**told, "copy": copy} for copy in (1, 2)]
