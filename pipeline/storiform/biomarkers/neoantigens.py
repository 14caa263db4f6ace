"""Mutant peptides that a patient's HLA alleles bind, with what speaks for and against each."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.params import Depth, Fraction, Params
from storiform.model.protein_changes import calls_of, variant_id
from storiform.model.resources import HumanGeneNames
from storiform.model.table import TEXT
from storiform.model.tables.copy_calls import Clonality
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.proteins import (
    HlaLoh,
    MhcAlleles,
    MhcBinding,
    Neoantigens,
    Peptides,
)
from storiform.model.tables.rna import Tpm, VcfExpression

Percent = Annotated[float, Field(ge=0.0, le=100.0)]
Nanomolar = Annotated[float, Field(gt=0.0, le=50_000.0)]
Row = Mapping[str, Any]

CLASS_I = ("HLA-A", "HLA-B", "HLA-C", "HLA-E", "HLA-F", "HLA-G")
"""Genes of class I, as alleles begin."""
_CALL = ["contig", "start", "end", "ref", "alt"]
_CALLS = ["variant_ids", "partner_ids"]
"""Columns that name the calls which a peptide needs."""
_CLEAR_FOLD = 2.0


class NeoantigensParams(Params):
    """When a peptide binds, and when the rest speaks for it."""

    max_rank: Percent = Field(
        2.0, description="percentile rank of a binder, in percent; NetMHCpan's usage"
    )
    max_strong_rank: Percent = Field(
        0.5, description="percentile rank of a strong binder, in percent"
    )
    max_affinity_nm: Nanomolar = Field(500.0, description="IC50 of a binder in nM, Sette 1994")
    max_strong_affinity_nm: Nanomolar = Field(50.0, description="IC50 of a strong binder in nM")
    max_wild_type_affinity_nm: Nanomolar = Field(
        1000.0,
        description="IC50 of the counterpart in nM below which a peptide that differs at "
        "anchors only is demoted: T cells that see the same face are tolerant",
    )
    min_tpm: float = Field(
        1.0, ge=0.0, le=1e6, description="expression of a gene, TPM, from which it is expressed"
    )
    min_rna_depth: Depth = Field(
        10,
        description="RNA reads over a call from which the lack of its allele speaks against it",
    )
    min_clonal_ccf: Fraction = Field(
        0.75, description="lower bound of the share of tumour cells above which it is clonal"
    )
    max_subclonal_ccf: Fraction = Field(
        0.95, description="upper bound of that share below which it is subclonal"
    )


def neoantigens(  # noqa: PLR0913, PLR0917  a step joins what all others know
    peptides: Peptides,
    mhc_binding: MhcBinding,
    mhc_alleles: MhcAlleles,
    variants: SomaticVariants,
    params: NeoantigensParams,
    gene_names: HumanGeneNames | None = None,
    tpm: Tpm | None = None,
    clonality: Clonality | None = None,
    hla_loh: HlaLoh | None = None,
    vcf_expression: VcfExpression | None = None,
) -> Neoantigens:
    """Join binding peptides with reads, expression, clonality and lost alleles; rank them.

    A row is a peptide and an allele that binds it by rank or by IC50; the two are columns of
    their own and never mixed. What is not known is missing and neither helps nor harms. The
    order: alleles that are not lost, not demoted, expressed genes, alleles seen in RNA,
    clonal calls, strong binders by rank, binders by rank, then rank and IC50.

    Parameters
    ----------
    peptides
        Mutant peptides of the eligible calls, those of self taken out.
    mhc_binding
        Predictions of these and of their counterparts.
    mhc_alleles
        What the predictor knows of each allele.
    variants
        The calls, with their reads in DNA and RNA. RNA is that of `rna_recounted_depth`
        where the reads were counted, else the caller's. Of all calls that a peptide needs
        the one with the fewest reads speaks.
    params
        Thresholds.
    gene_names
        Names of genes, by which an annotation's old symbol finds its expression.
    tpm
        Expression, or None.
    clonality
        Share of tumour cells of each call with its 95 % bounds, or None.
    hla_loh
        HLA alleles that the tumour lost, or None.
    vcf_expression
        Expression that the VCF carries, taken where there is no `tpm`.

    Returns
    -------
    Neoantigens
        IC50 in nM, ranks in percent, expression in TPM; `priority` counts from 1.

    References
    ----------
    Reynisson et al., Nucleic Acids Research 48, W449 (2020), doi:10.1093/nar/gkaa379.
    Hundal et al., Cancer Immunology Research 8, 409 (2020),
    doi:10.1158/2326-6066.CIR-19-0401.
    Xia et al., Science Immunology 8, eabg2200 (2023), doi:10.1126/sciimmunol.abg2200.
    McGranahan et al., Cell 171, 1259 (2017), doi:10.1016/j.cell.2017.10.001.
    """
    rows = _bound(peptides, mhc_binding, params)
    rows = _with_wild_type(rows, mhc_binding, params)
    rows = _with_calls(rows, _evidence(variants), clonality, params)
    source, known = ("tpm", tpm) if tpm is not None else ("vcf", vcf_expression)
    rows["gene_tpm"] = _expression(rows["gene"], known, gene_names)
    rows["tpm_source"] = pd.Series(source, index=rows.index).where(rows["gene_tpm"].notna())
    is_expressed = (rows["gene_tpm"] >= params.min_tpm).astype("boolean")
    rows["is_expressed"] = is_expressed.mask(rows["gene_tpm"].isna())
    lost = {}
    if hla_loh is not None:
        lost = dict(zip(hla_loh["allele"], hla_loh["is_lost"], strict=True))
    rows["allele_lost"] = pd.array([lost.get(name) for name in rows["allele"]], dtype="boolean")
    support = dict(zip(mhc_alleles["allele"], mhc_alleles["support"], strict=True))
    rows["allele_support"] = [support.get(name) for name in rows["allele"]]
    rows = rows.iloc[_order(rows)].reset_index(drop=True)
    rows["priority"] = np.arange(1, len(rows) + 1)
    rows["reasons"] = [_reasons(row, params) for row in _records(rows)]
    return rows


def mhc_class(allele: str) -> str:
    """Return the class of an HLA allele by its gene.

    Examples
    --------
    >>> mhc_class("HLA-A*02:01"), mhc_class("HLA-DRB1*15:01")
    ('I', 'II')
    """
    return "I" if allele.partition("*")[0] in CLASS_I else "II"


def _bound(
    peptides: pd.DataFrame, binding: pd.DataFrame, params: NeoantigensParams
) -> pd.DataFrame:
    """Pair each peptide with the alleles that bind it, by rank or IC50."""
    rank, affinity = binding["rank"], binding["affinity"]
    is_bound = (rank <= params.max_rank) | (affinity <= params.max_affinity_nm)
    kept = binding.loc[is_bound, ["peptide", "allele", "affinity", "rank"]]
    columns = [
        "variant_ids", "partner_ids", "gene", "peptide", "transcript", "consequence", "hgvsp",
        "length", "wild_type_peptide", "mutated_positions", "decay",
    ]  # fmt: skip
    rows = peptides[columns].merge(kept, on="peptide", how="inner")
    rows["mhc_class"] = [mhc_class(str(allele)) for allele in rows["allele"]]
    rows["is_binder"] = rows["rank"] <= params.max_rank
    strong = rows["rank"] <= params.max_strong_rank
    rows["is_strong_binder"] = rows["is_binder"] & strong
    rows["binds_by_affinity"] = rows["affinity"] <= params.max_affinity_nm
    strong = rows["affinity"] <= params.max_strong_affinity_nm
    rows["binds_strongly_by_affinity"] = rows["binds_by_affinity"] & strong
    return rows


def _with_wild_type(
    rows: pd.DataFrame, binding: pd.DataFrame, params: NeoantigensParams
) -> pd.DataFrame:
    """Put the counterpart's binding beside the mutant's, and tell what differs."""
    names = {
        "peptide": "wild_type_peptide", "affinity": "wild_type_affinity",
        "rank": "wild_type_rank",
    }  # fmt: skip
    wanted = set(rows["wild_type_peptide"].dropna())
    own = binding.loc[binding["peptide"].isin(wanted), [*names, "allele"]].rename(columns=names)
    rows = rows.merge(own, on=["wild_type_peptide", "allele"], how="left")
    rows["fold_change"] = rows["wild_type_affinity"] / rows["affinity"]
    anchors = [
        _at_anchors(positions, int(length))
        for positions, length in zip(rows["mutated_positions"], rows["length"], strict=True)
    ]
    rows["is_anchor_only"] = pd.array(anchors, dtype="boolean")
    nanomolar = rows["wild_type_affinity"]
    binds_as_well = (nanomolar < params.max_wild_type_affinity_nm).where(
        nanomolar.notna(), rows["wild_type_rank"] <= params.max_rank
    )
    rows["is_demoted"] = rows["is_anchor_only"].fillna(value=False).astype(bool) & binds_as_well
    return rows


def _at_anchors(positions: object, length: int) -> bool | None:
    """Tell whether all positions are 1, 2, the last but one or the last; None: no positions."""
    if not isinstance(positions, str) or not positions:
        return None
    return {int(one) for one in positions.split(";")} <= {1, 2, length - 1, length}


def _evidence(variants: pd.DataFrame) -> pd.DataFrame:
    """Return one row per call, under its id: its share of reads, and its reads in RNA."""
    known = variants[variants["ref"].notna() & variants["alt"].notna()]
    known = known.sort_values("is_eligible", ascending=False, kind="stable")
    known = known.drop_duplicates(_CALL)
    counted = known["rna_recounted_depth"].notna()
    depth = known["rna_recounted_depth"].where(counted, known["rna_depth"])
    alt = known["rna_recounted_alt_reads"].where(counted, known["rna_alt_reads"])
    return pd.DataFrame(
        {
            "tumour_vaf": known["tumour_vaf"].to_numpy(np.float64),
            "rna_depth": depth.astype("Int64").array,
            "rna_alt_reads": alt.astype("Int64").array,
        },
        index=_ids(known),
    )


def _ids(calls: pd.DataFrame) -> pd.Index:
    """Name calls as in `variant_ids`."""
    columns = (calls[name].to_list() for name in _CALL)
    return pd.Index([variant_id(*call) for call in zip(*columns, strict=True)], dtype=TEXT)


def _with_calls(
    rows: pd.DataFrame,
    evidence: pd.DataFrame,
    clonality: pd.DataFrame | None,
    params: NeoantigensParams,
) -> pd.DataFrame:
    """Join what is known of the calls behind each peptide, of several the least."""
    names = ["ccf", "ccf_lower", "ccf_upper"]
    if clonality is None:
        evidence = evidence.assign(**dict.fromkeys(names, np.nan))
    else:
        cells = clonality[names].set_axis(_ids(clonality))
        evidence = evidence.join(cells[~cells.index.duplicated()])
    ids = rows[_CALLS].drop_duplicates()
    ids["id"] = [calls_of(*written) for written in ids.itertuples(index=False)]
    calls = ids.explode("id").astype({"id": TEXT}).join(evidence, on="id")
    found = ids[_CALLS]
    for columns, by in (
        (["tumour_vaf"], "tumour_vaf"),
        (["rna_depth", "rna_alt_reads"], "rna_alt_reads"),
        (names, "ccf"),
    ):
        least = calls.sort_values([by, *columns], kind="stable").drop_duplicates(_CALLS)
        found = found.merge(least[[*_CALLS, *columns]], on=_CALLS, how="left")
    alt, depth = (
        found[name].astype("Int64").to_numpy(np.float64, na_value=np.nan)
        for name in ("rna_alt_reads", "rna_depth")
    )
    share = np.full(len(found), np.nan)
    found["rna_vaf"] = np.divide(alt, depth, out=share, where=depth > 0)
    is_told = (alt > 0.0) | ((alt == 0.0) & (depth >= params.min_rna_depth))
    found["is_in_rna"] = pd.Series(alt > 0.0, dtype="boolean").mask(~is_told)
    is_clonal = (found["ccf_lower"] > params.min_clonal_ccf) & (found["ccf_upper"] >= 1.0)
    is_subclonal = found["ccf_upper"] < params.max_subclonal_ccf
    told = np.where(is_clonal, "clonal", np.where(is_subclonal, "subclonal", "indeterminate"))
    found["clonality"] = pd.Series(told, dtype=TEXT).where(found["ccf_lower"].notna())
    return rows.merge(found.drop(columns=names[1:]), on=_CALLS, how="left")


def _expression(
    genes: pd.Series, tpm: pd.DataFrame | None, gene_names: HumanGeneNames | None
) -> list[float]:
    """Return the expression (n,) of genes in TPM, NaN where it is not known."""
    if tpm is None:
        return [np.nan] * len(genes)
    known = dict(zip(tpm["gene"], tpm["tpm"], strict=True))
    strangers = sorted({str(gene) for gene in genes.dropna()} - set(known))
    if gene_names is not None and strangers:
        current = gene_names.symbols(strangers)
        known |= {
            old: known[new] for old, new in zip(strangers, current, strict=True) if new in known
        }
    return [float(known.get(gene, np.nan)) for gene in genes]


def _order(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the rows, the best first; what is unknown stands between for and against."""
    keys = [
        rows["allele_lost"].fillna(value=False).astype(int),
        rows["is_demoted"].astype(int),
        _level(rows["is_expressed"]),
        _level(rows["is_in_rna"]),
        rows["clonality"].map({"clonal": 0, "subclonal": 2}).fillna(1),
        2 - rows["is_strong_binder"].astype(int) - rows["is_binder"].astype(int),
        rows["rank"].fillna(np.inf),
        rows["affinity"].fillna(np.inf),
    ]
    ordered = pd.DataFrame({str(number): np.asarray(key) for number, key in enumerate(keys)})
    for name in ("variant_ids", "gene", "peptide", "allele"):
        ordered[name] = rows[name].to_numpy()
    return ordered.sort_values(list(ordered.columns), kind="stable").index.to_numpy()


def _level(flags: pd.Series) -> npt.NDArray[np.int64]:
    """Return 0 for true, 1 for unknown, 2 for false."""
    values = flags.astype("boolean")
    return np.where(values.isna(), 1, np.where(values.fillna(value=False), 0, 2))


_REASONED = (
    "is_binder", "is_strong_binder", "rank", "affinity", "wild_type_peptide", "is_demoted",
    "fold_change", "is_anchor_only", "is_expressed", "gene_tpm", "tpm_source", "rna_depth",
    "rna_alt_reads", "clonality", "ccf", "decay", "partner_ids", "allele_lost",
    "allele_support",
)  # fmt: skip
"""Columns from which the reasons are told."""
_DECAYS = {
    "annotated": "of transcripts marked for nonsense-mediated decay alone",
    "early_stop": "early new stop: its RNA is likely decayed",
}


def _records(rows: pd.DataFrame) -> Iterator[Row]:
    """Yield what the reasons are told from, None for what is missing."""
    told = [rows[name] for name in _REASONED]
    columns = [one.astype(object).where(one.notna(), None).to_list() for one in told]
    yield from (dict(zip(_REASONED, row, strict=True)) for row in zip(*columns, strict=True))


def _reasons(row: Row, params: NeoantigensParams) -> str:
    """Say in words what speaks for and against one neoantigen."""
    parts = [
        _of_binding(row), _of_wild_type(row), _of_expression(row), _of_rna(row, params),
        _of_cells(row), _DECAYS.get(row["decay"], ""),
    ]  # fmt: skip
    if row["partner_ids"]:
        parts.append("needs another call of the same copy too")
    if row["allele_lost"] is not None:
        parts.append("allele lost" if row["allele_lost"] else "allele kept")
    if row["allele_support"] == "weak":
        parts.append("allele little known to the predictor")
    return "; ".join(part for part in parts if part)


def _of_binding(row: Row) -> str:
    if not row["is_binder"]:
        return f"binds by IC50 alone ({_short(row['affinity'])} nM)"
    strength = "strong binder" if row["is_strong_binder"] else "binder"
    told = f"{strength} by rank ({row['rank']:.2g} %)"
    return told if row["affinity"] is None else f"{told}, IC50 {_short(row['affinity'])} nM"


def _of_wild_type(row: Row) -> str:
    if row["wild_type_peptide"] is None:
        return "no counterpart in the germline protein"
    if row["is_demoted"]:
        return "differs at anchors only and the counterpart binds as well"
    told = "" if row["fold_change"] is None else _of_fold(row["fold_change"])
    at_anchors = "differs at anchors only" if row["is_anchor_only"] else ""
    return "; ".join(part for part in (told, at_anchors) if part)


def _of_fold(fold: float) -> str:
    """Say how the counterpart binds whose IC50 is `fold` times that of the peptide."""
    if fold >= _CLEAR_FOLD:
        return f"counterpart binds {_short(fold)} times weaker"
    is_alike = fold > 1 / _CLEAR_FOLD
    return "counterpart binds as well" if is_alike else "counterpart binds better"


def _of_expression(row: Row) -> str:
    if row["is_expressed"] is None:
        return ""
    word = "expressed" if row["is_expressed"] else "not expressed"
    place = " in the VCF" if row["tpm_source"] == "vcf" else ""
    return f"{word} ({_short(row['gene_tpm'])} TPM{place})"


def _of_rna(row: Row, params: NeoantigensParams) -> str:
    if row["rna_depth"] is None or row["rna_alt_reads"] is None:
        return ""
    few = " (few)" if row["rna_depth"] < params.min_rna_depth else ""
    return f"RNA reads {row['rna_alt_reads']} of {row['rna_depth']}{few}"


def _of_cells(row: Row) -> str:
    if row["clonality"] is None:
        return ""
    told = str(row["clonality"]).replace("indeterminate", "clonality open")
    return f"{told} (CCF {row['ccf']:.2f})"


def _short(value: object) -> str:
    """Write a number with two digits, and whole where it is large: 1234, 12, 0.12."""
    number = float(str(value))
    return f"{number:.0f}" if number >= 10.0 else f"{number:.2g}"  # noqa: PLR2004
