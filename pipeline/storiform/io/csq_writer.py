"""A VCF written again with consequences in INFO/CSQ, in the shape that VEP gives them.

Nothing else of a record changes. The names of alleles and the signs that stand for those
which a VCF reserves are VEP's (McLaren et al., Genome Biology 17, 122 (2016),
doi:10.1186/s13059-016-0974-4).
"""

import contextlib
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from storiform.io.contigs import is_place
from storiform.io.lines import BROKEN, open_text
from storiform.io.paths import fresh
from storiform.io.vcf import VcfHeader, vcf_lines
from storiform.model.errors import InputError, fault
from storiform.model.genome import canonical_contig

FIELDS = (
    "Allele", "Consequence", "IMPACT", "SYMBOL", "Gene", "Feature_type", "Feature", "BIOTYPE",
    "EXON", "INTRON", "HGVSc", "HGVSp", "cDNA_position", "CDS_position", "Protein_position",
    "Amino_acids", "Codons", "Existing_variation", "DISTANCE", "STRAND", "FLAGS", "PICK",
    "CANONICAL", "MANE", "ALLELE_NUM",
)  # fmt: skip
"""Fields of CSQ; positions carry the total length, and PICK is 1 for the transcript that
speaks for its gene."""

Answer = Sequence[str] | str
"""Of one allele: what transcripts make of it, each as `csq_text` writes it; or why nothing."""


class Request(NamedTuple):
    """A record of which the alleles are to be annotated; `start` is 0-based."""

    contig: str
    start: int
    ref: str
    alts: tuple[str, ...]


Annotator = Callable[[Iterator[Request]], Iterator[Sequence[Answer]]]
"""Answers records in their order, an answer for each allele; it may read ahead."""

_BYTES = "surrogateescape"
"""Bytes that are no UTF-8 are written again as they were."""
_MADE = "Consequence annotations from storiform "
_COLUMNS, _INFO, _CODON = 8, 7, 3
_SHOWN = 3
_SIGNS = str.maketrans({
    ",": "&", "|": "&", ";": "%3B", "=": "%3D", " ": "_", "\t": "_",
})  # fmt: skip
"""What a value may not hold in CSQ, and what stands for it."""
_UNSAFE = re.compile(r"[,;= \t]")
_REMOVE = "Choose another name, or remove the file first."
_OVERWRITE = "Annotate the file without it, or take it out with --overwrite."


@dataclass
class Summary:
    """What was written, and what could not be annotated.

    Parameters
    ----------
    records, alleles, annotated
        How many were read, how many alternative alleles they have, and how many of these got
        a consequence.
    counts, places
        Reason -> how many alleles stay without one, and where the first ones are, as
        contig:position REF>ALT.
    is_indexed
        An index was written beside the file.
    neighbours
        Records that were annotated and begin one or two bases behind another such record.
    """

    records: int = 0
    alleles: int = 0
    annotated: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)
    is_indexed: bool = False
    neighbours: int = 0

    def lacks(self, reason: str, place: str) -> None:
        """Note that an allele, or a line, stays without consequence."""
        self.counts[reason] += 1
        if self.counts[reason] <= _SHOWN:
            shown = place.encode("utf-8", "replace").decode()
            self.places.setdefault(reason, []).append(shown)

    def reasons(self) -> list[tuple[str, int, tuple[str, ...]]]:
        """Return each reason, its count and the first places; the most often met first."""
        told = [(reason, n, tuple(self.places[reason])) for reason, n in self.counts.items()]
        return sorted(told, key=lambda one: (-one[1], one[0]))


@dataclass
class Source:
    """A VCF or BCF that is open: its header, and number and text of each further line."""

    path: Path
    head: list[str]
    header: VcfHeader
    lines: Iterator[tuple[int, str]]


def open_source(path: Path) -> Source:
    """Read the header of a VCF or BCF that is to be annotated.

    Raises
    ------
    InputError
        If the file is no VCF.
    """
    header, head = VcfHeader(path), []
    source = vcf_lines(path, _BYTES)
    for number, line in source:
        if line.startswith("##"):
            header.take(line)
        elif not line.startswith("#CHROM"):
            found = f"a record without header ({line[:40]!r})"
            raise InputError(_no_header(f"{path.name}, line {number}", found))
        head.append(line)
        if not line.startswith("##"):
            header.take_names(number, line)
            return Source(path, head, header, source)
    raise InputError(_no_header(path.name, "no header line"))


def _no_header(where: str, found: str) -> str:
    expected = "lines with ## and one that begins with #CHROM"
    return fault(where, found, expected, "Give a VCF or BCF with its header.")


def write_annotated(
    source: Source, target: Path, annotator: Annotator, title: str, *, overwrite: bool = False
) -> Summary:
    """Write a VCF with CSQ; one that ends in .gz is compressed by bgzip, and indexed if sorted.

    Parameters
    ----------
    source
        What is read, from its first record.
    target
        What is written. It appears once it is whole.
    annotator
        Answers all records.
    title
        Version of storiform, and what was annotated with, for the header.
    overwrite
        Take CSQ that the source carries out; else it is refused.

    Raises
    ------
    InputError
        If the source carries CSQ, is cut off, or would be overwritten.
    """
    _refuse(source, target, overwrite=overwrite)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    rewriter = _Rewriter(source, annotator, overwrite=overwrite)
    try:
        with _open(part, is_packed=_is_packed(target)) as out:
            for line in chain(_head(source, title), rewriter.records()):
                out.write(f"{line}\n".encode("utf-8", _BYTES))
        for suffix in (".tbi", ".csi"):  # of another file that had this name
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if _is_packed(target) and rewriter.is_sorted:
        rewriter.summary.is_indexed = _index(target)
    return rewriter.summary


class _Rewriter:
    """Adds CSQ to records, and keeps account of them."""

    def __init__(self, source: Source, annotator: Annotator, *, overwrite: bool) -> None:
        self.source, self.annotator, self.overwrite = source, annotator, overwrite
        self.summary = Summary()
        self.is_sorted = True
        self._seen: set[str] = set()
        self._last = ("", -1)
        self._annotated = ("", -1)
        self._waiting: deque[tuple[int, str, list[str]]] = deque()

    def records(self) -> Iterator[str]:
        """Yield each record with its consequences, as it was where there are none."""
        for answers in self.annotator(self._requests()):
            number, line, fields = self._waiting.popleft()
            self.summary.records += 1
            if not fields:
                self.summary.lacks("damaged_line", f"line {number}")
                yield line
                continue
            fields[_INFO] = self._info(fields, answers)
            yield "\t".join(fields)

    def _requests(self) -> Iterator[Request]:
        """Read records, which wait for their answers; a damaged line asks for none."""
        for number, line in self.source.lines:
            if not line.strip():
                continue
            fields = line.split("\t")
            if len(fields) < _COLUMNS or not is_place(fields[1]):
                self.is_sorted = False
                self._waiting.append((number, line, []))
                yield Request("", 0, "", ())
                continue
            self._place(fields)
            self._take_out(number, fields)
            self._waiting.append((number, line, fields))
            alts = tuple(fields[4].split(","))
            yield Request(canonical_contig(fields[0]), int(fields[1]) - 1, fields[3], alts)

    def _place(self, fields: list[str]) -> None:
        """Watch whether records come sorted, contig by contig."""
        contig, place = fields[0], int(fields[1])
        if contig != self._last[0]:
            self.is_sorted &= contig not in self._seen
            self._seen.add(contig)
        elif place < self._last[1]:
            self.is_sorted = False
        self._last = (contig, place)

    def _take_out(self, number: int, fields: list[str]) -> None:
        """Take CSQ out of INFO, or refuse it."""
        if "CSQ" not in fields[_INFO]:
            return
        kept = fields[_INFO].split(";")
        without = [part for part in kept if part != "CSQ" and not part.startswith("CSQ=")]
        if len(without) < len(kept) and not self.overwrite:
            where = f"{self.source.path.name}, line {number}"
            raise InputError(fault(where, "CSQ in INFO", "none yet", _OVERWRITE))
        fields[_INFO] = ";".join(without)

    def _is_beside_last(self, fields: list[str]) -> bool:
        """Tell whether a record begins so near the last annotated one that both may meet."""
        (contig, place), here = self._annotated, (fields[0], int(fields[1]))
        self._annotated = here
        return contig == here[0] and 0 < here[1] - place < _CODON

    def _info(self, fields: list[str], answers: Sequence[Answer]) -> str:
        """Return INFO with the consequences of all alleles."""
        alts = fields[4].split(",")
        self.summary.alleles += len(alts)
        entries: list[str] = []
        names = allele_names(fields[3], alts)
        for allele, (name, answer) in enumerate(zip(names, answers, strict=True), start=1):
            if isinstance(answer, str):
                place = (
                    f"{fields[0]}:{fields[1]} {_short(fields[3])}>{_short(alts[allele - 1])}"
                )
                self.summary.lacks(answer, place)
                continue
            self.summary.annotated += 1
            entries += [f"{name}|{entry}|{allele}" for entry in answer]
        if entries and self._is_beside_last(fields):
            self.summary.neighbours += 1
        kept = [fields[_INFO]] if fields[_INFO] not in {".", ""} else []
        told = [f"CSQ={','.join(entries)}"] if entries else []
        return ";".join(kept + told) or "."


def allele_names(ref: str, alts: Sequence[str]) -> list[str]:
    """Name the alternative alleles of a record as VEP does in CSQ.

    Where one changes the length and all begin with the same base, that base is left out.

    Examples
    --------
    >>> allele_names("CA", ["C", "CAT", "*"]), allele_names("A", ["G", "AT"])
    (['-', 'AT', '*'], ['G', 'AT'])
    """
    changes_length = any(len(alt) != len(ref) for alt in alts)
    if changes_length and all(alt[:1] == ref[:1] for alt in alts if alt != "*"):
        return [alt if alt == "*" else alt[1:] or "-" for alt in alts]
    return list(alts)


def csq_text(*values: str) -> str:
    """Join neighbouring fields of CSQ, with VEP's stand-ins for reserved signs.

    Examples
    --------
    >>> csq_text("p.Leu5=", "a b", "x")
    'p.Leu5%3D|a_b|x'
    """
    text = "|".join(values)
    if _UNSAFE.search(text) or text.count("|") >= len(values):
        return "|".join([value.translate(_SIGNS) for value in values])
    return text


def _short(bases: str) -> str:
    most = 12
    return bases if len(bases) <= most else f"{bases[:most]}..({len(bases)})"


def _head(source: Source, title: str) -> Iterator[str]:
    """Yield the header with the line of CSQ behind the last line of INFO."""
    line = (
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="{_MADE}'
        f'{title}. Format: {"|".join(FIELDS)}">'
    )
    head = [one for one in source.head if not one.startswith("##INFO=<ID=CSQ,")]
    infos = [number for number, one in enumerate(head) if one.startswith("##INFO=")]
    at = infos[-1] + 1 if infos else len(head) - 1
    yield from [*head[:at], line, *head[at:]]


def _refuse(source: Source, target: Path, *, overwrite: bool) -> None:
    if target.suffix not in {".vcf", ".gz", ".bgz"}:
        expected = "a name that ends in .vcf, .vcf.gz or .vcf.bgz"
        message = fault("--out", target.name, expected, "Choose another name.")
        raise InputError(message)
    if target.exists() and target.samefile(source.path):
        expected = "another file than the one that is read"
        raise InputError(fault("--out", target.name, expected, "Choose another name."))
    if target.exists() and not _is_ours(target):
        found, expected = "a file that storiform annotate did not write", "none, or such a file"
        raise InputError(fault(f"--out {target}", found, expected, _REMOVE))
    if "CSQ" in source.header.info and not overwrite:
        found = "consequences already (##INFO=<ID=CSQ)"
        raise InputError(fault(source.path.name, found, "none yet", _OVERWRITE))


def _is_ours(path: Path) -> bool:
    """Tell whether a file is empty or a VCF of ours, so that it may be replaced."""
    try:
        if not path.stat().st_size:
            return True
        with open_text(path) as text:
            for line in text:
                if line.startswith("##INFO=<ID=CSQ,"):
                    return _MADE in line
                if not line.startswith("##"):
                    break
    except (InputError, *BROKEN):
        return False
    return False


def _is_packed(target: Path) -> bool:
    return target.suffix in {".gz", ".bgz"}


@contextlib.contextmanager
def _open(path: Path, *, is_packed: bool) -> Iterator[Any]:
    """Open a file for bytes, by bgzip or plain."""
    try:
        fresh(path)
        if is_packed:
            from pysam import BGZFile  # noqa: PLC0415  costs time, and a plain file needs none

            with BGZFile(str(path), "wb", None) as out:
                yield out
        else:
            with path.open("wb") as out:
                yield out
    except OSError as error:
        found = str(error.strerror or error).lower()
        message = fault(str(path.parent), found, "a folder to write into", "Correct the path.")
        raise InputError(message) from error


def _index(target: Path) -> bool:
    """Write an index beside a sorted file; one of longer contigs than .tbi can hold is .csi."""
    from pysam import tabix_index  # noqa: PLC0415  costs time, and a plain file needs none

    for is_csi in (False, True):
        try:
            tabix_index(str(target), preset="vcf", force=True, csi=is_csi)
        except (OSError, ValueError):
            continue
        return True
    return False
