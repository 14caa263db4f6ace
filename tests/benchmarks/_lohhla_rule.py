"""The decision rule of LOHHLA, written anew from its paper, on the fragments of our table.

McGranahan et al., Cell 171, 1259-1271 (2017), doi:10.1016/j.cell.2017.10.001: an allele is
lost if its copies, by the median over bins of 150 bases, are below 0.5, and if the log ratios
of the two alleles over their mismatching sites differ with P < 0.01 in a paired t test. Sites
that share fragments are counted each, as there.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_rel

Floats = NDArray[np.float64]

_FEWEST_BINS, _FEWEST_SITES, _FEWEST_FRAGMENTS = 3, 5, 4
_COPIES, _P = 0.5, 0.01
_SOME = 1e-4


class RuleCall(NamedTuple):
    """Whether an allele is lost (None: not told), which, copies of both, and the P value."""

    is_lost: bool | None
    allele: str
    copies: tuple[float, float]
    p: float


def lohhla_rule(own: pd.DataFrame, purity: float, ploidy: float) -> RuleCall:
    """Apply the rule to the rows of `hla_fragments` of one gene."""
    one, two = sorted(own["allele"].unique())
    counts = {
        (role, allele): own[own["role"].eq(role) & own["allele"].eq(allele)]
        .set_index("start")
        .sort_index()
        for role in ("normal", "tumour")
        for allele in (one, two)
    }
    starts = counts["normal", one].index.intersection(counts["normal", two].index)
    (n1, n2, t1, t2) = (
        counts[role, allele]["fragments"].reindex(starts).to_numpy(np.float64)
        for role in ("normal", "tumour")
        for allele in (one, two)
    )
    sites = counts["normal", one]["sites"].reindex(starts).to_numpy(np.int64)
    sizes = own.groupby("role")["library_fragments"].max()
    library = float(sizes["normal"] / sizes["tumour"])
    used = (n1 >= _FEWEST_FRAGMENTS) & (n2 >= _FEWEST_FRAGMENTS) & (sites > 0)
    if used.sum() < _FEWEST_BINS or sites[used].sum() < _FEWEST_SITES:
        return RuleCall(None, "", (np.nan, np.nan), np.nan)
    n1, n2, t1, t2, sites = n1[used], n2[used], t1[used], t2[used], sites[used]
    ratios = [np.log2(t / n * library + _SOME) for n, t in ((n1, t1), (n2, t2))]
    first, second = (np.repeat(ratio, sites) for ratio in ratios)
    p = float(ttest_rel(first, second).pvalue)
    depth = (t1 + t2) / (n1 + n2) * library
    share = t1 / np.maximum(t1 + t2, 1.0)
    copies = _copies(depth, share, purity, ploidy)
    is_lost = min(copies) < _COPIES and p < _P
    return RuleCall(is_lost, one if copies[0] < copies[1] else two, copies, p)


def _copies(depth: Floats, share: Floats, purity: float, ploidy: float) -> tuple[float, float]:
    """Return the copies of both alleles, medians over bins."""
    scaled = depth * (2.0 * (1.0 - purity) + purity * ploidy)
    one, two = (
        float(np.median((purity - 1.0 + part * scaled) / purity))
        for part in (share, 1.0 - share)
    )
    return one, two
