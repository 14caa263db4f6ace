"""The scatter of two numbers over the patients, with the correlation that a table tells."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.correlation_scatter import (
    CorrelationScatterParams,
    correlation_scatter,
)
from storiform.figures.style import RESPONSES
from storiform.model.errors import NothingToShow
from storiform.model.tables.trial_tables import CORRELATIONS

B, CD20 = "mcp_counter.b_lineage", "measurements.CD20"


def pair(x, y, **columns):
    row = {
        "x": x, "y": y, "n": 36, "n_missing": 10, "pearson": 0.61, "pearson_lower": 0.35,
        "pearson_upper": 0.78, "pearson_p": 0.0004, "spearman": 0.7, "spearman_p": 0.0002,
        "q": 0.002, "family": "pairs", "population": "all", "note": "",
    }  # fmt: skip
    return {**row, **columns}


def conformed(*rows):
    return CORRELATIONS.conform(pd.DataFrame(list(rows)))


def headings(figure):
    shown = [axes for axes in figure.axes if axes.get_visible()]
    return [axes.get_title(loc="left").replace("\n", " ") for axes in shown]


@pytest.fixture
def clinic(trial):
    return trial.clinic(46)


@pytest.fixture
def features(trial, clinic):
    return trial.features(clinic["patient"])


def test_points_are_the_patients_with_both_by_response(clinic, features):
    figure = correlation_scatter(
        conformed(pair(B, CD20)), features, clinic, CorrelationScatterParams()
    )
    wide = features.pivot_table(index="patient", columns="feature", values="value")
    both = wide[[B, CD20]].dropna()
    drawn = figure.axes[0].collections[0]
    np.testing.assert_allclose(drawn.get_offsets(), both.to_numpy())
    told = clinic.set_index("patient")["response"].reindex(both.index)
    colours = [tuple(np.round(face[:3] * 255)) for face in drawn.get_facecolors()]
    expected = [
        tuple(int(RESPONSES[name][at : at + 2], 16) for at in (1, 3, 5)) for name in told
    ]
    assert colours == expected
    assert len(both) == 36


def test_points_are_of_the_population_of_the_table(clinic, features):
    dosed = clinic["patient"][:20]
    members = pd.DataFrame({"population": "safety", "patient": dosed})
    table = conformed(pair(B, CD20, population="safety"))
    figure = correlation_scatter(table, features, clinic, CorrelationScatterParams(), members)
    wide = features[features["patient"].isin(dosed)]
    wide = wide.pivot_table(index="patient", columns="feature", values="value")
    drawn = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(drawn, wide[[B, CD20]].dropna().to_numpy())
    assert " ".join(figure.get_supxlabel().split()).endswith("; safety population")


def test_numbers_of_the_table_stand_over_the_panel(clinic, features):
    figure = correlation_scatter(
        conformed(pair(B, CD20)), features, clinic, CorrelationScatterParams()
    )
    told = " ".join(text.get_text() for text in figure.axes[0].texts).replace("\n", " ")
    expected = "r = 0.61 (0.35 to 0.78); n = 36; p = 0.00040; q = 0.0020; rho = 0.70"
    assert told == expected
    assert headings(figure) == ["B lineage v. CD20"]
    assert figure.axes[0].get_ylabel() == "CD20, cells/mm2"


def test_pair_is_found_in_either_order(clinic, features):
    table = conformed(pair(CD20, B))
    figure = correlation_scatter(table, features, clinic, CorrelationScatterParams())
    assert figure.axes[0].get_xlabel() == "B lineage (MCP-counter)"


def test_without_a_named_pair_the_smallest_p_come_first(clinic, features):
    table = conformed(
        pair("a.x", "a.y", pearson_p=0.5), pair("a.x", "a.z", pearson_p=0.01),
        pair("a.y", "a.z", pearson=np.nan),
    )  # fmt: skip
    params = CorrelationScatterParams(panels=1)
    figure = correlation_scatter(table, features, clinic, params)
    assert headings(figure) == ["X v. Z"]
    assert figure.get_supxlabel() == "1 of 2 compared pairs, smallest p first"


def test_interval_and_q_that_are_missing_are_not_told(clinic, features):
    row = pair(B, CD20, pearson_lower=np.nan, pearson_upper=np.nan, q=np.nan, n=3)
    figure = correlation_scatter(conformed(row), features, clinic, CorrelationScatterParams())
    told = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert told == "r = 0.61; n = 3; p = 0.00040; rho = 0.70"


@pytest.mark.parametrize("count", [8, 46, 500])
@pytest.mark.parametrize("panels", [1, 2, 4])
def test_all_is_readable(trial, faults_of, count, panels):
    clinic = trial.clinic(count)
    names = [CD20, *(f"ssgsea.{name}_of_long_name" for name in ("first", "second", "third"))]
    features = pd.concat(
        [
            trial.features(clinic["patient"]),
            *(trial.feature(clinic["patient"], name, np.arange(count)) for name in names[1:]),
        ]
    )
    table = conformed(*(pair(B, name) for name in names))
    params = CorrelationScatterParams(pairs=tuple((B, name) for name in names[:panels]))
    assert faults_of(correlation_scatter(table, features, clinic, params)) == []


def test_no_correlation_leaves_the_figure_out(clinic, features):
    with pytest.raises(NothingToShow, match="correlation"):
        correlation_scatter(
            conformed(pair(B, CD20, pearson=np.nan)), features, clinic,
            CorrelationScatterParams(),
        )  # fmt: skip
