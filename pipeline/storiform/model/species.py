"""Which species gene ids are of, where it is not man's."""

import re
from collections.abc import Sequence

_SIGNS = {
    r"ENSMUSG\d": "mouse (ENSMUSG)", r"ENSRNOG\d": "rat (ENSRNOG)", r"FBgn\d": "fly (FBgn)",
    r"ENSDARG\d": "zebrafish (ENSDARG)", r"ENSCAFG\d": "dog (ENSCAFG)",
    r"[A-Z][a-z]+\d*[a-z]?\d*$": "mouse or rat, by the case of the symbols",
}  # fmt: skip


def foreign_species(ids: Sequence[str]) -> str:
    """Name the species of which most ids are, if it is plainly another than man.

    Examples
    --------
    >>> foreign_species(["ENSMUSG00000059552", "ENSMUSG00000020184"])
    'mouse (ENSMUSG)'
    >>> foreign_species(["TP53", "MDM2", "C1orf112"])
    ''
    """
    for pattern, species in _SIGNS.items():
        sign = re.compile(pattern)
        if sum(sign.match(name) is not None for name in ids) > len(ids) / 2:
            return species
    return ""
