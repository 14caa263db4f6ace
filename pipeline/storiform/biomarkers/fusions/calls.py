"""Fusions of a biopsy: what its RNA shows and what other callers found, in one table."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd
from pydantic import Field

from storiform.model.params import Depth, Params
from storiform.model.resources import GeneNames, HumanGeneNames
from storiform.model.step import needs_one_of
from storiform.model.tables.fusions import (
    FUSIONS,
    ChimericFusions,
    FusionBurden,
    FusionReads,
    Fusions,
    FusionSearch,
    GivenFusions,
    KnownFusions,
)

_OWN = "storiform"
_KEY = ["contig_5", "position_5", "strand_5", "contig_3", "position_3", "strand_3"]
_NEAR = 5
"""Bases that the places of one junction may differ between callers."""
_FORGIVEN = ("read_through", "circular", "repetitive", "not_at_exon_ends")
"""Doubts that do not count against a pair of genes which is known to fuse."""
_UNFORGIVEN = frozenset(
    {"banned", "matched-normal", "fragments", "paralog", "pair_pseudo_genes", "similar",
     "rrna", "mt", "mirna"}
)  # fmt: skip
"""Words of another caller that count against known pairs too: they tell of what this sample
shows or of genes that are alike. All others tell of the genes' neighbourhood or of some healthy
sample, in which a few reads of another kind are enough."""


class FusionsParams(Params):
    """Which junctions count as fusions."""

    min_split_fragments: Depth = Field(2, description="fragments over the junction, at least")
    min_places: Depth = Field(
        2,
        description="different places of reads over the junction, at least; copies of one "
        "fragment have one",
    )
    min_anchor: int = Field(
        15,
        ge=1,
        le=1000,
        description="aligned bases of the shorter side of the best read, at least",
    )
    min_places_elsewhere: Depth = Field(
        5,
        description="different places of reads over a junction of which one end is that of no "
        "exon, at least; twice as many where neither is",
    )
    min_mates_elsewhere: Depth = Field(
        1, description="fragments with a mate on either side of such a junction, at least"
    )
    min_mates_of_one: Depth = Field(
        3,
        description="fragments with a mate on either side of a junction at exon ends that one "
        "read alone crosses, at least",
    )
    min_places_backwards: Depth = Field(
        10,
        description="different places of reads over a junction that runs from a gene back to "
        "its neighbour, at least; with fewer it is taken for circular RNA",
    )
    low_confidence_counts: bool = Field(
        default=False, description="count fusions to which Arriba gives a low confidence"
    )


@needs_one_of("fusion_reads", "given_fusions", "chimeric_fusions")
def fusions(
    known_fusions: KnownFusions,
    gene_names: HumanGeneNames,
    params: FusionsParams,
    fusion_reads: FusionReads | None = None,
    chimeric_fusions: ChimericFusions | None = None,
    given_fusions: GivenFusions | None = None,
) -> Fusions:
    """Bring the junctions of reads and of other callers together, and tell which count.

    A junction of reads counts with enough fragments and places of reads, long anchors, exon
    ends on both sides (or far more evidence), and if nothing else explains it. A pair of genes
    that is known to fuse is forgiven an end that is that of no exon, reads with other places,
    and neighbourhood; one fragment over the junction is then enough beside one with a mate on
    either side, as it is at exon ends beside three of these. What another caller states counts
    unless it states its own doubt; a known pair is forgiven doubts of its neighbourhood and of
    healthy samples.

    Parameters
    ----------
    known_fusions
        Pairs of genes that are known to fuse in sarcomas.
    gene_names
        Names of genes, under which callers may know them.
    params
        Thresholds.
    fusion_reads, chimeric_fusions
        Junctions in the reads of the BAM, and in STAR's own file.
    given_fusions
        Rows of another caller.

    Returns
    -------
    Fusions
        One row per junction; `note` says why one does not count: few_fragments, few_places,
        short_anchor, not_at_exon_ends, repetitive, no_gene, low_confidence, the causes of
        `fusion_reads`, and the doubts of `given_fusions`.

    Warnings
    --------
    RNA shows a fusion only where it is expressed and reads cross its junction: none found
    is not none there.

    References
    ----------
    Uhrig et al., Genome Res. 31, 448-460 (2021), doi:10.1101/gr.257246.119.
    """
    known = {
        (str(row["gene_5"]), str(row["gene_3"])): row
        for row in known_fusions.to_dict("records")
    }
    parts = [
        _of_reads(seen, known, params)
        for seen in (fusion_reads, chimeric_fusions)
        if seen is not None and len(seen)
    ]
    if given_fusions is not None and len(given_fusions):
        parts.append(_of_callers(given_fusions, gene_names, known, params))
    if not parts:
        return FUSIONS.empty()
    merged = _merged(pd.concat(parts, ignore_index=True))
    merged["is_best"] = _is_best(merged)
    return FUSIONS.conform(merged[list(FUSIONS.columns)])


Known = Mapping[tuple[str, str], Mapping[object, object]]


def _of_reads(seen: pd.DataFrame, known: Known, params: FusionsParams) -> pd.DataFrame:
    counted = {"split_fragments": "sum", "distinct_splits": "sum", "spanning_fragments": "sum"}
    firsts = dict.fromkeys(set(seen.columns) - set(_KEY) - set(counted), "first")
    rows = seen.groupby(_KEY, as_index=False, dropna=False).agg({**counted, **firsts})
    pairs = _pairs(rows)
    notes = [
        _note(row, params, is_known=pair in known)
        for row, pair in zip(rows.to_dict("records"), pairs, strict=True)
    ]
    told = rows.assign(note=notes, callers=_OWN, frame="")
    return _named(told, pairs, known)


def _note(row: Mapping[object, object], params: FusionsParams, *, is_known: bool) -> str:
    """Say why a junction of reads does not count; empty if it does."""
    splits, places, mates = (
        int(str(row[name]))
        for name in ("split_fragments", "distinct_splits", "spanning_fragments")
    )
    ends = int(bool(row["is_exon_end_5"])) + int(bool(row["is_exon_end_3"]))
    needed_mates = 1 if is_known else params.min_mates_of_one
    is_told = mates >= needed_mates and (is_known or ends == 2)  # noqa: PLR2004  both
    causes = [cause for cause in str(row["cause"] or "").split(";") if cause]
    if places >= params.min_places_backwards and mates >= params.min_mates_elsewhere:
        causes = [cause for cause in causes if cause != "circular"]
    needed = params.min_places_elsewhere * (2 - ends)
    is_enough = places >= needed and mates >= params.min_mates_elsewhere
    doubts = {
        "few_fragments": splits < (1 if is_told else params.min_split_fragments),
        "few_places": places < (1 if is_told else params.min_places),
        "short_anchor": int(str(row["shortest_anchor"])) < params.min_anchor,
        "not_at_exon_ends": ends < 2 and not is_enough,  # noqa: PLR2004  both
        "repetitive": bool(row["is_repetitive"]),
        **dict.fromkeys(causes, True),
    }
    return ";".join(
        doubt
        for doubt, is_there in doubts.items()
        if is_there and not (is_known and doubt in _FORGIVEN)
    )


def _of_callers(
    given: pd.DataFrame, gene_names: GeneNames, known: Known, params: FusionsParams
) -> pd.DataFrame:
    rows = given.reset_index(drop=True).copy()
    for side in ("gene_5", "gene_3"):
        written = rows[side].fillna("").astype(str).tolist()
        symbols = gene_names.symbols(written)
        rows[side] = [symbol or name for symbol, name in zip(symbols, written, strict=True)]
    notes = []
    pairs = _pairs(rows)
    for row, pair in zip(rows.to_dict("records"), pairs, strict=True):
        told = str(row["notes"]).split(";") if pd.notna(row["notes"]) else []
        doubts = [word for word in told if pair not in known or word in _UNFORGIVEN]
        if row["confidence"] == "low" and not params.low_confidence_counts:
            doubts.append("low_confidence")
        if not row["gene_5"] or not row["gene_3"] or row["gene_5"] == row["gene_3"]:
            doubts.append("no_gene" if row["gene_5"] != row["gene_3"] else "same_gene")
        notes.append(";".join(doubt for doubt in doubts if doubt))
    named = rows.assign(note=notes, callers=rows["caller"], frame=rows["frame"].fillna(""))
    return _named(named, pairs, known)


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    fives, threes = (rows[name].fillna("").astype(str) for name in ("gene_5", "gene_3"))
    return list(zip(fives, threes, strict=True))


def _named(rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], known: Known) -> pd.DataFrame:
    """Add the names of pairs, and what a known one points to."""
    found = [known.get(pair, {}) for pair in pairs]
    named = rows.assign(
        fusion=["::".join(pair) for pair in pairs],
        known_fusion=[str(row.get("fusion", "")) for row in found],
        histologies=[str(row.get("histologies", "")) for row in found],
        is_confident=rows["note"].eq(""),
    )
    counts = ["split_fragments", "spanning_fragments"]
    named[counts] = named[counts].astype("Int64")
    wanted = [name for name in FUSIONS.columns if name != "is_best"]
    return named[wanted]


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    """Make one row of those that tell of one junction: ends within 5 bp.

    Where genes overlap, callers may name others. A row that counts speaks before one that does
    not, then a known pair, and then the one with more fragments.
    """
    rows = rows.assign(support=_support(rows), is_known=rows["known_fusion"].ne(""))
    order = ["is_confident", "is_known", "support"]
    rows = rows.sort_values(order, ascending=False, kind="stable")
    kept: list[dict[str, object]] = []
    places: dict[tuple[object, ...], list[int]] = {}
    columns = [str(name) for name in rows.columns]
    for values in rows.itertuples(index=False, name=None):
        row = dict(zip(columns, values, strict=True))
        key = (row["contig_5"], row["contig_3"])
        same = [n for n in places.get(key, []) if _is_near(kept[n], row)]
        if same:
            _join(kept[same[0]], row)
            continue
        places.setdefault(key, []).append(len(kept))
        kept.append(row)
    merged = pd.DataFrame(kept, columns=columns)
    return merged.drop_duplicates(_KEY, ignore_index=True)


def _is_near(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return all(
        abs(int(str(one[name])) - int(str(other[name]))) <= _NEAR
        for name in ("position_5", "position_3")
    )


def _join(row: dict[str, object], other: Mapping[str, object]) -> None:
    """Add to a row what another of the same junction knows."""
    names = [*str(row["callers"]).split(";"), *str(other["callers"]).split(";")]
    row["callers"] = ";".join(sorted(set(names)))
    row["frame"] = row["frame"] or other["frame"]


def _support(rows: pd.DataFrame) -> pd.Series:
    counts = rows[["split_fragments", "spanning_fragments"]].astype("Int64").fillna(0)
    return counts["split_fragments"] + counts["spanning_fragments"]


def _is_best(rows: pd.DataFrame) -> pd.Series:
    """Mark the first junction of each pair of genes, best supported among those that count."""
    ordered = rows.assign(support=_support(rows)).sort_values(
        ["fusion", "is_confident", "support", *_KEY],
        ascending=[True, False, False, *[True] * len(_KEY)],
        kind="stable",
    )
    fusion = ordered["fusion"].tolist()
    firsts = [True, *(one != other for one, other in pairwise(fusion))]
    return pd.Series(firsts, index=ordered.index, dtype=bool).reindex(rows.index)


def fusion_burden(
    fusions: Fusions,
    fusion_search: FusionSearch | None = None,
    given_fusions: GivenFusions | None = None,
    chimeric_fusions: ChimericFusions | None = None,
) -> FusionBurden:
    """Count the pairs of genes of a biopsy that are fused, and name the known ones.

    Parameters
    ----------
    fusions
        The junctions of the biopsy.
    fusion_search
        How many records of its RNA align in two parts. Where none does, the aligner was not
        asked for them, and that few fusions are seen says nothing.
    given_fusions, chimeric_fusions
        Of another caller, or STAR's own file: where either is there, the count is known.

    Returns
    -------
    FusionBurden
        One row; a pair with several junctions is one. The count is missing, with the reason,
        where fusions could not be seen; a known one that was seen is still named.
    """
    counted = fusions[fusions["is_confident"]]
    known = sorted(set(counted["known_fusion"].fillna("")) - {""})
    is_told = given_fusions is not None or chimeric_fusions is not None
    reason = "" if is_told or fusion_search is None else _blindness(fusion_search)
    return pd.DataFrame(
        {
            "fusions": [pd.NA if reason else counted["fusion"].nunique()],
            "has_known_fusion": [pd.NA if reason and not known else bool(known)],
            "known_fusions": [";".join(known)],
            "reason": [reason],
        }
    )


def _blindness(searched: pd.DataFrame) -> str:
    """Say why no fusion can be seen; empty if one could."""
    if int(searched["records_in_parts"].sum()):
        return ""
    return f"none of {int(searched['records'].sum())} RNA records aligns in two parts (tag SA)"
