"""Ways in which a file is spoilt: bits, bytes and lines, changed, cut, put in, doubled."""

import random

_FOREIGN = (b"\x00", b"\xff", b"\xfe\xff", b"\r", b"\r\n", b"\n", b"\t", b'"', b"'", b";", b",",
            b"\xef\xbb\xbf", b"\xc3\xa4", b"\x1f\x8b", b"nan", b"-1", b"1e400", b"9" * 20,
            b" ", b"#", b">", b"\xe2\x80\x93", b"=", b"\\", b"%00", b"../")  # fmt: skip
_LONGEST = 64


def mutate(content: bytes, draws: random.Random, *, is_text: bool) -> tuple[bytes, str]:
    """Change a file in one to three places; return it and what was done."""
    told = []
    spoilt = content
    for _ in range(draws.choice([1, 1, 1, 2, 3])):
        ways = [*_BYTES, *_LINES] if is_text else _BYTES
        way = draws.choice(ways)
        spoilt = way(spoilt, draws) if spoilt else b"\x00"
        told.append(way.__name__.strip("_").replace("_", " "))
    if spoilt == content:
        return mutate(content, draws, is_text=is_text)
    return spoilt, ", ".join(told)


def _flip_bit(content: bytes, draws: random.Random) -> bytes:
    spoilt = bytearray(content)
    spoilt[draws.randrange(len(spoilt))] ^= 1 << draws.randrange(8)
    return bytes(spoilt)


def _change_byte(content: bytes, draws: random.Random) -> bytes:
    spoilt = bytearray(content)
    spoilt[draws.randrange(len(spoilt))] = draws.randrange(256)
    return bytes(spoilt)


def _change_digit(content: bytes, draws: random.Random) -> bytes:
    places = [at for at, byte in enumerate(content) if byte in b"0123456789"]
    if not places:
        return _change_byte(content, draws)
    spoilt = bytearray(content)
    spoilt[draws.choice(places)] = draws.choice(b"0123456789-.")
    return bytes(spoilt)


def _cut_off(content: bytes, draws: random.Random) -> bytes:
    return content[: draws.randrange(len(content))]


def _cut_out(content: bytes, draws: random.Random) -> bytes:
    at = draws.randrange(len(content))
    return content[:at] + content[at + draws.randint(1, _LONGEST) :]


def _insert_bytes(content: bytes, draws: random.Random) -> bytes:
    at = draws.randrange(len(content) + 1)
    return content[:at] + draws.randbytes(draws.randint(1, _LONGEST)) + content[at:]


def _insert_foreign(content: bytes, draws: random.Random) -> bytes:
    at = draws.randrange(len(content) + 1)
    return content[:at] + draws.choice(_FOREIGN) + content[at:]


def _repeat_bytes(content: bytes, draws: random.Random) -> bytes:
    at = draws.randrange(len(content))
    end = at + draws.randint(1, _LONGEST)
    return content[:end] + content[at:end] + content[end:]


def _blank_out(content: bytes, draws: random.Random) -> bytes:
    at = draws.randrange(len(content))
    length = len(content[at : at + _LONGEST])
    return content[:at] + bytes(length) + content[at + length :]


def _double_line(content: bytes, draws: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = draws.randrange(len(lines))
    lines.insert(draws.randrange(len(lines) + 1), lines[at])
    return b"".join(lines)


def _drop_line(content: bytes, draws: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    del lines[draws.randrange(len(lines))]
    return b"".join(lines)


def _swap_lines(content: bytes, draws: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    one, other = draws.randrange(len(lines)), draws.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _drop_cell(content: bytes, draws: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = draws.randrange(len(lines))
    mark = b"\t" if b"\t" in lines[at] else b","
    cells = lines[at].split(mark)
    del cells[draws.randrange(len(cells))]
    lines[at] = mark.join(cells)
    return b"".join(lines)


_BYTES = (_flip_bit, _flip_bit, _change_byte, _cut_off, _cut_out, _insert_bytes,
          _insert_foreign, _repeat_bytes, _blank_out)  # fmt: skip
_LINES = (_double_line, _drop_line, _swap_lines, _drop_cell, _change_digit, _change_digit)
