"""What VEP wrote of each transcript of a call, with the proteins of its plugins.

`WildtypeProtein` and `FrameshiftSequence` (the whole mutant protein) or `DownstreamProtein`
(what follows the change) come from VEP's plugins Wildtype, Frameshift and Downstream.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from storiform.io.annotations import Annotation, Consequence
from storiform.io.phases import placed_of
from storiform.io.vcf import VcfHeader, open_vcf
from storiform.io.vcf_samples import sample_columns
from storiform.model.errors import DataWarning
from storiform.model.genome import Build, canonical_contig
from storiform.model.protein_changes import variant_id

WILD_TYPE, SHIFTED, DOWNSTREAM = "WildtypeProtein", "FrameshiftSequence", "DownstreamProtein"
_CELLS = ("Protein_position", "Amino_acids", "Codons", WILD_TYPE, SHIFTED, DOWNSTREAM)
_FORMAT, _INFO = 8, 7


class Phase(NamedTuple):
    """On which copy of its contig an allele lies; sides of one `group` can be compared.

    An allele on both copies is in phase with all others; its group is empty.
    """

    group: str
    side: int

    def agrees(self, other: "Phase | None") -> bool | None:
        """Tell whether two alleles share a copy, None where it is not known."""
        if not self.group or (other is not None and not other.group):
            return True
        if other is None or self.group != other.group:
            return None
        return self.side == other.side


@dataclass(frozen=True)
class CsqEntry:
    """One call on one coding transcript; `cells` holds VEP's fields by name."""

    call: str
    contig: str
    start: int
    end: int
    consequence: Consequence
    cells: Mapping[str, str]
    phase: Phase | None = None

    @property
    def terms(self) -> frozenset[str]:
        """The terms of the consequence."""
        return frozenset(self.consequence.terms.split("&"))

    @property
    def wild_type(self) -> str:
        """The protein of the transcript, without its stop."""
        return self.cells[WILD_TYPE].rstrip("*")


@dataclass(frozen=True)
class CsqTranscripts:
    """The coding entries of one allele, and which of all transcripts speak for their genes."""

    entries: tuple[CsqEntry, ...]
    speakers: frozenset[str]


def csq_transcripts(
    path: Path, samples: Mapping[str, str], build: Build
) -> Iterator[CsqTranscripts]:
    """Read the coding entries of all alleles of a VCF, in the order of the file.

    Nothing comes of a file whose header knows no `WildtypeProtein` in `CSQ`.

    Raises
    ------
    InputError
        If the file is damaged, of another build, or its tumour cannot be told.
    """
    header, records = open_vcf(path, build)
    annotation = _annotation(header)
    if annotation is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the reader of the calls tells of them
        column = sample_columns(path.name, header, samples).tumour
    for fields, text in _annotated(header, records):
        alts = fields[4].split(",")
        for allele in range(len(alts)):
            yield _transcripts(annotation, text, fields, alts, allele, column)


def wild_type_proteins(path: Path, build: Build) -> dict[str, str] | None:
    """Read the germline proteins of all entries, each once with its first transcript.

    Entries count whatever the call does to them: of calls in introns and beside genes too,
    and of all alleles. None where the header knows no `WildtypeProtein` in `CSQ`.

    Raises
    ------
    InputError
        If the file is damaged or of another build.
    """
    header, records = open_vcf(path, build)
    annotation = _annotation(header)
    if annotation is None:
        return None
    found: dict[str, str] = {}
    for _, text in _annotated(header, records):
        for entry in text.split(","):
            written = entry.split("|")
            protein = _cell(annotation, written, WILD_TYPE).rstrip("*")
            if protein:
                found.setdefault(protein, _cell(annotation, written, "Feature"))
    return found


def holds_proteins(path: Path, build: Build) -> bool:
    """Tell whether the header of a VCF knows germline proteins in `CSQ`.

    Raises
    ------
    InputError
        If the file is damaged or of another build.
    """
    header, _ = open_vcf(path, build)
    return _annotation(header) is not None


def _annotation(header: VcfHeader) -> Annotation | None:
    """Return the reader of `CSQ`; None where the header knows no germline proteins there."""
    if "CSQ" not in header.info:
        return None
    annotation = Annotation("CSQ", header.info["CSQ"])
    return annotation if WILD_TYPE.lower() in annotation.index else None


def _annotated(
    header: VcfHeader, records: Iterable[tuple[int, str]]
) -> Iterator[tuple[list[str], str]]:
    """Yield the fields of each record with its `CSQ`, those without it left out."""
    for number, line in records:
        if not line.strip():
            continue
        fields = header.fields(number, line)
        info = dict(part.partition("=")[::2] for part in fields[_INFO].split(";"))
        text = info.get("CSQ")
        if text:
            yield fields, text


def _transcripts(
    annotation: Annotation,
    text: str,
    fields: list[str],
    alts: list[str],
    allele: int,
    column: int | None,
) -> CsqTranscripts:
    contig, start = canonical_contig(fields[0]), int(fields[1]) - 1
    ref, alt = fields[3], alts[allele]
    end = start + len(ref)
    call = variant_id(contig, start, end, ref, alt)
    phase = _phase(fields, column, allele, contig)
    speaking: dict[str, Consequence] = {}
    entries: list[CsqEntry] = []
    for one, written in annotation.transcripts(text, ref, alts, allele):
        gene = one.gene_id or one.gene
        if gene not in speaking or one.order < speaking[gene].order:
            speaking[gene] = one
        cells = {name: _cell(annotation, written, name) for name in _CELLS}
        # With --total_length VEP writes 175/393.
        cells["Protein_position"] = cells["Protein_position"].partition("/")[0]
        if cells["Protein_position"] or cells["Amino_acids"]:
            entries.append(CsqEntry(call, contig, start, end, one, cells, phase))
    speakers = frozenset(one.transcript for one in speaking.values())
    return CsqTranscripts(tuple(entries), speakers)


def _cell(annotation: Annotation, written: list[str], name: str) -> str:
    index = annotation.index.get(name.lower(), len(written))
    return written[index] if index < len(written) else ""


def _phase(fields: list[str], column: int | None, allele: int, contig: str) -> Phase | None:
    if column is None or len(fields) <= _FORMAT + 1 + column:
        return None
    values = fields[_FORMAT + 1 + column].split(":")
    cells = dict(zip(fields[_FORMAT].split(":"), values, strict=False))
    placed = placed_of(cells, contig, allele + 1)
    return None if placed is None else Phase(*placed)
