"""What a user should know of a sample sheet, though nothing is wrong with it."""

from collections.abc import Sequence
from pathlib import Path

from storiform.io.biopsies import Rows
from storiform.io.names import counted, listed
from storiform.model.cohort import Biopsy


def sheet_notes(rows: Rows, biopsies: Sequence[Biopsy], faulty: set[int]) -> list[str]:
    """Tell what is remarkable of a sound sheet.

    Parameters
    ----------
    rows
        Lines of the sheet and their samples.
    biopsies
        What the rows were grouped to.
    faulty
        Lines with a faulty cell, of which nothing more is told.
    """
    exomes = {s.patient for _, s in rows if s.role == "tumour" and s.assay == "exome"}
    normals = {s.patient for _, s in rows if s.role == "normal"}
    patients = {biopsy.patient for biopsy in biopsies}
    with_baseline = {biopsy.patient for biopsy in biopsies if biopsy.is_baseline}
    needy = [s for line, s in rows if s.role == "tumour" and line not in faulty]
    bare = [sample.name for sample in needy if not sample.files]
    lists = (
        ("tumour DNA but no normal", exomes - normals),
        ("a normal but no tumour", normals - patients),
        ("no baseline biopsy (cohort.baseline names its timepoints)", patients - with_baseline),
    )
    notes = [
        f"{counted(len(who), 'patient')} with {what}: {listed(sorted(who))}"
        for what, who in lists
        if who
    ]
    notes.extend(_shared_calls(rows))
    if bare:
        count = counted(len(bare), "tumour sample")
        notes.append(f"{count} without a file: {listed(sorted(bare))}")
    return notes


def _shared_calls(rows: Rows) -> list[str]:
    """Name the patients of one VCF: right for a file of many samples, else a slip."""
    owners: dict[Path, set[str]] = {}
    for _, sample in rows:
        if "vcf" in sample.files and sample.role == "tumour":
            owners.setdefault(Path(sample.files["vcf"]).resolve(), set()).add(sample.patient)
    return [
        f"{' and '.join(sorted(who)) if len(who) == 2 else listed(sorted(who))} "  # noqa: PLR2004
        f"name the same VCF {path.name}; right only if it holds a column for each"
        for path, who in sorted(owners.items())
        if len(who) > 1
    ]
