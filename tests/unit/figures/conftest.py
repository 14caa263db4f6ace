"""The invented cohort, and its tables of association and survival, as fixtures."""

import importlib.util
from pathlib import Path

import pytest

from storiform.model.tables.outcomes import ASSOCIATIONS, SURVIVAL, SURVIVAL_CURVES
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.survival import SurvivalParams, survival


@pytest.fixture(scope="session")
def invented():
    """Return the module that invents patients and their features."""
    place = Path(__file__).parents[1] / "statistics" / "cohort.py"
    specification = importlib.util.spec_from_file_location("invented_cohort", place)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compared(invented):
    """Return the associations of the invented cohort."""
    table = associations(invented.features(), invented.clinic(), AssociationParams())
    return ASSOCIATIONS.conform(table)


@pytest.fixture(scope="session")
def survived(invented):
    """Return survival and curves of the invented cohort."""
    tables = survival(invented.features(), invented.clinic(), SurvivalParams())
    return SURVIVAL.conform(tables.survival), SURVIVAL_CURVES.conform(tables.curves)
