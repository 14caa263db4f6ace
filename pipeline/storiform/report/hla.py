"""What the page of a biopsy says of HLA: the alleles, where from, and which are lost."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from storiform.model.counting import counted
from storiform.report.missing import why_absent
from storiform.report.numbers import MISSING, is_missing, listed
from storiform.report.record import BiopsyRecord

FIGURE = "hla_coverage"
_CALLS = {
    "HOMDEL": "both alleles lost",
    "LOH": "one allele lost",
    "LOH?": "one allele perhaps lost",
    "IMBALANCE": "none lost, one gained",
    "RETAINED": "both kept",
    "NA": "not judged",
}
_EITHER = "one lost or gained"
"""What an imbalance is without a purity."""
_BARE = re.compile(r"^HLA-\w+ is not typed in full: ")
_LOST, _DOUBTFUL = {"LOH", "HOMDEL"}, "LOH?"
_REMEDY = (
    "Give alleles in the column hla of the sample sheet, or compile a release of IPD-IMGT/HLA "
    "(storiform hla-reference --imgt DIR) and name it in resources.hla_reference."
)
_READER = "hla_sequences"
_SHEET, _PROBABLE = "sheet", "probability"
_GIVEN_ONCE = "homozygous, or the other is not given"
_NO_ALLELE, _MOST, _LEAST = "not usable", 0.99, 0.01


class GeneTypes(NamedTuple):
    """The alleles of a gene, where they are from, and how sure they are."""

    gene: str
    alleles: str
    source: str
    posterior: str
    remarks: str


class GeneLoss(NamedTuple):
    """What became of a gene's alleles: the call, its probability, the copies, the doubts."""

    gene: str
    call: str
    probability: str
    lost: str
    copies: tuple[str, ...]
    segment: str
    remarks: str


class HlaSummary(NamedTuple):
    """Two verdicts, and what they rest on."""

    types_verdict: str
    loss_verdict: str
    types: tuple[GeneTypes, ...]
    losses: tuple[GeneLoss, ...]

    @property
    def has_posteriors(self) -> bool:
        """The probability of the alleles is known of a gene: alleles of a sheet have none."""
        return any(row.posterior != MISSING for row in self.types)

    @property
    def has_remarks(self) -> bool:
        """There is a remark on the alleles of a gene."""
        return any(row.remarks for row in self.types)


def hla_summary(record: BiopsyRecord) -> HlaSummary | None:
    """Sum up the HLA alleles of a biopsy; None where the workflow does not ask for them."""
    tables = {table.name: table.frame for table in record.tables}
    types, losses = tables.get("hla_types"), tables.get("hla_gene_loh")
    no_types, no_losses = (
        why_absent(step, record.problems) for step in ("hla_types", "hla_gene_loh")
    )
    no_types = _unread(record) or no_types
    if types is None and losses is None and not (no_types or no_losses):
        return None
    silent, doubts = _silent(tables.get("mhc_alleles")), discordant_genes(record)
    typed = (
        () if types is None else tuple(_types(rows, silent, doubts) for rows in _by_gene(types))
    )
    lost = () if losses is None else tuple(_loss(row) for _, row in losses.iterrows())
    verdict = " ".join(filter(None, (_types_verdict(types, no_types), doubt_of_types(doubts))))
    return HlaSummary(verdict, _loss_verdict(losses, no_losses), typed, lost)


def _unread(record: BiopsyRecord) -> str:
    """Say why no reads could be taken from the biopsy's files, empty where some could."""
    failed = [one for one in record.problems if one.kind == "failed"]
    told = [one.message.rstrip(".") for one in failed if _READER in one.step.split(", ")]
    return "; ".join(_words(told))


def discordant_genes(record: BiopsyRecord) -> dict[str, str]:
    """Say of each gene whose given alleles are not those of the reads what these tell."""
    frames = [table.frame for table in record.tables if table.name == "hla_discordances"]
    return {
        str(row["gene"]): (
            f"the reads of {row['sample']} ({row['source']}) tell "
            f"{listed(_words(str(row['told']).split(';')))} "
            f"({_PROBABLE} {_chance(float(row['posterior']))})"
        )
        for frame in frames
        for _, row in frame.iterrows()
    }


def doubt_of_types(doubts: Mapping[str, str]) -> str:
    """Say in one sentence that given types are not those of the reads, empty where they are.

    Parameters
    ----------
    doubts
        What the reads tell of each such gene, see `discordant_genes`.
    """
    if not doubts:
        return ""
    genes = listed([f"HLA-{gene}" for gene in doubts])
    return (
        f"The reads tell other alleles of {genes} than those that were given: are they this "
        "patient's?"
    )


def _by_gene(types: pd.DataFrame) -> Iterable[pd.DataFrame]:
    return [rows for _, rows in types.groupby("gene", sort=False, observed=True)]


def _types_verdict(types: pd.DataFrame | None, why: str) -> str:
    if types is None or types.empty:
        told = f"The HLA alleles are not known: {why or 'there is no row of hla_types'}."
        return f"{told} {_REMEDY}" if "hla_reference" in why else told
    known = int(types["allele"].notna().sum())
    sources = listed(_words(types["source"].dropna()))
    if not known:
        return f"No HLA allele is known ({sources}): {_remarks(types)}."
    told = counted(known, "HLA allele is known", "HLA alleles are known")
    return (
        f"{told}, from the {sources}." if sources != _SHEET else f"{told}, given in the sheet."
    )


def _silent(known: pd.DataFrame | None) -> dict[str, str]:
    """Say of each allele for which no binding was predicted why."""
    if known is None:
        return {}
    without = known[known["reason"].fillna("").ne("")]
    return {
        str(allele): f"{allele}: no binding is predicted ({reason})"
        for allele, reason in zip(without["allele"], without["reason"], strict=True)
    }


def _types(
    rows: pd.DataFrame, silent: Mapping[str, str], doubts: Mapping[str, str]
) -> GeneTypes:
    chances = rows["posterior"].dropna()
    untold = [silent[name] for name in rows["allele"].dropna() if name in silent]
    gene = str(rows["gene"].iloc[0])
    doubt = doubts.get(gene, "")
    return GeneTypes(
        gene,
        _alleles(rows.sort_values("copy")),
        listed(_words(rows["source"].dropna())) or MISSING,
        _chance(float(chances.min())) if len(chances) else MISSING,
        "; ".join(_words([doubt, _remarks(rows), _given_once(rows), *untold])),
    )


def _given_once(rows: pd.DataFrame) -> str:
    """Say what it may mean that a sheet has one allele of a gene."""
    is_given = rows["source"].eq(_SHEET) & rows["allele"].notna()
    return _GIVEN_ONCE if len(rows) == 1 and is_given.all() else ""


def _alleles(rows: pd.DataFrame) -> str:
    """Name both copies, also where they are the same allele, but what is unknown once."""
    names = [_allele(row) for _, row in rows.iterrows()]
    return listed(names if rows["allele"].notna().any() else _words(names))


def _allele(row: pd.Series) -> str:
    if not is_missing(row["allele"]):
        return str(row["allele"])
    written = "" if is_missing(row["written"]) else str(row["written"])
    return f"{written} ({_NO_ALLELE})" if written else "not typed"


def _remarks(rows: pd.DataFrame) -> str:
    """Join reasons and limits, each once."""
    told = [
        part.strip()
        for name in ("reason", "limits")
        for text in rows[name].dropna()
        for part in str(text).split(";")
    ]
    return "; ".join(_words(told))


def _loss_verdict(losses: pd.DataFrame | None, why: str) -> str:
    if losses is None or losses.empty:
        why = why or "there is no row of hla_gene_loh"
        return f"Whether the tumour lost HLA alleles is not known: {why}."
    calls = losses["call"].astype(str)
    judged = int((calls != "NA").sum())
    if not judged:
        reasons = listed(_words(_BARE.sub("", str(why)) for why in losses["reason"].dropna()))
        return f"Whether the tumour lost HLA alleles could not be judged: {reasons}."
    number = counted(judged, "gene", "genes")
    lost = [str(gene) for gene in losses.loc[calls.isin(_LOST), "gene"]]
    is_doubtful = calls.eq(_DOUBTFUL) | _is_either(losses)
    doubtful = [str(gene) for gene in losses.loc[is_doubtful, "gene"]]
    if lost:
        told = f"The tumour lost alleles of HLA-{listed(lost)} ({number} judged)"
    elif doubtful:
        return f"The tumour perhaps lost an allele of HLA-{listed(doubtful)} ({number} judged)."
    else:
        told = f"No loss of an HLA allele was found ({number} judged)"
    return f"{told}; perhaps also of HLA-{listed(doubtful)}." if doubtful else f"{told}."


def _is_either(losses: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which genes are out of balance by a loss or a gain: their purity is not known."""
    return losses["call"].eq("IMBALANCE") & losses["purity"].isna()


def _loss(row: pd.Series) -> GeneLoss:
    call = str(row["call"])
    told_call = _CALLS.get(call, call)
    if call == "IMBALANCE" and is_missing(row["purity"]):
        told_call = _EITHER
    copies = [
        f"{row[f'allele_{copy}']}: {row[f'copies_{copy}']:.1f} "
        f"({row[f'copies_{copy}_low']:.1f} to {row[f'copies_{copy}_high']:.1f})"
        for copy in (1, 2)
        if not is_missing(row[f"copies_{copy}"])
    ]
    chance, lost = row["probability"], row["lost_allele"]
    told = [row["reason"], row["limits"]]
    return GeneLoss(
        str(row["gene"]),
        f"{told_call} ({call})",
        MISSING if is_missing(chance) else _chance(float(chance)),
        MISSING if is_missing(lost) or not lost else str(lost),
        tuple(copies) or (MISSING,),
        _segment(row),
        "; ".join(str(text) for text in told if not is_missing(text) and text),
    )


def _segment(row: pd.Series) -> str:
    """Tell the copy number of the segment that holds the gene, and whether it agrees."""
    if is_missing(row["segment_copies"]):
        return "no segment there"
    minor = row["segment_minor_copies"]
    rarer = "" if is_missing(minor) else f", {int(minor)} of the rarer allele"
    verdict = row["is_consistent"]
    agrees = "" if is_missing(verdict) else ("; agrees" if verdict else "; says otherwise")
    return f"{counted(int(row['segment_copies']), 'copy', 'copies')}{rarer}{agrees}"


def _chance(value: float) -> str:
    if value > _MOST:
        return "> 0.99"
    return "< 0.01" if value < _LEAST else f"{value:.2f}"


def _words(texts: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(str(text) for text in texts if str(text)))
