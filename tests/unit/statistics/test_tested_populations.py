"""Each table of tests speaks of its population: as if the tables held no one else."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.outcomes import ASSOCIATIONS
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.feature_correlations import FeatureCorrelationsParams, correlations
from storiform.statistics.hazards import HazardParams, hazards
from storiform.statistics.odds import OddsParams, odds
from storiform.statistics.paired_features import PairedFeaturesParams, paired_features
from storiform.statistics.response_trends import ResponseTrendParams, response_trends
from storiform.statistics.sensitivity import SensitivityParams, sensitivity
from storiform.statistics.survival import SurvivalParams, survival

PAIR = ("mcp_counter.b_lineage", "mcp_counter.t_cells")


def _associations(features, clinic, pairs, members, name):
    params = AssociationParams(population=name)
    return associations(features, clinic, params, pairs, members)


def _sensitivity(features, clinic, pairs, members, name):
    found = _associations(features, clinic, pairs, members, name)
    found = ASSOCIATIONS.conform(found)
    return sensitivity(features, clinic, found, SensitivityParams(), pairs, members)


def _survival(features, clinic, pairs, members, name):
    return survival(features, clinic, SurvivalParams(population=name), pairs, members).survival


def _curves(features, clinic, pairs, members, name):
    return survival(features, clinic, SurvivalParams(population=name), pairs, members).curves


def _hazards(features, clinic, pairs, members, name):
    return hazards(features, clinic, None, HazardParams(population=name), pairs, members)


def _odds(features, clinic, pairs, members, name):
    return odds(features, clinic, None, OddsParams(population=name), pairs, members)


def _trends(features, clinic, pairs, members, name):
    params = ResponseTrendParams(population=name)
    return response_trends(features, clinic, params, pairs, members)


def _correlations(features, clinic, pairs, members, name):  # noqa: ARG001  as the others
    params = FeatureCorrelationsParams(population=name, pairs=(PAIR,))
    return correlations(features, params, members)


MADE = (
    _associations, _sensitivity, _survival, _curves, _hazards, _odds, _trends, _correlations,
)  # fmt: skip


@pytest.fixture(scope="module")
def trial(invented):
    """Return features, clinic and pairs of 28 patients, three of them never dosed."""
    features, clinic = invented.features(), invented.clinic()
    pairs = paired_features(features, PairedFeaturesParams(pairs=(PAIR,)))
    never = sorted(clinic["patient"])[:26:9]
    dosed = [name for name in clinic["patient"] if name not in never]
    members = pd.DataFrame({
        "population": ["recruited"] * len(clinic) + ["treated"] * len(dosed),
        "patient": [*clinic["patient"], *dosed],
    })  # fmt: skip
    return features, clinic, pairs, members, dosed


@pytest.mark.parametrize("make", MADE)
def test_tests_are_as_if_nobody_else_were_in_the_tables(make, trial):
    features, clinic, pairs, members, dosed = trial
    assert len(dosed) == len(clinic) - 3
    made = make(features, clinic, pairs, members, "treated")
    own = [table[table["patient"].isin(dosed)] for table in (features, clinic, pairs)]
    expected = make(*own, None, "all")
    assert set(expected.pop("population") if "population" in expected else {"all"}) == {"all"}
    named = set(made.pop("population")) if "population" in made else {"treated"}
    assert named == {"treated"}
    pd.testing.assert_frame_equal(made, expected)
    everyone = make(features, clinic, pairs, members, "all")
    numbers = everyone.select_dtypes(np.number)
    is_same = numbers.shape == made[numbers.columns].shape and np.array_equal(
        numbers.to_numpy(), made[numbers.columns].to_numpy(), equal_nan=True
    )
    assert not is_same


@pytest.mark.filterwarnings("ignore:no patient", "ignore:pair ")
@pytest.mark.parametrize("make", MADE)
def test_a_population_without_a_patient_has_no_tests(make, trial):
    features, clinic, pairs, members, _ = trial
    assert make(features, clinic, pairs, members, "rna").empty
