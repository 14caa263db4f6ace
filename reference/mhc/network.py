# ruff: noqa: INP001  a recipe beside its result, in no package
"""The network of the class I model: a whole ensemble as one batched network.

A peptide enters by its first five and last four residues, its length and the residues that
lie between, in no order. All of this is a sum of rows of one table, and so is what an allele
adds: of its contact residues while training, one learnt vector once trained. What
is stored of an allele is that vector alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

HEAD, TAIL = 5, 4
SHORTEST, LONGEST = 8, 14
PLACES, LENGTHS = HEAD + TAIL, LONGEST - SHORTEST + 1
FEATURES = PLACES * 20 + LENGTHS + 20
"""Rows of the peptide's table: residue at each place, length, residue in the middle."""

_BLOSUM62 = """
4 0 -2 -1 -2 0 -2 -1 -1 -1 -1 -2 -1 -1 -1 1 0 0 -3 -2
0 9 -3 -4 -2 -3 -3 -1 -3 -1 -1 -3 -3 -3 -3 -1 -1 -1 -2 -2
-2 -3 6 2 -3 -1 -1 -3 -1 -4 -3 1 -1 0 -2 0 -1 -3 -4 -3
-1 -4 2 5 -3 -2 0 -3 1 -3 -2 0 -1 2 0 0 -1 -2 -3 -2
-2 -2 -3 -3 6 -3 -1 0 -3 0 0 -3 -4 -3 -3 -2 -2 -1 1 3
0 -3 -1 -2 -3 6 -2 -4 -2 -4 -3 0 -2 -2 -2 0 -2 -3 -2 -3
-2 -3 -1 0 -1 -2 8 -3 -1 -3 -2 1 -2 0 0 -1 -2 -3 -2 2
-1 -1 -3 -3 0 -4 -3 4 -3 2 1 -3 -3 -3 -3 -2 -1 3 -3 -1
-1 -3 -1 1 -3 -2 -1 -3 5 -2 -1 0 -1 1 2 0 -1 -2 -3 -2
-1 -1 -4 -3 0 -4 -3 2 -2 4 2 -3 -3 -2 -2 -2 -1 1 -2 -1
-1 -1 -3 -2 0 -3 -2 1 -1 2 5 -2 -2 0 -1 -1 -1 1 -1 -1
-2 -3 1 0 -3 0 1 -3 0 -3 -2 6 -2 0 0 1 0 -3 -4 -2
-1 -3 -1 -1 -4 -2 -2 -3 -1 -3 -2 -2 7 -1 -2 -1 -1 -2 -4 -3
-1 -3 0 2 -3 -2 0 -3 1 -2 0 0 -1 5 1 0 -1 -2 -2 -1
-1 -3 -2 0 -3 -2 0 -3 2 -2 -1 0 -2 1 5 -1 -1 -3 -3 -2
1 -1 0 0 -2 0 -1 -2 0 -2 -1 1 -1 0 -1 4 1 -2 -3 -2
0 -1 -1 -1 -2 -2 -2 -1 -1 -1 -1 0 -1 -1 -1 1 5 0 -2 -2
0 -1 -3 -2 -1 -3 -3 3 -2 1 1 -3 -2 -2 -3 -2 0 4 -3 -1
-3 -2 -4 -3 1 -2 -2 -3 -3 -2 -1 -4 -4 -2 -3 -3 -2 -3 11 2
-2 -2 -3 -2 3 -3 2 -1 -2 -1 -1 -2 -3 -1 -2 -2 -2 -1 2 7
"""  # doi:10.1073/pnas.89.22.10915
BLOSUM62 = torch.tensor(
    [[float(v) for v in row.split()] for row in _BLOSUM62.split("\n")[1:-1]]
)


@dataclass(frozen=True)
class Shape:
    """The sizes of one network."""

    alleles: int
    assays: int
    hidden: int
    second: int


def feature_rows(codes: Tensor, lengths: Tensor) -> Tensor:
    """Return the fifteen rows of the table that a peptide sums.

    Parameters
    ----------
    codes
        Residues (..., 14), anything behind the end.
    lengths
        Residues of each peptide (...,).

    Returns
    -------
    Tensor
        int64 (..., 15); `FEATURES` stands for none.
    """
    codes, lengths = codes.long(), lengths.long()
    steps = torch.arange(LONGEST, device=codes.device)
    tail = torch.gather(codes, -1, lengths[..., None] - TAIL + steps[:TAIL])
    head = codes[..., :HEAD] + 20 * steps[:HEAD]
    tail = tail + 20 * (steps[:TAIL] + HEAD)
    size = (PLACES * 20 + lengths - SHORTEST)[..., None]
    middle = codes[..., HEAD : LONGEST - TAIL] + PLACES * 20 + LENGTHS
    inside = lengths[..., None] - PLACES > steps[: LONGEST - PLACES]
    middle = torch.where(inside, middle, FEATURES)
    return torch.cat([head, tail, size, middle], -1)


class Ensemble(nn.Module):
    """Some networks of one shape, trained side by side on batches of their own.

    Parameters
    ----------
    members
        Number of networks, E.
    shape
        Their sizes.
    contacts
        Contact residues (A, 34) of the alleles, -1 where unknown.
    generator
        Draws the first weights.
    """

    def __init__(
        self, members: int, shape: Shape, contacts: Tensor, generator: torch.Generator
    ) -> None:
        super().__init__()

        def drawn(*size: int, scale: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(members, *size, generator=generator) * scale)

        self.shape = shape
        width, second = shape.hidden, shape.second
        known = contacts >= 0
        chains = torch.where(known[..., None], BLOSUM62[contacts.clamp(0).long()] / 5, 0.0)
        own = nn.functional.one_hot(contacts.clamp(0).long(), 20) * known[..., None]
        chains = torch.cat([chains, own], -1).flatten(1)
        mean = chains[known.all(1)].mean(0)
        self.register_buffer("chains", torch.where(known.all(1)[:, None], chains, mean))
        self.register_buffer("blosum", BLOSUM62 / 5)
        inputs = self.chains.shape[1]
        self.residues = drawn(PLACES, 20, width, scale=0.1)
        self.alike = drawn(PLACES, 20, width, scale=0.1)
        self.further = drawn(LENGTHS + 20, width, scale=0.1)
        self.contact = drawn(inputs, width, scale=0.03)
        self.allele = drawn(shape.alleles, width, scale=0.01)
        self.bias = nn.Parameter(torch.zeros(members, 1, width))
        self.weight2 = drawn(width, second, scale=(2 / width) ** 0.5)
        self.bias2 = nn.Parameter(torch.zeros(members, 1, second))
        self.offsets = nn.Parameter(torch.zeros(members, shape.assays))
        self.weight3 = drawn(second, 2, scale=(1 / second) ** 0.5)
        self.bias3 = nn.Parameter(torch.tensor([[-0.5, -1.5]]).repeat(members, 1, 1))

    def tables(self) -> tuple[Tensor, Tensor]:
        """Return what features (E, FEATURES, H) and alleles (E, A, H) add to hidden units."""
        alike = torch.einsum("ab,epbh->epah", self.blosum, self.alike)
        rows = torch.cat([(self.residues + alike).flatten(1, 2), self.further], 1)
        alleles = self.chains @ self.contact + self.allele + self.bias
        return rows, alleles

    def forward(self, rows: Tensor, alleles: Tensor, dropout: float = 0.0) -> Tensor:
        """Return the logits of affinity and of presentation.

        Parameters
        ----------
        rows
            `feature_rows` (E, B, 15) of each member's batch.
        alleles
            Numbers of the alleles (E, B).
        dropout
            Share of hidden units dropped.

        Returns
        -------
        Tensor
            float (E, B, 2).
        """
        members, batch = alleles.shape
        table, vectors = self.tables()
        chosen = torch.zeros(members, batch, FEATURES + 1, device=rows.device)
        chosen.scatter_add_(2, rows, torch.ones(rows.shape, device=rows.device))
        whose = torch.zeros(members, batch, self.shape.alleles, device=rows.device)
        whose.scatter_(2, alleles[..., None], 1.0)
        hidden = torch.relu(chosen[..., :FEATURES] @ table + whose @ vectors)
        hidden = nn.functional.dropout(hidden, dropout) if dropout else hidden
        second = torch.relu(hidden @ self.weight2 + self.bias2)
        return second @ self.weight3 + self.bias3
