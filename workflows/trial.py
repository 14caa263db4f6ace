"""A trial, from reads, calls and counts to response and survival.

The order is that of a trial paper. What runs before what follows from the tables, so a
step can be added, taken out or moved at will.
"""

from storiform.biomarkers.callability import (
    callability,
    callable_bases,
    gene_callability,
    pileup,
)
from storiform.biomarkers.contamination import contamination
from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.gene_counting import gene_counts
from storiform.biomarkers.germline import germline_alleles, germline_sites
from storiform.biomarkers.identity import identity
from storiform.biomarkers.microenvironment import mcp_counter, signature_coverage, ssgsea
from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.normalisation import cpm, library_sizes
from storiform.biomarkers.quality import quality
from storiform.biomarkers.read_statistics import read_statistics
from storiform.biomarkers.recounts import recounts
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.figures.boxplot import response_boxplots
from storiform.figures.heatmap import gene_set_heatmap, microenvironment_heatmap
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.figures.quality import quality_overview
from storiform.figures.waterfall import waterfall
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (
    # efficacy
    waterfall,
    survival_of_all,
    # the reads: what they are worth, whose they are
    read_statistics,
    pileup,
    contamination,
    identity,
    quality,
    quality_overview,
    # somatic mutations
    germline_sites,
    germline_alleles,
    recounts,
    variants,
    callable_bases,
    callability,
    gene_callability,
    tmb,
    recurrent_genes,
    mutated_genes,
    gene_mutations,
    # expression and microenvironment
    gene_counts,
    counts,
    tpm,
    library_sizes,
    cpm,
    mcp_counter,
    ssgsea,
    signature_coverage,
    microenvironment_heatmap,
    gene_set_heatmap,
    # what goes with response and survival
    associations,
    survival,
    response_boxplots,
    survival_by_feature,
)
