"""What is planted is found, and what is not planted is not, over twenty seeds.

The seeds were fixed before the first run of this test and are those of no other.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest
from trials import simulate_here

SEEDS = range(4_200, 4_220)
PATIENTS = 48
LEVEL = 0.1
Note = Callable[[str, object], None]
WORKFLOW = Path(__file__).with_name("planted_workflow.py")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Trials:
    """Found and planted tables of all seeds, with a column `seed`."""

    tmb: pd.DataFrame
    associations: pd.DataFrame
    survival: pd.DataFrame


KEYS = {
    "tmb": ["patient", "biopsy"],
    "associations": ["feature", "outcome"],
    "survival": ["feature", "outcome"],
}


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Trials:
    folder = tmp_path_factory.mktemp("seeds")
    # In two processes, without a cluster: to start one for each seed would take minutes.
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        begun = [
            pool.submit(simulate_here, folder / str(seed), PATIENTS, seed, WORKFLOW)
            for seed in SEEDS
        ]
        assert [one.result() for one in begun] == [0] * len(SEEDS)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in KEYS}
    for seed in SEEDS:
        for name, keys in KEYS.items():
            trial = folder / str(seed)
            found = pd.read_csv(trial / "results" / "tables" / f"{name}.tsv", sep="\t")
            planted = pd.read_csv(trial / "truth" / f"{name}.tsv", sep="\t")
            both = planted.merge(found, on=keys, suffixes=("_planted", ""))
            parts[name].append(both.assign(seed=seed))
    return Trials(**{name: pd.concat(frames) for name, frames in parts.items()})


def test_planted_rate_lies_in_the_poisson_interval(
    trials: Trials, record_property: Note
) -> None:
    tmb = trials.tmb
    assert len(tmb) >= 40 * len(SEEDS)
    inside = tmb["rate_per_mb"].between(tmb["tmb_lower"], tmb["tmb_upper"])
    record_property("share_inside", float(inside.mean()))
    assert inside.mean() >= 0.95


def test_counts_and_denominators_are_the_planted_ones(trials: Trials) -> None:
    tmb = trials.tmb
    for name in ("mutations_nonsynonymous", "mutations_coding", "megabases"):
        assert (tmb[f"{name}_planted"] == tmb[name]).all(), name


@pytest.mark.parametrize("feature", ["tmb.tmb", "mcp_counter.b_lineage"])
def test_planted_association_is_found(
    trials: Trials, feature: str, record_property: Note
) -> None:
    table = trials.associations
    rows = table[(table["feature"] == feature) & table["planted"]]
    assert set(rows["seed"]) == set(SEEDS)
    hits = int((rows["q"] < LEVEL).sum())
    record_property("hits", hits)
    assert hits >= 18


@pytest.mark.parametrize("feature", ["tmb.tmb", "mcp_counter.b_lineage"])
@pytest.mark.parametrize("outcome", ["pfs", "os"])
def test_planted_effect_on_survival_is_found(
    trials: Trials, feature: str, outcome: str, record_property: Note
) -> None:
    table = trials.survival
    rows = table[(table["feature"] == feature) & (table["outcome"] == outcome)]
    rows = rows[rows["planted"]].drop_duplicates("seed")
    assert set(rows["seed"]) == set(SEEDS)
    hits = int((rows["q"] < LEVEL).sum())
    record_property("hits", hits)
    assert hits >= 18


@pytest.mark.parametrize("name", ["associations", "survival"])
def test_null_features_are_rarely_found(
    trials: Trials, name: str, record_property: Note
) -> None:
    table = getattr(trials, name)
    nulls = table[~table["planted"]].drop_duplicates(["seed", "outcome", "feature"])
    assert nulls["q"].notna().sum() >= 4 * len(SEEDS)
    share = float((nulls["q"] < LEVEL).mean())
    record_property("share_found", share)
    assert share <= 0.10
