"""Makers of toy trials and runners of them, for each test in a folder of its own."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from trials import HereClient, Process, Toy, make_toy, starter

from storiform.engine import work as work_module
from storiform.engine.explain import Check
from storiform.engine.patients import session_of_patients
from storiform.engine.run import Ending, run
from storiform.engine.session import Session, open_session


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., Toy]:
    """Return a maker of toy trials below the test's own folder."""

    def make(
        doses: Sequence[float],
        settings: str = "",
        name: str = "toy",
        output: object = "results",
    ) -> Toy:
        return make_toy(tmp_path / name, doses, settings, output)

    return make


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Return a starter of commands; what still runs at the end of the test is killed."""
    with starter() as begin:
        yield begin


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Session, Ending]]]:
    """Return a runner of a toy in this process."""
    mask = os.umask(0o077)

    def run_here(
        toy: Toy,
        *,
        check: Check | None = None,
        kill: Mapping[str, int] | None = None,
        patients: Sequence[str] = (),
    ) -> tuple[Session, Ending]:
        client = HereClient(kill)
        work_module.loaded.cache_clear()  # a worker loads it once, a test anew

        @contextmanager
        def connected(_executor: object) -> Iterator[HereClient]:
            yield client

        monkeypatch.setattr("storiform.engine.cluster.connect", connected)
        monkeypatch.setattr("storiform.engine.cluster.connect_alone", connected)
        session = open_session(toy.config, check)
        if patients:
            session = session_of_patients(session, patients)
        return session, run(session, workers=2, quiet=True)

    yield run_here
    os.umask(mask)
