"""Who is sequenced: the HLA alleles of a person, and what a tumour has made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import DECOYS
from storiform.simulation.hla_genes import HlaFamily

Pair = tuple[float, float]
Scenario = Literal[
    "retained", "loss", "neutral_loss", "doubled_loss", "gain", "high_gain", "doubled",
    "one_gene_loss", "subclonal_loss", "homozygous_deletion",
]  # fmt: skip
SCENARIOS: tuple[Scenario, ...] = get_args(Scenario)
CAPTURE_SD = 0.10
"""How much better a kit catches one allele than another: standard deviation of the log."""
SUBCLONAL = 0.6
"""Share of the tumour's cells with the loss that is called subclonal."""
_STATES: Mapping[Scenario, Pair] = {
    "retained": (1, 1), "loss": (1, 0), "neutral_loss": (2, 0), "doubled_loss": (2, 0),
    "gain": (2, 1), "high_gain": (4, 1), "doubled": (2, 2), "one_gene_loss": (1, 0),
    "subclonal_loss": (1, 0), "homozygous_deletion": (0, 0),
}  # fmt: skip
"""Copies of the kept haplotype and of the other."""
_DOUBLED: frozenset[Scenario] = frozenset({"doubled", "doubled_loss"})
_TRIES = 200


@dataclass(frozen=True)
class HlaPerson:
    """The alleles of a person, two a gene; the first of each lies on haplotype 0.

    Parameters
    ----------
    genotype
        Gene -> full names of both alleles; classical genes.
    decoys
        The same of genes and pseudogenes that resemble them.
    capture
        Allele -> how well the kit catches it, 1 on average; alike in all samples.
    """

    genotype: Mapping[str, tuple[str, str]]
    decoys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    capture: Mapping[str, float] = field(default_factory=dict)

    @property
    def alleles(self) -> tuple[str, ...]:
        """Return the classical alleles, gene by gene."""
        return tuple(name for pair in self.genotype.values() for name in pair)


@dataclass(frozen=True)
class HlaTumour:
    """What a tumour has of each haplotype, and how much of the sample it is.

    Parameters
    ----------
    purity
        Share of tumour cells.
    ploidy
        Mean copies of the whole genome in tumour cells.
    copies
        Gene -> copies of haplotype 0 and 1 in the cells that have changed.
    clonal_fraction
        Share of the tumour's cells that have changed.
    before
        Copies in its other cells.
    """

    purity: float
    ploidy: float
    copies: Mapping[str, Pair]
    clonal_fraction: float = 1.0
    before: Pair = (1.0, 1.0)

    def mean_copies(self, gene: str) -> Pair:
        """Return the mean copies of both haplotypes over all cells of the sample."""
        low = 1 - self.clonal_fraction
        one, two = (
            self.purity * (self.clonal_fraction * changed + low * old) + 1 - self.purity
            for changed, old in zip(
                self.copies.get(gene, self.before), self.before, strict=True
            )
        )
        return one, two

    @property
    def scale(self) -> float:
        """Return the mean copies of the genome over all cells, relative to two."""
        return (self.purity * self.ploidy + 2 * (1 - self.purity)) / 2


def scenario(
    name: Scenario, purity: float, lost: int = 1, gene: str = "A",
    ploidy: float | None = None, clonal_fraction: float | None = None,
) -> HlaTumour:  # fmt: skip
    """Return a tumour with a known fate of its HLA genes.

    Parameters
    ----------
    name
        One of `SCENARIOS`.
    purity
        Share of tumour cells.
    lost
        The haplotype, 0 or 1, that is lost or not gained.
    gene
        Of ``one_gene_loss``: the only gene that loses it.
    ploidy
        Of the tumour; 4 after a doubling of the genome and else 2 unless told.
    clonal_fraction
        Share of the tumour's cells with this fate: unless told, `SUBCLONAL` of a subclonal
        loss and else 1.
    """
    kept, other = _STATES[name]
    state = (kept, other) if lost else (other, kept)
    genes = (gene,) if name == "one_gene_loss" else (*CLASS_I, *DECOYS)
    is_doubled = name in _DOUBLED
    before = (2.0, 2.0) if is_doubled else (1.0, 1.0)
    usual = SUBCLONAL if name == "subclonal_loss" else 1.0
    return HlaTumour(
        purity, ploidy or (4.0 if is_doubled else 2.0), dict.fromkeys(genes, state),
        usual if clonal_fraction is None else clonal_fraction, before,
    )  # fmt: skip


def draw_person(
    family: HlaFamily,
    rng: np.random.Generator,
    genotype: Mapping[str, tuple[str, str]] | None = None,
    *,
    is_heterozygous: bool | None = None,
    capture_sd: float = CAPTURE_SD,
) -> HlaPerson:
    """Draw a person: alleles where none are given, decoys, and how well each is caught.

    Parameters
    ----------
    family
        The alleles that there are.
    rng
        Source of chance.
    genotype
        Gene -> names of both alleles, two fields or all; drawn where it is None.
    is_heterozygous
        Whether each drawn gene has two proteins, or twice one allele; None leaves it to
        chance.
    capture_sd
        Standard deviation of the logarithm of how well an allele is caught.

    Raises
    ------
    ValueError
        If a gene of the family has no two proteins but shall.
    """
    if genotype is None:
        pairs = {
            gene: _pair(family, gene, rng, is_heterozygous=is_heterozygous) for gene in CLASS_I
        }
    else:
        pairs = {
            gene: (family.find(one).name, family.find(two).name)
            for gene, (one, two) in genotype.items()
        }
    decoys: dict[str, tuple[str, str]] = {}
    for gene in family.decoys:
        known = family.of_gene(gene)
        one, two = (known[int(n)].name for n in rng.integers(len(known), size=2))
        decoys[gene] = one, two
    names = [name for pair in [*pairs.values(), *decoys.values()] for name in pair]
    capture = {name: float(np.exp(rng.normal(0, capture_sd))) for name in names}
    return HlaPerson(pairs, decoys, capture)


def _pair(
    family: HlaFamily, gene: str, rng: np.random.Generator, *, is_heterozygous: bool | None
) -> tuple[str, str]:
    known = family.of_gene(gene)
    for _ in range(_TRIES):
        one, two = (known[int(n)] for n in rng.integers(len(known), size=2))
        if is_heterozygous is False:
            return one.name, one.name
        if is_heterozygous is None or one.two_fields != two.two_fields:
            return one.name, two.name
    message = f"no two proteins of HLA-{gene} in {len(known)} alleles"
    raise ValueError(message)
