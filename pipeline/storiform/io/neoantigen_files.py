"""Neoantigens and mutation spectra in the files of others.

FASTA of mutant windows and of epitopes; a table with the columns of pVACseq's aggregated
report; a matrix of substitution types for programs that look for mutational signatures.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.store import write_bytes
from storiform.model.variant_groups import joined_calls

FLANK = 13
"""Residues kept on either side of a change: a single substitution gives a 27-mer."""
_LINE = 60
_MISSENSE = re.compile(r"p\.\(?([A-Z][a-z]{2})(\d+)([A-Z][a-z]{2})\)?$")
_SHIFTED = re.compile(r"p\.\(?[A-Z][a-z]{2}(\d+)(?:[A-Z][a-z]{2})?fs")
_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Sec": "U",
    "Ter": "*",
}  # fmt: skip
_AGGREGATED = (
    "Gene", "AA Change", "Num Passing Transcripts", "Best Peptide", "Best Transcript", "TSL",
    "Allele", "Pos", "Prob Pos", "Num Included Peptides", "Num Passing Peptides", "IC50 MT",
    "IC50 WT", "%ile MT", "%ile WT", "RNA Expr", "RNA VAF", "Allele Expr", "RNA Depth",
    "DNA VAF", "Tier", "Ref Match", "Evaluation",
)  # fmt: skip
_SAME = {
    "gene": "Gene", "peptide": "Best Peptide", "transcript": "Best Transcript",
    "allele": "Allele", "affinity": "IC50 MT", "wild_type_affinity": "IC50 WT",
    "rank": "%ile MT", "wild_type_rank": "%ile WT", "gene_tpm": "RNA Expr",
    "rna_vaf": "RNA VAF", "rna_depth": "RNA Depth", "tumour_vaf": "DNA VAF",
}  # fmt: skip
"""Our columns -> those of the aggregated report that mean the same."""


def write_windows(path: Path, protein_changes: pd.DataFrame) -> None:
    """Write the mutant residues around each change, once for each different window.

    Parameters
    ----------
    path
        The FASTA; headers are ``>NUMBER|GENE|CHANGE|TRANSCRIPT CALLS``.
    protein_changes
        `protein_changes` of one biopsy. A window reaches 13 residues to either side of what
        differs: 27 for a substitution; where the frame shifts, to the end of the protein.
    """
    usable = (protein_changes["no_peptides"].fillna("") == "") & (
        protein_changes["changed_start"].notna() & protein_changes["changed_end"].notna()
    )
    rows = protein_changes[usable & protein_changes["mutant"].notna()]
    rows = rows.sort_values(
        ["change", "speaks_for_gene", "transcript"], ascending=[True, False, True]
    )
    records: dict[tuple[str, str], str] = {}
    for row in rows.to_dict("records"):
        start = max(int(row["changed_start"]) - FLANK, 0)
        window = str(row["mutant"])[start : int(row["changed_end"]) + FLANK]
        parts = [_text(row["gene"]), _change(row["hgvsp"]), _text(row["transcript"])]
        title = f"{'|'.join(parts)} {row['variant_ids']}"
        records.setdefault((str(row["variant_ids"]), window), title)
    _write_fasta(path, [(title, window) for (_, window), title in records.items()])


def write_epitopes(path: Path, neoantigens: pd.DataFrame) -> None:
    """Write the peptides that bind, the best first, each once for each gene and change.

    Parameters
    ----------
    path
        The FASTA; headers are ``>NUMBER|GENE|CHANGE|TRANSCRIPT ALLELE CALLS``, the allele
        that binds it best.
    neoantigens
        `neoantigens` of one biopsy.
    """
    best = neoantigens.sort_values("priority").drop_duplicates(
        ["variant_ids", "gene", "peptide"]
    )
    records = []
    for row in best.to_dict("records"):
        parts = [_text(row["gene"]), _change(row["hgvsp"]), _text(row["transcript"])]
        title = f"{'|'.join(parts)} {row['allele']} {row['variant_ids']}"
        records.append((title, str(row["peptide"])))
    _write_fasta(path, records)


def write_aggregated(
    path: Path, neoantigens: pd.DataFrame, alleles: Sequence[str], peptides: pd.DataFrame | None
) -> None:
    """Write one row per variant with the names of pVACseq's aggregated report.

    Parameters
    ----------
    path
        The file, tab-separated, ``NA`` where a value is missing.
    neoantigens
        `neoantigens` of one biopsy; the first of each variant is its best peptide. Calls
        that act together on one transcript are one variant, also where one acts alone on
        another.
    alleles
        The alleles that were predicted for: a column each, without ``HLA-``, with the number
        of the variant's peptides that it binds, by IC50, or by rank where the predictor gives
        no IC50.
    peptides
        Its `peptides`, for the number of transcripts and for which calls act together, or
        None.
    """
    sources = [one["variant_ids"] for one in (neoantigens, peptides) if one is not None]
    variants = joined_calls(pd.concat(sources).astype(str).unique().tolist())
    ordered = neoantigens.sort_values("priority")
    ordered = ordered.assign(variant=ordered["variant_ids"].map(variants).astype(object))
    by_affinity = bool(ordered["affinity"].notna().any())
    passing = ordered[ordered["binds_by_affinity" if by_affinity else "is_binder"]]
    best = ordered.drop_duplicates("variant").reset_index(drop=True)
    ids = best["variant"]
    table = pd.DataFrame({"ID": best["variant_ids"], "Index": _indices(best)})
    bound = passing.groupby(["allele", "variant"])["peptide"].nunique()
    for allele in alleles:
        own = bound.xs(allele) if allele in bound.index.get_level_values(0) else pd.Series()
        table[allele.removeprefix("HLA-")] = ids.map(own).fillna(0).astype(np.int64)
    for name in _AGGREGATED:
        table[name] = pd.Series(np.nan, index=table.index, dtype=object)
    for ours, name in _SAME.items():
        table[name] = best[ours]
    table["AA Change"] = [_short_change(one) for one in best["hgvsp"]]
    table["Pos"] = [
        _text(one).replace(";", ", ") or np.nan for one in best["mutated_positions"]
    ]
    found = ids.map(passing.groupby("variant")["peptide"].nunique())
    table["Num Passing Peptides"] = found.fillna(0).astype(np.int64)
    if peptides is not None:
        table["Num Passing Transcripts"] = _transcripts(ids, passing, peptides)
    table["Allele Expr"] = best["gene_tpm"] * best["rna_vaf"]
    table["Tier"] = _tiers(best)
    table["Ref Match"] = "False"
    table["Evaluation"] = "Pending"
    _write(path, table)


def write_spectrum(path: Path, spectra: Mapping[str, pd.DataFrame]) -> None:
    """Write the counts of substitution types, a row each, a column for each biopsy.

    Parameters
    ----------
    path
        The matrix, tab-separated, with the first column ``MutationType``.
    spectra
        `mutation_spectrum` of each biopsy, by name: all with 96 types.
    """
    columns = {
        name: table.set_index("mutation_type")["mutations"]
        for name, table in sorted(spectra.items())
    }
    matrix = pd.DataFrame(columns)
    matrix.index.name = "MutationType"
    _write(path, matrix.reset_index())


def _indices(best: pd.DataFrame) -> list[str]:
    """Name each row by its place, gene, transcript and change."""
    columns = (best[name] for name in ("priority", "gene", "transcript", "hgvsp"))
    return [
        f"{place}.{_text(gene)}.{_text(transcript)}.{_change(change).removeprefix('p.')}"
        for place, gene, transcript, change in zip(*columns, strict=True)
    ]


def _transcripts(
    ids: pd.Series, passing: pd.DataFrame, peptides: pd.DataFrame
) -> npt.NDArray[np.int64]:
    """Count the transcripts (n,) that give a passing peptide of each variant."""
    key = ["variant_ids", "gene", "peptide"]
    own = passing[["variant", *key]].drop_duplicates()
    own = own.merge(peptides[[*key, "transcripts"]], on=key)
    found: dict[str, set[str]] = {}
    for variant, names in zip(own["variant"], own["transcripts"], strict=True):
        found.setdefault(str(variant), set()).update(_text(names).split(";"))
    return np.array([len(found.get(str(one), set()) - {""}) for one in ids], dtype=np.int64)


def _tiers(best: pd.DataFrame) -> list[str]:
    """Say what speaks against each best peptide; ``Poor`` where it is more than one thing."""
    unseen = (~best["is_in_rna"].astype("boolean")).fillna(value=False)
    silent = (~best["is_expressed"].astype("boolean")).fillna(value=False)
    gone = unseen | (silent & (best["gene_tpm"] == 0))
    against = {
        "Anchor": best["is_demoted"],
        "Subclonal": (best["clonality"] == "subclonal"),
        "NoExpr": gone,
        "LowExpr": silent & ~gone,
        "Poor": best["allele_lost"].astype("boolean").fillna(value=False),
    }
    flags = pd.DataFrame({name: np.asarray(flag, dtype=bool) for name, flag in against.items()})
    named = (flags.columns[row].tolist() for row in flags.to_numpy(dtype=bool))
    return [names[0] if len(names) == 1 else "Poor" if names else "Pass" for names in named]


def _short_change(hgvsp: object) -> str:
    """Write a substitution and a shift of the frame as pVACseq does, else HGVS.

    Examples
    --------
    >>> _short_change("ENSP1.2:p.Arg175His"), _short_change("p.Gly23AlafsTer5")
    ('R175H', 'FS23')
    """
    change = _change(hgvsp)
    shifted = _SHIFTED.match(change)
    if shifted is not None:
        return f"FS{shifted[1]}"
    found = _MISSENSE.match(change)
    if found is None:
        return change.removeprefix("p.")
    first, place, last = found.groups()
    return f"{_LETTERS.get(first, 'X')}{place}{_LETTERS.get(last, 'X')}"


def _change(hgvsp: object) -> str:
    return _text(hgvsp).rpartition(":")[2].replace(" ", "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _write_fasta(path: Path, records: Sequence[tuple[str, str]]) -> None:
    lines = []
    for number, (title, residues) in enumerate(records, 1):
        lines.append(f">{number}|{title}")
        lines += [residues[at : at + _LINE] for at in range(0, len(residues), _LINE)]
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def _write(path: Path, rows: pd.DataFrame) -> None:
    text = rows.to_csv(
        sep="\t", index=False, lineterminator="\n", float_format="%.6g", na_rep="NA"
    )
    write_bytes(path, text.encode())
