"""Genes, exons and coding bases of a GTF or GFF3."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.io.gene_names import STRANDS, GeneNames, written
from storiform.io.lines import lines, pieces
from storiform.io.transcripts import read_transcript_models, refuse_nameless
from storiform.kernels.gene_lines import (
    CODING,
    CONTIG_RUN,
    DONE,
    END,
    EXON,
    FEATURE,
    GENE_RUN,
    GFF3,
    START,
    STRAND,
    TRANSCRIPT_RUN,
    Lines,
    scan_lines,
)
from storiform.model.errors import InputError, fault
from storiform.model.genome import BUILD_ALIASES, CHROMOSOMES, Build, canonical_contig
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.transcripts import Transcript

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Objects = NDArray[np.object_]

_OF_EXONS = [GENE_RUN, CONTIG_RUN, STRAND, START, END]
_OF_CODING = [TRANSCRIPT_RUN, STRAND, START, END]
_PIECE_BYTES = 1 << 20
_MOST_ROWS = 1 << 17
"""Rows after which exons that overlap are merged: transcripts of a gene share most of them."""
_LINE_FEED = 10
_SPLICE_BASES = 2
_GFF3_FEATURE = re.compile(r"\s*[^\s\"=;]+=")
_GENE = ("gene_id", "gene", "biotype", "contig", "strand")
_OF_CODING_GENES = frozenset(
    {"protein_coding", "nonsense_mediated_decay", "non_stop_decay", "protein_coding_LoF"}
)
_FAR = 1 << 36
"""More than any place on a contig: keeps the pieces of one group apart from the next's."""


def read_genes(path: Path) -> GeneModel:
    """Read genes, exons and coding bases of a GTF or GFF3, plain or compressed.

    Coding bases are CDS and stop codons. The bases at both ends of each piece are added
    wherever the transcript goes on in another piece, since these are donors and acceptors
    of splicing. A GTF without CDS has no coding bases; its genes can still be counted.

    Raises
    ------
    InputError
        If a line is damaged, or if the file has neither exons nor CDS on a human chromosome.
    """
    model = _of_transcripts(read_transcript_models(path)) if is_gff3(path) else _of_gtf(path)
    contigs = set(model.exons["contig"]) | set(model.coding.bounds)
    if not contigs & set(CHROMOSOMES):
        names = ", ".join(sorted(contigs)[:5]) or "none"
        expected = "exons or coding sequences on chr1 to chr22, chrX or chrY"
        remedy = "Give the file of the genome of the cohort."
        raise InputError(fault(path.name, f"contigs {names}", expected, remedy))
    return model


def annotated_contigs(path: Path) -> Iterator[str]:
    """Yield the contigs of the features of a GTF or GFF3, each once, as they come.

    Nothing else of the file is looked at, so that the first ones cost little.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    seen: set[str] = set()
    for _, line in lines(path):
        written, tab, _ = line.partition("\t")
        if tab and not line.startswith("#") and written not in seen:
            seen.add(written)
            yield canonical_contig(written)


def is_gff3(path: Path) -> bool:
    """Tell whether an annotation is a GFF3, by its first line or that of its first feature."""
    for _, line in lines(path):
        if line.startswith("##gff-version 3"):
            return True
        if line.strip() and not line.startswith("#"):
            return _GFF3_FEATURE.match(line.rstrip("\n").rpartition("\t")[2]) is not None
    return False


def _of_gtf(path: Path) -> GeneModel:
    told = _Told()
    for text, found in _scanned(path):
        told.take(text, found)
    model = told.model()
    refuse_nameless(path, int((model.genes["gene_id"] == "").sum()))
    return model


def _of_transcripts(transcripts: Iterable[Transcript]) -> GeneModel:
    """Put the transcripts of each gene together; a gene codes if one of them does."""
    numbers: dict[tuple[str, str], int] = {}
    contig_numbers: dict[str, int] = {}
    genes: list[dict[str, str]] = []
    exons: list[tuple[int, ...]] = []
    coding: list[tuple[int, ...]] = []
    owners: list[tuple[int, int]] = []
    for one in transcripts:
        gene = numbers.setdefault((one.gene_id, one.contig), len(numbers))
        contig = contig_numbers.setdefault(one.contig, len(contig_numbers))
        strand = 0 if one.is_forward else 1
        if gene == len(genes):
            told = (one.gene_id, one.gene, one.biotype, one.contig, str(STRANDS[strand]))
            genes.append(dict(zip(_GENE, told, strict=True)))
        if one.biotype in _OF_CODING_GENES:
            genes[gene]["biotype"] = "protein_coding"
        exons += [(gene, contig, strand, *piece) for piece in one.exons]
        coding += [(len(owners), strand, *piece) for piece in one.coding]
        owners.append((gene, contig))
    names = np.array([gene["gene_id"] for gene in genes], dtype=object)
    contigs = np.array([*contig_numbers, ""], dtype=object)[:-1]
    longer = _with_splice_bases(np.array(coding, dtype=np.int32).reshape(-1, 4).T)
    of_coding = np.array(owners, dtype=np.int32).reshape(-1, 2).T[:, longer[0]]
    bases = _union(np.concatenate([of_coding, longer[1:]]))
    return GeneModel(
        coding=_intervals(_union(bases[[1, 3, 4]]), contigs),
        genes=pd.DataFrame(genes, columns=list(_GENE)),
        exons=_frame(_union(np.array(exons, dtype=np.int32).reshape(-1, 5).T), names, contigs),
        coding_exons=_frame(bases, names, contigs),
    )


class _Told:
    """What the lines of a GTF have told.

    Pieces are kept in 32 bits, since an annotation has millions: exons (5, n) as gene, contig,
    strand, start and end, merged now and then; coding pieces (4, n) as run of a transcript,
    strand, start and end, which wait for the end, since any transcript may go on. Runs are
    known by gene, contig and the hash of the transcript's name.
    """

    def __init__(self) -> None:
        self._contigs: dict[str, int] = {}
        self._genes = GeneNames()
        self._exons: list[Int32s] = []
        self._coding: list[Int32s] = []
        self._runs: list[Int64s] = []
        self._last: tuple[list[Int32s], list[Int32s]] = ([], [])
        self._counts = [0, 0]

    def take(self, text: bytes, found: Lines) -> None:
        """Learn from the rows and the runs of some lines."""
        rows, contigs, genes, transcripts = found.filled()
        names = [written(text, at, end) for at, end in contigs.tolist()]
        known = [self._contigs.setdefault(name, len(self._contigs)) for name in names]
        of_contigs = np.array(known, dtype=np.int64)
        of_genes = self._genes.take(text, genes)
        hashes = [hash(text[at:end]) for at, end in transcripts[:, :2].tolist()]
        owners = (of_genes[transcripts[:, 3]], of_contigs[transcripts[:, 2]])
        self._runs.append(np.column_stack([*owners, np.array(hashes, dtype=np.int64)]))
        rows[:, CONTIG_RUN] = of_contigs[rows[:, CONTIG_RUN]]
        rows[:, GENE_RUN] = of_genes[rows[:, GENE_RUN]]
        rows[:, TRANSCRIPT_RUN] += self._counts[1]
        self._genes.place(rows)
        for kept, kind, columns in zip(
            self._last, (EXON, CODING), (_OF_EXONS, _OF_CODING), strict=True
        ):
            kept.append(rows[rows[:, FEATURE] == kind][:, columns].T.astype(np.int32))
        self._counts[0] += len(rows)
        self._counts[1] += len(transcripts)
        if self._counts[0] > _MOST_ROWS:
            self._merge()

    def _merge(self) -> None:
        """Merge the exons and join the coding pieces of the last lines."""
        exons, coding = self._last
        self._exons.append(_union(_joined(exons, len(_OF_EXONS))))
        self._coding.append(_joined(coding, len(_OF_CODING)))
        self._last, self._counts[0] = ([], []), 0

    def model(self) -> GeneModel:
        """Return the genes, in the order of their first pieces, with their bases."""
        self._merge()
        contigs = np.array([*map(canonical_contig, self._contigs), ""], dtype=object)[:-1]
        genes, rows = self._genes.table(contigs)
        names = genes["gene_id"].to_numpy(dtype=object)
        exons, coding = _joined(self._exons, len(_OF_EXONS)), self._coding_bases()
        self._exons = []
        for bases in (exons, coding):
            bases[0] = rows[bases[0]]
        exons, coding = _union(exons), _union(coding)
        return GeneModel(
            coding=_intervals(_union(coding[[1, 3, 4]]), contigs),
            genes=genes,
            exons=_frame(exons, names, contigs),
            coding_exons=_frame(coding, names, contigs),
        )

    def _coding_bases(self) -> Int32s:
        """Return gene, contig, strand, start and end of coding and splice bases."""
        coding = _joined(self._coding, len(_OF_CODING))
        runs = np.concatenate([np.empty((0, 3), dtype=np.int64), *self._runs])
        self._coding, self._runs = [], []
        order = np.lexsort(runs.T[::-1])
        is_new = np.diff(runs[order], axis=0, prepend=-1).any(axis=1)
        owners = runs[order[is_new], :2].T.astype(np.int32)
        numbers = np.empty(len(runs), dtype=np.int32)
        numbers[order] = np.cumsum(is_new) - 1
        coding[0] = numbers[coding[0]]
        rows = np.lexsort((coding[3], coding[2], coding[0]))
        cuts = coding[0, rows[_MOST_ROWS::_MOST_ROWS]]
        merged = []
        for part in np.split(rows, np.searchsorted(coding[0], cuts, sorter=rows)):
            longer = _with_splice_bases(coding[:, part])  # a transcript lies in one part
            merged.append(_union(np.concatenate([owners[:, longer[0]], longer[1:]])))
        return _joined(merged, len(_OF_EXONS))


def _joined(parts: list[Int32s], columns: int) -> Int32s:
    return np.concatenate([np.empty((columns, 0), dtype=np.int32), *parts], axis=1)


def _frame(bases: Int32s, names: Objects, contigs: Objects) -> pd.DataFrame:
    gene, contig, strand, start, end = bases
    columns = {
        "gene_id": names[gene],
        "contig": contigs[contig],
        "start": start.astype(np.int64),
        "end": end.astype(np.int64),
    }
    return pd.DataFrame({**columns, "strand": STRANDS[strand]})


def _intervals(bases: Int32s, contigs: Objects) -> Intervals:
    contig, start, end = bases.astype(np.int64)
    bounds = {}
    for number in np.unique(contig):
        bounds[str(contigs[number])] = (start[contig == number], end[contig == number])
    return Intervals({name: bounds[name] for name in sorted(bounds)})


def _union(bases: Int32s) -> Int32s:
    """Merge overlapping and touching pieces of each group.

    The last two rows are starts and ends, those before them the groups, by which the merged
    pieces are sorted.
    """
    if not bases.shape[1]:
        return bases
    order = np.lexsort(bases[-2::-1])
    changes = np.zeros(len(order), dtype=bool)
    for group in bases[:-2]:
        changes[1:] |= np.diff(group[order]) != 0
    shift = np.cumsum(changes) * _FAR
    begins = bases[-2, order] + shift
    reach = np.maximum.accumulate(bases[-1, order] + shift)
    first = np.flatnonzero(np.append(True, begins[1:] > reach[:-1]))
    last = np.append(first[1:], len(order)) - 1
    merged = bases[:, order[first]]
    merged[-1] = reach[last] - shift[first]
    return merged


def _with_splice_bases(bases: Int32s) -> Int32s:
    """Lengthen each coding piece wherever its transcript goes on in the next one."""
    transcript, _, start, end = bases
    longer = _SPLICE_BASES * ((np.diff(transcript) == 0) & (end[:-1] < start[1:]))
    start[1:] -= longer
    end[:-1] += longer
    return bases


def _scanned(path: Path) -> Iterator[tuple[bytes, Lines]]:
    """Yield the text of a GTF in pieces, and what the lines of each tell."""
    before = 0
    for text in pieces(path, _PIECE_BYTES, must_end=True):
        data = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(data == _LINE_FEED)
        found = Lines.room_for(len(ends))
        line, why = scan_lines(data, ends, 0, found)
        while why != DONE:
            begin = int(ends[line - 1]) + 1 if line else 0
            number = before + int(line) + 1
            if why == GFF3:
                _refuse_mixture(path, number)
            _pass_over(path, number, written(text, begin, int(ends[line])))
            line, why = scan_lines(data, ends, line + 1, found)
        before += len(ends)
        yield text, found


def check_declared_build(path: Path, build: Build) -> None:
    """Refuse a GTF whose opening comments name another genome build alone.

    Raises
    ------
    InputError
        If so; a GTF that names none, or both, is taken.
    """
    named: set[Build] = set()
    for _, line in lines(path):
        if not line.startswith("#"):
            break
        words = (word.split(".p")[0] for word in re.findall(r"[a-z0-9.]+", line.lower()))
        named |= {
            BUILD_ALIASES[word]
            for word in words
            if not word.isdigit() and word in BUILD_ALIASES
        }
    if named and build not in named:
        found = f"an annotation of {' and '.join(sorted(named))}"
        remedy = "Give the annotation of the cohort's build, or set cohort.genome."
        raise InputError(fault(path.name, found, f"{build}, the build of the cohort", remedy))


def _pass_over(path: Path, number: int, line: str) -> None:
    """Accept a blank line or a comment; refuse a damaged line."""
    if line.strip() and not line.startswith("#"):
        where = f"{path.name}, line {number}"
        expected = "nine columns of a GTF, separated by tabs, with start <= end"
        raise InputError(fault(where, repr(line[:40]), expected, "Give a GTF or GFF3."))


def _refuse_mixture(path: Path, number: int) -> None:
    where, expected = f"{path.name}, line {number}", 'attributes such as gene_id "X";'
    remedy = "Give one annotation, a GTF or a GFF3."
    raise InputError(fault(where, "a line of a GFF3 in a GTF", expected, remedy))
