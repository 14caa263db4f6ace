"""MHCflurry 2: ``mhcflurry-predict`` with a table of pairs in and out.

O'Donnell et al., Cell Systems 11, 42-48 (2020), doi:10.1016/j.cels.2020.06.010. The models
are its own download, or a folder that the user names.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from storiform.io.predictors.program import VALUES, Answer, Program
from storiform.model.errors import InputError, fault

_VERSION = re.compile(r"(\d+\.\d+[\w.]*)")
_LISTED = re.compile(r"HLA-[ABCEFG]\*\d{2,3}:\d{2,3}$")
_COLUMNS = {
    # The percentile of affinity is one allele's own; that of presentation is over genotypes.
    "mhcflurry_affinity": "affinity", "mhcflurry_affinity_percentile": "rank",
    "mhcflurry_presentation_score": "presentation",
}  # fmt: skip


class MhcFlurry:
    """How ``mhcflurry-predict`` is asked and answers."""

    name = "MHCflurry"
    lengths = (8, 15)
    probe = ("GILGFVFTL", "HLA-A*02:01")

    def version(self, program: Program, folder: Path) -> str:
        """Ask for the version."""
        output = program.run(folder, "--version")
        found = _VERSION.search(output.out + output.err)
        return found[1] if found else ""

    def alleles(self, program: Program, folder: Path) -> tuple[str, ...]:
        """List the human alleles."""
        output = program.run(folder, "--list-supported-alleles", *_models(program))
        lines = (line.strip() for line in output.out.splitlines())
        found = tuple(line for line in lines if _LISTED.match(line))
        if not found:
            raise program.misread("no allele in the list of supported alleles", output)
        return found

    def predict(
        self, program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> Answer:
        """Predict all pairs."""
        pairs = [(allele, peptide) for allele in alleles for peptide in peptides]
        asked = pd.DataFrame(pairs, columns=["allele", "peptide"])
        asked.to_csv(folder / "pairs.csv", index=False)
        goal = folder / "predictions.csv"
        output = program.run(folder, "pairs.csv", "--out", goal.name, *_models(program))
        if not goal.is_file():
            raise program.misread("no table of predictions", output)
        return Answer(read_mhcflurry(goal), output)


def _models(program: Program) -> list[str]:
    return [] if program.models is None else ["--models", str(program.models)]


def read_mhcflurry(path: Path) -> pd.DataFrame:
    """Read the table that ``mhcflurry-predict --out`` writes.

    Returns
    -------
    pandas.DataFrame
        `peptide`, `allele`, `affinity` (nM), `rank` (% of affinity), `presentation` (0 to
        1, missing where the models are those of affinity alone).

    Raises
    ------
    InputError
        If the affinity or its percentile is no column.
    """
    try:
        table = pd.read_csv(path, dtype={"allele": str, "peptide": str})
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        remedy = "Try the program by hand, then run again."
        message = fault("mhcflurry-predict", "a damaged table", "a CSV", remedy)
        raise InputError(message) from error
    lacking = {"allele", "peptide", *list(_COLUMNS)[:2]} - set(table.columns)
    if lacking:
        found = f"a table without {', '.join(sorted(lacking))}"
        remedy = "Use MHCflurry 2 with models that have percentiles."
        raise InputError(
            fault("mhcflurry-predict", found, "predictions of MHCflurry 2", remedy)
        )
    table = table.rename(columns=_COLUMNS).reindex(columns=["peptide", "allele", *VALUES])
    for name in VALUES:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table
