"""Cohorts with swaps and with mixed samples: all pairs at once."""

import re

import numpy as np
import pytest
from simulated_people import People, compared


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
    assert len(said) == len(swapped)
    for sample, owner in swapped.items():
        kind = {"N": "normal exome", "T": "tumour exome", "R": "tumour RNA"}[sample[-1]]
        (text,) = [text for text in said if text.startswith(f"{kind} {sample} ")]
        assert re.search(f"matches [^;]* of {owner}$", text)


def contaminated(seed, share, kinds, patients=8):
    """Return a cohort in which samples of some kinds hold a share of the next but two."""
    people = People(seed, places=4000)
    draws = np.random.default_rng(seed + 1)
    persons = [people.person() for _ in range(patients)]
    for number, person in enumerate(persons):
        other = persons[(number + 3) % patients]
        mixed = {"contaminant": other, "contamination": share}
        more = {kind: mixed if kind in kinds and share else {} for kind in "NTR"}
        name, lost = f"P{number}", draws.uniform(0.0, 0.6)
        people.add(f"{name}-N", person, depth=draws.uniform(30, 120), **more["N"])
        people.add(
            f"{name}-T", person, kind="tumour", depth=draws.uniform(50, 200), lost=lost,
            purity=draws.uniform(0.2, 0.9), mutations=int(draws.integers(5, 200)), **more["T"],
        )  # fmt: skip
        people.add(f"{name}-R", person, kind="rna", depth=80, lost=lost, **more["R"])
    return people


@pytest.mark.parametrize("kinds", ["T", "R", "N", "TR"])
@pytest.mark.parametrize("share", [0.1, 0.15, 0.2, 0.3])
def test_what_holds_anothers_reads_is_not_the_other(share, kinds):
    """In each cohort 24 pairs of one patient, 252 of two."""
    people = contaminated(int(1000 * share) + len(kinds) + ord(kinds[0]), share, kinds)
    found, said = compared(people)
    is_own = found["patient_1"] == found["patient_2"]
    assert not (found.loc[~is_own, "found"] == "same").any()
    own = found.loc[is_own, "found"]
    assert len(own) == 24
    assert not (own == "different").any()
    assert (own == "same").mean() >= (0.9 if share < 0.3 else 0.75)
    named = [
        re.match(r"[a-zA-Z ]* (P(\d)-[NTR]) of P\d holds reads of .* of P(\d)$", text)
        for text in said
    ]
    holders = [match[1] for match in named]
    assert len(set(holders)) == len(holders)
    assert {holder[-1] for holder in holders} <= set(kinds)
    assert all(int(match[3]) == (int(match[2]) + 3) % 8 for match in named)
    assert len(holders) >= {0.1: 0, 0.15: 5, 0.2: 7, 0.3: 7}[share] * len(kinds)
    rows = found[found["says"].str.contains("holds reads")]
    assert set(rows["expected"]) <= {"different"}
    assert (rows["found"] != "same").all()


def test_a_sample_that_is_pure_holds_nobody_else():
    _, said = compared(contaminated(77, 0.0, ""))
    assert said == []
