"""What a step may ask of a predictor of peptides on HLA molecules, our own or another's."""

from collections import abc
from typing import Annotated, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from storiform.model.table import Resource

SHORTEST, LONGEST = 8, 11
"""Residues of the peptides that are scored for class I."""

GOOD_PEPTIDES, GOOD_AFFINITIES = 1000, 100
"""Peptides, and measured affinities among them, from which an allele is known well."""
MODERATE_PEPTIDES = 200
"""Peptides, measured or eluted, from which it is known moderately; below, weakly."""

Support = Literal["good", "moderate", "weak", "none", "unknown"]


def support_of(affinities: int, ligands: int) -> Support:
    """Tell how well an allele is known by the peptides that a predictor learnt from.

    `good` needs measured affinities, since ligands alone do not say how strong a bond is.

    Examples
    --------
    >>> support_of(5000, 7000), support_of(19, 1466), support_of(26, 0), support_of(0, 0)
    ('good', 'moderate', 'weak', 'none')
    """
    peptides = affinities + ligands
    if peptides >= GOOD_PEPTIDES and affinities >= GOOD_AFFINITIES:
        return "good"
    if peptides >= MODERATE_PEPTIDES:
        return "moderate"
    return "weak" if peptides else "none"


class Predictor(Protocol):
    """Predicts how peptides bind to HLA molecules."""

    @property
    def name(self) -> str:
        """What the predictor is called."""
        ...

    @property
    def version(self) -> str:
        """Its version, which changes with its numbers."""
        ...

    @property
    def alleles(self) -> tuple[str, ...]:
        """The alleles that it knows, two fields; empty where it has no list."""
        ...

    def support(self, allele: str) -> str:
        """Tell how well it knows an allele: a `Support`; `none` where it predicts nothing."""
        ...

    def predict(
        self, peptides: abc.Sequence[str], alleles: abc.Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Predict each peptide for each allele.

        Returns
        -------
        tuple of numpy.ndarray
            IC50 (nM), percentile rank (%) and presentation (0 to 1), each
            (n_alleles, n_peptides); NaN for what it does not take or give.
        """
        ...


@runtime_checkable
class CountedPredictor(Protocol):
    """A predictor that can say from how many peptides it learnt of an allele."""

    def learnt_from(self, allele: str) -> tuple[int, int]:
        """Return the measured affinities and the eluted ligands of an allele."""
        ...


MhcModel = Annotated[Predictor, Resource("mhc_model")]
"""The project's own class I model, or the program that the user names in its place."""
