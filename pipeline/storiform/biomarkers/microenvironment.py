"""Cells of the tumour's microenvironment: MCP-counter and single-sample gene sets."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.kernels.enrichment import enrichment_scores
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Params
from storiform.model.resources import GeneNames, GeneSets, HumanGeneNames, McpMarkers
from storiform.model.tables.rna import (
    POPULATIONS,
    McpCounter,
    SignatureCoverage,
    SsGsea,
    Tpm,
)


class MicroenvironmentParams(Params):
    """Which marker symbols MCP-counter uses, and how ssGSEA treats ties."""

    mcp_symbols: Literal["repaired", "as_published"] = Field(
        "repaired",
        description="the published table names CAVIN2 (Entrez 8436) as C, by which no table "
        "finds it; as_published leaves it so",
    )
    max_log2: float = Field(
        50.0,
        gt=0.0,
        le=1000.0,
        description="log2(TPM + 1) above which the values must be linear; 20 is the million",
    )
    mode: Literal["midrank", "gsva", "gseapy"] = Field(
        "midrank",
        description="ties share mean rank and position (midrank, independent of the order of "
        "the genes), or are broken as GSVA or gseapy break them",
    )
    alpha: float = Field(
        0.25, ge=0.0, le=1.0, description="exponent of the ranks in ssGSEA; 0.25 in the paper"
    )
    min_size: int = Field(
        1, ge=1, le=10_000, description="genes of a set that must be present for a score"
    )


def mcp_counter(
    tpm: Tpm,
    mcp_markers: McpMarkers,
    gene_names: HumanGeneNames,
    params: MicroenvironmentParams,
) -> McpCounter:
    """Average log2(TPM + 1) over the markers of each cell population.

    Parameters
    ----------
    tpm
        Expression of one biopsy.
    mcp_markers
        Markers of the ten populations.
    gene_names
        All names of the human genes; markers are looked up under their current symbols.
    params
        Whether the published symbols are repaired.

    Returns
    -------
    McpCounter
        One row; NaN for a population none of whose markers is present.

    Raises
    ------
    InputError
        If the values are linear.

    Warnings
    --------
    Scores compare biopsies in one population of cells. They are no shares of cells, and
    two populations cannot be compared by them.

    References
    ----------
    Becht et al., Genome Biology 17, 218 (2016), doi:10.1186/s13059-016-1070-5.
    """
    highest = float(tpm["log2_tpm"].max())
    if highest > params.max_log2:
        expected = f"log2(TPM + 1) of at most {params.max_log2:g}"
        remedy = "Give linear values as TPM, in the column tpm of the sample sheet."
        raise InputError(fault("mcp_counter", f"values up to {highest:.6g}", expected, remedy))
    genes = pd.Index(tpm["gene"].astype(object))
    logs = tpm["log2_tpm"].to_numpy(float)
    scores: dict[str, list[float]] = {}
    for signature, members in _mcp_sets(mcp_markers, gene_names, params).items():
        rows = _rows(genes, members)
        scores[signature] = [float(logs[rows].mean()) if len(rows) else np.nan]
    return pd.DataFrame(scores)


def ssgsea(
    tpm: Tpm,
    gene_sets: GeneSets,
    gene_names: HumanGeneNames,
    params: MicroenvironmentParams,
) -> SsGsea:
    """Score gene sets in one biopsy by single-sample gene set enrichment.

    Parameters
    ----------
    tpm
        Expression of one biopsy.
    gene_sets
        Gene sets, under any names of their genes.
    gene_names
        All names of the human genes.
    params
        Treatment of ties, exponent, smallest set.

    Returns
    -------
    SsGsea
        One row of raw scores; NaN for a set of which too few genes are present. They are
        not divided by the range of the cohort, so that a biopsy's score is its own.

    Warnings
    --------
    Scores compare biopsies in one gene set. Sets share genes, so their scores are not
    independent findings.

    References
    ----------
    Barbie et al., Nature 462, 108-112 (2009), doi:10.1038/nature08460.
    """
    genes = pd.Index(tpm["gene"].astype(object))
    sets = _current_sets(gene_sets, gene_names)
    members = {name: _rows(genes, symbols) for name, symbols in sets.items()}
    scored = [name for name, rows in members.items() if len(rows) >= params.min_size]
    if not scored:
        message = f"none of {len(sets)} gene sets has {params.min_size} genes in this biopsy."
        warnings.warn(message, DataWarning, stacklevel=2)
    column = tpm["log2_tpm"].to_numpy(float)[:, None]
    chosen = [members[name] for name in scored]
    scores = enrichment_scores(column, chosen, params.alpha, params.mode)[:, 0]
    by_name = dict(zip(scored, scores, strict=True))
    return pd.DataFrame({name: [by_name.get(name, np.nan)] for name in sorted(sets)})


def signature_coverage(
    tpm: Tpm,
    mcp_markers: McpMarkers,
    gene_sets: GeneSets,
    gene_names: HumanGeneNames,
    params: MicroenvironmentParams,
) -> SignatureCoverage:
    """List the genes of each signature that a biopsy's expression lacks.

    Parameters
    ----------
    tpm
        Expression of one biopsy.
    mcp_markers
        Markers of MCP-counter.
    gene_sets
        Gene sets of ssGSEA.
    gene_names
        All names of the human genes.
    params
        Repair of the markers' symbols, and the smallest set that is scored.

    Returns
    -------
    SignatureCoverage
        One row per signature of either method.
    """
    genes = set(tpm["gene"])
    methods = {
        "mcp_counter": (_mcp_sets(mcp_markers, gene_names, params), 1),
        "ssgsea": (_current_sets(gene_sets, gene_names), params.min_size),
    }
    rows = []
    for method, (sets, smallest) in methods.items():
        for signature, members in sets.items():
            missing = sorted(set(members) - genes)
            present = len(members) - len(missing)
            is_scored = present >= smallest
            listed = ";".join(missing)
            rows.append((method, signature, len(members), present, listed, is_scored))
    columns = ["method", "signature", "genes", "present", "missing", "is_scored"]
    return pd.DataFrame(rows, columns=columns)


def _mcp_sets(
    markers: pd.DataFrame, names: GeneNames, params: MicroenvironmentParams
) -> dict[str, list[str]]:
    """Return the markers of each column of `mcp_counter` under their current symbols."""
    column = "symbol" if params.mcp_symbols == "repaired" else "symbol_published"
    sets: dict[str, list[str]] = {}
    for population, signature in POPULATIONS.items():
        symbols = markers.loc[markers["population"] == population, column]
        sets[signature] = _current([str(symbol) for symbol in symbols], names)
    return sets


def _current_sets(sets: Mapping[str, Sequence[str]], names: GeneNames) -> dict[str, list[str]]:
    return {name: _current(list(members), names) for name, members in sorted(sets.items())}


def _current(members: list[str], names: GeneNames) -> list[str]:
    """Return current symbols, each once; an unknown name stays as it is written."""
    found = zip(names.symbols(members), members, strict=True)
    return list(dict.fromkeys(symbol or name for symbol, name in found))


def _rows(genes: pd.Index, members: list[str]) -> np.ndarray:
    rows = genes.get_indexer(pd.Index(members, dtype=object))
    return rows[rows >= 0]
