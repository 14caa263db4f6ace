"""Coverage of CNVkit and PureCN: whole, old, swapped, cut and damaged files."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.coverage import read_coverage
from storiform.io.sources import SourceUnit
from storiform.model.errors import DataWarning, InputError
from storiform.model.genome import Build

NEW = "chromosome\tstart\tend\tgene\tdepth\tlog2"
OLD = "chromosome\tstart\tend\tgene\tlog2"
PURECN = "Target total_coverage average_coverage on_target"


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return path


def read(path: Path, between: Path | None = None, build: Build = "GRCh37") -> pd.DataFrame:
    files = {"coverage": path} | ({"off_target_coverage": between} if between else {})
    return read_coverage(SourceUnit("T1", "P1", files, {"tumour_exome": "T1"}, build, {}))


def refused(path: Path, match: str, between: Path | None = None) -> None:
    with pytest.raises(InputError, match=match):
        read(path, between)


def test_target_and_antitarget_files_become_one_table_of_depth_and_reads(tmp_path) -> None:
    target = write(
        tmp_path / "t.cnn", NEW, "chr2\t100\t300\tA\t50\t5.64", "chr1\t0\t50\t-\t0\t-20"
    )
    between = write(tmp_path / "a.cnn", NEW, "1\t1000\t101000\tAntitarget\t0.5\t-1")
    bins = read(target, between)
    assert bins[["contig", "start", "end"]].to_numpy().tolist() == [
        ["chr1", 0, 50], ["chr1", 1000, 101000], ["chr2", 100, 300],
    ]  # fmt: skip
    assert bins["is_target"].tolist() == [True, False, True]
    assert bins["depth"].tolist() == [0.0, 0.5, 50.0]
    assert bins["reads"].tolist() == [0.0, 500.0, 100.0]
    assert bins["gc"].isna().all()


def test_old_files_have_their_depth_in_log2_and_off_target_bins_are_background(
    tmp_path,
) -> None:
    between = ("chr1\t500\t900\tBackground\t-20", "chr1\t900\t1300\tBackground\t-1")
    path = write(tmp_path / "t.cnn", OLD, "chr1\t0\t100\tA\t6", *between)
    bins = read(path)
    assert bins["depth"].tolist() == [64.0, 0.0, 0.5]
    assert bins["is_target"].tolist() == [True, False, False]


def test_purecn_counts_from_1_and_its_counts_are_reads(tmp_path) -> None:
    path = write(tmp_path / "t.txt", "Target total_coverage counts on_target",
                 "chr1:1001-1100 5000 70 TRUE", "chr1:5001-6000 100 1 FALSE")  # fmt: skip
    bins = read(path)
    assert bins[["start", "end"]].to_numpy().tolist() == [[1000, 1100], [5000, 6000]]
    assert bins["depth"].tolist() == [50.0, 0.1]
    assert bins["reads"].tolist() == [70.0, 1.0]
    assert bins["is_target"].tolist() == [True, False]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_any_line_end_packed_or_not_gives_the_same_bins(tmp_path, end, packed) -> None:
    lines = [NEW, "chr1\t0\t100\tA\t7\t2.8", "chr1\t100\t200\tA\t9\t3.1"]
    path = write(tmp_path / "t.cnn", *lines, end=end)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path)["depth"].tolist() == [7.0, 9.0]


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (
            "chr1\t0\t100\tA\tdeep\t1",
            r"t.cnn, line 3, column depth: found 'deep', expected a num",
        ),
        ("chr1\t0\t100\tA\t\t1", "line 3, column depth: found an empty cell"),
        (
            "chr1\t0\t100\tA\t-4\t1",
            "line 3, column depth: found -4, expected a depth, not below",
        ),
        ("chr1\tx\t100\tA\t4\t1", "line 3, column start: found 'x'"),
        ("chr1\t1.5\t100\tA\t4\t1", "line 3, column start: found 1.5, expected a whole number"),
        ("chr1\t-5\t100\tA\t4\t1", "line 3, column start: found -5, expected a whole number"),
        (
            "chr1\t100\t100\tA\t4\t1",
            "line 3, column end: found 100 to 100, expected an interval",
        ),
        ("\t0\t100\tA\t4\t1", "line 3, column chromosome: found an empty cell"),
        ("chr1\t0\t999999999\tA\t4\t1", "expected positions up to 249250621 on GRCh37"),
    ],
)
def test_a_wrong_cell_is_told_with_its_line_and_column(tmp_path, line, match) -> None:
    refused(write(tmp_path / "t.cnn", NEW, "chr2\t0\t100\tA\t4\t1", line), match)


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ("chromosome\tstart\tend\tgene\tlog2\tgc\trmask\tspread", "found a CNVkit reference"),
        (f"{NEW}\tweight", "found log ratios of CNVkit .*column ratios"),
        (f"{NEW}\tprobes", "found segments of CNVkit .*column segments"),
        ("ID\tchrom\tloc.start\tloc.end", "t.cnn, header: found columns ID, chrom, loc.start"),
    ],
)
def test_another_file_in_the_column_is_told_by_its_name(tmp_path, header, match) -> None:
    row = "\t".join("1" for _ in header.split("\t"))
    refused(write(tmp_path / "t.cnn", header, row), match)


def test_empty_files_headers_alone_and_binary_files_are_refused(tmp_path) -> None:
    refused(write(tmp_path / "t.cnn"), "found an empty file")
    refused(write(tmp_path / "t.cnn", NEW), "found a header alone")
    (tmp_path / "t.cnn").write_bytes(b"\0\1\2\3" * 40)
    refused(tmp_path / "t.cnn", "found a binary file")
    refused(write(tmp_path / "t.cnn", NEW, "chr1\t1"), "first row: found 2 cells, expected 6")
    refused(tmp_path / "none.cnn", "found no such file or directory")


def test_no_depth_anywhere_is_refused(tmp_path) -> None:
    refused(write(tmp_path / "t.cnn", NEW, "chr1\t0\t100\tA\t0\t-20"), "no depth above 0")


def test_no_depth_between_targets_is_warned_of_and_left_out(tmp_path) -> None:
    target = write(tmp_path / "t.cnn", NEW, "chr1\t0\t50\tA\t4\t2")
    between = write(tmp_path / "a.cnn", NEW, "chr1\t1000\t9000\tAntitarget\t0\t-20")
    with pytest.warns(DataWarning, match=r"a\.cnn: no depth above 0"):
        assert read(target, between)["is_target"].tolist() == [True]


def test_a_flat_file_is_warned_of(tmp_path) -> None:
    header = "chromosome\tstart\tend\tgene\tlog2"
    path = write(tmp_path / "t.cnn", header, "chr1\t0\t50\tA\t0", "chr1\t60\t90\tA\t0")
    with pytest.warns(DataWarning, match=r"t\.cnn: every log2 is 0"):
        assert read(path)["depth"].tolist() == [1.0, 1.0]


def test_a_cut_gzip_file_is_told_as_incomplete(tmp_path) -> None:
    rows = [f"chr1\t{k}\t{k + 9}\tA\t{k % 97}\t1" for k in range(0, 90_000, 10)]
    path = write(tmp_path / "t.cnn.gz", NEW, *rows)
    content = gzip.compress(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    refused(path, "broken compression .the file ends too early")


def test_swapped_target_and_antitarget_files_are_told(tmp_path) -> None:
    target = write(tmp_path / "t.cnn", NEW, "chr1\t0\t50\tA\t4\t2")
    between = write(tmp_path / "a.cnn", NEW, "chr1\t1000\t9000\tAntitarget\t0.5\t-1")
    refused(between, "found bins on target, and in the column coverage those bet.*Swap", target)
    refused(between, "found bins between the targets alone")


def test_a_file_without_bins_between_targets_is_that_of_amplicons(tmp_path) -> None:
    target = write(tmp_path / "t.cnn", NEW, "chr1\t0\t50\tA\t4\t2")
    assert len(read(target, write(tmp_path / "a.cnn", NEW))) == 1
    refused(target, "a.cnn: found an empty file", write(tmp_path / "a.cnn"))


def test_repeated_bins_are_taken_once_with_a_warning(tmp_path) -> None:
    path = write(tmp_path / "t.cnn", NEW, "1\t0\t100\tA\t7\t2", "chr1\t0\t100\tB\t9\t3")
    with pytest.warns(DataWarning, match=r"1 row of a place .* chr1:1-100, line 3.: the first"):
        assert read(path)["depth"].tolist() == [7.0]


def test_bins_that_count_from_1_are_warned_of(tmp_path) -> None:
    rows = [f"chr1\t{k + 1}\t{k + 100}\tA\t5\t2" for k in range(0, 5000, 100)]
    with pytest.warns(DataWarning, match="49 bins begin one base behind"):
        read(write(tmp_path / "t.cnn", NEW, *rows))


def test_a_file_of_another_build_is_refused(tmp_path) -> None:
    path = write(tmp_path / "t.cnn", NEW, "chr1\t249000000\t249000100\tA\t5\t2")
    assert len(read(path)) == 1
    with pytest.raises(InputError, match="expected positions up to 248956422 on GRCh38"):
        read(path, build="GRCh38")


def test_real_coverage_of_cnvkit_and_purecn_is_read(real_data: Path) -> None:
    folder = real_data / "cnv"
    names = ("targetcoverage", "antitargetcoverage")
    bins = read(*(folder / f"TR_95_T.{name}.cnn.gz" for name in names))
    assert bins["is_target"].value_counts().to_dict() == {True: 8216, False: 19434}
    place = bins[(bins["contig"] == "chr1") & (bins["start"] == 1508981)].iloc[0]
    assert place["depth"] == pytest.approx(2**8.09004)
    given = pd.read_csv(folder / "purecn_example_tumor.txt.gz", sep=" ")
    bins = read(folder / "purecn_example_tumor.txt.gz")
    assert len(bins) == len(given)
    assert np.isclose(bins["depth"].sum(), given["average_coverage"].sum())
    width = given["Target"].str.extract(r":(\d+)-(\d+)").astype(int)
    assert (bins["end"] - bins["start"]).sum() == (width[1] - width[0] + 1).sum()
