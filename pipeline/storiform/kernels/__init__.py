"""Compiled loops: arrays in, arrays out. `compiled` fixes one set of numba flags for all.

numba costs 1.5 s to import and is not needed to plan a run, so a kernel compiles when it
is first called. Under ``NUMBA_DISABLE_JIT=1`` a kernel is its plain Python function.
"""

import functools
import os
import types
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


class Kernel(Generic[P, R]):
    """A function that is compiled by numba at its first call."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.python = function
        self._dispatcher: Callable[P, R] | None = None
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function, compiling it the first time."""
        return self.dispatcher()(*args, **kwargs)

    def dispatcher(self) -> Callable[P, R]:
        """Return the compiled function, made with all kernels that it calls."""
        if self._dispatcher is None:
            self._dispatcher = _compile(self.python)
        return self._dispatcher


def compiled(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a function as a kernel: `numba.njit` with this house's flags, lazily."""
    return Kernel(function)


def _compile(function: Callable[P, R]) -> Callable[P, R]:
    source = cast("types.FunctionType", function)
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "1":
        return function
    import numba  # noqa: PLC0415  the import is the cost that laziness saves

    scope: dict[str, Any] = dict(source.__globals__)
    for name in source.__code__.co_names:
        called = scope.get(name)
        if isinstance(called, Kernel) and called.python is not function:
            scope[name] = called.dispatcher()
    twin = types.FunctionType(
        source.__code__, scope, source.__name__, source.__defaults__, source.__closure__
    )
    twin.__module__, twin.__qualname__ = source.__module__, source.__qualname__
    cache = bool(os.environ.get("NUMBA_CACHE_DIR"))
    jit = numba.njit(  # noqa: TID251  the one place
        cache=cache, nogil=True, error_model="numpy", fastmath=False
    )
    return cast("Callable[P, R]", jit(twin))
