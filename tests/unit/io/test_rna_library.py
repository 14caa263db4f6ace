"""What an RNA row of the sample sheet says of its library becomes a table."""

from pathlib import Path

import pytest

from storiform.engine.inputs import _given
from storiform.io.sheets import read_cohort, read_sheets
from storiform.io.sources import SOURCES, read_rna_library
from storiform.io.units import SourceUnit
from storiform.model.tables.rna_quality import RNA_LIBRARY

SOURCE = next(source for source in SOURCES if source.table is RNA_LIBRARY)


def sheet(folder: Path, *rows: str) -> Path:
    """Write a sheet of rows: patient, sample, status, counts and the four columns."""
    (folder / "c.tsv").write_text("gene\tcount\nTP53\t1\n")
    header = "patient,sample,status,counts,strandedness,batch,site,library"
    path = folder / "samples.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def library_of(path: Path, biopsy: str) -> dict[str, str] | None:
    cohort = read_cohort(path, None, "GRCh38").cohort
    _, _, record = _given(cohort, SOURCE, biopsy)
    if not record:
        return None
    unit = SourceUnit(biopsy, biopsy, {}, {}, "GRCh38", record)
    return RNA_LIBRARY.conform(read_rna_library(unit)).iloc[0].to_dict()


def test_columns_of_the_rna_row_are_those_of_its_biopsy(tmp_path) -> None:
    path = sheet(
        tmp_path, "P1,P1-R,2,c.tsv,reverse,run 7,Lyon,", "P2,P2-R,2,c.tsv,,,,",
        "P3,P3-T,1,,,run 8,,",
    )  # fmt: skip
    assert library_of(path, "P1") == {
        "strandedness": "reverse", "batch": "run 7", "site": "Lyon", "library": "",
    }  # fmt: skip
    assert library_of(path, "P2") is None
    assert library_of(path, "P3") is None, "of a DNA row nothing is taken"


@pytest.mark.parametrize(
    ("written", "told"),
    [("Reverse", "reverse"), ("fr-firststrand", "reverse"), ("RF", "reverse"), ("2", "reverse"),
     ("yes", "forward"), ("ISF", "forward"), ("unstranded", "unstranded"), ("auto", ""),
     ("0", "unstranded")],
)  # fmt: skip
def test_strandedness_is_read_in_the_words_of_other_programs(tmp_path, written, told) -> None:
    path = sheet(tmp_path, f"P1,P1-R,2,c.tsv,{written},b,,")
    assert library_of(path, "P1")["strandedness"] == told


def test_another_word_is_a_fault_with_its_row(tmp_path) -> None:
    faults = read_sheets(sheet(tmp_path, "P1,P1-R,2,c.tsv,sideways,,,"), None, "GRCh38").faults
    assert len(faults) == 1
    assert "row 2" in faults[0]
    assert "'sideways'" in faults[0]
    assert "unstranded, forward or reverse" in faults[0]
