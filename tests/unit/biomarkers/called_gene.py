"""Somatic calls on one small gene, and the protein changes that the step makes of them."""

import pandas as pd
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.model.tables.proteins import PROTEIN_CHANGES
from storiform.model.transcripts import Transcript

# One exon: 10 untranslated bases, M A E T W K K R *, 20 behind.
CODING = "ATGGCTGAAACCTGGAAAAAACGTTAG"
TEXT = "TTGACCGATACCAGTCCGCC" + CODING + "GTCTGACCTAAGGGCCCGGGTTGACCGATA"
START = 20
GENE = Transcript(
    "T1.1", "TP53", "G1", "chr1", True, ((10, 67),), ((START, START + len(CODING)),),  # noqa: FBT003  the strand
    biotype="protein_coding", protein="P1.1",
)  # fmt: skip


def call(start: int, ref: str, alt: str, **changes: object) -> dict[str, object]:
    assert TEXT[START + start :].startswith(ref) or "mismatch" in changes
    changes.pop("mismatch", None)
    place = START + start
    return {
        "contig": "chr1", "start": place, "end": place + len(ref), "ref": ref, "alt": alt,
        "set_aside": "", "is_eligible": True, "failed_filters": "", "normal_vaf": None,
        "transcript": "", **changes,
    }  # fmt: skip


def changes(*calls: dict[str, object], models: Models | None = None, **given: object):
    variants = pd.DataFrame([{"record": i, "allele": 0, **one} for i, one in enumerate(calls)])
    params = given.pop("params", ConsequencesProteinsParams())
    found = protein_changes(
        variants, models or Models(GENE), Genome({"chr1": TEXT}), params, **given
    )
    return PROTEIN_CHANGES.conform(found)


def phases(*sides: tuple[str, int | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record": range(len(sides)), "allele": 0,
            "phase_set": [group or None for group, _ in sides],
            "side": pd.array([side for _, side in sides], dtype="Int64"),
            "is_homozygous": [side is None for _, side in sides],
        }
    )  # fmt: skip


GCT_GAT, GCT_GCG = call(4, "C", "A"), call(5, "T", "G")
TGG_TCG = call(13, "G", "C")
