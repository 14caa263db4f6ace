"""`storiform export`, after a run whose steps pass on what files give."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group

WORKFLOW = '''"""Files of copy number, passed on."""

import numpy as np

from storiform.model.tables.copies import GivenRatios, GivenSegments, LogRatios
from storiform.model.tables.copy_calls import COPY_NUMBER_SEGMENTS, CopyNumberSegments


def log_ratios(given: GivenRatios) -> LogRatios:
    """Pass on."""
    return given


def segments(given: GivenSegments) -> CopyNumberSegments:
    """Pass on."""
    lacking = set(COPY_NUMBER_SEGMENTS.columns) - set(given.columns)
    filled = given.drop(columns="tool").assign(**dict.fromkeys(lacking, np.nan))
    return filled.assign(normal_copies=2, is_subclonal=False)


STEPS = (log_ratios, segments)
'''
CNR = "chromosome\tstart\tend\tgene\tlog2\nchr2\t0\t90\tA\t0.5\nchr2\t90\t190\tA\t0.75\n"
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nT1\t2\t1\t190\t2\t0.5\n"


def export(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["export", *map(str, arguments)])


@pytest.fixture
def results(tmp_path) -> Path:
    """Run a workflow over one biopsy."""
    files = {"flow.py": WORKFLOW, "r.cnr": CNR, "s.seg": SEG,
             "samples.csv": "patient,sample,status,ratios,segments\nP1,T1,1,r.cnr,s.seg\n",
             "c.yaml": "workflow: flow.py\noutput: out\ncohort:\n  samples: samples.csv\n"
                       "executor:\n  workers: 1\n"}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = CliRunner().invoke(group, ["run", str(tmp_path / "c.yaml"), "--quiet"])
    assert run.exit_code == 0, run.output
    return tmp_path / "out"


def test_results_are_written_for_other_programs(results: Path, tmp_path: Path) -> None:
    to = tmp_path / "files"
    made = export(results, "--to", to, "--format", "cnr,cns,seg")
    assert made.exit_code == 0, made.output
    assert made.output.split() == [str(to / n) for n in ("P1.cnr", "P1.cns", "copy_number.seg")]
    assert pd.read_csv(to / "P1.cnr", sep="\t")["log2"].tolist() == [0.375, 0.625]
    assert pd.read_csv(to / "P1.cns", sep="\t")["probes"].tolist() == [2]
    assert (to / "copy_number.seg").read_text().splitlines()[1] == "P1\t2\t1\t190\t2\t0.5"
    none = export(results, "--to", to, "--format", "gene-metrics,peptides")
    told = str(none.exception).splitlines()
    assert len(told) == 2
    assert told[0].startswith("gene-metrics: ")
    assert "found none, expected the table copy_number_genes of a biopsy" in told[0]
    assert told[1].startswith("peptides: ")


def test_a_format_without_tables_does_not_hinder_those_after_it(results, tmp_path) -> None:
    to = tmp_path / "files"
    made = export(results, "--to", to, "--format", "gene-metrics,peptides,seg,cnr")
    assert made.exit_code == 1
    assert made.stdout.split() == [str(to / name) for name in ("copy_number.seg", "P1.cnr")]
    assert sorted(path.name for path in to.iterdir()) == ["P1.cnr", "copy_number.seg"]
    first, second = made.stderr.splitlines()
    assert first.startswith("gene-metrics: ")
    assert "expected the table copy_number_genes of a biopsy. Run a workflow with" in first
    assert second.startswith("peptides: ")
    assert "expected the table protein_changes" in second


def test_without_formats_what_was_left_out_is_named(results, tmp_path) -> None:
    made = export(results, "--to", tmp_path / "files")
    assert made.exit_code == 0
    assert len(made.stdout.split()) == 3
    assert "Left out: gene-metrics, peptides, neoantigens, spectrum" in made.stderr


def test_a_place_where_nothing_can_be_written_is_told(results, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    made = export(results, "--to", tmp_path / "file" / "below", "--format", "seg")
    assert type(made.exception).__name__ == "RunError"
    assert "expected a folder to write into" in str(made.exception)


def test_wrong_formats_and_folders_are_told(tmp_path: Path) -> None:
    wrong = export(tmp_path, "--to", tmp_path, "--format", "cnr,vcf")
    assert wrong.exit_code == 2
    assert "unknown format vcf; " in wrong.output
    none = export(tmp_path, "--to", tmp_path)
    assert "found no run.json, expected a results folder" in str(none.exception)
