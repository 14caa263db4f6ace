"""CNVkit's files, SEG and gene metrics: what is written reads back, here and in CNVkit."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.copy_files import write_cnr, write_cns, write_gene_metrics, write_seg
from storiform.io.ratio_files import read_ratios
from storiform.io.segment_files import read_segments
from storiform.io.sources import SourceUnit
from storiform.model.tables.copies import LOG_RATIOS
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FIT,
    COPY_NUMBER_GENES,
    COPY_NUMBER_SEGMENTS,
)

LEVELS = {"chr2": 0.0, "chr10": 0.5, "chrX": -1.0}
SHIFT = 0.25
"""Log ratios stand so much above their segments, which are centred otherwise."""


def ratios() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    parts = []
    for contig, level in LEVELS.items():
        starts = np.arange(60) * 1000
        log2 = level + SHIFT + draw.normal(0, 0.1, 60)
        is_target = np.arange(60) % 5 > 0
        variance = np.where(np.arange(60) % 2, 0.01, 0.02)
        parts.append(
            pd.DataFrame({"contig": contig, "start": starts, "end": starts + 300,
                          "is_target": is_target, "log2": log2, "variance": variance})
        )  # fmt: skip
    return LOG_RATIOS.conform(pd.concat(parts))


def segments() -> pd.DataFrame:
    rows = []
    for contig, level in LEVELS.items():
        total = {0.0: 2, 0.5: 3, -1.0: 1}[level]
        rows.append(
            {"contig": contig, "start": 0, "end": 60_000, "bins": 60, "snps": 9, "log2": level,
             "log2_se": 0.02, "major_share": 0.6, "total": total,
             "minor": total - 1 - (total > 2),
             "total_raw": float(total), "total_lower": 0.0, "total_upper": 9.0,
             "normal_copies": 2, "probability": 0.9, "is_subclonal": False}
        )  # fmt: skip
    rows.append({**rows[0], "start": 60_000, "end": 70_000, "log2": np.nan, "bins": pd.NA})
    return COPY_NUMBER_SEGMENTS.conform(pd.DataFrame(rows))


def genes() -> pd.DataFrame:
    row = dict.fromkeys(COPY_NUMBER_GENES.columns, np.nan)
    places = [
        ("AAA", "chr2", 500, 2_200),
        ("BBB", "chr10", 31_000, 31_300),
        ("CCC", "chr2", 900, 1_100),
    ]
    table = pd.DataFrame(
        [{**row, "gene": gene, "contig": contig, "start": start, "end": end, "cytoband": "1p1",
          "bins": 2, "call": "AMP", "total": 9, "segment_bases": 60_000, "basis": "copies"}
         for gene, contig, start, end in places]
    )  # fmt: skip
    return COPY_NUMBER_GENES.conform(table.astype({"is_amplified_gdc": "boolean"}))


def unit(column: str, path: Path) -> SourceUnit:
    return SourceUnit("B1", "P1", {column: path}, {"tumour_exome": "B1"}, "GRCh38", {})


def test_a_cnr_reads_back_at_the_level_of_the_segments(tmp_path) -> None:
    path = tmp_path / "b.cnr"
    write_cnr(path, ratios(), segments(), genes())
    read = read_ratios(unit("ratios", path))
    ours = ratios()
    assert read[["contig", "start", "end"]].equals(ours[["contig", "start", "end"]])
    assert read["is_target"].tolist() == ours["is_target"].tolist()
    moved = ours["log2"] - read["log2"]
    assert moved.std() < 1e-5
    assert moved.mean() == pytest.approx(SHIFT, abs=0.03)
    text = pd.read_csv(path, sep="\t")
    assert list(dict.fromkeys(text["chromosome"])) == ["chr2", "chr10", "chrX"]
    assert text.loc[1, "gene"] == "AAA,CCC"
    counts = {"-": 141, "Antitarget": 36, "AAA,CCC": 1, "AAA": 1, "BBB": 1}
    assert text["gene"].value_counts().to_dict() == counts
    assert set(text["weight"].round(3)) == {1.0, 0.5}


def test_a_cns_reads_back_with_copies(tmp_path) -> None:
    path = tmp_path / "b.cns"
    write_cns(path, segments(), genes())
    read = read_segments(unit("segments", path))
    known = segments().dropna(subset=["log2"])
    for name in ("contig", "start", "end", "log2", "total", "minor", "bins"):
        assert (
            read[name].astype(str).tolist()
            == known[name].astype(read[name].dtype).astype(str).tolist()
        )
    assert pd.read_csv(path, sep="\t")["gene"].tolist() == ["AAA,CCC", "BBB", "-"]


def test_a_cns_without_a_fit_has_no_columns_of_copies(tmp_path) -> None:
    path = tmp_path / "b.cns"
    write_cns(path, segments().assign(total=pd.NA, minor=pd.NA, major_share=np.nan))
    names = list(pd.read_csv(path, sep="\t").columns)
    assert names == ["chromosome", "start", "end", "gene", "log2", "probes", "weight"]


def test_a_seg_of_many_biopsies_reads_back_by_name(tmp_path) -> None:
    path = tmp_path / "all.seg"
    shifted = segments().assign(log2=lambda rows: rows["log2"] + 1)
    write_seg(path, {"B2": shifted, "B1": segments()})
    assert path.read_text().splitlines()[1] == "B1\t2\t1\t60000\t60\t0"
    read = read_segments(unit("segments", path))
    assert read["log2"].tolist() == [0.5, 0.0, -1.0]
    assert read["start"].tolist() == [0, 0, 0]


def test_gene_metrics_have_a_row_per_biopsy_and_gene(tmp_path) -> None:
    path = tmp_path / "genes.tsv"
    row = dict.fromkeys(COPY_NUMBER_FIT.columns, np.nan)
    fit = pd.DataFrame([{**row, "purity": 0.5, "ploidy": 2.1, "is_ambiguous": False,
                         "breakpoints": 3, "wgd": pd.NA}])  # fmt: skip
    write_gene_metrics(
        path, {"B2": genes(), "B1": genes()}, {"B1": COPY_NUMBER_FIT.conform(fit)}
    )
    metrics = pd.read_csv(path, sep="\t")
    assert metrics["sample"].tolist() == ["B1"] * 3 + ["B2"] * 3
    assert metrics["purity"].tolist()[:3] == [0.5] * 3
    assert metrics["purity"].isna().tolist()[3:] == [True] * 3
    assert metrics["cn"].tolist() == [9] * 6


def test_cnvkit_reads_both_files(tmp_path) -> None:
    program = shutil.which("cnvkit.py")
    if program is None:
        pytest.skip("cnvkit.py is not installed: pip install cnvkit")
    write_cnr(tmp_path / "b.cnr", ratios(), segments(), genes())
    write_cns(tmp_path / "b.cns", segments(), genes())
    out = tmp_path / "genes.txt"
    files = ["b.cnr", "-s", "b.cns", "-t", "0.3", "-m", "1", "-o", str(out)]
    subprocess.run(  # noqa: S603  the peer
        [program, "genemetrics", *files], cwd=tmp_path, check=True, capture_output=True
    )
    found = pd.read_csv(out, sep="\t")
    assert "BBB" in found["gene"].tolist()
    assert found.loc[found["gene"] == "BBB", "log2"].iloc[0] == pytest.approx(0.5, abs=0.01)
