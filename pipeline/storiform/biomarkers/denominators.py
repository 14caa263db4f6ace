"""Whether the burdens of a cohort can be compared: over which bases each was counted."""

import warnings
from typing import Annotated

import pandas as pd

from storiform.model.errors import DataWarning
from storiform.model.table import Column, Table
from storiform.model.tables.dna import TumourBurden

_NAMED = 5
_MEASURED = "callable_"

TMB_DENOMINATORS = Table(
    "tmb_denominators",
    grain="cohort",
    description="One row per kind of bases over which burdens of the cohort were counted.",
    key=("denominator",),
    columns={
        "denominator": Column("string", "the column `denominator` of tmb"),
        "biopsies": Column("int", "biopsies with a rate over such bases", "biopsies"),
        "megabases_lowest": Column("float", "fewest bases of one of them", "Mb"),
        "megabases_highest": Column("float", "most bases of one of them", "Mb"),
        "names": Column("string", "the biopsies, joined by ;"),
    },
)
TmbDenominators = Annotated[pd.DataFrame, TMB_DENOMINATORS]


def tmb_denominators(tmb: TumourBurden) -> TmbDenominators:
    """List over which bases the burdens were counted; warn if not over the same for all.

    A rate per callable base and one per targeted base differ by the share of the targets
    that was not sequenced deeply enough, whatever the tumours are like.

    Parameters
    ----------
    tmb
        The burdens of all biopsies.
    """
    rated = tmb[tmb["tmb"].notna()]
    groups = [(str(name), rows) for name, rows in rated.groupby("denominator", sort=True)]
    if len(groups) > 1:
        warnings.warn(_mixed(groups), DataWarning, stacklevel=2)
    return pd.DataFrame(
        {
            "denominator": [name for name, _ in groups],
            "biopsies": [len(rows) for _, rows in groups],
            "megabases_lowest": [float(rows["megabases"].min()) for _, rows in groups],
            "megabases_highest": [float(rows["megabases"].max()) for _, rows in groups],
            "names": [";".join(sorted(rows["biopsy"])) for _, rows in groups],
        }
    )


def _mixed(groups: list[tuple[str, pd.DataFrame]]) -> str:
    """Say how many biopsies were counted over which bases, and what makes them comparable."""
    counts = ", ".join(f"{len(rows)} over {name}" for name, rows in groups)
    unmeasured = [(name, rows) for name, rows in groups if not name.startswith(_MEASURED)]
    told = f"burdens are not comparable: of {sum(len(rows) for _, rows in groups)} biopsies "
    told += counts
    if not unmeasured:
        return f"{told}. Give the same targets and genes to all."
    without = [name for _, rows in unmeasured for name in sorted(rows["biopsy"])]
    shown = ", ".join(without[:_NAMED])
    more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
    return (
        f"{told}. Name the BAMs of {shown}{more} in the sample sheet, or set "
        f"tmb.denominator: {unmeasured[0][0]} so that all are counted over the same bases."
    )
