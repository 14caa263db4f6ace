"""What each sample of a cohort shows at the places where people differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
States = NDArray[np.int8]

UNKNOWN, ONE_ALLELE, TWO_ALLELES = -1, 0, 1
"""State of a sample at a place: not to be told, one allele, two alleles."""
_UNITS = ["patient", "sample", "role", "assay"]
_LEFT_OUT = ("chrX", "chrY", "chrM")
_CONTIG_SHIFT = 32
_PRIVATE_SHIFT = 56
_FEWEST_SHARED = 5
_FEWEST_IN_BLOCK = 2
_FARTHEST = 5_000_000
_MOST_WITH_TWO = 0.75
_FEWEST_PATIENTS = 8


@dataclass(frozen=True, eq=False)
class SampleSites:
    """One sample: where it can be told, and where it shows a second allele.

    A place is coded as one integer, contig and position. `starts`, `ends` and `depths` (m,)
    are callable stretches, sorted, with their mean depth; `places` (n,) the sorted places
    with a second allele, `counts` (n, 4) their reads with A, C, G and T, `contexts` (n,)
    numbers of the bases around, -1 where unknown. `build` is the genome build, where known.
    """

    patient: str
    sample: str
    role: str
    assay: str
    starts: Codes
    ends: Codes
    depths: Floats
    places: Codes
    counts: NDArray[np.int32]
    contexts: Codes
    build: str = ""

    @property
    def kind(self) -> str:
        """Role and assay in words."""
        return f"{self.role} {'RNA' if self.assay == 'rna' else self.assay}"

    def depth_at(self, places: Codes) -> Floats:
        """Return the mean depth (n,) of the callable stretch at each place, 0 for none."""
        if not len(self.starts):
            return np.zeros(len(places))
        stretch = np.searchsorted(self.starts, places, side="right") - 1
        is_inside = (stretch >= 0) & (places < self.ends[stretch])
        return np.where(is_inside, self.depths[stretch], 0.0)

    def rows_at(self, places: Codes) -> Codes:
        """Return the row in `counts` (n,) of each place, -1 where no second allele shows."""
        if not len(self.places):
            return np.full(len(places), -1)
        rows = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        return np.where(self.places[rows] == places, rows, -1)


@dataclass(frozen=True)
class GenotypeRules:
    """When a place has one allele, and when two.

    It has two alleles if the second has at least `two` of the reads (`two_mixed` in tumours
    and RNA), one if it has at most `one`; between, and below `min_depth` reads, it is not
    told.
    """

    min_depth: int
    two: float
    two_mixed: float
    one: float

    def states(self, of: SampleSites) -> States:
        """Return the state (n,) of a sample at each of its own places."""
        total, share = _second_shares(of)
        enough = self.two if (of.role, of.assay) == ("normal", "exome") else self.two_mixed
        states = np.full(len(total), UNKNOWN, dtype=np.int8)
        states[share <= self.one] = ONE_ALLELE
        states[share >= enough] = TWO_ALLELES
        states[total < self.min_depth] = UNKNOWN
        return states

    def shares(self, of: SampleSites) -> tuple[Flags, Flags]:
        """Tell where (n,) the second allele is too much for one allele, and enough for two.

        Enough is what a normal must have, whatever the sample is.
        """
        total, share = _second_shares(of)
        is_deep = total >= max(self.min_depth, 1)
        return is_deep & (share > self.one), is_deep & (share >= self.two)


def _second_shares(of: SampleSites) -> tuple[Codes, Floats]:
    """Return the reads (n,) of each place, and the share of its second allele."""
    total = of.counts.sum(axis=1, dtype=np.int64)
    second = np.sort(of.counts, axis=1)[:, -2] if len(total) else total
    return total, second / np.maximum(total, 1)


def samples_of(
    allele_sites: pd.DataFrame, callable_intervals: pd.DataFrame
) -> list[SampleSites]:
    """Take the two tables of a cohort apart by sample; X, Y and the mitochondrion left out."""
    tables = (allele_sites, callable_intervals)
    named = [frame.loc[~frame["sample"].duplicated(), _UNITS] for frame in tables]
    units = pd.concat(named, ignore_index=True).drop_duplicates("sample").sort_values("sample")
    names = pd.Index(units["sample"])
    contigs = pd.Index(pd.concat([frame["contig"].drop_duplicates() for frame in tables]))
    contigs = contigs.unique().sort_values()
    stretches = _split(callable_intervals, names, contigs)
    sites = _split(allele_sites, names, contigs)
    numbers = _context_numbers(allele_sites["context"])
    start, end, depth_sum = (
        callable_intervals[name].to_numpy(np.int64) for name in ("start", "end", "depth_sum")
    )
    bases = [allele_sites[base].to_numpy(np.int64) for base in "acgt"]
    made = []
    for unit, (rows, starts), (site_rows, places) in zip(
        units.to_dict("records"), stretches, sites, strict=True
    ):
        patient, sample, role, assay = (str(unit[name]) for name in _UNITS)
        lengths = end[rows] - start[rows]
        depths = depth_sum[rows] / np.maximum(lengths, 1)
        counts = np.column_stack([of_base[site_rows] for of_base in bases]).astype(np.int32)
        made.append(
            SampleSites(
                patient, sample, role, assay, starts, starts + lengths, depths, places, counts,
                numbers[site_rows],
            )
        )  # fmt: skip
    return made


def _split(
    frame: pd.DataFrame, names: pd.Index, contigs: pd.Index
) -> Iterator[tuple[Codes, Codes]]:
    """Iterate over the samples: rows of the frame, sorted by place, and their places.

    The tables of a cohort are long: nothing is held for all rows but small numbers.
    """
    sample = _positions(names, frame["sample"]).astype(np.int32)
    contig = _positions(contigs, frame["contig"]).astype(np.int16)
    start = frame["start"].to_numpy(np.int64)
    is_left_out = contigs.isin(_LEFT_OUT)
    order = np.argsort(sample, kind="stable")
    bounds = np.searchsorted(sample, np.arange(len(names) + 1), sorter=order)
    for first, last in pairwise(bounds):
        rows = order[first:last]
        rows = rows[~is_left_out[contig[rows]]]
        places = (contig[rows].astype(np.int64) << _CONTIG_SHIFT) | start[rows]
        by_place = np.argsort(places, kind="stable")
        yield rows[by_place], places[by_place]


def _positions(names: pd.Index, values: pd.Series) -> Codes:
    """Return the place of each value among names, without an object for each row."""
    numbers, distinct = pd.factorize(values)
    return np.append(names.get_indexer(pd.Index(distinct)), -1).astype(np.int64)[numbers]


def _context_numbers(contexts: pd.Series) -> Codes:
    numbers, distinct = pd.factorize(contexts)
    known = np.asarray(pd.Series(distinct).fillna("").astype(str) != "")
    return np.where(np.append(known, [False])[numbers], numbers, -1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Genotypes:
    """States (samples, places) of a cohort, and how many patients show two alleles.

    `is_between` (samples, places) tells, of the states that are unknown, where the second
    allele has a share between those of one and of two alleles; `is_even`, of those of two
    alleles, where it has the share that a normal must have. `told` and `with_two`
    (places,) count the patients whose genotype is told and, of these, those with two alleles.
    `natives` holds the places (places,) in the coordinates of each
    build, -1 where it has none; `builds` (samples,) which one a sample uses.
    """

    samples: tuple[SampleSites, ...]
    states: States
    is_between: Flags
    is_even: Flags
    told: Codes
    with_two: Codes
    natives: tuple[Codes, ...]
    builds: tuple[int, ...]
    by_patient: dict[str, States]

    def natives_of(self, number: int) -> Codes:
        """Return the places in the coordinates of a sample."""
        return self.natives[self.builds[number]]


def genotypes(samples: Sequence[SampleSites], rules: GenotypeRules) -> Genotypes:
    """Tell one allele from two in all samples, wherever one sample has two.

    A place that is callable in a sample but not among those with a second allele has one
    allele there. A place at which more than three quarters of eight or more patients show two
    alleles is left out: Hardy-Weinberg allows a half, so two copies of a sequence lie there.
    """
    builds = _builds(samples)
    lifts = [_Lift.between(builds.maps[0], one) for one in builds.maps]
    own = [rules.states(sample) for sample in samples]
    found = [
        lifts[build].universal(sample.places[states == TWO_ALLELES], build)
        for sample, states, build in zip(samples, own, builds.of_sample, strict=True)
    ]
    universe = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
    natives = tuple(lift.native(universe, build) for build, lift in enumerate(lifts))
    table = np.full((len(samples), len(universe)), UNKNOWN, dtype=np.int8)
    is_between, is_even = np.zeros((2, *table.shape), dtype=bool)
    for number, (sample, states) in enumerate(zip(samples, own, strict=True)):
        places = natives[builds.of_sample[number]]
        table[number, sample.depth_at(places) >= rules.min_depth] = ONE_ALLELE
        rows = sample.rows_at(places)
        is_listed = rows >= 0
        table[number, is_listed] = states[rows[is_listed]]
        more, even = rules.shares(sample)
        is_between[number, is_listed] = (more & (states == UNKNOWN))[rows[is_listed]]
        is_even[number, is_listed] = (even & (states == TWO_ALLELES))[rows[is_listed]]
    by_patient = _by_patient(samples, table)
    told = np.zeros(len(universe), dtype=np.int64)
    with_two = np.zeros(len(universe), dtype=np.int64)
    for states in by_patient.values():
        told += states != UNKNOWN
        with_two += states == TWO_ALLELES
    is_sound = (with_two <= _MOST_WITH_TWO * told) | (told < _FEWEST_PATIENTS)
    return Genotypes(
        tuple(samples), table[:, is_sound], is_between[:, is_sound],
        is_even[:, is_sound], told[is_sound], with_two[is_sound],
        tuple(native[is_sound] for native in natives), builds.of_sample,
        {patient: states[is_sound] for patient, states in by_patient.items()},
    )  # fmt: skip


def _by_patient(samples: Sequence[SampleSites], table: States) -> dict[str, States]:
    """Let the normal speak for a patient, else the tumour, else RNA, place by place."""
    rank = {("normal", "exome"): 0, ("tumour", "exome"): 1}
    order = sorted(
        range(len(samples)), key=lambda i: rank.get((samples[i].role, samples[i].assay), 2)
    )
    merged: dict[str, States] = {}
    for number in order:
        patient = samples[number].patient
        if patient not in merged:
            merged[patient] = table[number].copy()
        else:
            is_open = merged[patient] == UNKNOWN
            merged[patient][is_open] = table[number, is_open]
    return merged


@dataclass(frozen=True, eq=False)
class _Builds:
    """Which coordinates each sample uses, and where each context lies in them."""

    of_sample: tuple[int, ...]
    maps: list[Codes]


def _builds(samples: Sequence[SampleSites]) -> _Builds:
    """Group samples by build, or by whether one context lies at one place in them."""
    size = 1 + max((int(s.contexts.max(initial=-1)) for s in samples), default=-1)
    maps: list[Codes] = []
    group_of: list[int] = []
    names: list[str] = []
    for sample in samples:
        contexts, places = _unique_contexts(sample)
        fits = [
            float(sample.build == name)
            if sample.build and name
            else _agreement(one, contexts, places)
            for one, name in zip(maps, names, strict=True)
        ]
        group = int(np.argmax(fits)) if fits else 0
        if not fits or fits[group] < 0.5:  # noqa: PLR2004  more agree than not
            maps.append(np.full(size, -1, dtype=np.int64))
            names.append(sample.build)
            group = len(maps) - 1
        is_new = maps[group][contexts] < 0
        maps[group][contexts[is_new]] = places[is_new]
        group_of.append(group)
    members = np.bincount(group_of, minlength=max(len(maps), 1))
    order = np.argsort(-members, kind="stable")
    renamed = {int(old): new for new, old in enumerate(order)}
    return _Builds(
        tuple(renamed[group] for group in group_of),
        [maps[old] for old in order] if maps else [np.full(size, -1, dtype=np.int64)],
    )


def _unique_contexts(sample: SampleSites) -> tuple[Codes, Codes]:
    """Return contexts that occur once in a sample, and their places."""
    known = sample.contexts >= 0
    contexts, first, times = np.unique(
        sample.contexts[known], return_index=True, return_counts=True
    )
    once = times == 1
    return contexts[once], sample.places[known][first[once]]


def _agreement(of_build: Codes, contexts: Codes, places: Codes) -> float:
    """Return the share of shared contexts at one place; 1 where too few are shared."""
    there = of_build[contexts]
    shared = there >= 0
    if shared.sum() < _FEWEST_SHARED:
        return 0.5
    return float((there[shared] == places[shared]).mean())


@dataclass(frozen=True, eq=False)
class _Lift:
    """Stretches (n,) of one build that lie, shifted as a whole, in the main one."""

    firsts: Codes
    lasts: Codes
    shifts: Codes

    @classmethod
    def between(cls, main: Codes, other: Codes) -> "_Lift":
        """Find stretches that begin and end at shared contexts and hold one shift alone."""
        shared = (main >= 0) & (other >= 0)
        if main is other or not shared.any():
            return cls(*(np.empty(0, dtype=np.int64) for _ in range(3)))
        order = np.argsort(other[shared])
        here, there = other[shared][order], main[shared][order]
        shift = there - here
        # A context that is elsewhere than both its neighbours says is a repeat.
        apart = np.diff(shift) != 0
        edge = np.array([True])
        is_alone = np.concatenate([edge, apart]) & np.concatenate([apart, edge])
        lone = here[is_alone], shift[is_alone]
        here, shift = here[~is_alone], shift[~is_alone]
        contig = here >> _CONTIG_SHIFT
        begins = np.flatnonzero(
            np.concatenate([edge[: len(here)], (np.diff(shift) != 0) | (np.diff(contig) != 0)])
        )
        ends = np.append(begins[1:], len(here)) - 1 if len(here) else begins
        is_long = ends - begins + 1 >= _FEWEST_IN_BLOCK
        blocks = here[begins[is_long]], here[ends[is_long]], shift[begins[is_long]]
        return cls(*_with_lone(blocks, *lone))

    def universal(self, places: Codes, build: int) -> Codes:
        """Return places of a build in the main one, or, where there is none, as its own."""
        if build == 0:
            return places
        lifted, is_lifted = _shifted(places, self.firsts, self.lasts, self.shifts)
        return np.where(is_lifted, lifted, places | (build << _PRIVATE_SHIFT))

    def native(self, universe: Codes, build: int) -> Codes:
        """Return universal places in the coordinates of a build, -1 where there are none."""
        owner = universe >> _PRIVATE_SHIFT
        if build == 0:
            return np.where(owner == 0, universe, -1)
        order = np.argsort(self.firsts + self.shifts, kind="stable")
        firsts, lasts, shifts = self.firsts[order], self.lasts[order], self.shifts[order]
        back, is_back = _shifted(universe, firsts + shifts, lasts + shifts, -shifts)
        own = universe & ((1 << _PRIVATE_SHIFT) - 1)
        shared = np.where((owner == 0) & is_back, back, -1)
        return np.where(owner == build, own, shared)


def _with_lone(
    blocks: tuple[Codes, Codes, Codes], here: Codes, shift: Codes
) -> tuple[Codes, Codes, Codes]:
    """Add places that stand alone, as in panels: outside of blocks, and moved by little."""
    firsts, lasts, shifts = blocks
    # A move to another contig changes the upper bits: it is not small.
    is_meant = np.abs(shift) <= _FARTHEST
    sides = (firsts, lasts, here), (firsts + shifts, lasts + shifts, here + shift)
    for first, last, where in sides:
        order = np.argsort(first, kind="stable")
        block = np.searchsorted(first[order], where, side="right") - 1
        if len(first):
            is_meant &= (block < 0) | (where > last[order][block])
    firsts = np.append(firsts, here[is_meant])
    lasts, shifts = np.append(lasts, here[is_meant]), np.append(shifts, shift[is_meant])
    order = np.argsort(firsts, kind="stable")
    return firsts[order], lasts[order], shifts[order]


def _shifted(places: Codes, firsts: Codes, lasts: Codes, shifts: Codes) -> tuple[Codes, Flags]:
    if not len(firsts):
        return places, np.zeros(len(places), dtype=bool)
    block = np.searchsorted(firsts, places, side="right") - 1
    is_inside = (block >= 0) & (places <= lasts[block])
    return places + shifts[block], is_inside
