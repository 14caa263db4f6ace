"""Standing in a cohort of reference, and Sarcoma Immune Classes."""

import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.immune_classes import (
    ImmuneClassesParams,
    immune_classes,
    own_scale_classes,
)
from storiform.biomarkers.reference_percentiles import (
    ReferencePercentilesParams,
    reference_percentiles,
)
from storiform.io.resources import RESOURCES, bundled
from storiform.model.cohort_reference import QUANTILES, CohortReference, gene_set_digests
from storiform.model.errors import DataWarning, InputError
from storiform.model.tables.immune import (
    IMMUNE_CLASSES,
    OWN_SCALE_CLASSES,
    REFERENCE_PERCENTILES,
    SIC_POPULATIONS,
)
from storiform.model.tables.rna import MCP_COUNTER

CENTROIDS = RESOURCES["sic_centroids"].read(bundled(RESOURCES["sic_centroids"].default))
MARKERS = {"t_cells": ["CD3D", "CD5", "CD6", "CD28"], "b_lineage": ["CD19", "MS4A1"]}
NAMES = RESOURCES["gene_names"].read(bundled(RESOURCES["gene_names"].default))
SETS = {"TLS": ("CXCL13", "CCL19")}
CODING = [f"GENE{number}" for number in range(9_000)]
GENES = [*CODING, *MARKERS["t_cells"], *MARKERS["b_lineage"]]
LENGTHS = pd.DataFrame(
    {
        "gene": GENES,
        "length": np.linspace(500, 6_000, len(GENES)),
        "length_source": "mane_select",
    }
)


def tpm(seed=0, **changed):
    draw = np.random.default_rng(seed)
    values = draw.gamma(0.4, 40, len(GENES)) * (draw.random(len(GENES)) > 0.2)
    frame = pd.DataFrame({"gene": GENES, "tpm": values / values.sum() * 1e6, "length": np.nan})
    for gene, value in changed.items():
        frame.loc[frame["gene"] == gene, "tpm"] = value
    return frame.assign(log2_tpm=np.log2(frame["tpm"] + 1))


def reference(scale="log2_tpm", **further):
    scores = [
        ("mcp_counter", "t_cells", 3.0, 1.5, 40),
        ("mcp_counter", "b_lineage", 2.0, 1.0, 40),
    ]
    markers = [(s, g, 1.0 + n) for s, own in MARKERS.items() for n, g in enumerate(own)]
    values = {("mcp_counter", "t_cells"): np.linspace(0, 6, 40)}
    made = {
        "name": "made", "biopsies": 40, "scale": scale, "sorted_scores": values,
        "scores": pd.DataFrame(scores, columns=["method", "signature", "mean", "sd", "n"]),
        "markers": pd.DataFrame(markers, columns=["signature", "gene", "mean"]),
    }  # fmt: skip
    return CohortReference(**(made | further))


def mcp(**scores):
    return pd.DataFrame({name: [scores.get(name, np.nan)] for name in MCP_COUNTER.columns})


def standing(table, ref=None, mapping="auto", gene_mapping=None, ssgsea=None, scores=None):
    params = ReferencePercentilesParams(mapping=mapping)
    scores = mcp() if scores is None else scores
    rows = reference_percentiles(
        scores, ssgsea, table, ref or reference(), LENGTHS, gene_mapping, SETS, NAMES, params
    )
    return REFERENCE_PERCENTILES.conform(rows).set_index("signature")


def test_a_score_is_the_mean_over_the_references_markers_and_its_z_and_percentile_follow():
    table = tpm(CD3D=7.0, CD5=3.0, CD6=0.0, CD28=1.0)
    row = standing(table).loc["t_cells"]
    assert row["value"] == pytest.approx((3 + 2 + 0 + 1) / 4)
    assert row["z"] == pytest.approx((1.5 - 3.0) / 1.5)
    assert row["percentile"] == pytest.approx(100 * 10 / 40)  # 0, .154, ... 1.385 are below 1.5
    assert (row["genes"], row["genes_of_reference"], row["mapping"]) == (4, 4, "none")
    assert np.isnan(standing(table).loc["b_lineage", "percentile"])  # no values are kept of it


def test_percentile_counts_values_at_or_below_as_its_twin_does():
    ref = reference(sorted_scores={("mcp_counter", "t_cells"): np.array([1.0, 2.0, 2.0, 9.0])})
    for value, share in ((0.5, 0), (1.0, 25), (2.0, 75), (10.0, 100)):
        genes = dict.fromkeys(MARKERS["t_cells"], 2.0**value - 1)
        found = standing(tpm(**genes), ref).loc["t_cells"]
        twin = 100 * np.mean(np.array([1.0, 2.0, 2.0, 9.0]) <= found["value"] + 1e-12)
        assert found["percentile"] == pytest.approx(twin) == pytest.approx(share)


def test_lengths_give_log2_of_counts_with_an_upper_quartile_of_a_thousand():
    table = tpm(3)
    counts = table["tpm"].to_numpy() * LENGTHS["length"].to_numpy()
    counts /= np.percentile(counts[counts > 0], 75)
    twin = pd.Series(np.log2(1_000 * counts + 1), GENES)
    found = standing(table, reference("log2_upper_quartile"))
    assert set(found["mapping"]) == {"lengths"}
    for signature, genes in MARKERS.items():
        assert found.loc[signature, "value"] == pytest.approx(twin[genes].mean())


def test_the_upper_quartile_is_of_genes_that_code_for_protein_alone():
    """Loud genes without a protein, as rRNA and mitochondrial ones, move nothing."""
    table = tpm(3)
    loud = pd.DataFrame({"gene": [f"MT-{n}" for n in range(4_000)], "tpm": 5_000.0})
    loud = loud.assign(length=1_000.0, log2_tpm=np.log2(5_001.0))
    known = pd.concat(
        [LENGTHS, loud[["gene", "length"]].assign(length_source="union")], ignore_index=True
    )
    both = pd.concat([table, loud], ignore_index=True)
    ref = reference("log2_upper_quartile")
    params = ReferencePercentilesParams()
    rows = [
        reference_percentiles(mcp(), None, own, ref, known, None, SETS, NAMES, params)
        for own in (table, both)
    ]
    np.testing.assert_allclose(rows[0]["value"], rows[1]["value"], rtol=1e-12)


def test_scores_without_expression_have_no_standing_on_a_scale_of_counts():
    """Scores of log2(TPM + 1) against TCGA's upper quartiles put every sarcoma into class A."""
    scores = mcp(**dict.fromkeys(MCP_COUNTER.columns, 2.0))
    ref = reference("log2_upper_quartile")
    with pytest.warns(DataWarning, match="MCP-counter scores without expression") as caught:
        found = standing(None, ref, scores=scores)
    assert len(caught) == 1
    assert found[["value", "z", "percentile", "mapping"]].isna().all().all()
    why = "no expression of its markers to bring to the scale of made"
    assert set(found["note"]) == {why}
    row = classed(found.reset_index())
    assert pd.isna(row["immune_class"])
    assert row["note"] == (
        f"no score of t_cells, b_lineage: {why}; no score of cytotoxic_lymphocytes, "
        "endothelial_cells: the reference has no such score"
    )
    frozen = standing(None, reference(), scores=scores)
    stated = standing(None, ref, "none", scores=scores)
    assert frozen["z"].tolist() == stated["z"].tolist() == [0.0, (2 - 3) / 1.5]
    bare = reference("log2_upper_quartile", markers=reference().markers.iloc[:0])
    with pytest.warns(DataWarning, match="MCP-counter scores without expression"):
        assert standing(tpm(), bare, scores=scores)["z"].isna().all()


def test_a_small_reference_is_warned_of_and_its_size_stated():
    with pytest.warns(DataWarning, match="rest on 29 biopsies, fewer than 30") as caught:
        standing(tpm(), reference(biopsies=29))
    assert len(caught) == 1
    standing(tpm(), reference(biopsies=30))
    rows = rows_of(**CENTROIDS["D"].to_dict())
    assert classed(rows)["reference_n"] == 213
    with pytest.warns(DataWarning, match="stand on the 99 biopsies of made, fewer than 100"):
        small = classed(rows.assign(reference_n=99))
    assert (small["reference_n"], small["immune_class"]) == (99, "D")
    classed(rows.assign(reference_n=100))
    classed(rows.assign(reference_n=9, z=np.nan))  # no class, nothing to doubt


def test_the_library_and_units_of_tpm_do_not_move_a_score_of_lengths_or_ranks():
    table = tpm(4)
    scaled = table.assign(tpm=table["tpm"] * 37)
    scaled = scaled.assign(log2_tpm=np.log2(scaled["tpm"] + 1))
    profile = np.linspace(0, 14, QUANTILES)
    for mapping, ref in (
        ("lengths", reference("log2_upper_quartile")), ("ranks", reference(profile=profile)),
    ):  # fmt: skip
        before, after = (standing(t, ref, mapping)["value"] for t in (table, scaled))
        np.testing.assert_allclose(before, after, rtol=1e-12)
    assert abs(standing(table)["value"] - standing(scaled)["value"]).min() > 1


def test_lengths_of_the_counts_cancel():
    """TPM that were made with other lengths give the counts from which they were made."""
    draw = np.random.default_rng(5)
    counts, lengths = draw.poisson(200, len(GENES)), draw.uniform(300, 9_000, len(GENES))
    rate = counts / lengths
    frame = pd.DataFrame({"gene": GENES, "tpm": rate / rate.sum() * 1e6, "length": lengths})
    frame["log2_tpm"] = np.log2(frame["tpm"] + 1)
    twin = pd.Series(np.log2(counts / np.percentile(counts, 75) * 1_000 + 1), GENES)
    found = standing(frame, reference("log2_upper_quartile"))
    for signature, genes in MARKERS.items():
        assert found.loc[signature, "value"] == pytest.approx(twin[genes].mean())


def test_ranks_take_the_references_value_of_the_same_place():
    profile = np.sort(np.random.default_rng(1).gamma(2, 2, QUANTILES))
    table = tpm(6, CD19=0.5e6, MS4A1=0.4e6)  # the two highest of all
    found = standing(table, reference(profile=profile), "ranks").loc["b_lineage", "value"]
    places = (np.array([len(GENES), len(GENES) - 1]) - 0.5) / len(GENES)
    twin = np.interp(places, np.linspace(0, 1, QUANTILES), profile).mean()
    assert found == pytest.approx(twin)
    with pytest.raises(InputError, match="keeps no profile"):
        standing(table, reference(), "ranks")


def test_gene_mapping_is_taken_where_it_is_named_and_genes_without_one_are_left_out():
    mapping = pd.DataFrame(
        {"gene": ["CD3D", "CD5", "CD6"], "scale": [2.0, 1.0, 1.0], "shift": [0.5, -9.0, 1.0]}
    )
    table = tpm(CD3D=3.0, CD5=3.0, CD6=0.0)
    found = standing(table, gene_mapping=mapping)
    # 2 x 2 + .5; no less than 0; 0 + 1; and 2.5 (all four markers) less 2 (these three)
    assert found.loc["t_cells", "value"] == pytest.approx((4.5 + 0 + 1) / 3 + 2.5 - 2.0)
    assert found.loc["t_cells", "note"] == "without CD28, which is allowed for"
    assert found.loc["b_lineage", "note"] == "0 of 2 markers are measured, too few"
    with pytest.raises(InputError, match=r"resources\.gene_mapping"):
        standing(table, mapping="genes")


def test_missing_markers_are_given_back_what_a_typical_biopsy_loses_with_them():
    table = tpm(CD3D=1.0, CD5=3.0)
    table = table[~table["gene"].isin(["CD6", "CD28"])]
    row = standing(table).loc["t_cells"]
    # reference means are 1, 2, 3, 4: all 2.5, those present 1.5
    assert row["value"] == pytest.approx(1.5 + 1.0)
    assert (row["genes"], row["note"]) == (2, "without CD28;CD6, which is allowed for")
    unknown = reference(markers=reference().markers.assign(mean=np.nan))
    assert standing(table, unknown).loc["t_cells", "value"] == pytest.approx(1.5)
    few = standing(table[table["gene"] != "CD5"]).loc["t_cells"]
    assert np.isnan(few["value"])
    assert few["note"] == "1 of 4 markers are measured, too few"


def test_scores_stand_as_they_are_where_there_are_no_genes_or_no_markers():
    scores = mcp(t_cells=4.5)
    found = standing(None, scores=scores)
    assert found.loc["t_cells", "z"] == pytest.approx(1.0)
    assert found.loc["b_lineage", "note"] == "the biopsy has no such score"
    bare = reference(markers=reference().markers.iloc[:0])
    assert standing(tpm(), bare, scores=scores).loc["t_cells", "value"] == 4.5


def test_gene_set_scores_are_compared_as_they_stand():
    scores = pd.DataFrame(
        [("ssgsea", "TLS", 100.0, 50.0, 40)], columns=reference().scores.columns
    )
    ref = reference(scores=scores, sorted_scores={("ssgsea", "TLS"): np.array([0.0, 90, 210])},
                    gene_sets=gene_set_digests(SETS, NAMES))  # fmt: skip
    row = standing(tpm(), ref, ssgsea=pd.DataFrame({"TLS": [200.0]})).loc["TLS"]
    assert (row["value"], row["z"]) == (200.0, 2.0)
    assert row["percentile"] == pytest.approx(200 / 3)


def test_few_coding_genes_are_warned_of():
    table = tpm()
    table = pd.concat([table.iloc[:50], table.iloc[-6:]])
    with pytest.warns(DataWarning, match="only 56 protein-coding genes"):
        standing(table, reference("log2_upper_quartile"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        standing(table)  # its own scale needs no library


def rows_of(**z):
    frame = pd.DataFrame({"method": "mcp_counter", "signature": list(z), "z": list(z.values())})
    frame = frame.assign(
        value=frame["z"], percentile=np.nan, genes=None, genes_of_reference=None
    )
    frame = frame.assign(mapping="lengths", reference="made", reference_n=213, note="")
    return REFERENCE_PERCENTILES.conform(frame)


def classed(rows, min_margin=0.25):
    row = immune_classes(rows, CENTROIDS, ImmuneClassesParams(min_margin=min_margin))
    return IMMUNE_CLASSES.conform(row).iloc[0]


@pytest.mark.parametrize("name", list("ABCDE"))
def test_a_biopsy_on_a_centroid_is_of_its_class(name):
    row = classed(rows_of(**CENTROIDS[name].to_dict(), neutrophils=9.0))
    assert row["immune_class"] == name
    assert row[f"distance_{name.lower()}"] == 0
    others = {
        n: float(np.linalg.norm(CENTROIDS[n] - CENTROIDS[name])) for n in "ABCDE" if n != name
    }
    second = min(others, key=others.get)
    assert (row["second_class"], row["margin"]) == (second, pytest.approx(others[second]))
    assert (row["is_class_e"], row["is_ambiguous"]) == (name == "E", False)
    assert (row["reference"], row["mapping"], row["note"]) == ("made", "lengths", "")


def test_a_biopsy_between_two_centroids_is_ambiguous():
    halfway = (0.51 * CENTROIDS["D"] + 0.49 * CENTROIDS["E"]).to_dict()
    row = classed(rows_of(**halfway))
    assert (row["immune_class"], row["second_class"], row["is_ambiguous"]) == ("D", "E", True)
    assert not classed(rows_of(**halfway), min_margin=0.0)["is_ambiguous"]


def test_no_class_is_told_without_one_of_the_populations():
    z = CENTROIDS["E"].to_dict()
    del z["b_lineage"]
    row = classed(rows_of(**z))
    assert pd.isna(row["immune_class"])
    assert pd.isna(row["is_class_e"])
    assert row["note"] == "no score of b_lineage: the reference has no such score"
    lacking = rows_of(**CENTROIDS["E"].to_dict())
    is_b = lacking["signature"] == "b_lineage"
    lacking.loc[is_b, "z"] = np.nan
    lacking.loc[is_b, "note"] = "1 of 8 markers are measured, too few"
    assert (
        classed(lacking)["note"]
        == "no score of b_lineage: 1 of 8 markers are measured, too few"
    )


def cohort(n):
    draw = np.random.default_rng(n)
    scores = pd.DataFrame(draw.normal(4, 2, (n, 10)), columns=list(MCP_COUNTER.columns))
    scores.insert(0, "biopsy", [f"B{i}" for i in range(n)])
    scores.insert(0, "patient", [f"P{i}" for i in range(n)])
    return scores


def test_the_own_scale_is_off_and_warns_of_small_cohorts():
    off = OWN_SCALE_CLASSES.conform(
        own_scale_classes(cohort(30), CENTROIDS, ImmuneClassesParams())
    )
    assert off.empty
    on = ImmuneClassesParams(own_scale=True)
    with pytest.warns(DataWarning, match="z scores over 30 biopsies, fewer than 100"):
        table = OWN_SCALE_CLASSES.conform(own_scale_classes(cohort(30), CENTROIDS, on))
    scores = cohort(30)[list(SIC_POPULATIONS)]
    z = (scores - scores.mean()) / scores.std()
    twin = [
        min("ABCDE", key=lambda name, own=own: float(np.linalg.norm(own - CENTROIDS[name])))
        for _, own in z.iterrows()
    ]
    own = table.set_index("biopsy").loc[[f"B{i}" for i in range(30)]]
    np.testing.assert_allclose(own[[f"z_{name}" for name in SIC_POPULATIONS]], z)
    by_biopsy = own["immune_class"]
    assert [by_biopsy[f"B{i}"] for i in range(30)] == twin
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(own_scale_classes(cohort(100), CENTROIDS, on)) == 100


def test_the_own_scale_moves_with_the_cohort_and_the_references_does_not():
    on = ImmuneClassesParams(own_scale=True)
    full = own_scale_classes(cohort(120), CENTROIDS, on).set_index("biopsy")["immune_class"]
    hot = cohort(120).nlargest(100, "t_cells")
    half = own_scale_classes(hot, CENTROIDS, on).set_index("biopsy")["immune_class"]
    assert (full[half.index] != half).any()
