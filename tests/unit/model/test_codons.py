"""Genetic codes against the tables as NCBI prints them."""

from itertools import product

import pytest

from storiform.model.codons import (
    MITOCHONDRIAL,
    STANDARD,
    THREE_LETTERS,
    code_of,
    reverse_complement,
)

# The five lines by which NCBI gives a code, here those of tables 1 and 2.
BASE_1 = "TTTTTTTTTTTTTTTTCCCCCCCCCCCCCCCCAAAAAAAAAAAAAAAAGGGGGGGGGGGGGGGG"
BASE_2 = "TTTTCCCCAAAAGGGGTTTTCCCCAAAAGGGGTTTTCCCCAAAAGGGGTTTTCCCCAAAAGGGG"
BASE_3 = "TCAG" * 16
RESIDUES = {
    1: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
    2: "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
}


@pytest.mark.parametrize("code", [STANDARD, MITOCHONDRIAL])
@pytest.mark.parametrize("repeats", [1, 20])
def test_every_codon_is_read_as_ncbi_prints_it(code, repeats) -> None:
    for bases in zip(BASE_1, BASE_2, BASE_3, RESIDUES[code.number], strict=True):
        codon, residue = "".join(bases[:3]), bases[3]
        assert code.translate(codon * repeats) == residue * repeats
        assert code.translate(codon.lower() * repeats) == residue * repeats


@pytest.mark.parametrize("repeats", [1, 20])
def test_codon_with_an_unknown_base_is_unknown(repeats) -> None:
    for codon in ("".join(c) for c in product("ACGTN", repeat=3)):
        expected = "X" if "N" in codon else STANDARD.table[codon]
        assert STANDARD.translate(codon * repeats) == expected * repeats


def test_part_of_a_codon_is_not_read() -> None:
    assert STANDARD.translate("ATGA") == "M"
    assert STANDARD.translate("AT") == STANDARD.translate("") == ""


def test_protein_ends_with_its_first_stop() -> None:
    assert STANDARD.translate_to_stop("ATGTAAATG") == "M*"
    assert STANDARD.translate_to_stop("ATGATG") == "MM"


def test_starts_are_codons_and_residues_have_names() -> None:
    for code in (STANDARD, MITOCHONDRIAL):
        assert code.starts <= set(code.table)
        assert set(code.residues) <= set(THREE_LETTERS)


def test_only_mitochondria_have_their_own_code() -> None:
    assert code_of("chrM") is MITOCHONDRIAL
    assert code_of("chrX") is STANDARD


def test_other_strand_is_read_from_its_own_end() -> None:
    assert reverse_complement("AACGTN") == "NACGTT"
