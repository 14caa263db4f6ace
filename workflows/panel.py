"""Reads in bins of normal exomes, of which `storiform panel-of-normals` makes a panel."""

from storiform.biomarkers.copy_number.bins import bin_coverage

STEPS = (bin_coverage,)
