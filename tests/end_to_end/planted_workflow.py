"""The steps that a planted truth speaks of; the figures and gene sets are left out."""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (variants, tmb, counts, tpm, mcp_counter, associations, survival)
