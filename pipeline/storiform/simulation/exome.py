"""An invented exome kit on the real chromosomes: bins on and between its targets."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from storiform.model.genome import LENGTHS
from storiform.model.table import TEXT
from storiform.simulation.reference import UNIVERSE_SEED

Floats = npt.NDArray[np.float64]

GENES: Final = {
    "CDK4": ("chr12", 57_747_727, 57_756_013, 8), "MDM2": ("chr12", 68_808_177, 68_850_686, 12),
    "TSPAN31": ("chr12", 57_738_013, 57_747_500, 6),
    "HMGA2": ("chr12", 65_824_460, 65_966_291, 5),
    "FRS2": ("chr12", 69_470_388, 69_579_789, 6),
    "GLI1": ("chr12", 57_459_785, 57_472_268, 12),
    "DDIT3": ("chr12", 57_516_588, 57_521_737, 3),
    "CDKN2A": ("chr9", 21_967_752, 21_995_324, 5),
    "CDKN2B": ("chr9", 22_002_903, 22_009_313, 3),
    "MTAP": ("chr9", 21_802_636, 21_867_080, 8), "KLHL9": ("chr9", 21_329_670, 21_335_380, 5),
    "IFNA1": ("chr9", 21_440_439, 21_441_316, 3), "IFNE": ("chr9", 21_480_838, 21_482_313, 3),
    "IFNB1": ("chr9", 21_077_104, 21_077_943, 3),
    "DMRTA1": ("chr9", 22_446_824, 22_455_740, 5),
    "ELAVL2": ("chr9", 23_690_104, 23_826_337, 7),
    "TP53": ("chr17", 7_661_779, 7_687_538, 10), "RB1": ("chr13", 48_303_744, 48_599_436, 27),
    "PTEN": ("chr10", 87_863_113, 87_971_930, 9), "NF1": ("chr17", 31_094_927, 31_382_116, 57),
    "ATRX": ("chrX", 77_504_880, 77_786_233, 35), "MYC": ("chr8", 127_735_434, 127_742_951, 5),
    "KIT": ("chr4", 54_657_918, 54_740_715, 21), "EGFR": ("chr7", 55_019_017, 55_211_628, 28),
    "PDGFRA": ("chr4", 54_229_280, 54_298_245, 22),
    "ERBB2": ("chr17", 39_687_914, 39_730_426, 27),
    "CCND1": ("chr11", 69_641_156, 69_654_474, 5), "JUN": ("chr1", 58_780_791, 58_784_047, 4),
    "TERT": ("chr5", 1_253_147, 1_295_068, 16),
}  # fmt: skip
"""Genes of interest: contig, start, end (GRCh38, GENCODE) and targets of the kit in them."""

CENTROMERES: Final = {
    "chr1": 123_400_000, "chr2": 93_900_000, "chr3": 90_900_000, "chr4": 50_000_000,
    "chr5": 48_800_000, "chr6": 59_800_000, "chr7": 60_100_000, "chr8": 45_200_000,
    "chr9": 43_000_000, "chr10": 39_800_000, "chr11": 53_400_000, "chr12": 35_500_000,
    "chr13": 17_700_000, "chr14": 17_200_000, "chr15": 19_000_000, "chr16": 36_800_000,
    "chr17": 25_100_000, "chr18": 18_500_000, "chr19": 26_200_000, "chr20": 28_100_000,
    "chr21": 12_000_000, "chr22": 15_000_000, "chrX": 61_000_000, "chrY": 10_400_000,
}  # fmt: skip
"""Where the short arm ends (UCSC cytoBand, hg38)."""

_CODING: Final = {
    "chr1": 2050, "chr2": 1240, "chr3": 1070, "chr4": 750, "chr5": 880, "chr6": 1040,
    "chr7": 910, "chr8": 680, "chr9": 780, "chr10": 730, "chr11": 1290, "chr12": 1030,
    "chr13": 320, "chr14": 600, "chr15": 590, "chr16": 850, "chr17": 1180, "chr18": 270,
    "chr19": 1460, "chr20": 540, "chr21": 230, "chr22": 440, "chrX": 840, "chrY": 45,
}  # fmt: skip
"""Protein-coding genes of each chromosome, rounded."""

_FREE: Final = {
    "chr9": ((21_000_000, 26_900_000),),
    "chr12": ((57_450_000, 57_780_000), (65_700_000, 66_000_000), (68_700_000, 68_900_000)),
}
"""No invented gene here: true neighbours stand in `GENES`, the rest of 9p21 is a desert."""
_EXONS = 9.4
"""Mean targets of an invented gene."""
_BIN = 267
_OFF_TARGET = 120_000
_FLANK = 500
_MARGIN = 1_500_000
"""No gene and no bin this near a centromere, bp."""
_TELOMERE = 10_000
_SHORT_ARMS: Final = frozenset({"chr13", "chr14", "chr15", "chr21", "chr22"})


@dataclass(frozen=True)
class Exome:
    """The bins of the kit, the same for every sample.

    Parameters
    ----------
    bins
        One row per bin, sorted as tables are: `contig, start, end, is_target, gc, gene`.
    bait
        log2 of how well each bin is caught, the same in all samples, (n,).
    """

    bins: pd.DataFrame
    bait: Floats


@cache
def exome(contigs: tuple[str, ...] = tuple(LENGTHS["GRCh38"]), scale: float = 1.0) -> Exome:
    """Lay out the kit, about 190 000 bins on target and 25 000 between for a whole genome.

    Parameters
    ----------
    contigs
        The chromosomes that it covers.
    scale
        Share of the invented genes that are kept; the genes of interest always are.

    Returns
    -------
    Exome
        The same for the same arguments.
    """
    parts = [_contig_bins(contig, scale) for contig in sorted(contigs)]
    bins = pd.concat(parts, ignore_index=True)
    rng = np.random.default_rng([UNIVERSE_SEED, len(bins)])
    size = len(bins)
    isochore = autoregression(rng, size, 0.985)
    is_target = bins["is_target"].to_numpy()
    on = 0.47 + 0.07 * isochore + rng.normal(0, 0.06, size)
    gc = np.clip(np.where(is_target, on, 0.41 + 0.045 * isochore), 0.25, 0.78).round(4)
    bait = rng.normal(0, np.where(is_target, 0.55, 0.25))
    bins["gc"] = gc
    bins["contig"] = bins["contig"].astype(TEXT)
    return Exome(bins, bait)


def autoregression(rng: np.random.Generator, size: int, memory: float) -> Floats:
    """Return an AR(1) series of unit variance, (size,)."""
    noise = rng.normal(0, np.sqrt(1 - memory**2), size)
    noise[:1] /= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], noise), dtype=np.float64)


def _contig_bins(contig: str, scale: float) -> pd.DataFrame:
    rank = list(LENGTHS["GRCh38"]).index(contig)
    rng = np.random.default_rng([UNIVERSE_SEED, rank])
    starts, ends, genes = _targets(contig, scale, rng)
    pieces = np.maximum(1, np.rint((ends - starts) / _BIN)).astype(np.int64)
    owner = np.repeat(np.arange(len(starts)), pieces)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    width = (ends - starts) / pieces
    on = pd.DataFrame(
        {
            "contig": contig,
            "start": (starts[owner] + nth * width[owner]).astype(np.int64),
            "end": (starts[owner] + (nth + 1) * width[owner]).astype(np.int64),
            "is_target": True,
            "gene": genes[owner],
        }
    )
    between = _between(contig, starts, ends)
    return pd.concat([on, between]).sort_values("start", ignore_index=True)


def _targets(
    contig: str, scale: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Return starts, ends and genes of the targets of a contig; they do not overlap."""
    at, lengths, genes = _invented(contig, rng)
    kept = rng.random(int(genes.max(initial=-1)) + 1) < scale
    at, lengths, genes = (x[kept[genes]] for x in (at, lengths, genes))
    names = np.array([f"{contig[3:]}G{number}" for number in genes], dtype=object)
    for gene, (where, start, end, targets) in GENES.items():
        if where == contig:
            width = min(170, (end - start) // targets - 5)
            slots = np.linspace(start, end - width, targets).astype(np.int64)
            at = np.append(at, slots)
            lengths = np.append(lengths, np.full(targets, width))
            names = np.append(names, np.full(targets, gene, dtype=object))
    order = np.argsort(at, kind="stable")
    at, lengths, names = at[order], lengths[order], names[order]
    ends = np.minimum(at + lengths, np.append(at[1:] - 1, LENGTHS["GRCh38"][contig]))
    wide = ends - at >= 60  # noqa: PLR2004  shorter ones are no targets
    return at[wide], ends[wide], names[wide]


def _invented(
    contig: str, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return starts, lengths and gene numbers of invented targets, in gene-rich stretches."""
    length, count = LENGTHS["GRCh38"][contig], _CODING[contig]
    window = 1_000_000
    density = rng.gamma(0.9, 1.0, length // window + 1)
    middle = CENTROMERES[contig]
    edges = np.arange(len(density)) * window
    barren = np.abs(edges + window / 2 - middle) < _MARGIN + window
    if contig in _SHORT_ARMS:
        barren |= edges < middle + _MARGIN
    density[barren] = 0.0
    chosen = rng.choice(len(density), count, p=density / density.sum())
    start = np.sort(chosen * window + rng.integers(0, window, count))
    exons = 1 + rng.geometric(1 / (_EXONS - 1), count)
    owner = np.repeat(np.arange(count), exons)
    steps = np.exp(rng.normal(np.log(1_900), 1.3, len(owner)))
    walked = np.cumsum(steps)
    first = np.cumsum(exons) - exons
    offsets = walked - np.repeat(walked[first], exons)
    at = (start[owner] + offsets).astype(np.int64)
    lengths = np.clip(np.exp(rng.normal(np.log(160), 0.55, len(owner))), 80, 3000)
    kept = (at > _TELOMERE) & (at < length - 2 * _TELOMERE) & (np.abs(at - middle) > _MARGIN)
    for first_free, last_free in _FREE.get(contig, ()):
        kept &= (at < first_free) | (at > last_free)
    return at[kept], lengths[kept].astype(np.int64), owner[kept]


def _between(
    contig: str, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Return off-target bins of about 120 kb; none over the centromere."""
    length, middle = LENGTHS["GRCh38"][contig], CENTROMERES[contig]
    first = np.append(_TELOMERE, ends + _FLANK)
    last = np.append(starts - _FLANK, length - _TELOMERE)
    lows = np.concatenate([first, np.maximum(first, middle + _MARGIN)])
    highs = np.concatenate([np.minimum(last, middle - _MARGIN), last])
    if contig in _SHORT_ARMS:
        lows, highs = lows[len(first) :], highs[len(first) :]
    wide = highs - lows >= 20_000  # noqa: PLR2004  CNVkit's least size of such a bin
    lows, highs = lows[wide], highs[wide]
    pieces = np.maximum(1, np.rint((highs - lows) / _OFF_TARGET)).astype(np.int64)
    owner = np.repeat(np.arange(len(lows)), pieces)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    width = (highs - lows) / pieces
    return pd.DataFrame(
        {
            "contig": contig,
            "start": (lows[owner] + nth * width[owner]).astype(np.int64),
            "end": (lows[owner] + (nth + 1) * width[owner]).astype(np.int64),
            "is_target": False,
            "gene": "",
        }
    )
