"""Proteins of an annotation: spliced, in the right code and frame, each once."""

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from storiform.biomarkers.proteome import reference_proteins, translate_transcript
from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import DataWarning
from storiform.model.tables.proteome import REFERENCE_PROTEINS
from storiform.model.transcripts import Transcript

COMPLEMENT = str.maketrans("ACGT", "TGCA")


class Genome:
    """Bases of a few contigs, given as text; what is not given is N."""

    def __init__(self, bases: Mapping[str, str]) -> None:
        self.text = bases

    @property
    def contigs(self) -> dict[str, int]:
        """Name and length."""
        return {name: len(text) for name, text in self.text.items()}

    def pieces(self, contig: str, starts: Iterable[int], ends: Iterable[int]):
        """Bases of intervals, joined."""
        spans = zip(starts, ends, strict=True)
        joined = "".join(self.text[contig][start:end] for start, end in spans)
        return np.frombuffer(joined.encode(), dtype=np.uint8)


def transcript(name: str, *coding: tuple[int, int], contig: str = "chr1", **others: object):
    facts = {"is_forward": True, **others}
    return Transcript(name, "G", "G1", contig, exons=coding, coding=coding, **facts)


def made(genome: Mapping[str, str], *transcripts: Transcript) -> dict[str, str]:
    found = REFERENCE_PROTEINS.conform(reference_proteins(list(transcripts), Genome(genome)))
    return dict(zip(found["protein"], found["residues"], strict=True))


FORWARD = "ATGAAACCCTGGTAA"


def test_coding_bases_are_spliced_and_read_to_the_stop() -> None:
    genome = {"chr1": "CC" + FORWARD[:7] + "GTAG" + FORWARD[7:] + "CC"}
    assert made(genome, transcript("T1", (2, 9), (13, 21))) == {"T1": "MKPW"}


def test_reverse_strand_is_read_from_its_own_start() -> None:
    reverse = FORWARD[::-1].translate(COMPLEMENT)
    genome = {"chr1": "CC" + reverse[:7] + "GTAG" + reverse[7:] + "CC"}
    found = made(genome, transcript("T1", (2, 9), (13, 21), is_forward=False))
    assert found == {"T1": "MKPW"}


def test_incomplete_start_is_read_from_the_first_whole_codon() -> None:
    genome = {"chr1": "GG" + FORWARD}
    assert made(genome, transcript("T1", (0, 17), phase=2, lacks_start=True)) == {"T1": "MKPW"}


def test_mitochondria_have_their_own_code() -> None:
    genome = {"chrM": "ATATGAAGA", "chr1": "ATATGAAGA"}
    rows = [transcript("M", (0, 9), contig="chrM"), transcript("N", (0, 9), lacks_start=True)]
    assert made(genome, *rows) == {"M": "MW", "N": "I"}


def test_selenocysteine_is_no_stop_where_the_annotation_says_so() -> None:
    bases = "ATGTGAAAATGACCC"
    plain = transcript("T1", (0, 15))
    marked = transcript("T1", (0, 15), selenocysteines=(3,))
    assert translate_transcript(plain, bases) == "M"
    assert translate_transcript(marked, bases) == "MUK"
    reverse = bases[::-1].translate(COMPLEMENT)
    backwards = transcript("T1", (0, 15), selenocysteines=(9,), is_forward=False)
    assert translate_transcript(backwards, reverse) == "MUK"


def test_equal_proteins_are_there_once() -> None:
    genome = {"chr1": FORWARD * 2, "chr2": FORWARD}
    rows = [
        transcript("T1", (0, 15)),
        transcript("T2", (15, 30)),
        transcript("T1", (0, 15), contig="chr2"),
        transcript("T3"),
    ]
    rows[3] = Transcript("T3", "G", "G1", "chr1", True, ((0, 30),))  # noqa: FBT003  codes for nothing
    assert made(genome, *rows) == {"T1": "MKPW"}


def test_transcripts_outside_of_the_fasta_are_told() -> None:
    rows = [
        transcript("T1", (0, 15)),
        transcript("T2", (0, 15), contig="chr9"),
        transcript("T3", (9, 24)),
    ]
    with pytest.warns(DataWarning, match="2 coding transcripts .* does not have"):
        assert made({"chr1": FORWARD}, *rows) == {"T1": "MKPW"}


def test_bases_of_another_build_are_told() -> None:
    rng = np.random.default_rng(2)
    text = "".join(rng.choice(list("ACGT"), 900))
    rows = [transcript(f"T{n}", (n * 30, n * 30 + 30)) for n in range(30)]
    with pytest.warns(
        DataWarning, match="begin with methionine: .* mostly N, or another build"
    ):
        made({"chr1": text}, *rows)


def test_annotation_without_coding_bases_is_told() -> None:
    bare = Transcript("T", "G", "G1", "chr1", True, ((0, 9),))  # noqa: FBT003
    with pytest.warns(DataWarning, match="no CDS"):
        assert made({"chr1": FORWARD}, bare) == {}


def test_an_annotation_with_no_contig_of_the_fasta_is_not_said_to_lack_cds() -> None:
    with pytest.warns(DataWarning) as told:
        assert made({"chr1": FORWARD}, transcript("T1", (0, 15), contig="chr9")) == {}
    texts = [str(one.message) for one in told]
    assert any("none lies where the FASTA has bases" in text for text in texts)
    assert not any("no CDS" in text for text in texts)


def fasta(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    with gzip.open(path, "rt") as file:
        entries = file.read().split(">")[1:]
    for entry in entries:
        head, *lines = entry.split("\n")
        words = head.split()
        name = next((w[11:] for w in words if w.startswith("transcript:")), words[0])
        found[name] = "".join(lines)
    return found


def test_proteins_of_ensembl_are_those_that_it_publishes(real_data: Path) -> None:
    """46 loci: the genome is laid out from Ensembl's cDNA, the truth is its own translation."""
    folder = real_data / "osteosarcoma_cc0"
    models = read_transcript_models(folder / "ref_reference.gtf.gz")
    spliced = fasta(folder / "ref_reference.cdna.fa.gz")
    published = fasta(folder / "ref_reference.pep.fa.gz")
    compared = 0
    for one in models:
        if one.name not in published or one.name not in spliced:
            continue
        bases = spliced[one.name]
        forward = bases if one.is_forward else bases[::-1].translate(COMPLEMENT)
        places = np.concatenate([np.arange(start, end) for start, end in one.exons])
        inside = np.zeros(len(places), dtype=bool)
        for start, end in one.coding:
            inside |= (places >= start) & (places < end)
        coding = "".join(base for base, is_in in zip(forward, inside, strict=True) if is_in)
        # Ensembl writes X for an incomplete first codon; ours begins behind it.
        expected = published[one.name].lstrip("X").rstrip("*")
        assert translate_transcript(one, coding) == expected, one.name
        compared += 1
    assert compared >= 140
