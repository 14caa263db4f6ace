"""The sample sheet: what it makes, and what it says when something is wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.sheets import read_cohort, read_sheets
from storiform.model.cohort import Cohort
from storiform.model.errors import SheetError
from storiform.model.tables.clinic import CLINIC

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a sheet beside a few files that it may name."""
    for name in ("a.vcf", "b.vcf", "a.bam", "b.bam", "n.bam", "counts.tsv", "kit.bed"):
        (tmp_path / name).write_text("x")

    def write(text: str | bytes, name: str = "samples.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def faults_of(path: Path, **options: object) -> list[str]:
    with pytest.raises(SheetError) as caught:
        read_cohort(path, None, "GRCh38", **options)
    return str(caught.value).split("\n")


def cohort_of(path: Path, **options: object) -> Cohort:
    return read_cohort(path, None, "GRCh38", **options).cohort


FULL = """patient,sample,status,timepoint,bam,vcf,counts,purity,sex,hla
P1,P1_N,0,,n.bam,,,,F,
P1,P1_T,1,pre,a.bam,a.vcf,,"0,6",,A*02:01;B*07:02
P1,P1_R,2,pre,,,counts.tsv,,,
P1,P1_T2,tumor,Week 6,b.bam,b.vcf,,,,
P2,P2_R,rna,,,,counts.tsv,,,
"""


def test_dna_and_rna_of_one_timepoint_make_one_biopsy(write: Write) -> None:
    cohort = cohort_of(write(FULL))
    assert [(b.name, b.patient, b.is_baseline) for b in cohort.biopsies] == [
        ("P1.Week-6", "P1", False),
        ("P1.pre", "P1", True),
        ("P2", "P2", True),
    ]
    assert [s.name for s in cohort.samples_of("P1.pre")] == ["P1_N", "P1_R", "P1_T"]
    samples = {s.name: s for s in cohort.samples}
    assert samples["P1_N"].biopsy is None
    assert (samples["P1_N"].role, samples["P1_N"].assay) == ("normal", "exome")
    assert (samples["P2_R"].role, samples["P2_R"].assay) == ("tumour", "rna")
    assert samples["P1_T"].notes == {"purity": "0.6", "hla": "A*02:01;B*07:02"}
    assert samples["P1_N"].notes == {"sex": "female"}
    assert samples["P1_T2"].timepoint == "Week 6"
    assert samples["P1_T"].files["vcf"].name == "a.vcf"
    assert samples["P1_T"].files["vcf"].is_absolute()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace('"0,6"', "0.6").replace(",", "\t").encode(),
        lambda text: (
            text.replace("A*02:01;B*07:02", '"A*02:01;B*07:02"')
            .replace('"0,6"', "0#6")
            .replace(",", ";")
            .replace("0#6", "0,6")
            .encode()
        ),
        lambda text: ("# made by hand\n\n" + text.replace("\n", ",,\n") + ",,,\n\n").encode(),
        lambda text: (
            text.replace("P1_N,0", '"P1_N" ,0').replace("patient,", "Patient ,").encode()
        ),
    ],
    ids=["CR", "CRLF", "BOM", "UTF-16", "tabs", "semicolons", "trailing-blanks", "quotes"],
)
def test_sheet_reads_alike_however_it_was_saved(
    write: Write, change: Callable[[str], bytes]
) -> None:
    plain = cohort_of(write(FULL))
    assert cohort_of(write(change(FULL), "other.csv")) == plain


def test_row_is_the_line_of_the_file_also_after_comments_and_quoted_line_ends(
    write: Write,
) -> None:
    text = '# note\n\npatient,sample,status,kit\nP1,S1,1,"a\nb"\n\nP1,S2,7,\n'
    (fault,) = faults_of(write(text))
    assert fault == (
        "samples.csv, row 7, column status: found '7', expected 0 (normal DNA), 1 (tumour DNA) "
        "or 2 (tumour RNA). Correct the status."
    )


def test_all_faults_come_in_one_message(write: Write) -> None:
    text = (
        "patient,sample,statsu,vcf\n,S1,1,a.vcf\nP 1,S2,1,gone.vcf\nP3,S3,1,\nP3,S3,1,a.vcf\n"
    )
    told = faults_of(write(text))
    assert told[0].startswith("samples.csv, row 1: found unknown column statsu")
    assert "did you mean status?" in told[0]
    joined = "\n".join(told)
    assert "row 2, column patient: found an empty cell" in joined
    assert "row 3, column patient: found the character ' ' in 'P 1'" in joined
    assert "row 3, column vcf: found gone.vcf, which does not exist" in joined
    assert "row 5, column sample: found 'S3', which row 4 has too" in joined


@pytest.mark.parametrize(
    ("rows", "where", "found"),
    [
        ("P1,S1,1,a.vcf,,\nP1,S1,2,,,counts.tsv", "row 3, column sample", "'S1'"),
        ("P1,S1,1,a.vcf,,\nP1,S2,1,b.vcf,,", "row 3, column status", "second row of status 1"),
        ("P1,S1,0,,a.bam,\nP1,S2,0,,b.bam,", "row 3, column status", "second normal"),
        ("P1,S1,0,,a.bam,\nP1,S2,1,,./a.bam,", "row 3, column bam", "the file of the normal"),
        ("P1,S1,1,a.vcf,,\np1,S2,2,,,counts.tsv", "row 3, column patient", "'p1', but row 2"),
        ("P1,S1,,a.vcf,,counts.tsv", "row 2, column status", "counts, vcf"),
        ("P1,S1,,,a.bam,", "row 2, column status", "no status, and bam"),
        ("P1,.S1,1,,,", "row 2, column sample", "a leading dot"),
        ("P1,S/1,1,,,", "row 2, column sample", "the character '/'"),
        ("tables,S1,1,,,", "row 2, column patient", "the reserved name"),
        ("P1,S1,1,https://x/a.vcf,,", "row 2, column vcf", "https://x/a.vcf"),
        ("P1,S1,1,.,.,.,extra", "row 2", "'extra' in column 7"),
    ],
)
def test_fault_names_file_row_and_column(
    write: Write, rows: str, where: str, found: str
) -> None:
    (told,) = faults_of(write(f"patient,sample,status,vcf,bam,counts\n{rows}\n"))
    assert told.startswith(f"samples.csv, {where}: found ")
    assert found in told
    assert re.search(r", expected .+\. [A-Z].+\.$", told)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"patient,sample,status\n", "a header alone (an empty cohort)"),
        (b"patient,status\nP1,1\n", "no column sample"),
        (b"patient,sample,vcf,vcf\nP1,S1,a.vcf,\n", "it 2 times (columns 3, 4)"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b'patient,sample,status\nP1,"S1,1\n', "a quote that is never closed"),
    ],
)
def test_sheet_that_is_none_is_refused(write: Write, content: bytes, found: str) -> None:
    assert found in faults_of(write(content))[0]


def test_missing_sheet_is_a_fault(tmp_path: Path) -> None:
    assert "no such file or directory" in faults_of(tmp_path / "none.csv")[0]


def test_latin_1_letters_are_read(write: Write) -> None:
    text = "patient,sample,status,region\nP1,S1,1,Rücken\n".encode("latin-1")
    assert cohort_of(write(text)).samples[0].region == "Rücken"


def test_status_is_inferred_where_the_files_tell_it(write: Write) -> None:
    cohort = cohort_of(write("patient,sample,vcf,counts\nP1,S1,a.vcf,\nP1,S2,,counts.tsv\n"))
    assert [(s.assay, s.role) for s in cohort.samples] == [
        ("exome", "tumour"),
        ("rna", "tumour"),
    ]
    assert len(cohort.biopsies) == 1


def test_matrix_may_be_shared_by_many_rows(write: Write) -> None:
    cohort = cohort_of(write("patient,sample,counts\nP1,S1,counts.tsv\nP2,S2,counts.tsv\n"))
    assert len({s.files["counts"] for s in cohort.samples}) == 1


def test_biopsy_cell_names_and_joins(write: Write) -> None:
    head = "patient,sample,status,biopsy,timepoint\n"
    cohort = cohort_of(write(head + "P1,D,1,B7,pre\nP1,R,2,,pre\nP1,E,1,B8,on\nP1,N,0,,\n"))
    assert {s.name: s.biopsy for s in cohort.samples} == {
        "D": "B7", "R": "B7", "E": "B8", "N": None,
    }  # fmt: skip
    (told,) = faults_of(write(head + "P1,D,1,B7,pre\nP2,R,2,B7,pre\n"))
    assert "found the biopsy B7, but row 2 has B7 of patient P1" in told
    (told,) = faults_of(write(head + "P1,D,1,B7,pre\nP1,E,1,B8,pre\nP1,R,2,,pre\n"))
    assert "row 4, column biopsy" in told
    assert "B7 and B8" in told
    (told,) = faults_of(write(head + "P1,D,1,B7,pre\nP1,R,2,B7,on\n"))
    assert "row 3, column timepoint: found 'on'" in told


def test_baseline_follows_the_words_or_the_declared_order(write: Write) -> None:
    text = "patient,sample,status,timepoint\nP1,A,1,C1D1\nP1,B,1,surgery\nP2,C,1,surgery\n"
    path = write(text)
    assert {b.name: b.is_baseline for b in cohort_of(path).biopsies} == {
        "P1.C1D1": True, "P1.surgery": False, "P2": False,
    }  # fmt: skip
    notes = read_cohort(path, None, "GRCh38").notes
    assert any("no baseline biopsy" in note and "P2" in note for note in notes)
    declared = cohort_of(path, baseline=("surgery", "c1d1"))
    assert {b.name: b.is_baseline for b in declared.biopsies} == {
        "P1.C1D1": False, "P1.surgery": True, "P2": True,
    }  # fmt: skip


def test_regions_of_the_baseline_all_count_and_are_noted(write: Write) -> None:
    path = write("patient,sample,status,region\nP1,A,1,core\nP1,B,1,rim\n")
    report = read_cohort(path, None, "GRCh38")
    assert [(b.name, b.is_baseline) for b in report.cohort.biopsies] == [
        ("P1.core", True),
        ("P1.rim", True),
    ]
    assert any(
        "1 patient with several" in note and "P1 (P1.core, P1.rim)" in note
        for note in report.notes
    )


def test_tumour_without_normal_is_legal_and_noted(write: Write) -> None:
    report = read_cohort(write("patient,sample,status,vcf\nP1,S1,1,a.vcf\n"), None, "GRCh38")
    assert report.notes == ("1 patient with tumour DNA but no normal: P1",)


def test_kit_is_a_file_where_one_exists_else_a_name(write: Write) -> None:
    cohort = cohort_of(
        write("patient,sample,status,kit\nP1,A,1,kit.bed\nP2,B,1,SureSelect V6\n")
    )
    assert cohort.samples[0].files["kit"].name == "kit.bed"
    assert cohort.samples[1].notes["kit"] == "SureSelect V6"


LINES = FULL.strip().split("\n")[1:]


@given(st.permutations(LINES))
def test_any_order_of_rows_gives_the_same_cohort(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "permuted"
    folder.mkdir(exist_ok=True)
    for name in ("a.vcf", "b.vcf", "a.bam", "b.bam", "n.bam", "counts.tsv"):
        (folder / name).write_text("x")
    header = FULL.split("\n", 1)[0]
    plain, permuted = folder / "plain.csv", folder / "permuted.csv"
    plain.write_text("\n".join([header, *LINES]))
    permuted.write_text("\n".join([header, *rows]))
    assert cohort_of(permuted) == cohort_of(plain)
    assert read_cohort(permuted, None, "GRCh38").notes == (
        read_cohort(plain, None, "GRCh38").notes
    )


@given(
    st.integers(0, len(FULL)),
    st.integers(0, 40),
    st.one_of(
        st.sampled_from([",", "\n", "\r", '"', ";", "\t", "\0", "~nobody/", "x" * 300]),
        st.text(),
    ),
)
def test_damaged_sheet_is_read_or_refused_with_a_message(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, inserted: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    path = folder / "samples.csv"
    text = FULL[:start] + inserted + FULL[start + length :]
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    told = ""
    try:
        read_cohort(path, None, "GRCh38")
    except SheetError as error:
        told = str(error)
    assert told == "" or told.startswith(("samples.csv", str(folder)))


def test_sex_of_sheet_and_clinical_table_must_agree(write: Write) -> None:
    path = write("patient,sample,status,sex\nP1,S1,1,F\nP2,S2,1,M\nP3,S3,1,\n")
    clinical = write("patient,sex\nP1,male\nP2,\nP3,female\n", "clinical.csv")
    with pytest.raises(SheetError) as caught:
        read_cohort(path, clinical, "GRCh38")
    assert str(caught.value) == (
        "samples.csv, row 2, column sex: found female, expected male, as in clinical.csv. "
        "Correct one of the two."
    )


def test_tables_without_a_common_patient_are_refused(write: Write) -> None:
    path = write("patient,sample,status,vcf\nP01,S1,1,a.vcf\nP02,S2,1,b.vcf\n")
    clinical = write("subject,response\nT-001,PR\nT-002,SD\n", "clinical.csv")
    with pytest.raises(SheetError) as caught:
        read_cohort(path, clinical, "GRCh38")
    assert str(caught.value) == (
        "clinical.csv, column subject: found no patient of the sample sheet, but ids like "
        "T-001, T-002, expected ids like P01, P02, as in the sample sheet. Write the ids "
        "alike, or name the column that has them: cohort.columns.patient."
    )


def test_one_common_patient_is_enough(write: Write) -> None:
    path = write("patient,sample,status,vcf\nP01,S1,1,a.vcf\nP02,S2,1,b.vcf\n")
    clinical = write("patient,response\nT-001,PR\nP02,SD\n", "clinical.csv")
    notes = read_cohort(path, clinical, "GRCh38").notes
    assert "clinical.csv: 1 patient without a sample: T-001" in notes
    assert "clinical.csv: 1 patient of the sample sheet without a clinical row: P01" in notes


def test_swapped_sheets_are_told_in_one_line_each(write: Write) -> None:
    samples = write("patient,sample,status,vcf\nP1,S1,1,a.vcf\n", "s.csv")
    clinical = write("patient,response,PFS,os_months\nP1,PR,3,9\n", "c.csv")
    with pytest.raises(SheetError) as caught:
        read_cohort(clinical, samples, "GRCh38")
    swap = "If the two files are swapped, swap cohort.samples and cohort.clinical."
    sheet, table = str(caught.value).split("\n")
    assert sheet == (
        "c.csv, row 1: found response, PFS, os_months and no column sample: this looks like "
        "the clinical table, expected the sample sheet (patient, sample, status and files). "
        + swap
    )
    assert table == (
        "s.csv, row 1: found sample, status, vcf: this looks like the sample sheet, expected "
        f"the clinical table (response, PFS, OS). {swap}"
    )


def test_clinical_table_may_name_samples_and_files_beside_outcomes(write: Write) -> None:
    path = write("patient,sample,status,vcf\nP1,S1,1,a.vcf\n")
    clinical = write("patient,sample,status,response\nP1,S1,done,PR\n", "clinical.csv")
    report = read_cohort(path, clinical, "GRCh38")
    assert report.cohort.patients[0].clinic == {
        **dict.fromkeys(CLINIC.columns), "response": "PR", "responded": True,
        "disease_control": True,
    }  # fmt: skip


def test_vcf_of_two_patients_is_noted_and_that_of_two_biopsies_of_one_is_not(
    write: Write,
) -> None:
    head = "patient,sample,status,timepoint,vcf\n"
    rows = "P01,A,1,pre,a.vcf\nP02,B,1,pre,a.vcf\nP03,C,1,pre,b.vcf\nP03,D,1,on,b.vcf\n"
    notes = read_cohort(write(head + rows), None, "GRCh38").notes
    assert [note for note in notes if "VCF" in note] == [
        "P01 and P02 name the same VCF a.vcf; right only if it holds a column for each"
    ]


def test_notes_count_and_name_the_first_five(write: Write) -> None:
    rows = "".join(f"P{n},T{n},1,a.vcf\n" for n in range(1, 8))
    path = write(f"patient,sample,status,vcf\n{rows}P8,N8,0,\nP8,T8,1,\n")
    shared = "right only if it holds a column for each"
    assert read_cohort(path, None, "GRCh38").notes == (
        "7 patients with tumour DNA but no normal: P1, P2, P3, P4, P5 and 2 more",
        f"P1, P2, P3, P4, P5 and 2 more name the same VCF a.vcf; {shared}",
        "1 tumour sample without a file: T8",
    )


def test_faulty_sheet_gives_its_sound_rows_and_the_files_of_the_others(write: Write) -> None:
    head = "patient,sample,status,vcf,counts\n"
    rows = "P1,A,1,a.vcf,\nP2,B,5,b.vcf,\nP3,A,2,,counts.tsv\nP4,D,1,gone.vcf,counts.tsv\n"
    sheets = read_sheets(write(head + rows), None, "GRCh38")
    assert len(sheets.faults) == 3
    assert [s.name for s in sheets.report.cohort.samples] == ["A", "D"]
    assert [set(s.files) for s in sheets.report.cohort.samples] == [{"vcf"}, {"counts"}]
    assert [(s.name, s.patient, set(s.files)) for s in sheets.strays] == [
        ("B", "P2", {"vcf"}), ("A", "P3", {"counts"}),
    ]  # fmt: skip


def test_rows_set_aside_leave_a_cohort_whose_names_are_unique(write: Write) -> None:
    head = "patient,sample,status,biopsy\n"
    rows = "P1,A,1,B7\nP2,B,1,B7\nP2,C,2,B7\nP3,D,1,\n"
    sheets = read_sheets(write(head + rows), None, "GRCh38")
    assert sheets.faults
    assert [b.name for b in sheets.report.cohort.biopsies] == ["B7", "P3"]
    assert {s.name for s in sheets.strays} == {"B", "C"}


def test_misspelt_column_is_told_and_read_as_it_was_meant(write: Write) -> None:
    sheets = read_sheets(write("patinet,sample,vcf\nP1,A,a.vcf\n"), None, "GRCh38")
    (told,) = sheets.faults
    assert "found unknown column patinet" in told
    assert [p.name for p in sheets.report.cohort.patients] == ["P1"]
