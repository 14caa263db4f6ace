"""What is written as AnnData reads back: gaps, flags, texts, and names that HDF5 refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io import optional_packages
from storiform.io.anndata_file import write_h5ad
from storiform.io.optional_packages import optional_package
from storiform.model.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
OBS = pd.DataFrame(
    {
        "told": pd.array([True, None], "boolean"),
        "whole": [True, False],
        "text": pd.array(["a", None], "string"),
        "number": pd.array([1, None], "Int64"),
        "T/NK cells": [0.5, np.nan],
    },
    index=["B1", "B2"],
)
GENES = pd.DataFrame({"length": [100.0, np.nan]}, index=["A", "C"])


def write(path: Path) -> None:
    counts = pd.DataFrame({"C": [1.0, 2.0]}, index=["B2", "B1"])
    notes = {"units": {"T/NK cells": "ES"}}
    write_h5ad(path, {"counts": counts, "tpm": counts * 2}, OBS, GENES, notes)


def test_matrices_are_laid_out_by_name(tmp_path) -> None:
    anndata = pytest.importorskip("anndata")
    write(tmp_path / "a.h5ad")
    data = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert data.obs_names.tolist() == ["B1", "B2"]
    assert data.var_names.tolist() == ["A", "C"]
    assert data[:, "C"].X.ravel().tolist() == [2.0, 1.0]
    assert np.isnan(data[:, "A"].layers["tpm"]).all()
    assert data[:, "C"].layers["tpm"].ravel().tolist() == [4.0, 2.0]


def test_large_counts_are_not_rounded(tmp_path) -> None:
    anndata = pytest.importorskip("anndata")
    large = 2.0**24 + 1
    counts = pd.DataFrame({"A": [large, 1.0]}, index=["B1", "B2"])
    write_h5ad(tmp_path / "a.h5ad", {"counts": counts}, OBS, GENES, {})
    assert anndata.read_h5ad(tmp_path / "a.h5ad")[:, "A"].X.ravel().tolist() == [large, 1.0]


def test_gaps_stay_gaps(tmp_path) -> None:
    anndata = pytest.importorskip("anndata")
    write(tmp_path / "a.h5ad")
    obs = anndata.read_h5ad(tmp_path / "a.h5ad").obs
    assert obs["told"].astype(object).where(obs["told"].notna(), None).tolist() == [
        "true",
        None,
    ]
    assert obs["whole"].tolist() == [True, False]
    assert obs["text"].isna().tolist() == [False, True]
    assert obs["number"].isna().tolist() == [False, True]
    assert obs["T_NK cells"].iloc[0] == pytest.approx(0.5)
    assert anndata.read_h5ad(tmp_path / "a.h5ad").uns["units"]["T_NK cells"] == "ES"


def test_a_package_that_is_absent_is_told_with_its_command(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(optional_packages.importlib, "import_module", refuse)
    with pytest.raises(InputError, match=r"Install it: pip install 'storiform\[anndata\]'"):
        optional_package("anndata", "anndata")
