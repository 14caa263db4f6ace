"""Copies that are planted in tumours are those that their reads show."""

import numpy as np
import pandas as pd
import pytest

from storiform.simulation.fragments import Mixture, relative_depth
from storiform.simulation.genome import Genome
from storiform.simulation.invention import invent
from storiform.simulation.reference import read_reference
from storiform.simulation.tumour_copies import (
    HIDDEN_AS,
    LIPOSARCOMA,
    copies_row,
    deletion_of,
    draw_copies,
    hide_liposarcoma,
    kind_of,
)


@pytest.fixture(scope="module")
def genome() -> Genome:
    return invent(read_reference(9000))


@pytest.mark.parametrize("kind", ["quiet", "complex", "doubled", "liposarcoma"])
@pytest.mark.parametrize("deletion", ["none", "het", "homdel"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_tumour_has_the_copies_of_its_kind(
    genome: Genome, kind: str, deletion: str, seed: int
) -> None:
    copies = draw_copies(genome, kind, deletion, np.random.default_rng(seed))
    row = copies_row(genome, copies)
    usual = 4 if kind == "doubled" else 2
    assert round(row["ploidy"]) == usual
    is_amplified = row["cdk4_copies"] >= 12 and row["mdm2_copies"] >= 12
    assert is_amplified == (kind == "liposarcoma")
    if deletion == "homdel":
        assert row["cdkn2a_copies"] == 0
    elif deletion == "het":
        assert 0 < row["cdkn2a_copies"] < usual
    else:
        assert row["cdkn2a_copies"] >= usual
    assert len(copies.edges) == len(copies.copies) + 1
    assert (np.diff(copies.edges) > 0).all()


def test_amplicon_leaves_out_what_lies_between(genome: Genome) -> None:
    copies = draw_copies(genome, "liposarcoma", "none", np.random.default_rng(4))
    by_symbol = {gene.symbol: gene for gene in genome.genes}
    first = genome.first("chr12")
    at = {
        name: int(copies.at(np.array([first + by_symbol[name].exons[0][0]]))[0].sum())
        for name in ("CDK4", "TSPAN31", "WIF1", "HMGA2", "MDM2", "FRS2", "KMT2D")
    }
    assert min(at[name] for name in ("CDK4", "TSPAN31", "HMGA2", "MDM2", "FRS2")) >= 12
    assert max(at["WIF1"], at["KMT2D"]) <= 4


def test_depth_follows_copies_and_purity(genome: Genome) -> None:
    copies = draw_copies(genome, "liposarcoma", "homdel", np.random.default_rng(5))
    gene = next(g for g in genome.genes if g.symbol == "CDKN2A")
    place = np.array([genome.first("chr9") + gene.exons[0][0]])
    assert relative_depth(Mixture(0.7, 0.0, copies), place)[0] == pytest.approx(0.3)
    assert relative_depth(Mixture(0.7), place)[0] == 1.0


def test_one_liposarcoma_is_entered_as_another_sarcoma() -> None:
    clinical = pd.DataFrame(
        {"patient": ["A", "B", "C"], "histology": [LIPOSARCOMA, HIDDEN_AS, "angiosarcoma"]}
    )
    rng = np.random.default_rng(6)
    changed, hidden = hide_liposarcoma(clinical, ["A", "B", "C"], rng)
    assert hidden == "B", "who has that diagnosis already is taken first"
    assert changed["histology"].tolist() == clinical["histology"].tolist()
    changed, hidden = hide_liposarcoma(clinical, ["C"], rng)
    assert changed.set_index("patient")["histology"]["C"] == HIDDEN_AS
    assert kind_of(HIDDEN_AS, is_hidden=True, rng=rng) == "liposarcoma"
    assert kind_of("synovial sarcoma", is_hidden=False, rng=rng) == "quiet"


def test_only_who_did_not_respond_loses_cdkn2a() -> None:
    rng = np.random.default_rng(7)
    assert {
        deletion_of(response, rng) for response in ("CR", "PR", None) for _ in range(50)
    } == {"none"}
    drawn = [deletion_of("PD", rng) for _ in range(300)]
    assert 0.6 < np.mean([deletion != "none" for deletion in drawn]) < 0.8
