"""Purity, ploidy and the copies of each segment."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.biomarkers.copy_number.evidence import (
    Evidence,
    gathered_evidence,
    mutation_evidence,
)
from storiform.biomarkers.copy_number.imported import (
    centred,
    imported_segments,
    mean_copies,
    usual_x,
)
from storiform.biomarkers.copy_number.states import (
    MODEL_SD,
    Copies,
    allele_weights,
    called_copies,
    called_sd,
    copies_table,
    over_solutions,
    state_rules,
)
from storiform.biomarkers.copy_number.summary import Answer, doubted, fit_table, with_limits
from storiform.biomarkers.copy_number.surface import (
    Deepest,
    Model,
    Stated,
    Surface,
    searched_surface,
)
from storiform.kernels.purity import SegmentEvidence
from storiform.model.copies import raw_copies
from storiform.model.params import Fraction, Params
from storiform.model.step import needs_one_of
from storiform.model.tables.clinic import StatedSex
from storiform.model.tables.copies import (
    CopyNumberQuality,
    GivenFit,
    GivenSegments,
    Pathology,
    RawSegments,
    SnpCounts,
)
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_SEGMENTS,
    COPY_NUMBER_SURFACE,
    CopyNumberFit,
    CopyNumberSegments,
    CopyNumberSurface,
)
from storiform.model.tables.dna import SomaticVariants

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TWO_SIDED = 1.96
_LEAST_SHARE, _LEAST_BINS = 7e-4, 20
_USUAL_SHARE = 0.007
_THINNED = 2
_DEEP_BINS = 10
"""Bins of a segment whose depth bounds the purity from below."""


class CopyNumberFitParams(Params):
    """How purity and ploidy are sought, and when the answer is withheld."""

    segment_weight: float = Field(
        0.5, gt=0.0, le=2.0,
        description="by how much ln likelihoods of segments count: errors that no model "
        "foresees are shared by segments; from simulated exomes",
    )  # fmt: skip
    mutation_weight: float = Field(
        0.5, ge=0.0, le=2.0,
        description="by how much ln likelihoods of somatic mutations count; 0: not at all",
    )  # fmt: skip
    max_mutations: int = Field(
        200, ge=0, le=100_000, description="mutations that are used, the deepest first"
    )
    max_snps: float = Field(
        70.0, ge=1.0, le=1e6,
        description="places as which the alleles of a segment count at most: beyond these a "
        "bias that all share bounds what they tell",
    )  # fmt: skip
    subclonal_share: Fraction = Field(
        0.05, description="share of segments beforehand that no whole number explains"
    )
    ambiguous_distance: float = Field(
        5.0, ge=0.0, le=1000.0,
        description="ln likelihood within which a second optimum makes the fit ambiguous",
    )  # fmt: skip
    max_interval: Fraction = Field(
        0.4,
        description="width of the 95 % interval of the purity above which it is withheld; of "
        "several that lie apart, the one about the best, and twice as much for all",
    )
    min_purity: Fraction = Field(
        0.1, description="purity below which the tumour is not told from noise: withheld"
    )


class CopyNumberFitTables(NamedTuple):
    """What the step makes."""

    fit: CopyNumberFit
    surface: CopyNumberSurface
    segments: CopyNumberSegments


@needs_one_of("raw_segments", "given_segments")
def copy_number_fit(  # noqa: PLR0913, PLR0917  a step may take more tables than a helper
    raw_segments: RawSegments | None,
    snp_counts: SnpCounts | None,
    copy_number_quality: CopyNumberQuality | None,
    variants: SomaticVariants | None,
    pathology: Pathology | None,
    given_fit: GivenFit | None,
    given_segments: GivenSegments | None,
    stated_sex: StatedSex | None,
    params: CopyNumberFitParams,
) -> CopyNumberFitTables:
    """Find purity and ploidy, and the whole copies of each segment.

    A grid of purities and ploidies is scored: each segment's log ratio (Student t about that
    of its copies), its alleles (folded beta-binomial) and the reads of its somatic mutations,
    summed over all whole numbers of copies and a state that none explains, for quiet, usual,
    chaotic and doubled genomes. The best optima are refined. A flat surface, as of a quiet
    genome without mutations, gives no purity.

    Parameters
    ----------
    raw_segments, snp_counts
        Stretches between change points, and reads of two alleles, or None.
    copy_number_quality
        Sex, reference and limits of the log ratios, or None.
    variants
        Somatic calls; the eligible ones are used. None: without them.
    pathology
        Purity and ploidy of the sample sheet, each a prior, or None.
    given_fit, given_segments
        Another program's, which replace ours, or None.
    stated_sex
        The stated sex, where the reads do not tell; or None.
    params
        How the answer is sought, and when it is withheld.

    Returns
    -------
    CopyNumberFitTables
        One row with the fit and its limits; the surface; the segments.

    Warnings
    --------
    Another purity and ploidy may fit as well (`is_ambiguous`). A quiet genome without
    mutations tells no purity.

    References
    ----------
    Carter et al., Nature Biotechnology 30, 413-421 (2012), doi:10.1038/nbt.2203.
    Riester et al., Source Code for Biology and Medicine 11, 13 (2016),
    doi:10.1186/s13029-016-0060-z.
    """
    answer = Answer.of(copy_number_quality, stated_sex, given_fit)
    if given_segments is not None and not given_segments.empty:
        given = given_segments.assign(log2=centred(given_segments))
        given, told = usual_x(given, answer.sex)
        answer = answer.limited(*told)
        segments = imported_segments(given, answer.purity, answer.ploidy, answer.sex)
        if segments["total"].notna().any():
            ploidy = mean_copies(segments) if np.isnan(answer.ploidy) else answer.ploidy
            answer = replace(answer, method="given", ploidy=ploidy)
        if np.isnan(answer.purity):
            answer = answer.limited("the given segments come with no purity")
        return _tables(answer, segments, None)
    if raw_segments is None or raw_segments.empty:
        nothing = answer.limited("no log ratios and no segments")
        return _tables(nothing, COPY_NUMBER_SEGMENTS.empty(), None)
    evidence = gathered_evidence(raw_segments, snp_counts, answer.sex)
    if answer.is_given:
        answer = doubted(replace(answer, method="given"), evidence)
        return _tables(answer, _called(evidence, answer, params, None), None)
    used = used_segments(evidence)
    if not len(used):
        few = answer.limited("too few bins for a purity")
        return _tables(few, _called(evidence, few, params, None), None)
    stated = _stated(pathology)
    model = _model(evidence, used, variants, (stated, params))
    surface = searched_surface(model)
    limits = (params.max_interval, params.min_purity, params.ambiguous_distance)
    answer = answer.fitted(surface, stated, limits)
    answer = with_limits(answer, evidence, len(model.mutations.segments))
    answer = doubted(answer, evidence)
    return _tables(answer, _called(evidence, answer, params, surface), surface)


def used_segments(evidence: Evidence) -> Ints:
    """Return the rows of segments that help to find the purity.

    Those of autosomes long enough for their mean to be trusted, by their share of what was
    measured, so that small genomes work too.
    """
    bins = evidence.segments["bins"].to_numpy(dtype=np.int64)
    return np.flatnonzero((evidence.weight >= _LEAST_SHARE) & (bins >= _LEAST_BINS))


def _stated(pathology: pd.DataFrame | None) -> Stated:
    if pathology is None or pathology.empty:
        return Stated()
    return Stated(float(pathology["purity"].iloc[0]), float(pathology["ploidy"].iloc[0]))


def _model(
    evidence: Evidence,
    used: Ints,
    variants: pd.DataFrame | None,
    asked: tuple[Stated, CopyNumberFitParams],
) -> Model:
    """Return what the grid is scored with.

    A segment counts by the root of its share of the genome, from .2 to 2: long ones are
    measured better, but not as much as their length says.
    """
    stated, params = asked
    states, kinds = state_rules(params.subclonal_share)
    weight = np.clip(np.sqrt(evidence.weight[used] / _USUAL_SHARE), 0.2, 2.0)
    tempered = allele_weights(evidence.snps[used], params.max_snps)
    segments = SegmentEvidence(
        evidence.log2[used],
        evidence.variance[used] + MODEL_SD**2,
        weight * params.segment_weight,
        evidence.normal[used],
        np.ascontiguousarray(evidence.shares[used] * tempered[:, None]),
    )
    settings = (params.max_mutations, params.mutation_weight)
    mutations = mutation_evidence(evidence, used, variants, settings)
    return Model(segments, mutations, states, kinds, stated, _deepest(evidence))


def _deepest(evidence: Evidence) -> Deepest:
    """Find the lowest segment of the autosomes that is no accident of a few bins."""
    is_sound = (evidence.weight > 0) & (evidence.segments["bins"].to_numpy() >= _DEEP_BINS)
    if not is_sound.any():
        return Deepest()
    rows = np.flatnonzero(is_sound)
    row = int(rows[evidence.log2[rows].argmin()])
    return Deepest(float(evidence.log2[row]), float(max(called_sd(evidence)[row], MODEL_SD)))


def _called(
    evidence: Evidence, answer: Answer, params: CopyNumberFitParams, surface: Surface | None
) -> pd.DataFrame:
    """Return the segments with their copies, or without where no purity is known."""
    missing = np.full(len(evidence.segments), np.nan)
    if not answer.is_given:
        nothing = Copies(missing, missing, missing, missing, np.zeros(len(missing), dtype=bool))
        return copies_table(evidence, nothing, (missing, missing))
    settings = (params.max_snps, params.subclonal_share)
    copies = called_copies(evidence, answer.purity, answer.ploidy, settings)
    others = [
        (called_copies(evidence, purity, ploidy, settings), float(np.exp(score)))
        for purity, ploidy, score in answer.alternatives
    ]
    copies = over_solutions(copies, others)
    normal = np.nan_to_num(evidence.normal, nan=2.0)
    rest = normal * (1.0 - answer.purity) / answer.purity
    sd = np.log(2.0) * called_sd(evidence) * (copies.raw + rest)
    below, above = _TWO_SIDED * sd, _TWO_SIDED * sd
    if surface is not None:
        for purity in (answer.lower, answer.upper):
            raw = raw_copies(evidence.log2, purity, surface.ploidy_at(purity), normal)
            off = raw - copies.raw
            below = np.hypot(below, np.minimum(off, 0.0))
            above = np.hypot(above, np.maximum(off, 0.0))
    bounds = (np.maximum(copies.raw - below, 0.0), copies.raw + above)
    return copies_table(evidence, copies, bounds)


def _tables(
    answer: Answer, segments: pd.DataFrame, surface: Surface | None
) -> CopyNumberFitTables:
    """Return the three tables."""
    drawn = COPY_NUMBER_SURFACE.empty() if surface is None else surface.thinned(_THINNED)
    return CopyNumberFitTables(fit_table(answer, segments), drawn, segments)
