"""What was planted can be found, and what was not planted is not."""

import numpy as np
import pytest
from scipy import stats

from storiform.simulation.capture import capture
from storiform.simulation.claims import associations
from storiform.simulation.codons import GENETIC_CODE, changes
from storiform.simulation.enrolment import BURDEN, enrol
from storiform.simulation.mutations import mutations
from storiform.simulation.outcomes import outcomes
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import read_reference
from storiform.simulation.transcriptome import transcriptome

SEEDS = range(900, 920)
RECIPE = Recipe()


@pytest.fixture(scope="module")
def reference():
    return read_reference(RECIPE.genes)


@pytest.fixture(scope="module")
def cohorts(reference):
    """Return enrolment and clinical table of twenty trials."""
    made = []
    for seed in SEEDS:
        enrolment = enrol(48, list(reference.markers), seed, RECIPE)
        clinic = outcomes(enrolment, seed, RECIPE).set_index("patient")
        made.append((seed, enrolment, clinic))
    return made


def groups(clinic, patients):
    """Return who is evaluable and who of them responded."""
    response = clinic.loc[patients, "response"]
    evaluable = response.isin(["CR", "PR", "SD", "PD"]).to_numpy()
    return evaluable, response.isin(["CR", "PR"]).to_numpy()


def p_values(values, clinic, patients):
    evaluable, responded = groups(clinic, patients)
    with_response, without = values[evaluable & responded], values[evaluable & ~responded]
    return stats.mannwhitneyu(with_response, without, axis=0, method="asymptotic").pvalue


@pytest.mark.slow
def test_b_lineage_is_found_and_independent_populations_are_not(reference, cohorts):
    populations = sorted(reference.markers)
    b_lineage = populations.index("b_lineage")
    length = reference.genes["length"].to_numpy(dtype=float)[:, None]
    hits = rejected = 0
    correlations = []
    for seed, enrolment, clinic in cohorts:
        made = transcriptome(enrolment, reference, seed, RECIPE)
        columns = [n for n, b in enumerate(made.biopsies) if b.timepoint == "pre"]
        density = made.counts[:, columns] / length
        log_tpm = np.log2(1e6 * density / density.sum(axis=0) + 1)
        rows = [reference.rows(reference.markers[name]) for name in populations]
        scores = np.array([log_tpm[at].mean(axis=0) for at in rows]).T
        biopsies = [made.biopsies[n] for n in columns]
        latent = [[b.latent[name] for name in populations] for b in biopsies]
        p = p_values(scores, clinic, [b.patient for b in biopsies])
        q = stats.false_discovery_control(p)
        hits += q[b_lineage] < 0.1
        rejected += (np.delete(q, b_lineage) < 0.1).sum()
        pairs = zip(scores.T, np.array(latent).T, strict=True)
        correlations.append([stats.spearmanr(a, b).statistic for a, b in pairs])
    assert hits >= 18
    assert rejected <= 0.1 * 9 * len(SEEDS)
    assert np.mean(correlations, axis=0).min() > 0.75


@pytest.mark.slow
def test_burden_is_found_and_its_rate_lies_in_the_interval(reference, cohorts):
    panel = capture(reference, RECIPE.captured)
    hits = inside = size = 0
    for seed, enrolment, clinic in cohorts:
        first = enrolment.baseline()
        biopsies = [first[name] for name in enrolment.patients if first[name].dna]
        called = [mutations(b, "mutect2", panel, seed, RECIPE) for b in biopsies]
        counts = np.array([made.planted for made in called])
        hits += p_values(counts, clinic, [b.patient for b in biopsies]) < 0.1
        mean = np.array([made.rate * made.megabases for made in called])
        lower = np.nan_to_num(stats.chi2.ppf(0.025, 2 * counts) / 2)
        upper = stats.chi2.ppf(0.975, 2 * counts + 2) / 2
        inside += ((lower <= mean) & (mean <= upper)).sum()
        size += len(called)
    assert hits >= 18
    assert inside >= 0.95 * size


def test_latent_features_are_independent_but_for_the_planted_pair(reference, cohorts):
    names = [*sorted(reference.markers), BURDEN]
    first = [e.baseline() for _, e, _ in cohorts]
    latent = np.array([[b.latent[n] for n in names] for of in first for b in of.values()])
    correlation = np.corrcoef(latent.T)
    pair = names.index("b_lineage"), names.index(BURDEN)
    assert correlation[pair] == pytest.approx(RECIPE.shared, abs=0.1)
    correlation[pair] = correlation[pair[::-1]] = 0.0
    limit = 4.5 / np.sqrt(len(latent))  # 55 pairs, each beyond it with p < 1e-5
    assert np.abs(correlation - np.eye(len(names))).max() < limit


def test_outcomes_are_consistent(cohorts):
    for _, enrolment, clinic in cohorts:
        assert list(clinic.index) == list(enrolment.patients)
        times = clinic.dropna(subset=["pfs_months"])
        assert (times["pfs_months"] <= times["os_months"]).all()
        assert (times["pfs_months"] > 0).all()
        died = times[times["os_event"] == 1]
        assert (died["pfs_event"] == 1).all()
        shrunk = clinic["response"].isin(["CR", "PR"]) & clinic["best_change_percent"].notna()
        assert (clinic.loc[shrunk, "best_change_percent"] <= -30).all()


def test_survival_depends_on_b_lineage(cohorts):
    strong = 0
    for _, enrolment, clinic in cohorts:
        first = enrolment.baseline()
        times = clinic["pfs_months"].dropna().astype(float)
        latent = [first[name].latent["b_lineage"] for name in times.index]
        strong += stats.spearmanr(latent, times).pvalue < 0.01
    assert strong >= 18


def test_women_have_no_fragment_of_the_y_chromosome_and_else_the_same(reference, cohorts):
    seed, enrolment, _ = cohorts[0]
    women = frozenset(enrolment.patients[::2])
    mixed = transcriptome(enrolment, reference, seed, RECIPE, women)
    men = transcriptome(enrolment, reference, seed, RECIPE)
    is_y = reference.genes["symbol"].isin({"RPS4Y1", "DDX3Y", "KDM5D", "UTY"}).to_numpy()
    assert is_y.any()
    is_woman = np.array([biopsy.patient in women for biopsy in mixed.biopsies])
    assert 0 < is_woman.sum() < len(is_woman)
    assert not mixed.counts[np.ix_(is_y, is_woman)].any()
    assert (mixed.counts[np.ix_(is_y, ~is_woman)].sum(axis=0) > 0).all()
    changed = (mixed.counts != men.counts).any(axis=1)
    assert changed.sum() <= 9


def test_claims_leave_out_sets_that_share_some_genes(reference):
    claims = associations(reference, RECIPE).set_index("feature")
    assert claims.loc["mcp_counter.b_lineage", "planted"]
    assert not claims.loc["mcp_counter.t_cells", "planted"]
    raised = set(reference.markers["b_lineage"])
    for name, genes in reference.sets.items():
        feature = f"ssgsea.{name}"
        if 0 < len(raised & set(genes)) < 0.5 * len(genes):
            assert feature not in claims.index
    assert claims["planted"].sum() >= 5


def test_codon_changes_do_what_they_say():
    assert all(GENETIC_CODE[b] == "*" != GENETIC_CODE[a] for a, b, _ in changes("stop_gained"))
    assert {a for a, _, _ in changes("start_lost")} == {"ATG"}
    for before, after, at in changes("missense_variant"):
        assert [n for n in range(3) if before[n] != after[n]] == [at]
        assert "*" not in {GENETIC_CODE[before], GENETIC_CODE[after]}
    kinds = ("missense_variant", "synonymous_variant", "stop_gained", "stop_lost", "start_lost",
             "stop_retained_variant")  # fmt: skip
    assert sum(len(changes(kind)) for kind in kinds) == 64 * 9


def test_markers_and_signature_genes_are_in_the_matrix(reference):
    held = set(reference.genes["symbol"])
    markers = {gene for genes in reference.markers.values() for gene in genes}
    assert markers - held == {"MGC40069"}  # a locus that NCBI Gene has withdrawn
    assert reference.genes["symbol"].is_unique
    assert (reference.genes["length"] > 0).all()
