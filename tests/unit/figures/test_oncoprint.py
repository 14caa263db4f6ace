"""The oncoprint: who stands where, what a tile is, and that nothing covers anything."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from storiform.figures.oncoprint import OncoprintParams, oncoprint
from storiform.figures.oncoprint_tiles import KNOWN, UNKNOWN, body_of
from storiform.figures.style import DOUBLE_MM, RESPONSES, TALLEST_MM, render
from storiform.model.errors import NothingToShow
from storiform.model.step import Step
from storiform.model.tables.oncoprint import ONCOPRINT_CELLS, ONCOPRINT_ROWS

KINDS = {
    "HLA": ["loss"],
    "Fusions": ["fusion"],
    "Mutations": ["missense", "truncating", "splice", "in-frame", "several kinds"],
    "Copy number": ["amplified", "homozygously deleted"],
}
BURDEN = "tmb.mutations_nonsynonymous"


def table(names, patients, seed=0, known=0.8, altered=0.25):
    """Return rows and cells of the oncoprint: names are section, row."""
    draw = np.random.default_rng(seed)
    rows, cells = [], []
    for order, (section, name) in enumerate(names):
        own = [p for p in patients if draw.random() < known] or [patients[0]]
        count = 0
        for patient in own:
            is_altered = draw.random() < altered
            state = draw.choice(KINDS[section]) if is_altered else "none"
            if section == "Copy number" and not is_altered and draw.random() < 0.2:
                state = "gained"
            cells.append((order, name, patient, f"{patient}.T1", state, is_altered))
            count += is_altered
        rows.append({
            "order": order, "section": section, "row": name, "feature": f"x.{name}",
            "altered": count, "known": len(own), "percent": 100.0 * count / len(own),
            "outcome": "responded", "population": "efficacy",
            "n_compared": len(own) - 1, "test": "Fisher exact",
            "p": 0.0123 if order else np.nan, "q": 0.4, "n_further": 0,
        })  # fmt: skip
    made = pd.DataFrame(rows), pd.DataFrame(cells, columns=list(ONCOPRINT_CELLS.columns))
    return ONCOPRINT_ROWS.conform(made[0]), ONCOPRINT_CELLS.conform(made[1])


def names_of(genes):
    return [
        ("HLA", "HLA-A, B or C lost"), ("Fusions", "Known fusion"),
        ("Fusions", "NUTM2B::YWHAE"), *[("Mutations", f"GENE{at}") for at in range(genes)],
        ("Copy number", "CDK4 amplified"), ("Copy number", "CDKN2A homozygously deleted"),
    ]  # fmt: skip


def made(trial, n, genes=8, **params):
    clinic = trial.clinic(n)
    patients = clinic["patient"].tolist()
    rows, cells = table(names_of(genes), patients)
    draw = np.random.default_rng(3)
    numbers = np.round(np.exp(draw.normal(3.7, 0.6, n)))
    numbers[::6] = np.nan
    features = trial.feature(patients, BURDEN, numbers)
    return oncoprint(rows, cells, clinic, features, OncoprintParams(**params)), rows, cells


def body_axes(figure):
    return next(axes for axes in figure.axes if axes.collections and not axes.axison)


def columns_of(figure):
    """Return the names below the tiles, from left to right."""
    notes = [note for note in body_axes(figure).texts if note.get_rotation() == 90.0]
    return [note.get_text() for note in sorted(notes, key=lambda note: note.xy[0])]


def tiles(figure):
    """Return the colours of all tiles by row (top) and column, as they lie on each other."""
    (collection,) = body_axes(figure).collections
    found = {}
    for path, colour in zip(collection.get_paths(), collection.get_facecolors(), strict=True):
        box = path.get_extents()
        at = round((box.y0 + box.y1) / 2.0, 3), round((box.x0 + box.x1) / 2.0)
        found.setdefault(at, []).append((to_hex(colour), box.height))
    return found


def note(figure):
    return " ".join(figure.get_supxlabel().split())


def test_step_takes_the_tables_of_the_rows():
    step = Step.of(oncoprint)
    assert [a.name for a in step.arguments][:2] == ["rows", "cells"]
    assert step.section == "oncoprint"


@pytest.mark.parametrize(("n", "genes"), [(8, 3), (46, 12), (60, 30), (200, 30)])
def test_nothing_covers_anything_and_all_is_within_the_page(trial, faults_of, n, genes):
    figure, _, _ = made(trial, n, genes)
    assert faults_of(figure) == []
    width, height = figure.get_size_inches() * 25.4
    assert width == pytest.approx(DOUBLE_MM)
    assert height <= TALLEST_MM + 1.0


@pytest.mark.parametrize(("n", "most", "named"), [(46, 60, 46), (46, 40, 0), (60, 60, 0)])
def test_columns_carry_names_where_these_have_room(trial, n, most, named):
    assert len(columns_of(made(trial, n, most_names=most)[0])) == named


def test_long_footnote_has_room_below_the_keys(trial, faults_of):
    clinic = trial.clinic(46)
    rows, cells = table(names_of(4), clinic["patient"].tolist()[:30])
    features = trial.feature(clinic["patient"], BURDEN, [np.nan] * 45 + [3.0])
    figure = oncoprint(
        rows.assign(n_further=11), cells, clinic, features, OncoprintParams(most_names=0)
    )
    assert note(figure).count(";") >= 5
    assert faults_of(figure) == []


def test_patients_are_sorted_by_the_first_row_then_by_the_next(trial):
    figure, rows, cells = made(trial, 46, sorted_by="alterations")
    columns = columns_of(figure)
    rank = {(row.order, row.patient): 0 if row.is_counted else 1 for row in cells.itertuples()}
    patterns = [
        tuple(rank.get((order, name), 2) for order in rows["order"]) for name in columns
    ]
    assert len(columns) == 46
    assert patterns == sorted(patterns)
    assert len(set(patterns)) > 20


def test_patients_are_sorted_by_response_first(trial):
    figure, _, _ = made(trial, 46)
    response = trial.clinic(46).set_index("patient")["response"]
    places = [list(RESPONSES).index(response[name]) for name in columns_of(figure)]
    assert places == sorted(places)


def test_patients_are_sorted_by_best_change_as_the_waterfall(trial):
    figure, _, _ = made(trial, 46, sorted_by="change")
    change = trial.clinic(46).set_index("patient")["best_change_percent"]
    shown = [change[name] for name in columns_of(figure)]
    known = [value for value in shown if not np.isnan(value)]
    assert known == sorted(known, reverse=True)
    assert all(np.isnan(value) for value in shown[len(known) :])


def test_tile_tells_altered_other_and_not_known(trial):
    figure, rows, cells = made(trial, 46)
    columns = columns_of(figure)
    body = body_of(rows, cells, columns)
    drawn = tiles(figure)
    for row, top in enumerate(body.tops):
        for column in range(len(columns)):
            layers = drawn[round(top + 0.5, 3), column]
            state = body.states[row, column]
            assert layers[0][0] == (UNKNOWN if state == "" else KNOWN)
            assert len(layers) == (1 if state in {"", "none"} else 2)
            if len(layers) == 2:
                is_low = layers[1][1] < 0.5 * layers[0][1]
                assert is_low != body.counted[row, column]
                assert layers[1][0] not in {KNOWN, UNKNOWN}


def test_shares_and_p_stand_beside_their_row(trial):
    figure, rows, _ = made(trial, 46)
    axes = body_axes(figure)
    at = {round(text.xy[1], 2): [] for text in axes.texts}
    for text in axes.texts:
        at[round(text.xy[1], 2)].append(text.get_text())
    body = body_of(rows, made(trial, 46)[2], ["P001"])
    for row, top in zip(rows.itertuples(), body.tops, strict=True):
        words = at[round(top + 0.5, 2)]
        assert row.row in words
        assert f"{row.altered}/{row.known} ({row.percent:.0f} %)" in words
        assert ("–" if np.isnan(row.p) else "0.012 (0.40)") in words  # noqa: RUF001  a dash


def test_rows_without_any_test_have_no_column_of_p(trial):
    clinic = trial.clinic(12)
    rows, cells = table(names_of(2), clinic["patient"].tolist())
    features = trial.feature(clinic["patient"], BURDEN, np.arange(12.0))
    figure = oncoprint(rows.assign(p=np.nan), cells, clinic, features, OncoprintParams())
    assert "p (q)" not in [text.get_text() for text in body_axes(figure).texts]
    assert "p:" not in note(figure)


def test_footnote_tells_who_is_left_out_and_which_rows_have_no_room(trial):
    clinic = trial.clinic(20)
    rows, cells = table([("Mutations", "TP53")], clinic["patient"].tolist()[:12], known=1.0)
    features = trial.feature(clinic["patient"], BURDEN, np.arange(20.0))
    figure = oncoprint(
        rows.assign(n_further=7, p=0.5), cells, clinic, features, OncoprintParams()
    )
    assert note(figure).startswith("n = 12 patients; 8 of the trial without DNA or RNA left")
    assert "further rows in no figure: 7 of Mutations" in note(figure)
    assert "p: Fisher exact, responded v. not, n = 11" in note(figure)


def test_growth_beyond_the_axis_is_cut_and_told(trial):
    figure, _, _ = made(trial, 46)  # one patient grows by 240 %
    assert "cut at +100 %: 1" in note(figure)
    highest = max(bar.get_height() for bar in figure.axes[0].patches)
    assert highest == 100.0


def test_a_complete_response_without_a_change_is_hatched_and_told(trial):
    clinic = trial.clinic(12, response=["CR", "CR", *["SD"] * 10])
    clinic.loc[0, "best_change_percent"] = np.nan
    clinic.loc[1, "best_change_percent"] = -100.0
    rows, cells = table(names_of(2), clinic["patient"].tolist())
    features = trial.feature(clinic["patient"], BURDEN, np.arange(12.0))
    figure = oncoprint(rows, cells, clinic, features, OncoprintParams())
    hatched = [at for at, bar in enumerate(figure.axes[0].patches) if bar.get_hatch()]
    assert [columns_of(figure)[at] for at in hatched] == [clinic.loc[0, "patient"]]
    assert "hatched: 1 with CR and no measured change, drawn at -100 %" in note(figure)
    measured = clinic.assign(best_change_percent=-10.0)
    figure = oncoprint(rows, cells, measured, features, OncoprintParams())
    assert not any(bar.get_hatch() for bar in figure.axes[0].patches)
    assert "hatched" not in note(figure)


def test_a_missense_tile_has_no_colour_of_a_response(trial):
    figure, rows, cells = made(trial, 46)
    columns = columns_of(figure)
    body, drawn = body_of(rows, cells, columns), tiles(figure)
    places = np.argwhere(body.states == "missense")
    colours = {drawn[round(body.tops[y] + 0.5, 3), x][-1][0].lower() for y, x in places}
    assert len(colours) == 1
    assert not colours & {colour.lower() for colour in RESPONSES.values()}


def test_bars_are_the_burden_of_the_patient_below(trial):
    figure, _, _ = made(trial, 46)
    numbers = np.round(np.exp(np.random.default_rng(3).normal(3.7, 0.6, 46)))
    numbers[::6] = 0.0  # not known: no bar
    wanted = dict(zip(trial.clinic(46)["patient"], numbers, strict=True))
    heights = [bar.get_height() for bar in figure.axes[1].patches]
    assert heights == [wanted[name] for name in columns_of(figure)]
    assert "Nonsynonymous calls not known in 8" in note(figure)


def test_burden_far_above_the_others_makes_the_axis_logarithmic(trial):
    clinic = trial.clinic(12)
    rows, cells = table(names_of(2), clinic["patient"].tolist())
    for most, scale in ((30.0, "linear"), (4000.0, "symlog")):
        features = trial.feature(clinic["patient"], BURDEN, [most, *np.arange(11.0)])
        figure = oncoprint(rows, cells, clinic, features, OncoprintParams())
        assert figure.axes[1].get_yscale() == scale


def test_missing_clinic_and_burden_leave_their_tracks_out(trial, faults_of):
    clinic = trial.clinic(12, best_change_percent=np.nan, response="NE", histology=None)
    rows, cells = table(names_of(2), clinic["patient"].tolist())
    features = trial.feature(clinic["patient"], "tmb.tmb", np.arange(12.0))
    figure = oncoprint(rows, cells, clinic, features, OncoprintParams())
    labels = [axes.get_yticklabels() for axes in figure.axes[:-2]]
    assert [label[0].get_text() for label in labels] == [
        "Best response", "Sex", "PFS (months)",
    ]  # fmt: skip
    assert faults_of(figure) == []


def test_same_tables_make_the_same_bytes(trial):
    assert render(made(trial, 12)[0]) == render(made(trial, 12)[0])


def test_no_row_leaves_the_figure_out(trial):
    with pytest.raises(NothingToShow, match="no alteration"):
        oncoprint(
            ONCOPRINT_ROWS.empty(), ONCOPRINT_CELLS.empty(), trial.clinic(3),
            trial.features(["P001"]), OncoprintParams(),
        )  # fmt: skip
