"""The alleles of HLA genes as a user's release of IPD-IMGT/HLA gives them, compiled.

No sequence of that database is part of this package: its licence forbids changed copies.
``storiform hla-reference`` compiles what a user has downloaded.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.model.hla import CLASS_I
from storiform.model.table import Resource

DECOYS = ("E", "F", "G", "H", "J", "K", "L", "Y")
"""Further genes of class I, most of them pseudogenes, whose reads look like theirs."""
REFERENCE_GENES = (*CLASS_I, *DECOYS)
"""Genes that are compiled, in this order."""
MISSING, GAP = 4, 5
"""Codes of a base that is not known, and of a column that an allele has no base in; 0 to 3
are A, C, G and T."""
OTHER_FIELD = 4
"""Differences for which an allele of the same first field is preferred to a nearer one."""


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
        bool (n_sequences,): no allele of the release gives this sequence whole; the parts
        that are not given are those of the nearest allele that is.
    """

    gene: str
    exon: int
    columns: NDArray[np.uint8]
    is_imputed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HlaSequences:
    """The sequences of a release, as its files give them.

    Parameters
    ----------
    genomic, coding
        Allele -> uint8 (bases,), its whole gene with introns, and its exons joined: 0 to 3
        for A, C, G, T, `MISSING`. In the order of the files.
    groups
        Allele -> name of its G group, where a file tells.
    release
        Such as 3.58.0; empty where nothing says it.
    md5
        Of all files of sequences.
    """

    genomic: Mapping[str, NDArray[np.uint8]]
    coding: Mapping[str, NDArray[np.uint8]]
    groups: Mapping[str, str]
    release: str
    md5: str


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
    imputed_of
        Gene -> bool (n_alleles_of_gene, n_exons_of_gene): whether the release does not give
        the allele's exon whole, so that a part or all of it is the nearest allele's.
    genomic
        Allele -> uint8, its whole gene, 0 to 3, `MISSING`; where the release gives it.
    exon_places
        Allele -> int32 (n_exons_of_gene, 2): start and end (half-open) of each exon in its
        genomic sequence; start = end where the allele has lost the exon.
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
    imputed_of: Mapping[str, NDArray[np.bool_]]
    genomic: Mapping[str, NDArray[np.uint8]]
    exon_places: Mapping[str, NDArray[np.int32]]
    groups: Mapping[str, str]
    left_out: Mapping[str, str]


HlaAlleles = Annotated[HlaReference, Resource("hla_reference")]
"""The compiled alleles; there are none unless a user names them."""


class PersonalSequence(NamedTuple):
    """The whole gene of one allele, to compare a patient's reads with.

    Parameters
    ----------
    allele
        Its full name.
    bases
        uint8 (n,): 0 to 3, `MISSING`.
    exons
        int32 (n_exons, 2): start and end (half-open) of each exon in `bases`.
    introns_of
        The allele whose introns and ends these are, where the release does not give those
        of its own; else empty.
    """

    allele: str
    bases: NDArray[np.uint8]
    exons: NDArray[np.int32]
    introns_of: str


def personal_sequences(
    reference: HlaReference, names: Iterable[str]
) -> dict[str, PersonalSequence]:
    """Return the genes of a patient's alleles.

    Parameters
    ----------
    reference
        The compiled alleles.
    names
        With or without HLA-, of two fields or more. Of several alleles that begin with
        them, the first is taken whose gene the release gives whole, one without a suffix
        (N, L, ...) before others; else the first.

    Returns
    -------
    dict
        Name as it was asked -> its gene. A name that the release lacks is not among them.
    """
    found = {name: _full_name(reference, name) for name in names}
    return {name: _personal(reference, full) for name, full in found.items() if full}


def decoy_sequences(reference: HlaReference) -> dict[str, PersonalSequence]:
    """Return one allele of each decoy gene, the first that is given whole, by its name."""
    first: dict[str, str] = {}
    for allele in reference.genomic:
        first.setdefault(allele.partition("*")[0], allele)
    return {first[gene]: _personal(reference, first[gene]) for gene in DECOYS if gene in first}


def _full_name(reference: HlaReference, name: str) -> str:
    """Return the full name of the allele that stands for a name; empty if there is none."""
    bare = name.removeprefix("HLA-")
    alleles = set(reference.alleles)
    if bare in alleles:
        return bare
    fields = re.compile(rf"{re.escape(bare)}(?:(?::\d+)*)([A-Z]?)")
    fit = [(a, m.group(1)) for a in reference.alleles if (m := fields.fullmatch(a))]
    fit.sort(key=lambda each: (each[0] not in reference.genomic, each[1] != ""))
    return fit[0][0] if fit and ":" in bare else ""


def _personal(reference: HlaReference, allele: str) -> PersonalSequence:
    if allele in reference.genomic:
        places = reference.exon_places[allele]
        return PersonalSequence(allele, reference.genomic[allele], places, "")
    gene = allele.partition("*")[0]
    own = [a for a, g in zip(reference.alleles, reference.genes, strict=True) if g == gene]
    mine = reference.sequence_of[gene][own.index(allele)]
    lender = _nearest(reference, gene, own, allele)
    places = reference.exon_places[lender]
    bases, spans, end, length = [], np.zeros_like(places), 0, 0
    for exon, row in enumerate(mine.tolist()):
        columns = reference.exons[gene][exon].columns[row]
        start, stop = places[exon].tolist()
        piece = columns[columns != GAP] if row >= 0 else reference.genomic[lender][start:stop]
        bases += [reference.genomic[lender][end:start], piece]
        length += start - end
        spans[exon] = length, length + len(piece)
        length, end = length + len(piece), stop
    bases.append(reference.genomic[lender][end:])
    return PersonalSequence(allele, np.concatenate(bases), spans, lender)


def _nearest(reference: HlaReference, gene: str, own: list[str], allele: str) -> str:
    """Return the allele given whole whose exons differ least, one of the first field first."""
    rows = reference.sequence_of[gene]
    mine, is_imputed = rows[own.index(allele)], reference.imputed_of[gene][own.index(allele)]
    distances = np.zeros(len(own), np.int64)
    for exon, alleles in enumerate(reference.exons[gene]):
        if not is_imputed[exon] and mine[exon] >= 0:
            different = (alleles.columns != alleles.columns[mine[exon]]).sum(axis=1)
            distances += np.where(rows[:, exon] >= 0, different[rows[:, exon]], 0)
    field = allele.partition(":")[0]
    distances += OTHER_FIELD * np.array([name.partition(":")[0] != field for name in own])
    keys = {
        name: (not name[-1].isdigit(), int(distances[place]), place)
        for place, name in enumerate(own)
        if name in reference.genomic
    }
    return min(keys, key=keys.__getitem__)
