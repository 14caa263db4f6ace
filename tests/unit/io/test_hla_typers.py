"""Results of other typers, named in the column `hla` of the sample sheet."""

from pathlib import Path

import pytest

from storiform.io.hla_alleles import read_hla_types
from storiform.io.sheets import read_cohort
from storiform.io.units import SourceUnit

OPTITYPE = (
    "\tA1\tA2\tB1\tB2\tC1\tC2\tReads\tObjective\n"
    "0\tA*01:01\tA*03:01\tB*07:02\tB*39:01\tC*01:02\tC*08:01\t1522.0\t1478.58\n"
)
LILAC = (
    "Allele\tRefTotal\tRefUnique\tRefShared\tRefWild\tTumorTotal\tTumorCopyNumber\n"
    + "".join(
        f"{allele}\t640\t210\t430\t0\t0\t0.0\n"
        for allele in ("A*01:01", "A*03:01", "B*07:02", "B*39:01", "C*01:02", "C*08:01")
    )
)
HLA_HD = (
    "A\tHLA-A*01:01:01\tHLA-A*03:01:01\nB\tHLA-B*07:02:01\tHLA-B*39:01:01\n"
    "C\tHLA-C*01:02:01\tHLA-C*08:01:01\nDRB3\tNot typed\tNot typed\nDPB2\t-\t-\n"
)
ARCASHLA = (
    '{"A": ["A*01:01:01", "A*03:01:01"], "B": ["B*39:01:01", "B*07:02:01"], '
    '"C": ["C*08:01:01", "C*01:02:01"]}'
)
T1K = (
    "HLA-A\t2\tHLA-A*01:01:01\t303.0\t60\tHLA-A*03:01:01\t280.1\t60\tHLA-A*03:01:07,0.1,-1\n"
    "HLA-B\t2\tHLA-B*07:02:01,HLA-B*07:61\t150.1\t60\tHLA-B*39:01:01\t99.0\t60\t\n"
    "HLA-C\t2\tHLA-C*01:02:01\t150.1\t60\tHLA-C*08:01:01\t99.0\t60\tHLA-C*08:22;HLA-C*08:03\n"
    "HLA-DRB9\t0\t.\t0\t-1\t.\t0\t-1\t\n"
)
ALLELES = [
    "HLA-A*01:01", "HLA-A*03:01", "HLA-B*07:02", "HLA-B*39:01", "HLA-C*01:02", "HLA-C*08:01",
]  # fmt: skip


def types_in(folder: Path, name: str, text: str) -> list[str]:
    """Return the alleles of a patient whose cell names a file with this text."""
    (folder / "a.vcf").write_text("x")
    (folder / name).write_text(text)
    sheet = folder / "samples.tsv"
    row = f"P1\tS1\t1\tt1\ta.vcf\t{name}"
    sheet.write_text(f"patient\tsample\tstatus\ttimepoint\tvcf\thla\n{row}\n")
    (sample,) = read_cohort(sheet, None, "GRCh38").cohort.samples
    unit = SourceUnit("B1", "P1", {}, {}, "GRCh38", {"hla": sample.notes["hla"]})
    return read_hla_types(unit).dropna(subset="allele")["allele"].tolist()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("S1_result.tsv", OPTITYPE), ("S1.lilac.tsv", LILAC), ("S1_final.result.txt", HLA_HD),
        ("S1.genotype.json", ARCASHLA), ("S1_genotype.tsv", T1K),
    ],
)  # fmt: skip
def test_the_results_of_other_typers_give_the_alleles(tmp_path, name, text) -> None:
    assert types_in(tmp_path, name, text) == ALLELES


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("S1_result.tsv", "\tA1\tA2\tReads\n0\tA*02:01\tA*02:01\t1522.0\n"),
        ("S1.lilac.tsv", "Allele\tRefTotal\nA*02:01\t640\nA*02:01\t640\n"),
        ("S1_final.result.txt", "A\tHLA-A*02:01:01\t-\n"),
        ("S1.genotype.json", '{"A": ["A*02:01:01"]}'),
        ("S1_genotype.tsv", "HLA-A\t1\tHLA-A*02:01:01\t303\t60\t.\t0\t-1\tHLA-A*02:30,0,-1\n"),
        ("S1_genotype.tsv", "HLA-A\t1\tHLA-A*02:01:01\t303.0\t60\t.\t0\t-1\n"),
        ("winners.hla.txt", "HLA-A\thla_a_02_01_01_01\thla_a_02_01_01_01\n"),
    ],
)  # fmt: skip
def test_a_homozygous_gene_has_one_allele_twice(tmp_path, name, text) -> None:
    """Each typer says so: one allele alone would mean that the other is not known."""
    assert types_in(tmp_path, name, text) == ["HLA-A*02:01"] * 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("S1_final.result.txt", "DRB4\tHLA-DRB4*01:03:01\t-\n"),
        ("S1.genotype.json", '{"DRB4": ["DRB4*01:03:01"]}'),
        ("S1_genotype.tsv", "HLA-DRB4\t1\tHLA-DRB4*01:03:01\t33.0\t60\t.\t0\t-1\t\n"),
    ],
)
def test_a_gene_that_not_all_chromosomes_have_is_told_once(tmp_path, name, text) -> None:
    assert types_in(tmp_path, name, text) == ["HLA-DRB4*01:03"]


def test_an_allele_of_t1k_without_quality_is_ignored(tmp_path) -> None:
    text = "HLA-A\t2\tHLA-A*02:01:01\t303.0\t60\tHLA-A*03:01:01\t2.0\t0\t\n"
    assert types_in(tmp_path, "S1_genotype.tsv", text) == ["HLA-A*02:01"]
