"""Which segments and bins a gene overlaps, and what is around it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.intervals import GeneModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PERICENTROMERE = 5_000_000
_NEAR = 1_000_000
"""A gene beyond the last bin of a contig belongs to the last segment if it is as near."""


@dataclass(frozen=True)
class Pairs:
    """Genes and the rows of another table that they overlap.

    `gene`, `row` and `bases` (shared bp) are parallel; a gene without any is in none.
    """

    gene: Ints
    row: Ints
    bases: Ints


def gene_spans(genes: GeneModel | None, listed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per gene: `gene, contig, start, end, cytoband, is_listed`.

    Parameters
    ----------
    genes
        The user's annotation; its places win over the list's, since it is of the reads' genome.
    listed
        Genes that are always reported: `gene, contig, start, end, cytoband`.

    Notes
    -----
    Of several genes with one symbol the one of most bases stands; without an annotation only
    the list is known.
    """
    if genes is None or genes.exons.empty:
        return listed.assign(is_listed=True)[
            ["gene", "contig", "start", "end", "cytoband", "is_listed"]
        ].reset_index(drop=True)
    by_gene = genes.exons.groupby("gene_id", sort=False)
    spans = by_gene.agg(contig=("contig", "first"), start=("start", "min"), end=("end", "max"))
    symbols = genes.genes.drop_duplicates("gene_id").set_index("gene_id")["gene"]
    spans["gene"] = symbols.reindex(spans.index).astype(object).fillna("")
    spans = spans[spans["gene"] != ""]
    spans["length"] = spans["end"] - spans["start"]
    order = ["gene", "length", "contig", "start"]
    spans = spans.sort_values(order, ascending=[True, False, True, True], kind="stable")
    spans = spans.drop_duplicates("gene").reset_index(drop=True)
    bands = dict(zip(listed["gene"], listed["cytoband"], strict=True))
    spans["cytoband"] = spans["gene"].map(bands).fillna("")
    spans["is_listed"] = spans["gene"].isin(bands)
    return spans[["gene", "contig", "start", "end", "cytoband", "is_listed"]]


def overlaps(genes: pd.DataFrame, rows: pd.DataFrame) -> Pairs:
    """Pair genes with the rows that they overlap.

    Parameters
    ----------
    genes, rows
        Frames with `contig, start, end`; `rows` sorted by place, without overlaps.
    """
    found: list[tuple[Ints, Ints, Ints]] = []
    codes, names = pd.factorize(rows["contig"])
    starts, ends = rows["start"].to_numpy(np.int64), rows["end"].to_numpy(np.int64)
    of_gene = pd.Index(names).get_indexer(genes["contig"])
    low, high = genes["start"].to_numpy(np.int64), genes["end"].to_numpy(np.int64)
    for contig in range(len(names)):
        mine, theirs = np.flatnonzero(of_gene == contig), np.flatnonzero(codes == contig)
        first = np.searchsorted(ends[theirs], low[mine], side="right")
        last = np.searchsorted(starts[theirs], high[mine], side="left")
        number = np.maximum(last - first, 0)
        gene = np.repeat(mine, number)
        offset = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        row = theirs[np.repeat(first, number) + offset]
        shared = np.minimum(ends[row], high[gene]) - np.maximum(starts[row], low[gene])
        found.append((gene, row, shared))
    if not found:
        empty = np.empty(0, dtype=np.int64)
        return Pairs(empty, empty, empty)
    gene, row, shared = (np.concatenate(part) for part in zip(*found, strict=True))
    return Pairs(gene, row, shared)


def with_nearest(pairs: Pairs, genes: pd.DataFrame, rows: pd.DataFrame) -> Pairs:
    """Give genes that overlap no row the nearest one of their contig, within a megabase."""
    alone = np.setdiff1d(np.arange(len(genes)), pairs.gene)
    contigs = rows["contig"].to_numpy(dtype=object)
    starts, ends = rows["start"].to_numpy(np.int64), rows["end"].to_numpy(np.int64)
    added: list[tuple[int, int]] = []
    for number in alone.tolist():
        gene = genes.iloc[number]
        theirs = np.flatnonzero(contigs == gene["contig"])
        if not len(theirs):
            continue
        away = np.maximum(starts[theirs] - gene["end"], gene["start"] - ends[theirs])
        nearest = int(away.argmin())
        if away[nearest] <= _NEAR:
            added.append((number, int(theirs[nearest])))
    table = np.array(added, dtype=np.int64).reshape(-1, 2)
    return Pairs(
        np.concatenate([pairs.gene, table[:, 0]]),
        np.concatenate([pairs.row, table[:, 1]]),
        np.concatenate([pairs.bases, np.ones(len(table), dtype=np.int64)]),
    )


def are_unsexed(rows: pd.DataFrame, sex: object) -> npt.NDArray[np.bool_]:
    """Tell rows of X and Y without copies for lack of the sex: their log ratio means nothing.

    Parameters
    ----------
    rows
        Segments: `contig, total`.
    sex
        As the fit has it: anything but ``female`` and ``male`` is unknown.
    """
    is_of_sex = rows["contig"].isin(["chrX", "chrY"]) & rows["total"].isna()
    return is_of_sex.to_numpy(dtype=np.bool_) & (sex not in {"female", "male"})


def fish_ratios(called: pd.DataFrame, arms: pd.DataFrame, segments: pd.DataFrame) -> Floats:
    """Divide the copies of each gene by those of its p arm and around the centromere."""
    around: dict[str, float] = {}
    for contig, rows in segments.groupby("contig"):
        short = arms[(arms["contig"] == contig) & (arms["arm"] == "p")]
        if short.empty or rows["total_raw"].isna().all():
            continue
        edge = int(short["end"].max()) + _PERICENTROMERE
        ends, starts = (np.asarray(rows[name], dtype=np.float64) for name in ("end", "start"))
        bases = np.maximum(np.minimum(ends, edge) - starts, 0.0)
        copies = np.asarray(rows["total_raw"], dtype=np.float64)
        is_known = ~np.isnan(copies)
        whole = float(bases[is_known].sum())
        if whole > 0:
            around[str(contig)] = float((bases * copies)[is_known].sum() / whole)
    nearby = np.array([around.get(str(c), np.nan) for c in called["contig"]], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.asarray(called["total_raw"], dtype=np.float64) / nearby
    return np.where(nearby > 0, ratio, np.nan)


def rows_at(
    segments: pd.DataFrame, contigs: npt.NDArray[np.object_], places: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the row of the segment over each place, -1 where there is none."""
    of_segment = segments["contig"].to_numpy(dtype=object)
    starts, ends = segments["start"].to_numpy(np.int64), segments["end"].to_numpy(np.int64)
    found = np.full(len(places), -1, dtype=np.int64)
    for contig in dict.fromkeys(of_segment):
        mine, theirs = np.flatnonzero(contigs == contig), np.flatnonzero(of_segment == contig)
        at = np.searchsorted(starts[theirs], places[mine], side="right") - 1
        row = theirs[np.maximum(at, 0)]
        found[mine] = np.where((at >= 0) & (places[mine] < ends[row]), row, -1)
    return found
