"""Lines of a text file, plain or compressed, with the place of every fault."""

import gzip
import io
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, cast

from storiform.model.errors import InputError, fault

_GZIP, _MARK = b"\x1f\x8b", b"\xef\xbb\xbf"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_TRUNCATED = "Copy or make the file again: it is incomplete."
_TO_UTF8 = "Convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW."
LONGEST_LINE = 1 << 26
"""Letters of the longest line that is read; a small gzip file can hold an endless one."""
_PIECE = 1 << 20
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
"""What Python raises for a gzip file that is cut or damaged."""


def broken(where: str, error: BaseException) -> str:
    """Phrase what is wrong with a gzip file."""
    if isinstance(error, EOFError):
        found, remedy = "broken compression (the file ends too early)", _TRUNCATED
    else:
        found, remedy = "broken compression", "Copy or make the file again: it is damaged."
    return fault(where, found, "a complete gzip file", remedy)


def endless(where: str) -> str:
    """Phrase that a line has no end."""
    found, expected = "a line without an end", f"lines of at most {LONGEST_LINE:,} characters"
    return fault(where, found, expected, "Give the text that its program wrote.")


def refuse_zero(text: str, name: str, above: int = 0) -> None:
    """Refuse a text with a zero byte, as where a disk lost what was written.

    `above` lines of the file precede it; its own end with line feeds.
    """
    at = text.find("\0")
    if at >= 0:
        line = above + text.count("\n", 0, at) + 1
        found = "a binary file, or a damaged one (a zero byte)"
        remedy = "Copy it or export it as text again."
        raise InputError(fault(f"{name}, line {line}", found, "text", remedy))


def numbered(handle: IO[str], name: str) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line, with its end.

    Raises
    ------
    InputError
        If a line has no end, or holds a zero byte.
    """
    read = partial(handle.readline, LONGEST_LINE + 1)
    for number, line in enumerate(iter(read, ""), start=1):
        if len(line) > LONGEST_LINE:
            raise InputError(endless(f"{name}, line {number}"))
        refuse_zero(line, name, number - 1)
        yield number, line


def unpacked(path: Path) -> bytes:
    """Read a text whole, plain or compressed; refuse one with a line without an end.

    Raises
    ------
    InputError
        If a line is longer than `LONGEST_LINE`.
    OSError
        If the file cannot be opened; one of `BROKEN` where its compression is.
    """
    found: list[bytes] = []
    number, length = 1, 0
    with _binary(path) as handle:
        while piece := handle.read(_PIECE):
            number += piece.count(b"\n")
            end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
            length = length + len(piece) if end < 0 else len(piece) - end - 1
            if length > LONGEST_LINE:
                raise InputError(endless(f"{path.name}, line {number}"))
            found.append(piece)
    return b"".join(found)


def lines(
    path: Path, *, must_end: bool = False, errors: str = "replace"
) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line: any line end, with or without a mark.

    ``must_end`` refuses a last line without its end: programs write one, a cut file lacks it.
    ``errors`` says what becomes of bytes that are no UTF-8: with ``surrogateescape`` they can
    be written again as they were.

    Raises
    ------
    InputError
        If the file cannot be opened, is no text, ends in the middle of its compression, or
        has a line beyond `LONGEST_LINE` or a zero byte.
    """
    number, line = 0, "\n"
    try:
        _whole(path)
        with _text(path, errors) as handle:
            for number, line in numbered(handle, path.name):
                yield number, line.rstrip("\n")
        if must_end and not line.endswith("\n"):
            raise InputError(_unended(f"{path.name}, line {number}"))
    except BROKEN as error:
        where = f"{path.name}, after line {number}"
        raise InputError(broken(where, error)) from error
    except OSError as error:
        raise InputError(_unreadable(path, error)) from error


def _unended(where: str) -> str:
    remedy = f"{_TRUNCATED} If it is whole, add the line end."
    return fault(where, "no line end", "a line end at the end", remedy)


def pieces(path: Path, size: int, *, must_end: bool = False) -> Iterator[bytes]:
    """Yield a text in pieces of about `size` bytes: whole lines, each with a line feed.

    What `lines` does of line ends, marks, `must_end` and faults holds here, too.

    Raises
    ------
    InputError
        If the file cannot be opened, is no text, ends in the middle of its compression, or
        has a line beyond `LONGEST_LINE` or a zero byte.
    """
    number, is_ended = 0, True
    try:
        _whole(path)
        with _binary(path) as handle:
            text = _piece(handle, size, path.name).removeprefix(_MARK)
            while text:
                if b"\r" in text:
                    text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                if b"\0" in text:
                    refuse_zero(text.decode("utf-8", "replace"), path.name, number)
                number, is_ended = number + text.count(b"\n"), text.endswith(b"\n")
                yield text if is_ended else text + b"\n"
                text = _piece(handle, size, path.name)
        if must_end and not is_ended:
            raise InputError(_unended(f"{path.name}, line {number + 1}"))
    except BROKEN as error:
        where = f"{path.name}, after line {_lines_before_break(path)}"
        raise InputError(broken(where, error)) from error
    except OSError as error:
        raise InputError(_unreadable(path, error)) from error


def _piece(handle: IO[bytes], size: int, name: str) -> bytes:
    """Read about `size` bytes and what is left of their last line."""
    text, rest = handle.read(size), handle.readline(LONGEST_LINE + 1)
    if len(rest) > LONGEST_LINE:
        if b"\r" not in rest:
            raise InputError(endless(name))
        rest += handle.readline()  # lines that end as on old machines
    return text + rest


def _lines_before_break(path: Path) -> int:
    number = 0
    try:
        with _binary(path) as handle:
            for _ in handle:
                number += 1
    except BROKEN:
        return number
    return number


def is_bcf(path: Path) -> bool:
    """Tell whether a file is a binary BCF."""
    try:
        with _binary(path) as handle:
            return handle.read(3) == b"BCF"
    except (OSError, EOFError, zlib.error):
        return False


def holds_rows(path: Path, number: int) -> bool:
    """Tell whether a text file has so many rows beneath its header; of others, True.

    A header is what begins with ``#``, where the first line does, else the first line.
    """
    if path.is_dir() or is_bcf(path):
        return True
    try:
        with _text(path) as handle:
            told = numbered(handle, path.name)
            next(told, None)
            rows = (line for _, line in told if line.strip() and line[0] != "#")
            return sum(1 for _ in islice(rows, number)) == number
    except (*BROKEN, OSError, InputError):
        return True


def _unreadable(path: Path, error: OSError) -> str:
    found = str(error.strerror or error).lower()
    return fault(str(path), found, "a readable file", "Correct the path.")


def open_text(path: Path) -> IO[str]:
    """Open a text file, plain or compressed, for another reader: any line end becomes LF.

    A gzip file that is cut or damaged raises one of `BROKEN` where it breaks off.

    Raises
    ------
    InputError
        If the file cannot be opened, or lacks the end that bgzip writes.
    """
    try:
        _whole(path)
        return _text(path)
    except OSError as error:
        found = str(error.strerror or error).lower()
        message = fault(str(path), found, "a readable file", "Correct the path.")
        raise InputError(message) from error


def _binary(path: Path) -> IO[bytes]:
    with path.open("rb") as handle:
        compressed = handle.read(2) == _GZIP
    if compressed:
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _text(path: Path, errors: str = "replace") -> IO[str]:
    return io.TextIOWrapper(_binary(path), encoding="utf-8-sig", errors=errors, newline=None)


def _refuse_wide(path: Path) -> None:
    """Refuse UTF-16, which Windows programs write: each second byte of it is no letter."""
    try:
        with _binary(path) as handle:
            start = handle.read(4)
    except BROKEN:  # is told where the text is read
        return
    is_marked = start[:2] in {b"\xff\xfe", b"\xfe\xff"}
    halves = start[::2], start[1::2]
    is_bare = any(one == b"\0\0" and b"\0" not in two for one, two in (halves, halves[::-1]))
    if is_marked or is_bare:
        raise InputError(fault(path.name, "a text in UTF-16", "UTF-8", _TO_UTF8))


def _whole(path: Path) -> None:
    """Refuse a block-compressed file without the block that ends it: it was cut."""
    _refuse_wide(path)
    with path.open("rb") as handle:
        start = handle.read(18)
        if start[:4] != b"\x1f\x8b\x08\x04" or start[12:14] != b"BC":
            return
        handle.seek(0, io.SEEK_END)
        handle.seek(max(handle.tell() - len(_BGZF_END), 0))
        end = handle.read()
    if end != _BGZF_END:
        expected = "the empty block that ends every file of bgzip"
        message = fault(f"{path.name}, end of file", "a cut file", expected, _TRUNCATED)
        raise InputError(message)
