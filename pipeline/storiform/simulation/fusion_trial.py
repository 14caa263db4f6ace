"""Fusions in a trial of reads: who has which, its messenger, and what is true of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from storiform.simulation.codons import GENETIC_CODE
from storiform.simulation.enrolment import Biopsy
from storiform.simulation.fusion_rna import Molecule
from storiform.simulation.genome import Gene, Genome, letters

USUAL: Mapping[str, tuple[tuple[str, str], ...]] = {
    "synovial sarcoma": (("SS18", "SSX1"), ("SS18", "SSX1"), ("SS18", "SSX2")),
    "alveolar soft part sarcoma": (("ASPSCR1", "TFE3"),),
}
"""Diagnosis -> pairs of genes, of which each of its tumours has one fused."""
HIDDEN, HIDDEN_AS = ("FUS", "DDIT3"), "myxofibrosarcoma"
"""The fusion of myxoid liposarcomas, and the diagnosis under which one is entered."""
FUSION_COLUMNS = (
    "patient", "biopsy", "sample", "gene_5", "gene_3", "contig_5", "position_5", "strand_5",
    "contig_3", "position_3", "strand_3", "split_fragments", "spanning_fragments",
    "is_in_frame", "junction_residues", "is_hidden",
)  # fmt: skip
_ENTITIES = ("dedifferentiated liposarcoma", *USUAL)
"""Diagnoses that the trial checks by other means: none of them is changed."""
_AROUND = 8
"""Residues on either side of a junction that the truth names."""
_LEAST_KEPT = 12
"""Residues that either partner gives to a fusion, at least, if its exons allow it."""


@dataclass(frozen=True)
class Joint:
    """Two genes that are fused.

    The messenger has the first `cut_5` bases of one, and of the other all but `cut_3`.
    """

    five: Gene
    three: Gene
    cut_5: int
    cut_3: int
    is_hidden: bool = False

    @property
    def is_in_frame(self) -> bool:
        """Return whether the codons of the 3' partner are read as in its own protein."""
        return _phase(self.five, self.cut_5) == _phase(self.three, self.cut_3)


def plant_fusions(
    genome: Genome, clinical: pd.DataFrame, patients: Sequence[str], seed: int
) -> tuple[pd.DataFrame, dict[str, Joint]]:
    """Choose who has which fusion, and enter one of them under another diagnosis.

    Parameters
    ----------
    genome
        The invented genome.
    clinical
        The clinical table.
    patients
        Those of whom there is RNA, and of whose tumour no other diagnosis is in doubt.
    seed
        Of the trial.

    Returns
    -------
    tuple
        The clinical table with that diagnosis, and the fusion of each patient who has one.
    """
    changed, hidden = hide_fusion(clinical, patients, np.random.default_rng([seed, 38]))
    return changed, draw_joints(genome, changed, hidden, seed)


def hide_fusion(
    clinical: pd.DataFrame, patients: Sequence[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, str]:
    """Enter one tumour with the fusion of a myxoid liposarcoma under another diagnosis.

    Parameters
    ----------
    clinical
        The clinical table.
    patients
        Those of whom there is RNA, and of whose tumour no other diagnosis is in doubt.
    rng
        Source of chance.

    Returns
    -------
    tuple
        The clinical table with the diagnosis of that patient, and the patient; empty where
        none is left.
    """
    stated = clinical.set_index("patient")["histology"]
    free = [name for name in patients if stated.get(name) not in _ENTITIES]
    choices = [name for name in free if stated.get(name) == HIDDEN_AS] or free
    if not choices:
        return clinical, ""
    hidden = choices[int(rng.integers(len(choices)))]
    changed = clinical.copy()
    changed.loc[changed["patient"] == hidden, "histology"] = HIDDEN_AS
    return changed, hidden


def draw_joints(
    genome: Genome, clinical: pd.DataFrame, hidden: str, seed: int
) -> dict[str, Joint]:
    """Draw the fusion of each patient whose tumour has one.

    Parameters
    ----------
    genome
        The invented genome.
    clinical
        The diagnoses.
    hidden
        The patient with the fusion of another one.
    seed
        Of the trial.
    """
    genes = {gene.symbol: gene for gene in genome.genes}
    found = {}
    for number, row in enumerate(clinical.to_dict("records")):
        rng = np.random.default_rng([seed, 36, number])
        name = str(row["patient"])
        pairs = (HIDDEN,) if name == hidden else USUAL.get(str(row["histology"]), ())
        if pairs:
            five, three = (genes[symbol] for symbol in pairs[int(rng.integers(len(pairs)))])
            cut_5, cut_3 = _cuts(five, three, rng)
            found[name] = Joint(five, three, cut_5, cut_3, name == hidden)
    return found


def _cuts(five: Gene, three: Gene, rng: np.random.Generator) -> tuple[int, int]:
    """Draw ends of exons within both coding sequences, in frame if there are such."""
    both = list(product(_coding_ends(five), _coding_ends(three)))
    fitting = [(a, b) for a, b in both if _phase(five, a) == _phase(three, b)] or both
    enough = [(a, b) for a, b in fitting if _is_enough(five, three, a, b)] or fitting
    return enough[int(rng.integers(len(enough)))]


def _is_enough(five: Gene, three: Gene, cut_5: int, cut_3: int) -> bool:
    return min(cut_5 - five.coding[0], three.coding[1] - cut_3) >= 3 * _LEAST_KEPT


def _coding_ends(gene: Gene) -> list[int]:
    sizes = [end - start for start, end in gene.exons]
    ends = np.cumsum(sizes if gene.strand == "+" else sizes[::-1])[:-1].tolist()
    within = [end for end in ends if gene.coding[0] + 3 <= end <= gene.coding[1] - 3]
    return within or ends


def _phase(gene: Gene, cut: int) -> int:
    return (cut - gene.coding[0]) % 3


def molecule_of(genome: Genome, gene: Gene) -> Molecule:
    """Return the messenger of a gene."""
    places = gene.transcript.astype(np.int64)
    contig = np.full(len(places), genome.contigs.index(gene.contig))
    return Molecule(contig, places, np.full(len(places), int(gene.strand == "-")))


def fused_molecule(genome: Genome, joint: Joint) -> Molecule:
    """Return the messenger of a fusion."""
    head, tail = molecule_of(genome, joint.five), molecule_of(genome, joint.three)
    return head.part(0, joint.cut_5).joined(tail.part(joint.cut_3, len(tail.places)))


def fusion_row(
    genome: Genome, biopsy: Biopsy, joint: Joint, fragments: tuple[int, int]
) -> dict[str, object]:
    """Return what is true of a fusion; `fragments` run over the junction, and around it."""
    ends = {
        "5": (joint.five, int(joint.five.transcript[joint.cut_5 - 1])),
        "3": (joint.three, int(joint.three.transcript[joint.cut_3])),
    }
    row: dict[str, object] = {
        "patient": biopsy.patient, "biopsy": biopsy.name, "sample": biopsy.rna_sample,
    }  # fmt: skip
    for side, (gene, place) in ends.items():
        row |= {f"gene_{side}": gene.symbol, f"contig_{side}": gene.contig,
                f"position_{side}": place, f"strand_{side}": gene.strand}  # fmt: skip
    return row | {
        "split_fragments": fragments[0], "spanning_fragments": fragments[1],
        "is_in_frame": joint.is_in_frame, "is_hidden": joint.is_hidden,
        "junction_residues": junction_residues(genome, joint),
    }  # fmt: skip


def junction_residues(genome: Genome, joint: Joint) -> str:
    """Return the residues around a junction, up to `_AROUND` of either side.

    The first of the right side is that whose codon holds the first base of the 3' partner.
    """
    fused = fused_molecule(genome, joint)
    begin = joint.five.coding[0]
    firsts = np.array([genome.first(name) for name in genome.contigs], dtype=np.int64)
    codes = genome.bases[firsts[fused.contigs] + fused.places]
    text = letters(np.where(fused.strands == 1, 3 - codes, codes).astype(np.uint8))[begin:]
    residues = "".join(
        GENETIC_CODE[text[at : at + 3]] for at in range(0, len(text) - 2, 3)
    ).partition("*")[0]
    joint_at = (joint.cut_5 - begin) // 3
    return residues[max(joint_at - _AROUND, 0) : joint_at + _AROUND]
