"""Fixtures of whole runs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from trials import Toy, make_toy


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., Toy]:
    """Return a maker of toy trials below the test's own folder."""

    def make(doses: Sequence[float], settings: str = "", name: str = "toy") -> Toy:
        return make_toy(tmp_path / name, doses, settings)

    return make
