"""The rules of the house: sizes, explanations, sources, and what may be committed."""

import ast
import csv
import hashlib
import importlib
import itertools
import pkgutil
import re
import runpy
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest

import storiform
from storiform.engine.workflow import load_workflow
from storiform.model.params import Params
from storiform.model.table import Column, Picture, Table

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    *("pipeline", "workflows", "configs", "reference", "containers", "tests", "docs", ".ci"),
)
LOCKS = ("requirements", "requirements-dev", "requirements-docs")
BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const"}


def files() -> list[Path]:
    """Every file of the tree that is not a cache."""
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    top = [path for path in ROOT.iterdir() if path.name not in {".git", ".coverage"}]
    kept = {path for path in (*below, *top) if path.is_file()}
    return sorted(path for path in kept if "__pycache__" not in path.parts)


def modules() -> list[Any]:
    """Every module of the package, imported."""
    walked = pkgutil.walk_packages(storiform.__path__, "storiform.")
    names = [found.name for found in walked if not found.name.endswith("__main__")]
    return [importlib.import_module(name) for name in names]


def contracts() -> list[Table | Picture]:
    """Every contract that a module names, itself or in an annotation."""
    found: dict[int, Table | Picture] = {}
    for module in modules():
        for value in vars(module).values():
            marks = get_args(value)[1:] if get_origin(value) is Annotated else (value,)
            found |= {id(m): m for m in marks if isinstance(m, Table | Picture)}
    return list(found.values())


def parameters(base: type[Params] = Params) -> Iterator[type[Params]]:
    """Every Params class of the package."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("storiform."):
            yield kind
        yield from parameters(kind)


def unbounded(schema: Any, where: str) -> Iterator[str]:
    """Numbers of a JSON schema that have neither a bound nor a list of values."""
    if isinstance(schema, list):
        for entry in schema:
            yield from unbounded(entry, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") in {"integer", "number"} and not BOUNDS & set(schema):
        yield where
    for name, entry in schema.items():
        if name not in {"default", "examples"}:
            yield from unbounded(entry, f"{where}.{name}")


def pins(lock: str) -> dict[str, str]:
    """Name with marker to version, of a lock file."""
    text = (ROOT / "containers" / f"{lock}.lock").read_text("utf-8")
    lines = [line.rstrip(" \\") for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    split = [re.fullmatch(r"([^=]+)==([^ ;]+)(.*)", line) for line in lines]
    assert all(split), f"{lock}: a line pins no version"
    return {match[1] + match[3]: match[2] for match in split if match}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_file_of_code_exceeds_400_lines():
    code = [path for path in files() if path.suffix == ".py"]
    long = {str(p): n for p in code if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert code
    assert long == {}


def test_every_parameter_is_explained_and_bounded():
    modules()
    kinds = list(parameters())
    schemas = {kind.__name__: kind.model_json_schema() for kind in kinds}
    mute = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, entry in schema.get("properties", {}).items()
        if not entry.get("description")
    ]
    loose = [where for name, schema in schemas.items() for where in unbounded(schema, name)]
    assert kinds
    assert mute == []
    assert loose == []


def test_every_parameter_has_a_default():
    modules()
    required = [
        f"{kind.__name__}.{name}"
        for kind in parameters()
        for name, field in kind.model_fields.items()
        if field.is_required()
    ]
    assert required == []


def test_one_section_has_one_class_of_parameters():
    modules()
    rooms = [kind.__module__ for kind in parameters()]
    assert sorted(rooms) == sorted(set(rooms))


def test_every_table_column_and_picture_is_explained():
    tables = [contract for contract in contracts() if isinstance(contract, Table)]
    pictures = [contract for contract in contracts() if isinstance(contract, Picture)]
    columns: list[tuple[str, Column]] = [
        (f"{table.name}.{name}", column)
        for table in tables
        for name, column in {**table.columns, "*": table.rest}.items()
        if column is not None
    ]
    mute = [name for name, column in columns if not column.description.strip()]
    mute += [table.name for table in tables if not table.description.strip()]
    mute += [picture.name for picture in pictures if not picture.caption.strip()]
    assert tables
    assert mute == []


def test_the_key_of_a_table_names_its_columns():
    tables = [contract for contract in contracts() if isinstance(contract, Table)]
    stray = {
        table.name: sorted(lost)
        for table in tables
        if (lost := set(table.key) - set(table.columns))
    }
    assert stray == {}


def test_no_two_tables_share_a_name():
    names = [contract.name for contract in contracts()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("workflow", ["trial", "dna", "rna"])
def test_a_bundled_workflow_is_made_of_steps(workflow: str):
    steps = load_workflow(str(ROOT / "workflows" / f"{workflow}.py")).steps
    made = [product.name for step in steps for product in step.products]
    assert steps
    assert [step.name for step in steps if not step.summary] == []
    assert len({step.name for step in steps}) == len(steps)
    assert sorted({name for name in made if made.count(name) > 1}) == []


def test_public_names_are_frozen():
    book = runpy.run_path(str(ROOT / "tests" / "public_names.py"))
    recorded = (ROOT / "tests" / "public_names.txt").read_text("utf-8").split("\n")[:-1]
    now = book["public_names"]()
    lost, new = sorted(set(recorded) - set(now)), sorted(set(now) - set(recorded))
    hint = "accept with `make names`, and tell users in CHANGELOG.md what has gone"
    assert (lost, new) == ([], []), hint


def test_public_names_can_be_imported():
    for line in (ROOT / "tests" / "public_names.txt").read_text("utf-8").splitlines():
        module, name = line.split("(")[0].rsplit(".", 1)
        assert hasattr(importlib.import_module(module), name), line


def test_every_reference_file_has_its_source_and_checksum():
    folder = ROOT / "reference"
    with (folder / "SOURCES.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    listed = {row["file"]: row["sha256"] for row in rows}
    present = {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in files()
        if path.is_relative_to(folder)
        and path.name != "SOURCES.tsv"
        and path.suffix not in {".py", ".md"}
    }
    assert len(listed) == len(rows)
    assert listed == present
    empty = [row["file"] for row in rows for key in ("origin", "licence") if not row[key]]
    assert empty == []


def test_no_file_that_may_not_be_passed_on_is_in_the_tree(real_data: Path):
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (real_data / "MANIFEST.md").read_text("utf-8").splitlines()
        if line.startswith("|")
    ]
    header = rows[0]
    use, digest = header.index("use"), header.index("sha256")
    kept_out = {row[digest]: row[0] for row in rows[2:] if row[use] == "b"}
    found = {str(path): kept_out.get(sha256(path)) for path in files()}
    assert kept_out
    assert {path: name for path, name in found.items() if name} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address_and_hashes_every_pin(lock: str):
    text = (ROOT / "containers" / f"{lock}.lock").read_text("utf-8")
    assert re.findall(r".*(?:://|file:|--index|--extra|--find|\s@\s|/opt|/home).*", text) == []
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(pins(lock))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_a_larger_lock_file_repeats_the_pins_of_run_time(lock: str):
    assert pins("requirements").items() <= pins(lock).items()


def test_every_requirement_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "requirements": [*project["project"]["dependencies"], *groups["build"]],
        "requirements-dev": groups["dev"],
        "requirements-docs": groups["docs"],
    }
    for lock, requirements in asked.items():
        names = {re.split(r"[<>=!~;\[ ]", entry)[0].lower() for entry in requirements}
        locked = {name.split(" ")[0] for name in pins(lock)}
        assert {name.replace(".", "-") for name in names} <= locked, lock


def imported(paths: list[Path]) -> set[str]:
    """Top-level names of third parties that files import."""
    trees = [ast.walk(ast.parse(path.read_text("utf-8"))) for path in paths]
    names: set[str] = set()
    for node in itertools.chain.from_iterable(trees):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"storiform"}


def test_package_imports_what_it_requires_and_no_more():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    required = {
        re.split(r"[<>=.]", entry)[0].replace("-", "_")
        for entry in project["project"]["dependencies"]
    }
    required.remove("cryptography")  # distributed makes the keys of TLS with it
    code = [path for path in files() if path.suffix == ".py"]
    folders = (ROOT / "pipeline", ROOT / "workflows")
    assert imported([p for p in code if any(p.is_relative_to(f) for f in folders)]) == required


def test_tests_import_nothing_that_is_not_locked():
    code = [path for path in files() if path.suffix == ".py"]
    locked = {name.split(" ")[0].replace("-", "_") for name in pins("requirements-dev")}
    tests = [path for path in code if path.is_relative_to(ROOT / "tests")]
    names = imported(tests) - {path.stem for path in tests}
    assert {name.lower() for name in names} - locked - {"sklearn", "ruamel"} == set()


def test_no_file_tells_of_the_machine_it_was_written_on():
    path = re.compile(rb"(?<![\w.])/(?:root|work|farm|Users)/[\w.]")
    texts = [file for file in files() if b"\0" not in file.read_bytes()[:4096]]
    assert [str(file) for file in texts if path.search(file.read_bytes())] == []


def test_the_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {storiform.__version__}\n" in citation
