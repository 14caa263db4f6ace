"""A run as a MAF and as a study folder of cBioPortal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from storiform.engine.export_facts import Facts, biopsy_facts, clinical_facts
from storiform.engine.export_tables import AbsentError, Units, needed_tables, unit_tables
from storiform.engine.session import Session
from storiform.io.cbioportal import Attribute, Profile, Study, attribute_name
from storiform.io.copy_files import write_seg
from storiform.io.maf_writer import maf_rows, write_maf
from storiform.model.errors import fault
from storiform.model.features import full_name
from storiform.model.table import Column, Table
from storiform.model.tables.copy_calls import COPY_NUMBER_GENES, COPY_NUMBER_SEGMENTS
from storiform.model.tables.dna import VARIANTS
from storiform.model.tables.fusions import FUSIONS
from storiform.model.tables.rna import MCP_COUNTER, SSGSEA, TPM

CALLS_REMEDY = "Run a workflow with variants on samples with somatic calls (vcf or maf)."
_MATRICES = frozenset(
    {"mcp_counter", "ssgsea", "checkpoints", "gene_mutations", "gene_copy_states"}
)
"""Tables of features that are profiles of the study, so no clinical attributes."""
_LEVELS = {"HIGH_AMP": 2, "AMP": 2, "GAIN": 1, "NEUTRAL": 0, "CNLOH": 0, "HETLOSS": -1,
           "HOMDEL": -2}  # fmt: skip
_FRAMES = {"in-frame": "In_frame", "out-of-frame": "Out-of-frame"}
_DATATYPES = {"string": "STRING", "bool": "STRING", "nullable_bool": "STRING"}
_CNA = Profile(
    "cna", "COPY_NUMBER_ALTERATION", "DISCRETE", "cna", "Copy-number alterations of genes",
    "-2 homozygous deletion; -1 loss of one copy; 0 neutral or copy-neutral LOH; 1 gain; 2 "
    "amplification. NA: not told of the gene in the sample.", is_shown=True,
)  # fmt: skip
_LOG2 = Profile(
    "log2_cna", "COPY_NUMBER_ALTERATION", "LOG2-VALUE", "log2CNA", "Log2 copy-number ratios",
    "Log2 ratio of the gene, centred on the mean copies of the sample.",
)  # fmt: skip
_TPM = Profile(
    "expression_tpm", "MRNA_EXPRESSION", "CONTINUOUS", "rna_seq_mrna", "mRNA expression (TPM)",
    "Transcripts per million.",
)  # fmt: skip


@dataclass(frozen=True)
class StudyName:
    """What a study of cBioPortal is called; without an identifier it is of the workflow."""

    identifier: str = ""
    cancer_type: str = "Tumour"


def maf_file(session: Session, folder: Path) -> list[Path]:
    """Write the eligible calls of all biopsies as one MAF; names are those of the samples."""
    calls = needed_tables(session, VARIANTS, CALLS_REMEDY, keeps_empty=True)
    tumours, normals = _names(session)
    named = {tumours.get(unit, unit): _eligible(frame) for unit, frame in calls.items()}
    path = folder / "mutations.maf"
    write_maf(path, maf_rows(named, session.report.cohort.build, normals))
    return [path]


def study_folder(session: Session, folder: Path, name: StudyName) -> list[Path]:
    """Write the run as a study folder of cBioPortal."""
    identifier = name.identifier or f"storiform_{session.config.workflow.name}"
    study = Study(folder / "cbioportal" / identifier, identifier, session.report.cohort.build)
    cohort = session.report.cohort
    if not cohort.biopsies:
        where, expected = str(session.results.root), "biopsies"
        remedy = "Give the samples of tumours in the sample sheet."
        raise AbsentError(fault(where, "none", expected, remedy))
    n_patients = len({biopsy.patient for biopsy in cohort.biopsies})
    told = f"{len(cohort.biopsies)} biopsies of {n_patients} patients, by storiform."
    study.describe(f"{name.cancer_type} ({identifier})", told, name.cancer_type)
    clinic = clinical_facts(session)
    _add_patients(study, clinic)
    _add_samples(study, biopsy_facts(session, _MATRICES), clinic, name)
    _add_mutations(study, session)
    _add_copies(study, session)
    _add_expression(study, session)
    _add_fusions(study, session)
    study.add_case_lists()
    study.drop_stale()
    return study.written


def _eligible(calls: pd.DataFrame) -> pd.DataFrame:
    return calls[calls["is_eligible"].astype(bool)]


def _names(session: Session) -> tuple[dict[str, str], dict[str, str]]:
    """Return the tumour exome of each biopsy, and the normal of each tumour exome."""
    tumours, normals = {}, {}
    for biopsy in session.report.cohort.biopsies:
        exomes = [
            s for s in session.report.cohort.samples_of(biopsy.name) if s.assay == "exome"
        ]
        own = [s.name for s in exomes if s.role == "tumour"]
        normal = [s.name for s in exomes if s.role == "normal"]
        if own:
            tumours[biopsy.name] = own[0]
        if own and normal:
            normals[own[0]] = normal[0]
    return tumours, normals


def _add_patients(study: Study, clinic: Facts) -> None:
    rows = clinic.rows
    filled = pd.DataFrame({"PATIENT_ID": rows.index})
    told = [Attribute("PATIENT_ID", "Patient Identifier", "Patient identifier", "STRING")]
    words = {"os": ("0:LIVING", "1:DECEASED"), "pfs": ("0:CENSORED", "1:PROGRESSION")}
    for kind, title in (("os", "Overall Survival"), ("pfs", "Progression Free")):
        name = kind.upper()
        event, months = rows[f"{kind}_event"], rows[f"{kind}_months"]
        is_known = (event.notna() & months.notna()).to_numpy(dtype=bool)
        status = event.map({False: words[kind][0], True: words[kind][1]}).astype(object)
        filled[f"{name}_STATUS"] = status.where(is_known, None).to_numpy()
        filled[f"{name}_MONTHS"] = months.where(is_known).to_numpy()
        told += [
            Attribute(f"{name}_STATUS", f"{title} Status", f"{title} status", "STRING"),
            Attribute(f"{name}_MONTHS", f"{title} (Months)", f"{title} in months", "NUMBER"),
        ]
    filled["SEX"] = rows["sex"].map({"female": "Female", "male": "Male"}).to_numpy()
    filled["AGE"] = rows["age_years"].to_numpy()
    told += [
        Attribute("SEX", "Sex", "Sex", "STRING"),
        Attribute("AGE", "Age", "Age at enrolment in years", "NUMBER"),
    ]
    for column in ("response", "responded", "disease_control", "best_change_percent", "arm"):
        name = {"response": "BEST_RESPONSE"}.get(column, column.upper())
        filled[name] = _cells(rows[column]).to_numpy()
        told.append(_attribute(name, clinic.columns[column], name.replace("_", " ").title()))
    study.add_clinic("patient", filled, told)


def _add_samples(study: Study, facts: Facts, clinic: Facts, name: StudyName) -> None:
    rows = facts.rows
    histology = clinic.rows["histology"].reindex(rows["patient"]).to_numpy()
    filled: dict[str, object] = {
        "PATIENT_ID": rows["patient"], "SAMPLE_ID": rows.index,
        "CANCER_TYPE": name.cancer_type,
        "CANCER_TYPE_DETAILED": pd.Series(histology, rows.index).fillna(name.cancer_type),
    }  # fmt: skip
    told = [
        Attribute("PATIENT_ID", "Patient Identifier", "Patient identifier", "STRING"),
        Attribute("SAMPLE_ID", "Sample Identifier", "Name of the biopsy", "STRING"),
        Attribute("CANCER_TYPE", "Cancer Type", "Cancer type", "STRING"),
        Attribute("CANCER_TYPE_DETAILED", "Cancer Type Detailed", "Histology", "STRING"),
    ]
    for feature, column in facts.columns.items():
        if feature == "patient":
            continue
        table, _, own = feature.rpartition(".")
        attribute = attribute_name(table, own) if table else own.upper()
        title = full_name(feature) if table else own.replace("_", " ").capitalize()
        filled[attribute] = _cells(rows[feature])
        priority = 50 if feature == "tmb.tmb" else 1
        told.append(_attribute(attribute, column, title, priority))
    study.add_clinic("sample", pd.DataFrame(filled, index=rows.index), told)


def _attribute(name: str, column: Column, title: str, priority: int = 1) -> Attribute:
    words = f"{column.description} [{column.unit}]" if column.unit else column.description
    return Attribute(name, title, words, _DATATYPES.get(column.dtype, "NUMBER"), priority)


def _cells(values: pd.Series) -> pd.Series:
    """Write flags as words: the portal shows a chart of texts, not of its type BOOLEAN."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.map({True: "Yes", False: "No"}).astype(object)
    return values


def _add_mutations(study: Study, session: Session) -> None:
    calls = unit_tables(session, VARIANTS, keeps_empty=True)
    if calls:
        tumours, normals = _names(session)
        of_biopsy = {unit: normals[name] for unit, name in tumours.items() if name in normals}
        eligible = {unit: _eligible(frame) for unit, frame in calls.items()}
        study.add_mutations(maf_rows(eligible, study.build, of_biopsy), list(calls))


def _add_copies(study: Study, session: Session) -> None:
    genes = unit_tables(session, COPY_NUMBER_GENES)
    if genes:
        levels = {u: f.set_index("gene")["call"].map(_LEVELS) for u, f in genes.items()}
        table = pd.DataFrame(levels).sort_index()
        study.add_matrix(_CNA, table.astype("Int64"), "cna")
        study.add_matrix(_LOG2, _matrix(genes, "log2"))
    segments = unit_tables(session, COPY_NUMBER_SEGMENTS)
    if segments:
        part = study.folder / "segments.part"
        write_seg(part, segments)
        study.add_segments(part.read_bytes())
        part.unlink()


def _matrix(tables: Units, column: str) -> pd.DataFrame:
    columns = {unit: frame.set_index("gene")[column] for unit, frame in tables.items()}
    return pd.DataFrame(columns).sort_index()


def _add_expression(study: Study, session: Session) -> None:
    tpm = unit_tables(session, TPM)
    if tpm:
        study.add_matrix(_TPM, _matrix(tpm, "tpm"), "expression")
    for table, title in ((MCP_COUNTER, "MCP-counter"), (SSGSEA, "ssGSEA")):
        scores = unit_tables(session, table)
        if scores:
            _add_scores(study, table, title, scores)


def _add_scores(study: Study, table: Table, title: str, scores: Units) -> None:
    columns = {unit: frame.iloc[0] for unit, frame in scores.items()}
    matrix = pd.DataFrame(columns).astype("float64").sort_index()
    entities = pd.DataFrame(
        {"NAME": [full_name(f"{table.name}.{entity}") for entity in matrix.index],
         "DESCRIPTION": [table.column(str(entity)).description for entity in matrix.index]},
        index=matrix.index,
    )  # fmt: skip
    profile = Profile(
        table.name, "GENERIC_ASSAY", "LIMIT-VALUE", table.name, f"{title} scores",
        table.description, is_shown=True,
    )  # fmt: skip
    study.add_assay(profile, "IMMUNE_SCORE", matrix, entities)


def _add_fusions(study: Study, session: Session) -> None:
    fusions = unit_tables(session, FUSIONS, keeps_empty=True)
    rows = []
    for unit, frame in fusions.items():
        counted = frame[frame["is_confident"].astype(bool) & frame["is_best"].astype(bool)]
        rows += [_variant(unit, row, study.build) for row in counted.to_dict("records")]
    if fusions:
        columns = list(_variant("", dict.fromkeys(FUSIONS.columns), study.build))
        study.add_structural_variants(pd.DataFrame(rows, columns=columns), list(fusions))


def _variant(sample: str, row: Mapping[Any, object], build: str) -> dict[str, object]:
    def of(side: str) -> dict[str, object]:
        number = {"5": 1, "3": 2}[side]
        position = row[f"position_{side}"]
        return {
            f"Site{number}_Hugo_Symbol": row[f"gene_{side}"],
            f"Site{number}_Chromosome": str(row[f"contig_{side}"]).removeprefix("chr"),
            f"Site{number}_Position": position + 1 if isinstance(position, int) else None,
        }

    told = row["fusion"]
    return {
        "Sample_Id": sample, "SV_Status": "SOMATIC", **of("5"), **of("3"),
        "Site2_Effect_On_Frame": _FRAMES.get(str(row["frame"])), "NCBI_Build": build,
        "Class": name_rearrangement(row), "Tumor_Split_Read_Count": row["split_fragments"],
        "Tumor_Paired_End_Read_Count": row["spanning_fragments"],
        "Event_Info": f"Fusion: {told}", "RNA_Support": "Yes",
        "Comments": f"found by {row['callers']}",
    }  # fmt: skip


def name_rearrangement(row: Mapping[Any, object]) -> str | None:
    """Name the rearrangement that would bring the ends of a fusion together on the genome.

    Parameters
    ----------
    row
        Of the table `fusions`: `contig`, `position` and `strand` of both ends.

    Returns
    -------
    str or None
        TRANSLOCATION, INVERSION, DELETION (also what reading through gives) or DUPLICATION;
        None where a strand is not known.
    """
    if row["contig_5"] != row["contig_3"]:
        return "TRANSLOCATION"
    first, second = row["position_5"], row["position_3"]
    strands = {row["strand_5"], row["strand_3"]}
    if not isinstance(first, int) or not isinstance(second, int) or not strands <= {"+", "-"}:
        return None
    if len(strands) > 1:
        return "INVERSION"
    return "DELETION" if (first < second) == (strands == {"+"}) else "DUPLICATION"
