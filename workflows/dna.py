"""Exomes and somatic calls: burden, neoantigens, copies, and what goes with the outcome."""

from storiform.figures.kaplan_meier import survival_of_all

from .trial import (
    ANALYSED,
    COPY_NUMBER,
    EXOMES,
    HLA,
    MUTATIONS,
    NEOANTIGENS,
    OUTCOME,
    READS,
    RESPONSES,
)

STEPS = (
    *RESPONSES,
    *ANALYSED,
    *READS,
    *EXOMES,
    *MUTATIONS,
    *HLA,
    *NEOANTIGENS,
    *COPY_NUMBER,
    survival_of_all,
    *OUTCOME,
)
