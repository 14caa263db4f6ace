"""Simulate a trial of HLA genes alone: normal and tumour of each patient, losses planted."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.model.hla import CLASS_I
from storiform.simulation.files import write_table, write_text
from storiform.simulation.hla_bam import Placing, write_hla_bam
from storiform.simulation.hla_genes import HlaFamily, read_family
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_patients import write_release
from storiform.simulation.hla_people import (
    SCENARIOS,
    HlaPerson,
    HlaTumour,
    Scenario,
    draw_person,
    scenario,
)
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla

CONFIGURATION = """\
# A simulated trial of HLA genes ({patients} patients, seed {seed}); {alleles}.
# What is true stands in truth/.
workflow: dna
output: results
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
resources:
  hla_reference: hla_reference.npz
"""
_PURITY = (0.35, 0.9)
_HOMOZYGOUS = 7
"""One patient in so many has one allele of each gene."""
_DEPTH = 100.0
_BACKGROUND = 300
"""Pairs of other genes for each fold of depth: by them depths are compared."""
_RESPONSES = ("CR", "PR", "SD", "PD")


@dataclass(frozen=True)
class HlaTruth:
    """What is true of the HLA genes; each frame is ``truth/NAME.tsv`` in the folder."""

    hla: pd.DataFrame
    hla_loss: pd.DataFrame


def simulate_hla(
    out: Path, patients: int, seed: int, imgt: Path | None = None, depth: float = _DEPTH
) -> HlaTruth:
    """Write a trial whose samples are BAM files with reads of HLA genes at their places.

    The tumours go through `hla_people.SCENARIOS` in turn. The same arguments give the same
    bytes.

    Parameters
    ----------
    out
        The folder; files of the same names in it are replaced.
    patients
        Number of patients, at least 4.
    seed
        Seeds all.
    imgt
        A folder with a release of IPD-IMGT/HLA whose alleles the patients have; None: the
        alleles are invented, and written beside the trial as such a release.
    depth
        Mean depth of exons.

    Returns
    -------
    HlaTruth
        What the folder's ``truth/*.tsv`` hold.

    Raises
    ------
    ValueError
        If there are fewer than 4 patients or the seed is negative.
    InputError
        If the folder holds no release.
    """
    if patients < 4 or seed < 0:  # noqa: PLR2004  one of each response
        message = f"{patients} patients, seed {seed}: at least 4 patients and a seed from 0"
        raise ValueError(message)
    family = invent_family() if imgt is None else read_family(imgt)
    (out / "bam").mkdir(parents=True, exist_ok=True)
    write_release(out, imgt)
    names = [f"P{n:0{max(2, len(str(patients)))}d}" for n in range(1, patients + 1)]
    types: list[dict[str, object]] = []
    losses: list[dict[str, object]] = []
    sheet: list[dict[str, object]] = []
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, 50, number])
        what = SCENARIOS[number % len(SCENARIOS)]
        person = draw_person(
            family, rng, is_heterozygous=number % _HOMOZYGOUS != _HOMOZYGOUS - 1
        )
        purity = round(float(rng.uniform(*_PURITY)), 3)
        tumour = scenario(what, purity, lost=int(rng.integers(2)))
        _sequence(out, family, person, (name, depth, tumour), rng)
        types += _type_rows(name, family, person)
        losses += _loss_rows(name, family, person, what, tumour)
        sheet += _sheet_rows(name, tumour)
    truth = HlaTruth(pd.DataFrame(types), pd.DataFrame(losses))
    for field in fields(truth):
        write_table(out / "truth" / f"{field.name}.tsv", getattr(truth, field.name))
    write_table(out / "samples.csv", pd.DataFrame(sheet))
    write_table(out / "clinical.csv", _clinical(names))
    told = "they are invented" if imgt is None else "they are those of a release"
    text = CONFIGURATION.format(patients=patients, seed=seed, alleles=f"alleles: {told}")
    write_text(out / "trial.yaml", text)
    return truth


def _sequence(
    out: Path, family: HlaFamily, person: HlaPerson, whose: tuple[str, float, HlaTumour],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Write the BAM files of a patient."""
    name, depth, tumour = whose
    placing = Placing(background=round(_BACKGROUND * depth))
    for suffix, cells in (("N", None), ("T", tumour)):
        reads = sequence_hla(family, person, HlaLibrary(depth=depth), rng, cells)
        sample = f"{name}_{suffix}"
        write_hla_bam(out / "bam" / f"{sample}.bam", reads, family, sample, rng, placing)


def _protein(family: HlaFamily, allele: str) -> str:
    return f"HLA-{family.alleles[allele].two_fields}"


def _type_rows(name: str, family: HlaFamily, person: HlaPerson) -> list[dict[str, object]]:
    return [
        {"patient": name, "gene": gene, "copy": copy, "allele": _protein(family, allele),
         "full_name": allele, "written": "", "has_reads": True}
        for gene in CLASS_I for copy, allele in enumerate(person.genotype[gene], start=1)
    ]  # fmt: skip


def _loss_rows(
    name: str, family: HlaFamily, person: HlaPerson, what: Scenario, tumour: HlaTumour
) -> list[dict[str, object]]:
    """Return what is true of each gene of a tumour: copies in the cells that have changed."""
    rows: list[dict[str, object]] = []
    for gene in CLASS_I:
        one, two = (_protein(family, allele) for allele in person.genotype[gene])
        copies = tumour.copies.get(gene, tumour.before)
        gone = [a for a, left in zip((one, two), copies, strict=True) if left == 0]
        rows.append(
            {"patient": name, "biopsy": name, "gene": gene, "allele_1": one, "allele_2": two,
             "copies_1": copies[0], "copies_2": copies[1], "purity": tumour.purity,
             "lost_allele": "" if one == two else ";".join(gone), "has_reads": True,
             "scenario": what, "clonal_fraction": tumour.clonal_fraction}
        )  # fmt: skip
    return rows


def _sheet_rows(name: str, tumour: HlaTumour) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for status, suffix in enumerate("NT"):
        bam = f"bam/{name}_{suffix}.bam"
        notes = (tumour.purity, tumour.ploidy) if status else ("", "")
        rows.append(
            {"patient": name, "sample": f"{name}_{suffix}", "status": status, "bam": bam,
             "bai": f"{bam}.bai", "purity": notes[0], "ploidy": notes[1]}
        )  # fmt: skip
    return rows


def _clinical(names: Sequence[str]) -> pd.DataFrame:
    responses = [_RESPONSES[n % len(_RESPONSES)] for n in range(len(names))]
    return pd.DataFrame({"patient": names, "response": responses})
