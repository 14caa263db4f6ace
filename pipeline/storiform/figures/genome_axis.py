"""Chromosomes side by side on one axis."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from storiform.figures.style import FONT, PALE, SMALL
from storiform.model.genome import CHROMOSOMES

Floats = npt.NDArray[np.float64]

_LATE = 0.2
_NAMED_SHARE = 0.013
"""A chromosome that takes less of the axis has no room for its name."""


@dataclass(frozen=True)
class GenomeAxis:
    """Where each contig begins on the axis, how long it is there, and its first base; bp.

    A contig begins at its first base with data if that lies behind a fifth of it: so that an
    exome of the end of a chromosome does not leave the axis empty.
    """

    firsts: dict[str, int]
    lengths: dict[str, int]
    begins: dict[str, int]

    @classmethod
    def of(cls, frames: Iterable[pd.DataFrame]) -> "GenomeAxis":
        """Lay out the chromosomes of frames with `contig, start, end`, in their usual order."""
        ends: dict[str, int] = {}
        starts: dict[str, int] = {}
        for frame in frames:
            by_contig = frame.groupby("contig")
            for contig, end in by_contig["end"].max().items():
                ends[str(contig)] = max(ends.get(str(contig), 0), int(end))
            for contig, start in by_contig["start"].min().items():
                starts[str(contig)] = min(starts.get(str(contig), int(start)), int(start))
        ordered = [contig for contig in CHROMOSOMES if contig in ends]
        ordered += sorted(set(ends) - set(ordered))
        begins = {c: starts[c] if starts[c] > _LATE * ends[c] else 0 for c in ordered}
        lengths = {contig: ends[contig] - begins[contig] for contig in ordered}
        firsts, at = {}, 0
        for contig in ordered:
            firsts[contig] = at
            at += lengths[contig]
        return cls(firsts, lengths, begins)

    @property
    def length(self) -> int:
        """The length of the whole axis, bp."""
        return sum(self.lengths.values())

    def place(self, contigs: pd.Series, positions: pd.Series | npt.NDArray[np.int64]) -> Floats:
        """Return positions on the axis; missing where the contig is not on it."""
        moved = {contig: self.firsts[contig] - self.begins[contig] for contig in self.firsts}
        firsts = contigs.astype(object).map(moved).to_numpy(dtype=np.float64)
        return np.asarray(firsts + np.asarray(positions, dtype=np.float64), dtype=np.float64)

    def dress(self, axes: Axes, *, has_names: bool) -> None:
        """Shade every other chromosome, and name those with room for it."""
        axes.set_xlim(0, max(self.length, 1))
        for number, (contig, first) in enumerate(self.firsts.items()):
            if number % 2:
                axes.axvspan(
                    first, first + self.lengths[contig], color=PALE, alpha=0.45, linewidth=0,
                    zorder=0,
                )  # fmt: skip
        named = [c for c in self.firsts if self.lengths[c] >= _NAMED_SHARE * self.length]
        middles = [self.firsts[c] + self.lengths[c] / 2 for c in named]
        names = [c.removeprefix("chr") for c in named] if has_names else [""] * len(named)
        axes.set_xticks(middles, names, fontsize=SMALL, fontfamily=FONT)
        axes.tick_params(axis="x", length=0.0)


def segment_rows(places: pd.DataFrame, segments: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return for each place (`contig, start`) the row of the segment over it, else -1."""
    found = np.full(len(places), -1, dtype=np.int64)
    starts = segments["start"].to_numpy(dtype=np.int64)
    ends = segments["end"].to_numpy(dtype=np.int64)
    contigs = segments["contig"].to_numpy(dtype=object)
    at = places["start"].to_numpy(dtype=np.int64)
    of_place = places["contig"].to_numpy(dtype=object)
    for contig in dict.fromkeys(contigs):
        theirs = np.flatnonzero(contigs == contig)
        theirs = theirs[np.argsort(starts[theirs], kind="stable")]
        mine = np.flatnonzero(of_place == contig)
        place = np.searchsorted(starts[theirs], at[mine], side="right") - 1
        row = theirs[np.maximum(place, 0)]
        found[mine] = np.where((place >= 0) & (at[mine] < ends[row]), row, -1)
    return found


def centred(log_ratios: pd.DataFrame, segments: pd.DataFrame) -> Floats:
    """Return the log ratios of bins with the centre that the segments have."""
    row = segment_rows(log_ratios, segments)
    log2 = log_ratios["log2"].to_numpy(dtype=np.float64)
    inside = row >= 0
    if not inside.any():
        return log2
    away = log2[inside] - segments["log2"].to_numpy(dtype=np.float64)[row[inside]]
    return np.asarray(log2 - np.nanmedian(away), dtype=np.float64)
