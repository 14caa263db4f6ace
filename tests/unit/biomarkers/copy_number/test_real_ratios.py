"""Real tumours: known amplifications and losses, array CGH, and a pair of another program."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.copy_number.alleles import AllelesParams, snp_counts
from storiform.biomarkers.copy_number.ratios import RatiosParams, log_ratios
from storiform.biomarkers.copy_number.segmentation import SegmentationParams, raw_segments
from storiform.io.panel import read_panel
from storiform.model.tables.copies import GIVEN_COVERAGE, GIVEN_SNPS

GENES = {
    "CDK4": ("chr12", 58_141_509, 58_146_304), "MDM2": ("chr12", 69_201_956, 69_239_214),
    "CDKN2A": ("chr9", 21_967_751, 21_995_300),
}  # fmt: skip
EXPECTED = [
    ("TR_95", "CDK4", 3.46, 0.2), ("TR_95", "MDM2", 2.89, 0.2), ("TR_37", "CDK4", 2.24, 0.6),
    ("TR_37", "MDM2", 2.69, 0.4), ("TR_06", "MDM2", 3.14, 0.2), ("TR_06", "CDK4", -0.2, 0.3),
    ("TR_55", "CDKN2A", -1.31, 0.2), ("TR_01", "MDM2", 0.0, 0.2), ("TR_98", "CDK4", 0.0, 0.2),
    ("TR_13", "CDKN2A", 0.0, 0.2),
]  # fmt: skip
"""Median log ratio of the gene's bins (hg19), and how far from it another reference may be.

The values are those against the matched normals; the panel, which has less noise here, gives
1.8 for CDK4 of TR_37 in this program and in CNVkit.
"""
CNVKIT_ERRORS = {
    "TR_01": 0.0313, "TR_06": 0.0593, "TR_13": 0.0328, "TR_37": 0.0397, "TR_42": 0.0239,
    "TR_55": 0.2525,
}  # fmt: skip
"""Mean distance of CNVkit's segments from those of array CGH on the bins of this program.

CNVkit 0.9.14 (PyPI) with DNAcopy 1.72.3: ``cnvkit.py fix TARGETS ANTITARGETS reference-tr.cnn``
and ``cnvkit.py segment``, all as they come; both centred on the median difference.
"""


def coverage(folder: Path, name: str, role: str) -> pd.DataFrame:
    """Return the coverage of a sample as the step gets it."""
    parts = []
    for kind in ("target", "antitarget"):
        path = folder / f"{name}.{kind}coverage.cnn.gz"
        parts.append(pd.read_csv(path, sep="\t").assign(is_target=kind == "target"))
    bins = pd.concat(parts).rename(columns={"chromosome": "contig"})
    depth = np.where(bins["log2"] <= -15, 0.0, 2.0 ** bins["log2"])
    reads = depth * (bins["end"] - bins["start"]) / 100
    bins = bins.assign(depth=depth, reads=reads, gc=np.nan)
    frame = GIVEN_COVERAGE.conform(bins[list(GIVEN_COVERAGE.columns)])
    return frame.assign(patient="P", sample=name, role=role, assay="exome")


def solve(folder, tumour, normal, panel):
    """Return log ratios, quality and segments of a sample."""
    given = coverage(folder, tumour, "tumour")
    if normal:
        given = pd.concat([given, coverage(folder, normal, "normal")])
    made = log_ratios(None, None, given, None, panel, None, RatiosParams())
    return *made, raw_segments(made.log_ratios, None, SegmentationParams())


def level_at(segments, bins, columns):
    """Return the value of the segment at the middle of each bin; missing where none is."""
    start, end, value = columns
    found = np.full(len(bins), np.nan)
    middle = ((bins["start"] + bins["end"]) // 2).to_numpy()
    for contig, rows in bins.groupby("contig").indices.items():
        own = segments[segments["contig"] == contig].sort_values(start)
        if own.empty:
            continue
        at = np.searchsorted(own[start].to_numpy(), middle[rows], side="right") - 1
        inside = (at >= 0) & (middle[rows] < own[end].to_numpy()[np.maximum(at, 0)])
        found[rows] = np.where(inside, own[value].to_numpy()[np.maximum(at, 0)], np.nan)
    return found


@pytest.fixture(scope="module")
def folder(real_data):
    """Return the folder of copy number."""
    return real_data / "cnv"


@pytest.fixture(scope="module")
def panel(folder):
    """Return the panel of the melanoma kit."""
    return read_panel(folder / "reference-tr.cnn.gz")


@pytest.fixture(scope="module")
def solved(folder, panel):
    """Return what is found for each tumour, with its normal and the panel."""
    names = sorted({name for name, *_ in EXPECTED} | set(CNVKIT_ERRORS))
    return {name: solve(folder, f"{name}_T", f"{name}_N", panel) for name in names}


@pytest.mark.parametrize(("name", "gene", "log2", "tolerance"), EXPECTED)
def test_known_levels_of_genes_are_found(solved, name, gene, log2, tolerance):
    bins, _, segments = solved[name]
    contig, start, end = GENES[gene]
    over = (bins["contig"] == contig) & (bins["end"] > start) & (bins["start"] < end)
    assert bins.loc[over & bins["is_target"], "log2"].median() == pytest.approx(
        log2, abs=tolerance
    )
    about = (
        segments["contig"].eq(contig) & (segments["end"] > start) & (segments["start"] < end)
    )
    assert segments.loc[about, "log2"].to_numpy() == pytest.approx(log2, abs=tolerance + 0.3)


def test_sexes_of_the_normals_are_told(solved):
    sexes = {name: quality["sex"].iloc[0] for name, (_, quality, _) in solved.items()}
    assert {name for name, sex in sexes.items() if sex == "female"} == {
        "TR_13",
        "TR_55",
        "TR_95",
    }
    assert set(sexes.values()) == {"female", "male"}


def test_segments_are_nearer_to_array_cgh_than_those_of_cnvkit(folder, solved):
    array = pd.read_csv(folder / "CL_acgh_180k.seg.gz", sep="\t")
    array["contig"] = "chr" + array["chrom"].astype(str)
    errors = {}
    for name in CNVKIT_ERRORS:
        bins, _, segments = solved[name]
        of_array = level_at(
            array[array["ID"] == f"{name}_T"], bins, ("loc.start", "loc.end", "seg.mean")
        )
        distance = level_at(segments, bins, ("start", "end", "log2")) - of_array
        known = distance[np.isfinite(distance) & ~bins["contig"].isin(["chrX", "chrY"])]
        errors[name] = float(np.abs(known - np.median(known)).mean())
    assert np.mean(list(errors.values())) < np.mean(list(CNVKIT_ERRORS.values()))
    better = [name for name, error in errors.items() if error <= CNVKIT_ERRORS[name] + 0.001]
    assert len(better) >= 5, errors


def test_the_cell_line_has_lost_cdkn2a_and_agrees_with_cnvkit(folder):
    panel = read_panel(folder / "reference-cell.cnn.gz")
    bins, quality, segments = solve(folder, "CL_seq", None, panel)
    assert quality["is_tumour_only"].tolist() == [True]
    contig, start, end = GENES["CDKN2A"]
    about = (
        segments["contig"].eq(contig) & (segments["end"] > start) & (segments["start"] < end)
    )
    assert segments.loc[about, "log2"].max() < -4
    theirs = pd.read_csv(folder / "cnvkit_cl_seq.cns", sep="\t")
    theirs = theirs.rename(columns={"chromosome": "contig"})
    columns = ("start", "end", "log2")
    both = pd.DataFrame(
        {"ours": level_at(segments, bins, columns), "theirs": level_at(theirs, bins, columns)}
    )[bins["is_target"] & ~bins["contig"].isin(["chrX", "chrY"])].dropna()  # fmt: skip
    difference = both["ours"] - both["theirs"]
    assert (difference - difference.median()).abs().mean() < 0.05
    assert both.corr().iloc[0, 1] > 0.97


def test_a_pair_known_by_its_places_alone_is_cut_as_facets_cuts_it(folder):
    counts = pd.read_csv(folder / "facets_stomach.csv.gz", dtype={"Chromosome": str})
    places = pd.DataFrame(
        {
            "contig": "chr" + counts["Chromosome"], "start": counts["Position"] - 1,
            "normal_1": counts["File1R"], "normal_2": counts["File1A"],
            "tumour_1": counts["File2R"], "tumour_2": counts["File2A"],
            "is_reference_first": True,
        }
    ).drop_duplicates(["contig", "start"])  # fmt: skip
    snps = snp_counts(GIVEN_SNPS.conform(places), None, None, AllelesParams())
    bins, quality = log_ratios(None, None, None, snps, None, None, RatiosParams())
    segments = raw_segments(bins, snps, SegmentationParams())
    assert quality["sex"].tolist() == ["female"]
    assert len(segments) < 90
    by_contig = segments[segments["bins"] > 300].groupby("contig")
    log2, share = by_contig["log2"].median(), by_contig["major_share"].median()
    assert log2["chr8"] == pytest.approx(0.49, abs=0.05)  # one copy more
    assert share["chr8"] == pytest.approx(0.65, abs=0.02)
    assert log2["chr3"] == pytest.approx(0.0, abs=0.08)  # LOH without loss
    assert share["chr3"] > 0.93
    for contig in ("chr10", "chr11", "chr17", "chr20"):
        assert (segments["contig"] == contig).sum() == 1
        assert share[contig] < 0.56
