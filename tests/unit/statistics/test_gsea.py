"""Gene sets are scored as GSEA has it; markers are counted as they are called."""

import gseapy
import numpy as np
import pandas as pd
import pytest

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.differential import GSEA, MARKER_ENRICHMENT
from storiform.statistics.gsea import (
    GseaParams,
    _compared_with,
    enrichment,
    gsea,
    marker_enrichment,
)


class Names:
    """Names of genes; OLD is an old name of G0001."""

    def symbols(self, ids):
        """Return the current symbols."""
        return [
            "G0001" if name == "OLD" else ("" if name == "UNKNOWN" else name) for name in ids
        ]


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(4)
    genes = 800
    statistic = generator.normal(0.0, 1.5, genes)
    statistic[:20] += 3.0
    return pd.DataFrame(
        {
            "contrast": "responded",
            "gene": [f"G{number:04d}" for number in range(genes)],
            "statistic": statistic,
            "p": 0.5,
            "is_degenerate": False,
            "is_significant": np.abs(statistic) > 2.5,
            "log2_fold_change": statistic / 2.0,
        }
    )


@pytest.fixture(scope="module")
def sets():
    generator = np.random.default_rng(5)
    found = {"up": tuple(f"G{number:04d}" for number in range(15))}
    for size in (5, 15, 40):
        chosen = generator.choice(800, size, replace=False)
        found[f"chance_{size}"] = tuple(f"G{number:04d}" for number in chosen)
    return found


def scored(table, sets, **params):
    frame = GSEA.conform(gsea(table, sets, Names(), GseaParams(**params)))
    return frame.set_index("gene_set")


def test_steps_read_the_comparison():
    assert Step.of(gsea).section == "gsea"
    assert Step.of(gsea).products[0].name == "gsea"
    assert Step.of(marker_enrichment).products[0].name == "marker_enrichment"


@pytest.mark.parametrize(
    ("score", "p", "normalised"),
    [
        (0.4, 3 / 4, 0.4 / 0.4),  # of .2, .4 and .6 two are as high, and the set itself
        (-0.5, 2 / 3, -0.5 / 0.45),  # of -.3 and -.6 one is as low
        (0.7, 1 / 4, 0.7 / 0.4),
        (-0.9, 1 / 3, -0.9 / 0.45),
    ],
)
def test_a_set_is_compared_with_random_ones_of_its_own_sign(score, p, normalised):
    row = _compared_with(score, np.array([0.2, -0.3, 0.4, -0.6, 0.6]))
    assert row["enrichment"] == score
    assert row["p"] == pytest.approx(p)
    assert row["normalised_enrichment"] == pytest.approx(normalised)


def test_enrichment_and_leading_edge_are_those_of_gseapy(table, sets):
    ours = scored(table, sets, permutations=2000)
    ranks = table.set_index("gene")["statistic"].sort_values(ascending=False)
    peer = gseapy.prerank(
        rnk=ranks, gene_sets={name: list(genes) for name, genes in sets.items()},
        min_size=2, max_size=500, permutation_num=2000, seed=1, threads=1, outdir=None,
        no_plot=True,
    ).res2d.set_index("Term")  # fmt: skip
    for name in sets:
        assert ours.loc[name, "enrichment"] == pytest.approx(peer.loc[name, "ES"], abs=1e-9)
        # both of random sets, 2,000 of them
        assert ours.loc[name, "normalised_enrichment"] == pytest.approx(
            peer.loc[name, "NES"], rel=0.06
        )
        assert ours.loc[name, "p"] == pytest.approx(peer.loc[name, "NOM p-val"], abs=0.04)
        edges = ours.loc[name, "leading_edge"], peer.loc[name, "Lead_genes"]
        assert set(edges[0].split(";")) == set(edges[1].split(";"))


def test_enrichment_is_the_furthest_point_of_the_running_sum():
    generator = np.random.default_rng(6)
    for _ in range(40):
        weights = np.sort(generator.exponential(1.0, 60))
        places = np.sort(generator.choice(60, 7, replace=False))
        is_hit = np.isin(np.arange(60), places)
        steps = np.where(is_hit, weights / weights[is_hit].sum(), -1.0 / 53.0)
        walk = np.cumsum(steps)
        furthest = walk[np.abs(walk).argmax()]
        assert enrichment(weights, places).enrichment == pytest.approx(furthest, abs=1e-12)


def test_planted_set_is_found_and_chance_is_not(table, sets):
    found = scored(table, sets)
    assert found.loc["up", "q"] < 0.02
    assert found.loc["up", "normalised_enrichment"] > 1.5
    assert found.drop("up")["p"].min() > 0.02


def test_set_does_not_feel_the_other_sets_nor_the_order_of_genes(table, sets):
    alone = scored(table.sample(frac=1.0, random_state=2), {"up": sets["up"]}).loc["up"]
    together = scored(table, sets).loc["up"]
    for name in ("enrichment", "normalised_enrichment", "p", "leading_edge"):
        assert alone[name] == together[name]


def test_p_is_never_zero_and_the_seed_decides(table, sets):
    found = scored(table, sets, permutations=100)
    assert 0.0 < found.loc["up", "p"] < 0.05
    again = scored(table, sets, permutations=100, seed=2)
    assert found.loc["chance_15", "p"] != again.loc["chance_15", "p"]


def test_p_of_random_sets_is_uniform(table):
    generator = np.random.default_rng(8)
    chance = {
        f"S{number:03d}": tuple(table["gene"][generator.choice(800, 10, replace=False)])
        for number in range(300)
    }
    p = scored(table, chance, permutations=500)["p"]
    assert abs((p < 0.1).mean() - 0.1) < 0.06
    assert abs(p.median() - 0.5) < 0.08


def test_small_set_keeps_its_row_without_numbers(table):
    found = scored(table, {"one": ("G0001",), "many": ("G0001", "G0002", "G0003")})
    assert found.loc["one", "genes"] == 1
    assert np.isnan(found.loc["one", "p"])
    assert found.loc["many", "q"] == found.loc["many", "p"]


def test_no_set_large_enough_is_told(table):
    with pytest.warns(DataWarning, match="none of 1 gene sets has 2 of 800 genes"):
        scored(table, {"one": ("G0001",)})


def test_genes_without_p_and_degenerate_ones_are_not_ranked(table, sets):
    left = table.copy()
    left.loc[0, "p"] = np.nan
    left.loc[1, "is_degenerate"] = True
    assert scored(left, sets).loc["up", "genes"] == 13


def test_no_comparison_makes_no_row(table, sets):
    assert scored(table.iloc[:0], sets).empty
    markers = pd.DataFrame({"population": ["B lineage"], "symbol": ["G0001"]})
    assert marker_enrichment(table.iloc[:0], markers, Names()).empty


def test_degenerate_markers_are_counted_apart_whatever_their_p(table):
    rows = table.copy()
    rows["is_significant"] = rows["gene"].isin(["G0001", "G0002"])
    rows.loc[1:2, ["log2_fold_change", "p"]] = [[21.0, 1e-30], [2.0, 1e-4]]
    rows.loc[[1, 4], "is_degenerate"] = True
    rows.loc[5, ["is_degenerate", "p"]] = [True, np.nan]
    symbols = ["G0001", "G0002", "G0003", "G0004", "G0005"]
    markers = pd.DataFrame({"population": "B lineage", "symbol": symbols})
    found = MARKER_ENRICHMENT.conform(marker_enrichment(rows, markers, Names()))
    row = found.set_index("population").loc["b_lineage"]
    assert (row["tested"], row["degenerate"], row["up"], row["down"]) == (2, 2, 1, 0)
    assert (row["genes_up"], row["share_up"]) == ("G0002", 0.5)
    assert row["median_log2_fold_change"] == rows.loc[2:3, "log2_fold_change"].median()


def test_markers_are_counted_under_their_current_names(table):
    rows = table.copy()
    rows["is_significant"] = rows["gene"].isin(["G0001", "G0002", "G0003"])
    rows.loc[1:3, "log2_fold_change"] = [1.0, 2.0, -1.0]
    rows.loc[1:3, "p"] = [1e-3, 1e-4, 1e-5]
    rows.loc[4, "p"] = np.nan
    markers = pd.DataFrame(
        {
            "population": "B lineage",
            "symbol": ["OLD", "G0002", "G0003", "G0004", "G0005", "UNKNOWN"],
        }
    )
    found = MARKER_ENRICHMENT.conform(marker_enrichment(rows, markers, Names()))
    row = found.set_index("population").loc["b_lineage"]
    assert (row["markers"], row["tested"], row["up"], row["down"]) == (6, 4, 2, 1)
    assert row["share_up"] == 0.5
    assert row["genes_up"] == "G0002;G0001"
    assert row["genes_down"] == "G0003"
    assert len(found) == 10
    assert np.isnan(found.set_index("population").loc["t_cells", "share_up"])
