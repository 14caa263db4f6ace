"""What tumour cells of given copies look like: log ratios and shares of alleles."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.genome import Build
from storiform.model.table import Resource

Floats = npt.NDArray[np.float64]

PanelOfNormals = Annotated[pd.DataFrame, Resource("panel_of_normals")]
"""One row per bin: `contig, start, end, is_target, gc, log2` (centred depth), `spread` (its SD
among normals), and in a panel of ours ``normal:NAME``, the centred log2 depth of each."""
GenePlaces = Annotated[pd.DataFrame, Resource("gene_places")]
"""One row per gene that is always reported: `gene, contig, start, end, cytoband`."""
ChromosomeArms = Annotated[pd.DataFrame, Resource("chromosome_arms")]
"""One row per arm, `contig, arm, start, end`; `arm` is p, q, or par for a stretch of X or Y."""

PSEUDOAUTOSOMAL: Final[Mapping[Build, Mapping[str, tuple[tuple[int, int], ...]]]] = {
    "GRCh37": {
        "chrX": ((60_000, 2_699_520), (154_931_043, 155_260_560)),
        "chrY": ((10_000, 2_649_520), (59_034_049, 59_363_566)),
    },
    "GRCh38": {
        "chrX": ((10_000, 2_781_479), (155_701_382, 156_030_895)),
        "chrY": ((10_000, 2_781_479), (56_887_902, 57_217_415)),
    },
}
"""Stretches that X and Y share, 0-based half-open: two copies in a male's normal cells."""
_ALTERNATIVE = re.compile(r"([0-9.]+)/([0-9.]+) \((-?[0-9.]+)\)")


def expected_log2(
    purity: npt.ArrayLike, ploidy: npt.ArrayLike, total: npt.ArrayLike, normal: npt.ArrayLike
) -> Floats:
    """Return the log2 ratio of a place with `total` copies in the tumour cells.

    ``log2[2 (p n + c (1 - p)) / (c (p P + 2 (1 - p)))]`` with purity p, ploidy P, n copies in
    tumour cells and c in normal ones; nothing is left where both are 0. Arguments broadcast.

    Examples
    --------
    >>> [round(float(expected_log2(0.5, 2.0, n, 2)), 3) for n in (1, 2, 3)]
    [-0.415, 0.0, 0.322]
    """
    p, n, c = (np.asarray(value, dtype=np.float64) for value in (purity, total, normal))
    of_place = 2.0 * (p * n + c * (1.0 - p))
    of_genome = c * (p * np.asarray(ploidy, dtype=np.float64) + 2.0 * (1.0 - p))
    return np.log2(np.maximum(of_place, 1e-3) / of_genome)


def raw_copies(
    log2: npt.ArrayLike, purity: npt.ArrayLike, ploidy: npt.ArrayLike, normal: npt.ArrayLike
) -> Floats:
    """Return the copies, before rounding and not below 0, that a log2 ratio stands for.

    Examples
    --------
    >>> float(raw_copies(expected_log2(0.4, 3.1, 7, 2), 0.4, 3.1, 2).round(6))
    7.0
    """
    p, c = np.asarray(purity, dtype=np.float64), np.asarray(normal, dtype=np.float64)
    of_genome = p * np.asarray(ploidy, dtype=np.float64) + 2.0 * (1.0 - p)
    of_place = np.exp2(np.asarray(log2, dtype=np.float64)) * c * of_genome / 2.0
    return np.maximum((of_place - c * (1.0 - p)) / p, 0.0)


def expected_share(purity: npt.ArrayLike, total: npt.ArrayLike, minor: npt.ArrayLike) -> Floats:
    """Return the share of the major allele's reads at a place heterozygous in the normal.

    ``1 - (p m + 1 - p) / (p n + 2 (1 - p))``; one half where nothing is left.

    Examples
    --------
    >>> round(float(expected_share(0.5, 1, 0)), 3), float(expected_share(0.5, 2, 1))
    (0.667, 0.5)
    """
    p, n, m = (np.asarray(value, dtype=np.float64) for value in (purity, total, minor))
    whole = np.maximum(p * n + 2.0 * (1.0 - p), 1e-9)
    return np.maximum(1.0 - (p * m + 1.0 - p) / whole, 0.5)


def write_alternatives(alternatives: Iterable[tuple[float, float, float]]) -> str:
    """Write alternatives (purity, ploidy, ln likelihood less the best) for `copy_number_fit`.

    Examples
    --------
    >>> write_alternatives([(0.45, 3.8, -2.13), (0.9, 1.9, -7.0)])
    '0.45/3.80 (-2.1); 0.90/1.90 (-7.0)'
    """
    return "; ".join(f"{p:.2f}/{ploidy:.2f} ({less:.1f})" for p, ploidy, less in alternatives)


def read_alternatives(fit: "pd.Series[Any]") -> list[tuple[float, float, float]]:
    """Read the alternatives of a row of `copy_number_fit`, as `write_alternatives` wrote them.

    Examples
    --------
    >>> read_alternatives(pd.Series({"alternatives": "0.45/3.80 (-2.1); 0.90/1.90 (-7.0)"}))
    [(0.45, 3.8, -2.1), (0.9, 1.9, -7.0)]
    >>> read_alternatives(pd.Series({"alternatives": None}))
    []
    """
    text = fit.get("alternatives")
    found = _ALTERNATIVE.findall(text) if isinstance(text, str) else []
    return [(float(purity), float(ploidy), float(less)) for purity, ploidy, less in found]
