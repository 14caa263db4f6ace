"""Simulate a trial: what a lab would hand in, and beside it what is true."""

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from storiform.simulation.callers import vcf_text
from storiform.simulation.capture import Capture, capture
from storiform.simulation.claims import associations, survival_claims
from storiform.simulation.enrolment import Biopsy, Enrolment, enrol
from storiform.simulation.files import salmon_path, write_counts, write_table, write_text
from storiform.simulation.follow_up import CHARACTERISTICS, described, follow_up
from storiform.simulation.hostile import hostile_rows
from storiform.simulation.maf import maf
from storiform.simulation.mutations import CALLERS, WHY, Mutations, mutations
from storiform.simulation.outcomes import outcomes
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import Reference, read_reference
from storiform.simulation.transcriptome import Transcriptome, transcriptome

SHEET = ("patient", "sample", "status", "vcf", "maf", "counts", "timepoint")
CONFIGURATION = """\
# A simulated trial ({patients} patients, seed {seed}); what is true stands in truth/.
workflow: trial
output: results
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
{files}resources:
  targets: targets.bed
tmb:
  denominator: targets
"""
_FILES = (
    "".join(
        f"  {name}: {name}.csv\n"
        for name in ("lesions", "doses", "adverse_events", "laboratory")
    )
    + f"  measurements: [stains.csv]\n  characteristics: [{', '.join(CHARACTERISTICS)}]\n"
)
_DECLARED = """\
populations:
  declared: {IHC: measurements.CD20}
"""


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated trial; each frame is ``truth/NAME.tsv`` in its folder.

    `hostile` is empty unless hostile files were asked for.
    """

    tmb: pd.DataFrame
    calls: pd.DataFrame
    signatures: pd.DataFrame
    associations: pd.DataFrame
    survival: pd.DataFrame
    library: pd.DataFrame
    missing: pd.DataFrame
    hostile: pd.DataFrame


def simulate(
    out: Path, patients: int, seed: int, *, hostile: bool = False, followed: bool = False
) -> Truth:
    """Write a trial into a folder: sheets, calls, counts, configuration and truth.

    The same arguments give the same bytes. Gene names are real, no value is a person's.

    Parameters
    ----------
    out
        The folder; files of the same names in it are replaced.
    patients
        Number of patients, at least 4.
    seed
        Seeds everything but the panel and the genes, which are the same in all trials.
    hostile
        Whether to add patients whose files must be refused.
    followed
        Whether to add lesions, doses, adverse events, laboratory values and stains; what is
        true of them stands in ``truth/responses.tsv``, ``exposure.tsv`` and
        ``adverse_events.tsv``.

    Returns
    -------
    Truth
        What the folder's ``truth/*.tsv`` hold.

    Raises
    ------
    ValueError
        If there are fewer than 4 patients or the seed is negative.
    """
    if patients < 4 or seed < 0:  # noqa: PLR2004  one of each response
        message = f"{patients} patients, seed {seed}: at least 4 patients and a seed from 0"
        raise ValueError(message)
    recipe = Recipe()
    reference = read_reference(recipe.genes)
    panel = capture(reference, recipe.captured)
    enrolment = enrol(patients, list(reference.markers), seed, recipe)
    clinical = outcomes(enrolment, seed, recipe)
    called = [
        mutations(b, _caller(b), panel, seed, recipe) for b in enrolment.biopsies if b.dna
    ]
    women = frozenset(clinical.loc[clinical["sex"] == "female", "patient"].astype(str))
    rna = transcriptome(enrolment, reference, seed, recipe, women)
    sheet, faults = _sheet(enrolment), pd.DataFrame(columns=["patient", "biopsy", "file"])
    missing = missing_material(enrolment, clinical)
    if hostile:
        rows, people, faults = hostile_rows(out, reference, panel, seed, recipe)
        sheet = pd.concat([sheet, rows], ignore_index=True)
        clinical = pd.concat([clinical, people], ignore_index=True)
    _write_inputs(out, panel, reference, called, rna)
    write_table(out / "samples.csv", sheet.reindex(columns=list(SHEET)))
    if followed:
        _write_follow_up(out, enrolment, clinical, seed)
        clinical = described(clinical, seed)
    write_table(out / "clinical.csv", clinical)
    configuration = CONFIGURATION.format(
        patients=patients, seed=seed, files=_FILES if followed else ""
    )
    write_text(out / "trial.yaml", configuration + (_DECLARED if followed else ""))
    truth = Truth(
        _tmb_truth(called), _call_truth(called), rna.signatures,
        associations(reference, recipe), survival_claims(recipe), rna.library, missing, faults,
    )  # fmt: skip
    for field in fields(truth):
        if hostile or field.name != "hostile":
            write_table(out / "truth" / f"{field.name}.tsv", getattr(truth, field.name))
    return truth


def _write_follow_up(
    out: Path, enrolment: Enrolment, clinical: pd.DataFrame, seed: int
) -> None:
    made = follow_up(enrolment, clinical, seed)
    for name, table in made.files.items():
        write_table(out / f"{name}.csv", table)
    for name, table in made.truth.items():
        write_table(out / "truth" / f"{name}.tsv", table)


def _caller(biopsy: Biopsy) -> str:
    return "maf" if biopsy.dna == "maf" else CALLERS[biopsy.number % len(CALLERS)]


def _vcf_path(biopsy: Biopsy) -> str:
    return f"vcf/{biopsy.dna_sample}.vcf"


def _write_inputs(
    out: Path, panel: Capture, reference: Reference, called: list[Mutations],
    rna: Transcriptome,
) -> None:  # fmt: skip
    bed = panel.targets[["contig", "start", "end", "gene"]]
    write_text(out / "targets.bed", bed.to_csv(sep="\t", header=False, index=False))
    for made in called:
        if made.biopsy.dna == "vcf":
            write_text(out / _vcf_path(made.biopsy), vcf_text(made))
    write_table(out / "calls.maf.gz", maf(made for made in called if made.biopsy.dna == "maf"))
    write_counts(out, reference, rna)


def _sheet(enrolment: Enrolment) -> pd.DataFrame:
    """Return the sample sheet: a normal for who has an exome, then each biopsy's samples."""
    rows: list[dict[str, object]] = []
    normals: set[str] = set()
    for biopsy in enrolment.biopsies:
        patient = biopsy.patient
        if biopsy.dna:
            if patient not in normals:
                normals.add(patient)
                rows.append({"patient": patient, "sample": biopsy.normal_sample, "status": 0})
            path = _vcf_path(biopsy) if biopsy.dna == "vcf" else "calls.maf.gz"
            rows.append(
                {"patient": patient, "sample": biopsy.dna_sample, "status": 1,
                 biopsy.dna: path, "timepoint": biopsy.timepoint}
            )  # fmt: skip
        if biopsy.rna:
            is_salmon = biopsy.rna == "salmon"
            path = salmon_path(biopsy.rna_sample) if is_salmon else "counts.csv.gz"
            rows.append(
                {"patient": patient, "sample": biopsy.rna_sample, "status": 2,
                 "counts": path, "timepoint": biopsy.timepoint}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SHEET))


def _tmb_truth(called: list[Mutations]) -> pd.DataFrame:
    rows = [
        {
            "patient": made.biopsy.patient,
            "biopsy": made.biopsy.name,
            "sample": made.biopsy.dna_sample,
            "source": made.caller,
            "mutations_nonsynonymous": made.planted,
            "mutations_coding": sum(call.is_coding for call in made.calls),
            "rate_per_mb": round(made.rate, 6),
            "megabases": made.megabases,
        }
        for made in called
    ]
    return pd.DataFrame(rows)


def _call_truth(called: list[Mutations]) -> pd.DataFrame:
    rows = [
        {
            "patient": made.biopsy.patient,
            "biopsy": made.biopsy.name,
            "contig": call.contig,
            "start": call.start,
            "ref": call.ref,
            "alt": call.alt,
            "gene": call.gene,
            "consequence": call.consequence,
            "planted_as": call.planted_as,
            "counts_nonsynonymous": call.is_counted,
            "counts_coding": call.is_coding,
            "why": WHY[call.planted_as],
        }
        for made in called
        for call in made.calls
    ]
    return pd.DataFrame(rows)


def missing_material(enrolment: Enrolment, clinical: pd.DataFrame) -> pd.DataFrame:
    """Return what is missing of whom: assays, evaluable responses, clinical cells."""
    rows = []
    for biopsy in enrolment.biopsies:
        absent = {"exome": not biopsy.dna, "rna": not biopsy.rna}
        rows += [(biopsy.patient, biopsy.name, name) for name, lacks in absent.items() if lacks]
    for record in clinical.to_dict("records"):
        patient = record["patient"]
        if record["response"] == "NE":
            rows.append((patient, "", "evaluable response"))
        rows += [(patient, "", str(name)) for name, value in record.items() if pd.isna(value)]
    return pd.DataFrame(rows, columns=["patient", "biopsy", "what"])
