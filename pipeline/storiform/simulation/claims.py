"""Which features truly go with which outcome, and which truly do not."""

import pandas as pd

from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import Reference

BURDEN_FEATURES = ("tmb.tmb", "tmb.mutations_nonsynonymous", "tmb.mutations_coding")
NULLS = ("neutrophils", "fibroblasts", "nk_cells", "monocytic_lineage")
"""Populations of which the truth says that survival does not depend on them."""
_MOSTLY = 0.6
"""Share of a set's genes that B-lineage abundance must raise for the set to be planted."""


def associations(reference: Reference, recipe: Recipe) -> pd.DataFrame:
    """Return features with their outcome, whether planted, and the planted weight.

    A gene set is planted if most of its genes rise with B-lineage abundance, null if none
    does; nothing is claimed of the sets between. `effect` is the weight of the latent
    feature in the propensity to respond, 0 of a null feature.
    """
    rows = [(name, True, recipe.weight_burden) for name in BURDEN_FEATURES]
    for population in sorted(reference.markers):
        is_planted = population == "b_lineage"
        effect = recipe.weight_b if is_planted else 0.0
        rows.append((f"mcp_counter.{population}", is_planted, effect))
    raised = set(reference.markers["b_lineage"])
    for name, genes in reference.sets.items():
        share = len(raised.intersection(genes)) / len(genes)
        if share >= _MOSTLY:
            rows.append((f"ssgsea.{name}", True, recipe.weight_b))
        elif share == 0:
            rows.append((f"ssgsea.{name}", False, 0.0))
    claims = pd.DataFrame(rows, columns=["feature", "planted", "effect"])
    claims.insert(1, "outcome", "responded")
    return claims


def survival_claims(recipe: Recipe) -> pd.DataFrame:
    """Return features with pfs or os, whether planted, and the log hazard ratio per unit."""
    rows = []
    for outcome in ("pfs", "os"):
        rows.append(("tmb.tmb", outcome, True, recipe.hazard_burden))
        rows.append(("mcp_counter.b_lineage", outcome, True, recipe.hazard_b))
        rows += [(f"mcp_counter.{name}", outcome, False, 0.0) for name in NULLS]
    return pd.DataFrame(rows, columns=["feature", "outcome", "planted", "log_hazard_ratio"])
