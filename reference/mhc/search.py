# ruff: noqa: INP001  a recipe beside its result, in no package
"""Try recipes on the validation split and write what each reaches.

``python search.py --data FOLDER --exclude FILE --out experiments.tsv [--workers N] LIST``

LIST holds one recipe a line, ``name field=value ...`` (fields of `train.Recipe`). Fold 0 (the
test) and the peptides of FILE with their neighbours are never looked at; fold 1 measures.
"""

import argparse
import multiprocessing
import queue
import time
from pathlib import Path

import data as source
import numpy as np
import pandas as pd
import torch
from packed import logits, pack
from scores import auroc, ppv, spearman
from train import SPLIT_SEED, Recipe, encoded, examples, kept_rows, parsed, train

VALIDATION, DECOYS = 1, 99


def ligand_rows(
    data: source.Data, fold: int, most: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Choose ligands of a fold with 99 natural windows of its proteins each; return truth."""
    _, folds = source.folds(data, SPLIT_SEED)
    short = data.ligands["peptide"].str.len() <= 11  # noqa: PLR2004  the lengths in use
    hits = data.ligands[(folds == fold) & short]
    hits = hits.sample(min(most, len(hits)), random_state=seed)
    parts = source.protein_parts(data.proteins, SPLIT_SEED)
    proteins = [p for p, part in zip(data.proteins, parts, strict=True) if part == fold]
    drawn = source.natural_peptides(proteins, DECOYS * len(hits), seed)
    decoys = pd.DataFrame({"peptide": drawn, "allele": np.tile(hits["allele"], DECOYS)})
    decoys = decoys[~decoys["peptide"].isin(data.ligands["peptide"])]
    rows = pd.concat([hits, decoys], ignore_index=True)
    return rows, np.arange(len(rows)) < len(hits)


def affinity_scores(rows: pd.DataFrame, guess: np.ndarray) -> dict[str, float]:
    """Score affinities: pooled, the mean over alleles, and two alleles known as hard."""
    open_end = np.where(rows["ic50"] <= 500, rows["sign"] > 0, rows["sign"] < 0)  # noqa: PLR2004
    rows, guess = rows[~open_end], guess[~open_end]
    binds = (rows["ic50"] <= 500).to_numpy()  # noqa: PLR2004  nM
    exact = ((rows["sign"] == 0) & rows["is_exact"]).to_numpy()
    each = {
        allele: auroc(binds[place], guess[place])
        for allele, place in rows.groupby("allele").indices.items()
        if min(binds[place].sum(), (~binds[place]).sum()) >= 5  # noqa: PLR2004  too few
    }
    like = (rows["assay"] == source.ASSAYS.index("kim2014")).to_numpy()
    return {
        "auroc_like": auroc(binds[like], guess[like]),
        "spearman_like": spearman(rows["y"].to_numpy()[exact & like], guess[exact & like]),
        "auroc": auroc(binds, guess),
        "spearman": spearman(rows["y"].to_numpy()[exact], guess[exact]),
        "auroc_alleles": float(np.mean(list(each.values()))),
        "auroc_a2402": each.get("HLA-A*24:02", np.nan),
        "auroc_b4403": each.get("HLA-B*44:03", np.nan),
    }


def ligand_scores(rows: pd.DataFrame, truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    """Score ligands: pooled, and the mean over alleles."""
    each = [
        ppv(truth[place], guess[place])
        for place in rows.groupby("allele").indices.values()
        if truth[place].sum() >= 10  # noqa: PLR2004  too few
    ]
    return {
        "ligand_auroc": auroc(truth, guess),
        "ligand_ppv": ppv(truth, guess),
        "ligand_ppv_alleles": float(np.mean(each)),
    }


def worker(jobs: "multiprocessing.Queue[str]", done: "multiprocessing.Queue[dict]",
           arguments: argparse.Namespace) -> None:  # fmt: skip
    """Train recipe after recipe until the list or the time is at its end."""
    torch.set_num_threads(2)
    torch.set_float32_matmul_precision("high")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = source.load(arguments.data)
    kept = kept_rows(data, arguments.exclude, hold_out=True, validate=True)
    fold, _ = source.folds(data, SPLIT_SEED)
    open_rows = kept_rows(data, arguments.exclude, hold_out=True)[0] & (fold == VALIDATION)
    measured = data.affinities[open_rows]
    eluted, truth = ligand_rows(data, VALIDATION, 6000, 1)
    number = pd.Index(data.alleles)
    while time.time() < arguments.until:
        line = jobs.get()
        if not line:
            return
        name, *changes = line.split()
        recipe = parsed(Recipe(), changes)
        start = time.time()
        model = train(data, examples(data, kept, recipe, device), recipe, 1, device)
        seconds = time.time() - start
        arrays = pack(model, data.alleles, np.full((len(data.alleles), 2), 99))
        guess, seen = (
            logits(
                arrays,
                encoded(rows["peptide"], device),
                torch.as_tensor(number.get_indexer(rows["allele"]), device=device),
            )
            .cpu()
            .numpy()
            for rows in (measured, eluted)
        )
        row = {"experiment": name, "changes": " ".join(changes), "seconds": round(seconds)}
        row |= affinity_scores(measured, guess[0])
        row |= ligand_scores(eluted, truth, seen[1])
        done.put(row)


def main() -> None:
    """Share the list out among workers and write the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("list", type=Path)
    arguments = parser.parse_args()
    arguments.until = time.time() + arguments.seconds
    context = multiprocessing.get_context("spawn")
    jobs, done = context.Queue(), context.Queue()
    lines = [line for line in arguments.list.read_text("utf-8").splitlines() if line.strip()]
    for line in [*lines, *[""] * arguments.workers]:
        jobs.put(line)
    team = [
        context.Process(target=worker, args=(jobs, done, arguments), daemon=True)
        for _ in range(arguments.workers)
    ]
    for one in team:
        one.start()
    rows: list[dict] = []
    while any(one.is_alive() for one in team) or not done.empty():
        try:
            rows.append(done.get(timeout=2))
        except queue.Empty:
            continue
        pd.DataFrame(rows).round(4).to_csv(arguments.out, sep="\t", index=False)
        print(rows[-1], flush=True)  # noqa: T201  the log of a long run
    jobs.cancel_join_thread()


if __name__ == "__main__":
    main()
