"""The overview of quality shows every sample at its value, and rings the doubtful ones."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from storiform.figures.quality import PANELS, QUALITY_OVERVIEW, quality_overview
from storiform.figures.style import INK, render
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.reads import QUALITY


def invented(patients, kinds=(("normal", "exome"), ("tumour", "exome"), ("tumour", "rna"))):
    draws = np.random.default_rng(patients)
    rows = []
    for number in range(patients):
        for role, assay in kinds:
            is_exome = assay == "exome"
            share = abs(draws.normal(0, 0.004)) if number % 9 else 0.06
            rows.append(
                {
                    "patient": f"P{number:02d}", "sample": f"P{number:02d}-{role}-{assay}",
                    "role": role, "assay": assay,
                    "mean_depth": draws.gamma(20, 5) if is_exome else np.nan,
                    "on_target_share": draws.beta(30, 10) if is_exome else np.nan,
                    "duplicate_share": draws.beta(10, 50 if is_exome else 20),
                    "contamination": share, "contamination_lower": max(share - 0.004, 0),
                    "contamination_upper": share + 0.004,
                    "assigned_share": np.nan if is_exome else draws.beta(40, 20),
                    "concerns": "6.0% foreign reads" if share > 0.05 else "",
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=list(QUALITY.columns))
    return QUALITY.conform(frame)


def labels(figure):
    return [axes.get_ylabel() for axes in figure.axes]


def points(axes):
    return np.vstack([np.asarray(group.get_offsets()) for group in axes.collections
                      if len(group.get_offsets()) and hasattr(group, "get_sizes")
                      and len(group.get_sizes())])  # fmt: skip


def test_the_step_reads_quality_alone():
    step = Step.of(quality_overview)
    assert [argument.name for argument in step.arguments] == ["quality"]
    assert step.products == (QUALITY_OVERVIEW,)


def test_each_panel_shows_the_values_of_all_samples():
    quality = invented(5)
    figure = quality_overview(quality)
    assert labels(figure) == [panel.label for panel in PANELS]
    for axes, panel in zip(figure.axes, PANELS, strict=True):
        values = panel.factor * quality[panel.column].dropna()
        np.testing.assert_allclose(sorted(points(axes)[:, 1]), sorted(values))
        assert axes.get_ylim()[0] == 0.0
        assert axes.get_ylim()[1] > values.max()


def test_a_sample_stands_beside_the_name_of_its_patient():
    quality = invented(4)
    axes = quality_overview(quality).axes[-1]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "P00", "P01", "P02", "P03",
    ]  # fmt: skip
    assert set(np.round(points(axes)[:, 0])) == {0, 1, 2, 3}


def test_samples_of_one_kind_and_patient_do_not_hide_each_other():
    quality = invented(2, kinds=(("tumour", "exome"),))
    twins = quality.assign(patient="P00", mean_depth=80.0)
    places = points(quality_overview(twins).axes[0])[:, 0]
    assert len(set(places)) == 2


def test_doubtful_samples_are_ringed():
    quality = invented(10, kinds=(("normal", "exome"),))
    axes = quality_overview(quality).axes[0]
    group = next(one for one in axes.collections if len(one.get_offsets()) == 10)
    is_ringed = [tuple(edge[:3]) == to_rgb(INK) for edge in group.get_edgecolors()]
    np.testing.assert_array_equal(is_ringed, quality["concerns"] != "")
    texts = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert texts == ["normal exome", "with a concern"]


def test_a_panel_without_values_is_left_out():
    figure = quality_overview(invented(3, kinds=(("normal", "exome"),)))
    assert "Assigned\n(%)" not in labels(figure)
    assert len(labels(figure)) == 4


@pytest.mark.parametrize("patients", [1, 50, 70])
def test_many_and_few_samples_are_drawn_alike_each_time(patients):
    quality = invented(patients)
    figure = quality_overview(quality)
    named = len(figure.axes[-1].get_xticklabels())
    assert named == (patients if patients <= 60 else 0)
    assert f"n = {3 * patients} samples of {patients} patient" in figure.get_supxlabel()
    assert render(figure)["svg"] == render(quality_overview(quality))["svg"]


def test_nothing_is_drawn_of_nobody():
    with pytest.raises(NothingToShow, match="no sample has reads"):
        quality_overview(QUALITY.empty())
