"""Which germline alleles of a copy act on a somatic change of its protein."""

from collections.abc import Mapping
from typing import NamedTuple

from storiform.biomarkers.consequences.germline import Sites
from storiform.biomarkers.consequences.joint_changes import Change
from storiform.biomarkers.consequences.mutants import Edit, edited
from storiform.biomarkers.consequences.spliced import Spliced
from storiform.model.codons import STOP
from storiform.model.protein_changes import variant_id
from storiform.model.tables.proteins import FLANK

_CODON = 3


class Inherited(NamedTuple):
    """One copy of a transcript as the patient was born with it.

    Parameters
    ----------
    plain, spliced
        The transcript with the bases of the reference, and with germline substitutions.
    sites
        These substitutions.
    indels
        Names of other germline alleles on the copy, indels above all, and what they edit;
        None where no protein of it is known.
    """

    plain: Spliced
    spliced: Spliced
    sites: Sites
    indels: Mapping[str, Edit | None]

    @property
    def edits(self) -> list[Edit]:
        """The edits of the indels, sorted."""
        return sorted(edit for edit in self.indels.values() if edit is not None)

    def codon(self, along: int) -> int:
        """Return the codon, in the germline, of a base of the RNA; -1 outside of the coding."""
        spliced = self.spliced
        if not spliced.coding_start <= along < spliced.coding_end:
            return -1
        gained = sum(edit.gain for edit in self.edits if edit.start < along)
        return (along - spliced.coding_start + spliced.padding + gained) // _CODON

    def acting(self, change: Change) -> tuple[str, ...]:
        """Return the germline alleles that act on what is kept of a change.

        Those whose codons lie in its window; those that shift the frame in which it is read;
        those that end the germline protein, where the window reaches its end; and those that
        leave no protein to be known.
        """
        hidden = [name for name, edit in self.indels.items() if edit is None]
        if hidden and change.reason == "no_protein_sequence":
            return tuple(hidden)
        window = change.window
        if window is None or not (self.sites or self.indels):
            return ()
        first = max(window.protein_position - 1 - FLANK, 0)
        behind = first + max(len(window.wild_type), 1)
        within = [
            self._name(place)
            for place in self.sites
            if first <= self.codon(self.spliced.place(place)) < behind
        ]
        within += self._indels(first, behind)
        protein, stop = self._end()
        if behind >= protein:
            within += stop
        return tuple(dict.fromkeys(within))

    def stop_before(self, change: Change) -> tuple[str, ...]:
        """Return the germline alleles that end the protein before all alleles of a change."""
        end, names = self._end()
        spans = [self.spliced.span(one.allele.start, one.allele.end) for one in change.alleles]
        is_behind = all(span is not None and self.codon(span[0]) > end for span in spans)
        return names if is_behind else ()

    def _indels(self, first: int, behind: int) -> list[str]:
        """Return the indels in the codons [first, behind), or that shift their frame."""
        within, before, gain = [], [], 0
        for name, edit in sorted(self.indels.items(), key=lambda one: one[1] or (0, 0, "")):
            if edit is None or edit.start >= self.spliced.coding_end:
                continue
            codon = self.codon(max(edit.start, self.spliced.coding_start))
            if codon < first:
                before += [name] if edit.gain else []
                gain += edit.gain
            elif codon < behind:
                within.append(name)
        return [*before, *within] if gain % _CODON else within

    def _end(self) -> tuple[int, tuple[str, ...]]:
        """Return how long the germline protein is, and the alleles that bring its stop.

        There are none where it ends with the stop of the reference.
        """
        protein = edited(self.spliced, self.edits).protein
        end, gain = len(protein.rstrip(STOP)), sum(edit.gain for edit in self.edits)
        usual = len(self.plain.protein.rstrip(STOP)) + gain // _CODON
        is_shifted = any(edit.gain % _CODON for edit in self.edits)
        if not protein.endswith(STOP) or (end >= usual and not is_shifted):
            return end, ()
        brought = [
            self._name(place)
            for place in self.sites
            if self.codon(self.spliced.place(place)) == end
        ]
        return end, (*brought, *self._indels(end, end + 1))

    def _name(self, place: int) -> str:
        return variant_id(self.spliced.transcript.contig, place, place + 1, *self.sites[place])
