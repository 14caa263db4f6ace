"""Survival of the whole cohort, and of the patients high and low in each feature."""

import warnings
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.near import near_names
from storiform.model.params import Months, Params, Seed
from storiform.model.populations import population_field, population_of
from storiform.model.table import TEXT
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.outcomes import (
    FEATURE_COLUMNS,
    SURVIVAL,
    SURVIVAL_CURVES,
    Features,
    PairedFeatures,
    Survival,
    SurvivalCurves,
)
from storiform.model.tables.trial_tables import PopulationMembers
from storiform.statistics.gathered import labelled, measured, outcome_of, patients_of
from storiform.statistics.kaplan_meier import (
    ConfType,
    Curve,
    kaplan_meier,
    median,
    reverse_kaplan_meier,
    survival_at,
)
from storiform.statistics.multiplicity import adjust_within
from storiform.statistics.paired_features import with_pairs
from storiform.statistics.permuted_log_rank import (
    FEWEST_EXPECTED,
    PERMUTATIONS,
    NullChoice,
    compare_survival,
)

Cutoff = Annotated[float, Field(ge=-1e12, le=1e12)]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = dict[str, object]

_FEW = 3
"""Patients below which a group that is compared is told in the note."""

_NO_FEATURES = pd.DataFrame(
    {name: pd.Series(dtype=float if name == "value" else TEXT) for name in FEATURE_COLUMNS}
)


class SurvivalParams(Params):
    """How survival is estimated and compared."""

    population: str = population_field("safety")
    outcomes: tuple[Literal["pfs", "os"], ...] = Field(
        ("pfs", "os"), description="progression-free survival, overall survival"
    )
    landmark_months: Months = Field(
        12.0, description="time at which survival is stated; the trial states 1-year survival"
    )
    conf_type: ConfType = Field(
        "log", description="scale of the 95 % intervals; log is the default of R"
    )
    rho: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Fleming-Harrington weight, survival to this power: 0 log-rank, 1 Peto",
    )
    family: Literal["table", "all"] = Field(
        "table",
        description="q is adjusted among the features of one table, or among all, "
        "for each outcome apart",
    )
    split: Literal["median", "tertiles"] = Field(
        "median",
        description="how a number divides the patients: high at or above the median, or low, "
        "middle and high by its tertiles",
    )
    cutoffs: dict[str, Cutoff] = Field(
        {},
        description="cut-offs that were fixed beforehand, by TABLE.COLUMN, such as "
        "{measurements.PD-L1 CPS: 1}; high is at or above",
    )
    most_levels: int = Field(
        6, ge=2, le=20, description="categories of more levels are not compared"
    )
    chi_squared_from: float = Field(
        FEWEST_EXPECTED,
        ge=0.0,
        le=1e9,
        description="p is that of the chi-squared distribution where every group expects so "
        "many events for each group beyond the first, else of permutations; 0: always "
        "chi-squared, as R's survdiff",
    )
    permutations: int = Field(
        PERMUTATIONS,
        ge=999,
        le=10_000_000,
        description="most assignments of patients to groups for one p; all are counted where "
        "there are no more",
    )
    seed: Seed = Field(1, description="of the random assignments, anew for each test")


class SurvivalTables(NamedTuple):
    """Medians and tests, and the curves behind them."""

    survival: Survival
    curves: SurvivalCurves


class _Grouping(NamedTuple):
    """Into which groups a feature divides the patients; `group` is -1 where unknown.

    `cutoff` is the value at and above which a patient is high, `divided_by` where it is from.
    """

    feature: str
    table: str
    levels: tuple[str, ...]
    group: npt.NDArray[np.int64]
    cutoff: float
    divided_by: str = ""


def survival(
    features: Features | None,
    clinic: Clinic,
    params: SurvivalParams,
    pairs: PairedFeatures | None = None,
    members: PopulationMembers | None = None,
) -> SurvivalTables:
    """Estimate survival of all patients and by each feature, and compare the groups.

    A number divides the patients at its median: at or above it they are `high`; or by its
    tertiles; or at a cut-off that was fixed beforehand. Median and tertiles are those of the
    patients whose outcome is known. A flag and a category divide by value.

    Parameters
    ----------
    features
        One row per patient and feature; a clinical table alone has none.
    clinic
        One row per patient; an outcome that nobody has makes no row.
    pairs
        Groups by two features at once, compared like features.
    members
        Who belongs to which analysis population.

    Returns
    -------
    SurvivalTables
        `survival` has one row per outcome, feature and group; the statistic, p and q stand
        in each row of a feature. `test` tells whether p is exact, of random permutations
        or chi-squared; `chi2_p` is always the last. `curves` has one row per group and
        distinct time.

    Warnings
    --------
    A cut-off taken from this cohort is no threshold for the next patient.

    References
    ----------
    Kaplan, Meier, JASA 53, 457-481 (1958), doi:10.1080/01621459.1958.10501452.
    Harrington, Fleming, Biometrika 69, 553-566 (1982), doi:10.1093/biomet/69.3.553.
    Neuhaus, Annals of Statistics 21, 1760-1779 (1993), doi:10.1214/aos/1176349396.
    """
    chosen = population_of(members, params.population)
    features = chosen.rows(with_pairs(_NO_FEATURES if features is None else features, pairs))
    clinic = chosen.rows(clinic)
    _tell_unknown(params.cutoffs, features)
    patients = patients_of(features, clinic)
    rows: list[Rows] = []
    curves: list[pd.DataFrame] = []
    for outcome in params.outcomes:
        months = outcome_of(clinic, f"{outcome}_months", patients)
        events = outcome_of(clinic, f"{outcome}_event", patients)
        known = np.isfinite(months) & ~np.isnan(events)
        if not known.any():
            message = f"no patient has time and event of {outcome}: no survival is estimated"
            warnings.warn(message, DataWarning, stacklevel=2)
            continue
        of_outcome: list[pd.DataFrame] = []
        for grouping in _groupings(features, patients, known, params):
            made, drawn = _estimates(grouping, (months, events == 1.0, known), params)
            rows += [{"outcome": outcome, **row} for row in made]
            of_outcome += drawn
        curves.append(pd.concat(of_outcome, ignore_index=True).assign(outcome=outcome))
    if not rows:
        return SurvivalTables(SURVIVAL.empty(), SURVIVAL_CURVES.empty())
    table = pd.DataFrame(rows).assign(population=chosen.name)
    table["q"] = _adjusted(table)
    return SurvivalTables(
        table.sort_values(["outcome", "feature", "group"], ignore_index=True),
        pd.concat(curves, ignore_index=True),
    )


def _groupings(
    features: pd.DataFrame, patients: pd.Index, known: Bools, params: SurvivalParams
) -> Iterator[_Grouping]:
    nobody = np.full(len(patients), -1, dtype=np.int64)
    yield _Grouping("all", "all", ("all",), np.zeros_like(nobody), np.nan)
    spread = measured(features, patients)
    for row, values in zip(spread.known.itertuples(), spread.matrix, strict=True):
        has = np.isfinite(values)
        name, table = str(row.name), str(row.table)
        if row.kind != "number":
            group = np.where(has, (values >= 0.5).astype(np.int64), -1)  # noqa: PLR2004  a flag
            yield _Grouping(name, table, ("false", "true"), group, np.nan)
            continue
        ends = _cutoffs(name, values[has & known], params)
        group = np.where(has, np.searchsorted(ends, values, side="right"), -1)
        names = ("low", "high") if len(ends) == 1 else ("low", "middle", "high")
        divided_by = "given" if name in params.cutoffs else params.split
        yield _Grouping(name, table, names, group, float(ends[-1]), divided_by)
    for (table, feature), labels in labelled(features, patients).items():
        levels: tuple[str, ...] = tuple(sorted(labels.dropna().unique()))
        codes = {level: number for number, level in enumerate(levels)}
        group = np.array([codes.get(label, -1) for label in labels], dtype=np.int64)
        if len(levels) > params.most_levels:
            levels, group = (), nobody
        yield _Grouping(feature, table, levels, group, np.nan)


def _cutoffs(name: str, counted: Floats, params: SurvivalParams) -> Floats:
    """Return the one or two values at and above which a number is in a higher group."""
    if name in params.cutoffs:
        return np.array([params.cutoffs[name]])
    if not len(counted):
        return np.array([np.nan])
    if params.split == "tertiles":
        return np.asarray(np.quantile(counted, [1 / 3, 2 / 3]), dtype=np.float64)
    return np.array([float(np.median(counted))])


def _tell_unknown(cutoffs: dict[str, float], features: pd.DataFrame) -> None:
    numbers = features.loc[features["kind"] == "number", "feature"]
    for name in sorted(set(cutoffs) - set(numbers.astype(str))):
        message = f"survival.cutoffs: no number {name}: not used{near_names(name, numbers)}"
        warnings.warn(message, DataWarning, stacklevel=3)


def _estimates(
    grouping: _Grouping, outcome: tuple[Floats, Bools, Bools], params: SurvivalParams
) -> tuple[list[Rows], list[pd.DataFrame]]:
    """Return the rows and the curves of one feature and one outcome."""
    months, events, known = outcome
    chosen = known & (grouping.group >= 0)
    shared: Rows = {
        "feature": grouping.feature, "cutoff": grouping.cutoff,
        "divided_by": grouping.divided_by, "test": _test(params.rho),
        "n_missing": len(known) - int(chosen.sum()), "logrank_chi2": np.nan, "p": np.nan,
        "chi2_p": np.nan, "assignments": 0, "landmark_months": params.landmark_months,
        "family": grouping.table, "note": "",
    }  # fmt: skip
    present = np.unique(grouping.group[chosen])
    shared["note"] = _note(grouping, len(present))
    if grouping.feature == "all":
        shared["test"] = ""
    elif len(present) > 1:
        number = np.searchsorted(present, grouping.group[chosen]).astype(np.int64)
        choice = NullChoice(params.chi_squared_from, params.permutations, params.seed)
        found = compare_survival(months[chosen], events[chosen], number, params.rho, choice)
        small = _small_groups(grouping, chosen)
        shared |= {
            "logrank_chi2": found.chi2, "p": found.p, "chi2_p": found.chi2_p, "note": small,
            "assignments": found.assignments, "test": f"{_test(params.rho)}, {found.method}",
        }  # fmt: skip
        if np.isnan(found.p):
            shared["note"] = "no event while two groups were at risk"
    if params.family == "all":
        shared["family"] = "all"
    rows: list[Rows] = []
    curves: list[pd.DataFrame] = []
    for level in present:
        of_group = chosen & (grouping.group == level)
        curve = kaplan_meier(months[of_group], events[of_group], params.conf_type)
        name = grouping.levels[level]
        follow_up = median(reverse_kaplan_meier(months[of_group], events[of_group])).time
        rows.append({**shared, "group": name, "follow_up_months": follow_up}
                    | _summary(curve, params.landmark_months))  # fmt: skip
        curves.append(_drawn(curve, grouping.feature, name))
    if not rows:
        rows = [{**shared, "group": "", **_summary(_NO_CURVE, params.landmark_months)}]
        rows[0]["follow_up_months"] = np.nan
    return rows, curves


def _test(rho: float) -> str:
    return "log-rank" if rho == 0.0 else f"Fleming-Harrington rho {rho:g}"


def _note(grouping: _Grouping, groups: int) -> str:
    if grouping.feature == "all" or groups > 1:
        return ""
    if not grouping.levels:
        return "too many levels"
    return "only one group" if groups else "no patient with both feature and outcome"


def _small_groups(grouping: _Grouping, chosen: Bools) -> str:
    """Name the groups of very few patients, which are compared nonetheless, as R does."""
    sizes = np.bincount(grouping.group[chosen], minlength=len(grouping.levels))
    small = [
        f"{level} ({size})"
        for level, size in zip(grouping.levels, sizes.tolist(), strict=True)
        if 0 < size < _FEW
    ]
    return (
        f"groups of fewer than {_FEW} patients are compared: {', '.join(small)}"
        if small
        else ""
    )


_NO_CURVE = kaplan_meier(np.empty(0), np.empty(0, dtype=bool))


def _summary(curve: Curve, landmark_months: float) -> Rows:
    middle = median(curve)
    landmark = survival_at(curve, landmark_months)
    return {
        "n": int(curve.at_risk[0]) if len(curve.time) else 0,
        "events": int(curve.events.sum()),
        "median_months": middle.time, "median_lower": middle.lower,
        "median_upper": middle.upper, "landmark_survival": landmark[0],
        "landmark_lower": landmark[1], "landmark_upper": landmark[2],
    }  # fmt: skip


def _drawn(curve: Curve, feature: str, group: str) -> pd.DataFrame:
    """Return a curve as rows, with time 0 before the first of its times."""
    start = 1 if curve.time[0] > 0.0 else 0
    ahead = {
        "months": (curve.time, 0.0), "at_risk": (curve.at_risk, curve.at_risk[0]),
        "events": (curve.events, 0), "censored": (curve.censored, 0),
        "survival": (curve.survival, 1.0), "lower": (curve.lower, 1.0),
        "upper": (curve.upper, 1.0),
    }  # fmt: skip
    columns = {
        name: np.concatenate([[first] * start, values])
        for name, (values, first) in ahead.items()
    }
    return pd.DataFrame({**columns, "feature": feature, "group": group})


def _adjusted(table: pd.DataFrame) -> pd.Series:
    """Adjust p within outcome and family, each feature counted once."""
    once = table.drop_duplicates(["outcome", "feature"])
    q = adjust_within(once["p"], once["outcome"] + "/" + once["family"])
    by_feature = pd.Series(
        q.to_numpy(), index=pd.MultiIndex.from_frame(once[["outcome", "feature"]])
    )
    keys = pd.MultiIndex.from_frame(table[["outcome", "feature"]])
    return pd.Series(by_feature.reindex(keys).to_numpy(), index=table.index)
