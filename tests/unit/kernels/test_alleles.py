"""Single bases at places; calls of every kind are in the tests of the recounts."""

import numpy as np
import pytest
from small_exome import CONTIGS, TARGETS, batches_of, reads_of, write_exome

from storiform.kernels.alleles import base_at, count_sites
from storiform.kernels.depth import clip_pieces
from storiform.kernels.pileup import FAILED, Rules, count_bases


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    path = write_exome(tmp_path_factory.mktemp("exome") / "reads.bam", seed=4)
    header, batches = batches_of(path)
    return next(b for b in batches if b.contig == header.contigs.index("chr1"))


@pytest.mark.parametrize("mates_once", [True, False])
def test_sites_have_the_bases_of_the_whole_pileup(batch, mates_once):
    rules = Rules(20, 20, FAILED, mates_once)
    starts, ends = TARGETS.bounds["chr1"]
    _, pieces = clip_pieces(starts, ends, 0, CONTIGS["chr1"])
    spans = zip(starts, ends, strict=True)
    places = np.concatenate([np.arange(start, end) for start, end in spans])
    expected = count_bases(reads_of(batch), pieces, rules)
    assert expected.sum() > 1_000
    assert (count_sites(reads_of(batch), places, rules) == expected).all()


def test_a_place_without_a_base_has_none(batch):
    aligned = np.flatnonzero((batch.flags & 4) == 0)
    assert len(aligned) > 100
    for i in aligned:
        at, start, end = batch.offsets[i], batch.starts[i], batch.ends[i]
        assert base_at(batch.data, at, int(start), int(start) - 1) == -1
        assert base_at(batch.data, at, int(start), int(end)) == -1
