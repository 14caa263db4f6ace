"""The output folder of nf-core/rnaseq 3: reads, counts, TPM and the kind of library."""

import json
import re
from pathlib import Path

from storiform.io.names import listed
from storiform.io.pipeline_rows import Findings, FoundSample, add_file

ALIGNERS = ("star_salmon", "star_rsem", "hisat2", "salmon")
"""Folders of the aligners and quantifiers, the preferred first."""
_READS = re.compile(r"(.+?)(\.umi_dedup)?(\.markdup)?\.sorted\.bam")
_MERGED = {"counts": "merged.gene_counts.tsv", "tpm": "merged.gene_tpm.tsv"}
_QUANTIFIERS = {"star_salmon": "salmon", "salmon": "salmon", "star_rsem": "rsem"}


def is_rnaseq(folder: Path) -> bool:
    """Tell whether a folder is the output of rnaseq."""
    return any((folder / name).is_dir() for name in ALIGNERS)


def read_rnaseq(folder: Path) -> Findings:
    """Read the output folder of one run of rnaseq.

    Parameters
    ----------
    folder
        What was given to it as ``--outdir``.

    Returns
    -------
    Findings
        One tumour RNA per sample; of which patient it is the folder does not tell.
    """
    findings = Findings()
    there = [name for name in ALIGNERS if (folder / name).is_dir()]
    chosen = folder / there[0]
    if len(there) > 1:
        findings.note(f"{folder}: of {', '.join(there)} those of {there[0]} are taken.")
    reads = _reads(chosen)
    matrices = {
        column: chosen / f"{_QUANTIFIERS[there[0]]}.{name}"
        for column, name in _MERGED.items()
        if there[0] in _QUANTIFIERS
    }
    matrices = {column: path for column, path in matrices.items() if path.is_file()}
    quantified = _columns(matrices["counts"]) if "counts" in matrices else []
    names = sorted(set(reads) | {name for name in quantified if _mangled(name) not in {
        _mangled(read) for read in reads}})  # fmt: skip
    if not names:
        findings.doubts.append(
            f"{chosen}: found neither alignments nor gene counts, expected *.sorted.bam or "
            "*.merged.gene_counts.tsv. Give the folder of a run that was finished."
        )
    for name in names:
        sample = FoundSample(name, status=2, origin=str(folder))
        if name in reads:
            add_file(sample, "bam", reads[name])
        _add_quantities(chosen, sample, matrices, findings)
        findings.samples.append(sample)
    _tell(chosen, matrices, findings)
    return findings


def _reads(folder: Path) -> dict[str, Path]:
    """Return the alignments of each sample; where there are several, the last step's."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.bam")):
        match = _READS.fullmatch(path.name)
        if match:
            before = found.get(match[1])
            if before is None or len(path.name) > len(before.name):
                found[match[1]] = path
    return found


def _columns(matrix: Path) -> list[str]:
    with matrix.open(encoding="utf-8") as lines:
        header = lines.readline().rstrip("\r\n").split("\t")
    return [name for name in header if name not in {"gene_id", "gene_name", "transcript_id(s)"}]


def _mangled(name: str) -> str:
    """Write a name as R does where it heads a column."""
    return re.sub(r"[^A-Za-z0-9.]", ".", name).removeprefix("X")


def _add_quantities(
    folder: Path, sample: FoundSample, matrices: dict[str, Path], findings: Findings
) -> None:
    own = folder / sample.name / "quant.genes.sf"
    columns = (
        [_mangled(n) for n in _columns(matrices["counts"])] if "counts" in matrices else []
    )
    if own.is_file():
        add_file(sample, "counts", own)
    elif "counts" in matrices and _mangled(sample.name) in columns:
        add_file(sample, "counts", matrices["counts"])
    if "tpm" in matrices and _mangled(sample.name) in columns:
        add_file(sample, "tpm", matrices["tpm"])
    if not sample.cells.keys() & {"counts", "tpm"} and columns:
        findings.note(f"in no column of {matrices['counts'].name}.", sample.name)
    strand = _strand(folder / sample.name / "lib_format_counts.json")
    if strand:
        sample.cells["strandedness"] = strand


def _strand(path: Path) -> str:
    """Read salmon's own word for the library: IU, ISR ... ; empty where there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["expected_format"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return str(told) if str(told) in {"IU", "U", "ISR", "SR", "ISF", "SF"} else ""


def _tell(folder: Path, matrices: dict[str, Path], findings: Findings) -> None:
    without = [s.name for s in findings.samples if not s.cells.keys() & {"counts", "tpm"}]
    if without and folder.name != "hisat2":
        findings.note(
            f"{folder}: no gene counts of {listed(without)}: storiform counts their reads."
        )
    uses_matrix = any(s.cells.get("counts") == str(matrices["counts"].absolute())
                      for s in findings.samples) if "counts" in matrices else False  # fmt: skip
    if uses_matrix:
        findings.note(
            f"{matrices['counts'].name} holds estimates; where most of a sample's are no whole "
            "numbers it is refused: then remove the column counts, and the reads are counted."
        )
