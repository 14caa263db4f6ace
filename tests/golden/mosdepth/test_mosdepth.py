"""Depth of every base against mosdepth 0.3, default and fast mode; the program runs here.

What a user gets is compared: the tables of the step `pileup`, by `callability.depth_rule`.
mosdepth goes through each base of a contig, so of real files the stretches without reads are
taken out first; places, mates and introns follow, and no read is left out. It looks for a
library of the name libhts.so, which a Debian without the headers of htslib does not have: then
it finds a link to libhts.so.3 here.
"""

import ctypes.util
import gzip
import os
import re
import shutil
import subprocess
from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest
from small_exome import write_exome

from storiform.biomarkers.callability import CallabilityParams, pileup
from storiform.io.read_files import open_reads
from storiform.model.genome import canonical_contig, merge_intervals
from storiform.model.intervals import Intervals
from storiform.simulation.read_trial import Effort, simulate_reads

OPTIONS = {"as_mosdepth": (), "as_mosdepth_fast": ("-x",)}
ASSAYS = {"*/*.bam": 28, "hcc1395/*WES*.bam": 6, "hcc1395/wgs_*.bam": 2, "*/dna_*.bam": 9}
"""Patterns of real files, and how many are known of each."""
SKIP = 3
"""The operation of an intron."""
GAP = 300
"""Bases without reads that stay between two stretches with reads."""


@pytest.fixture(scope="module")
def mosdepth(tmp_path_factory):
    """Return a function: BAM and options to the depth of each base, by contig."""
    program = shutil.which("mosdepth")
    if program is None:
        pytest.skip("mosdepth is not installed: depth was not compared with it")
    folder = tmp_path_factory.mktemp("mosdepth")
    library = ctypes.util.find_library("hts")
    if library:
        (folder / "libhts.so").symlink_to(Path("/usr/lib/x86_64-linux-gnu") / library)
    known = os.environ.get("LD_LIBRARY_PATH", "")
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{known}:{folder}"}

    def depths(path, *options):
        told = (*options, str(folder / "out"), str(path))
        subprocess.run([program, *told], check=True, capture_output=True, env=environment)  # noqa: S603
        found = defaultdict(list)
        with gzip.open(folder / "out.per-base.bed.gz", "rt") as lines:
            for line in lines:
                contig, start, end, depth = line.split("\t")
                found[contig].append((int(end) - int(start), int(depth)))
        return {
            canonical_contig(contig): np.repeat([d for _, d in runs], [n for n, _ in runs])
            for contig, runs in found.items()
        }

    return depths


def exons(read):
    """Return start and end of the parts of a read between its introns."""
    found, place = [], read.reference_start
    for code, length in read.cigartuples or [(0, 1)]:
        if code == SKIP:
            place += length
        elif code in (0, 2, 7, 8):
            if found and found[-1][1] == place:
                found[-1] = (found[-1][0], place + length)
            else:
                found.append((place, place + length))
            place += length
    return found


def stretches(path):
    """Return for each contig the stretches with reads, and where each comes to stand."""
    spans = defaultdict(list)
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch():
            spans[read.reference_id] += [(start, end + GAP) for start, end in exons(read)]
    placed = {}
    for contig, pieces in spans.items():
        merged = merge_intervals(pieces)
        sizes = [end - start for start, end in merged]
        placed[contig] = (merged, np.cumsum([0, *sizes]).tolist())
    return placed


def shortened(placed, read):
    """Return the CIGAR of a read with introns as long as they are then."""
    parts = [[moved(placed, read.reference_id, p) for p in (a, b - 1)] for a, b in exons(read)]
    introns = [str(right[0] - left[1] - 1) for left, right in pairwise(parts)]
    words = re.findall(r"(\d+)([MIDNSHP=X])", read.cigarstring)
    return "".join((introns.pop(0) if code == "N" else n) + code for n, code in words)


def moved(placed, contig, place):
    """Return where a base comes to stand; one without reads, in the gap before it."""
    if contig not in placed:
        return 0
    merged, firsts = placed[contig]
    row = bisect_right(merged, (place, 1 << 40)) - 1
    if row < 0:
        return 0
    start, end = merged[row]
    return firsts[row] + min(place, end - 1) - start


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory):
    """Return a function: BAM to one with the same reads and few bases without reads."""
    folder = tmp_path_factory.mktemp("squeezed")

    def squeeze(path):
        placed, out = stretches(path), folder / path.name
        with pysam.AlignmentFile(str(path)) as file:
            lengths = [placed[k][1][-1] if k in placed else 1 for k in range(file.nreferences)]
            named = zip(file.references, lengths, strict=True)
            contigs = [{"SN": name, "LN": length} for name, length in named]
            header = pysam.AlignmentHeader.from_dict(
                {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": contigs}
            )
            with pysam.AlignmentFile(str(out), "wb", header=header) as written:
                count = 0
                for read in file.fetch():
                    cells = read.to_string().split("\t")
                    cells[3] = str(1 + moved(placed, read.reference_id, read.reference_start))
                    if read.cigartuples:
                        cells[5] = shortened(placed, read)
                    if read.next_reference_id >= 0:
                        mate = (read.next_reference_id, read.next_reference_start)
                        cells[7] = str(1 + moved(placed, *mate))
                    line = "\t".join(cells)
                    written.write(pysam.AlignedSegment.fromstring(line, header))
                    count += 1
            assert count == file.mapped + sum(s.unmapped for s in file.get_index_statistics())
        pysam.index(str(out))
        return out

    return squeeze


def tables(path, bounds, rule):
    """Return depth by target and depths of targets that are given by arrays."""
    collector = pileup(Intervals(bounds), None, CallabilityParams(depth_rule=rule))
    file = open_reads(path, role="tumour", assay="exome")
    try:
        collector.begin(file.header)
        for chunk in file.chunks(3):
            for batch in file.batches(chunk):
                collector.take(batch)
    finally:
        file.close()
    return collector.tables()[:2]


def differing(theirs, path, rule):
    """Return how many bases have depth, and at how many base by base it differs.

    Each base is a target of its own; targets that touch are one, so there are two runs.
    """
    covered = {c: np.flatnonzero(depth > 0) for c, depth in theirs.items()}
    near = {c: np.unique(np.concatenate([at, at + 1])) for c, at in covered.items() if len(at)}
    near = {c: at[at < len(theirs[c])] for c, at in near.items()}
    wrong = 0
    for odd in (0, 1):
        places = {c: at[at % 2 == odd] for c, at in near.items()}
        bounds = {c: (at, at + 1) for c, at in places.items()}
        found, _ = tables(path, bounds, rule)
        expected = np.concatenate([theirs[c][at] for c, at in places.items()])
        wrong += np.count_nonzero(found["depth_sum"].to_numpy() != expected)
    return sum(map(len, covered.values())), int(wrong)


def assert_equal(mosdepth, path, rule):
    """Refuse a file of which a base, a depth's share or a contig's sum differs."""
    theirs = {c: d.astype(np.int64) for c, d in mosdepth(path, *OPTIONS[rule]).items()}
    theirs = {c: d for c, d in theirs.items() if d.any()}
    bases, wrong = differing(theirs, path, rule)
    assert (bases > 0, wrong) == (True, 0), (path.name, rule)
    whole = {c: (np.array([0]), np.array([len(d)])) for c, d in theirs.items()}
    sums, depths = tables(path, whole, rule)
    assert sums["depth_sum"].tolist() == [int(d.sum()) for d in theirs.values()], path.name
    counted = Counter(np.minimum(np.concatenate(list(theirs.values())), 5000))
    assert dict(zip(depths["depth"], depths["bases"], strict=True)) == counted, path.name


def test_no_real_file_is_forgotten(real_data):
    found = {pattern: len(list(real_data.glob(pattern))) for pattern in ASSAYS}
    assert found == ASSAYS


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["fusion", "hcc1395", "osteosarcoma_cc0", "rna"])
def test_depth_of_real_reads_is_that_of_mosdepth_in_every_base(
    real_data, mosdepth, squeezed, folder
):
    for path in sorted((real_data / folder).glob("*.bam")):
        short = squeezed(path)
        for rule in OPTIONS:
            assert_equal(mosdepth, short, rule)


@pytest.mark.slow
def test_depth_of_simulated_reads_is_that_of_mosdepth_in_every_base(tmp_path, mosdepth):
    simulate_reads(tmp_path, 4, 5, (), Effort(8, 8, 1_000))
    assert len(list(tmp_path.glob("bam/*.bam"))) == 12
    # the files of the others come by the same road, with other mutations
    paths = sorted(tmp_path.glob("bam/P01_*.bam"))
    assert [path.stem for path in paths] == ["P01_N", "P01_pre_R", "P01_pre_T"]
    for path in paths:
        for rule in OPTIONS:
            assert_equal(mosdepth, path, rule)


@pytest.mark.parametrize("rule", OPTIONS)
def test_depth_of_an_exome_of_odd_records_is_that_of_mosdepth(tmp_path, mosdepth, rule):
    assert_equal(mosdepth, write_exome(tmp_path / "odd.bam", seed=3, pairs=600), rule)


def test_depth_differs_from_mosdepth_only_by_its_short_cut(real_data, mosdepth, squeezed):
    # reads of 151 bases: trimmed mates lie inside others in some pairs of an exome, in none
    # of a genome; mosdepth gives too little there, see DepthRules
    genome = squeezed(real_data / "hcc1395" / "wgs_ns_no.chr1_10.0M.bam")
    assert differing(mosdepth(genome), genome, "mates_once")[1] == 0
    exome = squeezed(real_data / "hcc1395" / "seqc2_somatic_calling.WES_LL_N_1.bam")
    theirs = mosdepth(exome)
    bases, wrong = differing(theirs, exome, "mates_once")
    assert 0 < wrong < 0.02 * bases
    whole = {c: (np.array([0]), np.array([len(d)])) for c, d in theirs.items()}
    mine = tables(exome, whole, "mates_once")[0]["depth_sum"].sum()
    assert 0 < mine - sum(int(d.sum()) for d in theirs.values()) < 0.001 * mine
