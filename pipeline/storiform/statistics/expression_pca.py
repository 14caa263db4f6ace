"""Principal components of expression, and what is known that goes with them.

Looked at before anything is tested: whether batches, sites or the worth of the RNA, rather
than biology, tell biopsies apart, and whether a batch and the outcome can be told apart.
"""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Fraction, Params
from storiform.model.step import costs, needs_one_of
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.differential import Vst
from storiform.model.tables.expression_pca import (
    BATCH_OUTCOMES,
    CATEGORIES,
    COMPONENTS,
    EXPRESSION_COMPONENTS,
    EXPRESSION_COVARIATES,
    EXPRESSION_PCA,
    NUMBERS,
    BatchOutcomes,
    ExpressionComponents,
    ExpressionCovariates,
    ExpressionPca,
)
from storiform.model.tables.rna import Tpm
from storiform.model.tables.rna_quality import RnaLibrary, RnaQuality
from storiform.statistics.batch_outcomes import batch_outcomes
from storiform.statistics.expression_covariates import covariates_of, shared_variance

Floats = npt.NDArray[np.float64]

_FEWEST = 3
_NAMED = 5
_NOISE = 1e-9
"""Share of the largest singular value below which a component is rounding."""


class ExpressionPcaParams(Params):
    """Which genes make the components, and when a batch is told to go with the outcome."""

    top_genes: int = Field(
        500, ge=2, le=100_000, description="genes of the highest variance that are used"
    )
    confounded_p: Fraction = Field(
        0.05,
        description="p of batch against response below which they are told to go together",
    )


class ExpressionView(NamedTuple):
    """What `expression_pca` makes."""

    scores: ExpressionPca
    components: ExpressionComponents
    covariates: ExpressionCovariates
    batches: BatchOutcomes


class Components(NamedTuple):
    """Scores (biopsies, k), loadings (genes, k), shares of the variance (k,)."""

    scores: Floats
    loadings: Floats
    shares: Floats


class _Expression(NamedTuple):
    """Values (genes, biopsies) with names, and of which scale they are."""

    log2: Floats
    genes: npt.NDArray[np.object_]
    biopsies: list[str]
    scale: str


@costs(memory_gb=4.0)
@needs_one_of("vst", "tpm")
def expression_pca(
    vst: Vst | None,
    tpm: Tpm | None,
    rna_quality: RnaQuality | None,
    rna_library: RnaLibrary | None,
    clinic: Clinic | None,
    params: ExpressionPcaParams,
) -> ExpressionView:
    """Find the principal components of expression, and which covariates go with them.

    The genes of the highest variance among the biopsies are centred, not scaled. A component
    points to where its largest loading is positive. Of a covariate that is a word the share of
    a component's variance between its levels is told, of a number the squared correlation;
    both are above 0 by chance, so what chance gives stands beside them. The outcome has no
    part in this, but in the comparison with batches, sites and libraries.

    Parameters
    ----------
    vst
        Counts whose variance is levelled; used where all biopsies have counts.
    tpm
        Transcripts per million; used as log2(TPM + 1) where not all biopsies have counts.
    rna_quality
        Covariates of the RNA.
    rna_library
        Batches, sites and libraries by the sample sheet.
    clinic
        Histology, arm, sex and response.
    params
        How many genes are used.

    Returns
    -------
    ExpressionView
        Scores with covariates; components; their shared variance; batches by response. No
        row, with a DataWarning, for fewer than three biopsies.

    Warnings
    --------
    Where a batch and the outcome go together, no component can tell which of them it
    follows.

    References
    ----------
    Leek et al., Nature Reviews Genetics 11, 733-739 (2010), doi:10.1038/nrg2825.
    """
    expression = _expression(vst, tpm)
    found = len(expression.biopsies)
    if found < _FEWEST:
        message = f"biopsies with expression: {found}, {_FEWEST} needed for components"
        warnings.warn(message, DataWarning, stacklevel=2)
        return _nothing()
    used = most_variable(expression.log2, expression.genes, params.top_genes)
    if not len(used):
        message = "no gene differs among the biopsies: no principal components"
        warnings.warn(message, DataWarning, stacklevel=2)
        return _nothing()
    parts = principal_components(expression.log2[used], len(COMPONENTS))
    owners = _owners(expression.biopsies, tpm, rna_quality)
    known = covariates_of(owners, rna_quality, rna_library, clinic)
    scores = pd.DataFrame(
        {name: _column(parts.scores, place) for place, name in enumerate(COMPONENTS)}
    )
    rows = pd.concat([known, scores.assign(scale=expression.scale)], axis=1)
    batches = batch_outcomes(rows, clinic, params.confounded_p)
    for message in batches.warnings:
        warnings.warn(message, DataWarning, stacklevel=2)
    return ExpressionView(
        rows[list(EXPRESSION_PCA.columns)],
        _components(parts, expression.genes[used], found),
        shared_variance(rows, parts.scores, tuple(CATEGORIES), tuple(NUMBERS)),
        batches.rows,
    )


def principal_components(values: Floats, most: int) -> Components:
    """Return the first principal components of values (genes, biopsies).

    Parameters
    ----------
    values
        Finite; genes are centred here.
    most
        How many components at most; those that are nothing but rounding are left out.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    loadings, sizes, turned = np.linalg.svd(centred, full_matrices=False)
    is_real = sizes > _NOISE * max(float(sizes[0]), np.finfo(np.float64).tiny)
    kept = int(min(most, is_real.sum()))
    variance = sizes**2
    peaks = np.abs(loadings[:, :kept]).argmax(axis=0)
    signs = np.sign(loadings[peaks, np.arange(kept)])
    return Components(
        (turned[:kept].T * sizes[:kept]) * signs,
        loadings[:, :kept] * signs,
        variance[:kept] / variance.sum(),
    )


def most_variable(
    values: Floats, genes: npt.NDArray[np.object_], most: int
) -> npt.NDArray[np.intp]:
    """Return the rows of the genes that vary most, at all: ties by name."""
    variances = values.var(axis=1, ddof=1)
    order: npt.NDArray[np.intp] = np.lexsort((genes.astype(str), -variances))
    varying: npt.NDArray[np.intp] = order[variances[order] > 0.0]
    return varying[:most]


def _expression(vst: pd.DataFrame | None, tpm: pd.DataFrame | None) -> _Expression:
    """Choose the scale, and keep the genes that are finite in all biopsies with values."""
    levelled = [] if vst is None or vst.empty else [n for n in vst.columns if n != "gene"]
    others = set() if tpm is None else {str(name) for name in tpm["biopsy"].unique()}
    if vst is not None and levelled and others <= set(levelled):
        names, genes = sorted(levelled), vst["gene"].to_numpy(dtype=object)
        return _finite(vst[names].to_numpy(dtype=np.float64), genes, names, "vst")
    if tpm is None:
        return _Expression(np.empty((0, 0)), np.empty(0, dtype=object), [], "vst")
    rows, of_rows = pd.factorize(tpm["gene"].astype(object), sort=True)
    columns, biopsies = pd.factorize(tpm["biopsy"].astype(object), sort=True)
    values = np.full((len(of_rows), len(biopsies)), np.nan)
    values[rows, columns] = tpm["log2_tpm"].to_numpy(dtype=np.float64)
    named = np.asarray(of_rows, dtype=object)
    return _finite(values, named, [str(name) for name in biopsies], "log2_tpm")


def _finite(
    values: Floats, genes: npt.NDArray[np.object_], biopsies: list[str], scale: str
) -> _Expression:
    is_finite = np.isfinite(values)
    has_some = np.asarray(is_finite.any(axis=0), dtype=np.bool_)
    if not has_some.all():
        message = f"{(~has_some).sum()} biopsies have no finite expression: left out"
        warnings.warn(message, DataWarning, stacklevel=4)
    is_shared = is_finite[:, has_some].all(axis=1)
    kept = [name for name, is_kept in zip(biopsies, has_some, strict=True) if is_kept]
    return _Expression(values[is_shared][:, has_some], genes[is_shared], kept, scale)


def _owners(biopsies: list[str], *tables: pd.DataFrame | None) -> pd.DataFrame:
    """Return each biopsy with its patient, by whichever table names both."""
    pairs = [
        rows[["patient", "biopsy"]].drop_duplicates() for rows in tables if rows is not None
    ]
    named = pd.concat(pairs).drop_duplicates("biopsy") if pairs else pd.DataFrame()
    of = dict(zip(named["biopsy"], named["patient"], strict=True)) if len(named) else {}
    return pd.DataFrame({"patient": [of.get(n, n) for n in biopsies], "biopsy": biopsies})


def _column(scores: Floats, place: int) -> Floats:
    missing: Floats = np.full(len(scores), np.nan)
    return scores[:, place] if place < scores.shape[1] else missing


def _components(
    parts: Components, genes: npt.NDArray[np.object_], biopsies: int
) -> pd.DataFrame:
    rows = []
    for place, share in enumerate(parts.shares.tolist()):
        loadings = parts.loadings[:, place]
        order = np.argsort(-loadings, kind="stable")
        high = [str(genes[at]) for at in order[:_NAMED] if loadings[at] > 0.0]
        low = [str(genes[at]) for at in order[::-1][:_NAMED] if loadings[at] < 0.0]
        row = (place + 1, share, len(genes), biopsies, ";".join(high), ";".join(low))
        rows.append(dict(zip(EXPRESSION_COMPONENTS.columns, row, strict=True)))
    return pd.DataFrame(rows, columns=list(EXPRESSION_COMPONENTS.columns))


def _nothing() -> ExpressionView:
    return ExpressionView(
        EXPRESSION_PCA.empty(), EXPRESSION_COMPONENTS.empty(),
        EXPRESSION_COVARIATES.empty(), BATCH_OUTCOMES.empty(),
    )  # fmt: skip
