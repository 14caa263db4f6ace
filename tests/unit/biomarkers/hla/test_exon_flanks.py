"""Bases of introns beside exons, and what they tell of alleles that differ there alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.exon_flanks import ANY, FLANK, flanked_exons
from storiform.biomarkers.hla.genomic_exons import genomic_exons
from storiform.biomarkers.hla.layouts import lay_out
from storiform.biomarkers.hla.placed_reads import is_spliced, place_reads, read_fragments
from storiform.biomarkers.hla.reference import compile_reference
from storiform.biomarkers.hla.typing import HlaTypingParams, hla_calls
from storiform.kernels.hla_blocks import ANYTHING
from storiform.kernels.hla_placing import base_loss
from storiform.model.hla_reference import GAP, ExonAlleles, HlaReference, HlaSequences
from storiform.simulation.hla_genes import HlaAllele, HlaFamily
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import draw_person
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table

EXON = "ACGTTGCAACGGATCCTGACAATTCGGA"
SILENT = "A*02:01:01:99N"


def codes(text: str) -> np.ndarray:
    return np.array(["ACGTN-".index(base) for base in text], dtype=np.uint8)


def text_of(row: np.ndarray) -> str:
    return "".join("ACGTN-?"[code] for code in row)


def flank(seed: int) -> str:
    return "".join("ACGT"[k] for k in np.random.default_rng(seed).integers(4, size=FLANK + 9))


BEFORE, BEHIND = flank(1), flank(2)


def other(base: str) -> str:
    return {"A": "C", "C": "G", "G": "T", "T": "A"}[base]


def gene_of(genes: dict[str, str | None], lacking: tuple[str, ...] = ()) -> HlaReference:
    """Return a gene of one exon; alleles whose whole gene is None are known by it alone."""
    names = tuple(genes)
    exon = ExonAlleles("A", 1, codes(EXON)[np.newaxis], np.zeros(1, dtype=bool))
    told = {name: codes(text) for name, text in genes.items() if text is not None}
    places = {}
    for name in told:
        start = (genes[name] or "").index(EXON)
        end = start if name in lacking else start + len(EXON)
        places[name] = np.array([[start, end]], dtype=np.int32)
    return HlaReference(
        "", "", names, ("A",) * len(names), {"A": (exon,)},
        {"A": np.zeros((len(names), 1), dtype=np.int32)},
        {"A": np.zeros((len(names), 1), dtype=bool)}, told, places, {}, {},
    )  # fmt: skip


def rows_of(reference: HlaReference) -> tuple[list[str], list[str]]:
    """Return each allele's exon with its own introns, and with those of its kin."""
    (exon,) = flanked_exons(reference, "A", genomic_exons(reference, "A"))
    return (
        [text_of(exon.columns[row]) for row in exon.rows],
        [text_of(exon.columns[row]) for row in exon.open_rows],
    )


def test_introns_are_those_of_the_allele_or_what_its_kin_agree_in() -> None:
    varied = BEHIND[:5] + other(BEHIND[5]) + BEHIND[6:]
    genes: dict[str, str | None] = {
        f"A*01:0{k}": BEFORE + EXON + (varied if k in (1, 2) else BEHIND) for k in range(1, 6)
    }
    own, agreed = rows_of(gene_of({**genes, "A*01:09": None}))
    assert own[0] == BEFORE[-FLANK:] + EXON + varied[:FLANK]
    assert own[2] == BEFORE[-FLANK:] + EXON + BEHIND[:FLANK]
    open_end = BEHIND[:5] + "?" + BEHIND[6:FLANK]
    assert own[5] == BEFORE[-FLANK:] + EXON + open_end
    assert set(agreed) == {own[5]}


def test_a_null_allele_does_not_tell_the_introns_of_its_kin() -> None:
    lost = other(BEHIND[0]) + BEHIND[1:]
    genes: dict[str, str | None] = {f"A*01:0{k}": BEFORE + EXON + BEHIND for k in range(1, 4)}
    genes |= {"A*01:01:02N": BEFORE + EXON + lost, "A*01:08": None}
    own, _ = rows_of(gene_of(genes))
    assert own[3].endswith(lost[:FLANK])
    assert own[4] == own[0]


def test_where_hardly_an_intron_is_known_any_base_may_stand() -> None:
    own, _ = rows_of(gene_of({"A*01:01": BEFORE + EXON + BEHIND, "A*01:02": None}))
    assert own[1] == "?" * FLANK + EXON + "?" * FLANK
    assert ANY not in (GAP, ANYTHING)


def test_an_exon_that_splicing_skips_is_found_between_its_neighbours() -> None:
    genes: dict[str, str | None] = {"A*01:01:02N": BEFORE + EXON + BEHIND}
    own, _ = rows_of(gene_of(genes, lacking=("A*01:01:02N",)))
    assert own[0] == BEFORE[-FLANK:] + EXON + BEHIND[:FLANK]


def test_an_error_where_nothing_is_known_costs_what_it_costs_on_average_elsewhere() -> None:
    for wrong in (0.001, 0.01, 0.1):
        cost = float(np.log(1 - wrong) - np.log(wrong / 3))
        mean = wrong * base_loss(1, cost, 0) + (1 - wrong) * base_loss(0, cost, 0)
        for code in range(4):
            assert base_loss(code, cost, ANYTHING) == pytest.approx(mean, rel=0.12)
    assert base_loss(4, 5.0, ANYTHING) == 0.0


def altered(allele: HlaAllele, name: str, genomic: np.ndarray, grown: int = 0) -> HlaAllele:
    """Return an allele of another name; exon 3 and what follows lie `grown` bases farther."""
    exons = tuple(
        (start + grown * (k >= 2), end + grown * (k >= 2))
        for k, (start, end) in enumerate(allele.exons)
    )
    return HlaAllele(name, allele.gene, genomic, exons)


def compiled(family: HlaFamily) -> HlaReference:
    genomic = {name: own.genomic for name, own in family.alleles.items()}
    coding = {name: own.coding for name, own in family.alleles.items()}
    return compile_reference(HlaSequences(genomic, coding, {}, "9.99.0", "0" * 32))


def with_allele(family: HlaFamily, allele: HlaAllele) -> HlaFamily:
    return HlaFamily({**family.alleles, allele.name: allele})


def reads_of(family: HlaFamily, name: str, **library) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    second = family.find("A*01:01").name
    person = draw_person(family, rng, genotype={"A": (name, second)}, capture_sd=0.0)
    return sequence_table(sequence_hla(family, person, HlaLibrary(**library), rng))


def changed(genomic: np.ndarray, places: list[int]) -> np.ndarray:
    bases = genomic.copy()
    bases[places] = (bases[places] + 1) % 4
    return bases


@pytest.fixture(scope="module")
def family() -> HlaFamily:
    return invent_family(3)


def silenced(family: HlaFamily, how: str) -> HlaAllele:
    """Return an allele of which no exon tells that it is silent."""
    usual = family.find("A*02:01")
    end, start = usual.exons[1][1], usual.exons[2][0]
    if how == "splice site":
        return altered(usual, SILENT, changed(usual.genomic, [end]))
    genomic = np.delete(usual.genomic, np.arange(start - 30, start - 18))
    return altered(usual, SILENT, genomic, grown=-12)


@pytest.mark.parametrize("how", ["splice site", "deletion in the intron"])
def test_an_allele_that_an_intron_silences_is_told_by_dna(family, how) -> None:
    all_of = with_allele(family, silenced(family, how))
    reference = compiled(all_of)
    for name, wanted in (
        (SILENT, "HLA-A*02:01N"),
        (family.find("A*02:01").name, "HLA-A*02:01"),
    ):
        calls = hla_calls(reads_of(all_of, name, depth=60.0), reference, HlaTypingParams())
        genes = calls[calls["gene"] == "A"]
        assert sorted(genes["allele"]) == ["HLA-A*01:01", wanted]
        assert (genes["limits"] == "").all()
        assert not genes["also_fits"].str.contains("A\\*02:01").any()


def test_reads_of_the_intron_alone_are_not_laid_as_a_shortened_allele_has_them(family) -> None:
    usual = family.find("A*02:01")
    end = usual.exons[1][1]
    shorter = altered(
        usual, SILENT, np.delete(usual.genomic, np.arange(end + 3, end + 15)), -12
    )
    all_of = with_allele(family, shorter)
    reference = compiled(all_of)
    layouts = lay_out(reference)
    placed = place_reads(reads_of(all_of, usual.name, depth=60.0), layouts, 10_000, (40, 0.04))
    alleles = [name for name in reference.alleles if name.startswith("A*")]
    pair = [alleles.index(name) for name in (usual.name, family.find("A*01:01").name)]
    sequences = layouts.sequence_of["A"][:, layouts.row_of["A"][pair]]
    own = np.flatnonzero(placed.least[:, 0] < placed.least[:, 1:].min(axis=1))
    losses = placed.losses(0, own, sequences).min(axis=1)
    assert len(own) > 100
    assert (losses - placed.least[own, 0]).max() < 10.0


def test_rna_leaves_open_what_an_intron_tells(family) -> None:
    all_of = with_allele(family, silenced(family, "splice site"))
    reads = reads_of(all_of, family.find("A*02:01").name, depth=60.0, assay="rna")
    calls = hla_calls(reads, compiled(all_of), HlaTypingParams())
    rows = calls[calls["gene"] == "A"].set_index("allele")
    assert set(rows.index) == {"HLA-A*01:01", "HLA-A*02:01"}
    assert "HLA-A*02:01N" in rows.loc["HLA-A*02:01", "also_fits"]
    assert (rows["limits"] == "").all()


def test_introns_that_the_release_does_not_list_leave_the_call_as_it_is(family) -> None:
    usual = family.find("A*02:01")
    places = [usual.exons[1][0] - 12, usual.exons[2][1] + 9, usual.exons[3][0] - 20]
    strange = replace(usual, genomic=changed(usual.genomic, places))
    reads = reads_of(with_allele(family, strange), strange.name, depth=60.0)
    calls = hla_calls(reads, compiled(family), HlaTypingParams())
    rows = calls[calls["gene"] == "A"]
    assert sorted(rows["allele"]) == ["HLA-A*01:01", "HLA-A*02:01"]
    assert (rows["limits"] == "").all()


def test_reads_of_rna_are_told_from_those_of_dna(family) -> None:
    layouts = lay_out(compiled(family))
    name = family.find("A*02:01").name
    for assay, wanted in (("exome", False), ("rna", True)):
        table = reads_of(family, name, depth=20.0, assay=assay)
        assert is_spliced(read_fragments(table, 10_000), layouts) is wanted
