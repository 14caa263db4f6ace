"""Somatic calls, the mutations that count, and their burden."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_CALL = {
    "record": Column("int", "ordinal of the record in the file, from 0"),
    "contig": Column("string", "contig, with the prefix chr"),
    "start": Column("int", "start, 0-based", "bp"),
    "end": Column("int", "end, half-open", "bp"),
    "ref": Column("string", "reference allele"),
    "alt": Column("string", "somatic allele"),
    "filter": Column("string", "FILTER as the caller wrote it; PASS or empty passed"),
    "set_aside": Column(
        "string", "why a record is no small variant: symbolic, star; else empty"
    ),
    "gene": Column("string", "HGNC symbol as annotated"),
    "gene_id": Column("string", "Ensembl or Entrez gene id as annotated"),
    "transcript": Column("string", "transcript of the consequence"),
    "consequence": Column("string", "Sequence Ontology terms of that transcript, joined by &"),
    "hgvsc": Column("string", "coding change, HGVS"),
    "hgvsp": Column("string", "protein change, HGVS"),
    "annotation": Column(
        "string", "where the consequence came from: CSQ, ANN, BCSQ, FUNCOTATION, MAF or none"
    ),
    "tumour_depth": Column("nullable_int", "tumour reads over the site", "reads"),
    "tumour_ref_reads": Column(
        "nullable_int", "tumour reads with the reference allele", "reads"
    ),
    "tumour_alt_reads": Column("nullable_int", "tumour reads with the somatic allele", "reads"),
    "normal_depth": Column("nullable_int", "normal reads over the site", "reads"),
    "normal_alt_reads": Column("nullable_int", "normal reads with the somatic allele", "reads"),
    "population_af": Column("float", "highest population frequency in the annotation"),
}

CALLS = Table(
    "calls",
    grain="biopsy",
    description="One row per alternative allele of each record of a VCF or MAF, nothing left out.",
    key=("contig", "start", "end", "ref", "alt", "record"),
    columns=_CALL,
)
Calls = Annotated[pd.DataFrame, CALLS]

VARIANTS = Table(
    "variants",
    grain="biopsy",
    description="One row per call, with every filter that it fails.",
    key=("contig", "start", "end", "ref", "alt", "record"),
    columns={
        **_CALL,
        "tumour_vaf": Column("float", "share of tumour reads with the somatic allele"),
        "normal_vaf": Column("float", "share of normal reads with the somatic allele"),
        "is_coding": Column("bool", "changes or spares a codon, or a splice donor or acceptor"),
        "is_nonsynonymous": Column("bool", "a nonsynonymous coding change (science of TMB)"),
        "failed_filters": Column(
            "string", "names of the filters that the call fails, joined by ;"
        ),
        "is_eligible": Column("bool", "passes every filter"),
    },
)
SomaticVariants = Annotated[pd.DataFrame, VARIANTS]

TMB = Table(
    "tmb",
    grain="biopsy",
    description="One row per biopsy: how many mutations, over how many bases.",
    columns={
        "mutations_nonsynonymous": Column(
            "int", "eligible nonsynonymous calls", "calls", feature=True
        ),
        "mutations_coding": Column(
            "int", "the same with synonymous calls", "calls", feature=True
        ),
        "mutations_in_denominator": Column(
            "int", "nonsynonymous calls inside the counted bases", "calls"
        ),
        "tmb": Column("float", "nonsynonymous mutations per megabase", "1/Mb", feature=True),
        "tmb_lower": Column("float", "lower 95 % Poisson bound", "1/Mb"),
        "tmb_upper": Column("float", "upper 95 % Poisson bound", "1/Mb"),
        "megabases": Column("float", "bases of the denominator", "Mb"),
        "denominator": Column("string", "size, targets or coding_targets"),
        "preset": Column("string", "the preset whose rules counted"),
    },
)
TumourBurden = Annotated[pd.DataFrame, TMB]
