"""The share of another person's reads, and of nobody's where there are none."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.contamination import ContaminationParams, contamination
from storiform.model.step import Step
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS, CONTAMINATION

UNITS = ("patient", "sample", "role", "assay")


class Cohort:
    """Persons with normals; further samples are mixed, molecule by molecule, on request."""

    def __init__(self, seed, patients=12, places=3000, shape=(0.5, 1.2)):
        self.draws = np.random.default_rng(seed)
        self.places = places
        self.frequencies = np.clip(self.draws.beta(*shape, places), 0.003, 0.997)
        first = self.draws.integers(0, 4, places)
        self.bases = np.stack([first, (first + self.draws.integers(1, 4, places)) % 4])
        self.starts = 500 + 300 * np.arange(places)
        self.persons = [self.genotype() for _ in range(patients)]
        self.sites: list[pd.DataFrame] = []
        self.stretches: list[pd.DataFrame] = []

    def genotype(self):
        """Return the copies of the second allele (places,)."""
        return self.draws.binomial(2, self.frequencies)

    def normals(self, depth=80):
        """Sequence the normal of each person."""
        for number in range(len(self.persons)):
            self.sequence(f"P{number:02d}-N", number, depth)

    def sequence(self, name, number, depth, *, by=0.0, tumour=False, error=1e-3):
        """Draw each read: whose it is, which allele it has, which base is read."""
        own, foreign = self.persons[number] / 2.0, self.genotype() / 2.0
        if tumour:
            is_lost = (np.arange(self.places) // 200) % 3 == 0
            own = np.where(is_lost & (own == 0.5), self.draws.choice([0.1, 0.9]), own)
        reads = self.draws.poisson(depth * self.draws.gamma(6, 1 / 6, self.places))
        place = np.repeat(np.arange(self.places), reads)
        is_foreign = self.draws.random(len(place)) < by
        share = np.where(is_foreign, foreign[place], own[place])
        allele = (self.draws.random(len(place)) < share).astype(int)
        base = self.bases[allele, place]
        is_wrong = self.draws.random(len(place)) < error
        base = np.where(is_wrong, (base + self.draws.integers(1, 4, len(place))) % 4, base)
        counts = np.bincount(4 * place + base, minlength=4 * self.places).reshape(-1, 4)
        unit = {
            "patient": name.split("-")[0], "sample": name,
            "role": "tumour" if tumour else "normal", "assay": "exome",
        }  # fmt: skip
        sites = pd.DataFrame(counts, columns=list("acgt")).assign(
            contig="chr7", start=self.starts, context="", **unit
        )
        second, total = np.sort(counts, axis=1)[:, 2], counts.sum(axis=1)
        is_deep = total >= 8
        kept = is_deep & (second >= 2) & (second >= 0.01 * total)
        self.sites.append(sites[kept])
        first = self.starts[is_deep] - 50
        # The depth of a stretch is a mean: its bases are not all as deep as the place.
        around = self.draws.poisson(total[is_deep] * 99)
        depths = {"depth_sum": around + total[is_deep], "min_depth": 8}
        self.stretches.append(
            pd.DataFrame(
                {"contig": "chr7", "start": first, "end": first + 100, **depths, **unit}
            )
        )

    def tables(self):
        """Return both tables as the engine gathers them."""
        sites = pd.concat(self.sites, ignore_index=True)
        stretches = pd.concat(self.stretches, ignore_index=True)
        return ALLELE_SITES.conform(sites, UNITS), CALLABLE_INTERVALS.conform(stretches, UNITS)

    def measured(self, **params):
        """Return the table by sample."""
        found = contamination(*self.tables(), ContaminationParams(**params))
        return CONTAMINATION.conform(found).set_index("sample")


def test_the_step_asks_for_sites_and_stretches_of_the_cohort():
    step = Step.of(contamination)
    assert (step.grain, step.section) == ("cohort", "contamination")
    assert [argument.name for argument in step.arguments] == [
        "allele_sites", "callable_intervals", "params",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
@pytest.mark.parametrize(("patients", "depth"), [(12, 80), (6, 150)])
def test_it_is_within_one_percent(seed, patients, depth):
    true = [0.0, 0.02, 0.04, 0.1, 0.2, 0.35]
    cohort = Cohort(seed, patients=patients, places=8000)
    for number in range(patients):
        by = true[number] if number < len(true) and number % 2 else 0.0
        cohort.sequence(f"P{number:02d}-N", number, depth, by=by)
    for number, by in enumerate(true):
        cohort.sequence(f"P{number:02d}-T", number, depth, by=by, tumour=True)
    found = cohort.measured()
    for number, by in enumerate(true):
        # Above a third a normal's own alleles and the contaminant's begin to look alike.
        allowed = 0.01 if by < 0.3 else 0.02
        tumour, normal = found.loc[f"P{number:02d}-T"], found.loc[f"P{number:02d}-N"]
        assert tumour["contamination"] == pytest.approx(by, abs=allowed)
        assert normal["contamination"] == pytest.approx(by if number % 2 else 0, abs=allowed)
        assert tumour["contamination_lower"] <= tumour["contamination"]
        assert tumour["contamination"] <= tumour["contamination_upper"]
    assert found["contamination_sites"].min() > 800


def test_the_interval_holds_the_truth_in_most_cases():
    held = []
    for seed in range(30, 40):
        cohort = Cohort(seed, patients=8, places=1500)
        cohort.normals()
        for number, by in enumerate((0.0, 0.02, 0.05, 0.1)):
            cohort.sequence(f"P{number:02d}-T", number, 80, by=by, tumour=True)
        found = cohort.measured()
        for number, by in enumerate((0.0, 0.02, 0.05, 0.1)):
            row = found.loc[f"P{number:02d}-T"]
            held.append(row["contamination_lower"] <= by <= row["contamination_upper"])
    assert np.mean(held) >= 0.85


@pytest.mark.parametrize("error", [1e-4, 3e-3])
def test_errors_of_sequencing_are_no_contamination(error):
    cohort = Cohort(21, patients=6)
    for number in range(6):
        cohort.sequence(f"P{number:02d}-N", number, 100, error=error)
    assert cohort.measured()["contamination"].max() < 0.01


def test_loss_in_a_tumour_is_no_contamination():
    cohort = Cohort(22, patients=6)
    cohort.normals()
    cohort.sequence("P00-T", 0, 120, tumour=True)
    assert cohort.measured().loc["P00-T", "contamination"] < 0.01


def test_a_tumour_without_normal_or_few_places_have_no_value():
    cohort = Cohort(23, patients=6, places=300)
    cohort.normals()
    cohort.sequence("P09-T", 0, 100, tumour=True, by=0.1)
    found = cohort.measured()
    assert np.isnan(found.loc["P09-T", "contamination"])
    assert found.loc["P09-T", "contamination_sites"] == 0
    assert found.loc["P00-N", "contamination"] < 0.01
    few = cohort.measured(min_sites=10_000)
    assert few["contamination"].isna().all()
    assert few["contamination_sites"].max() > 100


def test_a_single_patient_has_no_value():
    cohort = Cohort(24, patients=1)
    cohort.normals()
    assert cohort.measured()["contamination"].isna().all()


def test_no_rows_make_no_rows():
    cohort = Cohort(25, patients=1, places=50)
    cohort.normals()
    sites, stretches = cohort.tables()
    empty = contamination(sites.iloc[:0], stretches.iloc[:0], ContaminationParams())
    assert CONTAMINATION.conform(empty).empty
