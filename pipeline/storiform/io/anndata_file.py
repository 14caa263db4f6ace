"""Expression with all that is known of each biopsy, as AnnData's ``.h5ad``."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.optional_packages import optional_package
from storiform.io.paths import fresh, part_of

_WHOLE = 2.0**24
"""Up to here single precision holds every whole number."""


def write_h5ad(
    path: Path,
    layers: Mapping[str, pd.DataFrame],
    biopsies: pd.DataFrame,
    genes: pd.DataFrame,
    notes: Mapping[str, Mapping[str, str]],
) -> None:
    """Write matrices of biopsies by genes.

    Parameters
    ----------
    path
        The file; one that is there is replaced once all is written.
    layers
        Name -> matrix, rows named by biopsy and columns by gene; missing where a biopsy or a
        gene was not measured. The first is also ``X``.
    biopsies
        The table ``obs``: one row per biopsy, named by the index. Flags and texts may be
        missing; texts become categories.
    genes
        The table ``var``: one row per gene, named by the index.
    notes
        Name -> entries for ``uns``, such as units and meanings of columns.

    Raises
    ------
    InputError
        If the package anndata is not installed.
    """
    anndata = optional_package("anndata", "anndata")
    filled = {
        name: _matrix(frame.reindex(index=biopsies.index, columns=genes.index))
        for name, frame in layers.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata's about its own future
        data = anndata.AnnData(
            X=next(iter(filled.values())).copy(),
            obs=_storable(biopsies),
            var=_storable(genes),
            layers=filled,
            uns={name: _keyed(entries) for name, entries in notes.items()},
        )
        part = fresh(part_of(path))
        data.write_h5ad(part, compression="gzip")
    part.replace(path)


def _matrix(frame: pd.DataFrame) -> npt.NDArray[np.floating[Any]]:
    """Return values in single precision, in double where that would round whole numbers."""
    values = np.ascontiguousarray(frame.to_numpy(dtype=np.float64))
    highest = np.nanmax(values, initial=0.0)
    return values if highest > _WHOLE else values.astype(np.float32)


def _key(name: str) -> str:
    """Write a name without the stroke, which HDF5 takes for a folder."""
    return name.replace("/", "_")


def _keyed(entries: Mapping[str, str]) -> dict[str, str]:
    return {_key(name): value for name, value in entries.items()}


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring columns to types that HDF5 has: text to categories, flags with gaps likewise."""
    frame = frame.rename(columns=lambda name: _key(str(name)))
    found = pd.DataFrame(index=pd.Index([str(name) for name in frame.index], dtype=object))
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_bool_dtype(values.dtype) and values.isna().any():
            words = values.map({True: "true", False: "false"}).astype(object)
            column = words.to_numpy(dtype=object)
        elif pd.api.types.is_bool_dtype(values.dtype):
            found[name] = values.to_numpy(dtype=bool)
            continue
        elif pd.api.types.is_numeric_dtype(values.dtype):
            found[name] = values.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        else:
            column = values.astype(object).to_numpy(dtype=object)
        known = [None if pd.isna(cell) else str(cell) for cell in column]
        found[name] = pd.Categorical(known, sorted({k for k in known if k is not None}))
    return found
