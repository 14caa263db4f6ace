"""What docstrings of steps tell a reader: references, each once, and limits."""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>,;]+", re.IGNORECASE)
_TRAILING = ".)]}"


@dataclass(frozen=True)
class Reference:
    """One reference: its text as the step gives it, its DOI (empty where it has none)."""

    text: str
    doi: str

    @property
    def address(self) -> str:
        """The DOI as a link that a reader may follow; empty without a DOI."""
        return f"https://doi.org/{self.doi}" if self.doi else ""


def references_of(docstring: str | None) -> tuple[str, ...]:
    r"""Read the entries of the numpydoc section References.

    Entries are paragraphs or bullets; a line that ends with a full stop and carries a DOI
    ends an entry too.

    Examples
    --------
    >>> references_of("Make it.\n\nReferences\n----------\nA, B (2004), doi:10.1/x.")
    ('A, B (2004), doi:10.1/x.',)
    """
    entries: list[list[str]] = [[]]
    for line in _section(docstring, "References").splitlines():
        bare = re.sub(r"^\s*(?:\.\. )?(?:\[\d+\]|[-*])\s+", "", line).strip()
        if not bare or bare != line.strip():
            entries.append([])
        if bare:
            entries[-1].append(bare)
            if _ends(bare):
                entries.append([])
    return tuple(" ".join(entry) for entry in entries if entry)


def limits_of(docstring: str | None) -> str:
    r"""Read the numpydoc section Warnings: what a result of the step cannot tell.

    Examples
    --------
    >>> limits_of("Make it.\n\nWarnings\n--------\nIt may\nbreak.")
    'It may break.'
    """
    return " ".join(_section(docstring, "Warnings").split())


def doi_of(text: str) -> str:
    """Return the first DOI in a text, in lower case; empty where there is none."""
    found = _DOI.search(text)
    return _trimmed(found[0]).lower() if found else ""


def deduplicated(texts: Iterable[str]) -> tuple[Reference, ...]:
    """List each reference once, in the order of first mention, with its longest text."""
    best: dict[str, Reference] = {}
    for text in texts:
        reference = Reference(text.strip(), doi_of(text))
        key = reference.doi or reference.text.lower()
        if key and (key not in best or len(reference.text) > len(best[key].text)):
            best[key] = reference
    return tuple(best.values())


def _section(docstring: str | None, name: str) -> str:
    """Return the body of a section of a numpydoc docstring, empty where there is none."""
    pattern = rf"^{name}\n-+\n(?P<body>.*?)(?=^\S[^\n]*\n-{{3,}}\n|\Z)"
    whole = inspect.cleandoc(docstring or "") + "\n"
    found = re.search(pattern, whole, re.MULTILINE | re.DOTALL)
    return found["body"] if found else ""


def _ends(line: str) -> bool:
    return line.endswith(".") and bool(doi_of(line))


def _trimmed(doi: str) -> str:
    while doi and doi[-1] in _TRAILING and not _balanced(doi):
        doi = doi[:-1]
    return doi


def _balanced(doi: str) -> bool:
    """Tell whether a closing bracket at the end belongs to the DOI."""
    return doi[-1] == ")" and doi.count("(") == doi.count(")")
