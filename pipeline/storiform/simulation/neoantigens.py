"""Neoantigens of a tumour: which epitopes its mutations restore, and who presents them."""

from collections.abc import Sequence

import numpy as np

from storiform.simulation.enrolment import Biopsy
from storiform.simulation.genome import EpitopeSite
from storiform.simulation.mutations import Call

MOST = 4
"""Most neoantigens that are planted in a tumour of the alleles that present them."""
_STRANGE = 0.5
"""Share of tumours that restore an epitope which none of the patient's alleles presents."""


def choose_sites(
    sites: Sequence[EpitopeSite], alleles: Sequence[str], rng: np.random.Generator
) -> list[EpitopeSite]:
    """Choose 1 to `MOST` epitopes of the patient's alleles, and sometimes one of another's."""
    own = [site for site in sites if site.epitope.allele in alleles]
    others = [site for site in sites if site.epitope.allele not in alleles]
    size = min(int(rng.integers(1, MOST + 1)), len(own))
    chosen = [own[number] for number in rng.permutation(len(own))[:size]]
    if rng.uniform() < _STRANGE:
        chosen.append(others[int(rng.integers(len(others)))])
    return chosen


def antigen_row(
    biopsy: Biopsy, call: Call, site: EpitopeSite, alleles: Sequence[str]
) -> dict[str, object]:
    """Return what is true of a call that restores an epitope."""
    return {
        "patient": biopsy.patient, "biopsy": biopsy.name, "gene": call.gene,
        "contig": call.contig, "start": call.start, "ref": call.ref, "alt": call.alt,
        "hgvsp": call.hgvsp, "wild_type": site.epitope.wild_type,
        "peptide": site.epitope.peptide, "allele": site.epitope.allele,
        "is_presented": site.epitope.allele in alleles, "planted_as": call.planted_as,
    }  # fmt: skip


ANTIGEN_COLUMNS = (
    "patient", "biopsy", "gene", "contig", "start", "ref", "alt", "hgvsp", "wild_type",
    "peptide", "allele", "is_presented", "planted_as", "is_lost",
)  # fmt: skip
"""Columns of the truth, for a trial in which none is planted."""
