"""Hash tables of fragments: records that wait for their mates, and keys of settled ones.

The slots of both are powers of two; a free one has the key 0; what collides lies in the slots
behind, and whoever is taken out closes the gap.
"""

import numpy as np
import numpy.typing as npt

from storiform.kernels import compiled
from storiform.kernels.records import Int

Int64s = npt.NDArray[np.int64]

KEY, PLACE, STATE, HITS, SIZE, FIRST_GENE = range(6)
"""Columns of the table of records that wait: int64 (slots, `FIRST_GENE` + genes)."""


@compiled
def key_of(name: Int, one: tuple[Int, Int], two: tuple[Int, Int], hit: Int) -> Int:
    """Mix a name's hash with contig and start of read 1 and of read 2, and HI; never 0.

    Factors are below 2^31 and words below 2^32, so that no product overflows.
    """
    words = 0xFFFFFFFF
    mixed = ((one[1] + 3) & words) * 1640531527 ^ ((two[1] + 5) & words) * 2135587861
    mixed ^= (mixed >> 29) ^ ((one[0] + 7) & words) * 1150833019
    mixed ^= (mixed >> 27) ^ ((two[0] + 11) & words) * 1903816331
    mixed ^= (mixed >> 31) ^ ((hit + 13) & words) * 1597334677
    key = name ^ mixed
    return key if key != 0 else np.int64(1)


@compiled
def slot_of(waiting: Int64s, key: Int) -> Int:
    """Return the slot that holds a key, else the free slot where it belongs."""
    last = len(waiting) - 1
    slot = (key ^ (key >> 32)) & last
    while waiting[slot, KEY] != 0 and waiting[slot, KEY] != key:
        slot = (slot + 1) & last
    return slot


@compiled
def copy_row(source: Int64s, row: Int, target: Int64s, place: Int) -> Int:
    """Copy a row of one table to a row of another that is as wide or wider."""
    for column in range(FIRST_GENE + source[row, SIZE]):
        target[place, column] = source[row, column]
    return place


@compiled
def take_out(waiting: Int64s, slot: Int) -> Int:
    """Free a slot and close the gap behind it; return the slot that is free now."""
    last, gap = len(waiting) - 1, slot
    while True:
        slot = (slot + 1) & last
        key = waiting[slot, KEY]
        if key == 0:
            break
        home = (key ^ (key >> 32)) & last
        if ((slot - home) & last) >= ((slot - gap) & last):
            copy_row(waiting, slot, waiting, gap)
            gap = slot
    waiting[gap, KEY] = 0
    return gap


@compiled
def move_waiting(old: Int64s, new: Int64s) -> Int:
    """Copy all that waits into an empty table with at least as much room; return how many."""
    moved = np.int64(0)
    for slot in range(len(old)):
        if old[slot, KEY] != 0:
            copy_row(old, slot, new, slot_of(new, old[slot, KEY]))
            moved += 1
    return moved


@compiled
def slot_of_half(halves: Int64s, key: Int) -> Int:
    """Return the slot that holds a key, else the free slot where it belongs."""
    last = len(halves) - 1
    slot = (key ^ (key >> 32)) & last
    while halves[slot] != 0 and halves[slot] != key:
        slot = (slot + 1) & last
    return slot


@compiled
def take_half(halves: Int64s, key: Int) -> Int:
    """Take a key out and close the gap behind it; return 1, or 0 if it is not there."""
    last, gap = len(halves) - 1, slot_of_half(halves, key)
    if halves[gap] == 0:
        return np.int64(0)
    slot = gap
    while True:
        slot = (slot + 1) & last
        kept = halves[slot]
        if kept == 0:
            break
        home = (kept ^ (kept >> 32)) & last
        if ((slot - home) & last) >= ((slot - gap) & last):
            halves[gap] = kept
            gap = slot
    halves[gap] = 0
    return np.int64(1)
