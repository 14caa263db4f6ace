"""An allele where it was given, and at the places of a repeat where it may as well be put."""

from storiform.biomarkers.consequences.alleles import Allele, moved
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.resources import Sequence


class Forms:
    """An allele as it was given, and moved to either end of a repeat when that is asked for.

    Parameters
    ----------
    allele
        As short as it can be written.
    reference
        The bases of the genome.
    """

    def __init__(self, allele: Allele, reference: Sequence) -> None:
        self.given, self.reference = allele, reference
        self._moved: dict[bool, Allele] = {}

    def along(self, *, is_forward: bool) -> Allele:
        """Return the allele moved to the 3' end of a strand."""
        if is_forward not in self._moved:
            self._moved[is_forward] = moved(self.reference, self.given, to_right=is_forward)
        return self._moved[is_forward]

    def named(self, spliced: Spliced) -> Allele:
        """Return the allele moved to the 3' end of a transcript, and not out of it.

        Where a repeat goes on behind the transcript, HGVS names the last place within it.
        """
        is_forward = spliced.is_forward
        far = self.along(is_forward=is_forward)
        by = abs(far.start - self.given.start)
        beyond = far.end - spliced.end if is_forward else spliced.start - far.start
        if beyond < 0 or beyond > by:  # it was given outside, too
            return far
        last = far if not beyond else self._by(by - beyond, is_forward=is_forward)
        # Bases that come in behind the last one have a name if they double those before.
        is_behind = last.start == last.end and by > beyond and not self._doubles(last, spliced)
        return self._by(by - beyond - 1, is_forward=is_forward) if is_behind else last

    def _by(self, bases: int, *, is_forward: bool) -> Allele:
        return moved(self.reference, self.given, to_right=is_forward, most=bases)

    def _doubles(self, allele: Allele, spliced: Spliced) -> bool:
        size, at = len(allele.alt), allele.start
        low = at - size if spliced.is_forward else at
        if low < spliced.start or low + size > spliced.end:
            return False
        beside = self.reference.bases(allele.contig, low, low + size)
        return beside.tobytes().decode("ascii") == allele.alt
