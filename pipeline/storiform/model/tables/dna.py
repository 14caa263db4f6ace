"""Somatic calls, the mutations that count, and their burden."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_CALL = {
    "record": Column("int", "ordinal of the record in the file, from 0"),
    "allele": Column("int", "ordinal of the alternative allele in its record, from 0"),
    "contig": Column("string", "contig, with the prefix chr"),
    "start": Column("int", "start, 0-based", "bp"),
    "end": Column("int", "end, half-open", "bp"),
    "ref": Column("string", "reference allele; missing where a table does not give it"),
    "alt": Column("string", "somatic allele; missing where a table does not give it"),
    "filter": Column("string", "FILTER as the caller wrote it; PASS or missing passed"),
    "set_aside": Column(
        "string",
        "why a call is no small variant: star, symbolic, breakend, no_alternative, "
        "not_bases; else empty",
    ),
    "gene": Column("string", "HGNC symbol as annotated"),
    "gene_id": Column("string", "Ensembl or Entrez gene id as annotated"),
    "transcript": Column("string", "transcript of the consequence"),
    "consequence": Column("string", "Sequence Ontology terms of that transcript, joined by &"),
    "hgvsc": Column("string", "coding change, HGVS"),
    "hgvsp": Column("string", "protein change, HGVS"),
    "annotation": Column(
        "string",
        "where the consequence came from: CSQ, ANN, BCSQ, FUNCOTATION, MAF, storiform or none",
    ),
    "tumour_depth": Column("nullable_int", "tumour reads over the site", "reads"),
    "tumour_ref_reads": Column(
        "nullable_int", "tumour reads with the reference allele", "reads"
    ),
    "tumour_alt_reads": Column("nullable_int", "tumour reads with the somatic allele", "reads"),
    "tumour_alt_f1r2": Column(
        "nullable_int", "of these, pairs in the orientation F1R2", "reads"
    ),
    "tumour_alt_f2r1": Column(
        "nullable_int", "of these, pairs in the orientation F2R1", "reads"
    ),
    "normal_depth": Column("nullable_int", "normal reads over the site", "reads"),
    "normal_ref_reads": Column(
        "nullable_int", "normal reads with the reference allele", "reads"
    ),
    "normal_alt_reads": Column("nullable_int", "normal reads with the somatic allele", "reads"),
    "rna_depth": Column("nullable_int", "tumour RNA reads over the site", "reads"),
    "rna_alt_reads": Column(
        "nullable_int", "tumour RNA reads with the somatic allele", "reads"
    ),
    "population_af": Column("float", "highest population frequency in the annotation"),
    "in_panel_of_normals": Column("bool", "the caller flags the site as one of its panel"),
}

_RECOUNTED = {
    f"{source}_recounted_{count}": Column(
        "nullable_int",
        f"{words} {told}, counted in the reads; missing without them",
        "fragments",
    )
    for source, words in (("tumour", "tumour"), ("normal", "normal"), ("rna", "tumour RNA"))
    for count, told in (
        ("depth", "fragments over the call"),
        ("ref_reads", "fragments with the reference allele"),
        ("alt_reads", "fragments with the somatic allele"),
    )
}

CALLS = Table(
    "calls",
    grain="biopsy",
    version=4,
    description="One row per alternative allele of each record of a VCF or MAF; all of them.",
    key=("contig", "start", "end", "ref", "alt", "record", "allele"),
    columns=_CALL,
)
Calls = Annotated[pd.DataFrame, CALLS]

VARIANTS = Table(
    "variants",
    grain="biopsy",
    version=2,
    description="One row per call, with every filter that it fails.",
    key=("contig", "start", "end", "ref", "alt", "record", "allele"),
    columns={
        **_CALL,
        **_RECOUNTED,
        "tumour_alt_forward": Column(
            "nullable_int",
            "recounted tumour fragments with the somatic allele on the forward strand",
            "fragments",
        ),
        "tumour_alt_reverse": Column(
            "nullable_int",
            "recounted tumour fragments with the somatic allele on the reverse strand",
            "fragments",
        ),
        "tumour_vaf": Column("float", "share of tumour reads with the somatic allele"),
        "normal_vaf": Column("float", "share of normal reads with the somatic allele"),
        "mutation_class": Column(
            "string",
            "missense, nonsense, stop_lost, start_lost, frameshift, inframe or splice; "
            "empty where no protein changes",
        ),
        "is_coding": Column("bool", "changes or spares a codon, or a splice donor or acceptor"),
        "is_nonsynonymous": Column("bool", "has a mutation class"),
        "failed_filters": Column(
            "string", "names of the filters that the call fails, joined by ;"
        ),
        "is_eligible": Column("bool", "passes every filter"),
    },
)
SomaticVariants = Annotated[pd.DataFrame, VARIANTS]

MUTATED_GENES = Table(
    "mutated_genes",
    grain="cohort",
    description="One row per biopsy and gene with an eligible protein change.",
    key=("patient", "biopsy", "gene"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "gene": Column("string", "HGNC symbol as annotated"),
        "mutation_class": Column("string", "class of the gravest change in the gene"),
        "mutation_classes": Column("string", "all classes in the gene, sorted, joined by ;"),
        "mutations": Column("int", "eligible nonsynonymous calls in the gene", "calls"),
        "protein_changes": Column("string", "their protein changes, joined by ;"),
        "highest_vaf": Column("float", "highest share of tumour reads among them"),
        "is_recurrent": Column("bool", "mutated in enough patients of the cohort"),
    },
)
MutatedGenes = Annotated[pd.DataFrame, MUTATED_GENES]

RECURRENT_GENES = Table(
    "recurrent_genes",
    grain="cohort",
    description="One row per gene that is mutated in enough patients, or that was asked for.",
    key=("gene",),
    columns={
        "gene": Column("string", "HGNC symbol as annotated"),
        "patients_mutated": Column("int", "patients with an eligible change", "patients"),
        "patients_with_variants": Column("int", "patients with any call", "patients"),
        "fraction": Column("float", "share of these patients that is mutated"),
    },
)
RecurrentGenes = Annotated[pd.DataFrame, RECURRENT_GENES]

GENE_MUTATIONS = Table(
    "gene_mutations",
    grain="biopsy",
    description="One row per biopsy, one column per recurrent gene.",
    columns={},
    rest=Column("bool", "the biopsy carries an eligible change in this gene", feature=True),
)
GeneMutations = Annotated[pd.DataFrame, GENE_MUTATIONS]

TMB = Table(
    "tmb",
    grain="biopsy",
    version=2,
    description="One row per biopsy: how many mutations, over how many bases.",
    columns={
        "mutations_nonsynonymous": Column(
            "int", "nonsynonymous calls that count under the preset", "calls", feature=True
        ),
        "mutations_coding": Column(
            "int", "eligible coding calls, synonymous ones included", "calls", feature=True
        ),
        "mutations_in_denominator": Column(
            "int", "calls of the numerator, inside the counted bases", "calls"
        ),
        "mutations_outside": Column(
            "int", "calls that would count but lie outside the counted bases", "calls"
        ),
        "tmb": Column("float", "mutations per megabase", "1/Mb", feature=True),
        "tmb_lower": Column("float", "lower 95 % bound, exact Poisson", "1/Mb"),
        "tmb_upper": Column("float", "upper 95 % bound, exact Poisson", "1/Mb"),
        "megabases": Column("float", "bases of the denominator", "Mb"),
        "denominator": Column(
            "string", "size, targets, coding_targets, callable_targets or callable_coding"
        ),
        "preset": Column("string", "the preset whose rules counted, and its version"),
        "rules": Column("string", "all thresholds that counted, in words"),
        "is_high": Column(
            "nullable_bool", "above the threshold of the preset; missing where it has none"
        ),
    },
)
TumourBurden = Annotated[pd.DataFrame, TMB]
