"""Germline proteins that a VCF with VEP's Wildtype plugin carries."""

from pathlib import Path

from storiform.io.csq_proteins import read_given_proteins
from storiform.io.units import SourceUnit

GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEV"
FIELDS = (
    "Allele", "Consequence", "Feature", "BIOTYPE", "Protein_position", "Amino_acids",
    "WildtypeProtein",
)  # fmt: skip


def csq(terms: str, position: str = "", residues: str = "", **others: str) -> str:
    cells = {
        "Allele": "T", "Consequence": terms, "BIOTYPE": "protein_coding",
        "Protein_position": position, "Amino_acids": residues, "WildtypeProtein": GERMLINE,
        **others,
    }  # fmt: skip
    return "|".join(cells.get(name, "") for name in FIELDS)


def calls(folder: Path, alts: str, *entries: str) -> SourceUnit:
    """Write one record with some entries."""
    cells = [
        "chr1",
        "100",
        ".",
        "A",
        alts,
        ".",
        "PASS",
        f"CSQ={','.join(entries)}",
        "GT",
        "0/1",
    ]
    head = [
        "##fileformat=VCFv4.2",
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: {"|".join(FIELDS)}">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR",
    ]
    path = folder / "calls.vcf"
    path.write_text("\n".join([*head, "\t".join(cells)]) + "\n")
    return SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "TUMOR"}, "GRCh38", {})


def test_germline_proteins_are_each_there_once(tmp_path: Path) -> None:
    entries = (
        csq("missense_variant", "31", "E/W", Feature="ENST2"),
        csq("missense_variant", "31", "E/W", Feature="ENST1"),
        csq("missense_variant", "2", "K/W", Feature="ENST3", WildtypeProtein="MKT*"),
    )
    proteins = read_given_proteins(calls(tmp_path, "T", *entries))
    assert dict(zip(proteins["protein"], proteins["residues"], strict=True)) == {
        "ENST2": GERMLINE, "ENST3": "MKT",
    }  # fmt: skip


def test_germline_proteins_of_entries_without_a_change_are_read_too(tmp_path: Path) -> None:
    entries = (
        csq("intron_variant", Feature="ENST1", WildtypeProtein="MKTA"),
        csq("missense_variant", "31", "E/W", Allele="G", Feature="ENST2"),
        csq("downstream_gene_variant", Allele="*", Feature="ENST3", WildtypeProtein="MAY"),
    )
    proteins = read_given_proteins(calls(tmp_path, "T,G", *entries))
    assert dict(zip(proteins["protein"], proteins["residues"], strict=True)) == {
        "ENST1": "MKTA", "ENST2": GERMLINE, "ENST3": "MAY",
    }  # fmt: skip
