"""Features and groups under the names that people use."""

import pytest

from storiform.model.features import full_name, group_name, plain_name
from storiform.model.tables.rna import POPULATIONS


@pytest.mark.parametrize(("population", "column"), POPULATIONS.items())
def test_populations_are_named_as_their_paper_names_them(population, column):
    assert full_name(f"mcp_counter.{column}") == f"{population} (MCP-counter)"


@pytest.mark.parametrize(
    ("feature", "written"),
    [
        ("tmb.tmb", "TMB"),
        ("tmb.mutations_nonsynonymous", "Nonsynonymous calls"),
        ("gene_mutations.C22orf31", "C22orf31 mutated"),
        ("gene_mutations.KRTAP10-9", "KRTAP10-9 mutated"),
        ("ssgsea.HALLMARK_P53_PATHWAY", "HALLMARK P53 PATHWAY (ssGSEA)"),
        ("neoantigen_burden.neoantigen_burden", "Neoantigen burden"),
        ("neoantigen_burden.neoantigen_burden_affinity", "Neoantigen burden by IC50"),
        ("tls.count", "Count"),
        ("all", "Whole cohort"),
    ],
)
def test_feature_is_named_as_a_person_would(feature, written):
    assert full_name(feature) == written


def test_gene_keeps_the_letters_of_its_symbol():
    assert plain_name("gene_mutations.b") == "b"


def test_only_true_and_false_are_renamed():
    assert [group_name("clinic.sex", g) for g in ("true", "female")] == ["yes", "female"]
    assert group_name("gene_mutations.TP53", "true") == "mutated"
