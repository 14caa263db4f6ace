"""Protocols of what a step may ask for that is no sample's: genes, and the genome's bases.

A step names one by annotation, `io` opens it, so that no room opens a file::

    def counts(given: GivenCounts, gene_names: HumanGeneNames, ...) -> Counts: ...
"""

import re
from collections import abc
from collections.abc import Mapping
from typing import Annotated, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.model.errors import InputError, fault
from storiform.model.genome import CHROMOSOMES
from storiform.model.reads import ReadHeader
from storiform.model.table import Resource

_VERSION = re.compile(r"(?<=\d)[._].*$")
_VERSIONED = ("ENS", "NM_", "NR_", "XM_", "XR_")
_OTHER = "Name the FASTA of the genome to which the reads were aligned."


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

    def symbols(self, ids: abc.Sequence[str]) -> list[str]:
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


class Sequence(Protocol):
    """The bases of a genome; its methods may be called by several threads at once."""

    @property
    def contigs(self) -> Mapping[str, int]:
        """Canonical name of each contig (with the prefix chr) -> its length, bp."""
        ...

    def bases(self, contig: str, start: int, end: int) -> NDArray[np.uint8]:
        """Return the bases [start, end) of a contig.

        Returns
        -------
        numpy.ndarray
            uint8 (end - start,), A, C, G, T or N as ASCII, always upper case.

        Raises
        ------
        InputError
            If the genome has no such contig or the contig no such bases.
        """
        ...

    def pieces(
        self, contig: str, starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Return the bases of many intervals of one contig, one after another."""
        ...


Reference = Annotated[Sequence, Resource("fasta")]
"""The bases of the genome to which the reads were aligned; there are none unless named."""


def shared_contigs(reference: Sequence, header: ReadHeader) -> frozenset[str]:
    """Return the contigs that a reference and a file of reads have in common.

    Raises
    ------
    InputError
        If there is none, or if a chromosome has another length: that is another genome.
        Mitochondria and further contigs, which differ within a build, are left out then.
    """
    theirs, shared = reference.contigs, set()
    for contig, length in zip(header.contigs, header.lengths, strict=True):
        if theirs.get(contig) == length:
            shared.add(contig)
        elif contig in theirs and contig in CHROMOSOMES and contig != "chrM":
            found = f"{contig} of {theirs[contig]} bases"
            raise InputError(fault("resources.fasta", found, f"{length}, as the reads", _OTHER))
    if header.contigs and not shared:
        found = f"contigs such as {next(iter(theirs), 'none')}"
        expected = f"those of the reads, such as {header.contigs[0]}"
        raise InputError(fault("resources.fasta", found, expected, _OTHER))
    return frozenset(shared)
