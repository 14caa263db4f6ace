"""What is right and wrong of the calls of a simulated exome, as rows of tables."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from _copy_cases import Called, Case, kit_of
from scipy.stats import beta

from storiform.model.genome import LENGTHS
from storiform.simulation.copies import SimulatedExome
from storiform.simulation.exome import CENTROMERES
from storiform.simulation.karyotypes import Karyotype

STEP = 50_000
"""Distance of the places at which total copies are compared over the genome, bp."""
_SOLUTION = re.compile(r"([0-9.]+)/([0-9.]+) \((-?[0-9.]+)\)")
NEAR_PURITY, NEAR_PLOIDY = 0.05, 0.3


@dataclass(frozen=True)
class Share:
    """How many of how many, with its exact 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """Return the share."""
        return self.hits / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Return the bounds of Clopper and Pearson, doi:10.1093/biomet/26.4.404."""
        if not self.of:
            return 0.0, 1.0
        low = beta.ppf(0.025, self.hits, self.of - self.hits + 1) if self.hits else 0.0
        high = beta.ppf(0.975, self.hits + 1, self.of - self.hits) if self.hits < self.of else 1
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({low:.3f}-{high:.3f}; {self.hits} of {self.of})"


def share(values: pd.Series) -> Share:
    """Count what is true."""
    return Share(int(values.sum()), len(values))


def score_exome(case: Case, made: SimulatedExome, called: Called) -> dict[str, object]:
    """Compare purity, ploidy and copies with what was planted."""
    fit, karyotype = called.fit, made.karyotype
    is_withheld = bool(pd.isna(fit["purity"]) or pd.isna(fit["ploidy"]))
    found = _SOLUTION.findall(str(fit["alternatives"]))
    answers = [(float(p), float(q)) for p, q, _ in found]
    if not is_withheld:
        answers.insert(0, (float(fit["purity"]), float(fit["ploidy"])))
    near = [
        abs(p - made.purity) <= NEAR_PURITY and abs(q - karyotype.ploidy) <= NEAR_PLOIDY
        for p, q in answers
    ]
    genome = right_over_genome(karyotype, called.tables["copy_number_segments"])
    altered = right_of_altered_bins(case, karyotype, called.tables["copy_number_segments"])
    return {
        "case": case.name,
        "kind": case.name.split("_", maxsplit=1)[0],
        "is_fixed": case.is_fixed,
        "purity": made.purity,
        "ploidy": round(karyotype.ploidy, 3),
        "is_doubled": karyotype.is_doubled,
        "mutations": len(made.variants),
        "found_purity": fit["purity"],
        "found_lower": fit["purity_lower"],
        "found_upper": fit["purity_upper"],
        "found_ploidy": fit["ploidy"],
        "found_wgd": fit["wgd"],
        "alternatives": fit["alternatives"],
        "limits": fit["limits"],
        "is_withheld": is_withheld,
        "is_ambiguous": bool(fit["is_ambiguous"]),
        "purity_right": not is_withheld and abs(fit["purity"] - made.purity) <= NEAR_PURITY,
        "ploidy_right": not is_withheld
        and abs(fit["ploidy"] - karyotype.ploidy) <= NEAR_PLOIDY,
        "truth_among": any(near),
        "in_interval": not is_withheld
        and fit["purity_lower"] <= made.purity <= fit["purity_upper"],
        "genome_right": genome,
        "altered_right": altered,
        "sex_right": fit["sex"] == case.plan.sex,
        "seconds": round(called.seconds, 3),
    }


def places() -> pd.DataFrame:
    """Return places along the autosomes, away from the centromeres."""
    parts = []
    for contig, length in LENGTHS["GRCh38"].items():
        if contig not in {"chrX", "chrY"}:
            at = np.arange(STEP, length, STEP)
            at = at[np.abs(at - CENTROMERES[contig]) > 1_500_000]
            parts.append(pd.DataFrame({"contig": contig, "position": at}))
    return pd.concat(parts, ignore_index=True)


def right_over_genome(karyotype: Karyotype, segments: pd.DataFrame) -> float:
    """Return over how much of the autosomes the total copies are right."""
    at = places()
    rows = karyotype.rows_at(at["contig"], at["position"])
    return float(right_totals(karyotype, rows, segments, at).mean())


def right_of_altered_bins(case: Case, karyotype: Karyotype, segments: pd.DataFrame) -> float:
    """Return in how many of the autosomal bins off the basic copies the total is right."""
    bins = kit_of(case).bins
    bins = bins[~bins["contig"].isin(["chrX", "chrY"])]
    at = pd.DataFrame(
        {"contig": bins["contig"], "position": (bins["start"] + bins["end"]) // 2}
    ).reset_index(drop=True)
    rows = karyotype.rows_at(at["contig"], at["position"])
    base = 4.0 if case.plan.is_doubled else 2.0
    is_altered = (karyotype.total != base) | (karyotype.minor != base / 2)
    mine = is_altered[rows]
    if not mine.any():
        return float("nan")
    return float(right_totals(karyotype, rows, segments, at)[mine].mean())


def right_totals(
    karyotype: Karyotype, rows: npt.NDArray[np.intp], segments: pd.DataFrame, at: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """Say at which places the called total copies are right.

    Where all cells are alike: the same number, from 9 copies up within 15 %. In a subclone:
    the copies of either group of cells, or said to be subclonal and the mean within a half.
    """
    table = karyotype.segments
    own = _segments_at(segments, at)
    total = own["total"].astype("float64").to_numpy()
    raw = own["total_raw"].to_numpy(dtype=float)
    truth = karyotype.total[rows]
    with np.errstate(invalid="ignore"):
        exact = np.abs(total - truth) <= np.where(truth >= 9, 0.15 * truth, 1e-6)
        either = np.zeros(len(rows), dtype=bool)
        for prefix in ("", "rest_"):
            whole = table[f"{prefix}major"].to_numpy() + table[f"{prefix}minor"].to_numpy()
            either |= total == whole[rows]
        between = own["is_subclonal"].to_numpy(dtype=bool) & (np.abs(raw - truth) < 0.5)
    is_part = (table["ccf"].to_numpy() < 1)[rows]
    return np.where(is_part, either | between, exact)


def _segments_at(segments: pd.DataFrame, at: pd.DataFrame) -> pd.DataFrame:
    """Return the nearest segment of the contig for each place; missing where it has none."""
    columns = ["total", "total_raw", "minor", "is_subclonal"]
    out = pd.DataFrame(
        {"total": np.nan, "total_raw": np.nan, "minor": np.nan, "is_subclonal": False},
        index=range(len(at)),
    )
    contigs = at["contig"].to_numpy(dtype=object)
    for contig, there in segments.groupby("contig", sort=False):
        rows = np.flatnonzero(contigs == contig)
        positions = at["position"].to_numpy()[rows]
        mine = there.sort_values("start")
        first = np.searchsorted(mine["start"].to_numpy(), positions, "right") - 1
        chosen = mine.iloc[np.maximum(first, 0)]
        for name in columns[:3]:
            out.loc[rows, name] = chosen[name].astype("float64").to_numpy()
        out.loc[rows, "is_subclonal"] = chosen["is_subclonal"].to_numpy(dtype=bool)
    return out


def score_segments(case: Case, made: SimulatedExome, called: Called) -> pd.DataFrame:
    """Say of each autosomal segment with a probability whether most of its bins agree."""
    segments = called.tables["copy_number_segments"]
    kept = segments["probability"].notna() & ~segments["is_subclonal"]
    segments = segments[kept & ~segments["contig"].isin(["chrX", "chrY"])]
    bins = kit_of(case).bins
    middle = ((bins["start"] + bins["end"]) // 2).to_numpy()
    contigs = bins["contig"].to_numpy(dtype=object)
    karyotype = made.karyotype
    rows = karyotype.rows_at(bins["contig"], middle)
    found = []
    for row in segments.itertuples():
        mine = rows[(contigs == row.contig) & (middle >= row.start) & (middle < row.end)]
        if len(mine) == 0 or pd.isna(row.total):
            continue
        same = karyotype.total[mine] == row.total
        if pd.notna(row.minor):
            same &= karyotype.minor[mine] == row.minor
        found.append((case.name, row.probability, len(mine), bool(same.mean() > 0.5)))
    return pd.DataFrame(found, columns=["case", "probability", "bins", "right"])


def true_call(total: float, minor: float, usual: float, ploidy: float) -> str:
    """Return the call that copies stand for, after the definitions of the methods page."""
    base = max(round(usual), 1)
    if total == 0:
        return "HOMDEL"
    if total >= max(6.0, ploidy + 4.0):
        return "HIGH_AMP" if total >= max(10.0, 3 * ploidy) else "AMP"
    if total != base:
        return "GAIN" if total > base else "HETLOSS"
    return "CNLOH" if minor == 0 and total >= 2 else "NEUTRAL"


def score_genes(case: Case, made: SimulatedExome, called: Called) -> pd.DataFrame:
    """Put the call of each gene of interest beside what was planted."""
    truth = made.karyotype.genes()
    table = called.tables["copy_number_genes"].set_index("gene")
    states = called.tables["gene_copy_states"].iloc[0]
    ploidy = made.karyotype.ploidy
    rows = []
    for row in truth.itertuples():
        own = table.loc[row.gene] if row.gene in table.index else None
        is_single = case.plan.sex == "male" and row.contig == "chrX"
        is_whole = row.total_least == row.total_most and float(row.total_most).is_integer()
        usual = ploidy / 2 if is_single else ploidy
        planted = true_call(row.total_most, row.minor, usual, ploidy) if is_whole else ""
        rows.append(
            {
                "case": case.name,
                "gene": row.gene,
                "purity": made.purity,
                "is_fixed": case.is_fixed,
                "ploidy": ploidy,
                "total": row.total_most,
                "truth": planted,
                "call": "" if own is None else own["call"],
                "probability": np.nan if own is None else own["probability"],
                "found_total": pd.NA if own is None else own["total"],
                "log2": np.nan if own is None else own["log2"],
                "ratio": np.nan if own is None else own["log_likelihood_ratio"],
                "basis": "" if own is None else own["basis"],
                "is_ambiguous": bool(called.fit["is_ambiguous"]),
                "found_purity": called.fit["purity"],
                "found_ploidy": called.fit["ploidy"],
                "coamplified": states["cdk4_mdm2_coamplified"],
                "amplicon": case.plan.amplicon,
                "deletion": case.plan.deletion,
            }
        )
    return pd.DataFrame(rows)


def score_mutations(case: Case, made: SimulatedExome, called: Called) -> pd.DataFrame:
    """Put the cell fraction of each mutation beside the planted one."""
    key = ["contig", "start", "ref", "alt"]
    truth = made.variants[key].join(made.mutations)
    both = called.tables["clonality"].merge(truth, on=key, suffixes=("", "_true"))
    both = both[~both["is_artefact"]]
    inside = both["ccf_lower"].le(both["ccf_true"]) & both["ccf_upper"].ge(both["ccf_true"])
    kept = ["probability_clonal", "is_clonal", "ccf", "ccf_lower", "ccf_upper", "ccf_true"]
    return both[kept].assign(case=case.name, inside=inside)
