"""The alleles of HLA genes as a user's release of IPD-IMGT/HLA gives them, compiled.

No sequence of that database is part of this package: its licence forbids changed copies.
``storiform hla-reference`` compiles what a user has downloaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from storiform.model.table import Resource

DECOYS = ("E", "F", "G", "H", "J", "K", "L", "Y")
"""Further genes of class I, most of them pseudogenes, whose reads look like theirs."""
MISSING, GAP = 4, 5
"""Codes of a base that is not known, and of a column that an allele has no base in; 0 to 3
are A, C, G and T."""


@dataclass(frozen=True, eq=False)
class ExonAlleles:
    """The different sequences of one exon of one gene, in common columns.

    Parameters
    ----------
    gene, exon
        Name without HLA-, and number of the exon, 1-based.
    columns
        uint8 (n_sequences, n_columns): 0 to 3 for A, C, G, T, `MISSING`, `GAP`. Most
        columns are those of the usual allele; a sequence with an insertion has its own bases
        in columns where all others have `GAP`.
    is_imputed
        bool (n_sequences,): parts that the release does not give are those of the nearest
        allele that it gives whole.
    """

    gene: str
    exon: int
    columns: NDArray[np.uint8]
    is_imputed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HlaReference:
    """All alleles of a release: coding exons in columns, and genomic sequences where given.

    Parameters
    ----------
    release
        As the files say or the user states, such as 3.58.0; empty where nothing says it.
    md5
        Of all sequence files that were compiled, in the order of their names.
    alleles
        Full names without the prefix, as A*02:01:01:01; of the genes A, B, C and `DECOYS`.
    genes
        Gene of each allele.
    exons
        The exons of each gene, in order.
    sequence_of
        Gene -> int32 (n_alleles_of_gene, n_exons_of_gene): row in `ExonAlleles.columns`;
        -1 where the release says nothing of the exon and none could be imputed. Rows are in
        the order in which the gene's alleles stand in `alleles`.
    genomic
        Allele -> uint8, its whole gene, 0 to 3, `MISSING`; where the release gives it.
    groups
        Allele -> name of its G group (same exons 2 and 3), where the release gives them.
    left_out
        Allele -> why it is not among `alleles`.
    """

    release: str
    md5: str
    alleles: tuple[str, ...]
    genes: tuple[str, ...]
    exons: Mapping[str, tuple[ExonAlleles, ...]]
    sequence_of: Mapping[str, NDArray[np.int32]]
    genomic: Mapping[str, NDArray[np.uint8]]
    groups: Mapping[str, str]
    left_out: Mapping[str, str]


HlaAlleles = Annotated[HlaReference, Resource("hla_reference")]
"""The compiled alleles; there are none unless a user names them."""
