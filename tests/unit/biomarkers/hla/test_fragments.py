"""Fragments are counted for the allele that they fit: toy genes, reads without a genome."""

import numpy as np
import pandas as pd
import pytest
from toy_hla import LETTERS, ToyAllele, release, toy_gene

from storiform.biomarkers.hla.fragments import HlaFragmentsParams, hla_fragments
from storiform.biomarkers.hla.personal_genes import personal_genes
from storiform.biomarkers.hla.reference import compile_reference
from storiform.model.tables.hla import HLA_FRAGMENTS
from storiform.model.tables.proteins import HLA_TYPES

LENGTH = 50
A1 = toy_gene(1)
A2 = A1.changed(2, 5, 30, 60, 80).changed(3, 10, 50, 90)
B1, B2 = toy_gene(2), toy_gene(2).changed(2, 20, 70).changed(4, 20)
C1 = toy_gene(3)
H = A1.changed(2, 12, 45, 75).changed(3, 30, 70)
ALLELES = {
    "A*01:01:01:01": A1, "A*02:01:01:01": A2, "B*07:02:01": B1, "B*08:01:01": B2,
    "C*01:02:01": C1, "H*01:01:01": H,
}  # fmt: skip
PARAMS = HlaFragmentsParams(stretch=100)


@pytest.fixture(scope="module")
def reference():
    return compile_reference(release(ALLELES))


def types(**alleles):
    rows = [
        {"gene": gene, "copy": copy, "allele": name, "written": "", "source": "sheet",
         "reason": "", "posterior": np.nan, "limits": ""}
        for gene, names in alleles.items()
        for copy, name in enumerate(names, start=1)
    ]  # fmt: skip
    return HLA_TYPES.conform(pd.DataFrame(rows))


USUAL = types(A=["HLA-A*01:01", "HLA-A*02:01"], B=["HLA-B*07:02", "HLA-B*08:01"],
              C=["HLA-C*01:02", "HLA-C*01:02"])  # fmt: skip


def turned(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def fragments_of(allele, starts, length=140):
    """Return fragments of an allele as pairs of texts."""
    gene = allele.genomic
    return [
        (gene[at : at + LENGTH], turned(gene[at + length - LENGTH : at + length]))
        for at in starts
    ]


def with_errors(text, *places):
    bases = list(text)
    for place in places:
        bases[place] = LETTERS[(LETTERS.index(bases[place]) + 1) % 4]
    return "".join(bases)


def table(pairs, role="tumour", assay="exome", first=0):
    rows = [
        {
            "fragment": first + number,
            "mate": mate,
            "bases": bases,
            "qualities": "I" * len(bases),
        }
        for number, pair in enumerate(pairs)
        for mate, bases in enumerate(pair, start=1)
    ]
    columns = ["fragment", "mate", "bases", "qualities"]
    return pd.DataFrame(rows, columns=columns).assign(role=role, assay=assay)


def statistics(*samples):
    """Return the statistics of samples: role, assay, mapped, duplicates, on target."""
    columns = ["role", "assay", "mapped", "duplicates", "on_target"]
    return pd.DataFrame(samples, columns=columns).astype({"on_target": "Int64"})


BOTH = statistics(("tumour", "exome", 4000, 0, None), ("normal", "exome", 2000, 0, None))


def counted(reference, reads, own=USUAL, samples=BOTH, params=PARAMS):
    return HLA_FRAGMENTS.conform(hla_fragments(reads, own, reference, samples, params))


def sums(found, role="tumour"):
    own = found[found["role"].eq(role)]
    return own.groupby("allele")["fragments"].sum().to_dict()


def test_each_fragment_counts_once_for_its_allele(reference):
    starts = range(60, 120, 10)  # over exon 2, where the alleles differ at several bases
    reads = pd.concat(
        [
            table(fragments_of(A1, starts) + fragments_of(A2, list(starts)[:4])),
            table(fragments_of(A2, list(starts)[:5]), "normal", first=100),
        ]
    )
    found = counted(reference, reads)
    assert sums(found) == {
        "HLA-A*01:01": 6, "HLA-A*02:01": 4, "HLA-B*07:02": 0, "HLA-B*08:01": 0
    }  # fmt: skip
    assert sums(found, "normal")["HLA-A*02:01"] == 5
    assert found["mismatches"].sum() == 0


def test_the_order_of_reads_and_mates_tells_nothing(reference):
    pairs = fragments_of(A1, range(50, 200, 7)) + fragments_of(B2, range(50, 250, 9))
    reads = table(pairs)
    swapped = table([pair[::-1] for pair in pairs]).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(counted(reference, reads), counted(reference, swapped))


def test_a_fragment_that_fits_both_alleles_counts_for_none(reference):
    alike = len(A1.genomic) - 150  # the last exons are alike
    assert sums(counted(reference, table(fragments_of(A1, [alike]))))["HLA-A*01:01"] == 0


def test_fragments_that_fit_both_alleles_are_shared_unless_a_pseudogene_fits_as_well(reference):
    alike = len(A1.genomic) - 150  # the last exons are alike, also those of H
    told = fragments_of(A1, range(60, 120, 10))
    reads = table([*told, *fragments_of(A1, [alike, alike + 2])])
    alone = compile_reference(release({k: v for k, v in ALLELES.items() if k[0] != "H"}))
    found = counted(alone, reads)
    own = found[found["role"].eq("tumour")].groupby("allele")["shared"].sum()
    assert own.to_dict() == {
        "HLA-A*01:01": 2, "HLA-A*02:01": 2, "HLA-B*07:02": 0, "HLA-B*08:01": 0
    }  # fmt: skip
    where = found[found["shared"] > 0]
    assert (where["start"] <= alike + 72).all()
    assert (where["end"] > alike + 70).all()
    assert sums(found)["HLA-A*01:01"] == 6
    assert counted(reference, reads)["shared"].sum() == 0


def test_a_fragment_of_a_pseudogene_counts_for_none(reference):
    found = counted(reference, table(fragments_of(H, range(60, 120, 10))))
    assert set(sums(found).values()) == {0}


def test_a_fragment_that_fits_a_pseudogene_as_well_counts_for_none(reference):
    # Over the first base of exon 2 that tells the alleles apart, where H is as A*01:01.
    reads = table(fragments_of(A1, [A1.places[1][0] - 40], 200))
    assert set(sums(counted(reference, reads)).values()) == {0}
    alone = compile_reference(release({k: v for k, v in ALLELES.items() if k[0] != "H"}))
    assert sums(counted(alone, reads))["HLA-A*01:01"] == 1


def test_a_fragment_with_too_many_mismatches_is_left_out(reference):
    ((first, second),) = fragments_of(A1, [80])
    few, more = with_errors(first, 1, 20, 40), with_errors(second, 10, 45)
    own = counted(reference, table([(few, second)]))
    assert sums(own)["HLA-A*01:01"] == 1
    assert own["mismatches"].sum() == 3
    assert sums(counted(reference, table([(few, more)])))["HLA-A*01:01"] == 0
    loose = HlaFragmentsParams(max_mismatches=0.05)
    assert sums(counted(reference, table([(few, more)]), params=loose))["HLA-A*01:01"] == 1


def test_badly_read_bases_do_not_speak(reference):
    reads = table(fragments_of(A2, [80]))
    reads["qualities"] = "#" * LENGTH
    assert set(sums(counted(reference, reads)).values()) == {0}
    reads["qualities"] = ""
    assert sums(counted(reference, reads))["HLA-A*02:01"] == 1


def test_a_fragment_lies_in_the_stretch_of_its_middle(reference):
    found = counted(reference, table(fragments_of(A1, [80], 140)))
    own = found[found["fragments"] > 0].iloc[0]
    assert (own["start"], own["end"]) == (100, 200)
    allele = found[found["allele"].eq("HLA-A*01:01") & found["role"].eq("tumour")]
    assert allele["end"].max() == len(A1.genomic)
    assert (allele["start"].to_numpy()[1:] == allele["end"].to_numpy()[:-1]).all()


def test_sites_are_the_bases_that_differ(reference):
    found = counted(reference, table([]))
    own = found[found["role"].eq("tumour")].groupby("allele")["sites"].sum()
    assert own.to_dict() == {
        "HLA-A*01:01": 7, "HLA-A*02:01": 7, "HLA-B*07:02": 3, "HLA-B*08:01": 3
    }  # fmt: skip


def test_rna_is_not_counted_and_alone_gives_no_row(reference):
    rna = table(fragments_of(A1, range(60, 120, 10)), assay="rna", first=50)
    dna = table(fragments_of(A1, [80]))
    both = statistics(("tumour", "exome", 4000, 0, None), ("tumour", "rna", 9000, 0, None))
    found = counted(reference, pd.concat([rna, dna]), samples=both)
    assert sums(found)["HLA-A*01:01"] == 1
    assert set(found["library_fragments"]) == {1999}
    only = statistics(("tumour", "rna", 9000, 0, None))
    assert counted(reference, rna, samples=only).empty


def test_libraries_are_unique_pairs_on_target_where_all_tell(reference):
    told = statistics(("tumour", "exome", 4000, 400, 3000), ("normal", "exome", 2000, 0, 1000))
    found = counted(reference, table([]), samples=told)
    sizes = found.groupby("role")["library_fragments"].max().to_dict()
    assert sizes == {"tumour": 1350, "normal": 500}
    half = statistics(("tumour", "exome", 4000, 400, 3000), ("normal", "exome", 2000, 0, None))
    sizes = counted(reference, table([]), samples=half)
    assert sizes.groupby("role")["library_fragments"].max().to_dict() == {
        "tumour": 1800, "normal": 1000
    }  # fmt: skip


def test_reads_of_hla_genes_are_no_part_of_the_library_they_are_compared_by(reference):
    kept = table(fragments_of(A1, range(20, 220, 10)))
    lost = table(fragments_of(A1, range(20, 120, 10)))
    for reads, hla in ((kept, 20), (lost, 10)):
        samples = statistics(("tumour", "exome", 2 * (1000 + hla), 0, None))
        found = counted(reference, reads, samples=samples)
        assert found["library_fragments"].unique().tolist() == [1000]


def test_a_library_of_hla_genes_alone_keeps_a_fragment(reference):
    reads = table(fragments_of(A1, range(20, 120, 10)))
    found = counted(reference, reads, samples=statistics(("tumour", "exome", 20, 0, None)))
    assert found["library_fragments"].unique().tolist() == [1]


@pytest.mark.parametrize("written", ["A*02:01:01:01N", "HLA-A*02:01N", "a0201n "])
def test_fragments_of_a_null_allele_are_counted(written):
    known = compile_reference(
        release({**{n: a for n, a in ALLELES.items() if n[:4] != "A*02"}, "A*02:01:01:01N": A2})
    )
    own = types(A=["HLA-A*01:01", None])
    own["written"] = ["", written]
    own["reason"] = ["", "null_allele"]
    at = A2.places[2][0] - 10
    found = counted(known, table(fragments_of(A1, [at]) + fragments_of(A2, [at, at + 5])), own)
    assert sums(found) == {"HLA-A*01:01": 1, "HLA-A*02:01N": 2}


def test_an_allele_that_the_reference_lacks_has_a_row_without_an_end(reference):
    strange = types(A=["HLA-A*01:01", "HLA-A*99:01"])
    found = counted(reference, table(fragments_of(A1, [80])), strange)
    assert found.groupby("allele")["end"].max()["HLA-A*99:01"] == 0
    assert found["fragments"].sum() == 0


def test_reads_of_a_gene_that_is_not_typed_do_not_go_to_another():
    # B is like A in this release: without types of B its reads would count for A.
    near = {**ALLELES, "B*07:02:01": A1.changed(2, 5, 33), "B*08:01:01": A1.changed(2, 5, 34)}
    own = compile_reference(release(near))
    reads = table(fragments_of(near["B*07:02:01"], range(60, 120, 10)))
    found = counted(own, reads, types(A=["HLA-A*01:01", "HLA-A*02:01"]))
    assert found["fragments"].sum() == 0


def test_borrowed_introns_do_not_speak():
    whole = {name: ALLELES[name] for name in ("A*01:01:01:01", "H*01:01:01")}
    pieces = list(A1.pieces)
    coding = A2.coding
    known = compile_reference(release(whole, {"A*02:01:01:01": coding}))
    # A read of an intron of the second allele that differs there, unknown to the release.
    pieces[4] = pieces[4][:20] + "ACGTACGT" + pieces[4][28:]
    true = ToyAllele(tuple(pieces)).with_exon(2, A2.exons[1]).with_exon(3, A2.exons[2])
    middle = true.places[1][1] + 20
    reads = table(fragments_of(true, [middle - 70]))
    own = types(A=["HLA-A*01:01", "HLA-A*02:01"])
    personal = personal_genes(own, known)
    assert [pair.gene for pair in personal.pairs] == ["A"]
    assert not personal.pairs[0].trusted[0][: A1.places[0][0]].any()
    found = counted(known, reads, own)
    assert sums(found)["HLA-A*01:01"] == 0


def test_fragments_that_fit_a_borrowed_intron_better_are_not_shared():
    pieces = list(A1.pieces)
    pieces[10] = pieces[10][:10] + "ACGTACGT" + pieces[10][18:]
    lender = ToyAllele(tuple(pieces)).with_exon(2, A2.exons[1]).with_exon(3, A2.exons[2])
    known = compile_reference(
        release(
            {"A*01:01:01:01": A1, "A*03:01:01:01": lender.changed(3, 20)},
            {"A*02:01:01:01": A2.coding},
        )
    )
    own = types(A=["HLA-A*01:01", "HLA-A*02:01"])
    over, behind = lender.places[5][0] - 60, lender.places[5][0]
    found = counted(known, table(fragments_of(lender, [over], 100)), own)
    assert found["fragments"].sum() == found["shared"].sum() == 0
    found = counted(known, table(fragments_of(lender, [behind], 100)), own)
    assert found["shared"].sum() == 2


def test_an_end_that_one_allele_alone_has_does_not_speak():
    short = ToyAllele((A2.pieces[0][-5:], *A2.pieces[1:-1], A2.pieces[-1][:8]))
    kept = {name: allele for name, allele in ALLELES.items() if name[0] != "H"}
    known = compile_reference(release({**kept, "A*02:01:01:01": short}))
    beyond = fragments_of(A1, [len(A1.genomic) - 100], 100)
    found = counted(known, table(beyond), types(A=["HLA-A*01:01", "HLA-A*02:01"]))
    assert found["fragments"].sum() == 0
    assert found[found["role"].eq("tumour")].groupby("allele")["sites"].sum().tolist() == [7, 7]


def test_a_name_with_all_fields_chooses_the_very_allele():
    other = A2.changed(3, 33)
    known = compile_reference(release({**ALLELES, "A*02:01:02:01": other}))
    own = types(A=["HLA-A*01:01", "HLA-A*02:01"])
    start = other.places[2][0] - 10
    reads = table(fragments_of(other, [start]))
    assert counted(known, reads, own)["mismatches"].sum() == 1
    own.loc[1, "written"] = "A*02:01:02:01"
    assert counted(known, reads, own)["mismatches"].sum() == 0


def test_no_known_allele_and_no_read_are_no_failure(reference):
    nothing = types(A=["HLA-A*99:01", "HLA-A*98:01"])
    assert counted(reference, table([]), nothing)["fragments"].sum() == 0
    assert counted(reference, table([]), types(C=["HLA-C*01:02"] * 2)).empty
