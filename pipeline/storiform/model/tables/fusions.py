"""Fusions of genes, as other callers give them and as the RNA reads show them."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Resource, Table

KnownFusions = Annotated[pd.DataFrame, Resource("known_fusions")]
"""One row per pair of genes: `fusion` (name), `gene_5`, `gene_3`, `histologies` (joined by ;),
`doi` (empty where none is given)."""

_END = {
    "gene_5": Column("string", "HGNC symbol of the 5' partner; empty between genes"),
    "gene_3": Column("string", "HGNC symbol of the 3' partner; empty between genes"),
    "contig_5": Column("string", "as in the file"),
    "position_5": Column("int", "last base of the 5' part, 0-based", "bp"),
    "strand_5": Column("string", "strand that is transcribed, + or -; empty where unknown"),
    "contig_3": Column("string", "as in the file"),
    "position_3": Column("int", "first base of the 3' part, 0-based", "bp"),
    "strand_3": Column("string", "strand that is transcribed, + or -; empty where unknown"),
}
_KEY = ("contig_5", "position_5", "strand_5", "contig_3", "position_3", "strand_3")

GIVEN_FUSIONS = Table(
    "given_fusions",
    grain="biopsy",
    version=2,
    description="One row per fusion of the file that the sample sheet names.",
    key=("row",),
    columns={
        "row": Column("int", "ordinal of the row in the file, from 0"),
        **_END,
        "split_fragments": Column("nullable_int", "fragments over the junction", "fragments"),
        "spanning_fragments": Column("nullable_int", "mates on either side", "fragments"),
        "confidence": Column("string", "as the caller states it; empty where it states none"),
        "frame": Column("string", "in-frame, out-of-frame or empty, as the caller states it"),
        "protein": Column(
            "string", "residues with | at the junction, if the caller gives them"
        ),
        "caller": Column("string", "arriba, star_fusion or fusioncatcher"),
        "notes": Column("string", "doubts that the caller states, joined by ;; else empty"),
        "details": Column("string", "all fields of the row as JSON, as they are written"),
    },
)
GivenFusions = Annotated[pd.DataFrame, GIVEN_FUSIONS]

CHIMERIC_ALIGNMENTS = Table(
    "chimeric_alignments",
    grain="biopsy",
    version=2,
    description="One row per alignment in two parts of STAR's Chimeric.out.junction, as the "
    "read runs: from a to b.",
    key=("row",),
    is_published=False,
    columns={
        "row": Column("int", "ordinal of the row in the file, from 0"),
        "name": Column("string", "of the fragment"),
        "contig_a": Column("string", "with the prefix chr"),
        "place_a": Column("int", "last base of the first part, 0-based", "bp"),
        "strand_a": Column("string", "on which the read runs there, + or -"),
        "contig_b": Column("string", "with the prefix chr"),
        "place_b": Column("int", "first base of the second part, 0-based", "bp"),
        "strand_b": Column("string", "on which the read runs there, + or -"),
        "is_split": Column("bool", "a read runs over the junction; else its mates lie apart"),
        "slack": Column("int", "bases by which the junction may lie further back", "bp"),
        "anchor": Column("int", "aligned bases of the shorter side", "bp"),
        "outer_a": Column("int", "end of the first part away from the junction, 0-based", "bp"),
        "outer_b": Column(
            "int", "end of the second part away from the junction, 0-based", "bp"
        ),
        "alignments": Column("int", "places to which the fragment aligns in two parts"),
    },
)
ChimericAlignments = Annotated[pd.DataFrame, CHIMERIC_ALIGNMENTS]

_SEEN = {
    **_END,
    "split_fragments": Column("int", "fragments over the junction", "fragments"),
    "distinct_splits": Column("int", "different places of reads over it", "places"),
    "spanning_fragments": Column("int", "mates on either side", "fragments"),
    "is_exon_end_5": Column("bool", "within 2 bp of the end of an exon of the gene"),
    "is_exon_end_3": Column("bool", "within 2 bp of the start of an exon of the gene"),
    "shortest_anchor": Column("int", "bases of the best read's shorter side", "bp"),
    "is_repetitive": Column(
        "bool", "most reads have other places, or hold one base over and over"
    ),
    "cause": Column(
        "string",
        "what else may explain it: read_through, circular, homologous, immunoglobulin, HLA, "
        "mitochondrial, ribosomal, many_partners, joined by ;; else empty",
    ),
}

FUSION_READS = Table(
    "fusion_reads",
    grain="sample",
    description="One row per junction between two genes that RNA reads show.",
    key=_KEY,
    is_published=False,
    columns=_SEEN,
)
FusionReads = Annotated[pd.DataFrame, FUSION_READS]

FUSION_SEARCH = Table(
    "fusion_search",
    grain="sample",
    description="One row per RNA sample: whether its aligner wrote what fusions are found by.",
    is_published=False,
    columns={
        "records": Column("int", "records that were looked at", "records"),
        "records_in_parts": Column("int", "of these, those with the tag SA", "records"),
    },
)
FusionSearch = Annotated[pd.DataFrame, FUSION_SEARCH]

CHIMERIC_FUSIONS = Table(
    "chimeric_fusions",
    grain="biopsy",
    description="One row per junction between two genes that STAR's Chimeric.out.junction "
    "shows.",
    key=_KEY,
    is_published=False,
    columns=_SEEN,
)
ChimericFusions = Annotated[pd.DataFrame, CHIMERIC_FUSIONS]

FUSIONS = Table(
    "fusions",
    grain="biopsy",
    description="One row per junction of two genes, counted or not.",
    key=_KEY,
    columns={
        **_END,
        "fusion": Column("string", "GENE5::GENE3, as HGNC writes it"),
        "split_fragments": Column("nullable_int", "fragments over the junction", "fragments"),
        "spanning_fragments": Column("nullable_int", "mates on either side", "fragments"),
        "frame": Column("string", "in-frame, out-of-frame; empty where not told"),
        "callers": Column("string", "who found it, joined by ;: storiform, arriba ..."),
        "is_confident": Column("bool", "whether it is counted"),
        "is_best": Column("bool", "the best supported junction of its pair of genes"),
        "note": Column("string", "why it is not counted, joined by ;; else empty"),
        "known_fusion": Column("string", "name in the table of known fusions; else empty"),
        "histologies": Column("string", "that the known fusion points to, joined by ;"),
    },
)
Fusions = Annotated[pd.DataFrame, FUSIONS]

FUSION_BURDEN = Table(
    "fusion_burden",
    grain="biopsy",
    description="One row per biopsy whose RNA was looked at.",
    version=2,
    columns={
        "fusions": Column("nullable_int", "confident pairs of genes", "pairs", feature=True),
        "has_known_fusion": Column(
            "nullable_bool", "a known fusion is among them", feature=True
        ),
        "known_fusions": Column("string", "their names, joined by ;"),
        "reason": Column("string", "why the count is missing; else empty"),
    },
)
FusionBurden = Annotated[pd.DataFrame, FUSION_BURDEN]

FUSION_DISCORDANCES = Table(
    "fusion_discordances",
    grain="cohort",
    description="One row per biopsy with a known fusion that points to another histology than "
    "the stated one.",
    key=("patient", "biopsy", "fusion"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy"),
        "fusion": Column("string", "GENE5::GENE3"),
        "stated": Column("string", "histology of the clinical table"),
        "suggested": Column("string", "histologies that the fusion points to, joined by ;"),
        "split_fragments": Column("nullable_int", "fragments over the junction", "fragments"),
    },
)
FusionDiscordances = Annotated[pd.DataFrame, FUSION_DISCORDANCES]
