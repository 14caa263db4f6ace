"""Depth and good bases of the targets, and the bases deep enough in tumour and normal."""

from copy import copy
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.depth import (
    DEPTH,
    FAST_DEPTH,
    MOSDEPTH_DEPTH,
    Counts,
    DepthRules,
    Reads,
    bases_before,
    clip_pieces,
    count_depth,
)
from storiform.kernels.edges import number_edge, number_takings, settle_edges
from storiform.kernels.pileup import (
    DUPLICATE,
    FAILED,
    HISTOGRAM,
    Rules,
    Thresholds,
    count_bases,
    flanks,
    join_runs,
    list_alternatives,
    sum_bases,
)
from storiform.model.intervals import Genes, Intervals, Targets
from storiform.model.params import Depth, Fraction, Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.resources import Reference, Sequence, shared_contigs, without_version
from storiform.model.tables.reads import (
    ALLELE_SITES,
    ALTERNATIVE_SITES,
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
from storiform.model.target_bases import TargetBases

Ints = NDArray[np.int64]
Found = tuple[Ints, NDArray[np.uint8], Ints, Ints]
FLANK = 15
"""Bases on either side of a site that name its place in any build of the genome."""
_SUMS = ("depth_sum", "callable_bases", "called_bases", "gc_bases")
_WIDTHS = {"runs": 3, "sites": 5, "alternatives": 5, "edges": 2, "takings": 2}
"""What batches find beside sums, and its columns; the first numbers a target base."""
_MODES = {
    "mates_once": DEPTH, "as_mosdepth": MOSDEPTH_DEPTH, "as_mosdepth_fast": FAST_DEPTH,
}  # fmt: skip


class CallabilityParams(Params):
    """What depth is, which bases of reads are good, and how many make a base callable."""

    depth_rule: Literal["mates_once", "as_mosdepth", "as_mosdepth_fast"] = Field(
        "mates_once",
        description="depth of targets: aligned bases, those of both mates of a proper pair "
        "once; as_mosdepth the same with the short cut of mosdepth, which takes covered bases "
        "for not covered where one mate lies within the other; as_mosdepth_fast whole spans "
        "of reads, mates twice (mosdepth -x). Callable bases do not depend on it",
    )
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
    targets: Targets, reference: Reference | None, params: CallabilityParams
) -> Annotated[
    Collector,
    Scan(
        TARGET_DEPTH, DEPTH_HISTOGRAM, CALLABLE_INTERVALS, ALLELE_SITES, ALTERNATIVE_SITES,
        assays=("exome", "rna"),
    ),
]:  # fmt: skip
    """Count depth and good bases of the targets of an exome or its RNA, base by base.

    Depth is of aligned bases, those of a proper pair once, unless `depth_rule` says otherwise.
    Good bases are of primary reads with enough mapping and base quality; of two mates over one
    base the better counts, read 1 at a tie.

    Parameters
    ----------
    targets
        The captured bases.
    reference
        The genome, or None: then no `ALTERNATIVE_SITES` of a normal are known.
    params
        Qualities and depths.

    Returns
    -------
    Collector
        Of `TARGET_DEPTH`, `DEPTH_HISTOGRAM`, `CALLABLE_INTERVALS`, `ALLELE_SITES` and
        `ALTERNATIVE_SITES`.

    References
    ----------
    Pedersen and Quinlan, Bioinformatics 34, 867-868 (2018),
    doi:10.1093/bioinformatics/btx699.
    Cibulskis et al., Nature Biotechnology 31, 213-219 (2013), doi:10.1038/nbt.2514.
    """
    return _Pileup(targets, reference, params)


class _Pileup:
    """Sums over target bases, numbered through all contigs of the targets."""

    def __init__(
        self, targets: Intervals, reference: Sequence | None, params: CallabilityParams
    ) -> None:
        self._bases, self._reference, self._params = TargetBases(targets), reference, params
        self._depth = DepthRules(0, _MODES[params.depth_rule])
        self.forget()

    def forget(self) -> None:
        """Set all sums to nothing, in arrays of its own."""
        self._sums = np.zeros((len(self._bases), 4), dtype=np.int64)
        self._histogram = np.zeros(HISTOGRAM, dtype=np.int64)
        # one byte for each target base: the pages of bases not seen are never touched
        self._majority = np.zeros(self._bases.size_bp, dtype=np.uint8)
        nothing = {name: np.empty((0, width), np.int64) for name, width in _WIDTHS.items()}
        self._found = {name: [empty] for name, empty in nothing.items()}

    def begin(self, header: ReadHeader) -> None:
        """Find the targets of each contig of the file."""
        self._bases.check(header)
        self._order = self._bases.order(header)
        params, is_tumour = self._params, header.role == "tumour"
        self._min_depth = params.min_tumour_depth if is_tumour else params.min_normal_depth
        excluded = FAILED & ~DUPLICATE if params.keep_duplicates else FAILED
        self._rules = Rules(params.min_mapq, params.min_base_quality, excluded, True)  # noqa: FBT003  a field of a tuple
        self._limits = Thresholds(
            self._min_depth, params.min_site_depth, params.min_site_reads, params.min_site_share
        )
        self._compared: frozenset[str] = frozenset()
        if self._reference is not None and (header.role, header.assay) == ("normal", "exome"):
            self._compared = shared_contigs(self._reference, header)

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
        lower, upper = self._bases.rows[contig], self._bases.rows[contig + 1]
        starts, ends = self._bases.starts[lower:upper], self._bases.ends[lower:upper]
        reads = Reads(
            batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
            batch.mates,
        )  # fmt: skip
        if self._depth.mode == MOSDEPTH_DEPTH:
            first = int(self._bases.places[lower])
            takings = number_takings(reads, batch.owned_end, starts, ends, first)
            self._found["takings"].append(takings)
        row, pieces = clip_pieces(starts, ends, batch.owned_start, batch.owned_end)
        if not len(pieces.starts):
            return
        depth = count_depth(reads, pieces, self._depth)
        first = int(lower) + row
        shift = int(self._bases.places[first] + pieces.starts[0] - self._bases.starts[first])
        if self._depth.mode == MOSDEPTH_DEPTH:
            edge = number_edge(reads, batch.owned_start, pieces, depth, shift)
            self._found["edges"].append(edge)
        counts = count_bases(reads, pieces, self._rules)
        found = sum_bases(pieces, depth, counts, self._limits, self._histogram)
        self._keep(first, shift, counts, found)
        name = self._bases.contigs[contig]
        if self._reference is not None and name in self._compared:
            bases = self._reference.pieces(name, pieces.starts, pieces.ends)
            listed = list_alternatives(counts, found[1], bases, self._limits.min_site_depth)
            self._keep_sites("alternatives", listed, shift, counts)

    def _keep(self, row: int, shift: int, counts: Counts, found: Found) -> None:
        """Add what was found in bases numbered from `shift` on, of targets from `row` on."""
        sums, majority, runs, sites = found
        self._sums[row : row + len(sums)] += sums
        self._majority[shift : shift + len(majority)] = majority
        runs[:, :2] += shift
        self._found["runs"].append(runs)
        self._keep_sites("sites", sites, shift, counts)

    def _keep_sites(self, name: str, sites: Ints, shift: int, counts: Counts) -> None:
        if len(sites):
            rows = np.column_stack([sites + shift, counts[sites]])
            self._found[name].append(rows.astype(np.int64))

    def merge(self, other: Self) -> None:
        """Add what another collector has counted on other bases."""
        self._sums += other._sums
        self._histogram += other._histogram
        np.maximum(self._majority, other._majority, out=self._majority)
        for name in self._found:
            self._found[name] += other._found[name]

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return depth by target, depths, callable intervals and sites."""
        found = {name: np.concatenate(parts) for name, parts in self._found.items()}
        depth_sums, histogram = settle_edges(
            found["edges"], found["takings"], self._bases.places, self._sums[:, 0],
            self._histogram,
        )  # fmt: skip
        return (
            self._depths(depth_sums), self._depth_counts(histogram),
            self._intervals(found["runs"]), self._sites(found["sites"]),
            self._sites(found["alternatives"]),
        )  # fmt: skip

    def _depths(self, depth_sums: Ints) -> pd.DataFrame:
        sums = {name: self._sums[:, k] for k, name in enumerate(_SUMS)}
        return pd.DataFrame({**self._bases.targets, **sums, "depth_sum": depth_sums})

    def _depth_counts(self, bases: Ints) -> pd.DataFrame:
        # bases of contigs or stretches without a record come in no batch
        bases[0] += self._bases.size_bp - bases.sum()
        depths = np.flatnonzero(bases)
        return pd.DataFrame({"depth": depths, "bases": bases[depths]})

    def _intervals(self, runs: Ints) -> pd.DataFrame:
        runs = join_runs(runs, self._bases.places)
        placed = self._bases.place(runs[:, 0])
        ends = placed["start"] + runs[:, 1] - runs[:, 0]
        return pd.DataFrame(
            {**placed, "end": ends, "depth_sum": runs[:, 2], "min_depth": self._min_depth}
        )

    def _sites(self, sites: Ints) -> pd.DataFrame:
        sites = sites[np.argsort(sites[:, 0], kind="stable")]
        counts = {base: sites[:, k + 1] for k, base in enumerate("acgt")}
        contexts = flanks(sites[:, 0], self._bases.places, self._majority, FLANK)
        return pd.DataFrame({**self._bases.place(sites[:, 0]), **counts, "context": contexts})


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
    return pd.DataFrame(TargetBases(joint).targets)


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


def _covered(pieces: pd.DataFrame, bases: Intervals) -> Ints:
    """Count for each piece its bases that are in a set."""
    counts = np.zeros(len(pieces), dtype=np.int64)
    contigs = pieces["contig"].to_numpy(dtype=object)
    edges = pieces[["start", "end"]].to_numpy(dtype=np.int64)
    for contig, (starts, ends) in bases.bounds.items():
        rows = np.flatnonzero(contigs == contig)
        before = bases_before(edges[rows], starts, ends)
        counts[rows] = before[:, 1] - before[:, 0]
    return counts
