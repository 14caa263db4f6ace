"""Blocks of BGZF: what a block lost is told, whatever else then fits."""

from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.bgzf import EOF_BLOCK, BgzfFile
from storiform.model.errors import InputError


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Write bytes that hardly compress, in several blocks."""
    path = tmp_path / "reads.bam"
    with pysam.BGZFile(str(path), "w") as file:
        file.write(np.random.default_rng(1).bytes(150_000))
    return path


def content(path: Path) -> bytes:
    with BgzfFile(path) as file:
        file.check_end()
        return b"".join(bytes(part) for _, part in file.blocks())


@pytest.mark.parametrize("before", [1, 5, 1_000, 10_000])
def test_a_block_that_lost_as_many_bytes_as_the_end_block_has_is_refused(
    packed: Path, before: int
) -> None:
    """By its size it ends where the mark of the end does, whose checksum and length are 0."""
    whole = packed.read_bytes()
    lost = len(EOF_BLOCK)
    end = len(whole) - lost - before
    packed.write_bytes(whole[: end - lost] + whole[end:])
    with pytest.raises(
        InputError, match=r"reads\.bam, block at byte \d+: found a damaged block"
    ):
        content(packed)


def test_empty_blocks_between_others_are_read(packed: Path) -> None:
    """As files that were joined have them, and some writers after each flush."""
    whole = packed.read_bytes()
    packed.write_bytes(EOF_BLOCK + whole[: -len(EOF_BLOCK)] + EOF_BLOCK + whole)
    assert content(packed) == 2 * np.random.default_rng(1).bytes(150_000)
