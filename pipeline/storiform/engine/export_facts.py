"""What is known of each biopsy and patient in one row, with the contract of each value."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from storiform.engine.collect import exported_tables
from storiform.engine.export_tables import unit_tables
from storiform.engine.session import Session
from storiform.model.table import Column, Table
from storiform.model.tables.clinic import CLINIC


class Facts(NamedTuple):
    """One row per biopsy or patient, and what each column means."""

    rows: pd.DataFrame
    columns: Mapping[str, Column]


def clinical_facts(session: Session) -> Facts:
    """Return what is known of the patients that have a biopsy.

    The table `clinic` of the run speaks; of a patient without one the row of the clinical
    file.
    """
    found = unit_tables(session, CLINIC)
    cohort = session.report.cohort
    patients = sorted({biopsy.patient for biopsy in cohort.biopsies})
    parts = {
        name: found[name].iloc[0].to_dict()
        if name in found
        else dict(cohort.patient(name).clinic or {})
        for name in patients
    }
    rows = pd.DataFrame.from_dict(parts, orient="index")
    rows = rows.reindex(index=patients, columns=list(CLINIC.columns))
    typed = {name: _typed(rows[name], column.dtype) for name, column in CLINIC.columns.items()}
    return Facts(pd.DataFrame(typed, index=pd.Index(patients)), CLINIC.columns)


def biopsy_facts(session: Session, without: frozenset[str] = frozenset()) -> Facts:
    """Return the features of each biopsy, as columns ``TABLE.COLUMN``, and its names.

    Parameters
    ----------
    session
        The finished run.
    without
        Names of tables to leave out.
    """
    biopsies = sorted(session.report.cohort.biopsies, key=lambda biopsy: biopsy.name)
    index = pd.Index([biopsy.name for biopsy in biopsies])
    filled: dict[str, object] = {
        "patient": [biopsy.patient for biopsy in biopsies],
        "timepoint": [biopsy.timepoint or None for biopsy in biopsies],
        "region": [biopsy.region or None for biopsy in biopsies],
        "is_baseline": [biopsy.is_baseline for biopsy in biopsies],
    }
    told: dict[str, Column] = {
        "patient": Column("string", "name of the patient"),
        "timepoint": Column("string", "when the biopsy was taken, as the sample sheet has it"),
        "region": Column("string", "where it was taken"),
        "is_baseline": Column("bool", "taken before treatment"),
    }
    rows = pd.DataFrame(filled, index=index)
    parts = [rows]
    for name, contract in sorted(exported_tables(session.graph.steps, session.graph).items()):
        if contract.grain == "biopsy" and not contract.key and name not in without:
            part, meant = _features(session, contract, index)
            parts.append(part)
            told |= meant
    return Facts(pd.concat(parts, axis=1), told)


def _features(
    session: Session, contract: Table, index: pd.Index
) -> tuple[pd.DataFrame, dict[str, Column]]:
    found = {unit: frame.iloc[0] for unit, frame in unit_tables(session, contract).items()}
    joined = pd.DataFrame.from_dict(found, orient="index")
    names = contract.features(joined)
    told = {f"{contract.name}.{name}": contract.column(name) for name in names}
    columns = {
        f"{contract.name}.{name}": _typed(
            joined[name].reindex(index), contract.column(name).dtype
        )
        for name in names
    }
    return pd.DataFrame(columns, index=index), told


def _typed(values: pd.Series, kind: str) -> pd.Series:
    """Return a column that can hold missing values: not every biopsy has every table."""
    known = values.astype(object).where(values.notna(), None)
    if kind in {"bool", "nullable_bool"}:
        return known.astype("boolean")
    return known if kind == "string" else known.astype("float64")
