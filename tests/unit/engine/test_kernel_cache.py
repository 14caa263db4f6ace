"""Compiled kernels are kept for all environments of a user, as long as no kernel changes."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import numba
import pytest

from storiform import kernels
from storiform.engine.cluster import prepare_environment
from storiform.kernels import SOURCES, Kernel

DOUBLED = """
from storiform.kernels import compiled

@compiled
def doubled(number: int) -> int:
    return 2 * number
"""


def loaded(folder: Path, text: str = DOUBLED) -> Kernel[Any, Any]:
    """Write a kernel into a folder of its own and load it, as a new process would."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "doubled.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location("doubled", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kernel: Kernel[Any, Any] = module.doubled
    return kernel


def hits(kernel: Kernel[Any, Any]) -> int:
    """Return how often a compiled kernel was found instead of made."""
    return sum(kernel.dispatcher().stats.cache_hits.values())  # type: ignore[attr-defined]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    return folder


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_what_one_environment_compiled_serves_another(cache: Path, tmp_path: Path) -> None:
    loaded(cache / SOURCES)
    first, second = loaded(tmp_path / "one"), loaded(tmp_path / "two")
    assert (first(3), second(4)) == (6, 8)
    assert (hits(first), hits(second)) == (0, 1)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_an_edited_kernel_is_not_taken_for_the_copy(cache: Path, tmp_path: Path) -> None:
    loaded(cache / SOURCES)
    assert loaded(tmp_path / "one")(3) == 6
    edited = loaded(tmp_path / "two", DOUBLED.replace("2 *", "3 *"))
    assert edited(3) == 9
    assert hits(edited) == 0


def test_copies_of_all_kernels_lie_beside_what_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    prepare_environment()
    prepare_environment()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.is_relative_to(tmp_path)
    assert [path.name for path in folder.iterdir()] == [SOURCES]
    own = Path(kernels.__file__).parent
    copies = {path.name: path.read_bytes() for path in (folder / SOURCES).iterdir()}
    assert copies == {path.name: path.read_bytes() for path in own.glob("*.py")}
