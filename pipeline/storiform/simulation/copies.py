"""Bins, alleles and somatic calls of a simulated exome, with the noise of real ones.

What is drawn is calibrated on public exomes: the robust SD of neighbouring log ratios is
0.20-0.27 by root 2, lone outliers are 0.2-0.4 % of the bins, long-range waves have an SD of
0.06. Tumours fixed in formalin are noisier in every respect; their normals are not.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.table import TEXT
from storiform.model.tables.copies import BIN_COVERAGE, GIVEN_SNPS
from storiform.model.tables.dna import VARIANTS
from storiform.simulation.exome import Exome, autoregression
from storiform.simulation.karyotypes import Karyotype, Sex, normal_copies

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

READ = 100
"""Length of a read, bp."""


@dataclass(frozen=True)
class Noise:
    """How a library departs from its copies.

    Parameters
    ----------
    depth
        Mean depth on target.
    bin_sd
        log2, SD of a bin about its bait and GC content, as seen in a ratio of two samples.
    wave_sd
        log2, SD of what slowly wanders along the genome.
    gc_sd
        How much samples differ in their answer to GC content.
    edge_sd
        How much samples differ in the depth of short against long bins.
    outliers
        Share of bins that are far off.
    overdispersion
        Sum of the two parameters of the beta distribution of allele shares.
    reference_share
        Expected share of reads with the allele that is not the reference's, at 1 : 1.
    off_target
        Depth between the targets by that on them.
    """

    depth: float = 90.0
    bin_sd: float = 0.15
    wave_sd: float = 0.045
    gc_sd: float = 0.25
    edge_sd: float = 0.03
    outliers: float = 0.003
    overdispersion: float = 150.0
    reference_share: float = 0.49
    off_target: float = 0.0045


FRESH: Final = Noise(depth=120.0)
"""A frozen tumour."""
FIXED: Final = Noise(
    depth=80.0, bin_sd=0.22, wave_sd=0.09, gc_sd=0.5, edge_sd=0.1, outliers=0.005,
    overdispersion=80.0, reference_share=0.48,
)  # fmt: skip
"""A tumour fixed in formalin."""
BLOOD: Final = Noise()
"""The normal of a patient."""


@dataclass(frozen=True)
class SimulatedExome:
    """A tumour and its normal, and what is true of them.

    Parameters
    ----------
    purity
        Share of tumour cells.
    karyotype
        Copies of the tumour cells.
    tumour, normal
        Frames as the table `bin_coverage` holds them.
    snps
        A frame as the table `given_snps` holds it: places of one and of two alleles.
    variants
        A frame as the table `variants` holds it.
    mutations
        One row per row of `variants`: `ccf` and `multiplicity`, as planted, `is_artefact`.
    """

    purity: float
    karyotype: Karyotype
    tumour: pd.DataFrame
    normal: pd.DataFrame
    snps: pd.DataFrame
    variants: pd.DataFrame
    mutations: pd.DataFrame


@dataclass(frozen=True)
class _Places:
    """What truly stands at some places: mean copies, those of the minor allele, normal's."""

    total: Floats
    minor: Floats
    normal: Floats

    def at(self, rows: Ints) -> "_Places":
        return _Places(self.total[rows], self.minor[rows], self.normal[rows])


def draw_exome(
    kit: Exome, karyotype: Karyotype, purity: float, rng: np.random.Generator,
    noise: Noise = FRESH, mutations: float = 45.0,
) -> SimulatedExome:  # fmt: skip
    """Sequence a tumour and its normal.

    Parameters
    ----------
    kit
        The bins; its contigs are those of the karyotype.
    karyotype
        Copies of the tumour cells.
    purity
        Share of tumour cells.
    rng
        All that is random.
    noise
        Of the tumour; the normal is `BLOOD`.
    mutations
        Expected somatic mutations on target of a whole exome; fewer for a smaller kit.
    """
    middle = ((kit.bins["start"] + kit.bins["end"]) // 2).to_numpy()
    rows = karyotype.rows_at(kit.bins["contig"], middle)
    normal = normal_copies(kit.bins["contig"], middle, karyotype.plan.sex)
    places = _Places(karyotype.total[rows], karyotype.minor[rows], normal)
    mixed = purity * places.total + (1 - purity) * places.normal
    tumour, tumour_depth = _sequence(kit, mixed, noise, rng)
    blood, blood_depth = _sequence(kit, normal, BLOOD, rng)
    snps = _draw_snps(kit, (tumour_depth, blood_depth), places, purity, (noise, rng))
    share = kit.bins["is_target"].sum() / 190_000
    calls, planted = _draw_mutations(
        kit, tumour_depth, places, purity, (int(rng.poisson(mutations * share)), rng)
    )
    return SimulatedExome(purity, karyotype, tumour, blood, snps, calls, planted)


def draw_normals(
    kit: Exome, sexes: tuple[Sex, ...], rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Sequence normals of a panel; frames as the table `bin_coverage` holds them."""
    middle = ((kit.bins["start"] + kit.bins["end"]) // 2).to_numpy()
    return [
        _sequence(kit, normal_copies(kit.bins["contig"], middle, sex), BLOOD, rng)[0]
        for sex in sexes
    ]


def cohort_coverage(made: SimulatedExome, patient: str = "P001") -> pd.DataFrame:
    """Return the coverage of tumour and normal as a step of the biopsy gets it."""
    frames = []
    for role, frame in (("normal", made.normal), ("tumour", made.tumour)):
        named = frame.copy()
        units = {"patient": patient, "sample": f"{patient}_{role}", "role": role}
        for at, (name, value) in enumerate((units | {"assay": "exome"}).items()):
            named.insert(at, name, pd.Series(value, index=named.index, dtype=TEXT))
        frames.append(named)
    return pd.concat(frames, ignore_index=True)


def _sequence(
    kit: Exome, copies: Floats, noise: Noise, rng: np.random.Generator
) -> tuple[pd.DataFrame, Floats]:
    """Return the coverage of a sample and, besides, its depth at every bin."""
    is_target = kit.bins["is_target"].to_numpy()
    size = (kit.bins["end"] - kit.bins["start"]).to_numpy(dtype=float)
    count = len(size)
    gc = kit.bins["gc"].to_numpy() - 0.45
    slope, bend = rng.normal(0, noise.gc_sd), -abs(rng.normal(0, noise.gc_sd))
    bias = 6 * slope * gc + 24 * bend * gc**2
    bias += np.where(is_target, rng.normal(0, noise.edge_sd) * np.log2(size / 170), 0.0)
    spread = np.where(is_target, noise.bin_sd, 0.7 * noise.bin_sd) / np.sqrt(2)
    log2 = np.log2(np.maximum(copies, 1e-3) / 2) + kit.bait + bias
    log2 += noise.wave_sd * autoregression(rng, count, 0.995) + rng.normal(0, spread)
    odd = np.flatnonzero(rng.random(count) < noise.outliers)
    log2[odd] += rng.normal(0, 1.2, len(odd))
    # A library has a given number of reads: what is amplified takes them from all others.
    log2 -= np.log2((np.exp2(log2[is_target])).mean()) - 0.2
    reached = size + READ
    on, off = noise.depth * reached / READ, noise.depth * noise.off_target * size / READ
    reads = rng.poisson(np.where(is_target, on, off) * np.exp2(log2)).astype(float)
    depth = reads * READ / np.where(is_target, reached, size)
    frame = kit.bins[["contig", "start", "end", "is_target"]].assign(
        reads=reads, depth=depth, gc=kit.bins["gc"]
    )
    return frame[list(BIN_COVERAGE.columns)], depth


def _draw_snps(
    kit: Exome, depths: tuple[Floats, Floats], places: _Places, purity: float,
    how: tuple[Noise, np.random.Generator],
) -> pd.DataFrame:  # fmt: skip
    """Count alleles at places of known variation, one in six targets, most heterozygous."""
    noise, rng = how
    drawn = rng.random(len(places.total))
    is_target = kit.bins["is_target"].to_numpy()
    rows = np.flatnonzero(is_target & (places.normal > 0) & (drawn < _HETEROZYGOUS + _ALIKE))
    tumour_depth, normal_depth = (_site_depth(depth[rows], rng) for depth in depths)
    here = places.at(rows)
    is_heterozygous = (drawn[rows] < _HETEROZYGOUS) & (here.normal == 2)  # noqa: PLR2004  copies
    is_artefact = rng.random(len(rows)) < _ARTEFACTS
    side = rng.random(len(rows)) < 0.5  # noqa: PLR2004  which of two haplotypes
    first = np.where(side, here.total - here.minor, here.minor)
    share = (purity * first + 1 - purity) / (purity * here.total + 2 * (1 - purity))
    alike, wrong = np.where(side, 0.001, 0.999), rng.uniform(0.25, 0.75, len(rows))
    share = np.where(is_artefact, wrong, np.where(is_heterozygous, share, alike))
    even = np.where(is_artefact, wrong, np.where(is_heterozygous, 0.5, alike))
    tumour = _alleles(tumour_depth, share, noise, rng)
    normal = _alleles(normal_depth, even, BLOOD, rng)
    frame = pd.DataFrame(
        {
            "contig": kit.bins["contig"].to_numpy()[rows],
            "start": _inside(kit, rows, rng),
            "normal_1": normal_depth - normal,
            "normal_2": normal,
            "tumour_1": tumour_depth - tumour,
            "tumour_2": tumour,
            "is_reference_first": True,
        }
    )
    return GIVEN_SNPS.conform(frame[(normal_depth > 0) & (tumour_depth > 0)])


_HETEROZYGOUS, _ALIKE = 0.13, 0.04
"""Shares of the targets with a place of two alleles, and with one of a single allele."""
_ARTEFACTS = 0.004
"""Share of the places where copies of a repeat, not alleles, differ."""


def _site_depth(depth: Floats, rng: np.random.Generator) -> Ints:
    """Return the depth of one base in bins of a mean depth."""
    return np.asarray(rng.poisson(depth * np.exp(rng.normal(0, 0.12, len(depth)))), np.int64)


def _alleles(depth: Ints, share: Floats, noise: Noise, rng: np.random.Generator) -> Ints:
    """Draw reads of the allele that is not the reference's: beta-binomial, biased."""
    odds = share / np.maximum(1 - share, 1e-6)
    odds = odds * noise.reference_share / (1 - noise.reference_share)
    expected = np.clip(odds / (1 + odds), 1e-4, 1 - 1e-4)
    size = noise.overdispersion
    drawn = rng.beta(expected * size, (1 - expected) * size)
    return np.asarray(rng.binomial(depth, drawn), dtype=np.int64)


def _inside(kit: Exome, rows: npt.NDArray[np.intp], rng: np.random.Generator) -> Ints:
    start = kit.bins["start"].to_numpy()[rows]
    size = kit.bins["end"].to_numpy()[rows] - start
    return np.asarray(start + (rng.random(len(rows)) * size), dtype=np.int64)


def _draw_mutations(
    kit: Exome, depth: Floats, places: _Places, purity: float,
    how: tuple[int, np.random.Generator],
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Plant somatic mutations, three in four clonal, and the artefacts of a caller."""
    count, rng = how
    possible = np.flatnonzero(kit.bins["is_target"].to_numpy() & (places.total > 0))
    rows = np.sort(rng.choice(possible, min(count, len(possible)), replace=False))
    here, size = places.at(rows), len(rows)
    ccf = np.where(rng.random(size) < 0.75, 1.0, rng.uniform(0.15, 0.6, size))  # noqa: PLR2004  share that is clonal
    is_early = (rng.random(size) < 0.5) & (ccf == 1.0)  # noqa: PLR2004  before the gains or after
    major = np.rint(here.total - here.minor)
    hit = np.where(rng.random(size) < 0.5, major, np.rint(here.minor))  # noqa: PLR2004  which allele
    hit = np.where(hit > 0, hit, major)
    multiplicity = np.maximum(np.where(is_early, hit, 1.0), 1.0)
    whole = purity * here.total + (1 - purity) * here.normal
    share = np.clip(purity * np.minimum(multiplicity, here.total) * ccf / whole, 0, 1)
    is_artefact = rng.random(size) < 0.05  # noqa: PLR2004  what passes the filters of a caller
    share = np.where(is_artefact, rng.uniform(0.03, 0.09, size), share)
    tumour_depth = _site_depth(depth[rows], rng)
    alt = rng.binomial(tumour_depth, share)
    calls = pd.DataFrame(
        {
            "contig": kit.bins["contig"].to_numpy()[rows],
            "start": _inside(kit, rows, rng),
            "gene": kit.bins["gene"].to_numpy()[rows],
            "tumour_depth": tumour_depth,
            "tumour_alt_reads": alt,
            "is_nonsynonymous": rng.random(size) < 0.7,  # noqa: PLR2004  of those on target
        }
    )
    truth = pd.DataFrame({"ccf": ccf, "multiplicity": multiplicity, "is_artefact": is_artefact})
    seen = alt >= _CALLED
    return _variants(calls[seen]), truth[seen].reset_index(drop=True)


_CALLED = 4
"""Least reads of a somatic allele that a caller reports."""


def _variants(calls: pd.DataFrame) -> pd.DataFrame:
    """Return calls as the table `variants` holds them: all pass, all are single bases."""
    blank = {
        name: {"string": "", "float": np.nan, "bool": False, "int": 0}.get(column.dtype, pd.NA)
        for name, column in VARIANTS.columns.items()
    }
    frame = pd.DataFrame(blank, index=range(len(calls)))
    for name in calls.columns:
        frame[name] = calls[name].to_numpy()
    frame["end"] = frame["start"] + 1
    frame["ref"], frame["alt"], frame["filter"] = "C", "T", "PASS"
    frame["tumour_vaf"] = frame["tumour_alt_reads"] / frame["tumour_depth"]
    frame["record"] = np.arange(len(frame))
    frame["is_coding"], frame["is_eligible"] = True, True
    frame["mutation_class"] = np.where(frame["is_nonsynonymous"], "missense", "")
    kept = [name for name in frame.columns if name in VARIANTS.columns]
    return VARIANTS.conform(frame[kept])


def vary(noise: Noise, rng: np.random.Generator) -> Noise:
    """Return a noise as a lab's samples vary: depth by a third, the rest by a fifth."""
    depth = noise.depth * float(np.exp(rng.normal(0, 0.3)))
    factor = float(np.exp(rng.normal(0, 0.15)))
    return replace(
        noise,
        depth=depth,
        bin_sd=noise.bin_sd * factor,
        wave_sd=noise.wave_sd * float(np.exp(rng.normal(0, 0.2))),
        overdispersion=noise.overdispersion * float(np.exp(rng.normal(0, 0.3))),
    )
