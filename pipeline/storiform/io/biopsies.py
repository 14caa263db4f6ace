"""Which samples make a biopsy, what it is called, and which one is the baseline.

A biopsy is tumour DNA and tumour RNA of one patient with the same `biopsy` cell, or with
the same timepoint and region. Normals serve all biopsies of their patient.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from storiform.io.names import counted, listed, slug, unsafe
from storiform.model.cohort import Biopsy, Sample

BASELINE = frozenset(
    {"", "baseline", "base", "pre", "pretreatment", "pretherapy", "prior", "before", "t0"}
    | {"screening", "diagnosis", "diagnostic", "d0", "day0", "week0", "w0", "c1d1", "v0"}
)
"""Timepoints before treatment, letters and digits only."""

Group = tuple[str, str, str, str]
"""Patient, `biopsy` cell, timepoint, region."""


class Faults(Protocol):
    """Where faults and notes of a sheet go."""

    notes: list[str]

    def fault(self, line: int, column: str, found: str, expected: str, remedy: str) -> None:
        """Add a fault of one cell."""


Rows = list[tuple[int, Sample]]


def assign_biopsies(
    rows: Rows, sheet: Faults, baseline: tuple[str, ...]
) -> tuple[list[Biopsy], Rows]:
    """Group the tumour samples into biopsies.

    Parameters
    ----------
    rows
        Line and sample; `biopsy` holds the cell of the sheet, None where it is empty.
    sheet
        Takes the faults.
    baseline
        Timepoints that may count as baseline, in order of preference.

    Returns
    -------
    tuple[list[Biopsy], Rows]
        The biopsies, and the rows whose samples now name theirs.
    """
    groups: dict[Group, Rows] = {}
    labels = _labels(rows)
    for line, sample in rows:
        if sample.role == "tumour" and (group := _group(sample, line, labels, sheet)):
            groups.setdefault(group, []).append((line, sample))
    named = _names(groups, sheet)
    biopsies: list[Biopsy] = []
    owner: dict[str, str | None] = {s.name: None for _, s in rows}
    for group, name in named.items():
        members = groups[group]
        _check_members(name, members, sheet)
        biopsies.append(
            Biopsy(name, group[0], *_place(name, members, sheet), is_baseline=False)
        )
        owner.update({sample.name: name for _, sample in members})
    biopsies = _mark_baselines(biopsies, sheet, baseline)
    return biopsies, [(line, replace(s, biopsy=owner[s.name])) for line, s in rows]


def _labels(rows: Rows) -> dict[tuple[str, str, str], list[str]]:
    """Collect the `biopsy` cells of each patient, timepoint and region."""
    labels: dict[tuple[str, str, str], set[str]] = {}
    for _, sample in rows:
        if sample.role == "tumour" and sample.biopsy is not None:
            place = (sample.patient, sample.timepoint, sample.region)
            labels.setdefault(place, set()).add(sample.biopsy)
    return {place: sorted(names) for place, names in labels.items()}


def _group(
    sample: Sample, line: int, labels: dict[tuple[str, str, str], list[str]], sheet: Faults
) -> Group | None:
    if sample.biopsy is not None:
        return sample.patient, sample.biopsy, "", ""
    place = (sample.patient, sample.timepoint, sample.region)
    named = labels.get(place, [])
    if len(named) > 1:
        found = f"an empty cell, where {' and '.join(named)} are of this timepoint and region"
        sheet.fault(line, "biopsy", found, "the name of its biopsy", "Fill in the cell.")
        return None
    return (sample.patient, named[0], "", "") if named else (sample.patient, "", *place[1:])


def _names(groups: dict[Group, Rows], sheet: Faults) -> dict[Group, str]:
    """Name each biopsy: by its cell, else the patient and what tells its biopsies apart."""
    count: dict[str, int] = {}
    for patient, *_ in groups:
        count[patient] = count.get(patient, 0) + 1
    named: dict[Group, str] = {}
    taken: dict[str, tuple[int, str, Group]] = {}
    for group, members in sorted(groups.items(), key=lambda item: item[1][0][0]):
        patient, label, timepoint, region = group
        parts = [patient, slug(timepoint), slug(region)] if count[patient] > 1 else [patient]
        name = label or ".".join(part for part in parts if part)
        line = members[0][0]
        if why := unsafe(name):
            expected = "letters, digits, '.', '_' and '-' (it becomes a folder)"
            sheet.fault(line, "biopsy", f"{why} in {name!r}", expected, "Rename it.")
        first, other, owner = taken.setdefault(name.casefold(), (line, name, group))
        is_told = owner[0] != patient and owner[0].casefold() == patient.casefold()
        if owner != group and not is_told:
            found = f"the biopsy {name}, but row {first} has {other} of patient {owner[0]}"
            expected = "a name of its own for each biopsy"
            sheet.fault(line, "biopsy", found, expected, "Name both in the column biopsy.")
        named[group] = name
    return named


def _check_members(name: str, members: Rows, sheet: Faults) -> None:
    seen: dict[str, int] = {}
    for line, sample in members:
        first = seen.setdefault(sample.assay, line)
        if first != line:
            status = 1 if sample.assay == "exome" else 2
            found = (
                f"a second row of status {status} for biopsy {name} (the first is row {first})"
            )
            remedy = "Tell them apart by timepoint, region or biopsy, or merge the files."
            sheet.fault(line, "status", found, "one", remedy)


def _place(name: str, members: Rows, sheet: Faults) -> tuple[str, str]:
    """Return timepoint and region of a biopsy; its rows may leave them empty, not differ."""
    found: list[str] = []
    for column in ("timepoint", "region"):
        values = {value: line for line, s in reversed(members) if (value := getattr(s, column))}
        if len(values) > 1:
            (_, _), (value, line), *_ = sorted(values.items(), key=lambda item: item[1])
            others = ", ".join(sorted(set(values) - {value}))
            told = f"{value!r}, where biopsy {name} is {others} elsewhere"
            sheet.fault(line, column, told, "one for all its rows", "Correct the cell.")
        found.append(min(values, default=""))
    return found[0], found[1]


def _mark_baselines(
    biopsies: list[Biopsy], sheet: Faults, baseline: tuple[str, ...]
) -> list[Biopsy]:
    """Mark the biopsies of each patient's earliest timepoint before treatment."""
    marked: list[Biopsy] = []
    several: list[str] = []
    declared = [_bare(timepoint) for timepoint in baseline]
    owned: dict[str, list[Biopsy]] = {}
    for biopsy in biopsies:
        owned.setdefault(biopsy.patient, []).append(biopsy)
    for patient, own in sorted(owned.items()):
        ranks = {biopsy.name: _rank(biopsy.timepoint, declared) for biopsy in own}
        best = min((rank for rank in ranks.values() if rank is not None), default=-1)
        first = sorted(name for name, rank in ranks.items() if rank == best)
        if len(first) > 1:
            several.append(f"{patient} ({listed(first)})")
        marked.extend(replace(b, is_baseline=b.name in first) for b in own)
    if several:
        who = counted(len(several), "patient")
        rule = "for each table the first that has it speaks"
        sheet.notes.append(f"{who} with several baseline biopsies ({rule}): {listed(several)}")
    return marked


def _rank(timepoint: str, declared: Sequence[str]) -> int | None:
    bare = _bare(timepoint)
    if declared:
        return declared.index(bare) if bare in declared else None
    return 0 if bare in BASELINE else None


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
