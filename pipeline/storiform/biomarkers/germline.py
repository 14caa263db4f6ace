"""Places where a patient's normal differs from the genome, and its alleles in the tumour."""

from copy import copy
from typing import Annotated, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.alleles import count_sites
from storiform.kernels.depth import Reads
from storiform.kernels.pileup import BASES, DUPLICATE, FAILED, Rules
from storiform.model.params import Depth, Fraction, Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.resources import Reference, Sequence
from storiform.model.tables.reads import (
    GERMLINE_ALLELES,
    GERMLINE_SITES,
    AlleleSites,
    AlternativeSites,
    GermlineSites,
)

HETEROZYGOUS, HOMOZYGOUS = "heterozygous", "homozygous"
_LETTERS = np.array(list("ACGT"), dtype=object)


class GermlineParams(Params):
    """When a place of the normal has two alleles, or another one; which bases count there."""

    min_depth: Depth = Field(15, description="good reads that the normal must have")
    min_share: Fraction = Field(
        0.3, description="share of the normal's reads that the rarer of the two must have"
    )
    max_other_share: Fraction = Field(
        0.05,
        description="share of the normal's reads that third and fourth may have together; all "
        "but the first, of a homozygous place",
    )
    min_mapq: int = Field(
        20, ge=0, le=255, description="lowest mapping quality (phred) of a read that counts"
    )
    min_base_quality: int = Field(
        20, ge=0, le=93, description="lowest quality (phred) of a base that counts"
    )
    keep_duplicates: bool = Field(
        default=False, description="whether reads marked as duplicates count"
    )


def germline_sites(
    allele_sites: AlleleSites,
    alternative_sites: AlternativeSites,
    reference: Reference | None,
    params: GermlineParams,
) -> GermlineSites:
    """Find the places where the patient's normal exome has two alleles, or not the reference's.

    Parameters
    ----------
    allele_sites, alternative_sites
        Sites of all samples of the patient; those of normal exomes are used, added up.
    reference
        The genome, or None: then no homozygous place is known.
    params
        What makes two alleles, or one.

    Returns
    -------
    GermlineSites
        Heterozygous sites, where the second allele has its share and the others have none to
        speak of; homozygous ones, where all other bases have none and the first is not that
        of the reference. On X and Y of a man these are hemizygous.
    """
    sums = _normal_counts(allele_sites, alternative_sites)
    counts = sums[["a", "c", "g", "t"]].to_numpy(dtype=np.int64).reshape(-1, BASES)
    order = np.argsort(-counts, axis=1, kind="stable")
    ranked = np.take_along_axis(counts, order, axis=1)
    depth, allele_1 = counts.sum(axis=1), _LETTERS[order[:, 0]]
    known = _reference_bases(sums, reference)
    is_deep = depth >= max(params.min_depth, 1)
    most = params.max_other_share * depth
    is_heterozygous = (
        (ranked[:, 1] > 0)
        & (ranked[:, 1] >= params.min_share * depth)
        & (ranked[:, 2:].sum(axis=1) <= most)
    )
    is_homozygous = (
        ~is_heterozygous
        & (ranked[:, 1:].sum(axis=1) <= most)
        & (known != "")
        & (known != allele_1)
    )
    found = pd.DataFrame(
        {
            "contig": sums["contig"],
            "start": sums["start"],
            "zygosity": np.where(is_heterozygous, HETEROZYGOUS, HOMOZYGOUS),
            "reference": known,
            "allele_1": allele_1,
            "allele_2": np.where(is_heterozygous, _LETTERS[order[:, 1]], allele_1),
            "normal_depth": depth,
            "normal_allele_1_reads": ranked[:, 0],
            "normal_allele_2_reads": ranked[:, 1],
            "context": sums["context"],
        }
    )
    return GERMLINE_SITES.conform(found[is_deep & (is_heterozygous | is_homozygous)])


def _normal_counts(*tables: pd.DataFrame) -> pd.DataFrame:
    """Add up the counts of normal exomes at each place of any of some tables of sites."""
    sites = pd.concat(tables, ignore_index=True)
    is_meant = sites["role"].eq("normal") & sites["assay"].eq("exome")
    places = ["contig", "start"]
    normal = sites[is_meant].drop_duplicates(["patient", "sample", *places])
    added = {**dict.fromkeys("acgt", "sum"), "context": "first"}
    return normal.groupby(places, as_index=False, sort=True).agg(added)


def _reference_bases(sites: pd.DataFrame, reference: Sequence | None) -> NDArray[np.object_]:
    """Look the base of the reference at each site up; empty where it is not known."""
    bases = np.full(len(sites), "", dtype=object)
    lengths = {} if reference is None else reference.contigs
    for contig, rows in sites.groupby("contig", sort=False).indices.items():
        starts = sites["start"].to_numpy(dtype=np.int64)[rows]
        if reference is not None and int(starts.max()) < lengths.get(str(contig), 0):
            read = reference.pieces(str(contig), starts, starts + 1).tobytes().decode()
            bases[rows] = list(read.replace("N", " "))
    return np.array([base.strip() for base in bases], dtype=object)


def germline_alleles(
    germline_sites: GermlineSites, params: GermlineParams
) -> Annotated[Collector, Scan(GERMLINE_ALLELES, assays=("exome", "rna"), roles=("tumour",))]:
    """Count the bases of a tumour, or of its RNA, at the patient's heterozygous sites.

    Parameters
    ----------
    germline_sites
        Places where the normal has two alleles; homozygous ones tell nothing of the tumour.
    params
        Which bases count.

    Returns
    -------
    Collector
        Of `GERMLINE_ALLELES`: one row per site, reads or not.
    """
    return _GermlineAlleles(germline_sites, params)


class _GermlineAlleles:
    """Counts (sites, 4) in the order of sites sorted by contig and start."""

    def __init__(self, sites: pd.DataFrame, params: GermlineParams) -> None:
        sites = sites[sites["zygosity"].eq(HETEROZYGOUS)]
        keys = sites[["contig", "start"]].drop_duplicates().sort_values(["contig", "start"])
        self._sites, self._params = keys.reset_index(drop=True), params
        excluded = FAILED & ~DUPLICATE if params.keep_duplicates else FAILED
        self._rules = Rules(params.min_mapq, params.min_base_quality, excluded, True)  # noqa: FBT003  a field of a tuple
        self._starts = self._sites["start"].to_numpy(dtype=np.int64)
        self.counts = np.zeros((len(keys), BASES), dtype=np.int64)
        self._rows: list[tuple[int, int]] = []

    def begin(self, header: ReadHeader) -> None:
        """Find the sites of each contig of the file."""
        contigs = self._sites["contig"].to_numpy(dtype=object)
        known = {
            str(contig): (int(rows[0]), int(rows[-1]) + 1)
            for contig in dict.fromkeys(contigs)
            if len(rows := np.flatnonzero(contigs == contig))
        }
        self._rows = [known.get(contig, (0, 0)) for contig in header.contigs]

    def fork(self) -> Self:
        """Return a collector that has seen nothing."""
        twin = copy(self)
        twin.counts = np.zeros_like(self.counts)
        return twin

    def take(self, batch: RecordBatch) -> None:
        """Count at the sites that a batch owns."""
        if batch.contig < 0 or not len(batch):
            return
        low, high = self._rows[batch.contig]
        owned = [batch.owned_start, batch.owned_end]
        first, last = low + np.searchsorted(self._starts[low:high], owned)
        if first == last:
            return
        reads = Reads(
            batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
            batch.mates,
        )  # fmt: skip
        self.counts[first:last] += count_sites(reads, self._starts[first:last], self._rules)

    def merge(self, other: Self) -> None:
        """Add what another collector has counted."""
        self.counts += other.counts

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the counts of each site."""
        counts = {base: self.counts[:, k] for k, base in enumerate("acgt")}
        return (self._sites.assign(**counts),)
