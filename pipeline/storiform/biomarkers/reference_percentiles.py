"""Where a biopsy stands in a cohort of reference; nothing here knows the run's other biopsies.

Expression is brought to the scale of the reference within the biopsy alone::

    none      y = log2(TPM + 1)
    lengths   y = log2(1000 x / q + 1), x = TPM times length, q the upper quartile of the
              protein-coding genes with x > 0: TCGA's scale of RSEM counts
    genes     y = scale log2(TPM + 1) + shift, both frozen for each gene
    ranks     y = the reference's mean quantile of the gene's rank among protein-coding genes

A score is the mean of y over the reference's own markers. Where the biopsy lacks some, the
reference's mean over all markers less that over those present is added, so that a table
without the quiet genes does not look inflamed.
"""

import warnings
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.kernels.enrichment import average_ranks
from storiform.model.cohort_reference import (
    Cohort,
    CohortReference,
    Floats,
    GeneMapping,
    gene_set_digests,
)
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Fraction, Params
from storiform.model.resources import GeneLengths, GeneSets, HumanGeneNames
from storiform.model.tables.immune import ReferencePercentiles
from storiform.model.tables.rna import McpCounter, SsGsea, Tpm

_UPPER_QUARTILE, _TARGET = 75.0, 1000.0
_FEW_GENES = 5_000
"""Protein-coding genes below which their quartiles say little of a library."""
_FEW_BIOPSIES = 30
_NO_EXPRESSION = "no expression of its markers to bring"
_OTHER_GENES = "a set of the same name has other genes"
_ROUNDING = 1e-8
"""By which a score may exceed the same one in a file, where it has nine decimals."""
_CODING = "mane_select"


class ReferencePercentilesParams(Params):
    """How expression is brought to the scale of the cohort of reference."""

    mapping: Literal["auto", "none", "lengths", "genes", "ranks"] = Field(
        "auto",
        description="auto: genes where resources.gene_mapping is named; else lengths for a "
        "reference of TCGA's RSEM counts, none for one of log2(TPM + 1)",
    )
    min_markers: Fraction = Field(
        0.35,
        description="share of a score's markers that must be present; with 40 % of each at "
        "random 91 % of TCGA's sarcomas with a margin of 0.25 keep their class, with 30 % 83 %",
    )


class _Expression(NamedTuple):
    """Expression on the reference's scale by gene, and how it came there."""

    logs: pd.Series
    mapping: str


def reference_percentiles(  # noqa: PLR0913, PLR0917  a step
    mcp_counter: McpCounter,
    ssgsea: SsGsea | None,
    tpm: Tpm | None,
    cohort_reference: Cohort,
    gene_lengths: GeneLengths,
    gene_mapping: GeneMapping | None,
    gene_sets: GeneSets,
    gene_names: HumanGeneNames,
    params: ReferencePercentilesParams,
) -> ReferencePercentiles:
    """Read the scores of a biopsy on the scale of a cohort of reference.

    Parameters
    ----------
    mcp_counter
        MCP-counter scores; taken as they stand where there is no expression, or where the
        reference does not name its markers. They are of log2(TPM + 1): where the reference
        asks for another mapping, there is no standing, a `note` that says so, and a
        DataWarning.
    ssgsea
        ssGSEA scores, which are of ranks within the biopsy; they are compared as they stand,
        where the reference has scored the same genes.
    tpm
        Expression of the biopsy.
    cohort_reference
        Means, spreads, markers and, where it was frozen, sorted scores of the cohort.
    gene_lengths
        Lengths (bp) for TPM without any, and which genes code for protein.
    gene_mapping
        Frozen scale and shift of each gene.
    gene_sets
        Gene sets of the ssGSEA scores.
    gene_names
        All names of the human genes, by which sets of the same genes are known.
    params
        The mapping, and how many markers must be present.

    Returns
    -------
    ReferencePercentiles
        One row per score of the reference; with a DataWarning where it has fewer than 30
        biopsies.

    Raises
    ------
    InputError
        If the mapping needs what the reference or the user has not given.

    Warnings
    --------
    A percentile holds what the mapping leaves of the difference between two platforms.

    References
    ----------
    Li and Dewey, BMC Bioinformatics 12, 323 (2011), doi:10.1186/1471-2105-12-323 (RSEM);
    Bullard et al., BMC Bioinformatics 11, 94 (2010), doi:10.1186/1471-2105-11-94 (upper
    quartile).
    """
    mapping = _mapping(params.mapping, cohort_reference, gene_mapping)
    scaled = None
    if tpm is not None:
        scaled = _scaled(tpm, cohort_reference, gene_lengths, gene_mapping, mapping)
    _warn_of_few(cohort_reference)
    digests = gene_set_digests(gene_sets, gene_names)
    rows = []
    for score in cohort_reference.scores.to_dict("records"):
        method, signature = str(score["method"]), str(score["signature"])
        if method == "ssgsea":
            row = _of_set(ssgsea, signature, cohort_reference, digests)
        elif scaled is None or not (cohort_reference.markers["signature"] == signature).any():
            row = _given(mcp_counter, signature, cohort_reference, mapping)
        else:
            row = _of_markers(scaled, cohort_reference, signature, params)
        values = cohort_reference.sorted_scores.get((method, signature))
        standing = _standing(row["value"], float(score["mean"]), float(score["sd"]), values)
        rows.append({"method": method, "signature": signature, **row, **standing})
    if any(_NO_EXPRESSION in str(row["note"]) for row in rows):
        message = (
            "MCP-counter scores without expression: they are of log2(TPM + 1), and cannot be "
            f"read against {cohort_reference.name} ({mapping}); there is no standing and no "
            "immune class. Give counts or TPM, or a cohort of storiform freeze; set "
            "reference_percentiles.mapping to none only if the scores are on its scale."
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    return pd.DataFrame(rows).assign(
        reference=cohort_reference.name, reference_n=cohort_reference.biopsies
    )


def _mapping(wanted: str, reference: CohortReference, mapping: pd.DataFrame | None) -> str:
    """Return how expression is brought to the reference's scale."""
    if wanted != "auto":
        return wanted
    of_scale = "lengths" if reference.scale == "log2_upper_quartile" else "none"
    return of_scale if mapping is None else "genes"


def _warn_of_few(reference: CohortReference) -> None:
    if reference.biopsies < _FEW_BIOPSIES:
        message = (
            f"reference {reference.name}: its means and SDs rest on {reference.biopsies} "
            f"biopsies, fewer than {_FEW_BIOPSIES}; percentiles are coarse."
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _scaled(
    tpm: pd.DataFrame,
    reference: CohortReference,
    lengths: pd.DataFrame,
    mapping: pd.DataFrame | None,
    chosen: str,
) -> _Expression:
    genes = pd.Index(tpm["gene"].astype(object))
    logs = pd.Series(tpm["log2_tpm"].to_numpy(float), genes)
    if chosen == "lengths":
        return _Expression(_upper_quartile(tpm, genes, lengths), chosen)
    if chosen == "genes":
        return _Expression(_by_gene(logs, mapping), chosen)
    if chosen == "ranks":
        return _Expression(_by_rank(logs, reference, lengths), chosen)
    return _Expression(logs, "none")


def _coding(genes: pd.Index, lengths: pd.DataFrame) -> np.ndarray:
    """Tell which genes code for protein; warn where they are too few to speak for a library."""
    coding = lengths.loc[lengths["length_source"] == _CODING, "gene"]
    is_coding: np.ndarray = genes.isin(coding)
    if is_coding.sum() < _FEW_GENES:
        message = (
            f"only {int(is_coding.sum())} protein-coding genes are measured: the scale of the "
            "biopsy, and its standing in the cohort of reference, rest on them."
        )
        warnings.warn(message, DataWarning, stacklevel=4)
    return is_coding


def _upper_quartile(tpm: pd.DataFrame, genes: pd.Index, lengths: pd.DataFrame) -> pd.Series:
    known = lengths.drop_duplicates("gene").set_index("gene")["length"]
    given = tpm["length"].to_numpy(float)
    length = np.where(np.isnan(given), known.reindex(genes).to_numpy(float), given)
    counts = tpm["tpm"].to_numpy(float) * length
    with np.errstate(invalid="ignore"):
        is_counted = _coding(genes, lengths) & (counts > 0)
    if not is_counted.any():
        expected = "protein-coding genes with a length and an expression"
        remedy = "Give genes by HGNC symbol, Ensembl or Entrez id, or choose another mapping."
        raise InputError(fault("reference_percentiles.mapping", "none", expected, remedy))
    quartile = float(np.percentile(counts[is_counted], _UPPER_QUARTILE))
    return pd.Series(np.log2(counts / quartile * _TARGET + 1.0), genes).dropna()


def _by_gene(logs: pd.Series, mapping: pd.DataFrame | None) -> pd.Series:
    if mapping is None:
        remedy = "Name a table of gene, scale, shift under resources.gene_mapping."
        expected = "a frozen scale and shift of each gene"
        raise InputError(fault("reference_percentiles.mapping", "genes", expected, remedy))
    known = mapping.set_index("gene")
    shared = logs.index.intersection(known.index)
    own = known.loc[shared]
    mapped = logs[shared].to_numpy() * own["scale"].to_numpy() + own["shift"].to_numpy()
    return pd.Series(np.maximum(mapped, 0.0), shared)


def _by_rank(logs: pd.Series, reference: CohortReference, lengths: pd.DataFrame) -> pd.Series:
    if not len(reference.profile):
        found = f"ranks, but {reference.name} keeps no profile of all genes"
        remedy = "Choose another mapping, or freeze a cohort with storiform freeze."
        where = "reference_percentiles.mapping"
        raise InputError(fault(where, found, "a reference with a profile", remedy))
    own = logs[_coding(logs.index, lengths)]
    places = (average_ranks(own.to_numpy(float)) - 0.5) / len(own)
    grid = np.linspace(0.0, 1.0, len(reference.profile))
    return pd.Series(np.interp(places, grid, reference.profile), own.index)


def _given(
    scores: pd.DataFrame, signature: str, reference: CohortReference, mapping: str
) -> dict[str, object]:
    """Take a score as it stands, unless the reference's scale is another than its own."""
    row = _as_scored(scores, signature)
    if mapping == "none" or row["note"]:
        return row
    why = f"{_NO_EXPRESSION} to the scale of {reference.name}"
    return row | {"value": np.nan, "mapping": None, "note": why}


def _of_set(
    scores: pd.DataFrame | None,
    signature: str,
    reference: CohortReference,
    digests: Mapping[str, str],
) -> dict[str, object]:
    """Take the score of a gene set as it stands, if the reference has scored the same genes."""
    row = _as_scored(scores, signature)
    if row["note"] or reference.gene_sets.get(signature) == digests.get(signature, ""):
        return row
    why = (
        f"{_OTHER_GENES} in {reference.name}"
        if signature in reference.gene_sets
        else f"{reference.name} does not tell the genes of its set: freeze it again"
    )
    return row | {"value": np.nan, "mapping": None, "note": why}


def _as_scored(scores: pd.DataFrame | None, signature: str) -> dict[str, object]:
    known = scores is not None and signature in scores.columns and len(scores) == 1
    value = float(scores[signature].iloc[0]) if scores is not None and known else np.nan
    note = "" if np.isfinite(value) else "the biopsy has no such score"
    return {"value": value, "genes": None, "genes_of_reference": None, "mapping": "none",
            "note": note}  # fmt: skip


def _of_markers(
    scaled: _Expression,
    reference: CohortReference,
    signature: str,
    params: ReferencePercentilesParams,
) -> dict[str, object]:
    markers = reference.markers[reference.markers["signature"] == signature]
    is_present = markers["gene"].isin(scaled.logs.index).to_numpy(dtype=bool)
    present, wanted = int(is_present.sum()), len(markers)
    row: dict[str, object] = {"value": np.nan, "genes": present, "genes_of_reference": wanted,
                              "mapping": scaled.mapping, "note": ""}  # fmt: skip
    if present < params.min_markers * wanted or not present:
        return row | {"note": f"{present} of {wanted} markers are measured, too few"}
    value = float(scaled.logs[markers.loc[is_present, "gene"]].mean())
    if present == wanted:
        return row | {"value": value}
    means = markers["mean"].to_numpy(float)
    missing = ";".join(sorted(markers.loc[~is_present, "gene"]))
    if np.isnan(means).any():
        return row | {"value": value, "note": f"without {missing}"}
    # What a typical biopsy of the reference loses with the same markers is given back.
    value += float(means.mean() - means[is_present].mean())
    return row | {"value": value, "note": f"without {missing}, which is allowed for"}


def _standing(value: object, mean: float, sd: float, values: Floats | None) -> dict[str, float]:
    number = float(value)  # type: ignore[arg-type]  # of the row's own making
    standing = {"z": (number - mean) / sd, "percentile": np.nan}
    if values is not None and len(values) and np.isfinite(number):
        below = int(np.searchsorted(values, number + _ROUNDING, side="right"))
        standing["percentile"] = 100.0 * below / len(values)
    return standing
