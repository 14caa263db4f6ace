"""Peptides are found in proteins exactly: at ends, over parts, with letters that are none."""

import numpy as np
import pytest

from storiform.kernels.peptides import RESIDUES, find_peptides, index_peptides


def found_in(text: str, *peptides: str) -> list[str]:
    sought = sorted(peptides)
    index = index_peptides(sought)
    found = np.zeros(len(sought), dtype=bool)
    find_peptides(np.frombuffer(text.encode(), dtype=np.uint8), index, found)
    return [peptide for peptide, is_found in zip(sought, found, strict=True) if is_found]


def test_peptides_of_one_beginning_are_told_apart() -> None:
    peptides = ("ACDEFGHI", "ACDEFGHIK", "ACDEFGHIL", "ACDEFGHIKL", "ACDEFGHIKM")
    assert found_in("MMACDEFGHIKLMM", *peptides) == ["ACDEFGHI", "ACDEFGHIK", "ACDEFGHIKL"]


def test_ends_of_the_text_count() -> None:
    assert found_in("ACDEFGHI", "ACDEFGHI", "ACDEFGHIK") == ["ACDEFGHI"]
    assert found_in("MACDEFGHIK", "ACDEFGHIK", "MACDEFGH") == ["ACDEFGHIK", "MACDEFGH"]
    assert found_in("", "ACDEFGHI") == []
    assert found_in("ACDEFGH", "ACDEFGHI") == []


@pytest.mark.parametrize("parting", ["\n", "X", "U", "*", "B", "\0"])
def test_no_peptide_runs_over_what_is_no_residue(parting: str) -> None:
    assert found_in(f"ACDE{parting}FGHI", "ACDEFGHI") == []
    assert found_in(f"ACDEFGHI{parting}KLM", "ACDEFGHI", "ACDEFGHIKLM") == ["ACDEFGHI"]


def test_what_was_found_stays_found() -> None:
    index = index_peptides(["ACDEFGHI"])
    found = np.zeros(1, dtype=bool)
    for text in (b"ACDEFGHI", b"WWWWWWWWWW"):
        find_peptides(np.frombuffer(text, dtype=np.uint8), index, found)
    assert found.all()


def test_many_peptides_of_all_lengths_are_found_where_they_stand() -> None:
    rng = np.random.default_rng(5)
    letters = np.frombuffer(RESIDUES.encode(), dtype=np.uint8)
    text = letters[rng.integers(0, 20, 20_000)].copy()
    text[::301] = ord("\n")
    whole = text.tobytes().decode()
    taken = {whole[i : i + n] for i, n in rng.integers((0, 8), (19_000, 26), (400, 2))}
    others = {p[:-1] + ("A" if p[-1] != "A" else "C") for p in taken if "\n" not in p}
    sought = [p for p in taken | others if "\n" not in p]
    assert found_in(whole, *sought) == sorted(p for p in sought if p in whole)


def test_index_refuses_what_it_cannot_hold() -> None:
    for wrong in (["ACDEFGH"], ["ACDEFGHX"], ["B" * 9], ["ACDEFGHK", "ACDEFGHI"]):
        with pytest.raises(ValueError, match="peptide"):
            index_peptides(wrong)
    with pytest.raises(ValueError, match="twice"):
        index_peptides(["ACDEFGHI", "ACDEFGHI"])
    assert len(index_peptides([]).prefixes) == 0
