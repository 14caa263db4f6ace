"""Simulate a trial that begins with reads: exomes and RNA of every patient as BAM files."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.simulation.annotation import write_annotation
from storiform.simulation.enrolment import BURDEN, Enrolment, enrol
from storiform.simulation.faults import Fault, Faults, choose_faults, fault_table, truncate
from storiform.simulation.files import write_table, write_text
from storiform.simulation.fragments import Chains
from storiform.simulation.fusion_trial import FUSION_COLUMNS, Joint, plant_fusions
from storiform.simulation.hla import HlaType, type_rows
from storiform.simulation.hla_patients import LOSS_COLUMNS, draw_types, write_release
from storiform.simulation.invention import invent
from storiform.simulation.mutations import Mutations
from storiform.simulation.neoantigens import ANTIGEN_COLUMNS, choose_sites
from storiform.simulation.outcomes import outcomes
from storiform.simulation.people import Person, Sex, draw_person
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import read_reference
from storiform.simulation.sequencing import (
    Effort,
    Found,
    Tumour,
    World,
    bam_path,
    sequence_patient,
    vcf_path,
)
from storiform.simulation.somatic import plant
from storiform.simulation.trial import missing_material
from storiform.simulation.tumour_copies import (
    TumourCopies,
    deletion_of,
    draw_copies,
    hide_liposarcoma,
    kind_of,
)

SHEET = ("patient", "sample", "status", "bam", "bai", "vcf", "timepoint", "hla")
CONFIGURATION = """\
# A simulated trial that begins with reads ({patients} patients, seed {seed}); the genome is
# invented and no build of man, whatever is written here. What is true, neoantigens too,
# stands in truth/.
workflow: trial
output: results
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
resources:
  targets: targets.bed
  genes: genes.gtf
  fasta: reference.fa
  hla_reference: hla_reference.npz
"""
RATE_MEDIAN = 70.0
"""Median rate of nonsynonymous mutations per megabase: high, since the exome is small."""
_PURITY = (0.45, 0.85)
_BARE = (1, 6)
"""Which patients of each eight have VCFs without consequences: of either caller."""


@dataclass(frozen=True)
class ReadTruth:
    """What is true of the reads; each frame is ``truth/NAME.tsv`` in the trial's folder."""

    reads: pd.DataFrame
    tmb: pd.DataFrame
    calls: pd.DataFrame
    signatures: pd.DataFrame
    expression: pd.DataFrame
    copies: pd.DataFrame
    hla: pd.DataFrame
    neoantigens: pd.DataFrame
    hla_loss: pd.DataFrame
    fusions: pd.DataFrame
    missing: pd.DataFrame
    faults: pd.DataFrame


def simulate_reads(
    out: Path, patients: int, seed: int, faults: Sequence[Fault] = (),
    effort: Effort | None = None, workers: int = 2,
) -> ReadTruth:  # fmt: skip
    """Write a trial whose samples are BAM files into a folder.

    The same arguments give the same bytes, whatever the number of workers.

    Parameters
    ----------
    out
        The folder; files of the same names in it are replaced.
    patients
        Number of patients, at least 4.
    seed
        Seeds everything but the genome, which is the same in all trials.
    faults
        Faults to build in, each on patients of its own.
    effort
        How deep to sequence.
    workers
        Patients that are sequenced at a time.

    Returns
    -------
    ReadTruth
        What the folder's ``truth/*.tsv`` hold.

    Raises
    ------
    ValueError
        If there are fewer than 4 patients, or too few for the faults.
    """
    if patients < 4 or seed < 0:  # noqa: PLR2004  one of each response
        message = f"{patients} patients, seed {seed}: at least 4 patients and a seed from 0"
        raise ValueError(message)
    recipe = replace(Recipe(), rate_median=RATE_MEDIAN, share_on_treatment=0.04)
    reference = read_reference(recipe.genes)
    genome = invent(reference)
    enrolment = enrol(patients, list(reference.markers), seed, recipe)
    clinical = outcomes(enrolment, seed, recipe)
    rng = np.random.default_rng([seed, 21])
    with_dna = [b.patient for b in enrolment.biopsies if b.dna and b.timepoint == "pre"]
    chosen = choose_faults(faults, with_dna, rng)
    sound = [name for name in with_dna if name not in chosen.patients] or with_dna
    clinical, hidden = hide_liposarcoma(clinical, sound, np.random.default_rng([seed, 28]))
    with_rna = {biopsy.patient for biopsy in enrolment.biopsies if biopsy.rna}
    free = [name for name in sound if name in with_rna and name != hidden]
    clinical, joints = plant_fusions(genome, clinical, free, seed)
    told, people = draw_types(enrolment.patients, sound, seed)
    world = World(
        genome, Chains.of(genome), reference, recipe, effort or Effort(), seed, out, chosen,
        people,
    )  # fmt: skip
    sexes: dict[str, Sex] = dict(zip(clinical["patient"], clinical["sex"], strict=True))
    copies = _copies(world, clinical, hidden)
    tumours = _tumours(world, enrolment, sexes, copies, told, joints)
    for name in ("bam", "vcf"):
        (out / name).mkdir(parents=True, exist_ok=True)
    write_annotation(out, genome)
    write_release(out)
    with ThreadPoolExecutor(workers) as pool:
        found = list(
            pool.map(lambda name: sequence_patient(world, tumours, name), enrolment.patients)
        )
    write_table(out / "samples.csv", _sheet(enrolment, chosen, told))
    write_table(out / "clinical.csv", clinical)
    _spoil(out, enrolment, chosen)
    hla = pd.DataFrame([row for name in told for row in type_rows(name, told[name])])
    hla["has_reads"] = hla["patient"].isin(list(people))
    truth = _truth(found, enrolment, missing_material(enrolment, clinical), chosen, hla)
    truth.copies["is_hidden"] = truth.copies["patient"] == hidden
    for field in fields(truth):
        write_table(out / "truth" / f"{field.name}.tsv", getattr(truth, field.name))
    # Written last: where it stands, the trial is whole.
    write_text(out / "trial.yaml", configuration(patients, seed))
    return truth


def configuration(patients: int, seed: int) -> str:
    """Return the text of the trial's ``trial.yaml``."""
    return CONFIGURATION.format(patients=patients, seed=seed)


def _copies(world: World, clinical: pd.DataFrame, hidden: str) -> dict[str, TumourCopies]:
    """Draw the copies of each patient's tumour, by diagnosis and response."""
    found = {}
    for number, row in enumerate(clinical.to_dict("records")):
        rng = np.random.default_rng([world.seed, 29, number])
        name = str(row["patient"])
        kind = kind_of(str(row["histology"]), is_hidden=name == hidden, rng=rng)
        found[name] = draw_copies(world.genome, kind, deletion_of(row["response"], rng), rng)
    return found


def _tumours(
    world: World, enrolment: Enrolment, sexes: Mapping[str, Sex],
    copies: Mapping[str, TumourCopies], types: Mapping[str, HlaType],
    joints: Mapping[str, Joint],
) -> dict[str, list[Tumour]]:  # fmt: skip
    """Draw every person, and for each biopsy what is planted in it."""
    people: dict[str, Person] = {}
    tumours: dict[str, list[Tumour]] = {}
    for number, name in enumerate(enrolment.patients):
        rng = np.random.default_rng([world.seed, 22, number])
        people[name] = draw_person(world.genome, sexes[name], rng)
    for biopsy in enrolment.biopsies:
        # Both biopsies of a patient are of one tumour: the same draws, the same mutations.
        number = enrolment.patients.index(biopsy.patient)
        rng = np.random.default_rng([world.seed, 23, number])
        latent = biopsy.latent[BURDEN]
        rate = world.recipe.rate_median * float(np.exp(world.recipe.rate_log_sd * latent))
        person = people[biopsy.patient]
        own = copies[biopsy.patient]
        hla = types[biopsy.patient]
        sites = choose_sites(
            world.genome.epitopes, hla.alleles, np.random.default_rng([world.seed, 32, number])
        )
        calls = plant(world.genome, person, rate, rng, own, sites) if biopsy.dna else []
        rng = np.random.default_rng([world.seed, 27, biopsy.number])
        purity = round(float(rng.uniform(*_PURITY)), 3)
        is_bare = number % 8 in _BARE
        joint = joints.get(biopsy.patient)
        made = Tumour(biopsy, person, purity, rate, tuple(calls), own, hla, is_bare, joint)
        tumours.setdefault(biopsy.patient, []).append(made)
    return tumours


def _sheet(enrolment: Enrolment, faults: Faults, types: Mapping[str, HlaType]) -> pd.DataFrame:
    """Return the sample sheet: a normal for who has an exome, then each biopsy's samples."""
    rows: list[dict[str, object]] = []
    normals: set[str] = set()
    for biopsy in enrolment.biopsies:
        name = biopsy.patient
        if biopsy.dna and name not in normals:
            normals.add(name)
            rows.append(_line(name, biopsy.normal_sample, 0))
        if biopsy.dna:
            row = _line(name, biopsy.dna_sample, 1)
            row |= {"vcf": vcf_path(biopsy), "timepoint": biopsy.timepoint}
            row["hla"] = types[name].cell
            if name in faults.without_index and biopsy.timepoint == "pre":
                row["bai"] = ""
            rows.append(row)
        if biopsy.rna:
            row = _line(name, biopsy.rna_sample, 2)
            rows.append(row | {"timepoint": biopsy.timepoint})
    return pd.DataFrame(rows, columns=list(SHEET))


def _line(patient: str, sample: str, status: int) -> dict[str, object]:
    bam = bam_path(sample)
    return {
        "patient": patient,
        "sample": sample,
        "status": status,
        "bam": bam,
        "bai": f"{bam}.bai",
    }


def _spoil(out: Path, enrolment: Enrolment, faults: Faults) -> None:
    """Cut off and take away what the faults say."""
    for name, biopsy in enrolment.baseline().items():
        path = out / bam_path(biopsy.dna_sample)
        if name in faults.truncated:
            truncate(path)
        if name in faults.without_index:
            Path(f"{path}.bai").unlink()


def _truth(
    found: Sequence[Found], enrolment: Enrolment, missing: pd.DataFrame, faults: Faults,
    hla: pd.DataFrame,
) -> ReadTruth:  # fmt: skip
    made = [mutations for part in found for mutations in part.called]
    calls = [row for part in found for row in part.calls]
    reads = pd.DataFrame([row for part in found for row in part.reads])
    return ReadTruth(
        reads.sort_values(["patient", "sample"], ignore_index=True),
        pd.DataFrame([_tmb_row(mutations) for mutations in made]),
        pd.DataFrame(calls), _signatures(enrolment),
        pd.DataFrame([row for part in found for row in part.expression]),
        pd.DataFrame([row for part in found for row in part.copies]), hla,
        pd.DataFrame(
            [row for part in found for row in part.neoantigens], columns=list(ANTIGEN_COLUMNS)
        ),
        pd.DataFrame(
            [row for part in found for row in part.hla_loss], columns=list(LOSS_COLUMNS)
        ),
        pd.DataFrame(
            [row for part in found for row in part.fusions], columns=list(FUSION_COLUMNS)
        ),
        missing, fault_table(faults),
    )  # fmt: skip


def _tmb_row(made: Mutations) -> dict[str, object]:
    return {
        "patient": made.biopsy.patient,
        "biopsy": made.biopsy.name,
        "sample": made.biopsy.dna_sample,
        "source": made.caller,
        "is_annotated": made.is_annotated,
        "mutations_nonsynonymous": made.planted,
        "mutations_coding": sum(call.is_coding for call in made.calls),
        "rate_per_mb": round(made.rate, 6),
        "megabases": made.megabases,
    }


def _signatures(enrolment: Enrolment) -> pd.DataFrame:
    rows = [
        {
            "patient": biopsy.patient,
            "biopsy": biopsy.name,
            "population": name,
            "abundance": value,
        }
        for biopsy in enrolment.biopsies
        if biopsy.rna
        for name, value in biopsy.latent.items()
        if name != BURDEN
    ]
    return pd.DataFrame(rows)
