"""A panel of normals and what tumours share with them."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.copy_number.panel import (
    PanelParams,
    location_and_spread,
    panel_of_normals,
    sex_of,
    shared_noise,
)
from storiform.model.errors import InputError

PARAMS = PanelParams()
BINS = 1200
BAIT = np.random.default_rng(0).normal(0, 0.5, BINS)


def normal(seed, sex="female", depth=200.0):
    """Return the coverage of a normal in targets of two autosomes, X and Y."""
    rng = np.random.default_rng(seed)
    contig = np.repeat(["chr1", "chr2", "chrX", "chrY"], BINS // 4)
    copies = np.full(BINS, 2.0)
    copies[contig == "chrX"] = 1.0 if sex == "male" else 2.0
    copies[contig == "chrY"] = 1.0 if sex == "male" else 0.0
    start = np.tile(np.arange(BINS // 4) * 1000, 4)
    reads = rng.poisson(depth * 2.0**BAIT * copies / 2)
    return pd.DataFrame(
        {
            "contig": contig, "start": start, "end": start + 200, "is_target": True,
            "reads": reads.astype(float), "depth": reads / 2.0,
            "gc": np.random.default_rng(9).uniform(0.3, 0.7, BINS),
        }
    )  # fmt: skip


def test_panel_tells_the_usual_depth_of_each_bin_and_its_spread():
    normals = {f"N{seed}": normal(seed) for seed in range(10)}
    panel = panel_of_normals(normals, PARAMS)
    autosomal = panel["contig"].isin(["chr1", "chr2"]).to_numpy()
    truth = BAIT[autosomal] - np.median(BAIT[autosomal])
    found = panel["log2"].to_numpy()[autosomal]
    assert np.abs(found - truth).mean() < 0.04
    usual = np.median(1 / (np.sqrt(200 * 2.0 ** BAIT[autosomal]) * np.log(2)))
    assert np.median(panel["spread"].to_numpy()[autosomal]) == pytest.approx(usual, rel=0.15)
    assert {f"normal:N{seed}" for seed in range(10)} <= set(panel.columns)


def test_x_is_that_of_two_copies_and_y_that_of_one():
    sexes = ("male", "female", "male", "female", "male")
    normals = {str(seed): normal(seed, sex) for seed, sex in enumerate(sexes)}
    panel = panel_of_normals(normals, PARAMS).set_index("contig")
    bait = pd.Series(BAIT - np.median(BAIT[: BINS // 2]), index=panel.index)
    assert (panel["log2"] - bait)["chrX"].median() == pytest.approx(0.0, abs=0.03)
    assert (panel["log2"] - bait)["chrY"].median() == pytest.approx(-1.0, abs=0.05)
    assert panel.loc["chrY", "normal:1"].isna().all()
    assert panel.loc["chrY", "normal:0"].notna().all()


def test_one_normal_has_no_spread():
    panel = panel_of_normals({"only": normal(1)}, PARAMS)
    assert panel["spread"].isna().all()
    assert panel.loc[panel["contig"] != "chrY", "log2"].notna().all()


def test_gc_content_that_differs_between_normals_is_no_spread():
    normals = {str(seed): normal(seed, depth=5000.0) for seed in range(8)}
    plain = panel_of_normals(normals, PARAMS)["spread"].median()
    for at, coverage in enumerate(normals.values()):
        coverage["reads"] *= 2 ** ((at - 3.5) * (coverage["gc"] - 0.5))
    assert panel_of_normals(normals, PARAMS)["spread"].median() < 1.5 * plain


def test_normals_of_different_kits_are_refused():
    other = normal(2).assign(start=lambda bins: bins["start"] + 7)
    with pytest.raises(InputError, match="one kit"):
        panel_of_normals({"one": normal(1), "other": other}, PARAMS)


def test_a_panel_of_nothing_is_refused():
    with pytest.raises(InputError, match="no normal"):
        panel_of_normals({}, PARAMS)
    with pytest.raises(InputError, match="no reads"):
        panel_of_normals({"empty": normal(1).assign(reads=0.0)}, PARAMS)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_sex_is_read_off_the_depth_of_x_and_y(sex):
    assert sex_of(normal(1, sex)) == sex


def test_sex_is_empty_where_depth_contradicts_itself_or_lacks():
    female = normal(1)
    both = female.assign(depth=np.where(female["contig"] == "chrY", 60.0, female["depth"]))
    assert sex_of(both) == ""
    assert sex_of(female[female["contig"].isin(["chr1", "chrY"])]) == ""
    assert sex_of(female.assign(depth=0.0)) == ""


def test_one_wild_normal_moves_the_mean_but_little():
    rng = np.random.default_rng(1)
    profiles = rng.normal(0, 0.1, (500, 9))
    profiles[:, 0] += 3.0
    centre, spread = location_and_spread(profiles)
    assert np.abs(centre).mean() < 0.06
    assert np.median(spread) < 0.2


def test_missing_profiles_are_left_out():
    profiles = np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, np.nan], [4.0, np.nan, np.nan]])
    centre, spread = location_and_spread(profiles)
    assert centre[[0, 2]].tolist() == [1.5, 4.0]
    assert np.isnan(centre[1])
    assert spread[0] == pytest.approx(np.std([1, 2], ddof=1))
    assert np.isnan(spread[1:]).all()


def test_patterns_of_the_normals_are_taken_off_and_copies_are_not():
    rng = np.random.default_rng(2)
    along = np.arange(4000)
    waves = np.column_stack([np.sin(along / 8), np.cos(along / 5)])
    deviations = waves @ rng.normal(0, 0.3, (2, 8)) + rng.normal(0, 0.05, (4000, 8))
    pattern = waves @ np.array([0.4, -0.3])
    copies = np.repeat([0.0, 0.8, -0.6, 0.0], 1000)
    tumour = copies + pattern + rng.normal(0, 0.1, 4000)
    left = tumour - shared_noise(tumour, deviations, np.zeros(4000, dtype=np.int64))
    levels = [np.median(part) for part in np.split(left - left[:1000].mean(), 4)]
    assert levels == pytest.approx([0.0, 0.8, -0.6, 0.0], abs=0.1)
    assert (left - copies).std() < 0.6 * (tumour - copies).std()


def test_few_normals_take_nothing_off():
    rng = np.random.default_rng(3)
    contigs = np.zeros(2000, dtype=np.int64)
    found = shared_noise(rng.normal(size=2000), rng.normal(size=(2000, 3)), contigs)
    assert not found.any()
