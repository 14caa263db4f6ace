"""What the demo says at its end, and that it ends when it is told to."""

import pandas as pd
import pytest

from storiform.cli.demo import _neoantigens, _run
from storiform.engine.run import Ending
from storiform.io.resources import bundled


@pytest.fixture
def burden(tmp_path):
    def write(**changes):
        row = {
            "neoantigen_burden": 206, "neoantigen_burden_expressed": 120,
            "variants_with_peptides": 301, "alleles": 3, "reason": "",
        }  # fmt: skip
        pd.DataFrame([row | changes]).to_csv(tmp_path / "burden.tsv", sep="\t", index=False)
        return _neoantigens(tmp_path / "burden.tsv")

    return write


def test_neoantigens_of_the_cell_line_are_told_with_their_bound(burden):
    assert burden() == (
        "206 neoantigens (variants with a peptide that binds by rank) of 301 variants with "
        "mutant peptides, 120 of them of an expressed gene, for 3 HLA alleles"
    )
    assert "by rank, a lower bound)" in burden(reason="2 of 9 calls ...: a lower bound; more")


def test_the_cell_line_comes_with_its_alleles():
    sheet = pd.read_csv(bundled("reference/examples/hcc1395/samples.csv"))
    tumour = sheet[sheet["status"].eq(1)].iloc[0]
    assert tumour["hla"] == "A*29:02;B*45:01;C*06:02"


@pytest.mark.parametrize(("stopped", "left"), [("signal 15", True), ("", False)])
def test_a_signal_ends_the_demo_and_not_its_part_alone(monkeypatch, tmp_path, stopped, left):
    ending = Ending(143 if stopped else 1, {}, stopped=stopped)
    monkeypatch.setattr("storiform.engine.session.open_session", lambda config: config)
    monkeypatch.setattr("storiform.engine.run.run", lambda *_, **__: ending)
    monkeypatch.setattr("storiform.cli.run.tell", lambda *_: None)
    if left:
        with pytest.raises(SystemExit) as raised:
            _run(tmp_path / "trial.yaml", None)
        assert raised.value.code == 143
    else:
        assert _run(tmp_path / "trial.yaml", None) == 1
