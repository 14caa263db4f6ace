"""A configuration written out: YAML with every default and its meaning, JSON Schema."""

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from storiform.engine.config import Config, Workflow, config_model
from storiform.engine.positions import parse_scalar
from storiform.io.resources import NAMED

WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z0-9_./~+-][A-Za-z0-9_./ ~+*-]*")
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def config_schema(workflow: Workflow) -> dict[str, Any]:
    """Return the JSON Schema of a workflow's configuration, for editors."""
    schema = config_model(workflow).model_json_schema()
    names: dict[str, Mapping[str, object]] = {
        "resources": NAMED,
        "provided": workflow.tables,
    }
    for section, known in names.items():
        schema["properties"][section]["propertyNames"] = {"enum": sorted(known)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def effective_config(config: Config) -> str:
    """Write a configuration with all its defaults; reading the text gives it again."""
    folder = config.path.parent
    given: dict[str, Any] = {
        "workflow": _workflow_name(config.workflow, folder),
        "output": _relative(config.output, folder),
        "cohort": config.cohort.model_dump(),
        "resources": dict(config.resources),
        "provided": dict(config.provided),
        "executor": config.executor.model_dump(),
        "run": config.run.model_dump(),
        **{section: params.model_dump() for section, params in config.params.items()},
    }
    return config_text(config.workflow, _relative_all(given, folder))


def config_text(workflow: Workflow, given: Mapping[str, Any]) -> str:
    """Write the configuration of a workflow: `given` values, defaults elsewhere.

    Every name is preceded by its meaning, bounds and default as a comment.
    """
    model = config_model(workflow)
    lines = [f"# {workflow.title}. Paths are relative to the folder of this file."]
    for name, field in model.model_fields.items():
        inner = _model(field)
        value = given.get(name)
        lines += ["", *_comment(field, indent=0)]
        if inner is None:
            default = (
                None if field.is_required() else field.get_default(call_default_factory=True)
            )
            lines += _entry(name, default if value is None else value, indent=0)
            continue
        lines.append(f"{name}:")
        values = value if isinstance(value, Mapping) else {}
        if not inner.model_fields:
            lines[-1] += " {}"
        for key, entry in inner.model_fields.items():
            default = (
                None if entry.is_required() else entry.get_default(call_default_factory=True)
            )
            lines += [
                *_comment(entry, indent=2),
                *_entry(key, values.get(key, default), indent=2),
            ]
    return "\n".join(lines) + "\n"


def _model(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _comment(field: FieldInfo, indent: int) -> list[str]:
    told = (field.description or "").rstrip(".")
    bounds = [
        f"{word} {getattr(mark, name)}"
        for mark in (*field.metadata, *_marks(field.annotation))
        for name, word in _BOUNDS.items()
        if getattr(mark, name, None) is not None
    ]
    if not field.is_required() and _model(field) is None and field.default_factory is None:
        bounds.append(f"default {_value(field.default)}")
    told += f" ({', '.join(bounds)})" if bounds else ""
    start = f"{' ' * indent}# "
    return textwrap.wrap(told, WIDTH, initial_indent=start, subsequent_indent=start)


def _marks(annotation: object) -> list[object]:
    """Collect the bounds inside an optional type: ``Fraction | None``."""
    marks: list[object] = []
    for part in get_args(annotation):
        for mark in getattr(part, "__metadata__", ()):
            marks += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    return marks


def _entry(name: str, value: object, indent: int) -> list[str]:
    start = " " * indent
    if isinstance(value, Mapping) and value:
        inner = [line for key, item in value.items() for line in _entry(key, item, indent + 2)]
        return [f"{start}{_text(str(name))}:", *inner]
    return [f"{start}{_text(str(name))}: {_value(value)}"]


def _value(value: object) -> str:
    if isinstance(value, BaseModel):
        return _value(value.model_dump())
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(k))}: {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return _value(sorted(value))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str | Path):
        return _text(str(value))
    return json.dumps(value)


def _text(text: str) -> str:
    """Write a text plainly where YAML reads it back as that text, else quoted."""
    is_plain = _PLAIN.fullmatch(text) and text == text.strip() and parse_scalar(text) == text
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _workflow_name(workflow: Workflow, folder: Path) -> str:
    if workflow.is_bundled:
        return workflow.name
    return str(_relative(workflow.path, folder))


def _relative(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _relative_all(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    def told(value: object) -> object:
        if isinstance(value, Mapping):
            return {key: told(item) for key, item in value.items()}
        return _relative(value, folder) if isinstance(value, Path) else value

    return {key: told(value) for key, value in given.items()}
