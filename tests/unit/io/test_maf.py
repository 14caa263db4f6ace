"""MAFs of one sample and of a cohort, and tables that are like one."""

import gzip
from pathlib import Path

import pytest

from storiform.io.maf import read_maf
from storiform.model.errors import DataWarning, InputError

HEAD = (
    "Hugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\t"
    "Variant_Classification\tReference_Allele\tTumor_Seq_Allele1\tTumor_Seq_Allele2\t"
    "Tumor_Sample_Barcode\tt_depth\tt_ref_count\tt_alt_count\tn_depth\tn_alt_count"
)
ROWS = (
    "TP53\tGRCh38\t17\t7675088\t7675088\tMissense_Mutation\tC\tC\tT\tS1\t100\t60\t40\t50\t0",
    "NF1\tGRCh38\t17\t31095310\t31095311\tFrame_Shift_Ins\t-\tA\t-\tS1\t80\t60\t20\t50\t0",
    "ATRX\tGRCh38\tX\t77557846\t77557848\tIn_Frame_Del\tCTG\t-\t-\tS2\t10\t5\t5\t9\t0",
)


def write(path: Path, head: str = HEAD, rows: tuple[str, ...] = ROWS, end: str = "\n") -> Path:
    path.write_bytes("".join(f"{line}{end}" for line in (head, *rows)).encode())
    return path


def test_a_cohort_file_gives_the_rows_of_one_sample(tmp_path) -> None:
    calls = read_maf(write(tmp_path / "a.maf"), ("S1", "B1", "P1"), "GRCh38")
    assert calls["gene"].tolist() == ["NF1", "TP53"] or calls["gene"].tolist() == [
        "TP53",
        "NF1",
    ]
    tp53 = calls.set_index("gene").loc["TP53"]
    assert (tp53["contig"], tp53["start"], tp53["end"]) == ("chr17", 7675087, 7675088)
    assert (tp53["ref"], tp53["alt"]) == ("C", "T")
    assert (tp53["tumour_depth"], tp53["tumour_alt_reads"], tp53["normal_depth"]) == (
        100,
        40,
        50,
    )
    assert (tp53["consequence"], tp53["annotation"]) == ("missense_variant", "MAF")
    assert calls.set_index("gene").loc["NF1", "alt"] == "A"


def test_the_first_name_that_is_in_the_file_is_taken(tmp_path) -> None:
    path = write(tmp_path / "a.maf")
    assert read_maf(path, ("none", "S2", "S1"), "GRCh38")["gene"].tolist() == ["ATRX"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_line_ends_marks_and_compression_change_nothing(tmp_path, end, mark, packed) -> None:
    path = write(tmp_path / "a.maf", end=end)
    content = mark + path.read_bytes()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert len(read_maf(path, ("S1",), "GRCh38")) == 2


def test_comments_commas_and_other_names_are_read(tmp_path) -> None:
    head = "Patient,Hugo Symbol,Chromosome,Start,End,Variant Classification,Tcov,Tac"
    rows = ('Pt1,"A,B",1,100,100,missense_variant&splice_region_variant,232,10',)
    path = write(tmp_path / "a.csv", f"#version 2.4\n{head}", rows)
    call = read_maf(path, ("x", "Pt1"), "GRCh37").iloc[0]
    assert (call["gene"], call["tumour_depth"], call["tumour_alt_reads"]) == ("A,B", 232, 10)
    assert call["consequence"] == "missense_variant&splice_region_variant"
    assert call[["ref", "alt"]].isna().all()


def test_missing_counts_are_missing(tmp_path) -> None:
    head = "Chromosome\tStart_Position\tVariant_Classification\tHugo_Symbol"
    call = read_maf(write(tmp_path / "a.maf", head, ("1\t5\tSilent\tA",)), (), "GRCh38").iloc[0]
    assert call[["tumour_depth", "tumour_alt_reads", "normal_depth"]].isna().all()
    assert (call["start"], call["end"]) == (4, 5)


def test_depth_is_the_sum_of_both_alleles_where_none_is_given(tmp_path) -> None:
    head = "Chromosome\tStart_Position\tVariant_Classification\tt_ref_count\tt_alt_count"
    path = write(tmp_path / "a.maf", head, ("1\t5\tSilent\t7\t3", "1\t6\tSilent\t\t3"))
    depths = read_maf(path, (), "GRCh38")["tumour_depth"]
    assert depths.iloc[0] == 10
    assert depths.isna().tolist() == [False, True]


def test_an_invalid_count_is_told_and_missing(tmp_path) -> None:
    path = write(tmp_path / "a.maf", rows=(ROWS[0].replace("\t100\t", "\t-4\t"),))
    with pytest.warns(DataWarning, match="1 value of t_depth that is no count .such as -4"):
        calls = read_maf(path, ("S1",), "GRCh38")
    assert calls["tumour_depth"].isna().all()


def test_a_header_alone_is_a_sample_without_calls(tmp_path) -> None:
    assert read_maf(write(tmp_path / "a.maf", rows=()), ("S1",), "GRCh38").empty


def test_a_sample_that_is_not_in_a_cohort_file_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"column Tumor_Sample_Barcode: found samples S1, S2"):
        read_maf(write(tmp_path / "a.maf"), ("S9",), "GRCh38")


def test_a_file_of_one_sample_with_another_name_is_taken_and_told(tmp_path) -> None:
    path = write(tmp_path / "a.maf", rows=ROWS[:2])
    with pytest.warns(DataWarning, match="its one sample is named S1, not S9"):
        assert len(read_maf(path, ("S9",), "GRCh38")) == 2


def test_missing_columns_are_all_named(tmp_path) -> None:
    path = write(tmp_path / "a.maf", "Hugo_Symbol\tChromosome", ("A\t1",))
    expected = "expected the columns Start_Position, Variant_Classification"
    with pytest.raises(InputError, match=expected):
        read_maf(path, (), "GRCh38")


def test_another_build_is_refused(tmp_path) -> None:
    with pytest.raises(
        InputError, match="column NCBI_Build: found build GRCh38, expected GRCh37"
    ):
        read_maf(write(tmp_path / "a.maf"), ("S1",), "GRCh37")


def test_a_position_that_is_none_is_told_with_its_row(tmp_path) -> None:
    path = write(tmp_path / "a.maf", rows=(ROWS[0], ROWS[1].replace("31095310", "?")))
    with pytest.raises(InputError, match=r"row 3, column Start_Position: found '\?'"):
        read_maf(path, ("S1",), "GRCh38")


def test_an_empty_file_and_a_cut_one_are_told(tmp_path) -> None:
    empty = tmp_path / "a.maf"
    empty.write_text("")
    with pytest.raises(InputError, match="found no lines"):
        read_maf(empty, (), "GRCh38")
    cut = tmp_path / "b.maf.gz"
    whole = gzip.compress(write(tmp_path / "c.maf", rows=ROWS * 500).read_bytes())
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="broken compression"):
        read_maf(cut, ("S1",), "GRCh38")


@pytest.mark.parametrize(("extra", "expected"), [("AFR_AF", 0.2), ("t_vaf", None)])
def test_a_bare_af_is_a_population_only_beside_its_kin(tmp_path, extra, expected) -> None:
    head = f"Chromosome\tStart_Position\tVariant_Classification\tAF\t{extra}"
    path = write(tmp_path / "a.maf", head, ("1\t5\tSilent\t0.2\t0.1",))
    found = read_maf(path, (), "GRCh38")["population_af"].iloc[0]
    assert found == expected if expected else found != found  # noqa: PLR0124  NaN


def test_a_call_keeps_its_ordinal_in_a_cohort_file(tmp_path) -> None:
    path = write(tmp_path / "a.maf", rows=(ROWS[2], ROWS[0], ROWS[2], ROWS[1]))
    assert sorted(read_maf(path, ("S1",), "GRCh38")["record"]) == [1, 3]


def test_a_name_inside_another_is_not_taken_for_it(tmp_path) -> None:
    longer = ROWS[0].replace("\tS1\t", "\tS11\t").replace("TP53", "OTHER")
    calls = read_maf(write(tmp_path / "a.maf", rows=(longer, *ROWS)), ("S1",), "GRCh38")
    assert sorted(calls["gene"]) == ["NF1", "TP53"]
    with pytest.raises(InputError, match="found samples S1, S11, S2"):
        read_maf(write(tmp_path / "a.maf", rows=(longer, *ROWS)), ("S",), "GRCh38")


def ended(path: Path, old: str, new: str) -> Path:
    path = write(path)
    path.write_text(path.read_text().replace(old, new))
    return path


def test_an_end_before_its_start_is_told_with_its_row(tmp_path) -> None:
    path = ended(tmp_path / "a.maf", "\t7675088\t7675088", "\t7695088\t7675088")
    found = r"a\.maf, row 2, column End_Position: found 7675088, expected 7695088"
    with pytest.raises(InputError, match=found):
        read_maf(path, ("S1",), "GRCh38")


def test_an_end_that_does_not_fit_the_reference_allele_is_told_and_not_taken(tmp_path) -> None:
    path = ended(tmp_path / "a.maf", "\t7675088\t7675088", "\t7675088\t7975088")
    with pytest.warns(DataWarning, match=r"1 row whose End_Position .*7675088 to 7975088"):
        calls = read_maf(path, ("S1",), "GRCh38").set_index("gene")
    assert calls.loc["TP53", ["start", "end"]].tolist() == [7675087, 7675088]
    assert calls.loc["NF1", ["start", "end"]].tolist() == [31095309, 31095311]


def test_a_table_without_ends_has_those_of_the_reference_alleles(tmp_path) -> None:
    head = "sample\tchr\tpos\tref\talt\teffect"
    rows = ("S1\t1\t100\tCAG\tC\tmissense_variant", "S1\t1\t200\tC\tT\tmissense_variant")
    calls = read_maf(write(tmp_path / "a.tsv", head, rows), ("S1",), "GRCh38")
    assert calls[["start", "end"]].to_numpy().tolist() == [[99, 102], [199, 200]]
