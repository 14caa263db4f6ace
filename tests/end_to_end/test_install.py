"""storiform installs from a wheel and from a bundle, and finds what it carries."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import click.testing
import pytest

from storiform import __version__
from storiform.cli.bundle import bundle
from storiform.io.bundle import write_bundle, write_own_wheel
from storiform.model.errors import RunError

ROOT = Path(__file__).resolve().parents[2]
CARRIED = ("workflows/trial.py", "configs/trial.yaml", "reference/SOURCES.tsv")
RECIPES = ("Dockerfile", "storiform.def", "assemble.sh")
REPACK = (
    "import sys, pathlib; from storiform.io.bundle import write_own_wheel;"
    "print(write_own_wheel(pathlib.Path(sys.argv[1])))"
)


CONNECT = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=5)"
"""An address of the block for documentation: with a network it would time out."""


def call(
    command: Sequence[object], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without the settings of this Python and of pip's index."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_NO"))}
    return subprocess.run(  # noqa: S603 - the commands of this file, no shell
        [str(word) for word in command],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run(command: Sequence[object], folder: Path, **environment: str) -> str:
    """Run a command that must succeed; return what it wrote."""
    done = call(command, folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_network(folder: Path) -> list[str]:
    """Return the words before a command that cut its network off, where the system can."""
    if (unshare := shutil.which("unshare")) is None:
        return []
    for words in ([unshare, "-n"], [unshare, "-r", "-n"]):
        if call([*words, "true"], folder).returncode == 0:
            return words
    return []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    return write_own_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone; what it needs is lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    words = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run([*words, "--no-index", "--no-deps", wheel], folder)
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return folder


def test_wheel_carries_every_bundled_file_as_it_is(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        prefix = "storiform/bundled/"
        packed = {
            name.removeprefix(prefix): archive.read(name)
            for name in archive.namelist()
            if name.startswith(prefix)
        }
    expected = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for folder in ("workflows", "configs", "reference", "containers/bundle")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    alone = [f"containers/{name}" for name in ("requirements.lock", *RECIPES)]
    assert packed == expected | {name: (ROOT / name).read_bytes() for name in alone}


def test_installed_wheel_finds_what_it_carries(installed: Path):
    code = (
        "import sys, storiform; from storiform.io.resources import bundled;"
        "print(storiform.__file__, *(bundled(name) for name in sys.argv[1:]))"
    )
    found = run([installed / "bin" / "python", "-c", code, *CARRIED], installed).split()
    assert len(found) == 1 + len(CARRIED)
    assert all(Path(path).is_relative_to(installed) for path in found)


def test_installed_command_tells_its_version(installed: Path):
    said = run([installed / "bin" / "storiform", "--version"], installed)
    assert __version__ in said


def test_installed_storiform_packs_itself_up_again(
    installed: Path, wheel: Path, tmp_path: Path
):
    said = run([installed / "bin" / "python", "-c", REPACK, tmp_path], tmp_path)
    with zipfile.ZipFile(said.strip()) as again, zipfile.ZipFile(wheel) as first:
        contents = [{n: z.read(n) for n in z.namelist()} for z in (again, first)]
    records = [c.pop(next(n for n in c if n.endswith("/RECORD"))) for c in contents]
    assert contents[0] == contents[1]
    assert sorted(records[0].splitlines()) == sorted(records[1].splitlines())


def test_bundle_leaves_a_folder_with_files_alone(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(RunError, match="expected no folder, or an empty one"):
        write_bundle(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_broken_off_bundle_leaves_no_folder_and_says_what_pip_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("WHEELHOUSE", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(RunError, match=r"package index(.|\n)*No matching distribution"):
        write_bundle(tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_bundle_installs_without_network(tmp_path: Path):
    folder = tmp_path / "bundle"
    done = click.testing.CliRunner().invoke(bundle, ["--out", str(folder)])
    assert done.exit_code == 0, done.output
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    listed = {folder / name: digest for name, digest in sums.items()}
    present = {path for path in folder.rglob("*") if path.is_file()}
    assert set(listed) | {folder / "SHA256SUMS"} == present
    for path, digest in listed.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, path
    for name in RECIPES:  # what makes an image of these wheels
        recipe = folder / "containers" / name
        assert recipe.read_bytes() == (ROOT / "containers" / name).read_bytes()
    assert os.access(folder / "containers" / "assemble.sh", os.X_OK)
    alone, home = without_network(tmp_path), {"HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    if not alone:
        pytest.skip("this machine makes no network namespace; containers/check.sh offline does")
    done = call([*alone, sys.executable, "-c", CONNECT], tmp_path)
    assert "unreachable" in done.stderr, "the network is in reach"
    # No bytecode of what is never imported: in pip's words, "no-compile" is switched on by 0.
    python = {"PYTHON": sys.executable, "PIP_NO_CACHE_DIR": "1", "PIP_NO_COMPILE": "0"}
    run([*alone, folder / "install.sh", tmp_path / "new"], tmp_path, **home, **python)
    command = tmp_path / "new" / "bin" / "storiform"
    assert __version__ in run([*alone, command, "--version"], tmp_path, **home)
    assert "tmb" in run([*alone, command, "config", "schema"], tmp_path, **home)


def test_damaged_bundle_is_refused(tmp_path: Path):
    folder = tmp_path / "bundle"
    (folder / "wheels").mkdir(parents=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    script = (ROOT / "containers" / "bundle" / "install.sh").read_text("utf-8")
    (folder / "install.sh").write_text(script.replace("@PYTHON@", version), "utf-8")
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  install.sh\n", "utf-8")
    done = call(["/bin/sh", folder / "install.sh", "new"], tmp_path, PYTHON=sys.executable)
    assert done.returncode == 2
    assert "is damaged" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Copy what builds the environment, without an environment."""
    for name in (".ci/environment", "containers/requirements.lock", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def fake_python(folder: Path, body: str) -> Path:
    """Write a program that stands in for Python."""
    path = folder / "python-fake"
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_set_up_passes_over_a_python_that_does_not_run(bare: Path):
    shim = fake_python(bare, "echo 'command not found' >&2; exit 127")
    done = call([".ci/environment", "run"], bare, PYTHON=str(shim))
    assert done.returncode == 2
    assert done.stderr.startswith("environment: found no Python 3.11 or later among ")
    assert len(done.stderr.splitlines()) == 1


def test_set_up_names_the_package_that_debian_leaves_out(bare: Path):
    body = f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    done = call([".ci/environment", "run"], bare, PYTHON=str(fake_python(bare, body)))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 2
    assert done.stderr.endswith(f"sudo apt-get install python{version}-venv\n")
    assert len(done.stderr.splitlines()) == 1


def test_set_up_looks_into_the_wheelhouse_alone(bare: Path):
    (bare / "wheels").mkdir()
    done = call([".ci/environment", "run"], bare, PYTHON=sys.executable, WHEELHOUSE="wheels")
    assert done.returncode == 2
    assert "No matching distribution" in done.stderr
    assert "docs/how-to/offline.md" in done.stderr
