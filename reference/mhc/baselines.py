# ruff: noqa: INP001  a recipe beside its result, in no package
"""Two baselines, trained on the rows that the model is trained on: matrices, recurrent nets.

- Ridge matrices: for each allele one linear model of log IC50 on the features that the
  model sees (as SMM, doi:10.1186/1471-2105-6-132, with a plain ridge penalty).
- Recurrent networks: for each allele the architecture of MHCnuggets
  (doi:10.1158/2326-6066.CIR-19-0464), an LSTM of 64 units over the residues, a dense tanh
  layer of 64 and a sigmoid; trained for HLA-A*02:01 first, and from there for each allele.

The penalty and the number of steps are chosen on the validation split.
"""

import numpy as np
import pandas as pd
import torch
from data import LONGEST, encode
from network import FEATURES, feature_rows
from torch import Tensor, nn

PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
CHECKPOINTS = (100, 200, 400, 800, 1600, 3200)
FEW = 10
_UNITS, _BATCH, _FIRST_STEPS = 64, 64, 3000


def _design(peptides: "pd.Series[str]") -> np.ndarray:
    coded = encode(peptides)
    rows = feature_rows(torch.from_numpy(coded.codes), torch.from_numpy(coded.lengths)).numpy()
    matrix = np.zeros((len(rows), FEATURES + 1), np.float32)
    np.add.at(matrix, (np.arange(len(rows))[:, None], rows), 1)
    return matrix[:, :FEATURES].astype(np.float64)


def _solve(design: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    centre, mean = design.mean(0), y.mean()
    near = design - centre
    gram = near.T @ near + penalty * np.eye(near.shape[1])
    weights = np.linalg.solve(gram, near.T @ (y - mean))
    return weights, float(mean - centre @ weights)


def ridge(known: pd.DataFrame, asked: pd.DataFrame, penalty: float) -> np.ndarray:
    """Return the affinity (0 to 1) of the asked rows; one matrix of all where rows are few."""
    weights, mean = _solve(_design(known["peptide"]), known["y"].to_numpy(), penalty)
    guess = _design(asked["peptide"]) @ weights + mean
    groups = known.groupby("allele").indices
    for allele, place in asked.groupby("allele").indices.items():
        rows = groups.get(allele, np.zeros(0, int))
        if len(rows) >= FEW:
            few = known.iloc[rows]
            weights, mean = _solve(_design(few["peptide"]), few["y"].to_numpy(), penalty)
            guess[place] = _design(asked["peptide"].iloc[place]) @ weights + mean
    return guess


class Recurrent(nn.Module):
    """One recurrent network for each of some alleles, side by side."""

    def __init__(self, alleles: int, generator: torch.Generator) -> None:
        super().__init__()

        def drawn(*size: int) -> nn.Parameter:
            limit = (6 / (size[0] + size[1])) ** 0.5
            start = torch.rand(alleles, *size, generator=generator) * 2 - 1
            return nn.Parameter(start * limit)

        self.kernel = drawn(20, 4 * _UNITS)
        self.recurrent = drawn(_UNITS, 4 * _UNITS)
        bias = torch.zeros(alleles, 1, 4 * _UNITS)
        bias[..., _UNITS : 2 * _UNITS] = 1
        self.bias = nn.Parameter(bias)
        self.dense = drawn(_UNITS, _UNITS)
        self.dense_bias = nn.Parameter(torch.zeros(alleles, 1, _UNITS))
        self.out = drawn(_UNITS, 1)
        self.out_bias = nn.Parameter(torch.zeros(alleles, 1, 1))

    def forward(self, codes: Tensor, dropout: float = 0.0) -> Tensor:
        """Return the logits (A, B) of peptides (A, B, 14), -1 behind their ends."""
        state = torch.zeros(*codes.shape[:2], _UNITS, device=codes.device)
        memory = torch.zeros_like(state)
        residues = nn.functional.one_hot(codes.clamp(0).long(), 20).float()
        for step in range(LONGEST):
            gates = residues[:, :, step] @ self.kernel + state @ self.recurrent + self.bias
            take, keep, new, give = gates.chunk(4, -1)
            fresh = torch.sigmoid(keep) * memory + torch.sigmoid(take) * torch.tanh(new)
            inside = (codes[:, :, step] >= 0)[..., None]
            memory = torch.where(inside, fresh, memory)
            state = torch.where(inside, torch.sigmoid(give) * torch.tanh(fresh), state)
        state = nn.functional.dropout(state, dropout) if dropout else state
        return (torch.tanh(state @ self.dense + self.dense_bias) @ self.out + self.out_bias)[
            ..., 0
        ]


def _fit(
    model: Recurrent, known: list[tuple[Tensor, Tensor]], steps: int, batch: int,
    generator: torch.Generator,
) -> None:  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    device = known[0][1].device
    sizes = torch.tensor([len(y) for _, y in known], device=device)
    starts = (torch.cumsum(sizes, 0) - sizes)[:, None]
    codes = torch.cat([c for c, _ in known])
    y = torch.cat([value for _, value in known])
    for _ in range(steps):
        draw = torch.rand(len(known), batch, generator=generator, device=device)
        rows = starts + (draw * sizes[:, None]).long()
        loss = ((torch.sigmoid(model(codes[rows], 0.2)) - y[rows]) ** 2).mean(1).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


def recurrent(
    known: pd.DataFrame, asked: pd.DataFrame, stops: tuple[int, ...], device: str
) -> list[np.ndarray]:
    """Return the affinity (0 to 1) of the asked rows after each number of steps.

    An allele with fewer than ten rows to learn from is asked of the network of HLA-A*02:01.
    """
    torch.manual_seed(1)
    draws = torch.Generator(device=device).manual_seed(1)

    def put(rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
        codes = torch.from_numpy(encode(rows["peptide"]).codes).to(device)
        return codes, torch.as_tensor(rows["y"].to_numpy(np.float32), device=device)

    groups = {name: put(rows) for name, rows in known.groupby("allele") if len(rows) >= FEW}
    names = sorted(groups)
    first = Recurrent(1, torch.Generator().manual_seed(1)).to(device)
    _fit(first, [groups["HLA-A*02:01"]], _FIRST_STEPS, 256, draws)
    model = Recurrent(len(names), torch.Generator().manual_seed(1)).to(device)
    with torch.no_grad():
        for mine, theirs in zip(model.parameters(), first.parameters(), strict=True):
            mine.copy_(theirs.expand_as(mine))
    codes = torch.from_numpy(encode(asked["peptide"]).codes).to(device)
    guesses, done = [], 0
    for stop in stops:
        _fit(model, [groups[name] for name in names], stop - done, _BATCH, draws)
        done = stop
        guesses.append(_asked(model, first, names, asked, codes))
    return guesses


def _asked(
    model: Recurrent, first: Recurrent, names: list[str], asked: pd.DataFrame, codes: Tensor
) -> np.ndarray:
    guess = np.empty(len(asked))
    alone = Recurrent(1, torch.Generator().manual_seed(1)).to(codes.device)
    for allele, place in asked.groupby("allele").indices.items():
        own = first
        if allele in names:
            own = alone
            with torch.no_grad():
                for mine, all_of_them in zip(
                    alone.parameters(), model.parameters(), strict=True
                ):
                    mine.copy_(all_of_them[[names.index(allele)]])
        with torch.no_grad():
            logits = own(codes[torch.as_tensor(place, device=codes.device)][None])
        guess[place] = torch.sigmoid(logits)[0].cpu().numpy()
    return guess
