"""Samples, biopsies, patients and the cohort that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from storiform.model.genome import Build
from storiform.model.table import Grain

Role = Literal["tumour", "normal"]
Assay = Literal["exome", "rna"]
Value = str | float | bool | None

COHORT = "cohort"
"""The one unit of the cohort's grain."""

Given = Mapping[str, Mapping[str, tuple[Mapping[str, Value], ...]]]
"""Table -> patient or biopsy -> its rows, as files of the whole cohort give them."""


@dataclass(frozen=True)
class Sample:
    """One row of the sample sheet: one library of one patient.

    `biopsy` is None for a normal, which serves all biopsies of its patient. `files` maps
    a column of the sheet (`bam`, `vcf`, `maf`, `counts`, `tpm` ...) to a path; `notes`
    holds the other cells (`purity`, `sex`, `hla`, `kit` ...) as text.
    """

    name: str
    patient: str
    biopsy: str | None
    role: Role
    assay: Assay
    files: Mapping[str, Path] = field(default_factory=dict, hash=False)
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)
    timepoint: str = ""
    region: str = ""


@dataclass(frozen=True)
class Biopsy:
    """One tumour sample with the patient's normal and its RNA, whichever of them exist."""

    name: str
    patient: str
    timepoint: str = ""
    region: str = ""
    is_baseline: bool = True


@dataclass(frozen=True)
class Patient:
    """A patient and the row of the clinical table, typed and in canonical units."""

    name: str
    clinic: Mapping[str, Value] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Cohort:
    """All patients of one run. Names are unique within each grain; order is by name.

    `given` holds the rows of files of the whole cohort (lesions, doses ...) by table and unit.
    """

    samples: tuple[Sample, ...]
    biopsies: tuple[Biopsy, ...]
    patients: tuple[Patient, ...]
    build: Build = "GRCh38"
    given: Given = field(default_factory=dict, hash=False)

    def units(self, grain: Grain) -> tuple[str, ...]:
        """Return the names of all units of a grain, sorted."""
        match grain:
            case "sample":
                return tuple(sorted(sample.name for sample in self.samples))
            case "biopsy":
                return tuple(sorted(biopsy.name for biopsy in self.biopsies))
            case "patient":
                return tuple(sorted(patient.name for patient in self.patients))
            case "cohort":
                return (COHORT,)

    def names(self, grain: Grain, unit: str) -> dict[str, str]:
        """Return the unit columns of one unit: what `UNIT_COLUMNS` names."""
        match grain:
            case "sample":
                sample = self._samples[unit]
                role, assay = sample.role, sample.assay
                return {
                    "patient": sample.patient, "sample": unit, "role": role, "assay": assay,
                }  # fmt: skip
            case "biopsy":
                return {"patient": self._biopsies[unit].patient, "biopsy": unit}
            case "patient":
                return {"patient": unit}
            case "cohort":
                return {}

    def seen_from(self, grain: Grain, unit: str, other: Grain) -> tuple[str, ...]:
        """Return the units of grain `other` whose tables a unit reads, sorted.

        Upwards these are the units that it is made of (a biopsy: its samples and its
        patient's normals), downwards the one unit that it belongs to.
        """
        return self._seen[grain, unit, other]

    @cached_property
    def _samples(self) -> dict[str, Sample]:
        return {sample.name: sample for sample in self.samples}

    @cached_property
    def _biopsies(self) -> dict[str, Biopsy]:
        return {biopsy.name: biopsy for biopsy in self.biopsies}

    @cached_property
    def _seen(self) -> "_Sight":
        return _Sight(self)

    def samples_of(self, biopsy: str) -> tuple[Sample, ...]:
        """Return the samples of a biopsy, with the normals of its patient."""
        names = self.seen_from("biopsy", biopsy, "sample")
        return tuple(self._samples[name] for name in names)

    def sample(self, name: str) -> Sample:
        """Return a sample by name."""
        return self._samples[name]

    def patient(self, name: str) -> Patient:
        """Return a patient by name."""
        return self._patients[name]

    @cached_property
    def _patients(self) -> dict[str, Patient]:
        return {patient.name: patient for patient in self.patients}


class _Sight:
    """Who sees whom, answered from indices that are built once."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        self.biopsies: dict[str, list[str]] = {}
        self.samples: dict[str, list[Sample]] = {}
        for biopsy in cohort.biopsies:
            self.biopsies.setdefault(biopsy.patient, []).append(biopsy.name)
        for sample in cohort.samples:
            self.samples.setdefault(sample.patient, []).append(sample)

    def __getitem__(self, question: tuple[Grain, str, Grain]) -> tuple[str, ...]:
        grain, unit, other = question
        if grain == other:
            return (unit,)
        if other == "cohort" or grain == "cohort":
            return self.cohort.units(other)
        names = self.cohort.names(grain, unit)
        patient = names["patient"]
        if other == "patient":
            return (patient,)
        if other == "biopsy":
            return self._biopsies(grain, unit, patient)
        of_patient = self.samples.get(patient, [])
        wanted = {None, unit} if grain == "biopsy" else None
        found = [s.name for s in of_patient if wanted is None or s.biopsy in wanted]
        return tuple(sorted(found))

    def _biopsies(self, grain: Grain, unit: str, patient: str) -> tuple[str, ...]:
        of_patient = sorted(self.biopsies.get(patient, []))
        if grain == "patient":
            return tuple(of_patient)
        own = next(s.biopsy for s in self.samples[patient] if s.name == unit)
        return tuple(of_patient) if own is None else (own,)
