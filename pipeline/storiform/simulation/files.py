"""Writers of plain text: the same frame gives the same bytes."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.simulation.reference import Reference
from storiform.simulation.transcriptome import Transcriptome

ALIASED = 0.02
"""Share of the genes that the matrix names as they used to be called."""


def write_text(path: Path, text: str) -> None:
    """Write a text, packed without a time stamp where the name ends in ``.gz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(packed(data) if path.suffix == ".gz" else data)


def packed(data: bytes) -> bytes:
    """Pack bytes so that the result depends on them alone."""
    return gzip.compress(data, compresslevel=6, mtime=0)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV or, for ``.tsv`` and ``.maf``, a tab-separated table."""
    separator = "," if ".csv" in path.suffixes else "\t"
    write_text(path, table.to_csv(sep=separator, index=False, lineterminator="\n"))


def matrix_names(reference: Reference) -> list[str]:
    """Return the names of the genes in the count matrix, some of them no longer current."""
    genes = reference.genes
    rng = np.random.default_rng(5)
    is_old = (rng.uniform(size=len(genes)) < ALIASED) & (genes["alias"] != "").to_numpy()
    return np.where(is_old, genes["alias"], genes["symbol"]).tolist()  # type: ignore[no-any-return]


def write_matrix(path: Path, genes: list[str], samples: list[str], counts: np.ndarray) -> None:
    """Write a count matrix: one row a gene, one column a sample."""
    rows = (
        ",".join([gene, *map(str, row)])
        for gene, row in zip(genes, counts.tolist(), strict=True)
    )
    write_text(path, "\n".join([",".join(["gene", *samples]), *rows]) + "\n")


def write_salmon(path: Path, reference: Reference, counts: np.ndarray) -> None:
    """Write one library as salmon's gene-level table, genes by versioned Ensembl id."""
    genes = reference.genes
    effective = np.maximum(genes["length"].to_numpy(dtype=float) - 150, 1)
    per_base = counts / effective
    ids = np.where(genes["ensembl"] == "", genes["symbol"], genes["ensembl"] + ".7")
    table = pd.DataFrame(
        {
            "Name": ids,
            "Length": genes["length"],
            "EffectiveLength": effective,
            "TPM": (1e6 * per_base / per_base.sum()).round(6),
            "NumReads": counts,
        }
    )
    write_text(path, table.to_csv(sep="\t", index=False, lineterminator="\n"))


def write_counts(out: Path, reference: Reference, made: Transcriptome) -> None:
    """Write the matrix of most libraries, and a table of its own for the others."""
    in_matrix = [n for n, biopsy in enumerate(made.biopsies) if biopsy.rna == "matrix"]
    samples = [made.biopsies[n].rna_sample for n in in_matrix]
    names = matrix_names(reference)
    write_matrix(out / "counts.csv.gz", names, samples, made.counts[:, in_matrix])
    for number, biopsy in enumerate(made.biopsies):
        if biopsy.rna == "salmon":
            path = out / salmon_path(biopsy.rna_sample)
            write_salmon(path, reference, made.counts[:, number])


def salmon_path(sample: str) -> str:
    """Return where the salmon table of a library lies in the trial's folder."""
    return f"salmon/{sample}/quant.genes.sf"
