"""How far before the last junction a new stop lies, against counting along the RNA."""

import numpy as np
import pandas as pd
import pytest
from invented_transcripts import Genome, Models, complement, invented

from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.model.tables.proteins import PROTEIN_CHANGES
from storiform.model.transcripts import Transcript

STOPS = ("TAA", "TAG", "TGA")


def counted(text: str, gene: Transcript, start: int, end: int, alt: str) -> int | None:
    """Mutate the exons, read to a stop, and count from its end to the last exon."""
    exons = []
    for first, last in gene.exons:
        exon = text[first:last]
        if first <= start and end <= last:
            exon = exon[: start - first] + alt + exon[end - first :]
        exons.append(exon)
    coding = gene.coding[0][0] if gene.is_forward else gene.coding[-1][1] - 1
    before = sum(
        min(last, coding) - first if gene.is_forward else last - max(first, coding + 1)
        for first, last in gene.exons
        if (first < coding if gene.is_forward else last > coding + 1)
    )
    if not gene.is_forward:
        exons = [complement(exon) for exon in exons[::-1]]
    rna = "".join(exons)
    stop = next((i for i in range(before, len(rna) - 2, 3) if rna[i : i + 3] in STOPS), None)
    return None if stop is None else len(rna) - len(exons[-1]) - stop - 3


def changes(text: str, gene: Transcript, rows: list[tuple]) -> pd.DataFrame:
    calls = pd.DataFrame(rows, columns=["start", "end", "ref", "alt"]).assign(
        record=range(len(rows)), contig=gene.contig, allele=0, set_aside="", is_eligible=True,
        failed_filters="", normal_vaf=None, transcript="",
    )  # fmt: skip
    genome, params = Genome({gene.contig: text}), ConsequencesProteinsParams()
    return PROTEIN_CHANGES.conform(protein_changes(calls, Models(gene), genome, params))


@pytest.mark.parametrize("strand", ["+", "-"])
def test_distance_is_that_along_the_mutated_rna(strand: str) -> None:
    distances: list[int | None] = []
    for seed in range(6):
        text, gene = invented(np.random.default_rng(seed), is_forward=strand == "+")
        rows = []
        for first, last in gene.coding:
            for start in range(first + 6, last - 8, 11):
                ref = text[start : start + 2]
                rows += [(start, start + 2, ref, ref[0]),
                         (start, start + 1, ref[0], ref[0] + "A")]  # fmt: skip
        found = changes(text, gene, rows)
        shifted = found[~found["is_in_frame"].fillna(value=True) & (found["mutant"] != "")]
        for ids, told in zip(shifted["variant_ids"], shifted["bases_to_junction"], strict=True):
            start, end, _, alt = ids.split("-")[1:]
            distances.append(counted(text, gene, int(start), int(end), alt))
            assert (None if pd.isna(told) else told) == distances[-1]
    known = [one for one in distances if one is not None]
    assert len(known) > 100
    assert min(known) < 0 < max(known)


def test_change_that_brings_no_stop_has_no_distance() -> None:
    text, gene = invented(np.random.default_rng(1))
    start = gene.coding[1][0] + 4
    rows = [(start, start + 1, text[start], alt) for alt in "ACGT" if alt != text[start]]
    found = changes(text, gene, rows)
    changed = found[found["no_peptides"] == ""]
    assert len(changed)
    assert changed["bases_to_junction"].isna().all()
