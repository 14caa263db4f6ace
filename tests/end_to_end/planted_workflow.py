"""The steps that a planted truth speaks of, without figures."""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter, ssgsea
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (variants, tmb, counts, tpm, mcp_counter, ssgsea, associations, survival)
