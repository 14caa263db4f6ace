# ruff: noqa: INP001  a recipe beside its result, in no package
"""Measure the class I model on what it never saw, beside two baselines on the same split.

``python evaluate.py --data FOLDER --test binding_data_2013.zip --held-out leakfree.npz
--shipped model.npz --out FOLDER``

`--held-out` was trained by ``train.py --exclude TEST --hold-out``; the baselines are trained
here on exactly its affinities. The shipped weights have seen the test: their row tells what
that is worth, not how good they are. Writes evaluation.tsv and evaluation_alleles.tsv.
"""

import argparse
from pathlib import Path

import baselines
import data as source
import numpy as np
import packed
import pandas as pd
import torch
from scores import auroc, auroc_difference, ppv, spearman
from search import DECOYS, ligand_rows
from train import encoded, kept_rows

BINDER_NM, FEWEST = 500, 5
PENALTY, STEPS = 10.0, 800
"""Chosen on the validation split (README.md)."""


def load_test(path: Path) -> pd.DataFrame:
    """Read the human rows of the test: peptide, allele, ic50, y, binds, is_exact."""
    rows = pd.read_csv(path)
    rows["allele"] = rows["allele"].map(source.allele_name)
    human = (rows["species"] == "human") & (rows["allele"] != "")
    rows = rows[human & source.is_standard(rows["peptide"])].reset_index(drop=True)
    rows["y"] = 1 - np.log(rows["ic50"].clip(1, source.CEILING_NM)) / np.log(source.CEILING_NM)
    rows["binds"] = rows["ic50"] <= BINDER_NM
    rows["is_exact"] = rows["inequality"] == "="
    return rows


def scored(model: packed.Arrays, rows: pd.DataFrame, device: str) -> np.ndarray:
    """Return the logits of affinity and presentation (2, n); NaN without the allele."""
    whose = pd.Index(model["alleles"]).get_indexer(rows["allele"])
    result = packed.logits(
        model,
        encoded(rows["peptide"], device),
        torch.as_tensor(np.maximum(whose, 0), device=device),
    ).cpu()
    return np.where(whose < 0, np.nan, result.numpy())


def of_affinities(name: str, rows: pd.DataFrame, guess: np.ndarray) -> list[dict]:
    """Measure affinities: one row for each measure."""
    exact = rows["is_exact"].to_numpy()
    binds = rows["binds"].to_numpy()
    facts = {
        "AUROC at 500 nM": auroc(binds, guess),
        "Spearman, quantitative rows": spearman(rows["y"].to_numpy()[exact], guess[exact]),
    }
    for allele in ("HLA-A*24:02", "HLA-B*44:03"):
        mine = (rows["allele"] == allele).to_numpy()
        facts[f"AUROC at 500 nM, {allele}"] = auroc(binds[mine], guess[mine])
    return [{"model": name, "measure": key, "value": value} for key, value in facts.items()]


def of_ligands(
    name: str, rows: pd.DataFrame, truth: np.ndarray, guess: np.ndarray
) -> list[dict]:
    """Measure ligands among decoys: pooled, the mean over alleles, and of equal lengths."""
    known = ~np.isnan(guess)
    rows, truth, guess = rows[known], truth[known], guess[known]
    length = rows["peptide"].str.len().to_numpy()
    each = [
        (auroc(truth[place], guess[place]), ppv(truth[place], guess[place]))
        for place in rows.groupby("allele").indices.values()
        if truth[place].sum() >= FEWEST
    ]
    nine = length == 9  # noqa: PLR2004  the commonest length
    facts = {
        "ligand AUROC": auroc(truth, guess),
        "ligand PPV": ppv(truth, guess),
        "ligand AUROC, mean of alleles": float(np.mean([pair[0] for pair in each])),
        "ligand PPV, mean of alleles": float(np.mean([pair[1] for pair in each])),
        "ligand AUROC, nine residues alone": auroc(truth[nine], guess[nine]),
        "ligands": float(truth.sum()),
    }
    return [{"model": name, "measure": key, "value": value} for key, value in facts.items()]


def by_allele(rows: pd.DataFrame, guesses: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return AUROC and Spearman of each allele and model."""
    table = []
    for allele, place in rows.groupby("allele").indices.items():
        few = rows.iloc[place]
        row = {"allele": allele, "rows": len(few), "binders": int(few["binds"].sum())}
        exact = few["is_exact"].to_numpy()
        for name, guess in guesses.items():
            mine = guess[place]
            row[f"auroc_{name}"] = auroc(few["binds"].to_numpy(), mine)
            row[f"spearman_{name}"] = spearman(few["y"].to_numpy()[exact], mine[exact])
        table.append(row)
    return pd.DataFrame(table)


def main() -> None:
    """Measure everything and write the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--test", "--held-out", "--shipped", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = source.load(arguments.data)
    test = load_test(arguments.test)
    rows = kept_rows(data, [arguments.test], hold_out=True)[0]
    known = data.affinities[rows].reset_index(drop=True)
    held_out, shipped = packed.load(arguments.held_out), packed.load(arguments.shipped)
    guesses = {
        "held_out": scored(held_out, test, device)[0],
        "ridge": baselines.ridge(known, test, PENALTY),
        "recurrent": baselines.recurrent(known, test, (STEPS,), device)[0],
    }
    seen = scored(shipped, test, device)[0]
    table = [row for name, guess in guesses.items() for row in of_affinities(name, test, guess)]
    table += of_affinities("shipped", test[~np.isnan(seen)], seen[~np.isnan(seen)])
    group = source.clusters(source.encode(test["peptide"]))
    for name in ("ridge", "recurrent"):
        value, low, high = auroc_difference(
            test["binds"].to_numpy(), guesses["held_out"], guesses[name], group
        )
        measure = f"AUROC difference to {name}"
        row = {"model": "held_out", "measure": measure, "value": value}
        table.append(row | {"low": low, "high": high})
    eluted, truth = ligand_rows(data, 0, 10**6, 2)
    for name, model in (("held_out", held_out), ("shipped", shipped)):
        table += of_ligands(name, eluted, truth, scored(model, eluted, device)[1])
    out = pd.DataFrame(table)
    out["decoys"] = np.where(out["measure"].str.startswith("ligand"), DECOYS, 0)
    out.to_csv(arguments.out / "evaluation.tsv", sep="\t", index=False, float_format="%.4f")
    guesses["shipped"] = seen
    alleles = by_allele(test, guesses)
    alleles.to_csv(
        arguments.out / "evaluation_alleles.tsv", sep="\t", index=False, float_format="%.3f"
    )
    print(out.to_string())  # noqa: T201  the result


if __name__ == "__main__":
    main()
