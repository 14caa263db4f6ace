"""Windows of mutant proteins, of which peptides are cut, against a plain translation."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from _consequence_genome import Genome, invented, real_piece, variants, vcf_lines
from _consequence_truth import PlainEffects, Truth, plain_transcripts

from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.io.fasta import read_fasta
from storiform.io.transcripts import read_transcript_models
from storiform.io.vcf import read_vcf
from storiform.model.protein_changes import variant_id
from storiform.model.tables.proteins import FLANK, PROTEIN_CHANGES


def changes_of(genome: Genome, folder: Path, count: int, seed: int):
    """Return the rows of single calls, and what is known of each call on each transcript."""
    fasta, gtf = genome.write(folder)
    drawn = variants(genome, count, seed)
    vcf = folder / "drawn.vcf"
    vcf.write_text("".join(vcf_lines(genome, drawn)))
    with pytest.warns(UserWarning, match="no sample columns"):
        calls = read_vcf(vcf, {}, "GRCh38")
    made = protein_changes(
        calls.assign(is_eligible=True),
        read_transcript_models(gtf),
        read_fasta(fasta),
        ConsequencesProteinsParams(),
    )
    names = {
        variant_id(contig, position - 1, position - 1 + len(ref), ref, alt): number
        for number, (contig, position, ref, alt) in enumerate(drawn)
    }
    plain = PlainEffects(genome.bases, plain_transcripts(genome.gtf))
    for row in PROTEIN_CHANGES.conform(made).itertuples():
        number = names.get(row.variant_ids)
        one = plain.transcripts.get(row.transcript)
        if number is not None and one is not None and not one.selenocysteines:
            _, position, ref, alt = drawn[number]
            yield row, plain.of(row.transcript, position - 1, ref, alt)


def fault(row, truth: Truth) -> str:
    """Say how a row differs from what is known, empty if it does not."""
    reason = "" if pd.isna(row.no_peptides) else row.no_peptides
    one, two = truth.reference, truth.mutant
    if truth.place == "start_lost":
        return "" if reason == "start_lost" else "a start that is not lost"
    if one == two:
        return "" if reason == "same_protein" else "a change of the same protein"
    first = 0
    while first < min(len(one), len(two)) and one[first] == two[first]:
        first += 1
    if reason in {"stop_gained", "unknown_residues"}:
        is_shorter = one.startswith(two.rstrip("*"))
        return "" if is_shorter or "X" in two[first - 1 : first + 2] else f"no {reason}"
    if reason:
        return f"no peptides: {reason}"
    return _window_fault(row, first, one, two)


def _window_fault(row, first: int, one: str, two: str) -> str:
    if row.protein_position != first + 1:
        return f"position {row.protein_position}, not {first + 1}"
    low = max(0, first - FLANK)
    bare, mutant = two.rstrip("*"), row.mutant
    high = low + len(mutant)
    if bare[low:high] != mutant or row.changed_start != first - low:
        return "another window"
    behind = low + row.changed_end
    if row.is_in_frame:
        is_wide = high >= min(len(bare), behind + FLANK)
        rest = len(two) - behind
        is_same = two[:first] == one[:first] and two[behind:] == one[len(one) - rest :]
        return "" if is_wide and is_same else "residues behind the change differ"
    return "" if high == len(bare) == behind else "it does not reach the end"


def test_windows_of_invented_changes_hold_what_the_mutant_protein_holds(tmp_path) -> None:
    faults: dict[str, list[str]] = {}
    places: Counter = Counter()
    for row, truth in changes_of(invented(31, genes=60), tmp_path, 2500, 31):
        if truth.place not in {"coding", "start_lost"}:
            continue
        places[truth.place] += 1
        if wrong := fault(row, truth):
            told = f"{row.variant_ids} {row.transcript} {row.hgvsp}"
            faults.setdefault(wrong, []).append(told)
    assert places["coding"] > 2000
    assert sum(map(len, faults.values())) / places.total() <= 0.005, faults


def test_windows_of_a_real_piece_hold_what_the_mutant_protein_holds(
    tmp_path, real_data
) -> None:
    piece = real_data / "reference" / "hmf_tinygenome_chr17_part_43.txt.gz"
    genes = real_data / "annotation" / "gencode.v38.chr17.gtf.gz"
    genome = real_piece(piece, genes, "chr17", 42_999_999)
    faults, total = {}, 0
    for row, truth in changes_of(genome, tmp_path, 300, 33):
        if truth.place not in {"coding", "start_lost"}:
            continue
        total += 1
        if wrong := fault(row, truth):
            faults.setdefault(wrong, []).append(f"{row.variant_ids} {row.transcript}")
    assert total > 500
    assert sum(map(len, faults.values())) / total <= 0.005, faults
