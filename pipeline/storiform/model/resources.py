"""Protocols of what a step may ask for that is no sample's: names, lengths and sets of genes.

A step names one by annotation, `io` opens it, so that no room opens a file::

    def counts(given: GivenCounts, gene_names: HumanGeneNames, ...) -> Counts: ...
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

import pandas as pd

from storiform.model.table import Resource

_VERSION = re.compile(r"(?<=\d)[._].*$")
_VERSIONED = ("ENS", "NM_", "NR_", "XM_", "XR_")


def without_version(name: str) -> str:
    """Strip the version, and what follows it, off an Ensembl or RefSeq id; leave all else.

    Examples
    --------
    >>> without_version("ENSG00000182378.15_PAR_Y"), without_version("RP11-74E24.2")
    ('ENSG00000182378', 'RP11-74E24.2')
    """
    return _VERSION.sub("", name) if name.startswith(_VERSIONED) else name


class GeneNames(Protocol):
    """All names under which the genes of one species are known."""

    def symbols(self, ids: Sequence[str]) -> list[str]:
        """Return the current symbol of each id, empty where the id is unknown.

        An id is an Entrez number, an Ensembl gene id with or without a version, a current
        or an old symbol. A current symbol wins over an alias; an alias of several genes
        names none.
        """
        ...


HumanGeneNames = Annotated[GeneNames, Resource("gene_names")]

GeneLengths = Annotated[pd.DataFrame, Resource("gene_lengths")]
"""One row per gene: `gene` (current symbol), `length` (bp of exons), `length_source`."""

Transcripts = Annotated[Mapping[str, str], Resource("transcripts")]
"""Transcript id without version -> gene id or symbol; there is none unless a user names it."""

GeneSets = Annotated[Mapping[str, tuple[str, ...]], Resource("gene_sets")]
"""Name of a gene set -> its genes, under any of their names."""

McpMarkers = Annotated[pd.DataFrame, Resource("mcp_markers")]
"""One row per marker: `population`, `symbol_published`, `symbol` (repaired), `entrez`."""
