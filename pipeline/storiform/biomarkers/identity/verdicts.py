"""What is said of pairs of samples, and once of each sample that is another's."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.identity.likelihoods import Likelihoods
from storiform.biomarkers.identity.places import Counts
from storiform.model.genotypes import Genotypes, SampleSites

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_BEYOND_DOUBT = 3.0
"""Times the evidence that must speak for siblings, who are half alike, against one person."""
_CAN_LOSE, _CLEAR = "tumour exome", 2.0
"""Times the evidence of a verdict from which a mixture is named in a tumour's exome."""
_LEAST_SHARE = 0.1
"""Share of another's reads from which a mixture is named."""


@dataclass(frozen=True, eq=False)
class Compared:
    """All pairs: matrices (n, n); `found` is +1 same, -1 different, 0 undecided.

    `holds` tells whether the first sample holds reads of the second's person, `evidence` how
    clearly, in ln of a likelihood ratio.
    """

    samples: tuple[SampleSites, ...]
    sites: Floats
    shared: Floats
    log_ratio: Floats
    found: NDArray[np.int8]
    is_own: Flags
    is_kin: Flags
    holds: Flags
    evidence: Floats


def judge(
    of: Genotypes, counts: Counts, found_ratios: Likelihoods, min_sites: int, min_ratio: float
) -> Compared:
    """Decide on every pair.

    Parameters
    ----------
    of, counts
        What samples show, and the places of all pairs.
    found_ratios
        Likelihood ratios of all pairs.
    min_sites
        Places with two alleles that each of a pair must show.
    min_ratio
        Natural logarithm of the ratio from which is decided.
    """
    shared, alone = counts.both.sum(axis=0), counts.first_alone.sum(axis=0)
    strangers, siblings = found_ratios.strangers, found_ratios.siblings
    mixture = np.minimum(found_ratios.mixture, found_ratios.mixture.T)
    ratio = np.minimum(strangers, mixture)
    found = np.zeros(shared.shape, dtype=np.int8)
    found[np.minimum(ratio, siblings) >= min_ratio] = 1
    found[strangers <= -min_ratio] = -1
    found[siblings <= -_BEYOND_DOUBT * min_ratio] = -1
    # A sample with next to no place of two alleles, as after loss of all, says nothing.
    is_enough = np.minimum(shared + alone, shared + alone.T) >= min_sites
    patients = np.array([sample.patient for sample in of.samples], dtype=object)
    is_own = patients[:, None] == patients[None, :]
    # Samples of one patient are accused by what strangers share alone, never as a mixture.
    found[(mixture <= -_BEYOND_DOUBT * min_ratio) & ~is_own] = -1
    found[~is_enough] = 0
    found[_contradicted(found, is_own) & is_enough] = -1
    # A tumour that lost one allele of much of its genome shows what is left of it at the shares
    # of a mixture, so that this is named by several times the evidence.
    can_lose = np.array([sample.kind == _CAN_LOSE for sample in of.samples], dtype=bool)
    least = np.where(can_lose, _CLEAR, 1.0)[:, None] * min_ratio
    clear = np.minimum(found_ratios.told, -found_ratios.mixture) >= least
    holds = clear & ~is_own & (found <= 0) & is_enough & (found_ratios.share >= _LEAST_SHARE)
    # Others that share much with the person look like him: one person is named, the clearest.
    if len(holds):
        best = np.argmax(np.where(holds, found_ratios.told, -np.inf), axis=1)
        holds &= is_own[best]
    return Compared(
        of.samples, shared + alone + alone.T, shared, ratio, found, is_own, strangers > 0,
        holds, found_ratios.told,
    )  # fmt: skip


def _contradicted(found: NDArray[np.int8], is_own: Flags) -> Flags:
    """Tell which pairs of two patients cannot be the same, whatever they share.

    One of the two is the same as another sample of its patient, which is certainly not of the
    other's person: so it is a mixture, or a tumour that has lost too much to be told by itself.
    """
    same_own = (is_own & (found > 0)).astype(np.float32)
    is_apart = same_own @ (found < 0).astype(np.float32) > 0
    contradicted: Flags = ~is_own & (found >= 0) & (is_apart | is_apart.T)
    return contradicted


def shown_pairs(compared: Compared, min_sites: int) -> list[tuple[int, int]]:
    """Return the pairs that make a row, sorted.

    They are those of one patient, those of two that are found the same or mixed, and for
    each sample its nearest of another patient.
    """
    own, strange = compared.is_own, ~compared.is_own
    shown = own | (strange & (compared.found > 0)) | compared.holds | compared.holds.T
    per_site = compared.log_ratio / np.maximum(compared.sites, 1.0)
    for number in range(len(own)):
        others = strange[number] & (compared.sites[number] > 0)
        enough = others & (compared.sites[number] >= min_sites)
        others = enough if enough.any() else others
        if others.any():
            nearest = int(np.argmax(np.where(others, per_site[number], -np.inf)))
            shown[number, nearest] = shown[nearest, number] = True
    rows, columns = np.nonzero(np.triu(shown, 1))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def says(compared: Compared, first: int, second: int) -> str:
    """Say in words what is wrong with a pair; nothing where nothing is."""
    one, two = compared.samples[first], compared.samples[second]
    found, is_own = int(compared.found[first, second]), bool(compared.is_own[first, second])
    if is_own and found < 0:
        said = f"{one.kind} {one.sample} and {two.kind} {two.sample} of {one.patient} are of "
        kin = ", as alike as siblings" if compared.is_kin[first, second] else ""
        matches = [
            _matches(compared.samples[number], compared.samples[best])
            for number in (first, second)
            if (best := _best_match(compared, number)) is not None
        ]
        return "; ".join([f"{said}two persons{kin}", *matches])
    if not is_own and found > 0:
        return f"{_matches(one, two)}: one person under two names, or a swap"
    return "; ".join(
        _holds(compared, holder, other)
        for holder, other in ((first, second), (second, first))
        if compared.holds[holder, other]
    )


def warnings_of(compared: Compared) -> Iterator[str]:
    """Say once of each sample what is wrong with it, and of pairs what is left.

    Of a patient whose samples are of several persons, those count as strange that are not of
    the person of most of them, or, of as many, of the normal's.
    """
    strange = {
        number: home for home in _homes(compared) for number in _strangers(compared, home)
    }
    for number, home in sorted(strange.items()):
        yield _is_strange(compared, number, home)
    told = set(strange)
    for first, second in zip(*np.nonzero(np.triu(compared.found, 1)), strict=True):
        is_own, found = bool(compared.is_own[first, second]), int(compared.found[first, second])
        if is_own == (found > 0) or told & {int(first), int(second)}:
            continue
        if not is_own and _patients_told(compared, int(first), int(second), strange):
            continue
        if not is_own:
            told |= {int(first), int(second)}
        yield says(compared, int(first), int(second))
    for holder in np.flatnonzero(compared.holds.any(axis=1)).tolist():
        ratios = np.where(compared.holds[holder], compared.evidence[holder], -np.inf)
        yield _holds(compared, holder, int(np.argmax(ratios)))


def _homes(compared: Compared) -> Iterator[list[int]]:
    """Return for each patient of several persons the samples of the one that is his."""
    persons = _persons(compared)
    of_patients: dict[str, list[int]] = {}
    for number, sample in enumerate(compared.samples):
        of_patients.setdefault(sample.patient, []).append(number)
    for numbers in of_patients.values():
        if not (compared.found[np.ix_(numbers, numbers)] < 0).any():
            continue
        groups: dict[int, list[int]] = {}
        for number in numbers:
            groups.setdefault(int(persons[number]), []).append(number)
        yield max(groups.values(), key=lambda group: _claim(compared, group))


def _claim(compared: Compared, group: list[int]) -> tuple[int, int]:
    normals = sum(compared.samples[number].role == "normal" for number in group)
    return len(group), normals


def _strangers(compared: Compared, home: list[int]) -> Iterator[int]:
    """Return the samples of a patient that differ from one of those that are his."""
    own = np.flatnonzero(compared.is_own[home[0]])
    for number in sorted(set(own.tolist()) - set(home)):
        if (compared.found[number, home] < 0).any():
            yield number


def _persons(compared: Compared) -> NDArray[np.int64]:
    """Return a number (n,) for each sample, equal where a chain of pairs is the same."""
    persons = np.arange(len(compared.samples))
    for first, second in zip(*np.nonzero(np.triu(compared.found > 0, 1)), strict=True):
        if persons[first] != persons[second]:
            persons[persons == persons[second]] = persons[first]
    return persons


def _is_strange(compared: Compared, number: int, home: list[int]) -> str:
    sample = compared.samples[number]
    others = [compared.samples[other] for other in home if compared.found[number, other] < 0]
    names = " and ".join(f"{other.kind} {other.sample}" for other in others)
    said = f"{sample.kind} {sample.sample} and {names} of {sample.patient} are of two persons"
    kin = any(compared.is_kin[number, other] for other in home)
    best = _best_match(compared, number)
    match = [] if best is None else [_matches(sample, compared.samples[best])]
    return "; ".join([said + (", as alike as siblings" if kin else ""), *match])


def _patients_told(
    compared: Compared, first: int, second: int, strange: dict[int, list[int]]
) -> bool:
    """Tell whether a pair of two patients follows from samples already named.

    It does where a sample of either patient was named as the other's.
    """
    patients = {compared.samples[number].patient for number in (first, second)}
    for number in strange:
        best = _best_match(compared, number)
        if best is not None:
            named = {compared.samples[number].patient, compared.samples[best].patient}
            if named == patients:
                return True
    return False


def _best_match(compared: Compared, number: int) -> int | None:
    """Return the sample of another patient that one matches best, if any."""
    is_match = ~compared.is_own[number] & (compared.found[number] > 0)
    if not is_match.any():
        return None
    return int(np.argmax(np.where(is_match, compared.log_ratio[number], -np.inf)))


def _matches(one: SampleSites, two: SampleSites) -> str:
    return (
        f"{one.kind} {one.sample} of {one.patient} matches {two.kind} {two.sample} "
        f"of {two.patient}"
    )


def _holds(compared: Compared, holder: int, other: int) -> str:
    one, two = compared.samples[holder], compared.samples[other]
    return (
        f"{one.kind} {one.sample} of {one.patient} holds reads of the person of "
        f"{two.kind} {two.sample} of {two.patient}"
    )
