"""The pairs of alleles of several genes that together explain fragments best."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.kernels.hla_mixture import score_pairs, score_partners

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

_STARTS, _FOLLOWED, _ROUNDS, _SWEEPS = 20, 12, 5, 5
_DECIDES = 3.0
"""By so many nats a fragment fits an allele better than another to be its own."""
BARRED = -40.0
"""Prior, nats, of an allele that reads of a pseudogene look like."""
_LOOK_ALIKE = 0.1
"""Share of an allele's fragments below which that fit no decoy as well it is left out."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Alleles of one gene, and the fragments that one of them may explain.

    Parameters
    ----------
    fragments
        int64 (m,), which of all fragments.
    chances
        float32 (m, alleles), probability relative to the best allele of any gene.
    prior
        float64 (alleles,), nats.
    """

    fragments: Ints
    chances: Singles
    prior: Floats


class Rules(NamedTuple):
    """How pairs are chosen.

    Parameters
    ----------
    cap
        By so many nats an allele may at most be too unlikely for one fragment.
    heterozygote_penalty
        Nats that a second allele must explain.
    min_minor_share
        Share of the fragments of a heterozygous gene's alleles that are the rarer one's.
    min_fragments
        Fragments of a gene below which it is not typed.
    """

    cap: float
    heterozygote_penalty: float
    min_minor_share: float
    min_fragments: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """What was found for one gene.

    Parameters
    ----------
    first, second
        The two alleles; alike where one explains all.
    pool
        int64 (k,), the alleles that were compared in pairs.
    scores
        float64 (k, k), of the pairs (i, j), i <= j, with priors, nats; else -inf.
    partners
        float64 (2, alleles), of each allele in the place of the first and of the second,
        without priors.
    rival
        A second allele that too few fragments speak for, -1 where there is none.
    rival_share
        Their share.
    """

    first: int
    second: int
    pool: Ints
    scores: Floats
    partners: Floats
    rival: int = -1
    rival_share: float = 0.0


def solve(genes: list[Candidates], decoys: Floats, rules: Rules) -> list[Pairs | None]:
    """Find for all genes together the alleles that explain the fragments best.

    The likelihood is the product over fragments of
    ``decoy + e^-cap + sum over genes of (P(a1) + P(a2)) / 2``. One gene after another is
    solved given the others, until nothing changes.

    Parameters
    ----------
    genes
        The alleles of each gene.
    decoys
        float64 (n,), what decoys explain of each fragment.
    rules
        How pairs are chosen.

    Returns
    -------
    list
        The pairs of each gene, None where too few fragments are its own.
    """
    floor = decoys + np.exp(-rules.cap)
    shares = [_spread(gene, 0.5 * gene.chances.max(axis=1, initial=0.0), len(decoys))
              for gene in genes]  # fmt: skip
    found: list[Pairs | None] = [None] * len(genes)
    is_open = [len(gene.fragments) >= rules.min_fragments for gene in genes]
    genes = [_without_look_alikes(gene, decoys) for gene in genes]
    for _ in range(_SWEEPS):
        before = [pairs and (pairs.first, pairs.second) for pairs in found]
        for number, gene in enumerate(genes):
            if not is_open[number]:
                continue
            others = [share for k, share in enumerate(shares) if k != number]
            rest = (floor + np.sum(others, axis=0))[gene.fragments]
            pairs = best_pairs(gene, rest, rules, found[number])
            both = gene.chances[:, [pairs.first, pairs.second]].mean(axis=1, dtype=np.float64)
            shares[number] = _spread(gene, both, len(decoys))
            found[number] = pairs
        if before == [pairs and (pairs.first, pairs.second) for pairs in found]:
            break
    return found


def best_pairs(gene: Candidates, rest: Floats, rules: Rules, start: Pairs | None) -> Pairs:
    """Find the pairs of alleles of one gene that explain best what nothing else does.

    Parameters
    ----------
    gene
        Its alleles.
    rest
        float64 (m,), what else explains the fragments.
    rules
        How pairs are chosen.
    start
        What was found before; None the first time, when the search begins at the alleles
        that alone explain most.
    """
    search = _Search(gene, rest)
    if start is None:
        alone = _partners(gene.chances, rest, 1.0) + gene.prior
        for allele in np.argsort(-alone, kind="stable")[:_STARTS]:
            search.climb(int(allele))
    else:
        search.pool.update(start.pool[np.isfinite(start.scores).any(axis=0)].tolist())
        search.climb(start.first)
        search.climb(start.second)
    pool, scores = search.scores(rules.heterozygote_penalty)
    i, j = np.unravel_index(int(np.argmax(scores)), scores.shape)
    first, second = int(pool[i]), int(pool[j])
    rival, share = -1, 0.0
    if first != second:
        own = _own(gene.chances[:, [first, second]].astype(np.float64), rest)
        share = float(own.min() / own.sum()) if own.sum() else 0.0
        if share < rules.min_minor_share:
            scores = np.where(np.eye(len(pool), dtype=bool), scores, -np.inf)
            winner = int(pool[int(np.argmax(np.diag(scores)))])
            rival = (first, second)[int(np.argmin(own))]
            first = second = winner
    partners = np.stack([search.beside(second), search.beside(first)])
    return Pairs(first, second, pool, scores, partners, rival, share if rival >= 0 else 0.0)


class _Search:
    """The alleles of one gene that were looked at, and how well each goes with another."""

    def __init__(self, gene: Candidates, rest: Floats) -> None:
        self._gene, self._rest = gene, rest
        self._done: dict[int, Floats] = {}
        self.pool: set[int] = set()

    def beside(self, allele: int) -> Floats:
        """Return the score of each allele as the partner of one, without priors."""
        if allele not in self._done:
            rest = self._rest + 0.5 * self._gene.chances[:, allele]
            self._done[allele] = _partners(self._gene.chances, rest, 0.5)
        return self._done[allele]

    def climb(self, allele: int) -> None:
        """Go from an allele to its best partner, from that to its own, and so on."""
        for _ in range(_ROUNDS):
            self.pool.add(allele)
            if allele in self._done:
                return
            scores = self.beside(allele) + self._gene.prior
            best = np.argsort(-scores, kind="stable")[:_FOLLOWED]
            self.pool.update(best.tolist())
            allele = int(best[0])

    def scores(self, penalty: float) -> tuple[Ints, Floats]:
        """Return the pool, and the scores of its pairs with priors; see `Pairs`."""
        pool = np.array(sorted(self.pool), dtype=np.int64)
        sums = np.zeros((len(pool), len(pool)))
        chances = np.ascontiguousarray(self._gene.chances[:, pool])
        score_pairs(chances, self._rest, np.ones(len(pool)), sums)
        prior = self._gene.prior[pool]
        sums += prior[:, np.newaxis] + prior - penalty * (1.0 - np.eye(len(pool)))
        return pool, np.where(np.tri(len(pool), dtype=bool).T, sums, -np.inf)


def _partners(chances: Singles, rest: Floats, share: float) -> Floats:
    sums = np.zeros(chances.shape[1])
    score_partners(chances, np.asarray(rest, dtype=np.float64), share, np.ones(len(sums)), sums)
    return sums


def _own(chances: Floats, rest: Floats) -> Floats:
    """Return how many fragments are each of two alleles' own, as far as they are the gene's."""
    ratio = np.log(chances[:, 0]) - np.log(chances[:, 1])
    explained = chances.mean(axis=1)
    weight = explained / (rest + explained)
    return np.array([weight[ratio > _DECIDES].sum(), weight[ratio < -_DECIDES].sum()])


def _without_look_alikes(gene: Candidates, decoys: Floats) -> Candidates:
    """Bar alleles of whose fragments hardly any fits them better than a decoy."""
    fits = gene.chances > np.exp(-_DECIDES)
    is_own = gene.chances > np.exp(_DECIDES) * 2.0 * decoys[gene.fragments, np.newaxis]
    own, all_of = (fits & is_own).sum(axis=0), fits.sum(axis=0)
    prior = np.where(own < _LOOK_ALIKE * all_of, gene.prior + BARRED, gene.prior)
    return replace(gene, prior=prior)


def _spread(gene: Candidates, values: Floats | Singles, fragments: int) -> Floats:
    spread = np.zeros(fragments)
    spread[gene.fragments] = values
    return spread
