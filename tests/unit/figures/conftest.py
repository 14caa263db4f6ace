"""The invented cohort, and its tables of association and survival, as fixtures."""

import importlib.util
from pathlib import Path

import pytest
from figure_faults import faults

from storiform.model.tables.outcomes import ASSOCIATIONS, SURVIVAL, SURVIVAL_CURVES
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.survival import SurvivalParams, survival


def loaded(name, place):
    """Return a module of a file."""
    specification = importlib.util.spec_from_file_location(name, place)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def invented():
    """Return the module that invents patients and their features."""
    place = Path(__file__).parents[1] / "statistics" / "cohort.py"
    return loaded("invented_cohort", place)


@pytest.fixture(scope="session")
def trial():
    """Return the module that invents a trial: assessments, doses, features."""
    return loaded("invented_trial", Path(__file__).parent / "trial_cohort.py")


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


@pytest.fixture(scope="session")
def faults_of():
    """Return a function that tells what cannot be read in a figure."""
    return faults
