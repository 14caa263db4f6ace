"""The kernels that compare pairs of reads with a person's alleles, against naive twins."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_hla import ToyAllele, codes, toy_gene

from storiform.biomarkers.hla.personal_genes import _joined, words_of
from storiform.kernels.hla_losses import Reads
from storiform.kernels.hla_pairs import NEVER, Desk, Scores, align_alleles, score_fragments
from storiform.kernels.hla_words import NO_WORD

LONGEST = 400
LENGTH = 50
COMPLEMENT = np.array([3, 2, 1, 0, 4], np.uint8)
GENE = toy_gene(1)


def turned(read):
    return COMPLEMENT[read[::-1]]


def scored(sequences, fragments, trusted=None, fewest=2):
    """Return the scores of fragments, each one or two reads as codes."""
    trusted = trusted or [np.ones(len(bases), bool) for bases in sequences]
    genes = _joined(sequences, trusted)
    every = [read for fragment in fragments for read in fragment]
    reads = Reads(
        np.concatenate(every), np.ones(sum(map(len, every))),
        np.cumsum([0, *map(len, every)]), np.cumsum([0, *map(len, fragments)]),
    )  # fmt: skip
    shape = len(fragments), len(sequences)
    scores = Scores(np.full(shape, NEVER), np.zeros(shape), np.zeros(shape, np.int64))
    desk = Desk(
        np.zeros((4, shape[1])), np.zeros((4, shape[1])), np.zeros((4, shape[1]), np.int64)
    )
    score_fragments(reads, genes, fewest, LONGEST, desk, scores)
    return scores


def pair_of(bases, start, length):
    """Return the mates of a fragment, which face each other."""
    fragment = bases[start : start + length]
    return [fragment[:LENGTH].copy(), turned(fragment)[:LENGTH].copy()]


def best_loss(bases, mates):
    """Return the least mismatches over all places of both mates, facing each other."""
    best = NEVER
    for first, mate in (mates, mates[::-1]):
        second = turned(mate)
        for at in range(len(bases) - LENGTH + 1):
            one = int((bases[at : at + LENGTH] != first).sum())
            if one >= best:
                continue
            for far in range(max(at - 30, 0), min(at + LONGEST, len(bases)) - LENGTH + 1):
                two = int((bases[far : far + LENGTH] != second).sum())
                best = min(best, one + two)
    return best


@pytest.mark.parametrize("is_flipped", [False, True])
@given(st.data())
def test_a_pair_loses_its_least_mismatches_on_each_allele(is_flipped, data):
    other = GENE.changed(2, 10, 40, 70).changed(3, 5, 50)
    alleles = [codes(GENE.genomic), codes(other.genomic)]
    length = data.draw(st.integers(60, 200))
    start = data.draw(st.integers(0, len(alleles[0]) - length))
    mates = pair_of(alleles[data.draw(st.integers(0, 1))], start, length)
    for _ in range(data.draw(st.integers(0, 2))):
        mate, place = data.draw(st.integers(0, 1)), data.draw(st.integers(0, LENGTH - 1))
        mates[mate][place] = (mates[mate][place] + 1) % 4
    scores = scored(alleles, [mates[::-1] if is_flipped else mates])
    expected = [best_loss(bases, mates) for bases in alleles]
    np.testing.assert_allclose(scores.losses[0], expected)
    # The middle is of the place itself, up to a shift by which it fits as well.
    assert abs(int(scores.middles[0].min()) - (start + length // 2)) <= 1


@given(st.lists(st.integers(0, 3), min_size=0, max_size=60))
def test_words_are_those_of_a_sliding_window(bases):
    found = words_of(np.array(bases, np.uint8))
    texts = ["".join("0123"[b] for b in bases[at : at + 16]) for at in range(len(bases) - 15)]
    assert found.tolist() == [int(text, 4) for text in texts]


def test_a_word_with_an_unknown_base_is_none():
    bases = codes("ACGTACGTACGTACGTACGTN")
    assert words_of(bases)[-1] == NO_WORD
    assert (words_of(bases)[:-1] != NO_WORD).all()


def test_mates_that_do_not_face_each_other_lie_nowhere():
    bases = codes(GENE.genomic)
    first, second = pair_of(bases, 100, 150)
    assert scored([bases], [[first, turned(second)]]).losses[0, 0] == NEVER
    assert scored([bases], [[second, turned(first)]]).losses[0, 0] == NEVER
    assert scored([bases], [pair_of(bases, 0, LONGEST + 1)]).losses[0, 0] == NEVER
    assert scored([bases], [pair_of(bases, 0, LONGEST)]).losses[0, 0] == 0


def test_a_read_without_mate_counts_where_there_are_no_mates():
    bases = codes(GENE.genomic)
    read = pair_of(bases, 100, 150)[0]
    assert scored([bases], [[read]]).losses[0, 0] == NEVER
    alone = scored([bases], [[read], [turned(read)]], fewest=1)
    assert alone.losses[:, 0].tolist() == [0, 0]
    assert alone.middles[:, 0].tolist() == [100 + LENGTH // 2] * 2


def test_bases_beside_an_allele_and_unknown_ones_cost_half():
    bases = codes(GENE.genomic)
    mates = pair_of(bases, 100, 150)
    assert scored([bases[103:]], [mates]).losses[0, 0] == pytest.approx(1.5)
    unknown = bases.copy()
    unknown[102] = 4
    assert scored([unknown], [mates]).losses[0, 0] == pytest.approx(0.5)
    mates[0][2] = 4
    assert scored([bases], [mates]).losses[0, 0] == 0


def test_a_mismatch_that_is_not_trusted_speaks_for_no_allele():
    bases = codes(GENE.genomic)
    other = bases.copy()
    other[[110, 120]] = (other[[110, 120]] + 1) % 4
    trusted = np.ones(len(bases), bool)
    trusted[110] = False
    scores = scored([bases, other], [pair_of(bases, 100, 150)], [trusted, trusted])
    assert scores.losses[0].tolist() == [0, 2]
    assert scores.trusted[0].tolist() == [0, 1]


def aligned(one, two):
    partners = np.full(len(one), -1, np.int64)
    costs = np.zeros((2, len(two) + 1), np.int64)
    moves = np.zeros((len(one) + 1, len(two) + 1), np.uint8)
    align_alleles(codes(one), codes(two), costs, moves, partners)
    return partners


def cost_of(one, two, partners):
    """Return what an alignment costs; gaps at the ends are free."""
    paired = np.flatnonzero(partners >= 0)
    if not len(paired):
        return 0
    cost = sum(-1 if one[i] == two[partners[i]] else 2 for i in paired)
    for i, j in pairwise(paired.tolist()):
        cost += 3 * (j - i - 1) + 3 * int(partners[j] - partners[i] - 1)
    return cost


def least_cost(one, two):
    """Return the least cost of any alignment with free ends, by the textbook's table."""
    table = np.zeros((len(one) + 1, len(two) + 1), int)
    for i in range(1, len(one) + 1):
        for j in range(1, len(two) + 1):
            table[i, j] = min(
                table[i - 1, j - 1] + (-1 if one[i - 1] == two[j - 1] else 2),
                table[i - 1, j] + 3,
                table[i, j - 1] + 3,
            )
    return int(min(table[-1].min(), table[:, -1].min()))


@given(st.text("ACGT", max_size=12), st.text("ACGT", max_size=12))
def test_an_alignment_is_in_order_and_costs_least(one, two):
    partners = aligned(one, two)
    beside = partners[partners >= 0]
    assert (np.diff(beside) > 0).all()
    assert cost_of(one, two, partners) == least_cost(one, two)


def test_an_alignment_passes_an_insertion_and_free_ends():
    toy = ToyAllele(("ACGTTGCA" * 4, "GATTACAGATTACCA", "TTGACCGTA" * 3))
    one = toy.genomic
    two = one[7:40] + "CCCC" + one[40:-5]
    partners = aligned(one, two)
    assert (partners[:7] == -1).all()
    assert (partners[-5:] == -1).all()
    assert partners[7:40].tolist() == list(range(33))
    assert partners[45:-5].tolist() == list(range(42, len(two)))
