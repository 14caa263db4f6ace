"""T-cell and B-cell receptors of a sample: tables of MiXCR and TRUST4, and AIRR's format."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from storiform.io.columns import Layout, read_layout
from storiform.io.lines import lines
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.tables.immune import GIVEN_CLONOTYPES

COLUMN = "repertoire"
CHAINS = ("IGH", "IGK", "IGL", "TRA", "TRB", "TRD", "TRG")
_EXPECTED = (
    "those of MiXCR (cloneCount or readCount, allVHitsWithScore, nSeqCDR3), of TRUST4's "
    "report (count, CDR3nt, CDR3aa, V, J, C) or of AIRR (v_call, junction, duplicate_count)"
)
_REMEDY = "Name the table of clones, not that of reads or the report of the run."
_NOT_WHOLE = ("out_of_frame", "partial", "?")
_STOP_OR_SHIFT = r"[*_#~]"
_STOPS = frozenset({"TAA", "TAG", "TGA"})
_FALSE = frozenset({"f", "false", "no", "0"})


@dataclass(frozen=True)
class _Format:
    """The columns of a format, by their possible names, the preferred first."""

    signs: tuple[str, ...]
    count: tuple[str, ...]
    cdr3: tuple[str, ...]
    peptide: tuple[str, ...]
    genes: tuple[tuple[str, ...], ...]
    productive: tuple[str, ...] = ()
    seeks_all: bool = False


_FORMATS = (
    _Format(
        ("allVHitsWithScore", "nSeqCDR3"),
        ("uniqueMoleculeCount", "readCount", "cloneCount"),
        ("nSeqCDR3",), ("aaSeqCDR3",),
        (("allCHitsWithScore", "bestCGene"), ("allJHitsWithScore", "bestJGene"),
         ("allVHitsWithScore", "bestVGene")),
    ),
    _Format(
        ("bestVGene", "nSeqCDR3"),
        ("uniqueMoleculeCount", "readCount", "cloneCount"),
        ("nSeqCDR3",), ("aaSeqCDR3",),
        (("bestCGene",), ("bestJGene",), ("bestVGene",)),
    ),
    _Format(
        ("count", "CDR3nt", "V"), ("count",), ("CDR3nt",), ("CDR3aa",),
        (("C",), ("J",), ("V",)),
        seeks_all=True,
    ),
    _Format(
        ("v_call", "junction"),
        ("duplicate_count", "consensus_count", "umi_count", "reads"),
        ("junction",), ("junction_aa",),
        (("c_call",), ("j_call",), ("v_call",)),
        ("productive",),
    ),
)  # fmt: skip


def read_clonotypes(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_clonotypes` of a biopsy from the file of the sample sheet.

    The chain is that of the gene of the constant region, else of J, else of V: a V gene may
    be shared by the chains alpha and delta. A sequence is productive where the file says so;
    where it says nothing, where its protein is whole, in frame and without a stop; where there
    is no protein either, where its nucleotides are so. Where an unknown base hides a codon it
    is missing, with a DataWarning. TRUST4 looks for all chains in the same reads (`seeks_all`);
    the other formats may hold one chain because no other was amplified or exported.

    Raises
    ------
    InputError
        If the columns are of no known format, a count is no number above zero, or no row
        names a receptor.
    """
    path = unit.files[COLUMN]
    layout = read_layout(path, ("count", "cloneId", "sequence_id"))
    form = next((known for known in _FORMATS if layout.has(*known.signs)), None)
    if form is None or not layout.column(*form.count):
        raise layout.strange(_EXPECTED, _REMEDY)
    if not any(text.strip() for number, text in lines(path) if number > layout.above):
        return GIVEN_CLONOTYPES.empty()
    unit.refuse_shared(COLUMN, NAMELESS)
    rows = _rows(layout, form)
    genes = [rows[f"gene{number}"].map(_first_hit) for number in range(len(form.genes))]
    chain = _chain(genes)
    constant = genes[0].where(chain != "", "")
    table = pd.DataFrame(
        {
            "row": np.arange(len(rows)),
            "chain": chain,
            "constant": constant.where(constant != "", None),
            "cdr3": rows["cdr3"].str.upper(),
            "is_productive": _is_productive(rows),
            "seeks_all": form.seeks_all,
            "count": rows["count"],
        }
    )
    kept = table[(table["chain"] != "") & (table["cdr3"] != "")]
    if kept.empty:
        found = f"{len(table)} rows without a receptor"
        expected = f"genes of {', '.join(CHAINS)} with their CDR3"
        raise InputError(fault(path.name, found, expected, _REMEDY))
    untold = int(kept["is_productive"].isna().sum())
    if untold:
        message = (
            f"{path.name}: nothing tells whether {untold} of {len(kept)} receptors are "
            "productive; they are left out"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    return kept.reset_index(drop=True)


def _rows(layout: Layout, form: _Format) -> pd.DataFrame:
    words = {"cdr3": layout.column(*form.cdr3), "peptide": layout.column(*form.peptide)}
    words |= {f"gene{n}": layout.column(*names) for n, names in enumerate(form.genes)}
    words["productive"] = layout.column(*form.productive) if form.productive else ""
    given = {name: column for name, column in words.items() if column}
    rows = layout.read(given, {"count": layout.column(*form.count)})
    wrong = rows.index[~(np.isfinite(rows["count"]) & (rows["count"] > 0))]
    if len(wrong):
        found = f"{rows.loc[wrong[0], 'count']:g}"
        raise layout.refused(wrong[0], layout.column(*form.count), found, "a number above 0")
    for name in words:
        text = rows[name].astype(object) if name in given else pd.Series("", rows.index)
        rows[name] = text.where(text.notna(), "").astype(str).str.strip()
    return rows


def _first_hit(text: str) -> str:
    """Return the gene of the best hit without its allele and score: ``IGHG1*01(88),...``."""
    gene = text.split(",", 1)[0].split("(", 1)[0].split("*", 1)[0].strip().upper()
    return "" if gene in {"", ".", "NA"} else gene


def _chain(genes: Sequence[pd.Series]) -> pd.Series:
    """Return the chain of each row, by the first of its genes that tells it; else nothing."""
    chain = pd.Series("", genes[0].index)
    for own in genes:
        told = own.str[:3]
        chain = chain.where((chain != "") | ~told.isin(CHAINS), told)
    return chain


def _is_productive(rows: pd.DataFrame) -> pd.Series:
    peptide, stated = rows["peptide"], rows["productive"].str.lower()
    is_whole = (peptide != "") & ~peptide.str.lower().isin(_NOT_WHOLE)
    reads_through = is_whole & ~peptide.str.contains(_STOP_OR_SHIFT, regex=True)
    told = reads_through.astype("boolean").where(peptide != "", rows["cdr3"].map(_is_open))
    said = pd.Series(~stated.isin(_FALSE), rows.index, dtype="boolean")
    return told.where(stated == "", said)


def _is_open(cdr3: str) -> object:
    """Tell whether nucleotides are in frame and without a stop; missing if a base hides it."""
    codons = {cdr3[start : start + 3].upper() for start in range(0, len(cdr3), 3)}
    if len(cdr3) % 3 or codons & _STOPS:
        return False
    return pd.NA if any(set(codon) - set("ACGT") for codon in codons) else True
