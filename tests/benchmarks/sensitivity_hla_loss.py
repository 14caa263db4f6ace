# ruff: noqa: T201  a script that prints
"""HLA loss where noise is larger than the model takes it to be, on simulated counts.

``python tests/benchmarks/sensitivity_hla_loss.py`` draws fragments of HLA-A, B and C at 100x,
purity .2 to .9, of genes that are retained, of which one allele has a copy more, or of which
the haplotype is lost; it prints how many are called lost. No reads and no alleles are needed.
``--seed N`` draws others, ``--biopsies N`` as many of each kind. ``--gains N`` draws so many
with a gained haplotype at 25, 50, 100 and 200x, with noise as the model takes it to be, and
a tenth as many with a loss at purities of .3, .4 and .6: one false call in thousands of genes
is too rare to be seen among fewer.

Drift and depth are spreads of the log in each of the two libraries; so the alleles' odds of
tumour and normal differ by twice the drift, and the depths by 1.4 times that of depth.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.biomarkers.hla.loss import HlaLossParams, hla_gene_loh
from storiform.model.hla import CLASS_I
from storiform.model.tables.copies import PATHOLOGY
from storiform.model.tables.copy_calls import COPY_NUMBER_FIT, COPY_NUMBER_SEGMENTS
from storiform.model.tables.hla import HLA_FRAGMENTS
from storiform.model.tables.proteins import HLA_TYPES
from storiform.simulation.hla_people import HlaTumour, Scenario, scenario

Floats = NDArray[np.float64]

SEED = 424_242
KINDS: tuple[Scenario, ...] = ("retained", "gain", "loss")
_FRAGMENTS, _UNEVEN, _CAPTURE = 300.0, 0.35, 0.1
"""Of an allele of a gene at 100x, how much genes and how much alleles differ in it, ln."""
_USUAL_DEPTH = 100.0
_DEPTHS = (25.0, 50.0, 100.0, 200.0)
_PURITIES = (0.3, 0.4, 0.6)
_LOST: tuple[Scenario, ...] = ("loss", "one_gene_loss", "subclonal_loss")


@dataclass(frozen=True)
class Noise:
    """How wrong everything is; `told` is what the method knows of it.

    ``nothing``; ``depth``, by the segments' errors; ``ploidy``, as another solution of the
    fit; or ``sheet``, purity of the sheet and no ploidy.
    """

    name: str
    drift: float = 0.04
    depth: float = 0.05
    purity: float = 0.04
    ploidy: float = 0.1
    told: str = "nothing"


NOISES = (
    Noise("as the model assumes"),
    Noise("drift .08", drift=0.08),
    Noise("drift .12", drift=0.12),
    Noise("depth .10", depth=0.1),
    Noise("depth .10, which the segments show", depth=0.1, told="depth"),
    Noise("depth .15", depth=0.15),
    Noise("depth .15, which the segments show", depth=0.15, told="depth"),
    Noise("purity +-.12", purity=0.12),
    Noise("ploidy +-.8", ploidy=0.8),
    Noise("ploidy +-.8, the fit lists the right one", ploidy=0.8, told="ploidy"),
    Noise("ploidy +-.8, purity of the sheet, no ploidy", ploidy=0.8, told="sheet"),
)


def types() -> pd.DataFrame:
    """Return two invented alleles of each gene."""
    rows = [
        {"gene": gene, "copy": copy, "allele": f"HLA-{gene}*0{copy}:01", "written": "",
         "source": "planted", "reason": "", "posterior": np.nan, "limits": ""}
        for gene in CLASS_I
        for copy in (1, 2)
    ]  # fmt: skip
    return HLA_TYPES.conform(pd.DataFrame(rows))


def draw_fragments(
    tumour: HlaTumour, noise: Noise, rng: np.random.Generator, own: pd.DataFrame,
    depth: float = _USUAL_DEPTH,
) -> pd.DataFrame:  # fmt: skip
    """Draw the fragments of both alleles of each gene, in tumour and normal."""
    usual = _FRAGMENTS * depth / _USUAL_DEPTH
    depths = dict(zip(("normal", "tumour"), np.exp(rng.normal(0, noise.depth, 2)), strict=True))
    rows = []
    for gene in CLASS_I:
        names = own.loc[own["gene"].eq(gene), "allele"]
        mean = usual * np.exp(rng.normal(0, _UNEVEN) + rng.normal(0, _CAPTURE, 2))
        copies = np.array(tumour.mean_copies(gene)) / tumour.scale
        for role, of_each in (("normal", np.ones(2)), ("tumour", copies)):
            drift = np.exp(rng.normal(0, noise.drift, 2))
            counts = rng.poisson(mean * of_each * drift * depths[role])
            rows += [
                {"gene": gene, "allele": name, "role": role, "start": 0, "end": 3000,
                 "sites": 40, "fragments": count, "mismatches": 0, "shared": 0,
                 "library_fragments": 1_000_000}
                for name, count in zip(names, counts, strict=True)
            ]  # fmt: skip
    return HLA_FRAGMENTS.conform(pd.DataFrame(rows))


def fit(purity: float, ploidy: float, alternatives: str = "") -> pd.DataFrame:
    """Return a fit of copy number, ambiguous where it has alternatives."""
    row = dict.fromkeys(COPY_NUMBER_FIT.columns, "") | {
        "purity": purity, "ploidy": ploidy, "is_ambiguous": bool(alternatives),
        "alternatives": alternatives, "wgd": None, "breakpoints": 0, "purity_lower": np.nan,
        "purity_upper": np.nan, "fraction_altered": np.nan, "fraction_loh": np.nan,
        "fraction_subclonal": np.nan,
    }  # fmt: skip
    return COPY_NUMBER_FIT.conform(pd.DataFrame([row]))


def segments(error: float) -> pd.DataFrame:
    """Return a segment far from HLA genes with this standard error, log2."""
    row = dict.fromkeys(COPY_NUMBER_SEGMENTS.columns, np.nan) | {
        "contig": "chr1", "start": 0, "end": 200_000_000, "bins": 10_000, "log2": 0.0,
        "log2_se": error, "normal_copies": 2, "is_subclonal": False,
    }  # fmt: skip
    return COPY_NUMBER_SEGMENTS.conform(pd.DataFrame([row]))


def calls(kind: Scenario, noise: Noise, number: int, seed: int) -> "pd.Series[str]":
    """Draw biopsies of one kind, and call their genes."""
    rng = np.random.default_rng(seed)
    own, params = types(), HlaLossParams()
    found = []
    for _ in range(number):
        purity = float(rng.uniform(0.2, 0.9))
        ploidy = float(np.clip(2.0 + rng.normal(0, noise.ploidy), 1.2, 6.0))
        tumour = scenario(kind, purity, int(rng.integers(2)), ploidy=ploidy)
        fragments = draw_fragments(tumour, noise, rng, own)
        told = float(np.clip(purity + rng.normal(0, noise.purity), 0.05, 1.0))
        right = f"{told:.2f}/{ploidy:.2f} (-1.0)" if noise.told == "ploidy" else ""
        is_sheet = noise.told == "sheet"
        sheet = PATHOLOGY.conform(pd.DataFrame({"purity": [told], "ploidy": [np.nan]}))
        shown = segments(np.sqrt(2.0) * noise.depth / np.log(2.0))
        called = hla_gene_loh(
            fragments, own, None if is_sheet else fit(told, 2.0, right),
            shown if noise.told == "depth" else None, sheet if is_sheet else None, None,
            None, params,
        )  # fmt: skip
        found += called["call"].tolist()
    return pd.Series(found)


def shares(
    kind: Scenario, depth: float, number: int, seed: int, purity: float = 0.0
) -> tuple[int, int, int]:
    """Draw biopsies of one kind, noise as assumed: genes, genes called LOH, biopsies with one.

    Of a loss of one gene, that gene alone counts.
    """
    rng = np.random.default_rng(seed)
    own, params, noise = types(), HlaLossParams(), NOISES[0]
    genes = lost = biopsies = 0
    for _ in range(number):
        whole = purity or float(rng.uniform(0.2, 0.9))
        gene = CLASS_I[int(rng.integers(len(CLASS_I)))]
        tumour = scenario(kind, whole, int(rng.integers(2)), gene)
        told = float(np.clip(whole + rng.normal(0, noise.purity), 0.05, 1.0))
        ploidy = 2.0 + rng.normal(0, noise.ploidy)
        fragments = draw_fragments(tumour, noise, rng, own, depth)
        called = hla_gene_loh(fragments, own, fit(told, ploidy), None, None, None, None, params)
        if kind == "one_gene_loss":
            called = called[called["gene"].eq(gene)]
        found = int(called["call"].eq("LOH").sum())
        genes, lost, biopsies = genes + len(called), lost + found, biopsies + (found > 0)
    return genes, lost, biopsies


def print_shares(number: int, seed: int) -> None:
    """Print how many gained genes are called lost at each depth, and how many lost ones."""
    for depth in _DEPTHS:
        genes, lost, biopsies = shares("gain", depth, number, seed)
        print(
            f"gain, {depth:g}x: LOH {lost} of {genes} genes, in {biopsies} biopsies", flush=True
        )
    for kind in _LOST:
        for purity in _PURITIES:
            genes, lost, _ = shares(kind, _USUAL_DEPTH, number // 10, seed, purity)
            told = f"{kind}, {_USUAL_DEPTH:g}x, purity {purity:g}".replace("_", " ")
            print(f"{told}: LOH {lost / genes:.3f} of {genes} genes", flush=True)


def main() -> int:
    """Print a row for each noise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--biopsies", type=int, default=100, help="of each kind; three genes")
    parser.add_argument("--gains", type=int, default=0, help="biopsies with a gain; only these")
    options = parser.parse_args()
    if options.gains:
        print_shares(options.gains, options.seed)
        return 0
    print(f"HLA loss, genes called LOH (LOH?) of {3 * options.biopsies}, seed {options.seed}:")
    for noise in NOISES:
        counts = []
        for kind in KINDS:
            told = calls(kind, noise, options.biopsies, options.seed)
            counts.append(f"{kind} {told.eq('LOH').sum()} ({told.eq('LOH?').sum()})")
        print(f"{noise.name}: {', '.join(counts)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
