"""People, and samples drawn from them, for tests of identity."""

import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from storiform.biomarkers.identity import IdentityParams, identity
from storiform.model.errors import DataWarning
from storiform.model.tables.reads import ALLELE_SITES, CALLABLE_INTERVALS, IDENTITY

UNITS = ("patient", "sample", "role", "assay")
SPACING = 200
TARGET = 60


@dataclass
class People:
    """A population, and samples drawn from its people, place by place.

    A place has a frequency, people two alleles each; reads are binomial with errors. Targets
    of 60 bases lie around the places. Tumours lose stretches of one haplotype, add mutations
    at places of nobody else, and RNA covers some stretches and prefers an allele.
    """

    seed: int
    places: int = 3000
    shift: int = 0
    draws: np.random.Generator = field(init=False)
    sites: list[pd.DataFrame] = field(default_factory=list)
    stretches: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self):
        self.draws = np.random.default_rng(self.seed)
        self.frequencies = np.clip(self.draws.beta(0.4, 1.0, self.places), 0.005, 0.995)
        letters = self.draws.choice(list("ACGT"), (2 * self.places, 30))
        self.contexts = np.array(["".join(row) for row in letters])
        self.bases = np.array(
            [self.draws.choice(4, 2, replace=False) for _ in range(self.places)]
        )
        number = np.arange(self.places)
        self.contigs = np.array(["chr1", "chr2", "chrX"])[number * 3 // self.places]
        self.starts = 1000 + SPACING * number

    def person(self):
        """Return two haplotypes (2, places), 1 for the second allele."""
        return (self.draws.random((2, self.places)) < self.frequencies).astype(int)

    def relative(self, one):
        """Return a brother or sister in expectation: each haplotype shared by half."""
        blocks = np.arange(self.places) // 150
        shared = self.draws.random((2, blocks.max() + 1)) < 0.5
        return np.where(shared[:, blocks], one, self.person())

    def stretches_of(self, share, length=100):
        """Return a mask (places,) of stretches that hold about a share of all places."""
        blocks = np.arange(self.places) // length
        return (self.draws.random(blocks.max() + 1) < share)[blocks]

    def add(self, name, person, *, kind="normal", depth=100.0, **more):
        """Draw a sample `PATIENT-...` of a person."""
        share = person.mean(axis=0)
        expression = np.ones(self.places)
        if kind == "tumour":
            share = self.lose(person, more.get("purity", 0.6), more.get("lost", 0.3))
        if kind == "rna":
            share = self.lose(person, 0.5, more.get("lost", 0.2))
            preference = self.draws.beta(4, 4, self.places)
            odds = (
                share
                * preference
                / np.maximum(share * preference + (1 - share) * (1 - preference), 1e-9)
            )
            share = np.where((share > 0) & (share < 1), odds, share)
            expression = np.where(self.stretches_of(0.3, 20), 1.0, 0.02)
        if "contaminant" in more:
            by = more.get("contamination", 0.05)
            share = (1 - by) * share + by * more["contaminant"].mean(axis=0)
        factor = self.draws.gamma(4, 1 / 4, self.places)
        reads = self.draws.poisson(depth * factor * expression)
        self.tables(name, kind, share, reads, more.get("mutations", 0))

    def lose(self, person, purity, lost):
        """Return the share of the second allele where a tumour lost one haplotype."""
        kept = np.where(self.stretches_of(0.5), person[0], person[1])
        normal, share = person.sum(axis=0), person.mean(axis=0)
        loss = (purity * kept + (1 - purity) * normal) / (purity + 2 * (1 - purity))
        return np.where(self.stretches_of(lost), loss, share)

    def tables(self, name, kind, share, reads, mutations):
        """Count bases, keep what the collectors keep."""
        error = 0.001
        alt = self.draws.binomial(reads, share * (1 - error) + (1 - share) * error / 3)
        counts = np.zeros((self.places, 4), dtype=int)
        rows = np.arange(self.places)
        counts[rows, self.bases[:, 0]] = reads - alt
        counts[rows, self.bases[:, 1]] += alt
        unit = {
            "patient": name.split("-")[0], "sample": name,
            "role": "normal" if kind == "normal" else "tumour",
            "assay": "rna" if kind == "rna" else "exome",
        }  # fmt: skip
        starts, contigs, contexts = self.starts, self.contigs, self.contexts[: self.places]
        if mutations:
            where = self.draws.choice(self.places, mutations, replace=False)
            mutated = self.draws.binomial(reads[where], 0.35)
            new = np.zeros((mutations, 4), dtype=int)
            new[:, 0], new[:, 1] = reads[where] - mutated, mutated
            counts = np.vstack([counts, new])
            offset = self.draws.integers(1, TARGET // 2, mutations)
            starts = np.append(starts, starts[where] + offset)
            contigs = np.append(contigs, contigs[where])
            contexts = np.append(contexts, self.contexts[self.places + where])
        sites = pd.DataFrame(counts, columns=list("acgt")).assign(
            contig=contigs, start=starts + self.shift, context=contexts, **unit
        )
        second, total = np.sort(counts, axis=1)[:, -2], counts.sum(axis=1)
        enough = 8 if kind == "normal" else 14
        is_listed = (second >= 2) & (second >= 0.01 * total) & (total >= enough)
        self.sites.append(sites[is_listed].drop_duplicates(["contig", "start"]))
        is_deep = reads >= enough
        first = self.starts[is_deep] - TARGET // 2 + self.shift
        self.stretches.append(
            pd.DataFrame(
                {
                    "contig": self.contigs[is_deep], "start": first, "end": first + TARGET,
                    "depth_sum": reads[is_deep] * TARGET, "min_depth": enough, **unit,
                }
            )
        )  # fmt: skip

    def cohort(self):
        """Return the two tables of all samples, as the engine gathers them."""
        sites = pd.concat(self.sites, ignore_index=True)
        stretches = pd.concat(self.stretches, ignore_index=True)
        return ALLELE_SITES.conform(sites, UNITS), CALLABLE_INTERVALS.conform(stretches, UNITS)


def compared(people, **params):
    """Return the table and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = IDENTITY.conform(identity(*people.cohort(), IdentityParams(**params)))
    assert all(issubclass(one.category, DataWarning) for one in caught)
    return found, [str(one.message) for one in caught]


def pair(found, one, two):
    first, second = sorted((one, two))
    rows = found[(found["sample_1"] == first) & (found["sample_2"] == second)]
    assert len(rows) == 1
    return rows.iloc[0]


def trio(people, patient, person, **more):
    """Draw a normal, a tumour and its RNA."""
    people.add(f"{patient}-N", person, depth=more.get("normal_depth", 80))
    tumour = {"purity": 0.6, "lost": 0.3, "mutations": 20, **more}
    people.add(f"{patient}-T", person, kind="tumour", depth=120, **tumour)
    people.add(f"{patient}-R", person, kind="rna", depth=60, lost=tumour["lost"])
