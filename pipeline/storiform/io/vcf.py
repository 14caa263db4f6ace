"""Somatic calls of a VCF or BCF of any caller: every record, every alternative allele."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from storiform.io.allele_counts import AlleleCounts, Numbers, allele_counts, no_counts
from storiform.io.annotations import (
    KINDS,
    NOTHING,
    Annotation,
    Reading,
    annotation_of,
    frequency,
    population_fields,
)
from storiform.io.contigs import (
    LAST_PLACE,
    check_accessions,
    check_build,
    check_contigs,
    is_place,
)
from storiform.io.lines import is_bcf, lines
from storiform.io.names import counted
from storiform.io.vcf_samples import Columns, sample_columns, tell_other_name
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build, canonical_contig
from storiform.model.tables.dna import CALLS

_FIXED = 8
_NAMES = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_BASES = re.compile(r"[ACGT]+", re.IGNORECASE)
_PANEL_FLAGS = ("IN_PON", "PON", "PoN")
_SHOWN = 3


@dataclass
class VcfHeader:
    """What the lines before the first record say."""

    path: Path
    contigs: dict[str, int] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)
    formats: set[str] = field(default_factory=set)
    facts: dict[str, str] = field(default_factory=dict)
    column_samples: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    width: int = 0
    """Columns of a record, by the line #CHROM."""

    def take_names(self, number: int, line: str) -> None:
        """Read the line that begins with ``#CHROM``.

        Raises
        ------
        InputError
            If a column lacks its name, so that the samples would be taken one column off.
        """
        names = tuple(line[1:].split("\t"))
        if len(names) < _FIXED or names[: len(_NAMES)] != _NAMES[: len(names)]:
            found = f"the columns {', '.join(names[: len(_NAMES)])}"
            found = counted(len(names), "column") if len(names) < _FIXED else found
            expected = "CHROM to INFO, then FORMAT and the samples, separated by tabs"
            where = f"{self.path.name}, line {number}"
            remedy = (
                "Write the VCF again with its caller: it is damaged, or was edited by hand."
            )
            raise InputError(fault(where, found, expected, remedy))
        self.columns, self.width = names[len(_NAMES) :], len(names)

    def take(self, line: str) -> None:
        """Read one line that begins with ``##``."""
        key, _, value = line[2:].partition("=")
        if key == "contig":
            name, length = _tag(value, "ID"), _tag(value, "length")
            if name and is_place(length):
                self.contigs[name] = int(length)
        elif key == "INFO":
            self.info[_tag(value, "ID")] = value.partition("Description=")[2].rstrip(">")
        elif key == "FORMAT":
            self.formats.add(_tag(value, "ID"))
        elif key == "SAMPLE":
            self.column_samples[_tag(value, "ID")] = _tag(value, "SampleName")
        elif key in {"tumor_sample", "normal_sample"}:
            # of several, as of a joint call, none is the sample of the file
            self.facts[key] = "" if key in self.facts else value.strip()

    def fields(self, number: int, line: str) -> list[str]:
        """Split a record; refuse one of another width than the header, or without position."""
        fields = line.split("\t")
        wanted = _FIXED + (len(self.columns) + 1 if self.columns else 0)
        is_wrong = len(fields) < wanted or any(fields[self.width :])
        if is_wrong or not is_place(fields[1]):
            found = counted(len(fields), "column") if is_wrong else f"position {fields[1]!r}"
            highest = f" up to {LAST_PLACE}" if fields[1:2] and fields[1].isdigit() else ""
            expected = f"{wanted} columns" if is_wrong else f"a whole number{highest}"
            where = f"{self.path.name}, line {number}"
            remedy = "Write the VCF again: the line is damaged or the file was cut."
            raise InputError(fault(where, found, expected, remedy))
        return fields


def read_vcf(
    path: Path,
    samples: Mapping[str, str],
    build: Build,
    *,
    by_name: bool = False,
    known: Sequence[str] = (),
) -> pd.DataFrame:
    """Read all calls of one tumour sample.

    Parameters
    ----------
    path
        A VCF, plain or compressed by gzip or bgzip, or a BCF; an index is not needed.
    samples
        Names of the sample sheet by role and assay, as `SourceUnit.samples`.
    build
        The genome build of the cohort, against which contigs are checked.
    by_name
        Whether the tumour's column is known only by its name, as in a file of several
        samples of the sheet.
    known
        Names of the sample, its biopsy and its patient; a column of another name is warned of.

    Returns
    -------
    pandas.DataFrame
        The table `calls`.

    Raises
    ------
    InputError
        If the header is missing, the samples cannot be told, or the build is another.
    """
    header, records = open_vcf(path, build)
    columns = sample_columns(path.name, header, samples, by_name=by_name)
    tell_other_name(header, columns.tumour, known)
    reader = _Reader(header, columns)
    for number, line in records:
        reader.take(number, line)
    calls = reader.calls()
    check_accessions(f"{path.name}, CHROM", reader.contigs, build)
    check_contigs(path.name, calls, build)
    reader.warn()
    return calls


def open_vcf(path: Path, build: Build) -> tuple[VcfHeader, Iterator[tuple[int, str]]]:
    """Read the header of a VCF or BCF; return it with number and text of each further line.

    Raises
    ------
    InputError
        If the header is missing or its contigs are those of another build.
    """
    header, records = _header(path, vcf_lines(path))
    check_build(f"{path.name}, ##contig lines", header.contigs, build)
    return header, records


def vcf_lines(path: Path, errors: str = "replace") -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line of a VCF, or of the VCF that a BCF says.

    Parameters
    ----------
    path
        A VCF, plain or compressed, or a BCF.
    errors
        What becomes of bytes that are no UTF-8, as in `lines`.

    Raises
    ------
    InputError
        As `lines`, or if a BCF is damaged.
    """
    return _bcf_lines(path) if is_bcf(path) else lines(path, must_end=True, errors=errors)


def _bcf_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield a BCF as the lines of the VCF that says the same."""
    from cyvcf2 import VCF  # noqa: PLC0415  needed for a BCF alone

    try:
        reader = VCF(str(path))
        head = reader.raw_header.rstrip("\n").split("\n")
        yield from enumerate(head, start=1)
        for number, record in enumerate(reader, start=len(head) + 1):
            yield number, str(record).rstrip("\n")
    except Exception as error:  # this very class is what cyvcf2 raises
        remedy = "Write it again, or convert it with bcftools view -Oz."
        message = fault(path.name, "a damaged BCF", "a readable BCF", remedy)
        raise InputError(message) from error


def _header(
    path: Path, source: Iterator[tuple[int, str]]
) -> tuple[VcfHeader, Iterator[tuple[int, str]]]:
    header = VcfHeader(path)
    number = 0
    for number, line in source:
        if line.startswith("##"):
            header.take(line)
        elif line.startswith("#CHROM"):
            header.take_names(number, line)
            return header, source
        elif line.strip():
            found = f"a record without header ({line[:40]!r})"
            raise InputError(_no_header(f"{path.name}, line {number}", found))
    if not number:
        expected, remedy = "a VCF", "Copy the file again, or write it anew with its caller."
        raise InputError(fault(path.name, "an empty file", expected, remedy))
    raise InputError(_no_header(path.name, "no header line"))


def _no_header(where: str, found: str) -> str:
    expected = "lines with ## and one that begins with #CHROM"
    return fault(where, found, expected, "Add the header that the caller wrote.")


def _tag(text: str, name: str) -> str:
    found = re.search(rf'[<,]{name}=("[^"]*"|[^,>]*)', text)
    return found.group(1).strip('"') if found else ""


class _Reader:
    """Turns records into rows of the table `calls`."""

    def __init__(self, header: VcfHeader, columns: Columns) -> None:
        self.header, self.columns = header, columns
        self.annotation: Annotation | None = annotation_of(header.info)
        names = population_fields(header.info, with_bare_af=False)
        self.population = {name: "negative log" in header.info[name].lower() for name in names}
        self.numbers = Numbers()
        self.rows: dict[str, list[object]] = {name: [] for name in CALLS.columns}
        self.record = 0
        self.contigs: set[str] = set()
        self.by_place: dict[tuple[str, int], int] = {}
        self._formats: dict[str, list[str]] = {}
        self._untold: Counter[str] = Counter()

    def take(self, number: int, line: str) -> None:
        """Add one line of the file."""
        if not line.strip():
            return
        fields = self.header.fields(number, line)
        self.numbers.place = f"line {number}"
        info = dict(_pair(part) for part in fields[7].split(";"))
        alts = fields[4].split(",")
        self.contigs.add(fields[0])
        contig, start = canonical_contig(fields[0]), int(fields[1]) - 1
        self.by_place.setdefault((contig, start), len(self.rows["record"]))
        for allele, alt in enumerate(alts):
            reading = self._consequence(info, fields[3], alts, allele)
            found_af = [reading.population_af, self._population(info, alt, allele)]
            known = [value for value in found_af if value is not None]
            self._append(
                {
                    "record": self.record, "allele": allele, "contig": contig, "start": start,
                    "end": start + len(fields[3]), "ref": fields[3], "alt": alt,
                    "filter": "" if fields[6] == "." else fields[6],
                    "set_aside": _set_aside(fields[3], alt),
                    "in_panel_of_normals": any(flag in info for flag in _PANEL_FLAGS),
                    "population_af": max(known) if known else None,
                    **self._described(reading), **self._counted(fields, alts, allele),
                }
            )  # fmt: skip
        self.record += 1

    def _append(self, row: dict[str, object]) -> None:
        for name, values in self.rows.items():
            values.append(row[name])

    def _consequence(
        self, info: dict[str, str], ref: str, alts: list[str], allele: int
    ) -> Reading:
        if self.annotation is None or not self.annotation.tells_terms:
            self._untold.update(kind for kind in KINDS if kind in info and allele == 0)
        if self.annotation is None or not info.get(self.annotation.kind):
            return Reading(NOTHING, None)
        return self.annotation.read(info[self.annotation.kind], ref, alts, allele)

    def _described(self, reading: Reading) -> dict[str, object]:
        one = reading.consequence
        is_known = bool(one.terms) and self.annotation is not None
        kind = self.annotation.kind if self.annotation is not None and is_known else "none"
        return {
            "gene": one.gene, "gene_id": one.gene_id, "transcript": one.transcript,
            "consequence": one.terms, "hgvsc": one.hgvsc, "hgvsp": one.hgvsp,
            "annotation": kind,
        }  # fmt: skip

    def _counted(self, fields: list[str], alts: list[str], allele: int) -> dict[str, object]:
        tumour = self._counts(fields, self.columns.tumour, alts, allele)
        normal = self._counts(fields, self.columns.normal, alts, allele)
        return {
            "tumour_depth": tumour.depth, "tumour_ref_reads": tumour.ref,
            "tumour_alt_reads": tumour.alt, "tumour_alt_f1r2": tumour.f1r2,
            "tumour_alt_f2r1": tumour.f2r1, "normal_depth": normal.depth,
            "normal_ref_reads": normal.ref, "normal_alt_reads": normal.alt,
            "rna_depth": tumour.rna_depth, "rna_alt_reads": tumour.rna_alt,
        }  # fmt: skip

    def _counts(
        self, fields: list[str], column: int | None, alts: list[str], allele: int
    ) -> AlleleCounts:
        if column is None:
            return AlleleCounts()
        keys = self._formats.setdefault(fields[_FIXED], fields[_FIXED].split(":"))
        cells = dict(zip(keys, fields[_FIXED + 1 + column].split(":"), strict=False))
        return allele_counts(cells, fields[3], alts, allele, self.numbers)

    def _population(self, info: dict[str, str], alt: str, allele: int) -> float | None:
        best: float | None = None
        for name, is_log in self.population.items():
            values = info.get(name, "").split(",")
            text = values[allele] if allele < len(values) else values[0]
            value = _power(text) if is_log else frequency(text, alt)
            if value is not None and (best is None or value > best):
                best = value
        return best

    def calls(self) -> pd.DataFrame:
        """Return the table, with the compound consequences of BCSQ filled in."""
        for row, transcript in enumerate(self.rows["transcript"]):
            if str(transcript).startswith("@"):
                self._follow(row, str(transcript))
        return CALLS.conform(pd.DataFrame(self.rows))

    def _follow(self, row: int, pointer: str) -> None:
        position = int(pointer[1:]) if is_place(pointer[1:]) else 0
        source = self.by_place.get((str(self.rows["contig"][row]), position - 1))
        if source is None:
            return
        for name in ("gene", "gene_id", "transcript", "consequence", "hgvsc", "hgvsp"):
            self.rows[name][row] = self.rows[name][source]
        self.rows["annotation"][row] = "BCSQ"

    def warn(self) -> None:
        """Tell of values that are no counts, and of annotations that cannot be read, once."""
        for kind, number in self._untold.items():
            message = (
                f"{self.header.path.name}: found {kind} in {counted(number, 'record')}, "
                f"expected a line ##INFO=<ID={kind},... of the header that tells its fields: "
                "these consequences are not read. Annotate again, or add the line."
            )
            warnings.warn(message, DataWarning, stacklevel=3)
        for name, places in sorted(self.numbers.faults.items()):
            shown = "; ".join(dict.fromkeys(places[:_SHOWN]))
            message = no_counts(self.header.path.name, name, len(places), shown)
            warnings.warn(message, DataWarning, stacklevel=3)


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key, value


def _power(text: str) -> float | None:
    try:
        return float(10.0 ** -float(text))
    except ValueError:
        return None


def _set_aside(ref: str, alt: str) -> str:
    if alt in {"*", "<*>", "<NON_REF>"}:
        return "star"
    if alt in {".", ""} or alt.upper() == ref.upper():
        return "no_alternative"
    if alt.startswith("<"):
        return "symbolic"
    if "[" in alt or "]" in alt or alt.startswith(".") or alt.endswith("."):
        return "breakend"
    return "" if _BASES.fullmatch(alt) else "not_bases"
