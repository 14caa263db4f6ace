"""From simulated reads of invented genes to calls: the whole way of HLA loss."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.fragments import HlaFragmentsParams, hla_fragments
from storiform.biomarkers.hla.loss import HlaLossParams, hla_gene_loh
from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.imgt import read_imgt
from storiform.model.tables.hla import HLA_FRAGMENTS, HLA_GENE_LOH
from storiform.simulation.hla_genes import write_family
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import draw_person, scenario
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table


@pytest.fixture(scope="module")
def family():
    return invent_family(3)


@pytest.fixture(scope="module")
def reference(family, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imgt")
    write_family(folder, family)
    return compile_reference(read_imgt(folder))


@pytest.fixture(scope="module")
def person(family):
    return draw_person(family, np.random.default_rng(11), is_heterozygous=True)


def types_of(family, person):
    rows = [
        {"gene": gene, "copy": copy, "allele": f"HLA-{family.alleles[name].two_fields}",
         "written": name, "source": "", "reason": "", "limits": ""}
        for gene, pair in person.genotype.items()
        for copy, name in enumerate(pair, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def sequenced(family, person, tumour, seed, library=HlaLibrary(depth=80.0)):  # noqa: B008  frozen
    """Return the reads of tumour and normal, and their statistics."""
    rng = np.random.default_rng(seed)
    reads = {
        "tumour": sequence_hla(family, person, library, rng, tumour),
        "normal": sequence_hla(family, person, library, rng),
    }
    tables = [
        sequence_table(own).assign(role=role, assay="exome") for role, own in reads.items()
    ]
    statistics = pd.DataFrame(
        [
            {"role": role, "assay": "exome", "mapped": 2 * own.library_fragments,
             "duplicates": 0, "on_target": pd.NA}
            for role, own in reads.items()
        ]
    )  # fmt: skip
    return pd.concat(tables, ignore_index=True), statistics, reads


def fit(purity, ploidy=2.0):
    return pd.DataFrame(
        {"purity": [purity], "ploidy": [ploidy], "purity_lower": [np.nan],
         "purity_upper": [np.nan], "is_ambiguous": [False]}
    )  # fmt: skip


def called(family, person, reference, tumour, seed):
    types = types_of(family, person)
    reads, statistics, _ = sequenced(family, person, tumour, seed)
    found = hla_fragments(reads, types, reference, statistics, HlaFragmentsParams())
    told = fit(tumour.purity, tumour.ploidy)
    calls = hla_gene_loh(found, types, told, None, None, None, None, HlaLossParams())
    return HLA_GENE_LOH.conform(calls).set_index("gene")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("retained", {"A": "RETAINED", "B": "RETAINED", "C": "RETAINED"}),
        ("loss", {"A": "LOH", "B": "LOH", "C": "LOH"}),
        ("one_gene_loss", {"A": "RETAINED", "B": "LOH", "C": "RETAINED"}),
        ("neutral_loss", {"A": "LOH", "B": "LOH", "C": "LOH"}),
        ("high_gain", {"A": "IMBALANCE", "B": "IMBALANCE", "C": "IMBALANCE"}),
        ("homozygous_deletion", {"A": "HOMDEL", "B": "HOMDEL", "C": "HOMDEL"}),
    ],
)
def test_what_was_planted_is_called(family, person, reference, name, expected):
    tumour = scenario(name, 0.7, lost=0, gene="B")
    found = called(family, person, reference, tumour, 5)
    assert found["call"].to_dict() == expected
    for gene, call in expected.items():
        first = f"HLA-{family.alleles[person.genotype[gene][0]].two_fields}"
        assert found.loc[gene, "lost_allele"] == (first if call == "LOH" else "")


def test_nearly_every_counted_fragment_is_of_its_allele(family, person, reference):
    types = types_of(family, person)
    reads, statistics, truth = sequenced(family, person, None, 6)
    found = HLA_FRAGMENTS.conform(
        hla_fragments(reads, types, reference, statistics, HlaFragmentsParams())
    )
    normal = truth["normal"]
    sums = found[found["role"].eq("normal")].groupby("allele")["fragments"].sum()
    for gene, pair in person.genotype.items():
        for name in pair:
            source = normal.alleles.index(name)
            true = int(((normal.source == source) & ~normal.is_duplicate).sum())
            counted = sums[f"HLA-{family.alleles[name].two_fields}"]
            assert counted <= 1.03 * true, f"{gene}: {counted} of {true}"
            assert counted >= 0.1 * true


def test_reads_of_another_person_are_no_loss(family, person, reference):
    other = draw_person(family, np.random.default_rng(99), is_heterozygous=True)
    types = types_of(family, person)
    own, statistics, _ = sequenced(family, person, None, 7)
    strange, _, _ = sequenced(family, other, None, 8)
    mixed = pd.concat([strange[strange["role"].eq("tumour")], own[own["role"].eq("normal")]])
    found = hla_fragments(mixed, types, reference, statistics, HlaFragmentsParams())
    calls = hla_gene_loh(found, types, fit(0.6), None, None, None, None, HlaLossParams())
    assert calls["reason"].str.contains("two persons").all()


def test_a_deletion_is_told_where_hla_genes_are_much_of_the_library(family, person, reference):
    types = types_of(family, person)
    tumour = scenario("homozygous_deletion", 0.45)
    sequences, statistics, reads = sequenced(family, person, tumour, 9)
    pairs = np.array([int((~own.is_duplicate).sum()) for own in reads.values()])
    others = 15_000
    statistics["mapped"] = 2 * (others + pairs)
    found = hla_fragments(sequences, types, reference, statistics, HlaFragmentsParams())
    sizes = found.groupby("role")["library_fragments"].max()
    assert sizes["tumour"] / sizes["normal"] == pytest.approx(1.0, abs=0.02)
    calls = hla_gene_loh(found, types, fit(0.45), None, None, None, None, HlaLossParams())
    assert calls["call"].tolist() == ["HOMDEL"] * 3
    whole = dict(zip(reads, others + pairs, strict=True))
    found["library_fragments"] = found["role"].map(whole)
    shrunk = hla_gene_loh(found, types, fit(0.45), None, None, None, None, HlaLossParams())
    assert not shrunk["call"].eq("HOMDEL").any()
