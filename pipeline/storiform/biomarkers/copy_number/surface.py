"""How well each purity and ploidy explains a biopsy, and which of them stand out."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.kernels.purity import (
    MutationEvidence,
    SegmentEvidence,
    StateRules,
    score_hypotheses,
)
from storiform.model.copies import expected_log2

Floats = npt.NDArray[np.float64]

PURITIES = np.arange(8, 100, dtype=np.float64) / 100.0
PLOIDIES = np.arange(70, 301, dtype=np.float64) / 50.0
"""The grid: .08 to .99 by .01, 1.4 to 6 by .02 (finer than the noise of a long segment)."""

_REFINED = (0.02, float(PURITIES[-1]))
"""Where refined purities lie: a little below the grid, but never above what is drawn."""

_SAME_PURITY, _SAME_PLOIDY = 0.05, 0.3
"""Two optima as near as this are one."""

_MOST_OPTIMA = 6
_STATED_PURITY_SD, _STATED_PLOIDY_SD = 0.15, 0.4
_STATED_MOST = 4.0
_DEEPEST_MOST = 12.0
"""What a deep segment can count at most: one of the germline looks the same against a panel."""
_BIAS = 0.01
"""What biases of log ratios and alleles, common to all segments, add to the interval."""
_INTERVAL = 1.92
"""ln likelihood below the best within which the purity lies in 95 %: half of 3.84."""


class Optimum(NamedTuple):
    """A purity and ploidy that explain the biopsy better than their neighbours.

    `score` is the ln likelihood less that of the best.
    """

    purity: float
    ploidy: float
    score: float


class Deepest(NamedTuple):
    """The lowest log2 ratio of a segment of enough bins, and its SD; 0 where there is none."""

    log2: float = 0.0
    sd: float = 1.0


class Stated(NamedTuple):
    """Purity and ploidy of the sample sheet; NaN where not stated."""

    purity: float = np.nan
    ploidy: float = np.nan


@dataclass(frozen=True)
class Model:
    """What explains the evidence, for any purity and ploidy."""

    segments: SegmentEvidence
    mutations: MutationEvidence
    states: StateRules
    kinds: Floats
    stated: Stated
    deepest: Deepest = field(default_factory=Deepest)

    def score(self, purities: Floats, ploidies: Floats) -> Floats:
        """Return the ln posterior of purities (g,) and their ploidies (g, h)."""
        found = score_hypotheses(
            self.segments, self.mutations, self.states, purities, np.ascontiguousarray(ploidies)
        )
        score = np.logaddexp.reduce(found + self.kinds[:, None, None], axis=0)
        for stated, sd, value in (
            (self.stated.purity, _STATED_PURITY_SD, purities[:, None]),
            (self.stated.ploidy, _STATED_PLOIDY_SD, ploidies),
        ):
            if np.isfinite(stated):
                score = score - np.minimum(0.5 * ((value - stated) / sd) ** 2, _STATED_MOST)
        # The normal cells of the biopsy keep their copies: no segment lies lower than these.
        floor = expected_log2(purities[:, None], ploidies, 0, 2)
        below = np.maximum(floor - self.deepest.log2, 0.0) / self.deepest.sd
        return np.asarray(score - np.minimum(0.5 * below**2, _DEEPEST_MOST))


@dataclass(frozen=True)
class Surface:
    """The score (g, h) of the grid, its optima, and the best score of each purity.

    `profile` (2, k) holds purities in order and their best scores less the best of all;
    `ridge` (k,) the ploidy of each.
    """

    score: Floats
    optima: tuple[Optimum, ...]
    profile: Floats
    ridge: Floats

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the purity by its profile likelihood."""
        scores = self.profile[1]
        inside = np.flatnonzero(scores > -_INTERVAL)
        low, high = int(inside[0]), int(inside[-1])
        best = self.optima[0].purity
        below = best - self._crossing(low, low - 1)
        above = self._crossing(high, high + 1) - best
        return (
            max(best - float(np.hypot(below, _BIAS)), 0.0),
            min(best + float(np.hypot(above, _BIAS)), 1.0),
        )

    @property
    def width(self) -> float:
        """Width of the stretch about the best purity that explains the data as well."""
        outside = self.profile[1] <= -_INTERVAL
        best = int(self.profile[1].argmax())
        below, above = np.flatnonzero(outside[:best]), np.flatnonzero(outside[best:])
        first = self.profile[0][below[-1] + 1 if below.size else 0]
        last = self.profile[0][best + above[0] - 1 if above.size else -1]
        return float(last - first)

    def _crossing(self, inside: int, outside: int) -> float:
        """Return the purity between two points at which the profile leaves the interval."""
        purities, scores = self.profile
        if not 0 <= outside < len(purities):
            return float(purities[inside])
        part = (scores[inside] + _INTERVAL) / max(scores[inside] - scores[outside], 1e-9)
        return float(purities[inside] + part * (purities[outside] - purities[inside]))

    def thinned(self, step: int) -> pd.DataFrame:
        """Return the grid as `CopyNumberSurface`, the best of each `step` by `step` cells."""
        rows, columns = (len(PURITIES) // step) * step, (len(PLOIDIES) // step) * step
        cells = self.score[:rows, :columns].reshape(rows // step, step, columns // step, step)
        purity, ploidy = np.meshgrid(
            PURITIES[:rows:step], PLOIDIES[:columns:step], indexing="ij"
        )
        return pd.DataFrame(
            {
                "purity": purity.ravel(),
                "ploidy": ploidy.ravel(),
                "log_likelihood": cells.max(axis=(1, 3)).ravel(),
            }
        )

    def ploidy_at(self, purity: float) -> float:
        """Return the likeliest ploidy at a purity."""
        return float(self.ridge[np.abs(self.profile[0] - purity).argmin()])


def searched_surface(model: Model) -> Surface:
    """Score the grid, refine each optimum on a finer one, and profile the purity."""
    coarse = model.score(PURITIES, np.tile(PLOIDIES, (len(PURITIES), 1)))
    peaks = [refined(model, start) for start in _peaks(coarse)]
    peaks.sort(key=lambda peak: -peak.score)
    profile, ridge = _profile(model, coarse, peaks[0])
    best = max(peaks[0].score, float(profile[1].max()))
    profile[1] -= best
    optima = tuple(
        Optimum(peak.purity, peak.ploidy, peak.score - peaks[0].score)
        for peak in distinct(peaks)
    )
    return Surface(coarse - best, optima, profile, ridge)


def _peaks(score: Floats) -> list[Optimum]:
    """Return the grid's local maxima that are distinct, best first."""
    padded = np.pad(score, 1, constant_values=-np.inf)
    rows, columns = score.shape
    is_peak = np.ones(score.shape, dtype=bool)
    for down in range(3):
        for right in range(3):
            is_peak &= score >= padded[down : down + rows, right : right + columns]
    found = np.argwhere(is_peak)
    order = np.argsort(-score[is_peak], kind="stable")[:200]
    peaks = [
        Optimum(float(PURITIES[row]), float(PLOIDIES[column]), float(score[row, column]))
        for row, column in found[order]
    ]
    return distinct(peaks)


def distinct(peaks: list[Optimum]) -> list[Optimum]:
    """Return the first of each group of neighbours, at most a few.

    Examples
    --------
    >>> near = [Optimum(0.5, 2.0, 0.0), Optimum(0.52, 2.1, -1.0), Optimum(0.3, 4.0, -3.0)]
    >>> [peak.purity for peak in distinct(near)]
    [0.5, 0.3]
    """
    kept: list[Optimum] = []
    for peak in peaks:
        is_new = all(
            abs(peak.purity - other.purity) > _SAME_PURITY
            or abs(peak.ploidy - other.ploidy) > _SAME_PLOIDY
            for other in kept
        )
        if is_new:
            kept.append(peak)
        if len(kept) == _MOST_OPTIMA:
            break
    return kept


def refined(model: Model, start: Optimum) -> Optimum:
    """Return the best point near an optimum of the grid, by two finer grids."""
    best = start
    for step in (1.0, 0.25):
        purities = np.clip(best.purity + step * np.arange(-3, 4) * 0.004, *_REFINED)
        ploidies = best.ploidy + step * np.arange(-4, 5) * 0.006
        score = model.score(purities, np.tile(ploidies, (len(purities), 1)))
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        found = Optimum(
            float(purities[row]), float(ploidies[column]), float(score[row, column])
        )
        best = max(best, found, key=lambda one: one.score)
    return best


def _profile(model: Model, coarse: Floats, best: Optimum) -> tuple[Floats, Floats]:
    """Return purities with their best scores (2, k) and the ploidies (k,) of these.

    The ridge of purity and ploidy is narrower than the grid, so each purity looks about
    its best ploidy in finer steps, and purities near the best are closer together.
    """
    # The best itself must stay, which may lie below the grid: nothing else is surely inside.
    near = np.clip(best.purity + np.arange(-15, 16) * 0.002, *_REFINED)
    purities = np.unique(np.round(np.concatenate([PURITIES, near]), 6))
    row = np.abs(purities[:, None] - PURITIES[None, :]).argmin(axis=1)
    start = PLOIDIES[coarse.argmax(axis=1)][row]
    start[np.abs(purities - best.purity) < 0.031] = best.ploidy  # noqa: PLR2004  `near`
    ploidies = start[:, None] + np.arange(-8, 9) * 0.005
    score = model.score(purities, ploidies)
    column = score.argmax(axis=1)
    rows = np.arange(len(purities))
    return np.vstack([purities, score[rows, column]]), ploidies[rows, column]
