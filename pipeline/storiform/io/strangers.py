"""A file of calls that says of itself that it is another patient's."""

import warnings
from collections.abc import Mapping
from pathlib import Path

from storiform.io.units import SourceUnit
from storiform.io.vcf import open_vcf
from storiform.io.vcf_samples import sample_columns
from storiform.model.cohort import Cohort
from storiform.model.errors import InputError, StoriformError, fault
from storiform.model.genome import Build


def owners(cohort: Cohort) -> dict[str, str]:
    """Return the patient of each name in the sheet: of samples, biopsies and patients.

    Names are in lower case. One that two patients have, as one's sample and the other's
    biopsy, tells nothing.
    """
    found: dict[str, set[str]] = {}
    named = [(s.name, s.patient) for s in cohort.samples]
    named += [(b.name, b.patient) for b in cohort.biopsies]
    named += [(p.name, p.name) for p in cohort.patients]
    for name, patient in named:
        found.setdefault(name.casefold(), set()).add(patient)
    return {name: next(iter(of)) for name, of in found.items() if len(of) == 1}


def names_in(path: Path, build: Build) -> tuple[str, ...]:
    """Return the names that a VCF or BCF has for its samples; none of a damaged one."""
    try:
        header, _ = open_vcf(path, build)
    except (StoriformError, OSError, ValueError):
        return ()
    lines = [name for name in header.column_samples.values() if name]
    return tuple(dict.fromkeys([*header.columns, *lines]))


def refuse_anothers(unit: SourceUnit, of: Mapping[str, str]) -> None:
    """Refuse a VCF whose tumour or normal bears a name that the sheet has for another patient.

    Parameters
    ----------
    unit
        A biopsy with a VCF, which no other biopsy is given.
    of
        The patient of each name, see `owners`.

    Raises
    ------
    InputError
        If the column of one of them, or the line ##SAMPLE of it, has such a name, in any case.
    """
    path = unit.files.get("vcf")
    if path is None or "vcf" in unit.shared:
        return
    header, _ = open_vcf(path, unit.build)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # who reads the calls tells of them
        columns = sample_columns(path.name, header, unit.samples)
    for role, place in (("tumour", columns.tumour), ("normal", columns.normal)):
        if place is None:
            continue
        column = header.columns[place]
        names = [name for name in (column, header.column_samples.get(column)) if name]
        patients = {of[name.casefold()]: name for name in names if name.casefold() in of}
        if patients and unit.patient not in patients:
            patient, name = next(iter(patients.items()))
            found = f"the {role} {name}, which the sample sheet has for {patient}"
            remedy = "Correct the path in the sample sheet, or rename the sample in the VCF."
            raise InputError(fault(path.name, found, f"one of {unit.patient}", remedy))
