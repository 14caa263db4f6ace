# ruff: noqa: INP001, T201  a script that prints
"""Make `tcga_sarc.json`: mean and SD of MCP-counter scores, and mean of each marker.

Run as ``python reference/immune/make_tcga_sarc.py MATRIX``: a CSV of markers by samples,
log2(x + 1) of TCGA's RSEM counts with an upper quartile of 1000 (213 sarcomas with complex
genomes, as Petitprez et al. 2020 took them). No value of a single sample is kept.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.cohort_reference import write_cohort_reference
from storiform.io.genes import read_gene_names, read_mcp_markers
from storiform.io.resources import bundled
from storiform.model.cohort_reference import CohortReference
from storiform.model.tables.rna import POPULATIONS

_MOST_LOG2 = 30.0


def main(matrix: Path) -> None:
    """Read the matrix and write the reference beside this script."""
    names = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))
    table = read_mcp_markers(bundled("reference/signatures/mcp_counter.tsv"))
    logs = pd.read_csv(matrix, index_col=0)
    logs.index = pd.Index(_current(names.symbols(list(logs.index)), list(logs.index)))
    if float(logs.to_numpy().max()) > _MOST_LOG2:
        raise SystemExit("the values are linear; give log2(x + 1)")
    scores, markers = [], []
    for population, signature in POPULATIONS.items():
        symbols = table.loc[table["population"] == population, "symbol"].tolist()
        genes = [g for g in _current(names.symbols(symbols), symbols) if g in logs.index]
        own = logs.loc[genes]
        values = own.mean(axis=0)
        scores.append(
            ("mcp_counter", signature, values.mean(), values.std(ddof=1), len(values))
        )
        markers += [(signature, gene, mean) for gene, mean in own.mean(axis=1).items()]
    reference = CohortReference(
        name="tcga_sarc",
        biopsies=logs.shape[1],
        scale="log2_upper_quartile",
        scores=pd.DataFrame(scores, columns=["method", "signature", "mean", "sd", "n"]),
        markers=pd.DataFrame(markers, columns=["signature", "gene", "mean"]),
        profile=np.empty(0),
        settings={"mcp_symbols": "repaired"},
    )
    path = Path(__file__).with_name("tcga_sarc.json")
    write_cohort_reference(path, reference)
    print(f"{path}: {logs.shape[1]} samples, {len(markers)} markers")


def _current(symbols: list[str], written: list[str]) -> list[str]:
    return [new or old for new, old in zip(symbols, written, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
