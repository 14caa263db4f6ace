"""Lines of a GTF -> rows, and where names lie."""

import numpy as np
import pytest

from storiform.kernels.gene_lines import (
    AT,
    BIOTYPE_AT,
    DONE,
    GFF3,
    ODD,
    STOP,
    SYMBOL_AT,
    TRANSCRIPT_RUN,
    Lines,
    scan_lines,
)


def scanned(text: str) -> tuple[tuple[int, int], Lines]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = np.flatnonzero(data == 10)
    lines = Lines.room_for(len(ends))
    where = scan_lines(data, ends, 0, lines)
    return (int(where[0]), int(where[1])), lines


def line(feature: str, told: str, place: str = "5\t9") -> str:
    return f"chr1\tx\t{feature}\t{place}\t.\t+\t.\t{told}\n"


def value(told: str, column: int) -> str:
    text = line("exon", told)
    run = scanned(text)[1].filled()[2][0]
    return text[run[column] : run[column + 1]]


@pytest.mark.parametrize(
    ("told", "gene", "symbol", "biotype"),
    [
        ('gene_id "G"; gene_name "N"; gene_type "t";', "G", "N", "t"),
        ("gene_id G;gene N;gene_biotype t", "G", "N", "t"),
        ('gene_biotype "t"; gene "N"; gene_id "G"', "G", "N", "t"),
        ('note "of gene X; gene_id Y"; gene_id "G"; gene "N";', "G", "N", ""),
        ('ref_gene_id "X"; gene_ids "Y"; gene_id "G"; gene_name "A;B";', "G", "A;B", ""),
        ('gene_id "G"; gene_id "H"; gene_name ""; gene_type "t', "G", "", "t"),
        ('gene_id\t"G" ; ; gene_type', "G", "", ""),
        ('note "open; gene_id "G";', "", "", ""),
        ("level 2;", "", "", ""),
    ],
)
def test_attributes_are_found_outside_of_quotes(told, gene, symbol, biotype) -> None:
    assert value(told, AT) == gene
    assert value(told, SYMBOL_AT) == symbol
    assert value(told, BIOTYPE_AT) == biotype


def test_lines_with_the_same_names_share_runs() -> None:
    text = "".join(
        line(feature, f'gene_id "{gene}"; transcript_id "{transcript}"; {more}')
        for feature, gene, transcript, more in [
            ("gene", "G", "", 'gene_name "N";'), ("exon", "G", "T", ""), ("CDS", "G", "T", ""),
            ("exon", "G", "T", 'gene_name "late";'), ("stop_codon", "G", "T", ""),
            ("CDS", "G", "U", ""), ("UTR", "X", "X", ""), ("CDS", "GG", "U", ""),
        ]
    )  # fmt: skip
    where, lines = scanned(text)
    rows, contigs, genes, transcripts = lines.filled()
    assert where == (8, DONE)
    assert rows[:, TRANSCRIPT_RUN].tolist() == [-1, 0, -1, 0, 1, 2]
    assert [text[run[AT] : run[STOP]] for run in genes] == ["G", "G", "GG"]
    assert [text[run[AT] : run[STOP]] for run in transcripts] == ["T", "U", "U"]
    assert [text[run[SYMBOL_AT] : run[SYMBOL_AT + 1]] for run in genes] == ["N", "late", ""]
    assert len(contigs) == 1


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ("\n", ODD), ("##gff-version 3\n", ODD), ("chr1\tx\texon\t5\t9\t.\t+\t.\n", ODD),
        (line("exon", ""), ODD), (line("exon", "a", "0\t9"), ODD), (line("gene", "ID=x"), GFF3),
        (line("exon", "a", "5\t4"), ODD), (line("exon", "a", "5\t-9"), ODD),
        (line("exon", "a", "5\t99999999999999999999"), ODD), (line("exon", "a", "\t9"), ODD),
        (line("exon", "Parent=x"), GFF3),
    ],
)  # fmt: skip
def test_scanning_stops_at_an_odd_line(odd, why) -> None:
    where, lines = scanned(line("exon", 'gene_id "G";') + "#x\n" + odd + line("exon", "a"))
    assert where == (2, why)
    assert len(lines.filled()[0]) == 1


def test_lines_of_other_features_are_passed_over() -> None:
    assert scanned(line("UTR", "Parent=x") + line("transcript", "a"))[0] == (2, DONE)
