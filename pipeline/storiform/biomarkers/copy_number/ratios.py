"""Log ratios of bins: tumour against the reference that leaves the least noise."""

import warnings
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.correction import (
    LEAST_VARIANCE,
    neighbour_noise,
    weighed_down,
)
from storiform.biomarkers.copy_number.imported import usual_x
from storiform.biomarkers.copy_number.observations import (
    Observations,
    of_coverage,
    of_places,
)
from storiform.biomarkers.copy_number.panel import sex_of
from storiform.biomarkers.copy_number.references import References, Rules, references_of
from storiform.biomarkers.copy_number.segmentation import (
    SegmentationParams,
    Track,
    segment_means,
    segment_track,
)
from storiform.model.copies import PSEUDOAUTOSOMAL, PanelOfNormals
from storiform.model.errors import DataWarning
from storiform.model.params import Depth, Fraction, Params
from storiform.model.step import needs_one_of
from storiform.model.tables.clinic import StatedSex
from storiform.model.tables.copies import (
    COPY_NUMBER_QUALITY,
    LOG_RATIOS,
    BinCoverage,
    CopyNumberQuality,
    GivenCoverage,
    GivenRatios,
    LogRatios,
    SnpCounts,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_FEW_READS = 30.0
_FEW_PLACES = 200
_NOISY = 0.5
_NO_REFERENCE = "neither normal nor panel"


class RatiosParams(Params):
    """What the tumour is compared with, and which bins are too poor for it."""

    reference: Literal["auto", "normal", "panel"] = Field(
        "auto",
        description="what the tumour is compared with, where it is there; auto: the normal, "
        "the panel or their mean, whichever leaves the least noise",
    )
    min_normal_reads: Depth = Field(
        8, description="reads of the normal that a bin must have; fewer make wild ratios"
    )
    max_spread: float = Field(
        1.0, gt=0.0, le=10.0,
        description="robust SD (log2) between the panel's normals above which a bin is out",
    )  # fmt: skip
    min_shared: Fraction = Field(
        0.5, description="share of the tumour's bins that normal or panel must have to be used"
    )
    window_bp: int = Field(
        250, ge=1, le=1_000_000,
        description="bp within which places with counts share reads and make one bin, where "
        "there is no coverage; about the length of a fragment",
    )  # fmt: skip


class CopyNumberRatios(NamedTuple):
    """What `log_ratios` makes."""

    log_ratios: LogRatios
    quality: CopyNumberQuality


@needs_one_of("given_ratios", "bin_coverage", "given_coverage", "snp_counts")
def log_ratios(  # noqa: PLR0913, PLR0917  a step takes what its sources are
    given_ratios: GivenRatios | None,
    bin_coverage: BinCoverage | None,
    given_coverage: GivenCoverage | None,
    snp_counts: SnpCounts | None,
    panel: PanelOfNormals | None,
    stated_sex: StatedSex | None,
    params: RatiosParams,
) -> CopyNumberRatios:
    """Compare the depth of the tumour, bin by bin, with the reference that leaves least noise.

    Parameters
    ----------
    given_ratios
        Ready log ratios of the sample sheet; nothing else is used where they are given.
    bin_coverage, given_coverage
        Reads in bins, from the pass over the reads or from files; those of files come first.
    snp_counts
        Places with counts: their depth makes the bins where there is no coverage.
    panel
        Usual depth of bins in normals of the kit, or None.
    stated_sex
        The patient's sex, used where no normal tells it.
    params
        What is compared with what.

    Returns
    -------
    CopyNumberRatios
        `log_ratios`, one row per bin that is fit for use, 0 at the median of autosomal
        targets; and `quality`, one row: the reference, its noise, and what limits it all.
        On X of a male 0 means one copy, as in his normal.
    """
    stated = _sex_of(stated_sex)
    if given_ratios is not None and not given_ratios.empty:
        return _taken(given_ratios, snp_counts, stated)
    seen = of_coverage(bin_coverage, given_coverage, panel, params.min_shared)
    seen = of_places(snp_counts, params.window_bp) if seen is None else seen
    if seen is None:
        bins = LOG_RATIOS.conform(pd.DataFrame(columns=list(LOG_RATIOS.columns)))
        nothing = {"reference": "", "sex": stated, "is_tumour_only": True}
        limits = ["neither coverage nor log ratios of the tumour"]
        return CopyNumberRatios(bins, _quality(bins, snp_counts, nothing, limits))
    sex, limits = _sex(seen, stated)
    rules = Rules(params.reference, params.min_normal_reads, params.max_spread)
    references = references_of(seen, rules, sex)
    for doubt in _doubts(references, limits if sex and stated else []):
        warnings.warn(doubt, DataWarning, stacklevel=2)
    bins = _settled(references, sex)
    facts: dict[str, object] = {
        "reference": references.name,
        "is_tumour_only": seen.normal is None,
        **references.noises,
        "median_reads": float(np.median(seen.tumour[seen.targets]))
        if seen.targets.any()
        else np.nan,
        "sex": sex,
    }
    return CopyNumberRatios(bins, _quality(bins, snp_counts, facts, [*seen.limits, *limits]))


def _doubts(references: References, of_sex: list[str]) -> list[str]:
    """Return what is worth a warning: nothing fit to compare with, or another's normal."""
    without = (
        [f"{_NO_REFERENCE}: log ratios are rough"] if references.name == "tumour_only" else []
    )
    return [*references.seen.doubts, *without, *of_sex]


def _settled(references: References, sex: str) -> pd.DataFrame:
    """Correct twice, the second time about the segments of the first; then centre."""
    seen = references.seen
    base = np.zeros(len(seen.contigs))
    for is_last in (False, True):
        log2, variance = references.ratios(base)
        fit = np.isfinite(log2) & np.isfinite(variance)
        if not is_last and fit.any():
            base = np.zeros(len(log2))
            base[fit] = _segmented(seen.contigs[fit], log2[fit], variance[fit])
    fit &= ~_pseudoautosomal(seen.places, sex)
    bins = seen.places[fit].assign(log2=log2[fit], variance=variance[fit])
    return LOG_RATIOS.conform(_centred(bins))


def _segmented(contigs: Ints, log2: Floats, variance: Floats) -> Floats:
    """Return for each bin the mean log ratio of its segment."""
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(contigs)) + 1, [len(log2)]])
    places = np.zeros(len(log2) + 1, dtype=np.int64)
    track = Track(firsts.astype(np.int64), log2, 1.0 / variance, places, np.zeros((1, 1)))
    cuts = segment_track(track, SegmentationParams.model_validate({}))
    return np.repeat(segment_means(track, cuts)[0], np.diff(cuts))


def _centred(bins: pd.DataFrame) -> pd.DataFrame:
    """Put 0 at the median of autosomal targets; of all bins where there are none."""
    autosomal = ~bins["contig"].isin(["chrX", "chrY"]).to_numpy(dtype=bool)
    for of_class in (autosomal & bins["is_target"].to_numpy(dtype=bool), autosomal):
        if of_class.any():
            middle = float(np.median(bins["log2"].to_numpy(dtype=np.float64)[of_class]))
            return bins.assign(log2=bins["log2"] - middle)
    return bins


def _pseudoautosomal(places: pd.DataFrame, sex: str) -> Flags:
    """Tell which bins of a male lie where X and Y are the same, in either build.

    There he has two copies, and reads of both chromosomes lie on one of them.
    """
    found = np.zeros(len(places), dtype=bool)
    if sex != "male":
        return found
    starts, ends = places["start"].to_numpy(), places["end"].to_numpy()
    for of_build in PSEUDOAUTOSOMAL.values():
        for contig, stretches in of_build.items():
            on_contig = places["contig"].eq(contig).to_numpy(dtype=bool)
            for start, end in stretches:
                found |= on_contig & (starts < end) & (ends > start)
    return found


def _taken(
    given: pd.DataFrame, snp_counts: pd.DataFrame | None, stated: str
) -> CopyNumberRatios:
    """Centre ready log ratios; where a variance is missing, the noise between neighbours."""
    known = given[given["log2"].notna()]
    contigs = np.asarray(pd.factorize(known["contig"])[0], dtype=np.int64)
    log2 = known["log2"].to_numpy(dtype=np.float64)
    variance = known["variance"].to_numpy(dtype=np.float64)
    for of_class in (
        known["is_target"].to_numpy(dtype=bool),
        ~known["is_target"].to_numpy(dtype=bool),
    ):
        noise = neighbour_noise(log2[of_class], contigs[of_class])
        usual = max(noise**2, LEAST_VARIANCE) if np.isfinite(noise) else 1.0
        variance[of_class & ~(variance > 0)] = usual
    known = known.assign(variance=weighed_down(log2, contigs, variance))
    bins, told = usual_x(_centred(known[list(LOG_RATIOS.columns)]), stated)
    bins = LOG_RATIOS.conform(bins)
    facts = {"reference": "given", "is_tumour_only": False, "sex": stated}
    return CopyNumberRatios(bins, _quality(bins, snp_counts, facts, told))


def _sex_of(stated_sex: pd.DataFrame | None) -> str:
    if stated_sex is None or stated_sex.empty:
        return ""
    stated = stated_sex["sex"].dropna()
    return str(stated.iloc[0]) if len(stated) and stated.iloc[0] in ("female", "male") else ""


def _sex(seen: Observations, stated: str) -> tuple[str, list[str]]:
    """Return the sex by the normal's X and Y, else as stated; and what is to be said."""
    measured = ""
    if seen.normal is not None:
        measured = sex_of(seen.places.assign(depth=seen.normal / seen.lengths))
    if measured and stated and measured != stated:
        return measured, [f"the normal's X and Y are those of a {measured}, stated is {stated}"]
    if not measured and not stated:
        return "", ["sex not known: X and Y are left out"]
    return measured or stated, []


def _doubt_of_places(snp_counts: pd.DataFrame | None) -> str:
    """Tell that no normal vouches for the places."""
    if snp_counts is None or snp_counts[["normal_1", "normal_2"]].to_numpy().any():
        return ""
    return "places with two alleles are known from the tumour alone"


def _quality(
    bins: pd.DataFrame,
    snp_counts: pd.DataFrame | None,
    facts: dict[str, object],
    limits: list[str],
) -> pd.DataFrame:
    """Return the one row of quality, with what limits the answers."""
    targets = bins[bins["is_target"]]
    codes = np.asarray(pd.factorize(targets["contig"])[0], dtype=np.int64)
    noise = neighbour_noise(targets["log2"].to_numpy(dtype=np.float64), codes)
    usable = 0 if snp_counts is None else int(snp_counts["is_usable"].sum())
    reads = float(str(facts.get("median_reads", np.nan)))
    said = [
        "no normal of the patient" if facts["is_tumour_only"] else "",
        _NO_REFERENCE if facts["reference"] == "tumour_only" else "",
        f"few reads: {reads:.0f} in the median target bin" if reads < _FEW_READS else "",
        f"noisy: neighbouring bins differ by {noise:.2f}" if noise > _NOISY else "",
        f"few places with two alleles: {usable}" if usable < _FEW_PLACES else "",
        _doubt_of_places(snp_counts) if usable else "",
        *limits,
    ]
    row = {name: facts.get(name, np.nan) for name in COPY_NUMBER_QUALITY.columns}
    row |= {
        "noise": noise,
        "bins": len(bins),
        "target_bins": len(targets),
        "snps": usable,
        "limits": "; ".join(filter(None, said)),
    }
    return COPY_NUMBER_QUALITY.conform(pd.DataFrame([row]))
