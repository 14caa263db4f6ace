"""A run for other programs' reports and notebooks: MultiQC, AnnData, SQLite, DuckDB."""

from pathlib import Path

import pandas as pd

from storiform.engine.export_facts import Facts, biopsy_facts, clinical_facts
from storiform.engine.export_tables import (
    AbsentError,
    cohort_table,
    published_tables,
    unit_tables,
)
from storiform.engine.session import Session
from storiform.io.anndata_file import write_h5ad
from storiform.io.database_files import write_duckdb, write_sqlite
from storiform.io.multiqc import Measure, write_bars, write_general, write_section
from storiform.model.errors import fault
from storiform.model.tables.copy_calls import COPY_NUMBER_FIT
from storiform.model.tables.dna import TMB, VARIANTS
from storiform.model.tables.reads import QUALITY
from storiform.model.tables.rna import COUNTS, TPM
from storiform.model.tables.rna_quality import RNA_QUALITY

_SHARE = 100.0
_READS = (
    Measure("median_depth", "Depth", "median depth of the target bases", 0, "x"),
    Measure("share_20x", "≥ 20x", "target bases of depth 20 or more", 1, " %", _SHARE),
    Measure("on_target_share", "On target", "aligned reads on a target", 1, " %", _SHARE),
    Measure("duplicate_share", "Duplicates", "duplicates of the aligned", 1, " %", _SHARE),
    Measure("contamination", "Contamination", "reads of another person", 2, " %", _SHARE),
    Measure("mapped_share", "Mapped", "aligned of all reads", 1, " %", _SHARE, is_shown=False),
    Measure("insert_size", "Insert", "median template length", 0, " bp", is_shown=False),
    Measure("assigned_share", "Assigned", "RNA: fragments assigned to a gene", 1, " %", _SHARE),
    Measure("genes_detected", "Genes", "RNA: genes with a fragment", 0),
    Measure("concerns", "Concerns", "what is doubtful", is_shown=False),
)
_RESULTS = (
    Measure("tmb", "TMB", "mutations per megabase", 2, "/Mb"),
    Measure("mutations", "Mutations", "nonsynonymous calls that count", 0),
    Measure("purity", "Purity", "share of tumour cells", 0, " %", _SHARE),
    Measure("ploidy", "Ploidy", "mean copies of tumour cells", 2),
)
_RNA = (
    Measure("library_size", "Fragments", "sum of the counts", 0),
    Measure("genes_detected", "Genes", "genes with at least one fragment", 0),
    Measure("assigned_share", "Assigned", "fragments assigned to a gene", 1, " %", _SHARE),
    Measure("duplicate_share", "Duplicates", "marked as duplicates", 1, " %", _SHARE),
    Measure("rrna_share", "rRNA", "fragments of rRNA genes", 2, " %", _SHARE),
    Measure("exonic_share", "Exonic", "good reads with a base on an exon", 1, " %", _SHARE),
    Measure("concerns", "Concerns", "what is doubtful"),
)
_LIBRARY = ("library_size", "genes_detected")


def multiqc_files(session: Session, folder: Path) -> list[Path]:
    """Write general statistics and sections of quality and of results for MultiQC."""
    goal = folder / "multiqc"
    reads = cohort_table(session, QUALITY).set_index("sample")
    results, rna = _results(session), _rna(session)
    if reads.empty and results.empty and rna.empty:
        where, expected = str(session.results.root), "the quality of reads, or results"
        remedy = "Run a workflow with quality, tmb, copy_number_fit or rna_quality."
        raise AbsentError(fault(where, "none", expected, remedy))
    goal.mkdir(exist_ok=True)
    written = [goal / "storiform_general_mqc.json"]
    of_samples = rows_together(_by_sample(session, results, rna), reads)
    write_general(written[0], of_samples, (*_RESULTS, *_READS))
    sections = (
        ("reads", "Quality of reads", "What the samples with reads are worth.", reads, _READS),
        ("biopsies", "Biopsies", "Burden, purity and ploidy.", results, _RESULTS),
        ("rna", "RNA", "What the RNA of the biopsies is worth.", rna, _RNA),
    )
    for name, title, description, rows, measures in sections:
        if len(rows):
            written.append(goal / f"storiform_{name}_mqc.json")
            write_section(written[-1], title, description, rows, measures)
    counts = _mutation_classes(session)
    if len(counts.columns):
        written.append(goal / "storiform_mutations_mqc.json")
        told = "Calls that pass every filter and change a protein, by class."
        write_bars(written[-1], "Mutations by class", told, counts)
    for name in ("reads", "biopsies", "rna", "mutations"):  # of an earlier export
        path = goal / f"storiform_{name}_mqc.json"
        if path not in written:
            path.unlink(missing_ok=True)
    return written


def _results(session: Session) -> pd.DataFrame:
    rows: dict[str, dict[str, object]] = {}
    for unit, frame in unit_tables(session, TMB).items():
        one = frame.iloc[0]
        told = {"tmb": one["tmb"], "mutations": one["mutations_nonsynonymous"]}
        rows.setdefault(unit, {}).update(told)
    for unit, frame in unit_tables(session, COPY_NUMBER_FIT).items():
        one = frame.iloc[0]
        rows.setdefault(unit, {}).update({"purity": one["purity"], "ploidy": one["ploidy"]})
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def _rna(session: Session) -> pd.DataFrame:
    rows = {unit: frame.iloc[0] for unit, frame in unit_tables(session, RNA_QUALITY).items()}
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def _by_sample(session: Session, results: pd.DataFrame, rna: pd.DataFrame) -> pd.DataFrame:
    """Give results of a biopsy the names of its libraries, as other tools' rows are named."""
    rows: dict[str, dict[str, object]] = {}
    libraries = rna.reindex(columns=list(_LIBRARY)).to_dict("index")
    found = {"exome": results.to_dict("index"), "rna": libraries}
    for sample in session.report.cohort.samples:
        of_biopsies = found[sample.assay]
        if sample.role == "tumour" and sample.biopsy in of_biopsies:
            rows[sample.name] = {str(k): v for k, v in of_biopsies[sample.biopsy].items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def rows_together(results: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """Join two tables by their index, sample; a result goes before what the reads tell.

    Columns without any value are left out: their type would not be that of the values.
    """
    told = [part.dropna(axis=1, how="all") for part in (results, reads) if len(part)]
    if not told:
        return pd.DataFrame()
    return pd.concat(told, axis=0).groupby(level=0).first()


def _mutation_classes(session: Session) -> pd.DataFrame:
    counts: dict[str, pd.Series] = {}
    for unit, calls in unit_tables(session, VARIANTS, keeps_empty=True).items():
        counted = calls[calls["is_eligible"] & calls["is_nonsynonymous"]]
        counts[unit] = counted["mutation_class"].value_counts()
    return pd.DataFrame.from_dict(counts, orient="index").fillna(0).sort_index()


def h5ad_file(session: Session, folder: Path) -> list[Path]:
    """Write counts and TPM with the clinical values and features of each biopsy."""
    layers = {}
    for name, table, column in (
        ("counts", COUNTS, "count"), ("tpm", TPM, "tpm"), ("log2_tpm", TPM, "log2_tpm"),
    ):  # fmt: skip
        found = unit_tables(session, table)
        if found:
            columns = {unit: frame.set_index("gene")[column] for unit, frame in found.items()}
            layers[name] = pd.DataFrame(columns).T
    if not layers:
        where, expected = str(session.results.root), "the table counts or tpm of a biopsy"
        remedy = "Run a workflow with expression on samples with RNA."
        raise AbsentError(fault(where, "none", expected, remedy))
    measured = sorted({str(name) for matrix in layers.values() for name in matrix.index})
    facts = _with_clinic(biopsy_facts(session), clinical_facts(session))
    genes = sorted({str(gene) for matrix in layers.values() for gene in matrix.columns})
    lengths = pd.concat([f.set_index("gene")["length"] for f in _lengths(session)])
    var = pd.DataFrame(index=pd.Index(genes))
    var["length"] = lengths.groupby(level=0).median().reindex(genes)
    notes = {
        "units": {name: column.unit for name, column in facts.columns.items() if column.unit},
        "descriptions": {name: column.description for name, column in facts.columns.items()},
        "storiform": {"genome": session.report.cohort.build, "X": next(iter(layers))},
    }
    path = folder / "biopsies.h5ad"
    write_h5ad(path, layers, facts.rows.loc[measured], var, notes)
    return [path]


def _lengths(session: Session) -> list[pd.DataFrame]:
    tables = unit_tables(session, TPM) or unit_tables(session, COUNTS)
    return list(tables.values())


def _with_clinic(biopsies: Facts, clinic: Facts) -> Facts:
    """Give each biopsy the clinical values of its patient, as ``clinic.COLUMN``."""
    of_patient = clinic.rows.loc[biopsies.rows["patient"]]
    named = of_patient.set_axis(biopsies.rows.index).add_prefix("clinic.")
    told = {f"clinic.{name}": column for name, column in clinic.columns.items()}
    rows = pd.concat([biopsies.rows, named], axis=1)
    known = [str(name) for name in rows.columns if rows[name].notna().any()]
    meant = {**biopsies.columns, **told}
    return Facts(rows[known], {name: meant[name] for name in known})


def sqlite_file(session: Session, folder: Path) -> list[Path]:
    """Write all published tables into one SQLite file."""
    path = folder / "storiform.sqlite"
    write_sqlite(path, published_tables(session))
    return [path]


def duckdb_file(session: Session, folder: Path) -> list[Path]:
    """Write all published tables into one DuckDB file."""
    path = folder / "storiform.duckdb"
    write_duckdb(path, published_tables(session))
    return [path]
