"""Depth and good bases of the targets, and the bases deep enough in tumour and normal."""

import warnings
from copy import copy
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.depth import (
    DEPTH,
    DepthRules,
    Pieces,
    Reads,
    bases_before,
    clip_pieces,
    count_depth,
)
from storiform.kernels.pileup import (
    DUPLICATE,
    FAILED,
    HISTOGRAM,
    Rules,
    Thresholds,
    count_bases,
    flanks,
    join_runs,
    sum_bases,
)
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.intervals import Genes, Intervals, Targets
from storiform.model.params import Depth, Fraction, Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.resources import without_version
from storiform.model.tables.reads import (
    ALLELE_SITES,
    CALLABILITY,
    CALLABLE_INTERVALS,
    DEPTH_HISTOGRAM,
    GENE_CALLABILITY,
    TARGET_DEPTH,
    Callability,
    CallableBases,
    CallableIntervals,
    GeneCallability,
    ReadStatistics,
)

Found = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]
FLANK = 15
"""Bases on either side of a site that name its place in any build of the genome."""
_SUMS = ("depth_sum", "callable_bases", "called_bases", "gc_bases")
_EMPTY = np.empty(0, dtype=np.int64)


class CallabilityParams(Params):
    """Which bases of which reads are good, and how many of them make a base callable."""

    min_mapq: int = Field(
        20, ge=0, le=255, description="lowest mapping quality (phred) of a good read"
    )
    min_base_quality: int = Field(
        20, ge=0, le=93, description="lowest quality (phred) of a good base"
    )
    keep_duplicates: bool = Field(
        default=False, description="whether reads marked as duplicates are good"
    )
    min_tumour_depth: Depth = Field(
        14, description="good reads from which a base is callable in the tumour; as MuTect"
    )
    min_normal_depth: Depth = Field(
        8, description="good reads from which a base is callable in the normal; as MuTect"
    )
    min_site_depth: Depth = Field(
        8, description="good reads from which a base can be a site of two alleles"
    )
    min_site_reads: Depth = Field(
        2, description="good reads that the second allele of a site must have"
    )
    min_site_share: Fraction = Field(
        0.01, description="share of the good reads that the second allele must have"
    )


def pileup(
    targets: Targets, params: CallabilityParams
) -> Annotated[
    Collector,
    Scan(
        TARGET_DEPTH, DEPTH_HISTOGRAM, CALLABLE_INTERVALS, ALLELE_SITES, assays=("exome", "rna")
    ),
]:
    """Count depth and good bases of the targets of an exome or its RNA, base by base.

    Depth is of aligned bases, those of a proper pair once, as mosdepth has it. Good bases are
    of primary reads with enough mapping and base quality; of two mates over one base the
    better counts, read 1 at a tie.

    Parameters
    ----------
    targets
        The captured bases.
    params
        Qualities and depths.

    Returns
    -------
    Collector
        Of `TARGET_DEPTH`, `DEPTH_HISTOGRAM`, `CALLABLE_INTERVALS` and `ALLELE_SITES`.

    References
    ----------
    Pedersen and Quinlan, Bioinformatics 34, 867-868 (2018),
    doi:10.1093/bioinformatics/btx699.
    Cibulskis et al., Nature Biotechnology 31, 213-219 (2013), doi:10.1038/nbt.2514.
    """
    return _Pileup(targets, params)


class _Pileup:
    """Sums over target bases, numbered through all contigs of the targets."""

    def __init__(self, targets: Intervals, params: CallabilityParams) -> None:
        self._targets, self._params = targets, params
        self._contigs = tuple(targets.bounds)
        bounds = list(targets.bounds.values())
        self._starts = np.concatenate([_EMPTY, *(starts for starts, _ in bounds)])
        self._ends = np.concatenate([_EMPTY, *(ends for _, ends in bounds)])
        self._rows = np.cumsum([0, *(len(starts) for starts, _ in bounds)])
        self._places = np.concatenate([[0], np.cumsum(self._ends - self._starts)])
        self.forget()

    def forget(self) -> None:
        """Set all sums to nothing, in arrays of its own."""
        self._sums = np.zeros((len(self._starts), 4), dtype=np.int64)
        self._histogram = np.zeros(HISTOGRAM, dtype=np.int64)
        # one byte for each target base: the pages of bases not seen are never touched
        self._majority = np.zeros(int(self._places[-1]), dtype=np.uint8)
        self._runs: list[NDArray[np.int64]] = []
        self._sites: list[NDArray[np.int64]] = []

    def begin(self, header: ReadHeader) -> None:
        """Find the targets of each contig of the file."""
        _check_contigs(self._targets, header)
        known = {contig: k for k, contig in enumerate(self._contigs)}
        self._order = [known.get(contig, -1) for contig in header.contigs]
        params, is_tumour = self._params, header.role == "tumour"
        self._min_depth = params.min_tumour_depth if is_tumour else params.min_normal_depth
        excluded = FAILED & ~DUPLICATE if params.keep_duplicates else FAILED
        self._rules = Rules(params.min_mapq, params.min_base_quality, excluded, True)  # noqa: FBT003  a field of a tuple
        self._limits = Thresholds(
            self._min_depth, params.min_site_depth, params.min_site_reads, params.min_site_share
        )

    def fork(self) -> Self:
        """Return a collector that has seen nothing."""
        twin = copy(self)
        twin.forget()
        return twin

    def take(self, batch: RecordBatch) -> None:
        """Count the target bases that a batch owns."""
        contig = self._order[batch.contig] if batch.contig >= 0 else -1
        if contig < 0 or not len(batch):
            return
        lower, upper = self._rows[contig], self._rows[contig + 1]
        starts, ends = self._starts[lower:upper], self._ends[lower:upper]
        row, pieces = clip_pieces(starts, ends, batch.owned_start, batch.owned_end)
        if not len(pieces.starts):
            return
        reads = Reads(
            batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
            batch.mates,
        )  # fmt: skip
        depth = count_depth(reads, pieces, DepthRules(0, DEPTH))
        counts = count_bases(reads, pieces, self._rules)
        found = sum_bases(pieces, depth, counts, self._limits, self._histogram)
        self._keep(int(lower) + row, pieces, counts, found)

    def _keep(self, row: int, pieces: Pieces, counts: NDArray[np.int32], found: Found) -> None:
        """Add what was found in pieces, the first of which belongs to a target's row."""
        sums, majority, runs, sites = found
        shift = int(self._places[row] + pieces.starts[0] - self._starts[row])
        self._sums[row : row + len(sums)] += sums
        self._majority[shift : shift + len(majority)] = majority
        runs[:, :2] += shift
        self._runs.append(runs)
        self._sites.append(np.column_stack([sites + shift, counts[sites]]).astype(np.int64))

    def merge(self, other: Self) -> None:
        """Add what another collector has counted on other bases."""
        self._sums += other._sums
        self._histogram += other._histogram
        np.maximum(self._majority, other._majority, out=self._majority)
        self._runs += other._runs
        self._sites += other._sites

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return depth by target, depths, callable intervals and sites."""
        return self._depths(), self._depth_counts(), self._intervals(), self._allele_sites()

    def _place(self, numbers: NDArray[np.int64]) -> dict[str, Any]:
        """Return contig and start of numbered target bases."""
        rows = np.searchsorted(self._places, numbers, side="right") - 1
        starts = self._starts[rows] + numbers - self._places[rows]
        return {"contig": self._named(rows), "start": starts}

    def _named(self, rows: NDArray[np.int64]) -> NDArray[np.object_]:
        order = np.searchsorted(self._rows, rows, side="right") - 1
        return np.array(self._contigs, dtype=object)[order]

    def _depths(self) -> pd.DataFrame:
        contigs = self._named(np.arange(len(self._starts)))
        sums = {name: self._sums[:, k] for k, name in enumerate(_SUMS)}
        return pd.DataFrame(
            {"contig": contigs, "start": self._starts, "end": self._ends, **sums}
        )

    def _depth_counts(self) -> pd.DataFrame:
        bases = self._histogram.copy()
        # bases of contigs or stretches without a record come in no batch
        bases[0] += self._places[-1] - bases.sum()
        depths = np.flatnonzero(bases)
        return pd.DataFrame({"depth": depths, "bases": bases[depths]})

    def _intervals(self) -> pd.DataFrame:
        runs = join_runs(
            np.concatenate([np.empty((0, 3), dtype=np.int64), *self._runs]), self._places
        )
        placed = self._place(runs[:, 0])
        ends = placed["start"] + runs[:, 1] - runs[:, 0]
        return pd.DataFrame(
            {**placed, "end": ends, "depth_sum": runs[:, 2], "min_depth": self._min_depth}
        )

    def _allele_sites(self) -> pd.DataFrame:
        sites = np.concatenate([np.empty((0, 5), dtype=np.int64), *self._sites])
        sites = sites[np.argsort(sites[:, 0], kind="stable")]
        counts = {base: sites[:, k + 1] for k, base in enumerate("acgt")}
        contexts = flanks(sites[:, 0], self._places, self._majority, FLANK)
        return pd.DataFrame({**self._place(sites[:, 0]), **counts, "context": contexts})


def _check_contigs(targets: Intervals, header: ReadHeader) -> None:
    """Refuse targets of another genome; mention those that the file cannot have."""
    lengths = dict(zip(header.contigs, header.lengths, strict=True))
    unknown = [contig for contig in targets.bounds if contig not in lengths]
    found, expected = "", ""
    if targets.bounds and len(unknown) == len(targets.bounds):
        found = f"contigs such as {unknown[0]}"
        expected = f"those of the reads, such as {next(iter(header.contigs), 'none')}"
    for contig, (_, ends) in targets.bounds.items():
        if contig in lengths and len(ends) and ends[-1] > lengths[contig]:
            found = f"a target on {contig} that ends at {ends[-1]}"
            expected = f"an end up to {lengths[contig]}, its length in the file of reads"
    if found:
        remedy = "Name the targets of the genome to which the reads were aligned."
        raise InputError(fault("targets", found, expected, remedy))
    if unknown:
        names = ", ".join(unknown[:3])
        message = f"targets on {len(unknown)} contigs that the reads do not have: {names}"
        warnings.warn(message, DataWarning, stacklevel=3)


def callable_bases(
    callable_intervals: CallableIntervals, read_statistics: ReadStatistics
) -> CallableBases:
    """Intersect the bases callable in the tumour with those callable in the normal.

    Parameters
    ----------
    callable_intervals
        Of the biopsy's exomes.
    read_statistics
        Which samples there are: a normal without a callable base has no interval.

    Returns
    -------
    CallableBases
        The bases of both; those of the tumour where the biopsy has no normal.
    """
    joint = _of_role(callable_intervals, "tumour")
    if _has(read_statistics, "normal"):
        joint = joint & _of_role(callable_intervals, "normal")
    rows = [
        pd.DataFrame({"contig": contig, "start": starts, "end": ends})
        for contig, (starts, ends) in joint.bounds.items()
    ]
    empty = pd.DataFrame({"contig": [], "start": [], "end": []})
    return pd.concat(rows, ignore_index=True) if rows else empty


def callability(
    callable_intervals: CallableIntervals,
    callable_bases: CallableBases,
    read_statistics: ReadStatistics,
    targets: Targets,
    genes: Genes | None,
    params: CallabilityParams,
) -> Callability:
    """Count the bases of the targets that are deep enough in tumour and normal.

    Parameters
    ----------
    callable_intervals, callable_bases, read_statistics
        Callable bases of each exome, and of both; which samples there are.
    targets, genes, params
        The captured bases; an annotation with coding bases, or None; the depths.
    """
    if not _has(read_statistics, "tumour"):
        return CALLABILITY.empty()
    joint = _bases(callable_bases)
    normal = _of_role(callable_intervals, "normal").size_bp
    coding = None if genes is None else targets & genes.coding
    return pd.DataFrame(
        {
            "target_bases": [targets.size_bp],
            "tumour_callable": [_of_role(callable_intervals, "tumour").size_bp],
            "normal_callable": [normal if _has(read_statistics, "normal") else None],
            "callable_bases": [joint.size_bp],
            "coding_bases": [None if coding is None else coding.size_bp],
            "callable_coding": [None if coding is None else (coding & joint).size_bp],
            "min_tumour_depth": [params.min_tumour_depth],
            "min_normal_depth": [params.min_normal_depth],
        }
    )


def gene_callability(
    callable_bases: CallableBases, callability: Callability, targets: Targets, genes: Genes
) -> GeneCallability:
    """Count for each gene the coding bases of the targets that are deep enough.

    Parameters
    ----------
    callable_bases, callability
        Bases deep enough in tumour and normal; empty without reads of the tumour.
    targets
        The captured bases.
    genes
        An annotation with the coding and splice bases of each gene.

    Returns
    -------
    GeneCallability
        One row per gene with coding bases in the targets; a base of two genes counts in
        each. Genes whose ids differ only in the version are one.
    """
    if callability.empty:
        return GENE_CALLABILITY.empty()
    pieces = genes.coding_exons
    counted = pd.DataFrame(
        {
            "gene_id": pieces["gene_id"].map(without_version),
            "coding_bases": _covered(pieces, targets),
            "callable_coding": _covered(pieces, targets & _bases(callable_bases)),
        }
    )
    sums = counted.groupby("gene_id", as_index=False, sort=True).sum()
    names = dict(
        zip(genes.genes["gene_id"].map(without_version), genes.genes["gene"], strict=True)
    )
    sums.insert(1, "gene", [names.get(gene_id, gene_id) for gene_id in sums["gene_id"]])
    return sums[sums["coding_bases"] > 0].reset_index(drop=True)


def _bases(rows: pd.DataFrame) -> Intervals:
    return Intervals.of(
        (str(contig), int(start), int(end))
        for contig, start, end in zip(rows["contig"], rows["start"], rows["end"], strict=True)
    )


def _of_role(callable_intervals: pd.DataFrame, role: str) -> Intervals:
    is_meant = callable_intervals["role"].eq(role) & callable_intervals["assay"].eq("exome")
    return _bases(callable_intervals[is_meant])


def _has(read_statistics: pd.DataFrame, role: str) -> bool:
    exomes = read_statistics["role"].eq(role) & read_statistics["assay"].eq("exome")
    return bool(exomes.any())


def _covered(pieces: pd.DataFrame, bases: Intervals) -> NDArray[np.int64]:
    """Count for each piece its bases that are in a set."""
    counts = np.zeros(len(pieces), dtype=np.int64)
    contigs = pieces["contig"].to_numpy(dtype=object)
    edges = pieces[["start", "end"]].to_numpy(dtype=np.int64)
    for contig, (starts, ends) in bases.bounds.items():
        rows = np.flatnonzero(contigs == contig)
        before = bases_before(edges[rows], starts, ends)
        counts[rows] = before[:, 1] - before[:, 0]
    return counts
