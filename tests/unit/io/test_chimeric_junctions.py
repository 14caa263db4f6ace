"""STAR's Chimeric.out.junction, old and new."""

import pytest

from storiform.io.chimeric_junctions import read_chimeric_alignments
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError

OLD = "chr22\t101\t+\tchr11\t200\t+\t1\t0\t0\tr1\t51\t50M30S\t201\t50S30M"
HEADER = (
    "chr_donorA\tbrkpt_donorA\tstrand_donorA\tchr_acceptorB\tbrkpt_acceptorB\t"
    "strand_acceptorB\tjunction_type\trepeat_left_lenA\trepeat_right_lenB\tread_name\t"
    "start_alnA\tcigar_alnA\tstart_alnB\tcigar_alnB\tnum_chim_aln\tmax_poss_aln_score"
)


def read(tmp_path, *lines):
    path = tmp_path / "Chimeric.out.junction"
    path.write_text("".join(f"{line}\n" for line in lines))
    unit = SourceUnit("b", "p", {"chimeric_junctions": path}, {}, build="GRCh38", record={})
    return read_chimeric_alignments(unit)


def test_old_and_new_format_tell_the_same(tmp_path) -> None:
    old = read(tmp_path, OLD)
    new = read(tmp_path, HEADER, f"{OLD}\t3\t100", "# 2.7.8a STAR", "# Nreads 5")
    assert old.drop(columns="alignments").equals(new.drop(columns="alignments"))
    assert (old["alignments"].item(), new["alignments"].item()) == (1, 3)


@pytest.mark.parametrize(
    ("strands", "cells", "places", "outer"),
    [
        # Exons end at base 100 and begin at base 201; the parts reach from 51 and to 230.
        ("++", ("101", "200", "51", "50M30S", "201", "50S30M"), (99, 200), (50, 229)),
        # On the reverse strand exons end at base 102 and begin at base 199.
        ("--", ("101", "200", "102", "30S50M", "170", "30M50S"), (101, 198), (150, 169)),
    ],
)
def test_places_are_the_exonic_bases_beside_the_introns(
    tmp_path, strands, cells, places, outer
) -> None:
    a, b, start_a, cigar_a, start_b, cigar_b = cells
    line = "\t".join(
        ["1", a, strands[0], "2", b, strands[1], "0", "0", "0", "r", start_a, cigar_a,
         start_b, cigar_b]
    )  # fmt: skip
    row = read(tmp_path, line).iloc[0]
    assert (row["place_a"], row["place_b"]) == places
    assert (row["outer_a"], row["outer_b"]) == outer
    assert (row["contig_a"], row["contig_b"]) == ("chr1", "chr2")
    assert row["anchor"] == 30
    assert row["is_split"]


def test_repeats_move_the_junction_to_where_it_may_lie_last(tmp_path) -> None:
    cells = OLD.split("\t")
    cells[7:9] = ["2", "3"]
    row = read(tmp_path, "\t".join(cells)).iloc[0]
    assert (row["place_a"], row["place_b"], row["slack"]) == (102, 203, 5)


def test_mates_on_either_side_are_no_split_and_a_mate_is_no_anchor(tmp_path) -> None:
    cells = OLD.split("\t")
    cells[6], cells[11] = "-1", "76M120p20M60S"
    row = read(tmp_path, "\t".join(cells)).iloc[0]
    assert not row["is_split"]
    assert row["anchor"] == 20
    assert row["outer_a"] == 50


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a\tb", "line 1"),
        ("\t".join(OLD.split("\t")[:9]), "14 columns"),
        (OLD.replace("101", "1o1"), "line 1"),
        (f"{OLD}\n{OLD}\n{OLD[:30]}", "line 3"),
        (f"{OLD}\n{OLD.replace('+', '?', 1)}", "strands"),
    ],
)
def test_a_damaged_file_is_told(tmp_path, line, told) -> None:
    with pytest.raises(InputError, match="Chimeric") as error:
        read(tmp_path, line)
    assert told in str(error.value)


def test_a_file_without_chimeras_is_empty(tmp_path) -> None:
    assert read(tmp_path, "# Nreads 0").empty
    assert read(tmp_path, HEADER, "# Nreads 0").empty
