"""Copy number in the files of others: CNVkit's ``.cnr`` and ``.cns``, SEG, gene metrics.

CNVkit's files are 0-based with contigs as in this package; SEG counts from 1, ends inclusive,
its contigs are bare (IGV and GISTIC read both) and one file holds all biopsies.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.store import write_bytes
from storiform.model.genome import CHROMOSOMES

_NO_GENE, _BETWEEN = "-", "Antitarget"
_LEAST = 1e-4
"""Smallest variance (log2^2) of a bin that makes a weight of its own."""


def write_cnr(
    path: Path,
    ratios: pd.DataFrame,
    segments: pd.DataFrame | None = None,
    genes: pd.DataFrame | None = None,
) -> None:
    """Write log ratios as CNVkit's ``.cnr``.

    Parameters
    ----------
    path
        The file.
    ratios
        One biopsy's `log_ratios`.
    segments
        Its `copy_number_segments`; log ratios are moved to the level of these, so that both
        files of a biopsy belong together.
    genes
        Its `copy_number_genes`: bins on target bear the gene in which they lie.
    """
    ratios = _ordered(ratios)
    log2 = ratios["log2"].to_numpy(dtype=np.float64)
    log2 = log2 - _offset(ratios, log2, segments)
    names = np.where(ratios["is_target"], _named(ratios, genes), _BETWEEN)
    variance = np.maximum(ratios["variance"].to_numpy(dtype=np.float64), _LEAST)
    known = variance[np.isfinite(variance)]
    least = float(np.quantile(known, 0.05)) if len(known) else 1.0
    weight = np.minimum(np.nan_to_num(least / variance, nan=1.0), 1.0)
    rows = pd.DataFrame(
        {"chromosome": ratios["contig"], "start": ratios["start"], "end": ratios["end"],
         "gene": names, "log2": log2, "weight": weight}
    )  # fmt: skip
    _write(path, rows)


def write_cns(path: Path, segments: pd.DataFrame, genes: pd.DataFrame | None = None) -> None:
    """Write segments as CNVkit's ``.cns``; with copies, columns cn, cn1 and cn2 as of its call.

    Parameters
    ----------
    path
        The file.
    segments
        One biopsy's `copy_number_segments`; those without a log ratio are left out.
    genes
        Its `copy_number_genes`, which are listed in the segments that hold them.
    """
    known = _ordered(segments[segments["log2"].notna()])
    probes = known["bins"].fillna(1).astype(np.int64).clip(lower=1)
    rows = pd.DataFrame(
        {"chromosome": known["contig"], "start": known["start"], "end": known["end"],
         "gene": _named(known, genes), "log2": known["log2"], "probes": probes,
         "weight": probes.astype(np.float64)}
    )  # fmt: skip
    if known["major_share"].notna().any():
        rows["baf"] = known["major_share"]
    if known["total"].notna().any():
        rows["cn"] = known["total"]
        rows["cn1"] = known["total"] - known["minor"]
        rows["cn2"] = known["minor"]
    _write(path, rows)


def write_seg(path: Path, segments: Mapping[str, pd.DataFrame]) -> None:
    """Write the segments of many biopsies, by name, as one SEG file for IGV and GISTIC."""
    parts = []
    for name, of_biopsy in sorted(segments.items()):
        known = _ordered(of_biopsy[of_biopsy["log2"].notna()])
        parts.append(
            pd.DataFrame(
                {
                    "ID": name,
                    "chrom": known["contig"].str.removeprefix("chr"),
                    "loc.start": known["start"] + 1,
                    "loc.end": known["end"],
                    "num.mark": known["bins"].fillna(1).astype(np.int64).clip(lower=1),
                    "seg.mean": known["log2"],
                }
            )
        )
    _write(path, pd.concat(parts, ignore_index=True))


def write_gene_metrics(
    path: Path, genes: Mapping[str, pd.DataFrame], fits: Mapping[str, pd.DataFrame]
) -> None:
    """Write the genes of many biopsies, by name, as one table.

    Parameters
    ----------
    path
        The file, tab-separated: one row per biopsy and gene.
    genes
        `copy_number_genes` of each biopsy.
    fits
        `copy_number_fit` of each biopsy that has one: purity and ploidy stand in every row.
    """
    parts = []
    for name, of_biopsy in sorted(genes.items()):
        fit = fits.get(name)
        has_fit = fit is not None and len(fit) > 0
        told = {column: fit[column].iloc[0] if fit is not None and has_fit else np.nan
                for column in ("purity", "ploidy")}  # fmt: skip
        renamed = of_biopsy.rename(
            columns={
                "contig": "chromosome",
                "bins": "n_bins",
                "total": "cn",
                "minor": "cn_minor",
            }
        )
        parts.append(renamed.assign(sample=name, **told))
    rows = pd.concat(parts, ignore_index=True)
    front = ["sample", "gene", "chromosome", "start", "end", "cytoband", "log2", "cn",
             "cn_minor", "call", "probability", "n_bins", "purity", "ploidy"]  # fmt: skip
    _write(path, rows[[*front, *(name for name in rows.columns if name not in front)]])


def _ordered(places: pd.DataFrame) -> pd.DataFrame:
    """Sort places by chromosome, 2 before 10, X and Y last, then by start."""
    order = places["contig"].map({name: at for at, name in enumerate(CHROMOSOMES)})
    by = pd.DataFrame({"order": order, "contig": places["contig"], "start": places["start"]})
    return places.loc[by.sort_values(list(by.columns), kind="stable").index].reset_index(
        drop=True
    )


def _write(path: Path, rows: pd.DataFrame) -> None:
    text = rows.to_csv(sep="\t", index=False, lineterminator="\n", float_format="%.6g")
    write_bytes(path, text.encode())


def _offset(
    ratios: pd.DataFrame, log2: npt.NDArray[np.float64], segments: pd.DataFrame | None
) -> float:
    """Return the median of bins less their segments; 0 where no bin lies in one."""
    if segments is None or segments.empty:
        return 0.0
    middle = ((ratios["start"] + ratios["end"]) // 2).to_numpy()
    apart: list[npt.NDArray[np.float64]] = []
    for contig, own in segments[segments["log2"].notna()].groupby("contig"):
        rows = np.flatnonzero((ratios["contig"] == contig).to_numpy())
        starts, ends = own["start"].to_numpy(), own["end"].to_numpy()
        at = np.searchsorted(starts, middle[rows], side="right") - 1
        inside = (at >= 0) & (middle[rows] < ends[np.maximum(at, 0)])
        apart.append(log2[rows[inside]] - own["log2"].to_numpy()[at[inside]])
    all_apart = np.concatenate(apart) if apart else np.zeros(0)
    return float(np.median(all_apart)) if len(all_apart) else 0.0


def _named(places: pd.DataFrame, genes: pd.DataFrame | None) -> npt.NDArray[np.object_]:
    """Return the genes that each place overlaps, separated by commas; a hyphen for none."""
    names: list[list[str]] = [[] for _ in range(len(places))]
    if genes is not None:
        starts, ends = places["start"].to_numpy(), places["end"].to_numpy()
        contigs = places["contig"].to_numpy()
        for contig, own in genes.sort_values(["contig", "start"]).groupby("contig"):
            rows = np.flatnonzero(contigs == contig)  # sorted by start, side by side
            for gene, start, end in zip(own["gene"], own["start"], own["end"], strict=True):
                first = np.searchsorted(ends[rows], start, side="right")
                last = np.searchsorted(starts[rows], end, side="left")
                for row in rows[first:last]:
                    names[row].append(str(gene))
    return np.array([",".join(found) or _NO_GENE for found in names], dtype=object)
