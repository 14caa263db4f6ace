"""The output folder of nf-core/oncoanalyser: one folder of WiGiTS' tools for each group."""

import re
from pathlib import Path

from storiform.io.pipeline_rows import Findings, FoundSample, add_file, only_file

_TOOLS = ("purple", "lilac", "isofox", "sage", "linx", "alignments", "pave")
_DNA = re.compile(r"(.+?)\.(markdups|redux|md)\.bam")
_RNA = re.compile(r"(.+?)\.(md|markdups)\.bam")


def is_oncoanalyser(folder: Path) -> bool:
    """Tell whether a folder is the output of oncoanalyser."""
    return bool(_groups(folder))


def read_oncoanalyser(folder: Path) -> Findings:
    """Read the output folder of one run of oncoanalyser.

    Parameters
    ----------
    folder
        What was given to it as ``--outdir``; each of its folders is a group: one patient.

    Returns
    -------
    Findings
        Tumour, normal and RNA of each group, as far as they are there.
    """
    findings = Findings()
    for group in _groups(folder):
        _read_group(group, findings)
    return findings


def _groups(folder: Path) -> list[Path]:
    own = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    return [path for path in own if sum((path / tool).is_dir() for tool in _TOOLS) > 1]


def _read_group(group: Path, findings: Findings) -> None:
    dna = _reads(group / "alignments" / "dna", _DNA)
    tumours = _names(group, "purple/*.purple.purity.tsv", ".purple.purity.tsv")
    tumours = tumours or _names(group, "sage*/somatic/*.sage.somatic.vcf.gz",
                                ".sage.somatic.vcf.gz")  # fmt: skip
    if len(tumours) > 1 or (not tumours and len(dna) > 1):
        findings.doubts.append(
            f"{group}: found {len(tumours)} tumours ({', '.join(tumours) or 'none by PURPLE'}) "
            f"and the DNA of {', '.join(dna) or 'nobody'}, expected one tumour. Keep one in a "
            "group."
        )
        return
    tumour = tumours[0] if tumours else ""
    normals = sorted(
        (set(dna) | set(_names(group, "cobalt/*.cobalt.ratio.median.tsv",
                               ".cobalt.ratio.median.tsv"))) - {tumour}
    )  # fmt: skip
    if len(normals) > 1 and tumour:
        findings.doubts.append(
            f"{group}: found {', '.join(normals)} beside the tumour {tumour}, expected one "
            "normal. Keep one in a group."
        )
        return
    if tumour:
        _add_tumour(group, tumour, dna, findings)
    if normals and tumour:
        normal = FoundSample(normals[0], group.name, 0, origin=str(group.parent))
        _add_reads(normal, dna, findings, is_needed=False)
        findings.samples.append(normal)
    _add_rna(group, findings)


def _reads(folder: Path, pattern: re.Pattern[str]) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.glob("*.bam")):
        match = pattern.fullmatch(path.name)
        if match:
            found[match[1]] = path
    return found


def _names(group: Path, pattern: str, suffix: str) -> list[str]:
    return sorted({path.name.removesuffix(suffix) for path in group.glob(pattern)})


def _add_reads(
    sample: FoundSample, reads: dict[str, Path], findings: Findings, *, is_needed: bool
) -> None:
    if sample.name in reads:
        add_file(sample, "bam", reads[sample.name])
    elif is_needed:
        findings.note("no alignments found.", sample.name)


def _add_tumour(group: Path, name: str, dna: dict[str, Path], findings: Findings) -> None:
    sample = FoundSample(name, group.name, 1, origin=str(group.parent))
    _add_reads(sample, dna, findings, is_needed=True)
    files = {
        "vcf": ("purple/*.purple.somatic.vcf.gz", "pave/*somatic*.pave.vcf.gz"),
        "segments": ("purple/*.purple.cnv.somatic.tsv",),
        "purity_fit": ("purple/*.purple.purity.tsv",),
        "hla": ("lilac/*.lilac.tsv",),
    }
    for column, patterns in files.items():
        found = only_file(group, patterns, findings, f"{column} of {name}")
        if found:
            add_file(sample, column, found)
        else:
            findings.note(f"no {patterns[0]} found.", name)
    if "vcf" in sample.cells:
        findings.note(
            "PAVE's annotation is not read: name resources.genes and resources.fasta in the "
            "configuration, of which storiform makes the consequences.",
            name,
        )
    if any(group.glob("linx/*/*.linx.fusion.tsv")):
        findings.note("fusions of LINX are not read.", name)
    findings.samples.append(sample)


def _add_rna(group: Path, findings: Findings) -> None:
    reads = _reads(group / "alignments" / "rna", _RNA)
    quantified = _names(group, "isofox/*.isf.gene_data.csv", ".isf.gene_data.csv")
    names = sorted({*reads, *quantified})
    if len(names) > 1:
        findings.doubts.append(
            f"{group}: found the RNA of {', '.join(names)}, expected one. Keep one in a group."
        )
        return
    for name in names:
        if name not in reads:
            findings.note(
                "genes as Isofox counts them are not read, and there are no alignments: not in "
                "the sheet.",
                name,
            )
            continue
        sample = FoundSample(name, group.name, 2, origin=str(group.parent))
        add_file(sample, "bam", reads[name])
        findings.note("storiform counts the reads itself; Isofox is not read.", name)
        findings.samples.append(sample)
