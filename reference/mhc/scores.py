# ruff: noqa: INP001  a recipe beside its result, in no package
"""How good predictions are: AUROC, Spearman, PPV, and paired bootstraps of differences."""

import numpy as np
from scipy.stats import rankdata


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the ROC curve, NaN where one class is missing."""
    truth = np.asarray(truth, bool)
    positives, negatives = truth.sum(), (~truth).sum()
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)[truth].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def spearman(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the correlation of ranks, NaN where there are fewer than three."""
    if len(truth) < 3:  # noqa: PLR2004  two points always correlate
        return float("nan")
    return float(np.corrcoef(rankdata(truth), rankdata(score))[0, 1])


def ppv(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the share of hits among as many best scores as there are hits."""
    truth = np.asarray(truth, bool)
    best = np.argsort(-np.asarray(score, float), kind="stable")[: truth.sum()]
    return float(truth[best].mean())


def auroc_difference(
    truth: np.ndarray, one: np.ndarray, other: np.ndarray, groups: np.ndarray, seed: int = 1
) -> tuple[float, float, float]:
    """Return AUROC(one) - AUROC(other) with its 95 % interval, 1,000 bootstraps of groups.

    `groups` (n,) holds the number of the cluster (of like peptides) of each row; whole
    clusters are drawn, the same for both predictors.
    """
    truth = np.asarray(truth, bool)
    rng = np.random.default_rng(seed)
    count = groups.max() + 1
    drawn = []
    orders = [np.argsort(score, kind="stable") for score in (one, other)]
    values = [score[order] for score, order in zip((one, other), orders, strict=True)]
    for _ in range(1000):
        weight = np.bincount(rng.integers(0, count, count), minlength=count)[groups]
        areas = [
            _weighted(truth[order], value, weight[order])
            for order, value in zip(orders, values, strict=True)
        ]
        drawn.append(areas[0] - areas[1])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return auroc(truth, one) - auroc(truth, other), float(low), float(high)


def _weighted(truth: np.ndarray, score: np.ndarray, weight: np.ndarray) -> float:
    """Return the AUROC of weighted rows that are sorted by score; ties count half."""
    first = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])
    hits = np.add.reduceat(weight * truth, first)
    misses = np.add.reduceat(weight * ~truth, first)
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / (hits.sum() * misses.sum()))
