"""Parts of a study folder of cBioPortal: what is left out, refused, and written how."""

import pandas as pd
import pytest

from storiform.io.cbioportal import Attribute, Profile, Study
from storiform.model.errors import InputError

ID = Attribute("PATIENT_ID", "Patient", "Patient", "STRING")
CNA = Profile("cna", "COPY_NUMBER_ALTERATION", "DISCRETE", "cna", "CNA", "Copies")


def test_a_clinical_file_without_a_value_is_not_written(tmp_path) -> None:
    study = Study(tmp_path, "s", "GRCh38")
    rows = pd.DataFrame({"PATIENT_ID": ["P1"], "AGE": [None]})
    study.add_clinic("patient", rows, [ID, Attribute("AGE", "Age", "Age", "NUMBER")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["MUTATION_COUNT", "AGE"])
def test_attributes_that_the_portal_refuses_are_told(tmp_path, name) -> None:
    study = Study(tmp_path, "s", "GRCh38")
    rows = pd.DataFrame({"PATIENT_ID": ["P1"], "AGE": [5], name: [7]})
    attributes = [ID, *(Attribute(n, "A", "A", "NUMBER") for n in ("AGE", name))]
    with pytest.raises(InputError, match=f"clinical attributes: found {name}"):
        study.add_clinic("patient", rows, attributes)


def test_cells_hold_no_tabs_and_numbers_are_short(tmp_path) -> None:
    study = Study(tmp_path, "s", "GRCh37")
    rows = pd.DataFrame({"PATIENT_ID": ["P1", "P2"], "A": ["one\ttwo\n", ""],
                         "B": [1 / 3, float("nan")]})  # fmt: skip
    told = [ID, Attribute("A", "A\tA", "A", "STRING"), Attribute("B", "B", "B", "NUMBER")]
    study.add_clinic("patient", rows, told)
    lines = (tmp_path / "data_clinical_patient.txt").read_text().splitlines()
    assert lines[0] == "#Patient\tA A\tB"
    assert lines[5:] == ["P1\tone two\t0.333333", "P2\tNA\tNA"]


def test_levels_of_copies_are_whole_numbers(tmp_path) -> None:
    study = Study(tmp_path, "s", "GRCh38")
    matrix = pd.DataFrame({"S1": [2, None], "S2": [-1, 0]}, index=["A", "B"]).astype("Int64")
    study.add_matrix(CNA, matrix, "cna")
    text = (tmp_path / "data_cna.txt").read_text()
    assert text == "Hugo_Symbol\tS1\tS2\nA\t2\t-1\nB\tNA\t0\n"
    assert study.samples == {"cna": ["S1", "S2"]}


def test_lists_of_both_kinds_hold_the_samples_of_both(tmp_path) -> None:
    study = Study(tmp_path, "s", "GRCh38")
    study.samples.update({"all": ["A", "B", "C"], "mutations": ["A", "B"], "cna": ["B", "C"]})
    study.add_case_lists()
    lists = {path.name: path.read_text().splitlines()[-1]
             for path in (tmp_path / "case_lists").iterdir()}  # fmt: skip
    assert lists == {
        "cases_all.txt": "case_list_ids: A\tB\tC", "cases_sequenced.txt": "case_list_ids: A\tB",
        "cases_cna.txt": "case_list_ids: B\tC", "cases_cnaseq.txt": "case_list_ids: B",
    }  # fmt: skip
