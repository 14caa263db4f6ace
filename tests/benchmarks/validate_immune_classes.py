"""Immune classes: R's on 213 sarcomas, other platforms and noise, and cohorts of another scale.

Run as ``python tests/benchmarks/validate_immune_classes.py [--seed N] [--samples 60]``. Prints
what ``docs/methods/immune-classes.md`` states. R's scores are shipped (``tests/golden``); genes
of single samples lie beside STORIFORM_REAL_DATA, and what needs them is left out without it.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.biomarkers.immune_classes import (
    ImmuneClassesParams,
    centroid_distances,
    immune_classes,
)
from storiform.biomarkers.microenvironment import MicroenvironmentParams, mcp_counter
from storiform.biomarkers.reference_percentiles import (
    ReferencePercentilesParams,
    reference_percentiles,
)
from storiform.io.resources import RESOURCES, bundled
from storiform.model.tables.immune import SIC_CLASSES, SIC_POPULATIONS
from storiform.model.tables.rna import POPULATIONS

GOLDEN = Path(__file__).parents[1] / "golden"
ASKED = ("cohort_reference", "gene_lengths", "gene_names", "mcp_markers", "sic_centroids")
READ = {name: RESOURCES[name].read(bundled(RESOURCES[name].default)) for name in ASKED}
MARGIN, LEAST_KEPT = 0.25, 0.9
SHIFTS = (0.5, 0.75, 1.0)
COHORT, DRAWS = 28, 200


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def current(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows under the current symbols of their genes."""
    names = READ["gene_names"].symbols(list(frame.index))
    return frame.set_axis([new or old for new, old in zip(names, frame.index, strict=True)])


def expression(genes: pd.Index, tpm: np.ndarray) -> pd.DataFrame:
    """Return the table `tpm` of a biopsy."""
    table = pd.DataFrame({"gene": genes, "tpm": tpm, "length": np.nan}).dropna(subset="tpm")
    return table.assign(log2_tpm=np.log2(table["tpm"] + 1))


def classed(
    scores: pd.DataFrame,
    tpm: pd.DataFrame | None,
    mapping: str = "auto",
    least: float = 0.35,
) -> pd.Series:
    """Return the row of `immune_classes` against the shipped reference."""
    params = ReferencePercentilesParams(mapping=mapping, min_markers=least)
    standing = reference_percentiles(
        scores, None, tpm, READ["cohort_reference"], READ["gene_lengths"], None, {},
        READ["gene_names"], params,
    )  # fmt: skip
    return immune_classes(standing, READ["sic_centroids"], ImmuneClassesParams()).iloc[0]


def of_scores(scores: pd.DataFrame, truth: pd.DataFrame) -> bool:
    """Print how many classes of R's scores are R's; tell if all are."""
    rows = [classed(scores.loc[[name]], None, "none") for name in truth.index]
    same = int(sum(row["immune_class"] == truth.loc[n, "SIC"] for row, n in
                   zip(rows, truth.index, strict=True)))  # fmt: skip
    unclear = float(np.mean([bool(row["is_ambiguous"]) for row in rows]))
    say(f"TCGA by R's scores: {same} of {len(truth)} classes are R's; {unclear:.1%} ambiguous")
    return same == len(truth)


def of_themselves(scores: pd.DataFrame, truth: pd.DataFrame, draw: np.random.Generator) -> None:
    """Print how many of a small cohort keep their class if it is scaled on itself."""
    values = scores.loc[truth.index, list(SIC_POPULATIONS)].to_numpy(float)
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    richest = np.argsort(-z[:, :3].mean(axis=1), kind="stable")[:COHORT]
    drawn = [draw.choice(len(truth), COHORT, replace=False) for _ in range(DRAWS)]
    for name, cohorts in (("drawn at random", drawn), ("the immune-rich ones", [richest])):
        kept = []
        for rows in cohorts:
            own = (values[rows] - values[rows].mean(axis=0)) / values[rows].std(axis=0, ddof=1)
            nearest = centroid_distances(own, READ["sic_centroids"]).argmin(axis=1)
            found = np.array(SIC_CLASSES)[nearest]
            kept.append(float((found == truth["SIC"].to_numpy()[rows]).mean()))
        say(f"{COHORT} sarcomas scaled on themselves, {name}: {np.mean(kept):.0%} keep theirs")


class Lent:
    """TCGA's samples: markers of their own, all other genes lent by synovial sarcomas."""

    def __init__(self, inputs: Path, truth: pd.DataFrame) -> None:
        lengths = READ["gene_lengths"].drop_duplicates("gene").set_index("gene")
        others = current(pd.read_csv(inputs / "treehouse_ss36_log2tpm1.tsv.gz", sep="\t",
                                     index_col=0))  # fmt: skip
        self.synovial = others.groupby(level=0).mean()
        markers = inputs / "tcga_sarc_213_mcp_markers_log2.csv"
        self.markers = current(pd.read_csv(markers, index_col=0))
        rest = self.synovial
        rest = rest[rest.index.isin(lengths.index) & ~rest.index.isin(self.markers.index)]
        self._rest = 2 ** rest.to_numpy(float) - 1
        self._coding = (lengths.loc[rest.index, "length_source"] == "mane_select").to_numpy()
        self.genes = pd.Index([*rest.index, *self.markers.index])
        self.length = lengths["length"].reindex(self.genes).to_numpy(float)
        self.clear = truth.index[truth["margin"] >= MARGIN]
        self._truth = truth

    def counts(self, sample: str, draw: np.random.Generator) -> np.ndarray:
        """Return fragments of all genes, on the scale of the reference."""
        lent = (
            self._rest[:, draw.integers(self._rest.shape[1])] * self.length[: len(self._rest)]
        )
        lent *= 1000.0 / np.percentile(lent[self._coding & (lent > 0)], 75)
        return np.r_[lent, 2 ** self.markers[sample].to_numpy(float) - 1]

    def kept(self, spread: float, samples: int, draw: np.random.Generator) -> float:
        """Return the share of clear classes that stay, on another platform with noise."""
        shift = 2 ** draw.normal(0.0, spread, len(self.genes))
        chosen = draw.choice(self.clear, min(samples, len(self.clear)), replace=False)
        none, found = pd.DataFrame({name: [np.nan] for name in POPULATIONS.values()}), []
        for sample in chosen:
            noise = np.exp(draw.normal(0.0, np.sqrt(np.log(1.04)), len(shift)))
            depth = 2 ** draw.uniform(-2.0, 2.0)
            tpm = self.counts(sample, draw) * shift * noise * depth / self.length
            row = classed(none, expression(self.genes, tpm))
            found.append(row["immune_class"] == self._truth.loc[sample, "SIC"])
        return float(np.mean(found))

    def without(self, share: float | None, draw: np.random.Generator) -> float:
        """Return the share of clear classes that stay without markers.

        Without those that Treehouse's table lacks, or with a share of each score's at random.
        """
        none, found = pd.DataFrame({name: [np.nan] for name in POPULATIONS.values()}), []
        for sample in self.clear:
            logs = self.markers[sample]
            logs = logs[logs.index.isin(self.synovial.index)] if share is None else logs
            if share is not None:
                logs = logs[logs.index.isin(some_markers(share, draw))]
            table = expression(logs.index, 2 ** logs.to_numpy(float) - 1)
            row = classed(none, table, "none", 0.35 if share is None else 0.01)
            found.append(row["immune_class"] == self._truth.loc[sample, "SIC"])
        return float(np.mean(found))


def some_markers(share: float, draw: np.random.Generator) -> set[str]:
    """Return a share of the markers of each score, one at least."""
    found: set[str] = set()
    for _, own in READ["cohort_reference"].markers.groupby("signature")["gene"]:
        found |= set(draw.choice(own, max(1, round(share * len(own))), replace=False))
    return found


def of_synovial_sarcomas(lent: Lent) -> None:
    """Print the classes of 36 synovial sarcomas, as they stand and brought to the scale."""
    for mapping in ("none", "auto"):
        rows = []
        for sample in lent.synovial:
            tpm = expression(lent.synovial.index, 2 ** lent.synovial[sample].to_numpy() - 1)
            scores = mcp_counter(
                tpm, READ["mcp_markers"], READ["gene_names"], MicroenvironmentParams()
            )
            rows.append(classed(scores, tpm, mapping))
        found = pd.DataFrame(rows)
        counts = found["immune_class"].value_counts().to_dict()
        means = {name: round(float(found[f"z_{name}"].mean()), 1) for name in
                 ("endothelial_cells", "t_cells")}  # fmt: skip
        say(f"synovial sarcomas, {mapping}: {counts}; mean z {means}; "
            f"{found['is_ambiguous'].astype(float).mean():.0%} ambiguous")  # fmt: skip


def of_counts(data: Path) -> None:
    """Print the classes of rhabdomyosarcomas and normal muscle, of raw counts."""
    rows = pd.read_csv(data / "sarcoma" / "rms_vs_muscle_counts.csv.gz", index_col=0)
    counts = current(rows).groupby(level=0).sum()
    lengths = READ["gene_lengths"].drop_duplicates("gene").set_index("gene")["length"]
    counts = counts[counts.index.isin(lengths.index)]
    found = {}
    for sample in counts:
        rates = counts[sample].to_numpy(float) / lengths[counts.index].to_numpy(float)
        tpm = expression(counts.index, rates / rates.sum() * 1e6)
        none = pd.DataFrame({name: [np.nan] for name in POPULATIONS.values()})
        found[sample] = classed(none, tpm)
    table = pd.DataFrame(found).T
    is_muscle = table.index.str.contains("muscle")
    tumours, muscle = table[~is_muscle], table[is_muscle]
    say(f"{len(tumours)} rhabdomyosarcomas: {tumours['immune_class'].value_counts().to_dict()}")
    say(f"{len(muscle)} muscles: endothelial z up to {muscle['z_endothelial_cells'].max():.1f}")


def main() -> int:
    """Validate; exit 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=60, help="of each platform")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    draw = np.random.default_rng([options.seed, 71])
    truth = pd.read_csv(
        GOLDEN / "sic" / "tcga_sarc213_sic_by_published_centroids.tsv", sep="\t", index_col=0
    )
    path = GOLDEN / "mcpcounter" / "tcga_sarc213_mcpcounter_aliasfixed.tsv"
    scores = pd.read_csv(path, sep="\t", index_col=0).rename(index=POPULATIONS).T
    is_good = of_scores(scores, truth)
    of_themselves(scores, truth, draw)
    folder = os.environ.get("STORIFORM_REAL_DATA")
    if not folder:
        say("without STORIFORM_REAL_DATA: no genes of single samples")
        return 0 if is_good else 1
    lent = Lent(Path(folder).parent / "golden" / "inputs", truth)
    for spread in SHIFTS:
        kept = lent.kept(spread, options.samples, draw)
        say(f"genes shifted by SD {spread} log2, depth 1/4 to 4, 20 % noise: {kept:.1%} of "
            f"{options.samples} clear classes kept")  # fmt: skip
        is_good &= spread > SHIFTS[0] or kept >= LEAST_KEPT
    say(f"without the markers that Treehouse lacks: {lent.without(None, draw):.0%} kept")
    for share in (0.4, 0.3):
        say(f"with {share:.0%} of the markers at random: {lent.without(share, draw):.0%} kept")
    of_synovial_sarcomas(lent)
    of_counts(Path(folder))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
