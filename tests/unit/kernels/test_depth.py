"""Blocks of a record, pieces of targets, and depth counted by hand."""

import numpy as np
import pysam
import pytest
from small_exome import batches_of, reads_of

from storiform.kernels.depth import (
    DEPTH,
    FAST_DEPTH,
    MOSDEPTH_DEPTH,
    DepthRules,
    Pieces,
    bases_before,
    clip_pieces,
    count_depth,
    next_block,
)
from storiform.kernels.edges import (
    list_takings,
    number_edge,
    number_takings,
    reach_of_edge,
    settle_edges,
)

PAIR = (1 | 2 | 64 | 32, 1 | 2 | 128 | 16)


@pytest.fixture
def batch_of(tmp_path):
    """Return a maker of a batch from (name, flag, start, CIGAR) on one contig."""

    def make(*rows):
        header = pysam.AlignmentHeader.from_dict(
            {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 500}]}
        )
        path = tmp_path / "reads.bam"
        with pysam.AlignmentFile(str(path), "wb", header=header) as file:
            for name, flag, start, cigar in sorted(rows, key=lambda row: row[2]):
                read = pysam.AlignedSegment(header)
                read.query_name, read.flag, read.mapping_quality = name, flag, 60
                read.reference_id, read.reference_start = 0, start
                read.cigarstring = cigar  # without bases: depth does not need them
                mates = [row[2] for row in rows if row[0] == name and row[1] != flag]
                if flag & 1:
                    read.next_reference_id, read.next_reference_start = 0, mates[0]
                file.write(read)
        pysam.index(str(path))
        (batch,) = [batch for batch in batches_of(path)[1] if len(batch)]
        return batch

    return make


def depth_of(batch, mode=DEPTH, start=0, end=60):
    pieces = clip_pieces(np.array([start]), np.array([end]), 0, 500)[1]
    return count_depth(reads_of(batch), pieces, DepthRules(0, mode)).tolist()


def test_blocks_are_what_stands_on_the_reference(batch_of):
    batch = batch_of(("x", 0, 10, "2H3S4M2I5M3D1=1X7N2M1P3M4S"))
    data, at = batch.data, batch.offsets[0]
    operation, place, base, found = 0, 10, 0, []
    while True:
        operation, place, base, length = next_block(data, at, operation, place, base)
        if not length:
            break
        found.append((place, base, length))
        place, base = place + length, base + length
    assert found == [
        (10, 3, 4), (14, 9, 5), (22, 14, 1), (23, 15, 1), (31, 16, 2), (33, 18, 3),
    ]  # fmt: skip


def test_pieces_are_cut_at_both_ends_and_may_be_none():
    starts, ends = np.array([2, 9, 20]), np.array([6, 12, 30])
    row, pieces = clip_pieces(starts, ends, 6, 25)
    assert (row, pieces.starts.tolist(), pieces.ends.tolist()) == (1, [9, 20], [12, 25])
    row, pieces = clip_pieces(starts, ends, 12, 20)
    assert (row, len(pieces.starts), pieces.places.tolist()) == (2, 0, [0])


def test_bases_before_a_place_are_those_of_the_naive_count():
    starts, ends = np.array([2, 9, 20]), np.array([6, 12, 30])
    inside = {p for a, b in zip(starts, ends, strict=True) for p in range(a, b)}
    expected = [sum(p < place for p in inside) for place in range(40)]
    assert bases_before(np.arange(40), starts, ends).tolist() == expected


def test_deletions_and_introns_have_depth_in_fast_mode_only(batch_of):
    batch = batch_of(("x", 0, 10, "5S4M3D2M6N1M"))
    assert depth_of(batch) == [0] * 10 + [1] * 4 + [0] * 3 + [1] * 2 + [0] * 6 + [1] + [0] * 34
    assert depth_of(batch, FAST_DEPTH) == [0] * 10 + [1] * 16 + [0] * 34


def test_bases_of_both_mates_count_once_in_a_proper_pair_only(batch_of):
    batch = batch_of(("x", PAIR[0], 10, "10M2D8M"), ("x", PAIR[1], 15, "20M"))
    # the second mate covers the deletion of the first
    assert depth_of(batch) == [0] * 10 + [1] * 25 + [0] * 25
    assert depth_of(batch, FAST_DEPTH)[14:31] == [1, *[2] * 15, 1]
    loose = batch_of(("x", PAIR[0] & ~2, 10, "20M"), ("x", PAIR[1] & ~2, 15, "20M"))
    assert depth_of(loose) == [0] * 10 + [1] * 5 + [2] * 15 + [1] * 5 + [0] * 25


def test_a_mate_that_is_left_out_takes_nothing_off(batch_of):
    batch = batch_of(("x", PAIR[0] | 1024, 10, "20M"), ("x", PAIR[1], 15, "20M"))
    assert depth_of(batch) == [0] * 15 + [1] * 20 + [0] * 25


def test_a_mate_within_the_other_takes_off_too_much_as_mosdepth_has_it(batch_of):
    batch = batch_of(("x", PAIR[0], 10, "20M"), ("x", PAIR[1], 15, "5M"))
    assert depth_of(batch) == [0] * 10 + [1] * 20 + [0] * 30
    assert depth_of(batch, MOSDEPTH_DEPTH) == [0] * 10 + [1] * 10 + [0] * 40
    in_blocks = batch_of(("x", PAIR[0], 10, "20M"), ("x", PAIR[1], 15, "1S5M"))
    assert depth_of(in_blocks, MOSDEPTH_DEPTH) == [0] * 10 + [1] * 20 + [0] * 30


def test_mosdepths_short_cut_reaches_pieces_behind_the_inner_mate(batch_of):
    batch = batch_of(("x", PAIR[0], 10, "20M"), ("x", PAIR[1], 15, "5M"), ("y", 0, 0, "60M"))
    assert depth_of(batch, MOSDEPTH_DEPTH, 24, 34) == [1] * 10
    assert depth_of(batch, DEPTH, 24, 34) == [2] * 6 + [1] * 4


def test_mates_count_once_only_if_both_say_that_they_are_a_proper_pair(batch_of):
    batch = batch_of(("x", PAIR[0] & ~2, 10, "20M"), ("x", PAIR[1], 15, "20M"))
    for mode in (DEPTH, MOSDEPTH_DEPTH):
        assert depth_of(batch, mode)[14:31] == [1, *[2] * 15, 1]


def test_what_a_pair_takes_off_behind_a_batch_is_noted_once(batch_of):
    batch = batch_of(("x", PAIR[0], 10, "30M"), ("x", PAIR[1], 15, "5M"))
    reads = reads_of(batch)
    # a batch that ends before the inner mate does is followed by one that holds both
    found = [list_takings(reads, end, 0).tolist() for end in (19, 20, 39, 40)]
    assert found == [[], [[20, 40]], [[39, 40]], []]
    targets = np.array([22, 38]), np.array([30, 50])
    assert number_takings(reads, 25, *targets, 100).tolist() == [[103, 110]]
    outer = reads._replace(**{
        name: column[:1] for name, column in reads._asdict().items() if name != "data"
    })  # fmt: skip
    assert [reach_of_edge(outer, start, 0) for start in (5, 20, 50)] == [5, 40, 50]
    pieces = clip_pieces(*targets, 20, 39)[1]
    edge = number_edge(outer, 20, pieces, np.arange(9, dtype=np.int32), 100)
    assert edge.tolist() == [[100 + k, k] for k in range(9)]


def test_edges_are_settled_in_sums_and_histogram():
    edges = np.array([[0, 2], [1, 2], [4, 1]])
    takings = np.array([[1, 5], [1, 2]])
    sums, histogram = settle_edges(
        edges, takings, np.array([0, 3, 5]), np.array([6, 3]), np.array([0, 1, 4, 0])
    )
    assert sums.tolist() == [4, 2]
    assert histogram.tolist() == [2, 0, 3, 0]


def test_only_the_pieces_are_counted(batch_of):
    batch = batch_of(("x", 0, 10, "20M"), ("y", 0, 40, "5M"))
    pieces = Pieces(np.array([5, 25, 38]), np.array([12, 28, 42]), np.array([0, 7, 10, 14]))
    found = count_depth(reads_of(batch), pieces, DepthRules())
    assert found.tolist() == [0] * 5 + [1] * 2 + [1] * 3 + [0, 0, 1, 1]
