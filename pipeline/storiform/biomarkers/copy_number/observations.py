"""Reads of tumour, normal and panel in the same bins, from whichever source a patient has."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.biomarkers.copy_number.panel import KEYS, PREFIX
from storiform.kernels.segments import open_windows
from storiform.model.copies import PanelOfNormals
from storiform.model.tables.copies import BIN_COVERAGE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_COLUMNS = list(BIN_COVERAGE.columns)
_REACH = 250.0


@dataclass
class Observations:
    """What is known of each bin, sorted by contig and place.

    Parameters
    ----------
    places
        contig, start, end, is_target of each bin (n,).
    contigs
        (n,) codes of the contigs.
    targets
        (n,) whether a bin is on target.
    covariates
        Name -> (n,), what depth may depend on, missing where it does not: `gc`, on target
        `edges`, off it `repeats` where a panel tells.
    lengths
        (n,) bp of the bins; 100 where reads are those over a place.
    tumour, normal
        (n,) reads; `normal` is None without a normal of the patient.
    panel
        (n,) log2 depth that a bin usually has, missing where the panel lacks it; or None.
    spread
        (n,) its robust SD between normals.
    profiles
        (n, normals) log2 depth of each normal of the panel; no columns where not known.
    limits
        What limits the answers, in words.
    doubts
        Those of the limits that are worth a warning: what was given is not used.
    """

    places: pd.DataFrame
    contigs: Ints
    targets: Flags
    covariates: dict[str, Floats]
    lengths: Floats
    tumour: Floats
    normal: Floats | None = None
    panel: Floats | None = None
    spread: Floats = field(default_factory=lambda: np.zeros(0))
    profiles: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    limits: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def left_out(self, reason: str) -> None:
        """Say why something that was given is not used."""
        self.limits.append(reason)
        self.doubts.append(reason)

    @property
    def sexual(self) -> Flags:
        """Whether a bin lies on X or Y."""
        return np.asarray(self.places["contig"].isin(["chrX", "chrY"]).to_numpy(dtype=bool))


def of_coverage(
    bin_coverage: pd.DataFrame | None,
    given_coverage: pd.DataFrame | None,
    panel: PanelOfNormals | None,
    min_panel_share: float,
) -> Observations | None:
    """Put the reads of tumour and normal and a panel's depth beside one another.

    None without reads of the tumour. A normal or a panel of other bins is left out, which
    `limits` tells.
    """
    tumour = _coverage("tumour", bin_coverage, given_coverage)
    if tumour.empty:
        return None
    found = _observations(tumour, tumour["gc"].to_numpy(dtype=np.float64))
    normal = _coverage("normal", bin_coverage, given_coverage)
    if not normal.empty:
        (reads,) = _columns(found.places, normal, ["reads"])
        shared = float(np.isfinite(reads).mean())
        if shared >= min_panel_share:
            found.normal = reads
        else:
            found.left_out(f"the normal has but {shared:.0%} of the tumour's bins: not used")
    if panel is not None and not panel.empty:
        _add_panel(found, panel, min_panel_share)
    return found


def of_places(snp_counts: pd.DataFrame | None, window_bp: int) -> Observations | None:
    """Take the reads over places with counts for bins; None without places or a normal.

    Places within a fragment's length share reads, so that they make one window, with the
    mean of their reads. Places with one allele tell of depth too.
    """
    if snp_counts is None or snp_counts.empty:
        return None
    places = snp_counts.sort_values(["contig", "start"], kind="stable", ignore_index=True)
    normal = _mean_reads(places, "normal")
    if not normal.any():
        return None
    starts = places["start"].to_numpy(dtype=np.int64)
    codes = np.asarray(pd.factorize(places["contig"])[0], dtype=np.int64)
    firsts = [*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(places)]
    opened, windows = 0, np.zeros(len(places), dtype=np.int64)
    for first, last in pairwise(firsts):
        windows[first:last] = opened + open_windows(starts[first:last], window_bp)
        opened = int(windows[last - 1]) + 1
    heads = np.flatnonzero(np.diff(windows, prepend=-1))
    tails = np.concatenate([heads[1:], [len(places)]]) - 1
    count = (tails - heads + 1).astype(np.float64)
    bins = pd.DataFrame(
        {
            "contig": places["contig"].to_numpy()[heads],
            "start": starts[heads],
            "end": starts[tails] + 1,
            "is_target": np.ones(len(heads), dtype=bool),
            "reads": np.add.reduceat(_mean_reads(places, "tumour"), heads) / count,
        }
    )
    found = _observations(bins, np.full(len(heads), np.nan))
    found.normal = np.asarray(np.add.reduceat(normal, heads) / count)
    found.lengths = np.full(len(heads), 100.0)
    found.covariates = {}
    found.limits.append("depth is that over places with counts, without GC content")
    return found


def sorted_bins(bins: pd.DataFrame) -> pd.DataFrame:
    """Sort bins by contig and place where they are not; a plain index."""
    codes, names = pd.factorize(bins["contig"])
    steps = np.diff(codes)
    starts = bins["start"].to_numpy(dtype=np.int64)
    is_sorted = (
        (steps >= 0).all()
        and ((steps > 0) | (np.diff(starts) >= 0)).all()
        and pd.Index(names).is_monotonic_increasing
    )
    if is_sorted:
        return bins.reset_index(drop=True)
    return bins.sort_values(KEYS, kind="stable", ignore_index=True)


def _mean_reads(places: pd.DataFrame, role: str) -> Floats:
    first, second = (places[f"{role}_{at}"].to_numpy(dtype=np.float64) for at in (1, 2))
    return np.asarray(first + second)


def edge_effects(contigs: Ints, starts: Floats, ends: Floats) -> Floats:
    """Return by how much fragments that reach over its edges change a target's depth; (n,).

    With t the length of a target, i how far fragments reach over its edges and g the gap to
    a neighbour, in units of the depth: a target loses i / 2t, less (i - t)^2 / 2it where it is
    shorter than i; each neighbour nearer than i gives (i - g)^2 / 4it, less
    (i - t - g)^2 / 4it. How much of it a library shows depends on its fragments.

    References
    ----------
    Talevich et al., PLOS Computational Biology 12, e1004873 (2016),
    doi:10.1371/journal.pcbi.1004873.
    """
    length = np.maximum(ends - starts, 1.0)
    short = np.maximum(_REACH - length, 0.0)
    effect = (short**2 / _REACH - _REACH) / (2.0 * length)
    gaps = np.maximum(starts[1:] - ends[:-1], 0.0)
    gaps = np.where(np.diff(contigs) == 0, gaps, np.inf)
    for own, side in ((length[1:], slice(1, None)), (length[:-1], slice(None, -1))):
        reached = np.maximum(_REACH - gaps, 0.0) ** 2
        beyond = np.maximum(_REACH - own - gaps, 0.0) ** 2
        effect[side] += (reached - beyond) / (4.0 * _REACH * own)
    return np.asarray(effect)


def _observations(bins: pd.DataFrame, gc: Floats) -> Observations:
    starts, ends = (bins[key].to_numpy(dtype=np.float64) for key in KEYS[1:])
    contigs = np.asarray(pd.factorize(bins["contig"])[0], dtype=np.int64)
    targets = bins["is_target"].to_numpy(dtype=bool)
    edges = np.full(len(bins), np.nan)
    edges[targets] = edge_effects(contigs[targets], starts[targets], ends[targets])
    return Observations(
        places=bins[[*KEYS, "is_target"]],
        contigs=contigs,
        targets=targets,
        covariates={"gc": gc, "edges": edges},
        lengths=np.maximum(ends - starts, 1.0),
        tumour=bins["reads"].to_numpy(dtype=np.float64),
    )


def _coverage(
    role: str, bin_coverage: pd.DataFrame | None, given_coverage: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the bins of the exomes of one role, reads added up; given ones come first."""
    for coverage in (given_coverage, bin_coverage):
        if coverage is None:
            continue
        meant = coverage[coverage["role"].eq(role) & coverage["assay"].ne("rna")]
        if meant.empty:
            continue
        if len(meant["sample"].unique()) > 1:
            sums = {"is_target": "first", "gc": "first", "reads": "sum", "depth": "sum"}
            meant = meant.groupby(KEYS, as_index=False, sort=False).agg(sums)
        return sorted_bins(meant[_COLUMNS])
    return pd.DataFrame(columns=_COLUMNS)


def _add_panel(found: Observations, panel: pd.DataFrame, min_share: float) -> None:
    """Take over a panel's columns, or say that it is of another kit."""
    own = [str(name) for name in panel.columns if str(name).startswith(PREFIX)]
    more = [name for name in ("rmask",) if name in panel]
    columns = _columns(found.places, panel, ["gc", "log2", "spread", *more, *own])
    shared = float(np.isfinite(columns[1]).mean())
    if shared < min_share:
        found.left_out(f"the panel has but {shared:.0%} of the tumour's bins: not used")
        return
    gc = found.covariates["gc"]
    found.covariates["gc"] = np.where(np.isfinite(gc), gc, columns[0])
    found.panel, found.spread = columns[1], columns[2]
    if more:
        found.covariates["repeats"] = np.where(found.targets, np.nan, columns[3])
    found.profiles = np.column_stack(columns[3 + len(more) :]) if own else found.profiles


def _columns(places: pd.DataFrame, other: pd.DataFrame, columns: list[str]) -> list[Floats]:
    """Return columns of another frame at the same bins, missing where it has none."""
    same = len(places) == len(other) and all(
        np.array_equal(places[key].to_numpy(), other[key].to_numpy()) for key in KEYS
    )
    frame = other if same else places[KEYS].merge(other[[*KEYS, *columns]], on=KEYS, how="left")
    return [frame[name].to_numpy(dtype=np.float64) for name in columns]
