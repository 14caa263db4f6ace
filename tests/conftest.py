"""Fixtures of the whole suite."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from storiform.engine.cluster import prepare_environment

prepare_environment()  # kernels compiled by one test serve the next, and the commands it starts
settings.register_profile("house", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("house")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real public data, see docs/validation.md."""
    folder = os.environ.get("STORIFORM_REAL_DATA", "")
    if not folder:
        pytest.skip("STORIFORM_REAL_DATA does not name the folder of real data")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"STORIFORM_REAL_DATA names {folder}, which is no folder")
    return path


@pytest.fixture(scope="session")
def golden_inputs(real_data: Path) -> Path:
    """Return the folder of R's larger inputs, which lies beside that of real data."""
    path = real_data.parent / "golden" / "inputs"
    if not path.is_dir():
        pytest.fail(f"{path} is no folder: STORIFORM_REAL_DATA is set, so it must be there")
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were left out for want of a Slurm."""
    if not os.environ.get("STORIFORM_SLURM"):
        terminalreporter.write_line(
            "tests/cluster was left out: .ci/run cluster starts a Slurm for it"
        )
