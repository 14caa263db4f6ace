"""A predictor that is a program of others, in the shape of our own."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.names import counted
from storiform.io.programs import Output, run_program
from storiform.model.errors import InputError, fault

Floats = npt.NDArray[np.float64]

RESIDUES = frozenset("ACDEFGHIKLMNPQRSTVWY")
CHUNK = 5000
"""Peptides given to a program at once."""
VALUES = ["affinity", "rank", "presentation"]
"""Columns of predictions: nM, percent, 0 to 1; missing where the program has no such value."""


@dataclass(frozen=True)
class Program:
    """A program and where it finds its models.

    Parameters
    ----------
    path
        The executable.
    models
        Folder of the models, where it is not the program's own default.
    stated_version
        The version that the user states, empty where the program is to be asked.
    """

    path: str
    models: Path | None = None
    stated_version: str = ""

    @property
    def file_name(self) -> str:
        """The name without folders."""
        return Path(self.path).name

    def run(self, folder: Path, *arguments: str, may_fail: bool = False) -> Output:
        """Run it in a folder."""
        return run_program([self.path, *arguments], folder, may_fail=may_fail)

    def misread(self, found: str, output: Output) -> InputError:
        """Phrase the fault of an output that is not what was asked for."""
        remedy = "Try the program by hand, then run again."
        told = f"{found}; its last lines: {output.last_lines}"
        return InputError(
            fault(self.file_name, told, "a prediction for each peptide and allele", remedy)
        )


class Answer(NamedTuple):
    """What a program predicted, and all that it wrote beside.

    `table` has the columns `peptide`, `allele` (as asked) and `VALUES`.
    """

    table: pd.DataFrame
    output: Output


class Dialect(Protocol):
    """How one program is asked and answers."""

    @property
    def name(self) -> str:
        """The name of the predictor."""
        ...

    @property
    def lengths(self) -> tuple[int, int]:
        """Residues of the shortest and the longest peptide."""
        ...

    def version(self, program: Program, folder: Path) -> str:
        """Ask for the version; empty where the program does not tell."""
        ...

    def alleles(self, program: Program, folder: Path) -> tuple[str, ...] | None:
        """Ask for the alleles (two fields), None where the program has no list."""
        ...

    def predict(
        self, program: Program, folder: Path, peptides: Sequence[str], alleles: Sequence[str]
    ) -> "Answer":
        """Predict each peptide for each allele."""
        ...

    @property
    def probe(self) -> tuple[str, str]:
        """A peptide and an allele that every version knows."""
        ...


class ProgramPredictor:
    """Predictions of an outside program, peptides in chunks, in a folder that is removed.

    Parameters
    ----------
    program
        What to run.
    dialect
        How to ask and to read it.
    """

    def __init__(self, program: Program, dialect: Dialect) -> None:
        self._program = program
        self._dialect = dialect
        self._knows = lru_cache(maxsize=None)(self._probe)

    @property
    def name(self) -> str:
        """The name of the predictor."""
        return self._dialect.name

    @property
    def lengths(self) -> tuple[int, int]:
        """Residues of the shortest and the longest peptide."""
        return self._dialect.lengths

    @cached_property
    def version(self) -> str:
        """The version that the user stated, else the program's own word."""
        if self._program.stated_version:
            return self._program.stated_version
        with tempfile.TemporaryDirectory(prefix="storiform-") as folder:
            return self._dialect.version(self._program, Path(folder)) or "unknown"

    @cached_property
    def alleles(self) -> tuple[str, ...]:
        """The alleles that it knows, two fields; empty where the program has no list."""
        return tuple(sorted(self._listed or ()))

    def support(self, allele: str) -> str:
        """Return `unknown` for an allele that it predicts, `none` for another.

        No program tells how much it learnt of an allele. One without a list is asked for
        one peptide.

        Raises
        ------
        InputError
            If the program does not run.
        """
        return "unknown" if self._is_known(allele) else "none"

    def predict(
        self, peptides: Sequence[str], alleles: Sequence[str]
    ) -> tuple[Floats, Floats, Floats]:
        """Predict each peptide for each allele.

        Returns
        -------
        tuple of numpy.ndarray
            IC50 (nM), percentile rank (percent) and presentation (0 to 1), float64
            (n_alleles, n_peptides); NaN for alleles and peptides that the program does not
            take, and for values that it does not give.

        Raises
        ------
        InputError
            If the program fails, or does not answer for a peptide.
        """
        shortest, longest = self._dialect.lengths
        fit = sorted(
            {p for p in peptides if shortest <= len(p) <= longest and set(p) <= RESIDUES}
        )
        known = [allele for allele in dict.fromkeys(alleles) if self._is_known(allele)]
        found = pd.DataFrame(columns=["peptide", "allele", *VALUES])
        if fit and known:
            parts = [
                self._chunk(fit[start : start + CHUNK], known)
                for start in range(0, len(fit), CHUNK)
            ]
            found = pd.concat(parts, ignore_index=True)
        cells = found.set_index(["allele", "peptide"])[VALUES].astype(np.float64)
        wanted = pd.MultiIndex.from_product([list(alleles), list(peptides)])
        shape = (len(alleles), len(peptides))
        values = cells.reindex(wanted).to_numpy(dtype=np.float64)
        affinity, rank, presentation = (values[:, at].reshape(shape) for at in range(3))
        return affinity, rank, presentation

    @cached_property
    def _listed(self) -> frozenset[str] | None:
        with tempfile.TemporaryDirectory(prefix="storiform-") as folder:
            listed = self._dialect.alleles(self._program, Path(folder))
        return None if listed is None else frozenset(listed)

    @cached_property
    def _runs(self) -> bool:
        """Make sure that the program answers for an allele that it must know."""
        peptide, allele = self._dialect.probe
        self._chunk([peptide], [allele])
        return True

    def _is_known(self, allele: str) -> bool:
        if self._listed is not None:
            return allele in self._listed
        return self._runs and self._knows(allele)

    def _probe(self, allele: str) -> bool:
        try:
            self._chunk([self._dialect.probe[0]], [allele])
        except InputError:  # it runs, as was made sure of: it does not know the allele
            return False
        return True

    def _chunk(self, peptides: Sequence[str], alleles: Sequence[str]) -> pd.DataFrame:
        with tempfile.TemporaryDirectory(prefix="storiform-") as folder:
            answer = self._dialect.predict(self._program, Path(folder), peptides, alleles)
        found = answer.table.drop_duplicates(["peptide", "allele"])
        found = found[found["peptide"].isin(peptides) & found["allele"].isin(alleles)]
        # A row without a rank is no answer: it is what all programs give.
        answered, asked = int(found["rank"].notna().sum()), len(peptides) * len(alleles)
        if answered < asked:
            told = f"{counted(answered, 'prediction')} of {asked}"
            raise self._program.misread(told, answer.output)
        return found
