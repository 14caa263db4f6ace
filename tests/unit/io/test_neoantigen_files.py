"""Files of neoantigens and spectra, read again by other means."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.neoantigen_files import (
    write_aggregated,
    write_epitopes,
    write_spectrum,
    write_windows,
)
from storiform.model.tables.proteins import NEOANTIGENS, PEPTIDES, PROTEIN_CHANGES

A2, B7 = "HLA-A*02:01", "HLA-B*07:02"
LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def fasta(path: Path) -> dict[str, str]:
    """Read a FASTA: header -> residues."""
    found: dict[str, str] = {}
    name = ""
    for line in path.read_text().splitlines():
        if line.startswith(">"):
            name = line[1:]
            found[name] = ""
        else:
            found[name] += line
    return found


def changes(*rows: dict[str, object]) -> pd.DataFrame:
    plain = {
        "variant_ids": "chr1-9-10-A-C", "gene": "TP53", "hgvsp": "ENSP1.2:p.Arg175His",
        "transcript": "ENST1.1", "speaks_for_gene": True, "changed_start": 24,
        "changed_end": 25, "no_peptides": "", "mutant": LETTERS * 2 + LETTERS[:9],
        "is_in_frame": True,
    }  # fmt: skip
    frame = pd.DataFrame([{**plain, "change": n, **row} for n, row in enumerate(rows)])
    return PROTEIN_CHANGES.conform(frame.reindex(columns=list(PROTEIN_CHANGES.columns)))


def ranked(*changes_: dict[str, object]) -> pd.DataFrame:
    plain = {
        "variant_ids": "chr1-9-10-A-C", "gene": "TP53", "hgvsp": "ENSP1.2:p.Arg175His",
        "transcript": "ENST1.1", "peptide": "AAAADAAAA", "length": 9, "allele": A2,
        "mhc_class": "I", "affinity": 40.0, "rank": 0.2, "is_binder": True,
        "is_strong_binder": True, "binds_by_affinity": True,
        "binds_strongly_by_affinity": True, "is_demoted": False,
    }  # fmt: skip
    rows = [{**plain, "priority": n, **change} for n, change in enumerate(changes_, 1)]
    return NEOANTIGENS.conform(pd.DataFrame(rows).reindex(columns=list(NEOANTIGENS.columns)))


def test_a_substitution_gives_a_window_of_27_residues(tmp_path) -> None:
    write_windows(tmp_path / "w.fasta", changes({}))
    whole = LETTERS * 2 + LETTERS[:9]
    assert fasta(tmp_path / "w.fasta") == {
        "1|TP53|p.Arg175His|ENST1.1 chr1-9-10-A-C": whole[11:38],
    }  # fmt: skip


def test_windows_end_with_the_protein_and_follow_a_shifted_frame(tmp_path) -> None:
    tail = LETTERS * 4
    rows = changes(
        {"changed_start": 2, "changed_end": 3, "mutant": LETTERS},
        {"changed_start": 24, "changed_end": 80, "mutant": tail, "is_in_frame": False,
         "variant_ids": "b"},
        {"changed_start": 24, "changed_end": 24, "variant_ids": "c"},
    )  # fmt: skip
    write_windows(tmp_path / "w.fasta", rows)
    lengths = [len(residues) for residues in fasta(tmp_path / "w.fasta").values()]
    assert lengths == [16, 80 - 11, 26]
    assert list(fasta(tmp_path / "w.fasta").values())[1] == tail[11:]


def test_a_window_of_several_transcripts_is_written_once(tmp_path) -> None:
    rows = changes(
        {"change": 0, "transcript": "ENST2.1", "speaks_for_gene": False}, {"change": 0},
        {"change": 0, "transcript": "ENST3.1", "speaks_for_gene": False, "changed_start": 20},
        {"change": 1, "no_peptides": "stop_gained"},
        {"change": 2, "changed_start": None, "changed_end": None, "mutant": None},
    )  # fmt: skip
    write_windows(tmp_path / "w.fasta", rows)
    names = [name.split("|")[3].split()[0] for name in fasta(tmp_path / "w.fasta")]
    assert names == ["ENST1.1", "ENST3.1"]
    write_windows(tmp_path / "none.fasta", PROTEIN_CHANGES.empty())
    assert (tmp_path / "none.fasta").read_text() == ""


def test_epitopes_are_written_once_in_their_order(tmp_path) -> None:
    rows = ranked({"allele": B7}, {}, {"peptide": "CCCCDCCC", "gene": None, "hgvsp": None})
    write_epitopes(tmp_path / "e.fasta", rows)
    assert list(fasta(tmp_path / "e.fasta").items()) == [
        (f"1|TP53|p.Arg175His|ENST1.1 {B7} chr1-9-10-A-C", "AAAADAAAA"),
        (f"2|||ENST1.1 {A2} chr1-9-10-A-C", "CCCCDCCC"),
    ]


def test_the_aggregated_table_has_a_row_for_each_variant(tmp_path) -> None:
    rows = ranked(
        {"gene_tpm": 12.0, "rna_vaf": 0.25, "rna_depth": 40, "rna_alt_reads": 10,
         "is_expressed": True, "tumour_vaf": 0.4, "wild_type_affinity": 400.0,
         "wild_type_rank": 3.0, "mutated_positions": "2;9"},
        {"allele": B7},
        {"peptide": "CCCCDCCC", "binds_by_affinity": False, "affinity": 900.0},
        {"variant_ids": "b", "hgvsp": "p.Gly23AlafsTer5", "is_binder": False,
         "binds_by_affinity": True, "rank": 4.0},
    )  # fmt: skip
    peptides = pd.DataFrame(
        {"variant_ids": ["chr1-9-10-A-C"] * 2, "gene": "TP53", "length": 9, "change": 0,
         "peptide": ["AAAADAAAA", "CCCCDCCC"], "transcripts": ["ENST1.1;ENST2.1", "ENST7.1"]}
    )  # fmt: skip
    peptides = PEPTIDES.conform(peptides.reindex(columns=list(PEPTIDES.columns)))
    write_aggregated(tmp_path / "a.tsv", rows, [A2, B7, "HLA-C*01:02"], peptides)
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t", keep_default_na=False, dtype=str)
    assert table.columns.tolist() == [
        "ID", "Index", "A*02:01", "B*07:02", "C*01:02", "Gene", "AA Change",
        "Num Passing Transcripts", "Best Peptide", "Best Transcript", "TSL", "Allele", "Pos",
        "Prob Pos", "Num Included Peptides", "Num Passing Peptides", "IC50 MT", "IC50 WT",
        "%ile MT", "%ile WT", "RNA Expr", "RNA VAF", "Allele Expr", "RNA Depth", "DNA VAF",
        "Tier", "Ref Match", "Evaluation",
    ]  # fmt: skip
    assert table.iloc[0].tolist() == [
        "chr1-9-10-A-C", "1.TP53.ENST1.1.Arg175His", "1", "1", "0", "TP53", "R175H", "2",
        "AAAADAAAA", "ENST1.1", "NA", A2, "2, 9", "NA", "NA", "1", "40", "400", "0.2", "3",
        "12", "0.25", "3", "40", "0.4", "Pass", "False", "Pending",
    ]  # fmt: skip
    second = table.iloc[1]
    shown = ["ID", "AA Change", "A*02:01", "Num Passing Peptides", "RNA Depth"]
    assert second[shown].tolist() == ["b", "FS23", "1", "1", "NA"]
    assert second["Num Passing Transcripts"] == "0"


@pytest.mark.parametrize(
    ("row", "tier"),
    [
        ({}, "Pass"),
        ({"is_demoted": True}, "Anchor"),
        ({"clonality": "subclonal"}, "Subclonal"),
        ({"clonality": "indeterminate"}, "Pass"),
        ({"is_expressed": False, "gene_tpm": 0.0}, "NoExpr"),
        ({"is_expressed": False, "gene_tpm": 0.4}, "LowExpr"),
        ({"is_expressed": True, "is_in_rna": False}, "NoExpr"),
        ({"is_expressed": True, "is_in_rna": True}, "Pass"),
        ({"is_demoted": True, "clonality": "subclonal"}, "Poor"),
        ({"allele_lost": True}, "Poor"),
        ({"allele_lost": False}, "Pass"),
    ],
)
def test_tiers_say_what_speaks_against_a_peptide(tmp_path, row, tier) -> None:
    write_aggregated(tmp_path / "a.tsv", ranked(row), [A2], None)
    assert pd.read_csv(tmp_path / "a.tsv", sep="\t")["Tier"].tolist() == [tier]


def test_without_affinities_binders_by_rank_are_counted(tmp_path) -> None:
    rows = ranked({"affinity": np.nan, "binds_by_affinity": False})
    write_aggregated(tmp_path / "a.tsv", rows, [A2], None)
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t")
    assert table[["A*02:01", "Num Passing Peptides"]].iloc[0].tolist() == [1, 1]
    write_aggregated(tmp_path / "none.tsv", NEOANTIGENS.empty(), [A2], PEPTIDES.empty())
    assert pd.read_csv(tmp_path / "none.tsv", sep="\t").empty


def test_calls_that_act_together_somewhere_are_one_row(tmp_path) -> None:
    a, b = "chr1-9-10-A-C", "chr1-10-11-A-C"
    both = {"variant_ids": f"{a};{b}", "peptide": "CCCCDCCCC", "allele": B7}
    rows = ranked(both, {}, {"variant_ids": b, "allele": B7}, {"variant_ids": "chr2-1-2-A-C"})
    write_aggregated(tmp_path / "a.tsv", rows, [A2, B7], None)
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t")
    assert table["ID"].tolist() == [f"{a};{b}", "chr2-1-2-A-C"]
    assert table["B*07:02"].tolist() == [2, 0]
    assert table["Num Passing Peptides"].tolist() == [2, 1]


def test_calls_whose_common_peptides_do_not_bind_are_one_row(tmp_path) -> None:
    a, b = "chr1-9-10-A-C", "chr1-10-11-A-C"
    made = pd.DataFrame({"variant_ids": [f"{a};{b}", a, b], "gene": "TP53"}).assign(
        peptide=["CCCCDCCCC", "AAAADAAAA", "AAAADAAAC"], transcripts=["T1", "T2", "T3;T2"],
        length=9, change=0,
    )  # fmt: skip
    made = PEPTIDES.conform(made.reindex(columns=list(PEPTIDES.columns)))
    rows = ranked({}, {"variant_ids": b, "peptide": "AAAADAAAC"})
    write_aggregated(tmp_path / "a.tsv", rows, [A2], made)
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t")
    assert table["ID"].tolist() == [a]
    assert table["Num Passing Transcripts"].tolist() == [2]
    assert table["A*02:01"].tolist() == [2]


def test_a_spectrum_is_a_matrix_of_biopsies(tmp_path) -> None:
    one = pd.DataFrame({"mutation_type": ["A[C>A]A", "A[C>A]C"], "mutations": [3, 0]})
    two = one.assign(mutations=[1, 7])
    write_spectrum(tmp_path / "s.all", {"P2": two, "P1": one})
    text = (tmp_path / "s.all").read_text()
    assert text == "MutationType\tP1\tP2\nA[C>A]A\t3\t1\nA[C>A]C\t0\t7\n"
