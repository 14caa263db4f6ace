"""Hazard ratios with their intervals, a row for each term of a Cox regression."""

from typing import Annotated, Literal

from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.ratio_forest import Ratios, draw_ratios
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.trial_tables import Hazards

FOREST = Picture(
    "forest",
    caption="Hazard ratios of Cox regressions with 95 % intervals, on a logarithmic axis: of "
    "models with one term those with the smallest p, then the multivariable model. An arrow "
    "is an interval that leaves the axis. p: two-sided Wald test, of a penalised fit "
    "likelihood ratio; q: Benjamini-Hochberg within the family that the table hazards names. "
    "Hollow, with a dagger: Firth's penalty, since groups separate or are very small. With a "
    "double dagger: the test of proportional hazards has p below 0.05.",
    version=3,
)
Forest = Annotated[Figure, FOREST]

_OUTCOMES = {"pfs": "Progression-free survival", "os": "Overall survival"}


class ForestParams(Params):
    """Which hazard ratios are drawn."""

    outcomes: tuple[Literal["pfs", "os"], ...] = Field(
        ("pfs", "os"), min_length=1, max_length=2, description="outcomes, one below the other"
    )
    rows: int = Field(
        12,
        ge=1,
        le=40,
        description="rows of an outcome and kind of model, those with the smallest p",
    )
    limit: float = Field(
        10.0, ge=2.0, le=100.0, description="hazard ratio at which the axis ends at most"
    )


def forest_plot(hazards: Hazards, params: ForestParams) -> Forest:
    """Draw the hazard ratios with the smallest p, and those of the multivariable model.

    Raises
    ------
    NothingToShow
        If no model has an estimate.
    """
    titles: dict[str, str] = {name: _OUTCOMES[name] for name in params.outcomes}
    kind = Ratios(
        "hazard_ratio", "Hazard ratio", "HR", "events", "events", titles, "Cox regression"
    )
    return draw_ratios(hazards, kind, params.rows, params.limit)
