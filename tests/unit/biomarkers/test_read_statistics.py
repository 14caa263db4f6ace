"""Counts of records against a naive twin and samtools."""

import shutil
import statistics
import subprocess

import pysam
import pytest
from small_exome import TARGETS, bases_of, run, write_exome

from storiform.biomarkers.read_statistics import ReadStatisticsParams, read_statistics
from storiform.io.read_files import open_reads
from storiform.model.reads import MIXED, RecordBatch
from storiform.model.tables.reads import READ_STATISTICS

PARAMS = ReadStatisticsParams()


@pytest.fixture(scope="module")
def exome(tmp_path_factory):
    return write_exome(tmp_path_factory.mktemp("exome") / "reads.bam", seed=2)


def naive(path):
    with pysam.AlignmentFile(str(path)) as file:
        records = list(file.fetch(until_eof=True))
    reads = [r for r in records if not r.is_secondary and not r.is_supplementary]
    mapped = [r for r in reads if not r.is_unmapped]
    sizes = [
        abs(r.template_length)
        for r in mapped
        if r.is_proper_pair and r.is_read1 and r.template_length
    ]
    middle = statistics.median_low(sizes)
    blocks = [[(r.reference_name, p) for p in blocks_of(r)] for r in mapped]
    on_target = {
        (contig, place)
        for contig, (starts, ends) in TARGETS.bounds.items()
        for start, end in zip(starts, ends, strict=True)
        for place in range(start, end)
    }
    return {
        "reads": len(reads),
        "mapped": len(mapped),
        "duplicates": sum(r.is_duplicate for r in mapped),
        "properly_paired": sum(r.is_proper_pair for r in mapped),
        "paired": sum(r.is_paired for r in reads),
        "qc_failed": sum(r.is_qcfail for r in reads),
        "low_mapq": sum(r.mapping_quality < 20 for r in mapped),
        "secondary": sum(r.is_secondary for r in records),
        "supplementary": sum(r.is_supplementary for r in records),
        "on_target": sum(not on_target.isdisjoint(block) for block in blocks),
        "mitochondrial": sum(r.reference_name == "chrM" for r in mapped),
        "spliced": sum(is_spliced(r) for r in mapped),
        "read_length": statistics.median_low(r.query_length for r in reads),
        "insert_size": middle,
        "insert_size_mad": statistics.median_low(abs(size - middle) for size in sizes),
        "aligned_bases": sum(map(len, blocks)),
    }


def is_spliced(read):
    spans = read.reference_length
    return spans > 300 and spans - read.query_length > 100


def blocks_of(read):
    place, found = read.reference_start, []
    for code, length in read.cigartuples:
        if code in (0, 7, 8):
            found += range(place, place + length)
        place += length * (code in (0, 2, 3, 7, 8))
    return found


def test_counts_are_those_of_the_naive_twin(exome):
    (found,) = run(read_statistics(TARGETS, PARAMS), exome)
    assert READ_STATISTICS.conform(found).iloc[0].to_dict() == naive(exome)


def test_without_targets_nothing_is_told_of_them(exome):
    (found,) = run(read_statistics(None, PARAMS), exome)
    assert READ_STATISTICS.conform(found)["on_target"].isna().all()


def test_a_file_without_reads_has_no_lengths(tmp_path):
    (found,) = run(read_statistics(TARGETS, PARAMS), write_exome(tmp_path / "e.bam", pairs=0))
    row = READ_STATISTICS.conform(found).iloc[0]
    assert (row["reads"], row["mapped"]) == (1, 0)
    assert row[["insert_size", "insert_size_mad"]].isna().all()


def test_the_order_of_records_does_not_matter(exome):
    from small_exome import batches_of  # noqa: PLC0415

    header, batches = batches_of(exome)
    expected, shuffled = read_statistics(TARGETS, PARAMS), read_statistics(TARGETS, PARAMS)
    for collector in (expected, shuffled):
        collector.begin(header)
    for batch in batches:
        expected.take(batch)
        names = ("offsets", "contigs", "starts", "ends", "flags", "mapq", "mates", "names")
        columns = {name: getattr(batch, name)[::-1].copy() for name in names}
        shuffled.take(
            RecordBatch(
                data=batch.data, is_owned=batch.is_owned[::-1].copy(), contig=MIXED,
                owned_start=0, owned_end=0, **columns,
            )
        )  # fmt: skip
    assert shuffled.tables()[0].equals(expected.tables()[0])


SPANS = {"20M260N20M": 0, "20M261N20M": 1, "200M100N200M": 0, "200M101N200M": 1, "400M": 0}
"""Alignments of reads, and whether a read counts as spliced."""


def write_spliced(path):
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 90_000}]}
    )
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for cigar in SPANS:
            for flag in (0, 1024, 256, 2048, 4):
                record = pysam.AlignedSegment(header)
                record.query_name, record.flag = f"r{cigar}.{flag}", flag
                record.query_sequence = "A" * bases_of(cigar, "M")
                record.cigarstring = cigar
                record.reference_id, record.reference_start = 0, 100
                file.write(record)
    pysam.index(str(path))
    return path


@pytest.mark.parametrize("size", [None, 500, 70])
def test_aligned_primary_reads_that_span_more_than_they_have_are_spliced(tmp_path, size):
    path = write_spliced(tmp_path / "spliced.bam")
    (found,) = run(read_statistics(None, PARAMS), path, size)
    row = READ_STATISTICS.conform(found).iloc[0]
    # each alignment has two aligned primary reads: one of them a duplicate
    assert (row["mapped"], row["spliced"]) == (2 * len(SPANS), 2 * sum(SPANS.values()))


def test_spliced_reads_of_two_threads_are_added(tmp_path):
    from small_exome import batches_of  # noqa: PLC0415

    header, batches = batches_of(write_spliced(tmp_path / "spliced.bam"))
    first = read_statistics(None, PARAMS)
    first.begin(header)
    second = first.fork()
    for collector in (first, second):
        for batch in batches:
            collector.take(batch)
    assert second.tables()[0].at[0, "spliced"] == 4
    first.merge(second)
    assert first.tables()[0].at[0, "spliced"] == 8


def test_spliced_reads_of_real_files_are_those_of_the_naive_twin(real_data):
    for path, share in (
        (real_data / "hcc1395" / "rna_hcc1395.grch37.bam", 0.3),
        (real_data / "hcc1395" / "seq2_testdata_snv.WES_LL_T_1.bam", 0.0),
    ):
        with pysam.AlignmentFile(str(path)) as file:
            reads = [r for r in file.fetch(until_eof=True) if not r.flag & (4 | 256 | 2048)]
        collector, bam = read_statistics(None, PARAMS), open_reads(path)
        collector.begin(bam.header)
        for batch in (batch for chunk in bam.chunks(1) for batch in bam.batches(chunk)):
            collector.take(batch)  # before the next one, which may take its room
        bam.close()
        row = collector.tables()[0].iloc[0]
        assert row["mapped"] == len(reads)
        assert row["spliced"] == sum(is_spliced(r) for r in reads)
        assert row["spliced"] / row["mapped"] == pytest.approx(share, abs=0.05)


def test_flags_of_real_exomes_are_those_of_flagstat(real_data):
    program = shutil.which("samtools")
    if program is None:
        pytest.skip("samtools is not installed: flags were not compared with it")
    for path in sorted((real_data / "hcc1395").glob("seq2*.bam")):
        told = subprocess.run(  # noqa: S603
            [program, "flagstat", "-O", "tsv", str(path)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        theirs = {
            name: int(passed) + int(failed)
            for passed, failed, name in (line.split("\t") for line in told.stdout.splitlines())
            if passed.isdigit()
        }
        row = run(read_statistics(None, PARAMS), path)[0].iloc[0]
        assert row["reads"] == theirs["primary"]
        assert row["mapped"] == theirs["primary mapped"]
        assert row["secondary"] == theirs["secondary"]
        assert row["supplementary"] == theirs["supplementary"]
        assert row["duplicates"] == theirs["primary duplicates"]
        assert row["properly_paired"] == theirs["properly paired"]
