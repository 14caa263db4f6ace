"""Odds ratios with their intervals, a row for each term of a logistic regression."""

from typing import Annotated, Literal

from matplotlib.figure import Figure
from pydantic import Field

from storiform.figures.ratio_forest import Ratios, draw_ratios
from storiform.model.params import Params
from storiform.model.table import Picture
from storiform.model.tables.trial_tables import Odds

ODDS_FOREST = Picture(
    "odds_forest",
    caption="Odds ratios of logistic regressions with 95 % profile-likelihood intervals, on a "
    "logarithmic axis: of models with one term those with the smallest p, then the "
    "multivariable model. An arrow is an interval that leaves the axis. p: likelihood ratio "
    "test; q: Benjamini-Hochberg within the family that the table odds names. Fits have "
    "Firth's penalty as the footnote says (odds.always_penalised). Hollow, with a dagger: "
    "groups separate or are very small, where only the penalty gives an estimate.",
    version=5,
)
OddsForest = Annotated[Figure, ODDS_FOREST]

_OUTCOMES = {
    "responded": "Response (CR or PR)",
    "disease_control": "Disease control (CR, PR or SD)",
    "clinical_benefit": "Clinical benefit (CR, PR or lasting SD)",
}


class OddsForestParams(Params):
    """Which odds ratios are drawn."""

    outcomes: tuple[Literal["responded", "disease_control", "clinical_benefit"], ...] = Field(
        ("responded", "clinical_benefit"),
        min_length=1,
        max_length=3,
        description="outcomes, one below the other",
    )
    rows: int = Field(
        12,
        ge=1,
        le=40,
        description="rows of an outcome and kind of model, those with the smallest p",
    )
    limit: float = Field(
        20.0, ge=2.0, le=100.0, description="odds ratio at which the axis ends at most"
    )


def odds_forest(odds: Odds, params: OddsForestParams) -> OddsForest:
    """Draw the odds ratios with the smallest p, and those of the multivariable model.

    Raises
    ------
    NothingToShow
        If no model has an estimate.
    """
    titles: dict[str, str] = {name: _OUTCOMES[name] for name in params.outcomes}
    kind = Ratios(
        "odds_ratio",
        "Odds ratio",
        "OR",
        "n_positive",
        "with outcome",
        titles,
        "logistic regression",
        is_better_above=True,
    )
    return draw_ratios(odds, kind, params.rows, params.limit)
