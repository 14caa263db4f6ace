"""HLA genes of a trial's patients: reads of their own alleles, beside those of the genome.

The invented genome has one HLA-A like any other gene. What tells alleles apart lies on
contigs of its own, where aligners put such reads in man too: an alternative haplotype of chr6
and alleles of HLA genes. So nothing else in the trial changes with these reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.hla_reference_file import write_hla_reference
from storiform.io.imgt import read_imgt
from storiform.model.hla import CLASS_I
from storiform.simulation.genome import Genome
from storiform.simulation.hla import HlaType, draw_type, homozygous, spoil_types
from storiform.simulation.hla_bam import (
    ALTERNATIVE,
    OWN,
    Placing,
    Records,
    placed_records,
    scattered,
)
from storiform.simulation.hla_genes import HlaFamily, write_family
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import HlaPerson, HlaTumour, draw_person
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla
from storiform.simulation.pairing import LENGTH, QUALITIES
from storiform.simulation.tumour_copies import TumourCopies

CONTIGS = (ALTERNATIVE["GRCh38"][:2], OWN)
"""Names and lengths of the contigs behind those of the genome."""
RELEASE = "imgt"
"""Folder of the invented alleles in a trial's folder, as IPD-IMGT/HLA lays its files out."""
COMPILED = "hla_reference.npz"
"""The same as ``storiform hla-reference`` compiles them."""
_DECOYS = 0.35
"""How well the kit catches genes that only resemble those of HLA class I."""
_PLACING = Placing(share_unplaced=0.05, share_orphaned=0.02, share_elsewhere=0.0)
_ERRORS = 0.001
"""Errors per base before qualities fall to the level below."""
_ENOUGH = 8
"""Sound patients from which on one has no such reads, and one is homozygous."""
LOSS_COLUMNS = (
    "patient", "biopsy", "gene", "allele_1", "allele_2", "copies_1", "copies_2", "purity",
    "lost_allele", "has_reads",
)  # fmt: skip


@dataclass(frozen=True)
class HlaSample:
    """What is sequenced of a patient's HLA genes: how deep, and what else is like the rest."""

    patient: str
    depth: float
    duplicate_share: float
    assay: Literal["exome", "rna"]
    seed: tuple[int, ...]
    tumour: HlaTumour | None = None


def write_release(folder: Path, imgt: Path | None = None) -> None:
    """Compile the alleles of a trial into its folder, as `COMPILED`.

    Parameters
    ----------
    folder
        The trial's folder.
    imgt
        A release of IPD-IMGT/HLA; None: the invented alleles, which are then written as such
        a release is, into `RELEASE`.
    """
    release = "invented" if imgt is None else ""
    if imgt is None:
        write_family(folder / RELEASE, invent_family())
    compiled = compile_reference(read_imgt(imgt or folder / RELEASE, release))
    write_hla_reference(folder / COMPILED, compiled, "")


def draw_types(
    patients: Sequence[str], sound: Sequence[str], seed: int
) -> tuple[dict[str, HlaType], dict[str, HlaPerson]]:
    """Draw the alleles of all patients, what the sheet tells of them, and who has reads.

    One in four of `sound` is not told. Where there are enough patients, one of these has no
    reads of HLA genes either, and another patient has each gene's allele twice.

    Parameters
    ----------
    patients
        All patients.
    sound
        Those with an exome and without a fault.
    seed
        Seed of the trial.

    Returns
    -------
    tuple
        The types as told, and the people whose HLA genes are sequenced.
    """
    types = {
        name: draw_type(np.random.default_rng([seed, 30, number]))
        for number, name in enumerate(patients)
    }
    told = spoil_types(types, sound, np.random.default_rng([seed, 31]))
    untyped = [name for name in sound if not told[name].written]
    without = untyped[0] if len(sound) >= _ENOUGH else ""
    if without:
        twice = next(name for name in reversed(sound) if name != without)
        told[twice] = homozygous(told[twice])
    people = _draw_people(told, without, np.random.default_rng([seed, 36]))
    return told, people


def _draw_people(
    types: Mapping[str, HlaType], without: str, rng: np.random.Generator
) -> dict[str, HlaPerson]:
    """Draw how well each patient's alleles are caught, and their decoys."""
    family = invent_family()
    people: dict[str, HlaPerson] = {}
    for name, own in types.items():
        pairs = {gene: own.alleles[2 * n : 2 * n + 2] for n, gene in enumerate(CLASS_I)}
        drawn = draw_person(
            family, rng, {gene: (one, two) for gene, (one, two) in pairs.items()}
        )
        decoys = {decoy for pair in drawn.decoys.values() for decoy in pair}
        caught = {
            allele: value * (_DECOYS if allele in decoys else 1.0)
            for allele, value in drawn.capture.items()
        }
        if name != without:
            people[name] = replace(drawn, capture=caught)
    return people


def tumour_of(genome: Genome, copies: TumourCopies, purity: float) -> HlaTumour:
    """Return what a tumour has of its HLA genes: what its genome has where they lie.

    Depth in a trial is that of two copies, whatever the ploidy: so none is told here.
    """
    states = gene_copies(genome, copies)
    known = {
        gene: states.get(gene, states["A"]) for gene in (*CLASS_I, *invent_family().decoys)
    }
    return HlaTumour(purity, 2.0, known)


def gene_copies(genome: Genome, copies: TumourCopies) -> dict[str, tuple[int, int]]:
    """Return the copies of both haplotypes at each gene of class I."""
    found: dict[str, tuple[int, int]] = {}
    for gene in genome.genes:
        name = gene.symbol.removeprefix("HLA-")
        if gene.symbol.startswith("HLA-") and name in CLASS_I:
            middle = genome.first(gene.contig) + (gene.exons[0][0] + gene.exons[-1][1]) // 2
            one, two = copies.at(np.array([middle], dtype=np.int64))[0].tolist()
            found[name] = one, two
    return found


def hla_records(
    people: Mapping[str, HlaPerson], sample: HlaSample, contigs: int
) -> Records | None:
    """Sequence the HLA genes of a sample; None of a patient without such reads.

    Parameters
    ----------
    people
        Those who have reads.
    sample
        Whose reads, and how deep.
    contigs
        Contigs of the genome, before `CONTIGS`.
    """
    person = people.get(sample.patient)
    if person is None:
        return None
    family: HlaFamily = invent_family()
    rng = np.random.default_rng(list(sample.seed))
    library = HlaLibrary(
        depth=sample.depth, read_length=LENGTH, insert_mean=178.0,
        duplicate_share=sample.duplicate_share, assay=sample.assay,
        error_rate=_ERRORS, levels=QUALITIES,
    )  # fmt: skip
    reads = sequence_hla(family, person, library, rng, sample.tumour)
    begin = ALTERNATIVE["GRCh38"][2]
    return scattered(placed_records(reads, family, contigs, -begin), contigs, 0, _PLACING, rng)


def loss_rows(
    patient: str, biopsy: str, own: HlaType, tumour: HlaTumour, *, has_reads: bool
) -> list[dict[str, object]]:
    """Return what is true of the HLA genes of a tumour, one row a gene.

    `lost_allele` is the one without a copy, both for a gene that is gone, none where both
    are alike.
    """
    rows: list[dict[str, object]] = []
    for number, gene in enumerate(CLASS_I):
        pair = own.alleles[2 * number : 2 * number + 2]
        copies = tumour.copies[gene]
        gone = [allele for allele, left in zip(pair, copies, strict=True) if left == 0]
        lost = "" if pair[0] == pair[1] else ";".join(gone)
        values = (patient, biopsy, gene, *pair, *copies, tumour.purity, lost, has_reads)
        rows.append(dict(zip(LOSS_COLUMNS, values, strict=True)))
    return rows


def lost_alleles(own: HlaType, tumour: HlaTumour) -> frozenset[str]:
    """Return the alleles of which no tumour cell has a copy."""
    kept: set[str] = set()
    for number, gene in enumerate(CLASS_I):
        pair = own.alleles[2 * number : 2 * number + 2]
        kept |= {a for a, left in zip(pair, tumour.copies[gene], strict=True) if left > 0}
    return frozenset(own.alleles) - kept
