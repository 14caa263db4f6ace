"""MixMHCpred 2 and 3 (class I) and MixMHC2pred 1 and 2 (class II): ranks alone.

Gfeller et al., Cell Systems 14, 72-83 (2023), doi:10.1016/j.cels.2022.12.002; Racle et al.,
Immunity 56, 1359-1375 (2023), doi:10.1016/j.immuni.2023.03.009. Both tell errors in words and
end with status 0, so what counts is the table. They do not take blanks in paths, and the
first takes paths of its output relative to where it runs.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.predictors.program import VALUES, Answer, Program

_VERSION = re.compile(r"MixMHC2?pred\D{0,12}?(\d+(?:\.\d+)*)", re.IGNORECASE)
_INPUT, _OUTPUT = "peptides.txt", "predictions.txt"


class _RanksAlone:
    """What both programs have in common."""

    def version(self, program: Program, folder: Path) -> str:
        """Read the version off the help."""
        return _version(program, folder)

    def alleles(self, program: Program, folder: Path) -> None:
        """Tell that it has no list: it is asked for each allele."""


class MixMhcPred(_RanksAlone):
    """How MixMHCpred is asked and answers."""

    name = "MixMHCpred"
    lengths = (8, 14)
    probe = ("GILGFVFTL", "HLA-A*02:01")

    def predict(
        self, program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> Answer:
        """Predict for all alleles at once."""
        asked = {spelled_short(allele): allele for allele in alleles}
        return _predicted(program, folder, peptides, asked, ["-a", ",".join(asked)])


class MixMhc2Pred(_RanksAlone):
    """How MixMHC2pred is asked and answers."""

    name = "MixMHC2pred"
    lengths = (12, 21)
    probe = ("PKYVKQNTLKLAT", "HLA-DRB1*01:01")

    def predict(
        self, program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> Answer:
        """Predict for all alleles at once, without the residues around the peptides."""
        asked = {spelled_long(allele): allele for allele in alleles}
        # Version 2 wants a second column with the residues around; version 1 has no such word.
        told = program.run(folder, "-h", may_fail=True)
        bare = ["--no_context"] if "no_context" in told.out + told.err else []
        return _predicted(program, folder, peptides, asked, ["-a", *asked, *bare])


def spelled_short(allele: str) -> str:
    """Spell an allele as MixMHCpred does.

    Examples
    --------
    >>> spelled_short("HLA-A*02:01")
    'A0201'
    """
    return re.sub(r"[*:]", "", allele.removeprefix("HLA-"))


def spelled_long(allele: str) -> str:
    """Spell an allele of class II, or a pair of chains, as MixMHC2pred does.

    Examples
    --------
    >>> spelled_long("HLA-DRB1*15:01"), spelled_long("HLA-DPA1*01:03/DPB1*04:01")
    ('DRB1_15_01', 'DPA1_01_03__DPB1_04_01')
    """
    chains = re.split(r"[/-]", allele.removeprefix("HLA-"))
    return "__".join(re.sub(r"[*:]", "_", chain) for chain in chains)


def _version(program: Program, folder: Path) -> str:
    output = program.run(folder, "-h", may_fail=True)
    found = _VERSION.search(output.out + output.err)
    return found[1] if found else ""


def _predicted(
    program: Program,
    folder: Path,
    peptides: Sequence[str],
    asked: dict[str, str],
    arguments: Sequence[str],
) -> Answer:
    """Run one of the two programs and read its table; it may name a fault and end with 0."""
    (folder / _INPUT).write_text("\n".join(peptides) + "\n")
    output = program.run(folder, "-i", _INPUT, "-o", _OUTPUT, *arguments)
    path = folder / _OUTPUT
    text = path.read_text(errors="replace") if path.is_file() else ""
    table = read_ranks(text, asked)
    if table is None:
        raise program.misread("no table with ranks of all alleles", output)
    return Answer(table, output)


def read_ranks(text: str, asked: dict[str, str]) -> pd.DataFrame | None:
    """Read the table that MixMHCpred or MixMHC2pred writes.

    Parameters
    ----------
    text
        Lines with ``#``, then names and values between tabs; ``NA``: no prediction.
    asked
        The alleles as the program spells them -> two fields.

    Returns
    -------
    pandas.DataFrame or None
        `peptide`, `allele`, `rank` (%), and `affinity` and `presentation`, which are missing;
        None where the table or an allele is missing.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    names = lines[0].split("\t")
    places = {allele: f"%Rank_{spelled}" for spelled, allele in asked.items()}
    if "Peptide" not in names or not set(places.values()) <= set(names):
        return None
    cells = [line.split("\t") for line in lines[1:]]
    # A line that was cut off is left out, and missed when the peptides are counted.
    table = pd.DataFrame([row for row in cells if len(row) == len(names)], columns=names)
    parts = [
        pd.DataFrame(
            {
                "peptide": table["Peptide"],
                "allele": allele,
                "affinity": np.nan,
                "rank": pd.to_numeric(table[column], errors="coerce"),
                "presentation": np.nan,
            }
        )
        for allele, column in places.items()
    ]
    return pd.concat(parts, ignore_index=True)[["peptide", "allele", *VALUES]]
