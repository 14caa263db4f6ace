"""The reference pages of the documentation, written from the contracts of the code."""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Column, Picture, Table

_BOUNDS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"), ("pattern", "pattern"))
_HEAD = (
    "<!-- Written by docs/generate_reference.py: change the code, then run it again. -->\n\n"
)
_TYPES = {
    "string": "text",
    "int": "integer",
    "nullable_int": "integer or missing",
    "float": "number or missing",
    "bool": "true or false",
    "nullable_bool": "true, false or missing",
}
_GRAINS = {
    "sample": "one frame for each sample",
    "biopsy": "one frame for each biopsy",
    "patient": "one frame for each patient",
    "cohort": "one for the cohort",
}

_FILLED = (
    "Filled from the sample sheet, the clinical table or another file of the section cohort."
)


def configuration_page(model: type[BaseModel], workflow: str) -> str:
    """Describe every entry of a configuration: default, bound, meaning.

    Parameters
    ----------
    model
        The pydantic model of the whole configuration; its sections are models.
    workflow
        Name of the workflow whose configuration it is.
    """
    lead = (
        f"Every entry of the configuration of the workflow `{workflow}`, with its default and "
        "bounds. `storiform config show trial.yaml` prints the same for a configuration of "
        "yours, `storiform config schema trial.yaml` a JSON Schema for editors. From the "
        "environment, `STORIFORM__TMB__MIN_VAF=0.1` sets `tmb.min_vaf`."
    )
    lines = [_HEAD + "# Configuration", "", lead, "", "## At the top", ""]
    lines += _head("entry", "default", "bounds", "meaning")
    sections = {name: _section(field) for name, field in model.model_fields.items()}
    for name, field in model.model_fields.items():
        if sections[name] is None:
            lines.append(_entry(name, field, model))
    for name, section in sections.items():
        if section is not None:
            lines += _section_lines(name, section, model.model_fields[name])
    return "\n".join(lines) + "\n"


def tables_page(steps: Sequence[Step], given: Iterable[Table], workflow: str) -> str:
    """Describe every table and figure of a workflow, and what reads and makes it.

    Parameters
    ----------
    steps
        The steps of the workflow, in its order.
    given
        The tables that files of the sample sheet fill.
    workflow
        Name of the workflow.
    """
    made = {p.name: (p, step) for step in steps for p in step.products if isinstance(p, Table)}
    keys = "; ".join(
        f"{grain}: {', '.join(f'`{name}`' for name in names) or 'none'}"
        for grain, names in UNIT_COLUMNS.items()
    )
    lead = (
        f"What the workflow `{workflow}` reads and makes. A table lies under `OUT/tables/` as "
        "`NAME.tsv` and `NAME.parquet`, with the key columns of its grain in front "
        f"({keys}). Coordinates are 0-based and half-open. Columns marked ● are tested "
        "against response and survival."
    )
    lines = [_HEAD + "# Tables and figures", "", lead, "", "## Tables that steps make"]
    for table, step in made.values():
        lines += _table_lines(table, f"Made by `{step.name}`, version {table.version}.")
    lines += ["", "## Tables that your files fill"]
    for table in given:
        if table.name not in made:
            lines += _table_lines(table, _FILLED)
    lines += ["", "## Figures", "", *_head("figure", "made by", "version", "caption")]
    for step in steps:
        for product in step.products:
            if isinstance(product, Picture):
                cells = (f"`{product.name}`", f"`{step.name}`", str(product.version))
                lines.append(_row(*cells, product.caption))
    return "\n".join(lines) + "\n"


def _section_lines(name: str, section: type[BaseModel], field: FieldInfo) -> list[str]:
    told = (section.__doc__ or field.description or "").strip().split("\n", 1)[0]
    lines = ["", f"## {name}", "", told]
    if section.model_fields:
        lines += ["", *_head("entry", "default", "bounds", "meaning")]
        lines += [
            _entry(f"{name}.{key}", f, section) for key, f in section.model_fields.items()
        ]
    return lines


def _entry(name: str, field: FieldInfo, owner: type[BaseModel]) -> str:
    schema = owner.model_json_schema()["properties"][name.rsplit(".", 1)[-1]]
    default = "required"
    if not field.is_required():
        default = f"`{_value(field.get_default(call_default_factory=True))}`"
    return _row(f"`{name}`", default, _bounds(field, schema), field.description or "")


def _bounds(field: FieldInfo, schema: Mapping[str, Any]) -> str:
    bounds = [
        f"{word} {f'`{mark.pattern}`' if key == 'pattern' else getattr(mark, key)}"
        for mark in field.metadata
        for key, word in _BOUNDS
        if getattr(mark, key, None) is not None
    ]
    options = [schema, *schema.get("anyOf", []), schema.get("items", {})]
    for option in options:
        bounds += [", ".join(f"`{_value(choice)}`" for choice in option.get("enum", []))]
        bounds += [f"`{option['const']}`"] if "const" in option else []
    kinds = {option["type"] for option in options if option.get("type") not in {None, "null"}}
    written = [bound for bound in bounds if bound]
    return "; ".join(written) or ", ".join(sorted(kinds))


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(part) for part in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {_value(part)}" for key, part in value.items())
        return f"{{{inner}}}"
    return value.as_posix() if isinstance(value, PurePath) else str(value)


def _table_lines(table: Table, origin: str) -> list[str]:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    lines = ["", f"### {table.name}", "", table.description, ""]
    lines += [f"{origin} Grain: {table.grain}, {_GRAINS[table.grain]}.{key}", ""]
    lines += _head("column", "type", "unit", "meaning")
    lines += [_column(f"`{name}`", column) for name, column in table.columns.items()]
    if table.rest is not None:
        lines.append(_column("named by the data", table.rest))
    return lines


def _column(name: str, column: Column) -> str:
    mark = " ●" if column.feature else ""
    return _row(f"{name}{mark}", _TYPES[column.dtype], column.unit, column.description)


def _head(*names: str) -> list[str]:
    return [_row(*names), _row(*("---" for _ in names))]


def _row(*cells: str) -> str:
    escaped = (re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
