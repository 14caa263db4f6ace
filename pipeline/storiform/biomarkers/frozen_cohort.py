"""A finished run -> a cohort of reference: what one new biopsy can be read against."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.model.cohort_reference import (
    QUANTILES,
    CohortReference,
    Floats,
    gene_set_digests,
)
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.resources import GeneNames
from storiform.model.tables.rna import POPULATIONS

FEWEST = 5
_FEW = 30
_CODING = "mane_select"


class FrozenParts(NamedTuple):
    """What a cohort of reference is made of.

    Parameters
    ----------
    tpm
        Expression of each biopsy, one at a time.
    ssgsea
        The row of scores of each biopsy that has them.
    mcp_markers
        Markers of MCP-counter.
    gene_sets
        Gene sets of the scores.
    gene_names
        All names of the human genes.
    gene_lengths
        Which genes code for protein.
    settings
        `mode`, `alpha` and `mcp_symbols` of the run.
    """

    tpm: Iterable[pd.DataFrame]
    ssgsea: Iterable[pd.DataFrame]
    mcp_markers: pd.DataFrame
    gene_sets: Mapping[str, Sequence[str]]
    gene_names: GeneNames
    gene_lengths: pd.DataFrame
    settings: Mapping[str, str]


def frozen_cohort(name: str, parts: FrozenParts) -> CohortReference:
    """Keep mean, SD and sorted values of each score of a cohort, and the means of its markers.

    No name of a patient is kept, and no expression of a single biopsy: the values of each
    score are sorted by themselves, so that nobody's scores can be put together.

    Parameters
    ----------
    name
        How results will name the cohort.
    parts
        Tables of one biopsy for each patient.

    Returns
    -------
    CohortReference
        On the scale log2(TPM + 1). An MCP-counter score is the mean over the markers that
        every biopsy has.

    Raises
    ------
    InputError
        If there are fewer than five biopsies with expression.
    """
    wanted = _markers(parts)
    genes = sorted({gene for own in wanted.values() for gene in own})
    lengths = parts.gene_lengths
    coding = pd.Index(lengths.loc[lengths["length_source"] == _CODING, "gene"])
    logs, profiles = [], []
    grid = np.linspace(0.0, 100.0, QUANTILES)
    for tpm in parts.tpm:
        own = pd.Series(tpm["log2_tpm"].to_numpy(float), pd.Index(tpm["gene"].astype(object)))
        logs.append(own.reindex(genes).to_numpy(float))
        of_coding = own[own.index.isin(coding)].to_numpy(float)
        if len(of_coding):
            profiles.append(np.percentile(of_coding, grid))
    _refuse_few(name, len(logs))
    matrix = pd.DataFrame(np.array(logs).T, index=pd.Index(genes))
    known = matrix.dropna()
    means = dict(zip(known.index, known.mean(axis=1).to_numpy(float), strict=True))
    values = {
        ("mcp_counter", signature): known.loc[own].mean(axis=0).to_numpy(float)
        for signature, own in _present(wanted, known).items()
    }
    values |= _gene_sets(parts.ssgsea)
    digests = gene_set_digests(parts.gene_sets, parts.gene_names)
    varied = {key: np.sort(own) for key, own in values.items() if np.std(own) > 0}
    return CohortReference(
        name=name,
        biopsies=len(logs),
        scale="log2_tpm",
        scores=_moments(varied),
        sorted_scores=varied,
        markers=pd.DataFrame(
            [
                (signature, gene, means[gene])
                for signature, own in _present(wanted, known).items()
                for gene in own
                if ("mcp_counter", signature) in varied
            ],
            columns=["signature", "gene", "mean"],
        ),
        profile=np.mean(profiles, axis=0) if profiles else np.empty(0),
        settings=dict(parts.settings),
        gene_sets={name: own for name, own in digests.items() if ("ssgsea", name) in varied},
    )


def _refuse_few(name: str, biopsies: int) -> None:
    if biopsies < FEWEST:
        expected = f"{FEWEST} or more, since one biopsy speaks for each"
        found = f"{biopsies} patients with expression at baseline"
        remedy = "Freeze a run of more patients."
        raise InputError(fault(f"reference {name}", found, expected, remedy))
    if biopsies < _FEW:
        message = (
            f"reference {name}: its means and SDs rest on {biopsies} patients, fewer than "
            f"{_FEW}; percentiles are coarse, and a selected cohort moves every class."
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _markers(parts: FrozenParts) -> dict[str, list[str]]:
    column = "symbol"
    if parts.settings.get("mcp_symbols") == "as_published":
        column = "symbol_published"
    found = {}
    for population, signature in POPULATIONS.items():
        own = parts.mcp_markers["population"] == population
        written = [str(symbol) for symbol in parts.mcp_markers.loc[own, column]]
        current = zip(parts.gene_names.symbols(written), written, strict=True)
        found[signature] = list(dict.fromkeys(new or old for new, old in current))
    return found


def _present(wanted: Mapping[str, list[str]], known: pd.DataFrame) -> dict[str, list[str]]:
    """Return the markers that every biopsy has, of the populations that have any."""
    kept = {name: [g for g in own if g in known.index] for name, own in wanted.items()}
    return {name: own for name, own in kept.items() if own}


def _gene_sets(rows: Iterable[pd.DataFrame]) -> dict[tuple[str, str], Floats]:
    """Return the scores of each set that more than half of the biopsies have."""
    scores = pd.concat([pd.DataFrame(), *rows], ignore_index=True)
    enough = scores.notna().mean() > 0.5  # noqa: PLR2004  more than half
    kept = scores.loc[:, enough] if len(scores) >= FEWEST else scores.iloc[:, :0]
    return {
        ("ssgsea", str(name)): kept[name].dropna().to_numpy(dtype=np.float64) for name in kept
    }


def _moments(values: Mapping[tuple[str, str], Floats]) -> pd.DataFrame:
    rows = [
        (method, signature, float(own.mean()), float(own.std(ddof=1)), len(own))
        for (method, signature), own in values.items()
    ]
    return pd.DataFrame(rows, columns=["method", "signature", "mean", "sd", "n"])
