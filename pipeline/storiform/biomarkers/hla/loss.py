"""Which HLA alleles of class I the tumour has lost."""

from dataclasses import replace

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.biomarkers.hla.discordances import doubt_genes, part_persons
from storiform.biomarkers.hla.loss_evidence import (
    Gene,
    Purity,
    agree,
    blank_row,
    depth_noise,
    gather_genes,
    purity_of,
    segment_of,
)
from storiform.biomarkers.hla.loss_model import (
    GeneCounts,
    Posterior,
    copies_interval,
    imbalance_p,
    imbalance_z,
    is_too_shallow,
    of_normal_cells,
    posteriors,
    smallest_excluded_loss,
)
from storiform.biomarkers.hla.loss_states import LossRules
from storiform.model.params import Fraction, Params
from storiform.model.tables.copies import Pathology
from storiform.model.tables.copy_calls import CopyNumberFit, CopyNumberSegments
from storiform.model.tables.hla import (
    HLA_GENE_LOH,
    HlaCalls,
    HlaDiscordances,
    HlaFragments,
    HlaGeneLoh,
)
from storiform.model.tables.proteins import HlaTypes

_NEARLY = 0.3
"""P value up to which a gene follows where all genes together are out of balance."""


class HlaLossParams(Params):
    """When an allele is called lost, and what is expected before its fragments are counted."""

    prior_loss: float = Field(
        0.15, gt=0.0, le=0.9, description="probability of a gene's loss of one allele, before"
    )
    prior_deletion: float = Field(
        0.005, gt=0.0, le=0.09, description="probability that both alleles are lost, before"
    )
    prior_subclonal: Fraction = Field(
        0.3, description="share of losses that only some of the tumour's cells have"
    )
    prior_apart: float = Field(
        0.15,
        ge=0.01,
        le=1.0,
        description="probability that a gene does not share the fate of its haplotype; at 1 "
        "genes tell nothing of each other",
    )
    prior_lone: Fraction = Field(
        0.5,
        description="share of losses that are of such a gene; one apart is never less often "
        "lost than one that follows, nor in more than nine of ten cases",
    )
    drift: float = Field(
        0.04,
        ge=0.0,
        le=0.5,
        description="how much the capture of an allele differs between two libraries, standard "
        "deviation of the log; overdispersion of shares",
    )
    depth_sd: float = Field(
        0.065,
        ge=0.01,
        le=1.0,
        description="the same of all HLA genes against the rest of the library: scale of a t "
        "distribution of 8 degrees of freedom, whose standard deviation is 1.15 times that; "
        "more where the errors of the biopsy's segments are larger",
    )
    gene_depth_sd: float = Field(
        0.04, ge=0.01, le=1.0, description="the same of one HLA gene against the others"
    )
    purity_sd: float = Field(
        0.06, ge=0.0, le=0.3, description="by which the purity may be too low or too high"
    )
    min_probability: Fraction = Field(0.8, description="from which a loss is called LOH")
    min_doubtful: Fraction = Field(0.5, description="from which it is called LOH?")
    max_gain_probability: Fraction = Field(
        0.05,
        description="probability up to which LOH is called that both alleles are left in "
        "different numbers: depth alone tells such a gain from a loss",
    )
    max_gain_beside_subclone: Fraction = Field(
        0.02,
        description="the same where the loss is more probably of some of the tumour's cells "
        "than of all: some share of them fits any gain, at any purity",
    )
    full_depth_fragments: int = Field(
        1_000,
        ge=1,
        le=1_000_000,
        description="fragments of a gene, harmonic mean of tumour and normal, below which "
        "both limits fall in proportion: by fewer, more gains pass for losses",
    )
    max_loss_p: Fraction = Field(
        0.1, description="p value of the gene's imbalance up to which LOH is called"
    )
    max_imbalance_p: Fraction = Field(
        0.01,
        description="the same for IMBALANCE; LOH is also called if the p value of all genes "
        "together is as low, and that of the gene at most 0.3",
    )
    min_normal_fragments: int = Field(
        8, ge=1, le=10_000, description="fragments of each allele in the normal"
    )
    min_tumour_fragments: int = Field(
        20,
        ge=1,
        le=10_000,
        description="fragments of a gene that are expected in the tumour without any loss",
    )

    @property
    def rules(self) -> LossRules:
        """Return what the model needs of it."""
        return LossRules(
            self.prior_loss, self.prior_deletion, self.prior_subclonal, self.prior_apart,
            self.prior_lone, self.drift, self.depth_sd, self.gene_depth_sd,
        )  # fmt: skip


def hla_gene_loh(  # noqa: PLR0913, PLR0917  a step joins what all others know
    hla_fragments: HlaFragments,
    hla_types: HlaTypes,
    copy_number_fit: CopyNumberFit | None,
    copy_number_segments: CopyNumberSegments | None,
    pathology: Pathology | None,
    hla_discordances: HlaDiscordances | None,
    hla_calls: HlaCalls | None,
    params: HlaLossParams,
) -> HlaGeneLoh:
    """Tell for each gene of class I whether the tumour has lost an allele.

    The normal tells how well each allele is captured. Copies of both in a share of the
    tumour's cells foretell, by purity and ploidy, their shares of fragments, beta-binomial, and
    the gene's depth, log-normal. Without a purity the call is by imbalance alone.

    Parameters
    ----------
    hla_fragments
        Fragments of each allele in tumour and normal.
    hla_types
        The patient's alleles.
    copy_number_fit, copy_number_segments
        Purity and ploidy; and the segments, which tell how much of the tumour's library is of
        amplified genes and how noisy its depth is, and beside which the call is shown.
    pathology
        Purity of the sheet, which is used where the fit has none.
    hla_discordances, hla_calls
        Given alleles that are not those of the reads, and what each sample's reads tell: a gene
        of which none fits is not judged, and none at all of a tumour of another person.
    params
        Priors, spreads and thresholds.

    Returns
    -------
    HlaGeneLoh
        A row for each of A, B and C, also where nothing can be told.

    References
    ----------
    McGranahan et al., Cell 171, 1259-1271 (2017), doi:10.1016/j.cell.2017.10.001.
    """
    genes = gather_genes(
        hla_fragments, hla_types, copy_number_segments, params.min_normal_fragments,
        params.min_tumour_fragments,
    )  # fmt: skip
    genes = doubt_genes(genes, hla_discordances)
    genes = part_persons(genes, hla_calls, params.min_probability)
    purity = purity_of(copy_number_fit, pathology, params.purity_sd)
    rules = params.rules.with_noise(depth_noise(copy_number_segments))
    genes = [_captured(gene, purity, rules) for gene in genes]
    usable = [gene for gene in genes if not gene.reason]
    z = [imbalance_z(gene.counts, params.drift) for gene in usable]
    pooled = imbalance_p(z) if z else 1.0
    judged = _Judged(params, rules, purity, usable)
    rows = []
    for gene in genes:
        row = {**blank_row(gene, purity), **segment_of(copy_number_segments, gene.name)}
        if not gene.reason:
            number = usable.index(gene)
            row["imbalance_p"] = p = imbalance_p([z[number]])
            if purity.is_known:
                row |= _told(gene, judged, number, (p, pooled))
            else:
                row |= _by_imbalance(gene, params, is_uneven=p <= params.max_imbalance_p)
        row["is_consistent"] = agree(row)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(HLA_GENE_LOH.columns))


def _captured(gene: Gene, purity: Purity, rules: LossRules) -> Gene:
    """Say of a gene that the tumour has less of it than its normal cells give."""
    if gene.reason or not purity.is_known:
        return gene
    samples = [one.sample(gene.library) for one in (purity, *purity.alternatives)]
    expected = of_normal_cells(gene.counts, samples)
    if not is_too_shallow(gene.counts, expected, rules):
        return gene
    reason = (
        f"{gene.counts.depths[1]:.0f} fragments in the tumour, of its normal cells alone at "
        f"least {expected:.0f} are expected: is the gene captured in it, or its purity higher?"
    )
    return replace(gene, reason=reason)


class _Judged:
    """What the model finds of the usable genes.

    `found` is of the purity and ploidy that are used, `others` of further ones that may be
    right as well.
    """

    def __init__(
        self, params: HlaLossParams, rules: LossRules, purity: Purity, genes: list[Gene]
    ) -> None:
        self.params, self.rules, self.purity = params, rules, purity
        library = genes[0].library if genes else np.nan
        counts = [gene.counts for gene in genes]
        self.sample = purity.sample(library)
        is_told = bool(genes) and purity.is_known
        self.found = posteriors(counts, self.sample, rules) if is_told else []
        self.others = [
            (other, posteriors(counts, other.sample(library), rules))
            for other in (purity.alternatives if is_told else ())
        ]


def _told(
    gene: Gene, judged: _Judged, number: int, p: tuple[float, float]
) -> dict[str, object]:
    """Return what the model tells of a gene; `p` are its p value and that of all genes."""
    found, params, rules = judged.found[number], judged.params, judged.rules
    call, doubts = _doubted(judged, number, p, gene.counts)
    copies = [copies_interval(gene.counts, side, judged.sample, rules) for side in (0, 1)]
    limits = [*gene.limits, *judged.purity.limits, *doubts]
    if np.isnan(gene.library):
        limits.append("the size of the libraries is not known: depth was not used")
    elif rules != params.rules:
        limits.append(f"depths of this biopsy are noisy: by {rules.offset_sd:.0%}")
    undecided = found.loss + found.deletion
    if call in {"RETAINED", "IMBALANCE"} and undecided > 1.0 - params.min_probability:
        limits.append(f"a loss cannot be excluded: probability {undecided:.2f}")
    side = int(found.lost[1] > found.lost[0])
    return {
        "call": call, "probability": found.loss, "homdel_probability": found.deletion,
        "lost_probability_1": _probability(found.lost[0] + found.deletion),
        "lost_probability_2": _probability(found.lost[1] + found.deletion),
        "clonal_fraction": found.clonal_fraction, "limits": "; ".join(limits),
        "lost_allele": gene.alleles[side] if call in {"LOH", "LOH?"} else "",
        "copies_1_low": copies[0][0], "copies_1": copies[0][1], "copies_1_high": copies[0][2],
        "copies_2_low": copies[1][0], "copies_2": copies[1][1], "copies_2_high": copies[1][2],
    }  # fmt: skip


def _probability(total: float) -> float:
    """Return a sum of probabilities without what rounding adds; NaN stays."""
    return float(np.clip(total, 0.0, 1.0))


def _most_gain(found: Posterior, counts: GeneCounts, params: HlaLossParams) -> float:
    """Return the probability of a gain up to which LOH is called."""
    is_clonal = found.clonal_loss > found.loss / 2.0
    most = params.max_gain_probability if is_clonal else params.max_gain_beside_subclone
    return most * min(counts.fragments / params.full_depth_fragments, 1.0)


def _doubted(
    judged: _Judged, number: int, p: tuple[float, float], counts: GeneCounts
) -> tuple[str, tuple[str, ...]]:
    """Return the call of a gene, and how it depends on which purity and ploidy are right.

    A loss that is none by another solution is doubtful; where there is none by the one that
    is used, the solution by which there is one most probably is named.
    """
    call = _call(judged.found[number], judged.params, p, counts)
    told = [
        (found[number].loss, _call(found[number], judged.params, p, counts), other)
        for other, found in judged.others
    ]
    is_lost = call == "LOH"
    against = [one for one in told if (one[1] == "LOH") != is_lost]
    if not against or call in {"HOMDEL", "LOH?"}:
        return call, ()
    chance, _, other = (min if is_lost else max)(against, key=lambda one: one[0])
    words = f"at purity {other.value:.2f} and ploidy {other.ploidy:.1f}"
    limit = f"{words} the probability of a loss is {chance:.2f}"
    return "LOH?" if is_lost else call, (limit,)


def _call(
    found: Posterior, params: HlaLossParams, p: tuple[float, float], counts: GeneCounts
) -> str:
    """Name the state of a gene; `p` are its P value and that of all genes.

    A gene in balance is kept from LOH by the p value, a gained one by the probability of that:
    losses of .8 may be wrong once in five, but nearly all of these would be gained genes.
    """
    own, pooled = p
    nearly = _NEARLY if pooled <= params.max_imbalance_p else 0.0
    is_uneven = own <= max(params.max_loss_p, nearly)
    if found.deletion >= params.min_probability:
        return "HOMDEL"
    is_told = found.loss >= params.min_probability
    if is_told and is_uneven and found.imbalance <= _most_gain(found, counts, params):
        return "LOH"
    if found.loss >= params.min_doubtful:
        return "LOH?"
    if found.imbalance >= params.min_probability and own <= params.max_imbalance_p:
        return "IMBALANCE"
    return "RETAINED"


def _by_imbalance(gene: Gene, params: HlaLossParams, *, is_uneven: bool) -> dict[str, object]:
    """Return what can be told without a purity: whether the alleles are out of balance."""
    words = "purity is not known: by imbalance alone"
    if is_uneven:
        limits = [*gene.limits, f"{words}, which may be a loss or a gain"]
        return {"call": "IMBALANCE", "limits": "; ".join(limits)}
    least = smallest_excluded_loss(gene.counts, params.drift)
    if least <= params.min_doubtful:
        limits = [*gene.limits, f"{words}; a loss in {least:.0%} of all cells is excluded"]
        return {"call": "RETAINED", "limits": "; ".join(limits)}
    share = f"{params.min_doubtful:.0%}"
    reason = f"purity is not known, and a loss in {share} of all cells is not excluded"
    return {"call": "NA", "reason": reason}
