"""Components of expression are right, and what goes with them is told with its number."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, f_oneway, fisher_exact, linregress

from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.expression_pca import (
    BATCH_OUTCOMES,
    EXPRESSION_COMPONENTS,
    EXPRESSION_COVARIATES,
    EXPRESSION_PCA,
)
from storiform.statistics.batch_outcomes import batch_outcomes
from storiform.statistics.expression_pca import (
    ExpressionPcaParams,
    ExpressionView,
    expression_pca,
    most_variable,
    principal_components,
)
from storiform.statistics.fisher import fisher_2xc

PC = ["pc1", "pc2", "pc3", "pc4", "pc5"]


def names(n):
    return [f"P{i:03d}" for i in range(n)]


def levelled(values, biopsies):
    genes = [f"G{i:04d}" for i in range(len(values))]
    return pd.DataFrame(values, columns=biopsies).assign(gene=genes)


def drawn(n, genes=120, seed=3):
    return np.random.default_rng(seed).normal(6.0, 1.0, (genes, n))


def quality(biopsies, **columns):
    blank = {
        "sex_found": "", "library_size": 2e7, "mitochondrial_share": np.nan,
        "mitochondrial_count_share": np.nan, "three_prime_bias": np.nan,
        "intronic_share": np.nan,
    }  # fmt: skip
    return pd.DataFrame({"patient": biopsies, "biopsy": biopsies, **(blank | columns)})


def library(biopsies, **columns):
    blank = {"strandedness": "", "batch": "", "site": "", "library": ""}
    return pd.DataFrame({"patient": biopsies, "biopsy": biopsies, **(blank | columns)})


def clinic(patients, **columns):
    blank = {"histology": pd.NA, "arm": pd.NA, "sex": pd.NA, "responded": pd.NA}
    table = pd.DataFrame({"patient": patients, **(blank | columns)})
    return table.astype({"responded": "boolean"})


def seen(vst=None, tpm=None, quality=None, library=None, clinic=None, **params):
    """Return the conformed tables, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        view = expression_pca(vst, tpm, quality, library, clinic, ExpressionPcaParams(**params))
    assert all(issubclass(one.category, DataWarning) for one in caught)
    contracts = (EXPRESSION_PCA, EXPRESSION_COMPONENTS, EXPRESSION_COVARIATES, BATCH_OUTCOMES)
    tables = [c.conform(t) for c, t in zip(contracts, view, strict=True)]
    return ExpressionView(*tables), [str(one.message) for one in caught]


def test_the_step_takes_counts_or_tpm():
    step = Step.of(expression_pca)
    assert step.one_of == ("vst", "tpm")
    assert (step.grain, step.section) == ("cohort", "expression_pca")


def test_components_are_those_of_the_covariance_of_the_genes():
    values = drawn(9, genes=30)
    view, _ = seen(levelled(values, names(9)))
    covariance = np.cov(values)
    sizes, vectors = np.linalg.eigh(covariance)
    expected = (values - values.mean(axis=1, keepdims=True)).T @ vectors[:, ::-1][:, :5]
    found = view.scores[PC].to_numpy()
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-9)
    shares = view.components["variance_share"].to_numpy()
    assert shares == pytest.approx(sizes[::-1][:5] / sizes.sum())
    assert list(view.components["biopsies"]) == [9] * 5


def test_a_component_points_to_its_largest_loading_in_any_order_of_biopsies():
    values, biopsies = drawn(12), names(12)
    order = np.random.default_rng(1).permutation(12)
    one, _ = seen(levelled(values, biopsies))
    two, _ = seen(levelled(values[:, order], [biopsies[i] for i in order]))
    assert two.scores[PC].to_numpy() == pytest.approx(one.scores[PC].to_numpy(), abs=1e-9)
    parts = principal_components(values, 5)
    peaks = parts.loadings[np.abs(parts.loadings).argmax(axis=0), range(5)]
    assert (peaks > 0).all()
    flipped = principal_components(-values, 5)
    assert flipped.loadings == pytest.approx(parts.loadings, abs=1e-9)
    assert flipped.scores == pytest.approx(-parts.scores, abs=1e-9)


def test_the_most_variable_genes_are_used_and_ties_go_by_name():
    values = np.array([[0.0, 1, 2], [5, 5, 5], [0, 10, 20], [2, 1, 0]])
    genes = np.array(["B", "C", "D", "A"], dtype=object)
    assert list(genes[most_variable(values, genes, 3)]) == ["D", "A", "B"]
    assert list(genes[most_variable(values, genes, 9)]) == ["D", "A", "B"], "C is constant"
    view, _ = seen(levelled(drawn(6, genes=80), names(6)), top_genes=40)
    assert list(view.components["genes"]) == [40] * 5


def test_three_biopsies_have_two_components():
    view, _ = seen(levelled(drawn(3), names(3)))
    assert len(view.components) == 2
    assert view.components["variance_share"].sum() == pytest.approx(1.0)
    assert view.scores[PC[2:]].isna().all(axis=None)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_biopsies_make_no_row(n):
    view, said = seen(levelled(drawn(n), names(n)))
    assert [len(table) for table in view] == [0, 0, 0, 0]
    assert said == [f"biopsies with expression: {n}, 3 needed for components"]


def test_genes_that_do_not_differ_make_no_row():
    view, said = seen(levelled(np.full((20, 4), 3.0), names(4)))
    assert [len(table) for table in view] == [0, 0, 0, 0]
    assert said == ["no gene differs among the biopsies: no principal components"]


def log_tpm(values, biopsies):
    genes = [f"G{i:04d}" for i in range(len(values))]
    parts = [
        pd.DataFrame({"patient": b, "biopsy": b, "gene": genes, "log2_tpm": values[:, i]})
        for i, b in enumerate(biopsies)
    ]
    return pd.concat(parts, ignore_index=True)


def test_without_counts_of_all_biopsies_tpm_is_used_and_missing_values_are_left_out():
    values = drawn(6)
    expected, _ = seen(levelled(values[1:], names(6)))
    holed = values.copy()
    holed[0, 2] = np.nan
    view, _ = seen(levelled(values[:, :5], names(5)), log_tpm(holed, names(6)))
    assert set(view.scores["scale"]) == {"log2_tpm"}
    assert view.scores[PC].to_numpy() == pytest.approx(expected.scores[PC].to_numpy(), abs=1e-9)
    both, _ = seen(levelled(values, names(6)), log_tpm(holed, names(6)))
    assert set(both.scores["scale"]) == {"vst"}


def test_a_biopsy_without_any_value_is_left_out():
    values = drawn(5)
    values[:, 4] = np.nan
    view, said = seen(tpm=log_tpm(values, names(5)))
    assert list(view.scores["biopsy"]) == names(4)
    assert said == ["1 biopsies have no finite expression: left out"]


def test_shared_variance_is_that_of_anova_and_of_regression():
    n, rng = 24, np.random.default_rng(8)
    batches = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    bias = rng.normal(0.5, 0.1, n)
    values = drawn(n) + 0.8 * (batches == "a") * rng.normal(size=(120, 1))
    site = np.where(np.arange(n) < 4, "", np.array(["x", "y"])[np.arange(n) % 2])
    view, _ = seen(
        levelled(values, names(n)), None, quality(names(n), three_prime_bias=bias),
        library(names(n), batch=batches, site=site, library="kit"),
    )  # fmt: skip
    told = view.covariates.set_index(["covariate", "component"])
    for place, column in enumerate(PC, start=1):
        scores = view.scores[column].to_numpy()
        f = f_oneway(*(scores[batches == level] for level in "abc")).statistic
        assert told.loc["batch", place]["r2"] == pytest.approx(2 * f / (2 * f + n - 3))
        line = linregress(bias, scores)
        assert told.loc["three_prime_bias", place]["r2"] == pytest.approx(line.rvalue**2)
    assert told.loc["batch", 1]["r2_of_chance"] == pytest.approx(2 / 23)
    assert (told.loc["batch", 1]["levels"], told.loc["site", 1]["biopsies"]) == (3, 20)
    assert "library" not in set(view.covariates["covariate"]), "it is the same in all"
    assert "log10_library_size" not in set(view.covariates["covariate"])


def test_a_planted_batch_is_most_of_the_first_component():
    n = 16
    batches = np.array(["first", "second"])[np.arange(n) % 2]
    shift = np.random.default_rng(2).normal(0, 2, (120, 1))
    view, _ = seen(
        levelled(drawn(n) + shift * (batches == "first"), names(n)),
        library=library(names(n), batch=batches),
    )
    told = view.covariates.set_index(["covariate", "component"])["r2"]
    assert told["batch", 1] > 0.95
    assert told["batch", 2] < 0.2


def test_the_share_of_chance_is_what_chance_gives():
    rng = np.random.default_rng(0)
    n, found = 20, []
    for _ in range(60):
        labels = np.array(["a", "b", "c", "d"])[rng.integers(0, 4, n)]
        view, _ = seen(
            levelled(rng.normal(size=(30, n)), names(n)), library=library(names(n), site=labels)
        )
        found.append(view.covariates["r2"].mean() - view.covariates["r2_of_chance"].mean())
    assert abs(np.mean(found)) < 0.01


def test_covariates_come_from_the_clinic_then_from_the_rna():
    sexes = pd.array(["female", None, "male", None], dtype="string")
    view, _ = seen(
        levelled(drawn(4), names(4)), None,
        quality(
            names(4), sex_found=["male", "male", "male", ""], library_size=[1e7, 1e6, 0.0, 1e8],
            mitochondrial_share=[0.1, np.nan, 0.2, 0.3],
            mitochondrial_count_share=[0.4, 0.5, 0.6, 0.7],
        ),
        None, clinic(names(4), sex=sexes),
    )  # fmt: skip
    assert list(view.scores["sex"]) == ["female", "male", "male", ""]
    assert list(view.scores["sex_source"]) == ["clinic", "rna", "clinic", ""]
    assert list(view.scores["log10_library_size"].round(6).fillna(-1)) == [7, 6, -1, 8]
    assert list(view.scores["mitochondrial_share"]) == [0.4, 0.5, 0.6, 0.7]


def test_a_batch_that_goes_with_response_is_warned_of():
    n = 12
    batches = ["a"] * 6 + ["b"] * 6
    responded = [True] * 5 + [False] * 7
    view, said = seen(
        levelled(drawn(n), names(n)), library=library(names(n), batch=batches),
        clinic=clinic(names(n), responded=responded),
    )  # fmt: skip
    p = fisher_exact([[5, 1], [0, 6]]).pvalue
    begin = f"batch goes with response (p = {p:.2g}; responders: a 5 of 6, b 0 of 6): what "
    assert said == [begin + "differs between responders and others may be the batch's"]
    rows = view.batches.set_index("level")
    assert (rows.loc["a", "responders"], rows.loc["b", "patients"]) == (5, 6)
    assert rows["is_confounded"].all()
    assert rows["p"].to_numpy() == pytest.approx([p, p])


def test_batches_of_too_many_tables_have_the_p_of_chi_squared():
    draw = np.random.default_rng(12)
    n, levels = 600, 12
    batch = [f"b{number:02d}" for number in draw.integers(0, levels, n)]
    known = {"patient": names(n), "biopsy": names(n), "batch": batch, "site": "", "library": ""}
    responded = draw.random(n) < 0.4
    found = batch_outcomes(pd.DataFrame(known), clinic(names(n), responded=responded), 0.05)
    counts = pd.crosstab(np.array(batch), responded)
    assert np.isnan(fisher_2xc(counts[True].to_numpy(), counts[False].to_numpy()))
    expected = chi2_contingency(counts).pvalue
    assert found.rows["p"].to_numpy() == pytest.approx([expected] * levels)


@pytest.mark.parametrize(
    ("responded", "is_told"),
    [([True, True, False, False], True), ([True, False, True, False], False),
     ([True, True, True, True], False), ([None, None, None, None], False)],
)  # fmt: skip
def test_a_batch_of_one_outcome_alone_is_told_however_few(responded, is_told):
    view, said = seen(
        levelled(drawn(4), names(4)), library=library(names(4), site=["a", "a", "b", "b"]),
        clinic=clinic(names(4), responded=responded),
    )  # fmt: skip
    assert bool(said) == is_told
    assert view.batches["is_confounded"].any() == is_told


def test_batches_of_one_patient_each_are_no_batches():
    _, said = seen(
        levelled(drawn(4), names(4)), library=library(names(4), batch=list("abcd")),
        clinic=clinic(names(4), responded=[True, True, False, False]),
    )  # fmt: skip
    assert said == []


def test_a_patient_counts_once_in_a_batch():
    biopsies = ["P1.a", "P1.b", "P2.a", "P3.a"]
    patients = ["P1", "P1", "P2", "P3"]
    told = library(biopsies, batch=["x", "y", "x", "y"]).assign(patient=patients)
    own = quality(biopsies).assign(patient=patients)
    view, _ = seen(
        levelled(drawn(4), biopsies), None, own, told,
        clinic(["P1", "P2", "P3"], responded=[True, False, True]),
    )  # fmt: skip
    assert view.batches.set_index("level")["patients"].to_dict() == {"x": 2, "y": 1}
