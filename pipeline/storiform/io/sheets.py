"""Sample sheet and clinical table -> Cohort; says file, row and column of what is wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from storiform.io.biopsies import Rows, assign_biopsies
from storiform.io.cell_faults import CellFaults
from storiform.io.cells import CHOICE_COLUMNS, LIBRARY_COLUMNS, STATUSES, read_cell
from storiform.io.clinical import Clinical, read_clinical
from storiform.io.clinical_columns import clinical_names
from storiform.io.delimited import Delimited, Row, read_delimited
from storiform.io.hla_alleles import read_hla_cell, settle_hla
from storiform.io.names import did_you_mean, listed, nearest, unsafe
from storiform.io.sheet_notes import sheet_notes
from storiform.io.sources import SOURCES
from storiform.model.cohort import Biopsy, Cohort, Patient, Sample
from storiform.model.errors import SheetError, fault
from storiform.model.genome import Build

DNA_FILES = frozenset({"vcf", "maf", "snps", "ratios", "segments", "purity_fit"})
COVERAGES = ("coverage", "off_target_coverage")
RNA_FILES = frozenset(
    {"counts", "tpm", "log2_tpm", "fusions", "chimeric_junctions", "repertoire"}
)
READ_FILES = ("bam", "cram")
INDICES = {"bai": "bam", "crai": "cram"}
_NAMED_HERE = frozenset({*DNA_FILES, *RNA_FILES, *READ_FILES, *INDICES, *COVERAGES})
FILES = _NAMED_HERE.union(*(source.columns for source in SOURCES)) - set(CHOICE_COLUMNS)
"""Columns that hold a path; a new source brings its own."""
NAMES = ("patient", "sample", "status", "biopsy", "timepoint", "region")
NOTES = ("sex", "purity", "ploidy", *LIBRARY_COLUMNS, *CHOICE_COLUMNS)
COLUMNS = frozenset({*NAMES, *NOTES, *FILES})
IGNORED = frozenset({"lane", "fastq_1", "fastq_2", "table", "variantcaller", "data_type"})
"""Columns of nf-core/sarek's sheets that say nothing here."""


@dataclass(frozen=True)
class CohortReport:
    """A cohort and what its user should know about it, though nothing is wrong."""

    cohort: Cohort
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    """Those of the notes for which a result may be other than is expected."""


@dataclass(frozen=True)
class Sheets:
    """All that is wrong with both sheets, and what is usable in spite of it.

    Parameters
    ----------
    report
        The cohort of the sound rows; a fault in a cell of a file leaves its row sound.
    strays
        Samples of rows whose place in the cohort is in doubt; their files can be opened.
    faults
        One line each.
    clinical
        The clinical table, with what does not belong to the cohort's own columns.
    """

    report: CohortReport
    strays: tuple[Sample, ...] = ()
    faults: tuple[str, ...] = ()
    clinical: Clinical = field(default_factory=Clinical)


@dataclass
class _Sheet:
    """The sample sheet while it is read; `strays` are lines with a fault in their names."""

    path: Path
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    cells: CellFaults = field(init=False)
    strays: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cells = CellFaults(self.path.name)

    def fault(self, line: int, column: str, found: str, expected: str, remedy: str) -> None:
        self.cells.add(line, column, found, expected, remedy)
        if column in NAMES:
            self.strays.add(line)

    def told(self) -> list[str]:
        return [*self.faults, *self.cells.told()]


def read_cohort(
    samples: Path,
    clinical: Path | None,
    build: Build,
    columns: Mapping[str, str] | None = None,
    baseline: Sequence[str] = (),
) -> CohortReport:
    """Read the sample sheet and the clinical table.

    Parameters
    ----------
    samples
        CSV or TSV with `patient, sample, status` and columns of files.
    clinical
        CSV or TSV with one row per patient.
    build
        The genome build of all files.
    columns
        Names columns of the clinical table, canonical name to the file's.
    baseline
        The timepoints that may count as baseline, in order of preference; empty: the
        usual words (`baseline, pre, screening` ...).

    Raises
    ------
    SheetError
        With all faults of both files, one a line.
    """
    sheets = read_sheets(samples, clinical, build, columns, baseline)
    if sheets.faults:
        raise SheetError("\n".join(sheets.faults))
    return sheets.report


def read_sheets(
    samples: Path | None,
    clinical: Path | None,
    build: Build,
    columns: Mapping[str, str] | None = None,
    baseline: Sequence[str] = (),
    characteristics: Sequence[str] = (),
) -> Sheets:
    """Read what is usable of both sheets, with all that is wrong; for arguments see above.

    `characteristics` are further columns of the clinical table.
    """
    sheet = _Sheet(samples or Path("samples"))
    rows = _samples(sheet) if samples is not None else []
    biopsies, named = _biopsies(sheet, rows, tuple(baseline))
    known = {s.patient.casefold(): s.patient for _, s in [*rows, *named] if s.patient}
    patients = sorted(known.values())
    report = Clinical()
    if clinical is not None:
        report = read_clinical(clinical, columns or {}, patients, characteristics)
        _check_sex(sheet, named, report, clinical.name)
    elif characteristics:
        found, expected = listed(characteristics), "columns of a clinical table, and one"
        remedy = "Name the table under cohort.clinical, or remove them."
        report.faults.append(fault("cohort.characteristics", found, expected, remedy))
    sound = {line for line, _ in named}
    strays = tuple(sample for line, sample in rows if line not in sound)
    faulty = {line for lines in sheet.cells.lines.values() for line in lines}
    notes = [] if strays else [*sheet_notes(named, biopsies, faulty), *sheet.notes]
    everyone = sorted({*(sample.patient for _, sample in named), *report.records})
    cohort = Cohort(
        samples=tuple(sorted((s for _, s in named), key=lambda sample: sample.name)),
        biopsies=tuple(sorted(biopsies, key=lambda biopsy: biopsy.name)),
        patients=tuple(Patient(name, report.records.get(name)) for name in everyone),
        build=build,
    )
    notes += report.notes
    doubts = (*(d for d in sheet.doubts if d in notes), *report.doubts)
    told = CohortReport(cohort, tuple(notes), doubts)
    return Sheets(told, strays, (*sheet.told(), *report.faults), report)


def _biopsies(
    sheet: _Sheet, rows: Rows, baseline: tuple[str, ...]
) -> tuple[list[Biopsy], Rows]:
    """Group the rows, and set aside those that stray until the rest makes a cohort."""
    aside = set(sheet.strays)
    biopsies, named = assign_biopsies(_without(rows, aside), sheet, baseline)
    more = sheet.strays - aside
    while more:
        aside |= more
        trial = _Sheet(sheet.path)
        biopsies, named = assign_biopsies(_without(rows, aside), trial, baseline)
        more = trial.strays
    return biopsies, named


def _without(rows: Rows, lines: set[int]) -> Rows:
    return [row for row in rows if row[0] not in lines]


def _samples(sheet: _Sheet) -> Rows:
    """Read the rows that name a sample, whatever else is wrong with them."""
    try:
        table = read_delimited(sheet.path)
    except SheetError as error:
        sheet.faults.append(str(error))
        return []
    sheet.faults.extend(table.faults)
    if swapped := _swapped(sheet.path.name, table.columns):
        sheet.faults.append(swapped)
        return []
    rows = _canonical(sheet, table)
    if not table.rows and not sheet.faults:
        sheet.fault(1, "", "a header alone (an empty cohort)", "rows", "Add one per sample.")
    samples = settle_hla([(row.line, _sample(sheet, row)) for row in rows], sheet)
    sure = _without(samples, sheet.strays)
    _check_names(sheet, [row for row in samples if row[1].name and row[1].patient])
    _check_reads(sheet, sure)
    return [row for row in samples if row[1].name]


def _swapped(file: str, header: Sequence[str]) -> str:
    """Tell that the clinical table stands where the sample sheet should, empty if not so."""
    telling = clinical_names(header)
    if not telling or "sample" in {name.lower() for name in header}:
        return ""
    found = f"{listed(telling)} and no column sample: this looks like the clinical table"
    expected = "the sample sheet (patient, sample, status and files)"
    remedy = "If the two files are swapped, swap cohort.samples and cohort.clinical."
    return fault(f"{file}, row 1", found, expected, remedy)


def _canonical(sheet: _Sheet, table: Delimited) -> list[Row]:
    """Bring the columns to their canonical names, and tell of missing and unknown ones."""
    renamed = {name: name.lower().replace(" ", "_") for name in table.columns}
    header = list(renamed.values())
    where = f"{sheet.path.name}, row 1"
    for name in sorted({name for name in header if header.count(name) > 1}):
        if list(table.columns).count(name) == 1:
            found = f"column {name} twice, in upper and lower case"
            sheet.faults.append(fault(where, found, "it once", "Remove one."))
    for name, canonical in renamed.items():
        if canonical not in COLUMNS | IGNORED:
            expected = "a column that storiform knows"
            remedy = f"Rename or remove it; {did_you_mean(canonical, COLUMNS)}"
            sheet.faults.append(fault(where, f"unknown column {name}", expected, remedy))
            meant = nearest(canonical, COLUMNS)
            if meant and meant not in renamed.values():  # read the rest as it was meant
                renamed[name] = meant
    for name in sorted({"patient", "sample"} - set(renamed.values())):
        found = f"no column {name} (columns: {', '.join(table.columns)})"
        sheet.faults.append(
            fault(where, found, "patient, sample and status", f"Add the column {name}.")
        )
    if ignored := sorted(IGNORED & set(header)):
        sheet.notes.append(f"{sheet.path.name}: columns ignored: {', '.join(ignored)}")
    return [Row(r.line, {renamed[k]: v for k, v in r.cells.items()}) for r in table.rows]


def _sample(sheet: _Sheet, row: Row) -> Sample:
    for column in ("patient", "sample"):
        if column not in row.cells:  # the header's fault, told there
            sheet.strays.add(row.line)
        elif not row.cell(column):
            sheet.fault(row.line, column, "an empty cell", "a name", "Name it.")
        elif why := unsafe(row.cell(column)):
            expected = "letters, digits, '.', '_' and '-' (it becomes a folder)"
            found = f"{why} in {row.cell(column)!r}"
            sheet.fault(row.line, column, found, expected, "Rename it.")
    status = _status(sheet, row)
    files, notes = _cells(sheet, row)
    return Sample(
        name=row.cell("sample"),
        patient=row.cell("patient"),
        biopsy=row.cell("biopsy") or None,
        role="normal" if status == 0 else "tumour",
        assay="rna" if status == 2 else "exome",  # noqa: PLR2004  sarek's code
        files=files,
        notes=notes,
        timepoint=row.cell("timepoint"),
        region=row.cell("region"),
    )


def _cells(sheet: _Sheet, row: Row) -> tuple[dict[str, Path], dict[str, str]]:
    """Read the cells of files and notes of one row."""
    files: dict[str, Path] = {}
    notes: dict[str, str] = {}
    for column in sorted((FILES | set(NOTES)) & set(row.cells)):
        if not row.cell(column):
            continue
        read = read_hla_cell if column == "hla" else read_cell
        value = read(column, row.cell(column), sheet.path.parent)
        if isinstance(value, Path):
            files[column] = value
        elif isinstance(value, str):
            notes[column] = value
        else:
            sheet.fault(row.line, column, value.found, value.expected, value.remedy)
    for index, reads in INDICES.items():
        if row.cell(index) and not row.cell(reads):
            sheet.fault(row.line, index, "an index", f"its {reads} too", f"Add the {reads}.")
    if row.cell("bam") and row.cell("cram"):
        sheet.fault(row.line, "cram", "a BAM and a CRAM", "one of the two", "Remove one.")
    return files, notes


def _status(sheet: _Sheet, row: Row) -> int | None:
    """Read the status, or infer it from the files of the row where they leave no doubt."""
    text = row.cell("status")
    expected = "0 (normal DNA), 1 (tumour DNA) or 2 (tumour RNA)"
    if text:
        status = STATUSES.get(text.lower().replace(" ", "_").removesuffix(".0"))
        if status is None:
            sheet.fault(row.line, "status", repr(text), expected, "Correct the status.")
        return status
    given = {column for column in row.cells if column in FILES and row.cell(column)}
    dna, rna = given & DNA_FILES, given & RNA_FILES
    if bool(dna) != bool(rna):
        return 1 if dna else 2
    named = ", ".join(sorted(given)) or "no file"
    found = f"no status, and {named}, which does not tell it"
    sheet.fault(row.line, "status", found, expected, "Fill in the status.")
    return None


def _check_names(sheet: _Sheet, rows: Rows) -> None:
    """Find samples that occur twice, and names that differ only in case."""
    for line, first, name in _repeats((line, s.name) for line, s in rows):
        found = f"{name!r}, which row {first} has too"
        sheet.fault(line, "sample", found, "a name of its own", "Rename or remove one.")
    normals = ((line, s.patient) for line, s in rows if s.role == "normal")
    for line, first, name in _repeats(normals):
        found = f"a second normal of patient {name} (the first is row {first})"
        sheet.fault(line, "status", found, "one", "Merge the files or keep one row.")
    grains: dict[str, Callable[[Sample], str]] = {
        "sample": lambda sample: sample.name,
        "patient": lambda sample: sample.patient,
    }
    for column, of in grains.items():
        seen: dict[str, tuple[int, str]] = {}
        for line, sample in rows:
            first, name = seen.setdefault(of(sample).casefold(), (line, of(sample)))
            if name != of(sample):
                found = f"{of(sample)!r}, but row {first} has {name!r}"
                expected = "names that differ in more than case"
                sheet.fault(line, column, found, expected, "Write them alike or rename one.")


def _repeats(names: Iterable[tuple[int, str]]) -> list[tuple[int, int, str]]:
    seen: dict[str, int] = {}
    return [
        (line, first, name)
        for line, name in names
        if (first := seen.setdefault(name, line)) != line
    ]


def _check_reads(sheet: _Sheet, rows: Rows) -> None:
    """Find aligned reads (and coverages) that are given for two samples."""
    seen: dict[Path, tuple[int, Sample]] = {}
    for line, sample in rows:
        for column in sorted({*READ_FILES, *INDICES, *COVERAGES} & set(sample.files)):
            path = sample.files[column].resolve()
            first, other = seen.setdefault(path, (line, sample))
            roles = {sample.role, other.role}
            if other is sample or (column in COVERAGES and len(roles) == 1):
                continue
            kinds = f"{other.role} {other.assay} {other.name} (row {first})"
            found = f"{sample.files[column].name}, the file of the {kinds} too"
            expected = f"a file of the {sample.role} {sample.assay} alone"
            sheet.fault(line, column, found, expected, "Correct one of the two paths.")


def _check_sex(sheet: _Sheet, rows: Rows, report: Clinical, clinical: str) -> None:
    """Compare the sex of the sheet with that of the clinical record, which it completes."""
    completed: dict[str, str] = {}
    for line, sample in rows:
        sex, record = sample.notes.get("sex"), report.records.get(sample.patient)
        if not sex or record is None:
            continue
        if not record.get("sex"):
            record["sex"] = sex
            completed[sample.patient] = f"row {line}"
        elif sex != record["sex"]:
            expected = f"{record['sex']}, as in {completed.get(sample.patient, clinical)}"
            sheet.fault(line, "sex", sex, expected, "Correct one of the two.")
