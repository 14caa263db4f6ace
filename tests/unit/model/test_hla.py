"""Names of HLA alleles: every way to write one, and what is no allele."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.model.hla import REASONS, read_hla_name, read_hla_names


@pytest.mark.parametrize(
    ("written", "allele"),
    [
        ("A*02:01", "HLA-A*02:01"),
        ("HLA-A*02:01", "HLA-A*02:01"),
        ("hla-a*02:01", "HLA-A*02:01"),
        ("HLA-A02:01", "HLA-A*02:01"),
        ("HLA-A0201", "HLA-A*02:01"),
        ("A0201", "HLA-A*02:01"),
        ("A*0201", "HLA-A*02:01"),
        ("A*020101", "HLA-A*02:01"),
        ("A*02010102L", "HLA-A*02:01"),
        ("A*02:01:01:02L", "HLA-A*02:01"),
        ("A*02:01:01G", "HLA-A*02:01"),
        ("A*02:01P", "HLA-A*02:01"),
        ("A*02:101", "HLA-A*02:101"),
        ("A02101", "HLA-A*02:101"),
        ("B*15:100", "HLA-B*15:100"),
        ("B*07:1000", "HLA-B*07:1000"),
        ("Cw*0304", "HLA-C*03:04"),
        ("Cw0304", "HLA-C*03:04"),
        ("hla_c_07_02_01_03", "HLA-C*07:02"),
        ("HLA-E*01:03", "HLA-E*01:03"),
        ("DRB1*15:01", "HLA-DRB1*15:01"),
        ("DRB1_1501", "HLA-DRB1*15:01"),
        ("HLA-DRB11501", "HLA-DRB1*15:01"),
        ("DPB1*104:01", "HLA-DPB1*104:01"),
        ("A*02:01:01/02:01:02", "HLA-A*02:01"),
        ('"A*02:01"', "HLA-A*02:01"),
    ],
)
def test_names_become_two_fields(written: str, allele: str) -> None:
    found = read_hla_name(written)
    assert (found.allele, found.reason, found.written) == (allele, "", written)
    assert found.gene == allele.removeprefix("HLA-").partition("*")[0]


@pytest.mark.parametrize(
    ("written", "gene", "reason"),
    [
        ("A*24", "A", "low_resolution"),
        ("A*02:XX", "A", "low_resolution"),
        ("DRB1*15", "DRB1", "low_resolution"),
        ("A2", "A", "serological"),
        ("B27", "B", "serological"),
        ("Cw3", "C", "serological"),
        ("Bw4", "", "serological"),
        ("DR15", "", "serological"),
        ("A*02:ANGA", "A", "ambiguous"),
        ("A*02:01/02:09", "A", "ambiguous"),
        ("A*02:01/A*02:09", "A", "ambiguous"),
        ("A*24:09N", "A", "null_allele"),
        ("DRB4*01:03:01:02N", "DRB4", "null_allele"),
        ("B*44:02:01:02S", "B", "not_on_surface"),
        ("H-2-Kb", "", "non_human"),
        ("H2-Kb", "", "non_human"),
        ("DLA-88*501:01", "", "non_human"),
        ("Mamu-A1*001:01", "", "non_human"),
        ("Patr-A*01:01", "", "non_human"),
        ("X*01:01", "", "unknown_gene"),
        ("DPB1*10401", "DPB1", "not_a_name"),
        ("A*02:01:01:01:01", "A", "not_a_name"),
        ("A*01:01Z", "A", "not_a_name"),
        ("B*7:2", "B", "not_a_name"),
        ("nonsense", "", "not_a_name"),
        ("A", "", "not_a_name"),
    ],
)
def test_what_tells_no_allele_has_a_reason(written: str, gene: str, reason: str) -> None:
    assert read_hla_name(written) == (gene, "", written, reason)
    assert reason in REASONS


@pytest.mark.parametrize("text", ["not typed", "ND", "?;?", "not_done", " "])
def test_words_for_nothing_known_are_no_names(text: str) -> None:
    assert read_hla_names(text) == ()


def test_cell_may_part_names_in_any_way_and_hold_pairs_of_class_ii() -> None:
    text = "A*02:01, A*24:02;B*07:02\tB*08:01 | NA . DPA1*01:03/DPB1*02:01"
    found = [name.allele for name in read_hla_names(text)]
    assert found == [
        "HLA-A*02:01", "HLA-A*24:02", "HLA-B*07:02", "HLA-B*08:01", "HLA-DPA1*01:03",
        "HLA-DPB1*02:01",
    ]  # fmt: skip
    pair = [name.allele for name in read_hla_names("HLA-DQA10102-DQB10602")]
    assert pair == ["HLA-DQA1*01:02", "HLA-DQB1*06:02"]
    string = [name.allele for name in read_hla_names("HLA-A*02:01+HLA-A*24:02^HLA-B*07:02")]
    assert string == ["HLA-A*02:01", "HLA-A*24:02", "HLA-B*07:02"]
    assert read_hla_names("") == read_hla_names(" ; ") == ()


@given(st.text(max_size=30))
def test_any_text_gives_an_allele_or_a_reason(text: str) -> None:
    for name in read_hla_names(text):
        assert bool(name.allele) != bool(name.reason)


@given(
    st.sampled_from(["A", "B", "C", "DRB1", "DQB1", "E"]),
    st.integers(1, 99),
    st.integers(1, 9999),
)
def test_two_fields_are_read_as_they_are(gene: str, first: int, second: int) -> None:
    allele = f"HLA-{gene}*{first:02d}:{second:02d}"
    assert read_hla_name(allele).allele == allele
    assert read_hla_name(allele.removeprefix("HLA-")).allele == allele
    assert read_hla_name(f"{allele}:01").allele == allele
