"""Gene symbols, their older names and lengths, markers and gene sets of the bundle."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.gene_sets import read_gene_sets
from storiform.io.genes import read_gene_lengths, read_gene_names, read_mcp_markers
from storiform.io.resources import bundled
from storiform.model.tables.rna import POPULATIONS

GENES = "reference/genome/gene_identifiers.tsv.gz"
LENGTHS = "reference/genome/gene_lengths.tsv.gz"
MARKERS = "reference/signatures/mcp_counter.tsv"
GENE_SETS = "reference/signatures/signatures.gmt"
UNIVERSE_SEED = 20_200
"""The genes of the matrix are the same in every simulated trial."""


@dataclass(frozen=True)
class Reference:
    """The genes of a simulated trial.

    `genes` has the columns `symbol, ensembl, alias, length`, sorted by symbol; `alias` and
    `ensembl` are empty unless they lead back to the symbol. `markers` maps a column of the
    table `mcp_counter` to the symbols of its markers.
    """

    genes: pd.DataFrame
    markers: Mapping[str, tuple[str, ...]]
    sets: Mapping[str, tuple[str, ...]]

    def rows(self, symbols: tuple[str, ...]) -> npt.NDArray[np.intp]:
        """Return the rows of those symbols that the matrix holds."""
        return np.flatnonzero(self.genes["symbol"].isin(symbols).to_numpy())


def read_reference(size: int) -> Reference:
    """Choose `size` protein-coding genes, all markers and signature genes among them."""
    markers = read_mcp_markers(bundled(MARKERS))
    sets = read_gene_sets(bundled(GENE_SETS))
    lengths = read_gene_lengths(bundled(LENGTHS)).set_index("gene")
    names = read_gene_names(bundled(GENES))
    table = pd.read_csv(bundled(GENES), sep="\t", dtype=str, keep_default_na=False)
    table = table[table["symbol"].isin(lengths.index)].drop_duplicates("symbol")
    known = names.known
    current = markers["symbol"].map(lambda symbol: known.get(symbol, symbol))
    wanted = set(current) | {known.get(g, g) for genes in sets.values() for g in genes}
    is_coding = table["symbol"].map(lengths["length_source"]) == "mane_select"
    kept = table[table["symbol"].isin(wanted)]
    others = table[is_coding & ~table["symbol"].isin(wanted)]
    drawn = others.sample(max(size - len(kept), 0), random_state=UNIVERSE_SEED)
    genes = pd.concat([kept, drawn]).sort_values("symbol", ignore_index=True)
    first = genes["ensembl"].str.split(",").str[0]
    symbols = genes["symbol"].tolist()
    genes["ensembl"] = [
        e if known.get(e) == s else "" for e, s in zip(first, symbols, strict=True)
    ]
    genes["alias"] = [
        next((a for a in names_.split(",") if a and known.get(a) == s and _is_plain(a)), "")
        for names_, s in zip(genes["aliases"], symbols, strict=True)
    ]
    genes["length"] = genes["symbol"].map(lengths["length"]).astype(int)
    populations = {
        POPULATIONS[str(name)]: tuple(group)
        for name, group in current.groupby(markers["population"], sort=True)
    }
    renamed = {n: tuple(known.get(gene, gene) for gene in genes) for n, genes in sets.items()}
    return Reference(genes[["symbol", "ensembl", "alias", "length"]], populations, renamed)


def _is_plain(name: str) -> bool:
    return name.replace("-", "").isalnum() and not name.isdigit()
