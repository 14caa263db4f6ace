"""From a genome and its transcripts to peptides, against splicing and cutting text by hand.

Nothing of the project is used for what is expected: the messenger is cut out of the mutated
text, read by a table typed here, and new is what no protein of the genome holds.
"""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.biomarkers.proteome import reference_proteins
from storiform.model.protein_changes import variant_id
from storiform.model.tables.proteins import PEPTIDES, PROTEIN_CHANGES
from storiform.model.tables.proteome import REFERENCE_PROTEINS
from storiform.model.transcripts import Transcript

CODONS = {
    "".join(codon): residue
    for codon, residue in zip(
        product("TCAG", repeat=3),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
}
PAIRS = str.maketrans("ACGT", "TGCA")
GENE, GENES, EXONS, GAP = 900, 12, 3, 60
LENGTHS = (8, 9, 10, 11)


class Genome:
    """One contig of text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.contigs = {"chr1": len(text)}

    def bases(self, contig: str, start: int, end: int):
        """Bases of an interval."""
        assert contig == "chr1"
        return np.frombuffer(self.text[start:end].encode(), dtype=np.uint8)

    def pieces(self, contig: str, starts, ends):
        """Bases of intervals, joined."""
        spans = zip(starts, ends, strict=True)
        return np.concatenate([self.bases(contig, int(a), int(b)) for a, b in spans])


class Models:
    """Transcripts in a list."""

    def __init__(self, transcripts: list[Transcript]) -> None:
        self.transcripts = transcripts
        self.contigs = ["chr1"]

    def overlapping(self, contig: str, start: int, end: int) -> list[Transcript]:
        """Return those that share a base with an interval."""
        assert contig == "chr1"
        return [t for t in self.transcripts if t.start < end and start < t.end]

    def __iter__(self) -> Iterator[Transcript]:
        return iter(self.transcripts)

    def __len__(self) -> int:
        return len(self.transcripts)


def invent(rng: np.random.Generator) -> tuple[Genome, Models]:
    """Lay genes of three exons one behind another, on both strands in turn."""
    sense = sorted(set(CODONS) - {"TAA", "TAG", "TGA"})
    text, transcripts = "", []
    for number in range(GENES):
        codons = "".join(rng.choice(sense, 100))
        messenger = f"ATG{codons}TAA{''.join(rng.choice(list('ACGT'), 90))}"
        is_forward = number % 2 == 0
        coding_end = 3 + len(codons) + 3
        cuts = [0, 90, 180, len(messenger)]
        exons, coding, place, laid = [], [], len(text) + GAP, ""
        parts = [messenger[a:b] for a, b in pairwise(cuts)]
        spans = [(a, min(b, coding_end)) for a, b in pairwise(cuts)]
        order = list(zip(parts, spans, cuts, strict=False))
        for part, (first, last), cut in order if is_forward else order[::-1]:
            laid += "".join(rng.choice(list("ACGT"), GAP))
            exons.append((place, place + len(part)))
            inside = (place + first - cut, place + last - cut)
            if not is_forward:
                end = place + len(part)
                inside = (end - (last - cut), end - (first - cut))
            coding.append(inside)
            laid += part if is_forward else part[::-1].translate(PAIRS)
            place += len(part) + GAP
        text += laid + "".join(rng.choice(list("ACGT"), GENE - len(laid)))
        facts = {"exons": tuple(exons), "coding": tuple(coding), "biotype": "protein_coding"}
        names = (f"T{number}", f"G{number}", f"G{number}", "chr1", is_forward)
        transcripts.append(Transcript(*names, **facts))
    return Genome(text), Models(transcripts)


def protein(text: str, transcript: Transcript, change: tuple[int, int, str] | None) -> str:
    """Read the messenger of a transcript, mutated in one of its exons, from its start on."""
    messenger = ""
    for first, last in transcript.exons:
        exon = text[first:last]
        if change is not None and first <= change[0] < last:
            start, end, alt = change
            exon = exon[: start - first] + alt + exon[end - first :]
        messenger += exon
    read = messenger if transcript.is_forward else messenger[::-1].translate(PAIRS)
    residues = (CODONS[read[i : i + 3]] for i in range(0, len(read) - 2, 3))
    return "".join(residues).partition("*")[0]


def words(sequence: str) -> set[str]:
    return {sequence[i : i + n] for n in LENGTHS for i in range(len(sequence) - n + 1)}


def drawn(rng: np.random.Generator, genome: Genome, transcript: Transcript) -> tuple:
    """Draw a call within a coding exon, away from its ends and from the start codon."""
    first, last = transcript.coding[rng.integers(0, EXONS)]
    start = int(rng.integers(first + 12, last - 20))
    kind = rng.integers(0, 3)
    ref = genome.text[start : start + (1 if kind < 2 else int(rng.integers(2, 8)))]
    if kind == 0:
        alt = rng.choice([base for base in "ACGT" if base != ref])
    else:
        alt = ref[0] + (
            "".join(rng.choice(list("ACGT"), rng.integers(1, 7))) if kind == 1 else ""
        )
    return ("chr1", start, start + len(ref), ref, str(alt))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_peptides_are_those_of_the_mutated_text(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genome, models = invent(rng)
    owners = {}
    for transcript in models:
        for _ in range(12):
            owners[drawn(rng, genome, transcript)] = transcript
    calls = pd.DataFrame(list(owners), columns=["contig", "start", "end", "ref", "alt"])
    calls = calls.sort_values(["contig", "start", "end", "ref", "alt"], ignore_index=True)
    calls["record"], calls["allele"] = np.arange(len(calls)), 0
    calls = calls.assign(
        is_eligible=True, is_nonsynonymous=False, mutation_class="", transcript="", gene="",
        set_aside="", failed_filters="", annotation="CSQ", tumour_vaf=0.3, consequence="",
        is_coding=True,
    )  # fmt: skip
    params = ConsequencesProteinsParams(joins_neighbours=False)
    changes = PROTEIN_CHANGES.conform(protein_changes(calls, models, genome, params))
    known = REFERENCE_PROTEINS.conform(reference_proteins(models, genome))
    found = PEPTIDES.conform(
        peptides(changes, calls, PeptideParams(), reference_proteins=known)
    )
    own = set().union(*(words(protein(genome.text, t, None)) for t in models))
    expected = set()
    for call, transcript in owners.items():
        _, start, end, _, alt = call
        new = words(protein(genome.text, transcript, (start, end, alt))) - own
        expected |= {(variant_id(*call), peptide) for peptide in new}
    keys = found[["variant_ids", "peptide"]].itertuples(index=False, name=None)
    assert len(expected) > 3_000
    assert set(keys) == expected


def in_frame(rng: np.random.Generator, genome: Genome, start: int) -> tuple:
    """Return a call at a base that exchanges it, or gains or loses one or two codons."""
    size = 3 * int(rng.integers(1, 3))
    kind = rng.integers(0, 3)
    ref = genome.text[start : start + (1 + size if kind == 2 else 1)]
    alt = ref[0] + "".join(rng.choice(list("ACGT"), size)) if kind == 1 else ref[0]
    if kind == 0:
        alt = str(rng.choice([base for base in "ACGT" if base != ref]))
    return ("chr1", start, start + len(ref), ref, alt)


class Copy(NamedTuple):
    """Two calls of one copy with their peptides, and proteins that are spliced by hand."""

    calls: list[tuple]
    found: pd.DataFrame
    germline: str
    alone: tuple[str, str]
    whole: str
    own: set[str]


def two_of_a_copy(seed: int) -> Copy:
    rng = np.random.default_rng(seed)
    genome, models = invent(rng)
    transcript = next(t for t in models if t.is_forward)
    first, _ = transcript.coding[0]
    place = int(rng.integers(first + 6, first + 48))
    rows = [in_frame(rng, genome, at) for at in (place, place + int(rng.integers(12, 30)))]
    calls = pd.DataFrame(rows, columns=["contig", "start", "end", "ref", "alt"]).assign(
        record=[0, 1], allele=0, is_eligible=True, is_nonsynonymous=False, mutation_class="",
        transcript="", gene="", set_aside="", failed_filters="", annotation="CSQ",
    )  # fmt: skip
    phases = calls[["record", "allele"]].assign(phase_set="S", side=1, is_homozygous=False)
    changes = PROTEIN_CHANGES.conform(
        protein_changes(
            calls, Models([transcript]), genome, ConsequencesProteinsParams(), phases=phases
        )
    )
    known = REFERENCE_PROTEINS.conform(reference_proteins(models, genome))
    found = PEPTIDES.conform(
        peptides(changes, calls, PeptideParams(), reference_proteins=known)
    )
    (_, start, end, _, alt), (_, later, behind, _, its) = rows
    both = alt + genome.text[end:later] + its

    def read(change: tuple[int, int, str] | None) -> str:
        return protein(genome.text, transcript, change)

    own = set().union(*(words(protein(genome.text, t, None)) for t in models))
    alone = read((start, end, alt)), read((later, behind, its))
    return Copy(rows, found, read(None), alone, read((start, behind, both)), own)


@pytest.mark.parametrize("seed", range(40))
def test_counterparts_beside_another_call_of_the_copy_are_in_register(seed: int) -> None:
    made = two_of_a_copy(seed)
    gains = [(len(alt) - len(ref)) // 3 for *_, ref, alt in made.calls]
    paired = made.found[made.found["wild_type_peptide"].notna()]
    for peptide, other, positions in paired[
        ["peptide", "wild_type_peptide", "mutated_positions"]
    ].itertuples(index=False):
        at = made.whole.index(peptide)
        laid = {at, at - gains[0], at - sum(gains)}
        assert other in {made.germline[n : n + len(peptide)] for n in laid if n >= 0}
        unlike = [n for n, (a, b) in enumerate(zip(peptide, other, strict=True), 1) if a != b]
        assert positions == ";".join(map(str, unlike))


@pytest.mark.parametrize("seed", range(40))
def test_each_peptide_of_a_copy_stands_once_with_all_calls_that_it_needs(seed: int) -> None:
    made = two_of_a_copy(seed)
    found = made.found
    assert found["peptide"].is_unique
    assert set(found["peptide"]) == words(made.whole) - made.own
    by_one = words(made.alone[0]) | words(made.alone[1])
    needs_both = found["partner_ids"] != ""
    assert needs_both.to_list() == [p not in by_one for p in found["peptide"]]
    first, second = (variant_id(*call) for call in made.calls)
    assert set(found.loc[needs_both, "variant_ids"]) <= {first}
    assert set(found.loc[needs_both, "partner_ids"]) <= {second}
    for ids, alone in ((first, made.alone[0]), (second, made.alone[1])):
        mine = found[~needs_both & (found["variant_ids"] == ids)]
        assert set(mine["peptide"]) <= words(alone)
