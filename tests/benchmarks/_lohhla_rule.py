"""The decision rule of LOHHLA, written anew from its paper, on the fragments of our table.

McGranahan et al., Cell 171, 1259-1271 (2017), doi:10.1016/j.cell.2017.10.001.

Theirs: sites where the alleles differ and each has a coverage of more than 30 in the normal
(the default of ``minCoverageFilter``); the log ratio of tumour and normal at each, of reads
each of which counts at one site only, with one read added to each count; a paired t test of
the two alleles over sites (``PVal_unique``); copies of both alleles by the median over bins of
150 bases, from the bin's depth and the share of the first allele, which is not corrected for
capture. An allele is lost if its copies are below 0.5 and P is below 0.01. Some who use the
program take 0.05: `RuleCall.is_lost` can be asked for either.

Ours: which fragments there are, and for which allele they speak (theirs are mapped, each read
with one mismatch at most); fragments count once where theirs are mates. Our table tells the
stretch of 150 bases in which a fragment lies, not the sites that it covers: it is dealt to
one of the stretch's sites by chance, all alike. Theirs go to the first site that they cover,
of which some have few; the even deal makes ratios less noisy, which is in the rule's favour.
Coverage at sites is taken to be that of the stretch.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_rel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COVERAGE = 30.0
"""More than that each allele has in the normal at a site that is used."""
P_PAPER, P_LOOSE = 0.01, 0.05
_COPIES = 0.5
_SOME = 1e-4


@dataclass(frozen=True)
class RuleCall:
    """The allele with fewer copies, copies of both, the P value and the number of sites.

    Copies and P value are missing where no site, or one alone, is covered.
    """

    allele: str
    copies: tuple[float, float]
    p: float
    sites: int

    def is_lost(self, limit: float = P_PAPER) -> bool:
        """Tell whether the allele is lost by a limit of the P value."""
        return min(self.copies) < _COPIES and self.p < limit


def lohhla_rule(
    own: pd.DataFrame, purity: float, ploidy: float, bases_read: int = 200
) -> RuleCall:
    """Apply the rule to the rows of `hla_fragments` of one gene.

    Parameters
    ----------
    own
        Rows of a gene with two alleles.
    purity, ploidy
        As the program is told them.
    bases_read
        Of each fragment, both mates together.
    """
    one, two = sorted(own["allele"].unique())
    n1, n2, t1, t2 = (
        _column(own, role, allele, "fragments")
        for role in ("normal", "tumour")
        for allele in (one, two)
    )
    starts = n1.index.intersection(n2.index)
    normal, tumour = (
        np.array([pair[0].reindex(starts), pair[1].reindex(starts)], dtype=np.int64)
        for pair in ((n1, n2), (t1, t2))
    )
    sites = np.array(
        [_column(own, "normal", allele, "sites").reindex(starts) for allele in (one, two)]
    ).min(axis=0)
    ends = _column(own, "normal", one, "end").reindex(starts)
    coverage = normal * bases_read / (ends - starts).to_numpy()
    used = (coverage > COVERAGE).all(axis=0) & (sites > 0)
    number = int(sites[used].sum())
    if number <= 1:
        return RuleCall("", (np.nan, np.nan), np.nan, number)
    normal, tumour, sites = normal[:, used], tumour[:, used], sites[used]
    sizes = own.groupby("role")["library_fragments"].max()
    library = float(sizes["normal"] / sizes["tumour"])
    # By the counts: one deal for all genes would make the same mistake with each of them.
    rng = np.random.default_rng([*normal.ravel().tolist(), *tumour.ravel().tolist()])
    first, second = (
        _ratios(normal[side], tumour[side], sites, library, rng) for side in (0, 1)
    )
    copies = _copies(normal, tumour, library, purity, ploidy)
    p = float(ttest_rel(first, second).pvalue)
    return RuleCall(one if copies[0] < copies[1] else two, copies, p, number)


def _column(own: pd.DataFrame, role: str, allele: str, name: str) -> "pd.Series[int]":
    """Return a column of an allele in one sample, by the start of stretches."""
    rows = own[own["role"].eq(role) & own["allele"].eq(allele)]
    return rows.set_index("start")[name].sort_index()


def _ratios(
    normal: Ints, tumour: Ints, sites: Ints, library: float, rng: np.random.Generator
) -> Floats:
    """Return the log2 ratio at each site; each fragment of a stretch is at one of its sites."""
    counts = [
        np.concatenate(
            [rng.multinomial(n, np.full(k, 1 / k)) for n, k in zip(own, sites, strict=True)]
        )
        + 1.0
        for own in (normal, tumour)
    ]
    return np.asarray(np.log2((counts[1] / counts[0] + _SOME) * library), dtype=np.float64)


def _copies(
    normal: Ints, tumour: Ints, library: float, purity: float, ploidy: float
) -> tuple[float, float]:
    """Return the copies of both alleles, medians over stretches."""
    total = tumour.sum(axis=0)
    depth = total / normal.sum(axis=0) * library
    share = tumour[0] / np.maximum(total, 1)
    scaled = depth * (2.0 * (1.0 - purity) + purity * ploidy)
    one, two = (
        float(np.median((purity - 1.0 + part * scaled) / purity))
        for part in (share, 1.0 - share)
    )
    return one, two
