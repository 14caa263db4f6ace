"""The bytes of the records of invented BAMs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from _read_places import (
    CIGAR,
    CONTIG,
    COPIES,
    FLAG,
    LENGTH,
    MAPQ,
    OPS,
    POS,
    SOURCE,
    WIDTH,
    is_chimeric,
    mixed,
    place,
    placements,
)

from storiform.kernels import compiled

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LARGEST = 640
"""Bytes that no record exceeds."""
BLOCK = 0xFF00
"""Bytes of a BGZF block, as htslib fills it."""


def _bytes(text: bytes) -> Bytes:
    return np.frombuffer(text, dtype=np.uint8).copy()


FLOWCELL, OPERATIONS, LETTERS = (
    _bytes(b"A00123:45:HXYZTDSXX:"),
    _bytes(b"MIDNSHP=X"),
    _bytes(b"ACGT"),
)
READ_GROUP, CHR = _bytes(b"RGZtumour.L1\0"), _bytes(b"chr")
MD, MC, SA = _bytes(b"MDZ"), _bytes(b"MCZ"), _bytes(b"SAZ")
NM, AS, XS = _bytes(b"NMC"), _bytes(b"ASC"), _bytes(b"XSC")
NH, HI, NM_STAR = _bytes(b"NHC"), _bytes(b"HIC"), _bytes(b"nMC")
COLON, COMMA, END = ord(":"), ord(","), 0


class Scratch(NamedTuple):
    """Room for one record: both mates, codes and qualities of its bases, text of its MD."""

    mates: Ints
    codes: Bytes
    qualities: Bytes
    text: Bytes


@compiled
def put_int(out, at, value, size):
    """Write a little-endian integer and return where it ends."""
    for byte in range(size):
        out[at + byte] = (value >> (8 * byte)) & 255
    return at + size


@compiled
def put_text(out, at, text):
    """Write bytes and return where they end."""
    for byte in text:
        out[at] = byte
        at += 1
    return at


@compiled
def put_digits(out, at, value):
    """Write a number in decimal and return where it ends."""
    digits, rest = 1, value
    while rest > 9:
        rest //= 10
        digits += 1
    for digit in range(digits - 1, -1, -1):
        out[at + digit] = 48 + value % 10
        value //= 10
    return at + digits


@compiled
def put_byte(out, at, value):
    """Write one byte and return where it ends."""
    out[at] = value
    return at + 1


@compiled
def put_cigar_text(out, at, mate):
    """Write the CIGAR of a mate as text and return where it ends."""
    for op in range(mate[OPS]):
        at = put_digits(out, at, mate[CIGAR + op] >> 4)
        at = put_byte(out, at, OPERATIONS[mate[CIGAR + op] & 15])
    return at if mate[OPS] else put_byte(out, at, ord("*"))


@compiled
def put_name(out, at, fragment):
    """Write a name as Illumina's and return where it ends: one to one with the fragment."""
    code = (fragment * 1176748439 + 12345) & ((1 << 41) - 1)
    at = put_text(out, at, FLOWCELL)
    at = put_byte(out, put_digits(out, at, 1 + (code & 3)), COLON)
    at = put_byte(out, put_digits(out, at, 1101 + ((code >> 2) & 511)), COLON)
    at = put_byte(out, put_digits(out, at, 1000 + ((code >> 11) & 32767)), COLON)
    return put_byte(out, put_digits(out, at, 1000 + ((code >> 26) & 32767)), END)


@compiled
def span(mate):
    """Return how many bases of the reference an alignment covers, at least 1."""
    bases = 0
    for op in range(mate[OPS]):
        code = mate[CIGAR + op] & 15
        if code in (0, 2, 3):
            bases += mate[CIGAR + op] >> 4
    return max(bases, 1)


@compiled
def bin_of(start, end):
    """Return the bin of an alignment (SAM specification, section 5.3)."""
    last = end - 1
    for level in range(5):
        shift = 14 + 3 * level
        if start >> shift == last >> shift:
            return ((1 << (15 - 3 * level)) - 1) // 7 + (start >> shift)
    return 0


@compiled
def put_fixed(out, at, scratch, which, is_single):
    """Write the fields before the name (but the name's length) and return where they end."""
    mate, other = scratch.mates[which], scratch.mates[1 - which]
    contig, pos, flag = mate[CONTIG], mate[POS], mate[FLAG]
    size = 0
    if contig == other[CONTIG] and contig >= 0 and not flag & 12:
        left = min(pos, other[POS])
        size = max(pos + span(mate), other[POS] + span(other)) - left
        size = size if pos < other[POS] or (pos == other[POS] and which == 0) else -size
    at = put_int(out, at, contig, 4)
    at = put_int(out, at, pos, 4) + 1
    at = put_byte(out, at, mate[MAPQ])
    at = put_int(out, at, bin_of(pos, pos + span(mate)) if contig >= 0 else 4680, 2)
    at = put_int(out, at, mate[OPS], 2)
    at = put_int(out, at, flag, 2)
    at = put_int(out, at, LENGTH, 4)
    at = put_int(out, at, -1 if is_single else other[CONTIG], 4)
    at = put_int(out, at, -1 if is_single else other[POS], 4)
    return put_int(out, at, 0 if is_single else size, 4)


@compiled
def draw_qualities(world, seed, is_reverse, scratch):
    """Draw the states of the qualities of a read, in the order of the reference."""
    state = 0 if seed & 15 else 1
    random = np.uint64(seed) | np.uint64(1)
    for cycle in range(LENGTH):
        random ^= random << np.uint64(13)
        random ^= random >> np.uint64(7)
        random ^= random << np.uint64(17)
        chance = np.int64(random & np.uint64(65535))
        following = 0
        while chance >= world.steps[state, following]:
            following += 1
        state = following
        scratch.qualities[LENGTH - 1 - cycle if is_reverse else cycle] = state


@compiled
def reference_word(contig, position):
    """Return 32 bases of the invented genome, two bits each."""
    return mixed(contig << 40 | position >> 5, 5)


@compiled
def variant_word(contig, position):
    """Return what varies in 32 bases: of one block in 32, one base in one or both copies."""
    return mixed(contig << 40 | position >> 5, 6)


@compiled
def carried_base(contig, position, haplotype):
    """Return reference and haplotype's code (0 to 3) at a place, as one number: 4 r + h."""
    slot = np.uint64(position & 31)
    base = np.int64((reference_word(contig, position) >> (np.uint64(2) * slot)) & np.uint64(3))
    word = variant_word(contig, position)
    if (word & np.uint64(31)) == 0 and ((word >> np.uint64(5)) & np.uint64(31)) == slot:
        change = 1 + np.int64((word >> np.uint64(10)) & np.uint64(0xFFFF)) % 3
        copies = np.int64(word >> np.uint64(30)) & 3
        if copies == 0 or (copies & 1) == haplotype:
            return 4 * base + (base + change) % 4
    return 5 * base


@compiled
def put_deleted(contig, at, size, text, scratch):
    """Write deleted bases as MD tells them and return where they end."""
    text = put_byte(scratch.text, text, ord("^"))
    for base in range(at, at + size):
        text = put_byte(scratch.text, text, LETTERS[carried_base(contig, base, 2) >> 2])
    return text


@compiled
def draw_bases(world, mate, seed, scratch):
    """Read the bases of a mate off the genome, with errors as its qualities tell.

    Returns the mismatches and the length of the text of MD; codes go to `scratch.codes`.
    """
    haplotype = np.int64(mixed(mate[SOURCE], 3) & np.uint64(1))
    random = np.uint64(seed) | np.uint64(1)
    query, at, run, changes, text = 0, mate[POS], 0, 0, 0
    for op in range(mate[OPS]):
        code, size = mate[CIGAR + op] & 15, mate[CIGAR + op] >> 4
        if code == 2:
            text = put_deleted(
                mate[CONTIG], at, size, put_digits(scratch.text, text, run), scratch
            )
            run, changes = 0, changes + size
        if code in (2, 3):
            at += size
            continue
        changes += size if code == 1 else 0
        for base in range(query, query + size):
            random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            chance = np.int64(random >> np.uint64(32))
            if code != 0:
                scratch.codes[base] = chance & 3
                continue
            both = carried_base(mate[CONTIG], at, haplotype)
            found = both & 3
            if chance < world.errors[scratch.qualities[base]]:
                found = (found + 1 + chance % 3) & 3
            scratch.codes[base] = found
            if found == both >> 2:
                run += 1
            else:
                text = put_digits(scratch.text, text, run)
                text = put_byte(scratch.text, text, LETTERS[both >> 2])
                run, changes = 0, changes + 1
            at += 1
        query += size
    return changes, put_digits(scratch.text, text, run)


@compiled
def put_sequence(world, out, at, scratch):
    """Write bases and qualities and return where they end."""
    for pair in range(LENGTH // 2):
        high, low = scratch.codes[2 * pair], scratch.codes[2 * pair + 1]
        out[at + pair] = (16 << high) | (1 << low)
    at += LENGTH // 2
    for base in range(LENGTH):
        out[at + base] = world.qualities[scratch.qualities[base]]
    return at + LENGTH


@compiled
def put_tags_star(out, at, fragment, copy, changes):
    """Write the tags of STAR and return where they end."""
    at = put_byte(out, put_text(out, at, NH), placements(fragment))
    at = put_byte(out, put_text(out, at, HI), copy + 1)
    at = put_byte(out, put_text(out, at, AS), max(198 - 2 * changes, 0))
    return put_byte(out, put_text(out, at, NM_STAR), changes)


@compiled
def put_tags_bwa(world, out, at, scratch, which, measured):
    """Write the tags of bwa and of duplicate marking; `measured` is mismatches and MD."""
    mate, other = scratch.mates[which], scratch.mates[1 - which]
    changes, text = measured
    if mate[OPS] > 0:
        at = put_byte(out, put_text(out, at, NM), changes)
        at = put_text(out, put_text(out, at, MD), scratch.text[:text])
        at = put_byte(out, at, END)
    if other[OPS] > 0:
        at = put_cigar_text(out, put_text(out, at, MC), other)
        at = put_byte(out, at, END)
    at = put_byte(out, put_text(out, at, AS), max(LENGTH - 5 * changes, 0))
    at = put_byte(out, put_text(out, at, XS), 19 + (mate[POS] % 9 if mate[MAPQ] else 60))
    if which == 0 and is_chimeric(scratch.mates):
        at = put_text(out, put_text(out, at, SA), CHR)
        at = put_byte(out, put_digits(out, at, world.numbers[mate[CONTIG]]), COMMA)
        at = put_byte(out, put_digits(out, at, mate[POS] + 60_000), COMMA)
        at = put_byte(out, put_byte(out, at, ord("+")), COMMA)
        at = put_byte(out, put_cigar_text(out, at, mate), COMMA)
        at = put_byte(out, put_digits(out, at, mate[MAPQ]), COMMA)
        at = put_byte(out, put_byte(out, put_digits(out, at, changes), ord(";")), END)
    return put_text(out, at, READ_GROUP)


@compiled
def put_record(world, out, at, number, scratch):
    """Write one record and return where it ends."""
    fragment, copy, which = number // COPIES, (number % COPIES) // 2, number % 2
    place(world, fragment, copy, scratch.mates)
    mate = scratch.mates[which]
    seed = np.int64(mixed(number, 4) >> np.uint64(1))
    is_single = world.is_rna and (mate[FLAG] & 8) != 0
    end = put_fixed(out, at + 4, scratch, which, is_single)
    named = put_name(out, end, fragment)
    out[at + 12] = named - end
    end = named
    for op in range(mate[OPS]):
        end = put_int(out, end, mate[CIGAR + op], 4)
    draw_qualities(world, seed, (mate[FLAG] & 16) != 0, scratch)
    if mate[OPS] > 0:
        measured = draw_bases(world, mate, seed, scratch)
    else:
        measured = (0, 0)
        for base in range(LENGTH):
            scratch.codes[base] = np.int64(mixed(seed, base) & np.uint64(3))
    end = put_sequence(world, out, end, scratch)
    if world.is_rna:
        end = put_tags_star(out, end, fragment, copy, measured[0])
    else:
        end = put_tags_bwa(world, out, end, scratch, which, measured)
    put_int(out, at, end - at - 4, 4)
    return end


@compiled
def write_records(world, keys, bits, out, cuts):
    """Write records in the order of their keys; a block of BGZF never cuts one.

    Returns the number of blocks; `cuts` gets the end of each.
    """
    scratch = Scratch(
        np.zeros((2, WIDTH), np.int64), np.zeros(LENGTH, np.uint8),
        np.zeros(LENGTH, np.uint8), np.zeros(LARGEST, np.uint8),
    )  # fmt: skip
    at, begin, blocks = np.int64(0), np.int64(0), 0
    for key in keys:
        end = put_record(world, out, at, np.int64(key) & ((1 << bits) - 1), scratch)
        if end - begin > BLOCK:
            cuts[blocks] = begin = at
            blocks += 1
        at = end
    cuts[blocks] = at
    return blocks + 1
