"""Counts and TPM: cohort matrices, and what quantifiers write for one sample.

Formats are told by their headers: salmon (``quant.sf``), kallisto (``abundance.tsv``), RSEM
(``genes.results``, ``isoforms.results``), STAR (``ReadsPerGene.out.tab``), featureCounts,
HTSeq; all else is a matrix of genes by samples. Ids stay as they are written; the step
`counts` finds the genes that they name.
"""

import re
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from storiform.io.contigs import LAST_PLACE
from storiform.io.matrix import Matrix, read_matrix
from storiform.io.spoilt_names import warn_of_dates
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.species import foreign_species

LINEAR_LIMIT = 50.0
"""No log2(TPM + 1) can be higher: 2**20 is the million itself. None is lower than minus it."""
LOG_LIMIT = 25.0
"""TPM whose highest value is lower are logarithms: a million needs 40,000 genes of it."""
TPM_LIMIT = 2e6
"""TPM sum to 1e6; integers alone that sum to more than this are counts."""
STRANDED_SHARE = 0.8
"""Share of the fragments on one strand from which a library counts as stranded."""
_LOOKED_AT = 500
"""Ids of which the species is guessed: evenly from all."""

_SUMMARY = re.compile(r"(__|N_(unmapped|multimapping|noFeature|ambiguous)$)")
_ANNOTATION = {
    "chr", "chrom", "chromosome", "start", "end", "strand", "length", "effective_length",
    "eff_length", "effectivelength", "description", "gene_biotype", "biotype", "gene_type",
    "width", "gc",
}  # fmt: skip
_SUFFIXES = re.compile(r"(\.(sorted|bam|cram|sam|sortedByCoord|out|Aligned|markdup|dedup))+$")


@dataclass(frozen=True)
class Layout:
    """The columns of a quantifier's file, in lower case, by what they hold."""

    name: str
    signs: frozenset[str]
    id: str
    count: str
    length: str
    tpm: str


LAYOUTS = (
    Layout(
        "salmon", frozenset({"name", "effectivelength", "numreads"}),
        "name", "numreads", "effectivelength", "tpm",
    ),
    Layout(
        "kallisto", frozenset({"target_id", "est_counts"}),
        "target_id", "est_counts", "eff_length", "tpm",
    ),
    Layout(
        "RSEM", frozenset({"gene_id", "expected_count"}),
        "gene_id", "expected_count", "effective_length", "tpm",
    ),
)  # fmt: skip


def read_counts(unit: SourceUnit) -> pd.DataFrame:
    """Read one unit's counts as the table `given_counts`.

    Raises
    ------
    InputError
        If no column is the unit's, or its values can be no counts: negative, missing
        throughout, or decimals in a matrix.
    """
    matrix = read_matrix(unit.files["counts"])
    layout = _layout(matrix)
    if layout:
        _refuse_shared(unit, matrix, f"one sample's file of {layout.name}")
        ids, column, name = matrix.column(layout.id), matrix.column(layout.count), layout.count
        lengths = matrix.numbers(matrix.column(layout.length), layout.length)
    else:
        ids = matrix.id_column()
        column, name = _own_column(matrix, unit)
        at = matrix.column("length")
        lengths = (
            matrix.numbers(at, "length") if at >= 0 else pd.Series(np.nan, matrix.cells.index)
        )
    counts = _rows(matrix, ids, matrix.numbers(column, name), "count")
    counts["length"] = lengths.where(lengths > 0)
    where = f"{matrix.path.name}, column {name}"
    _refuse_negative(counts["count"], where)
    _refuse_beyond(counts, "count", LAST_PLACE, where)
    _refuse_empty(counts["count"], where, "fragments")
    if not layout:
        _refuse_decimals(counts["count"], where)
        _tell_repeats(matrix, ids)
    return counts.reset_index(drop=True)


def read_tpm(unit: SourceUnit) -> pd.DataFrame:
    """Read one unit's TPM as the table `given_tpm`.

    Raises
    ------
    InputError
        If no column is the unit's, or its values can be no TPM: negative, logarithms or counts.
    """
    tpm, where = _values(unit, "tpm")
    _refuse_negative(tpm["tpm"], where)
    _refuse_empty(tpm["tpm"], where, "expression")
    highest, total = tpm["tpm"].max(), tpm["tpm"].sum()
    if total > TPM_LIMIT and (tpm["tpm"] % 1 == 0).all():
        found = f"integers alone, which sum to {total:.4g}"
        remedy = "If they are raw counts, name the file in the column counts."
        raise InputError(fault(where, found, "TPM, which sum to 1e6", remedy))
    _refuse_beyond(tpm, "tpm", TPM_LIMIT, where)
    if highest <= LOG_LIMIT:
        found = f"values up to {highest:.4g} that sum to {total:.4g}"
        remedy = "If they are log2(TPM + 1), name the file in the column log2_tpm."
        raise InputError(fault(where, found, "TPM, which sum to 1e6", remedy))
    return tpm


def read_log2_tpm(unit: SourceUnit) -> pd.DataFrame:
    """Read one unit's log2(TPM + offset) as the table `given_log2_tpm`.

    Raises
    ------
    InputError
        If no column is the unit's, or its values are linear.
    """
    logs, where = _values(unit, "log2_tpm")
    highest = logs["log2_tpm"].max()
    if highest > LINEAR_LIMIT:
        found, expected = (
            f"values up to {highest:.6g}",
            f"log2 values of at most {LINEAR_LIMIT:g}",
        )
        remedy = "If they are linear, name the file in the column tpm."
        raise InputError(fault(where, found, expected, remedy))
    lowest = logs["log2_tpm"].min()
    if lowest < -LINEAR_LIMIT:
        expected = f"log2 values of at least {-LINEAR_LIMIT:g}"
        remedy = "Correct the cell, or leave it empty where there is no value."
        raise InputError(fault(where, f"the value {lowest:.6g}", expected, remedy))
    return logs


def _values(unit: SourceUnit, quantity: str) -> tuple[pd.DataFrame, str]:
    matrix = read_matrix(unit.files[quantity])
    layout = _layout(matrix)
    if layout:
        _refuse_shared(unit, matrix, f"one sample's file of {layout.name}")
        ids, column, name = matrix.column(layout.id), matrix.column(layout.tpm), layout.tpm
    else:
        ids = matrix.id_column()
        column, name = _own_column(matrix, unit)
        _tell_repeats(matrix, ids)
    where = f"{matrix.path.name}, column {name}"
    return _rows(matrix, ids, matrix.numbers(column, name), quantity).reset_index(
        drop=True
    ), where


def _layout(matrix: Matrix) -> Layout | None:
    names = {name.lower() for name in matrix.header}
    return next((layout for layout in LAYOUTS if layout.signs <= names), None)


def _rows(matrix: Matrix, ids: int, values: pd.Series, quantity: str) -> pd.DataFrame:
    """Return the rows that hold a gene and a value; say how many do not."""
    names = matrix.cells[ids].map(_gene_part)
    is_gene = ~names.str.match(_SUMMARY)
    is_filled = (names != "") & np.isfinite(values)
    lost = int((is_gene & ~is_filled).sum())
    if lost:
        message = f"{matrix.path.name}: {lost} rows without a gene id or a value were left out."
        warnings.warn(message, DataWarning, stacklevel=3)
    kept = is_gene & is_filled
    if not kept.any():
        expected, remedy = (
            "numbers under gene ids",
            "Name the file of another column or sample.",
        )
        raise InputError(fault(matrix.path.name, "no gene with a value", expected, remedy))
    _refuse_foreign(names[kept], matrix.path.name)
    warn_of_dates(names[is_gene], matrix.path.name)
    rows = pd.Series(np.arange(len(names)), names.index)
    return pd.DataFrame({"row": rows[kept], "id": names[kept], quantity: values[kept]})


def _tell_repeats(matrix: Matrix, ids: int) -> None:
    """Say of which genes several rows will be summed: some people paste matrices together."""
    if told := matrix.repeats(ids):
        warnings.warn(told, DataWarning, stacklevel=4)


def _gene_part(name: str) -> str:
    """Return the gene of GENCODE's FASTA names, ``ENST...|ENSG...|...``; else the name."""
    parts = name.split("|")
    return parts[1] if len(parts) > 1 and parts[1].startswith("ENS") else parts[0]


def _own_column(matrix: Matrix, unit: SourceUnit) -> tuple[int, str]:
    """Find the unit's column: by its RNA sample, biopsy or patient, else the only one."""
    ids = matrix.id_column()
    if not matrix.header:
        _refuse_shared(unit, matrix, "columns without names")
        return _headless_column(matrix)
    columns = {
        number: name
        for number, name in enumerate(matrix.header)
        if number != ids and name.lower() not in _ANNOTATION
    }
    wanted = _names(unit)
    for form in (str, _plain, _mangled):
        for sample in wanted:
            hits = [number for number, name in columns.items() if form(name) == form(sample)]
            if len(hits) > 1:
                found = f"{len(hits)} columns named {matrix.header[hits[0]]}"
                remedy = "Rename or remove all but one."
                raise InputError(fault(matrix.path.name, found, "one for each sample", remedy))
            if hits:
                return hits[0], columns[hits[0]]
    numeric = [n for n in columns if matrix.cells[n].dtype != object]
    if len(numeric) == 1:
        _refuse_shared(unit, matrix, f"one column of values, {columns[numeric[0]]}")
        return numeric[0], columns[numeric[0]]
    names = [columns[number] for number in numeric] or list(columns.values())
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004  some of them
    found = f"the columns {', '.join(names[:5])}{more}" if names else "no column of values"
    tried = ", ".join(wanted)
    remedy = "Name the RNA sample in the sheet as the matrix does, or rename the column."
    if matrix.cells[ids].isin(wanted).any():
        remedy = "Transpose the matrix: genes are rows, samples columns."
    raise InputError(fault(matrix.path.name, found, f"one named {tried}", remedy))


def _names(unit: SourceUnit) -> list[str]:
    """Return the names of a unit's RNA, of the unit and of its patient, each once."""
    names = (unit.samples.get("tumour_rna", ""), unit.unit, unit.patient)
    return list(dict.fromkeys(filter(None, names)))


def _refuse_shared(unit: SourceUnit, matrix: Matrix, found: str) -> None:
    """Refuse to take values without a name from the file of several samples."""
    own = next(column for column, path in unit.files.items() if path == matrix.path)
    unit.refuse_shared(own, found, _names(unit))


def _headless_column(matrix: Matrix) -> tuple[int, str]:
    """Choose the column of an HTSeq file, or the strand of a STAR file from its sums."""
    if matrix.cells.shape[1] != 4:  # noqa: PLR2004  STAR writes gene, both, first, second
        return 1, "2"
    is_gene = ~matrix.cells[0].str.match(_SUMMARY)
    first, second = (float(matrix.numbers(n, str(n + 1))[is_gene].sum()) for n in (2, 3))
    share = max(first, second) / max(first + second, 1.0)
    if share >= STRANDED_SHARE:
        return (2, "3") if first > second else (3, "4")
    if share > 1.0 - STRANDED_SHARE / 2:  # between 0.6 and 0.8
        message = (
            f"{matrix.path.name}: {share:.0%} of the fragments lie on one strand, neither half "
            "nor nearly all; the unstranded column was read."
        )
        warnings.warn(message, DataWarning, stacklevel=4)
    return 1, "2"


def _plain(name: str) -> str:
    """Reduce a path of an alignment to the sample's name."""
    return _SUFFIXES.sub("", PurePosixPath(name.replace("\\", "/")).name)


def _mangled(name: str) -> str:
    """Write a name as R's `make.names` does."""
    safe = re.sub(r"[^A-Za-z0-9.]", ".", _plain(name))
    return f"X{safe}" if re.match(r"\d", safe) else safe


def _refuse_negative(values: pd.Series, where: str) -> None:
    lowest = values.min()
    if lowest < 0:
        remedy = "If they are logarithms, name the file in the column log2_tpm."
        raise InputError(fault(where, f"the negative value {lowest:.4g}", "0 or more", remedy))


def _refuse_beyond(rows: pd.DataFrame, quantity: str, most: float, where: str) -> None:
    beyond = rows[rows[quantity] > most]
    if len(beyond):
        first = beyond.iloc[0]
        found = f"the value {first[quantity]:.10g} of {first['id']}"
        expected, remedy = f"values from 0 to {most:.10g}", "Correct the cell."
        raise InputError(fault(where, found, expected, remedy))


def _refuse_empty(values: pd.Series, where: str, what: str) -> None:
    if not values.sum() > 0:
        remedy = "Leave the file out of the sample sheet, or correct it."
        raise InputError(fault(where, f"no {what}: all values are 0", "some", remedy))


def _refuse_foreign(ids: pd.Series, where: str) -> None:
    """Refuse genes that are plainly of another species; `counts` and `tpm` see the rest."""
    species = foreign_species(ids.tolist()[:: 1 + len(ids) // _LOOKED_AT])
    if species:
        found = f"ids such as {', '.join(ids[:3])}, which look like {species}"
        expected = "human genes (Entrez, Ensembl or HGNC symbols)"
        remedy = "Give human genes, a row for each; turn the matrix if they are its columns."
        raise InputError(fault(where, found, expected, remedy))


def _refuse_decimals(counts: pd.Series, where: str) -> None:
    """Refuse a column whose filled cells are mostly no integers: TPM or logarithms."""
    filled = counts[counts > 0]
    share = float((filled % 1 != 0).mean())
    if share > 0.5:  # noqa: PLR2004  mostly
        found = (
            f"decimals in {share:.0%} of the genes, such as {filled[filled % 1 != 0].iloc[0]:g}"
        )
        remedy = (
            "If these are TPM or logarithms, name the file in the column tpm or log2_tpm; "
            "estimated counts are read from the quantifier's own file, or rounded."
        )
        raise InputError(fault(where, found, "integer counts", remedy))
