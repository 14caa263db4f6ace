"""Consequences of a VCF by the transcripts of a GTF or GFF3, without a configuration."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from storiform import __version__
from storiform.biomarkers.consequences.effects import Annotator, Effect, speaker
from storiform.biomarkers.proteome import translate_transcript
from storiform.engine.record_pool import annotator_of
from storiform.io.annotation import check_declared_build
from storiform.io.contigs import check_build
from storiform.io.csq_writer import (
    FIELDS,
    Answer,
    Request,
    Summary,
    csq_text,
    open_source,
    write_annotated,
)
from storiform.io.fasta import Fasta, read_fasta
from storiform.io.transcript_models import Models
from storiform.io.transcripts import read_transcript_models
from storiform.io.vcf import VcfHeader
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.genome import Build, build_of, canonical_contig
from storiform.model.transcripts import Transcript

_CODON = 3
_KEPT = 20_000
"""Transcripts of which is remembered what CSQ says."""
_NOTHING = ("",) * (len(FIELDS) - 4)
"""The other fields of an allele that is near no transcript."""
_SHOWN = 5
_ASKED, _LOOKED_AT = 300, 20_000
"""Proteins that are asked for their first residue, and transcripts among which they are."""
_FEW = 20
_LEAST_METHIONINE = 0.5
"""Share of proteins that must begin with methionine; in the right bases nearly all do."""
_ANY_OTHER = frozenset({"<NON_REF>", "<*>", "<X>"})
"""How callers write that a site may have alleles beside those that they saw."""


@dataclass(frozen=True)
class Annotating:
    """What a VCF is annotated with.

    Parameters
    ----------
    genes
        A GTF or GFF3.
    fasta
        The genome, with its index.
    build
        The build of all files; None: that of the FASTA, if its contigs tell it.
    speaker_only
        Write the transcript that speaks for an allele, not all.
    overwrite
        Take consequences that the VCF carries out.
    workers
        Processes, forked from this one; more than one only where no threads run beside.
    """

    genes: Path
    fasta: Path
    build: Build | None = None
    speaker_only: bool = False
    overwrite: bool = False
    workers: int = 1


def annotate_file(source: Path, target: Path, settings: Annotating) -> Summary:
    """Write a VCF again with the consequences of its alleles in INFO/CSQ.

    Parameters
    ----------
    source
        A VCF or BCF.
    target
        What is written: .vcf, or .vcf.gz.
    settings
        Genes, genome and what to write.

    Raises
    ------
    InputError
        If a file cannot be read, or if the files are of several builds.
    """
    opened = open_source(source)
    reference = _genome(settings.fasta)
    _check_builds(settings, reference, opened.header)
    models = read_transcript_models(settings.genes)
    check_genes(settings.genes, models.contigs, reference)
    _check_coding(settings.genes, models, reference)
    _check_starts(settings, models, reference)
    records = RecordAnnotator(Annotator(models, reference), speaker_only=settings.speaker_only)
    title = f"{__version__} with {settings.genes.name} and {settings.fasta.name}"
    annotator = annotator_of(records.answers, settings.workers)
    return write_annotated(opened, target, annotator, title, overwrite=settings.overwrite)


class _Told(NamedTuple):
    """What CSQ says of a transcript, whatever the allele; texts are as CSQ holds them."""

    transcript: Transcript
    gene: str
    rank: tuple[object, ...]
    names: str
    length: str
    coding: str
    residues: str
    tail: str
    tail_of_picked: str
    is_safe: bool


class RecordAnnotator:
    """Answers what the alleles of a record do; remembers what CSQ says of each transcript.

    Parameters
    ----------
    annotator
        Finds the effects of an allele.
    speaker_only
        Give the transcript that speaks for an allele alone.
    """

    def __init__(self, annotator: Annotator, *, speaker_only: bool) -> None:
        self._annotator, self._speaker_only = annotator, speaker_only
        self._known: dict[int, _Told] = {}
        self._last: tuple[list[int], Sequence[_Told], frozenset[int]] = ([], [], frozenset())

    def answers(self, record: Request) -> list[Answer]:
        """Return the entries of CSQ of each allele, or why there are none."""
        return [self._answer(record, alt) for alt in record.alts]

    def _answer(self, record: Request, alt: str) -> Answer:
        contig, start, ref, _ = record
        reason = "" if ref and alt else "empty"
        reason = reason or ("any_other" if alt in _ANY_OTHER else "")
        reason = reason or self._annotator.refusal(contig, start, ref, alt)
        if reason:
            return reason
        try:
            effects = self._annotator.effects(contig, start, ref, alt)
        except (ArithmeticError, LookupError, ValueError):  # one record must not end a file
            return "own_error"
        if self._speaker_only:
            effects = [speaker(effects)]
        told, picked = self._told_of(effects)
        if not told:
            return [csq_text(one.consequence, one.impact, *_NOTHING) for one in effects]
        if self._speaker_only:
            return [_entry(effects[0], told[0], told[0].tail_of_picked)]
        return [
            _entry(one, own, own.tail_of_picked if place in picked else own.tail)
            for place, (one, own) in enumerate(zip(effects, told, strict=True))
        ]

    def _told_of(self, effects: Sequence[Effect]) -> tuple[Sequence[_Told], frozenset[int]]:
        """Return what is said of the transcripts, and by place which speak for their genes."""
        key = [id(one.transcript) for one in effects]
        last, told, picked = self._last
        if last == key:  # as with most neighbours
            return told, picked
        told = [self._of(one.transcript) for one in effects if one.transcript is not None]
        best: dict[str, int] = {}
        for place, one in enumerate(told):
            other = best.get(one.gene)
            if other is None or one.rank < told[other].rank:
                best[one.gene] = place
        picked = frozenset(best.values())
        self._last = key, told, picked
        return told, picked

    def _of(self, transcript: Transcript) -> _Told:
        told = self._known.get(id(transcript))
        if told is not None:  # which holds its transcript, so that no other gets the id
            return told
        if len(self._known) >= _KEPT:
            self._known.clear()
        told = _told(transcript)
        self._known[id(transcript)] = told
        return told


def _told(transcript: Transcript) -> _Told:
    names = (transcript.gene, transcript.gene_id, "Transcript", transcript.name)
    whole, coding, residues = _lengths(transcript)
    strand = "1" if transcript.is_forward else "-1"
    flags = Effect(transcript, "").flags
    marks = (
        f"{'YES' if transcript.is_canonical else ''}|"
        f"{'MANE_Select' if transcript.is_mane else ''}"
    )
    own = (transcript.name, transcript.protein)
    return _Told(
        transcript, transcript.gene_id or transcript.gene, transcript.rank,
        csq_text(*names, transcript.biotype), f"/{whole}", f"/{coding}", f"/{residues}",
        f"{strand}|{flags}||{marks}", f"{strand}|{flags}|1|{marks}",
        csq_text(*own) == "|".join(own),
    )  # fmt: skip


def _entry(effect: Effect, told: _Told, tail: str) -> str:
    """Write what an allele does to a transcript as CSQ holds it."""
    (
        _, consequence, hgvsc, hgvsp, exon, intron, cdna, cds, place, amino_acids, codons,
        distance,
    ) = effect  # fmt: skip
    grave = _graded(consequence)
    if distance is not None:
        return f"{grave}|{told.names}|{exon}|{intron}|||||||||{distance}|{tail}"
    # Of all reserved signs a change may hold but this one.
    changed = hgvsp.replace("=", "%3D")
    changes = f"{hgvsc}|{changed}" if told.is_safe else csq_text(hgvsc, hgvsp)
    places = (
        f"{cdna and cdna + told.length}|{cds and cds + told.coding}|"
        f"{place and place + told.residues}"
    )
    return (
        f"{grave}|{told.names}|{exon}|{intron}|{changes}|{places}|{amino_acids}|{codons}|||"
        f"{tail}"
    )


@cache
def _graded(consequence: str) -> str:
    """Return terms and their impact."""
    return f"{consequence}|{Effect(None, consequence).impact}"


def _lengths(transcript: Transcript) -> tuple[int, int, int]:
    """Return the lengths of RNA and coding sequence (bp) and of the protein (residues)."""
    whole = sum(end - start for start, end in transcript.exons)
    coding = transcript.coding_length
    coding += -transcript.phase % _CODON if coding else 0  # positions count from a whole codon
    residues = coding // _CODON - (0 if transcript.lacks_end else 1)
    return whole, coding, max(residues, 0)


def _genome(path: Path) -> Fasta:
    try:
        return read_fasta(path)
    except OSError as error:
        found = str(error.strerror or error).lower()
        message = fault(str(path), found, "a readable FASTA", "Correct the path.")
        raise InputError(message) from error


def _check_builds(settings: Annotating, reference: Fasta, header: VcfHeader) -> None:
    """Refuse files of which the contigs, or what they say of themselves, are of two builds."""
    build = settings.build or build_of(reference.contigs) or build_of(header.contigs)
    if build is not None:
        check_build(settings.fasta.name, reference.contigs, build)
        check_build(f"{header.path.name}, ##contig lines", header.contigs, build)
        check_declared_build(settings.genes, build)
    for written, length in header.contigs.items():
        name = canonical_contig(written)
        known = reference.contigs.get(name)
        if known is not None and known != length and name != "chrM":
            found = f"{written} of {length} bases"
            expected = f"{known}, as in {settings.fasta.name}"
            remedy = "Give the FASTA by which the variants were called."
            where = f"{header.path.name}, ##contig lines"
            raise InputError(fault(where, found, expected, remedy))


def check_genes(path: Path, contigs: Iterable[str], reference: Fasta) -> None:
    """Refuse genes of which no contig is one of the genome.

    Parameters
    ----------
    path
        The GTF or GFF3, for the message.
    contigs
        Those of its genes; they are gone through up to the first that is the genome's.
    reference
        The genome.

    Raises
    ------
    InputError
        If they have no contig in common.
    """
    strange: list[str] = []
    for contig in contigs:
        if contig in reference.contigs:
            return
        strange.append(contig)
    found = f"transcripts on {', '.join(strange[:_SHOWN]) or 'no contig'}"
    expected = f"contigs of the FASTA, such as {next(iter(reference.contigs), 'none')}"
    remedy = "Give the annotation of this genome."
    raise InputError(fault(path.name, found, expected, remedy))


def _check_coding(path: Path, models: Models, reference: Fasta) -> None:
    """Warn of genes of which nothing codes, or that reach beyond the genome."""
    if not models.pieces[1].counts.any():
        message = f"{path.name}: no transcript has CDS lines: no change of a protein is told"
        warnings.warn(message, DataWarning, stacklevel=3)
    for contig, length in reference.contigs.items():
        end = models.end_of(contig)
        if end > length:
            message = (
                f"{path.name}: transcripts of {contig} reach up to {end}, the FASTA to {length}"
            )
            warnings.warn(f"{message}: they are left out", DataWarning, stacklevel=3)


def _check_starts(settings: Annotating, models: Models, reference: Fasta) -> None:
    """Warn where most proteins do not begin with methionine: the bases are others."""
    inside = (
        one
        for one in islice(models, _LOOKED_AT)
        if one.coding
        and not one.lacks_start
        and one.coding[-1][1] <= reference.contigs.get(one.contig, 0)
    )
    asked = list(islice(inside, _ASKED))
    begun = sum(_begins_with_methionine(one, reference) for one in asked)
    if len(asked) >= _FEW and begun < _LEAST_METHIONINE * len(asked):
        message = (
            f"only {begun} of {len(asked)} proteins of {settings.genes.name} begin with "
            f"methionine: {settings.fasta.name} is mostly N, or another build"
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _begins_with_methionine(transcript: Transcript, reference: Fasta) -> bool:
    pieces = np.array(transcript.coding, dtype=np.int64)
    bases = reference.pieces(transcript.contig, pieces[:, 0], pieces[:, 1])
    text = bases.tobytes().decode("ascii")
    return translate_transcript(transcript, text).startswith("M")
