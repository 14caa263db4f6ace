"""Which reader fills which table that no step makes."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from storiform.io.calls import read_calls
from storiform.io.chimeric_junctions import read_chimeric_alignments
from storiform.io.coverage import read_coverage
from storiform.io.csq_proteins import read_given_protein_changes, read_given_proteins
from storiform.io.expression import read_counts, read_log2_tpm, read_tpm
from storiform.io.fit_files import read_fit
from storiform.io.fusion_files import read_given_fusions
from storiform.io.hla_alleles import read_hla_types
from storiform.io.phases import read_call_phases
from storiform.io.ratio_files import read_ratios
from storiform.io.repertoire_files import read_clonotypes
from storiform.io.segment_files import read_segments
from storiform.io.snp_files import read_snps
from storiform.io.units import SourceUnit
from storiform.io.vcf_expression import read_vcf_expression
from storiform.model.cohort import Assay
from storiform.model.table import Table
from storiform.model.tables.clinic import CLINIC, CLINICAL_RECORD, STATED_SEX
from storiform.model.tables.copies import (
    GIVEN_COVERAGE,
    GIVEN_FIT,
    GIVEN_RATIOS,
    GIVEN_SEGMENTS,
    GIVEN_SNPS,
    PATHOLOGY,
)
from storiform.model.tables.dna import CALLS
from storiform.model.tables.fusions import CHIMERIC_ALIGNMENTS, GIVEN_FUSIONS
from storiform.model.tables.immune import GIVEN_CLONOTYPES
from storiform.model.tables.measurements import BIOPSY_MEASUREMENTS, MEASUREMENTS
from storiform.model.tables.proteins import CALL_PHASES, GIVEN_PROTEIN_CHANGES, HLA_TYPES
from storiform.model.tables.proteome import GIVEN_PROTEINS
from storiform.model.tables.rna import GIVEN_COUNTS, GIVEN_LOG2_TPM, GIVEN_TPM, VCF_EXPRESSION
from storiform.model.tables.rna_quality import RNA_LIBRARY
from storiform.model.tables.trial import (
    ADVERSE_EVENTS,
    DOSES,
    LABORATORY,
    LESIONS,
    PATIENT_FACTS,
)

__all__ = ("SOURCES", "Source", "SourceUnit", "read_clinic")


@dataclass(frozen=True)
class Source:
    """A reader of outside data.

    `columns` are the columns of the sample sheet that can fill the table; a unit in which
    none of them is given lacks the table. `assay` tells whose row's files are meant; for a
    table of biopsies a file named on another row of the same biopsy is taken where that row
    has none, for a table of samples each row has its own. `notes` are columns whose text, on
    any row of the patient, fills the table. `word` is what a user calls its rows, where
    the table's own name would tell less. `of_cohort` is the entry of the section `cohort` that
    names a file of the whole cohort, whose rows fill the table; `gives_way` says that a step
    of the workflow that makes the table goes first; `clinical` are the columns of the clinical
    table that fill the table, so that no other makes it old.
    """

    table: Table
    columns: tuple[str, ...]
    assay: Assay | None
    read: Callable[[SourceUnit], pd.DataFrame]
    notes: tuple[str, ...] = ()
    word: str = ""
    of_cohort: str = ""
    gives_way: bool = False
    clinical: tuple[str, ...] = ()


def read_clinic(unit: SourceUnit) -> pd.DataFrame:
    """Return a patient's clinical values as the one row of the table `clinic`."""
    return pd.DataFrame({name: [unit.record.get(name)] for name in CLINIC.columns})


def read_stated(unit: SourceUnit) -> pd.DataFrame:
    """Return the clinical values that a source names, as one row."""
    return pd.DataFrame({name: [value] for name, value in unit.record.items()})


def read_own_rows(table: Table) -> Callable[[SourceUnit], pd.DataFrame]:
    """Return a reader of a unit's rows of a file of the whole cohort."""

    def read(unit: SourceUnit) -> pd.DataFrame:
        return pd.DataFrame(list(unit.rows), columns=list(table.columns))

    return read


def _of_cohort(table: Table, entry: str = "") -> Source:
    """Return the source of a table that a file of the whole cohort fills."""
    return Source(table, (), None, read_own_rows(table), of_cohort=entry or table.name)


def read_pathology(unit: SourceUnit) -> pd.DataFrame:
    """Return the purity and ploidy that the sample sheet states, as one row."""
    stated = {name: unit.record.get(name) for name in PATHOLOGY.columns}
    return pd.DataFrame({n: [None if v is None else float(v)] for n, v in stated.items()})


def read_rna_library(unit: SourceUnit) -> pd.DataFrame:
    """Return what the sample sheet says of a biopsy's RNA library, as one row."""
    return pd.DataFrame({name: [unit.record.get(name, "")] for name in RNA_LIBRARY.columns})


SOURCES: tuple[Source, ...] = (
    Source(CLINIC, (), None, read_clinic, of_cohort="clinical", gives_way=True),
    Source(CLINICAL_RECORD, (), None, read_clinic, of_cohort="clinical"),
    Source(STATED_SEX, (), None, read_stated, of_cohort="clinical", clinical=("sex",)),
    _of_cohort(LESIONS),
    _of_cohort(DOSES),
    _of_cohort(ADVERSE_EVENTS),
    _of_cohort(LABORATORY),
    _of_cohort(PATIENT_FACTS, "characteristics"),
    _of_cohort(MEASUREMENTS),
    _of_cohort(BIOPSY_MEASUREMENTS, "measurements"),
    Source(PATHOLOGY, (), "exome", read_pathology),
    Source(RNA_LIBRARY, (), "rna", read_rna_library),
    Source(HLA_TYPES, (), None, read_hla_types, notes=("hla",), word="alleles"),
    Source(CALLS, ("vcf", "maf"), "exome", read_calls),
    Source(CALL_PHASES, ("vcf",), "exome", read_call_phases),
    Source(GIVEN_PROTEIN_CHANGES, ("vcf",), "exome", read_given_protein_changes),
    Source(GIVEN_PROTEINS, ("vcf",), "exome", read_given_proteins),
    Source(VCF_EXPRESSION, ("vcf",), "exome", read_vcf_expression),
    Source(GIVEN_COVERAGE, ("coverage", "off_target_coverage"), "exome", read_coverage),
    Source(GIVEN_SNPS, ("snps",), "exome", read_snps),
    Source(GIVEN_RATIOS, ("ratios",), "exome", read_ratios),
    Source(GIVEN_SEGMENTS, ("segments",), "exome", read_segments),
    Source(GIVEN_FIT, ("purity_fit",), "exome", read_fit),
    Source(GIVEN_COUNTS, ("counts",), "rna", read_counts),
    Source(GIVEN_TPM, ("tpm",), "rna", read_tpm),
    Source(GIVEN_FUSIONS, ("fusions",), "rna", read_given_fusions, word="fusions"),
    Source(
        CHIMERIC_ALIGNMENTS,
        ("chimeric_junctions",),
        "rna",
        read_chimeric_alignments,
        word="chimeric alignments",
    ),
    Source(GIVEN_LOG2_TPM, ("log2_tpm",), "rna", read_log2_tpm),
    Source(GIVEN_CLONOTYPES, ("repertoire",), "rna", read_clonotypes, word="receptors"),
)
