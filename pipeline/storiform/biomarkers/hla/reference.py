"""Compile a user's release of IPD-IMGT/HLA: exons in columns, introns, what is left out."""

import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.biomarkers.hla.exon_columns import (
    Bools,
    Layout,
    fill_row,
    impute,
    known_share,
    lay_out,
)
from storiform.biomarkers.hla.exon_places import (
    Bases,
    Placed,
    Places,
    Template,
    choose_template,
    place_coding,
    settle_exons,
)
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import (
    MISSING,
    REFERENCE_GENES,
    ExonAlleles,
    HlaReference,
    HlaSequences,
)

_KEY_EXONS = (1, 2)
_LEAST_KNOWN = 0.95
_MOST_COST = 1.0
"""A quarter of the bases differ: the sequence is none of the gene."""
_NO_TEMPLATE = "the release has no allele of the gene with a genomic and a coding sequence"
_NO_CODING = "the release gives no coding sequence"
_SHOWN = 3


class _Gene(NamedTuple):
    """What is known of one gene's alleles while they are compiled, all in one order."""

    names: list[str]
    rows: Bases
    layout: Layout
    exon_places: dict[str, Places]
    left_out: dict[str, str]


def _unheard(_: str) -> None:
    """Take what is done now, and say nothing."""


def compile_reference(
    sequences: HlaSequences, listen: Callable[[str], None] = _unheard
) -> HlaReference:
    """Compile the alleles of a release: the same files give the same reference.

    The exons of each gene are found in one allele, whose coding sequence is its genomic one
    without introns; all other alleles are aligned to it. Alleles of which a part is known
    are completed by the nearest that is known whole, of the same first field if it is not
    more than four bases farther; a null or doubtful allele completes none. Left out is what
    gives less than 95 % of exons 2 and 3, or differs from its gene in more than a fourth of
    its bases.

    Parameters
    ----------
    sequences
        Of a release.
    listen
        Is told what is compiled, for a person who waits.

    Returns
    -------
    HlaReference
        In its exons, what an allele's files give is kept base for base.

    Warns
    -----
    DataWarning
        If coding sequences do not fit into genomic ones of the same name: these are not
        used, the files may be of two releases.
    """
    genes = {}
    for gene in REFERENCE_GENES:
        listen(f"the alleles of {gene}")
        genes[gene] = _compile_gene(gene, sequences)
    alleles = [name for gene in genes.values() for name in gene.names]
    exons, sequence_of, imputed_of = {}, {}, {}
    for gene, compiled in genes.items():
        if compiled.names:
            parts = _exons(gene, compiled)
            exons[gene] = tuple(part[0] for part in parts)
            sequence_of[gene] = np.column_stack([part[1] for part in parts]).astype(np.int32)
            imputed_of[gene] = np.column_stack([part[2] for part in parts])
    left_out = {name: why for gene in genes.values() for name, why in gene.left_out.items()}
    places = {name: at for gene in genes.values() for name, at in gene.exon_places.items()}
    _warn_of_strangers(sequences, alleles, places, left_out)
    return HlaReference(
        release=sequences.release,
        md5=sequences.md5,
        alleles=tuple(alleles),
        genes=tuple(name.partition("*")[0] for name in alleles),
        exons=exons,
        sequence_of=sequence_of,
        imputed_of=imputed_of,
        genomic={name: sequences.genomic[name] for name in places},
        exon_places=places,
        groups={name: sequences.groups[name] for name in alleles if name in sequences.groups},
        left_out=left_out,
    )


def check_compiled(reference: HlaReference, where: str) -> None:
    """Refuse a reference that lacks a gene that is typed, or most of its alleles.

    Parameters
    ----------
    reference
        As compiled.
    where
        The folder of the release, for the message.

    Raises
    ------
    InputError
        If more alleles of A, B or C were left out than are kept, or none is kept.
    """
    for gene in CLASS_I:
        kept = reference.genes.count(gene)
        lost = [name for name in reference.left_out if name.partition("*")[0] == gene]
        if kept and len(lost) <= kept:
            continue
        why = f": {reference.left_out[lost[0]]} ({lost[0]})" if lost else ""
        found = f"{kept} of {kept + len(lost)} alleles of {gene} that can be used{why}"
        remedy = "Take the gen and nuc files of one release of IPD-IMGT/HLA, and whole ones."
        raise InputError(fault(where, found, "most of them", remedy))


def _compile_gene(gene: str, sequences: HlaSequences) -> _Gene:
    coding, genomic = (_of_gene(gene, s) for s in (sequences.coding, sequences.genomic))
    left_out = {name: _NO_CODING for name in genomic if name not in coding}
    template = choose_template(genomic, coding)
    if template is None:
        left_out |= dict.fromkeys(coding, _NO_TEMPLATE)
        layout = Layout(*(np.zeros(0, np.int64),) * 3)
        return _Gene([], np.zeros((0, 0), np.uint8), layout, {}, left_out)
    aligned: dict[bytes, Placed] = {}
    placed: dict[str, Placed] = {}
    places: dict[str, Places] = {}
    for name, bases in coding.items():
        key = bases.tobytes()
        if key not in aligned:
            aligned[key] = place_coding(template, bases)
        found = aligned[key]
        if name in genomic and (settled := settle_exons(template, genomic[name], bases, found)):
            found, places[name] = settled
        if reason := _unfit(template, found, is_whole=name in places):
            left_out[name] = reason
            places.pop(name, None)
        else:
            placed[name] = found
    layout = lay_out(template, list(placed.values()))
    rows = np.empty((len(placed), int(layout.bounds[-1])), np.uint8)
    for row, (name, found) in zip(rows, placed.items(), strict=True):
        reach = _reach(places[name], len(genomic[name])) if name in places else None
        row[:] = fill_row(template, layout, coding[name], found, reach)
    return _Gene(list(placed), rows, layout, places, left_out)


def _of_gene(gene: str, sequences: Mapping[str, Bases]) -> dict[str, Bases]:
    return {name: b for name, b in sequences.items() if name.partition("*")[0] == gene}


def _unfit(template: Template, placed: Placed, *, is_whole: bool) -> str:
    """Tell why an allele cannot be used; empty if it can."""
    if not len(placed.place):
        return "its coding sequence is empty"
    share = placed.cost / len(placed.place)
    if placed.cost < 0 or share > _MOST_COST:
        return "its coding sequence is like none of its gene"
    if is_whole or template.exons <= max(_KEY_EXONS):
        return ""
    known = known_share(template, placed, _KEY_EXONS)
    if known < _LEAST_KNOWN:
        return f"the release gives {known:.0%} of its exons 2 and 3"
    return ""


def _reach(places: Places, length: int) -> tuple[bool, bool]:
    """Tell whether a genomic sequence goes beyond both ends of the coding one."""
    return bool(places[0, 0] > 0), bool(places[-1, 1] < length)


def _exons(gene: str, compiled: _Gene) -> list[tuple[ExonAlleles, NDArray[np.int64], Bools]]:
    """Return each exon's sequences, which of them each allele has, and where it is imputed."""
    rows = compiled.rows
    was_missing = impute(compiled.names, rows)
    parts: list[tuple[ExonAlleles, NDArray[np.int64], Bools]] = []
    for exon in range(len(compiled.layout.bounds) - 1):
        own = slice(*compiled.layout.bounds[exon : exon + 2].tolist())
        columns, which = _distinct(rows[:, own])
        is_imputed = np.any(was_missing[:, own], axis=1)
        has_whole = np.zeros(len(columns), bool)
        has_whole[which[~is_imputed]] = True
        is_empty = (columns >= MISSING).all(axis=1) & (columns == MISSING).any(axis=1)
        which = np.where(is_empty[which], -1, which)
        parts.append((ExonAlleles(gene, exon + 1, columns, ~has_whole), which, is_imputed))
    return parts


def _distinct(rows: Bases) -> tuple[Bases, NDArray[np.int64]]:
    """Return each different row once, in order, and which of them each row is."""
    places: dict[bytes, int] = {}
    which = np.array([places.setdefault(row.tobytes(), len(places)) for row in rows], np.int64)
    first = np.unique(which, return_index=True)[1]
    return np.ascontiguousarray(rows[first]), which


def _warn_of_strangers(
    sequences: HlaSequences,
    alleles: list[str],
    places: Mapping[str, Places],
    left_out: Mapping[str, str],
) -> None:
    """Warn of genomic sequences that are not those of their coding sequences."""
    strange = [name for name in alleles if name in sequences.genomic and name not in places]
    lone = [name for name, why in left_out.items() if why == _NO_CODING]
    told = (
        (strange, "do not hold the coding sequence of the same name and are not used"),
        (lone, "have no coding sequence and are left out"),
    )
    for names, what in told:
        if names:
            shown = ", ".join(names[:_SHOWN])
            message = (
                f"{len(names)} genomic sequences of HLA alleles {what} (such as {shown}): "
                "the files may be of two releases. Take all from one."
            )
            warnings.warn(message, DataWarning, stacklevel=3)
