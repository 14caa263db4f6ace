"""Tables told by their columns: whatever separates them, whatever stands before them."""

from pathlib import Path

import numpy as np
import pytest

from storiform.io.columns import checked_places, read_layout
from storiform.io.lines import open_text
from storiform.model.errors import DataWarning, InputError

ROWS = [["chr2", 5, 9, 0.5], ["chr10", 1, 4, -2.0]]


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize(
    "lines",
    [
        ["chr\tstart\tend\tx", "chr2\t5\t9\t.5", "chr10\t1\t4\t-2"],
        ["# made by hand", "", "Chr,START,end,x", "chr2,5,9,.5", "", "10,1,4,-2"],
        ["#chr;start;end;x", "2;5;9;.5", "10;1;4;-2"],
        ["chr start  end x", "chr2 5 9 .5", "chr10   1 4 -2"],
        ['"chr" "start" "end" "x"', '"1" "2" 5 9 0.5', '"2" "10" 1 4 -2'],
        ["chr\tstart\tend\tx\tnote\tnote", "chr2\t5\t9\t.5\ta\tb", "chr10\t1\t4\t-2\tc\td"],
        ["chr\tstart\tend\tx", "chr2\t5\t9\t.5\t", "chr10\t1\t4\t-2\t"],
    ],
    ids=["tabs", "commas", "semicolons", "blanks", "R", "twice", "trailing"],
)
def test_one_table_in_many_forms_reads_alike(tmp_path, lines) -> None:
    layout = read_layout(write(tmp_path / "t.txt", *lines), ("chr",))
    numbers = {name: layout.column(name) for name in ("start", "end", "x")}
    rows = layout.read({"contig": layout.column("chr")}, numbers)
    placed = checked_places(layout, rows, "GRCh38", one_based=False)
    assert placed[["contig", "start", "end", "x"]].to_numpy().tolist() == ROWS[::-1]


def test_the_line_of_a_fault_counts_comments_and_blank_lines(tmp_path) -> None:
    path = write(tmp_path / "t.txt", "# one", "", "chr\tx", "1\t2", "", "1\tbad")
    layout = read_layout(path)
    with pytest.raises(
        InputError, match=r"t\.txt, line 6, column x: found 'bad', expected a n"
    ):
        layout.read({}, {"x": "x"})


def test_places_are_sorted_and_stand_once_with_the_first_row(tmp_path) -> None:
    draw = np.random.default_rng(11)
    given = [(f"{draw.integers(1, 4)}", int(draw.integers(0, 9)), k) for k in range(60)]
    path = write(tmp_path / "t.txt", "chr\tpos\tx", *(f"{c}\t{p}\t{x}" for c, p, x in given))
    layout = read_layout(path)
    rows = layout.read({"contig": "chr"}, {"start": "pos", "x": "x"})
    with pytest.warns(DataWarning, match="rows of a place that stands there already"):
        placed = checked_places(
            layout, rows.assign(end=rows["start"] + 1), "GRCh38", one_based=False
        )
    twin: dict[tuple[str, int], int] = {}
    for contig, position, x in given:
        twin.setdefault((f"chr{contig}", position), x)
    expected = [[c, p, float(x)] for (c, p), x in sorted(twin.items())]
    assert placed[["contig", "start", "x"]].to_numpy().tolist() == expected


def test_a_file_that_is_gone_or_has_no_end_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="found no such file or directory"):
        open_text(tmp_path / "gone.txt")
    head = bytes.fromhex("1f8b08040000000000ff0600424302001b00")
    (tmp_path / "cut.gz").write_bytes(head + b"\0" * 40)
    with pytest.raises(InputError, match="found a cut file, expected the empty block"):
        open_text(tmp_path / "cut.gz")


@pytest.mark.parametrize("rows", [3, 60_000])
def test_a_zero_byte_far_below_the_header_is_told_with_its_line(tmp_path, rows) -> None:
    told = ["chr\tstart\tend", *(f"chr1\t{n}0\t{n}9" for n in range(rows))]
    told[-2] = told[-2].replace("9", "\0")
    layout = read_layout(write(tmp_path / "t.txt", *told), ("chr",))
    with pytest.raises(InputError, match=rf"^t\.txt, line {rows}: found .*zero byte"):
        layout.read({"contig": "chr"}, {"start": "start"})
