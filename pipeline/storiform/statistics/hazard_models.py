"""Cox models of one outcome, each as rows of the table of hazards."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.statistics.concordance import concordance
from storiform.statistics.cox import CoxFit, fit_cox
from storiform.statistics.firth_cox import FirthFit, fit_firth
from storiform.statistics.hazard_covariates import Covariate, Design, design_of
from storiform.statistics.kaplan_meier import kaplan_meier
from storiform.statistics.proportional_hazards import proportionality
from storiform.statistics.risk_sets import RiskSets, Ties, risk_sets

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rows = dict[str, object]

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


class Model(NamedTuple):
    """Covariates of one model; `stratum` (patients,) divides the patients, if it is given."""

    name: str
    family: str
    covariates: tuple[Covariate, ...]
    stratum: Covariate | None = None
    note: str = ""


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
    chosen = outcome.is_known.copy()
    for covariate in (*model.covariates, *([model.stratum] if model.stratum else [])):
        chosen &= np.isfinite(covariate.value)
    method = f"{rules.ties.capitalize()} ties"
    if model.stratum:
        method += f", stratified by {model.stratum.name.split('.', maxsplit=1)[1]}"
    shared: Rows = {
        "outcome": outcome.name, "model": model.name, "family": model.family,
        "n": int(chosen.sum()), "events": int(outcome.event[chosen].sum()),
        "n_missing": int((~chosen).sum()), "method": method,
        "note": model.note, "reference": "", "unit_of_term": "",
        **dict.fromkeys(_ESTIMATES, np.nan),
    }  # fmt: skip
    reason = "" if shared["events"] else "no event"
    reason = reason if shared["n"] else "no patient with both feature and outcome"
    if reason:
        return [_row(shared, {"term": one.name}, reason) for one in model.covariates]
    designs = [design_of(one, chosen, rules.most_levels) for one in model.covariates]
    usable = [design for design in designs if not design.note]
    rows = [
        _row(shared, {"term": design.terms[0]}, design.note)
        for design in designs
        if design.note
    ]
    if usable:
        stratum = model.stratum.value[chosen].astype(np.int64) if model.stratum else None
        whose = Patients(outcome.months[chosen], outcome.event[chosen], stratum)
        rows += _estimated(shared, usable, whose, rules)
    return rows


def _row(shared: Rows, own: Rows, *notes: str) -> Rows:
    """Return a row with what there is to say of its term."""
    told = [str(shared["note"]), *notes]
    return {**shared, **own, "note": "; ".join(note for note in told if note)}


def _estimated(
    shared: Rows, designs: list[Design], whose: Patients, rules: Rules
) -> list[Rows]:
    """Return the rows of the terms that can be in a model."""
    columns = np.column_stack([design.columns for design in designs])
    sets = risk_sets(whose.months, whose.event, whose.stratum, rules.ties)
    fit = fit_cox(sets, columns)
    kept = np.flatnonzero(~fit.is_aliased)
    if 0 < len(kept) < columns.shape[1]:
        columns = np.ascontiguousarray(columns[:, kept])
        fit = fit_cox(sets, columns)
    of_terms: dict[int, Rows] = {}
    notes: tuple[str, ...] = ()
    if len(kept):
        events = int(whose.event.sum())
        penalty = _need_of_penalty(fit, events)
        found = fit_firth(sets, columns) if penalty else fit
        of_model = _of_model(found, columns, whose)
        if penalty:
            of_model["method"] = f"{shared['method']}, Firth's penalty"
        shared, notes = shared | of_model, (penalty, _few_events(events / len(kept), rules))
        of_terms = dict(zip(kept.tolist(), _of_terms(found), strict=True))
    if len(kept) and not penalty:
        groups = [[c for c in group if c in of_terms] for group in _groups(designs)]
        _add_proportionality(of_terms, groups, (sets, columns, fit), whose)
    rows: list[Rows] = []
    for design, group in zip(designs, _groups(designs), strict=True):
        for column, term in zip(group, design.terms, strict=True):
            own = {"term": term, "reference": design.reference, "unit_of_term": design.unit}
            told = notes if column in of_terms else (_NOTHING_TO_COMPARE,)
            rows.append(_row(shared, own | of_terms.get(column, {}), *told))
    return rows


def _groups(designs: list[Design]) -> list[range]:
    """Return the columns of each covariate."""
    ends = np.cumsum([len(design.terms) for design in designs]).tolist()
    return [
        range(end - len(design.terms), end) for design, end in zip(designs, ends, strict=True)
    ]


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
        values = {
            "coefficient": found.coefficient, "se": found.se, "p": found.p,
            "hazard_ratio": np.exp(found.coefficient), "lower": np.exp(lower),
            "upper": np.exp(upper),
        }  # fmt: skip
    return [
        {name: float(of_columns[column]) for name, of_columns in values.items()}
        for column in range(len(found.coefficient))
    ]


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
