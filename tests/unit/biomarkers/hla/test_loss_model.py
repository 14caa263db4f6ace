"""What counts of fragments tell of copies: the model of HLA loss by itself."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from scipy.stats import betabinom, norm

from storiform.biomarkers.hla import loss_model
from storiform.biomarkers.hla.loss_model import (
    GeneCounts,
    Sample,
    copies_interval,
    gene_likelihood,
    imbalance_p,
    imbalance_z,
    posteriors,
    share_variance,
    smallest_excluded_loss,
)
from storiform.biomarkers.hla.loss_states import LossRules, list_states

RULES = LossRules()


def counts(normal, tumour, shared=(0, 0)):
    return GeneCounts(np.array(normal, float), np.array(tumour, float), np.array(shared, float))


def sample(purity=0.6, ploidy=2.0, library=1.0, spread=0.06):
    steps = np.array([-spread, 0.0, spread])
    return Sample(
        np.clip(purity + steps, 0.05, 1.0), np.array([0.25, 0.5, 0.25]), ploidy, library
    )


def expected(copies, purity=0.6, ploidy=2.0, normal=(500, 500)):
    """Return what a tumour without noise shows of a gene."""
    scale = (purity * ploidy + 2 * (1 - purity)) / 2
    shown = [
        number * (purity * copy + 1 - purity) / scale
        for number, copy in zip(normal, copies, strict=True)
    ]
    return counts(normal, np.rint(shown))


@pytest.mark.parametrize("before", [1, 2])
def test_priors_are_probabilities_with_the_stated_share_of_losses(before):
    states = list_states(before, RULES)
    assert states.prior.sum() == pytest.approx(1.0)
    assert states.lone.sum() == pytest.approx(1.0)
    gene = (1 - RULES.prior_apart) * states.prior + RULES.prior_apart * states.lone
    assert gene[states.is_loss].sum() == pytest.approx(RULES.prior_loss)
    assert gene[states.is_deletion].sum() == pytest.approx(RULES.prior_deletion)
    part = states.is_loss & (states.share < 1)
    assert gene[part].sum() == pytest.approx(RULES.prior_loss * RULES.prior_subclonal)
    # Neither allele is preferred, and nothing is likelier than what was there before.
    np.testing.assert_allclose(states.prior, states.prior[states.flipped])
    np.testing.assert_allclose(states.lone, states.lone[states.flipped])
    best = gene.argmax()
    assert (states.one[best], states.two[best]) == (before, before)


def test_one_gene_in_eight_is_expected_to_have_one_copy_more():
    states = list_states(1, RULES)
    is_gain = (states.one + states.two == 3) & (np.minimum(states.one, states.two) == 1)
    gene = (1 - RULES.prior_apart) * states.prior + RULES.prior_apart * states.lone
    assert gene[is_gain & (states.share == 1)].sum() == pytest.approx(1 / 8, abs=0.01)


def test_a_gene_apart_is_lost_more_often_and_gained_more_seldom_than_a_haplotype():
    states = list_states(1, RULES)
    lost = states.is_loss
    of_lone = RULES.prior_apart * states.lone[lost].sum()
    assert of_lone == pytest.approx(RULES.prior_lone * RULES.prior_loss)
    is_gain = ~lost & (states.one + states.two > 2)
    assert states.lone[is_gain].sum() < 0.2 * states.prior[is_gain].sum()


@pytest.mark.parametrize("loss", [0.001, 0.15, 0.9])
@pytest.mark.parametrize("apart", [0.01, 0.15, 0.6, 0.9999, 1.0])
@pytest.mark.parametrize("lone", [0.0, 0.5, 1.0])
def test_priors_are_probabilities_whatever_the_rules(loss, apart, lone):
    rules = LossRules(loss, 0.09, prior_apart=apart, prior_lone=lone)
    states = list_states(2, rules)
    for prior in (states.prior, states.lone):
        assert prior.sum() == pytest.approx(1.0)
        assert prior.min() >= 0
    gene = (1 - apart) * states.prior + apart * states.lone
    assert gene[states.is_loss].sum() == pytest.approx(loss)


def test_genes_that_are_all_apart_tell_nothing_of_each_other():
    rules = LossRules(prior_apart=1.0)
    states = list_states(1, rules)
    np.testing.assert_allclose(states.lone, states.prior)
    weak = expected((1, 0), 0.3)
    fixed = Sample(np.array([0.3]), np.array([1.0]), 2.0, np.nan)
    (alone,) = posteriors([weak], fixed, rules)
    together = posteriors([weak, expected((2, 1), 0.3)], fixed, rules)[0]
    assert together.loss == pytest.approx(alone.loss)


def test_a_gain_of_which_little_was_read_is_hardly_told_from_a_loss_by_genes_that_agree():
    # All genes have a fourth less than they should, and the purity is told too low.
    seen = expected((2, 1), 0.35, normal=(550, 550))
    short = counts(seen.normal, np.rint(seen.tumour * np.exp(-0.26)))
    found = posteriors([short] * 3, sample(0.29), RULES)[0]
    assert found.imbalance > 0.08
    # Were each gene likely to have a fate of its own, three that agree would be less of a gain.
    loose = dataclasses.replace(RULES, prior_apart=0.4, prior_lone=0.4)
    assert posteriors([short] * 3, sample(0.29), loose)[0].imbalance < 0.07


def test_exchanging_alleles_twice_changes_nothing():
    states = list_states(1, RULES)
    again = states.flipped[states.flipped]
    assert again.tolist() == list(range(len(again)))
    np.testing.assert_array_equal(states.one[states.flipped], states.two)
    np.testing.assert_array_equal(states.share[states.flipped], states.share)


def naive_likelihood(one, purity, ploidy, state, offset):
    """Return the log likelihood of one state, straight from the formulas."""
    x, y = (purity * copies + 1 - purity for copies in state)
    x, y = max(x, 0.01), max(y, 0.01)
    bias = (one.normal[0] + 0.5) / (one.normal.sum() + 1)
    share = bias * x / (bias * x + (1 - bias) * y)
    variance = 4 * RULES.drift**2 + sum(1 / (n + 0.5) for n in one.normal)
    size = 1 / (share * (1 - share) * variance) - 1
    shares = betabinom.logpmf(one.tumour[0], one.tumour.sum(), share * size, (1 - share) * size)
    depth = np.log(2 * (bias * x + (1 - bias) * y) / (purity * ploidy + 2 * (1 - purity)))
    before, after = one.normal.sum() + one.shared[0], one.tumour.sum() + one.shared[1]
    ratio = np.log((after + 0.5) / (before + 0.5) / 1.2)
    spread = np.sqrt(RULES.gene_depth_sd**2 + 1 / (before + 0.5) + 1 / (after + 0.5))
    return (
        shares
        + norm.logpdf(ratio, depth + offset, spread)
        + np.log(spread * np.sqrt(2 * np.pi))
    )


@pytest.mark.parametrize("shared", [(0, 0), (700, 510)])
def test_the_likelihood_is_that_of_the_formulas(shared):
    one = counts([120, 90], [100, 41], shared)
    states = list_states(1, RULES)
    found = gene_likelihood(one, states, sample(ploidy=2.6, library=1.2), RULES)
    for i, purity in enumerate((0.54, 0.6, 0.66)):
        for j in (0, 5, 12):
            for k in (0, 7, 30, len(states.one) - 1):
                mean = [
                    states.share[k] * copies[k] + (1 - states.share[k])
                    for copies in (states.one, states.two)
                ]
                offset = RULES.depth_sd * loss_model._OFFSETS[j]  # noqa: SLF001  the grid
                naive = naive_likelihood(one, purity, 2.6, mean, offset)
                assert found[i, j, k] == pytest.approx(naive, abs=1e-8)


def test_the_joint_posterior_is_the_sum_over_all_ways_written_out():
    genes = [counts([60, 50], [50, 30]), counts([40, 60], [20, 55]), counts([50, 50], [50, 40])]
    small = sample()
    found = posteriors(genes, small, RULES)
    states = list_states(1, RULES)
    logs = [gene_likelihood(gene, states, small, RULES) for gene in genes]
    chances = [np.exp(log - log.max()) for log in logs]
    tail = (1 + loss_model._OFFSETS**2 / 8) ** -4.5  # noqa: SLF001  the grid
    weights = small.weights[:, None] * tail / tail.sum()
    apart, prior, flip = RULES.prior_apart, states.prior, states.flipped
    lone = states.lone
    sums = np.zeros((3, len(prior)))
    for turns, broken in product(product((0, 1), repeat=2), product((0, 1), repeat=3)):
        weight = np.prod([apart if b else 1 - apart for b in broken])
        own = [c[..., flip] if t else c for c, t in zip(chances, (0, *turns), strict=True)]
        alone = [c @ lone for c in chances]
        shared = weights[..., None] * prior * weight
        for gene in range(3):
            shared = shared * (alone[gene][..., None] if broken[gene] else own[gene])
        for gene in range(3):
            if broken[gene]:
                rest = shared.sum(axis=2) / alone[gene]
                sums[gene] += (rest[..., None] * chances[gene]).sum(axis=(0, 1)) * lone
            else:
                mine = shared.sum(axis=(0, 1))
                sums[gene] += mine[flip] if (0, *turns)[gene] else mine
    for gene, total in zip(found, sums, strict=True):
        np.testing.assert_allclose(gene.chances, total / total.sum(), rtol=1e-7, atol=1e-12)


def test_the_order_of_genes_and_of_alleles_tells_nothing():
    genes = [counts([400, 350], [390, 190]), counts([300, 410], [310, 230]),
             counts([500, 480], [480, 260])]  # fmt: skip
    turned = [counts(gene.normal[::-1], gene.tumour[::-1]) for gene in genes[::-1]]
    straight, reverse = posteriors(genes, sample(), RULES), posteriors(turned, sample(), RULES)
    for one, two in zip(straight, reverse[::-1], strict=True):
        assert one.loss == pytest.approx(two.loss, abs=1e-9)
        assert one.lost == pytest.approx(two.lost[::-1], abs=1e-9)


@pytest.mark.parametrize(
    ("copies", "ploidy"), [((1, 0), 2.0), ((2, 0), 2.0), ((2, 0), 4.0), ((0, 1), 2.0)]
)
def test_a_loss_of_a_haplotype_is_told_with_its_allele(copies, ploidy):
    genes = [expected(copies, 0.5, ploidy) for _ in range(3)]
    for found in posteriors(genes, sample(0.5, ploidy), RULES):
        assert found.loss > 0.99
        assert np.argmax(found.lost) == int(copies[1] == 0)


@pytest.mark.parametrize(
    ("copies", "ploidy"), [((1, 1), 2.0), ((2, 1), 2.0), ((4, 1), 2.0), ((2, 2), 4.0)]
)
@pytest.mark.parametrize("purity", [0.2, 0.5, 0.9])
def test_no_loss_is_told_of_gains_and_of_what_is_retained(copies, ploidy, purity):
    genes = [expected(copies, purity, ploidy) for _ in range(3)]
    for found in posteriors(genes, sample(purity, ploidy), RULES):
        assert found.loss < 0.2


def test_cells_of_a_doubled_genome_have_two_copies_of_each_allele():
    assert [sample(ploidy=p).before for p in (1.6, 2.0, 2.9, 3.0, 4.2)] == [1, 1, 1, 2, 2]
    # A loss in seven cells of ten; the others have what they had, two copies of each.
    genes = [expected((2, 0.3 * 2), 0.8, 4.0) for _ in range(3)]
    for found in posteriors(genes, sample(0.8, 4.0), RULES):
        assert found.loss > 0.9


def test_a_noisy_biopsy_has_wider_rules_and_no_other_has():
    assert RULES.offset_sd == pytest.approx(0.0751, abs=1e-4)
    assert RULES.with_noise(0.0) == RULES.with_noise(0.075) == RULES
    wider = RULES.with_noise(0.15)
    assert wider.offset_sd == pytest.approx(0.15)
    assert dataclasses.replace(wider, depth_sd=RULES.depth_sd) == RULES


def test_a_gain_is_an_imbalance():
    (found,) = posteriors([expected((3, 1), 0.7)], sample(0.7), RULES)
    assert found.imbalance > 0.9


def test_the_loss_of_one_gene_alone_is_told():
    genes = [expected((1, 0)), expected((1, 1)), expected((1, 1))]
    found = posteriors(genes, sample(), RULES)
    assert found[0].loss > 0.95
    assert max(found[1].loss, found[2].loss) < 0.05


def test_genes_that_agree_make_a_weak_loss_surer():
    weak = expected((1, 0), 0.3, normal=(300, 300))
    (alone,) = posteriors([weak], sample(0.3), RULES)
    together = posteriors([weak] * 3, sample(0.3), RULES)[0]
    assert together.loss > alone.loss + 0.02


def test_a_subclonal_loss_is_told_with_its_share_of_cells():
    mean = 0.6 * 0 + 0.4
    found = posteriors([expected((1, mean), 0.8) for _ in range(3)], sample(0.8), RULES)[0]
    assert found.loss > 0.9
    assert 0.4 <= found.clonal_fraction <= 0.8


def test_the_loss_of_both_alleles_is_no_loss_of_one():
    (found,) = posteriors([expected((0, 0), 0.7)], sample(0.7), RULES)
    assert found.deletion > 0.9
    assert found.loss < 0.1


def test_capture_that_prefers_an_allele_is_no_imbalance():
    one = expected((1, 1), 0.6, normal=(600, 300))
    assert abs(imbalance_z(one, RULES.drift)) < 0.1
    (found,) = posteriors([one], sample(), RULES)
    assert found.loss < 0.1


def test_without_sizes_of_libraries_the_shares_alone_speak():
    genes = [expected((1, 0)) for _ in range(3)]
    blind = [gene.loss for gene in posteriors(genes, sample(library=np.nan), RULES)]
    seen = [gene.loss for gene in posteriors(genes, sample(), RULES)]
    assert all(0.3 < b < s for b, s in zip(blind, seen, strict=True))


def test_imbalance_has_its_standard_error():
    rng = np.random.default_rng(3)
    z = []
    for _ in range(3000):
        catch = np.exp(rng.normal(0, RULES.drift, (2, 2)))
        n, t = rng.poisson(300 * catch[0]), rng.poisson(250 * catch[1])
        z.append(imbalance_z(counts(n, t), RULES.drift))
    assert np.std(z) == pytest.approx(1.0, abs=0.05)
    assert imbalance_p([1.959964]) == pytest.approx(0.05, abs=1e-6)
    assert imbalance_p([1.0, 2.0]) == pytest.approx(np.exp(-2.5))


def test_drift_and_counting_add_up():
    assert share_variance(counts([10, 20], [0, 0]), 0.1) == pytest.approx(
        0.04 + 1 / 10.5 + 1 / 20.5
    )


def test_a_small_share_of_cells_with_a_loss_is_excluded_by_many_fragments():
    few = smallest_excluded_loss(counts([50, 50], [50, 50]), RULES.drift)
    many = smallest_excluded_loss(counts([900, 900], [900, 900]), RULES.drift)
    assert many < 0.25 < few < 0.6


@pytest.mark.parametrize("copies", [(1, 1), (2, 0), (4, 1), (0, 0)])
def test_intervals_of_copies_hold_the_copies_and_are_never_negative(copies):
    one = expected(copies, 0.7)
    for side in (0, 1):
        low, middle, high = copies_interval(one, side, sample(0.7), RULES)
        assert 0 <= low <= middle <= high
        assert low <= copies[side] <= high
        assert middle == pytest.approx(copies[side], abs=0.15)


def test_intervals_of_copies_cover_in_nineteen_of_twenty():
    rng = np.random.default_rng(8)
    inside = []
    for _ in range(400):
        shift = np.exp(rng.normal(0, RULES.depth_sd))
        drift = np.exp(rng.normal(0, RULES.drift, 2))
        n = rng.poisson(300 * drift[0])
        t = rng.poisson(300 * (0.6 * 2 + 0.4) * drift[1] * shift)
        told = float(np.clip(0.6 + rng.normal(0, 0.04), 0.05, 1))
        low, _, high = copies_interval(counts([n, 300], [t, 300]), 0, sample(told), RULES)
        inside.append(low <= 2 <= high)
    assert np.mean(inside) > 0.92


def test_copies_need_the_sizes_of_libraries():
    assert np.isnan(copies_interval(expected((1, 1)), 0, sample(library=np.nan), RULES)).all()
