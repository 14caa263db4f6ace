"""Substitutions told by tables against the way of all other alleles, base by base."""

from dataclasses import replace

import numpy as np
import pytest
from invented_transcripts import Genome, cut_spans, invented, random_bases, translate

from storiform.biomarkers.consequences.alleles import Allele, Window
from storiform.biomarkers.consequences.effects import Effect, transcript_effect
from storiform.biomarkers.consequences.forms import Forms
from storiform.biomarkers.consequences.mutants import Edit, edited
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.biomarkers.consequences.substitutions import substitution
from storiform.model.errors import InputError
from storiform.model.transcripts import Transcript


def compared(text: str, transcript: Transcript) -> tuple[int, int]:
    """Compare all substitutions; return how many were told, and how many of the exons."""
    genome = Genome({transcript.contig: text})
    spliced = Spliced(transcript, genome)
    told = exonic = 0
    for position in range(transcript.start, transcript.end):
        ref = text[position]
        for alt in set("ACGT") - {ref} if ref != "N" else ():
            fields = substitution(spliced, position, ref, alt)
            if fields is None:
                continue
            allele = Allele(transcript.contig, position, position + 1, ref, alt)
            assert Effect(*fields) == transcript_effect(spliced, Forms(allele, genome))
            told, exonic = told + 1, exonic + bool(fields[4])
    return told, exonic


@pytest.mark.parametrize("is_forward", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_tables_tell_what_the_whole_transcript_tells(seed: int, *, is_forward: bool) -> None:
    rng = np.random.default_rng(seed)
    text, plain = invented(rng, is_forward=is_forward)
    cut = plain.coding[1:]  # as where the annotation does not know the start
    kinds = [
        plain,
        replace(plain, biotype="nonsense_mediated_decay", protein=""),
        replace(plain, coding=(), biotype="lncRNA"),
        replace(plain, contig="chrM"),
        replace(plain, coding=cut, phase=1, lacks_start=True, lacks_end=True),
    ]
    size = plain.end - plain.start
    for one in kinds:
        told, exonic = compared(text, one)
        assert told > 2.5 * size
        assert exonic > 450


def test_tables_tell_nothing_wrong_of_odd_transcripts() -> None:
    told = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        text = random_bases(rng, int(rng.integers(60, 200)))
        text = text.replace(text[10:13], "NNN")
        count = int(rng.integers(1, 5))
        cuts = np.sort(rng.choice(len(text), 2 * count, replace=False)).tolist()
        spans = list(zip(cuts[0::2], cuts[1::2], strict=True))
        size = sum(high - low for low, high in spans)
        first, last = sorted(rng.choice(size, 2).tolist())
        coding = tuple(cut_spans(spans, first, last + 1)) if seed % 5 else ()
        odd = Transcript(
            "T", "G", "G1", "chr1", is_forward=seed % 2 == 0, exons=tuple(spans),
            coding=coding[seed % 7 == 0 :], phase=int(rng.integers(3)) if coding else 0,
            lacks_start=seed % 3 == 0, lacks_end=seed % 4 == 0,
            selenocysteines=(int(cuts[0]),) if seed % 11 == 0 else (),
        )  # fmt: skip
        told += compared(text, odd)[0]
    assert told > 3000


@pytest.mark.parametrize("gone", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("came", ["", "A", "TAG", "GGTACC"])
def test_a_frame_that_stays_open_is_read_to_its_end(gone: int, came: str) -> None:
    rna = "CC" + "ATG" + "GCC" * 200 + "TAA" + "GGC" * 30 + "TAGATAACTGA"
    genome = Genome({"chr1": rna})
    coding = ((2, 2 + 3 * 202),)
    own = Transcript("T", "G", "G1", "chr1", True, ((0, len(rna)),), coding)  # noqa: FBT003  the strand
    spliced = Spliced(own, genome)
    for start in (6, 7, 8, 300, 301, 302, 600):
        edit = Edit(start, start + gone, came)
        expected = translate(rna[2:start] + came + rna[start + gone :])
        assert edited(spliced, [edit]).protein == expected


def test_a_window_gives_the_bases_of_its_genome() -> None:
    rng = np.random.default_rng(5)
    genome = Genome({"chr1": random_bases(rng, 9000), "chr2": random_bases(rng, 100)})
    window = Window(genome)
    assert window.contigs == genome.contigs
    for _ in range(400):
        contig = str(rng.choice(["chr1", "chr1", "chr1", "chr2"]))
        start, end = sorted(rng.integers(0, genome.contigs[contig] + 1, 2).tolist())
        end = min(end, start + int(rng.choice([0, 1, 40, 3000])))
        found = window.bases(contig, start, end).tobytes().decode()
        assert found == genome.texts[contig][start:end]
    for contig, start, end in (("chr2", 90, 101), ("chr2", -1, 4), ("chr3", 0, 1)):
        with pytest.raises(InputError):
            window.bases(contig, start, end)
