"""Frequencies count each patient once."""

import pandas as pd
import pytest
from small_copies import fit, segments

from storiform.biomarkers.copy_number.frequency import (
    CopyNumberFrequencyParams,
    copy_number_frequency,
)
from storiform.model.tables.copy_calls import COPY_NUMBER_FREQUENCY

MB = 1_000_000


def cohort(rows: dict[tuple[str, str], list], ploidy: float = 2.0) -> pd.DataFrame:  # type: ignore[type-arg]
    frames, fits = [], []
    for (patient, biopsy), own in rows.items():
        named = {"patient": patient, "biopsy": biopsy}
        frames.append(segments(own, ploidy=ploidy).assign(**named))
        fits.append(fit(0.6, ploidy).assign(**named))
    found = copy_number_frequency(
        pd.concat(frames), pd.concat(fits), CopyNumberFrequencyParams(window_mb=1.0)
    )
    return COPY_NUMBER_FREQUENCY.conform(found)


def test_shares_of_patients_in_each_stretch() -> None:
    quiet = [("chr1", 0, 100 * MB, 2, 1)]
    gained = [("chr1", 0, 40 * MB, 3, 1), ("chr1", 40 * MB, 100 * MB, 2, 1)]
    lost = [("chr1", 0, 40 * MB, 1, 0), ("chr1", 40 * MB, 100 * MB, 0, 0)]
    found = cohort({("A", "A1"): quiet, ("B", "B1"): gained, ("C", "C1"): lost})
    left, right = found[found["end"] <= 40 * MB], found[found["start"] >= 40 * MB]
    assert len(left) == 80, "half a megabase each, so that there are 200"
    assert left["gain"].eq(1 / 3).all()
    assert left["loss"].eq(1 / 3).all()
    assert left["loh"].eq(1 / 3).all()
    assert right["gain"].eq(0).all()
    assert right["homozygous_deletion"].eq(1 / 3).all()
    assert right["loss"].eq(1 / 3).all()
    assert found["patients"].eq(3).all()


def test_biopsies_of_one_patient_are_averaged() -> None:
    quiet, amplified = [("chr1", 0, 100 * MB, 2, 1)], [("chr1", 0, 100 * MB, 8, 1)]
    found = cohort({("A", "A1"): quiet, ("A", "A2"): amplified, ("B", "B1"): quiet})
    assert found["amplified"].to_numpy() == pytest.approx(0.25)
    assert found["patients"].eq(2).all()


def test_stretch_that_one_biopsy_lacks_counts_the_others() -> None:
    found = cohort(
        {
            ("A", "A1"): [("chr1", 0, 100 * MB, 3, 1)],
            ("B", "B1"): [("chr1", 50 * MB, 100 * MB, 2, 1)],
        }
    )
    assert set(found.loc[found["end"] <= 50 * MB, "gain"]) == {1.0}
    assert set(found.loc[found["end"] <= 50 * MB, "patients"]) == {1}
    assert set(found.loc[found["start"] >= 50 * MB, "gain"]) == {0.5}


def test_biopsies_without_copies_give_an_empty_table() -> None:
    found = cohort({("A", "A1"): [("chr1", 0, 100 * MB, None, None)]})
    assert found.empty


def test_loh_is_counted_among_those_whose_minor_copies_are_known() -> None:
    lost, quiet = [("chr1", 0, 100 * MB, 2, 0)], [("chr1", 0, 100 * MB, 2, 1)]
    silent = [("chr1", 0, 100 * MB, 2, None)]
    found = cohort({("A", "A1"): lost, ("B", "B1"): quiet, ("C", "C1"): silent})
    assert found["loh"].eq(0.5).all()
    assert found["patients"].eq(3).all()
    assert cohort({("C", "C1"): silent})["loh"].isna().all()


def test_one_x_of_a_male_is_no_loss_and_no_loh() -> None:
    found = cohort({("A", "A1"): [("chrX", 0, 100 * MB, 1, 0)]})
    assert found[["gain", "loss", "loh"]].eq(0).all(axis=None)
    doubled = cohort({("A", "A1"): [("chrX", 0, 100 * MB, 2, 0)]}, ploidy=4.0)
    assert doubled[["gain", "loss", "loh"]].eq(0).all(axis=None)
    assert cohort({("A", "A1"): [("chrX", 0, 100 * MB, 2, 0)]})["gain"].eq(1).all()


@pytest.mark.parametrize(
    ("ploidy", "copies", "share"), [(1.0, 5, 0), (1.0, 6, 1), (4.0, 7, 0), (4.0, 8, 1)]
)
def test_amplified_is_four_above_the_ploidy(ploidy: float, copies: int, share: int) -> None:
    found = cohort({("A", "A1"): [("chr1", 0, 100 * MB, copies, 1)]}, ploidy)
    assert found["amplified"].eq(share).all()
