"""HLA alleles that were given for a patient, and the reads tell others."""

import re
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import pandas as pd

from storiform.biomarkers.hla.loss_evidence import Gene
from storiform.biomarkers.hla.types import CALLED, HlaTypesParams, best_call
from storiform.biomarkers.hla.typing import MAY_BE_NEW
from storiform.model.errors import DataWarning
from storiform.model.hla import CLASS_I, MOLECULES, read_hla_name
from storiform.model.hla_reference import HlaAlleles, HlaReference
from storiform.model.tables.hla import HLA_DISCORDANCES, HlaCalls, HlaDiscordances
from storiform.model.tables.proteins import HlaTypes

_FIRST = re.compile(r"[ABC]W?[*_](\d{2,3})(?!\d)", re.IGNORECASE)
"""First field behind the star; a serological type has none, and none that it must have."""
_COPIES = 2
_STRANGE_GENES = 2
"""Genes of which the tumour has an allele that its normal lacks, if they are of two persons."""
_NORMAL = "normal exome"


@dataclass(frozen=True)
class _Allele:
    """What an allele may be: names of two fields without suffix, or their first field alone.

    Without both it cannot be compared, and fits whatever the other is.
    """

    shown: str
    names: frozenset[str]
    firsts: frozenset[str]

    def fits(self, other: "_Allele") -> bool:
        """Tell whether the two may be the same."""
        if not self.firsts or not other.firsts:
            return True
        if not self.names or not other.names:
            return bool(self.firsts & other.firsts)
        return bool(self.names & other.names)


@dataclass(frozen=True)
class _Names:
    """The names of two fields that a release has, and those of one G group with each."""

    known: frozenset[str]
    alike: Mapping[str, frozenset[str]]

    def allele(self, shown: str, names: Iterable[str], *, is_sure: bool = True) -> _Allele:
        """Return an allele that is one of some names; of its first field alone if not sure.

        A name that the release lacks can be told by no read, but its first field can.
        """
        own = frozenset(names)
        firsts = frozenset(name.partition(":")[0] for name in own)
        if not is_sure or not own <= self.known:
            return _Allele(shown, frozenset(), firsts)
        return _Allele(shown, own.union(*(self.alike.get(name, ()) for name in own)), firsts)


def hla_discordances(
    hla_types: HlaTypes, hla_calls: HlaCalls, hla_reference: HlaAlleles, params: HlaTypesParams
) -> HlaDiscordances:
    """List genes whose given alleles are not those that the reads of the patient tell.

    Given alleles stand, and are compared with the best sample's call, if it is confident:
    normal exome, tumour exome, RNA. Compared are two fields without suffix. Alleles of one G
    group, names that the reads cannot tell from the called one, and a name of which less is
    given than two fields, agree as far as they go. Only the first field is compared of an
    allele that the release lacks. An allele that a tumour or RNA does not show may be lost or
    hardly expressed, so there only others that they do show are told.

    Parameters
    ----------
    hla_types
        The patient's alleles; those that a step called are not compared.
    hla_calls
        Calls of the biopsy's samples and of the patient's normals.
    hla_reference
        Names of all alleles, and their G groups.
    params
        When a call is confident.

    Returns
    -------
    HlaDiscordances
        One row for each gene of class I that disagrees.

    Warns
    -----
    DataWarning
        Once for the biopsy, of all such genes.
    """
    given = hla_types[~hla_types["source"].isin(CALLED)]
    names = _names(hla_reference) if len(given) else _Names(frozenset(), {})
    rows = []
    for gene in CLASS_I:
        own = given[given["gene"].eq(gene)].sort_values("copy")
        call = best_call(hla_calls[hla_calls["gene"].eq(gene)], params)
        if not 0 < len(own) <= _COPIES or call is None:
            continue
        stated = [_stated(row, names) for row in own.to_dict("records")]
        told = [_told(row, names) for row in call.to_dict("records")]
        kind = str(call["kind"].iloc[0])
        number = _agreeing(stated, told)
        if _is_discordant(stated, told, call, is_normal=kind == _NORMAL):
            rows.append(
                {
                    "gene": gene,
                    "given": ";".join(one.shown for one in stated),
                    "told": ";".join(one.shown for one in told),
                    "agreeing": number,
                    "is_whole": number == 0,
                    "sample": str(call["sample"].iloc[0]),
                    "source": kind,
                    "posterior": float(call["posterior"].iloc[0]),
                }
            )
    found = pd.DataFrame(rows, columns=list(HLA_DISCORDANCES.columns))
    if rows:
        patients = hla_calls["patient"].astype(str)
        warnings.warn(_warning(patients.iloc[0], found), DataWarning, stacklevel=2)
    return found


def doubt_genes(genes: Sequence[Gene], discordances: pd.DataFrame | None) -> list[Gene]:
    """Say of genes, before their losses are judged, which alleles the reads tell.

    Parameters
    ----------
    genes
        As gathered for the model of losses.
    discordances
        The table `hla_discordances`, None where nothing was compared.

    Returns
    -------
    list
        A gene of whose given alleles the reads tell none has a reason not to be judged; one of
        which they tell one has a limit.
    """
    if discordances is None:
        return list(genes)
    told = {str(row["gene"]): row for row in discordances.to_dict("records")}
    return [_doubted(gene, told.get(gene.name)) for gene in genes]


def part_persons(genes: Sequence[Gene], calls: pd.DataFrame | None, least: float) -> list[Gene]:
    """Say of all genes that the samples may be of two persons, where their reads say so.

    A tumour loses alleles and gains none: an allele that its normal lacks, of two genes or
    more, is no error of typing. A relative shares a haplotype, so an allele of each gene is
    common to both.

    Parameters
    ----------
    genes
        As gathered for the model of losses.
    calls
        The table `hla_calls`, None where nothing was typed.
    least
        Posterior that a call has at least.
    """
    strange = [] if calls is None else _strange_alleles(calls, least)
    if len(strange) < _STRANGE_GENES:
        return list(genes)
    words = (
        f"the tumour's reads tell {', '.join(strange)} and the normal's do not: the samples "
    )
    words += "may be of two persons"
    return [replace(gene, reason=gene.reason or words) for gene in genes]


def _strange_alleles(calls: pd.DataFrame, least: float) -> list[str]:
    """Return the tumour's alleles that its normal lacks, of each gene that has such.

    One counts if nothing weakens the calls of the gene, in either sample; else only if the
    tumour has none of the normal's alleles.
    """
    is_sure = calls["assay"].eq("exome") & calls["posterior"].ge(least)
    sure = calls[is_sure & calls["allele"].notna()].sort_values(["sample", "copy"])
    names = _Names(frozenset(_two_fields(name) for name in sure["allele"].astype(str)), {})
    strange = []
    for gene in CLASS_I:
        own = sure[sure["gene"].eq(gene)]
        normals, tumours = (own[own["role"].eq(role)] for role in ("normal", "tumour"))
        normal, tumour = (
            [_told(row, names) for row in of_role.to_dict("records")]
            for of_role in (normals, tumours)
        )
        lacking = [one.shown for one in tumour if not any(one.fits(other) for other in normal)]
        is_clear = not own["limits"].fillna("").any()
        if normal and lacking and (is_clear or len(lacking) == len(tumour)):
            strange.append(_listed(";".join(lacking)))
    return strange


def _doubted(gene: Gene, row: Mapping[Hashable, Any] | None) -> Gene:
    if row is None:
        return gene
    if row["is_whole"]:
        words = f"the given alleles are not the patient's: {_finding(row)}"
        return replace(gene, reason=words, is_theirs=False)
    return replace(
        gene, limits=(*gene.limits, f"the given alleles are doubtful: {_finding(row)}")
    )


def _finding(row: Mapping[Hashable, Any]) -> str:
    """Put a row of `hla_discordances` into words."""
    told = _listed(str(row["told"]))
    return f"the reads of {row['sample']} ({row['source']}) tell {told}"


def _names(reference: HlaReference) -> _Names:
    known: set[str] = set()
    groups_of: dict[str, set[str]] = {}
    members: dict[str, set[str]] = {}
    for allele in reference.alleles:
        if allele.partition("*")[0] not in CLASS_I:
            continue
        name = _two_fields(allele)
        known.add(name)
        if group := reference.groups.get(allele):
            groups_of.setdefault(name, set()).add(group)
            members.setdefault(group, set()).add(name)
    alike = {
        name: frozenset().union(*(members[group] for group in groups))
        for name, groups in groups_of.items()
    }
    return _Names(frozenset(known), alike)


def _two_fields(name: str) -> str:
    """Return two fields without a suffix: a name is one allele's, expressed or not."""
    bare = name.removeprefix("HLA-").rstrip("NLSCAQGP")
    return ":".join(bare.split(":")[:2])


def _stated(row: Mapping[Hashable, Any], names: _Names) -> _Allele:
    """Return what was given for one copy, as far as it can be compared."""
    gene, written, allele = str(row["gene"]), _text(row["written"]), _text(row["allele"])
    if allele:
        # A P group has names of several G groups: its protein, but for silent bases.
        is_sure = not written.upper().endswith("P")
        return names.allele(allele, [_two_fields(allele)], is_sure=is_sure)
    shown = written or "?"
    # Whether a cell shows the allele is not compared, only which it is.
    bare = written.rstrip("NSCnsc") if _text(row["reason"]) in MOLECULES else written
    parts = [part if part[:1].isalpha() else f"{gene}*{part}" for part in bare.split("/")]
    whole = [read_hla_name(part).allele for part in parts]
    if all(whole):
        return names.allele(shown, [_two_fields(name) for name in whole])
    first = _FIRST.search(written)
    firsts = frozenset({f"{gene}*{first.group(1)}"} if first else ())
    return _Allele(shown, frozenset(), firsts)


def _told(row: Mapping[Hashable, Any], names: _Names) -> _Allele:
    """Return what the reads tell of one copy, with what they cannot tell from it."""
    also = [name for name in _text(row["also_fits"]).split(";") if name]
    every = [_two_fields(name) for name in (str(row["allele"]), *also)]
    is_sure = MAY_BE_NEW not in _text(row["limits"])
    return names.allele(str(row["allele"]), every, is_sure=is_sure)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _agreeing(stated: Sequence[_Allele], told: Sequence[_Allele]) -> int:
    """Return how many given alleles are told, each called one taken once."""
    return max(
        sum(one.fits(other) for one, other in zip(stated, order, strict=False))
        for order in permutations(told)
    )


def _is_discordant(
    stated: Sequence[_Allele], told: Sequence[_Allele], call: pd.DataFrame, *, is_normal: bool
) -> bool:
    if _agreeing(stated, told) == len(stated):
        return False
    strangers = [one for one in told if not any(one.fits(other) for other in stated)]
    if strangers:
        return True
    # All that is told was given: an allele is missing, or a gene told to be homozygous is not.
    missing = [one for one in stated if not any(one.fits(other) for other in told)]
    limits = " ".join(call["limits"].fillna("").astype(str))
    is_faint = any(name in limits for one in missing for name in one.names)
    return is_normal and not is_faint


def _warning(patient: str, found: pd.DataFrame) -> str:
    given = ", ".join(_listed(text) for text in found["given"])
    told = ", ".join(_listed(text) for text in found["told"])
    samples = " and ".join(dict.fromkeys(found["sample"]))
    question = (
        "Are rows of the sheet swapped, or is it the file of another patient?"
        if found["is_whole"].any()
        else "Check the typing."
    )
    return (
        f"the HLA types given for {patient} are {given}; the reads of {samples} tell {told}. "
        f"{question} The given types stand; losses are not judged where none of a gene fits"
    )


def _listed(text: str) -> str:
    return " and ".join(dict.fromkeys(text.replace("HLA-", "").split(";")))
