"""Germline substitutions that the VCF holds, beside somatic calls."""

import pandas as pd
import pytest
from called_gene import GCT_GAT, GCT_GCG, START, TGG_TCG, call, changes, phases

ONE_COPY, TWO_COPIES = phases(("S", 1), ("S", 1)), phases(("S", 1), ("S", 2))
NAME = f"chr1-{START + 4}-{START + 5}-C-A"
SOMATIC = f"chr1-{START + 5}-{START + 6}-T-G"
READS = pd.DataFrame({"variant_1": [NAME], "variant_2": [SOMATIC], "is_one_copy": [True]})


def born(one: dict[str, object], share: float | None = 0.5) -> dict[str, object]:
    """Return a call that is rejected as germline, with its share of the normal's reads."""
    failed = {"failed_filters": "not_pass;germline", "normal_vaf": share}
    return {**one, "is_eligible": False, **failed}


@pytest.mark.parametrize(
    ("share", "given", "phase"),
    [
        (0.5, {"phases": ONE_COPY}, "genotype"),
        (None, {"phases": ONE_COPY}, "genotype"),
        (0.5, {"phased": READS}, "reads"),
        (0.95, {}, "homozygous"),
        (0.5, {"phases": phases(("", None), ("S", 2))}, "homozygous"),
    ],
)
def test_germline_base_of_the_codon_is_in_both_proteins(share, given, phase) -> None:
    # Germline GAT (D) becomes GAG (E); of the reference GCT (A) it would be GCG, alanine.
    found = changes(born(GCT_GAT, share), GCT_GCG, **given)
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["wild_type"], row["mutant"]) == ("MDETWKKR", "MEETWKKR")
    assert (row["variant_ids"], row["germline_ids"]) == (SOMATIC, NAME)
    assert (row["phase"], row["no_peptides"]) == (phase, "")


@pytest.mark.parametrize(
    ("share", "given"),
    [(0.5, {}), (0.5, {"phases": TWO_COPIES}), (0.05, {"phases": ONE_COPY})],
)
def test_germline_base_of_another_or_unknown_copy_acts_on_nothing(share, given) -> None:
    row = changes(born(GCT_GAT, share), GCT_GCG, **given).iloc[0]
    assert (row["no_peptides"], row["germline_ids"]) == ("same_protein", "")
    assert row["phase"] == "alone"


def test_germline_base_that_the_reads_gave_too_is_told_once() -> None:
    sites = pd.DataFrame(
        {
            "contig": ["chr1"], "start": START + 4, "zygosity": "homozygous",
            "reference": "C", "allele_1": "A", "allele_2": "A",
        }
    )  # fmt: skip
    found = changes(born(GCT_GAT, 0.95), TGG_TCG, germline=sites)
    assert (found["wild_type"].to_list(), len(found)) == (["MDETWKKR"], 1)
    assert found["germline_ids"].to_list() == [NAME]


def test_germline_bases_of_one_call_are_in_both_proteins() -> None:
    found = changes(born(call(4, "CTG", "AGC")), TGG_TCG, phases=ONE_COPY)
    assert found["wild_type"].to_list() == ["MEQTWKKR"]
    assert found["mutant"].to_list() == ["MEQTSKKR"]
    assert found["germline_ids"].to_list() == [f"chr1-{START + 4}-{START + 7}-CTG-AGC"]


def test_germline_base_alone_is_no_change() -> None:
    assert changes(born(GCT_GAT, 0.95)).empty
