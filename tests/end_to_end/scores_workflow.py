"""Counts to the scores of populations and gene sets, without anything of the cohort."""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter, ssgsea
from storiform.biomarkers.normalisation import library_sizes

STEPS = (counts, library_sizes, tpm, mcp_counter, ssgsea)
