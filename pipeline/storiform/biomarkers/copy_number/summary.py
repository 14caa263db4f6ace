"""One row that tells of a fit: purity, ploidy, how much is altered, and what limits it."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.biomarkers.copy_number.evidence import Evidence, autosome_weights
from storiform.biomarkers.copy_number.states import called_sd
from storiform.biomarkers.copy_number.surface import Stated, Surface
from storiform.model.copies import expected_log2, write_alternatives

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_DOUBLED = 0.5
_FEWEST_SNPS = 100
_FEWEST_MUTATIONS = 10
_LOW_PURITY = 0.2
_MOST_LISTED = 8.0
_FEWEST_KNOWN = 0.5
"""Share of the genome of which the minor copies must be known to speak of all of it."""
_MANY_SUBCLONAL = 0.3
_FEW_PLACES = "few places with two alleles"
_SURELY_LOWER = 4.0
_LOW_BINS = 3
"""By how many SD, in how many bins, a segment lies lower than without any copy."""
_OF_GERMLINE = 3
"""Segments that may be lost in the germline, which only the patient's own normal takes off."""


@dataclass(frozen=True)
class Answer:
    """What is known of purity and ploidy; NaN where it is not.

    `alternatives` are purity, ploidy and the ln likelihood less that of the best.
    """

    purity: float = np.nan
    ploidy: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    alternatives: tuple[tuple[float, float, float], ...] = ()
    is_ambiguous: bool = False
    wgd: bool | None = None
    sex: str = ""
    reference: str = ""
    method: str = "thresholds"
    limits: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        quality: pd.DataFrame | None,
        stated_sex: pd.DataFrame | None,
        given_fit: pd.DataFrame | None,
    ) -> Self:
        """Return what is known before a fit: sex, reference, and another program's fit."""
        told = _text(quality, "limits").split(";")
        answer = cls(
            sex=_text(quality, "sex") or _text(stated_sex, "sex"),
            reference=_text(quality, "reference"),
            limits=tuple(part.strip() for part in told if part.strip()),
        )
        if given_fit is None or given_fit.empty:
            return answer
        row = given_fit.iloc[0]
        purity, ploidy = float(row["purity"]), float(row["ploidy"])
        tool = _text(given_fit, "tool") or "another program"
        if not (0.0 < purity <= 1.0 and ploidy > 0.0):
            return answer.limited(f"{tool} gives no purity and ploidy: they are our own")
        wgd = None if pd.isna(row["wgd"]) else bool(row["wgd"])
        return replace(answer, purity=purity, ploidy=ploidy, wgd=wgd)

    @property
    def is_given(self) -> bool:
        """Whether a purity and ploidy are known."""
        return bool(np.isfinite(self.purity) and np.isfinite(self.ploidy))

    def limited(self, *limits: str) -> Self:
        """Return this with further limits, none of them twice."""
        return replace(self, limits=tuple(dict.fromkeys((*self.limits, *limits))))

    def fitted(
        self, surface: Surface, stated: Stated, rules: tuple[float, float, float]
    ) -> Self:
        """Return the best optimum, or a limit where the surface does not tell.

        `rules` are the widest interval, the least purity, and the distance within which a
        second optimum makes the fit ambiguous.
        """
        widest, least, distance = rules
        best, others = surface.optima[0], surface.optima[1:]
        lower, upper = surface.interval
        purity, ploidy, limits = best.purity, best.ploidy, list(self.limits)
        if surface.width > widest or upper - lower > 2.0 * widest:
            if not np.isfinite(stated.purity):
                reason = f"purity cannot be told: from {lower:.2f} to {upper:.2f} fits as well"
                return replace(self, lower=lower, upper=upper, limits=(*limits, reason))
            purity = float(np.clip(stated.purity, lower, upper))
            ploidy = surface.ploidy_at(purity)
            limits.append("purity is the stated one: the data do not tell")
        if purity < least:
            reason = f"purity cannot be told: below {least:.2f}, or nothing of a tumour"
            return replace(self, lower=lower, upper=upper, limits=(*limits, reason))
        close = tuple(other for other in others if other.score > -_MOST_LISTED)
        is_ambiguous = any(other.score > -distance for other in others)
        if is_ambiguous:
            limits.append("another purity and ploidy explain the data as well")
        return replace(
            self,
            purity=purity,
            ploidy=ploidy,
            lower=lower,
            upper=upper,
            alternatives=close,
            is_ambiguous=is_ambiguous,
            method="fitted",
            limits=tuple(limits),
        )


def with_limits(answer: Answer, evidence: Evidence, mutations: int) -> Answer:
    """Return the answer with what the data lack, in words."""
    limits = []
    snps = int(evidence.snps.sum())
    if snps < _FEWEST_SNPS:
        # The log ratios' own words for it say the same.
        kept = tuple(one for one in answer.limits if not one.startswith(_FEW_PLACES))
        answer = replace(answer, limits=kept)
        only = f"only {snps} places with two alleles"
        limits.append(
            only if snps else "no places with two alleles: minor copies are not known"
        )
    if mutations < _FEWEST_MUTATIONS and not answer.is_given:
        limits.append(f"few mutations ({mutations}) that could tell of purity")
    if np.isnan(evidence.normal).any():
        limits.append("sex not known: X and Y have no copies")
    if answer.purity < _LOW_PURITY:
        limits.append("low purity: single copies and deletions are hard to tell")
    return answer.limited(*limits)


def doubted(answer: Answer, evidence: Evidence) -> Answer:
    """Return the answer, in doubt where segments lie lower than its purity allows.

    The normal cells of a biopsy keep their copies. A panel has those that a patient lacks by
    birth: against it a few segments alone leave no doubt of the purity.
    """
    if not answer.is_given:
        return answer
    floor = float(expected_log2(answer.purity, answer.ploidy, 0, 2))
    bins = evidence.segments["bins"].to_numpy(dtype=np.int64)
    is_low = (evidence.weight > 0.0) & (bins >= _LOW_BINS)
    is_low &= evidence.log2 + _SURELY_LOWER * called_sd(evidence) < floor
    if not is_low.any():
        return answer
    limit = (
        "segments lie lower than any copies allow at this purity: a wrong purity, or tumour "
        "and normal swapped"
    )
    is_panel = answer.reference in {"panel", "normal_and_panel", "tumour_only"}
    if is_panel and is_low.sum() <= _OF_GERMLINE:
        return answer.limited(f"{limit}, or lost in the germline")
    return replace(answer.limited(limit), is_ambiguous=True)


def fit_table(answer: Answer, segments: pd.DataFrame) -> pd.DataFrame:
    """Return the row of `CopyNumberFit`."""
    total, minor = (
        segments[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("total", "minor")
    )
    weight = autosome_weights(segments)
    is_known = ~np.isnan(total)
    is_lost = (minor == 0) & is_known
    altered = (total != _basic_copies(answer.ploidy)) | is_lost
    subclonal = _share(segments["is_subclonal"].to_numpy(dtype=bool), is_known, weight)
    limits = list(answer.limits)
    if subclonal > _MANY_SUBCLONAL and answer.method == "fitted":
        limits.append(f"{subclonal:.0%} of the genome fits no whole copies")
    wgd = answer.wgd
    # Without places of two alleles the minor copies are known where a copy is lost, only there.
    has_minor = weight[~np.isnan(minor)].sum() >= _FEWEST_KNOWN * weight[is_known].sum() > 0
    if wgd is None and has_minor:
        doubled = total - minor >= 2  # noqa: PLR2004  copies of the major allele
        wgd = _share(doubled, ~np.isnan(minor), weight) > _DOUBLED
    return pd.DataFrame(
        {
            "purity": [answer.purity],
            "purity_lower": [answer.lower],
            "purity_upper": [answer.upper],
            "ploidy": [answer.ploidy],
            "is_ambiguous": [answer.is_ambiguous],
            "alternatives": [write_alternatives(answer.alternatives)],
            "wgd": pd.array([wgd], dtype="boolean"),
            "fraction_altered": [_share(altered, is_known, weight)],
            "fraction_loh": [
                _share(is_lost, ~np.isnan(minor), weight) if has_minor else np.nan
            ],
            "fraction_subclonal": [subclonal],
            "breakpoints": [max(len(segments) - segments["contig"].nunique(), 0)],
            "sex": [answer.sex],
            "reference": [answer.reference],
            "method": [answer.method],
            "limits": ["; ".join(limits)],
        }
    )


def _basic_copies(ploidy: float) -> float:
    return max(float(np.rint(ploidy)), 1.0) if np.isfinite(ploidy) else 2.0


def _share(flags: Flags, known: Flags, weight: Floats) -> float:
    """Return the share of the autosomes with a flag, among those where it is known."""
    of_known = float(weight[known].sum())
    return float(weight[flags & known].sum()) / of_known if of_known > 0.0 else np.nan


def _text(table: pd.DataFrame | None, column: str) -> str:
    if table is None or table.empty or pd.isna(table[column].iloc[0]):
        return ""
    return str(table[column].iloc[0])
