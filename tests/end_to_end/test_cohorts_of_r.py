"""Published cohorts, as their authors left them, give the numbers of R on the same tables.

Nothing but a configuration is written by hand: it names columns, never a changed file. R's
numbers are those of `tests/golden/cohorts/cohorts.R`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trials import run_here

pytestmark = pytest.mark.slow

WORKFLOW = Path(__file__).with_name("clinical_workflow.py")
ANSWERS = Path(__file__).parents[1] / "golden" / "cohorts" / "cohorts.tsv"
CLOSE = 1e-9
"""Relative: R stops its fits with fewer digits than a double has."""
OURS = {("survival", "p"): "chi2_p"}
"""Our names of R's numbers where they differ: `p` of survival is by permutation."""
NEGLIGIBLE = 1e-12
"""Absolute: of a p value or chi-squared that is 0 but for rounding."""
MDM2 = "AMP 12q15 MDM2"
LINES = "Number of Prior Lines of Therapy"
LYMPHOID = "lymphoid content cells sum"
COHORTS: dict[str, tuple[str, str, Mapping[str, object], Mapping[str, object]]] = {
    "sarc028": (
        "sarcoma/SARC028_PFS_data_trial.txt", "SARC-ID",
        {"columns": {"patient": "SARC-ID", "pfs_days": "PFS_days", "os_days": "OS_days"},
         "measurements": ["sarcoma/SARC028_baselinedata.txt"]},
        {"hazards": {"multivariable": [f"measurements.{n}" for n in ("Age", "Sex", LINES)]}},
    ),
    "msk": (
        "sarcoma/msk_ici_clinical.txt", "CMO_ID",
        {"columns": {"patient": "CMO_ID", "pfs_event": "Alive/dead"},
         "characteristics": ["Histology", "Study", LYMPHOID, "purity"]},
        {"survival": {"most_levels": 14},
         "hazards": {"multivariable":
                     [f"measurements.{n}" for n in (LYMPHOID, "purity", "Study")]}},
    ),
    "tcga_sarc": (
        "sarcoma/TCGA_SARC_clinical.txt", "TCGA barcode",
        {"columns": {"patient": "TCGA barcode", "age_years": "age at diagnosis",
                     "pfs_days": "RFS days", "pfs_event": "RFS status"},
         "characteristics": ["short histo", MDM2, "FNCLCC grade", "leukocyte fraction"]},
        {"survival": {"cutoffs": {f"measurements.{MDM2}": 1.0}},
         "hazards": {"multivariable": ["clinic.age_years", f"measurements.{MDM2}",
                                       "measurements.short histo"]}},
    ),
    "mariathasan": (
        "cohort/Mariathasan.clin.tsv", "patientid",
        {"columns": {"response": "recist"},
         "characteristics": ["TMB_perMb", "Baseline.ECOG.Score", "Immune.phenotype"]},
        {"hazards": {"multivariable": ["clinic.sex", "measurements.TMB_perMb",
                                       "measurements.Immune.phenotype"]}},
    ),
    "hugo": (
        "cohort/Hugo.clin.tsv", "patientid",
        {"columns": {"response": "recist"},
         "characteristics": ["Previous.MAPKi", "Disease.Status"]},
        {"hazards": {"multivariable": ["clinic.age_years", "clinic.sex"]}},
    ),
    "van_allen": (
        "cohort/Van_Allen.clin.tsv", "patientid",
        {"columns": {"response": "recist"}, "characteristics": ["TMB_perMb", "M", "LDH"]},
        {"hazards": {"multivariable": ["clinic.age_years", "clinic.sex",
                                       "measurements.TMB_perMb"]}},
    ),
    "riaz": (
        "cohort/riaz_bms038_clinical.csv", "PatientID",
        {"columns": {"response": "BOR", "pfs_days": "PFS", "pfs_censored": "PFS_SOR",
                     "os_days": "OS", "os_censored": "OS_SOR"},
         "characteristics": ["Cohort", "SubtypeEZ"]},
        {"hazards": {"multivariable": ["measurements.Cohort", "measurements.SubtypeEZ"]}},
    ),
}  # fmt: skip


def run_cohort(name: str, real_data: Path, folder: Path) -> Path:
    """Write the sheet of the patients and a configuration; run it, return its tables."""
    file, patient, cohort, sections = COHORTS[name]
    clinical = real_data / file
    names = pd.read_csv(clinical, sep=None, engine="python", dtype=str)[patient]
    sheet = pd.DataFrame({"patient": names, "sample": names + "_T", "status": 1})
    sheet.to_csv(folder / "samples.csv", index=False)
    measured = cohort.get("measurements", [file])
    assert isinstance(measured, list)
    config = {
        "workflow": str(WORKFLOW), "output": "results", **sections,
        "cohort": {"samples": "samples.csv", "clinical": str(clinical), **cohort,
                   "measurements": [str(real_data / one) for one in measured]},
    }  # fmt: skip
    path = folder / "trial.yaml"
    path.write_text(json.dumps(config))
    assert run_here(path).exit_code == 0
    return folder / "results" / "tables"


def differing(name: str, tables: Path) -> list[str]:
    """Return what of R's numbers of a cohort is not in our tables, with both numbers."""
    answers = pd.read_csv(ANSWERS, sep="\t", dtype={"key": str})
    answers = answers[answers["cohort"] == name]
    assert len(answers)
    wrong = []
    for table, told in answers.groupby("table"):
        ours = pd.read_csv(tables / f"{table}.tsv", sep="\t", keep_default_na=False, dtype=str)
        for key, numbers in told.groupby("key"):
            parts = dict(part.split("=", 1) for part in key.split(";"))
            rows = ours[np.logical_and.reduce([ours[n] == v for n, v in parts.items()])]
            if len(rows) != 1:
                wrong.append(f"{table} {key}: {len(rows)} rows")
                continue
            for column, value in zip(numbers["column"], numbers["value"], strict=True):
                own = OURS.get((str(table), column), column)
                found = float(rows.iloc[0][own] or "nan")
                if not np.isclose(found, value, CLOSE, NEGLIGIBLE, equal_nan=True):
                    wrong.append(f"{table} {key}: {column} {found!r}, R has {value!r}")
    return wrong


@pytest.mark.parametrize("name", COHORTS)
def test_tables_of_a_cohort_are_those_of_r(name: str, real_data: Path, tmp_path: Path) -> None:
    assert differing(name, run_cohort(name, real_data, tmp_path)) == []
