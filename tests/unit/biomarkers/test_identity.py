"""Swaps are named and nobody is accused, whatever tumours and RNA lose."""

import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.identity import IdentityParams, identity
from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS, IDENTITY

UNITS = ("patient", "sample", "role", "assay")
SPACING = 200
TARGET = 60


@dataclass
class People:
    """A population, and samples drawn from its people, place by place.

    A place has a frequency, people two alleles each; reads are binomial with errors. Targets
    of 60 bases lie around the places. Tumours lose stretches of one haplotype, add mutations
    at places of nobody else, and RNA covers some stretches and prefers an allele.
    """

    seed: int
    places: int = 3000
    shift: int = 0
    draws: np.random.Generator = field(init=False)
    sites: list[pd.DataFrame] = field(default_factory=list)
    stretches: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self):
        self.draws = np.random.default_rng(self.seed)
        self.frequencies = np.clip(self.draws.beta(0.4, 1.0, self.places), 0.005, 0.995)
        letters = self.draws.choice(list("ACGT"), (2 * self.places, 30))
        self.contexts = np.array(["".join(row) for row in letters])
        self.bases = np.array(
            [self.draws.choice(4, 2, replace=False) for _ in range(self.places)]
        )
        number = np.arange(self.places)
        self.contigs = np.array(["chr1", "chr2", "chrX"])[number * 3 // self.places]
        self.starts = 1000 + SPACING * number

    def person(self):
        """Return two haplotypes (2, places), 1 for the second allele."""
        return (self.draws.random((2, self.places)) < self.frequencies).astype(int)

    def relative(self, one):
        """Return a brother or sister in expectation: each haplotype shared by half."""
        blocks = np.arange(self.places) // 150
        shared = self.draws.random((2, blocks.max() + 1)) < 0.5
        return np.where(shared[:, blocks], one, self.person())

    def stretches_of(self, share, length=100):
        """Return a mask (places,) of stretches that hold about a share of all places."""
        blocks = np.arange(self.places) // length
        return (self.draws.random(blocks.max() + 1) < share)[blocks]

    def add(self, name, person, *, kind="normal", depth=100.0, **more):
        """Draw a sample `PATIENT-...` of a person."""
        share = person.mean(axis=0)
        expression = np.ones(self.places)
        if kind == "tumour":
            share = self.lose(person, more.get("purity", 0.6), more.get("lost", 0.3))
        if kind == "rna":
            share = self.lose(person, 0.5, more.get("lost", 0.2))
            preference = self.draws.beta(4, 4, self.places)
            odds = (
                share
                * preference
                / np.maximum(share * preference + (1 - share) * (1 - preference), 1e-9)
            )
            share = np.where((share > 0) & (share < 1), odds, share)
            expression = np.where(self.stretches_of(0.3, 20), 1.0, 0.02)
        if "contaminant" in more:
            by = more.get("contamination", 0.05)
            share = (1 - by) * share + by * more["contaminant"].mean(axis=0)
        factor = self.draws.gamma(4, 1 / 4, self.places)
        reads = self.draws.poisson(depth * factor * expression)
        self.tables(name, kind, share, reads, more.get("mutations", 0))

    def lose(self, person, purity, lost):
        """Return the share of the second allele where a tumour lost one haplotype."""
        kept = np.where(self.stretches_of(0.5), person[0], person[1])
        normal, share = person.sum(axis=0), person.mean(axis=0)
        loss = (purity * kept + (1 - purity) * normal) / (purity + 2 * (1 - purity))
        return np.where(self.stretches_of(lost), loss, share)

    def tables(self, name, kind, share, reads, mutations):
        """Count bases, keep what the collectors keep."""
        error = 0.001
        alt = self.draws.binomial(reads, share * (1 - error) + (1 - share) * error / 3)
        counts = np.zeros((self.places, 4), dtype=int)
        rows = np.arange(self.places)
        counts[rows, self.bases[:, 0]] = reads - alt
        counts[rows, self.bases[:, 1]] += alt
        unit = {
            "patient": name.split("-")[0], "sample": name,
            "role": "normal" if kind == "normal" else "tumour",
            "assay": "rna" if kind == "rna" else "exome",
        }  # fmt: skip
        starts, contigs, contexts = self.starts, self.contigs, self.contexts[: self.places]
        if mutations:
            where = self.draws.choice(self.places, mutations, replace=False)
            mutated = self.draws.binomial(reads[where], 0.35)
            new = np.zeros((mutations, 4), dtype=int)
            new[:, 0], new[:, 1] = reads[where] - mutated, mutated
            counts = np.vstack([counts, new])
            offset = self.draws.integers(1, TARGET // 2, mutations)
            starts = np.append(starts, starts[where] + offset)
            contigs = np.append(contigs, contigs[where])
            contexts = np.append(contexts, self.contexts[self.places + where])
        sites = pd.DataFrame(counts, columns=list("acgt")).assign(
            contig=contigs, start=starts + self.shift, context=contexts, **unit
        )
        second, total = np.sort(counts, axis=1)[:, -2], counts.sum(axis=1)
        enough = 8 if kind == "normal" else 14
        is_listed = (second >= 2) & (second >= 0.01 * total) & (total >= enough)
        self.sites.append(sites[is_listed].drop_duplicates(["contig", "start"]))
        is_deep = reads >= enough
        first = self.starts[is_deep] - TARGET // 2 + self.shift
        self.stretches.append(
            pd.DataFrame(
                {
                    "contig": self.contigs[is_deep], "start": first, "end": first + TARGET,
                    "depth_sum": reads[is_deep] * TARGET, "min_depth": enough, **unit,
                }
            )
        )  # fmt: skip

    def cohort(self):
        """Return the two tables of all samples, as the engine gathers them."""
        sites = pd.concat(self.sites, ignore_index=True)
        stretches = pd.concat(self.stretches, ignore_index=True)
        return ALLELE_SITES.conform(sites, UNITS), CALLABLE_INTERVALS.conform(stretches, UNITS)


def compared(people, **params):
    """Return the table and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = IDENTITY.conform(identity(*people.cohort(), IdentityParams(**params)))
    assert all(issubclass(one.category, DataWarning) for one in caught)
    return found, [str(one.message) for one in caught]


def pair(found, one, two):
    first, second = sorted((one, two))
    rows = found[(found["sample_1"] == first) & (found["sample_2"] == second)]
    assert len(rows) == 1
    return rows.iloc[0]


def trio(people, patient, person, **more):
    """Draw a normal, a tumour and its RNA."""
    people.add(f"{patient}-N", person, depth=more.get("normal_depth", 80))
    tumour = {"purity": 0.6, "lost": 0.3, "mutations": 20, **more}
    people.add(f"{patient}-T", person, kind="tumour", depth=120, **tumour)
    people.add(f"{patient}-R", person, kind="rna", depth=60, lost=tumour["lost"])


def test_the_step_asks_for_sites_and_stretches_of_the_cohort():
    step = Step.of(identity)
    assert [argument.name for argument in step.arguments] == [
        "allele_sites", "callable_intervals", "params",
    ]  # fmt: skip
    assert (step.grain, step.section) == ("cohort", "identity")


def test_samples_of_one_person_are_the_same_and_nothing_is_said():
    people = People(1)
    for patient in ("P1", "P2", "P3"):
        trio(people, patient, people.person())
    found, said = compared(people)
    own = found[found["patient_1"] == found["patient_2"]]
    assert len(own) == 9
    assert set(own["found"]) == {"same"}
    assert set(own["expected"]) == {"same"}
    strange = found[found["patient_1"] != found["patient_2"]]
    assert set(strange["found"]) == {"different"}
    assert {"P1-N", "P2-T", "P3-R"} <= set(strange["sample_1"]) | set(strange["sample_2"])
    assert said == []
    assert set(found["says"]) == {""}


def test_a_swap_of_two_tumours_is_named_with_the_normals_that_they_match():
    people = People(2)
    persons = {patient: people.person() for patient in ("P07", "P12", "P13")}
    for patient, person in persons.items():
        people.add(f"{patient}-N", person)
    swapped = {"P07": "P12", "P12": "P07", "P13": "P13"}
    for patient, other in swapped.items():
        people.add(f"{patient}-T", persons[other], kind="tumour", mutations=20)
    found, said = compared(people)
    row = pair(found, "P07-N", "P07-T")
    assert (row["expected"], row["found"]) == ("same", "different")
    assert row["log_likelihood_ratio"] < -100
    assert "normal exome P07-N and tumour exome P07-T of P07 are of two persons" in row["says"]
    assert "tumour exome P07-T of P07 matches normal exome P12-N of P12" in row["says"]
    assert "normal exome P07-N of P07 matches tumour exome P12-T of P12" in row["says"]
    across = pair(found, "P07-T", "P12-N")
    assert (across["expected"], across["found"]) == ("different", "same")
    assert "one person under two names, a swap, or much of one in the other" in across["says"]
    assert pair(found, "P13-N", "P13-T")["says"] == ""
    assert len(said) == 4
    assert not any("P13" in text for text in said)


def test_a_strange_tumour_without_another_match_is_still_found():
    people = People(3)
    people.add("P1-N", people.person())
    people.add("P1-T", people.person(), kind="tumour")
    found, said = compared(people)
    assert found.iloc[0]["found"] == "different"
    assert said == ["normal exome P1-N and tumour exome P1-T of P1 are of two persons"]


@pytest.mark.parametrize("purity", [0.2, 0.6, 0.95, 1.0])
@pytest.mark.parametrize(("lost", "mutations"), [(0.5, 100), (0.7, 20)])
def test_loss_of_most_of_the_genome_accuses_nobody(purity, lost, mutations):
    people = People(4)
    person, other = people.person(), people.person()
    tumour = {"kind": "tumour", "purity": purity, "lost": lost, "mutations": mutations}
    people.add("P1-N", person)
    people.add("P1-T", person, **tumour)
    people.add("P2-N", other)
    people.add("P2-T", person, **tumour)
    found, _ = compared(people)
    assert pair(found, "P1-N", "P1-T")["found"] == "same"
    assert pair(found, "P2-N", "P2-T")["found"] == "different"
    assert "P2-T of P2 matches normal exome P1-N of P1" in pair(found, "P2-N", "P2-T")["says"]


@pytest.mark.parametrize("seed", range(40, 46))
def test_where_nearly_all_is_lost_a_tumour_is_undecided_rather_than_accused(seed):
    people = People(seed)
    person = people.person()
    people.add("P1-N", person)
    people.add("P1-T", person, kind="tumour", purity=1.0, lost=0.95, mutations=20)
    people.add("P2-N", people.person())
    found, said = compared(people)
    assert pair(found, "P1-N", "P1-T")["found"] != "different"
    assert said == []


def test_a_sister_is_another_person():
    people = People(5)
    person = people.person()
    people.add("P1-N", person)
    people.add("P1-T", people.relative(person), kind="tumour")
    people.add("P2-N", people.person())
    found, _ = compared(people)
    assert pair(found, "P1-N", "P1-T")["found"] == "different"


def test_one_person_under_two_names_is_told():
    people = People(6)
    person = people.person()
    people.add("P1-N", person)
    people.add("P2-N", person)
    found, said = compared(people)
    assert list(found["found"]) == ["same"]
    expected = "normal exome P1-N of P1 matches normal exome P2-N of P2: one person under two"
    assert said == [f"{expected} names, a swap, or much of one in the other"]


def test_few_places_decide_nothing():
    people = People(7, places=40)
    people.add("P1-N", people.person())
    people.add("P1-T", people.person(), kind="tumour")
    found, said = compared(people, min_sites=100)
    assert found.iloc[0]["found"] == "undecided"
    assert found.iloc[0]["says"] == ""
    assert 0 < found.iloc[0]["sites"] < 100
    assert said == []


def test_two_builds_of_one_patient_are_one_person():
    """All but the shift is equal; places that one sample alone shows count as well."""
    people = People(8)
    persons = [people.person() for _ in range(3)]
    for number, person in enumerate(persons, start=1):
        people.shift = 0
        people.add(f"P{number}-N", person)
        people.shift = 51_234
        people.add(f"P{number}-T", person, kind="tumour", mutations=30)
    found, said = compared(people)
    own = found[found["patient_1"] == found["patient_2"]]
    assert list(own["found"]) == ["same"] * 3
    assert own["sites"].min() > 300
    assert set(found.loc[found["patient_1"] != found["patient_2"], "found"]) == {"different"}
    assert said == []


@pytest.mark.parametrize("is_same", [True, False])
def test_a_single_patient_in_two_builds_is_judged(is_same):
    people = People(9)
    person = people.person()
    people.add("P1-N", person)
    people.shift = -777
    people.add("P1-T", person if is_same else people.person(), kind="tumour")
    found, _ = compared(people)
    assert found.iloc[0]["found"] == ("same" if is_same else "different")


def test_tables_without_rows_give_a_table_without_rows():
    people = People(10)
    people.add("P1-N", people.person())
    sites, stretches = people.cohort()
    empty = identity(sites.iloc[:0], stretches.iloc[:0], IdentityParams())
    assert IDENTITY.conform(empty).empty
    assert IDENTITY.conform(identity(sites, stretches, IdentityParams())).empty


def simulated(seed):
    """Return a cohort of 25 patients, of whom 4 are swapped, and the swapped samples."""
    people = People(seed, places=4000)
    draws = np.random.default_rng(seed + 1)
    names = [f"P{number:02d}" for number in range(1, 26)]
    persons = {name: people.person() for name in names}
    swapped = {"P01-T": "P02", "P02-T": "P01", "P03-N": "P04", "P04-N": "P03",
               "P05-R": "P06", "P06-R": "P05"}  # fmt: skip
    for name in names:
        purity, lost = draws.uniform(0.2, 0.95), draws.uniform(0.0, 0.7)
        stranger = persons[names[(names.index(name) + 9) % 25]]
        more = {"contaminant": stranger} if draws.random() < 0.3 else {}
        owner = {kind: persons[swapped.get(f"{name}-{kind}", name)] for kind in "NTR"}
        people.add(f"{name}-N", owner["N"], depth=draws.uniform(25, 120))
        people.add(
            f"{name}-T", owner["T"], kind="tumour", depth=draws.uniform(40, 200),
            purity=purity, lost=lost, mutations=int(draws.integers(5, 300)), **more,
        )  # fmt: skip
        people.add(f"{name}-R", owner["R"], kind="rna", depth=60, lost=lost, **more)
    return people, swapped


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_of_many_pairs_every_swap_is_named_and_no_true_pair_accused(seed):
    """75 pairs of one patient in each cohort, 2,700 of two; seeds fixed beforehand."""
    people, swapped = simulated(seed)
    found, said = compared(people)
    own = found[found["patient_1"] == found["patient_2"]]
    assert len(own) == 75
    true = [
        swapped.get(one, one.split("-")[0]) == swapped.get(two, two.split("-")[0])
        for one, two in zip(own["sample_1"], own["sample_2"], strict=True)
    ]
    decided = own["found"] != "undecided"
    assert decided.all(), own.loc[~decided].to_string()
    assert (own["found"] == "same").tolist() == true
    for sample, owner in swapped.items():
        rows = own[own["says"].str.contains(f"{sample} of {sample.split('-')[0]} matches")]
        assert len(rows) > 0
        for text in rows["says"]:
            match = re.search(f"{sample} of P.. matches [^;]* of (P..)", text)
            assert match is not None
            assert match[1] == owner
    across = found[(found["patient_1"] != found["patient_2"]) & (found["found"] == "same")]
    assert len(across) == 12
    names = set(across["sample_1"]) | set(across["sample_2"])
    assert set(swapped) <= names
    assert len(said) == (~np.array(true)).sum() + 12
