"""A trial of HLA genes alone: its files, its sheet and its truth agree."""

import csv

import pandas as pd
import pysam
import pytest
from click.testing import CliRunner

from storiform.cli.simulate import simulate
from storiform.io.hla_reference_file import read_hla_reference
from storiform.model.errors import InputError
from storiform.simulation.hla_people import SCENARIOS
from storiform.simulation.hla_trial import simulate_hla


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder and the truth of a trial with every scenario, and one patient more."""
    folder = tmp_path_factory.mktemp("hla")
    return folder, simulate_hla(folder, 11, 4, depth=10)


def test_every_fate_is_planted_and_some_patients_are_homozygous(made):
    _, truth = made
    losses = truth.hla_loss
    assert set(losses["scenario"]) == set(SCENARIOS)
    twice = losses.loc[losses["allele_1"] == losses["allele_2"], "patient"]
    assert twice.value_counts().tolist() == [3]
    assert not losses.loc[losses["patient"].isin(twice), "lost_allele"].any()


def test_lost_alleles_are_those_without_copies(made):
    _, truth = made
    for row in truth.hla_loss.to_dict("records"):
        gone = [row[f"allele_{n}"] for n in (1, 2) if row[f"copies_{n}"] == 0]
        if row["allele_1"] != row["allele_2"]:
            assert row["lost_allele"] == ";".join(gone)
    alone = truth.hla_loss[truth.hla_loss["scenario"] == "one_gene_loss"]
    assert (alone["lost_allele"] != "").tolist() == [True, False, False]


def test_sheet_names_the_files_and_what_is_true_of_the_tumours(made):
    folder, truth = made
    purity = truth.hla_loss.groupby("patient")["purity"].first()
    with (folder / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    for row in rows:
        with pysam.AlignmentFile(folder / row["bam"]) as bam:
            assert bam.header["RG"][0]["SM"] == row["sample"]
            inside = bam.count("chr6", 28_500_000, 33_500_000)
        assert inside > 500
        assert (folder / row["bai"]).exists()
        if row["status"] == "1":
            assert float(row["purity"]) == purity[row["patient"]]
        else:
            assert row["purity"] == ""


def test_the_same_seed_gives_the_same_bytes(made, tmp_path):
    folder, _ = made
    simulate_hla(tmp_path, 11, 4, depth=10)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_alleles_of_a_release_become_those_of_the_patients(made, tmp_path):
    folder, _ = made
    out = tmp_path / "trial"
    options = ["--hla", "--out", str(out), "--patients", "4", "--imgt", str(folder / "imgt")]
    done = CliRunner().invoke(simulate, options)
    assert done.exit_code == 0, done.output
    known = read_hla_reference(out / "hla_reference.npz").alleles
    types = pd.read_csv(out / "truth" / "hla.tsv", sep="\t")
    assert set(types["full_name"]) <= set(known)
    assert not (out / "imgt").exists(), "a release is not copied"
    assert "those of a release" in (out / "trial.yaml").read_text()


def test_a_folder_without_alleles_is_refused(tmp_path):
    with pytest.raises(InputError, match="no allele of A"):
        simulate_hla(tmp_path / "trial", 4, 1, tmp_path)
