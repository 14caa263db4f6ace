"""Good bases against ``samtools mpileup -A -x -B -Q20 -q20 -d 0 --ff 3844`` in every base."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from small_exome import batches_of, covered, reads_of, write_exome

from storiform.kernels.depth import clip_pieces
from storiform.kernels.pileup import FAILED, Rules, count_bases

OPTIONS = ("-A", "-x", "-B", "-Q20", "-q20", "-d", "0", "--ff", str(FAILED))
REAL = (
    "hcc1395/seq*.WES_LL_*.bam", "hcc1395/wgs_ns_*.bam", "osteosarcoma_cc0/dna_*.bam",
    "osteosarcoma_cc0/rna.T0_[cp]*.bam",
)  # fmt: skip


def mpileup(path):
    """Return the counts of A, C, G and T by written contig and place."""
    program = shutil.which("samtools")
    if program is None:
        pytest.skip("samtools is not installed: base counts were not compared with it")
    told = subprocess.run(  # noqa: S603
        [program, "mpileup", *OPTIONS, str(path)], check=True, capture_output=True, text=True
    )
    found = {}
    for line in told.stdout.splitlines():
        contig, place, _, _, bases = line.split("\t")[:5]
        counts = [0, 0, 0, 0]
        for letter in letters(bases.upper()):
            if letter in "ACGT":
                counts["ACGT".index(letter)] += 1
        if any(counts):
            found[contig, int(place) - 1] = counts
    return found


def letters(bases):
    """Yield the bases of a column without the marks of ends and the sequences of indels."""
    bases = re.sub(r"\^.|\$", "", bases)
    at = 0
    while at < len(bases):
        indel = re.match(r"[+-](\d+)", bases[at:])
        if indel:
            at += len(indel[0]) + int(indel[1])
        else:
            yield bases[at]
            at += 1


def counted(path):
    header, batches = batches_of(path)
    found = {}
    for batch in batches:
        if batch.contig < 0 or not len(batch):
            continue
        _, pieces = clip_pieces(*covered(batch), batch.owned_start, batch.owned_end)
        rules = Rules(20, 20, FAILED, mates_once=False)
        counts = count_bases(reads_of(batch), pieces, rules)
        name = header.written[batch.contig]
        for row in np.flatnonzero(counts.any(axis=1)):
            piece = np.searchsorted(pieces.places, row, side="right") - 1
            place = int(pieces.starts[piece] + row - pieces.places[piece])
            found[name, place] = counts[row].tolist()
    return found


@pytest.mark.parametrize("pattern", REAL)
def test_bases_of_real_reads_are_those_of_mpileup_in_every_place(real_data, pattern):
    paths = sorted(real_data.glob(pattern))
    assert paths
    for path in paths:
        theirs = mpileup(path)
        assert len(theirs) > 100
        assert counted(path) == theirs, path.name


def test_bases_of_odd_records_are_those_of_mpileup(tmp_path):
    path = write_exome(tmp_path / "odd.bam", seed=5, pairs=600)
    assert counted(path) == mpileup(path)
