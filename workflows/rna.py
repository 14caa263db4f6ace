"""RNA reads, counts or TPM to fusions, immune classes and genes, and what goes with them."""

from storiform.figures.kaplan_meier import survival_of_all

from .trial import (
    ANALYSED,
    BATCHES,
    DIFFERENTIAL,
    EXPRESSION,
    FUSIONS,
    OUTCOME,
    READS,
    RESPONSES,
)

STEPS = (
    *RESPONSES,
    *ANALYSED,
    *READS,
    *FUSIONS,
    *EXPRESSION,
    *BATCHES,
    *DIFFERENTIAL,
    survival_of_all,
    *OUTCOME,
)
