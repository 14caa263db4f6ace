"""VCFs of every caller, whole and damaged."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from cyvcf2 import VCF, Writer

from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning, InputError

LENGTH = "##contig=<ID=chr1,length=248956422>"
SHEET = {"tumour_exome": "P1T", "normal_exome": "P1N"}


def write(
    path: Path, records: list[str], columns: str = "P1T\tP1N", head: str = LENGTH
) -> Path:
    fixed = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    columns = f"\tFORMAT\t{columns}" if columns else ""
    lines = ["##fileformat=VCFv4.2", *head.split("\n"), fixed + columns, *records]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def record(place: str, info: str, form: str, *samples: str) -> str:
    contig, position, ref, alt, status = place.split()
    fields = [contig, position, ".", ref, alt, ".", status, info, form, *samples]
    return "\t".join(fields)


def counts(calls: pd.DataFrame) -> list[list[object]]:
    names = ["tumour_depth", "tumour_ref_reads", "tumour_alt_reads", "normal_depth",
             "normal_ref_reads", "normal_alt_reads"]  # fmt: skip
    return [[None if pd.isna(v) else int(v) for v in row] for row in calls[names].to_numpy()]


@pytest.mark.parametrize(
    ("alleles", "form", "tumour", "normal", "expected"),
    [
        ("G T", "GT:AD:DP", "0/1:70,30:104", "0/0:50,1:52", [104, 70, 30, 52, 50, 1]),
        ("G T", "GT:AD", "0/1:70,30", "0/0:50,0", [100, 70, 30, 50, 50, 0]),
        ("G T", "DP:AU:CU:GU:TU", "80:0,1:0,0:60,61:19,20", "40:0,0:0,0:40,41:0,0",
         [80, 60, 19, 40, 40, 0]),
        ("TC T", "DP:TAR:TIR", "95:80,82:12,13", "60:60,61:0,0", [95, 80, 12, 60, 60, 0]),
        ("G T", "GT:DP:RD:AD:FREQ", "0/1:99:70:28:28%", "0/0:50:49:1:2%",
         [99, 70, 28, 50, 49, 1]),
        ("G T", "GT:DP:RO:AO", "0/1:99:70:28", "0/0:50:49:1", [99, 70, 28, 50, 49, 1]),
        ("G T", "GT:RO:AO", "0/1:70:28", "0/0:49:1", [98, 70, 28, 50, 49, 1]),
        ("G T", "GT:DP:AD:BQ:SS", "0/1:17:13,4:35,35:2", "0/0:12:12,0:35,0:.",
         [17, 13, 4, 12, 12, 0]),
        ("G T", "GT:AD:DP", "./.", "0/0:.:.", [None] * 6),
        ("G T", "GT:DP", "0/1:31", "0/0:22", [31, None, None, 22, None, None]),
    ],
)  # fmt: skip
def test_counts_of_every_caller_are_read(
    tmp_path, alleles, form, tumour, normal, expected
) -> None:
    line = record(f"chr1 100 {alleles} PASS", ".", form, tumour, normal)
    assert counts(read_vcf(write(tmp_path / "a.vcf", [line]), SHEET, "GRCh38")) == [expected]


@pytest.mark.parametrize(
    ("columns", "head", "sheet"),
    [
        ("P1N\tP1T", "", SHEET),
        ("NORMAL\tTUMOR", "", SHEET),
        ("normal\ttumour", "", {}),
        ("b\ta", "##tumor_sample=a\n##normal_sample=b", {"tumour_exome": "other"}),
        ("x\ty", "##SAMPLE=<ID=y,SampleName=P1T>\n##SAMPLE=<ID=x,SampleName=P1N>", SHEET),
        ("TUMOR\tNORMAL", "##tumor_sample=NORMAL\n##normal_sample=TUMOR", SHEET),
    ],
)
def test_columns_in_reverse_order_are_told_apart(tmp_path, columns, head, sheet) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "50,0", "70,30")
    path = write(tmp_path / "a.vcf", [line], columns, f"{LENGTH}\n{head}".strip())
    assert counts(read_vcf(path, sheet, "GRCh38")) == [[100, 70, 30, 50, 50, 0]]


def test_a_single_column_is_the_tumour_whatever_its_name(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "70,30")
    path = write(tmp_path / "a.vcf", [line], "someone")
    assert counts(read_vcf(path, SHEET, "GRCh38")) == [[100, 70, 30, None, None, None]]


def test_a_single_column_named_as_the_normal_is_refused(tmp_path) -> None:
    path = write(tmp_path / "a.vcf", [], "P1N")
    with pytest.raises(
        InputError, match="found the sample columns P1N, expected one named P1T"
    ):
        read_vcf(path, SHEET, "GRCh38")


def test_a_joint_call_with_two_tumours_is_no_guess_of_the_last(tmp_path) -> None:
    head = f"{LENGTH}\n##tumor_sample=s1\n##tumor_sample=s2\n##normal_sample=s3"
    path = write(tmp_path / "a.vcf", [], "s1\ts2\ts3", head)
    with pytest.raises(InputError, match=r"found the sample columns s1, s2, s3"):
        read_vcf(path, SHEET, "GRCh38")


def test_several_unknown_samples_are_listed_not_guessed(tmp_path) -> None:
    path = write(tmp_path / "a.vcf", [], "s1\ts2")
    with pytest.raises(
        InputError, match=r"a\.vcf, line #CHROM: found the sample columns s1, s2"
    ):
        read_vcf(path, SHEET, "GRCh38")


def test_an_unknown_normal_is_told_and_its_reads_are_missing(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "70,30", "50,1")
    path = write(tmp_path / "a.vcf", [line], "P1T\tB7")
    with pytest.warns(DataWarning, match="no column is known to be the normal"):
        calls = read_vcf(path, SHEET, "GRCh38")
    assert counts(calls) == [[100, 70, 30, None, None, None]]


def test_a_file_without_samples_is_read_and_told(tmp_path) -> None:
    path = write(tmp_path / "a.vcf", ["chr1\t100\t.\tG\tT\t.\tPASS\t."], "")
    with pytest.warns(DataWarning, match="no sample columns"):
        calls = read_vcf(path, SHEET, "GRCh38")
    assert counts(calls) == [[None] * 6]


def test_an_empty_file_with_a_header_is_a_biopsy_without_calls(tmp_path) -> None:
    calls = read_vcf(write(tmp_path / "a.vcf", []), SHEET, "GRCh38")
    assert calls.empty
    assert "tumour_alt_reads" in calls.columns


def test_several_alleles_are_split_with_their_own_counts(tmp_path) -> None:
    line = record(
        "1 100 G A,T,* PASS", ".", "AD:F1R2:F2R1", "10,20,30,5:1,2,3,4:5,6,7,8", "9,0,1,0:.:."
    )
    calls = read_vcf(write(tmp_path / "a.vcf", [line]), SHEET, "GRCh38").sort_values("allele")
    assert calls["alt"].tolist() == ["A", "T", "*"]
    assert calls["tumour_alt_reads"].tolist() == [20, 30, 5]
    assert calls["normal_alt_reads"].tolist() == [0, 1, 0]
    assert calls["tumour_depth"].tolist() == [65, 65, 65]
    assert calls["tumour_alt_f1r2"].tolist() == [2, 3, 4]
    assert calls["tumour_alt_f2r1"].tolist() == [6, 7, 8]
    assert calls["set_aside"].tolist() == ["", "", "star"]
    assert calls["record"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("alt", "reason"),
    [("<DEL>", "symbolic"), ("G]chr2:5]", "breakend"), (".", "no_alternative"),
     ("<NON_REF>", "star"), ("G?", "not_bases"), ("GAT", ""), ("gat", ""), ("N", "not_bases"),
     ("R", "not_bases"), ("ACGU", "not_bases"), ("G", "no_alternative"),
     ("g", "no_alternative")],
)  # fmt: skip
def test_what_is_no_small_variant_is_kept_aside_with_its_reason(tmp_path, alt, reason) -> None:
    line = record(f"chr1 100 G {alt} PASS", ".", "AD", "10,20", "9,0")
    calls = read_vcf(write(tmp_path / "a.vcf", [line]), SHEET, "GRCh38")
    assert calls["set_aside"].tolist() == [reason]


def test_coordinates_are_half_open_and_contigs_carry_their_prefix(tmp_path) -> None:
    line = record("1 100 GAT G PASS", ".", "AD", "10,20", "9,0")
    call = read_vcf(write(tmp_path / "a.vcf", [line]), SHEET, "GRCh38").iloc[0]
    assert (call["contig"], call["start"], call["end"]) == ("chr1", 99, 102)


@pytest.mark.parametrize("depth", ["-5", "abc", "1e", "12.5"])
def test_an_invalid_depth_is_told_and_missing_and_the_record_stays(tmp_path, depth) -> None:
    lines = [
        record("chr1 100 G T PASS", ".", "AD:DP", f"70,30:{depth}", "50,0:50"),
        record("chr1 200 G T PASS", ".", "AD:DP", "70,30:100", "50,0:50"),
    ]
    path = write(tmp_path / "a.vcf", lines)
    with pytest.warns(
        DataWarning, match=rf"1 value of DP that is no count \(line 4, DP={depth}"
    ):
        calls = read_vcf(path, SHEET, "GRCh38")
    assert counts(calls) == [[None, 70, 30, 50, 50, 0], [100, 70, 30, 50, 50, 0]]


def test_a_file_without_header_is_refused_with_line_and_remedy(tmp_path) -> None:
    path = tmp_path / "a.vcf"
    path.write_text("chr1\t100\t.\tG\tT\t.\tPASS\t.\n")
    with pytest.raises(
        InputError, match=r"a\.vcf, line 1: found a record without header .*Add"
    ):
        read_vcf(path, SHEET, "GRCh38")
    path.write_text("##fileformat=VCFv4.2\n")
    with pytest.raises(InputError, match="found no header line"):
        read_vcf(path, SHEET, "GRCh38")
    path.write_text("")
    with pytest.raises(InputError, match=r"a\.vcf: found an empty file, .+ Copy the file"):
        read_vcf(path, SHEET, "GRCh38")


def test_another_build_is_told_by_the_header(tmp_path) -> None:
    path = write(tmp_path / "a.vcf", [], head="##contig=<ID=1,length=249250621>")
    with pytest.raises(InputError, match="found contig lengths of GRCh37, expected GRCh38"):
        read_vcf(path, SHEET, "GRCh38")


def test_another_build_is_told_by_a_position_behind_the_end(tmp_path) -> None:
    line = record("chr1 249000000 G T PASS", ".", "AD", "1,1", "1,0")
    path = write(tmp_path / "a.vcf", [line], head="##source=x")
    with pytest.raises(InputError, match="a place at chr1:249000000, expected positions up to"):
        read_vcf(path, SHEET, "GRCh38")


def test_contigs_of_which_none_is_human_are_refused(tmp_path) -> None:
    line = record("CM000663.2 100 G T PASS", ".", "AD", "1,1", "1,0")
    path = write(tmp_path / "a.vcf", [line], head="##source=x")
    with pytest.raises(
        InputError, match=r"found contigs CM000663\.2, expected at least one.*Rename"
    ):
        read_vcf(path, SHEET, "GRCh38")


def test_accessions_of_refseq_are_chromosomes(tmp_path) -> None:
    places = {"NC_000017.11": "chr17", "NC_000023.11": "chrX", "NC_012920.1": "chrM"}
    lines = [record(f"{name} 100 G T PASS", ".", "AD", "1,1", "1,0") for name in places]
    head = "##contig=<ID=NC_000017.11,length=83257441>"
    calls = read_vcf(write(tmp_path / "a.vcf", lines, head=head), SHEET, "GRCh38")
    assert set(calls["contig"]) == set(places.values())


@pytest.mark.parametrize(
    ("head", "where"),
    [("##source=x", "CHROM"), ("##contig=<ID=NC_000017.10,length=81195210>", "##contig lines")],
)
def test_accessions_of_another_build_are_refused(tmp_path, head, where) -> None:
    line = record("NC_000017.10 100 G T PASS", ".", "AD", "1,1", "1,0")
    path = write(tmp_path / "a.vcf", [line], head=head)
    told = rf"a\.vcf, {where}: found (accessions|contig lengths) of GRCh37, expected GRCh38"
    with pytest.raises(InputError, match=told):
        read_vcf(path, SHEET, "GRCh38")
    assert read_vcf(path, SHEET, "GRCh37")["contig"].tolist() == ["chr17"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_told_with_how_to_convert_it(tmp_path, encoding) -> None:
    path = write(tmp_path / "a.vcf", [record("1 100 G T PASS", ".", "AD", "1,1", "1,0")])
    path.write_bytes(path.read_text().encode(encoding))
    told = r"a\.vcf: found a text in UTF-16, expected UTF-8\. Convert it: iconv -f UTF-16"
    with pytest.raises(InputError, match=told):
        read_vcf(path, SHEET, "GRCh38")
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match=told):
        read_vcf(path, SHEET, "GRCh38")


def test_a_column_called_n_beside_the_tumours_is_the_normal(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "50,1", "70,30")
    for columns in ("N\tP1T", "n\tTUMOR"):
        path = write(tmp_path / "a.vcf", [line], columns)
        found = counts(read_vcf(path, {"tumour_exome": "P1T"}, "GRCh38"))
        assert found == [[100, 70, 30, 51, 50, 1]]


def test_a_column_called_n_among_several_is_not_taken_for_the_normal(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "50,1", "70,30", "9,9")
    path = write(tmp_path / "a.vcf", [line], "N\tP1T\tP2T")
    with pytest.warns(DataWarning, match="no column is known to be the normal"):
        assert counts(read_vcf(path, SHEET, "GRCh38"))[0][3:] == [None, None, None]


def test_unknown_normals_of_many_files_are_told_in_one_sentence(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "70,30", "50,1")
    found = set()
    for name in ("B1", "B2"):
        path = write(tmp_path / f"{name}.vcf", [line], f"P1T\t{name}")
        with pytest.warns(DataWarning, match="no column is known") as caught:
            read_vcf(path, SHEET, "GRCh38")
        found |= {str(one.message) for one in caught}
    (told,) = found
    assert "a row of status 0" in told
    assert "bcftools reheader -s" in told


def test_calls_on_other_contigs_are_kept_beside_the_chromosomes(tmp_path) -> None:
    lines = [record(f"{c} 100 G T PASS", ".", "AD", "1,1", "1,0") for c in ("MT", "GL1.1", "X")]
    calls = read_vcf(write(tmp_path / "a.vcf", lines), SHEET, "GRCh38")
    assert set(calls["contig"]) == {"chrM", "GL1.1", "chrX"}


@pytest.mark.parametrize(("cut", "where"), [("chr1\t1", "2 columns"), ("chr1\tx", "position")])
def test_a_damaged_line_is_told_with_its_number(tmp_path, cut, where) -> None:
    whole = record("chr1 100 G T PASS", ".", "AD", "1,1", "1,0")
    broken = cut if where == "2 columns" else whole.replace("chr1\t100", cut)
    path = write(tmp_path / "a.vcf", [whole, broken])
    with pytest.raises(InputError, match=rf"a\.vcf, line 5: found {where}"):
        read_vcf(path, SHEET, "GRCh38")


@pytest.mark.parametrize("spoilt", ["REF\x01ALT", "REF", "REF ALT", "REF\tALT\tALT"])
def test_a_header_with_another_column_takes_no_samples_neighbour(tmp_path, spoilt) -> None:
    one = record("chr1 100 G T PASS", ".", "AD", "30,0", "30,10")
    path = write(tmp_path / "a.vcf", [one])
    path.write_text(path.read_text().replace("REF\tALT", spoilt))
    with pytest.raises(InputError, match=r"line \d+: found the columns CHROM, POS, ID, REF"):
        read_vcf(path, SHEET, "GRCh38")


def test_a_record_with_a_column_more_than_the_header_is_told(tmp_path) -> None:
    whole = record("chr1 100 G T PASS", ".", "AD", "30,0", "30,10")
    path = write(tmp_path / "a.vcf", [f"{whole}\t", f"{whole}\t1,1"])
    with pytest.raises(InputError, match=r"line 5: found 12 columns, expected 11 columns"):
        read_vcf(path, SHEET, "GRCh38")


def test_a_truncated_gzip_is_told(tmp_path) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "1,1", "1,0")
    text = write(tmp_path / "a.vcf", [line] * 3000).read_bytes()
    path = tmp_path / "a.vcf.gz"
    whole = gzip.compress(text)
    path.write_bytes(whole)
    assert len(read_vcf(path, SHEET, "GRCh38")) == 3000
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"broken compression .* a complete gzip file"):
        read_vcf(path, SHEET, "GRCh38")


def test_block_compression_cut_between_blocks_is_told(tmp_path) -> None:
    block = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    plain = gzip.compress(write(tmp_path / "a.vcf", []).read_bytes())
    header = b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00"
    size = (len(plain) + 8 - 1).to_bytes(2, "little")
    bgzf = header + size + plain[10:]
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(bgzf + block)
    assert read_vcf(path, SHEET, "GRCh38").empty
    path.write_bytes(bgzf)
    with pytest.raises(InputError, match="end of file: found a cut file"):
        read_vcf(path, SHEET, "GRCh38")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path, end) -> None:
    line = record("chr1 100 G T PASS", ".", "AD", "70,30", "50,0")
    path = write(tmp_path / "a.vcf", [line])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", end.encode()))
    assert counts(read_vcf(path, SHEET, "GRCh38")) == [[100, 70, 30, 50, 50, 0]]


def test_a_missing_file_is_a_fault_of_the_input(tmp_path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_vcf(tmp_path / "none.vcf", SHEET, "GRCh38")


def test_a_bcf_says_the_same_as_its_vcf(tmp_path) -> None:
    head = (
        f'{LENGTH}\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
        '##INFO=<ID=ANN,Number=.,Type=String,Description="b">'
    )
    info = "ANN=T|missense_variant|MODERATE|TP53|ENSG1|transcript|ENST1|protein_coding"
    line = record("chr1 100 G T PASS", info, "AD", "70,30", "50,0")
    path = write(tmp_path / "a.vcf", [line], head=head)
    source = VCF(str(path))
    writer = Writer(str(tmp_path / "a.bcf"), source, "wb")
    for each in source:
        writer.write_record(each)
    writer.close()
    binary = read_vcf(tmp_path / "a.bcf", SHEET, "GRCh38")
    pd.testing.assert_frame_equal(binary, read_vcf(path, SHEET, "GRCh38"))


def test_population_frequencies_are_the_highest_and_the_files_own_af_is_none(tmp_path) -> None:
    head = (
        f'{LENGTH}\n##INFO=<ID=AF,Number=A,Type=Float,Description="of the samples">\n'
        '##INFO=<ID=gnomAD_AF,Number=A,Type=Float,Description="g">\n'
        '##INFO=<ID=ExAC_AF,Number=A,Type=Float,Description="e">\n'
        '##INFO=<ID=gnomAD_AC,Number=A,Type=Integer,Description="a number">\n'
        '##INFO=<ID=POPAF,Number=A,Type=Float,Description="negative log 10 population">'
    )
    info = "AF=0.5,0.5;gnomAD_AC=1,1;gnomAD_AF=.,0.01;ExAC_AF=0.0001,0.2;POPAF=3,6;IN_PON"
    lines = [
        record("chr1 100 G A,T PASS", info, "AD", "1,2,3", "1,0,0"),
        record("chr1 200 G A PASS", "AF=0.5", "AD", "1,2", "1,0"),
    ]
    calls = read_vcf(write(tmp_path / "a.vcf", lines, head=head), SHEET, "GRCh38")
    assert calls["population_af"].tolist()[:2] == pytest.approx([0.001, 0.2])
    assert calls["population_af"].isna().tolist() == [False, False, True]
    assert calls["in_panel_of_normals"].tolist() == [True, True, False]
