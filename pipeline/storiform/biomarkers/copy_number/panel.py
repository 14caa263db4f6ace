"""A panel of normals: what depth a bin usually has, and how much it varies."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.correction import (
    Covariate,
    block_steps,
    robust_sd,
    without_trends,
)
from storiform.model.errors import InputError, fault
from storiform.model.params import Fraction, Params

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KEYS = ["contig", "start", "end"]
PREFIX = "normal:"
"""Before the name of each normal whose own log2 depth a panel has as a column."""

_SEX_CONTIGS = ("chrX", "chrY")
_FEWEST_BINS = 5
_TUNING = 6.0
_ROUNDS = 3
_FEWEST_NORMALS = 4
_MOST_PATTERNS = 10
_BLOCK = 4
_FEWEST_STEPS = 100
_REGRESSIONS = 12
_HUBER = 1.5
_RIDGE = 1e-3
_FEW = 3


class PanelParams(Params):
    """What a panel of normals is made of."""

    min_shared: Fraction = Field(
        0.5, description="share of its bins that each normal must have in common with all"
    )


def panel_of_normals(
    coverages: Mapping[str, pd.DataFrame], params: PanelParams
) -> pd.DataFrame:
    """Make the panel of several normals of one kit.

    Parameters
    ----------
    coverages
        Name of a normal -> its bins: contig, start, end, is_target, reads, depth, gc.
    params
        What the normals must share.

    Returns
    -------
    pandas.DataFrame
        One row per bin that all have: contig, start, end, is_target, gc, `log2` (robust mean
        of the normals' log2 depth; 0 is the median of autosomal bins of the class, on target
        or off it), `spread` (its robust SD between normals; missing for one normal) and a
        column ``normal:NAME`` for each. X is that of two copies, Y that of one: X of males is
        raised by 1, Y of females is missing. Bins of low depth or high spread stay: whoever
        uses the panel sees both.

    Raises
    ------
    InputError
        If there is no normal, or one shares too few bins with the others.
    """
    if not coverages:
        remedy = "Name at least one normal sample with reads or coverage."
        raise InputError(fault("panel of normals", "no normal", "one or more", remedy))
    places = _shared(coverages, params)
    profiles = np.empty((len(places), len(coverages)))
    for column, (name, coverage) in enumerate(coverages.items()):
        profiles[:, column] = _profile(places, coverage, name)
    targets = places["is_target"].to_numpy(dtype=bool)
    gc = places["gc"].to_numpy(dtype=np.float64)
    middle = _medians(profiles)
    for of_class in (targets, ~targets):
        content = [Covariate(gc[of_class])]
        for column in range(len(coverages)):
            own = profiles[of_class, column]
            profiles[of_class, column] = without_trends(own, middle[of_class], content)
    log2, spread = location_and_spread(profiles)
    own = {f"{PREFIX}{name}": profiles[:, at] for at, name in enumerate(coverages)}
    return pd.DataFrame(
        {**{name: places[name] for name in (*KEYS, "is_target", "gc")},
         "log2": log2, "spread": spread, **own}
    ).reset_index(drop=True)  # fmt: skip


def log2_depth(bins: pd.DataFrame) -> Floats:
    """Return the log2 of reads per 100 bases of each bin; half a read is added."""
    length = (bins["end"] - bins["start"]).to_numpy(dtype=np.float64)
    reads = bins["reads"].to_numpy(dtype=np.float64)
    return np.asarray(np.log2((reads + 0.5) * 100.0 / np.maximum(length, 1.0)))


def sex_of(bins: pd.DataFrame) -> str:
    """Tell female from male by the depth of X and Y of a normal; empty where it is unclear.

    X has half the depth of the autosomes in a male and the same in a female; Y half of it, or
    next to none. Targets decide where there are enough, else the bins between them.
    """
    for targets in (True, False):
        of_class = bins[bins["is_target"].eq(targets) & bins["depth"].notna()]
        contigs, depth = of_class["contig"], of_class["depth"].to_numpy(dtype=np.float64)
        is_x, is_y = (contigs.eq(name).to_numpy() for name in _SEX_CONTIGS)
        autosomal = depth[~is_x & ~is_y]
        if is_x.sum() < _FEWEST_BINS or not len(autosomal) or not np.median(autosomal) > 0:
            continue
        x = float(np.median(depth[is_x]) / np.median(autosomal))
        has_y = is_y.sum() >= _FEWEST_BINS
        y = float(np.median(depth[is_y]) / np.median(autosomal)) if has_y else float("nan")
        male = x < 0.75 and not y < 0.15  # noqa: PLR2004  halfway between one copy and two; Y
        female = x >= 0.75 and not y > 0.25  # noqa: PLR2004  of none and one, with margins
        if male or female:
            return "male" if male else "female"
    return ""


def shared_noise(log2: Floats, deviations: Floats, contigs: Ints) -> Floats:
    """Return the part of a tumour's log ratios that its panel's normals show too.

    Batches, fragment lengths and labs leave patterns along the genome. The leading ones of
    the normals (half as many as there are normals, at most ten) are fitted to the tumour: not
    to its log ratios, of which its copies are a part, but to the steps between neighbouring
    means of four bins, robustly, where copies hardly ever change.

    Parameters
    ----------
    log2
        (n,) log ratios of bins of one class against the panel; missing where unfit.
    deviations
        (n, normals) log2 depth of each normal less that of the panel.
    contigs
        (n,) codes of contigs.

    Returns
    -------
    Floats
        (n,) to be taken off; 0 where there are fewer than four normals or few bins.

    References
    ----------
    Tabak et al., bioRxiv 566505 (2019), doi:10.1101/566505 (tangent normalisation).
    """
    nothing = np.zeros(len(log2))
    fit = np.isfinite(log2) & np.isfinite(deviations).all(axis=1)
    normals = deviations.shape[1]
    if normals < _FEWEST_NORMALS or not fit.any():
        return nothing
    steps = block_steps(log2[fit], contigs[fit], _BLOCK)
    if len(steps) < _FEWEST_STEPS:
        return nothing
    known = deviations if fit.all() else deviations[fit]
    directions = np.linalg.eigh(known.T @ known)[1][:, ::-1]
    directions = directions[:, : min(normals // 2, _MOST_PATTERNS)]
    causes = block_steps(known @ directions, contigs[fit], _BLOCK)
    factors = _robust_factors(causes, steps)
    return np.asarray(np.nan_to_num(deviations) @ (directions @ factors))


def _robust_factors(causes: Floats, values: Floats) -> Floats:
    """Regress values (n,) on causes (n, k) by Huber's weights.

    References
    ----------
    Huber, Annals of Mathematical Statistics 35, 73-101 (1964), doi:10.1214/aoms/1177703732.
    """
    weights = np.ones(len(values))
    factors: Floats = np.zeros(causes.shape[1])
    for _ in range(_REGRESSIONS):
        weighed = causes * weights[:, None]
        gram = weighed.T @ causes
        gram += (_RIDGE * np.trace(gram) / len(gram) + 1e-12) * np.eye(len(gram))
        factors = np.asarray(np.linalg.solve(gram, weighed.T @ values), dtype=np.float64)
        rest = np.abs(values - causes @ factors)
        usual = max(robust_sd(values - causes @ factors), 1e-9)
        weights = np.minimum(1.0, _HUBER * usual / np.maximum(rest, 1e-9))
    return factors


def location_and_spread(profiles: Floats) -> tuple[Floats, Floats]:
    """Return the biweight mean of each row and its robust SD; missing values are left out.

    Of one or two values the mean is the plain one.

    References
    ----------
    Tukey's biweight: Mosteller & Tukey, Data Analysis and Regression (1977), ISBN
    0-201-04854-X.
    """
    centre = _medians(profiles)
    known = np.isfinite(profiles)
    count = known.sum(axis=1)
    deviation = 1.4826 * _medians(np.abs(profiles - centre[:, None]))
    floor = np.maximum(deviation, 1e-3)[:, None]
    filled = np.where(known, profiles, centre[:, None])
    for _ in range(_ROUNDS):
        weights = np.maximum(1.0 - ((filled - centre[:, None]) / (_TUNING * floor)) ** 2, 0.0)
        weights = np.where(known, weights**2, 0.0)
        weights[count < _FEW] = known[count < _FEW]
        total = weights.sum(axis=1)
        mean = (weights * filled).sum(axis=1) / np.maximum(total, 1e-9)
        centre = np.where(total > 0, mean, centre)
    squares = (weights * (filled - centre[:, None]) ** 2).sum(axis=1)
    spread = np.sqrt(squares / np.maximum(total, 1e-9) * count / np.maximum(count - 1, 1))
    return centre, np.where(count > 1, spread, np.nan)


def _medians(profiles: Floats) -> Floats:
    """Return the median of each row without its missing values; missing where all are."""
    ordered = np.sort(profiles, axis=1)  # missing values come last
    count = np.isfinite(profiles).sum(axis=1)
    rows = np.arange(len(profiles))
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    high = np.minimum(high, profiles.shape[1] - 1)
    return np.where(count > 0, (ordered[rows, low] + ordered[rows, high]) / 2.0, np.nan)


def _shared(coverages: Mapping[str, pd.DataFrame], params: PanelParams) -> pd.DataFrame:
    """Return the bins that all normals have, with the mean GC content where it is known."""
    first = next(iter(coverages.values()))
    places = first[[*KEYS, "is_target", "gc"]]
    for coverage in list(coverages.values())[1:]:
        places = places.merge(coverage[KEYS], on=KEYS, how="inner")
    places = places.sort_values(KEYS, kind="stable", ignore_index=True)
    for name, coverage in coverages.items():
        if len(places) < max(params.min_shared * len(coverage), 1):
            message = fault(
                f"panel of normals, {name}",
                f"{len(places)} bins of its {len(coverage)} that all normals have",
                f"a share of {params.min_shared:g} or more",
                "Take normals of one kit, counted in the same bins.",
            )
            raise InputError(message)
    return places


def _profile(places: pd.DataFrame, coverage: pd.DataFrame, name: str) -> Floats:
    """Return the log2 depth of a normal, 0 at the median of autosomes on target and off."""
    bins = places[KEYS].merge(coverage.drop(columns="gc"), on=KEYS, how="left")
    depth = log2_depth(bins)
    sexual = bins["contig"].isin(_SEX_CONTIGS).to_numpy(dtype=bool)
    targets = bins["is_target"].to_numpy(dtype=bool)
    reads = bins["reads"].to_numpy(dtype=np.float64)
    if not reads[~sexual].any():
        found, remedy = "no reads in bins of autosomes", "Leave it out of the panel."
        raise InputError(fault(f"panel of normals, {name}", found, "reads", remedy))
    for of_class in (targets, ~targets):
        about = of_class & ~sexual if (of_class & ~sexual).any() else of_class
        if about.any():
            depth[of_class] -= np.median(depth[about])
    if sex_of(bins) == "male":
        depth[bins["contig"].eq("chrX").to_numpy(dtype=bool)] += 1.0
    else:
        depth[bins["contig"].eq("chrY").to_numpy(dtype=bool)] = np.nan
    return depth
