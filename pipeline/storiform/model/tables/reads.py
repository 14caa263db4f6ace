"""What is learnt from aligned reads, and what follows from it."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_CONTIG = Column("string", "contig, with the prefix chr")
_START = Column("int", "start, 0-based", "bp")
_END = Column("int", "end, half-open", "bp")
_BASES = {
    "a": Column("int", "reads with A", "reads"),
    "c": Column("int", "reads with C", "reads"),
    "g": Column("int", "reads with G", "reads"),
    "t": Column("int", "reads with T", "reads"),
}

READ_STATISTICS = Table(
    "read_statistics",
    grain="sample",
    description="One row per sample: its records, as flags and alignments tell.",
    columns={
        "reads": Column("int", "reads: primary records, aligned or not", "reads"),
        "mapped": Column("int", "of these aligned", "reads"),
        "duplicates": Column("int", "of the aligned, marked as duplicates", "reads"),
        "properly_paired": Column("int", "of the aligned, in a proper pair", "reads"),
        "paired": Column("int", "reads of pairs", "reads"),
        "qc_failed": Column("int", "reads that failed the platform's own checks", "reads"),
        "low_mapq": Column("int", "of the aligned, with mapping quality below 20", "reads"),
        "secondary": Column("int", "secondary records", "records"),
        "supplementary": Column("int", "supplementary records", "records"),
        "on_target": Column(
            "nullable_int", "of the aligned, with an aligned base on a target", "reads"
        ),
        "mitochondrial": Column("int", "of the aligned, on chrM", "reads"),
        "spliced": Column(
            "int",
            "of the aligned, that span more than 300 reference bases, and 100 more than they "
            "have themselves: spliced RNA",
            "reads",
        ),
        "read_length": Column("nullable_int", "median length of a read", "bp"),
        "insert_size": Column("nullable_int", "median template length of proper pairs", "bp"),
        "insert_size_mad": Column(
            "nullable_int", "median absolute deviation of that length", "bp"
        ),
        "aligned_bases": Column("int", "aligned bases of primary records", "bp"),
    },
)
ReadStatistics = Annotated[pd.DataFrame, READ_STATISTICS]

TARGET_DEPTH = Table(
    "target_depth",
    grain="sample",
    is_published=False,
    description="One row per target: how deep it was sequenced.",
    key=("contig", "start", "end"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        "end": _END,
        "depth_sum": Column(
            "int", "sum of the depth over its bases, by callability.depth_rule", "bp"
        ),
        "callable_bases": Column(
            "int", "of its bases deep enough in good reads for the sample's role", "bp"
        ),
        "called_bases": Column("int", "of its bases with a majority base in good reads", "bp"),
        "gc_bases": Column("int", "of these with G or C as that base", "bp"),
    },
)
TargetDepth = Annotated[pd.DataFrame, TARGET_DEPTH]

DEPTH_HISTOGRAM = Table(
    "depth_histogram",
    grain="sample",
    is_published=False,
    description="One row per depth that occurs: how many target bases have it.",
    key=("depth",),
    columns={
        "depth": Column(
            "int", "depth by callability.depth_rule; 5000 stands for all above", "reads"
        ),
        "bases": Column("int", "target bases of that depth", "bp"),
    },
)
DepthHistogram = Annotated[pd.DataFrame, DEPTH_HISTOGRAM]

CALLABLE_INTERVALS = Table(
    "callable_intervals",
    grain="sample",
    is_published=False,
    description="One row per stretch of target bases deep enough to call, in good reads.",
    key=("contig", "start"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        "end": _END,
        "depth_sum": Column("int", "sum of the good depth over its bases", "bp"),
        "min_depth": Column("int", "the depth that each of its bases has at least", "reads"),
    },
)
CallableIntervals = Annotated[pd.DataFrame, CALLABLE_INTERVALS]

ALLELE_SITES = Table(
    "allele_sites",
    grain="sample",
    is_published=False,
    description="One row per target base that shows a second allele in enough good reads.",
    key=("contig", "start"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        **_BASES,
        "context": Column(
            "string",
            "majority bases of the 15 places before and of the 15 after; they name the place "
            "in any build; empty where one of them is not known",
        ),
    },
)
AlleleSites = Annotated[pd.DataFrame, ALLELE_SITES]

ALTERNATIVE_SITES = Table(
    "alternative_sites",
    grain="sample",
    is_published=False,
    description="One row per target base of a normal exome where most of enough good reads "
    "show another base than the reference; none without resources.fasta.",
    key=("contig", "start"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        **_BASES,
        "context": Column("string", "15 bases before and 15 after; empty where not known"),
    },
)
AlternativeSites = Annotated[pd.DataFrame, ALTERNATIVE_SITES]

GERMLINE_SITES = Table(
    "germline_sites",
    grain="patient",
    version=2,
    description="One row per place where the patient's normal carries two alleles, or only "
    "one that is not the reference's.",
    key=("contig", "start"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        "zygosity": Column(
            "string",
            "heterozygous, or homozygous for a base that is not the reference's; homozygous "
            "places are listed where resources.fasta is given",
        ),
        "reference": Column(
            "string", "base of the reference; empty without resources.fasta, or where it is N"
        ),
        "allele_1": Column("string", "the allele of more reads (ties: A before T)"),
        "allele_2": Column("string", "the other allele; that of allele_1 if homozygous"),
        "normal_depth": Column("int", "good reads of the normal", "reads"),
        "normal_allele_1_reads": Column("int", "of these with allele 1", "reads"),
        "normal_allele_2_reads": Column(
            "int", "of these with the second base, which is an error if homozygous", "reads"
        ),
        "context": Column("string", "15 bases before and 15 after; empty where not known"),
    },
)
GermlineSites = Annotated[pd.DataFrame, GERMLINE_SITES]

GERMLINE_ALLELES = Table(
    "germline_alleles",
    grain="sample",
    is_published=False,
    description="One row per germline site of the patient: the alleles in a tumour or its RNA.",
    key=("contig", "start"),
    columns={"contig": _CONTIG, "start": _START, **_BASES},
)
GermlineAlleles = Annotated[pd.DataFrame, GERMLINE_ALLELES]

_COUNTED = {
    "depth": Column("int", "fragments over the call in good reads", "fragments"),
    "ref_reads": Column("int", "of these with the reference allele", "fragments"),
    "alt_reads": Column("int", "of these with the somatic allele", "fragments"),
    "alt_forward": Column("int", "with the somatic allele, on the forward strand", "fragments"),
    "alt_reverse": Column("int", "with the somatic allele, on the reverse strand", "fragments"),
    "alt_f1r2": Column("int", "with the somatic allele, in pairs F1R2", "fragments"),
    "alt_f2r1": Column("int", "with the somatic allele, in pairs F2R1", "fragments"),
}
RECOUNTS = Table(
    "recounts",
    grain="sample",
    is_published=False,
    description="One row per call of the patient: its alleles counted in one sample's reads.",
    key=("contig", "start", "end", "ref", "alt"),
    columns={
        "contig": _CONTIG,
        "start": _START,
        "end": _END,
        "ref": Column("string", "reference allele"),
        "alt": Column("string", "somatic allele"),
        **_COUNTED,
    },
)
Recounts = Annotated[pd.DataFrame, RECOUNTS]

CALLABLE_BASES = Table(
    "callable_bases",
    grain="biopsy",
    is_published=False,
    description="One row per stretch of target bases deep enough in tumour and normal.",
    key=("contig", "start"),
    columns={"contig": _CONTIG, "start": _START, "end": _END},
)
CallableBases = Annotated[pd.DataFrame, CALLABLE_BASES]

CALLABILITY = Table(
    "callability",
    grain="biopsy",
    description="One row per biopsy: how many bases are deep enough in tumour and normal.",
    columns={
        "target_bases": Column("int", "bases of the targets", "bp"),
        "tumour_callable": Column("int", "of these deep enough in the tumour", "bp"),
        "normal_callable": Column(
            "nullable_int", "of these deep enough in the normal; missing without one", "bp"
        ),
        "callable_bases": Column("int", "of these deep enough in both", "bp"),
        "coding_bases": Column(
            "nullable_int", "coding bases of the targets; missing without genes", "bp"
        ),
        "callable_coding": Column("nullable_int", "of these deep enough in both", "bp"),
        "min_tumour_depth": Column("int", "good reads that the tumour must have", "reads"),
        "min_normal_depth": Column("int", "good reads that the normal must have", "reads"),
    },
)
Callability = Annotated[pd.DataFrame, CALLABILITY]

GENE_CALLABILITY = Table(
    "gene_callability",
    grain="biopsy",
    is_published=False,
    description="One row per gene with coding bases in the targets.",
    key=("gene_id",),
    columns={
        "gene_id": Column("string", "gene id of the annotation, without version"),
        "gene": Column("string", "symbol of the annotation"),
        "coding_bases": Column("int", "coding and splice bases in the targets", "bp"),
        "callable_coding": Column("int", "of these deep enough in tumour and normal", "bp"),
    },
)
GeneCallability = Annotated[pd.DataFrame, GENE_CALLABILITY]

GENE_COUNTS = Table(
    "gene_counts",
    grain="sample",
    is_published=False,
    description="One row per gene of the annotation: fragments of an RNA sample.",
    key=("gene_id",),
    columns={
        "gene_id": Column("string", "gene id as the annotation writes it"),
        "gene": Column("string", "symbol of the annotation"),
        "count": Column("float", "fragments (fractional where so configured)", "fragments"),
        "length": Column("float", "bases in the union of its exons", "bp"),
    },
)
GeneCounts = Annotated[pd.DataFrame, GENE_COUNTS]

CONTAMINATION = Table(
    "contamination",
    grain="cohort",
    description="One row per sample: the share of its reads that are of another person.",
    key=("patient", "sample"),
    columns={
        "patient": Column("string", "patient"),
        "sample": Column("string", "sample"),
        "role": Column("string", "tumour or normal"),
        "assay": Column("string", "exome or rna"),
        "contamination": Column("float", "share of reads of another person"),
        "contamination_lower": Column("float", "lower 95 % bound"),
        "contamination_upper": Column("float", "upper 95 % bound"),
        "contamination_sites": Column(
            "int", "places polymorphic in the cohort where the sample has one allele", "sites"
        ),
    },
)
Contamination = Annotated[pd.DataFrame, CONTAMINATION]

IDENTITY = Table(
    "identity",
    grain="cohort",
    version=2,
    description="One row per pair of samples that are, or ought to be, of one person, and "
    "for each sample its nearest of another patient.",
    key=("sample_1", "sample_2"),
    columns={
        "sample_1": Column("string", "a sample"),
        "sample_2": Column("string", "another, after it by name"),
        "patient_1": Column("string", "patient of the first"),
        "patient_2": Column("string", "patient of the second"),
        "kind_1": Column("string", "role and assay of the first: normal exome ..."),
        "kind_2": Column("string", "role and assay of the second"),
        "sites": Column(
            "int", "places compared: callable in both, with two alleles in one", "sites"
        ),
        "concordance": Column("float", "share of them with one genotype"),
        "log_likelihood_ratio": Column(
            "float", "of one person against two, unrelated or mixed with each other", "ln"
        ),
        "expected": Column("string", "same or different, as the sheet says"),
        "found": Column("string", "same, different or undecided, as the reads say"),
        "says": Column("string", "what is wrong, in words; empty if nothing is"),
    },
)
Identity = Annotated[pd.DataFrame, IDENTITY]

_Q = {
    "reads": Column("nullable_int", "reads: primary records, aligned or not", "reads"),
    "mapped_share": Column("float", "aligned of all reads"),
    "duplicate_share": Column("float", "duplicates of the aligned"),
    "proper_share": Column("float", "aligned reads in a proper pair, of the aligned"),
    "read_length": Column("nullable_int", "median length of a read", "bp"),
    "insert_size": Column("nullable_int", "median template length of proper pairs", "bp"),
    "on_target_share": Column("float", "aligned reads on a target, of the aligned"),
    "mean_depth": Column("float", "mean depth of the targets, mates counted once", "reads"),
    "median_depth": Column("float", "median depth of the target bases", "reads"),
    "share_20x": Column("float", "target bases of depth 20 or more"),
    "share_50x": Column("float", "target bases of depth 50 or more"),
    "share_100x": Column("float", "target bases of depth 100 or more"),
    "gc_bias": Column(
        "float",
        "relative depth of targets with GC above .6 less that of targets with GC below .4",
    ),
    "sex_found": Column("string", "female or male by X and Y; empty if undecided"),
    "x_ratio": Column("float", "depth of X targets by that of autosomal targets"),
    "y_ratio": Column("float", "depth of Y targets by that of autosomal targets"),
    "contamination": Column("float", "share of reads of another person"),
    "contamination_lower": Column("float", "lower 95 % bound"),
    "contamination_upper": Column("float", "upper 95 % bound"),
    "assigned_share": Column("float", "RNA: fragments assigned to a gene"),
    "mitochondrial_share": Column("float", "aligned reads of chrM"),
    "rrna_share": Column("float", "RNA: fragments of rRNA genes"),
    "strandedness_found": Column("string", "RNA: unstranded, forward or reverse"),
    "three_prime_bias": Column("float", "RNA: mean place of reads along transcripts"),
    "genes_detected": Column("nullable_int", "RNA: genes with a fragment", "genes"),
}
QUALITY = Table(
    "quality",
    grain="cohort",
    description="One row per sample with reads: what they are worth.",
    key=("patient", "sample"),
    columns={
        "patient": Column("string", "patient"),
        "sample": Column("string", "sample"),
        "role": Column("string", "tumour or normal"),
        "assay": Column("string", "exome or rna"),
        **_Q,
        "concerns": Column("string", "what is doubtful, in words, joined by ;"),
    },
)
Quality = Annotated[pd.DataFrame, QUALITY]
