"""Purity, ploidy and copies of planted tumours are found, or their lack is stated."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from small_tumours import MB, Piece, Tumour, genome, quality, tumour

from storiform.biomarkers.copy_number.fit import CopyNumberFitParams, copy_number_fit
from storiform.model.tables.clinic import STATED_SEX
from storiform.model.tables.copies import GIVEN_FIT, PATHOLOGY
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FIT,
    COPY_NUMBER_SEGMENTS,
    COPY_NUMBER_SURFACE,
)

NO_NUMBER = float("nan")
USUAL = genome(*[(2, 1)] * 10, (1, 0), (1, 0), (3, 1), (2, 0), (4, 1))
DOUBLED = genome(*[(4, 2)] * 7, (3, 1), (3, 1), (2, 0), (2, 1), (5, 2), (3, 1), (2, 1), (4, 1))
QUIET = genome(*[(2, 1)] * 15)


class Found(NamedTuple):
    """The tables of a fit; the one row of the first."""

    fit: pd.Series
    surface: pd.DataFrame
    segments: pd.DataFrame


def fitted(planted: Tumour | None, **changed: object) -> Found:
    inputs: dict[str, object] = {
        "raw_segments": None if planted is None else planted.raw_segments,
        "snp_counts": None if planted is None else planted.snp_counts,
        "variants": None if planted is None else planted.variants,
        "copy_number_quality": quality(),
        "pathology": None, "given_fit": None, "given_segments": None, "stated_sex": None,
    }  # fmt: skip
    settings = {name: changed.pop(name) for name in list(changed) if name not in inputs}
    found = copy_number_fit(**inputs | changed, params=CopyNumberFitParams(**settings))
    return Found(
        COPY_NUMBER_FIT.conform(found.fit).iloc[0],
        COPY_NUMBER_SURFACE.conform(found.surface),
        COPY_NUMBER_SEGMENTS.conform(found.segments),
    )


def stated(purity: float, ploidy: float = NO_NUMBER) -> pd.DataFrame:
    return PATHOLOGY.conform(pd.DataFrame({"purity": [purity], "ploidy": [ploidy]}))


def by_contig(segments: pd.DataFrame) -> pd.DataFrame:
    return segments.set_index("contig")


@pytest.mark.parametrize("purity", [0.18, 0.35, 0.6, 0.92])
@pytest.mark.parametrize(("pieces", "is_doubled"), [(USUAL, False), (DOUBLED, True)])
def test_purity_ploidy_and_doubling_are_found(purity, pieces, is_doubled):
    planted = tumour(pieces, purity, mutations=30)
    found = fitted(planted)
    assert found.fit["purity"] == pytest.approx(purity, abs=0.04)
    assert found.fit["ploidy"] == pytest.approx(planted.ploidy, abs=0.15)
    assert bool(found.fit["wgd"]) is is_doubled
    assert found.fit["method"] == "fitted"
    assert found.fit["purity_lower"] < found.fit["purity"] < found.fit["purity_upper"]


def test_total_and_minor_copies_of_segments_are_found():
    found = fitted(tumour(USUAL, 0.6, mutations=30)).segments
    truth = pd.DataFrame(USUAL).set_index("contig")
    joined = by_contig(found).join(truth, rsuffix="_planted")
    assert (joined["total"] == joined["total_planted"]).all()
    assert (joined["minor"] == joined["minor_planted"]).all()
    assert (joined["probability"] > 0.9).all()
    assert not joined["is_subclonal"].any()
    shares = joined.loc[["chr1", "chr11", "chr14"], "major_share"]
    assert shares.tolist() == pytest.approx([0.5, 1 / 1.4, 0.8], abs=0.04)
    inside = joined["total_planted"].between(joined["total_lower"], joined["total_upper"])
    assert inside.mean() > 0.85


def test_shares_of_the_genome_are_those_that_were_planted():
    fit = fitted(tumour(USUAL, 0.6, mutations=30)).fit
    assert fit["fraction_altered"] == pytest.approx(5 / 15)
    assert fit["fraction_loh"] == pytest.approx(3 / 15)
    assert fit["fraction_subclonal"] == 0.0
    assert fit["breakpoints"] == 0


def test_cuts_within_a_contig_are_breakpoints():
    pieces = [Piece("chr1", 0, 50 * MB, 2, 1), Piece("chr1", 50 * MB, 90 * MB, 1, 0)]
    assert fitted(tumour(pieces + QUIET[1:], 0.6, mutations=30)).fit["breakpoints"] == 1


def test_log_ratios_are_centred_on_the_mean_copies():
    planted = tumour(USUAL, 0.6)
    segments = fitted(planted).segments
    length = segments["end"] - segments["start"]
    assert np.average(2.0 ** segments["log2"], weights=length) == pytest.approx(1.0)
    moved = planted.raw_segments.assign(log2=planted.raw_segments["log2"] + 0.7)
    again = fitted(planted._replace(raw_segments=moved))
    assert again.fit["purity"] == pytest.approx(fitted(planted).fit["purity"], abs=1e-6)


def test_mutations_tell_the_purity_of_a_quiet_genome():
    found = fitted(tumour(QUIET, 0.5, mutations=45))
    assert found.fit["purity"] == pytest.approx(0.5, abs=0.05)
    assert found.fit["ploidy"] == pytest.approx(2.0, abs=0.1)
    assert (found.segments["total"] == 2).all()
    assert found.fit["fraction_altered"] == 0.0


def test_a_quiet_genome_without_mutations_has_no_purity_and_says_why():
    found = fitted(tumour(QUIET, 0.5))
    assert np.isnan(found.fit["purity"])
    assert np.isnan(found.fit["ploidy"])
    assert pd.isna(found.fit["wgd"])
    assert not found.fit["is_ambiguous"]
    assert found.fit["method"] == "thresholds"
    assert "purity cannot be told" in found.fit["limits"]
    assert "few mutations (0)" in found.fit["limits"]
    assert found.fit["purity_upper"] - found.fit["purity_lower"] > 0.5
    assert found.segments["total"].isna().all()
    assert found.segments["log2"].notna().all()


def test_the_stated_purity_stands_where_the_data_do_not_tell():
    found = fitted(tumour(QUIET, 0.5), pathology=stated(0.55))
    assert found.fit["purity"] == pytest.approx(0.55)
    assert "purity is the stated one" in found.fit["limits"]
    assert (found.segments["total"] == 2).all()


def test_a_wrong_stated_purity_does_not_outweigh_the_data():
    found = fitted(tumour(USUAL, 0.6, mutations=30), pathology=stated(0.2))
    assert found.fit["purity"] == pytest.approx(0.6, abs=0.03)


def test_too_little_tumour_has_no_purity():
    found = fitted(tumour(USUAL, 0.09, mutations=40), min_purity=0.14)
    assert np.isnan(found.fit["purity"])
    assert "below 0.14" in found.fit["limits"]


def test_low_purity_is_said():
    assert "low purity" in fitted(tumour(DOUBLED, 0.17, mutations=40)).fit["limits"]


def test_a_second_optimum_makes_the_fit_ambiguous_and_the_truth_is_listed():
    pieces = genome(*[(2, 1)] * 6, *[(1, 0)] * 6)
    planted = tumour(pieces, 0.6)
    found = fitted(planted, snp_counts=None, max_interval=1.0, ambiguous_distance=8.0)
    assert found.fit["is_ambiguous"]
    assert "explain the data as well" in found.fit["limits"]
    pairs = [part.split(" ")[0].split("/") for part in found.fit["alternatives"].split("; ")]
    listed = [(found.fit["purity"], found.fit["ploidy"])]
    listed += [(float(p), float(q)) for p, q in pairs]
    assert any(abs(p - 0.6) < 0.05 and abs(q - planted.ploidy) < 0.3 for p, q in listed)


def test_a_stated_purity_and_ploidy_decide_between_optima_that_are_as_good():
    planted = tumour(genome(*[(2, 1)] * 6, *[(1, 0)] * 6), 0.6)
    found = [
        fitted(planted, pathology=words, snp_counts=None, max_interval=1.0).fit["purity"]
        for words in (stated(0.6, planted.ploidy), stated(0.25), stated(0.25, 3.0))
    ]
    assert found == pytest.approx([0.6, 0.42, 0.42], abs=0.04)


def test_without_places_of_two_alleles_minor_copies_are_missing():
    found = fitted(tumour(USUAL, 0.6, mutations=60), snp_counts=None)
    assert "no places with two alleles" in found.fit["limits"]
    held = found.segments["total"] >= 2
    assert found.segments.loc[held, "minor"].isna().all()
    assert (found.segments.loc[~held, "minor"] == 0).all()


def test_few_places_are_said():
    planted = tumour(USUAL, 0.6, mutations=30)
    few = planted.snp_counts.iloc[::40]
    assert f"only {len(few)} places" in fitted(planted, snp_counts=few).fit["limits"]


def test_an_amplicon_and_a_lost_gene_have_their_copies():
    pieces = [
        *genome(*[(2, 1)] * 9, (1, 0), (1, 0)),
        Piece("chr12", 0, 57 * MB, 2, 1), Piece("chr12", 57 * MB, 59 * MB, 30, 1),
        Piece("chr12", 59 * MB, 130 * MB, 2, 1),
        Piece("chr13", 0, 20 * MB, 1, 0), Piece("chr13", 20 * MB, 22 * MB, 0, 0),
        Piece("chr13", 22 * MB, 90 * MB, 1, 0),
    ]  # fmt: skip
    segments = fitted(tumour(pieces, 0.5, mutations=40)).segments
    amplified = segments.loc[segments["total_raw"].idxmax()]
    assert amplified["start"] == 57 * MB
    assert amplified["total"] == pytest.approx(30, abs=4)
    assert amplified["total_lower"] < 30 < amplified["total_upper"]
    lost = segments[segments["contig"].eq("chr13") & (segments["start"] == 20 * MB)].iloc[0]
    assert (lost["total"], lost["minor"]) == (0, 0)


def test_copies_of_some_cells_are_subclonal():
    pieces = [*USUAL, Piece("chr16", 0, 60 * MB, 1, 0, cells=0.5)]
    found = fitted(tumour(pieces, 0.85, mutations=40))
    rows = by_contig(found.segments)
    assert rows.loc["chr16", "is_subclonal"]
    assert rows.loc["chr16", "total_raw"] == pytest.approx(1.5, abs=0.15)
    assert found.fit["fraction_subclonal"] == pytest.approx(1 / 16)


def test_the_x_of_a_male_has_one_copy_in_normal_cells():
    pieces = [*USUAL, Piece("chrX", 0, 150 * MB, 1, 0), Piece("chrY", 0, 50 * MB, 0, 0)]
    planted = tumour(pieces, 0.6, mutations=30, sex="male")
    rows = by_contig(fitted(planted, copy_number_quality=quality("male")).segments)
    assert rows.loc["chrX", ["total", "minor", "normal_copies"]].tolist() == [1, 0, 1]
    assert rows.loc["chrY", ["total", "normal_copies"]].tolist() == [0, 1]
    assert rows.loc["chr1", "normal_copies"] == 2


def test_what_x_and_y_share_has_two_copies_in_a_male():
    pieces = [*USUAL, Piece("chrX", 0, 2 * MB, 2, 1), Piece("chrX", 2 * MB, 150 * MB, 1, 0)]
    planted = tumour(pieces, 0.6, mutations=30, sex="male")
    on_x = fitted(planted, copy_number_quality=quality("male")).segments.query("contig=='chrX'")
    assert on_x["normal_copies"].tolist() == [2, 1]


def test_an_unknown_sex_leaves_x_without_copies_and_is_said():
    planted = tumour([*USUAL, Piece("chrX", 0, 150 * MB, 2, 1)], 0.6, mutations=30)
    found = fitted(planted, copy_number_quality=quality(""))
    assert pd.isna(by_contig(found.segments).loc["chrX", "total"])
    assert "sex not known" in found.fit["limits"]


def test_the_clinic_tells_the_sex_where_reads_do_not():
    planted = tumour([*USUAL, Piece("chrX", 0, 150 * MB, 2, 1)], 0.6, mutations=30)
    stated_sex = STATED_SEX.conform(pd.DataFrame({"sex": ["female"]}))
    found = fitted(planted, copy_number_quality=None, stated_sex=stated_sex)
    assert found.fit["sex"] == "female"
    assert by_contig(found.segments).loc["chrX", "total"] == 2


def test_the_y_of_a_female_is_left_out():
    planted = tumour([*USUAL, Piece("chrY", 0, 50 * MB, 0, 0)], 0.6, mutations=30)
    assert "chrY" not in set(fitted(planted).segments["contig"])


def test_a_genome_of_a_few_megabases_is_fitted():
    states = [(2, 1), (1, 0), (2, 1), (3, 1), (2, 1), (2, 0), (2, 1), (2, 1), (1, 0)]
    pieces = [
        Piece(f"chr{1 + number // 3}", MB * (number % 3), MB * (1 + number % 3), n, m)
        for number, (n, m) in enumerate(states)
    ]
    planted = tumour(pieces, 0.7, mutations=20)
    dense = planted.raw_segments.assign(bins=150)
    found = fitted(planted._replace(raw_segments=dense), max_interval=1.0)
    assert found.fit["purity"] == pytest.approx(0.7, abs=0.08)


def test_a_genome_of_a_handful_of_bins_is_not_fitted():
    planted = tumour(QUIET[:2], 0.7)
    found = fitted(planted._replace(raw_segments=planted.raw_segments.assign(bins=3)))
    assert "too few bins" in found.fit["limits"]
    assert np.isnan(found.fit["purity"])
    assert len(found.segments) == 2


def test_nothing_at_all_gives_a_row_that_says_so():
    found = fitted(None)
    assert "no log ratios and no segments" in found.fit["limits"]
    assert found.segments.empty
    assert found.surface.empty
    empty = tumour(QUIET[:1], 0.5)
    empty = empty._replace(raw_segments=empty.raw_segments.iloc[:0])
    assert np.isnan(fitted(empty).fit["purity"])


def test_limits_of_the_log_ratios_are_carried_on():
    found = fitted(
        tumour(USUAL, 0.6), copy_number_quality=quality(limits="no normal; no panel")
    )
    assert found.fit["limits"].startswith("no normal; no panel")
    assert found.fit["reference"] == "normal"


def test_a_given_fit_replaces_the_search():
    given = pd.DataFrame(
        {"tool": ["FACETS"], "purity": [0.6], "ploidy": [NO_NUMBER], "wgd": [None]}
    )
    planted = tumour(USUAL, 0.6)
    given["ploidy"] = planted.ploidy
    found = fitted(planted, given_fit=GIVEN_FIT.conform(given))
    assert found.fit["method"] == "given"
    assert (found.fit["purity"], found.fit["ploidy"]) == (0.6, planted.ploidy)
    assert found.surface.empty
    truth = [piece.total for piece in sorted(USUAL, key=lambda piece: piece.contig)]
    assert found.segments["total"].tolist() == truth


def test_a_given_fit_without_a_purity_is_said_and_our_own_is_found():
    given = pd.DataFrame(
        {"tool": ["PURPLE"], "purity": [NO_NUMBER], "ploidy": [2.0], "wgd": [None]}
    )
    found = fitted(tumour(USUAL, 0.6, mutations=30), given_fit=GIVEN_FIT.conform(given))
    assert found.fit["method"] == "fitted"
    assert "PURPLE gives no purity" in found.fit["limits"]


def test_the_surface_is_highest_at_the_fit_and_its_grid_is_whole():
    found = fitted(tumour(USUAL, 0.6, mutations=30))
    surface = found.surface
    best = surface.loc[surface["log_likelihood"].idxmax()]
    assert best["purity"] == pytest.approx(found.fit["purity"], abs=0.03)
    assert best["ploidy"] == pytest.approx(found.fit["ploidy"], abs=0.06)
    assert surface["log_likelihood"].max() <= 0.0
    assert len(surface) == surface["purity"].nunique() * surface["ploidy"].nunique()


def test_the_order_of_rows_changes_nothing():
    planted = tumour(USUAL, 0.6, mutations=30)
    mixed = Tumour(
        *(table.sample(frac=1.0, random_state=3) for table in planted[:3]), planted.ploidy
    )
    one, other = fitted(planted), fitted(mixed)
    pd.testing.assert_series_equal(one.fit, other.fit)
    pd.testing.assert_frame_equal(one.segments, other.segments)


def test_calls_that_are_not_eligible_tell_nothing():
    planted = tumour(QUIET, 0.5, mutations=45)
    none = planted.variants.assign(is_eligible=False)
    assert np.isnan(fitted(planted, variants=none).fit["purity"])
    assert np.isnan(fitted(planted, max_mutations=0).fit["purity"])


def test_which_of_equally_deep_mutations_are_used_does_not_hang_on_their_order():
    planted = tumour(QUIET, 0.5, mutations=90)
    planted.variants["tumour_depth"] = 100
    again = pd.concat([planted.variants, planted.variants.assign(tumour_alt_reads=1)])
    one = fitted(planted, variants=again, max_mutations=30)
    other = fitted(planted, variants=again.iloc[::-1], max_mutations=30)
    pd.testing.assert_series_equal(one.fit, other.fit)
    pd.testing.assert_frame_equal(one.surface, other.surface)


def test_a_lack_of_places_is_said_once():
    said = quality(limits="few places with two alleles: 0; few reads")
    planted = tumour(USUAL, 0.6, mutations=60)
    limits = fitted(planted, snp_counts=None, copy_number_quality=said).fit["limits"]
    assert limits.count("places with two alleles") == 1
    assert limits.startswith("few reads; no places")
    enough = fitted(planted, copy_number_quality=said).fit["limits"]
    assert enough.startswith("few places with two alleles: 0")


@pytest.mark.parametrize(
    ("reference", "bins", "log2", "count", "is_doubted", "is_ambiguous"),
    [("normal", 3, -5.0, 1, True, True), ("normal", 2, -5.0, 1, False, False),
     ("normal", 3, -2.0, 1, False, False), ("normal_and_panel", 3, -5.0, 1, True, False),
     ("panel", 3, -5.0, 4, True, True)],
)  # fmt: skip
def test_segments_lower_than_without_any_copy_put_the_purity_in_doubt(
    reference, bins, log2, count, is_doubted, is_ambiguous
):
    planted = tumour(USUAL, 0.6, mutations=30)
    low = [
        planted.raw_segments.iloc[[at]].assign(
            contig="chr20", start=at * MB, end=(at + 1) * MB, bins=bins, log2=log2
        )
        for at in range(count)
    ]
    table = pd.concat([planted.raw_segments, *low], ignore_index=True)
    given = GIVEN_FIT.conform(
        pd.DataFrame(
            {"tool": ["X"], "purity": [0.6], "ploidy": [planted.ploidy], "wgd": [None]}
        )
    )
    for fit in (None, given):
        found = fitted(
            planted._replace(raw_segments=table),
            copy_number_quality=quality().assign(reference=reference), given_fit=fit,
        ).fit  # fmt: skip
        assert found["purity"] == pytest.approx(0.6, abs=0.04)
        assert ("lower than any copies allow" in found["limits"]) is is_doubted
        assert ("germline" in found["limits"]) is (is_doubted and not is_ambiguous)
        assert found["is_ambiguous"] == is_ambiguous
