"""What `check` tells of HLA alleles before anything is predicted for them."""

import warnings
from pathlib import Path

import pytest

from storiform.biomarkers.mhc_binding import MhcBindingParams
from storiform.engine.check import Finding, check_inputs
from storiform.engine.hla_forecast import class_ii_left_out, forecast_alleles
from storiform.io.hla_alleles import read_hla_types
from storiform.io.mhc_model import read_mhc_model
from storiform.io.resources import RESOURCES, bundled
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning

WEAK = "HLA-C*01:02"
WORKFLOW = '''"""Alleles, and how peptides bind to them."""

from storiform.biomarkers.mhc_binding import mhc_binding
from storiform.model.tables.copies import GivenSegments
from storiform.model.tables.proteins import PEPTIDES, Peptides


def peptides(given: GivenSegments) -> Peptides:
    """Make none."""
    return PEPTIDES.empty()


STEPS = (peptides, mhc_binding)
'''
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nT1\t2\t1\t190\t2\t0.5\n"


def forecast(cell: str, support: str = "weak") -> list[str]:
    """Return warnings, then sentences."""
    types = read_hla_types(SourceUnit("B1", "P1", {}, {}, "GRCh38", {"hla": cell}))
    model = read_mhc_model(bundled(str(RESOURCES["mhc_model"].default)))
    params = MhcBindingParams.model_validate({"min_support": support})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        told = forecast_alleles(types, model, params)
    of_class_ii = [class_ii_left_out(told.class_ii, model)] if told.class_ii else []
    return [*(str(one.message) for one in caught), *told.told, *of_class_ii]


def test_alleles_that_are_predicted_for_are_passed_over() -> None:
    assert forecast("A*02:01;A*03:01;B*07:02") == []


def test_an_unknown_allele_of_class_i_is_a_warning_in_the_words_of_the_run() -> None:
    assert forecast("A*02:01;A*02:99") == [
        "HLA-A*02:99 is unknown to the predictor: the burden is a lower bound"
    ]
    assert forecast("A*02:99") == [
        "HLA-A*02:99 is unknown to the predictor: there is no burden"
    ]


@pytest.mark.parametrize("cell", ["A*24", "Cw3", "H2-Kb", "C*07:02N", "E*01:01"])
def test_a_biopsy_without_a_usable_allele_of_class_i_is_warned_of(cell) -> None:
    assert "no HLA allele of class I that is usable" in forecast(cell)[0]


def test_alleles_of_class_ii_are_named() -> None:
    (one,) = forecast("A*02:01;DRB1*15:01;DQB1*06:02")
    assert "class II that the predictor storiform" in one
    assert ": HLA-DQB1*06:02, HLA-DRB1*15:01: no peptide is predicted for them" in one
    assert one.endswith("the burden counts class I")


def test_weakly_known_and_other_genes_are_told_by_name() -> None:
    first, second = forecast(f"A*02:01;E*01:01;{WEAK}", "good")
    assert first.startswith(f"{WEAK}: support of the predictor storiform")
    assert second == "HLA-E*01:01: no classical gene of HLA: no peptide is predicted for it"


def checked(folder: Path, *cells: str) -> list[Finding]:
    (folder / "flow.py").write_text(WORKFLOW)
    (folder / "s.seg").write_text(SEG)
    rows = [f"P{n}\tT{n}\t1\ts.seg\t{cell}\n" for n, cell in enumerate(cells, 1)]
    sheet = "patient\tsample\tstatus\tsegments\thla\n" + "".join(rows)
    (folder / "samples.tsv").write_text(sheet)
    (folder / "c.yaml").write_text(
        "workflow: flow.py\noutput: out\ncohort:\n  samples: samples.tsv\n"
    )
    return [one for one in check_inputs(folder / "c.yaml").findings if "HLA" in one.message]


def test_check_tells_which_alleles_of_whom_are_left_out(tmp_path: Path) -> None:
    found = checked(tmp_path, "A*02:01;A*02:99", "A*02:99;B*07:02;Cw3", "A*02:01")
    assert [(one.severity, one.units) for one in found] == [
        ("warning", ("P1", "P2")), ("note", ()),
    ]  # fmt: skip
    assert "the burden is a lower bound" in found[0].message
    assert "Cw3 (a serological type, no allele)" in found[1].message
    assert "no peptide is predicted for it" in found[1].message


def test_check_tells_of_class_ii_once_for_all_patients(tmp_path: Path) -> None:
    (found,) = checked(tmp_path, "A*02:01;DRB1*15:01", "A*02:01;DRB1*03:01")
    assert (found.severity, found.units) == ("note", ())
    assert "does not know: HLA-DRB1*03:01, HLA-DRB1*15:01: no peptide" in found.message


def test_check_asks_the_predictor_that_the_run_would_ask(tmp_path: Path) -> None:
    assert checked(tmp_path, "A*02:01") == []
    config = tmp_path / "c.yaml"
    config.write_text(f"{config.read_text()}resources:\n  mhc_model: none.yaml\n")
    assert not [one for one in check_inputs(config).findings if "HLA" in one.message]
