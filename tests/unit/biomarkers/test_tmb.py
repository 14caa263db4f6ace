"""Mutations per megabase: numerator, denominator, interval, presets."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from storiform.biomarkers.tmb import PRESETS, TmbParams, poisson_interval, tmb
from storiform.biomarkers.variants import VariantParams, variants
from storiform.model.errors import ConfigError, DataWarning
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.tables.dna import TMB
from storiform.model.tables.reads import CALLABILITY, CALLABLE_BASES

pytestmark = pytest.mark.filterwarnings("ignore:neither targets nor")


def burden(variants, targets=None, genes=None, **params):
    return TMB.conform(tmb(variants, targets, genes, TmbParams(**params))).iloc[0]


def test_only_eligible_protein_changes_make_the_burden(make_variants) -> None:
    found = burden(
        make_variants(
            {}, {"consequence": "stop_gained"}, {"consequence": "synonymous_variant"},
            {"consequence": "intron_variant"}, {"filter": "weak"}, {"population_af": 0.2},
        ),
        size_megabases=4.0,
    )  # fmt: skip
    assert found["mutations_nonsynonymous"] == 2
    assert found["mutations_coding"] == 3
    assert found["tmb"] == 0.5
    assert found["denominator"] == "size"
    assert found["megabases"] == 4.0


def test_no_calls_are_a_burden_of_zero_with_a_lower_bound_of_zero(make_variants) -> None:
    found = burden(make_variants(), size_megabases=10.0)
    assert (found["tmb"], found["tmb_lower"]) == (0.0, 0.0)
    assert found["tmb_upper"] == pytest.approx(0.36888794541, rel=1e-9)
    assert found["mutations_coding"] == 0


@pytest.mark.parametrize("events", [0, 1, 2, 9, 34, 341, 10_000])
def test_the_interval_is_that_of_chi_squared(events) -> None:
    lower, upper = poisson_interval(events)
    expected = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    assert lower == pytest.approx(expected, rel=1e-9)
    assert upper == pytest.approx(stats.chi2.ppf(0.975, 2 * events + 2) / 2, rel=1e-9)


def test_the_interval_covers_in_ninety_five_of_a_hundred() -> None:
    means = np.repeat([0.5, 3.0, 20.0], 3000)
    seen = np.random.default_rng(1).poisson(means)
    bounds = np.array([poisson_interval(int(n)) for n in seen])
    covered = (bounds[:, 0] <= means) & (means <= bounds[:, 1])
    assert covered.reshape(3, -1).mean(axis=1).min() >= 0.94


def test_the_numerator_lies_in_exactly_the_bases_of_the_denominator(make_variants) -> None:
    variants = make_variants(*[{"start": s, "end": s + 1} for s in (0, 150, 199, 200, 950)])
    targets = Intervals.of([("chr1", 100, 200), ("chr1", 900, 1000)])
    genes = GeneModel(Intervals.of([("chr1", 150, 910), ("chr2", 0, 50)]))
    on_targets = burden(variants, targets)
    assert on_targets["denominator"] == "targets"
    assert on_targets["megabases"] == 200e-6
    assert (on_targets["mutations_in_denominator"], on_targets["mutations_outside"]) == (3, 2)
    coding = burden(variants, targets, genes)
    assert coding["denominator"] == "coding_targets"
    assert coding["megabases"] == 60e-6
    assert coding["mutations_in_denominator"] == 2
    assert coding["mutations_nonsynonymous"] == 5
    assert coding["tmb"] == pytest.approx(2 / 60e-6, rel=1e-12)
    assert burden(variants, targets, genes, denominator="targets")["megabases"] == 200e-6
    assert burden(variants, targets, genes, denominator="size")["megabases"] == 33.28


def test_a_size_that_nobody_gave_is_warned_of(make_variants) -> None:
    with pytest.warns(DataWarning, match="rates are per 33.28 Mb, the size of the preset"):
        burden(make_variants({}))


def test_a_call_whose_one_fault_is_to_lie_off_target_is_listed_as_outside(make_calls) -> None:
    rows = [{"start": s, "end": s + 1} for s in (110, 500, 700)]
    rows[2]["population_af"] = 0.2
    targets = Intervals.of([("chr1", 100, 200)])
    found = burden(variants(make_calls(*rows), targets, VariantParams()), targets)
    assert found["mutations_nonsynonymous"] == 1
    assert found["mutations_in_denominator"] == 1
    assert found["mutations_outside"] == 1


@pytest.mark.parametrize("wanted", ["targets", "coding_targets"])
def test_a_denominator_that_is_not_given_is_a_fault_of_the_configuration(
    make_variants, wanted
) -> None:
    with pytest.raises(ConfigError, match=f"tmb.denominator = {wanted}: found none given"):
        burden(make_variants({}), denominator=wanted)


def test_coding_targets_need_genes(make_variants) -> None:
    targets = Intervals.of([("chr1", 0, 10)])
    with pytest.raises(ConfigError, match="expected the resource genes"):
        burden(make_variants({}), targets, denominator="coding_targets")


def test_no_bases_give_no_rate(make_variants) -> None:
    apart = GeneModel(Intervals.of([("chr2", 0, 10)]))
    with pytest.warns(DataWarning, match="no base of the targets is coding by the genes"):
        found = burden(make_variants({}), Intervals.of([("chr1", 0, 10)]), apart)
    assert np.isnan(found["tmb"])
    assert found["mutations_outside"] == 1


def test_a_preset_puts_its_thresholds_in_place_of_ours(make_variants) -> None:
    variants = make_variants(
        {"tumour_depth": 30, "tumour_ref_reads": 28, "tumour_alt_reads": 2},
        {"tumour_depth": 19, "tumour_ref_reads": 9, "tumour_alt_reads": 10},
        {"normal_depth": 5, "normal_ref_reads": 5},
        {"population_af": 0.002},
        {"filter": "weak"},
        {"tumour_ref_reads": 95, "tumour_alt_reads": 5},
        {"consequence": "intron_variant"},
    )
    assert burden(variants)["mutations_nonsynonymous"] == 2
    assert burden(variants, preset="pytmb_wes")["mutations_nonsynonymous"] == 3
    assert burden(variants, preset="maftools")["mutations_nonsynonymous"] == 6
    hartwig = burden(variants, preset="hartwig")
    assert hartwig["mutations_in_denominator"] == 5
    assert hartwig["megabases"] == 2859.0
    assert not hartwig["is_high"]


def test_a_preset_keeps_its_size_though_targets_are_given(make_variants) -> None:
    found = burden(make_variants({}), Intervals.of([("chr1", 0, 10)]), preset="maftools")
    assert (found["megabases"], found["tmb"]) == (50.0, 0.02)


def test_every_threshold_of_a_preset_is_told(make_variants) -> None:
    told = burden(make_variants(), preset="pytmb_wes")["rules"]
    for words in (
        "VAF >= 0.05",
        "depth >= 20",
        "alternative reads >= 2",
        "<= 0.001",
        "33.28 Mb",
    ):
        assert words in told
    assert all(preset.source for preset in PRESETS.values())


def test_a_given_threshold_takes_the_place_of_the_presets(make_variants) -> None:
    variants = make_variants({}, {"tumour_ref_reads": 90, "tumour_alt_reads": 10})
    assert burden(variants)["mutations_nonsynonymous"] == 2
    assert burden(variants, min_vaf=0.1)["mutations_nonsynonymous"] == 2
    assert burden(variants, min_vaf=0.11)["mutations_nonsynonymous"] == 1
    assert burden(variants, preset="maftools", min_vaf=0.11)["mutations_nonsynonymous"] == 1
    assert burden(variants, min_alt_reads=11)["mutations_nonsynonymous"] == 1
    assert burden(variants, min_depth=101)["mutations_nonsynonymous"] == 0
    assert "VAF >= 0.1" in burden(variants, preset="hartwig", min_vaf=0.1)["rules"]


def reads(depth: int, alt: int) -> dict[str, object]:
    """Return a call of so many tumour reads, so many of them with the allele."""
    return {
        "tumour_depth": depth, "tumour_ref_reads": depth - alt, "tumour_alt_reads": alt,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("preset", "change", "counts"),
    [
        ("pytmb_wes", reads(20, 10), True),
        ("pytmb_wes", reads(19, 10), False),
        ("pytmb_wes", reads(100, 5), True),
        ("pytmb_wes", reads(101, 5), False),
        ("pytmb_wes", reads(40, 2), True),
        ("pytmb_wes", reads(20, 1), False),
        ("pytmb_wes", {"population_af": 0.001}, True),
        ("pytmb_wes", {"population_af": 0.0010001}, False),
        ("hartwig", reads(100, 6), True),
        ("hartwig", reads(100, 5), False),
    ],
)
def test_each_threshold_of_a_preset_has_its_edge(make_variants, preset, change, counts) -> None:
    found = burden(make_variants(change), preset=preset, size_megabases=1.0)
    assert (found["mutations_in_denominator"] == 1) == counts


@pytest.mark.parametrize(
    ("change", "equal", "beyond"),
    [
        (reads(50, 20), {"min_depth": 50}, {"min_depth": 51}),
        (reads(50, 20), {"min_vaf": 0.4}, {"min_vaf": 0.41}),
        (reads(50, 20), {"min_alt_reads": 20}, {"min_alt_reads": 21}),
        (
            {"population_af": 0.0005},
            {"max_population_af": 0.0005},
            {"max_population_af": 0.0004},
        ),
    ],
)
def test_a_call_that_equals_a_given_threshold_counts(
    make_variants, change, equal, beyond
) -> None:
    variants = make_variants(change)
    assert burden(variants, size_megabases=1.0, **equal)["tmb"] == 1.0
    assert burden(variants, size_megabases=1.0, **beyond)["tmb"] == 0.0


def test_a_burden_at_the_mark_is_not_yet_high(make_variants) -> None:
    at_the_mark = burden(make_variants({}), preset="hartwig", size_megabases=0.1)
    assert at_the_mark["tmb"] == 10.0
    assert not at_the_mark["is_high"]


def test_a_genome_above_the_mark_is_high(make_variants) -> None:
    found = burden(make_variants({}), preset="hartwig", size_megabases=0.09)
    assert found["is_high"]
    assert pd.isna(burden(make_variants({}))["is_high"])


def deep(*stretches):
    """Return callable stretches of chr1 as the table of a biopsy."""
    frame = pd.DataFrame(stretches, columns=["start", "end"]).assign(contig="chr1")
    return CALLABLE_BASES.conform(frame)


def asked(**change):
    row = {
        "target_bases": 200, "tumour_callable": 150, "normal_callable": 120,
        "callable_bases": 110, "coding_bases": 60, "callable_coding": 50,
        "min_tumour_depth": 14, "min_normal_depth": 8, **change,
    }  # fmt: skip
    return CALLABILITY.conform(pd.DataFrame([row]))


def measured(variants, *given, bases, callability=None, **params):
    """Return the burden over callable bases; targets and genes go first, where given."""
    targets, genes = (*given, None, None)[:2]
    return TMB.conform(
        tmb(variants, targets, genes, TmbParams(**params), bases, callability)
    ).iloc[0]


def test_callable_bases_are_the_denominator_and_hold_the_numerator(make_variants) -> None:
    variants = make_variants(
        *[{"start": s, "end": s + 1} for s in (99, 100, 149, 150, 199, 950)]
    )
    targets = Intervals.of([("chr1", 100, 200), ("chr1", 900, 1000)])
    found = measured(variants, targets, bases=deep((100, 150), (160, 180)))
    assert found["denominator"] == "callable_targets"
    assert found["megabases"] == 70e-6
    assert (found["mutations_in_denominator"], found["mutations_outside"]) == (2, 4)
    assert found["mutations_nonsynonymous"] == 6
    assert found["tmb"] == pytest.approx(2 / 70e-6, rel=1e-12)


def test_with_genes_only_coding_bases_that_are_callable_count(make_variants) -> None:
    variants = make_variants(*[{"start": s, "end": s + 1} for s in (110, 130, 170)])
    targets = Intervals.of([("chr1", 100, 200)])
    genes = GeneModel(Intervals.of([("chr1", 120, 500)]))
    found = measured(
        variants, targets, genes, bases=deep((90, 150)), callability=asked(), min_depth=1
    )
    assert found["denominator"] == "callable_coding"
    assert found["megabases"] == 30e-6
    assert (found["mutations_in_denominator"], found["mutations_outside"]) == (1, 2)
    assert "callable: good reads >= 14 in the tumour and >= 8 in the normal" in found["rules"]


def test_without_reads_of_the_normal_the_rules_say_so(make_variants) -> None:
    alone = measured(
        make_variants(), bases=deep((0, 9)), callability=asked(normal_callable=None)
    )
    assert "the normal has no reads to ask" in alone["rules"]


def test_anothers_preset_or_a_given_size_goes_before_callable_bases(make_variants) -> None:
    bases = deep((0, 100))
    assert measured(make_variants(), bases=bases, preset="maftools")["denominator"] == "size"
    assert measured(make_variants(), bases=bases, size_megabases=2.0)["megabases"] == 2.0
    chosen = measured(make_variants(), bases=bases, preset="maftools", denominator="callable")
    assert (chosen["denominator"], chosen["megabases"]) == ("callable_targets", 100e-6)
    targets = Intervals.of([("chr1", 0, 30)])
    kept = measured(make_variants(), targets, bases=bases, denominator="targets")
    assert (kept["denominator"], kept["megabases"]) == ("targets", 30e-6)


def test_no_callable_base_gives_no_rate_and_a_warning(make_variants) -> None:
    with pytest.warns(DataWarning, match="no base is callable"):
        found = measured(make_variants({}), bases=deep())
    assert np.isnan(found["tmb"])
    assert (found["mutations_in_denominator"], found["mutations_outside"]) == (0, 1)


def test_callable_bases_that_are_asked_for_must_be_there(make_variants) -> None:
    with pytest.raises(ConfigError, match=r"tmb.denominator = callable: found no callable"):
        burden(make_variants(), denominator="callable")


def test_calls_without_reads_of_the_tumour_keep_their_targets_as_denominator(
    make_variants,
) -> None:
    """A normal with reads beside a tumour with calls alone makes nothing callable."""
    targets = Intervals.of([("chr1", 0, 2_000_000)])
    made = make_variants({"consequence": "missense_variant"})
    found = tmb(made, targets, None, TmbParams(), deep(), CALLABILITY.empty()).iloc[0]
    assert (found["denominator"], found["megabases"]) == ("targets", 2.0)


NO_CDS = GeneModel(Intervals({}))


def test_genes_without_coding_bases_narrow_nothing_and_are_told(make_variants) -> None:
    targets = Intervals.of([("chr1", 0, 1000)])
    with pytest.warns(DataWarning, match=r"no coding sequence \(CDS\)"):
        found = burden(make_variants({}), targets, NO_CDS)
    assert (found["denominator"], found["megabases"]) == ("targets", 1000e-6)
    for denominator in ("auto", "callable"):
        given = {"bases": deep((0, 600)), "denominator": denominator}
        with pytest.warns(DataWarning, match=r"no coding sequence \(CDS\)"):
            found = measured(make_variants({}), targets, NO_CDS, **given)
        assert (found["denominator"], found["megabases"]) == ("callable_targets", 600e-6)


def test_genes_without_coding_bases_are_no_matter_where_they_are_not_asked(
    make_variants,
) -> None:
    targets = Intervals.of([("chr1", 0, 1000)])
    found = burden(make_variants({}), targets, NO_CDS, denominator="targets")
    assert found["megabases"] == 1e-3
    assert burden(make_variants({}), targets, NO_CDS, size_megabases=2.0)["megabases"] == 2.0


def test_coding_targets_without_coding_bases_are_refused(make_variants) -> None:
    targets = Intervals.of([("chr1", 0, 1000)])
    with pytest.raises(ConfigError, match="coding_targets: found genes without coding seq"):
        burden(make_variants({}), targets, NO_CDS, denominator="coding_targets")


@pytest.mark.parametrize(
    ("coding", "said"),
    [
        (("chr2", 0, 10), "no base of the targets is coding by the genes"),
        (("chr1", 80, 90), "no coding base of the targets is callable"),
    ],
)
def test_why_no_base_is_left_is_told_apart(make_variants, coding, said) -> None:
    targets = Intervals.of([("chr1", 0, 100)])
    genes = GeneModel(Intervals.of([coding]))
    with pytest.warns(DataWarning) as caught:
        found = measured(make_variants({}), targets, genes, bases=deep((0, 50)))
    assert np.isnan(found["tmb"])
    assert [str(one.message).split(" (")[0].split(":")[0] for one in caught] == [said]


def scattered(make_variants, inside: int, outside: int):
    starts = [*range(inside), *range(5000, 5000 + outside)]
    return make_variants(*[{"start": s, "end": s + 1} for s in starts])


def test_calls_most_of_which_lie_outside_are_told(make_variants) -> None:
    targets = Intervals.of([("chr1", 0, 1000)])
    said = "19 of 20 calls that would count lie outside the counted bases: is the BED"
    with pytest.warns(DataWarning, match=said):
        burden(scattered(make_variants, 1, 19), targets)
    with pytest.warns(DataWarning, match="6 of 10 calls that would count .* is the BED"):
        measured(scattered(make_variants, 4, 6), targets, bases=deep((0, 900)))


@pytest.mark.parametrize(("inside", "outside"), [(5, 5), (0, 9), (10, 10)])
def test_few_calls_or_no_more_than_half_outside_are_not_told(
    make_variants, inside, outside
) -> None:
    found = burden(scattered(make_variants, inside, outside), Intervals.of([("chr1", 0, 1000)]))
    assert found["mutations_outside"] == outside


def test_the_file_that_takes_most_calls_out_is_asked_for(make_variants) -> None:
    targets = Intervals.of([("chr1", 0, 9000)])
    calls = scattered(make_variants, 2, 12)
    coding = GeneModel(Intervals.of([("chr1", 0, 1000)]))
    with pytest.warns(DataWarning, match="12 of 14 .* is the GTF of their build"):
        burden(calls, targets, coding)
    with pytest.warns(DataWarning, match="12 of 14 .* are the BAMs those of these calls"):
        measured(calls, targets, bases=deep((0, 1000)))


def test_calls_off_target_by_their_own_filter_are_among_those_told(make_calls) -> None:
    rows = [{"start": s, "end": s + 1} for s in (0, *range(5000, 5019))]
    targets = Intervals.of([("chr1", 0, 1000)])
    with pytest.warns(DataWarning, match="19 of 20 calls"):
        burden(variants(make_calls(*rows), targets, VariantParams()), targets)


def test_a_size_is_in_the_rules_only_where_it_is_the_denominator(make_variants) -> None:
    assert "Mb" not in burden(make_variants(), Intervals.of([("chr1", 0, 10)]))["rules"]
    assert "size 33.28 Mb where no bases are given" in burden(make_variants())["rules"]
