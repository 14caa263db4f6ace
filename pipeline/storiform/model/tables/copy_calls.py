"""Copy number: purity and ploidy, segments, genes, arms, and the clonality of mutations."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_CONTIG = Column("string", "contig, with the prefix chr")
_PLACE = {
    "contig": _CONTIG,
    "start": Column("int", "start, 0-based", "bp"),
    "end": Column("int", "end, half-open", "bp"),
}

COPY_NUMBER_FIT = Table(
    "copy_number_fit",
    grain="biopsy",
    description="One row per biopsy: purity, ploidy and how sure they are.",
    columns={
        "purity": Column("float", "share of tumour cells; missing where it cannot be told"),
        "purity_lower": Column("float", "lower 95 % bound"),
        "purity_upper": Column("float", "upper 95 % bound"),
        "ploidy": Column(
            "float",
            "mean copies of tumour cells on autosomes; missing with purity",
            feature=True,
        ),
        "is_ambiguous": Column(
            "bool",
            "another purity and ploidy explain the data as well, or segments lie lower than "
            "any copies allow",
        ),
        "alternatives": Column(
            "string",
            "further optima, best first: purity/ploidy (ln likelihood less than the best)",
        ),
        "wgd": Column(
            "nullable_bool",
            "whole-genome doubling: major copies of 2 or more over half the genome",
            feature=True,
        ),
        "fraction_altered": Column(
            "float",
            "share of the autosomes away from the basic copies or with LOH",
            feature=True,
        ),
        "fraction_loh": Column(
            "float", "share of the autosomes without the minor allele", feature=True
        ),
        "fraction_subclonal": Column("float", "share of the autosomes in subclonal segments"),
        "breakpoints": Column("int", "change points between segments", "breakpoints"),
        "sex": Column("string", "female or male, as used for X and Y; empty if unknown"),
        "reference": Column("string", "as in copy_number_quality"),
        "method": Column(
            "string", "fitted, given (another program's), thresholds (log ratios alone)"
        ),
        "limits": Column("string", "what limits the answer, in words, joined by ;"),
    },
)
CopyNumberFit = Annotated[pd.DataFrame, COPY_NUMBER_FIT]

COPY_NUMBER_SURFACE = Table(
    "copy_number_surface",
    grain="biopsy",
    is_published=False,
    description="One row per purity and ploidy of the grid: how well they explain the data.",
    key=("purity", "ploidy"),
    columns={
        "purity": Column("float", "share of tumour cells"),
        "ploidy": Column("float", "mean copies of tumour cells"),
        "log_likelihood": Column("float", "ln of the score, less that of the best", "ln"),
    },
)
CopyNumberSurface = Annotated[pd.DataFrame, COPY_NUMBER_SURFACE]

COPY_NUMBER_SEGMENTS = Table(
    "copy_number_segments",
    grain="biopsy",
    description="One row per segment with its copies; segments of a contig touch.",
    key=("contig", "start"),
    columns={
        **_PLACE,
        "bins": Column("nullable_int", "bins or markers", "bins"),
        "snps": Column("nullable_int", "places with two alleles", "sites"),
        "log2": Column("float", "log ratio, centred on the mean copies", "log2"),
        "log2_se": Column("float", "its standard error, long-range noise included", "log2"),
        "major_share": Column("float", "share of the major allele's reads; missing without"),
        "total": Column("nullable_int", "copies in tumour cells; missing without a purity"),
        "minor": Column("nullable_int", "copies of the minor allele; missing without SNPs"),
        "total_raw": Column("float", "copies before rounding"),
        "total_lower": Column("float", "lower 95 % bound of the copies before rounding"),
        "total_upper": Column("float", "upper 95 % bound of the copies before rounding"),
        "normal_copies": Column("int", "copies in the patient's normal cells"),
        "probability": Column("float", "of total and minor among all states of the fit"),
        "is_subclonal": Column("bool", "no whole number of copies explains it"),
    },
)
CopyNumberSegments = Annotated[pd.DataFrame, COPY_NUMBER_SEGMENTS]

COPY_NUMBER_GENES = Table(
    "copy_number_genes",
    grain="biopsy",
    description="One row per gene of the list, and per further gene amplified or lost.",
    key=("gene",),
    columns={
        "gene": Column("string", "HGNC symbol"),
        **_PLACE,
        "cytoband": Column("string", "chromosome band; empty where not known"),
        "bins": Column("int", "bins that overlap the gene", "bins"),
        "call": Column(
            "string",
            "HIGH_AMP, AMP, GAIN, NEUTRAL, CNLOH, HETLOSS, HOMDEL, or UNKNOWN",
        ),
        "total": Column("nullable_int", "copies of the segment that decides"),
        "minor": Column("nullable_int", "copies of the minor allele there"),
        "total_raw": Column("float", "copies before rounding"),
        "total_lower": Column("float", "lower 95 % bound"),
        "total_upper": Column("float", "upper 95 % bound"),
        "log2": Column("float", "log ratio of the gene: its bins, else its segment", "log2"),
        "segment_bases": Column("int", "length of the segment that decides", "bp"),
        "log_likelihood_ratio": Column(
            "float", "of no copies against the best other state, over the gene's bins", "ln"
        ),
        "probability": Column(
            "float", "that the call is right; missing where a log ratio alone decides"
        ),
        "fish_ratio": Column(
            "float", "copies of the gene by those around the centromere, as FISH counts"
        ),
        "is_amplified_gdc": Column(
            "nullable_bool", "copies are twice the ploidy or more, as GDC calls"
        ),
        "basis": Column("string", "copies, gene_bins, log_ratio (purity not known) or given"),
    },
)
CopyNumberGenes = Annotated[pd.DataFrame, COPY_NUMBER_GENES]

GENE_COPY_STATES = Table(
    "gene_copy_states",
    grain="biopsy",
    description="One row per biopsy, one column per gene and state that is asked for.",
    columns={
        "cdk4_mdm2_coamplified": Column(
            "nullable_bool", "CDK4 and MDM2 are both amplified", feature=True
        ),
    },
    rest=Column("nullable_bool", "the gene is in this state: GENE_STATE", feature=True),
)
GeneCopyStates = Annotated[pd.DataFrame, GENE_COPY_STATES]

COPY_NUMBER_ARMS = Table(
    "copy_number_arms",
    grain="biopsy",
    description="One row per chromosome arm with bins.",
    key=("contig", "arm"),
    columns={
        "contig": _CONTIG,
        "arm": Column("string", "p or q"),
        "call": Column("string", "gain, loss, loh (copy-neutral), mixed, neutral or unknown"),
        "total": Column("nullable_int", "copies over most of the arm"),
        "minor": Column(
            "nullable_int",
            "copies of the minor allele there; missing unless known for half of it",
        ),
        "share": Column("float", "share of the arm that has the call"),
        "log2": Column("float", "mean log ratio by length", "log2"),
    },
)
CopyNumberArms = Annotated[pd.DataFrame, COPY_NUMBER_ARMS]

COPY_NUMBER_DISCORDANCES = Table(
    "copy_number_discordances",
    grain="cohort",
    description="One row per biopsy whose copies speak against its stated histology.",
    key=("patient", "biopsy"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "histology": Column("string", "diagnosis as the clinical table states it"),
        "finding": Column("string", "what was found, with copies"),
        "suggests": Column("string", "what to review, with differential diagnoses"),
    },
)
CopyNumberDiscordances = Annotated[pd.DataFrame, COPY_NUMBER_DISCORDANCES]

COPY_NUMBER_FREQUENCY = Table(
    "copy_number_frequency",
    grain="cohort",
    description="One row per stretch of the genome: how many patients are altered there.",
    key=("contig", "start"),
    columns={
        **_PLACE,
        "patients": Column("int", "patients with copies there", "patients"),
        "gain": Column("float", "share of them with more copies than their ploidy"),
        "loss": Column("float", "share of them with fewer"),
        "amplified": Column("float", "share of them amplified"),
        "homozygous_deletion": Column("float", "share of them without any copy"),
        "loh": Column(
            "float",
            "share without the minor allele, of those whose minor copies are known",
        ),
    },
)
CopyNumberFrequency = Annotated[pd.DataFrame, COPY_NUMBER_FREQUENCY]

CLONALITY = Table(
    "clonality",
    grain="biopsy",
    description="One row per eligible somatic call: the share of tumour cells that carry it.",
    key=("contig", "start", "end", "ref", "alt"),
    columns={
        **_PLACE,
        "ref": Column("string", "reference allele"),
        "alt": Column("string", "somatic allele"),
        "gene": Column("string", "HGNC symbol as annotated"),
        "is_nonsynonymous": Column("bool", "changes the protein"),
        "tumour_depth": Column(
            "nullable_int", "tumour reads over the call; missing where not given", "reads"
        ),
        "tumour_alt_reads": Column("nullable_int", "of these with the somatic allele", "reads"),
        "total": Column("nullable_int", "copies of the place in tumour cells"),
        "minor": Column("nullable_int", "of these of the minor allele"),
        "multiplicity": Column("nullable_int", "copies that carry the call, likeliest"),
        "ccf": Column("float", "share of tumour cells that carry the call"),
        "ccf_lower": Column("float", "lower 95 % bound"),
        "ccf_upper": Column("float", "upper 95 % bound"),
        "probability_clonal": Column("float", "that all tumour cells carry the call"),
        "is_clonal": Column("nullable_bool", "clonal; missing where it cannot be told"),
    },
)
Clonality = Annotated[pd.DataFrame, CLONALITY]

CLONAL_BURDEN = Table(
    "clonal_burden",
    grain="biopsy",
    description="One row per biopsy: mutations by the share of tumour cells with them.",
    columns={
        "mutations_clonal": Column("int", "nonsynonymous calls of all tumour cells", "calls"),
        "mutations_subclonal": Column("int", "nonsynonymous calls of some cells", "calls"),
        "mutations_unplaced": Column("int", "nonsynonymous calls that cannot be told", "calls"),
        "tmb_clonal": Column("float", "clonal calls per megabase", "1/Mb", feature=True),
        "tmb_subclonal": Column("float", "subclonal calls per megabase", "1/Mb", feature=True),
    },
)
ClonalBurden = Annotated[pd.DataFrame, CLONAL_BURDEN]
