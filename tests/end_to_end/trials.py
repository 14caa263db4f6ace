"""A toy trial in a folder, and the command line as a user calls it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WORKFLOW = Path(__file__).with_name("toy_workflow.py")


@dataclass(frozen=True)
class Toy:
    """A toy trial: its configuration and its results folder."""

    config: Path
    results: Path

    def table(self, name: str) -> bytes:
        """Return the bytes of one table."""
        return (self.results / "tables" / f"{name}.tsv").read_bytes()

    def tables(self) -> dict[str, bytes]:
        """Return the bytes of every table file."""
        folder = self.results / "tables"
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def make_toy(folder: Path, doses: Sequence[float], settings: str = "") -> Toy:
    """Write a trial whose biopsies have these doses, and a configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"P{number:03d}" for number in range(1, len(doses) + 1)]
    sheet = ["patient,sample,status"] + [f"{name},{name}_T,1" for name in names]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    clinical = ["patient,response"]
    clinical += [f"{name},{'PR' if i % 3 == 0 else 'PD'}" for i, name in enumerate(names)]
    (folder / "clinical.csv").write_text("\n".join(clinical) + "\n")
    rows = ["biopsy\tdose"] + [f"{n}\t{d}" for n, d in zip(names, doses, strict=True)]
    (folder / "dose.tsv").write_text("\n".join(rows) + "\n")
    config = folder / "toy.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\noutput: results\n"
        "cohort: {samples: samples.csv, clinical: clinical.csv}\n"
        f"provided: {{dose: dose.tsv}}\n{settings}"
    )
    return Toy(config, folder / "results")


def storiform(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command line and return what it printed and its exit code."""
    command = [sys.executable, "-m", "storiform", *map(str, words)]
    settings = {**os.environ, **environment}
    return subprocess.run(  # noqa: S603  our own command
        command, capture_output=True, text=True, env=settings, check=False, timeout=300
    )
