"""A trial in the shape of a real one: 51 biopsies of 49 patients."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from storiform.model.table import Table
from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.dna import TMB
from storiform.model.tables.outcomes import ASSOCIATIONS, SURVIVAL
from storiform.model.tables.rna import MCP_COUNTER, TPM
from storiform.report.record import (
    Problem,
    ReportFigure,
    ReportRecord,
    ReportTable,
    StepRecord,
)

PAPER = "Becht et al., Genome Biology 17, 218 (2016), doi:10.1186/s13059-016-1070-5."
PATIENTS = [f"P{number:03d}" for number in range(1, 50)]


def of_contract(contract: Table, frame: pd.DataFrame, n_rows: int | None = None) -> ReportTable:
    columns = {name: (c.description, c.unit) for name, c in contract.columns.items()}
    total = len(frame) if n_rows is None else n_rows
    return ReportTable(contract.name, contract.description, frame, columns, total)


def svg(title: str) -> str:
    """Draw as the package draws: matplotlib, with clip paths and markers that carry ids."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    rng = np.random.default_rng(7)
    axes.plot(np.sort(rng.uniform(0, 24, 30)), np.linspace(1, 0, 30), "o-", drawstyle="steps")
    axes.set(title=title, xlabel="months", ylabel="progression-free")
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()


def clinic() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: [None] * 49 for name in CLINIC.columns})
    frame["response"] = ["CR"] * 3 + ["PR"] * 7 + ["SD"] * 15 + ["PD"] * 22 + ["NE"] * 2
    frame["responded"] = pd.array([True] * 10 + [False] * 37 + [None] * 2, dtype="boolean")
    frame["pfs_months"] = rng.exponential(7, 49)
    frame["pfs_event"] = pd.array([True] * 40 + [False] * 9, dtype="boolean")
    frame["histology"] = ["leiomyosarcoma"] * 12 + ["synovial sarcoma"] * 20 + [None] * 17
    frame.insert(0, "patient", PATIENTS)
    return frame


def scores(rows: int = 51) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: rng.normal(5, 2, rows) for name in MCP_COUNTER.columns})
    frame.loc[3, "b_lineage"] = np.nan
    frame.insert(0, "patient", [PATIENTS[i % 49] for i in range(rows)])
    frame.insert(1, "biopsy", [f"B{i:03d}" for i in range(rows)])
    return frame


def burden() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    count = rng.poisson(41, 47)
    frame = pd.DataFrame({"mutations_nonsynonymous": count, "mutations_coding": count + 9})
    frame["mutations_in_denominator"] = count
    frame["tmb"], frame["tmb_lower"], frame["tmb_upper"] = count / 35, count / 50, count / 25
    frame["megabases"], frame["denominator"], frame["preset"] = 35.0, "size", "trial"
    frame.insert(0, "patient", PATIENTS[:47])
    frame.insert(1, "biopsy", [f"{name}-pre" for name in PATIENTS[:47]])
    return frame


def association(feature: str, p: float, q: float, **other: object) -> dict[str, object]:
    return {
        "outcome": "responded", "feature": feature, "family": "responded",
        "test": "Wilcoxon rank-sum, exact", "n": 47, "n_positive": 10, "n_missing": 2,
        "median_positive": 6.1234, "median_negative": 4.2, "effect": 1.75,
        "effect_lower": 0.4, "effect_upper": 3.1, "effect_name": "shift", "auc": 0.78,
        "p": p, "q": q, **other,
    }  # fmt: skip


def associations(*, found: bool = True) -> pd.DataFrame:
    first = association("mcp_counter.b_lineage", 0.00012, 0.0078 if found else 0.31)
    rest = [
        association(f"mcp_counter.{name}", 0.05 + 0.08 * i, 0.4 + 0.05 * i, effect=-0.2)
        for i, name in enumerate(MCP_COUNTER.columns)
        if name != "b_lineage"
    ]
    untested = association("tmb.tmb", np.nan, np.nan, effect=np.nan)
    return pd.DataFrame([*rest, first, untested])


def survival() -> pd.DataFrame:
    def row(feature: str, group: str, median: float, p: float, q: float) -> dict[str, object]:
        return {
            "outcome": "pfs", "feature": feature, "group": group,
            "cutoff": 5.02 if group in {"high", "low"} else np.nan, "n": 49 if group == "all"
            else 24, "events": 40 if group == "all" else 18, "n_missing": 0,
            "median_months": median, "median_lower": median * 0.6, "median_upper": np.nan,
            "landmark_months": 12.0,
            "landmark_survival": 0.382, "logrank_chi2": 11.6, "p": p, "q": q, "family": "pfs",
        }  # fmt: skip

    return pd.DataFrame(
        [
            row("all", "all", 7.7, np.nan, np.nan),
            row("mcp_counter.b_lineage", "high", np.nan, 0.0007, 0.02),
            row("mcp_counter.b_lineage", "low", 4.1, 0.0007, 0.02),
            row("tmb.tmb", "high", 8.0, 0.4, 0.6),
            row("tmb.tmb", "low", 7.0, 0.4, 0.6),
        ]
    )


def step(name: str, **other: object) -> StepRecord:
    values: dict[str, object] = {
        "summary": "Count the eligible mutations and divide by the megabases.",
        "room": name, "version": 2, "done": 40, "cached": 7, "seconds": 12.34,
        "params": {
            "min_vaf": (0.1, 0.05, "share of tumour reads with the somatic allele"),
            "min_alt_reads": (3, 3, "tumour reads with the somatic allele"),
        },
        "references": (PAPER,),
        **other,
    }  # fmt: skip
    return StepRecord(name, **values)  # type: ignore[arg-type]


@pytest.fixture
def trial() -> ReportRecord:
    """Build a whole run with one finding for response and one for survival."""
    tpm = pd.DataFrame(
        {"patient": ["P001"] * 3, "biopsy": ["B000"] * 3, "gene": ["A1BG", "A1CF", "HIDDEN"],
         "tpm": [1.0, 2.0, 3.0], "log2_tpm": [1.0, 1.58, 2.0]}
    )  # fmt: skip
    return ReportRecord(
        title="Melanoma under nivolumab",
        version="0.1.0",
        started="2026-03-01T10:00:00+00:00",
        finished="2026-03-01T10:04:31+00:00",
        patients=49,
        biopsies=51,
        samples=149,
        tables=(
            of_contract(CLINIC, clinic()),
            of_contract(TMB, burden()),
            of_contract(TPM, tpm, n_rows=1_000_000),
            of_contract(MCP_COUNTER, scores()),
            of_contract(ASSOCIATIONS, associations()),
            of_contract(SURVIVAL, survival()),
        ),
        figures=(
            ReportFigure(
                "kaplan_meier", "Progression-free survival.", svg("PFS"), ("survival",)
            ),
            ReportFigure("boxplot", "B lineage by response.", svg("Box"), ("mcp_counter",)),
        ),
        steps=(step("tmb"), step("mcp_counter"), step("ssgsea", done=0, cached=0, left_out=51)),
        problems=(
            Problem("P007", "variants", "failed", "P007.vcf.gz: found no header."),
            Problem("P007", "tmb", "blocked", "variants failed"),
            *(
                Problem(name, "tmb", "warning", "3 calls without depth")
                for name in PATIENTS[:20]
            ),
        ),
        inputs={"samples.csv": "sha256:4ce9", "P001.vcf.gz": "bgzf:91af"},
        packages={"numpy": "2.1.0", "pandas": "2.2.3"},
    )


@pytest.fixture
def nothing() -> ReportRecord:
    """Build a run without a patient."""
    return ReportRecord("Empty", "0.1.0", "2026-03-01", "2026-03-01", 0, 0, 0)
