"""Swaps are named and nobody is accused, whatever tumours and RNA lose."""

import pytest
from simulated_people import People, compared, pair, trio

from storiform.biomarkers.identity import IdentityParams, identity
from storiform.model.step import Step
from storiform.model.tables.reads import IDENTITY


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
    assert "one person under two names, or a swap" in across["says"]
    assert pair(found, "P13-N", "P13-T")["says"] == ""
    assert said == [
        f"tumour exome {one}-T and normal exome {one}-N of {one} are of two persons; "
        f"tumour exome {one}-T of {one} matches normal exome {two}-N of {two}"
        for one, two in (("P07", "P12"), ("P12", "P07"))
    ]


def test_a_strange_tumour_without_another_match_is_still_found():
    people = People(3)
    people.add("P1-N", people.person())
    people.add("P1-T", people.person(), kind="tumour")
    found, said = compared(people)
    assert found.iloc[0]["found"] == "different"
    assert said == ["tumour exome P1-T and normal exome P1-N of P1 are of two persons"]


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
    assert said == [f"{expected} names, or a swap"]


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
