"""Lines of a GTF: places and strands of exons and coding pieces, and where their names lie.

Neighbouring lines mostly name the same contig, gene and transcript. Such a *run* is told once,
by where its name lies in the text, and each row refers to it; so nobody has to make a text of
each field of each line.
"""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import Bytes, Int

Int64s = npt.NDArray[np.int64]

GENE, EXON, CODING, OTHER = range(4)
"""Features: a gene, an exon, a CDS or stop codon, and any other."""
PLUS, MINUS, NEITHER = range(3)
"""Strand of a row."""
FEATURE, STRAND, START, END, CONTIG_RUN, GENE_RUN, TRANSCRIPT_RUN, ROW_COLUMNS = range(8)
"""Columns of `Lines.rows`."""
AT, STOP, IS_GENE, SYMBOL_AT, SYMBOL_STOP, BIOTYPE_AT, BIOTYPE_STOP, GENE_COLUMNS = range(8)
"""Columns of `Lines.genes`; of `Lines.contigs` the first two."""
TRANSCRIPT_COLUMNS = 4
"""Of `Lines.transcripts`: `AT`, `STOP`, run of the contig, run of the gene."""
USED_ROWS, USED_CONTIGS, USED_GENES, USED_TRANSCRIPTS = range(4)

DONE, ODD, GFF3 = range(3)
"""Why `scan_lines` returns: no line is left, one is no line of a GTF, or one is of a GFF3."""

_TAB, _SPACE, _QUOTE, _HASH, _SEMICOLON = 9, 32, 34, 35, 59
_ZERO, _NINE, _LAST_PLACE = 48, 57, (1 << 31) - 1
_TABS, _IDENTITY, _SYMBOL, _BIOTYPE, _TRANSCRIPT = 8, 0, 1, 2, 3

_FEATURES = np.array(list(b"geneexonCDSstop_codon"), dtype=np.uint8)
_FEATURE_ENDS = np.array([0, 4, 8, 11, 21], dtype=np.int64)
_FEATURE_KINDS = np.array([GENE, EXON, CODING, CODING], dtype=np.int64)
_KEYS = np.array(
    list(b"gene_idgene_namegenegene_typegene_biotypetranscript_id"), dtype=np.uint8
)
_KEY_ENDS = np.array([0, 7, 16, 20, 29, 41, 54], dtype=np.int64)
_KEY_KINDS = np.array(
    [_IDENTITY, _SYMBOL, _SYMBOL, _BIOTYPE, _BIOTYPE, _TRANSCRIPT], dtype=np.int64
)
_GFF3_KEYS = np.array(list(b"ID=Parent="), dtype=np.uint8)
_GFF3_ENDS = np.array([0, 3, 10], dtype=np.int64)


class Lines(NamedTuple):
    """What lines of a GTF tell, int64, one row each.

    `rows` (n, `ROW_COLUMNS`) of exons and coding pieces, 0-based half-open; `contigs` (n, 2),
    `genes` (n, `GENE_COLUMNS`) and `transcripts` (n, `TRANSCRIPT_COLUMNS`) are runs of lines
    with the same name. Of a run of genes symbol and biotype lie where a line of it tells them
    first, and nowhere (0, 0) if none does; lines of genes and other lines are in different
    runs, and only coding pieces have transcripts. `used` (4,) is how many there are of each.
    """

    rows: Int64s
    contigs: Int64s
    genes: Int64s
    transcripts: Int64s
    used: Int64s

    @classmethod
    def room_for(cls, lines: int) -> Self:
        """Make room for what so many lines can tell."""
        return cls(
            np.empty((lines, ROW_COLUMNS), dtype=np.int64),
            np.empty((lines, 2), dtype=np.int64),
            np.empty((lines, GENE_COLUMNS), dtype=np.int64),
            np.empty((lines, TRANSCRIPT_COLUMNS), dtype=np.int64),
            np.zeros(4, dtype=np.int64),
        )

    def filled(self) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """Return rows, contigs, genes and transcripts without the room that is left."""
        one, two, three, four = self.used.tolist()
        return (
            self.rows[:one],
            self.contigs[:two],
            self.genes[:three],
            self.transcripts[:four],
        )


@compiled
def find_word(
    data: Bytes, at: Int, end: Int, words: Bytes, ends: Int64s, is_begin: Int
) -> Int:  # fmt: skip
    """Return which of some joined words a text is (or begins with), -1 if it is none."""
    for number in range(len(ends) - 1):
        size = ends[number + 1] - ends[number]
        if end - at < size or (not is_begin and end - at > size):
            continue
        same = np.int64(0)
        while same < size and data[at + same] == words[ends[number] + same]:
            same += 1
        if same == size:
            return np.int64(number)
    return np.int64(-1)


@compiled
def find_tabs(data: Bytes, at: Int, end: Int, tabs: Int64s) -> Int:
    """Fill a list with the places of the first tabs of a line; return how many it has."""
    found = np.int64(0)
    for place in range(at, end):
        if data[place] == _TAB:
            tabs[found] = place
            found += 1
            if found == len(tabs):
                break
    return found


@compiled
def read_place(data: Bytes, at: Int, end: Int) -> Int:
    """Return a number of digits, -1 for anything else or one beyond any contig."""
    number: Int = np.int64(0)
    for place in range(at, end):
        if data[place] < _ZERO or data[place] > _NINE or number > _LAST_PLACE:
            return np.int64(-1)
        number = 10 * number + np.int64(data[place]) - _ZERO
    return number if at < end and number <= _LAST_PLACE else np.int64(-1)


@compiled
def is_blank(letter: Int) -> bool:
    """Tell whether a byte is white space inside a line."""
    return bool(letter == _SPACE or _TAB <= letter < _TAB + 5)


@compiled
def find_byte(data: Bytes, at: Int, end: Int, wanted: Int) -> Int:
    """Return the first place of a byte in [at, end), else the end."""
    while at < end and data[at] != wanted:
        at += 1
    return at


@compiled
def end_of_word(data: Bytes, at: Int, end: Int) -> Int:
    """Return where a word ends: at white space or a semicolon outside of quotes."""
    while at < end and data[at] != _SEMICOLON and not is_blank(data[at]):
        if data[at] == _QUOTE:
            closing = find_byte(data, at + 1, end, np.int64(_QUOTE))
            at = closing if closing < end else at
        at += 1
    return at


@compiled
def find_values(data: Bytes, at: Int, end: Int, wanted: Int, values: Int64s) -> Int:
    """Fill `values` (4, 2) with the bounds of the wanted attributes; 0, 0 where one is missing.

    An attribute is a word outside of quotes, white space, and a value with or without quotes;
    the first of a kind counts. ``wanted`` are bits. Return the bits of those that are missing.
    """
    for kind in range(len(values)):
        values[kind, 0], values[kind, 1] = 0, 0
    while at < end and wanted != 0:
        if data[at] == _SEMICOLON or is_blank(data[at]):
            at += 1
            continue
        stop = end_of_word(data, at, end)
        word = find_word(data, at, stop, _KEYS, _KEY_ENDS, np.int64(0))
        at = stop
        while at < end and is_blank(data[at]):
            at += 1
        if word < 0 or at == stop:
            continue
        is_quoted = at < end and data[at] == _QUOTE
        first = at + is_quoted
        last = find_byte(data, first, end, np.int64(_QUOTE if is_quoted else _SEMICOLON))
        if is_quoted and last == end:
            last = find_byte(data, first, end, np.int64(_SEMICOLON))
        bit = np.int64(1) << _KEY_KINDS[word]
        if wanted & bit:
            values[_KEY_KINDS[word], 0], values[_KEY_KINDS[word], 1] = first, last
            wanted &= ~bit
        at = last + is_quoted
    return wanted


@compiled
def is_same(data: Bytes, runs: Int64s, run: Int, at: Int, end: Int) -> bool:
    """Tell whether a run bears the same name as a text."""
    if run < 0 or runs[run, STOP] - runs[run, AT] != end - at:
        return False
    before = runs[run, AT]
    same = np.int64(0)
    while same < end - at and data[before + same] == data[at + same]:
        same += 1
    return bool(same == end - at)


@compiled
def run_of_contig(data: Bytes, at: Int, end: Int, lines: Lines) -> Int:
    """Return the run of a line's contig, a new one if it is not that of the line before."""
    contigs, used = lines.contigs, lines.used
    run: Int = used[USED_CONTIGS] - 1
    if not is_same(data, contigs, run, at, end):
        run += 1
        contigs[run, AT], contigs[run, STOP] = at, end
        used[USED_CONTIGS] += 1
    return run


@compiled
def run_of_gene(data: Bytes, values: Int64s, is_gene: Int, lines: Lines) -> Int:
    """Return the run of a line's gene, and add the symbol and the biotype that it tells."""
    genes, used = lines.genes, lines.used
    run: Int = used[USED_GENES] - 1
    at, end = values[_IDENTITY, 0], values[_IDENTITY, 1]
    if not is_same(data, genes, run, at, end) or genes[run, IS_GENE] != is_gene:
        run += 1
        for column in range(GENE_COLUMNS):
            genes[run, column] = 0
        genes[run, AT], genes[run, STOP], genes[run, IS_GENE] = at, end, is_gene
        used[USED_GENES] += 1
    if genes[run, SYMBOL_AT] == genes[run, SYMBOL_STOP]:
        genes[run, SYMBOL_AT], genes[run, SYMBOL_STOP] = values[_SYMBOL, 0], values[_SYMBOL, 1]
    if genes[run, BIOTYPE_AT] == genes[run, BIOTYPE_STOP]:
        genes[run, BIOTYPE_AT] = values[_BIOTYPE, 0]
        genes[run, BIOTYPE_STOP] = values[_BIOTYPE, 1]
    return run


@compiled
def run_of_transcript(data: Bytes, values: Int64s, row: Int, lines: Lines) -> Int:
    """Return the run of a row's transcript, which lies in one run of a contig and a gene."""
    rows, runs, used = lines.rows, lines.transcripts, lines.used
    run: Int = used[USED_TRANSCRIPTS] - 1
    at, end = values[_TRANSCRIPT, 0], values[_TRANSCRIPT, 1]
    contig, gene = rows[row, CONTIG_RUN], rows[row, GENE_RUN]
    if not is_same(data, runs, run, at, end) or runs[run, 2] != contig or runs[run, 3] != gene:
        run += 1
        runs[run, AT], runs[run, STOP], runs[run, 2], runs[run, 3] = at, end, contig, gene
        used[USED_TRANSCRIPTS] += 1
    return run


@compiled
def strand_of(data: Bytes, at: Int, end: Int) -> Int:
    """Return the strand that a field names."""
    if end - at == 1 and data[at] == 43:  # noqa: PLR2004  a plus sign
        return np.int64(PLUS)
    if end - at == 1 and data[at] == 45:  # noqa: PLR2004  a minus sign
        return np.int64(MINUS)
    return np.int64(NEITHER)


@compiled
def wanted_of(feature: Int) -> Int:
    """Return the bits of the attributes for which to look in a line of a feature."""
    of_genes = 1 << _IDENTITY | 1 << _SYMBOL | 1 << _BIOTYPE
    return np.int64(of_genes | 1 << _TRANSCRIPT if feature == CODING else of_genes)


@compiled
def scan_lines(  # noqa: C901  the cases of a line
    data: Bytes, ends: Int64s, first: Int, lines: Lines
) -> tuple[Int, Int]:
    """Add what lines of a GTF tell to `lines`, which has room for them.

    Parameters
    ----------
    data, ends
        A text, and where each of its lines ends.
    first
        The line at which to begin.
    lines
        What is filled.

    Returns
    -------
    tuple
        The line at which scanning stopped, of which nothing was added, and why: `DONE` behind
        the last one; `ODD`: neither a comment nor nine fields with a place; a comment that
        begins as that of a GFF3 is odd, too; `GFF3`: attributes of a GFF3.
    """
    tabs, values = np.empty(_TABS, np.int64), np.empty((4, 2), np.int64)
    rows, used = lines.rows, lines.used
    for number in range(first, len(ends)):
        at, end = ends[number - 1] + 1 if number else np.int64(0), ends[number]
        if at < end and data[at] == _HASH:
            if end - at > 2 and data[at + 1] == _HASH and data[at + 2] == 103:  # noqa: PLR2004  g
                return number, ODD
            continue
        if find_tabs(data, at, end, tabs) < _TABS or tabs[7] + 1 == end:
            return number, ODD
        start, stop = (
            read_place(data, tabs[2] + 1, tabs[3]),
            read_place(data, tabs[3] + 1, tabs[4]),
        )
        if not 1 <= start <= stop:
            return number, ODD
        kind = find_word(data, tabs[1] + 1, tabs[2], _FEATURES, _FEATURE_ENDS, np.int64(0))
        if kind < 0:
            continue
        feature, told = _FEATURE_KINDS[kind], tabs[7] + 1
        if find_word(data, told, end, _GFF3_KEYS, _GFF3_ENDS, np.int64(1)) >= 0:
            return number, GFF3
        find_values(data, told, end, wanted_of(feature), values)
        gene = run_of_gene(data, values, np.int64(feature == GENE), lines)
        if feature == GENE:
            continue
        row = used[USED_ROWS]
        rows[row, FEATURE], rows[row, START], rows[row, END] = feature, start - 1, stop
        rows[row, STRAND] = strand_of(data, tabs[5] + 1, tabs[6])
        rows[row, CONTIG_RUN] = run_of_contig(data, at, tabs[0], lines)
        rows[row, GENE_RUN] = gene
        rows[row, TRANSCRIPT_RUN] = -1
        if feature == CODING:
            rows[row, TRANSCRIPT_RUN] = run_of_transcript(data, values, row, lines)
        used[USED_ROWS] += 1
    return len(ends), DONE
