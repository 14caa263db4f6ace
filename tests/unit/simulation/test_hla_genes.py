"""The invented HLA-like genes resemble those of man, and files hold what they are."""

import gzip
import itertools

import numpy as np
import pytest

from storiform.biomarkers.hla.allele_names import two_fields
from storiform.model.errors import InputError
from storiform.simulation.hla import ALLELES
from storiform.simulation.hla_genes import (
    EXONS,
    HlaAllele,
    HlaFamily,
    read_family,
    write_family,
)
from storiform.simulation.hla_invention import invent_family

STOPS = {"TAA", "TAG", "TGA"}


@pytest.fixture(scope="module")
def family():
    return invent_family(1)


def text(codes):
    return "".join("ACGT"[code] for code in codes)


def codons(allele):
    coding = text(allele.coding)
    return [coding[n : n + 3] for n in range(0, len(coding), 3)]


def share_of_differences(alleles, pick):
    pairs = itertools.combinations([pick(allele) for allele in alleles], 2)
    return np.array([np.mean(one != two) for one, two in pairs])


def test_every_allele_that_a_sheet_can_name_is_there(family):
    for gene, names in ALLELES.items():
        for name in names:
            allele = family.find(f"HLA-{gene}*{name}")
            assert (allele.gene, allele.two_fields) == (gene, f"{gene}*{name}")


def test_exons_are_as_long_as_those_of_man_and_introns_begin_and_end_as_they_must(family):
    for gene, lengths in EXONS.items():
        for allele in family.of_gene(gene):
            found = [end - start for start, end in allele.exons]
            wanted = list(lengths)
            wanted[2] -= 6 * (allele.two_fields[-4:] == ":392")
            assert found == wanted
            for (_, end), (start, _) in itertools.pairwise(allele.exons):
                assert text(allele.genomic[end : end + 2]) == "GT"
                assert text(allele.genomic[start - 2 : start]) == "AG"


def test_alleles_spell_one_protein_and_null_alleles_stop_in_its_midst(family):
    for gene in EXONS:
        for allele in family.of_gene(gene):
            spelt = codons(allele)
            stops = [n for n, codon in enumerate(spelt) if codon in STOPS]
            assert spelt[0] == "ATG"
            if allele.name.endswith("N"):
                assert stops == [110, len(spelt) - 1]
            else:
                assert stops == [len(spelt) - 1]


def test_alleles_differ_most_where_they_bind_peptides(family):
    for gene in EXONS:
        common = [family.find(f"{gene}*{name}") for name in ALLELES[gene]]
        (_, two, three, four, *_) = common[0].exons
        groove = share_of_differences(
            common,
            lambda a: np.concatenate([a.genomic[slice(*two)], a.genomic[slice(*three)]]),  # noqa: B023  called at once
        )
        fourth = share_of_differences(common, lambda a: a.genomic[slice(*four)])  # noqa: B023  called at once
        assert 0.05 <= np.median(groove) <= 0.085
        assert np.median(fourth) <= 0.02
        assert groove.min() > 0


def test_genes_resemble_each_other_as_those_of_man_do(family):
    first = {gene: alleles[0].coding[:895] for gene, alleles in family.genes.items()}

    def likeness(one, two):
        return np.mean(first[one] == first[two])

    assert all(0.75 <= likeness(*pair) <= 0.93 for pair in ("AB", "AC", "BC"))
    assert all(likeness("A", decoy) >= 0.88 for decoy in "HKY")
    assert set(family.decoys) == set("EFGHJKLY")


def test_no_two_names_are_of_one_sequence_and_proteins_differ_as_names_do(family):
    for gene in EXONS:
        alleles = family.of_gene(gene)
        assert len({a.genomic.tobytes() for a in alleles}) == len(alleles)
        by_protein = {}
        for allele in alleles:
            if allele.name.endswith(("01:01", "01:02", ":02")) and allele.name.count(":") > 1:
                by_protein.setdefault(allele.two_fields, []).append(allele)
        for group in by_protein.values():
            spelt = {tuple(translated(allele)) for allele in group}
            assert len(spelt) == 1
        assert any(len(group) == 3 for group in by_protein.values())


def translated(allele):
    bases = "TCAG"
    amino = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
    return [
        amino[16 * bases.index(a) + 4 * bases.index(b) + bases.index(c)]
        for a, b, c in codons(allele)
    ]


def test_the_same_seed_gives_the_same_family_and_another_seed_another():
    one, two = invent_family.__wrapped__(5), invent_family.__wrapped__(5)
    assert list(one.alleles) == list(two.alleles)
    assert all(
        np.array_equal(one.alleles[name].genomic, two.alleles[name].genomic)
        for name in one.alleles
    )
    other = invent_family(6).find("A*02:01").genomic
    assert not np.array_equal(other, one.find("A*02:01").genomic)


def test_written_files_hold_the_family(family, tmp_path):
    write_family(tmp_path, family)
    entries = {}
    for line in (tmp_path / "B_gen.fasta").read_text().splitlines():
        if line.startswith(">"):
            number, name, size, unit = line[1:].split()
            assert number.startswith("HLA:HLA")
            assert unit == "bp"
            entries[name] = (int(size), [])
        else:
            assert len(line) <= 60
            entries[name][1].append(line)
    for name, (size, lines) in entries.items():
        assert len("".join(lines)) == size
        assert "".join(lines) == text(family.alleles[name].genomic)
    kept_out = [a.name for a in family.of_gene("B") if not a.is_told_whole]
    assert len(kept_out) == 1
    assert not set(kept_out) & set(entries)
    assert f" {kept_out[0]} " in (tmp_path / "B_nuc.fasta").read_text()


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_family_that_was_written_is_read_again(family, tmp_path, is_packed):
    write_family(tmp_path, family)
    if is_packed:
        for path in list(tmp_path.iterdir()):
            packed = gzip.compress(path.read_bytes())
            (tmp_path / f"imgt_9.9.9_{path.name}.gz").write_bytes(packed)
            path.unlink()
    read = read_family(tmp_path)
    whole = {name for name, allele in family.alleles.items() if allele.is_told_whole}
    assert set(read.alleles) == whole
    for name, allele in read.alleles.items():
        assert np.array_equal(allele.genomic, family.alleles[name].genomic)
        if allele.gene in EXONS:
            assert np.array_equal(allele.coding, family.alleles[name].coding)


def test_a_folder_without_a_classical_gene_is_refused(family, tmp_path):
    write_family(tmp_path, family)
    (tmp_path / "C_gen.fasta").unlink()
    with pytest.raises(InputError, match="no allele of C"):
        read_family(tmp_path)


def test_the_first_allele_of_two_fields_is_found_by_numbers_and_not_by_letters():
    made = [
        HlaAllele(name, "A", np.zeros(4, dtype=np.uint8), ())
        for name in ("A*02:01:10", "A*02:01:02", "A*02:010:01", "A*24:09N", "A*24:09:01:02L")
    ]
    family = HlaFamily({allele.name: allele for allele in made})
    assert family.find("HLA-A*02:01").name == "A*02:01:02"
    assert family.find("A*24:09N").name == "A*24:09N"
    assert family.find("A*24:09").name == "A*24:09:01:02L"
    with pytest.raises(KeyError):
        family.find("A*02:02")


@pytest.mark.parametrize(
    ("name", "short"),
    [("A*24:09:01N", "A*24:09N"), ("B*44:02:01:02S", "B*44:02S"), ("A*01:11:02C", "A*01:11C"),
     ("A*24:02:01:02L", "A*24:02"), ("A*23:19Q", "A*23:19"), ("C*07:01", "C*07:01")],
)  # fmt: skip
def test_alleles_that_no_cell_shows_keep_their_suffix(name, short):
    allele = HlaAllele(name, name[0], np.zeros(4, dtype=np.uint8), ())
    assert allele.two_fields == short == two_fields(name)


def test_exons_of_real_alleles_spell_their_coding_sequence(real_data):
    family = read_family(real_data / "hla")
    for gene in EXONS:
        alleles = family.of_gene(gene)
        assert len(alleles) > 900
        starts = sum(codons(allele)[0] == "ATG" for allele in alleles)
        assert starts > 0.99 * len(alleles)
    assert set(family.decoys) == set("EFGHJKLY")
