"""A cluster of this machine that cannot even begin."""

import pytest
from distributed import Scheduler

from storiform.engine.cluster import connect
from storiform.engine.sections import Executor
from storiform.engine.steady import SteadyCluster
from storiform.model.errors import RunError


def test_a_cluster_that_cannot_begin_raises_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed, too; what fails then would hide the cause behind a traceback at exit."""

    async def full(_scheduler: Scheduler) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Scheduler, "start_unsafe", full)
    with pytest.raises(RuntimeError, match="Scheduler failed to start"):
        SteadyCluster(n_workers=0, dashboard_address=None, silence_logs=50)
    begun = "none that begins .+ or name another folder by TMPDIR"
    with pytest.raises(RunError, match=begun), connect(Executor(workers=1)):
        pass
