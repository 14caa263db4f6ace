# ruff: noqa: INP001  a recipe beside its result, in no package
"""Train the class I model.

``python train.py --data FOLDER --out model.npz [--exclude FILE]... [--hold-out]``

README.md names the data. `--exclude` takes a file of peptides (a CSV or zipped CSV with a
column ``peptide``): they and all that differ from one of them at a single residue are left
out. `--hold-out` leaves out fold 0 of the clusters of ligands, on which evaluate.py measures,
what lies within one substitution of it, and the natural proteins that its decoys are of.
With one seed, the same numbers come out on a CPU every time.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import data as source
import numpy as np
import packed
import pandas as pd
import torch
from network import Ensemble, Shape, feature_rows
from torch import Tensor, nn

SPLIT_SEED = 20130
CALIBRATION = 100_000
"""Random natural peptides on which percentile ranks stand."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a network learns.

    A step shows each network `affinities` measured peptides, `ligands` eluted ones and
    `decoys` natural windows for each of those; `passes` counts passes over the affinities.
    `weight` is that of an affinity beside a ligand, `qualitative` that of a measurement
    which only names a class, `benchmark` that of the curated set of Kim et al. The first
    `squared` of the members learn affinities by squared error, the others by cross entropy.
    """

    members: int = 10
    hidden: int = 384
    second: int = 48
    contacts: bool = True
    passes: float = 30.0
    affinities: int = 1024
    ligands: int = 1024
    decoys: int = 3
    rate: float = 3e-3
    decay: float = 0.03
    dropout: float = 0.2
    weight: float = 1.0
    qualitative: float = 0.3
    benchmark: float = 2.0
    squared: float = 0.5
    average: float = 0.999
    warm: int = 200


@dataclass(frozen=True)
class Examples:
    """What a network is shown, on its device."""

    rows: Tensor
    alleles: Tensor
    y: Tensor
    sign: Tensor
    weight: Tensor
    assay: Tensor
    ligand_rows: Tensor
    ligand_alleles: Tensor
    residues: Tensor
    starts: Tensor


def encoded(peptides: "pd.Series[str] | list[str]", device: str) -> Tensor:
    """Return the rows of the peptides' table (n, 15), int16."""
    coded = source.encode(peptides)
    rows = feature_rows(torch.from_numpy(coded.codes), torch.from_numpy(coded.lengths))
    return rows.to(torch.int16).to(device)


def examples(
    data: source.Data, kept: tuple[np.ndarray, np.ndarray, np.ndarray], recipe: Recipe,
    device: str,
) -> Examples:  # fmt: skip
    """Put the chosen affinities, ligands and proteins on the device."""
    measured, eluted = data.affinities[kept[0]], data.ligands[kept[1]]
    number = pd.Index(data.alleles)
    proteins = [p for p, is_kept in zip(data.proteins, kept[2], strict=True) if is_kept]
    residues = np.concatenate([np.frombuffer(p.encode(), np.uint8) for p in proteins])
    left = np.concatenate([np.arange(len(p), 0, -1) for p in proteins])
    weight = np.where(measured["is_exact"], 1.0, recipe.qualitative)
    is_curated = measured["assay"] == source.ASSAYS.index("kim2014")
    weight = np.where(is_curated, recipe.benchmark, weight)
    weight /= weight.mean()

    def put(values: np.ndarray, kind: torch.dtype) -> Tensor:
        return torch.as_tensor(np.array(values)).to(device, kind)

    return Examples(
        encoded(measured["peptide"], device),
        put(number.get_indexer(measured["allele"]), torch.int64),
        put(measured["y"], torch.float32),
        put(measured["sign"], torch.int64),
        put(weight, torch.float32),
        put(measured["assay"], torch.int64),
        encoded(eluted["peptide"], device),
        put(number.get_indexer(eluted["allele"]), torch.int64),
        put(source.CODES[residues], torch.int64),
        put(np.flatnonzero(left >= source.LONGEST), torch.int64),
    )


def shuffled(
    members: int, count: int, batch: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """Yield rows (members, batch) for ever, each member's in an order of its own."""
    order = torch.zeros(members, 0, dtype=torch.int64, device=generator.device)
    while True:
        while order.shape[1] < batch:
            drawn = [
                torch.randperm(count, generator=generator, device=generator.device)
                for _ in range(members)
            ]
            order = torch.cat([order, torch.stack(drawn)], 1)
        yield order[:, :batch]
        order = order[:, batch:]


def natural(shown: Examples, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw windows of natural proteins: rows (*shape, 15); 24 of 25 have 8 to 11 residues."""
    device = shown.residues.device
    places = torch.randint(len(shown.starts), shape, generator=generator, device=device)
    lengths = torch.randint(8 * 12, shape, generator=generator, device=device)
    lengths = torch.where(lengths < 92, 8 + lengths // 23, 12 + lengths % 3)  # noqa: PLR2004
    steps = torch.arange(source.LONGEST, device=device)
    codes = shown.residues[shown.starts[places][..., None] + steps]
    return feature_rows(codes, lengths)


def loss_of_affinity(logits: Tensor, y: Tensor, sign: Tensor, recipe: Recipe) -> Tensor:
    """Return the loss of each row; none where an inequality holds."""
    guess = torch.sigmoid(logits)
    held = ((sign > 0) & (guess < y)) | ((sign < 0) & (guess > y))
    loss = nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
    squared = int(recipe.squared * len(logits))
    if squared:
        loss = torch.cat([4 * (guess[:squared] - y[:squared]) ** 2, loss[squared:]])
    return torch.where(held, 0.0, loss)


def step_loss(
    model: Ensemble, shown: Examples, pick: tuple[Tensor, Tensor], recipe: Recipe,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Return the loss of one step, summed over the members."""
    measured, eluted = pick
    members, hits = eluted.shape
    count = hits * recipe.decoys
    whose = shown.ligand_alleles[eluted]
    rows = torch.cat(
        [
            shown.rows[measured].long(),
            shown.ligand_rows[eluted].long(),
            natural(shown, (members, count), generator),
        ],
        1,
    )
    alleles = torch.cat([shown.alleles[measured], whose, whose.repeat(1, recipe.decoys)], 1)
    logits = model(rows, alleles, recipe.dropout)
    first = measured.shape[1]
    shift = torch.gather(model.offsets, 1, shown.assay[measured])
    affinity = loss_of_affinity(
        logits[:, :first, 0] + shift, shown.y[measured], shown.sign[measured], recipe
    )
    total = recipe.weight * (affinity * shown.weight[measured]).mean(1).sum()
    presented = torch.zeros(members, hits + count, device=logits.device)
    presented[:, :hits] = 1.0
    seen = nn.functional.binary_cross_entropy_with_logits(
        logits[:, first:, 1], presented, reduction="none"
    )
    return total + seen.mean(1).sum()


def _fallen(done: float) -> float:
    """Return the share of the learning rate that is left: half a cosine from 1 to 0.005."""
    return float(0.5025 + 0.4975 * np.cos(np.pi * done))


def train(
    data: source.Data, shown: Examples, recipe: Recipe, seed: int, device: str,
    steps: int | None = None,
) -> Ensemble:  # fmt: skip
    """Train an ensemble and return it with the running averages of its weights."""
    torch.manual_seed(seed)
    first = torch.Generator().manual_seed(seed)
    draws = torch.Generator(device=device).manual_seed(seed + 1)
    shape = Shape(len(data.alleles), len(source.ASSAYS), recipe.hidden, recipe.second)
    contacts = torch.from_numpy(data.contacts)
    model = Ensemble(recipe.members, shape, contacts, first).to(device)
    if not recipe.contacts:
        model.chains.zero_()
    weights = list(model.parameters())
    averages = [weight.detach().clone() for weight in weights]
    optimiser = torch.optim.AdamW(
        weights, lr=recipe.rate, weight_decay=recipe.decay, fused=True
    )
    measured = shuffled(recipe.members, len(shown.rows), recipe.affinities, draws)
    eluted = shuffled(recipe.members, len(shown.ligand_rows), recipe.ligands, draws)
    total = steps or int(recipe.passes * len(shown.rows) / recipe.affinities)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1, (k + 1) / recipe.warm) * _fallen(k / total)
    )
    for k in range(total):
        loss = step_loss(model, shown, (next(measured), next(eluted)), recipe, draws)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        plan.step()
        keep = min(recipe.average, (1 + k) / (10 + k))
        for average, weight in zip(averages, weights, strict=True):
            average.lerp_(weight.detach(), 1 - keep)
    with torch.no_grad():
        for weight, average in zip(weights, averages, strict=True):
            weight.copy_(average)
    return model


def kept_rows(
    data: source.Data, exclude: list[Path], *, hold_out: bool = False, validate: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell which affinities, ligands and proteins may be learnt from.

    `hold_out` keeps the ligands of fold 0 apart, the affinities of peptides within one
    substitution of them, and the proteins of part 0; `validate` all of fold 1 and part 1.
    """
    measured = np.ones(len(data.affinities), bool)
    eluted = np.ones(len(data.ligands), bool)
    proteins = np.ones(len(data.proteins), bool)
    affine = source.encode(data.affinities["peptide"])
    for path in exclude:
        peptides = pd.read_csv(path)["peptide"].drop_duplicates()
        apart = source.encode(peptides[source.is_standard(peptides)])
        measured &= ~source.near(affine, apart)
        eluted &= ~source.near(source.encode(data.ligands["peptide"]), apart)
    fold, ligand_fold = source.folds(data, SPLIT_SEED)
    part = source.protein_parts(data.proteins, SPLIT_SEED)
    if hold_out:
        apart = source.encode(data.ligands["peptide"][ligand_fold == 0])
        measured &= ~source.near(affine, apart)
        eluted &= ligand_fold != 0
        proteins &= part != 0
    if validate:
        measured &= fold != 1
        eluted &= ligand_fold != 1
        proteins &= part != 1
    return measured, eluted, proteins


def parsed(recipe: Recipe, changes: list[str]) -> Recipe:
    """Change fields of a recipe as ``name=value``."""
    known = asdict(recipe)
    for change in changes:
        name, value = change.split("=")
        kind = type(known[name])
        known[name] = value == "True" if kind is bool else kind(value)
    return replace(recipe, **known)


def packed_model(
    data: source.Data, kept: tuple[np.ndarray, np.ndarray, np.ndarray], recipe: Recipe,
    seed: int, device: str, fewest: int = packed.FEWEST,
) -> packed.Arrays:  # fmt: skip
    """Train an ensemble and turn it into the arrays of a weights file, calibrated."""
    torch.set_float32_matmul_precision("high")
    model = train(data, examples(data, kept, recipe, device), recipe, seed, device)
    torch.set_float32_matmul_precision("highest")
    counts = np.stack(
        [
            frame[rows].drop_duplicates(["peptide", "allele"])["allele"].value_counts()
            .reindex(data.alleles, fill_value=0)
            for frame, rows in ((data.affinities, kept[0]), (data.ligands, kept[1]))
        ],
        1,
    )  # fmt: skip
    arrays = packed.pack(model, data.alleles, counts, fewest)
    peptides = source.natural_peptides(data.proteins, CALIBRATION, SPLIT_SEED)
    packed.calibrate(arrays, peptides, device)
    return arrays


def main() -> None:
    """Train and write a weights file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("changes", nargs="*", help="field=value of the recipe")
    arguments = parser.parse_args()
    start = time.time()
    recipe = parsed(Recipe(), arguments.changes)
    data = source.load(arguments.data)
    kept = kept_rows(data, arguments.exclude, hold_out=arguments.hold_out)
    fewest = 0 if arguments.exclude else packed.FEWEST
    arrays = packed_model(data, kept, recipe, arguments.seed, arguments.device, fewest)
    facts = asdict(recipe) | {
        "seed": arguments.seed,
        "excluded": [path.name for path in arguments.exclude],
        "held_out": arguments.hold_out,
        "rows": [int(rows.sum()) for rows in kept],
    }
    packed.save(arguments.out, arrays, facts)
    print(f"{arguments.out}: {time.time() - start:.0f} s on {arguments.device}")  # noqa: T201


if __name__ == "__main__":
    main()
