"""Calls counted again in the reads of a patient's samples, and pairs of them on one copy."""

from collections.abc import Iterator
from copy import copy
from typing import Annotated, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.alleles import Alleles, count_calls, count_pairs
from storiform.kernels.depth import Reads
from storiform.kernels.pileup import DUPLICATE, FAILED, Rules
from storiform.model.params import Depth, Fraction, Params
from storiform.model.protein_changes import variant_id
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.shared_ends import shared_start
from storiform.model.tables.dna import Calls
from storiform.model.tables.phases import CALL_PAIRS, CallPairs
from storiform.model.tables.proteins import PHASED_CALLS, PhasedCalls
from storiform.model.tables.reads import RECOUNTS, GermlineSites

_KEY = ["contig", "start", "end", "ref", "alt"]
_COUNTED = (
    *("depth", "ref_reads", "alt_reads", "alt_forward", "alt_reverse", "alt_f1r2", "alt_f2r1"),
)
_BY_CALL = ("first", "last", "between", "ref_lengths", "alt_lengths", "places")
_CODES = {"A": 0, "C": 1, "G": 2, "T": 3}
_TOGETHER = ("both", "only_first", "only_second", "neither")


class RecountParams(Params):
    """Which reads count when calls are counted again."""

    min_mapq: int = Field(
        20, ge=0, le=255, description="lowest mapping quality (phred) of a read that counts"
    )
    min_base_quality: int = Field(
        20,
        ge=0,
        le=93,
        description="lowest quality (phred) of a base that counts; of all bases of a "
        "substitution, of the two beside an insertion or deletion",
    )
    keep_duplicates: bool = Field(
        default=False, description="whether reads marked as duplicates count"
    )
    pair_distance_bp: int = Field(
        80,
        ge=0,
        le=10_000,
        description="bp between two calls up to which fragments are asked whether they lie on "
        "one copy; a peptide spans 75",
    )
    min_pair_reads: Depth = Field(
        2, description="fragments that must show that two calls do, or do not, share a copy"
    )
    min_pair_share: Fraction = Field(
        0.7,
        description="share of the fragments with the rarer call that must have the other too; "
        "calls are apart where no more than the rest of this share of them has",
    )


def recounts(
    calls: Calls, params: RecountParams
) -> Annotated[Collector, Scan(RECOUNTS, assays=("exome", "rna"))]:
    """Count the alleles of each small call in the reads of one sample.

    A pair of mates counts once: where both show the place, that with the higher quality
    speaks, read 1 at a tie. A substitution wants all its bases; an insertion or deletion
    wants a read that is aligned on both sides of it and has exactly this change between.

    Parameters
    ----------
    calls
        The calls of the patient's biopsies, each allele once whatever the biopsy.
        Symbolic alleles, and those that are not of A, C, G and T, are left out.
    params
        Which reads and bases count.

    Returns
    -------
    Collector
        Of `RECOUNTS`: one row per call, reads or not.
    """
    return _Recounts(calls, params)


def call_pairs(
    calls: Calls, params: RecountParams, germline_sites: GermlineSites | None = None
) -> Annotated[Collector, Scan(CALL_PAIRS, assays=("exome", "rna"), roles=("tumour",))]:
    """Count which alleles of two nearby calls the fragments of a tumour show together.

    Parameters
    ----------
    calls
        The calls of the patient's biopsies.
    germline_sites
        Places where the patient's normal has two alleles; those near a call are paired with
        it, the one that is not the reference's as its allele.
    params
        Which reads and bases count, as for `recounts`, and how near two calls must be.

    Returns
    -------
    Collector
        Of `CALL_PAIRS`: one row per pair of small calls that change different bases.
    """
    return _CallPairs(_with_sites(calls, germline_sites, params.pair_distance_bp), params)


def phased_calls(call_pairs: CallPairs, params: RecountParams) -> PhasedCalls:
    """Tell which calls lie on one copy of their chromosome, by the fragments that show both.

    Two somatic alleles share a copy where most fragments with the rarer one carry the other
    as well, and lie on different ones where next to none does: the rarer may be that of a
    subclone. DNA and RNA of a biopsy count together.
    """
    named = call_pairs.groupby(["variant_1", "variant_2"], observed=True)
    sums = named[list(_TOGETHER)].sum().reset_index()
    both, first, second = (sums[name].to_numpy() for name in _TOGETHER[:3])
    rarer = both + np.minimum(first, second)
    is_seen = rarer >= params.min_pair_reads
    is_one = is_seen & (both >= params.min_pair_reads) & (both >= params.min_pair_share * rarer)
    is_apart = is_seen & (both <= (1.0 - params.min_pair_share) * rarer)
    return PHASED_CALLS.conform(
        pd.DataFrame(
            {
                "variant_1": sums["variant_1"],
                "variant_2": sums["variant_2"],
                "reads_with_both": both,
                "reads_with_one": first + second,
                "is_one_copy": pd.arrays.BooleanArray(is_one, ~(is_one | is_apart)),
            }
        )
    )


class _Recounts:
    """Counts (calls, 7), the calls sorted by contig and by the first place of each."""

    def __init__(self, calls: pd.DataFrame, params: RecountParams) -> None:
        self._calls, self._params = _small_calls(calls), params
        excluded = FAILED & ~DUPLICATE if params.keep_duplicates else FAILED
        self._rules = Rules(params.min_mapq, params.min_base_quality, excluded, True)  # noqa: FBT003  a field of a tuple
        self.counts = np.zeros((len(self._calls), len(_COUNTED)), dtype=np.int64)
        self._alleles = _alleles(self._calls)
        self._rows: list[tuple[int, int]] = []

    def begin(self, header: ReadHeader) -> None:
        """Find the calls of each contig of the file."""
        contigs = self._calls["contig"].to_numpy(dtype=object)
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
        """Count the calls whose first place a batch owns."""
        first, last = self._owned(batch)
        if first == last:
            return
        reads = _reads(batch)
        rows = slice(first, last)
        kept = {name: getattr(self._alleles, name)[rows] for name in _BY_CALL}
        part = self._alleles._replace(**kept)
        self.counts[rows] += count_calls(reads, part, self._rules)

    def merge(self, other: Self) -> None:
        """Add what another collector has counted."""
        self.counts += other.counts

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the counts of each call."""
        counts = {name: self.counts[:, k] for k, name in enumerate(_COUNTED)}
        return (self._calls[_KEY].assign(**counts),)

    def _owned(self, batch: RecordBatch) -> tuple[int, int]:
        """Return the rows of the calls whose first place a batch owns."""
        if batch.contig < 0 or not len(batch):
            return 0, 0
        low, high = self._rows[batch.contig]
        owned = [batch.owned_start, batch.owned_end]
        first, last = low + np.searchsorted(self._alleles.first[low:high], owned)
        return int(first), int(last)


class _CallPairs(_Recounts):
    """Counts (pairs, 4), the pairs sorted by the first of their calls."""

    def __init__(self, calls: pd.DataFrame, params: RecountParams) -> None:
        super().__init__(calls, params)
        somatic = pd.MultiIndex.from_frame(calls.loc[calls["is_call"], _KEY])
        is_call = pd.MultiIndex.from_frame(self._calls[_KEY]).isin(somatic)
        pairs = _neighbours(self._calls, params.pair_distance_bp)
        self._pairs = pairs[is_call[pairs].any(axis=1)]
        self.counts = np.zeros((len(self._pairs), len(_TOGETHER)), dtype=np.int64)

    def take(self, batch: RecordBatch) -> None:
        """Count the pairs whose first call has its first place in a batch."""
        rows = slice(*np.searchsorted(self._pairs[:, 0], self._owned(batch)).tolist())
        if rows.start < rows.stop:
            pairs = np.ascontiguousarray(self._pairs[rows])
            self.counts[rows] += count_pairs(_reads(batch), self._alleles, pairs, self._rules)

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return what fragments show of each pair."""
        names = [variant_id(*call) for call in self._calls[_KEY].itertuples(index=False)]
        rows = {
            f"variant_{side + 1}": [names[row] for row in self._pairs[:, side].tolist()]
            for side in range(2)
        }
        counts = {name: self.counts[:, k] for k, name in enumerate(_TOGETHER)}
        return (CALL_PAIRS.conform(pd.DataFrame({**rows, **counts})),)


def _reads(batch: RecordBatch) -> Reads:
    return Reads(
        batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
        batch.mates,
    )  # fmt: skip


def _with_sites(
    calls: pd.DataFrame, sites: pd.DataFrame | None, distance_bp: int
) -> pd.DataFrame:
    """Add the germline alleles near calls; `is_call` tells the calls themselves."""
    marked = calls[[*_KEY, *(n for n in ("set_aside",) if n in calls)]].assign(is_call=True)
    if sites is None or sites.empty or calls.empty:
        return marked
    own = sites[sites["zygosity"].eq("heterozygous")]
    first, second, ref = (own[name] for name in ("allele_1", "allele_2", "reference"))
    own = own.assign(ref=ref, alt=second.where(second.ne(ref), first), end=own["start"] + 1)
    own = own[(first.eq(ref) | second.eq(ref)) & _is_near(own, calls, distance_bp)]
    return pd.concat([marked, own[_KEY].assign(set_aside="", is_call=False)], ignore_index=True)


def _is_near(sites: pd.DataFrame, calls: pd.DataFrame, distance_bp: int) -> NDArray[np.bool_]:
    """Tell which places lie so near to a call."""
    found = np.zeros(len(sites), dtype=bool)
    contigs, starts = sites["contig"].to_numpy(object), sites["start"].to_numpy(np.int64)
    for contig, own in calls.groupby("contig", observed=True):
        rows = np.flatnonzero(contigs == contig)
        begins = np.sort(own["start"].to_numpy(np.int64)) - distance_bp - 1
        ends = np.sort(own["end"].to_numpy(np.int64)) + distance_bp + 1
        open_now = np.searchsorted(begins, starts[rows], side="right")
        found[rows] = open_now > np.searchsorted(ends, starts[rows], side="right")
    return found


def _neighbours(calls: pd.DataFrame, distance_bp: int) -> NDArray[np.int64]:
    """Return the rows (p, 2) of calls near each other that change different bases."""
    contigs = calls["contig"].to_list()
    firsts, lasts = calls["first"].to_list(), calls["last"].to_list()
    found = [
        (one, other)
        for one in range(len(calls))
        for other in _within(one, contigs, firsts, lasts[one] + distance_bp)
        if firsts[other] > lasts[one] - int(calls["between"].iloc[one])
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _within(one: int, contigs: list[str], firsts: list[int], reach: int) -> Iterator[int]:
    """Go through the calls behind one up to a place of its contig."""
    other = one + 1
    while other < len(firsts) and contigs[other] == contigs[one] and firsts[other] <= reach:
        yield other
        other += 1


def _small_calls(calls: pd.DataFrame) -> pd.DataFrame:
    """Return each small allele once, with what a read must show for it, sorted."""
    rows = calls[calls["set_aside"].fillna("").eq("")] if "set_aside" in calls else calls
    rows = rows[_KEY].drop_duplicates().reset_index(drop=True)
    places = [
        _place(int(start), int(end), ref, alt)
        for start, end, ref, alt in zip(
            rows["start"], rows["end"], rows["ref"], rows["alt"], strict=True
        )
    ]
    kept = np.array([place is not None for place in places], dtype=bool)
    names = ["first", "last", "between", "ref_bases", "alt_bases"]
    found = pd.DataFrame([place for place in places if place is not None], columns=names)
    small = pd.concat([rows[kept].reset_index(drop=True), found], axis=1)
    return small.sort_values(["contig", "first", *_KEY[1:]], ignore_index=True)


def _place(
    start: int, end: int, ref: object, alt: object
) -> tuple[int, int, bool, str, str] | None:
    """Return first and last place, whether the alleles lie between, and these alleles."""
    if not isinstance(ref, str) or not isinstance(alt, str):
        return None
    ref, alt = ref.upper(), alt.upper()
    if ref == alt or not set(ref + alt) <= set("ACGT-") or not (ref and alt):
        return None
    if "-" in ref + alt:
        return _dashed(start, end, ref, alt)
    if len(ref) == len(alt):
        return start, start + len(ref) - 1, False, ref, alt
    shared = shared_start(ref, alt)
    return start + shared - 1, start + len(ref), True, ref[shared:], alt[shared:]


def _dashed(start: int, end: int, ref: str, alt: str) -> tuple[int, int, bool, str, str] | None:
    """Read a MAF's insertion (`-` for the reference, start before it) or deletion."""
    if ref == "-" and "-" not in alt:
        return start, start + 1, True, "", alt
    if alt == "-" and "-" not in ref and end - start == len(ref):
        return start - 1, end, True, ref, ""
    return None


def _alleles(small: pd.DataFrame) -> Alleles:
    words = [ref + alt for ref, alt in zip(small["ref_bases"], small["alt_bases"], strict=True)]
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    codes = np.array([_CODES[base] for word in words for base in word], dtype=np.uint8)
    places = np.cumsum(lengths) - lengths
    return Alleles(
        small["first"].to_numpy(dtype=np.int64),
        small["last"].to_numpy(dtype=np.int64),
        small["between"].to_numpy(dtype=bool),
        np.array([len(word) for word in small["ref_bases"]], dtype=np.int64),
        np.array([len(word) for word in small["alt_bases"]], dtype=np.int64),
        codes,
        places,
    )
