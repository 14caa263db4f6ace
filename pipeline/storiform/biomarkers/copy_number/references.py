"""Which reference leaves the least noise: the patient's normal, a panel, or both."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storiform.biomarkers.copy_number.correction import (
    Covariate,
    block_steps,
    fitted_variances,
    neighbour_noise,
    robust_sd,
    weighed_down,
    without_trends,
)
from storiform.biomarkers.copy_number.observations import Observations
from storiform.biomarkers.copy_number.panel import shared_noise

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Name = Literal["normal", "panel", "normal_and_panel", "tumour_only"]

_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_EVEN = 0.5
_BLOCK = 8
_FEWEST_STEPS = 50
_LOWEST_PANEL = -5.0  # log2 by the median bin of the class: next to no depth in normals


@dataclass(frozen=True)
class Rules:
    """Which bins are fit for use, and which reference is asked for."""

    wanted: str
    min_normal_reads: float
    max_spread: float


@dataclass
class References:
    """Raw log ratios of a biopsy against each reference that it has.

    `classes` are the bins on target and off it with what their depth depends on; `raw` holds
    (n,) values by name, missing where a bin is not fit; `shares` the share of the
    normal in the combination, on target and off it; `noises` what each leaves on target.
    """

    seen: Observations
    classes: list[tuple[Flags, list[Covariate]]]
    raw: dict[str, Floats]
    shares: dict[bool, float]
    noises: dict[str, float]

    @property
    def name(self) -> Name:
        """What the targets are compared with."""
        if "tumour_only" in self.raw:
            return "tumour_only"
        share = self.shares[bool(self.seen.targets.any())]
        if share in (0.0, 1.0):
            return "normal" if share else "panel"
        return "normal_and_panel"

    def corrected(self, base: Floats) -> dict[str, Floats]:
        """Return the log ratios against each, without what GC content explains over `base`."""
        return {name: _corrected(raw, base, self.classes) for name, raw in self.raw.items()}

    def ratios(self, base: Floats) -> tuple[Floats, Floats]:
        """Return the log ratios (n,) against the chosen reference, and their variances.

        `base` is the log ratio of the segment in which a bin lies: what depth departs from
        it may be due to GC content or chance.
        """
        corrected = self.corrected(base)
        share = np.where(self.seen.targets, self.shares[True], self.shares[False])
        log2 = _combined(corrected, share)
        causes = self._causes(corrected, base, share)
        variance = np.full(len(log2), np.nan)
        for of_class in (self.seen.targets, ~self.seen.targets):
            fit = of_class & np.isfinite(log2)
            if fit.any():
                rest, contigs = (log2 - base)[fit], self.seen.contigs[fit]
                variance[fit] = fitted_variances(rest, contigs, causes[fit])
        fit = np.isfinite(log2)
        variance[fit] = weighed_down((log2 - base)[fit], self.seen.contigs[fit], variance[fit])
        return log2, variance

    def _causes(self, corrected: dict[str, Floats], base: Floats, share: Floats) -> Floats:
        """Return what a variance is made of: 1, chance of the reads, spread of the panel.

        Expected reads stand for those seen: a bin that is low by chance must not be weighed
        as one that is.
        """
        seen = self.seen
        length = seen.lengths
        if "normal" in corrected and seen.normal is not None:
            ratio = np.exp2(self.raw["normal"] - corrected["normal"] + base)
            total = seen.tumour + seen.normal + 1.0
            tumour, normal = total * ratio / (1.0 + ratio), total / (1.0 + ratio)
            chance = 1.0 / (tumour + 0.5) + share**2 / (normal + 0.5)
        elif seen.panel is not None and "panel" in corrected:
            offset = self.raw["panel"] - corrected["panel"] + base
            chance = 1.0 / (np.exp2(seen.panel + offset) * length / 100.0 + 0.5)
        else:
            usual = np.median(seen.tumour / length) * length
            chance = 1.0 / (usual + 0.5)
        between = np.zeros(len(length))
        if "panel" in corrected:
            between = (1.0 - share) ** 2 * np.nan_to_num(seen.spread) ** 2
        chance = np.where(np.isfinite(chance), chance, 1.0 / (seen.tumour + 0.5))
        return np.column_stack([np.ones(len(length)), chance, between])


def references_of(seen: Observations, rules: Rules, sex: str) -> References:
    """Compare the tumour with whatever there is, and choose what leaves the least noise."""
    raw: dict[str, Floats] = {}
    classes = _covariates(seen)
    if seen.normal is not None:
        against = np.log2((seen.tumour + 0.5) / (seen.normal + 0.5))
        raw["normal"] = np.where(seen.normal >= rules.min_normal_reads, against, np.nan)
    depth = np.log2((seen.tumour + 0.5) * 100.0 / seen.lengths)
    if seen.panel is not None:
        is_fit = (seen.panel > _LOWEST_PANEL) & ~(seen.spread > rules.max_spread)
        against = depth - seen.panel
        if sex == "male":
            against = against + seen.places["contig"].eq("chrX").to_numpy(dtype=np.float64)
        raw["panel"] = _without_shared_noise(seen, np.where(is_fit, against, np.nan), classes)
    if not raw:
        # X and Y of a male are against one copy, as they are against his normal.
        against = depth + seen.sexual if sex == "male" else depth
        raw["tumour_only"] = np.where(seen.tumour > 0, against, np.nan)
    if rules.wanted in raw:
        raw = {rules.wanted: raw[rules.wanted]}
    found = References(seen, classes, raw, {True: 1.0, False: 1.0}, {})
    _choose(found)
    return found


def _without_shared_noise(
    seen: Observations, against: Floats, classes: list[tuple[Flags, list[Covariate]]]
) -> Floats:
    """Take off what the panel's own normals vary by, where the panel knows each of them."""
    if seen.panel is None or not seen.profiles.shape[1]:
        return against
    corrected = _corrected(against, np.zeros(len(against)), classes)
    deviations = seen.profiles - seen.panel[:, None]
    cleaned = against.copy()
    for of_class in (seen.targets, ~seen.targets):
        autosomal = of_class & ~seen.sexual
        cleaned[autosomal] -= shared_noise(
            corrected[autosomal], deviations[autosomal], seen.contigs[autosomal]
        )
    return cleaned


def _choose(found: References) -> None:
    """Set the share of the normal, on target and off, by the noise that each share leaves."""
    corrected = found.corrected(np.zeros(len(found.seen.contigs)))
    shares = [float(share) for share in _SHARES]
    if len(corrected) == 1:
        shares = [0.0 if "panel" in corrected else 1.0]
    for is_target in (True, False):
        of_class = found.seen.targets == is_target
        measured = {share: _noise(found.seen, corrected, share, of_class) for share in shares}
        known = {share: pair for share, pair in measured.items() if np.isfinite(pair[1])}
        best = min(known, key=lambda share: known[share][1], default=shares[0])
        found.shares[is_target] = best
        if is_target:
            between = best if 0.0 < best < 1.0 else _EVEN
            pairs = {"noise_normal": 1.0, "noise_panel": 0.0, "noise_both": between}
            found.noises = {
                name: measured.get(share, (np.nan, np.nan))[0]
                for name, share in pairs.items()
                if "tumour_only" not in corrected
            }
    if all(share in (0.0, 1.0) for share in found.shares.values()):
        used = {"normal" if share else "panel" for share in found.shares.values()}
        found.raw = {name: raw for name, raw in found.raw.items() if name in used} or found.raw


def _noise(
    seen: Observations, corrected: dict[str, Floats], share: float, of_class: Flags
) -> tuple[float, float]:
    """Return the noise between neighbouring bins of a class, and what it is chosen by.

    That is the noise between means of eight bins: it holds the noise that reaches beyond a
    bin, from which segments suffer more. With few bins it is that between neighbours.
    """
    log2 = _combined(corrected, np.full(len(of_class), share))
    fit = of_class & np.isfinite(log2)
    near = neighbour_noise(log2[fit], seen.contigs[fit])
    steps = block_steps(log2[fit], seen.contigs[fit], _BLOCK)
    return near, robust_sd(steps) if len(steps) >= _FEWEST_STEPS else near


def _combined(corrected: dict[str, Floats], share: Floats) -> Floats:
    """Return the mean of both log ratios, or the one that there is."""
    if len(corrected) == 1:
        return next(iter(corrected.values()))
    normal, panel = corrected["normal"], corrected["panel"]
    both = share * normal + (1.0 - share) * panel
    both = np.where(np.isfinite(panel) | (share == 0), both, normal)
    return np.where(np.isfinite(normal) | (share == 1), both, panel)


def _covariates(seen: Observations) -> list[tuple[Flags, list[Covariate]]]:
    """Return the classes of bins, each with what its depth depends on."""
    values = list(seen.covariates.values())
    classes = (seen.targets, ~seen.targets)
    return [(of_class, [Covariate(one[of_class]) for one in values]) for of_class in classes]


def _corrected(
    raw: Floats, base: Floats, classes: list[tuple[Flags, list[Covariate]]]
) -> Floats:
    """Return log ratios without what covariates explain over `base`, class by class."""
    found = raw.copy()
    for of_class, covariates in classes:
        found[of_class] = without_trends(raw[of_class], base[of_class], covariates)
    return found
