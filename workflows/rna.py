"""RNA reads, counts or TPM to scores of the microenvironment, and what goes with them."""

from storiform.figures.kaplan_meier import survival_of_all

from .trial import EXPRESSION, OUTCOME, READS

STEPS = (*READS, *EXPRESSION, survival_of_all, *OUTCOME)
