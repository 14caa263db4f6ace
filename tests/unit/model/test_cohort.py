"""Who sees whom between the grains."""

import pytest

from storiform.model.cohort import COHORT, Biopsy, Cohort, Patient, Sample
from storiform.model.table import Grain

TRIAL = Cohort(
    samples=(
        Sample("n1", "P1", None, "normal", "exome"),
        Sample("t1", "P1", "B1", "tumour", "exome"),
        Sample("r1", "P1", "B1", "tumour", "rna"),
        Sample("t2", "P1", "B2", "tumour", "exome"),
        Sample("t3", "P2", "B3", "tumour", "exome"),
    ),
    biopsies=(Biopsy("B2", "P1"), Biopsy("B1", "P1"), Biopsy("B3", "P2")),
    patients=(Patient("P2"), Patient("P1", {"response": "PR"})),
)


def test_units_are_sorted() -> None:
    assert TRIAL.units("sample") == ("n1", "r1", "t1", "t2", "t3")
    assert TRIAL.units("biopsy") == ("B1", "B2", "B3")
    assert TRIAL.units("patient") == ("P1", "P2")
    assert TRIAL.units("cohort") == (COHORT,)


@pytest.mark.parametrize(
    ("grain", "unit", "other", "seen"),
    [
        ("biopsy", "B1", "sample", ("n1", "r1", "t1")),
        ("biopsy", "B1", "patient", ("P1",)),
        ("biopsy", "B1", "biopsy", ("B1",)),
        ("patient", "P1", "biopsy", ("B1", "B2")),
        ("patient", "P1", "sample", ("n1", "r1", "t1", "t2")),
        ("sample", "t2", "biopsy", ("B2",)),
        ("sample", "n1", "biopsy", ("B1", "B2")),
        ("sample", "n1", "patient", ("P1",)),
        ("cohort", COHORT, "biopsy", ("B1", "B2", "B3")),
        ("biopsy", "B3", "cohort", (COHORT,)),
    ],
)
def test_unit_sees_what_it_is_made_of_and_what_it_belongs_to(
    grain: Grain, unit: str, other: Grain, seen: tuple[str, ...]
) -> None:
    assert TRIAL.seen_from(grain, unit, other) == seen


def test_names_of_units_are_the_key_columns() -> None:
    assert TRIAL.names("biopsy", "B2") == {"patient": "P1", "biopsy": "B2"}
    assert TRIAL.names("patient", "P2") == {"patient": "P2"}
    assert TRIAL.names("cohort", COHORT) == {}
    assert TRIAL.names("sample", "n1") == {
        "patient": "P1", "sample": "n1", "role": "normal", "assay": "exome",
    }  # fmt: skip


def test_normal_serves_every_biopsy_of_its_patient() -> None:
    for biopsy in ("B1", "B2"):
        assert "n1" in [sample.name for sample in TRIAL.samples_of(biopsy)]
    assert [sample.name for sample in TRIAL.samples_of("B3")] == ["t3"]
