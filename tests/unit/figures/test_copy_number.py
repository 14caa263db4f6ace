"""What the figures of copy number draw, from small frames of known copies."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from small_copies import bins, fit, segments

from storiform.figures.copy_number import amplicon_12q, copy_number_profile
from storiform.figures.copy_number_frequency import copy_number_cohort
from storiform.figures.fit_surface import fit_surface
from storiform.figures.genome_axis import GenomeAxis, centred
from storiform.figures.style import render
from storiform.model.errors import NothingToShow
from storiform.model.tables.copies import SNP_COUNTS
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FREQUENCY,
    COPY_NUMBER_GENES,
    COPY_NUMBER_SURFACE,
)

MB = 1_000_000
ROWS = [
    ("chr1", 0, 100 * MB, 2, 1), ("chr12", 0, 57 * MB, 3, 1),
    ("chr12", 57 * MB, 70 * MB, 20, 1), ("chr12", 70 * MB, 130 * MB, 2, 0),
]  # fmt: skip


def log_ratios(moved: float = 0.0) -> pd.DataFrame:
    own = segments(ROWS)
    rng = np.random.default_rng(5)
    rows = []
    for _, segment in own.iterrows():
        for at in np.linspace(segment["start"], segment["end"] - 1000, 60).astype(int).tolist():
            value = segment["log2"] + moved + rng.normal(0, 0.05)
            rows.append((segment["contig"], at, at + 300, value))
    return bins(rows)


def snp_counts() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    start = np.sort(rng.choice(100 * MB, 50, replace=False))
    frame = pd.DataFrame({"contig": "chr1", "start": start, "normal_1": 30, "normal_2": 28})
    frame["tumour_1"], frame["tumour_2"] = rng.binomial(60, 0.5, 50), 30
    homozygous = frame.assign(contig="chr12", normal_2=0, tumour_2=0)
    frame = pd.concat([frame.assign(is_usable=True), homozygous.assign(is_usable=False)])
    frame["is_reference_first"] = True
    return SNP_COUNTS.conform(frame)


def levels(axes: Axes) -> list[float]:
    """Return the heights of all level lines of axes."""
    return [
        float(path.vertices[0, 1])
        for collection in axes.collections
        for path in collection.get_paths()
        if len(path.vertices) == 2
    ]


def dots(axes: Axes) -> np.ndarray:
    return np.concatenate(
        [c.get_offsets() for c in axes.collections if len(c.get_offsets()) > 1]
        or [np.empty((0, 2))]
    )


def words(figure: Figure) -> str:
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return "\n".join([*texts, str(figure._supxlabel.get_text()) if figure._supxlabel else ""])  # noqa: SLF001


def test_profile_shows_segments_bins_and_copies() -> None:
    own = segments(ROWS)
    figure = copy_number_profile(own, fit(0.6, 2.0), log_ratios(), snp_counts())
    upper, middle, lower = figure.axes
    assert len(dots(upper)) == 240
    assert sorted(levels(upper)) == pytest.approx(sorted(own["log2"].clip(upper=6)), abs=1e-6)
    assert len(dots(middle)) == 50, "places where the normal has one allele are no evidence"
    total = [level - 0.06 for level in levels(lower)[:4]]
    assert total == pytest.approx([2, 3, 8, 2]), "more than eight copies are drawn at eight"
    assert "20" in [text.get_text() for text in lower.texts], "and their number is written"
    assert "Purity 0.60, ploidy 2.00" in words(figure)


def test_numbers_of_neighbouring_amplicons_do_not_overprint() -> None:
    rows = [
        ("chr12", 0, 57 * MB, 2, 1), ("chr12", 57 * MB, 58 * MB, 17, 1),
        ("chr12", 58 * MB, 59 * MB, 23, 1), ("chr12", 59 * MB, 100 * MB, 2, 1),
        ("chr12", 100 * MB, 101 * MB, 11, 1), ("chr12", 101 * MB, 130 * MB, 2, 1),
    ]  # fmt: skip
    figure = copy_number_profile(segments(rows), fit(0.6, 2.0), None, None)
    assert [text.get_text() for text in figure.axes[-1].texts] == ["23", "11"]


def test_profile_without_purity_says_so_and_draws_no_copies() -> None:
    own = segments([(c, s, e, None, None) for c, s, e, _, _ in ROWS])
    unknown = fit(None, None, method="thresholds", limits="no normal and no panel")
    figure = copy_number_profile(own, unknown, None, None)
    assert len(figure.axes) == 2, "log ratios and allele shares, no copies"
    assert "Purity not known" in words(figure)
    assert "No normal and no panel" in words(figure)


def test_profile_names_the_alternatives_of_an_ambiguous_fit() -> None:
    doubtful = fit(0.6, 2.0, is_ambiguous=True, alternatives="0.30/4.00 (-1.0)")
    assert "0.30/4.00" in words(copy_number_profile(segments(ROWS), doubtful, None, None))


def test_bins_get_the_centre_of_the_segments() -> None:
    own = segments(ROWS)
    assert centred(log_ratios(0.7), own) == pytest.approx(log_ratios(0.0)["log2"], abs=0.02)


def test_no_segment_is_nothing_to_show() -> None:
    with pytest.raises(NothingToShow, match="no segment"):
        copy_number_profile(segments(ROWS).iloc[:0], fit(), None, None)


def genes(*names: str, contig: str = "chr12") -> pd.DataFrame:
    places = {"CDK4": 57_700_000, "HMGA2": 65_800_000, "MDM2": 68_800_000, "FRS2": 69_400_000}
    rows = [
        {
            "gene": name, "contig": contig, "start": places[name], "end": places[name] + 9_000,
            "cytoband": "", "bins": 5, "call": "HIGH_AMP", "total": 20, "minor": 1,
            "total_raw": 20.0, "total_lower": 19.0, "total_upper": 21.0, "log2": 2.9,
            "segment_bases": 13 * MB, "log_likelihood_ratio": np.nan, "probability": 1.0,
            "fish_ratio": 10.0, "is_amplified_gdc": True, "basis": "copies",
        }
        for name in names
    ]  # fmt: skip
    return COPY_NUMBER_GENES.conform(pd.DataFrame(rows))


def test_amplicon_shows_the_genes_and_only_the_stretch_around_them() -> None:
    figure = amplicon_12q(genes("CDK4", "MDM2", "FRS2"), segments(ROWS), log_ratios())
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    assert low < 57_700_000
    assert high > 69_409_000
    assert low > 50 * MB
    assert (dots(axes)[:, 0] < high).all()
    shown = words(figure)
    assert "CDK4\nhigh amp\n20 copies" in shown
    assert "HMGA2" not in shown


@pytest.mark.parametrize("table", [genes("CDK4", "FRS2"), genes("CDK4", "MDM2", contig="chr9")])
def test_amplicon_without_the_pair_or_without_bins_is_nothing_to_show(
    table: pd.DataFrame,
) -> None:
    with pytest.raises(NothingToShow):
        amplicon_12q(table, segments(ROWS), log_ratios())


def surface() -> pd.DataFrame:
    rows = [
        (p, ploidy, -200.0 * (p - 0.6) ** 2 - 20.0 * (ploidy - 2.0) ** 2)
        for p in np.arange(0.1, 1.0, 0.05) for ploidy in np.arange(1.5, 5.0, 0.25)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["purity", "ploidy", "log_likelihood"])
    return COPY_NUMBER_SURFACE.conform(frame)


def test_surface_marks_the_solution_and_its_alternatives() -> None:
    figure = fit_surface(surface(), fit(0.6, 2.0, alternatives="0.35/3.90 (-4.2)"))
    places = {tuple(np.round(c.get_offsets()[0], 2)) for c in figure.axes[0].collections
              if len(c.get_offsets()) == 1}  # fmt: skip
    assert {(2.0, 0.6), (3.9, 0.35)} <= places
    assert "Purity 0.60" in words(figure)


def test_no_surface_is_nothing_to_show() -> None:
    with pytest.raises(NothingToShow, match="no grid"):
        fit_surface(surface().iloc[:0], fit())


def frequency() -> pd.DataFrame:
    start = np.arange(0, 100, 1) * MB
    frame = pd.DataFrame({"contig": "chr1", "start": start, "end": start + MB, "patients": 4})
    frame["gain"], frame["loss"] = np.where(start < 40 * MB, 0.5, 0.0), 0.25
    frame["amplified"] = frame["homozygous_deletion"] = 0.0
    return COPY_NUMBER_FREQUENCY.conform(frame.assign(loh=0.1))


def test_cohort_draws_gains_up_and_losses_down() -> None:
    figure = copy_number_cohort(frequency())
    heights = [bar.get_data()[0] for bar in figure.axes[0].patches if hasattr(bar, "get_data")]
    assert np.max(heights) == pytest.approx(50.0)
    assert np.min(heights) == pytest.approx(-25.0)
    assert "n = 4 patients" in words(figure)
    with pytest.raises(NothingToShow, match="purity"):
        copy_number_cohort(frequency().iloc[:0])


def test_chromosomes_stand_in_their_usual_order() -> None:
    frame = pd.DataFrame({"contig": ["chr10", "chr2", "chrX"], "start": 0, "end": [10, 20, 30]})
    axis = GenomeAxis.of([frame])
    assert axis.firsts == {"chr2": 0, "chr10": 20, "chrX": 30}
    assert axis.length == 60


def test_a_chromosome_with_data_at_its_end_alone_takes_no_empty_room() -> None:
    frame = pd.DataFrame(
        {"contig": ["chr1", "chr2", "chr2"], "start": [1, 90, 95], "end": [100, 95, 100]}
    )
    axis = GenomeAxis.of([frame])
    assert axis.length == 110
    assert axis.place(pd.Series(["chr2"]), pd.Series([95])).tolist() == [105.0]


def test_legend_names_what_is_drawn() -> None:
    own = segments([(c, s, e, None, None) for c, s, e, _, _ in ROWS])
    figure = copy_number_profile(own.assign(major_share=np.nan), fit(None, None), None, None)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["segment"]
    assert len(figure.axes) == 1


def test_same_figure_same_bytes() -> None:
    def drawn() -> dict[str, bytes]:
        return render(copy_number_profile(segments(ROWS), fit(), log_ratios(), snp_counts()))

    assert drawn() == drawn()
