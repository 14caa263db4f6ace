"""Builds, contigs and intervals."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.model.genome import (
    CHROMOSOMES,
    LENGTHS,
    Build,
    build_of,
    canonical_contig,
    merge_intervals,
)

SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 15)).map(lambda span: (span[0], sum(span))),
    max_size=15,
)


@given(SPANS)
def test_merged_intervals_cover_the_same_bases(spans: list[tuple[int, int]]) -> None:
    merged = merge_intervals(spans)
    covered = {base for start, end in spans for base in range(start, end)}
    assert [base for start, end in merged for base in range(start, end)] == sorted(covered)
    for (_, end), (start, _) in pairwise(merged):
        assert end < start, "merged intervals neither overlap nor touch"


@pytest.mark.parametrize("name", CHROMOSOMES)
def test_primary_contigs_are_known_with_and_without_prefix(name: str) -> None:
    for written in (name, name[3:], name.lower(), name.upper()):
        assert canonical_contig(written) == name


@pytest.mark.parametrize(("number", "name"), [("23", "chrX"), ("24", "chrY"), ("MT", "chrM")])
def test_numbered_sex_chromosomes_are_known(number: str, name: str) -> None:
    assert canonical_contig(number) == name


@pytest.mark.parametrize("name", ["GL000220.1", "chrUn_KI270302v1", "HLA-A*01:01", "25", ""])
def test_other_contigs_keep_their_names(name: str) -> None:
    assert canonical_contig(name) == name


@pytest.mark.parametrize("build", ["GRCh37", "GRCh38"])
def test_build_is_told_from_lengths(build: Build) -> None:
    assert build_of(LENGTHS[build]) == build
    bare = {name[3:]: length for name, length in LENGTHS[build].items()}
    assert build_of(bare) == build
    assert build_of({"chr1": 5}) is None
