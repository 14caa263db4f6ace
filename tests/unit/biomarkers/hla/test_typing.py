"""Alleles of invented genes, told from simulated reads."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.reference import compile_reference
from storiform.biomarkers.hla.typing import MAY_BE_NEW, HlaTypingParams, hla_calls
from storiform.model.hla_reference import HlaReference, HlaSequences
from storiform.model.tables.hla import HLA_CALLS, HLA_SEQUENCES
from storiform.simulation.hla_genes import HlaFamily
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import draw_person
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table

PARAMS = HlaTypingParams()


@pytest.fixture(scope="module")
def family() -> HlaFamily:
    return invent_family(3)


def compiled(family: HlaFamily, without: tuple[str, ...] = ()) -> HlaReference:
    kept = {name: own for name, own in family.alleles.items() if name not in without}
    genomic = {name: own.genomic for name, own in kept.items()}
    coding = {name: own.coding for name, own in kept.items()}
    return compile_reference(HlaSequences(genomic, coding, {}, "9.99.0", "0" * 32))


@pytest.fixture(scope="module")
def reference(family) -> HlaReference:
    return compiled(family)


def reads_of(family: HlaFamily, seed: int, depth: float = 40.0, **further) -> tuple:
    rng = np.random.default_rng(seed)
    person = draw_person(family, rng, **further)
    library = HlaLibrary(depth=depth)
    return person.genotype, sequence_table(sequence_hla(family, person, library, rng))


def called(calls: pd.DataFrame, gene: str) -> list[str]:
    return sorted(calls.loc[calls["gene"] == gene, "allele"])


def wanted(family: HlaFamily, pair: tuple[str, str]) -> list[str]:
    return sorted(f"HLA-{family.alleles[name].two_fields}" for name in pair)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_alleles_of_all_genes_are_told_with_their_evidence(family, reference, seed) -> None:
    genotype, reads = reads_of(family, seed, is_heterozygous=True)
    calls = HLA_CALLS.conform(hla_calls(reads, reference, PARAMS))
    for gene, pair in genotype.items():
        assert called(calls, gene) == wanted(family, pair)
    assert (calls["posterior"] > 0.9).all()
    assert (calls["own_fragments"] > 5).all()
    assert (calls["own_fragments"] <= calls["fragments"]).all()
    assert (calls["mismatch_rate"] < 0.01).all()
    assert (calls["reason"] == "").all()
    assert (calls["limits"] == "").all()


def test_a_homozygous_gene_has_one_allele_twice(family, reference) -> None:
    genotype, reads = reads_of(family, 5, is_heterozygous=False)
    calls = hla_calls(reads, reference, PARAMS)
    for gene, pair in genotype.items():
        assert pair[0] == pair[1]
        assert called(calls, gene) == wanted(family, pair)


def test_calls_do_not_depend_on_the_order_of_reads(family, reference) -> None:
    _, reads = reads_of(family, 6)
    first = HLA_CALLS.conform(hla_calls(reads, reference, PARAMS))
    mixed = reads.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(first, HLA_CALLS.conform(hla_calls(mixed, reference, PARAMS)))


def test_reads_without_qualities_are_typed_too(family, reference) -> None:
    genotype, reads = reads_of(family, 7, is_heterozygous=True)
    calls = hla_calls(reads.assign(qualities=""), reference, PARAMS)
    for gene, pair in genotype.items():
        assert called(calls, gene) == wanted(family, pair)


def test_without_reads_nothing_is_typed_and_the_reason_tells_how_many(
    family, reference
) -> None:
    calls = HLA_CALLS.conform(hla_calls(HLA_SEQUENCES.empty(), reference, PARAMS))
    assert len(calls) == 6
    assert calls["allele"].isna().all()
    assert set(calls["reason"]) == {"not typed: 0 fragments"}
    _, reads = reads_of(family, 8, depth=0.3)
    few = hla_calls(reads, reference, PARAMS)
    assert few["allele"].isna().all()
    assert few["reason"].str.fullmatch(r"not typed: \d+ fragments?").all()


def test_a_gene_without_reads_leaves_the_others_as_they_are(family, reference) -> None:
    rng = np.random.default_rng(9)
    person = draw_person(family, rng, is_heterozygous=True)
    reads = sequence_hla(family, person, HlaLibrary(depth=40.0), rng)
    table = sequence_table(reads)
    c_reads = hash_rows(reads, {n for n in reads.alleles if n.startswith("C*")})
    calls = hla_calls(table[~table["fragment"].isin(c_reads)], reference, PARAMS)
    assert calls.loc[calls["gene"] == "C", "allele"].isna().all()
    assert called(calls, "A") == wanted(family, person.genotype["A"])
    assert called(calls, "B") == wanted(family, person.genotype["B"])


def hash_rows(reads, names: set[str]) -> list[int]:
    """Return the fragments of some alleles."""
    numbers = [k for k, name in enumerate(reads.alleles) if name in names]
    return np.asarray(reads.names)[np.isin(reads.source, numbers)].astype(np.int64).tolist()


def test_an_allele_that_the_release_lacks_is_flagged(family) -> None:
    names = [own.name for own in family.of_gene("B") if own.two_fields == "B*07:02"]
    genotype = {"B": (names[0], family.find("B*08:01").name)}
    _, reads = reads_of(family, 10, depth=60.0, genotype=genotype)
    poorer = compiled(family, tuple(names))
    calls = hla_calls(reads, poorer, PARAMS)
    rows = calls[calls["gene"] == "B"].set_index("allele")
    assert "HLA-B*08:01" in rows.index
    (nearest,) = [name for name in rows.index if name != "HLA-B*08:01"]
    assert "may be an allele that the release lacks" in rows.loc[nearest, "limits"]


def test_an_allele_that_differs_by_a_base_of_the_other_one_is_flagged(family) -> None:
    """All fragments that show the base are then the other allele's, none is its own there."""
    one, two = family.find("B*07:02"), family.find("B*08:01")
    length = min(len(one.genomic), len(two.genomic))
    differs = np.flatnonzero(one.genomic[:length] != two.genomic[:length])
    start, end = one.exons[2]
    assert one.exons[2] == two.exons[2]
    place = next(k for k in differs if start + 40 < k < end - 40)
    bases = one.genomic.copy()
    bases[place] = two.genomic[place]
    new = replace(one, name="B*99:01:01:01", genomic=bases)
    richer = HlaFamily({**family.alleles, new.name: new})
    _, reads = reads_of(richer, 13, depth=60.0, genotype={"B": (new.name, two.name)})
    calls = hla_calls(reads, compiled(richer, (new.name,)), PARAMS)
    rows = calls[calls["gene"] == "B"].set_index("allele")
    assert rows.index.tolist() == ["HLA-B*07:02", "HLA-B*08:01"]
    assert MAY_BE_NEW in rows.loc["HLA-B*07:02", "limits"]
    assert rows.loc["HLA-B*08:01", "limits"] == ""


def test_a_few_reads_of_a_second_allele_are_named_but_not_called(family, reference) -> None:
    one, two = family.find("A*01:01").name, family.find("A*02:01").name
    rng = np.random.default_rng(11)
    pure = draw_person(family, rng, genotype={"A": (one, one)})
    mixed = replace(pure, genotype={**pure.genotype, "A": (two, two)})
    most = sequence_table(sequence_hla(family, pure, HlaLibrary(depth=60.0), rng))
    few = sequence_table(sequence_hla(family, mixed, HlaLibrary(depth=10.0), rng))
    params = HlaTypingParams(min_minor_share=0.3)
    calls = hla_calls(pd.concat([most, few]), reference, params)
    assert called(calls, "A") == ["HLA-A*01:01"] * 2
    assert calls.loc[calls["gene"] == "A", "limits"].str.contains("A\\*02:01").all()


@pytest.mark.parametrize(("depth", "capture"), [(40.0, 0.9), (10.0, 1.45)])
def test_reads_of_a_pseudogene_are_not_taken_for_an_allele_that_looks_like_it(
    family, depth, capture
) -> None:
    """The pseudogene has the bases of A*03:01, which the person does not have.

    Half of each of its reads is explained by the pseudogene alone: a second allele gains log 2
    by each, and where there are more of them than of A*01:01 it must be barred.
    """
    twin, one = family.find("A*03:01"), family.find("A*01:01").name
    pseudo = replace(twin, name="H*09:01:01:01", gene="H")
    mixed = HlaFamily({**family.alleles, pseudo.name: pseudo})
    rng = np.random.default_rng(12)
    person = draw_person(mixed, rng, genotype={"A": (one, one)})
    person = replace(
        person,
        decoys={**person.decoys, "H": (pseudo.name, pseudo.name)},
        capture={**person.capture, one: 1.0, pseudo.name: capture},
    )
    reads = sequence_table(sequence_hla(mixed, person, HlaLibrary(depth=depth), rng))
    assert called(hla_calls(reads, compiled(mixed), PARAMS), "A") == ["HLA-A*01:01"] * 2
    without = compiled(mixed, without=(pseudo.name,))
    assert "HLA-A*03:01" in called(hla_calls(reads, without, PARAMS), "A")
