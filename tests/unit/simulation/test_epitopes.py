"""Epitopes in the invented genome, and who presents them: read back from the written files."""

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from storiform.simulation.annotation import write_annotation
from storiform.simulation.epitope_sites import (
    FLANK,
    is_whole_in_all,
    single_steps,
    with_epitopes,
)
from storiform.simulation.epitopes import EPITOPES, Epitope
from storiform.simulation.genome import BASES, DRIVERS, HOMES
from storiform.simulation.hla import ALLELES, draw_type, homozygous, spoil_types, type_rows
from storiform.simulation.invention import invent
from storiform.simulation.neoantigens import MOST, choose_sites
from storiform.simulation.people import draw_person
from storiform.simulation.reference import read_reference
from storiform.simulation.somatic import _pair, _Places

RESIDUES = set("ACDEFGHIKLMNPQRSTVWY")


@pytest.fixture(scope="module")
def genome():
    return invent(read_reference(9000))


@pytest.fixture(scope="module")
def written(genome, twin, tmp_path_factory):
    """Return the genome as it is read from its files."""
    folder = tmp_path_factory.mktemp("genome")
    write_annotation(folder, genome)
    return twin.read_genome(folder)


def test_each_epitope_is_one_residue_and_one_base_from_its_germline_form():
    assert 15 <= len(EPITOPES) == len({e.peptide for e in EPITOPES})
    for epitope in EPITOPES:
        assert set(epitope.peptide) <= RESIDUES
        assert 8 <= len(epitope.peptide) <= 11
        pairs = zip(epitope.peptide, epitope.wild_type, strict=True)
        (differing,) = [n for n, (one, two) in enumerate(pairs) if one != two]
        assert epitope.changed == differing
        assert single_steps(epitope.wild_type[differing], epitope.peptide[differing])
        gene, fields = epitope.allele.removeprefix("HLA-").split("*")
        assert fields in ALLELES[gene], "somebody can have the allele"


def test_germline_proteins_hold_the_germline_forms_and_no_epitope(genome, written, twin):
    germline = twin.proteins(written)
    everything = "|".join(germline.values())
    assert len(genome.epitopes) == len(EPITOPES)
    for site in genome.epitopes:
        assert germline[site.gene.symbol].count(site.epitope.wild_type) == 1
        assert site.epitope.peptide not in everything


def test_one_base_restores_each_epitope(genome, written, twin):
    for site in genome.epitopes:
        gene = site.gene.symbol
        before = twin.proteins(written, [gene])[gene]
        alleles = {(site.gene.contig, site.start): (site.ref, site.alt)}
        after = twin.proteins(twin.mutated(written, alleles), [gene])[gene]
        assert site.epitope.peptide in after
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert after.index(site.epitope.peptide) == before.index(site.epitope.wild_type)


def test_no_two_people_differ_near_an_epitope(genome):
    for site in genome.epitopes:
        first = genome.first(site.gene.contig)
        coding = first + site.gene.transcript[slice(*site.gene.coding)]
        place = int(np.flatnonzero(coding == first + site.start)[0])
        near = coding[max(place - 3 * FLANK, 0) : place + 3 * FLANK]
        assert not np.isin(near, genome.snp_at).any()
        inside = (genome.indel_at >= coding.min()) & (genome.indel_at <= coding.max())
        assert not inside.any()


def test_a_gene_with_a_common_stop_or_indel_is_not_whole_in_all(genome):
    gene = genome.epitopes[0].gene
    places = genome.first(gene.contig) + gene.transcript[slice(*gene.coding)]
    codes = genome.bases[places] if gene.strand == "+" else 3 - genome.bases[places]
    codons = ["".join(BASES[code] for code in codon) for codon in codes.reshape(-1, 3)]
    at = places[3 * codons.index("TGG") + 2]
    stop, silent = (BASES.index(b) if gene.strand == "+" else 3 - BASES.index(b) for b in "AT")
    assert is_whole_in_all(genome, gene)
    for alt, is_whole in ((stop, False), (silent, True)):  # TGA ends, TGT is another residue
        other = replace(genome, snp_at=np.array([at]), snp_alt=np.array([alt], np.uint8))
        assert is_whole_in_all(other, gene) is is_whole
    assert not is_whole_in_all(replace(genome, indel_at=np.array([at])), gene)


def test_pairs_of_one_codon_lie_in_genes_that_are_whole_in_all(genome):
    rng = np.random.default_rng(7)
    places = _Places(genome, draw_person(genome, "female", rng), rng)
    genes = [_pair(places)[0].gene for _ in range(25)]
    assert len({gene.symbol for gene in genes}) > 10
    assert all(is_whole_in_all(genome, gene) for gene in genes)


def test_genes_of_epitopes_are_of_no_other_claim(genome):
    genes = [site.gene for site in genome.epitopes]
    assert len({gene.symbol for gene in genes}) == len(genes)
    homes = {name for names in HOMES.values() for name in names}
    assert not homes & {gene.symbol for gene in genes}
    assert not set(DRIVERS) & {gene.symbol for gene in genes}
    assert {gene.contig for gene in genes} == {"chr6", "chr9", "chr12"}
    targets = {name for _, _, _, name in genome.targets}
    assert {gene.symbol for gene in genes} <= targets


def test_more_epitopes_than_genes_are_refused(genome):
    with pytest.raises(ValueError, match="no gene is left"):
        with_epitopes(genome, [Epitope("NLVPMVATV", "HLA-A*02:01", "NPVPMVATV")] * 400)


def test_an_epitope_longer_than_every_exon_is_refused(genome):
    with pytest.raises(ValueError, match="no gene is left"):
        with_epitopes(genome, [Epitope("A" * 400, "HLA-A*02:01", "A" * 399 + "T")])


def test_single_steps_are_all_there_are():
    found = {(a, b) for a, b in product(RESIDUES, repeat=2) if a != b and single_steps(a, b)}
    assert len(found) == 150, "ordered pairs of residues within one base in the standard code"
    assert ("M", "F") not in found


def test_alleles_come_by_their_weight_and_some_patients_have_one_twice():
    drawn = [draw_type(np.random.default_rng(n)) for n in range(2000)]
    first = Counter(allele for one in drawn for allele in one.alleles[:2])
    share = ALLELES["A"]["02:01"] / sum(ALLELES["A"].values())
    assert abs(first["HLA-A*02:01"] / 4000 - share) < 0.03
    homozygous = np.mean([one.alleles[0] == one.alleles[1] for one in drawn])
    expected = sum((w / sum(ALLELES["A"].values())) ** 2 for w in ALLELES["A"].values())
    assert abs(homozygous - expected) < 0.03
    assert {len(one.alleles) for one in drawn} == {6}


def test_one_patient_in_four_is_untyped_and_one_has_a_serological_name():
    types = {f"P{n}": draw_type(np.random.default_rng(n)) for n in range(12)}
    told = spoil_types(types, list(types)[2:], np.random.default_rng(3))
    untyped = [name for name, own in told.items() if not own.written]
    coarse = [name for name, own in told.items() if "Cw7" in own.written]
    assert (len(untyped), len(coarse)) == (2, 1)
    assert {*untyped, *coarse} <= set(list(types)[2:])
    assert told[untyped[0]].cell == ""
    rows = type_rows(coarse[0], told[coarse[0]])
    assert [row["allele"] for row in rows] == list(types[coarse[0]].alleles)
    (row,) = [row for row in rows if row["written"] == "Cw7"]
    assert row["allele"].startswith("HLA-C*07")
    assert {row["copy"] for row in rows} == {1, 2}
    for name in untyped:
        assert all(row["written"] == "" for row in type_rows(name, told[name]))


def test_a_homozygous_person_has_the_first_allele_of_each_gene_twice():
    own = draw_type(np.random.default_rng(4))
    for before in (own, replace(own, written=())):
        twice = homozygous(before)
        assert twice.alleles[::2] == twice.alleles[1::2] == own.alleles[::2]
        assert len(twice.written) == len(before.written)
        assert (
            twice.written
            == tuple(name[len("HLA-") :] for name in twice.alleles)[: len(before.written)]
        )


def test_a_lone_patient_keeps_the_type():
    types = {"P1": draw_type(np.random.default_rng(1))}
    assert spoil_types(types, ["P1"], np.random.default_rng(3)) == types


def test_patients_get_epitopes_of_their_alleles_and_some_get_one_of_another(genome):
    own, strange = Counter(), 0
    alleles = ("HLA-A*02:01", "HLA-B*27:05")
    for seed in range(200):
        chosen = choose_sites(genome.epitopes, alleles, np.random.default_rng(seed))
        assert len({site.gene.symbol for site in chosen}) == len(chosen)
        presented = [site.epitope.allele in alleles for site in chosen]
        own[sum(presented)] += 1
        strange += len(presented) - sum(presented)
    assert set(own) == {1, 2, 3, MOST}
    assert 60 < strange < 140
    nobody = choose_sites(genome.epitopes, ("HLA-A*68:01",), np.random.default_rng(1))
    assert len(nobody) <= 1
