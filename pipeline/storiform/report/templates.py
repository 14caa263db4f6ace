"""The templates and the style sheet of the pages."""

import functools
import re
from importlib import resources

import jinja2

_BINDING = re.compile(r"\b([npq]) ([=<]) (?=\d)")


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return resources.files("storiform.report").joinpath(name).read_text(encoding="utf-8")


@functools.cache
def template(name: str) -> jinja2.Template:
    """Return a template of this package, ready to be rendered."""
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(resource),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    environment.filters["plain"] = _plain
    return environment.get_template(name)


def _unbroken(sentence: str) -> str:
    """Keep ``p = 0.01`` and ``95 %`` on one line."""
    bound = _BINDING.sub("\\1\N{NO-BREAK SPACE}\\2\N{NO-BREAK SPACE}", sentence)
    return bound.replace(" %", "\N{NO-BREAK SPACE}%")


def _plain(description: str) -> str:
    """Take away the backticks in which a description of ours sets names."""
    return description.replace("`", "")
