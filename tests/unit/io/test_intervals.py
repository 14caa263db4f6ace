"""BED, and sets of bases."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.intervals import inspect_targets, read_targets
from storiform.model.errors import DataWarning, InputError
from storiform.model.intervals import Intervals, changed_bases

PIECES = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, 40), st.integers(0, 12)),
    max_size=12,
)


def bases(pieces) -> set[tuple[str, int]]:
    return {(c, base) for c, start, length in pieces for base in range(start, start + length)}


def intervals(pieces) -> Intervals:
    return Intervals.of((c, start, start + length) for c, start, length in pieces if length)


@given(PIECES, PIECES)
def test_sets_of_bases_behave_as_sets(one, two) -> None:
    left, right = intervals(one), intervals(two)
    assert left.size_bp == len(bases(one))
    assert (left & right).size_bp == len(bases(one) & bases(two))
    places = pd.DataFrame(
        [(c, s, s + max(n, 1)) for c, s, n in two], columns=["contig", "start", "end"]
    )
    expected = [bool(bases([(c, s, max(n, 1))]) & bases(one)) for c, s, n in two]
    np.testing.assert_array_equal(left.touches(places), expected)


def bed(tmp_path: Path, text: str | bytes, name: str = "kit.bed") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_bed_is_merged_whatever_separates_its_columns(tmp_path) -> None:
    text = "track name=x\n#c\n1\t10\t20\tname\nchr1   15  30\n\nchrX\t5\t6\n"
    targets = read_targets(bed(tmp_path, text))
    assert targets.size_bp == 21
    assert set(targets.bounds) == {"chr1", "chrX"}


@pytest.mark.parametrize(
    "line",
    ["chr1\t9\t20", "chr1 9 20", "chr1  9\t20", "chr1\t9 20", "chr1 \t 9\t20 a name\t0\t+",
     "  chr1\t9\t20", "1\t9\t20", "CHR1\t9\t20", "chr1\t9\t20\t"],
)  # fmt: skip
def test_tabs_and_blanks_and_either_name_of_a_contig_give_the_same_bases(
    tmp_path, line
) -> None:
    bounds = read_targets(bed(tmp_path, f"{line}\n")).bounds
    assert {name: (s.tolist(), e.tolist()) for name, (s, e) in bounds.items()} == {
        "chr1": ([9], [20])
    }


def test_names_with_and_without_prefix_in_one_file_are_one_contig(tmp_path) -> None:
    assert read_targets(bed(tmp_path, "chr1\t0\t10\n1\t5\t20\n")).size_bp == 20


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_headers_and_line_ends_of_any_system_are_no_part_of_a_bed(tmp_path, end) -> None:
    head = [
        "browser position chr7:1-9",
        'track name="kit" description="chr7 1 9"',
        "#chr\ts\te",
    ]
    text = end.join([*head, "chr7\t100\t200", "", "chr7\t300\t310", ""])
    whole = read_targets(bed(tmp_path, text))
    packed = read_targets(bed(tmp_path, gzip.compress(text.encode()), "kit.bed.gz"))
    assert whole.size_bp == packed.size_bp == 110


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("chr1\t20", r"'chr1\\t20'"),
        ("chr1\t20\t10", r"'chr1\\t20\\t10'"),
        ("chr1\ta\tb", r"'chr1\\ta\\tb'"),
        ("chr1\t\t20\t30", r"'chr1\\t\\t20\\t30'"),
        ("chr1\t-5\t30", r"'chr1\\t-5\\t30'"),
        ("chr1\t5\t1e3", r"'chr1\\t5\\t1e3'"),
        ("chr1\t5\t99999999999999999999", r"'chr1\\t5\\t99999999999999999999'"),
        ("chr1:5-30", "'chr1:5-30'"),
    ],
)
def test_a_damaged_bed_is_told_with_its_line(tmp_path, line, found) -> None:
    expected = r"contig, start and end \(0-based, start <= end\) with a tab between"
    told = rf"kit\.bed, line 2: found {found}, expected {expected}\. Correct the line"
    with pytest.raises(InputError, match=told):
        read_targets(bed(tmp_path, f"chr1\t1\t2\n{line}\n"))


def test_a_bed_without_human_contigs_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="found contigs NC_1"):
        read_targets(bed(tmp_path, "NC_1\t1\t2\n"))


@pytest.mark.parametrize("text", ["", "\n\n", "track name=x\n#nothing\n"])
def test_an_empty_bed_is_refused(tmp_path, text) -> None:
    told = r"kit\.bed: found contigs none, expected intervals on chr1 .* Give the file"
    for read in (read_targets, lambda path: inspect_targets(path, "GRCh38")):
        with pytest.raises(InputError, match=told):
            read(bed(tmp_path, text))


def test_a_cut_bed_is_refused(tmp_path) -> None:
    rng = np.random.default_rng(1)
    rows = "".join(f"chr1\t{start}\t{start + 9}\n" for start in rng.integers(0, 10**8, 5_000))
    path = bed(tmp_path, gzip.compress(rows.encode())[:9_000], "kit.bed.gz")
    told = r"kit\.bed\.gz, after line \d+: found broken compression \(the file ends too early"
    with pytest.raises(InputError, match=told):
        read_targets(path)


def test_a_list_of_picard_is_told_by_name(tmp_path) -> None:
    path = bed(tmp_path, "@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:99\nchr1\t1\t9\t+\tx\n")
    told = r"kit\.bed, line 1: found an interval list of Picard.*picard IntervalListToBed"
    with pytest.raises(InputError, match=told):
        read_targets(path)


def test_targets_of_another_build_are_refused_before_a_run(tmp_path) -> None:
    path = bed(tmp_path, "chr21\t5\t46709984\n")
    inspect_targets(path, "GRCh37")
    with pytest.raises(InputError, match=r"kit\.bed: found an interval up to chr21:46709984"):
        inspect_targets(path, "GRCh38")


def test_a_bed_whose_starts_seem_to_count_from_one_is_warned_of(tmp_path) -> None:
    tiles = [(1000 * tile + 1, 1000 * (tile + 1)) for tile in range(8)]
    text = "".join(f"chr2\t{start}\t{end}\n" for start, end in reversed(tiles))
    told = r"kit\.bed: found 7 intervals that start one base behind the end .* take 1 off"
    with pytest.warns(DataWarning, match=told):
        inspect_targets(bed(tmp_path, text), "GRCh38")
    told = r"kit\.bed: found 1 interval that starts where it ends, expected starts that count"
    with pytest.warns(DataWarning, match=told):
        inspect_targets(bed(tmp_path, "chr2\t5\t5\nchr2\t9\t19\n"), "GRCh38")


def test_a_bed_that_counts_from_zero_is_not_doubted(tmp_path) -> None:
    tiles = "".join(f"chr2\t{1000 * tile}\t{1000 * (tile + 1)}\n" for tile in range(40))
    apart = "".join(f"chr3\t{10 * tile}\t{10 * tile + 9}\n" for tile in range(4))
    other = "chr4\t0\t9\nchr5\t10\t19\nchr6\t20\t29\n"
    inspect_targets(bed(tmp_path, tiles + apart + other), "GRCh38")


@pytest.mark.parametrize(
    ("start", "end", "ref", "alt", "expected"),
    [
        (99, 100, "G", "T", (99, 100)),
        (99, 102, "GAT", "G", (100, 102)),
        (99, 100, "G", "GAA", (99, 101)),
        (99, 101, "GG", "AA", (99, 101)),
        (99, 102, "GAT", "GCT", (100, 101)),
        (99, 101, "-", "A", (99, 101)),
        (99, 102, "CTG", "-", (99, 102)),
        (99, 100, "G", "<DEL>", (99, 100)),
        (99, 103, "CAAG", "CT", (100, 103)),
    ],
)
def test_the_bases_that_change_leave_out_what_both_alleles_share(
    start, end, ref, alt, expected
) -> None:
    calls = pd.DataFrame(
        {"contig": ["chr1"], "start": [start], "end": [end], "ref": [ref], "alt": [alt]}
    )
    found = changed_bases(calls).iloc[0]
    assert (found["start"], found["end"]) == expected
