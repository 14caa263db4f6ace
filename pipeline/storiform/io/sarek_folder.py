"""The output folder of nf-core/sarek 3: samples and pairs, reads, calls and copies.

Who is whom stands in its tables ``csv/recalibrated.csv``, ``csv/markduplicates.csv`` and their
kin (``patient, sex, status, sample`` and a file); of which tumour and normal a result is tells
the name of its folder, ``TUMOUR_vs_NORMAL``.
"""

from collections.abc import Mapping
from pathlib import Path

from storiform.io.delimited import Row, read_delimited
from storiform.io.names import listed
from storiform.io.pipeline_rows import Findings, FoundSample, add_file, only_file

TABLES = (
    "recalibrated.csv", "markduplicates.csv", "markduplicates_no_table.csv", "mapped.csv",
)  # fmt: skip
"""Tables of the samples, those of the latest step first."""
_ANNOTATED = (
    "*mutect2.filtered_VEP.ann.vcf.gz", "*mutect2.filtered_snpEff_VEP.ann.vcf.gz",
              "*mutect2.filtered_snpEff.ann.vcf.gz", "*mutect2.filtered_BCF.ann.vcf.gz",
)  # fmt: skip
"""Calls of Mutect2 with consequences, by the annotator that is preferred."""
_SEXES = frozenset({"XX", "XY", "female", "male"})
_FOLDERS = ("csv", "preprocessing", "variant_calling", "annotation")


def is_sarek(folder: Path) -> bool:
    """Tell whether a folder is the output of sarek."""
    tables = any((folder / "csv" / name).is_file() for name in TABLES)
    return tables or (folder / "variant_calling").is_dir()


def read_sarek(folder: Path, statuses: Mapping[str, int]) -> Findings:
    """Read the output folder of one run of sarek.

    Parameters
    ----------
    folder
        What was given to it as ``--outdir``.
    statuses
        Name of a sample -> 0 or 1, where the user tells it: it is right whatever the folder
        says.

    Returns
    -------
    Findings
        One sample per library; calls and copies stand with the tumour.
    """
    findings = Findings()
    tables = [folder / "csv" / name for name in TABLES if (folder / "csv" / name).is_file()]
    if not tables:
        findings.doubts.append(
            f"{folder / 'csv'}: found none of {listed(TABLES)}, expected one: they tell who is "
            "tumour and who is normal of which patient. Give the folder of a run that kept "
            "them."
        )
        return findings
    table = read_delimited(tables[0])
    findings.doubts.extend(table.faults)
    missing = sorted({"patient", "sample"} - set(table.columns))
    if missing:
        columns = listed(table.columns)
        findings.doubts.append(
            f"{tables[0]}: found the columns {columns}, expected patient and sample too. Give "
            "the table as sarek wrote it."
        )
        return findings
    for row in table.rows:
        _add_sample(folder, tables[0].name, row, findings)
    for sample in findings.samples:
        sample.status = statuses.get(sample.name, sample.status)
        if sample.status is None:
            findings.doubts.append(
                f"{tables[0].name}: found no status of {sample.name}, expected 0 (normal) or 1 "
                "(tumour). Tell it in the table of --names."
            )
    for sample in findings.samples:
        if sample.status == 1:
            _add_results(folder, sample, findings)
    return findings


def _add_sample(folder: Path, table: str, row: Row, findings: Findings) -> None:
    name, status = row.cell("sample"), row.cell("status")
    before = findings.sample(name)
    if before:  # one row per lane before duplicates are marked
        if before.patient != row.cell("patient"):
            findings.doubts.append(
                f"{table}, row {row.line}: found the sample {name} of {before.patient} and of "
                f"{row.cell('patient')}, expected names that differ. Rename one in the table."
            )
        return
    sample = FoundSample(name, row.cell("patient"), origin=str(folder))
    if status in {"0", "1"}:
        sample.status = int(status)
    if row.cell("sex") in _SEXES:
        sample.cells["sex"] = row.cell("sex")
    for column in ("cram", "bam"):
        written = row.cell(column)
        if written:
            _add_reads(folder, table, sample, (column, written), findings)
            break
    findings.samples.append(sample)


def _add_reads(
    folder: Path, table: str, sample: FoundSample, cell: tuple[str, str], findings: Findings
) -> None:
    """Find the file where the table says, or, if the folder was moved, at its place in it."""
    column, written = cell
    told = Path(written)
    inside = folder / "preprocessing"
    places = [told, *sorted(inside.glob(f"*/{sample.name}/{told.name}"))]
    found = [path for path in places if path.is_file()]
    if found:
        add_file(sample, column, found[0])
        return
    findings.note(
        f"the file of {table} is neither at its path nor under {inside}: no reads in the "
        "sheet.",
        sample.name,
    )


def _add_results(folder: Path, sample: FoundSample, findings: Findings) -> None:
    name = sample.name
    pair = _pair(folder, sample, findings)
    if pair is None:
        return
    calls = folder / "variant_calling" / "mutect2" / pair
    annotated = folder / "annotation" / "mutect2" / pair
    if not annotated.is_dir():  # as older versions write it
        annotated = folder / "annotation" / pair
    known = sorted(p.name for pattern in _ANNOTATED for p in annotated.glob(pattern))
    found = only_file(annotated, _ANNOTATED, findings, f"the calls of {name}")
    if found and len(known) > 1:
        kinds = [written.removeprefix(f"{pair}.") for written in known]
        taken = found.name.removeprefix(f"{pair}.")
        findings.note(f"of {', '.join(kinds)} taken is {taken}.", name)
    if not found:
        found = only_file(calls, ("*.mutect2.filtered.vcf.gz",), findings, f"calls of {name}")
        if found:
            findings.note(
                "calls as Mutect2 wrote them carry no consequences: name resources.genes and "
                "resources.fasta in the configuration.",
                name,
            )
    if found:
        add_file(sample, "vcf", found)
    else:
        _tell_no_calls(folder, sample, pair, findings)
    _add_copies(folder, sample, pair, findings)


def _pair(folder: Path, sample: FoundSample, findings: Findings) -> str | None:
    """Return the folder of a tumour's results: with the normal of its patient, or alone."""
    places = sorted({
        path.name
        for path in folder.glob("*/*/*")
        if path.is_dir() and path.parts[-3] in {"variant_calling", "annotation"}
    })  # fmt: skip
    normals = [
        s.name for s in findings.samples if s.status == 0 and s.patient == sample.patient
    ]
    pairs = [name for name in places if name.startswith(f"{sample.name}_vs_")]
    own = [f"{sample.name}_vs_{normal}" for normal in normals]
    expected = [name for name in pairs if name in own]
    if len(expected) > 1 or (pairs and not expected):
        findings.doubts.append(
            f"{folder}, {sample.name}: found results of {listed(pairs)}, expected one with the "
            f"normal of patient {sample.patient} ({listed(normals) if normals else 'none'}). "
            "Remove those that are not meant, or run sarek with one normal for each patient."
        )
        return None
    if not pairs and normals and sample.name in places:
        findings.note("called without its normal, though there is one.", sample.name)
    return expected[0] if expected else sample.name


def _tell_no_calls(folder: Path, sample: FoundSample, pair: str, findings: Findings) -> None:
    joint = folder / "variant_calling" / "mutect2" / sample.patient
    others = sorted(
        path.parent.name
        for path in folder.glob(f"variant_calling/*/{pair}")
        if path.parent.name in {"strelka", "freebayes", "tnscope", "muse", "sentieon_tnscope"}
    )
    if joint.is_dir() and sample.patient != sample.name:
        findings.note(
            "Mutect2 called all tumours of the patient into one file, whose columns are named "
            "PATIENT_SAMPLE. It was not taken: rename its columns as the samples (bcftools "
            "reheader -s) and name it in the column vcf.",
            sample.name,
        )
    elif others:
        findings.note(
            f"no filtered calls of Mutect2; those of {listed(others)} were not taken. Name one "
            "file in the column vcf (Strelka's two are joined by bcftools concat -a).",
            sample.name,
        )
    else:
        findings.note("no somatic calls of Mutect2 found.", sample.name)


def _add_copies(folder: Path, sample: FoundSample, pair: str, findings: Findings) -> None:
    ascat = folder / "variant_calling" / "ascat" / pair
    segments = only_file(ascat, ("*.segments.txt",), findings, f"segments of {sample.name}")
    fit = only_file(ascat, ("*.purityploidy.txt",), findings, f"purity of {sample.name}")
    if segments and fit:
        add_file(sample, "segments", segments)
        add_file(sample, "purity_fit", fit)
        findings.note(
            "copies are those of ASCAT. Empty segments and purity_fit to have them made of the "
            "reads.",
            sample.name,
        )
