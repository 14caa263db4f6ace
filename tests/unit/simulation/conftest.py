"""One simulated trial of 48 patients, hostile files and all, for every test here."""

import pytest

from storiform.simulation import simulate


@pytest.fixture(scope="session")
def trial(tmp_path_factory):
    """Return the folder of a trial and its truth."""
    folder = tmp_path_factory.mktemp("trial")
    return folder, simulate(folder, 48, 3, hostile=True)
