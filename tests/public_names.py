"""The names that users import: write tests/public_names.txt with `make names`.

These are the words of `storiform.model` and every step of a workflow with its arguments.
Whoever takes one away, or changes one, breaks scripts and notebooks; test_house.py notices.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from storiform.engine.workflow import load_workflow

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_suffix(".txt")


def public_names() -> list[str]:
    """Return all public names as they are now, sorted."""
    return sorted({*_model_names(), *_step_names()})


def _model_names() -> Iterator[str]:
    source_root = ROOT / "pipeline"
    for path in (source_root / "storiform" / "model").rglob("*.py"):
        parts = path.relative_to(source_root).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        for statement in ast.parse(path.read_text("utf-8")).body:
            for name in _defined(statement):
                if not name.startswith("_"):
                    yield f"{module}.{name}"


def _defined(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.Assign(targets=[*targets]):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _step_names() -> Iterator[str]:
    for path in (ROOT / "workflows").glob("*.py"):
        for step in load_workflow(str(path)).steps:
            function = step.function
            arguments = ", ".join(inspect.signature(function).parameters)
            yield f"{function.__module__}.{function.__name__}({arguments})"


if __name__ == "__main__":
    RECORD.write_text("".join(f"{name}\n" for name in public_names()), "utf-8")
