"""A capture panel: genes with four exons each, laid out on the real chromosomes.

Symbols are real; the places of all but the driver genes are drawn, once and for all.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.genome import LENGTHS
from storiform.simulation.reference import UNIVERSE_SEED, Reference

DRIVERS = {
    "TP53": ("chr17", 7_661_778), "ATRX": ("chrX", 77_504_879), "NF1": ("chr17", 31_094_926),
    "RB1": ("chr13", 48_303_743), "PTEN": ("chr10", 87_862_637), "CIC": ("chr19", 42_268_536),
    "PIK3CA": ("chr3", 179_148_113), "KMT2D": ("chr12", 49_018_974),
    "ARID1A": ("chr1", 26_693_235), "SETD2": ("chr3", 47_016_427),
    "NOTCH1": ("chr9", 136_494_432), "MED12": ("chrX", 71_118_542),
    "STAG2": ("chrX", 123_960_211), "DICER1": ("chr14", 95_086_227),
    "KDR": ("chr4", 55_078_480),
}  # fmt: skip
"""Genes that are hit more often, at the start of their GRCh38 locus (GENCODE v44)."""

SLOT = 200_000
"""Every other gene starts at a multiple of this, so that gaps between genes are wide."""
_EXONS = 4
_DRIVER_RATE = 12.0
"""How much more often a base of a driver gene is hit."""
_CHROMOSOMES = tuple(name for name in LENGTHS["GRCh38"] if name != "chrY")


@dataclass(frozen=True)
class Capture:
    """The panel: `targets` (contig, start, end, gene, ensembl), 0-based half-open, sorted."""

    targets: pd.DataFrame

    @cached_property
    def rows(self) -> list[tuple[str, int, int, str, str]]:
        """Return the targets as tuples."""
        return list(self.targets.itertuples(index=False, name=None))

    @cached_property
    def cumulative(self) -> npt.NDArray[np.float64]:
        """Return the cumulative chance of each target to be hit; drivers are hit more often."""
        lengths = (self.targets["end"] - self.targets["start"]).to_numpy(dtype=float)
        lengths *= np.where(self.targets["gene"].isin(list(DRIVERS)), _DRIVER_RATE, 1.0)
        return np.asarray(np.cumsum(lengths / lengths.sum()), dtype=np.float64)

    @property
    def bases(self) -> int:
        """Return the bases of all targets; they neither overlap nor touch."""
        return int((self.targets["end"] - self.targets["start"]).sum())


def capture(reference: Reference, genes: int) -> Capture:
    """Lay out the panel: the same in every trial of the same size."""
    rng = np.random.default_rng(UNIVERSE_SEED)
    ensembl = dict(zip(reference.genes["symbol"], reference.genes["ensembl"], strict=True))
    places = dict(DRIVERS)
    others = [
        name for name in reference.genes["symbol"] if name not in places and ensembl[name]
    ]
    slots = _free_slots()
    chosen = rng.permutation(len(slots))[: genes - len(places)]
    drawn = rng.permutation(len(others))[: len(chosen)]
    places |= {others[i]: slots[j] for i, j in zip(drawn, chosen, strict=True)}
    rows = []
    for gene, (contig, start) in places.items():
        at = start
        for _ in range(_EXONS):
            at += int(rng.integers(400, 3000))
            length = int(rng.integers(150, 551))
            rows.append((contig, at, at + length, gene, ensembl.get(gene, "")))
            at += length
    targets = pd.DataFrame(rows, columns=["contig", "start", "end", "gene", "ensembl"])
    rank = {name: number for number, name in enumerate(LENGTHS["GRCh38"])}
    order = targets["contig"].map(rank).rename("rank")
    targets = targets.assign(rank=order).sort_values(["rank", "start"], ignore_index=True)
    return Capture(targets.drop(columns="rank"))


def _free_slots() -> list[tuple[str, int]]:
    """Return the slots that hold no driver gene, away from the ends of chromosomes."""
    taken = {
        (contig, (start + shift) // SLOT)
        for contig, start in DRIVERS.values()
        for shift in (-SLOT, 0, SLOT)
    }
    return [
        (contig, slot * SLOT)
        for contig in _CHROMOSOMES
        for slot in range(10, LENGTHS["GRCh38"][contig] // SLOT - 10)
        if (contig, slot) not in taken
    ]
