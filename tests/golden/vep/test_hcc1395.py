"""Peptides of HCC1395 against a construction that shares nothing with ours but the file.

Ours reads `Amino_acids` and `Protein_position`, cuts windows about the change and looks them up
in an index. Here cyvcf2 reads the VCF, the mutant protein follows from the words of HGVS, and
what is new is the difference of two sets: all windows of the mutant protein without those of
every germline protein of the file, those of calls in introns and beside genes too.
"""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from cyvcf2 import VCF

from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.biomarkers.variants import VariantParams, variants
from storiform.io.csq_proteins import read_given_protein_changes, read_given_proteins
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning

LENGTHS = (8, 9, 10, 11)
SAMPLES = {"tumour_exome": "HCC1395_TUMOR_DNA", "normal_exome": "HCC1395_NORMAL_DNA"}
ONE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
    "Sec": "U", "Xaa": "X",
}  # fmt: skip
RESIDUE = "|".join(ONE)


class Coding(NamedTuple):
    """What VEP says of one call on one transcript, and the protein that follows from HGVS."""

    call: str
    transcript: str
    gene: str
    consequence: str
    germline: str
    mutant: str | None


def letters(words: str) -> str:
    return "".join(ONE[word] for word in re.findall(RESIDUE, words))


def protein_by_hgvs(hgvsp: str, germline: str, shifted: str) -> str | None:
    """Follow the words of HGVS; None where they do not tell a protein."""
    change = hgvsp.partition(":p.")[2].replace("%3D", "=")
    if not change or change.endswith(("=", "?")):
        return None
    if "fs" in change:
        first, place, new = re.match(rf"({RESIDUE})(\d+)({RESIDUE})", change).groups()
        length = re.search(r"fsTer(\d+)", change)
        at = int(place) - 1
        assert shifted[:at] == germline[:at]
        assert germline[at] == ONE[first]
        assert shifted[at] == ONE[new]
        assert length is None or len(shifted) == at + int(length.group(1)) - 1
        return shifted
    if "ext" in change:
        new = re.match(rf"Ter\d+({RESIDUE})ext", change).group(1)
        return germline + ONE[new]
    found = re.fullmatch(
        rf"(?:{RESIDUE})(\d+)(?:_(?:{RESIDUE})(\d+))?(del|dup|ins|delins)?((?:{RESIDUE})*)",
        change,
    )
    first, last, kind, new = found.groups()
    start, end = int(first) - 1, int(last or first)
    made = {
        "del": lambda: germline[:start] + germline[end:],
        "dup": lambda: germline[:end] + germline[start:],
        "ins": lambda: germline[: start + 1] + letters(new) + germline[start + 1 :],
    }.get(kind, lambda: germline[:start] + letters(new) + germline[end:])()
    return made.partition("*")[0]


def coding(path: Path) -> Iterator[Coding]:
    reader = VCF(str(path))
    described = reader.get_header_type("CSQ")["Description"]
    names = described.partition("Format: ")[2].rstrip('"').split("|")
    for record in reader:
        (alt,) = record.ALT
        call = f"{record.CHROM}-{record.start}-{record.end}-{record.REF}-{alt}"
        for entry in record.INFO.get("CSQ").split(","):
            cells = dict(zip(names, entry.split("|"), strict=True))
            germline = cells["WildtypeProtein"]
            if not germline or not (cells["Amino_acids"] or cells["Protein_position"]):
                continue
            shifted = cells["FrameshiftSequence"]
            hgvsp = cells["HGVSp"]
            mutant = None
            if "fs" not in hgvsp or shifted:
                mutant = protein_by_hgvs(hgvsp, germline, shifted)
            about = (call, cells["Feature"], cells["SYMBOL"], cells["Consequence"])
            yield Coding(*about, germline, mutant)


def germline_proteins(path: Path) -> set[str]:
    """Return the germline proteins of all entries, whatever the call does to them."""
    reader = VCF(str(path))
    described = reader.get_header_type("CSQ")["Description"]
    place = described.partition("Format: ")[2].rstrip('"').split("|").index("WildtypeProtein")
    found: set[str] = set()
    for record in reader:
        found |= {
            entry.split("|")[place] for entry in (record.INFO.get("CSQ") or "").split(",")
        }
    return found - {""}


def words(protein: str) -> set[str]:
    found = {protein[i : i + n] for n in LENGTHS for i in range(len(protein) - n + 1)}
    return {word for word in found if not set(word) & set("UX*")}


@pytest.fixture(scope="module")
def vcf(real_data: Path) -> Path:
    return real_data / "hcc1395" / "annotated.expression.vcf.gz"


@pytest.fixture(scope="module")
def theirs(vcf: Path) -> list[Coding]:
    return list(coding(vcf))


@pytest.fixture(scope="module")
def own_words(vcf: Path) -> set[str]:
    return set().union(*(words(protein) for protein in germline_proteins(vcf)))


@pytest.fixture(scope="module")
def unit(vcf: Path) -> SourceUnit:
    return SourceUnit("HCC1395", "HCC1395", {"vcf": vcf}, SAMPLES, "GRCh38", {})


@pytest.fixture(scope="module")
def changes(unit: SourceUnit) -> pd.DataFrame:
    return read_given_protein_changes(unit)


def test_mutant_proteins_are_those_of_hgvs(theirs: list[Coding], changes: pd.DataFrame) -> None:
    by_key = changes.set_index(["variant_ids", "transcript"])
    compared = unlike = 0
    for one in theirs:
        row = by_key.loc[(one.call, one.transcript)]
        if one.mutant is None or one.mutant == one.germline:
            compared += 1
            unlike += row["no_peptides"] == ""
            continue
        compared += 1
        if row["no_peptides"]:  # a protein that is only cut off
            unlike += not one.germline.startswith(one.mutant)
            continue
        begin = int(row["protein_position"]) - 1 - int(row["changed_start"])
        window = str(row["mutant"])
        unlike += one.mutant[begin : begin + len(window)] != window
        # What is left out of the window is that of the germline protein.
        unlike += one.mutant[:begin] != one.germline[:begin]
        behind = one.mutant[begin + len(window) :]
        unlike += not one.germline.endswith(behind)
    assert compared == len(theirs)
    assert compared > 1600
    assert unlike == 0


def test_every_record_gives_the_peptides_of_the_other_construction(
    theirs: list[Coding],
    own_words: set[str],
    unit: SourceUnit,
    changes: pd.DataFrame,
    vcf: Path,
) -> None:
    called = variants(read_vcf(vcf, SAMPLES, "GRCh38"), None, VariantParams())
    called["is_eligible"] = True
    alone = changes[~changes["variant_ids"].str.contains(";")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = peptides(
            alone, called, PeptideParams(), given_proteins=read_given_proteins(unit)
        )
    ours: dict[tuple[str, str], set[str]] = {}
    for call, gene, peptide in found[["variant_ids", "gene", "peptide"]].itertuples(
        index=False
    ):
        ours.setdefault((call, gene), set()).add(peptide)
    expected: dict[tuple[str, str], set[str]] = {}
    for one in theirs:
        new = words(one.mutant) - own_words if one.mutant else set()
        if new:
            expected.setdefault((one.call, one.gene), set()).update(new)
    assert len(expected) > 350
    assert ours == expected


def test_calls_of_one_mnv_are_one_change(changes: pd.DataFrame, vcf: Path) -> None:
    called = variants(read_vcf(vcf, SAMPLES, "GRCh38"), None, VariantParams())
    eligible = called[called["is_eligible"]]
    for contig, start in (("chr5", 177460554), ("chr6", 1930219)):
        near = eligible[
            (eligible["contig"] == contig) & (eligible["start"] - start).between(0, 1)
        ]
        assert len(near) == 1
        assert len(near["ref"].iloc[0]) == 2
    stops = changes[changes["variant_ids"].str.startswith("chr6-1930219-1930221-GA-TT")]
    assert set(stops["no_peptides"]) == {"stop_gained"}
    joint = changes[
        changes["variant_ids"] == "chr6-1930219-1930220-G-T;chr6-1930220-1930221-A-T"
    ]
    assert set(joint["no_peptides"]) == {"stop_gained"}
    assert set(joint["phase"]) == {"assumed"}


def test_no_peptide_occurs_in_a_germline_protein(
    own_words: set[str], unit: SourceUnit, changes: pd.DataFrame, vcf: Path
) -> None:
    called = variants(read_vcf(vcf, SAMPLES, "GRCh38"), None, VariantParams())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = peptides(
            changes, called, PeptideParams(), given_proteins=read_given_proteins(unit)
        )
    assert len(found) > 10_000
    assert not own_words.intersection(found["peptide"])


def test_both_plugins_for_shifted_frames_give_one_protein(
    real_data: Path, changes: pd.DataFrame
) -> None:
    """HCC1395 again, by other callers, VEP 86 and `DownstreamProtein`."""
    path = real_data / "vcf" / "hcc1395_analysis_workflows.annotated.vcf.gz"
    other = SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "TUMOR"}, "GRCh38", {})
    both = changes.assign(transcript=changes["transcript"].str.partition(".")[0]).merge(
        read_given_protein_changes(other), on=["variant_ids", "transcript"]
    )
    told = both[(both["no_peptides_x"] == "") & (both["no_peptides_y"] == "")]
    # Of another release of Ensembl are the germline proteins that differ.
    alike = told[told["wild_type_x"] == told["wild_type_y"]]
    assert len(alike) > 800
    assert len(alike) > 0.99 * len(told)
    shifted = alike[alike["consequence_x"].str.contains("frameshift")]
    assert len(shifted) >= 8
    for name in ("mutant", "changed_start", "changed_end"):
        assert (alike[f"{name}_x"] == alike[f"{name}_y"]).all(), name
    # VEP gives no residues to calls that Pindel marks with SVTYPE; one tail is refused.
    refused = both[(both["no_peptides_x"] == "") & (both["no_peptides_y"] != "")]
    assert set(refused["no_peptides_y"]) == {"no_protein_sequence", "not_parsed"}
    tails = refused[refused["no_peptides_y"] == "not_parsed"]
    assert set(tails["variant_ids"]) == {"chr1-227091905-227091907-GC-G"}
