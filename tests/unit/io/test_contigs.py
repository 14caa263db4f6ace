"""Places of a file and the genome build of the cohort."""

import pytest

from storiform.io.contigs import check_within
from storiform.model.errors import InputError
from storiform.model.intervals import Intervals


def test_bases_behind_the_end_of_a_chromosome_are_refused() -> None:
    within = Intervals.of([("chr21", 5, 46_709_983), ("chrUn", 0, 10**9)])
    check_within("kit.bed", within, "GRCh38")
    beyond = Intervals.of([("chr21", 5, 46_709_984)])
    with pytest.raises(InputError, match=r"kit\.bed: found an interval up to chr21:46709984"):
        check_within("kit.bed", beyond, "GRCh38")
    check_within("kit.bed", beyond, "GRCh37")
