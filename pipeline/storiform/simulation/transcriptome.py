"""Counts of genes: negative binomial, with library sizes, composition and cell populations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.simulation.enrolment import Biopsy, Enrolment
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import Reference

_BULK_GENES = 40
"""Genes of the tissue around a tumour, whose share of a library varies freely."""
_MARKER_TPM = 12.0
_BASE_SEED = 11
_Y_GENES = ("DDX3Y", "EIF1AY", "KDM5D", "NLGN4Y", "RPS4Y1", "RPS4Y2", "USP9Y", "UTY", "ZFY")


@dataclass(frozen=True)
class Transcriptome:
    """Counts (genes, libraries), in the order of `biopsies`, and what they were drawn from."""

    biopsies: tuple[Biopsy, ...]
    counts: npt.NDArray[np.int64]
    library: pd.DataFrame
    signatures: pd.DataFrame


def transcriptome(
    enrolment: Enrolment,
    reference: Reference,
    seed: int,
    recipe: Recipe,
    women: frozenset[str] = frozenset(),
) -> Transcriptome:
    """Draw the counts of every biopsy with RNA.

    A marker's expected TPM is ``base * 2^(abundance_log2 * latent)``. The bulk genes' share
    of a library is drawn apart from all else: it shifts every other TPM of that library,
    which is noise to a score, never a trace of the outcome. The patients that are `women`
    have no fragment of the genes of the Y chromosome.
    """
    biopsies = tuple(b for b in enrolment.biopsies if b.rna is not None)
    genes = len(reference.genes)
    base, dispersion = _gene_rates(reference)
    lengths = reference.genes["length"].to_numpy(dtype=float)
    bulk = np.random.default_rng(_BASE_SEED).permutation(_unmarked(reference))[:_BULK_GENES]
    of_men = reference.rows(_Y_GENES)
    counts = np.zeros((genes, len(biopsies)), dtype=np.int64)
    library: list[dict[str, object]] = []
    signatures: list[dict[str, object]] = []
    for column, biopsy in enumerate(biopsies):
        rng = np.random.default_rng([seed, 3, biopsy.number])
        tpm = base.copy()
        for population, symbols in reference.markers.items():
            rows = reference.rows(symbols)
            tpm[rows] *= 2 ** (recipe.abundance_log2 * biopsy.latent[population])
            abundance = {"population": population, "abundance": biopsy.latent[population]}
            signatures.append(_names(biopsy) | abundance)
        share = float(np.clip(0.15 * np.exp(0.5 * rng.normal()), 0.03, 0.5))
        weight = tpm * lengths
        weight[bulk] *= share / (1 - share) * (weight.sum() / weight[bulk].sum() - 1)
        fragments = int(np.clip(4e6 * np.exp(0.35 * rng.normal()), 1.5e6, 1.2e7))
        mean = fragments * weight / weight.sum()
        counts[:, column] = rng.poisson(mean * rng.gamma(1 / dispersion, dispersion))
        if biopsy.patient in women:
            counts[of_men, column] = 0
        drawn = {"fragments": int(counts[:, column].sum()), "bulk_share": share}
        library.append(_names(biopsy) | {"fragments_planted": fragments} | drawn)
    return Transcriptome(biopsies, counts, pd.DataFrame(library), pd.DataFrame(signatures))


def _names(biopsy: Biopsy) -> dict[str, object]:
    return {"patient": biopsy.patient, "biopsy": biopsy.name, "sample": biopsy.rna_sample}


def _unmarked(reference: Reference) -> npt.NDArray[np.intp]:
    """Return the rows of genes that are in no gene set and mark no population."""
    used = {gene for genes in reference.markers.values() for gene in genes}
    used |= {gene for genes in reference.sets.values() for gene in genes}
    return np.flatnonzero(~reference.genes["symbol"].isin(used).to_numpy())


def _gene_rates(
    reference: Reference,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each gene's usual TPM (unscaled) and its dispersion, the same in every trial."""
    rng = np.random.default_rng(_BASE_SEED)
    base = np.exp(rng.normal(2.6, 1.7, size=len(reference.genes)))
    dispersion = 0.08 + 0.5 / np.sqrt(1 + base) * rng.uniform(0.5, 1.5, size=len(base))
    for symbols in reference.markers.values():
        rows = reference.rows(symbols)
        base[rows] = _MARKER_TPM * np.exp(rng.normal(0, 0.6, size=len(rows)))
        dispersion[rows] = 0.12
    base *= 1e6 / base.sum()
    for symbols in reference.markers.values():
        rows = reference.rows(symbols)
        base[rows] = np.maximum(base[rows], 3.0)
    return base, dispersion
