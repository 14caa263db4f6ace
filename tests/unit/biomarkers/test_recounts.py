"""Calls counted in real reads, and alleles of every kind in reads written by hand."""

import numpy as np
import pandas as pd
import pysam
import pytest
from small_exome import batches_of, reads_of, run

from storiform.biomarkers.recounts import RecountParams, recounts
from storiform.kernels.alleles import ALT_READS, REF_READS, Alleles, count_calls
from storiform.kernels.pileup import FAILED, Rules
from storiform.model.tables.reads import RECOUNTS

SECONDARY, SUPPLEMENTARY = 256, 2048
DUPLICATES_KEPT = RecountParams(keep_duplicates=True)
HCC1395 = {
    ("chr2", 31366061, "G", "C"): (0, 61, 131, 0),
    ("chr2", 222689428, "G", "T"): (78, 9, 125, 0),
    ("chr5", 177460555, "C", "T"): (31, 7, 50, 0),
    ("chr6", 29174126, "C", "T"): (125, 24, 112, 0),
}
"""From 1: place, alleles: tumour reads with either, normal reads with either."""


def calls_of(*rows):
    """Return calls from (contig, 1-based place, ref, alt)."""
    found = pd.DataFrame(rows, columns=["contig", "start", "ref", "alt"])
    found["start"] -= 1
    found["end"] = found["start"] + found["ref"].str.len()
    return found.assign(set_aside="")


def counts_of(path, *rows, params=DUPLICATES_KEPT, role="tumour", assay="exome"):
    """Return (ref, alt) reads of each call, in the order of the calls."""
    (found,) = run(recounts(calls_of(*rows), params), path, role=role, assay=assay)
    keyed = RECOUNTS.conform(found).set_index(["contig", "start", "ref", "alt"])
    wanted = [(contig, place - 1, ref, alt) for contig, place, ref, alt in rows]
    return [tuple(keyed.loc[key, ["ref_reads", "alt_reads"]]) for key in wanted]


def test_published_calls_have_their_reads_in_the_exomes_of_hcc1395(real_data):
    folder = real_data / "hcc1395"
    tumour = counts_of(folder / "seq2_testdata_snv.WES_LL_T_1.bam", *HCC1395)
    normal = counts_of(folder / "seq2_testdata_snv.WES_LL_N_1.bam", *HCC1395, role="normal")
    found = [(*left, *right) for left, right in zip(tumour, normal, strict=True)]
    assert dict(zip(HCC1395, found, strict=True)) == HCC1395
    of_chr8 = ("chr8", 123220247, "C", "A")
    name = "seqc2_testdata_aceseq.WES_LL_{}_1.bam"
    assert counts_of(folder / name.format("T"), of_chr8) == [(72, 14)]
    assert counts_of(folder / name.format("N"), of_chr8, role="normal") == [(92, 0)]


def test_neighbours_that_are_one_change_have_the_reads_of_their_first_base(real_data):
    folder = real_data / "hcc1395"
    first, both = ("chr6", 1930220, "G", "T"), ("chr6", 1930220, "GA", "TT")
    tumour = folder / "seq2_testdata_snv.WES_LL_T_1.bam"
    assert counts_of(tumour, first, both) == [(66, 7), (66, 7)]


def test_the_23rd_read_of_the_normal_is_a_secondary_record(real_data):
    # published as 23/0; 22 pairs and one secondary record of mapping quality 60 are there
    path = real_data / "hcc1395" / "seq2_testdata_snv.WES_LL_N_1.bam"
    assert counts_of(path, ("chr6", 1930220, "G", "T"), role="normal") == [(22, 0)]
    kept = FAILED & ~SECONDARY & ~1024
    assert counted_with(
        path, ("chr6", 1930220, "G", "T"), Rules(20, 20, kept, mates_once=True)
    ) == (23, 0)


def counted_with(path, call, rules):
    """Return ref and alt reads of a substitution of one base under other rules."""
    contig, place, ref, alt = call
    header, batches = batches_of(path)
    found = [0, 0]
    for batch in batches:
        if batch.contig < 0 or header.contigs[batch.contig] != contig:
            continue
        if not batch.owned_start <= place - 1 < batch.owned_end:
            continue
        (counts,) = count_calls(reads_of(batch), substitution(place - 1, ref, alt), rules)
        found = [found[0] + counts[REF_READS], found[1] + counts[ALT_READS]]
    return tuple(found)


def substitution(start, ref, alt):
    codes = np.array(["ACGT".index(base) for base in (ref, alt)], dtype=np.uint8)
    one = np.ones(1, dtype=np.int64)
    return Alleles(one * start, one * start, one < 0, one, one, codes, one * 0)


def test_reads_of_nr2f2_in_an_osteosarcoma(real_data):
    # published: normal 122/0, tumour 234/43, RNA 67/6: any mapping quality, and of the 234
    # one is a supplementary record of mapping quality 13
    folder, call = real_data / "osteosarcoma_cc0", ("chr15", 96875528, "G", "T")
    params = RecountParams(min_mapq=0)
    normal = folder / "dna_normal.T0_blood.grch37.bam"
    tumour = folder / "dna_tumor.T0.grch37.bam"
    rna = folder / "rna.T0_cegat.grch37.bam"
    assert counts_of(normal, call, params=params, role="normal") == [(122, 0)]
    assert counts_of(tumour, call, params=params) == [(233, 43)]
    rules = Rules(0, 20, FAILED & ~SUPPLEMENTARY, mates_once=True)
    assert counted_with(tumour, call, rules) == (234, 43)
    assert counts_of(rna, call, params=params, assay="rna") == [(67, 6)]


@pytest.fixture
def written(tmp_path):
    """Return a writer of reads (name, flag, start, CIGAR, bases, quality) of one contig."""

    def write(*rows):
        header = pysam.AlignmentHeader.from_dict(
            {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
        )
        path = tmp_path / "reads.bam"
        with pysam.AlignmentFile(str(path), "wb", header=header) as file:
            for name, flag, start, cigar, bases, quality in sorted(rows, key=lambda r: r[2]):
                read = pysam.AlignedSegment(header)
                read.query_name, read.flag, read.mapping_quality = name, flag, 60
                read.reference_id, read.reference_start = 0, start
                read.cigarstring, read.query_sequence = cigar, bases
                read.query_qualities = [quality] * len(bases)
                if flag & 1:
                    mate = [row[2] for row in rows if row[0] == name and row[1] != flag]
                    read.next_reference_id, read.next_reference_start = 0, mate[0]
                file.write(read)
        pysam.index(str(path))
        return path

    return write


def test_the_first_and_the_last_base_of_a_read_count(written):
    path = written(
        ("alt", 0, 10, "10M", "TAAAAGGGGC", 30), ("ref", 0, 10, "10M", "AAAAAGGGGG", 30)
    )
    ends = calls_of(("chr1", 11, "A", "T"), ("chr1", 20, "G", "C"))
    (found,) = run(recounts(ends, RecountParams()), path)
    assert found[["depth", "ref_reads", "alt_reads"]].to_numpy().tolist() == [[2, 1, 1]] * 2


def test_an_insertion_wants_a_read_with_exactly_its_bases_there(written):
    path = written(
        ("alt", 0, 10, "5M2I5M", "AAAAACTGGGGG", 30),
        ("reverse", 16, 10, "5M2I5M", "AAAAACTGGGGG", 30),
        ("ref", 0, 10, "10M", "AAAAAGGGGG", 30),
        ("other bases", 0, 10, "5M2I5M", "AAAAACCGGGGG", 30),
        ("longer", 0, 10, "5M3I5M", "AAAAACTTGGGGG", 30),
        ("one base off", 0, 10, "6M2I4M", "AAAAAGCTGGGG", 30),
        ("ends before it", 0, 10, "5M", "AAAAA", 30),
        ("clipped at it", 0, 10, "5M2S", "AAAAACT", 30),
        ("poor", 0, 10, "5M2I5M", "AAAAACTGGGGG", 10),
    )
    (found,) = run(recounts(calls_of(("chr1", 15, "A", "ACT")), RecountParams()), path)
    row = found.iloc[0]
    assert (row["depth"], row["ref_reads"], row["alt_reads"]) == (6, 2, 2)
    assert (row["alt_forward"], row["alt_reverse"]) == (1, 1)
    assert (row["alt_f1r2"], row["alt_f2r1"]) == (0, 0)


def test_a_deletion_wants_a_read_that_spans_it(written):
    path = written(
        ("alt", 0, 10, "5M2D5M", "AAAAAGGGGG", 30),
        ("ref", 0, 10, "12M", "AAAAACTGGGGG", 30),
        ("ref with a snp", 0, 10, "12M", "AAAAACAGGGGG", 30),
        ("shorter", 0, 10, "5M1D6M", "AAAAATGGGGG", 30),
        ("ends in it", 0, 10, "6M", "AAAAAC", 30),
        ("an intron", 0, 10, "5M2N5M", "AAAAAGGGGG", 30),
    )
    for call in (("chr1", 15, "ACT", "A"), ("chr1", 16, "CT", "-")):
        (found,) = run(recounts(calls_of(call), RecountParams()), path)
        counts = found.iloc[0][["depth", "ref_reads", "alt_reads"]]
        assert counts.tolist() == [4, 2, 1]


def test_a_complex_change_and_an_insertion_of_a_maf_are_read_between_their_neighbours(written):
    path = written(
        ("alt", 0, 10, "5M1D5M", "AAAAATGGGG", 30),
        ("ref", 0, 10, "11M", "AAAAACTGGGG", 30),
        ("inserted", 0, 10, "5M2I5M", "AAAAATTCTGGG", 30),
    )
    assert counts_of(path, ("chr1", 15, "ACT", "AT")) == [(1, 1)]
    assert counts_of(path, ("chr1", 16, "CT", "T")) == [(1, 1)]
    (found,) = run(recounts(calls_of(("chr1", 15, "-", "TT")), RecountParams()), path)
    assert (found["ref_reads"][0], found["alt_reads"][0]) == (1, 1)


def test_the_better_of_two_mates_speaks_and_read_1_at_a_tie(written):
    better = ("x", 1 | 128 | 16, 12, "8M", "AACAAAAA", 35)
    path = written(("x", 1 | 64 | 32, 10, "10M", "AAAATAAAAA", 30), better)
    assert counts_of(path, ("chr1", 15, "A", "T"), ("chr1", 15, "A", "C")) == [(0, 0), (0, 1)]
    tie = ("x", 1 | 128 | 16, 12, "8M", "AACAAAAA", 30)
    path = written(("x", 1 | 64 | 32, 10, "10M", "AAAATAAAAA", 30), tie)
    (found,) = run(recounts(calls_of(("chr1", 15, "A", "T")), RecountParams()), path)
    row = found.iloc[0]
    assert (row["depth"], row["alt_forward"], row["alt_f1r2"], row["alt_f2r1"]) == (1, 1, 1, 0)


def test_a_base_that_is_not_known_counts_nowhere(written):
    path = written(("n", 0, 10, "10M", "AAAANAAAAA", 30))
    (found,) = run(recounts(calls_of(("chr1", 15, "A", "T")), RecountParams()), path)
    assert found["depth"].tolist() == [0]


def test_each_small_allele_is_counted_once_and_others_not_at_all(written):
    path = written(("ref", 0, 10, "10M", "AAAAAAAAAA", 30))
    calls = calls_of(
        ("chr1", 15, "A", "T"), ("chr1", 15, "A", "T"), ("chr1", 15, "A", "<DEL>"),
        ("chr1", 15, "A", None), ("chr9", 3, "A", "T"), ("chr1", 14, "A", "G"),
    )  # fmt: skip
    calls.loc[5, "set_aside"] = "star"
    (found,) = run(recounts(calls, RecountParams()), path)
    assert found[["contig", "start", "depth"]].to_numpy().tolist() == [
        ["chr1", 14, 1], ["chr9", 2, 0],
    ]  # fmt: skip


def test_no_calls_give_no_rows(written):
    path = written(("ref", 0, 10, "10M", "AAAAAAAAAA", 30))
    (found,) = run(recounts(calls_of(), RecountParams()), path)
    assert len(RECOUNTS.conform(found)) == 0
