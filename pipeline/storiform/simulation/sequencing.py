"""Sequence one patient: normal exome, and exome and RNA of each biopsy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.simulation.called import MISSED, Counts, called, count_alleles, questions
from storiform.simulation.callers import vcf_text
from storiform.simulation.enrolment import Biopsy
from storiform.simulation.expressed import expression_of
from storiform.simulation.faults import CONTAMINATION, Faults
from storiform.simulation.files import write_text
from storiform.simulation.fragments import (
    Chains,
    Fragments,
    Mixture,
    exome_fragments,
    gene_weights,
    rna_fragments,
)
from storiform.simulation.fusion_library import fused_reads
from storiform.simulation.fusion_trial import Joint, fusion_row
from storiform.simulation.genome import Genome
from storiform.simulation.hla import HlaType
from storiform.simulation.hla_bam import Records
from storiform.simulation.hla_patients import (
    HlaSample,
    hla_records,
    loss_rows,
    lost_alleles,
    tumour_of,
)
from storiform.simulation.hla_people import HlaPerson, HlaTumour
from storiform.simulation.mutations import Call, Mutations
from storiform.simulation.neoantigens import antigen_row
from storiform.simulation.people import Molecules, Person, molecules
from storiform.simulation.reads import Library, write_reads
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import Reference
from storiform.simulation.somatic import Planted, alterations
from storiform.simulation.tumour_copies import TumourCopies, copies_row

CALLERS = ("mutect2", "strelka2")
"""Callers whose VCFs are written, in turn."""
_HLA_IN_RNA = 5e-4
"""Depth of an HLA allele's exons for each fragment of an RNA library."""


@dataclass(frozen=True)
class Effort:
    """How much is sequenced: mean depths of the targets, fragments of an RNA library."""

    normal_depth: float = 55.0
    tumour_depth: float = 70.0
    rna_fragments: int = 80_000


@dataclass(frozen=True)
class World:
    """What all patients share; `hla` are those whose HLA genes are sequenced."""

    genome: Genome
    chains: Chains
    reference: Reference
    recipe: Recipe
    effort: Effort
    seed: int
    folder: Path
    faults: Faults
    hla: Mapping[str, HlaPerson]


@dataclass(frozen=True)
class Tumour:
    """One biopsy: whose it is, its calls, its purity and its copies of the genome.

    `hla` are the patient's alleles of class I; `is_bare` tells whether the caller's file
    lacks consequences; `joint` are the genes that are fused.
    """

    biopsy: Biopsy
    person: Person
    purity: float
    rate: float
    calls: tuple[Planted, ...]
    copies: TumourCopies
    hla: HlaType
    is_bare: bool
    joint: Joint | None = None

    @property
    def alleles(self) -> tuple[str, ...]:
        """Return the patient's alleles of class I."""
        return self.hla.alleles


@dataclass
class Found:
    """Rows of the truth that one patient contributes."""

    reads: list[dict[str, object]]
    called: list[Mutations]
    calls: list[dict[str, object]]
    expression: list[dict[str, object]]
    copies: list[dict[str, object]]
    neoantigens: list[dict[str, object]]
    hla_loss: list[dict[str, object]]
    fusions: list[dict[str, object]]


def sequence_patient(world: World, tumours: Mapping[str, list[Tumour]], name: str) -> Found:
    """Sequence all samples of a patient and count the alleles of the calls in them."""
    found = Found([], [], [], [], [], [], [], [])
    mine = tumours[name]
    normal = _normal(world, mine[0], found) if mine[0].biopsy.dna else []
    for tumour in mine:
        biopsy = tumour.biopsy
        other = world.faults.contaminated.get(name) if biopsy.timepoint == "pre" else None
        mixed = tumours[other][0].person if other else tumour.person
        cells = molecules(world.genome, tumour.person, alterations(tumour.calls), mixed)
        if biopsy.dna:
            contamination = CONTAMINATION if other else 0.0
            mixture = Mixture(tumour.purity, contamination, tumour.copies)
            shown = _tumour(world, tumour, cells, mixture, found)
            _report(world, tumour, called(tumour.calls, shown, normal), found)
            found.copies.append(
                {"patient": biopsy.patient, "biopsy": biopsy.name, "purity": tumour.purity}
                | copies_row(world.genome, tumour.copies)
            )
            found.hla_loss += loss_rows(
                biopsy.patient, biopsy.name, tumour.hla, _hla_of(world, tumour),
                has_reads=biopsy.patient in world.hla,
            )  # fmt: skip
        if biopsy.rna:
            counted = _rna(world, tumour, cells, found)
            for row, (ref, alt) in zip(found.calls[-len(counted) :], counted, strict=True):
                row |= {"rna_ref": ref, "rna_alt": alt}
    return found


def _report(world: World, tumour: Tumour, calls: Sequence[Call], found: Found) -> None:
    """Write what the caller reports, and note what is true of it."""
    biopsy = tumour.biopsy
    caller = CALLERS[biopsy.number % len(CALLERS)]
    made = Mutations(
        biopsy, caller, tumour.rate, megabases(world.genome), tuple(calls),
        is_annotated=not tumour.is_bare,
    )  # fmt: skip
    found.called.append(made)
    reported = replace(made, calls=tuple(c for c in calls if c.planted_as != MISSED))
    write_text(world.folder / vcf_path(biopsy), vcf_text(reported, world.genome.lengths))
    for call, planted in zip(calls, tumour.calls, strict=True):
        row = _call_row(biopsy, call) | _copies_of(tumour, planted)
        found.calls.append(row | _together(caller, call, planted))
        if planted.epitope is not None:
            lost = lost_alleles(tumour.hla, _hla_of(world, tumour))
            row = antigen_row(biopsy, call, planted.epitope, tumour.alleles)
            found.neoantigens.append(row | {"is_lost": row["allele"] in lost})


def _hla_of(world: World, tumour: Tumour) -> HlaTumour:
    return tumour_of(world.genome, tumour.copies, tumour.purity)


def _together(caller: str, call: Call, planted: Planted) -> dict[str, object]:
    """Return what a call does with its neighbour, and the phase group if the VCF names it."""
    is_told = call.phase and caller == "mutect2"
    return {
        "joint_hgvsp": planted.joint or pd.NA,
        "phase_group": call.phase if is_told else pd.NA,
    }


def _call_row(biopsy: Biopsy, call: Call) -> dict[str, object]:
    return {
        "patient": biopsy.patient, "biopsy": biopsy.name, "contig": call.contig,
        "start": call.start, "ref": call.ref, "alt": call.alt, "gene": call.gene,
        "consequence": call.consequence, "hgvsp": call.hgvsp, "planted_as": call.planted_as,
        "counts_nonsynonymous": call.is_counted, "counts_coding": call.is_coding,
        "tumour_ref": call.tumour_depth - call.tumour_alt, "tumour_alt": call.tumour_alt,
        "normal_ref": call.normal_depth - call.normal_alt, "normal_alt": call.normal_alt,
        "rna_ref": pd.NA, "rna_alt": pd.NA,
    }  # fmt: skip


def _copies_of(tumour: Tumour, planted: Planted) -> dict[str, object]:
    """Return the copies of a call's place in tumour cells, and how many of them carry it."""
    both = tumour.copies.at(np.array([planted.at], dtype=np.int64))[0].tolist()
    sides = planted.alteration.haplotypes if planted.alteration else ()
    carrying = sum(both[side] for side in sides) if sides else pd.NA
    return {"total_copies": sum(both), "mutated_copies": carrying}


def megabases(genome: Genome) -> float:
    """Return the megabases of the targets."""
    return sum(end - start for _, start, end, _ in genome.targets) / 1e6


def vcf_path(biopsy: Biopsy) -> str:
    """Return where the calls of a biopsy lie in the trial's folder."""
    return f"vcf/{biopsy.dna_sample}.vcf"


def bam_path(sample: str) -> str:
    """Return where the reads of a sample lie in the trial's folder."""
    return f"bam/{sample}.bam"


def _normal(world: World, tumour: Tumour, found: Found) -> list[Counts]:
    biopsy, person = tumour.biopsy, tumour.person
    rng = np.random.default_rng([world.seed, 24, biopsy.number])
    cells = molecules(world.genome, person, (), person)
    depth = world.effort.normal_depth
    drawn = exome_fragments(world.genome, world.chains, person.sex, Mixture(), depth, rng)
    hla = _hla(world, biopsy.patient, depth, drawn, [33, biopsy.number])
    library = Library(biopsy.normal_sample, int(rng.integers(1, 2**30)), hla=hla)
    found.reads.append(_row(tumour, biopsy.normal_sample, "normal", "exome", drawn))
    return _write(world, library, cells, drawn, tumour)


def _tumour(
    world: World, tumour: Tumour, cells: Molecules, mixture: Mixture, found: Found
) -> list[Counts]:
    """Sequence a tumour exome; where tubes were swapped, under the other patient's name."""
    biopsy, person = tumour.biopsy, tumour.person
    rng = np.random.default_rng([world.seed, 25, biopsy.number])
    depth = world.effort.tumour_depth
    drawn = exome_fragments(world.genome, world.chains, person.sex, mixture, depth, rng)
    labelled = biopsy
    if biopsy.timepoint == "pre":
        label = world.faults.swapped.get(biopsy.patient, biopsy.patient)
        labelled = replace(biopsy, patient=label)
    own = _hla_of(world, tumour)
    hla = _hla(world, biopsy.patient, depth, drawn, [34, biopsy.number], own)
    library = Library(labelled.dna_sample, int(rng.integers(1, 2**30)), hla=hla)
    row = _row(tumour, library.sample, "tumour", "exome", drawn)
    row |= {"patient": labelled.patient, "contamination": mixture.contamination}
    found.reads.append(row)
    return _write(world, library, cells, drawn, tumour)


def _hla(
    world: World, patient: str, depth: float, drawn: Fragments, seed: Sequence[int],
    tumour: HlaTumour | None = None,
) -> Records | None:  # fmt: skip
    """Sequence the HLA genes of an exome, with as many duplicates as the rest of it."""
    copied = float(drawn.is_duplicate.mean())
    sample = HlaSample(patient, depth, copied, "exome", (world.seed, *seed), tumour)
    return hla_records(world.hla, sample, len(world.genome.contigs))


def _rna(world: World, tumour: Tumour, cells: Molecules, found: Found) -> list[Counts]:
    biopsy, person = tumour.biopsy, tumour.person
    rng = np.random.default_rng([world.seed, 26, biopsy.number])
    tpm = expression_of(world.genome, world.reference, biopsy, world.recipe, rng)
    weights = gene_weights(world.genome, tpm, person.sex)
    size = round(world.effort.rna_fragments * float(np.exp(0.2 * rng.normal())))
    mixture = Mixture(tumour.purity)
    drawn = rna_fragments(world.genome, world.chains, weights, mixture, size, rng)
    depth = _HLA_IN_RNA * size
    sample = HlaSample(biopsy.patient, depth, 0.0, "rna", (world.seed, 35, biopsy.number),
                       _hla_of(world, tumour))  # fmt: skip
    hla = hla_records(world.hla, sample, len(world.genome.contigs))
    fused = fused_reads(
        world.genome, cells, tumour.joint, weights, (biopsy.rna_sample, size),
        np.random.default_rng([world.seed, 37, biopsy.number]),
    )  # fmt: skip
    if tumour.joint is not None:
        counts = (fused.split, fused.spanning)
        found.fusions.append(fusion_row(world.genome, biopsy, tumour.joint, counts))
    library = Library(
        biopsy.rna_sample, int(rng.integers(1, 2**30)), is_rna=True, hla=hla, fused=fused.reads
    )
    row = _row(tumour, biopsy.rna_sample, "tumour", "rna", drawn)
    found.reads.append(row | {"fragments": len(drawn.chain) + fused.fragments})
    lengths = np.array([gene.length for gene in world.genome.genes])
    planted = 1e6 * (weights / lengths) / (weights / lengths).sum()
    found.expression += [
        {"biopsy": biopsy.name, "gene": gene.symbol, "gene_id": gene.ensembl,
         "tpm": round(value, 3)}
        for gene, value in zip(world.genome.genes, planted.tolist(), strict=True)
    ]  # fmt: skip
    return _write(world, library, cells, drawn, tumour)


def _write(
    world: World, library: Library, cells: Molecules, drawn: Fragments, tumour: Tumour
) -> list[Counts]:
    """Write the reads of a library and count the alleles of the tumour's calls in them."""
    path = world.folder / bam_path(library.sample)
    asked = questions(tumour.calls)
    shown = write_reads(path, library, world.genome, world.chains, cells, drawn, asked)
    return count_alleles(tumour.calls, shown)


def _row(
    tumour: Tumour, sample: str, role: str, assay: str, drawn: Fragments
) -> dict[str, object]:
    biopsy, is_tumour = tumour.biopsy, role == "tumour"
    return {
        "patient": biopsy.patient, "sample": sample, "role": role, "assay": assay,
        "person": biopsy.patient, "sex": tumour.person.sex,
        "purity": tumour.purity if is_tumour else 0.0, "contamination": 0.0,
        "fragments": len(drawn.chain), "duplicates": int(drawn.is_duplicate.sum()),
        "heterozygous_snps": int(tumour.person.heterozygous.sum()),
    }  # fmt: skip
