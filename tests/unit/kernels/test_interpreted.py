"""Kernels give the same without numba: a debugger can step through what is counted."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from storiform.kernels import Kernel, decoding

HERE = Path(__file__).parent
CHOSEN = (
    "test_alleles.py",
    "test_binding.py",
    "test_depth.py",
    "test_overlaps.py",
    "test_pileup.py",
)


def test_tests_of_kernels_pass_as_plain_python_without_a_warning():
    """All of numpy's warnings are errors in these tests, so none is hidden."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    files = [str(HERE / name) for name in CHOSEN]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTEST_ADDOPTS": "-p no:xdist"}
    done = subprocess.run(  # noqa: S603  our own tests
        [*command, *files], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3_000:]


def test_a_hash_of_a_name_is_the_same_with_and_without_numba(monkeypatch):
    names = [b"A" * length + b"\0" for length in range(1, 60)]
    record = np.zeros(200, np.uint8)

    def hashes() -> list[int]:
        found = []
        for name in names:
            record[12] = len(name)
            record[36 : 36 + len(name)] = np.frombuffer(name, np.uint8)
            found.append(int(decoding.hash_name(record, 0)))
        return found

    compiled = hashes()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    for value in vars(decoding).values():
        if isinstance(value, Kernel):
            monkeypatch.setattr(value, "_dispatcher", None)
    assert hashes() == compiled
    assert len(set(compiled)) == len(names)
