"""The recipes of both images say what the package says, and hold the same."""

import re
from pathlib import Path

import pytest

from storiform import __version__

ROOT = Path(__file__).resolve().parents[2]
CONTAINERS = ROOT / "containers"
LABELS = ("title", "description", "version", "licenses")


def labels(recipe: str) -> dict[str, str]:
    """Return the OCI labels of a recipe."""
    text = (CONTAINERS / recipe).read_text("utf-8")
    found = re.findall(r'org\.opencontainers\.image\.(\w+)[ =]"?([^"\n\\]+)', text)
    return {name: value.strip() for name, value in found}


@pytest.mark.parametrize("recipe", ["Dockerfile", "storiform.def"])
def test_labels_are_those_of_the_package(recipe: str):
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    stated = {key: re.search(rf'^{key} = "(.+)"$', project, re.MULTILINE)
              for key in ("name", "description", "license")}  # fmt: skip
    found = [match.group(1) for match in stated.values() if match is not None]
    values = [found[0], found[1], __version__, found[2]]
    assert labels(recipe) == dict(zip(LABELS, values, strict=True))


def commands_of_pip() -> list[str]:
    """Return each command of our scripts by which pip fetches or installs, on one line."""
    scripts = [*CONTAINERS.glob("*.sh"), *CONTAINERS.glob("bundle/*.sh"), *ROOT.glob(".ci/*")]
    scripts += [CONTAINERS / "Dockerfile", CONTAINERS / "storiform.def", ROOT / "Makefile"]
    joined = [path.read_text("utf-8").replace("\\\n", " ") for path in sorted(scripts)]
    lines = [line for text in joined for line in text.splitlines()]
    fetching = re.compile(r"\bpip\b.*\b(install|download)\b.* -")
    return [line.strip() for line in lines if fetching.search(line)]


def test_pip_installs_nothing_whose_sum_is_not_locked():
    found = commands_of_pip()
    assert len(found) >= 6
    own = re.compile(
        r"--no-index.* --no-deps"
    )  # the wheel of storiform itself, as it was built
    assert [
        line for line in found if "--require-hashes" not in line and not own.search(line)
    ] == []


def test_the_image_is_made_of_every_file_that_the_wheel_needs():
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in patterns  # all others are left out: data, results, environments
    kept = {line[1:] for line in patterns if line.startswith("!")}
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    forced = project.split("[tool.hatch.build.targets.wheel.force-include]")[1].split("\n[")[0]
    sources = {line.split("=")[0].strip().strip('"') for line in forced.splitlines() if line}
    needed = {source.split("/")[0] for source in sources}
    assert kept >= needed | {"pipeline", "pyproject.toml", "README.md", "LICENSE"}
