"""What `status` says of a run that goes on."""

from collections.abc import Mapping, Sequence

import pytest

from storiform.cli.status import _held

QUIET = {"event": "quiet", "message": "nothing has ended for 5 minutes; workers have tmb of P1"}
STEP = {"event": "step", "step": "tmb", "unit": "P1", "state": "done"}


@pytest.mark.parametrize(
    ("summary", "told", "expected"),
    [
        ({}, [], ""),
        ({"jobs": "slurm: 2 waiting"}, [QUIET, STEP], "; slurm: 2 waiting"),
        ({}, [STEP, QUIET], f"\n{QUIET['message']}"),
    ],
)
def test_a_run_that_waits_says_for_what(
    summary: Mapping[str, object], told: Sequence[Mapping[str, object]], expected: str
) -> None:
    assert _held({"pid": 7, "host": "n1"}, summary, told) == f"held by pid 7 on n1{expected}"
