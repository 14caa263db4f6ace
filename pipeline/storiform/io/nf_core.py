"""From folders of finished nf-core pipelines to a sample sheet; what is not told is asked."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from storiform.io.cells import STATUSES
from storiform.io.delimited import Row, read_delimited
from storiform.io.names import counted, listed
from storiform.io.oncoanalyser_folder import is_oncoanalyser, read_oncoanalyser
from storiform.io.pipeline_rows import Findings, FoundSample
from storiform.io.rnaseq_folder import is_rnaseq, read_rnaseq
from storiform.io.sarek_folder import is_sarek, read_sarek
from storiform.io.store import write_bytes
from storiform.model.errors import SheetError, fault

PIPELINES: Mapping[str, Callable[[Path], bool]] = {
    "sarek": is_sarek,
    "rnaseq": is_rnaseq,
    "oncoanalyser": is_oncoanalyser,
}
"""Name of a pipeline -> whether a folder is its output."""

COLUMNS = (
    "patient", "sample", "status", "biopsy", "timepoint", "region", "sex", "bam", "bai", "cram",
    "crai", "vcf", "segments", "purity_fit", "hla", "counts", "tpm", "strandedness",
)  # fmt: skip
_TOLD = ("biopsy", "timepoint", "region", "sex")
_TUMOUR, _RNA = 1, 2


def read_folders(folders: Sequence[Path], names: Path | None = None) -> Findings:
    """Read the output folders of finished pipelines.

    Parameters
    ----------
    folders
        Of sarek, rnaseq or oncoanalyser, in any number and mixture.
    names
        CSV or TSV with `sample` and any of `patient, status, biopsy, timepoint, region, sex`:
        it tells what the folders do not, and is right where both tell something.

    Raises
    ------
    SheetError
        If a folder is of no known pipeline, or with all that cannot be told without the user.
    """
    told = _told(names) if names is not None else {}
    statuses = {name: STATUSES[row.cell("status").lower()] for name, row in told.items()
                if row.cell("status")}  # fmt: skip
    findings = Findings()
    for folder in folders:
        for own in _read_folder(folder, statuses):
            findings.samples += own.samples
            findings.notes += own.notes
            findings.doubts += own.doubts
    _rename_rna(findings)
    _tell_names(told, findings)
    _find_patients(findings)
    _check(findings)
    if findings.doubts:
        raise SheetError("\n".join(findings.doubts))
    _name_biopsies(findings)
    return findings


def write_sheet(path: Path, samples: Sequence[FoundSample]) -> None:
    """Write a sample sheet, without the columns that no sample fills; paths are absolute."""
    rows = [
        {**sample.cells, "patient": sample.patient, "sample": sample.name,
         "status": str(sample.status)}
        for sample in sorted(samples, key=lambda s: (s.patient, str(s.status), s.name))
    ]  # fmt: skip
    columns = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def _read_folder(folder: Path, statuses: Mapping[str, int]) -> list[Findings]:
    """Read what each pipeline left in a folder; most folders are of one."""
    expected = "the output folder of nf-core/sarek, rnaseq or oncoanalyser"
    if not folder.is_dir():
        remedy = "Correct the path."
        raise SheetError(fault(str(folder), "no such folder", expected, remedy))
    found = []
    for name, is_its in PIPELINES.items():
        if is_its(folder):
            own = _read_as(name, folder, statuses)
            told = f"{folder}: {name}, {counted(len(own.samples), 'sample')}."
            own.notes.insert(0, ("", told))
            found.append(own)
    if not found:
        inside = listed(sorted(path.name for path in folder.iterdir())) or "nothing"
        remedy = "Give what the pipeline was given as --outdir."
        raise SheetError(fault(str(folder), inside, expected, remedy))
    return found


def _read_as(pipeline: str, folder: Path, statuses: Mapping[str, int]) -> Findings:
    if pipeline == "sarek":
        return read_sarek(folder, statuses)
    return read_rnaseq(folder) if pipeline == "rnaseq" else read_oncoanalyser(folder)


def _told(path: Path) -> dict[str, Row]:
    """Read the user's table: sample -> its row."""
    table = read_delimited(path)
    faults = list(table.faults)
    unknown = sorted(set(table.columns) - {"patient", "sample", "status", *_TOLD})
    if unknown or "sample" not in table.columns:
        expected = "sample and any of patient, status, biopsy, timepoint, region, sex"
        message = fault(f"{path.name}, row 1", listed(table.columns), expected, "Rename them.")
        raise SheetError(message)
    for row in table.rows:
        status = row.cell("status").lower()
        if status and status not in STATUSES:
            where, found = f"{path.name}, row {row.line}", f"status {status}"
            faults.append(fault(where, found, "0, 1 or 2", "Correct it."))
    if faults:
        raise SheetError("\n".join(faults))
    return {row.cell("sample"): row for row in table.rows}


def _tell_names(told: Mapping[str, Row], findings: Findings) -> None:
    for name, row in told.items():
        sample = findings.sample(name)
        if sample is None:
            known = listed(s.name for s in findings.samples)
            where = f"--names, row {row.line}"
            findings.doubts.append(
                fault(where, f"the sample {name}", known, "Correct the name.")
            )
            continue
        sample.patient = row.cell("patient") or sample.patient
        sample.cells |= {column: row.cell(column) for column in _TOLD if row.cell(column)}


def _find_patients(findings: Findings) -> None:
    """Give RNA without a patient the one whose name, or whose sample's, its own begins with."""
    known = {s.patient for s in findings.samples if s.patient}
    orphans = [s for s in findings.samples if not s.patient]
    if not known:
        for sample in orphans:
            sample.patient = sample.name
        if orphans:
            findings.note(
                "The folders name no patients: each sample is taken for a patient of its own. "
                "Tell them with --names where that is not so."
            )
        return
    lost = []
    for sample in orphans:
        fitting = [patient for patient in sorted(known) if _begins(sample.name, patient)]
        longest = max(fitting, key=len, default="")
        if longest and all(_begins(longest, other) for other in fitting):
            sample.patient = longest
            findings.note(
                "taken for RNA of the patient with whose name its own begins.",
                f"{sample.name} ({longest})",
            )
        else:
            lost.append(sample.name)
    if lost:
        findings.doubts.append(
            f"found {listed(lost)} of no patient that the folders name "
            f"({listed(sorted(known))}), expected a patient for each sample. Tell it with "
            "--names FILE: a table with the columns sample and patient."
        )


def _begins(name: str, patient: str) -> bool:
    rest = name.removeprefix(patient)
    return name == patient or (rest != name and rest[0] in "._-")


def _check(findings: Findings) -> None:
    names = [sample.name for sample in findings.samples]
    for name in sorted({name for name in names if names.count(name) > 1}):
        twins = [sample for sample in findings.samples if sample.name == name]
        origins = sorted({sample.origin for sample in twins})
        findings.doubts.append(
            f"found the sample {name} {len(twins)} times ({listed(origins)}), expected each "
            "sample once. Give one of the folders."
        )
    for patient in sorted({sample.patient for sample in findings.samples}):
        own = [s.name for s in findings.samples if s.patient == patient and s.status == 0]
        if len(own) > 1:
            findings.doubts.append(
                f"patient {patient}: found {len(own)} normals ({listed(own)}), expected one. "
                "Keep one of them in the tables of the folder."
            )


def _rename_rna(findings: Findings) -> None:
    """Give RNA that bears the name of a patient's DNA a name of its own."""
    dna = {sample.name for sample in findings.samples if sample.status != _RNA}
    for sample in findings.samples:
        if sample.status == _RNA and sample.name in dna:
            findings.note(
                "DNA and RNA have the same name; the RNA stands in the sheet as NAME_rna.",
                sample.name,
            )
            sample.patient = sample.patient or _patient_of(sample.name, findings)
            sample.name = f"{sample.name}_rna"


def _patient_of(name: str, findings: Findings) -> str:
    own = [s.patient for s in findings.samples if s.name == name and s.status != _RNA]
    return own[0] if own else ""


def _name_biopsies(findings: Findings) -> None:
    """Keep several tumours of a patient apart, and say what is not known of them."""
    for patient in sorted({sample.patient for sample in findings.samples}):
        own = [s for s in findings.samples if s.patient == patient]
        dna = [s for s in own if s.status == _TUMOUR]
        rna = [s for s in own if s.status == _RNA]
        told = [s for s in (*dna, *rna) if any(s.cells.get(name) for name in _TOLD[:3])]
        if max(len(dna), len(rna)) <= 1 or told:
            continue
        for sample in (*dna, *rna):
            sample.cells["biopsy"] = sample.name
        findings.note(
            "several tumours, each library taken for a biopsy of its own. Tell their timepoint "
            "or biopsy with --names, or in the sheet.",
            f"patient {patient}",
        )
