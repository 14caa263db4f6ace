"""MCP-counter and ssGSEA of one biopsy."""

import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.expression import ExpressionParams, counts, tpm
from storiform.biomarkers.microenvironment import (
    MicroenvironmentParams,
    mcp_counter,
    signature_coverage,
    ssgsea,
)
from storiform.io.expression import read_counts
from storiform.io.resources import RESOURCES, bundled
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError
from storiform.model.tables.rna import MCP_COUNTER, POPULATIONS, SIGNATURE_COVERAGE, SSGSEA

ASKED = ("gene_names", "gene_lengths", "mcp_markers", "gene_sets")
READ = {name: RESOURCES[name].read(bundled(RESOURCES[name].default)) for name in ASKED}
NAMES, MARKERS, SETS = READ["gene_names"], READ["mcp_markers"], READ["gene_sets"]
PARAMS = MicroenvironmentParams()


def expression(logs):
    frame = pd.DataFrame({"gene": list(logs), "log2_tpm": np.array(list(logs.values()), float)})
    return frame.assign(tpm=2 ** frame["log2_tpm"] - 1)


def all_markers():
    """Give every marker its own value, under its current symbol."""
    symbols = NAMES.symbols(MARKERS["symbol"].tolist())
    genes = [new or old for new, old in zip(symbols, MARKERS["symbol"], strict=True)]
    return {gene: 1.0 + number / 10 for number, gene in enumerate(genes)}


def test_a_score_is_the_mean_of_the_markers_present():
    logs = all_markers()
    row = MCP_COUNTER.conform(mcp_counter(expression(logs), MARKERS, NAMES, PARAMS)).iloc[0]
    values = np.array(list(logs.values()))
    for population, column in POPULATIONS.items():
        mine = values[(MARKERS["population"] == population).to_numpy()]
        assert row[column] == pytest.approx(mine.mean(), rel=1e-14)
    del logs["CD3D"], logs["CD8B"]
    row = mcp_counter(expression(logs), MARKERS, NAMES, PARAMS).iloc[0]
    t_cells = values[(MARKERS["population"] == "T cells").to_numpy()]
    assert row["t_cells"] == pytest.approx((t_cells.sum() - t_cells[1]) / 15, rel=1e-14)
    assert np.isnan(row["cd8_t_cells"])


def test_published_symbols_miss_cavin2_and_nothing_else():
    logs = all_markers()
    published = MicroenvironmentParams(mcp_symbols="as_published")
    before = mcp_counter(expression(logs), MARKERS, NAMES, PARAMS).iloc[0]
    after = mcp_counter(expression(logs), MARKERS, NAMES, published).iloc[0]
    assert before.index[before != after].tolist() == ["endothelial_cells"]
    coverage = signature_coverage(expression(logs), MARKERS, {}, NAMES, published)
    assert coverage.loc[coverage["missing"] != "", "missing"].tolist() == ["C"]


def test_linear_values_are_refused():
    with pytest.raises(InputError, match="mcp_counter: found values up to 812"):
        mcp_counter(expression({"CD3D": 812.0, "CD8B": 3.0}), MARKERS, NAMES, PARAMS)


def test_values_up_to_the_limit_are_logarithms():
    logs = expression({"CD8B": 60.0, "CD3D": 3.0})
    row = mcp_counter(logs, MARKERS, NAMES, MicroenvironmentParams(max_log2=60.0)).iloc[0]
    assert row["cd8_t_cells"] == 60.0
    with pytest.raises(InputError, match=r"values up to 60, expected log2.* of at most 59"):
        mcp_counter(logs, MARKERS, NAMES, MicroenvironmentParams(max_log2=59.0))


def test_an_enrichment_score_by_hand_under_old_names():
    logs = expression({"CAVIN2": 16.0, "TP53": 1.0, "MDM2": 8.0})
    made = ssgsea(logs, {"mine": ("SDPR", "TP53", "CAVIN2")}, NAMES, PARAMS)
    first = 3**0.25
    expected = first / (first + 1) + first / (first + 1) - 1
    assert SSGSEA.conform(made)["mine"].tolist() == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize(("alpha", "expected"), [(0.0, 0.0), (1.0, 0.5)])
def test_alpha_is_the_exponent_of_the_ranks(alpha, expected):
    logs = expression({"CAVIN2": 16.0, "TP53": 1.0, "MDM2": 8.0})
    params = MicroenvironmentParams(alpha=alpha)
    made = ssgsea(logs, {"mine": ("TP53", "CAVIN2")}, NAMES, params)
    # by hand: (3^alpha - 1) / (3^alpha + 1)
    assert made["mine"].tolist() == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(
    ("mode", "expected"), [("midrank", 0.75), ("gsva", 1.5), ("gseapy", 0)]
)
def test_mode_says_at_which_place_a_tied_gene_stands(mode, expected):
    logs = expression({"TP53": 1.0, "MDM2": 1.0, "CD8A": 0.0})
    params = MicroenvironmentParams(mode=mode)
    made = ssgsea(logs, {"mine": ("TP53",)}, NAMES, params)
    # by hand: d - (6 - d) / 2, with TP53 in the middle of the tie, above or below MDM2
    assert made["mine"].tolist() == pytest.approx([expected], abs=1e-12)


def test_small_sets_have_no_score_but_a_column():
    logs = expression({"TP53": 1.0, "MDM2": 2.0, "CD8A": 3.0})
    params = MicroenvironmentParams(min_size=2)
    sets = {"one": ("TP53", "NOTAGENE"), "two": ("MDM2", "TP53"), "none": ("NOTAGENE",)}
    row = ssgsea(logs, sets, NAMES, params).iloc[0]
    assert row.isna().to_dict() == {"none": True, "one": True, "two": False}
    coverage = signature_coverage(logs, MARKERS, sets, NAMES, params)
    rows = SIGNATURE_COVERAGE.conform(coverage).set_index(["method", "signature"])
    assert rows.loc[("ssgsea", "one")].tolist() == [2, 1, "NOTAGENE", False]
    assert rows.loc[("ssgsea", "two")].tolist() == [2, 2, "", True]
    with pytest.warns(DataWarning, match="none of 1 gene sets has 2 genes"):
        ssgsea(logs, {"none": ("NOTAGENE",)}, NAMES, params)


def test_the_order_of_genes_is_irrelevant():
    rng = np.random.default_rng(3)
    logs = {
        gene: float(v) for gene, v in zip(all_markers(), rng.integers(0, 5, 111), strict=True)
    }
    turned = dict(reversed(logs.items()))
    sets = {name: genes for name, genes in SETS.items() if name.startswith("MCP_")}
    before, after = (ssgsea(expression(x), sets, NAMES, PARAMS) for x in (logs, turned))
    assert before.iloc[0].tolist() == pytest.approx(after.iloc[0].tolist(), rel=1e-12)


@pytest.mark.slow
def test_every_biopsy_of_a_real_cohort_is_scored(real_data):
    path = real_data / "cohort" / "riaz_GSE91061_raw_counts.csv.gz"
    columns = [name for name in pd.read_csv(path, nrows=0).columns if "_Pre_" in name]
    assert len(columns) == 51
    params, lengths = ExpressionParams(), READ["gene_lengths"]
    for name in columns:
        unit = SourceUnit(name, name, {"counts": path}, {"tumour_rna": name}, "GRCh37", {})
        counted = counts(read_counts(unit), NAMES, None, params)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DataWarning)
            per_million = tpm(counted, None, None, lengths, NAMES, None, params)
        assert [str(warning.message)[:21] for warning in caught] == ["1009 of 22187 genes, "]
        assert per_million["tpm"].sum() == pytest.approx(1e6)
        for table, made in [
            (MCP_COUNTER, mcp_counter(per_million, MARKERS, NAMES, PARAMS)),
            (SSGSEA, ssgsea(per_million, SETS, NAMES, PARAMS)),
        ]:
            row = table.conform(made)
            assert row.shape == (1, 10 if table is MCP_COUNTER else 68)
            assert np.isfinite(row.to_numpy(float)).all()
