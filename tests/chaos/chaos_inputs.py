"""Sound files of every format, and what the package reads from each, as rows of text.

A row is a pair: what names it (words that stand in the lines of the file from which it comes)
and its content. A reader of a file whose content has a checksum gives rows without names:
none of them may change.
"""

import gzip
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from small_exome import write_exome
from small_trial import COUNTS, FILES, MAF, VCF

from storiform.engine.config import read_config
from storiform.engine.session import read_all_sheets
from storiform.io.annotation import read_genes
from storiform.io.calls import read_calls
from storiform.io.coverage import read_coverage
from storiform.io.expression import read_counts
from storiform.io.fasta import read_fasta
from storiform.io.intervals import inspect_targets, read_targets
from storiform.io.read_files import check_reads, inspect_reads, open_reads
from storiform.io.transcripts import read_transcript_models
from storiform.io.units import SourceUnit
from storiform.model.errors import ConfigError, SheetError

Row = tuple[str, str]
Read = Callable[[Path], list[Row]]


@dataclass(frozen=True)
class Case:
    """A format: the file that is spoilt, those beside it, and how it is read.

    `has_checksum` tells that no change of the content may go unseen; `mark` begins a line of
    its header, whose change may concern all rows.
    """

    name: str
    file: str
    files: dict[str, bytes]
    read: Read
    is_text: bool = True
    has_checksum: bool = False
    mark: bytes = b"\x00"
    naive: Callable[[bytes, list[Row]], list[Row] | None] | None = None
    """What the spoilt file says by ten lines of Python, None where they understand nothing."""


_OF_SEVERAL = frozenset({"maf", "counts"})
"""Columns of the sample sheet whose file is that of several patients."""


def _unit(column: str, path: Path, unit: str = "P1_T") -> SourceUnit:
    names = {"tumour_exome": "P1_T", "normal_exome": "P1_N", "tumour_rna": "P1_R"}
    given = frozenset({column} & _OF_SEVERAL)
    return SourceUnit(unit, "P1", {column: path}, names, "GRCh38", {}, shared=given)


def _frame_rows(frame, names: tuple[str, ...]) -> list[Row]:  # type: ignore[no-untyped-def]
    rows = []
    kept = frame.drop(columns=["record", "row"], errors="ignore")  # the number of the line
    for record in kept.astype(str).to_dict("records"):
        name = "\t".join(record[n] for n in names)
        rows.append((name, "\t".join(f"{k}={v}" for k, v in record.items())))
    return rows


def read_vcf_rows(path: Path) -> list[Row]:
    """Return the calls of a VCF, named by contig and start."""
    return _frame_rows(read_calls(_unit("vcf", path)), ("start",))


def read_maf_rows(path: Path) -> list[Row]:
    """Return the calls of both samples of a MAF, named by their start."""
    found = []
    for patient in ("P2", "P3"):
        names = {"tumour_exome": f"{patient}_T"}
        given = ({"maf": path}, names, "GRCh38", {})
        unit = SourceUnit(patient, patient, *given, shared=_OF_SEVERAL)
        rows = _frame_rows(read_calls(unit), ("start",))
        found += [(start, f"patient={patient}\t{row}") for start, row in rows]
    return found


def read_count_rows(path: Path) -> list[Row]:
    """Return the counts of all four samples, named by gene."""
    found = []
    for patient in ("P1", "P2", "P3", "P4"):
        names = {"tumour_rna": f"{patient}_R"}
        unit = SourceUnit(
            patient, patient, {"counts": path}, names, "GRCh38", {}, shared=_OF_SEVERAL
        )
        rows = _frame_rows(read_counts(unit), ("id",))
        found += [(gene, f"patient={patient}\t{row}") for gene, row in rows]
    return found


def read_coverage_rows(path: Path) -> list[Row]:
    """Return the bins of a file of coverage."""
    return _frame_rows(read_coverage(_unit("coverage", path)), ("start",))


def read_bed_rows(path: Path) -> list[Row]:
    """Return the bases of a BED, merged."""
    inspect_targets(path, "GRCh38")
    bounds = read_targets(path).bounds
    found = []
    for contig, (starts, ends) in bounds.items():
        bases = [range(*pair) for pair in zip(starts.tolist(), ends.tolist(), strict=True)]
        found.append(("", f"{contig} {sorted(base for part in bases for base in part)}"))
    return found


def naive_bed(content: bytes, _sound: list[Row]) -> list[Row] | None:
    """Return the bases of a BED, one by one."""
    bases: dict[str, set[int]] = {}
    for line in content.decode("utf-8-sig", "replace").replace("\r", "\n").split("\n"):
        if line.strip() and not line.startswith(("#", "track", "browser")):
            try:
                contig, start, end = re.split(r" *\t *| +", line.strip(" "))[:3]
                if found := re.fullmatch("(?:chr)?([0-9XYMT]{1,2})", contig, re.IGNORECASE):
                    contig = f"chr{found[1].upper()}"
                bases.setdefault(contig, set()).update(range(int(start), int(end)))
            except (ValueError, OverflowError, MemoryError):
                return None
    return [("", f"{contig} {sorted(found)}") for contig, found in bases.items()]


def naive_fasta(content: bytes, sound: list[Row]) -> list[Row] | None:
    """Return the contigs of a FASTA, other letters than bases as N; only those of before."""
    found = []
    for part in content.decode("latin-1").split(">")[1:]:
        head, _, text = part.partition("\n")
        bases = re.sub("[^ACGT]", "N", re.sub(r"[\r\n]", "", text).upper())
        found.append(("", f"{head.split()[0] if head.split() else ''} {bases}"))
    del sound
    return found


def read_gtf_rows(path: Path) -> list[Row]:
    """Return the genes and the transcripts of a GTF."""
    rows = _frame_rows(read_genes(path).genes, ("gene_id",))
    return rows + [(t.name, _told(t)) for t in read_transcript_models(path)]


def _told(one: Any) -> str:
    """Return the fields of a record, one by one."""
    cells = []
    for field in fields(one):
        value = getattr(one, field.name)
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        cells += [f"{field.name}{'.' * bool(key)}{key}={part}" for key, part in inner]
    return "\t".join(cells)


def read_fasta_rows(path: Path) -> list[Row]:
    """Return the bases of a FASTA."""
    fasta = read_fasta(path.with_name(path.name.removesuffix(".fai")))
    found = []
    for name, length in fasta.contigs.items():
        found.append(("", f"{name} {fasta.bases(name, 0, length).tobytes().decode()}"))
    return found


def read_yaml_rows(path: Path) -> list[Row]:
    """Return the entries of a configuration, named by their last word."""
    draft = read_config(path)
    if draft.faults or draft.config is None:
        raise ConfigError("\n".join(draft.faults))
    config = draft.config
    rows: list[Row] = [("workflow", config.workflow.name), ("output", config.output.name)]
    for section in ("cohort", "executor", "run"):
        values = getattr(config, section).model_dump(mode="json")
        rows += [(name, f"{section}.{name}={value}") for name, value in values.items()]
    for section, params in config.params.items():
        dumped = params.model_dump(mode="json")
        rows += [(name, f"{section}.{name}={value}") for name, value in dumped.items()]
    return rows


def read_sheet_rows(path: Path) -> list[Row]:
    """Return samples, biopsies and patients of both sheets, whichever file is spoilt."""
    draft = read_config(path.parent / "trial.yaml")
    if draft.config is None:
        raise ConfigError("\n".join(draft.faults))
    sheets = read_all_sheets(draft.config.cohort)
    if sheets.faults:
        raise SheetError("\n".join(sheets.faults))
    cohort = sheets.report.cohort
    found = [(one.patient, _told(one)) for one in (*cohort.samples, *cohort.biopsies)]
    return found + [(one.name, _told(one)) for one in cohort.patients]


def read_read_rows(path: Path) -> list[Row]:
    """Return all reads, by one stream and by chunks of the index, both the same."""
    given = path.parent / "reference.fa"
    reference = given if given.is_file() else None
    inspect_reads(path, index=None, reference=reference, build="GRCh38")
    first, *others = (_reads(path, reference, pieces) for pieces in (1, 4))
    if any(other != first for other in others):
        message = "one stream and chunks give different reads"
        raise AssertionError(message)
    return first


def _reads(path: Path, reference: Path | None, pieces: int) -> list[Row]:
    file = open_reads(path, reference=reference)
    rows: list[Row] = []
    try:
        check_reads(path.name, file, "GRCh38")
        head = file.header
        rows.append(("", f"{head.contigs} {head.lengths} {head.samples} {head.is_sorted}"))
        for chunk in file.chunks(pieces):
            for batch in file.batches(chunk):
                for row in np.flatnonzero(batch.is_owned).tolist():
                    at = int(batch.offsets[row])
                    size = int.from_bytes(batch.data[at : at + 4].tobytes(), "little")
                    rows.append(("", batch.data[at : at + 4 + size].tobytes().hex()))
    finally:
        file.close()
    return sorted(rows)


def _of_index(suffix: str, name: str) -> Read:
    """Return a reader of the file whose index is spoilt."""

    def read(path: Path) -> list[Row]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read_read_rows(path.with_name(path.name.removesuffix(suffix)))

    read.__name__ = name
    return read


_GENE = 'gene_id "G{0}"; transcript_id "T{0}.{1}"; gene_name "{2}"; gene_type "protein_coding";'


def gtf() -> bytes:
    """Return an annotation of 12 genes of two transcripts with three exons each."""
    lines = ["##description: evidence-based annotation of the human genome (GRCh38)"]
    for gene in range(12):
        begin = 7_600_001 + 5_000 * gene
        for transcript in (1, 2):
            told = _GENE.format(gene, transcript, f"GENE{gene}")
            for exon in range(3):
                start = begin + 600 * exon
                end = start + 149 + 3 * transcript
                strand = "+-"[gene % 2]
                lines += [
                    f"chr17\tHAVANA\t{kind}\t{start}\t{end}\t.\t{strand}\t0\t{told}"
                    for kind in ("exon", "CDS")
                ]
    return ("\n".join(lines) + "\n").encode()


def bed() -> bytes:
    """Return 33 targets on two chromosomes, of which the small exome has reads."""
    rows = [f"chr1\t{200 * n + 50}\t{200 * n + 120 + n}\texon{n}" for n in range(29)]
    rows += [f"chr2\t{200 * n + 50}\t{200 * n + 190}\texon{29 + n}" for n in range(4)]
    return ("\n".join(rows) + "\n").encode()


def coverage() -> bytes:
    """Return the depth of 60 bins, as CNVkit writes it."""
    rows = ["chromosome\tstart\tend\tgene\tdepth\tlog2"]
    rows += [
        f"chr1\t{9_000 * n}\t{9_000 * n + 250}\tG{n}\t{30 + n % 7}.5\t0.{n % 5}"
        for n in range(1, 61)
    ]
    return ("\n".join(rows) + "\n").encode()


def _fasta(folder: Path) -> dict[str, bytes]:
    rng = np.random.default_rng(7)
    path = folder / "genome.fa"
    with path.open("w") as file:
        for name, length in (("chr17", 3_000), ("chr2", 900)):
            file.write(f">{name}\n")
            text = "".join(rng.choice(list("ACGT"), length))
            file.writelines(text[at : at + 60] + "\n" for at in range(0, length, 60))
    pysam.faidx(str(path))
    return {p.name: p.read_bytes() for p in (path, Path(f"{path}.fai"))}


def _reads_files(folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    bam = write_exome(folder / "tumour.bam")
    cram = folder / "tumour.cram"
    with pysam.AlignmentFile(str(bam)) as source:
        options = [b"no_ref=1"]
        with pysam.AlignmentFile(
            str(cram), "wc", template=source, format_options=options
        ) as target:
            for record in source.fetch(until_eof=True):
                target.write(record)
    pysam.index(str(cram))
    ends = {"bam": ("", ".bai"), "cram": ("", ".crai")}
    return tuple(
        {
            f"tumour.{kind}{end}": (folder / f"tumour.{kind}{end}").read_bytes()
            for end in ends[kind]
        }
        for kind in ("bam", "cram")
    )  # type: ignore[return-value]


def _bgzip(folder: Path, text: str) -> bytes:
    plain, packed = folder / "plain", folder / "packed.gz"
    plain.write_text(text)
    pysam.tabix_compress(str(plain), str(packed), force=True)
    return packed.read_bytes()


def cases(folder: Path) -> list[Case]:
    """Make the sound files of all formats."""
    folder.mkdir(parents=True, exist_ok=True)
    bam, cram = _reads_files(folder)
    fasta = _fasta(folder)
    sheets = {name: content.encode() for name, content in FILES.items()}
    packed = {"has_checksum": True, "is_text": False}
    return [
        Case("BAM", "tumour.bam", bam, read_read_rows, **packed),
        Case("BAI", "tumour.bam.bai", bam, _of_index(".bai", "bai"), **packed),
        Case("CRAM", "tumour.cram", cram, read_read_rows, **packed),
        Case("CRAI", "tumour.cram.crai", cram, _of_index(".crai", "crai"), **packed),
        Case("VCF", "calls.vcf", {"calls.vcf": VCF.encode()}, read_vcf_rows, mark=b"#"),
        Case("VCF.gz", "calls.vcf.gz", {"calls.vcf.gz": _bgzip(folder, VCF)}, read_vcf_rows,
             **packed),
        Case("MAF", "calls.maf", {"calls.maf": MAF.encode()}, read_maf_rows, mark=b"#"),
        Case("counts CSV", "counts.csv", {"counts.csv": COUNTS.encode()}, read_count_rows),
        Case("counts CSV.gz", "counts.csv.gz",
             {"counts.csv.gz": gzip.compress(COUNTS.encode(), mtime=0)}, read_count_rows,
             **packed),
        Case("coverage TSV", "tumour.cnn", {"tumour.cnn": coverage()}, read_coverage_rows),
        Case("GTF", "genes.gtf", {"genes.gtf": gtf()}, read_gtf_rows, mark=b"#"),
        Case("BED", "targets.bed", {"targets.bed": bed()}, read_bed_rows, naive=naive_bed),
        Case("FASTA", "genome.fa", fasta, read_fasta_rows,
             naive=naive_fasta),
        Case("FAI", "genome.fa.fai", fasta, read_fasta_rows, has_checksum=True),
        Case("YAML", "trial.yaml", sheets, read_yaml_rows),
        Case("sample sheet", "samples.csv", sheets, read_sheet_rows),
        Case("clinical table", "clinical.csv", sheets, read_sheet_rows),
    ]  # fmt: skip
