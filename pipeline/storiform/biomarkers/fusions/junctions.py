"""Rows of evidence -> junctions between two genes, with what speaks for and against them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.biomarkers.fusions.kinds import is_alike, kind_of_gene
from storiform.biomarkers.fusions.places import Gene, GenePlaces, Spot
from storiform.kernels.fusion_evidence import (
    ALIGNMENTS,
    ANCHOR,
    CONTIG_A,
    CONTIG_B,
    IS_POOR,
    KIND,
    NAME,
    OUTER_A,
    OUTER_B,
    PAIR,
    PLACE_A,
    PLACE_B,
    SLACK,
    STRAND_A,
    STRAND_B,
)
from storiform.model.tables.fusions import FUSION_READS

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NEAR = 5
"""Bases within which both ends of two junctions lie that are taken for one."""
_MOST_SLACK = 12
_STRANDS = "+-"
_HALF = 0.5


class JunctionParams(NamedTuple):
    """Bounds of what else may explain a junction; see `FusionReadsParams`."""

    read_through_bp: int
    max_partners: int


class _Junction(NamedTuple):
    """A junction that runs from 5' to 3', its genes told."""

    contig_5: int
    place_5: int
    strand_5: int
    contig_3: int
    place_3: int
    strand_3: int
    five: Spot
    three: Spot

    @property
    def merit(self) -> tuple[bool, bool, int, int]:
        """How well its ends fit the genes, the more the better."""
        is_known = self.five.gene >= 0 and self.three.gene >= 0
        offs = [off for off in (self.five.off, self.three.off) if off >= 0]
        return is_known, len(offs) == 2, len(offs), -sum(offs)  # noqa: PLR2004  both


def find_junctions(
    evidence: Int64s, places: GenePlaces, params: JunctionParams
) -> pd.DataFrame:
    """Bring evidence together by junction.

    Rows of one junction are those whose ends agree, or lie within 5 bp and between the same
    genes. A junction runs the way in which both its ends lie in genes, and if possible at
    the ends of exons; where the alignment leaves open at which base the parts meet, the one
    at exon ends is taken.

    Parameters
    ----------
    evidence
        Rows of `kernels.fusion_evidence`, int64 (n, 14), in any order.
    places
        The genes.
    params
        Bounds.

    Returns
    -------
    pandas.DataFrame
        The columns of `fusion_reads`; a junction of one fragment is there only if both ends
        are those of exons.
    """
    told = _laid_one_way(evidence)
    is_pair = told[:, KIND] == PAIR
    splits, pairs = told[~is_pair], told[is_pair]
    junctions, of_row = _junctions(splits, places)
    rows = _counted(splits, junctions, of_row)
    if not rows:
        return FUSION_READS.empty()
    partners = _partners(junctions, places)
    mates = _Mates(pairs, places)
    names = _names(splits, of_row, len(junctions))
    found = []
    for number, counted in rows.items():
        junction = junctions[number]
        own = frozenset(names[number].tolist())
        found.append(
            {
                **_ends(junction, places),
                **counted,
                "spanning_fragments": mates.around(junction, own),
                "cause": _cause(junction, places, params, partners),
            }
        )
    return FUSION_READS.conform(pd.DataFrame(found, columns=list(FUSION_READS.columns)))


def _names(splits: Int64s, of_row: Int64s, size: int) -> list[Int64s]:
    """Return the fragments of each junction."""
    order = np.argsort(of_row, kind="stable")
    borders = np.searchsorted(of_row[order], np.arange(size + 1))
    parts = np.split(splits[order, NAME], borders)
    return parts[1 : size + 1]


def _laid_one_way(evidence: Int64s) -> Int64s:
    """Turn rows so that the end with the lower contig and place is a: all reads one way.

    In a row that is turned the junction may lie further on instead of further back: its slack
    becomes negative.
    """
    told = evidence.copy()
    a, b = told[:, [CONTIG_A, PLACE_A]], told[:, [CONTIG_B, PLACE_B]]
    is_turned = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    turned = told[is_turned]
    for one, other in ((CONTIG_A, CONTIG_B), (PLACE_A, PLACE_B), (OUTER_A, OUTER_B)):
        turned[:, [one, other]] = turned[:, [other, one]]
    turned[:, [STRAND_A, STRAND_B]] = 1 - turned[:, [STRAND_B, STRAND_A]]
    turned[:, SLACK] *= -1
    told[is_turned] = turned
    return told


def _junctions(splits: Int64s, places: GenePlaces) -> tuple[list[_Junction], Int64s]:
    """Return the junctions of all rows, and which is each row's; -1 where none fits genes."""
    key = [CONTIG_A, PLACE_A, STRAND_A, CONTIG_B, PLACE_B, STRAND_B, SLACK]
    exact, inverse = np.unique(splits[:, key], axis=0, return_inverse=True)
    known: dict[_Junction, int] = {}
    numbers = np.full(len(exact), -1, dtype=np.int64)
    for row, written in enumerate(exact.tolist()):
        junction = _read(written, places)
        if junction is not None:
            numbers[row] = known.setdefault(junction, len(known))
    of_row = numbers[inverse.ravel()] if len(exact) else np.zeros(0, dtype=np.int64)
    junctions = list(known)
    sizes = np.bincount(of_row[of_row >= 0], minlength=len(junctions))
    merged = _merged(junctions, sizes)
    of_row[of_row >= 0] = merged[of_row[of_row >= 0]]
    return junctions, of_row


def _read(written: list[int], places: GenePlaces) -> _Junction | None:
    """Return the way a junction runs, at the base where it fits genes best; None if nowhere."""
    *ends, slack = written
    best: _Junction | None = None
    bound = min(abs(slack), _MOST_SLACK)
    for back in range(bound + 1):
        shift = -back if slack > 0 else back
        for junction in _ways(ends, shift, places):
            if best is None or junction.merit > best.merit:
                best = junction
    if best is None or not best.merit[0] or best.five.gene == best.three.gene:
        return None
    return best


def _ways(ends: list[int], shift: int, places: GenePlaces) -> list[_Junction]:
    """Return a junction read along the row and against it, moved along the row by `shift`."""
    contig_a, place_a, strand_a, contig_b, place_b, strand_b = ends
    a = place_a + (shift if strand_a == 0 else -shift)
    b = place_b + (shift if strand_b == 0 else -shift)
    ways = (
        (contig_a, a, strand_a, contig_b, b, strand_b),
        (contig_b, b, 1 - strand_b, contig_a, a, 1 - strand_a),
    )
    found = []
    for way in ways:
        five = places.spot(*way[:3], is_donor=True)
        three = places.spot(*way[3:], is_donor=False)
        found.append(_Junction(*way, five, three))
    return found


def _merged(junctions: list[_Junction], sizes: Int64s) -> Int64s:
    """Return for each junction the one that it is taken for: at exon ends, else the largest."""
    merged = np.arange(len(junctions), dtype=np.int64)
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, one in enumerate(junctions):
        key = (one.five.gene, one.three.gene, one.strand_5, one.strand_3)
        groups.setdefault(key, []).append(number)
    for group in groups.values():
        order = sorted(group, key=lambda n: (junctions[n].merit, sizes[n]), reverse=True)
        chosen: list[int] = []
        for number in order:
            own = junctions[number]
            near = [
                other
                for other in chosen
                if abs(junctions[other].place_5 - own.place_5) <= _NEAR
                and abs(junctions[other].place_3 - own.place_3) <= _NEAR
            ]
            merged[number] = near[0] if near else number
            if not near:
                chosen.append(number)
    return merged


def _counted(
    splits: Int64s, junctions: list[_Junction], of_row: Int64s
) -> Mapping[int, dict[str, object]]:
    """Count the fragments of each junction; leave out lone ones that are not at exon ends."""
    is_used = of_row >= 0
    rows = pd.DataFrame(
        {
            "junction": of_row[is_used],
            "name": splits[is_used, NAME],
            "outer_a": splits[is_used, OUTER_A],
            "outer_b": splits[is_used, OUTER_B],
            "anchor": splits[is_used, ANCHOR],
            "is_doubtful": (splits[is_used, ALIGNMENTS] > 1) | (splits[is_used, IS_POOR] > 0),
            "is_poor": splits[is_used, IS_POOR] > 0,
        }
    )
    rows.loc[_told_by_exons(rows, junctions) & ~rows["is_poor"], "is_doubtful"] = False
    if rows.empty:
        return {}
    grouped = rows.groupby("junction")
    fragments = grouped["name"].nunique()
    table = pd.DataFrame(
        {
            "split_fragments": fragments,
            "distinct_splits": _distinct(rows),
            "shortest_anchor": grouped["anchor"].max(),
            "is_repetitive": grouped["is_doubtful"].mean() >= _HALF,
        }
    )
    found: dict[int, dict[str, object]] = {}
    for number, row in zip(table.index.tolist(), table.to_dict("records"), strict=True):
        is_end_5, is_end_3 = junctions[number].five.off >= 0, junctions[number].three.off >= 0
        if row["split_fragments"] > 1 or (is_end_5 and is_end_3):
            ends = {"is_exon_end_5": is_end_5, "is_exon_end_3": is_end_3}
            found[number] = {**{str(k): v for k, v in row.items()}, **ends}
    return found


def _distinct(rows: pd.DataFrame) -> pd.Series:
    """Count fragments of different extent by junction: copies of a molecule have one.

    Both mates of a short fragment cross the junction, each from a place of its own.
    """
    ends = ["outer_a", "outer_b"]
    extents = rows.groupby(["junction", "name"], sort=False)[ends].agg(["min", "max"])
    extents.columns = pd.Index(["a_min", "a_max", "b_min", "b_max"])
    different = extents.reset_index().drop(columns="name").drop_duplicates()
    return different.groupby("junction").size()


def _told_by_exons(rows: pd.DataFrame, junctions: list[_Junction]) -> pd.Series:
    """Tell which fragments lie at exon ends on both sides in one junction alone.

    Of several places to which a read aligns in two parts, that is the likely one: copies of
    genes without introns, and chance, have no exon ends.
    """
    is_exact = np.array([one.merit[1] for one in junctions], dtype=bool)[rows["junction"]]
    fits = rows[is_exact].groupby("name")["junction"].nunique()
    return (rows["name"].map(fits) == 1) & is_exact


def _ends(junction: _Junction, places: GenePlaces) -> dict[str, object]:
    five, three = places.genes[junction.five.gene], places.genes[junction.three.gene]
    return {
        "gene_5": five.symbol, "gene_3": three.symbol,
        "contig_5": places.contigs[junction.contig_5], "position_5": junction.place_5,
        "strand_5": _STRANDS[junction.strand_5],
        "contig_3": places.contigs[junction.contig_3], "position_3": junction.place_3,
        "strand_3": _STRANDS[junction.strand_3],
    }  # fmt: skip


class _Mates:
    """Pairs whose mates lie apart, by the contigs and directions of both."""

    def __init__(self, pairs: Int64s, places: GenePlaces) -> None:
        self._places = places
        self._groups: dict[tuple[int, int, int, int], Int64s] = {}
        if not len(pairs):
            return
        keys, inverse = np.unique(
            pairs[:, [CONTIG_A, STRAND_A, CONTIG_B, STRAND_B]], axis=0, return_inverse=True
        )
        order = np.argsort(inverse.ravel(), kind="stable")
        borders = np.cumsum(np.bincount(inverse.ravel()))[:-1]
        for key, rows in zip(keys.tolist(), np.split(order, borders), strict=True):
            one, two, three, four = key
            self._groups[one, two, three, four] = pairs[rows][:, [NAME, PLACE_A, PLACE_B]]

    def around(self, junction: _Junction, splits: frozenset[int]) -> int:
        """Count the fragments, but those over the junction, that have a mate on either side."""
        one = junction
        along = (one.contig_5, one.strand_5, one.contig_3, one.strand_3)
        against = (one.contig_3, 1 - one.strand_3, one.contig_5, 1 - one.strand_5)
        found: set[int] = set()
        for key, (five, three) in ((along, (1, 2)), (against, (2, 1))):
            rows = self._groups.get(key)
            if rows is not None:
                is_around = self._before(junction, rows[:, five])
                is_around &= self._behind(junction, rows[:, three])
                found.update(rows[is_around, 0].tolist())
        return len(found - splits)

    def _before(self, junction: _Junction, places: Int64s) -> Bools:
        gene = self._places.genes[junction.five.gene]
        if junction.strand_5 == 0:
            is_before = (places <= junction.place_5 + _NEAR) & (places >= gene.start)
        else:
            is_before = (places >= junction.place_5 - _NEAR) & (places < gene.end)
        return np.asarray(is_before)

    def _behind(self, junction: _Junction, places: Int64s) -> Bools:
        gene = self._places.genes[junction.three.gene]
        if junction.strand_3 == 0:
            is_behind = (places >= junction.place_3 - _NEAR) & (places < gene.end)
        else:
            is_behind = (places <= junction.place_3 + _NEAR) & (places >= gene.start)
        return np.asarray(is_behind)


def _partners(junctions: list[_Junction], places: GenePlaces) -> Mapping[int, int]:
    """Return with how many other genes each gene is joined, but neighbours of its strand."""
    partners: dict[int, set[int]] = {}
    for one in junctions:
        five, three = one.five.gene, one.three.gene
        if places.genes[five].contig != places.genes[three].contig:
            partners.setdefault(five, set()).add(three)
            partners.setdefault(three, set()).add(five)
    return {gene: len(others) for gene, others in partners.items()}


def _cause(
    junction: _Junction,
    places: GenePlaces,
    params: JunctionParams,
    partners: Mapping[int, int],
) -> str:
    """Name what else may explain a junction."""
    five, three = places.genes[junction.five.gene], places.genes[junction.three.gene]
    causes = [
        _neighbours(junction, five, three, params.read_through_bp),
        "homologous" if is_alike(five.symbol, three.symbol) else "",
        *(kind_of_gene(gene, places.contigs[gene.contig]) for gene in (five, three)),
    ]
    most = max(partners.get(n, 0) for n in (junction.five.gene, junction.three.gene))
    if most > params.max_partners and not junction.merit[1]:
        causes.append("many_partners")
    return ";".join(dict.fromkeys(cause for cause in causes if cause))


def _neighbours(junction: _Junction, five: Gene, three: Gene, bound: int) -> str:
    """Tell whether a junction may be that of a transcript that runs on, or of a circle."""
    is_apart = junction.contig_5 != junction.contig_3
    if is_apart or junction.strand_5 != junction.strand_3:
        return ""
    gap = max(five.start, three.start) - min(five.end, three.end)
    if gap > bound:
        return ""
    is_on = (junction.place_3 > junction.place_5) == (junction.strand_5 == 0)
    return "read_through" if is_on else "circular"
