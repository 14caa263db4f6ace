"""Whether the contigs of a file belong to the genome build of the cohort."""

from collections.abc import Iterable, Mapping

import pandas as pd

from storiform.model.errors import InputError, fault
from storiform.model.genome import CHROMOSOMES, LENGTHS, Build, build_of, build_of_accessions
from storiform.model.intervals import Intervals

LAST_PLACE = 2**31 - 1
"""The highest position, and the highest count, that BAM and BCF can hold."""
_DIGITS = len(str(LAST_PLACE))
_SHOWN = 5
_REMEDY = "Give the file of the right build, or set the build of the cohort."
_RENAME = "Rename the contigs (bcftools annotate --rename-chrs, for a VCF), or see the build."


def is_place(text: str) -> bool:
    """Tell whether a text is a whole number that a position of a file can be.

    Examples
    --------
    >>> is_place("7675088"), is_place("2147483648"), is_place("-1"), is_place("1e3")
    (True, False, False, False)
    """
    is_whole = text.isascii() and text.isdecimal()
    return is_whole and len(text.lstrip("0")) <= _DIGITS and int(text) <= LAST_PLACE


def check_build(where: str, contig_lengths: Mapping[str, int], build: Build) -> None:
    """Refuse contig lengths that are those of another build."""
    found = build_of(contig_lengths)
    if found is not None and found != build:
        raise InputError(fault(where, f"contig lengths of {found}", build, _REMEDY))
    check_accessions(where, contig_lengths, build)


def check_accessions(where: str, contigs: Iterable[str], build: Build) -> None:
    """Refuse contigs, as the file writes them, with RefSeq's accessions of another build."""
    found = build_of_accessions(contigs)
    if found is not None and found != build:
        raise InputError(fault(where, f"accessions of {found}", build, _REMEDY))


def check_within(where: str, bases: Intervals, build: Build) -> None:
    """Refuse bases behind the end of a chromosome."""
    for contig, (_, ends) in bases.bounds.items():
        length = LENGTHS[build].get(contig)
        if length is not None and len(ends) and int(ends[-1]) > length:
            found = f"an interval up to {contig}:{int(ends[-1])}"
            expected = f"positions up to {length} on {build}"
            raise InputError(fault(where, found, expected, _REMEDY))


def check_contigs(where: str, places: pd.DataFrame, build: Build) -> None:
    """Refuse places of which none lies on a chromosome, or that lie behind its end."""
    if places.empty:
        return
    names = list(places["contig"].unique())
    if not set(names) & set(CHROMOSOMES):
        shown = ", ".join(str(name) for name in names[:_SHOWN])
        expected = "at least one of chr1 to chr22, chrX, chrY, chrM (or 1 to 22, X, Y, MT)"
        raise InputError(fault(where, f"contigs {shown}", expected, _RENAME))
    limits = places["contig"].map(LENGTHS[build])
    beyond = places[places["end"] > limits.fillna(float("inf"))]
    if not beyond.empty:
        first = beyond.iloc[0]
        found = f"a place at {first['contig']}:{first['end']}"
        expected = f"positions up to {LENGTHS[build][first['contig']]} on {build}"
        raise InputError(fault(where, found, expected, _REMEDY))
