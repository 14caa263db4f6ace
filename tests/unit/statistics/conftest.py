"""The invented cohort as fixtures."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def invented():
    """Return the module that invents patients and their features."""
    place = Path(__file__).with_name("cohort.py")
    specification = importlib.util.spec_from_file_location("invented_cohort", place)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
