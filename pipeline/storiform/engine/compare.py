"""Whether files of reads are of one person, whatever build each was aligned to.

Nothing is known of the files: each is read once, the places where it shows two alleles are
named by the bases around them, and every pair is judged on its own, so that a verdict does
not depend on which other files were given.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.biomarkers.callability import CallabilityParams, pileup
from storiform.biomarkers.identity import IdentityParams
from storiform.biomarkers.identity.likelihoods import Likelihoods, likelihoods
from storiform.biomarkers.identity.places import Counts
from storiform.biomarkers.identity.verdicts import judge
from storiform.biomarkers.read_statistics import ReadStatisticsParams, read_statistics
from storiform.io.read_files import RegionFile, inspect_reads, open_reads
from storiform.io.store import write_tsv
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import CHROMOSOMES, build_of
from storiform.model.genotypes import (
    TWO_ALLELES,
    GenotypeRules,
    SampleSites,
    genotypes,
    samples_of,
)
from storiform.model.intervals import Intervals
from storiform.model.reads import ReadHeader, RecordBatch
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS

_GAP = 10_000
"""Bases without a read by which stretches of a batch are looked at apart."""
_SPLICED = 0.02
"""Share of the aligned reads that are spliced from which a file is of RNA."""
_HETEROZYGOSITY = 8e-4
"""Places with two alleles that a person has for each base; fewer tell of losses."""
_SHARED = (0.2, 0.3, 0.4)
"""Of them, those that a stranger has too; the one that fits best speaks against one person."""
COLUMNS = (
    "file_1", "file_2", "kind_1", "kind_2", "build_1", "build_2", "found", "sites", "shared",
    "log_likelihood_ratio",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Looked:
    """One file: its place in the table, its build and kind, and what it shows."""

    name: str
    build: str
    kind: str
    stretches: pd.DataFrame
    sites: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Comparison:
    """All pairs of the files that could be read, what hindered the others, and doubts."""

    pairs: pd.DataFrame
    faults: tuple[str, ...]
    doubts: tuple[str, ...]


def compare_files(
    paths: Sequence[Path], reference: Path | None, params: IdentityParams
) -> Comparison:
    """Read each file once, and judge every pair.

    Parameters
    ----------
    paths
        BAM or CRAM files.
    reference
        The FASTA of the CRAM files.
    params
        When two files are of one person.
    """
    looked: list[Looked] = []
    faults: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", DataWarning)
        for path, name in zip(paths, _names(paths), strict=True):
            try:
                looked.append(_look_into(path, name, reference, params))
            except (InputError, OSError) as error:
                faults.append(str(error))
    doubts = tuple(dict.fromkeys(str(one.message) for one in caught))
    samples = _samples(looked)
    rows = [
        _judged((looked[i], looked[j]), (samples[i], samples[j]), params)
        for i, j in combinations(range(len(looked)), 2)
    ]
    return Comparison(pd.DataFrame(rows, columns=list(COLUMNS)), tuple(faults), doubts)


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write the pairs as ``identity.tsv`` into a folder, which is made; return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "identity.tsv"
    write_tsv(path, comparison.pairs)
    return path


def _names(paths: Sequence[Path]) -> list[str]:
    """Return the names of the files, or their paths where two have one name."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _look_into(path: Path, name: str, reference: Path | None, params: IdentityParams) -> Looked:
    file = open_reads(path, reference=reference)
    try:
        build = build_of(dict(zip(file.header.contigs, file.header.lengths, strict=True)))
    finally:
        file.close()
    header = inspect_reads(path, index=None, reference=reference, build=build or "GRCh38")
    if not header.is_sorted:
        found = "records that are not sorted by coordinate"
        raise InputError(fault(name, found, "sorted ones", "Sort the file: samtools sort."))
    file = open_reads(path, reference=reference)
    try:
        statistics, stretches, sites = _scan(file, params)
    finally:
        file.close()
    reads = statistics.iloc[0]
    is_rna = int(reads["spliced"]) > _SPLICED * max(int(reads["mapped"]), 1)
    return Looked(name, build or "", "rna" if is_rna else "exome", stretches, sites)


def _scan(
    file: RegionFile, params: IdentityParams
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Show all batches of a file to two collectors; return their tables."""
    header = file.header
    depths = CallabilityParams.model_validate(
        {"min_tumour_depth": params.min_depth, "min_site_depth": params.min_depth}
    )
    bases = pileup(targets=_chromosomes(header), reference=None, params=depths)
    records = read_statistics(None, ReadStatisticsParams.model_validate({}))
    for collector in (bases, records):
        collector.begin(header)
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            records.take(batch)
            for island in _islands(batch):
                bases.take(island)
    (statistics,) = records.tables()
    stretches, sites = bases.tables()[2:4]
    return statistics, CALLABLE_INTERVALS.conform(stretches), ALLELE_SITES.conform(sites)


def _chromosomes(header: ReadHeader) -> Intervals:
    return Intervals.of(
        (contig, 0, length)
        for contig, length in zip(header.contigs, header.lengths, strict=True)
        if contig in CHROMOSOMES
    )


def _islands(batch: RecordBatch) -> Iterator[RecordBatch]:
    """Cut a batch at stretches without reads, which would cost memory for nothing."""
    if batch.contig < 0 or not len(batch):
        return
    reach = np.maximum.accumulate(batch.ends)
    cuts = np.flatnonzero(batch.starts[1:] > reach[:-1] + _GAP) + 1
    bounds = [0, *cuts.tolist(), len(batch)]
    for first, last in pairwise(bounds):
        rows = slice(first, last)
        mates = batch.mates[rows]
        yield replace(
            batch,
            offsets=batch.offsets[rows],
            contigs=batch.contigs[rows],
            starts=batch.starts[rows],
            ends=batch.ends[rows],
            flags=batch.flags[rows],
            mapq=batch.mapq[rows],
            mates=np.where(mates >= 0, mates - first, mates).astype(mates.dtype),
            names=batch.names[rows],
            is_owned=batch.is_owned[rows],
            owned_start=max(batch.owned_start, int(batch.starts[first])),
            owned_end=min(batch.owned_end, int(reach[last - 1])),
        )


def _samples(looked: Sequence[Looked]) -> list[SampleSites]:
    """Return what each file shows; all roles are those of tumours, which can lose alleles."""
    tables = []
    for number, one in enumerate(looked):
        unit = {"patient": "", "sample": f"{number:06d}", "role": "tumour", "assay": one.kind}
        tables.append((one.sites.assign(**unit), one.stretches.assign(**unit)))
    if not tables:
        return []
    sites, stretches = (
        pd.concat([table[k] for table in tables], ignore_index=True) for k in (0, 1)
    )
    found = {sample.sample: sample for sample in samples_of(sites, stretches)}
    nothing = np.empty(0, dtype=np.int64)
    empty = SampleSites(
        "", "", "tumour", "exome", nothing, nothing, nothing.astype(np.float64), nothing,
        np.empty((0, 4), dtype=np.int32), nothing,
    )  # fmt: skip
    return [
        replace(found.get(f"{number:06d}", empty), sample=f"{number:06d}", build=one.build)
        for number, one in enumerate(looked)
    ]


def _judged(
    files: tuple[Looked, Looked],
    samples: tuple[SampleSites, SampleSites],
    params: IdentityParams,
) -> tuple[object, ...]:
    rules = GenotypeRules(
        params.min_depth, params.two_alleles, params.two_alleles_mixed, params.one_allele
    )
    cohort = genotypes(samples, rules)
    counts = Counts.of(cohort)
    seen = np.array([_seen(sample, rules) for sample in samples])
    ratios = [likelihoods(cohort, _with_share(counts, h), rules, seen) for h in _SHARED]
    strictest = Likelihoods(
        strangers=np.minimum.reduce([ratio.strangers for ratio in ratios]),
        siblings=np.minimum.reduce([ratio.siblings for ratio in ratios]),
        mixture=np.minimum.reduce([ratio.mixture for ratio in ratios]),
        told=np.minimum.reduce([ratio.told for ratio in ratios]),
        share=ratios[0].share,
    )
    compared = judge(cohort, counts, strictest, params.min_sites, params.min_log_ratio)
    verdict = {1: "same", -1: "different"}.get(int(compared.found[0, 1]), "undecided")
    one, two = files
    return (
        one.name, two.name, _said(one), _said(two), one.build or "unknown",
        two.build or "unknown", verdict,
        int(compared.sites[0, 1]), int(compared.shared[0, 1]), float(compared.log_ratio[0, 1]),
    )  # fmt: skip


def _with_share(counts: Counts, share: float) -> Counts:
    """Put all places into one bin, at which a second person has two alleles so often."""
    both, alone, even, between = (
        kind.sum(axis=0, keepdims=True)
        for kind in (counts.both, counts.first_alone, counts.first_even, counts.second_between)
    )
    return Counts(both, alone, even, between, np.array([share]), 1.0)


def _seen(sample: SampleSites, rules: GenotypeRules) -> float:
    """Return the places with two alleles by those that so many bases of a person have."""
    bases = float((sample.ends - sample.starts).sum())
    with_two = float((rules.states(sample) == TWO_ALLELES).sum())
    return with_two / (_HETEROZYGOSITY * bases) if bases else np.nan


def _said(one: Looked) -> str:
    return "RNA" if one.kind == "rna" else "DNA"
