"""Survival and response by two features at once, and by immune class."""

import colorsys

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from storiform.figures.class_survival import class_survival
from storiform.figures.curves import at_risk, comparison_text, legible
from storiform.figures.immune_classes import COLOURS
from storiform.figures.paired_survival import PairedSurvivalParams, paired_survival
from storiform.figures.style import VERMILION, render
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.clinic import CLINIC
from storiform.model.tables.outcomes import (
    ASSOCIATIONS,
    PAIRED_FEATURES,
    SURVIVAL,
    SURVIVAL_CURVES,
)
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.paired_features import (
    PairedFeaturesParams,
    paired_features,
    with_pairs,
)
from storiform.statistics.survival import SurvivalParams, survival

PAIR = ("measurements.CD20", "measurements.CD31")
CLASS = "immune_classes.immune_class"


def compared_by(features, clinic, pairs):
    """Return pairs, survival, curves and associations as the engine hands them on."""
    groups = PAIRED_FEATURES.conform(
        paired_features(features, PairedFeaturesParams(pairs=pairs))
    )
    joined = with_pairs(features, groups)
    tables = survival(joined, clinic, SurvivalParams())
    compared = associations(joined, clinic, AssociationParams())
    return (
        groups, SURVIVAL.conform(tables.survival), SURVIVAL_CURVES.conform(tables.curves),
        ASSOCIATIONS.conform(compared),
    )  # fmt: skip


def drawn(features, clinic, names=(PAIR,), **params):
    groups, table, curves, compared = compared_by(features, clinic, names)
    return paired_survival(
        groups, table, curves, clinic, compared, PairedSurvivalParams(**params)
    )


def stained(trial, patients, seed=4):
    draw = np.random.default_rng(seed)
    return pd.concat(
        [
            trial.feature(patients, name, draw.normal(50, 20, len(patients)))
            for name in (*PAIR, "measurements.CD8")
        ],
        ignore_index=True,
    )


def lines_of(axes):
    """Return the lines of text in axes, each as its cells from left to right."""
    found = {}
    for text in axes.texts:
        if text.get_text().strip():
            found.setdefault(text.get_position()[1], []).append(text)
    return [
        [text.get_text().strip() for text in sorted(cells, key=lambda t: t.get_position()[0])]
        for _, cells in sorted(found.items())
    ]


def the_trial(trial):
    """Return 39 patients of whom 14 are high in both: 7 of them respond, 3 of the others."""
    high = np.arange(39) < 14
    cd20 = np.where(np.arange(39) < 20, 100.0, 1.0)
    cd31 = np.where(high | (np.arange(39) >= 33), 100.0, 1.0)
    responded = np.isin(np.arange(39), [*range(7), 14, 20, 33])
    clinic = trial.clinic(39, responded=pd.array(responded, dtype="boolean"))
    patients = clinic["patient"]
    features = pd.concat(
        [trial.feature(patients, PAIR[0], cd20), trial.feature(patients, PAIR[1], cd31)],
        ignore_index=True,
    )
    return features, CLINIC.conform(clinic, ("patient",))


def test_steps_read_the_tables_alone():
    names = [argument.name for argument in Step.of(paired_survival).arguments]
    assert names[:5] == ["paired_features", "survival", "curves", "clinic", "associations"]
    assert Step.of(paired_survival).section == "paired_survival"
    assert [a.name for a in Step.of(class_survival).arguments] == ["survival", "curves"]


def test_counts_of_the_trial_and_its_p_stand_beside_the_curves(trial):
    features, clinic = the_trial(trial)
    figure = drawn(features, clinic)
    lines = lines_of(figure.axes[3])
    assert ["both high", "7", "7", "50 %"] in lines
    assert ["all others", "3", "22", "12 %"] in lines
    assert any(line[0].startswith("both high v. all others: p = 0.019") for line in lines)
    groups = {line[0]: (int(line[1]), int(line[2])) for line in lines if "/" in line[0]
              and len(line) == 4}  # fmt: skip
    assert groups == {"high/low": (1, 5), "low/high": (1, 5), "low/low": (1, 12)}


def test_curves_are_those_of_both_high_and_all_others(trial):
    features, clinic = the_trial(trial)
    figure = drawn(features, clinic)
    legend = figure.axes[2].get_legend()
    names = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert names == ["both high", "all others"]
    first = [text.get_text() for text in figure.axes[1].texts if text.get_position()[0] == 0.0]
    assert first == ["14", "25"]
    assert legend.get_lines()[0].get_color() == VERMILION


def test_patients_without_a_response_are_told_and_not_counted(trial):
    features, clinic = the_trial(trial)
    clinic.loc[:1, "responded"] = pd.NA
    lines = [line for line in lines_of(drawn(features, clinic).axes[3]) if len(line) == 4]
    assert ["both high", "5", "7", "42 %"] in lines
    told = [text.get_text() for text in drawn(features, clinic).axes[3].texts]
    assert "n = 37 patients; response unknown in 2" in told


def test_counts_and_curves_name_their_populations_and_count_nobody_else(trial):
    features, clinic = the_trial(trial)
    groups, table, curves, compared = compared_by(features, clinic, (PAIR,))
    dosed = clinic["patient"][3:]
    members = pd.DataFrame({"population": "efficacy", "patient": dosed})
    figure = paired_survival(
        groups, table.assign(population="safety"), curves, clinic,
        compared.assign(population="efficacy"), PairedSurvivalParams(), members,
    )  # fmt: skip
    lines = lines_of(figure.axes[3])
    assert ["both high", "4", "7", "36 %"] in lines
    assert ["all others", "3", "22", "12 %"] in lines
    told = " ".join(figure.get_supxlabel().split())
    assert told.endswith("; curves: safety population; counts: efficacy population")


def test_counts_without_a_test_say_so(trial):
    features, clinic = the_trial(trial)
    groups, table, curves, _ = compared_by(features, clinic, (PAIR,))
    figure = paired_survival(groups, table, curves, clinic, None, PairedSurvivalParams())
    words = [text.get_text() for text in figure.axes[3].texts]
    assert "both high v. all others: not tested" in words


@pytest.mark.parametrize("n", [8, 46, 200])
def test_nothing_covers_anything(trial, faults_of, n):
    clinic = trial.clinic(n)
    pairs = (PAIR, ("measurements.CD8", PAIR[1]))
    figure = drawn(stained(trial, clinic["patient"].tolist()), clinic, pairs)
    assert faults_of(figure) == []
    assert "measurements.CD20 at or above" in " ".join(figure.get_supxlabel().split())


def test_pairs_without_room_are_told(trial):
    clinic = trial.clinic(30)
    pairs = (PAIR, ("measurements.CD8", PAIR[1]))
    figure = drawn(stained(trial, clinic["patient"].tolist()), clinic, pairs, pairs=1)
    assert len(figure.axes) == 4
    assert "1 further pairs in the tables alone" in " ".join(figure.get_supxlabel().split())


def test_no_pair_leaves_the_figure_out(trial):
    clinic = trial.clinic(12)
    with pytest.raises(NothingToShow, match="no pair"):
        drawn(stained(trial, clinic["patient"].tolist()), clinic, ())


def classed(trial, n, letters="ABCDE"):
    clinic = trial.clinic(n)
    patients = clinic["patient"].tolist()
    labels = list(letters * n)[:n]
    features = pd.concat(
        [
            trial.feature(patients, CLASS, labels, "category"),
            trial.feature(
                patients,
                "immune_classes.is_class_e",
                [label == "E" for label in labels],
                "flag",
            ),
        ],
        ignore_index=True,
    )
    return compared_by(features, clinic, ())[1:3]


@pytest.mark.parametrize("n", [8, 46, 200])
def test_classes_cover_nothing_and_have_their_colours_and_sizes(trial, faults_of, n):
    table, curves = classed(trial, n)
    figure = class_survival(table, curves)
    assert faults_of(figure) == []
    legend = figure.axes[2].get_legend()
    sizes = table[(table["feature"] == CLASS) & (table["outcome"] == "pfs")]
    names = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert names == [f"{row.group} (n = {row.n})" for row in sizes.itertuples()]
    shown = [to_hex(line.get_color()).upper() for line in legend.get_lines()]
    assert shown == [COLOURS[group].upper() for group in sizes["group"]]


def test_class_figure_carries_p_of_all_classes_and_of_class_e(trial):
    table, curves = classed(trial, 46)
    figure = class_survival(table, curves)
    chosen = table[table["outcome"] == "pfs"].drop_duplicates("feature").set_index("feature")
    words = " ".join(" ".join(text.get_text() for text in figure.axes[0].texts).split())
    assert f"p = {chosen.loc[CLASS, 'p']:.2f}" in words
    note = " ".join(figure.get_supxlabel().split())
    p = chosen.loc["immune_classes.is_class_e", "p"]
    assert f"PFS log-rank, Monte Carlo p = {p:.2f}" in note
    assert "(9 v. 37 patients)" in note


def test_one_class_is_drawn_and_not_compared(trial):
    figure = class_survival(*classed(trial, 12, "B"))
    assert "not compared" in " ".join(text.get_text() for text in figure.axes[0].texts)
    assert figure.get_supxlabel().startswith("Class E v. the others: PFS not compared")


def test_nobody_classed_leaves_the_figure_out():
    with pytest.raises(NothingToShow, match="no patient with an immune class"):
        class_survival(SURVIVAL.empty(), SURVIVAL_CURVES.empty())


def test_pale_colours_are_written_in_a_darker_shade_of_their_own():
    for pale in ("#88CCEE", "#FFFFFF", "#dd99bb", "#F0E442"):
        before, after = to_rgb(pale), to_rgb(legible(pale))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in after]
        contrast = 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05)
        assert 3.0 <= contrast < 3.1, pale
        if pale != "#FFFFFF":
            hues = [colorsys.rgb_to_hsv(*rgb)[0] for rgb in (before, after)]
            assert abs(hues[0] - hues[1]) < 0.03, pale
    assert [legible(colour) for colour in (VERMILION, "#117733")] == [VERMILION, "#117733"]


def test_notes_name_the_groups_as_the_figure_does():
    row = {"n": 2, "events": 1, "p": 0.5, "q": 0.5, "test": "log-rank", "note": "few: true (2)"}
    text = comparison_text(pd.DataFrame([row]), {"true": "both high"})
    assert text.endswith("few: both high (2)")


def test_nobody_is_at_risk_after_the_last_time():
    curve = pd.DataFrame({"months": [0.0, 3.0], "at_risk": [4, 2]})
    assert [at_risk(curve, moment) for moment in (0.0, 2.0, 3.0, 3.1)] == [4, 2, 2, 0]


def test_same_tables_make_the_same_bytes(trial):
    features, clinic = the_trial(trial)
    assert render(drawn(features, clinic)) == render(drawn(features, clinic))
