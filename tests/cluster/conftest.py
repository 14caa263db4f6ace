"""Trials in jobs of a real Slurm; collected only where tests/cluster/slurm.sh started one."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from slurm_here import DOSES, Slurm, executor
from trials import Process, Toy, make_toy, starter, storiform

collect_ignore_glob = [] if os.environ.get("STORIFORM_SLURM") else ["test_*.py"]


@pytest.fixture
def slurm() -> Iterator[Slurm]:
    """Give the Slurm of this machine, empty before and after a test."""
    here = Slurm()
    here.wait_until_empty(60)
    yield here
    here.do("scancel", "-Q", "-u", "root")
    here.wait_until_empty(60)


@pytest.fixture(scope="session")
def local_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the tables of six biopsies, made by processes of this machine."""
    toy = make_toy(tmp_path_factory.mktemp("local"), DOSES)
    done = storiform("run", toy.config, "--quiet", "--workers", 2)
    assert done.returncode == 0, done.stderr
    return toy.tables()


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., Toy]:
    """Return a maker of toy trials on Slurm."""

    def make(more: str = "", settings: str = "", doses: Sequence[float] = DOSES) -> Toy:
        return make_toy(tmp_path / "toy", doses, executor(more, settings))

    return make


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Return a starter of commands; what still runs at the end of the test is killed."""
    with starter() as begin:
        yield begin
