"""Genes, exons and coding bases of a GTF."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.io.lines import lines
from storiform.model.errors import InputError, fault
from storiform.model.genome import BUILD_ALIASES, CHROMOSOMES, Build, canonical_contig
from storiform.model.intervals import GeneModel, Intervals

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]

_FIELDS = 9
_COLUMNS = (
    "contig", "source", "feature", "start", "end", "score", "strand", "frame", "attributes"
)  # fmt: skip
_TEXTS = ("contig", "feature", "strand", "attributes")

_CODING = ("CDS", "stop_codon")
_USED = {"gene", "exon", *_CODING}
_STRANDS = {"+": 0, "-": 1}
_NO_STRAND = 2
_WRITTEN = np.array(["+", "-", "."], dtype=object)
_CHUNK_ROWS = 50_000
_SPLICE_BASES = 2
_FAR = 1 << 36
"""More than any place on a contig: keeps the pieces of one group apart from the next's."""

_GENE_ID, _GENE_NAME, _BIOTYPE, _TRANSCRIPT_ID = (
    re.compile(rf'(?:^|[;\s])(?:{names})\s+"?([^";]*)')
    for names in ("gene_id", "gene_name|gene", "gene_type|gene_biotype", "transcript_id")
)


@dataclass
class _Names:
    """Numbers given to names in the order in which they come."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, names: Objects) -> Int64s:
        """Return the number of each name, giving new ones."""
        codes, found = pd.factorize(names)
        known = [self.numbers.setdefault(str(name), len(self.numbers)) for name in found]
        return np.asarray(known, dtype=np.int64)[codes]

    def written(self) -> Objects:
        """Return the names in the order of their numbers."""
        return np.array([*self.numbers, ""], dtype=object)[:-1]


@dataclass
class _Pieces:
    """Exons or coding pieces: numbers of gene, contig, strand and transcript; bounds."""

    parts: list[tuple[Int64s, ...]] = field(default_factory=list)

    def columns(self) -> tuple[Int64s, ...]:
        """Return gene, contig, strand, transcript, start and end of all pieces."""
        if not self.parts:
            return (np.empty(0, dtype=np.int64),) * 6
        return tuple(np.concatenate(column) for column in zip(*self.parts, strict=True))


def read_genes(path: Path) -> GeneModel:
    """Read genes, exons and coding bases of a GTF, plain or compressed.

    Coding bases are CDS and stop codons. The bases at both ends of each piece are added
    wherever the transcript goes on in another piece, since these are donors and acceptors
    of splicing. A GTF without CDS has no coding bases; its genes can still be counted.

    Raises
    ------
    InputError
        If a line is damaged, if the file is a GFF3, or if it has neither exons nor CDS on a
        human chromosome.
    """
    told = _Told()
    for rows in _chunks(path):
        told.take(rows)
    model = told.model()
    found = set(model.exons["contig"]) | set(model.coding.bounds)
    if not found & set(CHROMOSOMES):
        names = ", ".join(sorted(found)[:5]) or "none"
        expected = "exons or coding sequences on chr1 to chr22, chrX or chrY"
        remedy = "Give the file of the genome of the cohort."
        raise InputError(fault(path.name, f"contigs {names}", expected, remedy))
    return model


class _Told:
    """What the lines of a GTF have told."""

    def __init__(self) -> None:
        self.genes, self.contigs, self.transcripts = _Names(), _Names(), _Names()
        self.symbols: dict[str, str] = {}
        self.biotypes: dict[str, str] = {}
        self.exons, self.coding = _Pieces(), _Pieces()

    def take(self, rows: pd.DataFrame) -> None:
        """Learn from the rows of genes, exons and coding sequences."""
        attributes = rows["attributes"].to_numpy(dtype=object)
        features = rows["feature"].to_numpy(dtype=object)
        ids = _attribute(attributes, _GENE_ID)
        for of_genes in (True, False):
            places = np.flatnonzero((features == "gene") == of_genes)
            self._describe(ids[places], attributes[places])
        self._add(self.exons, rows, ids, features == "exon")
        self._add(self.coding, rows, ids, np.isin(features, _CODING))

    def _describe(self, ids: Objects, attributes: Objects) -> None:
        """Note symbol and biotype of each gene from its first line of a kind."""
        firsts = np.flatnonzero(~pd.Series(ids, dtype=object).duplicated().to_numpy())
        for known, pattern in ((self.symbols, _GENE_NAME), (self.biotypes, _BIOTYPE)):
            for name, told in zip(ids[firsts], attributes[firsts], strict=True):
                if not known.get(name):
                    match = pattern.search(told)
                    known[name] = match.group(1) if match else ""

    def _add(self, pieces: _Pieces, rows: pd.DataFrame, ids: Objects, is_piece: Bools) -> None:
        chosen = rows[is_piece]
        transcripts = np.empty(len(chosen), dtype=np.int64)
        if pieces is self.coding:
            attributes = chosen["attributes"].to_numpy(dtype=object)
            transcripts = self.transcripts.of(_attribute(attributes, _TRANSCRIPT_ID))
        strands = chosen["strand"].astype(object).map(_STRANDS).fillna(_NO_STRAND)
        bounds = chosen[["start", "end"]].to_numpy(dtype=np.int64)
        pieces.parts.append(
            (
                self.genes.of(ids[is_piece]),
                self.contigs.of(chosen["contig"].to_numpy(dtype=object)),
                np.asarray(strands, dtype=np.int64),
                transcripts,
                bounds[:, 0] - 1,
                bounds[:, 1],
            )
        )

    def model(self) -> GeneModel:
        """Return the genes, in the order of their first lines, with their bases."""
        exons, coding = self.exons.columns(), _with_splice_bases(self.coding.columns())
        contigs = np.array(
            [canonical_contig(name) for name in self.contigs.written()], dtype=object
        )
        names = self.genes.written()
        homes = np.zeros((len(names), 2), dtype=np.int64)
        for pieces in (coding, exons):  # the first exon has the last word
            homes[pieces[0][::-1]] = np.column_stack(pieces[1:3])[::-1]
        symbols = [self.symbols.get(name) or name for name in names]
        genes = pd.DataFrame(
            {
                "gene_id": names,
                "gene": np.array(symbols, dtype=object),
                "biotype": np.array([self.biotypes.get(n, "") for n in names], dtype=object),
                "contig": contigs[homes[:, 0]],
                "strand": _WRITTEN[homes[:, 1]],
            }
        )
        everything = _union((coding[1],), coding[4], coding[5])
        of_coding = _union((coding[0], coding[1], coding[2]), coding[4], coding[5])
        of_exons = _union((exons[0], exons[1], exons[2]), exons[4], exons[5])
        return GeneModel(
            coding=_intervals(everything, contigs),
            genes=genes,
            exons=_frame(of_exons, names, contigs),
            coding_exons=_frame(of_coding, names, contigs),
        )


def _frame(pieces: tuple[Int64s, ...], names: Objects, contigs: Objects) -> pd.DataFrame:
    gene, contig, strand, start, end = pieces
    columns = {"gene_id": names[gene], "contig": contigs[contig], "start": start, "end": end}
    return pd.DataFrame({**columns, "strand": _WRITTEN[strand]})


def _intervals(pieces: tuple[Int64s, ...], contigs: Objects) -> Intervals:
    contig, start, end = pieces
    bounds = {}
    for number in np.unique(contig):
        bounds[str(contigs[number])] = (start[contig == number], end[contig == number])
    return Intervals({name: bounds[name] for name in sorted(bounds)})


def _union(groups: tuple[Int64s, ...], starts: Int64s, ends: Int64s) -> tuple[Int64s, ...]:
    """Merge overlapping and touching pieces of each group; return groups, starts and ends."""
    if not len(starts):
        return (*groups, starts, ends)
    order = np.lexsort((starts, *groups[::-1]))
    changes = np.zeros(len(order), dtype=bool)
    for group in groups:
        changes[1:] |= np.diff(group[order]) != 0
    shift = np.cumsum(changes) * _FAR
    begins, reach = starts[order] + shift, np.maximum.accumulate(ends[order] + shift)
    first = np.flatnonzero(np.append(True, begins[1:] > reach[:-1]))
    last = np.append(first[1:], len(order)) - 1
    kept = tuple(group[order][first] for group in groups)
    return (*kept, begins[first] - shift[first], reach[last] - shift[first])


def _with_splice_bases(pieces: tuple[Int64s, ...]) -> tuple[Int64s, ...]:
    """Lengthen each coding piece wherever its transcript goes on in another piece."""
    gene, contig, strand, transcript, start, end = pieces
    order = np.lexsort((end, start, transcript, contig, gene))
    gene, contig, strand, transcript = (c[order] for c in (gene, contig, strand, transcript))
    start, end = start[order], end[order]
    follows = (np.diff(gene) == 0) & (np.diff(contig) == 0) & (np.diff(transcript) == 0)
    follows &= end[:-1] < start[1:]
    longer = _SPLICE_BASES * follows
    start[1:] -= longer
    end[:-1] += longer
    return gene, contig, strand, transcript, start, end


def _attribute(attributes: Objects, pattern: re.Pattern[str]) -> Objects:
    """Return the value of an attribute in each text, empty where it is missing."""
    search = pattern.search
    values = [match.group(1) if (match := search(text)) else "" for text in attributes]
    return np.array([*values, ""], dtype=object)[:-1]


def _chunks(path: Path) -> Iterator[pd.DataFrame]:
    """Yield the rows of genes, exons and coding sequences, some thousands at a time.

    Splitting lines takes half the time of pandas' reader, for which every byte of the long
    attributes is a step.
    """
    rows: list[list[str]] = []
    for number, line in lines(path):
        fields = line.split("\t", _FIELDS - 1)
        try:
            is_sound = 1 <= int(fields[3]) <= int(fields[4]) and fields[8] != ""
        except (IndexError, ValueError):
            is_sound = False
        if not is_sound:
            _pass_over(path, number, line)
        elif fields[2] in _USED and line[0] != "#":
            if not rows and re.match(r"(ID|Parent)=", fields[8]):
                _refuse_gff3(path, number)
            rows.append(fields)
            if len(rows) == _CHUNK_ROWS:
                yield _rows(rows)
                rows = []
    if rows:
        yield _rows(rows)


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
    """Accept a blank line or a comment; refuse a damaged line and a GFF3."""
    if line.startswith("##gff-version 3"):
        _refuse_gff3(path, number)
    if line.strip() and not line.startswith("#"):
        where = f"{path.name}, line {number}"
        expected = "nine columns of a GTF, separated by tabs, with start <= end"
        raise InputError(fault(where, repr(line[:40]), expected, "Give a GTF."))


def _rows(rows: list[list[str]]) -> pd.DataFrame:
    columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
    places = {name: np.array(columns[name], dtype=np.int64) for name in ("start", "end")}
    texts = {n: np.array(columns[n], dtype=object) for n in _TEXTS}
    return pd.DataFrame({**texts, **places}, copy=False)


def _refuse_gff3(path: Path, number: int) -> None:
    where, expected = f"{path.name}, line {number}", 'a GTF (attributes such as gene_id "X";)'
    remedy = "Give the GTF of the same annotation, or convert it: gffread -T."
    raise InputError(fault(where, "a GFF3", expected, remedy))
