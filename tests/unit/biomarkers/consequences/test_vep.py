"""Terms, codons and positions against what VEP 105 wrote of HCC1395.

There is no human genome at hand, so each row of VEP gets a genome of its own: the codons that
it names, and about them some codons of the protein that its plugin names.
"""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from invented_transcripts import TABLE, Genome, Models, complement, random_bases

from storiform.biomarkers.consequences.effects import Annotator, Effect
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.biomarkers.consequences.splicing import intron_hits
from storiform.model.transcripts import Transcript

CODON = {residue: codon for codon, residue in TABLE.items()} | {"U": "TGA"}
EDGE = random_bases(np.random.default_rng(0), 60)
INTRON = 1_000_000
MARKS = {
    "NMD_transcript_variant", "non_coding_transcript_variant",
    "non_coding_transcript_exon_variant",
}  # fmt: skip

Row = tuple[str, str, dict[str, str]]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield REF, ALT and VEP's fields of every transcript of a VCF."""
    names: list[str] = []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith("##INFO=<ID=CSQ"):
                names = line.split("Format: ")[1].rstrip('">\n').split("|")
            if line.startswith("#"):
                continue
            fields = line.rstrip("\n").split("\t")
            info = dict(part.partition("=")[::2] for part in fields[7].split(";"))
            for entry in info.get("CSQ", "").split(","):
                if "," not in fields[4]:
                    yield fields[3], fields[4], dict(zip(names, entry.split("|"), strict=False))


@pytest.fixture(scope="module")
def vep(real_data: Path) -> list[Row]:
    return list(rows_of(real_data / "hcc1395" / "annotated.expression.vcf.gz"))


def remade(row: Row) -> Effect | None:
    """Return our effect for a row of VEP, None where it tells too little of the bases."""
    ref, alt, told = row
    where = [
        re.fullmatch(r"(\d+)(?:-(\d+))?", told[f"{n}_position"]) for n in ("Protein", "CDS")
    ]
    if "/" not in told["Codons"] or not told["WildtypeProtein"] or None in where:
        return None
    residue, base = (int(found[1]) - 1 for found in where if found)
    last = int(where[1][2] or where[1][1]) if where[1] else 0
    before = told["Codons"].split("/")[0].upper().replace("-", "")
    codons = [CODON.get(r, "NNN") for r in told["WildtypeProtein"].rstrip("*")] + ["TAA"]
    codons[residue : residue + len(before) // 3] = re.findall("...", before)
    coding = "".join(codons)
    if len(ref) != len(alt) and ref[0] == alt[0]:
        ref, alt = ref[1:], alt[1:]
    if told["STRAND"] == "-1":
        ref, alt = complement(ref), complement(alt)
    start = len(EDGE) + base + (not ref)
    text = EDGE + coding + EDGE
    if text[start : start + len(ref)] != ref or last < base:
        return None
    is_open = "cds_end_NF" in told["FLAGS"]
    transcript = Transcript(
        told["Feature"], told["SYMBOL"], told["Gene"], "chr1", is_forward=True,
        exons=((0, len(text)),),
        coding=((len(EDGE), len(EDGE) + len(coding) - 3 * is_open),),
        biotype=told["BIOTYPE"], protein=told["HGVSp"].partition(":")[0],
        lacks_start="cds_start_NF" in told["FLAGS"], lacks_end=is_open,
    )  # fmt: skip
    annotator = Annotator(Models(transcript), Genome({"chr1": text}))
    anchor = text[start - 1]
    return annotator.effects("chr1", start - 1, anchor + ref, anchor + alt)[0]


def test_coding_rows_of_vep_are_told_alike(vep) -> None:
    compared = named = 0
    for row in vep:
        found, told = remade(row), row[2]
        if found is None:
            continue
        # A genome of one exon has no splice sites.
        terms = {term for term in told["Consequence"].split("&") if "splice" not in term}
        assert set(found.consequence.split("&")) == terms, told
        assert found.amino_acids == told["Amino_acids"]
        assert found.codons == told["Codons"]
        assert found.protein_position == told["Protein_position"]
        assert found.cds_position == told["CDS_position"]
        compared += 1
        # What follows a shift, or a lost stop, hangs on bases that VEP does not tell.
        if "frameshift" not in found.consequence and "stop_lost" not in found.consequence:
            assert found.hgvsp == told["HGVSp"].replace("%3D", "="), told
            named += 1
    assert compared > 1500
    assert named > 1500


def intronic(told: str) -> int | None:
    """Return the place of a base of an intron between exons [0, 1000) and behind INTRON."""
    found = re.fullmatch(r"[-*]?\d+([+-])(\d+)", told)
    if found is None:
        return None
    distance = int(found[2])
    return 999 + distance if found[1] == "+" else 1000 + INTRON - distance


def test_intronic_rows_of_vep_are_told_alike(vep) -> None:
    transcript = Transcript(
        "T", "G", "G", "chr1", is_forward=True,
        exons=((0, 1000), (1000 + INTRON, 2000 + INTRON)),
    )  # fmt: skip
    spliced = Spliced(transcript, Genome({}))
    compared = 0
    for _, _, told in vep:
        name = told["HGVSc"].partition(":")[2]
        found = re.fullmatch(
            r"[cn]\.([^_]+?)(?:_([^_]+?))?(?:[ACGT]>[ACGT]|(del|dup|ins).*)", name
        )
        if found is None:
            continue
        ends = [intronic(found[1]), intronic(found[2] or found[1])]
        if None in ends or told["cDNA_position"]:
            continue  # VEP looked at it where it lies in an exon
        offset = int(told["HGVS_OFFSET"] or 0)
        first, last = (end - offset for end in ends if end is not None)
        start, end = first, last + 1
        if found[3] in {"dup", "ins"}:
            start = end = last + (found[3] == "dup")
        if start < 1000 + INTRON // 2 < end:
            continue  # from one exon to the next
        assert set(intron_hits(spliced, start, end).terms) == (
            set(told["Consequence"].split("&")) - MARKS
        ), told
        compared += 1
    assert compared > 3000
