"""The shipped class I model: known binders, order and batches, what it does not know."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from storiform.io.mhc_model import NetworkPredictor, read_mhc_model
from storiform.io.peptide_files import read_peptides
from storiform.io.resources import RESOURCES, bundled
from storiform.model.errors import InputError
from storiform.model.mhc import CountedPredictor, support_of

RESIDUES = list("ACDEFGHIKLMNPQRSTVWY")
BINDERS = [
    ("HLA-A*02:01", "GILGFVFTL"),
    ("HLA-A*02:01", "NLVPMVATV"),
    ("HLA-A*01:01", "CTELKLSDY"),
    ("HLA-A*11:01", "AVFDRKSDAK"),
    ("HLA-A*24:02", "QYDPVAALF"),
    ("HLA-B*07:02", "RPHERNGFTVL"),
    ("HLA-B*08:01", "FLRGRAYGL"),
    ("HLA-B*27:05", "KRWIILGLNK"),
]
"""Epitopes of influenza, cytomegalovirus and Epstein-Barr virus, each known for long."""


@pytest.fixture(scope="module")
def model() -> NetworkPredictor:
    predictor = read_mhc_model(bundled(RESOURCES["mhc_model"].default))
    assert isinstance(predictor, NetworkPredictor)
    return predictor


def drawn(count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(RESIDUES, size)) for size in rng.integers(8, 12, count)]


@pytest.mark.parametrize(("allele", "epitope"), BINDERS)
def test_a_known_epitope_binds_its_allele(model, allele, epitope):
    affinity, rank, presentation = model.predict([epitope], [allele])
    assert affinity[0, 0] < 150
    assert rank[0, 0] < 0.3
    assert presentation[0, 0] > 0.8


def test_an_epitope_binds_its_allele_better_than_others(model):
    alleles = sorted({allele for allele, _ in BINDERS})
    peptides = [epitope for _, epitope in BINDERS]
    _, rank, _ = model.predict(peptides, alleles)
    best = [alleles[row] for row in rank.argmin(0)]
    assert best == [allele for allele, _ in BINDERS]


def test_numbers_do_not_depend_on_batch_order_or_threads(model):
    peptides, alleles = drawn(3000, 1), list(model.alleles[::40])
    whole = model.predict(peptides, alleles)
    order = np.random.default_rng(2).permutation(3000)
    mixed = model.predict([peptides[k] for k in order], alleles[::-1])
    alone = model.predict(peptides[17:18], alleles[1:2])
    single = NetworkPredictor(model._weights, model.alleles, model.version, 1)  # noqa: SLF001
    for one, other, own, lonely in zip(
        whole, mixed, single.predict(peptides, alleles), alone, strict=True
    ):
        np.testing.assert_array_equal(one[:, order], other[::-1])
        np.testing.assert_array_equal(one, own)
        assert lonely[0, 0] == one[1, 17]


def test_ranks_are_shares_of_natural_peptides(model, real_data):
    path = real_data / "osteosarcoma_cc0" / "ref_reference.pep.fa.gz"
    peptides = read_peptides(path, (8, 9, 10, 11)).peptides[::50]
    _, rank, _ = model.predict(peptides, model.alleles[::4])
    assert len(peptides) > 4000
    for percent in (2, 10):
        share = 100 * (rank <= percent).mean(1)
        assert np.median(share) == pytest.approx(percent, rel=0.1)
        assert np.abs(np.log(np.quantile(share, [0.05, 0.95]) / percent)).max() < np.log(1.5)


def test_ranks_stay_within_their_bounds(model):
    _, rank, _ = model.predict(["RPHERNGFTVL", "GGGGGGGG", "DDDDDDDD"], model.alleles)
    assert rank.min() >= 0.000999
    assert rank.max() <= 100


def test_rank_and_presentation_order_peptides_alike(model):
    _, rank, presentation = model.predict(drawn(500, 6), ["HLA-A*03:01"])
    order = np.argsort(presentation[0])
    assert (np.diff(rank[0][order]) <= 1e-12).all()


@pytest.mark.parametrize(
    "peptide", ["", "SIINFEK", "A" * 15, "SIINFEKU", "SIINFEKX", "siinfekl"]
)
def test_what_is_no_class_i_peptide_has_no_prediction(model, peptide):
    values = model.predict(["GILGFVFTL", peptide], ["HLA-A*02:01"])
    for value in values:
        assert np.isnan(value[0, 1])
        assert not np.isnan(value[0, 0])


def test_an_unknown_allele_has_no_prediction(model):
    values = model.predict(["GILGFVFTL"], ["HLA-A*99:99", "HLA-A*02:01"])
    for value in values:
        assert np.isnan(value[:, 0]).tolist() == [True, False]
    assert model.support("HLA-A*99:99") == "none"


def test_no_peptides_give_no_columns(model):
    assert [value.shape for value in model.predict([], ["HLA-A*02:01"])] == [(1, 0)] * 3
    assert [value.shape for value in model.predict(["GILGFVFTL"], [])] == [(0, 1)] * 3


def test_at_least_a_hundred_alleles_are_known_with_their_support(model):
    assert isinstance(model, CountedPredictor)
    assert len(model.alleles) >= 100
    assert len(set(model.alleles)) == len(model.alleles)
    assert all(sum(model.learnt_from(allele)) >= 20 for allele in model.alleles)
    assert model.support("HLA-A*02:01") == "good"
    assert model.support("HLA-A*33:03") == "moderate"  # 19 affinities, 1,466 ligands


@pytest.mark.parametrize(
    ("affinities", "ligands", "support"),
    [(100, 900, "good"), (99, 9000, "moderate"), (100, 899, "moderate"), (0, 200, "moderate"),
     (0, 199, "weak"), (1, 0, "weak"), (0, 0, "none")],
)  # fmt: skip
def test_support_follows_the_peptides_learnt_from(affinities, ligands, support):
    assert support_of(affinities, ligands) == support


def test_a_twin_in_numpy_gives_the_same_numbers(model):
    with np.load(bundled(RESOURCES["mhc_model"].default), allow_pickle=False) as stored:
        raw = {name: stored[name].astype(np.float64) for name in ("table", "vectors", "dense")}
        raw |= {"last": stored["last"].astype(np.float64)}
        alleles = stored["alleles"].tolist()
    peptides, allele = [*drawn(30, 9), "ACDEFGHIKLMNPQ"], "HLA-B*07:02"
    logits = []
    for peptide in peptides:
        codes = [RESIDUES.index(letter) for letter in peptide]
        rows = [20 * place + code for place, code in enumerate(codes[:5])]
        rows += [100 + 20 * place + code for place, code in enumerate(codes[-4:])]
        rows += [180 + len(peptide) - 8, *(187 + code for code in codes[5:-4])]
        hidden = raw["table"][:, rows].sum(1) + raw["vectors"][:, alleles.index(allele)]
        hidden = np.maximum(hidden, 0)
        second = np.einsum("eh,ehs->es", hidden, raw["dense"][:, :-1]) + raw["dense"][:, -1]
        second = np.maximum(second, 0)
        out = np.einsum("es,eos->eo", second, raw["last"][..., :-1]) + raw["last"][..., -1]
        logits.append(out.mean(0))
    bond, seen = 1 / (1 + np.exp(-np.array(logits).T))
    affinity, _, presentation = model.predict(peptides, [allele])
    np.testing.assert_allclose(affinity[0], 50_000 ** (1 - bond), rtol=1e-4)
    np.testing.assert_allclose(presentation[0], seen, rtol=1e-4, atol=1e-9)


def test_weights_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, table=np.zeros(3))
    with pytest.raises(InputError, match="weights of storiform"):
        read_mhc_model(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(InputError, match=r"model\.npz"):
        read_mhc_model(path)


def test_measured_affinities_are_told_apart(model, real_data):
    path = real_data / "mhc" / "binding_data_2013.zip"
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
        rows = pd.read_csv(stream)
    rows = rows[rows["allele"] == "HLA-B*07:02"]
    affinity, _, _ = model.predict(rows["peptide"].tolist(), ["HLA-B*07:02"])
    binds = (rows["ic50"] <= 500).to_numpy()
    pairs = affinity[0][binds][:, None] < affinity[0][~binds]
    assert pairs.mean() > 0.97  # seen in training: the file is read as it was written
