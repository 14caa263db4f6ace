"""Expression that a VCF carries as pVACseq reads it."""

from pathlib import Path

import pytest

from storiform.io.units import SourceUnit
from storiform.io.vcf_expression import read_vcf_expression

CSQ = 'ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL|Gene|Feature"'


def unit(folder: Path, *cells: str, head: str = "ID=GX") -> SourceUnit:
    """Write records whose tumour, the second sample, has such a GX."""
    info = (
        "CSQ=T|missense_variant|TP53|ENSG00000141510|ENST1,T|intron_variant|WRAP53|ENSG7|ENST2"
    )
    lines = [
        "##fileformat=VCFv4.2", f"##INFO=<{CSQ}>", f"##FORMAT=<{head},Number=.,Type=String>",
        "##tumor_sample=T", "##normal_sample=N",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tN\tT",
    ]  # fmt: skip
    for place, value in enumerate(cells, 100):
        keys = "GT:GX" if value else "GT"
        sample = f"0/1:{value}" if value else "0/1"
        lines.append(f"chr1\t{place}\t.\tA\tT\t.\tPASS\t{info}\t{keys}\t0/0:NO|9\t{sample}")
    path = folder / "calls.vcf"
    path.write_text("\n".join(lines) + "\n")
    return SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "T"}, "GRCh38", {})


def read(unit: SourceUnit) -> dict[str, float]:
    rows = read_vcf_expression(unit)
    return dict(zip(rows["gene"], rows["tpm"], strict=True))


def test_genes_of_the_tumour_are_read_each_once(tmp_path: Path) -> None:
    assert read(unit(tmp_path, "TP53|3.5,WRAP53|0.0", "", "TP53|8")) == {
        "TP53": 3.5, "WRAP53": 0.0,
    }  # fmt: skip


def test_genes_named_by_id_get_the_symbol_of_the_annotation(tmp_path: Path) -> None:
    found = read(unit(tmp_path, "ENSG00000141510.18|3.5,ENSG7|1,ENSG00000000003|2"))
    assert found == {"TP53": 3.5, "WRAP53": 1.0, "ENSG00000000003": 2.0}


@pytest.mark.parametrize("cell", [".", "TP53", "TP53|.", "TP53|nan", "TP53|-1", "|3", "1.5"])
def test_what_is_no_expression_is_passed_over(tmp_path: Path, cell: str) -> None:
    assert read(unit(tmp_path, cell)) == {}


def test_file_without_the_field_gives_nothing(tmp_path: Path) -> None:
    assert read(unit(tmp_path, "TP53|3", head="ID=TX")) == {}


def test_values_of_hcc1395_are_read(real_data: Path) -> None:
    path = real_data / "hcc1395" / "annotated.expression.vcf.gz"
    samples = {"tumour_exome": "HCC1395_TUMOR_DNA", "normal_exome": "HCC1395_NORMAL_DNA"}
    found = read(SourceUnit("B", "P", {"vcf": path}, samples, "GRCh38", {}))
    assert found["TP53"] == pytest.approx(165.031873331811)
    assert found["HLA-F"] == pytest.approx(74.25103087669373)
    assert found["RPL23AP1"] == pytest.approx(2.82555897580274)
