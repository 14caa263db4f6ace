"""Write what storiform is made of as a CycloneDX 1.6 document: `sbom.py GOAL [--lock FILE]`.

Every package of the lock with its version, where it applies, the hashes of its files, and,
where it is installed, its licence and what it needs. The same lock and the same installed
packages make the same bytes.
"""
# ruff: noqa: INP001, T201  a script beside the locks, no part of the package

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = Path(__file__).with_name("requirements.lock")
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)"
    r"(?: ; (?P<marker>[^\\\n]+?))?(?: \\)?$"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_LONGEST_LICENCE = 80


def document(lock: Path) -> dict[str, Any]:
    """Return the document of a lock file.

    Raises
    ------
    ValueError
        If the lock has an entry without a hash or no entry at all.
    """
    version = re.search(r'__version__ = "([^"]+)"', _init().read_text("utf-8"))
    own = f"pkg:pypi/storiform@{version[1]}" if version else "pkg:pypi/storiform"
    components = list(_components(lock))
    if not components:
        message = f"{lock.name}: no entry NAME==VERSION"
        raise ValueError(message)
    by_name = {component["name"]: component["bom-ref"] for component in components}
    content: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "storiform",
                "version": version[1] if version else "",
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [
            {"ref": own, "dependsOn": _needs("storiform", by_name)},
            *({"ref": one["bom-ref"], "dependsOn": _needs(one["name"], by_name)}
              for one in components),
        ],
    }  # fmt: skip
    text = json.dumps(content, sort_keys=True)
    content["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}"
    return content


def _init() -> Path:
    return ROOT / "pipeline" / "storiform" / "__init__.py"


def _components(lock: Path) -> Iterator[dict[str, Any]]:
    for block in re.split(r"\n(?=[a-z0-9])", lock.read_text("utf-8")):
        first = block.split("\n", 1)[0]
        entry = _ENTRY.match(first)
        if entry is None:
            continue
        name, version = entry["name"], entry["version"]
        digests = _HASH.findall(block)
        if not digests:
            message = f"{lock.name}: {name} has no hash"
            raise ValueError(message)
        purl = f"pkg:pypi/{name}@{version}"
        component: dict[str, Any] = {
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "scope": "optional" if entry["marker"] else "required",
            "externalReferences": [{
                "type": "distribution",
                "url": f"https://pypi.org/project/{name}/{version}/",
                "comment": "SHA-256 of each of its files",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
            }],
        }  # fmt: skip
        if entry["marker"]:
            component["properties"] = [{"name": "storiform:marker", "value": entry["marker"]}]
        licences = _licences(name, version)
        if licences:
            component["licenses"] = licences
        yield component


def _licences(name: str, version: str) -> list[dict[str, Any]]:
    """Return the licence that an installed package states, as it states it."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return []
    if found.version != version:
        return []
    metadata: PackageMetadata = found.metadata
    if expression := metadata.get("License-Expression"):
        return [{"expression": expression}]
    marks = [text for text in metadata.get_all("Classifier") or [] if "License ::" in text]
    names = [text.rsplit(" :: ", 1)[1] for text in marks]
    stated = (metadata.get("License") or "").strip().split("\n")[0]
    if not names and 0 < len(stated) <= _LONGEST_LICENCE:
        names = [stated]
    return [{"license": {"name": text}} for text in dict.fromkeys(names)]


def _needs(name: str, known: dict[str, str]) -> list[str]:
    """Return the packages of the lock that an installed one asks for, whatever the platform."""
    try:
        asked = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    wanted = [Requirement(text) for text in asked]
    names = {
        str(canonicalize_name(one.name))
        for one in wanted
        if one.marker is None or "extra" not in str(one.marker)
    }
    return sorted(known[one] for one in names & set(known))


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("goal", type=Path)
    parser.add_argument("--lock", type=Path, default=LOCK)
    options = parser.parse_args(arguments)
    content = document(options.lock)
    options.goal.parent.mkdir(parents=True, exist_ok=True)
    options.goal.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    components = content["components"]
    known = sum("licenses" in component for component in components)
    print(f"{options.goal}: {len(components)} packages, the licence of {known} stated")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
