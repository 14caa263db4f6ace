"""Compiled loops: arrays in, arrays out. `compiled` fixes one set of numba flags for all.

numba costs 1.5 s to import and is not needed to plan a run, so a kernel compiles when it
is first called. Under ``NUMBA_DISABLE_JIT=1`` a kernel is its plain Python function.
Its numbers wrap around all the same: hashes are made to.

A kernel that another calls becomes part of it, and one that neither makes an array nor is
given one counts no references to arrays: left to itself, numba calls small kernels and counts
references whenever an array is taken out of a named tuple, which made counting depth and
genes four times slower.
"""

import functools
import os
import types
from collections.abc import Callable
from pathlib import Path
from typing import (
    Any,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

Place = Literal["in_callers", "apart", "within"]
"""Where the code of a kernel lies: inlined into each caller, by itself, or written into one."""
_WRITTEN = ("never", "always")
SOURCES = "sources"
"""Folder in that of compiled kernels which holds copies of their files."""
_MAKERS = {"arange", "array", "concatenate", "copy", "empty", "full", "ones", "sort", "zeros"}
"""Names by which a kernel makes an array. One that is missing here fails to compile."""


class Kernel(Generic[P, R]):
    """A function that is compiled by numba at its first call."""

    def __init__(self, function: Callable[P, R], place: Place = "in_callers") -> None:
        self.python = function
        self._place = place
        self._dispatcher: Callable[P, R] | None = None
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function, compiling it the first time."""
        return self.dispatcher()(*args, **kwargs)

    def dispatcher(self) -> Callable[P, R]:
        """Return the compiled function, made with all kernels that it calls."""
        if self._dispatcher is None:
            self._dispatcher = _compile(self.python, self._place)
        return self._dispatcher


def compiled(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a function as a kernel: `numba.njit` with this house's flags, lazily."""
    return Kernel(function)


def compiled_apart(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a kernel that stays a function of its own, for all its callers.

    For loops that are long beside a call: a copy of one in each caller would be compiled there
    again, which is what the first run of an installation waits for.
    """
    return Kernel(function, "apart")


def compiled_within(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a kernel that is written into its only caller, and is compiled there alone."""
    return Kernel(function, "within")


def _compile(function: Callable[P, R], place: Place) -> Callable[P, R]:
    source = cast("types.FunctionType", function)
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "1":
        return np.errstate(over="ignore")(function)  # numbers wrap, as compiled ones do
    import numba  # noqa: PLC0415  the import is the cost that laziness saves

    scope: dict[str, Any] = dict(source.__globals__)
    for name in source.__code__.co_names:
        called = scope.get(name)
        if isinstance(called, Kernel) and called.python is not function:
            scope[name] = called.dispatcher()
    twin = types.FunctionType(
        _placed(source.__code__),
        scope,
        source.__name__,
        source.__defaults__,
        source.__closure__,
    )
    twin.__module__, twin.__qualname__ = source.__module__, source.__qualname__
    cache = bool(os.environ.get("NUMBA_CACHE_DIR"))
    flags: dict[str, Any] = {
        "cache": cache, "nogil": True, "error_model": "numpy", "fastmath": False,
        "forceinline": place == "in_callers", "inline": _WRITTEN[place == "within"],
        "_nrt": _makes_arrays(source),
    }  # fmt: skip
    return cast("Callable[P, R]", numba.njit(**flags)(twin))  # noqa: TID251  the one place


def _placed(code: types.CodeType) -> types.CodeType:
    """Give code the path of the copy of its file beside the cache, where there is one.

    numba knows what it has compiled by the path and the time of the source: without, every
    environment and every clone would compile the same kernels anew.
    """
    folder = os.environ.get("NUMBA_CACHE_DIR", "")
    twin = Path(folder, SOURCES, Path(code.co_filename).name)
    return code.replace(co_filename=str(twin)) if _is_copy(twin, code.co_filename) else code


@functools.cache
def _is_copy(file: Path, other: str) -> bool:
    try:
        return file.read_bytes() == Path(other).read_bytes()
    except OSError:
        return False


@functools.cache
def _makes_arrays(function: types.FunctionType) -> bool:
    """Tell whether a kernel, or one that it calls, makes or returns arrays.

    One without annotation may. A caller that counts no references would never free what it
    is given.
    """
    names = function.__code__.co_names
    returned = get_type_hints(function).get("return", np.ndarray)
    if _MAKERS & set(names) or _holds_array(returned):
        return True
    known = (function.__globals__.get(name) for name in names)
    called = (kernel.python for kernel in known if isinstance(kernel, Kernel))
    return any(
        _makes_arrays(cast("types.FunctionType", f)) for f in called if f is not function
    )


def _holds_array(hint: object) -> bool:
    """Tell whether an annotation is an array, or a tuple or union with one, or may be."""
    if hint in (Any, object, np.ndarray) or get_origin(hint) is np.ndarray:
        return True
    parts = get_type_hints(hint).values() if hasattr(hint, "_fields") else get_args(hint)
    return any(_holds_array(part) for part in parts)
