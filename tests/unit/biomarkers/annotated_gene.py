"""Effects of single alleles on one small gene, the same from both strands."""

from dataclasses import replace

from invented_transcripts import Genome, Models, complement

from storiform.biomarkers.consequences.effects import Annotator, Effect
from storiform.model.transcripts import Transcript

# Exon 1: 10 untranslated bases, ATG GCT GAA AC; exon 2: C TGG AAA AAA CGT TAG, 20 behind.
#                     M   A   E   T(A C|C)            W   K   K   R   *
EXON_1 = "CCAGTCCGCC" + "ATGGCTGAAAC"
INTRON = "GTAAGTCCAGCTTGCATGCTTACTTTCTCTTTTTTTCCAG"
EXON_2 = "CTGGAAAAAACGTTAG" + "GTCTGACCTAAGGGCCCGGG"
LEFT, RIGHT = "TTGACCGATA" * 3, "GCGATCGTAC" * 3
TEXT = LEFT + EXON_1 + INTRON + EXON_2 + RIGHT
FIRST = len(LEFT)
SECOND = FIRST + len(EXON_1) + len(INTRON)
END = SECOND + len(EXON_2)
START, STOP = FIRST + 10, SECOND + 16
"""First coding base, and the base after the stop codon."""


def transcript(**changes: object) -> Transcript:
    given: dict[str, object] = {
        "name": "T1", "gene": "TP53", "gene_id": "G1", "contig": "chr1", "is_forward": True,
        "exons": ((FIRST, FIRST + 21), (SECOND, END)),
        "coding": ((START, FIRST + 21), (SECOND, STOP)),
        "biotype": "protein_coding", "protein": "P1",
    }  # fmt: skip
    return Transcript(**{**given, **changes})


def effect(start: int, ref: str, alt: str, **changes: object) -> Effect:
    """Return the effect on the gene, which must be the same from the other strand."""
    assert TEXT[start : start + len(ref)] == ref
    size = len(TEXT)
    forward = Annotator(Models(transcript(**changes)), Genome({"chr1": TEXT}))
    one = transcript(**changes)
    turned = replace(
        one,
        is_forward=False,
        exons=tuple((size - b, size - a) for a, b in reversed(one.exons)),
        coding=tuple((size - b, size - a) for a, b in reversed(one.coding)),
        selenocysteines=tuple(size - low - 3 for low in one.selenocysteines),
    )
    backward = Annotator(Models(turned), Genome({"chr1": complement(TEXT)}))
    found = forward.effects("chr1", start, ref, alt)[0]
    lower = size - start - len(ref)
    before = complement(TEXT)[lower - 1]
    mirrored = backward.effects(
        "chr1", lower - 1, before + complement(ref), before + complement(alt)
    )[0]
    assert mirrored[1:] == found[1:]
    return found


G_CT = START + 3
"""First base of the codon of alanine 2."""
