"""How many neoantigens a biopsy has, counted in several ways that are never mixed."""

from collections.abc import Iterable

import pandas as pd

from storiform.model.hla import REASONS
from storiform.model.protein_changes import variant_id
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
from storiform.model.tables.rna import Tpm, VcfExpression

_GENES = ("A", "B", "C", "E", "F", "G")
_UNKNOWN = ("no_protein_sequence", "not_parsed", "reference_mismatch", "unknown_residues")
"""Of `no_peptides`: what the change does to the protein is not known."""
_SILENT = "no prediction for any peptide"
_COUNTS = tuple(name for name, column in NEOANTIGEN_BURDEN.columns.items() if column.feature)


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
) -> NeoantigenBurden:
    """Count the variants of a biopsy with at least one peptide that class I binds.

    Calls that act together on one protein are one variant. A peptide that needs two variants
    of a copy counts for each of them, and once among the peptides. Without alleles, without a
    model for any of them or without protein sequences all counts are missing, with the reason,
    also where there is no call: a count that only some biopsies could have is no zero. Where
    the protein of some calls only is known, the counts are a lower bound, and `reason` says so.
    A count that needs expression, clonality or lost alleles is missing without them.

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

    Returns
    -------
    NeoantigenBurden
        One row; counts in variants, `neoantigen_peptides` in peptides.

    References
    ----------
    McGranahan et al., Science 351, 1463 (2016), doi:10.1126/science.aaf1490.
    McGranahan et al., Cell 171, 1259 (2017), doi:10.1016/j.cell.2017.10.001.
    """
    groups = _groups(peptides)
    predicted, without = _alleles(hla_types, mhc_alleles, mhc_binding)
    changed = variants[variants["is_eligible"] & variants["is_nonsynonymous"]]
    # What a splice site does to a protein is not foretold.
    changed = changed[changed["mutation_class"] != "splice"]
    lacking, calls = _without_protein(changed, protein_changes)
    reason = _reason(predicted, without, lacking, calls)
    row: dict[str, object] = dict.fromkeys(_COUNTS)
    if not reason and neoantigens is not None and mhc_binding is not None:
        bound = neoantigens[neoantigens["mhc_class"] == "I"]
        row |= _of_binding(bound, groups, mhc_binding[mhc_binding["allele"].isin(predicted)])
        told = _told(_expression(tpm, vcf_expression), clonality, hla_loh)
        row |= {
            name: _of_known(bound, groups, name) if is_told else None
            for name, is_told in told.items()
        }
        is_ranked = row["neoantigen_burden"] is not None
        row |= {} if is_ranked else dict.fromkeys(told)
        if lacking:
            reason = f"{lacking} of {calls} calls without a known protein: a lower bound"
    row |= {
        "variants_with_peptides": len(set(groups.values())),
        "alleles": len(predicted),
        "alleles_without": ";".join(without),
        "reason": reason,
    }
    return pd.DataFrame([row])


def joined_calls(variant_ids: Iterable[str]) -> dict[str, str]:
    """Name the variant of each `variant_ids`: those that share a call are one.

    Examples
    --------
    >>> joined_calls(["b;c", "a", "b"])
    {'b;c': 'b', 'a': 'a', 'b': 'b'}
    """
    parent: dict[str, str] = {}

    def root(call: str) -> str:
        while parent.setdefault(call, call) != call:
            parent[call] = parent[parent[call]]
            call = parent[call]
        return call

    ids = list(dict.fromkeys(variant_ids))
    for written in ids:
        first, *others = written.split(";")
        for other in others:
            one, two = sorted((root(first), root(other)))
            parent[two] = one
    return {written: root(written.partition(";")[0]) for written in ids}


def _groups(peptides: pd.DataFrame) -> dict[str, str]:
    """Name the variant of each `variant_ids`, and of each change among `partner_ids`."""
    return joined_calls(_changes(peptides))


def _changes(rows: pd.DataFrame) -> dict[str, None]:
    """Return the `variant_ids` of all changes that peptides need, each once."""
    own = rows["variant_ids"].unique().tolist()
    partners = rows["partner_ids"].dropna().unique().tolist()
    return dict.fromkeys([*own, *(ids for partner in partners for ids in partner.split())])


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
    """Return the alleles of class I with predictions, and those left out with the reason."""
    predicted: list[str] = []
    without: dict[str, str] = {}
    if hla_types is not None:
        unclear = hla_types[hla_types["allele"].isna() & hla_types["gene"].isin(_GENES)]
        for name, why in zip(unclear["written"], unclear["reason"].fillna(""), strict=True):
            without[str(name)] = REASONS.get(str(why), str(why))
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
    return predicted, dict(sorted(without.items()))


def _silent(binding: pd.DataFrame | None) -> set[str]:
    """Return the alleles that were asked for and got neither a rank nor an IC50."""
    if binding is None:
        return set()
    is_told = binding["rank"].notna() | binding["affinity"].notna()
    return set(binding["allele"].unique()) - set(binding.loc[is_told, "allele"].unique())


def _without_protein(
    changed: pd.DataFrame, protein_changes: pd.DataFrame | None
) -> tuple[int, int]:
    """Count the calls of which no protein is known though they should change one, and all.

    A change that gives no new residue, such as a gained stop, is known.
    """
    columns = (changed[name].to_list() for name in ("contig", "start", "end", "ref", "alt"))
    ids = {variant_id(*call) for call in zip(*columns, strict=True)}
    if protein_changes is None:
        return 0, len(ids)
    known = protein_changes[~protein_changes["no_peptides"].isin(_UNKNOWN)]
    covered = {
        call for written in known["variant_ids"].unique() for call in str(written).split(";")
    }
    return len(ids - covered), len(ids)


def _reason(predicted: list[str], without: dict[str, str], lacking: int, calls: int) -> str:
    """Say why nothing can be counted; empty where it can."""
    if not predicted and not without:
        return "no HLA alleles of class I are known"
    if not predicted:
        told = ", ".join(f"{name} ({why})" if why else name for name, why in without.items())
        return f"no HLA allele could be predicted for: {told}"
    if lacking and lacking == calls:
        return f"no protein sequence is known of the {calls} eligible nonsynonymous calls"
    return ""


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


def _of_known(bound: pd.DataFrame, groups: dict[str, str], name: str) -> int | None:
    """Count the variants with a binder of one kind; None where it is known of no binder."""
    by_rank = bound[bound["is_binder"]]
    column = {
        "neoantigen_burden_expressed": by_rank["is_expressed"].astype("boolean"),
        "neoantigen_burden_clonal": by_rank["clonality"]
        .eq("clonal")
        .astype("boolean")
        .mask(by_rank["clonality"].isna()),
        "neoantigen_burden_presented": ~by_rank["allele_lost"].astype("boolean"),
    }[name]
    if len(by_rank) and column.isna().all():
        return None
    return _variants(by_rank[column.fillna(value=False).astype(bool)], groups)


def _variants(rows: pd.DataFrame, groups: dict[str, str]) -> int:
    """Count the variants of peptides; one that needs several counts for each of them."""
    return len({groups.get(ids, ids) for ids in _changes(rows)})
