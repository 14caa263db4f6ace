"""Which of two nearby calls lie on one copy, by the fragments that show both."""

import numpy as np
import pandas as pd
import pysam
import pytest
from small_exome import run

from storiform.biomarkers.recounts import RecountParams, call_pairs, phased_calls
from storiform.model.tables.phases import CALL_PAIRS

TOGETHER = ["both", "only_first", "only_second", "neither"]


def calls_of(*rows):
    """Return calls from (contig, 1-based place, ref, alt)."""
    found = pd.DataFrame(rows, columns=["contig", "start", "ref", "alt"])
    found["start"] -= 1
    found["end"] = found["start"] + found["ref"].str.len()
    return found.assign(set_aside="")


def pairs_of(path, *rows, params=None):
    """Return the pairs of calls in a tumour's reads."""
    (found,) = run(call_pairs(calls_of(*rows), params or RecountParams()), path)
    return CALL_PAIRS.conform(found)


def decided(both, first, second):
    """Return what so many fragments say of a pair."""
    row = {"variant_1": ["a"], "variant_2": ["b"], "both": [both], "only_first": [first],
           "only_second": [second], "neither": [50]}  # fmt: skip
    (found,) = phased_calls(pd.DataFrame(row), RecountParams())["is_one_copy"]
    return None if pd.isna(found) else bool(found)


@pytest.fixture
def written(tmp_path):
    """Return a writer of reads (name, flag, start, bases) of one contig without gaps."""

    def write(*rows):
        header = pysam.AlignmentHeader.from_dict(
            {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
        )
        path = tmp_path / "reads.bam"
        with pysam.AlignmentFile(str(path), "wb", header=header) as file:
            for name, flag, start, bases in sorted(rows, key=lambda row: row[2]):
                read = pysam.AlignedSegment(header)
                read.query_name, read.flag, read.mapping_quality = name, flag, 60
                read.reference_id, read.reference_start = 0, start
                read.cigarstring, read.query_sequence = f"{len(bases)}M", bases
                read.query_qualities = [30] * len(bases)
                if flag & 1:
                    mate = [row[2] for row in rows if row[0] == name and row[1] != flag]
                    read.next_reference_id, read.next_reference_start = 0, mate[0]
                file.write(read)
        pysam.index(str(path))
        return path

    return write


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("seq2_testdata_snv", [("chr5", 177460555, "C", "T"), ("chr5", 177460556, "C", "A")]),
        ("seq2_testdata_snv", [("chr6", 1930220, "G", "T"), ("chr6", 1930221, "A", "T")]),
    ],
)
def test_the_neighbours_of_hcc1395_lie_on_one_copy(real_data, name, calls):
    path = real_data / "hcc1395" / f"{name}.WES_LL_T_1.bam"
    pairs = pairs_of(path, *calls, params=RecountParams(keep_duplicates=True))
    assert pairs[TOGETHER].to_numpy()[0, :3].tolist() == [7, 0, 0]
    assert phased_calls(pairs, RecountParams())["is_one_copy"].tolist() == [True]


def test_fragments_are_counted_by_what_they_show(written):
    path = written(
        ("both", 0, 10, "AAATAATAAA"), ("first", 0, 10, "AAATAAAAAA"),
        ("second", 0, 10, "AAAAAATAAA"), ("second too", 0, 10, "AAAGAATAAA"),
        ("neither", 0, 10, "AAAAAAAAAA"), ("too short", 0, 10, "AAATA"),
    )  # fmt: skip
    pairs = pairs_of(path, ("chr1", 14, "A", "T"), ("chr1", 17, "A", "T"))
    assert pairs[["variant_1", "variant_2"]].to_numpy().tolist() == [
        ["chr1-13-14-A-T", "chr1-16-17-A-T"]
    ]
    assert pairs[TOGETHER].to_numpy().tolist() == [[1, 1, 2, 1]]


def test_mates_that_both_show_a_pair_count_once(written):
    path = written(
        ("x", 1 | 64 | 32, 10, "AAATAATAAA"), ("x", 1 | 128 | 16, 12, "ATAATAAAAA"),
        ("y", 1 | 64 | 32, 10, "AAATA"), ("y", 1 | 128 | 16, 12, "ATAATAAAAA"),
    )  # fmt: skip
    pairs = pairs_of(path, ("chr1", 14, "A", "T"), ("chr1", 17, "A", "T"))
    assert pairs[TOGETHER].to_numpy().tolist() == [[2, 0, 0, 0]]


def test_germline_alleles_near_a_call_are_paired_with_it(written):
    path = written(("x", 0, 10, "AAATAAGAAA"), ("y", 0, 10, "AAAAAAGAAA"))
    sites = pd.DataFrame(
        [("chr1", 16, "heterozygous", "A", "G", "A"),
         ("chr1", 18, "heterozygous", "A", "C", "A"),
         ("chr1", 17, "homozygous", "C", "C", "A"), ("chr1", 14, "heterozygous", "C", "G", "A"),
         ("chr1", 700, "heterozygous", "A", "C", "A")],
        columns=["contig", "start", "zygosity", "allele_1", "allele_2", "reference"],
    )  # fmt: skip
    calls = calls_of(("chr1", 14, "A", "T"))
    (found,) = run(call_pairs(calls, RecountParams(), sites), path)
    rows = CALL_PAIRS.conform(found).to_numpy().tolist()
    assert rows == [
        ["chr1-13-14-A-T", "chr1-16-17-A-G", 1, 0, 1, 0],
        ["chr1-13-14-A-T", "chr1-18-19-A-C", 0, 1, 0, 1],
    ]


def test_calls_far_apart_on_other_contigs_or_of_one_place_make_no_pair(written):
    path = written(("x", 0, 10, "AAATAATAAA"))
    near = ("chr1", 14, "A", "T")
    assert len(pairs_of(path, near, ("chr1", 14, "A", "G"))) == 0
    assert len(pairs_of(path, near, ("chr2", 15, "A", "T"))) == 0
    assert len(pairs_of(path, near, ("chr1", 94, "A", "T"))) == 1
    assert len(pairs_of(path, near, ("chr1", 95, "A", "T"))) == 0
    assert len(pairs_of(path)) == 0


def test_pairs_do_not_depend_on_how_reads_are_cut(written):
    rng = np.random.default_rng(5)
    calls = [("chr1", int(at), "A", "T") for at in np.sort(rng.permutation(300)[:30]) + 20]
    rows = []
    for number in range(400):
        start = int(rng.integers(0, 320))
        bases = "".join(rng.choice(["A", "T"], size=60, p=[0.7, 0.3]))
        rows.append((f"r{number}", 0, start, bases))
    path = written(*rows)
    found = pairs_of(path, *calls)
    naive = {}
    for _, _, start, bases in rows:
        shown = {at: bases[at - 1 - start] for _, at, _, _ in calls
                 if 0 <= at - 1 - start < len(bases)}  # fmt: skip
        for one, base in shown.items():
            for other, its_base in shown.items():
                if one < other <= one + 80:
                    column = 2 * (base != "T") + (its_base != "T")
                    names = tuple(f"chr1-{at - 1}-{at}-A-T" for at in (one, other))
                    naive.setdefault(names, [0] * 4)[column] += 1
    seen = {
        (row["variant_1"], row["variant_2"]): row[TOGETHER].tolist()
        for _, row in found.iterrows()
        if row[TOGETHER].any()
    }
    assert seen == naive


def test_calls_share_a_copy_where_the_rarer_comes_with_the_other():
    assert decided(10, 0, 0) is True
    assert decided(6, 20, 1) is True  # the second is that of a subclone
    assert decided(0, 9, 8) is False
    assert decided(1, 9, 8) is False
    assert decided(4, 4, 4) is None
    assert decided(1, 0, 0) is None
    assert decided(0, 9, 1) is None
