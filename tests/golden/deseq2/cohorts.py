"""Count matrices and designs for which R's statistics stand beside this file."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "edger_norm" / "inputs"
RESPONSES = {"CR": 1.0, "PR": 1.0, "SD": 0.0, "PD": 0.0}


def read(name: str) -> pd.DataFrame:
    """Return a table of R, by gene where it has genes."""
    table = pd.read_csv(HERE / f"{name}.tsv.gz", sep="\t", dtype={"gene": str})
    return table.set_index("gene") if "gene" in table else table


def shipped(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return counts of airway or pasilla and their design, the tested column last."""
    counts = pd.read_csv(SHIPPED / f"{name}_counts.tsv.gz", sep="\t", index_col=0)
    about = pd.read_csv(HERE / f"{name}_coldata.tsv", sep="\t", index_col=0)
    if name == "airway":
        others = pd.get_dummies(about["cell"], drop_first=True).to_numpy(float)
        tested = about["dex"] == "trt"
    else:
        others = (about["type"] == "single").to_numpy(float)[:, None]
        tested = about["condition"] == "treated"
    return kept(counts), design(others, tested.to_numpy(float))


def tumour_or_muscle(real_data: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Return counts of rhabdomyosarcomas and muscle; rows of one gene are added up."""
    rows = pd.read_csv(real_data / "sarcoma" / "rms_vs_muscle_counts.csv.gz")
    counts = rows.groupby(rows.columns[0]).sum()
    tested = [0.0 if "muscle" in name else 1.0 for name in counts.columns]
    return kept(counts), design(np.empty((len(tested), 0)), np.array(tested))


def melanomas(real_data: Path, *, is_adjusted: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Return counts of melanomas before nivolumab, by response (and by arm)."""
    folder = real_data / "cohort"
    counts = pd.read_csv(folder / "riaz_GSE91061_raw_counts.csv.gz", index_col=0)
    counts = counts[[name for name in counts.columns if "_Pre_" in name]]
    clinic = pd.read_csv(folder / "riaz_bms038_clinical.csv").drop_duplicates("PatientID")
    patients = [name.split("_")[0] for name in counts.columns]
    rows = clinic.set_index("PatientID").reindex(patients)
    responded = rows["BOR"].map(RESPONSES).to_numpy(float)
    known = ~np.isnan(responded)
    arms = pd.get_dummies(rows["Cohort"][known], drop_first=True).to_numpy(float)
    others = arms if is_adjusted else np.empty((int(known.sum()), 0))
    counts.index = counts.index.astype(str)
    return kept(counts.loc[:, known]), design(others, responded[known])


def kept(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the genes with ten fragments."""
    return counts[counts.sum(axis=1) >= 10].astype(float)


def design(others: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Return a design with an intercept first and the tested column last."""
    return np.column_stack([np.ones(len(tested)), others, tested])
