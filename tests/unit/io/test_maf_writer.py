"""A MAF that was written reads back, here with equal numbers, and keeps GDC's rules."""

import re

import pandas as pd
import pytest

from storiform.io.maf import read_maf
from storiform.io.maf_writer import (
    COLUMNS,
    classify_variant,
    maf_rows,
    place_alleles,
    shorten_change,
    write_maf,
)
from storiform.model.ontology import NONSYNONYMOUS, SYNONYMOUS, is_coding, mutation_class
from storiform.model.tables.dna import CALLS, VARIANTS

CLASSES = {
    "Frame_Shift_Del", "Frame_Shift_Ins", "In_Frame_Del", "In_Frame_Ins", "Missense_Mutation",
    "Nonsense_Mutation", "Silent", "Splice_Site", "Splice_Region", "Translation_Start_Site",
    "Nonstop_Mutation", "RNA", "Targeted_Region", "3'UTR", "3'Flank", "5'UTR", "5'Flank",
    "IGR", "Intron",
}  # fmt: skip
"""`Variant_Classification` of GDC."""
CALLED = (
    # start, end, ref, alt, consequence
    (99, 100, "C", "T", "missense_variant"),
    (199, 202, "CAT", "C", "frameshift_variant"),
    (299, 300, "G", "GTTT", "inframe_insertion&splice_region_variant"),
    (399, 401, "AC", "GT", "stop_gained"),
    (499, 502, "CAG", "CTTGA", "protein_altering_variant"),
    (599, 600, "A", "G", "splice_donor_variant"),
    (699, 700, "A", "G", "intron_variant"),
    (799, 800, "A", "G", "synonymous_variant"),
)


def variants(*, contig: str = "chr7") -> pd.DataFrame:
    rows = pd.DataFrame(CALLED, columns=["start", "end", "ref", "alt", "consequence"])
    rows["contig"] = contig
    rows["record"] = range(len(rows))
    rows["gene"] = [f"G{number}" for number in rows["record"]]
    rows["gene_id"] = "ENSG00000000001"
    rows["hgvsp"] = ["ENSP1:p.Val600Glu", *[""] * 7]
    rows["hgvsc"] = ["ENST1:c.1799T>A", *[""] * 7]
    rows["transcript"] = "ENST1"
    rows["population_af"] = [0.001, *[float("nan")] * 7]
    counts = {"tumour_depth": 60, "tumour_ref_reads": 40, "tumour_alt_reads": 19,
              "normal_depth": 31, "normal_ref_reads": 30, "normal_alt_reads": 1}  # fmt: skip
    flags = dict.fromkeys(("is_coding", "is_nonsynonymous", "is_eligible"), True)
    rows = rows.assign(allele=0, in_panel_of_normals=False, filter="PASS", **counts, **flags)
    return VARIANTS.conform(rows.reindex(columns=list(VARIANTS.columns)))


def test_a_maf_reads_back_with_equal_numbers(tmp_path) -> None:
    path = tmp_path / "a.maf"
    write_maf(path, maf_rows({"T1": variants(), "T2": variants(contig="chrX")}, "GRCh38", {}))
    back = read_maf(path, ("T2",), "GRCh38")
    given = variants(contig="chrX")
    assert len(back) == len(given)
    assert set(back["contig"]) == {"chrX"}
    for name in ("tumour_depth", "tumour_ref_reads", "tumour_alt_reads", "normal_depth",
                 "normal_ref_reads", "normal_alt_reads", "gene", "gene_id", "transcript",
                 "hgvsp", "hgvsc"):  # fmt: skip
        assert back[name].fillna("").tolist() == given[name].fillna("").tolist(), name
    assert [mutation_class(terms) for terms in back["consequence"]] == [
        mutation_class(terms) for terms in given["consequence"]
    ]
    assert [is_coding(terms) for terms in back["consequence"]] == [
        is_coding(terms) for terms in given["consequence"]
    ]
    assert back["population_af"].iloc[0] == pytest.approx(0.001)


def test_what_was_read_from_a_maf_is_written_alike(tmp_path) -> None:
    """Places and alleles of a MAF pass through the table of calls unchanged."""
    first, second = tmp_path / "1.maf", tmp_path / "2.maf"
    rows = maf_rows({"T1": variants()}, "GRCh38", {"T1": "N1"})
    write_maf(first, rows)
    calls = read_maf(first, ("T1",), "GRCh38").reindex(columns=list(CALLS.columns))
    write_maf(second, maf_rows({"T1": calls}, "GRCh38", {"T1": "N1"}))
    again = pd.read_csv(second, sep="\t", comment="#", dtype=str, keep_default_na=False)
    before = pd.read_csv(first, sep="\t", comment="#", dtype=str, keep_default_na=False)
    same = ["Start_Position", "End_Position", "Reference_Allele", "Tumor_Seq_Allele2",
            "Variant_Classification", "Variant_Type", "t_alt_count"]  # fmt: skip
    assert again[same].to_dict() == before[same].to_dict()


def test_places_and_classes_keep_the_rules_of_gdc() -> None:
    rows = maf_rows({"T1": variants()}, "GRCh37", {"T1": "N1"})
    assert tuple(rows.columns) == COLUMNS
    assert set(rows["NCBI_Build"]) == {"GRCh37"}
    assert set(rows["Matched_Norm_Sample_Barcode"]) == {"N1"}
    assert set(rows["Variant_Classification"]) <= CLASSES
    length = rows["End_Position"] - rows["Start_Position"] + 1
    is_insertion = rows["Reference_Allele"] == "-"
    assert (length[is_insertion] == 2).all()
    assert (length[~is_insertion] == rows["Reference_Allele"][~is_insertion].str.len()).all()
    assert rows["Variant_Type"].tolist() == ["SNP", "DEL", "INS", "DNP", "INS", "SNP", "SNP",
                                             "SNP"]  # fmt: skip
    assert rows["Reference_Allele"].str.fullmatch("-|[ACGT]+").all()
    assert rows["Tumor_Seq_Allele2"].str.fullmatch("-|[ACGT]+").all()
    assert rows["HGVSp_Short"].iloc[0] == "p.V600E"
    assert rows["Entrez_Gene_Id"].eq("0").all()


@pytest.mark.parametrize("term", sorted({*NONSYNONYMOUS, *SYNONYMOUS}))
def test_the_class_of_a_term_reads_back_to_its_class(term) -> None:
    for ref, alt in (("A", "C"), ("-", "AAA"), ("AAA", "-")):
        written = classify_variant(term, ref, alt)
        assert written in CLASSES
        assert mutation_class(_back(written)) == mutation_class(term)
        assert is_coding(_back(written))


def _back(written: str) -> str:
    from storiform.model.ontology import terms_of  # noqa: PLC0415  beside its one use

    return terms_of(written)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((9, 10, "C", "T"), (10, 10, "C", "T")),
        ((9, 12, "CAT", "C"), (11, 12, "AT", "-")),
        ((9, 10, "C", "CGG"), (10, 11, "-", "GG")),
        ((9, 11, "CA", "TG"), (10, 11, "CA", "TG")),
        ((9, 12, "CAT", "CGGGG"), (11, 12, "AT", "GGGG")),
        ((9, 11, "-", "GG"), (10, 11, "-", "GG")),
        ((9, 11, "AT", "-"), (10, 11, "AT", "-")),
    ],
)
def test_alleles_lose_what_they_share(place, expected) -> None:
    assert place_alleles(*place) == expected


@pytest.mark.parametrize(
    ("protein", "coding", "kind", "expected"),
    [
        ("NP_1.2:p.(Gly12Asp)", "", "Missense_Mutation", "p.G12D"),
        ("p.Leu5%3D", "", "Silent", "p.L5="),
        ("p.Ter394Trpext*", "", "Nonstop_Mutation", "p.*394Wext*"),
        ("", "c.375+1G>T", "Splice_Site", "p.X125_splice"),
        ("", "c.376-1G>T", "Splice_Site", "p.X126_splice"),
        ("", "c.375+30G>T", "Intron", ""),
        ("", "", "Splice_Site", ""),
    ],
)
def test_changes_are_shortened(protein, coding, kind, expected) -> None:
    assert shorten_change(protein, coding, kind) == expected
    assert not re.search("Ala|Arg|Gly|Leu", shorten_change(protein, coding, kind))


def test_calls_without_alleles_are_left_out() -> None:
    calls = variants()
    calls.loc[0, "ref"] = None
    assert len(maf_rows({"T1": calls}, "GRCh38", {})) == len(CALLED) - 1
    assert maf_rows({}, "GRCh38", {}).columns.tolist() == list(COLUMNS)
