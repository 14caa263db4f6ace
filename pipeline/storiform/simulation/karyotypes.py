"""Random karyotypes of sarcomas: what truly stands on each stretch of the genome."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.model.copies import PSEUDOAUTOSOMAL
from storiform.model.genome import LENGTHS
from storiform.simulation.exome import CENTROMERES, GENES

Kind = Literal["quiet", "liposarcoma", "complex"]
Amplicon = Literal["none", "both", "mdm2", "broad"]
Deletion = Literal["none", "homozygous", "loss", "loh", "neighbour"]
Sex = Literal["female", "male"]

_ARMS: Final = {"quiet": (0, 2), "liposarcoma": (2, 7), "complex": (10, 20)}
_STRETCHES: Final = {"quiet": (0, 2), "liposarcoma": (3, 8), "complex": (15, 35)}
_SINGLE: Final = ((1, 0), (2, 1), (2, 0), (3, 1))
_DOUBLED: Final = ((2, 1), (2, 0), (3, 2), (1, 1), (3, 1), (4, 2), (1, 0))
_ACROCENTRIC: Final = frozenset({"chr13", "chr14", "chr15", "chr21", "chr22"})
_SEGMENT: Final = (
    "contig",
    "start",
    "end",
    "major",
    "minor",
    "ccf",
    "rest_major",
    "rest_minor",
)


@dataclass(frozen=True)
class Plan:
    """What a karyotype is to hold.

    Parameters
    ----------
    kind
        How rearranged: a fusion sarcoma (quiet), a liposarcoma, or complex as leiomyosarcoma.
    is_doubled
        Whether the genome was doubled before most other events.
    amplicon
        Of 12q13-15: CDK4 and MDM2 (in several pieces), MDM2 alone, a broad gain of 12q.
    deletion
        Of 9p21: CDKN2A homozygous (60 kb to 3 Mb, on a loss of one copy), one copy lost, LOH
        without loss, or a homozygous deletion beside CDKN2A that spares it.
    sex
        Whose X and Y.
    contigs
        The chromosomes of the genome; fewer make a smaller one, with as dense events.
    """

    kind: Kind
    is_doubled: bool = False
    amplicon: Amplicon = "none"
    deletion: Deletion = "none"
    sex: Sex = "female"
    contigs: tuple[str, ...] = tuple(LENGTHS["GRCh38"])


@dataclass(frozen=True)
class Karyotype:
    """Copies of each stretch of a tumour's genome.

    Parameters
    ----------
    plan
        What it was drawn for.
    segments
        One row per stretch: `contig, start, end`; a share `ccf` of the tumour cells has
        `major` and `minor` copies, the others `rest_major` and `rest_minor`. Sorted; the
        stretches of a contig touch.
    """

    plan: Plan
    segments: pd.DataFrame

    @cached_property
    def total(self) -> npt.NDArray[np.float64]:
        """Return the mean copies of each stretch over the tumour cells, (n,)."""
        return self._mean("major") + self.minor

    @cached_property
    def minor(self) -> npt.NDArray[np.float64]:
        """Return the mean copies of the minor allele, (n,)."""
        return self._mean("minor")

    @property
    def ploidy(self) -> float:
        """Return the mean copies over the autosomes."""
        weights = self._autosomal_bases()
        return float((weights * self.total).sum() / weights.sum())

    @property
    def is_doubled(self) -> bool:
        """Say whether most of the autosomes have a major copy of 2 or more."""
        weights = self._autosomal_bases()
        return bool(weights[self.segments["major"].to_numpy() >= 2].sum() > weights.sum() / 2)  # noqa: PLR2004  definition of a doubled genome

    def rows_at(self, contigs: pd.Series, positions: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the row of `segments` over each position, (n,)."""
        order = {name: number for number, name in enumerate(LENGTHS["GRCh38"])}
        stride = 2**32
        codes = contigs.map(order).to_numpy(dtype=np.int64)
        mine = self.segments["contig"].map(order).to_numpy(dtype=np.int64)
        starts = mine * stride + self.segments["start"].to_numpy(dtype=np.int64)
        at = codes * stride + np.asarray(positions, dtype=np.int64)
        return np.asarray(np.searchsorted(starts, at, "right") - 1, dtype=np.intp)

    def genes(self) -> pd.DataFrame:
        """Return, for each gene of interest, the least and most copies over its body."""
        rows = []
        for gene, (contig, start, end, _) in GENES.items():
            table = self.segments
            hit = (
                (table["contig"] == contig) & (table["end"] > start) & (table["start"] < end)
            ).to_numpy()
            if hit.any():
                total = self.total[hit]
                row = (
                    gene,
                    contig,
                    start,
                    end,
                    total.min(),
                    total.max(),
                    self.minor[hit].min(),
                )
                rows.append(row)
        names = ["gene", "contig", "start", "end", "total_least", "total_most", "minor"]
        return pd.DataFrame(rows, columns=names)

    def _mean(self, allele: str) -> npt.NDArray[np.float64]:
        table = self.segments
        share = table["ccf"].to_numpy(dtype=float)
        here = table[allele].to_numpy(dtype=float)
        rest = table[f"rest_{allele}"].to_numpy(dtype=float)
        return np.asarray(share * here + (1 - share) * rest, dtype=np.float64)

    def _autosomal_bases(self) -> npt.NDArray[np.float64]:
        table = self.segments
        bases = (table["end"] - table["start"]).to_numpy(dtype=float)
        return np.where(table["contig"].isin(["chrX", "chrY"]).to_numpy(), 0.0, bases)


def normal_copies(
    contigs: pd.Series, positions: npt.ArrayLike, sex: Sex
) -> npt.NDArray[np.float64]:
    """Return the copies of normal cells at each position, (n,)."""
    at = np.asarray(positions, dtype=np.int64)
    copies = np.full(len(at), 2.0)
    if sex == "female":
        copies[(contigs == "chrY").to_numpy()] = 0.0
        return copies
    is_shared = np.zeros(len(at), dtype=bool)
    for start, end in PSEUDOAUTOSOMAL["GRCh38"]["chrX"]:
        is_shared |= (contigs == "chrX").to_numpy() & (at >= start) & (at < end)
    copies[contigs.isin(["chrX", "chrY"]).to_numpy() & ~is_shared] = 1.0
    return copies


def draw_karyotype(plan: Plan, rng: np.random.Generator) -> Karyotype:
    """Draw a karyotype: arms, stretches of 2-40 Mb, then the plan's amplicon and deletion."""
    made = _Genome(plan)
    share = sum(LENGTHS["GRCh38"][c] for c in made.autosomes) / _AUTOSOMAL_BASES
    _draw_broad(made, plan.kind, share, rng)
    if plan.kind == "complex":
        _draw_suppressors(made, rng)
    _draw_amplicon(made, plan, rng)
    _draw_deletion(made, plan, rng)
    if plan.sex == "male" and plan.kind == "complex" and rng.random() < _LOST_Y:
        made.put("chrY", 0, LENGTHS["GRCh38"]["chrY"], (0, 0))
    return Karyotype(plan, made.frame())


_AUTOSOMAL_BASES = sum(n for c, n in LENGTHS["GRCh38"].items() if c not in {"chrX", "chrY"})
_LOST_Y = 0.3
_CLONAL = 0.85
"""Share of the broad events that all tumour cells carry."""


_State = tuple[int, int, float, int, int]
"""major, minor, ccf, rest_major, rest_minor."""


class _Genome:
    """Segments under construction: later events overwrite earlier ones."""

    def __init__(self, plan: Plan) -> None:
        self.base = (2, 2) if plan.is_doubled else (1, 1)
        self.is_doubled = plan.is_doubled
        lengths = LENGTHS["GRCh38"]
        self.autosomes = tuple(c for c in plan.contigs if c not in {"chrX", "chrY"})
        whole = (*self.base, 1.0, *self.base)
        self._rows: dict[str, list[tuple[int, int, _State]]] = {
            c: [(0, lengths[c], whole)] for c in plan.contigs
        }
        if plan.sex == "male":
            single = (self.base[0], 0)
            self.put("chrY", 0, lengths["chrY"], single)
            (_, first), (last, _) = PSEUDOAUTOSOMAL["GRCh38"]["chrX"]
            self.put("chrX", first, last, single)
        else:
            self.put("chrY", 0, lengths["chrY"], (0, 0))

    def put(
        self, contig: str, start: int, end: int, state: tuple[int, int], ccf: float = 1.0
    ) -> None:
        """Give a stretch new copies in a share of the cells; the others keep the old ones."""
        rows: list[tuple[int, int, _State]] = []
        for a, b, old in self._rows.get(contig, []):
            if end <= a or start >= b:
                rows.append((a, b, old))
                continue
            if a < start:
                rows.append((a, start, old))
            rest = old[:2] if old[2] == 1.0 else old[3:]
            new = (*state, ccf, *(state if ccf == 1.0 else rest))
            rows.append((max(a, start), min(b, end), new))
            if b > end:
                rows.append((end, b, old))
        if contig in self._rows:
            self._rows[contig] = rows

    def frame(self) -> pd.DataFrame:
        """Return the segments; neighbours of one state are one."""
        rows: list[tuple[str, int, int, _State]] = []
        for contig, segments in self._rows.items():
            for start, end, state in segments:
                is_same = bool(rows) and rows[-1][0] == contig and rows[-1][3] == state
                first = rows.pop()[1] if is_same else start
                rows.append((contig, first, end, state))
        flat = [(contig, start, end, *state) for contig, start, end, state in rows]
        return pd.DataFrame(flat, columns=list(_SEGMENT))


def _draw_broad(made: _Genome, kind: Kind, share: float, rng: np.random.Generator) -> None:
    lengths = LENGTHS["GRCh38"]
    arms = [(c, 0, CENTROMERES[c]) for c in made.autosomes if c not in _ACROCENTRIC]
    arms += [(c, CENTROMERES[c], lengths[c]) for c in made.autosomes]
    states = _DOUBLED if made.is_doubled else _SINGLE

    def count(between: Mapping[str, tuple[int, int]]) -> int:
        drawn = int(rng.integers(*between[kind]))
        return drawn if share == 1.0 else int(rng.poisson(drawn * share))

    for arm in rng.permutation(len(arms))[: count(_ARMS)]:
        contig, first, last = arms[arm]
        made.put(contig, first, last, states[rng.integers(len(states))], _draw_ccf(rng))
    for _ in range(count(_STRETCHES)):
        contig, first, last = arms[rng.integers(len(arms))]
        length = int(10 ** rng.uniform(6.3, 7.6))
        start = int(rng.uniform(first, max(first + 1, last - length)))
        state = states[rng.integers(len(states))]
        made.put(contig, start, min(start + length, last), state, _draw_ccf(rng))


def _draw_ccf(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < _CLONAL else float(round(rng.uniform(0.3, 0.7), 2))


def _draw_suppressors(made: _Genome, rng: np.random.Generator) -> None:
    """Lose TP53, RB1 and PTEN as complex sarcomas do, some of them wholly."""
    one = (2, 0) if made.is_doubled else (1, 0)
    for gene, lost, wholly in (("TP53", 0.4, 0.05), ("RB1", 0.4, 0.2), ("PTEN", 0.3, 0.05)):
        contig, start, end, _ = GENES[gene]
        drawn = rng.random()
        before, after = (int(10 ** rng.uniform(5.5, 6.8)) for _ in range(2))
        if drawn < lost + wholly:
            made.put(contig, max(start - 3 * before, 0), end + 3 * after, one)
        if drawn < wholly:
            near, far = int(before / 20), int(after / 20)
            made.put(contig, max(start - near, 0), end + far, (0, 0))


def _draw_amplicon(made: _Genome, plan: Plan, rng: np.random.Generator) -> None:
    """Amplify 12q13-15: pieces with copies of their own between stretches that are not."""
    minor = made.base[1]
    if plan.amplicon == "broad":
        major = made.base[0] + int(rng.integers(1, 4))
        start = int(rng.uniform(CENTROMERES["chr12"], 50e6))
        made.put("chr12", start, int(rng.uniform(85e6, 133e6)), (major, minor))
        return
    if plan.amplicon == "none":
        return
    pieces = [(rng.uniform(66.0, 68.5), rng.uniform(68.95, 70.8))]
    if plan.amplicon == "both":
        pieces.append((rng.uniform(56.9, 57.65), rng.uniform(57.85, 60.0)))
        pieces += [(a, a + rng.uniform(0.2, 1.5)) for a in rng.uniform(72, 90, rng.integers(3))]
    for first, last in pieces:
        copies = int(np.exp(rng.uniform(np.log(8), np.log(50))))
        made.put("chr12", int(first * 1e6), int(last * 1e6), (max(copies - minor, 8), minor))


def _draw_deletion(made: _Genome, plan: Plan, rng: np.random.Generator) -> None:
    """Lose 9p21 as planned, with the length of the deletion log-uniform in 60 kb to 3 Mb."""
    if plan.deletion == "none":
        return
    one = (2, 0) if made.is_doubled else (1, 0)
    state = (made.base[0] + made.base[1], 0) if plan.deletion == "loh" else one
    start, end = int(rng.uniform(1e6, 18e6)), int(rng.uniform(26e6, 42e6))
    made.put("chr9", start, end, state)
    contig, first, last, _ = GENES["CDKN2A"]
    if plan.deletion == "homozygous":
        spare = int(10 ** rng.uniform(np.log10(6e4), np.log10(3e6))) - (last - first)
        before = int(spare * rng.uniform(0.2, 0.8))
        made.put(contig, first - before, last + spare - before, (0, 0))
    if plan.deletion == "neighbour":
        beside = rng.random() < 0.5  # noqa: PLR2004  either side of CDKN2A
        at = (20_800_000, 21_790_000) if beside else (22_300_000, 23_900_000)
        made.put(contig, *at, (0, 0))
