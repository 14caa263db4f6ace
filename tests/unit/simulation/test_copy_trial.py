"""A trial of coverage: files as other programs write them, read back as they were drawn."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from storiform.cli.simulate import simulate
from storiform.io.coverage import read_coverage
from storiform.io.snp_files import read_snps
from storiform.io.units import SourceUnit
from storiform.model.copies import expected_log2
from storiform.simulation.copy_trial import plan_copies, simulate_copies


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    return folder, simulate_copies(folder, 4, 7, scale=0.02)


def unit(folder, row, columns):
    files = {name: folder / row[name] for name in columns}
    names = {"unit": row["sample"], "patient": row["patient"]}
    return SourceUnit(**names, files=files, samples={}, build="GRCh38", record={})


def test_the_same_arguments_give_the_same_bytes(trial, tmp_path):
    folder, _ = trial
    simulate_copies(tmp_path, 4, 7, scale=0.02)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(files) == 4 * 5 + 6 + 4
    for path in files:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_depths_and_alleles_read_back_show_the_planted_copies(trial):
    folder, truth = trial
    sheet = pd.read_csv(folder / "samples.csv")
    pair = sheet[sheet["patient"] == "P002"].to_dict("records")
    columns = ["coverage", "off_target_coverage"]
    normal, tumour = (read_coverage(unit(folder, row, columns)) for row in pair)
    fit = truth.fits.set_index("patient").loc["P002"]
    own = truth.genes[truth.genes["patient"] == "P002"].set_index("gene")
    ratio = np.log2((tumour["reads"] + 0.5) / (normal["reads"] + 0.5))
    usual = ratio[tumour["is_target"]].median()
    assert fit["cdk4_mdm2_coamplified"]
    for gene in ("CDK4", "MDM2"):
        where = own.loc[gene]
        here = (tumour["contig"] == where["contig"]) & tumour["start"].between(
            where["start"], where["end"]
        )
        expected = expected_log2(fit["purity"], fit["ploidy"], where["total_most"], 2)
        found = (ratio[here] - usual).median()
        assert found == pytest.approx(float(expected), abs=0.4)
    snps = read_snps(unit(folder, pair[1], ["snps"]))
    assert len(snps) > 500
    assert snps["is_reference_first"].all()


def test_the_panel_gives_the_gc_content_and_two_copies_of_x(trial):
    folder, _ = trial
    panel = pd.read_csv(folder / "panel.cnn.gz", sep="\t")
    assert {"chromosome", "start", "end", "gene", "log2", "gc", "spread"} <= set(panel)
    assert panel["gc"].between(0.2, 0.8).all()
    middle = panel[panel["gene"] != "Antitarget"].groupby("chromosome")["log2"].median()
    assert middle["chrX"] == pytest.approx(middle["chr7"], abs=0.35)


def test_loss_of_cdkn2a_is_planted_with_response():
    clinical, plans = plan_copies(240, 3)
    lost = np.array([plan.deletion in {"homozygous", "loss"} for plan in plans])
    responded = clinical["response"].isin(["CR", "PR"]).to_numpy()
    assert lost[responded].mean() > 0.75
    assert lost[~responded].mean() < 0.3
    has_both = np.array([plan.amplicon == "both" for plan in plans])
    misread = has_both & (clinical["histology"] == "leiomyosarcoma").to_numpy()
    assert misread.sum() == has_both.sum() / 2 == 30


@pytest.mark.parametrize(("patients", "seed"), [(3, 1), (8, -1)])
def test_too_few_patients_are_refused(tmp_path, patients, seed):
    with pytest.raises(ValueError, match="at least 4 patients"):
        simulate_copies(tmp_path, patients, seed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("other", ["--reads", "--hostile"])
def test_copies_stand_alone_on_the_command_line(tmp_path, other):
    words = ["--out", str(tmp_path / "trial"), "--copies", other]
    done = CliRunner().invoke(simulate, words)
    assert done.exit_code == 2
    assert "--copies stands alone" in done.output


def test_the_command_writes_a_trial_of_copies(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "storiform.simulation.copy_trial.simulate_copies", lambda *words: asked.append(words)
    )
    out = tmp_path / "trial"
    words = ["--out", str(out), "--copies", "--patients", "8", "--seed", "5"]
    done = CliRunner().invoke(simulate, words)
    assert done.exit_code == 0, done.output
    assert asked == [(out, 8, 5)]
