"""Somatic calls of a MAF, or of a table that is like one, of a sample or a cohort."""

import csv
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.io.allele_counts import Numbers, no_counts
from storiform.io.annotations import frequency, population_fields
from storiform.io.contigs import LAST_PLACE, check_contigs
from storiform.io.lines import lines
from storiform.io.names import counted, listed
from storiform.io.row_widths import named_width, refuse_short
from storiform.io.spoilt_names import warn_of_dates
from storiform.io.units import GIVEN_TO_OTHERS
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import BUILD_ALIASES, Build, canonical_contig
from storiform.model.ontology import terms_of
from storiform.model.table import TEXT
from storiform.model.tables.dna import CALLS

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "sample": ("tumorsamplebarcode", "tumoursamplebarcode", "tumorsample", "sampleid",
               "sample", "patient", "patientid"),
    "build": ("ncbibuild", "build", "genomebuild"),
    "contig": ("chromosome", "chrom", "chr"),
    "start": ("startposition", "start", "position", "pos"),
    "end": ("endposition", "end"),
    "ref": ("referenceallele", "ref"),
    "first": ("tumorseqallele1",),
    "alt": ("tumorseqallele2", "alt", "altallele"),
    "class": ("variantclassification", "consequence", "effect"),
    "gene": ("hugosymbol", "symbol", "genesymbol", "genename", "gene"),
    "gene_id": ("gene", "geneid", "entrezgeneid"),
    "transcript": ("transcriptid", "itranscriptname", "annotationtranscript", "feature"),
    "hgvsc": ("hgvsc", "cdnachange"),
    "hgvsp": ("hgvsp", "proteinchange", "hgvspshort", "aachange", "aminoacidchange"),
    "filter": ("filter",),
    "tumour_depth": ("tdepth", "tcov", "tumourdepth", "tumordepth"),
    "tumour_ref_reads": ("trefcount", "tref"),
    "tumour_alt_reads": ("taltcount", "tac", "talt"),
    "normal_depth": ("ndepth", "ncov", "normaldepth"),
    "normal_ref_reads": ("nrefcount", "nref"),
    "normal_alt_reads": ("naltcount", "nac", "nalt"),
}  # fmt: skip
"""What a column means -> its names, in lower case and without spaces, lines and points."""

_NEEDED = {"contig": "Chromosome", "start": "Start_Position", "class": "Variant_Classification"}
_COUNTS = (
    "tumour_depth", "tumour_ref_reads", "tumour_alt_reads", "normal_depth",
    "normal_ref_reads", "normal_alt_reads",
)  # fmt: skip


def read_maf(
    path: Path, names: tuple[str, ...], build: Build, *, by_name: bool = False
) -> pd.DataFrame:
    """Read all calls of one tumour sample.

    Parameters
    ----------
    path
        Tab or comma separated text, plain or compressed, with any line end.
    names
        Names under which the sample may stand in the file, the likeliest first.
    build
        The genome build of the cohort.
    by_name
        Whether rows are the sample's only by its name, as in a file of several samples of
        the sheet; else a file that holds one sample alone is taken whole.

    Returns
    -------
    pandas.DataFrame
        The table `calls`; a header without rows is a sample without calls.

    Raises
    ------
    InputError
        If a needed column or the sample is missing, or the build is another.
    """
    text = _lines(path)
    rows = _rows(path, text, _likely(text, names))
    columns = _columns(path, rows)
    if "sample" not in columns or not rows[columns["sample"]].str.strip().isin(names).any():
        rows = _rows(path, text, range(1, len(text)))
    own = _own_rows(path, rows, columns, names, by_name=by_name)
    _check_build(path, own, columns, build)
    calls = _calls(path, own, columns)
    check_contigs(path.name, calls, build)
    return calls


def _lines(path: Path) -> list[str]:
    """Return the header and all rows of any sample: one that is short lacks its name, too."""
    told = [(number, line) for number, line in lines(path) if line.strip()]
    first = next((i for i, (_, line) in enumerate(told) if line[0] != "#"), len(told))
    if first == len(told):
        expected = "a line with the names of the columns"
        raise InputError(fault(path.name, "no lines", expected, "Write the MAF again."))
    separator = _separator(told[first][1])
    width = named_width([name.strip() for name in told[first][1].split(separator)])
    refuse_short(path, told[first + 1 :], separator, width, is_quoted=separator != "\t")
    return [line for _, line in told[first:]]


def _separator(header: str) -> str:
    return max("\t,;", key=header.count)


def _likely(text: list[str], names: tuple[str, ...]) -> list[int]:
    """Return the lines that hold a name anywhere: few of a large cohort's are parsed."""
    return [i for i, line in enumerate(text) if i and any(name in line for name in names)]


def _rows(path: Path, text: list[str], chosen: Sequence[int]) -> pd.DataFrame:
    """Parse the header and some lines; the index is the ordinal of the call in the file."""
    separator = _separator(text[0])
    quoting: Literal[0, 3] = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    buffer = io.StringIO("\n".join([text[0], *(text[i] for i in chosen)]))
    try:
        rows = pd.read_csv(
            buffer, sep=separator, dtype=str, keep_default_na=False, quoting=quoting,
            index_col=False,
        )  # fmt: skip
    except pd.errors.ParserError as error:
        remedy = "Write the MAF again: a line is damaged."
        place = re.search(r"in line (\d+), saw (\d+)", str(error))
        found = f"a row of {counted(int(place[2]), 'cell')}" if place else "a damaged row"
        expected = f"one row per call, {counted(text[0].count(separator) + 1, 'cell')} wide"
        raise InputError(fault(path.name, found, expected, remedy)) from error
    if len(rows) == len(chosen):
        rows.index = pd.Index(chosen) - 1
    return rows


def _columns(path: Path, rows: pd.DataFrame) -> dict[str, str]:
    bare = {re.sub(r"[^a-z0-9]", "", str(name).lower()): str(name) for name in rows.columns}
    found: dict[str, str] = {}
    for meaning, aliases in _ALIASES.items():
        present = [bare[alias] for alias in aliases if alias in bare]
        if present:
            found[meaning] = present[0]
    missing = [name for meaning, name in _NEEDED.items() if meaning not in found]
    if missing:
        listed = ", ".join(str(name) for name in rows.columns[:12])
        expected = f"the columns {', '.join(missing)}"
        message = fault(f"{path.name}, header", f"columns {listed}", expected, "Rename them.")
        raise InputError(message)
    return found


def _own_rows(
    path: Path,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    names: tuple[str, ...],
    *,
    by_name: bool,
) -> pd.DataFrame:
    """Keep the rows of one sample; a file that holds one sample alone is taken whole."""
    if rows.empty:
        return rows
    if "sample" not in columns:
        if by_name:
            expected = f"Tumor_Sample_Barcode: {GIVEN_TO_OTHERS}"
            remedy = "Add the column, or correct the path."
            where, found = f"{path.name}, header", "no column with the names of the samples"
            raise InputError(fault(where, found, expected, remedy))
        return rows
    present = rows[columns["sample"]].str.strip()
    for name in names:
        if (present == name).any():
            return rows[present == name]
    held = sorted(set(present))
    if len(held) == 1 and not by_name:
        message = (
            f"{path.name}: its one sample is named {held[0]}, not {' or '.join(names)}: "
            "its rows are taken for it."
        )
        warnings.warn(message, DataWarning, stacklevel=4)
        return rows
    remedy = "Correct the name; for a sample without calls give a file with a header alone."
    where = f"{path.name}, column {columns['sample']}"
    raise InputError(fault(where, f"samples {listed(held)}", " or ".join(names), remedy))


def _check_build(
    path: Path, rows: pd.DataFrame, columns: Mapping[str, str], build: Build
) -> None:
    if "build" not in columns:
        return
    written = sorted(set(rows[columns["build"]].str.strip()) - {"", "."})
    others = [text for text in written if BUILD_ALIASES.get(text.lower(), build) != build]
    if others:
        where = f"{path.name}, column {columns['build']}"
        remedy = "Give the file of the right build, or set the build of the cohort."
        raise InputError(fault(where, f"build {', '.join(others)}", build, remedy))


def _calls(path: Path, rows: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    start = _positions(path, rows, columns["start"])
    ref, alt = _alleles(rows, columns)
    end = _ends(path, rows, columns, start, ref)
    raw_class = _text(rows, columns, "class")
    filled: dict[str, object] = {
        "record": rows.index.to_numpy(), "allele": 0,
        "contig": [canonical_contig(name.strip()) for name in rows[columns["contig"]]],
        "start": start - 1, "end": end, "ref": ref, "alt": alt,
        "filter": _text(rows, columns, "filter").replace(".", ""), "set_aside": "",
        "consequence": [terms_of(text) for text in raw_class],
        "annotation": np.where(raw_class.eq(""), "none", "MAF"),
        "population_af": _population(rows), "in_panel_of_normals": False,
    }  # fmt: skip
    for name in ("gene", "gene_id", "transcript", "hgvsc", "hgvsp"):
        filled[name] = _text(rows, columns, name).replace({".": "", "Unknown": ""})
    if "gene" in columns:
        warn_of_dates(_text(rows, columns, "gene"), f"{path.name}, column {columns['gene']}")
    filled.update(_counts(path, rows, columns))
    calls = pd.DataFrame(filled, index=rows.index)
    return CALLS.conform(calls.reindex(columns=list(CALLS.columns)))


def _text(rows: pd.DataFrame, columns: Mapping[str, str], meaning: str) -> pd.Series:
    if meaning not in columns:
        return pd.Series("", index=rows.index, dtype=TEXT)
    return rows[columns[meaning]].astype(TEXT).str.strip()


def _alleles(rows: pd.DataFrame, columns: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
    """Take the second tumour allele, or the first where the second is the reference."""
    ref, alt = (_text(rows, columns, name) for name in ("ref", "alt"))
    if "first" in columns:
        first = _text(rows, columns, "first")
        alt = alt.mask((alt == ref) | (alt == ""), first)
    return ref.mask(ref == ""), alt.mask(alt == "")


def _positions(path: Path, rows: pd.DataFrame, column: str) -> NDArray[np.int64]:
    values = pd.to_numeric(rows[column].str.strip(), errors="coerce")
    bad = values[~((values > 0) & (values <= LAST_PLACE) & (values % 1 == 0))]
    if len(bad):
        where = f"{path.name}, row {int(bad.index[0]) + 2}, column {column}"
        found = repr(str(rows.loc[bad.index[0], column]))
        expected = f"a position, from 1 to {LAST_PLACE}"
        raise InputError(fault(where, found, expected, "Correct the cell."))
    return values.to_numpy(dtype=np.int64)


def _ends(
    path: Path,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    start: NDArray[np.int64],
    ref: pd.Series,
) -> NDArray[np.int64]:
    """Return the last base of each call: the reference allele tells it, where it has bases.

    Of an insertion the file gives the base before it and the one after it, or one of them.
    """
    has_bases = ref.str.fullmatch("[A-Za-z]+").fillna(value=False).to_numpy(dtype=bool)
    told = start + np.where(has_bases, ref.str.len().fillna(1).to_numpy(dtype=np.int64), 1) - 1
    if "end" not in columns:
        return told
    end = _positions(path, rows, columns["end"])
    if (end < start).any():
        at = int(np.argmax(end < start))
        where = f"{path.name}, row {int(rows.index[at]) + 2}, column {columns['end']}"
        expected = f"{start[at]} ({columns['start']}) or more"
        raise InputError(fault(where, str(end[at]), expected, "Correct the cells."))
    is_other = has_bases & (end != told)
    if is_other.any():
        at = int(np.argmax(is_other))
        message = (
            f"{path.name}: {counted(int(is_other.sum()), 'row')} whose {columns['end']} does "
            f"not fit {columns['start']} and the reference allele (such as row "
            f"{int(rows.index[at]) + 2}, {start[at]} to {end[at]}, allele of "
            f"{counted(int(told[at] - start[at]) + 1, 'base')}): they are read by the start. "
            "One of the three is damaged, or counts otherwise."
        )
        warnings.warn(message, DataWarning, stacklevel=5)
    return np.where(has_bases, told, end)


def _counts(path: Path, rows: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, object]:
    numbers = Numbers()
    filled: dict[str, Any] = {}
    for name in _COUNTS:
        text = _text(rows, columns, name).str.lower().replace({"na": "", "nan": ""})
        filled[name] = pd.array([numbers.count(name, value) for value in text], dtype="Int64")
    if "tumour_depth" not in columns:
        filled["tumour_depth"] = filled["tumour_ref_reads"] + filled["tumour_alt_reads"]
    for name, places in numbers.faults.items():
        shown = f"such as {places[0].rpartition('=')[2]}"
        message = no_counts(path.name, columns[name], len(places), shown)
        warnings.warn(message, DataWarning, stacklevel=5)
    return filled


def _population(rows: pd.DataFrame) -> list[float | None]:
    columns = [str(name) for name in rows.columns]
    names = population_fields(columns, with_bare_af="AFR_AF" in columns)
    if not names:
        return [None] * len(rows)
    found: list[float | None] = []
    for cells in rows[names].itertuples(index=False):
        known = [value for cell in cells if (value := frequency(str(cell), "")) is not None]
        found.append(max(known) if known else None)
    return found
