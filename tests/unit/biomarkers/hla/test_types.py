"""Which sample tells the alleles of a patient."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.types import HlaTypesParams, hla_types
from storiform.model.tables.hla import HLA_CALLS
from storiform.model.tables.proteins import HLA_TYPES

UNITS = ("patient", "sample", "role", "assay")


def call(sample: str, role: str, assay: str, *alleles: str | None, **further) -> list[dict]:
    """Return the two rows of a gene in one sample."""
    gene = further.pop("gene", "A")
    told = {
        "patient": "P", "sample": sample, "role": role, "assay": assay, "gene": gene,
        "also_fits": "", "posterior": 0.99, "second_best": "", "second_posterior": 0.01,
        "fragments": 50, "own_fragments": 20, "mismatch_rate": 0.001, "limits": "",
        "reason": "" if alleles[0] else "not typed: 3 fragments", **further,
    }  # fmt: skip
    return [
        {**told, "copy": copy, "allele": allele, "full_name": f"{(allele or '')[4:]}:01"}
        for copy, allele in enumerate(alleles, start=1)
    ]


def types_of(*calls: list[dict]) -> pd.DataFrame:
    rows = pd.DataFrame([row for two in calls for row in two])
    frame = HLA_CALLS.conform(rows, UNITS)
    return HLA_TYPES.conform(hla_types(frame, HlaTypesParams()))


ONE, TWO, THREE = "HLA-A*01:01", "HLA-A*02:01", "HLA-A*03:01"


def test_the_normal_speaks_first_and_what_others_say_is_listed() -> None:
    types = types_of(
        call("T", "tumour", "exome", ONE, ONE),
        call("N", "normal", "exome", ONE, TWO),
        call("R", "tumour", "rna", ONE, TWO),
    )
    assert types["allele"].tolist() == [ONE, TWO]
    assert set(types["source"]) == {"normal exome"}
    assert types["written"].tolist() == ["A*01:01:01", "A*02:01:01"]
    assert set(types["limits"]) == {"T (tumour exome) tells HLA-A*01:01"}


@pytest.mark.parametrize(
    ("role", "assay", "word"),
    [("tumour", "exome", "lost may be missed"), ("tumour", "rna", "hardly expressed")],
)
def test_a_gene_that_only_the_tumour_or_rna_tells_says_what_may_be_missed(
    role: str, assay: str, word: str
) -> None:
    types = types_of(call("N", "normal", "exome", None, None), call("S", role, assay, ONE, TWO))
    assert types["allele"].tolist() == [ONE, TWO]
    assert types["limits"].str.contains(word).all()
    assert set(types["source"]) == {"tumour RNA" if assay == "rna" else f"{role} {assay}"}


def test_a_doubtful_call_of_the_normal_gives_way_to_a_sure_one() -> None:
    types = types_of(
        call("N", "normal", "exome", ONE, TWO, posterior=0.6),
        call("T", "tumour", "exome", ONE, THREE, posterior=0.95),
    )
    assert types["allele"].tolist() == [ONE, THREE]
    both = types_of(
        call("N", "normal", "exome", ONE, TWO, posterior=0.6),
        call("T", "tumour", "exome", ONE, THREE, posterior=0.8),
    )
    assert both["allele"].tolist() == [ONE, TWO]


@pytest.mark.parametrize(
    ("role", "assay", "word"),
    [("tumour", "exome", "tumour exome"), ("tumour", "rna", "tumour RNA"),
     ("normal", "rna", "normal RNA")],
)  # fmt: skip
def test_a_sample_with_a_part_of_the_normals_alleles_does_not_speak_for_it(role, assay, word):
    """What it lacks may be lost or hardly expressed: the loss would be hidden."""
    low = {"posterior": 0.85, "limits": "posterior below 0.9"}
    part = call("S", role, assay, ONE, ONE)
    types = types_of(call("N", "normal", "exome", ONE, TWO, **low), part)
    assert types["allele"].tolist() == [ONE, TWO]
    assert set(types["source"]) == {"normal exome"}
    assert set(types["posterior"]) == {0.85}
    assert set(types["limits"]) == {f"posterior below 0.9; S ({word}) tells HLA-A*01:01"}
    # The likelier of two normals.
    two = types_of(
        call("M", "normal", "exome", ONE, THREE, **low | {"posterior": 0.6}),
        call("N", "normal", "exome", ONE, TWO, **low), part,
    )  # fmt: skip
    assert two["allele"].tolist() == [ONE, TWO]
    # What confirms the normal's or has another allele speaks.
    for pair in ((ONE, TWO), (ONE, THREE), (THREE, THREE)):
        other = types_of(call("N", "normal", "exome", ONE, TWO, **low),
                         call("S", role, assay, *pair))  # fmt: skip
        assert set(other["source"]) == {word}


def test_a_gene_that_nobody_tells_has_two_rows_with_the_reason() -> None:
    types = types_of(
        call("N", "normal", "exome", ONE, TWO),
        call("N", "normal", "exome", None, None, gene="C", posterior=np.nan),
    )
    missing = types[types["gene"] == "C"]
    assert missing["allele"].isna().all()
    assert missing["reason"].tolist() == ["not typed: 3 fragments"] * 2
    assert missing["copy"].tolist() == [1, 2]


def test_a_null_allele_is_named_but_no_cell_shows_it() -> None:
    types = types_of(call("N", "normal", "exome", ONE, "HLA-A*24:09N"))
    assert types["allele"].tolist()[0] == ONE
    assert types["allele"].isna().tolist() == [False, True]
    assert types["reason"].tolist() == ["", "null_allele"]
    assert types["written"].tolist()[1] == "A*24:09N:01"
