"""Names of protein changes as HGVS has them.

References
----------
den Dunnen et al., Human Mutation 37, 564-569 (2016), doi:10.1002/humu.22981.
"""

from typing import NamedTuple

from storiform.biomarkers.consequences.mutants import Difference
from storiform.model.codons import STOP, THREE_LETTERS


def _three(residues: str) -> str:
    return "".join(THREE_LETTERS.get(letter, "Xaa") for letter in residues)


def _range(residues: str, first: int) -> str:
    """Name the residues of a protein from the place `first`, counted from 0."""
    one = f"{_three(residues[0])}{first + 1}"
    if len(residues) == 1:
        return one
    return f"{one}_{_three(residues[-1])}{first + len(residues)}"


def lost_start(protein: str) -> str:
    """Name the loss of the first codon, of which nothing is known but the loss."""
    return f"p.{_three(protein[:1] or 'M')}1?"


def named_change(before: str, after: str, first: int) -> str:
    """Name residues replaced by as many others, or by themselves.

    Parameters
    ----------
    before, after
        One letter each, of one length.
    first
        Place of the first, counted from 0.

    Examples
    --------
    >>> named_change("R", "H", 174), named_change("L", "L", 4)
    ('p.Arg175His', 'p.Leu5=')
    """
    if before == after:
        return f"p.{_range(before, first)}="
    if len(before) == 1:
        return f"p.{_range(before, first)}{_three(after)}"
    return f"p.{_range(before, first)}delins{_three(after)}"


class FrameNames(NamedTuple):
    """Names for a change from one whole protein to another.

    Parameters
    ----------
    before, after
        Proteins with ``*`` where a stop ends them.
    is_open
        The second one meets no stop.
    """

    before: str
    after: str
    is_open: bool

    def shifted(self, first: int) -> str:
        """Name a shift of the frame, from the first residue that it changes.

        Examples
        --------
        >>> FrameNames("MKGLV*", "MKAWIC*", is_open=False).shifted(2)
        'p.Gly3AlafsTer5'
        """
        if first >= len(self.before):
            return ""
        if self.before[first] == STOP:
            return self.extended(first)
        if first >= len(self.after):
            return f"p.{_range(self.before[first], first)}fsTer?"
        if self.after[first] == STOP:
            return f"p.{_range(self.before[first], first)}Ter"
        stop = "?" if self.is_open else str(len(self.after) - first)
        named = _range(self.before[first], first)
        return f"p.{named}{_three(self.after[first])}fsTer{stop}"

    def extended(self, first: int) -> str:
        """Name a lost stop with the residues up to the next.

        Examples
        --------
        >>> FrameNames("MK*", "MKQLV*", is_open=False).extended(2)
        'p.Ter3GlnextTer3'
        """
        if first >= len(self.after):
            return f"p.Ter{first + 1}extTer?"
        stop = "?" if self.is_open else str(len(self.after) - 1 - first)
        return f"p.Ter{first + 1}{_three(self.after[first])}extTer{stop}"

    def extended_from(self, first: int) -> str:
        """Name residues before a lost stop that change with it.

        Where the RNA ends before a residue comes in for them they are lost, and no more.

        Examples
        --------
        >>> FrameNames("MKHL*", "MKH", is_open=True).extended_from(3)
        'p.Leu4_Ter5delextTer?'
        """
        behind = len(self.before)
        stop = "?" if self.is_open else str(len(self.after) - behind)
        if behind - first < 1 or not self.before.endswith(STOP):
            return ""
        new = self.after[first:behind]
        kind = f"delins{_three(new)}" if new else "del"
        return f"p.{_range(self.before[first:behind], first)}{kind}extTer{stop}"

    def stopped(self, first: int, before: str, after: str) -> str:
        """Name residues replaced by others that end with a stop.

        Parameters
        ----------
        first
            Place of the first codon that is touched.
        before, after
            Residues of the codons that are touched.
        """
        while before and after and before[0] == after[0] != STOP:
            before, after, first = before[1:], after[1:], first + 1
        if after == STOP:
            if before:
                return f"p.{_range(before[0], first)}Ter"
            return self._inserted(first, after)
        if not before:
            return self._inserted(first, after)
        return f"p.{_range(before, first)}delins{_three(after)}"

    def replaced(self, found: Difference) -> str:
        """Name residues replaced while all behind them stay.

        Examples
        --------
        >>> FrameNames("MKKLV*", "MKLV*", is_open=False).replaced(Difference(2, 3, 2, True))
        'p.Lys3del'
        """
        first = found.first
        lost = self.before[first : found.behind]
        new = self.after[first : found.changed]
        if not new:
            return f"p.{_range(lost, first)}del"
        if not lost:
            return self._inserted(first, new)
        return named_change(lost, new, first) if len(lost) == len(new) else (
            f"p.{_range(lost, first)}delins{_three(new)}"
        )  # fmt: skip

    def _inserted(self, first: int, new: str) -> str:
        """Name residues that come in before the place `first`."""
        size = len(new)
        if size <= first and self.before[first - size : first] == new:
            return f"p.{_range(new, first - size)}dup"
        if first == 0 or first >= len(self.before):
            return ""
        left = _range(self.before[first - 1], first - 1)
        return f"p.{left}_{_range(self.before[first], first)}ins{_three(new)}"
