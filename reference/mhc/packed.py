# ruff: noqa: INP001  a recipe beside its result, in no package
"""The weights as they are shipped: half precision, one learnt vector an allele, quantiles.

This is a second reader of the file, in PyTorch; the package has its own in numpy.
"""

import json
from pathlib import Path

import numpy as np
import torch
from data import encode
from network import FEATURES, HEAD, LONGEST, SHORTEST, TAIL, Ensemble, feature_rows
from torch import Tensor

VERSION = "1"
FEWEST = 20
"""An allele with fewer measured and eluted peptides is left out."""
RANKS = np.geomspace(1e-3, 100, 241)
"""Percentiles (%) at which the score of random natural peptides is stored."""
Arrays = dict[str, np.ndarray]


def pack(
    model: Ensemble, alleles: list[str], counts: np.ndarray, fewest: int = FEWEST
) -> Arrays:
    """Turn a trained ensemble into the arrays of the weights file, without quantiles.

    `counts` (A, 2) holds the affinities and ligands of each allele; those with fewer than
    `fewest` peptides are left out.
    """
    with torch.no_grad():
        table, vectors = (part.cpu().numpy() for part in model.tables())
        dense = torch.cat([model.weight2, model.bias2], 1).cpu().numpy()
        last = torch.cat([model.weight3, model.bias3], 1).cpu().numpy().transpose(0, 2, 1)
    kept = counts.sum(1) >= fewest
    return {
        "table": table.astype(np.float16),
        "vectors": vectors[:, kept].astype(np.float16),
        "dense": dense.astype(np.float16),
        "last": last.astype(np.float32),
        "alleles": np.array(alleles)[kept],
        "counts": counts[kept].astype(np.int32),
        "head": np.int32(HEAD),
        "tail": np.int32(TAIL),
        "lengths": np.array([SHORTEST, LONGEST], np.int32),
        "version": np.array(VERSION),
    }


def logits(packed: Arrays, rows: Tensor, whose: Tensor | int) -> Tensor:
    """Return the mean logits of affinity and presentation (2, n).

    `rows` are `feature_rows` (n, 15), `whose` the number of each row's allele (n,) or one.
    """
    device = rows.device

    def put(name: str) -> Tensor:
        return torch.as_tensor(packed[name].astype(np.float32), device=device)

    table, vectors, dense, last = map(put, ("table", "vectors", "dense", "last"))
    parts = []
    for start in range(0, len(rows), 8192):
        few = rows[start : start + 8192].long()
        chosen = torch.zeros(len(few), FEATURES + 1, device=device)
        chosen.scatter_add_(1, few, torch.ones(few.shape, device=device))
        mine = whose if isinstance(whose, int) else whose[start : start + 8192]
        added = vectors[:, mine, None] if isinstance(mine, int) else vectors[:, mine]
        added = added.reshape(len(vectors), -1, vectors.shape[2])
        hidden = torch.relu(chosen[:, :FEATURES] @ table + added)
        second = torch.relu(hidden @ dense[:, :-1] + dense[:, -1:])
        out = second @ last[..., :-1].transpose(1, 2) + last[..., -1][:, None]
        parts.append(out.mean(0).T)
    return torch.cat(parts, 1)


def calibrate(packed: Arrays, peptides: list[str], device: str) -> None:
    """Add to the arrays, for each allele, the presentation score at each rank of `RANKS`."""
    coded = encode(peptides)
    rows = feature_rows(torch.from_numpy(coded.codes), torch.from_numpy(coded.lengths))
    rows = rows.to(device)
    place = RANKS / 100 * len(peptides) - 0.5
    quantiles = np.empty((len(packed["alleles"]), len(RANKS)), np.float32)
    for number in range(len(quantiles)):
        falling = -np.sort(-logits(packed, rows, number)[1].cpu().numpy())
        quantiles[number] = np.interp(place, np.arange(len(falling)), falling)
    packed["quantiles"], packed["ranks"] = quantiles, RANKS.astype(np.float32)


def save(path: Path, packed: Arrays, recipe: dict) -> None:
    """Write the weights file; the same arrays give the same bytes."""
    np.savez_compressed(path, **packed, recipe=np.array(json.dumps(recipe)))


def load(path: Path) -> Arrays:
    """Read a weights file."""
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)
