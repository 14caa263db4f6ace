"""Transcripts of a GTF or GFF3: of GENCODE, Ensembl or RefSeq, plain or compressed."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storiform.io.lines import pieces
from storiform.io.names import counted
from storiform.io.transcript_facts import (
    CodingFacts,
    Facts,
    coding_facts_of_gff3,
    coding_facts_of_gtf,
    contig_name,
    facts_of_gff3,
    facts_of_gtf,
)
from storiform.io.transcript_models import Groups, Models, groups_of
from storiform.kernels.gene_lines import DONE, MINUS, NEITHER
from storiform.kernels.transcript_lines import (
    CODING,
    CODING_AT,
    CODING_END,
    CONTIG_RUN,
    END,
    EXON,
    FASTA,
    IS_NODE,
    KIND,
    LINE_AT,
    LINE_END,
    NAME_AT,
    NAME_END,
    PHASE,
    RUN,
    SELENOCYSTEINE,
    START,
    STOP,
    STRAND,
    TranscriptLines,
    scan_transcripts,
)
from storiform.model.errors import DataWarning, InputError, fault

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]

_PIECE_BYTES = 1 << 20
_LINE_FEED = 10
_GFF3_ATTRIBUTE = re.compile(rb"[^\s\"=;]+=")
_FIELDS = 9
_OWNER, _KIND, _STRAND, _START, _END, _PHASE = range(6)
_CODON = 3


def read_transcript_models(path: Path) -> Models:
    """Read the transcripts of a GTF or GFF3, see `storiform.model.transcripts`.

    Stop codons count as coding, whether or not the pieces of CDS hold them. A transcript
    with CDS alone has these as its exons. Its phase is that of its first piece of CDS in the
    direction of transcription, and with a phase other than 0 its start is not known.

    Raises
    ------
    InputError
        If a line is damaged, if the file is neither a GTF nor a GFF3, or if it has no exons.
    """
    told = _Told(path)
    for text, found in told.scanned():
        told.take(text, found)
    return told.models()


def refuse_nameless(path: Path, number: int) -> None:
    """Refuse a GTF with exons of no gene: of a damaged line is not known whose it is.

    Raises
    ------
    InputError
        If there are any.
    """
    if number:
        expected = 'gene_id "X"; on each line of an exon or of CDS'
        remedy = "Give the annotation as it was published."
        raise InputError(fault(path.name, "exons without a gene_id", expected, remedy))


class _Told:
    """What the lines of an annotation have told; a transcript is known by contig and name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_gff3 = False
        self._numbers: dict[tuple[str, str], int] = {}
        self._facts: list[Facts | None] = []
        self._is_told: list[bool] = []
        self._coding: dict[int, CodingFacts] = {}
        self._rows: list[Int32s] = []

    def scanned(self) -> Iterator[tuple[bytes, TranscriptLines]]:
        """Yield the text in pieces, and what the lines of each tell."""
        before, is_first = 0, True
        for text in pieces(self.path, _PIECE_BYTES, must_end=True):
            data = np.frombuffer(text, dtype=np.uint8)
            ends = np.flatnonzero(data == _LINE_FEED)
            if is_first:
                self.is_gff3 = _is_gff3(text)
            is_first = False
            found = TranscriptLines.room_for(len(ends))
            line, why = scan_transcripts(data, ends, 0, int(self.is_gff3), found)
            while why not in {DONE, FASTA}:
                begin = int(ends[line - 1]) + 1 if line else 0
                self._pass_over(before + int(line) + 1, text[begin : int(ends[line])])
                line, why = scan_transcripts(data, ends, line + 1, int(self.is_gff3), found)
            before += len(ends)
            yield text, found
            if why == FASTA:
                return

    def _pass_over(self, number: int, line: bytes) -> None:
        """Accept a blank line; refuse a damaged one."""
        if not line.strip():
            return
        where = f"{self.path.name}, line {number}"
        expected = "nine columns of a GTF or GFF3, separated by tabs, with start <= end"
        found = repr(line[:40].decode(errors="replace"))
        raise InputError(fault(where, found, expected, "Give a GTF or GFF3 with exons."))

    def take(self, text: bytes, found: TranscriptLines) -> None:
        """Learn from the rows and the runs of some lines."""
        rows, spans, runs = found.filled()
        contigs = [contig_name(_written(text, at, end)) for at, end in spans.tolist()]
        owners = [self._owner(text, run, contigs) for run in runs.tolist()]
        widest = max((len(several) for several in owners), default=0)
        for rank in range(widest):  # a piece of a GFF3 may have several parents
            numbers = np.array([o[rank] if rank < len(o) else -1 for o in owners], np.int64)
            own = numbers[rows[:, RUN]]
            kept = rows[own >= 0]
            columns = [own[own >= 0], *(kept[:, c] for c in (KIND, STRAND, START, END, PHASE))]
            self._rows.append(np.array(columns, dtype=np.int32))

    def _owner(self, text: bytes, run: list[int], contigs: list[str]) -> list[int]:
        """Return the numbers of the transcripts of a run, and read what is new of them."""
        contig = contigs[run[CONTIG_RUN]]
        name = _written(text, run[NAME_AT], run[NAME_END])
        names = name.split(",") if self.is_gff3 and "," in name else [name]
        numbers = [self._number(contig, one) for one in names]
        for number in numbers:
            is_node = bool(run[IS_NODE])
            if is_node > self._is_told[number] or (
                self._facts[number] is None and not self.is_gff3
            ):
                line = _written(text, run[LINE_AT], run[LINE_END])
                self._facts[number] = (
                    facts_of_gff3(line) if self.is_gff3 else facts_of_gtf(line)
                )
                self._is_told[number] = is_node
            if run[CODING_END] and number not in self._coding:
                line = _written(text, run[CODING_AT], run[CODING_END])
                read = coding_facts_of_gff3 if self.is_gff3 else coding_facts_of_gtf
                self._coding[number] = read(line)
        return numbers

    def _number(self, contig: str, name: str) -> int:
        number = self._numbers.setdefault((contig, name), len(self._numbers))
        if number == len(self._facts):
            self._facts.append(None)
            self._is_told.append(False)
        return number

    def models(self) -> Models:
        """Return the transcripts that have exons, in the order of the file."""
        rows = np.concatenate([np.empty((6, 0), dtype=np.int32), *self._rows], axis=1)
        self._rows = []
        self._refuse_without_exons(rows)
        kinds, count = rows[_KIND], len(self._numbers)
        is_piece = (kinds == EXON) | (kinds == CODING) | (kinds == STOP)
        is_coding = (kinds == CODING) | (kinds == STOP)
        strands = _strands(rows[:, is_piece], count)
        exons = groups_of(rows[:, is_piece][[_OWNER, _START, _END]], count)
        coding = groups_of(rows[:, is_coding][[_OWNER, _START, _END]], count)
        kept = np.flatnonzero((exons.counts > 0) & (strands != NEITHER))
        odd = int(((exons.counts > 0) & (strands == NEITHER)).sum())
        if odd:
            message = f"{self.path.name}: {counted(odd, 'transcript')} left out, on no strand"
            warnings.warn(f"{message} or on both", DataWarning, stacklevel=3)
        keys = list(self._numbers)
        genes = self._gene_facts(keys)
        if not self.is_gff3:
            refuse_nameless(self.path, sum(not genes[n].gene_id for n in kept.tolist()))
        phases = _phases(rows[:, kinds == CODING], strands)
        codons = _codons(rows[:, kinds == SELENOCYSTEINE], count)
        models = Models([keys[n][0] for n in kept], strands[kept] != MINUS)
        models.pieces = (exons.of(kept), coding.of(kept))
        models.phases = phases[kept]
        for number in kept.tolist():
            told = self._coding.get(number, CodingFacts("", ()))
            models.add(genes[number], told.protein, codons.get(number, told.selenocysteines))
        return models.sealed()

    def _refuse_without_exons(self, rows: Int32s) -> None:
        if (rows[_KIND] == EXON).any():
            return
        found = "no exon of a transcript" if rows.shape[1] else "no transcript"
        expected = "a GTF or GFF3 with transcripts and their exons"
        remedy = "Give the whole annotation, such as that of GENCODE or Ensembl."
        raise InputError(fault(self.path.name, found, expected, remedy))

    def _gene_facts(self, keys: list[tuple[str, str]]) -> list[Facts]:
        """Return the facts of each transcript, with what its gene's line tells in a GFF3."""
        filled = []
        for (contig, name), own in zip(keys, self._facts, strict=True):
            facts = own or Facts(name, "", "", "", "", False, False, False, False)  # noqa: FBT003
            above = facts
            while above.parent and not (facts.gene and facts.gene_id):
                number = self._numbers.get((contig, above.parent), -1)
                parent = self._facts[number] if number >= 0 else None
                if parent is None or parent is above:
                    break
                above = parent
                facts = facts._replace(
                    gene=facts.gene or above.gene, gene_id=facts.gene_id or above.gene_id
                )
            gene_id = facts.gene_id or (above.name if above is not facts else "")
            filled.append(facts._replace(gene=facts.gene or gene_id, gene_id=gene_id))
        return filled


def _is_gff3(text: bytes) -> bool:
    """Tell a GFF3 from a GTF by its mark, else by the first line that has attributes."""
    for line in text.split(b"\n"):
        if line.startswith(b"##gff-version 3"):
            return True
        fields = line.split(b"\t")
        if not line.startswith(b"#") and len(fields) == _FIELDS:
            return _GFF3_ATTRIBUTE.match(fields[-1].lstrip()) is not None
    return False


def _strands(pieces_of: Int32s, count: int) -> Int32s:
    """Return the strand of each transcript, `NEITHER` if its pieces disagree."""
    low, high = np.full(count, NEITHER, np.int32), np.full(count, -1, np.int32)
    np.minimum.at(low, pieces_of[_OWNER], pieces_of[_STRAND])
    np.maximum.at(high, pieces_of[_OWNER], pieces_of[_STRAND])
    return np.where(low == high, low, NEITHER).astype(np.int32)


def _phases(coding: Int32s, strands: Int32s) -> Int32s:
    """Return the phase of the first piece of CDS of each transcript, by its direction."""
    phases = np.zeros(len(strands), np.int32)
    is_reverse = strands[coding[_OWNER]] == MINUS
    place = np.where(is_reverse, coding[_END], -coding[_START])
    order = np.lexsort((place, coding[_OWNER]))  # the first in direction comes last and wins
    phases[coding[_OWNER, order]] = coding[_PHASE, order]
    return phases


def _codons(rows: Int32s, count: int) -> dict[int, tuple[int, ...]]:
    """Return the lowest base of each codon of selenocysteine, by transcript."""
    found: dict[int, tuple[int, ...]] = {}
    pieces_of: Groups = groups_of(rows[[_OWNER, _START, _END]], count)
    for number in np.flatnonzero(pieces_of.counts).tolist():
        starts, bases = [], 0
        for start, end in pieces_of.at(number):  # a codon may be split by an intron
            if bases % _CODON == 0:
                starts.append(start)
            bases += end - start
        found[number] = tuple(starts)
    return found


def _written(text: bytes, at: int, end: int) -> str:
    return text[at:end].decode(errors="replace")
