"""Copy number: reads in bins, alleles, log ratios, and what other programs found."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_CONTIG = Column("string", "contig, with the prefix chr")
_START = Column("int", "start, 0-based", "bp")
_END = Column("int", "end, half-open", "bp")
_PLACE = {"contig": _CONTIG, "start": _START, "end": _END}
_IS_TARGET = Column("bool", "inside a target of the kit; else a bin between targets")
_GC = Column("float", "share of G and C of its known bases; missing where not known")

_COVERAGE = {
    **_PLACE,
    "is_target": _IS_TARGET,
    "reads": Column(
        "float",
        "reads whose middle lies in the bin; from a given depth: depth x length / 100",
        "reads",
    ),
    "depth": Column("float", "mean depth", "reads"),
    "gc": _GC,
}
BIN_COVERAGE = Table(
    "bin_coverage",
    grain="sample",
    is_published=False,
    description="One row per bin, on and off the targets: the reads of a sample in it.",
    key=("contig", "start", "end"),
    columns=_COVERAGE,
)
BinCoverage = Annotated[pd.DataFrame, BIN_COVERAGE]

GIVEN_COVERAGE = Table(
    "given_coverage",
    grain="sample",
    version=2,
    is_published=False,
    description="One row per bin of a coverage file (.cnn, PureCN) of the sample sheet.",
    key=("contig", "start", "end"),
    columns=_COVERAGE,
)
GivenCoverage = Annotated[pd.DataFrame, GIVEN_COVERAGE]

_SNPS = {
    "contig": _CONTIG,
    "start": _START,
    "normal_1": Column("int", "reads of the normal with allele 1; 0 without a normal", "reads"),
    "normal_2": Column("int", "reads of the normal with allele 2; 0 without a normal", "reads"),
    "tumour_1": Column("int", "reads of the tumour with allele 1", "reads"),
    "tumour_2": Column("int", "reads of the tumour with allele 2", "reads"),
    "is_reference_first": Column("bool", "whether allele 1 is known to be the reference's"),
}
SNP_COUNTS = Table(
    "snp_counts",
    grain="biopsy",
    is_published=False,
    description="One row per place with counts of two alleles in the patient's reads.",
    key=("contig", "start"),
    columns={
        **_SNPS,
        "is_usable": Column("bool", "two alleles in the normal, and deep enough in both"),
    },
)
SnpCounts = Annotated[pd.DataFrame, SNP_COUNTS]

GIVEN_SNPS = Table(
    "given_snps",
    grain="biopsy",
    version=2,
    is_published=False,
    description="One row per place of a file of allele counts (FACETS pileup, seqz, VCF).",
    key=("contig", "start"),
    columns=_SNPS,
)
GivenSnps = Annotated[pd.DataFrame, GIVEN_SNPS]

_RATIO = {
    **_PLACE,
    "is_target": _IS_TARGET,
    "log2": Column("float", "log2 of the tumour's depth by that of the reference", "log2"),
    "variance": Column("float", "variance of that value about its segment", "log2^2"),
}
GIVEN_RATIOS = Table(
    "given_ratios",
    grain="biopsy",
    version=2,
    is_published=False,
    description="One row per bin of a file of log ratios (.cnr) of the sample sheet.",
    key=("contig", "start", "end"),
    columns=_RATIO,
)
GivenRatios = Annotated[pd.DataFrame, GIVEN_RATIOS]

LOG_RATIOS = Table(
    "log_ratios",
    grain="biopsy",
    is_published=False,
    description="One row per bin: tumour against the reference, corrected and centred.",
    key=("contig", "start", "end"),
    columns=_RATIO,
)
LogRatios = Annotated[pd.DataFrame, LOG_RATIOS]

COPY_NUMBER_QUALITY = Table(
    "copy_number_quality",
    grain="biopsy",
    description="One row per biopsy: what its log ratios were taken against, and their noise.",
    columns={
        "reference": Column(
            "string",
            "what the tumour was compared with: normal, panel, normal_and_panel, given (ready "
            "log ratios), tumour_only (no normal, no panel)",
        ),
        "is_tumour_only": Column("bool", "there was no normal of the patient"),
        "noise": Column(
            "float", "robust SD of neighbouring log ratios on target, by root 2", "log2"
        ),
        "noise_normal": Column("float", "the same against the patient's normal", "log2"),
        "noise_panel": Column("float", "the same against the panel", "log2"),
        "noise_both": Column("float", "the same against normal and panel together", "log2"),
        "bins": Column("int", "bins with a log ratio", "bins"),
        "target_bins": Column("int", "of these on target", "bins"),
        "snps": Column("int", "places with two alleles and counts of the tumour", "sites"),
        "median_reads": Column("float", "median reads of the tumour's target bins", "reads"),
        "sex": Column("string", "female or male, by X and Y or as stated; empty if unknown"),
        "limits": Column("string", "what limits the answers, in words, joined by ;"),
    },
)
CopyNumberQuality = Annotated[pd.DataFrame, COPY_NUMBER_QUALITY]

RAW_SEGMENTS = Table(
    "raw_segments",
    grain="biopsy",
    is_published=False,
    description="One row per stretch between change points, before any copies are called.",
    key=("contig", "start"),
    columns={
        **_PLACE,
        "bins": Column("int", "bins of the stretch", "bins"),
        "snps": Column("int", "places with two alleles", "sites"),
        "log2": Column("float", "weighted mean log ratio", "log2"),
        "log2_se": Column("float", "its standard error by the noise of bins", "log2"),
        "wave_sd": Column("float", "SD of long-range noise, of the whole biopsy", "log2"),
        "major_share": Column("float", "likeliest share of the major allele; missing without"),
    },
)
RawSegments = Annotated[pd.DataFrame, RAW_SEGMENTS]

PATHOLOGY = Table(
    "pathology",
    grain="biopsy",
    description="One row per biopsy: purity and ploidy as the sample sheet states them.",
    columns={
        "purity": Column("float", "share of tumour cells, as stated"),
        "ploidy": Column("float", "mean copies of tumour cells, as stated"),
    },
)
Pathology = Annotated[pd.DataFrame, PATHOLOGY]

GIVEN_FIT = Table(
    "given_fit",
    grain="biopsy",
    version=2,
    description="One row per biopsy: purity and ploidy that another program found.",
    columns={
        "tool": Column(
            "string", "PURPLE, ASCAT, FACETS, Sequenza or PureCN; table: the file tells none"
        ),
        "purity": Column("float", "share of tumour cells"),
        "ploidy": Column("float", "mean copies of the tumour cells"),
        "wgd": Column("nullable_bool", "whole-genome doubling, where the program tells"),
    },
)
GivenFit = Annotated[pd.DataFrame, GIVEN_FIT]

GIVEN_SEGMENTS = Table(
    "given_segments",
    grain="biopsy",
    version=2,
    is_published=False,
    description="One row per segment of another program (.cns, SEG, PURPLE, ASCAT ...).",
    key=("contig", "start"),
    columns={
        **_PLACE,
        "bins": Column("nullable_int", "bins or markers", "bins"),
        "log2": Column("float", "log ratio; missing where only copies are given", "log2"),
        "total": Column("float", "total copies; missing where only log ratios are given"),
        "minor": Column("float", "copies of the minor allele; missing where not given"),
        "tool": Column("string", "the program, as the file's columns tell"),
    },
)
GivenSegments = Annotated[pd.DataFrame, GIVEN_SEGMENTS]
