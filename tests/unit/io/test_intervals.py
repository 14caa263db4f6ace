"""BED, and sets of bases."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.intervals import read_targets
from storiform.model.errors import InputError
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


def test_a_bed_is_merged_whatever_separates_its_columns(tmp_path) -> None:
    path = tmp_path / "kit.bed"
    path.write_text("track name=x\n#c\n1\t10\t20\tname\nchr1   15  30\n\nchrX\t5\t6\n")
    targets = read_targets(path)
    assert targets.size_bp == 21
    assert set(targets.bounds) == {"chr1", "chrX"}


@pytest.mark.parametrize("line", ["chr1\t20", "chr1\t20\t10", "chr1\ta\tb"])
def test_a_damaged_bed_is_told_with_its_line(tmp_path, line) -> None:
    path = tmp_path / "kit.bed"
    path.write_text(f"chr1\t1\t2\n{line}\n")
    with pytest.raises(InputError, match=r"kit\.bed, line 2"):
        read_targets(path)


def test_a_bed_without_human_contigs_is_refused(tmp_path) -> None:
    path = tmp_path / "kit.bed"
    path.write_text("NC_1\t1\t2\n")
    with pytest.raises(InputError, match="found contigs NC_1"):
        read_targets(path)


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
