"""Purity and ploidy of real tumours are those that other programs found."""

import warnings
from pathlib import Path

import pandas as pd
import pytest

from storiform.biomarkers.copy_number.alleles import AllelesParams, snp_counts
from storiform.biomarkers.copy_number.fit import CopyNumberFitParams, copy_number_fit
from storiform.biomarkers.copy_number.ratios import RatiosParams, log_ratios
from storiform.biomarkers.copy_number.segmentation import SegmentationParams, raw_segments
from storiform.io.coverage import read_coverage
from storiform.io.snp_files import read_snps
from storiform.io.units import SourceUnit


def unit(folder: Path, **names: str) -> SourceUnit:
    files = {column: folder / name for column, name in names.items()}
    samples = {"tumour_exome": "LIB-02240e4", "normal_exome": "LIB-02252e4"}
    return SourceUnit("P1", "P1", files, samples, "GRCh37", {})


def snps_of(folder: Path, name: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows that stand twice; AD and FA that contradict
        return read_snps(unit(folder, snps=name))


def fit_of(snps: pd.DataFrame, coverage: pd.DataFrame | None) -> pd.Series:
    counts = snp_counts(snps, None, None, AllelesParams())
    ratios = log_ratios(None, None, coverage, counts, None, None, RatiosParams())
    segments = raw_segments(ratios.log_ratios, counts, SegmentationParams())
    found = copy_number_fit(
        segments, counts, ratios.quality, None, None, None, None, None, CopyNumberFitParams()
    )
    return found.fit.iloc[0]


def test_the_stomach_tumour_of_facets_has_the_purity_and_ploidy_of_facets(real_data):
    fit = fit_of(snps_of(real_data / "cnv", "facets_stomach.csv.gz"), None)
    assert fit["purity"] == pytest.approx(0.895, abs=0.05)
    assert fit["ploidy"] == pytest.approx(2.08, abs=0.15)
    assert not fit["is_ambiguous"]
    assert not fit["wgd"]


def test_the_example_of_purecn_has_the_purity_and_ploidy_of_purecn(real_data):
    folder = real_data / "cnv"
    snps = snps_of(folder, "purecn_example_vcf.vcf.gz")
    frames = []
    for role, name in (("tumour", "tumor"), ("normal", "normal")):
        coverage = read_coverage(unit(folder, coverage=f"purecn_example_{name}.txt.gz"))
        frames.append(coverage.assign(patient="P1", sample=role, role=role, assay="exome"))
    fit = fit_of(snps, pd.concat(frames, ignore_index=True))
    assert fit["purity"] == pytest.approx(0.66, abs=0.05)
    assert fit["ploidy"] == pytest.approx(1.747, abs=0.15)
    assert not fit["is_ambiguous"]
