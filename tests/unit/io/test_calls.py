"""Calls are read whether or not their file says what they do; a cut file is refused."""

import warnings
from pathlib import Path

import pytest

from storiform.io.calls import read_calls
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError

HEAD = """##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
"""
CSQ = '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL">\n'
NAMES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tT\n"


def read(path: Path):
    samples = {"tumour_exome": "T"}
    return read_calls(SourceUnit("P1", "P1", {"vcf": path}, samples, "GRCh38", {}))


def record(position: int, info: str) -> str:
    return f"chr1\t{position}\t.\tA\tC\t.\tPASS\t{info}\tAD:DP\t30,20:50\n"


def test_vcf_without_consequences_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bare.vcf"
    path.write_text(HEAD + NAMES + record(100, "SOMATIC") + record(200, "."))
    assert list(read(path)["annotation"]) == ["none", "none"]


def test_consequences_whose_header_line_is_lost_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "lost.vcf"
    path.write_text(HEAD + NAMES + record(100, "CSQ=C|missense_variant|TP53"))
    expected = r"lost\.vcf: found CSQ in 1 record, expected a line ##INFO=<ID=CSQ.* Annotate"
    with pytest.warns(DataWarning, match=expected):
        assert list(read(path)["annotation"]) == ["none"]


def test_a_header_that_names_no_cell_of_the_consequence_is_told(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.vcf"
    head = HEAD + CSQ.replace("Consequence|", "Consequ nce|", 1)
    path.write_text(head + NAMES + record(100, "CSQ=C|missense_variant|TP53"))
    with pytest.warns(DataWarning, match=r"found CSQ in 1 record"):
        assert list(read(path)["annotation"]) == ["none"]


def test_calls_with_and_without_consequence_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "some.vcf"
    good = record(100, "CSQ=C|missense_variant|TP53")
    path.write_text(HEAD + CSQ + NAMES + good + record(200, "."))
    assert list(read(path)["annotation"]) == ["CSQ", "none"]


def test_vcf_without_any_call_is_a_burden_of_zero(tmp_path: Path) -> None:
    path = tmp_path / "empty.vcf"
    path.write_text(HEAD + NAMES)
    with pytest.warns(DataWarning, match=r"empty\.vcf: no calls: the biopsy counts as one"):
        assert read(path).empty


def test_vcf_that_was_cut_in_its_last_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.vcf"
    text = HEAD + CSQ + NAMES + record(100, "CSQ=C|missense_variant|TP53")
    path.write_text(text[:-4])
    with pytest.raises(InputError, match=r"cut\.vcf, line 5: found no line end"):
        read(path)


@pytest.mark.parametrize(
    ("column", "is_told"),
    [
        ("T", False), ("P1", False), ("p1", False), ("P1_tumour_dna", False), ("TUMOR", False),
        ("dna.P1-T", False), ("P10", True), ("P9_T9", True), ("PT", True),
    ],
)  # fmt: skip
def test_a_tumour_that_bears_the_name_of_somebody_else_is_told(
    column: str, is_told: object, tmp_path: Path
) -> None:
    path = tmp_path / "calls.vcf"
    line = f"##tumor_sample={column}\n"
    names = NAMES.replace("FORMAT\tT\n", f"FORMAT\t{column}\n")
    path.write_text(HEAD + line + names + record(100, "."))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert len(read(path)) == 1
    told = [str(w.message) for w in caught]
    assert [text.startswith("VCF whose tumour bears no name") for text in told] == (
        [True] if is_told else []
    )
