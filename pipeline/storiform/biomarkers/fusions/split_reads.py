"""Junctions between genes that RNA reads show: from the BAM, or from STAR's own file."""

import warnings
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.fusions.junctions import JunctionParams, find_junctions
from storiform.biomarkers.fusions.places import GenePlaces
from storiform.kernels.fusion_evidence import (
    ALIGNMENTS,
    ANCHOR,
    COLUMNS,
    CONTIG_A,
    CONTIG_B,
    KIND,
    NAME,
    OUTER_A,
    OUTER_B,
    PAIR,
    PLACE_A,
    PLACE_B,
    SLACK,
    SPLIT,
    STRAND_A,
    STRAND_B,
    FusionBatch,
    FusionRules,
    GeneSpans,
    collect_evidence,
)
from storiform.model.errors import ContractError, DataWarning
from storiform.model.params import Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.tables.fusions import (
    FUSION_READS,
    FUSION_SEARCH,
    ChimericAlignments,
    ChimericFusions,
)
from storiform.model.transcripts import GenomeTranscripts

Int64s = npt.NDArray[np.int64]

_ROOM = 4096
"""Rows of evidence that are written at a time."""
_ENOUGH = 1000
"""Records of which one at least should align in two parts."""


class FusionReadsParams(Params):
    """Which reads are taken as evidence that two genes are joined."""

    min_anchor: int = Field(
        8, ge=1, le=1000, description="aligned bases of the shorter side of a read, at least"
    )
    max_inserted: int = Field(
        8,
        ge=0,
        le=1000,
        description="bases between both sides of a read that align to neither, at most",
    )
    min_mapq: int = Field(
        4,
        ge=0,
        le=255,
        description="mapping quality below which a read counts as aligned to several places; "
        "STAR gives 3 to two places and less to more",
    )
    keep_duplicates: bool = Field(
        default=False, description="take records that are marked as duplicates"
    )
    read_through_bp: int = Field(
        100_000,
        ge=0,
        le=10_000_000,
        description="bases between two genes of a strand up to which one transcript may run "
        "over both",
    )
    max_partners: int = Field(
        10,
        ge=1,
        le=100_000,
        description="genes on other contigs to which a gene may be joined; with more, its "
        "junctions that are not at exon ends are taken for chimeras of the library",
    )


def fusion_reads(
    transcripts: GenomeTranscripts, params: FusionReadsParams
) -> Annotated[
    Collector,
    Scan(FUSION_READS, FUSION_SEARCH, assays=("rna",), roles=("tumour",), needs_order=False),
]:
    """Find junctions between two genes in the reads of an RNA sample.

    Evidence are records that align in two parts (tag SA), primary records that have a gap (N)
    between two genes, and pairs whose mates lie in two genes.

    Parameters
    ----------
    transcripts
        The transcripts of the annotation: genes, strands and the ends of exons.
    params
        Which reads count.

    Returns
    -------
    Collector
        Makes `fusion_reads`, and `fusion_search`, which tells how many records align in parts.

    Raises
    ------
    InputError
        If no transcript lies on a contig of the BAM.

    References
    ----------
    Uhrig et al., Genome Res. 31, 448-460 (2021), doi:10.1101/gr.257246.119.
    Haas et al., Genome Biol. 20, 213 (2019), doi:10.1186/s13059-019-1842-9.
    """
    return _SplitReads(transcripts, params)


class _SplitReads:
    """The collector of `fusion_reads`."""

    def __init__(
        self,
        transcripts: GenomeTranscripts,
        params: FusionReadsParams,
        begun: tuple[GenePlaces | None, GeneSpans | None] = (None, None),
    ) -> None:
        self._transcripts, self._params = transcripts, params
        self._places, self._spans = begun
        self._rows: list[Int64s] = []
        self._seen = np.zeros(2, dtype=np.int64)

    def begin(self, header: ReadHeader) -> None:
        """Lay the genes out on the contigs of a file."""
        self._places = GenePlaces(self._transcripts, header)
        self._spans = self._places.spans()

    def fork(self) -> Self:
        """Return a collector that has seen nothing, laid out for the same file."""
        return type(self)(self._transcripts, self._params, (self._places, self._spans))

    def take(self, batch: RecordBatch) -> None:
        """Keep the evidence of the records that a batch owns."""
        if self._spans is None:
            message = "fusion_reads: begin() comes first"
            raise ContractError(message)
        columns = FusionBatch(
            batch.data, batch.offsets, batch.contigs, batch.starts, batch.ends, batch.flags,
            batch.mapq, batch.names.view(np.int64), batch.is_owned,
        )  # fmt: skip
        rules = FusionRules(
            self._params.min_anchor, self._params.max_inserted, self._params.min_mapq,
            int(self._params.keep_duplicates), self._seen,
        )  # fmt: skip
        row, out = 0, np.zeros((_ROOM, COLUMNS), dtype=np.int64)
        while row < len(batch):
            filled, row = collect_evidence(columns, self._spans, rules, row, out)
            if filled:
                self._rows.append(out[:filled].copy())

    def merge(self, other: Self) -> None:
        """Add what another collector of the same file has seen."""
        self._rows += other._rows
        self._seen += other._seen

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the junctions, and how many records could tell one."""
        if self._places is None:
            message = "fusion_reads: begin() comes first"
            raise ContractError(message)
        self._warn_of_plain_reads()
        rows = np.concatenate([np.zeros((0, COLUMNS), dtype=np.int64), *self._rows])
        searched = pd.DataFrame([self._seen], columns=list(FUSION_SEARCH.columns))
        return find_junctions(rows, self._places, _bounds(self._params)), searched

    def _warn_of_plain_reads(self) -> None:
        """Tell of an aligner that was not asked for reads that align in two parts."""
        looked_at, in_parts = self._seen.tolist()
        if in_parts or looked_at < _ENOUGH:
            return
        message = (
            f"none of {looked_at} RNA records aligns in two parts (tag SA): only fusions of "
            "genes on one strand of a chromosome can be found in them. Align with STAR "
            "--chimOutType WithinBAM, or name Chimeric.out.junction or another caller's fusions"
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _bounds(params: FusionReadsParams) -> JunctionParams:
    return JunctionParams(params.read_through_bp, params.max_partners)


def chimeric_fusions(
    chimeric_alignments: ChimericAlignments,
    transcripts: GenomeTranscripts,
    params: FusionReadsParams,
) -> ChimericFusions:
    """Find junctions between two genes in the alignments that STAR wrote apart from the BAM.

    Parameters
    ----------
    chimeric_alignments
        Rows of a ``Chimeric.out.junction``.
    transcripts
        The transcripts of the annotation.
    params
        Which alignments count.

    Returns
    -------
    ChimericFusions
        As `fusion_reads` makes them of a BAM.
    """
    told = chimeric_alignments
    if told.empty:
        return FUSION_READS.empty()
    contigs = sorted({*told["contig_a"], *told["contig_b"]})
    header = ReadHeader(tuple(contigs), (0,) * len(contigs), tuple(contigs), assay="rna")
    places = GenePlaces(transcripts, header)
    rows = _evidence(told, contigs)
    is_kept = (rows[:, KIND] == PAIR) | (rows[:, ANCHOR] >= params.min_anchor)
    return find_junctions(rows[is_kept], places, _bounds(params))


def _evidence(told: pd.DataFrame, contigs: list[str]) -> Int64s:
    """Return the rows of a file as the kernels write those of a BAM."""
    rows = np.zeros((len(told), COLUMNS), dtype=np.int64)
    numbers = {name: i for i, name in enumerate(contigs)}
    rows[:, NAME] = pd.factorize(told["name"])[0]
    rows[:, KIND] = np.where(told["is_split"].to_numpy(dtype=bool), SPLIT, PAIR)
    for side, contig, place, strand, outer in (
        ("a", CONTIG_A, PLACE_A, STRAND_A, OUTER_A),
        ("b", CONTIG_B, PLACE_B, STRAND_B, OUTER_B),
    ):
        rows[:, contig] = told[f"contig_{side}"].map(numbers).to_numpy(dtype=np.int64)
        rows[:, place] = told[f"place_{side}"].to_numpy(dtype=np.int64)
        rows[:, strand] = told[f"strand_{side}"].eq("-").to_numpy(dtype=np.int64)
        rows[:, outer] = told[f"outer_{side}"].to_numpy(dtype=np.int64)
    for name, column in (("slack", SLACK), ("anchor", ANCHOR), ("alignments", ALIGNMENTS)):
        rows[:, column] = told[name].to_numpy(dtype=np.int64)
    return rows
