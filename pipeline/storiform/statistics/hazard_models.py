"""Cox models of one outcome, each as rows of the table of hazards."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.statistics.concordance import concordance
from storiform.statistics.covariate_models import (
    Fitted,
    Model,
    Rows,
    chosen_of,
    designs_of,
    name_of_stratum,
    rows_of_model,
    rows_of_terms,
    strata_of,
)
from storiform.statistics.cox import CoxFit, fit_cox
from storiform.statistics.firth_cox import FirthFit, fit_firth
from storiform.statistics.kaplan_meier import kaplan_meier
from storiform.statistics.proportional_hazards import proportionality
from storiform.statistics.risk_sets import RiskSets, Ties, risk_sets

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEWEST_EVENTS = 3
"""Below it a fit is penalised."""
_NOTHING_TO_COMPARE = "determined by other terms, or alike in all who were at risk at an event"
_ESTIMATES = (
    "coefficient", "se", "hazard_ratio", "lower", "upper", "p", "model_p", "concordance",
    "concordance_se", "proportionality_p",
)  # fmt: skip


class Outcome(NamedTuple):
    """Time (patients,) to an event or to the last visit, where both are known."""

    name: str
    months: Floats
    event: Bools
    is_known: Bools


class Rules(NamedTuple):
    """How all models are fitted."""

    ties: Ties
    most_levels: int
    events_per_term: float


class Patients(NamedTuple):
    """The patients (n,) of one model."""

    months: Floats
    event: Bools
    stratum: Ints | None


def hazard_rows(model: Model, outcome: Outcome, rules: Rules) -> list[Rows]:
    """Fit one model; return a row per term, or the reason why there is no estimate.

    Where groups separate, or events are fewer than three, the fit is Firth's.

    Parameters
    ----------
    model
        What is in it. Patients who lack any of it are left out.
    outcome
        Times and events of the same patients.
    rules
        Ties, and when a model is too large.
    """
    chosen = chosen_of(model, outcome.is_known)
    shared: Rows = {
        "outcome": outcome.name, "model": model.name, "family": model.family,
        "n": int(chosen.sum()), "events": int(outcome.event[chosen].sum()),
        "n_missing": int((~chosen).sum()),
        "method": f"{rules.ties.capitalize()} ties{name_of_stratum(model)}",
        "note": model.note, "reference": "", "unit_of_term": "",
        **dict.fromkeys(_ESTIMATES, np.nan),
    }  # fmt: skip
    reason = "" if shared["events"] else "no event"
    reason = reason if shared["n"] else "no patient with both feature and outcome"
    whose = Patients(outcome.months[chosen], outcome.event[chosen], strata_of(model, chosen))
    designs = [] if reason else designs_of(model, chosen, rules.most_levels)

    def fit(columns: Floats, groups: list[range]) -> Fitted:
        return _fitted(str(shared["method"]), columns, groups, (whose, rules))

    return rows_of_model(model, shared, reason, designs, fit)


def _fitted(
    method: str, columns: Floats, groups: list[range], how: tuple[Patients, Rules]
) -> Fitted:
    """Fit the columns that are not determined by others."""
    whose, rules = how
    sets = risk_sets(whose.months, whose.event, whose.stratum, rules.ties)
    fit = fit_cox(sets, columns)
    kept = np.flatnonzero(~fit.is_aliased)
    if not len(kept):
        return Fitted({}, {}, (), _NOTHING_TO_COMPARE)
    if len(kept) < columns.shape[1]:
        columns = np.ascontiguousarray(columns[:, kept])
        fit = fit_cox(sets, columns)
    events = int(whose.event.sum())
    penalty = _need_of_penalty(fit, events)
    found = fit_firth(sets, columns) if penalty else fit
    of_model = _of_model(found, columns, whose)
    if penalty:
        of_model["method"] = f"{method}, Firth's penalty: {penalty}"
    of_columns = dict(zip(kept.tolist(), _of_terms(found), strict=True))
    if not penalty:
        own = [[c for c in group if c in of_columns] for group in groups]
        _add_proportionality(of_columns, own, (sets, columns, fit), whose)
    notes = (penalty, _few_events(events / len(kept), rules))
    return Fitted(of_model, of_columns, notes, _NOTHING_TO_COMPARE)


def _need_of_penalty(fit: CoxFit, events: int) -> str:
    """Return why a fit needs a penalty, empty where it does not."""
    if events < FEWEST_EVENTS:
        return f"fewer than {FEWEST_EVENTS} events"
    if fit.is_diverging.any():
        return "groups separate"
    return "" if fit.is_converged else "the likelihood did not converge"


def _few_events(per_term: float, rules: Rules) -> str:
    if per_term >= rules.events_per_term:
        return ""
    return f"few events: {per_term:.2g} per term"


def _of_model(found: CoxFit | FirthFit, columns: Floats, whose: Patients) -> Rows:
    """Return what is told of a model as a whole."""
    score = (columns * found.coefficient).sum(axis=1)
    agreed = concordance(whose.months, whose.event, score, whose.stratum)
    return {
        "model_p": found.likelihood_ratio.p, "concordance": agreed.value,
        "concordance_se": agreed.se,
    }  # fmt: skip


def _of_terms(found: CoxFit | FirthFit) -> list[Rows]:
    """Return what is told of each column of a model."""
    lower, upper = found.interval
    with np.errstate(over="ignore"):  # an upper bound may be infinite
        return rows_of_terms({
            "coefficient": found.coefficient, "se": found.se, "p": found.p,
            "hazard_ratio": np.exp(found.coefficient), "lower": np.exp(lower),
            "upper": np.exp(upper),
        })  # fmt: skip


def _add_proportionality(
    of_terms: dict[int, Rows],
    groups: list[list[int]],
    fitted: tuple[RiskSets, Floats, CoxFit],
    whose: Patients,
) -> None:
    """Add to the columns of each covariate the p of its test of proportional hazards."""
    sets, columns, fit = fitted
    place = {column: number for number, column in enumerate(of_terms)}
    terms = [[place[column] for column in group] for group in groups]
    curve = kaplan_meier(whose.months, whose.event)
    tests = proportionality(sets, columns, fit.coefficient, curve, terms)
    for group, test in zip(groups, tests, strict=True):
        for column in group:
            of_terms[column]["proportionality_p"] = test.p
