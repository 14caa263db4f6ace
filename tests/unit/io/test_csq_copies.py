"""Calls of a VCF with VEP's proteins that lie on both copies of a transcript."""

from pathlib import Path

import pandas as pd
import pytest

from storiform.io.csq_proteins import read_given_protein_changes
from storiform.io.units import SourceUnit
from storiform.model.protein_changes import acting_changes

GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQ"
FIRST, SECOND, THIRD = (f"chr1-{at}-{at + 1}-G-T" for at in (99, 105, 111))
RESIDUES = (("31", "E/C"), ("33", "Q/W"), ("35", "P/W"))
HEAD = (
    '##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|'
    'Consequence|Feature|BIOTYPE|Protein_position|Amino_acids|WildtypeProtein">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\n"
)


def acting(folder: Path, *genotypes: dict[str, str], failed: str = "") -> list[tuple[str, str]]:
    """Return calls and those beside them of the changes that act; one call may have failed."""
    text, calls = HEAD, []
    for n, sample in enumerate(genotypes):
        cells = "|".join(
            ["T", "missense_variant", "T1", "protein_coding", *RESIDUES[n], GERMLINE]
        )
        start = 99 + 6 * n
        fixed = ["chr1", str(start + 1), ".", "G", "T", ".", "PASS", f"CSQ={cells}"]
        text += "\t".join([*fixed, ":".join(sample), ":".join(sample.values())]) + "\n"
        is_eligible = f"chr1-{start}-{start + 1}-G-T" != failed
        calls.append(("chr1", start, start + 1, "G", "T", is_eligible))
    path = folder / "calls.vcf"
    path.write_text(text)
    unit = SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "TUMOR"}, "GRCh38", {})
    names = ["contig", "start", "end", "ref", "alt", "is_eligible"]
    own = acting_changes(read_given_protein_changes(unit), pd.DataFrame(calls, columns=names))
    return sorted(zip(own["variant_ids"], own["beside_ids"], strict=True))


@pytest.mark.parametrize("other", [{"GT": "0/1"}, {"GT": "0|1", "PS": "7"}])
def test_call_of_both_copies_acts_with_and_without_the_other(
    tmp_path: Path, other: dict[str, str]
) -> None:
    told = acting(tmp_path, {"GT": "1/1"}, other)
    assert told == sorted([(FIRST, ""), (FIRST, SECOND), (SECOND, FIRST)])


def test_two_calls_of_both_copies_act_together_alone(tmp_path: Path) -> None:
    both = {"GT": "1/1"}
    assert acting(tmp_path, both, both) == sorted([(FIRST, SECOND), (SECOND, FIRST)])
    told = acting(tmp_path, both, both, {"GT": "0/1"})
    assert (FIRST, SECOND) in told
    assert (FIRST, f"{SECOND};{THIRD}") in told
    assert (FIRST, "") not in told
    assert (THIRD, "") not in told


def test_call_of_both_copies_goes_with_those_of_each(tmp_path: Path) -> None:
    one, other = {"GT": "0|1", "PS": "7"}, {"GT": "1|0", "PS": "7"}
    told = acting(tmp_path, one, {"GT": "1/1"}, other)
    assert told == sorted([(FIRST, SECOND), (SECOND, FIRST), (SECOND, THIRD), (THIRD, SECOND)])


def test_two_calls_are_not_joined_by_one_of_both_copies(tmp_path: Path) -> None:
    told = acting(tmp_path, {"GT": "0/1"}, {"GT": "1/1"}, {"GT": "0/1"})
    joint = [(FIRST, SECOND), (SECOND, ""), (SECOND, FIRST), (SECOND, THIRD), (THIRD, SECOND)]
    assert told == sorted(joint)


def test_call_of_both_copies_acts_alone_on_the_copy_whose_other_call_does_not_count(
    tmp_path: Path,
) -> None:
    one, other = {"GT": "0|1", "PS": "7"}, {"GT": "1|0", "PS": "7"}
    told = acting(tmp_path, one, {"GT": "1/1"}, other, failed=THIRD)
    assert told == sorted([(FIRST, SECOND), (SECOND, FIRST), (SECOND, "")])
    told = acting(tmp_path, one, {"GT": "1/1"}, other, failed=SECOND)
    assert told == sorted([(FIRST, ""), (THIRD, "")])


def test_calls_of_one_copy_act_together_where_a_third_does_not_count(tmp_path: Path) -> None:
    one = {"GT": "0|1", "PS": "7"}
    told = acting(tmp_path, one, one, one, failed=THIRD)
    assert told == sorted([(FIRST, SECOND), (SECOND, FIRST)])
    told = acting(tmp_path, one, one, {"GT": "1/1"}, failed=THIRD)
    assert told == sorted([(FIRST, SECOND), (SECOND, FIRST)])
    told = acting(tmp_path, one, one, {"GT": "1/1"}, failed=FIRST)
    assert told == sorted([(SECOND, THIRD), (THIRD, SECOND), (THIRD, "")])


def test_two_calls_of_both_copies_act_together_where_a_third_does_not_count(
    tmp_path: Path,
) -> None:
    both, other = {"GT": "1/1"}, {"GT": "0/1"}
    told = acting(tmp_path, both, other, both, failed=SECOND)
    assert told == sorted([(FIRST, THIRD), (THIRD, FIRST)])
