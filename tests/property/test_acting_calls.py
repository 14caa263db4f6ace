"""Calls that do not count leave no trace in how the others of a VCF act."""

import random
from pathlib import Path

import pandas as pd
import pytest

from storiform.io.csq_proteins import read_given_protein_changes
from storiform.io.units import SourceUnit
from storiform.model.codons import code_of
from storiform.model.protein_changes import acting_changes

GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQ"
CODONS = {"E": "GAG", "I": "ATC", "V": "GTG", "Q": "CAG", "L": "CTG", "R": "CGG"}
HEAD = (
    '##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|'
    "Consequence|Feature|BIOTYPE|Protein_position|Amino_acids|Codons|WildtypeProtein"
    '">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\n'
)
PLACES = (25, 30, 31, 32, 34, 38, 61)
PHASED = ("0|1:7", "1|0:7", "1|1:7")
GENOTYPES = (*PHASED[::2], "0/1:.", "1/1:.")


def called(start: int, alt: str, genotype: str) -> tuple[tuple[str, int, int, str, str], str]:
    """Return a substitution at a coding base (0-based), and its line of a VCF."""
    codes = code_of("chr1")
    residue = GERMLINE[start // 3]
    codon = CODONS.get(residue) or next(c for c in _all() if codes.translate(c) == residue)
    place = start % 3
    ref = codon[place]
    alt = alt if alt != ref else {"A": "C", "C": "G", "G": "T", "T": "A"}[alt]
    mutated = codon[:place] + alt + codon[place + 1 :]
    became = codes.translate(mutated)
    shown = residue if became == residue else f"{residue}/{became}"
    terms = "synonymous_variant" if became == residue else "missense_variant"
    cells = [
        alt, terms, "T1", "protein_coding", str(start // 3 + 1), shown, f"{codon}/{mutated}",
        GERMLINE,
    ]  # fmt: skip
    call = ("chr1", 100 + start, 101 + start, ref, alt)
    fixed = ["chr1", str(101 + start), ".", ref, alt, ".", "PASS", f"CSQ={'|'.join(cells)}"]
    return call, "\t".join([*fixed, "GT:PS", genotype]) + "\n"


def _all() -> list[str]:
    return [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]


def acting(
    path: Path, drawn: list[tuple[tuple[str, int, int, str, str], str]], counts: list[bool]
) -> list[tuple[str, ...]]:
    """Return what acts of the calls of a file, of which some count."""
    path.write_text(HEAD + "".join(line for _, line in drawn))
    unit = SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "TUMOR"}, "GRCh38", {})
    names = ["contig", "start", "end", "ref", "alt", "is_eligible"]
    rows = [(*call, count) for (call, _), count in zip(drawn, counts, strict=True)]
    own = acting_changes(read_given_protein_changes(unit), pd.DataFrame(rows, columns=names))
    columns = ["variant_ids", "beside_ids", "mutant", "hgvsp", "no_peptides"]
    return sorted(map(tuple, own[columns].astype(str).to_numpy().tolist()))


@pytest.mark.parametrize("genotypes", [PHASED, GENOTYPES], ids=["phased", "mixed"])
@pytest.mark.parametrize("seed", range(20))
def test_calls_that_do_not_count_change_nothing_in_the_others(
    tmp_path: Path, seed: int, genotypes: tuple[str, ...]
) -> None:
    draw = random.Random(seed)  # noqa: S311  no secret
    most = draw.randint(2, 6)
    starts = sorted(
        draw.sample([3 * (place - 1) + n for place in PLACES for n in range(3)], most)
    )
    drawn = [called(s, draw.choice("ACGT"), draw.choice(genotypes)) for s in starts]
    counts = [draw.random() < 0.6 for _ in drawn]
    left = [one for one, count in zip(drawn, counts, strict=True) if count]
    path = tmp_path / "calls.vcf"
    assert acting(path, drawn, counts) == acting(path, left, [True] * len(left))
