"""Only files whose SHA-256 a lock names get into a bundle, and out of it."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from storiform.io import bundle
from storiform.io.resources import bundled
from storiform.model.errors import RunError

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def wheel(folder: Path, name: str, text: str) -> Path:
    """Write a wheel of one module that has a command of its name."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    digests = {
        file: base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for file, content in files.items()
    }
    rows = "".join(f"{file},sha256={d.rstrip('=')},\n" for file, d in digests.items())
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for file, content in {**files, f"{info}/RECORD": rows + f"{info}/RECORD,,\n"}.items():
            packed.writestr(file, content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a bundle of two small wheels."""
    folder = tmp_path / "bundle"
    (folder / "wheels").mkdir(parents=True)
    sieve = wheel(folder / "wheels", "sieve", "def main(): pass\n")
    wheel(folder / "wheels", "storiform", "def main(): print('ours')\n")
    locked = f"sieve==1.0 --hash=sha256:{hashlib.sha256(sieve.read_bytes()).hexdigest()}\n"
    (folder / "requirements.lock").write_text(locked)
    text = bundled("containers/bundle/install.sh").read_text("utf-8")
    (folder / "install.sh").write_text(text.replace("@PYTHON@", PYTHON))
    return sealed(folder)


def sealed(folder: Path) -> Path:
    """Write the sums of a bundle anew."""
    sums = folder / "SHA256SUMS"
    sums.unlink(missing_ok=True)
    sums.write_text(
        "".join(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )
    )
    return folder


def install(folder: Path, environment: str = "env") -> tuple[int, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", str(folder / "install.sh"), environment],
        cwd=folder.parent,
        env={**kept, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_bundle_is_installed_also_where_a_name_has_a_blank(folder: Path) -> None:
    code, said = install(folder, "my env")
    assert code == 0, said
    assert "ours" in said
    assert (folder.parent / "my env/bin/sieve").exists()


def test_no_requirement_without_a_sum_is_installed(folder: Path) -> None:
    (folder / "requirements.lock").write_text("sieve==1.0\n")
    code, said = install(sealed(folder))
    assert code != 0
    assert "--require-hashes" in said
    assert not (folder.parent / "env/bin/sieve").exists()


@pytest.mark.parametrize("name", ["storiform", "sieve"])
def test_no_wheel_is_installed_of_which_no_line_tells_the_sum(folder: Path, name: str) -> None:
    wheel(folder / "wheels", name, "def main(): print('altered')\n")
    sums = folder / "SHA256SUMS"
    code, said = install(folder)
    assert code == 2, said
    sums.write_text("".join(f"{x}\n" for x in sums.read_text().split("\n") if name not in x))
    code, said = install(folder)
    assert code == 2, said
    assert f"SHA256SUMS does not know wheels/{name}-1.0-py3-none-any.whl" in said
    assert not (folder.parent / "env").exists()


def test_no_requirement_without_a_sum_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tmp_path / "house"
    house.mkdir()
    wheel(house, "sieve", "def main(): pass\n")
    lock = tmp_path / "requirements.lock"
    lock.write_text("sieve==1.0\n")
    monkeypatch.setattr(bundle, "bundled", lambda _name: lock)
    monkeypatch.setenv("WHEELHOUSE", str(house))
    with pytest.raises(RunError, match="--require-hashes"):
        bundle.write_bundle(tmp_path / "made")
    assert not (tmp_path / "made").exists()
