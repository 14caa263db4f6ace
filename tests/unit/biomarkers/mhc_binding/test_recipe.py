"""What keeps the evaluation of the model honest: splits, measures, and the page of results.

The recipe stands in reference/mhc; the parts of it that need no PyTorch are tested here.
"""

import importlib.util
import itertools
import sys

import numpy as np
import pandas as pd
import pytest

from storiform.io.resources import bundled

FOLDER = bundled("reference/mhc")


def recipe(name: str):
    spec = importlib.util.spec_from_file_location(f"mhc_recipe_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data():
    return recipe("data")


@pytest.fixture(scope="module")
def scores():
    return recipe("scores")


def drawn(count: int, seed: int, letters: str = "AC") -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(letters), size)) for size in rng.integers(8, 15, count)]


def apart(one: str, other: str) -> int:
    return (
        sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 99
    )


def test_peptides_within_one_substitution_are_found_and_no_others(data):
    mine, others = drawn(300, 1), drawn(40, 2)
    expected = [min(apart(p, q) for q in others) <= 1 for p in mine]
    found = data.near(data.encode(mine), data.encode(others)).tolist()
    assert found == expected
    assert 0 < sum(found) < len(found)


def test_clusters_are_what_chains_of_substitutions_connect(data):
    peptides = list(dict.fromkeys(drawn(120, 3)))
    cluster = data.clusters(data.encode(peptides)).tolist()
    group = list(range(len(peptides)))
    for one, other in itertools.combinations(range(len(peptides)), 2):
        if apart(peptides[one], peptides[other]) == 1:
            old, new = group[other], group[one]
            group = [new if g == old else g for g in group]
    assert len(set(cluster)) == len(set(zip(cluster, group, strict=True))) == len(set(group))


def test_residues_a_and_the_end_of_a_peptide_are_told_apart(data):
    short, long = data.encode(["CCCCCCCC"]), data.encode(["CCCCCCCCA"])
    assert not data.near(short, long)[0]
    assert len(set(data.clusters(data.encode(["CCCCCCCC", "CCCCCCCCA"])))) == 2


def test_parts_of_the_proteins_share_no_window(data):
    rng = np.random.default_rng(4)
    families = ["".join(rng.choice(list(data.RESIDUES), 60)) for _ in range(60)]
    proteins = [family[start : start + 40] for family in families for start in (0, 10, 20)]
    part = data.protein_parts(proteins, 5)
    dealt = [[p for p, q in zip(proteins, part, strict=True) if q == n] for n in (0, 1, 2)]
    windows = [set(data.windows(some, 9)) for some in dealt]
    assert all(windows)
    for one, other in itertools.combinations(windows, 2):
        assert not one & other


def test_natural_peptides_lie_within_their_proteins(data):
    proteins = ["ACDEFGHIKLMNPQR", "STVWYACDEFGHIKLM"]
    drawn_peptides = data.natural_peptides(proteins, 500, 1)
    assert all(any(p in protein for protein in proteins) for p in drawn_peptides)
    assert {len(p) for p in drawn_peptides} == {8, 9, 10, 11}


def test_names_of_alleles_are_those_of_class_i_of_man(data):
    names = ["HLA-A*02:01", "HLA-CW*04:01", "HLA-BF*02:01", "H-2-Kb", "HLA-B*62:01", "HLA-A2"]
    assert [data.allele_name(n) for n in names] == [
        "HLA-A*02:01",
        "HLA-C*04:01",
        "",
        "",
        "",
        "",
    ]


def test_measures_equal_their_definitions(scores):
    rng = np.random.default_rng(6)
    truth = rng.random(80) < 0.3
    score = np.round(rng.normal(size=80) + truth, 1)
    pairs = score[truth][:, None] - score[~truth][None]
    expected = ((pairs > 0) + (pairs == 0) / 2).mean()
    assert scores.auroc(truth, score) == pytest.approx(expected)
    order = np.argsort(score)
    weighted = scores._weighted(truth[order], score[order], np.ones(80))  # noqa: SLF001
    assert weighted == pytest.approx(expected)
    assert scores.ppv(np.array([1, 1, 0, 0]), np.array([4.0, 1.0, 3.0, 0.0])) == 0.5


def test_a_bootstrap_of_equal_predictors_is_nought(scores):
    rng = np.random.default_rng(7)
    truth, score = rng.random(50) < 0.5, rng.normal(size=50)
    value, low, high = scores.auroc_difference(truth, score, score.copy(), np.arange(50))
    assert value == low == high == 0
    better = score + 3 * truth
    value, low, high = scores.auroc_difference(truth, better, score, np.arange(50))
    assert 0 < low <= value <= high


def test_the_page_of_results_says_what_was_measured(tmp_path):
    page = recipe("page")
    written = page.PAGE.read_text("utf-8")
    page.PAGE = tmp_path / "page.md"
    page.main()
    assert page.PAGE.read_text("utf-8") == written


def test_the_page_tells_each_idea_by_the_measures_of_its_experiments():
    page = recipe("page")
    measured = pd.read_csv(FOLDER / "experiments.tsv", sep="\t", keep_default_na=False)
    told = page.tried(measured).set_index("tried")
    assert list(told.columns) == ["rows", "without", "with", "kept"]
    offsets = told.loc["an offset for each laboratory"]
    assert offsets.tolist() == ["curated", "0.9458", "0.9478", "yes"]
    used = [name for *_, without, with_it, _ in page.TRIED for name in (without, with_it)]
    names = measured["round"].astype(str) + " " + measured["experiment"]
    assert set(used) <= set(names[~names.duplicated(keep=False)])
