"""A YAML file as plain data, with the line and column of every key."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

from storiform.model.errors import ConfigError, fault

Key = tuple[str, ...]
"""The path of a value: section, name, further names or list positions."""

MOST_VALUES = 100_000
"""Of a configuration: a few lines of aliases can stand for more than memory holds."""
_SCALARS = {"int", "float", "bool", "null"}
_EXPLAINED = (
    ("\\t", "a tab", "spaces", "Indent with spaces; YAML knows no tabs."),
    (
        "mapping values are not allowed",
        "a second ': ' in one entry",
        "one 'name: value'",
        "Indent alike what belongs together, or quote the text.",
    ),
    (
        "could not find expected ':'",
        "a line without ': '",
        "'name: value'",
        "Put a colon and a space after the name.",
    ),
    (
        "found another document",
        "a second document",
        "one in each file",
        "Remove the line '---'.",
    ),
)


@dataclass
class Document:
    """The data of a file and where each key stands; lines and columns count from 1."""

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def place(self, key: Key) -> str:
        """Return ``file:line:column`` of a key, or of the nearest one above it."""
        for length in range(len(key), -1, -1):
            if place := self.places.get(key[:length]):
                return place
        return f"{self.path.name}:1:1"

    def fault(self, key: Key, message: str) -> None:
        """Add a fault of one key."""
        dotted = ".".join(key)
        self.faults.append(f"{self.place(key)}: {dotted + ': ' if dotted else ''}{message}")

    def told(self) -> str:
        """Return all faults, one a line, in the order of the file."""

        def order(fault: str) -> tuple[int, int]:
            place = re.match(r".*?:(\d+):(\d+): ", fault)
            return (int(place[1]), int(place[2])) if place else (0, 0)

        return "\n".join(sorted(self.faults, key=order))

    def set(self, key: Key, value: object, place: str) -> None:
        """Override a value; `place` says in messages where the new one was given."""
        target = self.data
        for name in key[:-1]:
            inner = target.get(name)
            if not isinstance(inner, dict):
                inner = target[name] = {}
            target = inner
        target[key[-1]] = value
        for known in [k for k in self.places if k[: len(key)] == key]:
            del self.places[known]
        for length in range(1, len(key)):
            self.places.setdefault(key[:length], place)
        self.places[key] = place


def read_document(path: Path) -> Document:
    """Read a YAML file whose top is a mapping.

    Duplicate keys are collected as faults of the document.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no YAML or no mapping.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        message = fault(str(path), found, "a configuration", "Correct the path.")
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        is_binary = b"\0" in content or content.startswith((b"\x1f\x8b", b"\x89"))
        found = "a binary file" if is_binary else _strange(content, error.start)
        remedy = "Give a text file." if is_binary else "Save the file as UTF-8."
        raise ConfigError(fault(path.name, found, "UTF-8 text", remedy)) from error
    document = Document(path)
    root = _compose(path, text)
    if root is None:
        return document
    if not isinstance(root, MappingNode):
        place = f"{path.name}:{root.start_mark.line + 1}:{root.start_mark.column + 1}"
        remedy = "Write 'name: value' lines."
        raise ConfigError(fault(place, "no names", "a mapping of names to values", remedy))
    document.data = _mapping(document, root, (), ())
    return document


def _strange(content: bytes, position: int) -> str:
    line = content.count(b"\n", 0, position) + 1
    return f"a letter that is no UTF-8 in line {line}"


def parse_scalar(text: str) -> object:
    """Read a value as YAML reads it: ``0.1``, ``true``, ``[a, b]``; text where it is no YAML.

    Examples
    --------
    >>> parse_scalar("0.1"), parse_scalar("null"), parse_scalar("[1, 2]"), parse_scalar("a: [")
    (0.1, None, [1, 2], 'a: [')
    """
    try:
        node = _composed(text)
    except YAMLError:
        return text
    return "" if node is None else _plain(Document(Path("value")), node, (), ())


def _composed(text: str) -> Node | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        node = YAML(typ="safe", pure=True).compose(text)
    return node if isinstance(node, Node) else None


def _compose(path: Path, text: str) -> Node | None:
    try:
        return _composed(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        problem = str(error.problem or error.context or "no YAML").replace("\t", "\\t")
        explained = [words for part, *words in _EXPLAINED if part in problem]
        other = (
            f"no YAML ({problem})",
            "'name: value' lines",
            "Correct this line or that above.",
        )
        raise ConfigError(fault(place, *(explained[0] if explained else other))) from error
    except RecursionError as error:
        raise ConfigError(f"{path.name}: too deeply nested. Write it flat.") from error
    except YAMLError as error:
        place, found = path.name, "a character that no text holds"
        at = getattr(error, "position", None)  # of a control character, which YAML forbids
        if isinstance(at, int) and at < len(text):
            line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
            place = f"{path.name}:{line}:{column}"
            found = f"the character {text[at]!a}, which no text holds"
        remedy = "Take it out, or save the file as plain text."
        raise ConfigError(fault(place, found, "UTF-8 text", remedy)) from error


def _mapping(
    document: Document, node: MappingNode, key: Key, above: tuple[Node, ...]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name_node, value_node in node.value:
        mark = name_node.start_mark
        place = f"{document.path.name}:{mark.line + 1}:{mark.column + 1}"
        if isinstance(name_node, CollectionNode):
            where = f"{place}: {'.'.join(key)}" if key else place
            document.faults.append(
                f"{where}: found a list or a section as a name; write a word."
            )
            continue
        name = str(name_node.value)
        inner = (*key, name)
        if name in data:
            first = document.places[inner].split(":")[-2]
            message = (
                f"{place}: {'.'.join(inner)}: given twice, first in line {first}; keep one."
            )
            document.faults.append(message)
            continue
        document.places[inner] = place
        data[name] = _plain(document, value_node, inner, (*above, node))
    return data


def _plain(document: Document, node: Node, key: Key, above: tuple[Node, ...]) -> Any:  # noqa: ANN401  any YAML
    if len(document.places) > MOST_VALUES:
        found = f"more than {MOST_VALUES:,} values, probably of aliases that name aliases"
        remedy = "Write out what they stand for."
        raise ConfigError(fault(document.path.name, found, "a configuration", remedy))
    if any(node is other for other in above):
        document.fault(key, "contains itself; write it out.")
        return None
    if isinstance(node, MappingNode):
        return _mapping(document, node, key, above)
    if isinstance(node, SequenceNode):
        values = []
        for index, item in enumerate(node.value):
            inner = (*key, str(index))
            mark = item.start_mark
            document.places[inner] = f"{document.path.name}:{mark.line + 1}:{mark.column + 1}"
            values.append(_plain(document, item, inner, (*above, node)))
        return values
    return _scalar(node)


def _scalar(node: Node) -> object:
    kind = str(node.tag).rsplit(":", 1)[-1]
    if kind not in _SCALARS:
        return str(node.value)
    try:
        return YAML(typ="safe", pure=True).constructor.construct_object(node)
    except (ValueError, YAMLError):  # a tag of the user that does not fit: !!int text
        return str(node.value)


def dotted(values: Mapping[str, str]) -> list[tuple[Key, object]]:
    """Split dotted names and read the values: ``{"tmb.min_vaf": "0.1"}``."""
    return [(tuple(name.split(".")), parse_scalar(text)) for name, text in values.items()]
