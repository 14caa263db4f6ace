"""`storiform panel-of-normals`, of files of coverage and of reads."""

from pathlib import Path

import numpy as np
import pysam
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group
from storiform.io.panel import read_panel

LENGTH = 60_000
TARGETS = [(1_000 * k, 1_000 * k + 400) for k in range(2, 52)]
HEAD = "chromosome\tstart\tend\tgene\tdepth\tlog2"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["panel-of-normals", *map(str, arguments)])


def bam(path: Path, seed: int) -> Path:
    """Write reads of 100 bases that begin anywhere in the targets."""
    draw = np.random.default_rng(seed)
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": LENGTH}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        starts = [draw.integers(a, b - 100, 60 + 2 * i) for i, (a, b) in enumerate(TARGETS)]
        for number, start in enumerate(np.sort(np.concatenate(starts))):
            read = pysam.AlignedSegment()
            read.query_name, read.flag, read.mapping_quality = f"r{number}", 0, 60
            read.reference_id, read.reference_start, read.cigarstring = 0, int(start), "100M"
            read.query_sequence, read.query_qualities = (
                "A" * 100,
                pysam.qualitystring_to_array("F" * 100),
            )
            file.write(read)
    pysam.index(str(path))
    return path


def cnn(path: Path, depth: float) -> Path:
    rows = [
        f"chr1\t{a}\t{b}\tG\t{depth * (1 + i % 3):.3f}\t1" for i, (a, b) in enumerate(TARGETS)
    ]
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def sheet(folder: Path, column: str, files: list[Path]) -> Path:
    rows = [f"P{i},N{i},0,{path}" for i, path in enumerate(files)]
    path = folder / "samples.csv"
    path.write_text("\n".join([f"patient,sample,status,{column}", *rows]) + "\n")
    return path


@pytest.fixture
def targets(tmp_path) -> Path:
    path = tmp_path / "targets.bed"
    path.write_text("".join(f"chr1\t{a}\t{b}\n" for a, b in TARGETS))
    return path


def test_coverage_files_make_a_panel_at_once(tmp_path) -> None:
    files = [cnn(tmp_path / f"{i}.cnn", 50.0 * (i + 1)) for i in range(3)]
    out = tmp_path / "new" / "panel.tsv.gz"
    result = run(sheet(tmp_path, "coverage", files), "--out", out)
    assert result.exit_code == 0, result.output
    assert "3 normals, 50 bins, 50 of them on target" in result.output
    panel = read_panel(out)
    assert [name for name in panel if name.startswith("normal:")] == [
        "normal:N0", "normal:N1", "normal:N2",
    ]  # fmt: skip
    assert np.allclose(panel["log2"], np.log2([1 / 2, 1, 3 / 2] * 16 + [1 / 2, 1]), atol=0.02)
    again = tmp_path / "again.tsv.gz"
    run(sheet(tmp_path, "coverage", files), "--out", again)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(("is_configured", "bins"), [(False, 50), (True, 200)])
def test_reads_are_counted_where_there_is_no_coverage(
    tmp_path, targets, is_configured, bins
) -> None:
    files = [bam(tmp_path / f"{i}.bam", i) for i in range(2)]
    out = tmp_path / "panel.tsv.gz"
    options: list[object] = ["--targets", targets, "--workers", 1]
    if is_configured:
        text = "workflow: panel\ncohort:\n  samples: samples.csv\nresources:\n"
        text += "  targets: targets.bed\nexecutor:\n  workers: 1\n"
        text += "copy_number_bins:\n  target_bases: 100\n"
        (tmp_path / "own.yaml").write_text(text)
        options = ["--config", tmp_path / "own.yaml"]
    result = run(sheet(tmp_path, "bam", files), "--out", out, *options, "--quiet")
    assert result.exit_code == 0, result.output
    panel = read_panel(out)
    on_target = panel[panel["is_target"]]
    assert len(on_target) == bins
    rising = np.corrcoef(on_target["start"], on_target["log2"])[0, 1]
    assert rising > 0.5
    assert sorted(path.name for path in tmp_path.glob(".panel*")) == []


def test_what_cannot_be_a_panel_is_told(tmp_path, targets) -> None:
    reads = [bam(tmp_path / "0.bam", 0)]
    out = tmp_path / "panel.tsv.gz"
    result = run(sheet(tmp_path, "bam", reads), "--out", out)
    assert "found no targets, expected the targets of the exome kit" in str(result.exception)
    tumours = tmp_path / "tumours.csv"
    tumours.write_text(f"patient,sample,status,bam\nP1,T1,1,{reads[0]}\nP2,N2,0,\n")
    result = run(tumours, "--out", out, "--targets", targets)
    assert "1 normal without reads and coverage: N2" in str(result.exception)
    tumours.write_text(f"patient,sample,status,bam\nP1,T1,1,{reads[0]}\n")
    result = run(tumours, "--out", out, "--targets", targets)
    assert "found no normal exome, expected rows of status 0" in str(result.exception)
    assert not out.exists()
