"""Names, lengths and transcripts of genes: readers of the resources that steps ask for."""

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.paths import state_of
from storiform.model.errors import InputError, fault
from storiform.model.resources import without_version
from storiform.model.tables.rna import POPULATIONS

_ATTRIBUTE = {name: re.compile(rf'{name} "([^"]+)"') for name in ("transcript_id", "gene_id")}


@dataclass(frozen=True)
class NameTable:
    """Every unambiguous name of a gene -> its current symbol; see `GeneNames`."""

    known: Mapping[str, str]

    def symbols(self, ids: Sequence[str]) -> list[str]:
        """Return the current symbol of each id, empty where the id is unknown."""
        known = self.known
        return [known.get(name) or known.get(without_version(name), "") for name in ids]


def read_gene_names(path: Path) -> NameTable:
    """Read a table of genes: `entrez`, `symbol`, `ensembl` and `aliases` (comma-separated)."""
    return _gene_names(path, state_of(path))


@lru_cache(maxsize=2)
def _gene_names(path: Path, state: tuple[object, ...]) -> NameTable:  # noqa: ARG001  cache key
    wanted = ["entrez", "symbol", "ensembl", "aliases"]
    genes = _read_table(path, wanted)
    known: dict[str, str] = {}
    for column in ("aliases", "ensembl"):
        owners: dict[str, set[str]] = {}
        for symbol, names in zip(genes["symbol"], genes[column], strict=True):
            for name in filter(None, names.split(",")):
                owners.setdefault(name, set()).add(symbol)
        known |= {name: min(of) for name, of in owners.items() if len(of) == 1}
    known |= dict(zip(genes["entrez"], genes["symbol"], strict=True))
    known |= {symbol: symbol for symbol in genes["symbol"]}
    return NameTable(known)


def read_gene_lengths(path: Path) -> pd.DataFrame:
    """Read the exon length of each gene: `gene`, `length` (bp), `length_source`."""
    lengths = _read_table(path, ["gene", "length", "length_source"])
    return lengths.assign(length=_numbers(path, lengths["length"]))


def read_mcp_markers(path: Path) -> pd.DataFrame:
    """Read the markers of MCP-counter: `population`, `symbol_published`, `symbol`, `entrez`."""
    markers = _read_table(path, ["population", "symbol_published", "symbol", "entrez"])
    strange = sorted(set(markers["population"]) - set(POPULATIONS))
    if strange:
        expected = f"the populations {', '.join(POPULATIONS)}"
        remedy = "Correct the population's name."
        raise InputError(
            fault(f"{path.name}, column population", str(strange), expected, remedy)
        )
    return markers


def read_transcripts(path: Path) -> dict[str, str]:
    """Read which gene each transcript belongs to, from a GTF or a table of two columns.

    Returns
    -------
    dict
        Transcript id without version -> gene id as written.
    """
    pairs: dict[str, str] = {}
    is_gtf = any(suffix.lower() in {".gtf", ".gff2"} for suffix in path.suffixes)
    for line in _lines(path):
        found = _of_gtf(line) if is_gtf else tuple(re.split(r"[\t,; ]+", line.rstrip())[:2])
        if len(found) == 2:  # noqa: PLR2004  transcript and gene
            pairs[without_version(found[0].strip('"'))] = found[1].strip('"')
    if not pairs:
        expected = "a GTF, or two columns: transcript, gene"
        remedy = "Name the GTF that the quantifier was given."
        raise InputError(fault(str(path), "no transcript", expected, remedy))
    return pairs


def _of_gtf(line: str) -> tuple[str, ...]:
    hits = [_ATTRIBUTE[name].search(line) for name in ("transcript_id", "gene_id")]
    return tuple(hit.group(1) for hit in hits if hit)


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt") if is_packed else path.open() as lines:
        yield from (line for line in lines if not line.startswith("#"))


def _read_table(path: Path, wanted: list[str]) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        found = f"the columns {', '.join(map(str, table.columns[:8]))}"
        expected = f"tab-separated columns {', '.join(wanted)}"
        raise InputError(fault(path.name, found, expected, f"Add {', '.join(missing)}."))
    return table[wanted]


def _numbers(path: Path, texts: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce")
    bad = texts[~(numbers > 0) | ~np.isfinite(numbers)]
    if len(bad):
        where = f"{path.name}, row {bad.index[0] + 2}, column {texts.name}"
        raise InputError(fault(where, repr(bad.iloc[0]), "a positive number", "Correct it."))
    return numbers.astype(float)
