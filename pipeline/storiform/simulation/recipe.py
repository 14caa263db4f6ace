"""The numbers that a simulated trial is made by, all in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How strong, how often, how much; the methods page says how they were chosen.

    Latent features are standard normal over patients; `b_lineage` and `burden` share the
    variance `shared`, all other populations are independent of each other and of outcome.
    """

    shared: float = 0.4
    """Correlation of the latent B-lineage abundance with the latent mutation rate."""
    weight_b: float = 1.0
    """Weight of B-lineage abundance in the propensity to respond."""
    weight_burden: float = 0.8
    """Weight of the latent mutation rate in the propensity to respond."""
    response_noise: float = 0.3
    """Standard deviation of what else decides the response."""
    response_rate: float = 0.35
    """Share of patients with CR or PR."""
    control_rate: float = 0.8
    """Share of patients with CR, PR or SD."""
    hazard_b: float = -1.3
    """Log hazard ratio of progression and death per unit of B-lineage abundance."""
    hazard_burden: float = -1.1
    """Log hazard ratio of progression and death per unit of latent mutation rate."""
    pfs_scale: float = 7.0
    """Scale of the Weibull time to progression, months."""
    pfs_shape: float = 1.3
    """Shape of the Weibull time to progression."""
    rate_median: float = 5.5
    """Median planted rate of nonsynonymous mutations per megabase."""
    rate_log_sd: float = 0.8
    """Standard deviation of the planted log rate over patients."""
    genes: int = 9000
    """Genes of the count matrix."""
    captured: int = 1500
    """Genes of the capture panel, four exons each."""
    abundance_log2: float = 1.0
    """log2 fold change of a marker per unit of its population's latent abundance."""
    share_dna_only: float = 0.06
    share_rna_only: float = 0.06
    share_not_evaluable: float = 0.04
    share_on_treatment: float = 0.12
    share_maf: float = 0.25
    share_salmon: float = 0.1
    """Shares of patients of each kind; at least one of each from 20 patients on."""
