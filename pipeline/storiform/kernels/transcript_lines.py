"""Lines of a GTF or GFF3 that tell of transcripts: places, phases, and where names lie.

Neighbouring lines mostly tell of one transcript. Such a *run* is told once, by where the name
lies in the text and where its lines do, and each row refers to it; so nobody has to make a text
of each field of each line.
"""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.gene_lines import (
    DONE,
    ODD,
    find_byte,
    find_tabs,
    find_values,
    find_word,
    is_same,
    read_place,
    strand_of,
)
from storiform.kernels.records import Bytes, Int

Int64s = npt.NDArray[np.int64]

EXON, CODING, STOP, SELENOCYSTEINE, NODE, OTHER = range(6)
"""Features: of a transcript, the transcript (or a gene of a GFF3) itself, and any other."""
KIND, STRAND, START, END, PHASE, RUN, ROW_COLUMNS = range(7)
"""Columns of `TranscriptLines.rows`."""
(
    NAME_AT, NAME_END, CONTIG_RUN, LINE_AT, LINE_END, IS_NODE, CODING_AT, CODING_END,
    RUN_COLUMNS,
) = range(9)  # fmt: skip
"""Columns of `TranscriptLines.runs`; of `TranscriptLines.contigs` the first two."""
USED_ROWS, USED_CONTIGS, USED_RUNS = range(3)

FASTA = 3
"""Why `scan_transcripts` may return beside `DONE` and `ODD`: sequences follow."""

_TABS, _HASH, _SEMICOLON, _ZERO, _F = 8, 35, 59, 48, 70
_TRANSCRIPT_VALUE, _TRANSCRIPT_BIT = 3, 1 << 3
"""Of `find_values`: where it puts the value of ``transcript_id``, and how that is asked for."""

_WORDS = (
    (b"exon", EXON), (b"CDS", CODING), (b"stop_codon", STOP),
    (b"Selenocysteine", SELENOCYSTEINE),
    (b"stop_codon_redefined_as_selenocysteine", SELENOCYSTEINE), (b"transcript", NODE),
    (b"start_codon", OTHER), (b"UTR", OTHER), (b"five_prime_utr", OTHER),
    (b"three_prime_utr", OTHER), (b"five_prime_UTR", OTHER), (b"three_prime_UTR", OTHER),
    (b"chromosome", OTHER), (b"region", OTHER), (b"biological_region", OTHER),
    (b"scaffold", OTHER), (b"supercontig", OTHER), (b"cDNA_match", OTHER), (b"match", OTHER),
    (b"intron", OTHER), (b"sequence_feature", OTHER),
)  # fmt: skip
_FEATURES = np.array(list(b"".join(word for word, _ in _WORDS)), dtype=np.uint8)
_FEATURE_ENDS = np.cumsum([0, *(len(word) for word, _ in _WORDS)]).astype(np.int64)
_FEATURE_KINDS = np.array([kind for _, kind in _WORDS], dtype=np.int64)
_ID = np.array(list(b"ID="), dtype=np.uint8)
_PARENT = np.array(list(b"Parent="), dtype=np.uint8)


class TranscriptLines(NamedTuple):
    """What lines of a GTF or GFF3 tell, int64, one row each.

    `rows` (n, `ROW_COLUMNS`) of exons, coding pieces, stop codons and codons of
    selenocysteine, 0-based half-open; `contigs` (n, 2) and `runs` (n, `RUN_COLUMNS`) of lines
    with the same name. A run has the bounds of its first line, or of the one of the transcript
    itself, and those of its first line of a coding piece (0, 0 without one). `used` (3,) is
    how many there are of each.
    """

    rows: Int64s
    contigs: Int64s
    runs: Int64s
    used: Int64s

    @classmethod
    def room_for(cls, lines: int) -> Self:
        """Make room for what so many lines can tell."""
        return cls(
            np.empty((lines, ROW_COLUMNS), dtype=np.int64),
            np.empty((lines, 2), dtype=np.int64),
            np.empty((lines, RUN_COLUMNS), dtype=np.int64),
            np.zeros(3, dtype=np.int64),
        )

    def filled(self) -> tuple[Int64s, Int64s, Int64s]:
        """Return rows, contigs and runs without the room that is left."""
        one, two, three = self.used.tolist()
        return self.rows[:one], self.contigs[:two], self.runs[:three]


@compiled
def find_attribute(data: Bytes, at: Int, end: Int, key: Bytes) -> tuple[Int, Int]:
    """Return the bounds of a value of a GFF3, 0 and 0 where there is none.

    ``key`` includes the sign between key and value.
    """
    zero: Int = np.int64(0)
    while at < end:
        stop = find_byte(data, at, end, np.int64(_SEMICOLON))
        while at < stop and data[at] <= 32:  # noqa: PLR2004  white space before a key
            at += 1
        same = np.int64(0)
        while same < len(key) and at + same < stop and data[at + same] == key[same]:
            same += 1
        if same == len(key):
            return at + same, stop
        at = stop + 1
    return zero, zero


@compiled
def kind_of(data: Bytes, at: Int, end: Int, is_gff3: Int) -> Int:
    """Return the kind of a feature; in a GFF3 every unknown one may be a transcript."""
    word = find_word(data, at, end, _FEATURES, _FEATURE_ENDS, np.int64(0))
    if word >= 0:
        return np.int64(_FEATURE_KINDS[word])
    return np.int64(NODE if is_gff3 else OTHER)


@compiled
def find_name(
    data: Bytes, at: Int, end: Int, kind: Int, values: Int64s
) -> tuple[Int, Int]:  # fmt: skip
    """Return the bounds of the name by which a line belongs to a transcript.

    ``values`` (4, 2) is room for those of a GTF; it is empty for a GFF3.
    """
    if len(values) == 0:
        return find_attribute(data, at, end, _ID if kind == NODE else _PARENT)
    find_values(data, at, end, np.int64(_TRANSCRIPT_BIT), values)
    return values[_TRANSCRIPT_VALUE, 0], values[_TRANSCRIPT_VALUE, 1]


@compiled
def run_of_name(
    data: Bytes, name: tuple[Int, Int], contig: tuple[Int, Int], lines: TranscriptLines
) -> Int:
    """Return the run of a line, a new one where name or contig differ from the line before."""
    contigs, runs, used = lines.contigs, lines.runs, lines.used
    of_contig: Int = used[USED_CONTIGS] - 1
    if not is_same(data, contigs, of_contig, contig[0], contig[1]):
        of_contig += 1
        contigs[of_contig, 0], contigs[of_contig, 1] = contig[0], contig[1]
        used[USED_CONTIGS] += 1
    run: Int = used[USED_RUNS] - 1
    if not is_same(data, runs, run, name[0], name[1]) or runs[run, CONTIG_RUN] != of_contig:
        run += 1
        for column in range(RUN_COLUMNS):
            runs[run, column] = 0
        runs[run, NAME_AT], runs[run, NAME_END] = name[0], name[1]
        runs[run, CONTIG_RUN] = of_contig
        used[USED_RUNS] += 1
    return run


@compiled
def note_line(runs: Int64s, run: Int, kind: Int, at: Int, end: Int) -> None:
    """Remember the lines of a run from which its facts can be read."""
    is_better = kind == NODE and runs[run, IS_NODE] == 0
    if runs[run, LINE_END] == 0 or is_better:
        runs[run, LINE_AT], runs[run, LINE_END] = at, end
        runs[run, IS_NODE] = np.int64(kind == NODE)
    if kind == CODING and runs[run, CODING_END] == 0:
        runs[run, CODING_AT], runs[run, CODING_END] = at, end


@compiled
def phase_of(data: Bytes, at: Int, end: Int) -> Int:
    """Return the phase in a field, 0 where there is none."""
    is_digit = end - at == 1 and _ZERO <= data[at] <= _ZERO + 2
    return np.int64(data[at]) - _ZERO if is_digit else np.int64(0)


@compiled
def scan_transcripts(  # noqa: C901  the cases of a line
    data: Bytes, ends: Int64s, first: Int, is_gff3: Int, lines: TranscriptLines
) -> tuple[Int, Int]:
    """Add what lines of a GTF or GFF3 tell to `lines`, which has room for them.

    Parameters
    ----------
    data, ends
        A text, and where each of its lines ends.
    first
        The line at which to begin.
    is_gff3
        1 if names stand in ID and Parent, 0 if in transcript_id.
    lines
        What is filled.

    Returns
    -------
    tuple
        The line at which scanning stopped, of which nothing was added, and why: `DONE` behind
        the last one; `ODD`: neither a comment nor nine fields with a place; `FASTA`.
    """
    tabs, values = np.empty(_TABS, np.int64), np.empty((4 - 4 * is_gff3, 2), np.int64)
    rows, used = lines.rows, lines.used
    for number in range(first, len(ends)):
        at, end = ends[number - 1] + 1 if number else np.int64(0), ends[number]
        if at == end or data[at] == _HASH:
            if end - at > 2 and data[at + 1] == _HASH and data[at + 2] == _F:  # noqa: PLR2004
                return number, FASTA
            continue
        if find_tabs(data, at, end, tabs) < _TABS or tabs[7] + 1 == end:
            return number, ODD
        start = read_place(data, tabs[2] + 1, tabs[3])
        stop = read_place(data, tabs[3] + 1, tabs[4])
        if not 1 <= start <= stop:
            return number, ODD
        kind = kind_of(data, tabs[1] + 1, tabs[2], is_gff3)
        if kind == OTHER:
            continue
        name = find_name(data, tabs[7] + 1, end, kind, values)
        if name[0] == name[1]:
            continue
        run = run_of_name(data, name, (at, tabs[0]), lines)
        note_line(lines.runs, run, kind, at, end)
        if kind == NODE:
            continue
        row = used[USED_ROWS]
        rows[row, KIND], rows[row, START], rows[row, END] = kind, start - 1, stop
        rows[row, STRAND] = strand_of(data, tabs[5] + 1, tabs[6])
        rows[row, PHASE] = phase_of(data, tabs[6] + 1, tabs[7])
        rows[row, RUN] = run
        used[USED_ROWS] += 1
    return len(ends), DONE
