"""Numbers, cells and lines beyond all measure are faults with their place, not tracebacks."""

import gzip
from pathlib import Path

import pytest

from storiform.engine.notebook import Notebook
from storiform.io import lines as lines_room
from storiform.io.chimeric_junctions import read_chimeric_alignments
from storiform.io.delimited import read_delimited
from storiform.io.fusion_files import read_given_fusions
from storiform.io.lines import lines, pieces
from storiform.io.maf import read_maf
from storiform.io.matrix import read_matrix
from storiform.io.snp_vcf import read_snp_vcf
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning, InputError, SheetError, fault

DIGITS = "9" * 25
VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\tNORMAL\n"
    "chr1\t{place}\t.\tG\tT\t.\tPASS\t.\tGT:AD\t0/1:{reads},20\t0/0:30,0\n"
)
MAF = (
    "Hugo_Symbol\tChromosome\tStart_Position\tEnd_Position\tVariant_Classification\t"
    "Reference_Allele\tTumor_Seq_Allele2\tTumor_Sample_Barcode\tt_depth\tt_alt_count\n"
    "TP53\t17\t{start}\t{end}\tMissense_Mutation\tC\tT\tS1\t{depth}\t40\n"
)
FUSIONS = (
    "#FusionName\tJunctionReadCount\tSpanningFragCount\tLeftGene\tLeftBreakpoint\tRightGene\t"
    "RightBreakpoint\nA--B\t{reads}\t3\tA\tchr1:{place}:+\tB\tchr2:200:+\n"
)
JUNCTION = "chr1\t{place}\t+\tchr2\t200\t+\t1\t0\t0\tR1\t50\t{cigar}\t200\t50M\n"


def unit(path: Path, column: str) -> SourceUnit:
    names = {"tumour_exome": "TUMOR", "normal_exome": "NORMAL"}
    return SourceUnit("B1", "P1", {column: path}, names, "GRCh38", {})


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("digits", [20, 25, 5000])
def test_a_position_of_too_many_digits_in_a_vcf_is_a_fault_of_its_line(
    tmp_path: Path, digits: int
) -> None:
    path = written(tmp_path / "a.vcf", VCF.format(place="9" * digits, reads=30))
    expected = r"a\.vcf, line 4: found position '9+.*expected a whole number up to 2147483647"
    with pytest.raises(InputError, match=expected) as refused:
        read_vcf(path, {"tumour_exome": "TUMOR"}, "GRCh38")
    assert len(str(refused.value)) < 1000
    with pytest.raises(InputError, match=expected):
        read_snp_vcf(path, {"tumour_exome": "TUMOR", "normal_exome": "NORMAL"}, "GRCh38")


@pytest.mark.parametrize("digits", [12, 25, 5000])
def test_reads_of_too_many_digits_in_a_vcf_are_told_and_missing(
    tmp_path: Path, digits: int
) -> None:
    path = written(tmp_path / "a.vcf", VCF.format(place=100, reads="9" * digits))
    expected = r"a\.vcf: found 1 value of AD that is no count \(line 4, AD=9+.*to 2147483647"
    names = {"tumour_exome": "TUMOR", "normal_exome": "NORMAL"}
    with pytest.warns(DataWarning, match=expected):
        calls = read_vcf(path, names, "GRCh38")
    assert calls["tumour_ref_reads"].isna().all()
    assert calls["tumour_alt_reads"].tolist() == [20]


@pytest.mark.parametrize("place", [DIGITS, "1e300", "2147483648", "7.5", "inf"])
@pytest.mark.parametrize("column", ["Start_Position", "End_Position"])
def test_a_position_of_a_maf_that_cannot_be_one_is_a_fault_of_its_row(
    tmp_path: Path, place: str, column: str
) -> None:
    places = {"start": "7675088", "end": "7675088"}
    places[column.partition("_")[0].lower()] = place
    path = written(tmp_path / "a.maf", MAF.format(depth=100, **places))
    with pytest.raises(InputError, match=rf"a\.maf, row 2, column {column}: found '{place}'"):
        read_maf(path, ("S1",), "GRCh38")


def test_a_depth_of_a_maf_of_too_many_digits_is_told_and_missing(tmp_path: Path) -> None:
    path = written(tmp_path / "a.maf", MAF.format(start=100, end=100, depth=DIGITS))
    with pytest.warns(DataWarning, match=f"t_depth that is no count .*{DIGITS}"):
        calls = read_maf(path, ("S1",), "GRCh38")
    assert calls["tumour_depth"].isna().all()


@pytest.mark.parametrize(("reads", "place"), [(DIGITS, "100"), ("9" * 400, "100"), (7, DIGITS)])
def test_an_overlong_number_in_a_file_of_fusions_is_a_fault(
    tmp_path: Path, reads: str, place: str
) -> None:
    path = written(tmp_path / "f.tsv", FUSIONS.format(reads=reads, place=place))
    with pytest.raises(InputError, match=r"f\.tsv, line 2.*9{25}"):
        read_given_fusions(unit(path, "fusions"))


@pytest.mark.parametrize(("place", "cigar"), [(DIGITS, "50M"), ("100", f"{DIGITS}M")])
def test_an_overlong_number_of_a_chimeric_junction_is_a_fault(
    tmp_path: Path, place: str, cigar: str
) -> None:
    path = written(tmp_path / "j", JUNCTION.format(place=place, cigar=cigar))
    with pytest.raises(InputError, match=r"j, line 1: found .*9{25}"):
        read_chimeric_alignments(unit(path, "chimeric_junctions"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("gene,S1" + "A" * 200_000 + "\nTP53,1\n", "line 1"),
        ("# made\ngene,S1\nTP53," + "A" * 200_000 + "\n", "line 2"),
        ("gene,S1\nMDM2,2\n" + "A" * 200_000 + ",1\n", "gene 2"),
    ],
)
def test_a_cell_of_a_matrix_that_holds_a_book_is_a_fault(
    tmp_path: Path, text: str, place: str
) -> None:
    path = written(tmp_path / "m.csv", text)
    with pytest.raises(InputError, match=rf"m\.csv, {place}: found a cell of more than 131072"):
        read_matrix(path)


def test_a_value_beyond_all_measure_is_shown_by_its_beginning() -> None:
    told = fault("a.csv, row 2", repr("A" * 200_000), "a number", "Correct it.")
    assert len(told) < 300
    assert "... (200002 characters), expected a number" in told


@pytest.mark.parametrize("error", [OverflowError("too large"), ZeroDivisionError("by zero")])
def test_one_file_that_breaks_its_reader_hides_no_fault_of_another(error: Exception) -> None:
    def read() -> None:
        raise error

    notebook = Notebook()
    assert not notebook.open("P1", read)
    assert notebook.open("P2", lambda: None)
    (found,) = notebook.findings()
    assert (found.severity, found.units) == ("error", ("P1",))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("content", [b"\0" * 5_000_000, b"gene,S1\nTP53," + b"1" * 5_000_000])
def test_a_line_without_an_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, *, packed: bool
) -> None:
    monkeypatch.setattr(lines_room, "LONGEST_LINE", 1 << 21)
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    line = content.count(b"\n") + 1
    expected = f"a.csv, line {line}: found a line without an end, expected lines of at most"
    for read, refused in (
        (read_matrix, InputError),
        (read_delimited, SheetError),
        (lambda file: list(lines(file)), InputError),
    ):
        with pytest.raises(refused, match=expected):
            read(path)
    with pytest.raises(InputError, match=r"a\.csv: found a line without an end"):
        list(pieces(path, 1000))


def test_lines_of_an_old_machine_are_no_line_without_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_room, "LONGEST_LINE", 1 << 14)
    path = tmp_path / "a.txt"
    path.write_bytes(b"twelve words\r" * 5000)
    assert len(list(lines(path))) == 5000
    assert b"".join(pieces(path, 1000)).count(b"twelve words\n") == 5000


def test_a_matrix_at_fault_is_unpacked_once_for_all_patients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    unpack = gzip.open

    def counted(path: Path, mode: str) -> object:
        opened.append(path)
        return unpack(path, mode)

    monkeypatch.setattr(gzip, "open", counted)
    path = tmp_path / "once.csv.gz"
    path.write_bytes(gzip.compress(b"gene,S1\n"))
    for _ in range(3):
        with pytest.raises(InputError, match="found 1 line, expected a header and rows"):
            read_matrix(path)
    assert len(opened) == 1
