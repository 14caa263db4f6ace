"""The verdict holds on a perfect run and breaks where a run is wrong."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.simulation import verdict


@pytest.fixture
def tables(trial, tmp_path):
    """Return the truth folder and the tables of a run that found exactly what is true."""
    folder, truth = trial
    tmb = truth.tmb.drop(columns=["sample", "source", "rate_per_mb"])
    counts = tmb["mutations_nonsynonymous"]
    lower = np.nan_to_num(stats.chi2.ppf(0.025, 2 * counts) / 2)
    upper = stats.chi2.ppf(0.975, 2 * counts + 2) / 2
    tmb = tmb.assign(tmb_lower=lower / tmb["megabases"], tmb_upper=upper / tmb["megabases"])
    scores = truth.signatures.pivot_table(
        index=["patient", "biopsy"], columns="population", values="abundance"
    ).reset_index()
    claims = truth.associations
    q = np.where(claims["planted"], 0.01, 0.6)
    found = claims[["feature", "outcome"]].assign(q=q, effect=1.5, n=40)
    claims = truth.survival
    q = np.where(claims["planted"], 0.01, 0.6)
    high = claims[["feature", "outcome"]].assign(q=q, group="high", n=20, median_months=9.0)
    low = high.assign(group="low", median_months=4.0)
    made = {"tmb": tmb, "mcp_counter": scores, "associations": found}
    made["survival"] = pd.concat([high, low])
    for name, table in made.items():
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    return folder / "truth", tmp_path


def edited(tables, name, change):
    truth, folder = tables
    path = folder / f"{name}.tsv"
    change(pd.read_csv(path, sep="\t")).to_csv(path, sep="\t", index=False)
    found = verdict(truth, folder)
    return found[~found["holds"]]


def test_a_perfect_run_holds_in_everything(tables):
    found = verdict(*tables)
    assert found["holds"].all(), found[~found["holds"]]
    assert set(found["claim"]) >= {
        "counts equal", "denominator equals", "planted rate in 95 % interval",
        "responded goes with", "responded does not go with", "pfs goes with",
        "score follows abundance",
    }  # fmt: skip


def test_one_wrong_count_is_seen(tables):
    def change(tmb):
        tmb.loc[3, "mutations_nonsynonymous"] += 1
        return tmb

    assert edited(tables, "tmb", change)["subject"].tolist() == ["tmb.mutations_nonsynonymous"]


def test_a_missing_biopsy_is_seen(tables):
    broken = edited(tables, "tmb", lambda tmb: tmb.drop(index=3))
    assert "counts equal" in set(broken["claim"])


def test_intervals_that_are_too_narrow_are_seen(tables):
    def change(tmb):
        middle = (tmb["tmb_lower"] + tmb["tmb_upper"]) / 2
        return tmb.assign(tmb_lower=0.9 * middle, tmb_upper=1.1 * middle)

    assert edited(tables, "tmb", change)["claim"].tolist() == ["planted rate in 95 % interval"]


def test_a_missed_association_is_a_miss(tables):
    def change(found):
        found.loc[found["feature"] == "mcp_counter.b_lineage", "q"] = 0.4
        return found

    broken = edited(tables, "associations", change)
    assert broken[["subject", "found"]].to_numpy().tolist() == [
        ["mcp_counter.b_lineage", "miss"]
    ]


def test_many_found_nulls_break_their_family_and_one_does_not(tables):
    def change(found, names):
        found.loc[found["feature"].isin(names), "q"] = 0.05
        return found

    one = ["mcp_counter.t_cells"]
    assert edited(tables, "associations", lambda f: change(f, one)).empty
    many = [f"mcp_counter.{n}" for n in ("fibroblasts", "nk_cells", "neutrophils", "t_cells",
                                         "cd8_t_cells", "endothelial_cells")]  # fmt: skip
    broken = edited(tables, "associations", lambda f: change(f, many))
    assert broken["claim"].tolist() == ["responded does not go with"]


def test_scores_that_follow_nothing_are_seen(tables):
    def change(scores):
        return scores.assign(t_cells=scores["t_cells"].to_numpy()[::-1])

    assert edited(tables, "mcp_counter", change)["subject"].tolist() == ["mcp_counter.t_cells"]


def test_an_absent_table_does_not_hold(tables):
    truth, folder = tables
    (folder / "survival.tsv").unlink()
    found = verdict(truth, folder)
    assert found.loc[~found["holds"], "subject"].tolist() == ["survival"]
