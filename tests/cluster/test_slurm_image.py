"""Workers in an image: the driver's own installation is out of their sight."""

import shutil
import sys
from pathlib import Path

from slurm_here import Slurm
from trials import storiform

import storiform as package

CHECKOUT = Path(package.__file__).parents[2]
WORKFLOW = Path(__file__).parents[1] / "end_to_end" / "scores_workflow.py"
GENES = ("CD8A", "CD3D", "CD19", "GZMA", "PRF1", "MS4A1", "VWF", "KDR", "COL1A1", "ACTB")
COMMAND = """\
#!/bin/sh
exec unshare --mount sh -c '
    mount -t tmpfs none {checkout}/reference && mount -t tmpfs none {checkout}/pipeline &&
    PYTHONPATH={image}/pipeline exec "$@"' _ "$@"
"""


def test_workers_in_an_image_find_what_is_bundled_in_it(tmp_path: Path, slurm: Slurm) -> None:
    image = tmp_path / "image"
    for name in ("pipeline", "reference", "workflows", "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / name, image / name, ignore=ignored)
    wrapper = tmp_path / "exec"
    wrapper.write_text(COMMAND.format(checkout=CHECKOUT, image=image))
    wrapper.chmod(0o755)
    (tmp_path / "samples.csv").write_text("patient,sample,status,counts\nP1,R,2,counts.csv\n")
    (tmp_path / "clinical.csv").write_text("patient,response\nP1,PR\n")
    counts = [f"{gene},{10 + 7 * row}" for row, gene in enumerate(GENES)]
    (tmp_path / "counts.csv").write_text("\n".join(["gene,R", *counts]) + "\n")
    config = tmp_path / "scores.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\ncohort: {{samples: samples.csv, clinical: clinical.csv}}\n"
        "executor: {kind: slurm, jobs: 1, memory_gb: 1.2, walltime: '0:10:00', interface: lo, "
        f"directives: [--oversubscribe], command: {wrapper}, python: {sys.executable}}}\n"
    )
    done = storiform("run", config)
    assert done.returncode == 0, done.stderr
    in_jobs = (tmp_path / "results" / "tables" / "mcp_counter.tsv").read_bytes()
    config.write_text(config.read_text().split("executor:")[0] + "output: here\n")
    done = storiform("run", config, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here" / "tables" / "mcp_counter.tsv").read_bytes() == in_jobs
    slurm.wait_until_empty(20)
