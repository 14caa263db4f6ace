"""How kernels are compiled."""

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from storiform.kernels import Kernel, _makes_arrays, compiled, compiled_apart, compiled_within

Ints = npt.NDArray[np.int64]


class Bag(NamedTuple):
    """An array and a number."""

    values: Ints
    step: int


@compiled
def pick(bag: Bag) -> Ints:
    """Return an array that was passed in."""
    return bag.values


@compiled
def add_up(bag: Bag) -> int:
    """Return a number, of an array that another kernel hands through."""
    total = 0
    for value in pick(bag):
        total += value * bag.step
    return total


@compiled
def last_of(bag: Bag) -> int:
    """Return a number out of an array."""
    return bag.values[len(bag.values) - 1]


@compiled
def count_up(size: int) -> Ints:
    """Return an array that was made."""
    values = np.empty(size, np.int64)
    for k in range(size):
        values[k] = k
    return values


@compiled
def sum_up(size: int) -> int:
    """Return a number, of an array that another kernel makes."""
    return np.int64(count_up(size)[size - 1])


@compiled_within
def first_above(values: Ints, bound: int) -> int:
    """Return the place of the first value above a bound, or -1: a loop with two ends."""
    for k in range(len(values)):
        if values[k] > bound:
            return k
    return -1


@compiled_apart
def sum_of_places(values: Ints, bound: int) -> int:
    """Return a number, of a kernel that is written into this one."""
    return first_above(values, bound) + first_above(values, 10 * bound)


def test_kernel_is_compiled_where_it_is_written_and_nowhere_else():
    values = np.array([1, 5, 50])
    assert (sum_of_places(values, 4), sum_of_places(values, 60)) == (3, -2)
    assert len(sum_of_places.dispatcher().signatures) == 1
    assert first_above.dispatcher().signatures == []
    assert first_above(values, 4) == 1, "called from Python it is compiled all the same"


def test_arrays_that_pass_through_kernels_keep_their_owners():
    bag = Bag(np.arange(1000), 2)
    before = sys.getrefcount(bag.values)
    sums = {add_up(bag) for _ in range(1000)}
    lasts = {int(pick(bag)[-1]) for _ in range(1000)}
    after = sys.getrefcount(bag.values)
    assert (sums, lasts, after) == ({999_000}, {999}, before)


def test_arrays_that_kernels_make_are_freed_once():
    kept = [count_up(size) for size in range(1, 200)]
    assert [sum_up(size) for size in range(1, 200)] == list(range(199))
    assert [int(values.sum()) for values in kept] == [k * (k + 1) // 2 for k in range(199)]


def returns_any(bag: Bag) -> Any:
    return bag


def returns_a_tuple(bag: Bag) -> tuple[int, Ints]:
    return bag.step, bag.values


def returns_a_named_tuple(bag: Bag) -> Bag:
    return bag


def returns_a_union(bag: Bag) -> Ints | None:
    return bag.values


def tells_nothing(bag: Bag):
    return bag


@pytest.mark.parametrize(
    "function",
    [returns_any, returns_a_tuple, returns_a_named_tuple, returns_a_union, tells_nothing],
)
def test_what_may_return_an_array_counts_references(function):
    assert _makes_arrays(function)


@pytest.mark.parametrize("kernel", [pick, count_up, add_up, sum_up])
def test_what_makes_an_array_or_is_given_one_counts_references(kernel: Kernel[..., object]):
    assert _makes_arrays(kernel.python)


def test_what_meets_numbers_alone_counts_none():
    assert not _makes_arrays(last_of.python)
    assert last_of(Bag(np.arange(5), 2)) == 4
