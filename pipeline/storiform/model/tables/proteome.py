"""Proteins to which peptides of a tumour are compared: what is among them is self."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_PROTEIN = {
    "protein": Column("string", "the first transcript or protein of this sequence"),
    "residues": Column("string", "the sequence, one letter each, without its stop"),
}

REFERENCE_PROTEINS = Table(
    "reference_proteins",
    grain="cohort",
    is_published=False,
    description="One row per protein sequence of the gene annotation, each sequence once.",
    key=("protein",),
    columns=_PROTEIN,
)
ReferenceProteins = Annotated[pd.DataFrame, REFERENCE_PROTEINS]

GIVEN_PROTEINS = Table(
    "given_proteins",
    grain="biopsy",
    is_published=False,
    description="One row per germline protein that VEP wrote into the VCF of the sample "
    "sheet (WildtypeProtein), each sequence once; one row without residues where the file "
    "could hold some and holds none.",
    key=("protein",),
    columns=_PROTEIN,
)
GivenProteins = Annotated[pd.DataFrame, GIVEN_PROTEINS]

GERMLINE_PROTEINS = Table(
    "germline_proteins",
    grain="biopsy",
    is_published=False,
    description="One row per piece of a protein that the patient's germline alleles make of a "
    "transcript with somatic calls, on any copy, with the residues about what they change; "
    "each once.",
    key=("protein",),
    columns=_PROTEIN,
)
GermlineProteins = Annotated[pd.DataFrame, GERMLINE_PROTEINS]
