"""Names that a user may have meant."""

import difflib
from collections.abc import Iterable


def near_names(name: str, known: Iterable[str], most: int = 3) -> str:
    """Propose known names near an unknown one, as the end of a sentence; empty without any.

    Examples
    --------
    >>> near_names("measurements.CD2", ["measurements.CD20", "tmb.tmb"])
    '; did you mean measurements.CD20?'
    """
    found = difflib.get_close_matches(name, sorted(set(known)), n=most)
    return f"; did you mean {' or '.join(found)}?" if found else ""
