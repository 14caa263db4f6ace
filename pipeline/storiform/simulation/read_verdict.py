"""Judge a run on a simulated trial of reads: what was planted against what was found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.simulation.fusion_verdict import (
    diagnosis_claims,
    fusion_claims,
    junction_claims,
)
from storiform.simulation.hla_verdict import call_claims, loss_claims, type_claims
from storiform.simulation.neoantigen_verdict import (
    burden_claims,
    joint_claims,
    neoantigen_claims,
    term_claims,
)
from storiform.simulation.verdict import (
    COLUMNS,
    Row,
    claim_row,
    every_row,
    most_row,
    read_table,
    score_claims,
    sound_rows,
)

CONTAMINATION_ERROR = 0.01
"""How far a contamination that is found may lie from the planted one."""
LEAST_CALLABLE = 0.75
"""Share of the targets that must be callable: they hold some intron, and X and Y of men."""
DUPLICATE_ERROR = 0.01
LEAST_EXPRESSION = 0.9
"""Correlation of log2(TPM + 1) with the planted one that each library must reach."""
PURITY_ERROR, PLOIDY_ERROR = 0.06, 0.3
"""How far purity and ploidy that are not ambiguous may lie from the planted ones, in nearly
all biopsies: the exome has some 1,500 bins in all."""
_ALLELE = ["biopsy", "contig", "start", "ref", "alt"]
_SPOILT = ("truncation", "missing_index")


def read_verdict(truth_dir: Path, tables_dir: Path) -> pd.DataFrame:
    """Compare the tables of a run with the truth of a trial that began with reads.

    Samples whose files were spoilt by truncation or a missing index, and the calls and
    counts of biopsies with any fault, are not looked at; swaps and contamination are.

    Parameters
    ----------
    truth_dir
        The folder ``truth`` of a simulated trial.
    tables_dir
        The folder ``tables`` of the run's results.

    Returns
    -------
    pandas.DataFrame
        As `verdict.verdict` returns it.
    """
    rows: list[Row] = []
    for name, judge in _JUDGES.items():
        path = tables_dir / f"{name}.tsv"
        if path.is_file():
            rows += judge(truth_dir, read_table(path))
        else:
            rows.append(claim_row("table exists", name, "a table", "none", 0, holds=False))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tmb(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = sound_rows(truth_dir, read_table(truth_dir / "tmb.tsv"))
    both = planted.merge(found, on=["patient", "biopsy"], suffixes=("_planted", ""), how="left")
    for name in ("mutations_nonsynonymous", "mutations_coding"):
        yield every_row(
            "callable counts equal", f"tmb.{name}", both[name] == both[f"{name}_planted"]
        )
    share = both["megabases"] / both["megabases_planted"]
    yield every_row(
        f"callable at {LEAST_CALLABLE:.0%} of targets", "tmb.megabases",
        (share >= LEAST_CALLABLE) & (share <= 1),
    )  # fmt: skip


def _calls(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Compare alleles and consequences of every call in the VCF with the planted ones."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "calls.tsv"))
    planted = planted[planted["planted_as"] != "missed"]
    both = planted.merge(found, on=_ALLELE, how="left", suffixes=("_planted", ""))
    for source in ("tumour", "normal", "rna"):
        rows = both[both[f"{source}_ref"].notna()]
        equal = pd.Series(data=True, index=rows.index)
        for allele in ("ref", "alt"):
            recounted = rows[f"{source}_recounted_{allele}_reads"]
            equal &= recounted == rows[f"{source}_{allele}"]
        yield every_row("alleles recounted", f"variants.{source}", equal)
    yield from term_claims(truth_dir, both)


def _quality(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = read_table(truth_dir / "reads.tsv")
    faults = read_table(truth_dir / "faults.tsv")
    spoilt = faults.loc[faults["fault"].isin(_SPOILT), "patient"]
    is_tumour = (planted["role"] == "tumour") & (planted["assay"] == "exome")
    planted = planted[~(is_tumour & planted["patient"].isin(spoilt))]
    both = planted.merge(found, on=["patient", "sample"], how="left", suffixes=("_planted", ""))
    exomes, rna = (both[both["assay_planted"] == name] for name in ("exome", "rna"))
    # In a tumour gains and losses move X against the rest: there it may stay undecided.
    is_open = (exomes["role_planted"] == "tumour") & exomes["sex_found"].isna()
    is_right = (exomes["sex"] == exomes["sex_found"]) | is_open
    yield every_row("sex found", "quality.sex_found", is_right)
    # Against another person's normal nothing is known of what is foreign in a tumour.
    swapped = faults.loc[faults["fault"] == "swap", "patient"]
    right = exomes[~exomes["patient"].isin(swapped) | (exomes["role_planted"] == "normal")]
    error = (right["contamination"] - right["contamination_planted"]).abs()
    yield every_row(
        f"contamination within {CONTAMINATION_ERROR:.0%}", "quality.contamination",
        error <= CONTAMINATION_ERROR,
    )  # fmt: skip
    share = exomes["duplicates"] / exomes["fragments"]
    yield every_row(
        f"duplicates within {DUPLICATE_ERROR:.0%}", "quality.duplicate_share",
        (exomes["duplicate_share"] - share).abs() <= DUPLICATE_ERROR,
    )  # fmt: skip
    yield every_row(
        "strands found", "quality.strandedness_found", rna["strandedness_found"] == "reverse"
    )


def _identity(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge every pair: one person if and only if the reads are of one."""
    person = read_table(truth_dir / "reads.tsv").set_index("sample")["person"]
    known = found[found["sample_1"].isin(person.index) & found["sample_2"].isin(person.index)]
    one, two = (known[f"sample_{number}"].map(person) for number in (1, 2))
    truly = pd.Series(np.where(one == two, "same", "different"), index=known.index)
    yield every_row("person found", "identity.found", known["found"] == truly)
    accused = known["says"].fillna("") != ""
    yield every_row(
        "swaps and nothing else named", "identity.says", accused == (truly != known["expected"])
    )


def _tpm(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = read_table(truth_dir / "expression.tsv")
    both = planted.merge(found, on=["biopsy", "gene"], how="left", suffixes=("_planted", ""))
    both["planted"] = np.log2(both["tpm_planted"] + 1)
    both["found"] = np.log2(both["tpm"] + 1)
    pairs = both.groupby("biopsy")[["planted", "found"]]
    rho = pairs.apply(lambda pair: float(pair.corr().to_numpy()[0, 1]))
    yield every_row(
        f"expression correlates at {LEAST_EXPRESSION:g}", "tpm.tpm", rho >= LEAST_EXPRESSION
    )


def _copies(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Compare purity and ploidy of every sound biopsy that is not called ambiguous."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "copies.tsv"))
    both = planted.merge(found, on=["patient", "biopsy"], suffixes=("_planted", ""), how="left")
    sure = both[~both["is_ambiguous"].fillna(value=True).astype(bool)]
    for name, error in (("purity", PURITY_ERROR), ("ploidy", PLOIDY_ERROR)):
        yield most_row(
            f"within {error:g}", f"copy_number_fit.{name}",
            (sure[name] - sure[f"{name}_planted"]).abs() <= error,
        )  # fmt: skip


def _gene_copies(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Compare the calls of CDK4, MDM2 and CDKN2A with the planted copies."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "copies.tsv"))
    calls = found.pivot_table(index="biopsy", columns="gene", values="call", aggfunc="first")
    calls = calls.reindex(planted["biopsy"]).reset_index(drop=True)
    planted = planted.reset_index(drop=True)
    is_lipo = planted["kind"] == "liposarcoma"
    both = calls[["CDK4", "MDM2"]].isin(["AMP", "HIGH_AMP"]).all(axis=1)
    yield every_row("amplified together", "CDK4 and MDM2", both == is_lipo)
    is_gone = calls["CDKN2A"] == "HOMDEL"
    yield every_row("deleted", "CDKN2A", is_gone == (planted["cdkn2a_deletion"] == "homdel"))
    is_lost = calls["CDKN2A"].isin(["HOMDEL", "HETLOSS"])
    yield most_row("lost or not", "CDKN2A", is_lost == (planted["cdkn2a_deletion"] != "none"))


def _discordances(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether the liposarcoma under another diagnosis is listed, and no other tumour."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "copies.tsv"))
    hidden = set(planted.loc[planted["is_hidden"].astype(bool), "biopsy"])
    listed = set(found["biopsy"]) & set(planted["biopsy"])
    agrees = planted["biopsy"].isin(hidden) == planted["biopsy"].isin(listed)
    yield every_row("liposarcoma among others found", "copy_number_discordances", agrees)


_JUDGES: dict[str, Callable[[Path, pd.DataFrame], Iterator[Row]]] = {
    "tmb": _tmb, "variants": _calls, "quality": _quality, "identity": _identity,
    "tpm": _tpm, "mcp_counter": score_claims, "copy_number_fit": _copies,
    "copy_number_genes": _gene_copies, "copy_number_discordances": _discordances,
    "protein_changes": joint_claims, "neoantigens": neoantigen_claims,
    "neoantigen_burden": burden_claims, "hla_calls": call_claims, "hla_types": type_claims,
    "hla_gene_loh": loss_claims, "fusions": fusion_claims,
    "fusion_discordances": diagnosis_claims, "peptides": junction_claims,
}  # fmt: skip
