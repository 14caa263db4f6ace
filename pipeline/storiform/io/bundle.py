"""One folder from which storiform is installed where there is no internet.

::

    DIR/INSTALL.txt  install.sh  requirements.lock  SHA256SUMS
    DIR/wheels/      storiform and all that it needs, for this Python and this platform
    DIR/containers/  recipes of an image that is made of these wheels
    DIR/workflows/  configs/  reference/    the bundled files, to read and to copy
"""

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from storiform.io.resources import bundled
from storiform.model.errors import RunError, fault

_PACKAGE = Path(__file__).resolve().parents[1]
_SOURCES = ("workflows", "configs", "reference")
_RECIPES = ("Dockerfile", "storiform.def", "assemble.sh")
_OF_INSTALLER = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"})
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """What was written: the folder, its wheels, its size in bytes, and for which Python."""

    folder: Path
    wheels: tuple[str, ...]
    size_bytes: int
    python: str
    platform: str


def write_bundle(folder: Path) -> Bundle:
    """Write the folder; it appears under its name once it is complete.

    Parameters
    ----------
    folder
        Must not exist yet, or be empty.

    Returns
    -------
    Bundle
        What was written.

    Raises
    ------
    RunError
        If the folder holds files, or pip is absent or cannot fetch a wheel.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = fault(str(folder), "files", "no folder, or an empty one", "Name another.")
        raise RunError(message)
    if find_spec("pip") is None:
        message = fault(
            sys.executable, "no pip", "pip, which fetches the wheels", "Run it in a venv."
        )
        raise RunError(message)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _fill(partial)
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    except OSError as error:
        message = fault(str(folder), str(error), "a place to write to", "Name another folder.")
        raise RunError(message) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    wheels = tuple(sorted(path.name for path in (folder / "wheels").iterdir()))
    size = sum(path.stat().st_size for path in _files(folder))
    return Bundle(folder, wheels, size, _python(), sysconfig.get_platform())


def _fill(folder: Path) -> None:
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lock = str(shutil.copy(bundled("containers/requirements.lock"), folder))
    wheelhouse = os.environ.get("WHEELHOUSE", "")  # as in the Makefile: this folder alone
    source = ["--no-index", "--find-links", wheelhouse] if wheelhouse else []
    wanted = ["--require-hashes", "--only-binary=:all:", "-r", lock, "-d", str(wheels)]
    _pip("download", *source, *wanted)
    write_own_wheel(wheels)
    for name in _SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(bundled(name), folder / name, ignore=ignored)
    for template in ("INSTALL.txt", "install.sh"):
        text = bundled(f"containers/bundle/{template}").read_text("utf-8")
        filled = text.replace("@PYTHON@", _python())
        filled = filled.replace("@PLATFORM@", sysconfig.get_platform())
        (folder / template).write_text(filled, "utf-8")
    (folder / "containers").mkdir()
    for name in _RECIPES:
        shutil.copyfile(bundled(f"containers/{name}"), folder / "containers" / name)
    for program in ("install.sh", "containers/assemble.sh"):
        (folder / program).chmod(0o755)
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
        for path in _files(folder)
    )
    (folder / "SHA256SUMS").write_text(sums, "utf-8")


def write_own_wheel(folder: Path) -> Path:
    """Write the wheel of the running storiform into a folder, and return its path.

    In a checkout the wheel is built; an installed storiform is packed up again from the
    files that its installation records.

    Raises
    ------
    RunError
        If the build fails, or if the installation does not record its files.
    """
    checkout = _PACKAGE.parents[1]
    if (checkout / "pyproject.toml").exists() and checkout.joinpath("pipeline").is_dir():
        options = ("--no-index", "--no-deps", "--no-build-isolation")
        _pip("wheel", *options, "-w", str(folder), str(checkout))
        return next(folder.glob("storiform-*.whl"))
    try:
        installed = distribution("storiform")
    except PackageNotFoundError as error:
        message = fault(
            str(_PACKAGE), "no record of an installation", "one by pip", "Install it with pip."
        )
        raise RunError(message) from error
    path = folder / f"storiform-{installed.version}-py3-none-any.whl"
    _repack(installed, path)
    return path


def _repack(installed: Distribution, path: Path) -> None:
    kept = [
        file
        for file in installed.files or ()
        if ".." not in file.parts
        and "__pycache__" not in file.parts
        and not (_is_metadata(file) and file.name in _OF_INSTALLER)
    ]
    metadata = next((str(file.parent) for file in kept if _is_metadata(file)), None)
    if metadata is None:
        message = fault(
            str(_PACKAGE), "no list of its files", "RECORD", "Install storiform again by pip."
        )
        raise RunError(message)
    record = io.StringIO(newline="")
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(kept, key=str):
            content = Path(str(installed.locate_file(file))).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
            rows.writerow([file, f"sha256={digest.decode().rstrip('=')}", len(content)])
            wheel.writestr(_entry(str(file)), content)
        rows.writerow([f"{metadata}/RECORD", "", ""])
        wheel.writestr(_entry(f"{metadata}/RECORD"), record.getvalue())


def _is_metadata(file: PurePosixPath) -> bool:
    return file.parts[0].endswith(".dist-info")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _pip(*arguments: str) -> None:
    quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
    command = [sys.executable, "-m", "pip", *arguments, *quiet]
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell, no outside text
        command, capture_output=True, check=False, encoding="utf-8", errors="replace"
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()][-5:]
        message = f"pip {arguments[0]} failed. Is a package index in reach? pip said:\n"
        raise RunError(message + "\n".join(said))


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
