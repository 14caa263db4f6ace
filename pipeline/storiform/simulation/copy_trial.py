"""Simulate a trial that begins with coverage: bins, alleles and calls of every patient."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from storiform.simulation.copies import FIXED, FRESH, Noise, draw_exome, draw_normals, vary
from storiform.simulation.coverage_files import (
    coverage_frames,
    maf_frame,
    pileup_frame,
    reference_frame,
)
from storiform.simulation.exome import Exome, exome
from storiform.simulation.files import write_table, write_text
from storiform.simulation.karyotypes import (
    Amplicon,
    Deletion,
    Karyotype,
    Kind,
    Plan,
    Sex,
    draw_karyotype,
)

SCALE: Final = 0.15
"""Share of the genes of an exome that the kit of the trial covers: small files."""
CONFIGURATION = """\
# A simulated trial that begins with coverage ({patients} patients, seed {seed}); what is true
# stands in truth/.
workflow: dna
output: results
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
resources:
  panel_of_normals: panel.cnn.gz
  targets: targets.bed
tmb:
  denominator: targets
"""


@dataclass(frozen=True)
class CopyTruth:
    """What is true of the copies; each frame is ``truth/NAME.tsv`` in the trial's folder."""

    fits: pd.DataFrame
    segments: pd.DataFrame
    genes: pd.DataFrame
    mutations: pd.DataFrame


@dataclass(frozen=True)
class _Disease:
    histology: str
    kind: Kind
    amplicon: Amplicon = "none"
    is_doubled: bool = False
    noise: Noise = FRESH


_DISEASES: Final = (
    _Disease("leiomyosarcoma", "complex"),
    _Disease("dedifferentiated liposarcoma", "liposarcoma", "both"),
    _Disease("leiomyosarcoma", "liposarcoma", "both"),
    _Disease("synovial sarcoma", "quiet"),
    _Disease("undifferentiated pleomorphic sarcoma", "complex", is_doubled=True),
    _Disease("leiomyosarcoma", "complex", "broad", noise=FIXED),
    _Disease("myxofibrosarcoma", "complex", is_doubled=True, noise=FIXED),
    _Disease("angiosarcoma", "quiet", "mdm2"),
)
"""The patients in turn; the third is a liposarcoma taken for a leiomyosarcoma."""


def simulate_copies(out: Path, patients: int, seed: int, scale: float = SCALE) -> CopyTruth:
    """Write a trial whose samples are depths in bins and alleles at places into a folder.

    The same arguments give the same bytes. Loss of CDKN2A, of one copy or both, goes with
    response; one liposarcoma in two is diagnosed as a leiomyosarcoma.

    Parameters
    ----------
    out
        The folder; files of the same names in it are replaced.
    patients
        Number of patients, at least 4.
    seed
        Seeds everything but the kit, which is the same in all trials.
    scale
        Share of the genes of an exome that the kit covers.

    Returns
    -------
    CopyTruth
        What the folder's ``truth/*.tsv`` hold.

    Raises
    ------
    ValueError
        If there are fewer than 4 patients or the seed is negative.
    """
    if patients < 4 or seed < 0:  # noqa: PLR2004  one of each response
        message = f"{patients} patients, seed {seed}: at least 4 patients and a seed from 0"
        raise ValueError(message)
    kit = exome(scale=scale)
    clinical, plans = plan_copies(patients, seed)
    found = [
        _write_patient(out, kit, str(patient), (number, plan, seed))
        for number, (patient, plan) in enumerate(zip(clinical["patient"], plans, strict=True))
    ]
    calls = pd.concat([part.pop("calls") for part in found], ignore_index=True)
    write_table(out / "calls.maf.gz", calls)
    sexes: tuple[Sex, ...] = ("female", "male") * 4
    normals = draw_normals(kit, sexes, np.random.default_rng([seed, 43]))
    write_table(out / "panel.cnn.gz", reference_frame(kit, normals, sexes))
    targets = kit.bins.loc[kit.bins["is_target"], ["contig", "start", "end", "gene"]]
    write_text(out / "targets.bed", targets.to_csv(sep="\t", header=False, index=False))
    write_table(out / "samples.csv", _sheet(list(clinical["patient"])))
    write_table(out / "clinical.csv", clinical)
    truth = CopyTruth(
        **{
            field.name: pd.concat([part[field.name] for part in found], ignore_index=True)
            for field in fields(CopyTruth)
        }
    )
    for field in fields(truth):
        write_table(out / "truth" / f"{field.name}.tsv", getattr(truth, field.name))
    # Written last: where it stands, the trial is whole.
    text = CONFIGURATION.format(patients=patients, seed=seed)
    write_text(out / "trial.yaml", text)
    return truth


def plan_copies(patients: int, seed: int) -> tuple[pd.DataFrame, list[Plan]]:
    """Draw the clinical table of a trial, and what each tumour is to hold."""
    rng = np.random.default_rng([seed, 41])
    clinical, has_loss = _clinic(patients, rng)
    plans = []
    for number, (sex, lost) in enumerate(zip(clinical["sex"], has_loss, strict=True)):
        disease = _DISEASES[number % len(_DISEASES)]
        whole: Deletion = "homozygous" if rng.random() < 0.5 else "loss"  # noqa: PLR2004  either
        deletion: Deletion = whole if lost else "none"
        who: Sex = "male" if sex == "male" else "female"
        plans.append(Plan(disease.kind, disease.is_doubled, disease.amplicon, deletion, who))
    return clinical, plans


def _write_patient(
    out: Path, kit: Exome, patient: str, drawn: tuple[int, Plan, int]
) -> dict[str, pd.DataFrame]:
    """Write the files of a patient; return the calls and what is true."""
    number, plan, seed = drawn
    rng = np.random.default_rng([seed, 42, number])
    disease = _DISEASES[number % len(_DISEASES)]
    purity = round(float(rng.uniform(0.25, 0.9)), 3)
    karyotype = draw_karyotype(plan, rng)
    noise = vary(disease.noise, rng)
    # A small kit, yet as many mutations as a whole exome has: they tell the purity.
    whole = 190_000 / kit.bins["is_target"].sum()
    made = draw_exome(kit, karyotype, purity, rng, noise, mutations=45 * whole)
    for sample, bins in ((f"{patient}_N", made.normal), (f"{patient}_T", made.tumour)):
        for part, frame in coverage_frames(kit, bins).items():
            write_table(out / "coverage" / f"{sample}.{part}coverage.cnn.gz", frame)
    write_table(out / "snps" / f"{patient}_T.csv.gz", pileup_frame(made.snps))
    names = {"patient": patient, "biopsy": f"{patient}_T"}
    return {
        "calls": maf_frame(made.variants, patient),
        "fits": _fit_truth(names, karyotype, purity, disease),
        "segments": karyotype.segments.assign(
            **names, total=karyotype.total.round(4), minor_mean=karyotype.minor.round(4)
        ),
        "genes": karyotype.genes().assign(**names),
        "mutations": made.variants[["contig", "start", "ref", "alt"]]
        .assign(**names)
        .join(made.mutations),
    }


def _fit_truth(
    names: dict[str, str], karyotype: Karyotype, purity: float, disease: _Disease
) -> pd.DataFrame:
    plan = karyotype.plan
    row = {
        **names,
        "histology": disease.histology,
        "kind": plan.kind,
        "is_fixed": disease.noise is FIXED,
        "sex": plan.sex,
        "purity": purity,
        "ploidy": round(karyotype.ploidy, 4),
        "wgd": karyotype.is_doubled,
        "amplicon": plan.amplicon,
        "deletion": plan.deletion,
        "cdk4_mdm2_coamplified": plan.amplicon == "both",
        "cdkn2a_any_loss": plan.deletion in {"homozygous", "loss"},
    }
    return pd.DataFrame([row])


def _clinic(patients: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw response and survival, and who lost CDKN2A: most who respond, few who do not."""
    propensity = rng.normal(size=patients)
    rank = (-propensity).argsort().argsort()
    share = (rank + 0.5) / patients
    response = np.array(["CR", "PR", "SD", "PD"])[np.searchsorted([0.05, 0.35, 0.8], share)]
    is_response = np.isin(response, ["CR", "PR"])
    has_loss = rng.random(patients) < np.where(is_response, 0.85, 0.2)
    months = rng.weibull(1.3, patients) * np.where(is_response, 14.0, 6.0) + 1.8
    death = months + rng.exponential(9.0, patients)
    follow_up = rng.uniform(9.0, 34.0, patients)
    low = {"CR": -100.0, "PR": -85.0, "SD": -29.0, "PD": 21.0}
    high = {"CR": -100.0, "PR": -31.0, "SD": 19.0, "PD": 90.0}
    least, most = (np.array([bound[name] for name in response]) for bound in (low, high))
    table = pd.DataFrame(
        {
            "patient": [f"P{number + 1:03d}" for number in range(patients)],
            "response": response,
            "best_change_percent": (least + (most - least) * rng.uniform(size=patients)).round(
                1
            ),
            "pfs_months": np.minimum(months, follow_up).round(2),
            "pfs_event": (months <= follow_up).astype(int),
            "os_months": np.minimum(death, follow_up).round(2),
            "os_event": (death <= follow_up).astype(int),
            "histology": [_DISEASES[n % len(_DISEASES)].histology for n in range(patients)],
            "sex": rng.choice(("female", "male"), size=patients),
            "age": rng.integers(22, 80, size=patients),
        }
    )
    return table, has_loss


def _sheet(patients: list[str]) -> pd.DataFrame:
    rows = []
    for patient in patients:
        for status, letter in ((0, "N"), (1, "T")):
            sample = f"{patient}_{letter}"
            stem = f"coverage/{sample}"
            row: dict[str, object] = {
                "patient": patient,
                "sample": sample,
                "status": status,
                "coverage": f"{stem}.targetcoverage.cnn.gz",
                "off_target_coverage": f"{stem}.antitargetcoverage.cnn.gz",
            }
            if status:
                row |= {"snps": f"snps/{sample}.csv.gz", "maf": "calls.maf.gz"}
            rows.append(row)
    return pd.DataFrame(rows)
