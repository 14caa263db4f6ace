"""Texts in pieces of whole lines."""

import gzip

import pytest

from storiform.io.lines import lines, pieces
from storiform.model.errors import InputError


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 4, 7, 1 << 20])
@pytest.mark.parametrize("is_packed", [True, False])
def test_pieces_hold_whole_lines_and_all_of_them(tmp_path, end, size, is_packed) -> None:
    path = tmp_path / "text"
    content = b"\xef\xbb\xbf" + end.join(["one", "", "three", "4" * 30, "five"]).encode()
    path.write_bytes(gzip.compress(content) if is_packed else content)
    found = list(pieces(path, size))
    assert all(piece.endswith(b"\n") for piece in found)
    assert b"".join(found).decode().splitlines() == [line for _, line in lines(path)]
    assert len(found) == 1 or size < len(content)


def test_an_empty_text_has_no_pieces(tmp_path) -> None:
    (tmp_path / "text").write_bytes(b"")
    assert list(pieces(tmp_path / "text", 9)) == []


def test_a_cut_text_is_told_with_the_last_whole_line(tmp_path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress("".join(f"{n}\n" for n in range(9000)).encode())[:-2000])
    with pytest.raises(InputError, match=r"text\.gz, after line [1-9]\d+: .*ends too early"):
        list(pieces(path, 1000))


def test_a_missing_text_is_told(tmp_path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        list(pieces(tmp_path / "text", 9))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 9, 1 << 20])
def test_a_zero_byte_is_told_with_its_line(tmp_path, end, size) -> None:
    path = tmp_path / "text"
    path.write_bytes(end.join(["one", "two", "th\0ree", "four", ""]).encode())
    for read in (lambda: list(lines(path)), lambda: list(pieces(path, size))):
        with pytest.raises(InputError, match=r"^text, line 3: found a binary file, or"):
            read()
