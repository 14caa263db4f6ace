"""Compiled alleles come back as they were written; other files are told what to do."""

from dataclasses import fields

import numpy as np
import pytest
from toy_hla import release, toy_gene

from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.hla_reference_file import (
    FORMAT,
    read_hla_reference,
    write_hla_reference,
)
from storiform.io.resources import RESOURCES
from storiform.model.errors import InputError
from storiform.model.hla_reference import HlaReference

ROOT = toy_gene(5)
DECOY = toy_gene(6, (40, 90, 95, 60))


@pytest.fixture(scope="module")
def reference() -> HlaReference:
    both = {"A*01:01:01:01": ROOT, "A*01:02N": ROOT.with_exon(3, ROOT.exons[2][:-1])}
    both |= {"H*01:01": DECOY}
    coding = {"A*01:03": "".join(ROOT.exons[1:3]), "A*01:04": ROOT.exons[1]}
    sequences = release(both, coding)
    sequences = type(sequences)(
        sequences.genomic, sequences.coding, {"A*01:03": "A*01:01:01G"}, "9.1.0", "ab" * 16
    )
    return compile_reference(sequences)


def same(one: object, other: object) -> bool:
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and one and not isinstance(one[0], str):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if hasattr(one, "columns"):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return one == other


def test_what_was_written_is_read(reference, tmp_path) -> None:
    path = tmp_path / "hla.npz"
    write_hla_reference(path, reference, "2026-01-02")
    found = read_hla_reference(path)
    for field in fields(HlaReference):
        assert same(getattr(reference, field.name), getattr(found, field.name)), field.name
    assert found.left_out.keys() == {"A*01:04"}
    assert RESOURCES["hla_reference"].read(path).md5 == "ab" * 16


def test_the_same_alleles_make_the_same_bytes(reference, tmp_path) -> None:
    for name in ("one.npz", "two.npz"):
        write_hla_reference(tmp_path / name, reference, "2026-01-02")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    write_hla_reference(tmp_path / "two.npz", read_hla_reference(tmp_path / "one.npz"), "x")
    assert same(reference.genomic, read_hla_reference(tmp_path / "two.npz").genomic)


def test_without_alleles_the_file_holds_none(tmp_path) -> None:
    empty = compile_reference(release({}))
    write_hla_reference(tmp_path / "empty.npz", empty, "2026-01-02")
    assert read_hla_reference(tmp_path / "empty.npz").alleles == ()


def test_another_format_says_to_compile_again(tmp_path) -> None:
    path = tmp_path / "old.npz"
    np.savez(path, format=np.array(FORMAT + 1))
    with pytest.raises(InputError, match=f"found format {FORMAT + 1}, .*hla-reference --imgt"):
        read_hla_reference(path)


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "array", "weights", "part"])
def test_files_that_are_none_are_refused(reference, tmp_path, kind) -> None:
    path = tmp_path / "hla.npz"
    write_hla_reference(path, reference, "2026-01-02")
    if kind == "missing":
        path.unlink()
    elif kind == "text":
        path.write_text("A*01:01\n")
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    elif kind == "array":
        with path.open("wb") as stream:
            np.save(stream, np.zeros(3))
    elif kind == "weights":
        np.savez(path, table=np.zeros(3))
    else:
        np.savez(path, format=np.array(FORMAT), header=np.zeros(0, np.uint8))
    with pytest.raises(InputError, match="compiled by storiform hla-reference"):
        read_hla_reference(path)
