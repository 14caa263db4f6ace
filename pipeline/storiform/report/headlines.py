"""The values of a biopsy that a reader looks for first."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from storiform.model.counting import counted
from storiform.report.numbers import interval, is_missing, significant
from storiform.report.record import BiopsyRecord

FIRST_TABLES = (
    "tmb", "copy_number_fit", "neoantigen_burden", "hla_loss", "immune_classes",
    "fusion_burden",
)  # fmt: skip
"""Tables with one row whose values stand before those of all others, in this order."""


class Headline(NamedTuple):
    """A value, and what it is."""

    value: str
    label: str


def headlines(record: BiopsyRecord) -> tuple[Headline, ...]:
    """Return burden, purity, ploidy, neoantigens, HLA loss, immune class and known fusions.

    Only what is known is told, each value with what it rests on.
    """
    rows = {t.name: t.frame.iloc[0] for t in record.tables if t.n_rows == 1}
    return tuple(
        one for name in FIRST_TABLES if name in rows for one in _SHOWN[name](rows[name])
    )


def in_reading_order(names: list[str]) -> list[str]:
    """Order tables: the headline values first, the wide rows of genes last."""
    ranks = {name: rank for rank, name in enumerate(FIRST_TABLES)}
    last = len(ranks) + 1
    return sorted(names, key=lambda name: (ranks.get(name, last + (name in _WIDE)), name))


def _tmb(row: pd.Series) -> list[Headline]:
    if is_missing(row["tmb"]):
        return []
    bounds = interval(float(row["tmb_lower"]), float(row["tmb_upper"]))
    label = "mutations per Mb (TMB)"
    return [
        Headline(significant(float(row["tmb"])), f"{label} ({bounds})" if bounds else label)
    ]


def _fit(row: pd.Series) -> list[Headline]:
    if is_missing(row["purity"]):
        return []
    doubt = "; another solution fits as well" if bool(row["is_ambiguous"]) else ""
    found = [Headline(f"{float(row['purity']):.2f}", f"purity{doubt}")]
    if not is_missing(row["ploidy"]):
        found.append(Headline(f"{float(row['ploidy']):.2f}", "ploidy"))
    return found


def _burden(row: pd.Series) -> list[Headline]:
    total = row["neoantigen_burden"]
    if is_missing(total):
        return []
    label = "neoantigens (variants with a binder)"
    found = [Headline(f"{int(total):,}", label)]
    presented = row["neoantigen_burden_presented"]
    if not is_missing(presented) and int(presented) < int(total):
        found.append(Headline(f"{int(presented):,}", "of them on HLA alleles that are kept"))
    return found


def _loss(row: pd.Series) -> list[Headline]:
    if is_missing(row["genes_lost"]) or not row["genes_judged"]:
        return []
    judged = counted(int(row["genes_judged"]), "HLA gene")
    return [Headline(f"{int(row['genes_lost'])} of {judged}", "with loss of an allele")]


def _class(row: pd.Series) -> list[Headline]:
    name = row["immune_class"]
    if is_missing(name) or not name:
        return []
    is_close = not is_missing(row["is_ambiguous"]) and bool(row["is_ambiguous"])
    doubt = f"; class {row['second_class']} is nearly as close" if is_close else ""
    return [Headline(str(name), f"Sarcoma Immune Class{doubt}")]


def _fusions(row: pd.Series) -> list[Headline]:
    names = row["known_fusions"]
    if is_missing(names) or not names:
        return []
    told = str(names).replace(";", ", ")
    return [Headline(told, "known fusion" if told == names else "known fusions")]


_WIDE = {"gene_mutations", "gene_copy_states", "gene_callability"}
_SHOWN: dict[str, Callable[[pd.Series], list[Headline]]] = {
    "tmb": _tmb,
    "copy_number_fit": _fit,
    "neoantigen_burden": _burden,
    "hla_loss": _loss,
    "immune_classes": _class,
    "fusion_burden": _fusions,
}
