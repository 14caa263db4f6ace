"""How many neoantigens a biopsy has, counted in several ways that are never mixed."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from storiform.model.hla import MOLECULES, REASONS
from storiform.model.tables.copy_calls import Clonality
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.proteins import (
    NEOANTIGEN_BURDEN,
    HlaLoh,
    HlaTypes,
    MhcAlleles,
    MhcBinding,
    NeoantigenBurden,
    Neoantigens,
    Peptides,
    ProteinChanges,
)
from storiform.model.tables.proteome import GivenProteins, ReferenceProteins
from storiform.model.tables.rna import Tpm, VcfExpression
from storiform.model.untranslated import UNKNOWN, Untranslated, untranslated_calls
from storiform.model.variant_groups import changes_needed, joined_calls

_GENES = ("A", "B", "C", "E", "F", "G")
_SILENT = "no prediction for any peptide"
_OTHER_TYPE = "serological"
"""Reason of a type whose gene is not told: of class II, or of several genes."""
_PRESENTED = "neoantigen_burden_presented"
_DOUBTS = {
    "neoantigen_burden_expressed": "expression unknown of variants with a binder: {}, not "
    "counted as expressed",
    "neoantigen_burden_clonal": "clonality unknown of variants with a binder: {}, not counted "
    "as clonal",
    _PRESENTED: "loss of the alleles unknown of variants with a binder: {}, counted as "
    "presented",
}
"""What is said of variants of which a further count does not know."""
_COUNTS = tuple(name for name, column in NEOANTIGEN_BURDEN.columns.items() if column.feature)


class _Known(NamedTuple):
    """Variants of one kind, None where nothing is known, and those of which it is not."""

    variants: int | None = None
    unknown: int = 0


def neoantigen_burden(  # noqa: PLR0913, PLR0917  a step joins what all others know
    peptides: Peptides,
    variants: SomaticVariants,
    protein_changes: ProteinChanges | None = None,
    hla_types: HlaTypes | None = None,
    mhc_alleles: MhcAlleles | None = None,
    mhc_binding: MhcBinding | None = None,
    neoantigens: Neoantigens | None = None,
    tpm: Tpm | None = None,
    clonality: Clonality | None = None,
    hla_loh: HlaLoh | None = None,
    vcf_expression: VcfExpression | None = None,
    reference_proteins: ReferenceProteins | None = None,
    given_proteins: GivenProteins | None = None,
) -> NeoantigenBurden:
    """Count the variants of a biopsy with at least one peptide that class I binds.

    Calls that act together on one protein are one variant. A peptide that needs two variants
    of a copy counts for each of them, and once among the peptides. Without alleles, without a
    model for any of them or without protein sequences all counts are missing, with the reason,
    also where there is no call: a count that only some biopsies could have is no zero. Where
    the protein of some calls only is known, the counts are a lower bound, and `reason` says so;
    so it is where calls were lost before, as symbolic alleles and calls that fit no genome are.
    A count that needs expression, clonality or lost alleles is missing without them; where
    they are unknown of some variants, these are neither expressed nor clonal but presented,
    since only binders on alleles that are known to be lost are taken out, and `reason` says
    how many.

    Parameters
    ----------
    peptides
        Mutant peptides of the eligible calls.
    variants
        The calls.
    protein_changes
        Their changes of proteins, by which a burden without any of them is no zero.
    hla_types, mhc_alleles, mhc_binding, neoantigens
        Alleles as typed and as predicted for, predictions, and what binds; None where the
        biopsy has no alleles.
    tpm, clonality, hla_loh, vcf_expression
        What the further counts need, or None.
    reference_proteins, given_proteins
        Proteins of the annotation and of the VCF. A biopsy that has neither, and of whose
        calls no protein is known, has no burden, also where no call changes a protein.

    Returns
    -------
    NeoantigenBurden
        One row; counts in variants, `neoantigen_peptides` in peptides.

    Warnings
    --------
    A peptide that is predicted to bind need not be presented, nor seen by a T cell.

    References
    ----------
    McGranahan et al., Science 351, 1463 (2016), doi:10.1126/science.aaf1490.
    McGranahan et al., Cell 171, 1259 (2017), doi:10.1016/j.cell.2017.10.001.
    """
    groups = joined_calls(changes_needed(peptides))
    predicted, without = _alleles(hla_types, mhc_alleles, mhc_binding)
    lacking = Untranslated({}, 0, 0, 0)
    if protein_changes is not None:
        lacking = untranslated_calls(protein_changes, variants)
    can_tell = _can_tell(protein_changes, reference_proteins, given_proteins)
    reason = _reason(predicted, without, lacking, can_tell=can_tell)
    row: dict[str, object] = dict.fromkeys(_COUNTS)
    if not reason and neoantigens is not None and mhc_binding is not None:
        bound = neoantigens[neoantigens["mhc_class"] == "I"]
        row |= _of_binding(bound, groups, mhc_binding[mhc_binding["allele"].isin(predicted)])
        told = _told(_expression(tpm, vcf_expression), clonality, hla_loh)
        is_ranked = row["neoantigen_burden"] is not None
        further = {
            name: _of_known(bound, groups, name) if is_told and is_ranked else _Known()
            for name, is_told in told.items()
        }
        row |= {name: known.variants for name, known in further.items()}
        reason = "; ".join(_doubts(lacking, further))
    row |= {
        "variants_with_peptides": len(set(groups.values())),
        "alleles": len(predicted),
        "alleles_without": ";".join(without),
        "reason": reason,
    }
    return pd.DataFrame([row])


def _expression(
    tpm: pd.DataFrame | None, vcf_expression: pd.DataFrame | None
) -> pd.DataFrame | None:
    """Return the expression that is known, None where there is none."""
    if tpm is not None or vcf_expression is None or vcf_expression.empty:
        return tpm
    return vcf_expression


def _alleles(
    hla_types: pd.DataFrame | None,
    mhc_alleles: pd.DataFrame | None,
    binding: pd.DataFrame | None,
) -> tuple[list[str], dict[str, str]]:
    """Return the alleles of class I with predictions, and those left out with the reason.

    One that is known to present nothing, such as a null allele, is left out of nothing: it is
    named only where there is no other.
    """
    predicted: list[str] = []
    without: dict[str, str] = {}
    silent_molecules: dict[str, str] = {}
    if hla_types is not None:
        for name, why in _unclear(hla_types):
            told = silent_molecules if why in MOLECULES else without
            told[name] = REASONS.get(why, why)
    if mhc_alleles is not None:
        silent = _silent(binding)
        for name, why in zip(
            mhc_alleles["allele"].astype(str), mhc_alleles["reason"].fillna(""), strict=True
        ):
            if name.removeprefix("HLA-").partition("*")[0] not in _GENES:
                continue
            if why or name in silent:
                without[name] = str(why) or _SILENT
            else:
                predicted.append(name)
    if not predicted:
        without |= silent_molecules
    return predicted, dict(sorted(without.items()))


def _unclear(hla_types: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each entry that tells no allele and may be of class I, with its reason."""
    gene, reason = hla_types["gene"].fillna(""), hla_types["reason"].fillna("")
    # What is no name, or that of another species, has no gene.
    is_open = gene.isin(_GENES) | (gene.eq("") & reason.ne(_OTHER_TYPE))
    unclear = hla_types["allele"].isna() & is_open
    written = hla_types["written"].fillna("")
    names = written.where(written != "", "HLA-" + gene)
    return list(zip(names[unclear].astype(str), reason[unclear].astype(str), strict=True))


def _silent(binding: pd.DataFrame | None) -> set[str]:
    """Return the alleles that were asked for and got neither a rank nor an IC50."""
    if binding is None:
        return set()
    is_told = binding["rank"].notna() | binding["affinity"].notna()
    return set(binding["allele"].unique()) - set(binding.loc[is_told, "allele"].unique())


def _can_tell(protein_changes: pd.DataFrame | None, *proteins: pd.DataFrame | None) -> bool:
    """Tell whether the protein of a call would be known if there were one."""
    if protein_changes is None or any(one is not None and len(one) for one in proteins):
        return True
    return not protein_changes["no_peptides"].isin(UNKNOWN).all()


def _reason(
    predicted: list[str], without: dict[str, str], lacking: Untranslated, *, can_tell: bool
) -> str:
    """Say why nothing can be counted; empty where it can."""
    if not predicted and not without:
        return "no HLA alleles of class I are known"
    if not predicted:
        told = ", ".join(f"{name} ({why})" if why else name for name, why in without.items())
        return f"no HLA allele could be predicted for: {told}"
    if lacking.changing and lacking.changing == lacking.changing_unknown:
        return (
            f"no protein sequence is known of the {lacking.changing} eligible calls that "
            "change a protein"
        )
    if not can_tell:
        return (
            "no protein sequences are known: neither of resources.genes and resources.fasta "
            "nor of WildtypeProtein in the VCF"
        )
    return ""


def _doubts(lacking: Untranslated, further: Mapping[str, _Known]) -> list[str]:
    """Say what keeps counts from being exact."""
    doubts = []
    if lacking.unknown:
        doubts.append(
            f"{lacking.unknown} of {lacking.sought} calls without a known protein "
            f"({lacking.told}): a lower bound"
        )
    for name, known in further.items():
        if known.unknown:
            doubts.append(_DOUBTS[name].format(known.unknown))
    return doubts


def _of_binding(
    bound: pd.DataFrame, groups: dict[str, str], binding: pd.DataFrame
) -> dict[str, object]:
    """Count by rank and by IC50, each where the predictor gives it."""
    by_rank = bound[bound["is_binder"]]
    has_ranks, has_affinities = (
        binding.empty or bool(binding[name].notna().any()) for name in ("rank", "affinity")
    )
    counts: dict[str, object] = {}
    if has_ranks:
        counts["neoantigen_burden"] = _variants(by_rank, groups)
        counts["neoantigen_burden_strong"] = _variants(bound[bound["is_strong_binder"]], groups)
        counts["neoantigen_peptides"] = int(by_rank["peptide"].nunique())
    if has_affinities:
        counts["neoantigen_burden_affinity"] = _variants(
            bound[bound["binds_by_affinity"]], groups
        )
    return counts


def _told(
    tpm: pd.DataFrame | None, clonality: pd.DataFrame | None, hla_loh: pd.DataFrame | None
) -> dict[str, bool]:
    """Tell which of the counts that need more than binding can be made."""
    is_placed = clonality is not None and (
        clonality.empty or bool(clonality["ccf"].notna().any())
    )
    is_typed = hla_loh is not None and bool(hla_loh["is_lost"].notna().any())
    return {
        "neoantigen_burden_expressed": tpm is not None,
        "neoantigen_burden_clonal": is_placed,
        "neoantigen_burden_presented": is_typed,
    }


def _of_known(bound: pd.DataFrame, groups: dict[str, str], name: str) -> _Known:
    """Count the variants with a binder of one kind; None where it is known of no binder.

    Of what is unknown a variant is taken to be neither expressed nor clonal, but presented:
    a neoantigen is taken out only where all alleles that bind it are known to be lost.
    """
    by_rank = bound[bound["is_binder"]]
    column = {
        "neoantigen_burden_expressed": by_rank["is_expressed"].astype("boolean"),
        "neoantigen_burden_clonal": by_rank["clonality"]
        .eq("clonal")
        .astype("boolean")
        .mask(by_rank["clonality"].isna()),
        _PRESENTED: ~by_rank["allele_lost"].astype("boolean"),
    }[name]
    if len(by_rank) and column.isna().all():
        return _Known()
    least, most = (
        _variants(by_rank[column.fillna(value=value).astype(bool)], groups)
        for value in (False, True)
    )
    return _Known(most if name == _PRESENTED else least, most - least)


def _variants(rows: pd.DataFrame, groups: dict[str, str]) -> int:
    """Count the variants of peptides; one that needs several counts for each of them."""
    return len({groups.get(ids, ids) for ids in changes_needed(rows)})
