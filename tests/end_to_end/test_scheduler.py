"""A run on a Dask scheduler that goes on already."""

from collections.abc import Callable, Iterator

import pytest
from distributed import LocalCluster
from trials import Toy, storiform


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Give the address of a scheduler with one worker, on this machine."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_run_uses_a_scheduler_that_goes_on_already(
    toy: Callable[..., Toy], scheduler: str
) -> None:
    there = toy([1, 2, 3], f'executor: {{scheduler: "{scheduler}"}}\n', name="there")
    done = storiform("run", there.config, "--quiet")
    assert done.returncode == 0, done.stderr
    here = toy([1, 2, 3], name="here")
    assert storiform("run", here.config, "--quiet").returncode == 0
    assert there.tables() == here.tables()


def test_scheduler_elsewhere_without_tls_is_refused(toy: Callable[..., Toy]) -> None:
    trial = toy([1, 2, 3], 'executor: {scheduler: "tcp://192.0.2.1:8786"}\n')
    done = storiform("run", trial.config, "--quiet")
    assert done.returncode == 2
    assert "expected TLS to another machine" in done.stderr
    assert "Traceback" not in done.stderr
