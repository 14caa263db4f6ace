"""Simon's two-stage designs of a phase II trial, exact by enumeration."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from storiform.model.errors import InputError, fault

Floats = npt.NDArray[np.float64]


class SimonDesign(NamedTuple):
    """A two-stage design.

    After `n1` patients the trial stops where `r1` or fewer responded; after `n` the
    treatment is of interest where more than `r` did. `expected_n` (patients) and
    `stop_probability` are those of a treatment with the response rate `p0`; `alpha` and
    `power` are exact.
    """

    n1: int
    r1: int
    n: int
    r: int
    expected_n: float
    stop_probability: float
    alpha: float
    power: float


class SimonDesigns(NamedTuple):
    """The design of the smallest expected size under p0, and that of the smallest size."""

    optimal: SimonDesign
    minimax: SimonDesign


class _Question(NamedTuple):
    """What a design must tell apart, and how surely."""

    p0: float
    p1: float
    alpha: float
    power: float


def simon_designs(
    p0: float, p1: float, alpha: float = 0.05, power: float = 0.8, max_n: int = 100
) -> SimonDesigns:
    """Find the optimal and the minimax two-stage design by looking at all of them.

    Parameters
    ----------
    p0, p1
        Response rates: one of no interest, and a higher one that must not be missed.
    alpha, power
        Largest probability to find a treatment with rate `p0` of interest, one-sided, and
        smallest to find one with rate `p1` so.
    max_n
        Largest number of patients of both stages together.

    Returns
    -------
    SimonDesigns
        Among the optimal designs the smallest one, among the minimax designs that of the
        smallest expected size under `p0`; `r` is the smallest that keeps `alpha`.

    Raises
    ------
    InputError
        If the rates or errors leave nothing to test, or no design is as small as `max_n`.

    References
    ----------
    Simon, Controlled Clinical Trials 10, 1-10 (1989), doi:10.1016/0197-2456(89)90015-9.

    Examples
    --------
    >>> simon_designs(0.05, 0.20, alpha=0.05, power=0.90).optimal[:4]
    (21, 1, 41, 4)
    """
    question = _Question(p0, p1, alpha, power)
    _refuse_nonsense(question, max_n)
    optimal: SimonDesign | None = None
    minimax: SimonDesign | None = None
    for n in range(2, max_n + 1):
        most = np.flatnonzero(special.bdtrc(np.arange(n), n, p1) >= power)
        if len(most) == 0:
            continue
        for n1 in range(1, n):
            is_larger = minimax is not None and n > minimax.n
            best = optimal.expected_n if optimal is not None and is_larger else np.inf
            for design in _of_size((n1, n), int(most[-1]), question, best):
                if optimal is None or design.expected_n < optimal.expected_n:
                    optimal = design
                if minimax is None or (design.n, design.expected_n) < (
                    minimax.n, minimax.expected_n,
                ):  # fmt: skip
                    minimax = design
    if optimal is None or minimax is None:
        remedy = "Allow more patients, a lower power or a higher alpha."
        where = f"p0 {p0:g}, p1 {p1:g}, alpha {alpha:g}, power {power:g}"
        expected = "a two-stage design"
        raise InputError(fault(where, f"none of up to {max_n} patients", expected, remedy))
    return SimonDesigns(optimal, minimax)


def assess_design(stages: tuple[int, int, int, int], p0: float, p1: float) -> SimonDesign:
    """Work out what a design (n1, r1, n, r) is worth.

    References
    ----------
    Simon, Controlled Clinical Trials 10, 1-10 (1989), doi:10.1016/0197-2456(89)90015-9.

    Examples
    --------
    >>> round(assess_design((21, 1, 41, 4), 0.05, 0.20).power, 3)
    0.902
    """
    n1, r1, n, r = stages
    stop = float(special.bdtr(r1, n1, p0))
    limits = np.array([r])
    alpha, power = (float(_found(n1, n, limits, rate)[r1 + 1, 0]) for rate in (p0, p1))
    return SimonDesign(n1, r1, n, r, n1 + (1.0 - stop) * (n - n1), stop, alpha, power)


def _of_size(
    sizes: tuple[int, int], most: int, question: _Question, best: float
) -> Iterator[SimonDesign]:
    """Iterate over the designs of (n1, n) patients that keep alpha and power.

    With more than `most` responders asked for, no first stage leaves enough power. Sizes
    whose expected number cannot be below `best` have none.
    """
    n1, n = sizes
    stops = np.arange(n1)
    stops = stops[special.bdtr(stops, n1, question.p1) <= 1.0 - question.power]
    if len(stops) == 0:
        return
    expected_n = n1 + (1.0 - special.bdtr(stops, n1, question.p0)) * (n - n1)
    strictest = _found(n1, n, np.array([most]), question.p0)[stops[-1] + 1, 0]
    if expected_n[-1] >= best or strictest > question.alpha:
        return
    limits = np.arange(most + 1)
    false = _found(n1, n, limits, question.p0)[stops + 1]
    true = _found(n1, n, limits, question.p1)[stops + 1]
    is_good = (false <= question.alpha) & (true >= question.power)
    for row in np.flatnonzero(is_good.any(axis=1)):
        r = int(np.argmax(is_good[row]))
        stop = float(special.bdtr(stops[row], n1, question.p0))
        errors = float(false[row, r]), float(true[row, r])
        yield SimonDesign(n1, int(stops[row]), n, r, float(expected_n[row]), stop, *errors)


def _found(n1: int, n: int, limits: npt.NDArray[np.int64], rate: float) -> Floats:
    """Return the probability to find a treatment of interest, for r1 = -1 ... n1 - 1.

    The trial goes on with x > r1 responders of n1, and ends with more than r of n; columns
    are the r of `limits`.
    """
    x = np.arange(n1 + 1)
    ways = special.gammaln(n1 + 1) - special.gammaln(x + 1) - special.gammaln(n1 - x + 1)
    first = np.exp(ways + special.xlogy(x, rate) + special.xlog1py(n1 - x, -rate))
    needed = limits[None, :] - x[:, None]
    second = np.where(needed < 0, 1.0, special.bdtrc(np.maximum(needed, 0), n - n1, rate))
    second = np.where(needed >= n - n1, 0.0, second)
    joint = first[:, None] * second
    return np.asarray(joint[::-1].cumsum(axis=0)[::-1], dtype=np.float64)


def _refuse_nonsense(question: _Question, max_n: int) -> None:
    for name, share in question._asdict().items():
        if not 0.0 < share < 1.0:
            remedy = f"Give {name} as a share, such as 0.05."
            raise InputError(fault(name, f"{share:g}", "more than 0 and less than 1", remedy))
    if question.p1 <= question.p0:
        remedy = "Give as p1 the response rate that must not be missed."
        expected = f"more than p0 = {question.p0:g}"
        raise InputError(fault("p1", f"{question.p1:g}", expected, remedy))
    if question.power <= question.alpha:
        remedy = "Give the power, not the chance to miss a treatment, such as 0.9."
        expected = f"more than alpha = {question.alpha:g}"
        raise InputError(fault("power", f"{question.power:g}", expected, remedy))
    if max_n < 2:  # noqa: PLR2004  a patient a stage
        remedy = "Allow at least one patient in each stage."
        raise InputError(fault("max-n", str(max_n), "2 or more", remedy))
