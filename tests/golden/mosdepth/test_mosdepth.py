"""Depth of every base against mosdepth 0.3, default and fast mode; the program runs here.

mosdepth looks for a library of the name libhts.so, which a Debian without the headers of
htslib does not have: then it finds a link to libhts.so.3 here.
"""

import ctypes.util
import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pysam
import pytest
from small_exome import batches_of, covered, reads_of, write_exome

from storiform.kernels.depth import (
    DEPTH,
    FAST_DEPTH,
    MOSDEPTH_DEPTH,
    DepthRules,
    clip_pieces,
    count_depth,
)

REAL = (
    "hcc1395/seq2_testdata_snv.WES_LL_*.bam",
    "hcc1395/seqc2_somatic_calling.WES_LL_*.bam",
    "hcc1395/seqc2_testdata_aceseq.WES_LL_*.bam",
    "hcc1395/wgs_ns_*.bam",
    "osteosarcoma_cc0/dna_*.bam",
)


@pytest.fixture(scope="module")
def mosdepth(tmp_path_factory):
    """Return a function: BAM, bases (contig, place) and options to the depth of each."""
    program = shutil.which("mosdepth")
    if program is None:
        pytest.skip("mosdepth is not installed: depth was not compared with it")
    folder = tmp_path_factory.mktemp("mosdepth")
    library = ctypes.util.find_library("hts")
    if library:
        (folder / "libhts.so").symlink_to(Path("/usr/lib/x86_64-linux-gnu") / library)
    known = os.environ.get("LD_LIBRARY_PATH", "")
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{known}:{folder}"}

    def depths(path, bases, *options):
        bed = folder / "bases.bed"
        bed.write_text("".join(f"{contig}\t{p}\t{p + 1}\n" for contig, p in bases), "utf-8")
        told = ("-n", "--by", str(bed), *options, str(folder / "out"), str(path))
        subprocess.run([program, *told], check=True, capture_output=True, env=environment)  # noqa: S603
        with gzip.open(folder / "out.regions.bed.gz", "rt") as lines:
            cells = [line.split("\t") for line in lines]
        return {(contig, int(start)): float(depth) for contig, start, _, depth in cells}

    return depths


SHORTEST = 2
"""Contigs of each file that are compared: mosdepth goes through each base of a contig."""


@pytest.fixture(scope="module")
def shortened(tmp_path_factory):
    """Return a function: the reads of a file on the shortest of its contigs that have any."""
    folder = tmp_path_factory.mktemp("shortened")

    def shorten(path):
        with pysam.AlignmentFile(str(path)) as file:
            used = [s.contig for s in file.get_index_statistics() if s.mapped]
            contigs = sorted(used, key=file.get_reference_length)[:SHORTEST]
            short = folder / path.name
            with pysam.AlignmentFile(str(short), "wb", template=file) as out:
                for contig in sorted(contigs, key=file.get_tid):
                    for read in file.fetch(contig):
                        out.write(read)
        pysam.index(str(short))
        return short

    return shorten


def differing(mosdepth, path, mode, *options):
    """Return how many covered bases there are, and at how many depth differs."""
    header, batches = batches_of(path)
    mine = {}
    for batch in batches:
        if batch.contig < 0 or not len(batch):
            continue
        _, pieces = clip_pieces(*covered(batch), batch.owned_start, batch.owned_end)
        depth = count_depth(reads_of(batch), pieces, DepthRules(0, mode))
        spans = zip(pieces.starts.tolist(), pieces.ends.tolist(), strict=True)
        places = [place for start, end in spans for place in range(start, end)]
        name = header.written[batch.contig]
        mine |= {(name, p): n for p, n in zip(places, depth.tolist(), strict=True)}
    theirs = mosdepth(path, mine, *options)
    assert theirs.keys() == mine.keys()
    return len(mine), sum(theirs[at] != depth for at, depth in mine.items())


@pytest.mark.slow
@pytest.mark.parametrize("pattern", REAL)
def test_depth_of_real_exomes_is_that_of_mosdepth_in_every_base(
    real_data, mosdepth, shortened, pattern
):
    paths = sorted(real_data.glob(pattern))
    assert paths
    for path in map(shortened, paths):
        bases, wrong = differing(mosdepth, path, FAST_DEPTH, "-x")
        assert (bases > 0, wrong) == (True, 0), path.name
        bases, wrong = differing(mosdepth, path, MOSDEPTH_DEPTH)
        assert (bases > 0, wrong) == (True, 0), path.name


def test_depth_of_an_exome_of_odd_records_is_that_of_mosdepth(tmp_path, mosdepth):
    path = write_exome(tmp_path / "odd.bam", seed=3, pairs=600)
    assert differing(mosdepth, path, FAST_DEPTH, "-x")[1] == 0
    assert differing(mosdepth, path, MOSDEPTH_DEPTH)[1] == 0


def test_depth_differs_from_mosdepth_only_by_its_short_cut(real_data, mosdepth, shortened):
    # reads of 151 bases: trimmed mates lie inside others in some pairs of an exome, in none
    # of a genome; mosdepth gives too little there, see DepthRules
    genome = real_data / "hcc1395" / "wgs_ns_no.chr1_10.0M.bam"
    assert differing(mosdepth, genome, DEPTH)[1] == 0
    exome = shortened(real_data / "hcc1395" / "seqc2_somatic_calling.WES_LL_N_1.bam")
    bases, wrong = differing(mosdepth, exome, DEPTH)
    assert 0 < wrong < 0.02 * bases
