"""irRC: tumour burden of products of two diameters, with new lesions added to it.

Only bidimensional measurements make irRC. The form with one diameter is another criterion,
irRECIST, and is not taken for it.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from storiform.statistics.recist import Limits, RecistParams

SMALLEST_NEW_MM = 5.0
"""A new lesion smaller than this in either diameter is not measurable, and not added."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Area:
    """A lesion by two diameters (mm): NaN where one is not known; `is_gone`: no disease."""

    longest: float
    perpendicular: float
    is_gone: bool = False
    is_new: bool = False

    @property
    def product_mm2(self) -> float:
        """The product of the diameters, 0 of a new lesion too small to be measurable."""
        diameters = (self.longest, self.perpendicular)
        is_small = any(diameter < SMALLEST_NEW_MM for diameter in diameters)
        if self.longest == 0.0 or (self.is_new and is_small):
            return 0.0
        return self.longest * self.perpendicular


def burden(areas: Iterable[Area]) -> float:
    """Add up a patient's lesions (mm^2), index and new ones; NaN where one is not known."""
    return math.fsum(area.product_mm2 for area in areas)


def ir_response(
    areas: Collection[Area], limits: Limits, params: RecistParams, *, are_others_gone: bool
) -> str:
    """Judge one assessment: irCR, irPR, irSD, irPD or NE.

    Parameters
    ----------
    areas
        Index lesions and new measurable ones.
    limits
        The burden at baseline and the smallest one before, mm^2.
    are_others_gone
        Whether the lesions that are followed by eye alone, old and new, are gone too.

    Notes
    -----
    A lymph node below the size of RECIST 1.1 counts as gone; WHO's criteria, on which irRC
    stand, know no such size, and by them no patient with nodes could reach an irCR.

    References
    ----------
    Wolchok et al., Clinical Cancer Research 15, 7412-7420 (2009),
    doi:10.1158/1078-0432.CCR-09-1624.
    """
    total = burden(areas)
    if math.isnan(total) or math.isnan(limits.baseline):
        return "NE"
    if are_others_gone and all(area.is_gone for area in areas):
        return "irCR"
    more = total - limits.nadir
    growth = limits.nadir * params.ir_progression_percent / 100
    if more > 0 and more >= growth * (1 - _ROUNDING):
        return "irPD"
    kept = 1 - params.ir_response_percent / 100
    return "irPR" if total <= limits.baseline * kept * (1 + _ROUNDING) else "irSD"
