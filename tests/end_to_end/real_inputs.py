"""Published cohorts: their sheets, and what others than storiform compute from them."""

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from trials import storiform

ROOT = Path(__file__).resolve().parents[2]


def run_cohort(
    folder: Path, rows: Iterable[Mapping[str, object]], config: Mapping[str, object]
) -> Path:
    """Write a sheet and a configuration, check and run them, return the folder of tables."""
    pd.DataFrame(rows).to_csv(folder / "samples.csv", index=False)
    path = folder / "trial.yaml"
    path.write_text(json.dumps({"output": "results", **config}))
    checked = storiform("check", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 errors found" in checked.stdout
    done = storiform("run", path, "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return folder / "results" / "tables"


def table(tables: Path, name: str) -> pd.DataFrame:
    """Read a published table as a user would."""
    texts = dict.fromkeys(("patient", "biopsy", "gene"), str)
    return pd.read_csv(tables / f"{name}.tsv", sep="\t", dtype=texts, low_memory=False)


def matrix_columns(path: Path, delimiter: str = ",") -> list[str]:
    """Return the names of the columns of a packed matrix behind the first."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return next(csv.reader(lines, delimiter=delimiter))[1:]


def log_tpm(counts: pd.DataFrame) -> pd.DataFrame:
    """Divide counts (symbols, samples) by the lengths that we ship: log2(TPM + 1)."""
    lengths = pd.read_csv(ROOT / "reference/genome/gene_lengths.tsv.gz", sep="\t", index_col=0)
    known = counts[counts.index.isin(lengths.index)]
    rates = known.div(lengths["length"].reindex(known.index), axis=0)
    return np.log2(rates / rates.sum() * 1e6 + 1.0)


def gene_table() -> pd.DataFrame:
    """Read NCBI's genes: entrez, symbol, ensembl, aliases, name."""
    path = ROOT / "reference/genome/gene_identifiers.tsv.gz"
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def marker_means(logs: pd.DataFrame) -> pd.DataFrame:
    """Average the markers of each population: MCP-counter, by current symbols."""
    markers = pd.read_csv(ROOT / "reference/signatures/mcp_counter.tsv", sep="\t", dtype=str)
    symbols = gene_table().set_index("entrez")["symbol"]
    genes = markers["entrez"].map(symbols)
    means = {
        population.lower().replace(" ", "_"): logs[logs.index.isin(genes[rows])].mean()
        for population, rows in markers.groupby("population").groups.items()
    }
    return pd.DataFrame(means)


def gene_sets() -> dict[str, list[str]]:
    """Read the gene sets of which every gene has a current symbol."""
    current = set(gene_table()["symbol"])
    text = (ROOT / "reference/signatures/signatures.gmt").read_text()
    rows = [line.split("\t") for line in text.splitlines()]
    return {name: genes for name, _, *genes in rows if current.issuperset(genes)}


def running_sums(logs: pd.Series, sets: Mapping[str, list[str]]) -> dict[str, float]:
    """Score gene sets by the sum of two cumulative distributions: Barbie 2009, alpha 1/4."""
    rank = pd.Series(stats.rankdata(logs), logs.index)
    scores = {}
    for name, genes in sets.items():
        inside = rank[rank.index.isin(genes)]
        outside = rank[~rank.index.isin(genes)]
        weight = inside**0.25
        scores[name] = (weight * inside).sum() / weight.sum() - outside.mean()
    return scores


def rank_sum_p(positive: pd.Series, negative: pd.Series) -> float:
    """Return p of wilcox.test: exact below 50 values each without ties, else corrected."""
    values = pd.concat([positive, negative])
    is_exact = max(len(positive), len(negative)) < 50 and values.is_unique
    method = "exact" if is_exact else "asymptotic"
    found = stats.mannwhitneyu(positive, negative, method=method, use_continuity=True)
    return float(found.pvalue)


def survival_sample(months: pd.Series, events: pd.Series) -> stats.CensoredData:
    """Return times of events and of censoring as scipy wants them."""
    happened = events.astype(bool)
    return stats.CensoredData(months[happened].to_numpy(), right=months[~happened].to_numpy())


def median_survival(months: pd.Series, events: pd.Series) -> float:
    """Return the time at which the Kaplan-Meier curve first is at or below one half."""
    curve = stats.ecdf(survival_sample(months, events)).sf
    below = curve.quantiles[curve.probabilities <= 0.5]
    return float(below[0]) if len(below) else np.nan


def log_rank_p(months: pd.Series, events: pd.Series, is_high: pd.Series) -> float:
    """Compare two groups by scipy's log-rank test."""
    groups = [survival_sample(months[side], events[side]) for side in (is_high, ~is_high)]
    return float(stats.logrank(*groups).pvalue)
