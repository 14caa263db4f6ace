"""Judge HLA alleles and their losses in a run: what was planted against what was found."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from storiform.simulation.verdict import Row, every_row, most_row, read_table, sound_rows

_LOSSES = ("LOH", "HOMDEL")
_HIDDEN = ("N", "S", "C")
"""Suffixes of alleles that are not on the surface of cells."""


def call_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge the alleles that the reads of every sample tell.

    Those of normal exomes must all be right. In a tumour an allele may be lost, and RNA has
    few reads of some: there nearly all must be.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `hla_calls`.
    """
    types = read_table(truth_dir / "hla.tsv")
    samples = _samples(truth_dir, set(types.loc[types["has_reads"].astype(bool), "patient"]))
    pairs = types.groupby(["patient", "gene"])["allele"].agg(_pair)
    planted = samples.merge(pairs.rename("planted").reset_index(), on="patient")
    told = found.groupby(["sample", "gene"])["allele"].agg(_pair).rename("told").reset_index()
    both = planted.merge(told, on=["sample", "gene"], how="left")
    agrees = both["planted"] == both["told"]
    is_normal = both["role"] == "normal"
    is_rna = both["assay"] == "rna"
    yield every_row("alleles of normals found", "hla_calls.allele", agrees[is_normal])
    whole = ~is_normal & ~is_rna & ~_is_lost(truth_dir, both)
    yield most_row("alleles of tumours found", "hla_calls.allele", agrees[whole])
    if is_rna.any():
        yield most_row("alleles of RNA found", "hla_calls.allele", agrees[is_rna])


def _samples(truth_dir: Path, patients: set[str]) -> pd.DataFrame:
    """Return the samples of sound patients whose HLA genes were sequenced."""
    reads = sound_rows(truth_dir, read_table(truth_dir / "reads.tsv"))
    return reads.loc[reads["patient"].isin(patients), ["patient", "sample", "role", "assay"]]


def _pair(alleles: "pd.Series[str]") -> str:
    """Return the alleles of a gene as one text, whatever their order."""
    return ";".join(sorted(alleles.fillna("").astype(str)))


def _is_lost(truth_dir: Path, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether a gene has lost an allele in any tumour of the patient."""
    losses = read_table(truth_dir / "hla_loss.tsv")
    gone = losses[losses["lost_allele"].notna()]
    keys = set(zip(gone["patient"], gone["gene"], strict=True))
    pairs = zip(rows["patient"], rows["gene"], strict=True)
    return pd.Series([pair in keys for pair in pairs], index=rows.index, dtype=bool)


def type_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge the alleles of patients whom no laboratory typed.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `hla_types`.
    """
    types = sound_rows(truth_dir, read_table(truth_dir / "hla.tsv"))
    untyped = types[types["written"].isna()]
    # `hla_types` gives no name that presents peptides to an allele that no cell shows.
    is_hidden = untyped["allele"].str[-1:].isin(_HIDDEN)
    untyped = untyped.assign(allele=untyped["allele"].mask(is_hidden, ""))
    pairs = untyped.groupby(["patient", "gene", "has_reads"])["allele"].agg(_pair)
    told = found.groupby(["patient", "biopsy", "gene"])["allele"].agg(_pair)
    both = pairs.rename("planted").reset_index().merge(
        told.rename("told").reset_index(), on=["patient", "gene"], how="left"
    )  # fmt: skip
    has_reads = both["has_reads"].astype(bool)
    agrees = both["planted"] == both["told"]
    if has_reads.any():
        yield every_row("untyped patients typed", "hla_types.allele", agrees[has_reads])
    if (~has_reads).any():
        is_silent = both["told"].fillna("").str.strip(";") == ""
        yield every_row("none without reads", "hla_types.allele", is_silent[~has_reads])


def loss_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge which genes of which tumours have lost an allele, and which one.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `hla_gene_loh`.
    """
    planted = sound_rows(truth_dir, read_table(truth_dir / "hla_loss.tsv"))
    keys = ["patient", "biopsy", "gene"]
    both = planted.merge(found, on=keys, how="left", suffixes=("_planted", ""))
    has_reads = both["has_reads"].astype(bool)
    is_judged = has_reads & (both["allele_1_planted"] != both["allele_2_planted"])
    silent = both[~is_judged]
    reason = silent["reason"].fillna("")
    is_told = (silent["call"].fillna("NA") == "NA") & (reason != "")
    if len(silent):
        yield every_row("a reason where none is judged", "hla_gene_loh.reason", is_told)
    judged = both[is_judged]
    lost = judged["lost_allele_planted"].fillna("")
    is_called = judged["call"].isin(_LOSSES)
    yield every_row("no loss where none is", "hla_gene_loh.call", ~is_called[lost == ""])
    if (lost != "").any():
        yield most_row("losses found", "hla_gene_loh.call", is_called[lost != ""])
        right = judged["lost_allele"].fillna("") == lost
        chosen = (lost != "") & is_called & ~lost.str.contains(";")
        if chosen.any():
            named = right[chosen]
            yield every_row("the lost allele named", "hla_gene_loh.lost_allele", named)
