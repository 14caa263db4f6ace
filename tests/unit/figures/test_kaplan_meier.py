"""Survival curves show the estimates, medians and numbers at risk of the tables."""

import numpy as np
import pandas as pd
import pytest

from storiform.figures.curves import COLOURS, at_risk
from storiform.figures.kaplan_meier import (
    KaplanMeierParams,
    survival_by_feature,
    survival_of_all,
)
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.outcomes import SURVIVAL, SURVIVAL_CURVES
from storiform.statistics.survival import SurvivalParams, survival


def rows_of(curves, outcome, feature, group):
    chosen = (curves["outcome"] == outcome) & (curves["feature"] == feature)
    return curves[chosen & (curves["group"] == group)].sort_values("months")


def test_steps_read_the_tables_alone():
    step = Step.of(survival_of_all)
    assert [argument.name for argument in step.arguments] == ["survival", "curves"]
    assert Step.of(survival_by_feature).section == "kaplan_meier"


def test_curve_of_all_runs_through_the_estimates(survived):
    figure = survival_of_all(*survived)
    curve = rows_of(survived[1], "pfs", "all", "all")
    months, survival = figure.axes[0].lines[0].get_data()
    assert figure.axes[0].get_title(loc="left") == "Progression-free survival"
    np.testing.assert_array_equal(months[::2], curve["months"])
    np.testing.assert_array_equal(survival[::2], curve["survival"])
    assert (np.diff(survival) <= 0).all()


def test_ticks_are_the_censored(survived):
    marks = survival_of_all(*survived).axes[0].lines[1]
    curve = rows_of(survived[1], "pfs", "all", "all")
    np.testing.assert_array_equal(marks.get_xdata(), curve.loc[curve["censored"] > 0, "months"])


def test_numbers_at_risk_are_counted_from_the_clinic(invented, survived):
    figure = survival_of_all(*survived)
    months = invented.clinic()["pfs_months"]
    shown = {text.get_position()[0]: int(text.get_text()) for text in figure.axes[1].texts}
    assert len(shown) > 2
    assert shown == {tick: int((months >= tick).sum()) for tick in shown}


def test_nobody_is_at_risk_after_the_last_time(survived):
    assert at_risk(rows_of(survived[1], "os", "all", "all"), 1e6) == 0


def test_figure_names_its_patients_and_events(survived):
    text = survival_of_all(*survived).get_supxlabel()
    assert text.startswith("PFS: n = 28 patients, ")
    assert "; OS: n = 28 patients, " in text


def test_figures_name_the_population(survived):
    rows, curves = survived
    for figure in (
        survival_of_all(rows.assign(population="safety"), curves),
        survival_by_feature(rows.assign(population="safety"), curves, KaplanMeierParams()),
    ):
        assert " ".join(figure.get_supxlabel().split()).endswith("; safety population")


def test_panels_by_feature_are_in_the_order_of_p_and_carry_it(survived):
    survival, curves = survived
    figure = survival_by_feature(survival, curves, KaplanMeierParams(features=2))
    ranked = survival[survival["outcome"] == "pfs"].sort_values("p")["feature"].unique()[:2]
    titles = [axes.get_title(loc="left") for axes in figure.axes[::3]]
    written = {"quality.sex": "Sex", "mcp_counter.b_lineage": "B lineage (MCP-counter)"}
    assert titles == [
        f"{written[name]}, {outcome}" for name in ranked for outcome in ("PFS", "OS")
    ]
    smallest = survival.loc[survival["outcome"] == "pfs", "p"].min()
    line = next(text.get_text() for text in figure.axes[0].texts)
    assert line.startswith(f"log-rank, Monte Carlo p = {smallest:.3f}")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "; high: at or above the median"),
        ({"split": "tertiles"}, "; high: at or above the upper tertile"),
        (
            {"cutoffs": {"tmb.tmb": 1.5}},
            (
                "; high: at or above the median (T cells (MCP-counter)); at or above the given "
                "cut-off (TMB 1.5)"
            ),
        ),
    ],
)
def test_figure_says_what_divides_each_feature(invented, params, told):
    numbers = invented.features()
    numbers = numbers[numbers["feature"].isin(["tmb.tmb", "mcp_counter.t_cells"])]
    made = survival(numbers, invented.clinic(), SurvivalParams(**params))
    figure = survival_by_feature(
        SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves),
        KaplanMeierParams(),
    )  # fmt: skip
    assert " ".join(figure.get_supxlabel().split()).endswith(f"PFS first{told}")


def test_tiny_groups_are_told_under_the_title(survived):
    survival, curves = survived
    told = "groups of fewer than 3 patients are compared: low (1)"
    doubtful = survival.assign(note=told)
    figure = survival_by_feature(doubtful, curves, KaplanMeierParams(features=1))
    (line,) = {
        text.get_text() for text in figure.axes[0].texts if "log-rank" in text.get_text()
    }
    assert " ".join(line.split()).endswith(told)


def test_groups_have_their_colour_and_median_in_the_legend(survived):
    survival, curves = survived
    chosen = survival[survival["feature"].isin(["mcp_counter.t_cells", "all"])]
    figure = survival_by_feature(chosen, curves, KaplanMeierParams())
    legend = figure.axes[2].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert [text.split(":")[0] for text in texts] == ["high", "low"]
    row = chosen.set_index(["outcome", "feature", "group"]).loc[
        "pfs", "mcp_counter.t_cells", "high"
    ]
    assert f"median {row['median_months']:.1f} months" in texts[0]
    assert legend.get_lines()[0].get_color() == COLOURS["high"]


@pytest.mark.parametrize(
    ("feature", "words"),
    [("gene_mutations.CSMD1", ["mutated", "wild type"]), ("quality.is_low", ["yes", "no"])],
)
def test_groups_of_a_flag_are_named_in_legend_and_numbers_at_risk(survived, feature, words):
    survival, curves = (
        table[table["feature"] == "mcp_counter.t_cells"].assign(
            feature=feature,
            divided_by="",
            group=lambda rows: rows["group"].map({"high": "true", "low": "false"}),
        )
        for table in survived
    )
    figure = survival_by_feature(survival, curves, KaplanMeierParams())
    texts = figure.axes[2].get_legend().get_texts()
    assert [text.get_text().split(":")[0] for text in texts] == words
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == words
    assert "high" not in figure.get_supxlabel()


def test_feature_with_one_outcome_only_is_drawn(survived):
    survival, curves = survived
    figure = survival_by_feature(
        survival[survival["outcome"] == "os"], curves, KaplanMeierParams(features=1)
    )
    assert len(figure.axes) == 3
    assert figure.axes[0].get_title(loc="left").endswith("OS")


def drawn(invented, **columns):
    """Return survival by the class, two outcomes, as the engine hands the tables on."""
    features = invented.features()
    chosen = features[features["feature"] == "immune_classes.sic"]
    made = survival(chosen, invented.clinic(**columns), SurvivalParams())
    tables = SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves)
    return survival_by_feature(*tables, KaplanMeierParams())


def colours_in(axes):
    legend = axes.get_legend()
    names = [text.get_text().split(":")[0] for text in legend.get_texts()]
    return dict(zip(names, [line.get_color() for line in legend.get_lines()], strict=True))


def test_a_group_has_one_colour_in_both_outcomes(invented):
    months = invented.clinic()["pfs_months"].to_numpy().copy()
    is_class_a = np.array(list("EEDEEDEABAABCDABCDABCABCABCD")) == "A"
    months[is_class_a] = np.nan
    figure = drawn(invented, pfs_months=months)
    pfs, os = colours_in(figure.axes[2]), colours_in(figure.axes[5])
    assert sorted(set(os) - set(pfs)) == ["A"]
    assert pfs == {name: os[name] for name in pfs}
    assert len(set(os.values())) == 5


def test_tertiles_have_three_colours(invented):
    made = survival(invented.features(), invented.clinic(), SurvivalParams(split="tertiles"))
    tables = SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves)
    tables = [table[table["feature"] == "mcp_counter.t_cells"] for table in tables]
    shown = colours_in(survival_by_feature(*tables, KaplanMeierParams()).axes[2])
    assert list(shown) == ["high", "middle", "low"]
    assert len(set(shown.values())) == 3


def test_an_outcome_without_the_patients_of_a_feature_is_an_empty_panel(invented):
    clinic, features = invented.clinic(), invented.features()
    rows = [features[features["feature"] == f"mcp_counter.{name}"]
            for name in ("t_cells", "b_lineage")]  # fmt: skip
    rows[0] = rows[0].head(14)
    clinic.loc[clinic["patient"].isin(rows[0]["patient"]), "os_months"] = np.nan
    made = survival(pd.concat(rows), clinic, SurvivalParams())
    tables = SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves)
    figure = survival_by_feature(*tables, KaplanMeierParams())
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes[::3]}
    blank = panels["T cells (MCP-counter), OS"]
    assert [axes for axes in panels.values() if not axes.axison] == [blank]
    assert "no patient with both" in " ".join(
        " ".join(text.get_text() for text in blank.texts).split()
    )


@pytest.mark.parametrize("n", [8, 46])
def test_nothing_covers_anything(trial, faults_of, n):
    clinic = trial.clinic(n)
    patients = clinic["patient"].tolist()
    values = np.random.default_rng(3).normal(50, 20, n)
    features = trial.feature(patients, "mcp_counter.t_cells", values)
    made = survival(features, clinic, SurvivalParams())
    tables = SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves)
    for figure in (survival_by_feature(*tables, KaplanMeierParams()), survival_of_all(*tables)):
        assert faults_of(figure) == []
        figure.draw_without_rendering()
        for curves, _, key in zip(*[iter(figure.axes)] * 3, strict=True):
            box = key.get_legend().get_window_extent()
            assert not box.overlaps(curves.get_window_extent())


def test_a_feature_of_many_groups_makes_no_other_panel_tall(trial, faults_of):
    clinic = trial.clinic(46)
    patients = clinic["patient"].tolist()
    values = np.random.default_rng(3).normal(50, 20, 46)
    sites = [f"site {number % 12:02d}" for number in range(46)]
    features = pd.concat([
        trial.feature(patients, "mcp_counter.t_cells", values),
        trial.feature(patients, "measurements.site", sites, "category"),
    ])  # fmt: skip
    made = survival(features, clinic, SurvivalParams(most_levels=12))
    tables = SURVIVAL.conform(made.survival), SURVIVAL_CURVES.conform(made.curves)
    figure = survival_by_feature(*tables, KaplanMeierParams())
    assert faults_of(figure) == []
    figure.draw_without_rendering()
    parts = {axes.get_title(loc="left").split(",")[0]: at
             for at, axes in enumerate(figure.axes) if axes.get_title(loc="left")}  # fmt: skip
    heights = {
        name: [figure.axes[at + part].get_window_extent().height for part in range(2)]
        for name, at in parts.items()
    }
    few, many = heights["T cells (MCP-counter)"], heights["Site"]
    assert few[1] < 0.4 * few[0]
    assert many[1] > 3 * few[1]


def test_no_survival_leaves_the_figures_out():
    empty = SURVIVAL.empty(), SURVIVAL_CURVES.empty()
    with pytest.raises(NothingToShow, match="no patient"):
        survival_of_all(*empty)
    with pytest.raises(NothingToShow, match="no feature"):
        survival_by_feature(*empty, KaplanMeierParams())
