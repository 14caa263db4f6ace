"""Reads of HLA genes are of the alleles, in the numbers and with the errors as planted."""

import numpy as np
import pytest

from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import (
    SCENARIOS,
    HlaPerson,
    HlaTumour,
    draw_person,
    scenario,
)
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table

PERFECT = {"error_rate": 1e-4, "damage_rate": 0.0, "drift_sd": 0.0, "locus_sd": 0.0}
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@pytest.fixture(scope="module")
def family():
    return invent_family(1)


@pytest.fixture(scope="module")
def person(family):
    drawn = draw_person(family, np.random.default_rng(1), is_heterozygous=True, capture_sd=0)
    return HlaPerson(drawn.genotype, drawn.decoys, drawn.capture)


def text(codes):
    return "".join("ACGTN"[code] for code in codes)


def counts(family, person, tumour, depth=150.0, seed=1):
    person = HlaPerson(person.genotype, {}, person.capture)
    library = HlaLibrary(depth=depth, duplicate_share=0.0, **PERFECT)
    reads = sequence_hla(family, person, library, np.random.default_rng(seed), tumour)
    found = dict(
        zip(reads.alleles, np.bincount(reads.source, minlength=len(reads.alleles)), strict=True)
    )
    return {name: int(found[name]) for name in person.alleles}


def test_mates_are_the_ends_of_their_fragment(family, person):
    library = HlaLibrary(depth=20, **PERFECT)
    reads = sequence_hla(family, person, library, np.random.default_rng(2))
    wrong = total = 0
    for row in range(len(reads)):
        gene = text(family.alleles[reads.alleles[reads.source[row]]].genomic)
        start, length = int(reads.starts[row]), int(reads.lengths[row])
        fragment = gene[start : start + length]
        assert len(fragment) == length
        ends = [fragment[:100], fragment[-100:].translate(COMPLEMENT)[::-1]]
        if reads.is_flipped[row]:
            ends.reverse()
        for end, bases in zip(ends, reads.bases[row], strict=True):
            wrong += sum(a != b for a, b in zip(end, text(bases), strict=True))
            total += 100
    assert wrong / total < 3e-4
    assert 0.4 < reads.is_flipped.mean() < 0.6
    assert len(np.unique(reads.names)) == len(reads)


def test_rna_is_of_joined_exons(family, person):
    library = HlaLibrary(depth=30, assay="rna", **PERFECT)
    reads = sequence_hla(family, person, library, np.random.default_rng(3))
    exact = 0
    for row in range(300):
        coding = text(family.alleles[reads.alleles[reads.source[row]]].coding)
        forward = reads.bases[row, int(reads.is_flipped[row])]
        exact += text(forward) in coding
    assert exact > 285


def test_depth_of_exons_is_the_planted_one(family, person):
    library = HlaLibrary(depth=200, duplicate_share=0.0, **PERFECT)
    reads = sequence_hla(family, person, library, np.random.default_rng(4))
    two = family.alleles[person.genotype["B"][0]].exons[1]
    middle = sum(two) // 2
    pair = [reads.alleles.index(name) for name in person.genotype["B"]]
    mine = np.isin(reads.source, pair)
    left, right = reads.starts[mine], (reads.starts + reads.lengths)[mine]
    depth = np.sum((left <= middle) & (middle < left + 100))
    depth += np.sum((right - 100 <= middle) & (middle < right))
    assert depth == pytest.approx(200, abs=45)  # 3 standard deviations


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("lost", [0, 1])
def test_alleles_share_reads_as_their_copies_in_the_cells_say(family, person, name, lost):
    purity = 0.6
    planted = {
        "retained": (1, 1), "loss": (1, 0), "neutral_loss": (2, 0), "doubled_loss": (2, 0),
        "gain": (2, 1), "high_gain": (4, 1), "doubled": (2, 2), "one_gene_loss": (1, 0),
        "subclonal_loss": (1, 0.4), "homozygous_deletion": (0, 0),
    }  # fmt: skip
    normal = counts(family, person, None)
    tumour = counts(family, person, scenario(name, purity, lost), seed=2)
    ploidy = 4 if "doubled" in name else 2
    whole = (purity * ploidy + 2 * (1 - purity)) / 2
    for gene, pair in person.genotype.items():
        copies = planted[name] if name != "one_gene_loss" or gene == "A" else (1, 1)
        for side, allele in enumerate(pair):
            inside = copies[0] if side != lost else copies[1]
            expected = normal[allele] * (purity * inside + 1 - purity) / whole
            spread = np.sqrt(normal[allele] + expected)
            assert abs(tumour[allele] - expected) < 4.5 * spread + 5, (gene, side)


def test_a_share_of_the_cells_changes_and_the_others_stay():
    tumour = HlaTumour(0.5, 2.0, {"A": (2, 0)}, clonal_fraction=0.25, before=(1, 1))
    assert tumour.mean_copies("A") == pytest.approx((0.5 * (0.25 * 2 + 0.75) + 0.5, 0.875))
    assert tumour.mean_copies("B") == (1, 1)


def test_capture_of_an_allele_is_alike_in_all_libraries_but_for_drift(family):
    genotype = {"A": ("A*02:01", "A*01:01")}
    base = draw_person(family, np.random.default_rng(1), genotype)
    one, two = base.genotype["A"]
    person = HlaPerson(base.genotype, {}, {one: 2.0, two: 1.0})
    shares = []
    for seed in range(10):
        found = counts(family, person, None, depth=600, seed=seed)
        shares.append(found[one] / sum(found.values()))
    assert np.mean(shares) == pytest.approx(2 / 3, abs=0.01)


def test_qualities_tell_the_chance_of_an_error(family, person):
    library = HlaLibrary(depth=150, error_rate=0.01, damage_rate=0.0)
    reads = sequence_hla(family, person, library, np.random.default_rng(5))
    firsts = np.where(reads.is_flipped, 1, 0)
    rows = np.arange(len(reads))
    forward, quality = reads.bases[rows, firsts], reads.qualities[rows, firsts]
    genes = [family.alleles[name].genomic for name in reads.alleles]
    begins = np.cumsum([0, *(len(gene) for gene in genes)])[reads.source] + reads.starts
    true = np.concatenate(genes)[begins[:, np.newaxis] + np.arange(100)]
    wrong = forward != true
    for low, high in ((8, 14), (15, 20), (21, 26)):
        chosen = (quality >= low) & (quality <= high)
        assert wrong[chosen].mean() == pytest.approx(
            np.mean(10 ** (quality[chosen] / -10)), rel=0.15
        )
    assert wrong[:, 80:].mean() > 2 * wrong[:, :20].mean()
    assert wrong.mean() == pytest.approx(0.01, rel=0.1)


def test_a_sequencer_with_few_levels_tells_these_alone_and_errs_as_they_say(family, person):
    library = HlaLibrary(
        depth=60, error_rate=0.002, damage_rate=0.0, levels=(37, 2, 25, 11), insert_mean=100,
        insert_sd=0.0,
    )  # fmt: skip
    reads = sequence_hla(family, person, library, np.random.default_rng(5))
    assert set(np.unique(reads.qualities)) <= {2, 11, 25, 37}
    one, two = reads.bases[:, 0], 3 - reads.bases[:, 1, ::-1]
    low = reads.qualities[:, 0] == 25
    low &= reads.qualities[:, 1, ::-1] == 37
    expected = 10**-2.5 + 10**-3.7
    assert np.mean(one[low] != two[low]) == pytest.approx(expected, rel=0.2)


def test_duplicates_copy_a_pair_but_not_its_errors(family, person):
    library = HlaLibrary(depth=100, duplicate_share=0.2, error_rate=0.01)
    reads = sequence_hla(family, person, library, np.random.default_rng(6))
    assert reads.is_duplicate.mean() == pytest.approx(0.2, abs=0.03)
    size = int((~reads.is_duplicate).sum())
    places = np.column_stack([reads.source, reads.starts, reads.lengths, reads.is_flipped])
    originals = {tuple(row) for row in places[:size].tolist()}
    assert all(tuple(row) in originals for row in places[size:].tolist())
    last, rows = places[size:], places[:size]
    twins = [int(np.flatnonzero((rows == row).all(axis=1))[0]) for row in last[:200]]
    same = np.mean(reads.bases[twins] == reads.bases[size : size + 200])
    assert 0.96 < same < 0.995


def test_a_base_that_broke_before_is_alike_in_both_mates_and_in_copies(family, person):
    library = HlaLibrary(
        depth=100, insert_mean=100, insert_sd=0.0, error_rate=1e-4, damage_rate=0.01
    )
    reads = sequence_hla(family, person, library, np.random.default_rng(7))
    assert set(reads.lengths.tolist()) == {100}
    one, two = reads.bases[:, 0], 3 - reads.bases[:, 1, ::-1]
    forward = np.where(reads.is_flipped[:, np.newaxis], reads.bases[:, 1], one)
    genes = [family.alleles[name].genomic for name in reads.alleles]
    begins = np.cumsum([0, *(len(gene) for gene in genes)])[reads.source] + reads.starts
    true = np.concatenate(genes)[begins[:, np.newaxis] + np.arange(100)]
    assert np.mean(forward != true) == pytest.approx(0.01, rel=0.2)
    assert np.mean(one != two) < 0.001


def test_collected_form_has_both_mates_of_every_pair_that_is_no_copy(family, person):
    library = HlaLibrary(depth=20, duplicate_share=0.2, read_length=75)
    reads = sequence_hla(family, person, library, np.random.default_rng(8))
    table = sequence_table(reads)
    kept = np.flatnonzero(~reads.is_duplicate)
    assert len(table) == 2 * len(kept)
    assert all(list(mates) == [1, 2] for _, mates in table.groupby("fragment")["mate"])
    one = table[(table["fragment"] == reads.names[kept[3]]) & (table["mate"] == 2)].iloc[0]
    assert one["bases"] == text(reads.bases[kept[3], 1])
    told = [ord(letter) - 33 for letter in one["qualities"]]
    assert told == reads.qualities[kept[3], 1].tolist()


def test_the_same_seed_gives_the_same_reads(family, person):
    made = [
        sequence_hla(family, person, HlaLibrary(depth=10), np.random.default_rng(9))
        for _ in range(2)
    ]
    for name, column in vars(made[0]).items():
        assert np.array_equal(column, vars(made[1])[name])


def test_nothing_is_read_of_nothing(family):
    person = HlaPerson({"A": ("A*02:01:01:01", "A*02:01:01:01")})
    library = HlaLibrary(depth=1e-9)
    reads = sequence_hla(family, person, library, np.random.default_rng(1))
    assert len(reads) == 0
    assert sequence_table(reads).empty


def test_people_are_drawn_with_one_or_two_proteins_a_gene(family):
    rng = np.random.default_rng(3)
    for _ in range(20):
        one = draw_person(family, rng, is_heterozygous=False)
        two = draw_person(family, rng, is_heterozygous=True)
        assert all(a == b for a, b in one.genotype.values())
        for a, b in two.genotype.values():
            assert family.alleles[a].two_fields != family.alleles[b].two_fields
        assert set(one.decoys) == set("EFGHJKLY")


def test_given_types_are_those_of_the_person(family):
    given = {"A": ("HLA-A*02:01", "A*01:01"), "B": ("B*07:02", "B*07:02")}
    person = draw_person(family, np.random.default_rng(1), given)
    assert person.genotype["A"] == ("A*02:01:01:01", "A*01:01:01:01")
    assert person.genotype["B"] == ("B*07:02:01:01", "B*07:02:01:01")
    with pytest.raises(KeyError):
        draw_person(family, np.random.default_rng(1), {"A": ("A*99:99", "A*01:01")})
