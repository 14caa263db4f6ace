"""What is wrong with a matrix or with the outcome is told once, before a run."""

from pathlib import Path

import pytest

from storiform.engine.check import check_inputs, foresee
from storiform.engine.notebook import Notebook
from storiform.engine.session import open_session

WORKFLOW = '''"""Expression, and what goes with response."""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter
from storiform.statistics.association import associations
from storiform.statistics.differential import differential_expression

STEPS = (counts, tpm, mcp_counter, associations, differential_expression)
'''
NAMES = ("P1", "P2", "P3")


def configured(
    folder: Path, matrix: str, column: str = "counts", responses: tuple[str, ...] = ("PR", "PD")
) -> Path:
    """Write a cohort of three with one matrix; return its configuration."""
    (folder / "flow.py").write_text(WORKFLOW)
    (folder / "matrix.csv").write_text(matrix)
    rows = [f"{name},{name},2,matrix.csv\n" for name in NAMES]
    (folder / "samples.csv").write_text(f"patient,sample,status,{column}\n{''.join(rows)}")
    answers = [f"{n},{responses[i % len(responses)]}\n" for i, n in enumerate(NAMES)]
    (folder / "clinical.csv").write_text("patient,response\n" + "".join(answers))
    path = folder / "c.yaml"
    path.write_text(
        "workflow: flow.py\noutput: out\ncohort:\n  samples: samples.csv\n"
        "  clinical: clinical.csv\n"
    )
    return path


def told(path: Path, severity: str) -> list[str]:
    return [str(f) for f in check_inputs(path).findings if f.severity == severity]


SOUND = "gene,P1,P2,P3\nTP53,10,11,12\nMDM2,3,4,5\n"


@pytest.mark.parametrize(
    ("matrix", "column", "words"),
    [
        (
            "gene,P1,P2,P3\nTP53,1.5,2.25,3.5\nMDM2,0.1,0.2,0.3\n",
            "counts",
            "found decimals in 100% of the genes, such as 1.5",
        ),
        (
            "gene,P1,P2,P3\nTP53,3000000,4000000,5000000\nMDM2,3,4,5\n",
            "tpm",
            "found integers alone, which sum to 3e+06, expected TPM, which sum to 1e6. If they",
        ),
        (
            "gene,P1,P2,P3\nTP53,1.5,2.25,3.5\nMDM2,0.1,0.2,0.3\n",
            "tpm",
            "If they are log2(TPM + 1), name the file in the column log2_tpm.",
        ),
        (
            "gene,P1,P2,P3\nTP53,1.5,x,y\nMDM2,z,0.2,0.3\n",
            "tpm",
            "matrix.csv, gene MDM2, column P1 and 2 more: found 'z', expected a number",
        ),
    ],
)
def test_one_fault_of_a_matrix_is_told_once_with_all_units(
    tmp_path: Path, matrix: str, column: str, words: str
) -> None:
    (found,) = told(configured(tmp_path, matrix, column), "error")
    assert found.startswith("error: P1, P2, P3: matrix.csv, ")
    assert "column P1 and 2 more: found " in found
    assert words in found


def test_genes_in_several_rows_are_told_once(tmp_path: Path) -> None:
    matrix = "gene,P1,P2,P3\nTP53,1,2,3\nTP53,1,2,3\nMDM2,3,4,5\n"
    (found,) = told(configured(tmp_path, matrix), "warning")
    assert found.startswith("warning: P1, P2, P3: matrix.csv: 1 gene id stands in several rows")
    assert "1 row is a copy of another" in found


@pytest.mark.parametrize("column", ["counts", "tpm"])
def test_genes_that_nobody_knows_are_one_error_with_file_and_ids(
    tmp_path: Path, column: str
) -> None:
    rows = [f"gene_{number},{'1,2,3' if number else '990000,990001,990002.5'}\n"
            for number in range(9)]  # fmt: skip
    matrix = "gene,P1,P2,P3\n" + "".join(rows)
    if column == "counts":
        matrix = matrix.replace("2.5", "2")
    (found,) = told(configured(tmp_path, matrix, column), "error")
    assert found.startswith(
        "error: P1, P2, P3: matrix.csv: found 0% human genes among ids such"
    )
    assert "gene_0, gene_1, gene_2" in found
    assert "matrix.csv" not in "".join(told(configured(tmp_path, SOUND), "error"))


def test_transcripts_without_their_genes_are_one_error(tmp_path: Path) -> None:
    matrix = "gene,P1,P2,P3\nENST00000269305,1,2,3\nENST00000258149,1,2,3\n"
    (found,) = told(configured(tmp_path, matrix), "error")
    assert found.startswith("error: P1, P2, P3: matrix.csv: found transcripts such as ENST0")


def test_other_faults_of_columns_stay_apart() -> None:
    notebook = Notebook()
    notebook.add("error", ["a.csv, column S1: found 1, expected 2. Mend it."], "P1")
    notebook.add("error", ["a.csv, column S2: found 1, expected 3. Mend it."], "P2")
    notebook.add("error", ["b.csv, column S2: found 1, expected 2. Mend it."], "P2")
    notebook.add("error", ["c.csv, column S: found 1, expected 2. Mend it."], "P1")
    notebook.add("error", ["c.csv, column S: found 9, expected 2. Mend it."], "P2")
    assert len(notebook.findings()) == 4
    assert sum(len(finding.units) for finding in notebook.findings()) == 5


@pytest.mark.parametrize(
    ("responses", "words"),
    [
        (("PR", "CR"), "all 3 patients whose response is known responded: nothing can be"),
        (("SD",), "none of 3 patients whose response is known responded: nothing can be"),
        (("PR", "NE"), "all 2 patients whose response is known responded: nothing can be"),
    ],
)
def test_an_outcome_of_one_group_is_told_before_the_run(
    tmp_path: Path, responses: tuple[str, ...], words: str
) -> None:
    path = configured(tmp_path, SOUND, responses=responses)
    found = [one for one in told(path, "warning") if "response is known" in one]
    assert len(found) == 1
    assert words in found[0]
    before = [str(one) for one in foresee(open_session(path))]
    assert [one for one in before if "response is known" in one] == found


def test_an_outcome_of_two_groups_is_told_of_in_no_word(tmp_path: Path) -> None:
    path = configured(tmp_path, SOUND)
    assert not [one for one in told(path, "warning") if "is known" in one]
    assert foresee(open_session(path)) == ()


def test_logarithms_of_another_offset_are_told_before_a_run(tmp_path: Path) -> None:
    matrix = "gene,P1,P2,P3\nTP53,5.5,6.25,7.5\nMDM2,-9.9658,0.2,0.3\n"
    path = configured(tmp_path, matrix, "log2_tpm")
    (error,) = [line for line in told(path, "error") if "log2_tpm" in line]
    assert "found the value -9.966, expected at least log2(1) = 0" in error
    assert "Set expression.log2_offset to the offset" in error
    path.write_text(path.read_text() + "expression:\n  log2_offset: 0.001\n")
    assert not [line for line in told(path, "error") if "log2_tpm" in line]
