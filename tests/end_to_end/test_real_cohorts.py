"""A melanoma trial as its authors left it, from its files to tables and report.

Riaz et al., doi:10.1016/j.cell.2017.09.028: raw counts (GSE91061), mutations, outcomes. Each
table is held to scipy, or to ten lines of pandas that share no code with storiform.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_faults import drawn_texts, faults
from matplotlib.figure import Figure
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

from storiform.figures.boxplot import BoxplotParams, response_boxplots
from storiform.figures.heatmap import (
    HeatmapParams,
    gene_set_heatmap,
    microenvironment_heatmap,
)
from storiform.figures.immune_classes import immune_class_strip
from storiform.figures.ma_plot import MaPlotParams, ma_plot
from storiform.figures.signature_panel import SignaturePanelParams, signature_panel
from storiform.figures.volcano import VolcanoParams, volcano

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
        assert row["p"] == pytest.approx(expected, rel=1e-7), name


def typed(tables: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(tables / f"{name}.parquet")


def speaking(tables: Path) -> pd.DataFrame:
    """Read the gathered features as they were drawn."""
    return pd.read_csv(tables.parent / "figures/response_boxplots.features.tsv", sep="\t")


RNA_FIGURES = {
    "volcano": lambda t: volcano(typed(t, "differential_expression"), VolcanoParams()),
    "ma_plot": lambda t: ma_plot(typed(t, "differential_expression"), MaPlotParams()),
    "microenvironment_heatmap": lambda t: microenvironment_heatmap(
        typed(t, "mcp_counter"), typed(t, "clinic"), HeatmapParams()
    ),
    "gene_set_heatmap": lambda t: gene_set_heatmap(
        typed(t, "ssgsea"), typed(t, "clinic"), HeatmapParams()
    ),
    "signature_panel": lambda t: signature_panel(
        typed(t, "mcp_counter"), typed(t, "ssgsea"), typed(t, "checkpoints"),
        typed(t, "clinic"), speaking(t), typed(t, "associations"), SignaturePanelParams(),
    ),
    "response_boxplots": lambda t: response_boxplots(
        speaking(t), typed(t, "clinic"), typed(t, "associations"), BoxplotParams()
    ),
    "immune_class_strip": lambda t: immune_class_strip(
        typed(t, "immune_classes"), typed(t, "clinic"), speaking(t), typed(t, "associations")
    ),
}  # fmt: skip
"""The figures of RNA, drawn anew: of a file, whose letters are paths, no text is measured."""


def words(figure: Figure) -> str:
    return " ".join(figure.get_supxlabel().split())


@pytest.mark.filterwarnings("ignore:51 of 51 biopsies with an immune class")
@pytest.mark.parametrize("name", RNA_FIGURES)
def test_figure_of_rna_is_published_and_can_be_read(tables: Path, name: str) -> None:
    for ending in ("pdf", "png", "svg"):
        assert (tables.parent / "figures" / f"{name}.{ending}").stat().st_size > 5_000
    assert faults(RNA_FIGURES[name](tables)) == []


def test_figures_of_genes_name_all_fifteen_and_state_n(tables: Path) -> None:
    found = table(tables, "differential_expression")
    genes = found[(found["contrast"] == "responded") & found["p"].notna()]
    called = genes[genes["is_significant"] & ~genes["is_degenerate"]]
    first = set(called.sort_values(["p", "gene"])["gene"].head(15))
    for name in ("volcano", "ma_plot"):
        figure = RNA_FIGURES[name](tables)
        names = {t.get_text() for t, _ in drawn_texts(figure) if t.get_style() == "italic"}
        assert names == first, name
        assert words(figure).startswith("10 biopsies with response, 39 with no response")
        assert words(figure).endswith("; 15 of 15 called genes with the smallest p named")
    assert f"; {len(genes):,} genes tested" in words(RNA_FIGURES["volcano"](tables))


def test_boxes_carry_n_p_and_q_of_the_table(tables: Path) -> None:
    figure = RNA_FIGURES["response_boxplots"](tables)
    found = table(tables, "associations")
    rows = found[(found["outcome"] == "responded") & (found["kind"] == "number")]
    rows = rows.dropna(subset=["p"]).sort_values(["p", "feature"])
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == 8
    for axes, row in zip(panels, rows.itertuples(), strict=False):
        (told,) = [text.get_text() for text in axes.texts]
        assert told == f"p = {row.p:.{1 - exponent(row.p)}f}, q = {row.q:.2f}"
        groups = [tick.get_text() for tick in axes.get_xticklabels()]
        sizes = row.n_positive, row.n - row.n_positive
        assert groups == [f"response\nn = {sizes[0]}", f"no response\nn = {sizes[1]}"]
        points = [len(group.get_offsets()) for group in axes.collections]
        assert points == list(sizes)


def exponent(p: float) -> int:
    return int(np.floor(np.log10(p)))


@pytest.mark.filterwarnings("ignore:51 of 51 biopsies with an immune class")
def test_panel_and_strip_state_n_and_test(tables: Path) -> None:
    found = table(tables, "associations")
    tests = found[found["outcome"] == "responded"].set_index("feature")
    panel = RNA_FIGURES["signature_panel"](tables)
    assert words(panel).startswith("n = 51 patients, 51 biopsies: 10 responders, 39 non-resp")
    beside = {text.get_text() for axes in panel.axes for text in axes.texts}
    row = tests.loc["mcp_counter.b_lineage"]
    assert f"{row['p']:.2f} ({row['q']:.2f})" in beside
    strip = RNA_FIGURES["immune_class_strip"](tables)
    assert words(strip).startswith("n = 51 patients, 51 biopsies with a class; ")
    for name, feature in (("Class", "immune_class"), ("Class E", "is_class_e")):
        row = tests.loc[f"immune_classes.{feature}"]
        assert f"{name} by response: p = {row['p']:.2f} ({row['test']}, n = 49" in words(strip)
    for name, scores in (("microenvironment_heatmap", 10), ("gene_set_heatmap", 50)):
        assert words(RNA_FIGURES[name](tables)) == f"n = 51 biopsies, {scores} scores"


def test_report_tells_the_numbers_of_the_cohort(tables: Path) -> None:
    text = (tables.parent / "report.html").read_text()
    assert "73 patients" in text
    # among the notes of the run, and with the figure that was not drawn
    assert text.count("neoantigens need HLA alleles: no alleles (column hla") == 2
    assert "<script src" not in text
    summary = json.loads((tables.parent / "run.json").read_text())
    assert summary["state"] == "finished"
