"""Counts of neoantigens where the protein of some calls, or of all, is not known."""

import pandas as pd
import pytest
from burden_tables import FEATURES, alleles, binding, bound, peptides

from storiform.biomarkers.neoantigen_burden import neoantigen_burden
from storiform.model.tables.proteins import (
    MHC_BINDING,
    NEOANTIGEN_BURDEN,
    NEOANTIGENS,
    PROTEIN_CHANGES,
)
from storiform.model.tables.proteome import GIVEN_PROTEINS

NONE_KNOWN = (
    "no protein sequences are known: neither of resources.genes and resources.fasta nor of "
    "WildtypeProtein in the VCF"
)


@pytest.mark.parametrize("calls", [(), ({"consequence": "intron_variant"},)])
def test_without_any_protein_a_biopsy_without_changes_has_no_burden(
    make_variants, calls
) -> None:
    def of(**proteins: pd.DataFrame) -> pd.Series:
        burden = neoantigen_burden(
            peptides(), make_variants(*calls), PROTEIN_CHANGES.empty(), None, alleles(A2=""),
            MHC_BINDING.empty(), NEOANTIGENS.empty(), **proteins,
        )  # fmt: skip
        return NEOANTIGEN_BURDEN.conform(burden).iloc[0]

    for row in (of(), of(given_proteins=GIVEN_PROTEINS.empty())):
        assert row[FEATURES].isna().all()
        assert row["reason"] == NONE_KNOWN
    one = pd.DataFrame({"protein": ["T1"], "residues": ["MKT"]})
    none = pd.DataFrame({"protein": [""], "residues": [""]})
    for row in (of(given_proteins=none), of(reference_proteins=one)):
        assert row["neoantigen_burden"] == 0
        assert row["reason"] == ""


def changes(*rows: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [{"variant_ids": ids, "no_peptides": why, "change": n, "transcript": "T1",
          "speaks_for_gene": True} for n, (ids, why) in enumerate(rows)]
    )  # fmt: skip
    return PROTEIN_CHANGES.conform(frame.reindex(columns=list(PROTEIN_CHANGES.columns)))


def test_calls_without_protein_make_a_zero_missing(make_variants) -> None:
    splice = {"consequence": "splice_donor_variant"}
    calls = make_variants({}, splice, {"filter": "weak"})
    unknown = changes(
        ("chr1-99-100-G-C", "no_protein_sequence"), ("chr1-99-100-G-C", "unknown_residues")
    )
    for known in (unknown, PROTEIN_CHANGES.empty()):
        row = neoantigen_burden(
            peptides(), make_variants({}, splice), known, None, alleles(A2=""),
            MHC_BINDING.empty(), NEOANTIGENS.empty(),
        ).iloc[0]  # fmt: skip
        assert row["neoantigen_burden"] is None
        assert row["reason"] == (
            "no protein sequence is known of the 1 eligible calls that change a protein"
        )
    known = changes(("chr1-99-100-G-C", "stop_gained"))
    row = neoantigen_burden(
        peptides(), calls, known, None, alleles(A2=""), MHC_BINDING.empty(), NEOANTIGENS.empty()
    ).iloc[0]
    assert row["neoantigen_burden"] == 0
    assert row["reason"] == ""


@pytest.mark.parametrize("known", ["stop_gained", "same_protein", "start_lost", ""])
@pytest.mark.parametrize(
    "unknown", ["no_protein_sequence", "unknown_residues", "reference_mismatch", "not_parsed"]
)
def test_calls_of_unknown_protein_make_the_burden_a_lower_bound(
    make_variants, known, unknown
) -> None:
    table = changes(
        ("chr1-99-100-G-C", known), ("chr1-109-110-G-C", unknown), ("chr1-119-120-G-C", unknown)
    )
    row = neoantigen_burden(
        peptides(), make_variants({}, {}, {}), table, None, alleles(A2=""),
        MHC_BINDING.empty(), NEOANTIGENS.empty(),
    ).iloc[0]  # fmt: skip
    assert row["neoantigen_burden"] == 0
    told = f"2 of 3 calls without a known protein ({unknown} 2): a lower bound"
    assert row["reason"] == told


def test_calls_of_known_protein_are_counted_beside_others(make_variants) -> None:
    known = changes(
        ("chr1-99-100-G-C", ""), ("chr1-109-110-G-C", "no_protein_sequence"),
        ("chr1-99-100-G-C", "unknown_residues"),
    )  # fmt: skip
    row = neoantigen_burden(
        peptides("chr1-99-100-G-C"), make_variants({}, {}), known, None, alleles(A2=""),
        binding(), bound({"variant_ids": "chr1-99-100-G-C"}),
    ).iloc[0]  # fmt: skip
    assert row["neoantigen_burden"] == 1
    assert row["reason"] == (
        "1 of 2 calls without a known protein (no_protein_sequence 1): a lower bound"
    )


ASIDE = {"consequence": "", "annotation": "none"}


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([{**ASIDE, "alt": "<DEL>", "set_aside": "symbolic"}] * 3, "4 calls (symbolic 3)"),
        ([{**ASIDE, "alt": "*", "set_aside": "star"}], "2 calls (star 1)"),
        ([{**ASIDE, "alt": "G]chr2:9]", "set_aside": "breakend"}], "2 calls (breakend 1)"),
        ([{**ASIDE, "alt": ".", "set_aside": "no_alternative"}], "2 calls (no_alternative 1)"),
        ([{**ASIDE, "alt": "N", "set_aside": "not_bases"}], "2 calls (not_bases 1)"),
        ([{"alt": "<DEL>", "set_aside": "symbolic"}], "2 calls (symbolic 1)"),
        ([{**ASIDE, "contig": "chrZ"}] * 2, "3 calls (no_consequence 2)"),
        ([ASIDE, {**ASIDE, "ref": "T"}], "3 calls (no_consequence 1, reference_mismatch 1)"),
        # These would give no peptide whatever they are.
        ([{**ASIDE, "alt": "<NON_REF>", "set_aside": "star"}], ""),
        ([{"consequence": "intron_variant", "alt": "<DEL>", "set_aside": "symbolic"}], ""),
        ([{**ASIDE, "filter": "weak"}], ""),
        ([{**ASIDE, "alt": "<DEL>", "set_aside": "symbolic", "filter": "weak"}], ""),
        ([{**ASIDE}, {"annotation": "BCSQ", "consequence": "intron_variant"}], ""),
        ([{"consequence": "stop_gained"}, {"consequence": "splice_donor_variant"}], ""),
    ],
)
@pytest.mark.filterwarnings("ignore:.*calls without consequence")
def test_calls_lost_before_their_protein_make_the_burden_a_lower_bound(
    make_variants, calls, told
) -> None:
    table = changes(
        ("chr1-99-100-G-C", ""), ("chr1-119-120-T-C", "reference_mismatch"),
    )  # fmt: skip
    row = neoantigen_burden(
        peptides("chr1-99-100-G-C"), make_variants({}, *calls), table, None, alleles(A2=""),
        binding(), bound({"variant_ids": "chr1-99-100-G-C"}),
    ).iloc[0]  # fmt: skip
    assert row["neoantigen_burden"] == 1
    number, _, why = told.partition(" calls ")
    unknown = sum(int(part) for part in why.strip("()").replace(",", "").split()[1::2])
    assert row["reason"] == (
        f"{unknown} of {number} calls without a known protein {why}: a lower bound"
        if told
        else ""
    )
