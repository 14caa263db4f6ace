"""Genome builds, contigs and 0-based half-open intervals."""

from collections.abc import Iterable, Mapping
from typing import Literal

Build = Literal["GRCh37", "GRCh38"]

BUILD_ALIASES: Mapping[str, Build] = {
    "grch37": "GRCh37", "hg19": "GRCh37", "b37": "GRCh37", "hs37d5": "GRCh37", "37": "GRCh37",
    "grch38": "GRCh38", "hg38": "GRCh38", "38": "GRCh38",
}  # fmt: skip

CHROMOSOMES: tuple[str, ...] = (*(f"chr{n}" for n in range(1, 23)), "chrX", "chrY", "chrM")
"""The primary contigs; behind `io` every contig carries the prefix ``chr``."""

LENGTHS: Mapping[Build, Mapping[str, int]] = {
    "GRCh37": {
        "chr1": 249250621, "chr2": 243199373, "chr3": 198022430, "chr4": 191154276,
        "chr5": 180915260, "chr6": 171115067, "chr7": 159138663, "chr8": 146364022,
        "chr9": 141213431, "chr10": 135534747, "chr11": 135006516, "chr12": 133851895,
        "chr13": 115169878, "chr14": 107349540, "chr15": 102531392, "chr16": 90354753,
        "chr17": 81195210, "chr18": 78077248, "chr19": 59128983, "chr20": 63025520,
        "chr21": 48129895, "chr22": 51304566, "chrX": 155270560, "chrY": 59373566,
    },
    "GRCh38": {
        "chr1": 248956422, "chr2": 242193529, "chr3": 198295559, "chr4": 190214555,
        "chr5": 181538259, "chr6": 170805979, "chr7": 159345973, "chr8": 145138636,
        "chr9": 138394717, "chr10": 133797422, "chr11": 135086622, "chr12": 133275309,
        "chr13": 114364328, "chr14": 107043718, "chr15": 101991189, "chr16": 90338345,
        "chr17": 83257441, "chr18": 80373285, "chr19": 58617616, "chr20": 64444167,
        "chr21": 46709983, "chr22": 50818468, "chrX": 156040895, "chrY": 57227415,
    },
}  # fmt: skip
"""Lengths in bases of the primary assemblies; chrM is left out, it differs by source."""


_VERSIONS: Mapping[Build, tuple[int, ...]] = {
    "GRCh37": (10, 11, 11, 11, 9, 11, 13, 10, 11, 10, 9, 11, 10, 8, 9, 9, 10, 9, 9, 10, 8, 10,
               10, 9),
    "GRCh38": (11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12, 11, 9, 10, 10, 11, 10, 10, 11, 9,
               11, 11, 10),
}  # fmt: skip
"""Versions of RefSeq's accessions of chr1 to chr22, chrX and chrY (NC_000001 to NC_000024)."""

_ACCESSIONS: Mapping[str, tuple[str, Build | None]] = {
    "NC_012920.1": ("chrM", None),
    **{
        f"NC_{number:06d}.{version}": (CHROMOSOMES[number - 1], build)
        for build, versions in _VERSIONS.items()
        for number, version in enumerate(versions, 1)
    },
}
"""RefSeq's name of a chromosome -> ours, and the build (None: of both)."""


def canonical_contig(name: str) -> str:
    """Give a contig the prefix ``chr``: ``1`` -> ``chr1``, ``MT`` -> ``chrM``.

    RefSeq's accessions of the chromosomes of GRCh37 and GRCh38 are known, too.

    Examples
    --------
    >>> [canonical_contig(n) for n in ("7", "chrX", "MT", "NC_000017.11", "GL000220.1")]
    ['chr7', 'chrX', 'chrM', 'chr17', 'GL000220.1']
    """
    if name in _ACCESSIONS:
        return _ACCESSIONS[name][0]
    bare = name[3:] if name.lower().startswith("chr") else name
    bare = "M" if bare.upper() in {"M", "MT"} else bare
    upper = f"chr{bare.upper()}"
    if bare in {"23", "24"}:
        upper = {"23": "chrX", "24": "chrY"}[bare]
    return upper if upper in CHROMOSOMES else name


def build_of(contig_lengths: Mapping[str, int]) -> Build | None:
    """Tell the build from the contig lengths of a file's header, None if undecided."""
    votes: dict[Build, int] = {"GRCh37": 0, "GRCh38": 0}
    for name, length in contig_lengths.items():
        for build, lengths in LENGTHS.items():
            votes[build] += lengths.get(canonical_contig(name)) == length
    best = max(votes, key=lambda build: votes[build])
    return best if votes[best] > 0 else None


def build_of_accessions(names: Iterable[str]) -> Build | None:
    """Tell the build from RefSeq's accessions of chromosomes, None without any or of both.

    Examples
    --------
    >>> build_of_accessions(["NC_000017.11", "NC_012920.1"]), build_of_accessions(["chr17"])
    ('GRCh38', None)
    """
    builds = {_ACCESSIONS[name][1] for name in names if name in _ACCESSIONS} - {None}
    return builds.pop() if len(builds) == 1 else None


def merge_intervals(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge overlapping or touching half-open intervals of one contig, sorted.

    Examples
    --------
    >>> merge_intervals([(5, 9), (1, 3), (3, 6)])
    [(1, 9)]
    """
    merged: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
