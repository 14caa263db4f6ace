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


def test_the_image_is_made_of_every_file_that_the_wheel_needs():
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in patterns  # all others are left out: data, results, environments
    kept = {line[1:] for line in patterns if line.startswith("!")}
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    forced = project.split("[tool.hatch.build.targets.wheel.force-include]")[1].split("\n[")[0]
    sources = {line.split("=")[0].strip().strip('"') for line in forced.splitlines() if line}
    needed = {source.split("/")[0] for source in sources}
    assert kept >= needed | {"pipeline", "pyproject.toml", "README.md", "LICENSE"}
