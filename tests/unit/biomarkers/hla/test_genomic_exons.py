"""Exons of DNA, where splicing gives a messenger other borders."""

import numpy as np
import pytest

from storiform.biomarkers.hla.genomic_exons import genomic_exons
from storiform.model.hla_reference import GAP, ExonAlleles, HlaReference

BEFORE, EXON, BEHIND = "GGCATTAG", "ACGTTGCAACGGATCCTGAC", "GTAAGCTTACGTCA"
NAMES = ("A*01:01", "A*01:02", "A*01:03")


def codes(text: str) -> np.ndarray:
    return np.array(["ACGTN-".index(base) for base in text], dtype=np.uint8)


def text_of(row: np.ndarray) -> str:
    return "".join("ACGTN-"[code] for code in row)


def reference_of(rows: list[str], genomic: dict[str, str], places: dict) -> HlaReference:
    """Return a gene of one exon whose third allele is the odd one."""
    distinct = sorted(set(rows), key=rows.index)
    columns = np.stack([codes(row) for row in distinct])
    exon = ExonAlleles("A", 1, columns, np.zeros(len(distinct), dtype=bool))
    sequence_of = np.array([[distinct.index(row)] for row in rows], dtype=np.int32)
    return HlaReference(
        "", "", NAMES, ("A",) * 3, {"A": (exon,)}, {"A": sequence_of},
        {"A": np.zeros((3, 1), dtype=bool)}, {n: codes(t) for n, t in genomic.items()},
        {n: np.array([p], dtype=np.int32) for n, p in places.items()}, {}, {},
    )  # fmt: skip


def third(reference: HlaReference) -> str:
    """Return the bases of the third allele's exon."""
    (exon,) = genomic_exons(reference, "A")
    row = exon.columns[exon.rows[2]]
    return text_of(row[row != GAP])


WHOLE = BEFORE + EXON + BEHIND


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (EXON[:-6] + "------", (8, 22)),
        (EXON[:-7] + "------" + EXON[-7], (8, 22)),
        ("------" + EXON[6:], (14, 28)),
    ],
)
def test_bases_that_splicing_skips_are_taken_from_the_genomic_sequence(row, place) -> None:
    reference = reference_of([EXON, EXON, row], {NAMES[2]: WHOLE}, {NAMES[2]: place})
    assert third(reference) == EXON


def test_bases_of_the_intron_are_cut_off_wherever_an_alignment_puts_them() -> None:
    longer = EXON + BEHIND[:8]
    for shown in (longer, EXON[:-1] + EXON[-1] + BEHIND[:7] + BEHIND[7]):
        rows = [EXON[:-1] + "-" * 8 + EXON[-1]] * 2 + [shown]
        reference = reference_of(rows, {NAMES[2]: WHOLE}, {NAMES[2]: (8, 36)})
        assert third(reference) == EXON


def test_a_deletion_within_the_exon_stays() -> None:
    row = EXON[:7] + "------" + EXON[13:]
    reference = reference_of([EXON, EXON, row], {NAMES[2]: WHOLE}, {NAMES[2]: (8, 22)})
    assert third(reference) == EXON[:7] + EXON[13:]


def test_a_skipped_exon_is_that_of_the_nearest_name() -> None:
    long = EXON * 3
    near, far = "C" + long[1:], long
    reference = reference_of([far, near, "-" * len(long)], {}, {})
    names = ("A*02:01:01", "A*01:01:01", "A*01:01:02N")
    renamed = HlaReference(**{**vars(reference), "alleles": names})
    assert third(renamed) == near


def test_bases_of_a_long_exon_that_splicing_skips_are_the_allele_s_own() -> None:
    long = EXON * 4
    mutated = long[:-40] + "T" + long[-39:]
    shorter = mutated[:-45] + "-" * 45
    whole = BEFORE + mutated + BEHIND
    place = (len(BEFORE), len(BEFORE) + len(long) - 45)
    reference = reference_of([long, long, shorter], {NAMES[2]: whole}, {NAMES[2]: place})
    assert mutated != long
    assert third(reference) == mutated
    unknown = reference_of([long, long, shorter], {}, {})
    assert third(unknown) == long
