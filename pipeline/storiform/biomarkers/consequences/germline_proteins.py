"""The proteins that germline alleles make of the transcripts of somatic calls, on any copy."""

from collections.abc import Iterator

import pandas as pd

from storiform.biomarkers.consequences.germline import Germline
from storiform.biomarkers.consequences.haplotypes import Copy, copies
from storiform.biomarkers.consequences.joint_changes import germline_edits
from storiform.biomarkers.consequences.mutants import edited
from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    acting_alleles,
    by_transcript,
    seen_pairs,
)
from storiform.biomarkers.consequences.spliced import Spliced, SplicedTranscripts
from storiform.model.codons import STOP
from storiform.model.protein_changes import changed_window
from storiform.model.resources import Reference
from storiform.model.step import only_with
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.proteins import HLA_TYPES, CallPhases, PhasedCalls
from storiform.model.tables.proteome import GERMLINE_PROTEINS, GermlineProteins
from storiform.model.tables.reads import GermlineSites
from storiform.model.transcripts import GenomeTranscripts


@only_with(HLA_TYPES, "neoantigens need HLA alleles")
def germline_proteins(  # noqa: PLR0913, PLR0917  what `protein_changes` reads, too
    variants: SomaticVariants,
    transcripts: GenomeTranscripts,
    reference: Reference,
    params: ConsequencesProteinsParams,
    germline: GermlineSites | None = None,
    phases: CallPhases | None = None,
    phased: PhasedCalls | None = None,
) -> GermlineProteins:
    """Translate what germline alleles change of the transcripts that somatic calls touch.

    The copy without the somatic call counts as well as that with it, and alleles whose copy
    is not known are taken each by itself: all of this is self.

    Parameters
    ----------
    variants
        The calls of a biopsy; those of the germline are taken.
    transcripts, reference
        The gene annotation and the genome.
    params
        Which calls are of the germline.
    germline
        Places where the patient's normal differs from the reference.
    phases
        Copies on which calls lie by their genotypes.
    phased
        Pairs of calls, or of a call and a germline allele, that reads show on one copy.

    Returns
    -------
    GermlineProteins
        Pieces of proteins, each sequence once, with the residues about what is changed.
    """
    alleles, _ = acting_alleles(variants, reference, phases, params)
    spliced, seen = SplicedTranscripts(reference), seen_pairs(phased)
    known = Germline(germline, reference, seen.together)
    found: dict[str, str] = {}
    for transcript, own in by_transcript(alleles, transcripts, spliced):
        if all(one.is_germline for one in own):
            continue
        called = {one.name: one for one in own if one.is_germline}
        born = [
            *called.values(),
            *(one for one in known.heterozygous(transcript) if one.name not in called),
        ]
        plain = spliced.of(transcript)
        own_copies = copies(born, *seen, joins_neighbours=False, needs_somatic=False)
        for copy in (Copy((), ""), *own_copies):
            for piece in _pieces(plain, copy, known, spliced):
                found.setdefault(piece, transcript.name)
    names = [f"{name} {number}" for number, name in enumerate(found.values(), 1)]
    columns = {"protein": names, "residues": list(found)}
    return pd.DataFrame(columns, columns=list(GERMLINE_PROTEINS.columns))


def _pieces(
    plain: Spliced, copy: Copy, known: Germline, spliced: SplicedTranscripts
) -> Iterator[str]:
    """Yield what a copy's protein has that the reference's has not; nothing if not known."""
    person, sites = plain, known.of(plain, copy)
    if sites:
        person = plain.with_substitutions({place: alt for place, (_, alt) in sites.items()})
    edits = germline_edits(person, copy, spliced.reference).values()
    own = sorted(edit for edit in edits if edit is not None)
    if len(own) < len(edits):
        return
    protein = edited(person, own).protein.rstrip(STOP)
    # What both proteins end with alike is self by the reference, in whatever frame.
    window = changed_window(plain.protein.rstrip(STOP), protein, "kept")
    if window is not None and window.mutant:
        yield window.mutant
