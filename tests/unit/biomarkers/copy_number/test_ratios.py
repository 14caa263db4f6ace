"""Log ratios against the reference of least noise, and what is said about them."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.copy_number.alleles import AllelesParams, snp_counts
from storiform.biomarkers.copy_number.panel import PanelParams, panel_of_normals
from storiform.biomarkers.copy_number.ratios import RatiosParams, log_ratios
from storiform.model.errors import DataWarning
from storiform.model.tables.copies import BIN_COVERAGE, GIVEN_RATIOS, GIVEN_SNPS

PARAMS = RatiosParams()
CONTIGS = ("chr1", "chr2", "chr3", "chr4", "chrX", "chrY")
EACH = 500
BINS = EACH * len(CONTIGS)
CONTIG = np.repeat(CONTIGS, EACH)
IS_TARGET = np.arange(BINS) % 5 != 4
_KIT = np.random.default_rng(0)
BAIT = _KIT.normal(0, 0.5, BINS)
GC = _KIT.uniform(0.3, 0.7, BINS)


def normal_copies(sex):
    """Return the copies of each bin in normal cells."""
    copies = np.full(BINS, 2.0)
    copies[CONTIG == "chrX"] = 1.0 if sex == "male" else 2.0
    copies[CONTIG == "chrY"] = 1.0 if sex == "male" else 0.0
    return copies


def sequence(role, copies, seed, noise=0.1, tilt=0.0, depth=150.0):
    """Return the coverage of a sample: bins on and off target, GC content with its tilt."""
    rng = np.random.default_rng(seed)
    start = np.tile(np.arange(EACH) * 20_000, len(CONTIGS)) + 5_000_000
    width = np.where(IS_TARGET, 200, 15_000)
    log2 = BAIT + tilt * (GC - 0.5) + rng.normal(0, noise, BINS)
    mean = np.where(IS_TARGET, depth, 4 * depth) * copies / 2 * 2.0**log2
    reads = rng.poisson(mean).astype(float)
    frame = BIN_COVERAGE.conform(
        pd.DataFrame(
            {
                "contig": CONTIG, "start": start, "end": start + width, "is_target": IS_TARGET,
                "reads": reads, "depth": reads * 100 / width, "gc": GC,
            }
        )
    )  # fmt: skip
    return frame.assign(patient="P", sample=role, role=role, assay="exome")


def tumour_copies(sex):
    """Return copies of a tumour: chr2 has 4 of 2, the end of chr3 one."""
    copies = normal_copies(sex)
    copies[CONTIG == "chr2"] = 4.0
    copies[(CONTIG == "chr3") & (np.arange(BINS) % EACH >= 300)] = 1.0
    return copies


def pair(sex="female", **noise):
    """Return coverage of a tumour and its normal."""
    normal = sequence("normal", normal_copies(sex), 1)
    return pd.concat([normal, sequence("tumour", tumour_copies(sex), 2, **noise)])


def panel(count=8, noise=0.1):
    """Return a panel of males and females."""
    sexes = ("male", "female") * (count // 2)
    normals = [sequence("normal", normal_copies(s), 10 + i, noise) for i, s in enumerate(sexes)]
    made = {str(at): normal.drop(columns=["role"]) for at, normal in enumerate(normals)}
    return panel_of_normals(made, PanelParams())


def run(coverage=None, panel=None, **others):
    """Run the step with what is given."""
    given = {
        "given_ratios": None,
        "given_coverage": None,
        "snp_counts": None,
        "stated_sex": None,
    }
    params = others.pop("params", PARAMS)
    return log_ratios(
        bin_coverage=coverage, panel=panel, **(given | others), params=params
    )  # fmt: skip


def level(bins, contig, part=slice(None)):
    """Return the median log ratio on a contig."""
    return float(bins.loc[bins["contig"] == contig, "log2"].iloc[part].median())


@pytest.mark.parametrize("tilt", [0.0, 2.0])
def test_copies_are_seen_against_the_normal_whatever_the_gc_content(tilt):
    bins, quality = run(pair(tilt=tilt))
    assert level(bins, "chr1") == pytest.approx(0.0, abs=0.05)
    assert level(bins, "chr2") == pytest.approx(1.0, abs=0.05)
    assert level(bins, "chr3", slice(310, None)) == pytest.approx(-1.0, abs=0.1)
    assert quality["reference"].tolist() == ["normal"]
    on_one = bins[bins["contig"] == "chr1"]
    gc = pd.Series(GC[CONTIG == "chr1"])[on_one["start"].rank().astype(int) - 1]
    assert abs(np.corrcoef(on_one["log2"], gc)[0, 1]) < 0.1


def test_variances_are_those_of_the_bins():
    bins = run(pair()).log_ratios
    for is_target in (True, False):
        on_one = bins[(bins["contig"] == "chr1") & bins["is_target"].eq(is_target)]
        squares = (on_one["log2"] - on_one["log2"].median()) ** 2 / on_one["variance"]
        assert squares.mean() == pytest.approx(1.0, abs=0.25)


def test_a_panel_serves_a_tumour_without_normal_and_it_is_said():
    tumour = pair()[lambda bins: bins["role"] == "tumour"]
    bins, quality = run(tumour, panel())
    assert level(bins, "chr2") == pytest.approx(1.0, abs=0.05)
    row = quality.iloc[0]
    assert (row["reference"], row["is_tumour_only"], row["sex"]) == ("panel", True, "")
    assert "no normal of the patient" in row["limits"]
    assert "sex not known" in row["limits"]


def test_the_reference_of_less_noise_is_taken():
    noisy = pd.concat(
        [sequence("normal", normal_copies("female"), 1, 0.6),
         sequence("tumour", tumour_copies("female"), 2)]
    )  # fmt: skip
    quality = run(noisy, panel()).quality.iloc[0]
    assert quality["reference"] == "panel"
    assert quality["noise_panel"] < quality["noise_normal"]
    assert quality["noise"] == pytest.approx(quality["noise_panel"], abs=0.02)


def test_a_normal_of_the_same_batch_beats_a_noisy_panel():
    rng = np.random.default_rng(7)
    batch = np.repeat(rng.normal(0, 0.3, BINS // 4), 4)
    made = pair(noise=0.05)
    made["reads"] = rng.poisson(made["reads"] * 2.0 ** np.tile(batch, 2)).astype(float)
    quality = run(made, panel(noise=0.4)).quality.iloc[0]
    assert quality["reference"] in ("normal", "normal_and_panel")
    assert quality["noise_normal"] < quality["noise_panel"]


def test_a_wanted_reference_is_taken_if_it_is_there():
    params = RatiosParams(reference="panel")
    assert run(pair(), panel(), params=params).quality["reference"].tolist() == ["panel"]
    assert run(pair(), params=params).quality["reference"].tolist() == ["normal"]


@pytest.mark.parametrize("with_normal", [True, False])
def test_x_of_a_male_is_0_against_normal_and_panel(with_normal):
    made = pair("male")
    stated_sex = pd.DataFrame({"sex": ["male"]})
    made = made if with_normal else made[made["role"] == "tumour"]
    bins, quality = run(made, panel(), stated_sex=stated_sex)
    assert level(bins, "chrX") == pytest.approx(0.0, abs=0.08)
    assert quality["sex"].tolist() == ["male"]


def test_sex_is_that_of_the_normal_and_a_contradiction_is_told():
    with pytest.warns(DataWarning, match="stated is female"):
        quality = run(pair("male"), stated_sex=pd.DataFrame({"sex": ["female"]})).quality.iloc[
            0
        ]
    assert quality["sex"] == "male"
    assert "stated is female" in quality["limits"]


def test_pseudoautosomal_bins_of_a_male_are_left_out():
    made = pair("male")
    made["start"] -= 5_000_000
    made["end"] -= 5_000_000
    bins = run(made).log_ratios
    on_x = bins.loc[bins["contig"] == "chrX", "start"]
    assert on_x[on_x > 10_000].min() >= 2_781_479
    assert bins.loc[bins["contig"] == "chr1", "start"].min() == 0


def test_bins_with_few_reads_of_the_normal_are_left_out():
    made = pair()
    poor = (made["role"] == "normal") & (made["contig"] == "chr4")
    made.loc[poor, "reads"] = 7.0
    assert "chr4" not in set(run(made).log_ratios["contig"])


def test_without_normal_and_panel_there_is_a_result_with_its_limit():
    tumour = pair()[lambda bins: bins["role"] == "tumour"]
    with pytest.warns(DataWarning, match="neither normal nor panel") as told:
        bins, quality = run(tumour)
    assert len(told) == 1
    assert quality["reference"].tolist() == ["tumour_only"]
    assert "neither normal nor panel" in quality["limits"].iloc[0]
    assert bins["variance"].median() > 0.2
    assert level(bins, "chr2") == pytest.approx(1.0, abs=0.2)


def test_a_panel_of_another_kit_is_not_used_and_it_is_said():
    other = panel().assign(start=lambda bins: bins["start"] + 3)
    with pytest.warns(DataWarning, match="the panel has but 0%"):
        quality = run(pair(), other).quality.iloc[0]
    assert quality["reference"] == "normal"
    assert "the panel has but 0%" in quality["limits"]


def test_low_depth_is_told():
    made = pair(depth=12.0)
    quality = run(made).quality.iloc[0]
    assert "few reads" in quality["limits"]
    assert quality["median_reads"] < 30


def test_nothing_given_makes_no_bins_and_says_so():
    bins, quality = run()
    assert bins.empty
    assert "neither coverage nor log ratios" in quality["limits"].iloc[0]


def test_ready_log_ratios_are_taken_and_centred():
    rng = np.random.default_rng(3)
    given = GIVEN_RATIOS.conform(
        pd.DataFrame(
            {
                "contig": "chr1", "start": np.arange(300) * 1000,
                "end": np.arange(300) * 1000 + 200, "is_target": True,
                "log2": rng.normal(0.4, 0.2, 300), "variance": np.nan,
            }
        )
    )  # fmt: skip
    bins, quality = run(pair(), panel(), given_ratios=given)
    assert len(bins) == 300
    assert bins["log2"].median() == pytest.approx(0.0, abs=1e-9)
    assert np.sqrt(bins["variance"].median()) == pytest.approx(0.2, rel=0.2)
    assert quality["reference"].tolist() == ["given"]


def test_depth_over_places_makes_bins_where_there_is_no_coverage():
    rng = np.random.default_rng(4)
    start = np.sort(rng.choice(3_000_000, 4000, replace=False))
    gained = start > 2_700_000
    normal, tumour = rng.poisson(60, 4000), rng.poisson(np.where(gained, 120, 60))
    frame = pd.DataFrame(
        {
            "contig": "chr1", "start": start, "normal_1": normal, "normal_2": 0,
            "tumour_1": tumour, "tumour_2": 0, "is_reference_first": True,
        }
    )  # fmt: skip
    places = snp_counts(GIVEN_SNPS.conform(frame), None, None, AllelesParams())
    bins, quality = run(snp_counts=places)
    assert bins["start"].diff().min() >= 250
    left = bins["start"] < 2_700_000
    assert bins.loc[left, "log2"].median() == pytest.approx(0.0, abs=0.06)
    assert bins.loc[~left, "log2"].median() == pytest.approx(1.0, abs=0.1)
    assert "depth is that over places" in quality["limits"].iloc[0]


def test_a_deletion_without_any_read_stays():
    made = pair()
    lost = (made["role"] == "tumour") & (made["contig"] == "chr4") & (made["start"] < 6_000_000)
    made.loc[lost, "reads"] = 0.0
    bins = run(made).log_ratios
    deep = bins[(bins["contig"] == "chr4") & (bins["start"] < 6_000_000)]
    assert len(deep) >= 45
    assert deep["log2"].median() < -6


def given_on_x(level):
    """Return ready log ratios: an autosome at .4, X that much higher, and Y."""
    contig = np.repeat(["chr1", "chrX", "chrY"], 300)
    start = np.tile(np.arange(300) * 100_000, 3) + 5_000_000
    log2 = np.random.default_rng(3).normal(0.4, 0.1, 900) + np.where(contig == "chrX", level, 0)
    frame = {"contig": contig, "start": start, "end": start + 200, "log2": log2}
    return GIVEN_RATIOS.conform(pd.DataFrame(frame).assign(is_target=True, variance=np.nan))


@pytest.mark.parametrize(
    ("sex", "on_x", "is_moved"),
    [("female", 1.0, True), ("male", -1.0, True), ("female", 0.0, False), ("male", 0.0, False)],
)
def test_x_of_ready_log_ratios_is_brought_to_0_and_it_is_said(sex, on_x, is_moved):
    stated_sex = pd.DataFrame({"sex": [sex]})
    bins, quality = run(given_ratios=given_on_x(on_x), stated_sex=stated_sex)
    assert level(bins, "chrX") == pytest.approx(0.0, abs=0.03)
    assert ("moved by" in quality["limits"].iloc[0]) is is_moved
    assert ("chrY" in set(bins["contig"])) is (sex == "male")


def test_x_of_a_male_is_0_with_neither_normal_nor_panel():
    tumour = pair("male")[lambda bins: bins["role"] == "tumour"]
    with pytest.warns(DataWarning, match="neither normal nor panel"):
        bins, _ = run(tumour, stated_sex=pd.DataFrame({"sex": ["male"]}))
    assert level(bins, "chrX") == pytest.approx(0.0, abs=0.25)
    assert level(bins, "chrY") == pytest.approx(0.0, abs=0.25)


def test_bins_that_vary_much_between_normals_are_left_out():
    tumour = pair()[lambda bins: bins["role"] == "tumour"]
    made = panel()
    made["spread"] = np.where(made["contig"] == "chr4", 1.01, np.minimum(made["spread"], 0.99))
    assert set(run(tumour, made).log_ratios["contig"]) >= {"chr1", "chr2", "chr3"}
    assert "chr4" not in set(run(tumour, made).log_ratios["contig"])
    wide = RatiosParams(max_spread=1.1)
    assert "chr4" in set(run(tumour, made, params=wide).log_ratios["contig"])


def test_normal_and_panel_are_joined_where_that_leaves_less_noise():
    """Half of the noise is the batch's, which the normal shares and the panel does not."""
    rng = np.random.default_rng(8)
    made = pair(noise=0.0)
    batch = np.tile(rng.normal(0, 0.3, BINS), 2)
    made["reads"] = rng.poisson(made["reads"] * 2.0 ** (batch + rng.normal(0, 0.3, 2 * BINS)))
    made["reads"] = made["reads"].astype(float)
    quality = run(made, panel()).quality.iloc[0]
    assert quality["reference"] == "normal_and_panel"
    assert quality["noise_both"] < 0.96 * min(quality["noise_normal"], quality["noise_panel"])
    assert quality["noise"] == pytest.approx(quality["noise_both"], abs=0.02)


@pytest.mark.parametrize(("noise", "is_said"), [(0.4, False), (0.6, True)])
def test_noise_is_said_where_neighbours_differ_much(noise, is_said):
    limits = run(pair(noise=noise)).quality["limits"].iloc[0]
    assert ("noisy: neighbouring bins differ" in limits) is is_said
