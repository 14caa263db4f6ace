"""HLA types and losses of patients of whom something is missing, from small BAM files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trials import Process, Toy

from storiform.simulation.hla_bam import Placing, write_hla_bam
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_patients import COMPILED, write_release
from storiform.simulation.hla_people import HlaPerson, draw_person, scenario
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla

pytestmark = pytest.mark.slow

WORKFLOW = Path(__file__).with_name("hla_workflow.py")
SECONDS = 590
STRANGE = "A*33:98;A*34:97;B*57:98;B*58:97;C*17:98;C*18:97"
"""Alleles that the invented release lacks."""


def trial_of(folder: Path) -> Path:
    """Write a trial of patients of whom something is missing; return its configuration."""
    family, rng = invent_family(), np.random.default_rng(3)
    one, two, three = (draw_person(family, rng, is_heterozygous=True) for _ in range(3))
    alike = draw_person(family, rng, is_heterozygous=False)
    rows: list[dict[str, object]] = []
    (folder / "bam").mkdir()

    def add(patient: str, status: int, person: HlaPerson, depth: float = 30.0) -> None:
        assay, name = "rna" if status == 2 else "exome", f"{patient}_{'NTR'[status]}"
        tumour = scenario("loss", 0.7) if status else None
        library = HlaLibrary(depth=depth, assay=assay)
        reads = sequence_hla(family, person, library, rng, tumour)
        path = f"bam/{name}.bam"
        write_hla_bam(folder / path, reads, family, name, rng, Placing(background=3_000))
        told = {"purity": 0.7, "ploidy": 2} if status == 1 else {}
        hla = STRANGE if patient == "lacking" and status == 1 else ""
        row = {"patient": patient, "sample": name, "status": status, "bam": path}
        rows.append({**row, "bai": f"{path}.bai", "hla": hla, **told})

    for patient, normal, tumour in (
        ("lost", one, one), ("alike", alike, alike), ("swapped", two, three),
        ("lacking", one, one),
    ):  # fmt: skip
        add(patient, 0, normal)
        add(patient, 1, tumour)
    for status in (0, 1):
        add("bare", status, one, depth=0.0)
    add("tumour", 1, two)
    add("rna", 2, two)
    pd.DataFrame(rows).to_csv(folder / "samples.csv", index=False)
    write_release(folder)
    config = folder / "trial.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\noutput: results\n"
        "cohort: {samples: samples.csv, genome: GRCh38}\n"
        f"resources: {{hla_reference: {COMPILED}}}\n"
    )
    return config


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Return that trial, run on two workers."""
    config = trial_of(tmp_path_factory.mktemp("hla"))
    process = Process(("run", config, "--workers", 2, "--quiet"))
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, out + err
    return Toy(config, config.parent / "results")


def of_patients(trial: Toy, name: str, column: str) -> dict[str, list[str]]:
    """Return the cells of a column, by patient."""
    found: dict[str, list[str]] = {}
    for row in trial.rows(name):
        found.setdefault(row["patient"], []).append(row[column])
    return found


def test_every_patient_has_a_row_of_each_gene_and_its_reason(trial: Toy) -> None:
    reasons = of_patients(trial, "hla_gene_loh", "reason")
    assert reasons["lost"] == [""] * 3
    assert reasons["alike"] == ["homozygous"] * 3
    for patient, words in (
        ("swapped", "may be of two persons"),
        ("lacking", "the given alleles are not the patient's"),
        ("bare", "not typed: 0 fragments"),
        ("tumour", "no exome of the normal"),
        ("rna", "no exome of tumour or normal"),
    ):
        assert len(reasons[patient]) == 3, patient
        assert all(words in reason for reason in reasons[patient]), patient
    calls = of_patients(trial, "hla_gene_loh", "call")
    assert calls.pop("lost") == ["LOH"] * 3
    assert all(own == ["NA"] * 3 for own in calls.values())


def test_every_patient_has_both_rows_of_each_type(trial: Toy) -> None:
    types = of_patients(trial, "hla_types", "reason")
    assert {patient: len(rows) for patient, rows in types.items()} == dict.fromkeys(types, 6)
    assert types["bare"] == ["not typed: 0 fragments"] * 6
    sources = of_patients(trial, "hla_types", "source")
    assert set(sources["lacking"]) == {"sheet"}
    assert set(sources["tumour"]) == {"tumour exome"}
    assert set(sources["rna"]) == {"tumour RNA"}


def test_one_worker_writes_the_same_bytes_as_two(
    trial: Toy, start: Callable[..., Process], tmp_path: Path
) -> None:
    folder = tmp_path / "again"
    shutil.copytree(trial.config.parent, folder, ignore=shutil.ignore_patterns("results"))
    again = start("run", folder / "trial.yaml", "--workers", 1, "--quiet")
    out, err = again.communicate(timeout=SECONDS)
    assert again.returncode == 0, out + err
    one, two = Toy(folder / "trial.yaml", folder / "results").tables(), trial.tables()
    names = ("hla_types.tsv", "hla_types.parquet", "hla_loh.tsv", "hla_loh.parquet")
    assert set(names) <= set(two)
    for name, content in two.items():
        assert one[name] == content, name
