"""What pydantic finds wrong with a configuration, in the words and places of the file."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from storiform.engine.positions import Document, Key
from storiform.io.names import did_you_mean
from storiform.model.populations import EVERYONE, OWN_NAMES


def add_faults(document: Document, error: ValidationError, model: type[BaseModel]) -> None:
    """Add every error of a validation to the document, each at the place of its key."""
    told: dict[Key, list[str]] = {}
    for detail in error.errors(include_url=False):
        key, message = _told(document, dict(detail), model)
        messages = told.setdefault(key, [])
        if message not in messages:
            messages.append(message)
    for key, (first, *others) in told.items():
        further = [other.split(_EXPECTED, 1)[1] for other in others if _EXPECTED in other]
        if _EXPECTED in first and further:  # one value, of which a union expects several
            first = " or ".join([first, *further])  # noqa: PLW2901  the message grows
        about = _description(key, model)
        about = f" ({about})" if about and not first.startswith(("unknown", "missing")) else ""
        document.fault(key, f"{first.rstrip('.')}{about}{'' if first.endswith('?') else '.'}")


def sound_part(data: dict[str, Any], model: type[BaseModel]) -> BaseModel | None:
    """Return what holds of a configuration once its faulty entries are taken out."""
    rest = deepcopy(data)
    for _ in range(_MOST_ROUNDS):  # taking out a value may lay another fault bare
        try:
            return model.model_validate(rest)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                _take_out(rest, [str(part) for part in detail["loc"]], detail["type"])
    return None


def _take_out(data: dict[str, Any], place: list[str], kind: str) -> None:
    """Remove the entry at a place, or the deepest one above it; fill in a missing one."""
    *above, last = place
    inner: Any = data
    for name in above:
        if not isinstance(inner, dict) or not isinstance(inner.get(name), dict):
            last = name
            break
        inner = inner[name]
    if isinstance(inner, dict):
        inner.pop(last, None)
        if kind == "missing":
            inner[last] = {} if last == "cohort" else ""


_MOST_ROUNDS = 5
_EXPECTED = "expected "


def add_truths(document: Document, model: type[BaseModel]) -> None:
    """Refuse true and false where a number is expected; pydantic takes them for 1 and 0."""
    for section, values in document.data.items():
        inside = _model_of(model, section)
        for name, value in values.items() if inside and isinstance(values, dict) else ():
            field = inside.model_fields.get(name) if inside else None
            if isinstance(value, bool) and field is not None:
                kinds = {field.annotation, *get_args(field.annotation)}
                if kinds & {int, float} and bool not in kinds:
                    shown = str(value).lower()
                    document.fault((section, name), f"found {shown}, expected a number.")


def add_populations(document: Document, params: Mapping[str, BaseModel]) -> None:
    """Tell of a population that is none of a trial's own and was not declared."""
    declared = getattr(params.get("populations"), "declared", {})
    known = {EVERYONE, *OWN_NAMES, *declared}
    for section, values in params.items():
        name = getattr(values, "population", EVERYONE)
        if name not in known:
            expected = f"{_EXPECTED}{', '.join([*OWN_NAMES, *declared])} or {EVERYONE}"
            told = f"found {_shown(name)}, {expected}; {did_you_mean(name, known)}"
            document.fault((section, "population"), told)


def _told(
    document: Document, detail: dict[str, Any], model: type[BaseModel]
) -> tuple[Key, str]:
    key = _key(document, detail)
    kind, found = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return key, f"unknown; {did_you_mean(key[-1], _fields(key[:-1], model))}"
    if kind == "missing":
        return key, f"missing; {_description(key, model) or 'add it'}"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return key, f"found {_shown(found)}, {_EXPECTED}a section of names and values"
    shown = "" if isinstance(found, dict) else f"found {_shown(found)}, "
    if kind in {"value_error", "assertion_error"}:
        return key, shown + str(detail["msg"]).split(", ", 1)[-1]
    return key, f"{shown}{_EXPECTED}{_expected(kind, str(detail['msg']))}"


def _expected(kind: str, message: str) -> str:
    """Phrase what pydantic expected as the end of "found ..., expected ..."."""
    if kind == "path_type":
        return "a path"
    for old, new in _PHRASES:
        message = re.sub(old, new, message)
    return message


_PHRASES = (
    (r"^Input should be ", ""),
    (r"^(String|Value|List|Tuple|Set|Dictionary|Data) should ", "to "),
    (r", unable to parse.*", ""),
    (r"^a valid (?=integer)", "an "),
    (r"^a valid tuple", "a list"),
    (r"^a valid ", "a "),
    (r"greater than or equal to", "at least"),
    (r"less than or equal to", "at most"),
    (r"greater than", "above"),
    (r"less than", "below"),
)


def _key(document: Document, detail: dict[str, Any]) -> Key:
    """Drop the parts of a location that name types of a union and no names of the file."""
    key: Key = ()
    for part in detail["loc"]:
        if (*key, str(part)) in document.places or detail["type"] in {
            "missing",
            "extra_forbidden",
        }:
            key = (*key, str(part))
    return key


def _model_of(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    field = model.model_fields.get(name) if model is not None else None
    if field is None:
        return None
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _inside(key: Key, model: type[BaseModel]) -> type[BaseModel] | None:
    """Return the model of a section; a name that the user chose leads to what all such have."""
    inside: type[BaseModel] | None = model
    is_chosen = False
    for name in key:
        if is_chosen:
            is_chosen = False
            continue
        field = inside.model_fields.get(name) if inside is not None else None
        is_chosen = field is not None and get_origin(field.annotation) is dict
        inside = _model_of(inside, name)
    return inside


def _fields(key: Key, model: type[BaseModel]) -> list[str]:
    inside = _inside(key, model)
    return list(inside.model_fields) if inside is not None else []


def _description(key: Key, model: type[BaseModel]) -> str:
    inside = _inside(key[:-1], model)
    field = inside.model_fields.get(key[-1]) if inside is not None and key else None
    return (field.description or "").rstrip(".") if field is not None else ""


def _shown(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  a line of a message
