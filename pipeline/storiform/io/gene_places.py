"""Where genes and chromosome arms lie in a genome build: resources of copy number."""

from pathlib import Path

import pandas as pd

from storiform.io.columns import Layout, canonical, read_layout, whole_numbers
from storiform.model.errors import InputError, fault

_REMEDY = "Write the table like reference/genome/{name} of storiform."


def read_gene_places(path: Path) -> pd.DataFrame:
    """Read the genes that are always reported: `gene, contig, start, end, cytoband`.

    Places are 0-based and half-open; `cytoband` may be empty.

    Raises
    ------
    InputError
        If a column is missing, a place is no interval, or a gene stands there twice.
    """
    layout = _layout(path, ("gene", "contig", "start", "end", "cytoband"), "gene_places")
    places = _intervals(layout, ("gene", "contig", "cytoband"))
    genes = places["gene"].str.strip()
    wrong = genes.eq("") | genes.duplicated()
    if wrong.any():
        line = places.index[wrong][0]
        found = f"{genes[line]!r} a second time" if genes[line] else "an empty cell"
        raise layout.refused(line, "gene", found, "each gene once")
    return places.assign(gene=genes).reset_index(drop=True)


def read_chromosome_arms(path: Path) -> pd.DataFrame:
    """Read the arms of the chromosomes: `contig, arm, start, end`.

    Raises
    ------
    InputError
        If a column is missing, a place is no interval, or an arm is neither p nor q.
    """
    layout = _layout(path, ("contig", "arm", "start", "end"), "chromosome_arms")
    arms = _intervals(layout, ("contig", "arm"))
    wrong = ~arms["arm"].isin({"p", "q"}) | arms.duplicated(["contig", "arm"])
    if wrong.any():
        line = arms.index[wrong][0]
        found = repr(arms.loc[line, "arm"])
        raise layout.refused(line, "arm", found, "p and q, each once on a contig")
    return arms.reset_index(drop=True)


def _layout(path: Path, wanted: tuple[str, ...], name: str) -> Layout:
    layout = read_layout(path)
    if not layout.has(*wanted):
        where, remedy = f"{path.name}, header", _REMEDY.format(name=f"{name}.GRCh38.tsv")
        raise InputError(fault(where, layout.shown(), f"columns {', '.join(wanted)}", remedy))
    return layout


def _intervals(layout: Layout, words: tuple[str, ...]) -> pd.DataFrame:
    """Read names and places, in the order of the file."""
    numbers = {name: layout.column(name) for name in ("start", "end")}
    rows = layout.read({name: layout.column(name) for name in words}, numbers)
    for name in words:
        rows[name] = rows[name].astype(object).where(rows[name].notna(), "").astype(str)
    for name, column in numbers.items():
        rows[name] = whole_numbers(layout, rows[name], column)
    wrong = rows["end"] <= rows["start"]
    if wrong.any():
        line = rows.index[wrong][0]
        found = f"{rows.loc[line, 'start']} to {rows.loc[line, 'end']}"
        raise layout.refused(line, "end", found, "an interval that counts from 0, end > start")
    places = rows.assign(contig=canonical(rows["contig"]))
    front = [name for name in words if name != "cytoband"]
    return places[[*front, "start", "end", *(name for name in words if name not in front)]]
