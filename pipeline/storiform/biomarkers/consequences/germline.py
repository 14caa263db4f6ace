"""Which germline alleles a patient has, and which lie beside the somatic ones of a copy."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.biomarkers.consequences.alleles import Allele, refusal
from storiform.biomarkers.consequences.haplotypes import Copy, SomaticAllele
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.protein_changes import variant_id
from storiform.model.resources import Sequence
from storiform.model.transcripts import Transcript

Sites = Mapping[int, tuple[str, str]]
"""Place on the contig -> base of the reference, base of the germline allele."""
_LETTERS = frozenset("ACGT")
_NO_ALLELE = frozenset({"set_aside", "duplicate"})
"""Filters of a call that is no small allele, or that another row has already."""


def germline_calls(
    variants: pd.DataFrame, min_vaf: float, min_homozygous_vaf: float
) -> dict[int, bool]:
    """Return the rows of calls that are of the germline, and whether each is on both copies.

    Parameters
    ----------
    variants
        The table `variants`; its calls that failed the filter ``germline`` are asked.
    min_vaf, min_homozygous_vaf
        Share of the normal's reads from which a call is of the germline, or on both copies;
        where these reads are not known the filter is believed, and the call is on one copy.
    """
    rows = np.flatnonzero(~variants["is_eligible"].to_numpy(dtype=bool))
    if not len(rows):
        return {}
    others = variants.iloc[rows]
    failed = others["failed_filters"].fillna("").str.split(";")
    shares = others["normal_vaf"].to_numpy(dtype=float)
    found: dict[int, bool] = {}
    columns = (others["ref"].to_list(), others["alt"].to_list())
    for row, names, share, ref, alt in zip(rows, failed, shares, *columns, strict=True):
        is_named = "germline" in names and not _NO_ALLELE.intersection(names)
        is_written = isinstance(ref, str) and isinstance(alt, str)
        if is_named and is_written and not share < min_vaf:
            found[int(row)] = bool(share >= min_homozygous_vaf)
    return found


def is_one_base(allele: Allele) -> bool:
    """Tell whether an allele puts one base for another."""
    return len(allele.ref) == len(allele.alt) == 1


class _Site(NamedTuple):
    """A germline substitution; `name` is as `variant_ids` has it."""

    contig: str
    place: int
    ref: str
    alt: str

    @property
    def name(self) -> str:
        return variant_id(self.contig, self.place, self.place + 1, self.ref, self.alt)


class Germline:
    """The germline substitutions of a patient.

    Parameters
    ----------
    sites
        The table `germline_sites`, or None.
    reference
        The bases of the genome; sites that do not fit it are left out.
    together
        Names of alleles, somatic or germline, that reads show on one copy.
    """

    def __init__(
        self,
        sites: pd.DataFrame | None,
        reference: Sequence,
        together: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._both: dict[str, list[_Site]] = {}
        self._one: dict[str, list[_Site]] = {}
        one: dict[str, _Site] = {}
        for zygosity, site in _sites(sites, reference):
            if zygosity == "homozygous":
                self._both.setdefault(site.contig, []).append(site)
            else:
                one[site.name] = site
                self._one.setdefault(site.contig, []).append(site)
        self._beside: dict[str, list[_Site]] = {}
        carriers: dict[str, list[str]] = {}
        for pair in together:
            for name, other in (pair, pair[::-1]):
                if name in one:
                    self._beside.setdefault(other, []).append(one[name])
                    carriers.setdefault(name, []).append(other)
        self.joined = tuple(pair for names in carriers.values() for pair in pairwise(names))
        """Pairs of somatic alleles that share a copy since one germline allele is on both's."""

    def of(self, spliced: Spliced, copy: Copy) -> Sites:
        """Return the substitutions of one base in the exons of one copy.

        Those on both copies, heterozygous ones that reads show beside a somatic allele of
        this copy, and those among the alleles of the copy.
        """
        transcript = spliced.transcript
        beside = (site for one in copy.alleles for site in self._beside.get(one.name, ()))
        called = (
            _Site(one.allele.contig, one.allele.start, one.allele.ref, one.allele.alt)
            for one in copy.germline
            if is_one_base(one.allele)
        )
        return {
            site.place: (site.ref, site.alt)
            for site in (*_within(self._both, transcript), *beside, *called)
            if site.contig == transcript.contig and spliced.place(site.place) >= 0
        }

    def heterozygous(self, transcript: Transcript) -> list[SomaticAllele]:
        """Return the substitutions of one copy, whichever it is, over a transcript."""
        return [
            SomaticAllele(
                site.name,
                Allele(site.contig, site.place, site.place + 1, site.ref, site.alt),
                -1,
                is_germline=True,
            )
            for site in _within(self._one, transcript)
        ]

    def is_beside(self, copy: Copy, name: str) -> bool:
        """Tell whether a germline allele lies on a copy by reads, not on both copies."""
        beside = (site for one in copy.alleles for site in self._beside.get(one.name, ()))
        return any(site.name == name for site in beside)


def _within(sites: Mapping[str, list[_Site]], transcript: Transcript) -> list[_Site]:
    known = sites.get(transcript.contig, [])
    low = bisect_left(known, transcript.start, key=lambda site: site.place)
    high = bisect_left(known, transcript.end, key=lambda site: site.place)
    return known[low:high]


def _sites(sites: pd.DataFrame | None, reference: Sequence) -> Iterator[tuple[str, _Site]]:
    """Go through the substitutions by place, with their zygosity."""
    if sites is None or sites.empty:
        return
    ordered = sites.sort_values(["contig", "start"])
    names = ("contig", "start", "zygosity", "reference", "allele_1", "allele_2")
    columns = [ordered[name].to_list() for name in names]
    for contig, start, zygosity, before, first, second in zip(*columns, strict=True):
        other = first if second == before else second
        after = first if zygosity == "homozygous" else other
        is_clear = before in _LETTERS and after in _LETTERS and before != after
        # Of two alleles that are both not the reference's neither can be told.
        is_clear = is_clear and (zygosity == "homozygous" or before in {first, second})
        if is_clear and not refusal(reference, contig, int(start), before, after):
            yield zygosity, _Site(contig, int(start), before, after)
