"""A run is frozen to a cohort of reference."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.frozen_cohort import FrozenParts, frozen_cohort
from storiform.biomarkers.microenvironment import MicroenvironmentParams, mcp_counter
from storiform.biomarkers.reference_percentiles import (
    ReferencePercentilesParams,
    reference_percentiles,
)
from storiform.io.resources import RESOURCES, bundled
from storiform.model.errors import DataWarning, InputError

ASKED = ("gene_names", "gene_lengths", "mcp_markers")
READ = {name: RESOURCES[name].read(bundled(RESOURCES[name].default)) for name in ASKED}
NAMES, LENGTHS, MARKERS = (READ[name] for name in ASKED)
SETS = {"A": ("CD3D", "CD8A"), "B": ("CD19",), "C": ("MS4A1",)}


@pytest.fixture(scope="module")
def tables():
    """Return the expression of forty biopsies, all genes of the table of lengths coded."""
    draw = np.random.default_rng(2)
    symbols = NAMES.symbols(MARKERS["symbol"].tolist())
    own = [new or old for new, old in zip(symbols, MARKERS["symbol"], strict=True)]
    coding = LENGTHS.loc[LENGTHS["length_source"] == "mane_select", "gene"].iloc[:300]
    genes = list(dict.fromkeys([*own, *coding]))
    found = []
    for _ in range(40):
        logs = draw.gamma(2, 1.5, len(genes)) + draw.normal()
        frame = pd.DataFrame({"gene": genes, "log2_tpm": np.maximum(logs, 0)})
        found.append(frame.assign(tpm=2 ** frame["log2_tpm"] - 1, length=np.nan))
    return found


def parts(tables, ssgsea=()):
    settings = {"mode": "midrank"}
    return FrozenParts(iter(tables), iter(ssgsea), MARKERS, SETS, NAMES, LENGTHS, settings)


def test_means_sds_and_values_are_those_of_the_scores_of_the_run(tables):
    frozen = frozen_cohort("ours", parts(tables))
    params = MicroenvironmentParams()
    scores = pd.concat([mcp_counter(t, MARKERS, NAMES, params) for t in tables])
    by_name = frozen.scores.set_index("signature")
    assert set(by_name.index) == set(scores.columns)
    for name in scores:
        assert by_name.loc[name, "mean"] == pytest.approx(scores[name].mean())
        assert by_name.loc[name, "sd"] == pytest.approx(scores[name].std())
        kept = frozen.sorted_scores["mcp_counter", name]
        np.testing.assert_allclose(kept, np.sort(scores[name]))
    matrix = pd.concat([t.set_index("gene")["log2_tpm"] for t in tables], axis=1)
    for row in frozen.markers.to_dict("records"):
        assert row["mean"] == pytest.approx(matrix.loc[row["gene"]].mean())
    assert (frozen.biopsies, frozen.scale, frozen.name) == (40, "log2_tpm", "ours")


def test_a_biopsy_of_the_cohort_stands_where_it_stands_in_the_cohort(tables):
    frozen = frozen_cohort("ours", parts(tables))
    scores = mcp_counter(tables[7], MARKERS, NAMES, MicroenvironmentParams())
    rows = reference_percentiles(
        scores, None, tables[7], frozen, LENGTHS, None, SETS, NAMES,
        ReferencePercentilesParams(),
    )  # fmt: skip
    for row in rows.to_dict("records"):
        values = frozen.sorted_scores["mcp_counter", row["signature"]]
        assert row["value"] == pytest.approx(scores[row["signature"]].iloc[0])
        at_or_below = np.mean(values <= row["value"] + 1e-9) * 100
        assert row["percentile"] == pytest.approx(at_or_below, abs=1e-9)
        assert row["note"] == ""


def test_the_profile_is_the_mean_of_the_quantiles_of_coding_genes(tables):
    frozen = frozen_cohort("ours", parts(tables))
    coding = set(LENGTHS.loc[LENGTHS["length_source"] == "mane_select", "gene"])
    medians = [t.loc[t["gene"].isin(coding), "log2_tpm"].median() for t in tables]
    assert frozen.profile[500] == pytest.approx(np.mean(medians))
    assert (np.diff(frozen.profile) >= 0).all()


def test_a_marker_that_a_biopsy_lacks_is_left_out_for_all(tables):
    shorter = [*tables[1:], tables[0][tables[0]["gene"] != "CD3D"]]
    frozen = frozen_cohort("ours", parts(shorter))
    assert "CD3D" not in set(frozen.markers["gene"])
    kept = frozen.markers.loc[frozen.markers["signature"] == "t_cells", "gene"]
    matrix = pd.concat([t.set_index("gene")["log2_tpm"] for t in tables], axis=1)
    mean = frozen.scores.set_index("signature").loc["t_cells", "mean"]
    assert mean == pytest.approx(matrix.loc[list(kept)].mean().mean())


def test_gene_sets_are_kept_where_most_biopsies_have_them(tables):
    draw = np.random.default_rng(3)
    rows = [
        pd.DataFrame(
            {"A": [draw.normal()], "B": [draw.normal() if i < 3 else np.nan], "C": [1.0]}
        )
        for i in range(40)
    ]
    frozen = frozen_cohort("ours", parts(tables, rows))
    sets = frozen.scores.query("method == 'ssgsea'")["signature"].tolist()
    assert sets == ["A"]  # B is rare, C never differs
    assert len(frozen.sorted_scores["ssgsea", "A"]) == 40
    assert set(frozen.gene_sets) == {"A"}


def test_sets_of_the_same_name_are_compared_only_if_their_genes_are_the_same(tables):
    draw = np.random.default_rng(3)
    rows = [pd.DataFrame({"A": [draw.normal()], "B": [draw.normal()]}) for _ in range(40)]
    frozen = frozen_cohort("ours", parts(tables, rows))
    scores = pd.DataFrame({"A": [0.0], "B": [0.0]})
    changed = SETS | {"A": ("CD8A", "T3D"), "B": ("CD19", "CD22")}
    params = ReferencePercentilesParams()
    mcp = mcp_counter(tables[7], MARKERS, NAMES, MicroenvironmentParams())
    found = reference_percentiles(
        mcp, scores, tables[7], frozen, LENGTHS, None, changed, NAMES, params
    ).set_index("signature")
    assert np.isfinite(found.loc["A", ["value", "z", "percentile"]].astype(float)).all()
    assert found.loc["A", "note"] == "", "T3D is CD3D by an older name"
    assert found.loc["B", ["value", "z", "percentile"]].isna().all()
    assert found.loc["B", "note"] == "a set of the same name has other genes in ours"
    untold = dataclasses.replace(frozen, gene_sets={})
    found = reference_percentiles(
        mcp, scores, tables[7], untold, LENGTHS, None, SETS, NAMES, params
    ).set_index("signature")
    assert found.loc["A", "note"] == (
        "ours does not tell the genes of its set: freeze it again"
    )
    assert np.isnan(found.loc["A", "z"])


def test_small_cohorts_are_warned_of_and_tiny_ones_refused(tables):
    with pytest.warns(DataWarning, match="rest on 29 patients, fewer than 30"):
        frozen_cohort("ours", parts(tables[:29]))
    with pytest.raises(InputError, match="reference ours: found 4 patients"):
        frozen_cohort("ours", parts(tables[:4]))
