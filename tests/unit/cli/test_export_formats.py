"""`storiform export` of a whole run: MAF, MultiQC, AnnData, SQLite, DuckDB."""

import importlib.util
import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group
from storiform.io.maf import read_maf

BIOPSIES = ("P1", "P2.b1", "P2.b2")


def export(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["export", *map(str, arguments)])


def test_the_maf_of_all_biopsies_reads_back(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path, "--format", "maf")
    assert made.exit_code == 0, made.exception
    calls = read_maf(tmp_path / "mutations.maf", ("P2.b2_T",), "GRCh38")
    assert calls[["contig", "start", "end", "tumour_alt_reads"]].to_numpy().tolist() == [
        ["chr7", 99, 100, 20]
    ]


def test_multiqc_files_have_the_documented_structure(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path, "--format", "multiqc")
    assert made.exit_code == 0, made.exception
    files = {path.name: json.loads(path.read_text())
             for path in (tmp_path / "multiqc").iterdir()}  # fmt: skip
    assert set(files) == {"storiform_general_mqc.json", "storiform_biopsies_mqc.json",
                          "storiform_mutations_mqc.json"}  # fmt: skip
    general = files["storiform_general_mqc.json"]
    assert general["plot_type"] == "generalstats"
    assert general["data"]["P1_T"] == {"tmb": 2.5, "mutations": 1, "purity": 70, "ploidy": 2.1}
    named = [name for header in general["headers"] for name in header]
    assert set(named) == set(general["data"]["P1_T"])
    biopsies = files["storiform_biopsies_mqc.json"]
    assert biopsies["plot_type"] == "table"
    assert set(biopsies["headers"]) == set(biopsies["data"]["P2.b1"])
    assert files["storiform_mutations_mqc.json"]["data"]["P1"] == {"missense": 1}
    for content in files.values():
        assert {"id", "plot_type", "data"} <= set(content)
    ids = [content["id"] for content in files.values()]
    assert len(set(ids)) == len(ids)


def test_a_table_that_the_disk_changed_is_told_not_copied(trial_run, tmp_path) -> None:
    table = trial_run / "tables" / "tmb.parquet"
    whole = table.read_bytes()
    try:
        table.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        made = export(trial_run, "--to", tmp_path, "--format", "sqlite")
    finally:
        table.write_bytes(whole)
    assert made.exit_code != 0
    assert "tables/tmb.parquet: found a damaged file" in str(made.exception)
    assert "run --verify" in str(made.exception)


def test_sqlite_holds_every_table_and_its_meaning(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path, "--format", "sqlite")
    assert made.exit_code == 0, made.exception
    connection = sqlite3.connect(tmp_path / "storiform.sqlite")
    held = {name for (name,) in connection.execute("SELECT table_name FROM storiform_tables")}
    published = {path.stem for path in (trial_run / "tables").glob("*.parquet")}
    assert held == published
    for name in published:
        frame = pd.read_parquet(trial_run / "tables" / f"{name}.parquet")
        (rows,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608  its own name
        assert rows == len(frame)
    asked = "SELECT v.biopsy, v.start, t.tmb FROM variants v JOIN tmb t USING (biopsy) "
    found = connection.execute(f"{asked} WHERE v.is_eligible ORDER BY 1").fetchall()
    assert found == [(name, 99, 2.5) for name in BIOPSIES]
    told = connection.execute(
        "SELECT unit, is_feature, description FROM storiform_columns "
        "WHERE table_name = 'tmb' AND column_name = 'tmb'"
    ).fetchone()
    assert told == ("1/Mb", 1, "mutations per megabase")
    (empty,) = connection.execute("SELECT purity_lower FROM copy_number_fit").fetchone()
    assert empty is None
    connection.close()


@pytest.mark.skipif(not importlib.util.find_spec("duckdb"), reason="duckdb is not installed")
def test_duckdb_holds_every_table_with_comments(trial_run, tmp_path) -> None:
    duckdb = pytest.importorskip("duckdb")
    made = export(trial_run, "--to", tmp_path, "--format", "duckdb")
    assert made.exit_code == 0, made.exception
    with duckdb.connect(str(tmp_path / "storiform.duckdb"), read_only=True) as connection:
        comments = dict(
            connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        )
        assert comments["tmb"].startswith("One row per biopsy: how many mutations")
        (unit,) = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'tmb' "
            "AND column_name = 'tmb'"
        ).fetchone()
        assert unit == "mutations per megabase [1/Mb]"
        assert connection.execute("SELECT sum(tmb) FROM tmb").fetchone() == (7.5,)


@pytest.mark.skipif(bool(importlib.util.find_spec("duckdb")), reason="duckdb is installed")
def test_without_duckdb_the_command_that_installs_it_is_told(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path, "--format", "duckdb,sqlite")
    assert made.exit_code == 1
    assert "Install it: pip install 'storiform[duckdb]' (or pip install duckdb)" in made.stderr
    assert (tmp_path / "storiform.sqlite").is_file()


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_anndata_holds_layers_clinic_and_features(trial_run, tmp_path) -> None:
    anndata = pytest.importorskip("anndata")
    made = export(trial_run, "--to", tmp_path, "--format", "anndata")
    assert made.exit_code == 0, made.exception
    data = anndata.read_h5ad(tmp_path / "biopsies.h5ad")
    assert data.shape == (3, 2)
    assert set(data.layers) == {"counts", "tpm", "log2_tpm"}
    assert data[:, "A1"].layers["counts"].ravel().tolist() == [7.0] * 3
    assert data[:, "B2"].layers["tpm"].ravel().tolist() == [1e5] * 3
    assert data.var["length"].tolist() == [100.0, 300.0]
    assert data.obs["patient"].tolist() == ["P1", "P2", "P2"]
    assert data.obs["clinic.response"].tolist() == ["PR", "PD", "PD"]
    assert data.obs["tmb.tmb"].tolist() == [2.5] * 3
    assert data.obs["mcp_counter.t_cells"].tolist() == [5.25] * 3
    assert data.obs["clinic.os_months"].isna().tolist() == [False, True, True]
    assert data.uns["units"]["tmb.tmb"] == "1/Mb"


def test_large_formats_are_written_on_request_alone(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path)
    assert made.exit_code == 0
    written = {Path(line).name for line in made.stdout.split()}
    assert {"mutations.maf", "copy_number.seg", "storiform_general_mqc.json"} <= written
    assert not {"storiform.sqlite", "biopsies.h5ad", "meta_study.txt"} & written
    assert "sqlite" not in made.stderr


def test_files_can_be_read_by_their_owner_alone(trial_run, tmp_path) -> None:
    to = tmp_path / "exports"
    export(trial_run, "--to", to, "--format", "sqlite,maf,cbioportal,multiqc,seg")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (to, *to.rglob("*"))}
    assert len(modes) > 20
    assert set(modes.values()) == {0}
