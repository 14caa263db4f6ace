"""Steps that look at one biopsy or sample alone: a fault in one must not touch another."""

from storiform.biomarkers.callability import callability, callable_bases, pileup
from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter, ssgsea
from storiform.biomarkers.read_statistics import read_statistics
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants

STEPS = (
    read_statistics,
    pileup,
    callability,
    callable_bases,
    variants,
    tmb,
    counts,
    tpm,
    mcp_counter,
    ssgsea,
)
