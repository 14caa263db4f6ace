"""Bases that a BED or a GTF names."""

from collections.abc import Iterator
from pathlib import Path

from storiform.io.lines import lines
from storiform.model.errors import InputError, fault
from storiform.model.genome import CHROMOSOMES, canonical_contig
from storiform.model.intervals import GeneModel, Intervals

_BED_FIELDS = 3
_GTF_FIELDS = 9
_SPLICE_BASES = 2
_NO_BED_LINE = ("#", "track", "browser")


def read_targets(path: Path) -> Intervals:
    """Read the targets of an exome kit from a BED, merged.

    Raises
    ------
    InputError
        If a line has no interval, or if no contig is a human chromosome.
    """
    targets = Intervals.of(_bed(path))
    _check(path, targets, "intervals")
    return targets


def read_genes(path: Path) -> GeneModel:
    """Read the coding bases of a GTF: CDS and stop codons, with 2 splice bases at introns.

    The bases at both ends of each piece of CDS are added wherever the transcript goes on
    in another piece, since these are donors and acceptors of splicing.

    Raises
    ------
    InputError
        If a line is damaged, or if the file has no CDS on a human chromosome.
    """
    transcripts: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for contig, start, end, transcript in _gtf(path):
        transcripts.setdefault((contig, transcript), []).append((start, end))
    coding = Intervals.of(
        (contig, start, end)
        for (contig, _), pieces in transcripts.items()
        for start, end in _with_splice_bases(pieces)
    )
    _check(path, coding, "coding sequences")
    return GeneModel(coding)


def _bed(path: Path) -> Iterator[tuple[str, int, int]]:
    for number, line in lines(path):
        if not line.strip() or line.startswith(_NO_BED_LINE):
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        numbers = [field.strip() for field in fields[1:_BED_FIELDS]]
        is_sound = len(numbers) == _BED_FIELDS - 1 and all(n.isdigit() for n in numbers)
        if not is_sound or int(numbers[0]) > int(numbers[1]):
            where = f"{path.name}, line {number}"
            expected = "contig, start and end (0-based, start <= end)"
            raise InputError(fault(where, repr(line[:40]), expected, "Correct the line."))
        yield canonical_contig(fields[0].strip()), int(numbers[0]), int(numbers[1])


def _gtf(path: Path) -> Iterator[tuple[str, int, int, str]]:
    for number, line in lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) < _GTF_FIELDS or not (fields[3].isdigit() and fields[4].isdigit()):
            where = f"{path.name}, line {number}"
            expected = "nine columns of a GTF, separated by tabs"
            raise InputError(fault(where, repr(line[:40]), expected, "Give a GTF."))
        if fields[2] in {"CDS", "stop_codon"}:
            contig = canonical_contig(fields[0])
            yield contig, int(fields[3]) - 1, int(fields[4]), _transcript(fields[8])


def _transcript(attributes: str) -> str:
    _, _, rest = attributes.partition('transcript_id "')
    return rest.partition('"')[0]


def _with_splice_bases(pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    ordered = sorted(pieces)
    for index, (start, end) in enumerate(ordered):
        before = index > 0 and ordered[index - 1][1] < start
        after = index < len(ordered) - 1 and ordered[index + 1][0] > end
        yield start - _SPLICE_BASES * before, end + _SPLICE_BASES * after


def _check(path: Path, found: Intervals, what: str) -> None:
    if not set(found.bounds) & set(CHROMOSOMES):
        names = ", ".join(list(found.bounds)[:5]) or "none"
        expected = f"{what} on chr1 to chr22, chrX or chrY"
        remedy = "Give the file of the genome of the cohort."
        raise InputError(fault(path.name, f"contigs {names}", expected, remedy))
