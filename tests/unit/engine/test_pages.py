"""Which warnings stand on the page of which biopsy."""

import pytest

from storiform.engine.graph import Feed, Node
from storiform.engine.pages import warnings_of_biopsies
from storiform.model.cohort import Biopsy, Cohort, Patient, Sample

COHORT = Cohort(
    (
        Sample("P1-pre", "P1", "P1-pre", "tumour", "exome"),
        Sample("P1-post", "P1", "P1-post", "tumour", "exome"),
        Sample("P1-normal", "P1", None, "normal", "exome"),
        Sample("P2-tumour", "P2", "P2", "tumour", "exome"),
    ),
    (Biopsy("P1-pre", "P1"), Biopsy("P1-post", "P1"), Biopsy("P2", "P2")),
    (Patient("P1"), Patient("P2")),
)


def node(step, unit, grain, *feeds, doubts=("doubtful",)):
    reads = {one.step: (Feed(one.step, one),) for one in feeds}
    return Node(step, unit, grain, "step", reads=reads, doubts=doubts)


@pytest.fixture
def nodes():
    genes = node("genes", "cohort", "cohort")
    proteins = node("proteins", "cohort", "cohort", genes, doubts=("no methionine", "few"))
    normal = node("depth", "P1-normal", "sample")
    clinic = node("clinic", "P1", "patient")
    calls = [node("calls", name, "biopsy", normal) for name in ("P1-pre", "P1-post")]
    other = node("calls", "P2", "biopsy", proteins)
    plain = node("tmb", "P1-pre", "biopsy", calls[0], proteins, doubts=())
    tests = node("tests", "cohort", "cohort", *calls, other)
    return [genes, proteins, normal, clinic, *calls, other, plain, tests]


def test_a_page_has_the_warnings_of_its_biopsy_samples_patient_and_of_what_they_read(nodes):
    found = warnings_of_biopsies(nodes, COHORT)
    assert [(one.step, one.unit, one.message) for one in found["P1-pre"]] == [
        ("genes", "cohort", "doubtful"),
        ("proteins", "cohort", "no methionine"),
        ("proteins", "cohort", "few"),
        ("depth", "P1-normal", "doubtful"),
        ("clinic", "P1", "doubtful"),
        ("calls", "P1-pre", "doubtful"),
    ]
    assert {one.kind for one in found["P1-pre"]} == {"warning"}


def test_a_page_has_no_warning_of_another_biopsy_nor_of_the_tests_of_all(nodes):
    found = warnings_of_biopsies(nodes, COHORT)
    assert {(one.step, one.unit) for one in found["P1-post"]} == {
        ("depth", "P1-normal"), ("clinic", "P1"), ("calls", "P1-post"),
    }  # fmt: skip
    assert {one.unit for one in found["P2"]} == {"P2", "cohort"}


def test_a_table_of_all_brings_no_warning_of_the_other_biopsies_it_was_made_of():
    others = node("calls", "P2", "biopsy")
    pool = node("pool", "cohort", "cohort", others)
    own = node("calls", "P1-pre", "biopsy", pool)
    found = warnings_of_biopsies([others, pool, own], COHORT)
    assert [(one.step, one.unit) for one in found["P1-pre"]] == [
        ("pool", "cohort"), ("calls", "P1-pre"),
    ]  # fmt: skip
    assert "P1-post" not in found
