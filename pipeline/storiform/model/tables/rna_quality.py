"""What RNA reads and counts are worth, and what the sample sheet says of their library."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

RNA_LIBRARY = Table(
    "rna_library",
    grain="biopsy",
    description="One row per biopsy: what the sample sheet says of its RNA library.",
    columns={
        "strandedness": Column("string", "unstranded, forward or reverse; empty if not told"),
        "batch": Column("string", "with which others it was prepared or sequenced"),
        "site": Column("string", "where it was taken or prepared"),
        "library": Column("string", "kind of library or kit"),
    },
)
RnaLibrary = Annotated[pd.DataFrame, RNA_LIBRARY]

GENE_COUNTING_SUMMARY = Table(
    "gene_counting_summary",
    grain="sample",
    version=2,
    description="One row per RNA sample: where its fragments went.",
    columns={
        "mode": Column("string", "rule of assignment"),
        "strandedness": Column("string", "unstranded, forward or reverse: as counted"),
        "strandedness_found": Column("string", "what the reads say; empty if undecided"),
        "sense_share": Column("float", "of the stranded evidence, read 1 along the gene"),
        "fragments": Column("int", "fragments (or reads) looked at", "fragments"),
        "assigned": Column("int", "assigned to a gene", "fragments"),
        "ambiguous": Column("int", "of several genes", "fragments"),
        "no_feature": Column("int", "of no gene", "fragments"),
        "multi_mapping": Column("int", "aligned to several places", "fragments"),
        "unmapped": Column("int", "not aligned", "fragments"),
        "secondary": Column("int", "left out as secondary records", "fragments"),
        "low_mapq": Column("int", "left out by mapping quality", "fragments"),
        "duplicate": Column("int", "left out as duplicates", "fragments"),
        "chimeric": Column("int", "left out as chimeric", "fragments"),
        "singleton": Column("int", "left out with one end unaligned", "fragments"),
        "supplementary": Column("int", "left out as supplementary records", "fragments"),
        "assigned_share": Column("float", "assigned of all fragments"),
        "mitochondrial_share": Column("float", "fragments of chrM among the aligned"),
        "rrna_share": Column(
            "float", "fragments over rRNA genes among the aligned; missing without such genes"
        ),
        "multi_mapped_share": Column("float", "with several alignments, among the aligned"),
        "exonic": Column("nullable_int", "good reads with a base on an exon", "reads"),
        "intronic": Column("nullable_int", "others that begin between two exons", "reads"),
        "intergenic": Column("nullable_int", "good reads that begin outside genes", "reads"),
        "three_prime_bias": Column(
            "float",
            "mean place of reads along transcripts: 0.5 is even, towards 1 is their 3' end",
        ),
        "five_prime_share": Column("float", "reads of the first fifth of transcripts"),
        "three_prime_share": Column("float", "reads of the last fifth of transcripts"),
        "genes_detected": Column("int", "genes with at least one fragment", "genes"),
        "xist": Column("nullable_int", "fragments of XIST", "fragments"),
        "y_genes": Column(
            "nullable_int", "fragments of RPS4Y1, DDX3Y, KDM5D and UTY", "fragments"
        ),
    },
)
GeneCountingSummary = Annotated[pd.DataFrame, GENE_COUNTING_SUMMARY]

RNA_QUALITY = Table(
    "rna_quality",
    grain="biopsy",
    description="One row per biopsy with counts: what its RNA is worth. Shares of reads are "
    "missing where counts were given without reads.",
    columns={
        "sample": Column("string", "the sample whose reads were counted; empty without reads"),
        "library_size": Column("float", "sum of the counts", "fragments"),
        "genes_detected": Column("int", "genes with at least one fragment", "genes"),
        "genes_expressed": Column(
            "int", "genes with at least rna_quality.min_fragments fragments", "genes"
        ),
        "mitochondrial_count_share": Column(
            "float", "fragments of the MT- genes among the counted; missing without such genes"
        ),
        "fragments": Column("nullable_int", "fragments of the BAM looked at", "fragments"),
        "assigned_share": Column("float", "of these, assigned to a gene"),
        "multi_mapped_share": Column("float", "with several alignments, among the aligned"),
        "duplicate_share": Column("float", "marked as duplicates, of the aligned reads"),
        "mitochondrial_share": Column("float", "fragments of chrM, among the aligned"),
        "rrna_share": Column("float", "fragments over rRNA genes, among the aligned"),
        "exonic_share": Column("float", "good reads with a base on an exon"),
        "intronic_share": Column("float", "good reads within genes, none of whose bases is so"),
        "intergenic_share": Column("float", "good reads outside all genes"),
        "three_prime_bias": Column(
            "float", "mean place of reads along transcripts: 0.5 is even, 1 is their 3' end"
        ),
        "three_prime_ratio": Column(
            "float", "reads of the last fifth of transcripts by those of the first"
        ),
        "sense_share": Column("float", "fragments whose read 1 runs along their gene"),
        "strandedness_found": Column("string", "what the reads say; empty if undecided"),
        "strandedness_told": Column("string", "what the sample sheet says; empty if nothing"),
        "xist_per_million": Column("float", "fragments of XIST", "per million"),
        "y_genes_per_million": Column(
            "float", "fragments of RPS4Y1, DDX3Y, KDM5D and UTY", "per million"
        ),
        "sex_found": Column("string", "female or male by these genes; empty if undecided"),
        "sex_told": Column("string", "female or male by the clinical table; else empty"),
        "concerns": Column("string", "what is doubtful, in words, joined by ;"),
        "missing": Column("string", "what is not told of this biopsy, and why"),
    },
)
RnaQuality = Annotated[pd.DataFrame, RNA_QUALITY]
