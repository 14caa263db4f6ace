"""Reads in bins, against a naive twin over pysam."""

from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest
from small_exome import TARGETS, batches_of, cut_again, run, write_exome

from storiform.biomarkers.copy_number.bins import CopyNumberBinsParams, bin_coverage, lay_bins
from storiform.model.intervals import Intervals
from storiform.model.tables.copies import BIN_COVERAGE

PARAMS = CopyNumberBinsParams(
    target_bases=60, off_target_bases=1_000, min_off_target_bases=500, flank_bases=20
)


@pytest.fixture(scope="module")
def exome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = write_exome(tmp_path_factory.mktemp("exome") / "reads.bam", seed=4)
    return path


def naive(path: Path, params: CopyNumberBinsParams) -> dict[tuple[str, int, int], int]:
    """Count the reads of each bin one by one."""
    with pysam.AlignmentFile(str(path)) as file:
        lengths = dict(zip(file.references, file.lengths, strict=True))
        layout = lay_bins(TARGETS, lengths, params)
        counts = {
            (contig, start, end): 0
            for contig, bins in layout.items()
            for start, end in zip(bins.starts.tolist(), bins.ends.tolist(), strict=True)
        }
        for record in file.fetch(until_eof=True):
            unfit = record.is_unmapped or record.is_secondary or record.is_supplementary
            unfit = unfit or record.is_duplicate or record.is_qcfail
            if unfit or record.mapping_quality < params.min_mapq:
                continue
            middle = (record.reference_start + record.reference_end) // 2
            for contig, start, end in counts:
                if contig == record.reference_name and start <= middle < end:
                    counts[contig, start, end] += 1
    return counts


def test_counts_are_those_of_a_naive_twin(exome: Path) -> None:
    table = BIN_COVERAGE.conform(run(bin_coverage(TARGETS, None, PARAMS), exome)[0])
    found = {
        (contig, start, end): int(reads)
        for contig, start, end, reads in zip(
            table["contig"], table["start"], table["end"], table["reads"], strict=True
        )
    }
    expected = naive(exome, PARAMS)
    assert found == expected
    assert sum(expected.values()) > 100
    assert not table["is_target"].all()
    assert table["gc"].isna().all(), "without the genome GC is not known"


@pytest.mark.parametrize("size", [50, 333, 5_000])
def test_counts_do_not_depend_on_how_the_file_is_cut(exome: Path, size: int) -> None:
    whole = run(bin_coverage(TARGETS, None, PARAMS), exome)[0]
    cut = run(bin_coverage(TARGETS, None, PARAMS), exome, size)[0]
    pd.testing.assert_frame_equal(whole, cut)


def test_forks_that_share_the_work_give_the_same(exome: Path) -> None:
    whole = run(bin_coverage(TARGETS, None, PARAMS), exome)[0]
    first = bin_coverage(TARGETS, None, PARAMS)
    header, batches = batches_of(exome)
    first.begin(header)
    second = first.fork()
    for number, batch in enumerate(cut_again(batches, 333)):
        (first if number % 2 else second).take(batch)
    first.merge(second)
    pd.testing.assert_frame_equal(first.tables()[0], whole)


def test_layout_tiles_targets_and_keeps_away_from_them() -> None:
    targets = Intervals.of(
        [("chr1", 1_000, 1_534), ("chr1", 400_000, 400_100), ("chrM", 5, 90)]
    )
    layout = lay_bins(
        targets, {"chr1": 700_000, "chrM": 16_569, "chr2": 10}, CopyNumberBinsParams()
    )
    assert list(layout) == ["chr1"], "no mitochondria, no contig without targets"
    bins = layout["chr1"]
    on = bins.is_target
    assert list(zip(bins.starts[on], bins.ends[on], strict=True)) == [
        (1_000, 1_267), (1_267, 1_534), (400_000, 400_100),
    ]  # fmt: skip
    off = list(zip(bins.starts[~on].tolist(), bins.ends[~on].tolist(), strict=True))
    assert off[0][0] == 1_534 + 500
    assert off[-1] == (550_300, 700_000)
    assert all(100_000 < end - start < 200_000 for start, end in off)
    assert (np.diff(bins.starts) > 0).all()
    only = lay_bins(targets, {"chr1": 700_000}, CopyNumberBinsParams(use_off_target=False))
    assert only["chr1"].is_target.all()


class Genome:
    """A genome of one contig, as `Sequence` gives it."""

    def __init__(self, text: str) -> None:
        self.text = np.frombuffer(text.encode(), dtype=np.uint8)

    @property
    def contigs(self) -> dict[str, int]:
        """Its one contig."""
        return {"chr1": len(self.text)}

    def bases(self, contig: str, start: int, end: int) -> np.ndarray:
        """Return bases as ASCII."""
        assert contig == "chr1"
        return self.text[start:end]

    def pieces(self, contig: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return the bases of several intervals."""
        return np.concatenate(
            [self.bases(contig, a, b) for a, b in zip(starts, ends, strict=True)]
        )


def test_gc_of_bins_is_that_of_the_genome(tmp_path: Path) -> None:
    text = "GC" * 50 + "AT" * 50 + "N" * 100 + "GGAT" * 175  # 100 + 100 + 100 + 700
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "1", "LN": len(text)}]}
    path = tmp_path / "empty.bam"
    with pysam.AlignmentFile(str(path), "wb", header=header):
        pass
    targets = Intervals.of([("chr1", 0, 100), ("chr1", 100, 300), ("chr1", 900, 1000)])
    params = CopyNumberBinsParams(
        target_bases=100, min_off_target_bases=500, flank_bases=20, off_target_bases=1_000
    )
    table = run(bin_coverage(targets, Genome(text), params), path)[0]
    by_place = table.set_index("start")["gc"]
    assert by_place[0] == 1.0
    assert by_place[100] == 0.0
    assert np.isnan(by_place[200]), "no base is known"
    assert by_place[900] == 0.5
    assert by_place[320] == pytest.approx(0.5, abs=0.02), "between the targets"
    assert table["reads"].sum() == 0
