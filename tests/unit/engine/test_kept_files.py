"""Workers outlive a run: what they remember of a file goes when the file changes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storiform.engine.provided import provided_rows, row_ids
from storiform.engine.work import open_resource
from storiform.io import lines
from storiform.io.genes import read_gene_names
from storiform.io.matrix import read_matrix
from storiform.io.paths import state_of
from storiform.model.errors import InputError
from storiform.model.table import Column, Table

DOSE = Table("dose", grain="patient", columns={"dose": Column("int", "mg")})
GENES = "entrez\tsymbol\tensembl\taliases\n1\t{}\tENSG1\t\n"
GTF = 'chr1\tx\texon\t{}\t90\t.\t+\t.\tgene_id "G"; transcript_id "T";\n'
KEPT: dict[str, tuple[str, str, str, Callable[[Path], object]]] = {
    "matrix": ("gene,P1\nTP53,{}\n", "1", "2",
               lambda p: read_matrix(p).numbers(1, "P1").iloc[0]),
    "gene names": (GENES, "TP53", "ATRX", lambda p: read_gene_names(p).symbols(["1"])[0]),
    "provided table": ("patient\tdose\nP1\t{}\n", "1", "2",
                       lambda p: provided_rows(p, DOSE, "P1")["dose"].iloc[0]),
    "rows of a provided table": ("patient\tdose\nP1\t{}\n", "1", "2",
                                 lambda p: row_ids(p, "patient")["P1"]),
    "resource": (GTF, "10", "20", lambda p: str(
        list(open_resource("transcript_models", str(p)).overlapping("chr1", 1, 90)))),
}  # fmt: skip


def in_place(path: Path, text: str) -> None:
    """Write over a file of the same size and set its time back, as rsync and some disks do."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def moved_over(path: Path, text: str) -> None:
    """Move another file of the same size and time over it."""
    before = path.stat()
    other = path.with_name("other")
    other.write_text(text)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def led_elsewhere(path: Path, text: str) -> None:
    """Let a link lead to another file of the same size and time."""
    before = path.stat()
    other = path.with_name("other")
    other.write_text(text)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    path.unlink()
    path.symlink_to(other)


@pytest.mark.parametrize("change", [in_place, moved_over, led_elsewhere])
@pytest.mark.parametrize("kind", KEPT)
def test_a_file_of_the_same_size_and_time_is_read_anew(
    tmp_path: Path, kind: str, change: Callable[[Path, str], None]
) -> None:
    text, first, second, read = KEPT[kind]
    path = tmp_path / ("a.gtf" if kind == "resource" else "a.tsv")
    path.write_text(text.format(first))
    old = read(path)
    assert read(path) == old
    change(path, text.format(second))
    new = read(path)
    assert new != old
    fresh = tmp_path / f"fresh{path.suffix}"
    fresh.write_text(text.format(second))
    assert new == read(fresh)


def test_the_state_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_text("1")
    (tmp_path / "inner" / "lost").symlink_to(tmp_path / "none")
    before = state_of(tmp_path)
    assert state_of(tmp_path) == before
    in_place(tmp_path / "inner" / "a", "2")
    assert state_of(tmp_path) != before
    assert state_of(tmp_path / "none") == state_of(tmp_path / "inner" / "lost") == ()


def test_a_file_that_the_disk_refused_once_is_read_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("gene,P1\nTP53,1\n")

    def refused(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr("storiform.io.matrix.unpacked", refused)
        with pytest.raises(InputError, match="input/output error"):
            read_matrix(path)
    assert read_matrix(path).numbers(1, "P1").tolist() == [1.0]


def test_what_is_wrong_with_a_file_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("gene,P1\nTP53,1,2\n")
    told = []
    for _ in range(2):
        with pytest.raises(InputError) as error:
            read_matrix(path)
        told.append(str(error.value))
        monkeypatch.setattr("storiform.io.matrix.unpacked", lines.lines)  # is not called again
    assert told[0] == told[1]
