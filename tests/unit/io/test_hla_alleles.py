"""The column `hla` of the sample sheet: from cells and files to the table `hla_types`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storiform.io.hla_alleles import read_hla_types
from storiform.io.sheets import CohortReport, read_cohort
from storiform.io.units import SourceUnit
from storiform.model.errors import SheetError
from storiform.model.tables.proteins import HLA_TYPES

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a sheet of tumours whose last column is `hla`, parted by tabs."""
    (tmp_path / "a.vcf").write_text("x")

    def write(*cells: str, patients: str = "") -> Path:
        named = patients.split() or ["P1"] * len(cells)
        rows = [
            f"{patient}\tS{n}\t1\tt{n}\ta.vcf\t{cell}"
            for n, (patient, cell) in enumerate(zip(named, cells, strict=True))
        ]
        path = tmp_path / "samples.tsv"
        path.write_text("patient\tsample\tstatus\ttimepoint\tvcf\thla\n" + "\n".join(rows))
        return path

    return write


def report_of(path: Path) -> CohortReport:
    return read_cohort(path, None, "GRCh38")


def notes_of(path: Path) -> list[str]:
    return [note for note in report_of(path).notes if "HLA" in note]


def faults_of(path: Path) -> list[str]:
    with pytest.raises(SheetError) as caught:
        report_of(path)
    return str(caught.value).split("\n")


def rows_of(text: str) -> list[tuple[object, ...]]:
    unit = SourceUnit("B1", "P1", {}, {}, "GRCh38", {"hla": text})
    types = HLA_TYPES.conform(read_hla_types(unit))
    columns = ["gene", "copy", "allele", "reason"]
    return [tuple(row) for row in types[columns].fillna("").itertuples(index=False)]


def test_six_alleles_are_six_rows() -> None:
    text = "A*02:01,HLA-A*24:02 B0702;B*08:01,Cw*0702,C*07:01:01:01"
    assert rows_of(text) == [
        ("A", 1, "HLA-A*02:01", ""),
        ("A", 2, "HLA-A*24:02", ""),
        ("B", 1, "HLA-B*07:02", ""),
        ("B", 2, "HLA-B*08:01", ""),
        ("C", 1, "HLA-C*07:01", ""),
        ("C", 2, "HLA-C*07:02", ""),
    ]


def test_allele_on_both_copies_is_two_rows_and_given_once_one() -> None:
    assert rows_of("A*02:01;A*02:01;B*07:02") == [
        ("A", 1, "HLA-A*02:01", ""),
        ("A", 2, "HLA-A*02:01", ""),
        ("B", 1, "HLA-B*07:02", ""),
    ]
    assert rows_of("A*02:01;A*02:01:01;A*24:02") == [
        ("A", 1, "HLA-A*02:01", ""),
        ("A", 2, "HLA-A*24:02", ""),
    ]


def test_unusable_names_stay_with_their_reasons() -> None:
    assert rows_of("A*24;Cw3;A*24:09N;H-2-Kb;H-2-Db;zzz") == [
        ("", 1, "", "non_human"),
        ("", 2, "", "non_human"),
        ("", 3, "", "not_a_name"),
        ("A", 1, "", "low_resolution"),
        ("A", 2, "", "null_allele"),
        ("C", 1, "", "serological"),
    ]


def test_order_of_the_cell_does_not_matter() -> None:
    assert rows_of("B*07:02;A*24:02;A*02:01") == rows_of("A*02:01;A*24:02;B*07:02")


def test_more_than_two_alleles_of_a_gene_are_a_fault_of_the_cell(write: Write) -> None:
    (fault,) = faults_of(write("A*02:01;A*24:02;A*01:01;B*07:02"))
    assert fault == (
        "samples.tsv, row 2, column hla: found 3 alleles of HLA-A (HLA-A*01:01, HLA-A*02:01, "
        "HLA-A*24:02), expected at most two of a gene. Keep the two that the patient has."
    )


def test_names_that_tell_no_allele_are_no_third_one(write: Write) -> None:
    (note,) = notes_of(write("A*02:01;A*24:02;A*24;A2;B*07:02"))
    assert "A*24 (one field only), A2 (a serological type, no allele)" in note
    (fault,) = faults_of(write("A*02:01;A*24:02;A*24:09N"))
    assert "found 3 alleles of HLA-A (A*24:09N, HLA-A*02:01, HLA-A*24:02)" in fault


@pytest.mark.parametrize(
    "cell", ["unknown", "ND", "?", "n.d.", "not typed", "?;?", "Not_Done", "N/D"]
)
def test_cell_that_says_that_nothing_is_known_is_an_empty_one(write: Write, cell: str) -> None:
    report = report_of(write(cell, "A*02:01", patients="P1 P2"))
    assert ["hla" in sample.notes for sample in report.cohort.samples] == [False, True]
    (note,) = (note for note in report.notes if "HLA" in note)
    told = f"{cell!r} in the column hla of P1: taken as HLA alleles that are not known"
    assert note == f"samples.tsv: {told}"


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "-"])
def test_what_is_empty_in_every_column_is_so_without_a_word(write: Write, cell: str) -> None:
    report = report_of(write(cell, "A*02:01", patients="P1 P2"))
    assert ["hla" in sample.notes for sample in report.cohort.samples] == [False, True]
    assert not [note for note in report.notes if "HLA" in note]


def test_rows_of_a_patient_of_which_one_says_nothing_do_not_disagree(write: Write) -> None:
    report = report_of(write("unknown", "A*02:01"))
    assert [sample.notes.get("hla") for sample in report.cohort.samples] == [None, "A*02:01"]


def test_rows_of_one_patient_that_disagree_are_a_fault(write: Write) -> None:
    (fault,) = faults_of(write("A*02:01;B*07:02", "A*02:01;B*08:01"))
    assert "samples.tsv, row 3, column hla: found HLA-A*02:01, HLA-B*08:01, but row 2" in fault
    assert not notes_of(write("A*02:01;B*07:02", "HLA-B0702 A*02:01:01"))


def test_other_patients_may_differ(write: Write) -> None:
    assert not notes_of(write("A*02:01", "A*03:01", patients="P1 P2"))


@pytest.mark.parametrize("name", ["A*2:1", "HLA_A-02*01", "A:02:01", "yes"])
def test_name_that_is_none_stops_nothing_alone_or_beside_others(
    write: Write, name: str
) -> None:
    for cell in (name, f"{name};B*07:02"):
        report = report_of(write(cell, "A*24", patients="P1 P2"))
        (doubt,) = report.doubts
        assert doubt in report.notes
        assert doubt.startswith(f"samples.tsv, column hla: {name!r} of patient P1 (no name of")
        assert "left out; the burden of neoantigens is a lower bound" in doubt


def test_names_that_are_none_are_told_of_all_patients_at_once(write: Write) -> None:
    report = report_of(write("A*2:1;X*01:01", "A*2:1", "A*02:01", patients="P1 P2 P3"))
    (doubt,) = report.doubts
    assert (
        "'A*2:1' of patient P1 (no name of an allele), 'X*01:01' of patient P1 (no gene of "
        "HLA), 'A*2:1' of patient P2 (no name of an allele): left out"
    ) in doubt
    assert not report_of(write("A*02:01;A*24")).doubts


def test_name_of_a_file_that_is_not_there_is_a_fault(write: Write) -> None:
    (fault,) = faults_of(write("typed.txt"))
    assert "column hla: found typed.txt, which is no file, expected names of alleles" in fault


@pytest.mark.parametrize(
    "cell",
    [
        "A\u221702:01;B\u221707:02", "A\uff0a02\uff1a01\u00a0B\uff0a07:02",
        "HLA\u2011A\u221702:01;\u200bB*07:02", "A\u221702:01/02:01:03;B\u221707:02",
    ],
)  # fmt: skip
def test_signs_that_look_like_those_of_a_keyboard_are_read(
    write: Write, tmp_path: Path, cell: str
) -> None:
    report = report_of(write(cell))
    (sample,) = report.cohort.samples
    assert [row[2] for row in rows_of(sample.notes["hla"])] == ["HLA-A*02:01", "HLA-B*07:02"]
    assert not [note for note in report.notes if "HLA" in note]
    (tmp_path / "typed.tsv").write_text(cell)
    (sample,) = report_of(write("typed.tsv")).cohort.samples
    assert [row[2] for row in rows_of(sample.notes["hla"])] == ["HLA-A*02:01", "HLA-B*07:02"]


def test_unusable_alleles_are_a_note_and_no_fault(write: Write) -> None:
    (note,) = notes_of(write("A*24;B*07:02;H-2-Kb"))
    assert note == (
        "samples.tsv: 2 HLA alleles of patient P1 are not usable, and no peptide is predicted "
        "for them: A*24 (one field only), H-2-Kb (no human allele)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "\tA1\tA2\tB1\tB2\tReads\n0\tA*02:01\tA*24:02\tB*07:02\tB*08:01\t1234.0\n",
        '{"A": ["A*02:01:01", "A*24:02:01"], "B": ["B*07:02:01", "B*08:01:01"]}\n',
        "HLA-A\thla_a_02_01_01_01\thla_a_24_02_01_01\nHLA-B\thla_b_07_02_01\thla_b_08_01_01\n",
        "A\tHLA-A*02:01:01\tHLA-A*24:02:01\nB\tHLA-B*07:02:01\tHLA-B*08:01:01\nG\t-\t-\n",
        "HLA-A*02:01\nHLA-A*24:02\nHLA-B*07:02\nHLA-B*08:01\n",
        "HLA-A02:01\nHLA-A24:02\nHLA-B07:02\nHLA-B08:01\n",
    ],
    ids=["OptiType", "arcasHLA", "Polysolver", "HLA-HD", "list", "list_without_stars"],
)
def test_file_of_a_typer_gives_its_alleles(write: Write, tmp_path: Path, text: str) -> None:
    (tmp_path / "typed.tsv").write_text(text)
    (sample,) = report_of(write("typed.tsv")).cohort.samples
    found = [row[2] for row in rows_of(sample.notes["hla"])]
    assert found == ["HLA-A*02:01", "HLA-A*24:02", "HLA-B*07:02", "HLA-B*08:01"]


def test_file_without_alleles_is_a_fault(write: Write, tmp_path: Path) -> None:
    (tmp_path / "typed.tsv").write_text("no alleles here\n")
    (fault,) = faults_of(write("typed.tsv"))
    assert "row 2, column hla: found no allele in typed.tsv" in fault


def test_damaged_file_is_a_fault(write: Write, tmp_path: Path) -> None:
    (tmp_path / "typed.gz").write_bytes(b"\x1f\x8b" + b"no gzip at all")
    (fault,) = faults_of(write("typed.gz"))
    assert "row 2, column hla: found typed.gz" in fault
