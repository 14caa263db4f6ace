"""What the fragments of an allele say against it."""

import numpy as np
import pytest

from storiform.biomarkers.hla.evidence import is_another_base, is_never_seen


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        ([20, 20, 0, 0], True), ([19, 21, 0, 0], True), ([21, 19, 0, 0], True),
        ([0, 20, 20, 0], True), ([40, 0, 0, 0], False), ([0, 0, 0, 0], False),
        ([70, 30, 0, 0], True), ([71, 29, 0, 0], False), ([0, 4, 0, 0], False),
        ([0, 5, 0, 0], True), ([14, 3, 3, 0], False),
    ],
)  # fmt: skip
def test_another_base_is_told_also_where_as_many_fragments_fit(counts, is_told) -> None:
    """Three in ten and five fragments of one base, whatever the allele's own has."""
    found = is_another_base(np.array([counts]), np.array([0], np.uint8))
    assert found.tolist() == [is_told]
    turned = is_another_base(np.array([counts[::-1]]), np.array([3], np.uint8))
    assert turned.tolist() == [is_told]


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        ([0, 20, 0, 0], True), ([0, 19, 0, 0], False), ([1, 40, 0, 0], True),
        ([2, 40, 0, 0], False), ([20, 0, 0, 0], False), ([0, 0, 0, 0], False),
    ],
)  # fmt: skip
def test_a_base_that_hardly_a_fragment_of_the_gene_has_is_told(counts, is_told) -> None:
    """Twenty fragments lie there, and less than one in thirty has it."""
    assert is_never_seen(np.array([counts]), np.array([0], np.uint8)).tolist() == [is_told]
