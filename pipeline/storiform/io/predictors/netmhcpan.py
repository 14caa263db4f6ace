"""NetMHCpan 4.1 and 4.2: peptides in, the printed table out.

Nielsen's group at DTU; the program and its licence come from its authors. Affinities need
``-BA``; ranks and scores are those of eluted ligands.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.io.predictors.program import VALUES, Answer, Program
from storiform.io.programs import Output

_VERSION = re.compile(r"NetMHCpan version (\S+)", re.IGNORECASE)
_LISTED = re.compile(r"HLA-([ABCEFG])\*?(\d{2,3}):?(\d{2,3})$")
_COLUMNS = {"affinity": "Aff(nM)", "rank": "%Rank_EL", "presentation": "Score_EL"}


class NetMhcPan:
    """How NetMHCpan is asked and answers."""

    name = "NetMHCpan"
    lengths = (8, 14)
    probe = ("GILGFVFTL", "HLA-A*02:01")

    def version(self, program: Program, folder: Path) -> str:
        """Read the version off a prediction of one peptide."""
        output = self._printed(program, folder, [self.probe[0]], [self.probe[1]])
        found = _VERSION.search(output.out)
        return found[1] if found else ""

    def alleles(self, program: Program, folder: Path) -> tuple[str, ...]:
        """List the human alleles of class I."""
        output = program.run(folder, "-listMHC")
        lines = (_LISTED.match(line.strip()) for line in output.out.splitlines())
        found = tuple(f"HLA-{m[1]}*{m[2]}:{m[3]}" for m in lines if m)
        if not found:
            raise program.misread("no allele in the answer to -listMHC", output)
        return found

    def predict(
        self, program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> Answer:
        """Predict with ``-BA``."""
        output = self._printed(program, folder, peptides, alleles)
        return Answer(read_netmhcpan(output.out, alleles), output)

    @staticmethod
    def _printed(
        program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> Output:
        (folder / "peptides.txt").write_text("\n".join(peptides) + "\n")
        asked = ",".join(allele.replace("*", "") for allele in alleles)
        output = program.run(folder, "-p", "-f", "peptides.txt", "-a", asked, "-BA")
        if "%Rank_EL" not in output.out:
            raise program.misread("no table with %Rank_EL", output)
        return output


def read_netmhcpan(text: str, alleles: Sequence[str]) -> pd.DataFrame:
    """Read what NetMHCpan prints.

    Parameters
    ----------
    text
        Its standard output; each table has a line of names, lines of values start with the
        position. A value that is cut off or no number is missing.
    alleles
        The alleles that were asked for; in the text they stand with or without ``*``.

    Returns
    -------
    pandas.DataFrame
        `peptide`, `allele`, `affinity` (nM), `rank` (%), `presentation` (0 to 1).
    """
    asked = {allele.replace("*", ""): allele for allele in alleles}
    names: list[str] = []
    rows = []
    for line in text.splitlines():
        words = line.split()
        if "Peptide" in words and "%Rank_EL" in words:
            names = words
        elif names and words and words[0].isdecimal():
            cells = dict(zip(names, words, strict=False))
            allele = asked.get(cells.get("MHC", cells.get("HLA", "")).replace("*", ""))
            values = [_number(cells.get(column, "")) for column in _COLUMNS.values()]
            rows.append([cells.get("Peptide", ""), allele, *values])
    return pd.DataFrame(rows, columns=["peptide", "allele", *_COLUMNS])[
        ["peptide", "allele", *VALUES]
    ]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
