"""The list of biopsies on the cohort's page: each with a link and its first values."""

from urllib.parse import quote

import pandas as pd

from storiform.model.counting import counted
from storiform.report.grids import Cell, Grid, Heading, cell_of
from storiform.report.record import ReportRecord

_OF_PATIENT = (("clinic", "histology", "histology"), ("clinic", "response", "response"))
_OF_BIOPSY = (
    ("tmb", "tmb", "TMB"),
    ("copy_number_fit", "purity", "purity"),
    ("copy_number_fit", "ploidy", "ploidy"),
    ("neoantigen_burden", "neoantigen_burden", "neoantigens"),
    ("hla_loss", "genes_lost", "HLA genes lost"),
    ("immune_classes", "immune_class", "immune class"),
    ("fusion_burden", "known_fusions", "known fusions"),
)


def biopsy_list(record: ReportRecord) -> Grid | None:
    """List the biopsies that have a page: histology, response and the values known first.

    Returns
    -------
    Grid or None
        One row per biopsy, columns of the tables that this run has; None without pages.
    """
    if not record.biopsy_pages:
        return None
    patients = _patients(record)
    headings = [Heading("biopsy")]
    columns: list[pd.Series] = []
    for key, wanted in (("patient", _OF_PATIENT), ("biopsy", _OF_BIOPSY)):
        for name, column, title in wanted:
            values = _values(record, name, column, key)
            if values is None:
                continue
            table = record.table(name)
            description, unit = table.columns.get(column, ("", "")) if table else ("", "")
            headings.append(Heading(title, description, unit))
            names = list(record.biopsy_pages)
            asked = names if key == "biopsy" else [patients.get(one, one) for one in names]
            columns.append(values.reindex(asked).reset_index(drop=True))
    rows = tuple(
        (_link(name), *(_cell(values.iloc[place]) for values in columns))
        for place, name in enumerate(record.biopsy_pages)
    )
    note = counted(len(rows), "biopsy", "biopsies")
    return Grid("biopsies", "", tuple(headings), rows, note, is_whole=True)


def _patients(record: ReportRecord) -> dict[str, str]:
    """Return the patient of each biopsy that any table names."""
    found: dict[str, str] = {}
    for table in record.tables:
        if {"patient", "biopsy"} <= set(table.frame.columns):
            pairs = table.frame[["biopsy", "patient"]].drop_duplicates()
            found.update(
                zip(pairs["biopsy"].astype(str), pairs["patient"].astype(str), strict=True)
            )
    return found


def _values(record: ReportRecord, name: str, column: str, key: str) -> pd.Series | None:
    table = record.table(name)
    if table is None or not {key, column} <= set(table.frame.columns):
        return None
    known = table.frame.dropna(subset=[column]).drop_duplicates(key)
    return known.set_index(known[key].astype(str))[column] if len(known) else None


def _link(name: str) -> Cell:
    return Cell(name, name, is_number=False, address=f"biopsies/{quote(name)}.html")


def _cell(value: object) -> Cell:
    return cell_of(value.replace(";", ", ") if isinstance(value, str) else value, "")
