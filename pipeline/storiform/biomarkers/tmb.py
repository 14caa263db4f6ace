"""Tumour mutation burden: mutations per megabase, with the bases that were counted."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import special

from storiform.model.errors import ConfigError, DataWarning, fault
from storiform.model.intervals import GeneModel, Genes, Intervals, Targets, changed_bases
from storiform.model.params import Depth, Fraction, Megabases, Params
from storiform.model.tables.dna import SomaticVariants, TumourBurden
from storiform.model.tables.reads import Callability, CallableBases

PresetName = Literal["storiform_default", "pytmb_wes", "maftools", "hartwig"]
Denominator = Literal["auto", "size", "targets", "coding_targets", "callable"]

_BASES_PER_MEGABASE = 1e6
_TAIL = 0.025
_FEWEST_CALLS = 10


@dataclass(frozen=True)
class Preset:
    """What counts, by whom; a threshold of None is not applied.

    `filters` are the names in `failed_filters` that take a call out; None: all of them.
    Calls without protein change count only where `counts_all`.
    """

    source: str
    filters: frozenset[str] | None
    size_megabases: float
    min_vaf: float | None = None
    is_vaf_exclusive: bool = False
    min_depth: int | None = None
    min_alt_reads: int | None = None
    max_population_af: float | None = None
    counts_all: bool = False
    high_above: float | None = None


PRESETS: Mapping[PresetName, Preset] = {
    "storiform_default": Preset("storiform, version 1", None, 33.28),
    "pytmb_wes": Preset(
        "pyTMB 1.3, its recommendation for whole exomes",
        frozenset({"set_aside", "duplicate", "not_pass"}), 33.28,
        min_vaf=0.05, min_depth=20, min_alt_reads=2, max_population_af=0.001,
    ),
    "maftools": Preset(
        "maftools 2, tmb() with its nine classes and captureSize 50",
        frozenset({"set_aside", "duplicate"}), 50.0,
    ),
    "hartwig": Preset(
        "PURPLE of Hartwig Medical Foundation 2019, made for whole genomes",
        frozenset({"set_aside", "duplicate", "not_pass"}), 2859.0,
        min_vaf=0.05, is_vaf_exclusive=True, counts_all=True, high_above=10.0,
    ),
}  # fmt: skip
"""Rules by name: source, version and every threshold."""


class TmbParams(Params):
    """Which mutations are counted, and over which bases.

    The thresholds of a call as such belong to `variants`; a preset other than
    `storiform_default` puts its own in place of those on depth, reads, VAF and population
    frequency. A threshold given here is used in place of the preset's; under
    `storiform_default` it can only be stricter than that of `variants`, whose filters all
    count.
    """

    preset: PresetName = Field(
        "storiform_default", description="rules by name: what counts, and the size"
    )
    min_vaf: Fraction | None = Field(
        None, description="share of tumour reads with the allele; none: the preset's"
    )
    min_depth: Depth | None = Field(None, description="tumour reads; none: the preset's")
    min_alt_reads: Depth | None = Field(
        None, description="tumour reads with the allele; none: the preset's"
    )
    max_population_af: Fraction | None = Field(
        None, description="highest population frequency that counts; none: the preset's"
    )
    denominator: Denominator = Field(
        "auto",
        description="counted bases: size, targets, coding bases within the targets, or those "
        "of them that are callable; auto: the best that the given files allow, or the size "
        "under another's preset",
    )
    size_megabases: Megabases | None = Field(
        None, description="bases of the denominator `size` in Mb; none: the preset's"
    )


def tmb(
    variants: SomaticVariants,
    targets: Targets | None,
    genes: Genes | None,
    params: TmbParams,
    callable_bases: CallableBases | None = None,
    callability: Callability | None = None,
) -> TumourBurden:
    """Count the mutations of a biopsy and divide by the bases in which they were sought.

    Numerator and denominator stand on one footing: where the denominator is a set of bases,
    a mutation counts only if it changes one of them; the others are in `mutations_outside`.

    Parameters
    ----------
    variants
        The calls of a biopsy with the filters that they fail.
    targets
        Captured bases, or None.
    genes
        A gene annotation with its coding bases and 2 splice bases at introns, or None.
    params
        Preset and denominator.
    callable_bases
        Target bases deep enough in the reads of tumour and normal, or None.
    callability
        The depths that this asked for, told in `rules`.

    Returns
    -------
    TumourBurden
        Counts, rate per Mb, exact 95 % Poisson interval (lower bound 0 at no mutation).

    Raises
    ------
    ConfigError
        If the denominator asks for targets, coding bases or reads that are not given.

    Warnings
    --------
    A rate compares only with rates made alike: see the column `rules`.

    References
    ----------
    Garwood, Biometrika 28, 437-442 (1936), doi:10.1093/biomet/28.3-4.437.
    Mayakonda et al., Genome Research 28, 1747-1756 (2018), doi:10.1101/gr.239244.118.
    Priestley et al., Nature 575, 210-216 (2019), doi:10.1038/s41586-019-1689-y.
    """
    rules = _rules(params)
    passed = _passes(variants, rules)
    changes = variants["is_nonsynonymous"].to_numpy(dtype=bool)
    nonsynonymous = passed & changes
    coding = passed & variants["is_coding"].to_numpy(dtype=bool)
    counted = passed if rules.counts_all else nonsynonymous
    # A call whose one fault is that it lies off target would count: it is listed as outside.
    anywhere = _passes(variants, rules, ignored=frozenset({"off_target"}))
    would_count = anywhere if rules.counts_all else anywhere & changes
    is_unread = callability is not None and callability.empty  # no reads of the tumour
    given = _Given(targets, genes, None if is_unread else callable_bases)
    name, bases = _denominator(given, params)
    is_measured = name.startswith("callable_")
    told = _told(rules, is_size=bases is None) + (_depths(callability) if is_measured else "")
    places = changed_bases(variants)
    inside = counted if bases is None else counted & bases.touches(places)
    doubts = [
        _doubt_of_size(bases, params), _doubt_of_genes(bases, params, given),
        _doubt_of_none(bases, name, given),
        _doubt_of_calls(bases, name, given, places[would_count & changes]),
    ]  # fmt: skip
    for doubt in filter(None, doubts):
        warnings.warn(doubt, DataWarning, stacklevel=2)
    size_bp = rules.size_megabases * _BASES_PER_MEGABASE if bases is None else bases.size_bp
    events = int(inside.sum())
    megabases = size_bp / _BASES_PER_MEGABASE
    rate = events / megabases if megabases else np.nan
    lower, upper = poisson_interval(events)
    return pd.DataFrame(
        {
            "mutations_nonsynonymous": [int(nonsynonymous.sum())],
            "mutations_coding": [int(coding.sum())],
            "mutations_in_denominator": [events],
            "mutations_outside": [int((would_count & ~inside).sum())],
            "tmb": [rate],
            "tmb_lower": [lower / megabases if megabases else np.nan],
            "tmb_upper": [upper / megabases if megabases else np.nan],
            "megabases": [megabases],
            "denominator": [name],
            "preset": [f"{params.preset} ({rules.source})"],
            "rules": [told],
            "is_high": [None if rules.high_above is None else bool(rate > rules.high_above)],
        }
    )


def poisson_interval(events: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean after `events` were seen.

    Examples
    --------
    >>> [round(bound, 4) for bound in poisson_interval(0)]
    [0.0, 3.6889]
    """
    lower = float(special.gammaincinv(events, _TAIL)) if events else 0.0
    return lower, float(special.gammaincinv(events + 1, 1.0 - _TAIL))


def _rules(params: TmbParams) -> Preset:
    """Return the preset with the user's thresholds in place of its own."""
    names = ("min_vaf", "min_depth", "min_alt_reads", "max_population_af", "size_megabases")
    given = {name: getattr(params, name) for name in names}
    chosen = {name: value for name, value in given.items() if value is not None}
    if "min_vaf" in chosen:
        chosen["is_vaf_exclusive"] = False
    return replace(PRESETS[params.preset], **chosen)


def _passes(
    variants: pd.DataFrame, rules: Preset, ignored: frozenset[str] = frozenset()
) -> NDArray[np.bool_]:
    """Tell which calls the rules let through; a missing value fails no threshold."""
    lists = variants["failed_filters"].fillna("").str.split(";").to_list()
    failed = [{name for name in names if name} - ignored for names in lists]
    passed = np.array(
        [not names if rules.filters is None else rules.filters.isdisjoint(names)
         for names in failed],
        dtype=bool,
    )  # fmt: skip
    vaf = _numbers(variants, "tumour_vaf")
    if rules.min_vaf is not None:
        low = vaf <= rules.min_vaf if rules.is_vaf_exclusive else vaf < rules.min_vaf
        passed = passed & ~low
    if rules.min_depth is not None:
        passed = passed & ~(_numbers(variants, "tumour_depth") < rules.min_depth)
    if rules.min_alt_reads is not None:
        passed = passed & ~(_numbers(variants, "tumour_alt_reads") < rules.min_alt_reads)
    if rules.max_population_af is not None:
        passed = passed & ~(_numbers(variants, "population_af") > rules.max_population_af)
    return passed


def _numbers(variants: pd.DataFrame, column: str) -> NDArray[np.float64]:
    numbers = variants[column].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(numbers, dtype=np.float64)


class _Given(NamedTuple):
    """What the bases of a denominator are made of; None where it is not given."""

    targets: Intervals | None
    genes: GeneModel | None
    callable_bases: pd.DataFrame | None

    @property
    def coding(self) -> Intervals | None:
        """The coding bases, None also where the annotation has none."""
        coding = None if self.genes is None else self.genes.coding
        return coding if coding is not None and coding.size_bp else None


def _denominator(given: _Given, params: TmbParams) -> tuple[str, Intervals | None]:
    """Return the name of the denominator and its bases, None for a mere size."""
    name: str = params.denominator
    if name == "auto":
        is_own = params.preset == "storiform_default" and params.size_megabases is None
        best = "coding_targets" if given.coding is not None else "targets"
        name = best if is_own and given.targets is not None else "size"
        name = "callable" if is_own and given.callable_bases is not None else name
    if name == "size":
        return name, None
    if name == "callable":
        return _callable(given)
    if given.targets is None:
        raise _lacking(name, "targets")
    if name == "targets":
        return name, given.targets
    if given.genes is None:
        raise _lacking(name, "genes")
    if given.coding is None:
        message = fault(
            f"tmb.denominator = {name}", "genes without coding sequence",
            "a GTF with lines of the feature CDS",
            "Name such a file for genes, or choose another denominator.",
        )  # fmt: skip
        raise ConfigError(message)
    return name, given.targets & given.coding


def _callable(given: _Given) -> tuple[str, Intervals]:
    """Return the callable bases, those of genes alone where there is an annotation."""
    if given.callable_bases is None:
        message = fault(
            "tmb.denominator = callable", "no callable bases", "reads of the tumour",
            "Name its BAM in the sample sheet, or choose another denominator.",
        )  # fmt: skip
        raise ConfigError(message)
    columns = (given.callable_bases[name].to_list() for name in ("contig", "start", "end"))
    bases = Intervals.of(zip(*columns, strict=True))
    bases = bases if given.targets is None else bases & given.targets
    if given.coding is None:
        return "callable_targets", bases
    return "callable_coding", bases & given.coding


def _doubt_of_size(bases: Intervals | None, params: TmbParams) -> str:
    """Tell that a rate is of a size which nobody gave."""
    is_given = params.size_megabases is not None or params.preset != "storiform_default"
    if bases is not None or is_given:
        return ""
    return (
        "neither targets nor tmb.size_megabases are given: rates are per "
        f"{PRESETS[params.preset].size_megabases:g} Mb, the size of the preset"
    )


def _doubt_of_genes(bases: Intervals | None, params: TmbParams, given: _Given) -> str:
    """Tell that genes without coding bases narrow nothing, where they were meant to."""
    is_meant = bases is not None and params.denominator != "targets"
    if not is_meant or given.genes is None or given.coding is not None:
        return ""
    return (
        "the gene annotation has no coding sequence (CDS): all bases of the targets count, "
        "coding or not; give a GTF with lines of the feature CDS"
    )


def _doubt_of_none(bases: Intervals | None, name: str, given: _Given) -> str:
    """Tell why there is no base to count in."""
    if bases is None or bases.size_bp > 0:
        return ""
    targets, deep, coding = given.targets, given.callable_bases, given.coding
    is_measured, why = name.startswith("callable_"), "the targets have no base"
    if is_measured and deep is not None and deep.empty:
        why = "no base is callable"
    elif targets is not None and coding is not None and not (targets & coding).size_bp:
        why = "no base of the targets is coding by the genes (are both of one build?)"
    elif is_measured:
        why = f"no {'base' if coding is None else 'coding base'} of the targets is callable"
    return f"{why}: the biopsy has no rate"


def _doubt_of_calls(
    bases: Intervals | None, name: str, given: _Given, places: pd.DataFrame
) -> str:
    """Tell that most calls lie outside the bases, and which file makes them do so."""
    if bases is None or not bases.size_bp or len(places) < _FEWEST_CALLS:
        return ""
    outside = int((~bases.touches(places)).sum())
    if outside <= len(places) / 2:
        return ""
    parts = (
        (given.targets, "is the BED that of these calls?"),
        (given.coding if "coding" in name else None, "is the GTF of their build?"),
        (bases, "are the BAMs those of these calls?"),
    )
    lost, left = {}, places
    for part, question in ((part, question) for part, question in parts if part is not None):
        is_in = part.touches(left)
        lost[question], left = int((~is_in).sum()), left[is_in]
    question = max(lost, key=lambda one: lost[one])
    return (
        f"{outside} of {len(places)} calls that would count lie outside the counted bases: "
        f"{question}"
    )


def _lacking(name: str, missing: str) -> ConfigError:
    expected = f"the resource {missing}"
    remedy = f"Name a file for {missing}, or choose another denominator."
    return ConfigError(fault(f"tmb.denominator = {name}", "none given", expected, remedy))


def _depths(callability: pd.DataFrame | None) -> str:
    """Say how deep a base must be to count as callable."""
    if callability is None or callability.empty:
        return ""
    row = callability.iloc[0]
    tumour = f"; callable: good reads >= {row['min_tumour_depth']} in the tumour"
    if pd.isna(row["normal_callable"]):
        return f"{tumour}; the normal has no reads to ask"
    return f"{tumour} and >= {row['min_normal_depth']} in the normal"


def _told(rules: Preset, *, is_size: bool) -> str:
    """Write every threshold in words."""
    filters = "all" if rules.filters is None else ", ".join(sorted(rules.filters))
    sign = ">" if rules.is_vaf_exclusive else ">="
    parts = [
        "all calls" if rules.counts_all else "nonsynonymous calls",
        f"none that fails a filter of variants ({filters})",
        None if rules.min_vaf is None else f"VAF {sign} {rules.min_vaf:g}",
        None if rules.min_depth is None else f"depth >= {rules.min_depth}",
        None if rules.min_alt_reads is None else f"alternative reads >= {rules.min_alt_reads}",
        None
        if rules.max_population_af is None
        else f"population frequency <= {rules.max_population_af:g}",
        f"size {rules.size_megabases:g} Mb where no bases are given" if is_size else None,
        None if rules.high_above is None else f"high above {rules.high_above:g}/Mb",
    ]
    return "; ".join(part for part in parts if part is not None)
