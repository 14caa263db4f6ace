"""What the package is made of is written down, and held against known vulnerabilities."""

import json
import re
import runpy
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

CONTAINERS = Path(__file__).resolve().parents[1] / "containers"
AUDIT = runpy.run_path(str(CONTAINERS / "audit.py"))
SBOM = runpy.run_path(str(CONTAINERS / "sbom.py"))
LOCKS = tuple(f"requirements{kind}.lock" for kind in ("", "-dev", "-docs", "-lint"))
TODAY = datetime.now(UTC).date()
HOLE = {
    "id": "PYSEC-1", "package": "sieve", "aliases": ["CVE-1"], "summary": "It leaks.",
    "ranges": [{"introduced": "1.2", "fixed": "1.10"}],
}  # fmt: skip


def write(
    folder: Path,
    version: str = "1.9",
    *,
    advisories: list[dict[str, Any]] | None = None,
    accepted: list[dict[str, str]] | None = None,
    days: int = 0,
    asked: Mapping[str, list[str]] | None = None,
) -> Path:
    """Write locks with one package, its advisories and what was accepted."""
    for lock in LOCKS:
        (folder / lock).write_text(
            f"# pins\nsieve=={version} \\\n    --hash=sha256:{'a' * 64}\n"
        )
    known = {
        "source": "a test",
        "taken": (TODAY - timedelta(days)).isoformat(),
        "asked": {"sieve": [version]} if asked is None else asked,
        "advisories": [HOLE] if advisories is None else advisories,
    }
    (folder / "advisories.json").write_text(json.dumps(known))
    (folder / "accepted.json").write_text(json.dumps(accepted or []))
    return folder


def run(folder: Path, *arguments: str) -> int:
    """Call the command on a folder and return its exit status."""
    code: int = AUDIT["main"](arguments, folder, TODAY)
    return code


def excuse(until: int, **changed: str) -> dict[str, str]:
    date = (TODAY + timedelta(until)).isoformat()
    return {
        "id": "CVE-1",
        "package": "sieve",
        "because": "not called",
        "until": date,
        **changed,
    }


@pytest.mark.parametrize(
    ("version", "is_hit"),
    [("1.1.9", False), ("1.2", True), ("1.9", True), ("1.10rc1", True), ("1.10", False)],
)
def test_a_range_holds_from_its_first_version_to_before_the_mended_one(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
    is_hit: bool,  # noqa: FBT001  cases
):
    assert run(write(tmp_path, version)) == int(is_hit)
    told = capsys.readouterr().out
    assert ("VULNERABLE: sieve" in told) is is_hit
    assert ("fixed in 1.10" in told) is is_hit


@pytest.mark.parametrize(
    ("changed", "is_hit"),
    [
        ({"ranges": [{"introduced": "0"}]}, True),
        ({"ranges": [{"introduced": "0", "last_affected": "1.9"}]}, True),
        ({"ranges": [{"introduced": "0", "last_affected": "1.8"}]}, False),
        ({"ranges": [], "versions": ["1.9"]}, True),
        ({"ranges": [], "versions": ["1.8"]}, False),
        ({"withdrawn": "2024-01-01T00:00:00Z"}, False),
        ({"package": "another"}, False),
    ],
)
def test_an_advisory_is_read_in_all_its_forms(
    tmp_path: Path,
    changed: dict[str, Any],
    is_hit: bool,  # noqa: FBT001  cases
):
    assert run(write(tmp_path, advisories=[{**HOLE, **changed}])) == int(is_hit)


@pytest.mark.parametrize(
    ("accepted", "code", "word"),
    [
        (excuse(30), 0, "Accepted: not called"),
        (excuse(0), 0, "Accepted: not called"),
        (excuse(-1), 1, "only"),
        (excuse(30, because=" "), 1, "VULNERABLE"),
        (excuse(30, package="other"), 1, "concerns no locked version"),
        (excuse(30, id="CVE-2"), 1, "concerns no locked version"),
    ],
)
def test_what_is_accepted_needs_a_reason_and_lapses(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    accepted: dict[str, str],
    code: int,
    word: str,
):
    assert run(write(tmp_path, accepted=[accepted])) == code
    assert word in capsys.readouterr().out


@pytest.mark.parametrize("name", ["id", "package", "because", "until"])
@pytest.mark.parametrize("value", [None, 1])
def test_what_is_accepted_without_all_it_needs_counts_as_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, value: int | None
):
    entry: dict[str, Any] = excuse(30)
    entry.pop(name)
    if value is not None and name in {"because", "until"}:
        entry[name] = value
    assert run(write(tmp_path, accepted=[entry])) == 1
    told = capsys.readouterr().out
    assert "needs id, package, because, and until" in told
    assert "VULNERABLE: sieve" in told


@pytest.mark.parametrize(("days", "is_old"), [(90, False), (91, True)])
def test_an_old_answer_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    days: int,
    is_old: bool,  # noqa: FBT001  cases
):
    assert run(write(tmp_path, advisories=[], days=days)) == 0
    assert ("WARNING: advisories.json is 91 days old" in capsys.readouterr().out) is is_old


def test_a_version_that_nobody_asked_about_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run(write(tmp_path, advisories=[], asked={"sieve": ["1.8"]}))
    assert "never asked about 1 of 1 locked versions (sieve 1.9)" in capsys.readouterr().out


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, Any]]]:
    """Serve PyPI's JSON on this machine: address, and path -> answer."""
    answers: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer, or say that there is no such page."""
            found = answers.get(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found or {}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/pypi", answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_refresh_writes_what_the_index_tells_and_judges_by_it(
    tmp_path: Path, index: tuple[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
):
    address, answers = index
    told = {
        "id": "GHSA-x", "aliases": ["CVE-9"], "details": "Long words.", "summary": None,
        "fixed_in": ["2.0"], "link": "https://osv.dev/x", "withdrawn": None,
    }  # fmt: skip
    answers["/pypi/sieve/1.9/json"] = {"vulnerabilities": [told]}
    write(tmp_path, advisories=[], days=400, asked={})
    assert run(tmp_path, "--refresh", "--index", address) == 1
    said = capsys.readouterr().out
    assert "VULNERABLE: sieve 1.9: GHSA-x, CVE-9 (fixed in 2.0): Long words." in said
    assert "WARNING" not in said, "it is of today, and every version was asked for"
    known = json.loads((tmp_path / "advisories.json").read_text())
    assert known["asked"] == {"sieve": ["1.9"]}
    assert known["taken"] == TODAY.isoformat()
    answers["/pypi/sieve/1.9/json"] = {"vulnerabilities": []}
    assert run(tmp_path, "--refresh", "--index", address) == 0


@pytest.mark.parametrize(
    "answer", [None, {"no": "field"}, {"vulnerabilities": [{"id": "x"}, 3]}]
)
def test_an_index_that_does_not_answer_changes_nothing(
    tmp_path: Path,
    index: tuple[str, dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    answer: object,
):
    address, answers = index
    answers["/pypi/sieve/1.9/json"] = answer
    before = (write(tmp_path) / "advisories.json").read_bytes()
    assert run(tmp_path, "--refresh", "--index", address) == 2
    assert "left as it was" in capsys.readouterr().err
    assert (tmp_path / "advisories.json").read_bytes() == before


def test_the_advisories_of_this_repository_are_read_for_its_locks(tmp_path: Path):
    for name in (*LOCKS, "advisories.json", "accepted.json"):
        shutil.copy(CONTAINERS / name, tmp_path)
    assert len(AUDIT["pins"](CONTAINERS)) > 120
    lock = tmp_path / "requirements.lock"
    text, number = re.subn(
        r"^pyarrow==\S+", "pyarrow==14.0.0", lock.read_text(), flags=re.MULTILINE
    )
    assert number == 1
    lock.write_text(text)
    known = json.loads((tmp_path / "advisories.json").read_text())
    if not any(one["id"] == "PYSEC-2023-238" for one in known["advisories"]):
        known["advisories"].append(
            {**HOLE, "package": "pyarrow", "ranges": [{"fixed": "14.0.1"}]}
        )
        (tmp_path / "advisories.json").write_text(json.dumps(known))
    faults = AUDIT["audit"](tmp_path, TODAY).faults
    assert [line for line in faults if line.startswith("pyarrow 14.0.0: ")]


# -- the list of parts -------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    found: dict[str, Any] = SBOM["document"](CONTAINERS / "requirements.lock")
    return found


def locked() -> dict[str, tuple[str, set[str]]]:
    """Return version and hashes of each package, read in another way than the script's."""
    text = (CONTAINERS / "requirements.lock").read_text("utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if re.match(r"\w", line)]
    split = {words[0]: {w.removeprefix("--hash=sha256:") for w in words if "--hash" in w}
             for words in lines}  # fmt: skip
    return {pin.split("==")[0]: (pin.split("==")[1], found) for pin, found in split.items()}


def test_parts_are_those_of_the_lock_with_all_hashes(parts: dict[str, Any]):
    found = {
        one["name"]: (
            one["version"],
            {h["content"] for h in one["externalReferences"][0]["hashes"]},
        )
        for one in parts["components"]
    }
    assert found == locked()
    assert len(found) > 50
    licences = [one["name"] for one in parts["components"] if one.get("licenses")]
    assert len(licences) > 50, "of all that are installed"


def test_document_is_cyclonedx_1_6(parts: dict[str, Any]):
    """Hold it against what bom-1.6.schema.json asks of the fields that are used."""
    uuid = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    assert set(parts) == {
        *("$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata"),
        *("components", "dependencies"),
    }
    assert parts["$schema"] == "http://cyclonedx.org/schema/bom-1.6.schema.json"
    assert (parts["bomFormat"], parts["specVersion"], parts["version"]) == (
        "CycloneDX",
        "1.6",
        1,
    )
    assert re.fullmatch(uuid, parts["serialNumber"])
    own = parts["metadata"]["component"]
    assert own["type"] == "application"
    assert own["purl"] == f"pkg:pypi/storiform@{own['version']}"
    every = [own, *parts["components"]]
    names = [one["bom-ref"] for one in every]
    assert len(names) == len(set(names))
    for one in every:
        assert {"type", "name"} <= set(one)
        assert re.fullmatch(r"pkg:pypi/[a-z0-9.-]+@[\w.+!-]+", one["purl"])
        assert one.get("scope", "required") in {"required", "optional", "excluded"}
        check_licences(one.get("licenses", []))
        for reference in one.get("externalReferences", []):
            assert reference["type"] == "distribution"
            assert reference["url"].startswith("https://")
            for digest in reference["hashes"]:
                assert digest["alg"] == "SHA-256"
                assert re.fullmatch(r"[a-f0-9]{64}", digest["content"])
    refs = [entry["ref"] for entry in parts["dependencies"]]
    assert sorted(refs) == sorted(names)
    for entry in parts["dependencies"]:
        assert set(entry["dependsOn"]) <= set(names)
        assert len(entry["dependsOn"]) == len(set(entry["dependsOn"]))
    needs = {entry["ref"]: entry["dependsOn"] for entry in parts["dependencies"]}
    assert any(need.startswith("pkg:pypi/numpy@") for need in needs[own["bom-ref"]])


def check_licences(stated: list[dict[str, Any]]) -> None:
    """One expression alone, or licences with an id or a name."""
    if any("expression" in one for one in stated):
        assert len(stated) == 1
        assert re.fullmatch(r"[\w.+() -]+", stated[0]["expression"])
        return
    for one in stated:
        assert set(one) == {"license"}
        assert len(set(one["license"]) & {"id", "name"}) == 1
        assert all(one["license"].values())


def test_same_lock_makes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first, second = tmp_path / "a" / "sbom.json", tmp_path / "b.json"
    for goal in (first, second):
        assert SBOM["main"]([str(goal)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert "packages, the licence of" in capsys.readouterr().out


def test_a_lock_without_hashes_or_entries_is_refused(tmp_path: Path):
    for text, expected in (("sieve==1.0\n", "no hash"), ("# nothing\n", "no entry")):
        (tmp_path / "lock").write_text(text)
        with pytest.raises(ValueError, match=expected):
            SBOM["document"](tmp_path / "lock")
