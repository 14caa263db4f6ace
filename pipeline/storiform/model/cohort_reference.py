"""A cohort to read one biopsy against: means, spreads and sorted scores, nobody's genes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.model.resources import GeneNames
from storiform.model.table import Resource

Floats = NDArray[np.float64]
Scale = Literal["log2_tpm", "log2_upper_quartile"]
"""Of a reference's expression: log2(TPM + 1), or log2(count + 1) where counts of a biopsy are
scaled to an upper quartile of 1000, as TCGA publishes those of RSEM."""

QUANTILES = 1001
"""Points of a reference's profile, evenly from the lowest gene to the highest."""


@dataclass(frozen=True)
class CohortReference:
    """What is kept of a cohort.

    Parameters
    ----------
    name
        How results name it.
    biopsies
        How many it has.
    scale
        Of the expression from which its MCP-counter scores were taken.
    scores
        One row per score: `method` (mcp_counter or ssgsea), `signature` (a column of that
        table), `mean`, `sd`, `n`.
    sorted_scores
        Method and signature -> all scores of the cohort, sorted; none where unknown.
    markers
        One row per gene of an MCP-counter score: `signature`, `gene` (current symbol), `mean`
        over the cohort (missing where unknown). Empty: the score is taken as it stands.
    profile
        (QUANTILES,) mean of the biopsies' quantiles over the protein-coding genes; empty
        where unknown.
    settings
        What the scores of the cohort depend on: `mode`, `alpha`, `mcp_symbols`.
    gene_sets
        Name of a gene set that has a score -> digest of its genes; none where unknown.
    """

    name: str
    biopsies: int
    scale: Scale
    scores: pd.DataFrame
    sorted_scores: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    markers: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"signature": [], "gene": [], "mean": []})
    )
    profile: Floats = field(default_factory=lambda: np.empty(0))
    settings: Mapping[str, str] = field(default_factory=dict)
    gene_sets: Mapping[str, str] = field(default_factory=dict)


def gene_set_digests(sets: Mapping[str, Sequence[str]], names: GeneNames) -> dict[str, str]:
    """Return a digest of each set's genes, whatever their order and by whatever name.

    Parameters
    ----------
    sets
        Name of a set -> its genes.
    names
        All names of the human genes; a name that none knows stays as it is.
    """
    digests = {}
    for name, members in sets.items():
        symbols = zip(names.symbols(list(members)), members, strict=True)
        genes = "\n".join(sorted({symbol or written for symbol, written in symbols}))
        digests[name] = hashlib.blake2b(genes.encode(), digest_size=8).hexdigest()
    return digests


Cohort = Annotated[CohortReference, Resource("cohort_reference")]
"""The cohort of reference; 213 sarcomas of TCGA unless another is named."""

GeneMapping = Annotated[pd.DataFrame, Resource("gene_mapping")]
"""One row per gene: `gene`, `scale`, `shift`; scale x log2(TPM + 1) + shift is on the scale of
the reference. There is none unless a user names it."""

SicCentroids = Annotated[pd.DataFrame, Resource("sic_centroids")]
"""One row per population, one column for each of A to E: published z scores."""
