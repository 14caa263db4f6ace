"""Genes whose expression differs between patients with and without an outcome."""

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Fraction, Params
from storiform.model.populations import population_field, population_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.differential import (
    DIFFERENTIAL_EXPRESSION,
    DifferentialExpression,
)
from storiform.model.tables.outcomes import Features
from storiform.model.tables.rna import Counts
from storiform.model.tables.trial_tables import PopulationMembers
from storiform.statistics.comparison import (
    Comparison,
    CountMatrix,
    comparison,
    count_matrix,
    speaking_biopsies,
)
from storiform.statistics.count_model import fitted_model
from storiform.statistics.independent_filtering import filtered_q
from storiform.statistics.shrinkage import shrunken_fold_changes
from storiform.statistics.size_factors import size_factors

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Covariate = Literal["histology", "sex", "arm", "age_years"]

FEWEST = 2
"""Biopsies of a group without which its genes do not vary."""


class DifferentialParams(Params):
    """Who is compared, adjusted for what, and which genes are called."""

    population: str = population_field("efficacy")
    outcomes: tuple[Literal["responded", "disease_control"], ...] = Field(
        ("responded", "disease_control"),
        description="outcomes to compare by: CR or PR; CR, PR or SD",
    )
    covariates: tuple[Covariate, ...] = Field(
        (),
        description="columns of the clinical table to adjust for; each takes biopsies away "
        "from the estimate of the dispersions, so none by default",
    )
    alpha: Fraction = Field(
        0.05,
        description="false discovery rate at which genes are called and weak ones filtered; "
        "results() of R has 0.1",
    )
    min_fragments: int = Field(
        10, ge=1, le=1_000_000, description="fragments of a gene over all compared biopsies"
    )
    degenerate_biopsies: int = Field(
        3,
        ge=1,
        le=100,
        description="a gene is degenerate if so many biopsies of a group (a third of it, if "
        "that is less) hold almost all of the group's fragments",
    )
    degenerate_share: Fraction = Field(0.8, description="what almost all fragments are")
    degenerate_absent: float = Field(
        0.1, ge=0.0, le=10.0, description="and the other group has fewer on average"
    )
    degenerate_present: float = Field(
        5.0, ge=0.0, le=1000.0, description="and this group at least so many on average"
    )


def differential_expression(
    counts: Counts,
    features: Features,
    clinic: Clinic,
    params: DifferentialParams,
    members: PopulationMembers | None = None,
) -> DifferentialExpression:
    """Compare the counts of every gene between patients with and without each outcome.

    One biopsy speaks for each patient, as for all features. The model, its filters and its
    numbers are those of DESeq2.

    Parameters
    ----------
    counts
        Counts of all biopsies, of any timepoint.
    features
        Gathered features: they tell which biopsy speaks for a patient.
    clinic
        One row per patient.
    params
        Outcomes, covariates, alpha.
    members
        Who belongs to which analysis population.

    Returns
    -------
    DifferentialExpression
        One row per outcome and gene with a fragment in the compared biopsies; no row, with a
        DataWarning, for an outcome with fewer than two biopsies in a group.

    Raises
    ------
    InputError
        If counts are below 0, or the biopsies share no gene.

    Warnings
    --------
    In a bulk biopsy a gene that differs may tell of other cells rather than of another
    state of the same cells.

    References
    ----------
    Love et al., Genome Biology 15, 550 (2014), doi:10.1186/s13059-014-0550-8.
    Zhu et al., Bioinformatics 35, 2084-2092 (2019), doi:10.1093/bioinformatics/bty895.
    """
    chosen = population_of(members, params.population)
    speaking = speaking_biopsies(features, counts)
    speaking = {patient: name for patient, name in speaking.items() if patient in chosen}
    matrix = count_matrix(counts[counts["biopsy"].isin(set(speaking.values()))])
    filled = set(matrix.biopsies)
    speaking = {patient: name for patient, name in speaking.items() if name in filled}
    parts: list[pd.DataFrame] = []
    for outcome in params.outcomes:
        compared = comparison(clinic, speaking, outcome, params.covariates)
        if _is_comparable(compared, outcome):
            parts.append(
                _compared(matrix, compared, params).assign(
                    contrast=outcome, population=chosen.name
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else DIFFERENTIAL_EXPRESSION.empty()


def _is_comparable(compared: Comparison, outcome: str) -> bool:
    positive = int(compared.positive.sum())
    negative = len(compared.biopsies) - positive
    samples, columns = compared.design.shape
    if min(positive, negative) >= FEWEST and samples > columns:
        return True
    message = (
        f"{positive} biopsies with and {negative} without the outcome {outcome}: gene "
        f"expression is compared from {FEWEST} of each on"
    )
    warnings.warn(message, DataWarning, stacklevel=3)
    return False


def _compared(
    matrix: CountMatrix, compared: Comparison, params: DifferentialParams
) -> pd.DataFrame:
    counts = matrix.of(compared.biopsies)
    is_seen = counts.sum(axis=1) > 0
    counts, genes = counts[is_seen], matrix.genes[is_seen]
    is_tested = counts.sum(axis=1) >= params.min_fragments
    positive = compared.positive
    table = pd.DataFrame({
        "gene": genes, "n_positive": int(positive.sum()), "n_negative": int((~positive).sum()),
        "adjusted_for": ";".join(compared.covariates), "alpha": params.alpha,
        **dict.fromkeys(_NUMBERS, np.nan), "is_significant": False, "is_degenerate": False,
        "note": "",
    })  # fmt: skip
    table["base_mean"] = (counts / size_factors(counts)).mean(axis=1)
    table.loc[~is_tested, "note"] = f"fewer than {params.min_fragments} fragments"
    if not is_tested.any():
        return table
    tested = table.loc[is_tested, [*_NUMBERS, "note"]].copy()
    chosen = np.ascontiguousarray(counts[is_tested])
    tested = _tested(tested, chosen, compared, params)
    table.loc[is_tested, tested.columns] = tested
    table["is_significant"] = (table["q"] < params.alpha).to_numpy()
    return table


_NUMBERS = (
    "base_mean", "log2_fold_change", "log2_fold_change_se", "shrunken_log2_fold_change",
    "statistic", "p", "q", "dispersion",
)  # fmt: skip


def _tested(
    table: pd.DataFrame, counts: Floats, compared: Comparison, params: DifferentialParams
) -> pd.DataFrame:
    """Fill in the numbers of the genes that are tested."""
    fit = fitted_model(counts, compared.design)
    p = np.where(fit.is_outlying, np.nan, fit.p)
    q, threshold = filtered_q(p, fit.base_mean, params.alpha)
    table["base_mean"], table["dispersion"] = fit.base_mean, fit.dispersion
    table["log2_fold_change"], table["log2_fold_change_se"] = fit.fold_change, fit.error
    table["statistic"], table["p"], table["q"] = fit.statistic, p, q
    table["is_degenerate"] = is_degenerate(
        counts, compared.positive, params, fit.counted.counts
    )
    is_left = fit.base_mean > 0.0
    table.loc[is_left, "shrunken_log2_fold_change"] = shrunken_fold_changes(
        fit.counted.of(is_left), fit.dispersion[is_left], fit.fold_change[is_left],
        fit.error[is_left],
    )  # fmt: skip
    table.loc[~is_left, "shrunken_log2_fold_change"] = 0.0
    table.loc[np.isnan(q), "note"] = f"mean below the filter at {threshold:.4g}"
    table.loc[~is_left, "note"] = "no fragment but those of outlying counts"
    table.loc[fit.is_outlying, "note"] = "a count is an outlier by Cook's distance"
    return table


def is_degenerate(
    counts: Floats,
    positive: Bools,
    params: DifferentialParams,
    replaced: Floats | None = None,
) -> Bools:
    """Tell genes (genes,) that are as good as absent but for few biopsies of one group.

    It looks at counts, as given and as the model takes them: where the model replaces the
    one count of a group, that group has none. The model gives such a gene a fold change of
    2^20 with a tiny p: the means of a group without fragments have no lower end.

    Parameters
    ----------
    counts
        Fragments (genes, biopsies).
    positive
        Which biopsies have the outcome.
    params
        What few, almost all and absent are.
    replaced
        The same (genes, biopsies) with outlying counts replaced, as the model does; without
        them the given ones alone are looked at.
    """
    sizes = size_factors(counts)
    flagged = _held_by_few(counts / sizes, positive, params)
    if replaced is not None:
        flagged |= _held_by_few(replaced / sizes, positive, params)
    return flagged


def _held_by_few(normalised: Floats, positive: Bools, params: DifferentialParams) -> Bools:
    groups = normalised[:, positive], normalised[:, ~positive]
    means = [group.mean(axis=1) for group in groups]
    flagged = np.zeros(len(normalised), dtype=bool)
    for number, group in enumerate(groups):
        few = max(1, min(params.degenerate_biopsies, group.shape[1] // 3))
        held = np.sort(group, axis=1)[:, -few:].sum(axis=1)
        flagged |= (
            (held >= params.degenerate_share * group.sum(axis=1))
            & (means[number] >= params.degenerate_present)
            & (means[1 - number] < params.degenerate_absent)
        )
    return flagged
