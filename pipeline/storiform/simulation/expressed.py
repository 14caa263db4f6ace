"""What genes of the invented genome express, driven by the latent abundances."""

import numpy as np
import numpy.typing as npt

from storiform.simulation.enrolment import Biopsy
from storiform.simulation.genome import Genome
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import UNIVERSE_SEED, Reference

_MARKER = 1.2
"""Usual expression of a marker; that of other genes has the median 1."""
_DISPERSION = 0.06
"""Variance of a gene's expression between biopsies, of its squared mean."""


def expression_of(
    genome: Genome, reference: Reference, biopsy: Biopsy, recipe: Recipe,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Draw the TPM (unscaled) of every gene in one biopsy, (genes,).

    A marker's usual value is multiplied by ``2^(abundance_log2 * latent)`` of its
    population. The genes of chrM are expressed ten times as much as others.
    """
    base = np.random.default_rng([UNIVERSE_SEED, 8]).lognormal(0.0, 1.1, len(genome.genes))
    rows = {gene.symbol: row for row, gene in enumerate(genome.genes)}
    marked = [
        (p, rows[s]) for p, symbols in reference.markers.items() for s in symbols if s in rows
    ]
    for _, row in marked:
        base[row] = _MARKER
    for population, row in marked:
        base[row] *= 2 ** (recipe.abundance_log2 * biopsy.latent[population])
    base *= [10.0 if gene.contig == "chrM" else 1.0 for gene in genome.genes]
    noise = rng.gamma(1 / _DISPERSION, _DISPERSION, size=len(base))
    return np.asarray(base * noise, dtype=np.float64)
