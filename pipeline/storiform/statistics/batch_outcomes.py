"""Whether responders are of other batches than the rest, so that none can be told apart."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from storiform.model.tables.expression_pca import BATCH_OUTCOMES, BATCHES
from storiform.statistics.fisher import fisher_2xc

Int64s = npt.NDArray[np.int64]

_SHOWN = 6


class Confounding(NamedTuple):
    """`BATCH_OUTCOMES`, and a sentence for each covariate that goes with the response."""

    rows: pd.DataFrame
    warnings: list[str]


def batch_outcomes(
    covariates: pd.DataFrame, clinic: pd.DataFrame | None, confounded_p: float
) -> Confounding:
    """Compare batches, sites and libraries with the response of their patients.

    A patient counts once in a covariate, with the first biopsy by name whose level is known.
    A covariate is confounded if Fisher's exact p is below a limit, or if each level holds
    responders alone or none although one of them has two patients or more.

    Parameters
    ----------
    covariates
        `patient, biopsy, batch, site, library`.
    clinic
        `patient, responded`.
    confounded_p
        The limit.
    """
    found: list[dict[str, object]] = []
    told: list[str] = []
    responded = _responded(clinic)
    for name in BATCHES:
        own = covariates[covariates[name] != ""].sort_values("biopsy")
        own = own.drop_duplicates("patient")
        known = own["patient"].map(responded)
        counts = _counted(own.loc[known.notna(), name], known[known.notna()].astype(bool))
        if len(counts) < 2:  # noqa: PLR2004  two levels
            continue
        yes, no = counts["yes"].to_numpy(np.int64), counts["no"].to_numpy(np.int64)
        p = _p(yes, no)
        is_confounded = p < confounded_p or _is_separated(yes, no)
        for level, first, second in zip(counts.index, yes.tolist(), no.tolist(), strict=True):
            row = (name, str(level), first + second, first, p, is_confounded)
            found.append(dict(zip(BATCH_OUTCOMES.columns, row, strict=True)))
        if is_confounded:
            told.append(_sentence(name, counts, p))
    return Confounding(pd.DataFrame(found, columns=list(BATCH_OUTCOMES.columns)), told)


def _responded(clinic: pd.DataFrame | None) -> dict[str, bool]:
    if clinic is None:
        return {}
    known = clinic[clinic["responded"].notna()]
    flags = known["responded"].astype(bool)
    return dict(zip(known["patient"].astype(str), flags, strict=True))


def _counted(levels: pd.Series, responded: pd.Series) -> pd.DataFrame:
    """Return how many of each level responded (`yes`) and did not (`no`), by level."""
    flags = pd.DataFrame({"level": levels, "yes": responded, "no": ~responded})
    return flags.groupby("level", sort=True)[["yes", "no"]].sum()


def _p(yes: Int64s, no: Int64s) -> float:
    """Return Fisher's exact p, that of chi-squared where there are too many tables."""
    if not yes.any() or not no.any():
        return float("nan")
    exact = float(fisher_2xc(yes, no))
    if not np.isnan(exact):
        return exact
    seen = np.array([yes, no], float)
    expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0) / seen.sum()
    return float(chdtrc(len(yes) - 1, ((seen - expected) ** 2 / expected).sum()))


def _is_separated(yes: Int64s, no: Int64s) -> bool:
    has_both = bool(yes.any() and no.any())
    is_pure = not (np.minimum(yes, no) > 0).any()
    return has_both and is_pure and int((yes + no).max()) > 1


def _sentence(name: str, counts: pd.DataFrame, p: float) -> str:
    parts = [f"{level} {row['yes']} of {row['yes'] + row['no']}" for level, row in
             counts.head(_SHOWN).iterrows()]  # fmt: skip
    more = ", ..." if len(counts) > _SHOWN else ""
    return (
        f"{name} goes with response (p = {p:.2g}; responders: {', '.join(parts)}{more}): what "
        f"differs between responders and others may be the {name}'s"
    )
