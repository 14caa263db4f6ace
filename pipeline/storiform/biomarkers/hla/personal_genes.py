"""The sequences that a patient's reads are compared with: own alleles, and decoys."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from storiform.kernels.hla_pairs import PersonalGenes, align_alleles
from storiform.kernels.hla_words import LENGTH, NO_WORD, WordSet, fill_set
from storiform.kernels.records import Bytes
from storiform.model.hla import CLASS_I, MOLECULES, read_hla_name
from storiform.model.hla_reference import (
    MISSING,
    HlaReference,
    PersonalSequence,
    decoy_sequences,
    personal_sequences,
)

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pair:
    """The two alleles of a heterozygous gene.

    Parameters
    ----------
    gene
        A, B or C.
    alleles
        Their names, two fields, as HLA-A*02:01.
    rows
        Number of each in `Personal.genes`; -1 where the reference lacks it.
    differs
        For each allele, bool (bases,): whether the other has another base there, or none.
    trusted
        For each allele, bool (bases,): whether the reference can tell them apart there.
    """

    gene: str
    alleles: tuple[str, str]
    rows: tuple[int, int]
    differs: tuple[Flags, Flags]
    trusted: tuple[Flags, Flags]

    @property
    def is_known(self) -> bool:
        """Whether the reference has both alleles."""
        return min(self.rows) >= 0


@dataclass(frozen=True, eq=False)
class Personal:
    """All sequences: `owners` (s,) is the number of each one's class I gene, -1 for decoys."""

    genes: PersonalGenes
    owners: Ints
    pairs: tuple[Pair, ...]


def inherited_alleles(hla_types: pd.DataFrame) -> "pd.Series[str]":
    """Return each row's allele, missing where not known; null alleles too, as HLA-A*24:09N.

    No cell shows these, so they are no allele of the table: but there are reads of them.
    """
    names = hla_types["allele"].astype(object).where(hla_types["allele"].notna(), None)
    is_hidden = names.isna() & hla_types["reason"].isin(MOLECULES)
    alleles = names.tolist()
    for row in np.flatnonzero(is_hidden).tolist():
        written = str(hla_types["written"].iloc[row]).strip().upper()
        protein = read_hla_name(written[:-1]).allele
        alleles[row] = f"{protein}{written[-1]}" if protein else None
    return pd.Series(alleles, index=hla_types.index, dtype=object)


def pairs_of(hla_types: pd.DataFrame) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the known alleles of each class I gene: name in two fields, name as written."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for gene in CLASS_I:
        own = hla_types[hla_types["gene"].eq(gene)]
        own = own.assign(allele=inherited_alleles(own)).dropna(subset="allele")
        own = own.sort_values(["allele", "copy"])
        written = own["written"].fillna("").astype(str)
        found[gene] = tuple(zip(own["allele"].astype(str), written, strict=True))
    return found


def personal_genes(hla_types: pd.DataFrame, reference: HlaReference) -> Personal:
    """Gather a patient's alleles and one of each decoy gene.

    A gene of class I none of whose alleles is known takes part with any allele, as a decoy:
    its reads would go to its neighbours. Bases by which the reference cannot tell two alleles
    apart are not trusted: introns, where it does not give those of both, and ends that it
    gives of one alone.
    """
    known = pairs_of(hla_types)
    decoys = list(decoy_sequences(reference).values())
    sequences: list[PersonalSequence] = []
    owners: list[int] = []
    trusted: list[Flags] = []
    pairs: list[Pair] = []
    for number, gene in enumerate(CLASS_I):
        own = _sequences(known[gene], reference)
        names = tuple(dict.fromkeys(name for name, _ in known[gene]))
        if len(names) == 2:  # noqa: PLR2004  a person has two
            pairs.append(_pair(gene, (names[0], names[1]), own, len(sequences)))
        is_pair = len(names) == len(own) == 2  # noqa: PLR2004  the same
        trusted += pairs[-1].trusted if is_pair else map(_all, own.values())
        sequences += own.values()
        owners += [number] * len(own)
        if not own:
            decoys += _any_allele(reference, gene)
    sequences += decoys
    owners += [-1] * len(decoys)
    trusted += map(_all, decoys)
    genes = _joined([sequence.bases for sequence in sequences], trusted)
    return Personal(genes, np.array(owners, dtype=np.int64), tuple(pairs))


def _sequences(
    alleles: tuple[tuple[str, str], ...], reference: HlaReference
) -> dict[str, PersonalSequence]:
    """Return the genes of alleles, by all fields that are known, else by two."""
    full = {name: _full_name(name, reference) for name, _ in alleles}
    asked = [*full.values(), *(written for _, written in alleles if written)]
    found = personal_sequences(reference, asked)
    told: dict[str, PersonalSequence] = {}
    for name, written in alleles:
        sequence = found.get(written, found.get(full[name]))
        if sequence is not None:
            told.setdefault(name, sequence)
    return told


def _full_name(name: str, reference: HlaReference) -> str:
    """Return the full name of a null allele, whose suffix stands behind all fields."""
    if name[-1:].isdigit():
        return name
    bare = re.escape(name[:-1].removeprefix("HLA-"))
    pattern = re.compile(rf"{bare}(?::\d+)*{name[-1]}")
    fitting = [allele for allele in reference.alleles if pattern.fullmatch(allele)]
    return min(fitting, key=lambda a: a not in reference.genomic, default=name)


def _any_allele(reference: HlaReference, gene: str) -> list[PersonalSequence]:
    first = next((a for a in reference.genomic if a.partition("*")[0] == gene), "")
    return list(personal_sequences(reference, [first]).values()) if first else []


def _all(sequence: PersonalSequence) -> Flags:
    return np.ones(len(sequence.bases), dtype=np.bool_)


def _pair(
    gene: str, names: tuple[str, str], own: Mapping[str, PersonalSequence], first: int
) -> Pair:
    """Compare the two alleles of a gene, whose sequences are numbered from `first`."""
    numbers = {name: first + k for k, name in enumerate(own)}
    rows = numbers.get(names[0], -1), numbers.get(names[1], -1)
    if min(rows) < 0:
        none = np.zeros(0, dtype=np.bool_)
        return Pair(gene, names, rows, (none, none), (none, none))
    one, two = (own[name] for name in own)
    partners = _partners(one.bases, two.bases)
    is_paired = partners >= 0
    paired = np.flatnonzero(is_paired)
    ends = (paired[:1], paired[-1:] + 1), (partners[paired[:1]], partners[paired[-1:]] + 1)
    borrows = bool(one.introns_of or two.introns_of)
    trusted = _trusted(one, ends[0], borrows=borrows), _trusted(two, ends[1], borrows=borrows)
    alike = paired[one.bases[paired] == two.bases[partners[paired]]]
    differs = trusted[0] & (one.bases < MISSING), trusted[1] & (two.bases < MISSING)
    differs[0][alike] = False
    differs[1][partners[alike]] = False
    if list(own) != list(names):
        differs, trusted = differs[::-1], trusted[::-1]
    return Pair(gene, names, rows, differs, trusted)


def _partners(one: Bytes, two: Bytes) -> Ints:
    """Return for each base of an allele the base of the other beside it, -1 for none."""
    partners = np.full(len(one), -1, dtype=np.int64)
    costs = np.zeros((2, len(two) + 1), dtype=np.int64)
    moves = np.zeros((len(one) + 1, len(two) + 1), dtype=np.uint8)
    align_alleles(one, two, costs, moves, partners)
    return partners


def _trusted(sequence: PersonalSequence, ends: tuple[Ints, Ints], *, borrows: bool) -> Flags:
    """Tell which bases of an allele can speak: what both have, of exons if one borrows."""
    is_trusted = np.zeros(len(sequence.bases), dtype=np.bool_)
    for start, end in zip(*ends, strict=True):
        is_trusted[start:end] = True
    if borrows:
        is_exon = np.zeros(len(sequence.bases), dtype=np.bool_)
        for start, end in sequence.exons.tolist():
            is_exon[start:end] = True
        is_trusted &= is_exon
    return is_trusted


def _joined(sequences: list[Bytes], trusted: list[Flags]) -> PersonalGenes:
    """Join sequences, and index their words."""
    words, owners, places = [], [], []
    for number, bases in enumerate(sequences):
        found = words_of(bases)
        at = np.flatnonzero(found != NO_WORD)
        words.append(found[at])
        owners.append(np.full(len(at), number, dtype=np.int32))
        places.append(at.astype(np.int32))
    none = np.empty(0, dtype=np.int32)
    every = np.concatenate([np.empty(0, dtype=np.int64), *words])
    order = np.argsort(every, kind="stable")
    distinct, first = np.unique(every[order], return_index=True)
    size = 1 << max(4, (2 * len(distinct)).bit_length())
    indexed = WordSet(np.full(size, NO_WORD, dtype=np.int64), np.full(size, -1, dtype=np.int32))
    fill_set(distinct, indexed)
    return PersonalGenes(
        np.concatenate([np.empty(0, dtype=np.uint8), *sequences]),
        np.cumsum([0, *(len(bases) for bases in sequences)], dtype=np.int64),
        np.concatenate([np.empty(0, dtype=np.bool_), *trusted]),
        indexed,
        np.append(first, len(every)).astype(np.int64),
        np.concatenate([none, *owners])[order],
        np.concatenate([none, *places])[order],
    )


def words_of(bases: Bytes) -> Ints:
    """Return the word that begins at each base (n - 15,), `NO_WORD` with an unknown base."""
    number = max(len(bases) - LENGTH + 1, 0)
    words = np.zeros(number, dtype=np.int64)
    is_known = np.ones(number, dtype=np.bool_)
    for k in range(LENGTH):
        part = bases[k : k + number]
        words = words << 2 | (part & 3)
        is_known &= part < MISSING
    words[~is_known] = NO_WORD
    return words
