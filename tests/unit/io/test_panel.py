"""Panels of normals, ours and CNVkit's, and the places of genes and arms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.gene_places import read_chromosome_arms, read_gene_places
from storiform.io.panel import read_panel, write_panel
from storiform.io.resources import RESOURCES, bundled
from storiform.model.copies import PSEUDOAUTOSOMAL
from storiform.model.errors import DataWarning, InputError
from storiform.model.genome import LENGTHS, Build

OURS = "contig\tstart\tend\tis_target\tgc\tlog2\tspread"
CNVKIT = "chromosome\tstart\tend\tgene\tlog2\tgc\trmask\tspread"
BUILDS: tuple[Build, Build] = ("GRCh37", "GRCh38")


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_panel_of_ours_survives_writing_and_makes_the_same_bytes(tmp_path) -> None:
    panel = pd.DataFrame(
        {"contig": ["chr1", "chr2"], "start": [0, 5], "end": [9, 9], "is_target": [True, False],
         "gc": [0.41, np.nan], "log2": [0.125, -1.5], "spread": [0.25, np.nan],
         "normal:N1": [0.0, -1.0], "normal:N 2": [np.nan, -2.0]}
    )  # fmt: skip
    for name in ("a.tsv.gz", "b.tsv.gz"):
        write_panel(tmp_path / name, panel)
    assert (tmp_path / "a.tsv.gz").read_bytes() == (tmp_path / "b.tsv.gz").read_bytes()
    read = read_panel(tmp_path / "a.tsv.gz")
    pd.testing.assert_frame_equal(read, panel.astype({"contig": read["contig"].dtype}))


def test_a_cnvkit_reference_of_males_is_brought_to_two_copies_of_x(tmp_path) -> None:
    rows = [
        "chrX\t0\t9\tA\t-1.1\t0.4\t0.1\t0.2",
        "chrX\t20\t29\tAntitarget\t-0.8\t0.4\t0.1\t0.2",
        "2\t0\t9\t-\t0.3\t0.5\t0.1\t0.2",
        "chrY\t0\t9\tB\t-1\t0.5\t0.1\t0.2",
    ]
    panel = read_panel(write(tmp_path / "r.cnn", CNVKIT, *rows))
    assert panel["contig"].tolist() == ["chr2", "chrX", "chrX", "chrY"]
    assert np.allclose(panel["log2"], [0.3, -0.1, 0.2, -1.0])
    assert panel["is_target"].tolist() == [True, True, False, True]
    of_females = [row.replace("-1.1", "0.1") for row in rows]
    panel = read_panel(write(tmp_path / "r.cnn", CNVKIT, *of_females))
    assert np.allclose(panel["log2"], [0.3, 0.1, -0.8, -1.0])


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([OURS, "1\t0\t9\tmaybe\t0\t0\t0"], "line 2, column is_target: found 'maybe'"),
        ([OURS, "1\t0\t9\tTrue\t0\tx\t0"], "line 2, column log2: found 'x', expected a number"),
        ([OURS, *["1\t0\t9\tTrue\t0\t0\t0"] * 2], "line 3: found chr1:0-9 a second time"),
        (
            ["contig\tstart", "1\t0"],
            "header: found columns contig, start, expected those of sto",
        ),
        (["chromosome\tstart\tend\tgene\tlog2", "1\t0\t9\tA\t7"], "storiform panel-of-normals"),
        ([], "found an empty file"),
    ],
)
def test_what_is_no_panel_is_refused(tmp_path, lines, match) -> None:
    with pytest.raises(InputError, match=match):
        read_panel(write(tmp_path / "p.tsv", *lines))


def test_a_panel_without_spread_is_warned_of(tmp_path) -> None:
    ours = [f"{OURS}\tnormal:N1", "1\t0\t9\tTrue\t0.4\t0.2\t\t0.2"]
    with pytest.warns(DataWarning, match=r"p\.tsv: no bin has a spread .* of one normal"):
        assert read_panel(write(tmp_path / "p.tsv", *ours))["log2"].tolist() == [0.2]
    flat = [CNVKIT, "1\t0\t9\tA\t0\t0.4\t0.1\t0", "1\t9\t19\tA\t0\t0.4\t0.1\t0"]
    with pytest.warns(DataWarning, match=r"p\.tsv: no bin has a spread .* it is flat"):
        assert len(read_panel(write(tmp_path / "p.tsv", *flat))) == 2


@pytest.mark.parametrize("build", BUILDS)
def test_bundled_arms_cover_the_chromosomes(build: Build) -> None:
    default = RESOURCES["chromosome_arms"].default
    assert default is not None
    arms = read_chromosome_arms(bundled(default.format(build=build)))
    assert arms.groupby("contig")["end"].max().to_dict() == dict(LENGTHS[build])
    short, long = (arms[arms["arm"] == arm].set_index("contig") for arm in "pq")
    assert (short["start"] == 0).all()
    assert (short["end"] == long["start"]).all()
    assert (short["end"] > 0).all()
    assert (long["end"] > long["start"]).all()


@pytest.mark.parametrize("build", BUILDS)
def test_bundled_genes_lie_on_their_chromosomes(build: Build) -> None:
    default = RESOURCES["gene_places"].default
    assert default is not None
    genes = read_gene_places(bundled(default.format(build=build))).set_index("gene")
    assert set(genes["contig"]) <= set(LENGTHS[build])
    assert (genes["end"] < genes["contig"].map(LENGTHS[build])).all()
    assert (genes["end"] - genes["start"]).between(400, 2_600_000).all()
    bands = genes["cytoband"].str.extract(r"^(\d+|X|Y)([pq]\d+)")
    assert bands.notna().all(axis=None)
    assert ("chr" + bands[0]).tolist() == genes["contig"].tolist()
    atrx = genes.loc["ATRX"]
    for start, end in PSEUDOAUTOSOMAL[build]["chrX"]:
        assert not (atrx["start"] < end and atrx["end"] > start)


PLACES = {
    "GRCh37": {
        "CDK4": ("chr12", 58_141_510, 58_146_093, "12q14.1"),
        "MDM2": ("chr12", 69_201_971, 69_239_320, "12q15"),
        "TP53": ("chr17", 7_571_720, 7_590_868, "17p13.1"),
        "CDKN2A": ("chr9", 21_967_751, 21_974_826, "9p21.3"),
        "MYC": ("chr8", 128_748_315, 128_753_680, "8q24.21"),
        "ATRX": ("chrX", 76_760_356, 77_041_719, "Xq21.1"),
        "RB1": ("chr13", 48_877_883, 49_056_026, "13q14.2"),
    },
    "GRCh38": {
        "CDK4": ("chr12", 57_747_727, 57_752_310, "12q14.1"),
        "MDM2": ("chr12", 68_808_172, 68_850_686, "12q15"),
        "TP53": ("chr17", 7_668_421, 7_687_490, "17p13.1"),
    },
}
"""Places as RefSeq has them, which differ by alternative ends of transcripts."""


@pytest.mark.parametrize("build", BUILDS)
def test_genes_lie_where_the_literature_has_them(build: Build) -> None:
    genes = read_gene_places(bundled(f"reference/genome/gene_places.{build}.tsv"))
    for name, (contig, start, end, band) in PLACES[build].items():
        found = genes[genes["gene"] == name].iloc[0]
        assert found["contig"] == contig
        assert abs(found["start"] - start) < 6_000
        assert abs(found["end"] - end) < 6_000
        assert found["cytoband"] == band


def test_genes_of_chromosome_17_are_those_of_gencode(real_data: Path) -> None:
    path = real_data / "annotation" / "gencode.v38.chr17.gtf.gz"
    names = ["contig", "kind", "start", "end", "attributes"]
    lines = pd.read_csv(path, sep="\t", comment="#", header=None, usecols=[0, 2, 3, 4, 8])
    lines.columns = pd.Index(names)
    transcripts = lines[lines["kind"] == "transcript"]
    gene = transcripts["attributes"].str.extract('gene_name "([^"]+)"')[0]
    known = set(zip(gene, transcripts["start"] - 1, transcripts["end"], strict=True))
    genes = read_gene_places(bundled("reference/genome/gene_places.GRCh38.tsv"))
    ours = genes[genes["contig"] == "chr17"]
    placed = list(zip(ours["gene"], ours["start"], ours["end"], strict=True))
    assert len(placed) >= 13
    assert [place for place in placed if place not in known] == []


def test_genes_of_hg19_hold_the_baits_of_an_exome(real_data: Path) -> None:
    path = real_data / "annotation" / "interval-exome.target-267.hg19.bed.gz"
    names = ["contig", "start", "end", "gene"]
    baits = pd.read_csv(path, sep="\t", header=None, names=names, dtype={"contig": str})
    genes = read_gene_places(bundled("reference/genome/gene_places.GRCh37.tsv"))
    both = baits.merge(genes, on="gene", suffixes=("", "_gene"))
    assert both["gene"].nunique() > 200
    assert ("chr" + both["contig"] == both["contig_gene"]).all()
    touches = (both["start"] < both["end_gene"] + 250) & (
        both["end"] > both["start_gene"] - 250
    )
    assert touches.mean() > 0.95
    assert touches.groupby(both["gene"]).mean().min() > 0.4


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        (
            ["gene\tcontig\tstart\tend\tcytoband", *["A\t1\t0\t9\t1p"] * 2],
            "found 'A' a second t",
        ),
        (
            ["gene\tcontig\tstart\tend\tcytoband", "A\t1\t9\t9\t1p"],
            "found 9 to 9, expected an in",
        ),
        (
            ["gene\tcontig\tstart\tend\tcytoband", "\t1\t0\t9\t1p"],
            "column gene: found an empty",
        ),
        (
            ["gene\tcontig", "A\t1"],
            "expected columns gene, contig, start, end, cytoband. Write",
        ),
    ],
)
def test_faulty_places_of_genes_are_refused(tmp_path, lines, match) -> None:
    with pytest.raises(InputError, match=match):
        read_gene_places(write(tmp_path / "g.tsv", *lines))


def test_faulty_arms_are_refused(tmp_path) -> None:
    path = write(tmp_path / "a.tsv", "contig\tarm\tstart\tend", "1\tr\t0\t9")
    with pytest.raises(InputError, match="line 2, column arm: found 'r', expected p and q"):
        read_chromosome_arms(path)
