"""Segments of every program that is read, of one sample and of many."""

from pathlib import Path

import pandas as pd
import pytest

from storiform.io.segment_files import read_segments
from storiform.io.sources import SourceUnit
from storiform.model.errors import DataWarning, InputError

SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean"


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def read(path: Path, name: str = "T1") -> pd.DataFrame:
    unit = SourceUnit("B1", "P1", {"segments": path}, {"tumour_exome": name}, "GRCh37", {})
    return read_segments(unit)


def values(segments: pd.DataFrame) -> list[list[object]]:
    named = segments[["contig", "start", "end", "bins", "log2", "total", "minor", "tool"]]
    return [[None if pd.isna(v) else v for v in row] for row in named.to_numpy()]


PURPLE = (
    "chromosome\tstart\tend\tcopyNumber\tbafCount\tobservedBAF\tbaf\tsegmentStartSupport\t"
    "segmentEndSupport\tmethod\tdepthWindowCount\tgcContent\tminStart\tmaxStart\t"
    "minorAlleleCopyNumber\tmajorAlleleCopyNumber"
)
CNCF = (
    "chrom\tseg\tnum.mark\tnhet\tcnlr.median\tmafR\tsegclust\tcnlr.median.clust\tmafR.clust\t"
    "start\tend\tcf.em\ttcn.em\tlcn.em"
)
SUITE = (
    "ID\tchrom\tloc.start\tloc.end\tseg\tnum.mark\tnhet\tcnlr.median\tmafR\tsegclust\t"
    "cnlr.median.clust\tmafR.clust\tcf\ttcn\tlcn\tcf.em\ttcn.em\tlcn.em"
)
SEQUENZA = (
    '"chromosome"\t"start.pos"\t"end.pos"\t"Bf"\t"N.BAF"\t"sd.BAF"\t"depth.ratio"\t"N.ratio"\t'
    '"sd.ratio"\t"CNt"\t"A"\t"B"\t"LPP"'
)
LOH = '"Sampleid","chr","start","end","arm","C","M","type","seg.mean","num.mark","num.snps"'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["chromosome\tstart\tend\tgene\tlog2\tprobes", "chr1\t0\t900\t-\t0.5\t7"],
            ["chr1", 0, 900, 7, 0.5, None, None, "CNVkit"],
        ),
        (
            [
                "chromosome\tstart\tend\tgene\tlog2\tbaf\tcn\tcn1\tcn2\tdepth\tprobes\tweight",
                "chr1\t10\t900\tA\t0.5\t0.6\t3\t2\t1\t80\t7\t6.5",
            ],
            ["chr1", 10, 900, 7, 0.5, 3.0, 1.0, "CNVkit"],
        ),
        ([SEG, "T1\t23\t101\t900\t7\t-0.5"], ["chrX", 100, 900, 7, -0.5, None, None, "SEG"]),
        (
            [
                "Sample\tChromosome\tStart\tEnd\tNum_Probes\tSegment_Mean",
                "T1\t2\t0\t900\t7\t-0.5",
            ],
            ["chr2", 0, 900, 7, -0.5, None, None, "SEG"],
        ),
        (
            [f"{SEG}\tC", "T1\t3\t101\t900\t7\t-0.5\t1"],
            ["chr3", 100, 900, 7, -0.5, 1.0, None, "SEG"],
        ),
        (
            [
                PURPLE,
                "chr1\t1\t900\t3.1\t12\t0.6\t0.65\tNONE\tNONE\tBAF\t40\t.5\t1\t1\t1.05\t2.05",
            ],
            ["chr1", 0, 900, 40, None, 3.1, 1.05, "PURPLE"],
        ),
        (
            [
                PURPLE,
                "chr1\t1\t900\t-0.02\t0\t0\t0\tDEL\tDEL\tNONE\t4\t0.5\t1\t1\t-0.01\t-0.01",
            ],
            ["chr1", 0, 900, 4, None, 0.0, 0.0, "PURPLE"],
        ),
        (
            ["sample\tchr\tstartpos\tendpos\tnMajor\tnMinor", "T1\t1\t101\t900\t2\t1"],
            ["chr1", 100, 900, None, None, 3.0, 1.0, "ASCAT"],
        ),
        (
            [CNCF, "1\t1\t70\t9\t-0.1\t0.2\t3\t-0.1\t0.2\t101\t900\t0.8\t2\t0"],
            ["chr1", 100, 900, 70, -0.1, 2.0, 0.0, "FACETS"],
        ),
        (
            [SUITE, "T1\t1\t101\t900\t1\t70\t9\t-0.1\t0.2\t3\t-0.1\t0.2\t1\t3\t1\t0.8\t2\tNA"],
            ["chr1", 100, 900, 70, -0.1, 2.0, None, "FACETS"],
        ),
        (
            [SEQUENZA, '"1"\t101\t900\t0.4\t50\t0.1\t0.5\t60\t0.2\t1\t1\t0\t-6.5'],
            ["chr1", 100, 900, 60, -1.0, 1.0, 0.0, "Sequenza"],
        ),
        (
            [LOH, '"T1","chr1",101,900,"p",2,0,"WHOLE ARM COPY-NEUTRAL LOH",-0.1,60,9'],
            ["chr1", 100, 900, 60, -0.1, 2.0, 0.0, "PureCN"],
        ),
    ],
)
def test_every_format_gives_its_place_log_ratio_and_copies(tmp_path, lines, expected) -> None:
    assert values(read(write(tmp_path / "s.txt", *lines))) == [expected]


def test_the_sheet_s_name_picks_the_sample_of_a_file_of_many(tmp_path) -> None:
    rows = [f"{n}\t1\t101\t900\t7\t{m}" for n, m in (("T1", 0.1), ("T2", 0.2), ("P1", 0.3))]
    path = write(tmp_path / "s.seg", SEG, *rows)
    assert read(path)["log2"].tolist() == [0.1]
    assert read(path, "other")["log2"].tolist() == [0.3]
    lone = write(tmp_path / "t.seg", SEG, rows[1])
    with pytest.warns(DataWarning, match="its one sample is named T2, not T1 or B1 or P1"):
        assert read(lone)["log2"].tolist() == [0.2]
    several = write(tmp_path / "u.seg", SEG, rows[1], rows[1].replace("T2", "T3"))
    with pytest.raises(InputError, match="column ID: found samples T2, T3, expected T1 or B1"):
        read(several)


def test_segments_that_overlap_by_a_rounded_border_are_parted(tmp_path) -> None:
    rows = ["T1\t1\t1\t1000\t9\t0", "T1\t1\t1000\t3000\t9\t1"]
    segments = read(write(tmp_path / "s.seg", SEG, *rows))
    assert segments[["start", "end"]].to_numpy().tolist() == [[0, 1000], [1000, 3000]]
    rows[1] = "T1\t1\t500\t3000\t9\t1"
    with pytest.raises(
        InputError, match=r"s\.seg, line 3: found a segment that overlaps another"
    ):
        read(write(tmp_path / "s.seg", SEG, *rows))


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (["a\tb", "1\t2"], "expected those of one of PURPLE, ASCAT, FACETS, Sequenza"),
        ([SEG], "found a header alone"),
        (
            [SEG, "T1\t1\t900\t100\t7\t0"],
            "line 2, column end: found 900 to 100, expected an inter",
        ),
        (
            [SEG, "T1\t1\t100\t900\t7\tup"],
            "line 2, column seg.mean: found 'up', expected a number",
        ),
        (
            [SEG, "T1\t1\t100\t900\t1e12\t0"],
            "line 2, column num.mark: found 1e.12, expected a number",
        ),
        (
            [SEG, "T1\t1\t100\t900\t7\tNA"],
            "found none, expected segments with a log ratio or cop",
        ),
        ([SEG, "T1\t1\t100\t999999999\t7\t0"], "expected positions up to 249250621 on GRCh37"),
        (
            ["sample\tchr\tstartpos\tendpos\tnMajor\tnMinor", "T1\t1\t101\t900\t2\t-3"],
            "line 2, column nMinor: found -3, expected copies, from 0",
        ),
    ],
)
def test_damaged_segments_are_refused(tmp_path, lines, match) -> None:
    with pytest.raises(InputError, match=match):
        read(write(tmp_path / "s.txt", *lines))


def test_real_segments_are_read(real_data: Path) -> None:
    folder = real_data / "cnv"
    found = read(folder / "cnvkit_tr95t.cns")
    cdk4 = found[(found["contig"] == "chr12") & (found["start"] < 58_142_500)
                 & (found["end"] > 58_142_500)]  # fmt: skip
    assert len(found) == 124
    assert cdk4["log2"].between(3.4, 3.6).all()
    assert len(cdk4) == 1
    assert len(read(folder / "CL_acgh_180k.seg.gz", "TR_28_T")) == 116
