"""Counts of neoantigens, and when they are missing."""

import pandas as pd
import pytest
from burden_tables import A2, B7, FEATURES, alleles, binding, bound, peptides

from storiform.biomarkers.neoantigen_burden import neoantigen_burden
from storiform.model.tables.copy_calls import CLONALITY
from storiform.model.tables.proteins import (
    HLA_LOH,
    HLA_TYPES,
    MHC_ALLELES,
    MHC_BINDING,
    NEOANTIGEN_BURDEN,
    NEOANTIGENS,
)
from storiform.model.tables.rna import TPM, VCF_EXPRESSION
from storiform.model.variant_groups import joined_calls


def clonality(ccf: float | None) -> pd.DataFrame:
    row = {"contig": "chr1", "start": 1, "end": 2, "ref": "A", "alt": "C", "ccf": ccf,
           "is_nonsynonymous": True}  # fmt: skip
    frame = pd.DataFrame([row]).astype({"ccf": float})
    return CLONALITY.conform(frame.reindex(columns=list(CLONALITY.columns)))


def lost(**flags: bool | None) -> pd.DataFrame:
    names = {"A2": A2, "B7": B7}
    rows = {
        "allele": [names[n] for n in flags],
        "is_lost": pd.array(list(flags.values()), dtype="boolean"),
    }
    return HLA_LOH.conform(pd.DataFrame(rows).assign(probability=1.0))


@pytest.fixture
def count(make_variants):
    """Return a counter whose further tables are given or plain."""

    def make(found: pd.DataFrame, *ids: str, **named: object) -> pd.Series:
        plain = {
            "mhc_alleles": alleles(A2="", B7=""), "mhc_binding": binding(),
            "neoantigens": found,
        }  # fmt: skip
        burden = neoantigen_burden(peptides(*ids), make_variants(), **(plain | named))
        return NEOANTIGEN_BURDEN.conform(burden).iloc[0]

    return make


def test_variants_are_counted_not_peptides(count) -> None:
    found = bound(
        {}, {"peptide": "P1", "allele": B7, "is_strong_binder": True}, {"peptide": "P2"},
        {"variant_ids": "b", "peptide": "P2"},
        {"variant_ids": "c", "peptide": "P4", "is_binder": False, "binds_by_affinity": True},
    )  # fmt: skip
    row = count(found, "a", "a", "a", "b", "c", "d")
    assert row["neoantigen_burden"] == 2
    assert row["neoantigen_burden_strong"] == 1
    assert row["neoantigen_burden_affinity"] == 1
    assert row["neoantigen_peptides"] == 3
    assert row["variants_with_peptides"] == 4
    assert row["alleles"] == 2
    assert row["reason"] == ""
    missing = [f"neoantigen_burden_{name}" for name in ("expressed", "clonal", "presented")]
    assert row[missing].isna().all()


def test_class_ii_is_not_counted(count) -> None:
    found = bound({}, {"variant_ids": "b", "allele": "HLA-DRB1*15:01", "mhc_class": "II"})
    assert count(found, "a", "b")["neoantigen_burden"] == 1


def test_calls_that_act_together_are_one_variant(count) -> None:
    found = bound({"variant_ids": "a;b"}, {"variant_ids": "b"}, {"variant_ids": "c"})
    row = count(found, "a;b", "b", "c")
    assert row["neoantigen_burden"] == 2
    assert row["variants_with_peptides"] == 2


def test_peptide_of_two_variants_counts_for_both_and_once(make_variants) -> None:
    found = bound({"variant_ids": "a", "partner_ids": "b;c d"}, {"variant_ids": "e"})
    given = peptides("a", "e").assign(partner_ids=["b;c d", ""])
    burden = neoantigen_burden(
        given, make_variants(), mhc_alleles=alleles(A2=""), mhc_binding=binding(),
        neoantigens=found.assign(peptide=["P0", "P1"]),
    )  # fmt: skip
    row = NEOANTIGEN_BURDEN.conform(burden).iloc[0]
    assert row["neoantigen_burden"] == 4
    assert row["variants_with_peptides"] == 4
    assert row["neoantigen_peptides"] == 2


def test_expression_of_the_vcf_counts_where_there_is_no_table(count) -> None:
    found = bound({"is_expressed": True})
    of_vcf = VCF_EXPRESSION.conform(pd.DataFrame({"gene": ["TP53"], "tpm": [3.0]}))
    assert count(found, "a", vcf_expression=of_vcf)["neoantigen_burden_expressed"] == 1
    nothing = count(found, "a", vcf_expression=VCF_EXPRESSION.empty())
    assert pd.isna(nothing["neoantigen_burden_expressed"])


def test_joined_calls_do_not_depend_on_the_order() -> None:
    ids = ["d;e", "a;b", "c", "b;d", "f"]
    joined = set()
    for order in (ids, ids[::-1]):
        roots = joined_calls(order)
        joined |= {
            frozenset(k for k, v in roots.items() if v == root) for root in roots.values()
        }
    assert joined == {frozenset({"d;e", "a;b", "b;d"}), frozenset({"c"}), frozenset({"f"})}


def test_expressed_clonal_and_presented_need_their_tables(count) -> None:
    found = bound(
        {"is_expressed": True, "clonality": "clonal", "allele_lost": True},
        {"variant_ids": "b", "is_expressed": False, "clonality": "subclonal",
         "allele": B7, "allele_lost": False},
        {"variant_ids": "c", "is_expressed": None, "clonality": None,
         "allele_lost": True},
        {"variant_ids": "c", "allele": B7, "allele_lost": False},
        {"variant_ids": "d", "is_binder": False, "is_expressed": True},
    )  # fmt: skip
    row = count(
        found, "a", "b", "c", "d", tpm=TPM.empty(), clonality=clonality(0.9),
        hla_loh=lost(A2=True, B7=False),
    )  # fmt: skip
    assert row["neoantigen_burden"] == 3
    assert row["neoantigen_burden_expressed"] == 1
    assert row["neoantigen_burden_clonal"] == 1
    assert row["neoantigen_burden_presented"] == 2


def test_a_binder_on_an_allele_of_unknown_loss_counts_as_presented(count) -> None:
    found = bound(
        {"allele_lost": True, "is_expressed": True, "clonality": "indeterminate"},
        {"variant_ids": "b", "allele": B7, "allele_lost": None, "is_expressed": None},
        {"variant_ids": "c", "allele_lost": True, "is_expressed": False,
         "clonality": "subclonal"},
        {"variant_ids": "c", "allele": B7, "allele_lost": None, "is_expressed": None},
    )  # fmt: skip
    row = count(
        found, "a", "b", "c", tpm=TPM.empty(), clonality=clonality(0.9), hla_loh=lost(A2=True)
    )
    assert row["neoantigen_burden_presented"] == 2
    assert row["neoantigen_burden_expressed"] == 1
    assert row["neoantigen_burden_clonal"] == 0
    assert row["reason"] == (
        "expression unknown of variants with a binder: 2, not counted as expressed; "
        "clonality unknown of variants with a binder: 2, not counted as clonal; "
        "loss of the alleles unknown of variants with a binder: 2, counted as presented"
    )


def test_what_is_known_of_no_binder_is_missing(count) -> None:
    found = bound({}, {"variant_ids": "b"})
    row = count(
        found, "a", "b", tpm=TPM.empty(), clonality=clonality(None), hla_loh=lost(A2=None)
    )
    names = [f"neoantigen_burden_{name}" for name in ("expressed", "clonal", "presented")]
    assert row[names].isna().all()
    assert row["neoantigen_burden"] == 2


def test_no_eligible_variant_is_zero(count) -> None:
    row = count(
        NEOANTIGENS.empty(), mhc_binding=MHC_BINDING.empty(), tpm=TPM.empty(),
        clonality=CLONALITY.empty(), hla_loh=lost(A2=False),
    )  # fmt: skip
    counts = [name for name in row.index if "burden" in name or "peptides" in name]
    assert row[counts].tolist() == [0] * len(counts)
    assert row["reason"] == ""


@pytest.mark.parametrize(
    ("named", "reason", "without"),
    [
        ({"mhc_alleles": None}, "no HLA alleles of class I are known", ""),
        ({"mhc_alleles": alleles(DR="")}, "no HLA alleles of class I are known", ""),
        (
            {"mhc_alleles": alleles(A2="unknown to the predictor", DR="")},
            f"no HLA allele could be predicted for: {A2} (unknown to the predictor)",
            A2,
        ),
    ],
)
def test_without_alleles_all_counts_are_missing_with_the_reason(
    count, named, reason, without
) -> None:
    row = count(bound({}), "a", **named)
    assert row[FEATURES].isna().all()
    assert row["reason"] == reason
    assert row["alleles_without"] == without
    assert row["variants_with_peptides"] == 1


def typed(*rows: tuple[str, int, str | None, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["gene", "copy", "allele", "written", "reason"])
    return HLA_TYPES.conform(frame.assign(source="sheet", posterior=float("nan"), limits=""))


def test_alleles_that_were_left_out_are_named(count) -> None:
    types = typed(
        ("A", 1, A2, "A*02:01", ""), ("A", 2, None, "A*24", "low_resolution"),
        ("DRB1", 1, None, "DR4", "serological"),
    )  # fmt: skip
    row = count(bound({}), "a", hla_types=types, mhc_alleles=alleles(A2="", B7="unknown"))
    assert row["alleles_without"] == f"A*24;{B7}"
    assert row["alleles"] == 1
    assert row["neoantigen_burden"] == 1


def test_an_allele_that_presents_nothing_is_not_left_out(count) -> None:
    types = typed(
        ("A", 1, A2, "A*02:01", ""), ("A", 2, None, "A*24:09N", "null_allele"),
        ("B", 1, None, "B*44:02:01:02S", "not_on_surface"),
    )  # fmt: skip
    row = count(bound({}), "a", hla_types=types, mhc_alleles=alleles(A2=""))
    assert row["alleles_without"] == ""
    assert row["alleles"] == 1
    row = count(bound({}), "a", hla_types=types[1:], mhc_alleles=MHC_ALLELES.empty())
    assert row["alleles_without"] == "A*24:09N;B*44:02:01:02S"
    assert "A*24:09N (a null allele, which is not expressed)" in row["reason"]


def test_a_name_without_a_gene_is_left_out_unless_its_type_is_of_class_ii(count) -> None:
    types = typed(
        ("A", 1, A2, "A*02:01", ""), ("", 1, None, "H-2-Kb", "non_human"),
        ("", 2, None, "DR15", "serological"), ("", 3, None, "zzz", "not_a_name"),
    )  # fmt: skip
    row = count(bound({}), "a", hla_types=types, mhc_alleles=alleles(A2=""))
    assert row["alleles_without"] == "H-2-Kb;zzz"


def test_a_gene_that_was_not_typed_is_named_by_itself(count) -> None:
    types = typed(("A", 1, A2, "A*02:01", ""), ("C", 1, None, None, "not typed: 3 fragments"))
    row = count(bound({}), "a", hla_types=types, mhc_alleles=alleles(A2=""))
    assert row["alleles_without"] == "HLA-C"


def test_alleles_none_of_which_is_usable_make_counts_missing(count) -> None:
    types = typed(
        ("A", 1, None, "A*24", "low_resolution"), ("B", 1, None, "B7", "serological"),
        ("DRB1", 1, None, "DR4", "serological"),
    )  # fmt: skip
    row = count(
        NEOANTIGENS.empty(), "a", hla_types=types, mhc_alleles=MHC_ALLELES.empty(),
        mhc_binding=MHC_BINDING.empty(),
    )  # fmt: skip
    assert row[FEATURES].isna().all()
    assert row["alleles"] == 0
    assert row["alleles_without"] == "A*24;B7"
    assert row["reason"] == (
        "no HLA allele could be predicted for: A*24 (one field only), "
        "B7 (a serological type, no allele)"
    )


def predicted(*rows: tuple[str, float | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["allele", "affinity", "rank"])
    frame = frame.assign(peptide=[f"P{number}" for number in range(len(rows))])
    return MHC_BINDING.conform(frame.assign(presentation=None).astype(
        {"affinity": float, "rank": float, "presentation": float}))  # fmt: skip


def test_an_allele_with_no_prediction_at_all_counts_as_left_out(count) -> None:
    told = predicted((A2, None, None), (A2, None, None), (B7, None, 1.0), (B7, None, None))
    row = count(bound({"allele": B7}), "a", mhc_binding=told)
    assert row["neoantigen_burden"] == 1
    assert row["alleles"] == 1
    assert row["alleles_without"] == A2
    assert row["reason"] == ""


def test_no_allele_with_a_prediction_makes_counts_missing(count) -> None:
    dr4 = ("HLA-DRB1*15:01", 1.0, 1.0)
    told = predicted((A2, None, None), (B7, None, None), dr4)
    row = count(NEOANTIGENS.empty(), "a", mhc_binding=told, tpm=TPM.empty())
    assert row[FEATURES].isna().all()
    assert row["alleles"] == 0
    assert row["alleles_without"] == f"{A2};{B7}"
    assert row["reason"] == (
        f"no HLA allele could be predicted for: {A2} (no prediction for any peptide), "
        f"{B7} (no prediction for any peptide)"
    )


def test_ranks_of_class_ii_alone_give_no_burden_by_rank(count) -> None:
    told = predicted((A2, 9000.0, None), ("HLA-DRB1*15:01", None, 1.0))
    row = count(NEOANTIGENS.empty(), "a", mhc_binding=told)
    assert pd.isna(row["neoantigen_burden"])
    assert row["neoantigen_burden_affinity"] == 0


def test_a_predictor_without_affinities_gives_no_burden_by_affinity(count) -> None:
    row = count(bound({}), "a", mhc_binding=binding(affinity=None))
    assert row["neoantigen_burden"] == 1
    assert pd.isna(row["neoantigen_burden_affinity"])
    found = bound({"is_binder": False, "binds_by_affinity": True})
    row = count(found, "a", mhc_binding=binding(rank=None), tpm=TPM.empty())
    assert row["neoantigen_burden_affinity"] == 1
    names = ["neoantigen_burden", "neoantigen_peptides", "neoantigen_burden_expressed"]
    assert row[names].isna().all()
