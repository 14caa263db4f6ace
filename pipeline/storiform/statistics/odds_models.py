"""Logistic models of one outcome, each as rows of the table of odds."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storiform.kernels.enrichment import average_ranks
from storiform.statistics.conditional_logistic import (
    fit_conditional,
    is_informative,
    within_strata,
)
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
from storiform.statistics.cox import aliased
from storiform.statistics.logistic import LogisticFit, fit_logistic, is_separated

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEWEST = 3
"""With fewer patients of either outcome a fit is penalised."""
_NOTHING_TO_COMPARE = "determined by other terms, or alike in all who tell something"
_ESTIMATES = (
    "coefficient", "se", "odds_ratio", "lower", "upper", "p", "model_p", "auc",
)  # fmt: skip


class Responses(NamedTuple):
    """1 or 0 of each patient (patients,), NaN where the outcome is not known."""

    name: str
    has: Floats


class OddsRules(NamedTuple):
    """How all models are fitted."""

    most_levels: int
    patients_per_term: float
    always_penalised: bool


def odds_rows(model: Model, outcome: Responses, rules: OddsRules) -> list[Rows]:
    """Fit one model; return a row per term, or the reason why there is no estimate.

    The fit is Firth's where the rules say so, groups separate, or fewer than three patients
    have the outcome or lack it. A stratified model is conditional: exact within each stratum.

    Parameters
    ----------
    model
        What is in it. Patients who lack any of it are left out.
    outcome
        Outcome of the same patients.
    rules
        When a category has too many levels, a model too many terms, and a fit a penalty.
    """
    chosen = chosen_of(model, ~np.isnan(outcome.has))
    has = outcome.has[chosen]
    strata = strata_of(model, chosen)
    kind = "maximum likelihood" if strata is None else "conditional likelihood"
    shared: Rows = {
        "outcome": outcome.name, "model": model.name, "family": model.family, "n": len(has),
        "n_positive": int(has.sum()), "n_missing": int((~chosen).sum()),
        "method": f"{kind}{name_of_stratum(model)}", "note": model.note, "reference": "",
        "unit_of_term": "", **dict.fromkeys(_ESTIMATES, np.nan),
    }  # fmt: skip
    reason = _why_not(has, strata)
    designs = [] if reason else designs_of(model, chosen, rules.most_levels)

    def fit(columns: Floats, _groups: list[range]) -> Fitted:
        return _fitted(str(shared["method"]), columns, (has, strata), rules)

    return rows_of_model(model, shared, reason, designs, fit)


def _why_not(has: Floats, strata: Ints | None) -> str:
    if len(has) == 0:
        return "no patient with both feature and outcome"
    if has.min() == has.max():
        return "no patient with the outcome" if has[0] == 0.0 else "all have the outcome"
    if strata is not None and not is_informative(has, strata).any():
        return "no stratum holds patients with the outcome and without"
    return ""


def _fitted(
    method: str, columns: Floats, whose: tuple[Floats, Ints | None], rules: OddsRules
) -> Fitted:
    """Fit the columns that are not determined by others, to those who tell something."""
    has, strata = whose
    silent = 0
    if strata is not None:
        told = is_informative(has, strata)
        has, strata, columns = has[told], strata[told], columns[told]
        silent = int((~told).sum())
    kept = np.flatnonzero(~_determined(columns, strata))
    if not len(kept):
        return Fitted({}, {}, (), _NOTHING_TO_COMPARE)
    columns = np.ascontiguousarray(columns[:, kept])
    penalty = _need_of_penalty(columns, has, strata)
    is_penalised = bool(penalty) or rules.always_penalised
    found = (
        fit_logistic(columns, has, is_penalised=is_penalised)
        if strata is None
        else fit_conditional(columns, has, strata, is_penalised=is_penalised)
    )
    of_model: Rows = {
        "model_p": found.likelihood_ratio.p,
        "auc": _auc(columns @ found.coefficient, has, strata),
    }
    if is_penalised:
        why = f": {penalty}" if penalty else ""
        of_model["method"] = f"{method}, Firth's penalty{why}"
    per_term = _rarer(has) / len(kept)
    few = f"few patients of the rarer outcome: {per_term:.2g} per term"
    notes = (
        penalty,
        few if per_term < rules.patients_per_term else "",
        f"patients in strata of one outcome, who tell nothing: {silent}" if silent else "",
    )
    of_columns = dict(zip(kept.tolist(), _of_terms(found), strict=True))
    return Fitted(of_model, of_columns, notes, _NOTHING_TO_COMPARE)


def _determined(columns: Floats, strata: Ints | None) -> Bools:
    """Tell which columns (k,) those before them determine, or are alike within all strata."""
    everybody = np.zeros(len(columns), dtype=np.int64) if strata is None else strata
    scale = columns.std(axis=0)
    scaled = within_strata(columns, everybody) / np.where(scale > 0.0, scale, 1.0)
    return aliased(scaled.T @ scaled, len(columns))


def _rarer(has: Floats) -> int:
    return int(min(has.sum(), len(has) - has.sum()))


def _need_of_penalty(columns: Floats, has: Floats, strata: Ints | None) -> str:
    """Return why a fit needs a penalty, empty where it does not."""
    if _rarer(has) < FEWEST:
        which = "with" if has.sum() < FEWEST else "without"
        return f"fewer than {FEWEST} patients {which} the outcome"
    codes = np.zeros(len(has), dtype=np.int64) if strata is None else strata
    levels = (codes[:, None] == np.unique(codes)).astype(np.float64)
    is_apart = is_separated(np.column_stack([levels, columns]), has)
    return "groups separate" if is_apart else ""


def _auc(score: Floats, has: Floats, strata: Ints | None) -> float:
    """Return the share of pairs of one stratum in which who has the outcome scores higher."""
    codes = np.zeros(len(has), dtype=np.int64) if strata is None else strata
    won = pairs = 0.0
    for code in np.unique(codes):
        inside = codes == code
        positive = has[inside] == 1.0
        ranks, m = average_ranks(score[inside]), int(positive.sum())
        won += float(ranks[positive].sum()) - m * (m + 1) / 2.0
        pairs += m * (len(positive) - m)
    return won / pairs


def _of_terms(found: LogisticFit) -> list[Rows]:
    """Return what is told of each column of a model."""
    with np.errstate(over="ignore"):  # an upper bound may be infinite
        return rows_of_terms({
            "coefficient": found.coefficient, "se": found.se, "p": found.around.p,
            "odds_ratio": np.exp(found.coefficient), "lower": np.exp(found.around.lower),
            "upper": np.exp(found.around.upper),
        })  # fmt: skip
