"""The step `hazards` gives the numbers of R on two public cohorts (cox_real.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.model.tables.trial_tables import HAZARDS
from storiform.statistics.hazards import HazardParams, hazards

ANSWERS = pd.read_csv(Path(__file__).parent / "cox_real.tsv", sep="\t", dtype={"level": str})
NUMBERS = [
    "n", "events", "coefficient", "se", "lower", "upper", "p", "model_p", "concordance",
    "concordance_se", "proportionality_p",
]  # fmt: skip
CLINICAL = {"age_years", "sex", "histology"}


def frames(told: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the gathered features, the clinic and further facts of a told cohort."""
    told = told.assign(patient=[f"P{number:04d}" for number in range(len(told))])
    clinic = told.reindex(columns=["patient", *sorted(CLINICAL)])
    clinic["os_months"] = told["time"]
    clinic["os_event"] = told["event"].astype("boolean")
    clinic["arm"] = None
    features, facts = [], []
    for name in told.columns.difference([*CLINICAL, "patient", "time", "event"]):
        rows = told[["patient", name]].dropna().rename(columns={name: "value"})
        if pd.api.types.is_numeric_dtype(told[name]):
            features.append(rows.assign(table="x", feature=f"x.{name}", kind="number"))
        else:
            rows = rows.rename(columns={"value": "label"})
            facts.append(rows.assign(variable=name, kind="category", value=np.nan))
    gathered = pd.concat(features, ignore_index=True)
    gathered = gathered.assign(biopsy="", label=None, unit_of_measure="", description="")
    return gathered, clinic, pd.concat(facts, ignore_index=True)


def tcga(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "sarcoma" / "TCGA_SARC_clinical.txt", sep="\t")
    return pd.DataFrame({
        "time": table["OS days"] / 30.4375, "event": table["OS status"] == "Dead",
        "age_years": table["age at diagnosis"], "sex": table["gender"].str.lower(),
        "histology": table["short histo"], "mdm2": table["AMP 12q15 MDM2"],
        "leukocytes": table["leukocyte fraction"],
        "grade": table["FNCLCC grade"].map("{:.0f}".format, na_action="ignore"),
    })  # fmt: skip


def ici(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "cohort" / "Mariathasan.clin.tsv", sep="\t")
    return pd.DataFrame({
        "time": table["survival_time_os"], "event": table["event_occurred_os"] == 1,
        "sex": table["sex"].map({"F": "female", "M": "male"}), "age_years": np.nan,
        "histology": None, "tmb": table["TMB_perMb"],
        "ecog": table["Baseline.ECOG.Score"].map("{:.0f}".format, na_action="ignore"),
        "phenotype": table["Immune.phenotype"],
    })  # fmt: skip


def full(name: str) -> str:
    room = "clinic" if name in CLINICAL else "x"
    return f"{'patient_facts' if name in {'grade', 'ecog', 'phenotype'} else room}.{name}"


@pytest.mark.parametrize(
    ("cohort", "together"),
    [(tcga, ("age_years", "mdm2", "leukocytes")), (ici, ("tmb", "ecog", "sex"))],
)
def test_hazards_of_a_public_cohort_are_those_of_r(real_data, cohort, together):
    params = HazardParams(
        outcomes=("os",), most_levels=20, histology_adjusted=cohort is tcga,
        multivariable=tuple(full(name) for name in together),
    )  # fmt: skip
    table = HAZARDS.conform(hazards(*frames(cohort(real_data)), params))
    table = table.set_index(["model", "term"])
    theirs = ANSWERS[ANSWERS["cohort"] == cohort.__name__].fillna({"level": ""})
    for row in theirs.to_dict("records"):
        model, _, adjusted = row["model"].partition(" + ")
        model = model if model == "multivariable" else full(model)
        model += f" + {adjusted}" if adjusted else ""
        term = full(row["covariate"]) + (f":{row['level']}" if row["level"] else "")
        ours = table.loc[(model, term), NUMBERS].astype(float)
        np.testing.assert_allclose(
            ours, [row[n] for n in NUMBERS], rtol=1e-9, err_msg=f"{model}: {term}"
        )
        assert table.loc[(model, term), "method"].startswith("Efron ties")
