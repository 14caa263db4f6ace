"""Reads of two alleles: which places tell of copies, and how likely a share of the major is.

At a place where the patient's normal carries two alleles, the tumour's reads of one of them
follow a beta-binomial about the share of the copies that it has. Which of the two is the major
allele is not known, so the likelihood is folded: the mean of both ways round.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy import special

from storiform.model.errors import InputError, fault
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.copies import SNP_COUNTS, GivenSnps, SnpCounts
from storiform.model.tables.reads import GermlineAlleles, GermlineSites

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CONCENTRATION = 150.0
"""Beta-binomial a + b of real exomes, where a patient's own places are too few to tell."""

_BOUNDS = (40.0, 2000.0)
_FEWEST_PLACES = 50
_DEEPEST = 2000
_LARGEST_DEVIATION = 12.0
_STRAYS = 0.01
_BASES = ("a", "c", "g", "t")
_COUNTS = ("normal_1", "normal_2", "tumour_1", "tumour_2")


class AllelesParams(Params):
    """Which places with counts of two alleles are used for copy number."""

    min_normal_depth: Depth = Field(
        15, description="reads of both alleles that the normal must have"
    )
    min_tumour_depth: Depth = Field(
        8, description="reads of both alleles that the tumour must have"
    )
    min_normal_share: Fraction = Field(
        0.3, description="share of the normal's reads that the rarer allele must have"
    )
    min_tumour_share: Fraction = Field(
        0.1,
        description="without a normal: share of the tumour's reads that the rarer allele must "
        "have, so that errors and most somatic mutations stay out",
    )


_BLOCK, _MOST_BLOCKS = 50, 160
"""Neighbouring places that are taken to be of one segment, and how many such are used."""
_BLOCK_SHARES = np.linspace(0.5, 0.98, 25)
_CONCENTRATIONS = np.array([25.0, 35, 50, 60, 70, 85, 100, 120, 140, 170, 200, 300, 500])


class AlleleModel(NamedTuple):
    """How reads of alleles scatter: the beta-binomial's a + b, and the pull of the reference.

    `reference_logit` is the logit of the reference allele's share at places of two alleles
    in the normal; below 0 where its alternative is favoured.
    """

    concentration: float = CONCENTRATION
    reference_logit: float = 0.0


def snp_counts(
    given_snps: GivenSnps | None,
    germline_sites: GermlineSites | None,
    germline_alleles: GermlineAlleles | None,
    params: AllelesParams,
) -> SnpCounts:
    """Gather the reads of two alleles in normal and tumour, and mark usable places.

    Parameters
    ----------
    given_snps
        Counts of a file of the sample sheet; they are used where given. Places with one
        allele in the normal stay: they tell of depth.
    germline_sites
        Places where the patient's normal has two alleles; the homozygous are left out.
    germline_alleles
        Bases of the tumour (exome) at these places.
    params
        Which places are used.

    Returns
    -------
    SnpCounts
        One row per place; `is_usable` where the shares of its alleles tell of copies.

    Raises
    ------
    InputError
        If a count is negative.
    """
    if given_snps is not None and not given_snps.empty:
        places = given_snps
        if (places[list(_COUNTS)].to_numpy(dtype=np.int64) < 0).any():
            found, remedy = "a negative number of reads", "Correct the file of allele counts."
            raise InputError(fault("allele counts", found, "numbers from 0 up", remedy))
    else:
        places = _counted(germline_sites, germline_alleles)
    return SNP_COUNTS.conform(
        places[[name for name in SNP_COUNTS.columns if name != "is_usable"]].assign(
            is_usable=usable_places(places, params)
        )
    )


def usable_places(places: pd.DataFrame, params: AllelesParams) -> Flags:
    """Tell at which places the shares of alleles tell of copies.

    With a normal: where it is heterozygous by its depth and the share of its rarer allele.
    Without one: where both alleles are seen in the tumour; a place that lost one of them
    in nearly all cells cannot be told from one that never had two.
    """
    normal_1, normal_2, tumour_1, tumour_2 = (
        places[name].to_numpy(dtype=np.int64) for name in _COUNTS
    )
    deep = tumour_1 + tumour_2 >= max(params.min_tumour_depth, 1)
    normal = normal_1 + normal_2
    if not normal.any():
        share = np.minimum(tumour_1, tumour_2) / np.maximum(tumour_1 + tumour_2, 1)
        return np.asarray(deep & (share >= params.min_tumour_share) & (share > 0))
    share = np.minimum(normal_1, normal_2) / np.maximum(normal, 1)
    two = (normal >= max(params.min_normal_depth, 1)) & (share > 0)
    return np.asarray(deep & two & (share >= params.min_normal_share))


def fitted_model(places: pd.DataFrame) -> AlleleModel:
    """Measure scatter and reference bias on the usable places of the normal and the tumour.

    Of the normal by moments: with q the mean share and n reads, the mean of
    (share - q)^2 n / (q (1 - q)) is 1 + (n - 1) / (a + b + 1). A tumour fixed in formalin
    scatters more, which would pass for unequal copies: its reference bias is its own, and its
    scatter counts where it is the greater. Without a normal, or with few places, the usual
    values are taken for the normal's.
    """
    usable = places[places["is_usable"].to_numpy(dtype=bool)]
    usable = usable.sort_values(["contig", "start"], kind="stable")
    model = _normal_model(usable)
    if len(usable) < _FEWEST_PLACES:
        return model
    first, second = _bounded(usable)
    known = usable["is_reference_first"].to_numpy(dtype=bool)
    pull = model.reference_logit
    if known.sum() >= _FEWEST_PLACES:
        pull = float(special.logit(first[known].sum() / (first + second)[known].sum()))
    scatter = _tumour_concentration(first, second, np.where(known, pull, 0.0))
    return AlleleModel(min(model.concentration, scatter), pull)


def _normal_model(usable: pd.DataFrame) -> AlleleModel:
    first = usable["normal_1"].to_numpy(dtype=np.float64)
    depth = first + usable["normal_2"].to_numpy(dtype=np.float64)
    if len(usable) < _FEWEST_PLACES or not depth.all():
        return AlleleModel()
    known = usable["is_reference_first"].to_numpy(dtype=bool)
    pull = 0.0
    if known.sum() >= _FEWEST_PLACES:
        pull = float(special.logit(first[known].sum() / depth[known].sum()))
    centre = special.expit(np.where(known, pull, 0.0))
    squares = (first / depth - centre) ** 2 * depth / (centre * (1.0 - centre))
    excess = float(np.minimum(squares, _LARGEST_DEVIATION).mean()) - 1.0
    concentration = (depth.mean() - 1.0) / max(excess, 1e-6) - 1.0
    return AlleleModel(float(np.clip(concentration, *_BOUNDS)), pull)


def _tumour_concentration(first: Ints, second: Ints, pulls: Floats) -> float:
    """Return the likeliest a + b of the tumour where neighbours share their copies.

    Places are taken in blocks, each free in its share of the major allele, so that no
    segments need be known.
    """
    blocks = len(first) // _BLOCK
    step = max(1, blocks // _MOST_BLOCKS)
    rows = np.arange(blocks * _BLOCK).reshape(-1, _BLOCK)[::step].ravel()
    first, second, pulls = first[rows], second[rows], pulls[rows]
    found = []
    for concentration in _CONCENTRATIONS:
        each = np.empty((len(rows), len(_BLOCK_SHARES)))
        for pull in np.unique(pulls):
            mine = pulls == pull
            scatter = (float(concentration), float(pull))
            each[mine] = _folded(first[mine], second[mine], _BLOCK_SHARES, scatter)
        of_block = each.reshape(-1, _BLOCK, len(_BLOCK_SHARES)).sum(axis=1)
        found.append(float(special.logsumexp(of_block, axis=1).sum()))
    return float(_CONCENTRATIONS[int(np.argmax(found))])


def share_log_likelihoods(places: pd.DataFrame, shares: Floats, model: AlleleModel) -> Floats:
    """Return the log likelihood of the tumour's reads at each share of the major allele.

    Parameters
    ----------
    places
        (n,) rows of `SnpCounts`.
    shares
        (k,) shares of the major allele, from one half up to below 1.
    model
        Scatter and reference bias.

    Returns
    -------
    Floats
        (n, k), less the value at the first share. A hundredth of the places may have any
        share, so that a single false one decides nothing.

    Examples
    --------
    >>> counts = {"tumour_1": [20, 33], "tumour_2": [20, 7], "is_reference_first": [False] * 2}
    >>> shares = np.array([0.5, 0.65, 0.8])
    >>> found = share_log_likelihoods(pd.DataFrame(counts), shares, AlleleModel())
    >>> shares[found.argmax(axis=1)].tolist()
    [0.5, 0.8]
    """
    first, second = _bounded(places)
    known = places["is_reference_first"].to_numpy(dtype=bool)
    found = np.zeros((len(places), len(shares)))
    for rows, pull in ((known, model.reference_logit), (~known, 0.0)):
        if rows.any():
            found[rows] = _folded(
                first[rows], second[rows], shares, (model.concentration, pull)
            )
    return found - found[:, :1]


def _bounded(places: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the tumour's reads of both alleles, deep places scaled down.

    Beyond some depth more reads tell no more: the beta-binomial's own scatter remains.
    """
    first = places["tumour_1"].to_numpy(dtype=np.int64)
    depth = first + places["tumour_2"].to_numpy(dtype=np.int64)
    bounded = np.minimum(depth, _DEEPEST)
    scaled = np.rint(first * (bounded / np.maximum(depth, 1))).astype(np.int64)
    return scaled, bounded - scaled


def _folded(first: Ints, second: Ints, shares: Floats, scatter: tuple[float, float]) -> Floats:
    """Return ln of the mean of both ways round, (n, k); tables of ln rising factorials.

    Many places have the same counts, so that each pair of counts is looked at once.
    """
    concentration, pull = scatter
    pairs, of_place = np.unique(first * (second.max() + 1) + second, return_inverse=True)
    first, second = np.divmod(pairs, second.max() + 1)
    depth = first + second
    logits = special.logit(shares)
    of_depth = _rising(np.array([concentration]), int(depth.max()))[0][depth]
    of_choice = special.gammaln(np.arange(depth.max() + 2.0) + 1.0)
    ways = of_choice[depth] - of_choice[first] - of_choice[second]
    either = []
    for sign in (1.0, -1.0):
        mean = special.expit(sign * logits + pull)
        with_first = _rising(mean * concentration, int(first.max()))[:, first]
        with_second = _rising((1.0 - mean) * concentration, int(second.max()))[:, second]
        either.append(with_first + with_second)
    fit = np.logaddexp(*either) - np.log(2.0) + (ways - of_depth)
    strays = np.log(_STRAYS) - np.log(depth + 1.0)
    return np.asarray(np.logaddexp(fit + np.log1p(-_STRAYS), strays).T[of_place])


def _rising(bases: Floats, highest: int) -> Floats:
    """Return ln of x (x + 1) ... (x + i - 1) for each x (k,) and i up to `highest`."""
    steps = np.log(bases[:, None] + np.arange(highest, dtype=np.float64))
    return np.hstack([np.zeros((len(bases), 1)), np.cumsum(steps, axis=1)])


def _counted(sites: pd.DataFrame | None, alleles: pd.DataFrame | None) -> pd.DataFrame:
    """Return the reads of both alleles of the heterozygous sites in normal and tumour exome.

    The reference's comes first where it is known, else the one of more reads in the normal.
    """
    if sites is None or alleles is None:
        return SNP_COUNTS.conform(pd.DataFrame(columns=list(SNP_COUNTS.columns)))
    sites = sites[sites["zygosity"].eq("heterozygous")]
    alleles = alleles[alleles["role"].eq("tumour") & alleles["assay"].eq("exome")]
    keys = ["contig", "start"]
    bases = alleles.groupby(keys, as_index=False, sort=False)[list(_BASES)].sum()
    joined = sites.merge(bases, on=keys, how="inner", validate="one_to_one")
    counts = joined[list(_BASES)].to_numpy(dtype=np.int64).reshape(-1, len(_BASES))
    letters = {letter.upper(): column for column, letter in enumerate(_BASES)}
    rows = np.arange(len(joined))
    by_normal = {
        "normal": joined[["normal_allele_1_reads", "normal_allele_2_reads"]].to_numpy(np.int64),
        "tumour": np.column_stack(
            [counts[rows, joined[name].map(letters).to_numpy(dtype=np.int64)]
             for name in ("allele_1", "allele_2")]
        ),
    }  # fmt: skip
    second = joined["reference"].eq(joined["allele_2"]).to_numpy(dtype=bool)
    ordered = {
        f"{role}_{at + 1}": np.where(second, reads[:, 1 - at], reads[:, at])
        for role, reads in by_normal.items()
        for at in (0, 1)
    }
    known = second | joined["reference"].eq(joined["allele_1"]).to_numpy(dtype=bool)
    return joined[keys].assign(**ordered, is_reference_first=known)
