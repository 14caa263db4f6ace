"""Judge the fusions of a run: what was planted against what was found."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from storiform.simulation.neoantigen_verdict import typed_patients
from storiform.simulation.verdict import Row, every_row, read_table, sound_rows

_PAIR = ["biopsy", "gene_5", "gene_3"]
_ENDS = ["contig_5", "position_5", "strand_5", "contig_3", "position_3", "strand_3"]
_LENGTH = 9
"""Residues of the peptides that are looked for."""
_LEAST = 3
"""Residues of either side that they hold, at least."""
_COUNTED = 0.8
"""Share of the planted fragments that must be counted."""
_SIDE = 8
"""Residues on the left side of a junction that the truth names, if there are so many."""


def fusion_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether every planted fusion is found where it is, and no other counts.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `fusions`.
    """
    planted = read_table(truth_dir / "fusions.tsv")
    counted = found[found["is_confident"].astype(bool)]
    both = planted.merge(
        counted, on=[*_PAIR, *_ENDS], how="left", suffixes=("_planted", ""), indicator=True
    )
    if len(planted):
        is_there = both["_merge"] == "both"
        yield every_row("planted fusions found", "fusions", is_there)
        kinds = ("split_fragments", "spanning_fragments")
        wanted = both[[f"{kind}_planted" for kind in kinds]].sum(axis=1)
        enough = both[list(kinds)].sum(axis=1) >= _COUNTED * wanted
        yield every_row(
            f"{_COUNTED:.0%} of fragments counted", "fusions.split_fragments", enough
        )
    own = set(planted[_PAIR].itertuples(index=False, name=None))
    pairs = counted[_PAIR].drop_duplicates()
    is_own = [pair in own for pair in pairs.itertuples(index=False, name=None)]
    wrong = set(pairs.loc[[not one for one in is_own], "biopsy"])
    biopsies = _with_rna(truth_dir)
    yield every_row("no other fusion", "fusions.is_confident", ~biopsies.isin(wrong))


def _with_rna(truth_dir: Path) -> "pd.Series[str]":
    """Return the biopsies of which RNA was sequenced."""
    expression = read_table(truth_dir / "expression.tsv")
    return expression["biopsy"].drop_duplicates().reset_index(drop=True)


def diagnosis_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether the tumour under another diagnosis is listed, and no other is.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `fusion_discordances`.
    """
    planted = read_table(truth_dir / "fusions.tsv")
    hidden = planted[planted["is_hidden"].astype(bool)]
    expected = set(
        zip(hidden["biopsy"], hidden["gene_5"] + "::" + hidden["gene_3"], strict=True)
    )
    listed = set(zip(found["biopsy"], found["fusion"], strict=True))
    biopsies = _with_rna(truth_dir)
    wrong = {biopsy for biopsy, _ in expected ^ listed}
    yield every_row(
        "fusion against diagnosis told", "fusion_discordances", ~biopsies.isin(wrong)
    )


def junction_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether the peptides over the junction of each fusion in frame are there.

    Nothing is claimed of biopsies without an exome or alleles, which have no peptides.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    found
        The table `peptides`.
    """
    planted = read_table(truth_dir / "fusions.tsv")
    with_exome = read_table(truth_dir / "tmb.tsv")["biopsy"]
    planted = planted[planted["is_in_frame"].astype(bool) & planted["biopsy"].isin(with_exome)]
    planted = sound_rows(truth_dir, planted[planted["patient"].isin(typed_patients(truth_dir))])
    from_fusions = found[found["source"] == "fusion"]
    held = from_fusions.groupby("biopsy")["peptide"].agg(set).to_dict()
    agrees = [
        set(over_junction(str(residues))) <= held.get(biopsy, set())
        for biopsy, residues in zip(
            planted["biopsy"], planted["junction_residues"], strict=True
        )
    ]
    if agrees:
        yield every_row("peptides over junctions", "peptides.peptide", pd.Series(agrees))


def over_junction(residues: str) -> list[str]:
    """Return the peptides that hold some residues of either side of a junction.

    With fewer, a peptide may be one of a partner by chance: one residue in twenty is alike.
    """
    first = range(_SIDE + _LEAST - _LENGTH, _SIDE - _LEAST + 1)
    return [residues[at : at + _LENGTH] for at in first if at + _LENGTH <= len(residues)]
