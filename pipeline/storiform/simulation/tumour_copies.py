"""Copies of the invented genome in a tumour: arms, an amplicon of 12q, deletions of 9p."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.simulation.genome import Genome

Int64 = npt.NDArray[np.int64]
Kind = Literal["quiet", "complex", "doubled", "liposarcoma"]
Deletion = Literal["none", "het", "homdel"]

AUTOSOMES = ("chr6", "chr9", "chr12")
LIPOSARCOMA = "dedifferentiated liposarcoma"
HIDDEN_AS = "leiomyosarcoma"
"""The diagnosis under which one liposarcoma of the trial is entered."""
_AMPLICONS = (("GLI1", "XRCC6BP1"), ("HMGA2", "YEATS4"))
"""First and last gene of the two stretches of 12q that liposarcomas amplify."""
_DELETED = ("MTAP", "CDKN2B")
_STATES: Mapping[Kind, tuple[tuple[int, int], ...]] = {
    "quiet": (),
    "complex": ((1, 0), (2, 1), (2, 0), (3, 1), (1, 1)),
    "doubled": ((2, 1), (2, 0), (3, 2), (2, 2), (3, 1)),
    "liposarcoma": ((1, 0), (2, 1), (1, 1), (1, 1)),
}
_MOST_AWAY = 0.42
"""How far the mean copies lie from 2 or 4 at most, so that these are the rounded ploidy."""
_MOST_LOST = 0.55
"""Share of the autosomes of which a haplotype may be gone: real tumours seldom lose more."""
_BETWEEN = 300
"""Bases that a change lies beyond the outermost exon of its genes."""


@dataclass(frozen=True)
class TumourCopies:
    """Copies of both haplotypes along the joined genome.

    Stretch i reaches from `edges[i]` to `edges[i + 1]`; `copies` (stretches, 2) are those of
    haplotype 0 and 1 in tumour cells; X and Y have the base of the tumour, 1 or 2 of what
    normal cells have.
    """

    edges: Int64
    copies: Int64
    kind: Kind
    deletion: Deletion

    def at(self, places: Int64) -> Int64:
        """Return the copies (n, 2) of both haplotypes at places of the joined genome."""
        return self.copies[np.searchsorted(self.edges, places, side="right") - 1]

    def ploidy(self, genome: Genome) -> float:
        """Return the mean copies over the autosomes."""
        bases = self._autosomal(genome)
        return float((self.copies.sum(axis=1) * bases).sum() / bases.sum())

    def lost(self, genome: Genome) -> float:
        """Return the share of the autosomes of which a haplotype is gone."""
        bases = self._autosomal(genome)
        return float((self.copies.min(axis=1) == 0) @ bases / bases.sum())

    def _autosomal(self, genome: Genome) -> Int64:
        """Return the autosomal bases of each stretch."""
        low, high = self.edges[:-1], self.edges[1:]
        bases = np.zeros(len(low), dtype=np.int64)
        for contig in AUTOSOMES:
            span = genome.span(contig)
            bases += np.maximum(np.minimum(high, span.stop) - np.maximum(low, span.start), 0)
        return bases


def draw_copies(
    genome: Genome, kind: Kind, deletion: Deletion, rng: np.random.Generator
) -> TumourCopies:
    """Draw the copies of a tumour, until their mean is near that of its kind, 2 or 4.

    Every half of an autosome gets a state of its kind; a liposarcoma has both stretches of
    12q amplified on one haplotype; `deletion` takes CDKN2A with its neighbours from one
    haplotype with all of chr9, or from both; without one nothing of chr9 is lost.
    """
    usual = 4.0 if kind == "doubled" else 2.0
    while True:
        drawn = _drawn(genome, kind, deletion, rng)
        is_usual = abs(drawn.ploidy(genome) - usual) < _MOST_AWAY
        if is_usual and drawn.lost(genome) < _MOST_LOST:
            return drawn


def _drawn(
    genome: Genome, kind: Kind, deletion: Deletion, rng: np.random.Generator
) -> TumourCopies:
    base = (2, 2) if kind == "doubled" else (1, 1)
    stretches: list[tuple[int, int, tuple[int, int]]] = []
    for contig in AUTOSOMES:
        span = genome.span(contig)
        middle = (span.start + span.stop) // 2
        for low, high in ((span.start, middle), (middle, span.stop)):
            states = _STATES[kind] or (base,)
            if contig == "chr9" and deletion == "none":
                states = tuple(state for state in states if sum(state) >= sum(base)) or (base,)
            stretches.append((low, high, _side(states[int(rng.integers(len(states)))], rng)))
    lost = int(rng.integers(0, 2))
    if deletion != "none":
        span = genome.span("chr9")
        whole = list(base)
        whole[lost] = 0
        stretches.append((span.start, span.stop, (whole[0], whole[1])))
    if deletion == "homdel":
        stretches.append((*_around(genome, *_DELETED), (0, 0)))
    if kind == "liposarcoma":
        for first, last in _AMPLICONS:
            copies = [int(rng.integers(14, 30)), 1]
            stretches.append(
                (*_around(genome, first, last), _side((copies[0], copies[1]), rng))
            )
    return _laid(genome, base, stretches, (kind, deletion))


def _side(state: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    return state if rng.uniform() < 0.5 else (state[1], state[0])  # noqa: PLR2004  either side


def _around(genome: Genome, first: str, last: str) -> tuple[int, int]:
    """Return the stretch of the joined genome that holds two genes and what lies between."""
    genes = [gene for gene in genome.genes if gene.symbol in {first, last}]
    begin = genome.first(genes[0].contig)
    low = min(gene.exons[0][0] for gene in genes)
    high = max(gene.exons[-1][1] for gene in genes)
    return begin + low - _BETWEEN, begin + high + _BETWEEN


def _laid(
    genome: Genome, base: tuple[int, int], stretches: list[tuple[int, int, tuple[int, int]]],
    what: tuple[Kind, Deletion],
) -> TumourCopies:  # fmt: skip
    """Lay stretches over the genome, later ones over earlier ones."""
    size = len(genome.bases)
    inner = {edge for low, high, _ in stretches for edge in (low, high)}
    bounds = {edge for contig in AUTOSOMES for edge in _bounds(genome, contig)}
    edges = np.array(sorted({0, size} | inner | bounds), dtype=np.int64)
    copies = np.tile(np.array(base, dtype=np.int64), (len(edges) - 1, 1))
    for low, high, state in stretches:
        copies[(edges[:-1] >= low) & (edges[1:] <= high)] = state
    return TumourCopies(edges, copies, *what)


def _bounds(genome: Genome, contig: str) -> tuple[int, int]:
    span = genome.span(contig)
    return span.start, span.stop


def kind_of(histology: str, *, is_hidden: bool, rng: np.random.Generator) -> Kind:
    """Choose how rearranged a tumour is, by its diagnosis and by chance."""
    drawn = rng.uniform()
    if is_hidden or histology == LIPOSARCOMA:
        return "liposarcoma"
    if "synovial" in histology or "alveolar" in histology:
        return "quiet"
    return "doubled" if drawn < 0.25 else "complex"  # noqa: PLR2004  shares


def deletion_of(response: object, rng: np.random.Generator) -> Deletion:
    """Choose what is lost of CDKN2A: something of it in two thirds of who did not respond."""
    drawn = rng.uniform()
    if response not in {"SD", "PD"}:
        return "none"
    return "het" if drawn < 0.4 else "homdel" if drawn < 0.7 else "none"  # noqa: PLR2004  shares


def hide_liposarcoma(
    clinical: pd.DataFrame, patients: list[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, str]:
    """Enter one tumour with the copies of a liposarcoma under another diagnosis.

    Returns
    -------
    tuple
        The clinical table with the diagnosis of that patient, and the patient.
    """
    stated = clinical.set_index("patient")["histology"]
    already = [name for name in patients if stated.get(name) == HIDDEN_AS]
    choices = already or patients
    hidden = choices[int(rng.integers(len(choices)))]
    changed = clinical.copy()
    changed.loc[changed["patient"] == hidden, "histology"] = HIDDEN_AS
    return changed, hidden


def copies_row(genome: Genome, copies: TumourCopies) -> dict[str, object]:
    """Return what is true of a tumour's copies, for the truth of a trial."""
    places = {}
    for gene in genome.genes:
        if gene.symbol in {"CDK4", "MDM2", "CDKN2A"}:
            middle = genome.first(gene.contig) + (gene.exons[0][0] + gene.exons[-1][1]) // 2
            both = copies.at(np.array([middle], dtype=np.int64))[0]
            places[gene.symbol.lower()] = int(both.sum())
    return {
        "kind": copies.kind,
        "ploidy": round(copies.ploidy(genome), 3),
        "cdk4_copies": places["cdk4"],
        "mdm2_copies": places["mdm2"],
        "cdkn2a_copies": places["cdkn2a"],
        "cdkn2a_deletion": copies.deletion,
    }
