"""What the page of a biopsy says first of its neoantigens: how many, which, and why."""

from typing import NamedTuple

import pandas as pd

from storiform.model.counting import counted
from storiform.model.variant_groups import best_binders
from storiform.report.hla import discordant_genes, doubt_of_types
from storiform.report.missing import why_absent
from storiform.report.numbers import is_missing, text_of
from storiform.report.record import BiopsyRecord

ROWS_SHOWN = 10
_COUNTS = (
    ("neoantigen_burden_strong", "with a strong binder by rank"),
    ("neoantigen_burden_expressed", "of an expressed gene, with a binder"),
    ("neoantigen_burden_clonal", "clonal, with a binder"),
    (
        "neoantigen_burden_presented",
        "with a binder on an HLA allele that the tumour is not known to have lost",
    ),
    ("neoantigen_burden_affinity", "with a binder by IC50"),
)


class Count(NamedTuple):
    """A number of variants, and which are counted."""

    value: str
    label: str


class Candidate(NamedTuple):
    """The best peptide of a variant, and what speaks for and against it."""

    place: str
    variant: str
    peptide: str
    allele: str
    reasons: tuple[str, ...]


class NeoantigenSummary(NamedTuple):
    """A verdict, counts of variants, remarks, and the best candidates.

    `shown` is for how many of the `variants` with a binder these speak.
    """

    verdict: str
    counts: tuple[Count, ...]
    notes: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    variants: int
    shown: int


def neoantigen_summary(record: BiopsyRecord) -> NeoantigenSummary | None:
    """Sum up the neoantigens of a biopsy; None where the workflow does not ask for them."""
    tables = {table.name: table.frame for table in record.tables}
    burdens = tables.get("neoantigen_burden")
    if burdens is None or burdens.empty:
        why = why_absent("neoantigen_burden", record.problems)
        verdict = f"The neoantigen burden is not known: {why}."
        return NeoantigenSummary(verdict, (), (), (), 0, 0) if why else None
    burden = burdens.iloc[0]
    best = _best(tables.get("neoantigens"), tables.get("peptides"))
    return NeoantigenSummary(
        _verdict(burden),
        _counts(burden),
        (*filter(None, [doubt_of_types(discordant_genes(record))]), *_notes(burden)),
        tuple(_candidate(row) for _, row in best.head(ROWS_SHOWN).iterrows()),
        _spoken(best),
        _spoken(best.head(ROWS_SHOWN)),
    )


def _verdict(burden: pd.Series) -> str:
    with_peptides = counted(int(burden["variants_with_peptides"]), "variant")
    total = burden["neoantigen_burden"]
    if is_missing(total):
        why = "no ranks" if _is_counted(burden) else _reason(burden) or "no ranks"
        return f"The neoantigen burden is not known: {why}."
    alleles = counted(int(burden["alleles"]), "HLA allele")
    return (
        f"Neoantigen burden {int(total):,}: variants with a peptide that binds by percentile "
        f"rank, of {with_peptides} with a mutant peptide ({alleles} of class I)."
    )


def _counts(burden: pd.Series) -> tuple[Count, ...]:
    if not _is_counted(burden):
        return ()
    return tuple(
        Count(f"{int(burden[name]):,}", label)
        for name, label in (("neoantigen_burden", "with a binder by rank"), *_COUNTS)
        if not is_missing(burden[name])
    )


def _notes(burden: pd.Series) -> list[str]:
    notes = []
    is_counted = _is_counted(burden)
    if is_counted:
        reasons = [part for part in _reason(burden).split("; ") if part]
        notes += [f"{reason[:1].upper()}{reason[1:]}." for reason in reasons]
    if not is_missing(burden["neoantigen_burden"]):
        unknown = [
            words
            for name, words in (
                ("neoantigen_burden_expressed", "expression"),
                ("neoantigen_burden_clonal", "clonality"),
                ("neoantigen_burden_presented", "lost HLA alleles"),
            )
            if is_missing(burden[name])
        ]
        if unknown:
            notes.append(f"Not counted, since not known: {', '.join(unknown)}.")
    without = burden["alleles_without"]
    if not is_missing(without) and without:
        names = str(without).replace(";", ", ")
        # A burden that is not known is no bound of anything.
        bound = " The burden is a lower bound." if is_counted else ""
        notes.append(f"HLA alleles left out: {names}.{bound}")
    return notes


def _is_counted(burden: pd.Series) -> bool:
    """Tell whether there is a burden by rank or by IC50."""
    names = ("neoantigen_burden", "neoantigen_burden_affinity")
    return not all(is_missing(burden[name]) for name in names)


def _reason(burden: pd.Series) -> str:
    return "" if is_missing(burden["reason"]) else str(burden["reason"])


def _best(neoantigens: pd.DataFrame | None, peptides: pd.DataFrame | None) -> pd.DataFrame:
    """Return the best binder of each variant, in the order of the ranked list."""
    if neoantigens is None:
        return pd.DataFrame()
    return best_binders(neoantigens, neoantigens if peptides is None else peptides)


def _spoken(best: pd.DataFrame) -> int:
    return int(best["variants"].sum()) if len(best) else 0


def _candidate(row: pd.Series) -> Candidate:
    change = "" if is_missing(row["hgvsp"]) else str(row["hgvsp"]).rpartition(":")[2]
    gene = next(
        str(row[name])
        for name in ("gene", "transcript", "variant_ids")
        if not is_missing(row[name]) and row[name]
    )
    reasons = "" if is_missing(row["reasons"]) else str(row["reasons"])
    if row["variants"] > 1:
        reasons = f"the best of {row['variants']} variants that it needs; {reasons}"
    return Candidate(
        text_of(row["priority"]),
        f"{gene} {change}".strip(),
        str(row["peptide"]),
        str(row["allele"]),
        tuple(part.strip() for part in reasons.split(";") if part.strip()),
    )
