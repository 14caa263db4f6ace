"""Cohorts of reference as files, their folder, centroids and scales of genes."""

import contextlib
import json
import math
import os
from itertools import product

import numpy as np
import pandas as pd
import pytest

from storiform.io.cohort_reference import (
    find_reference,
    read_cohort_reference,
    read_gene_mapping,
    read_sic_centroids,
    references_folder,
    write_cohort_reference,
)
from storiform.io.resources import bundled
from storiform.model.cohort_reference import QUANTILES, CohortReference
from storiform.model.errors import ConfigError, InputError

SHIPPED = bundled("reference/immune")


def made():
    draw = np.random.default_rng(7)
    values = {("ssgsea", "TLS"): np.sort(draw.normal(900, 70, 31))}
    scores = [("mcp_counter", "t_cells", 3.25, 1.5, 31), ("ssgsea", "TLS", 900.5, 70.25, 31)]
    markers = [("t_cells", "CD3D", 2.125), ("t_cells", "CD5", np.nan)]
    return CohortReference(
        "made", 31, "log2_tpm",
        pd.DataFrame(scores, columns=["method", "signature", "mean", "sd", "n"]),
        values,
        pd.DataFrame(markers, columns=["signature", "gene", "mean"]),
        np.sort(draw.gamma(2, 2, QUANTILES)),
        {"mode": "midrank", "alpha": "0.25"},
        {"TLS": "0123456789abcdef"},
    )  # fmt: skip


def test_a_reference_survives_writing_and_makes_the_same_bytes(tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_cohort_reference(first, made())
    read = read_cohort_reference(first)
    write_cohort_reference(second, read)
    assert first.read_bytes() == second.read_bytes()
    for name in ("name", "biopsies", "scale", "settings", "gene_sets"):
        assert getattr(read, name) == getattr(made(), name)
    pd.testing.assert_frame_equal(read.scores, made().scores)
    pd.testing.assert_frame_equal(read.markers, made().markers)
    np.testing.assert_allclose(read.profile, made().profile, atol=1e-9)
    kept = read.sorted_scores["ssgsea", "TLS"]
    np.testing.assert_allclose(kept, made().sorted_scores["ssgsea", "TLS"], atol=1e-9)
    assert set(read.sorted_scores) == {("ssgsea", "TLS")}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": "other 2"}, "found the format 'other 2'"),
        ({"scale": "linear"}, "found scale 'linear', expected one of log2_tpm"),
        ({"scores": []}, "found no scores"),
        ({"scores": "x"}, "found scores 'x', expected a list"),
        ({"scores": [1]}, "found scores: 1, expected entries with names"),
        ({"markers": [None]}, "found markers: None, expected entries with names"),
        ({"profile": [10**400]}, "profile: a value that is no number"),
        ({"profile": [1.0, 2.0]}, "a profile of 2 points"),
        ({"profile": ["x"]}, "profile: a value that is no number"),
        ({"biopsies": "many"}, "found biopsies 'many', expected a int"),
    ],
)
def test_a_file_that_is_no_reference_is_refused(tmp_path, change, match):
    path = tmp_path / "r.json"
    write_cohort_reference(path, made())
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=match):
        read_cohort_reference(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"sd": 0.0}, "mean 3.25, sd 0, expected a mean and a positive sd"),
        ({"mean": None}, "mean nan"),
        ({"mean": math.inf}, "mean inf"),
        ({"sd": math.inf}, "sd inf"),
        ({"n": None}, "n nan, expected a number of biopsies"),
        ({"n": math.inf}, "n inf, expected a number of biopsies"),
        ({"mean": "high"}, "a value that is no number"),
        ({"method": "gsva"}, "found method 'gsva'"),
        ({"signature": "mast_cells"}, "found population 'mast_cells'"),
    ],
)
def test_a_score_of_a_reference_that_is_none_is_refused(tmp_path, change, match):
    path = tmp_path / "r.json"
    write_cohort_reference(path, made())
    content = json.loads(path.read_text())
    content["scores"][0] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=match):
        read_cohort_reference(path)


@pytest.mark.parametrize("place", ["top", "scores", "markers"])
def test_no_value_at_any_place_of_a_reference_ends_in_a_traceback(tmp_path, place):
    path = tmp_path / "r.json"
    write_cohort_reference(path, made())
    whole = path.read_text()
    content = json.loads(whole)
    names = list(content if place == "top" else content[place][0])
    values = [None, -1, 1.5, 10**400, math.nan, math.inf, "x", [], [[1]], [None], {}, {"a": []}]
    refused = 0
    for name, value in product(names, values):
        content = json.loads(whole)
        (content if place == "top" else content[place][0])[name] = value
        path.write_text(json.dumps(content))
        with contextlib.suppress(InputError):
            read_cohort_reference(path)
            continue
        refused += 1
    assert refused > len(names)


@pytest.mark.parametrize("text", ["gene\tmean\nCD3D\t1\n", "[" * 100_000, '{"a":' * 100_000])
def test_a_file_without_json_is_refused(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(InputError, match="found no JSON, expected a cohort reference"):
        read_cohort_reference(path)


def test_a_reference_is_found_by_name_by_path_and_among_those_shipped(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    for path in (folder / "ours.json", tmp_path / "theirs.json"):
        write_cohort_reference(path, made())
    assert find_reference("ours", folder, SHIPPED) == folder / "ours.json"
    assert find_reference(str(tmp_path / "theirs.json"), folder, SHIPPED).name == "theirs.json"
    assert find_reference("tcga_sarc", folder, SHIPPED) == SHIPPED / "tcga_sarc.json"
    with pytest.raises(ConfigError, match="expected one of ours, tcga_sarc, or a path"):
        find_reference("theirs", folder, SHIPPED)
    with pytest.raises(ConfigError, match="found no such file"):
        find_reference("theirs.json", folder, SHIPPED)
    with pytest.raises(ConfigError, match="no such file"):
        find_reference("../kept/ours", folder, SHIPPED)


def test_the_folder_of_references_is_the_users_own():
    assert str(references_folder({"STORIFORM_REFERENCES": "/x/y"})) == "/x/y"
    assert str(references_folder({"XDG_DATA_HOME": "/d"})) == "/d/storiform/references"
    assert references_folder({}).parts[-4:] == (".local", "share", "storiform", "references")


def test_published_centroids_are_read_and_faults_told(tmp_path):
    centroids = read_sic_centroids(SHIPPED / "sic_centroids.tsv")
    assert centroids.loc["b_lineage", "E"] == 1.596840655
    assert centroids.to_numpy().argmax(axis=1).tolist() == [3, 4, 4, 2]
    text = (SHIPPED / "sic_centroids.tsv").read_text().splitlines()
    path = tmp_path / "c.tsv"
    path.write_text("\n".join(text[:-1]) + "\n")
    with pytest.raises(InputError, match="found endothelial_cells, expected each of t_cells"):
        read_sic_centroids(path)
    path.write_text("\n".join([text[0].replace("\tE", "\tF"), *text[1:]]) + "\n")
    with pytest.raises(InputError, match="header"):
        read_sic_centroids(path)


def test_scales_of_genes_are_read_and_faults_told(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("gene\tshift\nCD3D\t-0.5\nCD5\t1\n")
    assert read_gene_mapping(path).to_numpy().tolist() == [["CD3D", 1, -0.5], ["CD5", 1, 1.0]]
    for text, match in (
        ("gene\tscale\nCD3D\t1\n", "header"),
        ("gene\tshift\tscale\nCD3D\t1\t0\n", "line 2, column shift"),
        ("gene\tshift\nCD3D\t1\nCD3D\t2\n", "line 3, column gene: found CD3D again"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=match):
            read_gene_mapping(path)


def test_only_its_owner_may_read_a_reference_and_other_files_keep_their_rights(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{}")
    path.chmod(0o644)
    before = os.umask(0o022)
    try:
        write_cohort_reference(path, made())
        (tmp_path / "other").touch()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o644
