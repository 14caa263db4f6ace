"""Whatever stands in a file of the cohort: a fault in words, or rows that keep the contract."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storiform.io.adverse_event_file import read_adverse_events
from storiform.io.dose_file import first_doses, read_doses
from storiform.io.laboratory_file import read_laboratory
from storiform.io.lesion_file import read_lesions
from storiform.io.measured_columns import read_measurements
from storiform.io.patient_tables import Given, People
from storiform.model.table import Table
from storiform.model.tables.measurements import MEASUREMENTS
from storiform.model.tables.trial import ADVERSE_EVENTS, DOSES, LABORATORY, LESIONS

PEOPLE = People(frozenset({"P1", "P2"}))
CASES = {
    "lesions": (
        read_lesions, LESIONS,
        "patient,lesion,role,site,day,diameter_mm,perpendicular_cm,is_node,status",
    ),
    "doses": (
        read_doses, DOSES, "patient,drug,start_day,end_day,dose,planned_dose,unit,reason",
    ),
    "adverse_events": (
        read_adverse_events, ADVERSE_EVENTS, "patient,term,grade,related,drug,date,action",
    ),
    "laboratory": (read_laboratory, LABORATORY, "patient,test,week,value,unit,LLN,ULN"),
    "measurements": (
        lambda path, people: read_measurements(path, people, people)[1], MEASUREMENTS,
        "patient,CD3 [a/b],flag,word",
    ),
}  # fmt: skip
WORDS = (
    "", "", "P1", "P1", "P2", "p1", "P9", "0", "1", "2", "3", "-5", "12,5", "1,234", "<5", ">",
    "NA", "NE", "target", "new", "non-target", "PD", "yes", "no", "2021-03-04", "2021-13-01",
    "1e3", "too small", "é", "nan", "inf", "99999", "lymph node", "x",
)  # fmt: skip


def frames(given: Given, table: Table) -> list[pd.DataFrame]:
    """Return the table of each patient, as a run would have it."""
    return [
        table.conform(pd.DataFrame([dict(row) for row in rows], columns=list(table.columns)))
        for rows in given.rows.values()
    ]


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cells_are_rows_of_the_contract_or_faults(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    read, table, header = CASES[name]
    width = header.count(",") + 1
    cells = st.lists(st.sampled_from(WORDS), min_size=width - 1, max_size=width - 1)
    first = st.sampled_from(("P1", "P1", "P1", "P2", "P9", ""))
    rows = data.draw(st.lists(st.tuples(first, cells), max_size=5))
    lines = [",".join([who, *(f'"{cell}"' for cell in of_row)]) for who, of_row in rows]
    path = tmp_path / "file.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    found = read(path, PEOPLE)
    assert all(": found " in fault and ", expected " in fault for fault in found.faults)
    if not found.faults:
        assert frames(found, table)
        assert sum(map(len, found.rows.values())) <= len(rows) * width
    first_doses(path, PEOPLE)


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=80))
def test_any_bytes_are_a_fault(name: str, content: bytes, tmp_path: Path) -> None:
    read, _, _ = CASES[name]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert read(path, PEOPLE).faults
