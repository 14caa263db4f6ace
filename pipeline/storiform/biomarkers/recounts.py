"""Calls counted again in the reads of a patient's tumour, normal and RNA."""

from copy import copy
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.kernels.alleles import Alleles, count_calls
from storiform.kernels.depth import Reads
from storiform.kernels.pileup import DUPLICATE, FAILED, Rules
from storiform.model.params import Params
from storiform.model.reads import Collector, ReadHeader, RecordBatch, Scan
from storiform.model.tables.dna import Calls
from storiform.model.tables.reads import RECOUNTS

_KEY = ["contig", "start", "end", "ref", "alt"]
_COUNTED = (
    *("depth", "ref_reads", "alt_reads", "alt_forward", "alt_reverse", "alt_f1r2", "alt_f2r1"),
)
_BY_CALL = ("first", "last", "between", "ref_lengths", "alt_lengths", "places")
_CODES = {"A": 0, "C": 1, "G": 2, "T": 3}


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
        if batch.contig < 0 or not len(batch):
            return
        low, high = self._rows[batch.contig]
        owned = [batch.owned_start, batch.owned_end]
        first, last = low + np.searchsorted(self._alleles.first[low:high], owned)
        if first == last:
            return
        reads = Reads(
            batch.data, batch.offsets, batch.starts, batch.ends, batch.flags, batch.mapq,
            batch.mates,
        )  # fmt: skip
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
    shared = 0
    while shared < min(len(ref), len(alt)) and ref[shared] == alt[shared]:
        shared += 1
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
