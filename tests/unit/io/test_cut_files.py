"""A file that ends inside a row is a fault with the line, not a table without these values."""

import gzip
from pathlib import Path

import pytest

from storiform.engine.work import open_resource
from storiform.io.coverage import read_coverage
from storiform.io.delimited import read_delimited
from storiform.io.expression import read_counts
from storiform.io.maf import read_maf
from storiform.io.matrix import read_matrix
from storiform.io.segment_files import read_segments
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError

HEAD = (
    "Hugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\t"
    "Variant_Classification\tReference_Allele\tTumor_Seq_Allele2\tTumor_Sample_Barcode"
)
ROW = "TP53\tGRCh38\t17\t7675088\t7675088\tMissense_Mutation\tC\tT\tS1"
MATRIX = ["gene,S1,S2", "TP53,1,2", "MDM2,3,4", "CD274,5,6"]


def unit(column: str, path: Path) -> SourceUnit:
    return SourceUnit("B1", "P1", {column: path}, {"tumour_rna": "S1"}, "GRCh38", {})


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("last", ["CD68\tGRCh38\tchr1\t201406041\t201", "A" * 200_000])
def test_a_maf_that_was_cut_is_a_fault_of_its_last_line(
    tmp_path: Path, last: str, end: str
) -> None:
    path = tmp_path / "calls.maf"
    path.write_bytes(f"#version 2.4\n{HEAD}\n{ROW}\n{ROW}\n{last}{end}".encode())
    cells = last.count("\t") + 1
    expected = rf"calls\.maf, line 5: found {cells} cells?, expected 9 cells, as the header"
    for name in ("S1", "another"):
        with pytest.raises(InputError, match=expected):
            read_maf(path, (name,), "GRCh38")


def test_a_maf_separated_by_commas_is_counted_by_cells(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    head, row = HEAD.replace("\t", ","), ROW.replace("\t", ",")
    quoted = row.replace("TP53", '"TP53, the gene"')
    path.write_text(f"{head}\n{quoted}\n")
    assert read_maf(path, ("S1",), "GRCh38")["gene"].tolist() == ["TP53, the gene"]
    path.write_text(f"{head}\n{quoted.removesuffix(',S1')}\n")
    with pytest.raises(InputError, match=r"calls\.csv, line 2: found 8 cells, expected 9"):
        read_maf(path, ("S1",), "GRCh38")


@pytest.mark.parametrize("separator", [",", "\t", ";", "  "])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("last", ["PABPN1,8", "PABPN1"])
def test_a_matrix_that_was_cut_is_a_fault_of_its_last_line(
    tmp_path: Path, separator: str, last: str, *, packed: bool
) -> None:
    path = tmp_path / "counts.csv"
    text = "\n".join(["# made", *MATRIX, last]).replace(",", separator).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    cells = last.count(",") + 1
    with pytest.raises(InputError, match=rf"counts\.csv, line 6: found {cells} cells?, exp"):
        read_counts(unit("counts", path))


@pytest.mark.parametrize(
    "rows",
    [
        ["gene,S1,S2,", "TP53,1,2", "MDM2,3,4"],  # a separator behind the names alone
        ["S1,S2", "TP53,1,2", "MDM2,3,4"],  # as R writes row names
        ["gene,S1,S2", '"TP53, the gene",1,2', "MDM2,,", "", "CD274,5,6", ""],
        ["gene,name,S1", 'TP53,"in\ntwo lines",1', "MDM2,b,3"],
    ],
)
def test_a_whole_matrix_is_read_whatever_its_manner(tmp_path: Path, rows: list[str]) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(rows))
    assert "MDM2" in read_matrix(path).cells[0].tolist()


def test_a_table_that_ends_inside_its_last_row_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "clinical.csv"
    path.write_text("patient,response,pfs_months\nP1,PR,12\nP2,PD,3\nP3,C")
    (told,) = read_delimited(path).faults
    assert told.startswith("clinical.csv, row 4: found 2 cells and no line end, expected 3")


@pytest.mark.parametrize(
    "text",
    ["a,b,c\n1,2,3\n4,5\n", "a,b,c\n1,2", "a,b,c\n1,2,3\n4,5,", "a,b,\n1,2\n4,5\n"],
)
def test_cells_that_a_hand_left_out_are_no_fault(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clinical.csv"
    path.write_text(text)
    assert read_delimited(path).faults == ()


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_header_with_a_name_more_than_any_row_has_cells_is_a_fault(
    tmp_path: Path, end: str
) -> None:
    """Else each value behind that name would be taken for that of its neighbour."""
    path = tmp_path / "clinical.csv"
    path.write_text(f"patient,pfs_months,os_mevent,os_months\nP1,9.5,20.0\nP2,1.9{end}")
    (told,) = read_delimited(path).faults
    assert told.startswith("clinical.csv: found at most 3 cells in every row, expected 4, as")


@pytest.mark.parametrize("name", ["gene", "gene_id", "Symbol"])
def test_a_matrix_whose_header_lost_a_sample_is_not_read_one_column_off(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(f"{name},S1_S2,S3\nTP53,1,2,3\nMDM2,4,5,6\n")
    with pytest.raises(InputError, match=r"counts\.csv, line 2: found 4 cells, expected 3"):
        read_matrix(path)
    path.write_text(f"{name},S1,S2\nENSG1,TP53,2,3\nENSG2,MDM2,5,6\n")  # as R writes it
    assert read_matrix(path).header == ("", name, "S1", "S2")


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("last", ["chr1\t500", "chr1\t500\t600\tG"])
def test_coverage_and_segments_that_were_cut_are_faults(
    tmp_path: Path, last: str, end: str
) -> None:
    path = tmp_path / "s.cnn"
    rows = [f"chr1\t{n}00\t{n + 1}00\tG\t0.1\t5" for n in range(1, 4)]
    path.write_text("\n".join(["chromosome\tstart\tend\tgene\tlog2\tdepth", *rows, last]) + end)
    expected = r"s\.cnn, line 5: found \d cells, expected 6 cells"
    with pytest.raises(InputError, match=expected):
        read_coverage(unit("coverage", path))
    path = tmp_path / "s.cns"
    rows = [row.replace("\t5", "\t30") for row in rows]
    path.write_text(
        "\n".join(["chromosome\tstart\tend\tgene\tlog2\tprobes", *rows, last]) + end
    )
    with pytest.raises(InputError, match=r"s\.cns, line 5: found \d cells, expected 6 cells"):
        read_segments(unit("segments", path))


@pytest.mark.parametrize("name", ["genes", "transcript_models"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_gtf_that_ends_inside_a_line_is_a_fault(
    tmp_path: Path, name: str, *, packed: bool
) -> None:
    told = 'gene_id "G1"; transcript_id "T1"; gene_name "A"; gene_type "protein_coding";'
    row = f"chr1\tx\texon\t100\t400\t.\t+\t.\t{told}"
    for file, end in (("whole.gtf", "\n"), ("cut.gtf", "")):
        text = f"{row}\n{row}{end}".encode()
        (tmp_path / file).write_bytes(gzip.compress(text) if packed else text)
    open_resource(name, str(tmp_path / "whole.gtf"))
    with pytest.raises(InputError, match=r"cut\.gtf, line 2: found no line end"):
        open_resource(name, str(tmp_path / "cut.gtf"))
