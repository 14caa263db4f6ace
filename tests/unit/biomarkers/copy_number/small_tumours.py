"""Segments, alleles and mutations of small planted tumours, for tests of the fit."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from storiform.model.copies import expected_log2, expected_share
from storiform.model.tables.copies import COPY_NUMBER_QUALITY, RAW_SEGMENTS, SNP_COUNTS

MB = 1_000_000


class Piece(NamedTuple):
    """A stretch of a planted genome; `cells` is the share of tumour cells with the copies."""

    contig: str
    start: int
    end: int
    total: float
    minor: float
    cells: float = 1.0


def genome(*states: tuple[int, int], length: int = 60 * MB) -> list[Piece]:
    """Return one piece per contig chr1, chr2 ... with these total and minor copies."""
    return [
        Piece(f"chr{number}", 0, length, total, minor)
        for number, (total, minor) in enumerate(states, 1)
    ]


class Tumour(NamedTuple):
    """The tables of a planted tumour, and its mean copies."""

    raw_segments: pd.DataFrame
    snp_counts: pd.DataFrame
    variants: pd.DataFrame
    ploidy: float


def tumour(
    pieces: list[Piece], purity: float, mutations: int = 0, sex: str = "female", seed: int = 1
) -> Tumour:
    """Return the tables of a tumour with noise as of an exome of depth 100."""
    rng = np.random.default_rng(seed)
    autosomes = [piece for piece in pieces if piece.contig not in {"chrX", "chrY"}]
    lengths = [piece.end - piece.start for piece in autosomes]
    ploidy = float(np.average([_mean(piece) for piece in autosomes], weights=lengths))
    rows, snps, calls = [], [], []
    for piece in pieces:
        normal = 1 if sex == "male" and piece.contig in {"chrX", "chrY"} else 2
        total = piece.cells * piece.total + (1 - piece.cells) * normal
        minor = piece.cells * piece.minor + (1 - piece.cells)
        log2 = expected_log2(purity, ploidy, total, normal) + rng.normal(0, 0.02)
        bins = max((piece.end - piece.start) // 60_000, 1)
        count = 0 if normal == 1 else max((piece.end - piece.start) // 500_000, 3)
        share = float(expected_share(purity, total, minor))
        depth = rng.poisson(100 * 2.0**log2, count)
        first = rng.binomial(depth, np.where(rng.random(count) < 0.5, share, 1 - share))
        snps += [
            (piece.contig, int(place), 50, 50, int(a), int(n - a), True, n >= 8)
            for place, a, n in zip(
                np.linspace(piece.start, piece.end - 1, count), first, depth, strict=True
            )
        ]
        rows.append((piece.contig, piece.start, piece.end, bins, count, float(log2), 0.01,
                     0.02, share if count else np.nan))  # fmt: skip
        part = (piece.end - piece.start) / sum(lengths)
        for _ in range(round(mutations * part)):
            whole = purity * total + normal * (1 - purity)
            n = int(rng.poisson(100 * 2.0 ** float(log2)))
            f = min(purity / whole, 1.0) if total >= 1 else 0.0
            calls.append((piece.contig, int(rng.integers(piece.start, piece.end)), True,
                          int(rng.binomial(n, f)), n))  # fmt: skip
    return Tumour(
        RAW_SEGMENTS.conform(pd.DataFrame(rows, columns=list(RAW_SEGMENTS.columns))),
        SNP_COUNTS.conform(pd.DataFrame(snps, columns=list(SNP_COUNTS.columns))),
        pd.DataFrame(
            calls,
            columns=["contig", "start", "is_eligible", "tumour_alt_reads", "tumour_depth"],
        ),
        ploidy,
    )


def quality(sex: str = "female", limits: str = "") -> pd.DataFrame:
    """Return what is known of the log ratios."""
    row = {
        "reference": "normal", "is_tumour_only": False, "noise": 0.2, "noise_normal": 0.2,
        "noise_panel": np.nan, "noise_both": np.nan, "bins": 1000, "target_bins": 900,
        "snps": 1000, "median_reads": 100.0, "sex": sex, "limits": limits,
    }  # fmt: skip
    return COPY_NUMBER_QUALITY.conform(pd.DataFrame([row]))


def _mean(piece: Piece) -> float:
    return piece.cells * piece.total + (1 - piece.cells) * 2
