"""Places of two builds are brought together, and states follow the counts."""

import numpy as np
import pandas as pd
import pytest

from storiform.model.genotypes import (
    ONE_ALLELE,
    TWO_ALLELES,
    UNKNOWN,
    GenotypeRules,
    genotypes,
    samples_of,
)
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS

UNITS = ("patient", "sample", "role", "assay")
RULES = GenotypeRules(min_depth=12, two=0.3, two_mixed=0.15, one=0.03)


def cohort(sites, stretches):
    """Return samples of rows `(sample, contig, start, ...)`; N in the name is a normal."""

    def units(names):
        return {
            "patient": [name.split("-")[0] for name in names], "sample": names,
            "role": ["normal" if name.endswith("N") else "tumour" for name in names],
            "assay": "exome",
        }  # fmt: skip

    columns = ["sample", "contig", "start", "a", "c", "context"]
    listed = pd.DataFrame(sites, columns=columns).assign(g=0, t=0)
    listed = listed.assign(**units(listed["sample"].tolist()))
    callable_ = pd.DataFrame(stretches, columns=["sample", "contig", "start", "end", "depth"])
    callable_ = callable_.assign(
        **units(callable_["sample"].tolist()), min_depth=8,
        depth_sum=callable_["depth"] * (callable_["end"] - callable_["start"]),
    ).drop(columns="depth")  # fmt: skip
    return samples_of(
        ALLELE_SITES.conform(listed, UNITS), CALLABLE_INTERVALS.conform(callable_, UNITS)
    )


@pytest.mark.parametrize(
    ("a", "c", "normal", "tumour"),
    [
        (50, 50, TWO_ALLELES, TWO_ALLELES), (70, 30, TWO_ALLELES, TWO_ALLELES),
        (71, 29, UNKNOWN, TWO_ALLELES), (85, 15, UNKNOWN, TWO_ALLELES),
        (86, 14, UNKNOWN, UNKNOWN), (97, 3, ONE_ALLELE, ONE_ALLELE),
        (96, 4, UNKNOWN, UNKNOWN), (6, 5, UNKNOWN, UNKNOWN), (6, 6, TWO_ALLELES, TWO_ALLELES),
    ],
)  # fmt: skip
def test_the_state_follows_the_share_of_the_second_allele(a, c, normal, tumour):
    samples = cohort([(name, "chr1", 9, a, c, "") for name in ("P1-N", "P1-T")], [])
    assert [RULES.states(sample).tolist() for sample in samples] == [[normal], [tumour]]


def test_a_callable_place_that_is_not_listed_has_one_allele():
    samples = cohort(
        [("P1-N", "chr1", start, 20, 20, "") for start in (5, 15, 25, 35)],
        [
            ("P1-N", "chr1", 0, 40, 40),
            ("P2-N", "chr1", 10, 20, 30),
            ("P2-N", "chr1", 30, 40, 9),
        ],
    )
    states = genotypes(samples, RULES).states
    assert states.tolist() == [[TWO_ALLELES] * 4, [UNKNOWN, ONE_ALLELE, UNKNOWN, UNKNOWN]]


def test_patients_are_counted_once_and_by_their_normal():
    sites = [
        ("P1-N", "chr1", 5, 20, 20, ""), ("P1-T", "chr1", 5, 20, 20, ""),
        ("P1-T", "chr1", 6, 20, 20, ""), ("P2-T", "chr1", 5, 20, 20, ""),
    ]  # fmt: skip
    stretches = [(name, "chr1", 0, 9, 40) for name in ("P1-N", "P1-T", "P2-T", "P3-N")]
    found = genotypes(cohort(sites, stretches), RULES)
    assert found.told.tolist() == [3, 3]
    assert found.with_two.tolist() == [2, 0]


def test_x_y_and_the_mitochondrion_are_left_out():
    contigs = ("chrX", "chr1", "chrM", "chrY")
    samples = cohort([("P1-N", contig, 5, 20, 20, "") for contig in contigs], [])
    assert [len(sample.places) for sample in samples] == [1]


def test_a_place_where_nearly_all_have_two_alleles_is_left_out():
    sites = [(f"P{n}-N", "chr1", 5, 20, 20, "") for n in range(8)]
    sites += [(f"P{n}-N", "chr1", 7, 20, 20, "") for n in range(6)]
    stretches = [(f"P{n}-N", "chr1", 0, 9, 40) for n in range(8)]
    assert genotypes(cohort(sites, stretches), RULES).with_two.tolist() == [6]


SHARED = [("chr1", 100 * n, f"{n:030d}") for n in range(1, 9)]


def moved(contig, start, shift):
    """Return a place in the other build: chr2 there, and from 500 on further away."""
    return ("chr2", start + shift) if start < 500 else (contig, start + 7 * shift)


def two_builds(extra=()):
    """Return P1 in the main build, twice, and P2 in another; sites are shared but for one."""
    sites, stretches = list(extra), []
    for contig, start, context in SHARED:
        for name in ("P1-N", "P1-T"):
            sites.append((name, contig, start, 20, 20, context))
            stretches.append((name, contig, start - 20, start + 20, 40))
        there = moved(contig, start, 1000)
        stretches.append(("P2-N", there[0], there[1] - 20, there[1] + 20, 40))
        if start not in {300, 700}:
            sites.append(("P2-N", *there, 20, 20, context))
    return genotypes(cohort(sites, stretches), RULES)


def test_places_between_shared_contexts_are_found_in_the_other_build():
    found = two_builds()
    assert found.builds == (0, 0, 1)
    states = dict(zip((100 * n for n in range(1, 9)), found.states[2].tolist(), strict=True))
    assert {start for start, state in states.items() if state == ONE_ALLELE} == {300, 700}
    assert {state for start, state in states.items() if start not in {300, 700}} == {
        TWO_ALLELES
    }


def test_a_repeat_elsewhere_does_not_break_a_stretch():
    repeat = "T" * 30
    extra = [("P1-N", "chr1", 250, 20, 20, repeat), ("P2-N", "chr9", 5, 20, 20, repeat)]
    found = two_builds(extra)
    places = found.natives[0] & 0xFFFFFFFF
    assert found.states[2][places == 300].tolist() == [ONE_ALLELE]


def test_a_place_outside_all_stretches_is_the_builds_own():
    found = two_builds([("P2-N", "chr5", 77, 20, 20, "")])
    own = np.flatnonzero(found.natives[0] < 0)
    assert len(own) == 1
    assert found.natives[1][own].tolist()[0] & 0xFFFFFFFF == 77
    assert found.states[:, own].ravel().tolist() == [UNKNOWN, UNKNOWN, TWO_ALLELES]
