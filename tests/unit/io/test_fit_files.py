"""Purity and ploidy of every program that is read."""

from pathlib import Path

import pandas as pd
import pytest

from storiform.io.fit_files import read_fit
from storiform.io.sources import SourceUnit
from storiform.model.errors import DataWarning, InputError

PURPLE = (
    "purity\tnormFactor\tscore\tdiploidProportion\tploidy\tgender\tstatus\t"
    "polyclonalProportion\tminPurity\tmaxPurity\twholeGenomeDuplication"
)


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def read(path: Path, unit: str = "B1") -> list[object]:
    samples = {"tumour_exome": "T1"}
    fit = read_fit(SourceUnit(unit, "P1", {"purity_fit": path}, samples, "GRCh38", {}))
    return [None if pd.isna(value) else value for value in fit.iloc[0]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [PURPLE, "0.62\t0.9\t0.5\t0.1\t3.4\tMALE\tNORMAL\t0.1\t0.6\t0.64\ttrue"],
            ["PURPLE", 0.62, 3.4, True],
        ),
        (["AberrantCellFraction\tPloidy", "0.55\t2.1"], ["ASCAT", 0.55, 2.1, None]),
        (
            [
                "name\tpurity\tploidy\tgoodness_of_fit\tWGD",
                "X\t1\t2\t99\t1",
                "T1\t0.4\t3.9\t96\t0",
            ],
            ["ASCAT", 0.4, 3.9, False],
        ),
        (
            [
                '"cellularity"\t"ploidy.estimate"\t"ploidy.mean.cn"',
                "0.5\t2\t2.1",
                "0.6\t2.2\t2.1",
                "0.7\t2.4\t2.1",
            ],
            ["Sequenza", 0.6, 2.2, None],
        ),
        (
            ['"cellularity"\t"ploidy"\t"SLPP"', "0.6\t2.2\t-9", "0.3\t4.2\t-12"],
            ["Sequenza", 0.6, 2.2, None],
        ),
        (["purity ploidy dipLogR", "0.895 2.08 -0.1"], ["FACETS", 0.895, 2.08, None]),
        (
            ["sample\tpurity\tploidy\twgd", "T2\t0.1\t2\tNA", "T1\t0.7\t3.1\tTRUE"],
            ["table", 0.7, 3.1, True],
        ),
        (
            ["sample\tAberrantCellFraction\tPloidy", "T2\t0.1\t2", "T1\t0.7\t3.1"],
            ["ASCAT", 0.7, 3.1, None],
        ),
        (
            ["# Facets version = 0.6.2", "# Purity = 0.62", "# Ploidy = 2.1", "# dipLogR = 0"],
            ["FACETS", 0.62, 2.1, None],
        ),
        (
            ['"Sampleid","Purity","Ploidy","Sex","Curated"', '"T1",0.66,1.75,"F",FALSE'],
            ["PureCN", 0.66, 1.75, None],
        ),
    ],
)
def test_every_format_gives_purity_and_ploidy(tmp_path, lines, expected) -> None:
    assert read(write(tmp_path / "f.txt", *lines)) == expected


def test_a_program_that_found_no_purity_says_so(tmp_path) -> None:
    told = {"it": ["purity\tploidy", "NA\t2.3"], "FACETS": ["# Purity = NA", "# Ploidy = 2.3"]}
    for who, lines in told.items():
        path = write(tmp_path / "f.txt", *lines)
        with pytest.warns(DataWarning, match=f"f.txt: {who} states no purity or no ploidy"):
            tool, *values = read(path)
        assert tool == ("table" if who == "it" else "FACETS")
        assert values == [None, 2.3, None]


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (
            ["purity\tploidy", "62\t2.3"],
            "line 2, column purity: found 62, expected a number abo",
        ),
        (
            ["purity\tploidy", "0\t2.3"],
            "line 2, column purity: found 0, expected a number above 0",
        ),
        (["purity\tploidy", "0.5\t23"], "line 2, column ploidy: found 23, .* at most 12"),
        (
            ["purity\tploidy", "half\t2"],
            "line 2, column purity: found 'half', expected a number",
        ),
        (
            ["purity\tploidy", "0.5\t2", "0.6\t2"],
            "2 rows and no column that tells whose they are",
        ),
        (
            ["AberrantCellFraction\tPloidy", "0.5\t2", "0.6\t2"],
            "2 rows and no column that tells whose they are",
        ),
        (
            ["sample\tAberrantCellFraction\tPloidy", "A\t0.5\t2", "B\t0.6\t2"],
            "found samples A, B, expected T1",
        ),
        (["purity\tploidy", "65\t2"], "Give a share: 0.65 for 65 %"),
        (
            ["purity\tploidy\twgd", "0.5\t2\tmaybe"],
            "column wgd: found 'maybe', expected TRUE or",
        ),
        (["cellularity\tploidy.estimate", "0.5\t2"], "found 1 row, expected 2 rows or more"),
        (
            ["sample\tpurity\tploidy", "A\t0.5\t2", "B\t0.5\t2"],
            "found samples A, B, expected T1",
        ),
        (["# Purity = 0.5"], "found no ploidy, expected a line ploidy"),
        (["# Purity = much", "# Ploidy = 2"], "line 1: found 'much', expected a number or NA"),
        (["one\ttwo", "1\t2"], "header: found columns one, two, expected purity and ploidy of"),
        ([], "found an empty file"),
    ],
)
def test_files_that_state_no_fit_are_refused(tmp_path, lines, match) -> None:
    with pytest.raises(InputError, match=match):
        read(write(tmp_path / "f.txt", *lines))


def test_a_real_summary_of_ascat_is_read_by_the_sample_s_name(real_data: Path) -> None:
    path = real_data / "cnv" / "ascat_tcga_hg38_summary.tsv.gz"
    assert read(path, "TCGA-02-0006") == ["ASCAT", 0.39, 3.9648, True]
