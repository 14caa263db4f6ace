"""A melanoma trial as its authors left it, from its files to tables and report.

Riaz et al., doi:10.1016/j.cell.2017.09.028: raw counts (GSE91061), mutations, outcomes. Each
table is held to scipy, or to ten lines of pandas that share no code with storiform.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_inputs import (
    gene_sets,
    gene_table,
    log_rank_p,
    log_tpm,
    marker_means,
    matrix_columns,
    median_survival,
    rank_sum_p,
    run_cohort,
    running_sums,
    table,
)
from scipy import stats

pytestmark = pytest.mark.slow

COUNTS = "cohort/riaz_GSE91061_raw_counts.csv.gz"
MUTATIONS = "maf/riaz_pre_therapy_nonsyn.csv.gz"
CLINICAL = "cohort/riaz_bms038_clinical.csv"
COLUMNS = {
    "patient": "PatientID", "response": "BOR",
    "pfs_days": "PFS", "pfs_censored": "PFS_SOR",
    "os_days": "OS", "os_censored": "OS_SOR",
}  # fmt: skip
RESPONDED = {"CR": 1.0, "PR": 1.0, "SD": 0.0, "PD": 0.0, "NE": np.nan}
DAYS_PER_MONTH = 30.4375
CLOSE = 1e-9
"""Relative; the order of a sum differs between their code and ours."""


@pytest.fixture(scope="module")
def mutations(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / MUTATIONS)


@pytest.fixture(scope="module")
def tables(
    real_data: Path, mutations: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    rows = [
        {"patient": name.split("_")[0], "sample": name, "status": 2, "timepoint": "Pre",
         "counts": real_data / COUNTS}
        for name in matrix_columns(real_data / COUNTS) if "_Pre_" in name
    ]  # fmt: skip
    rows += [
        {"patient": name, "sample": f"{name}_exome", "status": 1, "timepoint": "Pre",
         "maf": real_data / MUTATIONS}
        for name in sorted(set(mutations["Patient"]))
    ]  # fmt: skip
    cohort = {
        "samples": "samples.csv", "clinical": str(real_data / CLINICAL),
        "genome": "GRCh37", "columns": COLUMNS,
    }  # fmt: skip
    config = {"workflow": "trial", "cohort": cohort}
    return run_cohort(tmp_path_factory.mktemp("riaz"), rows, config)


@pytest.fixture(scope="module")
def clinic(real_data: Path) -> pd.DataFrame:
    """Read the clinical file with pandas alone."""
    rows = pd.read_csv(real_data / CLINICAL, keep_default_na=False).set_index("PatientID")
    months = {f"{o}_months": rows[o.upper()].astype(float) / DAYS_PER_MONTH for o in OUTCOMES}
    events = {f"{o}_event": 1 - rows[f"{o.upper()}_SOR"].astype(int) for o in OUTCOMES}
    responded = rows["BOR"].map(RESPONDED)
    return pd.DataFrame({**months, **events, "responded": responded})


OUTCOMES = ("pfs", "os")


@pytest.fixture(scope="module")
def features(tables: Path) -> pd.DataFrame:
    """Join the published numbers of all patients; each has one biopsy."""
    parts = []
    for name in ("mcp_counter", "ssgsea", "tmb", "checkpoints", "immunoglobulins"):
        values = table(tables, name).set_index("patient").select_dtypes("number")
        parts.append(values.add_prefix(f"{name}."))
    return pd.concat(parts, axis=1)


@pytest.fixture(scope="module")
def logs(real_data: Path) -> pd.DataFrame:
    counts = pd.read_csv(real_data / COUNTS, index_col=0)
    counts = counts[[name for name in counts.columns if "_Pre_" in name]]
    counts.columns = pd.Index([name.split("_")[0] for name in counts.columns])
    symbols = gene_table().set_index("entrez")["symbol"].to_dict()
    counts.index = pd.Index([symbols.get(str(gene), str(gene)) for gene in counts.index])
    return log_tpm(counts)


def test_response_is_compared_in_ten_responders_and_39_others(tables: Path) -> None:
    found = table(tables, "associations")
    found = found[found["outcome"] == "responded"]
    of_rna = found[found["feature"].str.match("mcp_counter|ssgsea")]
    assert len(of_rna) > 60
    assert set(zip(of_rna["n"], of_rna["n_positive"], strict=True)) == {(49, 10)}
    of_dna = found[found["feature"].str.startswith("tmb")]
    assert set(zip(of_dna["n"], of_dna["n_positive"], strict=True)) == {(65, 15)}


def test_tpm_is_what_pandas_computes(tables: Path, logs: pd.DataFrame) -> None:
    found = table(tables, "tpm").pivot_table(index="gene", columns="patient", values="log2_tpm")
    assert found.shape == logs.shape
    assert found.shape[1] == 51
    expected = logs.loc[found.index, found.columns]
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=1e-12)


def test_mcp_counter_is_the_mean_of_its_markers(tables: Path, logs: pd.DataFrame) -> None:
    found = table(tables, "mcp_counter").set_index("patient").drop(columns="biopsy")
    expected = marker_means(logs)
    assert found.shape == (51, 10)
    np.testing.assert_allclose(found, expected.loc[found.index, found.columns], rtol=CLOSE)


def test_checkpoints_are_the_expression_of_their_genes(
    tables: Path, logs: pd.DataFrame
) -> None:
    found = table(tables, "checkpoints").set_index("patient").drop(columns="biopsy")
    found = found.dropna(axis="columns", how="all")
    assert {"CD274", "CTLA4", "LAG3", "TIGIT", "HAVCR2"} <= set(found.columns)
    np.testing.assert_allclose(found, logs.loc[found.columns, found.index].T, rtol=CLOSE)


def test_gene_set_scores_are_the_two_running_sums(tables: Path, logs: pd.DataFrame) -> None:
    found = table(tables, "ssgsea").set_index("patient").drop(columns="biopsy")
    sets = gene_sets()
    assert len(sets) == 50
    for patient in ("Pt1", "Pt44", "Pt98"):
        for name, expected in running_sums(logs[patient], sets).items():
            # of the range of scores: one near 0 is a difference of two large numbers
            close = pytest.approx(expected, rel=CLOSE, abs=CLOSE * 1e4)
            assert found.loc[patient, name] == close, name


def test_every_mutation_is_read_and_none_of_another_patient(
    tables: Path, mutations: pd.DataFrame, real_data: Path
) -> None:
    variants = table(tables, "variants")
    published = pd.read_csv(real_data / "cohort/riaz_mutation_counts.csv", index_col="Patient")
    published = published["NonSynMut"].sort_index()
    assert len(published) == 68
    assert published.sum() == len(mutations) == len(variants) == 28_589
    per_patient = variants[variants["is_nonsynonymous"]].groupby("patient").size()
    assert per_patient.sort_index().to_dict() == published.to_dict()


def test_burden_is_what_the_thresholds_leave(tables: Path, mutations: pd.DataFrame) -> None:
    kept = (mutations["Tcov"] >= 14) & (mutations["Tac"] >= 3)
    kept &= mutations["Tac"] / mutations["Tcov"] >= 0.05
    expected = mutations[kept].groupby("Patient").size()
    burden = table(tables, "tmb").set_index("patient")
    found = burden["mutations_nonsynonymous"]
    assert found.to_dict() == expected.reindex(found.index, fill_value=0).to_dict()
    np.testing.assert_allclose(burden["tmb"], found / 33.28, rtol=CLOSE)


def test_wilcoxon_is_that_of_scipy_under_the_rule_of_r(
    tables: Path, features: pd.DataFrame, clinic: pd.DataFrame
) -> None:
    found = table(tables, "associations")
    chosen = (found["outcome"] == "responded") & (found["kind"] == "number")
    numbers = found[chosen].set_index("feature")
    # its table of genes has no immunoglobulins
    assert numbers.index[numbers["n"] == 0].str.startswith("immunoglobulins").all()
    numbers = numbers[numbers["n"] > 0]
    responded = clinic["responded"].reindex(features.index)
    # without HLA alleles no neoantigen is sought, and nothing of them is tested
    assert not numbers.index.str.startswith("neoantigen").any()
    assert len(numbers) > 70
    assert set(numbers.index) <= set(features.columns)
    for name, row in numbers.iterrows():
        values = features[name].dropna()
        positive = values[responded[values.index] == 1.0]
        negative = values[responded[values.index] == 0.0]
        assert row["median_positive"] == pytest.approx(positive.median(), rel=CLOSE), name
        assert row["p"] == pytest.approx(rank_sum_p(positive, negative), rel=CLOSE), name


def test_fisher_is_that_of_scipy(tables: Path, clinic: pd.DataFrame) -> None:
    found = table(tables, "associations")
    flags = found[(found["outcome"] == "responded") & (found["kind"] == "flag")]
    mutated = table(tables, "gene_mutations").set_index("patient").drop(columns="biopsy")
    classes = table(tables, "immune_classes").set_index("patient")
    of_class = classes[["is_class_e"]].add_prefix("immune_classes.")
    known = pd.concat([mutated.add_prefix("gene_mutations."), of_class], axis=1)
    known = known.astype("boolean")
    assert mutated.shape[1] == 50
    assert set(flags["feature"]) == set(known.columns)
    for row in flags.itertuples():
        flag = known[row.feature].dropna().astype(bool)
        responded = clinic["responded"].reindex(flag.index).dropna()
        cells = pd.crosstab(flag[responded.index], responded)
        assert row.p == pytest.approx(stats.fisher_exact(cells).pvalue, rel=1e-7), row.feature


def test_q_is_benjamini_and_hochbergs_within_a_table(tables: Path) -> None:
    found = table(tables, "associations").dropna(subset=["p"])
    for family, rows in found.groupby("family"):
        expected = stats.false_discovery_control(rows["p"])
        np.testing.assert_allclose(rows["q"], expected, rtol=CLOSE, err_msg=str(family))


@pytest.mark.parametrize(("outcome", "events"), [("pfs", 58), ("os", 42)])
def test_survival_of_all_is_that_of_scipy(
    tables: Path, clinic: pd.DataFrame, outcome: str, events: int
) -> None:
    found = table(tables, "survival").set_index(["outcome", "feature"])
    (row,) = found.loc[[(outcome, "all")]].itertuples()
    months, happened = clinic[f"{outcome}_months"], clinic[f"{outcome}_event"]
    assert (row.n, row.events) == (73, events) == (73, happened.sum())
    assert row.median_months == pytest.approx(median_survival(months, happened), rel=CLOSE)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_log_rank_is_that_of_scipy(
    tables: Path, features: pd.DataFrame, clinic: pd.DataFrame, outcome: str
) -> None:
    found = table(tables, "survival")
    found = found[(found["outcome"] == outcome) & (found["group"] == "high")]
    found = found.set_index("feature")
    assert len(found) > 70
    for name, row in found.iterrows():
        values = features[name].dropna()
        values = values[values.index.isin(clinic.index)]
        known = clinic.loc[values.index]
        is_high = values >= values.median()
        expected = log_rank_p(known[f"{outcome}_months"], known[f"{outcome}_event"], is_high)
        assert row["n"] == is_high.sum()
        # of tiny p scipy's normal and our chi-squared distribution are the same to 1e-7
        assert row["chi2_p"] == pytest.approx(expected, rel=1e-7), name


def test_report_tells_the_numbers_of_the_cohort(tables: Path) -> None:
    text = (tables.parent / "report.html").read_text()
    assert "73 patients" in text
    # among the notes of the run, and with the figure that was not drawn
    assert text.count("neoantigens need HLA alleles: no alleles (column hla") == 2
    assert "<script src" not in text
    summary = json.loads((tables.parent / "run.json").read_text())
    assert summary["state"] == "finished"
