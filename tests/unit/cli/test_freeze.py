"""`storiform freeze`, and `storiform run --against`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group
from storiform.io.cohort_reference import read_cohort_reference
from storiform.io.resources import RESOURCES, bundled

WORKFLOW = """
from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.immune_classes import immune_classes
from storiform.biomarkers.immune_genes import checkpoints, immunoglobulins
from storiform.biomarkers.microenvironment import mcp_counter, ssgsea
from storiform.biomarkers.reference_percentiles import reference_percentiles
from storiform.biomarkers.repertoires import repertoires

STEPS = (counts, tpm, mcp_counter, ssgsea, reference_percentiles, immune_classes, checkpoints,
         immunoglobulins, repertoires)
"""
PATIENTS = [f"Patient{number}" for number in range(7)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, list(map(str, arguments)))


def expression(seed: int, samples: list[str]) -> pd.DataFrame:
    """Invent TPM of nine thousand genes, markers among them."""
    lengths = RESOURCES["gene_lengths"].read(bundled(RESOURCES["gene_lengths"].default))
    markers = RESOURCES["mcp_markers"].read(bundled(RESOURCES["mcp_markers"].default))
    coding = lengths.loc[lengths["length_source"] == "mane_select", "gene"][:9_000]
    genes = list(dict.fromkeys([*markers["symbol"], "PDCD1", *coding]))
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({name: draw.gamma(0.5, 60, len(genes)) for name in samples}, genes)
    return frame / frame.sum() * 1e6


def project(folder: Path, tpm: pd.DataFrame, extra: str = "") -> Path:
    folder.mkdir()
    tpm.rename_axis("gene").to_csv(folder / "tpm.tsv", sep="\t")
    (folder / "steps.py").write_text(WORKFLOW)
    found = (
        "#count\tfrequency\tCDR3nt\tCDR3aa\tV\tD\tJ\tC\n30\t1\tTGT\tC\tIGHV1\t.\tIGHJ1\tIGHG1\n"
    )
    sheet = ["patient,sample,status,timepoint,region,tpm,repertoire"]
    for name in tpm.columns:
        patient, _, later = name.partition("_")
        time, region = ("on", "") if later == "on" else ("pre", later)
        clones = "" if later else f"clones_{name}.tsv"
        if clones:
            (folder / clones).write_text(found)
        sheet.append(f"{patient},{name},2,{time},{region},tpm.tsv,{clones}")
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    config = folder / "config.yaml"
    config.write_text(
        "workflow: steps.py\noutput: results\ncohort:\n  samples: samples.csv\n"
        f"executor:\n  workers: 1\n{extra}"
    )
    return config


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / "tables" / f"{name}.tsv", sep="\t")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Return the folder of a finished run: seven patients, two with a second biopsy."""
    folder = tmp_path_factory.mktemp("trial") / "a"
    samples = [*PATIENTS, "Patient0_on", "Patient1_rim"]
    result = run("run", project(folder, expression(1, samples)), "--quiet")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "references"
    monkeypatch.setenv("STORIFORM_REFERENCES", str(folder))
    return folder


@pytest.mark.slow
def test_a_run_is_frozen_without_anybodys_name_and_reads_one_new_biopsy(
    finished, kept, tmp_path
):
    result = run("freeze", finished / "results", "--as", "my_trial")
    assert result.exit_code == 0, result.output
    assert "7 patients" in result.output
    assert "rest on 7 patients, fewer than 30" in result.output
    path = kept / "my_trial.json"
    assert "Patient" not in path.read_text()
    frozen = read_cohort_reference(path)
    baseline = read(finished, "mcp_counter").query("not biopsy.str.contains('on|rim')")
    kept_scores = frozen.sorted_scores["mcp_counter", "b_lineage"]
    np.testing.assert_allclose(kept_scores, np.sort(baseline["b_lineage"]))
    assert frozen.settings == {"mode": "midrank", "alpha": "0.25", "mcp_symbols": "repaired"}

    new = tmp_path / "new"
    config = project(new, expression(2, ["Newcomer"]))
    result = run("run", config, "--against", "my_trial", "--quiet")
    assert result.exit_code == 0, result.output
    rows = read(new, "reference_percentiles")
    assert set(rows["reference"]) == {"my_trial"}
    own = pd.concat([read(new, "mcp_counter"), read(new, "ssgsea").iloc[:, 2:]], axis=1).iloc[0]
    for row in rows.to_dict("records"):
        values = frozen.sorted_scores[row["method"], row["signature"]]
        assert row["value"] == pytest.approx(own[row["signature"]])
        assert row["percentile"] == pytest.approx(100 * np.mean(values <= row["value"]))
    assert {"mcp_counter", "ssgsea"} == set(rows["method"])
    assert read(new, "immune_classes")["mapping"].tolist() == ["none"]
    assert read(new, "repertoires")["ighg_share"].tolist() == [1.0]
    assert read(new, "checkpoints")["PDCD1"].notna().all()

    _tells_of_the_reference(new, config, path)


def _tells_of_the_reference(new: Path, config: Path, path: Path) -> None:
    """Check what plan, explain and report say of a biopsy that was read against a cohort."""
    plan = run("plan", config, "--against", "my_trial")
    assert plan.exit_code == 0, plan.output
    assert plan.output.splitlines()[-1].startswith("0 of ")
    unsaid = run("plan", config).output
    assert f"The last run read its biopsies --against {path}" in unsaid
    assert "reference_percentiles (biopsy): 1 to run" in unsaid
    told = run("explain", config, "immune_classes", "Newcomer", "--against", path).output
    assert told.startswith("immune_classes of Newcomer: cached")
    assert run("report", new / "results").exit_code == 0
    report = (new / "results" / "report.html").read_text()
    assert "my_trial" in report


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
def test_one_patient_is_read_against_a_frozen_cohort_at_once(finished, tmp_path):
    assert run("freeze", finished / "results", "--as", "my_trial").exit_code == 0
    new = tmp_path / "new"
    config = project(new, expression(2, ["Newcomer"]))
    alone = run("run", config, "--against", "my_trial", "--patient", "Newcomer", "--quiet")
    assert alone.exit_code == 0, alone.output
    page = (new / "results" / "patients" / "Newcomer.html").read_text()
    assert "scores stand on the scale of the cohort of reference <code>my_trial</code>" in page
    of_biopsy = (new / "results" / "biopsies" / "Newcomer.html").read_text()
    assert "reference_percentiles" in of_biopsy
    whole = run("run", config, "--against", "my_trial", "--quiet")
    assert whole.exit_code == 0, whole.output
    assert " done" not in whole.output, "all was taken over from the run of the patient"
    assert set(read(new, "reference_percentiles")["reference"]) == {"my_trial"}


@pytest.mark.slow
def test_the_class_of_a_biopsy_is_the_same_in_another_run(finished, tmp_path):
    """The shipped reference stands by default, and no neighbour moves a class."""
    tpm = expression(1, [*PATIENTS, "Patient0_on", "Patient1_rim"])
    result = run("run", project(tmp_path / "one", tpm[["Patient3"]]), "--quiet")
    assert result.exit_code == 0, result.output
    for name in ("immune_classes", "reference_percentiles"):
        together = read(finished, name).query("patient == 'Patient3'").reset_index(drop=True)
        pd.testing.assert_frame_equal(
            read(tmp_path / "one", name), together, check_dtype=False, rtol=1e-12
        )
        assert set(together["reference"]) == {"tcga_sarc"}
        assert set(together["mapping"]) == {"lengths"}
    assert read(finished, "reference_percentiles")["percentile"].isna().all()


def test_another_way_of_scoring_is_refused(finished, kept, tmp_path):
    run("freeze", finished / "results", "--as", "my_trial")
    config = project(
        tmp_path / "b", expression(2, ["New"]), "microenvironment:\n  mode: gsva\n"
    )
    result = run("run", config, "--against", "my_trial")
    assert result.exit_code == 1
    assert "found microenvironment.mode midrank, expected gsva, as here" in str(
        result.exception
    )
    named = config.read_text() + f"resources:\n  cohort_reference: {kept / 'my_trial.json'}\n"
    config.write_text(named)
    result = run("run", config)
    assert result.exit_code == 1
    assert "resources.cohort_reference" in str(result.exception)
    assert "found microenvironment.mode midrank" in str(result.exception)


@pytest.mark.usefixtures("kept")
def test_faults_of_the_command_line_are_told(finished, tmp_path):
    unknown = run("run", finished / "config.yaml", "--against", "nobody")
    assert "--against nobody: found no reference in" in str(unknown.exception)
    assert "expected one of tcga_sarc, or a path" in str(unknown.exception)
    for name in ("a/b", "", "-x ", "a b"):
        assert run("freeze", finished / "results", f"--as={name}").exit_code == 2
    empty = run("freeze", tmp_path, "--as", "x")
    assert "found no run.json" in str(empty.exception)
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = run("freeze", finished / "results", "--as", "x", "--to", blocked / "x.json")
    assert "a file to write" in str(result.exception)
    goal = tmp_path / "deep" / "r.json"
    assert run("freeze", finished / "results", "--as", "x", "--to", goal).exit_code == 0
    assert json.loads(goal.read_text())["name"] == "x"
    assert goal.stat().st_mode & 0o777 == 0o600
