"""Single genes of immunity: checkpoints, and the constant regions of immunoglobulins."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from storiform.model.tables.immune import (
    CHECKPOINT_GENES,
    ISOTYPES,
    KAPPA,
    LAMBDA,
    Checkpoints,
    Immunoglobulins,
)
from storiform.model.tables.rna import Tpm


def checkpoints(tpm: Tpm) -> Checkpoints:
    """Take the expression of genes of immune checkpoints.

    Parameters
    ----------
    tpm
        Expression of one biopsy, under current symbols.

    Returns
    -------
    Checkpoints
        One row of log2(TPM + 1); a gene that was not measured is missing, not zero.
    """
    known = _by_gene(tpm["gene"], tpm["log2_tpm"])
    return pd.DataFrame({gene: [known.get(gene, np.nan)] for gene in CHECKPOINT_GENES})


def immunoglobulins(tpm: Tpm) -> Immunoglobulins:
    """Share the expression of immunoglobulins among isotypes and light chains.

    Parameters
    ----------
    tpm
        Expression of one biopsy, under current symbols.

    Returns
    -------
    Immunoglobulins
        One row. A share is missing where nothing of its chains is expressed, or where a
        whole isotype (IGHD and IGHE excepted, which tumours hardly express) or light chain
        was not measured: without it the others' shares would be too large.

    Notes
    -----
    Constant regions of a class are near copies of each other, so that aligners give their
    reads to several genes; genes are therefore summed by class.
    """
    known = _by_gene(tpm["gene"], tpm["tpm"])
    heavy = {name: _sum(known, genes) for name, genes in ISOTYPES.items()}
    light = {"kappa": _sum(known, KAPPA), "lambda": _sum(known, LAMBDA)}
    needed = [heavy[name] for name in ("igha", "ighg", "ighm")]
    of_heavy = float(np.nansum(list(heavy.values()))) if np.isfinite(needed).all() else np.nan
    of_light = float(sum(light.values()))
    row: dict[str, object] = {
        "heavy_log2_tpm": np.log2(of_heavy + 1.0),
        "light_log2_tpm": np.log2(of_light + 1.0),
    }
    row |= {f"{name}_share": _share(value, of_heavy) for name, value in heavy.items()}
    row["kappa_share"] = _share(light["kappa"], of_light)
    genes = [gene for own in ISOTYPES.values() for gene in own] + [*KAPPA, *LAMBDA]
    row["missing"] = ";".join(gene for gene in genes if gene not in known)
    return pd.DataFrame([row])


def _by_gene(genes: pd.Series, values: pd.Series) -> dict[str, float]:
    return dict(zip(genes.astype(str), values.to_numpy(float).tolist(), strict=True))


def _sum(known: Mapping[str, float], genes: Iterable[str]) -> float:
    measured = [known[gene] for gene in genes if gene in known]
    return float(sum(measured)) if measured else np.nan


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan
