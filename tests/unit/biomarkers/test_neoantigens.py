"""What binds, what speaks for it, and in which order."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.neoantigens import NeoantigensParams, neoantigens
from storiform.model.tables.copy_calls import CLONALITY
from storiform.model.tables.proteins import (
    HLA_LOH,
    MHC_ALLELES,
    MHC_BINDING,
    NEOANTIGENS,
    PEPTIDES,
)
from storiform.model.tables.rna import TPM, VCF_EXPRESSION

A2, B7 = "HLA-A*02:01", "HLA-B*07:02"
FIRST, SECOND = "chr1-99-100-G-C", "chr1-109-110-G-C"
"""Ids of the first two calls of `make_variants`."""


def peptides(*changes: dict[str, object]) -> pd.DataFrame:
    """Return peptides of nine residues with a counterpart that differs at position 5."""
    plain = {
        "variant_ids": FIRST, "partner_ids": "", "decay": "", "gene": "TP53",
        "peptide": "AAAADAAAA", "length": 9,
        "mhc_class": "I", "change": 0, "transcript": "T1", "transcripts": "T1",
        "consequence": "missense_variant", "hgvsp": "p.Arg1Pro", "protein_position": 20,
        "wild_type_peptide": "AAAACAAAA", "mutated_positions": "5", "source": "CSQ",
    }  # fmt: skip
    rows = [{**plain, **change} for change in changes]
    return PEPTIDES.conform(pd.DataFrame(rows, columns=list(PEPTIDES.columns)))


def binding(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["peptide", "allele", "affinity", "rank"])
    return MHC_BINDING.conform(frame.assign(presentation=np.nan))


def alleles(**support: str) -> pd.DataFrame:
    known = {A2: "good", B7: "weak"} | support
    rows = [
        {"allele": name, "predictor": "p 1", "support": word, "reason": ""}
        for name, word in known.items()
    ]
    frame = pd.DataFrame(rows).assign(affinities=pd.NA, ligands=pd.NA)
    return MHC_ALLELES.conform(frame)


def clonality(*rows: tuple[int, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {"contig": "chr1", "start": start, "end": start + 1, "ref": "G", "alt": "C",
             "ccf": ccf, "ccf_lower": lower, "ccf_upper": upper, "is_nonsynonymous": True}
            for start, ccf, lower, upper in rows
        ]
    )  # fmt: skip
    return CLONALITY.conform(frame.reindex(columns=list(CLONALITY.columns)))


def expression(**genes: float) -> pd.DataFrame:
    frame = pd.DataFrame({"gene": list(genes), "tpm": list(genes.values())})
    return TPM.conform(frame.assign(log2_tpm=0.0, length=1.0, length_source="file"))


def made(*arguments: object, **named: object) -> pd.DataFrame:
    params = named.pop("params", NeoantigensParams())
    return NEOANTIGENS.conform(neoantigens(*arguments, params, **named))


class Renamed:
    """Names of genes that know one old symbol."""

    def symbols(self, ids: list[str]) -> list[str]:
        """Return the current symbols."""
        return [{"P53": "TP53"}.get(one, "") for one in ids]


def test_a_binder_is_joined_with_its_counterpart(make_variants) -> None:
    predicted = binding(
        ("AAAADAAAA", A2, 40.0, 0.3), ("AAAACAAAA", A2, 4000.0, 9.0),
        ("AAAADAAAA", B7, 9000.0, 30.0), ("AAAACAAAA", B7, 30.0, 0.2),
    )  # fmt: skip
    rows = made(peptides({}), predicted, alleles(), make_variants({}))
    assert len(rows) == 1
    row = rows.iloc[0]
    assert row["allele"] == A2
    assert row["fold_change"] == pytest.approx(100.0)
    assert (row["wild_type_affinity"], row["wild_type_rank"]) == (4000.0, 9.0)
    flags = ["is_binder", "is_strong_binder", "binds_by_affinity", "binds_strongly_by_affinity"]
    assert row[flags].tolist() == [True] * 4
    assert not row["is_anchor_only"]
    assert row["tumour_vaf"] == 0.4
    assert row["mhc_class"] == "I"
    assert row["allele_support"] == "good"
    unknown = ["gene_tpm", "is_expressed", "rna_depth", "ccf", "clonality", "allele_lost"]
    assert row[unknown].isna().all()
    assert row["reasons"] == (
        "strong binder by rank (0.3 %), IC50 40 nM; counterpart binds 100 times weaker"
    )


def test_rank_and_affinity_are_never_mixed(make_variants) -> None:
    predicted = binding(
        ("AAAADAAAA", A2, 9000.0, 0.5), ("AAAADAAAA", B7, 50.0, 40.0),
        ("AAAADAAAA", "HLA-C*01:02", 500.1, 2.01),
    )  # fmt: skip
    rows = made(peptides({}), predicted, alleles(), make_variants({})).set_index("allele")
    assert sorted(rows.index) == [A2, B7]
    by_rank = rows[["is_binder", "is_strong_binder"]]
    assert by_rank.loc[A2].tolist() == [True, True]
    assert by_rank.loc[B7].tolist() == [False, False]
    by_affinity = rows[["binds_by_affinity", "binds_strongly_by_affinity"]]
    assert by_affinity.loc[A2].tolist() == [False, False]
    assert by_affinity.loc[B7].tolist() == [True, True]
    assert rows["priority"].to_dict() == {A2: 1, B7: 2}


def test_thresholds_hold_those_that_meet_them(make_variants) -> None:
    predicted = binding(("AAAADAAAA", A2, 4e4, 2.0), ("AAAADAAAA", B7, 500.0, 90.0))
    rows = made(
        peptides({}), predicted, alleles(), make_variants({}), tpm=expression(TP53=1.0)
    ).set_index("allele")  # fmt: skip
    assert rows["is_binder"].to_dict() == {A2: True, B7: False}
    assert rows["binds_by_affinity"].to_dict() == {A2: False, B7: True}
    assert rows["is_expressed"].all()


@pytest.mark.parametrize(
    ("positions", "wild", "anchor", "demoted"),
    [
        ("2;9", 999.0, True, True),
        ("1;8", 999.0, True, True),
        ("2", 1000.0, True, False),
        ("2;5", 10.0, False, False),
        ("3", 10.0, False, False),
        ("7", 10.0, False, False),
    ],
)
def test_a_change_at_anchors_alone_is_demoted_where_the_counterpart_binds(
    make_variants, positions, wild, anchor, demoted
) -> None:
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3), ("AAAACAAAA", A2, wild, 9.0))
    changed = peptides({"mutated_positions": positions})
    row = made(changed, predicted, alleles(), make_variants({})).iloc[0]
    assert row["is_anchor_only"] == anchor
    assert row["is_demoted"] == demoted
    assert ("differs at anchors only" in row["reasons"]) == anchor


def test_a_peptide_without_counterpart_has_no_anchor_flag(make_variants) -> None:
    alone = peptides({"wild_type_peptide": None, "mutated_positions": None})
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    row = made(alone, predicted, alleles(), make_variants({})).iloc[0]
    assert pd.isna(row["is_anchor_only"])
    assert pd.isna(row["fold_change"])
    assert not row["is_demoted"]
    assert "no counterpart in the germline protein" in row["reasons"]


def test_a_predictor_of_ranks_alone_demotes_by_rank(make_variants) -> None:
    changed = peptides({"mutated_positions": "2"})
    for rank, demoted in ((1.9, True), (2.1, False)):
        predicted = binding(
            ("AAAADAAAA", A2, np.nan, 0.3), ("AAAACAAAA", A2, np.nan, rank)
        )  # fmt: skip
        row = made(changed, predicted, alleles(), make_variants({})).iloc[0]
        assert row["is_demoted"] == demoted
        assert not row["binds_by_affinity"]


def test_recounted_rna_takes_the_place_of_the_callers(make_variants) -> None:
    calls = make_variants({"rna_depth": 9, "rna_alt_reads": 8})
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    row = made(peptides({}), predicted, alleles(), calls).iloc[0]
    assert row[["rna_depth", "rna_alt_reads"]].tolist() == [9, 8]
    assert "RNA reads 8 of 9 (few)" in row["reasons"]
    calls["rna_recounted_depth"] = pd.array([40], dtype="Int64")
    calls["rna_recounted_alt_reads"] = pd.array([5], dtype="Int64")
    row = made(peptides({}), predicted, alleles(), calls).iloc[0]
    assert row[["rna_depth", "rna_alt_reads"]].tolist() == [40, 5]
    assert row["rna_vaf"] == pytest.approx(0.125)
    assert "RNA reads 5 of 40" in row["reasons"]


@pytest.mark.parametrize(
    ("depth", "alt", "told"),
    [(10, 0, False), (9, 0, None), (1, 1, True), (0, 0, None), (None, None, None)],
)
def test_rna_without_the_allele_tells_only_where_it_is_deep(
    make_variants, depth, alt, told
) -> None:
    calls = make_variants({"rna_depth": depth, "rna_alt_reads": alt})
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    value = made(peptides({}), predicted, alleles(), calls)["is_in_rna"].iloc[0]
    assert pd.isna(value) if told is None else value == told


def test_of_calls_that_act_together_the_least_speaks(make_variants) -> None:
    calls = make_variants(
        {"rna_depth": 50, "rna_alt_reads": 20},
        {"tumour_alt_reads": 10, "tumour_ref_reads": 90, "rna_depth": 30, "rna_alt_reads": 3},
    )
    cells = clonality((99, 0.97, 0.8, 1.0), (109, 0.4, 0.2, 0.6))
    joint = peptides({"variant_ids": f"{FIRST};{SECOND}"})
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    row = made(joint, predicted, alleles(), calls, clonality=cells).iloc[0]
    assert row["tumour_vaf"] == 0.1
    assert row[["rna_depth", "rna_alt_reads"]].tolist() == [30, 3]
    assert (row["ccf"], row["clonality"]) == (0.4, "subclonal")


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ((0.76, 1.0), "clonal"),
        ((0.75, 1.0), "indeterminate"),
        ((0.8, 0.96), "indeterminate"),
        ((0.5, 0.95), "indeterminate"),
        ((0.5, 0.94), "subclonal"),
        ((np.nan, np.nan), None),
    ],
)
def test_clonality_is_open_where_the_interval_is_wide(make_variants, bounds, told) -> None:
    cells = clonality((99, 0.9, *bounds))
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    row = made(peptides({}), predicted, alleles(), make_variants({}), clonality=cells).iloc[0]
    assert row["clonality"] == told if told else pd.isna(row["clonality"])


def test_expression_is_found_under_an_old_symbol_too(make_variants) -> None:
    several = peptides(
        {"gene": "TP53"}, {"gene": "P53", "peptide": "CCCCDCCCC"},
        {"gene": "NONE", "peptide": "EEEEDEEEE"},
    )  # fmt: skip
    predicted = binding(
        *((peptide, A2, 40.0, 0.3) for peptide in ("AAAADAAAA", "CCCCDCCCC", "EEEEDEEEE"))
    )
    rows = made(
        several, predicted, alleles(), make_variants({}), gene_names=Renamed(),
        tpm=expression(TP53=0.99),
    ).set_index("gene")  # fmt: skip
    assert rows["gene_tpm"].to_dict() == {
        "TP53": 0.99, "P53": 0.99, "NONE": pytest.approx(np.nan, nan_ok=True),
    }  # fmt: skip
    assert rows.loc[["TP53", "P53"], "is_expressed"].tolist() == [False, False]
    assert pd.isna(rows.loc["NONE", "is_expressed"])


def test_what_speaks_against_a_peptide_moves_it_down(make_variants) -> None:
    """Each peptide has one fault, and the ranks are in the opposite order."""
    names = ["NONE", "WEAK", "SUBCLONAL", "UNSEEN", "SILENT", "ANCHOR", "LOST"]
    calls = make_variants(*({"rna_depth": 20, "rna_alt_reads": 5 * (name != "UNSEEN")}
                            for name in names))  # fmt: skip
    ids = [f"chr1-{99 + 10 * i}-{100 + 10 * i}-G-C" for i in range(len(names))]
    sequences = [f"AAA{letter}DAAAA" for letter in "CDEFGHI"]
    wild = [f"AAA{letter}CAAAA" for letter in "CDEFGHI"]
    several = peptides(
        *(
            {"variant_ids": one, "gene": name, "peptide": sequence,
             "wild_type_peptide": other, "mutated_positions": "2" if name == "ANCHOR" else "5"}
            for one, name, sequence, other in zip(ids, names, sequences, wild, strict=True)
        )
    )  # fmt: skip
    ranks = dict(zip(names, [0.4, 1.9, 0.35, 0.3, 0.2, 0.1, 0.05], strict=True))
    predicted = binding(
        *((sequence, B7 if name == "LOST" else A2, 40.0, ranks[name])
          for sequence, name in zip(sequences, names, strict=True)),
        *((other, A2, 40.0, 1.0) for other in wild),
    )  # fmt: skip
    cells = clonality(
        *((99 + 10 * i, 0.3, 0.1, 0.5) if name == "SUBCLONAL" else
          (99 + 10 * i, 1.0, 0.9, 1.0) for i, name in enumerate(names))
    )  # fmt: skip
    lost = pd.DataFrame({"allele": [A2, B7], "is_lost": [False, True], "probability": 0.9})
    rows = made(
        several, predicted, alleles(), calls, clonality=cells, hla_loh=HLA_LOH.conform(lost),
        tpm=expression(**{name: 0.1 if name == "SILENT" else 12.0 for name in names}),
    )  # fmt: skip
    assert rows["gene"].tolist() == names
    assert rows["priority"].tolist() == list(range(1, 8))
    assert rows["allele_lost"].tolist() == [False] * 6 + [True]
    assert rows["reasons"].iloc[0] == (
        "strong binder by rank (0.4 %), IC50 40 nM; counterpart binds as well; "
        "expressed (12 TPM); RNA reads 5 of 20; clonal (CCF 1.00); allele kept"
    )
    assert (
        rows["reasons"].iloc[-1].endswith("allele lost; allele little known to the predictor")
    )


def test_what_is_unknown_stands_between_for_and_against(make_variants) -> None:
    several = peptides(
        *({"gene": gene, "peptide": f"AAA{gene}DAAAA"} for gene in ("C", "D", "E"))
    )
    predicted = binding(*((f"AAA{gene}DAAAA", A2, 40.0, 0.3) for gene in ("C", "D", "E")))
    rows = made(several, predicted, alleles(), make_variants({}), tpm=expression(C=0.0, E=50.0))
    assert rows["gene"].tolist() == ["E", "D", "C"]


def test_calls_that_are_not_in_the_table_leave_gaps(make_variants) -> None:
    fused = peptides({"variant_ids": "fusion-1"})
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    cells = clonality((99, 0.9, 0.8, 1.0))
    row = made(fused, predicted, alleles(), make_variants({}), clonality=cells).iloc[0]
    assert row[["tumour_vaf", "rna_depth", "ccf"]].isna().all()


def test_the_eligible_record_of_a_repeated_call_speaks(make_variants) -> None:
    same = {"start": 99, "end": 100}
    calls = make_variants(
        {**same, "filter": "weak", "tumour_alt_reads": 1, "tumour_ref_reads": 99}, same
    )
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    assert made(peptides({}), predicted, alleles(), calls)["tumour_vaf"].tolist() == [0.4]


def test_no_peptide_and_no_binder_give_an_empty_table(make_variants) -> None:
    none = PEPTIDES.empty()
    predicted = binding(("AAAADAAAA", A2, 4e4, 60.0))
    for some in (none, peptides({})):
        assert made(some, predicted, alleles(), make_variants({})).empty
    assert made(none, MHC_BINDING.empty(), MHC_ALLELES.empty(), make_variants()).empty
    cells = CLONALITY.empty()
    joined = made(
        none, MHC_BINDING.empty(), MHC_ALLELES.empty(), make_variants(), clonality=cells,
        tpm=TPM.empty(), hla_loh=HLA_LOH.empty(),
    )  # fmt: skip
    assert joined.empty


def test_all_calls_that_a_peptide_needs_speak_for_it(make_variants) -> None:
    variants = make_variants(
        {"tumour_alt_reads": 40, "rna_depth": 40, "rna_alt_reads": 9},
        {"tumour_alt_reads": 10, "rna_depth": 30, "rna_alt_reads": 0},
    )
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3), ("AAAAEAAAA", A2, 40.0, 0.3))
    both = {"peptide": "AAAAEAAAA", "partner_ids": SECOND}
    cells = clonality((99, 1.0, 0.9, 1.0), (109, 0.3, 0.2, 0.4))
    rows = made(
        peptides({}, both), predicted, alleles(), variants, clonality=cells
    ).set_index("peptide")  # fmt: skip
    assert rows["tumour_vaf"].to_dict() == {"AAAADAAAA": 0.4, "AAAAEAAAA": 0.1}
    assert rows["is_in_rna"].to_dict() == {"AAAADAAAA": True, "AAAAEAAAA": False}
    assert rows["clonality"].to_dict() == {"AAAADAAAA": "clonal", "AAAAEAAAA": "subclonal"}
    assert "needs another call of the same copy too" in rows.loc["AAAAEAAAA", "reasons"]
    assert "another call" not in rows.loc["AAAADAAAA", "reasons"]


def test_decay_is_told_and_leaves_the_order(make_variants) -> None:
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3), ("AAAAEAAAA", A2, 40.0, 0.4))
    for decay, word in (("early_stop", "early new stop"), ("annotated", "marked for nonsense")):
        rows = made(
            peptides({"decay": decay}, {"peptide": "AAAAEAAAA"}), predicted, alleles(),
            make_variants({}),
        )  # fmt: skip
        assert rows["decay"].to_list() == [decay, ""]
        assert word in rows["reasons"].iloc[0]
        assert word not in rows["reasons"].iloc[1]


def test_expression_of_the_vcf_is_taken_where_there_is_no_table(make_variants) -> None:
    predicted = binding(("AAAADAAAA", A2, 40.0, 0.3))
    of_vcf = VCF_EXPRESSION.conform(pd.DataFrame({"gene": ["TP53"], "tpm": [7.0]}))
    given = peptides({}), predicted, alleles(), make_variants({})
    row = made(*given, vcf_expression=of_vcf).iloc[0]
    assert (row["gene_tpm"], row["tpm_source"], row["is_expressed"]) == (7.0, "vcf", True)
    assert "expressed (7 TPM in the VCF)" in row["reasons"]
    row = made(*given, tpm=expression(TP53=0.2), vcf_expression=of_vcf).iloc[0]
    assert (row["gene_tpm"], row["tpm_source"], row["is_expressed"]) == (0.2, "tpm", False)
    row = made(*given, tpm=expression(EGFR=2.0), vcf_expression=of_vcf).iloc[0]
    assert pd.isna(row["gene_tpm"])
    assert pd.isna(row["tpm_source"])
