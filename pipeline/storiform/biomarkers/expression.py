"""Counts and transcripts per million of one biopsy, under current gene symbols."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Fraction, Params
from storiform.model.resources import (
    GeneLengths,
    GeneNames,
    HumanGeneNames,
    Transcripts,
    without_version,
)
from storiform.model.species import foreign_species
from storiform.model.tables.reads import GeneCounts
from storiform.model.tables.rna import Counts, GivenCounts, GivenLog2Tpm, GivenTpm, Tpm

Floats = npt.NDArray[np.float64]

_TRANSCRIPT = r"(?:ENST\d|[NX][MR]_\d)"
_OFFSET_TOLERANCE = 1e-3


class ExpressionParams(Params):
    """How genes are named, and how logarithms of TPM were taken."""

    min_recognised: Fraction = Field(
        0.2,
        description="share of ids that must name a human gene; the full Ensembl set reaches "
        "more than half, another species next to nothing",
    )
    log2_offset: float = Field(
        1.0, ge=0.0, le=1.0, description="offset in log2(TPM + offset) of given logarithms, TPM"
    )


def counts(
    given_counts: GivenCounts | None,
    gene_names: HumanGeneNames,
    transcripts: Transcripts | None,
    params: ExpressionParams,
    gene_counts: GeneCounts | None = None,
) -> Counts:
    """Sum the counts of a biopsy by gene, under current symbols: given ones, else its RNA's.

    Parameters
    ----------
    given_counts
        Rows of a count file, under gene or transcript ids.
    gene_names
        All names of the human genes; an id that names none is kept without its version.
    transcripts
        Genes of transcripts, wanted only where the ids are transcripts.
    params
        The share of ids that must be recognised.
    gene_counts
        Fragments by gene of the annotation, counted in the BAM; used where no counts are
        given. A gene whose id names none is known by the symbol of the annotation.

    Returns
    -------
    Counts
        `count` is the sum over the rows of a gene; `length` the length that gives their
        summed rate, sum(count) / sum(count / length), as tximport's, or their mean length
        where nothing was counted (bp).

    Raises
    ------
    InputError
        If there are no counts, no fragment of the BAM is on a gene, transcripts cannot be
        told their genes, or the ids are of another species.

    References
    ----------
    Soneson et al., F1000Research 4, 1521 (2015), doi:10.12688/f1000research.7563.2.
    """
    if given_counts is not None:
        rows = given_counts
        genes = known_genes(rows["id"].astype(str), gene_names, transcripts, params)
    elif gene_counts is not None:
        _check_fragments(gene_counts)
        rows, genes = gene_counts, _annotated_symbols(gene_counts, gene_names)
    else:
        expected, remedy = "counts, or an RNA BAM and genes", "Name one in the sample sheet."
        raise InputError(fault("counts", "no input", expected, remedy))
    return _summed(genes, rows["count"].to_numpy(float), rows["length"].to_numpy(float))


def _check_fragments(gene_counts: pd.DataFrame) -> None:
    """Refuse genes that were counted and have no fragment, all of them."""
    if gene_counts.empty or (gene_counts["count"] > 0).any():
        return
    found = f"no fragment on any of {gene_counts['gene_id'].nunique()} genes"
    expected = "RNA fragments over the genes of resources.genes"
    remedy = (
        "See that resources.genes is of the build of the reads, and that the sample is RNA."
    )
    raise InputError(fault("RNA reads", found, expected, remedy))


def _summed(genes: list[str], values: Floats, lengths: Floats) -> pd.DataFrame:
    rows = pd.DataFrame({"gene": genes, "count": values, "length": lengths})
    rows["rate"] = rows["count"] / rows["length"]
    rows["measured"] = rows["count"].where(rows["length"].notna())
    grouped = rows.groupby("gene", sort=True)
    sums = grouped[["count", "rate", "measured"]].sum()
    weighted = sums["measured"] / sums["rate"].where(sums["rate"] > 0)
    length = weighted.fillna(grouped["length"].mean())
    return pd.DataFrame({"count": sums["count"], "length": length}).reset_index()


def tpm(  # noqa: PLR0913, PLR0917  a step
    counts: Counts | None,
    given_tpm: GivenTpm | None,
    given_log2_tpm: GivenLog2Tpm | None,
    gene_lengths: GeneLengths,
    gene_names: HumanGeneNames,
    transcripts: Transcripts | None,
    params: ExpressionParams,
) -> Tpm:
    """Take transcripts per million as given, else from logarithms, else from counts.

    Parameters
    ----------
    counts
        Fragments and, where the file has them, lengths by gene.
    given_tpm
        TPM as given; they are summed by gene and not scaled again.
    given_log2_tpm
        log2(TPM + offset) as given.
    gene_lengths
        Lengths (bp) of genes for which the count file has none.
    gene_names
        All names of the human genes.
    transcripts
        Genes of transcripts, wanted only where the ids are transcripts.
    params
        The offset of the logarithms, and the share of ids that must be recognised.

    Returns
    -------
    Tpm
        One row per gene; a gene without a length has none.

    Raises
    ------
    InputError
        If no gene can be given a value, or logarithms are below that of the offset.

    References
    ----------
    Wagner et al., Theory in Biosciences 131, 281-285 (2012), doi:10.1007/s12064-012-0162-3.
    """
    if given_tpm is not None:
        source, values, ids = "given", given_tpm["tpm"].to_numpy(float), given_tpm["id"]
    elif given_log2_tpm is not None:
        source, ids = "given_log2", given_log2_tpm["id"]
        values = _linear(given_log2_tpm["log2_tpm"].to_numpy(float), params.log2_offset)
    elif counts is not None:
        return _logged(_from_counts(counts, gene_lengths))
    else:
        expected, remedy = "counts, tpm or log2_tpm", "Name a file in the sample sheet."
        raise InputError(fault("expression", "no input", expected, remedy))
    genes = known_genes(ids.astype(str), gene_names, transcripts, params)
    summed = pd.Series(values).groupby(pd.Series(genes), sort=True).sum()
    rows = pd.DataFrame({"gene": summed.index, "tpm": summed.to_numpy(), "length": np.nan})
    return _logged(rows.assign(length_source=source))


def _logged(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(log2_tpm=np.log2(rows["tpm"] + 1.0))


def refuse_below_offset(lowest: float, offset: float) -> None:
    """Refuse logarithms that cannot have been taken with this offset.

    Parameters
    ----------
    lowest
        Smallest log2(TPM + offset) of a biopsy.
    offset
        That of the configuration.

    Raises
    ------
    InputError
        If a gene would have fewer than no transcripts.
    """
    floor = np.log2(offset) if offset > 0 else -np.inf
    if lowest < floor - _OFFSET_TOLERANCE:
        found = f"the value {lowest:.4g}"
        expected = f"at least log2({offset:g}) = {floor:.4g}"
        remedy = (
            "Set expression.log2_offset to the offset with which the logarithms were taken."
        )
        raise InputError(fault("log2_tpm", found, expected, remedy))


def _linear(logs: Floats, offset: float) -> Floats:
    refuse_below_offset(float(logs.min()), offset)
    linear: Floats = np.maximum(np.exp2(logs) - offset, 0.0)
    return linear


def _from_counts(counts: pd.DataFrame, gene_lengths: pd.DataFrame) -> pd.DataFrame:
    known = gene_lengths.set_index("gene")
    genes = counts["gene"].astype(str)
    of_file = counts["length"].to_numpy(float)
    length = np.where(np.isnan(of_file), genes.map(known["length"]).to_numpy(float), of_file)
    source = genes.map(known["length_source"]).where(np.isnan(of_file), "file")
    rows = pd.DataFrame({"gene": genes, "length": length, "length_source": source})
    rows["rate"] = counts["count"].to_numpy(float) / length
    has_length = ~np.isnan(length)
    total = float(rows["rate"].sum())
    if not total > 0:
        expected = "fragments of genes with a known length"
        remedy = "Name a table of gene_lengths that holds these genes."
        raise InputError(fault("counts", "none", expected, remedy))
    lost = counts["count"][~has_length]
    if len(lost):
        share = lost.sum() / counts["count"].sum()
        message = (
            f"{len(lost)} of {len(counts)} genes, with {share:.2%} of the fragments, have no "
            "known length and are left out of TPM."
        )
        warnings.warn(message, DataWarning, stacklevel=3)
    rows["tpm"] = rows["rate"] / total * 1e6
    return rows.loc[has_length].drop(columns="rate").reset_index(drop=True)


def known_genes(
    ids: pd.Series,
    gene_names: GeneNames,
    transcripts: Transcripts | None,
    params: ExpressionParams,
    *,
    where: str = "expression",
) -> list[str]:
    """Return the current symbol of the gene of each id, else the id without its version.

    Parameters
    ----------
    ids
        Genes or transcripts, under any of their names.
    gene_names
        All names of the human genes.
    transcripts
        Genes of transcripts, wanted only where most ids are transcripts.
    params
        The share of ids that must be recognised.
    where
        What an error names as its place.

    Raises
    ------
    InputError
        If too few ids are of human genes, or transcripts cannot be told their genes.
    """
    return _symbols(_genes_of_transcripts(ids, transcripts, where), gene_names, params, where)


def _genes_of_transcripts(
    ids: pd.Series, transcripts: Transcripts | None, where: str
) -> list[str]:
    """Replace transcripts by their genes where most of the ids are transcripts."""
    share = float(ids.str.match(_TRANSCRIPT).mean())
    if share < 0.5:  # noqa: PLR2004  most
        return ids.tolist()
    if transcripts is None:
        remedy = "Name the quantifier's GTF under resources.transcripts."
        found = f"transcripts such as {ids.iloc[0]}"
        raise InputError(fault(where, found, "genes, or a GTF", remedy))
    genes = [transcripts.get(without_version(name), "") for name in ids]
    lost = sum(not gene for gene in genes)
    if lost:
        message = f"{lost} of {len(ids)} transcripts are of no gene of resources.transcripts."
        warnings.warn(message, DataWarning, stacklevel=4)
    return [gene or name for gene, name in zip(genes, ids, strict=True)]


def _symbols(
    ids: list[str], gene_names: GeneNames, params: ExpressionParams, where: str
) -> list[str]:
    """Return the symbol of each id, else the id; refuse ids that are not human."""
    symbols = gene_names.symbols(ids)
    share = sum(map(bool, symbols)) / max(len(ids), 1)
    if share < params.min_recognised:
        unknown = [name for name, symbol in zip(ids, symbols, strict=True) if not symbol]
        found = f"{share:.0%} human genes among ids such as {', '.join(unknown[:3])}"
        species = foreign_species(unknown)
        expected = f"at least {params.min_recognised:.0%} (Entrez, Ensembl or HGNC symbols)"
        remedy = "Give human genes, or lower expression.min_recognised."
        found += f", which look like {species}" if species else ""
        raise InputError(fault(where, found, expected, remedy))
    return [symbol or without_version(name) for symbol, name in zip(symbols, ids, strict=True)]


def _annotated_symbols(rows: pd.DataFrame, gene_names: GeneNames) -> list[str]:
    """Return the current symbol of each gene of an annotation: by its id, else its symbol."""
    ids, written = rows["gene_id"].astype(str).tolist(), rows["gene"].astype(str).tolist()
    by_id, by_symbol = gene_names.symbols(ids), gene_names.symbols(written)
    return [
        first or second or without_version(name)
        for first, second, name in zip(by_id, by_symbol, written, strict=True)
    ]
