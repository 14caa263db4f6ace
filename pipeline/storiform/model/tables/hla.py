"""HLA alleles as the reads tell them, and which of them the tumour has lost.

`HLA_TYPES`, what is known of a patient from whatever source, and `HLA_LOH`, what neoantigens
ask for, stand with the tables of proteins.
"""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

HLA_SEQUENCES = Table(
    "hla_sequences",
    grain="sample",
    description="One row per read that looks like one of an HLA gene.",
    key=("fragment", "mate"),
    is_published=False,
    columns={
        "fragment": Column("int", "hash of the read's name, alike for both mates"),
        "mate": Column("int", "1 or 2; 0 for a read without a mate"),
        "bases": Column("string", "as sequenced: A, C, G, T, N"),
        "qualities": Column("string", "of each base, phred + 33; empty where there are none"),
    },
)
HlaSequences = Annotated[pd.DataFrame, HLA_SEQUENCES]

HLA_READS = Table(
    "hla_reads",
    grain="sample",
    description="One row per sample: how many reads there are to type HLA alleles from.",
    columns={
        "region_reads": Column(
            "int", "primary reads aligned to chr6:28.5-33.5 Mb, no duplicates", "reads"
        ),
        "other_contig_reads": Column(
            "int", "the same on contigs of HLA alleles and on alternative ones of chr6", "reads"
        ),
        "unaligned_reads": Column("int", "reads without a place", "reads"),
        "hla_reads": Column("int", "of all these, such as share words with HLA genes", "reads"),
    },
)
HlaReads = Annotated[pd.DataFrame, HLA_READS]

HLA_CALLS = Table(
    "hla_calls",
    grain="sample",
    description="One row per gene and copy: the HLA allele that the reads of a sample tell.",
    key=("gene", "copy"),
    version=2,
    columns={
        "gene": Column("string", "A, B or C, without the prefix HLA-"),
        "copy": Column("int", "1 or 2"),
        "allele": Column("string", "two fields, as HLA-A*02:01; missing where not typed"),
        "full_name": Column("string", "the likeliest allele of these, all fields"),
        "also_fits": Column(
            "string", "other two-field names that the reads cannot tell from it, joined by ;"
        ),
        "posterior": Column("float", "probability of the gene's two alleles, two fields"),
        "second_best": Column("string", "the two alleles that come next, joined by ;"),
        "second_posterior": Column("float", "their probability"),
        "fragments": Column("int", "fragments of the gene", "fragments"),
        "own_fragments": Column(
            "int", "fragments that fit this copy better than the other", "fragments"
        ),
        "mismatch_rate": Column(
            "float", "mismatches of the allele's own fragments, a base; high: it may be new"
        ),
        "limits": Column("string", "what weakens the call, joined by ;; else empty"),
        "reason": Column("string", "why it is not typed; else empty"),
    },
)
HlaCalls = Annotated[pd.DataFrame, HLA_CALLS]

HLA_DISCORDANCES = Table(
    "hla_discordances",
    grain="biopsy",
    description="One row per gene of class I whose given alleles are not those that the "
    "patient's reads tell.",
    key=("gene",),
    columns={
        "gene": Column("string", "A, B or C"),
        "given": Column(
            "string", "the alleles of the sheet or of a provided table, joined by ;"
        ),
        "told": Column("string", "those that the reads tell, two fields, joined by ;"),
        "agreeing": Column("int", "given alleles that the reads tell too", "alleles"),
        "is_whole": Column("bool", "no given allele is told: loss of this gene is not judged"),
        "sample": Column("string", "whose reads"),
        "source": Column("string", "kind of the sample: normal or tumour, exome or RNA"),
        "posterior": Column("float", "probability of the two alleles that the reads tell"),
    },
)
HlaDiscordances = Annotated[pd.DataFrame, HLA_DISCORDANCES]

HLA_FRAGMENTS = Table(
    "hla_fragments",
    grain="biopsy",
    description="One row per allele of a heterozygous gene, sample's role and stretch of it: "
    "fragments that fit this allele better than the other.",
    key=("gene", "allele", "role", "start"),
    version=2,
    is_published=False,
    columns={
        "gene": Column("string", "A, B or C"),
        "allele": Column("string", "two fields, as HLA-A*02:01"),
        "role": Column("string", "tumour or normal"),
        "start": Column("int", "begin of the stretch in the allele's sequence, 0-based", "bp"),
        "end": Column("int", "end of it, half-open", "bp"),
        "sites": Column("int", "bases in it that differ between the two alleles", "bp"),
        "fragments": Column("int", "whose middle lies in it", "fragments"),
        "mismatches": Column("int", "of these fragments with the allele", "bp"),
        "shared": Column(
            "int",
            "fragments of the gene whose middle lies in it that fit both alleles alike; the "
            "rows of both alleles count the same ones",
            "fragments",
        ),
        "library_fragments": Column(
            "int",
            "usable read pairs of the whole sample that do not lie on HLA genes, to compare "
            "depths by",
            "fragments",
        ),
    },
)
HlaFragments = Annotated[pd.DataFrame, HLA_FRAGMENTS]

HLA_GENE_LOH = Table(
    "hla_gene_loh",
    grain="biopsy",
    description="One row per gene of class I: what became of its two alleles in the tumour.",
    key=("gene",),
    version=5,
    columns={
        "gene": Column("string", "A, B or C"),
        "call": Column(
            "string",
            "LOH; LOH? (0.5 or more, but no LOH); HOMDEL; IMBALANCE (one gained, none lost; "
            "without a purity one gained or lost); RETAINED; NA",
        ),
        "probability": Column("float", "that one allele has no copy left, the other has"),
        "homdel_probability": Column("float", "that neither has a copy left"),
        "lost_probability_1": Column(
            "float", "that allele 1 has no copy left, alone or with 2"
        ),
        "lost_probability_2": Column("float", "that allele 2 has no copy left"),
        "imbalance_p": Column(
            "float", "p value: the alleles' shares in tumour and normal are the same"
        ),
        "clonal_fraction": Column("float", "share of tumour cells with the likeliest state"),
        "lost_allele": Column("string", "the likelier to be lost; empty without loss"),
        "allele_1": Column("string", "two fields, as HLA-A*02:01"),
        "allele_2": Column("string", "two fields"),
        "copies_1": Column("float", "copies of allele 1 in a tumour cell, never negative"),
        "copies_1_low": Column("float", "lower end of its 95 % interval"),
        "copies_1_high": Column("float", "upper end"),
        "copies_2": Column("float", "copies of allele 2"),
        "copies_2_low": Column("float", "lower end of its 95 % interval"),
        "copies_2_high": Column("float", "upper end"),
        "normal_1": Column("int", "fragments of allele 1 in the normal", "fragments"),
        "normal_2": Column("int", "fragments of allele 2 in the normal", "fragments"),
        "tumour_1": Column("int", "fragments of allele 1 in the tumour", "fragments"),
        "tumour_2": Column("int", "fragments of allele 2 in the tumour", "fragments"),
        "purity": Column("float", "of the biopsy, as used; missing: by imbalance alone"),
        "ploidy": Column("float", "of the tumour, as used"),
        "segment_copies": Column("nullable_int", "copies of the segment at 6p21 that holds it"),
        "segment_minor_copies": Column("nullable_int", "of its rarer allele"),
        "is_consistent": Column(
            "nullable_bool", "whether the segment says the same of loss; missing where unknown"
        ),
        "is_theirs": Column(
            "nullable_bool",
            "false where the reads tell none of the given alleles, which are another's then",
        ),
        "limits": Column("string", "what weakens the call, joined by ;; else empty"),
        "reason": Column("string", "why the call is NA; else empty"),
    },
)
HlaGeneLoh = Annotated[pd.DataFrame, HLA_GENE_LOH]

HLA_LOSS = Table(
    "hla_loss",
    grain="biopsy",
    description="One row per biopsy: whether it lost HLA alleles of class I.",
    version=2,
    columns={
        "has_loss": Column(
            "nullable_bool",
            "an allele is lost; missing where no gene could be judged, or none is surely lost "
            "and one perhaps",
            feature=True,
        ),
        "genes_lost": Column(
            "nullable_int",
            "genes with LOH or HOMDEL; missing where an imbalance without a purity may be one",
            "genes",
        ),
        "genes_judged": Column("int", "heterozygous genes with enough reads", "genes"),
    },
)  # fmt: skip
HlaLoss = Annotated[pd.DataFrame, HLA_LOSS]
