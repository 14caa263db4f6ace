"""Gene sets at the ends of the genes, ranked by how much they differ."""

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Params, Seed
from storiform.model.resources import GeneNames, GeneSets, HumanGeneNames, McpMarkers
from storiform.model.tables.differential import (
    GSEA,
    MARKER_ENRICHMENT,
    DifferentialExpression,
    Gsea,
    MarkerEnrichment,
)
from storiform.model.tables.rna import POPULATIONS
from storiform.statistics.multiplicity import benjamini_hochberg

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class GseaParams(Params):
    """How gene sets are tested along the ranked genes."""

    permutations: int = Field(
        1000, ge=100, le=1_000_000, description="random sets of each size; 1000 as GSEA has it"
    )
    weight: float = Field(
        1.0, ge=0.0, le=2.0, description="exponent of the statistic; 0 is Kolmogorov-Smirnov"
    )
    min_size: int = Field(
        2,
        ge=1,
        le=10_000,
        description="genes of a set that must be ranked; signatures of the microenvironment "
        "are small",
    )
    seed: Seed = Field(1, description="of the random sets")


class Score(NamedTuple):
    """Enrichment of one set, and the ranks (from 0) of its leading edge."""

    enrichment: float
    edge: Indices


def marker_enrichment(
    differential_expression: DifferentialExpression,
    mcp_markers: McpMarkers,
    gene_names: HumanGeneNames,
) -> MarkerEnrichment:
    """Count the markers of each cell population that are higher or lower with the outcome.

    Degenerate genes are left out, as in `gsea`: their p tells of few biopsies.

    Parameters
    ----------
    differential_expression
        Comparison of the genes; its alpha calls the markers.
    mcp_markers
        Markers of the ten populations of MCP-counter.
    gene_names
        All names of the human genes; markers are looked up under their current symbols.

    Returns
    -------
    MarkerEnrichment
        One row per outcome and population.

    References
    ----------
    Becht et al., Genome Biology 17, 218 (2016), doi:10.1186/s13059-016-1070-5.
    """
    rows: list[dict[str, object]] = []
    for contrast, genes in differential_expression.groupby("contrast", sort=True):
        for population, column in POPULATIONS.items():
            chosen = mcp_markers.loc[mcp_markers["population"] == population, "symbol"]
            markers = _current([str(symbol) for symbol in chosen], gene_names)
            found = genes[genes["gene"].isin(markers)]
            rows.append({
                "contrast": contrast, "population": column, "markers": len(markers),
                **_markers(found[found["p"].notna()]),
            })  # fmt: skip
    return pd.DataFrame(rows) if rows else MARKER_ENRICHMENT.empty()


def _markers(with_p: pd.DataFrame) -> dict[str, object]:
    """Return the counts of one population, of its markers that have a p."""
    tested = with_p[~with_p["is_degenerate"]]
    called = tested[tested["is_significant"]].sort_values(["p", "gene"])
    up = called.loc[called["log2_fold_change"] > 0, "gene"]
    down = called.loc[called["log2_fold_change"] < 0, "gene"]
    return {
        "tested": len(tested), "degenerate": len(with_p) - len(tested),
        "up": len(up), "down": len(down),
        "share_up": len(up) / len(tested) if len(tested) else np.nan,
        "genes_up": ";".join(up), "genes_down": ";".join(down),
        "median_log2_fold_change": tested["log2_fold_change"].median(),
    }  # fmt: skip


def gsea(
    differential_expression: DifferentialExpression,
    gene_sets: GeneSets,
    gene_names: HumanGeneNames,
    params: GseaParams,
) -> Gsea:
    """Test whether gene sets gather at an end of the genes ranked by their Wald statistic.

    Genes without a p and degenerate ones are not ranked. The null distribution of a set is
    that of random sets of its size; it depends on the seed, the size and the ranked genes
    alone, so other sets and the order of the work change nothing.

    Parameters
    ----------
    differential_expression
        Comparison of the genes.
    gene_sets
        Gene sets, under any names of their genes.
    gene_names
        All names of the human genes.
    params
        Random sets, weight, smallest set.

    Returns
    -------
    Gsea
        One row per outcome and set; without numbers where too few of its genes are ranked.
        `p` counts the set itself among the random ones of its sign: it is never 0.

    Warnings
    --------
    Genes of a set rise and fall together, those of random sets do not: where they do so
    strongly, p is too small.

    References
    ----------
    Subramanian et al., PNAS 102, 15545-15550 (2005), doi:10.1073/pnas.0506580102.
    Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 39
    (2010), doi:10.2202/1544-6115.1585.
    """
    sets = {
        name: _current(list(genes), gene_names) for name, genes in sorted(gene_sets.items())
    }
    parts = [
        _tested_sets(genes, sets, params).assign(contrast=contrast)
        for contrast, genes in differential_expression.groupby("contrast", sort=True)
    ]
    return pd.concat(parts, ignore_index=True) if parts and sets else GSEA.empty()


def _tested_sets(
    table: pd.DataFrame, sets: Mapping[str, Sequence[str]], params: GseaParams
) -> pd.DataFrame:
    ranked = table[table["p"].notna() & ~table["is_degenerate"]]
    ranked = ranked.sort_values(["statistic", "gene"], ascending=[False, True])
    genes = pd.Index(ranked["gene"].astype(object))
    weights = np.abs(ranked["statistic"].to_numpy(np.float64)) ** params.weight
    nulls: dict[int, Floats] = {}
    rows: list[dict[str, object]] = []
    for name, members in sets.items():
        places = np.sort(genes.get_indexer(np.array(members, dtype=object)).astype(np.int64))
        places = places[places >= 0]
        row: dict[str, object] = {"gene_set": name, "genes": len(places), **_NOTHING}
        if params.min_size <= len(places) < len(genes):
            if len(places) not in nulls:
                nulls[len(places)] = random_enrichments(weights, len(places), params)
            score = enrichment(weights, places)
            row |= _compared_with(score.enrichment, nulls[len(places)])
            row["leading_edge"] = ";".join(genes[score.edge])
        rows.append(row)
    tested = pd.DataFrame(rows)
    if tested["p"].isna().all():
        message = f"none of {len(sets)} gene sets has {params.min_size} of {len(genes)} genes"
        warnings.warn(message, DataWarning, stacklevel=3)
    tested["q"] = benjamini_hochberg(tested["p"].to_numpy(np.float64))
    return tested


_NOTHING: dict[str, object] = {
    "enrichment": np.nan, "normalised_enrichment": np.nan, "p": np.nan, "leading_edge": "",
}  # fmt: skip


def _compared_with(score: float, null: Floats) -> dict[str, object]:
    alike = np.abs(null[np.sign(null) == np.sign(score)])
    share = (1.0 + float((alike >= abs(score)).sum())) / (1.0 + len(alike))
    return {
        "enrichment": score, "p": share,
        "normalised_enrichment": score / float(alike.mean()) if len(alike) else np.nan,
    }  # fmt: skip


def enrichment(weights: Floats, places: Indices) -> Score:
    """Return where the running sum of a set is furthest from 0.

    Parameters
    ----------
    weights
        Weight of each gene, the highest ranked first (n,).
    places
        Ranks of the genes of the set (k,), from 0, sorted, k < n.
    """
    after, before = _running_sums(weights, places[None, :])
    highest, lowest = int(after[0].argmax()), int(before[0].argmin())
    if after[0, highest] >= -before[0, lowest]:
        return Score(float(after[0, highest]), places[: highest + 1])
    return Score(float(before[0, lowest]), places[lowest:])


def random_enrichments(weights: Floats, size: int, params: GseaParams) -> Floats:
    """Return the enrichment of random sets of a size (permutations,)."""
    generator = np.random.default_rng([params.seed, size])
    places = np.array([
        np.sort(generator.choice(len(weights), size, replace=False, shuffle=False))
        for _ in range(params.permutations)
    ])  # fmt: skip
    after, before = _running_sums(weights, places)
    highest, lowest = after.max(axis=1), before.min(axis=1)
    scores: Floats = np.where(highest >= -lowest, highest, lowest)
    return scores


def _running_sums(weights: Floats, places: Indices) -> tuple[Floats, Floats]:
    """Return the running sum just after and just before each gene of sets (sets, k)."""
    size = places.shape[1]
    hits = weights[places]
    totals = hits.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0.0, hits / np.where(totals > 0.0, totals, 1.0), 1.0 / size)
    reached = np.cumsum(shares, axis=1)
    missed = (places - np.arange(size)) / (len(weights) - size)
    return reached - missed, reached - shares - missed


def _current(members: list[str], names: GeneNames) -> list[str]:
    """Return current symbols, each once; an unknown name stays as it is written."""
    found = zip(names.symbols(members), members, strict=True)
    return list(dict.fromkeys(symbol or name for symbol, name in found))
