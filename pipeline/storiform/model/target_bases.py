"""Target bases laid end to end, so that each of them has a number."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.intervals import Intervals
from storiform.model.reads import ReadHeader

_EMPTY = np.empty(0, dtype=np.int64)


class TargetBases:
    """The bases of targets, numbered through all their contigs.

    Parameters
    ----------
    targets
        The bases, by contig.

    Attributes
    ----------
    contigs
        Names of the contigs.
    starts, ends
        int64 (n,), the targets, contig after contig.
    rows
        int64 (contigs + 1,), the first target of each contig.
    places
        int64 (n + 1,), the number of the first base of each target.
    """

    def __init__(self, targets: Intervals) -> None:
        bounds = list(targets.bounds.values())
        self.contigs = tuple(targets.bounds)
        self.starts = np.concatenate([_EMPTY, *(starts for starts, _ in bounds)])
        self.ends = np.concatenate([_EMPTY, *(ends for _, ends in bounds)])
        self.rows = np.cumsum([0, *(len(starts) for starts, _ in bounds)])
        self.places = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        self._targets = targets

    def __len__(self) -> int:
        """Return the number of targets."""
        return len(self.starts)

    @property
    def size_bp(self) -> int:
        """The number of bases."""
        return int(self.places[-1])

    @property
    def targets(self) -> dict[str, Any]:
        """`contig`, `start` and `end` of each target."""
        contigs = self.contig_of(np.arange(len(self)))
        return {"contig": contigs, "start": self.starts, "end": self.ends}

    def order(self, header: ReadHeader) -> list[int]:
        """Return for each contig of a file its number among these contigs, -1 for none."""
        known = {contig: number for number, contig in enumerate(self.contigs)}
        return [known.get(contig, -1) for contig in header.contigs]

    def contig_of(self, rows: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the contig of targets."""
        order = np.searchsorted(self.rows, rows, side="right") - 1
        return np.array(self.contigs, dtype=object)[order]

    def place(self, numbers: NDArray[np.int64]) -> dict[str, Any]:
        """Return `contig` and `start` of numbered bases."""
        rows = np.searchsorted(self.places, numbers, side="right") - 1
        starts = self.starts[rows] + numbers - self.places[rows]
        return {"contig": self.contig_of(rows), "start": starts}

    def check(self, header: ReadHeader) -> None:
        """Refuse targets of another genome; mention those that the reads cannot have.

        Raises
        ------
        InputError
            If no contig is one of the reads', or a target ends behind its contig.
        """
        lengths = dict(zip(header.contigs, header.lengths, strict=True))
        unknown = [contig for contig in self.contigs if contig not in lengths]
        found, expected = "", ""
        if self.contigs and len(unknown) == len(self.contigs):
            found = f"contigs such as {unknown[0]}"
            expected = f"those of the reads, such as {next(iter(header.contigs), 'none')}"
        for contig, (_, ends) in self._targets.bounds.items():
            if contig in lengths and len(ends) and ends[-1] > lengths[contig]:
                found = f"a target on {contig} that ends at {ends[-1]}"
                expected = f"an end up to {lengths[contig]}, its length in the file of reads"
        if found:
            remedy = "Name the targets of the genome to which the reads were aligned."
            raise InputError(fault("targets", found, expected, remedy))
        if unknown:
            names = ", ".join(unknown[:3])
            message = f"targets on {len(unknown)} contigs that the reads do not have: {names}"
            warnings.warn(message, DataWarning, stacklevel=3)
