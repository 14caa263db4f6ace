"""Compare the locked packages with known vulnerabilities, without a network.

    audit.py             exit 1 if a locked version has one that nobody has accepted
    audit.py --refresh   ask PyPI for all locked versions and write advisories.json anew

`advisories.json` is a dated answer of PyPI (its advisories are those of the PyPA and of OSV).
`accepted.json` lists what does not concern us: id, package, because, until (a date on which
the question is asked again).
"""
# ruff: noqa: INP001, T201  a script beside the locks, no part of the package

import argparse
import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from packaging.version import Version

FOLDER = Path(__file__).parent
LOCKS = tuple(f"requirements{kind}.lock" for kind in ("", "-dev", "-docs", "-lint"))
INDEX = "https://pypi.org/pypi"
STALE_DAYS = 90
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
_TIMEOUT_S = 30.0


@dataclass
class Audit:
    """What an audit finds: vulnerable pins, what nobody may overlook, what was accepted."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)


def pins(folder: Path) -> dict[str, set[str]]:
    """Return the versions that the locks of a folder pin, by package."""
    found: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in _PIN.findall((folder / lock).read_text("utf-8")):
            found.setdefault(name, set()).add(version)
    return found


def affects(advisory: Mapping[str, Any], version: str) -> bool:
    """Tell whether an advisory is of a version, by its list of versions or its ranges.

    A range begins with the version `introduced` and ends before `fixed`, or with
    `last_affected`; without either it goes on.
    """
    if advisory.get("withdrawn"):
        return False
    if version in advisory.get("versions", ()):
        return True
    own = Version(version)
    for span in advisory.get("ranges", ()):
        begins = span.get("introduced", "0")
        if begins != "0" and own < Version(begins):
            continue
        if "fixed" in span and own >= Version(span["fixed"]):
            continue
        if "last_affected" in span and own > Version(span["last_affected"]):
            continue
        return True
    return False


def audit(folder: Path, today: date) -> Audit:
    """Compare the locks of a folder with its advisories."""
    known = json.loads((folder / "advisories.json").read_text("utf-8"))
    agreed = json.loads((folder / "accepted.json").read_text("utf-8"))
    locked = pins(folder)
    found = Audit()
    found.faults += [
        f"accepted.json: {entry} needs id, package, because, and until, which is a date."
        for entry in agreed
        if not _is_whole(entry)
    ]
    agreed = [entry for entry in agreed if _is_whole(entry)]
    found.warnings += _doubts(known, locked, today)
    used = set()
    for advisory in known["advisories"]:
        for version in sorted(locked.get(advisory["package"], ())):
            if not affects(advisory, version):
                continue
            line = _line(advisory, version)
            excuse = _excuse(advisory, agreed)
            if excuse is None:
                found.faults.append(line)
                continue
            used.add(excuse["id"])
            if date.fromisoformat(excuse["until"]) < today:
                found.faults.append(f"{line} Accepted until {excuse['until']} only.")
            else:
                found.accepted.append(f"{line} Accepted: {excuse['because']}")
    found.warnings += [
        f"accepted.json: {excuse['id']} concerns no locked version any more. Remove it."
        for excuse in agreed
        if excuse["id"] not in used
    ]
    return found


def _is_whole(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"id", "package", "because", "until"} <= set(entry):
        return False
    try:
        date.fromisoformat(entry["until"])
    except (TypeError, ValueError):
        return False
    return isinstance(entry["because"], str)


def _line(advisory: Mapping[str, Any], version: str) -> str:
    fixed = [span["fixed"] for span in advisory.get("ranges", ()) if "fixed" in span]
    fixed += advisory.get("fixed_in", [])
    remedy = f"fixed in {', '.join(fixed)}" if fixed else "not fixed yet"
    names = ", ".join([advisory["id"], *advisory.get("aliases", [])])
    told = " ".join(advisory.get("summary", "").split())[:160]
    return f"{advisory['package']} {version}: {names} ({remedy}): {told}"


def _excuse(
    advisory: Mapping[str, Any], agreed: Sequence[Mapping[str, str]]
) -> Mapping[str, str] | None:
    names = {advisory["id"], *advisory.get("aliases", [])}
    own = (one for one in agreed if one["package"] == advisory["package"])
    return next((one for one in own if one["id"] in names and one["because"].strip()), None)


def _doubts(
    known: Mapping[str, Any], locked: Mapping[str, set[str]], today: date
) -> Iterator[str]:
    age = (today - date.fromisoformat(known["taken"])).days
    remedy = "Run `make audit-refresh` where there is internet, and commit what it writes."
    if age > STALE_DAYS:
        yield f"advisories.json is {age} days old ({known['taken']}). {remedy}"
    asked = {(name, one) for name, versions in known["asked"].items() for one in versions}
    pinned = [(name, version) for name in sorted(locked) for version in sorted(locked[name])]
    unknown = [f"{name} {version}" for name, version in pinned if (name, version) not in asked]
    if unknown:
        shown = ", ".join(unknown[:4]) + (", ..." if len(unknown) > 4 else "")  # noqa: PLR2004
        yield (
            f"PyPI was never asked about {len(unknown)} of {len(pinned)} locked versions "
            f"({shown}): of them nothing newer is known than what stands here. {remedy}"
        )


def refresh(folder: Path, index: str, today: date) -> int:
    """Ask for every locked version and write the answers; nothing unless all have answered."""
    asked: dict[str, list[str]] = {}
    advisories: dict[tuple[str, str], dict[str, Any]] = {}
    for name, versions in sorted(pins(folder).items()):
        for version in sorted(versions):
            for told in _ask(f"{index.rstrip('/')}/{name}/{version}/json"):
                advisory = advisories.setdefault((name, told["id"]), _kept(name, told))
                advisory["versions"].append(version)
            asked.setdefault(name, []).append(version)
    content = {
        "source": "PyPI, field `vulnerabilities` of each locked version",
        "taken": today.isoformat(),
        "asked": asked,
        "advisories": list(advisories.values()),
    }
    goal = folder / "advisories.json"
    goal.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return len(advisories)


def _ask(address: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # noqa: S310  as named
        found: list[dict[str, Any]] = json.load(answer)["vulnerabilities"]
    return found


def _kept(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": told["id"],
        "package": name,
        "aliases": sorted(told.get("aliases") or []),
        "summary": told.get("summary") or (told.get("details") or "")[:300],
        "link": told.get("link") or "",
        "withdrawn": told.get("withdrawn"),
        "fixed_in": told.get("fixed_in") or [],
        "versions": [],
    }


def main(arguments: Sequence[str], folder: Path = FOLDER, today: date | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--refresh", action="store_true", help="ask the index, write anew")
    parser.add_argument("--index", default=INDEX, help="where PyPI's JSON is [%(default)s]")
    options = parser.parse_args(arguments)
    today = today or datetime.now(UTC).date()
    if options.refresh:
        try:
            number = refresh(folder, options.index, today)
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"audit: {options.index} does not answer as PyPI does ({error}). "
                  "advisories.json is left as it was.", file=sys.stderr)  # fmt: skip
            return 2
        print(f"advisories.json: {number} advisories of locked versions, {today}")
    found = audit(folder, today)
    for line in found.warnings:
        print(f"WARNING: {line}")
    for line in found.accepted:
        print(line)
    for line in found.faults:
        print(f"VULNERABLE: {line}")
    print(f"audit: {len(pins(folder))} packages, {len(found.faults)} known vulnerabilities, "
          f"{len(found.accepted)} accepted, {len(found.warnings)} warnings")  # fmt: skip
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
