"""RECIST 1.1: what the lesions of one assessment say, from sums of diameters to a response."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from storiform.model.params import Params

Response = Literal["CR", "PR", "SD", "PD", "NE", "non-CR/non-PD", ""]
NON_CR_NON_PD: Literal["non-CR/non-PD"] = "non-CR/non-PD"
_ROUNDING = 1e-9
"""Share of a limit that sums of decimals may be off by."""


class RecistParams(Params):
    """When lesions have responded or progressed, by RECIST 1.1 and by irRC."""

    response_percent: float = Field(
        30.0, gt=0.0, lt=100.0, description="decrease of the sum from baseline that is a PR, %"
    )
    progression_percent: float = Field(
        20.0,
        gt=0.0,
        le=1000.0,
        description="increase of the sum from its nadir that is a PD, %",
    )
    progression_mm: float = Field(
        5.0, ge=0.0, le=100.0, description="and least increase in mm that is a PD"
    )
    node_normal_mm: float = Field(
        10.0,
        ge=0.0,
        le=50.0,
        description="a lymph node with a shorter short axis (mm) is normal, no disease",
    )
    too_small_mm: float = Field(
        5.0, ge=0.0, le=10.0, description="diameter (mm) of a lesion too small to measure"
    )
    window_days: float = Field(
        7.0,
        ge=0.0,
        le=28.0,
        description="lesions measured within so many days belong to one assessment",
    )
    most_targets: int = Field(
        5, ge=1, le=100, description="target lesions of a patient; more are warned of"
    )
    most_per_organ: int = Field(
        2, ge=1, le=100, description="target lesions of an organ; more are warned of"
    )
    reappearance: Literal["PD", "PR"] = Field(
        "PD",
        description="disease after a CR: PD, as footnote a of Table 3 has it, or what the sum "
        "says, for a CR that was only a PR",
    )
    ir_response_percent: float = Field(
        50.0, gt=0.0, lt=100.0, description="decrease of the burden that is an irPR, %"
    )
    ir_progression_percent: float = Field(
        25.0,
        gt=0.0,
        le=1000.0,
        description="increase of the burden from its nadir that is an irPD, %",
    )


@dataclass(frozen=True)
class Measured:
    """A lesion at one assessment: `mm` is NaN where it was not measured."""

    mm: float
    is_node: bool


@dataclass(frozen=True)
class Limits:
    """Sums of target lesions (mm) that an assessment is compared with; NaN: there is none."""

    baseline: float
    nadir: float


def target_response(
    lesions: Collection[Measured], limits: Limits, params: RecistParams
) -> Response:
    """Judge the target lesions of one assessment.

    Parameters
    ----------
    lesions
        All target lesions of the patient, those not measured with a diameter of NaN.
    limits
        The sum at baseline and the smallest one before this assessment.

    Returns
    -------
    Response
        CR, PR, SD or PD; NE where a lesion was not measured and the others do not prove a
        PD by themselves; empty without target lesions.

    References
    ----------
    Eisenhauer et al., European Journal of Cancer 45, 228-247 (2009),
    doi:10.1016/j.ejca.2008.10.026.
    """
    if not lesions:
        return ""
    known = [lesion for lesion in lesions if not math.isnan(lesion.mm)]
    is_complete = len(known) == len(lesions)
    if is_complete and all(is_gone(lesion, params) for lesion in known):
        return "CR"
    total = sum(lesion.mm for lesion in known)
    if has_grown(total, limits.nadir, params):
        return "PD"
    if not is_complete or math.isnan(limits.baseline):
        return "NE"
    kept = 1 - params.response_percent / 100
    return "PR" if total <= limits.baseline * kept * (1 + _ROUNDING) else "SD"


def is_gone(lesion: Measured, params: RecistParams) -> bool:
    """Tell whether a lesion is no disease any more: 0 mm, or a node of normal size."""
    return lesion.mm == 0.0 or (lesion.is_node and lesion.mm < params.node_normal_mm)


def has_grown(total: float, nadir: float, params: RecistParams) -> bool:
    """Tell whether a sum (mm) is progression against the smallest one before it.

    Examples
    --------
    >>> [has_grown(total, 20.0, RecistParams()) for total in (24.0, 25.0)]
    [False, True]
    """
    if math.isnan(nadir):
        return False
    more = total - nadir
    least = nadir * params.progression_percent / 100
    return more > 0 and more >= max(least, params.progression_mm) * (1 - _ROUNDING)


def non_target_response(statuses: Iterable[str]) -> Response:
    """Judge the non-target lesions of one assessment, empty without any.

    Examples
    --------
    >>> non_target_response(["CR", "NE"]), non_target_response(["NE", "PD"])
    ('NE', 'PD')
    """
    found = set(statuses)
    if not found:
        return ""
    if "PD" in found:
        return "PD"
    if "NE" in found:
        return "NE"
    return "CR" if found == {"CR"} else NON_CR_NON_PD


def overall_response(
    target: Response, non_target: Response, *, has_new_lesion: bool
) -> Response:
    """Join what is known of one assessment, as Tables 1 and 2 of the guideline do.

    Examples
    --------
    >>> overall_response("CR", "NE", has_new_lesion=False)
    'PR'
    >>> overall_response("", "non-CR/non-PD", has_new_lesion=False)
    'non-CR/non-PD'
    """
    if has_new_lesion or "PD" in (target, non_target):
        return "PD"
    if not target:
        return non_target or "NE"
    return "PR" if target == "CR" and non_target not in ("CR", "") else target
